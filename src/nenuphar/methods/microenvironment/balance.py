"""Sums and ratios of measured shares of immune cells, and the checkpoints on record.

Source: doi:10.1172/JCI186702, Cells of origin and microenvironment; doi:10.20517/cdr.2024.154,
extrinsic mechanisms.
"""

from __future__ import annotations

from collections.abc import Mapping

from nenuphar.domain.observation import Value
from nenuphar.domain.quantity import Interval

_SHARE = "immune.fraction."
T_CELLS = ("cd4", "cd8")
MYELOID = ("macrophage", "monocyte", "neutrophil", "dendritic")
IMMUNE = (*T_CELLS, "treg", "b_cell", "nk", *MYELOID)
CHECKPOINTS = {
    "ihc.pd_l1": "PD-L1",
    "ihc.pd_1": "PD-1",
    "ihc.ctla_4": "CTLA-4",
    "ihc.tim_3": "TIM-3",
    "ihc.lag_3": "LAG-3",
    "ihc.tigit": "TIGIT",
    "ihc.ido1": "IDO1",
    "ihc.cd276": "CD276",
    "ihc.cd200": "CD200",
}
_KINDS = ("macrophage_m1", "macrophage_m2")
METHOD = "immune.fraction_method"
INPUTS = (*(_SHARE + cell for cell in (*IMMUNE, *_KINDS)), METHOD, *CHECKPOINTS)
_CUT_OFFS = {"quantiseq": "quantiseq", "counting": "counted", "single_cell": "counted"}


def immune_balance(values: Mapping[str, Value]) -> dict[str, Value]:
    """Work out sums and ratios of the shares of immune cells of a specimen.

    Args:
        values: Facts of the specimen; shares in percent of all cells, as intervals.

    Returns:
        `immune.t_cells`, `immune.myeloid`, `immune.macrophages`, `immune.infiltration` (percent),
        `immune.tam_to_t` (ratio), `immune.monocyte_share` and `immune.cd4_share` (percent); a sum
        that lacks a part, and a ratio to nothing, are left out. `immune.cut_offs` says which
        cut-offs go with the method, once there is a share to hold against them.
    """
    both = _sum(values, _KINDS)
    if both is not None:
        values = {_SHARE + "macrophage": both, **values}
    found: dict[str, Value | None] = {
        "immune.cut_offs": _cut_offs(values),
        "immune.t_cells": _sum(values, T_CELLS),
        "immune.myeloid": _sum(values, MYELOID),
        "immune.macrophages": _sum(values, ("macrophage",)),
        "immune.infiltration": _sum(values, IMMUNE),
        "immune.tam_to_t": _ratio(values, ("macrophage", "monocyte"), T_CELLS),
        "immune.monocyte_share": _share(values, "monocyte", "macrophage"),
        "immune.cd4_share": _share(values, "cd4", "cd8"),
    }
    return {name: value for name, value in found.items() if value is not None}


def checkpoints(values: Mapping[str, Value]) -> dict[str, Value]:
    """List the checkpoints on record with their results, in a fixed order."""
    known = [f"{name} {values[fact]}" for fact, name in CHECKPOINTS.items() if fact in values]
    return {"immune.checkpoints": ";".join(known)} if known else {}


def _cut_offs(values: Mapping[str, Value]) -> str | None:
    """Return whose cut-offs apply; none where no share is known that they could be held against.

    quanTIseq's own are for CD8 T cells and macrophages: other methods see those alike, but neither
    its CD4 T cells nor its monocytes (docs/models/immune-class.md).
    """
    if not any(_SHARE + cell in values for cell in (*T_CELLS, *MYELOID)):
        return None
    return _CUT_OFFS.get(str(values.get(METHOD)), "other")


def _cells(values: Mapping[str, Value], names: tuple[str, ...]) -> list[Interval] | None:
    found = [values.get(_SHARE + name) for name in names]
    known = [value for value in found if isinstance(value, Interval)]
    return known if len(known) == len(names) else None


def _sum(values: Mapping[str, Value], names: tuple[str, ...]) -> Interval | None:
    cells = _cells(values, names)
    if cells is None:
        return None
    open_ends = (any(c.lo_open for c in cells), any(c.hi_open for c in cells))
    return Interval(_added(c.lo for c in cells), _added(c.hi for c in cells), *open_ends, "percent")


def _added(ends: object) -> float:
    # Deconvolution prints many digits; sums of shares are not known to more than four.
    return round(sum(ends), 4)  # type: ignore[call-overload, no-any-return]


def _ratio(
    values: Mapping[str, Value], above: tuple[str, ...], below: tuple[str, ...]
) -> Interval | None:
    top, bottom = _sum(values, above), _sum(values, below)
    if top is None or bottom is None or bottom.lo <= 0:
        return None
    return Interval(round(top.lo / bottom.hi, 2), round(top.hi / bottom.lo, 2), unit="ratio")


def _share(values: Mapping[str, Value], one: str, other: str) -> Interval | None:
    both = _cells(values, (one, other))
    if both is None or both[0].lo + both[1].lo <= 0:
        return None
    a, b = both
    low, high = a.lo / (a.lo + b.hi), a.hi / (a.hi + b.lo) if a.hi + b.lo else 1.0
    return Interval(round(100 * low, 2), round(100 * high, 2), unit="percent")
