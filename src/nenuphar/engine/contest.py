"""The meaning of `combine`, over a block of rows at once.

Whatever is decided here is decided the same way, for one row, in `combine`; a property test holds
the two equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import polars as pl

from nenuphar.engine.block import Block, Names, add_name, any_true
from nenuphar.engine.combine import AS_REPORTED, NO_RULE_APPLIES, REPORT_NOT_SUPPORTED
from nenuphar.engine.plan import reads_of
from nenuphar.knowledge.schema import Rule
from nenuphar.terminology.hierarchy import Hierarchy


@dataclass(frozen=True)
class RuleBlock:
    """How a rule came out on every row: three disjoint series, and the facts it names.

    `silent` says where it came out as nothing because nobody could judge its criteria.
    """

    rule: Rule
    met: pl.Series
    provisional: pl.Series
    undetermined: pl.Series
    names: Names
    silent: pl.Series


@dataclass(frozen=True)
class FindingBlock:
    """What stands for a fact on every row, in one context.

    Attributes:
        value: Text, null where nothing stands.
        status: Text.
        missing: Facts that would decide it, each with its rows.
        alternatives: Values that remain possible, each with its rows.
        rules: Rules behind the value, each with its rows.
        cautions: Cautions, each with its rows.
    """

    value: pl.Series
    status: pl.Series
    missing: Names
    alternatives: Names
    rules: Names
    cautions: Names


def run_rule(rule: Rule, block: Block, soft: pl.Series, soft_names: Names) -> RuleBlock:
    """Evaluate a rule on every row of a block.

    Args:
        rule: The rule.
        block: Leaves of the rows.
        soft: Rows on which the rule reads a provisional value on its own row.
        soft_names: What would decide those values.
    """
    when = block.truth(rule.when)
    exception = rule.exception
    unless = block.truth(exception) if exception is not None else block.constant(False)
    refused = (~when).fill_null(False) | unless.fill_null(False)
    undetermined = ~refused & when.is_null()
    standing = ~refused & when.is_not_null()
    provisional = standing & (unless.is_null() | soft)
    names: Names = {}
    block.open_names(rule.when, undetermined, names)
    if exception is not None:
        block.open_names(exception, undetermined | provisional, names)
    for name, rows in soft_names.items():
        add_name(names, name, provisional & rows)
    silent = block.constant(False)
    if rule.silent_where is not None:
        silent = block.truth(rule.silent_where).fill_null(False)
    return RuleBlock(rule, standing & ~provisional, provisional, undetermined, names, silent)


class ContestBlock:
    """The values that the rules of a fact contend for, on every row."""

    def __init__(
        self, outcomes: Sequence[RuleBlock], hierarchy: Hierarchy | None, height: int
    ) -> None:
        self.height, self.hierarchy = height, hierarchy
        self.criteria = [o for o in outcomes if o.rule.basis == "criteria" and not o.rule.withholds]
        self.withholding = [o for o in outcomes if o.rule.withholds]
        self.reported = [o for o in outcomes if o.rule.basis == "reported"]
        self.values = sorted({o.rule.concludes.value for o in self.criteria})
        self._settle_states()
        self._settle_standing()

    def any(self, series: Sequence[pl.Series]) -> pl.Series:
        """Return where at least one of several series is true."""
        return any_true(series, self.height)

    def _settle_states(self) -> None:
        self.met: Names = {}
        self.prov: Names = {}
        self.und: Names = {}
        for value in self.values:
            own = [o for o in self.criteria if o.rule.concludes.value == value]
            met = self.any([o.met for o in own])
            prov = self.any([o.provisional for o in own]) & ~met
            self.met[value], self.prov[value] = met, prov
            self.und[value] = self.any([o.undetermined for o in own]) & ~met & ~prov

    def _settle_standing(self) -> None:
        stands = {v: self.met[v] | self.prov[v] for v in self.values}
        self.top_met: Names = {}
        self.top_prov: Names = {}
        self.open: Names = {}
        for value in self.values:
            below = self.any([stands[other] for other in self.values if self._above(value, other)])
            self.top_met[value] = self.met[value] & ~below
            self.top_prov[value] = self.prov[value] & ~below
            self.open[value] = self.und[value] & ~below
        self.n_met = self._count(self.top_met)
        self.n_prov = self._count(self.top_prov)

    def unheard(self, value: str) -> pl.Series:
        """Return where every rule for a value is silent."""
        own = [~o.silent for o in self.criteria if o.rule.concludes.value == value]
        return ~self.any(own)

    def _above(self, value: str, other: str) -> bool:
        known = self.hierarchy is not None and other in self.hierarchy
        return known and value in self.hierarchy.ancestors(other)  # type: ignore[union-attr]

    def _count(self, names: Names) -> pl.Series:
        zero = pl.Series([0], dtype=pl.Int32).new_from_index(0, self.height)
        return reduce(lambda a, b: a + b, (s.cast(pl.Int32) for s in names.values()), zero)

    def finding(self) -> FindingBlock:
        """Decide what stands on every row."""
        held = self.any([o.met for o in self.withholding])
        doubting = [o for o in self.withholding if o.rule.doubts]
        doubt = self.any([o.undetermined | o.provisional for o in doubting])
        free = ~held
        conflict = free & (self.n_met > 1)
        single = free & (self.n_met == 1)
        lone = free & (self.n_met == 0) & (self.n_prov == 1)
        torn = free & (self.n_met == 0) & (self.n_prov > 1)
        fallen = free & (self.n_met == 0) & (self.n_prov == 0)
        rival = single & ((self.n_prov > 0) | self.any(list(self.open.values())))
        certain = single & ~rival & ~doubt
        reports = _Reports(self, fallen)
        parts = _Parts(held, conflict, single, lone, torn, fallen, certain)
        missing = self._missing(parts, reports)
        alternatives = self._alternatives(parts, reports)
        unfit = fallen & ~reports.lone & ~self.any([*missing.values(), *alternatives.values()])
        cautions = {
            AS_REPORTED: reports.lone,
            REPORT_NOT_SUPPORTED: fallen & reports.refuted,
            NO_RULE_APPLIES: unfit,
        }
        return FindingBlock(
            self._value(parts, reports),
            _choose(
                [
                    (conflict, "conflict"),
                    (certain, "met"),
                    (single | lone | reports.lone, "provisional"),
                ],
                "undetermined",
                self.height,
            ),
            _used(missing),
            _used(alternatives),
            _used(self._rules(parts, reports)),
            _used(cautions),
        )

    def _value(self, parts: _Parts, reports: _Reports) -> pl.Series:
        chosen = [(parts.single & self.top_met[v], v) for v in self.values]
        chosen += [(parts.lone & self.top_prov[v], v) for v in self.values]
        chosen += [(reports.lone & rows, v) for v, rows in reports.possible.items()]
        value = _choose(chosen, None, self.height)
        if not parts.conflict.any():
            return value
        rivals = join_names({v: self.top_met[v] for v in self.values}, self.height)
        frame = pl.DataFrame({"c": parts.conflict, "r": rivals, "v": value})
        return frame.select(pl.when("c").then(pl.col("r")).otherwise(pl.col("v")).alias("v"))["v"]

    def _missing(self, parts: _Parts, reports: _Reports) -> Names:
        names: Names = {}
        open_rows = ~parts.held & ~parts.conflict & ~parts.certain
        for outcome in self.criteria:
            value = outcome.rule.concludes.value
            # Only the best outcomes for a value speak, and only for values still in play.
            speaks = (outcome.undetermined & self.open[value]) | (
                outcome.provisional & self.top_prov[value]
            )
            for name, rows in outcome.names.items():
                add_name(names, name, rows & speaks & open_rows)
        for outcome in self.withholding:
            named = outcome.names if outcome.rule.doubts else {}
            for name, rows in named.items():
                add_name(names, name, rows & open_rows)
            for name in outcome.rule.names:
                add_name(names, name, outcome.met)
        for outcome in self.reported:
            stating = outcome.met | outcome.provisional
            for name in reads_of([outcome.rule]):
                rows = reports.torn & reports.possible[outcome.rule.concludes.value]
                add_name(names, name, rows & stating)
        return names

    def _alternatives(self, parts: _Parts, reports: _Reports) -> Names:
        names: Names = {}
        for value in self.values:
            met, prov, open_ = self.top_met[value], self.top_prov[value], self.open[value]
            add_name(names, value, parts.held & (met | prov | open_))
            add_name(names, value, parts.conflict & met)
            add_name(names, value, (parts.single | parts.torn) & (prov | open_))
            add_name(names, value, parts.lone & open_)
            reported = reports.possible.get(value)
            own = reported if reported is not None else ~parts.fallen & parts.fallen
            add_name(names, value, parts.fallen & open_ & ~(reports.lone & own))
        for value, rows in reports.possible.items():
            add_name(names, value, parts.fallen & ~reports.lone & rows)
        return names

    def _rules(self, parts: _Parts, reports: _Reports) -> Names:
        names: Names = {}
        taken = ~parts.held & parts.held
        for outcome in sorted(self.withholding, key=lambda o: o.rule.id):
            first = outcome.met & ~taken
            add_name(names, outcome.rule.id, first)
            taken = taken | first
        for value in self.values:
            own = sorted(
                (o for o in self.criteria if o.rule.concludes.value == value),
                key=lambda o: o.rule.id,
            )
            for rows, pick in (
                ((parts.conflict | parts.single) & self.top_met[value], "met"),
                (parts.lone & self.top_prov[value], "provisional"),
            ):
                _add_first(names, own, rows, pick)
        for value, rows in reports.possible.items():
            rules = sorted(
                (o for o in self.reported if o.rule.concludes.value == value),
                key=lambda o: o.rule.id,
            )
            _add_first(names, rules, reports.lone & rows, "standing")
        return names


@dataclass(frozen=True)
class _Parts:
    """Which of the ways of `combine` each row takes."""

    held: pl.Series
    conflict: pl.Series
    single: pl.Series
    lone: pl.Series
    torn: pl.Series
    fallen: pl.Series
    certain: pl.Series


class _Reports:
    """What was reported, on the rows on which no criteria stand."""

    def __init__(self, contest: ContestBlock, fallen: pl.Series) -> None:
        values = sorted({o.rule.concludes.value for o in contest.reported})
        stated = {
            value: contest.any(
                [o.met | o.provisional for o in contest.reported if o.rule.concludes.value == value]
            )
            for value in values
        }
        self.possible: Names = {}
        tops = []
        for value in values:
            below = contest.any([stated[o] for o in values if contest._above(value, o)])
            top = fallen & stated[value] & ~below
            tops.append(top)
            if value in contest.values:  # neither refuted nor, on these rows, standing
                top = top & (contest.und[value] | contest.unheard(value))
            self.possible[value] = top
        count = contest._count(self.possible)
        self.lone = fallen & (count == 1)
        self.torn = fallen & (count > 1)
        self.refuted = contest.any(tops) & (count == 0)


def _used(names: Names) -> Names:
    """Leave out what holds on no row, so that nothing above has to carry it."""
    return {name: rows for name, rows in names.items() if rows.any()}


def _add_first(names: Names, outcomes: Sequence[RuleBlock], rows: pl.Series, state: str) -> None:
    """Name, on the given rows, the first of several rules that has a state."""
    left = rows
    for outcome in outcomes:
        has = {
            "met": outcome.met,
            "provisional": outcome.provisional,
            "standing": outcome.met | outcome.provisional,
        }[state]
        add_name(names, outcome.rule.id, left & has)
        left = left & ~has


def _choose(
    options: Sequence[tuple[pl.Series, str]], otherwise: str | None, height: int
) -> pl.Series:
    """Return the text of the first option that holds on each row."""
    frame = pl.DataFrame({f"o{i}": rows for i, (rows, _) in enumerate(options)})
    if not options:
        return pl.Series([otherwise], dtype=pl.String).new_from_index(0, height)
    whens = [pl.when(pl.col(f"o{i}")).then(pl.lit(t)) for i, (_, t) in enumerate(options)]
    last = pl.lit(otherwise, dtype=pl.String)
    return frame.select(pl.coalesce(*whens, last).alias("v"))["v"]


def join_names(names: Names, height: int) -> pl.Series:
    """Return, for every row, the names that hold on it, in order, joined by `;`."""
    used = [name for name in sorted(names) if names[name].any()]
    if not used:
        return pl.Series([""], dtype=pl.String).new_from_index(0, height)
    frame = pl.DataFrame({name: names[name] for name in used})
    parts = [pl.when(pl.col(name)).then(pl.lit(name)) for name in used]
    return frame.select(pl.concat_str(parts, separator=";", ignore_nulls=True).alias("j"))["j"]
