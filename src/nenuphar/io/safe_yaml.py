"""YAML and JSON from strangers: bounded in size and depth before anything is built."""

from __future__ import annotations

import json
import re
from typing import Any

import yaml

from nenuphar.knowledge.yaml_lines import YamlError, parse_yaml

try:
    from yaml import CSafeLoader as _Loader
except ImportError:  # PyYAML without libyaml reads the same, only slower
    from yaml import SafeLoader as _Loader  # type: ignore[assignment]

LARGEST = 20 << 20
DEEPEST = 40
_MOST_NODES = 2_000_000
_PAIR = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")


def read_bounded(text: str) -> Any:
    """Read YAML as `knowledge.yaml_lines` does, after a look at its size and depth.

    Raises:
        YamlError: Not YAML, too large or nested too deeply.
    """
    if len(text) > LARGEST:
        raise YamlError(f"line 1: {len(text) >> 20} MB are too much for one file; split it")
    _bound_depth(text)
    return _with_gaps(parse_yaml(text))


def _with_gaps(data: Any) -> Any:
    """Take every way of writing nothing for nothing."""
    if isinstance(data, str):
        return None if data in ("", "~", "null") else data
    if isinstance(data, list):
        return [_with_gaps(item) for item in data]
    for key in data or ():
        data[key] = _with_gaps(data[key])
    return data


def read_bounded_json(text: str) -> Any:
    """Read JSON into the same mappings, lists and strings, with lines.

    Raises:
        YamlError: Not JSON, too large or nested too deeply; the message starts with the line.
    """
    if len(text) > LARGEST:
        raise YamlError(f"line 1: {len(text) >> 20} MB are too much for one file; split it")
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        raise YamlError(f"line {error.lineno}: {error.msg}") from error
    except (RecursionError, ValueError) as error:
        raise YamlError("line 1: nested too deeply, or a number beyond bounds") from error
    # JSON is YAML but for tabs between tokens and for characters written as two halves.
    text = _PAIR.sub(lambda pair: str(json.loads(f'"{pair[0]}"')), text.replace("\t", " "))
    return read_bounded(text)


def _bound_depth(text: str) -> None:
    depth = nodes = 0
    try:
        for event in yaml.parse(text, Loader=_Loader):
            nodes += 1
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            if depth > DEEPEST or nodes > _MOST_NODES:
                line = event.start_mark.line + 1 if event.start_mark else 1
                raise YamlError(f"line {line}: nested more than {DEEPEST} deep, or too large")
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise YamlError(f"line {line}: {error.problem or 'not YAML'}") from error
    except (yaml.YAMLError, ValueError) as error:
        if isinstance(error, YamlError):
            raise
        raise YamlError(f"line 1: not YAML ({type(error).__name__})") from error
