"""Hot, intermediate or cold; archetypes; antigen presentation; specimens that follow each other."""

from __future__ import annotations

from pathlib import Path

import pytest

from nenuphar.domain.scope import Scope
from nenuphar.engine.frames import frames_of
from nenuphar.engine.rows import rows_of_case
from nenuphar.io.case_file import read_case, specimens_of
from nenuphar.io.result import ReadResult
from nenuphar.knowledge.base import load_knowledge
from nenuphar.pipeline.case import Assessment, assess
from nenuphar.pipeline.cohort import conclude
from nenuphar.pipeline.molecular.describe import describe_read

CELLS = (
    "cd4: {cd4}, cd8: 1, treg: 1, b_cell: 1, nk: 1, macrophage: {mac}, monocyte: 1, "
    "neutrophil: 1, dendritic: 1"
)


def told(folder: Path, text: str) -> Assessment:
    (folder / "case.yaml").write_text("patient: P1\n" + text, encoding="utf-8")
    return assess(read_case(folder / "case.yaml"))


def cells(cd4: float, macrophages: float) -> str:
    return "immune.fraction: {" + CELLS.format(cd4=cd4, mac=macrophages) + "}\n"


def value(assessment: Assessment, fact: str) -> str | None:
    found = assessment.of(fact)
    return found[0].value if found else None


@pytest.mark.parametrize(
    ("place", "expected"),
    [("infiltrated", "hot"), ("excluded", "intermediate"), ("desert", "cold")],
)
def test_a_stain_tells_where_the_t_cells_lie(tmp_path, place, expected):
    assert value(told(tmp_path, f"microenvironment.t_cells: {place}\n"), "immune.class") == expected


@pytest.mark.parametrize(
    ("cd4", "macrophages", "expected", "archetype"),
    [
        (6, 3, "hot", "unassigned"),
        (6, 13, "hot", "immune_rich"),
        (4, 3, "intermediate", "unassigned"),
        (2, 13, "intermediate", "myeloid_centric"),
        (2, 3, "cold", "immune_desert_cd4_macrophage"),
    ],
)
def test_shares_of_cells_are_provisional_until_a_stain_tells_the_place(
    tmp_path, cd4, macrophages, expected, archetype
):
    found = told(tmp_path, cells(cd4, macrophages))
    (immune,) = found.of("immune.class")
    assert (immune.value, immune.status) == (expected, "provisional")
    assert "microenvironment.t_cells" in immune.missing
    assert value(found, "immune.archetype") == archetype


def test_few_t_cells_among_many_myeloid_cells_are_no_desert(tmp_path):
    found = told(tmp_path, "microenvironment.t_cells: desert\n" + cells(1, 20))
    (immune,) = found.of("immune.class")
    assert (immune.value, immune.status) == ("intermediate", "met")
    assert "immune.myeloid_not_desert" in [c.id for c in immune.cautions]


def test_many_t_cells_kept_at_the_stroma_do_not_make_a_tumour_hot(tmp_path):
    found = told(tmp_path, "microenvironment.t_cells: excluded\n" + cells(9, 3))
    assert value(found, "immune.class") == "intermediate"


QUANTISEQ = (
    "immune.fraction_method: quantiseq\nimmune.fraction: {{cd4: {cd4}, cd8: {cd8}, treg: 1, "
    "b_cell: 1, nk: 1, macrophage_m1: 1, macrophage_m2: {m2}, monocyte: 9, neutrophil: 9, "
    "dendritic: 0}}\n"
)


@pytest.mark.parametrize(
    ("cd4", "cd8", "m2", "expected", "archetype"),
    [
        (0, 4, 1, "hot", "unassigned"),
        (0, 2, 1, "intermediate", "unassigned"),
        (9, 1.9, 1, "cold", "immune_desert"),
        (9, 1.9, 4, "intermediate", "myeloid_centric"),
    ],
)
def test_by_quantiseq_cd8_t_cells_and_macrophages_are_read(
    tmp_path, cd4, cd8, m2, expected, archetype
):
    # Its CD4 T cells and monocytes, which no second method sees alike, change nothing.
    found = told(tmp_path, QUANTISEQ.format(cd4=cd4, cd8=cd8, m2=m2))
    (immune,) = found.of("immune.class")
    assert (immune.value, value(found, "immune.archetype")) == (expected, archetype)
    assert "immune.cut_offs_by_position" in [c.id for c in immune.cautions]


def test_shares_by_quantiseq_are_placed_among_lung_neuroendocrine_neoplasms(tmp_path):
    found = told(tmp_path, QUANTISEQ.format(cd4=0, cd8=4, m2=1))
    placed = value(found, "immune.shares_in_cohort") or ""
    assert placed.startswith("CD8 T cells above 90%;regulatory T cells above ")
    assert placed.endswith("of 340 tumours")
    assert value(told(tmp_path, cells(6, 3)), "immune.shares_in_cohort") is None


def test_few_t_cells_counted_in_tissue_make_no_tumour_cold(tmp_path):
    counted = "immune.fraction_method: counting\n"
    (few,) = told(tmp_path, counted + cells(1, 3)).of("immune.class")
    assert (few.value, few.status) == (None, "undetermined")
    (many,) = told(tmp_path, counted + cells(7, 3)).of("immune.class")
    assert (many.value, many.status) == ("hot", "provisional")
    assert "immune.cut_offs_uncalibrated" in [c.id for c in many.cautions]


@pytest.mark.parametrize(
    ("subtype", "expected"),
    [
        ("immune_enriched", "hot"),
        ("immune_enriched_fibrotic", "hot"),
        ("depleted", "cold"),
        ("fibrotic", None),
    ],
)
def test_a_reported_subtype_of_the_microenvironment_gives_way_to_cells(tmp_path, subtype, expected):
    text = f"immune.tme_subtype: {subtype}\n"
    assert value(told(tmp_path, text), "immune.class") == expected
    stained = told(tmp_path, text + "microenvironment.t_cells: excluded\n")
    assert value(stained, "immune.class") == "intermediate"


def test_macrophages_are_weighed_against_t_cells(tmp_path):
    assert value(told(tmp_path, cells(2, 20)), "immune.tam_to_t") == "7"


def test_a_sum_that_lacks_a_part_is_not_made(tmp_path):
    found = told(tmp_path, "immune.fraction: {cd4: 2, macrophage: 30}\n")
    assert value(found, "immune.t_cells") is None
    assert value(found, "immune.class") is None


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ("ihc: {mhc_i: lost}\n", "lost"),
        ("ihc: {mhc_i: retained, b2m: retained}\n", "kept"),
        ("variants: [{gene: B2M, consequence: nonsense}]\nihc: {mhc_i: retained, b2m: retained}\n",
         "reduced"),
    ],
)  # fmt: skip
def test_antigen_presentation_is_lost_reduced_or_kept(tmp_path, record, expected):
    assert value(told(tmp_path, record), "immune.antigen_presentation") == expected


@pytest.mark.parametrize(
    ("record", "fact", "expected"),
    [
        ("ihc: {hif1a: positive, vegfa: positive}", "immune.hypoxia", "hypoxia_and_vegf"),
        ("ihc: {hif1a: negative, vegfa: negative}", "immune.hypoxia", "neither"),
        ("ihc: {hif1a: positive}", "immune.hypoxia", None),
        ("ihc: {sting: negative}", "immune.sting", "reduced"),
        ("ihc: {sting: positive, cgas: positive}", "immune.sting", "kept"),
        ("ihc: {tap1: positive, tap2: negative}", "immune.antigen_processing", "reduced"),
        ("ihc: {nlrc5: negative}", "immune.antigen_processing", "reduced"),
        ("ihc: {tap1: positive}", "immune.antigen_processing", None),
        ("ihc: {lag_3: positive}", "immune.exhaustion", "shown"),
        ("ihc: {lag_3: negative, tigit: negative}", "immune.exhaustion", None),
        ("ihc: {cd276: negative, cd200: negative}", "immune.alternate_checkpoints",
         "not_expressed"),
        ("chemokine: {ccl5: high, cxcl10: high}", "immune.chemokines", "calling"),
        ("chemokine: {ccl5: low, cxcl9: high}", "immune.chemokines", "incomplete"),
        ("chemokine: {cxcl9: low, cxcl10: low}", "immune.chemokines", "silent"),
        ("microenvironment: {mdsc: many}", "immune.suppressor_cells", "many"),
        ("microenvironment: {tregs: few}", "immune.suppressor_cells", None),
    ],
)  # fmt: skip
def test_what_holds_immunity_back_is_concluded_from_stains_and_judged_cells(
    tmp_path, record, fact, expected
):
    assert value(told(tmp_path, record + "\n"), fact) == expected


TURNED = """
tumours:
  - id: T
    specimens:
      - {id: before, specimen.time_point: baseline,
         ihc: {mhc_i: negative, tap1: positive, sting: positive, tim_3: negative, hif1a: negative},
         microenvironment: {tregs: few, neutrophils: many}, chemokine: {cxcl9: high, ccl5: low}}
      - {id: during, specimen.time_point: on_treatment, ihc: {mhc_i: positive}}
      - {id: after, specimen.time_point: progression,
         ihc: {mhc_i: negative, tap1: negative, sting: positive, tim_3: positive, hif1a: positive},
         microenvironment: {tregs: many, neutrophils: few}, chemokine: {cxcl9: low, ccl5: high}}
"""


def test_every_stain_and_cell_is_compared_and_only_some_fit_acquired_resistance(tmp_path):
    found = told(tmp_path, TURNED)
    after = {c.fact: c.value for c in found.conclusions if c.key[2:] == ("after",) and c.value}
    expected = {
        "antigen_processing": "lost", "sting": "unchanged", "exhaustion": "gained",
        "hypoxia": "gained", "tregs": "rise", "neutrophils": "fall", "chemokines": "mixed",
        "mhc_i": "back_to_baseline",
    }  # fmt: skip
    assert {name: after[f"change.{name}"] for name in expected} == expected
    assert after["change.fits_acquired_resistance"] == (
        "MHC class I back at baseline;HIF-1α turned positive (seen under chemotherapy)"
    )
    assert "change.mdsc" not in after


def test_changes_are_asked_for_only_where_specimens_have_a_time_point(tmp_path):
    alone = told(tmp_path, "ihc: {pd_l1: positive, mhc_i: lost}\n")
    assert not [c for c in alone.conclusions if c.fact.startswith("change.")]


PAIRED = """
tumours:
  - id: T
    specimens:
      - {id: before, specimen.time_point: baseline, ihc: {mhc_i: retained}, molecular.sclc: A,
         immune.fraction: {cd4: 1, cd8: 1}}
      - {id: during, specimen.time_point: on_treatment, ihc: {mhc_i: retained},
         immune.fraction: {cd4: 5, cd8: 5}}
      - {id: after, specimen.time_point: progression, ihc: {mhc_i: lost}, molecular.sclc: N,
         immune.fraction: {cd4: 1, cd8: 1}}
"""


def test_changes_that_fit_acquired_resistance_are_named(tmp_path):
    found = told(tmp_path, PAIRED)
    (fits,) = [c for c in found.of("change.fits_acquired_resistance") if c.value]
    assert fits.key[2] == "after"
    assert fits.value == (
        "MHC class I lost;T cells back at baseline;molecular group switched (a hypothesis)"
    )
    rises = {c.key[2]: c.value for c in found.of("change.t_cells")}
    assert (rises["during"], rises["after"]) == ("rise", "back_to_baseline")


def test_two_specimens_of_one_time_point_are_not_compared(tmp_path):
    found = told(tmp_path, PAIRED.replace("id: during, specimen.time_point: on_treatment",
                                          "id: during, specimen.time_point: baseline"))  # fmt: skip
    assert not [c for c in found.of("change.mhc_i") if c.value]


def test_a_subclone_of_baseline_that_comes_back_is_named(tmp_path):
    panel = "assays: [{id: p, genes: [TP53, NF1]}]"
    text = "tumours:\n  - id: T\n    specimens:\n" + "".join(
        f"      - {{id: {time}, specimen.time_point: {time}, {panel}, variants: [{found}]}}\n"
        for time, found in (
            ("baseline", "{gene: NF1, change: p.R1p}"),
            ("on_treatment", "{gene: TP53, change: p.R175H}"),
            ("progression", "{gene: NF1, change: p.R1p}"),
        )
    )
    found = {c.key[2]: c.value for c in told(tmp_path, text).of("change.subclone")}
    assert found["progression"] == "reemerged"


def test_a_cohort_concludes_what_a_case_does(tmp_path):
    text = PAIRED + "tumour.site: lung\n"
    case_facts = told(tmp_path, text)
    case = read_case(tmp_path / "case.yaml")
    knowledge = load_knowledge()
    frames = frames_of([rows_of_case(case)], knowledge)
    read = ReadResult(frames, (), 1, 1, 0, (), 0, specimens_of([case]))
    columns = conclude(describe_read(read, knowledge).frames, knowledge)
    mine = {
        (c.fact, c.key[2] if c.scope is Scope.SPECIMEN else ""): (c.value, c.status)
        for c in case_facts.conclusions
        if c.fact.startswith(("immune.", "change.", "molecular."))
    }
    theirs = {
        (fact, specimen): (found, status)
        for fact, specimen, found, status in columns.select(
            "fact", "specimen_id", "value", "status"
        ).iter_rows()
        if fact.startswith(("immune.", "change.", "molecular."))
    }
    assert mine == theirs


def test_measured_shares_close_the_question_of_myeloid_cells_in_a_desert(tmp_path):
    text = (
        "microenvironment.t_cells: desert\nimmune.fraction_method: quantiseq\n"
        "immune.fraction.cd8: 0.4\nimmune.fraction.macrophage: 2.3\n"
    )
    (found,) = told(tmp_path, text).of("immune.class")
    assert (found.value, found.status, found.missing) == ("cold", "met", ())
