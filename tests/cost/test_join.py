"""The bill of something undecided, worked by hand from us-east-1: ml.m5.xlarge 0.23 USD an hour is 167.90 a month."""

from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from guardrail.cost.base import ChargeKind, Delta, Line, Monthly, MonthlyQuantity, PlanUse, Priced, State, state
from guardrail.cost.estimate import estimate
from guardrail.cost.join import (
    as_unknown_as,
    columns,
    delta,
    either,
    either_delta,
    either_estimate,
    either_plan_use,
    of_states,
    rows,
)
from guardrail.cost.usage import EndpointUsage, Usage, VariantUsage
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
LATER = Unknown("known after apply")
WANTED = "give --parameters Stage=dev or Stage=prod"


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
    assert (change.expected.at_least, change.expected.at_most) == (-G5, None)


def test_what_was_unknown_in_one_possibility_bounds_the_change_from_above() -> None:
    """Two more in one case, 2,055.68; one for an unknown type in the other: at most 1,027.84 more there."""
    one, three, unknown = inventory(instances(1)), inventory(instances(3)), inventory(instances(1, "ml.no.such"))
    change = changes((one, three), (unknown, one))
    assert (change.floor.at_least, change.floor.at_most, change.ceiling.at_most) == (None, G5, 2 * G5)
    assert (change.expected.at_least, change.expected.at_most) == (None, 2 * G5)


# States --------------------------------------------------------------------------------------------------------------


def in_state(usd: int, kind: ChargeKind = "instance", **fields: Any) -> State:
    """A state of one line."""
    return state(Line(kind=kind, unit="Hrs", price=None, quantity=Decimal(usd), usd=Decimal(usd), origins={}, **fields))


def test_bounds_are_the_cheapest_and_the_dearest_state_in_whatever_order_they_stand() -> None:
    cheap, dear, likely = in_state(1), in_state(9), in_state(4)
    for states in ((cheap, dear), (dear, cheap)):
        assert columns(Priced(states=states, expected=likely)).each == (cheap, likely, dear)
    assert columns(Priced(states=(likely,), expected=cheap)).each == (cheap, cheap, likely)
    assert columns(Priced(states=(likely, dear), expected=likely)).each == (likely, likely, dear)


def test_of_two_states_that_cost_alike_the_one_that_may_cost_more_is_the_dearest() -> None:
    sure, partial = in_state(4), in_state(4, reason="max_capacity is unknown")
    found = columns(Priced(states=(partial, sure), expected=LATER))
    assert found.each == (sure, partial, partial)


def test_more_of_what_has_no_price_costs_more_though_nobody_knows_how_much() -> None:
    """From two to nine instances of a type without a price: 2 × 730 h to 9 × 730 h, not the same at both ends."""
    it = replace(instances(2, "ml.no.such"), scaling=RANGE)
    instance = estimate(inventory(it), PRICES).endpoints["E"].children[0].lines[0]
    assert bounds(instance.count) == (2, 2, 9)
    assert bounds(instance.quantity) == (1460, 1460, 6570)


def test_each_bound_has_the_estimated_part_of_its_own_state() -> None:
    """1, 4 and 9 USD, all of it estimated: 1, 4 and 9."""
    cheap, likely, dear = (in_state(usd, estimated=True) for usd in (1, 4, 9))
    priced = Priced(states=(cheap, dear), expected=likely)
    monthly = of_states(priced, columns(priced))
    assert (monthly.estimated_floor, monthly.estimated_share, monthly.estimated_ceiling) == (1, 4, 9)
    assert monthly.estimated


def test_a_line_is_estimated_where_it_is_so_in_any_state() -> None:
    priced = Priced(states=(in_state(1), in_state(9, estimated=True)), expected=in_state(4))
    (row,) = rows(priced, columns(priced))
    assert row.estimated
    assert (row.monthly, row.quantity) == (MonthlyQuantity(Decimal(1), Decimal(4), Decimal(9)),) * 2


def test_the_row_of_a_line_has_what_is_doubtful_of_it_in_any_state_and_nothing_where_it_is_not() -> None:
    """A volume that only the expected state has; a reason that only it has too."""
    likely = state(
        *in_state(4, reason="its maximum is unknown").lines, *in_state(2, "volume", estimated=True, detail="2 GB").lines
    )
    priced = Priced(states=(in_state(1), in_state(9)), expected=likely, detail="a or b")
    instance, volume = rows(priced, columns(priced))
    assert (instance.reason, instance.detail) == ("its maximum is unknown", "a or b")
    assert (volume.detail, volume.estimated) == ("2 GB", True)
    assert bounds(instance.monthly) == (1, 4, 9)
    assert bounds(volume.monthly) == (0, 2, 0)


def test_what_is_expected_where_it_costs_least_still_costs_more_at_most() -> None:
    cheap, dear = in_state(1), in_state(9)
    priced = Priced(states=(cheap, dear), expected=cheap)
    (row,) = rows(priced, columns(priced))
    assert bounds(row.monthly) == (1, 1, 9)


# Possibilities that exclude each other ---------------------------------------------------------


def test_what_may_be_either_is_at_least_estimated_assumed_and_dependent_where_one_is() -> None:
    plain = Monthly(floor=Decimal(1), expected=Decimal(1), ceiling=Decimal(1))
    for flag in ("at_least", "estimated", "depends_on_usage", "assumed"):
        found = either([plain, replace(plain, **{flag: True})], LATER)
        assert [name for name in ("at_least", "estimated", "depends_on_usage", "assumed") if getattr(found, name)] == [
            flag
        ]


def test_either_of_two_ranges_spans_both_and_expects_what_both_expect() -> None:
    """1 to 9 or 2 to 4, of which 1, 3 and 9 and none are estimated, and 2 expected of each: from 1 to 9."""
    wide = Monthly(
        floor=Decimal(1),
        expected=Decimal(2),
        ceiling=Decimal(9),
        estimated_floor=Decimal(1),
        estimated_share=Decimal(2),
        estimated_ceiling=Decimal(9),
    )
    narrow = Monthly(floor=Decimal(2), expected=Decimal(2), ceiling=Decimal(4))
    found = either([wide, narrow], LATER)
    assert bounds(found) == (1, 2, 9)
    assert (found.estimated_floor, found.estimated_share, found.estimated_ceiling) == (1, 2, 9)
    found = either([replace(wide, expected=Decimal(3)), narrow], LATER)
    assert bounds(found) == (1, LATER, 9)
    assert found.estimated_share == 9, "of the ceiling, where nothing is expected"


def test_the_only_possibility_is_what_there_is() -> None:
    one = Monthly(floor=Decimal(1), expected=Decimal(2), ceiling=Decimal(9), assumed=True)
    assert either([one], LATER) == one
    bill = estimate(inventory(instances(1)), PRICES)
    assert either_estimate([bill], {"E": ["main"]}, LATER) == bill
    own = MonthlyQuantity(Decimal(1), Decimal(2), Decimal(9))
    use = PlanUse(covered=own, spilled=own, stranded=own)
    assert either_plan_use([use], LATER) == use
    change = Delta(Decimal(1), LATER, Decimal(9))
    assert bounds(either_delta([change], LATER)) == (1, LATER, 9)


def test_a_variant_that_only_one_possibility_has_may_cost_nothing() -> None:
    """One of 1,027.84 always; a second one, by name or by place, in one of two cases."""
    worlds = [inventory(instances(1)), inventory(instances(1), instances(2, name="second"))]
    for names in (["main", "second"], [None, None]):
        for order in (worlds, worlds[::-1]):
            found = either_estimate([estimate(each, PRICES) for each in order], {"E": names}, LATER)
            first, second = found.endpoints["E"].children
            assert bounds(first.monthly) == (G5, G5, G5)
            assert bounds(second.monthly) == (0, LATER, 2 * G5)


def test_a_line_says_why_it_is_more_in_one_possibility() -> None:
    unbounded = replace(instances(1), scaling=replace(RANGE, max_capacity=LATER))
    for worlds in ((instances(1), unbounded), (unbounded, instances(1))):
        (line,) = combined(*(inventory(it) for it in worlds)).endpoints["E"].children[0].lines
        assert line.reason == "max_capacity is unknown: known after apply"


def test_a_commitment_of_one_or_the_other_use_spans_both() -> None:
    """Covered 1, 2, 3 or 0, 2, 9: 0 to 9 with 2 expected; spilled and stranded likewise."""
    one, other = (MonthlyQuantity(*map(Decimal, each)) for each in ((1, 2, 3), (0, 2, 9)))
    found = either_plan_use(
        [
            PlanUse(covered=one, spilled=other, stranded=one),
            PlanUse(covered=other, spilled=one, stranded=MonthlyQuantity(Decimal(1), Decimal(5), Decimal(3))),
        ],
        LATER,
    )
    assert found.covered == found.spilled == MonthlyQuantity(Decimal(0), Decimal(2), Decimal(9))
    assert found.stranded == MonthlyQuantity(Decimal(1), LATER, Decimal(3))


def test_slots_that_take_requests_nobody_counts_make_a_change_that_is_not_known() -> None:
    """A slot of 2 GB adds 26.28, and takes up to 2,628,000 s × (0.00004 - 0.0000233) = 43.89 off the requests."""

    def slots(count: int | None) -> Any:
        it = ServerlessVariant(name="main", memory_mib=2048, max_concurrency=5, provisioned_concurrency=count)
        return estimate(inventory(it, mode="serverless"), PRICES)

    for before, after in ((1, 2), (2, 1), (None, 1)):
        change = delta(slots(before), slots(after))
        assert change is not None
        assert isinstance(change.expected, Unknown)
        assert (change.expected.at_least, change.expected.at_most) == (None, None)
    assert delta(slots(2), slots(2)) == Delta(Decimal(0), Decimal(0), Decimal(0))


def test_data_of_a_variant_that_states_nothing_in_one_possibility_depends_on_usage() -> None:
    """1,000,000 requests of 4 KB to a are 4 GB × 0.016 = 0.064; what b is sent, where there is a b, nobody says."""
    usage = Usage(
        {
            "E": EndpointUsage(
                request_payload_kb=Decimal(4),
                monthly_data_out_gb=Decimal(1),
                variants={"a": VariantUsage(monthly_requests=Decimal(10**6))},
            )
        },
        {},
    )
    for worlds in (("a",), ("a", "b")), (("a", "b"), ("a",)):
        inventories = [inventory(*(instances(1, name=name) for name in world)) for world in worlds]
        found = either_estimate([estimate(each, PRICES, usage) for each in inventories], {"E": ["a"]}, LATER)
        data_in, data_out = found.endpoints["E"].lines
        assert bounds(data_in.monthly) == (Decimal("0.064"),) * 3
        assert (data_in.depends_on_usage, data_out.depends_on_usage) == (True, False)
        assert found.total.depends_on_usage


# Changes ---------------------------------------------------------


def test_a_change_with_discounts_is_as_unknown_as_that_of_the_list() -> None:
    """-3 with discounts, where that of the list is at least -5: at least -3. At most likewise."""
    listed = Delta(Unknown("a", at_least=Decimal(-5)), Unknown("b", at_most=Decimal(-5)), Decimal(-5))
    own = Decimal(-3)
    assert as_unknown_as(listed, Delta(own, own, own)) == Delta(
        Unknown("a", at_least=own), Unknown("b", at_most=own), own
    )
    unknown = Unknown("of its own", at_least=Decimal(1))
    assert as_unknown_as(listed, Delta(unknown, unknown, unknown)) == Delta(unknown, unknown, unknown)


def test_what_is_missing_of_one_bound_leaves_the_others_known() -> None:
    """From a greatest count that nobody knows, 1 or more, to one: the floor stays, the ceiling falls if it was more."""
    unbounded = InstanceVariant(
        name="main",
        shadow=False,
        instance_type="ml.g5.xlarge",
        initial_instance_count=1,
        scaling=ScalableTarget(address="t", dimension=INSTANCE_COUNT, min_capacity=1, max_capacity=LATER),
    )
    before, after = (estimate(inventory(it), PRICES) for it in (unbounded, instances(1)))
    for change, known in ((delta(before, after), "at_most"), (delta(after, before), "at_least")):
        assert change is not None
        assert change.floor == 0
        assert isinstance(change.ceiling, Unknown)
        assert {name: getattr(change.ceiling, name) for name in ("at_least", "at_most")} == {
            "at_least": None,
            "at_most": None,
            known: 0,
        }
