"""Origins of values: the line that somebody edits to change an argument, in whatever file it is.

The origin of ``instance_type = local.type`` in a shared module is ``dev.tfvars:3`` if ``type`` is ``"ml.${var.size}"``
there, the call has ``size = var.sizes["chat"]``, and dev.tfvars has that map. References, keys of literal objects,
known conditions and templates with one interpolation are followed; the origin of a function's result is its call.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol, cast

from msgspec.structs import replace

from guardrail.model import Location
from guardrail.sources.base import InstanceKey
from guardrail.sources.hcl import syntax
from guardrail.sources.hcl.disk import ModuleSource
from guardrail.sources.hcl.evaluate import known_or_reason
from guardrail.sources.hcl.scope import EvaluationScope, Trace
from guardrail.sources.hcl.values import plain
from guardrail.sources.providers import Provider

_LONGEST = 32
"""Steps that are followed."""


class CallingModule(Protocol):
    """A module instance, as far as what stands in it asks it, and who follows a value through it."""

    source: ModuleSource
    scope: EvaluationScope
    trace: Trace
    called_at: Location | None
    calls_around: tuple[syntax.BlockNode, ...]
    glob: str
    bound: "Mapping[str, Binding]"
    given: Mapping[str, syntax.Argument]
    """Of a root module: the values of its variables that stand in files."""

    @property
    def parent(self) -> "CallingModule | None":
        """The module that calls it; None for the root."""
        ...

    @property
    def arguments(self) -> Mapping[str, Any]:
        """What is given for its variables, by whatever it is."""
        ...

    def instances(self, type_: str, name: str) -> list[Any]:
        """The instances of a resource block."""
        ...

    def provider_of(self, body: syntax.Body, type_: str, scope: EvaluationScope) -> Provider:
        """The provider configuration of a resource or data source."""
        ...


class Spot(NamedTuple):
    """An expression, and where it stands."""

    expression: syntax.Expression
    file: syntax.SourceFile
    module: CallingModule
    bound: "Mapping[str, Binding]"
    """What ``each``, and the name of a ``dynamic``, stand for at that place."""


class Binding(NamedTuple):
    """An element of what ``for_each`` goes through."""

    collection: Spot
    key: InstanceKey


def spot_of(argument: syntax.Argument, scope: EvaluationScope) -> Spot:
    """The expression of an argument that sees the names of a scope."""
    return Spot(argument.expression, argument.file, cast("CallingModule", scope.module), scope.bound)


def origin(scope: EvaluationScope, argument: syntax.Argument) -> Location | None:
    """The origin of the value of an argument that sees the names of a scope, with itself as `Location.used_at`.

    None where it is a literal there.
    """
    here = spot_of(argument, scope)
    passed: list[Location] = []
    spot = _end(here, passed)
    found = spot.file.location(spot.expression.at, spot.module.called_at if spot.file not in _values(spot) else None)
    own = argument.location(here.module.called_at)
    if spot is here or (found.path, found.line) == (own.path, own.line):
        return None
    chain: Location | None = None
    for place in reversed(passed):
        chain = replace(place, called_at=chain)
    return replace(found, used_at=replace(own, called_at=chain or own.called_at))


def way(spot: Spot) -> list[Spot]:
    """The expressions from one to where its value is written, itself first.

    ``var.least`` in the module, ``local.least`` in the call, ``1`` in the local values.
    """
    spots = [spot]
    while len(spots) < _LONGEST and (following := onward(spots[-1])) is not None:
        spots.append(following)
    return spots


def onward(spot: Spot) -> Spot | None:
    """Where the value of an expression is written, one step on; None where it is written there."""
    return _next(spot, [])


def bound(node: syntax.BlockNode, name: str, scope: EvaluationScope, key: InstanceKey) -> dict[str, Binding]:
    """What a name that the ``for_each`` of a block brings is an element of."""
    argument = node.legible_body.arguments.get("for_each")
    return {} if argument is None else {name: Binding(spot_of(argument, scope), key)}


def _values(spot: Spot) -> list[syntax.SourceFile]:
    """The files of values of a root module, which no call brings in."""
    return [argument.file for argument in spot.module.given.values()]


def _end(spot: Spot, passed: list[Location]) -> Spot:
    """The expression at the end of the way; ``passed`` gets the arguments of the calls on it."""
    for _ in range(_LONGEST):
        following = _next(spot, passed)
        if following is None:
            break
        spot = following
    return spot


def _next(spot: Spot, passed: list[Location]) -> Spot | None:  # noqa: PLR0911 - one return for each kind
    match spot.expression:
        case syntax.Attribute(subject=syntax.Name(name="var"), name=name):
            return _variable(spot.module, name, passed)
        case syntax.Attribute(subject=syntax.Name(name="local"), name=name):
            return _local(spot.module, name)
        case syntax.Attribute(subject=syntax.Name(name=bound), name="value") if bound in spot.bound:
            collection, key = spot.bound[bound]
            return _element(_end(collection, passed), key)
        case syntax.Attribute(subject=subject, name=name):
            return _element(_end(spot._replace(expression=subject), passed), name)
        case syntax.Index(subject=subject, key=key):
            known = plain(known_or_reason(key, spot.module.scope))
            wanted = known if isinstance(known, (str, int)) else None
            return _element(_end(spot._replace(expression=subject), passed), wanted)
        case syntax.Template(parts=parts):
            varying = [part for part in parts if not isinstance(part, syntax.Literal)]
            return spot._replace(expression=varying[0]) if len(varying) == 1 else None
        case syntax.Conditional(condition=condition, then=then, otherwise=otherwise):
            truth = plain(known_or_reason(condition, spot.module.scope))
            return spot._replace(expression=then if truth else otherwise) if isinstance(truth, bool) else None
    return None


def _variable(module: CallingModule, name: str, passed: list[Location]) -> Spot | None:
    if module.parent is None:
        given, around = module.given.get(name), module
    else:
        given, around = module.calls_around[-1].body.arguments.get(name), module.parent
        if given is not None:
            passed.append(given.location(around.called_at))
    if given is not None:
        return Spot(given.expression, given.file, around, {} if around is module else module.bound)
    declared = module.source.variables.get(name)
    default = declared.body.arguments.get("default") if declared is not None else None
    is_given = module.parent is None and name in module.arguments  # by a flag, which has no line
    return None if default is None or is_given else Spot(default.expression, default.file, module, {})


def _local(module: CallingModule, name: str) -> Spot | None:
    written = [block.body.arguments[name] for block in module.source.blocks_of_locals if name in block.body.arguments]
    return Spot(written[-1].expression, written[-1].file, module, {}) if written else None


def _element(collection: Spot, key: InstanceKey) -> Spot | None:
    """The element under a key of a literal object or tuple."""
    node = collection.expression
    if isinstance(node, syntax.Tuple) and isinstance(key, int) and key < len(node.items):
        return collection._replace(expression=node.items[key])
    if isinstance(node, syntax.Object):
        for entry in node.entries:
            known = plain(known_or_reason(entry.key, collection.module.scope))
            if key is not None and str(known) == str(key):
                return collection._replace(expression=entry.value)
    return None
