"""What starts transform jobs, and when: state machines, pipelines, schedules and rules.

Sources: the CloudFormation template reference, the AWS SAM specification, the schemas of hashicorp/aws 5.100.0
(aws_sfn_state_machine, aws_sagemaker_pipeline, aws_scheduler_schedule, aws_cloudwatch_event_rule and its target),
"Universal targets" of the EventBridge Scheduler user guide.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from guardrail.expressions import expression
from guardrail.model import Trigger, Unknown
from guardrail.schedules import is_moment, rule_refusal
from guardrail.sources.base import SENSITIVE, UNNAMED, Block, View
from guardrail.sources.declarations import (
    NOT_HERE,
    Aim,
    DeclaredRuleTarget,
    DeclaredSchedule,
    DeclaredWorkflow,
    Link,
    head,
)
from guardrail.sources.jobs.base import decoded, named_values
from guardrail.sources.jobs.requests import validation
from guardrail.sources.vocabulary import elsewhere, spellings
from guardrail.sources.vocabulary.transform import request_tags

_DEFINITIONS = ("DefinitionString", "Definition", "PipelineDefinition")
_ELSEWHERE = ("DefinitionUri", "DefinitionS3Location", "PipelineDefinitionS3Location")
_HOLE = expression(r"\$\{([^{}]+)\}")
_OF_EVENT = expression(r"<([\w.-]+)>")
"""What the input transformer of a rule fills in: "<variable>" (EventBridge user guide, "Input transformation")."""
_UNIVERSAL = ":aws-sdk:"
_CREATE = "sagemaker:createtransformjob"
_STARTED = {"sagemaker:startpipelineexecution": "PipelineName", "sfn:startexecution": "StateMachineArn"}


def workflow(block: Block) -> DeclaredWorkflow | None:
    """A state machine or a pipeline; None of one whose definition mentions nothing of SageMaker's inference."""
    view = block.attributes
    reason = elsewhere.reason(block.type, view.get)
    if reason is None:
        return None
    return DeclaredWorkflow(
        *head(block),
        name=_name(view, "StateMachineName", "PipelineName", "Name"),
        definition=_definition(view),
        events=tuple(_events(block)),
        reason=reason,
        tags=block.tags(),
    )


def validated(block: Block) -> DeclaredWorkflow | None:
    """A model package or an algorithm with the jobs that validate it once, when it is made; None where none does."""
    view = block.attributes
    specification = view.block("ValidationSpecification")
    if specification is None:
        return None
    return DeclaredWorkflow(
        *head(block),
        name=_name(view, "ModelPackageName", "ModelPackageGroupName", "AlgorithmName"),
        definition=validation(specification) if isinstance(specification, View) else specification,
        reason="its validation is not known here, and may run transform jobs",
        tags=block.tags(),
    )


def _name(view: View, *properties: str) -> str | Unknown:
    """What a block is called by the first of these that it sets."""
    found = (name for each in properties if (name := view.text(each)))
    return next(found, Unknown("it has no name of its own"))


def _definition(view: View) -> Any:
    """The definition as a mapping with holes, or why it is not known."""
    written = next((value for name in _DEFINITIONS if (value := view.shown(name)) is not None), None)
    if written is None:
        unknown = next((value for name in _DEFINITIONS if (value := view.get(name)) is not None), None)
        return unknown if isinstance(unknown, Unknown) else Unknown(_elsewhere(view) or NOT_HERE)
    if isinstance(written, Mapping) and "PipelineDefinitionBody" in written:
        written = written["PipelineDefinitionBody"]
    substitutions = _substitutions(view)
    if isinstance(written, str):
        written = _substituted(written, substitutions)
        return decoded(written, "definition")
    found = decoded(written, "definition")
    return found if isinstance(found, Unknown) else _substituted_in(found, substitutions)


def _elsewhere(view: View) -> str | None:
    """Where the definition stands instead, a clause: in S3, or in a file that is not here."""
    written = (*(view.shown(name) for name in _ELSEWHERE), view.shown("PipelineDefinition"))
    place = next((each for each in written if each is not None), None)
    if isinstance(place, str) and "://" not in place and UNNAMED not in place:
        return f"the file {place[:80]} is not here"
    return None if place is None else "it is in S3"


def _substitutions(view: View) -> dict[str, str]:
    """What stands for the placeholders of a definition, as text in JSON: of what is known in part that part."""
    given = view.shown("DefinitionSubstitutions")
    found: dict[str, str] = {}
    for name, value in given.items() if isinstance(given, Mapping) else ():
        known = value.partial if isinstance(value, Unknown) else value
        if isinstance(known, (str, int, float)):
            found[name] = json.dumps(str.__str__(known))[1:-1] if isinstance(known, str) else json.dumps(known)
    return found


def _substituted(text: str, substitutions: Mapping[str, str]) -> str:
    """Text with ``${Name}`` replaced by what is known of it."""
    return _HOLE.sub(lambda match: substitutions.get(match[1], match[0]), text) if substitutions else text


def _substituted_in(value: Any, substitutions: Mapping[str, str]) -> Any:
    if not substitutions:
        return value
    if isinstance(value, Mapping):
        return {key: _substituted_in(item, substitutions) for key, item in value.items()}
    if isinstance(value, list):
        return [_substituted_in(item, substitutions) for item in value]
    return _substituted(value, substitutions) if isinstance(value, str) else value


# When ----------------------------------------------------------------------------------------------------------------


def schedule(block: Block) -> DeclaredSchedule | DeclaredWorkflow:
    """A schedule of EventBridge Scheduler: what it starts, or the job itself where SageMaker's API is its target."""
    view = block.attributes
    trigger = _trigger(block.address, view)
    target = view.inside("Target")
    arn = target.get("Arn")
    called = arn.rpartition(_UNIVERSAL)[2].lower() if isinstance(arn, str) and _UNIVERSAL in arn else ""
    if called == _CREATE:
        request = _input(target)
        return DeclaredWorkflow(
            *head(block),
            name=_name(view, "Name"),
            definition=request if isinstance(request, (dict, Unknown)) else Unknown("its target has no input"),
            events=((trigger, None),),
            reason=elsewhere.reason(block.type, view.get) or "it starts a transform job",
            tags=request_tags(request),
        )
    aim = _aim(block, target, "Target", called)
    return DeclaredSchedule(
        *head(block),
        name=_name(view, "Name"),
        trigger=trigger,
        aims=(aim,),
        reason=elsewhere.reason(block.type, view.get),
    )


def rule(block: Block) -> DeclaredSchedule:
    """A rule of EventBridge; of one without a schedule nobody knows how often it starts anything."""
    view = block.attributes
    targets = view.blocks("Targets")
    known = [] if isinstance(targets, Unknown) else targets
    return DeclaredSchedule(
        *head(block),
        name=_name(view, "Name"),
        trigger=_of_rule(_trigger(block.address, view), has_pattern=view.get("EventPattern") not in (None, "", {})),
        aims=tuple(_aim(block, target, "Targets", "") for target in known),
        reason=elsewhere.reason(block.type, view.get),
    )


def rule_target(block: Block) -> DeclaredRuleTarget:
    """What a rule of hashicorp/aws starts, which is a resource of its own there."""
    return DeclaredRuleTarget(
        *head(block),
        rule=_link(block, block.attributes, "Rule", "Rule"),
        aim=_aim(block, block.attributes, "Arn", ""),
        reason=elsewhere.reason(block.type, block.attributes.get),
    )


def _trigger(address: str, view: View, expression: str = "ScheduleExpression") -> Trigger:
    return Trigger(
        address=address,
        expression=view.text(expression) or Unknown("it starts when something happens, and not by a schedule"),
        zone=zone if isinstance(zone := view.text("ScheduleExpressionTimezone"), str) else None,
        start=_moment(view.text("StartDate")),
        end=_moment(view.text("EndDate")),
        enabled=_is_enabled(view),
    )


def _of_rule(trigger: Trigger, *, has_pattern: bool = False) -> Trigger:
    """A trigger as a rule of EventBridge has it, which takes fewer expressions than a schedule does.

    One that has a pattern too starts what it does at each event that matches, and by its schedule besides.
    """
    if has_pattern:
        trigger = replace(trigger, most=None, usual=None)
    refused = rule_refusal(trigger.expression) if isinstance(trigger.expression, str) else None
    return trigger if refused is None else replace(trigger, expression=Unknown(refused))


def _is_enabled(view: View) -> bool | Unknown:
    """Whether it starts anything: CloudFormation and hashicorp/aws have a State, SAM and older providers a flag.

    A plan shows both where only one is written, the other as it was, and does not say which.
    """
    state = view.text("State")
    given = (state if state is None or isinstance(state, Unknown) else state != "DISABLED",)
    answers = {each for each in (*given, view.boolean("Enabled"), view.boolean("IsEnabled")) if each is not None}
    if len(answers) > 1 and answers <= {True, False}:
        return Unknown("its state and its flag say different things")
    return next((each for each in answers if isinstance(each, Unknown)), False not in answers)


def _moment(value: str | Unknown | None) -> str | Unknown | None:
    """When a schedule begins or ends; Unknown of what is no time."""
    return value if not isinstance(value, str) or is_moment(value) else Unknown(f"{value[:80]} is no time")


def _events(block: Block) -> Iterator[tuple[Trigger, Any]]:
    """The events of a state machine of SAM, each with the input that it gives."""
    events = block.attributes.values.get("Events")
    for name, event in events.items() if isinstance(events, Mapping) else ():
        properties = event.get("Properties") if isinstance(event, Mapping) else None
        view = type(block.attributes)(properties if isinstance(properties, dict) else {}, block.attributes.spelling)
        is_rule = "ScheduleExpression" not in view.values  # the event that SAM calls Schedule, and not ScheduleV2
        trigger = _trigger(f"{block.address}.{name}", view, "Schedule" if is_rule else "ScheduleExpression")
        yield _of_rule(trigger) if is_rule else trigger, _input(view)


def _aim(block: Block, target: View, attribute: str, called: str) -> Aim:
    """What a target starts, and what it gives it: an input, or the parameters of a pipeline."""
    given = _input(target)
    if called in _STARTED and isinstance(given, Mapping):
        value = given.get(_STARTED[called])
        inner = given.get("PipelineParameters") if "pipeline" in called else decoded(given.get("Input"), "input")
        return Aim(
            target=Link(value=value if isinstance(value, (str, Unknown)) else None),
            given=named_values(inner) if isinstance(inner, list) else inner,
        )
    parameters = target.inside("SageMakerPipelineParameters")
    listed = parameters.blocks("PipelineParameterList")
    if isinstance(listed, list) and any(each.is_sensitive("Name") for each in listed):
        given = SENSITIVE
    elif isinstance(listed, list) and listed:
        given = {str(each.text("Name")): each.shown("Value") for each in listed}
    elif isinstance(listed, Unknown):
        given = listed
    return Aim(target=_link(block, target, "Arn", attribute), given=given)


def _input(target: View) -> Any:
    """The input of a target as a value; None where it gives none."""
    value = target.shown("Input")
    if value is None:
        value = target.inside("InputTransformer").shown("InputTemplate")
        if isinstance(value, Unknown) and value.partial is not None:
            value = replace(value, partial=_with_holes(value.partial))
        elif isinstance(value, str):
            value = _with_holes(value)
    return None if value is None else decoded(value, "input")


def _with_holes(template: str) -> str:
    """The template of an input transformer with placeholders for what an event fills in: ``${when}`` of ``<when>``."""
    plain = template.replace("\\u003c", "<").replace("\\u003e", ">")  # as jsonencode writes them
    return _OF_EVENT.sub(r"${\1}", plain)


def _link(block: Block, view: View, name: str, attribute: str) -> Link:
    value = view.text(name)
    wanted = spellings.types_of(*spellings.STARTED_BY, spellings.RULE)
    if isinstance(value, str):
        return Link(value=value)
    own = tuple(view.references(name, wanted))
    return Link(
        value=value,
        references=own or tuple(block.references(block.attributes.spelling.of(attribute), wanted)),
        text=value.partial if isinstance(value, Unknown) else None,
    )
