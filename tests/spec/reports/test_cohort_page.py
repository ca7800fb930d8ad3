"""The page of a cohort: what was read, what it came to, what is open, and where to look."""

import base64
import hashlib
import json
import re

import polars as pl
import pytest

from nenuphar.domain.problems import Problem
from nenuphar.domain.scope import Scope
from nenuphar.engine.cohort import SCHEMA, conclude_cohort
from nenuphar.engine.frames import frames_of
from nenuphar.methods.agreement import Cut, assessor_agreement
from nenuphar.methods.survival import survival
from nenuphar.report.cohort_cube import cube_of
from nenuphar.report.cohort_page import FOUND, LINES, cohort_page
from nenuphar.report.words import Words

HOSTILE = "<script>alert('x')</script>\"&=cmd|'/C calc'!A0"


def plain(html: str) -> str:
    body = re.sub(r"<(style|script|svg).*?</\1>", " ", html, flags=re.S)
    text = re.sub(r"<[^>]+>", " ", body)
    for name, sign in (
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&#39;", "'"),
        ("&#34;", '"'),
        ("&amp;", "&"),
    ):
        text = text.replace(name, sign)
    return re.sub(r"\s+", " ", text)


@pytest.fixture
def cohort(maker):
    """Render cases; returns the HTML."""

    def render(cases, counts=None, problems=(), **more) -> str:
        frames = frames_of([maker.rows(case) for case in cases], maker.knowledge)
        conclusions = conclude_cohort(maker.plan, frames)
        counts = counts or {"read": len(cases), "accepted": len(cases), "rejected": 0}
        shared = (conclusions, frames, list(problems), counts, maker.knowledge, maker.stamp)
        return cohort_page(*shared, **more)

    return render


@pytest.fixture
def mixed(maker):
    sized, calm = {"lesion.size": "9"}, {"pathology__odd": "no", "pathology__ki67": "2"}
    return [
        maker.case("P1", sized, pathology__mitoses="1", **calm),
        maker.case("P2", sized, pathology__mitoses="4", **calm),
        maker.case("P3", pathology__mitoses="1", **calm),
        maker.case("P4", sized, pathology__mitoses="4", pathology__odd="yes"),
        maker.case("P5"),
    ]


def test_counts_are_reconciled_in_words(mixed, cohort):
    counts = {"read": 7, "accepted": 5, "rejected": 2}
    assert "7 read = 5 accepted + 2 rejected." in plain(cohort(mixed, counts))


def test_counts_that_do_not_add_up_are_called_a_fault(mixed, cohort):
    counts = {"read": 9, "accepted": 5, "rejected": 2}
    assert "The counts do not add up: 9 read, 5 accepted, 2 rejected." in plain(
        cohort(mixed, counts)
    )


def test_status_entities_and_grades_are_counted(mixed, cohort):
    text = plain(cohort(mixed))
    assert "Met 2 (40.0%) Provisional 1 (20.0%) Conflict 1 (20.0%) Undetermined 1 (20.0%)" in text
    table = text.split("Entity by grade")[1].split("Cautions")[0]
    assert "Calm tumour 2 · · 2 1" in table
    assert "Busy tumour · 1 · 1 1" in table
    assert "Cannot be told · · 1 1 ·" in table


def test_entities_are_laid_out_by_site_with_their_grades(maker, cohort):
    cases = [
        maker.case(f"P{i}", {"tumour.site": site, "lesion.size": "9"}, pathology__mitoses="1",
                   pathology__odd="no", pathology__ki67="2")
        for i, site in enumerate(["lung", "lung", "pancreas"])
    ]  # fmt: skip
    html = cohort(cases)
    matrix = html.split('id="matrix"')[1].split("</table>")[0]
    assert '<th scope="row">Lung, either side</th>' in matrix
    assert '<td data-s="0" data-e="0">' in matrix
    assert "<b>2</b><small>G1&nbsp;2</small>" in matrix  # two calm tumours of the lung, both G1
    assert re.findall(r"<b>(\d)</b>", matrix) == ["2", "1"]


def test_what_the_filters_count_and_find_is_what_the_page_shows(mixed, cohort):
    html = cohort(mixed, pages={"P5": "cases/P5.html"})
    data = json.loads(html.split('id="data">')[1].split("</script>")[0])
    assert sum(line[-1] for line in data["counts"]) == len(mixed)
    assert [line[0] for line in data["lines"]] == ["P4", "P5", "P3", "P1", "P2"]
    entities, grades, statuses, site, differs = data["calls"][data["lines"][0][2]]
    assert data["entities"][entities[0]] == "Busy tumour or Odd tumour"
    assert data["statuses"][statuses[0]] == "conflict"
    assert (grades, site, differs) == ([data["grades"].index("no grade")], 0, 0)
    assert data["lines"][1][3] == "cases/P5.html"


def test_sites_beyond_those_listed_are_counted_together(maker):
    codes = [f"site{i:02}" for i in range(60)]
    table = pl.DataFrame(
        {"site": codes, "entity": ["calm"] * 60, "grade": ["G1"] * 60, "status": ["met"] * 60}
    )
    cube = cube_of(table, Words(maker.knowledge))
    assert cube.sites.names[-1] == "28 others"
    assert cube.sites.totals[-1] == 28
    assert sum(line[-1] for line in cube.counts) == 60


def test_what_is_missing_most_often_comes_first_and_what_alone_would_decide(mixed, cohort):
    table = plain(cohort(mixed)).split("What is missing most often")[1].split("Conflicts")[0]
    rows = re.findall(
        r"(Measure the lesion\.|Count mitoses\.|Stain Ki-67\.) \S+ (\d+) (\d+)", table
    )
    assert rows[0] == ("Measure the lesion.", "2", "1")
    assert ("Count mitoses.", "1", "0") in rows


def test_conflicts_are_listed_with_what_contends(mixed, cohort):
    html = cohort(mixed, pages={"P4": "cases/P4.html"})
    section = html.split('id="conflicts"')[1].split("</section>")[0]
    assert "1 conflict" in section
    assert '<a href="cases/P4.html">P4</a>' in section
    assert "Busy tumour or Odd tumour" in section


def test_case_pages_are_linked_and_cases_to_look_at_come_first(mixed, cohort):
    pages = {"P5": "cases/P%20 5.html"}
    html = cohort(mixed, pages=pages)
    assert '<a href="cases/P%2520%205.html">P5</a>' in html
    listed = html.split('id="cases"')[1].split("</table>")[0]
    assert re.findall(r">(P\d)<", listed) == ["P4", "P5", "P3", "P1", "P2"]


def test_problems_that_say_the_same_are_gathered(mixed, cohort):
    problems = [
        Problem("t.csv", line, f"P{line}", "Ki-67", "many", "is no quantity", "write 3")
        for line in (9, 3)
    ]
    text = plain(cohort(mixed, problems=problems))
    assert "Ki-67 is no quantity write 3 many t.csv:3 2 0" in text
    assert "2 findings in all" in text


def test_agreement_of_assessors_is_shown_for_every_measure(maker, cohort):
    cases = [
        maker.case(
            f"P{i}",
            {"lesion.size": "9"},
            {"1": {"pathology.mitoses": str(i % 4)}, "2": {"pathology.mitoses": str(i % 3)}},
            pathology__odd="no",
            pathology__ki67="2",
        )
        for i in range(12)
    ]
    frames = frames_of([maker.rows(case) for case in cases], maker.knowledge)
    found = assessor_agreement(
        frames[Scope.SPECIMEN],
        conclude_cohort(maker.plan, frames),
        classes={"Mitoses class": ("pathology.mitoses", [Cut(2, belongs_above=True)])},
        codes={"Necrosis": "pathology.necrosis"},
        concluded={"Diagnosis": "tumour.entity"},
    )
    assert found["measure"].unique(maintain_order=True).to_list() == ["Mitoses class", "Diagnosis"]
    kappas = found["estimate"].to_list()
    assert kappas[0] == pytest.approx(kappas[2])  # the class decides the diagnosis here
    text = plain(cohort(cases, agreement=found))
    assert "Mitoses class <2; ≥2" in text
    assert "Diagnosis Busy tumour; Calm tumour" in text
    assert f"{kappas[0]:.2f}" in text
    assert "Assessors differ" in text


def test_one_assessor_has_nobody_to_agree_with(maker):
    frames = frames_of([maker.rows(maker.case(pathology__mitoses="1"))], maker.knowledge)
    conclusions = conclude_cohort(maker.plan, frames)
    nothing = {"classes": {}, "codes": {}, "concluded": {"Diagnosis": "tumour.entity"}}
    assert assessor_agreement(frames[Scope.SPECIMEN], conclusions, **nothing) is None


def test_survival_shows_numbers_at_risk_and_warns_of_few_events(mixed, cohort):
    rows = [("calm", float(t), t % 3 == 0) for t in range(1, 25)]
    rows += [("busy", float(t), True) for t in range(1, 9)]
    patients = pl.DataFrame(rows, schema=["group", "time", "event"], orient="row")
    found = survival(patients, endpoint="Overall survival")
    html = cohort(mixed, survival=[found])
    text = plain(html)
    assert "Calm tumour 24" in text
    assert "Busy tumour 8" in text
    assert "There are only 16 events: the curves can say little." in text
    assert "Time, months" in html.split("Kaplan-Meier curves")[1].split("</svg>")[0]


def test_mitoses_and_ki67_are_drawn_by_entity(mixed, cohort):
    figure = cohort(mixed).split("Mitoses and Ki-67 by entity")[1].split("</figure>")[0]
    assert "Mitoses per 2 mm²" in figure
    assert "Calm tumour" in figure
    assert "currentColor" in figure


def test_the_page_loads_nothing_and_runs_only_its_own_filter(mixed, cohort):
    html = cohort(mixed)
    data, script = (part.split("</script>")[0] for part in html.split("<script")[1:])
    assert data.startswith(' type="application/json"')
    script = script.removeprefix(">")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src &#39;sha256-{digest}&#39;" in html
    assert not re.search(r"(?:src|href)=\"(?!#)", html)


def test_nothing_that_a_record_says_becomes_markup(maker, cohort):
    cases = [maker.case(HOSTILE, specimen=HOSTILE, pathology__mitoses="4", pathology__odd="yes")]
    problem = Problem(HOSTILE, 1, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE)
    pages = {HOSTILE: f"cases/{HOSTILE}.html"}
    html = cohort(
        cases, problems=[problem], title=HOSTILE, pages=pages, settings={"input": HOSTILE}
    )
    assert html.count("<script") == 2
    assert HOSTILE in plain(html)
    assert 'href="cases/%3Cscript%3Ealert%28%27x%27%29%3C/script%3E%22' in html


def test_an_unknown_value_in_a_figure_is_escaped(maker):
    row = dict.fromkeys(SCHEMA, "") | {"value_number": None, "probability": None}
    row |= {"patient_id": "P", "specimen_id": "S", "fact": "tumour.entity", "status": "met"}
    rows = [row | {"value": HOSTILE}, row | {"value": HOSTILE, "patient_id": "P2"}]
    conclusions = pl.DataFrame(rows, schema=SCHEMA)
    frame = pl.DataFrame(
        {
            **{
                name: [each[name] for each in rows]
                for name in ("patient_id", "tumour_id", "specimen_id", "assessor")
            },
            **{f"pathology.mitoses.{end}": [1.0, 1.0] for end in ("lo", "hi")},
            **{f"pathology.ki67.{end}": [1.0, 1.0] for end in ("lo", "hi")},
        }
    )
    counts = {"read": 2, "accepted": 2, "rejected": 0}
    shared = ({Scope.SPECIMEN: frame}, [], counts, maker.knowledge, maker.stamp)
    html = cohort_page(conclusions, *shared)
    assert "<svg" in html
    assert html.count("<script") == 2


def test_the_same_cohort_gives_the_same_bytes(mixed, cohort):
    assert cohort(mixed) == cohort(mixed)


def test_a_cohort_of_nobody_is_a_page_too(maker):
    counts = {"read": 0, "accepted": 0, "rejected": 0}
    html = cohort_page(pl.DataFrame(schema=SCHEMA), {}, [], counts, maker.knowledge, maker.stamp)
    assert "0 read = 0 accepted + 0 rejected." in plain(html)


def test_a_large_cohort_stays_a_small_page(maker):
    n = 20_000
    row = dict.fromkeys(SCHEMA, "") | {"value_number": None, "probability": None}
    row |= {"specimen_id": "S", "fact": "tumour.entity", "value": "calm", "status": "met"}
    conclusions = pl.select(
        pl.concat_str(pl.lit("P"), pl.int_range(n).cast(pl.String)).alias("patient_id"),
        *(pl.lit(row[name], dtype=kind).alias(name) for name, kind in list(SCHEMA.items())[1:]),
    )
    counts = {"read": n, "accepted": n, "rejected": 0}
    html = cohort_page(conclusions, {}, [], counts, maker.knowledge, maker.stamp)
    assert len(html.encode()) < 600_000
    text = plain(html)
    assert f"The {LINES} specimens to look at first are shown, of 20,000" in text
    assert f"find the first {FOUND:,}" in text
