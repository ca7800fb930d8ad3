"""Eligibility in MatchMiner's Clinical Trial Markup Language (CTML) as a criterion tree.

What cannot be carried over is listed. Beside others (`and`) it is left out, which makes the tree
ask less than the trial; among alternatives (`or`) or under a negation leaving it out would make the
tree ask more, so that the whole part is left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nenuphar.domain.problems import UnreadableInputError
from nenuphar.io.decoding import decode
from nenuphar.io.result import read_bytes
from nenuphar.io.safe_yaml import read_bounded
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.knowledge.yaml_lines import YamlError
from nenuphar.terminology.codes import read_code

Tree = dict[str, Any]

_SEX = {"male": "male", "female": "female"}
_EXTENT = {"metastatic": "metastatic", "advanced": "advanced", "locally advanced": "advanced"}
_MMR = {"mmr-deficient": "msi_high", "msi-h": "msi_high", "mmr-proficient": "mss", "mss": "mss"}
_REARRANGED = {"ALK", "ROS1", "RET", "NRG1"}
_GENE = re.compile(r"^[A-Z0-9][A-Za-z0-9-]*$")
_READ_GENOMIC = {"hugo_symbol", "variant_category", "protein_change", "wildtype"}


@dataclass
class CtmlTrial:
    """A trial as read from CTML.

    Attributes:
        nct_id: Registry number, empty where the file states none.
        title: Long or short title.
        criteria: The criterion tree, None where nothing could be carried over.
        not_carried: What could not, each with its reason.
    """

    nct_id: str
    title: str
    criteria: Tree | None = None
    not_carried: list[str] = field(default_factory=list)


def read_ctml(path: Path, knowledge: KnowledgeBase) -> CtmlTrial:
    """Read the eligibility of a CTML file.

    Several steps, arms and doses with own criteria are alternatives.

    Raises:
        UnreadableInputError: The file is no YAML, or holds no criteria.
    """
    data, file = read_bytes(path)
    text, _ = decode(data, file.name)
    try:
        content = read_bounded(text)
    except YamlError as error:
        raise UnreadableInputError(f"{file.name}: {error}; mend the file") from error
    if not isinstance(content, Mapping) or "treatment_list" not in content:
        raise UnreadableInputError(f"{file.name}: is no CTML; it has no treatment_list")
    title = str(content.get("long_title") or content.get("short_title") or "")
    trial = CtmlTrial(str(content.get("nct_id") or ""), title)
    reader = _Reader(knowledge, trial.not_carried)
    found = [reader.all_of(match) for match in _matches(content["treatment_list"])]
    if not found:
        raise UnreadableInputError(f"{file.name}: states no match criteria below treatment_list")
    trial.criteria = _joined("any", found) if None not in found else None
    return trial


def _matches(node: Any) -> list[list[Any]]:
    """Return the criteria lists of steps, arms and doses, wherever they stand."""
    if isinstance(node, list):
        return [match for part in node for match in _matches(part)]
    if not isinstance(node, Mapping):
        return []
    own = [node["match"]] if isinstance(node.get("match"), list) else []
    return own + [m for key, part in node.items() if key != "match" for m in _matches(part)]


def _joined(head: str, parts: list[Any]) -> Tree | None:
    known = [part for part in parts if part is not None]
    if not known:
        return None
    return known[0] if len(known) == 1 else {head: known}


class _Reader:
    def __init__(self, knowledge: KnowledgeBase, not_carried: list[str]) -> None:
        self._not_carried = not_carried
        concepts = knowledge.terminologies["tumour_entity"].concepts
        self._entities = {
            spelling.casefold(): code
            for code, concept in concepts.items()
            for spelling in (code, concept.name, *concept.synonyms)
        }

    def all_of(self, nodes: list[Any]) -> Tree | None:
        return _joined("all", [self._node(node) for node in nodes])

    def _node(self, node: Any) -> Tree | None:
        if not isinstance(node, Mapping) or len(node) != 1:
            return self._lost(
                "a node", node, "it has not exactly one of and, or, genomic, clinical"
            )
        head, body = next(iter(node.items()))
        if isinstance(body, list) and head in ("and", "or"):
            return self.all_of(body) if head == "and" else self._any_of(body)
        if isinstance(body, Mapping) and head == "genomic":
            return self._genomic(body)
        if isinstance(body, Mapping) and head == "clinical":
            return _joined("all", [self._one_of(str(k), v) for k, v in body.items()])
        return self._lost(str(head), body, "it is not known")

    def _any_of(self, nodes: list[Any]) -> Tree | None:
        parts = [self._node(node) for node in nodes]
        if None in parts:
            return self._lost("or", "", "one of its alternatives cannot be carried over")
        return _joined("any", parts)

    def _lost(self, name: str, value: Any, why: str) -> None:
        self._not_carried.append(
            f"{name} {str(value)[:60]!r}: {why}" if value else f"{name}: {why}"
        )

    def _genomic(self, body: Mapping[str, Any]) -> Tree | None:
        gene, negated = _negated(str(body.get("hugo_symbol", "")))
        category, other = _negated(str(body.get("variant_category", "")))
        negated ^= other
        unread = sorted(set(body) - _READ_GENOMIC)
        change, not_change = _negated(str(body.get("protein_change", "")))
        if unread or not_change or not _GENE.match(gene):
            what = ", ".join(unread) or "the gene or change"
            return self._lost("genomic", gene, f"{what} has no counterpart")
        if str(body.get("wildtype", "")).lower() == "true":
            negated = not negated
        if category.lower() in ("mutation", ""):
            asked = {"gene": gene} | ({"change": change.removeprefix("p.")} if change else {})
            tree: Tree = {"has_variant": asked}
        elif category.lower() == "structural variation" and gene in _REARRANGED:
            tree = {"fact": "biomarker.rearrangement", "is": gene}
        else:
            return self._lost("genomic", gene, f"{category} has no counterpart")
        return {"not": tree} if negated else tree

    def _one_of(self, name: str, value: Any) -> Tree | None:
        """Read a clinical criterion; several values are alternatives."""
        if not isinstance(value, list):
            return self._clinical(name, str(value))
        parts = [self._clinical(name, str(part)) for part in value]
        if None in parts:
            return self._lost(name, "", "one of its alternatives cannot be carried over")
        return _joined("any", [part for i, part in enumerate(parts) if part not in parts[:i]])

    def _diagnosis(self, text: str) -> Tree | None:
        """Read a diagnosis: a name of an entity, or an OncoTree code with its organ."""
        if code := self._entities.get(text.casefold()):
            return {"fact": "tumour.entity", "is_a": code}
        found = read_code("oncotree", text.upper())
        if not found or not found[0].entity:
            return None
        tumour = found[0]
        trees: list[Any] = [{"fact": "tumour.entity", "is_a": tumour.entity}]
        if tumour.site:
            trees.append({"fact": "tumour.site", "is_a": tumour.site})
        return _joined("all", trees)

    def _clinical(self, name: str, text: str) -> Tree | None:
        value, negated = _negated(text)
        key = value.casefold()
        tree: Tree | None = None
        if name == "oncotree_primary_diagnosis":
            tree = self._diagnosis(value)
        elif name == "gender" and key in _SEX:
            tree = {"fact": "patient.sex", "is": _SEX[key]}
        elif name == "disease_status" and key in _EXTENT:
            tree = {"fact": "disease.extent", "is_a": _EXTENT[key]}
        elif name in ("mmr_status", "ms_status") and key in _MMR:
            tree = {"fact": "biomarker.msi", "is": _MMR[key]}
        if tree is None:
            why = "no fact answers it"
            if name == "age_numerical":
                why = "age at enrolment is no fact; the age at diagnosis is another one"
            elif value == "_SOLID_":
                why = "every tumour that is matched here is solid"
            return self._lost(name, text, why)
        return {"not": tree} if negated else tree


def _negated(text: str) -> tuple[str, bool]:
    return (text[1:].strip(), True) if text.startswith("!") else (text.strip(), False)


def as_record(trial: CtmlTrial, file: str) -> dict[str, Any]:
    """Return a draft of a trial record; what CTML does not say is left to the curator."""
    name = re.sub(r"[^a-z0-9]+", "_", (trial.nct_id or trial.title or "trial").lower()).strip("_")
    return {
        "kind": "trial",
        "id": f"trial.{name}.ctml",
        "version": 1,
        "status": "draft",
        "sources": [{"source": trial.nct_id or file, "locator": f"CTML file {file}"}],
        **({"nct_id": trial.nct_id} if trial.nct_id else {}),
        "name": trial.title or name,
        "intervention": "not stated in the eligibility",
        "enrols_g3_net": "unclear",
        "criteria": trial.criteria,
        "note": "; ".join(f"Not carried over: {text}" for text in trial.not_carried),
    }
