"""Bad input: what is rejected, what is remarked, and what is still derived."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest
from typer.testing import CliRunner

from nenuphar.cli.main import app
from nenuphar.methods.response.assessments import read_assessments
from nenuphar.methods.response.findings import ResponseInputError
from nenuphar.methods.response.lesions import time_point_responses
from nenuphar.methods.response.measurements import read_measurements


def points(*rows: tuple[str | None, ...], **columns: str) -> pl.DataFrame:
    """Time points of subject 001: (date, response) or (date, response, reference_date)."""
    frame = pl.DataFrame(
        [("001", *row, *(["2024-01-01"] if len(row) == 2 else [])) for row in rows],
        schema=dict.fromkeys(("subject", "date", "response", "reference_date"), pl.String),
        orient="row",
    )
    return frame.with_columns(pl.lit(value).alias(name) for name, value in columns.items())


def listed(checked) -> list[tuple[int, str, str]]:
    return checked.findings.select("line", "column", "used").rows()


def test_unordered_visits_are_put_in_order_and_remarked():
    checked = read_assessments(points(("2024-05-01", "PD"), ("2024-03-01", "SD")), "recist1.1")
    assert checked.findings.select("line", "used").rows() == [(3, "yes")]
    assert checked.timepoints["response"].to_list() == ["SD", "PD"]


def test_a_repeated_visit_counts_once():
    checked = read_assessments(points(("2024-03-01", "SD"), ("2024-03-01", "SD")), "recist1.1")
    assert checked.timepoints.height == 1
    assert listed(checked) == [(3, "date", "yes")]


def test_of_two_responses_on_one_day_the_worst_is_used():
    rows = points(("2024-03-01", "PR"), ("2024-03-01", "PD"), ("2024-05-01", "NE"),
                  ("2024-05-01", "SD"))  # fmt: skip
    checked = read_assessments(rows, "recist1.1")
    assert checked.timepoints["response"].to_list() == ["PD", "SD"]
    assert listed(checked) == [(2, "response", "no"), (4, "response", "no")]
    assert (checked.read, checked.rejected) == (4, 2)


def test_a_response_before_the_reference_date_is_used_and_remarked():
    checked = read_assessments(points(("2023-12-01", "PR")), "recist1.1")
    assert checked.timepoints.height == 1
    assert listed(checked) == [(2, "date", "yes")]


def test_a_response_after_death_is_rejected():
    rows = points(("2024-03-01", "SD"), ("2024-05-01", "PR"), death_date="2024-04-01")
    checked = read_assessments(rows, "recist1.1")
    assert checked.timepoints["response"].to_list() == ["SD"]
    assert listed(checked) == [(3, "date", "no")]


@pytest.mark.parametrize(
    ("term", "criteria", "fix"),
    [
        ("CHECK", "recist1.1", "use one of CR, PR, SD, NON-CR/NON-PD, PD, NE, ND"),
        ("iCR", "recist1.1", "did you mean CR?"),
        ("NON-CR/NON-PR", "recist1.1", "did you mean NON-CR/NON-PD?"),
        ("iUPP", "irecist", "did you mean iUPD?"),
    ],
)
def test_an_unknown_term_is_rejected_with_the_nearest_one(term, criteria, fix):
    checked = read_assessments(points(("2024-03-01", term)), criteria)
    assert checked.timepoints.is_empty()
    assert checked.subjects["subject"].to_list() == ["001"]
    assert checked.findings.select("value", "fix", "used").row(0) == (term, fix, "no")


def test_spelling_is_forgiven_but_not_meaning():
    rows = points(("2024-03-01", " non cr/non pd "), ("2024-04-01", "Sd"))
    checked = read_assessments(rows, "recist1.1")
    assert checked.timepoints["response"].to_list() == ["NON-CR/NON-PD", "SD"]
    assert checked.findings.is_empty()


def test_recist_terms_are_read_under_irecist_and_remarked():
    checked = read_assessments(points(("2024-03-01", "PR"), ("2024-04-01", "PD")), "irecist")
    assert checked.timepoints["response"].to_list() == ["iPR", "iUPD"]
    assert listed(checked) == [(2, "response", "yes"), (3, "response", "yes")]


@pytest.mark.parametrize(
    ("text", "date"),
    [("2024-02", dt.date(2024, 2, 29)), ("2023", dt.date(2023, 12, 31))],
)
def test_a_partial_date_counts_as_its_last_day(text, date):
    checked = read_assessments(points((text, "SD", "2023-01-01")), "recist1.1")
    assert checked.timepoints["date"].to_list() == [date]
    assert listed(checked) == [(2, "date", "yes")]


@pytest.mark.parametrize("text", ["01/02/2024", "2024-02-30", "", None])
def test_a_date_that_is_none_is_rejected(text):
    checked = read_assessments(points((text, "SD")), "recist1.1")
    assert listed(checked) == [(2, "date", "no")]


def test_a_missing_reference_date_is_remarked_unless_it_is_known_otherwise():
    rows = points(("2024-03-01", "SD", None))
    assert listed(read_assessments(rows, "recist1.1")) == [(2, "reference_date", "yes")]
    subjects = pl.DataFrame({"subject": ["001"], "reference_date": ["2024-01-01"]})
    checked = read_assessments(rows, "recist1.1", subjects)
    assert checked.findings.is_empty()
    other_row = points(("2024-03-01", "SD", None), ("2024-05-01", "SD", "2024-01-01"))
    assert read_assessments(other_row, "recist1.1").findings.is_empty()


def test_pr_after_cr_is_a_signal_not_an_error():
    checked = read_assessments(points(("2024-03-01", "CR"), ("2024-05-01", "PR")), "recist1.1")
    assert checked.timepoints.height == 2
    assert checked.findings.select("line", "reason").row(0) == (
        3, "PR after CR: not expected in clean data",
    )  # fmt: skip


def test_a_table_without_the_columns_is_refused():
    with pytest.raises(ResponseInputError, match=r"lack the column\(s\) response"):
        read_assessments(points(("2024-03-01", "SD")).drop("response"), "recist1.1")
    with pytest.raises(ResponseInputError, match="0 rows"):
        read_assessments(points(), "recist1.1")


def sizes(*rows: tuple[str, str, str, str], **columns: str) -> pl.DataFrame:
    """Measurements of subject 001: (date, lesion, role, diameter)."""
    frame = pl.DataFrame(
        [("001", *row) for row in rows],
        schema=dict.fromkeys(("subject", "date", "lesion", "role", "diameter_mm"), pl.String),
        orient="row",
    )
    return frame.with_columns(pl.lit(value).alias(name) for name, value in columns.items())


BASE = ("2024-01-01", "T01", "target", "40")


def run(table: pl.DataFrame):
    checked = read_measurements(table)
    found, notes = time_point_responses(checked.rows, "recist1.1")
    reasons = [*checked.findings["reason"], *notes["reason"]]
    return found, reasons, checked


def test_a_negative_size_is_rejected_and_the_lesion_not_evaluated():
    found, reasons, checked = run(
        sizes(BASE, ("2024-01-01", "T02", "target", "20"), ("2024-03-01", "T01", "target", "-3"),
              ("2024-03-01", "T02", "target", "20"))
    )  # fmt: skip
    assert reasons == ["a negative size"]
    assert checked.rejected == 1
    assert found["overall"].to_list() == ["NE"]


def test_centimetres_are_converted_only_where_a_unit_says_so():
    rows = (("2024-01-01", "T01", "target", "4.0"), ("2024-03-01", "T01", "target", "2.5"))
    found, reasons, _ = run(sizes(*rows, unit="cm"))
    assert found["sum_mm"].to_list() == [25]
    assert reasons == ["centimetres, converted to mm"] * 2
    found, reasons, _ = run(sizes(*rows))
    assert found["sum_mm"].to_list() == [2.5]
    assert reasons == ["a target below 10 mm (longest diameter) at baseline"]


@pytest.mark.parametrize(
    ("text", "size"), [("2.5 cm", 25), ("25mm", 25), ("24,5", 24.5), ("2,45 CM", 24.5), ("< 5", 5)]
)
def test_a_size_may_carry_its_unit_or_a_decimal_comma(text, size):
    found, _, checked = run(sizes(BASE, ("2024-03-01", "T01", "target", text)))
    assert found["sum_mm"].to_list() == [size]
    assert checked.rejected == 0


def test_a_column_may_be_in_centimetres_altogether():
    rows = sizes(("2024-01-01", "T01", "target", "4.0"), ("2024-03-01", "T01", "target", "2.5"))
    found, _, _ = run(rows.rename({"diameter_mm": "diameter_cm"}))
    assert found["sum_mm"].to_list() == [25]


@pytest.mark.parametrize(("text", "unit"), [("2,100", ""), ("large", ""), ("20", "inch")])
def test_what_is_no_size_is_rejected(text, unit):
    rows = sizes(BASE, ("2024-03-01", "T01", "target", text), ("2024-03-01", "T9", "new", ""))
    rows = rows.with_columns(unit=pl.when(pl.col("diameter_mm") == text).then(pl.lit(unit)))
    checked = read_measurements(rows)
    assert checked.findings.select("line", "value", "used").rows() == [
        (3, unit or text, "no"),
    ]


def test_different_sizes_of_one_lesion_on_one_day_are_both_left_out():
    found, reasons, checked = run(
        sizes(BASE, ("2024-01-01", "NT1", "non-target", ""), ("2024-03-01", "T01", "target", "30"),
              ("2024-03-01", "T01", "target", "20"), ("2024-03-01", "NT1", "non-target", ""),
              status="").with_columns(
            status=pl.when(pl.col("lesion") == "NT1").then(pl.lit("present")).otherwise(pl.lit("")))
    )  # fmt: skip
    assert reasons == ["different measurements of one lesion on one day; none is used"] * 2
    assert checked.rejected == 2
    assert found["overall"].to_list() == ["NE"]


def test_a_repeated_measurement_counts_once():
    again = ("2024-03-01", "T01", "target", "20")
    found, reasons, checked = run(sizes(BASE, again, again))
    assert found["sum_mm"].to_list() == [20]
    assert checked.rejected == 0
    assert reasons == ["repeats another row of the same lesion and day; counts once"]


def test_a_sum_that_does_not_match_its_lesions_is_remarked_and_the_lesions_are_used():
    rows = sizes(BASE, ("2024-03-01", "T01", "target", "20")).with_columns(
        sum_mm=pl.Series(["40", "25"])
    )
    found, reasons, _ = run(rows)
    assert found["sum_mm"].to_list() == [20]
    assert reasons == ["the stated sum does not match its lesions"]


def test_a_target_without_baseline_is_left_out_and_named():
    found, reasons, _ = run(
        sizes(BASE, ("2024-03-01", "T01", "target", "20"), ("2024-03-01", "X", "target", "20"))
    )
    assert found["sum_mm"].to_list() == [20]
    assert reasons == ["a target without baseline measurement; not used"]


def test_too_many_targets_are_remarked():
    baseline = [("2024-01-01", f"T{i}", "target", "20") for i in range(6)]
    rows = sizes(*baseline, organ="liver")
    _, reasons, _ = run(rows)
    assert reasons.count("more than 5 targets") == 1
    assert reasons.count("more than 2 targets in one organ") == 4


def test_a_new_lesion_at_baseline_is_left_out():
    found, reasons, _ = run(
        sizes(BASE, ("2024-01-01", "X", "new", "20"), ("2024-03-01", "T01", "target", "40"))
    )
    assert reasons == ["a new lesion at baseline; not used"]
    assert found["overall"].to_list() == ["SD"]


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("role", "primary", "the role is not target, non-target or new"),
        ("status", "who knows", "the status is not known"),
        ("date", "spring", "the date is missing or not a calendar date"),
        ("lesion", "", "no lesion"),
        ("subject", "", "no subject"),
    ],
)
def test_a_row_that_cannot_be_read_is_rejected(column, value, reason):
    rows = sizes(BASE, ("2024-03-01", "T01", "target", "20"), status="")
    rows = rows.with_columns(
        pl.when(pl.int_range(pl.len()) == 1).then(pl.lit(value)).otherwise(column).alias(column)
    )
    checked = read_measurements(rows)
    assert checked.findings.select("line", "column", "reason", "used").rows() == [
        (3, column, reason, "no")
    ]
    assert checked.rows.height == 1


def test_a_torn_row_names_no_subject_for_certain(tmp_path):
    """Its cells may be shifted, so no subject is made of it; `--subjects` names who is MISSING."""
    path, subjects, out = (tmp_path / name for name in ("t.csv", "s.csv", "o.csv"))
    path.write_text("subject,date,response\nA,2020-01-01,PR\nB,2020-01-01,PR,x,y\n")
    subjects.write_text("subject\nA\nB\n")
    asked = ["response", str(path), "--criteria", "recist1.1", "-o", str(out)]
    assert CliRunner().invoke(app, asked).exit_code == 1
    assert pl.read_csv(out)["subject"].to_list() == ["A"]
    listed = pl.read_csv(f"{out}.rejected.tsv", separator="\t").row(0, named=True)
    assert listed["line"] == 3
    assert "only if --subjects or another row names it" in listed["fix"]
    CliRunner().invoke(app, [*asked, "--subjects", str(subjects)])
    assert pl.read_csv(out)["best_response"].to_list() == ["PR", "MISSING"]
