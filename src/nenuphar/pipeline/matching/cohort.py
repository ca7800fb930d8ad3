"""Trials matched to all patients of a cohort at once; the same answers as `matching.match_case`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_

import polars as pl

from nenuphar.domain.scope import Scope
from nenuphar.engine.asking_columns import Answer, Answers, ask_cohort
from nenuphar.engine.block import Names, add_name
from nenuphar.engine.columnar import CohortEvaluator
from nenuphar.engine.contest import join_names
from nenuphar.engine.frames import Frames
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.methods import treatment_lines
from nenuphar.pipeline.case import plan_of
from nenuphar.pipeline.cohort import described
from nenuphar.pipeline.matching.trials import Question, systemic_codes, trials_of
from nenuphar.report.criteria import CriterionWords

TRUTHS = pl.Enum(["met", "not_met", "undetermined"])


@dataclass(frozen=True)
class CohortMatches:
    """Patients of a cohort and trials.

    Attributes:
        patients: Ids, in the order of the cohort.
        trials: The trials.
        answers: Every criterion, by class of patients.
        knowledge: The knowledge base.
    """

    patients: pl.Series
    trials: Sequence[Question]
    answers: Answers
    knowledge: KnowledgeBase

    def eligibility(self) -> pl.DataFrame:
        """Return one row for each patient: its id and, for each trial, yes, no or null (open)."""
        truths = {trial.id: _joined(trial, self.answers) for trial in self.trials}
        table = pl.DataFrame(truths).select(pl.all().gather(self.answers.classes.ids))
        return table.insert_column(0, self.patients.alias("patient_id"))

    def pairs(self) -> pl.DataFrame:
        """Return one row for each trial and patient, trial by trial.

        Returns:
            Columns `patient_id`, `trial_id`, `eligibility`, `provisional`, `met`, `not_met`,
            `undetermined` (numbers of criteria), `completeness` (0 to 1) and `missing` (facts that
            would decide an open eligibility, joined by `;`).
        """
        by_class = pl.concat([_by_class(trial, self.answers) for trial in self.trials])
        ids = pl.Enum([trial.id for trial in self.trials])
        count = len(self.answers.classes)
        rows = self.answers.classes.ids
        offsets = pl.Series(range(len(self.trials)), dtype=pl.UInt32)
        picks = pl.concat([rows + offset * count for offset in offsets])
        table = by_class.select(pl.all().gather(picks))
        height = self.patients.len()
        return table.with_columns(
            patient_id=pl.concat([self.patients] * len(self.trials)),
            trial_id=pl.concat(
                [pl.Series([t.id], dtype=ids).new_from_index(0, height) for t in self.trials]
            ),
        ).select("patient_id", "trial_id", pl.exclude("patient_id", "trial_id"))

    def criteria(self) -> pl.DataFrame:
        """Return one row for each criterion of a trial and patient.

        Returns:
            Columns `patient_id`, `trial_id`, `criterion` (its words), `truth`, `provisional` and
            `missing` (facts that would decide it, joined by `;`).
        """
        words = CriterionWords(self.knowledge)
        rows = self.answers.classes.ids
        parts = []
        for trial in self.trials:
            for tree in trial.criteria:
                answer = self.answers.by_tree[tree]
                part = pl.DataFrame(
                    {
                        "truth": _words(answer.truth),
                        "provisional": answer.provisional,
                        "missing": join_names(answer.missing, answer.truth.len()),
                    }
                ).select(pl.all().gather(rows))
                parts.append(
                    part.select(
                        self.patients.alias("patient_id"),
                        pl.lit(trial.id).alias("trial_id"),
                        pl.lit(words.tree(tree)).alias("criterion"),
                        pl.all(),
                    )
                )
        return pl.concat(parts)


def match_cohort(
    frames: Frames, knowledge: KnowledgeBase, trials: Sequence[Question] | None = None
) -> CohortMatches:
    """Match trials to all patients of a cohort.

    Args:
        frames: Observed facts by scope; they answer the variant questions of the trials
            (`matching.questions_of_trials`).
        knowledge: The knowledge base.
        trials: The trials; all with criteria if None.
    """
    measured = described(frames, knowledge)
    counted = treatment_lines.count_frames(measured, systemic_codes(knowledge))
    evaluator = CohortEvaluator(plan_of(knowledge), counted)
    evaluator.run()
    return match_decided(evaluator, trials_of(knowledge) if trials is None else trials)


def match_decided(evaluator: CohortEvaluator, trials: Sequence[Question]) -> CohortMatches:
    """Match trials to a cohort whose derived facts are decided already."""
    answers = ask_cohort([tree for trial in trials for tree in trial.criteria], evaluator)
    patients = evaluator.frames[Scope.PATIENT]["patient_id"]
    return CohortMatches(patients, trials, answers, evaluator.plan.knowledge)


def trials_by_count(pairs: pl.DataFrame) -> pl.DataFrame:
    """Count how patients and trials fit, trial by trial.

    Args:
        pairs: As `CohortMatches.pairs` gives them.

    Returns:
        Columns `trial_id`, `met`, `provisional` (of those met), `undetermined`, `not_met` (numbers
        of patients) and `fitting` (ids of those who meet all criteria); trials that nobody fits or
        may fit are left out, those that most fit come first.
    """
    fits = pl.col("eligibility") == "met"
    return (
        pairs.group_by("trial_id", maintain_order=True)
        .agg(
            met=fits.sum(),
            provisional=(fits & pl.col("provisional")).sum(),
            undetermined=(pl.col("eligibility") == "undetermined").sum(),
            not_met=(pl.col("eligibility") == "not_met").sum(),
            fitting=pl.col("patient_id").filter(fits),
        )
        .with_columns(pl.col("trial_id").cast(pl.String))
        .filter((pl.col("met") > 0) | (pl.col("undetermined") > 0))
        .sort("met", "undetermined", "trial_id", descending=[True, True, False])
    )


def what_would_decide(pairs: pl.DataFrame, most: int = 10) -> list[tuple[str, int, int, int]]:
    """Return the facts that most undetermined pairs lack.

    Args:
        pairs: As `CohortMatches.pairs` gives them.
        most: How many facts to return.

    Returns:
        Fact, number of open pairs that lack it, of those that lack nothing else, and of patients.
    """
    lists = pl.col("missing").str.split(";")
    lacking = (
        pairs.filter(pl.col("eligibility") == "undetermined", pl.col("missing") != "")
        .select("patient_id", missing=lists, alone=lists.list.len() == 1)
        .explode("missing")
    )
    counted = lacking.group_by("missing").agg(
        n=pl.len(), alone=pl.col("alone").sum(), patients=pl.col("patient_id").n_unique()
    )
    ordered = counted.sort("n", "missing", descending=[True, False]).head(most)
    return [(fact, n, alone, people) for fact, n, alone, people in ordered.iter_rows()]


def _joined(trial: Question, answers: Answers) -> pl.Series:
    return reduce(and_, (answers.by_tree[tree].truth for tree in trial.criteria))


def _by_class(trial: Question, answers: Answers) -> pl.DataFrame:
    own = [answers.by_tree[tree] for tree in trial.criteria]
    parts = pl.DataFrame(
        {f"t{i}": answer.truth for i, answer in enumerate(own)}
        | {f"p{i}": answer.provisional for i, answer in enumerate(own)}
    )
    truths = [pl.col(f"t{i}") for i in range(len(own))]
    soft = [pl.col(f"p{i}") for i in range(len(own))]
    firm_failure = pl.any_horizontal(
        (~t.fill_null(True)) & ~p for t, p in zip(truths, soft, strict=True)
    )
    table = parts.select(
        truth=pl.all_horizontal(truths),
        firm=firm_failure,
        soft=pl.any_horizontal(soft),
        met=pl.sum_horizontal(t.fill_null(False).cast(pl.Int32) for t in truths),
        undetermined=pl.sum_horizontal(t.is_null().cast(pl.Int32) for t in truths),
    )
    truth = table["truth"]
    number = len(own)
    return table.select(
        _words(truth).alias("eligibility"),
        pl.when(pl.col("truth"))
        .then(pl.col("soft"))
        .when(~pl.col("truth"))
        .then(~pl.col("firm"))
        .otherwise(False)
        .alias("provisional"),
        "met",
        (number - pl.col("met") - pl.col("undetermined")).alias("not_met"),
        "undetermined",
        ((number - pl.col("undetermined")) / number).round(4).alias("completeness"),
        join_names(_missing(own, truth.is_null()), truth.len()).alias("missing"),
    )


def _missing(answers: Sequence[Answer], rows: pl.Series) -> Names:
    names: Names = {}
    for answer in answers:
        for name, where in answer.missing.items():
            add_name(names, name, where & rows)
    return names


def _words(truth: pl.Series) -> pl.Series:
    frame = pl.DataFrame({"t": truth})
    word = pl.when(pl.col("t")).then(pl.lit("met")).when(~pl.col("t")).then(pl.lit("not_met"))
    return frame.select(word.otherwise(pl.lit("undetermined")).cast(TRUTHS).alias("t"))["t"]
