"""What a cohort page shows beyond conclusions: agreement of assessors, survival by entity."""

from __future__ import annotations

import polars as pl

from nenuphar.domain.scope import Scope
from nenuphar.engine.frames import Frames
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.methods.survival import Survival, survival

_ENTITY = "tumour.entity"
_MONTHS, _EVENT = "followup.os_months", "followup.os_event"


def agreement_of(
    frames: Frames, conclusions: pl.DataFrame, knowledge: KnowledgeBase
) -> pl.DataFrame | None:
    """Measure how far several assessors agree on counts, necrosis and diagnosis.

    Returns:
        Kappa by measure, see `methods.agreement`; None where no specimen has two assessors.
    """
    if frames[Scope.SPECIMEN]["assessor"].n_unique() < 2:
        return None
    from nenuphar.methods.agreement import Cut, assessor_agreement

    def limit(name: str) -> float:
        return knowledge.thresholds[name].value

    return assessor_agreement(
        frames[Scope.SPECIMEN],
        conclusions,
        classes={
            "Mitoses": (
                "pathology.mitoses",
                [
                    Cut(limit("lung.mitoses.atypical_min"), True),
                    Cut(limit("lung.mitoses.carcinoid_max"), False),
                ],
            ),
            "Ki-67": (
                "pathology.ki67",
                [
                    Cut(limit("lung.ki67.typical_usual_max"), False),
                    Cut(limit("lung.ki67.atypical_usual_max"), False),
                ],
            ),
        },
        codes={"Necrosis": "pathology.necrosis"},
        concluded={"Diagnosis": _ENTITY},
    )


def survival_of(frames: Frames, conclusions: pl.DataFrame) -> list[Survival]:
    """Estimate overall survival by entity, where there is follow-up.

    A patient belongs to the entity that all calls agree on; without such agreement, or with a
    follow-up time that is not exact, the patient is left out and counted.
    """
    patients = frames[Scope.PATIENT]
    if not {f"{_MONTHS}.lo", _EVENT} <= set(patients.columns):
        return []
    calls = conclusions.filter(
        (pl.col("fact") == _ENTITY) & pl.col("status").is_in(["met", "provisional"])
    )
    agreed = calls.group_by("patient_id").agg(
        pl.when(pl.col("value").n_unique() == 1).then(pl.col("value").first()).alias("group")
    )
    exact = pl.col(f"{_MONTHS}.lo") == pl.col(f"{_MONTHS}.hi")
    table = patients.join(agreed, on="patient_id", how="left", maintain_order="left").select(
        "group",
        pl.when(exact).then(pl.col(f"{_MONTHS}.lo")).alias("time"),
        pl.col(_EVENT).alias("event"),
    )
    estimated = survival(table, endpoint="Overall survival")
    return [estimated] if estimated else []
