"""Figures of a cohort under immunotherapy as SVG: alluvial, heat map, swimmer."""

from __future__ import annotations

import re

import altair as alt
import numpy as np
import polars as pl
from markupsafe import Markup

from nenuphar.report.cohort_figures import PALETTE, _svg

PHENOTYPES = ("primary", "acquired", "indeterminate", "not_evaluable", "none_seen", "undetermined")
"""Phenotypes in the order in which figures stack them."""

WORDS = {
    "primary": "Primary resistance",
    "acquired": "Acquired resistance",
    "indeterminate": "Indeterminate",
    "not_evaluable": "Not evaluable",
    "none_seen": "No resistance seen",
    "undetermined": "Undetermined (data missing)",
}

_GREY = "#8A949B"
_COLOURS = ("#D55E00", "#0072B2", "#CC79A7", "#E69F00", "#009E73", _GREY)
_SCALE = alt.Scale(domain=[WORDS[name] for name in PHENOTYPES], range=list(_COLOURS))
_GAP, _HALF = 0.02, 0.06
_SWIMMERS = 60


def _drawn(chart: alt.Chart | alt.LayerChart | alt.FacetChart, name: str) -> Markup:
    """Draw a chart; Vega counts its ids on from figure to figure, here each starts anew."""
    text = str(_svg(chart, name))  # type: ignore[arg-type]  # any chart can be drawn
    for number, found in enumerate(dict.fromkeys(re.findall(r'\bid="([^"]+)"', text))):
        for before, after in (('id="', '"'), ("url(#", ")")):
            text = text.replace(f"{before}{found}{after}", f"{before}{name}.{number}{after}")
    return Markup(text)  # noqa: S704 - Vega escapes the text of its marks


def alluvial(table: pl.DataFrame, sets: list[str]) -> Markup | None:
    """Draw how subjects move between phenotypes from one definition set to the next.

    Args:
        table: `subject`, `definition_set`, `phenotype` (empty where undetermined).
        sets: Sets from left to right; subjects to whom one of them does not apply are left out.

    Returns:
        An SVG, or None with fewer than two sets or no subject under all of them.
    """
    wide = _wide(table, sets)
    if len(sets) < 2 or wide.is_empty():
        return None
    ribbons = pl.concat(
        [
            *(_column(wide, name, i) for i, name in enumerate(sets)),
            *(_flows(wide, sets[i], sets[i + 1], i) for i in range(len(sets) - 1)),
        ]
    )
    axis = alt.Axis(
        values=list(range(len(sets))),
        labelExpr=_label_expression(sets),
        labelAngle=0,
        grid=False,
        title=None,
    )
    chart = (
        alt.Chart(ribbons)
        .mark_area(strokeWidth=0, aria=False)
        .encode(
            x=alt.X("x:Q", axis=axis, scale=alt.Scale(domain=[-0.15, len(sets) - 0.85])),
            y=alt.Y("low:Q", axis=None),
            y2="high:Q",
            color=alt.Color("phenotype:N", title=None, scale=_SCALE),
            opacity=alt.Opacity("opacity:Q", scale=None, legend=None),
            detail="ribbon:N",
        )
        .properties(width=620, height=300)
    )
    return _drawn(chart, "alluvial")


def _label_expression(sets: list[str]) -> str:
    names = ", ".join(f"'{name}'" for name in sets)
    return f"[{names}][datum.value]"


def _wide(table: pl.DataFrame, sets: list[str]) -> pl.DataFrame:
    shown = table.with_columns(pl.col("phenotype").replace("", "undetermined"))
    own = shown.filter(pl.col("definition_set").is_in(sets))
    wide = own.pivot("definition_set", index="subject", values="phenotype")
    missing = [name for name in sets if name not in wide.columns]
    return wide.clear() if missing else wide.drop_nulls(sets).select(sets)


def _heights(values: pl.Series) -> dict[str, tuple[float, float]]:
    """Stack the phenotypes of a column; return the ends of each."""
    at, ends = 0.0, {}
    for name in PHENOTYPES:
        share = int((values == name).sum()) / max(values.len(), 1)
        if share:
            ends[name] = (at, at + share)
            at += share + _GAP
    return ends


def _column(wide: pl.DataFrame, name: str, place: int) -> pl.DataFrame:
    rows = [
        (place + side * _HALF, low, high, WORDS[p], f"column {place} {p}", 1.0)
        for p, (low, high) in _heights(wide[name]).items()
        for side in (-1, 1)
    ]
    return _ribbons(rows)


def _flows(wide: pl.DataFrame, left: str, right: str, place: int) -> pl.DataFrame:
    starts = {p: low for p, (low, _) in _heights(wide[left]).items()}
    ends = {p: low for p, (low, _) in _heights(wide[right]).items()}
    steps = np.linspace(0, 1, 16)
    ease = steps * steps * (3 - 2 * steps)
    rows = []
    for one in PHENOTYPES:
        for other in PHENOTYPES:
            share = int(((wide[left] == one) & (wide[right] == other)).sum()) / wide.height
            if not share:
                continue
            low = starts[one] + (ends[other] - starts[one]) * ease
            starts[one] += share
            ends[other] += share
            x = place + _HALF + steps * (1 - 2 * _HALF)
            ribbon = f"flow {place} {one} {other}"
            rows += [
                (float(a), float(b), float(b) + share, WORDS[one], ribbon, 0.35)
                for a, b in zip(x, low, strict=True)
            ]
    return _ribbons(rows)


def _ribbons(rows: list[tuple[float, float, float, str, str, float]]) -> pl.DataFrame:
    names = ("x", "low", "high", "phenotype", "ribbon", "opacity")
    kinds = (pl.Float64, pl.Float64, pl.Float64, pl.String, pl.String, pl.Float64)
    return pl.DataFrame(rows, schema=dict(zip(names, kinds, strict=True)), orient="row")


def heat_map(grid: pl.DataFrame, definition_set: str) -> Markup | None:
    """Draw the counts of primary and acquired resistance over the grid of cut-offs.

    Args:
        grid: The grid, with the columns of `pipeline.sensitivity`.
        definition_set: The set.

    Returns:
        An SVG, one panel for each phenotype, or None where the set has no grid.
    """
    own = grid.filter(pl.col("definition_set") == definition_set)
    if own.is_empty():
        return None
    present = set(own.filter(pl.col("subjects") > 0)["phenotype"].to_list())
    shown = [name for name in ("primary", "acquired", "undetermined") if name in present]
    if not shown:
        return None
    cells = (
        own.select("cutoff_months", "weeks")
        .unique()
        .join(pl.DataFrame({"phenotype": shown}), how="cross")
    )
    keys = ["cutoff_months", "weeks", "phenotype"]
    cells = cells.join(own.select(*keys, "subjects"), on=keys, how="left", nulls_equal=True)
    cells = cells.with_columns(
        pl.col("subjects").fill_null(0),
        pl.col("cutoff_months").cast(pl.String).fill_null("–"),
        pl.col("weeks").cast(pl.String).fill_null("–"),
        pl.col("phenotype").replace(WORDS),
    ).sort("phenotype", "cutoff_months", "weeks")
    weeks_of = str(own["weeks_of"][0]).replace("_", " ")
    base = alt.Chart(cells).encode(
        x=alt.X("cutoff_months:O", title="Cut-off, months", axis=alt.Axis(labelAngle=0)),
        y=alt.Y(
            "weeks:O",
            title=f"Weeks ({weeks_of})" if weeks_of else None,
            sort=["6", "7", "8", "9", "10", "11", "12"],
        ),
    )
    tiles = base.mark_rect(aria=False).encode(
        color=alt.Color(
            "subjects:Q",
            title="Subjects",
            scale=alt.Scale(range=["#DCE6EE", "#0072B2"], domainMin=0),
        )
    )
    most = max(cells["subjects"].to_list())
    numbers = base.mark_text(fontSize=11, aria=False).encode(
        text="subjects:Q",
        color=alt.condition(f"datum.subjects > {most / 2}", alt.value("white"), alt.value("black")),
    )
    chart = (tiles + numbers).properties(width=150, height=170)
    faceted = chart.facet(alt.Facet("phenotype:N", title=None), columns=3)
    return _drawn(faceted, f"grid-{definition_set}")


def swimmer(lines: pl.DataFrame, phenotypes: dict[str, str]) -> Markup | None:
    """Draw each subject as a bar of follow-up, with progression, its confirmation and death.

    Args:
        lines: `subject`, and months from the first dose: `exposure`, `follow_up`, `progression`,
            `confirmation`, `death`; null is missing.
        phenotypes: Phenotype of each subject, for the colour of the bar.

    Returns:
        An SVG with the first sixty subjects by follow-up, or None where nobody has a follow-up.
    """
    known = lines.drop_nulls("follow_up").sort("follow_up", "subject", descending=[True, False])
    known = known.head(_SWIMMERS)
    if known.is_empty():
        return None
    own = [WORDS[phenotypes.get(s) or "undetermined"] for s in known["subject"]]
    known = known.with_columns(pl.Series("phenotype", own))
    order = known["subject"].to_list()
    y = alt.Y("subject:N", sort=order, title=None, axis=alt.Axis(labelFontSize=8, ticks=False))
    bars = (
        alt.Chart(known)
        .mark_bar(height=5, opacity=0.55, aria=False)
        .encode(
            x=alt.X("follow_up:Q", title="Months from the first dose"),
            y=y,
            color=alt.Color("phenotype:N", title=None, scale=_SCALE),
        )
    )
    dosed = (
        alt.Chart(known.drop_nulls("exposure"))
        .mark_bar(height=2, color="#444444", aria=False)
        .encode(x="exposure:Q", y=y)
    )
    events = known.unpivot(
        ["progression", "confirmation", "death"], index="subject", variable_name="event"
    ).drop_nulls("value")
    marks = (
        alt.Chart(events)
        .mark_point(filled=True, size=28, opacity=1, aria=False)
        .encode(
            x="value:Q",
            y=y,
            shape=alt.Shape(
                "event:N",
                title=None,
                scale=alt.Scale(
                    domain=["progression", "confirmation", "death"],
                    range=["triangle-up", "circle", "cross"],
                ),
            ),
            color=alt.value(PALETTE[0]),
        )
    )
    chart = (bars + dosed + marks).properties(width=560, height=max(9 * known.height, 60))
    return _drawn(chart, "swimmer")
