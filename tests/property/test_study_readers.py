"""No file of a study, however damaged, makes its readers fail in a way that they do not explain."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from nenuphar.domain.problems import UnreadableInputError
from nenuphar.domain.scope import Scope
from nenuphar.io.cbioportal.oncotree import OncoTree, Stated
from nenuphar.io.inputs import read_input
from nenuphar.knowledge.base import load_knowledge
from nenuphar.knowledge.criterion import HasVariant

KNOWLEDGE = load_knowledge()
TREE = OncoTree(KNOWLEDGE)
QUESTIONS = {"RB1": HasVariant("RB1")}
FEW = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
COLUMNS = st.sampled_from(
    [
        "PATIENT_ID",
        "SAMPLE_ID",
        "ONCOTREE_CODE",
        "CANCER_TYPE",
        "CANCER_TYPE_DETAILED",
        "PRIMARY_SITE",
        "SAMPLE_TYPE",
        "SEX",
        "OS_MONTHS",
        "OS_STATUS",
        "GENE_PANEL",
        "Hugo_Symbol",
        "Tumor_Sample_Barcode",
        "MUTATIONS",
        "sample_id",
        "S1",
        "ONCOGENIC",
        "Mutation_Status",
        "START_DATE",
        "STOP_DATE",
        "EVENT_TYPE",
        "AGENT",
        "STATUS",
    ]
)
CELLS = st.one_of(
    st.sampled_from(
        [
            "P1",
            "P2",
            "S1",
            "S2",
            "PANET",
            "SBWDNET",
            "LUNE",
            "LUAD",
            "CUP",
            "panet",
            "XXX",
            "Lung",
            "Bladder",
            "Pancreas",
            "NA",
            "-2",
            "1e999",
            ">20",
            "RB1",
            "SOMATIC",
            "1:DECEASED",
            "Carcinoid",
            "TREATMENT",
            "STATUS",
            "Cisplatin / Etoposide",
            "Nivolumab",
            "Progression",
            "120",
        ]
    ),
    st.sampled_from(["", "Small Cell Lung Cancer", "Lung Carcinoid", '"', "\x1f", "é" * 9000]),
    st.text(max_size=8),
)
NAMES = st.sampled_from(
    [
        "data_clinical_patient.txt",
        "data_mutations.txt",
        "data_CNA.txt",
        "data_gene_panel_matrix.txt",
        "data_gene_panel_x.txt",
        "meta_study.txt",
        "data_timeline_x.txt",
        "x.seg",
    ]
)


@st.composite
def tables(draw: st.DrawFn) -> bytes:
    """Draw a tab-separated file with the columns of a study, in no good state."""
    columns = draw(st.lists(COLUMNS, min_size=1, max_size=8))
    head = draw(st.sampled_from(["", "#a\n#b\n#STRING\n#1\n", "#\n"]))
    rows = draw(st.lists(st.lists(CELLS, max_size=9), max_size=6))
    lines = ["\t".join(columns), *("\t".join(row) for row in rows)]
    end = draw(st.sampled_from(["\n", "\r", "\r\n"]))
    return (head + end.join(lines) + end).encode("utf-8", "surrogatepass")


@st.composite
def timelines(draw: st.DrawFn) -> bytes:
    """Draw a timeline whose rows are mostly of patients and events that are understood."""
    patients = st.sampled_from(["P0", "P1", "P2", "P9", ""])
    days = st.one_of(st.integers(-400, 400).map(str), CELLS)
    kinds = st.sampled_from(["TREATMENT", "STATUS", "IMAGING", "SURGERY", "x", ""])
    rows = draw(st.lists(st.tuples(patients, days, days, kinds, CELLS, CELLS), max_size=12))
    head = "PATIENT_ID\tSTART_DATE\tSTOP_DATE\tEVENT_TYPE\tAGENT\tSTATUS"
    return "\n".join([head, *("\t".join(row) for row in rows)]).encode("utf-8", "surrogatepass")


FILES = st.one_of(
    tables(), timelines(), st.binary(max_size=60), st.just(b"stable_id: x\ngene_list:\tRB1\n")
)
SAMPLES = st.one_of(
    FILES,
    st.lists(st.tuples(CELLS, CELLS, CELLS, CELLS), max_size=5).map(
        lambda rows: "\n".join(
            [
                "PATIENT_ID\tSAMPLE_ID\tONCOTREE_CODE\tPRIMARY_SITE",
                *(f"P{i % 3}\tS{i}\t{a}\t{b}\t" for i, (a, b, _, _) in enumerate(rows)),
            ]
        ).encode("utf-8", "surrogatepass")
    ),
)


@FEW
@given(SAMPLES, st.dictionaries(NAMES, FILES, max_size=5))
@example(b"PATIENT_ID\tSAMPLE_ID\tONCOTREE_CODE\n", {})
@example(b"patient_id\tPATIENT_ID\tSAMPLE_ID\tONCOTREE_CODE\nP\tP\tS\tSCLC\n", {})
@example(b"Patient_id\tpatient_ID\tsample_id\toncotree_code\nP\tP\tS\tSCLC\n", {})
@example(b"patient_id\tsample_id\toncotree_code\nP\tS\tSCLC\n", {})
def test_study_folders_are_read_or_refused_with_a_reason(
    samples: bytes, others: dict[str, bytes]
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "data_clinical_sample.txt").write_bytes(samples)
        for file, data in others.items():
            (folder / file).write_bytes(data)
        try:
            read = read_input(folder, KNOWLEDGE, variant_columns=QUESTIONS)
        except UnreadableInputError as error:
            reason = str(error)
            read = None
    if read is None:
        assert "data_clinical_sample.txt" in reason
        return
    assert read.read == read.accepted + read.rejected
    assert read.accepted == read.frames[Scope.SPECIMEN].height
    assert all(problem.reason and problem.fix for problem in read.problems)
    known = set(read.frames[Scope.PATIENT]["patient_id"])
    lines = read.frames.get(Scope.TREATMENT_LINE)
    if lines is not None:
        assert set(lines["patient_id"]) <= known
        assert not lines.select("patient_id", "line_id").is_duplicated().any()


TEXTS = st.one_of(
    CELLS, st.sampled_from([*TREE._named, *TREE._other][::9]), st.sampled_from([*TREE._by_name])
)


@settings(max_examples=300, deadline=None)
@given(TEXTS, TEXTS, TEXTS, TEXTS, st.booleans())
def test_what_is_believed_is_never_more_than_the_code_says(
    code: str, name: str, main: str, site: str, trusted: bool
) -> None:
    believed = TREE.translate(Stated(code, name, main, site), trust_code=trusted)
    entities = KNOWLEDGE.hierarchies["tumour_entity"]
    assert believed.entity == "" or believed.entity in entities
    assert believed.site == "" or believed.site in KNOWLEDGE.hierarchies["tumour_site"]
    assert bool(believed.column) == bool(believed.reason) == bool(believed.fix)
    alone = TREE.translate(Stated(code, "", main, ""), trust_code=trusted)
    if alone.entity and believed.entity and code.strip():
        assert entities.is_a(alone.entity, believed.entity).value == "met"
