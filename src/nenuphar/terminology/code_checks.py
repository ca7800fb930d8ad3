"""Codes that a file contradicts: its own words say something else, or one code stands for many.

Real cohorts carry OncoTree codes that were filled in by a coarser look-up: every lung cancer coded
as atypical carcinoid, every digestive NET as one of the appendix. Such codes are caught here; what
to believe instead is for a person to say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from nenuphar.terminology.codes import CodedTumour, read_code

CATCH_ALL_MIN = 20
"""Rows of one cancer type from which a single narrow code looks like a catch-all."""

_NEUROENDOCRINE = ("neuroendocrine", "carcinoid", "islet")
_WORDS: dict[str, tuple[str, ...]] = {
    "nen": _NEUROENDOCRINE,
    "net": _NEUROENDOCRINE,
    "nec": ("neuroendocrine",),
    "nec_small_cell": ("small cell", "neuroendocrine"),
    "nec_large_cell": ("large cell neuroendocrine",),
    "carcinoid": ("carcinoid",),
    "atypical_carcinoid": ("atypical",),
    "sclc": ("small cell lung", "small cell carcinoma"),
    "combined_sclc": ("combined",),
    "lcnec": ("large cell neuroendocrine",),
}
_ORGANS: dict[str, tuple[str, ...]] = {
    "lung": ("lung", "bronch"),
    "thymus": ("thym",),
    "pancreas": ("pancrea",),
    "small_intestine": ("small bowel", "small intestin", "ileum", "ileal", "jejun"),
    "appendix": ("appendix", "appendiceal"),
    "rectum": ("rectum", "rectal"),
    "stomach": ("stomach", "gastric"),
    "bladder": ("bladder",),
    "prostate": ("prostat",),
    "cervix": ("cervi",),
}


def contradicts_words(code: str, words: str) -> str:
    """Return why the words beside an OncoTree code speak against it; empty if they do not.

    Args:
        code: OncoTree code.
        words: The diagnosis in words, as the same row states it; empty if it states none.
    """
    found, said = read_code("oncotree", code), words.casefold()
    if not found or not said.strip():
        return ""
    if not _says_entity(found[0], said):
        return f"{found[0].oncotree} means {found[0].entity}, the record's words do not"
    named = [site for site, parts in _ORGANS.items() if any(part in said for part in parts)]
    if found[0].site in _ORGANS and named and found[0].site not in named:
        return f"{found[0].oncotree} names a tumour of {found[0].site}, the words one of {named[0]}"
    return ""


def catch_all_codes(rows: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return codes that stand for a whole wider cancer type in a file, each with the reason.

    Args:
        rows: OncoTree code and cancer type of every row of the file.

    Returns:
        Nothing for a code whose cancer type is as narrow as the code itself.
    """
    codes: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for code, cancer_type in rows:
        codes[cancer_type.strip()][code.strip().upper()] += 1
    suspects: dict[str, str] = {}
    for cancer_type, counts in sorted(codes.items()):
        (code, number), *others = counts.items()
        found = read_code("oncotree", code)
        if others or number < CATCH_ALL_MIN or not found or not cancer_type:
            continue
        said = cancer_type.casefold()
        organ = _ORGANS.get(found[0].site, ())
        if not _says_entity(found[0], said) or not any(part in said for part in organ or ("",)):
            suspects[code] = f"all {number} rows of {cancer_type!r} carry {code}, which is narrower"
    return suspects


def _says_entity(found: CodedTumour, said: str) -> bool:
    wanted = _WORDS.get(found.entity)
    if wanted is None:
        return True
    # "non-small cell" names the opposite of what it contains.
    plain = said.replace("non-small cell", "").replace("non small cell", "")
    return any(part in plain for part in wanted)
