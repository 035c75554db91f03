"""Following the references of a plan's ``configuration``: what an expression leads to, across module boundaries.

A plan tells the value of a name only when it is known before apply. Where it is not, what remains of
``endpoint_config_name = module.config.name`` is the list of references in the expression; template literals are lost.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, TypeAlias

import msgspec
from msgspec import Raw, Struct

from guardrail.sources.base import Reference

Key: TypeAlias = str | int | None

_STEP = re.compile(r'module\.([^.\[]+)(?:\[(?:"((?:[^"\\]|\\.)*)"|(\d+))\])?\.?')
_TOKEN = re.compile(r'\.?([^.\[\]]+)|\[(?:"((?:[^"\\]|\\.)*)"|(\d+))\]')
_MAX_DEPTH = 32
_MAX_EXPRESSIONS = 10_000
_NOT_RESOURCES = frozenset({"each", "count", "self", "local", "path", "terraform", "data", "var", "module"})


Place: TypeAlias = tuple[tuple[str, ...], tuple[Key, ...]]
"""A module instance: the path of its calls and their keys."""


class ConfigResource(Struct):
    """A resource block as written."""

    address: str = ""
    mode: str = "managed"
    type: str = ""
    name: str = ""
    provider_config_key: str | None = None
    expressions: dict[str, Any] = {}
    for_each_expression: Any = None


class _Head(Struct):
    mode: str = "managed"
    type: str = ""
    name: str = ""


class _Output(Struct):
    expression: Any = None


class ModuleCall(Struct):
    """A module block as written, with the module that it calls."""

    expressions: dict[str, Any] = {}
    for_each_expression: Any = None
    module: "ConfigModule | None" = None


class ConfigVariable(Struct):
    """The declaration of an input variable."""

    default: Any = None
    sensitive: bool = False


class ConfigModule(Struct):
    """One module of the configuration. Resources stay undecoded until they are asked for."""

    resources: list[Raw] = []
    module_calls: dict[str, ModuleCall] = {}
    outputs: dict[str, _Output] = {}
    variables: dict[str, ConfigVariable] = {}


class Scope(Struct, frozen=True):
    """Where an expression stands: the path of module calls, their keys, and the key of the block itself."""

    names: tuple[str, ...]
    keys: tuple[Key, ...]
    key: Key = None


def scope_of(module_address: str | None, key: Key) -> Scope:
    """The scope of a resource instance: ``module.a["x"].module.b`` is the path (a, b) with the keys ("x", None)."""
    names: list[str] = []
    keys: list[Key] = []
    for match in _STEP.finditer(module_address or ""):
        names.append(match[1])
        keys.append(_key(match[2], match[3]))
    return Scope(tuple(names), tuple(keys), key)


def _key(quoted: str | None, number: str | None) -> Key:
    if number is not None:
        return int(number)
    return quoted.replace('\\"', '"').replace("\\\\", "\\") if quoted is not None else None


class Configuration:
    """The ``configuration`` of one plan, with the instances that its resources have."""

    def __init__(self, root: ConfigModule) -> None:
        self._root = root
        self._modules: dict[tuple[str, ...], ConfigModule | None] = {(): root}
        self._heads: dict[tuple[str, ...], dict[tuple[str, str, str], Raw]] = {}
        self._resources: dict[tuple[tuple[str, ...], str, str, str], ConfigResource | None] = {}
        self._instances: dict[tuple[Place, str, str], list[tuple[Key, str]]] = defaultdict(list)
        self._call_keys: dict[Place, dict[Key, None]] = defaultdict(dict)

    def add_instance(self, scope: Scope, type_: str, name: str, address: str) -> None:
        """Tell that ``address`` is an instance of the block ``type_.name`` in ``scope``."""
        self._instances[(scope.names, scope.keys), type_, name].append((scope.key, address))
        for depth, key in enumerate(scope.keys):
            self._call_keys[scope.names[: depth + 1], scope.keys[:depth]][key] = None

    def module(self, names: tuple[str, ...]) -> ConfigModule | None:
        """The module at the end of a path of calls; None where the configuration does not hold it."""
        if names not in self._modules:
            parent = self.module(names[:-1])
            call = parent.module_calls.get(names[-1]) if parent else None
            self._modules[names] = call.module if call else None
        return self._modules[names]

    def resource(self, names: tuple[str, ...], type_: str, name: str, mode: str = "managed") -> ConfigResource | None:
        """The block of a resource as written; None where the configuration does not hold it."""
        key = (names, mode, type_, name)
        if key not in self._resources:
            raw = self._module_heads(names).get((mode, type_, name))
            self._resources[key] = _decoded(raw) if raw is not None else None
        return self._resources[key]

    def data_sources(self, type_: str) -> Iterator[tuple[tuple[str, ...], ConfigResource]]:
        """Every data block of a type in the whole configuration, with the path of its module."""
        for names in self._every_path((), self._root):
            for mode, found, name in list(self._module_heads(names)):
                if mode == "data" and found == type_:
                    block = self.resource(names, type_, name, "data")
                    if block is not None:
                        yield names, block

    def resolve(self, scope: Scope, resource: ConfigResource, attribute: str, wanted: frozenset[str]) -> list[Reference]:
        """The instances of ``wanted`` types that the expression of ``attribute`` leads to, without repetition."""
        walk = _Walk(self, wanted)
        walk.follow(scope, resource.expressions.get(attribute), resource.for_each_expression)
        return list(walk.found)

    def siblings(self, scope: Scope, type_: str, name: str) -> list[tuple[Key, str]]:
        """Key and address of each instance of a block in the module instance of ``scope``."""
        return self._instances.get(((scope.names, scope.keys), type_, name), [])

    def call_keys(self, scope: Scope, name: str) -> list[Key]:
        """The keys of the instances of the module call ``name`` made in the module instance of ``scope``."""
        return list(self._call_keys.get(((*scope.names, name), scope.keys), ())) or [None]

    def _every_path(self, names: tuple[str, ...], module: ConfigModule) -> Iterator[tuple[str, ...]]:
        yield names
        if len(names) < _MAX_DEPTH:
            for name, call in module.module_calls.items():
                if call.module is not None:
                    yield from self._every_path((*names, name), call.module)

    def _module_heads(self, names: tuple[str, ...]) -> dict[tuple[str, str, str], Raw]:
        if names not in self._heads:
            module = self.module(names)
            heads: dict[tuple[str, str, str], Raw] = {}
            for raw in module.resources if module else ():
                head = _head_decoder.decode(raw)
                heads[head.mode, head.type, head.name] = raw
            self._heads[names] = heads
        return self._heads[names]



class _Walk:
    """One walk along references; every expression is followed at most once in every scope, so it ends."""

    def __init__(self, configuration: Configuration, wanted: frozenset[str]) -> None:
        self.configuration = configuration
        self.wanted = wanted
        self.found: dict[Reference, None] = {}
        self._seen: set[tuple[Scope, int]] = set()

    def follow(self, scope: Scope, expression: Any, for_each: Any) -> None:
        """Follow every reference of ``expression``, which stands in ``scope`` under ``for_each``."""
        if expression is None or (scope, id(expression)) in self._seen or len(self._seen) > _MAX_EXPRESSIONS:
            return
        self._seen.add((scope, id(expression)))
        references = list(_references(expression))
        keyed = any(reference.startswith(("each.", "count.")) for reference in references)
        for reference in _most_specific(references):
            tokens = [_token(match) for match in _TOKEN.finditer(reference)]
            head = tokens[0] if tokens else None
            if head == "each":
                self.follow(scope, for_each, None)
            elif len(tokens) < 2:
                continue
            elif head == "var":
                self._follow_variable(scope, str(tokens[1]))
            elif head == "module":
                self._follow_module(scope, str(tokens[1]), tokens[2:], keyed=keyed)
            elif head not in _NOT_RESOURCES:
                self._follow_resource(scope, tokens, keyed=keyed)

    def _follow_variable(self, scope: Scope, name: str) -> None:
        if not scope.names:
            return
        outer = Scope(scope.names[:-1], scope.keys[:-1], scope.keys[-1])
        parent = self.configuration.module(outer.names)
        call = parent.module_calls.get(scope.names[-1]) if parent else None
        if call is not None:
            self.follow(outer, call.expressions.get(name), call.for_each_expression)

    def _follow_module(self, scope: Scope, name: str, rest: list[str | int], *, keyed: bool) -> None:
        module = self.configuration.module((*scope.names, name))
        if module is None:
            return
        keys = self.configuration.call_keys(scope, name)
        if len(rest) > 1 and rest[0] in keys:
            keys = [rest[0]]
        elif keyed and scope.key in keys:
            keys = [scope.key]
        outputs = [str(rest[-1])] if rest and str(rest[-1]) in module.outputs else list(module.outputs)
        for key in keys:
            inner = Scope((*scope.names, name), (*scope.keys, key))
            for output in outputs:
                self.follow(inner, module.outputs[output].expression, None)

    def _follow_resource(self, scope: Scope, tokens: list[str | int], *, keyed: bool) -> None:
        type_, name, rest = str(tokens[0]), str(tokens[1]), tokens[2:]
        instances = self.configuration.siblings(scope, type_, name)
        explicit: Key = None
        if rest and any(key == rest[0] for key, _ in instances):
            explicit, rest = rest[0], rest[1:]
        if type_ in self.wanted:
            key = explicit if explicit is not None else scope.key
            same = [address for other, address in instances if other == key] if explicit is not None or keyed else []
            for address in same or [address for _, address in instances]:
                self.found[Reference(address, _dotted(rest))] = None
            return
        block = self.configuration.resource(scope.names, type_, name)
        if block is not None and rest:
            inner = Scope(scope.names, scope.keys, explicit if explicit is not None else scope.key)
            self.follow(inner, block.expressions.get(str(rest[0])), block.for_each_expression)


_head_decoder = msgspec.json.Decoder(_Head)
_resource_decoder = msgspec.json.Decoder(ConfigResource)


def _decoded(raw: Raw) -> ConfigResource:
    return _resource_decoder.decode(raw)


def _references(expression: Any) -> Iterator[str]:
    """Every reference inside an expression of the plan format, nested blocks included."""
    if isinstance(expression, dict):
        references = expression.get("references")
        if isinstance(references, list):
            yield from (reference for reference in references if isinstance(reference, str))
        else:
            for value in expression.values():
                yield from _references(value)
    elif isinstance(expression, list):
        for value in expression:
            yield from _references(value)


def _most_specific(references: list[str]) -> Iterator[str]:
    """Without the prefixes that Terraform lists behind each reference: ``a.b.c``, then ``a.b``."""
    for index, reference in enumerate(references):
        before = references[index - 1] if index else ""
        if not (before.startswith(reference) and before[len(reference) : len(reference) + 1] in (".", "[")):
            yield reference


def _token(match: re.Match[str]) -> str | int:
    if match[1] is not None:
        return match[1]
    key = _key(match[2], match[3])
    return "" if key is None else key


def _dotted(tokens: list[str | int]) -> str:
    """``production_variants[0].variant_name`` again, from its tokens."""
    text = ""
    for token in tokens:
        text += f"[{token}]" if isinstance(token, int) else f".{token}" if text else token
    return text
