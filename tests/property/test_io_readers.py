"""No reader ever fails in a way that it does not explain, whatever it is given."""

from __future__ import annotations

import io
import json
import tempfile
from pathlib import Path

import openpyxl
import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nenuphar.domain.case import Case, Component, Observed, Reading, Specimen, Tumour
from nenuphar.domain.observation import Value
from nenuphar.domain.problems import UnreadableInputError
from nenuphar.domain.quantity import Interval
from nenuphar.io.case_file import parse_cases
from nenuphar.io.case_writer import case_as_data, write_case
from nenuphar.io.columns import parse_column
from nenuphar.io.draft import draft_mapping
from nenuphar.io.expression import read_expression
from nenuphar.io.mapped import read_mapped
from nenuphar.io.mapping import MappingError, parse_mapping, shipped_mappings
from nenuphar.io.matrix_text import UnreadableError
from nenuphar.io.tables import read_table
from nenuphar.io.values import ValueProblem, parser_for
from nenuphar.knowledge.base import knowledge_base
from nenuphar.knowledge.yaml_lines import read_yaml

FACTS = knowledge_base(read_yaml(Path(__file__).parents[1] / "spec" / "reading" / "facts.yaml"))
MAPPING = parse_mapping(
    """
name: fuzz
row: specimen
keys: {patient_id: a, specimen_id: b, assessor: c}
columns:
  pathology.ki67: {column: d, unit: percent}
  patient.sex: e
  lesion.size: {column: f, unit: cm}
  specimen.taken: g
  followup.os_event: h
  stage.reported: i
fill_down: [a]
missing: ['-9']
""",
    "fuzz.yaml",
    FACTS,
)
HEADER = list("abcdefghi")
NAMES = st.sampled_from(["t.csv", "t.tsv", "t.txt", "t.xlsx", "t.parquet", "t"])
MAGIC = st.sampled_from([b"", b"PK\x03\x04", b"PAR1", b"\xff\xfe", b"\xef\xbb\xbf", b"a,b\n"])
CELLS = st.one_of(
    st.sampled_from(
        (
            *("", "1", "8.0", ">20", "30-40", "<1", "5%", "-9", "NA", "female", "yes", "2020-03"),
            *("2020-02-30", "1e999", "nan", "inf", '"', "1,200", "x" * 300, "\0", "\x1f", "١٢"),
        )
    ),
    st.text(max_size=12),
)
RELAXED = settings(deadline=None, max_examples=120, suppress_health_check=[HealthCheck.too_slow])


def told(error: Exception, name: str) -> None:
    """Check that a message begins with the file that it is about."""
    assert str(error).startswith(name)


def reconciled(content: bytes, name: str) -> None:
    """Read a file as a table, draft a mapping of it, and check that the counts agree."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / name
        file.write_bytes(content)
        try:
            table = read_table(file)
            assert table.lines.len() == table.frame.height
            draft_mapping(file, FACTS)
            result = read_mapped(file, MAPPING, FACTS)
        except UnreadableInputError as error:
            return told(error, name)
    assert result.read == result.accepted + result.rejected
    assert result.rejected == sum(p.rejected for p in result.problems)
    assert all(len(p.value) <= 60 and len(p.record) <= 60 for p in result.problems)


@RELAXED
@given(MAGIC, st.binary(max_size=400), NAMES)
def test_any_bytes_are_read_or_explained(magic: bytes, content: bytes, name: str) -> None:
    reconciled(magic + content, name)


@RELAXED
@given(st.text(alphabet=st.sampled_from('ab1,;\t|"\n\r# .-\0é'), max_size=120), NAMES)
def test_any_text_is_read_or_explained(text: str, name: str) -> None:
    reconciled(text.encode(), name)


@RELAXED
@given(
    st.lists(st.lists(CELLS, min_size=7, max_size=11), max_size=8),
    st.sampled_from([",", "\t", ";"]),
    st.sampled_from(["utf-8", "utf-16", "utf-8-sig"]),
    st.sampled_from(["\n", "\r", "\r\n"]),
    NAMES,
)
def test_any_table_is_read_or_explained(
    rows: list[list[str]], delimiter: str, encoding: str, end: str, name: str
) -> None:
    lines = [delimiter.join(cells) for cells in [HEADER, *rows]]
    reconciled(end.join(lines).encode(encoding, "ignore"), name)


@RELAXED
@given(
    st.lists(st.lists(CELLS.filter(lambda c: "\0" not in c), min_size=9, max_size=9), min_size=1),
    st.data(),
)
def test_a_damaged_parquet_file_is_explained(rows: list[list[str]], data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "t.parquet"
        pl.DataFrame(rows, schema=HEADER, orient="row").write_parquet(file)
        content = bytearray(file.read_bytes())
    reconciled(bytes(content), "t.parquet")
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    reconciled(bytes(content), "t.parquet")
    reconciled(bytes(content[:place]), "t.parquet")


@RELAXED
@given(st.data())
def test_damaged_expression_is_explained(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "e.parquet"
        table = pl.DataFrame({"gene": ["ASCL1", "POU2F3"], "a": [1.5, 2.0], "b": [None, 4.25]})
        table.write_parquet(file)
        content = bytearray(file.read_bytes())
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] ^= data.draw(st.integers(1, 255))
        for damaged in (content, content[:place]):
            file.write_bytes(damaged)
            try:
                read_expression(file)
            except UnreadableError as error:
                told(error, file.name)


@settings(RELAXED, max_examples=60)
@given(
    st.lists(
        st.lists(st.one_of(st.none(), st.integers(), st.booleans(), st.just("=1+1"), CELLS)),
        min_size=1,
        max_size=5,
    ),
    st.data(),
)
def test_a_damaged_workbook_is_explained(rows: list[list[object]], data: st.DataObject) -> None:
    book = openpyxl.Workbook()
    book.active.append(HEADER)
    for row in rows:
        book.active.append([None if isinstance(c, str) and not c.isprintable() else c for c in row])
    buffer = io.BytesIO()
    book.save(buffer)
    content = bytearray(buffer.getvalue())
    reconciled(bytes(content), "t.xlsx")
    # A share, not a place: the size of a workbook depends on the clock that it is stamped with.
    place = int(data.draw(st.floats(0, 1)) * (len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    reconciled(bytes(content), "t.xlsx")
    reconciled(bytes(content[:place]), "t.xlsx")


YAML = st.one_of(
    st.text(alphabet=st.sampled_from("patient:id \n-{}[],&*!|>'\"#~3sex."), max_size=120),
    st.text(max_size=80),
    st.binary(max_size=80).map(lambda b: b.decode("latin-1")),
)
SCALARS = st.one_of(st.none(), st.text(max_size=8), CELLS)
FIELDS = st.sampled_from(
    (
        *FACTS.facts,
        *("id", "facts", "tumours", "specimens", "readings", "components", "assays", "unit"),
        *("ihc", "variants", "segments", "treatments", "time_points", "lesions", "date", "start"),
        *("name", "assessor", "gene", "marker", "result", "genes", "chromosome", "value"),
    )
)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(FIELDS, inner, max_size=6)
    ),
    max_leaves=25,
)


def explained(text: str, name: str) -> None:
    try:
        found = parse_cases(text, name, FACTS)
    except UnreadableInputError as error:
        return told(error, name)
    assert found.read == len(found.cases) + found.rejected
    for case in found.cases:
        again = parse_cases(write_case(case), "again.yaml", FACTS)
        assert [case_as_data(c) for c in again.cases] == [case_as_data(case)]


@RELAXED
@given(YAML, st.sampled_from(["c.yaml", "c.json"]))
def test_any_case_text_is_read_or_explained(text: str, name: str) -> None:
    explained(text, name)
    explained("patient: x\n" + text, name)


@settings(RELAXED, max_examples=300)
@given(st.dictionaries(FIELDS, TREES, max_size=6), st.sampled_from(["c.yaml", "c.json"]))
def test_any_case_tree_is_read_or_explained(tree: dict[str, object], name: str) -> None:
    explained(json.dumps({"patient": "P1", **tree}), name)


@RELAXED
@given(st.one_of(YAML, st.sampled_from(list(shipped_mappings().values()))), st.data())
def test_any_mapping_text_is_valid_or_explained(text: str, data: st.DataObject) -> None:
    if len(text) > 200:
        at = data.draw(st.integers(0, len(text)))
        text = (
            text[:at] + data.draw(st.sampled_from(["", ":", "- ", "\t", "'", "{"])) + text[at + 3 :]
        )
    try:
        parse_mapping(text, "m.yaml", FACTS)
    except MappingError as error:
        told(error, "the mapping m.yaml")


@RELAXED
@given(st.sampled_from(sorted(FACTS.facts)), st.lists(CELLS, min_size=1, max_size=8))
def test_columns_and_single_texts_mean_the_same(name: str, texts: list[str]) -> None:
    parser = parser_for(FACTS.facts[name], FACTS)
    stripped = [text.strip() for text in texts if text.strip()]
    column = parse_column(pl.Series(stripped, dtype=pl.String), parser)
    for row, text in zip(column.values.rows(), stripped, strict=True):
        try:
            value = parser.parse(text)
        except ValueProblem:
            assert text in column.problems or row[0] is not None
            value = None
        if isinstance(value, Interval):
            assert row == (value.lo, value.lo_open, value.hi, value.hi_open)
        elif value is None and text in column.problems:
            assert row[0] is None


PLAIN = st.text(
    alphabet=st.characters(blacklist_categories=("Cs", "Cc", "Cf", "Zs", "Zl", "Zp")),
    min_size=1,
    max_size=10,
).filter(lambda s: s.lower() not in ("na", "n/a", "#n/a", "nan", "null", "~"))
BOUND = st.floats(0, 99, allow_nan=False)


@st.composite
def intervals(draw: st.DrawFn, unit: str) -> Interval:
    lo, hi = sorted((draw(BOUND), draw(BOUND)))
    shape = draw(st.sampled_from(["exact", "above", "below", "range"]))
    opened = draw(st.booleans())
    if shape == "exact":
        return Interval.exactly(lo, unit)
    if shape == "above":
        return Interval(lo, float("inf"), opened, False, unit)
    if shape == "below":
        return Interval(0.0, hi + 1, False, opened, unit)
    return Interval(lo, hi + 1, opened, draw(st.booleans()), unit)


def observations(*facts: str) -> st.SearchStrategy[tuple[Observed, ...]]:
    def of(name: str) -> st.SearchStrategy[Observed]:
        fact = FACTS.facts[name]
        kinds: dict[str, st.SearchStrategy[Value]] = {
            "number": intervals(fact.unit),
            "code": st.sampled_from(sorted(fact.values) or ["net", "carcinoid"]),
            "boolean": st.booleans(),
            "text": PLAIN,
        }
        return kinds[fact.type].map(lambda value: Observed(name, value))

    return st.lists(st.sampled_from(facts), unique=True).flatmap(
        lambda names: st.tuples(*(of(name) for name in names))
    )


def by_id(inner: st.SearchStrategy[object], key: str) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(inner, max_size=3, unique_by=lambda each: getattr(each, key)).map(tuple)


OF_SPECIMEN = observations("pathology.ki67", "pathology.mitoses", "diagnosis.reported")
READINGS = by_id(st.builds(Reading, PLAIN, OF_SPECIMEN), "assessor")
COMPONENTS = by_id(
    st.builds(Component, PLAIN, observations("component.percent", "component.morphology")), "name"
)
SPECIMENS = by_id(
    st.builds(
        Specimen, PLAIN, st.none(), facts=OF_SPECIMEN, readings=READINGS, components=COMPONENTS
    ),
    "id",
)
TUMOURS = by_id(
    st.builds(
        Tumour, PLAIN, observations("tumour.site", "lesion.size", "stage.reported"), SPECIMENS
    ),
    "id",
)


@RELAXED
@given(
    st.builds(Case, PLAIN, observations("patient.sex", "patient.age", "followup.os_event"), TUMOURS)
)
def test_reading_what_was_written_gives_the_same_values(case: Case) -> None:
    found = parse_cases(write_case(case), "c.yaml", FACTS)
    assert found.problems == ()
    (again,) = found.cases
    assert case_as_data(again) == case_as_data(case)
    for before, after in zip(case.tumours, again.tumours, strict=True):
        assert {o.fact: o.value for o in before.facts} == {o.fact: o.value for o in after.facts}
