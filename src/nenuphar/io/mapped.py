"""A table read through a mapping: frames of facts, and every row accounted for."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from nenuphar.domain.problems import UnreadableInputError
from nenuphar.domain.scope import Scope
from nenuphar.engine.frames import BOOKKEEPING, Frames, frames_of
from nenuphar.io.columns import clean_texts, constant_columns, parse_column
from nenuphar.io.mapping import constant_value, value_parser
from nenuphar.io.mapping_form import FactColumn, Mapping
from nenuphar.io.parents import parents_of
from nenuphar.io.result import Findings, ReadResult, count_rejected
from nenuphar.io.row_ids import ID, LINE, fill_down, identify, record_of, take, without_repeated
from nenuphar.io.tables import Table, read_table
from nenuphar.io.values import AREA_UNIT, ValueParser, nearest, per_field, plain
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.knowledge.schema import Fact

_BARE_COUNT = r"^[<>=≤≥~\s]*\d[\d.,]*(\s*(-|–|to)\s*[\d.,]+)?$"

_DATE = Fact(
    kind="fact",
    id="row.date",
    sources=({"source": "nenuphar"},),
    scope=Scope.SPECIMEN,
    type="date",
    meaning="When the row was taken or read.",
)


def read_mapped(path: Path, mapping: Mapping, knowledge: KnowledgeBase) -> ReadResult:
    """Read a table through a mapping.

    Args:
        path: The table; see `io.tables.read_table`.
        mapping: What its columns mean.
        knowledge: The declared facts.

    Returns:
        Frames for the scope of the rows and every wider one, each parent once. A row without a
        usable id or with the key of another is rejected; a value that cannot be read, and one that
        the rows of a patient or tumour disagree about, is missing. Each is listed.

    Raises:
        UnreadableInputError: The table cannot be read, or lacks a mapped column.
    """
    table = read_table(path, mapping.sheet)
    return apply_mapping(table, mapping, knowledge)


def apply_mapping(table: Table, mapping: Mapping, knowledge: KnowledgeBase) -> ReadResult:
    """Read a table that is in memory through a mapping; see `read_mapped`."""
    columns = _resolve(table, mapping)
    findings = Findings(table.file.name)
    _carry_over(table, set(columns.values()), findings)
    torn = count_rejected(findings.problems)
    rows = table.frame.select(pl.col(column).alias(name) for name, column in columns.items())
    rows = rows.with_columns(clean_texts(rows[name]).alias(name) for name in rows.columns)
    rows = rows.with_columns(table.lines.alias(LINE))
    rows = fill_down(rows, mapping)
    rows = _taken(rows, mapping, findings)
    read = rows.height + torn
    for find in (identify, without_repeated):
        rows, unusable = find(rows, mapping)
        for each in unusable:
            place = (each.line, each.record, each.reason, each.fix)
            findings.reject(*place, each.column, each.value)
    frames = _frames(_Rows(rows, mapping, knowledge, findings))
    for part in mapping.parts:
        frames |= _frames_of_part(rows, part, mapping, knowledge, findings)
    problems = findings.in_order()
    rejected = count_rejected(problems)
    return ReadResult(
        frames, problems, read, rows.height, rejected, (table.file,), findings.values_rejected
    )


def _taken(rows: pl.DataFrame, mapping: Mapping, findings: Findings) -> pl.DataFrame:
    """Keep the rows that `where` asks for, and say how many it does not."""
    taken = take(rows, mapping)
    if left := rows.height - taken.height:
        condition = " and ".join(f"{k} is {' or '.join(v)}" for k, v in mapping.where.items())
        findings.note(
            f"{left} row(s) are not taken: the mapping takes those where {condition}",
            "change `where` in the mapping to take them",
        )
    return taken


def unread_columns(table: Table, mapping: Mapping) -> list[str]:
    """Return the columns that a mapping neither reads nor ignores, files beside it left out."""
    own = {name: column for name, column in mapping.columns.items() if not column.file}
    keys = {beside.to for beside in mapping.beside}
    used = set(_resolve(table, mapping.model_copy(update={"columns": own})).values()) | keys
    return [
        column
        for column in table.frame.columns
        if column not in used
        and not any(fnmatch.fnmatchcase(column, _wildcard(name)) for name in mapping.ignored)
    ]


def _wildcard(name: str) -> str:
    return " ".join(name.split()).replace("[", "[[]").replace("?", "[?]")


def _named_columns(mapping: Mapping) -> Iterable[str]:
    for name in type(mapping.keys).model_fields:
        if key := getattr(mapping.keys, name):
            yield key.column
    for fact in mapping.columns.values():
        yield from fact.sources
    yield from mapping.fill_down
    yield from mapping.where
    for part in mapping.parts:
        yield from _named_columns(part)


def _resolve(table: Table, mapping: Mapping) -> dict[str, str]:
    """Find every column that a mapping names; case and runs of blanks do not count.

    Raises:
        UnreadableInputError: Columns are missing, or a name that is read stands twice.
    """
    present = {column: column for column in table.frame.columns}
    loosely: dict[str, list[str]] = {}
    for column in present:
        loosely.setdefault(plain(column), []).append(column)
    found: dict[str, str] = {}
    wrong: list[str] = []
    for name in dict.fromkeys(_named_columns(mapping)):
        column = " ".join(name.split())
        alike = [column] if column in present else loosely.get(plain(column), [])
        if len(alike) == 1 and alike[0] not in table.repeated:
            found[name] = alike[0]
        elif alike:
            wrong.append(f"column {name[:80]!r} stands more than once; rename all but one")
        else:
            near = nearest(name, present, 2)
            hint = " or ".join(repr(n[:80]) for n in near)
            wrong.append(f"no column {name[:80]!r}" + (f"; did you mean {hint}?" if near else ""))
    if wrong:
        raise UnreadableInputError(_missing_columns(table, mapping, wrong))
    return found


def _missing_columns(table: Table, mapping: Mapping, wrong: list[str]) -> str:
    head = f"{table.file.name}: does not fit the mapping {mapping.name}:"
    if table.frame.width == 1:
        wrong = [
            "the header has a single column; cells are divided by commas, tabs, semicolons or bars",
            *wrong,
        ]
    return "\n  ".join([head, *wrong[:40]])


def _carry_over(table: Table, used: set[str], findings: Findings) -> None:
    """Take over what was wrong with the table itself, as far as it concerns columns in use."""
    for problem in table.problems:
        of_a_cell = bool(problem.column and problem.line and not problem.rejected)
        if of_a_cell and problem.column not in used:
            continue
        findings.problems.append(problem)
        findings.values_rejected += of_a_cell


@dataclass
class _Rows:
    """Identified rows on their way to become frames."""

    rows: pl.DataFrame
    mapping: Mapping
    knowledge: KnowledgeBase
    findings: Findings

    def fact(self, name: str) -> pl.DataFrame:
        """Return the columns of a fact, and list what could not be read."""
        if constant := self.mapping.constants.get(name):
            value = constant_value(name, constant, self.knowledge)
            kind = self.knowledge.facts[name].type
            return constant_columns(name, kind, value, self.rows.height)
        column = self.mapping.columns[name]
        parser = value_parser(name, column, self.mapping.missing, self.knowledge)
        if self.knowledge.facts[name].unit == AREA_UNIT:
            self._note_areas(column)
        return self._parse(column, parser)

    def _note_areas(self, column: FactColumn) -> None:
        """Say where counts were taken to be of another area than is stated."""
        for source in column.sources:
            texts = self.rows[source].drop_nulls()
            fields = texts.str.contains(r"(?i)hpf").sum()
            if per_field(column.unit) or fields:
                self.findings.note(
                    "counts per 10 high-power fields are taken as counts per 2 mm²",
                    "this holds for fields of 0.2 mm²; state the counted area where it is known",
                    column=source,
                )
            bare = 0 if column.unit else texts.str.contains(_BARE_COUNT).sum()
            if bare:
                self.findings.note(
                    f"{bare} count(s) state no area; they were taken as per 2 mm²",
                    "write 3/2mm2, or map the column with the unit it is in",
                    column=source,
                )

    def _parse(self, column: FactColumn, parser: ValueParser) -> pl.DataFrame:
        tried: list[pl.DataFrame] = []
        for source in column.sources:
            texts = self.rows[source]
            parsed = parse_column(texts, parser)
            tried.append(parsed.values)
            if parsed.problems:
                bad = texts.is_in(list(parsed.problems))
                for line, text, *ids in self._where(bad, source):
                    problem = parsed.problems[text]
                    self.findings.value(
                        line, record_of(ids), source, text, problem.reason, problem.fix
                    )
        values = tried[0]
        for other in tried[1:]:
            empty = values.to_series(0).is_null()
            values = pl.select(
                pl.when(empty).then(other[name]).otherwise(values[name]).alias(name)
                for name in values.columns
            )
        return values

    def _where(self, mask: pl.Series, source: str) -> Iterable[tuple[int, str, str]]:
        keys = [ID + name for name in self.mapping.row.keys]
        return self.rows.filter(mask).select(LINE, source, *keys).iter_rows()

    def date(self) -> pl.DataFrame:
        """Return the columns `date`, `date_lo` and `date_hi`."""
        column = self.mapping.keys.date
        if column is None:
            none = pl.lit(None, dtype=pl.Date)
            dates = (pl.lit("").alias("date"), none.alias("date_lo"), none.alias("date_hi"))
            return self.rows.select(LINE).with_columns(dates).drop(LINE)
        spoken = FactColumn(column=column.column, date_format=column.date_format)
        values = self._parse(spoken, ValueParser(_DATE, date_format=column.date_format))
        lo, hi = pl.col("row.date.lo"), pl.col("row.date.hi")
        shown = (
            pl.when(lo.is_null())
            .then(pl.lit(""))
            .when(lo == hi)
            .then(lo.dt.strftime("%Y-%m-%d"))
            .when(lo.dt.month() == hi.dt.month())
            .then(lo.dt.strftime("%Y-%m"))
            .otherwise(lo.dt.strftime("%Y"))
        )
        return values.select(shown.alias("date"), lo.alias("date_lo"), hi.alias("date_hi"))


def _frames(rows: _Rows) -> Frames:
    """Lay identified rows out as one frame for their scope and for each wider one."""
    frames = frames_of([], rows.knowledge)
    mapping, file = rows.mapping, rows.findings.file
    by_scope: dict[Scope, list[str]] = {scope: [] for scope in mapping.scopes}
    for name in sorted({*mapping.columns, *mapping.constants}):
        by_scope[rows.knowledge.facts[name].scope].append(name)
    ids = rows.rows.select(
        pl.col(ID + name).alias(name) for name in (*mapping.row.keys, "assessor")
    )
    read_from = {name: column.sources[0] for name, column in mapping.columns.items()}
    line = rows.rows[LINE]
    record = line.to_frame().select(pl.format("{}:{}", pl.lit(file), pl.col(LINE)).alias("record"))
    for scope in mapping.scopes:
        facts = {name: rows.fact(name) for name in by_scope[scope]}
        if scope is mapping.row:
            parts = [ids, rows.date(), record, *facts.values()]
            whole = pl.concat(parts, how="horizontal")
            rest = pl.exclude(*scope.keys, *BOOKKEEPING)
            frames[scope] = whole.select(*scope.keys, *BOOKKEEPING, rest)
        else:
            whole = pl.concat([ids, line.alias("line").to_frame(), record], how="horizontal")
            frames[scope] = parents_of(scope, whole, facts, read_from, rows.findings)
    if mapping.row is Scope.LESION:
        frames[Scope.TIME_POINT] = _dated(frames[Scope.TIME_POINT], frames[Scope.LESION])
    return frames


def _dated(points: pl.DataFrame, lesions: pl.DataFrame) -> pl.DataFrame:
    """Give time points the date of their lesions; the last one of a visit over several days."""
    keys, dates = [*Scope.TIME_POINT.keys, "assessor"], ["date", "date_lo", "date_hi"]
    last = lesions.sort("date_hi", nulls_last=False).unique(keys, keep="last").select(*keys, *dates)
    joined = points.drop(dates).join(last, on=keys, how="left", maintain_order="left")
    return joined.select(points.columns)


def _frames_of_part(
    rows: pl.DataFrame,
    part: Mapping,
    whole: Mapping,
    knowledge: KnowledgeBase,
    findings: Findings,
) -> Frames:
    """Lay out what accepted rows say of another scope than their own.

    Rows that say nothing of it make no record. Rows that say the same of one record are one; where
    they differ, none counts and each is listed as values lost.
    """
    rows = rows.select(pl.exclude(rf"^{ID}.*$"))
    read = [name for column in part.columns.values() for name in column.sources]
    says = pl.any_horizontal(pl.col(read).is_not_null()) if read else pl.lit(value=True)
    rows = take(rows, part).filter(says)
    rows, lacking = identify(rows, part)
    rows, repeated = without_repeated(rows, part, read)
    for each in (*lacking, *(each for each in repeated if not each.copy)):
        column = each.column or f"{part.row}"
        findings.value(each.line, each.record, column, each.value, each.reason, each.fix)
    frames = _frames(_Rows(rows, part, knowledge, findings))
    return {scope: frames[scope] for scope in part.scopes if scope not in whole.scopes}
