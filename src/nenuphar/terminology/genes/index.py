"""The gene index: current, previous and alias symbols, Ensembl and Entrez ids."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

# GENCODE adds `_2` to ids that it carried over to GRCh37.
_ENSEMBL = re.compile(r"^ENSG(\d{11})(\.\d+)?(_\d+)?(_PAR_Y)?$")
_OPEN_FRAME = re.compile(r"^C(\d+|X|Y)orf\d+")
_ENTREZ = re.compile(r"^\d+(\.0)?$")
# Spreadsheets turn SEPT2 and MARCH1 into dates; the months that are gene names, either way round.
_DATE = re.compile(r"^(?:(\d{1,2})-(Mar|Sep|Oct|Dec)|(Mar|Sep|Oct|Dec)-(\d{1,2}))$", re.IGNORECASE)
_ISO_DATE = re.compile(r"^\d{4}-(03|09|10|12)-(\d{2})(?:[ T]00:00:00)?$")
_MONTH_SYMBOL = {"mar": "MARCH", "sep": "SEPT", "oct": "OCT", "dec": "DEC"}
_MONTH_NUMBER = {"03": "mar", "09": "sep", "10": "oct", "12": "dec"}


@dataclass(frozen=True, slots=True)
class Resolution:
    """What became of one gene name.

    `symbol` is the approved symbol, or None where the name is unknown or ambiguous.
    `via` says how it was found: `approved`, `previous`, `alias`, `ensembl`, `entrez`,
    `retired_entrez`, `spelling` (letter case; `HLA.A` as R writes it), `spreadsheet` (a date that
    was a symbol), `joined` (`ASCL1|429`), `ambiguous` or `unknown`. `candidates` lists the genes
    an ambiguous name may mean, or, beside an approved symbol, another gene that the field calls
    by the same name (TTF1 and NKX2-1).
    """

    name: str
    symbol: str | None
    via: str
    candidates: tuple[str, ...] = ()

    @property
    def replaced(self) -> bool:
        """Whether the name was understood as another name."""
        return self.symbol is not None and self.symbol != self.name


class GeneIndex:
    """Looks names up; an approved symbol always wins over the same name as somebody's alias.

    Source: NCBI Gene and Ensembl release 115 for ids and aliases; previous symbols and ambiguous
    names after HGNC (CC0), curated in `previous_symbols.tsv`.
    """

    def __init__(self, lines: Iterable[str], curated: Iterable[str]) -> None:
        self._approved: set[str] = set()
        self._names: dict[str, tuple[str, tuple[str, ...]]] = {}
        self._ensembl: dict[int, tuple[str, ...]] = {}
        self._entrez: dict[int, str] = {}
        self._retired: dict[int, str] = {}
        for line in lines:
            self._add(*line.split("\t"))
        for line in curated:
            if not line.startswith("#"):
                name, symbols, kind = line.split("\t")
                self._names[name] = (kind, tuple(symbols.split("|")))

    def _add(self, symbol: str, ensembl: str, entrez: str, retired: str, aliases: str) -> None:
        self._approved.add(symbol)
        for number in filter(None, ensembl.split(",")):
            held = self._ensembl.get(int(number), ())
            self._ensembl[int(number)] = (*held, symbol)
        for number in filter(None, entrez.split(",")):
            self._entrez[int(number)] = symbol
        for number in filter(None, retired.split(",")):
            self._retired[int(number)] = symbol
        for name in filter(None, aliases.split("|")):
            _, held = self._names.get(name, ("alias", ()))
            self._names[name] = ("ambiguous" if held else "alias", (*held, symbol))

    def __len__(self) -> int:
        """The number of approved symbols."""
        return len(self._approved)

    def __contains__(self, symbol: str) -> bool:
        """Whether this is an approved symbol, as spelt."""
        return symbol in self._approved

    def resolve(self, name: str) -> Resolution:
        """Says which gene a symbol, an alias, an Ensembl gene id or an Entrez id means.

        Unknown and ambiguous names keep `symbol=None`; nothing is guessed. Letter case counts:
        only `C7ORF16` is read as `C7orf16`, so that mouse symbols stay unknown, and an alias that
        is another gene's symbol but for its case (`Met`) is ambiguous.
        """
        name = name.strip()
        if name in self._approved:
            kind, others = self._names.get(name, ("", ()))
            return Resolution(name, name, "approved", others if kind == "confusable" else ())
        if name in self._names:
            return self._by_name(name, *self._names[name])
        if match := _ENSEMBL.match(name):
            return self._by_id(name, self._ensembl.get(int(match[1]), ()), "ensembl")
        if _ENTREZ.match(name):
            return self._by_entrez(name, int(name.removesuffix(".0")))
        return self._as_date(name) or self._as_joined(name) or self._as_spelling(name)

    def _as_date(self, name: str) -> Resolution | None:
        if match := _DATE.match(name):
            month, day = match[2] or match[3], match[1] or match[4]
        elif match := _ISO_DATE.match(name):
            month, day = _MONTH_NUMBER[match[1]], match[2]
        else:
            return None
        meant = self.resolve(f"{_MONTH_SYMBOL[month.lower()]}{int(day)}")
        via = "spreadsheet" if meant.symbol else meant.via
        return Resolution(name, meant.symbol, via, meant.candidates)

    def _as_joined(self, name: str) -> Resolution | None:
        """Reads two names of one gene with a bar between: `ASCL1|429`, `ENSG00000139352|ASCL1`."""
        if "|" not in name:
            return None
        parts = [self.resolve(part) for part in name.split("|")]
        symbols = dict.fromkeys(part.symbol for part in parts if part.symbol)
        return self._by_id(name, tuple(symbols), "joined")

    def _as_spelling(self, name: str) -> Resolution:
        if name.isupper() and name in self._by_upper_case():
            return self._by_id(name, self._by_upper_case()[name], "spelling")
        dashed = name.replace(".", "-")
        if dashed in self._approved:
            return Resolution(name, dashed, "spelling")
        return Resolution(name, None, "unknown")

    def entrez_id(self, symbol: str) -> int | None:
        """Return the NCBI Gene id of an approved symbol; None where it has none, or several."""
        if not hasattr(self, "_entrez_ids"):
            self._entrez_ids: dict[str, set[int]] = {}
            for number, name in self._entrez.items():
                self._entrez_ids.setdefault(name, set()).add(number)
        known = self._entrez_ids.get(symbol, set())
        return next(iter(known)) if len(known) == 1 else None

    def resolve_all(self, names: Iterable[str]) -> list[Resolution]:
        """Resolves names in their order."""
        return [self.resolve(name) for name in names]

    def _by_name(self, name: str, kind: str, symbols: tuple[str, ...]) -> Resolution:
        if kind == "alias" and not name.isupper():
            _, others = self._names.get(name.upper(), ("", ()))
            others = (name.upper(),) if name.upper() in self._approved else others
            symbols = tuple(sorted({*symbols, *others}))
        return self._by_id(name, symbols, kind)

    def _by_entrez(self, name: str, number: int) -> Resolution:
        if number in self._entrez:
            return Resolution(name, self._entrez[number], "entrez")
        held = (self._retired[number],) if number in self._retired else ()
        return self._by_id(name, held, "retired_entrez")

    def _by_id(self, name: str, symbols: tuple[str, ...], via: str) -> Resolution:
        if not symbols:
            return Resolution(name, None, "unknown")
        if len(symbols) > 1:
            return Resolution(name, None, "ambiguous", symbols)
        return Resolution(name, symbols[0], via)

    def _by_upper_case(self) -> dict[str, tuple[str, ...]]:
        """Symbols and former symbols with small letters (open reading frames), in capitals."""
        if not hasattr(self, "_upper"):
            self._upper: dict[str, tuple[str, ...]] = {}
            spelt: dict[str, tuple[str, ...]] = {name: (name,) for name in self._approved}
            spelt |= {
                name: symbols
                for name, (kind, symbols) in self._names.items()
                if kind == "previous" or _OPEN_FRAME.match(name)
            }
            for name in sorted(spelt):
                if not name.isupper():
                    held = self._upper.get(name.upper(), ())
                    self._upper[name.upper()] = tuple(sorted({*held, *spelt[name]}))
        return self._upper


@cache
def gene_index() -> GeneIndex:
    """The shipped index, read once (about 0.2 s)."""
    folder = files("nenuphar.terminology.genes")
    packed = (folder / "index.tsv.gz").read_bytes()
    curated = (folder / "previous_symbols.tsv").read_text(encoding="utf-8")
    return GeneIndex(gzip.decompress(packed).decode().splitlines(), curated.splitlines())
