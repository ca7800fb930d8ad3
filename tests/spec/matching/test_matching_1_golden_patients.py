"""Golden patients: one who fits, one who does not and one of whom too little is known."""

from __future__ import annotations

import pytest
from matching_patients import match

LUNG = {"tumour.site": "lung", "disease.extent": "metastatic"}
PANCREAS = {"tumour.site": "pancreas", "disease.extent": "metastatic"}
PLATINUM = [("cisplatin_etoposide", "yes")]
SCLC_LS = {"tumour.site": "lung", "disease.stage_sclc": "limited"}
SCLC_ES = {"tumour.site": "lung", "disease.stage_sclc": "extensive"}

# trial, facts, lines, entity, grade, expected eligibility, missing facts of an open one
CASES = [
    # NCT02939651: Ki-67 >20%, any differentiation, a platinum regimen, no lung or thymic SCLC/LCNEC
    ("nct02939651", {**PANCREAS, "pathology.ki67": "35"}, PLATINUM, "net", "G3", "met", ()),
    ("nct02939651", {**PANCREAS, "pathology.ki67": "80"}, PLATINUM, "nec", "high_grade", "met", ()),
    ("nct02939651", {**PANCREAS, "pathology.ki67": "20"}, PLATINUM, "net", "G2", "not_met", ()),
    ("nct02939651", {**PANCREAS, "pathology.ki67": ">20"}, PLATINUM, "net", "G3", "met", ()),
    ("nct02939651", {**PANCREAS, "pathology.ki67": "15-30"}, PLATINUM, "net", "G3",
     "undetermined", ("pathology.ki67",)),
    ("nct02939651", {**PANCREAS, "pathology.ki67": "35"}, [("captem", "yes")], "net", "G3",
     "not_met", ()),
    ("nct02939651", {**PANCREAS, "pathology.ki67": "35"}, [("chemotherapy", "yes")], "net", "G3",
     "undetermined", ("treatment.regimen",)),
    ("nct02939651", {**PANCREAS, "pathology.ki67": "35"}, [], "net", "G3",
     "undetermined", ("treatment.regimen",)),
    ("nct02939651", {**LUNG, "pathology.ki67": "80"}, PLATINUM, "lcnec", "high_grade",
     "not_met", ()),
    ("nct02939651", {**PANCREAS, "pathology.ki67": "80"}, PLATINUM, "nec_small_cell", "high_grade",
     "met", ()),
    ("nct02939651", {"disease.extent": "metastatic", "pathology.ki67": "80"}, PLATINUM,
     "nec_large_cell", "high_grade", "undetermined", ("tumour.site",)),
    ("nct02939651", {"tumour.site": "skin", "disease.extent": "metastatic", "pathology.ki67": "80"},
     PLATINUM, "merkel_cell", "high_grade", "not_met", ()),
    # CA209-538: NET of any grade or NEC, of the digestive tract or the lung, advanced
    ("nct02923934", PANCREAS, [], "net", "G1", "met", ()),
    ("nct02923934", {**PANCREAS, "disease.extent": "localised"}, [], "net", "G1", "not_met", ()),
    ("nct02923934", PANCREAS, [], "nen", None,
     "undetermined", ("pathology.morphology", "tumour.entity")),
    # DART: extrapancreatic refractory NEN, or high-grade NEN
    ("nct02834013", PANCREAS, [], "net", "G3", "met", ()),
    ("nct02834013", {**PANCREAS, "tumour.site": "rectum"}, [("folfox", "yes")], "net", "G2",
     "met", ()),
    ("nct02834013", PANCREAS, [("captem", "yes")], "net", "G2", "not_met", ()),
    ("nct02834013", {**PANCREAS, "tumour.site": "rectum"}, [("folfox", "")], "net", "G2",
     "undetermined", ("treatment.progressed",)),
    # DUNE: cohorts of lung and digestive NET G1-2, and of high-grade NEN outside the lung
    ("nct03095274", LUNG, [("everolimus", "yes")], "typical_carcinoid", None, "met", ()),
    ("nct03095274", PANCREAS, [("sunitinib", "yes")], "net", "G2", "met", ()),
    ("nct03095274", PANCREAS, [("captem", "yes")], "net", "G3", "met", ()),
    ("nct03095274", {**PANCREAS, "tumour.site": "unknown_primary"}, PLATINUM, "nec", "high_grade",
     "met", ()),
    ("nct03095274", LUNG, PLATINUM, "lcnec", "high_grade", "not_met", ()),
    ("nct03095274", PANCREAS, [("sunitinib", "no")], "net", "G2", "not_met", ()),
    # NIPINEC: NEC of lung or digestive tract that progressed, no SCLC
    ("nct03591731", LUNG, PLATINUM, "lcnec", "high_grade", "met", ()),
    ("nct03591731", LUNG, PLATINUM, "sclc", "high_grade", "not_met", ()),
    ("nct03591731", PANCREAS, PLATINUM, "net", "G3", "not_met", ()),
    ("nct03591731", LUNG, [("carboplatin", "")], "lcnec", "high_grade",
     "undetermined", ("treatment.progressed",)),
    # NCT04079712: exactly one line, which failed
    ("nct04079712", {**PANCREAS, "treatment.line_count": "1"}, PLATINUM, "nec", "high_grade",
     "met", ()),
    ("nct04079712", {**PANCREAS, "treatment.line_count": "2"}, PLATINUM, "nec", "high_grade",
     "not_met", ()),
    ("nct04079712", PANCREAS, PLATINUM, "nec", "high_grade",
     "undetermined", ("treatment.line_count",)),
    ("nct04079712", PANCREAS, [*PLATINUM, ("folfiri", "yes")], "nec", "high_grade", "not_met", ()),
    # NCT03147404: second line after etoposide and cisplatin
    ("nct03147404", {**PANCREAS, "treatment.line_count": "1"}, PLATINUM, "nec", "high_grade",
     "met", ()),
    ("nct03147404", {**PANCREAS, "treatment.line_count": "1"}, [("carboplatin_etoposide", "yes")],
     "nec", "high_grade", "not_met", ()),
    ("nct03147404", {**PANCREAS, "treatment.line_count": "1"}, [("platinum_chemotherapy", "yes")],
     "nec", "high_grade", "undetermined", ("treatment.regimen",)),
    # NET-002: at most two lines, somatostatin analogues not counted
    ("nct03278379", {**PANCREAS, "disease.progressing": "yes"},
     [("lanreotide", "yes"), ("captem", "yes"), ("everolimus", "yes")], "net", "G2", "met", ()),
    ("nct03278379", {**PANCREAS, "disease.progressing": "yes"},
     [("sunitinib", "yes"), ("captem", "yes"), ("everolimus", "yes")], "net", "G2", "not_met", ()),
    ("nct03278379", {**LUNG, "disease.progressing": "yes"}, [("everolimus", "yes")],
     "atypical_carcinoid", None, "met", ()),
    # KEYNOTE-028: PD-L1 positive
    ("nct02054806", {**PANCREAS, "ihc.pd_l1": "positive"}, [], "net", "G2", "met", ()),
    ("nct02054806", {**PANCREAS, "ihc.pd_l1": "negative"}, [], "net", "G2", "not_met", ()),
    ("nct02054806", PANCREAS, [], "net", "G2", "undetermined", ("ihc.pd_l1",)),
    # ADRIATIC: limited-stage SCLC after chemoradiotherapy
    ("adriatic", SCLC_LS, [("chemoradiotherapy", "no")], "sclc", "high_grade", "met", ()),
    ("adriatic", SCLC_ES, [("chemoradiotherapy", "no")], "sclc", "high_grade", "not_met", ()),
    ("adriatic", SCLC_LS, [("platinum_chemotherapy", "no")], "sclc", "high_grade",
     "undetermined", ("treatment.regimen",)),
    # CASPIAN: untreated extensive-stage SCLC
    ("caspian", {**SCLC_ES, "treatment.line_count": "0"}, [], "sclc", "high_grade", "met", ()),
    ("caspian", SCLC_ES, PLATINUM, "sclc", "high_grade", "not_met", ()),
    ("caspian", SCLC_ES, [], "sclc", "high_grade", "undetermined", ("treatment.line_count",)),
    # CA209-538 takes no other organs, and the entity must be known
    ("nct02923934", {**PANCREAS, "tumour.site": "bladder"}, [], "net", "G2", "not_met", ()),
    ("nct02923934", {"tumour.site": "pancreas"}, [], "net", "G3", "undetermined",
     ("disease.extent",)),
    # DART, dedicated cohort: any high-grade NEN, whatever the organ and without a prior line
    ("nct02834013", LUNG, [], "lcnec", "high_grade", "met", ()),
    ("nct02834013", {**PANCREAS, "tumour.site": "rectum"}, [("folfox", "no")], "net", "G2",
     "not_met", ()),
    # DUNE, cohort by cohort: 1 lung carcinoids, 2 gastrointestinal, 3 pancreatic, 4 high grade
    ("nct03095274", LUNG, [("everolimus", "")], "atypical_carcinoid", None, "undetermined",
     ("treatment.progressed",)),
    ("nct03095274", {**PANCREAS, "tumour.site": "ileum"}, [("lanreotide", "yes")], "net", "G1",
     "met", ()),
    ("nct03095274", {**PANCREAS, "tumour.site": "ileum", "disease.extent": "localised"},
     [("lanreotide", "yes")], "net", "G1", "not_met", ()),
    ("nct03095274", {"disease.extent": "metastatic"}, PLATINUM, "nec", "high_grade",
     "undetermined", ("tumour.site",)),
    # NCT03136055: extrapulmonary NEC after a failed line; G3 NET excluded by name
    ("nct03136055", {**PANCREAS, "tumour.site": "colon"}, PLATINUM, "nec", "high_grade", "met", ()),
    ("nct03136055", LUNG, PLATINUM, "lcnec", "high_grade", "not_met", ()),
    ("nct03136055", PANCREAS, PLATINUM, "net", "G3", "not_met", ()),
    # NCT02955069: NET G1-2 without a hormone syndrome, or digestive NEC; G3 NET excluded
    ("nct02955069", {**PANCREAS, "disease.hormone_syndrome": "none"}, [("everolimus", "yes")],
     "net", "G2", "met", ()),
    ("nct02955069", {**PANCREAS, "disease.hormone_syndrome": "hypoglycaemia"},
     [("everolimus", "yes")], "net", "G2", "not_met", ()),
    ("nct02955069", PANCREAS, [("everolimus", "yes")], "net", "G2", "undetermined",
     ("disease.hormone_syndrome",)),
    ("nct02955069", {**PANCREAS, "disease.hormone_syndrome": "none"}, PLATINUM, "net", "G3",
     "not_met", ()),
    # NCT03167853: Ki-67 of 10% and more, a closed end
    ("nct03167853", {**PANCREAS, "pathology.ki67": "10", "disease.hormone_syndrome": "none"},
     PLATINUM, "net", "G2", "met", ()),
    ("nct03167853", {**PANCREAS, "pathology.ki67": "<10", "disease.hormone_syndrome": "none"},
     PLATINUM, "net", "G2", "not_met", ()),
    ("nct03167853", {**PANCREAS, "pathology.ki67": "5-15", "disease.hormone_syndrome": "none"},
     PLATINUM, "net", "G2", "undetermined", ("pathology.ki67",)),
    # PLANET: progressed on a somatostatin analogue
    ("nct03043664", PANCREAS, [("octreotide", "yes")], "net", "G1", "met", ()),
    ("nct03043664", PANCREAS, [("everolimus", "yes")], "net", "G1", "not_met", ()),
    ("nct03043664", PANCREAS, [("systemic_therapy", "yes")], "net", "G1", "undetermined",
     ("treatment.regimen",)),
    # MOST-CIRCUIT: NEC and G3 NET of any organ, no SCLC
    ("nct04969887", {**PANCREAS, "tumour.site": "bladder"}, [], "nec", "high_grade", "met", ()),
    ("nct04969887", LUNG, [], "sclc", "high_grade", "not_met", ()),
    ("nct04969887", PANCREAS, [], "net", "G2", "not_met", ()),
    # NCT04701307: SCLC or other high-grade NEC after a line, not of the prostate
    ("nct04701307", {**LUNG, "treatment.line_count": "1"}, PLATINUM, "sclc", "high_grade",
     "met", ()),
    ("nct04701307", {**PANCREAS, "tumour.site": "prostate"}, PLATINUM, "nec", "high_grade",
     "not_met", ()),
    # NCT04166006: resected stage IV
    ("nct04166006", {**PANCREAS, "disease.stage": "IV", "disease.resected": "yes"}, [], "net", "G2",
     "met", ()),
    ("nct04166006", {**PANCREAS, "disease.stage": "III", "disease.resected": "yes"}, [], "net",
     "G2", "not_met", ()),
    # KEYNOTE-158: third line of SCLC
    ("keynote_158", {}, [*PLATINUM, ("topotecan", "yes")], "sclc", "high_grade", "met", ()),
    ("keynote_158", {"treatment.line_count": "1"}, PLATINUM, "sclc", "high_grade", "not_met", ()),
    ("keynote_158", {}, PLATINUM, "sclc", "high_grade", "undetermined",
     ("treatment.line_count",)),
    # NETTER-2: first-line NET G2-3
    ("netter_2", {**PANCREAS, "treatment.line_count": "0"}, [], "net", "G3", "met", ()),
    ("netter_2", {**PANCREAS, "treatment.line_count": "0"}, [], "net", "G1", "not_met", ()),
]  # fmt: skip


@pytest.mark.parametrize(
    ("trial", "facts", "lines", "entity", "grade", "expected", "missing"), CASES
)
def test_a_golden_patient(trial, facts, lines, entity, grade, expected, missing):
    known = {"entity": entity} | ({"grade": grade} if grade else {})
    found = match(trial, facts, lines, **known)
    assert (found.eligibility.value, found.missing) == (expected, missing)
