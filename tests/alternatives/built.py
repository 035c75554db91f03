"""Endpoints for the tests of alternatives, by what differs between them."""

from decimal import Decimal
from typing import Any

from guardrail.alternatives.base import Alternative
from guardrail.alternatives.engine import AlternativesEngine
from guardrail.cost.usage import NO_USAGE, EndpointUsage, Usage
from guardrail.model import Container, Endpoint, InstanceVariant, Model
from guardrail.policy.environment import PRODUCTION
from guardrail.prices.book import PriceBook

PRICES = PriceBook()
OWN_IMAGE = "111122223333.dkr.ecr.us-east-1.amazonaws.com/own:1"
DLC = "763104351884.dkr.ecr.us-east-1.amazonaws.com"


def container(image: str | None = OWN_IMAGE, **changes: Any) -> Container:
    return Container(image=image, **{"mode": "SingleModel", "model_package": None, **changes})


def model(*containers: Container, **changes: Any) -> Model:
    known: dict[str, Any] = {"vpc": False, "network_isolation": False, "execution_role": "arn:aws:iam::1:role/r"}
    known |= {"execution_mode": "Serial"}
    return Model(address="m", containers=containers or (container(),), **{**known, **changes})


def variant(instance_type: str = "ml.m5.xlarge", **changes: Any) -> InstanceVariant:
    known: dict[str, Any] = {"initial_instance_count": 1, "model": model(), "multi_model": False, "shadow": False}
    return InstanceVariant(name="main", instance_type=instance_type, **{**known, **changes})


def endpoint(*variants: Any, address: str = "e", **changes: Any) -> Endpoint:
    known: dict[str, Any] = {"name": address, "region": "us-east-1", "mode": "realtime", "configuration_address": "c"}
    return Endpoint(address=address, variants=variants or (variant(),), **{**known, **changes})


def used(**numbers: str) -> Usage:
    given: dict[str, Any] = {name: Decimal(number) for name, number in numbers.items()}
    return Usage({"e": EndpointUsage(**given)}, {})


def found(it: Endpoint, usage: Usage = NO_USAGE, environment: str = PRODUCTION) -> dict[str, Alternative]:
    """The alternatives of the first variant, by what they are called."""
    first = AlternativesEngine(PRICES, usage).of(it, environment)[0]
    return {each.name: each for each in first}
