"""Scaling that scales nothing because of how it is written: named, with what to write, and never counted as scaling."""

import pytest

from guardrail.model import Endpoint, ScalableTarget, UnlinkedScaling
from guardrail.sources.vocabulary.resource_id import Mistake, ResourceId, mistake_in, parsed
from tests.sources.conftest import Reader
from tests.sources.plans import (
    ALARM,
    CONCURRENCY,
    CONFIGURATION,
    COPIES,
    COUNT,
    ENDPOINT,
    POLICY,
    TARGET,
    Json,
    alarm,
    block,
    change,
    configuration,
    endpoint,
    module,
    plan,
    ref,
    step_policy,
    target,
    tracking_policy,
    variant,
)

ACTION = "aws_appautoscaling_scheduled_action.s"
CHAT = (change(ENDPOINT, endpoint("chat")), change(CONFIGURATION, configuration(variant("main"))))
GOOD = "endpoint/chat/variant/main"
FORMS = "endpoint/NAME/variant/NAME or inference-component/NAME"


def unlinked(read_plan: Reader, *changes: Json) -> tuple[Endpoint, list[tuple[str, str]]]:
    """The endpoint of a stack, and what scales nothing of it: address and sentence."""
    read = read_plan(plan(*CHAT, *changes))
    (found,) = read.after.endpoints
    strays = [each for stray in read.after.strays for each in stray.unlinked_scaling]
    told = [(each.address, each.sentence) for each in (*found.unlinked_scaling, *strays)]
    skipped = {each.address: each.reason for each in read.skipped}
    assert all(skipped[address] == sentence for address, sentence in told)
    return found, told


def scaling_of(found: Endpoint) -> object:
    assert isinstance(found.variants, tuple)
    return found.variants[0].scaling


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (GOOD, ResourceId("chat", "main")),
        (f"{GOOD}|{COUNT}|sagemaker", ResourceId("chat", "main")),
        ("endpoint/${var.name}/variant/${?}", ResourceId("${var.name}", "${?}")),
        ('endpoint/${module.m["a/b"].name}/variant/main', ResourceId('${module.m["a/b"].name}', "main")),
        ("inference-component/llama", ResourceId(component="llama")),
        ("endpoint/chat/varient/main", None),
        ("service/cluster/app", None),
        (None, None),
    ],
)
def test_an_id_names_a_variant_or_a_component(text: str | None, expected: ResourceId | None) -> None:
    assert parsed(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("endpoint/chat/varient/main", Mistake("resource_id has 'varient'", "variant")),
        ("endpoints/chat/variant/main", Mistake("resource_id has 'endpoints'", "endpoint")),
        ("Endpoint/chat/variant/main", Mistake("resource_id has 'Endpoint'", "endpoint")),
        ("endpoint/chat/Variant/main", Mistake("resource_id has 'Variant'", "variant")),
        ("inference-componet/llama", Mistake("resource_id has 'inference-componet'", "inference-component")),
        (
            "endpoint/chat",
            Mistake("resource_id names an endpoint and no variant of it; it has to be endpoint/NAME/variant/NAME"),
        ),
        ("endpoint/chat/main", Mistake(f"resource_id is not of the form {FORMS}")),
        ("endpoint//variant/main", Mistake(f"resource_id is not of the form {FORMS}")),
        ("endpoint/chat/variant/main/", Mistake(f"resource_id is not of the form {FORMS}")),
        ("chat", Mistake(f"resource_id is not of the form {FORMS}")),
        (
            "endpoint/arn:aws:sagemaker:us-east-1:123456789012:endpoint/chat/variant/main",
            Mistake(f"resource_id has an ARN where a name belongs; it has to be {FORMS}"),
        ),
        (
            'endpoint/${module.m["a"].aws_sagemaker_endpoint.e[0].arn}/variant/main',
            Mistake(f"resource_id has an ARN where a name belongs; it has to be {FORMS}"),
        ),
        (
            "endpoint/${awscc_sagemaker_endpoint.e.endpoint_arn}/variant/main",
            Mistake(f"resource_id has an ARN where a name belongs; it has to be {FORMS}"),
        ),
        ("endpoint/${var.name}/varaint/main", Mistake("resource_id has 'varaint'", "variant")),
        ("endpoints/${var.name}/variant/${var.variant}", Mistake("resource_id has 'endpoints'", "endpoint")),
    ],
)
def test_an_id_that_aws_refuses_has_a_mistake(text: str, expected: Mistake) -> None:
    assert mistake_in(text, "resource_id") == expected


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        "inference-component/llama",
        "endpoint/${var.name}/variant/main",
        "endpoint/${aws_sagemaker_endpoint.arn.name}/variant/main",
        'endpoint/${split("/", aws_sagemaker_endpoint.e.arn)[1]}/variant/main',
        "endpoint/chat-${var.stage}/variant/${?}",
        "${local.prefix}/variant/main",
        "endpoint/${local.rest}",
        "endpoint/${local.both}/main",
        "${local.id}",
        None,
    ],
)
def test_an_id_that_may_be_right_has_none(text: str | None) -> None:
    """What is unknown may hold slashes: `${local.both}` may be chat/variant."""
    assert mistake_in(text, "resource_id") is None


def test_what_is_known_to_be_a_name_holds_no_slash() -> None:
    text = "endpoint/${aws_sagemaker_endpoint.e.name}/main"
    assert mistake_in(text, "resource_id") is None
    assert mistake_in(text, "resource_id", ["${aws_sagemaker_endpoint.e.name}"]) == Mistake(
        f"resource_id is not of the form {FORMS}"
    )


def test_a_misspelt_word_in_the_id_of_a_target_is_named_and_scales_nothing(read_plan: Reader) -> None:
    """The scaling policy on the same id is no second finding: it belongs to that target."""
    wrong = "endpoint/chat/varient/main"
    found, told = unlinked(read_plan, change(TARGET, target(wrong)), change(POLICY, tracking_policy(wrong)))
    assert scaling_of(found) is None
    assert told == [(TARGET, "resource_id has 'varient', did you mean 'variant'?")]
    assert found.unlinked_scaling == (
        UnlinkedScaling(address=TARGET, problem="resource_id has 'varient'", suggestion="variant", variant="main"),
    )


def test_a_variant_that_is_not_there_is_named_with_those_that_are(read_plan: Reader) -> None:
    found, told = unlinked(read_plan, change(TARGET, target("endpoint/chat/variant/AllTraffic")))
    assert scaling_of(found) is None
    assert told == [(TARGET, "endpoint chat has no variant AllTraffic, it has main, did you mean 'main'?")]


def test_a_policy_on_a_variant_that_is_not_there_is_named(read_plan: Reader) -> None:
    wrong = change(POLICY, tracking_policy("endpoint/chat/variant/mian"))
    found, told = unlinked(read_plan, change(TARGET, target(GOOD)), wrong)
    assert told == [(POLICY, "endpoint chat has no variant mian, it has main, did you mean 'main'?")]
    scaling = scaling_of(found)
    assert isinstance(scaling, ScalableTarget)
    assert scaling.policies == ()


@pytest.mark.parametrize(("name", "meant"), [("caht", "chat"), ("Chat", "chat"), ("chatt", "chat")])
def test_a_name_that_is_almost_that_of_an_endpoint_without_scaling_is_a_likely_slip(
    read_plan: Reader, name: str, meant: str
) -> None:
    found, told = unlinked(read_plan, change(TARGET, target(f"endpoint/{name}/variant/main")))
    assert told == [(TARGET, f"there is no endpoint {name!r} here, did you mean {meant!r}?")]
    assert not found.unlinked_scaling[0].is_certain


def test_a_name_that_is_almost_that_of_an_endpoint_with_scaling_is_another_endpoints(read_plan: Reader) -> None:
    """chat-b is managed elsewhere, as chat is here."""
    other = change("aws_appautoscaling_target.b", target("endpoint/chat-b/variant/main"))
    read = read_plan(plan(*CHAT, change(TARGET, target(GOOD)), other))
    assert read.after.endpoints[0].unlinked_scaling == ()
    assert [each.reason for each in read.skipped] == ["the endpoint it scales is not managed here"]


def test_a_policy_and_a_scheduled_action_that_miss_their_target_by_a_letter_are_named(read_plan: Reader) -> None:
    link = {"service_namespace": "sagemaker", "resource_id": "endpoint/chatt/variant/main", "scalable_dimension": COUNT}
    times = {"schedule": "cron(0 8 * * ? *)", "scalable_target_action": [{"min_capacity": 2, "max_capacity": 3}]}
    _, told = unlinked(
        read_plan,
        change(TARGET, target(GOOD)),
        change(POLICY, tracking_policy("endpoint/chat-v1/variant/main")),
        change(ACTION, {**link, **times}),
    )
    assert told == [
        (POLICY, "there is no endpoint 'chat-v1' here, did you mean 'chat'?"),
        (ACTION, "there is no endpoint 'chatt' here, did you mean 'chat'?"),
    ]


@pytest.mark.parametrize(
    ("resource", "dimension", "sentence"),
    [
        (
            GOOD,
            "sagemaker:variant:DesiredInstancesCount",
            f"scalable_dimension is 'sagemaker:variant:DesiredInstancesCount', did you mean {COUNT!r}?",
        ),
        (
            GOOD,
            CONCURRENCY,
            f"scalable_dimension is {CONCURRENCY}, and its variant runs on instances, did you mean {COUNT!r}?",
        ),
        (GOOD, COPIES, f"scalable_dimension is {COPIES}, on a variant of an endpoint, did you mean {COUNT!r}?"),
        (
            "inference-component/llama",
            COUNT,
            f"scalable_dimension is {COUNT}, on an inference component, did you mean {COPIES!r}?",
        ),
    ],
)
def test_a_dimension_that_its_resource_does_not_have_is_named(
    read_plan: Reader, resource: str, dimension: str, sentence: str
) -> None:
    found, told = unlinked(read_plan, change(TARGET, target(resource, dimension=dimension)))
    assert scaling_of(found) is None
    assert told == [(TARGET, sentence)]


def test_an_endpoint_of_another_region_is_a_slip_where_it_lacks_scaling(read_plan: Reader) -> None:
    """The provider of the target was forgotten; a namesake there that somebody else manages is possible, too."""
    far = (
        change(ENDPOINT, endpoint("chat", region="eu-central-1")),
        change(CONFIGURATION, configuration(variant("main"), region="eu-central-1")),
    )
    read = read_plan(plan(*far, change(TARGET, target(GOOD, region="us-east-1"))))
    (found,) = read.after.endpoints
    assert [(each.problem, each.is_certain) for each in found.unlinked_scaling] == [
        ("endpoint chat is in eu-central-1, not in us-east-1", False)
    ]


def test_another_services_namespace_on_what_sagemaker_scales_is_named(read_plan: Reader) -> None:
    foreign = {"service_namespace": "ecs"}
    policy = change(POLICY, tracking_policy(GOOD, **foreign))
    found, told = unlinked(read_plan, change(TARGET, target(GOOD, **foreign)), policy)
    assert scaling_of(found) is None
    assert told == [(TARGET, "service_namespace is 'ecs', did you mean 'sagemaker'?")]


def test_a_policy_in_another_namespace_than_its_target_moves_nothing(read_plan: Reader) -> None:
    policy = change(POLICY, tracking_policy(GOOD, service_namespace="sage-maker"))
    found, told = unlinked(read_plan, change(TARGET, target(GOOD)), policy)
    scaling = scaling_of(found)
    assert isinstance(scaling, ScalableTarget)
    assert scaling.policies == ()
    assert told == [(POLICY, "service_namespace is 'sage-maker', did you mean 'sagemaker'?")]


def test_an_alarm_that_names_no_policy_is_told_where_a_step_policy_waits_for_one(read_plan: Reader) -> None:
    scaled = (change(TARGET, target(GOOD)), change(POLICY, step_policy(GOOD)))
    idle = change(ALARM, alarm([], dimensions={"EndpointName": "chat"}))
    _, told = unlinked(read_plan, *scaled, idle)
    assert told == [(ALARM, f"alarm_actions names no scaling policy, and {POLICY} waits for an alarm")]
    _, told = unlinked(read_plan, change(TARGET, target(GOOD)), idle)
    assert told == []


def test_an_id_that_is_sensitive_is_not_quoted(read_plan: Reader) -> None:
    hidden = change(TARGET, target("endpoint/chat/varient/main"), sensitive={"resource_id": True})
    _, told = unlinked(read_plan, hidden)
    assert told == [(TARGET, "what it says of the resource that it scales fits nothing here")]


def test_what_cannot_be_told_to_mean_an_endpoint_is_among_those_of_the_whole_stack(read_plan: Reader) -> None:
    read = read_plan(plan(*CHAT, change(TARGET, target("endpoints/web/variant/main"))))
    assert read.after.endpoints[0].unlinked_scaling == ()
    assert [each.problem for each in read.after.strays[0].unlinked_scaling] == ["resource_id has 'endpoints'"]


def test_a_late_id_is_no_mistake(read_plan: Reader) -> None:
    """A plan loses the text of an id with an unknown part, and with it what may be wrong in it."""
    read = read_plan(
        plan(
            change(ENDPOINT, endpoint(None), unknown={"name": True}),
            CHAT[1],
            change(TARGET, target(None), unknown={"resource_id": True}),
            root=module(block(ENDPOINT), block(CONFIGURATION), block(TARGET, resource_id=ref(f"{ENDPOINT}.name"))),
        )
    )
    (found,) = read.after.endpoints
    assert isinstance(scaling_of(found), ScalableTarget)
    assert found.unlinked_scaling == ()
