"""The approved symbols of the genes that an input names in any way, with what is said of them."""

from __future__ import annotations

from collections.abc import Iterable

from nenuphar.terminology.genes import gene_index
from nenuphar.terminology.genes.consequences import gene_roles


def approved_symbols(names: Iterable[str]) -> tuple[dict[str, str], list[tuple[str, str, str]]]:
    """Name genes by their approved symbols.

    Args:
        names: Symbols, former ones and aliases, Ensembl or Entrez ids.

    Returns:
        The approved symbol of every name that is another one, and what is to be listed: name,
        reason, fix. A name of several genes, or of none that is known, stays as it is; the former
        is listed. It is not settled by a gene's Entrez id, which is often as old as the name.
    """
    roles = gene_roles()
    unsure = [name for name in dict.fromkeys(names) if name not in roles]
    replaced: dict[str, str] = {}
    listed: list[tuple[str, str, str]] = []
    for found in gene_index().resolve_all(unsure) if unsure else ():
        if found.symbol and found.replaced:
            replaced[found.name] = found.symbol
            listed.append((found.name, f"is read as {found.symbol} ({found.via})", "nothing to do"))
        elif found.via == "ambiguous":
            which = " or ".join(found.candidates)
            listed.append(
                (found.name, f"may be {which} and is taken for neither", "name the gene meant")
            )
    return replaced, listed
