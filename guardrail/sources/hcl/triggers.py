"""``replace_triggered_by``: the resources with which another one is replaced, though nothing of its own changes.

An update or a replacement of a resource that is named, or another value of an attribute that is, replaces the one that
names it (Terraform's documentation, "The lifecycle meta-argument").
"""

from collections.abc import Iterator, Mapping
from typing import Any

from guardrail.expressions import expression
from guardrail.sources.hcl.ignored import replacing
from guardrail.sources.hcl.resources import ResourceInstance
from guardrail.sources.hcl.values import plain
from guardrail.sources.linking.changes import Triggers
from guardrail.sources.vocabulary.spellings import TERRAFORM_TYPES

_NAMED = expression(r"([A-Za-z_][\w-]*)\.([A-Za-z_][\w-]*)((?:\[[^\]]*\])?)(?:\.(.+))?")


def triggers_of(old: Mapping[str, ResourceInstance], new: Mapping[str, ResourceInstance]) -> Triggers:
    """What each resource that stays is replaced with, by address."""
    both = ((address, list(_causes(old[address], new[address]))) for address in old.keys() & new.keys())
    return {address: causes for address, causes in both if causes}


def _causes(was: ResourceInstance, resource: ResourceInstance) -> Iterator[tuple[str, str]]:
    for text in replacing(resource.written, resource.instance.key):
        named = _NAMED.fullmatch(text)
        if named is None:
            continue
        type_, name, key, attribute = named.groups()
        found = [each for each in _instances(resource, type_, name) if not key or each.address.endswith(key)]
        if type_ in TERRAFORM_TYPES:
            index = (attribute or "").partition("[")[0].partition(".")[0]
            yield from ((each.address, index) for each in found)
        else:
            past = {each.instance.key: _said(each) for each in _instances(was, type_, name)}
            if any(past.get(each.instance.key, said) != said for each in found for said in [_said(each)]):
                yield resource.address, ""


def _instances(resource: ResourceInstance, type_: str, name: str) -> list[ResourceInstance]:
    """The instances of another resource of its module; none where it is not declared."""
    module = resource.module
    return module.instances(type_, name) if (type_, name) in module.source.resources else []


def _said(resource: ResourceInstance) -> dict[str, Any]:
    """What the arguments of a resource say that is none of ours, such as the ``input`` of a ``terraform_data``."""
    return {name: plain(value) for name, value in resource.arguments()[0].items()}
