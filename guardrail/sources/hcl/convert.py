"""Conversions: between text, numbers and truth values, and to the type that a variable is declared with."""

from collections.abc import Callable, Iterator
from decimal import Decimal, DecimalException
from typing import Any, TypeAlias

from guardrail.model import Unknown
from guardrail.sources.hcl import syntax
from guardrail.sources.hcl.values import (
    NUMBERS,
    Attributes,
    Computed,
    EvaluationError,
    Sensitive,
    SetValue,
    is_number,
    make_set,
    text_of_number,
    whole,
)

Converter: TypeAlias = Callable[[Any], Any]

_LONGEST_NUMBER = 400


def text_of(value: Any) -> str | None:
    """A value as it stands in text; None where it has no text."""
    if value.__class__ is str:
        text: str = value
        return text
    if isinstance(value, bool):
        return "true" if value else "false"
    return text_of_number(value) if is_number(value) else None


def number_of(value: Any) -> int | Decimal:
    """A number; text may say it too. Raises `EvaluationError` for anything else."""
    number = parsed_number(value) if isinstance(value, str) else value
    if number is not None and is_number(number):
        return number
    raise EvaluationError("null is no number" if value is None else "it is no number")


def parsed_number(text: str) -> int | Decimal | None:
    """The number that a text says; None where it says none."""
    if not text or len(text) > _LONGEST_NUMBER or text[0] == "+" or "_" in text or text.strip() != text:
        return None
    try:
        number = NUMBERS.create_decimal(text)
    except DecimalException:
        return None
    return whole(number) if number.is_finite() else None


def truth_of(value: Any) -> bool | Unknown:
    """A truth value; text may say it too. Raises `EvaluationError` for anything else."""
    if isinstance(value, Sensitive):
        value = value.value
    if isinstance(value, (bool, Unknown)):
        return value
    if isinstance(value, str) and value in ("true", "false"):
        return value == "true"
    raise EvaluationError("null is neither true nor false" if value is None else "it is neither true nor false")


def items_of(collection: Any) -> Iterator[tuple[Any, Any]]:
    """Key and value of each element, in Terraform's order. Raises `EvaluationError` for what has no elements."""
    if isinstance(collection, Attributes):
        collection = collection.whole()
    if isinstance(collection, SetValue):
        return iter([(item, item) for item in collection])
    if isinstance(collection, list):
        return iter(enumerate(collection))
    if isinstance(collection, dict):
        return iter([(key, collection[key]) for key in sorted(collection)])
    if isinstance(collection, Unknown):
        raise EvaluationError(collection.reason)
    raise EvaluationError("it is neither a list nor a map, and has no elements")


# Types ---------------------------------------------------------------------------------------------------------------


def as_it_is(value: Any) -> Any:
    """The conversion to ``any``."""
    return value


def to_text(value: Any) -> Any:
    """The conversion to ``string``. Raises `EvaluationError` for lists and maps."""
    if value is None or value.__class__ is str:
        return value
    text = text_of(value)
    if text is None:
        raise EvaluationError("it is no text")
    return text


def to_number(value: Any) -> Any:
    """The conversion to ``number``."""
    return None if value is None else number_of(value)


def to_bool(value: Any) -> Any:
    """The conversion to ``bool``."""
    return None if value is None else truth_of(value)


def converter(type_: syntax.Expression) -> Converter:
    """The conversion to the type that an expression such as ``map(object({min = number}))`` declares.

    Defaults of ``optional()`` are filled in. Raises `EvaluationError` for what is no type. A converter keeps what is
    unknown or sensitive inside a value as it is.
    """
    if isinstance(type_, syntax.Name):
        name = type_.name
    elif isinstance(type_, syntax.Literal) and isinstance(type_.value, str):
        name = type_.value  # "string", as it was written before Terraform 0.12
    elif isinstance(type_, syntax.Call) and type_.arguments:
        return _marked_through(_composed(type_))
    else:
        raise EvaluationError("it is no type")
    if name not in _PLAIN:
        raise EvaluationError(f"there is no type {name}")
    return _marked_through(_PLAIN[name])


def _marked_through(convert: Converter) -> Converter:
    """A conversion that leaves unknown values alone, and sensitive ones marked."""

    def through(value: Any) -> Any:
        if isinstance(value, Unknown):
            return value
        if isinstance(value, Sensitive):
            return Sensitive(convert(value.value))
        return convert(value.whole() if isinstance(value, Attributes) and convert is not as_it_is else value)

    return through


def _composed(type_: syntax.Call) -> Converter:
    argument = type_.arguments[0]
    match type_.name:
        case "list":
            return list_of(converter(argument))
        case "set":
            return set_of(converter(argument))
        case "map":
            return map_of(converter(argument))
        case "object" if isinstance(argument, syntax.Object):
            return _object_of(argument)
        case "tuple" if isinstance(argument, syntax.Tuple):
            return _tuple_of([converter(item) for item in argument.items])
        case "optional":
            return converter(argument)
    raise EvaluationError(f"there is no type {type_.name}")


def list_of(convert: Converter) -> Converter:
    """The conversion to a list whose elements are converted by ``convert``."""

    def to_list(value: Any) -> Any:
        if isinstance(value, Unknown) or value is None:
            return value
        if not isinstance(value, list):
            raise EvaluationError("it is no list")
        return [convert(item) for item in value]

    return to_list


def set_of(convert: Converter) -> Converter:
    """The conversion to a set; one with an unknown element has an unknown number of them."""

    def to_set(value: Any) -> Any:
        if isinstance(value, Unknown) or value is None:
            return value
        if not isinstance(value, list):
            raise EvaluationError("it is no set")
        items = [convert(item) for item in value]
        return make_set(items)

    return to_set


def map_of(convert: Converter) -> Converter:
    """The conversion to a map."""

    def to_map(value: Any) -> Any:
        if isinstance(value, Unknown) or value is None:
            return value
        if not isinstance(value, dict):
            raise EvaluationError("it is no map")
        return {key: convert(item) for key, item in value.items()}

    return to_map


def _tuple_of(converters: list[Converter]) -> Converter:
    def to_tuple(value: Any) -> Any:
        if value is None:
            return None
        if not isinstance(value, list) or len(value) != len(converters):
            raise EvaluationError(f"it is no tuple of {len(converters)}")
        return [convert(item) for convert, item in zip(converters, value, strict=True)]

    return to_tuple


def _object_of(type_: syntax.Object) -> Converter:
    attributes: dict[str, tuple[Converter, bool, Any]] = {}
    for entry in type_.entries:
        if not isinstance(entry.key, syntax.Literal):
            raise EvaluationError("the attributes of an object type are names")
        convert = converter(entry.value)
        optional = isinstance(entry.value, syntax.Call) and entry.value.name == "optional"
        attributes[str(entry.key.value)] = (convert, optional, _default(entry.value, convert))

    def to_object(value: Any) -> Any:
        if value is None:
            return None
        if not isinstance(value, dict):
            raise EvaluationError("it is no object")
        found: dict[str, Any] = {}
        for name, (convert, optional, default) in attributes.items():
            item = value.get(name)
            if item is None and name not in value and not optional:
                raise EvaluationError(f"the attribute {name} is missing")
            found[name] = default if item is None else convert(item)
        return found

    return to_object


def _default(type_: syntax.Expression, convert: Converter) -> Any:
    """The second argument of ``optional()``, converted; None where there is none."""
    if not isinstance(type_, syntax.Call) or type_.name != "optional" or len(type_.arguments) < 2:  # noqa: PLR2004
        return None
    try:
        return convert(constant(type_.arguments[1]))
    except EvaluationError as error:
        return Computed(reason=f"its default does not fit its type: {error.reason}")


def constant(expression: syntax.Expression) -> Any:
    """The value of an expression without references and calls. Raises `EvaluationError` where it has some."""
    match expression:
        case syntax.Literal(value=value):
            return value
        case syntax.Tuple(items=items):
            return [constant(item) for item in items]
        case syntax.Object(entries=entries):
            return {str(constant(entry.key)): constant(entry.value) for entry in entries}
        case syntax.Unary(operator="-", operand=operand):
            return -number_of(constant(operand))
    raise EvaluationError("it is no constant")


_PLAIN: dict[str, Converter] = {
    "any": as_it_is,
    "string": to_text,
    "number": to_number,
    "bool": to_bool,
    "list": list_of(as_it_is),
    "set": set_of(as_it_is),
    "map": map_of(as_it_is),
}
