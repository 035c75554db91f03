"""The picture of the documentation is what the question that it shows draws, from the file that stands above it."""

import re
from pathlib import Path

import pytest

from guardrail import cli

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "bills.md"
PICTURE = ROOT / "docs" / "images" / "bills-modes.svg"

pytest.importorskip("duckdb")


def test_the_picture_is_what_the_page_draws(
    tmp_path: Path, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    block = re.search(r"```csv months\.csv\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert block is not None
    (tmp_path / "months.csv").write_text(block[1], encoding="utf-8")
    assert cli.main(["bills", str(tmp_path / "months.csv"), "modes", "--format", "html"]) == 0
    drawn = re.search(r"<svg.*?</svg>", capsys.readouterr().out, re.DOTALL)
    assert drawn is not None
    if request.config.getoption("--update"):
        PICTURE.write_text(f"{drawn[0]}\n", encoding="utf-8")
    assert PICTURE.read_text(encoding="utf-8") == f"{drawn[0]}\n"


def test_the_tallest_bar_is_the_dearest_month() -> None:
    bars = r'<rect x="[^"]*" y="[^"]*" width="[^"]*" height="(\d+\.\d)"'
    heights = [float(each) for each in re.findall(bars, PICTURE.read_text(encoding="utf-8"))]
    # of 200 pixels: July is 1,047.55 + 171.12 = 1,218.67, of which the first bar is 1,047.55 / 1,218.67
    assert heights[0] == pytest.approx(200 * 1047.55 / 1218.67, abs=0.1)
    assert sum(heights[:2]) == pytest.approx(200, abs=0.2)
