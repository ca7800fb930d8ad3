"""Criterion trees that no rule owns, asked of all patients of a cohort at once; see `asking`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import polars as pl

from nenuphar.domain.scope import Scope
from nenuphar.engine.asking import direct_parts, is_about_patient
from nenuphar.engine.block import Block, Names, any_true
from nenuphar.engine.columnar import CohortEvaluator, View
from nenuphar.engine.densify import Classes, densify
from nenuphar.engine.plan import NO_CONTEXT
from nenuphar.engine.tracer import undecided
from nenuphar.knowledge.criterion import Criterion, Leaf, Over


@dataclass(frozen=True)
class Answer:
    """A tree, asked of all classes of patients.

    Attributes:
        truth: Boolean, null where undetermined.
        provisional: Where it is determined but rests on a provisional value.
        find_missing: Works out `missing`.
    """

    truth: pl.Series
    provisional: pl.Series
    find_missing: Callable[[], Names]

    @cached_property
    def missing(self) -> Names:
        """Facts that leave it open, each with its classes; no nulls. Worked out when asked for."""
        return self.find_missing()


@dataclass(frozen=True)
class Answers:
    """Trees asked of a cohort.

    Attributes:
        classes: Classes of patients, in the order of the patient frame; patients of a class share
            every answer.
        by_tree: The answer to each tree, by class.
    """

    classes: Classes
    by_tree: Mapping[Criterion, Answer]


def ask_cohort(trees: Sequence[Criterion], evaluator: CohortEvaluator) -> Answers:
    """Ask trees of all patients of a cohort whose derived facts are decided.

    Args:
        trees: The trees; equal ones are asked once.
        evaluator: The cohort, after `run`.
    """
    plan = evaluator.plan
    distinct = list(dict.fromkeys(trees))
    own = [tree for tree in distinct if is_about_patient(tree, plan)]
    inner = [tree for tree in distinct if not is_about_patient(tree, plan)]
    patients = View(evaluator, Scope.PATIENT, own, (NO_CONTEXT,))
    sets = _SpecimenSets(View(evaluator, Scope.SPECIMEN, inner, (NO_CONTEXT,)), evaluator)
    classes = densify([patients.classes.ids, sets.ids], patients.height)
    of_patient = patients.classes.ids.gather(classes.representatives)
    of_set = sets.ids.gather(classes.representatives)
    block = patients.block(NO_CONTEXT)
    found = {tree: _gather(_own_answer(tree, patients, block), of_patient) for tree in own}
    found |= {tree: _gather(answer, of_set) for tree, answer in sets.answers(inner).items()}
    return Answers(classes, found)


def _gather(answer: Answer, rows: pl.Series) -> Answer:
    def missing() -> Names:
        return {name: where.gather(rows) for name, where in answer.missing.items()}

    return Answer(answer.truth.gather(rows), answer.provisional.gather(rows), missing)


def _own_answer(tree: Criterion, view: View, block: Block) -> Answer:
    def missing() -> Names:
        names: Names = {}
        block.open_names(tree, view._everywhere, names)
        return names

    return Answer(block.truth(tree), ~view._everywhere, missing)


class _SpecimenSets:
    """The classes of specimens that could be the index of a patient; patients share them.

    Args:
        view: Specimens, seen by the trees.
        evaluator: The cohort.
    """

    def __init__(self, view: View, evaluator: CohortEvaluator) -> None:
        self.view = view
        self.plan = evaluator.plan
        self.block = view.block(NO_CONTEXT)
        frame = evaluator.frames[Scope.SPECIMEN]
        rows = pl.DataFrame(
            {
                "patient": evaluator.parent_rows(Scope.SPECIMEN, Scope.PATIENT),
                "class": view.classes.ids,
            }
        ).with_columns(flag=_flags(frame))
        # Grouping is what takes long; a specimen that has no other beside it needs none.
        alone = pl.col("patient").is_unique()
        sets = pl.concat([_single(rows.filter(alone)), _several(rows.filter(~alone))])
        height = evaluator.frames[Scope.PATIENT].height
        self._number(sets, pl.int_range(height, dtype=pl.UInt32, eager=True).alias("patient"))

    def _number(self, sets: pl.DataFrame, patients: pl.Series) -> None:
        """Number the distinct sets; `None` recorded and none that could be meant are two more."""
        many = pl.when(pl.col("n") > 2).then(pl.col("all").cast(pl.List(pl.String)).list.join(","))
        keys = ["recorded", "n", "lo", "hi", "many"]
        keyed = (
            patients.to_frame()
            .join(
                sets.with_columns(many=many, recorded=pl.lit(True)),
                on="patient",
                how="left",
                maintain_order="left",
            )
            .with_columns(pl.col("recorded").fill_null(False), pl.col("n").fill_null(0))
            .with_row_index("row")
        )
        distinct = keyed.unique(subset=keys, keep="first", maintain_order=True).with_row_index(
            "set"
        )
        joined = keyed.join(
            distinct.select(*keys, "set"), on=keys, how="left", nulls_equal=True,
            maintain_order="left",
        )  # fmt: skip
        self.ids: pl.Series = joined["set"]
        self.recorded: pl.Series = distinct["recorded"]
        members = distinct.filter(pl.col("n") > 0).select("set", pl.col("all").alias("class"))
        self.members = members.explode("class")

    def answers(self, trees: Sequence[Criterion]) -> dict[Criterion, Answer]:
        """Return the answer of every set to every tree: what its members agree on."""
        classes = self.members["class"]
        columns: dict[str, pl.Series] = {"set": self.members["set"]}
        exprs: list[pl.Expr] = []
        for i, tree in enumerate(trees):
            columns[f"t{i}"] = self.block.truth(tree).gather(classes)
            columns[f"s{i}"] = self._soft(tree).gather(classes)
            exprs += [_agreed(f"t{i}"), pl.col(f"s{i}").any()]
        table = self._by_set(pl.DataFrame(columns), exprs)
        found = {}
        for i, tree in enumerate(trees):
            truth = table[f"t{i}"]
            soft = table[f"s{i}"].fill_null(False) & truth.is_not_null()
            found[tree] = Answer(truth, soft, partial(self._missing, tree, truth.is_null()))
        return found

    def _by_set(self, members: pl.DataFrame, exprs: list[pl.Expr]) -> pl.DataFrame:
        """Return one row for each set; a set of one is what its only member is."""
        alone = pl.col("set").is_unique()
        several = members.filter(~alone).group_by("set").agg(exprs)
        summary = pl.concat([members.filter(alone), several.select(members.columns)])
        everyone = pl.int_range(self.recorded.len(), dtype=pl.UInt32, eager=True).alias("set")
        if summary["set"].equals(everyone):
            return summary
        return everyone.to_frame().join(summary, on="set", how="left", maintain_order="left")

    def _missing(self, tree: Criterion, is_open: pl.Series) -> Names:
        names: Names = {}
        self.block.open_names(tree, self.view._everywhere, names)
        classes = self.members["class"]
        columns = {f"n{j}": rows.gather(classes) for j, rows in enumerate(names.values())}
        members = pl.DataFrame({"set": self.members["set"], **columns})
        table = self._by_set(members, [pl.col(name).any() for name in columns])
        found: Names = {
            name: table[f"n{j}"].fill_null(False) & is_open for j, name in enumerate(names)
        }
        unnamed = is_open & ~any_true(list(found.values()), is_open.len())
        question = Over("index", Scope.SPECIMEN.value, tree)
        for recorded in (True, False):
            rows = unnamed & (self.recorded if recorded else ~self.recorded)
            for name in undecided(question, recorded, self.plan.knowledge):
                found[name] = found[name] | rows if name in found else rows
        return found

    def _soft(self, tree: Criterion) -> pl.Series:
        """Return where a tree reads a provisional value on its specimen."""
        facts = {part.fact for part in direct_parts(tree) if isinstance(part, Leaf)}
        derived = sorted(fact for fact in facts if self.plan.is_derived(fact))
        soft = [self.view.read(fact, NO_CONTEXT).status == "provisional" for fact in derived]
        return any_true(soft, len(self.view.classes))


def _single(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the set of every patient with one specimen, as `_several` does."""
    mine, own = pl.col("flag").fill_null(True), pl.col("class")
    empty = pl.lit([], dtype=pl.List(rows.schema["class"]))
    return rows.select(
        "patient",
        lo=pl.when(mine).then(own),
        hi=pl.when(mine).then(own),
        n=mine.cast(pl.UInt32),
        all=pl.when(mine).then(pl.concat_list(own)).otherwise(empty),
    )


def _several(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the classes of the specimens that could be the index, one row for each patient.

    Args:
        rows: Columns `patient`, `class` and `flag`: whether the specimen is marked as the index.

    Returns:
        Columns `patient`, `lo` and `hi` (least and greatest class), `n` (how many) and `all`.
    """
    marked = pl.col("flag").fill_null(False)
    chosen = pl.when(marked.any().over("patient")).then(marked)
    rows = rows.with_columns(mine=chosen.otherwise(pl.col("flag").fill_null(True)))
    mine = pl.col("class").filter(pl.col("mine"))
    return rows.group_by("patient").agg(
        lo=mine.min(), hi=mine.max(), n=mine.n_unique(), all=mine.unique().sort()
    )


def _flags(frame: pl.DataFrame) -> pl.Series:
    name = f"{Scope.SPECIMEN.value}.is_index"
    if name in frame.columns:
        return frame[name]
    return pl.Series([None], dtype=pl.Boolean).new_from_index(0, frame.height)


def _agreed(column: str) -> pl.Expr:
    truth = pl.col(column)
    met, failed = truth.all(ignore_nulls=False), (~truth).all(ignore_nulls=False)
    return pl.when(met).then(True).when(failed).then(False).alias(column)
