"""The page of a cohort under immunotherapy: phenotypes, what is missing, agreement, survival."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from markupsafe import Markup

from nenuphar.domain.conclusion import Stamp
from nenuphar.domain.problems import Problem
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.report.cohort_figures import SurvivalCurves, survival_curves
from nenuphar.report.page import render
from nenuphar.report.resistance_figures import PHENOTYPES, WORDS, alluvial, heat_map, swimmer

_PROBLEMS = 50


@dataclass(frozen=True)
class ResistanceCohort:
    """What the page shows.

    Attributes:
        title: What the cohort is called.
        table: One row for each subject and definition set (`nenuphar resistance`).
        phenotypes: Subjects by set and phenotype, with and without rapid progression.
        grid: Counts over the grid of cut-offs.
        times: Months from the first dose: `subject`, `exposure`, `follow_up`, `progression`,
            `confirmation`, `death`.
        counts: Rows `read`, `accepted`, `rejected`.
        without_set: Subjects to whom no set applies.
        problems: What could not be used.
        agreement: Agreement of each two sets.
        survival: Survival by phenotype, for each set that has it.
        landmark: Survival from the landmark, if it can be estimated.
        landmark_months: The landmark.
    """

    title: str
    table: pl.DataFrame
    phenotypes: pl.DataFrame
    grid: pl.DataFrame
    times: pl.DataFrame
    counts: Mapping[str, int]
    without_set: int
    problems: Sequence[Problem]
    agreement: pl.DataFrame
    survival: Sequence[tuple[str, Sequence[SurvivalCurves]]]
    landmark: SurvivalCurves | None
    landmark_months: float


def resistance_page(cohort: ResistanceCohort, knowledge: KnowledgeBase, stamp: Stamp) -> str:
    """Render a cohort as one self-contained HTML page.

    Args:
        cohort: What to show.
        knowledge: The knowledge base that the conclusions were made with.
        stamp: What they were made with.

    Returns:
        HTML that loads nothing and runs no script. The same input gives the same bytes.
    """
    table, landmark = cohort.table, cohort.landmark
    sets = cohort.phenotypes["definition_set"].unique(maintain_order=True).to_list()
    early = table.filter(pl.col("reason") == "early_death_without_scan")
    first = table.unique("subject", keep="first", maintain_order=True)
    coloured = dict(first.select("subject", "phenotype").iter_rows())
    return render(
        "resistance.html",
        title=cohort.title,
        stamp=stamp,
        words=WORDS,
        phenotypes=PHENOTYPES,
        meanings={name: _meaning(name, knowledge) for name in sets},
        counts=cohort.counts,
        without_set=cohort.without_set,
        subjects=table["subject"].n_unique(),
        progressed=cohort.times["progression"].is_not_null().sum(),
        early_deaths=early["subject"].n_unique(),
        phenotype_rows=[_phenotype_row(name, cohort.phenotypes) for name in sets],
        reasons=_reasons(table, knowledge),
        missing=_missing(table),
        could_be=_could_be(table),
        agreement=cohort.agreement.to_dicts(),
        alluvials=_alluvials(table, sets),
        heat_maps=[(n, figure) for n in sets if (figure := heat_map(cohort.grid, n)) is not None],
        survival=[(name, [_curves(one) for one in both]) for name, both in cohort.survival],
        landmark=_curves(landmark) if landmark is not None else None,
        landmark_months=f"{cohort.landmark_months:g}",
        swimmer=swimmer(cohort.times, coloured),
        problems=list(cohort.problems[:_PROBLEMS]),
        problem_count=len(cohort.problems),
    )


def _meaning(name: str, knowledge: KnowledgeBase) -> str:
    meaning = knowledge.facts[f"resistance.{name}"].meaning
    words = meaning.removeprefix("Resistance phenotype by ").rstrip(".")
    return words[:1].upper() + words[1:]


def _phenotype_row(name: str, phenotypes: pl.DataFrame) -> tuple[str, list[tuple[int, int]], int]:
    own = phenotypes.filter(pl.col("definition_set") == name)
    found = {p: (n, without) for _, p, n, without in own.iter_rows()}
    cells = [found.get(p, (0, 0)) for p in PHENOTYPES]
    return name, cells, sum(n for n, _ in cells)


def _reasons(table: pl.DataFrame, knowledge: KnowledgeBase) -> list[tuple[str, str, str, str, int]]:
    decided = table.filter(pl.col("phenotype") != "")
    keys = ["definition_set", "phenotype", "reason", "rule_id"]
    counted = decided.group_by(keys, maintain_order=True).len("n")
    return [
        (name, phenotype, reason, knowledge.rules[rule.split(";")[0]].explanation, n)
        for name, phenotype, reason, rule, n in counted.sort(*keys).iter_rows()
    ]


def _missing(table: pl.DataFrame) -> list[tuple[str, int, int]]:
    every: Counter[str] = Counter()
    alone: Counter[str] = Counter()
    for text, n in table.filter(pl.col("missing") != "").group_by("missing").len().iter_rows():
        names = text.split(";")
        every.update(dict.fromkeys(names, n))
        if len(names) == 1:
            alone.update({names[0]: n})
    ranked = sorted(every.items(), key=lambda item: (-item[1], item[0]))
    return [(name, n, alone[name]) for name, n in ranked]


def _could_be(table: pl.DataFrame) -> list[tuple[str, str, int]]:
    open_rows = table.filter((pl.col("phenotype") == "") & (pl.col("could_be") != ""))
    keys = ["definition_set", "could_be"]
    counted = open_rows.group_by(keys).len("n").sort(*keys)
    words = {name: text.lower() for name, text in WORDS.items()}
    return [
        (name, " or ".join(words.get(v, v) for v in could.split(";")), n)
        for name, could, n in counted.iter_rows()
    ]


def _alluvials(table: pl.DataFrame, sets: Sequence[str]) -> list[tuple[Markup, list[str], int]]:
    """Draw one figure for each group of sets that apply to the same subjects."""
    listed = table.group_by("subject", maintain_order=True).agg("definition_set")
    groups = Counter(tuple(names) for names in listed["definition_set"].to_list())
    found = []
    for names, n in sorted(groups.items(), key=lambda item: (-item[1], item[0])):
        chosen = [name for name in sets if name in names]
        own = listed.filter(pl.col("definition_set").list.join(";") == ";".join(names))
        figure = alluvial(table.join(own.select("subject"), on="subject", how="semi"), chosen)
        if figure is not None:
            found.append((figure, chosen, n))
    return found[:4]


def _curves(one: SurvivalCurves) -> dict[str, Any]:
    names = {code: WORDS.get(code, code.replace("_", " ")) for code in one.summary["group"]}
    last = float(one.curves["time"].max() or 0)  # type: ignore[arg-type]
    step = next((s for s in (1.0, 2, 3, 6, 12, 24, 36, 60) if last / s <= 8), 120.0)
    times = [step * i for i in range(int(last // step) + 1)]
    at_risk = {row[0]: row[1:] for row in one.at_risk(times).iter_rows()}
    return {
        "endpoint": one.endpoint,
        "unit": one.unit,
        "figure": survival_curves(one, names, times),
        "times": [f"{time:g}" for time in times],
        "groups": [
            {**row, "name": names[row["group"]], "at_risk": at_risk[row["group"]]}
            for row in one.summary.sort("patients", "group", descending=True).iter_rows(named=True)
        ],
        "p_value": one.p_value,
        "left_out": one.left_out,
    }
