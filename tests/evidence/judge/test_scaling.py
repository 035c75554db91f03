"""Count and scaling: what following an ordinary week would cost, and bounds that never mattered."""

from decimal import Decimal
from typing import Any

from guardrail.evidence.bundle import Bundle
from guardrail.evidence.judge import scaling
from guardrail.evidence.judge.scaling import Bounds, Periodic
from tests.evidence.judge.test_idle import OFFICE
from tests.evidence.stories import HOURS, account_of, bundle_of, cpu, described, invocations

HOUR_USD = Decimal("0.23")


def periodic(bundle: Bundle) -> Periodic | None:
    (found,) = bundle.endpoints
    return scaling.periodic(found, found.variants[0], HOUR_USD)


def bounds(bundle: Bundle) -> Bounds | None:
    return scaling.bounds(bundle.endpoints[0].variants[0], None, HOUR_USD)


def office(count: int, **more: Any) -> Bundle:
    story = account_of(described(count=count), more)
    return bundle_of(story, invocations((2, None), *OFFICE, *OFFICE[:-1], (60, None)))


def test_office_hours_are_followed_by_the_second_instance() -> None:
    # busy in 50 of 168 hours: 2 × 0.23 × 730 = 335.80 always, 0.23 × 730 × (1 + 50/168) = 217.8702 following
    told = periodic(office(2))
    assert told is not None
    assert (told.busy_hours, told.by) == (50, "requests")
    assert told.always_usd == Decimal("335.80")
    assert round(told.following_usd, 4) == Decimal("217.8702")


def test_one_instance_of_a_real_time_endpoint_cannot_follow() -> None:
    assert periodic(office(1)) is None


def test_nobody_knows_whether_it_follows_where_what_scales_was_not_told() -> None:
    refused = {"call": "application-autoscaling:DescribeScalableTargets", "reason": "AccessDeniedException: no"}
    found = office(2, faults=[refused])
    (variant,) = found.endpoints[0].variants
    assert [(gap.subject, gap.reason) for gap in variant.gaps if gap.metric == "DescribeScalableTargets"] == [
        ("shop/a", "AccessDeniedException: no")
    ]
    assert periodic(found) is None


def test_an_even_load_is_not_periodic() -> None:
    assert periodic(bundle_of(account_of(described(count=2)), invocations((HOURS, 1000)))) is None


def test_a_target_that_no_hour_came_near_was_never_approached() -> None:
    # 36,000 requests an hour on two instances are 300 a minute and instance: 15 % of 2,000, 60 % of 500
    scaled = {
        "ResourceId": "endpoint/shop/variant/a",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
        "MinCapacity": 2,
        "MaxCapacity": 4,
    }

    def of(target: float) -> object:
        policy = {
            "PolicyName": "p",
            "PolicyType": "TargetTrackingScaling",
            "ResourceId": "endpoint/shop/variant/a",
            "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
            "TargetTrackingScalingPolicyConfiguration": {
                "TargetValue": target,
                "PredefinedMetricSpecification": {"PredefinedMetricType": scaling.PER_INSTANCE},
            },
        }
        story = account_of(described(count=2), {"scalable_targets": [scaled], "scaling_policies": [policy]})
        found = bundle_of(story, invocations((HOURS, 36_000)), cpu((HOURS, 90, 80, 9600, 120)))
        return scaling.never_approached(found.endpoints[0].variants[0])

    told = of(2000)
    assert isinstance(told, scaling.NeverApproached)
    assert (told.target, told.most_a_minute) == (2000, 300)
    assert of(500) is None


def test_what_scales_already_follows() -> None:
    target = {
        "ResourceId": "endpoint/shop/variant/a",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
        "MinCapacity": 1,
        "MaxCapacity": 4,
    }
    assert periodic(office(2, scalable_targets=[target])) is None


def test_a_maximum_that_was_reached_and_a_minimum_that_was_never_left() -> None:
    target = {
        "ResourceId": "endpoint/shop/variant/a",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
        "MinCapacity": 2,
        "MaxCapacity": 4,
    }
    story = account_of(described(count=2), {"scalable_targets": [target]})
    # 120 samples an hour are two instances, 240 are four
    reached = bounds(bundle_of(story, cpu((100, 90, 80, 9600, 120), (6, 90, 80, 19200, 240), (230, 90, 80, 9600, 120))))
    assert reached is not None
    assert (reached.maximum_was_reached, reached.hours_at_most, reached.minimum_was_never_left) == (True, 6, False)
    never = bounds(bundle_of(story, cpu((HOURS, 90, 80, 9600, 120))))
    assert never is not None
    assert (never.maximum_was_reached, never.minimum_was_never_left) == (False, True)
