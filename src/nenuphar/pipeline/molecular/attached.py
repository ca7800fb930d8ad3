"""Facts of specimens from the files and lists that hold their segments, variants and expression."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import polars as pl

from nenuphar.domain.case import Assay, CopyNumberSegment, Specimen
from nenuphar.domain.observation import Value
from nenuphar.domain.problems import Problem, UnreadableInputError
from nenuphar.io.result import Attached, refuse_way_out
from nenuphar.io.tables import read_table
from nenuphar.methods.genomics.drawing import drawn_profiles
from nenuphar.methods.genomics.segment_table import SegmentInputError, Segments, read_segments
from nenuphar.methods.genomics.segments import SegmentProfile, profile_segments
from nenuphar.methods.genomics.specimens import gene_facts
from nenuphar.pipeline.molecular.expression import read_expressed

Key = tuple[str, ...]
Facts = dict[Key, dict[str, Value]]
_ARM = "arm_"
_CODES = ("chr18_loss", "sinet_group", "pannet_pattern", "loh10", "oscillation")
_ANSWERS = ("hla_loh", "b2m_loh")


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
        names: Key of every specimen by the name that these files give it.
        strict: Raise where a file cannot be used, instead of listing it.

    Returns:
        Facts by specimen, and everything that could not be used.

    Raises:
        UnreadableInputError: A file cannot be used, and that is not to be listed.
    """
    facts: Facts = {}
    problems: list[Problem] = []
    copies: list[pl.DataFrame] = []
    for source in _sources(specimens, attached):
        try:
            if source.path is not None:
                refuse_way_out(source.path, source.folder or source.path.parent)
            source.read(facts, names, copies, problems)
        except (UnreadableInputError, SegmentInputError) as error:
            if strict:
                raise UnreadableInputError(f"{source.name}: {error}") from error
            problems.append(_problem(source.name, str(error), "mend the file to use it"))
    _add_genes(facts, specimens, copies)
    return facts, problems


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
        kind: `segments` or `expression`.
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
    ) -> None:
        self.name, self.kind, self.path = name, kind, path
        self.genome, self.assay, self.key, self.segments = genome, assay, key, segments
        self.folder = Path(assay.folder) if assay else None

    def read(
        self,
        facts: Facts,
        names: Mapping[str, Key],
        copies: list[pl.DataFrame],
        problems: list[Problem],
    ) -> None:
        """Add the facts, the copies of genes by key, and what could not be used."""
        if self.kind == "expression":
            self._read_expression(facts, names, problems)
        else:
            self._read_segments(facts, names, copies, problems)

    def _read_expression(
        self, facts: Facts, names: Mapping[str, Key], problems: list[Problem]
    ) -> None:
        assert self.path is not None  # noqa: S101 - expression always comes from a file
        expressed = read_expressed(self.path)
        problems += expressed.problems
        for key, own in self._matched(expressed.facts, names, problems):
            facts.setdefault(key, {}).update(own)

    def _read_segments(
        self,
        facts: Facts,
        names: Mapping[str, Key],
        copies: list[pl.DataFrame],
        problems: list[Problem],
    ) -> None:
        checked, genome = self._checked(problems)
        problems += _listed(self.name, checked)
        profile = profile_segments(checked.frame, genome, samples=checked.samples)
        found = _segment_facts(profile, self.name)
        for key, own in self._matched(found, names, problems):
            facts.setdefault(key, {}).update(own)
        keys = dict(self._keys(checked.samples, names))
        copies.append(
            profile.genes.filter(pl.col("sample").is_in(list(keys))).with_columns(
                key=pl.col("sample").replace_strict(
                    {name: "\0".join(key) for name, key in keys.items()}, return_dtype=pl.String
                )
            )
        )

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
        if self.genome:
            return read_segments(table, self.genome, lines=lines), self.genome
        try:
            checked, genome = read_segments(table, "hg19", lines=lines), "hg19"
        except SegmentInputError:
            checked, genome = read_segments(table, "hg38", lines=lines), "hg38"
        told = f"the genome build is not stated; {genome} was taken, which the positions fit"
        problems.append(_problem(self.name, told, "state genome: hg19 or hg38"))
        return checked, genome

    def _keys(self, samples: Iterable[str], names: Mapping[str, Key]) -> Iterable[tuple[str, Key]]:
        listed = list(samples)
        if self.key is None:
            yield from ((name, names[name]) for name in listed if name in names)
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

    def _matched(
        self,
        found: Mapping[str, dict[str, Value]],
        names: Mapping[str, Key],
        problems: list[Problem],
    ) -> list[tuple[Key, dict[str, Value]]]:
        matched = [(key, found[name]) for name, key in self._keys(found, names)]
        left = len(found) - len(matched)
        if left and self.key is None:
            told = f"{left} of {len(found)} samples of the file are no specimen of the table"
            problems.append(_problem(self.name, told, "compare the names of the samples"))
        return matched


def _sources(specimens: Mapping[Key, Specimen], attached: Sequence[Attached]) -> Iterable[_Source]:
    for one in attached:
        yield _Source(one.path.name, one.kind, one.path, genome=one.genome)
    for key, specimen in specimens.items():
        stated = next((a.genome for a in specimen.assays if a.genome), "")
        if specimen.segments:
            yield _Source(
                f"segments of {key[0]}", "segments", None,
                genome=stated, key=key, segments=specimen.segments,
            )  # fmt: skip
        for assay in (a for a in specimen.assays if a.file):
            kind = "segments" if assay.type in ("segments", "copy_number", "seg") else "expression"
            yield _Source(
                assay.file, kind, Path(assay.folder) / assay.file,
                genome=assay.genome, assay=assay, key=key,
            )  # fmt: skip


def _as_table(segments: Sequence[CopyNumberSegment]) -> pl.DataFrame:
    rows = [
        ("1", s.chromosome, str(s.start), str(s.end), _text(s.log2), _text(s.total), _text(s.minor))
        for s in segments
    ]
    names = ("sample", "chromosome", "start", "end", "log2", "total_cn", "minor_cn")
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")


def _text(number: float | None) -> str | None:
    return None if number is None else str(number)


def _listed(file: str, checked: Segments) -> Iterable[Problem]:
    for line, record, column, value, reason, fix, _ in checked.findings.iter_rows():
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
        with_copies = (tuple(text.split("\0")) for text in genes["key"].unique().to_list())
        keys += [key for key in with_copies if key not in specimens]
        number = {"\0".join(key): str(i) for i, key in enumerate(keys)}
        genes = genes.with_columns(
            sample=pl.col("key").replace_strict(number, return_dtype=pl.String)
        )
    found = gene_facts([specimens.get(key, Specimen(key[-1])) for key in keys], genes)
    for key, own in zip(keys, found, strict=True):
        if own:
            facts.setdefault(key, {}).update(own)
