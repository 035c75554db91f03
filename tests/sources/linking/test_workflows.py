"""State machines that start each other, from what blocks declare to how often each of them runs."""

import json
from typing import Any

import pytest

from guardrail.sources.declarations import Declaration
from guardrail.sources.linking.index import Declarations
from guardrail.sources.linking.workflows import workflows
from tests.sources.resources import declared

JOB = {
    "Type": "Task",
    "Resource": "arn:aws:states:::sagemaker:createTransformJob.sync",
    "Parameters": {
        "TransformJobName.$": "$$.Execution.Name",
        "ModelName": "churn",
        "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
    },
    "End": True,
}


def arn(name: str) -> str:
    return f"arn:aws:states:us-east-1:111122223333:stateMachine:{name}"


def starting(name: str) -> dict[str, Any]:
    parameters = {"StateMachineArn": arn(name)}
    return {"Type": "Task", "Resource": "arn:aws:states:::states:startExecution", "Parameters": parameters, "End": True}


def machine(name: str, first: str, **states: Any) -> Declaration:
    definition = json.dumps({"StartAt": first, "States": states})
    return declared("StepFunctions::StateMachine", name, StateMachineName=name, DefinitionString=definition)


def test_what_is_started_perhaps_starts_others_perhaps_and_is_read_itself() -> None:
    """Each day a starts b or does nothing, and b starts c, which has the one job: c runs 0 times or once."""
    choice = {"Type": "Choice", "Choices": [{"Variable": "$.go", "BooleanEquals": True, "Next": "B"}], "Default": "No"}
    daily = {"ScheduleExpression": "rate(1 day)", "Target": {"Arn": arn("a"), "RoleArn": "arn:aws:iam::1:role/r"}}
    declarations = Declarations(
        [
            declared("Scheduler::Schedule", "Daily", FlexibleTimeWindow={"Mode": "OFF"}, **daily),
            machine("a", "Ask", Ask=choice, B=starting("b"), No={"Type": "Succeed"}),
            machine("b", "C", C=starting("c")),
            machine("c", "Score", Score=JOB),
            machine("nothing", "No", No={"Type": "Succeed"}),  # which has to do with SageMaker as little as any other
        ]
    )
    ((found,), others) = workflows(declarations, lambda one: one.region, lambda _: False)
    assert found.triggers is not None
    assert [(found.name, each.least, each.most) for each in found.triggers] == [("c", 0, 1)]
    assert others == {}
    assert declarations.addresses == {"Daily", "a", "b", "c"}
    assert declarations.skipped == {}


@pytest.mark.parametrize(("name", "has_source"), [("churn", True), ("other", False)])
def test_a_job_has_what_matters_of_its_model(name: str, *, has_source: bool) -> None:
    """Batch transform refuses models with a ModelDataSource."""
    source = {"S3DataSource": {"S3Uri": "s3://models/churn/", "S3DataType": "S3Prefix", "CompressionType": "None"}}
    model = declared(
        "SageMaker::Model", "Model", ModelName=name, PrimaryContainer={"Image": "i", "ModelDataSource": source}
    )
    declarations = Declarations([model, machine("c", "Score", Score=JOB)])
    ((found,), _) = workflows(declarations, lambda one: one.region, lambda _: False)
    assert (found.jobs[0].uses_model_data_source is True) is has_source
