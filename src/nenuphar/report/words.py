"""Facts, values and findings in words that a reader of a report knows."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache, partial

from nenuphar.domain.scope import Scope
from nenuphar.knowledge.base import KnowledgeBase

STATUS_WORDS = {
    "met": "Met",
    "provisional": "Provisional",
    "conflict": "Conflict",
    "undetermined": "Undetermined",
    "not_met": "Not met",
}

STATUS_MARKS = {
    "met": "✓",
    "provisional": "◐",
    "conflict": "≠",
    "undetermined": "?",
    "not_met": "✗",
}

RESEARCH_USE = (
    "For research use only. Not a medical device; no basis for diagnosis or treatment on its own."
)

_SPELLINGS = {
    "a": "A", "alt": "ALT", "atrx": "ATRX", "b2m": "B2M", "cps": "CPS", "daxx": "DAXX",
    "dipnech": "DIPNECH",
    "dll3": "DLL3", "dopa": "DOPA", "ecog": "ECOG", "egfr": "EGFR", "es": "ES", "ezh2": "EZH2",
    "fdg": "FDG", "gata3": "GATA3", "hnf1a": "HNF1A", "hnf4a": "HNF4A", "ic": "IC", "icd": "ICD",
    "ici": "ICI", "ihc": "IHC", "insm1": "INSM1", "iqr": "IQR", "ki67": "Ki-67", "ls": "LS",
    "mgmt": "MGMT", "mlh1": "MLH1", "msh2": "MSH2", "msh6": "MSH6", "msi": "MSI", "ncit": "NCIt",
    "ne": "NE", "nec": "NEC", "nen": "NEN", "net": "NET", "oncotree": "OncoTree",
    "os": "overall survival", "p53": "p53", "pd": "PD", "pdl1": "PD-L1", "pet": "PET",
    "pfs": "PFS", "phh3": "PHH3", "pms2": "PMS2", "rb1": "RB1", "rfs": "recurrence-free survival",
    "sclc": "SCLC", "sitc": "SITC", "sstr": "SSTR", "sstr2": "SSTR2", "sting": "STING",
    "arx": "ARX", "ascl1": "ASCL1", "cd200": "CD200", "cd276": "CD276", "ido1": "IDO1",
    "neurod1": "NEUROD1", "nlrc5": "NLRC5", "otp": "OTP", "pou2f3": "POU2F3", "tap1": "TAP1",
    "tap2": "TAP2", "tigit": "TIGIT", "yap1": "YAP1",
    "tmb": "TMB", "tnm": "TNM", "tps": "TPS", "who": "WHO",
}  # fmt: skip

_VARIANT = re.compile(r"^variant\(([^,]+),([^,]+),([^,)]+)(?:,([^)]+))?\)$")
_CHOOSERS = {"rows": "{}s", "is_index": "Index {1}", "date": "{} date"}
_SILENT_PREFIXES = {"pathology"}


class Words:
    """Words for what a knowledge base names."""

    def __init__(self, knowledge: KnowledgeBase) -> None:
        self._kb = knowledge
        self.fact, self.value, self.ask = _looked_up(knowledge)

    def inline(self, name: str) -> str:
        """Return a fact as it stands inside a sentence; names and abbreviations keep their case."""
        label = self.fact(name)
        first = label.split()[0]
        ordinary = first[1:].islower() and first not in _SPELLINGS.values()
        return label[:1].lower() + label[1:] if ordinary else label

    def meaning(self, name: str) -> str:
        """Return the sentence that says what a fact means, empty for undeclared ones."""
        declared = self._kb.facts.get(name)
        return declared.meaning if declared else ""

    def gloss(self, fact: str, code: str) -> str:
        """Return the meaning of a code that stands as it is, empty where its name says it."""
        declared = self._kb.facts.get(fact)
        said = declared.values.get(code, "") if declared else ""
        return said if said != self.value(fact, code) else ""

    def edition(self, context: str, fact: str = "tumour.who_edition") -> str:
        """Return the full name of an edition."""
        return self.value(fact, context) if context else "No edition"


@lru_cache(maxsize=4)
def _looked_up(
    kb: KnowledgeBase,
) -> tuple[Callable[[str], str], Callable[[str, str], str], Callable[[str], str]]:
    """Return facts, values and tests of a knowledge base in words, each worked out once."""
    kept = lru_cache(maxsize=_KEPT)
    return kept(partial(_fact, kb)), kept(partial(_value, kb)), kept(partial(_ask, kb))


_KEPT = 10_000


def _fact(kb: KnowledgeBase, name: str) -> str:
    """Return a fact in words."""
    if variant := _VARIANT.match(name):
        gene, significance, origin, change = variant.groups()
        kinds = [kind for kind in (significance, origin) if kind != "any"]
        named = f"{gene} {change}" if change else f"{gene} variant"
        return named + (f" ({', '.join(kinds)})" if kinds else "")
    scope, _, what = name.partition(".")
    if name not in kb.facts and what in _CHOOSERS:
        return _CHOOSERS[what].format(_scope_words(scope).capitalize(), _scope_words(scope))
    parts = name.split(".")
    declared = kb.facts.get(name)
    if declared is not None and declared.label:
        return declared.label
    if parts[0] == "ihc" and parts[2:] in ([], ["h_score"]):
        kind = "H-score" if parts[2:] else "IHC"
        return f"{_opening(' '.join(_split(parts[1])))} ({kind})"
    if parts[1:] == ["reported"]:
        return f"Reported {' '.join(_split(parts[0]))}"
    silent = parts[0] in _SILENT_PREFIXES or (declared and declared.derived)
    words = [w for part in (parts[1:] if silent and parts[1:] else parts) for w in _split(part)]
    return _opening(" ".join(words))


def _value(kb: KnowledgeBase, fact: str, code: str) -> str:
    """Return a value in words; several, joined by `;` in the table, are joined by `or`."""
    declared = kb.facts.get(fact)
    if declared is None or declared.type != "code" or not code:
        return code
    if ";" in code:
        return " or ".join(_value(kb, fact, part) for part in code.split(";"))
    if declared.hierarchy and declared.hierarchy in kb.terminologies:
        concept = kb.terminologies[declared.hierarchy].concepts.get(code)
        return concept.name if concept else code
    meaning = declared.values.get(code, "")
    if not meaning:
        return code
    # Codes that are words of the field (NET, G2) stay; the others are spelled out.
    return code if code[:1].isupper() else meaning.split(";")[0]


def _ask(kb: KnowledgeBase, name: str) -> str:
    """Return what to do to learn a fact."""
    declared = kb.facts.get(name)
    if declared is not None and declared.ask:
        return declared.ask
    if variant := _VARIANT.match(name):
        return f"Test {variant[1]} with an assay that covers it."
    scope, _, what = name.partition(".")
    if what == "date":
        return f"State the date of every {_scope_words(scope)}."
    if what == "is_index":
        return f"State which {_scope_words(scope)} stands for its tumour."
    if what == "rows":
        return f"Describe every {_scope_words(scope)}."
    return f"Record: {_fact(kb, name)}."


def short_edition(context: str) -> str:
    """Return an edition as a short label (`WHO thoracic 2021`)."""
    return " ".join(_split(context)).replace("gep", "GEP") if context else "no edition"


def scope_title(scope: Scope, key: tuple[str, ...]) -> str:
    """Name a row of a scope: `Tumour T1, specimen S1`."""
    if scope is Scope.PATIENT:
        return "Patient"
    names = [column.removesuffix("_id").replace("_", " ") for column in scope.keys[1:]]
    text = ", ".join(f"{name} {part}" for name, part in zip(names, key[1:], strict=True))
    return text[:1].upper() + text[1:]


def join_words(words: list[str], last: str = "and") -> str:
    """Join words as a sentence does."""
    if len(words) < 2:
        return "".join(words)
    if any("," in word for word in words):
        return f"{'; '.join(words[:-1])}; {last} {words[-1]}"
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def _opening(text: str) -> str:
    """Begin a label with a capital, unless its first word is spelled in a way of its own."""
    first = text.partition(" ")[0]
    kept = first in _SPELLINGS.values() and first[1:2].isdigit()
    return text if kept else text[:1].upper() + text[1:]


def _split(part: str) -> list[str]:
    return [_SPELLINGS.get(word, word) for word in part.split("_") if word]


def _scope_words(scope: str) -> str:
    return scope.replace("_", " ")
