"""Arms and copy-number groups.

Segments are cut at the arms; an arm is lost, gained or shows LOH if at least 80% of what is
measured of it does (Taylor 2018). A group is said only where the evidence carries it.
"""

from __future__ import annotations

import pytest

from nenuphar.methods.genomics.groups import LOH10_CHROMOSOMES

LOST, LOH, GAIN = (1, 0), (2, 0), (2, 1)


def answer(profile, *names):
    row = profile.samples.row(0, named=True)
    return tuple(row[name] for name in names) if len(names) > 1 else row[names[0]]


def test_an_unaltered_tumour_has_no_group_of_changes(tumour):
    row = tumour({}).samples.row(0, named=True)
    assert row["chr18_loss"] == "no"
    assert row["sinet_group"] == row["pannet_pattern"] == "no_CNV"
    assert (row["loh10"], row["oscillation"], row["focal_events"]) == ("no", "none", "")
    assert {row[name] for name in row if name.startswith("arm_")} == {"neutral"}


@pytest.mark.parametrize(
    ("copies", "state"),
    [(LOST, "loss"), (LOH, "loh"), (GAIN, "gain"), ((3, 0), "gain_loh"), ((1, 1), "neutral")],
)
def test_an_arm_has_one_state(tumour, copies, state):
    assert answer(tumour({"9p": copies}), "arm_9p") == state


def test_loss_of_chromosome_18_makes_a_small_intestinal_tumour_18loh(tumour):
    assert answer(tumour({"18": LOST}), "chr18_loss", "sinet_group") == ("yes", "18LOH")


def test_loh_of_chromosome_18_with_two_copies_is_18loh_but_no_loss(tumour):
    assert answer(tumour({"18": LOH}), "chr18_loss", "sinet_group") == ("no", "18LOH")


def test_gains_of_4_5_and_20_are_multiple_changes(tumour):
    found = tumour({"4": GAIN, "5": GAIN, "20": GAIN})
    assert answer(found, "sinet_group") == "multiple_CNV"


def test_chromosome_18_and_many_others_are_a_visible_conflict(tumour):
    found = tumour({"18": LOST, "4": GAIN, "5": GAIN, "20": GAIN})
    assert answer(found, "chr18_loss", "sinet_group") == ("yes", "conflict")


def test_a_single_other_change_does_not_make_a_group(tumour):
    found = tumour({"9p": LOST})
    assert answer(found, "sinet_group", "pannet_pattern") == ("undetermined", "undetermined")
    assert answer(found, "sinet_reason").startswith("some change")


def test_11q_alone_is_its_own_pattern(tumour):
    assert answer(tumour({"11q": LOST}), "pannet_pattern") == "11q_loh_only"
    assert answer(tumour({"11": LOH}), "pannet_pattern") == "11q_loh_only"
    assert answer(tumour({"11q": GAIN}), "pannet_pattern") == "undetermined"


def test_losses_predominate_or_the_pattern_is_complex(tumour):
    losses = dict.fromkeys(("1", "3", "6", "11"), LOST)
    assert answer(tumour(losses), "pannet_pattern") == "predominant_losses"
    gains = dict.fromkeys(("5", "7", "12", "14"), GAIN)
    assert answer(tumour(losses | gains), "pannet_pattern") == "complex"
    assert answer(tumour(gains), "pannet_pattern") == "predominant_gains"


def test_loh_of_the_ten_chromosomes_is_the_recurrent_group(tumour):
    ten = dict.fromkeys(LOH10_CHROMOSOMES, LOST)
    assert answer(tumour(ten), "loh10", "loh10_chromosomes") == ("yes", 10)
    five = dict.fromkeys(LOH10_CHROMOSOMES[:5], LOST)
    assert answer(tumour(five), "loh10") == "partial"
    assert answer(tumour({"5": LOST, "18": LOST}), "loh10") == "no"


def test_a_lost_and_doubled_genome_is_measured_against_what_was_kept(tumour):
    ten = dict.fromkeys(LOH10_CHROMOSOMES, LOH)
    row = tumour(ten, rest=(2, 2)).samples.row(0, named=True)
    assert (row["baseline"], row["loh10"], row["arm_3p"]) == (4.0, "yes", "loss")
    assert row["chr18_loss"] == "no"


def test_without_alleles_absence_of_the_loh_group_is_never_said(tumour):
    assert answer(tumour({}, rest=0.0), "loh10", "hla_loh") == ("undetermined", "undetermined")
    ten = dict.fromkeys(LOH10_CHROMOSOMES, -0.6)
    assert answer(tumour(ten, rest=0.0), "loh10") == "yes"


def test_a_minor_allele_of_zero_everywhere_is_not_believed(tumour):
    row = tumour({"18": LOST}, rest=(2, 0)).samples.row(0, named=True)
    assert (row["allele_specific"], row["chr18_loss"], row["loh10"]) == (
        "no",
        "yes",
        "undetermined",
    )


def test_purity_and_ploidy_turn_log2_into_copies(tumour):
    # One copy lost in 40% tumour cells: log2(1.6 / 2) = -0.32; at 10% it would be out of sight.
    found = tumour({"18": -0.32193}, rest=0.0, purity=0.4, ploidy=2)
    assert answer(found, "copies_known", "chr18_loss") == ("yes", "yes")
    state = found.chromosomes.filter(region="18").row(0, named=True)
    assert state["lost"] == 1.0
    faint = tumour({"18": -0.1}, rest=0.0)
    assert answer(faint, "copies_known", "chr18_loss") == ("no", "no")
    assert answer(tumour({"18": -0.1}, rest=0.0, purity=0.15, ploidy=2), "chr18_loss") == "yes"


def test_what_is_not_measured_is_undetermined_not_absent(tumour):
    found = tumour({"18": None})
    assert answer(found, "chr18_loss", "sinet_group") == ("undetermined", "undetermined")
    assert answer(found, "arm_18q") == "unmeasured"
    thin = tumour(dict.fromkeys(map(str, range(1, 15))))
    assert answer(thin, "pannet_pattern", "oscillation") == ("undetermined", "undetermined")


def test_loh_over_hla_and_b2m_is_read_at_their_loci(tumour):
    assert answer(tumour({"6p": LOH}), "hla_loh", "b2m_loh") == ("yes", "no")
    assert answer(tumour({"15q": LOST}), "hla_loh", "b2m_loh") == ("no", "yes")
    assert answer(tumour({"15": None}), "b2m_loh") == "undetermined"
