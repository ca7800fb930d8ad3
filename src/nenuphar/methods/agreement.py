"""How far several assessors agree: Cohen's kappa by pairs and Fleiss' kappa, with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np
import numpy.typing as npt
import polars as pl

SCHEMA: dict[str, pl.DataType] = {
    "measure": pl.String(),
    "fact": pl.String(),
    "statistic": pl.String(),
    "estimate": pl.Float64(),
    "ci_low": pl.Float64(),
    "ci_high": pl.Float64(),
    "observed_agreement": pl.Float64(),
    "subjects": pl.Int64(),
    "assessors": pl.Int64(),
    "ratings": pl.Int64(),
    "left_out": pl.Int64(),
    "categories": pl.List(pl.String()),
    "reason": pl.String(),
}
"""Columns of a table of agreement; `estimate` is null where kappa is not defined, see `reason`."""

LEVEL = 0.95

_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Cut:
    """Where one class ends and the next begins.

    Attributes:
        limit: The number, in the unit of the quantity.
        belongs_above: Whether the number itself belongs to the upper class (`from 2 on`) or to the
            lower one (`above 10`).
    """

    limit: float
    belongs_above: bool


def class_of_quantity(fact: str, cuts: Sequence[Cut]) -> pl.Expr:
    """Return an expression that puts a quantity into the classes between cuts.

    Args:
        fact: Name of the quantity; its columns are `<fact>.lo`, `.lo_open`, `.hi`, `.hi_open`.
        cuts: In ascending order, in the unit of the quantity.

    Returns:
        The class in words (`<2`, `2 to 10`, `>10`), in ascending order; null where the quantity is
        missing, or is an interval that reaches into two classes.
    """
    lo, hi = pl.col(f"{fact}.lo"), pl.col(f"{fact}.hi")
    lo_open, hi_open = pl.col(f"{fact}.lo_open"), pl.col(f"{fact}.hi_open")
    low, high = pl.lit(0), pl.lit(0)
    for cut in cuts:
        if cut.belongs_above:
            low = low + (lo >= cut.limit).cast(pl.Int64)
            high = high + ((hi > cut.limit) | ((hi == cut.limit) & ~hi_open)).cast(pl.Int64)
        else:
            low = low + ((lo > cut.limit) | ((lo == cut.limit) & lo_open)).cast(pl.Int64)
            high = high + (hi > cut.limit).cast(pl.Int64)
    names = _class_names(cuts)
    named = low.replace_strict(dict(enumerate(names)), default=None, return_dtype=pl.Enum(names))
    return pl.when(low == high).then(named)


def _class_names(cuts: Sequence[Cut]) -> list[str]:
    first, last = cuts[0], cuts[-1]
    names = [f"{'<' if first.belongs_above else '≤'}{first.limit:g}"]
    for below, above in pairwise(cuts):
        start = f"{below.limit:g}" if below.belongs_above else f">{below.limit:g}"
        end = f"<{above.limit:g}" if above.belongs_above else f"{above.limit:g}"
        names.append(f"{start} to {end}")
    return [*names, f"{'≥' if last.belongs_above else '>'}{last.limit:g}"]


def assessor_agreement(
    specimens: pl.DataFrame,
    conclusions: pl.DataFrame,
    classes: Mapping[str, tuple[str, Sequence[Cut]]],
    codes: Mapping[str, str],
    concluded: Mapping[str, str],
) -> pl.DataFrame | None:
    """Measure how far the assessors of a cohort's specimens agree.

    Args:
        specimens: The specimen frame (`engine.frames`), one row for each specimen and assessor.
        conclusions: With `engine.cohort.SCHEMA`.
        classes: Quantities to compare by class: fact by measure in words, with its cuts.
        codes: Observed codes to compare: fact by measure.
        concluded: Concluded facts to compare: fact by measure; only what is met or provisional is a
            rating.

    Returns:
        Two rows for each measure, see `agreement`; None where no specimen has two assessors. Facts
        that no row holds are left out.
    """
    read = specimens.filter(pl.col("assessor") != "")
    if not read.select(_SUBJECT).is_duplicated().any():
        return None
    found: list[pl.DataFrame] = []

    def compare(measure: str, fact: str, table: pl.DataFrame, category: pl.Expr) -> None:
        ratings = table.select(*_RATED, category.alias("category"))
        found.append(agreement(measure, ratings, fact))

    for measure, (fact, cuts) in classes.items():
        if f"{fact}.lo" in read.columns:
            compare(measure, fact, read, class_of_quantity(fact, cuts))
    for measure, fact in codes.items():
        if fact in read.columns:
            compare(measure, fact, read, pl.col(fact))
    for measure, fact in concluded.items():
        own = conclusions.filter((pl.col("fact") == fact) & (pl.col("assessor") != ""))
        stands = pl.col("status").is_in(["met", "provisional"])
        compare(measure, fact, own, pl.when(stands).then(pl.col("value")))
    return pl.concat(found) if found else None


_SUBJECT = ("patient_id", "tumour_id", "specimen_id")
_RATED = (pl.struct(_SUBJECT).alias("subject"), pl.col("assessor"))


def agreement(measure: str, ratings: pl.DataFrame, fact: str = "") -> pl.DataFrame:
    """Measure how far assessors who rated the same subjects agree.

    Args:
        measure: What was rated, in words.
        ratings: Columns `subject`, `assessor`, `category` (text or an ordered enumeration; null is
            no rating). At most one rating of a subject by an assessor.
        fact: Name of the rated fact, if it is one; kept beside the measure.

    Returns:
        Two rows with the columns of `SCHEMA`: Fleiss' kappa, generalised to subjects with different
        numbers of ratings, and the mean of Cohen's kappa over all pairs of assessors. Subjects with
        fewer than two ratings cannot agree or disagree and are left out; `left_out` counts them.
        Confidence intervals at 95% come from the jackknife over subjects with Student's t.

    Raises:
        ValueError: An assessor rated one subject twice.

    Source:
        Fleiss, Psychol Bull 1971;76:378-382, doi:10.1037/h0031619; for missing ratings Gwet,
        Educ Psychol Meas 2021;81:781-790, doi:10.1177/0013164420973080. Cohen, Educ Psychol Meas
        1960;20:37-46, doi:10.1177/001316446002000104; mean over pairs Light, Psychol Bull
        1971;76:365-377, doi:10.1037/h0031643. Jackknife: Efron and Stein, Ann Stat 1981;9:586-596,
        doi:10.1214/aos/1176345462.
    """
    if ratings.select("subject", "assessor").is_duplicated().any():
        raise ValueError(f"{measure}: an assessor rated a subject twice; keep one rating of each")
    rated = ratings.drop_nulls("category")
    several = rated.filter(pl.len().over("subject") >= 2)
    left_out = ratings["subject"].n_unique() - several["subject"].n_unique()
    table = rating_table(several)
    rows = [
        _row((measure, fact), "fleiss", *fleiss_kappa(table), several, left_out),
        _row((measure, fact), "cohen_mean", *mean_cohen_kappa(table), several, left_out),
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def rating_table(ratings: pl.DataFrame) -> npt.NDArray[np.int64]:
    """Lay ratings out as subjects × assessors of category numbers; -1 where there is none."""
    codes = ratings.select(
        pl.col(name).rank("dense").cast(pl.Int64) - 1
        for name in ("subject", "assessor", "category")
    )
    if codes.is_empty():
        return np.full((0, 0), -1, dtype=np.int64)
    subject, assessor, category = (codes[name].to_numpy() for name in codes.columns)
    table = np.full((subject.max() + 1, assessor.max() + 1), -1, dtype=np.int64)
    table[subject, assessor] = category
    return table


def fleiss_kappa(table: npt.NDArray[np.int64]) -> tuple[float, float, _Floats]:
    """Return Fleiss' kappa of subjects × assessors with at least two ratings of each subject.

    Args:
        table: Category numbers; -1 where there is no rating.

    Returns:
        Kappa, the observed agreement, and kappa with each subject left out in turn; NaN where all
        ratings are one category.
    """
    n, categories = len(table), int(table.max(initial=-1)) + 1
    if n == 0:
        return float("nan"), float("nan"), np.empty(0)
    counts = np.stack([(table == k).sum(axis=1) for k in range(categories)], axis=1, dtype=float)
    per_subject = counts.sum(axis=1)
    observed = (counts * (counts - 1)).sum(axis=1) / (per_subject * (per_subject - 1))
    shares = counts / per_subject[:, None]
    whole = _kappa(observed.mean(), (shares.mean(axis=0) ** 2).sum())
    without = (observed.sum() - observed) / max(n - 1, 1)
    expected = (((shares.sum(axis=0) - shares) / max(n - 1, 1)) ** 2).sum(axis=1)
    return float(whole), float(observed.mean()), _kappa(without, expected)


def mean_cohen_kappa(table: npt.NDArray[np.int64]) -> tuple[float, float, _Floats]:
    """Return the mean of Cohen's kappa over the pairs of assessors who share subjects.

    Args:
        table: Category numbers, subjects × assessors; -1 where there is no rating.

    Returns:
        The mean kappa, the mean observed agreement, and the mean kappa with each subject left out
        in turn. Pairs whose kappa is not defined (both used one same category) are not averaged.
    """
    pairs = [_cohen(table[:, a], table[:, b]) for a, b in combinations(range(table.shape[1]), 2)]
    defined = [pair for pair in pairs if pair is not None and not np.isnan(pair[0])]
    if not defined:
        return float("nan"), float("nan"), np.full(len(table), np.nan)
    kappas, agreements, without = zip(*defined, strict=True)
    return float(np.mean(kappas)), float(np.mean(agreements)), np.mean(without, axis=0)


def _cohen(
    one: npt.NDArray[np.int64], other: npt.NDArray[np.int64]
) -> tuple[float, float, _Floats] | None:
    both = (one >= 0) & (other >= 0)
    n = int(both.sum())
    if n < 2:
        return None
    a, b = one[both], other[both]
    same = (a == b).astype(float)
    categories = int(max(a.max(), b.max())) + 1
    of_a = np.bincount(a, minlength=categories).astype(float)
    of_b = np.bincount(b, minlength=categories).astype(float)
    product = of_a @ of_b
    whole = float(_kappa(same.mean(), product / n**2))
    # Without a subject, its two categories each lose one rating.
    expected = (product - of_b[a] - of_a[b] + same) / (n - 1) ** 2
    without = np.full(len(one), whole)
    without[both] = _kappa((same.sum() - same) / (n - 1), expected)
    return whole, float(same.mean()), without


def _kappa(observed: _Floats | float, expected: _Floats | float) -> _Floats:
    observed, expected = np.asarray(observed), np.asarray(expected)
    with np.errstate(invalid="ignore", divide="ignore"):
        kappa = (observed - expected) / (1 - expected)
    return np.where(1 - expected > 1e-12, kappa, np.nan)


def _row(
    measure: tuple[str, str],
    statistic: str,
    estimate: float,
    observed: float,
    without: _Floats,
    ratings: pl.DataFrame,
    left_out: int,
) -> tuple[object, ...]:
    low, high = _jackknife_interval(estimate, without)
    subjects = len(without)
    reason = ""
    if not subjects:
        reason = "no subject was rated by two assessors"
    elif np.isnan(estimate):
        reason = "all ratings are one category, so that chance cannot be told from agreement"
    return (
        *measure,
        statistic,
        _number(estimate),
        low,
        high,
        _number(observed) if subjects else None,
        subjects,
        ratings["assessor"].n_unique(),
        ratings.height,
        left_out,
        ratings["category"].unique().sort().cast(pl.String).to_list(),
        reason,
    )


def _jackknife_interval(estimate: float, without: _Floats) -> tuple[float | None, float | None]:
    n = len(without)
    if n < 2 or np.isnan(estimate) or np.isnan(without).any():
        return None, None
    variance = (n - 1) / n * ((without - without.mean()) ** 2).sum()
    from scipy.stats import t  # slow to load, and not needed where one person reads

    half = t.ppf((1 + LEVEL) / 2, n - 1) * np.sqrt(variance)
    return max(-1.0, float(estimate - half)), min(1.0, float(estimate + half))


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
