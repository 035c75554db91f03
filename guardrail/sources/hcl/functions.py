"""Terraform's functions, as far as they can be worked out without Terraform.

`TABLE` has the types of each function's parameters, into which arguments are converted before it is computed; its
comment says how to read them. The answers are held against those of ``terraform console`` in the tests.
"""

import math
import os
from collections.abc import Callable
from functools import lru_cache
from itertools import chain, product
from typing import Any, TypeAlias

from msgspec import Struct

from guardrail.errors import LimitError
from guardrail.limits import Allowance
from guardrail.model import Unknown
from guardrail.sources.base import LOST, Computed
from guardrail.sources.hcl import arithmetic, encodings, formatting, regex, syntax
from guardrail.sources.hcl.arithmetic import whole
from guardrail.sources.hcl.characters import characters, normal
from guardrail.sources.hcl.files import Filesystem, template_in
from guardrail.sources.hcl.parse import parse_expression
from guardrail.sources.hcl.scope import EvaluationScope
from guardrail.sources.hcl.types import (
    ANY,
    convert,
    declared,
    is_equal,
    is_mixed,
    key_of,
    number_of,
    one_type,
    set_of,
    to_text,
    type_of,
    unified,
)
from guardrail.sources.hcl.undecided import formula
from guardrail.sources.hcl.values import (
    CollectionType,
    EvaluationError,
    ListValue,
    MapValue,
    NotWorkedOutError,
    Sensitive,
    SetValue,
    TupleType,
    Type,
    first_unknown,
    like,
    marked,
    materialized,
    merged,
    plain,
    texts,
    unmarked,
)

_AT_APPLY = "known only after apply"
_MOST_IN_RANGE = 1024
_CONVERSIONS = frozenset({"tobool", "tonumber", "tostring"})
"""What they give is called what their argument is called."""
_SALTED = frozenset({"bcrypt"})
"""What gives something else each time."""
_CALL = 24
"""What a call costs, in steps of `guardrail.limits.Allowance`."""
_WIDEST = 1000
_LONGEST_JSON = 4 << 20
"""Characters of a definition of which something is not known, as far as it is told."""
_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
"""White space as Go has it; Python's includes four control characters more."""


Evaluate: TypeAlias = Callable[[syntax.Expression, EvaluationScope], Any]


class _FunctionParameter(Struct, frozen=True):
    type: Type
    takes_null: bool
    takes_unknown: bool
    keeps_unknown: bool
    keeps_marks: bool


class _HclFunction(Struct, frozen=True):
    compute: Callable[..., Any]
    parameters: tuple[_FunctionParameter, ...]
    rest: _FunctionParameter | None
    given: str
    """``$`` or ``@``, as `TABLE` has it."""


def call(node: syntax.Call, scope: EvaluationScope, evaluate: Evaluate) -> Any:
    """The value of a call. Raises `EvaluationError` where Terraform would report an error."""
    name = node.name.removeprefix("core::")
    special = _SPECIAL.get(name)
    if special is not None:
        least, most, compute = special
        if not node.expands and not least <= len(node.arguments) <= most:
            raise EvaluationError(f"{name}() does not take {len(node.arguments)} arguments")
        return compute(node, scope, evaluate)
    if name not in TABLE:
        return Computed(reason=f"the function {name} is not known here", references=(LOST,))
    arguments = _arguments(node, scope, evaluate)
    return arguments if isinstance(arguments, Unknown) else _applied(name, arguments, _CallSite(node, scope, evaluate))


def _arguments(node: syntax.Call, scope: EvaluationScope, evaluate: Evaluate) -> list[Any] | Unknown:
    arguments = [materialized(evaluate(argument, scope)) for argument in node.arguments]
    if node.expands and arguments:
        last = arguments.pop()
        if isinstance(plain(last), Unknown):
            return merged(plain(last))
        if not isinstance(plain(last), list):
            raise EvaluationError("only a list can be expanded into arguments")
        arguments += [marked(item) for item in last.value] if isinstance(last, Sensitive) else last
    return arguments


def _applied(name: str, arguments: list[Any], place: "_CallSite") -> Any:
    function, trace = _function(name), place.scope.module.trace
    allowance = trace.allowance
    allowance.steps(_CALL)
    if name == "lookup" and len(arguments) > 1 and isinstance(arguments[1], Unknown):
        arguments[1] = trace.key_of(arguments[0], arguments[1], tolerant=len(arguments) > 2)  # noqa: PLR2004
    least = len(function.parameters)
    if len(arguments) < least or (function.rest is None and len(arguments) > least):
        raise EvaluationError(f"{name}() does not take {len(arguments)} arguments")
    parameters = [*function.parameters, *([function.rest] * (len(arguments) - least) if function.rest else ())]
    given, is_marked = arguments, False
    if trace.has_sensitive:
        given = list(arguments)
        for index, (argument, parameter) in enumerate(zip(arguments, parameters, strict=True)):
            value, mark = _unmarked(argument, parameter, allowance)
            arguments[index] = value
            is_marked = is_marked or mark
    unknown = _unknown(arguments, parameters, allowance)
    if unknown is not None:
        return merged(unknown, partial=_outline(name, given) if is_marked else _written(name, arguments))
    try:
        values = _converted(arguments, parameters, allowance)
        value = _computed(function, values, place, allowance)
    except EvaluationError as error:
        reason = "it does not take its arguments, which are sensitive" if is_marked else error.reason
        raise EvaluationError(f"{name}(): {reason}") from None
    except ValueError:  # what Python's own decoders and converters refuse, Terraform's do too
        raise EvaluationError(f"{name}() does not take these arguments") from None
    return Sensitive(value, _outline(name, given)) if is_marked else value


def _outline(name: str, arguments: list[Any]) -> str | None:
    """What may be shown of what a function makes of arguments that are sensitive in some places: of JSON the rest."""
    is_open = name == "jsonencode" and not isinstance(arguments[0], Sensitive)
    return _written(name, arguments) if is_open else None


def _unmarked(argument: Any, parameter: _FunctionParameter, allowance: Allowance) -> tuple[Any, bool]:
    if parameter.keeps_marks:
        return plain(argument), isinstance(argument, Sensitive)
    return unmarked(argument, allowance)


def _unknown(arguments: list[Any], parameters: list[_FunctionParameter], allowance: Allowance) -> Unknown | None:
    """Why the result is unknown; None where what has to be known is."""
    for argument, parameter in zip(arguments, parameters, strict=True):
        if isinstance(argument, Unknown):
            if not parameter.takes_unknown:
                return merged(*(value for value in arguments if isinstance(value, Unknown)))
        elif argument.__class__ is not str and not parameter.keeps_unknown:
            unknown = first_unknown((argument,), allowance)
            if unknown is not None:
                return unknown
    return None


def _written(name: str, arguments: list[Any]) -> str | None:
    """The call as text, ``${length(var.names)}``, which tells what it gives from other unknown values."""
    if name in _CONVERSIONS:
        return arguments[0].partial if isinstance(arguments[0], Unknown) else None
    if name == "jsonencode":
        try:
            return formatting.json_text(arguments[0], Allowance(text=_LONGEST_JSON))
        except LimitError:
            return None
    pattern = f"{name}({', '.join(['{}'] * len(arguments))})"
    return None if name in _SALTED else formula(pattern, *arguments)


def _converted(arguments: list[Any], parameters: list[_FunctionParameter], allowance: Allowance) -> list[Any]:
    values: list[Any] = []
    for argument, parameter in zip(arguments, parameters, strict=True):
        if argument is None and not parameter.takes_null:
            raise EvaluationError("an argument is null")
        if argument.__class__ is str:
            allowance.steps(4 + (len(argument) >> (4 if argument.isascii() else 1)))
        values.append(convert(argument, parameter.type, allowance))
    return values


def _computed(function: _HclFunction, values: list[Any], place: "_CallSite", allowance: Allowance) -> Any:
    if function.given == "$":
        value = function.compute(allowance, *values)
    elif function.given == "@":
        value = function.compute(place, *values)
    else:
        value = function.compute(*values)
        if isinstance(value, str):
            allowance.text(len(value))
        elif isinstance(value, (list, dict)):
            allowance.values(len(value))
    return normal(value) if isinstance(value, str) else value


# Special forms --------------------------------------------------------------------------------------------------------


def _try(node: syntax.Call, scope: EvaluationScope, evaluate: Evaluate) -> Any:
    """The first argument that is no error; an unknown one may still turn out to be one, but Terraform takes it."""
    reason = ""
    for argument in node.arguments:
        try:
            return _tried(argument, scope, evaluate)
        except EvaluationError as caught:
            reason = caught.reason
    raise EvaluationError(f"try(): {reason}")


def _tried(argument: syntax.Expression, scope: EvaluationScope, evaluate: Evaluate) -> Any:
    """The value of an expression in which a key that is not there is no error of the module."""
    trace = scope.module.trace
    trace.trying += 1
    try:
        return evaluate(argument, scope)
    finally:
        trace.trying -= 1


def _can(node: syntax.Call, scope: EvaluationScope, evaluate: Evaluate) -> Any:
    try:
        value = _tried(node.arguments[0], scope, evaluate)
    except EvaluationError:
        return False
    return merged(value) if isinstance(value, Unknown) else True


def _sensitive(node: syntax.Call, scope: EvaluationScope, evaluate: Evaluate) -> Any:
    scope.module.trace.has_sensitive = True
    return marked(evaluate(node.arguments[0], scope))


def _nonsensitive(node: syntax.Call, scope: EvaluationScope, evaluate: Evaluate) -> Any:
    return plain(evaluate(node.arguments[0], scope))


def _issensitive(node: syntax.Call, scope: EvaluationScope, evaluate: Evaluate) -> Any:
    value = evaluate(node.arguments[0], scope)
    return merged(value) if isinstance(value, Unknown) else isinstance(value, Sensitive)


_MANY = 1 << 20
_SPECIAL: dict[str, tuple[int, int, Callable[[syntax.Call, EvaluationScope, Evaluate], Any]]] = {
    "try": (1, _MANY, _try),
    "can": (1, 1, _can),
    "sensitive": (1, 1, _sensitive),
    "nonsensitive": (1, 1, _nonsensitive),
    "issensitive": (1, 1, _issensitive),
}


# Files, templates and what only a plan knows --------------------------------------------------------------------------


class _CallSite(Struct, frozen=True):
    """Where a call stands, for the few functions that need more than their arguments."""

    node: syntax.Call
    scope: EvaluationScope
    evaluate: Evaluate

    def rendered(self, template: syntax.Expression, names: Any) -> Any:
        """A template with names of its own."""
        return self.evaluate(template, EvaluationScope(self.scope.module, _map(names)))


def _templatefile(place: _CallSite, path: str, names: Any) -> Any:
    return place.rendered(place.scope.module.files.template(path), names)


def _templatestring(place: _CallSite, text: str, names: Any) -> Any:
    if not isinstance(place.node.arguments[0], (syntax.Attribute, syntax.Index, syntax.Name)):
        raise EvaluationError("it takes a reference to a template")
    return place.rendered(template_in(text, "the template"), names)


def _of_files(compute: Callable[..., Any]) -> Callable[..., Any]:
    """A function of the files that the module can read."""
    return lambda place, *arguments: compute(place.scope.module.files, *arguments)


def _of_content(compute: Callable[[bytes], Any]) -> Callable[..., Any]:
    """A function of what one of these files holds."""
    return _of_files(lambda files, path: compute(files.content(path)))


def _abspath(place: _CallSite, path: str) -> str:
    return os.path.normpath(os.path.join(place.scope.module.root("path")["cwd"], path))


def _unknowable(reason: str) -> Callable[..., Any]:
    return lambda *_: Computed(reason=reason, references=(LOST,))


# Numbers --------------------------------------------------------------------------------------------------------------


def _to_whole(round_: Callable[[arithmetic.Number], int]) -> Callable[[arithmetic.Number], arithmetic.Number]:
    return lambda number: number if number in (math.inf, -math.inf) else round_(number)


def _signum(number: arithmetic.Number) -> int:
    return (whole(number) > 0) - (whole(number) < 0)


def _parseint(text: Any, base: arithmetic.Number) -> Any:
    digits = text if isinstance(text, str) else ""
    unsigned = digits[1:] if digits[:1] in ("-", "+") else digits
    if not unsigned.isascii() or not unsigned.isalnum() or len(digits) > _WIDEST:
        raise EvaluationError("it is no whole number")
    if not 2 <= whole(base) <= 62:  # noqa: PLR2004 - digits, small letters, capitals
        raise EvaluationError("the base is a number from 2 to 62")
    value = 0
    for digit in unsigned if base > 36 else unsigned.lower():  # noqa: PLR2004 - capitals count for more
        place = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".index(digit)
        if place >= base:
            raise EvaluationError("it is no whole number")
        value = value * whole(base) + place
    return arithmetic.rounded(-value if digits.startswith("-") else value)


def _sum(value: Any) -> Any:
    numbers = [number_of(item) for item in _sequence(value, sets=True)]
    if not numbers:
        raise EvaluationError("an empty list has no sum")
    total = numbers[0]
    for number in numbers[1:]:
        total = arithmetic.OPERATORS["+"](total, number)
    return total


def _range(allowance: Allowance, *limits: arithmetic.Number) -> ListValue:
    if not 1 <= len(limits) <= 3:  # noqa: PLR2004 - start, stop and step
        raise EvaluationError("it takes one to three numbers")
    start, stop = (0, limits[0]) if len(limits) == 1 else limits[:2]
    step = limits[2] if len(limits) > 2 else 1 if start <= stop else -1  # noqa: PLR2004
    if step == 0 or (start < stop and step < 0) or (start > stop and step > 0):
        raise EvaluationError("the step leads nowhere")
    found: list[Any] = []
    while start < stop if step > 0 else start > stop:
        found.append(start)
        start = arithmetic.OPERATORS["+"](start, step)
        if len(found) > _MOST_IN_RANGE:
            raise EvaluationError("there are more than 1,024 numbers")
    allowance.values(len(found))
    return ListValue(found, "number")


# Text -----------------------------------------------------------------------------------------------------------------


def _by_character(change: Callable[[str], str]) -> Callable[[str], str]:
    """A change of case, character by character as Go does it: what would become two stays."""

    def changed(text: str) -> str:
        if text.isascii():
            return change(text)
        return "".join(new if len(new := change(old)) == 1 else old for old in text.replace("İ", change("İ")[:1]))

    return changed


def _title(text: str) -> str:
    upper, is_inside = _by_character(str.title), False
    parts: list[str] = []
    for character in text:
        parts.append(character if is_inside else upper(character))
        is_inside = character == "_" or character.isalnum() or not (character.isascii() or character in _SPACE)
    return "".join(parts)


def _substr(text: str, offset: arithmetic.Number, length: arithmetic.Number) -> str:
    parts, start, count = characters(text), whole(offset), whole(length)
    is_open = count < 0 or (start < 0 and count == 0)  # a length of 0 counts from the start only
    if start < 0:
        start = max(start + len(parts), 0)
    return "".join(parts[start:] if is_open else parts[start : start + count])


def _split(separator: str, text: str) -> ListValue:
    return texts(text.split(separator) if separator else text)


def _join(allowance: Allowance, separator: str, *lists: Any) -> str:
    items = list(chain.from_iterable(lists))
    if not lists or None in items:
        raise EvaluationError("an element is null" if lists else "it takes a list")
    allowance.text(sum(map(len, items)) + len(separator) * len(items))
    return separator.join(items)


def _replace(allowance: Allowance, text: str, search: str, replacement: str) -> str:
    if len(search) > 1 and search.startswith("/") and search.endswith("/"):
        return regex.replace(text, search[1:-1], replacement, allowance)
    allowance.text(len(text) + len(replacement) * text.count(search))
    return text.replace(search, replacement)


def _indent(allowance: Allowance, spaces: arithmetic.Number, text: str) -> str:
    margin = "\n" + " " * min(whole(spaces), _WIDEST)
    allowance.text(len(text) + len(margin) * text.count("\n"))
    return text.replace("\n", margin)


def _format(allowance: Allowance, template: str, *arguments: Any) -> Any:
    if None in arguments:
        return Computed(reason="Terraform does not tell how null is formatted")
    return formatting.formatted(template, arguments, allowance)


def _formatlist(allowance: Allowance, template: str, *arguments: Any) -> Any:
    lengths = {len(argument) for argument in arguments if isinstance(argument, list)}
    if len(lengths) > 1:
        raise EvaluationError("the lists have different lengths")
    found: list[str] = []
    for index in range(lengths.pop() if lengths else 1):
        allowance.steps(8)
        row = [argument[index] if isinstance(argument, list) else argument for argument in arguments]
        allowance.values(1)
        found.append(formatting.formatted(template, row, allowance))
    return texts(map(normal, found))


# Collections ----------------------------------------------------------------------------------------------------------


def _sequence(value: Any, *, sets: bool = False) -> list[Any]:
    """A list or tuple, or, where ``sets`` may be there, a set. Raises `EvaluationError` for anything else."""
    if not isinstance(value, list) or (isinstance(value, SetValue) and not sets):
        raise EvaluationError("null is no list" if value is None else "it is no list")
    return value


def _map(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise EvaluationError("null is no map" if value is None else "it is no map")
    return value


def _length(value: Any) -> Any:
    if isinstance(value, str):
        return len(characters(value))
    if not isinstance(value, (list, dict)):
        raise EvaluationError("it has no length")
    unknown = [item for item in value if isinstance(item, Unknown)] if isinstance(value, SetValue) else []
    return merged(*unknown) if unknown and len(value) > 1 else len(value)


def _keys(value: Any) -> list[Any]:
    names = sorted(_map(value))
    return texts(names) if isinstance(value, MapValue) else list(names)


def _values(value: Any) -> list[Any]:
    items = [item for _, item in sorted(_map(value).items(), key=lambda pair: pair[0])]
    return ListValue(items, value.element) if isinstance(value, MapValue) else items


def _lookup(allowance: Allowance, value: Any, key: str, *default: Any) -> Any:
    if key in _map(value):
        return value[key]
    if len(default) != 1:
        raise EvaluationError(f"there is no key {key!r}")
    return convert(default[0], value.element, allowance) if isinstance(value, MapValue) else default[0]


def _merge(allowance: Allowance, *maps: Any) -> Any:
    given = [_map(value) for value in maps if value is not None]
    found: dict[str, Any] = {}
    for value in given:
        allowance.values(len(value))
        found.update(value)
    first = given[0] if given else found
    same = all(isinstance(value, MapValue) and value.element == getattr(first, "element", None) for value in given)
    return like(first, found) if same else found


def _concat(allowance: Allowance, *lists: Any) -> list[Any]:
    if not lists:
        raise EvaluationError("it takes a list")
    allowance.values(sum(len(_sequence(value)) for value in lists))
    items = list(chain.from_iterable(lists))
    if all(isinstance(value, ListValue) for value in lists):
        element = unified(value.element for value in lists)
        if element is not None:
            items = [convert(item, element, allowance) for item in items]
            return ListValue(items, one_type(items, element, allowance))
    return items


def _flatten(allowance: Allowance, value: Any) -> Any:
    """The elements of the elements …; a list whose contents are unknown, or are sensitive, makes the whole so."""
    found: list[Any] = []
    pending = [iter(_sequence(value, sets=True))]
    is_marked = False
    while pending:
        for item in pending[-1]:
            allowance.steps(4)
            inner = plain(item)
            if isinstance(inner, list):
                is_marked = is_marked or inner is not item
                pending.append(iter(inner))
                break
            if isinstance(inner, Unknown):
                return merged(inner)
            allowance.values(1)
            found.append(item)
        else:
            pending.pop()
    return marked(found) if is_marked else found


def _element(value: Any, index: arithmetic.Number) -> Any:
    items, position = _sequence(value), whole(index)
    if not items:
        raise EvaluationError("the list is empty")
    if position < 0:
        raise NotWorkedOutError("what a negative index is depends on the version of Terraform")
    return items[position % len(items)]


def _one(value: Any) -> Any:
    items = _sequence(value, sets=True)
    if len(items) > 1:
        raise EvaluationError("there is more than one element")
    return items[0] if items else None


def _contains(allowance: Allowance, value: Any, wanted: Any) -> Any:
    items = _sequence(value, sets=True)
    key = key_of(wanted, allowance)
    unknown: list[Unknown] = []
    for item in items:
        own = key_of(item, allowance)
        if own is not None and own == key:
            return True
        if own is None or key is None:
            answer = is_equal(item, wanted, allowance)
            unknown += [answer] if isinstance(answer, Unknown) else []
    return merged(*unknown) if unknown else False


def _distinct(allowance: Allowance, value: ListValue) -> Any:
    allowance.values(len(value))
    found: dict[Any, Any] = {}
    for item in value:
        found.setdefault(key_of(item, allowance), item)
    return like(value, found.values())


def _index(allowance: Allowance, value: Any, wanted: Any) -> int:
    key = key_of(wanted, allowance)
    for position, item in enumerate(_sequence(value)):
        if key_of(item, allowance) == key:
            return position
    raise EvaluationError("the list does not hold it")


def _reverse(value: Any) -> list[Any]:
    items = _sequence(value, sets=True)[::-1]
    return ListValue(items, value.element) if isinstance(value, ListValue) else items


def _slice(value: Any, start: arithmetic.Number, stop: arithmetic.Number) -> Any:
    items, first, last = _sequence(value), whole(start), whole(stop)
    if not 0 <= first <= last <= len(items):
        raise EvaluationError("the list is not that long")
    return like(items, items[first:last])


def _sort(value: ListValue) -> ListValue:
    if None in value:
        raise EvaluationError("an element is null")
    return texts(sorted(value))


def _chunklist(value: ListValue, size: arithmetic.Number) -> ListValue:
    count = whole(size)
    if count < 0:
        raise EvaluationError("the size is at least 0")
    starts = range(0, len(value), count or len(value) or 1)
    chunks = [like(value, value[start : start + (count or len(value))]) for start in starts]
    return ListValue(chunks, CollectionType("list", value.element))


def _coalesce(allowance: Allowance, *arguments: Any) -> Any:
    """The first argument that is neither null nor empty, in the type that all have in common."""
    common = unified(type_of(argument, allowance) for argument in arguments if argument is not None)
    if common is None:
        raise EvaluationError("the arguments have no type in common")
    unknown = [value for value in map(plain, arguments) if isinstance(value, Unknown)]
    is_marked = False
    for argument in arguments:
        value = plain(argument)
        if isinstance(value, Unknown):
            return merged(*unknown)
        is_marked = is_marked or value is not argument
        if value is not None and value != "":
            found = convert(value, common, allowance)
            return marked(found) if is_marked else found
    raise EvaluationError("every argument is null or empty")


def _coalescelist(*lists: Any) -> Any:
    for value in lists:
        if _sequence(value):
            return value
    raise EvaluationError("every list is empty")


def _zipmap(keys: ListValue, values: Any) -> dict[str, Any]:
    if None in keys:
        raise EvaluationError("a key is null")
    found = dict(zip(keys, _sequence(values), strict=True))
    return MapValue(found, values.element) if isinstance(values, ListValue) else found


def _transpose(allowance: Allowance, value: MapValue) -> MapValue:
    found: dict[str, ListValue] = {}
    for key, items in sorted(value.items()):
        allowance.values(len(items or ()))
        for item in items or ():
            found.setdefault(to_text(item), texts(())).append(key)
    return MapValue(found, CollectionType("list", "string"))


def _matchkeys(allowance: Allowance, values: ListValue, keys: ListValue, wanted: ListValue) -> Any:
    allowance.values(len(values))
    common = unified((keys.element, wanted.element))
    if common is None:
        raise EvaluationError("the keys have no type in common")
    known = {key_of(convert(key, common, allowance), allowance) for key in wanted}
    pairs = zip(values, keys, strict=True)
    return like(values, [item for item, key in pairs if key_of(convert(key, common, allowance), allowance) in known])


def _sets(combine: Callable[[set[Any], set[Any]], set[Any]]) -> Callable[..., SetValue]:
    """A function of sets, which first take the type that they have in common."""

    def compute(allowance: Allowance, *sets: SetValue) -> SetValue:
        allowance.values(sum(map(len, sets)))
        elements = [value.element for value in sets if value or value.element != ANY]
        element = unified(elements)
        if element is None or is_mixed(elements):
            raise EvaluationError("the sets have no type in common")
        alike = [convert(value, CollectionType("set", element), allowance) for value in sets]
        items = {key_of(item, allowance): item for value in alike for item in value}
        keys = [{key_of(item, allowance) for item in value} for value in alike]
        common = keys[0]
        for other in keys[1:]:
            common = combine(common, other)
        return set_of([items[key] for key in common], element, allowance)

    return compute


def _setproduct(allowance: Allowance, *sets: Any) -> Any:
    if len(sets) < 2:  # noqa: PLR2004 - a product is of two
        raise EvaluationError("it takes two sets")
    collections = [convert(value, _type("list"), allowance) for value in sets]
    allowance.values(math.prod(map(len, collections)) * (len(sets) + 1))
    rows = [list(row) for row in product(*collections)]
    element = TupleType(tuple(value.element for value in collections))
    if all(isinstance(value, SetValue) for value in sets):
        return set_of(rows, element, allowance)
    return ListValue(rows, element)


TABLE: dict[str, tuple[str, Callable[..., Any]]] = {
    "abs": ("number", abs),
    "abspath": ("@ string", _abspath),
    "alltrue": ("list(bool)", lambda values: all(value is True for value in values)),
    "anytrue": ("list(bool)", lambda values: any(value is True for value in values)),
    "base64decode": ("string", encodings.base64_decoded),
    "base64encode": ("string", encodings.base64_encoded),
    "base64sha256": ("string", encodings.digest("sha256", encodings.base64_encoded)),
    "base64sha512": ("string", encodings.digest("sha512", encodings.base64_encoded)),
    "basename": ("string", encodings.base_name),
    "bcrypt": ("any any*", _unknowable(_AT_APPLY)),
    "ceil": ("number", _to_whole(math.ceil)),
    "chomp": ("string", lambda text: text.rstrip("\r\n")),
    "chunklist": ("list~^ number", _chunklist),
    "cidrhost": ("string number", encodings.cidr_host),
    "cidrnetmask": ("string", encodings.cidr_netmask),
    "cidrsubnet": ("string number number", encodings.cidr_subnet),
    "cidrsubnets": ("string number*", encodings.cidr_subnets),
    "coalesce": ("$ any?!~^*", _coalesce),
    "coalescelist": ("any~^*", _coalescelist),
    "compact": ("list(string)", lambda value: texts(item for item in value if item)),
    "concat": ("$ any~^*", _concat),
    "contains": ("$ any~ any~", _contains),
    "csvdecode": ("$ string", encodings.csv_decoded),
    "dirname": ("string", encodings.directory_name),
    "distinct": ("$ list", _distinct),
    "element": ("any~^ number", _element),
    "endswith": ("string string", str.endswith),
    "file": ("@ string", _of_files(Filesystem.text)),
    "filebase64": ("@ string", _of_content(encodings.base64_encoded)),
    "fileexists": ("@ string", _of_files(Filesystem.exists)),
    "filemd5": ("@ string", _of_content(encodings.digest("md5"))),
    "fileset": ("@ string string", _of_files(Filesystem.matching)),
    "filesha1": ("@ string", _of_content(encodings.digest("sha1"))),
    "filesha256": ("@ string", _of_content(encodings.digest("sha256"))),
    "filesha512": ("@ string", _of_content(encodings.digest("sha512"))),
    "flatten": ("$ any~^", _flatten),
    "floor": ("number", _to_whole(math.floor)),
    "format": ("$ string any?*", _format),
    "formatlist": ("$ string any?*", _formatlist),
    "indent": ("$ number string", _indent),
    "index": ("$ any any", _index),
    "join": ("$ string list(string)*", _join),
    "jsondecode": ("$ string", encodings.json_decoded),
    "jsonencode": ("$ any?", lambda allowance, value: formatting.json_text(value, allowance)),
    "keys": ("any~^", _keys),
    "length": ("any~^", _length),
    "log": ("number number", arithmetic.logarithm),
    "lookup": ("$ any~^ string any?!~^*", _lookup),
    "lower": ("string", _by_character(str.lower)),
    "matchkeys": ("$ list list list", _matchkeys),
    "max": ("number number*", lambda *numbers: max(numbers)),
    "md5": ("string", encodings.digest("md5")),
    "merge": ("$ any?~^*", _merge),
    "min": ("number number*", lambda *numbers: min(numbers)),
    "one": ("any~^", _one),
    "parseint": ("any number", _parseint),
    "plantimestamp": ("", _unknowable("it is the time of the plan")),
    "pow": ("number number", arithmetic.power),
    "range": ("$ number*", _range),
    "regex": ("$ string string", regex.search),
    "regexall": ("$ string string", regex.search_all),
    "replace": ("$ string string string", _replace),
    "reverse": ("any~^", _reverse),
    "setintersection": ("$ set set*", _sets(set.__and__)),
    "setproduct": ("$ any~*", _setproduct),
    "setsubtract": ("$ set set", _sets(set.__sub__)),
    "setunion": ("$ set set*", _sets(set.__or__)),
    "sha1": ("string", encodings.digest("sha1")),
    "sha256": ("string", encodings.digest("sha256")),
    "sha512": ("string", encodings.digest("sha512")),
    "signum": ("number", _signum),
    "slice": ("any~^ number number", _slice),
    "sort": ("list(string)", _sort),
    "split": ("string string", _split),
    "startswith": ("string string", str.startswith),
    "strcontains": ("string string", str.__contains__),
    "strrev": ("string", lambda text: "".join(reversed(characters(text)))),
    "substr": ("string number number", _substr),
    "sum": ("any", _sum),
    "templatefile": ("@ string any~^", _templatefile),
    "templatestring": ("@ string any~^", _templatestring),
    "timeadd": ("string string", encodings.time_added),
    "timecmp": ("string string", encodings.time_compared),
    "timestamp": ("", _unknowable(_AT_APPLY)),
    "title": ("string", _title),
    "tobool": ("bool?", lambda value: value),
    "tolist": ("list?~^", lambda value: value),
    "tomap": ("map?~^", lambda value: value),
    "tonumber": ("number?", lambda value: value),
    "toset": ("set?~", lambda value: value),
    "tostring": ("string?", lambda value: value),
    "transpose": ("$ map(list(string))", _transpose),
    "trim": ("string string", lambda text, cutset: text.strip(cutset) if cutset else text),
    "trimprefix": ("string string", str.removeprefix),
    "trimspace": ("string", lambda text: text.strip(_SPACE)),
    "trimsuffix": ("string string", str.removesuffix),
    "upper": ("string", _by_character(str.upper)),
    "urlencode": ("string", encodings.url_encoded),
    "uuid": ("", _unknowable(_AT_APPLY)),
    "uuidv5": ("string string", encodings.uuid_of_name),
    "values": ("any~^", _values),
    "yamldecode": ("$ string", encodings.yaml_decoded),
    "zipmap": ("list(string) any~^", _zipmap),
}
"""What each function takes and computes.

A parameter is a type, and signs behind it: ``?`` takes null, ``!`` what is unknown as a whole, ``~`` lets unknown parts
ride along, ``^`` sensitive ones, ``*`` is for any number of further arguments. What is unknown or sensitive without its
sign makes the result so. In front, ``$`` gives the function what it may spend, which it charges itself, and ``@`` the
place of the call.
"""


@lru_cache(256)
def _function(name: str) -> _HclFunction:
    signature, compute = TABLE[name]
    given = signature[0] if signature[:1] in ("$", "@") else ""
    parameters = [_parameter(text) for text in signature.removeprefix(given).split()]
    rest = parameters.pop() if signature.endswith("*") else None
    return _HclFunction(compute, tuple(parameters), rest, given)


def _parameter(text: str) -> _FunctionParameter:
    name = text.rstrip("?!~^*")
    signs = text[len(name) :]
    return _FunctionParameter(_type(name), "?" in signs, "!" in signs, "~" in signs, "^" in signs)


@lru_cache(32)
def _type(text: str) -> Type:
    return declared(parse_expression(text, "a signature"), Allowance())
