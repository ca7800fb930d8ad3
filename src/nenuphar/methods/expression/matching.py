"""Which rows of a matrix are the genes of a signature, and what had to be renamed to see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from nenuphar.methods.expression.signatures import Signature
from nenuphar.terminology.genes import GeneIndex, Resolution, gene_index

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of a signature the matrix measures, 0-1, and whether that suffices for a score."""

    signature: str
    genes: int
    found: int
    required: float
    missing: tuple[str, ...]

    @property
    def fraction(self) -> float:
        """Measured genes over all genes."""
        return self.found / self.genes

    @property
    def refused(self) -> bool:
        """Whether too little is measured."""
        return self.found == 0 or self.fraction < self.required


@dataclass(frozen=True, slots=True)
class Replacement:
    """A gene of a signature found under another name: `wanted` in the signature, `row` measured."""

    wanted: str
    row: str
    symbol: str
    via: str


@dataclass(slots=True)
class GeneMatch:
    """The columns of every signature, with all that was replaced, ambiguous or duplicated.

    members: per signature, column → weight; named: column → the gene as the signature names it.
    """

    members: list[dict[int, float]] = field(default_factory=list)
    named: list[dict[int, str]] = field(default_factory=list)
    coverage: list[Coverage] = field(default_factory=list)
    replaced: list[Replacement] = field(default_factory=list)
    ambiguous: list[Resolution] = field(default_factory=list)
    confusable: list[Resolution] = field(default_factory=list)

    def among(self, measured: NDArray[np.bool_]) -> GeneMatch:
        """The match for a sample that has a value in some of the columns only."""
        place = (measured.cumsum() - 1).tolist()
        members, covers = [], []
        for held, names, cover in zip(self.members, self.named, self.coverage, strict=True):
            kept = {place[column]: weight for column, weight in held.items() if measured[column]}
            lost = tuple(name for column, name in names.items() if not measured[column])
            members.append(kept)
            covers.append(replace(cover, found=len(kept), missing=(*cover.missing, *lost)))
        return replace(self, members=members, coverage=covers)


class _Rows:
    """Finds rows by name first; only what is missing asks the gene index."""

    def __init__(self, genes: Sequence[str]) -> None:
        self.by_name: dict[str, int] = {}
        for column, gene in enumerate(genes):
            self.by_name.setdefault(gene, column)
        self.genes = genes
        self._by_symbol: dict[str, tuple[int, Resolution]] | None = None
        self._index: GeneIndex | None = None
        self.ambiguous: dict[str, Resolution] = {}

    @property
    def index(self) -> GeneIndex:
        if self._index is None:
            self._index = gene_index()
        return self._index

    @property
    def by_symbol(self) -> dict[str, tuple[int, Resolution]]:
        """Rows by approved symbol; one under its approved symbol beats one under another name."""
        if self._by_symbol is None:
            self._by_symbol = {}
            for gene, column in sorted(self.by_name.items()):
                meant = self.index.resolve(gene)
                held = self._by_symbol.get(meant.symbol or "")
                if meant.symbol and (held is None or meant.via == "approved"):
                    self._by_symbol[meant.symbol] = (column, meant)
                if meant.symbol is None:
                    self.ambiguous |= dict.fromkeys(meant.candidates, meant)
        return self._by_symbol


def match_genes(genes: Sequence[str], signatures: Sequence[Signature]) -> GeneMatch:
    """Finds the genes of signatures among the rows `genes`, by name and then by identity.

    A gene is taken under its own name where the matrix has it; else under any name of the same
    gene (approved, previous, alias, Ensembl, Entrez), which is listed as replaced. An ambiguous
    name is listed and counts as not measured. Two names of one gene count once.
    """
    rows, match, seen = _Rows(genes), GeneMatch(), {}
    for signature in signatures:
        members: dict[int, float] = {}
        named: dict[int, str] = {}
        missing, doubled = [], 0
        for gene, weight in signature.genes.items():
            if gene not in seen:
                seen[gene] = _find(gene, rows, match)
            column = seen[gene]
            if column is None:
                missing.append(gene)
            elif column in members:
                doubled += 1
            else:
                members[column] = weight
                named[column] = gene
        match.members.append(members)
        match.named.append(named)
        match.coverage.append(
            Coverage(
                signature.name,
                len(signature.genes) - doubled,
                len(members),
                signature.coverage_min,
                tuple(missing),
            )
        )
    return match


def _find(gene: str, rows: _Rows, match: GeneMatch) -> int | None:
    if gene in rows.by_name:
        return rows.by_name[gene]
    meant = rows.index.resolve(gene)
    if meant.symbol is None:
        if meant.via == "ambiguous":
            match.ambiguous.append(meant)
        return None
    if meant.candidates:
        match.confusable.append(meant)
    column, row = rows.by_symbol.get(meant.symbol, (None, None))
    if column is not None and row is not None:
        via = meant.via if row.via == "approved" else row.via
        match.replaced.append(Replacement(gene, rows.genes[column], meant.symbol, via))
    elif meant.symbol in rows.ambiguous and rows.ambiguous[meant.symbol] not in match.ambiguous:
        match.ambiguous.append(rows.ambiguous[meant.symbol])
    return column
