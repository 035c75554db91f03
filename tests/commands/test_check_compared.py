"""``guardrail check --compare-to`` on Terraform source, from a repository to an exit code.

An endpoint on ml.m5.xlarge in us-east-1 is 0.23 USD x 730 h = 167.90 USD for each instance, and 8 GB x 0.14 USD = 1.12
USD for its volume: 169.02 USD a month.
"""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from guardrail import cli
from tests.commands.test_check_terraform import checked
from tests.sources.hcl.test_pasts import endpoint
from tests.test_git import commit, git

pytestmark = pytest.mark.skipif(shutil.which("git") is None or os.name == "nt", reason="needs git")

PROVIDER = 'provider "aws" {\n  region = "us-east-1"\n}\n'
TEMPLATE = """\
Resources:
  Config:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      ProductionVariants:
        - {VariantName: main, ModelName: m, InstanceType: ml.m5.xlarge, InitialInstanceCount: COUNT}
  Endpoint:
    Type: AWS::SageMaker::Endpoint
    Properties: {EndpointConfigName: !GetAtt Config.EndpointConfigName}
"""


def source(*endpoints: str) -> str:
    return PROVIDER + "".join(endpoints).replace("ml.m5.large", "ml.m5.xlarge")


@pytest.fixture
def top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    git(tmp_path, "init", "--quiet")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TF_WORKSPACE", raising=False)
    return tmp_path


def money(report: Any) -> tuple[str, str, str]:
    totals = report["totals"]
    return totals["before"]["expected"], totals["after"]["expected"], totals["delta"]["expected"]


def test_only_what_the_change_brings_fails(top: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commit(top, {"infra/main.tf": source(endpoint("chat", 2))})
    code, report = checked(capsys, "infra", "--compare-to", "HEAD")
    assert (code, money(report)) == (0, ("338.04", "338.04", "0.00"))
    assert report["endpoints"][0]["change"] == "no-op"
    (top / "infra/main.tf").write_text(source(endpoint("chat", 2), endpoint("search")))
    code, report = checked(capsys, "infra", "--compare-to", "HEAD")
    assert (code, money(report)) == (1, ("338.04", "507.06", "169.02"))
    failing = {
        (one["address"], one["status"]) for one in report["results"] if one["policy"] == "realtime-variants-scale"
    }
    assert failing == {
        ("aws_sagemaker_endpoint_configuration.search", "new"),
        ("aws_sagemaker_endpoint_configuration.chat", "existing"),
    }


def test_a_budget_on_the_increase_is_held(top: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commit(top, {"infra/main.tf": source(endpoint("chat", 2))})
    (top / "infra/main.tf").write_text(source(endpoint("chat", 3)))
    code, report = checked(
        capsys, "infra", "--compare-to", "HEAD", "--policy", "monthly-increase-within-budget", "--budget-delta", "100"
    )
    assert code == 1, report["notices"]
    assert (
        checked(
            capsys,
            "infra",
            "--compare-to",
            "HEAD",
            "--policy",
            "monthly-increase-within-budget",
            "--budget-delta",
            "169.02",
        )[0]
        == 0
    )


def test_source_and_templates_are_compared_together(top: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commit(top, {"infra/main.tf": source(endpoint("chat", 2)), "stack.yaml": TEMPLATE.replace("COUNT", "1")})
    (top / "infra/main.tf").write_text(source(endpoint("chat", 3)))
    (top / "stack.yaml").write_text(TEMPLATE.replace("COUNT", "3"))
    arguments = ["infra", "stack.yaml", "--compare-to", "HEAD", "--region", "us-east-1", "--fail-on", "never"]
    # 3 before: 2 + 1; 6 after: 3 + 3
    assert money(checked(capsys, *arguments)[1]) == ("507.06", "1014.12", "507.06")


def test_an_unknown_that_is_written_otherwise_makes_the_change_unknown(
    top: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    variable = 'variable "n" { type = number }\n'
    commit(top, {"infra/main.tf": source(variable, endpoint("chat", "var.n"))})
    report = checked(capsys, "infra", "--compare-to", "HEAD")[1]
    assert report["totals"]["delta"]["expected"] == "0.00", "nothing changes, whatever n is"
    (top / "infra/main.tf").write_text(source(variable, endpoint("chat", "var.n * 2")))
    report = checked(capsys, "infra", "--compare-to", "HEAD")[1]
    assert "unknown" in report["totals"]["delta"]["expected"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["infra", "--compare-to", "nowhere"],
            "--compare-to: there is no file nowhere, and nowhere is no git revision",
        ),
        (["infra", "stack.yaml", "--compare-to", "./old"], "is one past, and there are several inputs"),
        (["infra", "--compare-to", "./old/main.tf"], "--compare-to ./old/main.tf is a file, and infra is a folder"),
    ],
)
def test_a_past_that_is_not_to_be_had_is_an_error(
    top: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    commit(top, {"infra/main.tf": source(endpoint("chat")), "stack.yaml": TEMPLATE, "old/main.tf": source()})
    assert cli.main(["check", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_a_file_of_values_that_settings_name_has_the_past_of_its_root(
    top: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It lies in a folder of its own: 1 instance before and 2 after, and none that is new."""
    main = source('variable "n" {}\n', endpoint("chat", "var.n"))
    settings = "roots:\n  infra: {prod: ../values/prod.tfvars}\n"
    commit(top, {"infra/main.tf": main, "values/prod.tfvars": "n = 1\n", ".guardrail.yml": settings})
    (top / "values/prod.tfvars").write_text("n = 2\n")
    _, report = checked(capsys, "values/prod.tfvars", "--compare-to", "HEAD")
    assert money(report) == ("169.02", "338.04", "169.02")


def test_the_environments_of_a_root_that_is_gone_are_shown(top: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Dev had one instance and prod three: 169.02 and 507.06 USD a month that are no longer there."""
    files = {
        "infra/main.tf": source('variable "n" {}\n', endpoint("chat", "var.n")),
        "infra/env/dev.tfvars": "n = 1\n",
        "infra/env/prod.tfvars": "n = 3\n",
        ".guardrail.yml": "roots: {infra: {dev: env/dev.tfvars, prod: env/prod.tfvars}}\n",
        "other/main.tf": source(),
    }
    commit(top, files)
    shutil.rmtree(top / "infra")
    report = checked(capsys, ".", "--compare-to", "HEAD", "--fail-on", "never")[1]
    assert money(report) == ("676.08", "0", "-676.08")
    assert {each["source"]: each["change"] for each in report["endpoints"]} == {
        "infra (dev)": "delete",
        "infra (prod)": "delete",
    }


@pytest.mark.parametrize(
    ("then", "now", "amounts", "changes"),
    [
        ("{dev: dev.tfvars, prod: prod.tfvars}", "{dev: dev.tfvars}", ("676.08", "169.02", "-507.06"), "no-op delete"),
        (
            "{dev: dev.tfvars, prod: prod.tfvars}",
            "{dev: dev.tfvars, prod: [more.tfvars, prod.tfvars]}",
            ("676.08", "676.08", "0.00"),
            "no-op no-op",
        ),
        (
            "{dev: dev.tfvars, prod: prod.tfvars}",
            "{dev: dev.tfvars, production: live.tfvars}",
            ("676.08", "676.08", "0.00"),
            "no-op no-op",
        ),
        ("{dev: dev.tfvars}", "{dev: dev.tfvars, prod: live.tfvars}", ("169.02", "676.08", "507.06"), "no-op create"),
    ],
    ids=["gone", "split", "renamed", "new"],
)
@pytest.mark.parametrize("is_template", [False, True])
def test_an_environment_is_the_same_one_in_the_past(  # noqa: PLR0913 - the cases
    top: Path,
    capsys: pytest.CaptureFixture[str],
    then: str,
    now: str,
    amounts: tuple[str, str, str],
    changes: str,
    *,
    is_template: bool,
) -> None:
    """Dev has one instance, prod three: 169.02 and 507.06 USD a month."""
    stack = "infra/stack.yaml" if is_template else "infra"
    code = {"infra/main.tf": source('variable "n" {}\nvariable "m" { default = 1 }\n', endpoint("chat", "var.n"))}
    if is_template:
        parameters = "Parameters:\n  n: {Type: Number}\n  m: {Type: Number, Default: 1}\n"
        code = {"infra/stack.yaml": TEMPLATE.replace("COUNT", "!Ref n") + parameters}
    settings = "region: us-east-1\nroots: {STACK: SETS}\n".replace("STACK", stack)

    def written(sets: str, files: dict[str, str]) -> dict[str, str]:
        told = {".guardrail.yml": settings.replace("SETS", sets)} | {f"infra/{name}": files[name] for name in files}
        if not is_template:
            return told
        return {
            name.replace("tfvars", "yaml"): text.replace("tfvars", "yaml").replace(" =", ":")
            for name, text in told.items()
        }

    values = {"dev.tfvars": "n = 1\n", "prod.tfvars": "n = 3\nm = 2\n"}
    if "prod" not in then:
        values.pop("prod.tfvars")
    commit(top, code | written(then, values))
    after = written(now, {"more.tfvars": "m = 2\n", "live.tfvars": "n = 3\nm = 2\n"})
    for name in after:
        (top / name).write_text(after[name])
    if "live" in now or "prod" not in now:
        (top / "infra" / ("prod.yaml" if is_template else "prod.tfvars")).unlink(missing_ok=True)
    report = checked(capsys, "infra", "--compare-to", "HEAD", "--fail-on", "never")[1]
    assert money(report) == amounts
    assert " ".join(each["change"] for each in report["endpoints"]) == changes


def test_a_template_that_is_gone_is_shown_and_a_nested_one_with_its_parent(
    top: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two instances of 169.02 USD in the one, one in the other, which the parent has brought in."""
    parent = "Resources:\n  S:\n    Type: AWS::CloudFormation::Stack\n    Properties: {TemplateURL: child.yaml}\n"
    files = {
        ".guardrail.yml": "region: us-east-1\n",
        "infra/main.tf": source(endpoint("chat")),
        "old.yaml": TEMPLATE.replace("COUNT", "2"),
        "cfn/parent.yaml": parent,
        "cfn/child.yaml": TEMPLATE.replace("COUNT", "1"),
        "k8s.yaml": "kind: sagemaker\n",
    }
    commit(top, files)
    shutil.rmtree(top / "cfn")
    (top / "old.yaml").unlink()
    (top / "k8s.yaml").unlink()
    report = checked(capsys, ".", "--compare-to", "HEAD", "--fail-on", "never")[1]
    assert money(report) == ("676.08", "169.02", "-507.06")
    assert {each["source"]: each["change"] for each in report["endpoints"]} == {
        "infra": "no-op",
        "old.yaml": "delete",
        "cfn/parent.yaml": "delete",
    }
    assert any("old.yaml is gone" in each for each in report["notices"])


@pytest.mark.parametrize(
    ("named", "shown"),
    [
        (("infra/search",), {"infra/search": "delete"}),
        (("infra/search/main.tf",), {"infra/search": "delete"}),
        (("infra/search", "infra/chat"), {"infra/search": "delete", "infra/chat": "no-op"}),
        (("infra/search/main.tf", "infra/chat/main.tf"), {"infra/search": "delete", "infra/chat": "no-op"}),
        (("modules/m/main.tf",), {"infra/voice": "no-op"}),
        (("old.yaml",), {"old.yaml": "delete"}),
        (("cfn", "infra/chat"), {"cfn/a.yaml": "delete", "infra/chat": "no-op"}),
    ],
    ids=" ".join,
)
def test_what_is_named_and_gone_is_shown(
    top: Path, capsys: pytest.CaptureFixture[str], named: tuple[str, ...], shown: dict[str, str]
) -> None:
    """Every stack has one instance of 169.02 USD; the module that is gone lies in its caller now."""
    call = PROVIDER + 'module "m" {\n  source = "../../modules/m"\n}\n'
    files = {
        ".guardrail.yml": "region: us-east-1\n",
        "infra/chat/main.tf": source(endpoint("chat")),
        "infra/search/main.tf": source(endpoint("search")),
        "infra/voice/main.tf": call,
        "modules/m/main.tf": source(endpoint("voice")).removeprefix(PROVIDER),
        "old.yaml": TEMPLATE.replace("COUNT", "1"),
        "cfn/a.yaml": TEMPLATE.replace("COUNT", "1"),
    }
    commit(top, files)
    for name in ("infra/search", "cfn"):
        shutil.rmtree(top / name)
    (top / "old.yaml").unlink()
    shutil.move(top / "modules", top / "infra/voice/modules")
    (top / "infra/voice/main.tf").write_text(call.replace("../../modules", "./modules"))
    code, report = checked(capsys, *named, "--compare-to", "HEAD")
    assert (code, {each["source"]: each["change"] for each in report["endpoints"]}) == (0, shown)
    gone, stays = (169.02 * sum(each == kind for each in shown.values()) for kind in ("delete", "no-op"))
    assert [float(each) for each in money(report)] == pytest.approx([gone + stays, stays, -gone])


def test_what_is_gone_and_was_unreadable_leaves_the_change_unknown(
    top: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is known to be saved, and nothing to be as it was."""
    (top / "old").mkdir()
    (top / "old/main.tf").symlink_to("nowhere.tf")
    commit(top, {"infra/main.tf": source(endpoint("chat"))})
    shutil.rmtree(top / "old")
    report = checked(capsys, ".", "--compare-to", "HEAD", "--fail-on", "never")[1]
    assert "old does not tell what stands before" in report["totals"]["delta"]["expected"]["unknown"]
    assert report["totals"]["before"]["at_least"]
    assert (report["totals"]["after"]["expected"], report["totals"]["after"]["at_least"]) == ("169.02", False)


def test_what_was_never_there_is_no_deletion(top: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A misspelt path would else be a saving."""
    commit(top, {"infra/main.tf": source(endpoint("chat")), "old.txt": "x"})
    (top / "old.txt").unlink()
    for path, said in (("infar", "does not exist, nor did it in HEAD"), ("old.txt", "was neither a template")):
        assert cli.main(["check", path, "--compare-to", "HEAD"]) == 2
        assert said in capsys.readouterr().err


def test_source_that_is_gone_altogether_is_shown(top: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {".guardrail.yml": "region: us-east-1\n", "infra/main.tf": source(endpoint("chat"))}
    commit(top, files | {"stack.yaml": TEMPLATE.replace("COUNT", "1")})
    shutil.rmtree(top / "infra")
    report = checked(capsys, ".", "--compare-to", "HEAD", "--fail-on", "never")[1]
    assert money(report) == ("338.04", "169.02", "-169.02")
