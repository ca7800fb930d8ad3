"""How the outcomes of a fact's rules become one finding; the meaning that both evaluators share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nenuphar.domain.conclusion import RuleStatus, Status
from nenuphar.engine.plan import reads_of
from nenuphar.knowledge.schema import Rule
from nenuphar.terminology.hierarchy import Hierarchy

AS_REPORTED = "as_reported"
REPORT_NOT_SUPPORTED = "report_not_supported"
NO_RULE_APPLIES = "no_rule_applies"
EDITION_SILENT = "edition_silent"

BUILT_IN_CAUTIONS = {
    AS_REPORTED: "The value is as reported; the record holds no criteria that decide it.",
    REPORT_NOT_SUPPORTED: "The criteria on record speak against the diagnosis as reported.",
    EDITION_SILENT: "This edition does not speak of tumours of this site.",
    NO_RULE_APPLIES: "No rule of this knowledge release fits the facts on record.",
}
"""Cautions that follow from how a finding came about, with their words."""


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """How a rule came out, what would decide it if it is open, and whether it was silent."""

    rule: Rule
    status: RuleStatus
    missing: frozenset[str] = frozenset()
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """What stands for a fact in one context of one row."""

    value: str | None
    status: Status
    missing: tuple[str, ...] = ()
    alternatives: tuple[str, ...] = ()
    rule_ids: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()

    @property
    def stands(self) -> bool:
        """Whether the value can be read by other rules."""
        return self.status in ("met", "provisional")


SILENT = Finding(None, "undetermined", cautions=(EDITION_SILENT,))
"""What an edition says of a row of which it does not speak."""

_RANK: dict[RuleStatus, int] = {"not_met": 0, "undetermined": 1, "provisional": 2, "met": 3}


class _Contest:
    """The values that the criteria rules of a fact contend for."""

    def __init__(self, outcomes: Sequence[RuleOutcome], hierarchy: Hierarchy | None) -> None:
        self.hierarchy = hierarchy
        self.state: dict[str, RuleStatus] = {}
        for outcome in outcomes:
            if outcome.silent:
                continue
            value = outcome.rule.concludes.value
            best = self.state.get(value, "not_met")
            self.state[value] = max(best, outcome.status, key=_RANK.__getitem__)
        self._outcomes = outcomes
        standing = self._in("met", "provisional")
        top = hierarchy.most_specific(standing) if hierarchy else standing
        self.met = [value for value in top if self.state[value] == "met"]
        self.provisional = [value for value in top if self.state[value] == "provisional"]
        # An open rule for something wider than what stands cannot unseat it.
        self.open = [v for v in self._in("undetermined") if not self._above_any(v, standing)]

    def _in(self, *states: RuleStatus) -> list[str]:
        return sorted(value for value, state in self.state.items() if state in states)

    def _above_any(self, value: str, others: Iterable[str]) -> bool:
        if self.hierarchy is None:
            return False
        return any(o in self.hierarchy and value in self.hierarchy.ancestors(o) for o in others)

    def missing(self, values: Iterable[str]) -> set[str]:
        """What would decide the open or provisional outcomes for the values."""
        wanted = set(values)
        return {
            fact
            for outcome in self._outcomes
            if outcome.rule.concludes.value in wanted
            and outcome.status == self.state[outcome.rule.concludes.value]
            for fact in outcome.missing
        }

    def rule_ids(self, values: Iterable[str]) -> tuple[str, ...]:
        """The first rule behind each value, in the order of the values."""
        return tuple(
            min(
                outcome.rule.id
                for outcome in self._outcomes
                if outcome.rule.concludes.value == value and outcome.status == self.state[value]
            )
            for value in values
        )


def combine(outcomes: Sequence[RuleOutcome], hierarchy: Hierarchy | None) -> Finding:
    """Decide what stands for a fact, given how its rules came out.

    The most specific of the values met stands; two that exclude each other are a conflict; a value
    whose rival is open is provisional; a reported value stands, provisionally, only where no
    criteria decide and none refutes it.

    Args:
        outcomes: One for each rule that speaks.
        hierarchy: Order of the fact's values, if they have one.
    """
    withholding = [o for o in outcomes if o.rule.withholds]
    criteria = [o for o in outcomes if o.rule.basis == "criteria" and not o.rule.withholds]
    contest = _Contest(criteria, hierarchy)
    held = sorted((o for o in withholding if o.status == "met"), key=lambda o: o.rule.id)
    if held:
        possible = sorted({*contest.met, *contest.provisional, *contest.open})
        names = {name for outcome in held for name in outcome.rule.names}
        return Finding(None, "undetermined", _ordered(names), tuple(possible), (held[0].rule.id,))
    doubting = [o for o in withholding if o.rule.doubts]
    doubt = [o for o in doubting if o.status in ("undetermined", "provisional")]
    doubted = {fact for outcome in doubt for fact in outcome.missing}
    if contest.met or contest.provisional:
        return _standing(contest, doubted, bool(doubt))
    reported = [o for o in outcomes if o.rule.basis == "reported"]
    return _not_standing(contest, reported, doubted)


def _standing(contest: _Contest, doubted: set[str], doubt: bool) -> Finding:
    if len(contest.met) > 1:
        rivals = tuple(contest.met)
        rule_ids = tuple(sorted(contest.rule_ids(rivals)))
        return Finding(";".join(rivals), "conflict", (), rivals, rule_ids)
    contenders = contest.met or contest.provisional
    others = sorted({*contest.provisional, *contest.open} - set(contest.met))
    if len(contenders) > 1:
        missing = contest.missing(others) | doubted
        return Finding(None, "undetermined", _ordered(missing), tuple(others))
    value = contenders[0]
    rivals = tuple(other for other in others if other != value)
    certain = contest.met and not rivals and not doubt
    missing = contest.missing([*rivals, value]) | doubted
    return Finding(
        value,
        "met" if certain else "provisional",
        () if certain else _ordered(missing),
        rivals,
        contest.rule_ids([value]),
    )


def _not_standing(contest: _Contest, reported: Sequence[RuleOutcome], doubted: set[str]) -> Finding:
    missing = contest.missing(contest.open) | doubted
    stating = [o for o in reported if o.status in ("met", "provisional")]
    stated = sorted({o.rule.concludes.value for o in stating})
    if contest.hierarchy is not None:
        stated = contest.hierarchy.most_specific(stated)
    possible = [value for value in stated if contest.state.get(value) != "not_met"]
    refuted = (REPORT_NOT_SUPPORTED,) if stated and not possible else ()
    if len(possible) == 1:
        value = possible[0]
        rule = min(o.rule.id for o in stating if o.rule.concludes.value == value)
        rivals = tuple(other for other in contest.open if other != value)
        return Finding(value, "provisional", _ordered(missing), rivals, (rule,), (AS_REPORTED,))
    # Two reports that disagree decide nothing; both stay possible, and are to be looked at again.
    missing |= reads_of(o.rule for o in stating if o.rule.concludes.value in possible)
    alternatives = tuple(sorted({*contest.open, *possible}))
    unfit = () if alternatives or missing else (NO_RULE_APPLIES,)
    return Finding(None, "undetermined", _ordered(missing), alternatives, (), (*refuted, *unfit))


def _ordered(facts: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(facts))


def listing(findings: Sequence[tuple[str, Finding]]) -> Finding:
    """List facts that stand beside each other, as `label=value`.

    What is open does not make the rest less certain. The list is in conflict where one of its
    facts is, with the rival values as alternatives; provisional where a value is; undetermined
    where none stands, and then everything that would decide any of them is named.
    """
    parts = [(label, found) for label, found in findings if found.stands]
    rivals = [(label, found) for label, found in findings if found.status == "conflict"]
    text = ";".join(f"{label}={found.value}" for label, found in parts) or None
    alternatives = _ordered({f"{label}={v}" for label, f in rivals for v in f.alternatives})
    soft = [found for _, found in parts if found.status == "provisional"]
    if not parts and not rivals:
        every = {fact for _, found in findings for fact in found.missing}
        return Finding(None, "undetermined", _ordered(every))
    status: Status = "conflict" if rivals else "provisional" if soft else "met"
    missing = _ordered({fact for found in soft for fact in found.missing})
    return Finding(text, status, missing, alternatives)


def crosswalk(listed: str, by_context: Sequence[tuple[str, Finding]]) -> Finding:
    """List what stands in every context, as `edition=value`.

    The list is met where every context is, provisional where one of its values is, undetermined
    where nothing stands in any of them; facts that would fill it in are named, the listed fact
    itself where a context names none. Editions that do not speak of the row are left out.
    """
    by_context = [(name, found) for name, found in by_context if found != SILENT]
    parts = [(context, found) for context, found in by_context if found.stands]
    open_ones = [found for _, found in by_context if found.status != "met"]
    missing = _ordered({fact for found in open_ones for fact in found.missing or (listed,)})
    if not parts:
        return Finding(None, "undetermined", missing or (listed,))
    text = ";".join(f"{context}={found.value}" for context, found in parts)
    certain = all(found.status == "met" for _, found in by_context)
    return Finding(text, "met" if certain else "provisional", () if certain else missing)
