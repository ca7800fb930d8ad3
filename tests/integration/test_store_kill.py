"""A run killed outright leaves the earlier complete result or the new one."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from nenuphar.pipeline.simulated import write_simulated
from nenuphar.store.publish import publish
from nenuphar.store.results import write_manifest

CHILD = """
import json, os, signal, sys
from pathlib import Path
from nenuphar.store.publish import publish

out, first, last, kill_at = Path(sys.argv[1]), *map(int, sys.argv[2:5])

def build(folder):
    for i in range(12):
        (folder / f"part{i}.txt").write_text(str(version) * 20_000)
    (folder / "cases").mkdir()
    (folder / "cases" / "page.html").write_text(str(version))
    (folder / "manifest.json").write_text(json.dumps({"made_by": "nenuphar", "n": version}))

if kill_at >= 0:
    seen = 0
    def hook(event, arguments):
        global seen
        if event.split(".")[0] in ("open", "os", "shutil", "ctypes", "fcntl"):
            seen += 1  # first, for the kill is an event too
            if seen == kill_at + 1:
                os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(hook)

print("ready", flush=True)
for version in range(first, last):
    publish(out, build)
print("done", seen if kill_at >= 0 else 0, flush=True)
"""

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")


def complete_version(out: Path) -> int:
    """Return the version that a folder holds, after checking that all of it is that version."""
    version = json.loads((out / "manifest.json").read_text())["n"]
    parts = sorted(path.name for path in out.iterdir())
    assert parts == sorted(["cases", "manifest.json", *(f"part{i}.txt" for i in range(12))])
    for i in range(12):
        assert (out / f"part{i}.txt").read_text() == str(version) * 20_000
    assert (out / "cases" / "page.html").read_text() == str(version)
    return version


def start(out: Path, first: int, last: int, kill_at: int = -1) -> subprocess.Popen[str]:
    arguments = [str(out), str(first), str(last), str(kill_at)]
    child = subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", CHILD, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ},
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    return child


def run_through(out: Path, version: int) -> int:
    """Publish one version undisturbed and return how many kill points it passes."""
    output, errors = start(out, version, version + 1, 10**9).communicate(timeout=60)
    assert output.startswith("done"), errors
    return int(output.split()[1])


def hidden(out: Path) -> list[str]:
    return [path.name for path in out.parent.iterdir() if path.name.startswith(".")]


def test_a_kill_at_a_random_moment_leaves_one_complete_result(tmp_path):
    out = tmp_path / "results"
    run_through(out, 0)
    chance, before, killed = random.Random(20260), 0, 0  # noqa: S311
    for _ in range(12):
        child = start(out, before + 1, before + 10_000)
        time.sleep(chance.uniform(0.0, 0.12))
        child.send_signal(signal.SIGKILL)
        child.communicate(timeout=60)
        killed += child.returncode == -signal.SIGKILL
        after = complete_version(out)
        assert after >= before
        before = after
    assert killed == 12
    assert before > 0
    run_through(out, before + 1)
    assert complete_version(out) == before + 1
    assert hidden(out) == []


def test_a_kill_before_any_step_leaves_one_complete_result(tmp_path):
    out = tmp_path / "results"
    run_through(out, 0)
    points = run_through(out, 1)
    assert points > 60
    # A run that first clears the leftover of a killed one passes more points than `points`.
    chosen = random.Random(7).sample(range(2 * points), 18)  # noqa: S311
    outcomes = set()
    for version, point in enumerate(chosen, start=2):
        earlier = complete_version(out)
        child = start(out, version, version + 1, point)
        child.communicate(timeout=60)
        if child.returncode == -signal.SIGKILL:
            outcomes.add(complete_version(out) == version)
            assert complete_version(out) in (earlier, version)
    assert outcomes == {False, True}  # some died before the exchange, some after it
    run_through(out, 99)
    assert complete_version(out) == 99
    assert hidden(out) == []


def test_a_kill_during_the_first_run_leaves_nothing_or_the_whole(tmp_path):
    out = tmp_path / "results"
    for point in range(0, 90, 9):
        child = start(out, 5, 6, point)
        child.communicate(timeout=60)
        if out.exists():
            assert complete_version(out) == 5
    run_through(out, 6)
    assert hidden(out) == []


def test_a_run_killed_while_workers_write_pages_leaves_neither_pages_nor_workers(tmp_path):
    cohort, mapping = write_simulated(60, 3, tmp_path / "in")
    out = tmp_path / "out"
    command = [sys.executable, "-m", "nenuphar", "assess", str(cohort), "--mapping", mapping]
    child = subprocess.Popen(  # noqa: S603
        [*command, "--workers", "2", "--out", str(out)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    until(lambda: any(tmp_path.glob(".out.nenuphar-new-*/cases/*.html")))
    child.send_signal(signal.SIGKILL)
    child.wait(timeout=60)
    until(lambda: not is_alive(child.pid))
    assert not out.exists()
    publish(out, lambda folder: write_manifest(folder, {"made_by": "nenuphar"}))
    assert hidden(out) == []


def until(done: Callable[[], bool], seconds: float = 120) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it did not come to be"
        time.sleep(0.05)


def is_alive(group: int) -> bool:
    """Whether any process of a group is still there."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
