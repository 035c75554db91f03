"""What holds for every alternative of every type in every region."""

from decimal import Decimal

import pytest

from guardrail.alternatives.engine import Engine
from guardrail.prices.base import Price
from tests.alternatives.built import PRICES, endpoint, variant

REGIONS = PRICES.regions()


@pytest.mark.parametrize("region", REGIONS)
def test_alternatives_are_priced_offered_cheaper_and_say_what_they_lack(region: str) -> None:
    engine = Engine(PRICES)
    for name, price in PRICES.hosting_prices(region).items():
        spec = PRICES.instance(name)
        if spec is None:
            continue
        (alternatives,) = engine.of(endpoint(variant(name), region=region))
        amounts = [each.usd for each in alternatives if each.usd is not None]
        assert amounts == sorted(amounts, reverse=True)
        assert all(amount > 0 for amount in amounts)
        for each in alternatives:
            if each.kind in ("instances", "batch", "savings-plan", "serverless", "asynchronous"):
                continue
            other_type = str(each.instance_type)
            other, other_price = PRICES.instance(other_type), PRICES.hosting(region, other_type)
            assert other is not None
            assert isinstance(other_price, Price), (name, other_type)
            assert PRICES.offered(region, other_type) is True
            assert other_price.usd < price.usd
            assert other_price.suspect is None
            lost = " ".join(each.loses)
            each_gib, other_each_gib = spec.accelerator_memory_gib or 0, other.accelerator_memory_gib or 0
            if spec.accelerators * each_gib > other.accelerators * other_each_gib or each_gib > other_each_gib:
                assert "GiB of GPU memory" in lost or "GiB of accelerator memory" in lost
            assert bool(spec.accelerators) == bool(other.accelerators)
            assert (other.vcpus < spec.vcpus) == ("vCPUs" in lost)
            assert (other.memory_gib < spec.memory_gib) == ("GiB of memory" in lost)
            assert other.architecture == spec.architecture or each.kind == "graviton"


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-3"])
def test_what_it_costs_instead_is_what_an_estimate_of_it_says(region: str) -> None:
    engine = Engine(PRICES)
    for name in list(PRICES.hosting_prices(region))[::9]:
        (alternatives,) = engine.of(endpoint(variant(name), region=region))
        present = engine.estimator.endpoint(endpoint(variant(name), region=region)).monthly.expected
        for each in alternatives:
            if each.instance_type is None or each.kind in ("instances", "batch"):
                continue
            other = engine.estimator.endpoint(endpoint(variant(each.instance_type), region=region)).monthly.expected
            assert isinstance(present, Decimal)
            assert isinstance(other, Decimal)
            assert each.usd == present - other
