"""What updates of an endpoint bill, worked by hand: ml.m5.xlarge is 0.23 an hour, a GB of its volume 0.14 a month."""

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from guardrail.cost.base import Bill, CostComponent
from guardrail.cost.deployments import per_update
from guardrail.cost.estimate import estimate
from guardrail.cost.join import NOTHING
from guardrail.cost.usage import EndpointUsage, Usage
from guardrail.model import (
    INSTANCE_COUNT,
    Endpoint,
    InstancePool,
    InstanceVariant,
    Inventory,
    ScalableTarget,
    ServerlessVariant,
    Unknown,
)
from guardrail.prices.book import PriceBook

PRICES = PriceBook()


def billed(often: str | None = "10", **changes: Any) -> dict[str, CostComponent]:
    variant: dict[str, Any] = {
        key: changes.pop(key) for key in ("scaling", "marketplace", "instance_type") if key in changes
    }
    known: dict[str, Any] = {"instance_type": "ml.m5.xlarge", "initial_instance_count": 2, "volume_size_gb": 73}
    endpoint = Endpoint(
        address="e",
        name="e",
        region="us-east-1",
        mode="realtime",
        configuration_address="c",
        variants=(InstanceVariant(name="main", shadow=False, **{**known, **variant}),),
        **changes,
    )
    usage = Usage({"e": EndpointUsage(deployments_per_month=None if often is None else Decimal(often))}, {})
    (bill,) = estimate(Inventory(endpoints=(endpoint,)), PRICES, usage).endpoints.values()
    lines: dict[str, CostComponent] = {line.kind: line for line in bill.children[0].lines}
    for bound in ("floor", "expected", "ceiling"):
        parts = [getattr(line.monthly, bound) for line in lines.values() if line.monthly]
        assert sum(parts) == getattr(bill.children[0].monthly, bound)
    return lines


def test_a_canary_bills_both_fleets_for_as_long_as_it_bakes() -> None:
    """2 × 45 min × 10 = 15 h × 0.23 = 3.45; volumes 2 × 73 GB × (730 + 7.5) / 730 × 0.14 = 20.65."""
    lines = billed(two_fleets_minutes=45)
    line = lines["deployment"]
    assert line.usage_type == "USE1-Host:ml.m5.xlarge"
    assert line.quantity is not None
    assert line.monthly is not None
    assert (line.quantity.expected, line.monthly.expected) == (Decimal(15), Decimal("3.45"))
    assert line.detail == "10 × 45 min"
    assert lines["volume"].monthly is not None
    assert lines["volume"].monthly.expected == Decimal("20.65")


def test_a_rolling_update_bills_each_instance_twice_for_the_wait_of_its_batch() -> None:
    """2 × 10 min × 10 = 3.3333 h × 0.23 = 0.7667, whether they go one by one or together."""
    line = billed(rolling_wait_minutes=10)["deployment"]
    assert line.monthly is not None
    assert round(line.monthly.expected, 4) == Decimal("0.7667")  # type: ignore[arg-type]


def test_as_many_are_billed_twice_as_there_are() -> None:
    """From 1 to 4 instances: 0.75 h × 10 × 0.23 = 1.725 each."""
    scaling = ScalableTarget(address="t", dimension=INSTANCE_COUNT, min_capacity=2, max_capacity=4)
    line = billed(two_fleets_minutes=45, scaling=scaling)["deployment"]
    assert line.monthly is not None
    assert (line.monthly.floor, line.monthly.ceiling) == (Decimal("3.45"), Decimal("6.9"))


@pytest.mark.parametrize(
    "changes",
    [{}, {"two_fleets_minutes": 0.0}, {"two_fleets_minutes": 45, "instance_type": "ml.inf1.xlarge"}],
    ids=["no policy", "nothing to wait for", "all at once whatever it says"],
)
def test_all_at_once_bills_one_fleet(changes: dict[str, Any]) -> None:
    assert "deployment" not in billed(**changes)


def updated(*variants: Any, **changes: Any) -> Decimal | Unknown | None:
    known: dict[str, Any] = {"region": "us-east-1", "mode": "realtime", "two_fleets_minutes": 45, **changes}
    it = Endpoint(address="e", name="e", configuration_address="c", variants=variants, **known)
    (bill,) = estimate(Inventory(endpoints=(it,)), PRICES).endpoints.values()
    return per_update(it, bill)


MAIN = InstanceVariant(
    name="main", shadow=False, instance_type="ml.m5.xlarge", initial_instance_count=2, volume_size_gb=73
)


def test_an_update_has_a_price_of_its_own() -> None:
    """2 × 0.75 h × 0.23 = 0.345, and 2 × 73 GB × 0.75 / 730 × 0.14 = 0.021."""
    assert updated(MAIN) == Decimal("0.366")
    # of two variants both are billed twice, and of a serverless one nothing is
    serverless = ServerlessVariant(name="small", memory_mib=2048, max_concurrency=5, provisioned_concurrency=None)
    assert updated(MAIN, serverless, replace(MAIN, name="other")) == Decimal("0.732")
    # 2 × 0.75 h × 1.408 of a type that has a disk of its own; 2 × 0.75 h × 0.23 beside a volume of no known size
    assert updated(replace(MAIN, instance_type="ml.g5.xlarge", volume_size_gb=None)) == Decimal("2.112")
    assert updated(replace(MAIN, volume_size_gb=Unknown("later"))) == Decimal("0.345")
    assert updated(MAIN, two_fleets_minutes=None) is None
    assert isinstance(updated(MAIN, two_fleets_minutes=Unknown("later")), Unknown)


def test_of_pools_one_that_is_updated_all_at_once_is_enough() -> None:
    pools = tuple(
        InstancePool(instance_type=name, priority=place)
        for place, name in enumerate(("ml.m5.xlarge", "ml.inf1.xlarge"), start=1)
    )
    assert updated(replace(MAIN, instance_type=None, instance_pools=pools)) is None


def test_an_update_of_what_has_no_price_or_no_count_has_none() -> None:
    # nor has what a possibility does not have, which has no lines
    nothing = Bill(kind="variant", label="", lines=(), monthly=NOTHING)
    it = Endpoint(
        address="e",
        name="e",
        region="us-east-1",
        mode="realtime",
        configuration_address="c",
        variants=(MAIN,),
        two_fleets_minutes=45,
    )
    bill = Bill(kind="endpoint", label="e", lines=(), children=(nothing,), monthly=NOTHING)
    assert per_update(it, bill) == Unknown("it is not priced")
    unpriced = updated(replace(MAIN, instance_type="ml.no.such"))
    assert isinstance(unpriced, Unknown)
    assert "ml.no.such" in unpriced.reason
    assert updated(replace(MAIN, initial_instance_count=Unknown("later", at_least=Decimal(1), at_most=Decimal(2)))) == (
        Unknown("initial_instance_count is unknown: later")
    )


def test_without_usage_nothing_is_added() -> None:
    assert "deployment" not in billed(None, two_fleets_minutes=45)
    assert "deployment" not in billed("0", two_fleets_minutes=45)


def test_a_time_that_is_not_known_makes_the_bill_at_least() -> None:
    line = billed(two_fleets_minutes=Unknown("its steps are counted in instances"))["deployment"]
    assert line.monthly is None
    assert line.reason == "how long an update bills two fleets is unknown: its steps are counted in instances"
