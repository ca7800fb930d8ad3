"""Take the pictures of the README: `python docs/make_pictures.py [CHROMIUM]`.

Runs the demonstration into a temporary folder and photographs one case page and the cohort page in
headless Chromium.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from nenuphar.pipeline.simulated import run_demo

PICTURES = Path(__file__).parent / "pictures"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars"]


def photograph(browser: str, page: Path, picture: Path, height: int) -> None:
    """Render a page at the width of a laptop and save what is seen of it."""
    with TemporaryDirectory() as profile:
        command = [
            *(browser, *FLAGS, "--disable-background-networking", f"--user-data-dir={profile}"),
            *(f"--screenshot={picture}", f"--window-size=1100,{height}", page.as_uri()),
        ]
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603


def an_open_case(out: Path) -> str:
    """Return the first patient whose entity stands only provisionally, with something to ask."""
    conclusions = pl.read_parquet(out / "conclusions.parquet")
    open_calls = conclusions.filter(
        (pl.col("fact") == "tumour.entity")
        & (pl.col("status") == "provisional")
        & pl.col("missing").str.contains("lesion.size")
        & (pl.col("value") == "typical_carcinoid")
    )
    return str(open_calls["patient_id"][0])


def main() -> None:
    """Take all pictures."""
    browser = sys.argv[1] if len(sys.argv) > 1 else shutil.which("chromium")
    if not browser:
        raise SystemExit("name a Chromium: python docs/make_pictures.py /usr/bin/chromium")
    PICTURES.mkdir(exist_ok=True)
    with TemporaryDirectory() as folder:
        out = Path(folder) / "demo"
        run_demo(120, out)
        photograph(browser, out / "index.html", PICTURES / "cohort.png", 1150)
        photograph(
            browser, out / "cases" / f"{an_open_case(out)}.html", PICTURES / "case.png", 1000
        )


if __name__ == "__main__":
    main()
