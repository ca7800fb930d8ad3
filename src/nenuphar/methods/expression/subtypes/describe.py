"""The fitted parameters of a panel in words, for readers who want to know what a call rests on."""

from __future__ import annotations

from typing import Any

import numpy as np

from nenuphar.methods.expression.subtypes import FITTED_PANELS, STAIN_PANELS
from nenuphar.methods.expression.subtypes.model import Model, load_model, load_record
from nenuphar.methods.expression.subtypes.views import VIEWS

SHOWN = 8

_SCLC_PARTS = ("factors", "programmes", "inflamed", "neuroendocrine", "t_effector", "macrophage")
_RULE_LIMITS = ("call_at", "tie_within", "unfamiliar", "coverage_min")


def panels() -> list[str]:
    """Return the names of all panels, in alphabetical order."""
    return sorted((*FITTED_PANELS, *STAIN_PANELS, "sclc"))


def describe_panel(panel: str) -> dict[str, Any]:
    """Explain the shipped parameters of a panel.

    Args:
        panel: One of `panels()`.

    Returns:
        Groups, what the panel looks at for each of them, and the limits at which it calls and
        abstains; probabilities and shares are fractions (0-1), H-scores run from 0 to 300. The
        whole of the parameters stands in the file that is named.
    """
    record = load_record(panel)
    head = {
        "panel": panel,
        "version": record["version"],
        "groups": list(record["groups"]),
        "parameters": f"nenuphar/methods/expression/subtypes/models/{panel}.json",
        "model_card": f"docs/models/{panel}.md",
    }
    if "weights" in record:
        return head | _fitted(load_model(panel))
    if "profile_genes" in record:
        parts = {name: _listed(record[name]) for name in _SCLC_PARTS}
        limits = {name: record[name] for name in _RULE_LIMITS}
        return head | {"kind": "a rule over ranks among the panel's genes", **parts} | limits
    rest = {name: value for name, value in record.items() if name not in head}
    return head | {"kind": "cut-offs on H-scores (0-300)"} | rest


def _fitted(model: Model) -> dict[str, Any]:
    shares = model.view_weights.round(2).tolist()
    return {
        "kind": "a fit on ranks among the panel's genes, from one sample alone",
        "genes": len(model.genes),
        "genes_needed": f"{model.coverage_min:.0%}",
        "weight_of_each_view": dict(zip(VIEWS, shares, strict=True)),
        "called_from_probability": model.call_at,
        "equivocal_within": model.tie_within,
        "abstains_below_likeness": model.unfamiliar,
        "looks_at": {part: _part(model, i) for i, part in enumerate(model.parts)},
    }


def _part(model: Model, place: int) -> dict[str, Any]:
    order = np.argsort(model.weights[place], kind="stable")
    own = model.pairs[model.pairs[:, 0] == place][:SHOWN].tolist()
    return {
        "programme_high": _listed([model.genes[i] for i in model.up[place]]),
        "programme_low": _listed([model.genes[i] for i in model.down[place]]),
        "heaviest_for": _listed([model.genes[i] for i in order[::-1][:SHOWN]]),
        "heaviest_against": _listed([model.genes[i] for i in order[:SHOWN]]),
        "pairs": [
            f"{model.genes[high]} above {model.genes[low]}, against {model.parts[rival]}"
            for _, rival, high, low in own
        ],
    }


def _listed(genes: Any) -> Any:
    """Return lists of genes as one line each, whatever they are nested in."""
    if isinstance(genes, dict):
        return {name: _listed(part) for name, part in genes.items()}
    if isinstance(genes, list) and genes and isinstance(genes[0], list):
        return [_listed(part) for part in genes]
    return ", ".join(genes) if isinstance(genes, list) else genes
