"""The parts of a Phenopacket: validated against the schema, with their paths, times and answers."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nenuphar.domain.dates import DateError, PartialDate, parse_date
from nenuphar.io.exchange.answers import Answer, Code
from nenuphar.io.exchange.ledger import escape
from nenuphar.io.exchange.parts import Part
from nenuphar.io.exchange.vocabulary import Vocabulary

if TYPE_CHECKING:
    from google.protobuf.descriptor import Descriptor

_FAILED = re.compile(r"Failed to parse (\w+) field")
_DURATION = re.compile(
    r"^P(?:(\d+(?:\.\d+)?)Y)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)W)?(?:(\d+(?:\.\d+)?)D)?(?:T.*)?$"
)
_DAYS_OF_A_YEAR = 365.25
OLDEST = 150

BOUNDS = {
    "at_least": (0, False),
    "more_than": (0, True),
    "at_most": (1, False),
    "less_than": (1, True),
}
"""Own types of quantities that bound another: from below (0) or above (1), with the end or not."""


class PacketError(ValueError):
    """A document that is no Phenopacket; the message is a path, never content."""


def checked(raw: Any) -> tuple[Part, list[str]]:
    """Return a packet with the schema's own names, and the paths of fields it does not know.

    Raises:
        PacketError: It does not fit the schema; the message is the path of what does not.
    """
    from google.protobuf.json_format import ParseDict, ParseError
    from phenopackets.schema.v2 import Phenopacket

    unknown: list[str] = []
    data = _named(raw, Phenopacket.DESCRIPTOR, "", unknown)
    try:
        ParseDict(data, Phenopacket())
    except (ParseError, TypeError, ValueError, AttributeError) as error:
        path = "/".join(_FAILED.findall(str(error)))
        raise PacketError(f"/{path}") from error
    return Part(data), unknown


def _named(raw: Any, kind: Descriptor, pointer: str, unknown: list[str]) -> Any:
    """Give fields their JSON names; leave out empty ones and those that the schema lacks."""
    if not isinstance(raw, dict):
        return raw
    by_name = {**{f.name: f for f in kind.fields}, **{f.json_name: f for f in kind.fields}}
    found: dict[str, Any] = {}
    for key, value in raw.items():
        own = by_name.get(key)
        if own is None:
            unknown.append(f"{pointer}/{escape(str(key))}")
        elif value is not None and own.json_name not in found:
            below = f"{pointer}/{own.json_name}"
            found[own.json_name] = _value(value, own, below, unknown)
    return found


def _value(value: Any, own: Any, pointer: str, unknown: list[str]) -> Any:
    if isinstance(value, list):
        return [
            _value(item, own, f"{pointer}/{number}", unknown) for number, item in enumerate(value)
        ]
    if own.message_type is not None and not own.message_type.full_name.startswith("google."):
        return _named(value, own.message_type, pointer, unknown)
    if own.type == own.TYPE_BOOL and value in ("true", "false"):  # YAML is read as text
        return value == "true"
    return value


# --- times -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Moment:
    """When something was: a date, or an age, which orders but never becomes a date.

    Attributes:
        date: The date; None where only an age is stated.
        age: Age in years, first and last that is meant; None where no age is stated.
        text: The age as it is written.
    """

    date: PartialDate | None = None
    age: tuple[float, float] | None = None
    text: str = ""


def moment_of(part: Part | None) -> Moment:
    """Read a time element; nothing where it states neither a date nor an age."""
    if part is None:
        return Moment()
    if stamp := part.text("timestamp"):
        return Moment(day_of(stamp))
    if (interval := part.get("interval")) is not None:
        return Moment(_between(day_of(interval.text("start")), day_of(interval.text("end"))))
    if (age := part.get("age")) is not None:
        text = age.text("iso8601duration")
        years = years_of(text)
        return Moment(None, None if years is None else (years, years), text)
    if (ages := part.get("ageRange")) is not None:
        ends = [(ages.get(name) or Part({})).text("iso8601duration") for name in ("start", "end")]
        low, high = years_of(ends[0]), years_of(ends[1])
        if low is not None and high is not None and low <= high:
            return Moment(None, (low, high), "/".join(ends))
    return Moment()


def day_of(stamp: str) -> PartialDate | None:
    """Return the day of a time stamp; the time of the day is not kept."""
    try:
        return parse_date(stamp[:10])
    except DateError:
        return None


def _between(start: PartialDate | None, end: PartialDate | None) -> PartialDate | None:
    """Return the day, month or year that an interval lies in; None where it spans several years."""
    if start is None or end is None or start > end:
        return None
    if start == end:
        return start
    first, last = start.earliest, end.latest
    if first.year != last.year:
        return None
    known = 7 if first.month == last.month else 4
    return parse_date(first.isoformat()[:known])


def years_of(duration: str) -> float | None:
    """Return an ISO 8601 duration in years; None where it is none, or no age."""
    found = _DURATION.match(duration.strip())
    if found is None or not any(found.groups()):
        return None
    years, months, weeks, days = (float(part or 0) for part in found.groups())
    total = years + months / 12 + (7 * weeks + days) / _DAYS_OF_A_YEAR
    return total if total <= OLDEST else None


def time_element(date: PartialDate) -> dict[str, Any]:
    """Write a date as a time element: a day as a time stamp, a month or a year as an interval."""
    if date.is_full:
        return {"timestamp": stamp(date.earliest)}
    return {"interval": {"start": stamp(date.earliest), "end": stamp(date.latest)}}


def stamp(day: dt.date) -> str:
    """Write a day as a time stamp."""
    return f"{day.isoformat()}T00:00:00Z"


# --- answers -----------------------------------------------------------------------------------


def class_of(part: Part | None, vocabulary: Vocabulary) -> tuple[Code, ...]:
    """Return an ontology class as a code; none where the field is absent."""
    if part is None or not isinstance(part.data, dict):
        return ()
    return (vocabulary.curie(part.text("id"), part.text("label")),)


def answer_of(measurement: Part, vocabulary: Vocabulary) -> Answer:
    """Return what a measurement came to."""
    value = measurement.get("value")
    if value is not None:
        if (quantity := value.get("quantity")) is not None:
            return _quantity(quantity, vocabulary)
        return Answer(class_of(value.get("ontologyClass"), vocabulary))
    bounds: list[float | None] = [None, None]
    opened, unit = [False, False], ""
    for typed in (measurement.get("complexValue") or Part({})).each("typedQuantities"):
        kind = class_of(typed.get("type"), vocabulary)
        part = typed.get("quantity")
        if not kind or kind[0].system != "own" or kind[0].code not in BOUNDS or part is None:
            return Answer()
        side, excluded = BOUNDS[kind[0].code]
        inner = _quantity(part, vocabulary)
        if inner.ends is None:
            return Answer()
        bounds[side], opened[side], unit = inner.ends[0], excluded, inner.unit
    if bounds == [None, None]:
        return Answer()
    low = 0.0 if bounds[0] is None else bounds[0]
    high = float("inf") if bounds[1] is None else bounds[1]
    return Answer(ends=(low, high, opened[0], opened[1]), unit=unit)


def _quantity(part: Part, vocabulary: Vocabulary) -> Answer:
    """Return a quantity; one without a value is no answer, for absent is not zero."""
    number = part.get("value")
    if number is None:
        return Answer()
    try:
        value = float(number.data)
    except (TypeError, ValueError):
        return Answer()
    unit = class_of(part.get("unit"), vocabulary)
    named = ""
    if unit:
        named = unit[0].code if unit[0].system in ("ucum", "") else unit[0].key
        if unit[0].system not in ("ucum", "", "ncit"):
            named = unit[0].label or named
    return Answer(ends=(value, value, False, False), unit=named)
