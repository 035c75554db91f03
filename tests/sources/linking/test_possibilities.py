"""What several possibilities have in common."""

from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from guardrail.model import (
    Budget,
    CapacityReservation,
    Endpoint,
    Flow,
    InstancePool,
    InstanceVariant,
    Inventory,
    ServerlessVariant,
    TransformJob,
    Unknown,
    UnlinkedScaling,
    Workflow,
)
from guardrail.sources.linking.possibilities import merged

WANTED = "give --parameters Stage=dev or Stage=prod"


def instances(count: Any = 2, **others: Any) -> InstanceVariant:
    return InstanceVariant(
        **{"name": "main", "shadow": False, "instance_type": "ml.m5.xlarge", "initial_instance_count": count, **others}
    )


def endpoint(*variants: Any, **others: Any) -> Endpoint:
    whole: dict[str, Any] = {"address": "E", "name": "e", "region": "us-east-1", "mode": "realtime"}
    return Endpoint(**{**whole, "configuration_address": "C", "variants": variants, **others})


def test_what_is_equal_everywhere_stays_as_it_is() -> None:
    one = Inventory(endpoints=(endpoint(instances()),))
    assert merged([one, one], WANTED) == one


def test_what_differs_is_unknown_with_its_values() -> None:
    (found,) = merged([Inventory(endpoints=(endpoint(instances(count)),)) for count in (1, 4)], WANTED).endpoints
    assert isinstance(found.variants, tuple)
    assert found.variants == (instances(Unknown(f"1 or 4: {WANTED}")),)


def test_whatever_may_be_unknown_is_so_where_it_differs() -> None:
    """Also what the model has learned since: fields are taken from its types."""
    reserved = CapacityReservation(preference="capacity-reservations-only", ml_reservation_arn=None)
    (found,) = merged(
        [
            Inventory(
                endpoints=(endpoint(instances(marketplace=each, capacity_reservation=reserved if each else None)),)
            )
            for each in (True, False)
        ],
        WANTED,
    ).endpoints
    undecided = Unknown(f"it is undecided: {WANTED}")
    named = Unknown(f"True or False: {WANTED}")
    assert found.variants == (instances(marketplace=named, capacity_reservation=undecided),)


def test_pools_that_differ_leave_the_type_unknown() -> None:
    pools = [(InstancePool(instance_type=f"ml.{family}.xlarge", priority=1),) for family in ("g5", "g6")]
    (found,) = merged(
        [Inventory(endpoints=(endpoint(instances(instance_type=None, instance_pools=each)),)) for each in pools], WANTED
    ).endpoints
    assert isinstance(found.variants, tuple)
    (variant,) = found.variants
    assert isinstance(variant, InstanceVariant)
    assert (variant.instance_type, variant.instance_pools) == (Unknown(f"it is undecided: {WANTED}"), ())


def test_sensitive_values_are_not_named() -> None:
    (found,) = merged(
        [Inventory(endpoints=(endpoint(instances(count, sensitive=True)),)) for count in (1, 4)], WANTED
    ).endpoints
    assert isinstance(found.variants, tuple)
    assert found.variants == (instances(Unknown(f"it is undecided: {WANTED}"), sensitive=True),)
    (found,) = merged(  # in one of both, too
        [Inventory(endpoints=(endpoint(instances(count, sensitive=count == 4)),)) for count in (1, 4)], WANTED
    ).endpoints
    assert found.variants == (instances(Unknown(f"it is undecided: {WANTED}"), sensitive=True),)


def test_an_endpoint_of_some_possibilities_is_possibly_deployed() -> None:
    (found,) = merged([Inventory(), Inventory(endpoints=(endpoint(instances()),))], WANTED).endpoints
    assert found == endpoint(instances(), deployed="possibly")


def test_a_workflow_of_some_possibilities_is_possibly_deployed() -> None:
    job = TransformJob(
        label="Score",
        name=None,
        model_name=None,
        instance_types=("ml.m5.large",),
        instance_count=1,
        max_concurrent_transforms=None,
        max_payload_mb=None,
        s3_data_type=None,
        s3_uri=None,
    )
    found = [
        Workflow(address="W", type="definition", region="us-east-1", name="w", jobs=(each,), flow=Flow(()))
        for each in (job, replace(job, instance_count=2))
    ]
    for several, deployed in (
        ([Inventory(), Inventory(workflows=(found[0],))], "possibly"),
        ([Inventory(workflows=(each,)) for each in found], "yes"),
    ):
        assert [each.deployed for each in merged(several, WANTED).workflows] == [deployed]


def test_an_endpoint_that_changes_in_one_possibility_may_change() -> None:
    (found,) = merged([Inventory(endpoints=(endpoint(touched=each),)) for each in (False, True)], WANTED).endpoints
    assert found.touched


def test_a_variant_of_some_possibilities_has_an_unknown_count() -> None:
    shadow = instances(1, name="shadow", shadow=True)
    (found,) = merged(
        [Inventory(endpoints=(endpoint(instances()),)), Inventory(endpoints=(endpoint(instances(), shadow),))], WANTED
    ).endpoints
    assert isinstance(found.variants, tuple)
    main, extra = found.variants
    assert main == instances()
    assert extra.name == "shadow"
    assert isinstance(extra, InstanceVariant)
    assert extra.initial_instance_count == Unknown(f"whether it is there is undecided: {WANTED}")


def test_two_kinds_are_one_variant() -> None:
    serverless = ServerlessVariant(name="main", memory_mib=2048, max_concurrency=5, provisioned_concurrency=None)
    (found,) = merged(
        [Inventory(endpoints=(endpoint(variant),)) for variant in (instances(), serverless)], WANTED
    ).endpoints
    assert isinstance(found.variants, tuple)
    (variant,) = found.variants
    assert isinstance(variant, InstanceVariant)
    assert variant.instance_type == Unknown(f"ml.m5.xlarge or serverless 2048 MB: {WANTED}")


def test_a_configuration_that_is_attached_in_one_possibility_is_no_unattached_one() -> None:
    free = endpoint(instances(), address="C", deployed="no")
    used = Inventory(endpoints=(endpoint(instances()),))
    assert merged([used, Inventory(unattached=(free,))], WANTED).unattached == ()
    assert merged([Inventory(), Inventory(unattached=(free,))], WANTED).unattached == (free,)


def test_hours_that_differ_are_undecided_and_budgets_are_kept_where_all_agree() -> None:
    tests = [instances(1, name="shadow", shadow=True, monthly_hours=Decimal(hours)) for hours in (60, 168)]
    same = Budget(address="same", limit=500.0, unit="USD", time_unit="MONTHLY", covers_sagemaker=True)
    other = [
        Budget(address="b", limit=limit, unit="USD", time_unit="MONTHLY", covers_sagemaker=True) for limit in (1, 2)
    ]
    found = merged(
        [
            Inventory(endpoints=(endpoint(test),), budgets=(budget, same))
            for test, budget in zip(tests, other, strict=True)
        ],
        WANTED,
    )
    ((shadow,),) = [each.variants for each in found.endpoints if isinstance(each.variants, tuple)]
    assert isinstance(shadow, InstanceVariant)
    assert isinstance(shadow.monthly_hours, Unknown)
    assert found.budgets == (same,)


def test_what_one_possibility_keeps_or_cannot_link_is_not_lost() -> None:
    slip = UnlinkedScaling(address="Target", problem="its ResourceId has 'varient'")
    stray = endpoint((), elsewhere=True, unlinked_scaling=(slip,))
    one = Inventory(endpoints=(endpoint(instances(1), kept=True),))
    other = Inventory(endpoints=(endpoint(instances(2)),), strays=(stray,))
    found = merged([one, other], WANTED)
    assert [each.kept for each in found.endpoints] == [True]
    assert found.strays == (stray,)
