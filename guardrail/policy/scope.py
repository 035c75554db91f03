"""What a place in a policy may refer to: fields, parameters and values of the right type; errors say where it is."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import lru_cache
from math import isfinite
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from msgspec import Struct, structs

from guardrail import limits
from guardrail.errors import PolicyError, did_you_mean
from guardrail.model import Unknown
from guardrail.policy.environment import EnvironmentSettings, no_environment
from guardrail.policy.fields import FIELDS, Field, FieldType
from guardrail.policy.policy import Parameter, SubjectKind, Value

if TYPE_CHECKING:
    from guardrail.strict_yaml import PathStep

T = TypeVar("T")
Operand: TypeAlias = Any
"""A value of the field's type; or a getter, where it is another field; or None, where it is a null parameter."""

COMBINATORS = ("all", "any", "not", "each", "some")

_NUMBERS = frozenset({"integer", "number", "usd"})
_SHOWN = 60
"""How much of a wrong value an error shows."""
_TYPES: dict[FieldType, str] = {
    "string": "text",
    "boolean": "true or false",
    "integer": "a number",
    "number": "a number",
    "usd": "an amount in USD",
    "strings": "a list of texts",
    "mapping": "a mapping to texts, numbers or lists of text",
    "object": "nothing",
}


class MisplacedError(PolicyError):
    """Something in a policy that does not belong there."""

    def __init__(self, policy: str, steps: "tuple[PathStep, ...]", problem: str) -> None:
        super().__init__(f"policy {policy}: {dotted(steps)}: {problem}")
        self.steps = steps
        """The keys and indices that lead to it."""
        self.problem = problem


_COUNTS = frozenset(
    {
        "",
        "instances",
        "copies",
        "slots",
        "requests",
        "instances, copies or slots",
        "vCPUs",
        "accelerators",
        "containers",
    }
)
"""Units of what is counted, which may be compared with one another."""
_TAG = "endpoint.tags."
_QUANTITY = "quantity."
_GROUP = "group.key"


class PolicyScope(Struct, frozen=True, kw_only=True):
    """A place in a policy."""

    policy: str
    applies_to: SubjectKind
    around: SubjectKind | None = None
    """What the thing that is asked about is a part of, whose fields may be named too."""
    quantities: Mapping[str, Field] = {}
    """The quantities of a policy on the stack, by name."""
    grouped: bool = False
    """Whether they are judged group by group."""
    declared: Mapping[str, Parameter] = {}
    parameters: Mapping[str, Value] = {}
    """The declared parameters as they are in one environment."""
    steps: "tuple[PathStep, ...]" = ()
    environments: EnvironmentSettings | None = None
    """Which environments there are; None where that is not to be checked."""
    errors: "list[PolicyError] | None" = None
    """Where errors are collected; None where the first one ends it."""
    bound: dict[str, Field] = {}
    """The fields that depend on parameters, as these make them."""
    reads: "list[Callable[[Any], Any]] | None" = None
    """Where it is collected what a condition reads of its subject; None where nobody asks."""

    def attempt(self, make: Callable[[], T], otherwise: T) -> T:
        """What ``make`` returns; ``otherwise`` where it raises an error and errors are collected, which keeps it."""
        try:
            return make()
        except PolicyError as error:
            if self.errors is None:
                raise
            self.errors.append(error)
            return otherwise

    def at(self, *steps: "PathStep") -> "PolicyScope":
        """The place below this one."""
        return structs.replace(self, steps=(*self.steps, *steps))

    def within(self, kind: SubjectKind, *, is_part: bool = False) -> "PolicyScope":
        """The scope of a part of the subject: its fields, and those of what it is a part of."""
        return structs.replace(self, applies_to=kind, around=self.applies_to if is_part else None, reads=None)

    def read(self, get: Callable[[Any], Any]) -> None:
        """Note that the condition reads that of its subject."""
        if self.reads is not None:
            self.reads.append(get)

    def error(self, problem: str) -> MisplacedError:
        """An error about this place."""
        return MisplacedError(self.policy, self.steps, problem)

    def field(self, name: str) -> Field:
        """The field of that name, ``param.name`` included. Raises `PolicyError` with "did you mean"."""
        if name.startswith("param."):
            return self._parameter_field(name)
        field = self._tag_field(name) if name.startswith(_TAG) else self._declared_field(name)
        self.read(_told_apart(field.get) if field.type in ("mapping", "object") else field.get)
        return field

    def _declared_field(self, name: str) -> Field:
        field = self.quantities.get(name) or FIELDS.get(name)
        if field is None or (name == _GROUP and not self.grouped):
            known = [*FIELDS, *COMBINATORS, *self.quantities, *(f"param.{parameter}" for parameter in self.declared)]
            raise self.error(f"there is no field {name}{self._meant(name) or did_you_mean(name, known)}")
        if self.applies_to not in field.subjects and self.around not in field.subjects:
            raise self.error(f"{name} is no field of a policy that applies to {self.applies_to}, {self._owners(field)}")
        if field.needs and not self.declared.keys() & set(field.needs):
            raise self.error(f"{name} needs a parameter {' or '.join(field.needs)}")
        if field.bind is None:
            return field
        if name not in self.bound:
            self.bound[name] = structs.replace(field, get=field.bind(self.parameters))
        return self.bound[name]

    def _meant(self, name: str) -> str:
        """What a field that does not exist may have meant, where spelling alone would not tell."""
        last = name.rpartition(".")[2]
        if name == _GROUP or name.startswith(_QUANTITY):
            return f": declare it under quantities{', and say per what they are judged' if name == _GROUP else ''}"
        if any(path.startswith(f"{name}.") for path in FIELDS):
            return f": a field is written in one, {name}.NAME"
        own = [path for path, field in FIELDS.items() if self.applies_to in field.subjects]
        alike = [path for path in own if path.rpartition(".")[2] == last]
        meant = alike[0] if len(alike) == 1 else _MEANT.get(last)
        return f": write {meant}" if meant else ""

    def _owners(self, field: Field) -> str:
        """What has a field, and how to get there."""
        owners = f"only to {', '.join(field.subjects)}"
        if self.applies_to == "endpoint" and "variant" in field.subjects:
            return f"{owners}; to ask its variants: {{each: {{{field.path}: …}}}}"
        return owners

    def _tag_field(self, name: str) -> Field:
        """``endpoint.tags.cost:center``: the value of one tag, whose key is the rest of the path, exactly."""
        tags = self._declared_field("endpoint.tags")
        key = name.removeprefix(_TAG)
        if not key:
            raise self.error(f"{name} names no tag")

        def get(subject: Any) -> object:
            found = tags.get(subject)
            return found.get(key) if isinstance(found, Mapping) else found

        return structs.replace(tags, path=name, type="string", get=get)

    def _parameter_field(self, name: str) -> Field:
        value = self.parameter(name.removeprefix("param."))
        declared = self.declared[name.removeprefix("param.")]
        if value is not None:
            value = self.value(declared.type, value)
        return Field(
            path=name,
            type=declared.type,
            unit=declared.unit,
            meaning=declared.description,
            subjects=("endpoint",),
            get=lambda _: value,
        )

    def parameter(self, name: str) -> Value:
        """The value of a declared parameter. Raises `PolicyError` with "did you mean"."""
        if name not in self.declared:
            raise self.error(f"there is no parameter {name}{did_you_mean(name, self.declared)}")
        return self.parameters[name]

    def value(self, kind: FieldType, raw: object) -> Any:
        """``raw`` as fields of type ``kind`` have it. Raises `PolicyError` where it is of another type."""
        match kind:
            case "string" if isinstance(raw, str):
                return raw
            case "boolean" if isinstance(raw, bool):
                return raw
            case "integer" if _is_number(raw) and raw % 1 != 0:  # type: ignore[operator] # a number
                raise self.error(f"expected a whole number, got {show(raw)}")
            case "integer" | "number" | "usd" if _is_number(raw):
                return Decimal(str(raw)) if kind == "usd" else raw
            case "strings" if isinstance(raw, (list, tuple)) and all(isinstance(item, str) for item in raw):
                return tuple(raw)
            case "mapping" if isinstance(raw, dict) and all(map(_is_entry, raw.values())):
                return raw
        raise self.error(f"expected {_TYPES[kind]}, got {show(raw)}{_unquoted(kind, raw)}")

    def operand(self, kind: FieldType, raw: object, unit: str | None = None) -> Operand:
        """A value of type ``kind``, or what ``{param: name}`` and ``{field: path}`` stand for."""
        if isinstance(raw, dict) and is_reference(raw):
            if "field" in raw:
                return self._field_operand(kind, unit, str(raw["field"]), raw.get("times"))
            if "of" in raw:
                return self.lookup(kind, raw)
            raw = self.parameter(str(raw["param"]))
            return None if raw is None else self.value(kind, raw)
        if isinstance(raw, dict) and raw.keys() & {"field", "param"}:
            raise self.error(
                f"{show(raw)} is no reference; there are {{param: name}}, {{param: name, of: {{field: path}}}}, "
                "{field: path} and {field: path, times: number}"
            )
        if isinstance(raw, list) and kind not in ("strings", "mapping"):
            raise self.error(f"expected {_TYPES[kind]}, got a list; to be one of several: {{in: {show(raw)}}}")
        if raw is None:
            raise self.error("null can only be compared for equality; a parameter may be null, for no limit")
        return self.value(kind, raw)

    def _field_operand(self, kind: FieldType, unit: str | None, name: str, times: object) -> Operand:
        other = self.field(name)
        if other.type != kind and not {other.type, kind} <= _NUMBERS:
            raise self.error(f"cannot compare {_TYPES[kind]} with {name}, which is {_TYPES[other.type]}")
        if unit is not None and not name.startswith("param.") and not _are_alike(unit, other.unit):
            raise self.error(f"cannot compare {unit or 'a plain number'} with {name}, in {other.unit or 'no unit'}")
        if times is None:
            return other.get
        if other.type not in _NUMBERS:
            raise self.error(f"{name} is {_TYPES[other.type]}, which nothing is times")
        factor = self.at("times").operand("number", times)
        if factor is None:
            return None
        if callable(factor) or factor < 0:
            raise self.at("times").error(f"expected a number of at least 0, or a parameter, got {show(times)}")
        return _times(other.get, Decimal(str(factor)))

    def lookup(self, kind: FieldType, raw: Mapping[str, Any], *, listed: bool = False) -> Operand:
        """What a mapping parameter has for a key that a field names: ``{param: limits, of: {field: group.key}}``.

        None, which fails every comparison, where the mapping has no such key. ``listed`` where each has a list.
        """
        name, of = str(raw["param"]), raw["of"]
        mapping = self.parameter(name)
        if self.declared[name].type != "mapping":
            raise self.error(f"{name} is no mapping, in which something could be looked up")
        if not isinstance(of, dict) or set(of) != {"field"}:
            raise self.at("of").error(f"expected {{field: path}}, got {show(of)}")
        key = self.at("of").field(str(of["field"]))
        if key.type != "string":
            raise self.at("of").error(f"{key.path} is {_TYPES[key.type]}, and keys are texts")
        if mapping is None:
            return None
        values = {each: self._entry(kind, value, listed=listed) for each, value in mapping.items()}  # type: ignore[union-attr] # by its type

        def get(subject: Any) -> object:
            found = key.get(subject)
            return found if isinstance(found, Unknown) else values.get(found)

        return get

    def _entry(self, kind: FieldType, value: object, *, listed: bool) -> Any:
        if not listed:
            return self.value(kind, value)
        return frozenset(self.value(kind, one) for one in (value if isinstance(value, list) else [value]))

    def admit(self, field: Field, operand: Operand) -> None:
        """Raise `PolicyError` for a value that ``field`` never has: a comparison with it would silently never hold."""
        for value in operand if isinstance(operand, tuple) else (operand,):
            problem = field.problem(value) if isinstance(value, (str, int, float, Decimal)) else None
            if field.path == "endpoint.environment" and self.environments is not None:
                problem = no_environment(value, self.environments)
            if problem is not None:
                raise self.error(problem)

    def members(self, kind: FieldType, raw: object) -> tuple[Any, ...] | None:
        """The members of a list operand, values and parameters; None where nothing but null parameters is in it."""
        if isinstance(raw, dict) and is_reference(raw) and "param" in raw:
            value = self.parameter(str(raw["param"]))
            if value is None:
                return None
            raw = list(value) if isinstance(value, (tuple, Mapping)) else [value]
        items = [self.at(index).operand(kind, item) for index, item in enumerate(self.list(raw))]
        if any(isinstance(item, Callable) for item in items):  # type: ignore[arg-type] # a getter
            raise self.error("a list holds values and parameters, no fields")
        present = tuple(item for item in items if item is not None)
        return None if items and not present else present

    def list(self, raw: object) -> "list[Any]":
        """``raw``, which must be a list."""
        if isinstance(raw, list):
            return raw
        hint = "; an item begins with -" if isinstance(raw, dict) else f": write [{raw}]"
        raise self.error(f"expected a list, got {show(raw)}{hint}")


_MEANT = {
    "or": "any",
    "and": "all",
    **dict.fromkeys(("gpu", "gpus", "gpu_count", "accelerator_count"), "instance.accelerators"),
    **dict.fromkeys(("cpu", "cpus", "cores"), "instance.vcpus"),
    **dict.fromkeys(("ram", "memory", "memory_gb"), "instance.memory_gib"),
    **dict.fromkeys(("price", "hourly_price", "hourly_cost"), "instance.hourly_usd"),
    **dict.fromkeys(("type", "size"), "variant.instance_type"),
    **dict.fromkeys(("count", "instance_count", "instances"), "variant.initial_instance_count"),
    **dict.fromkeys(("cost", "monthly_cost", "monthly_usd"), "endpoint.monthly_expected_usd"),
    **dict.fromkeys(("env", "stage"), "endpoint.environment"),
    **dict.fromkeys(("min", "minimum"), "scaling.min_capacity"),
    **dict.fromkeys(("max", "maximum"), "scaling.max_capacity"),
}
"""Fields by what people call them."""


@lru_cache(maxsize=64)
def _told_apart(get: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """All that conditions can ask of tags, and of a target: their keys, and whether there is one."""

    def read(subject: Any) -> object:
        found = get(subject)
        if isinstance(found, Unknown):
            return found
        return tuple(found) if isinstance(found, Mapping) else found is not None

    return read


_REFERENCES = ({"param"}, {"param", "of"}, {"field"}, {"field", "times"})


def is_reference(raw: object) -> bool:
    """Whether ``raw`` is ``{param: name}`` or ``{field: path}``, perhaps with ``of`` or ``times``."""
    return isinstance(raw, dict) and set(raw) in _REFERENCES


def _unquoted(kind: FieldType, raw: object) -> str:
    """What was meant where a number is expected: ``'4'``, ``'2 USD'`` or ``'at_most 4'``; or a text: ``4711``."""
    if kind == "string" and isinstance(raw, int):
        return f": write '{show(raw)}', as text"
    if kind not in _NUMBERS or not isinstance(raw, str):
        return ""
    before, _, last = raw.strip().rpartition(" ")
    if before.replace("_", "").isalpha():
        return f": write {{{before}: {last}}}"
    number = limits.number(before or last)
    return "" if number is None else f": write {before or last}"


def _are_alike(unit: str, other: str) -> bool:
    """Whether numbers of two units may be compared: those of things that are counted, or the same one."""
    return unit == other or {unit, other} <= _COUNTS


def _times(get: Callable[[Any], Any], factor: Decimal) -> Callable[[Any], Any]:
    """A number of a subject, multiplied; of one that is not known its bounds are."""

    def scaled(subject: Any) -> object:
        value = get(subject)
        if isinstance(value, Unknown):
            least, most = value.at_least, value.at_most
            return structs.replace(
                value,
                at_least=None if least is None else least * factor,
                at_most=None if most is None else most * factor,
            )
        return None if value is None else Decimal(str(value)) * factor

    return scaled


def _is_entry(raw: object) -> bool:
    """Whether a mapping may have that as a value."""
    if isinstance(raw, list):
        return all(isinstance(item, str) for item in raw)
    return isinstance(raw, str) or _is_number(raw)


def _is_number(raw: object) -> bool:
    return isinstance(raw, (int, float, Decimal)) and not isinstance(raw, bool) and isfinite(raw)


def dotted(steps: "Iterable[PathStep]") -> str:
    """``require.any[0].scaling.min_capacity``."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return text.removeprefix(".")


def show(value: object) -> str:
    """A wrong value as an error quotes it."""
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."
