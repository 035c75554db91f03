"""SageMaker pipelines: transform steps with parameters, conditions, caches and retries."""

from decimal import Decimal
from typing import Any

import pytest

from guardrail.flows import Runs, runs
from guardrail.model import Unknown
from guardrail.sources.jobs import pipelines
from guardrail.sources.jobs.base import Definition

TYPE = {"Name": "Type", "Type": "String", "DefaultValue": "ml.c5.xlarge"}
COUNT = {"Name": "Count", "Type": "Integer", "DefaultValue": 2}


def transform(name: str = "Score", **others: Any) -> dict[str, Any]:
    resources = {"InstanceType": {"Get": "Parameters.Type"}, "InstanceCount": {"Get": "Parameters.Count"}}
    return {"Name": name, "Type": "Transform", "Arguments": {"TransformResources": resources}, **others}


def pipeline(*steps: dict[str, Any], parameters: list[Any] | None = None) -> dict[str, Any]:
    return {"Version": "2020-12-01", "Parameters": parameters or [TYPE, COUNT], "Steps": list(steps)}


def how_often(definition: Definition) -> dict[str, Runs]:
    found = runs(definition.flow, len(definition.jobs))
    return {job.label: each for job, each in zip(definition.jobs, found, strict=True)}


def test_parameters_have_their_defaults_and_what_is_given_goes_before() -> None:
    (job,) = pipelines.read(pipeline(transform())).jobs
    assert (job.instance_types, job.instance_count) == (("ml.c5.xlarge",), 2)
    (given,) = pipelines.read(pipeline(transform()), {"Count": "4"}).jobs  # overrides are text
    assert given.instance_count == 4


KINDS = {
    "Name": "Type",
    "Type": "String",
    "DefaultValue": "ml.c5.xlarge",
    "EnumValues": ["ml.c5.xlarge", "ml.m5.large"],
}
COUNTS = {"Name": "Count", "Type": "Integer", "DefaultValue": 2, "EnumValues": [2, 4]}


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"Type": "ml.p4d.24xlarge"}, "a value of Type that is none of its EnumValues, and may be refused"),
        ({"Count": "16"}, "a value of Count that is none of its EnumValues, and may be refused"),
        ({"Cuont": "4"}, "the parameter Cuont, which its definition does not have: that is refused"),
    ],
)
def test_an_execution_that_is_refused_runs_nothing_at_least_and_is_told(given: dict[str, Any], why: str) -> None:
    """Its Name "must match a named parameter in the pipeline definition" (API reference, Parameter)."""
    found = pipelines.read(pipeline(transform(), parameters=[KINDS, COUNTS]), given)
    assert found.doubts == (f"it is started with {why}",)
    assert how_often(found) == {"Score": Runs(0, 1)}


@pytest.mark.parametrize(
    ("given", "parameters"),
    [
        ({"Type": "ml.m5.large", "Count": "4"}, [KINDS, COUNTS]),  # overrides are text
        ({"Type": "${Type}"}, [KINDS, COUNTS]),
        ({"Type": Unknown("it is sensitive")}, [KINDS, COUNTS]),
        ({"Type": "ml.m5.large"}, [KINDS | {"EnumValues": ["ml.c5.xlarge", "${Other}"]}, COUNTS]),
        ({"Other": "4"}, [TYPE, COUNT, {"Name": Unknown("it is sensitive")}]),
        ({"${Name}": "4"}, [TYPE, COUNT]),
    ],
)
def test_an_execution_that_may_be_accepted_is_not_called_refused(given: dict[str, Any], parameters: list[Any]) -> None:
    found = pipelines.read(pipeline(transform(), parameters=parameters), given)
    assert (found.doubts, how_often(found)) == ((), {"Score": Runs(1, 1)})


def test_the_name_of_a_job_in_a_pipeline_is_a_prefix_and_each_run_has_its_own() -> None:
    named = transform()
    named["Arguments"] = {**named["Arguments"], "TransformJobName": "churn-scores"}
    (job,) = pipelines.read(pipeline(named)).jobs
    assert not job.has_fixed_name
    assert how_often(pipelines.read(pipeline(named))) == {"Score": Runs(1, 1)}


def test_a_parameter_without_a_default_is_one_of_its_values() -> None:
    options = {"Name": "Type", "EnumValues": ["ml.m5.xlarge", "ml.m5.4xlarge"]}
    counts = {"Name": "Count", "EnumValues": [2, 8]}
    (job,) = pipelines.read(pipeline(transform(), parameters=[options, counts])).jobs
    assert job.instance_types == ("ml.m5.xlarge", "ml.m5.4xlarge")
    assert isinstance(job.instance_count, Unknown)
    assert (job.instance_count.at_least, job.instance_count.at_most) == (Decimal(2), Decimal(8))
    (bare,) = pipelines.read(pipeline(transform(), parameters=[{"Name": "Type"}, COUNT])).jobs
    assert bare.instance_types == (Unknown("the parameter Type has no default"),)


def test_conditions_choose_and_what_they_choose_between_is_called_by_both_names() -> None:
    chosen = {
        "Name": "IsGood",
        "Type": "Condition",
        "Arguments": {"IfSteps": [transform("All")], "ElseSteps": [{"Name": "Stop", "Type": "Fail"}]},
    }
    assert how_often(pipelines.read(pipeline(transform(), chosen))) == {
        "Score": Runs(1, 1),
        "IsGood/All": Runs(0, 1),
    }


@pytest.mark.parametrize(
    ("policies", "most"),
    [
        ([{"ExceptionType": ["Step.SERVICE_FAULT", "Step.THROTTLING"], "MaxAttempts": 10}], 1),
        ([{"ExceptionType": ["SageMaker.JOB_INTERNAL_ERROR"], "MaxAttempts": 2}], 3),
        ([{"ExceptionType": ["SageMaker.JOB_INTERNAL_ERROR"], "ExpireAfterMin": 60}], None),
    ],
)
def test_only_an_error_behind_a_job_that_ran_starts_another(policies: list[Any], most: int | None) -> None:
    assert how_often(pipelines.read(pipeline(transform(RetryPolicies=policies)))) == {"Score": Runs(1, most)}


def test_a_cache_may_save_the_job() -> None:
    cached = transform(CacheConfig={"Enabled": True, "ExpireAfter": "P30D"})
    assert how_often(pipelines.read(pipeline(cached))) == {"Score": Runs(0, 1)}
    off = transform(CacheConfig={"Enabled": False})
    assert how_often(pipelines.read(pipeline(off))) == {"Score": Runs(1, 1)}


def test_other_jobs_are_counted_and_what_may_make_inference_is_said() -> None:
    steps = [{"Name": str(at), "Type": kind} for at, kind in enumerate(["Processing", "Training", "Processing"])]
    found = pipelines.read(pipeline(*steps, {"Name": "L", "Type": "Lambda"}))
    assert found.others == {"processing job": 2, "training job": 1}
    assert found.doubts == ("its Lambda steps may make SageMaker inference, which is in no total",)


@pytest.mark.parametrize("odd", [None, 3, "x", [], {}, [3]])
def test_odd_values_anywhere_are_no_traceback(odd: Any) -> None:
    for name in ("Name", "Type", "Arguments", "CacheConfig", "RetryPolicies"):
        pipelines.read(pipeline({**transform(), name: odd}))
    pipelines.read({"Steps": odd, "Parameters": odd})
    pipelines.read({"Steps": [odd], "Parameters": [odd]})


def test_a_model_that_is_registered_is_validated_in_each_execution() -> None:
    resources = {"InstanceType": {"Get": "Parameters.Type"}, "InstanceCount": 2}
    profile = {"ProfileName": "smoke", "TransformJobDefinition": {"TransformResources": resources}}
    arguments = {"ValidationSpecification": {"ValidationProfiles": [profile]}}
    register = {"Name": "Register", "Type": "RegisterModel", "Arguments": arguments}
    found = pipelines.read(pipeline(register, transform()))
    assert how_often(found) == {"Register/smoke": Runs(1, 1), "Score": Runs(1, 1)}
    assert found.jobs[0].instance_types == ("ml.c5.xlarge",)


def test_steps_that_run_on_emr_are_no_part_of_the_bill_of_sagemaker() -> None:
    found = pipelines.read(pipeline({"Name": "Prepare", "Type": "EMRServerless", "Arguments": {}}))
    assert (found.others, found.doubts) == ({}, ())


def test_a_validation_that_is_not_known_is_said() -> None:
    arguments = {"ValidationSpecification": {"Get": "Steps.Make.Specification"}}
    (doubt,) = pipelines.read(pipeline({"Name": "Register", "Type": "RegisterModel", "Arguments": arguments})).doubts
    assert doubt.startswith("its validation is not known")
