"""What changed between specimens of one tumour, and which changes fit acquired resistance.

Source: doi:10.20517/cdr.2024.154, primary resistance vs. acquired resistance in SCLC.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from nenuphar.domain.observation import Value
from nenuphar.domain.quantity import Interval

ORDER = ("baseline", "on_treatment", "progression")
TIME = "specimen.time_point"
SCHEMES = ("sclc", "sclc_ihc", "lung_net", "lung_net_ihc", "lung_nen", "pannet")
EPIGENETIC = ("lung_net_epigenetic", "pannet_epigenetic", "pannet_enhancer", "sinet_methylation")
_LOST, _KEPT = ("lost", "negative"), ("retained", "positive")
_NEARNESS = {"desert": 0, "excluded": 1, "infiltrated": 2}
STAINS = {
    "change.antigen_processing": ("ihc.tap1", "ihc.tap2", "ihc.nlrc5"),
    "change.alternate_mhc": ("ihc.hla_e", "ihc.hla_g"),
    "change.sting": ("ihc.sting", "ihc.cgas"),
    "change.checkpoints": ("ihc.pd_l1", "ihc.pd_1", "ihc.ctla_4", "ihc.ido1"),
    "change.exhaustion": ("ihc.tim_3", "ihc.lag_3", "ihc.tigit"),
    "change.alternate_checkpoints": ("ihc.cd276", "ihc.cd200"),
    "change.hypoxia": ("ihc.hif1a",),
    "change.vegf": ("ihc.vegfa",),
    "change.lineage": ("ihc.arx", "ihc.pdx1"),
}
LEVELS = {
    "change.tregs": ("microenvironment.tregs",),
    "change.mdsc": ("microenvironment.mdsc",),
    "change.neutrophils": ("microenvironment.neutrophils",),
    "change.macrophages": ("microenvironment.macrophages",),
    "change.chemokines": (
        *("chemokine.cxcl9", "chemokine.cxcl10", "chemokine.cxcl11", "chemokine.ccl5"),
    ),
}
_PRESENT = ("positive", "many", "high")
INPUTS = (
    *(TIME, "ihc.mhc_i", "ihc.b2m", "microenvironment.t_cells", "immune.t_cells"),
    *(f"molecular.calls.{scheme}" for scheme in SCHEMES),
    *(f"molecular.{scheme}" for scheme in EPIGENETIC),
    *(fact for facts in (*STAINS.values(), *LEVELS.values()) for fact in facts),
)


@dataclass(frozen=True)
class Stage:
    """A specimen at one stage of treatment.

    Attributes:
        values: Its facts.
        variants: Changes found in it, gene and protein; None where it was not sequenced.
    """

    values: Mapping[str, Value]
    variants: frozenset[tuple[str, str]] | None = field(default=None)


def changes(stages: Mapping[str, Stage]) -> dict[str, dict[str, Value]]:
    """Compare each specimen with those before it.

    Args:
        stages: Specimens of one tumour by `specimen.time_point`, at most one for each.

    Returns:
        By time point the facts `change.*` that can be told; what was not measured at both stages is
        left out. T cells fall back where they rose on treatment and are at progression no more than
        at baseline.
    """
    found: dict[str, dict[str, Value]] = {}
    for place, name in enumerate(ORDER):
        before = [stages[early] for early in ORDER[:place] if early in stages]
        if name not in stages or not before:
            continue
        now, first = stages[name], before[0]
        told: dict[str, Value | None] = {
            "change.mhc_i": _presentation("ihc.mhc_i", before, now),
            "change.b2m": _presentation("ihc.b2m", before, now),
            "change.t_cells": _t_cells(before, now),
            "change.subtype": _subtype(first, now, [f"molecular.calls.{s}" for s in SCHEMES]),
            "change.epigenetic": _subtype(first, now, [f"molecular.{s}" for s in EPIGENETIC]),
            "change.subclone": _subclone(stages) if name == "progression" else None,
        }
        told |= {fact: _turned(of, before, now, "gained", "lost") for fact, of in STAINS.items()}
        told |= {fact: _turned(of, before, now, "rise", "fall") for fact, of in LEVELS.items()}
        own = {fact: value for fact, value in told.items() if value is not None}
        if name == "progression":
            own |= _fitting(own)
        found[name] = own
    return found


def _presentation(fact: str, before: Sequence[Stage], now: Stage) -> str | None:
    earlier = [stage.values[fact] for stage in before if fact in stage.values]
    if not earlier or fact not in now.values:
        return None
    was, is_ = earlier[-1], now.values[fact]
    if was in _KEPT and is_ in _LOST:
        risen = fact == "ihc.mhc_i" and len(earlier) == 2 and earlier[0] in _LOST
        return "back_to_baseline" if risen else "lost"
    return "regained" if was in _LOST and is_ in _KEPT else "unchanged"


def _turned(
    facts: Sequence[str], before: Sequence[Stage], now: Stage, up: str, down: str
) -> str | None:
    """Say whether any of some stains or levels turned since the last specimen that has it."""
    turns = set()
    for fact in facts:
        earlier = [stage.values[fact] for stage in before if fact in stage.values]
        if earlier and fact in now.values:
            was, is_ = earlier[-1] in _PRESENT, now.values[fact] in _PRESENT
            turns.add("unchanged" if was == is_ else up if is_ else down)
    if not turns:
        return None
    turned = turns - {"unchanged"}
    return "mixed" if len(turned) > 1 else next(iter(turned), "unchanged")


def _t_cells(before: Sequence[Stage], now: Stage) -> str | None:
    steps = [_step(stage, now) for stage in before]
    if len(before) == 2:
        rise = _step(before[0], before[1])
        fell_back = rise == "rise" and steps[1] == "fall" and steps[0] in ("unchanged", "fall")
        if fell_back:
            return "back_to_baseline"
    known = [step for step in steps if step is not None]
    return known[-1] if known else None


def _step(before: Stage, after: Stage) -> str | None:
    """Compare T cells of two specimens: by their share where both have one, else by their place."""
    shares = [stage.values.get("immune.t_cells") for stage in (before, after)]
    if all(isinstance(share, Interval) for share in shares):
        was, is_ = shares
        if is_.lo > was.hi * _FACTOR:  # type: ignore[union-attr]
            return "rise"
        return "fall" if is_.hi * _FACTOR < was.lo else "unchanged"  # type: ignore[union-attr]
    places = [stage.values.get("microenvironment.t_cells") for stage in (before, after)]
    if None in places:
        return None
    was_at, is_at = (_NEARNESS[str(place)] for place in places)
    return "rise" if is_at > was_at else "fall" if is_at < was_at else "unchanged"


_FACTOR = 1.5
"""Shares of two specimens that differ less than this many times are taken as unchanged."""


def _subtype(before: Stage, now: Stage, names: Sequence[str]) -> str | None:
    pairs = [
        (before.values[name], now.values[name])
        for name in names
        if name in before.values and name in now.values
    ]
    pairs = [(was, is_) for was, is_ in pairs if "|" not in f"{was}{is_}"]
    if not pairs:
        return None
    return "switched" if any(was != is_ for was, is_ in pairs) else "unchanged"


def _subclone(stages: Mapping[str, Stage]) -> str | None:
    seen = [stages[name].variants if name in stages else None for name in ORDER]
    if any(found is None for found in seen):
        return None
    first, between, last = (found or frozenset() for found in seen)
    return "reemerged" if (first & last) - between else "none_seen"


_FITS = {
    ("change.mhc_i", "lost"): "MHC class I lost",
    ("change.mhc_i", "back_to_baseline"): "MHC class I back at baseline",
    ("change.b2m", "lost"): "beta-2 microglobulin lost",
    ("change.t_cells", "back_to_baseline"): "T cells back at baseline",
    ("change.subtype", "switched"): "molecular group switched (a hypothesis)",
    ("change.subclone", "reemerged"): "subclone of baseline back",
    ("change.hypoxia", "gained"): "HIF-1α turned positive (seen under chemotherapy)",
}


def _fitting(own: Mapping[str, Value]) -> dict[str, Value]:
    fits = [words for (fact, value), words in _FITS.items() if own.get(fact) == value]
    if not own:
        return {}
    return {"change.fits_acquired_resistance": ";".join(fits) or "none of those compared"}
