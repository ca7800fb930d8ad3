"""Signatures laid out over the columns of one matrix."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class GeneSets:
    """Sets over N genes, listed by gene: those of gene g are entries `start[g]` to `start[g + 1]`.

    The same by set: the genes of set s are `set_gene[set_start[s]:set_start[s + 1]]`.
    entry_set and entry_weight: the set and the weight of each entry; sizes: genes of each set;
    totals: per set Σw, Σ|w| and Σw², each summed exactly.
    """

    start: NDArray[np.int32]
    entry_set: NDArray[np.int32]
    entry_weight: NDArray[np.float64]
    sizes: NDArray[np.int64]
    totals: NDArray[np.float64]
    set_start: NDArray[np.int32]
    set_gene: NDArray[np.int32]

    @property
    def entry_gene(self) -> NDArray[np.int64]:
        """The gene of each entry."""
        return np.repeat(np.arange(self.start.size - 1), np.diff(self.start))

    @classmethod
    def over(cls, members: Sequence[dict[int, float]], n_genes: int) -> GeneSets:
        """Lays out sets given as column → weight."""
        gene = np.array([g for one in members for g in one], dtype=np.int64)
        weight = np.array([w for one in members for w in one.values()], dtype=np.float64)
        sizes = np.array([len(one) for one in members], dtype=np.int64)
        owner = np.repeat(np.arange(len(members)), sizes)
        order = np.argsort(gene, kind="stable")
        start = np.zeros(n_genes + 1, dtype=np.int32)
        np.cumsum(np.bincount(gene, minlength=n_genes), out=start[1:])
        totals = [
            [math.fsum(power(w) for w in one.values()) for one in members]
            for power in (float, abs, lambda w: w * w)
        ]
        owner = owner[order].astype(np.int32)
        set_start = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
        return cls(
            start, owner, weight[order], sizes, np.array(totals), set_start, gene.astype(np.int32)
        )
