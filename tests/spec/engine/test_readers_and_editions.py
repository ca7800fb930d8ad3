"""Several assessors, several editions, and genes that were or were not looked at."""

from __future__ import annotations

import pytest
from tiny import MITOSES, Patient, base, fact, rule

from nenuphar.domain.case import (
    Assay,
    Case,
    Component,
    Observed,
    Reading,
    Specimen,
    Tumour,
    Variant,
)
from nenuphar.domain.scope import Scope
from nenuphar.engine.rows import has_variant, rows_of_case
from nenuphar.knowledge.criterion import HasVariant

EDITION = fact("patient.edition", values={"e2015": "2015", "e2021": "2021", "e1999": "1999"})
ENTITY = fact("specimen.entity", derived=True, context="patient.edition")
CROSSWALK = fact("specimen.crosswalk", "text", derived=True, contexts_of="specimen.entity")
MANY = {"fact": "specimen.mitoses", "ge": "mitoses.two"}
OLD = rule("old", "specimen.entity", "small_cell", MANY, editions=["e2015"])
NEW = rule("new", "specimen.entity", "atypical", MANY, editions=["e2021"])
KB = base(MITOSES, EDITION, ENTITY, CROSSWALK, OLD, NEW)


def in_edition(edition: str | None, fact_name: str = "specimen.entity"):
    patient = Patient(KB).add("tumour/1").add("specimen/1/a", mitoses=5)
    if edition:
        patient.rows[Scope.PATIENT][0].values["patient.edition"] = edition
    return patient.concluded(fact_name)[0]


def test_editions_are_contexts_and_the_row_s_own_is_shown_first():
    assert (in_edition("e2015").value, in_edition("e2015").context) == ("small_cell", "e2015")
    assert (in_edition("e2021").value, in_edition("e2021").status) == ("atypical", "met")


def test_every_edition_is_shown_beside_it():
    assert in_edition("e2021").by_context == (
        ("e2015", "small_cell", "met"),
        ("e2021", "atypical", "met"),
    )
    assert in_edition("e2021", "specimen.crosswalk").value == "e2015=small_cell;e2021=atypical"


def test_without_an_edition_only_rules_of_no_edition_speak_and_the_edition_is_named():
    found = in_edition(None)
    assert (found.value, found.status) == (None, "undetermined")
    assert found.missing == ("patient.edition",)


def test_an_edition_without_rules_of_its_own_names_nothing_to_learn():
    found = in_edition("e1999")
    assert (found.value, found.missing) == (None, ())
    assert [c.id for c in found.cautions] == ["no_rule_applies"]


PLAIN = base(
    MITOSES,
    fact("component.share", "number", unit="percent"),
    fact("specimen.entity", derived=True),
    rule("many", "specimen.entity", "atypical", MANY),
)


def test_each_assessor_reads_for_themselves():
    patient = Patient(PLAIN).add("tumour/1")
    patient.add("specimen/1/s", assessor="a", mitoses=5).add("specimen/1/s", assessor="b")
    found = patient.concluded("specimen.entity")
    assert [(c.assessor, c.status) for c in found] == [("a", "met"), ("b", "undetermined")]


def test_what_nobody_in_particular_observed_holds_for_every_assessor_who_did_not():
    patient = Patient(PLAIN).add("tumour/1").add("specimen/1/s", mitoses=5)
    patient.add("specimen/1/s", assessor="a", mitoses=0).add("specimen/1/s", assessor="b")
    found = patient.concluded("specimen.entity")
    assert {c.assessor: c.rules[0].status for c in found} == {"a": "not_met", "b": "met"}


def test_who_described_only_a_component_still_saw_the_specimen():
    seen = Specimen(
        "s",
        facts=(Observed("specimen.mitoses", "many"),),
        readings=(Reading("a"),),
        components=(Component("c", readings=(Reading("b"),)),),
    )
    rows = rows_of_case(Case("P", tumours=(Tumour("1", specimens=(seen,)),)))
    assert {row.assessor: dict(row.values) for row in rows[Scope.SPECIMEN]} == {
        "a": {"specimen.mitoses": "many"},
        "b": {"specimen.mitoses": "many"},
    }
    assert {row.assessor for row in rows[Scope.COMPONENT]} >= {"b"}


RB1 = HasVariant("RB1")
PANEL = Assay("panel", genes=("RB1", "TP53"))


@pytest.mark.parametrize(
    ("variants", "assays", "expected"),
    [
        ((Variant("RB1", "pathogenic"),), (), True),
        ((), (PANEL,), False),
        ((), (), None),
        ((), (Assay("panel", genes=("TP53",)),), None),
        ((), (Assay("exome", genes=(), whole_exome=True),), False),
        ((Variant("RB1", "uncertain"),), (PANEL,), None),
        ((Variant("RB1", "benign"),), (PANEL,), False),
        ((Variant("TP53", "pathogenic"),), (PANEL,), False),
    ],
)
def test_no_variant_means_no_only_where_the_gene_was_assayed(variants, assays, expected):
    assert has_variant(RB1, variants, assays) is expected


def test_an_origin_that_nobody_told_leaves_a_germline_variant_open():
    germline = HasVariant("RB1", origin="germline")
    assert has_variant(germline, (Variant("RB1", "pathogenic"),), (PANEL,)) is None
    found = Variant("RB1", "pathogenic", origin="somatic")
    assert has_variant(germline, (found,), (PANEL,)) is False


def test_a_gene_that_was_not_assayed_is_named():
    asked = rule("rb1", "specimen.entity", "small_cell", {"has_variant": {"gene": "RB1"}})
    kb = base(fact("specimen.entity", derived=True), asked)
    patient = Patient(kb).add("tumour/1").add("specimen/1/a")
    [found] = patient.concluded("specimen.entity")
    assert (found.status, found.missing) == ("undetermined", ("variant(RB1,pathogenic,any)",))
