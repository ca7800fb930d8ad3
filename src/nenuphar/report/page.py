"""One HTML page from a template: everything escaped, nothing loaded from anywhere."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from nenuphar.report.compiled import CompiledTemplates
from nenuphar.report.words import RESEARCH_USE, STATUS_MARKS, STATUS_WORDS

TEMPLATES = Path(__file__).with_name("templates")
"""Folder of the templates, their style and their scripts."""


@lru_cache(maxsize=2)
def environment(*packages: str) -> Environment:
    """Return the surroundings of all templates: what is escaped, and the words they share.

    Args:
        packages: Packages whose templates are found before those of the reports.
    """
    homes = [PackageLoader(name, "templates") for name in (*packages, "nenuphar.report")]
    templates = Environment(
        loader=ChoiceLoader(homes),
        autoescape=True,
        undefined=StrictUndefined,
        bytecode_cache=CompiledTemplates(TEMPLATES),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.globals.update(
        marks=STATUS_MARKS, status_words=STATUS_WORDS, research_use=RESEARCH_USE
    )
    templates.filters["grouped"] = lambda number: f"{number:,}"
    return templates


def render(template: str, *, script: str = "", **values: Any) -> str:
    """Render a template of this package into one self-contained page.

    Args:
        template: Name of the template.
        script: Name of the one script that the page may run; none by default, and the page's own
            policy then forbids any.
        values: What the template shows; text is escaped.
    """
    code = _source(script) if script else ""
    allowed = "'none'"
    if code:
        digest = hashlib.sha256(code.encode()).digest()
        allowed = f"'sha256-{base64.b64encode(digest).decode()}'"
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src {allowed}"
    page = (
        environment()
        .get_template(template)
        .render(
            css=Markup(_style()),  # noqa: S704 - a file of this package
            script=Markup(code),  # noqa: S704 - a file of this package
            policy=policy,
            **values,
        )
    )
    return page if page.endswith("\n") else page + "\n"


def fragment(template: str, **values: Any) -> Markup:
    """Render a template into a part of a page; text is escaped."""
    part = environment().get_template(template).render(**values)
    return Markup(part)  # noqa: S704 - escaped by the environment


@lru_cache(maxsize=1)
def _style() -> str:
    """Return the style without comments and indents: every page carries it."""
    return re.sub(r"\s*\n\s*", "\n", re.sub(r"(?s)/\*.*?\*/", "", _source("style.css")))


@lru_cache(maxsize=8)
def _source(name: str) -> str:
    loader = environment().loader
    assert loader is not None  # noqa: S101 - set above
    return loader.get_source(environment(), name)[0]
