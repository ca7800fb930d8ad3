"""Figures of a cohort as SVG: drawn by Vega without a browser, readable on light and dark."""

from __future__ import annotations

import json
import re
from typing import Any, Protocol

import altair as alt
import polars as pl
import vl_convert
from markupsafe import Markup

from nenuphar.report.cohort_tables import READING

# Okabe and Ito's palette without yellow and black, which fail on white and on dark paper.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8A6FB8")
_OTHER = "#8A949B"
_SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "stroke")
_DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [12, 4], [4, 2, 1, 2], [1, 4])
_INK = "#010203"
_PAPER = "#040506"
_FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
_CELLS = 28
_MOST_CELLS = 600


class SurvivalCurves(Protocol):
    """Survival by group as `methods.survival` estimates it."""

    @property
    def endpoint(self) -> str:
        """What ends the time, in words."""

    @property
    def unit(self) -> str:
        """Unit of all times."""

    @property
    def curves(self) -> pl.DataFrame:
        """`group`, `time`, `survival`, `ci_low`, `ci_high`."""

    @property
    def summary(self) -> pl.DataFrame:
        """`group`, `patients`, `events`, `median`, `median_low`, `median_high`."""

    @property
    def p_value(self) -> float | None:
        """Two-sided log-rank test over all groups."""

    @property
    def left_out(self) -> int:
        """Patients without time, event or group."""

    def at_risk(self, times: list[float]) -> pl.DataFrame:
        """Numbers at risk just before each time, one row for each group."""


def counts_plane(
    specimens: pl.DataFrame, table: pl.DataFrame, names: dict[str, str]
) -> Markup | None:
    """Draw how many readings lie where in the plane of mitoses and Ki-67, by entity.

    Args:
        specimens: The specimen frame (`engine.frames`).
        table: Calls, see `cohort_tables.calls`.
        names: Entities in words.

    Returns:
        An SVG of the fullest cells of the plane, or None where no reading has both counts exact.
        Ranges and bounds are not drawn.
    """
    columns = {"pathology.mitoses.lo", "pathology.mitoses.hi"}
    columns |= {"pathology.ki67.lo", "pathology.ki67.hi"}
    if not columns <= set(specimens.columns):
        return None
    exact = (pl.col("pathology.mitoses.lo") == pl.col("pathology.mitoses.hi")) & (
        pl.col("pathology.ki67.lo") == pl.col("pathology.ki67.hi")
    )
    known = specimens.filter(exact).select(
        *(pl.col(name).fill_null("") for name in READING),
        _cell("pathology.mitoses.lo", 100).alias("mitoses"),
        _cell("pathology.ki67.lo", 100).alias("ki67"),
    )
    cells = (
        known.join(table.select(*READING, "entity"), on=READING)
        .group_by("mitoses", "ki67", "entity")
        .len("n")
        .top_k(_MOST_CELLS, by=["n", "mitoses", "ki67", "entity"])
    )
    if cells.is_empty():
        return None
    order = cells.group_by("entity").agg(pl.col("n").sum()).sort("n", "entity", descending=True)
    kept = order["entity"].head(len(PALETTE) - 1).to_list()
    entity = pl.when(pl.col("entity").is_in(kept)).then("entity").otherwise(pl.lit("Other"))
    shown = {**names, "": "Cannot be told"}
    cells = cells.with_columns(entity.replace(shown)).sort("mitoses", "ki67", "entity")
    return _svg(_plane_chart(cells, [shown.get(e, e) for e in kept]), "plane")


def _cell(column: str, greatest: float) -> pl.Expr:
    """Gather values into cells of a logarithmic grid; small whole numbers keep their own."""
    value = pl.col(column).clip(0, greatest)
    step = (value.log1p() * (_CELLS / pl.lit(greatest).log1p())).round()
    coarse = (step * pl.lit(greatest).log1p() / _CELLS).exp() - 1
    return pl.when(value <= 10).then(value.round()).otherwise(coarse.round())


def _plane_chart(cells: pl.DataFrame, entities: list[str]) -> alt.Chart:
    domain = [*entities, *(["Other"] if "Other" in cells["entity"] else [])]
    scale = alt.Scale(type="symlog", constant=1)
    axis = alt.Axis(values=[0, 1, 2, 5, 10, 20, 50, 100], offset=9)
    sizes = [n for n in (1, 10, 100, 1_000, 10_000, 100_000) if n <= max(cells["n"])]
    colours = [*PALETTE[: len(entities)], _OTHER][: len(domain)]
    return (
        alt.Chart(cells)
        .mark_point(filled=True, opacity=0.85)
        .encode(
            x=alt.X("mitoses:Q", title="Mitoses per 2 mm²", scale=scale, axis=axis),
            y=alt.Y("ki67:Q", title="Ki-67, %", scale=scale, axis=axis),
            size=alt.Size(
                "n:Q",
                title="Readings",
                scale=alt.Scale(range=[25, 500]),
                legend=alt.Legend(values=sizes, format=",d"),
            ),
            color=alt.Color(
                "entity:N", title="Entity", scale=alt.Scale(domain=domain, range=colours)
            ),
            shape=alt.Shape(
                "entity:N",
                title="Entity",
                scale=alt.Scale(domain=domain, range=list(_SHAPES[: len(domain)])),
            ),
        )
        .properties(width=520, height=320)
    )


def survival_curves(
    survival: SurvivalCurves,
    names: dict[str, str],
    times: list[float],
    name: str,
    groups: list[str],
) -> Markup:
    """Draw Kaplan-Meier curves, one line style for each group.

    Args:
        survival: Estimates; groups beyond the palette share its last colour.
        names: Groups in words.
        times: Where the axis is marked.
        name: Starts the ids inside the figure; different for every figure of a page.
        groups: Groups in the order in which they take their colours.
    """
    curves = _thinned(survival.curves).with_columns(pl.col("group").replace(names))
    domain = [names.get(group, group) for group in groups]
    lines = [PALETTE[min(i, len(PALETTE) - 1)] for i in range(len(domain))]
    dashes = [_DASHES[min(i, len(_DASHES) - 1)] for i in range(len(domain))]
    scale = alt.Scale(domain=domain, range=lines)
    legend = alt.Legend(title=None, symbolType="stroke", symbolOpacity=1, symbolStrokeWidth=2)
    colour = alt.Color("group:N", legend=legend, scale=scale)
    base = alt.Chart(curves).properties(width=520, height=280)
    limits = base.mark_area(interpolate="step-after", opacity=0.12).encode(
        x="time:Q", y="ci_low:Q", y2="ci_high:Q", color=colour
    )
    chart = limits + (
        base.mark_line(interpolate="step-after", strokeWidth=2).encode(
            x=alt.X(
                "time:Q", title=f"Time, {survival.unit}", axis=alt.Axis(values=times, grid=False)
            ),
            y=alt.Y("survival:Q", title="Survival", axis=alt.Axis(format="%"), scale=_UNIT),
            color=colour,
            strokeDash=alt.StrokeDash(
                "group:N", legend=legend, scale=alt.Scale(domain=domain, range=dashes)
            ),
        )
    )
    return _svg(chart, name)


_UNIT = alt.Scale(domain=[0, 1])


def _thinned(curves: pl.DataFrame, steps: int = 140) -> pl.DataFrame:
    """Keep where a curve falls by what can be seen, and its last point."""
    level = (pl.col("survival") * steps).round()
    changed = level.diff().over("group").fill_null(1) != 0
    last = pl.int_range(pl.len()).over("group") == pl.len().over("group") - 1
    return curves.filter(changed | last).select("group", "time", "survival", "ci_low", "ci_high")


def _svg(chart: alt.Chart | alt.LayerChart, name: str) -> Markup:
    text = {"labelColor": _INK, "titleColor": _INK, "labelFontSize": 12, "titleFontSize": 12}
    lines = {"domainColor": _INK, "tickColor": _INK, "gridColor": _INK, "gridOpacity": 0.12}
    config: dict[str, Any] = {
        "font": _FONT,
        "background": _PAPER,
        "view": {"stroke": None},
        "axis": {**text, **lines, "titleFontWeight": "normal"},
        "legend": {**text, "labelLimit": 320, "symbolBaseFillColor": _INK},
    }
    specification = json.loads(chart.to_json())
    specification["config"] = config
    drawn = vl_convert.vegalite_to_svg(json.dumps(specification))
    # A tenth of a pixel is enough for a path. Ink and paper follow the page.
    drawn = re.sub(r' d="[^"]*"', lambda path: re.sub(r"(\.\d)\d+", r"\1", path[0]), drawn)
    drawn = drawn.replace(_INK, "currentColor").replace(_PAPER, "none")
    # Vega counts its ids on from figure to figure; here each figure starts anew.
    for number, found in enumerate(dict.fromkeys(re.findall(r'\bid="([^"]+)"', drawn))):
        for before, after in (('id="', '"'), ("url(#", ")")):
            drawn = drawn.replace(f"{before}{found}{after}", f"{before}{name}.{number}{after}")
    return Markup(drawn)  # noqa: S704 - Vega escapes the text of its marks
