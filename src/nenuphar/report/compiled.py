"""Templates compiled once, kept as Python keeps its modules: in a `__pycache__` beside the source.

Compiling the templates of a case page takes longer than filling them in. Nothing is unpickled; what
is kept is code of this package, as trusted as the `.pyc` files beside it. Where it cannot be kept
(the folder is read-only) or should not (`PYTHONDONTWRITEBYTECODE`), templates are compiled every
time; `python -m nenuphar.report.compiled` keeps all of them, as `compileall` does for modules.
"""

from __future__ import annotations

import importlib.util
import marshal
import os
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import jinja2
from jinja2.bccache import Bucket, BytecodeCache


class CompiledTemplates(BytecodeCache):
    """Keeps the code of templates that lie in one folder."""

    def __init__(self, folder: Path, *, keep: bool | None = None) -> None:
        """Keep the code of the templates of a folder; where Python keeps its own, if not told."""
        self._folder = folder
        self._keep = not sys.dont_write_bytecode if keep is None else keep

    def get_cache_key(self, name: str, filename: str | None = None) -> str:
        """Return the name of a template, under which its code is kept."""
        return name

    def load_bytecode(self, bucket: Bucket) -> None:
        """Read the code of a template, where it is of this source, Jinja and Python."""
        with suppress(OSError, ValueError, EOFError, TypeError):
            data = self._file(bucket).read_bytes()
            head = _head(bucket)
            if data.startswith(head):
                bucket.code = marshal.loads(data[len(head) :])  # noqa: S302 - as a .pyc file is

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Write the code of a template whole or not at all."""
        if not self._keep or bucket.code is None:
            return
        target = self._file(bucket)
        with suppress(OSError):
            target.parent.mkdir(exist_ok=True)
            handle, name = tempfile.mkstemp(dir=target.parent)
            with os.fdopen(handle, "wb") as stream:
                stream.write(_head(bucket) + marshal.dumps(bucket.code))
            os.replace(name, target)

    def _file(self, bucket: Bucket) -> Path:
        return Path(importlib.util.cache_from_source(str(self._folder / bucket.key)))


def _head(bucket: Bucket) -> bytes:
    version = f"{jinja2.__version__}:{bucket.checksum}:"
    return importlib.util.MAGIC_NUMBER + version.encode()


def compile_all() -> None:
    """Compile the templates of this package that have changed, and keep their code."""
    from nenuphar.report.page import TEMPLATES, environment

    templates = environment()
    templates.bytecode_cache = CompiledTemplates(TEMPLATES, keep=True)
    for path in sorted(TEMPLATES.glob("*.html")):
        templates.get_template(path.name)


if __name__ == "__main__":
    compile_all()
