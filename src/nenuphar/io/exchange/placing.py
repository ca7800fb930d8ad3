"""Where in a case a fact of another form belongs, and what happens when it is stated twice."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from nenuphar.domain.case import Observed
from nenuphar.domain.dates import PartialDate
from nenuphar.domain.observation import Origin, Value
from nenuphar.domain.scope import READ_BY_ASSESSORS, Scope
from nenuphar.io.case_draft import Draft
from nenuphar.io.exchange.answers import Answer, Code, shown
from nenuphar.io.exchange.ledger import Ledger
from nenuphar.io.exchange.vocabulary import OWN, Vocabulary
from nenuphar.io.values import AREA_UNIT, ValueProblem
from nenuphar.knowledge.schema import Fact

_TNM, _STAGE, _REPORTED = "stage.tnm", "disease.stage", "stage.reported"
_SAYS_WHO = r"^(?:AJCC |UICC |American Joint Committee on Cancer )?"
_GROUP = re.compile(_SAYS_WHO + r"(?:stage )?(IV|I{1,3})([A-D]\d?)?(?: \(.*)?$", re.IGNORECASE)
_CATEGORY = re.compile(_SAYS_WHO + r"([cpyr]{0,3}[TNM](?:\d[a-d]?|is|X|x))\b")


@dataclass(frozen=True, slots=True)
class Seen:
    """One observation of a document.

    Attributes:
        pointer: Where it stands.
        codes: What was observed.
        answer: What was seen.
        date: When.
        assessor: Who saw it, if that is told apart.
        assay: With what, in words.
        moment: When, where no date says so: an age as ISO 8601 writes durations.
    """

    pointer: str
    codes: tuple[Code, ...]
    answer: Answer
    date: PartialDate | None = None
    assessor: str = ""
    assay: str = ""
    moment: str = ""


@dataclass
class Placer:
    """Puts the observations of one patient into the draft of the case.

    Attributes:
        vocabulary: What codes mean.
        ledger: Account of the document.
        draft: The patient.
        progressions: When the disease was said to be worse, without a response, by pointer.
    """

    vocabulary: Vocabulary
    ledger: Ledger
    draft: Draft
    progressions: dict[str, PartialDate] = field(default_factory=dict)
    _dates: dict[tuple[int, str, str], tuple[PartialDate | None, str]] = field(default_factory=dict)
    _tnm: dict[int, list[str]] = field(default_factory=dict)

    def place(self, seen: Seen, home: Draft) -> bool:
        """Put an observation on the level that it describes; whether it became a fact."""
        facts = self.vocabulary.facts_of(seen.codes)
        if self.vocabulary.is_one_of("tnm", seen.codes):
            return self._add_tnm(seen, home)
        if not facts:
            self._lose(seen, "the code is not known here")
        elif seen.answer.is_empty:
            self.ledger.aside(seen.pointer)  # observed, and nothing to say
        elif seen.date and self._is_progression(facts, seen.answer):
            self.progressions[seen.pointer] = seen.date
        else:
            return self._place(facts, seen, home)
        return False

    def _is_progression(self, facts: list[Fact], answer: Answer) -> bool:
        of_disease = any(fact.id == "response.overall" for fact in facts)
        return of_disease and self.vocabulary.is_one_of("progression", answer.codes)

    def progressed(self) -> list[PartialDate]:
        """Return when the disease was said to be worse, for the lines that this ends."""
        self.ledger.carry(*self.progressions)
        dates = list(self.progressions.values())
        self.progressions = {}
        return dates

    def close(self) -> None:
        """List what says that the disease is worse, where no treatment is dated that it ends."""
        for pointer in self.progressions:
            reason = "the disease is worse, and no treatment is listed that this ends"
            self.ledger.lose(pointer, self.draft.id, "a status of the disease", reason)

    def _place(self, facts: list[Fact], seen: Seen, home: Draft) -> bool:
        levels = list(self.draft.children)
        fact, level = self._level(facts, seen, home)
        if level is None:
            self._lose(seen, f"describes a {fact.scope.value}, and it is not clear which")
            return False
        if self.state(fact.id, seen, level):
            return True
        if fact.scope is Scope.TIME_POINT and not (level.facts or level.readings):
            self.draft.children = levels  # nothing was seen at a time point made for it
        return False

    def state(self, name: str, seen: Seen, level: Draft) -> bool:
        """State a fact of a level by what was seen; whether it could be read."""
        fact = self.vocabulary.knowledge.facts[name]
        try:
            value = self.vocabulary.value(fact, self._grouped(name, seen.answer))
        except ValueProblem as problem:
            what = f"{shown(seen.codes) if seen.codes else name} ({seen.answer.kind})"
            known = fact.type != "code" or not seen.answer.codes
            reason = "the code of the answer is not known here"
            if known:
                reason = _without_words(problem.reason, seen.answer) or f"is no value of {name}"
            record = self.draft.id
            self.ledger.lose(seen.pointer, record, what, reason, problem.fix, value=known)
            return False
        if value is None:
            self.ledger.aside(seen.pointer)
            return False
        if fact.unit == AREA_UNIT and not seen.answer.unit:
            reason = "the count states no area; it was taken as per 2 mm²"
            self.ledger.remark(seen.pointer, self.draft.id, name, reason, "state the area, in UCUM")
        if name == _STAGE:
            self._keep_letter(seen, level)
        return self._put(fact, value, seen, level)

    def _keep_letter(self, seen: Seen, level: Draft) -> None:
        """Keep a stage as it is printed where it says more than the group (`IIIB`)."""
        texts = (seen.answer.text, *(c.label or c.code for c in seen.answer.codes))
        for text in texts:
            found = _GROUP.match(text)
            if found and found[2]:
                origin = Origin(self.ledger.findings.file, text)
                level.facts.setdefault(_REPORTED, Observed(_REPORTED, text, origin))
                return

    def _grouped(self, name: str, answer: Answer) -> Answer:
        """Return a stage without its letter (`IIIB` is III), where no code says it another way."""
        words = [part for code in answer.codes for part in (code.code, code.label)]
        if name != _STAGE or any(code.system == OWN for code in answer.codes):
            return answer
        found = next((m[1] for text in (*words, answer.text) if (m := _GROUP.match(text))), "")
        return Answer(text=found.upper()) if found else answer

    def tumour(self) -> Draft | None:
        """Return the only tumour; None where there are several."""
        return self.draft.reach(Scope.TUMOUR)

    def time_point(self, seen: Seen) -> Draft | None:
        """Return the time point of a date or an age, made where there is none; None without."""
        name = str(seen.date or seen.moment)
        if not name:
            return None
        for point in self.draft.below(Scope.TIME_POINT):
            if point.date == seen.date and (seen.date or point.id == name):
                return point
            if point.id == name:
                return None
        point = self.draft.add(Scope.TIME_POINT, name)
        point.date = seen.date
        return point

    def _level(self, facts: list[Fact], seen: Seen, home: Draft) -> tuple[Fact, Draft | None]:
        """Return the fact that fits where it was seen, and its level."""
        for fact in facts:
            if fact.scope is home.scope:
                return fact, home
        for fact in facts:
            if fact.scope is Scope.TIME_POINT:
                return fact, self.time_point(seen)
            if fact.scope in (Scope.LESION, Scope.ASSAY, Scope.COMPONENT):
                continue  # never made up: what they are parts of must be named
            if (level := home.reach(fact.scope)) is not None:
                return fact, level
        return facts[0], None

    def _put(self, fact: Fact, value: Value, seen: Seen, level: Draft) -> bool:
        facts = level.facts
        who = seen.assessor if fact.scope in READ_BY_ASSESSORS else ""
        if who:
            facts = level.readings.setdefault(who, {})
        key = (id(level), who, fact.id)
        before, (date, _) = facts.get(fact.id), self._dates.get(key, (None, ""))
        if fact.id in level.disputed and not who:
            self._lose(seen, "is stated several times, differently")
            return False
        if before is not None and before.value != value:
            return self._contest(fact, value, seen, (level, facts, key))
        if before is None or (seen.date and not date):
            facts[fact.id] = self._observed(fact, value, seen, level)
            self._dates[key] = (seen.date, seen.pointer)
        self.ledger.carry(seen.pointer)
        return True

    def _contest(
        self,
        fact: Fact,
        value: Value,
        seen: Seen,
        at: tuple[Draft, dict[str, Observed], tuple[int, str, str]],
    ) -> bool:
        """Keep the later of two dated values; without dates neither can be preferred."""
        level, facts, key = at
        date, pointer = self._dates[key]
        reason = "an earlier value; the latest is carried"
        if seen.date and date and seen.date.earliest > date.latest:
            self.ledger.lose(pointer, self.draft.id, fact.id, reason)
            facts[fact.id] = self._observed(fact, value, seen, level)
            self._dates[key] = (seen.date, seen.pointer)
            self.ledger.carry(seen.pointer)
            return True
        if seen.date and date and date.earliest > seen.date.latest:
            self.ledger.lose(seen.pointer, self.draft.id, fact.id, reason)
            return False
        del facts[fact.id]
        if not key[1]:
            level.disputed.add(fact.id)
        for each in (pointer, seen.pointer):
            why = "is stated twice, differently, and nothing says which is later"
            fix = "keep the right one; until then the value counts as missing"
            self.ledger.lose(each, self.draft.id, fact.id, why, fix, value=True)
        return False

    def _observed(self, fact: Fact, value: Value, seen: Seen, level: Draft) -> Observed:
        of_level = level.date or (level.parent.date if level.parent else None)
        date = "" if seen.date is None or seen.date == of_level else str(seen.date)
        record = f"{self.ledger.findings.file}#{seen.pointer}"
        return Observed(fact.id, value, Origin(record, str(value), date, seen.assay))

    def _add_tnm(self, seen: Seen, home: Draft) -> bool:
        """Put the categories of one tumour together: `T2 N0 M0`."""
        level = home.reach(Scope.TUMOUR)
        text = next((c.code for c in seen.answer.codes if c.system != OWN), seen.answer.text)
        label = next((c.label for c in seen.answer.codes if c.label), "")
        part = tnm_category(text) or tnm_category(label) or tnm_category(seen.answer.text)
        if level is None or not part:
            self._lose(seen, "is no TNM category, or it is not clear of which tumour")
            return False
        self.add_tnm(part, level)
        self.ledger.carry(seen.pointer)
        return True

    def add_tnm(self, part: str, level: Draft) -> None:
        """Add a TNM category to those of a tumour."""
        parts = self._tnm.setdefault(id(level), [])
        if part not in parts:
            parts.append(part)
        order = sorted(parts, key=lambda each: ("TNM".find(each.lstrip("cpyr")[:1]), each))
        text = " ".join(order)
        level.facts[_TNM] = Observed(_TNM, text, Origin(self.ledger.findings.file, text))

    def _lose(self, seen: Seen, reason: str) -> None:
        what = f"{shown(seen.codes)} ({seen.answer.kind})"
        self.ledger.lose(seen.pointer, self.draft.id, what, reason)


def add_level(home: Draft, scope: Scope, name: str) -> Draft:
    """Add a level below another, under a name that no other has there."""
    taken = {child.id for child in home.below(scope)}
    while name in taken:
        name += "'"
    return home.add(scope, name)


def _without_words(reason: str, answer: Answer) -> str:
    """Return a reason that repeats nothing of the answer; empty where it does."""
    codes = (part for code in answer.codes for part in (code.code, code.label))
    words = (answer.text[:10], *codes)
    return "" if any(word and word in reason for word in words) else reason


def tnm_category(text: str) -> str:
    """Return the TNM category that a code or a label begins with; empty where it is none."""
    found = _CATEGORY.match(text.strip())
    return found[1] if found else ""
