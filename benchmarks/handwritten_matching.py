"""Ten trials written by hand in Polars, as somebody would for one study: eligibility only."""

from __future__ import annotations

import polars as pl

from nenuphar.terminology.hierarchy import Hierarchy

NULL = pl.lit(None, dtype=pl.Boolean)


def match(
    patients: pl.DataFrame,
    specimens: pl.DataFrame,
    lines: pl.DataFrame,
    hierarchies: dict[str, Hierarchy],
) -> pl.DataFrame:
    """Return the eligibility of every patient for every trial, null where open.

    Args:
        patients: `patient_id`, `count_lo`, `count_hi`.
        specimens: One for each patient: `patient_id`, `entity`, `grade`, `site`, `extent`,
            `stage_sclc`, `ki67_lo`, `ki67_hi`.
        lines: `patient_id`, `regimen`, `progressed`.
        hierarchies: Orders of entities, sites, extents and treatments.
    """

    def is_a(column: str, concept: str, kind: str) -> pl.Expr:
        order = hierarchies[kind]
        met = sorted({concept, *order.descendants(concept)})
        above = sorted(order.ancestors(concept))
        return pl.when(pl.col(column).is_in(above)).then(NULL).otherwise(pl.col(column).is_in(met))

    progressed = pl.col("progressed")
    platinum = is_a("regimen", "platinum_chemotherapy", "treatment")
    treated = lines.group_by("patient_id").agg(
        any_progressed=progressed.any(ignore_nulls=False),
        any_platinum=platinum.any(ignore_nulls=False),
        any_crt=is_a("regimen", "chemoradiotherapy", "treatment").any(ignore_nulls=False),
        ep_failed=(is_a("regimen", "cisplatin_etoposide", "treatment") & progressed).any(
            ignore_nulls=False
        ),
    )
    wide = patients.join(specimens, on="patient_id", how="left", maintain_order="left").join(
        treated, on="patient_id", how="left", maintain_order="left"
    )
    net, nec = is_a("entity", "net", "tumour_entity"), is_a("entity", "nec", "tumour_entity")
    nen, sclc = is_a("entity", "nen", "tumour_entity"), is_a("entity", "sclc", "tumour_entity")
    small = is_a("entity", "nec_small_cell", "tumour_entity")
    large = is_a("entity", "nec_large_cell", "tumour_entity")
    carcinoid = pl.col("entity").is_in(["typical_carcinoid", "atypical_carcinoid"])
    above_carcinoid = sorted(
        hierarchies["tumour_entity"].ancestors("typical_carcinoid")
        | hierarchies["tumour_entity"].ancestors("atypical_carcinoid")
    )
    carcinoid = pl.when(pl.col("entity").is_in(above_carcinoid)).then(NULL).otherwise(carcinoid)
    gep, lung = is_a("site", "gep", "tumour_site"), is_a("site", "lung", "tumour_site")
    thymus = is_a("site", "thymus", "tumour_site")
    pancreas = is_a("site", "pancreas", "tumour_site")
    outside = is_a("site", "extrapulmonary_site", "tumour_site")
    is_unknown = pl.when(pl.col("site") == "any_site").then(NULL)
    unknown = is_unknown.otherwise(pl.col("site") == "unknown_primary")
    merkel = pl.when(pl.col("entity").is_in(["neoplasm", "not_nen"])).then(NULL)
    merkel = merkel.otherwise(pl.col("entity") == "merkel_cell")
    advanced = is_a("extent", "advanced", "disease_extent")
    metastatic = is_a("extent", "metastatic", "disease_extent")
    high = pl.col("grade").is_in(["G3", "high_grade"])
    g3, g12 = pl.col("grade") == "G3", pl.col("grade").is_in(["G1", "G2"])
    ki67 = pl.when(pl.col("ki67_lo") > 20).then(True).when(pl.col("ki67_hi") <= 20).then(False)
    lo, hi = pl.col("count_lo"), pl.col("count_hi")
    one_line = pl.when((lo == 1) & (hi == 1)).then(True).when((lo > 1) | (hi < 1)).then(False)
    failed = pl.col("any_progressed")
    no_sclc = ~(sclc & lung)
    limited = pl.col("stage_sclc") == "limited"
    any_grade = net & pl.col("grade").is_in(["G1", "G2", "G3"])
    return wide.select(
        "patient_id",
        nct02939651=nen & ki67 & (net | nec) & metastatic & pl.col("any_platinum") & ~merkel
        & ~((small | large) & (lung | thymus)),
        nct02923934=(any_grade | nec) & (gep | lung) & advanced,
        nct02834013=(nen & ~pancreas & no_sclc & failed) | (nen & high),
        nct04969887=(nec | (net & g3)) & no_sclc & advanced,
        nct03591731=nec & (gep | lung) & failed & no_sclc & advanced,
        nct03095274=(
            (((net & g12) | carcinoid) & (gep | lung)) | (nen & high & (gep | unknown) & ~lung)
        ) & failed & advanced,
        nct03136055=nec & outside & failed & ~merkel & ~(net & g3),
        nct04079712=nec & no_sclc & ~merkel & one_line & failed & advanced,
        adriatic=sclc & limited & pl.col("any_crt"),
        nct03147404=nec & (pl.col("grade") == "high_grade") & gep & pl.col("ep_failed") & one_line
        & metastatic,
    )  # fmt: skip
