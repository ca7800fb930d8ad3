"""Archives from strangers: what leads out, what is more than it says, what is no file."""

from __future__ import annotations

import io
import stat
import zipfile
from pathlib import Path

import pytest
from workspace_browser import LIMITS

from nenuphar.domain.problems import UnreadableInputError
from nenuphar.web.archives import refuse_bomb, unpack
from nenuphar.web.uploads import safe_name


def archive(tmp_path: Path, members: list[tuple[object, bytes]], name: str = "a.zip") -> Path:
    path = tmp_path / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        for member, content in members:
            opened.writestr(member, content)
    return path


def target(tmp_path: Path) -> Path:
    folder = tmp_path / "target"
    folder.mkdir()
    return folder


def test_files_and_folders_come_out_as_they_were(tmp_path):
    path = archive(tmp_path, [("s/a.txt", b"a"), ("s/b/c.txt", b"c"), ("__MACOSX/._a", b"x")])
    folder = target(tmp_path)
    assert unpack(path, folder, LIMITS) == 2
    assert (folder / "s" / "b" / "c.txt").read_bytes() == b"c"


@pytest.mark.parametrize(
    "name",
    ["../evil.txt", "s/../../evil.txt", "/evil.txt", "s//evil.txt", "C:evil.txt", "..\\evil.txt",
     "s/./evil.txt", "a\x07.txt", "a/" * 9 + "b", "n" * 200],
)  # fmt: skip
def test_a_name_that_leads_out_is_refused(tmp_path, name):
    path = archive(tmp_path, [("fine.txt", b"1"), (name, b"evil")])
    with pytest.raises(UnreadableInputError, match="leads out of its folder"):
        unpack(path, target(tmp_path), LIMITS)
    assert not (tmp_path / "evil.txt").exists()


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_devices_are_refused(tmp_path, kind):
    link = zipfile.ZipInfo("link")
    link.external_attr = (kind | 0o777) << 16
    path = archive(tmp_path, [(link, b"/etc/passwd")])
    with pytest.raises(UnreadableInputError, match="link or a device"):
        unpack(path, target(tmp_path), LIMITS)


def test_an_archive_that_grows_beyond_reason_is_refused_before_it_is_unpacked(tmp_path):
    path = archive(tmp_path, [("zeros", b"\0" * (3 << 20))])
    folder = target(tmp_path)
    with pytest.raises(UnreadableInputError, match="unpacks to 3 MB"):
        unpack(path, folder, LIMITS)
    assert list(folder.iterdir()) == []


def test_an_archive_that_lies_about_its_size_is_stopped(tmp_path):
    content = bytes(range(256)) * (20 << 10)
    path = archive(tmp_path, [("data", content)])
    data = bytearray(path.read_bytes())
    for position in (data.index(b"PK\x03\x04") + 22, data.index(b"PK\x01\x02") + 24):
        data[position : position + 4] = (1000).to_bytes(4, "little")
    path.write_bytes(data)
    folder = target(tmp_path)
    with pytest.raises(UnreadableInputError):
        unpack(path, folder, LIMITS)
    assert sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()) <= LIMITS.unpacked


def test_too_many_files_are_refused(tmp_path):
    path = archive(tmp_path, [(f"{i}.txt", b"") for i in range(LIMITS.members + 1)])
    with pytest.raises(UnreadableInputError, match="more than 50"):
        unpack(path, target(tmp_path), LIMITS)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", b"no archive at all"])
def test_what_is_no_archive_says_so(tmp_path, content):
    path = tmp_path / "broken.zip"
    path.write_bytes(content)
    with pytest.raises(UnreadableInputError, match="damaged"):
        unpack(path, target(tmp_path), LIMITS)


def test_a_workbook_is_an_archive_too(tmp_path):
    bomb = archive(tmp_path, [("xl/workbook.xml", b"\0" * (3 << 20))], "bomb.xlsx")
    with pytest.raises(UnreadableInputError, match="unpacks to"):
        refuse_bomb(bomb, LIMITS)
    refuse_bomb(archive(tmp_path, [("xl/workbook.xml", b"<a/>")], "fine.xlsx"), LIMITS)


def test_a_hostile_archive_leaves_nothing_behind(browser, settings):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as opened:
        opened.writestr("fine.yaml", "patient: P1")
        opened.writestr("../../evil.yaml", "patient: P2")
    answer = browser.send(browser.project(), ("study.zip", held.getvalue()))
    assert answer.status_code == 422
    assert "leads out of its folder" in answer.text
    assert list((settings.data / "inputs").iterdir()) == []


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("readings.csv", "readings.csv"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\case.yaml", "case.yaml"),
        (".bashrc", "bashrc"),
        ("con.csv", "_con.csv"),
        ("a\x00b\n.csv", "a_b_.csv"),
        ("Fälle 2024.xlsx", "Fälle 2024.xlsx"),
        ("<b>&.csv", "_b_.csv"),
        ("...", "file"),
        ("", "file"),
        ("-rf", "-rf"),
    ],
)
def test_a_name_becomes_a_plain_one(given, kept):
    assert safe_name(given) == kept


def test_a_long_name_keeps_its_ending():
    assert len(safe_name("x" * 500 + ".parquet")) <= 100
    assert safe_name("x" * 500 + ".parquet").endswith(".parquet")
