"""Generated cases with every kind of fact on every level, to be written and read back."""

from __future__ import annotations

import string
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from nenuphar.domain.case import (
    IHC,
    Assay,
    Case,
    Component,
    Lesion,
    Observed,
    Reading,
    Specimen,
    TimePoint,
    TreatmentLine,
    Tumour,
    Variant,
)
from nenuphar.domain.dates import parse_date
from nenuphar.domain.observation import Origin, Value
from nenuphar.domain.quantity import Interval
from nenuphar.domain.scope import Scope
from nenuphar.knowledge.base import load_knowledge
from nenuphar.knowledge.schema import Fact
from nenuphar.terminology.genes.consequences import effect_of, effect_of_change, significance_of

KNOWLEDGE = load_knowledge()
STATED = [fact for fact in KNOWLEDGE.facts.values() if fact.stated]
NAMES = st.text(string.ascii_letters + string.digits + "-_ é/", min_size=1, max_size=8).map(
    lambda text: f"x{text.strip()}"
)
WORDS = st.text(string.ascii_letters + string.digits + " -+äß<>&\"'", min_size=1, max_size=12).map(
    lambda text: f"t{text.strip()}"
)
DATES = st.sampled_from(("2019", "2020-03", "2020-03-17", "2020-04-01", "2021-01-01"))
NUMBERS = st.sampled_from((0.0, 0.5, 1.0, 3.0, 5.0, 19.99, 20.0, 21.0, 55.0, 61.0))


@st.composite
def intervals(draw: st.DrawFn, unit: str) -> Interval:
    low, high = sorted((draw(NUMBERS), draw(NUMBERS)))
    shape = draw(st.sampled_from(("exact", "exact", "above", "below", "range")))
    if shape == "exact" or low == high:
        return Interval.exactly(low, unit)
    if shape == "above":
        return Interval(low, float("inf"), draw(st.booleans()), False, unit)
    if shape == "below":
        return Interval(0.0, high, False, draw(st.booleans()), unit)
    return Interval(low, high, draw(st.booleans()), draw(st.booleans()), unit)


def values(fact: Fact) -> st.SearchStrategy[Value]:
    system = KNOWLEDGE.terminologies.get(fact.hierarchy)
    kinds: dict[str, Callable[[], st.SearchStrategy[Any]]] = {
        "number": lambda: intervals(fact.unit),
        "code": lambda: st.sampled_from(sorted(fact.values) or sorted(system.concepts)),  # type: ignore[union-attr]
        "boolean": st.booleans,
        "date": lambda: DATES.map(parse_date),
        "text": lambda: WORDS,
    }
    return kinds[fact.type]()


@st.composite
def facts(draw: st.DrawFn, scope: Scope, most: int = 5) -> tuple[Observed, ...]:
    known = [fact for fact in STATED if fact.scope is scope]
    chosen = draw(st.lists(st.sampled_from(known), unique_by=lambda f: f.id, max_size=most))
    found = []
    for fact in chosen:
        date = draw(st.sampled_from(("", "", "", "2020-02", "2020-02-03")))
        found.append(Observed(fact.id, draw(values(fact)), Origin(date=date)))
    return tuple(found)


def unique(inner: st.SearchStrategy[Any], key: str, most: int = 2) -> st.SearchStrategy[Any]:
    return st.lists(inner, max_size=most, unique_by=lambda each: getattr(each, key)).map(tuple)


def readings(scope: Scope) -> st.SearchStrategy[tuple[Reading, ...]]:
    return st.one_of(st.just(()), unique(st.builds(Reading, NAMES, facts(scope, 2)), "assessor"))


@st.composite
def variants(draw: st.DrawFn) -> Variant:
    gene = draw(st.sampled_from(("MEN1", "TP53", "RB1", "KRAS")))
    origin = draw(st.sampled_from(("somatic", "germline", "unknown")))
    change = draw(st.sampled_from(("", "p.R98*", "p.G12D", "c.446-2A>G", "deletion of exon 3")))
    consequence = draw(st.sampled_from(("", "missense_variant", "Nonsense_Mutation")))
    assay = draw(st.sampled_from(("", "a")))
    if draw(st.booleans()):
        stated = draw(st.sampled_from(("pathogenic", "uncertain", "benign")))
        return Variant(gene, stated, origin, change, assay, consequence)
    effect = effect_of(consequence) if consequence else effect_of_change(change)
    judged, basis = significance_of(gene, effect, change, origin)
    return Variant(gene, judged, origin, change, assay, consequence, basis)


ASSAYS = st.builds(
    Assay,
    NAMES,
    st.sampled_from(("", "panel", "exome")),
    st.sampled_from((None, ("MEN1", "TP53"), ("RB1",))),
    st.booleans(),
)
STAINS = st.builds(
    IHC,
    st.sampled_from(("ascl1", "otp", "neurod1")),
    st.sampled_from(("positive", "negative")),
    h_score=st.one_of(st.none(), intervals("h_score")),
)
SPECIMENS = st.builds(
    Specimen,
    NAMES,
    st.one_of(st.none(), DATES.map(parse_date)),
    facts(Scope.SPECIMEN),
    readings(Scope.SPECIMEN),
    unique(st.builds(Component, NAMES, facts(Scope.COMPONENT), readings(Scope.COMPONENT)), "name"),
    unique(ASSAYS, "id"),
    unique(STAINS, "marker"),
    st.lists(variants(), max_size=2).map(tuple),
)
TUMOURS = st.builds(
    Tumour, st.one_of(st.just("1"), NAMES), facts(Scope.TUMOUR), unique(SPECIMENS, "id")
)
LINES = st.builds(
    TreatmentLine,
    st.one_of(st.sampled_from(("1", "2")), NAMES),
    st.one_of(st.none(), DATES.map(parse_date)),
    facts(Scope.TREATMENT_LINE),
)
POINTS = st.builds(
    TimePoint,
    NAMES,
    st.one_of(st.none(), DATES.map(parse_date)),
    facts(Scope.TIME_POINT),
    readings(Scope.TIME_POINT),
    unique(st.builds(Lesion, NAMES, facts(Scope.LESION), readings(Scope.LESION)), "id"),
)
CASES = st.builds(
    Case,
    NAMES,
    facts(Scope.PATIENT),
    unique(TUMOURS, "id"),
    unique(LINES, "id"),
    unique(POINTS, "id"),
)


Statement = tuple[tuple[str, ...], str, str, Value]
"""Place in a case, assessor, fact and value."""


def statements(case: Case) -> list[Statement]:
    """Every fact of a case with its place, ids aside: places are counted, time points dated."""
    found: list[Statement] = []

    def say(place: tuple[str, ...], level: Any, stains: tuple[IHC, ...] = ()) -> None:
        own = {o.fact: o.value for o in level.facts}
        for stain in stains:
            name = f"ihc.{stain.marker}"
            own |= {name: stain.result} if stain.result else {}
            own |= {f"{name}.h_score": stain.h_score} if stain.h_score else {}
        found.extend((place, "", fact, value) for fact, value in own.items())
        for reading in getattr(level, "readings", ()):
            found.extend((place, reading.assessor, o.fact, o.value) for o in reading.facts)

    say((), case)
    for t, tumour in enumerate(case.tumours):
        say(("tumour", str(t)), tumour)
        for s, specimen in enumerate(tumour.specimens):
            place = ("specimen", str(t), str(s))
            say(place, specimen, specimen.ihc)
            found.extend((place, "", "variants", v) for v in specimen.variants)  # type: ignore[misc]
            found.extend((place, "", "assays", a) for a in specimen.assays)  # type: ignore[misc]
            if specimen.date:
                found.append((place, "", "date", specimen.date))
            for c, component in enumerate(specimen.components):
                say(("component", str(t), str(s), str(c)), component)
    for n, line in enumerate(case.lines):
        say(("line", str(n)), line)
        if line.start:
            found.append((("line", str(n)), "", "start", line.start))
    for point in case.time_points:
        say(("point", str(point.date)), point)
        for lesion in point.lesions:
            say(("lesion", str(point.date), lesion.id), lesion)
    return found
