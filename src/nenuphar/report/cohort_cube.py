"""Readings of a cohort counted by site, entity, grade and status, and its specimens in short.

Both are laid out once with every name written once, so that the page's filters can count again and
find every specimen without the page becoming large.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log1p
from typing import Any

import polars as pl
from markupsafe import Markup

from nenuphar.domain.scope import Scope
from nenuphar.report.cohort_tables import ENTITY, GRADE, NO_VALUE, STATUSES
from nenuphar.report.words import Words

SITE = "tumour.site"
_TUMOUR = ("patient_id", "tumour_id")
_MOST = {"site": 32, "entity": 15}
_REST = "\0rest"
_NO_NEN = "not_nen"
_SAY_LITTLE = (_NO_NEN, NO_VALUE, _REST)


@dataclass(frozen=True)
class Axis:
    """The values of one property in the order in which the page lists them.

    Attributes:
        codes: Values; empty for what nobody can tell.
        names: The same in words.
        short: The same in a few letters, for the head of a column.
        totals: Readings of each.
    """

    codes: tuple[str, ...]
    names: tuple[str, ...]
    short: tuple[str, ...]
    totals: tuple[int, ...]

    def at(self, code: str) -> int:
        """Return the position of a value, or of the rest where it is not listed on its own."""
        found = self.codes.index(code) if code in self.codes else -1
        return found if found >= 0 else self.codes.index(_REST)


@dataclass(frozen=True)
class Cube:
    """Counts of readings.

    Attributes:
        sites: Sites of the primary; a single empty one where no site is on record.
        entities: Entities.
        grades: Grades.
        counts: Position of site, entity, grade and status, and the number of readings.
    """

    sites: Axis
    entities: Axis
    grades: Axis
    counts: tuple[tuple[int, int, int, int, int], ...]

    @property
    def telling(self) -> list[int]:
        """Positions of the entities that are neuroendocrine neoplasms."""
        return [e for e, code in enumerate(self.entities.codes) if code not in _SAY_LITTLE]

    def matrix(self) -> list[tuple[int, list[dict[str, Any] | None]]]:
        """Return for every site its readings of each entity, in all (`n`) and by grade.

        Returns:
            Nothing where no site is on record; a cell is None where there are no readings. Its
            `share`, between 0 and 1, grows with the logarithm of its readings; it is 0 where these
            tell of no neuroendocrine neoplasm, of which there may be far more.
        """
        if not any(self.sites.codes):
            return []
        cells: dict[tuple[int, int], dict[int, int]] = {}
        for site, entity, grade, _, n in self.counts:
            by_grade = cells.setdefault((site, entity), {})
            by_grade[grade] = by_grade.get(grade, 0) + n
        telling = self.telling
        sums = {place: sum(by_grade.values()) for place, by_grade in cells.items()}
        most = max((n for (_, e), n in sums.items() if e in telling), default=1)
        laid_out: dict[tuple[int, int], dict[str, Any]] = {
            (site, entity): {
                "n": sums[site, entity],
                "share": log1p(sums[site, entity]) / log1p(most) if entity in telling else 0.0,
                "grades": [
                    (self.grades.short[g], n)
                    for g, n in sorted(by_grade.items())
                    if self.grades.codes[g]
                ],
            }
            for (site, entity), by_grade in cells.items()
        }
        entities = range(len(self.entities.codes))
        sites = range(len(self.sites.codes))
        return [(s, [laid_out.get((s, e)) for e in entities]) for s in sites]


def placed(table: pl.DataFrame, frames: Mapping[Scope, pl.DataFrame]) -> pl.DataFrame:
    """Add the site of the primary to calls (`cohort_tables.calls`); empty where none is stated."""
    tumours = frames.get(Scope.TUMOUR)
    if tumours is None or SITE not in tumours.columns:
        return table.with_columns(pl.lit(NO_VALUE).alias("site"))
    sites = tumours.select(*_TUMOUR, pl.col(SITE).alias("site"))
    joined = table.join(sites, on=_TUMOUR, how="left", maintain_order="left")
    return joined.with_columns(pl.col("site").fill_null(NO_VALUE))


def cube_of(table: pl.DataFrame, words: Words) -> Cube:
    """Count readings (`placed`) by site, entity, grade and status."""
    axes = {
        "site": _axis(table, "site", SITE, words, "Not stated"),
        "entity": _axis(table, "entity", ENTITY, words, "Cannot be told"),
        "grade": _axis(table, "grade", GRADE, words, "no grade"),
    }
    counted = table.group_by("site", "entity", "grade", "status").len("n")
    gathered: dict[tuple[int, int, int, int], int] = {}
    for site, entity, grade, status, n in counted.iter_rows():
        place = (
            axes["site"].at(site),
            axes["entity"].at(entity),
            axes["grade"].at(grade),
            STATUSES.index(status),
        )
        gathered[place] = gathered.get(place, 0) + n
    counts = tuple((*place, n) for place, n in sorted(gathered.items()))
    return Cube(axes["site"], axes["entity"], axes["grade"], counts)


def _axis(table: pl.DataFrame, column: str, fact: str, words: Words, absent: str) -> Axis:
    """Order values by how many neuroendocrine neoplasms have them, then by all readings.

    Grades come by name; what says little comes last.
    """
    counted = dict(table[column].value_counts().iter_rows())
    telling = table.filter(~pl.col("entity").is_in(_SAY_LITTLE))
    told = dict(telling[column].value_counts().iter_rows())
    last = {_NO_NEN: 1, NO_VALUE: 2}

    def order(code: str) -> tuple[int, int, int, str]:
        rank = (0, 0) if column == "grade" else (-told.get(code, 0), -counted[code])
        return (last.get(code, 0), *rank, code)

    codes = sorted(counted, key=order)
    kept = codes[: _MOST.get(column, len(codes))]
    totals = [counted[code] for code in kept]
    names = [words.value(fact, code) or absent for code in kept]
    short = [_short(code, name) for code, name in zip(kept, names, strict=True)]
    if len(kept) < len(codes):
        rest = codes[len(kept) :]
        kept, names = [*kept, _REST], [*names, f"{len(rest)} others"]
        short, totals = [*short, names[-1]], [*totals, sum(counted[code] for code in rest)]
    return Axis(tuple(kept), tuple(names), tuple(short), tuple(totals))


_SHORT = {
    "net": "NET", "nec": "NEC", "nen": "NEN", "nec_small_cell": "NEC, small cell",
    "nec_large_cell": "NEC, large cell", "minen": "MiNEN", "sclc": "SCLC", "lcnec": "LCNEC",
    "combined_sclc": "Combined SCLC", "combined_lcnec": "Combined LCNEC", "dipnech": "DIPNECH",
    "carcinoid_elevated_proliferation": "Carcinoid, high counts",
    "medullary_thyroid_carcinoma": "Medullary thyroid", "paraganglioma": "Paraganglioma",
    "pituitary_net": "Pituitary NET", "carcinoid": "Carcinoid NOS", _NO_NEN: "Not a NEN",
    "high_grade": "high",
}  # fmt: skip


def _short(code: str, name: str) -> str:
    return _SHORT.get(code, name if len(name) < 26 else f"{name[:24]}…")


def page_data(
    cube: Cube, specimens: pl.DataFrame, pages: Mapping[str, str], names: Sequence[str]
) -> Markup:
    """Return counts and specimens as JSON that may stand inside a page.

    Args:
        cube: The counts.
        specimens: One row for each specimen to be found: `patient`, `place`, `site` (a code),
            `entities`, `grades`, `statuses` (lists of codes, one item for each reading) and
            `differs`.
        pages: Address of the case page of patients that have one.
        names: Statuses in words.
    """
    calls: dict[tuple[Any, ...], int] = {}
    lines = []
    for row in specimens.iter_rows(named=True):
        call = (
            tuple(cube.entities.at(code) for code in row["entities"]),
            tuple(cube.grades.at(code) for code in row["grades"]),
            tuple(STATUSES.index(status) for status in row["statuses"]),
            cube.sites.at(row["site"]),
            int(row["differs"]),
        )
        line: list[Any] = [row["patient"], row["place"], calls.setdefault(call, len(calls))]
        if address := pages.get(row["patient"]):
            line.append(address)
        lines.append(line)
    data = {
        "sites": cube.sites.names,
        "entities": cube.entities.names,
        "grades": cube.grades.names,
        "short": cube.grades.short,
        "graded": [bool(code) for code in cube.grades.codes],
        "statuses": STATUSES,
        "words": names,
        "counts": cube.counts,
        "calls": list(calls),
        "lines": lines,
    }
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # noqa: S704 - nothing in it can end the element that holds it
