"""The baseline from the command line: written once, found again, and no cover for what came later.

The plan creates one real-time endpoint on two ml.m5.xlarge in us-east-1 that nothing scales and no tag describes. One
of them could be scaled in, with its volume of 8 GB: 0.23 USD x 730 h + 8 GB x 0.14 USD = 169.02 USD a month.
"""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from guardrail import cli


def resource(kind: str, name: str, after: dict[str, Any]) -> dict[str, Any]:
    change = {"actions": ["create"], "before": None, "after": after, "after_unknown": {}}
    return {
        "address": f"{kind}.{name}",
        "mode": "managed",
        "type": kind,
        "name": name,
        "provider_name": "registry.terraform.io/hashicorp/aws",
        "change": change,
    }


def plan(*, count: int = 2, instance_type: str = "ml.m5.xlarge", names: tuple[str, ...] = ("ranker",)) -> str:
    variant = {
        "variant_name": "main",
        "model_name": "ranker",
        "instance_type": instance_type,
        "initial_instance_count": count,
    }
    changes = []
    for name in names:
        variants = [copy.deepcopy(variant)]
        changes += [
            resource("aws_sagemaker_endpoint_configuration", name, {"name": name, "production_variants": variants}),
            resource("aws_sagemaker_endpoint", name, {"name": name, "endpoint_config_name": name}),
        ]
    return json.dumps({"format_version": "1.2", "terraform_version": "1.9.0", "resource_changes": changes})


@pytest.fixture(autouse=True)
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Checked:
    """What one run answered."""

    def __init__(self, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
        self.code = cli.main(["check", *arguments, "--region", "us-east-1", "--format", "json"])
        shown = capsys.readouterr()
        self.error = shown.err
        self.report: dict[str, Any] = json.loads(shown.out) if shown.out else {}

    def failures(self) -> dict[tuple[str, str], str]:
        """The status of each failure, by policy and address."""
        return {
            (one["policy"], one["address"]): one["status"] for one in self.report["results"] if one["verdict"] == "fail"
        }


def check(capsys: pytest.CaptureFixture[str], *arguments: str, **changes: Any) -> Checked:
    Path("plan.json").write_text(plan(**changes))
    return Checked(["plan.json", *arguments], capsys)


def test_findings_that_were_taken_up_fail_no_later_run(capsys: pytest.CaptureFixture[str], repository: Path) -> None:
    assert check(capsys).code == 1
    written = check(capsys, "--write-baseline")
    assert written.code == 0
    assert written.error == "guardrail: wrote .guardrail-baseline.json, findings: 2\n"
    first = (repository / ".guardrail-baseline.json").read_bytes()
    later = check(capsys)
    assert later.code == 0
    assert later.report["baseline_file"] == ".guardrail-baseline.json"
    assert set(later.failures().values()) == {"existing"}
    assert later.report["summary"]["existing"] == 2
    check(capsys, "--write-baseline")
    assert (repository / ".guardrail-baseline.json").read_bytes() == first


def test_what_comes_later_fails(capsys: pytest.CaptureFixture[str]) -> None:
    check(capsys, "--write-baseline")
    later = check(capsys, names=("ranker", "search"))
    assert later.code == 1
    assert later.failures() == {
        ("realtime-variants-scale", "aws_sagemaker_endpoint_configuration.ranker"): "existing",
        ("realtime-variants-scale", "aws_sagemaker_endpoint_configuration.search"): "new",
        ("cost-tags-are-present", "aws_sagemaker_endpoint.ranker"): "existing",
        ("cost-tags-are-present", "aws_sagemaker_endpoint.search"): "new",
    }


def test_a_dearer_finding_is_back_beyond_the_tolerance_of_the_settings(
    capsys: pytest.CaptureFixture[str], repository: Path
) -> None:
    """Three instances: 2 x 169.02 = 338.04 USD a month could be scaled in, 100 % more than before."""
    check(capsys, "--write-baseline")
    dearer = check(capsys, count=3)
    assert dearer.code == 1
    assert (
        ".guardrail-baseline.json: realtime-variants-scale for aws_sagemaker_endpoint_configuration.ranker is back: "
        "338.04 USD a month are at stake, and 169.02 USD a month was"
    ) in dearer.report["notices"]
    (repository / ".guardrail.yml").write_text("baseline:\n  tolerance_percent: 100\n")
    assert check(capsys, count=3).code == 0


def test_what_is_mended_is_listed_until_the_baseline_is_written_anew(capsys: pytest.CaptureFixture[str]) -> None:
    check(capsys, "--write-baseline", names=("ranker", "search"))
    mended = check(capsys)
    stale = [notice for notice in mended.report["notices"] if "is found no more" in notice]
    assert len(stale) == 2
    assert all("search@us-east-1" in notice for notice in stale)
    anew = check(capsys, "--write-baseline")
    assert not [notice for notice in anew.report["notices"] if "is found no more" in notice]


def test_all_makes_the_baseline_count(capsys: pytest.CaptureFixture[str]) -> None:
    check(capsys, "--write-baseline")
    assert check(capsys, "--all").code == 1


def test_a_budget_is_never_taken_up(capsys: pytest.CaptureFixture[str]) -> None:
    assert check(capsys, "--budget", "10", "--write-baseline").code == 1
    over = check(capsys, "--budget", "10")
    assert over.code == 1
    assert over.failures()["monthly-cost-within-budget", "stack"] == "new"


def test_the_nearest_baseline_counts_unless_one_is_named(capsys: pytest.CaptureFixture[str], repository: Path) -> None:
    stack = repository / "infra" / "search"
    stack.mkdir(parents=True)
    (stack / "plan.json").write_text(plan())
    empty = '{"version": 1, "findings": []}'
    (repository / ".guardrail-baseline.json").write_text(empty)
    near = "infra/search/.guardrail-baseline.json"
    Checked(["infra/search/plan.json", "--baseline", near, "--write-baseline"], capsys)
    found = Checked(["infra/search/plan.json"], capsys)
    assert (found.code, found.report["baseline_file"]) == (0, near)
    named = Checked(["infra/search/plan.json", "--baseline", ".guardrail-baseline.json"], capsys)
    assert (named.code, named.report["baseline_file"]) == (1, ".guardrail-baseline.json")
    (repository / ".guardrail.yml").write_text("baseline:\n  file: .guardrail-baseline.json\n")
    settled = Checked(["infra/search/plan.json"], capsys)
    assert (settled.code, settled.report["baseline_file"]) == (1, ".guardrail-baseline.json")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--baseline", "nowhere.json"], "there is no baseline nowhere.json"),
        (["--baseline", "plan.json", "--write-baseline"], "the baseline would replace its own input plan.json"),
        (["--write-baseline", "--policy", "cost-tags-are-present"], "would forget the findings of the other policies"),
        (["--write-baseline", "--skip-policy", "cost-tags-are-present"], "would forget the findings of the other"),
    ],
)
def test_what_cannot_be_a_baseline_is_an_error(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = check(capsys, *arguments)
    assert answer.code == 2
    assert words in answer.error
    assert json.loads(Path("plan.json").read_text())["format_version"] == "1.2"


def test_a_block_that_is_moved_takes_its_entries_along(capsys: pytest.CaptureFixture[str]) -> None:
    """Of an endpoint whose name AWS generates nothing but the address is known, and `moved` says what that was."""

    def unnamed(block: str, **of_change: Any) -> str:
        document = json.loads(plan())
        endpoint = document["resource_changes"][1]
        del endpoint["change"]["after"]["name"]
        endpoint["change"]["after_unknown"]["name"] = True
        endpoint |= {"address": f"aws_sagemaker_endpoint.{block}", "name": block, **of_change}
        return json.dumps(document)

    Path("plan.json").write_text(unnamed("old"))
    assert Checked(["plan.json", "--write-baseline"], capsys).code == 0
    Path("plan.json").write_text(unnamed("new", previous_address="aws_sagemaker_endpoint.old"))
    moved = Checked(["plan.json"], capsys)
    assert (moved.code, [text for text in moved.report["notices"] if "found no more" in text]) == (0, [])
    Path("plan.json").write_text(unnamed("new"))
    assert Checked(["plan.json"], capsys).code == 1
