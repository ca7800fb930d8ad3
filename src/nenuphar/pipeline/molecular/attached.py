"""Facts of specimens from the files and lists that hold their segments, variants and expression."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import polars as pl

from nenuphar.domain.case import Assay, CopyNumberSegment, Specimen
from nenuphar.domain.observation import Value
from nenuphar.domain.problems import Problem, UnreadableInputError
from nenuphar.io.result import Attached, refuse_way_out
from nenuphar.io.tables import read_table
from nenuphar.methods.genomics.breakpoint_clusters import CLUSTERS, breakpoint_clusters
from nenuphar.methods.genomics.checked_rows import GenomicTableError
from nenuphar.methods.genomics.chromothripsis import chromothripsis, drawn_clusters
from nenuphar.methods.genomics.drawing import drawn_profiles
from nenuphar.methods.genomics.oscillation import OSCILLATIONS
from nenuphar.methods.genomics.segment_table import Segments, read_segments
from nenuphar.methods.genomics.segments import SegmentProfile, profile_segments
from nenuphar.methods.genomics.specimens import gene_facts
from nenuphar.methods.genomics.thresholds import shipped_cutoffs
from nenuphar.pipeline.molecular.expression import read_expressed
from nenuphar.pipeline.molecular.genome_files import read_rearrangement_file

Checked = TypeVar("Checked")
Key = tuple[str, ...]
Facts = dict[Key, dict[str, Value]]
_ARM = "arm_"
_CODES = ("chr18_loss", "sinet_group", "pannet_pattern", "loh10", "oscillation")
_ANSWERS = ("hla_loh", "b2m_loh")


@dataclass
class _Gathered:
    """What the files and lists of specimens gave, before the parts are joined.

    Attributes:
        facts: Facts by specimen.
        problems: Everything that could not be used.
        genes: Copies of genes, with `key`.
        judged: Oscillation of each sample, with `key`.
        oscillations: Oscillation on every chromosome, with `key`.
        clusters: Clusters of breakpoints, with `key`.
        rearranged: Keys, as text, of specimens whose rearrangements were read.
        builds: Genome builds of the positions of each specimen, by its key as text.
    """

    facts: Facts = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    genes: list[pl.DataFrame] = field(default_factory=list)
    judged: list[pl.DataFrame] = field(default_factory=list)
    oscillations: list[pl.DataFrame] = field(default_factory=list)
    clusters: list[pl.DataFrame] = field(default_factory=list)
    rearranged: list[str] = field(default_factory=list)
    builds: dict[str, set[str]] = field(default_factory=dict)

    def add(self, key: Key, facts: Mapping[str, Value]) -> None:
        """Add facts of a specimen."""
        self.facts.setdefault(key, {}).update(facts)
        if "genomics.build" in facts:
            build = str(facts["genomics.build"])
            self.builds.setdefault(_SEPARATOR.join(key), set()).add(build)


def attached_facts(
    specimens: Mapping[Key, Specimen],
    attached: Sequence[Attached],
    names: Mapping[str, Key],
    *,
    strict: bool = False,
) -> tuple[Facts, list[Problem]]:
    """Work out the facts of files and lists.

    Args:
        specimens: Variants, segments and assays of specimens, by key.
        attached: Files that hold several specimens.
        names: Key of every specimen by its id.
        strict: Raise where a file cannot be used, instead of listing it.

    Returns:
        Facts by specimen, and everything that could not be used.

    Raises:
        UnreadableInputError: A file cannot be used, and that is not to be listed.
    """
    gathered = _Gathered()
    for source in _sources(specimens, attached):
        try:
            if source.path is not None:
                refuse_way_out(source.path, source.folder or source.path.parent)
            source.read(gathered, names)
        except (UnreadableInputError, GenomicTableError) as error:
            if strict:
                raise UnreadableInputError(f"{source.name}: {error}") from error
            gathered.problems.append(_problem(source.name, str(error), "mend the file to use it"))
    _add_genes(gathered.facts, specimens, gathered.genes)
    _part_builds(gathered, strict)
    _add_chromothripsis(gathered)
    return gathered.facts, gathered.problems


def attached_files(
    specimens: Mapping[Key, Specimen], attached: Sequence[Attached]
) -> list[tuple[str, Path]]:
    """Return the files that `attached_facts` reads, each with what messages call it."""
    return [(s.name, s.path) for s in _sources(specimens, attached) if s.path is not None]


def _problem(file: str, reason: str, fix: str, value: str = "") -> Problem:
    return Problem(file, 0, "", "", value, reason[:400], fix)


class _Source:
    """Something that holds segments or expression: a file, or the list of a case.

    Attributes:
        name: What messages call it.
        kind: `segments`, `rearrangements` or `expression`.
    """

    def __init__(
        self,
        name: str,
        kind: str,
        path: Path | None,
        *,
        genome: str = "",
        assay: Assay | None = None,
        key: Key | None = None,
        segments: Sequence[CopyNumberSegment] = (),
        names: Attached | None = None,
    ) -> None:
        self.name, self.kind, self.path, self.names = name, kind, path, names
        self.genome, self.assay, self.key, self.segments = genome, assay, key, segments
        self.folder = Path(assay.folder) if assay else None

    def read(self, gathered: _Gathered, names: Mapping[str, Key]) -> None:
        """Add the facts, and what they are joined from."""
        if self.names is not None and self.names.ids is not None:
            names = self.names.ids
        if self.kind == "expression":
            self._read_expression(gathered, names)
        elif self.kind == "rearrangements":
            self._read_rearrangements(gathered, names)
        else:
            self._read_segments(gathered, names)

    def _read_expression(self, gathered: _Gathered, names: Mapping[str, Key]) -> None:
        assert self.path is not None  # noqa: S101 - expression always comes from a file
        expressed = read_expressed(self.path)
        gathered.problems += expressed.problems
        for key, own in self._matched(expressed.facts, names, gathered.problems):
            gathered.add(key, own)

    def _read_segments(self, gathered: _Gathered, names: Mapping[str, Key]) -> None:
        checked, genome = self._checked(gathered.problems)
        gathered.problems += _listed(self.name, checked.findings)
        profile = profile_segments(
            checked.frame, genome, samples=checked.samples, coarse=checked.coarse
        )
        found = _segment_facts(profile, self.name)
        for key, own in self._matched(found, names, gathered.problems):
            gathered.add(key, own | {"genomics.build": genome})
        keys = dict(self._keys(checked.samples, names))
        gathered.genes.append(_keyed(profile.genes, keys))
        gathered.judged.append(_keyed(profile.samples.select("sample", "oscillation"), keys))
        gathered.oscillations.append(_keyed(profile.oscillations, keys))

    def _read_rearrangements(self, gathered: _Gathered, names: Mapping[str, Key]) -> None:
        assert self.path is not None  # noqa: S101 - rearrangements always come from a file
        path = self.path
        (checked, problems), genome = self._of_a_build(
            lambda genome: read_rearrangement_file(path, genome)
        )
        if not checked.build_stated:
            self._say_build(genome, gathered.problems)
        gathered.problems += [*problems, *_listed(self.name, checked.findings)]
        clusters = breakpoint_clusters(checked.frame, genome, shipped_cutoffs())
        places = drawn_clusters(clusters)
        found: dict[str, dict[str, Value]] = {}
        for name in checked.samples:
            found[name] = {"genomics.rearrangements": self.name, "genomics.build": genome}
            if name in places:
                found[name]["genomics.cluster_places"] = places[name]
        for key, own in self._matched(found, names, gathered.problems):
            gathered.add(key, own)
        keys = dict(self._keys(checked.samples, names))
        gathered.clusters.append(_keyed(clusters, keys))
        gathered.rearranged += [_SEPARATOR.join(key) for key in keys.values()]

    def _checked(self, problems: list[Problem]) -> tuple[Segments, str]:
        if self.path is None:
            table, lines = _as_table(self.segments), None
        else:
            read = read_table(self.path)
            table, lines = read.frame, read.lines
        for name in ("purity", "ploidy"):
            stated = getattr(self.assay, name) if self.assay else None
            if stated is not None:
                table = table.with_columns(pl.lit(str(stated)).alias(name))
        checked, genome = self._of_a_build(lambda genome: read_segments(table, genome, lines=lines))
        self._say_build(genome, problems)
        return checked, genome

    def _of_a_build(self, read: Callable[[str], Checked]) -> tuple[Checked, str]:
        """Read with the stated build; where none is, with the first that the positions fit."""
        if self.genome:
            return read(self.genome), self.genome
        try:
            return read("hg19"), "hg19"
        except GenomicTableError:
            return read("hg38"), "hg38"

    def _say_build(self, genome: str, problems: list[Problem]) -> None:
        if not self.genome:
            told = f"the genome build is not stated; {genome} was taken, which the positions fit"
            problems.append(_problem(self.name, told, "state genome: hg19 or hg38"))

    def _keys(self, samples: Iterable[str], names: Mapping[str, Key]) -> Iterable[tuple[str, Key]]:
        listed = list(samples)
        if self.key is None:
            called = {name: self._called(name) for name in listed}
            alone = {own for own, count in Counter(called.values()).items() if count == 1}
            yield from (
                (n, names[own]) for n, own in called.items() if own in names and own in alone
            )
            return
        wanted = self.assay.sample if self.assay and self.assay.sample else ""
        chosen = [name for name in listed if name == wanted] if wanted else listed
        if len(chosen) != 1:
            raise UnreadableInputError(
                f"holds {len(listed)} samples"
                + (f", none called {wanted[:40]!r}" if wanted else "")
                + "; name the specimen's own with `sample:`"
            )
        yield chosen[0], self.key

    def _called(self, name: str) -> str:
        """Return the name by which the table knows a sample of the file."""
        match = re.search(self.names.pattern, name) if self.names and self.names.pattern else None
        return name if match is None else match[match.re.groups and 1].strip()

    def _matched(
        self,
        found: Mapping[str, dict[str, Value]],
        names: Mapping[str, Key],
        problems: list[Problem],
    ) -> list[tuple[Key, dict[str, Value]]]:
        matched = [(key, found[name]) for name, key in self._keys(found, names)]
        left = len(found) - len(matched)
        if left and self.key is None:
            told = (
                f"{left} of {len(found)} samples of the file are no specimen of the table, or "
                "share one with another sample"
            )
            problems.append(_problem(self.name, told, "compare the names of the samples"))
        return matched


def _sources(specimens: Mapping[Key, Specimen], attached: Sequence[Attached]) -> Iterable[_Source]:
    for one in attached:
        yield _Source(one.path.name, one.kind, one.path, genome=one.genome, names=one)
    for key, specimen in specimens.items():
        stated = next((a.genome for a in specimen.assays if a.genome), "")
        if specimen.segments:
            yield _Source(
                f"segments of {key[0]}", "segments", None,
                genome=stated, key=key, segments=specimen.segments,
            )  # fmt: skip
        for assay in (a for a in specimen.assays if a.file):
            yield _Source(
                assay.file, _KINDS.get(assay.type, "expression"), Path(assay.folder) / assay.file,
                genome=assay.genome, assay=assay, key=key,
            )  # fmt: skip


_KINDS = {
    **dict.fromkeys(("segments", "copy_number", "seg"), "segments"),
    **dict.fromkeys(("rearrangements", "structural_variants", "sv", "bedpe"), "rearrangements"),
}
"""What a file of an assay holds; expression, if its type is none of these."""
_SEPARATOR = "\0"


def _keyed(frame: pl.DataFrame, keys: Mapping[str, Key]) -> pl.DataFrame:
    """Keep the rows of samples that are specimens, and give each the key of its specimen."""
    names = {name: _SEPARATOR.join(key) for name, key in keys.items()}
    return frame.filter(pl.col("sample").is_in(list(names))).with_columns(
        key=pl.col("sample").replace_strict(names, return_dtype=pl.String)
    )


def _as_table(segments: Sequence[CopyNumberSegment]) -> pl.DataFrame:
    rows = [
        ("1", s.chromosome, str(s.start), str(s.end), _text(s.log2), _text(s.total), _text(s.minor))
        for s in segments
    ]
    names = ("sample", "chromosome", "start", "end", "log2", "total_cn", "minor_cn")
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")


def _text(number: float | None) -> str | None:
    return None if number is None else str(number)


def _listed(file: str, findings: pl.DataFrame) -> Iterable[Problem]:
    for line, record, column, value, reason, fix, _ in findings.iter_rows():
        yield Problem(file, line or 0, record, column, value, reason, fix)


def _segment_facts(profile: SegmentProfile, file: str) -> dict[str, dict[str, Value]]:
    """Turn the row of each sample into facts; what is undetermined stays out."""
    drawn = drawn_profiles(profile.states)
    found: dict[str, dict[str, Value]] = {}
    for row in profile.samples.iter_rows(named=True):
        own: dict[str, Value] = {"genomics.segments": file}
        own |= {
            f"genomics.{name}": row[name]
            for name in (*_CODES, *_ANSWERS)
            if row[name] != "undetermined"
        }
        if row["sample"] in drawn:
            states = {n.removeprefix(_ARM): s for n, s in row.items() if n.startswith(_ARM)}
            altered = [f"{n} {s}" for n, s in states.items() if s in _ALTERED]
            own["genomics.arm_states"] = ";".join(altered) or "none"
            own["genomics.focal_events"] = row["focal_events"] or "none"
            own["genomics.profile"] = drawn[row["sample"]]
            if row["oscillation"] != "undetermined":  # too little measured is not "nowhere"
                own["genomics.oscillation_chromosomes"] = row["oscillation_chromosomes"] or "none"
        found[row["sample"]] = own
    return found


_ALTERED = ("loss", "gain", "loh", "gain_loh")


def _add_genes(
    facts: Facts, specimens: Mapping[Key, Specimen], copies: Sequence[pl.DataFrame]
) -> None:
    """Join variants with the copies of their genes."""
    genes = pl.concat(copies) if copies else None
    keys = list(specimens)
    if genes is not None:
        with_copies = (tuple(text.split(_SEPARATOR)) for text in genes["key"].unique().to_list())
        keys += [key for key in with_copies if key not in specimens]
        number = {_SEPARATOR.join(key): str(i) for i, key in enumerate(keys)}
        genes = genes.with_columns(
            sample=pl.col("key").replace_strict(number, return_dtype=pl.String)
        )
    found = gene_facts([specimens.get(key, Specimen(key[-1])) for key in keys], genes)
    for key, own in zip(keys, found, strict=True):
        if own:
            facts.setdefault(key, {}).update(own)


def _part_builds(gathered: _Gathered, strict: bool) -> None:
    """Leave the rearrangements of a specimen whose segments are of another build unjoined.

    Raises:
        UnreadableInputError: There are some, and that is not to be listed.
    """
    mixed = [key for key, builds in gathered.builds.items() if len(builds) > 1]
    for key in mixed:
        own = tuple(key.split(_SEPARATOR))
        gathered.facts[own].pop("genomics.cluster_places", None)
        told = "segments and rearrangements of this specimen are of different genome builds"
        fix = "bring both to one build; the rearrangements are not used until then"
        if strict:
            raise UnreadableInputError(f"{own[0]}: {told}; {fix}")
        gathered.problems.append(_problem(own[0], told, fix))
    gathered.clusters = [f.filter(~pl.col("key").is_in(mixed)) for f in gathered.clusters]
    gathered.rearranged = [key for key in gathered.rearranged if key not in mixed]


_ONE_TRACE = ("cluster_of_breakpoints", "oscillation_only")


def _add_chromothripsis(gathered: _Gathered) -> None:
    """Join oscillation with clusters of breakpoints, from whichever files they came."""

    def by_key(frames: Sequence[pl.DataFrame], empty: Mapping[str, object]) -> pl.DataFrame:
        if not frames:
            return pl.DataFrame(schema=empty)  # type: ignore[arg-type]
        return pl.concat(frames).with_columns(sample="key").drop("key")

    judged = by_key(gathered.judged, {"sample": pl.String, "oscillation": pl.String})
    others = [key for key in dict.fromkeys(gathered.rearranged) if key not in set(judged["sample"])]
    unmeasured = pl.DataFrame(
        {"sample": others, "oscillation": ["undetermined"] * len(others)}, schema=judged.schema
    )
    table = chromothripsis(
        pl.concat([judged, unmeasured]),
        by_key(gathered.oscillations, OSCILLATIONS),
        by_key(gathered.clusters, CLUSTERS),
        list(dict.fromkeys(gathered.rearranged)),
    )
    for row in table.iter_rows(named=True):
        own = {
            "genomics.chromothripsis": row["chromothripsis"],
            "genomics.chromothripsis_where": row["chromothripsis_where"],
            "genomics.breakpoint_clusters": row["breakpoint_clusters"],
        }
        # One trace without the other says what it is, and leaves the question open.
        open_question = row["chromothripsis"] in _ONE_TRACE and row["chromothripsis_needs"]
        own |= {"genomics.chromothripsis": ""} if open_question else {}
        told = {n: v for n, v in own.items() if v not in ("", "undetermined")}
        gathered.add(tuple(row["sample"].split(_SEPARATOR)), told)
