"""Pooling against named peers: lme4 through R, an obvious quadrature, and statsmodels."""

from __future__ import annotations

import math
import shutil
import subprocess
import time
from collections.abc import Callable

import numpy as np
from scipy import integrate, optimize

from nenuphar.methods.evidence import effects
from nenuphar.methods.evidence.estimate import PoolingPlan
from nenuphar.methods.evidence.glmm import fit_logistic
from nenuphar.methods.evidence.inverse_variance import fit_inverse_variance

STUDIES = 30


def run() -> list[dict[str, object]]:
    """Measure; `ratio` is our time over the peer's in the same run, best of a few rounds each."""
    events, n = _table()
    y, v = effects.logit(events, n)
    figures = [
        _figure(
            "random-intercept logistic model, 30 studies",
            lambda: fit_logistic(events, n),
            "scipy.integrate.quad per study under Nelder-Mead",
            lambda: _obvious(events, n),
            "<= 0.1",
        ),
        _bayes(events, n),
        _dersimonian_laird(y, v),
        _lme4(events, n),
    ]
    return [figure for figure in figures if figure]


def _table() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(5)
    n = random.integers(8, 120, STUDIES)
    share = 1 / (1 + np.exp(1.6 - 0.8 * random.standard_normal(STUDIES)))
    return random.binomial(n, share).astype(float), n.astype(float)


def _obvious(events: np.ndarray, n: np.ndarray) -> tuple[float, float]:
    def loss(point: np.ndarray) -> float:
        total = 0.0
        for x, size in zip(events, n, strict=True):

            def density(u: float, x: float = x, size: float = size) -> float:
                p = 1 / (1 + math.exp(-point[0] - point[1] * u))
                odds = math.comb(int(size), int(x)) * p**x * (1 - p) ** (size - x)
                return odds * math.exp(-u * u / 2) / math.sqrt(2 * math.pi)

            total -= math.log(integrate.quad(density, -8, 8)[0])
        return total

    found = optimize.minimize(loss, [-1.5, 0.8], method="Nelder-Mead", options={"xatol": 1e-3})
    ours = fit_logistic(events, n)
    assert abs(found.x[0] - ours.beta[0]) < 5e-3
    return float(found.x[0]), float(found.x[1])


def _bayes(events: np.ndarray, n: np.ndarray) -> dict[str, object] | None:
    try:
        from statsmodels.genmod.bayes_mixed_glm import BinomialBayesMixedGLM
    except ImportError:
        return None
    sizes = n.astype(int)
    study = np.repeat(np.arange(len(n)), sizes)
    outcome = np.concatenate([np.arange(s) < x for x, s in zip(events, sizes, strict=True)])
    groups = np.eye(len(n))[study]
    ones = np.ones((len(study), 1))

    def peer() -> None:
        model = BinomialBayesMixedGLM(
            outcome.astype(float), ones, groups, np.zeros(len(n), dtype=int)
        )
        model.fit_map()

    return _figure(
        "random-intercept logistic model, 30 studies",
        lambda: fit_logistic(events, n),
        "statsmodels BinomialBayesMixedGLM.fit_map",
        peer,
        "<= 1",
    )


def _dersimonian_laird(y: np.ndarray, v: np.ndarray) -> dict[str, object] | None:
    try:
        from statsmodels.stats.meta_analysis import combine_effects
    except ImportError:
        return None
    plan = PoolingPlan("logit", "dl")
    return _figure(
        "DerSimonian-Laird, 30 studies",
        lambda: fit_inverse_variance(y, v, plan),
        "statsmodels combine_effects",
        lambda: combine_effects(y, v, method_re="dl"),
        "<= 3",
    )


def _lme4(events: np.ndarray, n: np.ndarray) -> dict[str, object] | None:
    """Time of lme4 as R itself measures it, without starting R; None where it is missing."""
    if not shutil.which("Rscript"):
        return None
    rounds = 5
    script = (
        "suppressMessages(library(lme4));"
        f"x <- c({','.join(map(str, events))}); n <- c({','.join(map(str, n))});"
        "s <- seq_along(n); f <- function() "
        "glmer(cbind(x, n - x) ~ 1 + (1 | s), family = binomial, nAGQ = 7); invisible(f());"
        f"cat(system.time(for (i in 1:{rounds}) f())[['elapsed']] / {rounds})"
    )
    done = subprocess.run(  # noqa: S603
        ["Rscript", "-e", script],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        return None
    ours = _best(lambda: fit_logistic(events, n))
    return _row(
        "random-intercept logistic model, 30 studies", ours, "R lme4 glmer", float(done.stdout), ""
    )


def _figure(
    name: str, ours: Callable[[], object], peer_name: str, peer: Callable[[], object], bound: str
) -> dict[str, object]:
    ours()
    return _row(name, _best(ours), peer_name, _best(peer, 2), bound)


def _row(name: str, ours: float, peer_name: str, peer: float, bound: str) -> dict[str, object]:
    return {
        "name": name,
        "ours_s": ours,
        "peer": peer_name,
        "peer_s": peer,
        "ratio": ours / peer,
        "bound": bound,
    }


def _best(work: Callable[[], object], rounds: int = 5) -> float:
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)
