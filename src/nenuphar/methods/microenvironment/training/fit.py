"""Writes the cohort of shares and the card of the immune class.

`python -m nenuphar.methods.microenvironment.training.fit --data DIR [--cards DIR]`; DIR holds
`lung_nen`, `lnen_alcala2019_maps` and `htan_sclc_atlas`. The same data give the same bytes.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

import numpy as np

from nenuphar.methods.microenvironment.cohort import DESCRIBED, FILE, STEP
from nenuphar.methods.microenvironment.training.card import card
from nenuphar.methods.microenvironment.training.readings import Readings, read_readings

SOURCE = "lungNENomics (Sexton-Oates 2025), supplementary table 9"


def cohort_text(read: Readings) -> str:
    """The file of the cohort: quantiles of the shares that are described."""
    shares = {f"immune.fraction.{cell}": share for cell, share in read.shares.items()}
    shares["immune.macrophages"] = read.shares["macrophage"]
    places = np.arange(0, 101, STEP) / 100
    quantiles = {
        fact: [round(float(q), 3) for q in np.quantile(shares[fact], places)] for fact in DESCRIBED
    }
    record = {
        "source": SOURCE,
        "method": "quantiseq",
        "samples": len(read.names),
        "quantiles": quantiles,
    }
    return json.dumps(record, separators=(",", ":")).replace('],"', '],\n"') + "\n"


def _write(path: Path, text: str) -> None:
    beside = path.with_name(f".{path.name}.new")
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, path)


def main(arguments: list[str] | None = None) -> None:
    """Fits, and says what it wrote."""
    from nenuphar.knowledge.base import load_knowledge

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=FILE)
    parser.add_argument("--cards", type=Path)
    wanted = parser.parse_args(arguments)
    text = cohort_text(read_readings(wanted.data))
    _write(wanted.out, text)
    sys.stdout.write(f"{wanted.out.name}: {len(text)} bytes\n")
    if wanted.cards:
        cuts = {name: one.value for name, one in load_knowledge().thresholds.items()}
        shipped = ("immune.cd8.hot_min", "immune.cd8.low_max", "immune.macrophage.rich_min")
        counted = ("immune.t_cells.hot_min", "immune.t_cells.low_max", "immune.myeloid.rich_min")
        told = card(
            wanted.data,
            tuple(cuts[name] for name in shipped),  # type: ignore[arg-type]
            tuple(cuts[name] for name in counted),  # type: ignore[arg-type]
            cuts["immune.fibroblast.rich_min"],
        )
        _write(wanted.cards / "immune-class.md", told)
        sys.stdout.write("immune-class.md\n")


if __name__ == "__main__":
    main()
