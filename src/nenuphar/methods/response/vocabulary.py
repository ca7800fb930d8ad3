"""The terms in which responses are written, and the order in which the best one is chosen."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final, Literal

Criteria = Literal["recist1.1", "irecist"]

# Codes shared by both vocabularies; the number is also the rank of a best response
# (admiralonco's order, with iUPD between PD and NE as in the published iBOR table).
CR, PR, SD, NON_CR_NON_PD, PD, IUPD, NE, ND, MISSING = range(1, 10)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The response terms of one set of criteria.

    Attributes:
        criteria: name of the criteria.
        codes: permitted term to code.
        labels: code to the term that is written out.
        tolerated: terms of the other vocabulary that are read with a remark.
    """

    criteria: Criteria
    codes: dict[str, int]
    labels: dict[int, str]
    tolerated: dict[str, str]

    def suggestion(self, term: str) -> str:
        """Name the permitted term nearest to an unknown one, or list them all."""
        folded = {normalise(known): known for known in self.codes}
        close = get_close_matches(normalise(term), folded, n=1, cutoff=0.5)
        if close:
            return f"did you mean {folded[close[0]]}?"
        return f"use one of {', '.join(self.codes)}"


def normalise(term: str) -> str:
    """Fold case and drop blanks, hyphens and slashes, so that only the letters count."""
    return "".join(letter for letter in term.upper() if letter.isalnum())


RECIST: Final = Vocabulary(
    criteria="recist1.1",
    codes={
        "CR": CR,
        "PR": PR,
        "SD": SD,
        "NON-CR/NON-PD": NON_CR_NON_PD,
        "PD": PD,
        "NE": NE,
        "ND": ND,
    },
    labels={
        CR: "CR",
        PR: "PR",
        SD: "SD",
        NON_CR_NON_PD: "NON-CR/NON-PD",
        PD: "PD",
        NE: "NE",
        ND: "ND",
        MISSING: "MISSING",
    },
    tolerated={},
)

IRECIST: Final = Vocabulary(
    criteria="irecist",
    codes={
        "iCR": CR,
        "iPR": PR,
        "iSD": SD,
        "NON-iCR/NON-iUPD": NON_CR_NON_PD,
        "iCPD": PD,
        "iUPD": IUPD,
        "NE": NE,
        "ND": ND,
    },
    labels={
        CR: "iCR",
        PR: "iPR",
        SD: "iSD",
        NON_CR_NON_PD: "NON-iCR/NON-iUPD",
        PD: "iCPD",
        IUPD: "iUPD",
        NE: "NE",
        ND: "ND",
        MISSING: "MISSING",
    },
    # RECIST 1.1 is often recorded up to the first progression and iRECIST after it.
    tolerated={
        "CR": "iCR",
        "PR": "iPR",
        "SD": "iSD",
        "NON-CR/NON-PD": "NON-iCR/NON-iUPD",
        "PD": "iUPD",
    },
)


class UnknownCriteriaError(ValueError):
    """The name of a set of criteria is not known."""


def vocabulary(criteria: str) -> Vocabulary:
    """Return the vocabulary of a set of criteria.

    Args:
        criteria: ``recist1.1`` or ``irecist``.

    Raises:
        UnknownCriteriaError: if the name is neither.
    """
    for known in (RECIST, IRECIST):
        if known.criteria == criteria:
            return known
    message = f"criteria {criteria!r} are not known; use recist1.1 or irecist"
    raise UnknownCriteriaError(message)
