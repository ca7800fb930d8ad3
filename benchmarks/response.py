"""Speed and memory of best response, each as a ratio against a peer in the same run.

Peers: one Polars sort and group-by over the same rows (what any such answer needs at least),
and a plain pandas group-apply that follows the rules subject by subject. pandas is timed on a
share of the subjects and scaled, which favours it.
"""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
import polars as pl

from nenuphar.methods.response.best_response import best_response
from nenuphar.methods.response.confirmation import BestResponseRules

SUBJECTS = 100_000
VISITS = 10
PANDAS_SUBJECTS = 500
RULES = BestResponseRules(confirm_days=28)
_TERMS = ["CR", "PR", "SD", "NON-CR/NON-PD", "PD", "NE"]


def cohort(subjects: int = SUBJECTS, visits: int = VISITS) -> pl.DataFrame:
    """Simulate time points in a scrambled order: subjects x visits rows."""
    random = np.random.default_rng(2024)
    days = np.cumsum(random.integers(20, 70, (subjects, visits)), axis=1).ravel()
    reference = dt.date(2020, 1, 1)
    return (
        pl.DataFrame(
            {
                "subject": np.repeat([f"S{number:06d}" for number in range(subjects)], visits),
                "day": days,
                "response": random.choice(
                    _TERMS, subjects * visits, p=[0.15, 0.25, 0.3, 0.05, 0.05, 0.2]
                ),
            }
        )
        .select(
            "subject",
            date=pl.lit(reference) + pl.duration(days="day"),
            response="response",
            reference_date=pl.lit(reference),
        )
        .sample(fraction=1.0, shuffle=True, seed=1)
    )


def sort_and_group(frame: pl.DataFrame) -> pl.DataFrame:
    """The peer that bounds us: one sort and one group-by."""
    return (
        frame.sort("subject", "date")
        .group_by("subject", maintain_order=True)
        .agg(pl.col("response").first(), pl.col("date").min())
    )


def pandas_best(frame) -> tuple[str, object]:
    """Confirmed best response of one subject, written the plain pandas way."""
    frame = frame.sort_values("date")
    progressed = frame.loc[frame["response"] == "PD", "date"]
    if len(progressed):
        frame = frame[frame["date"] <= progressed.min()]
    order = {term: rank for rank, term in enumerate(_TERMS)}
    found = []
    for index, row in enumerate(frame.itertuples()):
        later = frame.iloc[index + 1 :]
        value = row.response
        if value in ("CR", "PR"):
            good = later["response"].isin(["CR"] if value == "CR" else ["CR", "PR"])
            late = (later["date"] - row.date).dt.days >= RULES.confirm_days
            ends = later.index[good & late]
            way = later.loc[: ends[0], "response"].tolist() if len(ends) else None
            allowed = {"CR", "NE"} if value == "CR" else {"CR", "PR", "NE"}
            confirmed = (
                way is not None
                and set(way) <= allowed
                and way.count("NE") <= RULES.max_ne
                and not ("CR" in way and "PR" in way[way.index("CR") :])
            )
            if not confirmed:
                value = "SD"
        if value in ("SD", "NON-CR/NON-PD"):
            value = value if (row.date - row.reference_date).days >= RULES.start_window else "NE"
        found.append((order[value], row.date, value))
    best = min(found)
    return best[2], best[1]


def best_of(function: Callable[[], object], times: int = 3) -> float:
    """Shortest of a few runs, seconds."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        function()
        taken.append(time.perf_counter() - start)
    return min(taken)


_MEMORY = """
import resource, sys
from benchmarks.response import RULES, cohort
from nenuphar.methods.response.best_response import best_response
frame = cohort()
warm = best_response(frame.head(1000).unique(["subject", "date"]), RULES)
def status(name):
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith(name)) * 1024
open("/proc/self/clear_refs", "w").write("5")
before = status("VmRSS")
best_response(frame, RULES)
print((status("VmHWM") - before) / frame.estimated_size())
"""


def memory_ratio() -> float | None:
    """Peak memory above the loaded input while deriving, over the size of the input.

    Measured in a process of its own from the kernel's peak resident size; ``None`` where the
    kernel does not offer it.
    """
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", _MEMORY], capture_output=True, text=True, check=False
    )
    return float(done.stdout) if done.returncode == 0 else None


def run() -> list[dict[str, object]]:
    """Measure everything once; ``ratio`` is ours over the peer (memory: over the input)."""
    frame = cohort()
    ours = best_of(lambda: best_response(frame, RULES))
    peer = best_of(lambda: sort_and_group(frame))
    results: list[dict[str, object]] = [
        {
            "name": "confirmed best response, 100,000 subjects x 10",
            "ours_s": ours,
            "peer": "one Polars sort + group-by",
            "peer_s": peer,
            "ratio": ours / peer,
            "bound": "<= 5",
        }
    ]
    some = frame.filter(pl.col("subject") < f"S{PANDAS_SUBJECTS:06d}")
    share = SUBJECTS / PANDAS_SUBJECTS
    table = some.to_pandas()
    table[["date", "reference_date"]] = table[["date", "reference_date"]].astype("datetime64[s]")
    start = time.perf_counter()
    slow = {name: pandas_best(group) for name, group in table.groupby("subject")}
    pandas_s = (time.perf_counter() - start) * share
    fast = best_response(some, RULES)
    if fast["best_response"].to_list() != [value for value, _ in slow.values()]:
        message = "the pandas peer does not agree with the fast best response"
        raise RuntimeError(message)
    results.append(
        {
            "name": "confirmed best response (times faster)",
            "ours_s": ours,
            "peer": f"pandas group-apply, scaled from 1/{share:.0f} of the subjects",
            "peer_s": pandas_s,
            "ratio": pandas_s / ours,
            "bound": ">= 50",
        }
    )
    memory = memory_ratio()
    if memory is not None:
        results.append(
            {
                "name": "peak memory of confirmed best response, in sizes of the input",
                "ours_s": None,
                "peer": "the input frame",
                "peer_s": None,
                "ratio": memory,
                "bound": "<= 6",
            }
        )
    return results


def main() -> None:
    """Print the measurements."""
    for result in run():
        times = ""
        if result["ours_s"] is not None:
            times = f"ours {result['ours_s']:.3f} s, peer {result['peer_s']:.3f} s, "
        line = f"{result['name']}: {times}ratio {result['ratio']:.4f} (bound {result['bound']})"
        sys.stdout.write(f"{line}; peer: {result['peer']}\n")


if __name__ == "__main__":
    main()
