"""``guardrail check`` on Terraform source, and on a plan beside its source.

The stack below runs one real-time endpoint on two ml.m5.xlarge with volumes of 20 GB in us-east-1: by the price table,
2 x 0.23 USD x 730 h = 335.80 USD for the instances and 2 x 20 GB x 0.14 USD = 5.60 USD for the volumes: 341.40 USD a
month. Nothing scales it, so `realtime-variants-scale` (error) fails.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from guardrail import cli
from tests.commands.test_check import PLAN

STACK = """\
provider "aws" {
  region = "us-east-1"
  default_tags {
    tags = { Environment = "production", Owner = "search" }
  }
}
resource "aws_sagemaker_endpoint_configuration" "ranker" {
  name = "ranker"
  production_variants {
    variant_name           = "main"
    model_name             = "ranker"
    instance_type          = var.instance_type
    initial_instance_count = 2
    volume_size_in_gb      = 20
  }
}
resource "aws_sagemaker_endpoint" "ranker" {
  name                 = "ranker"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.ranker.name
}
variable "instance_type" { default = "ml.m5.xlarge" }
"""
IGNORE = '  # guardrail:ignore realtime-variants-scale until=2027-01-31 reason="load test"\n'


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra" / "main.tf").write_text(STACK, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def checked(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    """Exit code and JSON report."""
    code = cli.main(["check", *arguments, "--format", "json"])
    shown = capsys.readouterr()
    assert shown.out, shown.err
    return code, json.loads(shown.out)


def failures(report: Any) -> list[tuple[str, str, int]]:
    return [
        (each["policy"], each["location"]["path"], each["location"]["line"])
        for each in report["results"]
        if each["verdict"] == "fail" and each["severity"] == "error"
    ]


@pytest.mark.usefixtures("stack")
def test_a_directory_is_priced_and_judged_without_a_plan(capsys: pytest.CaptureFixture[str]) -> None:
    code, report = checked(capsys, "infra")
    assert code == 1
    assert report["totals"]["after"]["expected"] == "341.40"
    assert failures(report) == [("realtime-variants-scale", "infra/main.tf", 12)]
    assert [(each["kind"], each["has_before"]) for each in report["sources"]] == [("hcl", False)]


@pytest.mark.usefixtures("stack")
def test_a_file_stands_for_its_root_module(capsys: pytest.CaptureFixture[str]) -> None:
    _, report = checked(capsys, "infra/main.tf")
    assert [each["path"] for each in report["sources"]] == ["infra"]


def test_each_label_is_a_section_and_all_are_summed(stack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """ml.m5.large costs 0.115 USD an hour: 2 x 0.115 x 730 + 5.60 = 173.50, and 173.50 + 341.40 = 514.90 USD."""
    for label, kind in (("dev", "ml.m5.large"), ("prod", "ml.m5.xlarge")):
        (stack / f"{label}.tfvars").write_text(f'instance_type = "{kind}"\n', encoding="utf-8")
    _, report = checked(capsys, "infra", "--var-file", "dev=dev.tfvars", "--var-file", "prod=prod.tfvars")
    assert [each["id"] for each in report["sources"]] == ["infra (dev)", "infra (prod)"]
    assert [(each["source"], each["monthly"]["expected"]) for each in report["endpoints"]] == [
        ("infra (dev)", "173.500"),
        ("infra (prod)", "341.40"),
    ]
    assert report["totals"]["after"]["expected"] == "514.900"


def test_five_roots_below_one_path_are_five_sections_of_one_bill(
    stack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each costs 341.40 USD, so that five cost 1,707.00; the module that one of them calls is no root."""
    (stack / "infra" / "main.tf").unlink()
    for name in ("a", "b", "c", "d"):
        (stack / "infra" / name).mkdir()
        (stack / "infra" / name / "main.tf").write_text(STACK, encoding="utf-8")
    (stack / "infra" / "modules" / "ranker").mkdir(parents=True)
    (stack / "infra" / "modules" / "ranker" / "main.tf").write_text(STACK, encoding="utf-8")
    (stack / "infra" / "e").mkdir()
    call = 'module "ranker" {\n  source = "../modules/ranker"\n}\n'
    (stack / "infra" / "e" / "main.tf").write_text(call, encoding="utf-8")
    _, report = checked(capsys, "infra")
    assert [each["id"] for each in report["sources"]] == [f"infra/{name}" for name in "abcde"]
    assert [each["monthly"]["expected"] for each in report["endpoints"]] == ["341.40"] * 5
    assert report["totals"]["after"]["expected"] == "1707.00"


def test_a_comment_waives_and_central_control_can_forbid_it(stack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = stack / "infra" / "main.tf"
    path.write_text(STACK.replace("  production_variants {", f"{IGNORE}  production_variants {{"), encoding="utf-8")
    code, report = checked(capsys, "infra")
    (waived,) = [each for each in report["results"] if each["verdict"] == "waived"]
    assert code == 0
    assert waived["waiver"] == {
        "reason": "load test",
        "until": "2027-01-31",
        "owner": None,
        "origin": "infra/main.tf:9",
    }
    code, report = checked(capsys, "infra", "--no-inline-ignore")
    assert code == 1


def test_a_waiver_in_a_module_is_used_as_long_as_one_of_its_callers_needs_it(
    stack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """``module.small`` is right; that the waiver accepts nothing there is no reason to remove it."""
    module = stack / "infra" / "m"
    module.mkdir()
    body = STACK.partition("}\n}\n")[2].replace("= 2\n", "= var.instances\n").replace('"ranker"\n', "var.name\n")
    text = body.replace("  production_variants {", f"{IGNORE}  production_variants {{")
    module.joinpath("main.tf").write_text(text + 'variable "name" {}\nvariable "instances" {}\n', encoding="utf-8")
    calls = (
        'provider "aws" {\n  region = "us-east-1"\n}\n'
        'module "large" {\n  source = "./m"\n  name = "large"\n  instances = 2\n}\n'
        'module "small" {\n  count = 0\n  source = "./m"\n  name = "small"\n  instances = 1\n}\n'
    )
    (stack / "infra" / "main.tf").write_text(calls, encoding="utf-8")
    code, report = checked(capsys, "infra")
    assert code == 0
    assert not [notice for notice in report["notices"] if "accepts nothing" in notice]


def test_a_broken_file_is_an_error_with_its_line(stack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (stack / "infra" / "broken.tf").write_text('locals {\n  a = "b\n}\n', encoding="utf-8")
    assert cli.main(["check", "infra"]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err == (
        'guardrail: infra/broken.tf:2:7: the string is not closed on its line\nhint: line 2 reads: a = "b\n'
    )


def test_with_keep_going_the_rest_is_reported_and_the_exit_code_is_2(
    stack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (stack / "infra" / "broken.tf").write_text('locals {\n  a = "b\n}\n', encoding="utf-8")
    code, report = checked(capsys, "infra", "--keep-going")
    assert (code, report["exit_code"]) == (2, 2)
    assert "infra/broken.tf:2:7: the string is not closed on its line" in report["notices"]
    assert failures(report) == [("realtime-variants-scale", "infra/main.tf", 12)]


def test_a_plan_gets_the_lines_of_its_source(stack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (stack / "plan.json").write_text(json.dumps(PLAN), encoding="utf-8")
    _, report = checked(capsys, "plan.json", "--source", "infra")
    assert failures(report) == [("realtime-variants-scale", "infra/main.tf", 12)]
    _, report = checked(capsys, "plan.json")
    assert [each["location"] for each in report["results"]] == [None] * len(report["results"])


def test_a_plan_finds_its_source_where_it_is_run(
    stack: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(stack / "infra")
    (stack / "infra" / "plan.json").write_text(json.dumps(PLAN), encoding="utf-8")
    text = STACK.replace("  production_variants {", f"{IGNORE}  production_variants {{")
    (stack / "infra" / "main.tf").write_text(text, encoding="utf-8")
    code, report = checked(capsys, "plan.json")
    assert code == 0
    assert [each["waiver"]["origin"] for each in report["results"] if each["waiver"]] == ["main.tf:9"]
    (stack / "infra" / "main.tf").write_text(STACK.replace("ranker", "other"), encoding="utf-8")
    _, report = checked(capsys, "plan.json")
    assert [each["location"] for each in report["results"]] == [None] * len(report["results"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["infra", "--var", "instance_type"],
            "argument --var: 'instance_type' assigns nothing; write it as name=value",
        ),
        (["plan.json", "--var", "a=b"], "--var and --var-file are for Terraform source: a plan has its values already"),
        (["infra", "--parameters", "instance_type=ml.m5.large"], "--parameters and --possibility are for templates"),
        (["infra/main.tf", "--possibility", "a=b.json"], "--parameters and --possibility are for templates"),
        (["plan.json", "--parameters", "a=b"], "--parameters and --possibility are for templates"),
        (["plan.json", "--source", "nope"], "--source nope is no directory"),
        ([".git"], ".git holds no Terraform source, template, cdk.out or plan"),
        (
            ["plan.json", "--compare-to", "main"],
            "plan.json is neither a template nor Terraform source, which --compare-to is for",
        ),
    ],
)
def test_what_makes_no_sense_is_an_error(
    stack: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    (stack / "plan.json").write_text(json.dumps(PLAN), encoding="utf-8")
    assert cli.main(["check", *arguments]) == 2
    assert f"guardrail: {message}\n" in capsys.readouterr().err


def test_a_module_is_found_at_its_call_in_tables_and_code_scanning(
    stack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    module = stack / "infra" / "m"
    module.mkdir()
    (stack / "infra" / "main.tf").rename(module / "main.tf")
    (stack / "infra" / "main.tf").write_text('module "m" {\n  source = "./m"\n}\n', encoding="utf-8")
    cli.main(["check", "infra", "--format", "table", "--format", "sarif=out.sarif"])
    assert "infra/m/main.tf:12, called at infra/main.tf:1" in capsys.readouterr().out
    results = json.loads((stack / "out.sarif").read_text(encoding="utf-8"))["runs"][0]["results"]
    (result,) = [each for each in results if each["ruleId"] == "realtime-variants-scale"]
    (related,) = result["relatedLocations"]
    assert related["physicalLocation"]["artifactLocation"]["uri"] == "infra/main.tf"
    assert related["physicalLocation"]["region"]["startLine"] == 1


SCALING = """\
resource "aws_appautoscaling_target" "ranker" {
  service_namespace  = "sagemaker"
  resource_id        = "endpoint/ranker/variant/main"
  scalable_dimension = "sagemaker:variant:DesiredInstanceCount"
  min_capacity       = 2
  max_capacity       = 2
}
"""


def test_a_finding_points_at_the_argument_that_its_fix_sets(stack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The fix is "min_capacity = 1, or …"; the target starts in line 22, its min_capacity is four lines below."""
    (stack / "infra" / "main.tf").write_text(STACK + SCALING, encoding="utf-8")
    _, report = checked(capsys, "infra", "--policy", "scaling-has-room", "--region", "us-east-1")
    (result,) = report["results"]
    assert (result["location"]["path"], result["location"]["line"]) == ("infra/main.tf", 26)


def test_code_of_a_stranger_does_not_see_the_environment_of_the_run(
    stack: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its author reads the report, in which the name of an endpoint would show a value of `TF_VAR_*`."""
    text = STACK.replace('name                 = "ranker"', 'name = "${terraform.workspace}-${var.instance_type}"')
    (stack / "infra" / "main.tf").write_text(text + IGNORE)
    monkeypatch.setenv("TF_VAR_instance_type", "ml.nightingale.xlarge")
    monkeypatch.setenv("TF_WORKSPACE", "nightingale")
    _, report = checked(capsys, "infra", "--untrusted")
    assert "nightingale" not in json.dumps(report)
    (endpoint,) = report["endpoints"]
    reason = "TF_VAR_instance_type is set, and is not read for code that is not trusted"
    assert endpoint["variants"][0]["instance_type"] == {"unknown": reason}
    assert report["totals"]["after"]["at_least"], "and not the price of the default"
    _, report = checked(capsys, "infra")
    assert report["endpoints"][0]["name"] == "nightingale-ml.nightingale.xlarge"


def test_a_stranger_accepts_no_finding_in_the_code(stack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = STACK.replace("  production_variants {", IGNORE + "  production_variants {")
    (stack / "infra" / "main.tf").write_text(text)
    assert checked(capsys, "infra")[0] == 0
    assert checked(capsys, "infra", "--untrusted")[0] == 1
