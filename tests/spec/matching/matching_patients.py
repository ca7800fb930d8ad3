"""A patient in a few words: observed facts, lines of treatment, and what is concluded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nenuphar.domain.case import Case, Observed, Specimen, TreatmentLine, Tumour
from nenuphar.domain.conclusion import Conclusion
from nenuphar.domain.scope import Scope
from nenuphar.engine.rows import rows_of_case
from nenuphar.io.values import parser_for
from nenuphar.knowledge.base import load_knowledge
from nenuphar.pipeline.case import Assessment, plan_of, stamp_of
from nenuphar.pipeline.matching.trials import TrialMatch, match_case, trials_of

KB = load_knowledge()
Line = tuple[str, str]


def _observed(facts: dict[str, str], *scopes: Scope) -> tuple[Observed, ...]:
    return tuple(
        Observed(name, value)
        for name, text in facts.items()
        if KB.facts[name].scope in scopes
        and (value := parser_for(KB.facts[name], KB).parse(text)) is not None
    )


def _line(number: int, regimen: str, progressed: str) -> TreatmentLine:
    facts = {"treatment.regimen": regimen, "treatment.progressed": progressed}
    known = {name: text for name, text in facts.items() if text}
    return TreatmentLine(str(number), None, _observed(known, Scope.TREATMENT_LINE))


def assessed(facts: dict[str, str], lines: Sequence[Line] = (), provisional: bool = False,
             **concluded: str) -> Assessment:  # fmt: skip
    """An assessed patient of one specimen, whose entity and grade are concluded as stated."""
    specimen = Specimen("1", None, _observed(facts, Scope.SPECIMEN))
    tumour = Tumour("1", _observed(facts, Scope.TUMOUR), (specimen,))
    own = _observed(facts, Scope.PATIENT)
    treated = tuple(_line(n, *line) for n, line in enumerate(lines, 1))
    rows = rows_of_case(Case("P", own, (tumour,), treated))
    stamp = stamp_of(KB)
    conclusions = []
    for fact in plan_of(KB).order:
        scope = KB.facts[fact].scope
        value = concluded.get(fact.removeprefix("tumour."))
        status = "undetermined" if value is None else "provisional" if provisional else "met"
        missing = () if status == "met" else ("pathology.morphology",)
        conclusions += [
            Conclusion(fact, scope, row.key, "", "", value, status, missing, stamp=stamp)
            for row in rows[scope]
        ]
    return Assessment("P", tuple(conclusions), rows, stamp)


def match(
    trial: str, facts: dict[str, str], lines: Sequence[Line] = (), **known: Any
) -> TrialMatch:
    """Match one trial, named by a part of its id, to a patient."""
    chosen = [question for question in trials_of(KB) if f".{trial}." in question.id]
    assert len(chosen) == 1
    return match_case(assessed(facts, lines, **known), KB, chosen)[0]
