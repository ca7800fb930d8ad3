"""Tables of the response commands, read as text with their line numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from nenuphar.domain.problems import Problem, UnreadableInputError

if TYPE_CHECKING:
    import polars as pl

SUFFIXES = (".csv", ".tsv", ".txt", ".xlsx", ".parquet")


@dataclass(frozen=True)
class TextTable:
    """A table of text and what was wrong with its rows.

    Attributes:
        rows: Columns in lower case, and `line`.
        findings: Rows that could not be read, and notes, columns of `findings.SCHEMA`.
        source: Where lines are counted.
    """

    rows: pl.DataFrame
    findings: pl.DataFrame
    source: Path

    @property
    def rejected(self) -> int:
        """Rows that could not be read."""
        return self.findings.filter(self.findings["used"] == "no").height


def timepoint_table(path: Path) -> TextTable:
    """Read TIMEPOINTS, what `nenuphar lesions` writes, or SDTM RS."""
    from nenuphar.methods.response.sdtm import timepoints_from_rs

    table = _naming_subjects(_read_table(path))
    if "usubjid" not in table.rows.columns:
        written_by_lesions = (
            "overall" in table.rows.columns and "response" not in table.rows.columns
        )
        names = {"overall": "response"} if written_by_lesions else {}
        return TextTable(table.rows.rename(names), table.findings, path)
    return TextTable(timepoints_from_rs(table.rows), table.findings, path)


def _naming_subjects(table: TextTable) -> TextTable:
    """Say of torn rows that their subject is not known: cells of theirs may be shifted."""
    import polars as pl

    says = "; until then its subject is in the result only if --subjects or another row names it"
    fix = pl.col("fix") + pl.when(pl.col("used") == "no").then(pl.lit(says)).otherwise(pl.lit(""))
    return replace(table, findings=table.findings.with_columns(fix))


def subject_table(path: Path) -> TextTable:
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
    rows = table.rows
    if "subject" not in rows.columns:
        rows = rows.rename({name: sdtm[name] for name in rows.columns if name in sdtm})
    require_columns(rows, ("subject",), "subjects")
    return TextTable(rows, table.findings, path)


def measurement_table(path: Path) -> TextTable:
    """Read a native table, or TU and TR from a folder."""
    import polars as pl

    from nenuphar.methods.response.sdtm import measurements_from_sdtm

    if not path.is_dir():
        return _read_table(path)
    tu, tr = _read_table(_domain(path, "tu")), _read_table(_domain(path, "tr"))
    both = pl.concat([tu.findings, tr.findings])
    return TextTable(measurements_from_sdtm(tu.rows, tr.rows), both, tr.source)


def _domain(folder: Path, domain: str) -> Path:
    """Find the file of an SDTM domain: tr.csv, TR.CSV, tr_onco_recist.csv."""
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    exact = [path for path in files if path.stem.lower() == domain]
    named = [path for path in files if path.stem.lower().startswith(f"{domain}_")]
    found = exact or named
    if len(found) == 1:
        return found[0]
    seen = ", ".join(path.name for path in found) or "none"
    message = (
        f"{folder.name}: the folder needs one file of domain {domain.upper()} "
        f"({domain}.csv); found {seen}"
    )
    raise UnreadableInputError(message)


def _read_table(path: Path) -> TextTable:
    """Read a table as text; whole numbers of typed columns lose their .0."""
    import polars as pl

    from nenuphar.io.tables import read_table

    table = read_table(path)
    folded = {name: name.strip().lower().replace(" ", "_") for name in table.frame.columns}
    whole = pl.all().str.replace(r"^(-?\d+)\.0$", "$1")
    if not table.frame.height:
        lost = [f"line {p.line}: {p.reason}; {p.fix}" for p in table.problems if p.rejected]
        raise UnreadableInputError(f"{path.name}: no row can be read. {' '.join(lost[:1])}")
    rows = table.frame.rename(folded).select(whole)
    rows = rows.with_columns(table.lines.cast(pl.Int64).alias("line"))
    return TextTable(rows, _findings(table.problems), path)


def _findings(problems: tuple[Problem, ...]) -> pl.DataFrame:
    """What reading the file found, in the form of the response room."""
    import polars as pl

    from nenuphar.methods.response.findings import REJECTED, SCHEMA, USED

    rows = [
        (p.line, p.record, p.column, p.value, p.reason, p.fix, REJECTED if p.rejected else USED)
        for p in problems
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")
