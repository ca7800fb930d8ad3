"""The random-intercept logistic model of events among n, by adaptive Gauss-Hermite quadrature.

Every study has log odds eta = x b + t u with u standard normal, and its events are binomial. The
likelihood of a study is the integral over u; it is evaluated at nodes placed around the mode of
the integrand and scaled by its curvature there, as R lme4's `glmer(nAGQ = 7)` does. No
continuity correction is needed, so that studies without events count as they are.

Source: doi:10.18637/jss.v067.i01; doi:10.1002/sim.4040 (binomial-normal model in meta-analysis).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from nenuphar.methods.evidence.estimate import EvidenceError

Floats = npt.NDArray[np.float64]

NODES = 7
_Z, _WEIGHT = np.polynomial.hermite_e.hermegauss(NODES)
_WEIGHT = _WEIGHT / np.sqrt(2 * np.pi)
_SETTLED = 1e-5  # slope of the log likelihood, per patient, that counts as flat
_FAR = 30.0  # log odds, or their standard deviation, beyond which no estimate is finite


@dataclass(frozen=True, slots=True)
class LogisticFit:
    """A fitted random-intercept logistic model.

    Attributes:
        beta: Log odds and log odds ratios, shape (p,).
        covariance: From the curvature of the likelihood in beta and tau, shape (p, p).
        tau2: Variance of the log odds between studies.
        log_likelihood: With the binomial coefficients.
    """

    beta: Floats
    covariance: Floats
    tau2: float
    log_likelihood: float


def fit_logistic(events: Floats, n: Floats, x: Floats | None = None) -> LogisticFit:
    """Fit the random-intercept logistic model by maximum likelihood.

    Args:
        events: Patients with the event, shape (k,).
        n: Patients, shape (k,), above 0.
        x: Design matrix, shape (k, p); a column of ones by default.

    Raises:
        EvidenceError: No finite estimate exists (no study has an event, or every patient has).
    """
    design = np.ones((len(n), 1)) if x is None else x
    common = _common_effect(events, n, design)
    if np.abs(common).max() > _FAR:
        raise EvidenceError(
            "no finite log odds: a group of studies has no events, or nothing but events."
        )
    beta, tau = _maximise(events, n, design, common)
    if max(np.abs(beta).max(), tau) > _FAR:
        raise EvidenceError("the variance between studies grows without limit; too few events.")
    if tau == 0.0:
        p = special.expit(design @ beta)
        information = design.T @ ((n * p * (1 - p))[:, None] * design)
    else:
        information = _hessian(np.append(beta, tau), events, n, design)
    covariance = np.linalg.inv(information)[: len(beta), : len(beta)]
    return LogisticFit(beta, covariance, tau**2, log_likelihood(beta, tau, events, n, design))


def log_likelihood(beta: Floats, tau: float, events: Floats, n: Floats, x: Floats) -> float:
    """Return the marginal log likelihood, binomial coefficients included."""
    coefficients = special.gammaln(n + 1) - special.gammaln(events + 1)
    coefficients = coefficients - special.gammaln(n - events + 1)
    return float(np.sum(coefficients + _marginal(x @ beta, tau, events, n)))


def likelihood_ratio(events: Floats, n: Floats, smaller: Floats, larger: Floats) -> float:
    """Return twice the gain in log likelihood from a smaller to a larger design.

    Groups without events are allowed: their log odds run to minus infinity, where the
    likelihood has a finite limit.
    """
    best = []
    for design in (smaller, larger):
        start = np.clip(_common_effect(events, n, design), -_FAR, _FAR)
        best.append(log_likelihood(*_maximise(events, n, design, start), events, n, design))
    return max(0.0, 2 * (best[1] - best[0]))


def saturated_gain(events: Floats, n: Floats, x: Floats) -> float:
    """Return the deviance of the common-effect model: the likelihood-ratio test of homogeneity."""
    p = special.expit(x @ _common_effect(events, n, x))
    missed = n - events
    gain = special.xlogy(events, events / n) - special.xlogy(events, p)
    gain = gain + special.xlogy(missed, missed / n) - special.xlogy(missed, 1 - p)
    return float(2 * gain.sum())


def _marginal(eta: Floats, tau: float, events: Floats, n: Floats) -> Floats:
    """Log of the integral over u for every study, shape (k,), without binomial coefficients."""
    mode, curvature = _mode(eta, tau, events, n)
    scale = 1 / np.sqrt(curvature)
    u = mode[:, None] + scale[:, None] * _Z
    line = eta[:, None] + tau * u
    inner = events[:, None] * line - n[:, None] * np.logaddexp(0, line) - u**2 / 2 + _Z**2 / 2
    peak = inner.max(axis=1)
    return peak + np.log(np.exp(inner - peak[:, None]) @ _WEIGHT) + np.log(scale)


def _mode(eta: Floats, tau: float, events: Floats, n: Floats) -> tuple[Floats, Floats]:
    """Newton's way to the maximum of each concave integrand; its curvature there."""
    u = np.zeros_like(eta)
    for _ in range(200):
        p = special.expit(eta + tau * u)
        curvature = 1 + tau**2 * n * p * (1 - p)
        step = np.clip((tau * (events - n * p) - u) / curvature, -1, 1)
        u = u + step
        if np.abs(step).max() < 1e-12:
            break
    p = special.expit(eta + tau * u)
    return u, 1 + tau**2 * n * p * (1 - p)


def _common_effect(events: Floats, n: Floats, x: Floats) -> Floats:
    """Logistic regression without a random effect, by damped Newton steps."""
    beta = np.zeros(x.shape[1])
    for _ in range(200):
        p = special.expit(x @ beta)
        information = x.T @ ((n * p * (1 - p))[:, None] * x) + 1e-12 * np.eye(len(beta))
        step = np.clip(np.linalg.solve(information, x.T @ (events - n * p)), -2, 2)
        beta = beta + step
        if np.abs(step).max() < 1e-13 or np.abs(beta).max() > 2 * _FAR:
            break
    return beta


def _maximise(events: Floats, n: Floats, x: Floats, start: Floats) -> tuple[Floats, float]:
    """Quasi-Newton search from the common-effect fit and tau = 1.

    Tau is exactly 0, and beta that fit, where a random effect adds nothing.
    """

    def loss(point: Floats) -> float:
        return -float(_marginal(x @ point[:-1], point[-1], events, n).sum())

    def slope(point: Floats) -> Floats:
        return _gradient(loss, point)

    from scipy import optimize

    best = optimize.minimize(loss, np.append(start, 1.0), jac=slope, method="BFGS")
    if loss(np.append(start, 0.0)) <= best.fun + 1e-9:
        return start, 0.0
    if not np.abs(slope(best.x)).max() < _SETTLED * n.sum():
        raise EvidenceError("the likelihood has no clear maximum; use --method logit.")
    return np.asarray(best.x[:-1]), abs(float(best.x[-1]))


def _gradient(loss: Callable[[Floats], float], point: Floats, step: float = 1e-5) -> Floats:
    moves = step * np.eye(len(point))
    return np.array([(loss(point + m) - loss(point - m)) / (2 * step) for m in moves])


def _hessian(point: Floats, events: Floats, n: Floats, x: Floats, step: float = 1e-3) -> Floats:
    """Fourth-order differences of the log likelihood, shape (p + 1, p + 1)."""

    def loss(at: Floats) -> float:
        return -float(_marginal(x @ at[:-1], at[-1], events, n).sum())

    moves = step * np.eye(len(point))
    rows = []
    for move in moves:
        near = _gradient(loss, point + move) - _gradient(loss, point - move)
        far = _gradient(loss, point + 2 * move) - _gradient(loss, point - 2 * move)
        rows.append((8 * near - far) / (12 * step))
    hessian = np.array(rows)
    return (hessian + hessian.T) / 2
