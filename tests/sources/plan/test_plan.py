"""What stands before a change and what after it, whatever the plan does with a resource."""

import gc
from typing import Any

import pytest

from guardrail.errors import SourceError
from guardrail.model import ChangeSet, Endpoint, InstanceVariant, Inventory, ScalableTarget, Unknown
from tests.sources.conftest import Reader
from tests.sources.plans import (
    CONFIGURATION,
    ENDPOINT,
    POLICY,
    TARGET,
    Json,
    block,
    change,
    configuration,
    endpoint,
    kept,
    module,
    plan,
    provider,
    ref,
    replaced,
    standing,
    state,
    target,
    tracking_policy,
    variant,
)

SMALL, LARGE = (
    configuration(variant(instance_type="ml.m5.large")),
    configuration(variant(instance_type="ml.m5.4xlarge")),
)


def only(inventory: Inventory | None) -> Endpoint:
    assert inventory is not None
    assert len(inventory.endpoints) == 1
    return inventory.endpoints[0]


def types(inventory: Inventory | None) -> list[Any]:
    """The instance types that are billed."""
    assert inventory is not None
    return [
        each.instance_type
        for one in inventory.endpoints
        for each in (one.variants if isinstance(one.variants, tuple) else ())
        if isinstance(each, InstanceVariant)
    ]


def sides(changes: ChangeSet) -> tuple[list[Any], list[Any]]:
    return types(changes.before), types(changes.after)


@pytest.mark.parametrize("version", ["0.1", "0.2", "1.0", "1.1", "1.2", "1.99"])
def test_every_minor_version_of_the_format_is_read_and_named(read_plan: Reader, version: str) -> None:
    changes = read_plan(plan(change(ENDPOINT, endpoint()), change(CONFIGURATION, SMALL), format_version=version))
    assert sides(changes) == ([], ["ml.m5.large"])
    assert changes.format_version == version
    assert changes.kind == "terraform-plan"


@pytest.mark.parametrize("version", ["2.0", "3", "", "x.1", 2, True, [], {"a": 1}])
def test_another_major_version_is_refused(read_plan: Reader, version: object) -> None:
    with pytest.raises(SourceError, match=r"reads 0\.x and 1\.x"):
        read_plan(plan(format_version=version))


def test_unknown_properties_are_ignored_at_every_level(read_plan: Reader) -> None:
    strange: Json = {"novelty": [1, {"x": None}]}
    first = change(ENDPOINT, endpoint(**strange), **strange)
    document = plan(first, change(CONFIGURATION, configuration(variant(**strange))), **strange)
    assert sides(read_plan(document)) == ([], ["ml.m5.xlarge"])


def test_provider_addresses_of_opentofu_are_read_alike(read_plan: Reader) -> None:
    name = "registry.opentofu.org/hashicorp/aws"
    document = plan(
        change(ENDPOINT, endpoint(), provider_name=name),
        change(CONFIGURATION, SMALL, provider_name=name),
        providers=provider("eu-west-1", full_name=name),
    )
    assert only(read_plan(document).after).region == "eu-west-1"


def test_a_created_endpoint_has_no_before(read_plan: Reader) -> None:
    changes = read_plan(plan(change(ENDPOINT, endpoint()), change(CONFIGURATION, SMALL)))
    assert sides(changes) == ([], ["ml.m5.large"])
    assert only(changes.after).change == "create"
    assert only(changes.after).touched


def test_an_updated_endpoint_moves_from_one_configuration_to_another(read_plan: Reader) -> None:
    document = plan(
        change(ENDPOINT, endpoint(config="new"), before=endpoint(config="old")),
        kept("aws_sagemaker_endpoint_configuration.old", {**SMALL, "name": "old"}),
        change("aws_sagemaker_endpoint_configuration.new", {**LARGE, "name": "new"}),
    )
    changes = read_plan(document)
    assert sides(changes) == (["ml.m5.large"], ["ml.m5.4xlarge"])
    assert only(changes.after).change == "update"


@pytest.mark.parametrize("order", [["delete", "create"], ["create", "delete"]])
def test_a_replaced_endpoint_is_the_old_one_before_and_the_new_one_after(read_plan: Reader, order: list[str]) -> None:
    document = plan(
        replaced(ENDPOINT, endpoint(), endpoint("renamed", "new"), actions=order),
        change(CONFIGURATION, None, before=SMALL),
        change("aws_sagemaker_endpoint_configuration.new", {**LARGE, "name": "new"}),
    )
    changes = read_plan(document)
    assert sides(changes) == (["ml.m5.large"], ["ml.m5.4xlarge"])
    assert (only(changes.before).name, only(changes.after).name) == ("app", "renamed")
    assert only(changes.after).change == "replace"


def test_a_deleted_endpoint_has_no_after(read_plan: Reader) -> None:
    document = plan(change(ENDPOINT, None, before=endpoint()), change(CONFIGURATION, None, before=SMALL), root=module())
    changes = read_plan(document)
    assert sides(changes) == (["ml.m5.large"], [])
    assert changes.after.unattached == ()


def test_a_plan_without_changes_has_equal_sides_that_nothing_touches(read_plan: Reader) -> None:
    changes = read_plan(plan(kept(ENDPOINT, endpoint()), kept(CONFIGURATION, SMALL), kept(TARGET, target())))
    assert sides(changes) == (["ml.m5.large"], ["ml.m5.large"])
    assert not only(changes.after).touched


def test_data_sources_are_never_billed(read_plan: Reader) -> None:
    """An action of "read" belongs to a data source, even to one that is called like a resource."""
    read = change("aws_sagemaker_endpoint.d", endpoint(), actions=["read"], mode="data")
    changes = read_plan(plan(read))
    assert changes.after.endpoints == ()
    assert changes.coverage.seen == 0


def test_what_is_forgotten_is_still_billed_and_said_to_be(read_plan: Reader) -> None:
    document = plan(
        change(ENDPOINT, None, before=endpoint(), actions=["forget"]),
        change(CONFIGURATION, None, before=SMALL, actions=["forget"]),
        root=module(),
    )
    changes = read_plan(document)
    assert sides(changes) == (["ml.m5.large"], ["ml.m5.large"])
    assert only(changes.after).change == "forget"
    assert f"{ENDPOINT} is no longer managed after this change, but still billed" in changes.notices


def test_an_endpoint_forgotten_and_created_anew_is_billed_twice_after(read_plan: Reader) -> None:
    """The new one keeps the address, under which what belongs to it refers to it."""
    document = plan(
        change(ENDPOINT, endpoint("app-2", "new"), before=endpoint(), actions=["create", "forget"]),
        change(CONFIGURATION, None, before=SMALL, actions=["forget"]),
        change("aws_sagemaker_endpoint_configuration.new", {**LARGE, "name": "new"}),
    )
    changes = read_plan(document)
    assert {each.address: (each.name, each.change) for each in changes.after.endpoints} == {
        ENDPOINT: ("app-2", "replace"),
        f"{ENDPOINT} (forgotten)": ("app", "forget"),
    }
    assert sides(changes) == (["ml.m5.large"], ["ml.m5.4xlarge", "ml.m5.large"])


def test_what_is_forgotten_is_said_in_the_order_of_the_plan_whatever_kinds_it_is_of(read_plan: Reader) -> None:
    other = "aws_sagemaker_endpoint.other"
    document = plan(
        change(ENDPOINT, None, before=endpoint(), actions=["forget"]),
        change(CONFIGURATION, None, before=SMALL, actions=["forget"]),
        change(other, None, before=endpoint("other"), actions=["forget"]),
    )
    billed_on = "is no longer managed after this change, but still billed"
    assert read_plan(document).notices == tuple(f"{each} {billed_on}" for each in (ENDPOINT, CONFIGURATION, other))


def test_an_imported_endpoint_runs_today(read_plan: Reader) -> None:
    found = kept(ENDPOINT, endpoint())
    found["change"]["importing"] = {"id": "app"}
    assert sides(read_plan(plan(found, kept(CONFIGURATION, SMALL)))) == (["ml.m5.large"], ["ml.m5.large"])


def test_a_moved_endpoint_is_the_same_one_under_its_new_address(read_plan: Reader) -> None:
    old = "aws_sagemaker_endpoint.old"
    document = plan(
        kept(ENDPOINT, endpoint(), previous_address=old),
        kept(CONFIGURATION, SMALL),
        prior_state=state(standing(old, endpoint()), standing(CONFIGURATION, SMALL)),
    )
    changes = read_plan(document)
    assert only(changes.before).address == only(changes.after).address == ENDPOINT
    assert not only(changes.after).touched
    assert changes.moved == {ENDPOINT: (old,)}


def test_a_deposed_object_is_another_one_than_that_of_its_address(read_plan: Reader) -> None:
    document = plan(
        kept(ENDPOINT, endpoint()),
        kept(CONFIGURATION, SMALL),
        change(CONFIGURATION, None, before={**LARGE, "name": "older"}, deposed="d1"),
    )
    changes = read_plan(document)
    assert sides(changes) == (["ml.m5.large"], ["ml.m5.large"])
    assert changes.before is not None
    assert [each.address for each in changes.before.unattached] == [f"{CONFIGURATION} (deposed d1)"]
    assert changes.after.unattached == ()


def test_a_deposed_endpoint_that_the_plan_does_not_speak_of_is_still_billed(read_plan: Reader) -> None:
    document = plan(
        kept(CONFIGURATION, SMALL),
        prior_state=state(standing(ENDPOINT, endpoint(), deposed_key="d1"), standing(CONFIGURATION, SMALL)),
    )
    changes = read_plan(document)
    assert sides(changes) == (["ml.m5.large"], ["ml.m5.large"])
    assert only(changes.after).address == f"{ENDPOINT} (deposed d1)"


@pytest.mark.parametrize(
    "index", ["[0]", '["plain"]', '["a.b"]', '["c[\\"d\\"]"]', '["ü 漢"]', '["module.x.y"]', '["back\\\\slash"]']
)
def test_instances_with_awkward_keys_link_to_their_own_configuration(read_plan: Reader, index: str) -> None:
    """Names are unknown here, so the link goes by the key: each endpoint to the configuration of its own key."""
    keys, other = [index, '["other"]' if index != "[0]" else "[1]"], "each.key" if index != "[0]" else "count.index"
    document = plan(
        *(
            each
            for key, kind in zip(keys, ("ml.m5.large", "ml.m5.4xlarge"), strict=True)
            for each in (
                change(ENDPOINT + key, endpoint(None, None), unknown={"name": True, "endpoint_config_name": True}),
                change(
                    CONFIGURATION + key, configuration(variant(instance_type=kind), name=None), unknown={"name": True}
                ),
            )
        ),
        root=module(
            block(ENDPOINT, endpoint_config_name=ref("aws_sagemaker_endpoint_configuration.c", other)),
            block(CONFIGURATION),
        ),
    )
    linked = {each.address: each.configuration_address for each in read_plan(document).after.endpoints}
    assert linked == {ENDPOINT + key: CONFIGURATION + key for key in keys}


def test_with_a_target_what_is_billed_may_stand_only_in_the_prior_state(read_plan: Reader) -> None:
    """With -target=aws_appautoscaling_target.t the plan is silent on the endpoint, which is billed on."""
    document = plan(
        change(TARGET, target(low=3), before=target(low=1)),
        prior_state=state(
            standing(ENDPOINT, endpoint()), standing(CONFIGURATION, SMALL), standing(TARGET, target(low=1))
        ),
        complete=False,
    )
    changes = read_plan(document)
    assert sides(changes) == (["ml.m5.large"], ["ml.m5.large"])
    assert not changes.complete
    scaling = [only(side).variants[0].scaling for side in (changes.before, changes.after)]  # type: ignore[index]
    assert [each.min_capacity for each in scaling if isinstance(each, ScalableTarget)] == [1, 3]


def test_a_refresh_only_plan_tells_what_is_there_twice_and_notes_the_drift(read_plan: Reader) -> None:
    document = plan(
        prior_state=state(standing(ENDPOINT, endpoint()), standing(CONFIGURATION, SMALL)),
        resource_drift=[
            change(CONFIGURATION, SMALL, before={**SMALL, "tags": {"a": "b"}}),
            change(TARGET, None, before=target(), actions=["delete"]),
        ],
    )
    document.pop("resource_changes")
    changes = read_plan(document)
    assert sides(changes) == (["ml.m5.large"], ["ml.m5.large"])
    assert changes.notices == (
        f"drift: {TARGET} was deleted outside Terraform",
        f"drift: {CONFIGURATION} was changed outside Terraform (tags)",
    )


def test_drift_of_what_is_not_sagemakers_is_not_told(read_plan: Reader) -> None:
    """An alarm on a queue and a target of ECS are read for what they might scale, and are nobody's news here."""
    alarm = {"alarm_name": "depth", "namespace": "AWS/SQS", "threshold": 5}
    ours = {"alarm_name": "backlog", "namespace": "AWS/SageMaker", "threshold": 5}
    of_ecs = target("service/web/app", dimension="ecs:service:DesiredCount", service_namespace="ecs")
    document = plan(
        prior_state=state(standing(ENDPOINT, endpoint()), standing(CONFIGURATION, SMALL)),
        resource_drift=[
            change("aws_cloudwatch_metric_alarm.depth", {**alarm, "threshold": 9}, before=alarm),
            change("aws_cloudwatch_metric_alarm.backlog", {**ours, "threshold": 9}, before=ours),
            change("aws_appautoscaling_target.web", {**of_ecs, "max_capacity": 9}, before=of_ecs),
        ],
    )
    notices = read_plan(document).notices
    assert notices == ("drift: aws_cloudwatch_metric_alarm.backlog was changed outside Terraform (threshold)",)


def test_modules_of_the_prior_state_are_read_to_the_bottom(read_plan: Reader) -> None:
    inner = f"module.a.module.b[0].{ENDPOINT}"
    document = plan(prior_state=state(standing(inner, endpoint()), standing(CONFIGURATION, SMALL)))
    nested = document["prior_state"]["values"]["root_module"]["child_modules"]
    document["prior_state"]["values"]["root_module"]["child_modules"] = [
        {"address": "module.a", "child_modules": nested}
    ]
    assert only(read_plan(document).after).address == inner


def test_a_plan_that_failed_is_an_error(read_plan: Reader) -> None:
    with pytest.raises(SourceError, match="is a plan that failed"):
        read_plan(plan(errored=True))


def test_a_plan_that_says_it_is_not_complete_is_believed(read_plan: Reader) -> None:
    assert not read_plan(plan(complete=False)).complete
    assert read_plan(plan(complete=True)).complete
    assert read_plan(plan()).complete


def test_deferred_changes_are_skipped_with_their_reason_and_leave_the_plan_incomplete(read_plan: Reader) -> None:
    deferred = change(ENDPOINT, {}, unknown={"name": True}, actions=["create"])
    changes = read_plan(plan(deferred_changes=[{"reason": "instance_count_unknown", "resource_change": deferred}]))
    assert not changes.complete
    assert [(each.address, each.reason, each.affects_total) for each in changes.skipped] == [
        (ENDPOINT, "deferred by Terraform: instance count unknown", True)
    ]


def test_deferred_changes_of_other_resources_are_no_matter(read_plan: Reader) -> None:
    deferred = change("aws_s3_bucket.b", {}, actions=["create"])
    assert read_plan(plan(deferred_changes=[{"reason": "x", "resource_change": deferred}])).skipped == ()


def test_a_state_is_what_runs_today_without_a_past(read_plan: Reader) -> None:
    arn = "arn:aws:sagemaker:eu-west-3:123456789012:endpoint/app"
    changes = read_plan(state(standing(ENDPOINT, endpoint(arn=arn)), standing(CONFIGURATION, SMALL)))
    assert changes.kind == "terraform-state"
    assert changes.before is None
    assert only(changes.after).region == "eu-west-3"
    assert types(changes.after) == ["ml.m5.large"]


@pytest.mark.parametrize("values", [{}, {"values": {"root_module": {}}}])
def test_an_empty_state_holds_nothing(read_plan: Reader, values: Json) -> None:
    changes = read_plan({"format_version": "1.0", "terraform_version": "1.11.4", **values})
    assert changes.kind == "terraform-state"
    assert changes.after == Inventory()


def test_a_state_shows_arguments_that_were_never_set_as_zero_and_they_stay_unset(read_plan: Reader) -> None:
    values = configuration(
        {
            "variant_name": "main",
            "instance_type": "ml.m5.large",
            "initial_instance_count": 1,
            "initial_variant_weight": 0,
            "volume_size_in_gb": 0,
            "model_name": "",
            "serverless_config": [],
            "managed_instance_scaling": [],
        },
        async_inference_config=[],
        data_capture_config=[],
    )
    found = only(read_plan(state(standing(ENDPOINT, endpoint()), standing(CONFIGURATION, values))).after)
    assert found.mode == "realtime"
    assert found.data_capture_percent is None
    assert isinstance(found.variants, tuple)
    (first,) = found.variants
    assert isinstance(first, InstanceVariant)
    assert (first.volume_size_gb, first.model_name, first.managed_scaling, first.weight) == (None, None, None, 0)


def test_a_count_of_zero_in_a_state_is_no_instance_for_free(read_plan: Reader) -> None:
    values = configuration(variant(count=0))
    (first,) = only(read_plan(state(standing(ENDPOINT, endpoint()), standing(CONFIGURATION, values))).after).variants  # type: ignore[misc]
    assert isinstance(first, InstanceVariant)
    assert first.initial_instance_count == Unknown("initial_instance_count is not set")


def test_resources_that_are_seen_are_modelled_or_skipped(read_plan: Reader) -> None:
    document = plan(
        change(ENDPOINT, endpoint()),
        change(CONFIGURATION, configuration(variant(instance_type=None), name="app-config"), unknown=None),
        change("aws_sagemaker_model.m", {"name": "m"}),
        change(TARGET, target("endpoint/elsewhere/variant/main")),
        change(POLICY, tracking_policy("endpoint/elsewhere/variant/main")),
        change(
            "aws_appautoscaling_target.ecs",
            target("service/c/s", dimension="ecs:service:DesiredCount", service_namespace="ecs"),
        ),
        change("aws_s3_bucket.b", {"bucket": "b"}),
        change("aws_cloudwatch_metric_alarm.unrelated", {"namespace": "AWS/EC2", "alarm_actions": []}),
    )
    coverage = read_plan(document).coverage
    assert (coverage.seen, coverage.modelled, coverage.partial, coverage.skipped) == (5, 4, 1, 1)


def test_what_could_not_be_placed_before_the_change_is_shown_and_counted_alike(read_plan: Reader) -> None:
    document = plan(change(TARGET, None, before=target("endpoint/elsewhere/variant/main")), root=module())
    changes = read_plan(document)
    assert [(each.address, each.affects_total) for each in changes.skipped] == [(TARGET, False)]
    assert changes.coverage.skipped == 1


@pytest.mark.parametrize(
    ("touching", "expected"),
    [
        (change(TARGET, target(high=9), before=target()), True),
        (change(TARGET, None, before=target()), True),
        (change(POLICY, tracking_policy(), before=None), True),
        (change("aws_appautoscaling_target.other", target("endpoint/other/variant/main")), False),
        (change("aws_sagemaker_model.m", {"name": "m"}), False),
    ],
    ids=["target updated", "target deleted", "policy created", "another endpoint's target", "a model"],
)
def test_an_endpoint_is_touched_by_changes_of_its_scaling_and_of_nothing_else(
    read_plan: Reader, touching: Json, *, expected: bool
) -> None:
    rest = [] if touching["address"] == TARGET else [kept(TARGET, target())]
    changes = read_plan(plan(kept(ENDPOINT, endpoint()), kept(CONFIGURATION, SMALL), *rest, touching))
    assert only(changes.after).touched is expected


def test_an_endpoint_whose_configuration_is_deleted_under_it_is_touched_and_runs_on(read_plan: Reader) -> None:
    changes = read_plan(plan(kept(ENDPOINT, endpoint()), change(CONFIGURATION, None, before=SMALL)))
    assert sides(changes) == (["ml.m5.large"], ["ml.m5.large"])
    assert only(changes.after).touched


def test_nothing_of_a_plan_is_kept_once_it_is_read(read_plan: Reader) -> None:
    """A check runs without the garbage collector, so what hangs together in a circle stays until the end."""
    root = module(block(ENDPOINT, endpoint_config_name=ref(CONFIGURATION)), block(CONFIGURATION))
    changes = change(ENDPOINT, endpoint(config=None)), change(CONFIGURATION, configuration(variant()))
    document = plan(*changes, root=root, providers=provider("us-east-1"))
    read_plan(document)
    gc.collect()
    gc.disable()
    try:
        read_plan(document)
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        kept = [one for one in gc.garbage if type(one).__module__.startswith("guardrail")]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
    assert kept == []
