"""Alternative lengthening of telomeres, and DAXX and ATRX."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

GENES = ("DAXX", "ATRX")
_LOST, _KEPT = "lost", "retained"


@dataclass(frozen=True, slots=True)
class TelomereMaintenance:
    """What is known of telomere maintenance.

    Attributes:
        alt: `yes` or `no` by an assay; `likely` where only DAXX or ATRX loss speaks for it;
            `undetermined` otherwise.
        daxx_atrx: `lost`, `retained` or `undetermined`.
        gene: The lost gene, if one.
        conflict: Whether findings contradict each other.
        basis: What decided.
        missing: What would decide.
    """

    alt: str
    daxx_atrx: str
    gene: str
    conflict: bool
    basis: tuple[str, ...]
    missing: tuple[str, ...]


def telomere_maintenance(
    alt_assay: str | None = None,
    stains: Mapping[str, str] | None = None,
    variants: Mapping[str, str] | None = None,
) -> TelomereMaintenance:
    """Join an ALT assay with the state of DAXX and ATRX.

    Only an assay of telomeres (FISH, C-circles) says yes or no. Loss of DAXX or ATRX, by staining
    or by a damaging variant, makes ALT likely; that both are retained does not exclude it, as a
    few ALT tumours retain both. A stain and a variant that disagree are a conflict; the stain
    decides, because it shows the protein.

    Args:
        alt_assay: `positive` or `negative`.
        stains: `lost` or `retained` for DAXX and ATRX.
        variants: `damaging` or `none` (assayed, none found) for the two.

    Source:
        Heaphy 2011, doi:10.1126/science.1207313; Marinoni 2014, doi:10.1053/j.gastro.2013.10.020.
    """
    stained = {g: (stains or {}).get(g, "") for g in GENES}
    mutated = {g: (variants or {}).get(g, "") for g in GENES}
    lost = [g for g in GENES if stained[g] == _LOST]
    by_variant = [g for g in GENES if mutated[g] == "damaging" and stained[g] != _KEPT]
    conflict = any(mutated[g] == "damaging" and stained[g] == _KEPT for g in GENES)
    kept = all(stained[g] == _KEPT for g in GENES)
    state = "lost" if lost or by_variant else "retained" if kept else "undetermined"
    basis = [f"{g} lost on staining" for g in lost]
    basis += [f"damaging {g} variant" for g in by_variant if g not in lost]
    assayed = {"positive": "yes", "negative": "no"}.get((alt_assay or "").strip().lower())
    if assayed:
        basis.insert(0, f"ALT assay {alt_assay}")
    missing: tuple[str, ...] = () if assayed else ("ALT assay (telomere FISH)",)
    if state == "undetermined":
        missing += tuple(f"{g} staining" for g in GENES if stained[g] not in (_LOST, _KEPT))
    return TelomereMaintenance(
        assayed or ("likely" if state == "lost" else "undetermined"),
        state,
        (lost or by_variant or [""])[0],
        conflict or (assayed == "no" and state == "lost"),
        tuple(basis),
        missing,
    )
