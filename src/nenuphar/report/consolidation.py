"""A recurrence after consolidation beside the published medians, each from its own time zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from markupsafe import Markup, escape

from nenuphar.report.section import Section, section

_WIDTH, _HEIGHT, _LEFT = 320, 26, 8


@dataclass(frozen=True)
class TimedMedian:
    """A time that starts somewhere.

    Attributes:
        what: Whose it is.
        months: How long it is.
        time_zero: From when it is counted.
        source: Where it stands.
    """

    what: str
    months: float
    time_zero: str
    source: str = ""


def consolidation(own: Sequence[TimedMedian], published: Sequence[TimedMedian]) -> Section:
    """Render the section.

    Args:
        own: The patient's recurrences, in months.
        published: Medians of progression-free survival.
    """
    zeros = sorted({one.time_zero for one in published})
    groups = [(zero, [(one, _bar(one)) for one in published if one.time_zero == zero])
              for zero in zeros]  # fmt: skip
    return section(
        "consolidation.html",
        anchor="consolidation",
        title="Recurrence after chemoradiotherapy and consolidation",
        data={
            "recurrence": [asdict(one) for one in own],
            "published_medians": [asdict(one) for one in published],
        },
        own=[(one, _bar(one)) for one in own],
        groups=groups,
    )


def _bar(one: TimedMedian) -> Markup:
    """Draw a time from its own zero; bars of different zeros have no common axis."""
    scale = (_WIDTH - 2 * _LEFT) / max(18.0, one.months)
    end = _LEFT + one.months * scale
    ticks = "".join(
        f'<line x1="{_LEFT + month * scale:.1f}" x2="{_LEFT + month * scale:.1f}" y1="18" y2="22" '
        'stroke="currentColor" stroke-width="1"/>'
        for month in range(0, int(max(18, one.months)) + 1, 6)
    )
    label = escape(f"{one.months:g} months from {one.time_zero}")
    return Markup(  # noqa: S704 - numbers, and one escaped label
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'width="{_WIDTH}" height="{_HEIGHT}" role="img" aria-label="{label}">'
        f'<line x1="{_LEFT}" x2="{_WIDTH - _LEFT}" y1="20" y2="20" stroke="currentColor" '
        f'stroke-width="1" opacity=".4"/>{ticks}'
        f'<line x1="{_LEFT}" x2="{end:.1f}" y1="11" y2="11" stroke="#0072b2" stroke-width="5"/>'
        f'<circle cx="{end:.1f}" cy="11" r="5" fill="#0072b2"/></svg>'
    )
