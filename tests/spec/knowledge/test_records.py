"""What a record must state, and how the knowledge base says what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from nenuphar.domain.problems import KnowledgeError
from nenuphar.engine.plan import make_plan
from nenuphar.engine.rule_cases import failing_cases
from nenuphar.io.template import yaml_template
from nenuphar.knowledge.base import COMPILED, knowledge_base, load_knowledge
from nenuphar.knowledge.build import RECORDS, compile_records, to_json
from nenuphar.knowledge.check import check
from nenuphar.knowledge.yaml_lines import YamlError, parse_yaml

FACT = """
- kind: fact
  id: tumour.size
  scope: tumour
  type: number
  unit: mm
  meaning: Greatest diameter of the lesion.
  sources: [{source: 10.1000/xyz}]
"""

THRESHOLD = """
- kind: threshold
  id: size.large
  value: 20
  unit: mm
  meaning: From here on it is large.
  sources: [{source: 10.1000/xyz}]
"""

SIZE_CLASS = """
- kind: fact
  id: tumour.size_class
  scope: tumour
  type: code
  values: {large: Large, small: Small}
  derived: true
  meaning: Whether the lesion is large.
  sources: [{source: 10.1000/xyz}]
"""

RULE = """
- kind: rule
  id: size.is_large
  concludes: {fact: tumour.size_class, value: large}
  when: {fact: tumour.size, ge: size.large}
  explanation: A lesion of 20 mm or more is large.
  sources: [{source: 10.1000/xyz}]
  cases:
    - {name: large, expect: met, facts: {tumour.size: "20"}}
    - {name: small, expect: not_met, facts: {tumour.size: "19.9"}}
    - {name: unknown, expect: undetermined, missing: [tumour.size]}
"""

WHOLE = FACT + THRESHOLD + SIZE_CLASS + RULE


def compiled(tmp_path: Path, text: str):
    (tmp_path / "records.yaml").write_text(text, encoding="utf-8")
    data = compile_records(tmp_path)
    return knowledge_base(data["records"])


def findings(tmp_path: Path, text: str) -> str:
    kb = compiled(tmp_path, text)
    return "\n".join([*check(kb)])


def refusal(tmp_path: Path, text: str) -> str:
    with pytest.raises(KnowledgeError) as error:
        compiled(tmp_path, text)
    return str(error.value)


def test_what_is_written_to_be_shown_is_neither_read_by_rules_nor_stated(tmp_path):
    drawn = WHOLE.replace("  type: number\n", "  type: number\n  drawn: true\n", 1)
    assert "reads tumour.size, which is written only to be shown" in findings(tmp_path, drawn)
    assert not compiled(tmp_path, drawn).facts["tumour.size"].stated
    template = yaml_template(load_knowledge())
    assert "genomics.profile" not in template
    assert "molecular.probability" not in template


def test_a_probability_is_a_ratio_of_the_same_row(tmp_path):
    named = WHOLE.replace("  type: number\n", "  type: number\n  probability: tumour.chance\n", 1)
    assert "probability 'tumour.chance' is not a ratio of a tumour" in findings(tmp_path, named)


def test_a_base_that_fits_together_has_no_findings(tmp_path):
    kb = compiled(tmp_path, WHOLE)
    assert check(kb) == []
    assert list(failing_cases(kb)) == []


def test_a_key_that_stands_twice_is_refused_with_both_lines():
    with pytest.raises(YamlError, match=r"line 3: 'id' stands twice; it was first set on line 2"):
        parse_yaml("kind: fact\nid: a\nid: b\n")


def test_words_that_yaml_would_turn_into_something_else_stay_text():
    assert parse_yaml("country: NO\nday: 2020-01-01\n") == {"country": "NO", "day": "2020-01-01"}


def test_aliases_are_refused():
    with pytest.raises(YamlError, match="aliases"):
        parse_yaml("a: &x [1, 2]\nb: *x\n")


def test_an_unknown_field_is_refused_with_file_and_line(tmp_path):
    message = refusal(tmp_path, FACT.replace("  unit: mm\n", "  units: mm\n"))
    assert "records.yaml:6: tumour.size: units" in message


def test_a_record_without_sources_is_refused(tmp_path):
    message = refusal(tmp_path, FACT.replace("  sources: [{source: 10.1000/xyz}]\n", ""))
    assert "tumour.size: sources" in message


def test_an_unknown_kind_is_refused_and_the_known_ones_are_listed(tmp_path):
    message = refusal(tmp_path, FACT.replace("kind: fact", "kind: factoid"))
    assert "'factoid'" in message
    assert "threshold" in message


def test_two_records_with_one_id_are_refused(tmp_path):
    message = refusal(tmp_path, FACT + FACT)
    assert "tumour.size is already used at records.yaml:2" in message


def test_an_operator_outside_the_language_is_refused(tmp_path):
    broken = RULE.replace("{fact: tumour.size, ge: size.large}", "{fact: tumour.size, above: x}")
    message = refusal(tmp_path, FACT + THRESHOLD + SIZE_CLASS + broken)
    assert "exactly one of is, in, is_a" in message


def test_a_number_in_a_rule_is_refused(tmp_path):
    broken = RULE.replace("ge: size.large", "ge: {value: 20, unit: mm}")
    message = refusal(tmp_path, FACT + THRESHOLD + SIZE_CLASS + broken)
    assert "numbers of rules are threshold records" in message


def test_an_unknown_fact_is_reported_with_the_nearest_spelling(tmp_path):
    broken = RULE.replace("when: {fact: tumour.size,", "when: {fact: tumor.size,")
    assert "did you mean 'tumour.size'?" in findings(
        tmp_path, FACT + THRESHOLD + SIZE_CLASS + broken
    )


def test_a_unit_mismatch_is_reported(tmp_path):
    broken = THRESHOLD.replace("unit: mm", "unit: percent")
    assert "compares tumour.size in mm with size.large in percent" in findings(
        tmp_path, FACT + broken + SIZE_CLASS + RULE
    )


def test_reading_a_narrower_scope_without_a_quantifier_is_reported(tmp_path):
    broken = FACT.replace("scope: tumour", "scope: specimen")
    assert "going up needs a quantifier" in findings(
        tmp_path, broken + THRESHOLD + SIZE_CLASS + RULE
    )


def test_a_rule_needs_a_case_of_each_kind(tmp_path):
    broken = RULE.replace(
        "    - {name: unknown, expect: undetermined, missing: [tumour.size]}\n", ""
    )
    assert "size.is_large: has no case whose input is missing" in findings(
        tmp_path, FACT + THRESHOLD + SIZE_CLASS + broken
    )


def test_a_case_that_its_rule_decides_otherwise_is_reported(tmp_path):
    broken = RULE.replace('"19.9"', '"21"')
    kb = compiled(tmp_path, FACT + THRESHOLD + SIZE_CLASS + broken)
    assert list(failing_cases(kb)) == ["size.is_large: case 'small' is met, expected not_met"]


def test_facts_that_depend_on_themselves_are_refused(tmp_path):
    loop = RULE.replace(
        "when: {fact: tumour.size, ge: size.large}", "when: {fact: tumour.size_class, is: small}"
    )
    kb = compiled(tmp_path, FACT + THRESHOLD + SIZE_CLASS + loop)
    with pytest.raises(KnowledgeError, match=r"depend on themselves: tumour\.size_class"):
        make_plan(kb)


def test_the_shipped_file_says_what_the_records_say():
    assert (RECORDS.parent / COMPILED).read_text("utf-8") == to_json(compile_records())


def test_the_shipped_base_fits_together_and_decides_its_own_cases():
    kb = load_knowledge()
    assert check(kb) == []
    assert list(failing_cases(kb)) == []


def test_every_rule_cites_a_source_with_a_locator():
    unplaced = [
        rule.id
        for rule in load_knowledge().rules.values()
        if not all(s.locator for s in rule.sources)
    ]
    assert unplaced == []
