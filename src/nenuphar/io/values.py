"""Texts of a record as values of a fact: quantities, codes, yes and no, dates."""

from __future__ import annotations

import datetime as dt
import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from nenuphar.domain.dates import DateError, PartialDate, parse_date
from nenuphar.domain.observation import Value
from nenuphar.domain.quantity import FIELD_UNITS, Interval, QuantityError, canonical_unit
from nenuphar.domain.quantity import parse_quantity as _parse_quantity
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.knowledge.schema import Fact

MISSING = frozenset(
    {"", "na", "n/a", "#n/a", "nan", "null", "[not available]", "[not applicable]", "not available"}
)
"""Texts (in lower case) that say that nothing is known; `none`, `-` and `?` may mean something."""

CEILINGS = {"percent": 100.0, "years": 150.0, "h_score": 300.0}
"""Largest number that a unit can state."""

AREA_UNIT = "per_2mm2"
"""The unit that means nothing unless the counted area is known."""

LONGEST_TEXT = 10_000
LONGEST_ID = 200

_INTEGRAL = re.compile(r"^(\d+)\.0+$")
_NOT_IN_IDS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_THOUSANDS = re.compile(r"^[1-9]\d{0,2}(,\d{3})+$")
_UNIT_BEHIND = re.compile(
    r"^([<>=≤≥~]*\s*\d[\d.,]*(?:\s*(?:-|–|—|to)\s*\d[\d.,]*)?)\s*([^\d\s.,].*)$", re.DOTALL
)
_MIDNIGHT = re.compile(r"[ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?Z?$")
_YES = frozenset({"yes", "y", "true", "t", "1", "1.0"})
_NO = frozenset({"no", "n", "false", "f", "0", "0.0"})
_EARLIEST_YEAR, _LATEST_YEAR = 1850, 2150


class ValueProblem(ValueError):  # noqa: N818  (a problem of a record, not a failure of the program)
    """A text that is no value of its fact.

    Attributes:
        reason: Why it is none.
        fix: What would be one.
    """

    def __init__(self, reason: str, fix: str) -> None:
        super().__init__(f"{reason}; {fix}")
        self.reason = reason
        self.fix = fix


def clean_id(text: str) -> str:
    """Return an id verbatim, but `8.0` as `8`, as the ids of a table are read."""
    return _INTEGRAL.sub(r"\1", text.strip())


def is_id(text: str) -> bool:
    """Whether a text can be an id: something on one line, and not endless."""
    return len(text.strip()) > 0 and len(text) <= LONGEST_ID and not _NOT_IN_IDS.search(text)


def plain(text: str) -> str:
    """Return a text as it is compared: case and runs of blanks do not count."""
    return " ".join(text.split()).casefold()


def nearest(word: str, known: Iterable[str], most: int = 1) -> list[str]:
    """Return the known spellings nearest to a word, best first; none if all are far."""
    by_plain = {plain(name): name for name in known}
    found = difflib.get_close_matches(plain(word)[:200], by_plain, n=most, cutoff=0.6)
    return [by_plain[name] for name in found]


@dataclass(frozen=True)
class ValueParser:
    """Reads the texts of one fact.

    Attributes:
        fact: The declared fact.
        codes: What texts of this input mean, as permitted values or texts that parse; None where
            they mean that nothing is known.
        spellings: Every accepted spelling of a permitted value (`plain`), and that value; empty
            where any code is permitted.
        unit: Unit of numbers that state none; the unit of the fact if empty.
        missing: Further texts that say that nothing is known.
        date_format: How dates are written (`%d/%m/%Y`); ISO dates if empty.
    """

    fact: Fact
    codes: Mapping[str, str | None] = field(default_factory=dict)
    spellings: Mapping[str, str] = field(default_factory=dict)
    unit: str = ""
    missing: frozenset[str] = MISSING
    date_format: str = ""

    @cached_property
    def _own_codes(self) -> dict[str, str | None]:
        return {plain(text): value for text, value in self.codes.items()}

    def parse(self, text: str) -> Value | None:
        """Read a text; None if it says that nothing is known.

        Raises:
            ValueProblem: It is no value of the fact; says why and what would be one.
        """
        if len(text) > LONGEST_TEXT:
            raise ValueProblem(
                f"the cell holds {len(text):,} characters", "check the quotation marks around it"
            )
        key = plain(text)
        meant = self._own_codes.get(key, text)
        unknown = key in self.missing and key not in self._own_codes and key not in self.spellings
        if meant is None or unknown:
            return None
        return self._read(meant)

    def _read(self, text: str) -> Value:
        match self.fact.type:
            case "number":
                return self.number(text)
            case "code":
                return self._code(text, plain(text))
            case "boolean":
                return _boolean(plain(text))
            case "date":
                return self._date(text.strip())
            case _:
                return text.strip()

    def number(self, text: str) -> Interval:
        """Read a quantity in the unit of the fact.

        Raises:
            ValueProblem: It is no quantity, or one that cannot be.
        """
        clean = text.strip()
        if _THOUSANDS.match(clean):
            raise ValueProblem(
                "the comma may mark thousands or decimals", "write it without, or with a point"
            )
        try:
            interval = parse_quantity(clean, self.unit or self.fact.unit)
        except QuantityError as error:
            hint = f"a number in {self.fact.unit}" if self.fact.unit else "a number"
            raise ValueProblem(
                str(error) if len(str(error)) < 200 else "is no quantity",
                f"write {hint}, a bound such as >20 or a range such as 30-40",
            ) from error
        ceiling = CEILINGS.get(interval.unit)
        if ceiling is not None and interval.lo > ceiling:
            raise ValueProblem(
                f"nothing exceeds {ceiling:g} in {interval.unit}", "check the value and its unit"
            )
        if interval.lo == float("inf"):
            raise ValueProblem("is too large for a number", "check the value")
        return interval

    def _code(self, text: str, key: str) -> str:
        if not self.spellings:
            return text.strip()
        for spelling in (key, key.replace(" ", "_").replace("-", "_")):
            if spelling in self.spellings:
                return self.spellings[spelling]
        near = nearest(text, self.spellings.values()) or nearest(text, self.spellings)
        if near:
            fix = f"did you mean {self.spellings.get(plain(near[0]), near[0])!r}?"
        else:
            permitted = sorted(set(self.spellings.values()))
            more = ", ..." if len(permitted) > 8 else ""
            fix = "permitted: " + ", ".join(permitted[:8]) + more
        raise ValueProblem(f"is no value of {self.fact.id}", fix)

    def _date(self, text: str) -> PartialDate:
        text = _MIDNIGHT.sub("", text)
        try:
            if self.date_format:
                day = dt.datetime.strptime(text, self.date_format).date()
                date = PartialDate(day, day)
            else:
                date = parse_date(text)
        except DateError as error:
            raise ValueProblem(str(error), "or state `date_format` in the mapping") from error
        except ValueError as error:
            raise ValueProblem(
                f"is no date written as {self.date_format}", "check the day and the format"
            ) from error
        if not _EARLIEST_YEAR <= date.earliest.year <= _LATEST_YEAR:
            raise ValueProblem("no patient alive was seen in that year", "check the year")
        return date


def _boolean(key: str) -> bool:
    if key in _YES or key in _NO:
        return key in _YES
    raise ValueProblem("is neither yes nor no", "write yes or no, or map it under `codes`")


def parse_quantity(text: str, unit: str) -> Interval:
    """Read a quantity, also with a unit behind it that only `domain.quantity.UNITS` knows.

    Raises:
        QuantityError: It is none, or its unit disagrees in kind with `unit`.
    """
    try:
        return _parse_quantity(text, unit)
    except QuantityError:
        behind = _UNIT_BEHIND.match(text)
        if behind is None:
            raise
        stated, _ = canonical_unit(behind[2].strip())
        interval = _parse_quantity(behind[1], behind[2].strip())
        if stated != canonical_unit(unit)[0]:
            raise
        return interval


def per_field(unit: str) -> bool:
    """Whether a unit counts per high-power field, whose area depends on the microscope."""
    return unit.strip().lower() in FIELD_UNITS


def spellings_of(fact: Fact, knowledge: KnowledgeBase) -> dict[str, str]:
    """Return every accepted spelling of the permitted values of a coded fact.

    A code comes before its name, a name before a synonym, and the meaning printed beside a value
    last; a spelling that would mean two codes is not accepted.
    """
    spellings: dict[str, str] = {plain(code): code for code in fact.values}
    tiers: list[list[tuple[str, str]]] = []
    if system := knowledge.terminologies.get(fact.hierarchy):
        spellings |= {plain(code): code for code in system.concepts}
        tiers.append([(plain(c.name), code) for code, c in system.concepts.items()])
        tiers.append([(plain(s), code) for code, c in system.concepts.items() for s in c.synonyms])
    tiers.append([(plain(meaning), code) for code, meaning in fact.values.items() if meaning])
    for tier in tiers:
        meant: dict[str, set[str]] = {}
        for spelling, code in tier:
            meant.setdefault(spelling, set()).add(code)
        for spelling, codes in meant.items():
            if len(codes) == 1:
                spellings.setdefault(spelling, next(iter(codes)))
    return spellings


def parser_for(fact: Fact, knowledge: KnowledgeBase) -> ValueParser:
    """Return the parser of a fact as it is written in a case, without a mapping."""
    coded = fact.type == "code"
    return ValueParser(fact, spellings=spellings_of(fact, knowledge) if coded else {})
