"""``guardrail usage init``: a file that says every endpoint, where its numbers are found, and nothing yet."""

import json
import re
import string
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from guardrail import cli, metrics, strict_yaml
from guardrail.commands import schema
from guardrail.cost import usage
from guardrail.errors import SettingsError
from guardrail.yaml_text import quoted

ROOT = Path(__file__).resolve().parents[2]
PLANS = [
    path
    for path in (*sorted(ROOT.glob("tests/scenarios/*/plan.json")), *sorted(ROOT.glob("examples/*/plan.json")))
    if path.parent.name != "failed-plan"  # which nothing reads
]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("plan", PLANS, ids=lambda path: path.parent.name)
def test_a_check_says_the_same_with_it_as_without(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is not filled in is unknown as before, not 0; and the file fits its schema."""
    code = cli.main(["usage", "init", str(plan)])
    assert (code, capsys.readouterr().err) == (0, "")
    read = strict_yaml.read("guardrail-usage.yml", usage.UsageFile, error=SettingsError)
    answers = []
    for flags in (["--isolated"], ["--isolated", "--usage-file", "guardrail-usage.yml"]):
        cli.main(["check", str(plan), "--format", "json", "--region", "us-east-1", *flags])
        answer = json.loads(capsys.readouterr().out)
        sources = [source | {"usage_file": None} for source in answer["sources"]]
        answers.append(answer | {"usage_file": None, "sources": sources})
    assert answers[0] == answers[1]
    after = {one["address"] for one in answers[0]["endpoints"] if one["change"] != "delete"}
    assert after <= (read.resource_usage or {}).keys()
    plain = strict_yaml.read("guardrail-usage.yml", dict[str, object], error=SettingsError)
    assert schema_of_file().is_valid(plain)


@cache
def schema_of_file() -> Draft202012Validator:
    return Draft202012Validator(json.loads(schema.text("usage")))


def uncommented(text: str) -> str:
    """The file with every number filled in with 1, and neither variants nor jobs."""
    return re.sub(
        r"(?m)^    # (\w+):  # .*$",
        lambda found: "" if found[1] in ("variants", "jobs") else f"    {found[1]}: 1",
        text,
    )


@pytest.mark.parametrize("plan", PLANS, ids=lambda path: path.parent.name)
def test_every_number_that_it_has_a_place_for_can_be_filled_in(plan: Path, folder: Path) -> None:
    assert cli.main(["usage", "init", str(plan)]) == 0
    text = (folder / "guardrail-usage.yml").read_text()
    (folder / "filled.yml").write_text(re.sub(r"(?m)^    #  .*$", "", uncommented(text)))
    usage.load("filled.yml")
    assert cli.main(["check", str(plan), "--isolated", "--usage-file", "filled.yml", "--format", "json"]) in (0, 1)


def arguments_of(capsys: pytest.CaptureFixture[str], scenario: str) -> dict[str, list[str]]:
    """The keys of each endpoint of a plan."""
    assert cli.main(["usage", "init", str(ROOT / scenario / "plan.json"), "--output", "-"]) == 0
    found: dict[str, list[str]] = {}
    address = ""
    for line in capsys.readouterr().out.splitlines():
        if entry := re.fullmatch(r"  (\S.*):", line):
            address = entry[1]
            found[address] = []
        elif argument := re.match(r"    # (\w+):", line):
            found[address].append(argument[1])
    return found


def test_the_keys_are_those_that_matter_for_the_mode(capsys: pytest.CaptureFixture[str]) -> None:
    data = ["monthly_data_in_gb", "monthly_data_out_gb"]
    (scaled,) = arguments_of(capsys, "tests/scenarios/asynchronous-scales-to-zero").values()
    assert scaled == ["monthly_requests", *data, "average_instances", "monthly_busy_hours"]
    found = arguments_of(capsys, "examples/storefront")
    assert found["aws_sagemaker_endpoint.reviews"] == [  # serverless, with slots kept warm
        "monthly_requests", "request_duration_ms", *data, "average_provisioned_concurrency",
    ]  # fmt: skip
    assert found["aws_sagemaker_endpoint.fraud"] == [  # a production and a shadow variant, of which the first scales
        "monthly_requests", *data, "average_instances", "monthly_busy_hours", "variants",
    ]  # fmt: skip
    (fixed,) = arguments_of(capsys, "tests/scenarios/import").values()
    assert fixed == ["monthly_requests", *data]


def test_an_asynchronous_endpoint_is_not_sent_to_a_metric_that_it_does_not_publish(
    capsys: pytest.CaptureFixture[str],
) -> None:
    plan = ROOT / "tests" / "scenarios" / "asynchronous-scales-to-zero" / "plan.json"
    cli.main(["usage", "init", str(plan), "--output", "-"])
    (requests,) = (line for line in capsys.readouterr().out.splitlines() if "monthly_requests" in line)
    assert "SampleCount of TotalProcessingTime" in requests


def test_every_metric_that_it_names_is_published() -> None:
    published = {name for _, name in metrics.PUBLISHED}
    assert {"Invocations", "ModelLatency", "TotalProcessingTime", "ApproximateBacklogSize"} <= published


def test_it_replaces_nothing_unless_forced(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "guardrail-usage.yml").write_text("version: 0.1\n")
    plan = str(PLANS[0])
    assert cli.main(["usage", "init", plan]) == 2
    assert capsys.readouterr().err == (
        "guardrail: guardrail-usage.yml exists already\nhint: guardrail usage init --force replaces it\n"
    )
    assert cli.main(["usage", "init", plan, "--force"]) == 0
    assert (
        (folder / "guardrail-usage.yml")
        .read_text()
        .startswith("# yaml-language-server: $schema=.guardrail-usage.schema.json\n")
    )
    (folder / "plan.json").write_bytes(PLANS[0].read_bytes())
    assert cli.main(["usage", "init", "plan.json", "--output", "plan.json", "--force"]) == 2


def test_source_and_templates_have_endpoints_too(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "t.yaml").write_text("""\
Resources:
  Config:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      ProductionVariants:
        - {VariantName: a, ModelName: m, InstanceType: ml.m5.large, InitialInstanceCount: 1, InitialVariantWeight: 1}
  Chat:
    Type: AWS::SageMaker::Endpoint
    Properties: {EndpointConfigName: !GetAtt Config.EndpointConfigName}
""")
    assert cli.main(["usage", "init", "t.yaml", "--output", "-"]) == 0
    assert "\n  Chat:\n" in capsys.readouterr().out
    assert cli.main(["usage", "init", str(ROOT / "examples" / "storefront"), "--output", "-"]) == 0
    assert "\n  aws_sagemaker_endpoint." in capsys.readouterr().out


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=50) | st.text(string.punctuation + " \n"))
def test_any_address_is_one_key_and_reads_as_itself(text: str) -> None:
    document = f"a:\n  {quoted(text)}:\nb: 1\n"
    read = strict_yaml.decode(document, dict[str, object], name="usage", error=SettingsError)
    assert read == {"a": {text: None}, "b": 1}


MACHINE = {
    "StartAt": "Small",
    "States": {
        name: {
            "Type": "Task",
            "Resource": "arn:aws:states:::sagemaker:createTransformJob.sync",
            "Parameters": {"TransformResources": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1}},
            **after,
        }
        for name, after in (("Small", {"Next": "Large"}), ("Large", {"End": True}))
    },
}


def test_what_starts_transform_jobs_has_its_runs_its_hours_and_its_jobs(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "score.asl.json").write_text(json.dumps(MACHINE))
    assert cli.main(["usage", "init", "score.asl.json"]) == 0
    assert "for 1 workflow;" in capsys.readouterr().out
    text = (folder / "guardrail-usage.yml").read_text()
    assert re.findall(r"(?m)^    # (\w+):", text) == ["run_hours", "monthly_runs", "jobs"]
    filled = text.replace("# run_hours:  #", "run_hours: 0.5  #").replace("# monthly_runs:", "monthly_runs: 10")
    filled = filled.replace("# jobs:", "jobs:").replace("#   Small: {}", "  Small: {run_hours: 2}")
    (folder / "guardrail-usage.yml").write_text(filled.replace("    #   Large: {}\n", ""))
    flags = ["--usage-file", "guardrail-usage.yml", "--region", "us-east-1", "--isolated", "--format", "json"]
    assert cli.main(["check", "score.asl.json", *flags]) == 0
    after = json.loads(capsys.readouterr().out)["totals"]["after"]
    assert float(after["expected"]) == 5.75  # 10 × (2 h + 0.5 h) × 0.23


def test_what_runs_once_has_no_month(folder: Path) -> None:
    profile = {
        "ProfileName": "P",
        "TransformJobDefinition": {"TransformResources": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1}},
    }
    package = {"ValidationSpecification": {"ValidationProfiles": [profile]}}
    (folder / "package.json").write_text(json.dumps(package))
    assert cli.main(["usage", "init", "package.json"]) == 0
    text = (folder / "guardrail-usage.yml").read_text()
    assert re.findall(r"(?m)^    # (\w+):", text) == ["run_hours"]
