"""Neuroendocrine neoplasms made computable.

What it is, why immunotherapy fails or may work, and what could be done; for research use only.

Example:
    >>> import nenuphar as nn
    >>> assessment = nn.assess(nn.read_case("case.yaml"))  # doctest: +SKIP
    >>> cohort = nn.assess_cohort("readings.csv", mapping="lung-net-readers")  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nenuphar.io.case_file import read_case
    from nenuphar.methods.expression import score
    from nenuphar.pipeline.case import assess
    from nenuphar.pipeline.cohort import assess_cohort

__version__ = "0.1.0"

__all__ = ["assess", "assess_cohort", "read_case", "score"]

_HOMES = {
    "assess": "nenuphar.pipeline.case",
    "assess_cohort": "nenuphar.pipeline.cohort",
    "read_case": "nenuphar.io.case_file",
    "score": "nenuphar.methods.expression",
}


def __getattr__(name: str) -> Any:
    """Load what is asked for, and nothing before."""
    if name not in _HOMES:
        raise AttributeError(f"module 'nenuphar' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
