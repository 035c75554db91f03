"""``guardrail check .`` on a repository of many kinds: everything once, and what is not read by name.

An endpoint on ml.m5.xlarge in us-east-1 is 0.23 USD x 730 h + 8 GB x 0.14 USD = 169.02 USD a month for each instance.
"""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from guardrail import cli
from tests.commands.test_check_compared import TEMPLATE, source
from tests.commands.test_check_terraform import checked
from tests.sources.hcl.test_pasts import endpoint
from tests.test_git import commit, git

pytestmark = pytest.mark.skipif(shutil.which("git") is None or os.name == "nt", reason="needs git")

TERRAGRUNT = 'terraform {\n  source = "git::https://example.org/chat"\n}\n'


def plan(*names: str) -> str:
    """A plan that creates an endpoint of each name on two instances."""
    changes: list[dict[str, Any]] = []
    for name in names:
        variant = {
            "variant_name": "main",
            "model_name": "m",
            "instance_type": "ml.m5.xlarge",
            "initial_instance_count": 2,
        }
        for type_, values in (
            (
                "aws_sagemaker_endpoint_configuration",
                {"name": name, "region": "us-east-1", "production_variants": [variant]},
            ),
            ("aws_sagemaker_endpoint", {"name": name, "region": "us-east-1", "endpoint_config_name": name}),
        ):
            changes.append(
                {
                    "address": f"{type_}.{name}",
                    "mode": "managed",
                    "type": type_,
                    "name": name,
                    "provider_name": "registry.terraform.io/hashicorp/aws",
                    "change": {"actions": ["create"], "before": None, "after": values, "after_unknown": {}},
                }
            )
    return json.dumps(
        {
            "format_version": "1.2",
            "terraform_version": "1.9.0",
            "resource_changes": changes,
        }
    )


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    git(tmp_path, "init", "--quiet")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def put(shop: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (shop / name).parent.mkdir(parents=True, exist_ok=True)
        (shop / name).write_text(text)


def costs(report: Any) -> dict[str, str]:
    return {each["source"]: each["monthly"]["expected"] for each in report["endpoints"]}


def test_everything_is_checked_once(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(
        shop,
        {
            "infra/chat/main.tf": source(endpoint("chat", 1)),
            "infra/search/main.tf": source(endpoint("search", 3)),
            "cfn/rank.yaml": TEMPLATE.replace("COUNT", "4"),
            "plans/other.json": plan("other"),
            "live/app/terragrunt.hcl": TERRAGRUNT,
            ".guardrail.yml": "region: us-east-1\n",
        },
    )
    code, report = checked(capsys, ".", "--fail-on", "never")
    assert code == 0
    assert costs(report) == {
        "infra/chat": "169.02",
        "infra/search": "507.06",
        "cfn/rank.yaml": "676.08",
        "plans/other.json": "338.04",
    }
    assert report["totals"]["after"]["expected"] == "1690.20"
    assert report["totals"]["after"]["at_least"], "for what Terragrunt deploys"
    assert [each["address"] for each in report["skipped"]] == ["live/app/terragrunt.hcl"]
    assert any("1 Terragrunt stack is not read: `terragrunt run --all" in each for each in report["notices"])


@pytest.mark.parametrize("place", ["infra/tfplan.json", "plans/chat.json"])
def test_a_plan_stands_for_the_source_it_was_made_of(
    shop: Path, capsys: pytest.CaptureFixture[str], place: str
) -> None:
    """In its folder, or anywhere where both have the same endpoints."""
    put(shop, {"infra/main.tf": source(endpoint("chat", 1)), place: plan("chat")})
    report = checked(capsys, ".", "--fail-on", "never")[1]
    assert costs(report) == {place: "338.04"}
    assert f"infra is not counted: {place} is its plan" in report["notices"]


def test_a_plan_of_something_else_stands_for_nothing(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(shop, {"infra/main.tf": source(endpoint("chat", 1)), "infra/tfplan.json": plan("search")})
    assert costs(checked(capsys, ".", "--fail-on", "never")[1]) == {"infra": "169.02", "infra/tfplan.json": "338.04"}


def test_what_source_has_and_its_plans_have_not_is_said(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A plan of yesterday stands for source of today, and hides what was added since."""
    main = source(endpoint("chat", 1), endpoint("search", 1), endpoint("rank", 1))
    put(shop, {"infra/main.tf": main, "infra/dev.json": plan("chat"), "infra/prod.json": plan("chat", "search")})
    report = checked(capsys, ".", "--fail-on", "never")[1]
    told = "infra is not counted: infra/dev.json and infra/prod.json are its plans"
    assert (
        f"{told}; it has aws_sagemaker_endpoint.rank, and no plan has: they may be older than it" in report["notices"]
    )


def test_a_plan_that_may_be_that_of_two_is_not_guessed(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main = source(endpoint("chat", "1"))
    put(shop, {"a/main.tf": main, "b/main.tf": main, "plans/chat.json": plan("chat")})
    report = checked(capsys, ".", "--fail-on", "never")[1]
    assert costs(report) == {"a": "169.02", "b": "169.02", "plans/chat.json": "338.04"}
    assert "plans/chat.json may be the plan of a or b, and counts beside them" in report["notices"]


@pytest.mark.parametrize("here", [".", "infra", ".."])
def test_a_plan_that_a_change_has_committed_hides_no_source_wherever_the_check_runs(
    shop: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, here: str
) -> None:
    """Whoever commits a plan could have written it."""
    commit(shop, {"infra/main.tf": source(endpoint("chat", 9)), "infra/tfplan.json": plan("chat")})
    monkeypatch.chdir(shop / here)
    found = costs(checked(capsys, os.path.relpath(shop), "--fail-on", "never")[1])
    assert sorted(found.values()) == ["1521.18", "338.04"]


def test_what_is_named_beside_its_plan_counts_as_named(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(shop, {"infra/main.tf": source(endpoint("chat", 1)), "plan.json": plan("chat")})
    assert set(costs(checked(capsys, "infra", "plan.json", "--fail-on", "never")[1])) == {"infra", "plan.json"}


def test_the_plan_of_a_terragrunt_unit_stands_for_it(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(shop, {"live/app/terragrunt.hcl": TERRAGRUNT, "live/app/tfplan.json": plan("chat")})
    report = checked(capsys, ".", "--fail-on", "never")[1]
    assert (costs(report), report["skipped"]) == ({"live/app/tfplan.json": "338.04"}, [])
    assert not report["totals"]["after"]["at_least"]


def test_a_folder_of_plans_is_checked(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(shop, {"plans/a.json": plan("a"), "plans/b.json": plan("b", "c")})
    assert checked(capsys, "plans", "--fail-on", "never")[1]["totals"]["after"]["expected"] == "1014.12"


def test_settings_leave_things_out(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(
        shop,
        {
            "infra/main.tf": source(endpoint("chat", 1)),
            "before/main.tf": source(endpoint("chat", 9)),
            "before/plan.json": plan("old"),
            ".guardrail.yml": "exclude: [before/]\n",
        },
    )
    assert costs(checked(capsys, ".", "--fail-on", "never")[1]) == {"infra": "169.02"}


def test_a_template_that_cannot_be_read_leaves_no_whole_answer(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = "Resources:\n  C:\n    Type: AWS::SageMaker::Model\n   x: [\n"
    put(shop, {"infra/main.tf": source(endpoint("chat", 1)), "broken.yaml": broken})
    assert cli.main(["check", "."]) == 2
    assert "broken.yaml:4" in capsys.readouterr().err
    code, report = checked(capsys, ".", "--keep-going")
    assert (code, costs(report)) == (2, {"infra": "169.02"})
    assert report["totals"]["after"]["at_least"]
    assert any("broken.yaml:4" in each for each in report["unread"])


def test_a_library_counts_once_and_says_so(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(
        shop,
        {
            "main.tf": source(endpoint("chat", 1)),
            "examples/complete/main.tf": 'module "m" {\n  source = "../../"\n}\n',
            "modules/monitor/main.tf": "",
            "tests/setup/main.tf": source(endpoint("fixture", 5)),
        },
    )
    report = checked(capsys, ".", "--fail-on", "never")[1]
    assert costs(report) == {".": "169.02"}
    said = ". counts by itself, and not through examples/complete, which calls it: name that to check it"
    assert said in report["notices"]


def test_source_that_nobody_reads_is_named(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A change that moves a root module into such a folder would else take its cost away in silence."""
    put(
        shop,
        {
            "main.tf": source(endpoint("chat")),
            "tests/load/main.tf": source(endpoint("load")),
            "modules/queue/main.tf": endpoint("queue"),
            "modules/names/main.tf": 'output "name" {\n  value = "x"\n}\n',
        },
    )
    _, report = checked(capsys, ".")
    assert costs(report) == {".": "169.02"}
    assert report["notices"] == [
        "not read, because examples and tests count if they are named: tests/load",
        "not read, because no root module calls it: modules/queue",
    ]


def test_a_folder_of_files_that_others_link_to_is_told(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(shop, {"_shared/main.tf": source(endpoint("chat", 1))})
    for name in ("dev", "prod"):
        (shop / name).mkdir()
        (shop / name / "main.tf").symlink_to("../_shared/main.tf")
    report = checked(capsys, ".", "--fail-on", "never")[1]
    assert len(costs(report)) == 3
    assert any("others link to all files of _shared: `exclude: [_shared/]`" in each for each in report["notices"])
