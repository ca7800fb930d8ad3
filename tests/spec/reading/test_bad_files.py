"""Files that cannot be what they claim: the message says what, where and what to do."""

from __future__ import annotations

import gzip
import io
import os
import zipfile
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from nenuphar.domain.problems import UnreadableInputError
from nenuphar.domain.scope import Scope
from nenuphar.io.inputs import read_input
from nenuphar.io.mapped import read_mapped
from nenuphar.io.mapping import parse_mapping
from nenuphar.io.result import ReadResult
from nenuphar.io.tables import read_table
from nenuphar.knowledge.base import knowledge_base, load_knowledge
from nenuphar.knowledge.yaml_lines import read_yaml

FACTS = knowledge_base(read_yaml(Path(__file__).parent / "facts.yaml"))
MAPPING = parse_mapping(
    """
name: small
row: specimen
keys: {patient_id: id, specimen_id: id}
columns: {pathology.mitoses: {column: m, unit: per_2mm2}, specimen.taken: d}
""",
    "small.yaml",
    FACTS,
)


def write(folder: Path, content: bytes, name: str = "t.csv") -> Path:
    file = folder / name
    file.write_bytes(content)
    return file


def read(folder: Path, content: bytes, name: str = "t.csv") -> ReadResult:
    result = read_mapped(write(folder, content, name), MAPPING, FACTS)
    assert result.read == result.accepted + result.rejected
    return result


def zipped(inner: bytes, name: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, inner)
    return buffer.getvalue()


def parquet(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


def workbook(*rows: list[object]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


WHOLE_TEXT = b"id,m,d\n" + b"a,1,2020\n" * 40
WHOLE = pl.DataFrame({"id": ["a", "b"], "m": [1.0, 2.5], "d": ["2020", None]})

UNREADABLE = {
    "empty": (b"", "t.csv", "empty"),
    "blank": (b"\n \n\n", "t.csv", "no header"),
    "header only": (b"id,m,d\n", "t.csv", "no rows"),
    "binary": (bytes(range(256)) * 9, "t.csv", "binary"),
    "wrong delimiter": (b"id^m^d\n1^2^2020\n", "t.csv", "single column"),
    "missing column": (b"id,mm,d\n1,2,2020\n", "t.csv", "no column 'm'; did you mean 'mm'"),
    "repeated column": (b"id,m,m,d\n1,2,3,2020\n", "t.csv", "more than once"),
    "truncated Parquet": (parquet(WHOLE)[:-30], "t.parquet", "cut off or damaged"),
    "truncated workbook": (workbook(["id", "m"], ["a", 1])[:-200], "t.xlsx", "cut off or damaged"),
    "nested archive": (zipped(zipped(b"id", "t.csv"), "t.zip"), "t.csv", "zip archive"),
    "damaged gzip": (gzip.compress(WHOLE_TEXT, mtime=0)[:-12], "t.csv.gz", "cut off or damaged"),
    "nothing packed": (gzip.compress(b"", mtime=0), "t.csv.gz", "empty once unpacked"),
    "a bomb": (gzip.compress(bytes(300 << 20), 1, mtime=0), "t.csv.gz", "unpacks to more than"),
    "old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "t.xls", "save it as .xlsx"),
    "misnamed": (b"id,m,d\n1,2,2020\n", "t.xlsx", "something else"),
    "open quotation": (b'id,m,d\n1,"2,2020\n2,3,2020\n', "t.csv", "t.csv:2"),
    "broken UTF-16": (b"\xff\xfei\x00d\x00\n", "t.csv", "damaged or cut off"),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_a_file_that_cannot_be_read_says_why(tmp_path: Path, case: str) -> None:
    content, name, words = UNREADABLE[case]
    with pytest.raises(UnreadableInputError) as error:
        read(tmp_path, content, name)
    assert words in str(error.value)
    assert str(error.value).startswith(name)


def test_a_file_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInputError, match=r"gone\.csv: no such file"):
        read_table(tmp_path / "gone.csv")


TEXT = "id;m;d\nä1;>20;2020-03\nb2;3;\n"


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        TEXT.encode("utf-8-sig"),
        TEXT.encode("utf-16"),
        TEXT.encode("utf-16-be"),
        TEXT.replace(";", "\t").encode("utf-16-le"),
        TEXT.encode("latin-1"),
        TEXT.replace("\n", "\r").encode(),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.replace(";", "|").encode(),
        ("#meta\n#data\n" + TEXT).encode(),
        TEXT.replace("\nb2", "\n\nb2").encode(),
        TEXT.replace("ä1", '"ä1"').encode(),
        TEXT.replace("2020-03\n", "2020-03;;\n").encode(),
        gzip.compress(TEXT.encode(), mtime=0),
        gzip.compress(TEXT[:9].encode(), mtime=0) + gzip.compress(TEXT[9:].encode(), mtime=0),
    ],
)
def test_encoding_delimiter_and_line_ends_are_found(tmp_path: Path, content: bytes) -> None:
    result = read(tmp_path, content)
    frame = result.frames[Scope.SPECIMEN]
    assert frame["patient_id"].to_list() == ["ä1", "b2"]
    assert frame["pathology.mitoses.lo"].to_list() == [20.0, 3.0]
    assert result.values_rejected == 0


def test_a_guessed_encoding_is_said(tmp_path: Path) -> None:
    result = read(tmp_path, TEXT.encode("latin-1"))
    assert "line 2 is not UTF-8" in result.problems[0].reason
    assert not result.problems[0].rejected


def test_rows_keep_the_line_on_which_they_begin(tmp_path: Path) -> None:
    content = b'#meta\nid,m,d\n\n1,2,"x\ny"\n\n2,3,2020\n'
    result = read(tmp_path, content)
    assert result.frames[Scope.SPECIMEN]["record"].to_list() == ["t.csv:4", "t.csv:7"]
    assert [p.line for p in result.problems] == [4]


def test_a_row_with_too_many_cells_is_rejected(tmp_path: Path) -> None:
    result = read(tmp_path, b"id,m,d\n1,2,2020\n2,1,5,2020\n3,4,2020\n")
    assert (result.read, result.accepted, result.rejected) == (3, 2, 1)
    assert (result.problems[0].line, result.problems[0].rejected) == (3, True)


def test_a_file_that_breaks_off_loses_its_last_row_visibly(tmp_path: Path) -> None:
    result = read(tmp_path, b"id,m,d\n1,2,2020\n2,1")
    assert (result.accepted, result.rejected) == (1, 1)
    assert "breaks off" in result.problems[0].reason


def test_impossible_dates_are_missing(tmp_path: Path) -> None:
    result = read(tmp_path, b"id,m,d\n1,2,2021-02-29\n2,1,2020-13\n3,1,0001-01-01\n")
    assert result.frames[Scope.SPECIMEN]["specimen.taken.lo"].null_count() == 3
    assert [p.line for p in result.problems] == [2, 3, 4]


def test_a_cell_of_20_megabytes_is_one_missing_value(tmp_path: Path) -> None:
    cell = b"9" * (20 << 20)
    result = read(tmp_path, b"id,m,d\n1," + cell + b",2020\n2,1,2020\n")
    assert (result.accepted, result.values_rejected) == (2, 1)
    assert len(result.problems[0].value) < 100
    assert result.frames[Scope.SPECIMEN]["pathology.mitoses.lo"].to_list() == [None, 1.0]


def test_an_id_of_20_megabytes_is_no_id(tmp_path: Path) -> None:
    result = read(tmp_path, b"id,m,d\n" + b"x" * (20 << 20) + b",1,2020\n2,1,2020\n")
    assert (result.accepted, result.rejected) == (1, 1)
    assert len(str(result.problems)) < 1000


def test_formulas_without_a_stored_result_are_listed(tmp_path: Path) -> None:
    content = workbook(["id", "m", "d"], ["a", "=1+1", "2020"], [8.0, 3, "2020"])
    result = read(tmp_path, content, "t.xlsx")
    assert result.frames[Scope.SPECIMEN]["patient_id"].to_list() == ["a", "8"]
    assert result.frames[Scope.SPECIMEN]["pathology.mitoses.lo"].to_list() == [None, 3.0]
    (problem,) = result.problems
    assert (problem.line, problem.column) == (2, "m")
    assert "formula" in problem.reason
    assert result.values_rejected == 1


def test_parquet_holds_numbers_dates_and_ids(tmp_path: Path) -> None:
    frame = pl.DataFrame({"id": [8.0, 9.5], "m": [1, None], "d": ["2020-01-02", None]})
    frame = frame.with_columns(pl.col("d").str.to_date(), extra=[[1], [2]])
    result = read(tmp_path, parquet(frame), "t.parquet")
    found = result.frames[Scope.SPECIMEN]
    assert found["patient_id"].to_list() == ["8", "9.5"]
    assert found["specimen.taken.lo"].to_list()[0].isoformat() == "2020-01-02"
    assert found["record"].to_list() == ["t.parquet:1", "t.parquet:2"]


def test_a_column_that_no_one_reads_may_hold_anything(tmp_path: Path) -> None:
    content = workbook(["id", "m", "d", "note"], ["a", 1, "2020", "=NOW()"])
    assert read(tmp_path, content, "t.xlsx").values_rejected == 0


def test_a_pipe_is_refused_and_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "t.csv")
    with pytest.raises(UnreadableInputError, match=r"^t\.csv: is a pipe or a device; save it"):
        read_table(tmp_path / "t.csv")


def test_counts_without_an_area_are_told(tmp_path: Path) -> None:
    knowledge = load_knowledge()
    path = write(tmp_path, b"patient_id,pathology.mitoses\nP1,3\nP2,3/2mm2\nP3,4/10HPF\n")
    read = read_input(path, knowledge)
    told = {problem.column: problem.reason for problem in read.problems}
    assert [p.reason.split(";")[0] for p in read.problems] == [
        "1 count(s) state no area",
        "counts per 10 high-power fields are taken as counts per 2 mm²",
    ]
    assert set(told) == {"pathology.mitoses"}


def test_columns_that_nobody_reads_are_told(tmp_path: Path) -> None:
    path = write(tmp_path, b"patient_id,pathology.ki67,taken\nP1,3,2020-02-31\n")
    (problem,) = read_input(path, load_knowledge()).problems
    assert problem.reason == "1 column(s) are neither read nor ignored: taken"


@pytest.mark.parametrize(
    ("text", "number"),
    [("5 %{cells}", 5), ("5 {Ki67}%", 5), (">20 %", None), ("<1%", None), ("0.5 {x}%", 0.5)],
)
def test_units_of_exchanged_records_are_understood(
    tmp_path: Path, text: str, number: float | None
) -> None:
    path = write(tmp_path, f"patient_id,pathology.ki67\nP1,{text}\n".encode())
    read = read_input(path, load_knowledge())
    specimen = read.frames[Scope.SPECIMEN].row(0, named=True)
    assert read.values_rejected == 0
    exact = specimen["pathology.ki67.lo"] == specimen["pathology.ki67.hi"]
    assert (specimen["pathology.ki67.lo"] if exact else None) == number


@pytest.mark.parametrize(
    ("text", "per_2mm2"),
    [("3 /(2.mm2)", 3), ("3 {mitoses}/mm2", 6), ("3 /10.[HPF]", 3), ("1 /[HPF]", 10)],
)
def test_areas_of_exchanged_records_are_understood(
    tmp_path: Path, text: str, per_2mm2: float
) -> None:
    path = write(tmp_path, f"patient_id,pathology.mitoses\nP1,{text}\n".encode())
    specimen = read_input(path, load_knowledge()).frames[Scope.SPECIMEN]
    assert specimen["pathology.mitoses.lo"].to_list() == [per_2mm2]
