"""FHIR bundles in the manner of mCODE: what becomes a fact, what is listed, and what stays out."""

from __future__ import annotations

import copy
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from exchange_documents import (
    CONDITION,
    KI67,
    KNOWLEDGE,
    LOINC,
    MCODE,
    PATIENT,
    SNOMED,
    SPECIMEN,
    bundle,
    concept,
    facts,
    given,
    listed,
    observation,
    of_patient,
    one,
    read,
)

from nenuphar.domain.problems import UnreadableInputError
from nenuphar.io.case_file import read_case
from nenuphar.io.exchange import documents
from nenuphar.io.inputs import read_input

S1 = {"specimen": {"reference": "Specimen/s1"}}


def test_a_bundle_is_a_case_with_its_tumour_and_its_specimen() -> None:
    case = one(of_patient(KI67))
    (tumour,) = case.tumours
    (specimen,) = tumour.specimens
    assert (case.patient, specimen.id, str(specimen.date)) == ("p1", "s1", "2021-06-03")
    assert facts(case) == {"patient.sex": "female", "patient.age": "61 years"}
    assert facts(tumour) == {"tumour.site": "lung"}
    assert facts(specimen) == {
        "specimen.procedure": "biopsy",
        "pathology.ki67": ">80%",
        "diagnosis.reported": "sclc",
    }


def test_people_and_places_are_left_out_and_never_named() -> None:
    doctor = {"resourceType": "Practitioner", "id": "d", "name": [{"family": "Snow"}]}
    document = of_patient(KI67, doctor, observation("x", "718-7", valueQuantity={"value": 9}))
    found = read(document)
    said = repr(found)
    assert not any(word in said for word in ("Nightingale", "Scutari", "1960", "Snow"))


@pytest.mark.parametrize(
    ("born", "onset", "age"),
    [
        ("1960-05-01", "2021-04-30", "60 years"),
        ("1960-05-01", "2021-05-01", "61 years"),
        ("1960", "2021-05", "60-61 years"),
    ],
)
def test_the_birth_date_becomes_an_age_where_one_is_needed(born: str, onset: str, age: str) -> None:
    patient, condition = {**PATIENT, "birthDate": born}, {**CONDITION, "onsetDateTime": onset}
    assert facts(one(bundle(patient, condition)))["patient.age"] == age


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"valueQuantity": {"value": 3.5, "unit": "%"}}, "3.5%"),
        ({"valueQuantity": {"value": 1, "comparator": "<", "unit": "%"}}, "<1%"),
        (
            {"valueRange": {"low": {"value": 5, "unit": "%"}, "high": {"value": 10, "unit": "%"}}},
            "5-10%",
        ),
        ({"valueString": ">20 %"}, ">20%"),
        ({"valueInteger": 4}, "4%"),
    ],
)
def test_a_quantity_may_be_exact_censored_a_range_or_text(
    value: dict[str, Any], shown: str
) -> None:
    found = one(of_patient(observation("k", "29593-1", **S1, **value)))
    assert facts(found.tumours[0].specimens[0])["pathology.ki67"] == shown


def test_a_share_without_percent_is_not_taken_for_one() -> None:
    share = observation("k", "29593-1", **S1, valueQuantity={"value": 0.8, "code": "1"})
    assert "pathology.ki67" not in facts(one(of_patient(share)).tumours[0].specimens[0])
    assert "is in count" in listed(of_patient(share))["/entry/3/resource"].reason


def test_a_count_without_an_area_is_remarked_upon() -> None:
    own = concept("urn:nenuphar:code", "pathology.mitoses")
    count = {**observation("k", "", **S1, valueInteger=3), "code": own}
    assert facts(one(of_patient(count)).tumours[0].specimens[0])["pathology.mitoses"] == "3/2 mm²"
    assert "states no area" in listed(of_patient(count))["/entry/3/resource"].reason


def test_a_stain_is_positive_by_code_by_word_or_by_interpretation() -> None:
    interpretation = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
    stains = (
        observation("a", "10514-8", **S1, valueCodeableConcept=concept(SNOMED, "10828004")),
        observation("b", "10471-1", **S1, valueCodeableConcept={"text": "Positive"}),
        observation("c", "10498-4", **S1, interpretation=[concept(interpretation, "NEG")]),
    )
    found = facts(one(of_patient(*stains)).tumours[0].specimens[0])
    assert (found["ihc.synaptophysin"], found["ihc.chromogranin_a"]) == ("positive", "positive")
    assert found["ihc.keratin"] == "negative"


def test_a_word_that_is_no_value_is_listed_without_the_word() -> None:
    stain = observation("a", "10514-8", **S1, valueCodeableConcept={"text": "see Dr Snow"})
    problem = listed(of_patient(stain))["/entry/3/resource"]
    assert (problem.value, problem.record) == ("loinc:10514-8 (text)", "p1")
    assert "Snow" not in repr(read(of_patient(stain)).problems)
    assert read(of_patient(stain)).values_rejected == 1


def test_the_stage_is_that_of_the_condition_it_focuses_on() -> None:
    focus = {"focus": [{"reference": "Condition/c1"}]}
    ajcc = "http://cancerstaging.org"
    stage = observation(
        "st", "21908-9", **focus, valueCodeableConcept=concept(ajcc, "IIIB", "Stage IIIB")
    )
    tnm = [
        observation(code, code, **focus, valueCodeableConcept=concept(ajcc, category))
        for code, category in (("21905-5", "cT2a"), ("21906-3", "cN3"))
    ]
    # the codes of categories in SNOMED CT are read by what they are called
    named = concept(SNOMED, "1", "American Joint Committee on Cancer cM0 (qualifier value)")
    distant = {**observation("cM", "", **focus, valueCodeableConcept=named)}
    distant["code"] = concept(SNOMED, "399387003")
    tnm.append(distant)
    found = facts(one(of_patient(stage, *tnm)).tumours[0])
    assert (found["disease.stage"], found["stage.reported"]) == ("III", "Stage IIIB")
    assert found["stage.tnm"] == "cT2a cN3 cM0"


def test_performance_burden_and_instability_have_codes_of_their_own() -> None:
    found = one(
        of_patient(
            observation("e", "89247-1", valueInteger=1),
            observation(
                "t", "94076-7", **S1, valueQuantity={"value": 12.5, "code": "1/1000000{Base}"}
            ),
            observation(
                "m", "81695-9", **S1, valueCodeableConcept=concept(LOINC, "LA14122-8", "Stable")
            ),
        )
    )
    specimen = facts(found.tumours[0].specimens[0])
    assert facts(found)["patient.ecog"] == "1"
    assert specimen["genomics.tmb_reported"] == "12.5 mutations/Mb"
    assert specimen["biomarker.msi"] == "mss"


def test_a_metastasis_says_how_far_the_disease_has_spread() -> None:
    metastasis = {
        "resourceType": "Condition",
        "id": "m1",
        "meta": {"profile": [f"{MCODE}secondary-cancer-condition"]},
        "subject": {"reference": "Patient/p1"},
        "code": concept(SNOMED, "94381002"),
        "bodySite": [concept(SNOMED, "10200004", "Liver")],
    }
    found = facts(one(of_patient(metastasis)).tumours[0])
    assert (found["disease.extent"], found["disease.liver_metastases"]) == ("metastatic", "True")


def test_conditions_may_be_coded_for_billing() -> None:
    def coded(name: str, code: str) -> dict[str, Any]:
        icd = concept("http://hl7.org/fhir/sid/icd-10-cm", code)
        return {**CONDITION, "id": name, "meta": {}, "code": icd}

    document = bundle(PATIENT, coded("c", "C7A.012"), coded("m", "C7B.02"), coded("h", "I10"))
    (tumour,) = one(document).tumours
    assert facts(tumour) == {
        "tumour.site": "small_intestine",
        "disease.extent": "metastatic",
        "disease.liver_metastases": "True",
    }
    assert facts(tumour.specimens[0]) == {"diagnosis.reported": "net"}
    assert "names no tumour" in listed(document)["/entry/3/resource"].reason


def test_other_conditions_are_listed_and_refuted_ones_too() -> None:
    other = {
        **CONDITION,
        "id": "h",
        "meta": {},
        "code": concept(SNOMED, "38341003", "Hypertension"),
    }
    verification = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
    refuted = {**CONDITION, "id": "r", "verificationStatus": concept(verification, "refuted")}
    document = of_patient(other, refuted)
    assert len(one(document).tumours) == 1
    reasons = [listed(document)[f"/entry/{n}/resource"].reason for n in (3, 4)]
    assert "names no tumour" in reasons[0]
    assert "refuted" in reasons[1]


def test_a_variant_is_read_as_the_genomics_reporting_guide_writes_it() -> None:
    def component(code: str, **value: Any) -> dict[str, Any]:
        return {"code": concept(LOINC, code), **value}

    hgnc = concept("http://www.genenames.org/geneId", "HGNC:9884", "RB1")
    variant = observation(
        "v",
        "69548-6",
        **S1,
        valueCodeableConcept=concept(LOINC, "LA9633-4"),
        component=[
            component("48018-6", valueCodeableConcept=hgnc),
            component(
                "48005-3", valueCodeableConcept=concept("http://varnomen.hgvs.org", "p.R320*")
            ),
            component("48002-0", valueCodeableConcept=concept(LOINC, "LA6684-0")),
        ],
    )
    implication = observation(
        "i",
        "51963-7",
        derivedFrom=[{"reference": "Observation/v"}],
        component=[component("53037-8", valueCodeableConcept=concept(LOINC, "LA26332-9"))],
    )
    region = observation(
        "r",
        "53041-0",
        **S1,
        component=[component("48018-6", valueCodeableConcept={"text": "TP53"})],
    )
    (specimen,) = one(of_patient(variant, implication, region)).tumours[0].specimens
    (found,) = specimen.variants
    assert (found.gene, found.change, found.origin) == ("RB1", "p.R320*", "somatic")
    assert (found.significance, found.basis) == ("pathogenic", "")
    assert [assay.genes for assay in specimen.assays] == [("TP53",)]


def test_medications_become_lines_that_end_with_progression() -> None:
    status = observation(
        "d",
        "97509-4",
        effectiveDateTime="2022-01-10",
        valueCodeableConcept={**concept("x", "y"), "text": "Progressive disease"},
    )
    document = of_patient(
        given("m1", "cisplatin", "2021-07-01", "2021-10-01"),
        given("m2", "etoposide", "2021-07-01", "2021-10-01"),
        given("m3", "pembrolizumab 25 MG/ML Injection", "2022-01-20"),
        given("m4", "paracetamol", "2022-01-20"),
        status,
    )
    lines = one(document).lines
    assert [(str(line.start), facts(line)["treatment.regimen"]) for line in lines] == [
        ("2021-07-01", "cisplatin_etoposide"),
        ("2022-01-20", "pembrolizumab"),
    ]
    assert facts(lines[0])["treatment.progressed"] == "True"
    assert "no treatment that is known" in listed(document)["/entry/6/resource"].reason


def test_a_medication_may_be_a_reference_and_the_fifth_release_nests_it() -> None:
    drug = {"resourceType": "Medication", "id": "d", "code": {"text": "Everolimus"}}
    fourth = given(
        "m1", "", "2021-07-01", contained=[drug], medicationReference={"reference": "#d"}
    )
    fifth = given("m2", "", "2021-12-01", medication={"concept": {"text": "Topotecan"}})
    for each in (fourth, fifth):
        del each["medicationCodeableConcept"]
    lines = one(of_patient(fourth, {**fifth, "status": "recorded"})).lines
    assert [facts(line)["treatment.regimen"] for line in lines] == ["everolimus", "topotecan"]


def test_what_was_not_given_is_no_treatment() -> None:
    document = of_patient({**given("m", "cisplatin", "2021-07-01"), "status": "not-taken"})
    assert one(document).lines == ()
    assert "was not given" in listed(document)["/entry/3/resource"].reason


def test_a_status_of_the_disease_is_no_size_of_a_response() -> None:
    improved = concept(SNOMED, "268910001", "Patient's condition improved")
    status = observation(
        "d", "97509-4", effectiveDateTime="2022-01-10", valueCodeableConcept=improved
    )
    assert one(of_patient(status)).time_points == ()
    assert (
        "code of the answer is not known" in listed(of_patient(status))["/entry/3/resource"].reason
    )


def test_a_disease_that_is_worse_ends_a_line_and_is_no_response() -> None:
    worse = concept(SNOMED, "271299001", "Patient's condition worsened")
    status = observation("d", "97509-4", effectiveDateTime="2022-01-10", valueCodeableConcept=worse)
    treated = one(of_patient(given("m", "topotecan", "2021-07-01", "2021-12-01"), status))
    assert facts(treated.lines[0])["treatment.progressed"] == "True"
    assert treated.time_points == ()
    assert "no treatment is listed" in listed(of_patient(status))["/entry/3/resource"].reason


def test_a_field_that_is_not_read_is_listed_once() -> None:
    noted = {**KI67, "note": [{"text": "a"}, {"text": "b"}], "bodySite": concept(SNOMED, "1", "x")}
    found = listed(of_patient(noted))
    assert found["/entry/3/resource/note"].value == "note"
    assert found["/entry/3/resource/bodySite"].value == "bodySite"


def test_the_size_of_a_lesion_is_that_of_its_body_structure_on_a_day() -> None:
    body = {"resourceType": "BodyStructure", "id": "L1", "patient": {"reference": "Patient/p1"}}
    size = observation(
        "z",
        "21889-1",
        focus=[{"reference": "BodyStructure/L1"}],
        effectiveDateTime="2021-08-01",
        component=[
            {"code": concept(LOINC, "33728-7"), "valueQuantity": {"value": 2.1, "code": "cm"}}
        ],
    )
    (point,) = one(of_patient(body, size)).time_points
    (lesion,) = point.lesions
    assert (str(point.date), lesion.id, facts(lesion)) == (
        "2021-08-01",
        "L1",
        {"lesion.diameter": "21 mm"},
    )


# --- references ------------------------------------------------------------------------------


def test_references_are_found_by_uuid_by_url_and_by_type_and_id() -> None:
    document = bundle(PATIENT, CONDITION, SPECIMEN, KI67)
    urls = [f"urn:uuid:00000000-0000-0000-0000-00000000000{n}" for n in range(4)]
    for entry, url in zip(document["entry"], urls, strict=True):
        entry["fullUrl"] = url
    for entry in document["entry"][1:]:
        entry["resource"]["subject"]["reference"] = urls[0]
    document["entry"][3]["resource"]["specimen"]["reference"] = "https://h.example/fhir/Specimen/s1"
    assert facts(one(document).tumours[0].specimens[0])["pathology.ki67"] == ">80%"


def test_a_reference_that_leads_nowhere_is_listed_not_guessed() -> None:
    document = bundle(PATIENT, CONDITION, KI67)
    assert "pathology.ki67" not in facts(one(document).tumours[0].specimens[0])
    assert "specimen that is not read" in listed(document)["/entry/2/resource"].reason
    lost = {**KI67, "subject": {"reference": "Patient/nobody"}}
    assert "not in the bundle" in listed(bundle(PATIENT, lost))["/entry/1/resource"].reason
    nobody = {key: value for key, value in KI67.items() if key != "subject"}
    assert "about whom" in listed(bundle(PATIENT, nobody))["/entry/1/resource"].reason


def test_one_id_twice_is_one_resource_if_equal_and_none_if_not() -> None:
    assert "pathology.ki67" in facts(one(of_patient(KI67, KI67)).tumours[0].specimens[0])
    other = {**KI67, "valueQuantity": {"value": 3, "unit": "%"}}
    document = of_patient(KI67, other)
    assert "pathology.ki67" not in facts(one(document).tumours[0].specimens[0])
    assert "with different content" in listed(document)["/entry/3/resource"].reason


def test_a_bundle_of_many_patients_is_a_case_for_each() -> None:
    def second(resource: dict[str, Any]) -> dict[str, Any]:
        found = copy.deepcopy(resource)
        found["id"] += "2"
        for field in ("subject", "specimen"):
            if field in found:
                found[field]["reference"] += "2"
        return found

    resources = [PATIENT, CONDITION, SPECIMEN, KI67]
    document = bundle(*resources, *(second(each) for each in resources))
    found = read(document)
    assert (found.read, found.rejected) == (2, 0)
    assert [case.patient for case in found.cases] == ["p1", "p12"]
    assert all(len(case.tumours[0].specimens) == 1 for case in found.cases)


# --- what is wrong ---------------------------------------------------------------------------


def test_an_invalid_resource_is_listed_with_its_path_and_the_rest_is_read() -> None:
    wrong = {**KI67, "valueQuantity": {"value": "Florence"}}
    document = of_patient(wrong)
    assert one(document).patient == "p1"
    problem = listed(document)["/entry/3/resource/valueQuantity/value"]
    assert "is no valid FHIR Observation" in problem.reason
    assert "Florence" not in repr(read(document).problems)


def test_a_type_that_fhir_lacks_is_told() -> None:
    document = of_patient({"resourceType": "Tumor", "id": "t"})
    assert "FHIR has no resource Tumor" in {p.reason for p in read(document).problems}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<Bundle xmlns='http://hl7.org/fhir'/>", "is XML"),
        ('{"resourceType": "Bundle",\n "type": Jane}', "line 2: column 10"),
        ('{"resourceType": "Patient", "id": "x"}', "single FHIR resource"),
        ('{"resourceType": "Bundle", "type": "history", "entry": [{}]}', "not their history"),
        ('{"resourceType": "Bundle", "type": "collection", "entry": []}', "no entry"),
        ('{"resourceType": "Bundle", "type": "collection", "entry": [{}]}', "no Patient"),
        ('{"resourceType": "Bundle", "id": "a", "id": "b"}', "stands twice"),
        ('{"resourceType": "Bundle", "total": NaN}', "beyond bounds"),
        ('{"resourceType": "Bundle", "entry": ' + "[" * 5000 + "]" * 5000 + "}", "nested"),
        ('{"resourceType": "Bundle", "entry": ' + "[" * 60 + "]" * 60 + "}", "nested"),
    ],
)
def test_what_is_no_bundle_is_refused_and_nothing_of_it_is_repeated(
    text: str, message: str
) -> None:
    with pytest.raises(UnreadableInputError, match=message) as told:
        read(text)
    assert "Jane" not in str(told.value)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("b.xml", b"<Bundle xmlns='http://hl7.org/fhir'/>", "is XML"),
        ("b.ndjson", b'{"resourceType": "Patient"}', "one a line"),
        ("b.pb", b"\x0a\x02P1", "as bytes"),
        ("b.json", gzip.compress(b"{}", mtime=0), "gzip-compressed"),
        ("b.json.gz", gzip.compress(b"{}", mtime=0), "gzip-compressed"),
        ("b.yaml", b"resourceType: Bundle", "FHIR as YAML"),
    ],
)
def test_other_ways_to_write_it_are_refused_by_name(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UnreadableInputError, match=message):
        read_input(tmp_path / name, KNOWLEDGE)


def test_a_file_that_is_too_large_is_refused_before_anything_is_built(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(documents, "LARGEST", 100)
    with pytest.raises(UnreadableInputError, match="too much for one file"):
        read(of_patient(KI67))


def test_a_mark_of_the_byte_order_is_no_matter(tmp_path: Path) -> None:
    for encoding in ("utf-8-sig", "utf-16"):
        (tmp_path / "b.json").write_text(json.dumps(of_patient(KI67)), encoding=encoding)
        assert read_case(tmp_path / "b.json").patient == "p1"


def test_a_specimen_of_a_specimen_is_the_same_tissue() -> None:
    slide = {**SPECIMEN, "id": "slide", "parent": [{"reference": "Specimen/s1"}]}
    ki67 = {**KI67, "specimen": {"reference": "Specimen/slide"}}
    (specimen,) = one(of_patient(slide, ki67)).tumours[0].specimens
    assert facts(specimen)["pathology.ki67"] == ">80%"
