"""What is wrong, or only odd, about an expression matrix, before it is scored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from nenuphar.methods.expression.matching import match_genes
from nenuphar.methods.expression.statistics import RANK_METHODS
from nenuphar.terminology.genes import looks_like_mouse

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nenuphar.methods.expression.signatures import Signature

COUNTS_ABOVE = 1.0  # whole numbers beyond yes and no; logarithms are not whole numbers
LINEAR_ABOVE = 100.0  # log2 of anything measured stays below
CENTRED = (0.25, 0.75)  # share of negative values of genes centred over the cohort
FEW_SAMPLES, FEW_GENES = 4, 16
NEAR_ZERO = 0.2  # standard deviations
MOST = 0.8
ROWS_LOOKED_AT = 200


@dataclass(frozen=True, slots=True)
class Finding:
    """Something found in the input: a code, whether it forbids scoring, what it is, what to do."""

    code: str
    severity: Literal["error", "caution", "note"]
    message: str
    fix: str


def inspect_names(
    genes: Sequence[str], samples: Sequence[str], signatures: Sequence[Signature]
) -> list[Finding]:
    """Looks for a transposed matrix, mouse symbols, duplicated genes and samples, by name alone."""
    findings = []
    wanted = {gene for signature in signatures for gene in signature.genes}
    in_genes, in_samples = wanted.intersection(genes), wanted.intersection(samples)
    if looks_like_mouse(genes) and not looks_like_mouse(wanted):
        findings.append(
            Finding(
                "mouse_symbols",
                "error",
                f"the genes are spelt as mouse genes ({_some(genes)}), the signatures are human",
                "map the genes to their human orthologues first, or give mouse signatures",
            )
        )
    elif not in_genes and looks_like_mouse(wanted) and not looks_like_mouse(genes):
        findings.append(
            Finding(
                "mouse_signatures",
                "error",
                f"the signatures are spelt as mouse genes ({_some(sorted(wanted))}), "
                "the matrix is not",
                "give the human orthologues of the signatures",
            )
        )
    elif len(in_samples) > len(in_genes) or (
        not in_genes and _found(samples, signatures) > _found(genes, signatures)
    ):
        findings.append(
            Finding(
                "transposed",
                "error",
                f"the matrix looks transposed: the genes of the signatures are the names of "
                f"samples ({_some(sorted(in_samples))}), not of genes ({_some(genes)})",
                "turn the orientation round: --samples-in-rows given or left out, for AnnData "
                "its transpose",
            )
        )
    twice = len(genes) - len(set(genes))
    if twice:
        findings.append(
            Finding(
                "duplicated_genes",
                "caution",
                f"{twice} rows repeat the name of another ({_some(_repeats(genes))}); "
                "they were merged by the largest value in each sample",
                "merge them beforehand to choose another way",
            )
        )
    if len(set(samples)) < len(samples):
        findings.append(
            Finding(
                "duplicated_samples",
                "caution",
                f"several samples bear one name ({_some(_repeats(samples))}): "
                "only the order of rows tells their scores apart",
                "name every sample once (for AnnData, obs_names_make_unique)",
            )
        )
    return findings


def constant_samples(values: Any) -> NDArray[np.int64]:
    """Rows in which every value is the same, so that ranks say nothing (an empty cell).

    values: samples × genes, dense or CSR; NaN is left out.
    """
    n, genes = values.shape
    if hasattr(values, "indptr"):
        by_row = values.format == "csr"
        filled = np.diff(values.indptr) if by_row else np.bincount(values.indices, minlength=n)
        full = [row for row in np.flatnonzero(filled == genes) if _alike(values[[row]].data)]
        return np.union1d(np.flatnonzero(filled == 0), np.array(full, dtype=np.int64))
    likely = np.flatnonzero((values[:, :FEW_GENES] == values[:, :1]).all(axis=1))
    missing = np.flatnonzero(np.isnan(values[:, :FEW_GENES]).any(axis=1))
    rows = np.union1d(likely, missing)
    return rows[[_alike(values[row]) for row in rows]] if rows.size else rows


def _alike(values: NDArray[np.number]) -> bool:
    measured = values[np.isfinite(values)]
    return bool(measured.size > 0 and (measured == measured[0]).all())


def inspect_values(values: Any, method: str) -> list[Finding]:
    """Looks at the scale of (at most 200) samples: counts, linear values, centred values.

    values: samples × genes, dense or CSR; NaN is left out. Ranks do not care about the scale, so
    counts are a note there and a caution for methods that use the values.
    """
    part = values[:ROWS_LOOKED_AT]
    seen = np.asarray(part.data if hasattr(part, "indptr") else part, dtype=np.float64).ravel()
    seen = seen[np.isfinite(seen)]
    if seen.size == 0:
        return []
    severity: Literal["caution", "note"] = "note" if method in RANK_METHODS else "caution"
    effect = (
        "; ranks, and so the scores, do not depend on it"
        if method in RANK_METHODS
        else "; a few high genes dominate these scores"
    )
    negative = seen < 0
    if not negative.any() and seen.max() > COUNTS_ABOVE and (seen == np.rint(seen)).all():
        return [
            Finding(
                "counts",
                severity,
                f"the values are counts, not logarithms{effect}",
                "give log2(CPM + 1) or another log scale",
            )
        ]
    if not negative.any() and seen.max() > LINEAR_ABOVE:
        return [
            Finding(
                "linear_values",
                severity,
                f"the values reach {seen.max():.0f}: they are not logarithms{effect}",
                "give log2(x + 1)",
            )
        ]
    total = seen.size if not hasattr(part, "indptr") else part.shape[0] * part.shape[1]
    share = float(negative.sum()) / total
    if CENTRED[0] < share < CENTRED[1] and _centred_genes(part):
        return [
            Finding(
                "centred",
                "caution",
                f"{share:.0%} of the values are negative: if genes were centred over a cohort, "
                "places within a sample mean nothing and depend on the cohort",
                "give values before centring",
            )
        ]
    if negative.any():
        return [
            Finding(
                "negative_values",
                "note",
                f"{share:.1%} of the values are negative, as on a log scale",
                "none needed",
            )
        ]
    return []


def _centred_genes(part: Any) -> bool:
    """Whether most genes lie about zero on average; always possible where samples are few."""
    if part.shape[0] < FEW_SAMPLES or hasattr(part, "indptr"):
        return True
    values = np.where(np.isfinite(part), part, 0.0)
    about_zero = np.abs(values.mean(axis=0)) < NEAR_ZERO * values.std()
    return bool(about_zero.mean() > MOST)


def _found(names: Sequence[str], signatures: Sequence[Signature]) -> int:
    return sum(cover.found for cover in match_genes(names, signatures).coverage)


def _repeats(names: Sequence[str]) -> list[str]:
    seen: set[str] = set()
    return list(dict.fromkeys(name for name in names if name in seen or seen.add(name)))


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:4]) + (" …" if len(names) > 4 else "")
