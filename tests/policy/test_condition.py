"""Conditions: every operator in three-valued logic, and every mistake an error that names its place.

The subject is a variant of two ml.m5.xlarge (4 vCPUs, 16 GiB, 0.23 USD an hour in us-east-1) on a real-time endpoint.
"""

import re
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from msgspec import structs

from guardrail.cost.base import Monthly
from guardrail.cost.estimate import estimate
from guardrail.errors import PolicyError
from guardrail.model import (
    INSTANCE_COUNT,
    Alarm,
    Endpoint,
    InferenceComponent,
    InstancePool,
    InstanceVariant,
    Inventory,
    OtherScalingPolicy,
    ScalableTarget,
    ScalingMetric,
    ScheduledAction,
    StepScalingPolicy,
    TargetTrackingPolicy,
    Unknown,
)
from guardrail.policy.condition import OPERATORS, Condition, compile_condition
from guardrail.policy.fields import FIELDS
from guardrail.policy.pattern import Pattern
from guardrail.policy.policy import AppliesTo, Parameter
from guardrail.policy.scope import PolicyScope
from guardrail.policy.subject import Evaluation, StackTotals, Subject, Together
from guardrail.prices.book import PriceBook

WHY = Unknown("the variable has no value")
PARAMS: dict[str, tuple[str, Any]] = {
    "four": ("integer", 4),
    "none": ("integer", None),
    "tag": ("string", "team"),
    "tags": ("strings", ("team", "owner")),
    "no_tags": ("strings", ()),
    "families": ("mapping", {"m4": ["m5"]}),
    "sizes": ("mapping", {"us-east-1": 4, "eu-west-1": 2}),
    "by_region": ("mapping", {"us-east-1": ["m5", "c5"], "eu-west-1": "g5"}),
    "no_mapping": ("mapping", None),
    "price": ("usd", 0.23),
}


@cache
def world() -> Evaluation:
    return Evaluation(PriceBook())


def variant(**changes: Any) -> InstanceVariant:
    fields: dict[str, Any] = {
        "name": "main",
        "shadow": False,
        "instance_type": "ml.m5.xlarge",
        "initial_instance_count": 2,
    }
    return InstanceVariant(**(fields | changes))


def endpoint(*variants: InstanceVariant, **changes: Any) -> Endpoint:
    fields: dict[str, Any] = {
        "address": "aws_sagemaker_endpoint.e",
        "name": "chat-prod",
        "region": "us-east-1",
        "mode": "realtime",
        "variants": variants,
        "configuration_address": None,
        "tags": {"team": "search"},
    }
    return Endpoint(**(fields | changes))


def subject(one: InstanceVariant | None = None, **changes: Any) -> Subject:
    one = one or variant()
    return Subject(world(), endpoint(one, **changes), environment="production", variant=one, target=one.scaling)


def scope(applies_to: AppliesTo = "variant") -> PolicyScope:
    declared: dict[str, Any] = {
        name: Parameter(description=name, type=kind, default=value)  # type: ignore[arg-type] # one of the types
        for name, (kind, value) in PARAMS.items()
    }
    values = {name: value for name, (_, value) in PARAMS.items()}
    return PolicyScope(policy="p", applies_to=applies_to, declared=declared, parameters=values, steps=("require",))


def truth(condition: Any, on: Subject | None = None) -> bool | Unknown:
    return compile_condition(condition, scope())(on or subject())


TARGET = ScalableTarget(address="t", dimension=INSTANCE_COUNT, min_capacity=1, max_capacity=2)


def test_targets_have_one_number_exactly_where_they_have_the_same_traits() -> None:
    """Traits are all but names and places, so what is known of one holds for the other, whichever world asks."""
    renamed, wider = structs.replace(TARGET, address="u"), structs.replace(TARGET, max_capacity=3)
    numbers = [
        Subject(Evaluation(PriceBook()), endpoint(), target=each).traits(each)
        for each in (TARGET, renamed, wider, structs.replace(wider, address="v"), structs.replace(wider, policies=WHY))
    ]
    assert numbers[0] == numbers[1]
    assert numbers[2] == numbers[3]
    assert len(set(numbers)) == 3


@pytest.mark.parametrize(
    "condition",
    [
        {"variant.instance_type": "ml.m5.xlarge"},
        {"variant.initial_instance_count": 2},
        {"variant.shadow": False},
        {"variant.shadow": {"ne": True}},
        {"instance.vcpus": {"lt": 5}},
        {"instance.vcpus": {"at_most": 4}},
        {"instance.vcpus": {"gt": 3, "at_least": 4}},
        {"instance.hourly_usd": {"at_most": 0.23}},
        {"instance.hourly_usd": 0.23},
        {"instance.hourly_usd": {"param": "price"}},
        {"instance.memory_gib": {"at_least": 15.5}},
        {"instance.family": {"in": ["m4", "m5"]}},
        {"instance.family": {"not_in": {"param": "families"}}},
        {"instance.family": {"not_in": {"param": "no_tags"}}},
        {"instance.vcpus": {"in": [{"param": "four"}, 8]}},
        {"endpoint.name": {"matches": ".*-prod"}},
        {"endpoint.name": {"matches": ["chat-dev", "chat-(prod|live)"]}},
        {"endpoint.name": {"contains": "prod"}},
        {"instance.types": {"contains": "ml.m5.xlarge"}},
        {"instance.types": ["ml.m5.xlarge"]},
        {"endpoint.tags": {"has_keys": ["team"]}},
        {"endpoint.tags": {"has_keys": [{"param": "tag"}]}},
        {"endpoint.tags": {"has_keys": {"param": "no_tags"}}},
        {"variant.volume_size_gb": None},
        {"variant.volume_size_gb": {"present": False}},
        {"variant.instance_type": {"present": True}},
        {"variant.instance_type": {"ne": None}},
        {"scaling": {"present": False}},
        {"instance.vcpus": {"at_most": {"param": "four"}}},
        {"instance.vcpus": {"at_most": {"param": "none"}}},
        {"instance.vcpus": {"at_most": {"field": "instance.vcpus", "times": 2}}},
        {"param.four": {"lt": {"field": "instance.memory_gib"}}},  # a limit is of whatever unit its policy gives it
        {"variant.initial_instance_count": {"lt": {"field": "instance.vcpus"}}},
        {"param.four": {"gt": 0}},
        {"param.none": {"present": False}},
        {"endpoint.environment": {"in": ["production"]}},
    ],
)
def test_what_holds(condition: Any) -> None:
    assert truth(condition) is True


@pytest.mark.parametrize(
    "condition",
    [
        {"variant.instance_type": "ml.m5.large"},
        {"variant.shadow": True},
        {"instance.vcpus": {"lt": 4}},
        {"instance.vcpus": {"gt": 3, "at_most": 3}},
        {"instance.hourly_usd": {"lt": {"param": "price"}}},
        {"instance.family": {"not_in": ["m5"]}},
        {"instance.family": {"in": {"param": "no_tags"}}},
        {"endpoint.name": {"matches": "prod"}},
        {"endpoint.tags": {"has_keys": {"param": "tags"}}},
        {"variant.instance_type": None},
        {"scaling": {"present": True}},
        {"param.none": {"gt": 0}},
    ],
)
def test_what_does_not_hold(condition: Any) -> None:
    assert truth(condition) is False


@pytest.mark.parametrize(
    "operator",
    [
        {"lt": 9},
        {"at_most": 9},
        {"gt": 0},
        {"at_least": 0},
        {"ne": 9},
        {"in": [9]},
        {"not_in": [9]},
        {"present": True},
        {"at_most": {"field": "param.four"}},
        9,
    ],
)
def test_what_is_not_there_fails_every_operator(operator: Any) -> None:
    assert truth({"variant.volume_size_gb": operator}) is False
    assert truth({"scaling.min_capacity": operator}) is False


@pytest.mark.parametrize(
    "operator",
    [
        {"lt": 9},
        {"ne": 9},
        {"in": [9]},
        {"not_in": [9]},
        {"present": True},
        {"present": False},
        {"at_most": {"field": "param.four"}},
        None,
        9,
    ],
)
def test_what_is_unknown_leaves_every_operator_open_with_its_reason(operator: Any) -> None:
    on = subject(variant(volume_size_gb=WHY))
    assert truth({"variant.volume_size_gb": operator}, on) == WHY


def test_nothing_is_among_nothing_whatever_it_is() -> None:
    on = subject(variant(instance_type=WHY))
    assert truth({"variant.instance_type": {"in": {"param": "no_tags"}}}, on) is False


def test_a_null_limit_holds_for_what_is_unknown_and_for_what_is_not_there() -> None:
    condition = {"variant.volume_size_gb": {"at_most": {"param": "none"}}}
    assert truth(condition) is True
    assert truth(condition, subject(variant(volume_size_gb=WHY))) is True


NULL = {"instance.vcpus": {"at_most": {"param": "none"}}}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"not": NULL}, True),
        ({"not": {"all": [NULL, NULL]}}, True),
        ({"any": [NULL, {"variant.shadow": True}]}, False),
        ({"any": [NULL, {"variant.shadow": False}]}, True),
        ({"any": [NULL]}, True),
        ({"all": [NULL, {"variant.shadow": True}]}, False),
        ({"instance.vcpus": {"at_most": {"param": "none"}, "gt": 99}}, False),
        ({"instance.vcpus": {"param": "none"}}, True),
        ({"not": {"instance.vcpus": {"in": {"param": "none"}}}}, True),
        ({"not": {"instance.vcpus": {"in": [{"param": "none"}]}}}, True),
        ({"instance.vcpus": {"in": [{"param": "none"}, 4]}}, True),
        ({"not": {"endpoint.name": {"matches": {"param": "none"}}}}, True),
        ({"not": {"endpoint.tags": {"has_keys": {"param": "none"}}}}, True),
    ],
)
def test_a_comparison_with_a_null_parameter_drops_out_of_what_it_stands_in(condition: Any, expected: Any) -> None:
    assert truth(condition) is expected


YES, NO, OPEN = {"variant.shadow": False}, {"variant.shadow": True}, {"variant.weight": 1}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"all": [YES, OPEN]}, WHY),
        ({"all": [OPEN, NO]}, False),
        ({"any": [OPEN, YES]}, True),
        ({"any": [NO, OPEN]}, WHY),
        ({"any": [NO, NO]}, False),
        ({"not": YES}, False),
        ({"not": OPEN}, WHY),
        ({**OPEN, **NO}, False),
    ],
)
def test_combinations_follow_kleene(condition: Any, expected: Any) -> None:
    assert truth(condition, subject(variant(weight=WHY))) == expected


def test_an_unlinked_target_is_unknown_and_not_none() -> None:
    on = subject(variant(scaling=WHY))
    assert truth({"scaling": {"present": True}}, on) == WHY
    assert truth({"scaling.min_capacity": {"at_least": 1}}, on) == WHY
    assert truth({"scaling.min_capacity": 1}, subject(variant(scaling=TARGET))) is True


@pytest.mark.parametrize(
    ("weights", "each", "some"),
    [
        ((1, 1), True, True),
        ((1, 0), False, True),
        ((0, 0), False, False),
        ((1, WHY), WHY, True),
        ((0, WHY), False, WHY),
    ],
)
def test_each_and_some_ask_the_variants(weights: tuple[Any, Any], each: Any, some: Any) -> None:
    on = Subject(world(), endpoint(*(variant(weight=weight) for weight in weights)))
    for name, expected in (("each", each), ("some", some)):
        test = compile_condition({name: {"variant.weight": {"gt": 0}}}, scope("endpoint"))
        assert test(on) == expected


def test_each_and_some_of_unknown_variants_are_unknown() -> None:
    on = Subject(world(), endpoint(variants=WHY))
    assert compile_condition({"each": YES}, scope("endpoint"))(on) == WHY


@pytest.mark.parametrize(
    ("condition", "problem"),
    [
        ({"variant.shado": 1}, "require.variant.shado: there is no field variant.shado, did you mean variant.shadow?"),
        (
            {"totals.excess": []},
            "totals.excess is no field of a policy that applies to variant, only to stack",
        ),
        ({"any": [YES, {"x.y": 1}]}, "require.any[1].x.y: there is no field x.y"),
        ({"any": YES}, "require.any: expected a list"),
        ({"not": [YES]}, "require.not: expected a mapping of fields"),
        ({"instance.vcpus": {"atmost": 4}}, "has no operator atmost, did you mean at_most?"),
        ({"variant.shadow": {"gt": 1}}, "variant.shadow has no operator gt; it takes ne, present"),
        ({"instance.vcpus": {}}, "no operator; a bare value means equality"),
        ({"instance.vcpus": "4"}, "require.instance.vcpus: expected a number, got '4'"),
        ({"instance.vcpus": {"at_most": True}}, "require.instance.vcpus.at_most: expected a number, got true"),
        ({"instance.vcpus": {"at_most": float("nan")}}, "expected a number, got nan"),
        ({"instance.hourly_usd": {"lt": "1"}}, "expected an amount in USD, got '1'"),
        ({"instance.vcpus": {"at_most": None}}, "null can only be compared for equality"),
        ({"instance.vcpus": {"in": 4}}, "require.instance.vcpus.in: expected a list, got 4"),
        ({"instance.vcpus": {"in": [4, "8"]}}, "require.instance.vcpus.in[1]: expected a number, got '8'"),
        ({"instance.vcpus": {"in": [{"field": "variant.weight"}]}}, "a list holds values and parameters, no fields"),
        ({"instance.vcpus": {"at_most": {"param": "fourr"}}}, "there is no parameter fourr, did you mean four?"),
        ({"instance.vcpus": {"at_most": {"param": "tag"}}}, "expected a number, got 'team'"),
        (
            {"instance.vcpus": {"at_most": {"field": "variant.name"}}},
            "cannot compare a number with variant.name, which",
        ),
        ({"endpoint.name": {"matches": "^a"}}, "'^a' is no pattern: no anchors"),
        ({"scaling": {"present": "yes"}}, "require.scaling.present: expected true or false, got 'yes'"),
        ({"param.fuor": 1}, "there is no parameter fuor, did you mean four?"),
        ({"each": YES}, "each asks the variants of an endpoint, and here it is about a variant"),
        ("shadow", "require: expected a mapping of fields, got 'shadow'"),
        ({}, "require: an empty condition always holds"),
        ({"all": []}, "require.all: an empty list always holds"),
        ({"any": []}, "require.any: an empty list never holds"),
        ({"not": {}}, "require.not: an empty condition always holds"),
        ({"instance.gpus": 1}, "there is no field instance.gpus: write instance.accelerators"),
        (
            {"some": {"pools": {"pool.priority": 1, "pool.size": 1}}},
            "there is no field pool.size: write variant.instance_type",
        ),
        (
            {"each": {"components": {"pool.priority": 1}}},
            "pool.priority is no field of a policy that applies to inference_c",
        ),
        (
            {"scaling.max_capacity": {"at_most": {"field": "scaling.min_capacity", "time": 4}}},
            "is no reference; there are {param:",
        ),
        (
            {"scaling.max_capacity": {"at_most": {"field": "scaling.min_capacity", "times": -1}}},
            "expected a number of at least 0",
        ),
        (
            {"scaling.max_capacity": {"at_most": {"field": "endpoint.name", "times": 2}}},
            "cannot compare a number with endpoint.na",
        ),
        (
            {"variant.monthly_floor_usd": {"lt": {"field": "instance.hourly_usd", "times": 730}}},
            "USD a month with instance.hourly",
        ),
        (
            {"variant.volume_size_gb": {"lt": {"field": "instance.memory_gib"}}},
            "cannot compare GB with instance.memory_gib, in GiB",
        ),
        ({"endpoint.tags.Owner": {"is": "email"}}, "'email' is no form of text, did you mean e-mail?"),
        ({"endpoint.tags.Expires": {"within_days": 90}}, "has no operator within_days: write days_from_today"),
        (
            {"endpoint.tags.Expires": {"days_from_today": {"matches": "a"}}},
            "endpoint.tags.Expires in days has no operator matches",
        ),
        (
            {"instance.vcpus": {"param": "four", "of": {"field": "endpoint.region"}}},
            "four is no mapping, in which something could",
        ),
        (
            {"instance.vcpus": {"param": "sizes", "of": {"field": "instance.vcpus"}}},
            "instance.vcpus is a number, and keys are texts",
        ),
        ({"endpoint.name": {"param": "sizes", "of": {"field": "endpoint.region"}}}, "expected text, got 4"),
        (
            {"instance.vcpus": {"param": "sizes", "of": "endpoint.region"}},
            "expected {field: path}, got 'endpoint.region'",
        ),
        ({"quantity.gpus": {"at_most": 2}}, "there is no field quantity.gpus: declare it under quantities"),
        ({"instance.vcpus": {"lte": 4}}, "instance.vcpus has no operator lte: write at_most"),
        ({"instance.vcpus": {">": 4}}, "instance.vcpus has no operator >: write gt"),
        ({"instance.vcpus": {"eq": 4}}, "instance.vcpus has no operator eq: a bare value means equality"),
        ({"endpoint.name": {"regex": "a"}}, "endpoint.name has no operator regex: write matches"),
        ({"variant.shadow": {"lte": 4}}, "variant.shadow has no operator lte; it takes ne, present"),
        ({"endpoint.mode": "real-time"}, "endpoint.mode is never real-time, did you mean realtime? It is realtime,"),
        ({"endpoint.mode": {"in": ["async", "batch"]}}, "endpoint.mode is never batch; it is realtime, async or serv"),
        ({"endpoint.mode": {"param": "tag"}}, "endpoint.mode is never team; it is realtime"),
        ({"variant.instance_type": {"matches": "m5.*"}}, r"m5.* fits no instance type: write ml\.m5.*"),
        ({"endpoint.region": "us-east1"}, "endpoint.region is never us-east1: write it like us-east-1"),
        ({"variant.instance_type": {"in": ["m5.large"]}}, "is never m5.large: write it like ml.m5.large"),
        ({"instance.types": {"contains": "m5.large"}}, "instance.types is never m5.large: write it like ml.m5.large"),
        ({"instance.types": ["m5.large"]}, "instance.types is never m5.large: write it like ml.m5.large"),
        ({"instance.family": {"not_in": ["ml.m5"]}}, "instance.family is never ml.m5: write it like m5, without ml."),
        ({"variant.memory_mib": {"at_most": 4}}, "variant.memory_mib is never 4: it is 1024 to 6144 MiB"),
        (
            {"variant.initial_instance_count": {"at_least": -1}},
            "initial_instance_count is never -1: it is at least 0 inst",
        ),
        (
            {"variant.monthly_expected_usd": {"at_most": -5}},
            "variant.monthly_expected_usd is never -5: it is at least 0",
        ),
        ({"instance.types": {"not_in": ["ml.m5.xlrge"]}}, "instance.types is never ml.m5.xlrge: write it like ml.m5"),
        ({"endpoint.data_capture_percent": {"at_most": 0.2}}, "data_capture_percent is in percent: write 20"),
        ({"endpoint.data_capture_percent": {"at_most": 120}}, "is never 120: it is 0 to 100 percent"),
        ({"variant.memory_mib": {"gt": 6144}}, "variant.memory_mib is never above 6144: it is 1024 to 6144 MiB"),
        ({"variant.memory_mib": {"lt": 1024}}, "variant.memory_mib is never below 1024: it is 1024 to 6144 MiB"),
        ({"variant.memory_mib": {"at_least": 1024}}, "variant.memory_mib is always at least 1024: it is 1024 to"),
        ({"endpoint.data_capture_percent": {"at_most": 100}}, "is always at most 100: it is 0 to 100 percent"),
        ({"variant.initial_instance_count": {"lt": 0}}, "variant.initial_instance_count is never below 0: it is at le"),
    ],
)
def test_a_mistake_is_an_error_that_names_policy_and_place(condition: Any, problem: str) -> None:
    with pytest.raises(PolicyError, match=re.escape(problem)) as error:
        compile_condition(condition, scope())
    assert error.value.message.startswith("policy p: require")


def test_a_value_of_another_type_than_its_field_is_an_error_and_never_a_pass() -> None:
    broken = variant(initial_instance_count="two")
    with pytest.raises(PolicyError, match=r"policy p: cannot compare variant\.initial_instance_count"):
        truth({"variant.initial_instance_count": {"at_most": 3}}, subject(broken))


def test_a_condition_is_wrong_when_it_is_made_and_a_late_one_when_it_is_asked() -> None:
    with pytest.raises(PolicyError):
        Condition({"instance.vcpu": 1}, scope())
    late = Condition({"instance.vcpu": 1}, scope(), late=True)
    with pytest.raises(PolicyError):
        late(subject(variant()))


def test_every_field_takes_an_operator() -> None:
    assert {field.type for field in FIELDS.values()} <= OPERATORS.keys()


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"endpoint.environment": "production"}, True),
        ({"endpoint.environment": "non-production"}, WHY),
        ({"endpoint.environment": {"ne": "production"}}, WHY),
        ({"endpoint.environment": {"in": ["non-production", "blue"]}}, WHY),
        ({"endpoint.environment": {"not_in": ["blue"]}}, True),
    ],
)
def test_a_rule_for_another_environment_than_production_may_apply_where_it_is_unknown(
    condition: Any, expected: Any
) -> None:
    on = Subject(world(), endpoint(variant()), environment=WHY, variant=variant())
    applies = compile_condition(condition, structs.replace(scope(), steps=("when",)))
    assert applies(on) == expected
    assert compile_condition(condition, scope())(on) is (expected is True)


def test_errors_are_collected_where_the_scope_has_a_list_for_them() -> None:
    errors: list[PolicyError] = []
    condition = {"instance.vcpu": 1, "any": [{"x": 1, "endpoint.mode": "batch"}], "variant.shadow": False}
    compile_condition(condition, structs.replace(scope(), errors=errors))
    assert [error.message.split(": ")[1] for error in errors] == [
        "require.instance.vcpu",
        "require.any[0].x",
        "require.any[0].endpoint.mode",
    ]


def part(least: int | None, most: int | None) -> Subject:
    """A variant of which so much is known: no fewer than ``least`` instances and no more than ``most``."""
    bounds = [None if bound is None else Decimal(bound) for bound in (least, most)]
    return subject(variant(initial_instance_count=Unknown("why", None, *bounds)))


@pytest.mark.parametrize(
    ("least", "most", "operator", "expected"),
    [
        (3, None, {"at_most": 2}, False),
        (3, None, {"at_most": 3}, None),
        (3, None, {"lt": 3}, False),
        (3, None, {"at_least": 3}, True),
        (3, None, {"gt": 3}, None),
        (3, None, {"gt": 2}, True),
        (None, 5, {"at_most": 5}, True),
        (None, 5, {"lt": 5}, None),
        (None, 5, {"gt": 5}, False),
        (None, 5, {"at_least": 5}, None),
        (3, 5, {"at_least": 2, "at_most": 6}, True),
        (3, 5, {"at_most": 4}, None),
        (3, 5, 2, False),
        (3, 5, 6, False),
        (3, 5, 4, None),
        (3, 5, {"ne": 2}, True),
        (3, 5, {"ne": 4}, None),
        (3, 5, {"in": [1, 2]}, False),
        (3, 5, {"in": [1, 4]}, None),
        (3, 5, {"not_in": [1, 9]}, True),
        (3, None, {"gt": {"field": "instance.vcpus"}}, None),  # ml.m5.xlarge has 4
        (5, None, {"gt": {"field": "instance.vcpus"}}, True),
        (None, 4, {"gt": {"field": "instance.vcpus"}}, False),
        (None, None, {"at_most": 2}, None),
    ],
)
def test_an_unknown_number_is_decided_where_both_its_bounds_decide_alike(
    least: int | None, most: int | None, operator: Any, expected: Any
) -> None:
    answer = truth({"variant.initial_instance_count": operator}, part(least, most))
    assert isinstance(answer, Unknown) if expected is None else answer is expected


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ({"in": ["ml.m5.xlarge", "ml.c5.xlarge"]}, True),
        ({"in": ["ml.c5.xlarge"]}, False),
        ({"not_in": ["ml.c5.xlarge"]}, True),
        ({"not_in": ["ml.m5.xlarge", "ml.c5.xlarge"]}, False),
    ],
)
def test_every_member_of_a_list_has_to_be_among_those_named_or_none(operator: Any, expected: Any) -> None:
    assert truth({"instance.types": operator}) is expected


@pytest.mark.parametrize(
    ("key", "is_there"),
    [
        ("alias/volumes", True),
        (None, False),
        (Unknown("known only after apply", "${aws_kms_key.volumes.arn}"), True),
        (WHY, WHY),
    ],
)
def test_a_text_of_which_a_part_is_known_is_there(key: Any, is_there: Any) -> None:
    on = subject(kms_key=key)
    assert truth({"endpoint.kms_key": {"present": True}}, on) == is_there
    absent = is_there if isinstance(is_there, Unknown) else not is_there
    assert truth({"endpoint.kms_key": None}, on) == absent


# Tags, forms and days ------------------------------------------------------------------------------------------------

TAGS: dict[str, Any] = {"team": "search", "cost:center": "eu.1", "later": WHY}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"endpoint.tags.team": "search"}, True),
        ({"endpoint.tags.Team": "search"}, False),  # another spelling is another tag
        ({"endpoint.tags.cost:center": {"matches": "eu.*"}}, True),
        ({"endpoint.tags.later": "search"}, WHY),
        ({"endpoint.tags.none": None}, True),
        ({"endpoint.tags.none": {"ne": "x"}}, False),
    ],
)
def test_a_tag_is_a_field(condition: Any, expected: Any) -> None:
    assert truth(condition, subject(tags=TAGS)) == expected


def test_a_tag_of_tags_that_are_not_known_is_not_known() -> None:
    assert truth({"endpoint.tags.team": "search"}, subject(tags=WHY)) == WHY


@pytest.mark.parametrize(
    ("form", "yes", "no"),
    [
        ("e-mail", ["a@b.org", "team.x+y@sub.example.com"], ["a@b", "@b.org", "a b@c.org", "a@b.org ", "a@b..org", ""]),
        ("date", ["2027-01-31", "2028-02-29"], ["2027-02-29", "20270131", "2027-1-31", "2027-W01-1", "tomorrow"]),
        ("integer", ["0", "42", "-7"], ["4.2", "1e3", "", "٣", "4 "]),
        (
            "arn",
            ["arn:aws:s3:::bucket", "arn:aws-cn:iam::111122223333:role/x", "arn:aws:iam::aws:policy/A"],
            ["arn:aws:s3", "s3://bucket", "arn:aws:iam::1234:role/x"],
        ),
    ],
)
def test_a_text_has_a_form(form: str, yes: list[str], no: list[str]) -> None:
    for text in yes:
        assert truth({"endpoint.tags.t": {"is": form}}, subject(tags={"t": text})) is True, text
    for text in no:
        assert truth({"endpoint.tags.t": {"is": form}}, subject(tags={"t": text})) is False, text


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2026-11-01", False),  # today
        ("2026-11-02", True),
        ("2027-01-30", True),  # 29 + 31 + 30 days
        ("2027-01-31", False),
        ("2020-01-01", False),
        ("soon", False),  # no date has no days
        (None, False),
        (WHY, WHY),
    ],
)
def test_days_from_today(day: Any, expected: Any) -> None:
    on = subject(tags={} if day is None else {"Expires": day})
    on.world = Evaluation(PriceBook(), today=date(2026, 11, 1))
    assert truth({"endpoint.tags.Expires": {"days_from_today": {"at_least": 1, "at_most": 90}}}, on) == expected


def test_without_a_day_there_are_no_days_from_it() -> None:
    found = truth(
        {"endpoint.tags.Expires": {"days_from_today": {"at_most": 90}}}, subject(tags={"Expires": "2027-01-01"})
    )
    assert isinstance(found, Unknown)


# Times, and what a mapping has ---------------------------------------------------------------------------------------


def scaled(least: Any, most: Any) -> Subject:
    return subject(variant(scaling=structs.replace(TARGET, min_capacity=least, max_capacity=most)))


@pytest.mark.parametrize(
    ("least", "most", "expected"),
    [
        (2, 8, True),
        (2, 9, False),
        (Unknown("later", at_least=Decimal(3)), 9, True),
        (Unknown("later", at_least=Decimal(2)), 9, Unknown("later", at_least=Decimal(8))),
        (Unknown("later", at_most=Decimal(2)), 9, False),
    ],
)
def test_a_number_may_be_so_many_times_another(least: Any, most: Any, expected: Any) -> None:
    condition = {"scaling.max_capacity": {"at_most": {"field": "scaling.min_capacity", "times": {"param": "four"}}}}
    assert truth(condition, scaled(least, most)) == expected


def test_a_share_of_the_total_is_a_number_times_it() -> None:
    """Two ml.m5.xlarge for a month are 2 × 0.23 × 730 = 335.80 and their volumes: above 30 % of 1,000."""
    amounts = Monthly(floor=Decimal(1000), expected=Decimal(1000), ceiling=Decimal(1000))
    one = endpoint(variant())
    totals = StackTotals(before=None, after=amounts, delta=None)
    bill = estimate(Inventory(endpoints=(one,)), PriceBook()).endpoints["aws_sagemaker_endpoint.e"]
    on = Subject(Evaluation(PriceBook(), totals=totals), one, cost=bill, variant=variant())
    for share, expected in ((0.3, False), (0.4, True)):
        limit = {"field": "totals.after.floor", "times": share}
        assert truth({"variant.monthly_floor_usd": {"at_most": limit}}, on) is expected
    on.world = Evaluation(PriceBook())
    assert isinstance(truth({"variant.monthly_floor_usd": {"at_most": {"field": "totals.after.floor"}}}, on), Unknown)


def test_a_null_parameter_times_something_drops_out() -> None:
    limit = {"field": "scaling.min_capacity", "times": {"param": "none"}}
    assert truth({"scaling.max_capacity": {"at_most": limit}}, scaled(1, 99)) is True


OF_REGION = {"of": {"field": "endpoint.region"}}


@pytest.mark.parametrize(
    ("condition", "region", "expected"),
    [
        ({"instance.vcpus": {"at_most": {"param": "sizes", **OF_REGION}}}, "us-east-1", True),
        ({"instance.vcpus": {"at_most": {"param": "sizes", **OF_REGION}}}, "eu-west-1", False),
        ({"instance.vcpus": {"at_most": {"param": "sizes", **OF_REGION}}}, "eu-west-3", False),  # no such key
        ({"instance.vcpus": {"at_most": {"param": "sizes", **OF_REGION}}}, WHY, WHY),
        ({"instance.vcpus": {"at_most": {"param": "no_mapping", **OF_REGION}}}, "us-east-1", True),
        ({"instance.family": {"in": {"param": "by_region", **OF_REGION}}}, "us-east-1", True),
        ({"instance.family": {"in": {"param": "by_region", **OF_REGION}}}, "eu-west-1", False),
        ({"instance.families": {"in": {"param": "by_region", **OF_REGION}}}, "us-east-1", True),
        ({"instance.families": {"not_in": {"param": "by_region", **OF_REGION}}}, "us-east-1", False),
        ({"instance.families": {"not_in": {"param": "by_region", **OF_REGION}}}, "eu-west-1", True),
        ({"instance.family": {"in": {"param": "no_mapping", **OF_REGION}}}, "eu-west-1", True),
    ],
)
def test_what_a_mapping_has_for_a_key_that_a_field_names(condition: Any, region: Any, expected: Any) -> None:
    assert truth(condition, subject(region=region)) == expected


# Parts ---------------------------------------------------------------------------------------------------------------


def pools(*types: Any) -> InstanceVariant:
    made = tuple(InstancePool(instance_type=one, priority=at) for at, one in enumerate(types))
    return variant(instance_type=None, instance_pools=made)


@pytest.mark.parametrize(
    ("types", "each", "some"),
    [
        (("ml.m5.xlarge", "ml.m5.2xlarge"), False, True),  # 0.23 and 0.461 USD per hour
        (("ml.m5.xlarge", WHY), WHY, True),
        (("ml.m5.2xlarge", WHY), False, WHY),
    ],
)
def test_each_and_some_ask_the_pools_of_a_variant(types: Any, each: Any, some: Any) -> None:
    on = subject(pools(*types))
    for name, expected in (("each", each), ("some", some)):
        assert truth({name: {"pools": {"pool.hourly_usd": {"lt": 0.4}, "variant.shadow": False}}}, on) == expected


def test_a_variant_without_pools_has_none_that_could_differ() -> None:
    assert truth({"each": {"pools": {"pool.priority": 9}}}) is True
    assert truth({"some": {"pools": {"pool.priority": 9}}}) is False
    assert truth({"some": {"schedules": {"schedule.max_capacity": 9}}}) is False


def test_pools_are_asked_through_the_variants_of_an_endpoint() -> None:
    on = Subject(world(), endpoint(variant(), pools("ml.m5.large")))
    nested = {"some": {"some": {"pools": {"pool.instance_type": "ml.m5.large"}}}}
    assert compile_condition(nested, scope("endpoint"))(on) is True
    with pytest.raises(PolicyError, match="put it into another each or some, which asks its variants"):
        compile_condition({"some": {"pools": {"pool.priority": 1}}}, scope("endpoint"))


def test_scaling_policies_and_schedules_are_asked_of_their_target() -> None:
    metric = ScalingMetric(predefined=False, name="CPUUtilization")
    alarm = Alarm(
        address="a",
        metric_name="HasBacklogWithoutCapacity",
        namespace="AWS/SageMaker",
        dimensions={},
        statistic=None,
        comparison_operator="GreaterThanThreshold",
        threshold=0.0,
        period_s=60,
        evaluation_periods=1,
    )
    policies = (
        TargetTrackingPolicy(address="t", target_value=70.0, metrics=(metric,), disable_scale_in=False),
        StepScalingPolicy(address="s", adjustment_type="ChangeInCapacity", steps=(), alarms=(alarm,)),
        OtherScalingPolicy(address="o", policy_type="PredictiveScaling"),
    )
    night = ScheduledAction(address="n", schedule="cron(0 20 * * ? *)", min_capacity=1, max_capacity=1)
    target = structs.replace(TARGET, policies=policies, scheduled_actions=(night,))
    on = subject(variant(scaling=target))
    kinds = [{"scaling_policy.type": kind} for kind in ("target-tracking", "step", "other")]
    for condition in (
        *kinds,
        {"scaling_policy.metrics": {"contains": "CPUUtilization"}, "scaling_policy.target_value": {"gt": 60}},
        {"scaling_policy.metrics": {"contains": "HasBacklogWithoutCapacity"}},
    ):
        assert truth({"some": {"scaling_policies": condition}}, on) is True
    assert (
        truth({"each": {"schedules": {"schedule.max_capacity": {"lt": {"field": "scaling.max_capacity"}}}}}, on) is True
    )
    unknown = subject(variant(scaling=structs.replace(TARGET, policies=WHY, scheduled_actions=WHY)))
    assert truth({"each": {"scaling_policies": {"scaling_policy.type": "step"}}}, unknown) == WHY
    assert truth({"some": {"schedules": {"schedule.end": None}}}, unknown) == WHY


def component(name: str, on: Any) -> InferenceComponent:
    return InferenceComponent(address=name, name=name, variant_name=on, copies=1)


def test_components_are_those_of_the_endpoint_or_of_the_variant_that_hosts_them() -> None:
    hosts = (variant(name="a"), variant(name="b"))
    one = endpoint(*hosts, inference_components=(component("x", "a"), component("y", "b")))
    asked = {"each": {"components": {"component.name": "x"}}}
    assert compile_condition(asked, scope("endpoint"))(Subject(world(), one)) is False
    first, second = (Subject(world(), one, variant=host) for host in hosts)
    assert (truth(asked, first), truth(asked, second)) == (True, False)
    loose = endpoint(*hosts, inference_components=(component("x", WHY),))
    assert truth(asked, Subject(world(), loose, variant=hosts[0])) == WHY
    alone = endpoint(variant(), inference_components=(component("x", WHY),))
    assert truth(asked, Subject(world(), alone, variant=variant())) is True
    assert truth(asked, Subject(world(), endpoint(variant(), inference_components=WHY), variant=variant())) == WHY


# Asked of several ----------------------------------------------------------------------------------------------------


def of_all(condition: Any, *subjects: Subject) -> list[bool | Unknown]:
    """What a condition says of subjects together, which is what it says of each."""
    asked = Condition(condition, structs.replace(scope(), steps=("when",)))
    answers = asked.of_all(Together(subjects))
    assert answers == [asked(each) for each in subjects]
    return answers


def test_a_condition_is_asked_once_of_all_of_which_its_fields_say_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two ml.m5.large and one ml.c5.large have two families, whatever their counts and names are."""
    asked: list[str] = []

    def is_m5(_: Pattern, text: str) -> bool:
        asked.append(text)
        return text == "m5"

    monkeypatch.setattr(Pattern, "matches", is_m5)
    types = ("ml.m5.large", "ml.c5.large", "ml.m5.large")
    subjects = [subject(variant(instance_type=each, name=f"v{place}")) for place, each in enumerate(types)]
    condition = Condition({"instance.family": {"matches": "m.*"}}, scope())
    assert condition.of_all(Together(subjects)) == [True, False, True]
    assert sorted(asked) == ["c5", "m5"]


def test_what_differs_in_a_value_that_is_asked_has_an_answer_of_its_own() -> None:
    one, other = ({"team": "a"}, {"team": "b"})
    first, second = (subject(tags=tags) for tags in (one, other))
    assert of_all({"endpoint.tags": {"has_keys": ["team"]}}, first, second, subject(tags={})) == [True, True, False]
    assert of_all({"endpoint.tags.team": "a"}, first, second) == [True, False]
    some = {"some": {"variant.weight": {"gt": 0.5}}}
    with_parts = [subject(variant(weight=weight)) for weight in (1.0, 0.0)]
    assert Condition(some, scope("endpoint")).of_all(Together(with_parts)) == [True, False]


def test_why_an_environment_is_unknown_is_said_of_each() -> None:
    reasons = [Unknown("its tag is unknown"), Unknown("nobody says")]
    doubted = []
    for reason in reasons:
        doubted.append(subject())
        doubted[-1].environment = reason
    assert of_all({"endpoint.environment": "non-production"}, *doubted) == reasons
