"""SCLC groups from RNA: the lineage factors, their programmes and T-cell inflammation.

No cohort of SCLC tumours with both expression and labels stood behind this panel, so it is a rule,
not a fit: the share of each group is a logistic of two ranks, not a measured frequency.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nenuphar.methods.expression.subtypes.calls import (
    ABSTAINED,
    CALLED,
    EQUIVOCAL,
    Call,
    panel_values,
    rounded,
)
from nenuphar.methods.expression.subtypes.views import ranks

Numbers = NDArray[np.float64]
PANEL = "sclc"


@dataclass(frozen=True, slots=True)
class SclcRule:
    """Genes and cut-offs of the rule; ranks (0-1) are among `genes`, all that the rule looks at."""

    groups: tuple[str, ...]
    genes: tuple[str, ...]
    factors: dict[str, str]
    programmes: dict[str, tuple[tuple[str, ...], ...]]
    inflamed: tuple[str, ...]
    neuroendocrine: tuple[str, ...]
    t_effector: tuple[str, ...]
    macrophage: tuple[str, ...]
    profiles: Numbers
    profile_genes: tuple[str, ...]
    steepness: float
    inflamed_offset: float
    unfamiliar: float
    call_at: float
    tie_within: float
    coverage_min: float


@cache
def load_sclc() -> SclcRule:
    """The shipped rule."""
    file = Path(__file__).parent / "models" / "sclc.json"
    record: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    values = {name: record[name] for name in SclcRule.__slots__}
    values |= {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
    values["programmes"] = {
        group: tuple(tuple(part) for part in parts) for group, parts in record["programmes"].items()
    }
    values["profiles"] = np.array(record["profiles"], dtype=np.float64)
    return SclcRule(**values)


def classify_sclc(
    rule: SclcRule, samples: Sequence[str], genes: Sequence[str], values: Numbers
) -> list[Call]:
    """Calls every sample from itself alone; values: samples × genes, any scale, NaN not measured.

    ASCL1, NEUROD1 and POU2F3 must be measured, and the stated share of the panel's genes.
    """
    places = ranks(panel_values(rule.genes, genes, values))
    return [_call(rule, sample, row) for sample, row in zip(samples, places, strict=True)]


def _call(rule: SclcRule, sample: str, places: Numbers) -> Call:
    at = dict(zip(rule.genes, places.tolist(), strict=True))
    evidence = group_evidence(rule, at)
    logits = rule.steepness * (evidence - evidence.max())
    p = rounded(np.exp(logits) / np.exp(logits).sum())
    order = np.argsort(-p, kind="stable")
    group = rule.groups[order[0]]
    doubts = _doubts(rule, places, at, p)
    parts = [text for _, text in doubts]
    if group == "I":
        parts.append(_inflamed_kind(rule, at))
    parts += [f"{gene} rank {at[gene]:.2f}" for gene in rule.factors.values()]
    parts.append(f"T-cell-inflamed {_mean(at, rule.inflamed):.2f}")
    parts.append("a rule, not a calibrated model")
    status = doubts[0][0] if doubts else CALLED
    return Call(sample, group, status, tuple(p.tolist()), "; ".join(parts))


def _inflamed_kind(rule: SclcRule, at: dict[str, float]) -> str:
    """I-NE or I-nonNE where neuroendocrine markers and the T-effector to TAM balance agree."""
    neuroendocrine = _mean(at, rule.neuroendocrine) >= 0.5
    balance = _mean(at, rule.t_effector) - _mean(at, rule.macrophage)
    shown = f"T-effector less TAM rank {balance:+.2f}"
    if neuroendocrine == (balance > 0):
        return f"{'I-NE' if neuroendocrine else 'I-nonNE'}, {shown}"
    state = "high" if neuroendocrine else "low"
    return f"I-NE or I-nonNE open: neuroendocrine markers {state}, {shown}"


def group_evidence(rule: SclcRule, at: dict[str, float]) -> Numbers:
    """For A, N, P, Y half factor, half programme; for I inflammation and the want of A, N, P."""
    out = []
    for group in rule.groups:
        if group == "I":
            factors = [_filled(at[rule.factors[g]]) for g in ("A", "N", "P")]
            out.append((_mean(at, rule.inflamed) + 1 - max(factors)) / 2 + rule.inflamed_offset)
            continue
        programme = max(_mean(at, part) for part in rule.programmes[group])
        out.append((_filled(at[rule.factors[group]]) + programme) / 2)
    return np.array(out)


def _doubts(
    rule: SclcRule, places: Numbers, at: dict[str, float], p: Numbers
) -> list[tuple[str, str]]:
    doubts = []
    absent = [rule.factors[g] for g in ("A", "N", "P") if not np.isfinite(at[rule.factors[g]])]
    if absent:
        doubts.append((ABSTAINED, f"not measured: {' '.join(absent)}"))
    coverage = float(np.isfinite(places).mean())
    if coverage < rule.coverage_min:
        doubts.append(
            (ABSTAINED, f"{coverage:.0%} of the panel measured, {rule.coverage_min:.0%} needed")
        )
    seen = _familiarity(rule, at)
    if seen < rule.unfamiliar:
        doubts.append((ABSTAINED, f"looks like no SCLC archetype (r {seen:.2f})"))
    order = np.argsort(-p, kind="stable")
    if p[order[0]] - p[order[1]] < rule.tie_within:
        names = " and ".join(rule.groups[i] for i in order[:2])
        doubts.append((EQUIVOCAL, f"{names} are close"))
    elif p[order[0]] < rule.call_at:
        doubts.append((ABSTAINED, f"probability {p[order[0]]:.2f}, {rule.call_at:.2f} needed"))
    return doubts


def _familiarity(rule: SclcRule, at: dict[str, float]) -> float:
    """Highest correlation with an archetype over the genes of the archetype programmes."""
    own = np.array([at[gene] for gene in rule.profile_genes])
    known = np.isfinite(own)
    if known.sum() < 3 or np.ptp(own[known]) == 0:
        return 0.0
    return max(float(np.corrcoef(own[known], profile[known])[0, 1]) for profile in rule.profiles)


def _filled(value: float) -> float:
    return value if np.isfinite(value) else 0.5


def _mean(at: dict[str, float], genes: Sequence[str]) -> float:
    known = [at[gene] for gene in genes if np.isfinite(at[gene])]
    return float(np.mean(known)) if known else 0.5
