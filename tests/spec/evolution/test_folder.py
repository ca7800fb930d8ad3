"""A folder written by `assess` as input: facts as columns, their roles guessed."""

from __future__ import annotations

from pathlib import Path

import duckdb
import polars as pl
import pytest

from nenuphar.domain.problems import UnreadableInputError
from nenuphar.methods.evolution.features import ALTERATIONS, MICROENVIRONMENT, ORIGIN
from nenuphar.pipeline.evolution.reading import Roles, read_cohort

NAMED = Roles("", {})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    keys = {
        "patient_id": [f"P{i}" for i in range(6)],
        "tumour_id": ["1"] * 6,
        "specimen_id": ["A"] * 6,
    }
    fraction = [0.1, 0.2, 0.3, 0.4, 0.5, None]
    tables = {
        "observed_specimen": pl.DataFrame(
            {
                **keys,
                "assessor": [""] * 6,
                "variant(MEN1,pathogenic,any)": [True, False, None, True, False, True],
                "immune.fraction.cd8.lo": fraction,
                "immune.fraction.cd8.lo_open": [False] * 6,
                "immune.fraction.cd8.hi": [0.1, 0.2, 0.3, 0.4, 0.9, None],
                "immune.fraction.cd8.hi_open": [False] * 6,
            }
        ),
        "observed_tumour": pl.DataFrame(
            {
                "patient_id": keys["patient_id"],
                "tumour_id": keys["tumour_id"],
                "tumour.site": ["lung"] * 3 + ["pancreas"] * 3,
            }
        ),
        "conclusions": pl.DataFrame(
            {
                **{name: column * 2 for name, column in keys.items()},
                "component": [""] * 12,
                "assessor": [""] * 12,
                "fact": ["tumour.entity"] * 6 + ["molecular.group.lung_net"] * 6,
                "value": ["net"] * 3 + ["nec"] * 3 + ["A1", "B", "A1", "B", None, None],
                "value_number": [None] * 12,
                "status": ["met"] * 10 + ["undetermined"] * 2,
            },
            schema_overrides={"value_number": pl.Float64},
        ),
    }
    with duckdb.connect(str(tmp_path / "results.duckdb")) as base:
        for name, table in tables.items():
            base.register("incoming", table.to_arrow())
            base.execute(f'CREATE TABLE "{name}" AS SELECT * FROM incoming')  # noqa: S608
            base.unregister("incoming")
    return tmp_path


def test_roles_of_facts_are_guessed_and_the_fact_that_groups_most_is_the_group(folder):
    found = read_cohort(folder, [], NAMED)
    assert found.group == "tumour.entity"
    assert found.features == {
        ORIGIN: ("tumour.site",),
        ALTERATIONS: ("variant(MEN1,pathogenic,any)",),
        MICROENVIRONMENT: ("immune.fraction.cd8",),
    }
    assert found.table["tumour"].to_list()[0] == "P0/1/A"


def test_ranges_and_what_is_not_known_are_missing(folder):
    table = read_cohort(folder, [], NAMED).table
    assert table["immune.fraction.cd8"].to_list() == ["0.1", "0.2", "0.3", "0.4", None, None]
    assert table["variant(MEN1,pathogenic,any)"].to_list()[2] is None


def test_a_role_that_is_named_is_not_guessed(folder):
    found = read_cohort(folder, [], Roles("molecular.group.lung_net", {ORIGIN: ["tumour.entity"]}))
    assert found.table["group"].to_list() == ["A1", "B", "A1", "B", None, None]
    assert found.features[ORIGIN] == ("tumour.entity",)


def test_a_broken_database_is_refused_with_what_to_do(tmp_path):
    (tmp_path / "results.duckdb").write_bytes(b"no database")
    with pytest.raises(UnreadableInputError, match="run `nenuphar assess` again"):
        read_cohort(tmp_path, [], NAMED)
