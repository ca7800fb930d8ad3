"""YAML read string-only and with line marks: `NO` stays text, dates stay text, twice is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

try:
    from yaml import CSafeLoader as _Loader
except ImportError:  # PyYAML without libyaml reads the same, only slower
    from yaml import SafeLoader as _Loader  # type: ignore[assignment]


DEEPEST = 40
"""Levels of nesting that are read."""

_MOST_NODES = 2_000_000


class YamlError(ValueError):
    """A text that is not the YAML that is accepted here; the message starts with the line."""


class Marked(dict[str, Any]):
    """A mapping that remembers on which line it, and each of its keys, stands."""

    line: int = 0
    key_lines: dict[str, int]


def read_yaml(path: Path) -> Any:
    """Read one YAML file; see `parse_yaml`."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise YamlError(f"line 1: not UTF-8 text (byte {error.start})") from error
    return parse_yaml(text)


def parse_yaml(text: str) -> Any:
    """Read YAML into mappings, lists and strings.

    Every scalar is a string; an empty one, `~` and `null` are None unless quoted. Aliases and
    duplicate keys are refused: what a reader sees is what is meant, and a short text never grows
    into a large one.

    Raises:
        YamlError: Not YAML, or YAML with one of the refused features.
    """
    try:
        _bound_depth(text)
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise YamlError(f"line {line}: {error.problem or 'not YAML'}") from error
    except yaml.YAMLError as error:
        raise YamlError(f"line 1: not YAML ({type(error).__name__})") from error
    return None if node is None else _build(node, set())


def _bound_depth(text: str) -> None:
    """Refuse what would exhaust the stack or the memory, before anything is built."""
    depth = 0
    for nodes, event in enumerate(yaml.parse(text, Loader=_Loader)):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST or nodes > _MOST_NODES:
            line = event.start_mark.line + 1 if event.start_mark else 1
            raise YamlError(f"line {line}: nested more than {DEEPEST} deep, or too large")


def _build(node: yaml.Node, seen: set[int]) -> Any:
    line = node.start_mark.line + 1
    if id(node) in seen:
        raise YamlError(f"line {line}: aliases are not read; write the value out")
    seen.add(id(node))
    if isinstance(node, yaml.ScalarNode):
        plain_empty = not node.style and node.value in ("", "~", "null")
        return None if plain_empty else node.value
    if isinstance(node, yaml.SequenceNode):
        return [_build(child, seen) for child in node.value]
    return _build_mapping(node, seen)


def _build_mapping(node: yaml.Node, seen: set[int]) -> Marked:
    mapping = Marked()
    mapping.line = node.start_mark.line + 1
    mapping.key_lines = {}
    for key_node, value_node in node.value:
        key = key_node.value
        key_line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            raise YamlError(f"line {key_line}: a key must be plain text")
        if key in mapping:
            raise YamlError(
                f"line {key_line}: {key!r} stands twice; it was first set on line "
                f"{mapping.key_lines[key]}"
            )
        mapping[key] = _build(value_node, seen)
        mapping.key_lines[key] = key_line
    return mapping


def line_of(data: Any, path: tuple[int | str, ...]) -> int:
    """Return the line on which the value at a path of keys and indices stands."""
    line = getattr(data, "line", 1)
    for step in path:
        if isinstance(data, Marked) and step in data:
            line = data.key_lines[str(step)]
            data = data[str(step)]
        elif isinstance(data, list) and isinstance(step, int) and step < len(data):
            data = data[step]
            line = getattr(data, "line", line)
        else:
            break
    return line


def documents(folder: Path) -> Iterator[tuple[Path, Any]]:
    """Yield every YAML file below a folder with its content, in the order of their names."""
    for path in sorted(folder.rglob("*.yaml")):
        yield path, read_yaml(path)
