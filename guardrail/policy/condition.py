"""Conditions: mappings of fields to what they must be, compiled into three-valued tests (Kleene's logic).

``{variant.shadow: false, instance.hourly_usd: {at_most: {param: max_hourly_usd}}}``: the keys of a mapping are and-ed;
``any``, ``all`` and ``not`` combine conditions; ``each`` and ``some`` ask the variants of an endpoint. A test answers
True, False or `Unknown` with its reason. A field that has no value (None) fails every operator except ``present: false``
and equality with null; a parameter that is null stands for no limit, and holds.
"""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from operator import ge, gt, le, lt
from typing import Any, TypeAlias

from msgspec import Struct, structs

from guardrail.errors import PolicyError
from guardrail.model import Unknown
from guardrail.policy.fields import FIELDS, Field, FieldType, Getter
from guardrail.policy.pattern import Pattern, PatternError
from guardrail.policy.policy import AppliesTo, Parameter, Value
from guardrail.policy.subject import Subject
from guardrail.errors import did_you_mean

Truth: TypeAlias = bool | Unknown
Test: TypeAlias = Callable[[Subject], Truth]
Operand: TypeAlias = Any
"""A constant of the field's type, or a `Getter` where it is another field."""

COMBINATORS = ("all", "any", "not", "each", "some")
_ORDER: dict[str, Callable[[Any, Any], bool]] = {"lt": lt, "at_most": le, "gt": gt, "at_least": ge}
_NUMBERS = frozenset({"integer", "number", "usd"})
OPERATORS: dict[FieldType, tuple[str, ...]] = {
    "string": ("eq", "ne", "in", "not_in", "matches", "contains", "present"),
    "integer": ("eq", "ne", *_ORDER, "in", "not_in", "present"),
    "number": ("eq", "ne", *_ORDER, "in", "not_in", "present"),
    "usd": ("eq", "ne", *_ORDER, "in", "not_in", "present"),
    "boolean": ("eq", "ne", "present"),
    "strings": ("eq", "ne", "contains", "present"),
    "mapping": ("has_keys", "present"),
    "object": ("present",),
}
"""Which operators a field of each type takes. ``eq`` is what a bare value means, and is not written."""


class Scope(Struct, frozen=True, kw_only=True):
    """What a condition may refer to."""

    policy: str
    applies_to: AppliesTo
    declared: Mapping[str, Parameter]
    parameters: Mapping[str, Value]
    """The declared parameters as they are in one environment."""


def compile_condition(condition: object, scope: Scope, path: str) -> Test:
    """The test that ``condition`` describes; ``path`` is where it stands in its policy, for errors.

    Raises `PolicyError` for a field, operator or parameter that does not exist, and for an operand of a type with
    which the field cannot be compared.
    """
    if not isinstance(condition, dict):
        raise _error(scope, path, f"expected a mapping of fields, got {_show(condition)}")
    return _all([_compile_entry(str(key), value, scope, f"{path}.{key}") for key, value in condition.items()])


def _compile_entry(key: str, value: object, scope: Scope, path: str) -> Test:
    match key:
        case "all" | "any":
            tests = [compile_condition(item, scope, f"{path}[{index}]") for index, item in enumerate(_list(value, scope, path))]
            return _all(tests) if key == "all" else _any(tests)
        case "not":
            return _not(compile_condition(value, scope, path))
        case "each" | "some":
            return _quantified(key, value, scope, path)
    return _compile_field(find_field(key, scope, path), value, scope, path)


def find_field(name: str, scope: Scope, path: str) -> Field:
    """The field of that name, a declared parameter included. Raises `PolicyError` with "did you mean"."""
    if name.startswith("param."):
        return _parameter_field(name, scope, path)
    field = FIELDS.get(name)
    if field is None:
        known = [*FIELDS, *COMBINATORS, *(f"param.{parameter}" for parameter in scope.declared)]
        raise _error(scope, path, f"unknown field {name}{did_you_mean(name, known)}")
    if scope.applies_to not in field.subjects:
        raise _error(scope, path, f"{name} is no field of a {scope.applies_to} (only of {', '.join(field.subjects)})")
    return field if field.bind is None else structs.replace(field, get=field.bind(scope.parameters))


def _parameter_field(name: str, scope: Scope, path: str) -> Field:
    parameter = name.removeprefix("param.")
    raw = _parameter(parameter, scope, path)
    declared = scope.declared[parameter]
    value = None if raw is None else convert(declared.type, raw, scope, path)
    return Field(
        path=name,
        type=declared.type,
        unit=declared.unit,
        meaning=declared.description,
        subjects=(scope.applies_to,),
        get=lambda _: value,
    )


def _parameter(name: str, scope: Scope, path: str) -> Value:
    if name not in scope.declared:
        raise _error(scope, path, f"unknown parameter {name}{did_you_mean(name, list(scope.declared))}")
    return scope.parameters[name]


def _compile_field(field: Field, value: object, scope: Scope, path: str) -> Test:
    if isinstance(value, dict) and not _is_reference(value):
        if not value:
            raise _error(scope, path, "no operator; a bare value means equality")
        return _all([_operation(field, str(name), operand, scope, path) for name, operand in value.items()])
    return _operation(field, "eq", value, scope, path)


def _operation(field: Field, operator: str, raw: object, scope: Scope, path: str) -> Test:
    if raw is None and operator in ("eq", "ne"):
        return _present(field.get, expected=operator == "ne")
    allowed = OPERATORS[field.type]
    if operator not in allowed or (operator == "eq" and isinstance(raw, dict) and not _is_reference(raw)):
        known = [name for name in allowed if name != "eq"]
        near = did_you_mean(operator, known) or f"; it takes {', '.join(known)}"
        raise _error(scope, path, f"{field.path} has no operator {operator}{near}")
    path = path if operator == "eq" else f"{path}.{operator}"
    if operator == "present":
        return _present(field.get, expected=_boolean(raw, scope, path))
    if operator in ("in", "not_in", "has_keys"):
        return _collection(field, operator, raw, scope, path)
    if operator == "matches":
        return _matches(field.get, _patterns(raw, scope, path))
    item_type: FieldType = "string" if operator == "contains" else field.type
    operand = _operand(item_type, raw, scope, path)
    if operand is None:
        return _always
    if operator == "contains":
        return _contains(field.get, operand)
    if operator in _ORDER:
        return _ordered(field, _ORDER[operator], operand, scope)
    return _equal(field.get, operand, negated=operator == "ne")


# Operands


def _is_reference(value: object) -> bool:
    return isinstance(value, dict) and len(value) == 1 and next(iter(value)) in ("param", "field")


def _operand(kind: FieldType, raw: object, scope: Scope, path: str) -> Operand:
    """A constant of type ``kind``, None for a null parameter, or a getter."""
    if isinstance(raw, dict):
        if not _is_reference(raw):
            raise _error(scope, path, f"expected {_TYPES[kind]}, {{param: name}} or {{field: path}}, got {_show(raw)}")
        if "field" in raw:
            return _field_operand(kind, str(raw["field"]), scope, path)
        raw = _parameter(str(raw["param"]), scope, path)
        return None if raw is None else convert(kind, raw, scope, path)
    if raw is None:
        raise _error(scope, path, "null can only be compared for equality; a parameter may be null, for no limit")
    return convert(kind, raw, scope, path)


def _field_operand(kind: FieldType, name: str, scope: Scope, path: str) -> Getter:
    other = find_field(name, scope, path)
    if other.type != kind and not {other.type, kind} <= _NUMBERS:
        raise _error(scope, path, f"cannot compare a {kind} with {name}, which is a {other.type}")
    return other.get


def convert(kind: FieldType, raw: object, scope: Scope, path: str) -> Any:  # noqa: ANN401 - of the field's type
    """``raw`` as fields of type ``kind`` have it. Raises `PolicyError` where it is of another type."""
    match kind:
        case "string" if isinstance(raw, str):
            return raw
        case "boolean" if isinstance(raw, bool):
            return raw
        case "integer" | "number" | "usd" if isinstance(raw, (int, float, Decimal)) and not isinstance(raw, bool):
            return Decimal(str(raw)) if kind == "usd" else raw
        case "strings" if isinstance(raw, (list, tuple)) and all(isinstance(item, str) for item in raw):
            return tuple(raw)
        case "mapping" if isinstance(raw, dict) and all(isinstance(item, list) for item in raw.values()):
            return raw
    raise _error(scope, path, f"expected {_TYPES[kind]}, got {_show(raw)}")


_TYPES = {
    "string": "text",
    "boolean": "true or false",
    "integer": "a number",
    "number": "a number",
    "usd": "an amount in USD",
    "strings": "a list of texts",
    "mapping": "a mapping to lists",
    "object": "nothing",
}


def _boolean(raw: object, scope: Scope, path: str) -> bool:
    if not isinstance(raw, bool):
        raise _error(scope, path, f"expected true or false, got {_show(raw)}")
    return raw


def _list(raw: object, scope: Scope, path: str) -> list[Any]:
    if not isinstance(raw, list):
        raise _error(scope, path, f"expected a list, got {_show(raw)}")
    return raw


def _items(kind: FieldType, raw: object, scope: Scope, path: str) -> tuple[Any, ...] | None:
    """The members of a list operand, each a constant or a parameter; None where the whole list is a null parameter."""
    if isinstance(raw, dict) and _is_reference(raw) and "param" in raw:
        value = _parameter(str(raw["param"]), scope, path)
        if value is None:
            return None
        raw = list(value) if isinstance(value, (tuple, Mapping)) else [value]
    items = [_operand(kind, item, scope, path) for item in _list(raw, scope, path)]
    if any(callable(item) for item in items):
        raise _error(scope, path, "a list holds values and parameters, no fields")
    return tuple(item for item in items if item is not None)


def _patterns(raw: object, scope: Scope, path: str) -> tuple[Pattern, ...]:
    texts = _items("string", raw if isinstance(raw, (list, dict)) else [raw], scope, path) or ()
    try:
        return tuple(Pattern(text) for text in texts)
    except PatternError as error:
        raise _error(scope, path, f"{_show(raw)} is no pattern: {error}") from error


# Tests


def _always(_: Subject) -> Truth:
    return True


def _all(tests: list[Test]) -> Test:
    if len(tests) == 1:
        return tests[0]

    def test(subject: Subject) -> Truth:
        unknown: Unknown | None = None
        for one in tests:
            truth = one(subject)
            if truth is False:
                return False
            if truth is not True and unknown is None:
                unknown = truth
        return True if unknown is None else unknown

    return test


def _any(tests: list[Test]) -> Test:
    if len(tests) == 1:
        return tests[0]

    def test(subject: Subject) -> Truth:
        unknown: Unknown | None = None
        for one in tests:
            truth = one(subject)
            if truth is True:
                return True
            if truth is not False and unknown is None:
                unknown = truth
        return False if unknown is None else unknown

    return test


def _not(test: Test) -> Test:
    def negated(subject: Subject) -> Truth:
        truth = test(subject)
        return truth if isinstance(truth, Unknown) else not truth

    return negated


def _quantified(name: str, condition: object, scope: Scope, path: str) -> Test:
    if scope.applies_to != "endpoint":
        raise _error(scope, path, f"{name} asks the variants of an endpoint, so it needs applies_to: endpoint")
    inner = Scope(policy=scope.policy, applies_to="variant", declared=scope.declared, parameters=scope.parameters)
    test = compile_condition(condition, inner, path)
    combine = _all if name == "each" else _any

    def quantified(subject: Subject) -> Truth:
        variants = subject.variants()
        if isinstance(variants, Unknown):
            return variants
        return combine([_on(test, variant) for variant in variants])(subject) if variants else name == "each"

    return quantified


def _on(test: Test, subject: Subject) -> Test:
    return lambda _: test(subject)


def _present(get: Getter, *, expected: bool) -> Test:
    def test(subject: Subject) -> Truth:
        value = get(subject)
        return value if value.__class__ is Unknown else (value is not None) is expected

    return test


def _equal(get: Getter, operand: Operand, *, negated: bool) -> Test:
    if callable(operand):
        return _compared(get, operand, lambda value, other: (value == other) is not negated)

    def test(subject: Subject) -> Truth:
        value = get(subject)
        if value.__class__ is Unknown:
            return value  # type: ignore[no-any-return] # Unknown, as its class says
        return value is not None and (value == operand) is not negated

    return test


def _ordered(field: Field, compare: Callable[[Any, Any], bool], operand: Operand, scope: Scope) -> Test:
    get = field.get

    def checked(value: Any, other: Any) -> bool:  # noqa: ANN401 - two numbers, unless something is wrong
        try:
            return compare(value, other)
        except TypeError as error:
            raise PolicyError(f"policy {scope.policy}: cannot compare {field.path}, which is no number here") from error

    if callable(operand):
        return _compared(get, operand, checked)

    def test(subject: Subject) -> Truth:
        value = get(subject)
        if value.__class__ is Unknown:
            return value  # type: ignore[no-any-return] # Unknown, as its class says
        return value is not None and checked(value, operand)

    return test


def _compared(get: Getter, other: Getter, compare: Callable[[Any, Any], bool]) -> Test:
    """A comparison of two fields."""

    def test(subject: Subject) -> Truth:
        left, right = get(subject), other(subject)
        if left is None or right is None:
            return False
        for value in (left, right):
            if isinstance(value, Unknown):
                return value
        return compare(left, right)

    return test


def _known(get: Getter, holds: Callable[[Any], bool]) -> Test:
    """A test of a value that is there and known."""

    def test(subject: Subject) -> Truth:
        value = get(subject)
        if value.__class__ is Unknown:
            return value  # type: ignore[no-any-return] # Unknown, as its class says
        return value is not None and holds(value)

    return test


def _contains(get: Getter, operand: Operand) -> Test:
    if callable(operand):
        return _compared(get, operand, lambda value, item: item in value)
    return _known(get, lambda value: operand in value)


def _matches(get: Getter, patterns: Iterable[Pattern]) -> Test:
    return _known(get, lambda value: any(pattern.matches(value) for pattern in patterns))


def _collection(field: Field, operator: str, raw: object, scope: Scope, path: str) -> Test:
    items = _items("string" if operator == "has_keys" else field.type, raw, scope, path)
    if items is None:
        return _always
    get = field.get
    if operator == "has_keys":
        return _known(get, lambda value: all(item in value for item in items))
    members = frozenset(items)
    if not members:  # nothing is among nothing, whatever an unknown value turns out to be
        return _present(get, expected=True) if operator == "not_in" else lambda _: False
    wanted = operator == "in"
    return _known(get, lambda value: (value in members) is wanted)


def _error(scope: Scope, path: str, problem: str) -> PolicyError:
    return PolicyError(f"policy {scope.policy}: {path}: {problem}")


def _show(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
