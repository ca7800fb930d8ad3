"""Signature scoring against gseapy, decoupler and pyucell on the same matrices, in one run.

Times are the median of `repeats` calls for us and one call for a peer; each figure is a ratio
(peer seconds / our seconds), except memory (bytes / allowed bytes) and the ranking ratio
(our seconds / seconds to rank the matrix once with the same threads).
`python -m benchmarks.scoring 1000 100000 100000` runs it with other numbers of samples and cells.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

import numpy as np

N_GENES, N_SIGNATURES, SEED = 20_000, 100, 7
REPEATS = 9  # of ours, which are short; their median
THREADS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2


def signatures(genes: list[str]) -> dict[str, list[str]]:
    """A hundred sets of 20 to 200 genes."""
    rng = np.random.default_rng(SEED)
    sizes = rng.integers(20, 201, N_SIGNATURES)
    names = np.array(genes)
    return {f"set{i}": rng.choice(names, n, False).tolist() for i, n in enumerate(sizes)}


def bulk(samples: int) -> np.ndarray:
    """Log expression, samples × genes, 15% zeros."""
    rng = np.random.default_rng(SEED)
    values = rng.normal(6, 2, (samples, N_GENES)).clip(0)
    values[rng.random(values.shape) < 0.15] = 0
    return values


def cells(number: int):
    """Counts of single cells as CSR: about 1,800 genes seen in each, nearly all once to thrice."""
    from scipy.sparse import csr_matrix

    rng = np.random.default_rng(SEED)
    seen = rng.poisson(1800, number)
    columns = [np.sort(rng.choice(N_GENES, n, replace=False)) for n in seen]
    pointer = np.concatenate([[0], np.cumsum(seen)])
    counts = rng.geometric(0.55, pointer[-1]).astype(np.float32)
    indices = np.concatenate(columns).astype(np.int32)
    return csr_matrix((counts, indices, pointer), shape=(number, N_GENES))


def _seconds(call, repeats: int = 1) -> float:
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        taken.append(time.perf_counter() - start)
    return median(taken)


def _scorer(method: str, **options):
    from nenuphar.methods.expression import Scorer, as_signatures

    genes = [f"G{i}" for i in range(N_GENES)]
    made = Scorer(genes, as_signatures(signatures(genes)), method, engine="compiled", **options)
    made.score(np.zeros((2, N_GENES)))
    return made


def _row(name: str, peer: str, ours: float, theirs: float, size: str, least: float) -> dict:
    return {
        "name": f"{name}, {size}, {THREADS} threads", "peer": peer,
        "ours_s": ours, "peer_s": theirs, "ratio": theirs / ours, "bound": f">= {least:g}",
    }  # fmt: skip


def against_gseapy(samples: int) -> dict:
    """ssGSEA on bulk samples."""
    import gseapy
    import pandas as pd

    values = bulk(samples)
    genes = [f"G{i}" for i in range(N_GENES)]
    frame = pd.DataFrame(values.T, index=genes, columns=[f"s{i}" for i in range(samples)])
    sets = signatures(genes)
    theirs = _seconds(
        lambda: gseapy.ssgsea(frame, sets, outdir=None, min_size=1, max_size=1000, threads=THREADS)
    )
    scorer = _scorer("ssgsea")
    ours = _seconds(lambda: scorer.score(values), REPEATS)
    return _row("ssgsea, bulk", "gseapy", ours, theirs, f"{N_GENES} × {samples}", 100)


def _anndata(matrix):
    import anndata
    import pandas as pd

    data = anndata.AnnData(matrix.copy())
    data.var_names = [f"G{i}" for i in range(N_GENES)]
    data.obs = pd.DataFrame(index=[f"c{i}" for i in range(matrix.shape[0])])
    return data


def against_decoupler(matrix, ours_on, what: str, goal: float) -> dict:
    """AUCell; decoupler is first warmed up on a few cells, so that its compiler is not counted."""
    import decoupler
    import pandas as pd

    genes = [f"G{i}" for i in range(N_GENES)]
    net = pd.DataFrame(
        [(name, gene) for name, chosen in signatures(genes).items() for gene in chosen],
        columns=["source", "target"],
    )
    decoupler.mt.aucell(_anndata(matrix[:20]), net, tmin=1)
    data = _anndata(matrix)
    theirs = _seconds(lambda: decoupler.mt.aucell(data, net, tmin=1))
    scorer = _scorer("aucell")
    scorer.score(ours_on[:8])
    ours = _seconds(lambda: scorer.score(ours_on), REPEATS)
    size = f"{N_GENES} × {matrix.shape[0]}"
    return _row(f"aucell, {what}", "decoupler", ours, theirs, size, goal)


def against_pyucell(matrix) -> dict:
    """UCell; pyucell with as many processes as we have threads."""
    import pyucell

    data = _anndata(matrix)
    sets = signatures([f"G{i}" for i in range(N_GENES)])
    pyucell.compute_ucell_scores(_anndata(matrix[:20]), sets, n_jobs=THREADS)
    theirs = _seconds(lambda: pyucell.compute_ucell_scores(data, sets, n_jobs=THREADS))
    scorer = _scorer("ucell")
    scorer.score(matrix[:8])
    ours = _seconds(lambda: scorer.score(matrix), REPEATS)
    return _row("ucell, cells", "pyucell", ours, theirs, f"{N_GENES} × {matrix.shape[0]}", 15)


def against_ranking(samples: int) -> dict:
    """Our whole scoring against only sorting every sample with NumPy on the same threads."""
    values, size = bulk(samples), f"{N_GENES} × {samples}"
    scorer = _scorer("ssgsea")
    ours = _seconds(lambda: scorer.score(values), REPEATS)

    def rank(row: np.ndarray) -> np.ndarray:
        place = np.empty(row.size, dtype=np.int64)
        place[np.argsort(row)] = np.arange(row.size)
        return place

    with ThreadPoolExecutor(THREADS) as pool:
        ranking = _seconds(lambda: list(pool.map(rank, values)), 3)
    row = _row("ssgsea, bulk, over ranking once", "numpy argsort", ours, ranking, size, 1)
    return row | {"ratio": ours / ranking, "bound": "<= 3"}


_MEMORY = """
import sys
import threading
from benchmarks import scoring
def status():
    lines = dict(line.split(":", 1) for line in open("/proc/self/status"))
    return [int(lines[key].split()[0]) * 1024 for key in ("RssAnon", "VmRSS")]
def watch():
    while not done.wait(0.002):
        seen.append(status())
make = scoring.bulk if sys.argv[1] == "bulk" else scoring.cells
matrix = make(int(sys.argv[2]))
size = matrix.nbytes if sys.argv[1] == "bulk" else (
    matrix.data.nbytes + matrix.indices.nbytes + matrix.indptr.nbytes)
before, seen, done = status(), [], threading.Event()
watcher = threading.Thread(target=watch)
watcher.start()
scorer = scoring._scorer("ssgsea")
scorer.score(matrix)
seen.append(status())
done.set()
print(*(max(one) - was for one, was in zip(zip(*seen), before)), size)
"""


def memory(kind: str, number: int) -> list[dict]:
    """Peak memory beyond the matrix over 0.3 × it + 100 MB, compiler included.

    The private memory of the process is bounded. The resident memory is shown beside it: it also
    counts pages of program libraries, mapped from their files and shared (about 80 MB for Numba).
    """
    ran = subprocess.run(  # noqa: S603
        [sys.executable, "-c", _MEMORY, kind, str(number)],
        capture_output=True, text=True, check=True, env=os.environ,
    )  # fmt: skip
    *used, size = map(int, ran.stdout.split())
    allowed = 0.3 * size + 100e6
    return [
        {
            "name": f"{what} memory beyond the matrix, {kind}, {N_GENES} × {number}",
            "peer": "0.3 × matrix + 100 MB", "ours_bytes": one, "peer_bytes": allowed,
            "ratio": one / allowed, "bound": bound,
        }
        for what, one, bound in zip(("private", "resident"), used, ("<= 1", ""), strict=True)
    ]  # fmt: skip


_PROCESS = """
import sys
import numpy as np
from scipy.sparse import csr_matrix
from benchmarks import scoring
held = np.load(sys.argv[2])
matrix = csr_matrix((held["data"], held["indices"], held["indptr"]), shape=held["shape"])
genes = [f"G{i}" for i in range(scoring.N_GENES)]
if sys.argv[1] == "pyucell":
    import pyucell
    pyucell.compute_ucell_scores(
        scoring._anndata(matrix), scoring.signatures(genes), n_jobs=scoring.THREADS)
else:
    from nenuphar.methods.expression import Scorer, as_signatures
    sets = as_signatures(scoring.signatures(genes))
    Scorer(genes, sets, "ucell", engine="compiled").score(matrix)
"""


def whole_process(matrix) -> list[dict]:
    """Start, imports, compiler, reading and scoring together; a fresh cache, then a warm one."""
    size = f"{N_GENES} × {matrix.shape[0]}"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cells.npz"
        np.savez(
            path, data=matrix.data, indices=matrix.indices, indptr=matrix.indptr,
            shape=matrix.shape,
        )  # fmt: skip
        env = os.environ | {"NUMBA_CACHE_DIR": str(Path(folder) / "cache")}

        def process(which: str) -> float:
            command = [sys.executable, "-c", _PROCESS, which, str(path)]
            return _seconds(lambda: subprocess.run(command, env=env, check=True))  # noqa: S603

        theirs, first, second = process("pyucell"), process("ours"), process("ours")
    return [
        _row("ucell, first process", "pyucell", first, theirs, size, 2.5),
        _row("ucell, second process", "pyucell", second, theirs, size, 10),
    ]


def run(samples: int = 1_000, number: int = 20_000, many: int = 100_000) -> list[dict]:
    """All figures.

    Args:
        samples: Bulk samples.
        number: Cells; one of the peers takes minutes for more.
        many: Cells of the whole processes, whose start and compiler have to pay off.
    """
    matrix, dense = cells(number), bulk(samples)
    rows = [
        against_gseapy(samples),
        against_decoupler(dense, dense, "bulk", 10),
        against_decoupler(matrix, matrix, "cells", 10),
        against_pyucell(matrix),
        against_ranking(samples),
        *whole_process(cells(many)),
    ]
    if Path("/proc/self/status").exists():
        rows += [*memory("bulk", samples), *memory("cells", number)]
    return rows


if __name__ == "__main__":
    for line in run(*map(int, sys.argv[1:])):
        print(line)
