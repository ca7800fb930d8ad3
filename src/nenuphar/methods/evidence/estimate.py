"""What pooling yields: one number with its interval, and everything needed to doubt it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Method = Literal["glmm", "logit", "freeman-tukey"]
TauMethod = Literal["reml", "dl", "pm"]
Interval = Literal["z", "hk"]


class EvidenceError(ValueError):
    """Studies or settings that cannot be pooled; the message says why and what would help."""


@dataclass(frozen=True, slots=True)
class PoolingPlan:
    """How to pool; the defaults are the random-intercept logistic model with a Wald interval.

    Attributes:
        method: Model of a proportion; hazard ratios are always pooled by inverse variance.
        tau: Estimator of the variance between studies; the GLMM always uses maximum likelihood.
        ci: `z`, or `hk` for Hartung-Knapp (for the GLMM: Student's t with k - 1 degrees).
        floor: Whether Hartung-Knapp may only widen the interval, never narrow it.
        level: Confidence level, a fraction.
        prediction: `as-ci` takes the quantile of the confidence interval, as R metafor does;
            `riley` takes Student's t with k - 2 degrees of freedom (doi:10.1136/bmj.d549).
        back_transform_n: Study size at which Freeman-Tukey is turned back into a proportion.
    """

    method: Method = "glmm"
    tau: TauMethod = "reml"
    ci: Interval = "z"
    floor: bool = True
    level: float = 0.95
    prediction: Literal["as-ci", "riley"] = "as-ci"
    back_transform_n: Literal["harmonic", "total"] = "harmonic"

    def __post_init__(self) -> None:
        """Refuse settings outside the closed lists.

        Raises:
            EvidenceError: A setting is unknown, or the level is not between 0 and 1.
        """
        allowed = {
            "method": ("glmm", "logit", "freeman-tukey"),
            "tau": ("reml", "dl", "pm"),
            "ci": ("z", "hk"),
            "prediction": ("as-ci", "riley"),
            "back_transform_n": ("harmonic", "total"),
        }
        for name, values in allowed.items():
            if getattr(self, name) not in values:
                raise EvidenceError(f"{name} is {getattr(self, name)!r}; use {', '.join(values)}.")
        if not 0 < self.level < 1:
            raise EvidenceError(f"level is {self.level}; use a fraction such as 0.95.")


@dataclass(frozen=True, slots=True)
class StudyEstimate:
    """One study as it enters the pool.

    Attributes:
        study: Name of the study.
        estimate: Proportion (0-1) or hazard ratio of the study alone.
        ci_low: Lower limit; Clopper-Pearson for a proportion.
        ci_high: Upper limit.
        events: Patients with the event; None for hazard ratios.
        n: Patients; None for hazard ratios.
        subgroup: Subgroup, if the table has one.
        weight: Share of the inverse-variance weight, a fraction; None for the GLMM.
    """

    study: str
    estimate: float
    ci_low: float
    ci_high: float
    events: int | None = None
    n: int | None = None
    subgroup: str | None = None
    weight: float | None = None


@dataclass(frozen=True, slots=True)
class PooledEstimate:
    """A pooled proportion (0-1) or hazard ratio.

    Attributes:
        estimate: Pooled value, back on the scale of the data.
        ci_low: Lower confidence limit.
        ci_high: Upper confidence limit.
        tau2: Variance between studies on the model's scale (log odds, double arcsine in rad²,
            or log hazard ratio); None where one study or no variation leaves it undefined.
        i2: Share of the total variance that lies between studies, a fraction; None as for tau2.
        prediction_low: Lower limit for the true value in a new study; None as for tau2.
        prediction_high: Upper limit for the true value in a new study; None as for tau2.
        k: Number of studies (rows) pooled.
        studies: The studies, in the order given.
        measure: `proportion` or `hazard_ratio`.
        method: Name of the model.
        pooled: False where there was nothing to pool; then `notes` says why.
        h2: Total over within-study variance.
        q: Heterogeneity statistic (Cochran's Q; for the GLMM the likelihood ratio).
        q_df: Its degrees of freedom.
        q_p: Its P value.
        model_estimate: Pooled value on the model's scale.
        standard_error: Its standard error, after Hartung-Knapp where asked for.
        notes: Cautions that belong beside the number.
    """

    estimate: float
    ci_low: float
    ci_high: float
    tau2: float | None
    i2: float | None
    prediction_low: float | None
    prediction_high: float | None
    k: int
    studies: tuple[StudyEstimate, ...]
    measure: Literal["proportion", "hazard_ratio"]
    method: str
    pooled: bool = True
    h2: float | None = None
    q: float | None = None
    q_df: int | None = None
    q_p: float | None = None
    model_estimate: float | None = None
    standard_error: float | None = None
    notes: tuple[str, ...] = ()
