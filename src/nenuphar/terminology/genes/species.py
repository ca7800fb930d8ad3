"""Tells human from mouse symbols by their spelling alone."""

from __future__ import annotations

import re
from collections.abc import Iterable

_MOUSE_ENSEMBL = re.compile(r"^ENSMUSG\d+")
_MOUSE_SYMBOL = re.compile(r"^[A-Z][a-z]+[a-z0-9]*[0-9]*[a-z]*$")
_WORDS = 3  # a symbol shorter than this says nothing about its spelling


def looks_like_mouse(names: Iterable[str]) -> bool:
    """Whether most names are spelt as mouse genes are: `Ascl1`, `Neurod1`, `ENSMUSG…`.

    Human symbols are upper case but for open reading frames (`C1orf54`), so a majority of
    capitalised names settles it. Names too short to tell are left out; without any, the answer
    is no. Source: nomenclature guidelines of HGNC and MGI.
    """
    telling = mouse = 0
    for name in names:
        if len(name) < _WORDS:
            continue
        telling += 1
        mouse += bool(_MOUSE_ENSEMBL.match(name) or _MOUSE_SYMBOL.match(name))
    return telling > 0 and mouse > telling / 2
