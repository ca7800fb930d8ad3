"""How far a measured share can be trusted: exact intervals on the number of samples behind it."""

from __future__ import annotations

LEVEL = 0.95
NO_SHARES = ("balanced", "calibration_error")  # means over groups and bins, not shares of samples


def exact_interval(share: float, n: float) -> tuple[float, float]:
    """The Clopper-Pearson interval (95%) of a share (0-1) of n distinct samples.

    A share averaged over repeats of the same samples is no whole number of them: the interval is
    then the one between its neighbours. Repeats add no sample, so n must not count them.

    Source: doi:10.1093/biomet/26.4.404.
    """
    from scipy.special import betaincinv

    tail, right = (1 - LEVEL) / 2, min(max(share, 0.0), 1.0) * n
    low = betaincinv(right, n - right + 1, tail) if right > 0 else 0.0
    high = betaincinv(right + 1, n - right, 1 - tail) if right < n else 1.0
    return float(low), float(high)


def samples_behind(name: str, figures: dict[str, float], n: int) -> float | None:
    """How many of n samples a figure is a share of, on the mean of the repeats; None if of none."""
    if any(part in name for part in NO_SHARES):
        return None
    return n * figures["called"] if name.endswith("of_called") else float(n)
