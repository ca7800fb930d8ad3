"""Variants: pathogenicity, burden, mismatch repair, telomeres, pathways, both alleles."""

from __future__ import annotations

import polars as pl
import pytest
from scipy.stats import poisson

from nenuphar.methods.genomics.gene_loss import biallelic_loss
from nenuphar.methods.genomics.mismatch_repair import PROTEINS, mismatch_repair
from nenuphar.methods.genomics.pathways import pathway_convergence
from nenuphar.methods.genomics.telomere import telomere_maintenance
from nenuphar.methods.genomics.tumour_mutational_burden import (
    TerritoryError,
    tumour_mutational_burden,
)
from nenuphar.methods.genomics.variants import gene_roles
from nenuphar.terminology.genes import consequences


def judged(gene, consequence, change="", status="SOMATIC", reported=""):
    effect = consequences.effect_of(consequence)
    return consequences.judge(gene, effect, change, status.lower(), reported)[0]


def variants(*rows):
    """Write variants as sample, gene, consequence, change, status and reported significance."""
    roles = consequences.gene_roles()
    told = [
        (
            sample, gene, judged(gene, *more), more[2].lower(),
            roles[gene].role if gene in roles else None,
        )
        for sample, gene, *more in rows
    ]  # fmt: skip
    names = ("sample", "gene", "pathogenicity", "origin", "role")
    return pl.DataFrame(told, schema=dict.fromkeys(names, pl.String), orient="row")


def test_a_broken_tumour_suppressor_is_likely_pathogenic_a_broken_oncogene_is_not():
    assert judged("MEN1", "Frame_Shift_Del") == "likely_pathogenic"
    assert judged("DAXX", "splice_donor_variant&intron_variant") == "likely_pathogenic"
    assert judged("KRAS", "Nonsense_Mutation") == "uncertain"
    assert judged("TTN", "Nonsense_Mutation") == "uncertain"


@pytest.mark.parametrize("change", ["p.G12D", "p.Gly12Asp", "G12D", "p.(Gly12Asp)"])
def test_a_hotspot_is_pathogenic_however_it_is_written(change):
    assert judged("KRAS", "Missense_Mutation", change) == "pathogenic"


@pytest.mark.parametrize("change", ["p.R175H", "p.Y163C", "p.C242F", "p.R280T", "p.H179R"])
def test_recurrent_residues_of_tp53_are_hotspots(change):
    assert judged("TP53", "Missense_Mutation", change) == "pathogenic"
    assert judged("TP53", "Missense_Mutation", "p.P72R") == "uncertain"


def test_other_missense_variants_stay_uncertain_and_silent_ones_do_not_count():
    assert judged("KRAS", "Missense_Mutation", "p.G14D") == "uncertain"
    assert judged("MEN1", "Missense_Mutation", "p.L22R") == "uncertain"
    assert judged("KRAS", "Silent", "p.G12=") == "likely_benign"


def test_of_a_germline_variant_only_the_reported_class_counts():
    assert judged("BRCA2", "Nonsense_Mutation", status="Germline") == "uncertain"
    for reported, expected in (
        ("Pathogenic", "pathogenic"),
        ("likely_pathogenic", "likely_pathogenic"),
        ("Pathogenic/Likely pathogenic", "pathogenic"),
        ("Conflicting interpretations of pathogenicity", "uncertain"),
        ("benign", "benign"),
    ):
        assert judged("MUTYH", "Missense_Mutation", "", "Germline", reported) == expected


def test_every_role_and_hotspot_has_a_source():
    roles, hotspots = consequences.gene_roles(), consequences.hotspots()
    assert all(role.source.startswith("10.") for role in roles.values())
    assert all(source.startswith("10.") for source in hotspots.values())
    assert {gene for gene, _ in hotspots} <= roles.keys()


def test_a_burden_comes_with_its_exact_interval(cutoffs):
    found = tumour_mutational_burden(12, 1.2, cutoffs=cutoffs)
    assert found.rate == pytest.approx(10)
    assert poisson.sf(11, found.low * 1.2) == pytest.approx(0.025)
    assert poisson.cdf(12, found.high * 1.2) == pytest.approx(0.025)
    assert tumour_mutational_burden(0, 1.2, cutoffs=cutoffs).low == 0


def test_an_interval_that_holds_the_cut_off_is_undetermined(cutoffs):
    found = tumour_mutational_burden(12, 1.2, cutoffs=cutoffs)
    assert (found.status, found.by_rate) == ("undetermined", "high")
    assert tumour_mutational_burden(60, 1.2, cutoffs=cutoffs).status == "high"
    assert tumour_mutational_burden(2, 1.2, cutoffs=cutoffs).status == "low"


def test_blood_and_tissue_have_different_cut_offs(cutoffs):
    tissue = tumour_mutational_burden(15, 1.2, "tissue", cutoffs=cutoffs)
    blood = tumour_mutational_burden(15, 1.2, "blood", cutoffs=cutoffs)
    assert (tissue.cutoff, tissue.by_rate) == (10, "high")
    assert (blood.cutoff, blood.by_rate) == (16, "low")


def test_small_territories_alkylators_and_nonsense_are_named(cutoffs):
    assert tumour_mutational_burden(60, 0.5, cutoffs=cutoffs).status == "undetermined"
    treated = tumour_mutational_burden(60, 1.2, after_alkylator=True, cutoffs=cutoffs)
    assert any("not a validated selector" in text for text in treated.cautions)
    for count, territory in ((-1, 1.0), (1, 0.0), (1, 1_200_000)):
        with pytest.raises(TerritoryError):
            tumour_mutational_burden(count, territory, cutoffs=cutoffs)


def test_mismatch_repair_from_calls_and_stains():
    retained = dict.fromkeys(PROTEINS, "retained")
    assert mismatch_repair("MSI-H").status == "deficient"
    assert mismatch_repair(stains=retained).status == "proficient"
    assert mismatch_repair(stains=retained | {"MLH1": "lost"}).lost == ("MLH1",)
    assert mismatch_repair("MSS", {"MSH6": "lost"}).status == "conflict"
    some = mismatch_repair(stains={"MLH1": "retained"})
    assert some.status == "undetermined"
    assert some.missing == ("microsatellite call", "MSH2", "MSH6", "PMS2")


def test_only_an_assay_says_yes_or_no_to_alt():
    assert telomere_maintenance("positive").alt == "yes"
    lost = telomere_maintenance(stains={"DAXX": "lost", "ATRX": "retained"})
    assert (lost.alt, lost.daxx_atrx, lost.gene) == ("likely", "lost", "DAXX")
    kept = telomere_maintenance(stains={"DAXX": "retained", "ATRX": "retained"})
    assert (kept.alt, kept.daxx_atrx) == ("undetermined", "retained")
    assert telomere_maintenance().missing == (
        *("ALT assay (telomere FISH)", "DAXX staining", "ATRX staining"),
    )


def test_findings_that_contradict_each_other_show():
    assert telomere_maintenance("negative", {"ATRX": "lost"}).conflict
    stained = telomere_maintenance(stains={"ATRX": "retained"}, variants={"ATRX": "damaging"})
    assert stained.conflict
    assert stained.daxx_atrx == "undetermined"


def genes(**states):
    rows = [("T", g, *state) for g, state in states.items()]
    schema = {"sample": pl.String, "gene": pl.String, "loh": pl.Boolean, "deleted": pl.Boolean}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    return frame.with_columns(amplified=pl.lit(False))


@pytest.mark.parametrize(
    ("hits", "state", "expected"),
    [
        (1, (True, False), "biallelic"),
        (0, (True, True), "biallelic"),
        (2, (False, False), "possible"),
        (1, (False, False), "monoallelic"),
        (1, (None, False), "undetermined"),
        (0, (True, False), "none_seen"),
    ],
)
def test_both_alleles(hits, state, expected):
    rows = [("T", "MEN1", "Nonsense_Mutation", f"p.Q{i}*", "SOMATIC", "") for i in range(hits)]
    rows.append(("T", "TTN", "Silent", "", "SOMATIC", ""))
    found = biallelic_loss(variants(*rows), genes(MEN1=state))
    assert found.filter(gene="MEN1")["alleles"][0] == expected


def test_pathways_converge_and_germline_genes_stand_apart():
    seen = variants(
        ("T", "MEN1", "Nonsense_Mutation", "", "SOMATIC", ""),
        ("T", "PTEN", "Frame_Shift_Ins", "", "SOMATIC", ""),
        ("T", "MUTYH", "Missense_Mutation", "", "GERMLINE", "Pathogenic"),
    )
    found = pathway_convergence(seen)
    table = {row["pathway"]: row for row in found.iter_rows(named=True)}
    assert table["chromatin"]["state"] == table["telomere"]["state"] == "altered"
    assert table["mtor"]["genes"] == "PTEN"
    assert (table["dna_repair"]["genes"], table["dna_repair"]["germline_genes"]) == ("", "MUTYH")


def test_a_pathway_is_unaltered_only_where_all_its_genes_were_assayed():
    silent = variants(("T", "TTN", "Silent", "", "SOMATIC", ""))
    assert set(pathway_convergence(silent)["state"]) == {"undetermined"}
    every = pathway_convergence(silent, assayed={"T": set(gene_roles()["gene"])})
    assert set(every["state"]) == {"not_altered"}
    deleted = pathway_convergence(silent, genes(PTEN=(True, True)))
    assert deleted.filter(pathway="mtor")["state"][0] == "altered"
