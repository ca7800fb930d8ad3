"""Values of FHIR resources as answers, dates and codes."""

from __future__ import annotations

import re
from typing import Any

from nenuphar.domain.dates import DateError, PartialDate, parse_date
from nenuphar.io.exchange.answers import Answer, Code
from nenuphar.io.exchange.parts import Part
from nenuphar.io.exchange.vocabulary import OWN, Vocabulary

URN = "urn:nenuphar:"
"""Systems of the project's own identifiers: `urn:nenuphar:patient`, `urn:nenuphar:line`, …"""

_COMPARATORS = {"<": (1, True), "<=": (1, False), ">": (0, True), ">=": (0, False)}
_DATE = re.compile(r"^\d{4}(-\d\d(-\d\d)?)?")
BOUND = ("lower_bound", "upper_bound")
"""Own components that hold the ends of a quantity where FHIR has no single value for it."""


def codes_of(concept: Part | None, vocabulary: Vocabulary) -> tuple[Code, ...]:
    """Return the codings of a concept, the project's own first; none where the field is absent."""
    if concept is None:
        return ()
    found = [
        vocabulary.coding(each.text("system"), each.text("code"), each.text("display"))
        for each in concept.each("coding")
        if each.text("code")
    ]
    return tuple(sorted(found, key=lambda code: code.system != OWN))


def concept_answer(concept: Part | None, vocabulary: Vocabulary) -> Answer:
    """Return a concept as an answer: its codes and its words."""
    if concept is None:
        return Answer()
    return Answer(codes_of(concept, vocabulary), concept.text("text"))


def answer_of(part: Part, vocabulary: Vocabulary) -> Answer:
    """Return what an observation, or a component of one, came to; empty where it states nothing."""
    found = _value_of(part, vocabulary)
    if not found.is_empty:
        return found
    if bounds := _bounds(part, vocabulary):
        return bounds
    for each in part.each("interpretation"):
        answer = concept_answer(each, vocabulary)
        if not answer.is_empty:
            return answer
    return Answer()


def _value_of(part: Part, vocabulary: Vocabulary) -> Answer:
    if (quantity := part.get("valueQuantity")) is not None:
        return quantity_answer(quantity)
    if (interval := part.get("valueRange")) is not None:
        low, high = (quantity_answer(interval.get(name)) for name in ("low", "high"))
        return _between(low, high)
    if (concept := part.get("valueCodeableConcept")) is not None:
        return concept_answer(concept, vocabulary)
    flag, number = part.get("valueBoolean"), part.get("valueInteger")
    if flag is not None:
        return Answer(flag=flag.data is True)
    if number is not None:
        whole = float(number.data)
        return Answer(ends=(whole, whole, False, False))
    return Answer(text=part.text("valueString") or part.text("valueDateTime"))


def _bounds(part: Part, vocabulary: Vocabulary) -> Answer | None:
    found: dict[str, Answer] = {}
    for component in part.each("component"):
        for code in codes_of(component.get("code"), vocabulary):
            if code.system == OWN and code.code in BOUND:
                found[code.code] = quantity_answer(component.get("valueQuantity"))
    if not found:
        return None
    return _between(*(found.get(name, Answer()) for name in BOUND))


def _between(low: Answer, high: Answer) -> Answer:
    if low.ends is None and high.ends is None:
        return Answer()
    lo, lo_open = (low.ends[0], low.ends[2]) if low.ends else (0.0, False)
    hi, hi_open = (high.ends[1], high.ends[3]) if high.ends else (float("inf"), False)
    return Answer(ends=(lo, hi, lo_open, hi_open), unit=low.unit or high.unit)


def quantity_answer(quantity: Part | None) -> Answer:
    """Return a quantity with its comparator; one without a value is no answer."""
    value = quantity.get("value") if quantity is not None else None
    if quantity is None or value is None:
        return Answer()
    try:
        number = float(value.data)
    except (TypeError, ValueError):
        return Answer()
    unit = quantity.text("code") or quantity.text("unit")
    comparator = quantity.text("comparator")
    if comparator not in _COMPARATORS:
        return Answer() if comparator else Answer(ends=(number, number, False, False), unit=unit)
    side, excluded = _COMPARATORS[comparator]
    ends = (0.0, number, False, excluded) if side else (number, float("inf"), excluded, False)
    return Answer(ends=ends, unit=unit)


def date_of(text: str) -> PartialDate | None:
    """Return the day, month or year of a FHIR date or instant; None where it is none."""
    found = _DATE.match(text)
    try:
        return parse_date(found[0]) if found else None
    except DateError:
        return None


def period_of(part: Part, *names: str) -> tuple[PartialDate | None, PartialDate | None]:
    """Return first and last day of the first of several fields that is there."""
    for name in names:
        if moment := part.text(f"{name}DateTime"):
            day = date_of(moment)
            return day, None
        if (period := part.get(f"{name}Period")) is not None:
            return date_of(period.text("start")), date_of(period.text("end"))
    return None, None


def own_id(part: Part, kind: str) -> str:
    """Return the id that this project gave a resource of a kind; empty where it gave none."""
    identifiers = part.data.get("identifier") if isinstance(part.data, dict) else None
    listed: list[Any] = identifiers if isinstance(identifiers, list) else []
    for each in listed:
        if isinstance(each, dict) and each.get("system") == f"{URN}{kind}":
            return str(each.get("value") or "")
    return ""
