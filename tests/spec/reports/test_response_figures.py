"""Figures of responses and courses: what they hold, from one subject to three hundred."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from xml.etree import ElementTree

import polars as pl
import pytest

from nenuphar.report.figures.axes import apart, month_ticks
from nenuphar.report.figures.courses import MOST_LANES, Bar, Event, Lane, courses
from nenuphar.report.figures.lesions import Change, Trace, spider, waterfall
from nenuphar.report.figures.resistance import alluvial, heat_map
from nenuphar.report.phenotypes import STYLES, WORDS, could_be_words

NASTY = '<script>alert("x")</script>'


def parsed(figure: object) -> ElementTree.Element:
    """A figure is well-formed on its own."""
    assert figure is not None
    return ElementTree.fromstring(str(figure))  # noqa: S314 - made by this package


def titles(figure: object, tag: str) -> Iterator[str]:
    for element in parsed(figure).iter(tag):
        for title in element.findall("title"):
            yield title.text or ""


def words(figure: object) -> list[str]:
    return [element.text or "" for element in parsed(figure).iter("text")]


@pytest.mark.parametrize("patients", [1, 2, 60, 300])
def test_a_waterfall_falls_from_the_greatest_growth_to_the_deepest_response(patients):
    changes = [Change(f"P{i}", 150 - 250 * i / patients, "SD") for i in range(patients)]
    figure = waterfall(changes[::-1])
    found = list(titles(figure, "rect"))
    assert [title.split(":")[0] for title in found] == [one.name for one in changes]
    assert found[0] == "P0: +150.0%, SD"


def test_a_bar_beyond_a_hundred_percent_is_cut_and_says_its_number():
    assert "PD +150" in words(waterfall([Change("P1", 150, "PD"), Change("P2", -40, "PR")]))


def test_letters_repeat_what_colours_say():
    shown = words(waterfall([Change("P1", 30, "PD"), Change("P2", -40, "PR")]))
    assert {"PD", "PR", "PD · progressive disease", "PR · partial response"} <= set(shown)


def test_a_spider_starts_at_zero_and_marks_new_lesions_and_progression():
    trace = Trace(
        "P1",
        ((0, 0), (2, -35), (4, 10)),
        (("new lesion", 4, 10), ("progression", 4, 10)),
        "PR",
    )
    figure = spider([trace])
    assert "P1: +0%, -35%, +10%" in list(titles(figure, "path"))
    assert {"P1: new lesion", "P1: progression"} <= set(titles(figure, "path"))
    assert {"+20", "-30", "0", "P1"} <= set(words(figure))


def test_marks_of_one_visit_do_not_hide_each_other():
    marks = (("new lesion", 4.0, 10.0), ("progression", 4.0, 10.0))
    drawn = str(spider([Trace("P1", ((0, 0), (4, 10)), marks, "PD")]))
    places = re.findall(r"translate\(([\d.]+) ([\d.]+)\)\"><title>P1", drawn)
    assert len(set(places)) == 2


@pytest.mark.parametrize("subjects", [1, 300, 1000])
def test_a_swimmer_plot_has_one_lane_for_each_subject_and_chooses_evenly_beyond_the_most(subjects):
    lanes = [
        Lane(f"S{i}", (Bar(0, 1 + i, "primary", f"S{i}"),), (Event("death", 1 + i, 1 + i),))
        for i in range(subjects)
    ]
    figure = courses(lanes, STYLES, WORDS, name="s", says="Courses", axis_title="Months")
    drawn = list(titles(figure, "rect"))
    assert len(drawn) == min(subjects, MOST_LANES)
    assert drawn[0] == "S0"
    assert len(set(drawn)) == len(drawn)


def test_a_date_known_in_part_is_drawn_as_a_span():
    lanes = [Lane("Events", events=(Event("death", 10, 11, says="death: 2020-11"),))]
    drawn = str(courses(lanes, {}, WORDS, name="s", says="", axis_title="Months"))
    assert 'class="span"' in drawn


def test_text_in_figures_is_escaped():
    lanes = [Lane(NASTY, (Bar(0, 3, "primary", NASTY),), (Event("scan", 1, 1, NASTY, NASTY),))]
    figures = [
        waterfall([Change(NASTY, 10, "SD")]),
        spider([Trace(NASTY, ((0, 0), (1, 5)), response="SD")]),
        courses(lanes, STYLES, WORDS, name="s", says=NASTY, axis_title=NASTY),
        alluvial(table([(NASTY, "primary", "acquired"), ("S2", "acquired", "")]), ["one", "two"]),
    ]
    for figure in figures:
        assert figure is not None
        assert "<script" not in figure
        parsed(figure)


def test_figures_of_nothing_are_left_out():
    assert waterfall([]) is None
    assert spider([]) is None
    assert courses([], STYLES, WORDS, name="s", says="", axis_title="") is None


def table(rows: list[tuple[str, str, str]]) -> pl.DataFrame:
    long = [(s, name, p) for s, *both in rows for name, p in zip(("one", "two"), both, strict=True)]
    return pl.DataFrame(long, schema=["subject", "definition_set", "phenotype"], orient="row")


def test_ribbons_of_an_alluvial_figure_count_who_moves():
    rows = [(f"S{i}", "primary", "primary" if i < 3 else "acquired") for i in range(5)]
    rows += [("S9", "", "acquired")]
    moves = list(titles(alluvial(table(rows), ["one", "two"]), "path"))
    assert sorted(moves) == [
        "Primary resistance → Acquired resistance: 2",
        "Primary resistance → Primary resistance: 3",
        "Undetermined (data missing) → Acquired resistance: 1",
    ]


def test_nothing_moves_where_there_is_one_phenotype():
    assert alluvial(table([("S1", "primary", "primary")]), ["one", "two"]) is None


def grid(cells: dict[tuple[int, int], tuple[int, int]]) -> pl.DataFrame:
    rows = [
        ("set", months, weeks, "dose_window", "primary", n, n, most)
        for (months, weeks), (n, most) in cells.items()
    ]
    names = ("definition_set", "cutoff_months", "weeks", "weeks_of", "phenotype")
    counts = ("subjects", "subjects_without_rapid", "subjects_possible")
    return pl.DataFrame(rows, schema=[*names, *counts], orient="row")


def test_a_heat_map_gives_counts_and_how_many_could_join_them():
    shown = words(heat_map(grid({(3, 6): (1, 4), (6, 6): (2, 2)}), "set"))
    assert "1–4" in shown
    assert "2" in shown


def test_weeks_that_change_nothing_share_a_row():
    cells = {(m, w): (m, m) for m in (3, 6) for w in (6, 7, 8)} | {(3, 8): (0, 3)}
    shown = words(heat_map(grid(cells), "set"))
    assert {"6–7", "8"} <= set(shown)


def test_a_count_that_no_cut_off_moves_needs_no_map():
    assert heat_map(grid({(3, 6): (1, 1), (6, 6): (1, 1)}), "set") is None


def test_months_are_marked_at_round_numbers():
    assert month_ticks(0, 7) == [0, 1, 2, 3, 4, 5, 6, 7]
    assert month_ticks(0, 40) == [0, 6, 12, 18, 24, 30, 36]


def test_labels_are_moved_apart_and_keep_their_order():
    placed = apart([10, 11, 50, 99], 12, 0, 100)
    assert placed == sorted(placed)
    assert all(b - a >= 12 for a, b in itertools.pairwise(placed))
    assert max(placed) <= 100


def test_what_an_open_phenotype_could_be_is_said_in_one_order():
    assert could_be_words("not_evaluable;primary") == "primary resistance or not evaluable"
