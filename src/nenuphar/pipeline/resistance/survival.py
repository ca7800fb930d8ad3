"""Times of lines of treatment, and survival by phenotype and from a landmark."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from nenuphar.domain.dates import DAYS_OF_A_MONTH
from nenuphar.methods.hazards import CoxModel, cox_model
from nenuphar.methods.survival import Survival, survival

LANDMARKS = (3.0, 6.0)
"""Landmarks, months: the shortest and the usual cut-off between primary and acquired resistance."""

PROGRESSED, FREE = "Progression by the landmark", "No progression by the landmark"


def times_of(lines: pl.DataFrame) -> pl.DataFrame:
    """Return times from the first dose in months of 30.44 days, and whether events end them.

    Args:
        lines: Described lines, see `pipeline.resistance.reading.read_timelines`.

    Returns:
        `subject`, `exposure`, `follow_up`, `progression`, `confirmation`, `death`, `pfs`,
        `pfs_event`, `os`, `os_event`; null where not known to the day. A progression that has no
        stated time ends no PFS.
    """
    start, exact_start = _date("ici_start", lines)
    death = _since(start, "death_date", lines)
    stated_os, stated_pfs = _stated("line.os_days", lines), _stated("line.pfs_days", lines)
    pd = pl.coalesce(_since(start, "pd_date", lines), pl.lit(None, dtype=pl.Float64))
    assessed = _since(start, "last_assessment", lines)
    confirmed = _since(start, "pd_confirmed_date", lines)
    dosed = _since(start, "ici_last_dose", lines)
    last = pl.max_horizontal(assessed, death, pd, confirmed, dosed)
    first_event = pl.min_horizontal(pd, death)
    os_event, pfs_event = _flag("line.os_event", lines), _flag("line.pfs_event", lines)
    known = pl.lit(value=True) if exact_start else pl.lit(value=False)
    frame = lines.select(
        subject=pl.col("patient_id"),
        exposure=dosed,
        confirmation=confirmed,
        progression=pl.coalesce(
            pd, pl.when(pfs_event & pl.col("timeline.progression_seen")).then(stated_pfs)
        ),
        death=pl.coalesce(death, pl.when(os_event).then(stated_os)),
        follow_up=pl.coalesce(last, pl.max_horizontal(stated_os, stated_pfs)),
        pfs=pl.coalesce(first_event, assessed, stated_pfs),
        pfs_event=pl.when(known & pl.coalesce(first_event, assessed).is_not_null())
        .then(first_event.is_not_null())
        .otherwise(pfs_event),
        os=pl.coalesce(death, last, stated_os),
        os_event=pl.when(known & pl.coalesce(death, last).is_not_null())
        .then(death.is_not_null())
        .otherwise(os_event),
    )
    numbers = [name for name, kind in frame.schema.items() if kind == pl.Float64]
    return frame.with_columns(pl.col(name) / DAYS_OF_A_MONTH for name in numbers)


def _date(name: str, lines: pl.DataFrame) -> tuple[pl.Expr, bool]:
    if f"line.{name}.lo" not in lines.columns:
        return pl.lit(None, dtype=pl.Date), False
    lo, hi = pl.col(f"line.{name}.lo"), pl.col(f"line.{name}.hi")
    return pl.when(lo == hi).then(lo), True


def _since(start: pl.Expr, name: str, lines: pl.DataFrame) -> pl.Expr:
    return (_date(name, lines)[0] - start).dt.total_days().cast(pl.Float64)


def _stated(fact: str, lines: pl.DataFrame) -> pl.Expr:
    known = f"{fact}.lo" in lines.columns
    return pl.col(f"{fact}.lo") if known else pl.lit(None, dtype=pl.Float64)


def _flag(fact: str, lines: pl.DataFrame) -> pl.Expr:
    return pl.col(fact) if fact in lines.columns else pl.lit(None, dtype=pl.Boolean)


def by_phenotype(times: pl.DataFrame, groups: pl.DataFrame) -> list[Survival]:
    """Estimate PFS and OS by phenotype.

    Args:
        times: See `times_of`.
        groups: `subject` and `group` (phenotype; what it could be where it is open).

    Returns:
        The endpoints for which at least two groups are large enough.
    """
    joined = times.join(groups, on="subject", how="inner", maintain_order="left")
    found = []
    for name, words in (("pfs", "Progression-free survival"), ("os", "Overall survival")):
        own = joined.select("group", time=pl.col(name), event=pl.col(f"{name}_event"))
        estimated = survival(own, endpoint=words)
        if estimated is not None and estimated.summary.height > 1:
            found.append(estimated)
    return found


def _at_landmark(times: pl.DataFrame, months: float) -> pl.DataFrame:
    """Return who was alive and followed at a landmark, and whether progression had come.

    Returns:
        `progressed` (null where not known), `time` from the landmark and `event`.
    """
    alive = times.filter(pl.col("os") > months)
    known_free = (pl.col("progression") > months) | (pl.col("pfs") > months)
    progressed = (
        pl.when(pl.col("progression") <= months)
        .then(pl.lit(value=True))
        .when(known_free)
        .then(pl.lit(value=False))
    )
    return alive.select(
        progressed.alias("progressed"), time=pl.col("os") - months, event=pl.col("os_event")
    )


def from_landmark(times: pl.DataFrame, months: float) -> Survival | None:
    """Estimate survival from a landmark, by whether progression had come by then.

    Args:
        times: See `times_of`.
        months: The landmark, in months of 30.44 days after the first dose.

    Returns:
        Survival of those alive and followed at the landmark, counted from it, so that nobody's
        group depends on later events (Anderson, doi:10.1200/JCO.1983.1.11.710); None where fewer
        than two groups are large enough. Those who died or were lost before are left out, and
        counted as such.
    """
    own = _at_landmark(times, months)
    group = pl.when("progressed").then(pl.lit(PROGRESSED)).when(~pl.col("progressed"))
    own = own.select(group.then(pl.lit(FREE)).alias("group"), "time", "event")
    found = survival(own, endpoint="Overall survival from the landmark")
    if found is None or found.summary.height < 2:
        return None
    return replace(found, left_out=found.left_out + times.height - own.height)


def landmark_model(times: pl.DataFrame, months: float) -> CoxModel:
    """Fit the hazard ratio of progression by a landmark for survival from it.

    Args:
        times: See `times_of`.
        months: The landmark, in months of 30.44 days after the first dose.

    Returns:
        The model with its assumption tested, or the reason why there is none.
    """
    own = _at_landmark(times, months).rename({"progressed": PROGRESSED})
    return cox_model(own, [PROGRESSED], endpoint="Overall survival from the landmark")
