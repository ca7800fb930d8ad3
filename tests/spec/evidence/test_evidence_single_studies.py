"""Small numbers never stand bare: every proportion carries its interval."""

from __future__ import annotations

import pytest
from scipy import stats

from nenuphar.methods.evidence import effects
from nenuphar.methods.evidence.counts import StudyCounts
from nenuphar.methods.evidence.estimate import EvidenceError, PoolingPlan
from nenuphar.methods.evidence.hazard import HazardRatio, pool_hazards
from nenuphar.methods.evidence.moderators import regress_proportions
from nenuphar.methods.evidence.pool import leave_one_out, pool
from nenuphar.methods.evidence.subgroups import compare_subgroups


def test_two_of_three_may_be_anything_between_9_and_99_percent() -> None:
    low, high = effects.clopper_pearson(2, 3)
    assert (round(100 * low), round(100 * high)) == (9, 99)


def test_none_of_four_does_not_mean_none() -> None:
    low, high = effects.clopper_pearson(0, 4)
    assert low == 0
    assert high == pytest.approx(1 - 0.025 ** (1 / 4), abs=1e-12)


def test_wilson_solves_the_score_equation() -> None:
    for limit in effects.wilson(7, 25):
        score = abs(7 / 25 - limit) / (limit * (1 - limit) / 25) ** 0.5
        assert score == pytest.approx(stats.norm.ppf(0.975), abs=1e-9)


def test_jeffreys_keeps_the_limit_that_was_observed() -> None:
    assert effects.jeffreys(0, 9)[0] == 0
    assert effects.jeffreys(9, 9)[1] == 1
    low, high = effects.jeffreys(3, 9)
    assert stats.beta(3.5, 6.5).cdf(high) - stats.beta(3.5, 6.5).cdf(low) == pytest.approx(0.95)


def test_freeman_tukey_is_turned_back_exactly_at_its_own_study_size() -> None:
    for events, n in ((0, 7), (3, 7), (7, 7), (40, 90)):
        angle, _ = effects.freeman_tukey([events], [n])
        assert effects.inverse_freeman_tukey(angle, n)[0] == pytest.approx(events / n, abs=1e-12)


def test_freeman_tukey_may_be_turned_back_at_the_harmonic_mean_or_the_total() -> None:
    assert effects.back_transform_size([10, 40]) == pytest.approx(16)
    assert effects.back_transform_size([10, 40], "total") == 50
    counts = [StudyCounts("A", 1, 10), StudyCounts("B", 9, 40), StudyCounts("C", 3, 90)]
    harmonic = pool(counts, PoolingPlan("freeman-tukey"))
    total = pool(counts, PoolingPlan("freeman-tukey", back_transform_n="total"))
    assert harmonic.model_estimate == total.model_estimate
    assert harmonic.estimate != total.estimate


@pytest.mark.parametrize("method", ["glmm", "logit", "freeman-tukey"])
def test_one_study_is_not_pooled_and_says_so(method: str) -> None:
    result = pool([StudyCounts("Only", 3, 7)], PoolingPlan(method))  # type: ignore[arg-type]
    assert not result.pooled
    assert (result.estimate, result.k) == (3 / 7, 1)
    assert (result.ci_low, result.ci_high) == effects.clopper_pearson(3, 7)
    assert (result.tau2, result.i2, result.prediction_low) == (None, None, None)
    assert "One study only" in result.notes[0]


@pytest.mark.parametrize("method", ["glmm", "logit", "freeman-tukey"])
@pytest.mark.parametrize(("events", "said"), [(0, "No study has an event"), (1, "Every patient")])
def test_studies_without_any_event_are_not_modelled(method: str, events: int, said: str) -> None:
    counts = [StudyCounts(name, events * n, n) for name, n in (("A", 24), ("B", 29), ("C", 10))]
    result = pool(counts, PoolingPlan(method))  # type: ignore[arg-type]
    assert not result.pooled
    assert result.tau2 is None
    assert (result.ci_low, result.ci_high) == effects.clopper_pearson(63 * events, 63)
    assert said in result.notes[0]


def test_without_its_only_study_with_events_the_rest_is_not_modelled() -> None:
    counts = [StudyCounts("A", 0, 10), StudyCounts("B", 4, 11), StudyCounts("C", 0, 12)]
    without = {row.study: result for row, result in leave_one_out(counts)}
    assert [name for name, result in without.items() if not result.pooled] == ["B"]
    assert without["B"].k == 2


def test_extremes_that_no_model_can_join_are_refused() -> None:
    with pytest.raises(EvidenceError, match=r"variance between studies|no clear maximum"):
        pool([StudyCounts("A", 0, 50), StudyCounts("B", 50, 50)])


def test_hartung_knapp_with_the_floor_never_narrows_the_interval() -> None:
    alike = [StudyCounts(name, 10, 40) for name in "ABCDE"]
    widths = {}
    for ci, floor in (("z", True), ("hk", True), ("hk", False)):
        result = pool(alike, PoolingPlan("logit", ci=ci, floor=floor))  # type: ignore[arg-type]
        widths[ci, floor] = result.ci_high - result.ci_low
    assert widths["hk", False] < 1e-6 < widths["z", True] < widths["hk", True]


def test_the_prediction_interval_of_riley_has_two_degrees_of_freedom_less_than_studies() -> None:
    counts = [StudyCounts(str(i), x, 40) for i, x in enumerate((2, 9, 17, 30))]
    normal = pool(counts)
    riley = pool(counts, PoolingPlan(prediction="riley"))
    assert riley.estimate == normal.estimate
    reach = stats.t.ppf(0.975, 2) * (normal.standard_error**2 + normal.tau2) ** 0.5  # type: ignore[operator]
    high = effects.inverse_logit(normal.model_estimate + reach)  # type: ignore[operator]
    assert riley.prediction_high == pytest.approx(float(high), abs=1e-12)


def test_few_studies_are_said_to_be_few() -> None:
    result = pool([StudyCounts("A", 2, 30), StudyCounts("B", 9, 41)])
    assert any("poorly known" in note for note in result.notes)


def test_the_glmm_takes_students_t_for_hartung_knapp_and_says_so() -> None:
    counts = [StudyCounts(str(i), x, 40) for i, x in enumerate((2, 9, 17, 30))]
    plain, wider = pool(counts), pool(counts, PoolingPlan(ci="hk"))
    ratio = (wider.ci_high - wider.estimate) / (plain.ci_high - plain.estimate)
    assert ratio > 1.2
    assert any("Student's t with 3" in note for note in wider.notes)


def test_one_hazard_ratio_is_given_as_printed() -> None:
    result = pool_hazards([HazardRatio("Only", 0.73, 0.57, 0.93)])
    assert (result.estimate, result.ci_low, result.ci_high) == (0.73, 0.57, 0.93)
    assert not result.pooled


def test_a_ratio_far_from_the_middle_of_its_interval_is_named() -> None:
    result = pool_hazards(
        [HazardRatio("Fine", 0.73, 0.57, 0.93), HazardRatio("Odd", 0.6, 0.57, 0.93)]
    )
    assert any("Odd" in note and "Fine" not in note for note in result.notes)


@pytest.mark.parametrize(
    "setting", [{"method": "peto"}, {"tau": "ml"}, {"ci": "t"}, {"level": 95.0}]
)
def test_settings_outside_the_lists_are_refused(setting: dict[str, object]) -> None:
    with pytest.raises(EvidenceError, match=next(iter(setting))):
        PoolingPlan(**setting)  # type: ignore[arg-type]


def test_subgroups_without_any_event_are_shown_but_not_tested() -> None:
    counts = [StudyCounts("A", 0, 24, "NET"), StudyCounts("B", 0, 29, "NEC")]
    result = compare_subgroups(counts)
    assert (result.statistic, result.p_value) == (None, None)
    assert [part.ci_high for _, part in result.subgroups] == [
        effects.clopper_pearson(0, 24)[1],
        effects.clopper_pearson(0, 29)[1],
    ]


def test_a_subgroup_without_events_can_be_tested_against_one_with_them() -> None:
    counts = [
        StudyCounts("A", 0, 24, "NET"),
        StudyCounts("B", 0, 29, "NET"),
        StudyCounts("C", 9, 33, "NEC"),
        StudyCounts("D", 6, 25, "NEC"),
    ]
    result = compare_subgroups(counts)
    assert result.p_value is not None
    assert result.p_value < 0.001
    assert not result.subgroups[0][1].pooled


def test_small_subgroups_carry_a_caution() -> None:
    counts = [StudyCounts("A", 2, 3, "NET"), StudyCounts("B", 4, 29, "NEC")]
    assert "NET" in compare_subgroups(counts).notes[0]


def test_moderators_that_are_missing_constant_or_too_few_are_said() -> None:
    rows = [
        StudyCounts(str(i), x, 40, None, {"ki67": float(k), "same": 1.0})
        for i, (x, k) in enumerate(((2, 5), (9, 30), (17, 55), (25, 80)))
    ]
    gap = StudyCounts("gap", 3, 30)
    assert regress_proportions([*rows, gap], ["ki67"]).missing == ("gap",)
    with pytest.raises(EvidenceError, match="same is the same in every study"):
        regress_proportions(rows, ["same"])
    with pytest.raises(EvidenceError, match="3 are the least"):
        regress_proportions(rows[:2], ["ki67"])
