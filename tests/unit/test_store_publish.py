import errno
import json
import os

import pytest

from nenuphar.domain.problems import UsageError
from nenuphar.store import publish as room
from nenuphar.store.publish import publish


def building(version: str, made_by: str = "nenuphar"):
    def build(folder):
        (folder / "conclusions.tsv").write_text(version)
        (folder / "manifest.json").write_text(json.dumps({"made_by": made_by}))

    return build


def content(out) -> str:
    return (out / "conclusions.tsv").read_text()


@pytest.fixture(params=["exchange", "renames"])
def system(request, monkeypatch):
    if request.param == "renames":
        monkeypatch.setattr(room, "_exchange", lambda one, other: False)
    return request.param


def test_publishes_into_a_new_place_and_over_an_earlier_result(tmp_path, system):
    out = tmp_path / "deep" / "results"
    publish(out, building("one"))
    assert content(out) == "one"
    (out / "stale.html").write_text("of the earlier run")
    publish(out, building("two"))
    assert content(out) == "two"
    assert sorted(p.name for p in out.iterdir()) == ["conclusions.tsv", "manifest.json"]
    assert [p.name for p in out.parent.iterdir()] == ["results"]


def test_an_empty_folder_is_taken(tmp_path, system):
    out = tmp_path / "results"
    out.mkdir()
    publish(out, building("one"))
    assert content(out) == "one"


@pytest.mark.parametrize(
    "manifest", [None, "{}", "[]", "not json", '{"made_by": "another tool"}', '"nenuphar"']
)
def test_a_folder_that_is_not_ours_is_never_replaced(tmp_path, manifest):
    out = tmp_path / "results"
    out.mkdir()
    (out / "thesis.docx").write_text("ten years of work")
    if manifest is not None:
        (out / "manifest.json").write_text(manifest)
    with pytest.raises(UsageError, match=r"did not write.*new or empty folder"):
        publish(out, building("one"))
    assert (out / "thesis.docx").read_text() == "ten years of work"
    assert [p.name for p in tmp_path.iterdir()] == ["results"]


def test_a_folder_that_somebody_fills_during_the_run_is_not_replaced(tmp_path):
    out = tmp_path / "results"

    def build(folder):
        building("one")(folder)
        out.mkdir()
        (out / "thesis.docx").write_text("ten years of work")

    with pytest.raises(UsageError, match="did not write"):
        publish(out, build)
    assert (out / "thesis.docx").exists()
    assert [p.name for p in tmp_path.iterdir()] == ["results"]


def test_a_file_is_refused(tmp_path):
    out = tmp_path / "results"
    out.write_text("a file")
    with pytest.raises(UsageError, match="is a file; name a folder"):
        publish(out, building("one"))
    assert out.read_text() == "a file"


def test_a_failed_build_leaves_the_earlier_result_and_nothing_beside_it(tmp_path):
    out = tmp_path / "results"
    publish(out, building("one"))

    def broken(folder):
        building("two")(folder)
        raise ValueError("the build failed")

    with pytest.raises(ValueError, match="the build failed"):
        publish(out, broken)
    assert content(out) == "one"
    assert [p.name for p in tmp_path.iterdir()] == ["results"]


def test_a_build_without_a_manifest_is_a_fault_of_the_program(tmp_path):
    with pytest.raises(RuntimeError, match="made_by"):
        publish(tmp_path / "results", lambda folder: None)
    assert list(tmp_path.iterdir()) == []


def test_leftovers_of_killed_runs_are_cleared_but_not_those_of_a_running_one(tmp_path):
    out = tmp_path / "re[s]ults"
    dead = tmp_path / ".re[s]ults.nenuphar-new-dead"
    dead.mkdir()
    (dead / "half.tsv").write_text("half")
    running = tmp_path / ".re[s]ults.nenuphar-new-running"
    running.mkdir()
    lock = room._lock(running)
    other = tmp_path / ".results.nenuphar-new-other"
    other.mkdir()
    publish(out, building("one"))
    assert not dead.exists()
    assert running.exists()
    assert other.exists()
    os.close(lock)


def test_an_earlier_result_that_a_kill_left_aside_is_put_back(tmp_path):
    out = tmp_path / "results"
    publish(out, building("one"))
    os.rename(out, tmp_path / ".results.nenuphar-earlier")
    room.recover(out)
    assert content(out) == "one"


def test_renames_put_the_earlier_result_back_when_the_second_one_fails(tmp_path, monkeypatch):
    out = tmp_path / "results"
    publish(out, building("one"))
    monkeypatch.setattr(room, "_exchange", lambda one, other: False)
    rename = os.rename

    def failing(source, target):
        if "nenuphar-new" in str(source):
            raise OSError(errno.EIO, "no")
        rename(source, target)

    monkeypatch.setattr(room.os, "rename", failing)
    with pytest.raises(OSError, match="no"):
        publish(out, building("two"))
    assert content(out) == "one"


def test_a_link_to_a_result_stays_a_link(tmp_path):
    real, link = tmp_path / "real", tmp_path / "link"
    publish(real, building("one"))
    link.symlink_to(real)
    publish(link, building("two"))
    assert link.is_symlink()
    assert content(real) == "two"
