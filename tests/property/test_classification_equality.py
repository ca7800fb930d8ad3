"""The shipped rules mean the same for one case and for a cohort of all organs."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nenuphar.domain.conclusion import Stamp
from nenuphar.domain.scope import Scope
from nenuphar.engine.cohort import conclude_cohort
from nenuphar.engine.explain import explain
from nenuphar.engine.frames import frames_of
from nenuphar.engine.rows import PatientRows
from nenuphar.engine.rule_cases import rows_of_facts
from nenuphar.knowledge.base import load_knowledge
from nenuphar.methods import components
from nenuphar.pipeline.case import plan_of

SITES = [
    "lung",
    "thymus",
    "pancreas",
    "colon",
    "small_intestine",
    "bladder",
    "skin",
    "thyroid",
    "adrenal",
    "unknown_primary",
    "upper_aerodigestive_tract",
    "digestive",
    "any_site",
]
MORPHOLOGIES = [
    "neuroendocrine",
    "well_differentiated",
    "carcinoid",
    "small_cell",
    "large_cell",
    "poorly_differentiated",
    "combined",
    "adenocarcinoma",
    "goblet_cell",
    "paraganglioma",
]
COUNTS = ["0", "1", "2", "2.5", "3", "10", "11", "20", "20.5", "60", ">20", "1-4", "<3"]
MARKS = ["positive", "negative"]
FACTS = {
    "tumour.site": SITES,
    "pathology.morphology": MORPHOLOGIES,
    "pathology.mitoses": COUNTS,
    "pathology.ki67": COUNTS,
    "pathology.necrosis": ["absent", "present", "focal", "extensive"],
    "lesion.size": ["4", "5", "20"],
    "specimen.procedure": ["resection", "biopsy"],
    "specimen.site_type": ["primary", "metastasis"],
    "disease.hormone_syndrome": ["none", "hypoglycaemia"],
    "ihc.keratin": MARKS,
    "ihc.synaptophysin": MARKS,
    "ihc.chromogranin_a": MARKS,
    "molecular.calls.lung_net": ["A1", "B", "A1|B", "supra"],
    "molecular.probability.lung_net": ["0.7", "0.95"],
    "molecular.calls.lung_nen": ["B", "lcnec_1", "B|lcnec_1"],
    "microenvironment.t_cells": ["infiltrated", "excluded", "desert"],
    "immune.t_cells": ["2", "3-8", "7"],
    "immune.myeloid": ["5", "20"],
    "genomics.tmb.tissue": ["2", "5-17", "12"],
    "ihc.insm1": MARKS,
    "ihc.daxx": ["lost", "retained"],
    "variant(RB1,pathogenic,any)": ["true", "false"],
    "grade.reported": ["G1", "G3"],
    "diagnosis.reported": ["nen", "net", "sclc", "typical_carcinoid", "insulinoma", "merkel_cell"],
    "diagnosis.reported_term": ["nec_g3_2010", "carcinoid_gut", "typical_carcinoid_2021"],
}
PARTS = ["small_cell", "large_cell", "well_differentiated", "adenocarcinoma", "goblet_cell"]

facts = st.fixed_dictionaries({}, optional={k: st.sampled_from(v) for k, v in FACTS.items()})
component = st.fixed_dictionaries(
    {"component.morphology": st.sampled_from(PARTS)},
    optional={
        "component.percent": st.sampled_from(["29", "30", "70", ">30"]),
        "component.ki67": st.sampled_from(COUNTS),
    },
)
case = st.tuples(facts, st.lists(component, max_size=3))
COMPARED = ("value", "status", "missing", "alternatives", "rule_id", "probability", "cautions")


def _rows(number: int, named: dict[str, str], parts: list[dict[str, str]]) -> PatientRows:
    rows = rows_of_facts(named, tuple(parts), load_knowledge())
    for own in rows.values():
        for row in own:
            row.key = (f"P{number:03}", *row.key[1:])
    return rows


@given(st.lists(case, min_size=1, max_size=12))
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_case_and_a_cohort_are_classified_alike(cases):
    kb = load_knowledge()
    plan = plan_of(kb)
    patients = [_rows(number, *each) for number, each in enumerate(cases)]
    for rows in patients:
        components.describe_rows(rows)
    frames = components.describe_frames(frames_of(patients, kb))
    table = conclude_cohort(plan, frames)
    ours = {
        (row["fact"], row["patient_id"], row["specimen_id"], row["component"]): tuple(
            row[name] for name in COMPARED
        )
        for row in table.iter_rows(named=True)
    }
    for rows in patients:
        for found in explain(plan, rows, Stamp("", "", "")):
            patient, _, specimen, part = (*found.key, "", "", "")[:4]
            place = (found.fact, patient, specimen, part)
            expected = (
                found.value,
                found.status,
                ";".join(found.missing),
                ";".join(found.alternatives),
                found.rule_id,
                found.probability,
                ";".join(sorted(caution.id for caution in found.cautions)),
            )
            seen = ours[place]
            seen = (*seen[:-1], ";".join(sorted(filter(None, seen[-1].split(";")))))
            assert seen == expected, place


def test_every_scope_of_the_generated_cases_is_known():
    assert set(_rows(1, {}, [])) == set(Scope)
