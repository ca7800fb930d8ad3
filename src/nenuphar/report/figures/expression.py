"""Expression of one tumour among a cohort: markers, signatures, and its place on the map."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from nenuphar.report.figures.axes import Axis, Style, legend, line, text

_LEFT, _RIGHT, _ROW = 92, 430, 20
_OWN = "#d55e00"
_GROUP_STYLES = {
    "A1": Style("#0072b2"),
    "A2": Style("#56b4e9", dash="5 3"),
    "B": Style("#009e73", dash="2 3"),
    "lcnec_1": Style("#e69f00"),
    "lcnec_2": Style("#8a5a00", dash="5 3"),
    "sclc": Style("#cc79a7", dash="8 3 2 3"),
}
_GROUP_WORDS = {
    "A1": "carcinoid A1",
    "A2": "carcinoid A2",
    "B": "carcinoid B",
    "lcnec_1": "LCNEC type I",
    "lcnec_2": "LCNEC type II",
    "sclc": "SCLC",
}


def marker_figure(
    own: Mapping[str, float], reference: Mapping[str, Sequence[float]], samples: int
) -> str:
    """Draw the rank of each marker against the cohort's quantiles.

    Args:
        own: Ranks of the specimen among the panel's genes, 0 to 1.
        reference: By marker the ranks at the 10th, 25th, 50th, 75th and 90th percentile.
        samples: Size of the cohort.

    Returns:
        SVG; empty where no marker is measured.
    """
    genes = [gene for gene in reference if gene in own]
    if not genes:
        return ""
    axis = Axis(0, 1, _LEFT, _RIGHT)
    height = _ROW * len(genes) + 30
    parts = [_scale(axis, height - 22, ("lowest", "rank among the panel's genes", "highest"))]
    for number, gene in enumerate(genes):
        y = 12 + number * _ROW
        low, first, middle, third, high = (axis(q) for q in reference[gene])
        parts += [
            text(_LEFT - 8, y + 4, gene, "end"),
            line(low, y, high, y, "whisker"),
            f'<rect x="{first:g}" y="{y - 5:g}" width="{max(third - first, 1):g}" height="10" '
            'fill="currentColor" fill-opacity=".16"/>',
            line(middle, y - 5, middle, y + 5, "whisker"),
            _diamond(axis(own[gene]), y, f"{gene}: {own[gene]:.2f}"),
        ]
    label = f"Ranks of {len(genes)} markers against {samples} lung neuroendocrine neoplasms"
    return _svg(_RIGHT + 20, height, label, parts)


def signature_figure(subjects: Sequence[tuple[str, Sequence[tuple[str, float]]]]) -> str:
    """Draw signature scores as bars from zero, the score of the average gene.

    Args:
        subjects: Under each heading, names in words and singscores, -0.5 to 0.5.
    """
    if not subjects:
        return ""
    left, rows = 192, sum(1 + len(scores) for _, scores in subjects)
    axis = Axis(-0.5, 0.5, left, _RIGHT + 30)
    height = _ROW * rows + 30
    words = ("−0.5", "average gene", "0.5")
    parts = [_scale(axis, height - 22, words), line(axis(0), 2, axis(0), height - 24, "whisker")]
    y = 12 - _ROW
    for subject, scores in subjects:
        y += _ROW
        parts.append(text(0, y + 4, subject, extra=' font-weight="600"'))
        for name, score in scores:
            y += _ROW
            parts += _bar(axis, y, name, score)
    return _svg(_RIGHT + 76, height, "Scores of gene signatures", parts)


def _bar(axis: Axis, y: float, name: str, score: float) -> list[str]:
    start, end = sorted((axis(0), axis(score)))
    colour = "#d55e00" if score >= 0 else "#0072b2"
    return [
        text(axis.start - 8, y + 4, name, "end", longest=30),
        f'<rect x="{start:g}" y="{y - 6:g}" width="{max(end - start, 1):g}" height="12" '
        f'fill="{colour}"><title>{score:+.2f}</title></rect>',
        text(_RIGHT + 72, y + 4, f"{score:+.2f}".replace("-", "−"), "end"),
    ]


Region = tuple[int, Sequence[float], Sequence[float]]


def map_figure(place: tuple[float, float], regions: Mapping[str, Region]) -> str:
    """Draw where the specimen lies among the groups of the lung NEN map.

    Args:
        place: Its place on the two axes.
        regions: By group the number of samples, the mean and the covariance (xx, xy, yy).

    Returns:
        SVG; each region holds about nine in ten of its group, were it a normal distribution.
    """
    wide, margin = 350.0, 14.0
    ellipses = {name: _ellipse(spread) for name, (_, _, spread) in regions.items()}
    ends = [
        _reach([(r[1][i], ellipses[n][0]) for n, r in regions.items()], place[i]) for i in (0, 1)
    ]
    unit = (wide - 2 * margin) / (ends[0][1] - ends[0][0])
    high = (ends[1][1] - ends[1][0]) * unit + 2 * margin
    across = Axis(*ends[0], margin, wide - margin)
    up = Axis(*ends[1], high - margin, margin)
    parts, names = [line(0, high, wide, high), line(0, 0, 0, high)], []
    for name, (_, mean, _) in regions.items():
        major, minor, angle = ellipses[name]
        style = _GROUP_STYLES[name]
        x, y = across(mean[0]), up(mean[1])
        dash = f' stroke-dasharray="{style.dash}"' if style.dash else ""
        parts.append(
            f'<ellipse cx="{x:g}" cy="{y:g}" rx="{major * unit:.1f}" ry="{minor * unit:.1f}" '
            f'transform="rotate({-math.degrees(angle):.1f} {x:g} {y:g})" fill="{style.colour}" '
            f'fill-opacity=".12" stroke="{style.colour}" stroke-width="1.6"{dash}/>'
        )
        top = y - math.hypot(minor * math.cos(angle), major * math.sin(angle)) * unit
        names.append(text(x, max(top - 4, 10), _GROUP_WORDS[name], "middle", ' class="label"'))
    parts += names
    parts.append(_diamond(across(place[0]), up(place[1]), "this tumour", 7))
    items = [(_diamond(0, 0, ""), "this tumour")]
    items += [
        (f'<path d="M-11 0H11" stroke="{s.colour}" stroke-width="2.4" '
         f'stroke-dasharray="{s.dash or "none"}"/>', f"{_GROUP_WORDS[n]} (n = {regions[n][0]})")
        for n, s in _GROUP_STYLES.items()
        if n in regions
    ]  # fmt: skip
    drawn, bottom = legend(items, high + 10, width=wide)
    return _svg(wide, bottom, "Place on the map of lung neuroendocrine neoplasms", [*parts, drawn])


def _reach(regions: Sequence[tuple[float, float]], place: float) -> tuple[float, float]:
    """Ends between which every region and the tumour lie."""
    least = min([m - r for m, r in regions] + [place])
    return least, max([m + r for m, r in regions] + [place])


def _ellipse(spread: Sequence[float]) -> tuple[float, float, float]:
    """Half axes and angle of the region that holds 90% of a normal distribution."""
    xx, xy, yy = spread
    middle, half = (xx + yy) / 2, math.hypot((xx - yy) / 2, xy)
    reach = 2.146  # square root of the 90th percentile of chi-square with two degrees of freedom
    angle = 0.5 * math.atan2(2 * xy, xx - yy)
    return reach * math.sqrt(middle + half), reach * math.sqrt(max(middle - half, 0)), angle


def _diamond(x: float, y: float, says: str, size: float = 5.5) -> str:
    title = f"<title>{says}</title>" if says else ""
    return (
        f'<path d="M{x:g} {y - size:g}L{x + size:g} {y:g}L{x:g} {y + size:g}L{x - size:g} {y:g}Z" '
        f'fill="{_OWN}" stroke="#fff" stroke-width="1">{title}</path>'
    )


def _scale(axis: Axis, y: float, words: tuple[str, str, str]) -> str:
    parts = [line(axis.start, y, axis.end, y)]
    places = ((axis.start, "start"), ((axis.start + axis.end) / 2, "middle"), (axis.end, "end"))
    parts += [text(x, y + 14, w, a) for (x, a), w in zip(places, words, strict=True)]
    return "".join(parts)


def _svg(width: float, height: float, label: str, parts: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {width:g} {height:g}" width="{width:g}" role="img" '
        f'aria-label="{label}" font-size="11" fill="currentColor">{"".join(parts)}</svg>'
    )
