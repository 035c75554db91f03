"""Resources and data sources as expressions see them, and their blocks as values."""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

from guardrail.model import AFTER_APPLY, GENERATED, Location, Unknown
from guardrail.sources.base import DNS_SUFFIXES, LOST, Computed, Places, Reference, partition_of
from guardrail.sources.hcl import syntax
from guardrail.sources.hcl.evaluate import evaluate, known_or_reason, worked_out
from guardrail.sources.hcl.instances import Instance, LazyValue
from guardrail.sources.hcl.origins import CallingModule, bound, origin
from guardrail.sources.hcl.places import BlockPlaces
from guardrail.sources.hcl.scope import EvaluationScope
from guardrail.sources.hcl.types import items_of, text_of
from guardrail.sources.hcl.undecided import Decision
from guardrail.sources.hcl.values import (
    Attributes,
    EvaluationError,
    Sensitive,
    SetValue,
    bounded,
    marked,
    materialized,
    merged,
    plain,
)
from guardrail.sources.providers import Provider
from guardrail.sources.vocabulary.spellings import TERRAFORM_TYPES, spelling_of

_META_ARGUMENTS = frozenset({"count", "for_each", "provider", "depends_on", "lifecycle"})
_META_BLOCKS = frozenset({"lifecycle", "provisioner", "connection", "timeouts"})
_SAME_AS_NAME = frozenset({"aws_sagemaker_endpoint", "aws_sagemaker_endpoint_configuration", "aws_sagemaker_model"})
"""Types whose ``id`` is their name (documentation of hashicorp/aws, attribute reference)."""
_NAMES = frozenset({"name", "id", "variant_name", "endpoint_name", "endpoint_config_name"})


class _BlockInstance(Attributes):
    """One instance of a resource or data block."""

    __slots__ = ("address", "instance", "module", "scope", "type", "written")

    def __init__(self, module: CallingModule, written: syntax.BlockNode, address: str, instance: Instance) -> None:
        self.module = module
        self.written = written
        self.address = address
        self.instance = instance
        self.type = written.labels[0]
        self.scope = module.scope.with_names(instance.names, bound(written, "each", module.scope, instance.key))


class ResourceInstance(_BlockInstance):
    """One instance of a resource block."""

    __slots__ = ("_behind_provider", "_cells")

    def __init__(self, module: CallingModule, written: syntax.BlockNode, address: str, instance: Instance) -> None:
        super().__init__(module, written, address, instance)
        self._cells: dict[str, LazyValue] = {}
        self._behind_provider: dict[Reference, None] = {}

    def attribute(self, name: str) -> Any:
        """The value of an argument or nested block; one that only the provider knows is unknown."""
        own = Reference(self.address, name)
        trace = self.module.trace
        outer, trace.touched = trace.touched, {}
        value = self._argument(name)
        if value is None:
            value = self._unset(name)
        behind, trace.touched = trace.touched, outer
        if self.type in TERRAFORM_TYPES:
            behind.pop(LOST, None)  # whoever uses it refers to this resource, wherever it has it from
        outer[own] = None
        outer.update(behind)
        return _as_its_own(value, own, keeps_lost=self.type not in TERRAFORM_TYPES)

    def _argument(self, name: str) -> Any:
        if name not in self._cells:
            self._cells[name] = LazyValue(partial(self._evaluated, name))
        return self._cells[name].get(self.module.trace)

    def _evaluated(self, name: str) -> Any:
        expression = self.written.body.expression(name)
        if expression is not None and name not in _META_ARGUMENTS:
            return evaluate(expression, self.scope)
        return _blocks(self.written.body, name, self, self.scope, "")

    def _unset(self, name: str) -> Any:
        """What stands for an argument that nobody wrote."""
        if name == "id" and self.type in _SAME_AS_NAME and self.written.body.expression("name") is not None:
            return self.attribute("name")
        if name == "region":
            return self.module.provider_of(self.written.body, self.type, self.scope).region
        reason = GENERATED if name in _NAMES else AFTER_APPLY
        return Computed(reason=reason, references=())

    def whole(self) -> Any:
        """Much of a resource is known only to its provider."""
        return Computed(reason=AFTER_APPLY, references=(Reference(self.address, ""),))

    def arguments(self) -> tuple[dict[str, Any], BlockPlaces]:
        """The arguments and nested blocks of the source, with their locations."""
        body, children = self.written.body, dict[str, list[Places]]()
        values: dict[str, Any] = {}
        for name in body.arguments:
            if name not in _META_ARGUMENTS:
                expression = body.arguments[name].expression
                values[name] = (
                    expression.value if isinstance(expression, syntax.Literal) else self._bounded_argument(name)
                )
        for name in _block_names(body):
            values[name] = self._argument(name)
            children[name] = _places_in(values[name])
        return values, BlockPlaces(self.written, self.module.called_at, children, partial(origin, self.scope))

    def _bounded_argument(self, name: str) -> Any:
        return worked_out(partial(bounded, self._argument(name), self.module.trace.allowance))

    def provider(self) -> Provider:
        """The provider configuration that manages it, all of it worked out."""
        provider = self.module.provider_of(self.written.body, self.type, self.scope)
        _, self._behind_provider = self.module.trace.apart(lambda: (provider.region, provider.default_tags))
        return provider

    def decisions(self) -> Iterator[Decision]:
        """What has to be decided to know what of it matters."""
        yield from (reference for reference in self._behind_provider if isinstance(reference, Decision))
        wanted = spelling_of(self.type).names.values()
        for name, cell in self._cells.items():
            if name in wanted:
                yield from (reference for reference in cell.touched if isinstance(reference, Decision))

    @property
    def location(self) -> Location:
        """Where its block starts."""
        return self.written.location(self.module.called_at)

    def touched_by(self, name: str) -> tuple[Reference, ...]:
        """The resources that the value of an argument comes from; `LOST` only where the value itself may be another.

        ``c[var.n].name`` is the name of c, whatever n is.
        """
        value, touched = self.module.trace.apart(lambda: self._argument(name))
        is_lost = not isinstance(value, Computed) or LOST in value.references
        return tuple(reference for reference in touched if is_lost or reference != LOST)


class NestedBlock(dict[str, Any], Attributes):
    """The arguments of a nested block, which know the resource they are in."""

    __slots__ = ("path", "places", "resource")

    def __init__(self, values: dict[str, Any], resource: ResourceInstance, path: str, places: BlockPlaces) -> None:
        super().__init__(values)
        self.resource = resource
        self.path = path
        self.places = places

    def attribute(self, name: str) -> Any:
        """The value of an argument; one that nobody wrote is up to the provider."""
        own = Reference(self.resource.address, f"{self.path}.{name}")
        self.resource.module.trace.touched[own] = None
        value = self.get(name)
        if value is None:
            value = Computed(reason=GENERATED if name in _NAMES else AFTER_APPLY)
        return _as_its_own(value, own, keeps_lost=True)

    def whole(self) -> Any:
        """What is written of it."""
        return dict(self)


def _as_its_own(value: Any, own: Reference, *, keeps_lost: bool) -> Any:
    """A value of an attribute; whoever uses one that is unknown refers to ``own``, and to what is behind it."""
    if not isinstance(value, Unknown):
        return value
    behind = value.references if isinstance(value, Computed) else (LOST,)
    references = dict.fromkeys((own, *(reference for reference in behind if keeps_lost or reference != LOST)))
    named = value.partial or f"${{{own.address}.{own.attribute}}}"
    return Computed(reason=value.reason, partial=named, references=tuple(references))


def _block_names(body: syntax.Body) -> Iterable[str]:
    """The names of the nested blocks, those of ``dynamic`` blocks included, without repeats."""
    return dict.fromkeys(block.name for block in body.blocks if block.type not in _META_BLOCKS)


def _blocks(body: syntax.Body, name: str, resource: ResourceInstance, scope: EvaluationScope, path: str) -> Any:
    """The nested blocks of a name as a list; None where there is none, unknown where their number is."""
    found: list[NestedBlock] = []
    is_written = False
    for node in body.blocks:
        if node.type == name and name != "dynamic":
            is_written = True
            found.append(_block(node, resource, scope, f"{path}{name}[{len(found)}]"))
        elif node.type == "dynamic" and node.labels == (name,):
            is_written = True
            unknown = _generate(node, resource, scope, f"{path}{name}", found)
            if unknown is not None:
                return unknown
    return found if is_written else None


def _generate(
    node: syntax.BlockNode, resource: ResourceInstance, scope: EvaluationScope, path: str, found: list[NestedBlock]
) -> Computed | None:
    """Append the blocks that a ``dynamic`` makes; what is returned says why their number is unknown."""
    for_each = node.body.expression("for_each")
    given = Unknown("for_each is missing") if for_each is None else materialized(known_or_reason(for_each, scope))
    if isinstance(given, Unknown):
        return merged(given)
    collection = plain(given)
    content = node.body.first("content")
    iterator = node.body.expression("iterator")
    variable = iterator.name if isinstance(iterator, syntax.Name) else node.labels[0]
    variable = str(iterator.value) if isinstance(iterator, syntax.Literal) else variable
    if content is None:
        return Computed(reason="a dynamic block has no content", references=(LOST,))
    try:
        for key, value in items_of(collection):
            if isinstance(collection, SetValue) and isinstance(plain(value), Unknown):
                return merged(plain(value))
            item = {"key": key, "value": value}
            at = len(found) if isinstance(collection, list) else text_of(key)
            names = {variable: marked(item) if isinstance(given, Sensitive) else item}
            inner = scope.with_names(names, bound(node, variable, scope, at))
            found.append(_block(content, resource, inner, f"{path}[{len(found)}]"))
    except EvaluationError as error:
        return Computed(reason=error.reason, references=(LOST,))
    return None


def _block(node: syntax.BlockNode, resource: ResourceInstance, scope: EvaluationScope, path: str) -> NestedBlock:
    body = node.body
    children: dict[str, list[Places]] = {}
    values: dict[str, Any] = {
        name: _bounded_value(argument.expression, scope) for name, argument in body.arguments.items()
    }
    for name in _block_names(body):
        values[name] = _blocks(body, name, resource, scope, f"{path}.")
        children[name] = _places_in(values[name])
    places = BlockPlaces(node, resource.module.called_at, children, partial(origin, scope))
    return NestedBlock(values, resource, path, places)


def _bounded_value(expression: syntax.Expression, scope: EvaluationScope) -> Any:
    if isinstance(expression, syntax.Literal):
        return expression.value
    return worked_out(lambda: bounded(evaluate(expression, scope), scope.module.trace.allowance))


def _places_in(value: Any) -> list[Places]:
    return [block.places for block in value if isinstance(block, NestedBlock)] if isinstance(value, list) else []


class DataSource(_BlockInstance):
    """One instance of a data block: what AWS would answer is unknown, but for what follows from the configuration."""

    __slots__ = ()

    def attribute(self, name: str) -> Any:
        """The value of an argument; a reference to a data source or another state is unknown."""
        known = self._known(name)
        if known is not None:
            return known
        expression = self.written.body.expression(name)
        if expression is not None:
            value = known_or_reason(expression, self.scope)
            if value is not None:
                return value
        reason = f"data.{self.type} is read when Terraform plans"
        return Computed(reason=reason, partial=f"${{{self.address}.{name}}}", references=(LOST,))

    def _known(self, name: str) -> Any:
        region = self._region()
        match self.type, name:
            case (("aws_region" | "awscc_region"), ("region" | "name" | "id")):
                return None if isinstance(region, Unknown) else region
            case "aws_partition", ("partition" | "id") if isinstance(region, str):
                return partition_of(region)
            case "aws_partition", "dns_suffix" if isinstance(region, str):
                return DNS_SUFFIXES.get(partition_of(region) or "")
            case "aws_sagemaker_prebuilt_ecr_image", "registry_path":
                return self._registry_path(region)
            case ("local_file", "content") | ("template_file", "rendered"):
                return self._of_file()
        return None

    def _of_file(self) -> Any:
        """What a file says that the module has: as it stands, or with the values of ``vars`` in it."""
        expression = self.written.body.expression
        if self.type == "local_file":
            name, text = "file", expression("filename")
        else:
            name, text = "templatestring", expression("template")
            if isinstance(text, syntax.Call) and text.name == "file" and text.arguments:
                name, text = "templatefile", text.arguments[0]
            elif not isinstance(text, (syntax.Attribute, syntax.Index)):
                return None
        if text is None:
            return None
        values = () if name == "file" else (expression("vars") or syntax.Object((), 0),)
        return known_or_reason(syntax.Call(name, (text, *values), expands=False, at=0), self.scope)

    def _region(self) -> str | Unknown:
        own = self.written.body.expression("region") or (
            self.written.body.expression("name") if self.type == "aws_region" else None
        )
        value = None if own is None else known_or_reason(own, self.scope)
        if isinstance(value, (str, Unknown)):
            return value
        return self.module.provider_of(self.written.body, self.type, self.scope).region

    def _registry_path(self, region: str | Unknown) -> Computed:
        """The path of an image, of which the account alone is unknown."""
        parts = {name: self.written.body.expression(name) for name in ("repository_name", "image_tag")}
        texts = {name: known_or_reason(node, self.scope) if node else "" for name, node in parts.items()}
        if isinstance(region, str) and all(isinstance(text, str) for text in texts.values()):
            path = f"${{…}}.dkr.ecr.{region}.amazonaws.com/{texts['repository_name']}:{texts['image_tag'] or 'latest'}"
        else:
            path = None
        return Computed(reason="the account of the registry is AWS's", partial=path, references=(LOST,))

    def whole(self) -> Any:
        """Nobody knows what AWS will answer."""
        return Computed(reason=f"data.{self.type} is read when Terraform plans", references=(LOST,))
