"""What a misspelt argument was meant for is unknown, in source and templates alike; a right one is left alone."""

from pathlib import Path
from typing import Any

import pytest

from guardrail import sources
from guardrail.errors import LimitError
from guardrail.limits import Allowance
from guardrail.model import Endpoint, InstanceVariant, Unknown
from guardrail.sources.options import InputOptions, SourceOptions
from guardrail.sources.vocabulary.misspelt import COMPARISON, corrected
from guardrail.sources.vocabulary.spellings import spelling_of

SOURCE = """
provider "aws" {
  region = "us-east-1"
}
resource "aws_sagemaker_endpoint_configuration" "c" {
  name = "c"
  production_variants {
    variant_name           = "main"
    model_name             = "m"
    instance_type          = "ml.m5.xlarge"
    initial_instance_count = 2
    volume_size_in_gb      = 20
  }
  shadow_production_variants {
    variant_name           = "shadow"
    instance_type          = "ml.m5.large"
    initial_instance_count = 1
  }
}
resource "aws_sagemaker_endpoint" "e" {
  name                 = "e"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.c.name
}
"""


def endpoint_of(folder: Path, text: str) -> Endpoint:
    (folder / "main.tf").write_text(text)
    found: list[Any] = list(
        sources.read_terraform(
            [str(folder)], SourceOptions(region=None, assignments=(), environment={}, base=str(folder))
        )
    )
    (endpoint,) = found[0].after.endpoints
    assert isinstance(endpoint, Endpoint)
    return endpoint


def test_right_names_are_left_alone(tmp_path: Path) -> None:
    variants = endpoint_of(tmp_path, SOURCE).variants
    assert isinstance(variants, tuple)
    assert [each.name for each in variants] == ["main", "shadow"]


@pytest.mark.parametrize("wrong", ["shadow_variants", "shadow_production_variant"])
def test_variants_under_a_wrong_name_leave_the_variants_unknown(tmp_path: Path, wrong: str) -> None:
    variants = endpoint_of(tmp_path, SOURCE.replace("shadow_production_variants", wrong)).variants
    assert isinstance(variants, Unknown)
    assert variants.reason == f"EndpointConfig has no {wrong}, did you mean shadow_production_variants?"


@pytest.mark.parametrize(
    ("right", "wrong", "field"),
    [
        ("initial_instance_count", "instance_count", "initial_instance_count"),
        ("instance_type ", "instnce_type ", "instance_type"),
        ("volume_size_in_gb", "volume_size", "volume_size_gb"),
        ("volume_size_in_gb", "volume_size_in_gib", "volume_size_gb"),
    ],
)
def test_an_argument_under_a_wrong_name_leaves_what_it_was_meant_for_unknown(
    tmp_path: Path, right: str, wrong: str, field: str
) -> None:
    variants = endpoint_of(tmp_path, SOURCE.replace(right, wrong, 1)).variants
    assert isinstance(variants, tuple)
    assert isinstance(variants[0], InstanceVariant)
    value = getattr(variants[0], field)
    assert isinstance(value, Unknown)
    assert value.reason.startswith(f"ProductionVariants has no {wrong.strip()}, did you mean ")


@pytest.mark.parametrize("wrong", ["ShadowVariants", "ShadowProductionVariant", "shadowProductionVariants"])
def test_a_template_is_read_in_the_same_way(tmp_path: Path, wrong: str) -> None:
    path = tmp_path / "template.yaml"
    path.write_text(
        f"""
Resources:
  C:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      ProductionVariants: [{{VariantName: main, InstanceType: ml.m5.large, InitialInstanceCount: 1}}]
      {wrong}: [{{VariantName: shadow, InstanceType: ml.p4d.24xlarge, InitialInstanceCount: 1}}]
  E:
    Type: AWS::SageMaker::Endpoint
    Properties: {{EndpointConfigName: !GetAtt C.EndpointConfigName}}
"""
    )
    (endpoint,) = sources.read(str(path), InputOptions(region="us-east-1")).after.endpoints
    assert endpoint.variants == Unknown(f"EndpointConfig has no {wrong}, did you mean ShadowProductionVariants?")


def test_a_name_is_compared_once_however_many_blocks_have_it() -> None:
    """Ten thousand scaling policies have a ``name``, which no table lists: that is one comparison, not as many."""
    allowance = Allowance(steps=2 * COMPARISON)
    policy = spelling_of("aws_appautoscaling_policy")
    for _ in range(10):
        assert corrected(policy, {"name": "p"}, allowance, changed) == {"name": "p"}
    assert corrected(policy, {"other": "p"}, allowance, changed) == {"other": "p"}
    with pytest.raises(LimitError):
        corrected(policy, {"another": "p"}, allowance, changed)


def changed(_: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    return values
