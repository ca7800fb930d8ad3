"""Sheets of Excel workbooks as tables of strings, and what their formulas hide."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterator

import polars as pl

from nenuphar.domain.problems import UnreadableInputError
from nenuphar.io.delimited import Cells
from nenuphar.io.result import Findings

_LARGEST = 4 << 30
_LARGEST_RATIO = 500
_SMALL = 50 << 20
_CELL = re.compile(rb"<c\b([^>]*?)(?:/>|>(.*?)</c>)", re.DOTALL)
_REFERENCE = re.compile(rb'\br="([A-Z]{1,3})(\d+)"')
_RESULT = re.compile(rb"<v>[^<]+</v>|<is>")
_RELATIONS = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def open_archive(data: bytes, name: str) -> zipfile.ZipFile:
    """Open the archive that a workbook is.

    Raises:
        UnreadableInputError: It is damaged, is no workbook, or grows beyond all bounds.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise UnreadableInputError(
            f"{name}: begins as a workbook but is cut off or damaged; save it again"
        ) from error
    if "xl/workbook.xml" not in archive.namelist():
        raise UnreadableInputError(
            f"{name}: is a zip archive, not a workbook; unpack it and name the table inside"
        )
    size = sum(member.file_size for member in members)
    if size > _LARGEST or (size > _SMALL and size > _LARGEST_RATIO * len(data)):
        raise UnreadableInputError(
            f"{name}: unpacks to {size >> 20} MB from {len(data) >> 20} MB; export it as .csv"
        )
    return archive


def parse_workbook(data: bytes, sheet: str, findings: Findings) -> Cells:
    """Read one sheet of a workbook; numbers as they are stored, dates as ISO text.

    The stored results of formulas are read, nothing is computed: a formula whose result was never
    stored is listed and its cell is missing, and so is a cell that shows an error.

    Args:
        data: The bytes of the workbook.
        sheet: Name of the sheet; the first one if empty.
        findings: Where rejected cells and notes go.

    Raises:
        UnreadableInputError: The workbook is damaged, has no such sheet, or the sheet is empty.
    """
    import fastexcel

    archive = open_archive(data, findings.file)
    try:
        workbook = fastexcel.read_excel(data)
        name = _choose(workbook.sheet_names, sheet, findings)
        loaded = workbook.load_sheet(name, header_row=None, skip_rows=0, dtypes="string")
        frame = loaded.to_polars()
    except UnreadableInputError:
        raise
    except Exception as error:
        raise UnreadableInputError(
            f"{findings.file}: is a damaged workbook ({type(error).__name__}); open it in a "
            "spreadsheet program and save it again"
        ) from error
    frame = frame.rename({column: str(i) for i, column in enumerate(frame.columns)})
    cells = _below_header(frame, findings.file, name)
    _report_formulas(_sheet_xml(archive, name), cells, findings)
    return cells


def _choose(names: list[str], sheet: str, findings: Findings) -> str:
    if sheet and sheet not in names:
        known = ", ".join(names)
        raise UnreadableInputError(f"{findings.file}: has no sheet {sheet!r}; it has: {known}")
    if not names:
        raise UnreadableInputError(f"{findings.file}: has no sheet")
    if not sheet and len(names) > 1:
        findings.note(
            f"the workbook has {len(names)} sheets; only the first, {names[0]!r}, was read",
            "name another with `sheet:` in the mapping",
        )
    return sheet or names[0]


def _below_header(frame: pl.DataFrame, file: str, sheet: str) -> Cells:
    filled = frame.select(
        pl.any_horizontal(pl.all().str.contains(r"\S").fill_null(value=False)).alias("filled")
        if frame.width
        else pl.lit(value=False).alias("filled")
    )["filled"]
    if not filled.any():
        raise UnreadableInputError(f"{file}: sheet {sheet!r} is empty; name another in the mapping")
    top = int(filled.arg_max() or 0)
    header = [cell or "" for cell in frame.row(top)]
    body = frame.with_row_index("line", offset=1).filter(filled)[1:]
    return Cells(header, body.drop("line"), body["line"])


def _sheet_xml(archive: zipfile.ZipFile, sheet: str) -> bytes:
    """Return the XML of a sheet, empty where the workbook's parts cannot be followed."""
    try:
        book = ET.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314  (expat bounds entities)
        links = ET.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314
        wanted = {e.get(_RELATIONS) for e in book.iter() if e.get("name") == sheet}
        targets = [e.get("Target", "") for e in links if e.get("Id") in wanted]
        path = targets[0].lstrip("/") if targets else ""
        return archive.read(path if path.startswith("xl/") else f"xl/{path}")
    except (KeyError, ET.ParseError, zipfile.BadZipFile, OSError, ValueError, EOFError):
        return b""


def _report_formulas(xml: bytes, cells: Cells, findings: Findings) -> None:
    if b"<f" not in xml and b't="e"' not in xml:
        return
    known = set(cells.lines.to_list())
    computed = 0
    for column, line, is_error, has_result in _formula_cells(xml):
        name = cells.header[column] if column < len(cells.header) else ""
        if line not in known:
            continue
        if is_error:
            findings.value(
                line, "", name, "", "the cell shows an error", "mend the formula or empty the cell"
            )
        elif not has_result:
            findings.value(
                line,
                "",
                name,
                "",
                "the cell holds a formula whose result was never stored",
                "open the file in a spreadsheet program and save it, or paste the values",
            )
        else:
            computed += 1
    if computed:
        findings.note(
            f"{computed} cell(s) hold formulas; their stored results were read, not recomputed",
            "paste values in their place to be sure",
        )


def _formula_cells(xml: bytes) -> Iterator[tuple[int, int, bool, bool]]:
    for match in _CELL.finditer(xml):
        inner = match[2] or b""
        is_error = b't="e"' in match[1]
        place = _REFERENCE.search(match[1])
        if place is None or not (is_error or b"<f" in inner):
            continue
        column = 0
        for letter in place[1]:
            column = 26 * column + letter - 64
        yield column - 1, int(place[2]), is_error, bool(_RESULT.search(inner))
