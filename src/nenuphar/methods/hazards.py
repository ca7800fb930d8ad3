"""A proportional-hazards (Cox) model, with the check whether hazards are proportional."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    import pandas as pd

EVENTS_PER_TERM = 10
"""Events that each term of a model needs (Peduzzi 1995)."""


@dataclass(frozen=True)
class Term:
    """One term of a model.

    Attributes:
        name: What it compares.
        hazard_ratio: Ratio of hazards.
        ci_low: Lower end of its 95% interval.
        ci_high: Upper end.
        p_value: Wald test.
        proportional_p: Test of proportional hazards; a small value speaks against the model.
    """

    name: str
    hazard_ratio: float
    ci_low: float
    ci_high: float
    p_value: float
    proportional_p: float


@dataclass(frozen=True)
class CoxModel:
    """A model, or the reason why there is none.

    Attributes:
        endpoint: What ends the time, in words.
        terms: Empty where no model was fitted.
        patients: Patients with time, event and all terms.
        events: Events among them.
        left_out: Patients who lack one of these.
        reason: Why no model was fitted; empty where one was.
    """

    endpoint: str
    terms: tuple[Term, ...]
    patients: int
    events: int
    left_out: int
    reason: str = ""


def cox_model(patients: pl.DataFrame, terms: Sequence[str], *, endpoint: str) -> CoxModel:
    """Fit a proportional-hazards model of yes-or-no terms and test its assumption.

    Args:
        patients: Columns `time` (number, not negative), `event` (boolean) and, for each term, a
            boolean column of its name. Null is missing; such patients are left out and counted.
        terms: Names of the columns to put into the model.
        endpoint: What ends the time, in words.

    Returns:
        The model with the test on scaled Schoenfeld residuals against ranked time for each term.
        No model is fitted where there are fewer than ten events for each term, where a term is
        the same for all, or where one of its groups has no event: its hazard ratio has no
        finite estimate.

    Source:
        Grambsch and Therneau, Biometrika 1994;81:515-526, doi:10.1093/biomet/81.3.515; events per
        term: Peduzzi 1995, doi:10.1016/0895-4356(95)00048-8; computed by lifelines,
        doi:10.21105/joss.01317.
    """
    complete = patients.drop_nulls(["time", "event", *terms]).filter(pl.col("time") >= 0)
    events = int(complete["event"].sum())
    counts = (complete.height, events, patients.height - complete.height)
    reason = _unfit(complete, terms, events)
    if reason:
        return CoxModel(endpoint, (), *counts, reason)
    import pandas as pd
    from lifelines import CoxPHFitter
    from lifelines.exceptions import ConvergenceError, ConvergenceWarning
    from lifelines.statistics import proportional_hazard_test

    chosen = complete.select("time", "event", *terms)
    table = pd.DataFrame({name: chosen[name].cast(pl.Float64).to_list() for name in chosen.columns})
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", ConvergenceWarning)
            fitter = CoxPHFitter().fit(table, "time", "event")
    except (ConvergenceError, ConvergenceWarning):
        why = "it does not converge on these data; the groups may be separated completely"
        return CoxModel(endpoint, (), *counts, why)
    tested = proportional_hazard_test(fitter, table, time_transform="rank")
    fitted = tuple(_term(name, fitter.summary, tested.summary) for name in terms)
    return CoxModel(endpoint, fitted, *counts)


def _unfit(complete: pl.DataFrame, terms: Sequence[str], events: int) -> str:
    """Say why no model can be fitted, empty where one can."""
    if events < EVENTS_PER_TERM * max(len(terms), 1):
        needed = EVENTS_PER_TERM * max(len(terms), 1)
        return f"{events} events are too few: {len(terms)} terms need {needed}"
    for name in terms:
        groups = complete.group_by(name).agg(pl.col("event").sum())
        if groups.height < 2:
            return f"{name.lower()}: all patients are alike"
        if (groups["event"] == 0).any():
            return f"{name.lower()}: one of the groups has no event"
    return ""


def _term(name: str, summary: pd.DataFrame, tested: Any) -> Term:
    row = summary.loc[name]
    return Term(
        name,
        float(row["exp(coef)"]),
        float(row["exp(coef) lower 95%"]),
        float(row["exp(coef) upper 95%"]),
        float(row["p"]),
        float(tested.loc[name, "p"]),
    )
