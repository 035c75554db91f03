"""Blocks that would do what a fix adds, and are repeated no times with the values at hand.

``count = var.env == "prod" ? 1 : 0`` while ``env`` is ``dev``: where ``env`` is ``prod``, a second scaling target
beside that one would bound the same variant, and the two would overwrite each other. What is there to be switched on
is not written again.
"""

import os
import re
from collections.abc import Collection, Iterable

from msgspec import Struct

from guardrail.errors import SourceError
from guardrail.fixes.base import NoFixError
from guardrail.sources.hcl import syntax
from guardrail.sources.hcl.modules import ModuleInstance
from guardrail.sources.hcl.resources import ResourceInstance
from guardrail.sources.vocabulary.spellings import ENDPOINT, POLICY, TARGET, types_of

_TYPES = "|".join(sorted(type_ for type_ in types_of(ENDPOINT, TARGET, POLICY) if "::" not in type_))
_REFERRED = re.compile(rf"(?<![\w.-])(?:{_TYPES})\.[\w-]+")
_NAMED = re.compile(r"\b(?:endpoint|inference-component)/([A-Za-z0-9-]+)(?:/|\")")


class Sought(Struct, frozen=True):
    """What a fix is about to add."""

    kind: str
    """`TARGET`, `POLICY` or `ALARM`, whatever the provider calls it."""
    own: frozenset[str]
    """What it is about, by reference: ``aws_sagemaker_endpoint.chat``."""
    name: str | None
    """The name of the endpoint that it is about, where it is known."""
    word: str = ""
    """What tells it from others of its kind: the configuration that a policy has, the metric of an alarm."""

    def may_be(self, text: str) -> bool:
        """Whether the text of a block may mean this resource: it names it, or no resource that can be recognised."""
        if self.word and not re.search(self.word, text):
            return False
        referred = set(_REFERRED.findall(text))
        if referred:
            return not referred.isdisjoint(self.own)
        names = _NAMED.findall(text)
        return not names or self.name is None or self.name in names


def referred_in(block: ResourceInstance) -> frozenset[str]:
    """A block itself and what of scaling it refers to: ``aws_appautoscaling_target.chat`` and its endpoint."""
    text = block.written.text if block.written.end > block.written.at else ""
    return frozenset((".".join(block.written.labels), *_REFERRED.findall(text)))


def refuse_switched_off(module: ModuleInstance, resources: Iterable[ResourceInstance], sought: Sought) -> None:
    """Raise `NoFixError` where a block that is repeated no times here would do what is sought."""
    made = {each.written.labels for each in resources if each.module is module}
    for labels, block in module.source.resources.items():
        is_off = labels[0] in types_of(sought.kind) and labels not in made and block.is_repeated
        if is_off and sought.may_be(block.text):
            raise _refused(module, ".".join(labels), "would", block)
    for name, call in module.source.calls.items():
        if call.is_repeated and not any(True for _ in module.called(name)):
            mentioned = set(_REFERRED.findall(call.text))
            if not mentioned.isdisjoint(sought.own) and _may_hold(module, call, types_of(sought.kind)):
                raise _refused(module, f"module.{name}", "may", call)


def _refused(module: ModuleInstance, address: str, would: str, block: syntax.BlockNode) -> NoFixError:
    place = next(each for name, each in block.legible_body.arguments.items() if name in syntax.REPEATING).location(None)
    named = ".".join(filter(None, (module.address, address)))
    return NoFixError(
        f"{named} {would} do it, and is switched off at {place.path}:{place.line}:"
        " a second one beside it would be wrong where it is on"
    )


def _may_hold(module: ModuleInstance, call: syntax.BlockNode, types: Collection[str]) -> bool:
    """Whether a module that is called no times may have a resource of one of the types."""
    source = module.source_of(call)
    if not isinstance(source, str) or not source.startswith((".", "..")):
        return True
    directory = os.path.normpath(os.path.join(module.source.directory, source))
    try:
        held = module.configuration.disk.module(directory)
    except SourceError:
        return True
    return bool(held.calls) or not held.resource_types.isdisjoint(types)
