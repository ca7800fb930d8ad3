"""YAML and JSON from strangers: bounded in size before anything is built."""

from __future__ import annotations

import json
import re
from typing import Any

from nenuphar.knowledge.yaml_lines import YamlError, parse_yaml

LARGEST = 20 << 20
_PAIR = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")


def read_bounded(text: str) -> Any:
    """Read YAML as `knowledge.yaml_lines` does, after a look at its size.

    Raises:
        YamlError: Not YAML, too large or nested too deeply.
    """
    if len(text) > LARGEST:
        raise YamlError(f"line 1: {len(text) >> 20} MB are too much for one file; split it")
    return parse_yaml(text)


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
