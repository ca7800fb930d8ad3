"""The records hold what the reviews say: every numeral, and nothing that is not there.

Runs on the texts of the three reviews, where they lie beside the checkout.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from nenuphar.domain.problems import KnowledgeError
from nenuphar.knowledge.base import load_knowledge
from nenuphar.knowledge.evidence_schema import EVIDENCE_KINDS
from nenuphar.methods.evidence.audit import audit_records, check_p_values
from nenuphar.methods.evidence.audit.coverage import Coverage, cover_review

SEEDS = Path(__file__).parents[3] / ".." / "shared" / "seeds"
REVIEWS = ("Nie 2024", "Xu 2021", "Fernandez-Cuesta 2025")


@pytest.fixture(scope="module")
def records() -> list[dict[str, Any]]:
    try:
        found = load_knowledge().kinds(*EVIDENCE_KINDS)
    except KnowledgeError:
        found = []
    if not any(record["kind"] == "outcome" for record in found):
        pytest.skip("the knowledge base is compiled without the records of the literature")
    return found


@pytest.fixture(scope="module")
def coverages(records: list[dict[str, Any]]) -> dict[str, Coverage]:
    if not SEEDS.is_dir():
        pytest.skip("the texts of the reviews are not beside this checkout")
    texts = [path.read_text("utf-8") for path in sorted(SEEDS.glob("*.txt"))]
    covered = [one for text in texts if (one := cover_review(text, records)) is not None]
    return {one.name: one for one in covered}


@pytest.mark.shared
def test_all_three_reviews_are_recognised(coverages: dict[str, Coverage]) -> None:
    assert set(coverages) == set(REVIEWS)
    assert all(len(one.numerals) > 80 for one in coverages.values())


@pytest.mark.shared
def test_fewer_than_fifteen_numerals_are_without_a_record(
    coverages: dict[str, Coverage],
) -> None:
    uncovered = [(n.place, n.text, n.context) for c in coverages.values() for n in c.uncovered]
    assert len(uncovered) < 15, uncovered


@pytest.mark.shared
@pytest.mark.parametrize("review", REVIEWS)
def test_every_printed_value_stands_at_its_locator(
    coverages: dict[str, Coverage], review: str
) -> None:
    tokens = coverages[review].tokens
    assert len(tokens) > 100
    assert [(t.record, t.text, t.found) for t in coverages[review].misplaced] == []


# A number may stand in words.
WORDS = {
    **dict.fromkeys(("no", "none", "neither"), 0.0),
    **dict.fromkeys(("a", "one"), 1.0),
    **{"two": 2, "three": 3, "four": 4, "five": 5, "seven": 7, "twenty": 20},
    **{"one-third": 33.3, "sixties": 60, "eighties": 80},
}
STATED = {
    "value_source": ("value", "percent"),
    "n_source": ("n",),
    "events_source": ("events",),
    "numerator_source": ("numerator",),
    "": ("value_high", "percent_high", "ci_low", "ci_high", "p_value", "i2", "denominator",
         "enrolment"),
}  # fmt: skip


def _printed_numbers(record: dict[str, Any]) -> set[float]:
    found: set[float] = set()
    for token in record.get("printed", ()):
        text = re.sub(r"(?<=\d),(?=\d{3})", "", token.lower())
        numbers = {float(number) for number in re.findall(r"\d+(?:\.\d+)?", text)}
        found |= numbers | {1e6 * number for number in numbers if "million" in text}
        found |= {WORDS[word] for word in re.findall(r"[a-z]+(?:-[a-z]+)?", text) if word in WORDS}
    return found


def test_every_number_that_is_not_implied_is_one_that_the_record_prints(
    records: list[dict[str, Any]],
) -> None:
    unprinted = [
        (record["id"], field, record[field])
        for record in records
        for origin, fields in STATED.items()
        if record.get(origin) != "implied"
        for field in fields
        if isinstance(record.get(field), int | float)
        and record[field] not in _printed_numbers(record)
    ]
    assert unprinted == []


@pytest.mark.parametrize(
    ("kind", "about"),
    [
        ("outcome", 130),
        ("trial", 60),
        ("prevalence", 100),
        ("mechanism", 100),
        ("therapy", 60),
        ("classification_fact", 50),
        ("subtype", 45),
        ("archetype", 10),
        ("regulatory_event", 10),
        ("epidemiology", 30),
    ],
)
def test_the_records_are_of_the_expected_order(
    records: list[dict[str, Any]], kind: str, about: int
) -> None:
    assert sum(record["kind"] == kind for record in records) >= about


@pytest.mark.parametrize(
    ("type_", "record"),
    [
        ("swapped", "outcome.platinum_g3_gep.g3_net.os.xu_2021"),
        ("impossible_shares", "outcome.ca209_538.g3_net.pd.xu_2021"),
        ("unattainable_percentage", "outcome.dune.cohort_4.cbr_9_months.xu_2021"),
        ("unattainable_percentage", "outcome.prrt_g3_gep.poor.orr.xu_2021"),
        ("unreadable_number", "outcome.eter701.hr_pfs.quadruplet.nie_2024"),
        ("subgroup_sum", "trial.nct02955069.xu_2021"),
        ("bound_exceeded", "outcome.chemoimmunotherapy_first_line.os.nie_2024"),
        ("near_universal", "prevalence.rb1_loss.nie_2024"),
        ("unequal_durations", "statement.sitc_mono.dose_window.nie_2024"),
        ("approval_denied", "statement.no_approvals_until_2019.nie_2024"),
        ("unknown_symbol", "prevalence.limited_stage.zfx4.nie_2024"),
    ],
)
def test_the_contradictions_are_found_by_rule(
    records: list[dict[str, Any]], type_: str, record: str
) -> None:
    found = {(finding["type"], finding["record"]) for finding in audit_records(records)}
    assert (type_, record) in found


def test_every_p_value_with_counts_is_reproduced_or_flagged(
    records: list[dict[str, Any]],
) -> None:
    checks = check_p_values(records)
    assert len(checks) >= 5
    assert {check.status for check in checks} <= {"reproduced", "flagged"}


def test_what_no_recomputation_can_see_is_entered_by_hand(records: list[dict[str, Any]]) -> None:
    entered = [record for record in records if record["kind"] == "discrepancy"]
    told = " ".join(f"{r['explanation']} {r.get('should_be', '')}" for r in entered)
    for word in ("dotatate", "CheckMate 331", "benmelstobart"):
        assert word in told
    assert any(r["type"] == "external_fact" and "cabozantinib" in r["id"] for r in entered)
