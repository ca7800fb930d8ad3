"""The process of one run: `python -m nenuphar.web.child`, told what to do by its first line.

It tells how far it is, and at its end what came of it, one line of JSON each. When the server that
began it is gone, its input ends, and so does it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import traceback
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from nenuphar.domain.problems import UnreadableInputError, UsageError

CHECKED = "check.json"


def main() -> None:
    """Read the order, do it, and say what came of it."""
    channel = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())  # libraries that print must not end up in the channel
    order = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_the_server, daemon=True).start()
    os.umask(0o077)
    try:
        work = _check if order["kind"] == "check" else _assess
        said = work(order, partial(_tell, channel))
    except (UsageError, UnreadableInputError) as error:
        said = {"message": str(error)}
    except Exception as error:  # noqa: BLE001 - what it says may quote a patient; where does not
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{type(error).__name__} in {Path(place.filename).name}:{place.lineno}"
        said = {"message": f"{where}. This is a fault of Nenuphar, not of your input."}
    channel.write(json.dumps(said) + "\n")
    channel.flush()


def _end_with_the_server() -> None:
    sys.stdin.buffer.read()
    if hasattr(os, "killpg") and os.getpgid(0) == os.getpid():
        os.killpg(0, signal.SIGKILL)  # processes that share the work go too
    os._exit(1)


def _tell(channel: TextIO, step: str, done: int, of: int) -> None:
    channel.write(json.dumps({"step": step, "done": done, "of": of}) + "\n")
    channel.flush()


def _assess(order: Mapping[str, Any], progress: Any) -> dict[str, Any]:
    from nenuphar.pipeline.job import run_job

    finished = run_job(
        Path(order["source"]),
        Path(order["out"]),
        mapping=order["mapping"],
        workers=None,
        as_of=order["as_of"],
        reports=order["reports"],
        progress=progress,
    )
    return {"counts": finished.counts}


def _check(order: Mapping[str, Any], progress: Any) -> dict[str, Any]:
    """Read an input without concluding anything, and keep what was found."""
    from nenuphar.io.inputs import read_input
    from nenuphar.knowledge.base import load_knowledge
    from nenuphar.report.cohort_tables import problem_groups
    from nenuphar.store.publish import publish

    progress("Reading", 0, 0)
    knowledge = load_knowledge()
    source = Path(order["source"])
    try:
        read = read_input(source, knowledge, order["mapping"])
    except UsageError as error:
        return _draft(source, order, error)
    rows = {scope.value: frame.height for scope, frame in read.frames.items() if frame.height}
    found = {
        "counts": read.counts,
        "rows": rows,
        "inputs": {file.name: file.sha256 for file in read.inputs},
        "groups": [
            {
                "column": column,
                "reason": reason,
                "fix": fix,
                "number": number,
                "records": records,
                "example": asdict(example),
            }
            for column, reason, fix, number, records, example in problem_groups(read.problems)
        ],
        "problems": [asdict(problem) for problem in read.problems[: order["problems"]]],
        "problem_count": len(read.problems),
    }
    publish(Path(order["out"]), partial(_write, found=found, problems=read.problems))
    return {"counts": read.counts}


def _write(folder: Path, found: Mapping[str, Any], problems: Any) -> None:
    from nenuphar.store.results import (
        MADE_BY,
        REJECTED_SCHEMA,
        rejected_table,
        write_manifest,
        write_tsv,
    )

    text = json.dumps(found, ensure_ascii=False)
    (folder / CHECKED).write_text(text, encoding="utf-8")
    write_tsv(rejected_table(problems).select(list(REJECTED_SCHEMA)), folder / "rejected.tsv")
    write_manifest(folder, {"made_by": MADE_BY, "counts": found["counts"]})


def _draft(source: Path, order: Mapping[str, Any], error: UsageError) -> dict[str, Any]:
    """Propose a mapping for a table that has none; everything else is said as it is."""
    from nenuphar.io.draft import draft_mapping
    from nenuphar.io.inputs import is_case_input
    from nenuphar.knowledge.base import load_knowledge
    from nenuphar.store.publish import publish

    if order["mapping"] or not source.is_file() or is_case_input(source):
        raise error
    text = draft_mapping(source, load_knowledge())
    counts = dict.fromkeys(("read", "accepted", "rejected", "values_rejected"), 0)
    found = {
        **{"counts": counts, "rows": {}, "inputs": {}, "draft": text},
        **{"groups": [], "problems": [], "problem_count": 0},
    }
    publish(Path(order["out"]), partial(_write, found=found, problems=()))
    return {"counts": counts}


if __name__ == "__main__":
    main()
