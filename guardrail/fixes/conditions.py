"""What source itself demands of its values: conditions of variables, resources and outputs that are known not to hold.

``terraform plan`` fails on them, and so an edit after which one of them does is none.
"""

from collections.abc import Iterable, Iterator

from guardrail.sources.hcl import syntax
from guardrail.sources.hcl.evaluate import EvaluationScope, known_or_reason
from guardrail.sources.hcl.reader import RootModule, modules_of, resources_of
from guardrail.sources.hcl.values import plain

_OF_RESOURCES = ("precondition", "postcondition")


def broken(root: RootModule) -> Iterator[str]:
    """The conditions of a root module that do not hold, each as a clause. Raises `SourceError`."""
    for module in modules_of(root):
        for declared in module.source.variables.values():
            yield from _false(declared.legible_body.blocks, ("validation",), module.scope)
    for resource in resources_of(root).values():
        for block in resource.written.legible_body.blocks:
            if block.type == "lifecycle":
                yield from _false(block.legible_body.blocks, _OF_RESOURCES, resource.scope)


def _false(blocks: Iterable[syntax.BlockNode], types: tuple[str, ...], scope: EvaluationScope) -> Iterator[str]:
    for block in blocks:
        argument = block.legible_body.arguments.get("condition") if block.type in types else None
        if argument is not None and plain(known_or_reason(argument.expression, scope)) is False:
            place = argument.location(None)
            yield f"the condition at {place.path}:{place.line} would not hold"
