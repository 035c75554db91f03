"""What makes SageMaker inference out of a definition that is not read is named, and nothing else is."""

from typing import Any

import pytest

from guardrail.model import Unknown
from guardrail.sources.vocabulary import elsewhere
from guardrail.sources.vocabulary.spellings import spelling_of

UNSEEN = "not known here, and may make SageMaker inference"
SEEN = "makes SageMaker inference that is in no total"

STATES = "arn:aws:states:::"
TERRAFORM_CASES: list[tuple[str, dict[str, Any], str | None]] = [
    ("aws_cloudformation_stack_set", {"template_body": "Type: AWS::SageMaker::Endpoint"}, SEEN),
    ("aws_cloudformation_stack_set", {"template_body": "Type: AWS::S3::Bucket"}, None),
    ("aws_cloudformation_stack_set", {"template_url": "https://example.com/t.yaml"}, UNSEEN),
    ("aws_cloudformation_stack", {"template_body": "Type: AWS::CloudFormation::Stack"}, SEEN),
    ("aws_cloudformation_stack", {"template_body": r'{"Type": "AWS::SageMaker::\u0045ndpoint"}'}, SEEN),
    ("aws_cloudcontrolapi_resource", {"type_name": Unknown("known only after apply")}, UNSEEN),
    ("aws_cloudcontrolapi_resource", {"type_name": "AWS::Logs::LogGroup"}, None),
    ("aws_sfn_state_machine", {"definition": f'{{"Resource": "{STATES}aws-sdk:sagemaker:createEndpoint"}}'}, SEEN),
    ("aws_sfn_state_machine", {"definition": f'{{"Resource": "{STATES}sagemaker:createTransformJob.sync"}}'}, SEEN),
    ("aws_sfn_state_machine", {"definition": f'{{"Resource": "{STATES}sagemaker:createTrainingJob.sync"}}'}, None),
    ("aws_sfn_state_machine", {"definition": f'{{"Resource": "{STATES}lambda:invoke"}}'}, None),
    ("aws_sfn_state_machine", {"definition": Unknown("known only after apply")}, UNSEEN),
    ("aws_sagemaker_pipeline", {"pipeline_definition": '{"Steps": [{"Type": "Transform"}]}'}, SEEN),
    ("aws_sagemaker_pipeline", {"pipeline_definition": '{"Steps": [{"Type": "Training"}]}'}, None),
    ("aws_sagemaker_pipeline", {"pipeline_definition_s3_location": [{"bucket": "b"}]}, UNSEEN),
    ("aws_scheduler_schedule", {"target": [{"arn": "arn:aws:scheduler:::aws-sdk:sagemaker:createEndpoint"}]}, SEEN),
    ("aws_scheduler_schedule", {"target": [{"arn": "arn:aws:sagemaker:eu-west-1:1:pipeline/nightly"}]}, SEEN),
    ("aws_scheduler_schedule", {"target": [{"arn": "arn:aws:sqs:eu-west-1:1:queue"}]}, None),
    ("aws_scheduler_schedule", {"target": [{"arn": None}]}, None),
    ("aws_cloudwatch_event_target", {"arn": "arn:aws:sagemaker:eu-west-1:1:pipeline/nightly"}, SEEN),
    ("aws_servicecatalog_provisioned_product", {"name": "p"}, UNSEEN),
]
CLOUDFORMATION_CASES: list[tuple[str, dict[str, Any], str | None]] = [
    ("AWS::CloudFormation::StackSet", {"TemplateURL": "https://example.com/t.yaml"}, UNSEEN),
    ("AWS::CloudFormation::StackSet", {"TemplateBody": {"Fn::Sub": "Type: AWS::SageMaker::Endpoint"}}, SEEN),
    ("AWS::SageMaker::Pipeline", {"PipelineDefinition": {"PipelineDefinitionS3Location": {"Bucket": "b"}}}, UNSEEN),
    ("AWS::SageMaker::Pipeline", {"PipelineDefinition": {"PipelineDefinitionBody": '[{"Type": "Transform"}]'}}, SEEN),
    ("AWS::SageMaker::Pipeline", {"PipelineDefinition": {"PipelineDefinitionBody": '[{"Type": "Training"}]'}}, None),
    (
        "AWS::StepFunctions::StateMachine",
        {
            "DefinitionString": {
                "Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":states:::sagemaker:createEndpoint"]]
            }
        },
        SEEN,
    ),
    ("AWS::StepFunctions::StateMachine", {"DefinitionS3Location": {"Bucket": "b", "Key": "k"}}, UNSEEN),
    ("AWS::Scheduler::Schedule", {"Target": {"Arn": "arn:aws:scheduler:::aws-sdk:sagemaker:createTransformJob"}}, SEEN),
    ("AWS::Scheduler::Schedule", {"Target": {"Arn": {"Fn::GetAtt": ["Queue", "Arn"]}}}, None),
]


@pytest.mark.parametrize(("type_", "values", "said"), TERRAFORM_CASES + CLOUDFORMATION_CASES)
def test_what_is_not_read_is_named_where_it_may_make_inference(
    type_: str, values: dict[str, Any], said: str | None
) -> None:
    reason = elsewhere.reason(type_, lambda name: values.get(spelling_of(type_).of(name)))
    if said is None:
        assert reason is None
    else:
        assert reason is not None
        assert said in reason


def test_every_type_names_what_is_not_known_of_it() -> None:
    """With nothing known, all are named but those whose targets are nearly always queues and functions."""
    silent = {type_ for type_ in elsewhere.TYPES if elsewhere.reason(type_, lambda _: None) is None}
    assert silent - elsewhere.BESIDE.keys() == {
        "AWS::Events::Rule",
        "AWS::Scheduler::Schedule",
        "aws_cloudwatch_event_target",
        "aws_scheduler_schedule",
        "awscc_events_rule",
        "awscc_scheduler_schedule",
    }


def test_what_bills_beside_inference_makes_none_and_is_called_alike_in_every_language() -> None:
    for type_ in ("AWS::SageMaker::Cluster", "aws_sagemaker_cluster", "awscc_sagemaker_cluster"):
        assert elsewhere.BESIDE[type_] == "HyperPod cluster"
        assert elsewhere.reason(type_, lambda _: None) is None
    assert elsewhere.BESIDE["AWS::SageMaker::MlflowTrackingServer"] == "MLflow tracking server"
    assert "AWS::SageMaker::Pipeline" not in elsewhere.BESIDE
