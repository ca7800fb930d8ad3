"""The levels of a case file: their fields, their facts, and what has to be said of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from nenuphar.domain.case import Observed
from nenuphar.domain.dates import DateError, PartialDate, parse_date
from nenuphar.domain.observation import Origin, Value
from nenuphar.domain.quantity import Interval, QuantityError
from nenuphar.domain.scope import READ_BY_ASSESSORS, Scope
from nenuphar.io.case_draft import Draft
from nenuphar.io.case_specimen import marker_name, read_details, stain_of
from nenuphar.io.result import Findings
from nenuphar.io.values import (
    AREA_UNIT,
    ValueParser,
    ValueProblem,
    clean_id,
    is_id,
    nearest,
    parser_for,
)
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.knowledge.yaml_lines import Marked

LISTS = {
    Scope.PATIENT: {
        "tumours": Scope.TUMOUR,
        "treatments": Scope.TREATMENT_LINE,
        "time_points": Scope.TIME_POINT,
    },
    Scope.TUMOUR: {"specimens": Scope.SPECIMEN},
    Scope.SPECIMEN: {"components": Scope.COMPONENT},
    Scope.TIME_POINT: {"lesions": Scope.LESION},
}
"""Fields that list the levels below."""

ID_FIELDS = {Scope.PATIENT: "patient", Scope.COMPONENT: "name"}
DATE_FIELDS = {Scope.SPECIMEN: "date", Scope.TREATMENT_LINE: "start", Scope.TIME_POINT: "date"}
DETAILS = ("assays", "ihc", "variants", "segments")

_VALUE_FIELDS = frozenset({"value", "unit", "date", "assay", "lo", "lo_open", "hi", "hi_open"})
_TWICE = "is stated twice for the {}, differently"
_KEEP_ONE = "keep the right one; until then the value counts as missing"
_BARE_NUMBER = re.compile(r"^[<>=≤≥~\s]*[\d.,eE+-]+(\s*(-|–|to)\s*[\d.,]+)?$")


def fields_of(scope: Scope) -> tuple[str, ...]:
    """Return the fields of a level, apart from facts."""
    fields = [ID_FIELDS.get(scope, "id"), "facts", *LISTS.get(scope, {})]
    if scope in DATE_FIELDS:
        fields.append(DATE_FIELDS[scope])
    if scope in READ_BY_ASSESSORS:
        fields.append("readings")
    if scope is Scope.SPECIMEN:
        fields += DETAILS
    return tuple(fields)


FOLDED = {Scope.PATIENT: (Scope.TUMOUR, Scope.SPECIMEN), Scope.TUMOUR: (Scope.SPECIMEN,)}
"""Levels whose fields may stand in a wider one, where there is only one of them."""


class _Stated(NamedTuple):
    """A fact as a case states it."""

    name: str
    value: Any
    line: int


class LevelReader:
    """Reads the levels of one case; what cannot be read is listed and left out."""

    def __init__(
        self, knowledge: KnowledgeBase, findings: Findings, patient: str, folder: str = ""
    ) -> None:
        self.knowledge = knowledge
        self.folder = folder
        self.findings = findings
        self.patient = patient
        self._parsers: dict[str, ValueParser] = {}

    def read(self, data: Marked) -> Draft:
        """Read a case from its mapping."""
        draft = Draft(Scope.PATIENT, self.patient)
        self._level(data, draft)
        named = data["patient"]
        if isinstance(named, Marked):  # `patient: {id: P1, sex: female}`
            self._facts({"patient": _without_id(named)}, draft, named.line)
        self._drop_disputed_stains(draft)
        return draft

    def problem(self, line: int, column: str, value: object, reason: str, fix: str) -> None:
        """List something that is left out."""
        shown = value if isinstance(value, str) else type(value).__name__
        self.findings.value(line, self.patient, column, shown, reason, fix)

    def _level(self, data: Marked, draft: Draft) -> None:
        """Read the levels below first, so that facts find them."""
        later: list[tuple[str, Any, int]] = []
        for name, value in data.items():
            line = data.key_lines[name]
            home = self._home(name, draft)
            if value is None or name == ID_FIELDS.get(draft.scope, "id"):
                continue
            if home is None:
                later.append((name, value, line))
            elif name in LISTS.get(home.scope, {}):
                self._list(value, home, LISTS[home.scope][name], line, name)
            else:
                later.append((name, value, line))
        for name, value, line in later:
            home = self._home(name, draft)
            if home is None:
                self._facts({name: value}, draft, line)
            elif name == "facts":
                self._facts(value, draft, line)
            elif name == "readings":
                self._readings(value, home, line)
            elif name == "ihc" and isinstance(value, Marked):
                self._stains(value, home)
            elif name in DETAILS:
                read_details(name, value, home, line, self)
            else:
                home.date = self.date(value, name, line)

    def _home(self, name: str, draft: Draft) -> Draft | None:
        """Return the level that a field belongs to: this one, or the only one folded into it."""
        if name in fields_of(draft.scope):
            return draft
        for scope in FOLDED.get(draft.scope, ()):
            if name in fields_of(scope) and name not in ("id", "facts"):
                return draft.reach(scope)
        return None

    def _list(self, value: Any, draft: Draft, scope: Scope, line: int, name: str) -> None:
        items = value if isinstance(value, list) else None
        if items is None or not all(isinstance(item, Marked) for item in items):
            self.problem(
                line, name, value, "is no list of entries", f"write `- id: ...` below {name}"
            )
            return
        taken = {child.id for child in draft.below(scope)}
        for position, item in enumerate(items, 1):
            own = item.get(ID_FIELDS.get(scope, "id"))
            own_id = clean_id(own) if isinstance(own, str) and own.strip() else str(position)
            if own_id in taken or not is_id(own_id):
                self.problem(
                    item.line,
                    name,
                    own_id,
                    "is no id, or stands twice; the entry is left out",
                    "give every entry an id of its own",
                )
                continue
            taken.add(own_id)
            self._level(item, draft.add(scope, own_id))

    def _stains(self, stains: Marked, specimen: Draft) -> None:
        """Read stains by marker: facts, or entries where one says more than a fact can."""
        for marker, value in stains.items():
            line = stains.key_lines[marker]
            if entry := stain_of(marker, stains):
                read_details("ihc", [entry], specimen, line, self)
            else:
                self._facts({f"ihc.{marker_name(marker)}": value}, specimen, line)

    def _drop_disputed_stains(self, draft: Draft) -> None:
        """List stains that differ from another or from a fact of the specimen; none stands."""
        for child in draft.children:
            self._drop_disputed_stains(child)
        said: dict[str, set[object]] = {}
        for stain in draft.ihc:
            stated = draft.facts.get(f"ihc.{stain.marker}")
            own = {stain.result} | ({stated.value} if stated else set())
            said.setdefault(stain.marker, set()).update(own - {None})
        for marker in (marker for marker, values in said.items() if len(values) > 1):
            shown = " / ".join(sorted(map(str, said[marker])))
            line = draft.stain_lines[marker]
            self.problem(line, f"ihc.{marker}", shown, _TWICE.format("specimen"), _KEEP_ONE)
            draft.facts.pop(f"ihc.{marker}", None)
            draft.ihc = [stain for stain in draft.ihc if stain.marker != marker]

    def _readings(self, value: Any, draft: Draft, line: int) -> None:
        items = value if isinstance(value, list) else [None]
        for item in items:
            if not isinstance(item, Marked):
                self.problem(
                    line, "readings", value, "is no list of readings", "write `- assessor: ...`"
                )
                continue
            who = item.get("assessor")
            if not isinstance(who, str) or not who.strip() or who.strip() in draft.readings:
                self.problem(
                    item.line,
                    "assessor",
                    who or "",
                    "is nobody, or stands twice",
                    "name every assessor once",
                )
                continue
            facts = draft.readings.setdefault(who.strip(), {})
            rest = {n: v for n, v in item.items() if n not in ("assessor", "facts")}
            for stated in [
                *self._flat(item.get("facts"), item.key_lines.get("facts", item.line)),
                *self._flat(rest, item.line, item),
            ]:
                observed = self._observed(stated)
                if observed is None:
                    continue
                if self.knowledge.facts[stated.name].scope is not draft.scope:
                    self.problem(
                        stated.line,
                        stated.name,
                        "",
                        f"is no fact of a {draft.scope.value}",
                        "state it outside the reading",
                    )
                    continue
                facts[stated.name] = observed

    def _facts(self, data: Any, draft: Draft, line: int) -> None:
        """Read facts and put each on the level that it describes."""
        for stated in self._flat(data, line):
            observed = self._observed(stated)
            if observed is None:
                continue
            scope = self.knowledge.facts[stated.name].scope
            home = draft.reach(scope) if scope is not Scope.ASSAY else None
            if home is None:
                self.problem(
                    stated.line,
                    stated.name,
                    "",
                    f"describes a {scope.value}, and it is not clear which",
                    f"state it under that {scope.value}",
                )
            else:
                self._place(observed, home, stated.line)

    def _place(self, observed: Observed, home: Draft, line: int) -> None:
        before = home.facts.get(observed.fact)
        if observed.fact in home.disputed:
            return
        if before is None:
            home.facts[observed.fact] = observed
        elif before.value != observed.value:
            del home.facts[observed.fact]
            home.disputed.add(observed.fact)
            self.problem(
                line,
                observed.fact,
                f"{before.origin.text} / {observed.origin.text}",
                _TWICE.format(home.scope.value),
                _KEEP_ONE,
            )

    def _flat(self, data: Any, line: int, marks: Marked | None = None) -> Iterator[_Stated]:
        """Yield facts from a mapping, dotted or nested."""
        if data is None:
            return
        if not isinstance(data, dict):
            self.problem(
                line, "facts", data, "is no list of `fact: value` lines", "write one per line"
            )
            return
        marks = data if isinstance(data, Marked) else marks
        for name, value in data.items():
            at = marks.key_lines.get(name, line) if marks else line
            yield from self._nested(name, value, at)

    def _nested(self, name: str, value: Any, line: int) -> Iterator[_Stated]:
        if not isinstance(value, Marked):
            yield _Stated(name, value, line)
            return
        inner = dict(value)
        if name in self.knowledge.facts:
            own = {key: inner.pop(key) for key in list(inner) if key in _VALUE_FIELDS}
            if own:
                yield _Stated(name, own, line)
        for key, below in inner.items():
            yield from self._nested(f"{name}.{key}", below, value.key_lines[key])

    def _observed(self, stated: _Stated) -> Observed | None:
        """Read the value of a fact; None if it is missing or cannot be read."""
        name, value, line = stated
        if not self._is_known(stated):
            return None
        details = value if isinstance(value, dict) else {"value": value}
        if any(part is not None and not isinstance(part, str) for part in details.values()):
            self.problem(line, name, value, "is a list, not a value", "state one value")
            return None
        try:
            found = self._value(name, details)
        except ValueProblem as problem:
            shown = details.get("value") or ""
            self.problem(line, name, shown, problem.reason, problem.fix)
            return None
        if found is None:
            return None
        text = details.get("value") or str(found)
        if self.knowledge.facts[name].unit == AREA_UNIT and not details.get("unit"):
            self._ask_for_area(name, text, line)
        record = f"{self.findings.file}:{line}"
        when = details.get("date") or ""
        if when:
            when = str(self.date(when, name, line) or "")
        return Observed(name, found, Origin(record, text, when, details.get("assay") or ""))

    def _is_known(self, stated: _Stated) -> bool:
        declared = self.knowledge.facts.get(stated.name)
        if declared is None:
            ends = [n for n in self.knowledge.facts if n.endswith(f".{stated.name}")]
            near = ends[:2] or nearest(stated.name, [*self.knowledge.facts, *_ALL_FIELDS], 2)
            self.problem(
                stated.line,
                stated.name,
                stated.value or "",
                "no fact or field has this name",
                f"did you mean {' or '.join(near)}?" if near else "see `nenuphar kb search`",
            )
        elif not declared.stated:
            self.problem(
                stated.line,
                stated.name,
                stated.value or "",
                "is concluded by rules or methods, never read",
                "state what the report says in the fact that records it as reported",
            )
            return False
        return declared is not None

    def _value(self, name: str, details: dict[str, str | None]) -> Value | None:
        parser = self.parser(name)
        if unit := details.get("unit"):
            parser = ValueParser(parser.fact, spellings=parser.spellings, unit=unit)
        if "lo" in details or "hi" in details:
            return _open_interval(parser, details)
        text = details.get("value")
        return None if text is None else parser.parse(text)

    def parser(self, name: str) -> ValueParser:
        """Return the parser of a declared fact."""
        if name not in self._parsers:
            self._parsers[name] = parser_for(self.knowledge.facts[name], self.knowledge)
        return self._parsers[name]

    def _ask_for_area(self, name: str, text: str, line: int) -> None:
        if _BARE_NUMBER.match(text.strip()):
            self.findings.note(
                "the count states no area; it was taken as per 2 mm²",
                f"write {text.strip()[:10]}/2mm2, or the area that was counted",
                line=line,
                column=name,
                value=text,
            )

    def date(self, value: Any, name: str, line: int) -> PartialDate | None:
        """Read a date; list one that cannot be read."""
        try:
            return parse_date(value)
        except (DateError, AttributeError, TypeError) as error:
            reason = str(error) if isinstance(error, DateError) else "is no date"
            self.problem(line, name, value, reason, "write 2020-03-17, 2020-03 or 2020")
            return None


_ALL_FIELDS = tuple(dict.fromkeys(name for scope in Scope for name in fields_of(scope)))


def _without_id(value: Marked) -> Marked:
    rest = Marked({key: below for key, below in value.items() if key != "id"})
    rest.line, rest.key_lines = value.line, value.key_lines
    return rest


def _open_interval(parser: ValueParser, details: dict[str, str | None]) -> Interval:
    """Read an interval whose ends are stated one by one."""
    lo = parser.number(details.get("lo") or "0")
    end = details.get("hi")
    hi = parser.number(end) if end else None
    try:
        return Interval(
            lo.lo,
            hi.hi if hi else float("inf"),
            details.get("lo_open") == "true",
            details.get("hi_open") == "true",
            lo.unit,
        )
    except QuantityError as error:
        raise ValueProblem(str(error), "state the lower end first") from error
