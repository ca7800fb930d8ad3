"""Molecular groups of a specimen from every call: on record, from expression, from stains."""

from __future__ import annotations

from collections.abc import Mapping
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
CONTEXT = ("pathology.morphology", "diagnosis.reported")
PROFILE = "molecular.lung_profile"
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
)
_CARCINOID = ("carcinoid", "well_differentiated", "typical_carcinoid", "atypical_carcinoid", "net")
_CARCINOMA = ("small_cell", "large_cell", "poorly_differentiated", "sclc", "lcnec", "nec")
_ASKED = 2
"""Stains of a panel that must have been scored before it is asked."""


def group_calls(values: Mapping[str, Value]) -> dict[str, Value]:
    """Join the calls of every scheme.

    Args:
        values: Facts of the specimen; `panel.<scheme>` holds the call on its expression, as
            `panel_call` writes it.

    Returns:
        `molecular.calls.<scheme>` (one group, or `A1|B` where calls differ),
        `molecular.probability.<scheme>` where the panel calls that one group, and
        `molecular.evidence`; `molecular.lung_profile` where none is on record and the calls of the
        lung agree on one.
    """
    found: dict[str, Value] = {}
    evidence = [str(values["molecular.evidence"])] if "molecular.evidence" in values else []
    for scheme, groups in GROUPS.items():
        panel = ""
        if _is_asked(scheme, values):
            panel = str(values.get(f"{PANEL}{scheme}", ""))
            if scheme in STAINS:
                panel, said = _stained(scheme, values)
                evidence += [said] if said and said not in ";".join(evidence) else []
        call, _, probability = panel.partition(" ")
        named = [g for g in groups if g in (values.get(f"molecular.{scheme}"), call)]
        if named:
            found[f"molecular.calls.{scheme}"] = "|".join(named[:2])
        if named == [call]:
            chance = float(probability)
            found[f"molecular.probability.{scheme}"] = Interval(chance, chance, unit="ratio")
    if PROFILE not in values and (profile := _profile(found)):
        found[PROFILE] = profile
    if evidence:
        found["molecular.evidence"] = ";".join(evidence)
    return found


def _profile(found: Mapping[str, Value]) -> str | None:
    """Return the profile of a lung tumour by its groups; none where they differ, or say nothing."""
    told = {
        profiles.get(str(found.get(f"molecular.calls.{scheme}", "")))
        for scheme, profiles in _PROFILES.items()
        if f"molecular.calls.{scheme}" in found
    }
    return told.pop() if len(told) == 1 else None


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
