"""Each of several inputs has the usage that lies nearest to it, and their order makes no difference.

One ml.m5.xlarge with its volume of 8 GB is 0.23 x 730 + 8 x 0.14 = 169.02 USD a month.
"""

import json
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from guardrail import cli
from tests.sources.plans import (
    CONFIGURATION,
    ENDPOINT,
    POLICY,
    TARGET,
    change,
    configuration,
    endpoint,
    plan,
    target,
    tracking_policy,
)

SCALED = plan(
    change(CONFIGURATION, configuration()),
    change(ENDPOINT, endpoint()),
    change(TARGET, target()),
    change(POLICY, tracking_policy()),
)
"""One to four instances, two to start with."""

ORDERS = list(permutations(["a/plan.json", "b/plan.json"]))


@pytest.fixture(autouse=True)
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two stacks with the same addresses, two instances of a busy on the average and three of b."""
    (tmp_path / ".git").mkdir()
    for stack, instances in (("a", 2), ("b", 3)):
        (tmp_path / stack).mkdir()
        (tmp_path / stack / "plan.json").write_text(json.dumps(SCALED))
        (tmp_path / stack / "guardrail-usage.yml").write_text(
            f"resource_usage:\n  {ENDPOINT}:\n    average_instances: {instances}\n"
        )
    monkeypatch.chdir(tmp_path)
    return tmp_path


def check(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    cli.main(["check", *arguments, "--format", "json"])
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("paths", ORDERS)
def test_each_input_has_its_own_usage_in_any_order(paths: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """2 x 169.02 + 3 x 169.02."""
    found = check(capsys, *paths)
    assert found["totals"]["after"]["expected"].startswith("845.1")
    assert {source["path"]: source["usage_file"] for source in found["sources"]} == {
        "a/plan.json": "a/guardrail-usage.yml",
        "b/plan.json": "b/guardrail-usage.yml",
    }
    assert found["usage_file"] is None
    assert found["notices"] == []


def test_one_file_for_all_is_that_of_the_report(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """2 x 2 x 169.02, and nobody looks for what a flag replaces."""
    found = check(capsys, "a/plan.json", "b/plan.json", "--usage-file", "a/guardrail-usage.yml")
    assert found["totals"]["after"]["expected"].startswith("676.08")
    assert (found["usage_file"], found["notices"]) == ("a/guardrail-usage.yml", [])
    (repository / ".guardrail.yml").write_text("usage_file: a/guardrail-usage.yml\n")
    found = check(capsys, "a/plan.json", "b/plan.json")
    assert found["usage_file"] == "a/guardrail-usage.yml"
    assert found["notices"] == ["b/guardrail-usage.yml does not count for b/plan.json: a/guardrail-usage.yml does"]


def test_usage_that_matches_nothing_of_its_own_input_is_named(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another input has the address, and another file says how that is used."""
    other = json.dumps(SCALED).replace("aws_sagemaker_endpoint.e", "aws_sagemaker_endpoint.f")
    (repository / "b" / "plan.json").write_text(other)
    assert check(capsys, "a/plan.json", "b/plan.json")["notices"] == [f"usage file: nothing has the address {ENDPOINT}"]


@pytest.mark.parametrize("paths", ORDERS)
def test_settings_are_those_nearest_to_all_inputs_and_what_lies_nearer_is_named(
    repository: Path, paths: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / "a" / ".guardrail.yml").write_text("fail_on: never\n")
    (repository / "b" / ".guardrail-baseline.json").write_text('{"version": 1}')
    found = check(capsys, *paths)
    assert (found["settings_file"], found["fail_on"]) == (None, "error")
    assert sorted(found["notices"]) == [
        "a/.guardrail.yml does not count for a/plan.json: name it with --config",
        "b/.guardrail-baseline.json does not count for b/plan.json: name it with --baseline",
    ]
    (repository / ".guardrail.yml").write_text("fail_on: warning\n")
    found = check(capsys, *paths)
    assert (found["settings_file"], found["fail_on"]) == (".guardrail.yml", "warning")
    assert "a/.guardrail.yml does not count for a/plan.json: .guardrail.yml does" in found["notices"]


def test_the_region_of_the_nearest_settings_is_that_of_the_input(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere = json.loads(json.dumps(SCALED))
    nowhere["configuration"]["provider_config"] = {}
    for stack, region in (("a", "eu-west-1"), ("b", "us-west-2")):
        (repository / stack / "plan.json").write_text(json.dumps(nowhere))
        (repository / stack / ".guardrail.yml").write_text(f"region: {region}\n")
    found = check(capsys, "b/plan.json", "a/plan.json")
    assert {one["source"]: one["region"] for one in found["endpoints"]} == {
        "a/plan.json": "eu-west-1",
        "b/plan.json": "us-west-2",
    }
