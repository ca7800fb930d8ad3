"""`nenuphar codes`: what the code of a tumour says and cannot say, and which codes a tumour has."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from nenuphar.terminology.codes import CodedTumour, System

_NAMES = {"oncotree": "OncoTree", "ncit": "NCIt", "mondo": "MONDO", "icdo3": "ICD-O-3"}


def register(app: typer.Typer) -> None:
    """Add the command to an app."""
    app.command()(codes)


def codes(
    code: str = typer.Argument("", help="A code of OncoTree, NCIt, MONDO or ICD-O-3 (8240/3)."),
    topography: str = typer.Option("", help="ICD-O-3 topography beside a morphology, as C16.2."),
    entity: str = typer.Option("", help="Value of tumour.entity, to be written as codes."),
    site: str = typer.Option("", help="Value of tumour.site."),
    grade: str = typer.Option("", help="Value of tumour.grade."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Read the code of a tumour, or write a tumour as codes; what is lost on the way is said.

    No code states the grade of a NET or a mixed neoplasm, and some are named like another tumour.

    **Example:** `nenuphar codes SBWDNET`

    **Example:** `nenuphar codes 8240/3 --topography C16.2`

    **Example:** `nenuphar codes --entity net --site pancreas --grade G3`
    """
    from nenuphar.domain.problems import UsageError

    if bool(code) == bool(entity):
        raise UsageError("give a code to read, or --entity to write; not both")
    found = _read(code, topography) if code else _written(entity, site, grade)
    if as_json:
        typer.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    for one in found:
        typer.echo(_what_it_says(one) if code else _what_is_lost(one))


def _read(code: str, topography: str) -> list[dict[str, Any]]:
    from nenuphar.domain.problems import UsageError
    from nenuphar.knowledge.check import nearest
    from nenuphar.terminology.codes import SYSTEMS, code_in, coded_tumours, read_code

    found = [
        _entry(system, each)
        for system in SYSTEMS
        for each in read_code(system, code, topography if system == "icdo3" else "")
    ]
    if not found:
        known = [code_in(system, each) for each in coded_tumours().values() for system in SYSTEMS]
        at = f" at {topography}" if topography else ""
        raise UsageError(
            f"{code!r}{at} is no code of a neuroendocrine neoplasm, nor one often taken for it"
            f"{nearest(code.strip().upper(), known)}"
        )
    return found


def _entry(system: System, each: CodedTumour) -> dict[str, Any]:
    from nenuphar.terminology.codes import SYSTEMS, code_in

    return {
        "system": system,
        "entity": each.entity or None,
        "site": each.site or None,
        "cannot_say": list(each.cannot_say),
        "note": each.note,
        "codes": {name: code_in(name, each) or None for name in SYSTEMS},
        "topography": each.topography or None,
    }


def _written(entity: str, site: str, grade: str) -> list[dict[str, Any]]:
    from nenuphar.terminology.codes import SYSTEMS, write_code

    _must_be("tumour_entity", entity)
    _must_be("tumour_site", site)
    return [
        {"system": system, "code": found.code or None, "lost": list(found.lost)}
        for system in SYSTEMS
        for found in [write_code(system, entity, site, grade)]
    ]


def _must_be(terminology: str, concept: str) -> None:
    from nenuphar.domain.problems import UsageError
    from nenuphar.knowledge.base import load_knowledge
    from nenuphar.knowledge.check import nearest

    known = load_knowledge().terminologies[terminology].concepts
    if concept and concept not in known:
        raise UsageError(f"{concept!r} is no {terminology.split('_')[1]}{nearest(concept, known)}")


def _shown(system: str, code: str) -> str:
    return code if system == "mondo" else f"{_NAMES[system]} {code}"  # which names itself


def _what_is_lost(written: dict[str, Any]) -> str:
    lost = f"; does not say: {', '.join(written['lost'])}" if written["lost"] else ""
    return f"{_NAMES[written['system']]}: {written['code'] or 'has none'}{lost}"


def _what_it_says(read: dict[str, Any]) -> str:
    name = _NAMES[read["system"]]
    lines = [f"{name}: {read['entity'] or 'no entity'}, {read['site'] or 'no organ'}"]
    if read["cannot_say"]:
        lines.append(f"  cannot say: {', '.join(read['cannot_say'])}")
    if read["note"]:
        lines.append(f"  {read['note']}")
    others = ", ".join(_shown(key, code) for key, code in read["codes"].items() if code)
    place = f" with {read['topography']}" if read["topography"] else ""
    return "\n".join([*lines, f"  the same tumour: {others}{place}"])
