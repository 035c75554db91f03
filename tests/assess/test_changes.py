"""What a change does to an endpoint, thing by thing."""

from typing import Any

import pytest
from msgspec import structs

from guardrail.assess.changes import differences, with_same_names
from guardrail.model import (
    INSTANCE_COUNT,
    PROVISIONED_CONCURRENCY,
    ChangeSet,
    Coverage,
    Endpoint,
    Flow,
    InferenceComponent,
    InstancePool,
    InstanceVariant,
    Inventory,
    ScalableTarget,
    ScheduledAction,
    ServerlessVariant,
    TargetTrackingPolicy,
    Trigger,
    Unknown,
    Variant,
    Workflow,
)

LATER = Unknown("known only after apply")


def on_instances(**changes: Any) -> InstanceVariant:
    known: dict[str, Any] = {
        "name": "main",
        "instance_type": "ml.m5.large",
        "initial_instance_count": 2,
        "shadow": False,
    }
    return InstanceVariant(**(known | changes))


def serverless(**changes: Any) -> ServerlessVariant:
    known: dict[str, Any] = {"name": "main", "memory_mib": 2048, "max_concurrency": 5, "provisioned_concurrency": None}
    return ServerlessVariant(**(known | changes))


def target(**changes: Any) -> ScalableTarget:
    known: dict[str, Any] = {"address": "t", "dimension": INSTANCE_COUNT, "min_capacity": 1, "max_capacity": 4}
    return ScalableTarget(**(known | changes))


def endpoint(*variants: Variant, **changes: Any) -> Endpoint:
    known: dict[str, Any] = {"region": "us-east-1", "mode": "realtime", "configuration_address": "c"}
    return Endpoint(address="e", name="chat", variants=variants, **(known | changes))


def told(before: Endpoint | None, after: Endpoint | None) -> list[tuple[object, ...]]:
    return [(each.part, each.name, each.what, each.before, each.after) for each in differences(before, after)]


def test_another_type_and_count_are_a_difference_each() -> None:
    before, after = (
        endpoint(on_instances()),
        endpoint(on_instances(instance_type="ml.m5.12xlarge", initial_instance_count=1)),
    )
    assert told(before, after) == [
        ("variant", "main", "instance_type", "ml.m5.large", "ml.m5.12xlarge"),
        ("variant", "main", "initial_instance_count", 2, 1),
    ]


def test_the_bounds_of_scaling_are_named_and_a_target_that_comes_or_goes_is_one_difference() -> None:
    plain, scaled = on_instances(), on_instances(scaling=target())
    assert told(endpoint(scaled), endpoint(on_instances(scaling=target(min_capacity=0, max_capacity=10)))) == [
        ("variant", "main", "min_capacity", 1, 0),
        ("variant", "main", "max_capacity", 4, 10),
    ]
    assert told(endpoint(plain), endpoint(scaled)) == [("variant", "main", "scaling", None, "1 to 4")]
    assert told(endpoint(scaled), endpoint(plain)) == [("variant", "main", "scaling", "1 to 4", None)]


def test_what_hangs_on_a_target_is_a_difference_too() -> None:
    policy = TargetTrackingPolicy(address="p", target_value=70.0, metrics=(), disable_scale_in=False)
    action = ScheduledAction(address="s", schedule="cron(0 8 * * ? *)", min_capacity=4, max_capacity=None)
    before = endpoint(on_instances(scaling=target()))
    after = endpoint(
        on_instances(scaling=target(policies=(policy,), scheduled_actions=(action,), dynamic_scaling_in_suspended=True))
    )
    assert told(before, after) == [
        ("variant", "main", "scaling_policies", None, "1 policy"),
        ("variant", "main", "scheduled_actions", None, "cron(0 8 * * ? *): 4 to …"),
        ("variant", "main", "suspended", None, "scaling in"),
    ]


def test_a_shadow_variant_that_comes_is_called_one_with_what_it_consists_of() -> None:
    before = endpoint(on_instances())
    shadow = on_instances(name="candidate", instance_type="ml.c5.4xlarge", shadow=True)
    assert told(before, endpoint(on_instances(), shadow)) == [
        ("variant", "candidate", "shadow_variant", None, "2 × ml.c5.4xlarge")
    ]


def test_a_renamed_variant_is_one_gone_and_one_new() -> None:
    assert told(endpoint(on_instances()), endpoint(on_instances(name="blue"))) == [
        ("variant", "main", "variant", "2 × ml.m5.large", None),
        ("variant", "blue", "variant", None, "2 × ml.m5.large"),
    ]


def test_instances_that_become_serverless_are_another_variant_of_the_same_name() -> None:
    after = endpoint(serverless(provisioned_concurrency=3), mode="serverless")
    assert told(endpoint(on_instances()), after) == [
        ("endpoint", None, "mode", "realtime", "serverless"),
        ("variant", "main", "variant", "2 × ml.m5.large", "serverless, 2048 MB, 3 slots kept warm"),
    ]


def test_slots_kept_warm_and_their_scaling() -> None:
    slots = target(dimension=PROVISIONED_CONCURRENCY)
    assert told(endpoint(serverless()), endpoint(serverless(provisioned_concurrency=5, scaling=slots))) == [
        ("variant", "main", "provisioned_concurrency", None, 5),
        ("variant", "main", "scaling", None, "1 to 4"),
    ]


def test_an_endpoint_that_comes_or_goes_is_one_difference() -> None:
    assert told(None, endpoint(on_instances())) == [("endpoint", None, "endpoint", None, "2 × ml.m5.large")]
    assert told(endpoint(on_instances()), None) == [("endpoint", None, "endpoint", "2 × ml.m5.large", None)]


def test_a_tag_is_a_difference_by_its_key() -> None:
    before, after = endpoint(tags={"team": "a", "env": "dev"}), endpoint(tags={"team": "b", "new": "1"})
    assert told(before, after) == [
        ("endpoint", None, "tags.env", "dev", None),
        ("endpoint", None, "tags.new", None, "1"),
        ("endpoint", None, "tags.team", "a", "b"),
    ]


def test_one_unknown_for_another_is_a_change() -> None:
    first, second = Unknown('variable "type" has no value'), Unknown('variable "size" has no value')
    before, after = endpoint(on_instances(instance_type=first)), endpoint(on_instances(instance_type=second))
    assert told(before, after) == [("variant", "main", "instance_type", first, second)]
    assert told(before, before) == []


def test_variants_that_are_not_known_on_one_side_are_one_difference() -> None:
    before, after = endpoint(on_instances()), structs.replace(endpoint(), variants=LATER)
    assert told(before, after) == [("endpoint", None, "variants", "2 × ml.m5.large", LATER)]


@pytest.mark.parametrize("hidden", ["variant", "target"])
def test_of_what_is_sensitive_nothing_is_told_but_that_it_changes(hidden: str) -> None:
    def side(count: int) -> Endpoint:
        if hidden == "variant":
            return endpoint(on_instances(initial_instance_count=count, sensitive=True))
        return endpoint(on_instances(scaling=target(max_capacity=count, sensitive=True)))

    what = "initial_instance_count" if hidden == "variant" else "max_capacity"
    secret = Unknown("sensitive")
    assert told(side(7), side(9)) == [("variant", "main", what, secret, secret)]
    assert told(side(7), side(7)) == []


def test_a_variant_that_is_sensitive_as_a_whole_is_called_that() -> None:
    secret = on_instances(name="other", sensitive=True)
    assert told(endpoint(on_instances()), endpoint(on_instances(), secret)) == [
        ("variant", "other", "variant", None, "(sensitive)")
    ]


def test_pools_are_compared_by_their_types() -> None:
    pools = (
        InstancePool(instance_type="ml.g5.xlarge", priority=1),
        InstancePool(instance_type="ml.g6.xlarge", priority=2),
    )
    before, after = endpoint(on_instances()), endpoint(on_instances(instance_type=None, instance_pools=pools))
    assert told(before, after) == [("variant", "main", "instance_type", "ml.m5.large", "ml.g5.xlarge or ml.g6.xlarge")]


def test_components_are_paired_by_their_blocks() -> None:
    def hosting(*components: InferenceComponent) -> Endpoint:
        return endpoint(on_instances(), inference_components=components)

    one = InferenceComponent(address="a", name="llama", variant_name="main", copies=1)
    two, adapter = (
        structs.replace(one, copies=2),
        InferenceComponent(address="b", name="l", variant_name=None, copies=None),
    )
    assert told(hosting(one), hosting(two, adapter)) == [
        ("component", "llama", "copy_count", 1, 2),
        ("component", "l", "inference_component", None, "an adapter"),
    ]


def started(**by: str) -> Inventory:
    """Workflows by address, each with the schedules that start it: ``scoring="Nightly Weekly"``."""
    return Inventory(
        workflows=tuple(
            Workflow(
                address=address.replace("__", " (") + (")" if "__" in address else ""),
                type="AWS::StepFunctions::StateMachine",
                region="us-east-1",
                name="scoring",
                jobs=(),
                flow=Flow(),
                triggers=tuple(Trigger(address=each, expression="rate(1 day)") for each in schedules.split()),
            )
            for address, schedules in by.items()
        )
    )


@pytest.mark.parametrize(
    ("before", "after", "called"),
    [
        # one schedule becomes two, and two become one
        ({"a": "Nightly"}, {"a__Nightly": "Nightly", "a__Weekly": "Weekly"}, ["a (Nightly)"]),
        ({"a__Nightly": "Nightly", "a__Weekly": "Weekly"}, {"a": "Weekly"}, ["a", "a (Nightly)"]),
        ({"a__N": "N", "a__W": "W"}, {"a__N, M": "N M", "a__W": "W"}, ["a (N, M)", "a (W)"]),
        # of two that it may have become, or have been, neither is sure
        ({"a": "N W"}, {"a__N": "N", "a__W": "W"}, ["a"]),
        ({"a__N": "N", "a__W": "W"}, {"a": "N W"}, ["a (N)", "a (W)"]),
        # another block, another schedule, none
        ({"a": "N"}, {"b__N": "N", "b__W": "W"}, ["a"]),
        ({"a": "N"}, {"a__M": "M", "a__W": "W"}, ["a"]),
        ({"a": ""}, {"a__M": "M", "a__W": "W"}, ["a"]),
    ],
)
def test_what_a_schedule_starts_keeps_its_name_where_that_is_sure(
    before: dict[str, str], after: dict[str, str], called: list[str]
) -> None:
    nothing = Coverage(seen=0, modelled=0, partial=0, skipped=0)
    change = ChangeSet(
        path="p", kind="cloudformation", before=started(**before), after=started(**after), coverage=nothing
    )
    past = with_same_names(change).before
    assert past is not None
    assert [each.address for each in past.workflows] == called
