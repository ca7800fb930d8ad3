"""The treatment lines of a study, from its timeline files.

How many of them were for advanced disease stays open: a timeline does not count lines.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from nenuphar.domain.problems import UnreadableInputError
from nenuphar.domain.scope import Scope
from nenuphar.engine.frames import BOOKKEEPING, Frames, cells_of_value, columns_of, kind_of
from nenuphar.io.cbioportal.events import Events, Words, read_events
from nenuphar.io.cbioportal.lines import Treatments, rows_of_patient
from nenuphar.io.decoding import decode
from nenuphar.io.result import Findings, read_bytes, refuse_way_out
from nenuphar.knowledge.base import KnowledgeBase

_COUNT, _REGIMEN, _SETTING = "treatment.line_count", "treatment.regimen", "line.setting"


def read_treatments(
    folder: Path, frames: Frames, knowledge: KnowledgeBase, findings: Findings
) -> tuple[Frames, Events]:
    """Read the timeline files of a study into treatment lines.

    Args:
        folder: Folder of the study.
        frames: What was read of its samples.
        knowledge: Declares treatments and facts.
        findings: Where rows and files go that are not used.

    Returns:
        The frames with the treatment lines of patients that have a sample, in the order of their
        start, and the events behind them.
    """
    known = frozenset(frames[Scope.PATIENT]["patient_id"].to_list())
    events, words = Events(), Words(knowledge)
    for path in _files(folder, findings):
        try:
            refuse_way_out(path, folder)
            read_events(path, known, words, events, findings)
        except UnreadableInputError as error:
            fix = "the study is read without this file; mend it to use it"
            findings.note(f"{error}"[:300], fix)
    if not events.courses:
        return frames, events
    treatments = Treatments(knowledge.hierarchies["treatment"])
    rows = [
        {"patient_id": patient, **row}
        for patient in dict.fromkeys(frames[Scope.PATIENT]["patient_id"].to_list())
        for row in rows_of_patient(
            events.courses.get(patient, []), events.outcomes.get(patient, []), treatments
        )
    ]
    lines = _frame(rows, knowledge)
    systemic = treatments.hierarchy.descendants("systemic_therapy")
    patients = _with_least_count(frames[Scope.PATIENT], lines, systemic)
    return {**frames, Scope.PATIENT: patients, Scope.TREATMENT_LINE: lines}, events


def _files(folder: Path, findings: Findings) -> list[Path]:
    """Return the timeline files of a folder, those with other names by their meta files."""
    entries = {path.name.casefold(): path for path in sorted(folder.iterdir()) if path.is_file()}
    found = {name for name in entries if name.startswith("data_timeline") and name.endswith(".txt")}
    for name, path in entries.items():
        if not (name.startswith("meta") and name.endswith(".txt")):
            continue
        try:
            refuse_way_out(path, folder)
            data, file = read_bytes(path)
            lines = decode(data, file.name)[0].splitlines()
        except UnreadableInputError as error:
            if "timeline" in name:
                findings.note(f"{error}"[:300], "data_timeline files are read without it")
            continue
        stated = {key.strip(): value.strip() for key, _, value in (x.partition(":") for x in lines)}
        if stated.get("datatype", "").upper() != "TIMELINE":
            continue
        data_file = stated.get("data_filename", "")
        if data_file.casefold() in entries:
            found.add(data_file.casefold())
        else:
            reason = f"{path.name}: names a timeline file that is not in the folder"
            findings.note(reason, "add the file, or delete the meta file", value=data_file)
    return [entries[name] for name in sorted(found)]


def _frame(rows: list[dict[str, Any]], knowledge: KnowledgeBase) -> pl.DataFrame:
    """Lay the rows of lines out as a frame; days of a study are no dates, so `date` is empty."""
    keys = Scope.TREATMENT_LINE.keys
    own = {*keys, "record"}
    facts = sorted({name for row in rows for name in row if name not in own})
    schema: dict[str, pl.DataType] = dict.fromkeys((*keys, *BOOKKEEPING), pl.String())
    schema |= {"date_lo": pl.Date(), "date_hi": pl.Date()}
    for fact in facts:
        schema |= columns_of(fact, kind_of(fact, knowledge))
    cells = []
    for row in rows:
        told: dict[str, object] = {name: row[name] for name in own} | {"assessor": "", "date": ""}
        for fact in facts:
            told |= cells_of_value(fact, row[fact]) if fact in row else {}
        cells.append(told)
    return pl.DataFrame(cells, schema=schema, orient="row")


def _with_least_count(
    patients: pl.DataFrame, lines: pl.DataFrame, systemic: frozenset[str]
) -> pl.DataFrame:
    """State that there was a line for advanced disease where one is; more of them stay open."""
    advanced = pl.lit(value=False)
    if {_SETTING, _REGIMEN} <= set(lines.columns):
        advanced = (pl.col(_SETTING) == "advanced") & pl.col(_REGIMEN).is_in(sorted(systemic))
    least = lines.group_by("patient_id").agg(advanced.any().cast(pl.Float64).alias("_least"))
    joined = patients.join(least, on="patient_id", how="left", maintain_order="left")
    stated = f"{_COUNT}.lo" in patients.columns
    is_open = pl.col("_least").is_not_null()
    if stated:
        is_open &= pl.col(f"{_COUNT}.lo").is_null()
    parts = {"lo": pl.col("_least"), "lo_open": pl.lit(value=False)}
    parts |= {"hi": pl.lit(float("inf")), "hi_open": pl.lit(value=False)}
    return joined.with_columns(
        pl.when(is_open)
        .then(value)
        .otherwise(pl.col(f"{_COUNT}.{part}") if stated else None)
        .alias(f"{_COUNT}.{part}")
        for part, value in parts.items()
    ).drop("_least")
