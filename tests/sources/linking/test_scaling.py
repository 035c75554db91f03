"""Scaling joined to what it scales: by resource id, by reference, or honestly not at all."""

from typing import Any

import pytest

from guardrail.model import (
    Alarm,
    ChangeSet,
    Endpoint,
    ScalableTarget,
    ServerlessVariant,
    StepScalingPolicy,
    Unknown,
    Variant,
)
from tests.sources.conftest import Reader
from tests.sources.plans import (
    ALARM,
    CONCURRENCY,
    CONFIGURATION,
    COPIES,
    ENDPOINT,
    POLICY,
    TARGET,
    Json,
    alarm,
    block,
    change,
    configuration,
    endpoint,
    kept,
    module,
    plan,
    provider,
    ref,
    serverless,
    standing,
    state,
    step_policy,
    target,
    tracking_policy,
    variant,
)

ACTION = "aws_appautoscaling_scheduled_action.s"
ARN = "arn:aws:autoscaling:us-east-1:123456789012:scalingPolicy:1:resource/sagemaker/endpoint/app:policyName/p"
STACK = (change(ENDPOINT, endpoint()), change(CONFIGURATION, configuration()))
NEW = (
    change(ENDPOINT, endpoint(None, None), unknown={"name": True, "endpoint_config_name": True}),
    change(CONFIGURATION, configuration(name=None), unknown={"name": True}),
)
"""A stack whose names are generated: everything links by reference."""
LINKED = block(ENDPOINT, endpoint_config_name=ref(f"{CONFIGURATION}.name"))


def tuple_of(variants: tuple[Variant, ...] | Unknown) -> tuple[Variant, ...]:
    assert isinstance(variants, tuple)
    return variants


def only(changes: ChangeSet) -> Endpoint:
    (found,) = changes.after.endpoints
    return found


def scaling(changes: ChangeSet, place: int = 0) -> ScalableTarget | Unknown | None:
    variants = only(changes).variants
    assert isinstance(variants, tuple)
    return variants[place].scaling


def target_of(changes: ChangeSet, place: int = 0) -> ScalableTarget:
    found = scaling(changes, place)
    assert isinstance(found, ScalableTarget)
    return found


def unknown_target(**others: Any) -> Json:
    return change(TARGET, target(None), unknown={"resource_id": True}, **others)


def action(resource: str | None = "endpoint/app/variant/main", low: Any = "0", high: Any = "", **others: Any) -> Json:
    link = {"resource_id": resource, "scalable_dimension": "sagemaker:variant:DesiredInstanceCount"}
    bounds = {"min_capacity": low, "max_capacity": high}
    return {
        "service_namespace": "sagemaker",
        "schedule": "cron(0 18 * * ? *)",
        "scalable_target_action": [bounds],
        **link,
        **others,
    }


def test_a_target_scales_the_variant_of_its_resource_id(read_plan: Reader) -> None:
    stack = plan(STACK[0], change(CONFIGURATION, configuration(variant(), variant("other"))), change(TARGET, target()))
    changes = read_plan(stack)
    assert (target_of(changes).min_capacity, target_of(changes).max_capacity) == (1, 4)
    assert scaling(changes, 1) is None


def test_a_target_on_a_variant_that_is_not_there_is_skipped(read_plan: Reader) -> None:
    changes = read_plan(plan(*STACK, change(TARGET, target("endpoint/app/variant/typo"))))
    assert scaling(changes) is None
    assert [(each.address, each.reason) for each in changes.skipped] == [
        (TARGET, "endpoint app has no variant typo, it has main, did you mean 'main'?")
    ]


def test_two_targets_on_one_variant_contradict_each_other(read_plan: Reader) -> None:
    second = "aws_appautoscaling_target.u"
    changes = read_plan(plan(*STACK, change(TARGET, target()), change(second, target(high=9))))
    assert scaling(changes) == Unknown(f"{TARGET} and {second} both scale it")


def test_an_instance_count_target_on_a_serverless_variant_scales_nothing(read_plan: Reader) -> None:
    changes = read_plan(plan(STACK[0], change(CONFIGURATION, configuration(serverless())), change(TARGET, target())))
    (first,) = only(changes).variants  # type: ignore[misc]
    assert isinstance(first, ServerlessVariant)
    assert first.scaling is None
    (unlinked,) = only(changes).unlinked_scaling
    assert (unlinked.address, unlinked.suggestion) == (TARGET, CONCURRENCY)


def test_a_concurrency_target_on_instances_scales_nothing(read_plan: Reader) -> None:
    changes = read_plan(plan(*STACK, change(TARGET, target(dimension=CONCURRENCY))))
    (first,) = only(changes).variants  # type: ignore[misc]
    assert first.scaling is None
    (unlinked,) = only(changes).unlinked_scaling
    assert (unlinked.address, unlinked.suggestion) == (TARGET, "sagemaker:variant:DesiredInstanceCount")


def test_a_concurrency_target_scales_provisioned_concurrency(read_plan: Reader) -> None:
    warm = configuration(serverless(provisioned_concurrency=2))
    changes = read_plan(plan(STACK[0], change(CONFIGURATION, warm), change(TARGET, target(dimension=CONCURRENCY))))
    assert target_of(changes).max_capacity == 4


@pytest.mark.parametrize(
    "values",
    [
        target("service/cluster/web", dimension="ecs:service:DesiredCount", service_namespace="ecs"),
        target(None, dimension="ecs:service:DesiredCount", service_namespace=None),
        target("table/t", dimension="dynamodb:table:ReadCapacityUnits", service_namespace="dynamodb"),
    ],
)
def test_targets_and_policies_of_other_services_are_not_ours(read_plan: Reader, values: Json) -> None:
    unknown = {name: True for name, value in values.items() if value is None}
    changes = read_plan(
        plan(
            *STACK,
            change(TARGET, values, unknown=unknown),
            change(POLICY, {**tracking_policy(), **values}, unknown=unknown),
            change(ACTION, {**action(), **values}, unknown=unknown),
        )
    )
    assert scaling(changes) is None
    assert changes.coverage.seen == 2


def test_a_target_of_which_nothing_is_known_may_be_ours(read_plan: Reader) -> None:
    unknown = dict.fromkeys(("resource_id", "scalable_dimension", "service_namespace"), True)
    values = target(None, dimension=None, service_namespace=None)
    root = module(LINKED, block(CONFIGURATION), block(TARGET, **{name: ref("local.x") for name in unknown}))
    changes = read_plan(plan(*STACK, change(TARGET, values, unknown=unknown), root=root))
    assert scaling(changes) == Unknown(f"{TARGET} may be its scaling target")
    assert [each.address for each in changes.skipped] == [TARGET]


def test_a_target_of_an_endpoint_elsewhere_is_skipped_and_scales_nothing_here(read_plan: Reader) -> None:
    changes = read_plan(plan(*STACK, change(TARGET, target("endpoint/elsewhere/variant/main"))))
    assert scaling(changes) is None
    assert [(each.reason, each.affects_total) for each in changes.skipped] == [
        ("the endpoint it scales is not managed here", False)
    ]


def test_what_scales_an_endpoint_that_is_named_may_belong_to_another_input(read_plan: Reader) -> None:
    named = read_plan(plan(*STACK, change(TARGET, target("endpoint/elsewhere/variant/main"))))
    assert [(each.endpoint, each.variant) for each in named.after.adrift] == [("elsewhere", "main")]
    assert read_plan(plan(unknown_target())).after.adrift == ()


def test_a_known_name_cannot_be_one_that_is_generated_on_apply(read_plan: Reader) -> None:
    changes = read_plan(
        plan(*NEW, change(TARGET, target("endpoint/elsewhere/variant/main")), root=module(LINKED, block(CONFIGURATION)))
    )
    assert scaling(changes) is None


def test_a_known_name_may_be_one_that_is_only_computed(read_plan: Reader) -> None:
    root = module(block(ENDPOINT, name=ref("random_pet.x.id"), endpoint_config_name="app-config"), block(CONFIGURATION))
    first = change(ENDPOINT, endpoint(None), unknown={"name": True})
    changes = read_plan(plan(first, STACK[1], change(TARGET, target("endpoint/elsewhere/variant/main")), root=root))
    assert scaling(changes) == Unknown(f"{TARGET} may be its scaling target")


def test_two_endpoints_of_one_name_make_a_target_doubtful_for_both(read_plan: Reader) -> None:
    """A state tells no provider: without ARNs nobody knows which of two regions a target is in."""
    found = read_plan(
        state(
            standing(
                "aws_sagemaker_endpoint.us", endpoint(config="us", arn="arn:aws:sagemaker:us-east-1:1:endpoint/app")
            ),
            standing(
                "aws_sagemaker_endpoint.eu", endpoint(config="eu", arn="arn:aws:sagemaker:eu-west-1:1:endpoint/app")
            ),
            standing("aws_sagemaker_endpoint_configuration.us", configuration(name="us")),
            standing("aws_sagemaker_endpoint_configuration.eu", configuration(name="eu")),
            standing(TARGET, target()),
        )
    )
    for each in found.after.endpoints:
        assert isinstance(each.variants, tuple)
        assert each.variants[0].scaling == Unknown(f"{TARGET} may be its scaling target")
    assert [each.address for each in found.skipped] == [TARGET]


PROVIDERS = {**provider("us-east-1"), **provider("us-east-1", "aws.two"), **provider("eu-west-1", "aws.eu")}


def aliased(alias: str, **expressions: Any) -> Json:
    return module(block(ENDPOINT), block(CONFIGURATION), block(TARGET, alias, **expressions))


def test_a_target_in_another_region_scales_nothing_here(read_plan: Reader) -> None:
    changes = read_plan(plan(*STACK, change(TARGET, target()), root=aliased("aws.eu"), providers=PROVIDERS))
    assert scaling(changes) is None
    assert [each.address for each in changes.skipped] == [TARGET]


def test_a_target_of_the_same_region_under_another_alias_may_be_of_another_account(read_plan: Reader) -> None:
    changes = read_plan(plan(*STACK, change(TARGET, target()), root=aliased("aws.two"), providers=PROVIDERS))
    assert scaling(changes) == Unknown(f"{TARGET} may be its scaling target")


def test_a_target_under_another_alias_that_refers_to_the_endpoint_is_its_own(read_plan: Reader) -> None:
    root = aliased("aws.two", resource_id=ref(f"{ENDPOINT}.name"))
    changes = read_plan(plan(*STACK, change(TARGET, target()), root=root, providers=PROVIDERS))
    assert target_of(changes).max_capacity == 4


def test_a_lost_variant_name_is_that_of_the_only_variant(read_plan: Reader) -> None:
    root = module(LINKED, block(CONFIGURATION), block(TARGET, resource_id=ref(f"{ENDPOINT}.name")))
    assert target_of(read_plan(plan(*NEW, unknown_target(), root=root))).max_capacity == 4


def test_a_lost_variant_name_of_several_is_unknown_for_each(read_plan: Reader) -> None:
    root = module(LINKED, block(CONFIGURATION), block(TARGET, resource_id=ref(f"{ENDPOINT}.name")))
    two = change(CONFIGURATION, configuration(variant("a"), variant("b"), name=None), unknown={"name": True})
    changes = read_plan(plan(NEW[0], two, unknown_target(), root=root))
    doubt = Unknown(f"{TARGET} may be its scaling target")
    assert [scaling(changes, place) for place in (0, 1)] == [doubt, doubt]


def test_a_variant_is_found_through_a_reference_to_its_name(read_plan: Reader) -> None:
    mentions = ref(f"{ENDPOINT}.name", f"{CONFIGURATION}.production_variants[1].variant_name")
    root = module(LINKED, block(CONFIGURATION), block(TARGET, resource_id=mentions))
    two = change(CONFIGURATION, configuration(variant("a"), variant("b"), name=None), unknown={"name": True})
    changes = read_plan(plan(NEW[0], two, unknown_target(), root=root))
    assert scaling(changes, 0) is None
    assert target_of(changes, 1).max_capacity == 4


def test_a_variant_is_found_through_the_key_of_its_target(read_plan: Reader) -> None:
    """A for_each over the variants: resource_id = "endpoint/${aws_sagemaker_endpoint.e.name}/variant/${each.key}"."""
    keyed = [
        change(f'{TARGET}["{key}"]', target(None, high=high), unknown={"resource_id": True})
        for key, high in (("a", 3), ("b", 7))
    ]
    mentions = ref(f"{ENDPOINT}.name", "each.key")
    root = module(LINKED, block(CONFIGURATION), block(TARGET, resource_id=mentions, for_each=ref("local.variants")))
    two = change(CONFIGURATION, configuration(variant("a"), variant("b"), name=None), unknown={"name": True})
    changes = read_plan(plan(NEW[0], two, *keyed, root=root))
    assert [target_of(changes, place).max_capacity for place in (0, 1)] == [3, 7]


def test_policies_are_attached_by_resource_id_and_dimension(read_plan: Reader) -> None:
    other = "aws_appautoscaling_policy.q"
    changes = read_plan(
        plan(*STACK, change(TARGET, target()), change(POLICY, tracking_policy()), change(other, step_policy()))
    )
    policies = target_of(changes).policies
    assert isinstance(policies, tuple)
    assert [type(each).__name__ for each in policies] == ["TargetTrackingPolicy", "StepScalingPolicy"]


def test_a_policy_of_another_dimension_does_not_belong_to_the_only_target(read_plan: Reader) -> None:
    changes = read_plan(plan(*STACK, change(TARGET, target()), change(POLICY, tracking_policy(dimension=CONCURRENCY))))
    assert target_of(changes).policies == ()


def test_a_policy_without_a_target_here_says_that_somebody_else_scales(read_plan: Reader) -> None:
    changes = read_plan(plan(*STACK, change(POLICY, tracking_policy())))
    assert scaling(changes) == Unknown("its scaling target is managed elsewhere")


def test_a_policy_of_an_endpoint_elsewhere_is_skipped(read_plan: Reader) -> None:
    changes = read_plan(plan(*STACK, change(POLICY, tracking_policy("endpoint/elsewhere/variant/main"))))
    assert scaling(changes) is None
    assert [each.reason for each in changes.skipped] == ["its scaling target is not managed here"]


def test_a_policy_of_a_component_whose_target_is_elsewhere_leaves_its_scaling_unknown(read_plan: Reader) -> None:
    hosted = {"name": "llm", "endpoint_name": "app", "variant_name": "main", "runtime_config": [{"copy_count": 1}]}
    document = plan(
        *STACK,
        change("aws_sagemaker_inference_component.ic", hosted),
        change(POLICY, tracking_policy("inference-component/llm", COPIES)),
    )
    components = only(read_plan(document)).inference_components
    assert isinstance(components, tuple)
    assert components[0].scaling == Unknown("its scaling target is managed elsewhere")


@pytest.mark.parametrize(
    "mention",
    [f"{TARGET}.resource_id", f"{ENDPOINT}.name"],
    ids=["through the target", "beside the target"],
)
def test_a_policy_with_an_unknown_id_belongs_to_the_target_that_its_expression_leads_to(
    read_plan: Reader, mention: str
) -> None:
    policy = change(POLICY, tracking_policy(None), unknown={"resource_id": True})
    root = module(
        LINKED,
        block(CONFIGURATION),
        block(TARGET, resource_id=ref(f"{ENDPOINT}.name")),
        block(POLICY, resource_id=ref(mention)),
    )
    policies = target_of(read_plan(plan(*NEW, unknown_target(), policy, root=root))).policies
    assert isinstance(policies, tuple)
    assert [each.address for each in policies] == [POLICY]


@pytest.mark.parametrize("keys", [["a", "b"], [f"v{number}" for number in range(65)]], ids=["two", "many"])
def test_policies_in_a_for_each_over_targets_belong_each_to_that_of_its_key(read_plan: Reader, keys: list[str]) -> None:
    """for_each = aws_appautoscaling_target.t; resource_id = each.value.resource_id."""
    document = plan(
        NEW[0],
        change(CONFIGURATION, configuration(*map(variant, keys), name=None), unknown={"name": True}),
        *(change(f'{TARGET}["{key}"]', target(None), unknown={"resource_id": True}) for key in keys),
        *(change(f'{POLICY}["{key}"]', tracking_policy(None), unknown={"resource_id": True}) for key in keys),
        root=module(
            LINKED,
            block(CONFIGURATION),
            block(TARGET, resource_id=ref(f"{ENDPOINT}.name", "each.key"), for_each=ref("local.variants")),
            block(POLICY, resource_id=ref("each.value.resource_id"), for_each=ref("aws_appautoscaling_target.t")),
        ),
    )
    changes = read_plan(document)
    for place, key in enumerate(keys):
        policies = target_of(changes, place).policies
        assert isinstance(policies, tuple)
        assert [each.address for each in policies] == [f'{POLICY}["{key}"]']


def test_policies_with_equal_mentions_are_told_apart_by_the_variant_they_mention(read_plan: Reader) -> None:
    def mentions(place: int) -> Json:
        return ref(f"{ENDPOINT}.name", f"{CONFIGURATION}.production_variants[{place}].variant_name")

    targets, policies = ("aws_appautoscaling_target.a", "aws_appautoscaling_target.b"), ("aws_appautoscaling_policy.b",)
    document = plan(
        NEW[0],
        change(CONFIGURATION, configuration(variant("a"), variant("b"), name=None), unknown={"name": True}),
        *(change(each, target(None), unknown={"resource_id": True}) for each in targets),
        change(policies[0], tracking_policy(None), unknown={"resource_id": True}),
        root=module(
            LINKED,
            block(CONFIGURATION),
            *(block(each, resource_id=mentions(place)) for place, each in enumerate(targets)),
            block(policies[0], resource_id=mentions(1)),
        ),
    )
    changes = read_plan(document)
    attached = [target_of(changes, place).policies for place in (0, 1)]
    assert [len(each) if isinstance(each, tuple) else None for each in attached] == [0, 1]


def test_a_policy_of_another_endpoint_on_the_same_configuration_is_not_this_ones(read_plan: Reader) -> None:
    """Both mention the shared configuration; only the endpoint tells them apart."""
    other = "aws_sagemaker_endpoint.other"
    variant_name = f"{CONFIGURATION}.production_variants[0].variant_name"
    document = plan(
        *NEW,
        change(other, endpoint(None, None), unknown={"name": True, "endpoint_config_name": True}),
        unknown_target(),
        change(POLICY, tracking_policy(None), unknown={"resource_id": True}),
        root=module(
            LINKED,
            block(other, endpoint_config_name=ref(f"{CONFIGURATION}.name")),
            block(CONFIGURATION),
            block(TARGET, resource_id=ref(f"{ENDPOINT}.name", variant_name)),
            block(POLICY, resource_id=ref(f"{other}.name", variant_name)),
        ),
    )
    found = {each.address: tuple_of(each.variants) for each in read_plan(document).after.endpoints}
    own, others = found[ENDPOINT][0].scaling, found[other][0].scaling
    assert isinstance(own, ScalableTarget)
    assert own.policies == ()
    assert others == Unknown("its scaling target is managed elsewhere")


def test_a_policy_of_which_nothing_is_known_leaves_the_policies_of_every_target_unknown(read_plan: Reader) -> None:
    policy = change(POLICY, tracking_policy(None), unknown={"resource_id": True})
    root = module(LINKED, block(CONFIGURATION), block(TARGET), block(POLICY, resource_id=ref("local.id")))
    changes = read_plan(plan(*STACK, change(TARGET, target()), policy, root=root))
    assert target_of(changes).policies == Unknown(f"{POLICY} may belong to it")
    assert [each.address for each in changes.skipped] == [POLICY]


def test_a_policy_that_refers_to_more_targets_than_are_followed_may_belong_to_each(read_plan: Reader) -> None:
    names = [f"v{number}" for number in range(65)]
    targets = {f"aws_appautoscaling_target.{name}": target(f"endpoint/app/variant/{name}") for name in names}
    document = plan(
        STACK[0],
        change(CONFIGURATION, configuration(*map(variant, names))),
        *(change(address, values) for address, values in targets.items()),
        change(POLICY, tracking_policy(None), unknown={"resource_id": True}),
        root=module(
            block(ENDPOINT),
            block(CONFIGURATION),
            *map(block, targets),
            block(POLICY, resource_id=ref(*(f"{address}.resource_id" for address in targets))),
        ),
    )
    changes = read_plan(document)
    found = [target_of(changes, place).policies for place in range(65)]
    assert found == [Unknown(f"{POLICY} may belong to it")] * 65


def test_scheduled_actions_carry_text_and_either_bound_may_be_absent(read_plan: Reader) -> None:
    changes = read_plan(plan(*STACK, change(TARGET, target()), change(ACTION, action(low="0", high=""))))
    actions = target_of(changes).scheduled_actions
    assert isinstance(actions, tuple)
    assert [(each.schedule, each.min_capacity, each.max_capacity) for each in actions] == [
        ("cron(0 18 * * ? *)", 0, None)
    ]


def test_a_scheduled_action_with_an_unknown_id_belongs_to_the_target_it_refers_to(read_plan: Reader) -> None:
    late = change(ACTION, action(None), unknown={"resource_id": True})
    root = module(
        LINKED,
        block(CONFIGURATION),
        block(TARGET, resource_id=ref(f"{ENDPOINT}.name")),
        block(ACTION, resource_id=ref(f"{TARGET}.resource_id")),
    )
    actions = target_of(read_plan(plan(*NEW, unknown_target(), late, root=root))).scheduled_actions
    assert isinstance(actions, tuple)
    assert len(actions) == 1


def alarms_of(changes: ChangeSet) -> tuple[Alarm, ...] | Unknown:
    policies = target_of(changes).policies
    assert isinstance(policies, tuple)
    (policy,) = policies
    assert isinstance(policy, StepScalingPolicy)
    return policy.alarms


def test_an_alarm_starts_the_policy_whose_arn_it_names(read_plan: Reader) -> None:
    changes = read_plan(
        plan(
            *STACK,
            kept(TARGET, target()),
            kept(POLICY, step_policy(arn=ARN)),
            kept(ALARM, alarm(["arn:aws:sns:x", ARN])),
        )
    )
    alarms = alarms_of(changes)
    assert isinstance(alarms, tuple)
    assert [each.metric_name for each in alarms] == ["HasBacklogWithoutCapacity"]


def rooted_alarm(*mentions: str) -> Json:
    return module(
        block(ENDPOINT),
        block(CONFIGURATION),
        block(TARGET),
        block(POLICY),
        block("aws_sns_topic.s", name="s"),
        block(ALARM, alarm_actions=ref(*mentions)),
    )


def test_an_alarm_starts_the_policy_it_refers_to(read_plan: Reader) -> None:
    new = change(ALARM, alarm([None]), unknown={"alarm_actions": [True]})
    document = plan(
        *STACK, change(TARGET, target()), change(POLICY, step_policy()), new, root=rooted_alarm(f"{POLICY}.arn")
    )
    alarms = alarms_of(read_plan(document))
    assert isinstance(alarms, tuple)
    assert [each.address for each in alarms] == [ALARM]


def test_an_alarm_in_another_region_than_its_policy_starts_nothing(read_plan: Reader) -> None:
    new = change(ALARM, alarm([None]), unknown={"alarm_actions": [True]})
    blocks = [block(ENDPOINT), block(CONFIGURATION), block(TARGET), block(POLICY)]
    root = module(*blocks, block(ALARM, "aws.eu", alarm_actions=ref(f"{POLICY}.arn")))
    document = plan(
        *STACK, change(TARGET, target()), change(POLICY, step_policy()), new, root=root, providers=PROVIDERS
    )
    alarms = alarms_of(read_plan(document))
    assert isinstance(alarms, tuple)
    assert [each.conflict for each in alarms] == ["is in eu-west-1, and what it starts in us-east-1"]


def test_an_alarm_that_certainly_goes_to_a_topic_starts_no_policy(read_plan: Reader) -> None:
    """The ARN of a topic that is created now is unknown, but what it is of is not."""
    new = change(ALARM, alarm([None]), unknown={"alarm_actions": [True]})
    document = plan(
        *STACK, change(TARGET, target()), change(POLICY, step_policy()), new, root=rooted_alarm("aws_sns_topic.s.arn")
    )
    assert alarms_of(read_plan(document)) == ()


def test_an_alarm_whose_actions_are_out_of_sight_may_start_any_policy(read_plan: Reader) -> None:
    new = change(ALARM, alarm(None), unknown={"alarm_actions": True})
    document = plan(
        *STACK, change(TARGET, target()), change(POLICY, step_policy()), new, root=rooted_alarm("local.actions")
    )
    assert alarms_of(read_plan(document)) == Unknown(f"{ALARM} may start it")


def test_an_alarm_of_another_service_whose_actions_are_out_of_sight_is_no_matter(read_plan: Reader) -> None:
    new = change(ALARM, alarm(None, namespace="AWS/EC2"), unknown={"alarm_actions": True})
    document = plan(
        *STACK, change(TARGET, target()), change(POLICY, step_policy()), new, root=rooted_alarm("local.actions")
    )
    assert alarms_of(read_plan(document)) == ()


def test_dimensions_that_are_unknown_as_a_whole_stay_unknown(read_plan: Reader) -> None:
    """With an unknown endpoint name Terraform does not even tell the names of an alarm's dimensions."""
    new = change(ALARM, alarm([None], dimensions=None), unknown={"alarm_actions": [True], "dimensions": True})
    root = rooted_alarm(f"{POLICY}.arn")
    root["resources"][-1]["expressions"]["dimensions"] = ref(f"{ENDPOINT}.name")
    document = plan(*STACK, change(TARGET, target()), change(POLICY, step_policy()), new, root=root)
    alarms = alarms_of(read_plan(document))
    assert isinstance(alarms, tuple)
    assert isinstance(alarms[0].dimensions, Unknown)


def test_a_component_target_with_an_unknown_id_scales_the_component_it_refers_to(read_plan: Reader) -> None:
    components = ("aws_sagemaker_inference_component.a", "aws_sagemaker_inference_component.b")
    hosted = {"name": None, "endpoint_name": "app", "variant_name": "main", "runtime_config": [{"copy_count": 1}]}
    document = plan(
        *STACK,
        *(change(each, hosted, unknown={"name": True}) for each in components),
        change(TARGET, target(None, 0, 3, COPIES), unknown={"resource_id": True}),
        root=module(
            LINKED,
            block(CONFIGURATION),
            *(block(each) for each in components),
            block(TARGET, resource_id=ref(f"{components[1]}.name")),
        ),
    )
    found = only(read_plan(document)).inference_components
    assert isinstance(found, tuple)
    assert [isinstance(each.scaling, ScalableTarget) for each in found] == [False, True]
    assert found[0].scaling is None


def test_many_links_that_are_lost_cast_their_doubt_once_and_are_each_skipped(read_plan: Reader) -> None:
    """What one lost target says of an endpoint the others say too; a plan full of them takes no squared time."""
    lost = [f'{TARGET}["{key}"]' for key in "abc"]
    document = plan(
        *NEW,
        *(change(each, target(None), unknown={"resource_id": True}) for each in lost),
        change(POLICY + "[0]", step_policy(None), unknown={"resource_id": True}),
        change(POLICY + "[1]", step_policy(None), unknown={"resource_id": True}),
        root=module(
            LINKED,
            block(CONFIGURATION),
            block(TARGET, resource_id=ref("local.x")),
            block(POLICY, resource_id=ref("local.x")),
        ),
    )
    changes = read_plan(document)
    assert scaling(changes) == Unknown(f"{lost[0]} may be its scaling target")
    assert [each.address for each in changes.skipped] == [POLICY + "[0]", POLICY + "[1]", *lost]
    assert only(changes).touched
