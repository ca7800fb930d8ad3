"""What is known of a specimen beside facts: stains, assays, variants and copy number."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, get_args, get_type_hints

from nenuphar.domain.case import IHC, Assay, CopyNumberSegment, Variant
from nenuphar.domain.quantity import Interval
from nenuphar.io.case_draft import Draft
from nenuphar.io.gene_names import approved_symbols
from nenuphar.io.result import Findings
from nenuphar.io.values import ValueParser, ValueProblem, nearest
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.knowledge.yaml_lines import Marked
from nenuphar.terminology.genes.consequences import effect_of, effect_of_change, significance_of

SIGNIFICANCES = get_args(get_type_hints(Variant)["significance"])
ORIGINS = get_args(get_type_hints(Variant)["origin"])

FIELDS = {
    "ihc": ("marker", "result", "percent", "h_score", "clone"),
    "assays": (
        *("id", "type", "genes", "whole_exome"),
        *("file", "sample", "genome", "purity", "ploidy"),
    ),
    "variants": ("gene", "significance", "origin", "change", "assay", "consequence"),
    "segments": ("chromosome", "start", "end", "log2", "total", "minor"),
}
"""Fields of an entry, the one that it cannot do without first."""


class CaseReading(Protocol):
    """What the reading of a whole case lends to that of its details."""

    knowledge: KnowledgeBase
    findings: Findings
    folder: str
    """Folder of the case, in which its attached files lie; empty where it has none."""

    def parser(self, name: str) -> ValueParser:
        """Return the parser of a declared fact."""

    def problem(self, line: int, column: str, value: object, reason: str, fix: str) -> None:
        """List something that is left out."""


def read_details(name: str, value: Any, specimen: Draft, line: int, reader: CaseReading) -> None:
    """Read the entries of one kind of detail; what cannot be read is listed and left out."""
    if not isinstance(value, list):
        reader.problem(
            line, name, value, "is no list of entries", f"write `- {FIELDS[name][0]}: ...`"
        )
        return
    readers: dict[str, Callable[[Marked, CaseReading], Any]] = {
        "ihc": _stain,
        "assays": _assay,
        "variants": _variant,
        "segments": _segment,
    }
    for item in value:
        if not isinstance(item, Marked):
            reader.problem(
                line, name, item or "", "is no entry", f"write `- {FIELDS[name][0]}: ...`"
            )
            continue
        _check_fields(item, name, reader)
        try:
            entry = readers[name](item, reader)
        except ValueProblem as problem:
            reader.problem(item.line, name, "", problem.reason, problem.fix)
            continue
        getattr(specimen, name).append(entry)
        if name == "ihc":
            specimen.stain_lines[entry.marker] = item.line


def _check_fields(item: Marked, name: str, reader: CaseReading) -> None:
    for field in item:
        if field not in FIELDS[name]:
            near = nearest(field, FIELDS[name])
            fix = f"did you mean {near[0]}?" if near else "permitted: " + ", ".join(FIELDS[name])
            reader.problem(item.key_lines[field], f"{name}.{field}", "", "is no field here", fix)


def stain_of(marker: str, stains: Marked) -> Marked | None:
    """Return `dll3: {result: positive, clone: x}` as an entry; None for what a fact can say."""
    value = stains[marker]
    if not isinstance(value, Marked) or not {"result", "percent", "clone"} & set(value):
        return None
    entry = Marked({"marker": marker, **value})
    entry.line = stains.key_lines[marker]
    entry.key_lines = {"marker": entry.line, **value.key_lines}
    return entry


def marker_name(text: str) -> str:
    """Return the name by which facts call a marker: `pd_l1` for `PD-L1`."""
    return text.strip().lower().replace("-", "_").replace(" ", "_")


def _text(item: Marked, field: str, *, needed: bool = False) -> str:
    value = item.get(field)
    if value is not None and not isinstance(value, str):
        raise ValueProblem(f"{field} is a list or a mapping", "write one value")
    if needed and not (value or "").strip():
        raise ValueProblem(f"the entry has no {field}", "state it, or delete the entry")
    return (value or "").strip()


def _one_of(item: Marked, field: str, permitted: tuple[str, ...], default: Any) -> Any:
    value = _text(item, field).lower()
    if not value:
        return default
    if value not in permitted:
        raise ValueProblem(
            f"{field} {value[:40]!r} is not known", "one of: " + ", ".join(permitted)
        )
    return value


def _stain(item: Marked, reader: CaseReading) -> IHC:
    marker = marker_name(_text(item, "marker", needed=True))
    known = reader.knowledge.facts
    fact = f"ihc.{marker}"
    if not any(name == fact or name.startswith(f"{fact}.") for name in known):
        near = nearest(fact, [name for name in known if name.startswith("ihc.")])
        hint = f"did you mean {near[0]}?" if near else "see `nenuphar kb search ihc`"
        raise ValueProblem(f"no fact is called {fact[:60]}", hint)
    found: dict[str, Any] = {}
    for field, name in (("result", fact), *((n, f"{fact}.{n}") for n in ("percent", "h_score"))):
        text = _text(item, field)
        if text and name in known:
            found[field] = reader.parser(name).parse(text)
        elif text:
            line = item.key_lines[field]
            reader.problem(line, f"ihc.{field}", text, f"no record asks for {name}", "leave it out")
    return IHC(
        marker,
        found.get("result"),
        _interval(found.get("percent")),
        _interval(found.get("h_score")),
        _text(item, "clone"),
    )


def _interval(value: Any) -> Interval | None:
    return value if isinstance(value, Interval) else None


def _assay(item: Marked, reader: CaseReading) -> Assay:
    genes = item.get("genes")
    if isinstance(genes, str):
        genes = genes.replace(",", " ").split()
    if genes is not None and not (
        isinstance(genes, list) and all(isinstance(gene, str) for gene in genes)
    ):
        raise ValueProblem("genes is no list of gene symbols", "write [TP53, RB1]")
    file = _text(item, "file")
    if file and (not reader.folder or Path(file).is_absolute() or ".." in Path(file).parts):
        raise ValueProblem(
            "the file cannot be reached from the case", "name a file in the folder of the case"
        )
    return Assay(
        _text(item, "id", needed=True),
        _text(item, "type").lower(),
        None if genes is None else _symbols(genes, item, reader),
        _one_of(item, "whole_exome", ("true", "false", "yes", "no"), "no") in ("true", "yes"),
        file,
        reader.folder if file else "",
        _text(item, "sample"),
        _one_of(item, "genome", ("hg19", "hg38"), ""),
        _number(item, "purity"),
        _number(item, "ploidy"),
    )


def _symbols(names: list[str], item: Marked, reader: CaseReading) -> tuple[str, ...]:
    """Return the approved symbols of genes; every other name is listed."""
    replaced, listed = approved_symbols(names)
    for name, reason, fix in listed:
        reader.findings.note(reason, fix, line=item.line, column="gene", value=name)
    return tuple(replaced.get(name, name) for name in names)


def _variant(item: Marked, reader: CaseReading) -> Variant:
    """Read a variant; what nobody judged is judged by its consequence."""
    (gene,) = _symbols([_text(item, "gene", needed=True)], item, reader)
    change = _text(item, "change")
    origin = _one_of(item, "origin", ORIGINS, "unknown")
    consequence = _text(item, "consequence")
    stated, basis = _significance(item), ""
    if not stated:
        effect = effect_of(consequence) if consequence else effect_of_change(change)
        stated, basis = significance_of(gene, effect, change, origin)
    assay = _text(item, "assay")
    return Variant(gene, stated, origin, change, assay, consequence, basis)


CLASSES = {"likely_pathogenic": "pathogenic", "likely_benign": "benign", "vus": "uncertain"}
"""How laboratories report by the five classes; the likely ones are acted on like the sure ones."""


def _significance(item: Marked) -> Any:
    word = _text(item, "significance").lower().replace(" ", "_")
    if word in CLASSES:
        return CLASSES[word]
    return _one_of(item, "significance", SIGNIFICANCES, "")


def _segment(item: Marked, reader: CaseReading) -> CopyNumberSegment:
    start, end = _number(item, "start"), _number(item, "end")
    if start is None or end is None or not 0 < start <= end or start % 1 or end % 1:
        raise ValueProblem(
            "start and end are no stretch of bases", "write whole numbers, start first"
        )
    return CopyNumberSegment(
        _text(item, "chromosome", needed=True).removeprefix("chr"),
        int(start),
        int(end),
        _number(item, "log2"),
        _number(item, "total"),
        _number(item, "minor"),
    )


def _number(item: Marked, field: str) -> float | None:
    text = _text(item, field)
    if not text:
        return None
    try:
        value = float(text)
    except ValueError as error:
        raise ValueProblem(f"{field} {text[:20]!r} is no number", "write a number") from error
    if not abs(value) < 1e12:
        raise ValueProblem(f"{field} {text[:20]!r} is beyond bounds", "check the number")
    return value
