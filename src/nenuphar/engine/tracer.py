"""Evaluate a criterion tree on one row and keep the trace of how it came out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Protocol

from nenuphar.domain.conclusion import Trace
from nenuphar.domain.dates import PartialDate
from nenuphar.domain.observation import Row, Value, show_value
from nenuphar.domain.quantity import Interval
from nenuphar.domain.scope import Scope
from nenuphar.domain.truth import Truth, all_of, any_of, at_least, consensus
from nenuphar.engine.known import Known
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.knowledge.criterion import (
    AllOf,
    AnyOf,
    AtLeast,
    Between,
    Compare,
    Criterion,
    HasVariant,
    Is,
    IsA,
    Leaf,
    Limit,
    Not,
    Over,
    facts_of,
    walk,
)

_SYMBOLS = {"lt": "<", "le": "≤", "gt": ">", "ge": "≥"}


@dataclass(frozen=True, slots=True)
class Seen:
    """What a row shows of a fact.

    Attributes:
        value: The value, None where nothing stands.
        missing: What would have to be known; the fact itself where it is observed.
        soft: Whether the value is provisional, so that what rests on it is too.
    """

    value: Value | None
    missing: tuple[str, ...] = ()
    soft: bool = False


class Reader(Protocol):
    """What the tracer needs of its surroundings."""

    @property
    def knowledge(self) -> KnowledgeBase:
        """The knowledge base whose thresholds and hierarchies apply."""

    def see(self, row: Row, fact: str) -> Seen:
        """Return what a row shows of a fact of its own or a wider scope."""

    def below(self, row: Row, scope: Scope) -> list[Row]:
        """Return the rows of a narrower scope that lie in a row."""


def trace(node: Criterion, row: Row, reader: Reader) -> Trace:
    """Evaluate a tree on a row.

    Returns:
        The trace; where it is undetermined, `missing` names the facts that leave it so. Rows that
        show the tree the same share one trace.
    """
    ways = _KNOWN.of(node, reader.knowledge)
    if ways.facts is None:
        return _evaluate(node, row, reader)
    seen = tuple([reader.see(row, fact) for fact in ways.facts])
    return ways.get(seen) or ways.keep(seen, _evaluate(node, row, reader))


def _own_facts(node: Criterion) -> tuple[str, ...] | None:
    """Return the facts that a tree reads on its own row; None where it asks other rows too."""
    if any(isinstance(part, Over) for part in walk(node)):
        return None
    return tuple(sorted(facts_of(node)))


_KNOWN: Known[Criterion, Trace] = Known(_own_facts)


def _evaluate(node: Criterion, row: Row, reader: Reader) -> Trace:
    match node:
        case AllOf(children):
            return _branch("all", children, row, reader)
        case AnyOf(children):
            return _branch("any", children, row, reader)
        case AtLeast(_, children):
            return _branch("at_least", children, row, reader, node.k)
        case Not(child):
            part = trace(child, row, reader)
            return Trace("not", ~part.truth, missing=part.missing, children=(part,))
        case Over():
            return _over(node, row, reader)
        case _:
            return _leaf(node, row, reader)


def _branch(op: str, children: Iterable[Criterion], row: Row, reader: Reader, k: int = 0) -> Trace:
    parts = tuple(trace(child, row, reader) for child in children)
    truths = [part.truth for part in parts]
    if op == "at_least":
        truth = at_least(k, truths)
    else:
        truth = all_of(truths) if op == "all" else any_of(truths)
    missing = _open_facts(parts) if truth is Truth.UNDETERMINED else ()
    return Trace(op, truth, wanted=str(k) if k else "", missing=missing, children=parts)


def _open_facts(parts: Iterable[Trace]) -> tuple[str, ...]:
    open_parts = (part for part in parts if part.truth is Truth.UNDETERMINED)
    return tuple(sorted({fact for part in open_parts for fact in part.missing}))


def _leaf(node: Leaf, row: Row, reader: Reader) -> Trace:
    seen = reader.see(row, node.fact)
    truth, op, wanted, threshold = _ask(node, seen.value, reader.knowledge)
    missing = (seen.missing or (node.fact,)) if truth is Truth.UNDETERMINED else ()
    shown = show_value(seen.value)
    return Trace(op, truth, node.fact, shown, wanted, threshold, missing, (), node.note, seen.soft)


def _ask(node: Leaf, value: Value | None, kb: KnowledgeBase) -> tuple[Truth, str, str, str]:
    """Return the truth of a leaf, its operator, what it wanted and the threshold it read."""
    match node:
        case Is(fact, values):
            wanted = " or ".join(values)
            return _is(fact, values, value, kb), "in" if len(values) > 1 else "is", wanted, ""
        case IsA(fact, concept):
            hierarchy = kb.hierarchy_of(fact)
            if hierarchy is None or not isinstance(value, str):
                return Truth.UNDETERMINED, "is_a", concept, ""
            return hierarchy.is_a(value, concept), "is_a", concept, ""
        case HasVariant():
            answer = value if isinstance(value, bool) else None
            wanted = f"{node.change or node.significance} ({node.origin})"
            return Truth.of(answer), "has_variant", wanted, ""
        case Compare(_, op, limit):
            number = kb.limit(limit)
            truth = Truth.UNDETERMINED
            if isinstance(value, Interval):
                truth = value.compare(op, number)
            return truth, op, f"{_SYMBOLS[op]} {_shown(limit, kb)}", limit.threshold
        case Between(_, low, high):
            wanted = f"{_shown(low, kb)} to {_shown(high, kb)}"
            truth = Truth.UNDETERMINED
            if isinstance(value, Interval):
                ends = (value.compare("ge", kb.limit(low)), value.compare("le", kb.limit(high)))
                truth = all_of(ends)
            return truth, "between", wanted, " ".join(x.threshold for x in (low, high)).strip()


def _is(fact: str, values: tuple[str, ...], value: Value | None, kb: KnowledgeBase) -> Truth:
    if value is None or isinstance(value, Interval | PartialDate):
        return Truth.UNDETERMINED
    code = ("true" if value else "false") if isinstance(value, bool) else value
    if code in values:
        return Truth.MET
    hierarchy = kb.hierarchy_of(fact)
    above = hierarchy is not None and any(code in hierarchy.ancestors(v) for v in values)
    return Truth.UNDETERMINED if above else Truth.NOT_MET


def _shown(limit: Limit, kb: KnowledgeBase) -> str:
    unit = kb.thresholds[limit.threshold].unit if limit.threshold else limit.unit
    return str(Interval.exactly(kb.limit(limit), unit))


def _over(node: Over, row: Row, reader: Reader) -> Trace:
    rows = reader.below(row, Scope(node.scope))
    wheres = [trace(node.where, r, reader) if node.where else None for r in rows]
    thats = [trace(node.that, r, reader) for r in rows]
    inside = [where.truth if where else Truth.MET for where in wheres]
    if node.quantifier in ("exists", "every", "count"):
        hits = _hits(node, inside, [that.truth for that in thats])
        truth = _quantified(node, rows, hits)
        shown = list(range(len(rows)))
        deciding = [i for i in shown if hits[i] is Truth.UNDETERMINED]
    else:
        shown = deciding = _candidates(node, rows, inside, reader)
        truths = [thats[i].truth for i in deciding]
        if rows and all(inside[i] is not Truth.MET for i in deciding):
            truths.append(Truth.NOT_MET)  # perhaps no row is the one that is meant
        truth = consensus(truths)
    missing: tuple[str, ...] = ()
    if truth is Truth.UNDETERMINED:
        parts = [p for i in deciding for p in (thats[i], wheres[i]) if p is not None]
        missing = _open_facts(parts) or undecided(node, bool(rows), reader.knowledge)
    children = tuple(
        replace(part, row=rows[i].name) for i in shown for part in (wheres[i], thats[i]) if part
    )
    return Trace(node.quantifier, truth, wanted=node.scope, missing=missing, children=children)


def undecided(node: Over, recorded: bool, kb: KnowledgeBase) -> tuple[str, ...]:
    """Name what would decide a quantified criterion that no single row leaves open.

    Args:
        node: The quantified criterion.
        recorded: Whether there are any rows; if not, what it asks of them is what is missing (the
            rows themselves, where it asks only what is known of something wider), otherwise what
            would tell which of them is meant.
        kb: Tells the scopes of facts.
    """
    if not recorded:
        asked = facts_of(node.that)
        homes = {n: kb.facts[n].scope if n in kb.facts else Scope.SPECIMEN for n in asked}
        own = {name for name, home in homes.items() if home.within(Scope(node.scope))}
        return tuple(sorted(own)) or (f"{node.scope}.record",)
    if node.quantifier == "worst":
        return (node.by,)
    return (f"{node.scope}.{'is_index' if node.quantifier == 'index' else 'date'}",)


def _hits(node: Over, inside: list[Truth], thats: list[Truth]) -> list[Truth]:
    """Return for every row whether it is as the quantifier asks."""
    pairs = zip(inside, thats, strict=True)
    if node.quantifier == "every":
        return [any_of((~where, that)) for where, that in pairs]
    return [all_of(pair) for pair in pairs]


def _quantified(node: Over, rows: list[Row], hits: list[Truth]) -> Truth:
    if not rows:
        return Truth.UNDETERMINED  # nothing recorded is not the same as nothing there
    if node.quantifier == "every":
        return all_of(hits)
    if node.quantifier == "exists":
        return any_of(hits)
    # Six assessors of one specimen are six readings, not six specimens.
    things: dict[tuple[str, ...], list[Truth]] = {}
    for row, hit in zip(rows, hits, strict=True):
        things.setdefault(row.key, []).append(hit)
    return at_least(node.at_least, map(any_of, things.values()))


def _candidates(node: Over, rows: list[Row], inside: list[Truth], reader: Reader) -> list[int]:
    """Return the rows that could be the one that the quantifier chooses."""
    possible = [i for i, where in enumerate(inside) if where is not Truth.NOT_MET]
    certain = [i for i in possible if inside[i] is Truth.MET]
    if node.quantifier == "index":
        return _index_rows(node, rows, possible, certain, reader)
    ranges = {i: _rank_range(node, rows[i], reader) for i in possible}
    floor = max((lo for i in certain if (lo := ranges[i][0]) is not None), default=None)
    if floor is None:
        return possible
    return [i for i in possible if ranges[i][1] is None or ranges[i][1] >= floor]  # type: ignore[operator]


def _index_rows(
    node: Over, rows: list[Row], possible: list[int], certain: list[int], reader: Reader
) -> list[int]:
    flags = {i: reader.see(rows[i], f"{node.scope}.is_index").value for i in possible}
    # A mark on a row that may not be meant at all does not rule the others out.
    wanted = (True,) if any(flags[i] is True for i in certain) else (True, None)
    return [i for i in possible if flags[i] in wanted]


def _rank_range(node: Over, row: Row, reader: Reader) -> tuple[float | None, float | None]:
    """Return the least and the greatest rank a row can have; the greatest rank is chosen."""
    if node.quantifier == "worst":
        value = reader.see(row, node.by).value
        return (value.lo, value.hi) if isinstance(value, Interval) else (None, None)
    if row.date is None:
        return None, None
    first, last = row.date.earliest.toordinal(), row.date.latest.toordinal()
    return (first, last) if node.quantifier == "latest" else (-last, -first)
