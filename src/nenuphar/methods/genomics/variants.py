"""The genes whose role is known, as a frame."""

from __future__ import annotations

from functools import cache

import polars as pl

from nenuphar.terminology.genes import consequences


@cache
def gene_roles() -> pl.DataFrame:
    """Return the genes that this project knows: gene, role, pathways (list), source (DOI)."""
    rows = [
        (r.gene, r.role, list(r.pathways), r.source) for r in consequences.gene_roles().values()
    ]
    schema = {"gene": pl.String, "role": pl.String, "pathways": pl.List(pl.String)}
    return pl.DataFrame(rows, schema={**schema, "source": pl.String}, orient="row")
