"""The rows of a forest plot from top to bottom, with the text beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def forest_rows(
    pooled: Mapping[str, Any],
    subgroups: Sequence[tuple[str, Mapping[str, Any]]] = (),
    *,
    apart: bool = False,
) -> list[dict[str, Any]]:
    """Lay out the rows of a forest plot from top to bottom, with the text beside them.

    Args:
        pooled: Fields of a pooled estimate.
        subgroups: Name and pooled estimate of each, below its own studies.
        apart: Whether the subgroups are not to be pooled together; then there is no overall
            value, and a subgroup of one study has no value beside it.

    Returns:
        Rows with `place, kind (heading/study/pooled), label, counts, interval` and the numbers.
    """
    rows: list[dict[str, Any]] = []
    if subgroups:
        for name, part in subgroups:
            rows.append({"kind": "heading", "label": name})
            rows += [_study_row(study, pooled["measure"]) for study in part["studies"]]
            if not apart or part["k"] > 1:
                rows.append(_pooled_row(f"{name}: {_kind(part)}", part))
        if not apart:
            rows.append(_pooled_row(f"All: {_kind(pooled)}", pooled))
    else:
        rows += [_study_row(study, pooled["measure"]) for study in pooled["studies"]]
        rows.append(_pooled_row(_kind(pooled).capitalize(), pooled))
    empty = dict.fromkeys(
        ("estimate", "ci_low", "ci_high", "prediction_low", "prediction_high", "size")
    )
    text = {"counts": "", "interval": ""}
    return [{**empty, **text, **row, "place": f"{i:04d}"} for i, row in enumerate(rows)]


def _study_row(study: Mapping[str, Any], measure: str) -> dict[str, Any]:
    n = study.get("n")
    return {
        "kind": "study",
        "label": study["study"],
        "counts": "" if n is None else f"{study['events']}/{n}",
        "interval": _interval(study, measure),
        "size": n or study.get("weight"),
        **{name: study[name] for name in ("estimate", "ci_low", "ci_high")},
    }


def _pooled_row(label: str, pooled: Mapping[str, Any]) -> dict[str, Any]:
    studies = pooled["studies"]
    counted = all(study.get("n") is not None for study in studies)
    names = ("estimate", "ci_low", "ci_high", "prediction_low", "prediction_high")
    total = f"{sum(s['events'] for s in studies)}/{sum(s['n'] for s in studies)}" if counted else ""
    return {
        "kind": "pooled",
        "label": label,
        "counts": total,
        "interval": _interval(pooled, pooled["measure"]),
        **{name: pooled[name] for name in names},
    }


def _kind(pooled: Mapping[str, Any]) -> str:
    return "pooled" if pooled["pooled"] else "not pooled"


def _interval(value: Mapping[str, Any], measure: str) -> str:
    if measure == "hazard_ratio":
        return f"{value['estimate']:.2f} ({value['ci_low']:.2f}-{value['ci_high']:.2f})"
    estimate, low, high = (100 * value[name] for name in ("estimate", "ci_low", "ci_high"))
    return f"{estimate:.1f}% ({low:.1f}-{high:.1f})"
