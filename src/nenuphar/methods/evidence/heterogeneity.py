"""How much studies differ beyond chance: tau², Q, I² and H².

All functions take effects `y` and sampling variances `v` of shape (k,) and a design matrix `x` of
shape (k, p); a column of ones when there are no moderators.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import optimize, stats

from nenuphar.methods.evidence.estimate import EvidenceError, TauMethod

Floats = npt.NDArray[np.float64]

_TINY = 1e-13
_STEPS = 2000


@dataclass(frozen=True, slots=True)
class Heterogeneity:
    """Variation between studies.

    Attributes:
        tau2: Variance between studies, on the scale of the effects squared.
        i2: Share of total variance between studies, a fraction.
        h2: Total over typical within-study variance.
        q: Cochran's Q about the fitted values at tau² = 0.
        q_df: k - p.
        q_p: P value of Q.
    """

    tau2: float
    i2: float
    h2: float
    q: float
    q_df: int
    q_p: float


def describe(y: Floats, v: Floats, x: Floats, tau: TauMethod) -> Heterogeneity:
    """Return tau² by the chosen estimator with Q, I² and H².

    With as many studies as coefficients there is nothing left to vary: tau² is 0.

    Source: doi:10.1002/sim.1186 (I², H²).
    """
    df = len(y) - x.shape[1]
    q = cochran_q(y, v, x)
    tau2 = tau_squared(y, v, x, tau) if df > 0 else 0.0
    h2 = 1 + tau2 / typical_variance(v, x) if df > 0 else 1.0
    p = float(stats.chi2.sf(q, df)) if df > 0 else 1.0
    return Heterogeneity(tau2, 1 - 1 / h2, h2, q, df, p)


def tau_squared(y: Floats, v: Floats, x: Floats, method: TauMethod) -> float:
    """Return the variance between studies.

    Args:
        y: Effects.
        v: Sampling variances.
        x: Design matrix.
        method: `dl` (DerSimonian-Laird), `pm` (Paule-Mandel) or `reml`.

    Raises:
        EvidenceError: REML did not settle.

    Source: doi:10.1002/jrsm.1164.
    """
    return {"dl": _dersimonian_laird, "pm": _paule_mandel, "reml": _reml}[method](y, v, x)


def cochran_q(y: Floats, v: Floats, x: Floats, tau2: float = 0.0) -> float:
    """Return the weighted residual sum of squares at a given tau²."""
    return float(y @ projection(v + tau2, x) @ y)


def typical_variance(v: Floats, x: Floats) -> float:
    """Return the typical within-study variance behind I² (doi:10.1002/sim.1186)."""
    return float((len(v) - x.shape[1]) / np.trace(projection(v, x)))


def projection(v: Floats, x: Floats) -> Floats:
    """Return P = W - W X (X'WX)⁻¹ X'W with W = 1/v, shape (k, k)."""
    w = 1 / v
    wx = w[:, None] * x
    return np.diag(w) - wx @ np.linalg.solve(x.T @ wx, wx.T)


def _dersimonian_laird(y: Floats, v: Floats, x: Floats) -> float:
    p = projection(v, x)
    return max(0.0, float((y @ p @ y - (len(y) - x.shape[1])) / np.trace(p)))


def _paule_mandel(y: Floats, v: Floats, x: Floats) -> float:
    df = len(y) - x.shape[1]

    def excess(tau2: float) -> float:
        return cochran_q(y, v, x, tau2) - df

    if excess(0.0) <= 0:
        return 0.0
    high = max(float(np.var(y)), float(v.max()))
    while excess(high) > 0:
        high *= 2
    return float(optimize.brentq(excess, 0.0, high, xtol=_TINY, rtol=4 * np.finfo(float).eps))


def _reml(y: Floats, v: Floats, x: Floats) -> float:
    """Fisher scoring from the DerSimonian-Laird value, halving steps that would pass below 0."""
    tau2 = _dersimonian_laird(y, v, x)
    for _ in range(_STEPS):
        p = projection(v + tau2, x)
        py = p @ y
        step = float((py @ py - np.trace(p)) / np.sum(p * p))
        if tau2 + step < 0:
            if tau2 <= _TINY:
                return 0.0
            step = -tau2 / 2 if tau2 > 1e-10 else -tau2
        tau2 += step
        if abs(step) <= _TINY * (1 + tau2):
            return tau2
    raise EvidenceError(
        "REML did not settle on a variance between studies; use --tau dl or pm, and look for a "
        "study with an extreme effect."
    )
