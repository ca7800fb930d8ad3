"""What an analysis comes to: as plain data, as a table, as a page, as a figure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nenuphar.io.whole_file import write_whole_table, write_whole_text
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.methods.evolution.compare import Comparison
from nenuphar.methods.evolution.verdict import NOTHING, Difference
from nenuphar.pipeline.case import stamp_of
from nenuphar.pipeline.evolution.analysis import Analysis
from nenuphar.pipeline.evolution.reading import Cohort
from nenuphar.report.citing import short_source
from nenuphar.report.evolution_page import evolution_page, evolution_svg
from nenuphar.report.evolution_words import (
    ASSOCIATION,
    NOTES,
    PARENT_WORDS,
    reason_words,
    verdict_words,
)
from nenuphar.store.results import defused, rejected_table

if TYPE_CHECKING:
    import polars as pl

_DIGITS = 6


def told(analysis: Analysis, cohort: Cohort, knowledge: KnowledgeBase) -> dict[str, Any]:
    """Return everything that an analysis found, as plain data.

    Numbers are log-likelihoods in nats a tumour, rounded to six decimals.
    """
    compared, design = analysis.comparison, analysis.design
    names = {one.key: one.name for one in analysis.hypotheses}
    numbers = {"power_min": analysis.settings.power_min}
    rejected = sum(problem.rejected for problem in cohort.problems)
    return {
        "verdict": verdict_words(names.get(compared.favoured, "")),
        "favoured": compared.favoured or None,
        "leading": compared.leading or None,
        "settled": _settled(compared),
        "reasons": [{"code": c, "says": reason_words(c, numbers)} for c in compared.reasons],
        "notes": [{"code": code, "says": NOTES[code]} for code in compared.notes],
        "association_only": ASSOCIATION,
        "hypotheses": list(_hypotheses(analysis, knowledge)),
        "differences": list(_differences(compared, names)),
        "additions": list(_additions(compared)),
        "matters": _rounded(compared.matters),
        "power": {
            "recovered": compared.power.recovered,
            "other_hypothesis": compared.power.otherwise,
            "simulations": compared.power.simulations,
            "to_see_microenvironment": compared.power_surroundings,
            "times_as_many_would_do": compared.needed,
            "times_tried": list(analysis.settings.sizes) if compared.reasons else [],
        }
        if compared.power
        else None,
        "tumours": len(design.tumours),
        "group": cohort.group,
        "groups": design.counts,
        "features": {parent: sorted(names) for parent, names in design.features.items()},
        "restating": {name: _rounded(share) for name, share in compared.restating.items()},
        "set_aside": [asdict(one) for one in design.set_aside],
        "settings": _settings(analysis),
        "problems": [asdict(problem) for problem in sorted(cohort.problems)],
        "read": cohort.read,
        "accepted": cohort.read - rejected,
        "rejected": rejected,
        "knowledge": knowledge.release,
    }


def _settled(compared: Comparison) -> dict[str, str | None] | None:
    """What is settled by itself; surroundings that too small a cohort did not see are open."""
    if compared.settled is None:
        return None
    unseen = "surroundings_unseen" in compared.reasons
    role = "open" if unseen else compared.settled.surroundings
    return {"side": compared.settled.side or None, "microenvironment": role}


def _rounded(number: float) -> float:
    return round(float(number), _DIGITS) + 0.0


def _interval(difference: Difference) -> dict[str, float]:
    return {name: _rounded(getattr(difference, name)) for name in ("mean", "low", "high")}


def _hypotheses(analysis: Analysis, knowledge: KnowledgeBase) -> Iterator[dict[str, Any]]:
    scores = analysis.comparison.scores
    for one in analysis.hypotheses:
        score = scores.get(one.parents)
        yield {
            "key": one.key,
            "name": one.name,
            "statement": one.statement,
            "parents": sorted(one.parents),
            "log_likelihood": None if score is None else _rounded(score),
            "gain_over_no_parents": None if score is None else _rounded(score - scores[NOTHING]),
            "record": one.record,
            "source": short_source(one.sources[0], knowledge),
        }


def _differences(compared: Comparison, names: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    for (first, second), difference in compared.differences.items():
        yield {"first": first, "second": second, **_interval(difference)}


def _additions(compared: Comparison) -> Iterator[dict[str, Any]]:
    for (base, added), gain in compared.gains.items():
        null = compared.nulls.get((base, added))
        yield {
            "added": added,
            "to": sorted(base),
            **_interval(gain),
            "null": None
            if null is None
            else {
                "p_value": _rounded(null.p_value),
                "permutations": len(null.drawn),
                "seen": _rounded(null.seen),
                **{
                    f"q{int(100 * level):02}": _rounded(np.quantile(null.drawn, level))
                    for level in (0.05, 0.5, 0.95)
                },
            },
        }


def _settings(analysis: Analysis) -> dict[str, Any]:
    settings = analysis.settings
    names = (
        *("folds", "repeats", "permutations", "simulations", "seed"),
        *("prior_sd", "matters_share", "power_min", "alpha"),
    )
    return {name: getattr(settings, name) for name in names}


def comparisons(found: Mapping[str, Any]) -> pl.DataFrame:
    """Return hypotheses, differences and additions as one table, a row each.

    Args:
        found: From `told`.
    """
    import polars as pl

    schema = {
        "comparison": pl.String, "first": pl.String, "second": pl.String,
        "difference": pl.Float64, "ci_low": pl.Float64, "ci_high": pl.Float64,
        "p_value": pl.Float64, "null_median": pl.Float64, "null_q95": pl.Float64,
        "verdict": pl.String,
    }  # fmt: skip
    rows = [
        ("difference", one["first"], one["second"], one["mean"], one["low"], one["high"],
         None, None, None, found["verdict"])
        for one in found["differences"]
    ]  # fmt: skip
    for one in found["additions"]:
        null = one["null"] or {}
        rows.append(
            ("addition", one["added"], " + ".join(one["to"]) or "nothing", one["mean"],
             one["low"], one["high"], null.get("p_value"), null.get("q50"), null.get("q95"),
             found["verdict"])
        )  # fmt: skip
    if not rows:
        rows = [("none", "", "", *[None] * 6, found["verdict"])]
    return pl.DataFrame(rows, schema=schema, orient="row")


def write_problems(cohort: Cohort, out: Path) -> None:
    """List what could not be used in `OUT.rejected.tsv`; no file where everything could."""
    beside = out.with_name(f"{out.name}.rejected.tsv")
    if not cohort.problems:
        beside.unlink(missing_ok=True)
        return
    table = rejected_table(cohort.problems).drop("whole_record")
    write_whole_table(beside, defused(table))


def write_figure(
    found: Mapping[str, Any], cohort: Cohort, title: str, out: Path, knowledge: KnowledgeBase
) -> None:
    """Write the figure alone (`.svg`) or the page that explains it (`.html`).

    Args:
        found: From `told`.
        cohort: Where the problems stand.
        title: What the cohort is called.
        out: The file.
        knowledge: The knowledge base.
    """
    if out.suffix.lower() == ".svg":
        write_whole_text(out, evolution_svg(found))
        return
    page = evolution_page(found, title, cohort.problems, stamp_of(knowledge), PARENT_WORDS)
    write_whole_text(out, page)
