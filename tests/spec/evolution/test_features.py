"""What models read: numbers, words, yes and no; and what is set aside, with its reason."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from nenuphar.methods.evolution.features import (
    ALTERATIONS,
    MICROENVIRONMENT,
    ORIGIN,
    Design,
    Limits,
    design_of,
)

LIMITS = Limits(measured_min=0.5, level_min=2, group_min=3, tumours_min=4)


def table(**columns: list[str | None]) -> pl.DataFrame:
    height = len(next(iter(columns.values())))
    own = {
        "tumour": [f"T{i:02}" for i in range(height)],
        "group": ["A"] * (height // 2) + ["B"] * (height - height // 2),
        "fixed": ["1", "2", "3", "4"] * (height // 4) + ["5"] * (height % 4),
    }
    return pl.DataFrame({**own, **columns}, schema_overrides=dict.fromkeys(columns, pl.String))


def design(rows: pl.DataFrame, *features: str, limits: Limits = LIMITS) -> Design:
    roles = {ORIGIN: ["fixed"], ALTERATIONS: list(features), MICROENVIRONMENT: ["fixed"]}
    return design_of(rows, roles, limits)


def reasons(found: Design, kind: str) -> dict[str, str]:
    return {one.name: one.reason for one in found.set_aside if one.kind == kind}


def test_numbers_are_one_column_and_words_one_for_each_value_and_yes_or_no_one():
    rows = table(
        number=["0.1", "2", "-3", "4", "5", "6", "7", "8"],
        word=["x", "y", "z"] * 2 + ["x", "y"],
        answer=["yes", "no"] * 4,
    )
    found = design(rows, "number", "word", "answer").features[ALTERATIONS]
    assert {name: columns.shape[1] for name, columns in found.items()} == {
        "answer": 1,
        "number": 1,
        "word": 3,
    }
    assert found["answer"][:2, 0].tolist() == [1, 0]


def test_a_missing_value_stays_missing():
    rows = table(altered=["yes", "no", None, "no", "yes", "no", "yes", "no"])
    found = design(rows, "altered", limits=Limits(0.1, 2, 3, 4))
    assert reasons(found, "tumour") == {"T02": "no feature of somatic alterations on record"}
    rows = rows.with_columns(other=pl.Series(["1", "0"] * 4))
    kept = design(rows, "altered", "other").features[ALTERATIONS]["altered"][:, 0]
    assert np.isnan(kept[2])
    assert not np.isnan(kept[[0, 1, 3]]).any()


def test_mutations_listed_only_where_found_say_nothing_of_the_others():
    rows = table(mutated=["1", None, "1", None, "1", None, "1", "1"])
    found = design(rows, "mutated")
    assert ALTERATIONS not in found.parents
    assert "3 are empty, which is not `no`" in reasons(found, "feature")["mutated"]


def test_a_feature_that_is_mostly_missing_is_set_aside_with_its_count():
    rows = table(rare=["1", None, None, None, None, None, "3", "2"], full=["1", "0"] * 4)
    found = design(rows, "rare", "full")
    assert reasons(found, "feature") == {"rare": "mostly missing: on record in 3 of 8 tumours"}
    assert list(found.features[ALTERATIONS]) == ["full"]


def test_a_group_of_few_tumours_is_set_aside_and_its_tumours_with_it():
    rows = table(full=["1", "0"] * 4).with_columns(
        group=pl.Series(["A"] * 4 + ["B"] * 3 + ["supra"])
    )
    found = design(rows, "full")
    assert found.counts == {"A": 4, "B": 3}
    assert reasons(found, "group") == {"supra": "1 tumours, fewer than 3"}
    assert set(reasons(found, "tumour")) == {"T07"}


def test_tumours_without_a_group_take_no_part():
    rows = table(full=["1", "0"] * 4).with_columns(
        group=pl.Series(["A", "A", "A", None, "B", "B", "B", "B"])
    )
    assert reasons(design(rows, "full"), "tumour") == {"T03": "no group on record"}


def test_rare_values_in_words_are_taken_together_and_too_rare_ones_drop_the_feature():
    limits = Limits(measured_min=0.5, level_min=3, group_min=3, tumours_min=4)
    rows = table(
        site=["x", "x", "x", "x", "u", "v", "w", "x"], free=["a", "b", "c", "d", "e", "f", "g", "a"]
    )
    found = design(rows, "site", "free", limits=limits)
    assert found.features[ALTERATIONS]["site"][:, 0].tolist() == [0, 0, 0, 0, 1, 1, 1, 0]
    assert reasons(found, "feature")["free"].startswith("fewer than two values")
    rows = table(site=["x"] * 6 + ["y", "z"])
    found = design(rows, "site", limits=limits)
    assert reasons(found, "feature")["site"].startswith("fewer than two values")


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_rows_does_not_matter(seed):
    rows = table(number=[f"{i}" for i in range(12)], answer=["yes", "no", None, "no"] * 3)
    shuffled = rows.sample(fraction=1, shuffle=True, seed=seed)
    one, other = design(rows, "number", "answer"), design(shuffled, "number", "answer")
    assert one.tumours == other.tumours
    for parent, columns in one.parents.items():
        assert np.array_equal(columns, other.parents[parent], equal_nan=True)
