"""How long a person waits for a single command, as a whole process, beside a bare interpreter."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

CASE = """
patient: P1
tumours:
  - id: T1
    facts: {tumour.site: lung, lesion.size: 20}
    specimens:
      - id: S1
        facts:
          pathology.morphology: carcinoid
          pathology.mitoses: 1/2mm2
          pathology.necrosis: absent
"""


def run(repeats: int = 5) -> list[dict[str, object]]:
    """Measure; the median of several runs counts.

    Args:
        repeats: Runs of each command.
    """
    with TemporaryDirectory() as folder:
        case = Path(folder) / "case.yaml"
        case.write_text(CASE, encoding="utf-8")
        commands = {
            "nenuphar --help": (["--help"], 0.5),
            "nenuphar explain, one case": (["explain", str(case)], 1.0),
            "nenuphar assess, one case": (["assess", str(case), "--out", f"{folder}/out"], 4.0),
        }
        bare = _seconds([sys.executable, "-c", "pass"], repeats)
        figures: list[dict[str, object]] = []
        for name, (arguments, bound) in commands.items():
            seconds = _seconds([sys.executable, "-m", "nenuphar", *arguments], repeats)
            figures.append({"name": f"{name}, seconds", "ratio": seconds, "bound": f"< {bound}"})
            figures.append({"name": name, "peer": "python -c pass", "ratio": seconds / bare})
    return figures


def _seconds(command: list[str], repeats: int) -> float:
    times = []
    for _ in range(repeats):
        start = perf_counter()
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603
        times.append(perf_counter() - start)
    return median(times)
