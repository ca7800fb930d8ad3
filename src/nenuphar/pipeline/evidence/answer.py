"""What `nenuphar evidence pool` answers: material from a table or from records, as plain data."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from nenuphar.methods.evidence.counts import RejectedRow, StudyCounts, read_counts
from nenuphar.methods.evidence.estimate import EvidenceError, PooledEstimate, PoolingPlan
from nenuphar.methods.evidence.hazard import HazardRatio, pool_hazards, read_hazards
from nenuphar.methods.evidence.moderators import regress_proportions
from nenuphar.methods.evidence.overlap import Ancestors, DoubleCountingError, SetAside
from nenuphar.methods.evidence.pool import leave_one_out, pool
from nenuphar.methods.evidence.selection import Question, select
from nenuphar.methods.evidence.subgroups import compare_subgroups


@dataclass(frozen=True, slots=True)
class Material:
    """What is to be pooled and what is not: rows read = used + rejected + set aside.

    Attributes:
        counts: Events among patients; empty for hazard ratios.
        ratios: Hazard ratios; empty for counts.
        rejected: Rows of a table that cannot be used.
        set_aside: Records that match but stay out.
        title: Names the question.
        by_ratio: Whether hazard ratios are pooled.
        notes: What to keep in mind about the material.
    """

    counts: tuple[StudyCounts, ...]
    ratios: tuple[HazardRatio, ...]
    rejected: tuple[RejectedRow, ...]
    set_aside: tuple[SetAside, ...]
    title: str
    by_ratio: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rows:
    """A table as it was read.

    Attributes:
        cells: One mapping for each row.
        lines: Line of each in the file.
        rejected: Rows that could not be read at all.
        notes: What the reader remarked.
    """

    cells: Sequence[Mapping[str, Any]]
    lines: Sequence[int]
    rejected: tuple[RejectedRow, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is wanted beside the pooled estimate.

    Attributes:
        subgroups: Pool subgroups and compare them.
        leave_one_out: Pool again without each study.
        moderator: Numeric column to regress on, if any.
        tau_given: Whether an estimator of tau² was asked for by name.
    """

    subgroups: bool = False
    leave_one_out: bool = False
    moderator: str = ""
    tau_given: bool = False


def from_counts(rows: Rows, moderator: str = "") -> Material:
    """Read a table of counts.

    Raises:
        TableError: The table as a whole cannot be used.
    """
    table = read_counts(rows.cells, moderator or None, rows.lines)
    rejected = (*rows.rejected, *table.rejected)
    return Material(table.accepted, (), rejected, (), "Pooled proportion", notes=rows.notes)


def from_hazards(rows: Rows) -> Material:
    """Read a table of hazard ratios.

    Raises:
        TableError: The table as a whole cannot be used.
    """
    ratios, rejected = read_hazards(rows.cells, rows.lines)
    title = "Pooled hazard ratio"
    return Material((), ratios, (*rows.rejected, *rejected), (), title, True, rows.notes)


def from_records(
    outcomes: Sequence[Mapping[str, Any]], question: Question, ancestors: Ancestors
) -> Material:
    """Choose from outcome records.

    Raises:
        EvidenceError: The endpoint cannot be pooled, or nothing matches.
    """
    found = select(outcomes, question, ancestors)
    parts = [question.endpoint.upper(), " versus ".join(question.populations), question.strategy]
    ratio = question.endpoint.upper().startswith("HR_")
    title = ", ".join(part for part in parts if part)
    return Material(found.counts, found.ratios, (), found.set_aside, title, ratio, found.notes)


def answer(material: Material, plan: PoolingPlan, wishes: Wishes) -> dict[str, Any]:
    """Pool the material and add what is wished for; a refusal is an answer with no estimate.

    Returns:
        Plain data: the fields of a pooled estimate, then `title, refused, rejected, set_aside,
        rows` and, where wished for, `subgroups, leave_one_out, regression`.
    """
    refused: list[str] = []
    result = _try(lambda: _pooled(material, plan), refused)
    used = len(material.counts) + len(material.ratios)
    answered: dict[str, Any] = {
        **(_fields(result) if result else _nothing(material, plan)),
        "title": material.title,
        "refused": refused,
        "rejected": [asdict(row) for row in material.rejected],
        "set_aside": [asdict(row) for row in material.set_aside],
        "rows": {
            "read": used + len(material.rejected) + len(material.set_aside),
            "used": used if result else 0,
            "set_aside": len(material.set_aside) + (0 if result else used),
            "rejected": len(material.rejected),
        },
    }
    answered["notes"] += material.notes
    if wishes.tau_given and plan.method == "glmm" and not material.by_ratio:
        answered["notes"] += ["--tau is not used: the GLMM estimates tau² by maximum likelihood."]
    if result:
        answered |= _extras(material, plan, wishes, answered["notes"])
    return answered


def _pooled(material: Material, plan: PoolingPlan) -> PooledEstimate:
    if material.by_ratio:
        return pool_hazards(material.ratios, plan)
    return pool(material.counts, plan)


def _extras(
    material: Material, plan: PoolingPlan, wishes: Wishes, notes: list[str]
) -> dict[str, Any]:
    wanted = [
        ("subgroups", wishes.subgroups, lambda: _subgroups(material, plan)),
        ("leave_one_out", wishes.leave_one_out, lambda: _without_each(material, plan)),
        ("regression", bool(wishes.moderator), lambda: _regression(material, plan, wishes)),
    ]
    found: dict[str, Any] = {}
    for name, wish, work in wanted:
        if wish:
            reasons: list[str] = []
            found[name] = _try(work, reasons)
            notes += [f"{name.replace('_', ' ')}: {reason}" for reason in reasons]
    return found


def _subgroups(material: Material, plan: PoolingPlan) -> dict[str, Any]:
    _only_counts(material)
    result = compare_subgroups(material.counts, plan)
    return {
        "test": result.test,
        "statistic": result.statistic,
        "df": result.df,
        "p_value": result.p_value,
        "notes": list(result.notes),
        "estimates": [{"name": name, **_fields(part)} for name, part in result.subgroups],
    }


def _without_each(material: Material, plan: PoolingPlan) -> list[dict[str, Any]]:
    if material.by_ratio:
        pools: list[tuple[str, str | None, PooledEstimate]] = [
            (r.study, None, pool_hazards([o for o in material.ratios if o is not r], plan))
            for r in material.ratios
        ]
    else:
        rows = leave_one_out(material.counts, plan)
        pools = [(row.study, row.subgroup, result) for row, result in rows]
    kept = ("estimate", "ci_low", "ci_high", "tau2", "i2", "k", "pooled", "measure")
    return [
        {"without": study, "subgroup": part, **{name: _fields(r)[name] for name in kept}}
        for study, part, r in pools
    ]


def _regression(material: Material, plan: PoolingPlan, wishes: Wishes) -> dict[str, Any]:
    _only_counts(material)
    return dict(_finite(asdict(regress_proportions(material.counts, [wishes.moderator], plan))))


def _only_counts(material: Material) -> None:
    if material.by_ratio:
        raise EvidenceError("available for counts only.")


def _try(work: Any, refused: list[str]) -> Any:
    try:
        return work()
    except DoubleCountingError as error:
        refused += error.reasons
    except EvidenceError as error:
        refused.append(str(error))
    return None


def _nothing(material: Material, plan: PoolingPlan) -> dict[str, Any]:
    numbers = ("estimate", "ci_low", "ci_high", "tau2", "i2", "prediction_low", "prediction_high")
    return {
        **dict.fromkeys(numbers),
        "k": 0,
        "studies": [],
        "measure": "hazard_ratio" if material.by_ratio else "proportion",
        "method": plan.method,
        "pooled": False,
        "notes": [],
    }


def _fields(result: PooledEstimate) -> dict[str, Any]:
    return dict(_finite({**asdict(result), "notes": list(result.notes)}))


def _finite(value: Any) -> Any:
    """Replace infinite limits by null: JSON has no infinity."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
