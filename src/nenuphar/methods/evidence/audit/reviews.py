"""How the three reviews are laid out, so that their plain text can be read as passages."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Layout:
    """What tells one review's text apart and bounds its body.

    Attributes:
        source: DOI, as records cite it.
        name: Short name.
        marker: Words of the title; the text that holds them within its start is this review.
        body_start: First heading after the front matter.
        body_end: First line behind the body; None where the body runs to the end.
        noise: Running headers, footers and declarations inside the body.
        run_in: Headings that stand at the start of their paragraph.
    """

    source: str
    name: str
    marker: str
    body_start: re.Pattern[str]
    body_end: re.Pattern[str] | None
    noise: re.Pattern[str]
    run_in: re.Pattern[str] = re.compile(r"(?!)")


LAYOUTS = (
    Layout(
        source="10.3748/wjg.v27.i47.8123",
        name="Xu 2021",
        marker="Immunotherapies for well-differentiated grade 3 gastroenteropancreatic",
        body_start=re.compile(r"^INTRODUCTION$"),
        body_end=None,
        noise=re.compile(r"(?!)"),
    ),
    Layout(
        source="10.20517/cdr.2024.154",
        name="Nie 2024",
        marker="Mechanisms of immunotherapy resistance in small cell lung cancer",
        body_start=re.compile(r"^INTRODUCTION$"),
        body_end=re.compile(r"^DECLARATIONS$"),
        noise=re.compile(r"^(Nie et al\. Cancer Drug Resist|Page \d+ of \d+|\. ?$)"),
    ),
    Layout(
        source="10.1172/JCI186702",
        name="Fernandez-Cuesta 2025",
        marker="Basic science and translational implications of current knowledge",
        body_start=re.compile(r"^Etiology and trends in epidemiology$"),
        body_end=re.compile(r"^Acknowledgments$"),
        noise=re.compile(
            r"^(Conflict of interest:|Copyright:|Reference information:|<?https?://\S+>?\.?$)"
        ),
        run_in=re.compile(
            r"^(Lung|Pancreas|MEN1 in pancreatic and lung NETs|Small intestine|Cells of origin|"
            r"Interaction between cell of origin and microenvironment)\. (?=[A-Z])"
        ),
    ),
)
"""The reviews from which the records were taken."""


def layout_of(text: str) -> Layout | None:
    """Return the layout of the review that a text is, or None for any other text."""
    start = text[:6000]
    return next((layout for layout in LAYOUTS if layout.marker in start), None)
