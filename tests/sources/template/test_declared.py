"""The resources of a stack that matter, as the documentation of `guardrail.sources.template.declared` shows them."""

from collections.abc import Callable

from guardrail.sources.template.declared import resources
from guardrail.sources.template.stack import Stack

CHAT = "Chat: {Type: AWS::SageMaker::Model, Properties: {ModelName: !Ref Name}}"


def test_a_model_is_a_resource_with_its_name_worked_out_and_a_role_is_none(stack: Callable[..., Stack]) -> None:
    """The example in the docstring of `resources`."""
    text = f"""
Parameters:
  Name: {{Type: String, Default: chat}}
Resources:
  {CHAT}
  Execution: {{Type: AWS::IAM::Role}}
"""
    (chat,) = resources(stack(text))
    assert (chat.logical_id, chat.reason) == ("Chat", None)
    assert chat.block.attributes.text("ModelName") == "chat"


def test_a_resource_that_cannot_be_translated_has_the_reason(stack: Callable[..., Stack]) -> None:
    (chat,) = resources(stack("Resources: {Chat: {Type: AWS::SageMaker::Model, Properties: 7}}"))
    assert chat.logical_id == "Chat"
    assert chat.reason
