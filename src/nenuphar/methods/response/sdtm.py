"""CDISC SDTM domains TU, TR and RS, turned into the native tables of this room.

Only names and layout change here; values stay text and are judged by the readers of the
native tables.

Source:
    CDISC SDTMIG 3.4, domains TU, TR, RS.
"""

from __future__ import annotations

import polars as pl

from nenuphar.methods.response.findings import require_columns

_SHORT_AXIS = ("LPERP", "SAXIS", "SHRTAXIS")
_LONG_AXIS = ("LDIAM", "DIAMETER")
_STATE = ("TUMSTATE",)
_SUM = ("SUMDIAM",)


def measurements_from_sdtm(tu: pl.DataFrame, tr: pl.DataFrame) -> pl.DataFrame:
    """Turn TU and TR into native lesion measurements.

    Nodes (``TULOC`` names a lymph node) are taken by their short axis, other lesions by their
    longest diameter; the other axis is left aside. New lesions that are only in TU become rows
    without a size.

    Args:
        tu: tumour identification, all columns text.
        tr: tumour results, all columns text; ``line`` is kept where present.

    Returns:
        Native columns as text (``read_measurements`` says which), with ``visit``, ``unit`` and
        ``sum_mm``.

    Raises:
        ResponseInputError: if TU or TR lacks a needed column.
    """
    tu, tr = _upper(tu), _upper(tr)
    require_columns(tu, ("USUBJID", "TULNKID"), "TU records")
    require_columns(tr, ("USUBJID", "TRTESTCD", "TRDTC"), "TR records")
    tr = tr if "LINE" in tr.columns else tr.with_row_index("LINE", offset=2)
    located = _lesions(tu)
    results = _results(tr, located)
    measured = _merge_axes(results)
    return pl.concat([measured, _only_identified(tu, measured)], how="diagonal")


def timepoints_from_rs(rs: pl.DataFrame) -> pl.DataFrame:
    """Turn the overall responses of RS into native time points.

    Args:
        rs: disease response, all columns text; ``line`` is kept where present.

    Returns:
        ``line``, ``subject``, ``assessor``, ``date``, ``response`` of the ``OVRLRESP`` rows.

    Raises:
        ResponseInputError: if RS lacks a needed column.
    """
    rs = _upper(rs)
    require_columns(rs, ("USUBJID", "RSDTC", "RSSTRESC"), "RS records")
    rs = rs if "LINE" in rs.columns else rs.with_row_index("LINE", offset=2)
    if "RSTESTCD" in rs.columns:
        rs = rs.filter(pl.col("RSTESTCD") == "OVRLRESP")
    return rs.select(
        line="LINE",
        subject="USUBJID",
        assessor=_assessor(rs, "RS"),
        date="RSDTC",
        response="RSSTRESC",
    )


def _upper(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.rename({name: name.strip().upper() for name in frame.columns})


def _text(frame: pl.DataFrame, *names: str) -> pl.Expr:
    """The first filled of several columns, null where none is."""
    present = [
        pl.when(pl.col(name).str.strip_chars() != "").then(pl.col(name).str.strip_chars())
        for name in names
        if name in frame.columns
    ]
    return pl.coalesce(present) if present else pl.lit(None, pl.String)


def _assessor(frame: pl.DataFrame, domain: str) -> pl.Expr:
    """The single reader where one is named (``RADIOLOGIST 1``), else the kind of reader."""
    return _text(frame, f"{domain}EVALID", f"{domain}EVAL").fill_null("")


def _lesions(tu: pl.DataFrame) -> pl.DataFrame:
    """One row per subject, lesion and assessor: role and organ."""
    return (
        tu.select(
            subject="USUBJID",
            lesion="TULNKID",
            assessor=_assessor(tu, "TU"),
            identified=_text(tu, "TUSTRESC", "TUORRES"),
            organ=_text(tu, "TULOC"),
        )
        .filter(pl.col("lesion").is_not_null() & (pl.col("lesion") != ""))
        .unique(["subject", "lesion", "assessor"], keep="first", maintain_order=True)
    )


def _results(tr: pl.DataFrame, located: pl.DataFrame) -> pl.DataFrame:
    """TR rows with the role and organ of their lesion."""
    results = tr.select(
        line=pl.col("LINE").cast(pl.Int64),
        subject="USUBJID",
        assessor=_assessor(tr, "TR"),
        date="TRDTC",
        visit=_text(tr, "VISITNUM"),
        lesion=_text(tr, "TRLNKID"),
        group=_text(tr, "TRGRPID"),
        test="TRTESTCD",
        text=_text(tr, "TRSTRESC", "TRORRES"),
        number=_text(tr, "TRSTRESN"),
        unit=_text(tr, "TRSTRESU", "TRORRESU"),
        done=_text(tr, "TRSTAT"),
    )
    joined = results.join(
        located, on=["subject", "lesion", "assessor"], how="left", maintain_order="left"
    )
    # a lesion that another reader identified is still the same place in the body
    anyone = located.unique(["subject", "lesion"], keep="first", maintain_order=True).select(
        "subject", "lesion", other="identified", other_organ="organ"
    )
    return (
        joined.join(anyone, on=["subject", "lesion"], how="left", maintain_order="left")
        .with_columns(
            role=pl.coalesce("identified", "group", "other"),
            organ=pl.coalesce("organ", "other_organ"),
        )
        .with_columns(
            node=pl.col("organ").str.to_uppercase().str.contains("NODE|NODAL").fill_null(False)
        )
    )


def _merge_axes(results: pl.DataFrame) -> pl.DataFrame:
    """One row per lesion and visit: the axis that counts, the state, the stated sum."""
    right_axis = (pl.col("node") & pl.col("test").is_in(_SHORT_AXIS)) | (
        ~pl.col("node") & pl.col("test").is_in(_LONG_AXIS)
    )
    keys = ["subject", "assessor", "date", "visit", "lesion"]
    state = pl.col("test").is_in(_STATE)
    # a lesion of which only the other axis was measured stays, as one that was not evaluated
    alone = ~(right_axis | state).any().over(keys) & pl.col("test").is_in(_SHORT_AXIS + _LONG_AXIS)
    wanted = right_axis | alone
    results = results.with_columns(other_axis=alone.fill_null(False))
    sums = results.filter(pl.col("test").is_in(_SUM)).select(
        "subject", "assessor", "date", sum_mm=pl.coalesce("number", "text")
    )
    kept = results.filter((wanted | state) & pl.col("lesion").is_not_null())
    numeric = pl.coalesce("number", "text").str.contains(r"^-?[\d.,]+$")
    rows = kept.select(
        "line", "subject", "assessor", "date", "visit", "lesion", "role", "organ",
        node=pl.when("node").then(pl.lit("yes")).otherwise(pl.lit("no")),
        diameter_mm=pl.when(~state & numeric & ~pl.col("other_axis")).then(
            pl.coalesce("number", "text")
        ),
        status=pl.when(pl.col("done") == "NOT DONE")
        .then(pl.lit("NOT DONE"))
        .when("other_axis")
        .then(pl.lit("axis not measured"))
        .when(state | ~numeric.fill_null(False))
        .then("text"),
        unit="unit",
    )  # fmt: skip
    # a lesion with both a size and a state is one measurement, not two
    sized = pl.col("diameter_mm").is_not_null()
    with_size = rows.filter(sized)
    states = rows.filter(~sized)
    noted = states.select(*keys, noted="status").unique(keys, keep="first", maintain_order=True)
    alone = states.join(with_size.select(keys).unique(), on=keys, how="anti", nulls_equal=True)
    joined = with_size.join(
        noted, on=keys, how="left", nulls_equal=True, maintain_order="left"
    ).with_columns(status=pl.coalesce("status", "noted"))
    merged = pl.concat([joined.drop("noted"), alone]).sort("line")
    return merged.join(
        sums.unique(["subject", "assessor", "date"], keep="first"),
        on=["subject", "assessor", "date"],
        how="left",
        maintain_order="left",
    )


def _only_identified(tu: pl.DataFrame, measured: pl.DataFrame) -> pl.DataFrame:
    """New lesions that TU identifies and TR never measures."""
    if "TUDTC" not in tu.columns:
        return measured.clear()
    new = tu.select(
        subject="USUBJID",
        assessor=_assessor(tu, "TU"),
        date="TUDTC",
        visit=_text(tu, "VISITNUM"),
        lesion="TULNKID",
        role=_text(tu, "TUSTRESC", "TUORRES"),
        organ=_text(tu, "TULOC"),
    ).filter(pl.col("role").str.to_uppercase().str.starts_with("NEW"))
    return new.join(measured, on=["subject", "assessor", "lesion"], how="anti").with_columns(
        status=pl.lit("PRESENT")
    )
