"""Put a folder of results in place whole: the earlier one or the new one, never a mixture."""

from __future__ import annotations

import ctypes
import errno
import json
import os
import secrets
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from nenuphar.domain.problems import UsageError

try:
    import fcntl
except ImportError:  # no advisory locks there: one run at a time in a folder
    fcntl = None  # type: ignore[assignment]

MANIFEST = "manifest.json"

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
_NO_EXCHANGE = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EPERM}


def publish(out: Path, build: Callable[[Path], None], *, marker: str = "nenuphar") -> None:
    """Build a folder of results beside its place, then put it there in one step.

    Whatever ends the process, `out` holds the earlier complete result or the new one; where the
    system cannot exchange two folders, the earlier one may stand under a hidden name until the next
    call puts it back. The folder is replaced as a whole: nothing else should be kept in it.

    Args:
        out: The folder; its parents are made where they are missing.
        build: Fills the folder that it is given, `manifest.json` included.
        marker: What `made_by` in `manifest.json` says in folders that may be replaced.

    Raises:
        UsageError: `out` is a file, a mount point, or a folder with content that is not ours.
    """
    out = Path(os.path.realpath(out))
    out.parent.mkdir(parents=True, exist_ok=True)
    recover(out)
    _refuse_foreign(out, marker)
    with _staging(out) as staging:
        build(staging)
        if not _is_ours(staging, marker):
            raise RuntimeError(f"the results hold no {MANIFEST} with made_by {marker!r}")
        _sync_tree(staging)
        _refuse_foreign(out, marker)
        _swap(staging, out)
        _sync(out.parent)


def recover(out: Path) -> None:
    """Clear what killed runs left beside a folder, and put an earlier result back in its place."""
    earlier = _earlier(out)
    if earlier.exists() and not out.exists():
        os.rename(earlier, out)
    for leftover in [earlier, *out.parent.glob(_glob_literal(_prefix(out)) + "*")]:
        if leftover.is_dir() and not leftover.is_symlink() and _is_abandoned(leftover):
            shutil.rmtree(leftover, ignore_errors=True)


def _prefix(out: Path) -> str:
    return f".{out.name}.nenuphar-new-"


def _earlier(out: Path) -> Path:
    return out.with_name(f".{out.name}.nenuphar-earlier")


def _glob_literal(text: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in text)


def _refuse_foreign(out: Path, marker: str) -> None:
    if not os.path.lexists(out):
        return
    if not out.is_dir():
        raise UsageError(f"{out} is a file; name a folder for the results")
    if os.path.ismount(out):
        raise UsageError(f"{out} is a mount point and cannot be replaced; name a folder inside it")
    if any(out.iterdir()) and not _is_ours(out, marker):
        raise UsageError(
            f"{out} holds files that Nenuphar did not write (no {MANIFEST} of its own); "
            "nothing was changed. Name a new or empty folder."
        )


def _is_ours(folder: Path, marker: str) -> bool:
    try:
        manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(manifest, dict) and manifest.get("made_by") == marker


@contextmanager
def _staging(out: Path) -> Iterator[Path]:
    """Make a hidden folder beside `out`, locked while this process lives; remove what is left."""
    while True:
        folder = out.with_name(_prefix(out) + secrets.token_hex(6))
        folder.mkdir()
        lock = _lock(folder)
        if folder.exists():  # no other run took it for a leftover before it was locked
            break
    try:
        yield folder
    finally:
        # After an exchange this name holds the earlier result.
        shutil.rmtree(folder, ignore_errors=True)
        if lock is not None:
            os.close(lock)


def _lock(folder: Path) -> int | None:
    """Lock a folder and return the descriptor, or None where it is locked or cannot be."""
    if fcntl is None:
        return None
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def _is_abandoned(folder: Path) -> bool:
    if fcntl is None:
        return True
    descriptor = _lock(folder)
    if descriptor is None:
        return False
    os.close(descriptor)
    return True


def _swap(staging: Path, out: Path) -> None:
    if not out.exists():
        os.rename(staging, out)
        return
    if _exchange(staging, out):
        return
    earlier = _earlier(out)
    os.rename(out, earlier)
    try:
        os.rename(staging, out)
    except OSError:
        os.rename(earlier, out)
        raise
    shutil.rmtree(earlier, ignore_errors=True)


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two folders in one step; False where the system or the file system cannot."""
    if not sys.platform.startswith("linux"):
        return False
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 is None:
        return False
    names = (os.fsencode(one), os.fsencode(other))
    if renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in _NO_EXCHANGE:
        return False
    raise OSError(number, os.strerror(number), str(other))


def _sync_tree(folder: Path) -> None:
    for parent, _, files in os.walk(folder):
        for name in files:
            _sync(Path(parent, name))
        _sync(Path(parent))


def _sync(path: Path) -> None:
    with suppress(OSError):  # folders cannot be synced everywhere
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
