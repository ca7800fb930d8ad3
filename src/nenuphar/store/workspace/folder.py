"""The folder of a workspace: files of inputs and results of runs, each in place whole or not."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nenuphar.domain.problems import UsageError
from nenuphar.store.publish import recover

try:
    import fcntl
except ImportError:  # no advisory locks there: two servers must not share a folder
    fcntl = None  # type: ignore[assignment]

DATABASE = "workspace.sqlite"
OWN_MAPPING_FILE = "mapping.yaml"


class WorkspaceFolder:
    """Where a workspace keeps its files; readable by its owner alone.

    An input lies in `inputs/<id>/files`, its own mapping beside that; the results of a run lie in
    `runs/<id>`. Ids are made by `records.new_id`; no name given by anybody else becomes a folder.
    """

    def __init__(self, root: Path) -> None:
        """Make the folder where it is missing.

        Raises:
            UsageError: It cannot be made.
        """
        self.root = Path(os.path.realpath(root))
        try:
            for folder in (self.root, self.inputs, self.runs):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"{root} cannot be made a folder ({error.strerror})") from error
        self._lock: int | None = None

    @property
    def inputs(self) -> Path:
        """Folder of all inputs."""
        return self.root / "inputs"

    @property
    def runs(self) -> Path:
        """Folder of all results."""
        return self.root / "runs"

    def input(self, key: str) -> Path:
        """Return the folder of the files of an input."""
        return self.inputs / key / "files"

    def own_mapping(self, key: str) -> Path:
        """Return where the mapping of an input's own stands."""
        return self.inputs / key / OWN_MAPPING_FILE

    def run(self, key: str) -> Path:
        """Return the folder of the results of a run."""
        return self.runs / key

    def hold(self) -> None:
        """Keep other servers out until `release`.

        Raises:
            UsageError: Another server holds the folder.
        """
        if fcntl is None:
            return
        descriptor = os.open(self.root / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            raise UsageError(
                f"another server works in {self.root}; stop it, or name another folder with --data"
            ) from None
        self._lock = descriptor

    def release(self) -> None:
        """Let other servers in again."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    @contextmanager
    def receiving(self, key: str) -> Iterator[Path]:
        """Yield a folder for the files of a new input; in place only if nothing went wrong."""
        staging = self.inputs / f".{key}.{secrets.token_hex(4)}"
        files = staging / "files"
        files.mkdir(mode=0o700, parents=True)
        try:
            yield files
            os.rename(staging, self.inputs / key)
        finally:
            shutil.rmtree(staging, ignore_errors=True)

    def write_mapping(self, key: str, text: str) -> None:
        """Write the mapping of an input's own, whole or not at all."""
        target = self.own_mapping(key)
        hidden = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
        hidden.write_text(text, encoding="utf-8")
        hidden.replace(target)

    def forget(self, *folders: Path) -> None:
        """Remove folders of inputs or runs: out of sight in one step, then for good."""
        for folder in folders:
            doomed = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
            if folder.exists():
                os.rename(folder, doomed)
                shutil.rmtree(doomed, ignore_errors=True)

    def tidy(self) -> None:
        """Clear what a killed server left: files half received, results half written."""
        for leftover in self.runs.glob(".*.nenuphar-*"):
            recover(self.runs / leftover.name.removeprefix(".").partition(".nenuphar-")[0])
        for leftover in (*self.inputs.glob(".*"), *self.runs.glob(".*")):
            if leftover.is_dir() and ".nenuphar-" not in leftover.name:
                shutil.rmtree(leftover, ignore_errors=True)
