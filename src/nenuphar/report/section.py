"""A section that a page takes in whole: rendered from its own template, with its data for JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from nenuphar.report.page import fragment


@dataclass(frozen=True)
class Section:
    """One section of a case page or a cohort page.

    Attributes:
        anchor: Where it stands on the page; its name in the JSON file of a case.
        title: Its heading.
        body: What stands below the heading, everything escaped.
        data: The same as plain data, for the JSON file.
        facts: Beginnings of the names of facts that it shows; the page does not list them again.
    """

    anchor: str
    title: str
    body: Markup
    data: Mapping[str, Any] = field(default_factory=dict)
    facts: tuple[str, ...] = ()


def section(
    template: str,
    *,
    anchor: str,
    title: str,
    data: Mapping[str, Any] | None = None,
    facts: tuple[str, ...] = (),
    **values: Any,
) -> Section:
    """Render a section.

    Args:
        template: Name of its template in this package; it starts below the heading.
        anchor: Where it stands on the page, in ASCII letters and dashes.
        title: Its heading.
        data: The same as plain data.
        facts: Beginnings of the names of facts that it shows.
        values: What the template shows; text is escaped.
    """
    return Section(anchor, title, fragment(template, **values), dict(data or {}), facts)
