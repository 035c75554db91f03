"""The bill of endpoints, worked by hand from pricing/us-east-1.csv and pricing/eu-west-3.csv.

us-east-1: ml.m5.large 0.115, ml.m5.xlarge 0.23, ml.c5.large 0.102, ml.g5.xlarge 1.408 USD an hour; volumes 0.14 per
GB-month; data 0.016 per GB; serverless 2 GB 0.00004 per second, warm 0.00001, provisioned execution 0.0000233.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from msgspec import structs

from guardrail.cost.base import Bill, ChargeKind, CostComponent, Monthly
from guardrail.cost.capacity import Capacity, Running, counts_of
from guardrail.cost.estimate import Estimator, estimate, labels
from guardrail.cost.join import NOTHING, bill_delta, delta, total, total_delta
from guardrail.cost.usage import NO_USAGE, EndpointUsage, Usage, VariantUsage
from guardrail.model import (
    COPY_COUNT,
    INSTANCE_COUNT,
    PROVISIONED_CONCURRENCY,
    Endpoint,
    InferenceComponent,
    InstancePool,
    InstanceVariant,
    Inventory,
    ManagedInstanceScaling,
    ScalableTarget,
    ScalingMetric,
    ScheduledAction,
    ServerlessVariant,
    TargetTrackingPolicy,
    Unknown,
)
from guardrail.prices.base import Price
from guardrail.prices.book import PriceBook

PRICES = PriceBook()
LATER = Unknown("known after apply")


def variant(**changes: Any) -> InstanceVariant:
    """One ml.m5.large named main, with a volume of 10 GB."""
    fields: dict[str, Any] = {
        "name": "main",
        "shadow": False,
        "instance_type": "ml.m5.large",
        "initial_instance_count": 1,
        "volume_size_gb": 10,
        "model_name": "model",
    }
    return InstanceVariant(**(fields | changes))


def serverless(**changes: Any) -> ServerlessVariant:
    """2 GB, on demand."""
    fields: dict[str, Any] = {
        "name": "main",
        "memory_mib": 2048,
        "max_concurrency": 10,
        "provisioned_concurrency": None,
    }
    return ServerlessVariant(**(fields | changes))


def endpoint(*variants: InstanceVariant | ServerlessVariant, **changes: Any) -> Endpoint:
    """A real-time endpoint in us-east-1."""
    fields: dict[str, Any] = {
        "address": "aws_sagemaker_endpoint.this",
        "name": "this",
        "region": "us-east-1",
        "mode": "realtime",
        "variants": variants,
        "configuration_address": "aws_sagemaker_endpoint_configuration.this",
    }
    return Endpoint(**(fields | changes))


TRACKING = TargetTrackingPolicy(
    address="tracking",
    target_value=5.0,
    metrics=(ScalingMetric(predefined=False, name="Busy"),),
    disable_scale_in=False,
)


def target(least: int | Unknown, most: int | Unknown, **changes: Any) -> ScalableTarget:
    fields: dict[str, Any] = {
        "address": "aws_appautoscaling_target.this",
        "dimension": INSTANCE_COUNT,
        "min_capacity": least,
        "max_capacity": most,
        "policies": (TRACKING,),
    }
    return ScalableTarget(**(fields | changes))


def one_million() -> EndpointUsage:
    """Requests a month, of 200 ms each."""
    return EndpointUsage(monthly_requests=Decimal(10**6), request_duration_ms=Decimal(200))


def priced(it: Endpoint, usage: Usage = NO_USAGE) -> Bill:
    return estimate(Inventory(endpoints=(it,)), PRICES, usage).endpoints[it.address]


def part(it: Bill, kind: str, of_variant: int = 0) -> CostComponent:
    parts = (*it.lines, *(it.children[of_variant].lines if it.children else ()))
    return next(component for component in parts if component.kind == kind)


def test_slots_that_the_work_needs_are_said_beside_those_that_are_kept_warm() -> None:
    four = endpoint(serverless(provisioned_concurrency=4), mode="serverless")
    assert part(priced(four), "provisioned-warm").demand is None
    asked = priced(four, used(average_provisioned_concurrency=Decimal("1.5")))
    assert part(asked, "provisioned-warm").demand == Decimal("1.5")


def test_instances_that_the_work_needs_are_said_beside_those_that_run_and_so_are_their_volumes() -> None:
    for usage, needed in ((NO_USAGE, None), (used(average_instances=Decimal("0.5")), Decimal("0.5"))):
        it = priced(endpoint(variant(initial_instance_count=2)), usage)
        assert (part(it, "instance").demand, part(it, "volume").demand) == (needed, needed)


def test_requests_of_variants_that_nobody_knows_are_priced_by_nobody() -> None:
    found = priced(endpoint(variants=LATER, mode="serverless"), Usage({"aws_sagemaker_endpoint.*": one_million()}, {}))
    assert (found.monthly.floor, found.monthly.at_least) == (0, True)


def test_what_is_stated_is_neither_assumed_nor_estimated() -> None:
    lines = [part(priced(endpoint(variant())), kind) for kind in ("instance", "volume")]
    assert [(line.assumed, line.estimated, line.redacted) for line in lines] == [(False, False, False)] * 2


def usd(monthly: Any) -> tuple[str, str, str]:
    """The three bounds with two decimals."""
    return (f"{monthly.floor:.2f}", f"{monthly.expected:.2f}", f"{monthly.ceiling:.2f}")


def counts(component: CostComponent) -> tuple[object, ...]:
    assert component.count is not None
    assert isinstance(component.count.expected, Decimal)
    return (component.count.floor, component.count.expected, component.count.ceiling)


# Instances and volumes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("instance_type", "count", "monthly"),
    [
        ("ml.m5.large", 1, "83.95"),  # 730 × 0.115
        ("ml.m5.xlarge", 1, "167.90"),  # 730 × 0.23
        ("ml.m5.xlarge", 2, "335.80"),  # 2 × 730 × 0.23
    ],
)
def test_instances_without_scaling_cost_their_count_in_all_bounds(instance_type: str, count: int, monthly: str) -> None:
    it = priced(endpoint(variant(instance_type=instance_type, initial_instance_count=count)))
    instances = part(it, "instance")
    assert usd(instances.monthly) == (monthly, monthly, monthly)
    assert instances.usage_type == f"USE1-Host:{instance_type}"
    assert not it.monthly.assumed
    assert not it.monthly.at_least


def test_a_variant_costs_its_instances_and_their_volumes() -> None:
    """2 × 730 × 0.23 + 2 × 20 GB × 0.14 = 335.80 + 5.60 = 341.40."""
    it = priced(endpoint(variant(instance_type="ml.m5.xlarge", initial_instance_count=2, volume_size_gb=20)))
    assert usd(part(it, "volume").monthly) == ("5.60", "5.60", "5.60")
    assert usd(it.monthly) == ("341.40", "341.40", "341.40")
    assert it.monthly.depends_on_usage, "data in and out have no usage to go by"


def test_the_example_of_the_documentation() -> None:
    """chat-prod: 2 to 6 ml.m5.xlarge of 20 GB, three at first.

    Instances 2 × 167.90 = 335.80, 3 × 167.90 = 503.70, 6 × 167.90 = 1,007.40; volumes 5.60, 8.40, 16.80.
    """
    it = priced(
        endpoint(
            variant(instance_type="ml.m5.xlarge", initial_instance_count=3, volume_size_gb=20, scaling=target(2, 6))
        )
    )
    assert usd(part(it, "instance").monthly) == ("335.80", "503.70", "1007.40")
    assert usd(part(it, "volume").monthly) == ("5.60", "8.40", "16.80")
    assert it.monthly.assumed
    assert part(it, "instance").origins["count.floor"] == "scalable target aws_appautoscaling_target.this"
    assert part(it, "instance").origins["count.expected"] == "initial_instance_count"


def test_two_variants_and_a_shadow_are_all_billed_whatever_their_weight() -> None:
    """Three times one ml.m5.large and its 10 GB: 3 × (83.95 + 1.40) = 256.05; data once."""
    it = priced(endpoint(variant(name="a"), variant(name="b", weight=0.0), variant(name="c", shadow=True, weight=0.0)))
    assert usd(it.monthly) == ("256.05", "256.05", "256.05")
    assert [component.kind for component in it.lines] == ["data-in", "data-out"]


def test_a_default_volume_has_the_published_size_of_its_type() -> None:
    """ml.m5.large: 4 GB in AWS's table of 2020; 4 × 0.14 = 0.56."""
    volume = part(priced(endpoint(variant(volume_size_gb=None))), "volume")
    assert usd(volume.monthly) == ("0.56", "0.56", "0.56")
    assert volume.detail == "4 GB (default)"
    assert not volume.estimated
    assert volume.origins["size"] == "default of the type (published 2020)"


def test_an_inferred_default_volume_is_estimated() -> None:
    """ml.c6i.large is not in the table of 2020: min(30, 4 GiB / 2) = 2 GB; 2 × 0.14 = 0.28."""
    it = priced(endpoint(variant(instance_type="ml.c6i.large", volume_size_gb=None)))
    volume = part(it, "volume")
    assert usd(volume.monthly) == ("0.28", "0.28", "0.28")
    assert volume.estimated
    # 0.28 of 730 × 0.102 + 0.28 = 74.74 is 0.4 %: below the 1 % from which a total is called estimated.
    assert it.monthly.estimated_share == Decimal("0.28")
    assert not it.monthly.estimated


@pytest.mark.parametrize("size", [None, 50])
def test_types_with_local_nvme_have_no_volume_even_if_one_is_asked_for(size: int | None) -> None:
    it = priced(endpoint(variant(instance_type="ml.g5.xlarge", volume_size_gb=size)))
    assert [component.kind for component in it.children[0].lines] == ["instance"]
    assert usd(it.monthly) == ("1027.84", "1027.84", "1027.84")  # 730 × 1.408


def test_an_unconfirmed_default_volume_is_listed_and_can_be_told_from_one_that_was_asked_for() -> None:
    volume = part(priced(endpoint(variant(instance_type="ml.g7.2xlarge", volume_size_gb=None))), "volume")
    assert volume.monthly is None
    assert volume.default_size
    assert volume.reason is not None
    assert "unconfirmed" in volume.reason


def test_asynchronous_instances_have_their_own_usage_type() -> None:
    """1 × 730 × 0.115 = 83.95 as AsyncInf; the volume stays a Host volume."""
    it = priced(endpoint(variant(), mode="async"))
    instances = part(it, "instance")
    assert instances.usage_type == "USE1-AsyncInf:ml.m5.large"
    assert usd(instances.monthly) == ("83.95", "83.95", "83.95")
    assert not instances.estimated, "derived is not estimated"
    assert part(it, "volume").usage_type == "USE1-Host:VolumeUsage.gp2"


def test_a_type_without_asynchronous_price_is_estimated_at_the_hosting_price_and_says_so() -> None:
    """ml.g4dn.xlarge in eu-west-3 has a hosting price, 0.861, and none for AsyncInf: 730 × 0.861 = 628.53."""
    it = priced(endpoint(variant(instance_type="ml.g4dn.xlarge"), mode="async", region="eu-west-3"))
    instances = part(it, "instance")
    assert usd(instances.monthly) == ("628.53", "628.53", "628.53")
    assert instances.usage_type == "EUW3-AsyncInf:ml.g4dn.xlarge"
    assert instances.price is not None
    assert instances.price.basis == "estimated"
    assert "may not be sold for asynchronous inference in eu-west-3" in (instances.price.suspect or "")
    assert it.monthly.estimated
    assert not it.monthly.at_least


# Scaling -------------------------------------------------------------------------------------------------------------


def test_asynchronous_endpoints_scale_to_zero() -> None:
    """0, 1, 3 × 83.95."""
    it = priced(endpoint(variant(scaling=target(0, 3)), mode="async"))
    assert usd(part(it, "instance").monthly) == ("0.00", "83.95", "251.85")
    assert it.monthly.floor == 0


def test_real_time_keeps_an_instance_whatever_its_minimum() -> None:
    instances = part(priced(endpoint(variant(scaling=target(0, 3)))), "instance")
    assert counts(instances) == (1, 1, 3)
    assert instances.origins["count.floor"] == "the least that real-time inference keeps"


def test_scheduled_actions_widen_the_range() -> None:
    """Target 2 to 4; nights set at most 1, days 3 to 8: from 1 to 8, two by night and three by day between them."""
    night = ScheduledAction(address="night", schedule="cron(0 20 * * ? *)", min_capacity=None, max_capacity=1)
    day = ScheduledAction(address="day", schedule="cron(0 8 * * ? *)", min_capacity=3, max_capacity=8)
    scaling = target(2, 4, scheduled_actions=(night, day))
    instances = part(priced(endpoint(variant(initial_instance_count=2, scaling=scaling))), "instance")
    assert counts(instances) == (1, Decimal("2.5"), 8)
    assert instances.origins["count.floor"] == "scheduled action night"
    assert instances.origins["count.ceiling"] == "scheduled action day"


def test_an_initial_count_outside_the_bounds_is_held_within_them() -> None:
    assert counts(part(priced(endpoint(variant(initial_instance_count=9, scaling=target(2, 6)))), "instance")) == (
        2,
        6,
        6,
    )
    assert counts(part(priced(endpoint(variant(scaling=target(2, 6)))), "instance")) == (2, 2, 6)


def test_an_unknown_maximum_contributes_what_is_known_and_makes_the_total_at_least() -> None:
    it = priced(endpoint(variant(initial_instance_count=2, scaling=target(2, LATER))))
    assert counts(part(it, "instance")) == (2, 2, 2)
    assert it.monthly.at_least


@pytest.mark.parametrize(("mode", "floor"), [("realtime", 1), ("async", 0)])
def test_an_unknown_minimum_contributes_the_least_that_the_service_allows(mode: str, floor: int) -> None:
    it = priced(endpoint(variant(initial_instance_count=2, scaling=target(LATER, 4)), mode=mode))
    assert counts(part(it, "instance")) == (floor, 2, 4)
    assert it.monthly.at_least


def test_an_unknown_initial_count_is_at_least_one() -> None:
    it = priced(endpoint(variant(initial_instance_count=LATER)))
    assert usd(part(it, "instance").monthly) == ("83.95", "83.95", "83.95")
    assert it.monthly.at_least
    assert part(it, "instance").reason == "initial_instance_count is unknown: known after apply"


def test_scaling_that_may_belong_to_the_variant_makes_its_bounds_at_least() -> None:
    it = priced(endpoint(variant(initial_instance_count=3, scaling=LATER)))
    assert counts(part(it, "instance")) == (1, 3, 3)
    assert it.monthly.at_least


# Inference components ------------------------------------------------------------------------------------------------

MANAGED = ManagedInstanceScaling(status="ENABLED", min_instance_count=0, max_instance_count=4)
FOLLOWS_LOAD = TargetTrackingPolicy(
    address="policy",
    target_value=1.0,
    metrics=(ScalingMetric(predefined=True, name="SageMakerInferenceComponentInvocationsPerCopy"),),
    disable_scale_in=False,
)


def component(least: int | Unknown = 0, **changes: Any) -> InferenceComponent:
    scaling = target(least, 4, dimension=COPY_COUNT, policies=(FOLLOWS_LOAD,))
    fields: dict[str, Any] = {
        "address": "component",
        "name": "c",
        "variant_name": "main",
        "copies": 1,
        "scaling": scaling,
    }
    return InferenceComponent(**(fields | changes))


def host(*components: InferenceComponent, managed: ManagedInstanceScaling | None = MANAGED, **changes: Any) -> Endpoint:
    fields: dict[str, Any] = {"model_name": None, "managed_scaling": managed, "initial_instance_count": 2}
    return endpoint(variant(**(fields | changes)), inference_components=components)


def test_inference_components_that_all_scale_to_zero_leave_no_instance() -> None:
    instances = part(priced(host(component())), "instance")
    assert counts(instances) == (0, 2, 4)
    assert instances.origins["count.ceiling"] == "managed instance scaling"


@pytest.mark.parametrize(
    "hosting",
    [
        host(),  # nothing is hosted
        host(component(), component(1, name="d")),  # one component keeps a copy
        host(component(scaling=None)),  # one component has no target
        host(component(scaling=target(0, 4, dimension=COPY_COUNT, policies=()))),  # nothing scales it in
    ],
)
def test_one_component_that_stays_keeps_an_instance(hosting: Endpoint) -> None:
    assert counts(part(priced(hosting), "instance")) == (1, 2, 4)


def test_managed_scaling_on_a_variant_that_names_a_model_gives_no_range() -> None:
    assert counts(part(priced(host(component(), model_name="model")), "instance")) == (2, 2, 2)


def test_disabled_managed_scaling_gives_no_range() -> None:
    managed = ManagedInstanceScaling(status="DISABLED", min_instance_count=0, max_instance_count=4)
    assert counts(part(priced(host(component(), managed=managed)), "instance")) == (2, 2, 2)


def test_components_that_may_be_hosted_here_may_leave_no_instance() -> None:
    it = endpoint(variant(model_name=None, managed_scaling=MANAGED), inference_components=LATER)
    cost = priced(it)
    assert counts(part(cost, "instance")) == (0, 1, 4)
    assert not cost.monthly.at_least, "whichever it is, it lies between these"


# Instance pools ------------------------------------------------------------------------------------------------------


def test_instance_pools_range_from_the_cheapest_to_the_dearest() -> None:
    """1 to 3 of ml.m5.xlarge (0.23, first), ml.m5.large (0.115) and ml.g5.xlarge (1.408).

    Floor 1 × 730 × 0.115 = 83.95; expected 2 × 730 × 0.23 = 335.80; ceiling 3 × 730 × 1.408 = 3,083.52.
    """
    pools = (
        InstancePool(instance_type="ml.m5.large", priority=2),
        InstancePool(instance_type="ml.m5.xlarge", priority=1),
        InstancePool(instance_type="ml.g5.xlarge", priority=3),
    )
    it = priced(
        endpoint(variant(instance_type=None, instance_pools=pools, initial_instance_count=2, scaling=target(1, 3)))
    )
    instances = part(it, "instance")
    assert usd(instances.monthly) == ("83.95", "335.80", "3083.52")
    assert instances.usage_type == "USE1-Host:ml.m5.xlarge"
    # Volumes of 10 GB on the m5 types, none on ml.g5.xlarge: 10 × 1 GB at 0.14 where it costs least, 10 × 2 as
    # expected, and none where it costs most.
    assert usd(part(it, "volume").monthly) == ("1.40", "2.80", "0.00")
    # 83.95 + 1.40; 335.80 + 2.80; 3,083.52
    assert usd(it.monthly) == ("85.35", "338.60", "3083.52")


def test_an_unpriced_type_of_a_pool_leaves_nothing_to_say_of_the_floor() -> None:
    pools = (
        InstancePool(instance_type="ml.m5.xlarge", priority=1),
        InstancePool(instance_type="ml.no.such", priority=2),
    )
    it = priced(endpoint(variant(instance_type=None, instance_pools=pools)))
    assert usd(part(it, "instance").monthly) == ("0.00", "167.90", "167.90")
    assert it.monthly.at_least


# Serverless ----------------------------------------------------------------------------------------------------------


def test_serverless_without_usage_shows_a_unit_price_and_no_amount() -> None:
    it = priced(endpoint(serverless(), mode="serverless"))
    compute = part(it, "serverless-compute")
    assert compute.price is not None
    assert compute.price.usd == Decimal("0.00004")
    assert compute.monthly is None
    assert compute.depends_on_usage
    assert it.monthly.depends_on_usage
    assert not it.monthly.at_least
    assert [each.kind for each in it.children[0].lines] == ["serverless-compute"], "there is no volume"


def test_provisioned_slots_are_billed_while_they_are_warm() -> None:
    """2 slots × 2,628,000 s × 0.00001 = 52.56."""
    it = priced(endpoint(serverless(provisioned_concurrency=2), mode="serverless"))
    warm = part(it, "provisioned-warm")
    assert usd(warm.monthly) == ("52.56", "52.56", "52.56")
    assert warm.usage_type == "USE1-ProvisionedConcurrency:Usage-2GB"


def test_provisioned_slots_range_with_their_own_target() -> None:
    """1, 2 and 5 slots: 26.28, 52.56, 131.40."""
    scaling = target(1, 5, dimension=PROVISIONED_CONCURRENCY)
    it = priced(endpoint(serverless(provisioned_concurrency=2, scaling=scaling), mode="serverless"))
    assert usd(part(it, "provisioned-warm").monthly) == ("26.28", "52.56", "131.40")


def used(**numbers: Any) -> Usage:
    return Usage({"aws_sagemaker_endpoint.this": EndpointUsage(**numbers)}, {})


def test_on_demand_compute_is_requests_times_duration() -> None:
    """1,000,000 × 0.2 s = 200,000 s × 0.00004 = 8.00."""
    usage = used(monthly_requests=Decimal(1_000_000), request_duration_ms=Decimal(200))
    compute = part(priced(endpoint(serverless(), mode="serverless"), usage), "serverless-compute")
    assert usd(compute.monthly) == ("8.00", "8.00", "8.00")
    assert not compute.depends_on_usage


def test_compute_on_provisioned_slots_is_not_multiplied_by_memory() -> None:
    """200,000 s × 0.0000233 = 4.66, and nothing on demand, on two slots."""
    usage = used(monthly_requests=Decimal(1_000_000), request_duration_ms=Decimal(200))
    it = priced(endpoint(serverless(provisioned_concurrency=2), mode="serverless"), usage)
    assert usd(part(it, "provisioned-compute").monthly) == ("4.66", "4.66", "4.66")
    assert usd(part(it, "serverless-compute").monthly) == ("0.00", "0.00", "0.00")


def test_what_exceeds_provisioned_capacity_spills_over_to_the_on_demand_rate() -> None:
    """3,000,000 s on one slot: 2,628,000 × 0.0000233 = 61.2324 and 372,000 × 0.00004 = 14.88."""
    usage = used(monthly_requests=Decimal(3_000_000), request_duration_ms=Decimal(1000))
    it = priced(endpoint(serverless(provisioned_concurrency=1), mode="serverless"), usage)
    assert usd(part(it, "provisioned-compute").monthly) == ("61.23", "61.23", "61.23")
    assert usd(part(it, "serverless-compute").monthly) == ("14.88", "14.88", "14.88")


def test_an_unknown_memory_size_is_unpriced() -> None:
    it = priced(endpoint(serverless(memory_mib=LATER), mode="serverless"))
    assert part(it, "serverless-compute").reason == "memory_size_in_mb is unknown: known after apply"
    assert it.monthly.at_least


# Usage ---------------------------------------------------------------------------------------------------------------


def test_data_is_charged_once_per_endpoint() -> None:
    """100 GB in and 50 GB out at 0.016: 1.60 + 0.80, however many variants there are."""
    usage = used(monthly_data_in_gb=Decimal(100), monthly_data_out_gb=Decimal(50))
    it = priced(endpoint(variant(name="a"), variant(name="b")), usage)
    assert usd(part(it, "data-in").monthly) == ("1.60", "1.60", "1.60")
    assert usd(part(it, "data-out").monthly) == ("0.80", "0.80", "0.80")
    assert not it.monthly.depends_on_usage


def test_data_follows_from_requests_and_payloads() -> None:
    """1,000,000 requests × 4 KB = 4 GB × 0.016 = 0.064."""
    usage = used(monthly_requests=Decimal(1_000_000), request_payload_kb=Decimal(4))
    data = part(priced(endpoint(variant()), usage), "data-in")
    assert data.monthly is not None
    assert data.monthly.expected == Decimal("0.064")


def test_average_instances_replace_the_assumption() -> None:
    """2.5 × 83.95 = 209.875, held within 1 and 4."""
    it = priced(endpoint(variant(scaling=target(1, 4))), used(average_instances=Decimal("2.5")))
    monthly = part(it, "instance").monthly
    assert monthly is not None
    assert monthly.expected == Decimal("209.875")
    assert not it.monthly.assumed
    beyond = priced(endpoint(variant(scaling=target(1, 4))), used(average_instances=Decimal(9)))
    assert counts(part(beyond, "instance")) == (1, 4, 4)


def test_outside_busy_hours_a_variant_is_at_its_minimum() -> None:
    """200 h of two instances and 530 h of none: 400 × 0.115 = 46.00."""
    usage = used(monthly_busy_hours=Decimal(200))
    it = priced(endpoint(variant(initial_instance_count=2, scaling=target(0, 4)), mode="async"), usage)
    assert usd(part(it, "instance").monthly) == ("0.00", "46.00", "335.80")
    assert part(it, "instance").quantity is not None
    assert part(it, "instance").quantity.expected == 400  # type: ignore[union-attr]


def test_a_fixed_count_does_not_follow_usage() -> None:
    it = priced(endpoint(variant(initial_instance_count=2)), used(average_instances=Decimal("0.5")))
    assert counts(part(it, "instance")) == (2, 2, 2)


def test_a_variant_has_its_own_usage() -> None:
    usage = used(average_instances=Decimal(2), variants={"b": VariantUsage(average_instances=Decimal(3))})
    it = priced(endpoint(variant(name="a", scaling=target(1, 4)), variant(name="b", scaling=target(1, 4))), usage)
    assert counts(part(it, "instance", 0)) == (1, 2, 4)
    assert counts(part(it, "instance", 1)) == (1, 3, 4)


# What is unknown or has no price -------------------------------------------------------------------------------------


def test_an_unknown_instance_type_is_never_zero() -> None:
    it = priced(endpoint(variant(instance_type=LATER)))
    instances = part(it, "instance")
    assert instances.monthly is None
    assert instances.reason == "instance_type is unknown: known after apply"
    assert it.monthly.at_least
    # The volume that was asked for is known: on local storage the API would reject it. 10 × 0.14 = 1.40.
    assert usd(it.monthly) == ("1.40", "1.40", "1.40")


def test_an_unknown_region_prices_nothing_and_says_so() -> None:
    it = priced(endpoint(variant(), region=Unknown("no provider block")))
    assert {component.monthly for component in (*it.lines, *it.children[0].lines)} == {None}
    assert part(it, "instance").reason == "its region is unknown: no provider block"
    assert it.monthly.at_least


def test_an_unpriced_type_says_why() -> None:
    it = priced(endpoint(variant(instance_type="ml.m6i.xlarge")))
    assert "ml.m6i.xlarge" in (part(it, "instance").reason or "")
    assert it.monthly.at_least


def test_unknown_variants_are_at_least_zero_and_never_a_silent_zero() -> None:
    it = priced(endpoint(variants=Unknown("its configuration is managed elsewhere")))
    assert it.children == ()
    assert it.monthly.floor == 0
    assert it.monthly.at_least
    assert it.missing


def test_sensitive_values_stay_out_of_reasons() -> None:
    it = priced(endpoint(variant(instance_type="ml.secret.xlarge", sensitive=True)))
    instances = part(it, "instance")
    assert instances.redacted
    assert "secret" not in (instances.reason or "")


def test_a_sensitive_target_redacts_what_rests_on_it() -> None:
    assert part(priced(endpoint(variant(scaling=target(1, 7, sensitive=True)))), "instance").redacted


# Inventories ---------------------------------------------------------------------------------------------------------


def test_unattached_configurations_are_priced_and_in_no_total() -> None:
    alone = endpoint(variant(), address="aws_sagemaker_endpoint_configuration.alone", deployed="no")
    bill = estimate(Inventory(endpoints=(endpoint(variant()),), unattached=(alone,)), PRICES)
    assert usd(bill.total) == ("85.35", "85.35", "85.35")  # 83.95 + 1.40
    assert usd(bill.unattached[alone.address].monthly) == ("85.35", "85.35", "85.35")


def test_what_is_possibly_deployed_costs_nothing_or_all_of_it() -> None:
    bill = estimate(Inventory(endpoints=(endpoint(variant(), deployed="possibly"),)), PRICES)
    assert (bill.total.floor, bill.total.ceiling) == (0, Decimal("85.35"))
    assert isinstance(bill.total.expected, Unknown)
    assert not bill.total.at_least


def test_an_endpoint_that_uses_one_of_two_configurations_costs_as_little_or_as_much_as_one_of_them() -> None:
    """One ml.m5.large with 10 GB, 85.35, or two, 170.70; and not both."""
    small, large = "aws_sagemaker_endpoint_configuration.small", "aws_sagemaker_endpoint_configuration.large"
    open_ = endpoint(candidates=(small, large), configuration_address=None)
    bill = bill_of(
        structs.replace(open_, variants=Unknown("one of two")),
        endpoint(variant(), address=small, deployed="possibly"),
        endpoint(variant(initial_instance_count=2), address=large, deployed="possibly"),
    )
    found = bill.total
    assert (found.floor, found.expected, found.ceiling) == (Decimal("85.35"), Unknown("one of two"), Decimal("170.70"))
    assert not found.at_least
    change = delta(bill, bill)
    assert change is not None
    assert usd(change) == ("0.00", "0.00", "0.00")


def test_a_total_is_estimated_from_one_percent_on() -> None:
    """0.10 of 10.00 is 1 %, 0.09 is not; an estimated ceiling alone is enough."""

    def monthly(share: str) -> Monthly:
        bounds: dict[str, Any] = {"floor": Decimal(10), "expected": Decimal(10), "ceiling": Decimal(10)}
        estimated = Decimal(share)
        return Monthly(**bounds, estimated_share=estimated, estimated_floor=estimated, estimated_ceiling=estimated)

    assert total([monthly("0.10")]).estimated
    assert not total([monthly("0.09")]).estimated
    only_above = Monthly(floor=Decimal(0), expected=Decimal(0), ceiling=Decimal(5), estimated_ceiling=Decimal(5))
    assert total([monthly("0"), only_above]).estimated


def test_a_total_carries_every_flag() -> None:
    flagged = Monthly(
        floor=Decimal(1),
        expected=LATER,
        ceiling=Decimal(2),
        estimated_ceiling=Decimal(2),
        at_least=True,
        depends_on_usage=True,
        assumed=True,
    )
    summed = total([flagged, Monthly(floor=Decimal(1), expected=Decimal(1), ceiling=Decimal(1))])
    assert (summed.at_least, summed.depends_on_usage, summed.assumed, summed.estimated) == (True, True, True, True)
    assert summed.expected == LATER
    assert summed.estimated_share == 2, "of the ceiling, where expected is unknown"
    assert total([]) == NOTHING


# Differences ---------------------------------------------------------------------------------------------------------


def bill_of(*endpoints: Endpoint) -> Any:
    return estimate(Inventory(endpoints=endpoints), PRICES)


def test_there_is_no_difference_without_a_past() -> None:
    assert delta(None, bill_of(endpoint(variant()))) is None


def test_the_difference_is_after_less_before_for_each_bound() -> None:
    """m5.large to 1 – 3 of them: 85.35 less 85.35, 85.35 and 3 × 85.35 = 256.05."""
    change = delta(bill_of(endpoint(variant())), bill_of(endpoint(variant(scaling=target(1, 3)))))
    assert change is not None
    assert usd(change) == ("0.00", "0.00", "170.70")


@pytest.mark.parametrize(
    "it",
    [
        endpoint(variant(instance_type=LATER, volume_size_gb=None)),
        endpoint(variant(), region=LATER),
        endpoint(variants=LATER),
        endpoint(variant(), deployed="possibly"),
        endpoint(variant(scaling=target(1, LATER))),
    ],
)
def test_parts_that_are_unknown_alike_cancel_out(it: Endpoint) -> None:
    other = endpoint(variant(), address="aws_sagemaker_endpoint.other")
    change = delta(bill_of(it), bill_of(it, other))
    assert change is not None
    assert usd(change) == ("85.35", "85.35", "85.35")


def test_no_saving_is_claimed_where_the_new_type_is_unknown() -> None:
    """The volume stays, 1.40; of 83.95 for the instance nobody knows what it becomes: at least 83.95 less."""
    change = delta(bill_of(endpoint(variant())), bill_of(endpoint(variant(instance_type=LATER))))
    assert change is not None
    for bound in (change.floor, change.expected, change.ceiling):
        assert isinstance(bound, Unknown)
        assert (bound.at_least, bound.at_most) == (Decimal("-83.95"), None)


def test_what_was_unknown_before_adds_at_most_the_difference() -> None:
    change = delta(bill_of(endpoint(variant(instance_type=LATER))), bill_of(endpoint(variant())))
    assert change is not None
    assert isinstance(change.floor, Unknown)
    assert (change.floor.at_least, change.floor.at_most) == (None, Decimal("83.95"))


def test_no_saving_is_claimed_where_usage_decides() -> None:
    """Instances of 85.35 become serverless compute without usage: at least 85.35 less, which nobody can vouch for."""
    serverless = ServerlessVariant(name="main", memory_mib=2048, max_concurrency=5, provisioned_concurrency=None)
    change = delta(bill_of(endpoint(variant())), bill_of(endpoint(serverless, mode="serverless")))
    assert change is not None
    assert isinstance(change.expected, Unknown)
    assert (change.expected.at_least, change.expected.at_most) == (Decimal("-85.35"), None)


def test_what_may_be_there_adds_between_nothing_and_all_of_it() -> None:
    change = delta(bill_of(), bill_of(endpoint(variant(), deployed="possibly")))
    assert change is not None
    assert isinstance(change.expected, Unknown)
    assert (change.floor, change.expected.at_least, change.expected.at_most) == (0, 0, Decimal("85.35"))


def test_an_unknown_part_leaves_alone_the_bounds_it_does_not_touch() -> None:
    """An unknown maximum says nothing against the floor: 2 instances less 1 are 85.35 more."""
    change = delta(bill_of(endpoint(variant())), bill_of(endpoint(variant(scaling=target(2, LATER)))))
    assert change is not None
    assert change.floor == Decimal("85.35")
    assert isinstance(change.ceiling, Unknown)


def test_a_configuration_elsewhere_that_changes_is_no_zero() -> None:
    before = bill_of(endpoint(variants=Unknown("configuration a is managed elsewhere")))
    change = delta(before, bill_of(endpoint(variants=Unknown("configuration b is managed elsewhere"))))
    assert change is not None
    assert isinstance(change.expected, Unknown)


def test_differences_of_several_sources_add_up() -> None:
    change = delta(bill_of(), bill_of(endpoint(variant())))
    unknown = delta(bill_of(), bill_of(endpoint(variants=LATER)))
    summed = total_delta([change, None, change])
    assert summed is not None
    assert usd(summed) == ("170.70", "170.70", "170.70")
    assert total_delta([None]) is None
    mixed = total_delta([change, unknown])
    assert mixed is not None
    assert isinstance(mixed.floor, Unknown)


def test_every_component_says_where_its_numbers_come_from() -> None:
    it = priced(endpoint(variant(volume_size_gb=None)), used(monthly_data_in_gb=Decimal(1)))
    assert part(it, "instance").origins.keys() >= {"count.floor", "count.expected", "count.ceiling", "hours", "price"}
    assert part(it, "volume").origins.keys() >= {"count.floor", "size", "price"}
    assert part(it, "data-in").origins == {"quantity": "usage file", "price": "price table"}
    price = part(it, "instance").price
    assert isinstance(price, Price)
    assert price.date


def test_a_shadow_test_costs_its_instances_and_volumes_for_as_long_as_it_runs() -> None:
    """Two ml.m5.large for 168 h: 2 x 168 x 0.115 = 38.64; 2 x 10 GB x 168 / 730 x 0.14 = 0.6444."""
    shadow = variant(name="candidate", shadow=True, initial_instance_count=2, monthly_hours=Decimal(168))
    tested = Endpoint(
        address="e", name="e", region="us-east-1", mode="realtime", variants=(shadow,), configuration_address="c"
    )
    (cost,) = estimate(Inventory(endpoints=(tested,)), PRICES).endpoints["e"].children
    by_kind = {part.kind: part for part in cost.lines}
    assert by_kind["instance"].monthly is not None
    assert by_kind["instance"].monthly.expected == Decimal("38.64")
    assert by_kind["instance"].origins["hours"] == "168 hours: its shadow test"
    assert by_kind["volume"].monthly is not None
    assert round(by_kind["volume"].monthly.expected, 4) == Decimal("0.6444")  # type: ignore[arg-type]
    assert not cost.monthly.at_least


def test_a_shadow_test_of_unknown_length_costs_nothing_or_thirty_days() -> None:
    """Up to 720 x 0.115 = 82.80 and 10 GB x 720 / 730 x 0.14 = 1.38."""
    shadow = variant(name="candidate", shadow=True, monthly_hours=LATER)
    tested = Endpoint(
        address="e", name="e", region="us-east-1", mode="realtime", variants=(shadow,), configuration_address="c"
    )
    found = estimate(Inventory(endpoints=(tested,)), PRICES).total
    assert (found.floor, round(found.ceiling, 2)) == (0, Decimal("84.18"))
    assert isinstance(found.expected, Unknown)
    assert not found.at_least


def test_two_shadow_tests_of_one_type_last_each_as_long_as_it_does() -> None:
    """One ml.m5.large with 10 GB: 73 h are a tenth of 85.35, 146 h a fifth."""
    tests = [variant(name=name, shadow=True, monthly_hours=Decimal(hours)) for name, hours in (("a", 73), ("b", 146))]
    assert [usd(child.monthly) for child in priced(endpoint(*tests)).children] == [
        ("8.54", "8.54", "8.54"),
        ("17.07", "17.07", "17.07"),
    ]


def test_requests_that_come_in_busy_hours_find_room_on_the_slots_of_these_hours_only() -> None:
    """2,000,000 s in 100 h on two slots: 52.56 warm, 720,000 s on them for 16.776, 1,280,000 s on demand for 51.20."""
    busy = {"monthly_requests": Decimal(10**7), "request_duration_ms": Decimal(200), "monthly_busy_hours": Decimal(100)}
    fixed = serverless(provisioned_concurrency=2)
    assert usd(priced(endpoint(fixed, mode="serverless"), used(**busy)).monthly) == ("120.54", "120.54", "120.54")
    # With a policy from 0 to 10 slots, 2 while busy: 7.20 warm + 16.776 + 51.20. Least are five in the busy hours, for
    # 5.6 are full: 18.00 + 1,800,000 s for 41.94 + 200,000 s for 8.00. Most are ten all the time: 262.80 + 46.60.
    scaled = serverless(provisioned_concurrency=2, scaling=target(0, 10, dimension=PROVISIONED_CONCURRENCY))
    found = priced(endpoint(scaled, mode="serverless"), used(**busy, average_provisioned_concurrency=Decimal(2)))
    assert usd(found.monthly) == ("67.94", "75.18", "309.40")
    # Where at most four can be, they are the least: 4 × 3.60 + 1,440,000 s for 33.552 + 560,000 s for 22.40.
    scaled = serverless(provisioned_concurrency=2, scaling=target(0, 4, dimension=PROVISIONED_CONCURRENCY))
    found = priced(endpoint(scaled, mode="serverless"), used(**busy))
    assert usd(found.monthly) == ("70.35", "75.18", "161.07")  # four all the time: 105.12 + 33.552 + 22.40


def test_without_busy_hours_in_a_month_all_compute_is_on_demand() -> None:
    """10,000 s × 0.00004 = 0.40, and nothing fits on the slot, which costs 26.28."""
    usage = used(monthly_requests=Decimal(10_000), request_duration_ms=Decimal(1000), monthly_busy_hours=Decimal(0))
    it = priced(endpoint(serverless(provisioned_concurrency=1), mode="serverless"), usage)
    assert usd(it.monthly) == ("26.68", "26.68", "26.68")
    moved = serverless(provisioned_concurrency=1, scaling=target(0, 2, dimension=PROVISIONED_CONCURRENCY))
    assert usd(priced(endpoint(moved, mode="serverless"), usage).monthly) == ("0.40", "0.40", "52.96")


def between(requests: int, least: int, most: int, *, warm: int | None = 1) -> Any:
    """10^6 requests of a second each and their slots, on 2 GB: 0.00004 on demand, 0.00001 warm, 0.0000233 on a slot."""
    slots = target(least, most, dimension=PROVISIONED_CONCURRENCY)
    it = ServerlessVariant(
        name="main", memory_mib=2048, max_concurrency=20, provisioned_concurrency=warm, scaling=slots
    )
    usage = used(monthly_requests=Decimal(requests), request_duration_ms=Decimal(1000))
    return priced(endpoint(it, mode="serverless"), usage).children[0].monthly


def test_the_least_sum_of_warm_time_and_compute_lies_beside_what_the_requests_fill() -> None:
    """2,628,000 s fill one slot and 7,884,000 three: three cost 3 × 26.28 + 7,884,000 × 0.0000233 = 262.5372."""
    assert between(7_884_000, 1, 10).floor == Decimal("262.5372")
    # 3.8 slots: four cost 4 × 26.28 + 10^7 × 0.0000233 = 338.12; where three are the most, 78.84 + 183.6972 + 84.64
    assert between(10**7, 1, 10).floor == Decimal("338.12")
    assert between(10**7, 1, 3).floor == Decimal("347.1772")
    # 1.9 slots: two cost 2 × 26.28 + 5 × 10^6 × 0.0000233 = 169.06, one 26.28 + 61.2324 + 94.88 = 182.3924
    assert between(5 * 10**6, 1, 10).floor == Decimal("169.06")


def test_slots_that_a_schedule_moves_cost_between_what_each_count_costs() -> None:
    """10^7 s: on one slot 26.28 + 61.2324 + 294.88 = 382.3924, on eight 210.24 + 233 = 443.24; half of it each."""
    actions = [
        ScheduledAction(address=str(hour), schedule=f"cron(0 {hour} * * ? *)", min_capacity=count, max_capacity=count)
        for hour, count in ((8, 8), (20, 1))
    ]
    slots = target(1, 1, dimension=PROVISIONED_CONCURRENCY, policies=(), scheduled_actions=tuple(actions))
    usage = used(monthly_requests=Decimal(10**7), request_duration_ms=Decimal(1000))
    it = priced(endpoint(serverless(provisioned_concurrency=1, scaling=slots), mode="serverless"), usage).children[0]
    assert usd(it.monthly) == ("382.39", "412.82", "443.24")


def unsplit(*variants: ServerlessVariant | InstanceVariant) -> Bill:
    usage = used(monthly_requests=Decimal(10**6), request_duration_ms=Decimal(200))
    return priced(endpoint(*variants, mode="serverless"), usage)


def undecided(name: str, memory: int = 2048, warm: int | None = None, **changes: Any) -> ServerlessVariant:
    return ServerlessVariant(
        name=name, memory_mib=memory, max_concurrency=5, provisioned_concurrency=warm, weight=LATER, **changes
    )


def test_requests_that_cannot_be_split_and_last_nobody_knows_how_long_depend_on_usage_alone() -> None:
    it = endpoint(undecided("a"), undecided("b"), mode="serverless")
    for part_of_it in priced(it, used(monthly_requests=Decimal(10**6))).children:
        assert part_of_it.monthly.depends_on_usage
        assert (part_of_it.monthly.expected, part_of_it.monthly.at_least) == (0, False)


def test_requests_that_cannot_be_split_cost_what_all_of_them_cost_on_one_variant_or_the_other() -> None:
    """200,000 s × 0.00004 = 8.00 on 2 GB, × 0.00002 = 4.00 on 1 GB."""
    alike, unlike = unsplit(undecided("a"), undecided("b")), unsplit(undecided("a"), undecided("b", 1024))
    assert usd(part(alike, "serverless-compute").monthly) == ("8.00", "8.00", "8.00")
    assert (unlike.monthly.floor, unlike.monthly.ceiling) == (4, 8)
    assert unlike.monthly.expected == Unknown("initial_variant_weight is unknown: known after apply")
    assert [child.monthly.ceiling for child in alike.children] == [0, 0]


def test_a_variant_whose_share_of_the_requests_is_unknown_costs_at_least_the_rest_and_never_plainly_nothing() -> None:
    """8.00 are known of the endpoint, and of neither variant; of the one with a slot, 26.28."""
    found = unsplit(undecided("a"), undecided("b"))
    assert not found.monthly.at_least
    for child in found.children:
        assert child.monthly.at_least
        assert child.monthly.expected == Unknown("initial_variant_weight is unknown: known after apply")
    warm, plain = unsplit(undecided("a", warm=1), variant(name="b", weight=LATER)).children
    assert (warm.monthly.floor, warm.monthly.at_least) == (Decimal("26.28"), True)
    assert (usd(plain.monthly), plain.monthly.at_least) == (("85.35", "85.35", "85.35"), False)


def test_requests_that_may_go_to_instances_may_cost_nothing_on_top_of_them() -> None:
    """One ml.m5.large for 730 h and its 10 GB are 83.95 + 1.40; 200,000 s on 2 GB beside it 8.00."""
    found = unsplit(variant(name="a", weight=LATER), undecided("b"))
    assert (found.monthly.floor, found.monthly.ceiling) == (Decimal("85.35"), Decimal("93.35"))
    assert found.monthly.expected == Unknown("initial_variant_weight is unknown: known after apply")


def test_on_slots_they_may_cost_as_little_as_compute_does_there() -> None:
    """One slot of 2 GB warm is 26.28; on it 200,000 s × 0.0000233 = 4.66, on demand 8.00."""
    found = unsplit(undecided("a", warm=1), undecided("b"))
    assert (found.monthly.floor, found.monthly.ceiling) == (Decimal("30.94"), Decimal("34.28"))
    scaled = unsplit(undecided("a", scaling=target(1, 1, dimension=PROVISIONED_CONCURRENCY)), undecided("b"))
    assert (scaled.monthly.floor, scaled.monthly.ceiling) == (Decimal("30.94"), Decimal("34.28"))


# What is alike, and what only seems so --------------------------------------------------------------------------------


def bills(*endpoints: Endpoint, usage: Usage = NO_USAGE) -> dict[str, Bill]:
    return estimate(Inventory(endpoints=endpoints), PRICES, usage).endpoints


@pytest.mark.parametrize(
    "other",
    [
        {"scaling": target(1, 9)},
        {"initial_instance_count": 2},
        {"instance_type": "ml.m5.xlarge"},
        {"instance_type": None, "instance_pools": (InstancePool(instance_type="ml.m5.xlarge", priority=1),)},
        {"volume_size_gb": 20},
        {"monthly_hours": Decimal(73), "shadow": True},
        {"capacity_reservation": LATER},
        {"marketplace": True},
        {"sensitive": True},
        {
            "model_name": None,
            "managed_scaling": ManagedInstanceScaling(status="ENABLED", min_instance_count=1, max_instance_count=9),
        },
    ],
)
def test_a_variant_costs_what_it_costs_alone_whatever_stands_beside_it(other: dict[str, Any]) -> None:
    plain, special = variant(model_name=None), variant(**{"model_name": None, **other})
    alone = [(child.lines, child.monthly) for it in (plain, special) for child in priced(endpoint(it)).children]
    assert alone[0] != alone[1]
    for order in ((0, 1), (1, 0)):
        found = priced(endpoint(*((plain, special)[place] for place in order))).children
        assert [(child.lines, child.monthly) for child in found] == [alone[place] for place in order]


@pytest.mark.parametrize(
    "other",
    [
        {"memory_mib": 4096},
        {"memory_mib": LATER},
        {"provisioned_concurrency": 1},
        {"provisioned_concurrency": 3},
        {"provisioned_concurrency": 2, "scaling": target(1, 9, dimension=PROVISIONED_CONCURRENCY)},
        {"provisioned_concurrency": 2, "sensitive": True},
    ],
)
def test_a_serverless_variant_costs_what_it_costs_alone_whatever_stands_beside_it(other: dict[str, Any]) -> None:
    plain, special = serverless(provisioned_concurrency=2), serverless(**{"provisioned_concurrency": 2, **other})
    usage = Usage({"aws_sagemaker_endpoint.*": one_million()}, {})
    alone = [priced(endpoint(it, mode="serverless"), usage).children[0].lines for it in (plain, special)]
    assert alone[0] != alone[1]
    for order in ((0, 1), (1, 0)):
        both = [
            endpoint((plain, special)[place], address=f"aws_sagemaker_endpoint.at[{place}]", mode="serverless")
            for place in order
        ]
        found = bills(*both, usage=usage)
        assert [bill.children[0].lines for bill in found.values()] == [alone[place] for place in order]


@pytest.mark.parametrize(
    ("made", "kinds"),
    [(variant, ("instance", "volume")), (serverless, ("provisioned-warm",))],
    ids=["instances", "slots"],
)
def test_variants_that_cost_the_same_each_name_the_target_that_scales_them(
    made: Callable[..., InstanceVariant | ServerlessVariant], kinds: tuple[ChargeKind, ...]
) -> None:
    one, other = (
        endpoint(made(scaling=target(1, 4, address=f"target.{name}")), address=f"endpoint.{name}") for name in "ab"
    )
    found = bills(one, other)
    assert found["endpoint.a"].monthly == found["endpoint.b"].monthly
    for name in "ab":
        lines = {line.kind: line for line in found[f"endpoint.{name}"].children[0].lines}
        assert {lines[kind].origins["count.ceiling"] for kind in kinds} == {f"scalable target target.{name}"}


def test_an_endpoint_costs_what_it_costs_alone_whatever_is_used_beside_it() -> None:
    """One is used without a word, two each have data in, data out, and requests that nobody can split."""
    at = {name: endpoint(undecided("a"), undecided("b"), address=name, mode="serverless") for name in "abcdefg"}
    usage = Usage(
        {
            "b": EndpointUsage(monthly_data_in_gb=Decimal(1)),
            "c": EndpointUsage(monthly_data_out_gb=Decimal(1)),
            "d": EndpointUsage(monthly_requests=Decimal(10**6), request_duration_ms=Decimal(200)),
            "e": EndpointUsage(monthly_data_in_gb=Decimal(2)),
            "f": EndpointUsage(monthly_data_out_gb=Decimal(2)),
            "g": EndpointUsage(monthly_requests=Decimal(2 * 10**6), request_duration_ms=Decimal(200)),
        },
        {},
    )
    alone = {name: bills(it, usage=usage)[name] for name, it in at.items()}
    small, large = Decimal("0.016"), Decimal("0.032")
    assert [alone[name].monthly.floor for name in "abcdefg"] == [0, small, small, 8, large, large, 16]
    for order in ("abcdefg", "gfedcba", "cadbgfe"):
        assert bills(*(at[name] for name in order), usage=usage) == alone


def test_an_endpoint_that_stays_is_priced_once_and_one_that_changes_anew() -> None:
    estimator = Estimator(PRICES)
    same, other = endpoint(variant()), endpoint(variant(initial_instance_count=2))
    bill = estimator.inventory(Inventory(endpoints=(same,))).endpoints[same.address]
    assert estimator.inventory(Inventory(endpoints=(same,))).endpoints[same.address] is bill
    assert usd(estimator.inventory(Inventory(endpoints=(other,))).total) == ("170.70",) * 3


def test_usage_that_cannot_be_is_a_notice_of_its_variant() -> None:
    usage = used(average_instances=Decimal(9))
    (notice,) = priced(endpoint(variant(scaling=target(1, 4))), usage).notices
    assert notice.startswith("aws_sagemaker_endpoint.this: variant main: usage of 9 is outside of what can be")
    assert priced(endpoint(variant(scaling=target(1, 4), sensitive=True)), usage).notices == ()
    assert priced(endpoint(variant(scaling=target(1, 9))), usage).notices == ()


def test_variants_are_called_by_their_names_else_by_their_place() -> None:
    assert labels([variant(name=LATER), variant(), variant(), variant(name=LATER)]) == ["#1", "main", "main#2", "#4"]


def test_types_of_a_pool_are_named_together_on_its_instances_alone() -> None:
    pools = (
        InstancePool(instance_type="ml.m5.large", priority=2),
        InstancePool(instance_type="ml.m5.xlarge", priority=1),
    )
    it = priced(endpoint(variant(instance_type=None, instance_pools=pools)))
    assert [part(it, kind).detail for kind in ("instance", "volume")] == ["ml.m5.xlarge or ml.m5.large", "10 GB"]


def test_a_choice_of_configurations_of_which_one_is_not_known_is_at_least() -> None:
    """The small one, 85.35, or one whose variants nobody knows."""
    small, hidden = "aws_sagemaker_endpoint_configuration.small", "aws_sagemaker_endpoint_configuration.hidden"
    open_ = endpoint(candidates=(small, hidden), configuration_address=None, variants=Unknown("one of two"))
    known = endpoint(variant(), address=small, deployed="possibly")
    found = bill_of(open_, known, endpoint(variants=LATER, address=hidden, deployed="possibly")).total
    assert (found.floor, found.ceiling, found.at_least) == (0, Decimal("85.35"), True)
    # one that is no part of the inventory leaves the variants unknown, and the small one counts for itself
    apart = bill_of(open_, known)
    assert apart.endpoints[open_.address].choices == ()
    assert (apart.total.ceiling, apart.total.at_least) == (Decimal("85.35"), True)


def test_a_choice_between_known_configurations_lacks_nothing_and_one_of_one_is_that_one() -> None:
    small, large = "aws_sagemaker_endpoint_configuration.small", "aws_sagemaker_endpoint_configuration.large"
    candidates = [
        endpoint(variant(initial_instance_count=count), address=address, deployed="possibly")
        for address, count in ((small, 1), (large, 2))
    ]
    open_ = endpoint(candidates=(small, large), configuration_address=None, variants=Unknown("one of two"))
    both = bill_of(open_, *candidates)
    assert both.endpoints[open_.address].missing == both.missing == frozenset()
    nowhere = bill_of(structs.replace(open_, region=LATER), *candidates)
    assert {part.what[1] for part in nowhere.endpoints[open_.address].missing} == {"data-in", "data-out"}
    one = bill_of(structs.replace(open_, candidates=(small,)), candidates[0])
    assert usd(one.total) == ("85.35",) * 3


# Serverless where something is not known ------------------------------------------------------------------------------


def test_slots_that_are_not_known_leave_the_compute_on_them_at_least() -> None:
    """200,000 s on demand: 8.00, as long as no slot is known to take them."""
    usage = used(monthly_requests=Decimal(10**6), request_duration_ms=Decimal(200))
    it = priced(endpoint(serverless(provisioned_concurrency=LATER), mode="serverless"), usage)
    why = "provisioned_concurrency is unknown: known after apply"
    kinds = ("serverless-compute", "provisioned-warm", "provisioned-compute")
    assert [part(it, kind).reason for kind in kinds] == [why] * 3
    assert (it.monthly.floor, it.monthly.at_least) == (8, True)


def test_slots_between_known_bounds_cost_least_where_the_sum_is_least() -> None:
    """One to ten slots for 10^7 s: four cost 4 × 26.28 + 10^7 × 0.0000233 = 338.12. So with unknown scaling of ten."""
    usage = used(monthly_requests=Decimal(10**7), request_duration_ms=Decimal(1000))
    between = Unknown("undecided", at_least=Decimal(1), at_most=Decimal(10))
    for it in (serverless(provisioned_concurrency=between), serverless(provisioned_concurrency=10, scaling=LATER)):
        assert priced(endpoint(it, mode="serverless"), usage).children[0].monthly.floor == Decimal("338.12")


def test_requests_of_no_known_duration_that_cannot_be_split_depend_on_usage() -> None:
    it = priced(endpoint(undecided("a"), undecided("b"), mode="serverless"), used(monthly_requests=Decimal(10**6)))
    compute = part(it, "serverless-compute")
    assert (compute.monthly, compute.depends_on_usage) == (None, True)
    assert [line.kind for line in it.lines] == ["data-in", "data-out"]


def test_requests_that_a_variant_states_for_itself_are_no_part_of_what_cannot_be_split() -> None:
    """500,000 of 200 ms on 6 GB are its own; the other 500,000, 100,000 s on 2 GB × 0.00004, are 4.00."""
    usage = used(
        monthly_requests=Decimal(10**6),
        request_duration_ms=Decimal(200),
        variants={"own": VariantUsage(monthly_requests=Decimal(500_000))},
    )
    for order in ((0, 1, 2), (1, 0, 2), (2, 1, 0)):
        every = (undecided("own", 6144), undecided("a"), undecided("b"))
        it = priced(endpoint(*(every[place] for place in order), mode="serverless"), usage)
        (unsplit_compute,) = [line for line in it.lines if line.kind == "serverless-compute"]
        assert usd(unsplit_compute.monthly) == ("4.00", "4.00", "4.00")


def test_only_what_scales_rests_on_an_assumption() -> None:
    scaled = priced(endpoint(serverless(provisioned_concurrency=2, scaling=target(1, 5)), mode="serverless"))
    assert [line.assumed for line in scaled.children[0].lines] == [False, True, False]
    assert [line.assumed for line in priced(endpoint(variant())).children[0].lines] == [False, False]


def test_compute_left_to_usage_beside_slots_is_no_saving_either() -> None:
    """One ml.m5.large with 10 GB, 85.35, becomes one slot, 26.28, and compute that usage decides."""
    slot = endpoint(serverless(provisioned_concurrency=1), mode="serverless")
    change = delta(bill_of(endpoint(variant())), bill_of(slot))
    assert change is not None
    assert isinstance(change.expected, Unknown)
    assert (change.expected.at_least, change.expected.at_most) == (Decimal("-59.07"), None)


# Changes between what is not known ------------------------------------------------------------------------------------


def test_a_change_from_what_may_be_there_lies_between_its_bounds() -> None:
    """From nothing or 85.35 to 170.70: 85.35 to 170.70 more."""
    change = delta(
        bill_of(endpoint(variant(), deployed="possibly")), bill_of(endpoint(variant(initial_instance_count=2)))
    )
    assert change is not None
    assert isinstance(change.expected, Unknown)
    assert (change.expected.at_least, change.expected.at_most) == (Decimal("85.35"), Decimal("170.70"))


def test_a_change_from_one_type_or_another_lies_between_what_it_adds_to_each() -> None:
    """From 85.35 or 169.30, an ml.m5.xlarge, to 170.70: 1.40 to 85.35 more."""
    pools = tuple(InstancePool(instance_type=f"ml.m5.{size}", priority=LATER) for size in ("large", "xlarge"))
    before = bill_of(endpoint(variant(instance_type=None, instance_pools=pools)))
    change = delta(before, bill_of(endpoint(variant(initial_instance_count=2))))
    assert change is not None
    assert isinstance(change.expected, Unknown)
    assert (change.expected.at_least, change.expected.at_most) == (Decimal("1.40"), Decimal("85.35"))


def test_what_may_be_there_beside_what_has_no_price_adds_at_least_what_is_known() -> None:
    """Nothing or 85.35, and a type that nobody knows: at least nothing after it, and at most nothing less before it."""
    doubtful = bill_of(
        endpoint(variant(), deployed="possibly"),
        endpoint(variant(instance_type="ml.no.such", volume_size_gb=None), address="b"),
        endpoint(variant(instance_type="ml.no.such", volume_size_gb=None), address="c"),
    )
    says = "something of b is unpriced, unknown or left to usage {} only"
    for change, bounds, side in (
        (delta(bill_of(), doubtful), (0, None), "after it"),
        (delta(doubtful, bill_of()), (None, 0), "before the change"),
    ):
        assert change is not None
        assert isinstance(change.expected, Unknown)
        assert (change.expected.at_least, change.expected.at_most) == bounds
        assert change.expected.reason == says.format(side)
    other = bill_of(endpoint(variant(instance_type="ml.no.other", volume_size_gb=None), address="b"))
    changed = delta(bill_of(endpoint(variant(instance_type="ml.no.such", volume_size_gb=None), address="b")), other)
    assert changed is not None
    assert changed.floor == Unknown(says.format("on one side"))


def test_the_bill_of_an_endpoint_changes_from_nothing_and_to_nothing() -> None:
    one, unknown = priced(endpoint(variant())), priced(endpoint(variant(instance_type="ml.no.such")))
    assert usd(bill_delta(None, one)) == ("85.35",) * 3
    assert usd(bill_delta(one, None)) == ("-85.35",) * 3
    up, down = bill_delta(None, unknown).floor, bill_delta(unknown, None).floor
    assert isinstance(up, Unknown)
    assert isinstance(down, Unknown)
    assert (up.at_least, up.at_most, down.at_least, down.at_most) == (0, None, None, 0)


def test_each_bound_of_a_total_has_its_own_estimated_part() -> None:
    one = Monthly(
        floor=Decimal(100),
        expected=Decimal(100),
        ceiling=Decimal(1000),
        estimated_floor=Decimal("0.1"),
        estimated_share=Decimal(1),
        estimated_ceiling=Decimal(2),
    )
    two = total([one, one])
    assert (two.estimated_floor, two.estimated_share, two.estimated_ceiling) == (Decimal("0.2"), 2, 4)
    assert two.estimated, "2 of 200 that are expected are 1 %"
    assert not total([structs.replace(one, expected=LATER)]).estimated, "nor 0.1 of 100, nor 2 of 1,000"


def test_what_starts_below_its_minimum_has_the_volumes_of_its_minimum() -> None:
    """2, 2 and 6 volumes of 10 GB at 0.14."""
    it = priced(endpoint(variant(initial_instance_count=1, scaling=target(2, 6))))
    assert usd(part(it, "volume").monthly) == ("2.80", "2.80", "8.40")


def test_each_type_of_a_pool_has_its_own_default_volume() -> None:
    """ml.m5.large 83.95 with 4 GB, 0.56; ml.m5.xlarge, the first, 167.90 with 8 GB, 1.12; ml.g5.xlarge 1,027.84."""
    sizes = (("ml.g5.xlarge", 3), ("ml.m5.xlarge", 1), ("ml.m5.large", 2))
    pools = tuple(InstancePool(instance_type=name, priority=priority) for name, priority in sizes)
    it = priced(endpoint(variant(instance_type=None, instance_pools=pools, volume_size_gb=None)))
    assert usd(it.monthly) == ("84.51", "169.02", "1027.84")
    assert usd(part(it, "volume").monthly) == ("0.56", "1.12", "0.00")


def test_a_pool_whose_first_type_is_not_known_expects_at_least_nothing() -> None:
    pools = (InstancePool(instance_type=LATER, priority=1), InstancePool(instance_type="ml.m5.large", priority=2))
    it = priced(endpoint(variant(instance_type=None, instance_pools=pools, volume_size_gb=None)))
    assert (usd(it.monthly), it.monthly.at_least) == (("0.00", "0.00", "84.51"), True)


def test_a_sensitive_memory_size_stays_out_of_the_reason_that_it_has_no_price() -> None:
    for sensitive in (True, False):
        it = priced(endpoint(serverless(memory_mib=1536, provisioned_concurrency=1, sensitive=sensitive)))
        for kind in ("serverless-compute", "provisioned-warm", "provisioned-compute"):
            reason = part(it, kind).reason
            assert reason
            assert ("1.5" in reason) is not sensitive


def test_data_has_the_usage_type_of_its_price() -> None:
    it = priced(endpoint(variant()))
    assert [part(it, kind).usage_type for kind in ("data-in", "data-out")] == [
        "USE1-Hst:Data-Bytes-In",
        "USE1-Hst:Data-Bytes-Out",
    ]
    assert part(it, "data-in").origins == {"price": "price table"}


@pytest.mark.parametrize("field", ["states", "expected", "assumed", "demand", "moves", "idle"])
def test_capacities_that_differ_in_what_amounts_rest_on_are_never_taken_for_alike(field: str) -> None:
    one = Running(count=Decimal(1), hours=Decimal(730))
    known = Capacity(states=(one,), expected=one, origins={"hours": "here"}, notice="said")
    assert counts_of(structs.replace(known, origins={}, notice=None)) == counts_of(known)
    assert counts_of(structs.replace(known, **{field: "another"})) != counts_of(known)


SCHEDULE = (ScheduledAction(address="night", schedule="cron(0 20 * * ? *)", min_capacity=1, max_capacity=1),)
FLEET: tuple[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]], ...] = (
    ("plain", {}, {}, {}),
    ("another minimum", {}, {"min_capacity": 2}, {}),
    ("another maximum", {}, {"max_capacity": 8}, {}),
    ("an unknown maximum", {}, {"max_capacity": LATER}, {}),
    ("nothing scales in", {}, {"policies": (structs.replace(TRACKING, disable_scale_in=True),)}, {}),
    ("scaling in is suspended", {}, {"dynamic_scaling_in_suspended": True}, {}),
    ("without a policy", {}, {"policies": ()}, {}),
    ("a schedule", {}, {"scheduled_actions": SCHEDULE}, {}),
    (
        "another schedule",
        {},
        {"scheduled_actions": (structs.replace(SCHEDULE[0], address="late", max_capacity=2),)},
        {},
    ),
    ("a schedule that AWS refuses", {}, {"scheduled_actions": (structs.replace(SCHEDULE[0], schedule="daily"),)}, {}),
    ("sensitive", {}, {"sensitive": True}, {}),
    ("another count", {"initial_instance_count": 4}, {}, {}),
    ("an unknown count", {"initial_instance_count": LATER}, {}, {}),
    ("a shadow test", {"monthly_hours": Decimal(168)}, {}, {}),
    *(
        (
            f"managed scaling to {most}",
            {
                "managed_scaling": ManagedInstanceScaling(
                    status="ENABLED", min_instance_count=0, max_instance_count=most
                ),
                "model_name": None,
            },
            {},
            {},
        )
        for most in (9, 12)
    ),
    ("another type", {"instance_type": "ml.m5.xlarge"}, {}, {}),
    ("asynchronous", {}, {}, {"mode": "async"}),
    ("asynchronous from zero", {}, {"min_capacity": 0}, {"mode": "async"}),
    ("elsewhere", {}, {}, {"region": "eu-west-3"}),
)
"""What tells endpoints apart whose prices differ: by the variant, its target and the endpoint."""


def test_an_endpoint_is_priced_beside_others_as_it_is_alone() -> None:
    """Each of them twice by other names, so that what is worked out once for alike ones would show what it confuses."""
    endpoints = []
    for number, (_, of_variant, of_target, of_endpoint) in enumerate((*FLEET, *FLEET)):
        scaled = structs.replace(target(1, 6, address=f"target.{number}"), **of_target)
        actions = () if isinstance(scaled.scheduled_actions, Unknown) else scaled.scheduled_actions
        own_actions = tuple(structs.replace(each, address=f"{each.address}.{number}") for each in actions)
        scaled = structs.replace(scaled, scheduled_actions=own_actions)
        own = variant(**{"name": f"v{number}", "scaling": scaled, **of_variant})
        endpoints.append(endpoint(own, **{"address": f"endpoint.{number}", **of_endpoint}))
    one_usage = Usage({each.address: EndpointUsage(average_instances=Decimal(3)) for each in endpoints[::3]}, {})
    for usage in (NO_USAGE, one_usage):
        together = estimate(Inventory(endpoints=tuple(endpoints)), PRICES, usage).endpoints
        for each in endpoints:
            assert (
                together[each.address] == estimate(Inventory(endpoints=(each,)), PRICES, usage).endpoints[each.address]
            )
    origins = [part(together[each.address], "instance").origins for each in endpoints]
    assert origins[0]["count.floor"] == "scalable target target.0"
    assert origins[len(FLEET)]["count.floor"] == f"scalable target target.{len(FLEET)}"


def test_usage_is_told_of_each_endpoint_as_it_is_written_for_it() -> None:
    """3 and 3.0 are one number: of two endpoints that tell them, each has its own in what is said of it."""
    written = ("3", "3.0", "3.00")
    them = [
        endpoint(variant(initial_instance_count=2), name=f"e{text}", address=f"endpoint.{text}") for text in written
    ]
    usage = Usage({f"endpoint.{text}": EndpointUsage(average_instances=Decimal(text)) for text in written}, {})
    found = bills(*them, usage=usage)
    for text in written:
        (notice,) = found[f"endpoint.{text}"].notices
        assert notice.endswith(f"usage of {text} is outside of what can be, and counts as 2")


# The fee of a Marketplace package ------------------------------------------------------------------------------------


def with_fee(usd: str, **changes: Any) -> Bill:
    """Two ml.m5.large whose model is a Marketplace package, with the fee that usage tells."""
    one = endpoint(variant(**{"initial_instance_count": 2, "marketplace": True, **changes}))
    usage = Usage({one.address: EndpointUsage(marketplace_usd_per_hour=Decimal(usd))}, {})
    return bills(one, usage=usage)[one.address].children[0]


def test_the_fee_of_a_marketplace_package_is_a_line_as_the_usage_file_has_it() -> None:
    """2 x 730 x 1.50 = 2,190 USD beside the instances, and nothing is missing any more."""
    found = with_fee("1.50")
    (line,) = (each for each in found.lines if each.kind == "software")
    assert line.monthly
    assert (line.monthly.floor, line.monthly.expected, line.monthly.ceiling) == (2190, 2190, 2190)
    assert line.origins["price"] == "usage file"
    assert not found.monthly.at_least
    assert not found.missing
    plain = bills(endpoint(variant(initial_instance_count=2)))
    (without,) = (bill.monthly.ceiling for bill in plain.values())
    assert found.monthly.ceiling == without + 2190


def test_the_fee_follows_what_scales() -> None:
    """From 1 to 9 instances, each 730 x 1.50 = 1,095 USD."""
    found = with_fee("1.50", scaling=target(1, 9))
    (line,) = (each for each in found.lines if each.kind == "software")
    assert line.monthly
    assert (line.monthly.floor, line.monthly.ceiling) == (1095, 9 * 1095)


def test_a_fee_of_nothing_is_a_statement_and_no_statement_is_at_least() -> None:
    free = with_fee("0")
    assert not free.monthly.at_least
    assert bills(endpoint(variant(marketplace=True)))[endpoint(variant()).address].monthly.at_least


def test_what_may_be_a_package_has_the_fee_that_is_told_and_what_is_none_has_no_fee() -> None:
    assert not with_fee("1.50", marketplace=LATER).monthly.at_least
    assert [line.kind for line in with_fee("1.50", marketplace=False).lines if line.kind == "software"] == []
