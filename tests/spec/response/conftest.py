"""Short ways to write courses of disease, shared by the pages of this chapter."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import polars as pl
import pytest

from nenuphar.methods.response.lesions import time_point_responses
from nenuphar.methods.response.measurements import read_measurements
from nenuphar.methods.response.timepoints import LesionOptions

START = dt.date(2024, 1, 1)
Row = dict[str, object]


@pytest.fixture
def course() -> Callable[..., pl.DataFrame]:
    """Write lesions as rows of sizes, one per visit, and get the time points.

    ``{"T01": [50, 30, None]}`` is a target measured at baseline and at the first visit and not
    evaluated at the second. Words (``absent``) are states. The name gives the role (``T``
    target, ``NT`` non-target, ``NL`` new, ``N`` nodal target); ``-`` means that the visit does
    not mention the lesion.
    """

    def write(
        lesions: dict[str, list[object]],
        criteria: str = "recist1.1",
        every: int = 56,
        days: list[int] | None = None,
        extra: Row | None = None,
        **options: object,
    ) -> pl.DataFrame:
        visits = max(len(values) for values in lesions.values())
        dates = [START + dt.timedelta(day) for day in days or range(0, every * visits, every)]
        rows = [
            _row(name, value, str(dates[index])) | (extra or {})
            for name, values in lesions.items()
            for index, value in enumerate(values)
            if value != "-"
        ]
        checked = read_measurements(pl.DataFrame(rows, schema_overrides=_TEXT))
        found, _ = time_point_responses(checked.rows, criteria, options=LesionOptions(**options))
        return found

    return write


_TEXT = {"diameter_mm": pl.String, "status": pl.String}


def _row(name: str, value: object, date: str) -> Row:
    role = "new" if name.startswith("NL") else "non-target" if name.startswith("NT") else "target"
    nodal = name.startswith("N") and role == "target"
    size = value if isinstance(value, int | float) else None
    state = value if isinstance(value, str) else "NE" if value is None else None
    return {
        "subject": "001",
        "assessor": "reader",
        "date": date,
        "lesion": name,
        "role": role,
        "organ": "lymph node" if nodal else "",
        "diameter_mm": None if size is None else str(size),
        "status": state,
    }
