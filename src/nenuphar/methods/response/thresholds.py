"""The numbers of the response criteria, in one place."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ResponseThresholds:
    """Cut-offs of RECIST 1.1, iRECIST and irRECIST.

    Lengths are millimetres, intervals whole days, changes fractions of the reference sum.
    Every method of this room takes the set as an argument, so that a knowledge record can
    replace it and a sensitivity analysis can move one number.

    Attributes:
        response_decrease: fall of the sum below baseline that makes PR; fraction, 0.30.
        progression_increase: rise of the sum above the nadir that makes PD; fraction, 0.20.
        progression_absolute: the rise that PD needs as well; mm, 5.
        measurable: smallest longest diameter of a target at baseline; mm, 10.
        measurable_node: smallest short axis of a nodal target at baseline; mm, 15.
        normal_node: short axis below which a node counts as normal; mm, 10.
        too_small: size given to a lesion that is seen but too small to measure; mm, 5.
        implausible: largest diameter accepted without a remark; mm, 300.
        sum_tolerance: difference accepted between a stated and a derived sum; mm, 0.1.
        max_targets: targets in all, 5; also for new lesions under iRECIST.
        max_targets_per_organ: targets in one organ, 2; all nodes are one organ.
        confirm_days: interval that confirms CR or PR; days, 28.
        progression_confirm_days: shortest interval that confirms iUPD or irPD; days, 28.
        progression_confirm_latest: end of the usual confirmation window; days, 56.
        immune_increase: further rise that confirms iUPD; mm, 5.

    Source:
        RECIST 1.1, doi:10.1016/j.ejca.2008.10.026; iRECIST, doi:10.1016/S1470-2045(17)30074-8;
        irRECIST, Bohnsack 2014, doi:10.1093/annonc/mdu342.23. ``implausible`` and
        ``sum_tolerance`` are checks of this software, not clinical rules.
    """

    response_decrease: float = 0.30
    progression_increase: float = 0.20
    progression_absolute: float = 5.0
    measurable: float = 10.0
    measurable_node: float = 15.0
    normal_node: float = 10.0
    too_small: float = 5.0
    implausible: float = 300.0
    sum_tolerance: float = 0.1
    max_targets: int = 5
    max_targets_per_organ: int = 2
    confirm_days: int = 28
    progression_confirm_days: int = 28
    progression_confirm_latest: int = 56
    immune_increase: float = 5.0
