"""Xu 2021's question of every trial: could it enrol G3 NET, and were they kept apart from NEC?

The criteria of a trial are run on simulated digestive G3 NET and NEC of which everything is known:
sites, Ki-67, lines of treatment, biomarkers. Entity and grade are given, not concluded. What the
sources report stands beside the answer; where both differ, the table shows both.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from nenuphar.domain.observation import Row, Value
from nenuphar.domain.quantity import Interval
from nenuphar.domain.scope import Scope
from nenuphar.domain.truth import Truth, all_of
from nenuphar.engine.asking import AssessedReader, ask
from nenuphar.engine.rows import PatientRows
from nenuphar.engine.tracer import Seen
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.pipeline.case import plan_of
from nenuphar.pipeline.matching.g3_net_reports import as_data, reports_of
from nenuphar.pipeline.matching.trials import Question, trials_of

Answer = Literal["yes", "no", "unclear"]

_SITES = ("pancreas", "small_intestine", "stomach", "rectum", "colon", "oesophagus")
_REGIMENS = ("cisplatin_etoposide", "captem", "folfox", "everolimus", "lanreotide")


@dataclass
class _Given(AssessedReader):
    """A patient of whom entity and grade are given."""

    given: Mapping[str, str] = field(default_factory=dict)

    def see(self, row: Row, fact: str) -> Seen:
        """Return a given value, or what the row shows."""
        if fact in self.given:
            return Seen(self.given[fact])
        return super().see(row, fact)


@dataclass(frozen=True)
class G3NetAnswer:
    """What a trial does with G3 NET.

    Attributes:
        record: The trial.
        net: Simulated G3 NET that meet, fail or leave open its criteria.
        nec: The same for NEC.
        enrols: Whether G3 NET could enter, by the criteria.
        separates: Whether the criteria let one of both enter only; `unclear` where neither enters.
    """

    record: Mapping[str, Any]
    net: Mapping[Truth, int]
    nec: Mapping[Truth, int]
    enrols: Answer
    separates: Answer


def ask_trials(knowledge: KnowledgeBase, patients: int = 200, seed: int = 1) -> list[G3NetAnswer]:
    """Run the criteria of every trial on simulated patients.

    Args:
        knowledge: The knowledge base.
        patients: Number of simulated patients of each kind.
        seed: The same seed gives the same patients.
    """
    draw = random.Random(seed)  # noqa: S311  (simulation, not cryptography)
    nets = [_patient(draw, knowledge, is_net=True) for _ in range(patients)]
    necs = [_patient(draw, knowledge, is_net=False) for _ in range(patients)]
    return [_answer(trial, nets, necs) for trial in trials_of(knowledge)]


def _answer(trial: Question, nets: list[_Given], necs: list[_Given]) -> G3NetAnswer:
    net, nec = _counts(trial, nets), _counts(trial, necs)
    separates: Answer = "unclear"
    if net[Truth.MET] or nec[Truth.MET]:
        separates = "no" if net[Truth.MET] and nec[Truth.MET] else "yes"
    return G3NetAnswer(trial.record, net, nec, _enrols(net), separates)


def _enrols(counts: Mapping[Truth, int]) -> Answer:
    if counts[Truth.MET]:
        return "yes"
    return "unclear" if counts[Truth.UNDETERMINED] else "no"


def _counts(trial: Question, patients: Iterable[_Given]) -> dict[Truth, int]:
    counts = dict.fromkeys(Truth, 0)
    for patient in patients:
        counts[all_of(ask(tree, patient).truth for tree in trial.criteria)] += 1
    return counts


def _patient(draw: random.Random, knowledge: KnowledgeBase, *, is_net: bool) -> _Given:
    """Draw a patient; what the criteria ask for is fulfilled half of the time."""
    rows: PatientRows = {scope: [] for scope in Scope}
    lines = draw.sample(_REGIMENS, draw.randint(0, 3))
    ki67 = float(draw.randint(21, 55) if is_net else draw.randint(40, 95))
    count = sum(line != "lanreotide" for line in lines)
    rows[Scope.PATIENT].append(
        _row(Scope.PATIENT, ("P",), {"treatment.line_count": _exactly(count, "count")})
    )
    rows[Scope.TUMOUR].append(_row(Scope.TUMOUR, ("P", "1"), _tumour(draw)))
    specimen: dict[str, Value] = {"pathology.ki67": _exactly(ki67, "percent")}
    for fact in knowledge.facts.values():
        marker = fact.id.startswith(("biomarker.", "ihc.")) and fact.scope is Scope.SPECIMEN
        if marker and fact.values:
            specimen[fact.id] = draw.choice(sorted(fact.values))
    rows[Scope.SPECIMEN].append(_row(Scope.SPECIMEN, ("P", "1", "1"), specimen))
    for number, regimen in enumerate(lines):
        said: dict[str, Value] = {"treatment.regimen": regimen, "treatment.progressed": True}
        key = ("P", str(number))
        rows[Scope.TREATMENT_LINE].append(_row(Scope.TREATMENT_LINE, key, said))
    given = {
        "tumour.entity": "net" if is_net else draw.choice(["nec_small_cell", "nec_large_cell"]),
        "tumour.grade": "G3" if is_net else "high_grade",
        "tumour.family": "NET" if is_net else "NEC",
    }
    return _Given(plan_of(knowledge), rows, {}, given)


def _tumour(draw: random.Random) -> dict[str, Value]:
    return {
        "tumour.site": draw.choice(_SITES),
        "disease.extent": "metastatic",
        "disease.stage": "IV",
        "disease.hormone_syndrome": draw.choice(["none", "carcinoid_syndrome"]),
        "disease.liver_metastases": True,
        "disease.progressing": True,
        "disease.symptomatic": draw.random() < 0.5,
        "disease.resected": draw.random() < 0.5,
    }


def _row(scope: Scope, key: tuple[str, ...], values: dict[str, Value]) -> Row:
    return Row(scope, key, "", None, values)


def _exactly(value: float, unit: str) -> Interval:
    return Interval(float(value), float(value), unit=unit)


def answers_as_data(
    knowledge: KnowledgeBase, patients: int = 200, seed: int = 1
) -> list[dict[str, Any]]:
    """Answer for every trial: by its criteria, by what its sources report, and what happened.

    Studies with results on G3 NET for which no eligibility is known have no simulated patients,
    and null in place of the answer of the criteria.

    Args:
        knowledge: The knowledge base.
        patients: Number of simulated patients of each kind.
        seed: The same seed gives the same patients.
    """
    reports = reports_of(knowledge)
    asked = {a.record["id"]: a for a in ask_trials(knowledge, patients, seed)}
    answers = []
    for record in knowledge.kinds("trial"):
        net, nec = reports[record["id"]]
        told = {"g3_net_reported": as_data(net), "nec_reported": as_data(nec)}
        if record["id"] in asked:
            answers.append(answer_as_data(asked[record["id"]]) | told)
        elif net.outcomes:
            unasked = answer_as_data(G3NetAnswer(record, {}, {}, "unclear", "unclear"))
            without = dict.fromkeys(("enrols_g3_net_by_criteria", "separates_by_criteria"))
            answers.append(unasked | without | told)
    return answers


def answer_as_data(answer: G3NetAnswer) -> dict[str, Any]:
    """Return an answer as plain data, with what the sources report beside it."""
    record = answer.record
    return {
        "trial": record["id"],
        "nct_id": record.get("nct_id", ""),
        "enrols_g3_net_by_criteria": answer.enrols,
        "enrols_g3_net_as_reported": record["enrols_g3_net"],
        "separates_by_criteria": answer.separates,
        "separates_as_reported": record.get("separates_g3_net_from_nec", ""),
        "g3_net": {truth.value: n for truth, n in answer.net.items()},
        "nec": {truth.value: n for truth, n in answer.nec.items()},
        "assessable": record.get("assessable", ""),
        "reason": record.get("g3_net_reason", ""),
        "heterogeneity": list(record.get("heterogeneity", ())),
        "sources": record["sources"],
    }
