"""Molecular groups of a specimen from every call: on record, from expression, from stains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from nenuphar.domain.observation import Value
from nenuphar.domain.quantity import Interval

if TYPE_CHECKING:
    from nenuphar.methods.expression.subtypes import Call

PANEL = "panel."
"""Begins the names under which calls on expression are handed over."""

STAINS = {
    "sclc_ihc": ("sclc-ihc", ("ASCL1", "NEUROD1", "POU2F3")),
    "lung_net_ihc": ("lung-net-ihc", ("OTP", "ASCL1", "HNF1A")),
}
GROUPS = {
    "sclc": ("A", "N", "P", "I", "Y"),
    "sclc_ihc": ("A", "AN", "N", "P", "TN"),
    "lung_net": ("A1", "A2", "B", "supra"),
    "lung_net_ihc": ("A1", "A2", "B"),
    "lung_nen": ("A1", "A2", "B", "lcnec_1", "lcnec_2", "sclc"),
    "pannet": ("insulinoma_like", "intermediate", "mlp1", "mlp2", "islet_like"),
}
REGULATORY = ("proneural", "hnf", "luminal", "other")
SINET = ("18LOH", "no_CNV", "multiple_CNV")
ENHANCER = ("alpha", "beta", "double_positive", "double_negative")
_FACTORS = ("otp", "ascl1", "hnf1a")
_PATTERNS = {
    (True, True, False): "proneural",
    (True, False, True): "hnf",
    (False, False, True): "luminal",
}
"""Which of `_FACTORS` are high in each regulatory subtype of lung NET; the rest is `other`."""
_LINEAGE = {
    ("positive", "negative"): "alpha",
    ("negative", "positive"): "beta",
    ("positive", "positive"): "double_positive",
    ("negative", "negative"): "double_negative",
}
"""Enhancer group of a pancreatic NET by the stains of ARX and PDX1."""
CONTEXT = ("pathology.morphology", "diagnosis.reported")
PROFILE = "molecular.lung_profile"
EVIDENCE = "molecular.evidence"
_PROFILES = {
    "lung_net": {"A1": "carcinoid", "A2": "carcinoid", "B": "carcinoid", "supra": "lcnec"},
    "lung_nen": {
        **{"A1": "carcinoid", "A2": "carcinoid", "B": "carcinoid"},
        **{"lcnec_1": "lcnec", "lcnec_2": "lcnec", "sclc": "sclc"},
    },
}
"""Whose profile a group of lung tumours has; supra-carcinoids that of LCNEC."""
INPUTS = (
    *(f"molecular.{scheme}" for scheme in GROUPS),
    *(f"ihc.{m}.h_score" for m in ("ascl1", "neurod1", "pou2f3", "otp", "hnf1a")),
    *("ihc.arx", "ihc.pdx1", "molecular.pannet_enhancer", "molecular.lung_net_epigenetic"),
    *("molecular.sinet", "genomics.sinet_group"),
    *(f"expression.rank.{factor}" for factor in _FACTORS),
)
_CARCINOID = ("carcinoid", "well_differentiated", "typical_carcinoid", "atypical_carcinoid", "net")
_CARCINOMA = (
    *("small_cell", "large_cell", "poorly_differentiated", "sclc", "lcnec", "nec"),
    *("combined_sclc", "combined_lcnec", "nec_small_cell", "nec_large_cell"),
)
_ASKED = 2
"""Stains of a panel that must have been scored before it is asked."""


def group_calls(values: Mapping[str, Value]) -> dict[str, Value]:
    """Join the calls of every scheme.

    Args:
        values: Facts of the specimen; `panel.<scheme>` holds the call on its expression, as
            `panel_call` writes it.

    Returns:
        `molecular.calls.<scheme>` (one group, or `A1|B` where calls differ; those of regulatory
        subtypes of the lung and enhancer groups of the pancreas come from factors, those of the
        small intestine from segments),
        `molecular.probability.<scheme>` where the panel calls that one group, and
        `molecular.evidence`; `molecular.lung_profile` where none is on record and the calls of the
        lung agree on one.
    """
    found: dict[str, Value] = {}
    said = str(values.get(EVIDENCE, "")).split(";")
    evidence = [part for part in said if part and _is_asked(part.partition(":")[0], values)]
    for scheme, groups in GROUPS.items():
        panel = ""
        if _is_asked(scheme, values):
            panel = str(values.get(f"{PANEL}{scheme}", ""))
            if scheme in STAINS:
                panel, stained = _stained(scheme, values)
                evidence += [stained] if stained and stained not in evidence else []
        call, _, probability = panel.partition(" ")
        named = [g for g in groups if g in (values.get(f"molecular.{scheme}"), call)]
        if named:
            found[f"molecular.calls.{scheme}"] = "|".join(named[:2])
        if named == [call]:
            chance = float(probability)
            found[f"molecular.probability.{scheme}"] = Interval(chance, chance, unit="ratio")
    if _is_asked("lung_net", values):  # carcinomas have no regulatory subtype of carcinoids
        found |= _joined("lung_net_epigenetic", REGULATORY, values, _regulatory(values))
    lineage = _LINEAGE.get((str(values.get("ihc.arx")), str(values.get("ihc.pdx1"))), "")
    found |= _joined("pannet_enhancer", ENHANCER, values, [lineage])
    by_segments = str(values.get("genomics.sinet_group"))
    told = ("18LOH", "multiple_CNV") if by_segments == "conflict" else (by_segments,)
    found |= _joined("sinet", SINET, values, told)
    if PROFILE not in values and (profile := _profile(found)):
        found[PROFILE] = profile
    if evidence:
        found[EVIDENCE] = ";".join(evidence)
    return found


def _joined(
    scheme: str, groups: Sequence[str], values: Mapping[str, Value], told: Sequence[str]
) -> dict[str, Value]:
    """Join what is on record of a scheme with what stains or ranks tell."""
    known = {str(values.get(f"molecular.{scheme}")), *told}
    named = [group for group in groups if group in known]
    return {f"molecular.calls.{scheme}": "|".join(named[:2])} if named else {}


def _regulatory(values: Mapping[str, Value]) -> list[str]:
    """Return the regulatory subtype by ranks of RNA and by H-scores, where they tell one."""
    cuts = _factor_cuts()
    by_rank = [_high(values.get(f"expression.rank.{f}"), *cuts[f"{f}.rank"]) for f in _FACTORS]
    by_stain = [_high(values.get(f"ihc.{f}.h_score"), *cuts[f"{f}.h_score"]) for f in _FACTORS]
    return [
        _PATTERNS.get((pattern[0], pattern[1], pattern[2]), "other")  # type: ignore[arg-type]
        for pattern in (by_rank, by_stain)
        if None not in pattern
    ]


def _high(value: Value | None, low: float, high: float) -> bool | None:
    """Whether a factor is high; None between the cut-offs, or where it was not measured."""
    if not isinstance(value, Interval):
        return None
    if value.lo >= high:
        return True
    return False if value.hi < low or value.hi == low < high else None


@lru_cache(maxsize=1)
def _factor_cuts() -> dict[str, tuple[float, float]]:
    """Cut-offs below which a factor is low and from which on it is high."""
    from nenuphar.knowledge.base import load_knowledge

    value = {name: one.value for name, one in load_knowledge().thresholds.items()}
    cuts = {}
    for factor in _FACTORS:
        name = f"lung_net.{factor}"
        cuts[f"{factor}.rank"] = (value[f"{name}.rank_low_max"], value[f"{name}.rank_high_min"])
        cuts[f"{factor}.h_score"] = (value[f"{name}.h_score_high_min"],) * 2
    return cuts


def _profile(found: Mapping[str, Value]) -> str | None:
    """Return the profile of a lung tumour by its groups; none where they differ, or say nothing."""
    told = {
        profiles.get(str(found.get(f"molecular.calls.{scheme}", "")))
        for scheme, profiles in _PROFILES.items()
        if f"molecular.calls.{scheme}" in found
    }
    return told.pop() if len(told) == 1 else None


def leave_out(panel: str, facts: dict[str, Value]) -> None:
    """Take what a panel said out of the evidence, in place; other names change nothing."""
    said = str(facts.get(EVIDENCE, ""))
    if panel.startswith(PANEL) and said:
        scheme = panel.removeprefix(PANEL)
        kept = [part for part in said.split(";") if not part.startswith(f"{scheme}: ")]
        facts[EVIDENCE] = ";".join(kept)
        if not kept:
            del facts[EVIDENCE]


def panel_call(call: Call) -> str:
    """Write what a panel called, with its probability; nothing where it did not call."""
    return f"{call.call} {max(call.probabilities):.4f}" if call.status == "called" else ""


def _is_asked(scheme: str, values: Mapping[str, Value]) -> bool:
    """Whether a panel is asked: not that of another kind of tumour than was read."""
    said = [str(values[name]) for name in CONTEXT if name in values]
    if scheme.startswith("sclc"):
        return not any(word in _CARCINOID for word in said)
    return not (scheme.startswith("lung_net") and any(word in _CARCINOMA for word in said))


def _stained(scheme: str, values: Mapping[str, Value]) -> tuple[str, str]:
    scores = []
    for marker in STAINS[scheme][1]:
        score = values.get(f"ihc.{marker.lower()}.h_score")
        exact = isinstance(score, Interval) and score.lo == score.hi
        scores.append(score.lo if exact and isinstance(score, Interval) else None)
    if sum(score is not None for score in scores) < _ASKED:
        return "", ""
    return _read_stains(scheme, tuple(scores))


@lru_cache(maxsize=4096)
def _read_stains(scheme: str, scores: tuple[float | None, ...]) -> tuple[str, str]:
    """Call a panel of stains, and say what it saw."""
    import numpy as np

    from nenuphar.methods.expression.subtypes import classify_stains, load_stains

    row = np.array([[np.nan if score is None else score for score in scores]])
    (call,) = classify_stains(load_stains(STAINS[scheme][0]), ["1"], row)
    said = f"{scheme}: {call.call} {max(call.probabilities):.2f} ({call.status})"
    return panel_call(call), said
