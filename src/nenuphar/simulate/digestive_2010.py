"""Draw a digestive cohort as reports of 2010 would hand it over, whose truth in 2022 is known.

The mix follows Xu 2021: 13.4% of digestive neoplasms are above 20%, and of these 18 to 20% are well
differentiated (the middle is taken). How the rest splits, and how much a report says, are
assumptions: they decide the share that stays open, and say nothing about any archive.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from nenuphar.simulate.cohort import SimulatedCohort

SHARES = {
    "net_g1": 0.55 * 0.866,
    "net_g2": 0.45 * 0.866,
    "net_g3": 0.19 * 0.134,
    "nec_small_cell": 0.35 * 0.134,
    "nec_large_cell": 0.46 * 0.134,
}
"""What the tumours are in the uniform framework; the shares below 20% and of cell types assumed."""

TERMS = {"net_g1": "NET G1", "net_g2": "NET G2"}
"""What a report of 2010 calls them; everything else is a NEC G3."""

MORPHOLOGY_READ = {"cell type": 0.45, "neuroendocrine only": 0.2}
"""How a report of 2010 states morphology (assumption); the rest states nothing."""

_SITES = ("pancreas", "small_intestine", "stomach", "colon", "rectum")
_MORPHOLOGY = {
    "net_g1": "well_differentiated",
    "net_g2": "well_differentiated",
    "net_g3": "well_differentiated",
    "nec_small_cell": "small_cell",
    "nec_large_cell": "large_cell",
}
_KI67 = {
    "net_g1": (0.5, 2.0),
    "net_g2": (3.0, 20.0),
    "net_g3": (20.5, 55.0),
    "nec_small_cell": (50.0, 100.0),
    "nec_large_cell": (25.0, 95.0),
}


def simulate_digestive_2010(patients: int, seed: int = 0) -> SimulatedCohort:
    """Draw a cohort; the same seed gives the same cohort.

    Args:
        patients: How many, at least 1.
        seed: Seed of the generator.

    Returns:
        Records with the term of 2010, Ki-67 and what the report says of morphology; and for every
        patient the name in the uniform framework.

    Raises:
        ValueError: Fewer than one patient.
    """
    if patients < 1:
        raise ValueError(f"a cohort needs at least one patient, not {patients}")
    rng = np.random.default_rng(seed)
    names = np.array(list(SHARES))
    shares = np.array(list(SHARES.values()))
    drawn = names[rng.choice(len(names), patients, p=shares / shares.sum())]
    width = len(str(patients))
    ids = "SIM-" + pl.int_range(1, patients + 1, eager=True).cast(pl.String).str.zfill(width)
    ends = np.array([_KI67[name] for name in drawn])
    ki67 = np.round(rng.uniform(ends[:, 0], ends[:, 1]), 1).astype(str)
    read = rng.random(patients)
    said = np.array([_MORPHOLOGY[name] for name in drawn], dtype=object)
    vague = MORPHOLOGY_READ["cell type"]
    said[read >= vague] = "neuroendocrine"
    said[read >= vague + MORPHOLOGY_READ["neuroendocrine only"]] = ""
    records = pl.DataFrame(
        {
            "patient_id": ids,
            "site": rng.choice(_SITES, patients),
            "diagnosis_2010": [TERMS.get(name, "NEC G3") for name in drawn],
            "ki67": ki67,
            "morphology": pl.Series(said, dtype=pl.String),
        }
    )
    return SimulatedCohort(records, pl.DataFrame({"patient_id": ids, "entity": drawn}))
