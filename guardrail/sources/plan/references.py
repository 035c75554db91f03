"""Following the references of a plan's ``configuration``: what an expression leads to, across module boundaries.

A plan tells the value of a name only when it is known before apply. Where it is not, what remains of the expression is
its list of references; template literals are lost. Of the endpoints e["a"] and e["b"], both written as
``endpoint_config_name = module.config[each.key].name``, the plan keeps ``["module.config", "each.key"]``. The output
``name`` of that module is ``aws_sagemaker_endpoint_configuration.c.name``, and the module has the same two keys. So
e["a"] leads to the ``name`` of ``module.config["a"].aws_sagemaker_endpoint_configuration.c``, and to no other.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from functools import cached_property, lru_cache
from typing import Any, TypeAlias

import msgspec
from msgspec import Raw, Struct, field

from guardrail.expressions import expression
from guardrail.sources.base import LOST, InstanceKey, Reference, ReferenceStep, reference_steps, written_key
from guardrail.sources.declarations import FEW

_MODULE_STEP = expression(r'module\.([^.\[]+)(?:\[(?:"((?:[^"\\]|\\.)*)"|(\d{1,9}))\])?\.?')
_MAX_DEPTH = 32
_MAX_MODULES = 200
_MAX_EXPRESSIONS = 10_000
_ALWAYS_KNOWN = frozenset({"count", "path", "self", "terraform"})
_OTHERS = _ALWAYS_KNOWN | {"data", "each", "local", "module", "var"}
"""How references begin that lead to no resource, or not at once."""
_PASSES_ON = {("terraform_data", "output"): "input"}
"""Computed attributes that are the value of an argument."""

ModulePlace: TypeAlias = tuple[tuple[str, ...], tuple[InstanceKey, ...]]
"""A module instance: the path of its calls and their keys."""


_decode_expressions = msgspec.json.Decoder(dict[str, Any]).decode
_NONE: dict[InstanceKey, str] = {}
_ONE: dict[InstanceKey, None] = {None: None}


class ConfigResource(Struct, dict=True):
    """A resource block of the plan's ``configuration``."""

    mode: str = "managed"
    type: str = ""
    name: str = ""
    provider_config_key: str | None = None
    written: Raw = field(default=Raw(b"{}"), name="expressions")
    for_each_expression: Any = None

    @cached_property
    def expressions(self) -> dict[str, Any]:
        """The expressions of its arguments, decoded once somebody asks; most blocks nobody asks about."""
        return _decode_expressions(self.written)


class _Output(Struct):
    expression: Any = None


class ModuleCall(Struct):
    """A module block of the plan's ``configuration``, with the module that it calls."""

    expressions: dict[str, Any] = {}
    for_each_expression: Any = None
    module: "ConfigModule | None" = None


class ConfigVariable(Struct):
    """The declaration of an input variable."""

    default: Any = None
    sensitive: bool = False


class ConfigModule(Struct):
    """One module of the configuration."""

    resources: list[ConfigResource] = []
    module_calls: dict[str, ModuleCall] = {}
    outputs: dict[str, _Output] = {}
    variables: dict[str, ConfigVariable] = {}


class Scope(Struct, frozen=True):
    """Where an expression stands: the path of module calls, their keys, and the key of the block itself."""

    names: tuple[str, ...]
    keys: tuple[InstanceKey, ...]
    key: InstanceKey = None


def scope_of(module_address: str | None, key: InstanceKey) -> Scope:
    """The scope of a resource instance: ``module.a["x"].module.b`` is the path (a, b) with the keys ("x", None).

    Raises `RecursionError` where modules are nested deeper than any person nests them.
    """
    names, keys = _place(module_address) if module_address else ((), ())
    return Scope(names, keys, key)


@lru_cache(maxsize=4096)
def _place(module_address: str) -> ModulePlace:
    steps = list(_MODULE_STEP.finditer(module_address))
    if len(steps) > _MAX_MODULES:
        raise RecursionError(f"{len(steps)} modules in one another")
    return tuple(step[1] for step in steps), tuple(written_key(step[2], step[3]) for step in steps)


class Configuration:
    """The ``configuration`` of one plan, with the instances that its resources have."""

    def __init__(self, root: ConfigModule) -> None:
        self._root = root
        self._modules: dict[tuple[str, ...], ConfigModule | None] = {(): root}
        self._kinds: dict[tuple[str, ...], dict[tuple[str, str], list[ConfigResource]]] = {}
        self._resources: dict[tuple[tuple[str, ...], str, str], dict[str, ConfigResource]] = {}
        self._instances: dict[tuple[tuple[str, ...], tuple[InstanceKey, ...], str, str], dict[InstanceKey, str]] = {}
        """Address by key of the instances of a block, by its module's place, its type and its name."""
        self._call_keys: dict[ModulePlace, dict[InstanceKey, None]] = defaultdict(dict)
        self._parallels: dict[tuple[int, int], bool] = {}
        self._references: dict[int, _References] = {}

    def add_instance(self, scope: Scope, type_: str, name: str, address: str) -> None:
        """Tell that ``address`` is an instance of the block ``type_.name`` in ``scope``."""
        self._instances.setdefault((scope.names, scope.keys, type_, name), {})[scope.key] = address
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
        """The configuration block of a resource; None where the configuration lacks it."""
        kind = (names, mode, type_)
        blocks = self._resources.get(kind)
        if blocks is None:
            blocks = self._resources[kind] = {each.name: each for each in self._of_module(names).get((mode, type_), ())}
        return blocks.get(name)

    def _of_module(self, names: tuple[str, ...]) -> dict[tuple[str, str], list[ConfigResource]]:
        """The blocks of a module by mode and type: nobody asks for one by its name of most types."""
        kinds = self._kinds.get(names)
        if kinds is None:
            kinds = self._kinds[names] = defaultdict(list)
            module = self.module(names)
            for each in module.resources if module else ():
                kinds[each.mode, each.type].append(each)
        return kinds

    def written(self, scope: Scope, type_: str, name: str) -> "Written | None":
        """How one instance of a resource is written; None where the configuration lacks it."""
        block = self.resource(scope.names, type_, name)
        return None if block is None else Written(self, scope, block)

    def instances(self, scope: Scope, type_: str, name: str) -> dict[InstanceKey, str]:
        """Address by key of each instance of a block in the module instance of ``scope``."""
        return self._instances.get((scope.names, scope.keys, type_, name), _NONE)

    def call_keys(self, scope: Scope, name: str) -> dict[InstanceKey, None]:
        """The keys of the instances of the module call ``name`` made in the module instance of ``scope``."""
        return self._call_keys.get(((*scope.names, name), scope.keys), _ONE)

    def are_parallel(self, own: Mapping[InstanceKey, object], others: Mapping[InstanceKey, object]) -> bool:
        """Whether two blocks run over the same keys, so that ``each.key`` of the one picks an instance of the other.

        Else the index is computed from the key, as in ``endpoint[floor(count.index / 2)]``, and nobody knows how.
        """
        pair = (id(own), id(others))  # both are kept here, so that no other mapping can have their identity
        if pair not in self._parallels:
            self._parallels[pair] = own.keys() <= others.keys()
        return self._parallels[pair]

    def references(self, expression: Any) -> "_References":
        """The most specific references of an expression; every instance of its block asks for the same ones."""
        key = id(expression)  # it belongs to a block that is kept here, so that no other can have its identity
        if key not in self._references:
            references = _most_specific(list(_references(expression)))
            found = tuple(tuple(reference_steps(reference)) for reference in references)
            self._references[key] = _References(
                found,
                has_key=any(steps[:2] in _KEYS for steps in found),
                has_resource=any(len(steps) > 1 and steps[0].value not in _OTHERS for steps in found),
            )
        return self._references[key]


class Written(Struct, frozen=True, eq=False):
    """How the configuration writes one instance of a resource: its block, and the scope of what that says."""

    _configuration: Configuration
    _scope: Scope
    block: ConfigResource

    def resolve(self, attribute: str, wanted: frozenset[str]) -> list[Reference]:
        """The instances of ``wanted`` types that the expression of ``attribute`` leads to, without repetition.

        `LOST` is among them where a part of the expression leads out of sight.
        """
        walk = self._walked(self.block.expressions.get(attribute), wanted)
        return [*walk.found, LOST] if walk.is_lost else list(walk.found)

    def is_constant(self, expression: Any) -> bool:
        """Whether an expression is made of constants, keys and input variables alone, so that its value is known.

        What is known only after apply all the same has been left to the provider: its value is null.
        """
        if self._configuration.references(expression).has_resource:
            return False
        walk = self._walked(expression, frozenset())
        return not (walk.is_lost or walk.meets_resources)

    def _walked(self, expression: Any, wanted: frozenset[str]) -> "_Walk":
        walk, block = _Walk(self._configuration, wanted), self.block
        instances = self._configuration.instances(self._scope, block.type, block.name)
        walk.follow(self._scope, expression, _ExpressionOwner(block.for_each_expression, instances))
        return walk


class _References(Struct, frozen=True):
    """What an expression mentions."""

    steps: "tuple[_Steps, ...]"
    has_key: bool
    """Whether ``each.key`` or ``count.index`` is among it."""
    has_resource: bool


class _ExpressionOwner(Struct, frozen=True):
    """The block or module call that an expression belongs to: what ``each`` and ``count`` mean in it."""

    for_each: Any
    instances: Mapping[InstanceKey, object]
    """All its instances by their keys."""


_NOBODY = _ExpressionOwner(None, _NONE)


class _Walk:
    """One walk along references; every expression is followed at most once in every scope, so it ends."""

    def __init__(self, configuration: Configuration, wanted: frozenset[str]) -> None:
        self.configuration = configuration
        self.wanted = wanted
        self.found: dict[Reference, None] = {}
        self.is_lost = False
        """Whether it came to an end that may be anything: a local value, a data source, a module that is not there."""
        self.meets_resources = False
        self._seen: set[tuple[Scope, int]] = set()

    def follow(self, scope: Scope, expression: Any, owner: _ExpressionOwner, *, keyed: bool = False) -> None:
        """Follow every reference of ``expression``, which stands in ``scope`` and belongs to ``owner``.

        ``keyed`` says that what it leads to is picked by the key of the owner.
        """
        place = (scope, id(expression))
        if expression is None or place in self._seen:
            return
        if len(self._seen) > _MAX_EXPRESSIONS:
            self.is_lost = True
            return
        self._seen.add(place)
        references = self.configuration.references(expression)
        keyed = keyed or references.has_key
        for steps in references.steps:
            self._follow_reference(scope, steps, owner, keyed=keyed)

    def _follow_reference(self, scope: Scope, steps: "_Steps", owner: _ExpressionOwner, *, keyed: bool) -> None:
        head = steps[0].value if steps else None
        if head in _ALWAYS_KNOWN:
            return
        if head == "each":
            self._follow_each(scope, steps, owner)
        elif len(steps) <= 1 or head in ("data", "local"):
            self.is_lost = True
        elif head == "var":
            self._follow_variable(scope, str(steps[1].value))
        elif head == "module":
            self._follow_module(scope, str(steps[1].value), steps[2:], owner if keyed else None)
        else:
            self._follow_resource(scope, steps, owner if keyed else None)

    def _follow_each(self, scope: Scope, steps: "_Steps", owner: _ExpressionOwner) -> None:
        """``each.value`` of a for_each over the instances of a block is the instance with the same key."""
        if len(steps) > 1 and steps[1].value == "key":
            return
        if owner.for_each is None:
            self.is_lost = True
        self.follow(scope, owner.for_each, owner, keyed=True)

    def _follow_variable(self, scope: Scope, name: str) -> None:
        if not scope.names:
            return
        outer = Scope(scope.names[:-1], scope.keys[:-1], scope.keys[-1])
        parent = self.configuration.module(outer.names)
        call = parent.module_calls.get(scope.names[-1]) if parent else None
        if call is None:
            self.is_lost = True
            return
        owner = _ExpressionOwner(call.for_each_expression, self.configuration.call_keys(outer, scope.names[-1]))
        self.follow(outer, call.expressions.get(name), owner)

    def _follow_module(self, scope: Scope, name: str, rest: "_Steps", keyed: _ExpressionOwner | None) -> None:
        module = self.configuration.module((*scope.names, name))
        if module is None:
            self.is_lost = True
            return
        present = self.configuration.call_keys(scope, name)
        picked: Collection[InstanceKey] = present
        if rest and rest[0].is_index:
            picked, rest = [rest[0].value], rest[1:]
        elif self._picks(keyed, scope.key, present):
            picked = [scope.key]
        wanted = str(rest[0].value) if rest else ""
        outputs = [wanted] if wanted in module.outputs else list(module.outputs)
        if self._leads_too_far(picked):
            return
        for key in picked:
            inner = Scope((*scope.names, name), (*scope.keys, key))
            for output in outputs:
                self.follow(inner, module.outputs[output].expression, _NOBODY)

    def _follow_resource(self, scope: Scope, steps: "_Steps", keyed: _ExpressionOwner | None) -> None:
        type_, name, rest = str(steps[0].value), str(steps[1].value), steps[2:]
        self.meets_resources = True
        instances = self.configuration.instances(scope, type_, name)
        picked: Collection[InstanceKey] = instances
        key: InstanceKey = scope.key
        if rest and rest[0].is_index:
            key, rest = rest[0].value, rest[1:]
            picked = [key]
        elif self._picks(keyed, key, instances):
            picked = [key]
        if type_ not in self.wanted:
            self._follow_attribute(Scope(scope.names, scope.keys, key), type_, name, rest)
        elif not self._leads_too_far(picked):
            attribute = _dotted(rest)
            self.found.update((Reference(instances[each], attribute), None) for each in picked if each in instances)

    def _leads_too_far(self, picked: Collection[InstanceKey]) -> bool:
        """Whether so many instances may be meant that it may as well be any of its kind."""
        is_too_far = len(picked) > FEW or len(self.found) > FEW
        self.is_lost = self.is_lost or is_too_far
        return is_too_far

    def _picks(self, owner: _ExpressionOwner | None, key: InstanceKey, others: Mapping[InstanceKey, object]) -> bool:
        """Whether the key of ``owner``, which the expression mentions, picks one of ``others``."""
        return owner is not None and key in others and self.configuration.are_parallel(owner.instances, others)

    def _follow_attribute(self, scope: Scope, type_: str, name: str, rest: "_Steps") -> None:
        """On through an argument of a block of another type; what that type computes itself is the end."""
        block = self.configuration.resource(scope.names, type_, name)
        attribute = str(rest[0].value) if rest else ""
        attribute = _PASSES_ON.get((type_, attribute), attribute)
        if block is None or not rest:
            self.is_lost = True
        elif attribute in block.expressions:
            owner = _ExpressionOwner(block.for_each_expression, self.configuration.instances(scope, type_, name))
            self.follow(scope, block.expressions[attribute], owner)


_Steps: TypeAlias = tuple[ReferenceStep, ...]


def reference_path(expression: Any) -> list[str | int]:
    """The steps of the only reference of an expression, ``var.a["b"]`` as var, a, b; empty where it has several."""
    references = list(_most_specific(list(_references(expression))))
    return [step.value for step in reference_steps(references[0])] if len(references) == 1 else []


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


_KEYS = (
    (ReferenceStep("each", is_index=False), ReferenceStep("key", is_index=False)),
    (ReferenceStep("count", is_index=False), ReferenceStep("index", is_index=False)),
)
"""``each.key`` and ``count.index``."""


def _dotted(steps: _Steps) -> str:
    """``production_variants[0].variant_name`` again, from its steps."""
    text = ""
    for step in steps:
        text += f"[{step.value}]" if step.is_index else f".{step.value}" if text else str(step.value)
    return text
