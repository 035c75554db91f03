"""From stacks to declarations: which resources matter, what each declares, and what had to be left out."""

import os
import re
from collections.abc import Callable, Iterator
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from guardrail.errors import did_you_mean
from guardrail.model import Change, InlineWaiver, Location, Unknown
from guardrail.sources.base import NO_REGION, Block
from guardrail.sources.declarations import Declaration, DeclaredEndpoint, DeclaredScaling, Unsupported, head
from guardrail.sources.template.functions import macro
from guardrail.sources.template.properties import Properties
from guardrail.sources.template.stack import ARN, Stack
from guardrail.sources.template.values import (
    Table,
    Unresolved,
    has_function,
    is_hidden,
    items_of,
    parts_of,
    text_of,
    within,
)
from guardrail.sources.vocabulary import elsewhere, misspelt, spellings
from guardrail.sources.vocabulary.kinds import declare
from guardrail.sources.vocabulary.spellings import COMPONENT, NAMED_BY, NESTED_STACKS, STARTED_BY

KNOWN_TRANSFORMS = frozenset({"AWS::Serverless-2016-10-31", "AWS::LanguageExtensions", "AWS::CodeDeployBlueGreen"})
"""Macros whose work is understood, or does not touch SageMaker resources."""

_MACRO = "AWS::CloudFormation::Macro"
MODULE = "::MODULE"
"""How the type of a module ends: a fragment of a template in CloudFormation's registry."""

_CALLS = re.compile(r"create(?:endpoint|transformjob|inference)", re.IGNORECASE)
"""Calls of SageMaker's API that a custom resource of the CDK (AwsCustomResource) has written in its properties."""


_GIVEN = frozenset({"Ref", "Fn::GetAtt", "Fn::ImportValue", "Fn::FindInMap"})
"""Functions that give a whole definition from elsewhere."""

_SIZES = ("instancetype", "initialinstancecount", "memorysizeinmb")
"""Properties of custom resources that say how large an endpoint is, however they are spelt."""


class TemplateResource(Struct, frozen=True, kw_only=True):
    """A resource that matters, evaluated."""

    block: Block
    stack: Stack
    logical_id: str
    reason: str | None = None
    """Why it cannot be translated; None where it can."""


def resources(stack: Stack) -> Iterator[TemplateResource]:
    """Every resource of a stack, and of the stacks nested in it, that matters to SageMaker inference.

    ``Chat: {Type: AWS::SageMaker::Model, Properties: {ModelName: !Ref Name}}`` is the resource ``Chat`` with what Name
    is for its ModelName; a role is none. One that cannot be translated has the reason for that.
    """
    yield from _macros(stack)
    for logical_id, resource in stack.resources.items():
        kind = within(resource, "Type")
        outcome = _outcome(stack, logical_id, resource)
        if isinstance(outcome, Stack):
            yield from resources(outcome)
        elif outcome is not None:
            kind = _MACRO if logical_id == "Fn::Transform" else kind if isinstance(kind, str) else "unknown"
            yield resource_of(stack, logical_id, kind, outcome)
    for name, (body, unknown) in stack.loops.unknown.items():
        kinds = {
            str(copied.get("Type")) for copied in body.values() if isinstance(copied, Table) and _may_matter(copied)
        }
        if kinds:
            reason = f"its collection is not known: {unknown.reason}"
            yield resource_of(stack, f"Fn::ForEach::{name}", min(kinds), reason)


def _outcome(stack: Stack, logical_id: str, resource: Any) -> Table | Stack | str | None:
    """The properties of a resource, the stack that it nests, or why nobody can tell; None where it is nothing here."""
    if logical_id == "Fn::Transform":
        return f"{macro(resource).reason}: resources in no total"
    damage = _damage(resource)
    if damage is not None:
        stack.world.allowance.steps(misspelt.COMPARISON)
        return damage
    kind: str = resource["Type"]
    own = _makes_its_own(stack, kind, resource)
    if (own is None and not _matters(kind, resource)) or _starts_nothing(stack, kind, resource):
        return None
    resource.once()
    exists = stack.holds(resource["Condition"]) if "Condition" in resource else True
    if isinstance(exists, Unknown) and kind not in spellings.ASIDE:
        stack.consult(exists)
        return f"whether it is there is undecided: {exists.reason}"
    if not exists or own is not None:
        return own if exists else None
    return _aside(resource) if kind in spellings.ASIDE else _translated(stack, logical_id, kind, resource)


def _aside(resource: Table) -> Table:
    """What is looked at of a resource that decides nothing, where it is written out: no condition in it is asked."""
    written = {name: within(resource, "Properties", name) for name in ("BucketName", "LifecycleConfiguration")}
    return Table(
        {
            name: Unknown("it is not written out") if any(map(_is_function, parts_of(value))) else value
            for name, value in written.items()
            if value is not None
        }
    )


def _is_function(part: Any) -> bool:
    return isinstance(part, dict) and has_function(part)


def _translated(stack: Stack, logical_id: str, kind: str, resource: Table) -> Table | Stack | str | None:
    """The properties of a resource that matters, or the stack that it nests; a text says why there is neither."""
    if kind in NESTED_STACKS:
        child = stack.child(logical_id)
        return child.reason if isinstance(child, Unknown) else child
    if kind not in spellings.CLOUDFORMATION_TYPES:
        maker = "a module of the registry" if kind.endswith(MODULE) else "a custom resource"
        return f"{maker} decides at deployment what it makes{hint_of(stack, resource)}"
    properties = stack.properties(resource, spellings.UNREAD)
    if isinstance(properties, Table):
        if kind in STARTED_BY and isinstance(text := _written(stack, resource)("Definition"), str) and text:
            properties.setdefault("DefinitionString", text)
        return misspelt.corrected(spellings.spelling_of(kind), properties, stack.world.allowance, Table.evaluated)
    return properties.reason if isinstance(properties, Unknown) else "its Properties are not a mapping"


def _starts_nothing(stack: Stack, kind: str, resource: Table) -> bool:
    """Whether a state machine or a pipeline has nothing to do with inference, so that it asks nothing."""
    return kind in STARTED_BY and elsewhere.reason(kind, _written(stack, resource)) is None


def _damage(resource: Any) -> str | None:
    """What is wrong with the body of a resource, so that nobody can tell whether it matters; None where nothing is."""
    if not isinstance(resource, Table):
        return "it is no mapping with a Type"
    if resource.twice is not None and resource.twice.key == "Type":
        resource.once()
    kind = resource.get("Type")
    if isinstance(kind, str):
        is_cut = kind.startswith("AWS::") and "" in (kind.split("::") + [""] * 3)[:3]
        return f"its Type {kind[:80]!r} is no resource type" if is_cut or "::" not in kind else misspelt.of_type(kind)
    if kind is not None:
        return "its Type is not text"
    near = next((key for key in resource if did_you_mean(key, ["Type"])), None)
    return f"it has no Type, but {near[:80]}" if near is not None else "it has no Type"


def _may_matter(resource: Table) -> bool:
    kind = resource.get("Type")
    return _damage(resource) is not None or _matters(str(kind), resource) or kind in elsewhere.TYPES


def _matters(kind: str, resource: Table) -> bool:
    is_known = kind in spellings.TEMPLATE_TYPES or kind in spellings.ASIDE or kind.endswith(MODULE)
    return is_known or (_is_custom(kind) and _stands_for_inference(kind, resource))


def _is_custom(kind: str) -> bool:
    return kind.startswith("Custom::") or kind == "AWS::CloudFormation::CustomResource"


def _makes_its_own(stack: Stack, kind: str, resource: Table) -> str | None:
    """Why a resource may make SageMaker inference out of a definition of its own, here or in the file that holds it."""
    return None if kind in spellings.CLOUDFORMATION_TYPES else elsewhere.reason(kind, _written(stack, resource))


def _written(stack: Stack, resource: Table) -> Callable[[str], Any]:
    """The properties of a resource as written, with the content of a file beside the template that holds one."""

    def written(name: str) -> Any:
        value = within(resource, "Properties", name)
        if isinstance(value, Table) and len(value) == 1 and next(iter(value)) in _GIVEN:
            return stack.evaluate(value)
        uri = stack.properties_value(resource, f"{name}Uri") if value is None else None
        if not isinstance(uri, str) or "://" in uri:
            return value
        return (stack.around.file(os.path.join(os.path.dirname(stack.path), uri)) or b"").decode(errors="replace")

    return written


def _stands_for_inference(kind: str, resource: Table) -> bool:
    """Whether a custom resource makes inference: its type, its properties or the API calls written in them say so."""
    properties = resource.get("Properties")
    names = {name.lower() for name in properties} if isinstance(properties, dict) else set()
    plain = kind.lower().replace("_", "").replace("-", "")
    if "endpointconfig" in plain or "sagemakerendpoint" in plain:
        return True
    if names & {"productionvariants", "endpointconfigname", "endpointconfig"}:
        return True
    return _CALLS.search(repr(properties)) is not None


def hint_of(stack: Stack, resource: Table) -> str:
    """What the properties of a custom resource say of instances, in words; "" where they say nothing."""
    sizes = [
        f"{name} {text}"
        for part in parts_of(resource.get("Properties"))
        for name, item in (part.items() if isinstance(part, dict) else ())
        if name.lower().replace("_", "") in _SIZES and (text := text_of(stack.evaluate(item))) is not None
    ]
    return f" (its properties say {', '.join(dict.fromkeys(sizes))})" if sizes else ""


def _macros(stack: Stack) -> Iterator[TemplateResource]:
    """Transforms of the whole template that may write anything."""
    macros: dict[str, str] = {}
    for key in ("Transform", "Fn::Transform"):
        for transform in items_of(stack.root.get(key)):
            name = transform.get("Name") if isinstance(transform, dict) else transform
            if name is not None and str(name) not in KNOWN_TRANSFORMS:
                macros[str(name)[:80]] = key
    for name, key in macros.items():
        reason = f"the macro {name} can change anything in the template at deployment"
        yield resource_of(stack, f"Transform::{name}", _MACRO, reason, stack.root.place(key))


def resource_of(
    stack: Stack, logical_id: str, kind: str, outcome: Table | str, place: Location | None = None
) -> TemplateResource:
    """A resource of a stack with its evaluated properties, or with the reason why it cannot be translated."""
    values = outcome if isinstance(outcome, Table) else Table()
    view = Properties(values, spellings.spelling_of(kind), marks=is_hidden(values))
    region = stack.known_region()
    return TemplateResource(
        block=Block(
            address=stack.prefix + logical_id,
            type=kind,
            provider=f"aws.{stack.template.account}" if stack.template.account else "",
            region=NO_REGION if region is None else region,
            attributes=view,
            change="create",
            references=view.references,
            location=place or stack.resources.place(logical_id),
        ),
        stack=stack,
        logical_id=logical_id,
        reason=outcome if isinstance(outcome, str) else None,
    )


def declared(resource: TemplateResource, change: Change) -> Declaration:
    """What a resource declares, given what the change does to it."""
    block = replace(resource.block, change=change) if resource.block.change != change else resource.block
    if resource.reason is not None and block.type not in spellings.ASIDE:
        return Unsupported(*head(block), reason=resource.reason, affects_total=True)
    declaration = declare(block)
    if isinstance(declaration, DeclaredScaling):
        return replace(declaration, problem=_arn_for_a_name(resource))
    if isinstance(declaration, DeclaredEndpoint):
        return _with_origin(_with_stack_tags(declaration, resource.stack), resource.stack)
    return declaration


def _arn_for_a_name(resource: TemplateResource) -> str | None:
    """What is wrong with a resource id like ``endpoint/${Endpoint}/variant/main``, which holds an ARN; None if nothing.

    Application Auto Scaling takes ``endpoint/NAME/variant/NAME`` alone, and so the target scales nothing.
    """
    resource_id = resource.block.attributes.values.get("ResourceId")
    references = resource_id.references if isinstance(resource_id, Unresolved) else ()
    for reference in references:
        if reference.attribute == ARN:
            kind = resource.stack.type_of(reference.address.removeprefix(resource.stack.prefix))
            name = None if kind == COMPONENT else NAMED_BY.get(kind)  # of a component GetAtt gives no name
            hint = f", take GetAtt {reference.address}.{name}" if name else ", give it a name and write that"
            return f"ResourceId holds the ARN that Ref gives of {reference.address}, not the name{hint}"
    return None


def _with_stack_tags(endpoint: DeclaredEndpoint, stack: Stack) -> DeclaredEndpoint:
    """Tags of the stack are put on every resource of it that takes tags."""
    if not stack.template.tags or isinstance(endpoint.tags, Unknown):
        return endpoint
    return replace(endpoint, tags={**stack.template.tags, **endpoint.tags})


def _with_origin(endpoint: DeclaredEndpoint, stack: Stack) -> DeclaredEndpoint:
    """Where a custom resource makes the configuration, what its properties say of it."""
    for reference in endpoint.configuration.references:
        logical_id = reference.address.removeprefix(stack.prefix)
        resource = stack.resources.get(logical_id)
        if isinstance(resource, Table) and _is_custom(str(resource.get("Type"))):
            reason = f"the custom resource {reference.address} makes it{hint_of(stack, resource)}"
            return replace(endpoint, configuration=replace(endpoint.configuration, value=Unknown(reason)))
    return endpoint


def waivers(stack: Stack) -> Iterator[InlineWaiver]:
    """What ``Metadata.guardrail.ignore`` of the template and of its resources accepts."""
    yield from _waivers(None, stack.root)
    for logical_id, resource in stack.resources.items():
        if isinstance(resource, Table):
            yield from _waivers(stack.prefix + logical_id, resource)
            child = stack.child(logical_id)
            if isinstance(child, Stack):
                yield from waivers(child)


def written_waivers(root: Table) -> Iterator[InlineWaiver]:
    """The waivers of one template and of its resources, by their logical ids, as written: without what it nests."""
    yield from _waivers(None, root)
    pending = [root.get("Resources")]
    while pending:
        resources = pending.pop()
        for logical_id, resource in resources.items() if isinstance(resources, Table) else ():
            if isinstance(resource, Table):
                yield from _waivers(logical_id, resource)
            elif logical_id.startswith("Fn::ForEach"):
                pending += items_of(resource)


def _waivers(address: str | None, owner: Table) -> Iterator[InlineWaiver]:
    for entry in items_of(within(owner, "Metadata", "guardrail", "ignore")):
        if isinstance(entry, Table):
            entry.once()
            yield InlineWaiver(
                policy=text_of(entry.get("id")) or "",
                address=address,
                until=text_of(entry.get("until")) or "",
                reason=text_of(entry.get("reason")) or "",
                location=entry.place(),
            )


def construct_path(resource: TemplateResource) -> str | None:
    """The path of the CDK construct that made a resource."""
    path = within(resource.stack.resources, resource.logical_id, "Metadata", "aws:cdk:path")
    return path if isinstance(path, str) else None
