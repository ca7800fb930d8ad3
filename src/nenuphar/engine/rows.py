"""A case laid out as rows, one table for each scope, as both evaluators read it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from nenuphar.domain.case import IHC, Assay, Case, Observed, Reading, Specimen, Variant
from nenuphar.domain.dates import PartialDate
from nenuphar.domain.observation import Origin, Row
from nenuphar.domain.scope import READ_BY_ASSESSORS, Scope
from nenuphar.knowledge.criterion import HasVariant

PatientRows: TypeAlias = dict[Scope, list[Row]]
"""The rows of one patient, by scope."""

VariantColumns: TypeAlias = Mapping[str, HasVariant]


def has_variant(
    question: HasVariant, variants: Iterable[Variant], assays: Iterable[Assay]
) -> bool | None:
    """Answer whether a specimen carries a variant that a question asks for.

    Returns:
        Yes if one is listed; no only if an assay covered the gene and every listed variant of it is
        known to be something else; None otherwise.
    """
    open_question = False
    for variant in variants:
        if variant.gene != question.gene:
            continue
        fits = (
            _fits(question.significance, variant.significance, "uncertain"),
            _fits(question.origin, variant.origin, "unknown"),
            _is_change(question.change, variant.change),
        )
        if all(fits):
            return True
        open_question |= False not in fits
    if open_question or not any(assay.covers(question.gene) for assay in assays):
        return None
    return False


def _fits(wanted: str, found: str, unknown: str) -> bool | None:
    if wanted in ("any", found):
        return True
    return None if found == unknown else False


def _is_change(wanted: str, found: str) -> bool | None:
    """Whether a reported change is the one asked for; open where the report does not say it."""
    if not wanted:
        return True
    return wanted in found.replace("p.", "").split() if found else None


def rows_of_case(case: Case, variant_columns: VariantColumns | None = None) -> PatientRows:
    """Lay a case out as rows.

    Args:
        case: The case.
        variant_columns: Variant questions to answer for each specimen, by column.

    Returns:
        Rows of every scope; where assessors are named, one row for each of them, into which what
        nobody in particular observed is copied.
    """
    rows: PatientRows = {scope: [] for scope in Scope}
    _add(rows, Scope.PATIENT, (case.patient,), case.facts)
    for tumour in case.tumours:
        _add(rows, Scope.TUMOUR, (case.patient, tumour.id), tumour.facts)
        for specimen in tumour.specimens:
            _add_specimen(rows, (case.patient, tumour.id), specimen, variant_columns or {})
    for line in case.lines:
        key = (case.patient, line.id)
        _add(rows, Scope.TREATMENT_LINE, key, line.facts, date=line.start)
    for point in case.time_points:
        key = (case.patient, point.id)
        _add(rows, Scope.TIME_POINT, key, point.facts, point.readings, point.date)
        for lesion in point.lesions:
            own = (*key, lesion.id)
            _add(rows, Scope.LESION, own, lesion.facts, lesion.readings, point.date)
    return share_readings(rows)


def _add_specimen(
    rows: PatientRows, key: tuple[str, ...], specimen: Specimen, variant_columns: VariantColumns
) -> None:
    own = (*key, specimen.id)
    stains = tuple(fact for stain in specimen.ihc for fact in _stain_facts(stain))
    answers = tuple(
        Observed(column, answer)
        for column, question in variant_columns.items()
        if (answer := has_variant(question, specimen.variants, specimen.assays)) is not None
    )
    facts = (*specimen.facts, *stains, *answers)
    _add(rows, Scope.SPECIMEN, own, facts, specimen.readings, specimen.date)
    for component in specimen.components:
        below = (*own, component.name)
        _add(rows, Scope.COMPONENT, below, component.facts, component.readings, specimen.date)
    for assay in specimen.assays:
        _add(rows, Scope.ASSAY, (*own, assay.id), ())


def _stain_facts(stain: IHC) -> Iterable[Observed]:
    name = f"ihc.{stain.marker.lower()}"
    if stain.result is not None:
        yield Observed(name, stain.result)
    if stain.percent is not None:
        yield Observed(f"{name}.percent", stain.percent)
    if stain.h_score is not None:
        yield Observed(f"{name}.h_score", stain.h_score)


def _add(
    rows: PatientRows,
    scope: Scope,
    key: tuple[str, ...],
    facts: Iterable[Observed],
    readings: Iterable[Reading] = (),
    date: PartialDate | None = None,
) -> None:
    """Add a row for what nobody in particular observed, and one for every reading."""
    for assessor, own in [("", facts), *((r.assessor, r.facts) for r in readings)]:
        values = {observed.fact: observed.value for observed in own}
        origins = {observed.fact: observed.origin for observed in own}
        rows[scope].append(Row(scope, key, assessor, date, values, origins))


def share_readings(rows: PatientRows) -> PatientRows:
    """Give every assessor of a specimen or time point a row in all scopes below and above it.

    A component that nobody in particular described is the same for all who read the specimen; an
    assessor who described only components still saw the specimen. What the assessor saw stands
    before what nobody in particular observed.
    """
    for wide, narrow in ((Scope.SPECIMEN, Scope.COMPONENT), (Scope.TIME_POINT, Scope.LESION)):
        depth = len(wide.keys)
        readers: dict[tuple[str, ...], dict[str, None]] = {}
        for row in [*rows.get(wide, []), *rows.get(narrow, [])]:
            if row.assessor:
                readers.setdefault(row.key[:depth], {})[row.assessor] = None
        rows[narrow] = _shared(rows.get(narrow, []), readers, depth)
        known = rows.get(wide, [])
        dates = {row.key: row.date for row in known}
        read = {(row.key, row.assessor) for row in known}
        pairs = [(key, name) for key, names in readers.items() for name in names]
        unread = [Row(wide, k, name, dates.get(k)) for k, name in pairs if (k, name) not in read]
        rows[wide] = _shared([*known, *unread], readers, depth)
    return rows


def _shared(
    rows: list[Row], readers: Mapping[tuple[str, ...], Iterable[str]], depth: int
) -> list[Row]:
    """Copy the rows that nobody in particular wrote to all readers, and into their own rows."""
    shared: dict[tuple[tuple[str, ...], str], Row] = {}
    for row in rows:
        names = [row.assessor] if row.assessor else readers.get(row.key[:depth], ("",))
        for name in names:
            fresh = Row(row.scope, row.key, name, row.date)
            target = shared.setdefault((row.key, name), fresh)
            target.date = target.date or row.date
            named = row.assessor != ""
            for fact, value in row.values.items():
                if named or fact not in target.values:
                    target.values[fact] = value
                    target.origins[fact] = row.origins.get(fact, Origin())
    return list(shared.values())


def belongs(row: Row, other: Row) -> bool:
    """Whether a row lies in another row of a wider scope, in the reading of the same assessor."""
    if row.key[: len(other.key)] != other.key:
        return False
    both_read = row.scope in READ_BY_ASSESSORS and other.scope in READ_BY_ASSESSORS
    return not both_read or row.assessor == other.assessor


def rows_over(rows: PatientRows, row: Row, scope: Scope) -> list[Row]:
    """Return the rows that a quantifier runs over, asked on a row.

    They are those of its scope that lie in the row. Where the scopes are not nested (treatment
    lines, asked of a specimen), they are those that share the narrowest wider row with it.
    """
    if scope.within(row.scope):
        return [other for other in rows[scope] if belongs(other, row)]
    depth = len(row.scope.shared_with(scope).keys)
    return [other for other in rows[scope] if other.key[:depth] == row.key[:depth]]
