"""Files that people send: named anew, bounded, and in place only when all of them are."""

from __future__ import annotations

import re
import shutil
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from starlette.datastructures import UploadFile

from nenuphar.domain.problems import UnreadableInputError, UsageError
from nenuphar.io.case_file import CASE_SUFFIXES
from nenuphar.io.inputs import STUDY_SAMPLES
from nenuphar.web.archives import refuse_bomb, unpack
from nenuphar.web.settings import Limits

FOLDER = "input"
"""Name of the folder that is read where several files are one input."""

_ODD = re.compile(r"[^\w.\- ]+")
_LONGEST_NAME = 100
_RESERVED = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


@dataclass(frozen=True)
class Received:
    """What was put in place.

    Attributes:
        name: Name of the file or folder that is read.
        files: Number of files.
        bytes: Their size.
    """

    name: str
    files: int
    bytes: int


def safe_name(name: str) -> str:
    """Return a name that is a plain file name on every system, as close to the given one as may be.

    Folders before it, control characters, dots at its beginning and names that systems reserve are
    gone; a name of nothing else is `file`.
    """
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    clean = _ODD.sub("_", last).strip(" .")
    stem, dot, suffix = clean.rpartition(".")
    if len(clean) > _LONGEST_NAME:
        clean = f"{stem[: _LONGEST_NAME - 12]}{dot}{suffix[:10]}"
    return f"_{clean}" if _RESERVED.match(clean) else clean or "file"


def receive(
    main: Sequence[UploadFile], beside: Sequence[UploadFile], target: Path, limits: Limits
) -> Received:
    """Put the files of an input in place.

    Args:
        main: The input: one file, a zip archive of a study or of cases, or several cases.
        beside: Files that the input names: segments, expression, further tables.
        target: An empty folder for them.
        limits: How much they may come to.

    Raises:
        UsageError: There is nothing, or several files that are no cases.
        UnreadableInputError: An archive cannot be used.
    """
    if not main:
        raise UsageError("no file was chosen; choose the input")
    taken: set[str] = set()
    if len(main) == 1 and not beside and main[0].filename.lower().endswith(".zip"):
        name = _from_archive(main[0], target, limits)
    elif len(main) == 1:
        name = _save(main[0], target, taken, limits)
        for file in beside:
            _save(file, target, taken, limits)
    else:
        folder = target / FOLDER
        folder.mkdir()
        names = [_save(file, folder, taken, limits) for file in (*main, *beside)]
        _refuse_several_tables(names[: len(main)])
        name = FOLDER
    files = [path for path in target.rglob("*") if path.is_file()]
    return Received(name, len(files), sum(path.stat().st_size for path in files))


def _refuse_several_tables(names: Sequence[str]) -> None:
    is_study = STUDY_SAMPLES in (name.casefold() for name in names)
    if not is_study and not all(name.lower().endswith(CASE_SUFFIXES) for name in names):
        raise UsageError(
            "several files are one input only if they are cases (.yaml, .json) or the files of a "
            "cBioPortal study; send tables one by one, and what belongs to one as a file beside it"
        )


def _save(file: UploadFile, folder: Path, taken: set[str], limits: Limits) -> str:
    name = safe_name(file.filename or "")
    if name.lower() in taken:
        raise UsageError(f"two files are called {name}; rename one")
    taken.add(name.lower())
    path = folder / name
    file.file.seek(0)
    with path.open("xb") as out:
        shutil.copyfileobj(file.file, out, 1 << 20)
    refuse_bomb(path, limits)
    return name


def _from_archive(file: UploadFile, target: Path, limits: Limits) -> str:
    """Unpack an archive and return the name of what is read: its only file or folder, or it all."""
    archive = target.parent / "archive.zip"
    file.file.seek(0)
    with archive.open("xb") as out:
        shutil.copyfileobj(file.file, out, 1 << 20)
    folder = target / FOLDER
    folder.mkdir()
    number = unpack(archive, folder, limits)
    archive.unlink()
    if not number:
        raise UnreadableInputError("the archive holds no file; pack the files of the input")
    found = folder
    while len(entries := list(found.iterdir())) == 1 and entries[0].is_dir():
        found = entries[0]
    if len(entries) == 1:
        found = entries[0]
        refuse_bomb(found, limits)
    name = FOLDER if found.is_dir() else safe_name(found.name)
    if found != folder:
        lifted = target / f"lifted.{name}"
        found.rename(lifted)
        shutil.rmtree(folder)
        lifted.rename(target / name)
    return name
