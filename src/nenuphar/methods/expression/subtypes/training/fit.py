"""Refits every panel: `python -m nenuphar.methods.expression.subtypes.training.fit --data DIR`.

DIR is the folder that holds `lung_nen`, `pannet_expression`, `sclc_smc` and `groves_sclc`. The same
data give the same bytes. `--cards DIR` measures as well (minutes) and writes the model cards.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from nenuphar.methods.expression.subtypes.calls import panel_values
from nenuphar.methods.expression.subtypes.model import FOLDER, as_text, load_model, to_record
from nenuphar.methods.expression.subtypes.reference import FILE as REFERENCE
from nenuphar.methods.expression.subtypes.reference import reference_record
from nenuphar.methods.expression.subtypes.training.cohorts import (
    PANEL_SIZE,
    read_cohort,
)
from nenuphar.methods.expression.subtypes.training.fitting import fit
from nenuphar.methods.expression.subtypes.training.sclc_rule import sclc_record
from nenuphar.methods.expression.subtypes.training.stains import FIXED, stain_record
from nenuphar.methods.expression.subtypes.views import ranks


def panel_text(panel: str, data: Path) -> str:
    """The file of a panel, fitted from the data."""
    if panel == "sclc":
        return as_text(sclc_record(data))
    if panel in FIXED:
        return as_text(stain_record(panel, data))
    cohort = read_cohort(panel, data)
    return as_text(to_record(fit(cohort, PANEL_SIZE[panel])))


def reference_text(data: Path) -> str:
    """The reference of the lung NEN map: quantiles, axes and regions, on ranks among the panel."""
    cohort = read_cohort("lung-nen", data)
    model = load_model("lung-nen")
    places = ranks(panel_values(model.genes, cohort.genes, cohort.values))
    record = reference_record(places, cohort.labels, model.genes, cohort.groups)
    return json.dumps(record, separators=(",", ":")).replace('],"', '],\n"') + "\n"


def write(path: Path, text: str) -> None:
    """Writes a file whole or not at all."""
    beside = path.with_name(f".{path.name}.new")
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, path)


def main(arguments: list[str] | None = None) -> None:
    """Fits, and says what it wrote."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=FOLDER)
    parser.add_argument("--cards", type=Path)
    parser.add_argument("--panel", action="append", choices=[*PANEL_SIZE, *FIXED, "sclc"])
    wanted = parser.parse_args(arguments)
    for panel in wanted.panel or [*PANEL_SIZE, *FIXED, "sclc"]:
        text = panel_text(panel, wanted.data)
        json.loads(text)
        write(wanted.out / f"{panel}.json", text)
        sys.stdout.write(f"{panel}: {len(text)} bytes\n")
        if wanted.cards:
            from nenuphar.methods.expression.subtypes.training.cards import card

            write(wanted.cards / f"{panel}.md", card(panel, wanted.data))
    if not wanted.panel:
        write(wanted.out / REFERENCE, reference_text(wanted.data))


if __name__ == "__main__":
    main()
