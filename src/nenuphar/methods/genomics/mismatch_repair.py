"""Microsatellite and mismatch-repair state from calls, immunohistochemistry and variants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

PROTEINS = ("MLH1", "MSH2", "MSH6", "PMS2")
_CALLS = {
    **dict.fromkeys(("msi", "msi-h", "msi_high", "msih", "instable", "unstable"), "deficient"),
    **dict.fromkeys(("mss", "stable", "msi-l", "msi_low"), "proficient"),
    **dict.fromkeys(("dmmr", "deficient"), "deficient"),
    **dict.fromkeys(("pmmr", "proficient"), "proficient"),
}
_LOST, _RETAINED = ("lost", "loss", "absent"), ("retained", "intact", "present")


@dataclass(frozen=True, slots=True)
class MismatchRepair:
    """The state of mismatch repair.

    Attributes:
        status: `deficient`, `proficient`, `conflict` or `undetermined`.
        lost: Proteins lost on staining.
        basis: What decided.
        missing: What would decide, where nothing did.
    """

    status: str
    lost: tuple[str, ...]
    basis: tuple[str, ...]
    missing: tuple[str, ...] = ()


def mismatch_repair(
    call: str | None = None, stains: Mapping[str, str] | None = None
) -> MismatchRepair:
    """Decide between deficient and proficient mismatch repair.

    A lost protein means deficient; proficient by staining needs all four proteins retained. A call
    and a staining that disagree are a conflict. Words that are not known count as missing.

    Args:
        call: `MSI-H`, `MSS`, `dMMR` ... of an assay.
        stains: `lost` or `retained` for MLH1, MSH2, MSH6, PMS2.

    Source:
        Luchini 2019, doi:10.1093/annonc/mdz116.
    """
    seen = {name.upper(): word.strip().lower() for name, word in (stains or {}).items()}
    lost = tuple(name for name in PROTEINS if seen.get(name) in _LOST)
    retained = all(seen.get(name) in _RETAINED for name in PROTEINS)
    by_stain = "deficient" if lost else "proficient" if retained else None
    by_call = _CALLS.get(call.strip().lower()) if call else None
    basis = tuple(
        text
        for text, value in (("microsatellite call", by_call), ("MMR staining", by_stain))
        if value
    )
    answers = {value for value in (by_call, by_stain) if value}
    if len(answers) == 2:
        return MismatchRepair("conflict", lost, basis, ("repeat both on the same block",))
    if answers:
        return MismatchRepair(answers.pop(), lost, basis)
    open_stains = tuple(n for n in PROTEINS if seen.get(n) not in (*_LOST, *_RETAINED))
    return MismatchRepair("undetermined", lost, (), ("microsatellite call", *open_stains))
