"""Run every benchmark and print its ratios: `python -m benchmarks [NAME ...]`."""

from __future__ import annotations

import importlib
import pkgutil
import sys

import benchmarks


def main(names: list[str]) -> int:
    """Run the named benchmarks, or all; return 1 if a bound is not kept."""
    found = [module.name for module in pkgutil.iter_modules(benchmarks.__path__)]
    kept = True
    for name in names or [n for n in found if not n.startswith(("_", "handwritten"))]:
        for figure in importlib.import_module(f"benchmarks.{name}").run():
            ratio, bound = figure.get("ratio"), str(figure.get("bound", ""))
            within = _within(ratio, bound)
            kept &= within is not False
            mark = {True: "kept", False: "BROKEN", None: ""}[within]
            peer = f" vs {figure['peer']}" if figure.get("peer") else ""
            print(f"{figure['name']}{peer}: {ratio:.2f} ({bound or 'no bound'}) {mark}")
    return 0 if kept else 1


def _within(ratio: object, bound: str) -> bool | None:
    sign, _, limit = bound.partition(" ")
    if not limit or not isinstance(ratio, int | float):
        return None
    number = float(limit)
    return {"<=": ratio <= number, "<": ratio < number, ">=": ratio >= number}.get(sign)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
