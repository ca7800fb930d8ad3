"""File names of case pages: safe on every system for any patient id, and never shared by two."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable

_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
_RESERVED = frozenset(
    {"con", "prn", "aux", "nul", *(f"{p}{n}" for p in ("com", "lpt") for n in range(10))}
)
_LONGEST = 120


def page_names(patients: Iterable[str]) -> dict[str, str]:
    """Return the file name, without suffix, of every patient's page.

    Ids of letters, digits, `.`, `_` and `-` stand as they are; other characters are
    percent-encoded. A name that is too long, that a system reserves, or that differs from another
    only in case ends with `~` and a hash of its id.

    Args:
        patients: All ids of the cohort; names of one id alone may differ where case decides.
    """
    ids = sorted(set(patients))
    plain = {patient: _encoded(patient) for patient in ids}
    folded = Counter(name.lower() for name in plain.values())
    return {
        patient: name if folded[name.lower()] == 1 and _fits(name) else _hashed(patient, name)
        for patient, name in plain.items()
    }


def _encoded(patient: str) -> str:
    text = "".join(
        c if c in _PLAIN else "".join(f"%{byte:02X}" for byte in c.encode("utf-8", "surrogatepass"))
        for c in patient
    )
    # A leading dot hides a file and a leading dash reads as an option.
    return f"%{ord(text[0]):02X}{text[1:]}" if text[:1] in (".", "-") else text


def _fits(name: str) -> bool:
    return 0 < len(name) <= _LONGEST and name.split(".", maxsplit=1)[0].lower() not in _RESERVED


def _hashed(patient: str, name: str) -> str:
    digest = hashlib.sha256(patient.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{name[: _LONGEST - 40]}~{digest[:32]}"
