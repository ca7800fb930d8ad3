"""A section of the cohort page: diagnoses in old or organ-bound words in the framework of 2022."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from nenuphar.domain.scope import Scope
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.knowledge.crosswalk import HARMONISED, TERM
from nenuphar.report.figures.flow import Flow, flow_figure, gather
from nenuphar.report.section import Section, section
from nenuphar.report.words import Words

if TYPE_CHECKING:
    import polars as pl

    from nenuphar.engine.frames import Frames

_READING = ("patient_id", "tumour_id", "specimen_id", "assessor")
_OPEN = "Cannot be told"


def harmonised_section(
    frames: Frames, conclusions: pl.DataFrame, knowledge: KnowledgeBase
) -> Section | None:
    """Return the flow from terms to the uniform framework, and what stays open and why.

    Args:
        frames: Observed facts by scope.
        conclusions: Of the cohort.
        knowledge: The knowledge base.

    Returns:
        None where no diagnosis is stated in such a term.
    """
    counted = harmonised(frames, conclusions)
    if not counted:
        return None
    words = Words(knowledge)
    rows = [_row(term, words, counted) for term in dict.fromkeys(term for term, _, _ in counted)]
    flows = [
        Flow(words.value(TERM, term), words.value(HARMONISED, value or "") or _OPEN, n)
        for (term, value, _), n in counted.items()
    ]
    total, open_total = sum(row["n"] for row in rows), sum(row["open"] for row in rows)
    return section(
        "harmonised.html",
        anchor="harmonised",
        title="Old terms in the framework of 2022",
        data={"rows": rows},
        rows=rows,
        total=total,
        open_total=open_total,
        open_percent=_percent(open_total, total),
        figure=flow_figure(gather(flows), "As reported", "Uniform framework"),
    )


def harmonised(frames: Frames, conclusions: pl.DataFrame) -> dict[tuple[str, str | None, str], int]:
    """Count readings by term, name in the framework (None where open) and what would decide.

    Returns:
        The most frequent first; nothing where no term is on record.
    """
    import polars as pl

    specimens = frames[Scope.SPECIMEN]
    if TERM not in specimens.columns:
        return {}
    stated = specimens.select(
        *(pl.col(name).fill_null("") for name in _READING), pl.col(TERM).alias("term")
    ).drop_nulls("term")
    found = conclusions.filter(pl.col("fact") == HARMONISED).select(
        *_READING, "value", pl.col("missing").cast(pl.String)
    )
    joined = stated.join(found, on=_READING, how="left")
    asks = pl.when(pl.col("value").is_null()).then("missing").otherwise(pl.lit(""))
    counted = joined.group_by("term", "value", asks.alias("asks")).len("n")
    ordered = counted.sort("n", "term", "value", "asks", descending=[True, False, False, False])
    return {(term, value, asked): n for term, value, asked, n in ordered.iter_rows()}


def _row(
    term: str, words: Words, counted: dict[tuple[str, str | None, str], int]
) -> dict[str, Any]:
    names: Counter[str] = Counter()
    asks: Counter[str] = Counter()
    for (own, value, asked), n in counted.items():
        if own != term:
            continue
        names[value or ""] += n
        asks.update({name: n for name in asked.split(";") if name and value is None})
    still_open = names.pop("", 0)
    n = still_open + sum(names.values())
    return {
        "term": words.value(TERM, term),
        "n": n,
        "found": "; ".join(f"{words.value(HARMONISED, v)} {c}" for v, c in names.most_common()),
        "open": still_open,
        "percent": _percent(still_open, n),
        "decides": "; ".join(f"{words.inline(name)} ({c})" for name, c in asks.most_common()),
    }


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f}%" if whole else ""
