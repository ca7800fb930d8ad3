"""What the codes of other systems say of a neuroendocrine neoplasm, and what they cannot say.

OncoTree is the centre of the map because cohorts carry it; NCIt, MONDO and ICD-O-3 hang on its
codes. No code states a grade, a NET G3 or a MiNEN: reading says which of them is open, writing says
which of them is lost.

Source: OncoTree (CC-BY 4.0), release of 2025-10-03 and its maps to NCIt and ICD-O-3; Mondo
(CC-BY 4.0), release of 2023-12-01, its cross-references to OncoTree.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Literal

from nenuphar.terminology.hierarchy import Hierarchy

System = Literal["oncotree", "ncit", "mondo", "icdo3"]
SYSTEMS: tuple[System, ...] = ("oncotree", "ncit", "mondo", "icdo3")

TABLE = "codes.tsv"


@dataclass(frozen=True, slots=True)
class CodedTumour:
    """What one OncoTree code says.

    Attributes:
        oncotree: The code.
        entity: Concept of `tumour_entity`; empty where the code leaves open even the family.
        site: Concept of `tumour_site`; empty where the code names none, or several.
        ncit: Code of the NCI Thesaurus, if the map gives one that means the same.
        mondo: Identifier in Mondo (`MONDO:0008433`), under the same condition.
        topography: ICD-O-3 topography.
        morphology: ICD-O-3 morphology with behaviour.
        cannot_say: What has to be read elsewhere.
        note: How the code is misused, in one sentence.
    """

    oncotree: str
    entity: str
    site: str
    ncit: str
    mondo: str
    topography: str
    morphology: str
    cannot_say: tuple[str, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Written:
    """A code for a tumour, with what it does not carry."""

    code: str
    lost: tuple[str, ...]


@lru_cache(maxsize=1)
def coded_tumours() -> dict[str, CodedTumour]:
    """Return the map, by OncoTree code."""
    text = resources.files("nenuphar.terminology").joinpath(TABLE).read_text("utf-8")
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return {
        row["oncotree"]: CodedTumour(
            row["oncotree"],
            row["entity"],
            row["site"],
            row["ncit"],
            row["mondo"],
            row["icdo3_topography"],
            row["icdo3_morphology"],
            tuple(part for part in row["cannot_say"].split(";") if part),
            row["note"],
        )
        for row in csv.DictReader(lines, delimiter="\t")
    }


def read_code(system: System, code: str, topography: str = "") -> tuple[CodedTumour, ...]:
    """Return what a code says; several entries where the system does not tell them apart.

    Args:
        system: `oncotree`, `ncit`, `mondo` or `icdo3` (the morphology).
        code: The code; case and blanks around it do not count.
        topography: ICD-O-3 topography, which narrows a morphology down.

    Returns:
        Nothing for a code that means no tumour of this field, or that nobody knows.
    """
    wanted, place = code.strip().upper(), topography.strip().upper()
    known = coded_tumours()
    if system == "oncotree":
        return (known[wanted],) if wanted in known else ()
    if system != "icdo3":
        return tuple(each for each in known.values() if code_in(system, each) == wanted)
    found = tuple(each for each in known.values() if each.morphology == wanted)
    same_organ = tuple(each for each in found if place and each.topography[:3] == place[:3])
    return same_organ or (() if place else found)


def contradiction(code: str, site: str, sites: Hierarchy) -> str:
    """Return why an OncoTree code cannot be believed for a tumour of a site; empty if it can.

    Args:
        code: OncoTree code.
        site: Concept of `tumour_site` that the record states on its own; empty if it states none.
        sites: The hierarchy of sites.
    """
    found = read_code("oncotree", code)
    if not found or not site or not found[0].site or site not in sites:
        return ""
    said = found[0].site
    related = said == site or said in sites.ancestors(site) or site in sites.ancestors(said)
    if related or said == "unknown_primary":
        return ""
    return f"{found[0].oncotree} names a tumour of {said}, the record one of {site}"


def write_code(system: System, entity: str, site: str = "", grade: str = "") -> Written:
    """Return the code that says most of a tumour, and what it leaves out.

    Args:
        system: `oncotree`, `ncit`, `mondo` or `icdo3` (the morphology).
        entity: Value of `tumour.entity`.
        site: Value of `tumour.site`.
        grade: Value of `tumour.grade`.

    Returns:
        An empty code, with everything lost, where the system has none.
    """
    stated = [part for part in (entity, site, grade) if part]
    best = _best(_same(entity), site)
    code = "" if best is None else code_in(system, best)
    if best is None or not code:
        return Written("", tuple(stated))
    carried = {entity if best.entity == entity else "", best.site if system != "icdo3" else ""}
    if best.entity != entity and "typical or atypical" not in best.cannot_say:
        carried.add(entity)
    return Written(code, tuple(part for part in stated if part not in carried))


def _same(entity: str) -> list[CodedTumour]:
    wider = {"typical_carcinoid": "carcinoid"}.get(entity, entity)
    return [each for each in coded_tumours().values() if each.entity == wider]


def _best(found: Iterable[CodedTumour], site: str) -> CodedTumour | None:
    """Return the entry of the site, or the one that names no organ."""
    entries = list(found)
    for wanted in (site, "unknown_primary", ""):
        for entry in entries:
            if entry.site == wanted:
                return entry
    return entries[0] if len({entry.site for entry in entries}) == 1 else None


def code_in(system: System, entry: CodedTumour) -> str:
    """Return the code of an entry in a system (the morphology in ICD-O-3); empty if it has none."""
    return entry.morphology if system == "icdo3" else str(getattr(entry, system))
