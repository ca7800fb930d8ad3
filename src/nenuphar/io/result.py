"""What reading an input yields: frames of facts, everything that was wrong, and counts."""

from __future__ import annotations

import gzip
import hashlib
import io
import stat
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from nenuphar.domain.case import Specimen
from nenuphar.domain.problems import Problem, UnreadableInputError

if TYPE_CHECKING:
    from nenuphar.engine.frames import Frames

_SHOWN = 60


@dataclass(frozen=True)
class InputFile:
    """A file that was read.

    Attributes:
        name: Its name, without its folder.
        sha256: Hash of its bytes.
        bytes: Its size.
    """

    name: str
    sha256: str
    bytes: int


@dataclass(frozen=True)
class Attached:
    """A file beside a table or in a study, with one row or column for each specimen.

    Attributes:
        kind: `segments`, `rearrangements` or `expression`.
        path: The file.
        genome: Genome build of positions; empty where it is not stated.
        ids: Key of the specimen of each name in the file; None where the names are the ids of the
            specimens.
        pattern: Regular expression whose first group (or whole match) of a name is that name.
    """

    kind: str
    path: Path
    genome: str = ""
    ids: Mapping[str, tuple[str, ...]] | None = None
    pattern: str = ""


@dataclass(frozen=True)
class ReadResult:
    """What was read from an input.

    Attributes:
        frames: Observed facts, one frame for each scope.
        problems: Rejected records, values taken as missing, and notes, in the order of the input.
        read: Records seen: rows of a table, or cases. Always `accepted + rejected`.
        accepted: Records that stand in the frames.
        rejected: Records left out, each listed in `problems`.
        inputs: The files that were read.
        values_rejected: Values taken as missing because they could not be read.
        specimens: Variants, segments and assays of specimens that have any, by their key.
        attached: Files of segments, rearrangements or expression beside a table or in a study.
    """

    frames: Frames
    problems: tuple[Problem, ...]
    read: int
    accepted: int
    rejected: int
    inputs: tuple[InputFile, ...]
    values_rejected: int
    specimens: Mapping[tuple[str, ...], Specimen] = field(default_factory=dict)
    attached: tuple[Attached, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """Records read, accepted and rejected, and values rejected, by name."""
        names = ("read", "accepted", "rejected", "values_rejected")
        return {name: getattr(self, name) for name in names}


@dataclass
class Findings:
    """Collects what is wrong with one file while it is read.

    Attributes:
        file: Name of the file.
        problems: Everything found so far.
        values_rejected: How many of them took a value away.
    """

    file: str
    problems: list[Problem] = field(default_factory=list)
    values_rejected: int = 0

    def reject(
        self, line: int, record: str, reason: str, fix: str, column: str = "", value: object = ""
    ) -> None:
        """List a record that is left out."""
        place = (self.file, line, shorten(record), shorten(column), shorten(value))
        self.problems.append(Problem(*place, reason, fix, rejected=True))

    def value(
        self, line: int, record: str, column: str, value: object, reason: str, fix: str
    ) -> None:
        """List a value that is taken as missing."""
        place = (self.file, line, shorten(record), shorten(column), shorten(value))
        self.problems.append(Problem(*place, reason, fix))
        self.values_rejected += 1

    def note(
        self, reason: str, fix: str, *, line: int = 0, column: str = "", value: object = ""
    ) -> None:
        """List something that costs neither a record nor a value, but must be said."""
        place = (self.file, line, "", shorten(column), shorten(value))
        self.problems.append(Problem(*place, reason, fix))

    def in_order(self) -> tuple[Problem, ...]:
        """Return the problems in the order of the file."""
        return tuple(sorted(self.problems))


def shorten(value: object) -> str:
    """Return a value as one short line, so that a message stays a message."""
    text = str(value)[: 4 * _SHOWN]
    text = "".join(c if c.isprintable() else " " for c in text)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def read_bytes(path: Path) -> tuple[bytes, InputFile]:
    """Read a file whole, with its hash.

    Raises:
        UnreadableInputError: It does not exist, is a folder or no file at all, is empty or may not
            be read.
    """
    try:
        if stat.S_ISFIFO(mode := path.stat().st_mode) or stat.S_ISCHR(mode) or stat.S_ISSOCK(mode):
            raise UnreadableInputError(f"{path.name}: is a pipe or a device; save it as a file")
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise UnreadableInputError(f"{path.name}: no such file; check the path") from error
    except IsADirectoryError as error:
        raise UnreadableInputError(f"{path.name}: is a folder; name a file in it") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise UnreadableInputError(f"{path.name}: cannot be read ({reason})") from error
    if not data:
        raise UnreadableInputError(f"{path.name}: is empty (0 bytes); export it again")
    return data, InputFile(path.name, hashlib.sha256(data).hexdigest(), len(data))


_UNPACKED_MAX, _EXPANSION_MAX = 1 << 28, 60
"""Bytes that any gzip file may unpack to, and how often its own size a larger one may."""


def read_unpacked(path: Path) -> tuple[bytes, InputFile, str]:
    """Read a file whole as `read_bytes` does, and unpack it where it is gzip (also bgzip).

    Returns:
        The content, the file as it lies there (hash and size of the packed bytes), and the ending
        of its name in lower case, without `.gz`.

    Raises:
        UnreadableInputError: As `read_bytes`; or what is packed is damaged, empty, or far larger
            than tables are.
    """
    data, file = read_bytes(path)
    if not data.startswith(b"\x1f\x8b"):
        return data, file, path.suffix.lower()
    most = max(_UNPACKED_MAX, _EXPANSION_MAX * len(data))
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as packed:
            content = packed.read(most + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableInputError(
            f"{path.name}: is gzip-compressed and cut off or damaged; copy or compress it again"
        ) from error
    if len(content) > most:
        raise UnreadableInputError(
            f"{path.name}: unpacks to more than {most:,} bytes; if that is right, gunzip it first"
        )
    if not content:
        raise UnreadableInputError(f"{path.name}: is empty once unpacked; export it again")
    return content, file, Path(path.name.lower().removesuffix(".gz")).suffix


def refuse_way_out(path: Path, folder: Path) -> None:
    """Refuse an entry of a folder that is a link to something outside it.

    A folder may come from a stranger; what it holds is read, not what it points at.

    Raises:
        UnreadableInputError: It is such a link.
    """
    try:
        inside = not path.is_symlink() or path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):  # links that go in circles
        inside = False
    if not inside:
        raise UnreadableInputError(
            f"{path.name}: is a link that leads out of the folder; copy the file into the folder"
        )


def count_rejected(problems: Iterable[Problem]) -> int:
    """Count the records that a list of problems leaves out; each is listed once."""
    return sum(problem.rejected for problem in problems)
