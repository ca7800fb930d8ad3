"""Phenopackets of other hospitals: what becomes a fact, what is listed, and what stays out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from exchange_documents import PACKET, cls, facts, listed, measured, one, packet, read

from nenuphar.domain.problems import UnsupportedInputError
from nenuphar.io.case_file import collect_cases
from nenuphar.knowledge.base import load_knowledge


def test_a_packet_is_a_case_with_its_tumour_and_its_specimen() -> None:
    case = one(PACKET)
    (tumour,) = case.tumours
    (specimen,) = tumour.specimens
    assert (case.patient, specimen.id, str(specimen.date)) == ("P1", "B1", "2020-03-17")
    assert facts(case) == {"patient.sex": "female", "patient.age": "61 years"}
    assert facts(tumour) == {
        "tumour.site": "pancreas",
        "disease.stage": "IV",
        "stage.tnm": "T1 N1",
    }
    assert facts(specimen) == {
        "diagnosis.reported": "net",
        "specimen.site_type": "metastasis",
        "specimen.procedure": "biopsy",
        "specimen.organ": "liver",
        "grade.reported": "G2",
        "pathology.ki67": "12%",
    }


def test_yaml_and_the_names_of_the_schema_itself_are_read_too() -> None:
    text = (
        yaml.safe_dump(PACKET)
        .replace("metaData", "meta_data")
        .replace("primarySite", "primary_site")
    )
    assert facts(one(text, "c.yaml").tumours[0])["tumour.site"] == "pancreas"


def test_an_excluded_disease_in_yaml_is_excluded() -> None:
    diseases = [*PACKET["diseases"], {"term": cls("NCIT:C4917"), "excluded": True}]
    found = read(yaml.safe_dump(packet(diseases=diseases)), "c.yaml")
    assert len(found.cases[0].tumours) == 1
    assert "is excluded" in {p.column: p.reason for p in found.problems}["/diseases/1"]


def test_the_organ_that_only_the_diagnosis_names_is_taken_from_it() -> None:
    case = one(
        packet(diseases=[{"term": cls("NCIT:C4917", "Lung Small Cell Carcinoma")}], biosamples=[])
    )
    assert facts(case.tumours[0]) == {"tumour.site": "lung"}
    assert facts(case.tumours[0].specimens[0]) == {"diagnosis.reported": "sclc"}


def test_the_diagnosis_of_a_disease_is_that_of_its_only_biosample() -> None:
    case = one(packet(biosamples=[{"id": "B1"}]))
    assert facts(case.tumours[0].specimens[0]) == {"diagnosis.reported": "net"}
    two = packet(biosamples=[{"id": "B1"}, {"id": "B2"}])
    assert [facts(s) for s in one(two).tumours[0].specimens] == [{}, {}]
    assert "no biosample in particular" in listed(two)["/diseases/0/term"].reason


def test_a_metastasis_is_no_second_tumour() -> None:
    diseases = [*PACKET["diseases"], {"term": cls("NCIT:C3261", "Metastatic Neoplasm")}]
    (tumour,) = one(packet(diseases=diseases)).tumours
    assert facts(tumour)["disease.extent"] == "metastatic"


def test_a_code_that_is_not_known_is_listed_with_its_path_and_kind() -> None:
    document = packet(measurements=[measured("LOINC:718-7", 11.2, "g/dL")])
    problem = listed(document)["/measurements/0"]
    assert problem.value == "loinc:718-7 (quantity)"
    assert problem.reason == "not carried: the code is not known here"
    assert read(document).values_rejected == 0  # not misread: nobody asked for it


def test_a_unit_of_another_kind_is_a_value_that_could_not_be_read() -> None:
    document = packet(measurements=[measured("NENUPHAR:patient.ecog", 3.0, "mm")])
    assert "is in mm" in listed(document)["/measurements/0"].reason
    assert read(document).values_rejected == 1


def test_a_quantity_without_a_value_is_not_zero() -> None:
    measurement = measured("LOINC:89247-1", 0, "{score}")
    del measurement["value"]["quantity"]["value"]
    assert "patient.ecog" not in facts(one(packet(measurements=[measurement])))
    assert "/measurements/0" in listed(packet(measurements=[measurement]))


def test_what_is_not_read_is_counted_and_the_counts_add_up() -> None:
    document = packet(measurements=[measured("LOINC:718-7", 11.2, "g/dL", description="Hb")])
    account = listed(document)[""].reason
    total, carried, lost, aside = (int(word) for word in account.split() if word.isdigit())
    assert total == carried + lost + aside == leaves(document)
    assert lost == leaves(document["measurements"])


def leaves(data: object) -> int:
    if isinstance(data, dict | list):
        children = data.values() if isinstance(data, dict) else data
        return sum(leaves(child) for child in children)
    return 1


def test_an_age_orders_but_never_becomes_a_date() -> None:
    def taken(name: str, age: str) -> dict[str, object]:
        return {"id": name, "timeOfCollection": {"age": {"iso8601duration": age}}}

    case = one(packet(biosamples=[taken("late", "P62Y3M"), taken("early", "P61Y11M")]))
    specimens = case.tumours[0].specimens
    assert [(s.id, s.date) for s in specimens] == [("early", None), ("late", None)]


def test_a_range_of_ages_is_an_interval() -> None:
    ages = {"start": {"iso8601duration": "P60Y"}, "end": {"iso8601duration": "P65Y"}}
    case = one(packet(diseases=[{**PACKET["diseases"][0], "onset": {"ageRange": ages}}]))
    assert facts(case)["patient.age"] == "60-65 years"


def test_of_two_dated_values_the_later_stands_and_undated_ones_dispute_each_other() -> None:
    def ecog(value: int, day: str = "") -> dict[str, object]:
        when = {"timeObserved": {"timestamp": f"{day}T00:00:00Z"}} if day else {}
        return measured("LOINC:89247-1", value, "{score}", **when)

    dated = packet(measurements=[ecog(2, "2021-01-01"), ecog(1, "2020-01-01")])
    assert facts(one(dated))["patient.ecog"] == "2"
    assert "the latest is carried" in listed(dated)["/measurements/1"].reason
    undated = packet(measurements=[ecog(2), ecog(1)])
    assert "patient.ecog" not in facts(one(undated))
    assert read(undated).values_rejected == 2


def test_a_reference_sample_is_no_specimen_of_the_tumour() -> None:
    blood = {"id": "N1", "materialSample": cls("EFO:0009654", "reference sample")}
    document = packet(biosamples=[*PACKET["biosamples"], blood])
    assert [s.id for s in one(document).tumours[0].specimens] == ["B1"]
    assert "is a reference sample" in listed(document)["/biosamples/1"].reason


def test_of_several_tumours_a_biosample_belongs_to_the_one_with_its_diagnosis() -> None:
    diseases = [*PACKET["diseases"], {"term": cls("NCIT:C4917", "Lung Small Cell Carcinoma")}]
    biosamples = [*PACKET["biosamples"], {"id": "B2", "histologicalDiagnosis": cls("NCIT:C4917")}]
    document = packet(diseases=diseases, biosamples=[*biosamples, {"id": "B3"}])
    case = one(document)
    assert [[s.id for s in t.specimens] for t in case.tumours] == [["B1"], ["B2"]]
    assert "nothing says of which" in listed(document)["/biosamples/2"].reason


def test_drugs_are_put_together_to_lines_and_progression_ends_one() -> None:
    def drug(name: str, start: str, end: str) -> dict[str, object]:
        interval = {"start": f"{start}T00:00:00Z", "end": f"{end}T00:00:00Z"}
        return {"treatment": {"agent": cls("x:1", name), "doseIntervals": [{"interval": interval}]}}

    response = {
        "assay": cls("LOINC:21976-6"),
        "value": {"ontologyClass": cls("NCIT:C35571", "Progressive Disease")},
        "timeObserved": {"timestamp": "2020-09-01T00:00:00Z"},
    }
    case = one(
        packet(
            medicalActions=[
                drug("carboplatin", "2020-04-01", "2020-08-01"),
                drug("Etoposide", "2020-04-01", "2020-08-01"),
                drug("Topotecan 4 MG", "2020-09-20", "2020-12-01"),
            ],
            measurements=[response],
        )
    )
    assert [(str(line.start), facts(line)["treatment.regimen"]) for line in case.lines] == [
        ("2020-04-01", "carboplatin_etoposide"),
        ("2020-09-20", "topotecan"),
    ]
    assert facts(case.lines[0])["treatment.progressed"] == "True"
    assert [(p.id, facts(p)) for p in case.time_points] == [
        ("2020-09-01", {"response.overall": "PD"})
    ]


def test_a_variant_is_that_of_its_biosample() -> None:
    def call(symbol: str, value: str, where: str = "B1") -> dict[str, object]:
        described = {
            "id": "v",
            "geneContext": {"valueId": "HGNC:0", "symbol": symbol},
            "expressions": [{"syntax": "hgvs.p", "value": value}],
            "moleculeContext": "protein",
        }
        return {
            "subjectOrBiosampleId": where,
            "interpretationStatus": "CONTRIBUTORY",
            "variantInterpretation": {
                "acmgPathogenicityClassification": "LIKELY_PATHOGENIC",
                "variationDescriptor": described,
            },
        }

    calls = [
        call("MEN1", "NP_000235.3:p.Arg98*"),
        call("NOGENE", "p.A1B"),
        call("RB1", "p.A1B", "B9"),
    ]
    diagnosis = {"disease": cls("NCIT:C3809"), "genomicInterpretations": calls}
    document = packet(
        interpretations=[{"id": "i", "progressStatus": "SOLVED", "diagnosis": diagnosis}]
    )
    (variant,) = one(document).tumours[0].specimens[0].variants
    assert (variant.gene, variant.change) == ("MEN1", "p.Arg98*")
    assert (variant.significance, variant.origin) == ("pathogenic", "unknown")
    base = "/interpretations/0/diagnosis/genomicInterpretations"
    reasons = {path: p.reason for path, p in listed(document).items() if path.startswith(base)}
    assert "its gene is not known" in reasons[f"{base}/1"]
    assert "no specimen in particular" in reasons[f"{base}/2"]


@pytest.mark.parametrize(
    ("document", "called"),
    [
        ({"id": "f", "proband": PACKET, "metaData": {}}, "Family"),
        ({"id": "c", "members": [PACKET], "metaData": {}}, "Cohort"),
        ({"id": "v1", "subject": {"id": "P"}, "variants": [], "metaData": {}}, "version 1"),
    ],
)
def test_relatives_of_a_packet_are_refused_by_name(document: object, called: str) -> None:
    with pytest.raises(UnsupportedInputError, match=called):
        read(document)


def test_what_the_schema_does_not_allow_rejects_the_packet_and_tells_the_path() -> None:
    found = read(packet(subject={"id": "P1", "sex": "Florence Nightingale"}))
    assert (found.read, found.rejected) == (1, 1)
    (problem,) = found.problems
    assert problem.column == "/subject/sex"
    assert "Nightingale" not in repr(found.problems)


def test_a_field_that_the_schema_lacks_is_listed_and_the_rest_is_read() -> None:
    document = packet(hospital={"ward": "7"})
    assert one(document).patient == "P1"
    assert "no such field" in listed(document)["/hospital"].reason


def test_a_folder_holds_packets_and_cases_side_by_side(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(PACKET), encoding="utf-8-sig")
    (tmp_path / "b.yaml").write_text("patient: P2\npathology.ki67: 3\n")
    found = collect_cases(tmp_path, load_knowledge())
    assert [case.patient for case in found.cases] == ["P1", "P2"]
