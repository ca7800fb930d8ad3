"""Gene signatures: names with weights, and how much of them must be measured."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from importlib.resources import files

DEFAULT_COVERAGE = 0.5
SAMPLE = "sample"


class SignatureError(ValueError):
    """A signature that cannot be scored, with the reason and the remedy."""


@dataclass(frozen=True, slots=True)
class Signature:
    """A named set of genes with weights; a negative weight means that the gene is expected low.

    `coverage_min` is the fraction (0-1) of its genes that must be measured for a score. `id`,
    `version` and `sources` are filled where the signature comes from the knowledge base.
    """

    name: str
    genes: Mapping[str, float]
    coverage_min: float = DEFAULT_COVERAGE
    id: str = ""
    version: str = ""
    sources: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.name == SAMPLE:
            raise SignatureError(
                f"a signature is named {SAMPLE!r}, as the first column of scores is; rename it"
            )
        if not self.genes:
            raise SignatureError(f"signature {self.name!r} has no genes; give at least one")
        if any(weight == 0 or not math.isfinite(weight) for weight in self.genes.values()):
            raise SignatureError(
                f"signature {self.name!r} has a weight that is zero or not a number; "
                "leave the gene out or give it a weight"
            )
        if not 0 <= self.coverage_min <= 1:
            raise SignatureError(
                f"signature {self.name!r}: coverage_min {self.coverage_min} is no fraction (0-1)"
            )


def as_signatures(
    signatures: Mapping[str, Iterable[str] | Mapping[str, float] | Signature],
    coverage_min: float | None = None,
) -> list[Signature]:
    """Signatures from plain mappings: name to genes, or to genes with weights.

    A gene may end in `+` or `-` for its direction; one that comes twice in a set counts once.
    `coverage_min` (0-1), where given, replaces that of every signature. Raises `SignatureError`
    for an empty one and for a gene in both directions.
    """
    made = [
        content if isinstance(content, Signature) else Signature(name, _weights(name, content))
        for name, content in signatures.items()
    ]
    if coverage_min is None:
        return made
    return [replace(one, coverage_min=coverage_min) for one in made]


def _weights(name: str, content: Iterable[str] | Mapping[str, float]) -> dict[str, float]:
    if isinstance(content, Mapping):
        return {str(gene): float(weight) for gene, weight in content.items()}
    weights: dict[str, float] = {}
    for entry in content:
        gene, weight = entry.rstrip("+-"), -1.0 if entry.endswith("-") else 1.0
        if weights.setdefault(gene, weight) != weight:
            raise SignatureError(
                f"signature {name!r} expects {gene} both high and low; choose one direction"
            )
    return weights


def builtin_signatures() -> dict[str, Signature]:
    """The active signatures of the knowledge base, by the last part of their id.

    Raises `SignatureError` where a record lacks a field that scoring needs.
    """
    import yaml

    folder = files("nenuphar.knowledge") / "records" / "signatures"
    found: dict[str, Signature] = {}
    if not folder.is_dir():
        return found
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if entry.name.endswith(".yaml"):
            for record in yaml.load(entry.read_bytes(), Loader=yaml.CBaseLoader):  # noqa: S506
                if record["status"] == "active":
                    signature = _from_record(record)
                    found[signature.name] = signature
    return found


def _from_record(record: Mapping[str, object]) -> Signature:
    try:
        genes = {gene: float(weight) for gene, weight in record["genes"].items()}  # type: ignore[attr-defined]
        return Signature(
            name=str(record["id"]).split(".", 1)[1],
            genes=genes,
            coverage_min=float(str(record["coverage_min"])),
            id=str(record["id"]),
            version=str(record["version"]),
            sources=tuple(source["source"] for source in record["sources"]),  # type: ignore[attr-defined]
        )
    except (KeyError, IndexError, ValueError) as problem:
        raise SignatureError(
            f"signature record {record.get('id', '?')}: {problem!r}; it needs id, version, "
            "sources, genes with weights and coverage_min"
        ) from problem
