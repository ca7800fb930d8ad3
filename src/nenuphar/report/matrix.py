"""The matrix of editions, sites and entities, read off the rules and their cases.

A cell names the rules that can conclude the entity at the site in the edition; each rule stands
below with its own cases (fires, does not fire, input missing, both sides of each limit). An empty
cell says why it is empty. Sites at which every edition has the same cells share a column.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from nenuphar.domain.truth import Truth, all_of, any_of, at_least
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.knowledge.criterion import AllOf, AnyOf, AtLeast, Criterion, Is, IsA, Not
from nenuphar.knowledge.schema import Rule, RuleCase

ENTITY, EDITION, SITE = "tumour.entity", "tumour.who_edition", "tumour.site"
WITHHELD = "(left open)"

_OTHER_SITE = "not at this site"
_KINDS = (
    ("fires", ("met", "provisional")),
    ("does not fire", ("not_met",)),
    ("input missing", ("undetermined",)),
)


@dataclass(frozen=True)
class Matrix:
    """Which rules conclude what, where and in which edition.

    Attributes:
        editions: Editions, in the order of their record.
        entities: Entities that any rule concludes, in the order of the terminology.
        sites: Groups of sites that share their cells.
        cells: Rules by edition, entity and first site of the group; absent where empty.
    """

    editions: tuple[str, ...]
    entities: tuple[str, ...]
    sites: tuple[tuple[str, ...], ...]
    cells: dict[tuple[str, str, str], tuple[str, ...]]


def make_matrix(kb: KnowledgeBase) -> Matrix:
    """Read the matrix off the rules that conclude the entity by criteria."""
    editions = tuple(kb.facts[EDITION].values)
    hierarchy = kb.hierarchies[kb.facts[SITE].hierarchy]
    leaves = [site for site in hierarchy.parents if not hierarchy.descendants(site)]
    rules = [r for r in kb.rules.values() if r.concludes.fact == ENTITY and r.basis == "criteria"]
    rows = {WITHHELD if rule.withholds else rule.concludes.value for rule in rules}
    order = [*kb.terminologies[kb.facts[ENTITY].hierarchy].concepts, WITHHELD]
    entities = tuple(entity for entity in order if entity in rows)
    cells: dict[tuple[str, str, str], tuple[str, ...]] = {}
    groups: dict[tuple[tuple[str, ...], ...], list[str]] = {}
    for site in leaves:
        own = {
            (edition, entity): tuple(_speaking(rules, edition, entity, site, kb))
            for edition in editions
            for entity in entities
        }
        groups.setdefault(tuple(own.values()), []).append(site)
        cells |= {(edition, entity, site): ids for (edition, entity), ids in own.items() if ids}
    return Matrix(editions, entities, tuple(tuple(group) for group in groups.values()), cells)


def _speaking(
    rules: list[Rule], edition: str, entity: str, site: str, kb: KnowledgeBase
) -> Iterator[str]:
    if not covers(kb, edition, site):
        return
    for rule in rules:
        named = WITHHELD if rule.withholds else rule.concludes.value
        spoken = not rule.editions or edition in rule.editions
        if named == entity and spoken and _possible(rule, site, kb):
            yield rule.id


def covers(kb: KnowledgeBase, edition: str, site: str) -> bool:
    """Whether an edition speaks of a site."""
    concepts = kb.facts[EDITION].covers.get(edition, ())
    hierarchy = kb.hierarchies[kb.facts[SITE].hierarchy]
    return not concepts or any(hierarchy.is_a(site, each) is Truth.MET for each in concepts)


def _possible(rule: Rule, site: str, kb: KnowledgeBase) -> bool:
    """Whether a rule can fire at a site, whatever else is known."""
    if _at(rule.when, site, kb) is Truth.NOT_MET:
        return False
    return rule.exception is None or _at(rule.exception, site, kb) is not Truth.MET


def _at(node: Criterion, site: str, kb: KnowledgeBase) -> Truth:
    match node:
        case AllOf(children):
            return all_of(_at(child, site, kb) for child in children)
        case AnyOf(children):
            return any_of(_at(child, site, kb) for child in children)
        case AtLeast(k, children):
            return at_least(k, [_at(child, site, kb) for child in children])
        case Not(child):
            return ~_at(child, site, kb)
        case Is() | IsA() if node.fact == SITE:
            concepts = (node.concept,) if isinstance(node, IsA) else node.values
            sites = kb.hierarchies[kb.facts[SITE].hierarchy]
            return any_of(sites.is_a(site, concept) for concept in concepts)
        case _:
            return Truth.UNDETERMINED


def matrix_page(kb: KnowledgeBase) -> str:
    """Return the matrix as a page in Markdown."""
    matrix = make_matrix(kb)
    names = kb.facts[EDITION].values
    lines = ["# Editions, sites and entities", "", "Made from the records; do not edit.", ""]
    lines += [
        "A cell names the rules that can conclude the entity; their cases stand below. "
        f"An empty cell says why: *{_OTHER_SITE}*. Sites of which an edition does not speak have "
        "no column in it; entities for which it has no rule at all are listed below its table.",
        "",
    ]
    for edition in matrix.editions:
        lines += [f"## {names[edition]}", "", *_table(matrix, edition, kb), ""]
    used = sorted({rule for rules in matrix.cells.values() for rule in rules})
    lines += ["## Rules and their cases", ""]
    for rule in used:
        lines += _cases(kb.rules[rule])
    return "\n".join(lines) + "\n"


def _table(matrix: Matrix, edition: str, kb: KnowledgeBase) -> list[str]:
    groups = [group for group in matrix.sites if covers(kb, edition, group[0])]
    sites = kb.terminologies[kb.facts[SITE].hierarchy].concepts
    heads = ["; ".join(sites[site].name for site in group) for group in groups]
    lines = ["| entity | " + " | ".join(heads) + " |", "|---" * (len(heads) + 1) + "|"]
    named = {entity for known, entity, _ in matrix.cells if known == edition}
    for entity in (entity for entity in matrix.entities if entity in named):
        cells = []
        for group in groups:
            rules = matrix.cells.get((edition, entity, group[0]), ())
            links = ", ".join(f"[`{rule}`](#{_anchor(rule)})" for rule in rules)
            cells.append(links or f"*{_OTHER_SITE}*")
        lines.append(f"| `{entity}` | " + " | ".join(cells) + " |")
    unnamed = ", ".join(f"`{entity}`" for entity in matrix.entities if entity not in named)
    return [*lines, "", f"No rule in this edition, which uses other names: {unnamed}."]


def _anchor(rule: str) -> str:
    return "".join(c for c in rule if c.isalnum() or c in "_-")


def _cases(rule: Rule) -> list[str]:
    lines = [f"### {rule.id}", "", rule.explanation.strip(), ""]
    for kind, outcomes in _KINDS:
        own = [case for case in rule.cases if case.expect in outcomes]
        lines += [f"- {kind}: {'; '.join(map(_case, own))}"]
    return [*lines, ""]


def _case(case: RuleCase) -> str:
    named = f" (asks for {', '.join(case.missing)})" if case.missing else ""
    return f"{case.name}{named}"
