"""The codes of other systems as facts and values, both ways; all of it is data in `codes.yaml`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from importlib import resources
from typing import Any

from nenuphar.domain.observation import Value
from nenuphar.domain.quantity import Interval, QuantityError, canonical_unit
from nenuphar.io.exchange.answers import Answer, Code
from nenuphar.io.safe_yaml import read_bounded
from nenuphar.io.values import CEILINGS, ValueParser, ValueProblem, parser_for, plain
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.knowledge.schema import Fact
from nenuphar.terminology.codes import SYSTEMS, read_code

OWN = "own"
"""The system of the project's own codes: names of facts and of their values."""

_SITES, _ENTITIES, _DRUGS = "tumour_site", "tumour_entity", "treatment"
_TABLES = {_SITES: "sites", _ENTITIES: "entities", _DRUGS: "drugs"}
_BARE = frozenset({"", "count", "score", "ratio"})
"""Units of bare numbers, which records do not tell apart."""

_SHORTEST = 3
"""Characters of the shortest beginning of a code that means something: `C34`."""
_STRENGTH = re.compile(r"^\d[\d.]*\s*\w+\s+|\s+\d.*$")
"""What a product adds to the name of its drug: `4 ML nivolumab 10 MG/ML Injection`."""


@lru_cache(maxsize=1)
def code_table() -> dict[str, Any]:
    """Return the content of `codes.yaml`."""
    text = resources.files("nenuphar.io.exchange").joinpath("codes.yaml").read_text("utf-8")
    table: dict[str, Any] = read_bounded(text)
    return table


def _inverse(groups: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Return the name of each code; the first of several names stands."""
    found: dict[str, str] = {}
    for name, codes in groups.items():
        for code in codes:
            found.setdefault(code, name)
    return found


@dataclass(frozen=True)
class Vocabulary:
    """Facts and values by their codes in other systems.

    Attributes:
        knowledge: Declares facts and concepts; codes that it gives them count too.
    """

    knowledge: KnowledgeBase
    _parsers: dict[str, ValueParser] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def table(self) -> dict[str, Any]:
        """The content of `codes.yaml`."""
        return code_table()

    # --- systems -----------------------------------------------------------------------------

    @cached_property
    def _system_of_uri(self) -> dict[str, str]:
        return _inverse({name: each["uri"] for name, each in self.table["systems"].items()})

    @cached_property
    def _system_of_prefix(self) -> dict[str, str]:
        prefixes = {name: each["prefix"] for name, each in self.table["systems"].items()}
        return {prefix.casefold(): name for prefix, name in _inverse(prefixes).items()}

    def coding(self, uri: str, code: str, label: str = "") -> Code:
        """Return a FHIR coding as a code; HGNC and Mondo codes lose the prefix within them."""
        system = self._system_of_uri.get(uri.rstrip("/"), uri)
        inner, _, rest = code.partition(":")
        if rest and self._system_of_prefix.get(inner.casefold()) == system:
            code = rest
        return Code(system, code, label)

    def curie(self, text: str, label: str = "") -> Code:
        """Return a CURIE (`NCIT:C3773`) as a code."""
        prefix, colon, code = text.partition(":")
        if not colon:
            return Code("", text, label)
        return Code(self._system_of_prefix.get(prefix.casefold(), prefix), code, label)

    def code(self, key: str, label: str = "") -> Code:
        """Return a code as `codes.yaml` writes it."""
        system, _, code = key.partition(":")
        return Code(system, code, label)

    def as_curie(self, code: Code) -> str:
        """Write a code as a CURIE."""
        system = self.table["systems"].get(code.system)
        return f"{system['prefix'][0] if system else code.system}:{code.code}"

    def as_uri(self, code: Code) -> str:
        """Return the FHIR system of a code."""
        system = self.table["systems"].get(code.system)
        return str(system["uri"][0]) if system else code.system

    # --- facts -------------------------------------------------------------------------------

    @cached_property
    def _codes_of_facts(self) -> dict[str, list[str]]:
        """Codes of every fact, those of `codes.yaml` before those of its record."""
        found = {name: list(codes) for name, codes in self.table["facts"].items()}
        for name, fact in self.knowledge.facts.items():
            own = [f"{system}:{code}" for system, code in fact.codes.items()]
            if own and fact.stated:
                known = found.setdefault(name, [])
                known += [code for code in own if code not in known]
        return {name: codes for name, codes in found.items() if name in self.knowledge.facts}

    @cached_property
    def _facts_of_codes(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name, codes in self._codes_of_facts.items():
            for code in codes:
                found.setdefault(code, []).append(name)
        return found

    def facts_of(self, codes: Iterable[Code]) -> list[Fact]:
        """Return the facts that a code may mean; the project's own codes come first."""
        names: list[str] = []
        for code in codes:
            if code.system == OWN:
                fact = self.knowledge.facts.get(code.code)
                if fact is not None and fact.stated:
                    return [fact]
            names += self._facts_of_codes.get(code.key, [])
        return [self.knowledge.facts[name] for name in dict.fromkeys(names)]

    def keys_of_fact(self, name: str) -> list[str]:
        """Return the codes of other systems that mean a fact."""
        return self._codes_of_facts.get(name, [])

    def codes_of_fact(self, name: str) -> list[Code]:
        """Return the codes that a fact is written with: the project's own, and one of others.

        A code that several facts share is left to the reader of other people's records.
        """
        label = label_of(self.knowledge.facts[name])
        own = [Code(OWN, name, label)]
        for key in self.keys_of_fact(name):
            if len(self._facts_of_codes[key]) == 1:
                return [*own, self.code(key, label)]
        return own

    def parser(self, name: str) -> ValueParser:
        """Return the parser of a fact's texts."""
        if name not in self._parsers:
            self._parsers[name] = parser_for(self.knowledge.facts[name], self.knowledge)
        return self._parsers[name]

    # --- values ------------------------------------------------------------------------------

    @cached_property
    def _answers(self) -> dict[str, str]:
        return _inverse(self.table["answers"])

    @cached_property
    def _values(self) -> dict[str, dict[str, str]]:
        return {fact: _inverse(values or {}) for fact, values in self.table["values"].items()}

    def value(self, fact: Fact, answer: Answer) -> Value | None:
        """Return what an answer means as a value of a fact; None if it says that nothing is known.

        Raises:
            ValueProblem: It is no value of the fact.
        """
        if fact.type == "number" and answer.ends is not None:
            return self._interval(fact, answer.ends, answer.unit)
        if fact.type == "boolean" and answer.flag is not None:
            return answer.flag
        if fact.type == "text":
            label = next((code.label or code.code for code in answer.codes), "")
            return self.parser(fact.id).parse(answer.text or label)
        for code in answer.codes:
            if (known := self._coded(fact, code)) is not None:
                return known
        text = answer.text or next((code.label for code in answer.codes if code.label), "")
        if answer.flag is not None:
            text = "yes" if answer.flag else "no"
        if not text:
            raise ValueProblem(
                f"the {answer.kind} is no value of {fact.id}", "see docs/exchange.md"
            )
        return self.parser(fact.id).parse(text)

    def _coded(self, fact: Fact, code: Code) -> Value | None:
        """Return the value that a code stands for; None where it is not known."""
        permitted = self._permitted(fact)
        if code.system == OWN:
            if permitted:
                return code.code if code.code in permitted else None
            text = code.label if code.code in ("text", "date") else code.code
            return self.parser(fact.id).parse(text)
        meant = self._values.get(fact.id, {}).get(code.key)
        if meant is None and fact.hierarchy in _TABLES:
            meant = self.concept(fact.hierarchy, code)
        if meant is None:
            meant = self._answers.get(code.key)
            if meant is not None and permitted and meant not in permitted:
                return None
        return None if meant is None else self.parser(fact.id).parse(meant)

    def _permitted(self, fact: Fact) -> frozenset[str]:
        system = self.knowledge.terminologies.get(fact.hierarchy)
        return frozenset(fact.values) | (frozenset(system.concepts) if system else frozenset())

    def codes_of_value(self, fact: Fact, value: str) -> list[Code]:
        """Return the codes that a value is written with: the project's own, then another system's.

        Only a code that is read as the same value is written.
        """
        label = self._label_of_value(fact, value)
        own = Code(OWN, value, label)
        known = [
            *(self.table["values"].get(fact.id) or {}).get(value, []),
            *self._concept_keys(fact.hierarchy, value),
            *self.table["answers"].get(value, []),
        ]
        for key in known:
            code = self.code(key, label)
            written = code.system not in self.table["read_only"]
            if written and self._coded(fact, code) == value:
                return [own, code]
        return [own]

    def _concept_keys(self, hierarchy: str, value: str) -> list[str]:
        """Return the codes of a concept."""
        if hierarchy not in _TABLES:
            return []
        listed = self.table[_TABLES[hierarchy]].get(value, [])
        concept = self.knowledge.terminologies[hierarchy].concepts.get(value)
        codes = concept.codes if concept else {}
        return [*listed, *(f"{system}:{code}" for system, code in codes.items())]

    def _label_of_value(self, fact: Fact, value: str) -> str:
        system = self.knowledge.terminologies.get(fact.hierarchy)
        if system and value in system.concepts:
            return system.concepts[value].name
        return fact.values.get(value) or value

    @cached_property
    def _concepts(self) -> dict[str, dict[str, str]]:
        return {name: _inverse(self.table[table]) for name, table in _TABLES.items()}

    @cached_property
    def _organs(self) -> dict[str, str]:
        return _inverse(self.table["organs"])

    def concept(self, hierarchy: str, code: Code) -> str | None:
        """Return the concept of sites, entities or treatments that a code means, if it is known."""
        known = self._meant(self._concepts[hierarchy], code)
        return self._entity(code) if known is None and hierarchy == _ENTITIES else known

    def _meant(self, table: Mapping[str, str], code: Code) -> str | None:
        """Return what a table says of a code, or of its longest beginning where that counts."""
        return next((table[key] for key in self._beginnings(code) if key in table), None)

    def _beginnings(self, code: Code) -> Iterator[str]:
        yield code.key
        if code.system in self.table["by_beginning"]:
            for end in range(len(code.code) - 1, _SHORTEST - 1, -1):
                yield f"{code.system}:{code.code[:end].rstrip('.')}"

    def _entity(self, code: Code) -> str | None:
        for concept, each in self.knowledge.terminologies[_ENTITIES].concepts.items():
            if each.codes.get(code.system) == code.code:
                return concept
        found = {each.entity for each in self._tumours(code)} - {""}
        return found.pop() if len(found) == 1 else None

    def _tumours(self, code: Code) -> tuple[Any, ...]:
        if code.system not in SYSTEMS:
            return ()
        text = f"MONDO:{code.code}" if code.system == "mondo" else code.code
        return read_code(code.system, text)  # type: ignore[arg-type]  # looked up just above

    def implied_site(self, code: Code) -> str:
        """Return the organ that the code of a diagnosis names; empty where it names none."""
        if code.system == OWN:
            return ""
        listed = self._meant(self._organs, code)
        found = {listed} if listed else {each.site for each in self._tumours(code)}
        found -= {"unknown_primary"}
        return found.pop() if len(found) == 1 else ""

    def is_unspecific(self, codes: Iterable[Code]) -> bool:
        """Whether one of several codes says that there is a tumour, and nothing of its kind."""
        return any(
            code.key in self.table["unspecific"]
            or (self._meant(self._organs, code) and self.concept(_ENTITIES, code) is None)
            for code in codes
        )

    def is_one_of(self, group: str, codes: Iterable[Code]) -> bool:
        """Whether one of several codes is in a list of `codes.yaml`."""
        listed = self.table[group]
        return any(key in listed for code in codes for key in self._beginnings(code))

    def drug(self, answer: Answer) -> str:
        """Return the treatment that codes or words name; empty where none is known."""
        for code in answer.codes:
            if code.system == OWN and code.code in self.knowledge.terminologies[_DRUGS].concepts:
                return code.code
            if known := self.concept(_DRUGS, code):
                return known
        spellings = self.parser("treatment.regimen").spellings
        for text in (answer.text, *(code.label for code in answer.codes)):
            for words in (text, _STRENGTH.sub("", _STRENGTH.sub("", text))):
                if known := spellings.get(plain(words)):
                    return known
        return ""

    # --- quantities --------------------------------------------------------------------------

    @cached_property
    def _units(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for name, spellings in self.table["units"].items():
            for spelling in spellings:
                found.setdefault(spelling.casefold(), name)
        return found

    def unit_code(self, unit: str) -> str:
        """Return the UCUM code of a unit; that of a bare number where the unit has none."""
        return str(self.table["units"].get(unit, ["1"])[0])

    def _interval(self, fact: Fact, ends: tuple[float, float, bool, bool], unit: str) -> Interval:
        meant = self._units.get(unit.strip().casefold(), unit)
        try:
            stated, factor = (meant, 1.0) if meant == fact.unit else canonical_unit(meant)
        except QuantityError as error:
            raise ValueProblem("its unit is not known here", "write it in UCUM") from error
        try:
            bare = {stated, fact.unit} <= _BARE
            if stated and stated != fact.unit and not bare:
                raise QuantityError(f"is in {stated}, but {fact.unit or 'no unit'} is expected")
            lo, hi, lo_open, hi_open = ends
            found = Interval(lo * factor, hi * factor, lo_open, hi_open, fact.unit)
        except QuantityError as error:
            raise ValueProblem(str(error)[:150], "check the value and its unit") from error
        if found.hi < 0 or (found.is_exact and found.lo < 0):
            raise ValueProblem("is below zero; nothing measured here is", "check the value")
        ceiling = CEILINGS.get(fact.unit)
        if ceiling is not None and found.lo > ceiling:
            raise ValueProblem(f"nothing exceeds {ceiling:g} in {fact.unit}", "check the unit")
        return found


@lru_cache(maxsize=4)
def vocabulary_of(knowledge: KnowledgeBase) -> Vocabulary:
    """Return the vocabulary of a knowledge base, worked out once."""
    return Vocabulary(knowledge)


def label_of(fact: Fact) -> str:
    """Return a short name of a fact, as codes are labelled with it."""
    return fact.label or fact.id.replace(".", " ").replace("_", " ")
