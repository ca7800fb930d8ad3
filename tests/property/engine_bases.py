"""Small generated knowledge bases: every operator, quantifier and kind of rule that there is.

Observed facts are a fixed vocabulary, so that a failing example reads like a case; derived facts,
their rules and cautions are drawn. A rule reads observed facts and derived facts drawn before its
own, so that bases never loop.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from nenuphar.domain.scope import Scope
from nenuphar.knowledge.base import KnowledgeBase, knowledge_base

SOURCES = [{"source": "10.1000/xyz"}]
SCOPES = ("patient", "tumour", "specimen", "component", "treatment_line")
EDITIONS = ("e1", "e2")

# `mixed` lies below two branches: what is not a carcinoma may still turn out to be one.
ENTITY = {
    "neoplasm": (),
    "net": ("neoplasm",),
    "nec": ("neoplasm",),
    "typical": ("net",),
    "atypical": ("net",),
    "small": ("nec",),
    "large": ("nec",),
    "mixed": ("large", "other"),
    "other": ("neoplasm",),
}
GRADES = ("g1", "g2", "g3")
VALUES = {
    "grades": GRADES,
    "necrosis": ("absent", "focal", "extensive"),
    "drug": ("octreotide", "cisplatin"),
    "editions": (*EDITIONS, "e9"),
}
THRESHOLDS = {
    "percent.low": ("percent", 3),
    "percent.high": ("percent", 20),
    "mm.small": ("mm", 5),
    "months.short": ("months", 6),
}
GENES = ("RB1", "TP53")


@dataclass(frozen=True)
class Known:
    """A fact as the generator sees it.

    Attributes:
        name: Its name.
        scope: Its scope.
        kind: Its type; codes name their list of values or `entity`, numbers their unit.
        contextual: Whether it depends on the edition.
        derived: Whether rules conclude it.
        measured: Whether a method yields it; rows then hold what the method found.
    """

    name: str
    scope: str
    kind: str
    contextual: bool = False
    derived: bool = False
    measured: bool = False

    @property
    def codes(self) -> tuple[str, ...]:
        """Permitted values of a coded or boolean fact."""
        if self.kind == "boolean":
            return ("true", "false")
        if self.kind == "entity":
            return tuple(ENTITY)
        return VALUES.get(self.kind, ("this", "that"))

    @property
    def is_number(self) -> bool:
        """Whether it is compared with thresholds."""
        return self.kind in ("percent", "mm", "months")

    def record(self) -> dict[str, Any]:
        """Write its record."""
        data: dict[str, Any] = {"type": "code"}
        if self.is_number:
            data = {"type": "number", "unit": self.kind}
        elif self.kind in ("boolean", "text", "date"):
            data = {"type": self.kind}
        elif self.kind == "entity":
            data["hierarchy"] = "entity"
        else:
            data["values"] = {code: code for code in VALUES[self.kind]}
        if self.contextual:
            data["context"] = "patient.edition"
        data["derived"] = self.derived or self.measured
        return _record("fact", self.name, scope=self.scope, **data)


def _record(kind: str, name: str, **data: Any) -> dict[str, Any]:
    words = {"meaning": "Something to test with."} if kind in ("fact", "threshold") else {}
    return {"kind": kind, "id": name, "sources": SOURCES, **words, **data}


OBSERVED = (
    Known("patient.edition_stated", "patient", "editions"),
    Known("patient.birth", "patient", "date"),
    Known("patient.smoker", "patient", "boolean"),
    Known("tumour.kind", "tumour", "entity"),
    Known("tumour.size", "tumour", "mm"),
    Known("specimen.morphology", "specimen", "entity"),
    Known("specimen.reported", "specimen", "entity"),
    Known("specimen.ki67", "specimen", "percent"),
    Known("specimen.necrosis", "specimen", "necrosis"),
    Known("specimen.note", "specimen", "text"),
    Known("specimen.pattern", "specimen", "grades", measured=True),
    Known("component.kind", "component", "entity"),
    Known("component.share", "component", "percent"),
    Known("treatment_line.drug", "treatment_line", "drug"),
    Known("treatment_line.months", "treatment_line", "months"),
    *(Known(f"{scope}.is_index", scope, "boolean") for scope in SCOPES[1:]),
)
NOTE = next(fact for fact in OBSERVED if fact.name == "specimen.note")


@dataclass(frozen=True)
class Base:
    """A generated base and what it knows."""

    knowledge: KnowledgeBase
    facts: tuple[Known, ...]
    records: tuple[dict[str, Any], ...]

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        printer.text(repr(self))

    def __repr__(self) -> str:
        said = [r for r in self.records if r["kind"] in ("rule", "caution")]
        context = {f.name for f in self.facts if f.contextual}
        lines = ({k: v for k, v in r.items() if k not in _DULL} for r in said)
        return f"Base(contextual={context}, " + ",\n  ".join(map(str, lines)) + ")"


_DULL = ("kind", "sources", "explanation", "says", "version")


def narrower(scope: str) -> list[str]:
    """Return the scopes whose rows lie within those of a scope."""
    outer = Scope(scope)
    return [s for s in SCOPES if s != scope and Scope(s).within(outer)]


@st.composite
def leaves(draw: st.DrawFn, scope: str, facts: tuple[Known, ...]) -> dict[str, Any]:
    """Draw one question to a row of a scope."""
    readable = [f for f in facts if Scope(scope).within(Scope(f.scope)) and f.kind not in ("date",)]
    if Scope(scope).within(Scope.SPECIMEN) and draw(st.integers(0, 4)) == 0:
        return {
            "has_variant": {
                "gene": draw(st.sampled_from(GENES)),
                "class": draw(st.sampled_from(("pathogenic", "any"))),
                "origin": draw(st.sampled_from(("any", "germline"))),
            }
        }
    # What is derived comes last and is asked for more often, so that rules build on rules.
    fact = draw(st.sampled_from([*readable, *(f for f in readable if f.derived)]))
    if fact.is_number:
        limits = [name for name, (unit, _) in THRESHOLDS.items() if unit == fact.kind]
        op = draw(st.sampled_from(("lt", "le", "gt", "ge", "between")))
        low = draw(st.sampled_from(limits))
        return {"fact": fact.name, op: [limits[0], limits[-1]] if op == "between" else low}
    if fact.kind == "entity":
        if draw(st.booleans()):
            return {"fact": fact.name, "is_a": draw(st.sampled_from(sorted(ENTITY)))}
        above = {parent for parents in ENTITY.values() for parent in parents}
        codes = tuple(code for code in ENTITY if code not in above)
    else:
        codes = fact.codes
    chosen = draw(st.lists(st.sampled_from(codes), min_size=1, max_size=2, unique=True))
    if len(chosen) == 1:
        return {"fact": fact.name, "is": chosen[0]}
    return {"fact": fact.name, "in": chosen}


@st.composite
def trees(draw: st.DrawFn, scope: str, facts: tuple[Known, ...], depth: int = 2) -> dict[str, Any]:
    """Draw a criterion tree over the rows of a scope."""
    heads = ["leaf", "leaf"]
    if depth:
        heads += ["all", "any", "not", "at_least", *(["over"] * 3 if narrower(scope) else [])]
    head = draw(st.sampled_from(heads))
    below = trees(scope, facts, depth - 1) if depth else st.nothing()
    if head == "leaf":
        return draw(leaves(scope, facts))
    if head == "not":
        return {"not": draw(below)}
    if head == "over":
        return draw(overs(scope, facts, depth - 1))
    children = draw(st.lists(below, min_size=1, max_size=3))
    if head == "at_least":
        return {"at_least": {"k": draw(st.integers(1, len(children))), "of": children}}
    return {head: children}


@st.composite
def overs(draw: st.DrawFn, scope: str, facts: tuple[Known, ...], depth: int = 1) -> dict[str, Any]:
    """Draw a quantified criterion."""
    inner = draw(st.sampled_from(narrower(scope)))
    numbers = [f.name for f in facts if f.is_number and f.scope == inner]
    kinds = ["exists", "every", "count", "latest", "earliest", "index"]
    kind = draw(st.sampled_from([*kinds, "worst"] if numbers else kinds))
    body: dict[str, Any] = {"over": inner, "that": draw(trees(inner, facts, depth))}
    if draw(st.booleans()):
        body["where"] = draw(trees(inner, facts, 0))
    if kind == "worst":
        body["by"] = draw(st.sampled_from(numbers))
    if kind == "count":
        body["at_least"] = draw(st.integers(1, 3))
    return {kind: body}


@st.composite
def rules(draw: st.DrawFn, number: int, about: Known, facts: tuple[Known, ...]) -> dict[str, Any]:
    """Draw a rule that concludes a fact from facts known before it."""
    data: dict[str, Any] = {
        "version": draw(st.integers(1, 3)),
        "concludes": {"fact": about.name, "value": draw(st.sampled_from(about.codes))},
        "explanation": "A rule to test with.",
        "when": draw(trees(about.scope, facts)),
    }
    if draw(st.integers(0, 2)) == 0:
        data["unless"] = draw(trees(about.scope, facts, 1))
    if draw(st.integers(0, 4)) == 0:
        data["silent_where"] = draw(trees(about.scope, facts, 1))
    sort = draw(st.sampled_from(("criteria",) * 5 + ("reported",) * 2 + ("withholds",)))
    if sort == "reported":
        data["basis"] = "reported"
    elif sort == "withholds":
        data |= {"withholds": True, "names": ["specimen.note"]}
    if about.contextual and draw(st.integers(0, 2)):
        data["editions"] = draw(
            st.lists(st.sampled_from(EDITIONS), min_size=1, max_size=2, unique=True)
        )
    return _record("rule", f"{about.name}.r{number}", **data)


@st.composite
def cautions(
    draw: st.DrawFn, number: int, about: Known, facts: tuple[Known, ...]
) -> dict[str, Any]:
    """Draw a caution about a fact; it may read the fact itself."""
    data: dict[str, Any] = {
        "about": about.name,
        "when": draw(trees(about.scope, (*facts, about), 1)),
        "says": "A caution to test with.",
    }
    if about.contextual and draw(st.booleans()):
        data["editions"] = [draw(st.sampled_from(EDITIONS))]
    return _record("caution", f"caution.{about.name}.c{number}", **data)


@st.composite
def _derived(draw: st.DrawFn, number: int) -> Known:
    scope = draw(st.sampled_from((*SCOPES, "specimen")))
    kind = draw(st.sampled_from(("entity", "entity", "grades", "boolean")))
    return Known(f"{scope}.d{number}", scope, kind, draw(st.integers(0, 2)) == 0, derived=True)


def _edition(derived: bool) -> tuple[Known, list[dict[str, Any]]]:
    """Return the fact that chooses the edition, observed or concluded from what was stated."""
    chooser = Known("patient.edition", "patient", "editions", derived=derived)
    if not derived:
        return chooser, []
    stated = [
        _record(
            "rule",
            f"patient.edition.{edition}",
            concludes={"fact": "patient.edition", "value": edition},
            explanation="The edition that was stated.",
            when={"fact": "patient.edition_stated", "is": edition},
        )
        for edition in (*EDITIONS, "e9")
    ]
    return chooser, stated


@st.composite
def bases(draw: st.DrawFn, max_derived: int = 3) -> Base:
    """Draw a knowledge base; `knowledge.check` finds nothing in it but absent rule cases."""
    chooser, records = _edition(draw(st.booleans()))
    facts = (*OBSERVED, chooser)
    for number in range(draw(st.integers(1, max_derived))):
        about = draw(_derived(number))
        for i in range(draw(st.integers(1, 4))):
            records.append(draw(rules(i, about, facts)))
        for i in range(draw(st.integers(0, 2))):
            records.append(draw(cautions(i, about, facts)))
        facts = (*facts, about)
        if about.contextual:
            listing = f"{about.scope}.crosswalk{number}"
            extra = {"contexts_of": about.name, "type": "text"}
            records.append(_record("fact", listing, scope=about.scope, derived=True, **extra))
    everything = (*_fixed(), *(fact.record() for fact in facts), *records)
    return Base(knowledge_base(everything), facts, everything)


@st.composite
def bases_over_calls(draw: st.DrawFn) -> Base:
    """Draw a base that concludes something of tumours from what it concludes of specimens.

    Specimens are called unless something else holds that is often not known: many calls are
    provisional.
    """
    call = Known("specimen.call", "specimen", "entity", draw(st.booleans()), derived=True)
    about = Known("tumour.asked", "tumour", "grades", call.contextual, derived=True)
    chooser, records = _edition(draw(st.booleans()))
    known = {"fact": "specimen.morphology", "is_a": "neoplasm"}
    drawn = draw(st.lists(st.sampled_from(call.codes), min_size=1, max_size=2))
    noted = draw(leaves("specimen", (NOTE,)))  # a fact that is often missing
    records += [_judged(call, i, code, known, unless=noted) for i, code in enumerate(drawn)]
    for number, grade in enumerate(draw(st.lists(st.sampled_from(GRADES), min_size=1, max_size=2))):
        asked = draw(overs("tumour", (call, NOTE), 1))
        records.append(_judged(about, number, grade, asked))
    facts = (*OBSERVED, chooser, call, about)
    everything = (*_fixed(), *(fact.record() for fact in facts), *records)
    return Base(knowledge_base(everything), facts, everything)


def _judged(about: Known, number: int, value: str, when: dict[str, Any], **more: Any) -> Any:
    said = {"concludes": {"fact": about.name, "value": value}, "when": when, **more}
    return _record("rule", f"{about.name}.r{number}", explanation="A rule to test with.", **said)


def _fixed() -> list[dict[str, Any]]:
    concepts = {code: {"name": code, "parent": list(up)} for code, up in ENTITY.items()}
    fixed = [_record("terminology", "entity", title="Entities", concepts=concepts)]
    fixed += [
        _record("threshold", name, unit=unit, value=value)
        for name, (unit, value) in THRESHOLDS.items()
    ]
    reads = {"inputs": ["specimen.note"], "outputs": ["specimen.pattern"]}
    summary = "A method to test with."
    fixed.append(_record("method", "method.pattern", scope="specimen", summary=summary, **reads))
    return fixed


def base_of(scope: str, *criteria: dict[str, Any]) -> Base:
    """Return a base that asks criteria of the rows of a scope, as the rules of one fact."""
    about = Known(f"{scope}.asked", scope, "grades", derived=True)
    asked = [
        _record(
            "rule",
            f"asked.r{number}",
            concludes={"fact": about.name, "value": GRADES[number % len(GRADES)]},
            explanation="A question to test with.",
            when=criterion,
        )
        for number, criterion in enumerate(criteria)
    ]
    facts = (*OBSERVED, about)
    records = (*_fixed(), *(fact.record() for fact in facts), *asked)
    return Base(knowledge_base(records), facts, records)
