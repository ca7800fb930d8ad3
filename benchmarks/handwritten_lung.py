"""The lung rules of WHO 2021 written by hand in Polars, as a skilled analyst would write them.

The peer of `benchmarks.lung`: the same rules, the same output (value, status, what is missing and
cautions of the entity), without an engine, for specimens whose site is the lung and whose
components are not described. Nothing here is used by the package.
"""

from __future__ import annotations

import polars as pl

NULL = pl.lit(None, dtype=pl.Boolean)

MISSING = (
    "component.morphology",
    "component.percent",
    "lesion.size",
    "pathology.ki67",
    "pathology.mitoses",
    "pathology.morphology",
    "pathology.necrosis",
    "specimen.procedure",
    "specimen.site_type",
)

REPORTED = {
    # reported code: the most specific entity that the report states
    code: code
    for code in (
        "typical_carcinoid",
        "atypical_carcinoid",
        "carcinoid_elevated_proliferation",
        "tumorlet",
        "lcnec",
        "sclc",
    )
}


def _below(name: str, limit: float) -> pl.Expr:
    lo, hi, hi_open = (pl.col(f"{name}.{end}") for end in ("lo", "hi", "hi_open"))
    below = (hi < limit) | ((hi == limit) & hi_open)
    return pl.when(below).then(True).when(lo >= limit).then(False)


def _above(name: str, limit: float) -> pl.Expr:
    lo, hi, lo_open = (pl.col(f"{name}.{end}") for end in ("lo", "hi", "lo_open"))
    above = (lo > limit) | ((lo == limit) & lo_open)
    return pl.when(above).then(True).when(hi <= limit).then(False)


def _is(name: str, *codes: str, open_codes: tuple[str, ...] = ()) -> pl.Expr:
    met = pl.col(name).is_in(list(codes))
    if not open_codes:
        return met
    return pl.when(pl.col(name).is_in(list(open_codes))).then(NULL).otherwise(met)


def _leaves(frame: pl.LazyFrame) -> pl.LazyFrame:
    morphology, necrosis = "pathology.morphology", "pathology.necrosis"
    unsaid = ("neuroendocrine",)
    return frame.with_columns(
        well=_is(morphology, "well_differentiated", "carcinoid", open_codes=unsaid),
        poor=_is(
            morphology, "poorly_differentiated", "small_cell", "large_cell", open_codes=unsaid
        ),
        small_cell=_is(morphology, "small_cell", open_codes=("poorly_differentiated", *unsaid)),
        large_cell=_is(morphology, "large_cell", open_codes=("poorly_differentiated", *unsaid)),
        mixed=_is(morphology, "combined", open_codes=unsaid),
        under2=_below("pathology.mitoses", 2),
        over10=_above("pathology.mitoses", 10),
        ki67_30=~_below("pathology.ki67", 30),
        no_necrosis=_is(necrosis, "absent"),
        necrosis=_is(necrosis, "present", "focal", "extensive"),
        extensive=_is(necrosis, "extensive", open_codes=("present",)),
        tiny=_below("lesion.size", 5),
        sample=_is("specimen.procedure", "small_sample", "biopsy", "cytology"),
        spread=_is("specimen.site_type", "metastasis"),
    )


def _rules(frame: pl.LazyFrame) -> pl.LazyFrame:
    c = pl.col
    partial = c("sample") | c("spread")
    mixed = c("mixed") & NULL  # components are not described
    whens = {
        "carcinoid": (c("well"), c("tiny")),
        "typical_carcinoid": (
            c("well") & c("under2") & c("no_necrosis"),
            c("tiny") | partial,
        ),
        "atypical_carcinoid": (
            c("well") & ~c("over10") & (~c("under2") | c("necrosis")),
            (c("under2") & c("extensive")) | partial,
        ),
        "carcinoid_elevated_proliferation": (c("well") & (c("over10") | c("ki67_30")), None),
        "tumorlet": (c("well") & c("tiny") & c("under2") & c("no_necrosis"), None),
        "sclc": (c("small_cell") | mixed, ~c("over10")),
        "lcnec": ((c("large_cell") | mixed) & c("over10"), None),
        "combined_sclc": (mixed, ~c("over10")),
        "combined_lcnec": (mixed, ~c("over10")),
        "held_necrosis": (c("well") & c("under2") & c("extensive"), None),
        "held_count": ((c("poor") | mixed) & ~c("over10"), None),
    }
    columns = {}
    for name, (when, unless) in whens.items():
        columns[f"{name}?"] = when
        columns[f"{name}!"] = pl.lit(False) if unless is None else unless
    frame = frame.with_columns(**columns)
    outcomes = {}
    for name in whens:
        when, unless = c(f"{name}?"), c(f"{name}!")
        refused = (~when).fill_null(False) | unless.fill_null(False)
        outcomes[f"{name}+"] = ~refused & when.is_not_null() & unless.is_not_null()
        outcomes[f"{name}~"] = ~refused & when.is_not_null() & unless.is_null()
        outcomes[f"{name}_"] = ~refused & when.is_null()
    return frame.with_columns(**outcomes)


VALUES = (
    "atypical_carcinoid",
    "carcinoid",
    "carcinoid_elevated_proliferation",
    "combined_lcnec",
    "combined_sclc",
    "lcnec",
    "sclc",
    "tumorlet",
    "typical_carcinoid",
)
BELOW = {
    "carcinoid": ("atypical_carcinoid", "carcinoid_elevated_proliferation", "typical_carcinoid"),
    "lcnec": ("combined_lcnec",),
    "sclc": ("combined_sclc",),
}


def _contest(frame: pl.LazyFrame) -> pl.LazyFrame:
    c = pl.col
    tops = {}
    for value in VALUES:
        lower = [c(f"{v}+") | c(f"{v}~") for v in BELOW.get(value, ())]
        free = ~pl.any_horizontal(*lower) if lower else pl.lit(True)
        tops |= {f"{value}{s}": c(f"{value}{s}") & free for s in "+~_"}
    frame = frame.with_columns(**tops)
    held = c("held_necrosis+") | c("held_count+")
    doubt = c("held_necrosis_") | c("held_count_")
    n_met = pl.sum_horizontal(c(f"{v}+").cast(pl.Int8) for v in VALUES)
    n_prov = pl.sum_horizontal(c(f"{v}~").cast(pl.Int8) for v in VALUES)
    opened = pl.any_horizontal(c(f"{v}_") for v in VALUES)
    frame = frame.with_columns(held=held, doubt=doubt, n_met=n_met, n_prov=n_prov, opened=opened)
    n_met, n_prov, free = c("n_met"), c("n_prov"), ~c("held")
    frame = frame.with_columns(
        conflict=free & (n_met > 1),
        single=free & (n_met == 1),
        lone=free & (n_met == 0) & (n_prov == 1),
        fallen=free & (n_met == 0) & (n_prov == 0),
    )
    certain = c("single") & ~(c("n_prov") > 0) & ~c("opened") & ~c("doubt")
    # A small sample or a metastasis speaks against no report of a typical or atypical carcinoid.
    partial = (c("sample") | c("spread")).fill_null(False)
    unheard = dict.fromkeys(("typical_carcinoid", "atypical_carcinoid"), partial)
    stated = pl.any_horizontal(
        (c("diagnosis.reported") == code) & (c(f"{code}_") | unheard.get(code, False))
        for code in REPORTED
    ).fill_null(False)
    return frame.with_columns(certain=certain, told=c("fallen") & stated)


def _value(frame: pl.LazyFrame) -> pl.LazyFrame:
    c = pl.col
    rivals = pl.concat_str(
        [pl.when(c(f"{v}+")).then(pl.lit(v)) for v in VALUES], separator=";", ignore_nulls=True
    )
    value = pl.when(c("conflict")).then(rivals)
    for name in VALUES:
        chosen = (c("single") & c(f"{name}+")) | (c("lone") & c(f"{name}~"))
        value = value.when(chosen).then(pl.lit(name))
    value = value.when(c("told")).then(c("diagnosis.reported"))
    status = (
        pl.when(c("conflict"))
        .then(pl.lit("conflict"))
        .when(c("certain"))
        .then(pl.lit("met"))
        .when(c("single") | c("lone") | c("told"))
        .then(pl.lit("provisional"))
        .otherwise(pl.lit("undetermined"))
    )
    return frame.with_columns(value=value, status=status)


def _missing() -> pl.Expr:
    c = pl.col
    unknown = {
        "lesion.size": c("tiny").is_null(),
        "pathology.ki67": c("ki67_30").is_null(),
        "specimen.procedure": c("sample").is_null(),
        "specimen.site_type": c("spread").is_null(),
    }
    well, mixed = c("well").is_null(), c("mixed").is_null()
    under2, over10 = c("under2").is_null(), c("over10").is_null()
    bare, extensive = c("no_necrosis").is_null(), c("extensive").is_null()
    ac_any = (~c("under2") | c("necrosis")).is_null()
    ac_all = (c("under2") & c("extensive")).is_null()
    tc, ac = "typical_carcinoid", "atypical_carcinoid"
    el, tu = "carcinoid_elevated_proliferation", "tumorlet"

    def when(name: str) -> pl.Expr:
        return c(f"{name}_")

    def unless(name: str) -> pl.Expr:
        return (c(f"{name}_") | c(f"{name}~")) & c(f"{name}!").is_null()

    mixed_open = (c("mixed") & NULL).is_null()
    low_open = (c("poor") | (c("mixed") & NULL)).is_null()
    by_fact = {
        "component.morphology": [
            when("sclc") & mixed_open,
            when("lcnec") & mixed_open & (c("large_cell") | (c("mixed") & NULL)).is_null(),
            when("combined_sclc"),
            when("combined_lcnec"),
            when("held_count") & low_open & mixed_open,
        ],
        "component.percent": [when("combined_sclc")],
        "lesion.size": [
            (unless("carcinoid") | unless(tc) | when(tu)) & unknown["lesion.size"],
        ],
        "pathology.ki67": [
            when(el) & (c("over10") | c("ki67_30")).is_null() & unknown["pathology.ki67"]
        ],
        "pathology.mitoses": [
            when(tc) & under2,
            when(ac) & (over10 | (ac_any & under2)),
            unless(ac) & ac_all & under2,
            when(el) & (c("over10") | c("ki67_30")).is_null() & over10,
            when(tu) & under2,
            (unless("sclc") | unless("combined_sclc") | unless("combined_lcnec")) & over10,
            when("lcnec") & over10,
            when("held_necrosis") & under2,
            when("held_count") & over10,
        ],
        "pathology.morphology": [
            (when("carcinoid") | when(tc) | when(ac) | when(el) | when(tu)) & well,
            when("sclc") & (c("small_cell").is_null() | mixed),
            when("lcnec")
            & (c("large_cell") | (c("mixed") & NULL)).is_null()
            & (c("large_cell").is_null() | mixed),
            (when("combined_sclc") | when("combined_lcnec")) & mixed,
            when("held_necrosis") & well,
            when("held_count") & low_open & (c("poor").is_null() | mixed),
        ],
        "pathology.necrosis": [
            (when(tc) | when(tu)) & bare,
            when(ac) & ac_any & c("necrosis").is_null(),
            unless(ac) & ac_all & extensive,
            when("held_necrosis") & extensive,
        ],
        "specimen.procedure": [(unless(tc) | unless(ac)) & unknown["specimen.procedure"]],
        "specimen.site_type": [(unless(tc) | unless(ac)) & unknown["specimen.site_type"]],
    }
    play = ~c("held") & ~c("conflict") & ~c("certain")
    review = {
        "pathology.mitoses": c("held"),
        "pathology.morphology": c("held"),
        "pathology.necrosis": c("held_necrosis+"),
    }
    named = []
    for name in MISSING:
        open_here = play & pl.any_horizontal(*by_fact[name]).fill_null(False)
        if name in review:
            open_here = open_here | review[name]
        named.append(pl.when(open_here).then(pl.lit(name)))
    return pl.concat_str(named, separator=";", ignore_nulls=True)


def _cautions() -> pl.Expr:
    c = pl.col
    entity = pl.when(c("status").is_in(["met", "provisional"])).then(c("value"))
    carcinoids = ["atypical_carcinoid", "carcinoid_elevated_proliferation", "typical_carcinoid"]
    held_stated = c("fallen") & c("diagnosis.reported").is_in(list(REPORTED)) & ~c("told")
    said = {
        "as_reported": c("told"),
        "lung.elevated_proliferation_named_lcnec": entity == carcinoids[1],
        "lung.extensive_necrosis_in_carcinoid": c("well") & c("extensive"),
        "lung.ki67_above_atypical": (entity == carcinoids[0]) & _above("pathology.ki67", 20),
        "lung.ki67_above_typical": (entity == carcinoids[2]) & _above("pathology.ki67", 5),
        "lung.ki67_below_sclc": entity.is_in(["sclc", "combined_sclc"])
        & _below("pathology.ki67", 50),
        "lung.ki67_unusual_lcnec": entity.is_in(["lcnec", "combined_lcnec"])
        & (_below("pathology.ki67", 40) | _above("pathology.ki67", 80)),
        "lung.small_sample": c("well") & (c("sample") | c("spread")),
        "report_not_supported": held_stated,
    }
    texts = [pl.when(rows.fill_null(False)).then(pl.lit(name)) for name, rows in said.items()]
    return pl.concat_str(texts, separator=";", ignore_nulls=True)


def classify(tumours: pl.DataFrame, specimens: pl.DataFrame) -> pl.DataFrame:
    """Classify specimens.

    Args:
        tumours: Frame of the tumour scope, with the size of the lesion.
        specimens: Frame of the specimen scope.

    Returns:
        One row a specimen: `value`, `status`, `missing`, `cautions` of the entity.
    """
    keys = ["patient_id", "tumour_id"]
    sizes = tumours.select(*keys, pl.col("^lesion.size.*$"))
    frame = specimens.join(sizes, on=keys, how="left", maintain_order="left").lazy()
    frame = _value(_contest(_rules(_leaves(frame))))
    frame = frame.with_columns(missing=_missing())
    return frame.select("value", "status", "missing", cautions=_cautions()).collect()
