"""The rules of a best response, and the search for the scans that confirm a response."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from nenuphar.methods.response import vocabulary as terms


@dataclass(frozen=True, slots=True)
class BestResponseRules:
    """The choices that turn time points into a best response.

    Attributes:
        criteria: ``recist1.1`` or ``irecist``.
        confirm_days: days between a response and the scan that confirms it; ``None`` asks for
            the unconfirmed best response.
        start_window: days from the reference date before which SD and NON-CR/NON-PD (and, for
            the confirmed best response, unconfirmed CR and PR) only count as NE.
        max_ne: NE assessments permitted between a response and its confirmation.
        accept_sd: whether one SD may stand between a PR and its confirmation.
        missing_as_ne: whether a subject without assessments is NE instead of MISSING.
        stop_at_pd: whether assessments after the first PD (iCPD under iRECIST) are left out.

    Source:
        RECIST 1.1 Table 3; admiralonco ``derive_param_confirmed_bor`` (documentation).
    """

    criteria: str = "recist1.1"
    confirm_days: int | None = None
    start_window: int = 42
    max_ne: int = 1
    accept_sd: bool = False
    missing_as_ne: bool = False
    stop_at_pd: bool = True


def confirmed_positions(rows: pl.DataFrame, rules: BestResponseRules, response: int) -> np.ndarray:
    """Find the CR or PR assessments that a later one confirms.

    All candidates step forward through the scans of their subject together; a candidate
    leaves when a scan confirms it or rules its confirmation out.

    Args:
        rows: ``run``, ``day``, ``code`` in the order of subject and date.
        rules: the parameters; ``confirm_days`` must be set.
        response: the code of CR or of PR.

    Returns:
        Positions of the confirmed assessments.
    """
    run, day, code = (rows[name].to_numpy() for name in ("run", "day", "code"))
    at = np.flatnonzero(code == response)
    max_sd = int(rules.accept_sd) if response == terms.PR else 0
    not_evaluable, stable = np.zeros(at.size, np.int32), np.zeros(at.size, np.int32)
    complete = np.zeros(at.size, bool)
    confirmed = []
    step = 0
    while at.size:
        step += 1
        ahead = np.minimum(at + step, code.size - 1)
        inside = (at + step < code.size) & (run[ahead] == run[at])
        seen = code[ahead]
        not_evaluable = not_evaluable + (seen == terms.NE)
        stable = stable + (seen == terms.SD)
        good = seen <= response
        possible = (
            inside
            & (good | (seen == terms.NE) | (seen == terms.SD))
            & (not_evaluable <= rules.max_ne)
            & (stable <= max_sd)
            # a PR after a CR is not the same response any more
            & ~(complete & (seen == terms.PR))
        )
        found = possible & good & (day[ahead] - day[at] >= (rules.confirm_days or 0))
        confirmed.append(at[found])
        complete = complete | (seen == terms.CR) if response == terms.PR else complete
        going = possible & ~found
        at, not_evaluable, stable, complete = (
            values[going] for values in (at, not_evaluable, stable, complete)
        )
    return np.concatenate(confirmed) if confirmed else at
