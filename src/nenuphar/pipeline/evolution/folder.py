"""Takes the folder that `nenuphar assess` wrote of a cohort, and guesses the roles of facts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nenuphar.domain.problems import UnreadableInputError
from nenuphar.methods.evolution.features import ALTERATIONS, MICROENVIRONMENT, ORIGIN

if TYPE_CHECKING:
    import polars as pl

DATABASE = "results.duckdb"

GROUPS = (
    *("molecular.group.lung_net", "molecular.group.lung_nen", "molecular.group.pannet"),
    *("molecular.group.sclc", "molecular.group.sclc_ihc", "molecular.group.lung_net_ihc"),
    *("molecular.group.pannet_epigenetic", "genomics.sinet_group", "tumour.entity"),
)
"""Facts that group tumours, the most telling first."""

FACTS = {
    ORIGIN: (
        *("tumour.site", "disease.dipnech_background", "tumour.function"),
        *("ihc.ascl1.h_score", "ihc.otp.h_score", "ihc.hnf1a.h_score", "ihc.neurod1.h_score"),
        *("ihc.pou2f3.h_score", "ihc.yap1.h_score", "ihc.ascl1", "ihc.otp"),
        *("ihc.arx", "ihc.pdx1"),
    ),
    ALTERATIONS: (
        *("variant(*", "genomics.daxx_atrx", "genomics.alt", "genomics.pannet_pattern"),
        *("genomics.loh10", "genomics.chr18_loss", "genome.chromothripsis"),
        *("genomics.tmb.tissue", "genomics.oscillation"),
    ),
    MICROENVIRONMENT: ("immune.fraction.*",),
}
"""Facts, or beginnings of their names, by the role that they may play."""


_CONCLUDED = (
    "SELECT patient_id, tumour_id, specimen_id, assessor, fact, value, value_number "
    "FROM conclusions WHERE status IN ('met', 'provisional') AND component = '' "
    "AND specimen_id <> ''"
)


def is_folder_of_results(path: Path) -> bool:
    """Whether a path is a folder that `nenuphar assess` wrote."""
    return path.is_dir() and (path / DATABASE).is_file()


def read_results(folder: Path) -> pl.DataFrame:
    """Return a table of facts from a folder of results, one row a specimen.

    Args:
        folder: Written by `nenuphar assess`.

    Returns:
        Text columns: `specimen` (patient, tumour and specimen with slashes between), then a column
        for every fact; null where it is not on record or open. Numbers that are ranges are open.

    Raises:
        UnreadableInputError: The database cannot be read, or holds no specimens.
    """
    import duckdb
    import polars as pl

    def rows(query: str) -> pl.DataFrame:
        found = pl.from_arrow(base.sql(query).to_arrow_table())
        return found if isinstance(found, pl.DataFrame) else found.to_frame()

    try:
        with duckdb.connect(str(folder / DATABASE), read_only=True) as base:
            names = set(rows("SELECT table_name FROM duckdb_tables()")["table_name"])
            if "observed_specimen" not in names:
                raise UnreadableInputError(f"{folder.name}: its results hold no specimens")
            specimens = rows("SELECT * FROM observed_specimen")
            tumours = rows("SELECT * FROM observed_tumour") if "observed_tumour" in names else None
            concluded = rows(_CONCLUDED)
    except duckdb.Error as error:
        raise UnreadableInputError(
            f"{folder.name}: {DATABASE} cannot be read; run `nenuphar assess` again"
        ) from error
    keys = ["patient_id", "tumour_id", "specimen_id"]
    table = _facts(specimens, keys)
    if tumours is not None:
        wide = _facts(tumours, keys[:2])
        table = table.join(wide, on=keys[:2], how="left", maintain_order="left")
    if concluded.height:
        text = pl.coalesce(pl.col("value_number").cast(pl.String), "value").alias("value")
        pivoted = (
            concluded.select(*keys, "fact", text)
            .unique([*keys, "fact"], keep="first", maintain_order=True)
            .pivot("fact", index=keys, values="value")
        )
        fresh = [name for name in pivoted.columns if name in keys or name not in table.columns]
        table = table.join(pivoted.select(fresh), on=keys, how="left", maintain_order="left")
    return table.select(
        pl.concat_str(keys, separator="/").alias("specimen"), pl.exclude(keys).cast(pl.String)
    )


def _facts(frame: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """Facts as text, one column each, one row for each thing (that of its first assessor)."""
    import polars as pl

    columns = []
    for name, kind in frame.schema.items():
        fact, _, part = name.rpartition(".")
        if part == "lo" and f"{fact}.hi" in frame.columns:
            exact = pl.col(name) == pl.col(f"{fact}.hi")
            columns.append(pl.when(exact).then(pl.col(name)).cast(pl.String).alias(fact))
        elif part not in ("lo_open", "hi", "hi_open") and _is_fact(name) and not kind.is_nested():
            columns.append(pl.col(name).cast(pl.String))
    return frame.select(*keys, *columns).unique(keys, keep="first", maintain_order=True)


def _is_fact(name: str) -> bool:
    return "." in name or name.startswith("variant(")


def group_of(table: pl.DataFrame, enough: int) -> str:
    """Return the first fact that groups enough specimens, or else the one that groups most.

    Args:
        table: From `read_results`.
        enough: How many specimens are enough.

    Returns:
        Its name; empty where none makes at least two groups.
    """
    counts = {
        name: table[name].drop_nulls().len()
        for name in GROUPS
        if name in table.columns and table[name].drop_nulls().n_unique() > 1
    }
    first = next((name for name, n in counts.items() if n >= enough), "")
    return first or max(counts, key=lambda name: counts[name], default="")


def features_of(table: pl.DataFrame, parent: str, group: str) -> list[str]:
    """Return the columns that may play a role."""
    return [
        name
        for name in table.columns
        if name != group
        and any(
            name == fact or (fact.endswith("*") and name.startswith(fact[:-1]))
            for fact in FACTS[parent]
        )
        and table[name].drop_nulls().len()
    ]
