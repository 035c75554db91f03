"""What a place in a policy may refer to: fields, parameters and values of the right type; errors say where it is."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from math import isfinite
from typing import Any, TypeAlias, TypeVar

from msgspec import Struct, structs

from guardrail.errors import PolicyError, did_you_mean
from guardrail.policy.environment import EnvironmentSettings, no_environment
from guardrail.policy.fields import FIELDS, Field, FieldType
from guardrail.policy.policy import AppliesTo, Parameter, Value

T = TypeVar("T")
Step: TypeAlias = str | int
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
    "mapping": "a mapping to lists of text",
    "object": "nothing",
}


class MisplacedError(PolicyError):
    """Something in a policy that does not belong there."""

    def __init__(self, policy: str, steps: tuple[Step, ...], problem: str) -> None:
        super().__init__(f"policy {policy}: {dotted(steps)}: {problem}")
        self.steps = steps
        """The keys and indices that lead to it."""
        self.problem = problem


class PolicyScope(Struct, frozen=True, kw_only=True):
    """A place in a policy."""

    policy: str
    applies_to: AppliesTo
    declared: Mapping[str, Parameter] = {}
    parameters: Mapping[str, Value] = {}
    """The declared parameters as they are in one environment."""
    steps: tuple[Step, ...] = ()
    environments: EnvironmentSettings | None = None
    """Which environments there are; None where that is not to be checked."""
    errors: "list[PolicyError] | None" = None
    """Where errors are collected; None where the first one ends it."""

    def attempt(self, make: Callable[[], T], otherwise: T) -> T:
        """What ``make`` returns; ``otherwise`` where it raises an error and errors are collected, which keeps it."""
        try:
            return make()
        except PolicyError as error:
            if self.errors is None:
                raise
            self.errors.append(error)
            return otherwise

    def at(self, *steps: Step) -> "PolicyScope":
        """The place below this one."""
        return structs.replace(self, steps=(*self.steps, *steps))

    def error(self, problem: str) -> MisplacedError:
        """An error about this place."""
        return MisplacedError(self.policy, self.steps, problem)

    def field(self, name: str) -> Field:
        """The field of that name, ``param.name`` included. Raises `PolicyError` with "did you mean"."""
        if name.startswith("param."):
            return self._parameter_field(name)
        field = FIELDS.get(name)
        if field is None:
            known = [*FIELDS, *COMBINATORS, *(f"param.{parameter}" for parameter in self.declared)]
            raise self.error(f"there is no field {name}{_meant(name) or did_you_mean(name, known)}")
        if self.applies_to not in field.subjects:
            owners = ", ".join(field.subjects)
            raise self.error(f"{name} is no field of a policy that applies to {self.applies_to}, only to {owners}")
        if field.needs and not self.declared.keys() & set(field.needs):
            raise self.error(f"{name} needs a parameter {' or '.join(field.needs)}")
        return field if field.bind is None else structs.replace(field, get=field.bind(self.parameters))

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
            subjects=(self.applies_to,),
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
            case "mapping" if isinstance(raw, dict) and all(map(_is_list_of_text, raw.values())):
                return raw
        raise self.error(f"expected {_TYPES[kind]}, got {show(raw)}")

    def operand(self, kind: FieldType, raw: object) -> Operand:
        """A value of type ``kind``, or what ``{param: name}`` and ``{field: path}`` stand for."""
        if is_reference(raw):
            reference, name = next(iter(raw.items()))  # type: ignore[attr-defined] # a mapping, as a reference is
            if reference == "field":
                return self._field_operand(kind, str(name))
            raw = self.parameter(str(name))
            return None if raw is None else self.value(kind, raw)
        if isinstance(raw, list) and kind not in ("strings", "mapping"):
            raise self.error(f"expected {_TYPES[kind]}, got a list; to be one of several: {{in: {show(raw)}}}")
        if raw is None:
            raise self.error("null can only be compared for equality; a parameter may be null, for no limit")
        return self.value(kind, raw)

    def _field_operand(self, kind: FieldType, name: str) -> Operand:
        other = self.field(name)
        if other.type != kind and not {other.type, kind} <= _NUMBERS:
            raise self.error(f"cannot compare {_TYPES[kind]} with {name}, which is {_TYPES[other.type]}")
        return other.get

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
        if not isinstance(raw, list):
            raise self.error(f"expected a list, got {show(raw)}")
        return raw


def _meant(name: str) -> str:
    """What a field that does not exist may have meant, where spelling alone would not tell."""
    last = name.rpartition(".")[2]
    if name.startswith("endpoint.tags."):
        return f": tags are one field, endpoint.tags: {{has_keys: [{last}]}}"
    return f": write {_MEANT[last]}" if last in _MEANT else ""


_MEANT = {
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


def is_reference(raw: object) -> bool:
    """Whether ``raw`` is ``{param: name}`` or ``{field: path}``."""
    return isinstance(raw, dict) and len(raw) == 1 and next(iter(raw)) in ("param", "field")


def _is_list_of_text(raw: object) -> bool:
    return isinstance(raw, list) and all(isinstance(item, str) for item in raw)


def _is_number(raw: object) -> bool:
    return isinstance(raw, (int, float, Decimal)) and not isinstance(raw, bool) and isfinite(raw)


def dotted(steps: Iterable[Step]) -> str:
    """``require.any[0].scaling.min_capacity``."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return text.removeprefix(".")


def show(value: object) -> str:
    """A wrong value as an error quotes it."""
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."
