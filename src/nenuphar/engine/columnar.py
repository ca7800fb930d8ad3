"""Evaluate all rules on a cohort, fact by fact, in columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import polars as pl

from nenuphar.domain.scope import READ_BY_ASSESSORS, Scope
from nenuphar.engine.block import Block, LeafTruth, Names, add_name, any_true
from nenuphar.engine.combine import NO_RULE_APPLIES
from nenuphar.engine.contest import ContestBlock, FindingBlock, RuleBlock, run_rule
from nenuphar.engine.densify import Classes, densify
from nenuphar.engine.explain import direct_facts
from nenuphar.engine.frames import Frames
from nenuphar.engine.leaves import code_sets, observed_leaf, truth_of_codes
from nenuphar.engine.plan import NO_CONTEXT, Plan
from nenuphar.engine.quantified import InnerRows, quantify
from nenuphar.knowledge.criterion import (
    AllOf,
    AnyOf,
    AtLeast,
    Criterion,
    Is,
    IsA,
    Leaf,
    Not,
    Over,
)
from nenuphar.knowledge.schema import Rule


@dataclass(frozen=True)
class Decisions:
    """A derived fact on every row of its scope.

    Attributes:
        ids: For every row the number of its class; the rows of a class share their finding.
        contexts: Findings of the classes, in every context.
        primary: Findings of the classes in the context that each row itself belongs to.
        context: That context.
    """

    ids: pl.Series
    contexts: dict[str, FindingBlock]
    primary: FindingBlock
    context: pl.Series


class CohortEvaluator:
    """Concludes the facts of a plan for all rows of a cohort.

    Args:
        plan: What the knowledge base concludes, in order.
        frames: Observed facts, one frame for each scope; every row lies in a row of each wider
            scope.
    """

    def __init__(self, plan: Plan, frames: Frames) -> None:
        self.plan = plan
        self.frames = frames
        self.decisions: dict[str, Decisions] = {}
        self._parents: dict[tuple[Scope, Scope], pl.Series] = {}

    def run(self) -> dict[str, Decisions]:
        """Decide every derived fact."""
        for fact in self.plan.order:
            self.decisions[fact] = self._decide(fact)
        return self.decisions

    # Rows and their surroundings -----------------------------------------------------------------

    def parent_rows(self, scope: Scope, wider: Scope) -> pl.Series:
        """Return for every row of a scope the number of the row of a wider scope it lies in."""
        if (scope, wider) not in self._parents:
            keys = list(wider.keys)
            if {scope, wider} <= READ_BY_ASSESSORS:
                keys.append("assessor")
            own = self.frames[scope].select(keys)
            known = self.frames[wider].select(keys).with_row_index("row")
            found = own.join(known, on=keys, how="left", maintain_order="left")
            self._parents[scope, wider] = found["row"]
        return self._parents[scope, wider]

    def _ids(self, fact: str, scope: Scope) -> pl.Series:
        """Return for every row of a scope the class of a derived fact of it or a wider scope."""
        home = self.plan.scope(fact)
        ids = self.decisions[fact].ids
        return ids if home is scope else ids.gather(self.parent_rows(scope, home))

    def _observed(self, leaves: Sequence[Leaf], scope: Scope) -> dict[Leaf, pl.Series]:
        """Return the truth of leaves over observed facts on every row of a scope."""
        by_home: dict[Scope, list[Leaf]] = {}
        for leaf in leaves:
            by_home.setdefault(self.plan.scope(leaf.fact), []).append(leaf)
        truths: dict[Leaf, pl.Series] = {}
        for home, own in by_home.items():
            frame = self.frames[home]
            columns = set(frame.columns)
            exprs = [
                observed_leaf(leaf, columns, self.plan.knowledge).alias(f"l{i}")
                for i, leaf in enumerate(own)
            ]
            answers = _select(frame, exprs)
            for leaf, answer in zip(own, answers, strict=True):
                moved = home is not scope
                truths[leaf] = answer.gather(self.parent_rows(scope, home)) if moved else answer
        return truths

    # One fact ------------------------------------------------------------------------------------

    def _decide(self, fact: str) -> Decisions:
        scope = self.plan.scope(fact)
        rules, cautions = self.plan.rules[fact], self.plan.cautions.get(fact, ())
        trees = [t for rule in rules for t in (rule.when, rule.unless) if t is not None]
        trees += [caution.when for caution in cautions]
        chooser = "" if self.plan.edition else self.plan.knowledge.facts[fact].context
        extra = [chooser] if chooser and self.plan.is_derived(chooser) else []
        view = _View(self, scope, trees, skip=fact, extra=extra)
        contexts = {
            context: self._finding(fact, context, view) for context in self.plan.contexts(fact)
        }
        context = self._chosen(view, chooser, contexts)
        primary = _compose(contexts, context)
        for name, finding in contexts.items():
            own = primary if name == NO_CONTEXT else finding
            contexts[name] = self._cautioned(fact, name, view, own, finding)
        return Decisions(view.classes.ids, contexts, _compose(contexts, context), context)

    def _finding(self, fact: str, context: str, view: _View) -> FindingBlock:
        block = view.block(context)
        outcomes: list[RuleBlock] = []
        for rule in self.plan.rules_in(fact, context):
            soft, names = view.softness(rule, context)
            outcomes.append(run_rule(rule, block, soft, names))
        hierarchy = self.plan.knowledge.hierarchy_of(fact)
        return ContestBlock(outcomes, hierarchy, block.height).finding()

    def _chosen(self, view: _View, chooser: str, contexts: dict[str, FindingBlock]) -> pl.Series:
        """Return the context of every class; where none is known, note what would tell it."""
        none = pl.Series([NO_CONTEXT]).new_from_index(0, len(view.classes))
        if not chooser:
            return none
        value, missing = view.chooser(chooser)
        contexts[NO_CONTEXT] = _without_context(contexts[NO_CONTEXT], value.is_null(), missing)
        named = [name for name in contexts if name != NO_CONTEXT]
        frame = pl.DataFrame({"v": value})
        known = pl.when(pl.col("v").is_in(named)).then(pl.col("v")).otherwise(pl.lit(NO_CONTEXT))
        return frame.select(known.alias("v"))["v"]

    def _cautioned(
        self, fact: str, context: str, view: _View, own: FindingBlock, finding: FindingBlock
    ) -> FindingBlock:
        cautions = self.plan.cautions_in(fact, context)
        if not cautions:
            return finding
        block = view.block(context, {fact: own})
        said = {c.id: block.truth(c.when).fill_null(False) for c in cautions}
        return replace(finding, cautions={**finding.cautions, **said})


class _View:
    """The classes of rows that some trees can tell apart, and what each class shows."""

    def __init__(
        self,
        cohort: CohortEvaluator,
        scope: Scope,
        trees: Sequence[Criterion],
        skip: str = "",
        extra: Iterable[str] = (),
    ) -> None:
        self._read: dict[tuple[str, str | None], FindingBlock] = {}
        self.cohort, self.scope, self.plan = cohort, scope, cohort.plan
        self.height = cohort.frames[scope].height
        parts = _direct_parts(trees)
        derived = {p.fact for p in parts if isinstance(p, Leaf) and self.plan.is_derived(p.fact)}
        self.derived_leaves = [p for p in parts if isinstance(p, Leaf) and p.fact in derived]
        self.observed_leaves = [p for p in parts if isinstance(p, Leaf) and p.fact not in derived]
        self.overs = [p for p in parts if isinstance(p, Over)]
        self.reads = sorted((derived | set(extra)) - {skip})
        self._settle()

    def _settle(self) -> None:
        observed = self.cohort._observed(self.observed_leaves, self.scope)
        quantified = {node: self._quantify(node) for node in self.overs}
        ids = {fact: self.cohort._ids(fact, self.scope) for fact in self.reads}
        columns = [*observed.values(), *ids.values()]
        for answer in quantified.values():
            columns += [answer.truth, *answer.names.values()]
        self.classes: Classes = densify(columns, self.height)
        pick = self.classes.representatives
        self._observed = {leaf: truth.gather(pick) for leaf, truth in observed.items()}
        self._ids = {fact: series.gather(pick) for fact, series in ids.items()}
        self._quantified: dict[Criterion, LeafTruth] = {
            node: LeafTruth(
                answer.truth.gather(pick),
                {name: rows.gather(pick) for name, rows in answer.names.items()},
            )
            for node, answer in quantified.items()
        }

    @cached_property
    def _everywhere(self) -> pl.Series:
        return pl.Series([True]).new_from_index(0, len(self.classes))

    def block(self, context: str, own: Mapping[str, FindingBlock] | None = None) -> Block:
        """Return the leaves as rules that speak in a context see them.

        Args:
            context: The context.
            own: Findings that are not decided yet, for cautions about them.
        """
        leaves: dict[Criterion, LeafTruth] = {
            leaf: LeafTruth(truth, {leaf.fact: self._everywhere})
            for leaf, truth in self._observed.items()
        }
        leaves |= self._quantified
        for leaf in self.derived_leaves:
            finding = (own or {}).get(leaf.fact)
            if finding is None and leaf.fact in self._ids:
                finding = self.read(leaf.fact, context)
            if finding is not None and isinstance(leaf, Is | IsA):
                leaves[leaf] = self._derived_leaf(leaf, finding)
        return Block(len(self.classes), leaves)

    def read(self, fact: str, context: str) -> FindingBlock:
        """Return a derived fact as rules that speak in a context see it, for every class."""
        decisions = self.cohort.decisions[fact]
        name = self.plan.context_read(fact, context)
        if (fact, name) not in self._read:
            block = decisions.primary if name is None else decisions.contexts[name]
            self._read[fact, name] = _gather(block, self._ids[fact])
        return self._read[fact, name]

    def chooser(self, fact: str) -> tuple[pl.Series, Names]:
        """Return the edition of every class, null where unknown, and what would tell it."""
        finding = self.read(fact, NO_CONTEXT)
        value = _standing_value(finding)
        return value, _named_or_itself(finding, fact, value.is_null())

    def _derived_leaf(self, leaf: Is | IsA, finding: FindingBlock) -> LeafTruth:
        met, open_codes = code_sets(leaf, self.plan.knowledge)
        frame = pl.DataFrame({"v": _standing_value(finding)})
        truth = frame.select(truth_of_codes(pl.col("v"), met, open_codes).alias("t"))["t"]
        return LeafTruth(truth, _named_or_itself(finding, leaf.fact, self._everywhere))

    def softness(self, rule: Rule, context: str) -> tuple[pl.Series, Names]:
        """Return where a rule reads a provisional value on its row, and what would settle it."""
        names: Names = {}
        soft: list[pl.Series] = []
        for fact in direct_facts(rule):
            if fact not in self._ids:
                continue
            finding = self.read(fact, context)
            provisional = finding.status == "provisional"
            soft.append(provisional)
            for name, rows in finding.missing.items():
                add_name(names, name, provisional & rows)
        return any_true(soft, len(self.classes)), names

    def _quantify(self, node: Over) -> LeafTruth:
        inner_scope = Scope(node.scope)
        home = self.scope.shared_with(inner_scope)
        trees = [node.that] if node.where is None else [node.that, node.where]
        inner = _View(self.cohort, inner_scope, trees)
        block = inner.block(NO_CONTEXT)
        ids = inner.classes.ids
        where_names: Names = {}
        that_names: Names = {}
        block.open_names(node.that, inner._everywhere, that_names)
        where = inner._everywhere
        if node.where is not None:
            where = block.truth(node.where)
            block.open_names(node.where, inner._everywhere, where_names)
        rows = InnerRows(
            self.cohort.parent_rows(inner_scope, home).cast(pl.UInt32),
            where.gather(ids),
            block.truth(node.that).gather(ids),
            {name: rows.gather(ids) for name, rows in where_names.items()},
            {name: rows.gather(ids) for name, rows in that_names.items()},
            self._ranks(node, inner_scope),
            self._flags(node, inner_scope),
        )
        answer = quantify(node, rows, self.cohort.frames[home].height)
        if home is self.scope:
            return answer
        place = self.cohort.parent_rows(self.scope, home)
        names = {name: where.gather(place) for name, where in answer.names.items()}
        return LeafTruth(answer.truth.gather(place), names)

    def _ranks(self, node: Over, scope: Scope) -> tuple[pl.Series, pl.Series] | None:
        frame = self.cohort.frames[scope]
        nothing = pl.Series([None], dtype=pl.Float64).new_from_index(0, frame.height)
        if node.quantifier in ("latest", "earliest"):
            lo = frame["date_lo"].to_physical().cast(pl.Float64)
            hi = frame["date_hi"].to_physical().cast(pl.Float64)
            return (lo, hi) if node.quantifier == "latest" else (-hi, -lo)
        if node.quantifier != "worst":
            return None
        if f"{node.by}.lo" not in frame.columns:
            return nothing, nothing
        return frame[f"{node.by}.lo"], frame[f"{node.by}.hi"]

    def _flags(self, node: Over, scope: Scope) -> pl.Series | None:
        if node.quantifier != "index":
            return None
        frame, name = self.cohort.frames[scope], f"{node.scope}.is_index"
        nothing = pl.Series([None], dtype=pl.Boolean).new_from_index(0, frame.height)
        return frame[name] if name in frame.columns else nothing


def _select(frame: pl.DataFrame, exprs: Sequence[pl.Expr]) -> list[pl.Series]:
    """Evaluate expressions on a frame; literals are stretched to its height."""
    height = pl.int_range(pl.len(), dtype=pl.UInt32).alias("_row")
    return frame.select(height, *exprs).get_columns()[1:]


def _direct_parts(trees: Iterable[Criterion]) -> list[Criterion]:
    """Return the leaves and quantified parts of trees, without what lies inside the latter."""
    parts: dict[Criterion, None] = {}
    stack = list(trees)
    while stack:
        match stack.pop():
            case AllOf(children) | AnyOf(children) | AtLeast(_, children):
                stack += children
            case Not(child):
                stack.append(child)
            case part:
                parts[part] = None
    return list(parts)


def _standing_value(finding: FindingBlock) -> pl.Series:
    """Return the value where it stands, null where it is open or in conflict."""
    frame = pl.DataFrame({"v": finding.value, "s": finding.status})
    stands = pl.col("s").is_in(["met", "provisional"])
    return frame.select(pl.when(stands).then(pl.col("v")).alias("v"))["v"]


def _named_or_itself(finding: FindingBlock, fact: str, rows: pl.Series) -> Names:
    """Return what would decide a derived fact; the fact itself where nothing is named."""
    names = {name: named & rows for name, named in finding.missing.items()}
    add_name(names, fact, rows & ~any_true(list(finding.missing.values()), rows.len()))
    return names


def _gather(block: FindingBlock, ids: pl.Series) -> FindingBlock:
    groups = (block.missing, block.alternatives, block.rules, block.cautions)
    places = [(group, name) for group, names in enumerate(groups) for name in names]
    columns = {str(i): groups[group][name] for i, (group, name) in enumerate(places)}
    frame = pl.DataFrame({"value": block.value, "status": block.status, **columns})
    moved = frame.select(pl.all().gather(ids))  # all of them at once: each call has its price
    names: list[Names] = [{}, {}, {}, {}]
    for i, (group, name) in enumerate(places):
        names[group][name] = moved[str(i)]
    return FindingBlock(moved["value"], moved["status"], *names)


def _compose(contexts: Mapping[str, FindingBlock], context: pl.Series) -> FindingBlock:
    """Return the findings of the context that each class itself belongs to."""
    if len(contexts) == 1:
        return contexts[NO_CONTEXT]
    value = pl.Series([None], dtype=pl.String).new_from_index(0, context.len())
    status = value
    groups: list[Names] = [{}, {}, {}, {}]
    for name, block in contexts.items():
        rows = context == name
        value = block.value.zip_with(rows, value)
        status = block.status.zip_with(rows, status)
        own = (block.missing, block.alternatives, block.rules, block.cautions)
        for group, names in zip(groups, own, strict=True):
            for key, series in names.items():
                add_name(group, key, series & rows)
    return FindingBlock(value, status, *groups)


def _without_context(block: FindingBlock, unknown: pl.Series, missing: Names) -> FindingBlock:
    """Note, where the edition is not known, that the finding is provisional and what is missing."""
    frame = pl.DataFrame({"s": block.status, "u": unknown})
    softened = pl.when(pl.col("u") & (pl.col("s") == "met")).then(pl.lit("provisional"))
    status = frame.select(softened.otherwise(pl.col("s")).alias("s"))["s"]
    named = dict(block.missing)
    for name, rows in missing.items():
        add_name(named, name, rows & unknown)
    cautions = {
        name: rows & ~unknown if name == NO_RULE_APPLIES else rows
        for name, rows in block.cautions.items()
    }
    return replace(block, status=status, missing=named, cautions=cautions)
