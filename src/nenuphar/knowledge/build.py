"""Compile the YAML records into the one JSON that ships and loads in milliseconds.

Run as `python -m nenuphar.knowledge.build` (`make kb`). A test compares the shipped file with the
records, so that neither can be changed alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from nenuphar.domain.problems import KnowledgeError
from nenuphar.knowledge.base import COMPILED
from nenuphar.knowledge.evidence_schema import EVIDENCE_KINDS
from nenuphar.knowledge.schema import ENGINE_KINDS, Record
from nenuphar.knowledge.yaml_lines import Marked, YamlError, line_of, read_yaml

RECORDS = Path(__file__).parent / "records"
RELEASE_FILE = RECORDS / "RELEASE"


def schemas() -> dict[str, type[Record]]:
    """Return the schema of every kind of record."""
    return ENGINE_KINDS | EVIDENCE_KINDS


def read_records(folder: Path = RECORDS) -> Iterator[tuple[str, Marked]]:
    """Yield every record below a folder with its place (`file:line`).

    Raises:
        KnowledgeError: A file is not YAML, or is no list of records.
    """
    for path in sorted(folder.rglob("*.yaml")):
        name = path.relative_to(folder).as_posix()
        try:
            content = read_yaml(path)
        except YamlError as error:
            raise KnowledgeError([f"{name}: {error}"]) from error
        if not isinstance(content, list):
            raise KnowledgeError([f"{name}:1: a record file is a list of records"])
        for record in content:
            if not isinstance(record, Marked):
                raise KnowledgeError([f"{name}: {str(record)[:40]!r} is not a record"])
            yield f"{name}:{record.line}", record


def validate(place: str, record: Mapping[str, Any]) -> tuple[list[str], dict[str, Any] | None]:
    """Validate one record against the schema of its kind.

    Args:
        place: `file:line` for messages.
        record: The record as YAML was read.

    Returns:
        The findings, each with file and line, and the normalised record if there are none.
    """
    kind = record.get("kind")
    known = schemas()
    model = known.get(str(kind))
    if model is None:
        return [f"{place}: kind {kind!r} is not one of {', '.join(sorted(known))}"], None
    try:
        valid = model.model_validate(dict(record))
    except ValidationError as error:
        file = place.rsplit(":", 1)[0]
        return [
            f"{file}:{line_of(record, found['loc'])}: {record.get('id', '?')}: "
            f"{'.'.join(map(str, found['loc'])) or 'record'}: {found['msg']}"
            for found in error.errors()
        ], None
    return [], _normalised(valid, record)


def _normalised(valid: Record, record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record as typed data; criterion trees stay in the form in which they are read."""
    trees = {name for name in ("when", "unless", "silent_where", "criteria") if name in record}
    data = valid.model_dump(mode="json", exclude_defaults=True, exclude=trees)
    data |= {name: _plain(record[name]) for name in sorted(trees)}
    data["version"] = valid.version
    data["status"] = valid.status
    return data


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list) else value


def compile_records(folder: Path = RECORDS) -> dict[str, Any]:
    """Read, validate and order all records.

    Raises:
        KnowledgeError: With every finding of every file, not only the first.
    """
    problems: list[str] = []
    compiled: dict[str, dict[str, Any]] = {}
    places: dict[str, str] = {}
    for place, record in read_records(folder):
        found, data = validate(place, record)
        problems += found
        if data is None:
            continue
        key = data["id"]
        if key in compiled:
            problems.append(f"{place}: id {key} is already used at {places[key]}")
        compiled[key], places[key] = data, place
    if problems:
        raise KnowledgeError(problems)
    release = RELEASE_FILE.read_text("utf-8").strip()
    ordered = sorted(compiled.values(), key=lambda data: (data["kind"], data["id"]))
    return {"release": release, "records": ordered}


def to_json(compiled: Mapping[str, Any]) -> str:
    """Write the compiled records, one line each, so that a change reads as a change."""
    lines = ",\n".join(
        json.dumps(record, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        for record in compiled["records"]
    )
    return f'{{"release":"{compiled["release"]}","records":[\n{lines}\n]}}\n'


def main() -> None:
    """Compile the records of this checkout in place."""
    target = Path(__file__).parent / COMPILED
    target.write_text(to_json(compile_records()), encoding="utf-8")


if __name__ == "__main__":
    main()
