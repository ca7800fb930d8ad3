"""The page of a cohort: what was read, what it came to, what is open, and where to look."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import polars as pl

from nenuphar.domain.conclusion import Stamp
from nenuphar.domain.problems import Problem
from nenuphar.domain.scope import Scope
from nenuphar.engine.combine import BUILT_IN_CAUTIONS
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.report import cohort_tables as tables
from nenuphar.report.cohort_cube import Cube, cube_of, page_data, placed
from nenuphar.report.cohort_flow import reclassification
from nenuphar.report.page import render
from nenuphar.report.section import Section
from nenuphar.report.survival_view import survival_view
from nenuphar.report.words import STATUS_WORDS, Words

if TYPE_CHECKING:
    from nenuphar.report.figures.cohort import SurvivalCurves

LINES = 200
"""Specimens that the page shows at once."""

FOUND = 12_000
"""Specimens that its filters find; the tables hold all of them."""


def cohort_page(  # noqa: PLR0913 - all that one page shows
    conclusions: pl.DataFrame,
    frames: Mapping[Scope, pl.DataFrame],
    problems: Sequence[Problem],
    counts: Mapping[str, int],
    knowledge: KnowledgeBase,
    stamp: Stamp,
    *,
    title: str = "",
    agreement: pl.DataFrame | None = None,
    survival: Sequence[SurvivalCurves] = (),
    sections: Sequence[Section] = (),
    pages: Mapping[str, str] | None = None,
    settings: Mapping[str, str] | None = None,
) -> str:
    """Render a cohort as one self-contained HTML page, small whatever the size of the cohort.

    Args:
        conclusions: One row for each fact and row of its scope, with `engine.cohort.SCHEMA`.
        frames: Observed facts by scope (`engine.frames`), for the plane of mitoses and Ki-67.
        problems: What could not be used.
        counts: Records `read`, `accepted` and `rejected`; whether they add up is said.
        knowledge: The knowledge base that the conclusions were made with.
        stamp: What they were made with.
        title: What the cohort is called; the input of the settings by default.
        agreement: Agreement of assessors, with the columns of `methods.agreement`.
        survival: Survival by entity, one for each endpoint.
        sections: What stands between survival and the agreement of assessors.
        pages: Address of the case page relative to this one (`cases/P1.html`), not yet quoted, for
            patients that have one.
        settings: How the run was asked for, by name.

    Returns:
        HTML that loads nothing; its one script counts and lists what its filters ask for. The same
        input gives the same bytes.
    """
    words = Words(knowledge)
    table = placed(tables.calls(conclusions), frames)
    cube = cube_of(table, words)
    specimens = tables.specimen_lines(table, FOUND).with_columns(_PLACE)
    conflict_count, conflicts = tables.conflicts(conclusions)
    return render(
        "cohort.html",
        script="filter.js",
        title=title or (settings or {}).get("input", "") or "Cohort",
        words=words,
        stamp=stamp,
        settings=dict(sorted((settings or {}).items())),
        counts=counts,
        reconciles=counts["read"] == counts["accepted"] + counts["rejected"],
        sizes=_sizes(conclusions, table),
        statuses=tables.status_counts(table),
        cube=cube,
        entities=_entities(cube),
        shares=_shares(cube),
        matrix=cube.matrix(),
        data=page_data(
            cube,
            specimens.rename({"patient_id": "patient"}),
            {patient: quote(address) for patient, address in (pages or {}).items()},
            [STATUS_WORDS[name] for name in tables.STATUSES],
        ),
        plane=_plane(frames, table, words),
        flow=reclassification(table, frames, words),
        open_data=tables.open_data(table),
        cautions=[(_caution(knowledge, name), n) for name, n in tables.caution_counts(table)],
        conflict_count=conflict_count,
        conflicts=conflicts,
        agreement=_agreement(agreement, words),
        survival=[_survival(each, words) for each in survival],
        sections=sections,
        problems=tables.problem_groups(problems),
        problem_count=len(problems),
        lines=_lines(specimens.head(LINES), words, pages or {}),
        found=specimens.height,
        specimens=table.select(tables.SPECIMEN).n_unique(),
        link=_link(pages or {}),
    )


_PLACE = pl.concat_str(
    [pl.when(pl.col(name) != "").then(pl.col(name)) for name in ("tumour_id", "specimen_id")],
    separator=" · ",
    ignore_nulls=True,
).alias("place")


def _entities(cube: Cube) -> list[tuple[int, list[int], int, int]]:
    """Return the position of every entity, its readings by grade, in all, and how many are met."""
    met = tables.STATUSES.index("met")
    lines = []
    for entity, total in enumerate(cube.entities.totals):
        own = [line for line in cube.counts if line[1] == entity]
        by_grade = [
            sum(n for _, _, grade, _, n in own if grade == g) for g in range(len(cube.grades.codes))
        ]
        lines.append((entity, by_grade, total, sum(n for *_, status, n in own if status == met)))
    return lines


def _shares(cube: Cube) -> list[float]:
    """Return how long the bar of each entity is, in percent; none where it would dwarf the rest."""
    telling = cube.telling
    most = max((cube.entities.totals[e] for e in telling), default=1)
    totals = enumerate(cube.entities.totals)
    return [100 * total / most if e in telling else 0.0 for e, total in totals]


def _sizes(conclusions: pl.DataFrame, table: pl.DataFrame) -> list[tuple[str, int]]:
    sizes = [
        ("patients", conclusions["patient_id"].n_unique()),
        ("specimens", table.select(tables.SPECIMEN).n_unique()),
    ]
    assessors = table.filter(pl.col("assessor") != "")["assessor"].n_unique()
    if assessors > 1:
        sizes += [("assessors", assessors), ("readings", table.height)]
    return sizes


def _plane(
    frames: Mapping[Scope, pl.DataFrame], table: pl.DataFrame, words: Words
) -> object | None:
    # Those of one patient are on the case page; the plotting library takes a second to load.
    if Scope.SPECIMEN not in frames or frames[Scope.SPECIMEN]["patient_id"].n_unique() < 2:
        return None
    from nenuphar.report.figures.cohort import counts_plane

    names = {code: words.value(tables.ENTITY, code) for code in table["entity"].unique() if code}
    return counts_plane(frames[Scope.SPECIMEN], table, names)


def _caution(knowledge: KnowledgeBase, name: str) -> str:
    return BUILT_IN_CAUTIONS.get(name) or knowledge.cautions[name].says


def _agreement(table: pl.DataFrame | None, words: Words) -> list[dict[str, Any]]:
    """Join the two statistics of every measure into one line, in the order in which they come."""
    if table is None:
        return []
    lines: dict[str, dict[str, Any]] = {}
    for row in table.iter_rows(named=True):
        classes = [words.value(row["fact"], code) for code in row["categories"]]
        line = lines.setdefault(row["measure"], {**row, "classes": classes})
        line[row["statistic"]] = row
    return list(lines.values())


def _survival(survival: SurvivalCurves, words: Words) -> dict[str, Any]:
    names = {code: words.value(tables.ENTITY, code) for code in survival.summary["group"]}
    return survival_view(survival, names)


def _lines(specimens: pl.DataFrame, words: Words, pages: Mapping[str, str]) -> list[dict[str, Any]]:
    lines = []
    for row in specimens.iter_rows(named=True):
        entities = Counter(
            words.value(tables.ENTITY, e) or "Cannot be told" for e in row["entities"]
        )
        grades = Counter(words.value(tables.GRADE, g) for g in row["grades"] if g)
        lines.append(
            {
                "patient": row["patient_id"],
                "href": _href(pages, row["patient_id"]),
                "place": row["place"],
                "entities": _counted(entities),
                "grades": _counted(grades),
                "statuses": [
                    (status, row["statuses"].count(status))
                    for status in tables.STATUSES
                    if status in row["statuses"]
                ],
                "readings": len(row["entities"]),
                "differs": row["differs"],
            }
        )
    return lines


def _counted(names: Counter[str]) -> str:
    if len(names) == 1:
        return next(iter(names))
    return ", ".join(f"{n} × {name}" for name, n in names.most_common())


def _href(pages: Mapping[str, str], patient: str) -> str:
    return quote(pages[patient]) if patient in pages else ""


def _link(pages: Mapping[str, str]) -> Any:
    return lambda patient: _href(pages, patient)
