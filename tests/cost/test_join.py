"""The bill of something undecided, worked by hand from us-east-1: ml.m5.xlarge 0.23 USD an hour is 167.90 a month."""

from decimal import Decimal
from typing import Any

from guardrail.cost.estimate import estimate
from guardrail.cost.join import delta, either_delta, either_estimate
from guardrail.model import (
    INSTANCE_COUNT,
    Endpoint,
    InstanceVariant,
    Inventory,
    ScalableTarget,
    ServerlessVariant,
    Unknown,
)
from guardrail.prices.book import PriceBook
from guardrail.sources.linking.possibilities import merged

PRICES = PriceBook()
WANTED = "give --parameters Stage=dev|prod"


def instances(count: int, instance_type: str = "ml.g5.xlarge", name: str = "main") -> InstanceVariant:
    return InstanceVariant(name=name, shadow=False, instance_type=instance_type, initial_instance_count=count)


def inventory(*variants: Any, **others: Any) -> Inventory:
    whole: dict[str, Any] = {"address": "E", "name": "e", "region": "us-east-1", "mode": "realtime"}
    endpoint = Endpoint(**{**whole, "configuration_address": "C", "variants": variants, **others})
    return Inventory(endpoints=(endpoint,))


def combined(*inventories: Inventory) -> Any:
    common = merged(inventories, WANTED)
    names = {
        endpoint.address: [variant.name if isinstance(variant.name, str) else None for variant in endpoint.variants]
        for endpoint in common.endpoints
        if not isinstance(endpoint.variants, Unknown)
    }
    return either_estimate([estimate(each, PRICES) for each in inventories], names, Unknown(WANTED))


def bounds(monthly: Any) -> tuple[Any, Any, Any]:
    return monthly.floor, monthly.expected, monthly.ceiling


RANGE = ScalableTarget(address="t", dimension=INSTANCE_COUNT, min_capacity=1, max_capacity=9)

# ml.g5.xlarge, which has local disks and so no volume: 1.408 USD an hour, 1027.84 a month.
G5 = Decimal("1.408") * 730


def test_bounds_span_every_possibility_and_nothing_is_expected() -> None:
    found = combined(inventory(instances(1)), inventory(instances(4)))
    assert bounds(found.total) == (G5, Unknown(WANTED), 4 * G5)
    (variant,) = found.endpoints["E"].children
    (component,) = variant.lines
    assert bounds(component.monthly) == (G5, Unknown(WANTED), 4 * G5)
    assert bounds(component.count) == (1, Unknown(WANTED), 4)


def test_what_is_equal_everywhere_is_expected() -> None:
    one = inventory(instances(2))
    found = combined(one, one)
    assert bounds(found.total) == (2 * G5, 2 * G5, 2 * G5)
    assert found == estimate(one, PRICES)


def test_an_endpoint_that_may_not_be_there_may_cost_nothing() -> None:
    found = combined(Inventory(), inventory(instances(3)))
    assert bounds(found.total) == (0, Unknown(WANTED), 3 * G5)
    assert bounds(found.endpoints["E"].monthly) == (0, Unknown(WANTED), 3 * G5)


def test_the_total_spans_possibilities_and_not_their_parts() -> None:
    """Either one endpoint or the other: at most four instances, not seven."""
    found = combined(inventory(instances(3), address="A"), inventory(instances(4), address="B"))
    assert bounds(found.total) == (3 * G5, Unknown(WANTED), 4 * G5)


def test_two_kinds_of_one_variant_are_components_side_by_side() -> None:
    serverless = ServerlessVariant(name="main", memory_mib=2048, max_concurrency=5, provisioned_concurrency=None)
    found = combined(inventory(instances(2)), inventory(serverless, mode="serverless"))
    (variant,) = found.endpoints["E"].children
    assert [component.kind for component in variant.lines] == ["instance", "serverless-compute"]
    # Where it costs least it is serverless, and no instance is there.
    assert bounds(variant.lines[0].monthly) == (0, Unknown(WANTED), 2 * G5)
    assert found.total.depends_on_usage


def test_two_types_are_components_side_by_side() -> None:
    found = combined(inventory(instances(1)), inventory(instances(1, "ml.g5.2xlarge")))
    (variant,) = found.endpoints["E"].children
    assert [component.detail for component in variant.lines] == ["ml.g5.xlarge", "ml.g5.2xlarge"]
    # ml.g5.2xlarge 1.515 USD an hour; each line has its amount where the whole costs least and most, so they add up.
    assert bounds(variant.lines[0].monthly) == (G5, Unknown(WANTED), 0)
    assert bounds(variant.lines[1].monthly) == (0, Unknown(WANTED), Decimal("1.515") * 730)
    assert bounds(found.total) == (G5, Unknown(WANTED), Decimal("1.515") * 730)


def test_what_is_unpriced_in_one_possibility_makes_the_total_at_least() -> None:
    found = combined(inventory(instances(1)), inventory(instances(1, "ml.no.such")))
    assert found.total.at_least
    assert found.total.ceiling == G5


def test_a_variant_whose_name_is_undecided_is_found_by_its_place() -> None:
    worlds = [inventory(instances(1, name="a")), inventory(instances(2, name="b"))]
    found = either_estimate([estimate(each, PRICES) for each in worlds], {"E": [None]}, Unknown(WANTED))
    (variant,) = found.endpoints["E"].children
    assert bounds(variant.monthly) == (G5, Unknown(WANTED), 2 * G5)


def test_two_variants_of_one_name_are_told_apart() -> None:
    found = estimate(inventory(instances(1), instances(2), instances(1, name="other")), PRICES)
    assert [child.label for child in found.endpoints["E"].children] == ["main", "main#2", "other"]


def test_a_line_that_is_the_same_in_every_possibility_stands_there_once() -> None:
    """Data in and out, whichever of the two it is; the variant differs."""
    found = combined(inventory(instances(1)), inventory(instances(4)))
    assert [line.kind for line in found.endpoints["E"].lines] == ["data-in", "data-out"]


def test_the_greatest_possibility_gives_the_greatest_column_though_its_least_is_not() -> None:
    """One to nine, or four: the greatest is nine, though four is more than one."""
    wide = InstanceVariant(
        name="main", shadow=False, instance_type="ml.g5.xlarge", initial_instance_count=1, scaling=RANGE
    )
    found = combined(inventory(wide), inventory(instances(4)))
    (variant,) = found.endpoints["E"].children
    assert bounds(variant.lines[0].monthly) == (G5, Unknown(WANTED), 9 * G5)
    assert bounds(found.total) == (G5, Unknown(WANTED), 9 * G5)


def changes(*pairs: tuple[Inventory, Inventory]) -> Any:
    found = [delta(estimate(before, PRICES), estimate(after, PRICES)) for before, after in pairs]
    return either_delta([each for each in found if each is not None], Unknown(WANTED))


def test_something_undecided_against_itself_changes_nothing() -> None:
    one, four = inventory(instances(1)), inventory(instances(4))
    assert bounds(changes((one, one), (four, four))) == (0, 0, 0)


def test_what_a_change_adds_spans_what_it_adds_in_each_possibility() -> None:
    """From one to two in one case, from four to four in the other: 0 to 1,027.84, and not from 4 to 1 or 2."""
    one, two, four = (inventory(instances(count)) for count in (1, 2, 4))
    change = changes((one, two), (four, four))
    assert (change.floor, change.ceiling) == (0, G5)
    assert (change.expected.at_least, change.expected.at_most) == (0, G5)


def test_what_is_unknown_in_one_possibility_bounds_the_change_as_far_as_it_can() -> None:
    """No change in one case; one type for an unknown one in the other: at least 1,027.84 less, and no upper bound."""
    one, unknown = inventory(instances(1)), inventory(instances(1, "ml.no.such"))
    change = changes((one, one), (one, unknown))
    assert (change.floor.at_least, change.ceiling.at_least, change.ceiling.at_most) == (-G5, 0, None)
