"""How much studies differ beyond chance: tau², Q, I² and H².

All functions take effects `y` and sampling variances `v` of shape (k,) and a design matrix `x` of
shape (k, p); a column of ones when there are no moderators.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from nenuphar.methods.evidence.estimate import TauMethod

Floats = npt.NDArray[np.float64]

_TINY = 1e-13
_GRID = 80


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
    p = float(special.chdtrc(df, q)) if df > 0 else 1.0
    return Heterogeneity(tau2, 1 - 1 / h2, h2, q, df, p)


def tau_squared(y: Floats, v: Floats, x: Floats, method: TauMethod) -> float:
    """Return the variance between studies.

    Args:
        y: Effects.
        v: Sampling variances.
        x: Design matrix.
        method: `dl` (DerSimonian-Laird), `pm` (Paule-Mandel) or `reml`.

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
    return _root(excess, 0.0, high)


def _reml(y: Floats, v: Floats, x: Floats) -> float:
    """The highest maximum of the restricted likelihood: a grid finds it, its slope pins it down.

    Scoring from one start can circle or settle on a lower maximum when few studies disagree.
    """
    residual = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    highest = 2 * float(residual @ residual) + float(v.max())
    grid = np.append(0.0, np.geomspace(1e-4 * v.min(), highest, _GRID))
    best = int(np.argmax(_restricted_likelihood(grid, y, v, x)))

    def slope(tau2: float) -> float:
        p = projection(v + tau2, x)
        return float(y @ p @ p @ y - np.trace(p))

    low, high = grid[max(best - 1, 0)], grid[min(best + 1, _GRID)]
    if slope(low) <= 0:
        return 0.0 if low == 0.0 else float(low)
    return _root(slope, low, high)


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    from scipy import optimize

    tolerance = 4 * float(np.finfo(float).eps)
    return float(optimize.brentq(function, low, high, xtol=_TINY, rtol=tolerance))


def _restricted_likelihood(tau2: Floats, y: Floats, v: Floats, x: Floats) -> Floats:
    """Restricted log likelihood at every tau², without constants; same shape as tau2."""
    w = 1 / (v + tau2[:, None])
    information = np.einsum("gk,ki,kj->gij", w, x, x)
    score = (w * y) @ x
    beta = np.linalg.solve(information, score[:, :, None])[:, :, 0]
    squares = (w * y) @ y - np.einsum("gi,gi->g", score, beta)
    return (np.log(w).sum(axis=1) - np.linalg.slogdet(information)[1] - squares) / 2
