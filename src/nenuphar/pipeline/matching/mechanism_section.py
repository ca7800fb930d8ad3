"""Why immunotherapy may fail or work in a case: the section of its page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from markupsafe import Markup

from nenuphar.domain.observation import show_value
from nenuphar.domain.scope import Scope
from nenuphar.domain.truth import Truth
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.methods.treatment_lines import REGIMEN
from nenuphar.pipeline.case import Assessment
from nenuphar.pipeline.matching.mechanisms import (
    MECHANISM_NOTE,
    Evidence,
    MechanismMatch,
    chapters,
    entry_of,
    match_mechanisms,
    mechanism_as_data,
)
from nenuphar.report.citing import short_source
from nenuphar.report.figures.activation import Pair, draw_activation
from nenuphar.report.figures.mechanism_map import draw_mechanisms, line_of, words
from nenuphar.report.section import Section, section
from nenuphar.report.words import Words

MOST_ASKED = 6
"""Number of examinations that are named as telling most."""

_FIRST_SIGNAL = {"antigen_presentation", "antigenicity", "immunogenicity"}
_LIGANDS = {"checkpoint", "alternate_checkpoint"}


def mechanism_section(assessment: Assessment, knowledge: KnowledgeBase) -> Section | None:
    """Return the section; None where the case shows nothing of any mechanism."""
    matches = match_mechanisms(assessment, knowledge)
    telling = [match for match in matches if match.evidence != "no_data"]
    if not telling:
        return None
    drawn = chapters(matches)
    shown = sorted(telling, key=lambda match: match.evidence != "support")
    frame = draw_activation(_pairs(telling, assessment, knowledge), "T-cell activation")
    chart = draw_mechanisms(drawn, "Mechanisms of resistance to immunotherapy")
    return section(
        "mechanisms.html",
        anchor="mechanisms",
        title="Why immunotherapy may fail or work",
        data={
            "note": MECHANISM_NOTE,
            "mechanisms": [mechanism_as_data(match) for match in telling],
            "no_data": [match.record["id"] for match in matches if match.evidence == "no_data"],
        },
        note=MECHANISM_NOTE,
        chapters=[chapter for chapter in drawn if chapter.evidence != "no_data"],
        frame=Markup(frame),  # noqa: S704 - drawn here, text escaped
        map=Markup(chart),  # noqa: S704 - drawn here, text escaped
        lines=[_line(match, knowledge) for match in shown],
        asks=_asks(matches, Words(knowledge)),
        number=len(matches),
        without=len(matches) - len(telling),
    )


def _line(match: MechanismMatch, knowledge: KnowledgeBase) -> dict[str, object]:
    record = match.record
    source = record["sources"][0]
    seen = {True: "the tumour of this case", False: "other tumours", None: ""}[match.own_tumour]
    return {
        "entry": line_of(entry_of(match)),
        "messages": [text for criterion in match.criteria for text in criterion.messages],
        "seen": seen,
        "setting": "" if record["setting"] == "unstated" else record["setting"],
        "strategies": [words(name) for name in record.get("strategies", ())],
        "against": list(record.get("negative_evidence", ())),
        "source": short_source(source, knowledge),
    }


def _asks(matches: Iterable[MechanismMatch], names: Words) -> list[tuple[str, int]]:
    """Return what would tell of most mechanisms that can be told, with their number."""
    counts: Counter[str] = Counter()
    for match in matches:
        if match.computable and match.evidence == "no_data":
            counts.update({fact for criterion in match.criteria for fact in criterion.missing})
    asked: Counter[str] = Counter()
    for fact, number in counts.items():
        asked[names.ask(fact)] = max(asked[names.ask(fact)], number)
    return sorted(asked.items(), key=lambda item: (-item[1], item[0]))[:MOST_ASKED]


def _pairs(
    telling: Sequence[MechanismMatch], assessment: Assessment, knowledge: KnowledgeBase
) -> list[Pair]:
    """Return the four signals of the frame with what the case shows of each."""
    first = [m for m in telling if m.record["category"] in _FIRST_SIGNAL]
    checked = [m for m in telling if m.record["category"] in _LIGANDS]
    second = [m for m in telling if "CD28" in m.record["target"]]
    brakes = {
        name: [m for m in checked if any(word in m.record["target"] for word in targets)]
        for name, targets in (("pd1", ("PD-L1", "CD274", "PD-1")), ("ctla4", ("CTLA",)))
    }
    blocked = {
        name: _lines_with(classes, assessment, knowledge)
        for name, classes in (("pd1", ("anti_pd1", "anti_pdl1")), ("ctla4", ("anti_ctla4",)))
    }
    return [
        Pair("MHC with antigen", "T-cell receptor", "activates", *_shows(first)),
        Pair("CD80/CD86", "CD28", "activates", *_shows(second)),
        Pair("PD-L1/PD-L2", "PD-1", "holds back", *_shows(brakes["pd1"]), blocked["pd1"]),
        Pair("CD80/CD86", "CTLA-4", "holds back", *_shows(brakes["ctla4"]), blocked["ctla4"]),
    ]


def _shows(matches: Iterable[MechanismMatch]) -> tuple[Evidence, tuple[str, ...]]:
    """Return what mechanisms come to: support for resistance, the contrary, or no data."""
    found = sorted(matches, key=lambda match: match.evidence != "support")
    own = tuple(dict.fromkeys(text for m in found for c in m.criteria for text in c.messages))
    bad = any(m.evidence == "support" and m.record["effect"] == "resistance" for m in found)
    short = tuple(text.partition(" (asked")[0] for text in own)
    if not found:
        return "no_data", ()
    return "support" if bad else "contradiction", tuple(dict.fromkeys(short))[:2]


def _lines_with(
    classes: Sequence[str], assessment: Assessment, knowledge: KnowledgeBase
) -> str:  # fmt: skip
    """Return the lines of treatment that certainly held a drug of some classes, in words."""
    hierarchy, names = knowledge.hierarchy_of(REGIMEN), Words(knowledge)
    found = []
    for row in assessment.rows[Scope.TREATMENT_LINE]:
        code = row.values.get(REGIMEN)
        if hierarchy is None or code is None:
            continue
        given = show_value(code)
        if any(hierarchy.is_a(given, name) is Truth.MET for name in classes):
            found.append(f"line {row.key[-1]}, {names.value(REGIMEN, given)}")
    return "; ".join(found)
