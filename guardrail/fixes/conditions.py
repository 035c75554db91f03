"""What source itself demands of its values: conditions that are known not to hold.

``terraform plan`` fails on those of variables, resources, data sources and outputs, and warns of those of ``check``
blocks each time. So an edit after which one of them does not hold is none.
"""

from collections.abc import Iterable, Iterator

from guardrail.sources.hcl import syntax
from guardrail.sources.hcl.evaluate import known_or_reason
from guardrail.sources.hcl.modules import ModuleInstance
from guardrail.sources.hcl.reader import RootModule, values_of
from guardrail.sources.hcl.scope import EvaluationScope
from guardrail.sources.hcl.values import plain

_OF_BLOCKS = ("precondition", "postcondition")


def broken(root: RootModule) -> Iterator[str]:
    """The conditions of a root module that do not hold, each as a clause. Raises `SourceError`."""
    modules, resources = values_of(root)
    for module in modules:
        yield from _of_module(module)
    for resource in resources:
        yield from _of_lifecycle(resource.written, resource.scope.with_names({"self": resource}))


def _of_module(module: ModuleInstance) -> Iterator[str]:
    """Those of its variables, outputs and checks, and of its data sources and of resources that are there once."""
    source, scope = module.source, module.scope
    for variable in source.variables.values():
        yield from _false(variable.legible_body.blocks, ("validation",), scope)
    for output in source.outputs.values():
        yield from _false(output.legible_body.blocks, _OF_BLOCKS, scope)
    for block in (*source.resources.values(), *source.data.values()):
        if not block.is_repeated:
            yield from _of_lifecycle(block, scope)
    for file in source.files:
        for check in file.body.blocks:
            if check.type == "check":
                yield from _false(check.legible_body.blocks, ("assert",), scope)


def _of_lifecycle(block: syntax.BlockNode, scope: EvaluationScope) -> Iterator[str]:
    for inner in block.legible_body.blocks:
        if inner.type == "lifecycle":
            yield from _false(inner.legible_body.blocks, _OF_BLOCKS, scope)


def _false(blocks: Iterable[syntax.BlockNode], types: tuple[str, ...], scope: EvaluationScope) -> Iterator[str]:
    for block in blocks:
        argument = block.legible_body.arguments.get("condition") if block.type in types else None
        if argument is not None and plain(known_or_reason(argument.expression, scope)) is False:
            place = argument.location(None)
            yield f"the condition at {place.path}:{place.line} would not hold"
