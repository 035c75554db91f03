"""The mutator itself: a mutant that has to die dies, and one that no test covers does not."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="each mutant lives in a fork")


def mutate(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "scripts" / "mutate.py"), *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("file", "tests", "seed"),
    [
        ("guardrail/flows.py", "tests/test_flows.py", "1"),  # the tests freeze what they are made of
        ("guardrail/sources/linking/across.py", "tests/sources/linking/test_across.py", "2"),  # imported inside a test
    ],
)
def test_a_mutant_that_has_to_die_dies_and_is_not_tried_again(file: str, tests: str, seed: str, tmp_path: Path) -> None:
    words = (file, "--most", "2", "--seed", seed, "--tests", tests, "--log", str(tmp_path / "mutants.jsonl"))
    done = mutate(*words)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"{file}: 2 tried, 2 killed, 0 equivalent, 0 survive" in done.stdout
    assert " mutants, 0 of them to try" in mutate(*words).stdout


def test_a_mutant_that_no_test_covers_survives() -> None:
    done = mutate("guardrail/flows.py", "--most", "1", "--tests", "tests/test_nearest.py")
    assert done.returncode == 1
    assert "guardrail/flows.py: 1 tried, 0 killed, 0 equivalent, 1 survive" in done.stdout
