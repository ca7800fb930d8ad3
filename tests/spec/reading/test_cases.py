"""A case in its own file: as short as the case allows, and mended where it errs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nenuphar.domain.case import Case, Specimen
from nenuphar.domain.problems import UnreadableInputError
from nenuphar.domain.quantity import Interval
from nenuphar.domain.scope import Scope
from nenuphar.engine.rows import rows_of_case
from nenuphar.io.case_file import CasesRead, collect_cases, parse_cases, read_case, read_cases
from nenuphar.io.case_writer import case_as_data, write_case
from nenuphar.io.inputs import read_input
from nenuphar.io.json_schemas import case_schema, mapping_schema, record_schema
from nenuphar.io.template import permitted_values, xlsx_template, yaml_template
from nenuphar.knowledge.base import knowledge_base, load_knowledge
from nenuphar.knowledge.schema import Fact
from nenuphar.knowledge.yaml_lines import read_yaml

FACTS = knowledge_base(read_yaml(Path(__file__).parent / "facts.yaml"))

WHOLE = """
patient: P1
facts:
  patient: {sex: female, age: 63 years}
tumours:
  - id: T1
    facts: {tumour.site: lung, lesion.size: {value: '2', unit: cm}}
    specimens:
      - id: S1
        date: 2020-03
        facts: {pathology.ki67: '>20', pathology.necrosis: Focal}
        readings:
          - {assessor: A, facts: {pathology.mitoses: 3/2mm2}}
          - {assessor: B, pathology.mitoses: 4/2mm2}
        components:
          - {name: small_cell, facts: {component.percent: 30}}
        assays: [{id: A1, type: panel, genes: [TP53, RB1]}]
        ihc:
          - {marker: DLL3, result: positive, percent: 90}
          - {marker: chromogranin_a, result: negative}
        variants: [{gene: TP53, change: p.R175H, significance: pathogenic, origin: somatic}]
        segments: [{chromosome: chr18, start: 1, end: 80000000, log2: -0.9}]
treatments: [{id: L1, start: 2020-04-01, facts: {line.regimen: CAPTEM}}]
time_points:
  - id: V1
    date: 2020-06-01
    facts: {response.reported: PR}
    lesions: [{id: a, lesion.diameter: 12.5}]
"""


def parse(text: str, name: str = "case.yaml") -> CasesRead:
    found = parse_cases(text, name, FACTS)
    assert found.read == len(found.cases) + found.rejected
    return found


def only(text: str, name: str = "case.yaml") -> Case:
    found = parse(text, name)
    assert found.problems == ()
    return found.cases[0]


def specimen(case: Case) -> Specimen:
    return case.tumours[0].specimens[0]


def values(facts: object) -> dict[str, object]:
    return {observed.fact: observed.value for observed in facts}  # type: ignore[attr-defined]


def test_a_whole_case_is_read_level_by_level() -> None:
    case = only(WHOLE)
    assert values(case.facts) == {
        "patient.sex": "female",
        "patient.age": Interval.exactly(63.0, "years"),
    }
    assert values(case.tumours[0].facts)["lesion.size"] == Interval.exactly(20.0, "mm")
    sample = specimen(case)
    assert str(sample.date) == "2020-03"
    assert values(sample.facts)["pathology.necrosis"] == "focal"
    assert [reading.assessor for reading in sample.readings] == ["A", "B"]
    assert sample.ihc[0].percent == Interval.exactly(90.0, "percent")
    assert sample.assays[0].genes == ("TP53", "RB1")
    assert (sample.segments[0].chromosome, sample.segments[0].log2) == ("18", -0.9)
    assert case.time_points[0].lesions[0].facts[0].origin.record.startswith("case.yaml:")


def test_json_is_the_same_case() -> None:
    text = json.dumps(case_as_data(only(WHOLE)), indent="\t")
    assert case_as_data(only(text, "case.json")) == case_as_data(only(WHOLE))


def test_a_case_with_one_tumour_and_specimen_may_be_flat() -> None:
    case = only(
        """
patient: P1
date: 2020-03
patient.sex: female
tumour.site: lung
pathology: {ki67: '>20', mitoses: {value: 3/2mm2, phh3: 4/2mm2}}
ihc: {dll3: positive, chromogranin_a: negative}
components: [{name: small_cell, component.percent: 30}]
"""
    )
    assert values(case.tumours[0].facts) == {"tumour.site": "lung"}
    sample = specimen(case)
    assert (case.tumours[0].id, sample.id, str(sample.date)) == ("1", "1", "2020-03")
    found = values(sample.facts)
    assert {"pathology.ki67", "pathology.mitoses", "pathology.mitoses.phh3"} < set(found)
    assert (found["ihc.dll3"], found["ihc.chromogranin_a"]) == ("positive", "negative")


SHIPPED = load_knowledge()
STATED = sorted(name for name, fact in SHIPPED.facts.items() if fact.stated)
STATED = [name for name in STATED if SHIPPED.facts[name].scope is not Scope.ASSAY]


def sample_of(fact: Fact) -> str:
    """Return some value that a fact may hold."""
    if fact.type == "code":
        return next(iter(permitted_values(fact, SHIPPED)), "x")
    return {"number": "1", "boolean": "yes", "date": "2020-01-02", "text": "x"}[fact.type]


def case_with(text: str, scope: Scope) -> str:
    """Write a case with one level of every scope and some lines on that of one scope."""
    levels = {
        Scope.PATIENT: (0, ""),
        Scope.TUMOUR: (2, "tumours:\n- id: T"),
        Scope.SPECIMEN: (4, "  specimens:\n  - id: S"),
        Scope.COMPONENT: (6, "    components:\n    - name: C"),
        Scope.TREATMENT_LINE: (2, "treatments:\n- id: L"),
        Scope.TIME_POINT: (2, "time_points:\n- id: V"),
        Scope.LESION: (4, "  lesions:\n  - id: a"),
    }
    lines = ["patient: P"]
    for level, (indent, opening) in levels.items():
        lines.append(opening)
        if level is scope:
            lines += [" " * indent + line for line in text.splitlines()]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("name", STATED)
def test_every_fact_may_stand_dotted_or_nested_and_says_the_same(name: str) -> None:
    fact = SHIPPED.facts[name]
    value = sample_of(fact)
    head, *rest = name.split(".")
    nested = f"{head}: " + "".join(f"{{{part}: " for part in rest) + f"'{value}'" + "}" * len(rest)
    full = nested.replace(f"'{value}'", f"{{value: '{value}', date: 2020}}")
    forms = {"dotted": f"{name}: '{value}'", "facts": f"facts: {{{nested}}}", "full": full}
    if head not in ("patient",):  # there the id stands; see the next paragraph
        forms["nested"] = nested
    else:
        del forms["full"]
    read = {}
    for form, text in forms.items():
        found = parse_cases(case_with(text, fact.scope), "case.yaml", SHIPPED)
        assert not [p for p in found.problems if p.reason.find("area") < 0], (form, found.problems)
        rows = rows_of_case(found.cases[0])[fact.scope]
        read[form] = [row.values.get(name) for row in rows]
        assert read[form][0] is not None
    assert len({repr(values) for values in read.values()}) == 1


def test_facts_of_the_patient_may_stand_beside_the_id() -> None:
    case = only("patient: {id: P1, sex: female}\ntumour: {site: lung}\n")
    assert (case.patient, values(case.facts)) == ("P1", {"patient.sex": "female"})
    found = parse("patient: {id: P1, shoe: 43}\n")
    assert [(p.line, p.column) for p in found.problems] == [(1, "patient.shoe")]


def test_a_stain_may_hold_what_its_marker_permits_in_every_form() -> None:
    forms = (
        "ihc: {p53: wild_type, PD-L1: positive}",
        "ihc: [{marker: p53, result: wild_type}, {marker: PD-L1, result: positive, clone: 22C3}]",
        "ihc: {p53: {result: wild_type, clone: DO-7}, pd_l1: {value: positive}}",
        "facts: {ihc: {p53: wild_type, pd_l1: positive}}",
        "ihc.p53: wild_type\nihc.pd_l1: positive",
    )
    for text in forms:
        found = parse_cases(f"patient: P\n{text}\n", "case.yaml", SHIPPED)
        assert found.problems == (), text
        (row,) = rows_of_case(found.cases[0])[Scope.SPECIMEN]
        assert row.values == {"ihc.p53": "wild_type", "ihc.pd_l1": "positive"}, text


@pytest.mark.parametrize(
    "ihc",
    ["[{marker: p53, result: wild_type}, {marker: p53, result: mutant_pattern}]",
     "[{marker: p53, result: wild_type}]\nihc.p53: mutant_pattern"],
)  # fmt: skip
def test_a_stain_stated_twice_differently_is_missing(ihc: str) -> None:
    found = parse_cases(f"patient: P\nihc: {ihc}\n", "case.yaml", SHIPPED)
    assert [(p.line, p.column, p.value) for p in found.problems] == [
        (2, "ihc.p53", "mutant_pattern / wild_type")
    ]
    assert "ihc.p53" not in rows_of_case(found.cases[0])[Scope.SPECIMEN][0].values


def test_a_percentage_that_no_record_asks_for_costs_the_stain_nothing_else() -> None:
    text = "patient: P\nihc: [{marker: synaptophysin, result: positive, percent: 90}]\n"
    found = parse_cases(text, "case.yaml", SHIPPED)
    assert [(p.line, p.column, p.value) for p in found.problems] == [(2, "ihc.percent", "90")]
    assert specimen(found.cases[0]).ihc[0].result == "positive"


def test_a_fact_of_the_patient_finds_its_way_from_the_specimen() -> None:
    case = only("patient: P\nspecimens: [{id: S, facts: {patient.sex: male, tumour.site: lung}}]")
    assert values(case.facts) == {"patient.sex": "male"}
    assert values(case.tumours[0].facts) == {"tumour.site": "lung"}


PROBLEMS = {
    "unknown fact": ("pathology.ki68: 3", "pathology.ki68", "did you mean pathology.ki67"),
    "unknown field": ("specimins: [{id: S}]", "specimins", "did you mean specimens"),
    "derived fact": ("tumour.entity: net", "tumour.entity", "as reported"),
    "bad value": ("patient.sex: femal", "patient.sex", "'female'"),
    "a list": ("patient.sex: [female]", "patient.sex", "one value"),
    "bad date": ("date: 2020-02-30", "date", "2020-03"),
    "unknown stain": ("ihc: {dll4: positive}", "ihc.dll4", "ihc.dll3"),
    "bad stain": ("ihc: {dll3: often}", "ihc.dll3", "positive"),
    "unknown stain in a list": ("ihc: [{marker: dll4, result: positive}]", "ihc", "ihc.dll3"),
    "bad stain in a list": ("ihc: [{marker: dll3, result: often}]", "ihc", "positive"),
    "unknown nested fact": (
        "pathology: {ki68: 3}",
        "pathology.ki68",
        "did you mean pathology.ki67",
    ),
    "unknown part": ("pathology: {ki67: {vale: 3}}", "pathology.ki67.vale", "pathology.ki67"),
    "bad variant": ("variants: [{change: x}]", "variants", "state it"),
    "bad significance": ("variants: [{gene: A, significance: bad}]", "variants", "benign"),
    "bad segment": ("segments: [{chromosome: 1, start: 9, end: 2}]", "segments", "start first"),
    "field of a variant": ("variants: [{gene: A, chnge: x}]", "variants.chnge", "change"),
    "nobody": ("readings: [{facts: {pathology.ki67: 3}}]", "assessor", "name every assessor"),
    "area": ("pathology.mitoses: 3", "pathology.mitoses", "3/2mm2"),
}


@pytest.mark.parametrize("case", PROBLEMS)
def test_what_cannot_be_read_is_listed_with_line_and_fix(case: str) -> None:
    text, column, fix = PROBLEMS[case]
    found = parse(f"patient: P1\n{text}\n")
    (problem,) = found.problems
    assert (problem.line, problem.column, problem.rejected) == (2, column, False)
    assert fix in problem.fix
    assert len(found.cases) == 1
    assert found.values_rejected == (case != "area")


def test_a_fact_that_could_belong_to_several_is_listed() -> None:
    found = parse("patient: P\ntumours: [{id: A}, {id: B}]\ntumour.site: lung\n")
    assert "not clear which" in found.problems[0].reason


def test_a_fact_stated_twice_differently_is_missing() -> None:
    specimens = "[{id: S, patient.sex: female}, {id: T, patient.sex: male}]"
    found = parse(f"patient: P\npatient.sex: male\nspecimens: {specimens}")
    assert found.values_rejected == 1
    assert found.cases[0].facts == ()


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        ("- 1\n- 2", "c.yaml", "begins with `patient:`"),
        ("a: b: c", "c.yaml", "line 1"),
        ("patient: 1\npatient: 2", "c.yaml", "stands twice"),
        ("- " * 5000, "c.yaml", "deep"),
        ('{"patient": "1",}', "c.json", "line 1"),
        ("[" * 100000, "c.json", "deep"),
        ("a: &x [1]\nb: *x", "c.yaml", "aliases"),
    ],
)
def test_a_text_that_is_no_case_says_why(text: str, name: str, words: str) -> None:
    with pytest.raises(UnreadableInputError) as error:
        parse(text, name)
    assert words in str(error.value)


def test_a_folder_of_cases_is_accounted_for(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("patient: A\npatient.sex: male\n")
    (tmp_path / "b.json").write_text('[{"patient": "B"}, {"facts": {}}]')
    (tmp_path / "c.yaml").write_text("patient: [\n")
    (tmp_path / "d.yaml").write_text("patient: A\npatient.sex: male\n")
    (tmp_path / "e.yaml").write_text("patient: E\npatient.sex: male\n")
    (tmp_path / "f.yaml").write_text("patient: E\npatient.sex: female\n")
    (tmp_path / "notes.md").write_text("not a case")
    found = collect_cases(tmp_path, FACTS)
    assert [case.patient for case in found.cases] == ["A", "B"]
    assert (found.read, found.rejected) == (7, 5)
    assert sum(problem.rejected for problem in found.problems) == 5
    result = read_cases(tmp_path, FACTS)
    assert (result.read, result.accepted, result.rejected) == (7, 2, 5)
    assert result.frames[Scope.PATIENT]["patient.sex"].to_list() == ["male", None]


def test_reading_what_was_written_gives_the_case_back(tmp_path: Path) -> None:
    file = tmp_path / "case.yaml"
    file.write_text(write_case(only(WHOLE)))
    again = read_case(file, FACTS)
    assert case_as_data(again) == case_as_data(only(WHOLE))


def test_the_template_is_a_case_once_it_has_a_patient() -> None:
    text = yaml_template(FACTS)
    assert parse(text).rejected == 1
    case = only(text.replace("patient:  #", "patient: X  #", 1))
    assert case.patient == "X"
    filled = text.replace("patient:  #", "patient: X  #", 1).replace(
        "pathology.ki67:  #", "pathology.ki67: 3  #", 1
    )
    assert values(specimen(only(filled)).facts) == {
        "pathology.ki67": Interval.exactly(3, "percent")
    }


def test_the_workbook_template_is_read_without_a_mapping(tmp_path: Path) -> None:
    import openpyxl

    file = tmp_path / "cases.xlsx"
    file.write_bytes(xlsx_template(FACTS))
    assert xlsx_template(FACTS) == file.read_bytes(), "the same facts give the same bytes"
    book = openpyxl.load_workbook(file)
    header = [cell.value for cell in book["specimens"][1]]
    row = dict.fromkeys(header, None) | {"patient_id": "P1", "pathology.ki67": 3}
    book["specimens"].append([row[name] for name in header])
    book.save(file)
    result = read_input(file, FACTS)
    assert result.frames[Scope.SPECIMEN]["pathology.ki67.lo"].to_list() == [3.0]


def test_schemas_name_facts_fields_and_kinds() -> None:
    case = case_schema(FACTS)
    patient = case["$defs"]["patient"]["properties"]
    assert {"tumours", "ihc", "patient.sex", "pathology.ki67", "facts"} <= set(patient)
    assert None in patient["patient.sex"]["anyOf"][0]["enum"]
    mapping = mapping_schema(FACTS)
    assert "tumour.entity" not in mapping["properties"]["columns"]["propertyNames"]["enum"]
    assert {"fact", "threshold", "rule"} <= set(record_schema()["$defs"])


def test_a_folder_is_read_and_not_what_it_points_at(tmp_path: Path) -> None:
    folder = tmp_path / "cases"
    folder.mkdir()
    (tmp_path / "outside.yaml").write_text("patient: P9\n")
    (folder / "a.yaml").write_text("patient: P1\npatient.sex: female\n")
    (folder / "b.yaml").symlink_to(tmp_path / "outside.yaml")
    (folder / "c.yaml").symlink_to(folder / "c.yaml")
    (folder / "d.yaml").symlink_to(folder / "a.yaml")
    found = collect_cases(folder, load_knowledge())
    assert [case.patient for case in found.cases] == ["P1"]
    assert (found.read, found.rejected) == (4, 3)
    fixes = {p.file: p.fix for p in found.problems}
    assert fixes["b.yaml"] == fixes["c.yaml"] == "copy the file into the folder"


def test_a_name_without_its_first_part_is_told_the_whole_name(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("patient: P1\nsex: female\n")
    (problem,) = collect_cases(tmp_path / "c.yaml", load_knowledge()).problems
    assert problem.fix == "did you mean patient.sex?"


def test_ids_stay_as_they_are_but_whole_numbers_lose_their_zero(tmp_path: Path) -> None:
    case = parse("patient: 8.0\ntumours: [{id: 1.50}, {id: 007}, {id: '2.00'}]").cases[0]
    assert (case.patient, [tumour.id for tumour in case.tumours]) == ("8", ["1.50", "007", "2"])


@pytest.mark.parametrize(
    ("reported", "read"),
    [("likely_pathogenic", "pathogenic"), ("Likely benign", "benign"), ("VUS", "uncertain")],
)
def test_a_variant_is_classed_as_laboratories_class_it(reported, read, tmp_path):
    (tmp_path / "case.yaml").write_text(
        f"patient: P1\nvariants: [{{gene: KEAP1, significance: {reported}}}]\n", encoding="utf-8"
    )
    (variant,) = read_case(tmp_path / "case.yaml").tumours[0].specimens[0].variants
    assert variant.significance == read
