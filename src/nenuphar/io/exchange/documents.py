"""JSON of other forms, bounded before anything is built, and told apart by what it says it is."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any, Literal

from nenuphar.domain.problems import UnreadableInputError, UnsupportedInputError
from nenuphar.io.safe_yaml import read_bounded_json
from nenuphar.knowledge.yaml_lines import DEEPEST, YamlError

Form = Literal["native", "phenopacket", "fhir"]

LARGEST = 256 << 20
"""Characters of one bundle that are read; a larger one is split by its sender."""

_AGAIN = "mend the file and read it again"


class _TwiceError(ValueError):
    """A key stands twice in one object."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _TwiceError
    return found


def _no_constant(name: str) -> float:
    raise ValueError(name)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("beyond bounds")
    return number


def load_json(text: str, file: str) -> Any:
    """Read a JSON text.

    Raises:
        UnreadableInputError: It is none, too large, nested too deeply, or states a key twice; the
            message gives line and column and nothing of the content.
    """
    if text.lstrip()[:1] == "<":
        raise UnsupportedInputError(
            f"{file}: is XML, which is not read; export FHIR as JSON (application/fhir+json)"
        )
    if len(text) > LARGEST:
        raise UnreadableInputError(
            f"{file}: {len(text) >> 20} MB are too much for one file; split it"
        )
    try:
        data = json.loads(
            text, object_pairs_hook=_once, parse_constant=_no_constant, parse_float=_finite
        )
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}: column {error.colno}: {error.msg}"
        raise UnreadableInputError(f"{file}: {where}; {_AGAIN}") from error
    except _TwiceError as error:
        try:
            read_bounded_json(text)  # knows the line
        except YamlError as told:
            raise UnreadableInputError(f"{file}: {told}; {_AGAIN}") from error
        raise UnreadableInputError(f"{file}: a key stands twice in one object; {_AGAIN}") from error
    except (RecursionError, ValueError) as error:
        raise UnreadableInputError(
            f"{file}: nested too deeply, or a number beyond bounds; {_AGAIN}"
        ) from error
    _bound_depth(data, file)
    return data


def _bound_depth(data: Any, file: str) -> None:
    level: list[Any] = [data]
    for _ in range(DEEPEST):
        inner: Iterable[Any] = (
            child for each in level for child in (each.values() if isinstance(each, dict) else each)
        )
        level = [child for child in inner if isinstance(child, dict | list)]
        if not level:
            return
    raise UnreadableInputError(f"{file}: nested more than {DEEPEST} deep; {_AGAIN}")


def form_of(data: Any, file: str) -> Form:
    """Tell by its fields whether a document is a Phenopacket, FHIR, or neither.

    Raises:
        UnsupportedInputError: It is a relative of them that is not read; the message names it.
    """
    first = data[0] if isinstance(data, list) and data else data
    if not isinstance(first, dict) or "patient" in first:
        return "native"
    if "resourceType" in first:
        return "fhir"
    names = set(first)
    if not names & {"metaData", "meta_data"}:
        return "native"
    for field, called in (
        ("proband", "a Family of Phenopackets"),
        ("members", "a Cohort of Phenopackets"),
    ):
        if field in names:
            raise UnsupportedInputError(
                f"{file}: is {called}, which is not read; give its Phenopackets one by one, in a "
                "folder"
            )
    if names & {"variants", "genes", "htsFiles", "hts_files"}:
        raise UnsupportedInputError(
            f"{file}: is a Phenopacket of version 1; convert it to version 2 (phenopacket-tools)"
        )
    return "phenopacket"
