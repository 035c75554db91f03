"""Plans in the wild: where a collection of them lies beside the checkout, each is read, or refused with a clear line.

The collections are other people's, so they are not part of the repository; without them these tests are skipped.
"""

from pathlib import Path

import pytest

from guardrail import cli

BESIDE = Path(__file__).resolve().parent.parent.parent / "shared"
FOLDERS = (BESIDE / "corpus" / "plans", BESIDE / "plans")
PLANS = sorted(path for folder in FOLDERS for path in folder.rglob("*.json") if not path.name.endswith(".tf.json"))


def label(path: Path) -> str:
    return str(path.relative_to(BESIDE))


def test_there_is_a_collection() -> None:
    if not PLANS:
        pytest.skip(f"no plans under {' or '.join(map(str, FOLDERS))}")
    assert len(PLANS) > 10


@pytest.mark.parametrize("form", ["table", "json"])
@pytest.mark.parametrize("plan", PLANS, ids=label)
def test_a_plan_is_read_or_refused_with_a_clear_line(
    plan: Path, form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    code = cli.main(["check", str(plan), "--format", form, "--strict"])
    shown = capsys.readouterr()
    assert "Traceback" not in shown.out + shown.err
    if code == 2:
        first, *hints = shown.err.splitlines()
        assert shown.out == ""
        assert first.startswith("guardrail: ")
        assert all(line.startswith("hint: ") for line in hints)
    else:
        assert code in (0, 1, 3)
        assert shown.out != ""
        assert shown.err == ""
