"""A cohort matched in columns gets the answers that each patient gets alone."""

from __future__ import annotations

from typing import Any

import polars as pl
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from nenuphar.domain.observation import Row
from nenuphar.domain.quantity import Interval
from nenuphar.domain.scope import Scope
from nenuphar.engine.frames import frames_of
from nenuphar.engine.rows import PatientRows
from nenuphar.knowledge.base import load_knowledge
from nenuphar.knowledge.criterion import Over, facts_of, walk
from nenuphar.knowledge.schema import Fact
from nenuphar.pipeline.case import assess_rows
from nenuphar.pipeline.matching.cohort import match_cohort
from nenuphar.pipeline.matching.trials import match_case, questions_of_trials, trials_of

KB = load_knowledge()
READ = sorted(
    {name for trial in trials_of(KB) for tree in trial.criteria for name in facts_of(tree)}
)
OBSERVED = [KB.facts[name] for name in READ if name in KB.facts and not KB.facts[name].derived]
INPUTS = [*OBSERVED, KB.facts["diagnosis.reported"], KB.facts["pathology.morphology"],
          KB.facts["pathology.mitoses"], KB.facts["pathology.necrosis"],
          KB.facts["specimen.is_index"]]  # fmt: skip
VARIANTS = sorted(questions_of_trials(KB))


def values(fact: Fact) -> st.SearchStrategy[Any]:
    """Values of a fact, intervals among them."""
    if fact.type == "number":
        ends = st.sampled_from([0.0, 1.0, 2.0, 10.0, 20.0, 30.0, 55.0])
        pairs = st.tuples(ends, ends).map(sorted)
        return pairs.map(lambda ends: Interval(ends[0], ends[1], unit=fact.unit))
    if fact.type == "boolean":
        return st.booleans()
    codes = KB.hierarchies[fact.hierarchy].parents if fact.hierarchy else fact.values
    return st.sampled_from(sorted(codes))


@st.composite
def row(draw: st.DrawFn, scope: Scope, key: tuple[str, ...], assessor: str = "") -> Row:
    """A row of a scope; every fact may be missing."""
    found: dict[str, Any] = {}
    for fact in INPUTS:
        if fact.scope is scope and draw(st.booleans()):
            found[fact.id] = draw(values(fact))
    if scope is Scope.SPECIMEN:
        found |= {name: draw(st.booleans()) for name in VARIANTS if draw(st.booleans())}
    return Row(scope, key, assessor, None, found, {})


@st.composite
def patient(draw: st.DrawFn, name: str) -> PatientRows:
    """A patient with up to two tumours of up to two specimens, read by up to two people."""
    rows: PatientRows = {scope: [] for scope in Scope}
    rows[Scope.PATIENT].append(draw(row(Scope.PATIENT, (name,))))
    for t in range(draw(st.integers(0, 2))):
        rows[Scope.TUMOUR].append(draw(row(Scope.TUMOUR, (name, f"T{t}"))))
        for s in range(draw(st.integers(0, 2))):
            for assessor in draw(st.sampled_from([[""], ["A", "B"]])):
                key = (name, f"T{t}", f"S{s}")
                rows[Scope.SPECIMEN].append(draw(row(Scope.SPECIMEN, key, assessor)))
    for line in range(draw(st.integers(0, 3))):
        rows[Scope.TREATMENT_LINE].append(draw(row(Scope.TREATMENT_LINE, (name, f"L{line}"))))
    return rows


def test_every_quantifier_of_a_trial_runs_over_rows_that_the_cohort_holds() -> None:
    scopes = {p.scope for t in trials_of(KB) for c in t.criteria for p in walk(c)
              if isinstance(p, Over)}  # fmt: skip
    assert scopes == {"treatment_line"}


@settings(
    max_examples=10, phases=[Phase.generate], deadline=None, suppress_health_check=list(HealthCheck)
)
@given(st.data())
def test_rows_and_columns_agree(data: st.DataObject) -> None:
    cohort = [data.draw(patient(f"P{i}")) for i in range(data.draw(st.integers(1, 3)))]
    first = data.draw(st.integers(0, 5))
    trials = trials_of(KB)[first::6]
    matches = match_cohort(frames_of(cohort, KB), KB, trials)
    pairs = {
        (cells["patient_id"], cells["trial_id"]): cells
        for cells in matches.pairs().iter_rows(named=True)
    }
    criteria = matches.criteria().with_columns(pl.col("truth").cast(pl.String))
    listed = [tuple(cells) for cells in criteria.iter_rows()]
    expected = []
    for rows in cohort:
        name = rows[Scope.PATIENT][0].key[0]
        for match in match_case(assess_rows(name, rows, KB), KB, trials):
            cells = pairs.pop((name, match.record["id"]))
            assert cells["eligibility"] == match.eligibility.value
            assert cells["provisional"] == match.provisional
            assert cells["missing"] == ";".join(match.missing)
            assert cells["completeness"] == match.completeness
            expected += [
                (name, match.record["id"], c.asks, c.truth.value, c.provisional,
                 ";".join(c.missing))
                for c in match.criteria
            ]  # fmt: skip
    assert not pairs
    assert sorted(listed) == sorted(expected)
