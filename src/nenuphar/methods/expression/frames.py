"""Scores from data frames and AnnData, the way they are at hand in a notebook."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from nenuphar.methods.expression.quality import (
    Finding,
    constant_samples,
    inspect_names,
    inspect_values,
)
from nenuphar.methods.expression.scorer import ExpressionError, Scorer
from nenuphar.methods.expression.signatures import Signature, as_signatures, builtin_signatures
from nenuphar.methods.expression.statistics import Options

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

ROWS = 4096  # of sparse cells
PORTION = 4_000_000  # dense values that are copied at a time
SHOWN = 4
RAW = "raw"


def score(
    expression: Any,
    signatures: Mapping[str, Iterable[str] | Mapping[str, float] | Signature] | str = "builtin",
    method: str = "ssgsea",
    options: Options | None = None,
    threads: int | None = None,
    coverage_min: float | None = None,
    layer: str | None = None,
) -> pl.DataFrame:
    """Scores samples with signatures, each sample by itself.

    Args:
        expression: genes × samples as a Polars frame (first column the gene) or a pandas frame
            (index the gene); or AnnData (cells × genes; in memory, backed or Dask-backed), which
            also receives `obsm["score_<method>"]` and `uns["score_<method>"]`, the names.
        signatures: name → genes (or gene → weight), or "builtin".
        method: `ssgsea`, `aucell`, `ucell`, `singscore`, `ulm` or `zscore`.
        options: choices of the method.
        threads: threads of the compiled path; all by default.
        coverage_min: fraction (0-1) of a signature that must be measured, in place of its own.
        layer: the layer of AnnData to score in place of X; `raw` for its raw X.

    Returns:
        One row per sample, first column `sample`; null where a signature is measured too little
        or a score does not exist. Missing values (NaN, null) are left out of their own sample.

    Raises:
        ExpressionError: the matrix is none of the above, lacks the layer, is transposed, or holds
            mouse genes where the signatures are human (or the other way round).
        SignatureError: a signature is empty, has a weight that is no number, or expects a gene
            both high and low.
        OptionError: an unknown method or an impossible option.

    Warns:
        UserWarning: what is odd about the values (counts where the method uses values, centred
            genes, constant samples), genes and samples that come twice, and signatures of which
            too little is measured.
    """
    import polars as pl

    if isinstance(signatures, str):
        if signatures != "builtin":
            raise ExpressionError(f"signatures {signatures!r}: give a mapping or 'builtin'")
        signatures = builtin_signatures()
    wanted, options = as_signatures(signatures, coverage_min), options or Options()
    genes, samples, values = _matrix(expression, layer)
    _heed(inspect_names(genes, samples, wanted))
    scorer = Scorer(genes, wanted, method, options, threads)
    scores = _in_parts(values, samples, scorer)
    if method == "ssgsea" and options.normalise == "range":
        scores = by_range(scores)
    names = [one.name for one in wanted]
    if hasattr(expression, "obsm"):
        expression.obsm[f"score_{method}"] = scores
        expression.uns[f"score_{method}"] = names
    columns = {name: scores[:, i] for i, name in enumerate(names)}
    frame = pl.DataFrame({"sample": samples} | columns, schema_overrides={"sample": pl.String})
    return frame.with_columns(pl.col(names).fill_nan(None))


def _in_parts(values: Any, samples: list[str], scorer: Scorer) -> NDArray[np.float64]:
    """Scores of all samples; warns of what is odd about them and of what cannot be scored."""
    scores = np.empty((len(samples), len(scorer.signatures)))
    start, constant = 0, []
    for part in _parts(values, len(samples)):
        if start == 0:
            _heed(inspect_values(part, scorer.method))
        scores[start : start + part.shape[0]] = scorer.score(part).scores
        constant += [samples[start + row] for row in constant_samples(part)]
        start += part.shape[0]
    if constant:
        _warn(
            f"every value is the same in {len(constant)} samples ({_some(constant)}): "
            "their scores say nothing; leave them out"
        )
    refused = [
        f"{one.signature} ({one.found} of {one.genes})"
        for one in scorer.match.coverage
        if one.refused
    ]
    if refused:
        _warn(
            f"{len(refused)} of {len(scorer.signatures)} signatures are measured too little for a "
            f"score: {_some(refused)}; check the gene names, or lower coverage_min"
        )
    return scores


def _heed(findings: Iterable[Finding]) -> None:
    for finding in findings:
        if finding.severity == "error":
            raise ExpressionError(f"{finding.message}; {finding.fix}")
        if finding.severity == "caution":
            _warn(f"{finding.message}; {finding.fix}")


def _warn(message: str) -> None:
    warnings.warn(message, UserWarning, stacklevel=4)


def _some(names: list[str]) -> str:
    return ", ".join(names[:SHOWN]) + (" …" if len(names) > SHOWN else "")


def by_range(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Raw ssGSEA scores over their range in the whole cohort: gseapy's NES, not single-sample."""
    finite = scores[np.isfinite(scores)]
    spread = float(finite.max() - finite.min()) if finite.size else 0.0
    return scores / spread if spread > 0 else np.full_like(scores, np.nan)


def _matrix(expression: Any, layer: str | None) -> tuple[list[str], list[str], Any]:
    """Genes, samples, and samples × genes."""
    if hasattr(expression, "obsm"):
        held = expression.raw if layer == RAW and expression.raw is not None else expression
        values = held.X if layer is None or held is not expression else held.layers.get(layer)
        if values is None:
            there = ", ".join([*expression.layers, *([RAW] if expression.raw is not None else [])])
            raise ExpressionError(
                f"the AnnData has {'no X' if layer is None else f'no layer {layer!r}'}; "
                f"give as layer one of those it has: {there or 'none'}"
            )
        return list(map(str, held.var_names)), list(map(str, expression.obs_names)), values
    if layer is not None:
        raise ExpressionError("only AnnData has layers; leave layer out")
    try:
        if hasattr(expression, "iloc"):
            values = expression.to_numpy(dtype=np.float64, na_value=np.nan).T
            return list(map(str, expression.index)), list(map(str, expression.columns)), values
        if hasattr(expression, "get_columns"):
            genes, *samples = expression.columns
            values = expression.drop(genes).cast(dict.fromkeys(samples, float))
            return [str(gene) for gene in expression[genes]], samples, values
    except Exception as problem:  # ValueError in pandas, an error of its own in Polars
        first = str(problem).splitlines()[0]
        raise ExpressionError(
            f"the frame holds cells that are no numbers ({first}); make them numbers or missing"
        ) from problem
    raise ExpressionError(
        f"{type(expression).__name__} is no expression matrix; give a Polars or pandas frame of "
        "genes × samples, or AnnData"
    )


def _parts(values: Any, n: int) -> Iterable[Any]:
    if getattr(values, "format", "") == "csc" and hasattr(values, "to_memory"):
        values = values.to_memory()  # rows cannot be read out of columns on disk
    if isinstance(values, np.ndarray) or hasattr(values, "indptr"):
        yield values
        return
    if hasattr(values, "get_columns"):
        step = max(1, PORTION // max(1, values.height))
        for start in range(0, n, step):
            yield values[:, start : start + step].to_numpy().T
        return
    rows = ROWS if hasattr(values, "format") or hasattr(values, "compute") else _rows(values)
    for start in range(0, n, rows):
        part = values[start : start + rows]
        part = part.compute() if hasattr(part, "compute") else part
        yield part if hasattr(part, "tocsr") else np.asarray(part)


def _rows(values: Any) -> int:
    """Samples in a portion of dense values on disk, in whole chunks of the file."""
    chunks = getattr(values, "chunks", None)
    chunk = chunks[0] if chunks else 1
    return -(-max(1, PORTION // max(1, values.shape[1])) // chunk) * chunk
