"""The compiled kernels outlive their process, wherever the package lies; few samples need none."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("numba")

CACHED = """
import sys
import numpy as np
if sys.argv[3] != "writable":
    import tempfile
    from pathlib import Path
    import nenuphar
    package, try_it = Path(nenuphar.__file__).parent, tempfile.TemporaryFile
    def refuse(*_, dir=None, **__):
        if sys.argv[3] == "nowhere" or package in Path(dir).parents:
            raise OSError("read-only file system")
        return try_it(dir=dir)
    tempfile.TemporaryFile = refuse
from nenuphar.methods.expression import Scorer, as_signatures
genes = [f"G{i}" for i in range(60)]
scorer = Scorer(genes, as_signatures({"s": genes[:9]}), sys.argv[1], engine=sys.argv[2])
scorer.score(np.random.default_rng(0).normal(size=(4, 60)))
if sys.argv[2] == "plain":
    print("numba" in sys.modules)
else:
    from nenuphar.methods.expression import kernels
    kernel = kernels.value_sums if sys.argv[1] == "zscore" else kernels.rank_sums
    print(sum(kernel.stats.cache_hits.values()), sum(kernel.stats.cache_misses.values()))
"""


def process(method, engine, package="writable", **environment):
    inherited = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    ran = subprocess.run(  # noqa: S603
        [sys.executable, "-c", CACHED, method, engine, package],
        env=inherited | {name: str(value) for name, value in environment.items()},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return ran.stdout.split()


@pytest.mark.slow
@pytest.mark.parametrize("method", ["ssgsea", "zscore"])
def test_a_second_process_finds_the_compiled_kernels(tmp_path, method):
    assert process(method, "compiled", NUMBA_CACHE_DIR=tmp_path) == ["0", "1"]
    assert process(method, "compiled", NUMBA_CACHE_DIR=tmp_path) == ["1", "0"]


@pytest.mark.slow
def test_without_a_folder_named_they_lie_beside_the_package():
    process("ssgsea", "compiled")
    assert process("ssgsea", "compiled") == ["1", "0"]


@pytest.mark.slow
def test_where_the_package_is_read_only_they_lie_in_the_cache_folder_of_the_user(tmp_path):
    assert process("ssgsea", "compiled", "read-only", XDG_CACHE_HOME=tmp_path) == ["0", "1"]
    assert any(tmp_path.iterdir())
    assert process("ssgsea", "compiled", "read-only", XDG_CACHE_HOME=tmp_path) == ["1", "0"]


@pytest.mark.slow
def test_where_nothing_can_be_written_they_are_compiled_anew():
    for _ in range(2):
        assert process("ssgsea", "compiled", "nowhere") == ["0", "1"]


@pytest.mark.parametrize("method", ["ssgsea", "zscore"])
def test_few_samples_need_no_compiler(tmp_path, method):
    assert process(method, "plain", NUMBA_CACHE_DIR=tmp_path) == ["False"]
    assert not any(Path(tmp_path).iterdir())
