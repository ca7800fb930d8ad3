"""Names: gene symbols that do not exist, one molecule under two names, misspellings."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from nenuphar.methods.evidence.audit.finding import Finding, RecordData, of_kind, review_of

if TYPE_CHECKING:
    from nenuphar.terminology.genes import GeneIndex

_SYMBOL = re.compile(r"[A-Z][A-Z0-9]{2,9}")
_OF_GENES = ("mutation", "altered", "amplification", "loss", "fusion", "deletion")
_NAMED = ("drug", "intervention", "target", "marker", "study", "name")
_SIMILAR = 0.8
"""Share of letters in common from which two words are one word and its misspelling."""


def check_symbols(records: Sequence[RecordData]) -> Iterator[Finding]:
    """Yield names printed as gene symbols that no gene has had, each once for a review.

    Looked at are names that a record modernises (`printed_as`) and markers with an alteration that
    only genes have.
    """
    from nenuphar.terminology.genes import gene_index

    genes = gene_index()
    spelt: dict[tuple[str, str], list[tuple[RecordData, str]]] = defaultdict(list)
    for record in records:
        for printed, meant in _symbols_of(record):
            family = f"{printed}1" in genes
            if _SYMBOL.fullmatch(printed) and not family and _is_unknown(genes, printed):
                spelt[(review_of(record), printed)].append((record, _closest(printed, meant)))
    for (_, printed), uses in spelt.items():
        yield Finding(
            "unknown_symbol",
            "minor",
            tuple(record for record, _ in uses),
            (printed,),
            next((meant for _, meant in uses if meant), ""),
            f"{printed} is neither a symbol nor an alias of any human gene.",
            about=printed,
        )


def _is_unknown(genes: GeneIndex, name: str) -> bool:
    return genes.resolve(name).via == "unknown"


def _closest(printed: str, text: str) -> str:
    """Return the word of a text that is most like a misprinted name."""
    words = re.findall(r"[A-Za-z0-9-]+", text)
    return max(words, key=lambda word: _likeness(printed, word), default="")


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other).ratio()


def _symbols_of(record: RecordData) -> Iterator[tuple[str, str]]:
    """Yield what a record prints as a symbol, and what it says instead."""
    if printed := record.get("printed_as"):
        said = (*record.get("genes", ()), *(str(record.get(name, "")) for name in _NAMED))
        yield str(printed), " ".join(said)
    for marker in record.get("markers", ()):
        if printed := marker.get("printed_as"):
            yield str(printed), str(marker["gene"])
    if record.get("kind") == "prevalence" and record.get("alteration") in _OF_GENES:
        repair = record.get("repaired") or {}
        yield str(record["marker"]), str(repair.get("value", ""))


def check_one_molecule(records: Sequence[RecordData]) -> Iterator[Finding]:
    """Yield two names of one gene that a paragraph treats as two markers."""
    from nenuphar.terminology.genes import gene_index

    genes = gene_index()
    named: dict[tuple[str, str, str], dict[str, RecordData]] = defaultdict(dict)
    for record in of_kind(records, "prevalence"):
        marker = str(record.get("marker"))
        symbol = genes.resolve(marker).symbol
        for source in record.get("sources", ()):
            if symbol and source.get("source") == review_of(record):
                place = (review_of(record), str(source.get("locator")), symbol)
                named[place].setdefault(marker, record)
    for (_, _, symbol), uses in named.items():
        if len(uses) > 1:
            yield Finding(
                "one_molecule_two_names",
                "minor",
                tuple(uses.values()),
                tuple(uses),
                symbol,
                f"{' and '.join(uses)} are printed as if they were two; both are {symbol}.",
                about=symbol,
            )


def check_trial_names(records: Sequence[RecordData]) -> Iterator[Finding]:
    """Yield trials whose name one review writes with different capitals."""
    for trial in of_kind(records, "trial"):
        names = [str(trial["name"]), *map(str, trial.get("other_names", ()))]
        plain = {re.sub(r"[\W_]+", "", name) for name in names}
        if len(plain) > len({name.casefold() for name in plain}):
            yield Finding(
                "name_differs",
                "info",
                (trial,),
                tuple(names),
                names[0],
                "One trial is spelt in several ways.",
            )


def check_misspellings(records: Sequence[RecordData]) -> Iterator[Finding]:
    """Yield names that a record corrects by a letter or two."""
    for record in records:
        printed = str(record.get("printed_as", ""))
        if not printed or _SYMBOL.fullmatch(printed):
            continue
        text = " ".join(str(record.get(name, "")) for name in _NAMED)
        words = set(re.findall(r"[a-z]{6,}", text.lower()))
        written = set(re.findall(r"[a-z]{6,}", printed.lower()))
        for wrong, right in itertools.product(sorted(written - words), sorted(words - written)):
            if _likeness(wrong, right) >= _SIMILAR:
                yield Finding(
                    "misspelling",
                    "info",
                    (record,),
                    (printed,),
                    right,
                    f"{right} is printed {printed}.",
                    about=wrong,
                )
