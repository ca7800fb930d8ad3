"""Conclusions about one case, each with everything that it rests on."""

from __future__ import annotations

from collections.abc import Iterable

from nenuphar.domain.conclusion import Conclusion, Input, SaidCaution, Stamp
from nenuphar.domain.observation import Origin, Row, Value, show_value
from nenuphar.domain.quantity import Interval
from nenuphar.domain.scope import Scope
from nenuphar.engine.combine import BUILT_IN_CAUTIONS, SILENT, crosswalk, listing
from nenuphar.engine.plan import NO_CONTEXT, Plan, facts_read, trees_of
from nenuphar.engine.reading import CaseReader, Decided, row_key
from nenuphar.engine.rows import PatientRows
from nenuphar.knowledge.base import KnowledgeBase


def is_silent(plan: Plan, fact: str, row: Row) -> bool:
    """Whether an open fact goes unlisted on a row."""
    return plan.is_quiet(fact) and not any(name in row.values for name in plan.listed_with(fact))


def _about(fact: str, row: Row) -> tuple[str, Scope, tuple[str, ...], str, str]:
    """Say what a conclusion is about: the fact, and scope, key, assessor and date of the row."""
    return fact, row.scope, row.key, row.assessor, str(row.date) if row.date else ""


def conclude(
    plan: Plan, fact: str, row: Row, reader: CaseReader, decided: Decided, stamp: Stamp
) -> Conclusion:
    """Return the conclusion about a fact on a row, with everything that it rests on."""
    finding, kb = decided.finding, plan.knowledge
    versions = ";".join(str(kb.rules[rule_id].version) for rule_id in finding.rule_ids)
    read = _facts_behind(plan, fact, decided)
    return Conclusion(
        *_about(fact, row),
        value=finding.value,
        status=finding.status,
        missing=finding.missing,
        alternatives=finding.alternatives,
        cautions=tuple(SaidCaution(c, _words(kb, c)) for c in finding.cautions),
        context=decided.primary,
        by_context=tuple(
            (context, found.value or "", found.status)
            for context, found in decided.findings.items()
            if context != NO_CONTEXT and found != SILENT
        ),
        rule_id=";".join(finding.rule_ids),
        rule_version=versions,
        rules=decided.traces,
        inputs=tuple(_inputs(plan, read, row, reader)),
        probability=_probability(plan, fact, row) if finding.stands else None,
        stamp=stamp,
    )


def measurements(
    plan: Plan, rows: PatientRows, reader: CaseReader, stamp: Stamp
) -> Iterable[Conclusion]:
    """What methods computed; they ran before, so that rules can read it like what was observed."""
    for fact, method in plan.measured.items():
        read = [name for name in method.inputs if not plan.is_derived(name)]
        for row in rows[plan.scope(fact)]:
            value = row.values.get(fact)
            known = value is not None
            if not known and is_silent(plan, fact, row):
                continue
            yield Conclusion(
                *_about(fact, row),
                show_value(value) if known else None,
                "met" if known else "undetermined",
                () if known else tuple(sorted(method.inputs)),
                rule_id=method.id if known else "",
                rule_version=str(method.version) if known else "",
                inputs=tuple(_inputs(plan, read, row, reader)),
                probability=_probability(plan, fact, row) if known else None,
                stamp=stamp,
            )


def crosswalks(
    plan: Plan, rows: PatientRows, reader: CaseReader, stamp: Stamp
) -> Iterable[Conclusion]:
    """Yield what each diagnosis is called in every edition."""
    for fact, listed in plan.crosswalks.items():
        read = facts_read(trees_of(plan.rules[listed]))  # every edition counts, not only its own
        for row in rows[plan.scope(listed)]:
            findings = reader.decided[listed, row_key(row)].findings
            named = [(name, found) for name, found in findings.items() if name != NO_CONTEXT]
            found = crosswalk(listed, named)
            yield Conclusion(
                *_about(fact, row),
                found.value,
                found.status,
                found.missing,
                inputs=(
                    Input(listed, found.value or "", derived=True),
                    *_inputs(plan, read, row, reader),
                ),
                stamp=stamp,
            )


def listings(
    plan: Plan, rows: PatientRows, reader: CaseReader, stamp: Stamp
) -> Iterable[Conclusion]:
    """Yield facts that list others of their row, each under its label."""
    for fact, listed in plan.listings.items():
        for row in rows[plan.scope(fact)]:
            decided = [
                (label, reader.decided[name, row_key(row)]) for label, name in listed.items()
            ]
            found = listing([(label, one.finding) for label, one in decided])
            if found.status == "undetermined" and is_silent(plan, fact, row):
                continue
            told = [
                name
                for name, (_, one) in zip(listed.values(), decided, strict=True)
                if one.finding.status != "undetermined"
            ]
            alone = found.stands and len(told) == 1
            yield Conclusion(
                *_about(fact, row),
                found.value,
                found.status,
                found.missing,
                found.alternatives,
                inputs=tuple(
                    Input(name, one.finding.value or "", derived=True)
                    for name, (_, one) in zip(listed.values(), decided, strict=True)
                ),
                probability=_probability(plan, told[0], row) if alone else None,
                stamp=stamp,
            )


def _probability(plan: Plan, fact: str, row: Row) -> float | None:
    """Return the probability that a method gave the value of a fact, if it gave one."""
    chance = row.values.get(plan.knowledge.facts[fact].probability)
    return chance.lo if isinstance(chance, Interval) and chance.lo == chance.hi else None


def _words(kb: KnowledgeBase, caution: str) -> str:
    return BUILT_IN_CAUTIONS.get(caution) or kb.cautions[caution].says


def _facts_behind(plan: Plan, fact: str, decided: Decided) -> set[str]:
    """Return what a conclusion rests on: what its rules, its cautions and its edition read."""
    kb = plan.knowledge
    trees = trees_of(kb.rules[rule.rule_id] for rule in decided.traces)
    said = (kb.cautions.get(caution) for caution in decided.finding.cautions)
    trees += [caution.when for caution in said if caution is not None]
    chooser = "" if plan.edition else kb.facts[fact].context
    return (facts_read(trees) | {chooser}) - {fact, ""}


def _inputs(plan: Plan, facts: Iterable[str], row: Row, reader: CaseReader) -> Iterable[Input]:
    """Yield every value that was read, row by row; a fact of which nothing is known once, bare."""
    for fact in sorted(facts):
        derived = plan.is_derived(fact)
        found = [
            Input(fact, show_value(seen.value), derived=True, row=_name(place, row))
            if derived
            else _observed_input(
                fact, seen.value, place.origins.get(fact, Origin()), _name(place, row)
            )
            for place in reader.places(row, fact)
            if (seen := reader.see(place, fact)).value is not None
        ]
        yield from found or [Input(fact, "", derived=derived)]


def _name(place: Row, row: Row) -> str:
    """Name a row of a narrower scope; the row itself and wider ones need no name."""
    return "" if row.scope.within(place.scope) else place.name


def _observed_input(fact: str, value: Value, origin: Origin, row: str) -> Input:
    shown = show_value(value)
    return Input(fact, shown, origin.record, origin.text, origin.date, origin.assay, row=row)
