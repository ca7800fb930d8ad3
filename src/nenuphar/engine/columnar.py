"""Evaluate all rules on a cohort, fact by fact, in columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import polars as pl

from nenuphar.domain.scope import READ_BY_ASSESSORS, Scope
from nenuphar.engine.block import Block, LeafTruth, Names, add_name, any_true
from nenuphar.engine.contest import ContestBlock, FindingBlock, RuleBlock, run_rule
from nenuphar.engine.densify import Classes, densify
from nenuphar.engine.findings import (
    compose,
    gather_finding,
    name_where,
    named_or_itself,
    silent,
    standing_value,
    where_silent,
    without_context,
)
from nenuphar.engine.frames import Frames
from nenuphar.engine.leaves import code_sets, observed_leaf, truth_of_codes
from nenuphar.engine.plan import (
    NO_CONTEXT,
    Plan,
    direct_facts,
    direct_parts,
    soft_parts,
    trees_of,
)
from nenuphar.engine.quantified import InnerRows, one_each, quantify, quantify_alone
from nenuphar.knowledge.criterion import Criterion, Is, IsA, Leaf, Over, facts_of
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
        chooser = "" if self.plan.edition else self.plan.knowledge.facts[fact].context
        contexts = self.plan.contexts(fact)
        scope = self.plan.scope(fact)
        heard = {c for c in contexts if self._speaks(fact, c, scope)} | {self.plan.edition}
        rules = [r for r in self.plan.rules[fact] if not r.editions or heard & {*r.editions}]
        trees = trees_of(rules)
        trees += [t for c in contexts if (t := self.plan.coverage(fact, c)) is not None]
        view = View(self, scope, trees, contexts, chooser, rules=rules)
        findings = {name: self._covered(fact, name, view, name in heard) for name in contexts}
        context = self._chosen(view, chooser, findings)
        decided = Decisions(view.classes.ids, findings, compose(findings, context), context)
        return self._cautioned(fact, decided, heard) if fact in self.plan.cautions else decided

    def _speaks(self, fact: str, context: str, scope: Scope) -> bool:
        """Whether a context speaks of any row at all, so that its rules need to be run."""
        coverage = self.plan.coverage(fact, context)
        if coverage is None:
            return True
        view = View(self, scope, [coverage], [NO_CONTEXT])
        return bool(view.block(NO_CONTEXT).truth(coverage).fill_null(True).any())

    def _covered(self, fact: str, context: str, view: View, speaks: bool) -> FindingBlock:
        """Decide a fact in a context that may not speak of every row."""
        unspoken = silent(len(view.classes))
        if not speaks:
            return unspoken
        found, coverage = self._finding(fact, context, view), self.plan.coverage(fact, context)
        if coverage is None:
            return found
        block = view.block(context)
        truth = block.truth(coverage)
        names: Names = {}
        block.open_names(coverage, truth.is_null(), names)
        found = without_context(found, truth.is_null(), names)
        return compose({"": unspoken, context: found}, name_where(truth.fill_null(True), context))

    def _finding(self, fact: str, context: str, view: View) -> FindingBlock:
        block = view.block(context)
        outcomes: list[RuleBlock] = []
        for rule in self.plan.rules_in(fact, context):
            soft, names = view.softness(rule, context)
            outcomes.append(run_rule(rule, block, soft, names))
        hierarchy = self.plan.knowledge.hierarchy_of(fact)
        return ContestBlock(outcomes, hierarchy, block.height).finding()

    def _chosen(self, view: View, chooser: str, contexts: dict[str, FindingBlock]) -> pl.Series:
        """Return the context of every class; where none is known, note what would tell it."""
        none = pl.Series([NO_CONTEXT]).new_from_index(0, len(view.classes))
        if not chooser:
            return none
        value, missing = view.edition()
        contexts[NO_CONTEXT] = without_context(contexts[NO_CONTEXT], value.is_null(), missing)
        named = [name for name in contexts if name != NO_CONTEXT]
        frame = pl.DataFrame({"v": value})
        known = pl.when(pl.col("v").is_in(named)).then(pl.col("v")).otherwise(pl.lit(NO_CONTEXT))
        return frame.select(known.alias("v"))["v"]

    def _cautioned(self, fact: str, decided: Decisions, heard: set[str]) -> Decisions:
        """Say the cautions about a fact, in contexts that speak; they may read the fact itself."""
        self.decisions[fact] = decided
        cautions = self.plan.cautions[fact]
        trees = [c.when for c in cautions if not c.editions or heard & {*c.editions}]
        contexts = self.plan.contexts(fact)
        view = View(self, self.plan.scope(fact), trees, contexts, about=fact)
        findings: dict[str, FindingBlock] = {}
        for name in contexts:
            block, finding = view.block(name), view.gather(fact, decided.contexts[name])
            speaking = self.plan.cautions_in(fact, name) if name in heard else ()
            heard_of = ~where_silent(finding)
            said = {c.id: block.truth(c.when).fill_null(False) & heard_of for c in speaking}
            findings[name] = replace(finding, cautions={**finding.cautions, **said})
        context = decided.context.gather(view.class_of(fact))
        return Decisions(view.classes.ids, findings, compose(findings, context), context)


class View:
    """The classes of rows that some trees can tell apart, and what each class shows.

    Args:
        cohort: The cohort.
        scope: What the rows describe.
        trees: The trees.
        contexts: Contexts in which they are asked.
        chooser: The fact that chooses among contexts, if any.
        about: A derived fact to tell rows apart by as well.
        rules: Rules whose quantified parts are asked a second time, without provisional values.
        firm: Whether provisional values are taken for open ones.
    """

    def __init__(
        self,
        cohort: CohortEvaluator,
        scope: Scope,
        trees: Sequence[Criterion],
        contexts: Sequence[str],
        chooser: str = "",
        about: str = "",
        *,
        rules: Sequence[Rule] = (),
        firm: bool = False,
    ) -> None:
        self._read: dict[tuple[str, str | None], FindingBlock] = {}
        self.cohort, self.scope, self.plan = cohort, scope, cohort.plan
        self.height = cohort.frames[scope].height
        self.contexts, self.chooser, self.firm = contexts, chooser, firm
        soft = (part for rule in rules for part in soft_parts(rule, self.plan))
        self.soft_overs = list(dict.fromkeys(soft))
        parts = direct_parts(trees)
        derived = {p.fact for p in parts if isinstance(p, Leaf) and self.plan.is_derived(p.fact)}
        self.derived_leaves = [p for p in parts if isinstance(p, Leaf) and p.fact in derived]
        self.observed_leaves = [p for p in parts if isinstance(p, Leaf) and p.fact not in derived]
        self.overs = [p for p in parts if isinstance(p, Over)]
        self.reads = sorted(derived | {n for n in (chooser, about) if self.plan.is_derived(n)})
        self._settle()

    def _settle(self) -> None:
        observed = self.cohort._observed(self.observed_leaves, self.scope)
        quantified = {
            (n, c, self.firm): self._quantify(n, c, self.firm)
            for n in self.overs
            for c in self._spoken(n)
        } | {
            (n, c, True): self._quantify(n, c, True)
            for n in self.soft_overs
            for c in self._spoken(n)
        }
        ids = {fact: self.cohort._ids(fact, self.scope) for fact in self.reads}
        columns = [*observed.values(), *ids.values()]
        for answer in quantified.values():
            columns += [answer.truth, *answer.names.values()]
        edition = self._stated_edition()
        columns.append(edition.rank("dense").fill_null(0))
        self.classes: Classes = densify(columns, self.height)
        pick = self.classes.representatives
        self._observed = {leaf: truth.gather(pick) for leaf, truth in observed.items()}
        self._ids = {fact: series.gather(pick) for fact, series in ids.items()}
        self._edition = edition.gather(pick)
        self._quantified = {
            spoken: LeafTruth(
                answer.truth.gather(pick),
                {name: rows.gather(pick) for name, rows in answer.names.items()},
            )
            for spoken, answer in quantified.items()
        }

    def _spoken(self, node: Over) -> Sequence[str]:
        """Return the contexts in which a quantified part may come out differently."""
        read = (name for name in facts_of(node) if self.plan.is_derived(name))
        varies = any(self.plan.contexts(name) != (NO_CONTEXT,) for name in read)
        return self.contexts if varies else (NO_CONTEXT,)

    def _stated_edition(self) -> pl.Series:
        """Return the edition of every row as observed, null where rules conclude it."""
        nothing = pl.Series([None], dtype=pl.String).new_from_index(0, self.height)
        if not self.chooser or self.plan.is_derived(self.chooser):
            return nothing
        home = self.plan.scope(self.chooser)
        frame = self.cohort.frames[home]
        if self.chooser not in frame.columns:
            return nothing
        stated = frame[self.chooser]
        moved = home is not self.scope
        return stated.gather(self.cohort.parent_rows(self.scope, home)) if moved else stated

    @cached_property
    def _everywhere(self) -> pl.Series:
        return pl.Series([True]).new_from_index(0, len(self.classes))

    def block(self, context: str) -> Block:
        """Return the leaves as rules that speak in a context see them."""
        leaves: dict[Criterion, LeafTruth] = {
            leaf: LeafTruth(truth, {leaf.fact: self._everywhere})
            for leaf, truth in self._observed.items()
        }
        for node in self.overs:
            leaves[node] = self._answer(node, context, self.firm)
        for leaf in self.derived_leaves:
            if isinstance(leaf, Is | IsA):  # rules conclude codes, never numbers
                leaves[leaf] = self._derived_leaf(leaf, self.read(leaf.fact, context))
        return Block(len(self.classes), leaves)

    def _answer(self, node: Over, context: str, firm: bool) -> LeafTruth:
        spoken = context if (node, context, firm) in self._quantified else NO_CONTEXT
        return self._quantified[node, spoken, firm]

    def read(self, fact: str, context: str) -> FindingBlock:
        """Return a derived fact as rules that speak in a context see it, for every class."""
        name = self.plan.context_read(fact, context)
        if (fact, name) not in self._read:
            decisions = self.cohort.decisions[fact]
            block = decisions.primary if name is None else decisions.contexts[name]
            self._read[fact, name] = self.gather(fact, block)
        return self._read[fact, name]

    def class_of(self, fact: str) -> pl.Series:
        """Return for every class the class of a derived fact that it reads."""
        return self._ids[fact]

    def gather(self, fact: str, block: FindingBlock) -> FindingBlock:
        """Return a finding about the classes of a fact for every class of this view."""
        return gather_finding(block, self._ids[fact])

    def edition(self) -> tuple[pl.Series, Names]:
        """Return the edition of every class, null where unknown, and what would tell it."""
        if not self.plan.is_derived(self.chooser):
            return self._edition, {self.chooser: self._edition.is_null()}
        finding = self.read(self.chooser, NO_CONTEXT)
        value = standing_value(finding)
        return value, named_or_itself(finding, self.chooser, value.is_null())

    def _derived_leaf(self, leaf: Is | IsA, finding: FindingBlock) -> LeafTruth:
        met, open_codes = code_sets(leaf, self.plan.knowledge)
        frame = pl.DataFrame({"v": standing_value(finding, firm=self.firm)})
        truth = frame.select(truth_of_codes(pl.col("v"), met, open_codes).alias("t"))["t"]
        return LeafTruth(truth, named_or_itself(finding, leaf.fact, self._everywhere))

    def softness(self, rule: Rule, context: str) -> tuple[pl.Series, Names]:
        """Return where a rule rests on something provisional, and what would settle it.

        A fact of the row itself counts wherever the rule reads it; a quantified part counts where
        it would be open without the provisional values of its rows.
        """
        names: Names = {}
        soft: list[pl.Series] = []
        for fact in direct_facts(rule):
            if fact not in self._ids:
                continue
            finding = self.read(fact, context)
            provisional = finding.status == "provisional"
            soft.append(provisional)
            for name, rows in named_or_itself(finding, fact, provisional).items():
                add_name(names, name, rows)
        for part in soft_parts(rule, self.plan):
            firm = self._answer(part, context, firm=True)
            opened = (
                firm.truth.is_null() & self._answer(part, context, firm=False).truth.is_not_null()
            )
            soft.append(opened)
            for name, rows in firm.names.items():
                add_name(names, name, rows & opened)
        return any_true(soft, len(self.classes)), names

    def _quantify(self, node: Over, context: str, firm: bool) -> LeafTruth:
        inner_scope = Scope(node.scope)
        home = self.scope.shared_with(inner_scope)
        trees = [node.that] if node.where is None else [node.that, node.where]
        inner = View(self.cohort, inner_scope, trees, (context,), firm=firm)
        block = inner.block(context)
        ids = inner.classes.ids
        where_names: Names = {}
        that_names: Names = {}
        block.open_names(node.that, inner._everywhere, that_names)
        where = inner._everywhere
        if node.where is not None:
            where = block.truth(node.where)
            block.open_names(node.where, inner._everywhere, where_names)
        outer, height = self.cohort.parent_rows(inner_scope, home), self.cohort.frames[home].height
        ways = InnerRows(outer, where, block.truth(node.that), where_names, that_names)
        flags = self._flags(node, inner_scope)
        if one_each(outer, height) and (flags is None or flags.null_count() == height):
            answer = quantify_alone(node, ways, ids, self.plan.knowledge)
        else:
            rows = ways.of_each(ids, self._ranks(node, inner_scope), flags)
            rows = replace(rows, thing=self._things(node, inner_scope))
            answer = quantify(node, rows, height, self.plan.knowledge)
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

    def _things(self, node: Over, scope: Scope) -> pl.Series | None:
        if node.quantifier != "count":
            return None
        frame = self.cohort.frames[scope]
        return frame.select(pl.struct(scope.keys).rank("dense").alias("thing"))["thing"]


def _select(frame: pl.DataFrame, exprs: Sequence[pl.Expr]) -> list[pl.Series]:
    """Evaluate expressions on a frame; literals are stretched to its height."""
    height = pl.int_range(pl.len(), dtype=pl.UInt32).alias("_row")
    return frame.select(height, *exprs).get_columns()[1:]
