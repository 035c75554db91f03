"""``guardrail fix`` on a plan: the source beside it is edited, with the values that the plan was made with."""

import json
import shutil
from pathlib import Path

import pytest

from guardrail import cli
from tests.fixes.stack import failing, fix

SCENARIOS = Path(__file__).resolve().parent.parent / "scenarios"


@pytest.fixture
def _in_scenario(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(SCENARIOS / request.param, tmp_path / "stack")
    monkeypatch.chdir(tmp_path / "stack")


@pytest.mark.parametrize(
    ("_in_scenario", "gone"),
    [
        ("async-min-capacity-one", {"async-scales-to-zero"}),
        ("step-policies-only-wake", {"async-scales-to-zero", "scaling-in-is-enabled"}),
    ],
    indirect=["_in_scenario"],
)
@pytest.mark.usefixtures("_in_scenario")
def test_the_source_of_a_plan_is_what_is_fixed(gone: set[str], capsys: pytest.CaptureFixture[str]) -> None:
    plan = Path("plan.json").read_bytes()
    before = failing(capsys, "plan.json")
    assert gone <= before
    fix("plan.json")
    assert Path("plan.json").read_bytes() == plan
    assert failing(capsys, "main.tf") == before - gone


def test_a_plan_without_its_source_has_nothing_to_fix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(SCENARIOS / "async-min-capacity-one" / "plan.json", tmp_path)
    monkeypatch.chdir(tmp_path)
    assert cli.main(["fix", "plan.json"]) == 2
    assert "the source of plan.json is not at hand" in capsys.readouterr().err


@pytest.mark.parametrize("_in_scenario", ["async-min-capacity-one"], indirect=True)
@pytest.mark.usefixtures("_in_scenario")
def test_values_of_the_plan_win_over_defaults_and_have_no_place(capsys: pytest.CaptureFixture[str]) -> None:
    source = Path("main.tf").read_text()
    assert source.count("min_capacity       = 1") == 1
    source = source.replace("min_capacity       = 1", "min_capacity       = var.least")
    Path("main.tf").write_text(source + '\nvariable "least" {\n  default = 0\n}\n')
    plan = json.loads(Path("plan.json").read_text())
    plan.setdefault("variables", {})["least"] = {"value": 1}
    Path("plan.json").write_text(json.dumps(plan))
    fix("plan.json", "--finding", "async-scales-to-zero")
    assert "it comes from var.least, which is not written in a file here" in capsys.readouterr().out
    plan["variables"]["least"] = {"value": 0}  # as the default has it: then there is nothing to fix in the source
    Path("plan.json").write_text(json.dumps(plan))
    fix("plan.json", "--finding", "async-scales-to-zero")
    assert "nothing to fix" in capsys.readouterr().out
