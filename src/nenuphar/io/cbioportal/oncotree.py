"""OncoTree codes as reported diagnoses: what a code says, and what other columns say against it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from typing import Any

from nenuphar.domain.truth import Truth
from nenuphar.io.safe_yaml import read_bounded
from nenuphar.io.values import MISSING, nearest, plain
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.terminology.hierarchy import Hierarchy

_NOTHING = MISSING | {"unknown", "other", "not stated", "ns"}
_TOP = "neoplasm"
_WIDE_SITES = frozenset({"", "any_site", "extrapulmonary_site"})
# Often found without a primary, in the parotid or in nodes: another organ does not unname it.
_OF_ANY_ORGAN = frozenset({"merkel_cell"})
_NE_WORDS = (
    *("endocrine", "carcinoid", "small cell", "neuroblastoma", "merkel", "nec ", "net "),
    *("medullary thyroid", "paragangl", "chromocytoma", "pituitary", "goblet", "neuroectodermal"),
)
_UNKNOWN_PRIMARY = "unknown_primary"


@dataclass(frozen=True, slots=True)
class Stated:
    """What a row states about its diagnosis, each text as it stands; empty is missing."""

    code: str = ""
    name: str = ""
    main_type: str = ""
    site: str = ""


@dataclass(frozen=True, slots=True)
class Reported:
    """What is believed of it.

    Attributes:
        entity: Code of `tumour_entity`; empty where nothing is known.
        site: Code of `tumour_site`; empty where nothing is known.
        column: Which of code, name or site is not believed; empty if all agree.
        reason: Why it is not.
        fix: What to do.
        neuroendocrine: Whether the code is listed as neuroendocrine or often taken for it.
    """

    entity: str = ""
    site: str = ""
    column: str = ""
    reason: str = ""
    fix: str = ""
    neuroendocrine: bool = False


@dataclass(frozen=True, slots=True)
class _Named:
    entity: str
    sites: tuple[str, ...]
    name: str
    note: str


@dataclass(frozen=True)
class OncoTree:
    """Translates what studies state into entities and sites of the knowledge base.

    Attributes:
        knowledge: Declares the hierarchies of entities and sites.
    """

    knowledge: KnowledgeBase

    @cached_property
    def _data(self) -> dict[str, Any]:
        text = (
            resources.files("nenuphar.io.cbioportal").joinpath("oncotree.yaml").read_text("utf-8")
        )
        data: dict[str, Any] = read_bounded(text)
        return data

    @cached_property
    def _entities(self) -> Hierarchy:
        return self.knowledge.hierarchies["tumour_entity"]

    @cached_property
    def _sites(self) -> Hierarchy:
        return self.knowledge.hierarchies["tumour_site"]

    @cached_property
    def _named(self) -> dict[str, _Named]:
        named = {}
        for code, entry in self._data["named"].items():
            entity = next((e for e in entry["entity"] if e in self._entities), "")
            sites = tuple(site for site in entry["sites"] if site in self._sites)
            named[code] = _Named(entity, sites, entry["names"][0], entry.get("note", ""))
        return named

    @cached_property
    def _by_name(self) -> dict[str, str]:
        entries = self._data["named"].items()
        return {plain(name): code for code, entry in entries for name in entry["names"]}

    @cached_property
    def _other(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for site, codes in self._data["other"].items():
            found |= dict.fromkeys(codes, site if site in self._sites else "")
        return found

    @cached_property
    def _site_names(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for site, names in self._data["sites"].items():
            if site in self._sites:
                found |= {plain(name): site for name in names}
        return found

    def translate(self, stated: Stated, *, trust_code: bool = True) -> Reported:
        """Return what is believed of a stated diagnosis: the code, as far as nothing contradicts.

        Args:
            stated: The texts of a row.
            trust_code: False where codes were filled in from the main type; then only the main
                type counts.
        """
        code = stated.code.strip().upper()
        code = "" if plain(code) in _NOTHING else code
        if not code:
            return self._without_code(stated)
        if not trust_code:
            return self._only_main_type(code, stated)
        if code in self._named:
            return self._neuroendocrine(code, stated)
        if code in self._data["unspecific"]:
            return Reported("", self._site_of(stated))
        if code not in self._other:
            near = nearest(code, [*self._named, *self._other])
            hint = f"did you mean {near[0]}? " if near else ""
            return Reported(
                "",
                self._site_of(stated),
                "code",
                "is no OncoTree code that is known here",
                f"{hint}State a current OncoTree code; until then the diagnosis is missing",
            )
        return self._not_neuroendocrine(code, stated)

    def _site_of(self, stated: Stated) -> str:
        return self._site_names.get(plain(stated.site), "")

    def _without_code(self, stated: Stated) -> Reported:
        named = self._by_name.get(plain(stated.name))
        if named is None:
            return Reported("", self._site_of(stated))
        return self._neuroendocrine(named, stated)

    def _only_main_type(self, code: str, stated: Stated) -> Reported:
        main = self._named.get(self._data["main_types"].get(plain(stated.main_type), ""))
        believed = (
            Reported(main.entity, main.sites[0] if main.sites else "") if main else Reported()
        )
        if code in self._named and (main is None or main.entity != self._named[code].entity):
            return Reported(
                believed.entity,
                believed.site or self._site_of(stated),
                "code",
                "the file gives nearly every cancer type one single code, so the codes seem to be "
                "filled in from it",
                "use the file as the study released it; until then only the cancer type counts",
                True,
            )
        return Reported(
            believed.entity, believed.site or self._site_of(stated), neuroendocrine=bool(main)
        )

    def _not_neuroendocrine(self, code: str, stated: Stated) -> Reported:
        site = self._site_of(stated)
        site = self._other[code] if site in ("", _UNKNOWN_PRIMARY) else site
        named = self._by_name.get(plain(stated.name))
        if named is not None and named != code:
            excluded = self._is_a(self._named[named].entity, "not_nen")
            return Reported(
                "not_nen" if excluded else "",
                site,
                "code",
                f"the code is not that of {named}, but the name is",
                "correct the code or the name; until then only what they agree on counts",
            )
        return Reported("not_nen", site)

    def _neuroendocrine(self, code: str, stated: Stated) -> Reported:
        named = self._named[code]
        entity, column, reason = named.entity, "", ""
        sites = named.sites
        other = self._by_name.get(plain(stated.name))
        if other is not None and other != code and not self._wider(other, code):
            entity = self._common(self._entities, entity, self._named[other].entity)
            sites = self._common_sites(sites, self._named[other].sites)
            column, reason = "name", f"the name is that of {other}, the code is {code}"
        elif other is None and _names_something_else(stated.name):
            entity = "not_nen" if self._is_a(entity, "not_nen") else ""
            column = "name"
            reason = f"the name is not neuroendocrine, the code {code} means: {named.name}"
        site, against = self._reconcile_site(sites, stated)
        if against and not column:
            column, reason = "site", f"{code} means: {named.name}, which arises elsewhere"
            if site in _WIDE_SITES and self._is_a(entity, "nen") and entity not in _OF_ANY_ORGAN:
                entity = "nen"
        entity = "" if entity == _TOP else entity
        if not column:
            return Reported(entity, site, neuroendocrine=True)
        note = f" ({code} {named.note})" if named.note else ""
        fix = "correct the code, the name or the site; until then what they agree on counts" + note
        return Reported(entity, site, column, reason, fix, True)

    def _reconcile_site(self, sites: tuple[str, ...], stated: Stated) -> tuple[str, bool]:
        """Return the site on which code and row agree, and whether they contradict each other."""
        own = self._site_of(stated)
        if not sites or own in ("", _UNKNOWN_PRIMARY):
            return (sites[0] if sites else own), False
        for site in sites:
            if own == site or site in self._sites.ancestors(own):
                return own, False
        for site in sites:
            if own in self._sites.ancestors(site):
                return site, False
        common = self._common(self._sites, sites[0], own)
        return ("" if common in _WIDE_SITES else common), True

    def _wider(self, name: str, code: str) -> bool:
        """Whether a name says the same as a code or less: it stands above it, organ and all."""
        wide, narrow = self._named[name], self._named[code]
        if not self._is_a(narrow.entity, wide.entity) or not wide.sites or not narrow.sites:
            return False
        own = narrow.sites[0]
        return any(site == own or site in self._sites.ancestors(own) for site in wide.sites)

    def _is_a(self, entity: str, concept: str) -> bool:
        return bool(entity) and self._entities.is_a(entity, concept) is Truth.MET

    @staticmethod
    def _common(tree: Hierarchy, one: str, other: str) -> str:
        if not one or not other:
            return ""
        shared = ({one} | tree.ancestors(one)) & ({other} | tree.ancestors(other))
        nearest_first = sorted(shared, key=lambda code: (-len(tree.ancestors(code)), code))
        return nearest_first[0] if nearest_first else ""

    def _common_sites(self, one: Iterable[str], other: Iterable[str]) -> tuple[str, ...]:
        first, second = next(iter(one), ""), next(iter(other), "")
        common = self._common(self._sites, first, second)
        return () if common in _WIDE_SITES else (common,)


def _names_something_else(name: str) -> bool:
    text = plain(name)
    if text in _NOTHING:
        return False
    words = text.replace("non-small cell", "").replace("non small cell", "")
    return not any(word in f"{words} " for word in _NE_WORDS)
