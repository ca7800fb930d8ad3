"""Sections on molecules and surroundings: gathers what `report.molecular_sections` shows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from nenuphar.domain.conclusion import Conclusion
from nenuphar.domain.observation import Row
from nenuphar.domain.scope import Scope
from nenuphar.engine.combine import NO_RULE_APPLIES
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.methods.microenvironment import change
from nenuphar.pipeline.case import Assessment
from nenuphar.pipeline.molecular.group_calls import EVIDENCE
from nenuphar.report.figures.expression import map_figure, marker_figure, signature_figure
from nenuphar.report.figures.ideogram import ideogram
from nenuphar.report.molecular_sections import (
    Specimen,
    Voice,
    asks_of,
    case_molecular,
    cohort_molecular,
)
from nenuphar.report.section import Section
from nenuphar.report.words import Words, scope_title

if TYPE_CHECKING:
    import polars as pl

    from nenuphar.engine.frames import Frames

CHANGES = (*change.STAINS, *change.LEVELS)
JOINED = "tumour.integrated"
_SITE = "tumour.site"
_ORIGIN, _SINCE = "Origin", "Since the earlier specimen"
VOICES = {
    "Morphology": ("tumour.entity", "tumour.grade"),
    "Markers": ("finding.net_or_nec_markers",),
    _ORIGIN: ("finding.supra_carcinoid", "finding.carcinoid_origin", "finding.transformation"),
    "Molecular group": (
        *("molecular.group", "molecular.epigenetic_group", "finding.sinet_groups"),
        *("finding.insulinoma", "molecular.evidence"),
    ),
    "Genes": (
        *("genomics.pathogenic_genes", "genomics.germline_genes", "genomics.biallelic_genes"),
        *("genomics.altered_pathways", "genomics.alt", "genomics.daxx_atrx"),
        *("genomics.tmb.tissue", "genomics.tmb_class", "genomics.tmb.blood"),
        *("genomics.tmb_class_blood", "genomics.tmb_tertile_sclc", "genomics.tmb_cohort"),
        *("genomics.tmb_cohort_basis", "genomics.mismatch_repair"),
    ),
    "Copy number": (
        *("genomics.arm_states", "genomics.chr18_loss", "genomics.sinet_group"),
        *("genomics.pannet_pattern", "genomics.loh10", "genomics.oscillation"),
        *("genomics.oscillation_chromosomes", "genomics.breakpoint_clusters"),
        *("genomics.chromothripsis", "genomics.chromothripsis_where"),
        *("genomics.focal_events", "genomics.hla_loh", "genomics.b2m_loh"),
    ),
    "Surroundings": (
        *("immune.class", "immune.archetype", "immune.t_cells", "immune.myeloid"),
        *("immune.tam_to_t", "immune.shares_in_cohort", "immune.antigen_presentation"),
        *("immune.antigen_processing", "immune.sting", "immune.checkpoints", "immune.exhaustion"),
        *("immune.alternate_checkpoints", "immune.suppressor_cells", "immune.chemokines"),
        "immune.hypoxia",
    ),
    _SINCE: (
        *("change.t_cells", "change.mhc_i", "change.b2m", "change.subtype", "change.subclone"),
        *("change.epigenetic", *CHANGES),
        "change.fits_acquired_resistance",
    ),
}
"""Kinds of evidence, and the facts in which each speaks."""

_BACKGROUND = ("Morphology", "Markers", _ORIGIN)
"""Kinds that stand beside the others, but call for no section by themselves."""

_UNASKED = ("Morphology", "Markers", _SINCE)
"""Kinds whose open questions stand elsewhere on the page."""

_NOTHING = ("not_by_profile", "unlikely", "not_suspected")
"""Values of origins that say no more than that nothing was found."""

_SHATTERED = {"genome.chromothripsis", "genomics.chromothripsis"}
_INTACT = "RB1 and TP53 are kept, which is rare in SCLC"
"""Said where chromothripsis alone is open of an origin in a carcinoid."""

_DRAWN = {
    "ideogram": "Copy number against the specimen's own baseline. Stretches below half a megabase "
    "are not drawn.",
    "clusters": "Brackets: stretches in which rearrangements crowd beyond the specimen's own "
    "density of breakpoints, with their number.",
    "markers": "Ranks among the panel's genes (diamonds) against {n} lung neuroendocrine tumours "
    "and carcinomas: box, middle half; line, 10th to 90th percentile; bar, median. Source "
    "{source}.",
    "map": "Place among the groups of the lung NEN map; regions hold about 90% of each group. "
    "Where the tumour is of another kind, the place means nothing. Source {source}.",
    "signatures": "Singscores of gene signatures; 0 is the average gene of the sample.",
}


def case_molecular_section(assessment: Assessment, knowledge: KnowledgeBase) -> Section | None:
    """Return the joined picture, the voices and the figures of each specimen."""
    words = Words(knowledge)
    by_row: dict[tuple[tuple[str, ...], str], dict[str, Conclusion]] = {}
    for one in assessment.conclusions:
        if one.scope is Scope.SPECIMEN:
            by_row.setdefault((one.key, one.assessor), {})[one.fact] = one
    shown = []
    sites = {row.key: row.values.get(_SITE) for row in assessment.rows[Scope.TUMOUR]}
    for row in assessment.rows[Scope.SPECIMEN]:
        found = by_row.get((row.key, row.assessor), {})
        specimen = _specimen(row, found, words, knowledge, str(sites.get(row.key[:2]) or ""))
        shown += [specimen] if specimen else []
    return case_molecular(shown)


def _specimen(
    row: Row, found: dict[str, Conclusion], words: Words, knowledge: KnowledgeBase, site: str
) -> Specimen | None:
    voices = [_voice(kind, facts, found, words, site) for kind, facts in VOICES.items()]
    entity = found.get("tumour.entity")
    if entity and entity.value == "not_nen":  # markers tell a NET from a carcinoma of its kind
        voices = [voice for voice in voices if voice.kind != "Markers"]
    spoken = [voice for voice in voices if voice.lines]
    joined = found.get(JOINED)
    if not any(voice.kind not in _BACKGROUND for voice in spoken) and not (joined and joined.value):
        return None
    cautions = [
        said.says
        for name, one in found.items()
        if name == JOINED or name.startswith(("immune.", "genomics.", "molecular.", "finding."))
        for said in one.cautions
        if said.id != NO_RULE_APPLIES  # of an open fact, and not of the specimen
    ]
    told = {n: c.value for n, c in found.items() if any(n in facts for facts in VOICES.values())}
    return Specimen(
        scope_title(row.scope, row.key) + (f", read by {row.assessor}" if row.assessor else ""),
        _joined(joined, words, knowledge) if joined else None,
        asks_of([joined], words.ask) if joined else [],
        spoken,
        list(dict.fromkeys(cautions)),
        list(_figures(row)),
        {"specimen": row.key[-1], "assessor": row.assessor, "says": told}
        | ({JOINED: joined.value, "status": joined.status} if joined else {}),
    )


def _joined(one: Conclusion, words: Words, knowledge: KnowledgeBase) -> tuple[str, str, str]:
    if one.value is None:
        rivals = " or ".join(words.value(JOINED, value) for value in one.alternatives)
        return rivals, one.status, "Two pictures fit; look at what they rest on."
    rule = knowledge.rules.get(one.rule_id.split(";")[0])
    return words.value(JOINED, one.value), one.status, rule.explanation if rule else ""


def _voice(
    kind: str, facts: Iterable[str], found: dict[str, Conclusion], words: Words, site: str
) -> Voice:
    lines: list[tuple[str, str, str, str]] = []
    told = []
    for fact in facts:
        one = found.get(fact)
        if one is None or one.value in _NOTHING:
            continue
        rivals = " or ".join(one.alternatives)
        if not one.value and one.status != "conflict":
            told.append(one)
            if fact == "finding.carcinoid_origin" and set(one.missing) <= _SHATTERED:
                lines.append((words.fact(fact), _INTACT, one.status, ""))
            continue
        told.append(one)
        value = _in_short(fact, one.value, words) if one.value else rivals
        lines.append((words.fact(fact), _spaced(value), one.status, _basis(one, words)))
    asked = [one for one in told if one.fact in ("molecular.group", "immune.class") or lines]
    if kind == _ORIGIN and not any(value == _INTACT for _, value, _, _ in lines):
        asked = [one for one in asked if one.value]  # of most nobody asks where they came from
    asked = [one for one in asked if _is_asked(one.fact, site)]
    return Voice(kind, lines, asks_of(asked, words.ask, 2) if kind not in _UNASKED else [])


_NOT_ASKED = (
    *("molecular.evidence", "genomics.germline_genes", "genomics.altered_pathways"),
    *("genomics.biallelic_genes", "genomics.oscillation_chromosomes"),
    *("genomics.breakpoint_clusters", "genomics.chromothripsis", "genomics.chromothripsis_where"),
)
"""Facts that follow from others: what is open of them is asked for there."""

_OF_PANCREAS = ("genomics.alt", "genomics.daxx_atrx", "molecular.epigenetic_group")
_PANCREAS = ("", "pancreas", "unknown_primary", "any_site", "digestive", "gep", "duodenum")


def _is_asked(fact: str, site: str) -> bool:
    """Whether a board would ask for it in a tumour of this organ."""
    return fact not in _NOT_ASKED and (fact not in _OF_PANCREAS or site in _PANCREAS)


def _spaced(value: str) -> str:
    return value.replace(";", "; ").replace("=", ": ")


_SPELLED = (
    *("tumour.entity", "immune.archetype", "finding.net_or_nec_markers"),
    *("finding.supra_carcinoid", "finding.carcinoid_origin", "finding.transformation"),
    *("finding.sinet_groups", "finding.insulinoma", "immune.hypoxia", "immune.exhaustion"),
    *("immune.alternate_checkpoints", "immune.chemokines", "immune.suppressor_cells"),
)
"""Facts whose codes are spelled out; those of the others are words of the field."""


def _in_short(fact: str, value: str, words: Words) -> str:
    if fact in _LISTED:
        return ";".join(_group(part, words) for part in value.split(";"))
    if fact == EVIDENCE:
        return ";".join(_panel(part, words) for part in value.split(";"))
    return words.value(fact, value) if fact in _SPELLED else value.replace("_", " ")


_UNTOLD = ("tumour.who_edition", "tumour.site", "immune.cut_offs")
_TOLD_FIRST = (
    *("pathology.morphology", "pathology.mitoses", "pathology.necrosis", "pathology.ki67"),
    *("microenvironment.t_cells", "immune.t_cell_level", "immune.myeloid_level"),
)
"""What a conclusion rests on: facts that are left out, and those that are named before others."""

_LISTED = ("molecular.group", "molecular.epigenetic_group")
"""Facts that list the groups of several schemes."""


def _group(text: str, words: Words) -> str:
    """Spell out `scheme=group` by the names that its fact has."""
    scheme, _, group = text.partition("=")
    fact = f"molecular.group.{scheme}"
    return f"{words.fact(fact)}: {words.value(fact, group)}"


def _panel(said: str, words: Words) -> str:
    """Spell out `lung_nen: lcnec_1 1.00 (called)`, what a panel saw."""
    scheme, _, rest = said.partition(": ")
    group, _, chance = rest.partition(" ")
    return f"{_group(f'{scheme}={group}', words)}, probability {chance}"


def _basis(one: Conclusion, words: Words) -> str:
    """Say in a few words what a conclusion of rules rests on."""
    if one.rule_id.startswith("method.") or one.fact in _LISTED:
        return ""
    read = [(i.fact, i.value) for i in one.inputs if i.value and i.fact not in _UNTOLD]
    last = len(_TOLD_FIRST)
    read.sort(key=lambda each: _TOLD_FIRST.index(each[0]) if each[0] in _TOLD_FIRST else last)
    texts = [f"{words.fact(fact)}: {words.value(fact, value)}" for fact, value in read]
    return _spaced("; ".join(texts[: 4 if one.fact == "tumour.entity" else 3]))


def _figures(row: Row) -> Iterable[tuple[str, str]]:
    values = row.values
    if "genomics.profile" in values or "genomics.cluster_places" in values:
        clusters = str(values.get("genomics.cluster_places", ""))
        profile = str(values.get("genomics.profile", ""))
        genome = str(values.get("genomics.build", "hg19"))
        caption = [_DRAWN["ideogram"]] if profile else ["Copy number was not measured."]
        caption += [_DRAWN["clusters"]] if clusters else []
        yield ideogram(profile, genome, clusters), " ".join(caption)
    if "expression.markers" in values:
        from nenuphar.methods.expression.subtypes import load_reference

        reference = load_reference()
        about = {"n": reference.samples, "source": f"doi:{reference.source}"}
        own = _numbers(str(values["expression.markers"]))
        yield (
            marker_figure(own, reference.markers, reference.samples),
            _DRAWN["markers"].format(**about),
        )
        if "molecular.map_position" in values:
            x, y = (float(part) for part in str(values["molecular.map_position"]).split())
            yield map_figure((x, y), reference.groups), _DRAWN["map"].format(**about)
    if "expression.signatures" in values:
        scores = _numbers(str(values["expression.signatures"]))
        yield signature_figure(_by_subject(scores)), _DRAWN["signatures"]


_SUBJECTS = {
    "Growth and lineage": ("proliferation", "ne50", "sclc_"),
    "Immune cells": ("archetype_", "t_effector", "cytolytic", "neutrophil", "mdsc"),
    "Stroma and vessels": ("cancer_associated", "tgf", "yap", "hypoxia", "angiogenesis"),
}
"""Headings under which signatures are drawn, by the beginnings of their names."""

_STROMA = "archetype_stroma"


def _by_subject(scores: dict[str, float]) -> list[tuple[str, list[tuple[str, float]]]]:
    grouped: dict[str, list[tuple[str, float]]] = {subject: [] for subject in _SUBJECTS}
    grouped["Immune signals"] = []
    for name, score in scores.items():
        found = [s for s, starts in _SUBJECTS.items() if name.startswith(starts)]
        subject = "Stroma and vessels" if name == _STROMA else (found or ["Immune signals"])[0]
        grouped[subject].append((_in_words(name), score))
    return [(subject, own) for subject, own in grouped.items() if own]


def _numbers(text: str) -> dict[str, float]:
    pairs = (part.partition("=") for part in text.split(";") if "=" in part)
    return {name: float(number) for name, _, number in pairs}


_NAMES = {"sclc": "SCLC", "ne50": "NE50", "tgfb": "TGF-β", "tgf": "TGF", "cdc1": "cDC1",
          "cdc2": "cDC2", "cd4": "CD4", "cd8": "CD8", "yap": "YAP", "taz": "TAZ", "mdsc": "MDSC",
          "sting": "STING", "cancer": "Cancer", "a": "A", "a2": "A2", "n": "N", "p": "P", "y": "Y",
          "t": "T"}  # fmt: skip


def _in_words(name: str) -> str:
    words = name.removeprefix("archetype_").split("_")
    first = _NAMES.get(words[0], words[0].capitalize())
    return " ".join([first, *(_NAMES.get(word, word) for word in words[1:])])


def cohort_molecular_section(
    frames: Frames, conclusions: pl.DataFrame, knowledge: KnowledgeBase
) -> Section | None:
    """Return counts of entities by molecular group and by immune class."""
    import polars as pl

    del frames
    words = Words(knowledge)
    keys = ["patient_id", "tumour_id", "specimen_id", "assessor"]
    entity = conclusions.filter(pl.col("fact") == "tumour.entity").select(
        *keys, entity=pl.col("value").fill_null("")
    )
    tables = []
    for fact, title in (("molecular.group", "Molecular group"), ("immune.class", "Immune class")):
        own = conclusions.filter((pl.col("fact") == fact) & pl.col("value").is_not_null())
        if fact == "molecular.group":
            own = own.with_columns(pl.col("value").str.split(";")).explode("value")
        if own.is_empty():
            continue
        counted = (
            own.select(*keys, "value")
            .join(entity, on=keys, how="left")
            .group_by("entity", "value")
            .len()
        )
        columns = sorted(counted["value"].unique().to_list())
        if fact == "immune.class":
            columns = [c for c in ("hot", "intermediate", "cold") if c in columns]
        counts = {(e, v): n for e, v, n in counted.iter_rows()}
        entities = sorted(
            {e for e, _ in counts},
            key=lambda e: -sum(n for (own_entity, _), n in counts.items() if own_entity == e),
        )
        rows = [
            (
                words.value("tumour.entity", e) if e else "not determined",
                [counts.get((e, column), 0) for column in columns],
            )
            for e in entities
        ]
        total = sum(counts.values())
        caption = f"{title} by entity, {total:,} calls"
        tables.append((caption, [column.replace("=", ": ") for column in columns], rows))
    return cohort_molecular(tables)
