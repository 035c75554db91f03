"""Each line of the bill from its quantity and its price, worked by hand."""

from decimal import Decimal

import pytest

from guardrail.cost import charges
from guardrail.cost.base import CostComponent, Price, Quantity, Unpriced
from guardrail.cost.capacity import Capacity
from guardrail.cost.rates import Rate, VolumeSize
from guardrail.model import Unknown

LATER = Unknown("known after apply")
NO_PRICE = Unpriced("nothing here has a price")


def price(usd: str, usage_type: str = "USE1-Any", basis: str = "published") -> Price:
    return Price(
        usage_type=usage_type,
        unit="any",
        usd=Decimal(usd),
        basis=basis,  # type: ignore[arg-type]
        confidence=None,
        rule=None,
        suspect=None,
        date="2026-05-20",
        source="a test",
    )


def bounds(*numbers: str) -> Quantity:
    floor, expected, ceiling = (Decimal(number) for number in numbers)
    return Quantity(floor, expected, ceiling)


def running(floor: str, expected: str, ceiling: str, *, unknown: str | None = None) -> Capacity:
    count = bounds(floor, expected, ceiling)
    hours = Quantity(count.floor * 730, Decimal(expected) * 730, count.ceiling * 730)
    return Capacity(count=count, average=count, hours=hours, origins={"count.floor": "somewhere"}, unknown=unknown)


def rate(usd: str) -> Rate:
    return Rate(usd=bounds(usd, usd, usd), price=price(usd, "USE1-Host:ml.m5.xlarge"), detail="ml.m5.xlarge")


TWENTY_GB = VolumeSize(gb=bounds("20", "20", "20"), origin="volume_size_in_gb", default=False)


def monthly(component: CostComponent) -> tuple[object, ...]:
    assert component.monthly is not None
    return (component.monthly.floor, component.monthly.expected, component.monthly.ceiling)


def test_instances_are_hours_times_price() -> None:
    """1, 2, 4 × 730 × 0.23 = 167.90, 335.80, 671.60."""
    line = charges.instances(running("1", "2", "4"), rate("0.23"))
    assert monthly(line) == (Decimal("167.90"), Decimal("335.80"), Decimal("671.60"))
    assert line.quantity == bounds("730", "1460", "2920")
    assert (line.kind, line.unit, line.usage_type) == ("instance", "Hrs", "USE1-Host:ml.m5.xlarge")


def test_volumes_follow_the_count_of_instances() -> None:
    """20 GB × 1, 2, 4 × 0.14 = 2.80, 5.60, 11.20."""
    line = charges.volume(running("1", "2", "4"), TWENTY_GB, price("0.14"))
    assert monthly(line) == (Decimal("2.80"), Decimal("5.60"), Decimal("11.20"))
    assert line.quantity == bounds("20", "40", "80")
    assert (line.detail, line.size, line.unit) == ("20 GB", Decimal(20), "GB-Mo")


def test_serverless_compute_is_seconds_at_the_rate_of_the_memory_size() -> None:
    """200,000 s × 0.00004 = 8.00."""
    line = charges.serverless_compute(2048, bounds("200000", "200000", "200000"), price("0.00004"))
    assert monthly(line) == (8, 8, 8)
    assert (line.detail, line.size) == ("2 GB memory", Decimal(2))


def test_warm_slots_are_billed_for_every_second() -> None:
    """2 × 730 × 3,600 s × 0.00001 = 52.56."""
    line = charges.provisioned_warm(2048, running("2", "2", "2"), price("0.00001"))
    assert monthly(line) == (Decimal("52.56"),) * 3
    assert line.quantity == bounds("5256000", "5256000", "5256000")


def test_compute_on_warm_slots_has_its_own_rate() -> None:
    """200,000 s × 0.0000233 = 4.66."""
    line = charges.provisioned_compute(2048, bounds("200000", "200000", "200000"), price("0.0000233"))
    assert monthly(line) == (Decimal("4.66"),) * 3


def test_data_is_gigabytes_at_one_price() -> None:
    """100 GB × 0.016 = 1.60."""
    assert monthly(charges.data_in(Decimal(100), price("0.016"))) == (Decimal("1.60"),) * 3
    assert charges.data_out(Decimal(100), price("0.016")).kind == "data-out"


@pytest.mark.parametrize(
    "line",
    [
        charges.serverless_compute(1024, None, price("0.00002")),
        charges.provisioned_compute(1024, None, price("0.00001165")),
        charges.data_in(None, price("0.016")),
        charges.data_out(None, price("0.016")),
    ],
)
def test_without_usage_there_is_a_unit_price_and_no_amount(line: CostComponent) -> None:
    assert line.price is not None
    assert (line.quantity, line.monthly, line.depends_on_usage, line.reason) == (None, None, True, None)


@pytest.mark.parametrize(
    "line",
    [
        charges.instances(running("1", "1", "1"), Rate(usd=None, price=None, detail="", reason=NO_PRICE.reason)),
        charges.volume(running("1", "1", "1"), TWENTY_GB, NO_PRICE),
        charges.serverless_compute(1024, bounds("1", "1", "1"), NO_PRICE),
        charges.provisioned_warm(1024, running("1", "1", "1"), NO_PRICE),
        charges.provisioned_compute(1024, bounds("1", "1", "1"), NO_PRICE),
        charges.data_in(Decimal(1), NO_PRICE),
        charges.data_out(Decimal(1), NO_PRICE),
    ],
)
def test_without_a_price_there_is_a_reason_and_never_a_zero(line: CostComponent) -> None:
    assert (line.monthly, line.price, line.usage_type) == (None, None, None)
    assert line.reason == "nothing here has a price"
    assert line.quantity is not None


def test_what_is_not_known_of_the_count_stands_beside_what_is_not_known_of_the_price() -> None:
    line = charges.volume(running("1", "1", "1", unknown="max_capacity is unknown"), TWENTY_GB, NO_PRICE)
    assert line.reason == "nothing here has a price; max_capacity is unknown"


def test_redacted_lines_name_no_reason_that_holds_a_value() -> None:
    line = charges.volume(running("1", "1", "1", unknown="7 of something"), TWENTY_GB, price("0.14"), redacted=True)
    assert line.reason is not None
    assert "7" not in line.reason


def test_estimated_prices_and_inferred_sizes_are_estimated() -> None:
    inferred = VolumeSize(gb=bounds("2", "2", "2"), origin="inferred", default=True, inferred=True)
    assert charges.volume(running("1", "1", "1"), inferred, price("0.14")).estimated
    assert charges.volume(running("1", "1", "1"), TWENTY_GB, price("0.14", basis="estimated")).estimated
    assert not charges.volume(running("1", "1", "1"), TWENTY_GB, price("0.14", basis="derived")).estimated


def test_provisioned_slots_take_what_fits_into_their_month() -> None:
    """3,000,000 s on 1 to 2 slots: 2,628,000 to 3,000,000 s provisioned, the rest on demand."""
    on_demand, provisioned = charges.split_compute(Decimal(3_000_000), running("1", "1", "2"))
    assert provisioned == bounds("2628000", "2628000", "3000000")
    assert on_demand == bounds("0", "372000", "372000")
    assert charges.split_compute(Decimal(5), None) == (bounds("5", "5", "5"), None)


def test_an_unknown_memory_size_is_said_so() -> None:
    line = charges.serverless_compute(LATER, None, LATER)
    assert (line.detail, line.size, line.reason) == ("memory unknown", None, "known after apply")
