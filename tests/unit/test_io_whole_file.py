"""A file that is written appears whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from nenuphar.io.whole_file import whole_file, write_whole_text


def test_a_file_takes_the_place_of_the_earlier_one(tmp_path: Path) -> None:
    out = tmp_path / "out.txt"
    out.write_text("earlier")
    write_whole_text(out, "later\r\n")
    assert out.read_bytes() == b"later\r\n"
    assert [path.name for path in tmp_path.iterdir()] == ["out.txt"]


def test_what_fails_leaves_the_earlier_file_and_nothing_beside_it(tmp_path: Path) -> None:
    out = tmp_path / "out.txt"
    out.write_text("earlier")

    def break_off() -> None:
        with whole_file(out) as hidden:
            hidden.write_text("hal")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        break_off()
    assert out.read_text() == "earlier"
    assert [path.name for path in tmp_path.iterdir()] == ["out.txt"]
