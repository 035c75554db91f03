"""Inference experiments: one shadow test, written as CloudFormation and as awscc, is one variant with an end."""

from decimal import Decimal
from typing import Any

import pytest

from guardrail.model import ChangeSet, InstanceVariant, Unknown
from guardrail.sources.linking.link import Linked, Side
from guardrail.sources.vocabulary.spellings import snake_case
from tests.sources.conftest import Reader
from tests.sources.plans import Json, change, configuration, endpoint, plan
from tests.sources.resources import declared

FLEETS = (("main", "ml.m5.xlarge", 3), ("candidate", "ml.m5.large", 2))
WEEK = Decimal(168)


def experiment(**others: Any) -> Json:
    """Two ml.m5.large in the shadow of three ml.m5.xlarge on the endpoint ``app``."""
    fleets = [
        {
            "ModelName": name,
            "VariantName": name,
            "InfrastructureConfig": {
                "InfrastructureType": "RealTimeInference",
                "RealTimeInferenceConfig": {"InstanceType": kind, "InstanceCount": count},
            },
        }
        for name, kind, count in FLEETS
    ]
    known = {
        "Name": "test",
        "Type": "ShadowMode",
        "EndpointName": "app",
        "ModelVariants": fleets,
        "ShadowModeConfig": {
            "SourceModelVariantName": "main",
            "ShadowModelVariants": [{"ShadowModelVariantName": "candidate", "SamplingPercentage": 20}],
        },
    }
    return {**known, **others}


def snaked(value: Any) -> Any:
    """The same in awscc's spelling."""
    if isinstance(value, dict):
        return {snake_case(name): snaked(item) for name, item in value.items()}
    return [snaked(item) for item in value] if isinstance(value, list) else value


def stack(*experiments: Json, variants: Any = None, name: str = "app") -> Linked:
    """The side of a template with the endpoint ``app`` and what experiments make of it."""
    main = {"VariantName": "main", "ModelName": "m", "InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 3}
    blocks = [
        declared(
            "SageMaker::EndpointConfig",
            "SageMaker::EndpointConfig",
            EndpointConfigName="c",
            ProductionVariants=variants or [main],
        ),
        declared("SageMaker::Endpoint", "SageMaker::Endpoint", EndpointName=name, EndpointConfigName="c"),
        *(declared("SageMaker::InferenceExperiment", "SageMaker::InferenceExperiment", **each) for each in experiments),
    ]
    return Side(blocks).linked()


def shadow(linked: Linked) -> InstanceVariant:
    (found,) = linked.inventory.endpoints
    assert isinstance(found.variants, tuple)
    variant = found.variants[-1]
    assert isinstance(variant, InstanceVariant)
    assert variant.shadow
    return variant


def awscc(read_plan: Reader, **others: Any) -> ChangeSet:
    return read_plan(
        plan(
            change("aws_sagemaker_endpoint_configuration.c", configuration()),
            change("aws_sagemaker_endpoint.e", endpoint()),
            change("awscc_sagemaker_inference_experiment.x", snaked(experiment(**others))),
        )
    )


def test_a_shadow_test_is_a_variant_of_the_endpoint_that_it_names() -> None:
    linked = stack(experiment())
    assert shadow(linked) == InstanceVariant(
        name="candidate",
        shadow=True,
        instance_type="ml.m5.large",
        initial_instance_count=2,
        model_name="candidate",
        monthly_hours=WEEK,
    )
    assert linked.skipped == ()
    assert "SageMaker::InferenceExperiment" in linked.modelled


def test_awscc_says_the_same_in_its_own_spelling(read_plan: Reader) -> None:
    changes = awscc(read_plan)
    (found,) = changes.after.endpoints
    assert isinstance(found.variants, tuple)
    assert found.variants[-1] == shadow(stack(experiment()))
    assert (changes.skipped, changes.coverage.partial) == ((), 0)


def test_what_awscc_computes_and_nobody_wrote_is_unset(read_plan: Reader) -> None:
    """A plan shows an argument that is optional and computed as unknown where it is merely unset."""
    written = snaked(experiment())
    document = plan(
        change("aws_sagemaker_endpoint_configuration.c", configuration()),
        change("aws_sagemaker_endpoint.e", endpoint()),
        change("awscc_sagemaker_inference_experiment.x", written, unknown={"schedule": True, "desired_state": True}),
    )
    (found,) = read_plan(document).after.endpoints
    assert isinstance(found.variants, tuple)
    variant = found.variants[-1]
    assert isinstance(variant, InstanceVariant)
    assert variant.monthly_hours == WEEK


@pytest.mark.parametrize(
    ("schedule", "hours"),
    [
        ({"StartTime": "2027-01-10T00:00:00Z", "EndTime": "2027-01-12T12:00:00Z"}, Decimal(60)),
        ({"StartTime": "2027-01-10T00:00:00Z", "EndTime": "2027-01-10T01:30:00+01:00"}, Decimal("0.5")),
        ({"StartTime": "2027-01-01T00:00:00Z", "EndTime": "2027-01-31T00:00:00Z"}, Decimal(720)),
    ],
)
def test_a_schedule_says_from_when_until_when(schedule: Json, hours: Decimal) -> None:
    assert shadow(stack(experiment(Schedule=schedule))).monthly_hours == hours


@pytest.mark.parametrize(
    ("others", "reason"),
    [
        ({"Schedule": {"EndTime": "2027-01-12T00:00:00Z"}}, "its Schedule has no StartTime"),
        ({"Schedule": {"StartTime": "2027-01-12T00:00:00Z"}}, "its Schedule has no EndTime"),
        ({"Schedule": Unknown("a parameter")}, "a parameter"),
        (
            {"Schedule": {"StartTime": "tomorrow", "EndTime": "later"}},
            "its schedule is not written in timestamps of ISO 8601",
        ),
        (
            {"Schedule": {"StartTime": "2027-01-10T00:00:00", "EndTime": "2027-01-12T00:00:00Z"}},
            "its schedule is not written in timestamps of ISO 8601",
        ),
        (
            {"Schedule": {"StartTime": "2027-01-12T00:00:00Z", "EndTime": "2027-01-10T00:00:00Z"}},
            "its schedule is not one of up to 30 days",
        ),
        (
            {"Schedule": {"StartTime": "2027-01-01T00:00:00Z", "EndTime": "2027-02-01T00:00:00Z"}},
            "its schedule is not one of up to 30 days",
        ),
        ({"DesiredState": "Completed"}, "DesiredState (Completed) leaves open whether it still runs"),
    ],
)
def test_a_length_that_is_not_told_is_unknown_and_makes_the_variant_partial(others: Json, reason: str) -> None:
    linked = stack(experiment(**others))
    hours = shadow(linked).monthly_hours
    assert isinstance(hours, Unknown)
    assert hours.reason == reason
    assert linked.partial == {"SageMaker::EndpointConfig"}


def test_a_shadow_variant_whose_instances_nobody_tells_is_there_and_unknown() -> None:
    alone = experiment()
    alone["ModelVariants"] = alone["ModelVariants"][:1]
    found = shadow(stack(alone))
    assert found.name == "candidate"
    assert isinstance(found.instance_type, Unknown)
    assert isinstance(found.initial_instance_count, Unknown)


def test_a_shadow_variant_of_unknown_name_is_the_one_beside_the_source() -> None:
    later = Unknown("a parameter")
    nameless = experiment()
    nameless["ShadowModeConfig"]["ShadowModelVariants"] = [{"ShadowModelVariantName": later}]
    nameless["ModelVariants"][1]["VariantName"] = later
    found = shadow(stack(nameless))
    assert (found.name, found.instance_type, found.initial_instance_count) == (later, "ml.m5.large", 2)


def test_of_two_unknown_names_none_is_taken_for_the_shadow() -> None:
    later = Unknown("a parameter")
    nameless = experiment()
    nameless["ShadowModeConfig"]["ShadowModelVariants"] = [{"ShadowModelVariantName": later}]
    for fleet in nameless["ModelVariants"]:
        fleet["VariantName"] = later
    assert isinstance(shadow(stack(nameless)).instance_type, Unknown)


@pytest.mark.parametrize(
    ("others", "where", "reason"),
    [
        ({}, {"name": "other"}, "its endpoint is not managed here"),
        ({"EndpointName": Unknown("a parameter")}, {}, "which endpoint runs it is known only at deployment"),
        ({}, {"variants": Unknown("a parameter")}, "what else its endpoint runs is not known"),
        (
            {},
            {"variants": [{"VariantName": "candidate", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}]},
            "its endpoint has a variant of that name already",
        ),
    ],
)
def test_a_shadow_test_without_a_place_is_in_no_total_and_says_so(others: Json, where: Json, reason: str) -> None:
    (skipped,) = stack(experiment(**others), **where).skipped
    assert skipped.reason == f"a shadow test that bills 2 × ml.m5.large for 168 h, in no total: {reason}"
    assert skipped.affects_total


@pytest.mark.parametrize(
    ("others", "reason"),
    [
        ({"ShadowModeConfig": None}, "ShadowModeConfig is not set"),
        ({"ShadowModeConfig": {"SourceModelVariantName": "main"}}, "ShadowModelVariants is not set"),
        ({"ShadowModeConfig": Unknown("a parameter")}, "a parameter"),
        ({"ModelVariants": Unknown("a parameter")}, "a parameter"),
        ({"ModelVariants": "two"}, "ModelVariants is not a block"),
    ],
)
def test_an_experiment_that_tells_no_shadow_variant_is_skipped(others: Json, reason: str) -> None:
    (skipped,) = stack(experiment(**others)).skipped
    assert skipped.reason == f"a shadow test that bills instances while it runs, in no total: {reason}"
    assert skipped.affects_total


def test_a_change_of_the_experiment_touches_its_endpoint(read_plan: Reader) -> None:
    """Nothing but the experiment is new."""
    standing = [
        change("aws_sagemaker_endpoint_configuration.c", configuration(), before=configuration(), actions=["no-op"]),
        change("aws_sagemaker_endpoint.e", endpoint(), before=endpoint(), actions=["no-op"]),
    ]
    new = change("awscc_sagemaker_inference_experiment.x", snaked(experiment()))
    assert [each.touched for each in read_plan(plan(*standing, new)).after.endpoints] == [True]
    assert [each.touched for each in read_plan(plan(*standing)).after.endpoints] == [False]


def test_only_a_target_that_names_the_shadow_variant_scales_it(read_plan: Reader) -> None:
    def scaled(variant: str) -> list[bool]:
        target = {
            "resource_id": f"endpoint/app/variant/{variant}",
            "scalable_dimension": "sagemaker:variant:DesiredInstanceCount",
            "service_namespace": "sagemaker",
            "min_capacity": 1,
            "max_capacity": 4,
        }
        changes = read_plan(
            plan(
                change("aws_sagemaker_endpoint_configuration.c", configuration()),
                change("aws_sagemaker_endpoint.e", endpoint()),
                change("aws_appautoscaling_target.t", target),
                change("awscc_sagemaker_inference_experiment.x", snaked(experiment())),
            )
        )
        assert changes.skipped == ()
        (found,) = changes.after.endpoints
        assert isinstance(found.variants, tuple)
        return [each.scaling is not None for each in found.variants]

    assert scaled("main") == [True, False]
    assert scaled("candidate") == [False, True]


def test_sensitive_instances_and_schedules_are_marked(read_plan: Reader) -> None:
    for marks in ({"model_variants": True}, {"schedule": True}):
        document = plan(
            change("aws_sagemaker_endpoint_configuration.c", configuration()),
            change("aws_sagemaker_endpoint.e", endpoint()),
            change("awscc_sagemaker_inference_experiment.x", snaked(experiment()), sensitive=marks),
        )
        (found,) = read_plan(document).after.endpoints
        assert isinstance(found.variants, tuple)
        assert found.variants[-1].sensitive
