"""A first mapping of a table that nobody has described yet, with how sure each line is."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import yaml

from nenuphar.domain.quantity import canonical_unit
from nenuphar.domain.scope import Scope
from nenuphar.io.columns import clean_texts, parse_column
from nenuphar.io.tables import Table, read_table
from nenuphar.io.values import AREA_UNIT, ValueParser, parser_for, plain
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.knowledge.schema import Fact

_IDS = {
    "patient_id": (
        r"^(patient|subject|case|participant|person)[ _-]*(id|identifier|no|number|code)?$|^id$"
    ),
    "tumour_id": r"^tumou?r[ _-]*(id|identifier|no|number)$",
    "specimen_id": r"^(specimen|sample|biopsy|slide|block)[ _-]*(id|identifier|no|number|code)?$",
    "component": r"^component([ _-]*name)?$",
    "assessor": r"^(reader|assessor|observer|pathologist|rater|reviewer)([ _-]*(id|name|no))?$",
    "date": r"^(specimen|sample|biopsy|collection|sampling)?[ _-]*date( of (biopsy|sampling))?$",
}
_UNIT_WORDS = (  # order matters: the narrower first
    ("‱", "per_ten_thousand"),
    ("‰", "per_mille"),
    ("%", "percent"),
    ("10 ?hpf", "per_10hpf"),
    ("2 ?mm[2²]", "per_2mm2"),
    (r"/ ?mm[2²]", "per_mm2"),
    (r"\bcm\b", "cm"),
    (r"\bmm\b", "mm"),
    ("months?", "months"),
    ("years?", "years"),
    ("weeks?", "weeks"),
    ("days?", "days"),
)
_STOP = frozenset({"a", "the", "of", "in", "as", "is", "on", "per", "and", "or", "by", "for", "to"})
_SAMPLE = 2000
_ENOUGH = 0.45
_FEW_TEXTS = 40


@dataclass
class Proposal:
    """What a column may mean.

    Attributes:
        column: Its name.
        fact: The fact proposed for it.
        score: From 0 to 1: how well name and values fit.
        unit: Unit proposed for its numbers; empty if it has none.
        guessed_unit: Whether nothing in the name says so.
        unread: Texts that are no value of the fact yet, with what they may mean.
    """

    column: str
    fact: str
    score: float
    unit: str = ""
    guessed_unit: bool = False
    unread: dict[str, str | None] = field(default_factory=dict)

    @property
    def confidence(self) -> str:
        """The score in a word."""
        return "high" if self.score >= 0.8 else "medium" if self.score >= 0.6 else "low"


def draft_mapping(path: Path, knowledge: KnowledgeBase) -> str:
    """Propose a mapping of a table as YAML, with comments on how sure each line is.

    Names, units and values are matched with the declared facts; nothing is mapped twice. What it
    proposes is to be read and corrected by a person.

    Raises:
        UnreadableInputError: The table cannot be read.
    """
    table = read_table(path)
    keys = _keys(table)
    out_of_reach = set() if "component" in keys else {Scope.COMPONENT}
    proposals = propose(table, knowledge, set(keys.values()), out_of_reach)
    row = _row_scope(keys, proposals, knowledge)
    return _write(path.stem, row, keys, proposals, table, knowledge)


def propose(
    table: Table,
    knowledge: KnowledgeBase,
    without: Iterable[str] = (),
    out_of_reach: Collection[Scope] = (),
) -> list[Proposal]:
    """Return the best pairing of columns and facts, in the order of the columns.

    Args:
        table: The table.
        knowledge: The declared facts.
        without: Columns that are ids and no facts.
        out_of_reach: Scopes whose facts no row of the table can state.
    """
    left_out = set(without)
    stated = (fact for fact in knowledge.facts.values() if fact.stated)
    observed = [fact for fact in stated if fact.scope not in out_of_reach]
    every: list[Proposal] = []
    for column in table.frame.columns:
        if column not in left_out:
            texts = clean_texts(table.frame[column].head(_SAMPLE))
            pairs = (_propose(column, texts, fact, knowledge) for fact in observed)
            every += [pair for pair in pairs if pair]
    chosen: dict[str, Proposal] = {}
    taken: set[str] = set()
    for found in sorted(every, key=lambda p: (-p.score, p.column, p.fact)):
        if found.column not in chosen and found.fact not in taken:
            chosen[found.column] = found
            taken.add(found.fact)
    return [chosen[column] for column in table.frame.columns if column in chosen]


def _propose(
    column: str, texts: pl.Series, fact: Fact, knowledge: KnowledgeBase
) -> Proposal | None:
    name = _name_fit(column, fact)
    if name < 0.3 or texts.null_count() == texts.len():
        return None
    unit, guessed = _unit_for(column, fact)
    parser = parser_for(fact, knowledge)
    parser = ValueParser(fact, spellings=parser.spellings, unit=unit)
    if fact.type == "text":
        return Proposal(column, fact.id, 0.9 * name) if 0.9 * name >= _ENOUGH else None
    parsed = parse_column(texts, parser)
    stated = texts.drop_nulls()
    share = 1 - int(stated.is_in(list(parsed.problems)).sum()) / max(stated.len(), 1)
    few = texts.n_unique() <= _FEW_TEXTS
    if share < 0.5 and not (fact.type in ("code", "boolean") and few and name >= 0.6):
        return None
    score = name * (0.6 + 0.4 * share)
    if fact.type == "number":  # of two columns that fit, the one with more plain numbers
        exact = int(stated.cast(pl.Float64, strict=False).count())
        score *= 0.9 + 0.1 * exact / stated.len()
    unread = {text: _meant(text, parser) for text in sorted(parsed.problems)} if few else {}
    if score < _ENOUGH:
        return None
    return Proposal(column, fact.id, round(score, 3), unit, guessed, unread)


def _meant(text: str, parser: ValueParser) -> str | None:
    """Guess the permitted value that begins like a text."""
    word = plain(text)
    starts = [code for spelling, code in parser.spellings.items() if spelling.startswith(word)]
    return starts[0] if len(set(starts)) == 1 else None


def _tokens(text: str) -> list[str]:
    spread = re.sub(r"ki[ _-]?67", " ki67x ", text.lower())
    return ["ki67" if w == "kix" else w for w in re.findall(r"ki67|[a-z]+\d*|\d+", spread)]


def _name_fit(column: str, fact: Fact) -> float:
    """Return from 0 to 1 how well the name of a column fits a fact.

    The words of the fact's name must be found in that of the column, as themselves, as their
    beginning, or as initials (`os` for overall survival); its meaning helps with the rest.
    """
    words = [w for w in _tokens(re.sub(r"\(.*?\)", " ", column)) if w not in _STOP]
    in_brackets = _tokens(column)
    if not words:
        return 0.0
    if plain(column) == plain(fact.id):
        return 1.0
    own = [w for part in fact.id.split(".") for w in part.split("_")]
    last = [w for w in fact.id.split(".")[-1].split("_") if w] or own
    initials = "".join(w[0] for w in words)

    def found(parts: list[str]) -> float:
        hits = sum(_alike(w, in_brackets) or (len(w) == 2 and w in initials) for w in parts)
        return hits / len(parts)

    meaning = set(_tokens(fact.meaning)) | set(own)
    explained = sum(_alike(w, meaning) for w in words) / len(words)
    extra = sum(not _alike(w, [*own, *meaning]) for w in words) / len(words)
    return max(0.0, 0.6 * max(found(last), found(own)) + 0.4 * explained - 0.15 * extra)


def _alike(word: str, words: Iterable[str]) -> bool:
    return any(
        word == other or (min(len(word), len(other)) >= 4 and word[:4] == other[:4])
        for other in words
    )


def _unit_for(column: str, fact: Fact) -> tuple[str, bool]:
    """Return the unit that a column's name states if it measures the fact, else the fact's own."""
    if fact.type != "number" or not fact.unit:
        return "", False
    for pattern, unit in _UNIT_WORDS:
        if re.search(pattern, column.lower()) and canonical_unit(unit)[0] == fact.unit:
            return unit, False
    return fact.unit, True


def _keys(table: Table) -> dict[str, str]:
    keys: dict[str, str] = {}
    for column in table.frame.columns:
        for key, pattern in _IDS.items():
            name = re.sub(r"[_#.]+", " ", column).strip().lower()
            if key not in keys and (re.match(pattern, name) or column == key):
                keys[key] = column
                break
    if "patient_id" not in keys:
        keys["patient_id"] = keys.get("specimen_id", table.frame.columns[0])
    return keys


def _row_scope(keys: dict[str, str], found: list[Proposal], knowledge: KnowledgeBase) -> Scope:
    scopes = {knowledge.facts[p.fact].scope for p in found}
    if "component" in keys:
        return Scope.COMPONENT
    if keys.keys() & {"specimen_id", "assessor"} or Scope.SPECIMEN in scopes:
        return Scope.SPECIMEN
    return Scope.TUMOUR if "tumour_id" in keys or Scope.TUMOUR in scopes else Scope.PATIENT


def _quote(text: str) -> str:
    """Write a text as one YAML scalar."""
    return yaml.safe_dump(text, allow_unicode=True, width=10**6).removesuffix("...\n").strip()


def _write(
    stem: str,
    row: Scope,
    keys: dict[str, str],
    proposals: list[Proposal],
    table: Table,
    knowledge: KnowledgeBase,
) -> str:
    name = re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-") or "mapping"
    lines = [
        "# A draft, made from names and values: read every line and correct it before use.",
        f"# Then: nenuphar validate {table.file.name} --mapping {name}.yaml",
        f"name: {name}",
        f"row: {row.value}  # what one row is; patient, tumour, specimen, component, ...",
        "keys:",
    ]
    if row is Scope.SPECIMEN:
        keys.setdefault("specimen_id", keys["patient_id"])
    named = [key for key in (*row.keys, "assessor", "date") if key in keys]
    lines += [f"  {key}: {_quote(keys[key])}" for key in named]
    fitting = [p for p in proposals if row.within(knowledge.facts[p.fact].scope)]
    lines.append("columns:" if fitting else "columns: {}  # nothing was recognised")
    for proposal in fitting:
        lines += _proposal_lines(proposal, knowledge)
    used = {*keys.values(), *(p.column for p in fitting)}
    rest = [column for column in table.frame.columns if column not in used]
    lines += ["# not recognised; map them or leave them out", "ignored:"] if rest else []
    lines += [f"  - {_quote(column)}" for column in rest]
    return "\n".join(lines) + "\n"


def _proposal_lines(proposal: Proposal, knowledge: KnowledgeBase) -> list[str]:
    fact = knowledge.facts[proposal.fact]
    lines = [
        f"  # {proposal.confidence} confidence ({proposal.score:.2f}); {fact.meaning}",
        f"  {proposal.fact}:",
        f"    column: {_quote(proposal.column)}",
    ]
    if proposal.unit:
        doubt = "  # assumed: the name of the column does not say" if proposal.guessed_unit else ""
        if proposal.guessed_unit and fact.unit == AREA_UNIT:
            doubt = "  # assumed: which area was counted?"
        lines.append(f"    unit: {proposal.unit}{doubt}")
    if proposal.unread:
        lines.append("    codes:  # texts that are no permitted value; nothing stands for missing")
    for text, meant in proposal.unread.items():
        lines.append(f"      {_quote(text)}: {meant or ''}".rstrip() + "  # what does it mean?")
    return lines
