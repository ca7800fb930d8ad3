"""What a case page shows, laid out from conclusions and rows; nothing is concluded here."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from nenuphar.domain.conclusion import Conclusion
from nenuphar.domain.observation import Row, show_value
from nenuphar.domain.scope import Scope
from nenuphar.engine.combine import AS_REPORTED, NO_RULE_APPLIES
from nenuphar.engine.rows import PatientRows
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.report.figures.plane import Plane, plane_of
from nenuphar.report.on_record import RecordedRow, is_observed, on_record
from nenuphar.report.reasoning import Reasoning, ReasoningView
from nenuphar.report.words import Words, join_words, scope_title, short_edition

ENTITY, GRADE, FAMILY = "tumour.entity", "tumour.grade", "tumour.family"
REPORTED = "diagnosis.reported"
EDITION, CROSSWALK = "tumour.who_edition", "tumour.crosswalk"
_HEADLINE = (ENTITY, GRADE, FAMILY)
_Key = tuple[Scope, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class ConclusionView:
    """A conclusion in words.

    Attributes:
        conclusion: The conclusion it shows.
        label: Its fact in words.
        value: Its value in words; what stands in its place where there is none.
        says: Its status in one sentence.
        brief: The same for the front page, where long lists are counted.
        place: The row that it is about.
        reasoning: Its rules.
        anchor: Where its reasoning stands on the page.
    """

    conclusion: Conclusion
    label: str
    value: str
    says: str
    brief: str
    place: str
    reasoning: ReasoningView
    anchor: str


@dataclass(frozen=True, slots=True)
class Said:
    """Something said of a specimen, for some of its assessors; nobody is named if it is for all."""

    text: str
    who: tuple[str, ...] = ()
    detail: str = ""


@dataclass(frozen=True, slots=True)
class CrosswalkLine:
    """What a specimen is called in one edition: entity and grade, with status and assessors."""

    edition: str
    title: str
    is_primary: bool
    cells: tuple[tuple[str, str, str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """What one assessor's reading comes to.

    Attributes:
        assessor: Who read; empty where nobody is named.
        headline: Conclusions of the call, by fact.
        observed: Observed facts in words, by fact.
    """

    assessor: str
    headline: dict[str, ConclusionView]
    observed: dict[str, str]

    @property
    def reported(self) -> str:
        """The diagnosis as somebody reported it."""
        return self.observed.get(REPORTED, "")


@dataclass(frozen=True, slots=True)
class SpecimenView:
    """The call of one specimen.

    Attributes:
        title: Which specimen.
        date: When it was taken, if known.
        edition: Edition in which it is primarily named.
        readings: One for each assessor.
        agree: Whether all readings come to the same entity and grade.
        counts: Entities with the number of readings, the most frequent first.
        to_decide: What would decide what is open: the next best tests.
        cautions: What is to be said beside the call.
        crosswalk: Names in every edition.
        observed: Facts shown beside each other for several assessors: name, label, and whether
            they differ.
        plane: Mitoses and Ki-67 against the thresholds, if either is known.
    """

    title: str
    date: str
    edition: str
    readings: tuple[Reading, ...]
    agree: bool
    counts: tuple[tuple[str, int], ...]
    to_decide: tuple[Said, ...]
    cautions: tuple[Said, ...]
    crosswalk: tuple[CrosswalkLine, ...]
    observed: tuple[tuple[str, str, bool], ...]
    plane: Plane | None

    @property
    def decides(self) -> str:
        """What all that is to be decided would help to decide; empty where it differs."""
        details = {said.detail for said in self.to_decide}
        return details.pop() if len(details) == 1 else ""


class CaseView:
    """Lays out one patient."""

    def __init__(
        self,
        conclusions: Sequence[Conclusion],
        rows: PatientRows,
        knowledge: KnowledgeBase,
        shown: tuple[str, ...] = (),
    ) -> None:
        """Take in what is to be laid out; `shown` starts the names of facts that sections show."""
        self._shown = shown
        self.words = Words(knowledge)
        self._kb = knowledge
        self._rows = rows
        self._reasoning = Reasoning(knowledge, self.words)
        self._conclusions = conclusions
        self.all = [self._view(c, f"c{i}") for i, c in enumerate(conclusions, start=1)]

    @property
    def specimens(self) -> list[SpecimenView]:
        """The call of every specimen, in the order of the record."""
        grouped: dict[_Key, list[ConclusionView]] = defaultdict(list)
        for view in self.all:
            if view.conclusion.scope is Scope.SPECIMEN:
                grouped[view.conclusion.scope, view.conclusion.key].append(view)
        return [self._specimen(views) for views in grouped.values() if _has_call(views)]

    @property
    def told(self) -> list[tuple[ConclusionView, tuple[str, ...]]]:
        """Other conclusions with something to tell: a value, a conflict or a caution."""
        return [(view, names) for view, names in self.others if _tells(view)]

    @property
    def open(self) -> list[tuple[ConclusionView, tuple[str, ...]]]:
        """Other conclusions that came to nothing; often nobody asked for what they need."""
        return [(view, names) for view, names in self.others if not _tells(view)]

    @cached_property
    def others(self) -> list[tuple[ConclusionView, tuple[str, ...]]]:
        """Conclusions that the calls do not show; once for all assessors who come to the same."""
        shown = {*_HEADLINE, EDITION, CROSSWALK}
        same: dict[tuple[object, ...], list[ConclusionView]] = defaultdict(list)
        for view in self.all:
            own = view.conclusion
            if own.fact not in shown and not own.fact.startswith(self._shown or "\0"):
                same[own.fact, own.key, view.value, view.says, own.cautions].append(view)
        return [
            (views[0], tuple(v.conclusion.assessor for v in views if v.conclusion.assessor))
            for views in same.values()
        ]

    @property
    def reasoned(self) -> list[tuple[ConclusionView, tuple[str, ...], tuple[str, ...]]]:
        """Conclusions on whose rules something on record bears, with assessors and places.

        Assessors who come to the same, with the same left open, share the reasons of the first;
        places whose rules came out the same share them too.
        """
        same: dict[tuple[object, ...], list[ConclusionView]] = defaultdict(list)
        for view in self.all:
            own = view.conclusion
            if own.rules and view.reasoning.bears and not _is_out(view):
                same[own.fact, own.key, view.value, own.status, own.missing].append(view)
        shared: dict[tuple[tuple[str, ...], object], list[ConclusionView]] = defaultdict(list)
        for views in same.values():
            names = tuple(v.conclusion.assessor for v in views if v.conclusion.assessor)
            shared[names, _reasons_of(views[0])].append(views[0])
        return [
            (views[0], names, tuple(view.place for view in views))
            for (names, _), views in shared.items()
        ]

    @property
    def untouched(self) -> list[str]:
        """Facts on whose rules nothing on record bears, in words."""
        silent = (v for v in self.all if v.conclusion.rules and not v.reasoning.bears)
        return list(dict.fromkeys(view.label for view in silent))

    @property
    def observed_rows(self) -> list[RecordedRow]:
        """Rows with their observed facts."""
        return list(on_record(self._rows, self._kb, self.words))

    def _view(self, conclusion: Conclusion, anchor: str) -> ConclusionView:
        return ConclusionView(
            conclusion,
            self.words.fact(conclusion.fact),
            self._value(conclusion),
            self._says(conclusion),
            self._says(conclusion, longest=4),
            scope_title(conclusion.scope, conclusion.key),
            self._reasoning.of(conclusion),
            anchor,
        )

    def _value(self, conclusion: Conclusion) -> str:
        if conclusion.value is None:
            return "Cannot be told"
        if conclusion.fact == CROSSWALK:
            pairs = (part.partition("=") for part in conclusion.value.split(";"))
            named = [f"{short_edition(a)}: {self.words.value(ENTITY, b)}" for a, _, b in pairs]
            return "; ".join(named)
        return self.words.value(conclusion.fact, conclusion.value)

    def _says(self, conclusion: Conclusion, longest: int = 1_000) -> str:
        words, fact = self.words, conclusion.fact
        others = [words.value(fact, value) for value in conclusion.alternatives]
        missing = [words.inline(name) for name in conclusion.missing]
        lacks = f"Missing: {join_words(missing)}." if missing else ""
        if len(missing) > longest:
            lacks = f"Missing: {len(missing)} facts, listed below."
        if len(others) > longest:
            others = [*others[: longest - 1], f"{len(others) - longest + 1} more"]
        match conclusion.status:
            case "met":
                return "The criteria are met."
            case "provisional":
                reported = any(caution.id == AS_REPORTED for caution in conclusion.cautions)
                basis = "As reported." if reported else ""
                open_ones = f"Not excluded: {join_words(others, 'or')}." if others else ""
                return _sentences(basis, lacks, open_ones) or "It rests on something provisional."
            case "conflict":
                values = others or [
                    words.value(fact, value) for value in (conclusion.value or "").split(";")
                ]
                return f"These exclude each other and are all met: {join_words(values)}."
            case _:
                possible = f"Still possible: {join_words(others, 'or')}." if others else ""
                nothing = "Nothing on record decides it."
                return _sentences(lacks, possible) or nothing

    def _specimen(self, views: Sequence[ConclusionView]) -> SpecimenView:
        first = views[0].conclusion
        rows = {
            row.assessor: row for row in self._rows.get(Scope.SPECIMEN, []) if row.key == first.key
        }
        by_assessor: dict[str, list[ConclusionView]] = defaultdict(list)
        for view in views:
            by_assessor[view.conclusion.assessor].append(view)
        readings = tuple(self._reading(a, own, rows.get(a)) for a, own in by_assessor.items())
        calls = [r.headline[ENTITY].value for r in readings if ENTITY in r.headline]
        whole = {
            tuple((f, r.headline[f].conclusion.value) for f in (ENTITY, GRADE) if f in r.headline)
            for r in readings
        }
        names = sorted({name for reading in readings for name in reading.observed})
        return SpecimenView(
            scope_title(first.scope, first.key),
            first.date,
            self._edition(first.key),
            readings,
            len(whole) == 1,
            tuple(Counter(calls).most_common()),
            tuple(self._to_decide(views, len(readings))),
            tuple(self._cautions(views, len(readings))),
            tuple(self._crosswalk(views, len(readings))),
            tuple(
                (name, self.words.fact(name), len({r.observed.get(name) for r in readings}) > 1)
                for name in names
            ),
            plane_of(self._kb, list(rows.values()), [view.conclusion for view in views]),
        )

    def _reading(self, assessor: str, views: Iterable[ConclusionView], row: Row | None) -> Reading:
        values = row.values if row else {}
        return Reading(
            assessor,
            {v.conclusion.fact: v for v in views if v.conclusion.fact in _HEADLINE},
            {
                name: self.words.value(name, show_value(value))
                for name, value in values.items()
                if is_observed(name, self._kb)
            },
        )

    def _edition(self, key: tuple[str, ...]) -> str:
        for view in self.all:
            own = view.conclusion
            if own.fact == EDITION and own.key == key[: len(own.key)] and own.value:
                return view.value
        return ""

    def _to_decide(self, views: Iterable[ConclusionView], assessors: int) -> Iterable[Said]:
        """Order what would decide by how many open conclusions it would help, then by name."""
        helps: dict[str, dict[str, None]] = defaultdict(dict)
        who: dict[str, dict[str, None]] = defaultdict(dict)
        weight: Counter[str] = Counter()
        for view in views:
            if view.conclusion.fact not in _HEADLINE:
                continue
            for name in view.conclusion.missing:
                ask = self.words.ask(name)
                helps[ask][view.label.lower()] = None
                who[ask][view.conclusion.assessor] = None
                weight[ask] += 1
        for ask in sorted(weight, key=lambda a: (-weight[a], a)):
            yield Said(ask, _named(who[ask], assessors), join_words(list(helps[ask])))

    def _cautions(self, views: Iterable[ConclusionView], assessors: int) -> Iterable[Said]:
        who: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
        for view in views:
            for caution in view.conclusion.cautions:
                who[caution.says, caution.id][view.conclusion.assessor] = None
        for (says, name), named in who.items():
            yield Said(says, _named(named, assessors), name)

    def _crosswalk(
        self, views: Sequence[ConclusionView], assessors: int
    ) -> Iterable[CrosswalkLine]:
        cells: dict[str, dict[tuple[str, str, str], dict[str, None]]] = {}
        primary: set[str] = set()
        grades = {
            (view.conclusion.assessor, context): value
            for view in views
            if view.conclusion.fact == GRADE
            for context, code, _ in view.conclusion.by_context
            if (value := self.words.value(GRADE, code))
        }
        for view in views:
            own = view.conclusion
            if own.fact != ENTITY:
                continue
            primary.add(own.context)
            for context, value, status in own.by_context:
                name = self.words.value(ENTITY, value) if value else "Cannot be told"
                cell = (name, grades.get((own.assessor, context), ""), status)
                cells.setdefault(context, {}).setdefault(cell, {})[own.assessor] = None
        for context in sorted(cells, reverse=True):
            line = tuple((*cell, _named(who, assessors)) for cell, who in cells[context].items())
            title = self.words.edition(context)
            yield CrosswalkLine(short_edition(context), title, context in primary, line)


def _reasons_of(view: ConclusionView) -> tuple[object, ...]:
    """Tell what is shown as the reasons of a conclusion; the same lines are the same objects."""
    own, reasoning = view.conclusion, view.reasoning
    parts = (
        *(reasoning.live, reasoning.possible, reasoning.silent),
        *(reasoning.reported, reasoning.not_met, reasoning.unlike_report),
    )
    lines = tuple(tuple(id(rule) for rule in part) for part in parts)
    return own.fact, view.value, view.says, own.status, own.context, lines


def _tells(view: ConclusionView) -> bool:
    own = view.conclusion
    return own.value is not None or own.status == "conflict" or bool(own.cautions)


def _has_call(views: Iterable[ConclusionView]) -> bool:
    return any(view.conclusion.fact in _HEADLINE for view in views)


def _is_out(view: ConclusionView) -> bool:
    """Whether a line of treatment is outside of what all rules of a fact are made for."""
    own = view.conclusion
    silent = any(caution.id == NO_RULE_APPLIES for caution in own.cautions)
    return silent and own.scope is Scope.TREATMENT_LINE


def _named(who: dict[str, None], assessors: int) -> tuple[str, ...]:
    return () if len(who) == assessors else tuple(who)


def _sentences(*parts: str) -> str:
    return " ".join(part for part in parts if part)
