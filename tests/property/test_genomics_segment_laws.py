"""Laws of the segment methods, and the vectorised answers against an obvious loop."""

from __future__ import annotations

from itertools import pairwise

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from nenuphar.knowledge.base import knowledge_base
from nenuphar.knowledge.build import compile_records
from nenuphar.methods.genomics.arm_states import region_states
from nenuphar.methods.genomics.copy_number import clip_to_arms, with_states
from nenuphar.methods.genomics.oscillation import longest_stretch
from nenuphar.methods.genomics.segment_table import read_segments
from nenuphar.methods.genomics.segments import profile_segments
from nenuphar.methods.genomics.thresholds import PREFIX, Cutoffs
from nenuphar.terminology.genome import AUTOSOMES, arms, chromosome_lengths

LENGTHS = chromosome_lengths("hg19")
CUTOFFS = Cutoffs(
    {
        name.removeprefix(PREFIX): threshold.value
        for name, threshold in knowledge_base(compile_records()["records"]).thresholds.items()
        if name.startswith(PREFIX)
    }
)


@st.composite
def segment_rows(draw):
    """Segments of a few chromosomes of two tumours, without overlap, in any order."""
    rows = []
    for sample in ("A", "B"):
        for chromosome in draw(st.lists(st.sampled_from(AUTOSOMES), max_size=6, unique=True)):
            ends = st.integers(1, LENGTHS[chromosome])
            cuts = sorted(draw(st.sets(ends, min_size=2, max_size=8)))
            for low, high in pairwise(cuts):
                total = draw(st.integers(0, 6))
                minor = draw(st.integers(0, total // 2))
                if draw(st.integers(0, 9)):
                    rows.append((sample, chromosome, low, high, total, minor))
    return draw(st.permutations(rows))


def frame_of(rows):
    names = ["sample", "chromosome", "start", "end", "total_cn", "minor_cn"]
    texts = [tuple(map(str, row)) for row in rows]
    return pl.DataFrame(texts, schema=dict.fromkeys(names, pl.String), orient="row")


def obvious_fractions(rows, sample):
    """Fractions of every arm, base by base in spirit: one loop over arms and segments."""
    own = [row for row in rows if row[0] == sample]
    pieces = []
    for arm in arms("hg19"):
        for _, chromosome, start, end, total, minor in own:
            low, high = max(start, arm.start), min(end, arm.end)
            if arm.chromosome == chromosome and low <= high and chromosome in AUTOSOMES:
                pieces.append((arm.name, high - low + 1, total, minor))
    length = sum(p[1] for p in pieces)
    zero = sum(p[1] for p in pieces if p[3] == 0)
    alleles = length > 0 and zero / length <= CUTOFFS["alleles.zero_max"]
    known = [p for p in pieces if p[2] >= 1]
    kept = [p for p in known if not (alleles and p[3] == 0)] or known
    baseline, half, passed = None, sum(p[1] for p in kept), 0
    for _, size, total, _ in sorted(kept, key=lambda p: p[2]):
        passed += size
        if baseline is None and passed * 2 >= half:
            baseline = max(2, total)
    found = {}
    for name, size, total, minor in pieces:
        entry = found.setdefault(name, [0, 0, 0, 0])
        entry[0] += size
        if baseline is not None:
            entry[1] += size * (total < baseline)
            entry[2] += size * (total > baseline)
        entry[3] += size * (alleles and minor == 0)
    return found, baseline, alleles


@settings(max_examples=60, deadline=None)
@given(segment_rows())
def test_fractions_of_arms_equal_an_obvious_loop(rows):
    read = read_segments(frame_of(rows), "hg19")
    assert read.rejected == 0
    states = with_states(clip_to_arms(read.frame, "hg19"), CUTOFFS)
    table = region_states(states, CUTOFFS, "hg19", "arm")
    for row in table.iter_rows(named=True):
        found, baseline, alleles = obvious_fractions(rows, row["sample"])
        if row["region"] not in found:
            assert row["state"] == "unmeasured"
            continue
        size, lost, gained, loh = found[row["region"]]
        if baseline is not None:
            assert abs(row["lost"] - lost / size) < 1e-9
            assert abs(row["gained"] - gained / size) < 1e-9
        assert (row["loh"] is not None) == alleles
        if alleles:
            assert abs(row["loh"] - loh / size) < 1e-9


@settings(max_examples=25, deadline=None)
@given(segment_rows(), st.randoms(use_true_random=False))
def test_the_order_of_rows_and_the_other_samples_change_nothing(rows, random):
    def answers(of):
        read = read_segments(frame_of(of), "hg19")
        return profile_segments(read.frame, "hg19", cutoffs=CUTOFFS).samples.sort("sample")

    if not rows:
        return
    shuffled = list(rows)
    random.shuffle(shuffled)
    whole = answers(rows)
    assert whole.equals(answers(shuffled), null_equal=True)
    alone = [row for row in rows if row[0] == rows[0][0]]
    assert whole.filter(sample=rows[0][0]).equals(answers(alone), null_equal=True)


@given(st.lists(st.integers(0, 4), max_size=30), st.integers(1, 3))
def test_the_longest_stretch_equals_trying_them_all(states, distinct):
    first, length = longest_stretch(states, distinct)
    best = max(
        (
            j - i
            for i in range(len(states))
            for j in range(i, len(states) + 1)
            if len(set(states[i:j])) <= distinct
        ),
        default=0,
    )
    assert length == best
    assert len(set(states[first : first + length])) <= distinct


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            *(st.sampled_from(["A", "", "B"]), st.sampled_from(["1", "chr2", "Z", ""])),
            *(st.sampled_from(["1", "50", "x", "-3", "999999999"]),) * 2,
            st.sampled_from(["2", "", "nan", "1e9", "0.5"]),
        ),
        max_size=12,
    )
)
def test_whatever_the_rows_hold_the_counts_reconcile(rows):
    names = dict.fromkeys(["sample", "chromosome", "start", "end", "total_cn"], pl.String)
    read = read_segments(pl.DataFrame(rows, schema=names, orient="row"), "hg19")
    refused = read.findings.filter(used="no")
    assert read.read == len(rows) == read.frame.height + read.rejected
    assert refused.height == read.rejected == refused["line"].n_unique()
    assert refused.select("reason", "fix").null_count().sum_horizontal().item() == 0
    listed = profile_segments(read.frame, "hg19", samples=read.samples, cutoffs=CUTOFFS).samples
    assert listed["sample"].to_list() == read.samples
