"""Builds the shipped gene index from NCBI Gene and Ensembl facts: `… genes.build FOLDER`."""

from __future__ import annotations

import csv
import gzip
import io
import sys
from collections import defaultdict
from pathlib import Path

HERE = Path(__file__).parent
CODING = "protein_coding"


def _rows(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def index_lines(folder: Path) -> list[str]:
    """One line per named gene: symbol, Ensembl numbers, Entrez id, retired Entrez ids, aliases.

    Genes that have no symbol are left out; so are retired Entrez ids of genes that do not code for
    a protein. A name that several genes carry stays with each of them: it is ambiguous on reading.
    """
    ensembl: dict[str, set[int]] = defaultdict(set)
    coding: set[str] = set()
    for row in _rows(folder / "canonical-gene-space.csv.gz"):
        if row["symbol"]:
            ensembl[row["symbol"]].add(int(row["ensembl_gene_id"].removeprefix("ENSG")))
            if row["biotype"] == CODING:
                coding.add(row["symbol"])
    entrez: dict[str, set[int]] = defaultdict(set)
    retired: dict[str, set[int]] = defaultdict(set)
    for row in _rows(folder / "ncbi-entrez-gene-mappings.csv.gz"):
        symbol, old, live = row["canonical_symbol"], row["entrez_id"], row["live_entrez_id"]
        if symbol in ensembl and old == live:
            entrez[symbol].add(int(live))
        elif symbol in coding:
            retired[symbol].add(int(old))
    aliases: dict[str, set[str]] = defaultdict(set)
    for row in _rows(folder / "ncbi-symbol-synonyms.csv.gz"):
        if row["official_symbol"] in ensembl and row["alias"] not in ensembl:
            aliases[row["official_symbol"]].add(row["alias"])
    return [
        "\t".join(
            (
                symbol,
                ",".join(map(str, sorted(ensembl[symbol]))),
                ",".join(map(str, sorted(entrez[symbol]))),
                ",".join(map(str, sorted(retired[symbol]))),
                "|".join(sorted(aliases[symbol])),
            )
        )
        for symbol in sorted(ensembl)
    ]


def main() -> None:
    """Writes `index.tsv.gz` beside this file; the same sources give the same bytes."""
    text = "\n".join(index_lines(Path(sys.argv[1]))) + "\n"
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", compresslevel=9, mtime=0, filename="") as packed:
        packed.write(text.encode())
    (HERE / "index.tsv.gz").write_bytes(buffer.getvalue())


if __name__ == "__main__":
    main()
