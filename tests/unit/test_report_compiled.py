"""Templates are compiled once, and again when they change."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader

from nenuphar.report.compiled import CompiledTemplates


def environment(folder: Path, *, keep: bool = True) -> Environment:
    cache = CompiledTemplates(folder, keep=keep)
    return Environment(loader=FileSystemLoader(folder), autoescape=True, bytecode_cache=cache)


def kept(folder: Path, name: str) -> Path:
    return Path(importlib.util.cache_from_source(str(folder / name)))


def test_a_template_is_compiled_once(tmp_path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "page.html").write_text("Say {{ what }}")
    assert environment(tmp_path).get_template("page.html").render(what="<a>") == "Say &lt;a&gt;"
    assert kept(tmp_path, "page.html").is_file()
    monkeypatch.setattr(Environment, "compile", None)
    assert environment(tmp_path).get_template("page.html").render(what="b") == "Say b"


def test_a_changed_template_is_compiled_again(tmp_path):
    (tmp_path / "page.html").write_text("Say {{ what }}")
    environment(tmp_path).get_template("page.html")
    (tmp_path / "page.html").write_text("Tell {{ what }}")
    assert environment(tmp_path).get_template("page.html").render(what="b") == "Tell b"


def test_code_that_cannot_be_read_is_made_again(tmp_path):
    (tmp_path / "page.html").write_text("Say {{ what }}")
    environment(tmp_path).get_template("page.html")
    whole = kept(tmp_path, "page.html").read_bytes()
    kept(tmp_path, "page.html").write_bytes(whole[:-20])
    assert environment(tmp_path).get_template("page.html").render(what="b") == "Say b"


def test_nothing_is_kept_where_nothing_should_be(tmp_path):
    (tmp_path / "page.html").write_text("Say {{ what }}")
    environment(tmp_path, keep=False).get_template("page.html")
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]
