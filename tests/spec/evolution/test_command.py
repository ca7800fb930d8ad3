"""`nenuphar evolution`: a table with roles in; an answer, a table and a figure out."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from nenuphar.cli.main import app
from nenuphar.domain.problems import UnreadableInputError, UsageError
from nenuphar.methods.evolution.features import ALTERATIONS, MICROENVIRONMENT, ORIGIN
from nenuphar.pipeline.evolution.reading import Roles, read_cohort
from nenuphar.simulate.evolution import draw_evolution

FAST = ["--permutations", "39", "--simulations", "20"]
ROLES = [
    *("--group", "group", "--origin", "location", "--origin", "lineage_*"),
    *("--alteration", "altered_*", "--microenvironment", "t_cells"),
    *("--microenvironment", "m*", "--microenvironment", "fibroblasts"),
]


@pytest.fixture
def cohort(tmp_path: Path) -> Path:
    path = tmp_path / "cohort.csv"
    draw_evolution("spontaneous_parallel", 80, seed=1).records.write_csv(path)
    return path


def run(*arguments: object):
    return CliRunner().invoke(app, ["evolution", *map(str, arguments)])


def test_the_answer_comes_with_reasons_counts_and_the_limit_of_what_it_says(cohort):
    done = run(cohort, *ROLES, *FAST, "--json")
    assert done.exit_code == 0
    found = json.loads(done.stdout)
    assert found["verdict"] == "Cannot tell"
    assert found["settled"] == {"side": "cell_of_origin", "microenvironment": "open"}
    assert found["power"]["times_tried"] == [2, 4]
    assert found["power"]["times_as_many_would_do"] in (2, 4)
    assert {one["code"] for one in found["reasons"]} == {"surroundings_unseen"}
    assert found["association_only"].startswith("Association only.")
    assert found["read"] == found["accepted"] + found["rejected"] == 80
    assert sum(found["groups"].values()) == found["tumours"]
    assert len(found["hypotheses"]) == 4
    assert len(found["differences"]) == 6
    assert all(one["low"] <= one["mean"] <= one["high"] for one in found["differences"])


def test_table_page_and_figure_are_written_and_twice_the_same(cohort, tmp_path):
    out, page, figure = (tmp_path / name for name in ("out.csv", "page.html", "figure.svg"))
    done = run(cohort, *ROLES, *FAST, "-o", out, "--figure", page)
    assert "Association only." in done.output
    first = (out.read_bytes(), page.read_bytes())
    run(cohort, *ROLES, *FAST, "-o", out, "--figure", page)
    assert (out.read_bytes(), page.read_bytes()) == first
    table = pl.read_csv(out)
    assert table["comparison"].value_counts(sort=True).rows() == [
        ("addition", 7),
        ("difference", 6),
    ]
    text = page.read_text()
    assert "Cannot tell" in text
    assert "Immune-mediated divergent" in text
    assert "<script" not in text
    run(cohort, *ROLES, *FAST, "--figure", figure)
    drawing = ET.parse(figure).getroot()  # noqa: S314 - written by the command itself
    assert drawing.tag == "{http://www.w3.org/2000/svg}svg"
    assert "Association only" in "".join(drawing.itertext())


def test_names_from_the_table_are_escaped_on_the_page(cohort, tmp_path):
    records = pl.read_csv(cohort, infer_schema=False)
    sly = records.with_columns(pl.col("group").replace({"A": "<script>A</script>"}))
    sly.rename({"t_cells": "<b>t</b>"}).write_csv(cohort)
    page = tmp_path / "page.html"
    roles = [name.replace("t_cells", "<b>t</b>") for name in ROLES]
    run(cohort, *roles, *FAST, "--figure", page)
    assert "<script>A" not in page.read_text()
    assert "<b>t</b>" not in page.read_text()


def test_columns_may_lie_in_several_tables_that_share_ids(cohort, tmp_path):
    records = pl.read_csv(cohort, infer_schema=False)
    altered = [name for name in records.columns if name.startswith("altered_")]
    other = tmp_path / "calls.tsv"
    records.select("tumour", *altered).reverse().write_csv(other, separator="\t")
    records.drop(altered).write_csv(cohort)
    parents = {ORIGIN: ["location"], ALTERATIONS: ["altered_*"], MICROENVIRONMENT: ["t_cells"]}
    read = read_cohort(cohort, [other], Roles("group", parents))
    assert read.table["tumour"].equals(records["tumour"])
    assert read.table["altered_3"].equals(records["altered_3"], check_names=False)


def test_rows_and_values_that_cannot_be_used_are_listed(cohort, tmp_path):
    lines = cohort.read_text().splitlines()
    cells = lines[5].split(",")
    cells[lines[0].split(",").index("t_cells")] = "many"
    lines[5] = ",".join(cells)
    cohort.write_text("\n".join([*lines, lines[1], "," + lines[2].partition(",")[2]]) + "\n")
    out = tmp_path / "out.csv"
    done = run(cohort, *ROLES, *FAST, "-o", out)
    assert done.exit_code == 1
    listed = pl.read_csv(tmp_path / "out.csv.rejected.tsv", separator="\t")
    assert sorted(listed["reason"]) == [
        "no number in a column of numbers; taken as missing",
        "the id occurs more than once",
        "the row has no id",
    ]
    assert "2 of 82 rows could not be read" in done.output


@pytest.mark.parametrize(
    ("roles", "says"),
    [
        (["--group", "grup"], "did you mean 'group'?"),
        ([], "name the column of the group by --group"),
        (["--group", "group", "--origin", "nowhere"], "no column 'nowhere' for cell_of_origin"),
        (["--group", "group", "--origin", "group"], "cannot be both group and cell_of_origin"),
        (
            ["--group", "group", "--origin", "location", "--alteration", "location"],
            "cannot be both cell_of_origin and somatic_alterations",
        ),
        (["--group", "group", "--id", "name"], "no column 'name'"),
        (["--group", "group", "--figure", "figure.png"], "a figure ends in .svg or .html"),
    ],
)
def test_a_role_that_fits_nothing_is_refused_with_what_would_fit(cohort, roles, says):
    failed = run(cohort, *roles)
    assert isinstance(failed.exception, UsageError)
    assert says in str(failed.exception)


def test_a_table_of_other_tumours_is_refused(cohort, tmp_path):
    other = tmp_path / "other.csv"
    other.write_text("id,x\nQ1,1\nQ2,2\n")
    parents = {ORIGIN: ["location"], ALTERATIONS: ["x"], MICROENVIRONMENT: ["t_cells"]}
    with pytest.raises(UnreadableInputError, match="none of its ids is one of the cohort"):
        read_cohort(cohort, [other], Roles("group", parents))


def test_calibration_counts_right_wrong_and_open(tmp_path):
    out = tmp_path / "check.csv"
    arguments = ["--cohorts", "2", "--tumours", "60", "--truth", "none", "-o", str(out), "--json"]
    done = CliRunner().invoke(app, ["evolution-check", *arguments])
    assert done.exit_code == 0
    (row,) = json.loads(done.stdout)
    assert row["right"] + row["wrong"] + row["cannot_tell"] == row["cohorts"] == 2
    assert out.is_file()
    refused = CliRunner().invoke(app, ["evolution-check", "--truth", "magic"])
    assert "known are none" in str(refused.exception)
