"""Molecular groups and signature scores of specimens whose expression is attached."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nenuphar.domain.observation import Value
from nenuphar.domain.problems import Problem, UnreadableInputError
from nenuphar.domain.quantity import Interval
from nenuphar.pipeline.molecular.group_calls import PANEL, panel_call

PANELS = {"sclc": "sclc", "lung_net": "lung-net", "lung_nen": "lung-nen", "pannet": "pannet"}
"""Panel of each scheme."""

_WHOLE = 5_000
"""Genes from which on a file is taken for a whole transcriptome."""


@dataclass(frozen=True)
class Expressed:
    """What a file of expression says.

    Attributes:
        facts: By sample name, the facts of the specimen.
        problems: What could not be used.
    """

    facts: dict[str, dict[str, Value]]
    problems: tuple[Problem, ...]


def read_expressed(path: Path) -> Expressed:
    """Read a matrix of expression and call every panel of which enough genes are measured.

    Args:
        path: A table, genes in rows or in columns.

    Raises:
        UnreadableInputError: The file holds no matrix, or hardly a gene of any panel.
    """
    from nenuphar.io.matrix_text import UnreadableError
    from nenuphar.methods.expression.subtypes import load_model, load_sclc

    wanted = {
        scheme: load_sclc().genes if scheme == "sclc" else load_model(panel).genes
        for scheme, panel in PANELS.items()
    }
    try:
        matrix, shares = _oriented(path, wanted)
    except UnreadableError as error:
        raise UnreadableInputError(str(error)) from error
    facts: dict[str, dict[str, Value]] = {
        sample: {"expression.file": path.name} for sample in matrix.samples
    }
    values = _dense(matrix)
    for scheme, share in shares.items():
        if share >= _ENOUGH:
            _call(scheme, matrix, values, facts)
    _score(matrix, values, facts)
    problems = tuple(
        Problem(path.name, one.line, one.record, one.column, one.value, one.reason, one.fix)
        for one in matrix.rejected
    )
    return Expressed(facts, problems)


_ENOUGH = 0.6
"""Share of a panel's genes from which on it is asked at all."""


def _oriented(path: Path, wanted: dict[str, Any]) -> tuple[Any, dict[str, float]]:
    """Read the file in the orientation in which the panels' genes are genes."""
    from nenuphar.io.expression import read_expression
    from nenuphar.io.matrix_text import UnreadableError
    from nenuphar.methods.expression.subtypes import panel_columns

    best: tuple[Any, dict[str, float]] | None = None
    failure: UnreadableError | None = None
    for in_rows in (True, False):
        try:
            matrix = read_expression(path, samples_in_rows=in_rows)
        except UnreadableError as error:
            failure = failure or error
            continue
        shares = {}
        for scheme, genes in wanted.items():
            columns = panel_columns(genes, matrix.genes)
            shares[scheme] = sum(column is not None for column in columns) / len(columns)
        if best is None or max(shares.values()) > max(best[1].values()):
            best = (matrix, shares)
        if max(shares.values()) >= _ENOUGH:
            break
    if best is None:
        raise failure or UnreadableError(f"{path.name}: no expression matrix")
    if max(best[1].values()) < 0.1:
        raise UnreadableError(
            f"{path.name}: hardly a gene of any panel is in it; check the names of the genes, and "
            "whether samples are in rows"
        )
    return best


def _dense(matrix: Any) -> Any:
    import numpy as np

    parts = [part.toarray() if hasattr(part, "toarray") else part for _, part in matrix.blocks()]
    return np.vstack(parts)


def _call(scheme: str, matrix: Any, values: Any, facts: dict[str, dict[str, Value]]) -> None:
    from nenuphar.methods.expression.subtypes import (
        call_places,
        classify_sclc,
        load_model,
        load_sclc,
        panel_values,
        ranks,
    )

    if scheme == "sclc":
        rule = load_sclc()
        own = panel_values(rule.genes, matrix.genes, values)
        places, genes = ranks(own), rule.genes
        calls = classify_sclc(rule, matrix.samples, rule.genes, own)
    else:
        model = load_model(PANELS[scheme])
        places = ranks(panel_values(model.genes, matrix.genes, values))
        genes = model.genes
        calls = call_places(model, matrix.samples, places)
    for row, call in enumerate(calls):
        mine = facts[call.sample]
        mine[f"{PANEL}{scheme}"] = panel_call(call)
        best = max(call.probabilities)
        said = f"{scheme}: {call.call} {best:.2f} ({call.status})"
        earlier = mine.get("molecular.evidence")
        mine["molecular.evidence"] = f"{earlier};{said}" if earlier else said
        if scheme == "lung_nen":
            _draw(mine, dict(zip(genes, places[row], strict=True)), places[row])


def _draw(mine: dict[str, Value], ranks: dict[str, float], places: Any) -> None:
    """Note what the figures of markers and of the map show, and the ranks that rules read."""
    from nenuphar.methods.expression.subtypes import load_reference

    reference = load_reference()
    x, y = reference.place(places)
    mine["molecular.map_position"] = f"{x:.3f} {y:.3f}"
    drawn = [
        f"{gene}={ranks[gene]:.3f}" for gene in reference.markers if ranks[gene] == ranks[gene]
    ]
    mine["expression.markers"] = ";".join(drawn)
    for gene in _FACTORS:
        if ranks[gene] == ranks[gene]:
            rank = round(ranks[gene], 3)
            mine[f"expression.rank.{gene.lower()}"] = Interval(rank, rank, unit="ratio")


_FACTORS = ("OTP", "ASCL1", "HNF1A")
"""Genes whose ranks the regulatory subtypes of lung NET read."""


def _score(matrix: Any, values: Any, facts: dict[str, dict[str, Value]]) -> None:
    import numpy as np

    from nenuphar.methods.expression import Scorer, builtin_signatures

    signatures = builtin_signatures()
    scorer = Scorer(list(matrix.genes), list(signatures.values()), "singscore", engine="plain")
    scores = scorer.score(values).scores
    whole = len(scorer.genes) >= _WHOLE
    for sample, row in zip(matrix.samples, scores, strict=True):
        known = [(n, s) for n, s in zip(signatures, row, strict=True) if np.isfinite(s)]
        if known:
            facts[sample]["expression.signatures"] = ";".join(f"{n}={s:.3f}" for n, s in known)
        named = dict(known) if whole else {}
        pairs = (("t_effector", "t_effector"), ("archetype_myeloid", "myeloid"))
        for name, short in pairs:
            if name in named:
                score = Interval(round(named[name], 3), round(named[name], 3), unit="score")
                facts[sample][f"immune.score.{short}"] = score
