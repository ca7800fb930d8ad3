"""Simulated platforms: the same tumours as another machine would have measured them."""

from __future__ import annotations

import numpy as np

from nenuphar.methods.expression.subtypes.model import Numbers

STRONG = 1.0  # offsets as large as the differences between genes of one sample


def shifted(values: Numbers, strength: float, rng: np.random.Generator) -> Numbers:
    """Every gene gets its own offset, gain and noise, the same offset and gain for all samples.

    values: samples × genes, logarithms. strength: standard deviation of the offsets in units of
    the spread of genes within a sample; gain varies by a third of it, noise by a quarter.
    """
    spread = float(np.nanstd(values, axis=1).mean())
    genes = values.shape[1]
    offset = rng.normal(0.0, strength * spread, genes)
    gain = np.exp(rng.normal(0.0, strength / 3, genes))
    noise = rng.normal(0.0, strength * spread / 4, values.shape)
    centre = np.nanmean(values, axis=0)
    return (values - centre) * gain + centre + offset + noise
