"""One comment for a monorepo of eight stacks of five kinds, right to the cent and within its limit.

Each stack has one endpoint on instances with volumes of 20 GB in us-east-1: an ml.m5.large is 730 × 0.115 + 20 × 0.14 =
86.75 USD a month, an ml.m5.xlarge 730 × 0.23 + 2.80 = 170.70.

    plans/new       0 → 2 × 170.70        341.40
    plans/larger    86.75 → 170.70        +83.95
    plans/gone      86.75 → 0             −86.75
    source/larger   86.75 → 170.70        +83.95
    source/smaller  170.70 → 86.75        −83.95
    templates/two   86.75 → 2 × 170.70   +254.65
    cdk/same        86.75 → 86.75              0
    sam/larger      86.75 → 170.70        +83.95
    together        691.20 → 1,368.40    +677.20
"""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from guardrail import cli
from guardrail.github.sections import parsed
from guardrail.reporters.markdown import COMMENT_LIMIT
from tests.github.server import GitHub, pull_request
from tests.reporters.inputs import stack
from tests.sources.plans import plan

LARGE, XLARGE, TWO = ("ml.m5.large", 1), ("ml.m5.xlarge", 1), ("ml.m5.xlarge", 2)
Size = tuple[str, int]
STACKS: dict[str, tuple[Size | None, Size | None, str]] = {
    "plans/new": (None, TWO, "341.40"),
    "plans/larger": (LARGE, XLARGE, "83.95"),
    "plans/gone": (LARGE, None, "-86.75"),
    "source/larger": (LARGE, XLARGE, "83.95"),
    "source/smaller": (XLARGE, LARGE, "-83.95"),
    "templates/two": (LARGE, TWO, "254.65"),
    "cdk/same": (LARGE, LARGE, "0"),
    "sam/larger": (LARGE, XLARGE, "83.95"),
}
SOURCE = """\
provider "aws" {{
  region = "us-east-1"
}}

resource "aws_sagemaker_endpoint_configuration" "this" {{
  name_prefix = "{name}-"
  production_variants {{
    variant_name           = "main"
    model_name             = "m"
    instance_type          = "{type}"
    initial_instance_count = {count}
    volume_size_in_gb      = 20
  }}
}}

resource "aws_sagemaker_endpoint" "this" {{
  name                 = "{name}"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.this.name
}}
"""


def template(name: str, size: Size, **more: object) -> str:
    variant = {"VariantName": "main", "ModelName": "m", "InstanceType": size[0], "InitialInstanceCount": size[1]}
    variants = [{**variant, "InitialVariantWeight": 1, "VolumeSizeInGB": 20}]
    resources = {
        "Config": {"Type": "AWS::SageMaker::EndpointConfig", "Properties": {"ProductionVariants": variants}},
        "Endpoint": {
            "Type": "AWS::SageMaker::Endpoint",
            "Properties": {
                "EndpointName": name,
                "EndpointConfigName": {"Fn::GetAtt": ["Config", "EndpointConfigName"]},
            },
        },
    }
    return json.dumps({**more, "Resources": resources}, indent=2)


def source(name: str, size: Size) -> str:
    return SOURCE.format(name=name, type=size[0], count=size[1])


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def assembly(folder: Path, name: str, size: Size) -> Path:
    """What ``cdk synth`` writes: a manifest and the template of one stack."""
    stack_of_it = {
        "type": "aws:cloudformation:stack",
        "environment": "aws://123456789012/us-east-1",
        "properties": {"templateFile": "Stack.template.json", "stackName": name},
    }
    write(folder / "manifest.json", json.dumps({"version": "36.0.0", "artifacts": {"Stack": stack_of_it}}))
    write(folder / "Stack.template.json", template(name, size))
    return folder


def laid(kind: str, name: str, before: Size | None, after: Size | None, folder: Path) -> list[str]:
    """The arguments of the check of one stack, whose files are written below ``folder``."""
    if kind == "plans":
        found = plan(*stack(name, before, after))
        return [str(write(folder / "plan.json", json.dumps(found))), "--region=us-east-1"]
    assert before is not None
    assert after is not None
    past = folder / "past"
    if kind == "source":
        write(past / "main.tf", source(name, before))
        return [str(write(folder / "now" / "main.tf", source(name, after)).parent), f"--compare-to={past}"]
    if kind == "cdk":
        assembly(past, name, before)
        return [str(assembly(folder / "cdk.out", name, after)), f"--compare-to={past}"]
    more = {"Transform": "AWS::Serverless-2016-10-31"} if kind == "sam" else {}
    old = write(past / "template.json", template(name, before, **more))
    now = write(folder / "template.json", template(name, after, **more))
    return [str(now), f"--compare-to={old}", "--region=us-east-1"]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[GitHub]:
    with pull_request(monkeypatch, tmp_path) as running:
        yield running


def test_the_one_comment_of_eight_stacks_of_five_kinds_is_right_to_the_cent(server: GitHub, tmp_path: Path) -> None:
    reports = []
    for name, (before, after, _) in STACKS.items():
        kind, _, short = name.partition("/")
        arguments = laid(kind, short, before, after, tmp_path / kind / short)
        report = tmp_path / f"{kind}-{short}.json"
        assert cli.main(["check", *arguments, f"--tag={name}", f"--format=json={report}", "--fail-on=never"]) == 0
        reports.append(str(report))
    assert cli.main(["comment", "github", *reports]) == 0
    (body,) = server.bodies()
    assert len(body.encode()) <= COMMENT_LIMIT
    totals = {name: section.facts.totals for name, section in parsed(body).items()}
    assert {name: found.delta and found.delta.expected for name, found in totals.items()} == {
        name: Decimal(change) for name, (_, _, change) in STACKS.items()
    }
    assert sum(found.after.expected for found in totals.values()) == Decimal("1368.40")  # type: ignore[misc]
    assert "This change adds 677 USD a month (691 → 1,368)" in body
    assert "| **USD a month**, expected, + usage | **+677** | 691&nbsp;→ 1,368 |" in body
    assert body.count("<details") >= len(STACKS)
