"""The inputs that reports are kept of as golden files: eight sizes and states, with amounts worked out by hand.

Most are stories of tests/scenarios, whose arithmetic stands in their ``story.md``.
"""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from guardrail import cli
from guardrail.commands import check
from guardrail.report import Report
from tests.sources.plans import Json, change, configuration, endpoint, kept, plan, variant

_ROOT = Path(__file__).resolve().parents[2]
STACKS = ("instance-type-update", "capacity-update", "destroy", "variant-and-scaling-added", "async-min-capacity-one")
UNDECIDED = """\
Parameters:
  Stage: {Type: String, AllowedValues: [dev, prod]}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
Resources:
  Config:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      ProductionVariants:
        - VariantName: main
          ModelName: chat
          InstanceType: !If [IsProd, ml.m5.xlarge, ml.m5.large]
          InitialInstanceCount: !If [IsProd, 4, 1]
          InitialVariantWeight: 1
          VolumeSizeInGB: 20
  Endpoint:
    Type: AWS::SageMaker::Endpoint
    Properties:
      EndpointName: chat
      EndpointConfigName: !GetAtt Config.EndpointConfigName
"""


def story(*names: str) -> Callable[[Path], list[str]]:
    """The plans of stories, copied to where no settings are found."""

    def lay(folder: Path) -> list[str]:
        for name in names:
            (folder / name).mkdir()
            shutil.copy(_ROOT / "tests" / "scenarios" / name / "plan.json", folder / name)
        return [f"{name}/plan.json" for name in names]

    return lay


def storefront(folder: Path) -> list[str]:
    """The example of five endpoints, with its usage file."""
    for name in ("plan.json", "guardrail-usage.yml"):
        shutil.copy(_ROOT / "examples" / "storefront" / name, folder)
    return ["plan.json"]


def twelve(folder: Path) -> list[str]:
    """Four endpoints that grow, one that is new, one that goes, and six that stay: see `stack`."""
    small, large, pair = (("ml.m5.large", 1), ("ml.m5.xlarge", 1), ("ml.m5.xlarge", 2))
    changes = [each for name in "abcd" for each in stack(name, small, large)]
    changes += [*stack("e", None, pair), *stack("f", small, None)]
    changes += [each for name in "ghijkl" for each in stack(name, small, small)]
    (folder / "plan.json").write_text(json.dumps(plan(*changes)), encoding="utf-8")
    return ["plan.json"]


def stack(name: str, before: tuple[str, int] | None, after: tuple[str, int] | None) -> Iterator[Json]:
    """An endpoint on instances with volumes of 20 GB, of a type and count before and after.

    One ml.m5.large is 730 x 0.115 + 20 x 0.14 = 86.75, one ml.m5.xlarge 730 x 0.23 + 2.80 = 170.70.
    """

    def config(side: str, made: tuple[str, int]) -> Json:
        return configuration(variant("main", *made, volume_size_in_gb=20), name=f"{name}-{side}")

    here = f'aws_sagemaker_endpoint.e["{name}"]'
    if before is not None and before == after:
        yield kept(here, endpoint(name, f"{name}-old"))
        yield kept(f'aws_sagemaker_endpoint_configuration.c["{name}"]', config("old", before))
        return
    sides = [endpoint(name, f"{name}-{side}") if made else None for side, made in (("old", before), ("new", after))]
    yield change(here, sides[1], before=sides[0])
    if before:
        yield change(f'aws_sagemaker_endpoint_configuration.old["{name}"]', None, before=config("old", before))
    if after:
        yield change(f'aws_sagemaker_endpoint_configuration.new["{name}"]', config("new", after))


def undecided(folder: Path) -> list[str]:
    """A template whose one parameter decides between one small instance and four large ones."""
    (folder / "template.yaml").write_text(UNDECIDED, encoding="utf-8")
    return ["template.yaml", "--region", "us-east-1"]


INPUTS: dict[str, Callable[[Path], list[str]]] = {
    "small": story("instance-type-update"),
    "five": storefront,
    "twelve": twelve,
    "unknowns": story("unknown-instance-types"),
    "tags-only": story("tags-only-update"),
    "nothing-to-pay": story("no-sagemaker"),
    "five-stacks": story(*STACKS),
    "undecided": undecided,
}
"""By name, what lays the input into a folder and returns the arguments of ``guardrail check`` there."""


def assessed(*arguments: str) -> tuple[int, Report | None]:
    """The exit code of ``guardrail check`` with some arguments, and its report; None where it gives no answer."""
    reports: list[Report] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(check, "write", lambda made, *_: reports.append(made))
        code = cli.main(["check", *arguments])
    return code, reports[0] if reports else None
