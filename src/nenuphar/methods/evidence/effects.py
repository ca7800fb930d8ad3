"""Effect sizes of single studies: transformed proportions, log ratios and exact intervals.

Here and beside it, distributions come from `scipy.special`: `scipy.stats` takes a second to load,
which whoever opens one case would wait for.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import special

Floats = npt.NDArray[np.float64]


def logit(events: npt.ArrayLike, n: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Return the log odds of every study and their sampling variances.

    Half an event and half a non-event are added to studies with none of either, and to no other
    study, as R metafor does for `measure="PLO"`.

    Args:
        events: Patients with the event, shape (k,).
        n: Patients, shape (k,).

    Returns:
        Log odds and variances, both of shape (k,).

    Source: doi:10.18637/jss.v036.i03.
    """
    yes, size = _half_corrected(events, n)
    no = size - yes
    return np.log(yes / no), 1 / yes + 1 / no


def inverse_logit(value: npt.ArrayLike) -> Floats:
    """Turn log odds into proportions (0-1)."""
    return np.asarray(special.expit(np.asarray(value, dtype=float)))


def freeman_tukey(events: npt.ArrayLike, n: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Return the Freeman-Tukey double arcsine of every study and its sampling variance.

    Args:
        events: Patients with the event, shape (k,).
        n: Patients, shape (k,).

    Returns:
        Half the sum of the two arcsines (radians) and 1/(4n + 2), both of shape (k,).

    Source: doi:10.1214/aoms/1177729756.
    """
    x, size = _counts(events, n)
    angles = np.arcsin(np.sqrt(x / (size + 1))) + np.arcsin(np.sqrt((x + 1) / (size + 1)))
    return angles / 2, 1 / (4 * size + 2)


def inverse_freeman_tukey(value: npt.ArrayLike, n: npt.ArrayLike) -> Floats:
    """Turn a double arcsine (radians) back into a proportion, for a study of size n.

    Values beyond the transform of 0 or 1 at that size become 0 or 1.

    Source: Miller 1978, doi:10.1080/00031305.1978.10479283.
    """
    angle, size = np.broadcast_arrays(np.asarray(value, float), np.asarray(n, float))
    least, _ = freeman_tukey(np.zeros_like(size), size)
    most, _ = freeman_tukey(size, size)
    inside = np.clip(angle, least, most)
    sine = np.sin(2 * inside)
    root = np.sqrt(np.clip(1 - (sine + (sine - 1 / sine) / size) ** 2, 0, None))
    proportion = (1 - np.sign(np.cos(2 * inside)) * root) / 2
    return np.where(angle <= least, 0.0, np.where(angle >= most, 1.0, proportion))


def back_transform_size(n: npt.ArrayLike, kind: str = "harmonic") -> float:
    """Return the study size at which pooled double arcsines are turned back.

    Args:
        n: Patients per study, shape (k,).
        kind: `harmonic` mean (as R metafor's `transf.ipft.hm`), or the `total`.
    """
    size = np.asarray(n, dtype=float)
    return float(size.sum() if kind == "total" else size.size / (1 / size).sum())


def raw_proportion(events: npt.ArrayLike, n: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Return proportions and their variances; half-corrected where a cell is empty."""
    x, size = _half_corrected(events, n)
    p = x / size
    return p, p * (1 - p) / size


def log_proportion(events: npt.ArrayLike, n: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Return log proportions and their variances; half-corrected where a cell is empty."""
    x, size = _half_corrected(events, n)
    return np.log(x / size), 1 / x - 1 / size


def log_ratio(
    ratio: npt.ArrayLike, ci_low: npt.ArrayLike, ci_high: npt.ArrayLike, level: float = 0.95
) -> tuple[Floats, Floats]:
    """Return the log of a ratio and its variance from the width of its interval.

    Args:
        ratio: Hazard (or odds, or risk) ratios, shape (k,), all above 0.
        ci_low: Lower limits.
        ci_high: Upper limits.
        level: Confidence level of the printed intervals, a fraction.

    Source: doi:10.1002/(SICI)1097-0258(19981230)17:24<2815::AID-SIM110>3.0.CO;2-8.
    """
    z = special.ndtri(0.5 + level / 2)
    width = np.log(np.asarray(ci_high, float)) - np.log(np.asarray(ci_low, float))
    return np.log(np.asarray(ratio, float)), (width / (2 * z)) ** 2


def clopper_pearson(events: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Return the exact interval of a proportion; never shorter than its level promises.

    Source: doi:10.1093/biomet/26.4.404.
    """
    tail = (1 - level) / 2
    low = special.betaincinv(events, n - events + 1, tail) if events else 0.0
    high = special.betaincinv(events + 1, n - events, 1 - tail) if events < n else 1.0
    return float(low), float(high)


def wilson(events: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Return the score interval of a proportion, without continuity correction.

    Source: doi:10.1080/01621459.1927.10502953.
    """
    z, p = float(special.ndtri(0.5 + level / 2)), events / n
    centre, half = p + z**2 / (2 * n), z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    low, high = ((centre + side * half) / (1 + z**2 / n) for side in (-1, 1))
    return (float(low) if events else 0.0), (float(high) if events < n else 1.0)


def jeffreys(events: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Return the equal-tailed Beta(1/2, 1/2) interval; 0 and 1 are kept as limits where observed.

    Source: doi:10.1214/ss/1009213286.
    """
    tail = (1 - level) / 2
    low, high = special.betaincinv(events + 0.5, n - events + 0.5, [tail, 1 - tail])
    return (float(low) if events else 0.0), (float(high) if events < n else 1.0)


def _half_corrected(events: npt.ArrayLike, n: npt.ArrayLike) -> tuple[Floats, Floats]:
    x, size = _counts(events, n)
    empty = (x == 0) | (x == size)
    return x + 0.5 * empty, size + empty


def _counts(events: npt.ArrayLike, n: npt.ArrayLike) -> tuple[Floats, Floats]:
    return np.asarray(events, dtype=float), np.asarray(n, dtype=float)
