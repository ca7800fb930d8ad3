"""Figures of definition sets as plain SVG: phenotypes from set to set, and over cut-offs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl
from markupsafe import Markup, escape

from nenuphar.report.figures.axes import WIDTH, fill, legend, patterns, picture, swatch, text
from nenuphar.report.phenotypes import PHENOTYPES, STYLES, WORDS

_GAP, _BAR, _HEIGHT, _NAME_ROOM = 8.0, 16.0, 260.0, 140.0
_CELL_WIDTH, _CELL_HEIGHT, _PANEL, _DARK = 56.0, 24.0, 284.0, 0.55
_PANELS = ("primary", "acquired", "undetermined")


def alluvial(table: pl.DataFrame, sets: Sequence[str], name: str = "alluvial") -> Markup | None:
    """Draw how subjects move between phenotypes from one definition set to the next.

    Args:
        table: `subject`, `definition_set`, `phenotype` (empty where undetermined).
        sets: Sets from left to right; subjects to whom one of them does not apply are left out.
        name: Starts the ids inside the figure.

    Returns:
        An SVG, or None with fewer than two sets, no subject under all of them, or one phenotype
        only: nothing then moves.
    """
    wide = _wide(table, sets)
    seen = [p for p in PHENOTYPES if any((wide[s] == p).any() for s in wide.columns)]
    if len(sets) < 2 or len(seen) < 2:
        return None
    fills = {p: fill(name, i, STYLES[p]) for i, p in enumerate(seen)}
    plain = {p: STYLES[p].colour for p in seen}
    head, top = legend([(swatch(fills[p]), WORDS[p]) for p in seen], 0)
    top += 8
    scale = (_HEIGHT - _GAP * (len(seen) - 1)) / wide.height
    step = (WIDTH - 140) / (len(sets) - 1)
    places = [62 + step * i for i in range(len(sets))]
    columns = [_stacked(wide[s], seen, top, scale) for s in sets]
    parts = [patterns(name, [STYLES[p] for p in seen]), head]
    for i in range(len(sets) - 1):
        pair = wide.group_by(sets[i], sets[i + 1]).len()
        counts = {(a, b): n for a, b, n in pair.iter_rows()}
        span = (places[i] + _BAR, places[i + 1])
        parts += _ribbons(counts, seen, (columns[i], columns[i + 1]), scale, span, plain)
    for i, (definition_set, x) in enumerate(zip(sets, places, strict=True)):
        for phenotype, (y, n) in columns[i].items():
            says = escape(f"{definition_set}: {WORDS[phenotype]}, {n}")
            parts.append(
                f'<rect x="{x:g}" y="{y:.1f}" width="{_BAR:g}" height="{max(n * scale, 1):.1f}" '
                f'fill="{fills[phenotype]}"><title>{says}</title></rect>'
            )
            parts.append(text(x + _BAR + 3, round(y + n * scale / 2 + 4, 1), str(n)))
        # Names of neighbours stand in two rows, so that long ones do not meet.
        foot = top + _HEIGHT + 18 + (15 * (i % 2) if step < _NAME_ROOM else 0)
        parts.append(text(x + _BAR / 2, foot, definition_set, "middle", ' class="small"'))
    return picture(top + _HEIGHT + 42, "Phenotypes from set to set", parts)


def _wide(table: pl.DataFrame, sets: Sequence[str]) -> pl.DataFrame:
    shown = table.with_columns(pl.col("phenotype").replace("", "undetermined"))
    own = shown.filter(pl.col("definition_set").is_in(list(sets)))
    wide = own.pivot("definition_set", index="subject", values="phenotype")
    missing = [name for name in sets if name not in wide.columns]
    return wide.clear().select() if missing else wide.drop_nulls(list(sets)).select(sets)


def _stacked(
    values: pl.Series, seen: Sequence[str], top: float, scale: float
) -> dict[str, tuple[float, int]]:
    """Stack the phenotypes of a column; return the top and the count of each."""
    places, y = {}, top
    for phenotype in seen:
        n = int((values == phenotype).sum())
        if n:
            places[phenotype] = (y, n)
            y += n * scale + _GAP
    return places


def _ribbons(
    counts: dict[tuple[str, str], int],
    seen: Sequence[str],
    columns: tuple[dict[str, tuple[float, int]], dict[str, tuple[float, int]]],
    scale: float,
    span: tuple[float, float],
    fills: dict[str, str],
) -> Iterator[str]:
    left, right = ({p: y for p, (y, _) in column.items()} for column in columns)
    x0, x1 = span
    middle = (x0 + x1) / 2
    for one in seen:
        for other in seen:
            n = counts.get((one, other), 0)
            if not n:
                continue
            a, b, height = left[one], right[other], n * scale
            left[one] += height
            right[other] += height
            says = escape(f"{WORDS[one]} → {WORDS[other]}: {n}")
            yield (
                f'<path d="M{x0:g} {a:.1f}C{middle:g} {a:.1f} {middle:g} {b:.1f} {x1:g} {b:.1f}'
                f"V{b + height:.1f}C{middle:g} {b + height:.1f} {middle:g} {a + height:.1f} "
                f'{x0:g} {a + height:.1f}Z" fill="{fills[one]}" fill-opacity=".35">'
                f"<title>{says}</title></path>"
            )


def heat_map(grid: pl.DataFrame, definition_set: str) -> Markup | None:
    """Draw the counts of primary and acquired resistance over the grid of cut-offs.

    Args:
        grid: The grid, with the columns of `pipeline.resistance.sensitivity`.
        definition_set: The set.

    Returns:
        An SVG, one panel for each phenotype whose count moves; a cell gives the subjects who have
        the phenotype, and after a dash how many could have it where data are missing. Weeks that
        change nothing share a row. None where the set has no grid or nothing moves.
    """
    own = grid.filter(pl.col("definition_set") == definition_set)
    months = own["cutoff_months"].unique().sort().to_list()
    panels = {p: _cells(own, p) for p in _PANELS}
    moving = {p: cells for p, cells in panels.items() if len({*cells.values()}) > 1}
    if not moving:
        return None
    weeks = _rows(moving, months, own["weeks"].unique().sort().to_list())
    greatest = max(possible for cells in moving.values() for _, possible in cells.values())
    parts = []
    for place, (phenotype, cells) in enumerate(moving.items()):
        left = 64 + _PANEL * place
        parts.append(text(left, 14, WORDS[phenotype], "start", ' font-weight="bold"'))
        parts += _panel(cells, months, weeks, left, max(greatest, 1))
    height = 24 + _CELL_HEIGHT * len(weeks)
    foot = "Cut-off between primary and acquired, months" if months != [None] else ""
    if weeks != [(None,)]:
        axis = "rows" if foot else "Rows"
        foot += f"{'; ' if foot else ''}{axis}: weeks of {own['weeks_of'][0].replace('_', ' ')}"
    parts.append(text(64, height + 34, foot))
    return picture(height + 42, "Counts of phenotypes over the cut-offs", parts)


_Cells = dict[tuple[int | None, int | None], tuple[int, int]]


def _cells(own: pl.DataFrame, phenotype: str) -> _Cells:
    """Return the counts of a phenotype in every cell of the grid."""
    grid = own.select("cutoff_months", "weeks").unique().rows()
    counted = own.filter(pl.col("phenotype") == phenotype)
    columns = ("cutoff_months", "weeks", "subjects", "subjects_possible")
    found = {(m, w): (n, most) for m, w, n, most in counted.select(columns).iter_rows()}
    return {cell: found.get(cell, (0, 0)) for cell in grid}


def _rows(
    panels: dict[str, _Cells], months: Sequence[int | None], weeks: Sequence[int | None]
) -> list[tuple[int | None, ...]]:
    """Gather neighbouring weeks at which every count is the same."""
    gathered: list[tuple[int | None, ...]] = []
    for week in weeks:
        if gathered and all(
            cells[m, week] == cells[m, gathered[-1][0]] for cells in panels.values() for m in months
        ):
            gathered[-1] = (*gathered[-1], week)
        else:
            gathered.append((week,))
    return gathered


def _panel(
    cells: _Cells,
    months: Sequence[int | None],
    weeks: Sequence[tuple[int | None, ...]],
    left: float,
    greatest: int,
) -> Iterator[str]:
    for row, gathered in enumerate(weeks):
        y = 24 + _CELL_HEIGHT * row
        if gathered[0] is not None:
            ends = dict.fromkeys((gathered[0], gathered[-1]))
            yield text(left - 6, y + 16, "–".join(map(str, ends)), "end")
        for column, m in enumerate(months):
            n, possible = cells[m, gathered[0]]
            x = left + _CELL_WIDTH * column
            share = possible / greatest
            ink = "#fff" if share > _DARK else "#000"
            words = str(n) if n == possible else f"{n}–{possible}"
            yield (
                f'<rect x="{x:g}" y="{y:g}" width="{_CELL_WIDTH - 2:g}" '
                f'height="{_CELL_HEIGHT - 2:g}" fill="{_shade(share)}"/>'
            )
            yield text(x + _CELL_WIDTH / 2 - 1, y + 15, words, "middle", f' style="fill:{ink}"')
    foot = 24 + _CELL_HEIGHT * len(weeks) + 14
    for column, m in enumerate(months):
        if m is not None:
            yield text(left + _CELL_WIDTH * (column + 0.5) - 1, foot, str(m), "middle")


def _shade(share: float) -> str:
    """Mix pale and strong blue."""
    pale, strong = (0xE3, 0xEC, 0xF3), (0x00, 0x5A, 0x8F)
    mixed = (round(p + (s - p) * share) for p, s in zip(pale, strong, strict=True))
    return "#" + "".join(f"{part:02X}" for part in mixed)
