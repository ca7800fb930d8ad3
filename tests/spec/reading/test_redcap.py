"""REDCap exports with repeating instruments need no reader of their own, only a mapping."""

from __future__ import annotations

from pathlib import Path

from nenuphar.domain.scope import Scope
from nenuphar.io.mapped import read_mapped
from nenuphar.io.mapping import parse_mapping
from nenuphar.knowledge.base import load_knowledge

KNOWLEDGE = load_knowledge()
MAPPING = """
name: redcap
row: specimen
keys: {patient_id: record_id, specimen_id: redcap_repeat_instance}
# The first row of a record holds what is asked once; it is carried to the rows of its instruments.
fill_down: [sex, site]
# One instrument is one kind of row; the others have mappings of their own.
where: {redcap_repeat_instrument: pathology}
columns:
  patient.sex: {column: sex, codes: {'1': female, '2': male}}
  tumour.site: {column: site, codes: {'3': lung}}
  pathology.ki67: {column: ki67, unit: percent}
"""
EXPORT = """\
record_id,redcap_repeat_instrument,redcap_repeat_instance,sex,site,ki67,drug
R1,,,1,3,,
R1,pathology,1,,,12,
R1,pathology,2,,,>20,
R1,treatment,1,,,,octreotide
R2,,,2,3,,
R2,pathology,1,,,<1,
"""


def test_one_instrument_of_a_record_is_read_with_what_was_asked_once(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text(EXPORT)
    read = read_mapped(path, parse_mapping(MAPPING, "redcap.yaml", KNOWLEDGE), KNOWLEDGE)
    assert (read.read, read.accepted, read.rejected) == (3, 3, 0)
    specimens = read.frames[Scope.SPECIMEN]
    assert specimens.select("patient_id", "specimen_id").rows() == [
        ("R1", "1"),
        ("R1", "2"),
        ("R2", "1"),
    ]
    assert specimens["pathology.ki67.lo"].to_list() == [12, 20, 0]
    assert read.frames[Scope.PATIENT]["patient.sex"].to_list() == ["female", "male"]
    assert read.frames[Scope.TUMOUR]["tumour.site"].to_list() == ["lung", "lung"]
    assert "3 row(s) are not taken" in read.problems[0].reason
