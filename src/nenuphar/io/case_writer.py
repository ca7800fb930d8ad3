"""A case written out in Nenuphar's own form, so that reading it gives the same case."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import yaml

from nenuphar.domain.case import (
    IHC,
    Assay,
    Case,
    CopyNumberSegment,
    Observed,
    Reading,
    Specimen,
    TimePoint,
    Tumour,
    Variant,
)
from nenuphar.domain.observation import Value
from nenuphar.domain.quantity import Interval
from nenuphar.io.values import AREA_UNIT


def write_case(case: Case) -> str:
    """Write a case as YAML; `read_case` gives it back, apart from where its values stood."""
    return yaml.safe_dump(case_as_data(case), sort_keys=False, allow_unicode=True, width=100)


def write_cases(cases: Iterable[Case]) -> str:
    """Write cases as one YAML file."""
    data = [case_as_data(case) for case in cases]
    return yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=100)


def case_as_data(case: Case) -> dict[str, Any]:
    """Return a case as mappings, lists and strings, as its file holds them."""
    return _without_empty(
        {
            "patient": case.patient,
            "facts": _facts(case.facts),
            "tumours": [_tumour(tumour) for tumour in case.tumours],
            "treatments": [
                _without_empty(
                    {"id": line.id, "start": _date(line.start), "facts": _facts(line.facts)}
                )
                for line in case.lines
            ],
            "time_points": [_time_point(point) for point in case.time_points],
        }
    )


def _without_empty(data: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if value not in (None, "", [], {})}


def _date(date: object) -> str:
    return str(date) if date else ""


def _facts(facts: Iterable[Observed]) -> dict[str, Any]:
    return {observed.fact: _observed(observed) for observed in facts}


def _observed(observed: Observed) -> Any:
    value = _value(observed.value)
    details = {"date": observed.origin.date, "assay": observed.origin.assay}
    if not any(details.values()):
        return value
    own = value if isinstance(value, dict) else {"value": value}
    return _without_empty({**own, **details})


def fact_text(value: Value) -> str:
    """Return a value as one text, as a cell of a table holds it."""
    written = _value(value)
    return written if isinstance(written, str) else str(value)


def _value(value: Value) -> Any:
    if isinstance(value, Interval):
        return _interval(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _interval(value: Interval) -> Any:
    unit = "/2mm2" if value.unit == AREA_UNIT else ""
    if value.is_exact:
        return f"{_number(value.lo)}{unit}"
    if math.isinf(value.hi):
        return f"{'>' if value.lo_open else '>='}{_number(max(value.lo, 0.0))}{unit}"
    if value.lo <= 0 and not value.lo_open:
        return f"{'<' if value.hi_open else '<='}{_number(value.hi)}{unit}"
    if not value.lo_open and not value.hi_open:
        return f"{_number(value.lo)}-{_number(value.hi)}{unit}"
    ends = {"lo": _number(value.lo), "lo_open": "true" if value.lo_open else None}
    ends |= {"hi": _number(value.hi), "hi_open": "true" if value.hi_open else None}
    return _without_empty(ends)


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() and value < 1e15 else repr(value)


def _readings(readings: Iterable[Reading]) -> list[dict[str, Any]]:
    return [
        _without_empty({"assessor": reading.assessor, "facts": _facts(reading.facts)})
        for reading in readings
    ]


def _tumour(tumour: Tumour) -> dict[str, Any]:
    specimens = [_specimen(specimen) for specimen in tumour.specimens]
    return _without_empty({"id": tumour.id, "facts": _facts(tumour.facts), "specimens": specimens})


def _specimen(specimen: Specimen) -> dict[str, Any]:
    return _without_empty(
        {
            "id": specimen.id,
            "date": _date(specimen.date),
            "facts": _facts(specimen.facts),
            "readings": _readings(specimen.readings),
            "components": [
                _without_empty(
                    {
                        "name": component.name,
                        "facts": _facts(component.facts),
                        "readings": _readings(component.readings),
                    }
                )
                for component in specimen.components
            ],
            "assays": [_assay(assay) for assay in specimen.assays],
            "ihc": [_stain(stain) for stain in specimen.ihc],
            "variants": [_variant(variant) for variant in specimen.variants],
            "segments": [_segment(segment) for segment in specimen.segments],
        }
    )


def _assay(assay: Assay) -> dict[str, Any]:
    numbers = {"purity": assay.purity, "ploidy": assay.ploidy}
    data = _without_empty(
        {
            **{name: getattr(assay, name) for name in ("id", "type", "file", "sample", "genome")},
            **{name: None if value is None else repr(value) for name, value in numbers.items()},
        }
    )
    if assay.genes is not None:
        data["genes"] = list(assay.genes)
    if assay.whole_exome:
        data["whole_exome"] = "yes"
    return data


def _stain(stain: IHC) -> dict[str, Any]:
    return _without_empty(
        {
            "marker": stain.marker,
            "result": stain.result,
            "percent": _interval(stain.percent) if stain.percent else None,
            "h_score": _interval(stain.h_score) if stain.h_score else None,
            "clone": stain.clone,
        }
    )


def _variant(variant: Variant) -> dict[str, Any]:
    return _without_empty(
        {
            "gene": variant.gene,
            # What followed from the consequence follows again when it is read.
            "significance": None if variant.basis else variant.significance,
            "origin": variant.origin,
            "change": variant.change,
            "assay": variant.assay,
            "consequence": variant.consequence,
        }
    )


def _segment(segment: CopyNumberSegment) -> dict[str, Any]:
    numbers = {"log2": segment.log2, "total": segment.total, "minor": segment.minor}
    stated = {name: repr(value) for name, value in numbers.items() if value is not None}
    place = {"start": str(segment.start), "end": str(segment.end)}
    return {"chromosome": segment.chromosome, **place, **stated}


def _time_point(point: TimePoint) -> dict[str, Any]:
    return _without_empty(
        {
            "id": point.id,
            "date": _date(point.date),
            "facts": _facts(point.facts),
            "readings": _readings(point.readings),
            "lesions": [
                _without_empty(
                    {
                        "id": lesion.id,
                        "facts": _facts(lesion.facts),
                        "readings": _readings(lesion.readings),
                    }
                )
                for lesion in point.lesions
            ],
        }
    )
