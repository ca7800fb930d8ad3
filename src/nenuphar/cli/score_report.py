"""What `nenuphar score` says of its work: coverage, replacements, samples that lack something."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from nenuphar.methods.expression import Scorer

SHOWN = 10
ID_KINDS = {"ensembl": "Ensembl id", "entrez": "Entrez id", "joined": "symbol and id"}


def describe(scorer: Scorer, report: dict[str, Any]) -> None:
    """Adds to the report which genes were measured, under which names."""
    report["signatures"] = [
        {
            "signature": cover.signature,
            "genes": cover.genes,
            "found": cover.found,
            "coverage": round(cover.fraction, 4),
            "required": cover.required,
            "refused": cover.refused,
            "missing": list(cover.missing),
        }
        for cover in scorer.match.coverage
    ]
    report["replaced"] = [
        {name: getattr(one, name) for name in one.__slots__} for one in scorer.match.replaced
    ]
    for kind in ("ambiguous", "confusable"):
        report[kind] = [
            {"name": one.name, "candidates": list(one.candidates)}
            for one in getattr(scorer.match, kind)
        ]


def _replaced(replaced: list[dict[str, str]]) -> list[str]:
    """A line for every gene found under another symbol, and one for each kind of id."""
    from collections import Counter

    by_id = Counter(one["via"] for one in replaced if one["via"] in ID_KINDS)
    return [
        f"Replaced: {one['wanted']} was found as {one['row']} ({one['symbol']}, {one['via']})."
        for one in replaced
        if one["via"] not in ID_KINDS
    ] + [
        f"Replaced: {number} genes were found by their {ID_KINDS[kind]}; --json lists them."
        for kind, number in sorted(by_id.items())
    ]


def tell(report: dict[str, Any], as_json: bool) -> None:
    """Says what was noticed: JSON on standard output, or sentences on standard error."""
    if as_json:
        import json

        typer.echo(json.dumps(report, indent=2, sort_keys=True))
        return
    lines = [
        f"{finding['severity'].capitalize()}: {finding['message']}. Remedy: {finding['fix']}."
        for finding in report["findings"]
        if finding["code"] != "negative_values"
    ]
    lines += [f"Left out: column {one} holds no expression." for one in report["left_out"]]
    lines += [
        f"Refused: {one['signature']}: {one['found']} of {one['genes']} genes measured, "
        f"{one['required']:.0%} needed."
        for one in report["signatures"]
        if one["refused"]
    ]
    lines += [
        f"Empty: {one}: no sample has a score; the set is too large for the method (all genes, or "
        "twice the cut-off of UCell)."
        for one in report["empty"]
    ]
    lines += _replaced(report["replaced"])
    lines += [
        f"Ambiguous: {one['name']} may be {' or '.join(one['candidates'])}; not used."
        for one in report["ambiguous"]
    ]
    lines += [
        f"Note: {one['name']} was taken as the gene of that symbol, not as "
        f"{' or '.join(one['candidates'])}."
        for one in report["confusable"]
    ]
    lines += [
        f"Incomplete: sample {one['sample']}: {one['missing']} values missing or not finite; "
        "scored on the others."
        for one in report["incomplete"][:SHOWN]
    ]
    more = len(report["incomplete"]) - SHOWN
    lines += [f"Incomplete: {more} more samples; --json lists them."] if more > 0 else []
    lines += [
        f"Constant: sample {one}: every value is the same; its scores say nothing."
        for one in report["constant"][:SHOWN]
    ]
    more = len(report["constant"]) - SHOWN
    lines += [f"Constant: {more} more samples; --json lists them."] if more > 0 else []
    lines += [f"Unscored: sample {one}." for one in report["unscored"]]
    lines += [
        f"Rejected: {one['file']}, line {one['line']}, {one['record'] or 'no name'}, "
        f"{one['column']}: {one['reason']}; {one['fix']}."
        for one in report["rejected"]
    ]
    for line in lines:
        typer.echo(line, err=True)
