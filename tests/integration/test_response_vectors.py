"""The open conformance cases: admiralonco, published tables, EORTC sequences, CDISC pilot data."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest
import typer
from typer.testing import CliRunner

from nenuphar.cli.response import register
from nenuphar.methods.response.best_response import (
    UnknownResponseError,
    best_response,
)
from nenuphar.methods.response.confirmation import BestResponseRules
from nenuphar.methods.response.dates import last_possible_date
from nenuphar.methods.response.endpoints import (
    clinical_benefit,
    objective_response,
    until_progression,
)
from nenuphar.methods.response.findings import ResponseInputError
from nenuphar.methods.response.lesions import time_point_responses
from nenuphar.methods.response.measurements import read_measurements
from nenuphar.methods.response.sdtm import measurements_from_sdtm
from nenuphar.methods.response.timepoints import combine

VECTORS = Path(__file__).parents[2] / ".." / "shared" / "vectors" / "response"
ADMIRAL = VECTORS / "admiralonco_testthat"
TABLES = VECTORS / "published_tables"
SDTM = VECTORS / "sdtm"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(
        not VECTORS.is_dir(), reason="the shared vectors are not beside the checkout"
    ),
]
VALID = ["CR", "PR", "SD", "NON-CR/NON-PD", "PD", "NE", "ND"]


def read(path: Path) -> pl.DataFrame:
    return pl.read_csv(path, infer_schema=False)


def value_cases() -> list[str]:
    if not ADMIRAL.is_dir():
        return []
    cases = read(ADMIRAL / "cases.csv")
    return cases.filter(pl.col("kind") == "value")["case_id"].to_list()


def load(case: str) -> dict[str, pl.DataFrame]:
    return {
        name: read(ADMIRAL / f"{name}.csv").filter(pl.col("case_id") == case)
        for name in ("inputs_adrs", "inputs_adsl", "inputs_other_source_datasets", "expected")
    }


def timepoints_of(data: dict[str, pl.DataFrame]) -> pl.DataFrame:
    return (
        data["inputs_adrs"]
        .filter(pl.col("PARAMCD") == "OVR")
        .select(
            subject="USUBJID",
            date=pl.col("ADT").str.to_date(),
            response="AVALC",
            reference_date=pl.col("TRTSDT").str.to_date(),
        )
    )


def progression_of(
    call: dict[str, str | None], data: dict[str, pl.DataFrame]
) -> pl.DataFrame | None:
    source = call["source_pd"]
    if not source:
        return None
    other = data["inputs_other_source_datasets"]
    if source.startswith("dataset=adsl"):
        return other.select(subject="USUBJID", date=pl.col("PDDT").str.to_date())
    rows = other if source.startswith("dataset=adevent") else data["inputs_adrs"]
    seen = pl.col("PARAMCD") == ("OVR" if '"OVR"' in source else "PD")
    progressed = pl.col("AVALC").is_in(["PD", "Y"])
    return rows.filter(seen & progressed).select(
        subject="USUBJID", date=pl.col("ADT").str.to_date()
    )


def number(text: str | None, default: int) -> int:
    return default if text is None else int(float(text))


def run_case(call: dict[str, str | None], data: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Run the counterpart of an admiralonco call; subject, value and date."""
    progression = progression_of(call, data)
    rules = BestResponseRules(
        confirm_days=None if call["ref_confirm"] is None else number(call["ref_confirm"], 0),
        start_window=number(call["ref_start_window"], 0),
        max_ne=number(call["max_nr_ne"], 1),
        accept_sd=call["accept_sd"] == "True",
        missing_as_ne=call["missing_as_ne"] == "True",
        stop_at_pd=progression is not None,
    )
    points = timepoints_of(data)
    if call["fn"] == "filter_pd":
        kept = until_progression(points, progression)
        return kept.select("subject", value="response", date="date")
    points = points.filter(pl.col("response").is_in(VALID))
    subjects = data["inputs_adsl"].select(subject="USUBJID")
    common = {"subjects": subjects, "progression": progression}
    if call["fn"] in ("derive_param_bor", "derive_param_confirmed_bor"):
        return best_response(points, rules, **common).select(
            "subject", value="best_response", date="date"
        )
    if call["fn"] == "derive_param_clinbenefit":
        counts = "NON-CR/NON-PD" in call["clinben_vals"]
        answer = clinical_benefit(points, rules, non_cr_non_pd=counts, **common)
    else:
        answer = objective_response(points, rules, **common)
    return answer.select(
        "subject",
        value=pl.when(pl.nth(1)).then(pl.lit("Y")).otherwise(pl.lit("N")),
        date="date",
    )


@pytest.mark.parametrize("case", value_cases())
def test_admiralonco_value_case(case: str) -> None:
    call = read(ADMIRAL / "cases.csv").filter(pl.col("case_id") == case).row(0, named=True)
    data = load(case)
    found = run_case(call, data).sort("subject", "date")
    wanted = data["expected"].select(
        subject="USUBJID", value="AVALC", date=pl.col("ADT").str.to_date()
    )
    assert found.rows() == wanted.sort("subject", "date").rows()


def test_there_are_19_value_cases() -> None:
    assert len(value_cases()) == 19


def test_admiralonco_error_cases() -> None:
    cases = read(ADMIRAL / "cases.csv").filter(pl.col("kind") == "error")
    assert cases["fn"].to_list() == [
        "derive_param_bor",
        "derive_param_confirmed_bor",
        "derive_param_confirmed_resp",
        "filter_pd",
    ]
    no_rows, bad_bor, bad_resp, no_source = (load(case) for case in cases["case_id"])
    subjects = no_rows["inputs_adsl"].select(subject="USUBJID")
    with pytest.raises(ResponseInputError, match="0 assessments"):
        best_response(timepoints_of(no_rows).clear(), BestResponseRules(), subjects=subjects)
    rules = BestResponseRules(confirm_days=28, start_window=28)
    with pytest.raises(UnknownResponseError, match="'iCR'"):
        best_response(timepoints_of(bad_bor), rules)
    with pytest.raises(UnknownResponseError, match="'iCR'"):
        objective_response(timepoints_of(bad_resp), rules)
    with pytest.raises(ResponseInputError, match="progression dates lack the column"):
        until_progression(timepoints_of(no_source), pl.DataFrame({"subject": ["1"]}))


def test_recist_timepoint_tables() -> None:
    for row in read(TABLES / "recist11_timepoint_target.csv").iter_rows(named=True):
        for target in _readings(row["target"]):
            for non_target in _readings(row["nontarget"]):
                for new in {"N": "N", "Y": "Y", "ANY": "NY"}[row["new_lesion"]]:
                    assert combine(target, non_target, new) == row["overall"]
    for row in read(TABLES / "recist11_timepoint_nontarget_only.csv").iter_rows(named=True):
        for non_target in _readings(row["nontarget"]):
            for new in {"N": "N", "Y": "Y", "ANY": "NY"}[row["new_lesion"]]:
                assert combine(None, non_target, new) == row["overall"]


def _readings(cell: str) -> list[str]:
    return {
        "NOT_ALL_EVALUATED": ["NE"],
        "NON-PD": ["CR", "NON-CR/NON-PD", "NE"],
        "NON-PD_OR_NOT_ALL_EVALUATED": ["CR", "NON-CR/NON-PD", "NE"],
        "ANY": ["CR", "NE", "PD"],
    }.get(cell, [cell])


def sequence(
    responses: list[str], gap: int, window_met: bool, criteria: str, confirm: int | None
) -> str:
    """Best response of responses at a fixed gap in days."""
    reference = dt.date(2024, 1, 1)
    first = gap if window_met else 7
    dates = [reference + dt.timedelta(first + gap * index) for index in range(len(responses))]
    frame = pl.DataFrame(
        {"subject": "1", "date": dates, "response": responses, "reference_date": reference}
    )
    rules = BestResponseRules(criteria=criteria, confirm_days=confirm, start_window=42)
    return best_response(frame, rules)["best_response"][0]


def test_recist_confirmed_best_response_table() -> None:
    """The rows that two scans decide; CR then PR or SD is settled by reading CR again."""
    agreed = 0
    for row in read(TABLES / "recist11_bor_confirmation_required.csv").iter_rows(named=True):
        pair = [row["first"], row["subsequent"]]
        wanted = row["bor_if_SD_min_met"].split("|")
        assert sequence(pair, 56, True, "recist1.1", 28) in wanted
        if row["subsequent"] in ("PD", "NE") and row["first"] != "NE":
            # the second scan is 28 days after the first, which is before the window
            assert sequence(pair, 28, False, "recist1.1", 28) == row["bor_otherwise"]
            agreed += 1
    assert agreed == 4


@pytest.mark.parametrize("every_row", [False, True])
def test_irecist_best_response_table(every_row: bool) -> None:
    rows = read(TABLES / "irecist_ibor_table3_expanded.csv")
    if not every_row:
        rows = rows.filter(pl.col("icpd_preceded_by_open_iupd") == "True")
        assert rows.height == 418
    for row in rows.iter_rows(named=True):
        points = [row[f"tp{index}"] for index in range(1, 6)]
        assert sequence(points, 56, True, "irecist", None) == row["ibor"]


def test_eortc_sequences() -> None:
    for row in read(TABLES / "eortc_faq_sequences.csv").iter_rows(named=True):
        sizes = [row["baseline_sum"], *row["sums"].split("|")]
        table = pl.DataFrame(
            {
                "subject": "1",
                "date": [
                    str(dt.date(2024, 1, 1) + dt.timedelta(42 * i)) for i in range(len(sizes))
                ],
                "lesion": "T01",
                "role": "target",
                "diameter_mm": sizes,
            }
        )
        rows = read_measurements(table).rows
        for criteria in ("recist", "irecist"):
            expected = row[f"expected_{criteria}"]
            if expected:
                name = "recist1.1" if criteria == "recist" else criteria
                found, _ = time_point_responses(rows, name)
                assert found["overall"].to_list() == expected.split("|")
                assert found["target"].to_list() == expected.split("|")


@pytest.fixture(scope="module")
def pilot() -> pl.DataFrame:
    """The CDISC pilot set: what was derived, beside what RS says."""
    tables = [read(SDTM / f"{domain}_onco_recist.csv") for domain in ("tu", "tr")]
    checked = read_measurements(measurements_from_sdtm(*tables))
    assert checked.rejected == 0
    found, remarks = time_point_responses(checked.rows, "recist1.1")
    assert remarks.is_empty()
    stated = read(SDTM / "rs_onco_recist.csv").select(
        subject="USUBJID",
        assessor=pl.coalesce("RSEVALID", "RSEVAL"),
        date=last_possible_date("RSDTC"),
        stated="RSSTRESC",
    )
    return stated.join(found, on=["subject", "assessor", "date"], how="full", coalesce=True)


def test_the_57_target_responses_of_the_pilot_set(pilot: pl.DataFrame) -> None:
    targets = pilot.filter(pl.col("target").is_not_null())
    assert targets.height == 57
    assert targets["target"].to_list() == targets["stated"].to_list()


def test_every_overall_response_of_the_pilot_set(pilot: pl.DataFrame) -> None:
    assert pilot.height == 66
    assert pilot["overall"].to_list() == pilot["stated"].to_list()
    assert pilot["reason"].str.len_chars().min() > 0


def test_the_best_responses_of_the_pilot_set(pilot: pl.DataFrame) -> None:
    """From lesions to best response; the two caveats of the README are the adrs_onco columns."""
    reference = read(SDTM / "dm.csv").select(
        subject="USUBJID", reference_date=last_possible_date("RFSTDTC")
    )
    points = (
        pilot.filter(pl.col("assessor") == "INVESTIGATOR")
        .select("subject", "date", response="overall")
        .join(reference, on="subject")
    )
    wanted = read(SDTM / "recist_subject_bor_expected.csv").sort("USUBJID")
    plain = best_response(points, BestResponseRules())
    confirmed = best_response(points, BestResponseRules(confirm_days=28))
    assert plain["best_response"].to_list() == wanted["BOR_adrs_onco"].to_list()
    assert confirmed["best_response"].to_list() == wanted["CBOR_adrs_onco"].to_list()


@pytest.mark.parametrize(
    ("name", "criteria", "rejected"),
    [("rs_onco", "recist1.1", 3), ("rs_onco_irecist", "irecist", 0)],
)
def test_full_rs_files_without_loss(
    name: str, criteria: str, rejected: int, tmp_path: Path
) -> None:
    """Every overall response is accepted or listed, and every subject and reader is in OUT."""
    app = typer.Typer()
    register(app)
    source, out = SDTM / f"{name}.csv", tmp_path / "best.csv"
    result = CliRunner().invoke(
        app,
        ["response", str(source), "--criteria", criteria, "--subjects", str(SDTM / "dm.csv"),
         "-o", str(out)],
    )  # fmt: skip
    assert result.exit_code == (1 if rejected else 0)
    overall = read(source).filter(pl.col("RSTESTCD") == "OVRLRESP")
    count = overall.height
    assert f"read {count} = accepted {count - rejected} + rejected {rejected}" in result.stderr
    listed = pl.read_csv(f"{out}.rejected.tsv", separator="\t", infer_schema=False)
    refused = listed.filter(pl.col("used") == "no")
    assert refused["value"].to_list() == ["CHECK"] * rejected
    wanted = overall.filter(pl.col("RSSTRESC") != "CHECK").select(
        "USUBJID", pl.coalesce("RSEVALID", "RSEVAL")
    )
    found = read(out).filter(pl.col("best_response") != "MISSING")
    assert set(found.select("subject", "assessor").rows()) == set(wanted.rows())
