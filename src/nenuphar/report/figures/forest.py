"""Forest plots and small-study plots of pooled evidence, as Altair charts."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nenuphar.report.figures.forest_rows import forest_rows

if TYPE_CHECKING:
    from pathlib import Path

    import altair as alt

_BLUE, _RED, _GREY = "#1f5a7a", "#b03a2e", "#6b6b6b"
_ROW = 22
_WIDTH = 330
_LABEL = 300
_FORMATS = (".svg", ".png", ".html")


class FigureFormatError(ValueError):
    """The file name of a figure ends in something that cannot be drawn."""


def forest_plot(
    pooled: Mapping[str, Any],
    subgroups: Sequence[tuple[str, Mapping[str, Any]]] = (),
    title: str = "",
) -> alt.HConcatChart:
    """Draw studies, subgroup estimates and the pooled estimate with its prediction interval.

    Args:
        pooled: Fields of a pooled estimate: `estimate, ci_low, ci_high, prediction_low,
            prediction_high, studies, measure, tau2, i2`; proportions as fractions.
        subgroups: Name and pooled estimate of each, drawn below its own studies.
        title: Shown above.

    Returns:
        A chart; squares are studies (area by size), diamonds are pooled values, the thin red
        line is the prediction interval.
    """
    import altair as alt

    rows = forest_rows(pooled, subgroups)
    ratio = pooled["measure"] == "hazard_ratio"
    order = [row["place"] for row in rows]
    y = alt.Y("place:O", axis=None, scale=alt.Scale(domain=order))
    scale = alt.Scale(type="log", nice=False) if ratio else alt.Scale(domain=[0, 1])
    axis = alt.Axis(format="" if ratio else "%", grid=True, gridColor="#eeeeee")
    name = "Hazard ratio (log scale)" if ratio else "Proportion with the event"
    x = alt.X("estimate:Q", scale=scale, axis=axis, title=name)
    base = alt.Chart(alt.InlineData(values=rows)).encode(y=y)
    layers = [
        base.transform_filter("datum.prediction_low != null")
        .mark_rule(color=_RED, strokeWidth=1.5)
        .encode(x=alt.X("prediction_low:Q", scale=scale), x2="prediction_high:Q"),
        _intervals(alt, base, "study", _BLUE, 1.5, scale),
        _intervals(alt, base, "pooled", _RED, 4, scale),
        base.transform_filter("datum.kind == 'study'")
        .mark_point(shape="square", filled=True, opacity=1, color=_BLUE)
        .encode(x=x, size=alt.Size("size:Q", legend=None, scale=alt.Scale(range=[30, 160]))),
        base.transform_filter("datum.kind == 'pooled'")
        .mark_point(shape="diamond", filled=True, opacity=1, size=150, color=_RED)
        .encode(x=x),
    ]
    if ratio:
        line = alt.Chart(alt.InlineData(values=[{"one": 1}]))
        layers.insert(0, line.mark_rule(color=_GREY, strokeDash=[3, 3]).encode(x="one:Q"))
    plot = alt.layer(*layers).properties(width=_WIDTH)
    widest = max(len(row["label"]) for row in rows)
    panels = [
        _column(alt, base, "label", "left", min(_LABEL, 16 + 6 * widest)),
        _column(alt, base, "counts", "right", 60),
        plot,
        _column(alt, base, "interval", "left", 140),
    ]
    panels = [panel.properties(height=_ROW * len(rows)) for panel in panels]
    chart = alt.hconcat(*panels, spacing=8)
    subtitle = _subtitle(pooled)
    return chart.properties(
        title=alt.Title(title or "Pooled evidence", subtitle=subtitle, anchor="start")
    ).configure_view(stroke=None)


def small_study_plot(pooled: Mapping[str, Any], title: str = "") -> alt.TopLevelMixin:
    """Draw every study's value against its precision: do small studies tell another story?

    Proportions stand against the number of patients, as their standard error depends on the
    proportion itself (doi:10.1016/j.jclinepi.2014.03.003); hazard ratios against the standard
    error of their logarithm, largest studies on top.

    Args:
        pooled: Fields of a pooled estimate, as for `forest_plot`.
        title: Shown above.
    """
    import altair as alt

    ratio = pooled["measure"] == "hazard_ratio"
    rows = [_precision(study, ratio) for study in pooled["studies"]]
    x_scale = alt.Scale(type="log", nice=False) if ratio else alt.Scale(domain=[0, 1])
    y_scale = alt.Scale(reverse=True, zero=True) if ratio else alt.Scale(type="sqrt")
    name = "Standard error of the log hazard ratio" if ratio else "Patients"
    x = alt.X(
        "estimate:Q",
        scale=x_scale,
        title="Hazard ratio" if ratio else "Proportion with the event",
        axis=alt.Axis(format="" if ratio else "%"),
    )
    points = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_point(filled=True, size=70, opacity=0.9, color=_BLUE)
        .encode(
            x=x,
            y=alt.Y("precision:Q", scale=y_scale, title=name),
            tooltip=["study:N", "estimate:Q", "precision:Q"],
        )
    )
    middle = alt.Chart(alt.InlineData(values=[{"estimate": pooled["estimate"]}]))
    rule = middle.mark_rule(color=_RED, strokeDash=[4, 3]).encode(x=x)
    return alt.layer(rule, points).properties(
        width=_WIDTH, height=260, title=title or "Small studies against large ones"
    )


def write_chart(chart: alt.TopLevelMixin, path: Path) -> None:
    """Write a chart as SVG, PNG or one self-contained HTML file, atomically.

    Raises:
        FigureFormatError: The file name ends in none of these.
    """
    if path.suffix.lower() not in _FORMATS:
        raise FigureFormatError(f"{path.name}: a figure ends in {', '.join(_FORMATS)}.")
    temporary = path.with_name(f".{path.stem}.partial{path.suffix.lower()}")
    try:
        options: dict[str, Any] = {"inline": True} if path.suffix.lower() == ".html" else {}
        if path.suffix.lower() == ".png":
            options["ppi"] = 144
        chart.save(str(temporary), **options)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _subtitle(pooled: Mapping[str, Any]) -> list[str]:
    if pooled["tau2"] is None:
        return list(pooled["notes"])
    text = f"tau² {pooled['tau2']:.3g}, I² {100 * pooled['i2']:.0f}%, k = {pooled['k']}"
    return [f"{text}. Thin red line: prediction interval. Research use only."]


def _precision(study: Mapping[str, Any], ratio: bool) -> dict[str, Any]:
    width = math.log(study["ci_high"] / study["ci_low"]) / (2 * 1.959964) if ratio else 0.0
    return {
        "study": study["study"],
        "estimate": study["estimate"],
        "precision": width if ratio else study["n"],
    }


def _intervals(alt: Any, base: Any, kind: str, colour: str, thickness: float, scale: Any) -> Any:
    chosen = base.transform_filter(f"datum.kind == '{kind}'")
    return chosen.mark_rule(color=colour, strokeWidth=thickness).encode(
        x=alt.X("ci_low:Q", scale=scale), x2="ci_high:Q"
    )


def _column(alt: Any, base: Any, field: str, align: str, width: int) -> Any:
    """A column of text that shares the rows of the plot; all but the studies in bold."""
    x = alt.value(0 if align == "left" else width)
    layers = [
        base.transform_filter(f"datum.kind {sign} 'study'")
        .mark_text(align=align, fontSize=11, fontWeight=weight, limit=width)
        .encode(text=f"{field}:N", x=x)
        for sign, weight in (("==", "normal"), ("!=", "bold"))
    ]
    return alt.layer(*layers).properties(width=width)
