"""Each line of the bill from its quantity and its price, worked by hand."""

from decimal import Decimal

import pytest

from guardrail.cost import charges
from guardrail.cost.base import Line
from guardrail.cost.capacity import Running
from guardrail.cost.demand import Gigabytes
from guardrail.model import Unknown
from guardrail.prices.base import Price, Unpriced
from guardrail.prices.rates import Rate, VolumeSize

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


def running(count: str, *, unknown: str | None = None) -> Running:
    return Running(count=Decimal(count), hours=Decimal(count) * 730, unknown=unknown)


def rate(usd: str) -> Rate:
    return Rate(price=price(usd, "USE1-Host:ml.m5.xlarge"), detail="ml.m5.xlarge")


def gigabytes(gb: str, *, partial: bool = False) -> Gigabytes:
    return Gigabytes(gb=Decimal(gb), origin="usage file", partial=partial)


TWENTY_GB = VolumeSize(gb=Decimal(20), origin="volume_size_in_gb", default=False)


def test_instances_are_hours_times_price() -> None:
    """2 × 730 × 0.23 = 335.80."""
    line = charges.instances(running("2"), rate("0.23"))
    assert (line.usd, line.quantity, line.count) == (Decimal("335.80"), 1460, 2)
    assert (line.kind, line.unit, line.detail) == ("instance", "Hrs", "ml.m5.xlarge")
    assert line.origins == {"price": "price table"}


def test_volumes_follow_the_count_of_instances() -> None:
    """20 GB × 2 × 0.14 = 5.60."""
    line = charges.volume(running("2"), TWENTY_GB, price("0.14"))
    assert (line.usd, line.quantity) == (Decimal("5.60"), 40)
    assert (line.detail, line.size, line.unit) == ("20 GB", Decimal(20), "GB-Mo")


def test_a_volume_is_there_as_long_as_its_instance() -> None:
    """Two for 73 of 730 hours: 2 × 20 × 0.1 = 4 GB-months, 0.56."""
    line = charges.volume(Running(count=Decimal(2), hours=Decimal(146)), TWENTY_GB, price("0.14"))
    assert (line.usd, line.quantity) == (Decimal("0.56"), 4)


def test_serverless_compute_is_seconds_at_the_rate_of_the_memory_size() -> None:
    """200,000 s × 0.00004 = 8.00."""
    line = charges.serverless_compute(2048, Decimal(200_000), price("0.00004"))
    assert (line.usd, line.detail, line.size) == (8, "2 GB memory", 2)


def test_warm_slots_are_billed_for_every_second() -> None:
    """2 × 730 × 3,600 s × 0.00001 = 52.56."""
    line = charges.provisioned_warm(2048, running("2"), price("0.00001"))
    assert (line.usd, line.quantity) == (Decimal("52.56"), 5_256_000)


def test_compute_on_warm_slots_has_its_own_rate() -> None:
    """200,000 s × 0.0000233 = 4.66."""
    assert charges.provisioned_compute(2048, Decimal(200_000), price("0.0000233")).usd == Decimal("4.66")


def test_data_is_gigabytes_at_one_price() -> None:
    """100 GB × 0.016 = 1.60."""
    line = charges.data("data-in", gigabytes("100"), price("0.016"))
    assert (line.usd, line.kind, line.depends_on_usage) == (Decimal("1.60"), "data-in", False)


def test_data_of_some_of_the_requests_has_an_amount_and_depends_on_usage() -> None:
    line = charges.data("data-out", gigabytes("100", partial=True), price("0.016"))
    assert (line.usd, line.depends_on_usage) == (Decimal("1.60"), True)


@pytest.mark.parametrize(
    "line",
    [
        charges.serverless_compute(1024, None, price("0.00002")),
        charges.provisioned_compute(1024, None, price("0.00001165")),
        charges.data("data-in", None, price("0.016")),
    ],
)
def test_without_usage_there_is_a_unit_price_and_no_amount(line: Line) -> None:
    assert line.price is not None
    assert (line.quantity, line.usd, line.depends_on_usage, line.reason) == (None, None, True, None)


@pytest.mark.parametrize(
    "line",
    [
        charges.instances(running("1"), Rate(price=None, detail="", reason=NO_PRICE.reason)),
        charges.volume(running("1"), TWENTY_GB, NO_PRICE),
        charges.serverless_compute(1024, Decimal(1), NO_PRICE),
        charges.provisioned_warm(1024, running("1"), NO_PRICE),
        charges.provisioned_compute(1024, Decimal(1), NO_PRICE),
        charges.data("data-in", gigabytes("1"), NO_PRICE),
    ],
)
def test_without_a_price_there_is_a_reason_and_never_a_zero(line: Line) -> None:
    assert (line.usd, line.price) == (None, None)
    assert line.reason == "nothing here has a price"
    assert line.quantity is not None


def test_what_is_not_known_of_the_count_stands_beside_what_is_not_known_of_the_price() -> None:
    line = charges.volume(running("1", unknown="max_capacity is unknown"), TWENTY_GB, NO_PRICE)
    assert line.reason == "nothing here has a price; max_capacity is unknown"


def test_estimated_prices_and_inferred_sizes_are_estimated() -> None:
    inferred = VolumeSize(gb=Decimal(2), origin="inferred", default=True, inferred=True)
    assert charges.volume(running("1"), inferred, price("0.14")).estimated
    assert charges.volume(running("1"), TWENTY_GB, price("0.14", basis="estimated")).estimated
    assert not charges.volume(running("1"), TWENTY_GB, price("0.14", basis="derived")).estimated


def test_provisioned_slots_take_what_fits_into_their_month() -> None:
    """3,000,000 s on one slot: 2,628,000 s provisioned, 372,000 s on demand; two have room for all."""
    assert charges.split_compute(Decimal(3_000_000), running("1")) == (372_000, 2_628_000)
    assert charges.split_compute(Decimal(3_000_000), running("2")) == (0, 3_000_000)
    assert charges.split_compute(Decimal(5), running("0")) == (5, 0)


def test_an_unknown_memory_size_is_said_so() -> None:
    line = charges.serverless_compute(LATER, None, LATER)
    assert (line.detail, line.size, line.reason) == ("memory unknown", None, "known after apply")


def test_a_line_of_known_numbers_bears_no_mark() -> None:
    lines = (
        charges.instances(running("1"), rate("0.23")),
        charges.volume(running("1"), TWENTY_GB, price("0.14")),
        charges.serverless_compute(2048, Decimal(1), price("0.00004")),
        charges.provisioned_warm(2048, running("1"), price("0.00001")),
        charges.provisioned_compute(2048, Decimal(1), price("0.0000233")),
        charges.data("data-in", gigabytes("1"), price("0.016")),
    )
    for line in lines:
        marks = (line.estimated, line.default_size, line.depends_on_usage, line.redacted, line.reason)
        assert marks == (False, False, False, False, None), line.kind


def test_the_memory_of_a_slot_is_its_size() -> None:
    assert charges.provisioned_warm(2048, running("1"), price("0.00001")).size == 2
    assert charges.provisioned_warm(LATER, running("1"), LATER).size is None


def test_compute_says_that_its_seconds_are_of_the_usage_file_where_they_are() -> None:
    assert charges.serverless_compute(2048, Decimal(1), price("0.00004")).origins == {
        "quantity": "usage file: requests × duration",
        "size": "memory_size_in_mb",
        "price": "price table",
    }
    assert "quantity" not in charges.serverless_compute(2048, None, price("0.00004")).origins


def test_a_size_that_is_not_known_is_that_of_the_default_or_of_what_was_asked_for() -> None:
    said = [
        charges.volume(running("1"), VolumeSize(gb=None, origin="", default=default), price("0.14")).detail
        for default in (True, False)
    ]
    assert said == ["size of the default unconfirmed", "size unknown"]
