"""Criterion trees: the closed language in which rules, cautions and eligibility are written.

A tree is data. The engine gives it meaning twice, once for one case with a trace and once for a
cohort in columns; nothing here evaluates anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

Comparison = Literal["lt", "le", "gt", "ge"]
Quantifier = Literal["exists", "every", "count", "latest", "earliest", "worst", "index"]


class CriterionError(ValueError):
    """A mapping that is no criterion; the message names the part and what is allowed there."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A number in a tree: a reference to a threshold record, or, in trials, the number itself."""

    threshold: str = ""
    value: float | None = None
    unit: str = ""

    def __str__(self) -> str:
        return self.threshold or f"{self.value:g} {self.unit}".strip()


@dataclass(frozen=True, slots=True)
class Is:
    """A coded, text or boolean fact has one of the listed values (`is`, `in`)."""

    fact: str
    values: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class IsA:
    """A coded fact is the named concept or lies below it in its hierarchy."""

    fact: str
    concept: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Compare:
    """A number compares with one limit."""

    fact: str
    op: Comparison
    limit: Limit
    note: str = ""


@dataclass(frozen=True, slots=True)
class Between:
    """A number lies between two limits, both included."""

    fact: str
    low: Limit
    high: Limit
    note: str = ""


@dataclass(frozen=True, slots=True)
class HasVariant:
    """A specimen carries a variant of a gene; not met only where the gene was assayed.

    `change` narrows the question to one change of the protein (`V600E`).
    """

    gene: str
    significance: str = "pathogenic"
    origin: str = "any"
    note: str = ""
    change: str = ""

    @property
    def fact(self) -> str:
        """Name of the column that holds the answer."""
        change = f",{self.change}" if self.change else ""
        return f"variant({self.gene},{self.significance},{self.origin}{change})"


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every child is met."""

    children: tuple[Criterion, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one child is met."""

    children: tuple[Criterion, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The child is not met."""

    child: Criterion


@dataclass(frozen=True, slots=True)
class AtLeast:
    """At least `k` children are met."""

    k: int
    children: tuple[Criterion, ...]


@dataclass(frozen=True, slots=True)
class Over:
    """A criterion over the rows of a narrower scope, under a stated quantifier.

    `latest`, `earliest`, `worst` and `index` choose one row among those for which `where` holds;
    where several could be the chosen one, the criterion is determined only if they agree.
    """

    quantifier: Quantifier
    scope: str
    that: Criterion
    where: Criterion | None = None
    at_least: int = 1
    by: str = ""


Leaf: TypeAlias = Is | IsA | Compare | Between | HasVariant
Criterion: TypeAlias = Leaf | AllOf | AnyOf | Not | AtLeast | Over

_COMPARISONS = get_args(Comparison)
_QUANTIFIERS = get_args(Quantifier)
_LEAF_OPS = ("is", "in", "is_a", *_COMPARISONS, "between")
_HEADS = ("all", "any", "not", "at_least", "has_variant", *_QUANTIFIERS)


def parse_criterion(data: object, *, literals: bool = False) -> Criterion:
    """Read a criterion tree from its YAML mapping.

    Args:
        data: The mapping, string-only as YAML was read.
        literals: Whether numbers may stand in the tree (trial eligibility); rules must refer to
            threshold records.

    Raises:
        CriterionError: The mapping is no criterion of the closed language.
    """
    if not isinstance(data, Mapping):
        raise CriterionError(f"a criterion is a mapping, not {data!r}")
    if "fact" in data:
        return _parse_leaf(data, literals)
    heads = [key for key in data if key in _HEADS]
    if len(heads) != 1 or len(data) != 1:
        raise CriterionError(
            f"a criterion has exactly one of {', '.join(_HEADS)}, or a fact with one of "
            f"{', '.join(_LEAF_OPS)}; found: {', '.join(map(str, data))}"
        )
    return _parse_head(heads[0], data[heads[0]], literals)


def _parse_head(head: str, body: Any, literals: bool) -> Criterion:
    if head == "not":
        return Not(parse_criterion(body, literals=literals))
    if head in ("all", "any"):
        children = _parse_children(head, body, literals)
        return AllOf(children) if head == "all" else AnyOf(children)
    fields = _mapping(head, body)
    if head == "at_least":
        _only(head, fields, {"k", "of"})
        children = _parse_children("of", fields.get("of"), literals)
        k = int(fields.get("k", 0))
        if not 1 <= k <= len(children):
            raise CriterionError(f"at_least k must lie between 1 and {len(children)}, not {k}")
        return AtLeast(k, children)
    if head == "has_variant":
        _only(head, fields, {"gene", "class", "origin", "note", "change"})
        return HasVariant(
            str(fields["gene"]),
            str(fields.get("class", "pathogenic")),
            str(fields.get("origin", "any")),
            str(fields.get("note", "")),
            str(fields.get("change", "")),
        )
    return _parse_over(head, fields, literals)


def _parse_over(head: str, fields: Mapping[str, Any], literals: bool) -> Over:
    _only(head, fields, {"over", "that", "where", "at_least", "by"})
    for needed in ("over", "that"):
        if needed not in fields:
            raise CriterionError(f"{head} needs {needed!r}")
    if (head == "worst") != ("by" in fields):
        raise CriterionError("worst, and only worst, needs 'by': the fact that orders the rows")
    where = fields.get("where")
    return Over(
        head,  # type: ignore[arg-type]  # one of _QUANTIFIERS, checked by the caller
        str(fields["over"]),
        parse_criterion(fields["that"], literals=literals),
        parse_criterion(where, literals=literals) if where is not None else None,
        int(fields.get("at_least", 1)),
        str(fields.get("by", "")),
    )


def _parse_children(name: str, body: Any, literals: bool) -> tuple[Criterion, ...]:
    if not isinstance(body, list) or not body:
        raise CriterionError(f"{name} needs a list of criteria")
    return tuple(parse_criterion(child, literals=literals) for child in body)


def _parse_leaf(data: Mapping[str, Any], literals: bool) -> Criterion:
    ops = [key for key in data if key in _LEAF_OPS]
    extra = set(data) - {"fact", "note", *_LEAF_OPS}
    if len(ops) != 1 or extra:
        raise CriterionError(
            f"fact {data['fact']!r} needs exactly one of {', '.join(_LEAF_OPS)}"
            + (f"; unknown: {', '.join(sorted(map(str, extra)))}" if extra else "")
        )
    fact, op, body, note = str(data["fact"]), ops[0], data[ops[0]], str(data.get("note", ""))
    if op == "is":
        return Is(fact, (_code(body),), note)
    if op == "in":
        if not isinstance(body, list) or not body:
            raise CriterionError(f"fact {fact!r}: in needs a list of values")
        return Is(fact, tuple(_code(value) for value in body), note)
    if op == "is_a":
        return IsA(fact, _code(body), note)
    if op == "between":
        if not isinstance(body, list) or len(body) != 2:
            raise CriterionError(f"fact {fact!r}: between needs a lower and an upper limit")
        return Between(fact, _limit(body[0], literals), _limit(body[1], literals), note)
    return Compare(fact, op, _limit(body, literals), note)  # type: ignore[arg-type]


def _limit(body: Any, literals: bool) -> Limit:
    if isinstance(body, Mapping):
        _only("limit", body, {"value", "unit"})
        if not literals:
            raise CriterionError("numbers of rules are threshold records; name one instead")
        return Limit(value=float(body["value"]), unit=str(body.get("unit", "")))
    return Limit(threshold=str(body))


def _code(body: Any) -> str:
    if isinstance(body, bool):
        return "true" if body else "false"
    return str(body)


def _mapping(head: str, body: Any) -> Mapping[str, Any]:
    if not isinstance(body, Mapping):
        raise CriterionError(f"{head} needs a mapping, not {body!r}")
    return body


def _only(head: str, fields: Mapping[str, Any], allowed: set[str]) -> None:
    if extra := set(fields) - allowed:
        raise CriterionError(f"{head} does not take {', '.join(sorted(map(str, extra)))}")


def walk(node: Criterion) -> Iterator[Criterion]:
    """Yield the node and everything below it, quantified parts included."""
    yield node
    match node:
        case AllOf(children) | AnyOf(children) | AtLeast(_, children):
            for child in children:
                yield from walk(child)
        case Not(child):
            yield from walk(child)
        case Over(that=that, where=where):
            yield from walk(that)
            if where is not None:
                yield from walk(where)
        case _:
            pass


def facts_of(node: Criterion) -> set[str]:
    """Return the names of all facts that a tree reads, variant columns included."""
    names = {part.fact for part in walk(node) if isinstance(part, Leaf)}
    return names | {part.by for part in walk(node) if isinstance(part, Over) and part.by}
