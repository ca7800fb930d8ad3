"""Sections on resistance to immunotherapy in a cohort; the same on every page that has them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import polars as pl
from markupsafe import Markup

from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.report.figures.courses import MOST_LANES, Lane, courses
from nenuphar.report.figures.resistance import alluvial, heat_map
from nenuphar.report.phenotypes import PHENOTYPES, STYLES, WORDS, could_be_words, set_title
from nenuphar.report.section import Section, section
from nenuphar.report.survival_view import survival_view
from nenuphar.report.words import Words

if TYPE_CHECKING:
    from nenuphar.report.figures.cohort import SurvivalCurves

OPEN = "open: "
"""Starts the name of a group whose phenotype is open; codes of what it could be follow."""

_EARLY_DEATH = "early_death_without_scan"
_NAMED_SUBJECTS = 50
_ALLUVIALS = 3


class HazardModel(Protocol):
    """A Cox model as `methods.hazards` fits it."""

    @property
    def endpoint(self) -> str:
        """What ends the time."""

    @property
    def terms(self) -> Sequence[Any]:
        """Terms with `name`, `hazard_ratio`, `ci_low`, `ci_high`, `p_value`, `proportional_p`."""

    @property
    def patients(self) -> int:
        """Patients in the model."""

    @property
    def events(self) -> int:
        """Events among them."""

    @property
    def left_out(self) -> int:
        """Patients who lack time, event or a term."""

    @property
    def reason(self) -> str:
        """Why no model was fitted."""


@dataclass(frozen=True)
class Landmark:
    """Survival from a landmark.

    Attributes:
        months: The landmark.
        survival: By whether progression had come by then; None where it cannot be estimated.
        model: The same as a Cox model.
    """

    months: float
    survival: SurvivalCurves | None
    model: HazardModel


@dataclass(frozen=True)
class ResistanceCohort:
    """What the sections show.

    Attributes:
        table: One row for each subject and definition set (`nenuphar resistance`).
        phenotypes: Subjects by set and phenotype, with and without rapid progression.
        grid: Counts over the grid of cut-offs.
        times: Months from the first dose, see `pipeline.resistance.survival.times_of`.
        without_set: Subjects to whom no set applies.
        agreement: Agreement of each two sets.
        survival: Names of sets whose groups are the same, and survival by their phenotypes.
        landmarks: Survival from each landmark.
        lanes: Course of each subject.
    """

    table: pl.DataFrame
    phenotypes: pl.DataFrame
    grid: pl.DataFrame
    times: pl.DataFrame
    without_set: int
    agreement: pl.DataFrame
    survival: Sequence[tuple[Sequence[str], Sequence[SurvivalCurves]]]
    landmarks: Sequence[Landmark]
    lanes: Sequence[Lane]


def resistance_sections(cohort: ResistanceCohort, knowledge: KnowledgeBase) -> list[Section]:
    """Return the sections in reading order, those with nothing to show left out."""
    if cohort.table.is_empty():
        return []
    meanings = {name: set_title(name, knowledge) for name in _sets(cohort)}
    found = [
        _phenotypes(cohort, meanings, knowledge),
        _agreement(cohort, meanings),
        _cutoffs(cohort, meanings),
        _survival(cohort, meanings),
        _courses(cohort),
    ]
    return [one for one in found if one is not None]


def _sets(cohort: ResistanceCohort) -> list[str]:
    return cohort.phenotypes["definition_set"].unique(maintain_order=True).to_list()


def _phenotypes(
    cohort: ResistanceCohort, meanings: Mapping[str, str], knowledge: KnowledgeBase
) -> Section:
    table = cohort.table
    early = table.filter(pl.col("reason") == _EARLY_DEATH)["subject"].unique(maintain_order=True)
    rows = [_phenotype_row(name, cohort.phenotypes) for name in meanings]
    columns = [p for i, p in enumerate(PHENOTYPES) if any(sum(cells[i]) for _, cells, _ in rows)]
    kept = [PHENOTYPES.index(p) for p in columns]
    return section(
        "resistance_phenotypes.html",
        anchor="phenotypes",
        title="Resistance phenotypes",
        words=WORDS,
        columns=columns,
        meanings=meanings,
        subjects=table["subject"].n_unique(),
        progressed=int(cohort.times["progression"].is_not_null().sum()),
        without_set=cohort.without_set,
        early_deaths=early.len(),
        early_named=early.head(_NAMED_SUBJECTS).to_list(),
        rows=[(name, [cells[i] for i in kept], total) for name, cells, total in rows],
        rapid=any(n != without for _, cells, _ in rows for n, without in cells),
        reasons=_reasons(table, knowledge),
        missing=_missing(table, knowledge),
        could_be=sorted(_could_be(table), key=lambda row: list(meanings).index(row[0])),
        concluded=PHENOTYPES[:-1],
    )


def _phenotype_row(name: str, phenotypes: pl.DataFrame) -> tuple[str, list[tuple[int, int]], int]:
    own = phenotypes.filter(pl.col("definition_set") == name)
    found = {p: (n, without) for _, p, n, without in own.iter_rows()}
    cells = [found.get(p, (0, 0)) for p in PHENOTYPES]
    return name, cells, sum(n for n, _ in cells)


def _reasons(
    table: pl.DataFrame, knowledge: KnowledgeBase
) -> list[tuple[list[str], str, str, int]]:
    """Return sets, phenotype, reason and subjects; once for sets that say the same of as many."""
    decided = table.filter(pl.col("phenotype") != "")
    keys = ["definition_set", "phenotype", "rule_id"]
    counted = decided.group_by(keys, maintain_order=True).len("n")
    same: dict[tuple[str, str, int], list[str]] = {}
    for name, phenotype, rule, n in counted.iter_rows():
        says = knowledge.rules[rule.split(";")[0]].explanation
        same.setdefault((phenotype, says, n), []).append(name)
    order = {name: i for i, name in enumerate(PHENOTYPES)}
    ranked = sorted(same.items(), key=lambda item: (order[item[0][0]], -item[0][2], item[1]))
    return [(sets, phenotype, says, n) for (phenotype, says, n), sets in ranked]


def _missing(table: pl.DataFrame, knowledge: KnowledgeBase) -> list[tuple[str, str, int, int]]:
    """Return what would decide open phenotypes: what to do, the column, subjects, alone."""
    words = Words(knowledge)
    open_rows = table.filter(pl.col("missing") != "").select(
        "subject", pl.col("missing").str.split(";").alias("name")
    )
    alone = open_rows.filter(pl.col("name").list.len() == 1).explode("name")
    counted = open_rows.explode("name").group_by("name").agg(pl.col("subject").n_unique())
    only = dict(alone.group_by("name").agg(pl.col("subject").n_unique()).iter_rows())
    ranked = counted.sort(["subject", "name"], descending=[True, False])
    return [
        (words.ask(f"line.{name}"), name, n, only.get(name, 0)) for name, n in ranked.iter_rows()
    ]


def _could_be(table: pl.DataFrame) -> list[tuple[str, int, list[int]]]:
    """Return each set with its open phenotypes, and how many of them could become each one."""
    open_rows = table.filter(pl.col("phenotype") == "").with_columns(
        pl.col("could_be").str.split(";")
    )
    return [
        (
            str(name),
            own.height,
            [int(own["could_be"].list.contains(p).sum()) for p in PHENOTYPES[:-1]],
        )
        for (name,), own in open_rows.group_by("definition_set", maintain_order=True)
    ]


def _agreement(cohort: ResistanceCohort, meanings: Mapping[str, str]) -> Section | None:
    figures = _alluvials(cohort.table, list(meanings))
    if cohort.agreement.is_empty() and not figures:
        return None
    return section(
        "resistance_agreement.html",
        anchor="set-agreement",
        title="Agreement of the definition sets",
        pairs=cohort.agreement.to_dicts(),
        alluvials=figures,
    )


def _alluvials(table: pl.DataFrame, sets: Sequence[str]) -> list[tuple[Markup, list[str], int]]:
    """Draw one figure for each group of sets that apply to the same subjects."""
    listed = table.group_by("subject", maintain_order=True).agg("definition_set")
    groups = Counter(tuple(names) for names in listed["definition_set"].to_list())
    found: list[tuple[Markup, list[str], int]] = []
    for names, n in sorted(groups.items(), key=lambda item: (-item[1], item[0])):
        chosen = [name for name in sets if name in names]
        own = listed.filter(pl.col("definition_set").list.join(";") == ";".join(names))
        shown = table.join(own.select("subject"), on="subject", how="semi")
        figure = alluvial(shown, chosen, f"alluvial{len(found)}")
        if figure is not None:
            found.append((figure, chosen, n))
    return found[:_ALLUVIALS]


def _cutoffs(cohort: ResistanceCohort, meanings: Mapping[str, str]) -> Section | None:
    gridded = [name for name in meanings if (cohort.grid["definition_set"] == name).any()]
    drawn: dict[Markup, list[str]] = {}
    still = []
    for name in gridded:
        figure = heat_map(cohort.grid, name)
        if figure is None:
            still.append(name)
        else:
            drawn.setdefault(figure, []).append(name)
    if not gridded:
        return None
    return section(
        "resistance_cutoffs.html",
        anchor="cutoffs",
        title="Sensitivity to the cut-offs",
        meanings=meanings,
        heat_maps=[(names, figure) for figure, names in drawn.items()],
        still=still,
    )


def _survival(cohort: ResistanceCohort, meanings: Mapping[str, str]) -> Section | None:
    if cohort.times["pfs"].is_null().all() and cohort.times["os"].is_null().all():
        return None
    groups = [
        (names, [_curves(one, f"km{i}-{j}") for j, one in enumerate(both)])
        for i, (names, both) in enumerate(cohort.survival)
    ]
    landmarks = [
        {
            "months": f"{one.months:g}",
            "curves": None
            if one.survival is None
            else _curves(one.survival, f"landmark{one.months:g}"),
            "model": one.model,
        }
        for one in cohort.landmarks
    ]
    return section(
        "resistance_survival.html",
        anchor="phenotype-survival",
        title="Survival by phenotype",
        meanings=meanings,
        groups=groups,
        landmarks=landmarks,
    )


def _curves(one: SurvivalCurves, name: str) -> dict[str, Any]:
    names = {code: _group_words(code) for code in one.summary["group"]}
    # The same groups keep their colours from figure to figure.
    order = sorted(names, key=lambda code: (_rank(code), code))
    return survival_view(one, names, name, order)


def _rank(code: str) -> int:
    """Return where a group stands: by its phenotype, or by the first that it could be."""
    could = code.removeprefix(OPEN).split(";")
    ranks = [number for number, p in enumerate(PHENOTYPES) if p in could]
    return (min(ranks) if ranks else len(PHENOTYPES)) + len(PHENOTYPES) * code.startswith(OPEN)


def _group_words(code: str) -> str:
    if code.startswith(OPEN):
        return f"Open: {could_be_words(code.removeprefix(OPEN))}"
    return WORDS.get(code, code)


def _courses(cohort: ResistanceCohort) -> Section | None:
    words = WORDS | {"thin": "exposure", "alive": "alive at last follow-up"}
    figure = courses(
        cohort.lanes,
        STYLES,
        words,
        name="swimmer",
        says=f"Courses of {len(cohort.lanes)} subjects",
        axis_title="Months from the first dose of the checkpoint inhibitor",
    )
    if figure is None:
        return None
    return section(
        "resistance_courses.html",
        anchor="courses",
        title="Courses",
        figure=figure,
        drawn=min(len(cohort.lanes), MOST_LANES),
        subjects=cohort.table["subject"].n_unique(),
    )
