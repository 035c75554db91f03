"""Types: which one a value has, which one several values have in common, and values made into another type.

The rules are those of Terraform's type system (github.com/zclconf/go-cty, package convert): a conditional and a list
of one type take what all of their parts can be made into, ``[1, "a"]`` becomes a list of strings, ``true ? {a = 1} :
{}`` a map of numbers.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias

from guardrail.limits import Allowance
from guardrail.model import Unknown
from guardrail.sources.base import Computed
from guardrail.sources.hcl import arithmetic, syntax
from guardrail.sources.hcl.arithmetic import Number, text_of_number
from guardrail.sources.hcl.characters import quoted
from guardrail.sources.hcl.values import (
    Attributes,
    CollectionType,
    EvaluationError,
    ListValue,
    MapValue,
    ObjectType,
    Sensitive,
    SetValue,
    TupleType,
    Type,
    is_number,
    marked,
)

Converter: TypeAlias = Callable[[Any], Any]

ANY = "any"
"""The type of what is not known, which decides what it will be."""
DYNAMIC = "dynamic"
"""The type of null, and of a part that is null in one value and a list or map in another: each keeps its own."""
_COMPOSED = ("list", "set", "map", "tuple", "object")
_STEPS = 4
"""What looking at one value costs; it stands for a microsecond."""
_PARSED = 96
"""What a number costs that is made of a text, or a text of it."""

# Primitive types ------------------------------------------------------------------------------------------------------


def text_of(value: Any) -> str | None:
    """A value as it stands in text; None where it has no text."""
    if value.__class__ is str:
        text: str = value
        return text
    if isinstance(value, bool):
        return "true" if value else "false"
    return text_of_number(value) if is_number(value) else None


def to_text(value: Any) -> str:
    """A value as text. Raises `EvaluationError` for null, lists and maps."""
    text = text_of(value)
    if text is None:
        raise EvaluationError("null is no text" if value is None else "it is no text")
    return text


def number_of(value: Any) -> Number:
    """A number; text may say it too. Raises `EvaluationError` for anything else."""
    number = arithmetic.parsed(value) if isinstance(value, str) else value
    if number is not None and is_number(number):
        return number
    raise EvaluationError("null is no number" if value is None else "it is no number")


_TRUTHS = {"true": True, "false": False, "1": True, "0": False}


def truth_of(value: Any) -> bool:
    """A truth value; text may say it too. Raises `EvaluationError` for anything else."""
    if isinstance(value, bool):
        return value
    truth = _TRUTHS.get(value) if isinstance(value, str) else None
    if truth is None:
        raise EvaluationError("null is neither true nor false" if value is None else "it is neither true nor false")
    return truth


_PRIMITIVE: dict[str, Converter] = {"string": to_text, "number": number_of, "bool": truth_of}
_CONVERTIBLE = frozenset({("string", "number"), ("string", "bool"), ("number", "string"), ("bool", "string")})


# Which type a value has -----------------------------------------------------------------------------------------------


def type_of(value: Any, allowance: Allowance) -> Type:  # noqa: PLR0911 - one return for each kind of value
    """The type of a value; ``any`` for what is not known. Raises `LimitError`."""
    allowance.steps(_STEPS)
    if value is None:
        return DYNAMIC
    if value.__class__ is str:
        return "string"
    if isinstance(value, bool):
        return "bool"
    if is_number(value):
        return "number"
    if isinstance(value, (ListValue, MapValue)):
        return CollectionType(value.kind, value.element)
    if isinstance(value, list):
        return TupleType(tuple(type_of(item, allowance) for item in value))
    if isinstance(value, dict):
        return ObjectType({name: type_of(item, allowance) for name, item in value.items()})
    return type_of(value.value, allowance) if isinstance(value, Sensitive) else ANY


def holds_any(type_: Type) -> bool:
    """Whether a part of a type is not known."""
    return type_ in (ANY, DYNAMIC) or any(map(holds_any, _parts(type_)))


# Which type several have in common ------------------------------------------------------------------------------------


def unified(types: Iterable[Type]) -> Type | None:
    """The type that values of all these types can be made into; None where there is none.

    Of ``"number"`` and ``"string"`` that is ``"string"``. It is ``any`` where one of them is not known, and ``dynamic``
    where some are null and the others of one composed kind (github.com/zclconf/go-cty, convert/unify.go).
    """
    distinct: list[Type] = []
    has_null = False
    for type_ in types:
        if type_ == ANY:
            return ANY
        has_null = has_null or type_ == DYNAMIC
        if type_ != DYNAMIC and type_ not in distinct:
            distinct.append(type_)
    kinds = {_kind(type_) for type_ in distinct}
    if has_null and (not kinds or (len(kinds) == 1 and kinds.issubset(_COMPOSED))):
        return DYNAMIC
    if len(distinct) < 2:  # noqa: PLR2004 - one has itself in common
        return distinct[0] if distinct else ANY
    return _composed(distinct, kinds)


def _composed(types: Sequence[Type], kinds: set[str]) -> Type | None:
    """The common type of several: made of their parts, or the one among them that takes in the others."""
    if kinds == {"object"}:
        return _common_object(types)  # type: ignore[arg-type]
    if kinds == {"tuple"}:
        return _common_tuple(types)  # type: ignore[arg-type]
    for kind, parts in (("map", {"map", "object"}), ("list", {"list", "tuple"}), ("set", {"set"})):
        if kind in kinds and kinds <= parts:
            return _collection(kind, types)
    for wanted in sorted(types, key=_preference):
        if all(type_ == wanted or is_convertible(type_, wanted) for type_ in types):
            return wanted
    return None


def _kind(type_: Type) -> str:
    match type_:
        case CollectionType(kind=kind):
            return kind
        case TupleType():
            return "tuple"
        case ObjectType():
            return "object"
    return str(type_)


def _parts(type_: Type) -> Sequence[Type]:
    match type_:
        case CollectionType(element=element):
            return (element,)
        case TupleType(items=items):
            return items
        case ObjectType(attributes=attributes):
            return tuple(attributes.values())
    return ()


def _preference(type_: Type) -> int:
    """What can take in more comes first: text before numbers, lists before sets."""
    return {"string": 0, "list": 0, "map": 0, "set": 2}.get(_kind(type_), 1)


def _collection(kind: str, types: Sequence[Type]) -> Type | None:
    """A collection whose elements can be those of values of all these types."""
    element = unified(part for type_ in types for part in _parts(type_))
    if element is None or any(isinstance(type_, TupleType) and is_mixed(type_.items) for type_ in types):
        return None
    return CollectionType(kind, element)


def is_mixed(items: Sequence[Type]) -> bool:
    """Whether elements are null beside others of one composed kind, which no list and no set can hold."""
    return unified(items) == DYNAMIC and any(type_ != DYNAMIC for type_ in items)


def _common_object(types: Sequence[ObjectType]) -> Type | None:
    names = types[0].attributes.keys()
    if any(type_.attributes.keys() != names for type_ in types):
        return _collection("map", types)
    common = {name: unified(type_.attributes[name] for type_ in types) for name in names}
    known = {name: type_ for name, type_ in common.items() if type_ is not None}
    return ObjectType(known) if len(known) == len(common) else None


def _common_tuple(types: Sequence[TupleType]) -> Type | None:
    if any(len(type_.items) != len(types[0].items) for type_ in types):
        return _collection("list", types)
    common = [unified(parts) for parts in zip(*(type_.items for type_ in types), strict=True)]
    known = tuple(type_ for type_ in common if type_ is not None)
    return TupleType(known) if len(known) == len(common) else None


def is_convertible(source: Type, to: Type) -> bool:  # noqa: PLR0911 - one return for each kind of value
    """Whether values of one type can be made into another at all; a text may still turn out to be no number."""
    if {ANY, DYNAMIC}.intersection((str(source), str(to))) or source == to:
        return True
    match to, source:
        case CollectionType(kind="map"), ObjectType() | CollectionType(kind="map"):
            return all(is_convertible(part, to.element) for part in _parts(source))
        case CollectionType(kind="list" | "set"), TupleType() | CollectionType(kind="list" | "set"):
            return all(is_convertible(part, to.element) for part in _parts(source))
        case ObjectType(), ObjectType():
            return all(
                is_convertible(source.attributes[name], part) if name in source.attributes else name in to.optional
                for name, part in to.attributes.items()
            )
        case ObjectType(), CollectionType(kind="map"):
            return all(is_convertible(source.element, part) for part in to.attributes.values())
        case TupleType(), TupleType():
            return len(to.items) == len(source.items) and all(map(is_convertible, source.items, to.items))
    return isinstance(source, str) and isinstance(to, str) and (source, to) in _CONVERTIBLE


# Values made into another type ----------------------------------------------------------------------------------------


def convert(value: Any, to: Type, allowance: Allowance) -> Any:  # noqa: PLR0911 - one return for each kind of type
    """A value as one of the type ``to``: ``convert("2", "number")`` is 2; null and what is unknown stay so.

    Raises `EvaluationError` where it cannot be, `LimitError` where it is too large.
    """
    if value is None or isinstance(value, Unknown) or to in (ANY, DYNAMIC):
        return value
    if isinstance(value, Sensitive):
        made = convert(value.value, to, allowance)
        return Sensitive(made, value.shown) if value.shown is not None and made == value.value else marked(made)
    if isinstance(value, Attributes):
        return convert(dict(value) if isinstance(value, dict) else value.whole(), to, allowance)
    if isinstance(to, str):
        if (to == "number" or value.__class__ is not str) and value.__class__ is not int:
            allowance.steps(_PARSED)
        return _PRIMITIVE[to](value)
    allowance.steps(_STEPS)
    if isinstance(to, CollectionType):
        return _to_collection(value, to, allowance)
    if isinstance(to, ObjectType):
        return _to_object(value, to, allowance)
    if value.__class__ is not list or len(value) != len(to.items):
        raise EvaluationError(f"it is no tuple of {len(to.items)}")
    allowance.values(len(value))
    return [convert(item, type_, allowance) for item, type_ in zip(value, to.items, strict=True)]


def _to_collection(value: Any, to: CollectionType, allowance: Allowance) -> Any:
    if isinstance(value, (ListValue, MapValue)) and value.kind == to.kind and to.element in (ANY, value.element):
        return value
    if not isinstance(value, dict if to.kind == "map" else list):
        raise EvaluationError(f"it is no {to.kind}")
    allowance.values(len(value))
    items = list(value.values()) if isinstance(value, dict) else value
    element = to.element
    items = [convert(item, element, allowance) for item in items]
    if holds_any(element):
        empty = value.element if isinstance(value, (ListValue, MapValue)) else element
        element = _element_of(to.kind, items, allowance) if items else empty
        items = [convert(item, element, allowance) for item in items]
        if holds_any(element):
            element = one_type(items, element, allowance)
    if isinstance(value, dict):
        return MapValue(dict(zip(value, items, strict=True)), element)
    return set_of(items, element, allowance) if to.kind == "set" else ListValue(items, element)


def _element_of(kind: str, items: Sequence[Any], allowance: Allowance) -> Type:
    """The type that the elements of a collection take. Raises `EvaluationError` where they have none in common."""
    types = [type_of(item, allowance) for item in items]
    common = unified(types)
    if common is None or (kind != "map" and is_mixed(types)):
        raise EvaluationError(f"the elements of the {kind} have no type in common")
    return common


def one_type(items: Iterable[Any], common: Type, allowance: Allowance) -> Type:
    """The type that elements have which were made into one with ``dynamic`` parts: there they must be alike.

    ``[null]`` and ``["a"]`` have ``tuple([string])`` in common and can be in one list, ``[null]`` and ``[["a"]]`` have
    ``tuple([dynamic])`` and cannot. Raises `EvaluationError`.
    """
    types = [type_ for item in items if (type_ := type_of(item, allowance)) != DYNAMIC]
    parts = [list(_at_dynamic(type_, common)) for type_ in types]
    if any(part != parts[0] and ANY not in part for part in parts):
        raise EvaluationError("the elements have no type in common")
    return types[0] if types and common == DYNAMIC else common


def _at_dynamic(type_: Type, common: Type) -> Iterator[Type]:
    """The parts of a type that stand where another has ``dynamic``."""
    match type_, common:
        case _, "dynamic":
            yield type_
        case CollectionType(), CollectionType():
            yield from _at_dynamic(type_.element, common.element)
        case TupleType(), TupleType():
            for part, other in zip(type_.items, common.items, strict=True):
                yield from _at_dynamic(part, other)
        case ObjectType(), ObjectType():
            for name, part in type_.attributes.items():
                yield from _at_dynamic(part, common.attributes[name])


def _to_object(value: Any, to: ObjectType, allowance: Allowance) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise EvaluationError("it is no object")
    allowance.values(len(to.attributes))
    found: dict[str, Any] = {}
    for name, type_ in to.attributes.items():
        item = value.get(name)
        if name not in value and name not in to.optional:
            raise EvaluationError(f"the attribute {name} is missing")
        found[name] = to.optional.get(name) if item is None else convert(item, type_, allowance)
    return found


# Sets and equality ----------------------------------------------------------------------------------------------------


def set_of(items: Iterable[Any], element: Type, allowance: Allowance) -> SetValue:
    """A set of values of one type: each once, in Terraform's order.

    Text is ordered by its characters, numbers by size, anything else by go-cty's set hash (set_internals.go).
    Unknown elements stand last: they may repeat others.
    """
    known: dict[Hashable, Any] = {}
    unknown: list[Any] = []
    for item in items:
        key = key_of(item, allowance)
        if key is None:
            unknown.append(item)
        else:
            known.setdefault(key, item)
    allowance.steps(_STEPS * len(known))
    values = list(known.values())
    is_null = known.pop(key_of(None, allowance), values) is None
    simple = element in ("string", "number", "bool")
    ordered = sorted(known.values(), key=None if simple else lambda item: _written(item, allowance))
    return SetValue([*ordered, *([None] if is_null else []), *unknown], element)


def key_of(value: Any, allowance: Allowance) -> Hashable:  # noqa: PLR0911 - one return for each kind of value
    """What equal values have in common, and only they; None where something in the value is unknown."""
    allowance.steps()
    if value.__class__ is str or is_number(value):
        return value  # type: ignore[no-any-return]
    if value is None or isinstance(value, bool):
        return (value,)
    if isinstance(value, Sensitive):
        return key_of(value.value, allowance)
    if isinstance(value, list):
        items = [key_of(item, allowance) for item in value]
        if None in items:
            return None
        parts: Hashable = frozenset(items) if isinstance(value, SetValue) else tuple(items)
        return (_class(value), parts)
    if isinstance(value, dict):
        pairs = [(name, key_of(item, allowance)) for name, item in value.items()]
        return None if any(key is None for _, key in pairs) else (_class(value), frozenset(pairs))
    return None


def _class(value: Any) -> Hashable:
    """A value's kind: tuple, object, list, …; for an empty collection also its element type, the only difference."""
    if not isinstance(value, (ListValue, MapValue)):
        return list if isinstance(value, list) else dict
    return value.kind, None if value else str(value.element)


def _written(value: Any, allowance: Allowance) -> str:
    """A value as go-cty writes it down to order sets of anything but text, numbers and truth values."""
    allowance.steps(_STEPS)
    if value is None:
        return "~"
    if isinstance(value, bool):
        return "T" if value else "F"
    if is_number(value):
        return ("-" if value < 0 else "") + arithmetic.general(value, 10)
    if isinstance(value, str):
        return quoted(value, allowance)
    if isinstance(value, MapValue):
        return (
            f"{{{''.join(f'{quoted(name, allowance)}:{_written(value[name], allowance)};' for name in sorted(value))}}}"
        )
    items = [value[name] for name in sorted(value)] if isinstance(value, dict) else value
    opening, closing = "[]" if isinstance(value, ListValue) else "<>"
    return f"{opening}{''.join(f'{_written(item, allowance)};' for item in items)}{closing}"


def is_equal(left: Any, right: Any, allowance: Allowance) -> bool | Unknown:  # noqa: PLR0911 - one return for each kind of value
    """Whether two values are equal in type and contents; Unknown where something in them is. Raises `LimitError`."""
    allowance.steps(_STEPS)
    for value in (left, right):
        if isinstance(value, Unknown):
            return value
    if is_number(left) and is_number(right):
        return bool(left == right)
    if isinstance(left, SetValue) and isinstance(right, SetValue):
        keys = [key_of(left, allowance), key_of(right, allowance)]
        return keys[0] == keys[1] if None not in keys else Unknown("a set holds what is unknown")
    if isinstance(left, (list, dict)) and isinstance(right, (list, dict)):
        if _class(left) != _class(right) or len(left) != len(right):
            return False
        if isinstance(left, list) or isinstance(right, list):
            return _all(is_equal(a, b, allowance) for a, b in zip(left, right, strict=True))
        return left.keys() == right.keys() and _all(is_equal(left[key], right[key], allowance) for key in left)
    return left.__class__ is right.__class__ and bool(left == right)


def _all(answers: Iterator[bool | Unknown]) -> bool | Unknown:
    unknown: Unknown | None = None
    for answer in answers:
        if answer is False:
            return False
        if isinstance(answer, Unknown):
            unknown = answer
    return True if unknown is None else unknown


def items_of(collection: Any) -> Iterable[tuple[Any, Any]]:
    """Key and value of each element, in Terraform's order. Raises `EvaluationError` for what has no elements."""
    if isinstance(collection, Attributes) and not isinstance(collection, dict):
        collection = collection.whole()
    if isinstance(collection, SetValue):
        return [(item, item) for item in collection]
    if isinstance(collection, list):
        return enumerate(collection)
    if isinstance(collection, dict):
        return [(key, collection[key]) for key in sorted(collection)]
    if isinstance(collection, Unknown):
        raise EvaluationError(collection.reason)
    raise EvaluationError("it is neither a list nor a map, and has no elements")


# Types that are declared ----------------------------------------------------------------------------------------------

_PLAIN: dict[str, Type] = {
    **{name: name for name in (ANY, "string", "number", "bool")},
    **{name: CollectionType(name, ANY) for name in ("list", "set", "map")},
}


def declared(type_: syntax.Expression, allowance: Allowance) -> Type:
    """The type that an expression such as ``map(object({min = optional(number, 1)}))`` declares.

    Raises `EvaluationError` for what is no type.
    """
    match type_:
        case syntax.Name(name=name) | syntax.Literal(value=str(name)):  # "string", as before Terraform 0.12
            if name not in _PLAIN:
                raise EvaluationError(f"there is no type {name}")
            return _PLAIN[name]
        case syntax.Call(name="list" | "set" | "map" as kind, arguments=(element,)):
            return CollectionType(kind, declared(element, allowance))
        case syntax.Call(name="tuple", arguments=(syntax.Tuple(items=items),)):
            return TupleType(tuple(declared(item, allowance) for item in items))
        case syntax.Call(name="object", arguments=(syntax.Object(entries=entries),)):
            return _declared_object(entries, allowance)
        case syntax.Call(name=name):
            raise EvaluationError(f"there is no type {name}")
    raise EvaluationError("it is no type")


def _declared_object(entries: Sequence[syntax.ObjectElement], allowance: Allowance) -> ObjectType:
    attributes: dict[str, Type] = {}
    optional: dict[str, Any] = {}
    for entry in entries:
        if not isinstance(entry.key, syntax.Literal):
            raise EvaluationError("the attributes of an object type are names")
        name, type_ = str(entry.key.value), entry.value
        if isinstance(type_, syntax.Call) and type_.name == "optional" and type_.arguments:
            attributes[name] = declared(type_.arguments[0], allowance)
            optional[name] = _default(type_.arguments[1:], attributes[name], allowance)
        else:
            attributes[name] = declared(type_, allowance)
    return ObjectType(attributes, optional)


def _default(arguments: Sequence[syntax.Expression], type_: Type, allowance: Allowance) -> Any:
    """The second argument of ``optional()``, converted; None where there is none."""
    if not arguments:
        return None
    try:
        return convert(constant(arguments[0]), type_, allowance)
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
