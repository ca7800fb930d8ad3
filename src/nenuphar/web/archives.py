"""Archives from strangers: looked at before they are unpacked, and counted while they are."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path, PurePosixPath

from nenuphar.domain.problems import UnreadableInputError
from nenuphar.web.settings import Limits

_CHUNK = 1 << 20
_SMALL = 1 << 20  # bytes; below it no ratio is suspicious
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_WORKBOOKS = (".xlsx", ".xlsm")


def unpack(archive: Path, target: Path, limits: Limits) -> int:
    """Unpack a zip archive into an empty folder.

    Args:
        archive: The archive.
        target: The folder.
        limits: How many files and bytes it may come to.

    Returns:
        How many files it held.

    Raises:
        UnreadableInputError: It is damaged or encrypted, holds links, devices or names that lead
            out of the folder, or comes to more than it may. The folder is then to be thrown away.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            members = [m for m in opened.infolist() if not m.is_dir() and not _is_litter(m)]
            _refuse_too_much(archive, members, limits)
            left = limits.unpacked
            for member in members:
                place = target / _place(member)
                place.parent.mkdir(parents=True, exist_ok=True)
                left -= _write(opened, member, place, left)
            return len(members)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise UnreadableInputError(
            "the archive is damaged, or packed in a way that is not read; pack it again as a plain "
            "zip"
        ) from error


def refuse_bomb(path: Path, limits: Limits) -> None:
    """Refuse a workbook, which is an archive, that would unpack to more than it may.

    Raises:
        UnreadableInputError: It would.
    """
    if path.suffix.lower() not in _WORKBOOKS or not zipfile.is_zipfile(path):
        return
    try:
        with zipfile.ZipFile(path) as opened:
            _refuse_too_much(path, opened.infolist(), limits)
    except zipfile.BadZipFile:
        return  # its reader says what is wrong with it


def _refuse_too_much(archive: Path, members: list[zipfile.ZipInfo], limits: Limits) -> None:
    if len(members) > limits.members:
        raise UnreadableInputError(
            f"the archive holds {len(members)} files, more than {limits.members}; leave out what "
            "is no part of the input"
        )
    size, packed = sum(member.file_size for member in members), archive.stat().st_size
    if size > limits.unpacked or (size > _SMALL and size > limits.ratio * packed):
        raise UnreadableInputError(
            f"the archive unpacks to {size >> 20} MB from {packed >> 10} kB, which no input does; "
            "send the files themselves"
        )


def _is_litter(member: zipfile.ZipInfo) -> bool:
    """Whether a system added a file of its own to the archive."""
    parts = PurePosixPath(member.filename).parts
    return "__MACOSX" in parts or parts[-1:] in ((".DS_Store",), ("Thumbs.db",))


def _place(member: zipfile.ZipInfo) -> Path:
    """Return where a member goes, below the folder."""
    name = member.filename
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise UnreadableInputError(
            "the archive holds a link or a device; pack the files it stands for"
        )
    if member.flag_bits & 1:
        raise UnreadableInputError("the archive is encrypted; unpack it and pack it plainly")
    if member.compress_type not in _METHODS:
        raise NotImplementedError
    parts = name.split("/")
    odd = any(part in ("", ".", "..") or len(part) > 120 for part in parts)
    if odd or len(parts) > 8 or any(c in name for c in "\\:\0") or not name.isprintable():
        raise UnreadableInputError(
            "the archive holds a name that leads out of its folder or that no system takes; "
            "pack it again from inside the folder"
        )
    return Path(*parts)


def _write(opened: zipfile.ZipFile, member: zipfile.ZipInfo, place: Path, left: int) -> int:
    """Write a member, whatever it says its size is, and return how many bytes it came to."""
    written = 0
    with opened.open(member) as stream, place.open("xb") as out:
        while chunk := stream.read(_CHUNK):
            written += len(chunk)
            if written > left:
                raise UnreadableInputError("the archive unpacks to more than it says; leave it")
            out.write(chunk)
    return written
