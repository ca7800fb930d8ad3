"""Molecular and microenvironment facts of specimens, for one case and for a cohort.

Files and lists (segments, variants, expression) give facts by specimen; the facts of each specimen
then give further ones; last, specimens of one tumour are compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from nenuphar.domain.case import Case, Specimen
from nenuphar.domain.observation import Origin, Row, Value
from nenuphar.domain.scope import Scope
from nenuphar.engine.rows import PatientRows
from nenuphar.io.case_file import specimens_of
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.methods.genomics import specimens as genomics
from nenuphar.methods.genomics.thresholds import Cutoffs, shipped_cutoffs
from nenuphar.methods.microenvironment import balance, change, cohort
from nenuphar.pipeline.molecular import group_calls

if TYPE_CHECKING:
    import polars as pl

    from nenuphar.engine.frames import Frames
    from nenuphar.io.result import ReadResult

Key = tuple[str, ...]
KEYS = list(Scope.SPECIMEN.keys)
_READ = (*genomics.INPUTS, *balance.INPUTS, *group_calls.INPUTS)
_TIME = change.TIME
_SAID = "molecular.evidence"


def describe_case(case: Case, rows: PatientRows, knowledge: KnowledgeBase) -> None:
    """Add the facts to the specimen rows of one case, in place.

    Loads a table library only where the case holds variants, segments or files.

    Raises:
        UnreadableInputError: A file that the case names cannot be used.
    """
    specimens = specimens_of([case])
    found: dict[Key, dict[str, Value]] = {}
    if specimens:
        from nenuphar.pipeline.molecular.attached import attached_facts

        found, _ = attached_facts(specimens, (), {}, strict=True)
        sites = {row.key: row.values.get(_SITE) for row in rows[Scope.TUMOUR]}
        _leave_out_other_organs(found, sites, knowledge)
    describe_rows(rows[Scope.SPECIMEN], found, specimens, knowledge)


_SITE = "tumour.site"
_ORGANS = {
    "genomics.sinet_group": "small_intestine",
    "genomics.pannet_pattern": "pancreas",
    "genomics.loh10": "pancreas",
    **dict.fromkeys((f"{group_calls.PANEL}{s}" for s in ("sclc", "lung_net", "lung_nen")), "lung"),
    **dict.fromkeys(("molecular.map_position", "expression.markers"), "lung"),
    **dict.fromkeys((f"expression.rank.{f}" for f in ("otp", "ascl1", "hnf1a")), "lung"),
    f"{group_calls.PANEL}pannet": "pancreas",
}
"""Facts that were defined in tumours of one organ and mean nothing elsewhere."""


def _leave_out_other_organs(
    found: Mapping[Key, dict[str, Value]],
    sites: Mapping[Key, Value | None],
    knowledge: KnowledgeBase,
) -> None:
    """Take groups of one organ away from tumours that are known to be of another."""
    hierarchy = knowledge.hierarchy_of(_SITE)
    for fact, organ in _ORGANS.items():
        wider = {organ, *(hierarchy.ancestors(organ) if hierarchy else ())}
        for key, facts in found.items():
            site = sites.get(key[:2])
            if site is not None and site not in wider and site != _UNKNOWN:
                facts.pop(fact, None)
                group_calls.leave_out(fact, facts)


_UNKNOWN = "unknown_primary"


def describe_rows(
    rows: Sequence[Row],
    found: Mapping[Key, Mapping[str, Value]],
    specimens: Mapping[Key, Specimen],
    knowledge: KnowledgeBase,
) -> None:
    """Add the facts to specimen rows, in place.

    Args:
        rows: Specimen rows of one patient.
        found: Facts of files and lists by specimen.
        specimens: Their variants.
        knowledge: Names the method behind every fact.
    """
    made_by = {name: m.id for m in knowledge.methods.values() for name in m.outputs}
    cutoffs = shipped_cutoffs()

    def put(row: Row, facts: Mapping[str, Value]) -> None:
        for name, value in facts.items():
            row.values[name] = value
            row.origins[name] = Origin(made_by.get(name, ""), str(value))

    for row in rows:
        own = found.get(row.key, {})
        put(row, {n: v for n, v in own.items() if not n.startswith(group_calls.PANEL)})
        if own or any(name in row.values for name in _READ):
            put(row, specimen_facts({**own, **row.values}, cutoffs))
    for key, assessor, facts in _changed(rows, specimens):
        put(next(r for r in rows if (r.key, r.assessor) == (key, assessor)), facts)


def specimen_facts(values: Mapping[str, Value], cutoffs: Cutoffs) -> dict[str, Value]:
    """Work out what the facts of a specimen give by themselves.

    Args:
        values: Facts of the specimen, and the calls of panels on its expression.
        cutoffs: Cut-offs of the genomic methods.
    """
    balanced = balance.immune_balance(values)
    return {
        **genomics.specimen_facts(values, cutoffs),
        **balanced,
        **cohort.share_positions({**values, **balanced}),
        **balance.checkpoints(values),
        **group_calls.group_calls(values),
    }


def _changed(
    rows: Iterable[Row], specimens: Mapping[Key, Specimen]
) -> Iterable[tuple[Key, str, dict[str, Value]]]:
    """Compare the specimens of each tumour, as each assessor read them."""
    tumours: dict[tuple[Key, str], dict[str, list[Row]]] = {}
    for row in rows:
        if _TIME in row.values:
            stages = tumours.setdefault((row.key[:2], row.assessor), {})
            stages.setdefault(str(row.values[_TIME]), []).append(row)
    for (_, assessor), stages in tumours.items():
        # Two specimens of one time point may differ; neither stands for the time.
        alone = {time: own[0] for time, own in stages.items() if len(own) == 1}
        compared = {
            time: change.Stage(row.values, _variants(specimens.get(row.key)))
            for time, row in alone.items()
        }
        for time, facts in change.changes(compared).items():
            yield alone[time].key, assessor, facts


def _variants(specimen: Specimen | None) -> frozenset[tuple[str, str]] | None:
    if specimen is None or not (specimen.variants or specimen.assays):
        return None
    return frozenset((v.gene, v.change) for v in specimen.variants)


def describe_read(read: ReadResult, knowledge: KnowledgeBase) -> ReadResult:
    """Add the facts to the specimen frame of what was read; list what of its files was unusable.

    Args:
        read: What was read, with its specimens and attached files.
        knowledge: Declares the facts.
    """
    frame = read.frames[Scope.SPECIMEN]
    found: dict[Key, dict[str, Value]] = {}
    if read.specimens or read.attached:
        from nenuphar.pipeline.molecular.attached import attached_facts

        keys = frame.select(KEYS).unique(maintain_order=True).rows()
        names = {key[2]: key for key in keys}
        found, problems = attached_facts(read.specimens, read.attached, names)
        read = replace(read, problems=tuple(sorted((*read.problems, *problems))))
        tumours = read.frames[Scope.TUMOUR]
        if _SITE in tumours.columns:
            rows = tumours.select(*Scope.TUMOUR.keys, _SITE).iter_rows()
            sites: dict[Key, Value | None] = {(p, tumour): site for p, tumour, site in rows}
            _leave_out_other_organs(found, sites, knowledge)
    frame = _joined(frame, found, KEYS, knowledge)
    frame = _from_own_facts(frame, knowledge)
    frame = _within_cohort(frame, read.frames[Scope.TUMOUR], knowledge)
    frame = _with_changes(frame, read.specimens, knowledge)
    frame = frame.drop(n for n in frame.columns if n.startswith(group_calls.PANEL))
    frames: Frames = {**read.frames, Scope.SPECIMEN: frame}
    return replace(read, frames=frames)


def _from_own_facts(frame: pl.DataFrame, knowledge: KnowledgeBase) -> pl.DataFrame:
    """Work out each distinct combination of the facts that are read once."""
    import polars as pl

    from nenuphar.engine.frames import columns_of, kind_of, value_of

    variants = (n for n in frame.columns if n.startswith("variant("))
    read = [*_READ, *group_calls.CONTEXT, _SAID, *variants]
    panels = [n for n in frame.columns if n.startswith(group_calls.PANEL)]
    cells = {n: list(columns_of(n, kind_of(n, knowledge))) for n in read}
    cells = {n: own for n, own in cells.items() if set(own) <= set(frame.columns)}
    asked = [c for n, own in cells.items() if n in _READ for c in own] + panels
    if not asked:
        return frame
    columns = [c for own in cells.values() for c in own] + panels
    some = pl.any_horizontal(pl.col(c).is_not_null() for c in asked)
    kinds = frame.filter(some).select(columns).unique(maintain_order=True).with_row_index(_KIND)
    cutoffs = shipped_cutoffs()
    told: dict[Key, dict[str, Value]] = {}
    for row in kinds.iter_rows(named=True):
        values = {n: v for n in cells if (v := value_of(n, row, knowledge)) is not None}
        values |= {n: row[n] for n in panels if row[n] is not None}
        told[(str(row[_KIND]),)] = specimen_facts(values, cutoffs)
    numbered = frame.join(
        kinds.with_columns(pl.col(_KIND).cast(pl.String)),
        on=columns,
        how="left",
        nulls_equal=True,
        maintain_order="left",
    )
    return _joined(numbered, told, [_KIND], knowledge).drop(_KIND)


_KIND = "\0kind"


def _within_cohort(
    frame: pl.DataFrame, tumours: pl.DataFrame, knowledge: KnowledgeBase
) -> pl.DataFrame:
    """Compare the burden of each specimen with those of the input that were measured alike."""
    import polars as pl

    from nenuphar.methods.genomics.cohort_burden import burden_in_cohort

    found: dict[Key, dict[str, Value]] = {}
    for material in ("tissue", "blood"):
        ends = [f"genomics.tmb.{material}.{end}" for end in ("lo", "hi")]
        if not {_ASSAY, *ends} <= set(frame.columns):
            continue
        sites = tumours.select(*Scope.TUMOUR.keys, pl.col(_SITE).alias("site"))
        exact = [f"genomics.{n}.lo" for n in ("mutation_count", "territory")]
        middle = (pl.col(ends[0]) + pl.col(ends[1])) / 2
        counted = (
            pl.col(exact[0]) / pl.col(exact[1]) if set(exact) <= set(frame.columns) else middle
        )
        burdens = (
            frame.filter(pl.col(ends[0]).is_not_null())
            .unique(KEYS, maintain_order=True)
            .join(sites, on=Scope.TUMOUR.keys, how="left", maintain_order="left")
            .select(
                *KEYS, "site", assay=pl.col(_ASSAY), material=pl.lit(material),
                lo=ends[0], hi=ends[1], rate=pl.coalesce(counted, middle),
            )
        )  # fmt: skip
        judged = burden_in_cohort(burdens, shipped_cutoffs()).drop_nulls("tmb_cohort_cut")
        for row in judged.iter_rows(named=True):
            cut, size = row["tmb_cohort_cut"], row["tmb_cohort_size"]
            told = f"cut at {cut:.2f}/Mb among {size} samples of {row['assay']}"
            own: dict[str, Value] = {f"{_COHORT}_basis": told}
            own |= {_COHORT: row["tmb_cohort"]} if row["tmb_cohort"] else {}
            found[tuple(row[key] for key in KEYS)] = own
    return _joined(frame, found, KEYS, knowledge)


_ASSAY, _COHORT = "genomics.tmb_assay", "genomics.tmb_cohort"


def _with_changes(
    frame: pl.DataFrame, specimens: Mapping[Key, Specimen], knowledge: KnowledgeBase
) -> pl.DataFrame:
    import polars as pl

    from nenuphar.engine.frames import rows_of_frames

    if _TIME not in frame.columns:
        return frame
    timed = frame.filter(pl.col(_TIME).is_not_null())
    several = timed.filter(pl.len().over("patient_id", "tumour_id", "assessor") > 1)
    found: dict[Key, dict[str, Value]] = {}
    for rows in rows_of_frames({Scope.SPECIMEN: several}, knowledge).values():
        for key, assessor, facts in _changed(rows[Scope.SPECIMEN], specimens):
            found[(*key, assessor)] = facts
    return _joined(frame, found, [*KEYS, "assessor"], knowledge)


def _joined(
    frame: pl.DataFrame,
    found: Mapping[Key, Mapping[str, Value]],
    keys: Sequence[str],
    knowledge: KnowledgeBase,
) -> pl.DataFrame:
    """Put facts by key into a frame; what is there already gives way to what was worked out."""
    import polars as pl

    from nenuphar.engine.frames import cells_of_value, columns_of, kind_of

    facts = list(dict.fromkeys(name for own in found.values() for name in own))
    schema: dict[str, pl.DataType] = {key: pl.String() for key in keys}
    for name in facts:
        temporary = name.startswith(group_calls.PANEL)
        schema |= columns_of(name, "text" if temporary else kind_of(name, knowledge))
    rows = []
    for key, own in found.items():
        cells: dict[str, object] = dict(zip(keys, key, strict=True))
        for name, value in own.items():
            cells |= cells_of_value(name, value)
        rows.append(cells)
    if not rows:
        return frame
    table = pl.DataFrame(rows, schema=schema, orient="row")
    new = [name for name in schema if name not in keys]
    joined = frame.join(table, on=list(keys), how="left", suffix=_NEW, maintain_order="left")
    both = [name for name in new if name in frame.columns]
    return joined.with_columns(pl.coalesce(f"{n}{_NEW}", n).alias(n) for n in both).drop(
        f"{n}{_NEW}" for n in both
    )


_NEW = "\0new"
