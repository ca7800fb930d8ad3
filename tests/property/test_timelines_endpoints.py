"""Times to events agree with the rules of censoring asked one after another, subject by subject."""

from __future__ import annotations

import datetime as dt
import random

import polars as pl
import pytest

from nenuphar.knowledge.base import load_knowledge
from nenuphar.methods.timelines.endpoints import times_to_event
from nenuphar.pipeline.timelines.endpoints import censoring_rules, counting

START = dt.date(2020, 1, 1)
MISSED = 2 * 56 + 7
NAMES = (
    *("pd_date", "death_date", "last_assessment", "last_contact", "lost_date", "new_therapy"),
    *("response_date", "last_dose", "assessed_before", "assessed_before_therapy"),
)

Subject = dict[str, int | None]


def ended(s: Subject, start: int, endpoint: str) -> tuple[str, int | None]:  # noqa: PLR0911 - rules
    """How progression-free survival or a response ends: the rule and the day."""
    pd, death, last = s["pd_date"], s["death_date"], s["last_assessment"]
    event = min((day for day in (pd, death) if day is not None), default=None)
    therapy = s["new_therapy"]
    if therapy is not None and therapy >= 0 and (event is None or therapy < event):
        scans = [s["assessed_before_therapy"], s["assessed_before"], last]
        known = [day for day in scans[1:] if day is not None and day <= therapy]
        return "new_therapy", max([start, *known, *(d for d in scans[:1] if d is not None)])
    before = s["assessed_before"]
    if event is not None and before is not None and event - max(before, start) > MISSED:
        return "missed_visits", max(before, start)
    if event is not None:
        return ("progression" if pd == event else "death"), event
    if last is None:
        return "", None
    if endpoint == "PFS" and last <= 0:
        return "no_assessment", 0
    if s["lost_date"] is not None:
        return "lost", last
    if s["last_contact"] is not None and s["last_contact"] > last:
        return "no_later_assessment", last
    return "end_of_follow_up", last


def survived(s: Subject) -> tuple[str, int | None]:
    seen = ("last_contact", "last_assessment", "last_dose", "pd_date", "new_therapy")
    known = [s[name] for name in seen if s[name] is not None]
    if s["death_date"] is not None:
        return "death", s["death_date"]
    if s["lost_date"] is not None:
        return "lost", max([s["lost_date"], *known])
    return ("last_contact", max(known)) if known and max(known) > 0 else ("", None)


def with_response_as_assessment(s: Subject) -> Subject:
    """The scan that showed a response that counts was an assessment."""
    responded, pd, last = s["response_date"], s["pd_date"], s["last_assessment"]
    if responded is None or (pd is not None and responded > pd):
        return s
    return s | {"last_assessment": responded if last is None else max(last, responded)}


def draw(rng: random.Random) -> Subject:
    subject: Subject = dict.fromkeys(NAMES)
    day = lambda: rng.choice([0, 1, 30, 56, 60, 90, 119, 120, 150, 181, 182, 183, 240, 300])  # noqa: E731
    for name in NAMES:
        if rng.random() < 0.45:
            subject[name] = day()
    event = min(
        (d for d in (subject["pd_date"], subject["death_date"]) if d is not None), default=None
    )
    for name, limit in (
        ("assessed_before", event),
        ("assessed_before_therapy", subject["new_therapy"]),
    ):
        if limit is None or (subject[name] is not None and subject[name] > limit):
            subject[name] = None
    return subject


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_fast_and_the_slow_way_agree(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - reproducible test data
    subjects = [draw(rng) for _ in range(2_000)]
    columns = {
        name: [None if s[name] is None else START + dt.timedelta(s[name]) for s in subjects]
        for name in NAMES
    }
    frame = pl.DataFrame(columns, schema=dict.fromkeys(NAMES, pl.Date)).with_columns(
        start=pl.lit(START), subject=pl.int_range(pl.len()).cast(pl.String)
    )
    kb = load_knowledge()
    rows = times_to_event(frame, censoring_rules(kb), counting(kb))
    found = {(int(r["subject"]), r["endpoint"]): r for r in rows.to_dicts()}
    for number, drawn in enumerate(subjects):
        s = with_response_as_assessment(drawn)
        expected = {"PFS": ended(s, 0, "PFS"), "OS": survived(s)}
        responded, pd = s["response_date"], s["pd_date"]
        if responded is not None and (pd is None or responded <= pd):
            expected["DOR"] = ended(s, responded, "DOR")
        else:
            assert (number, "DOR") not in found
        for endpoint, (rule, day) in expected.items():
            row = found[number, endpoint]
            end = None if day is None else START + dt.timedelta(day)
            assert row["rule_id"] == (f"censoring.{rule}" if rule else ""), (s, row)
            assert row["end"] == end, (s, row)
