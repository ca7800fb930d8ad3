"""What a form has no place for, collected while a case is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from nenuphar.domain.case import IHC, Observed, Reading, Specimen
from nenuphar.domain.problems import Problem
from nenuphar.knowledge.base import KnowledgeBase

_FIX = "keep the native case beside it"


@dataclass
class Losses:
    """The list of one case.

    Attributes:
        source: Name of the input.
        patient: Id of the patient.
        problems: What was lost so far.
    """

    source: str
    patient: str
    problems: list[Problem] = field(default_factory=list)

    def lose(self, what: str, value: str, reason: str) -> None:
        """List something; `value` is an id or a number, never words of the record."""
        self.problems.append(Problem(self.source, 0, self.patient, what, value, reason, _FIX))

    def agreed(
        self, where: str, facts: Iterable[Observed], readings: Iterable[Reading]
    ) -> list[Observed]:
        """Return facts with what all readings that state a fact agree about.

        For forms without readers: what they do not agree about is listed, and so are they.
        """
        found = {each.fact: each for each in facts}
        stated: dict[str, list[Observed]] = {}
        readers = 0
        for reading in readings:
            readers += 1
            for each in reading.facts:
                stated.setdefault(each.fact, []).append(each)
        for name, all_of_them in stated.items():
            if len({each.value for each in all_of_them}) == 1 and name not in found:
                found[name] = all_of_them[0]
            else:
                reason = "the assessors differ, and there is no place for who said what"
                self.lose(name, where, reason)
        if readers:
            self.lose("assessor", where, f"who read it ({readers}) has no place")
        return list(found.values())


def facts_of_stains(
    stains: Iterable[IHC], knowledge: KnowledgeBase, losses: Losses
) -> Iterator[Observed]:
    """Yield the facts that stains state; a clone, and a stain that is no fact, are listed."""
    for stain in stains:
        name = f"ihc.{stain.marker.lower()}"
        parts = (
            (name, stain.result),
            (f"{name}.percent", stain.percent),
            (f"{name}.h_score", stain.h_score),
        )
        for fact, value in parts:
            if value is None:
                continue
            if fact in knowledge.facts:
                yield Observed(fact, value)
            else:
                losses.lose(fact[:60], "", "no fact is called so")
        if stain.clone:
            losses.lose(f"{name}.clone", "", "the clone of an antibody has no place")


def own_facts(specimen: Specimen, knowledge: KnowledgeBase, losses: Losses) -> list[Observed]:
    """Return the facts of a specimen with those of its stains, which stand where both speak."""
    found = {each.fact: each for each in specimen.facts}
    for each in facts_of_stains(specimen.ihc, knowledge, losses):
        found[each.fact] = each
    return list(found.values())
