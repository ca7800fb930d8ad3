"""The knowledge base in memory: records by kind, with look-ups and content hashes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from importlib import resources
from typing import Any, TypeVar

from nenuphar.domain.problems import KnowledgeError
from nenuphar.knowledge.criterion import Limit
from nenuphar.knowledge.schema import (
    Bibliography,
    Caution,
    CensoringRule,
    Fact,
    Method,
    Record,
    Rule,
    Terminology,
    Threshold,
    schema_of,
)
from nenuphar.terminology.hierarchy import Hierarchy

COMPILED = "compiled.json"

R = TypeVar("R", bound=Record)


def content_hash(data: Mapping[str, Any]) -> str:
    """Return a short hash of what a record says, the same wherever it is computed."""
    text = json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


@dataclass(frozen=True, eq=False)
class KnowledgeBase:
    """All records of one release.

    Attributes:
        release: Version of the knowledge, apart from that of the software.
        raw: Every record as plain data, by id.
    """

    release: str
    raw: Mapping[str, dict[str, Any]]
    _hashes: dict[str, str] = field(default_factory=dict, repr=False)

    def _of(self, model: type[R]) -> dict[str, R]:
        """Validate and index the active records of one model."""
        return {
            key: model.model_validate(data)
            for key, data in self.raw.items()
            if schema_of(data["kind"]) is model and data.get("status", "active") == "active"
        }

    @cached_property
    def facts(self) -> dict[str, Fact]:
        """Declared facts by name."""
        return self._of(Fact)

    @cached_property
    def thresholds(self) -> dict[str, Threshold]:
        """Thresholds by id."""
        return self._of(Threshold)

    @cached_property
    def rules(self) -> dict[str, Rule]:
        """Active rules by id, in the order of their ids."""
        return dict(sorted(self._of(Rule).items()))

    @cached_property
    def cautions(self) -> dict[str, Caution]:
        """Active cautions by id."""
        return dict(sorted(self._of(Caution).items()))

    @cached_property
    def methods(self) -> dict[str, Method]:
        """Method records by id."""
        return self._of(Method)

    @cached_property
    def censoring_rules(self) -> tuple[CensoringRule, ...]:
        """Active rules of censoring, in the order in which they are asked."""
        return tuple(sorted(self._of(CensoringRule).values(), key=lambda rule: rule.order))

    @cached_property
    def terminologies(self) -> dict[str, Terminology]:
        """Terminologies by id."""
        return self._of(Terminology)

    @cached_property
    def sources(self) -> dict[str, Bibliography]:
        """Publications by id."""
        return self._of(Bibliography)

    @cached_property
    def citations(self) -> dict[str, str]:
        """How each publication is cited, by its DOI or registry id."""
        return {record.sources[0].source: record.citation for record in self.sources.values()}

    @cached_property
    def hierarchies(self) -> dict[str, Hierarchy]:
        """The `is_a` order of every terminology."""
        return {
            name: Hierarchy({code: concept.parent for code, concept in system.concepts.items()})
            for name, system in self.terminologies.items()
        }

    def hierarchy_of(self, fact: str) -> Hierarchy | None:
        """Return the hierarchy that a coded fact's values belong to, if it has one."""
        declared = self.facts.get(fact)
        return self.hierarchies.get(declared.hierarchy) if declared else None

    def limit(self, limit: Limit) -> float:
        """Return the number that a limit stands for."""
        if limit.value is not None:
            return limit.value
        return self.thresholds[limit.threshold].value

    def hash_of(self, record_id: str) -> str:
        """Return the content hash of a record."""
        if record_id not in self._hashes:
            self._hashes[record_id] = content_hash(self.raw[record_id])
        return self._hashes[record_id]

    @cached_property
    def digest(self) -> str:
        """Hash of everything in this release."""
        return content_hash({key: self.raw[key] for key in sorted(self.raw)})

    def above(self, code: str) -> frozenset[str]:
        """Return what lies above an entity or a site; nothing for a code that is neither."""
        known = (self.hierarchies[name] for name in ("tumour_entity", "tumour_site"))
        return frozenset().union(*(h.ancestors(code) for h in known if code in h))

    def kinds(self, *kinds: str) -> list[dict[str, Any]]:
        """Return the active records of the named kinds as plain data, in the order of ids."""
        return [
            self.raw[key]
            for key in sorted(self.raw)
            if self.raw[key]["kind"] in kinds and self.raw[key].get("status") != "retired"
        ]

    def with_records(self, records: Iterable[Mapping[str, Any]]) -> KnowledgeBase:
        """Return a base in which the given records replace or join those of this one."""
        added = {str(record["id"]): dict(record) for record in records}
        return KnowledgeBase(self.release, {**self.raw, **added})


def knowledge_base(records: Iterable[Mapping[str, Any]], release: str = "test") -> KnowledgeBase:
    """Make a knowledge base from plain records.

    Raises:
        KnowledgeError: Two records share an id.
    """
    raw: dict[str, dict[str, Any]] = {}
    for record in records:
        key = str(record["id"])
        if key in raw:
            raise KnowledgeError([f"id {key} is used by two records"])
        raw[key] = dict(record)
    return KnowledgeBase(release, raw)


@lru_cache(maxsize=1)
def load_knowledge() -> KnowledgeBase:
    """Load the shipped knowledge base; milliseconds, no YAML is read.

    Raises:
        KnowledgeError: The compiled file is missing or broken.
    """
    try:
        text = resources.files("nenuphar.knowledge").joinpath(COMPILED).read_text("utf-8")
        data = json.loads(text)
    except (OSError, ValueError) as error:
        raise KnowledgeError([f"{COMPILED}: {error}; run `make kb`"]) from error
    return knowledge_base(data["records"], data["release"])
