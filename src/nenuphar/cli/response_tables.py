"""Tables of the response commands, read as text with their line numbers."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl


class UnreadableFileError(ValueError):
    """A file cannot be read as a table."""


def timepoint_table(path: Path) -> pl.DataFrame:
    """Read TIMEPOINTS, or SDTM RS."""
    from nenuphar.methods.response.sdtm import timepoints_from_rs

    table = _read_table(path)
    if "USUBJID" in (name.upper() for name in table.columns):
        return timepoints_from_rs(table)
    return table


def subject_table(path: Path) -> pl.DataFrame:
    """Read SUBJECTS, or SDTM DM (first dose, death, last dose, end of participation)."""
    from nenuphar.methods.response.findings import require_columns

    table = _read_table(path)
    sdtm = {
        "usubjid": "subject",
        "rfstdtc": "reference_date",
        "dthdtc": "death_date",
        "rfxendtc": "last_dose",
        "rfpendtc": "last_contact",
    }
    names = {name: sdtm[name] for name in table.columns if name in sdtm}
    if "subject" not in table.columns:
        table = table.rename(names)
    require_columns(table, ("subject",), "subjects")
    return table


def measurement_table(path: Path) -> tuple[pl.DataFrame, Path]:
    """Read a native table, or TU and TR from a folder; and say where lines are counted."""
    from nenuphar.methods.response.sdtm import measurements_from_sdtm

    if not path.is_dir():
        return _read_table(path), path
    tr = _domain(path, "tr")
    return measurements_from_sdtm(_read_table(_domain(path, "tu")), _read_table(tr)), tr


def _domain(folder: Path, domain: str) -> Path:
    """Find the file of an SDTM domain: tr.csv, TR.CSV, tr_onco_recist.csv."""
    suffixes = (".csv", ".tsv", ".txt", ".xlsx", ".parquet")
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in suffixes)
    exact = [path for path in files if path.stem.lower() == domain]
    named = [path for path in files if path.stem.lower().startswith(f"{domain}_")]
    found = exact or named
    if len(found) == 1:
        return found[0]
    seen = ", ".join(path.name for path in found) or "none"
    message = f"the folder needs one file of domain {domain.upper()} ({domain}.csv); found {seen}"
    raise UnreadableFileError(message)


def _read_table(path: Path) -> pl.DataFrame:
    """Read a table as text: delimiter, encoding and line ends are detected."""
    import polars as pl

    if not path.is_file():
        message = "there is no such file; check the path"
        raise UnreadableFileError(message)
    try:
        kind = path.suffix.lower()
        if kind == ".parquet":
            table = _as_text(pl.read_parquet(path))
        elif kind == ".xlsx":
            table = _as_text(pl.read_excel(path))
        else:
            table = _read_text(path.read_bytes())
    except (pl.exceptions.PolarsError, UnicodeError, OSError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        message = f"not a readable table ({reason}); save it as CSV in UTF-8"
        raise UnreadableFileError(message) from error
    folded = {name: name.strip().lower().replace(" ", "_") for name in table.columns}
    return table.rename(folded).with_row_index("line", offset=2)


def _read_text(content: bytes) -> pl.DataFrame:
    """Decode delimited text and split it into columns."""
    import polars as pl

    if not content.strip():
        message = "the file is empty"
        raise ValueError(message)
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = content.decode("utf-16")
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("cp1252")
    text = text.replace("\r\n", "\n").replace("\r", "\n").lstrip("\n")
    header = text.split("\n", 1)[0]
    delimiter = max(",;\t|", key=header.count)
    columns = next(csv.reader([header], delimiter=delimiter))
    if len(set(columns)) != len(columns):
        message = "two columns share a name"
        raise ValueError(message)
    return pl.read_csv(
        io.BytesIO(text.encode()), separator=delimiter, infer_schema=False, has_header=True
    )


def _as_text(table: pl.DataFrame) -> pl.DataFrame:
    """Turn typed columns into text; whole numbers lose their .0, dates are ISO."""
    import polars as pl

    texts = []
    for name, kind in table.schema.items():
        column = pl.col(name)
        if kind.is_float():
            whole = column == column.round(0)
            texts.append(
                pl.when(whole)
                .then(column.cast(pl.Int64, strict=False).cast(pl.String))
                .otherwise(column.cast(pl.String))
                .alias(name)
            )
        elif isinstance(kind, pl.Datetime):
            texts.append(column.dt.date().cast(pl.String).alias(name))
        else:
            texts.append(column.cast(pl.String))
    return table.select(texts)
