"""The inverse-variance random-effects model, with or without moderators."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from nenuphar.methods.evidence.estimate import PoolingPlan
from nenuphar.methods.evidence.heterogeneity import Heterogeneity, cochran_q, describe

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted model, on its own scale.

    Attributes:
        beta: Coefficients, shape (p,).
        covariance: Their covariance, shape (p, p), after Hartung-Knapp where asked for.
        heterogeneity: Variation left between studies.
        df: Degrees of freedom of Student's t; None for the normal distribution.
        weights: Share of each study, shape (k,), summing to 1; None for the GLMM.
    """

    beta: Floats
    covariance: Floats
    heterogeneity: Heterogeneity
    df: int | None
    weights: Floats | None = None

    def quantile(self, level: float) -> float:
        """Return the two-sided critical value of the interval."""
        return critical_value(level, self.df)


def critical_value(level: float, df: int | None) -> float:
    """Return the two-sided critical value of Student's t, or of the normal when df is None."""
    p = 0.5 + level / 2
    return float(special.ndtri(p) if df is None else special.stdtrit(df, p))


def fit_inverse_variance(y: Floats, v: Floats, plan: PoolingPlan, x: Floats | None = None) -> Fit:
    """Fit y ~ x with variances v and a random effect per study.

    Hartung-Knapp multiplies the covariance by the weighted residual mean square; with the floor,
    by no less than 1.

    Args:
        y: Effects, shape (k,), nothing missing.
        v: Sampling variances, shape (k,), above 0.
        plan: Estimator of tau² and kind of interval.
        x: Design matrix, shape (k, p); a column of ones by default.

    Source: doi:10.1002/sim.1482 (Hartung-Knapp), doi:10.1186/1471-2288-14-25 (floor).
    """
    design = np.ones((len(y), 1)) if x is None else x
    spread = describe(y, v, design, plan.tau)
    w = 1 / (v + spread.tau2)
    covariance = np.linalg.inv(design.T @ (w[:, None] * design))
    beta = covariance @ (design.T @ (w * y))
    df = None
    if plan.ci == "hk" and spread.q_df > 0:
        df = spread.q_df
        scale = cochran_q(y, v, design, spread.tau2) / df
        covariance = covariance * (max(1.0, scale) if plan.floor else scale)
    return Fit(beta, covariance, spread, df, w / w.sum())
