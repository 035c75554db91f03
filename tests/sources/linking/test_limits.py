"""Up to 64 blocks a link is followed to each, and among up to 64 names one is looked for that was meant."""

from typing import Any

import pytest

from guardrail.sources.base import Reference
from guardrail.sources.declarations import Declaration, DeclaredModel, Link
from guardrail.sources.linking.index import Declarations, KindIndex
from guardrail.sources.linking.models import with_models
from guardrail.sources.linking.scaling import ScalingLinks
from tests.sources.resources import declared

MAIN = {"VariantName": "main", "ModelName": "chat-modle", "InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 1}
SEEKER: Any = declared("SageMaker::EndpointConfig", "C", EndpointConfigName="c", ProductionVariants=[MAIN])


def models(count: int) -> KindIndex[DeclaredModel]:
    """The model chat-model and others whose names are not like it."""
    names = ["chat-model", *(f"m-{number}" for number in range(1, count))]
    index: KindIndex[Any] = KindIndex()
    for name in names:
        index.add(declared("SageMaker::Model", name, ModelName=name, PrimaryContainer={"Image": "i"}))
    return index


def test_a_link_to_64_blocks_means_those_and_one_to_65_any() -> None:
    index = models(66)
    for referenced, meant in ((64, 64), (65, 66)):
        link = Link(
            value=None, references=tuple(Reference(address, "Arn") for address in [*index.by_address][:referenced])
        )
        assert len(index.referenced(link, SEEKER)) == meant


@pytest.mark.parametrize(("count", "meant"), [(64, "chat-model"), (65, None)])
def test_of_64_models_the_one_is_found_that_a_name_was_meant_for(count: int, meant: str | None) -> None:
    variants: Any = with_models(SEEKER, models(count))
    assert [variant.model_meant for variant in variants] == [meant]


@pytest.mark.parametrize(("count", "meant"), [(64, ["chat"]), (65, [])])
def test_of_64_endpoints_the_one_is_found_that_an_id_was_meant_for(count: int, meant: list[str]) -> None:
    names = ["chat", *(f"e-{number}" for number in range(1, count))]
    target = {"ServiceNamespace": "sagemaker", "ScalableDimension": "sagemaker:variant:DesiredInstanceCount"}
    block: Declaration = declared(
        "ApplicationAutoScaling::ScalableTarget", "T", ResourceId="endpoint/chatt/variant/main", MinCapacity=1, **target
    )
    endpoints = [
        declared("SageMaker::Endpoint", f"E{name}", EndpointName=name, EndpointConfigName="c") for name in names
    ]
    found = ScalingLinks(Declarations([*endpoints, block])).unlinked.by_endpoint
    assert [each.suggestion for each in found.get("Echat", [])] == meant
