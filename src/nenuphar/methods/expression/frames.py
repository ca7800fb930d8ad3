"""Scores from data frames and AnnData, the way they are at hand in a notebook."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from nenuphar.methods.expression.quality import Finding, inspect_names, inspect_values
from nenuphar.methods.expression.scorer import ExpressionError, Scorer
from nenuphar.methods.expression.signatures import Signature, as_signatures, builtin_signatures
from nenuphar.methods.expression.statistics import Options

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

ROWS = 4096
SHOWN = 4


def score(
    expression: Any,
    signatures: Mapping[str, Iterable[str] | Mapping[str, float] | Signature] | str = "builtin",
    method: str = "ssgsea",
    options: Options | None = None,
    threads: int | None = None,
    coverage_min: float | None = None,
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

    Returns:
        One row per sample, first column `sample`; null where a signature is measured too little
        or a score does not exist. Missing values (NaN, null) are left out of their own sample.

    Raises:
        ExpressionError: the matrix is none of the above, is transposed, or holds mouse genes
            where the signatures are human.
        SignatureError: a signature is empty or has a weight that is no number.
        OptionError: an unknown method or an impossible option.

    Warns:
        UserWarning: what is odd about the values (counts where the method uses values, centred
            genes), genes that come twice, and signatures of which too little is measured.
    """
    import polars as pl

    if isinstance(signatures, str):
        if signatures != "builtin":
            raise ExpressionError(f"signatures {signatures!r}: give a mapping or 'builtin'")
        signatures = builtin_signatures()
    wanted, options = as_signatures(signatures, coverage_min), options or Options()
    genes, samples, values = _matrix(expression)
    _heed(inspect_names(genes, samples, wanted))
    scorer = Scorer(genes, wanted, method, options, threads)
    scores = np.empty((len(samples), len(wanted)))
    start = 0
    for part in _parts(values, len(samples)):
        if start == 0:
            _heed(inspect_values(part, method))
        scores[start : start + part.shape[0]] = scorer.score(part).scores
        start += part.shape[0]
    _say_refused(scorer)
    if method == "ssgsea" and options.normalise == "range":
        scores = by_range(scores)
    names = [one.name for one in wanted]
    if hasattr(expression, "obsm"):
        expression.obsm[f"score_{method}"] = scores
        expression.uns[f"score_{method}"] = names
    columns = {name: scores[:, i] for i, name in enumerate(names)}
    frame = pl.DataFrame({"sample": samples} | columns, schema_overrides={"sample": pl.String})
    return frame.with_columns(pl.col(names).fill_nan(None))


def _heed(findings: Iterable[Finding]) -> None:
    for finding in findings:
        if finding.severity == "error":
            raise ExpressionError(f"{finding.message}; {finding.fix}")
        if finding.severity == "caution":
            warnings.warn(f"{finding.message}; {finding.fix}", UserWarning, stacklevel=3)


def _say_refused(scorer: Scorer) -> None:
    refused = [one for one in scorer.match.coverage if one.refused]
    if refused:
        shown = [f"{one.signature} ({one.found} of {one.genes})" for one in refused[:SHOWN]]
        listed = ", ".join(shown) + (" …" if len(refused) > SHOWN else "")
        warnings.warn(
            f"{len(refused)} of {len(scorer.signatures)} signatures are measured too little for a "
            f"score: {listed}; check the gene names, or lower coverage_min",
            UserWarning,
            stacklevel=3,
        )


def by_range(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Raw ssGSEA scores over their range in the whole cohort: gseapy's NES, not single-sample."""
    finite = scores[np.isfinite(scores)]
    spread = float(finite.max() - finite.min()) if finite.size else 0.0
    return scores / spread if spread > 0 else np.full_like(scores, np.nan)


def _matrix(expression: Any) -> tuple[list[str], list[str], Any]:
    """Genes, samples, and samples × genes."""
    if hasattr(expression, "obsm"):
        x = expression.X
        genes, samples = expression.var_names, expression.obs_names
        return list(map(str, genes)), list(map(str, samples)), x
    try:
        if hasattr(expression, "iloc"):
            values = expression.to_numpy(dtype=np.float64, na_value=np.nan).T
            return list(map(str, expression.index)), list(map(str, expression.columns)), values
        if hasattr(expression, "get_columns"):
            genes, *samples = expression.columns
            values = expression.drop(genes).cast(dict.fromkeys(samples, float)).to_numpy().T
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
    if isinstance(values, np.ndarray) or hasattr(values, "indptr"):
        yield values
        return
    for start in range(0, n, ROWS):
        part = values[start : start + ROWS]
        part = part.compute() if hasattr(part, "compute") else part
        yield part if hasattr(part, "tocsr") else np.asarray(part)
