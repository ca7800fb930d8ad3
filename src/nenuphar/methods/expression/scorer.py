"""Scores samples one by one with any number of signatures."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import compress
from typing import TYPE_CHECKING, Literal

import numpy as np

from nenuphar.methods.expression import plain
from nenuphar.methods.expression.gene_sets import GeneSets
from nenuphar.methods.expression.matching import GeneMatch, match_genes
from nenuphar.methods.expression.signatures import Signature
from nenuphar.methods.expression.statistics import (
    METHODS,
    RANK_METHODS,
    OptionError,
    Options,
    combine_directions,
    rank_scores,
    rank_statistic,
    value_scores,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    Matrix = NDArray[np.number] | csr_array

Engine = Literal["auto", "plain", "compiled"]
PLAIN_VALUES = 1_500_000  # below this many values the compiler's start costs more than it saves
PLAIN_SAMPLE = 2_000  # values that could be ranked in the time that each sample costs besides
BLOCK_BYTES = 2_000_000
PARTS = 8
SIGNS = {4: np.uint32(0x7FFFFFFF), 8: np.uint64(0x7FFFFFFFFFFFFFFF)}


class ExpressionError(ValueError):
    """An expression matrix that cannot be scored, with the reason and the remedy."""


@dataclass(slots=True)
class Batch:
    """Scores of some samples: samples × signatures, NaN where there is none.

    incomplete: the samples (row numbers) with values that are missing or not finite. They are
    scored on their own measured genes.
    """

    scores: NDArray[np.float64]
    incomplete: dict[int, int] = field(default_factory=dict)


class Scorer:
    """Signatures made ready for one list of genes; then samples are scored in any portions.

    A sample's scores depend on nothing but that sample (`normalise="range"` is not offered here).

    Args:
        genes: the names of the columns; a name that comes twice is merged by its largest value,
            which does not depend on the scale.
        signatures: what to score.
        method: one of `METHODS`.
        options: choices of the method.
        threads: how many threads the compiled path uses; all that the process may by default.
        engine: `plain` (NumPy), `compiled` (Numba), or by the number of values so far; both give
            the same bits.
        single: rank in 32 bits: half the memory traffic; values that differ by less than 1e-7 of
            their size become ties.
    """

    def __init__(
        self,
        genes: Sequence[str],
        signatures: Sequence[Signature],
        method: str,
        options: Options | None = None,
        threads: int | None = None,
        engine: Engine = "auto",
        single: bool = False,
    ) -> None:
        if method not in METHODS:
            raise OptionError(f"method {method!r} is unknown; choose one of {', '.join(METHODS)}")
        self.method, self.options = method, options or Options()
        self.signatures, self.engine, self.single = list(signatures), engine, single
        self.threads = threads or _processors()
        self._scored = 0  # what the samples so far cost, in values
        self.duplicated = _repeated(genes)
        self._columns = _merging(genes) if self.duplicated else None
        self.genes = list(dict.fromkeys(genes)) if self.duplicated else list(genes)
        self.match: GeneMatch = match_genes(self.genes, self.signatures)
        self._lay_out(self.match.members)

    def _lay_out(self, members: list[dict[int, float]]) -> None:
        ranked = self.method in RANK_METHODS
        self._refused = np.array([cover.refused for cover in self.match.coverage], dtype=bool)
        used = [{} if no else one for one, no in zip(members, self._refused, strict=True)]
        self._up, self._down = np.full(len(used), -1), np.full(len(used), -1)
        if not ranked:
            self._sets = GeneSets.over(used, len(self.genes))
            return
        parts: list[dict[int, float]] = []
        for i, one in enumerate(used):
            for side, place in ((1, self._up), (-1, self._down)):
                chosen = {column: 1.0 for column, weight in one.items() if weight * side > 0}
                if chosen:
                    place[i] = len(parts)
                    parts.append(chosen)
        self._sets = GeneSets.over(parts, len(self.genes))
        largest = int(self._sets.sizes.max(initial=1))
        self._statistic = rank_statistic(self.method, len(self.genes), largest, self.options)

    def score(self, values: Matrix) -> Batch:
        """Scores samples × genes, dense or sparse by rows (zeros are values, not gaps).

        NaN and infinite values are left out of that sample alone and reported; a signature that
        falls below its coverage there has no score. Raises `ExpressionError` where the number of
        columns is not the number of genes. A matrix sparse by columns is turned in parts, so that
        no second copy of it stands in memory.
        """
        if getattr(values, "format", "") == "csc":
            return self._score_parts(values)
        values = self._prepared(values)
        n = values.shape[0]
        out, bad = np.empty((n, len(self.signatures))), np.zeros(n, dtype=bool)
        compiled = self._compiled(values)
        step = self._step(values)
        spans = [(i, min(i + step, n)) for i in range(0, n, step)]

        def work(span: tuple[int, int]) -> None:
            part = slice(*span)
            block = self._block(values, *span)
            if compiled:
                out[part] = self._block_compiled(block, bad[part])
            else:
                out[part] = self._block_plain(block, bad[part])

        if compiled and self.threads > 1 and len(spans) > 1:
            with ThreadPoolExecutor(self.threads) as pool:
                list(pool.map(work, spans))
        else:
            for span in spans:
                work(span)
        out[:, self._refused] = np.nan
        batch = Batch(out)
        for row in np.flatnonzero(bad):
            batch.incomplete[int(row)] = self._score_incomplete(values, int(row), out)
        return batch

    def _score_parts(self, values: Matrix) -> Batch:
        n = values.shape[0]
        step = max(1, -(-n // PARTS))
        whole = Batch(np.empty((n, len(self.signatures))))
        by_part = copy(self)
        by_part.engine = "compiled" if self._compiled(values) else "plain"
        for start in range(0, n, step):
            batch = by_part.score(values[start : start + step].tocsr())
            whole.scores[start : start + step] = batch.scores
            whole.incomplete |= {start + row: lost for row, lost in batch.incomplete.items()}
        return whole

    def _prepared(self, values: Matrix) -> Matrix:
        expected = len(self.genes) if self._columns is None else self._columns.size
        if values.ndim != 2 or values.shape[1] != expected:
            raise ExpressionError(
                f"the matrix has shape {values.shape}, but {expected} genes are named; "
                "give samples × genes, one name per column"
            )
        if _is_sparse(values):
            values = values.tocsr()
            if not values.has_canonical_format:
                values = values.copy()
                values.sum_duplicates()
        elif not isinstance(values, np.ndarray):
            values = np.asarray(values)
        return values

    def _compiled(self, values: Matrix) -> bool:
        if self.engine != "auto":
            return self.engine == "compiled"
        self._scored += values.nnz if _is_sparse(values) else values.size
        self._scored += values.shape[0] * PLAIN_SAMPLE
        return self._scored > PLAIN_VALUES and find_spec("numba") is not None

    def _step(self, values: Matrix) -> int:
        """Samples per block: about 2 MB of values or of sums, and work for every thread."""
        n = max(values.shape[0], 1)
        row = (values.nnz * 12 / n) if _is_sparse(values) else values.shape[1] * 8
        row = max(row, self._sets.sizes.size * 24, 1)
        return max(1, min(int(BLOCK_BYTES / row), -(-n // self.threads)))

    def _block(self, values: Matrix, begin: int, end: int):
        """Values, columns and row starts of some samples as the kernels want them."""
        if _is_sparse(values):
            pointer = np.asarray(values.indptr[begin : end + 1], dtype=np.int64)
            span = slice(int(pointer[0]), int(pointer[-1]))
            data, columns = values.data[span], values.indices[span].astype(np.int32, copy=False)
            if self._columns is not None:
                data, columns, pointer = self._merged(data, columns, pointer)
            return self._floats(data), columns, pointer - pointer[0]
        part = np.ascontiguousarray(values[begin:end])
        if self._columns is not None:
            merged = np.full((part.shape[0], len(self.genes)), -np.inf)
            for column, target in enumerate(self._columns):
                np.fmax(merged[:, target], part[:, column], out=merged[:, target])
            part = merged
        pointer = np.arange(end - begin + 1, dtype=np.int64) * part.shape[1]
        return self._floats(part).ravel(), np.empty(0, np.int32), pointer

    def _merged(self, data, columns, pointer):
        """Merges columns of one gene by their largest value, absent values being zero."""
        rows, targets, kept = pointer.size - 1, self._columns, []
        copies = np.bincount(targets)
        starts = np.zeros(rows + 1, dtype=np.int64)
        for row in range(rows):
            at = slice(pointer[row] - pointer[0], pointer[row + 1] - pointer[0])
            to, count = np.unique(targets[columns[at]], return_inverse=True)
            best = np.where(np.bincount(count, minlength=to.size) < copies[to], 0.0, -np.inf)
            np.fmax.at(best, count, data[at])
            kept.append((best, to.astype(np.int32)))
            starts[row + 1] = starts[row] + to.size
        return np.concatenate([b for b, _ in kept]), np.concatenate([t for _, t in kept]), starts

    def _floats(self, data: NDArray[np.number]) -> NDArray[np.floating]:
        exact = data.dtype == np.float32 or self.single
        return data.astype(np.float32 if exact else np.float64, copy=False)

    def _finish(self, sums, mean=None, squares=None):
        sets, n_genes = self._sets, len(self.genes)
        if self.method not in RANK_METHODS:
            return value_scores(
                self.method, sums, mean, squares, n_genes, sets.totals, sets.sizes, self.options
            )
        sizes = sets.sizes
        if self.method == "ucell" and self.options.missing_last:
            sums, sizes = self._with_missing(sums, sizes)
        scores = rank_scores(self.method, sums, sizes, n_genes, self.options)
        return combine_directions(self.method, scores, self._up, self._down, self.options)

    def _with_missing(self, sums, sizes):
        cut = min(self.options.max_rank, len(self.genes))
        extra = np.zeros(sizes.size)
        for i, cover in enumerate(self.match.coverage):
            for gene in cover.missing:
                side = self._up if self.signatures[i].genes[gene] > 0 else self._down
                if side[i] >= 0:
                    extra[side[i]] += 1
        return sums + (extra * cut)[None, None, :], sizes + extra.astype(np.int64)

    def _block_compiled(self, block, bad):
        from nenuphar.methods.expression import kernels

        values, columns, pointer = block
        sets, n, m = self._sets, pointer.size - 1, self._sets.sizes.size
        if self.method not in RANK_METHODS:
            sums, mean, squares = np.empty((n, m)), np.empty(n), np.empty(n)
            heaviest = float(sets.totals[1].max(initial=0.0))
            kernels.value_sums(
                values, columns, pointer, len(self.genes), sets.start, sets.entry_set,
                sets.entry_weight, heaviest, sums, mean, squares, bad,
            )  # fmt: skip
            return self._finish(sums, mean, squares)
        how, size = self._statistic, values.dtype.itemsize
        sums = np.empty((n, how.grid.size, m))
        kernels.rank_sums(
            values.view(SIGNS[size].dtype), columns, pointer, SIGNS[size],
            sets.start, sets.entry_set, sets.sizes, sets.set_start, sets.set_gene,
            how.tables, how.expected, how.grid, how.zero_last, sums, bad,
        )  # fmt: skip
        return self._finish(sums)

    def _block_plain(self, block, bad):
        values, columns, pointer = block
        n, n_genes, sets = pointer.size - 1, len(self.genes), self._sets
        ranked = self.method in RANK_METHODS
        every = np.arange(n_genes)
        dense = not columns.size and values.size > 0  # empty sparse cells hold no values either
        sums, moments = [], np.zeros((2, n))
        for row in range(n):
            at = slice(pointer[row], pointer[row + 1])
            x, where = values[at], every if dense else columns[at]
            bad[row] = not np.isfinite(x).all()
            if bad[row]:
                x = np.zeros_like(x)
            if ranked:
                present = x != 0
                sums.append(plain.rank_sums(x[present], where[present], sets, self._statistic))
            else:
                full = np.zeros(n_genes)
                full[where] = x
                total, *moments[:, row] = plain.value_sums(full, sets, n_genes)
                sums.append(total)
        shape = (n, self._statistic.grid.size, -1) if ranked else (n, -1)
        return self._finish(np.array(sums).reshape(shape), *([] if ranked else moments))

    def _score_incomplete(self, values: Matrix, row: int, out: NDArray[np.float64]) -> int:
        """Scores one sample on the genes that it has; returns how many values it lacks."""
        x, columns, _ = self._block(values, row, row + 1)
        full = np.zeros(len(self.genes), dtype=x.dtype)
        full[columns if columns.size else slice(None)] = x
        measured = np.isfinite(full)
        out[row] = np.nan
        if measured.any():
            out[row] = self._among(measured).score(full[measured][None, :]).scores[0]
        return int((~measured).sum())

    def _among(self, measured: NDArray[np.bool_]) -> Scorer:
        """The same scorer for the measured genes alone."""
        alone = copy(self)
        alone.genes = list(compress(self.genes, measured))
        alone.duplicated, alone._columns = [], None
        alone.threads, alone.engine = 1, "plain"
        alone.match = self.match.among(measured)
        alone._lay_out(alone.match.members)
        return alone


def _is_sparse(values: object) -> bool:
    return hasattr(values, "indptr") or hasattr(values, "tocsr")


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _repeated(genes: Sequence[str]) -> list[str]:
    seen, twice = set(), {}
    for gene in genes:
        if gene in seen:
            twice[gene] = None
        seen.add(gene)
    return list(twice)


def _merging(genes: Sequence[str]) -> NDArray[np.int64]:
    place = {gene: i for i, gene in enumerate(dict.fromkeys(genes))}
    return np.array([place[gene] for gene in genes])
