import math

import polars as pl
import pytest

from nenuphar.methods.survival import survival

# Remission in weeks under 6-mercaptopurine and placebo: Freireich 1963, Blood 21:699-716.
TREATED = "6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+"
PLACEBO = "1 1 2 2 3 4 4 5 5 8 8 8 8 11 11 12 12 15 17 22 23"


def patients(**groups: str) -> pl.DataFrame:
    rows = [
        (name, float(word.rstrip("+")), not word.endswith("+"))
        for name, words in groups.items()
        for word in words.split()
    ]
    return pl.DataFrame(rows, schema=["group", "time", "event"], orient="row")


@pytest.fixture(scope="module")
def leukaemia():
    found = survival(patients(treated=TREATED, placebo=PLACEBO), endpoint="relapse", unit="weeks")
    assert found is not None
    return found


def test_curves_are_those_of_the_published_example(leukaemia):
    treated = leukaemia.curves.filter(pl.col("group") == "treated")
    at = dict(zip(treated["time"], treated["survival"], strict=True))
    published = {6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448}
    for time, value in published.items():
        assert at[time] == pytest.approx(value, abs=0.0006)


def test_medians_and_test_are_those_of_the_published_example(leukaemia):
    rows = {row["group"]: row for row in leukaemia.summary.iter_rows(named=True)}
    assert rows["treated"]["median"] == 23
    assert rows["placebo"]["median"] == 8
    assert rows["treated"]["median_high"] is None
    assert (rows["treated"]["patients"], rows["treated"]["events"]) == (21, 9)
    assert leukaemia.p_value == pytest.approx(math.erfc(math.sqrt(16.79 / 2)), rel=0.05)


def test_numbers_at_risk(leukaemia):
    table = leukaemia.at_risk([0, 6, 10, 20, 40])
    rows = {row[0]: row[1:] for row in table.iter_rows()}
    assert rows["treated"] == (21, 21, 15, 8, 0)
    assert rows["placebo"] == (21, 12, 8, 2, 0)


def test_patients_without_data_and_small_groups_are_counted(leukaemia):
    frame = patients(treated=TREATED, tiny="1 2 3+")
    gaps = pl.DataFrame({"group": [None, "treated"], "time": [1.0, None], "event": [True, None]})
    found = survival(pl.concat([frame, gaps]), endpoint="relapse")
    assert found is not None
    assert found.left_out == 5
    assert found.p_value is None
    assert found.summary["group"].to_list() == ["treated"]


def test_no_group_no_curve():
    assert survival(patients(tiny="1 2"), endpoint="relapse") is None
