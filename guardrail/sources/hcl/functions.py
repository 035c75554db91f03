"""Terraform's functions, as far as they can be worked out without Terraform.

What a function does not know is unknown in its result: most need every argument known to the last element, those marked
``loose`` only look at the outside of their arguments. Checked against ``terraform console`` in the tests.
"""

import re
from collections.abc import Callable, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, DecimalException
from typing import Any, Protocol, TypeAlias

from msgspec import Struct

from guardrail.model import Unknown
from guardrail.sources.base import LOST
from guardrail.sources.hcl import convert, syntax
from guardrail.sources.hcl.convert import items_of, number_of, text_of, truth_of
from guardrail.sources.hcl.values import (
    LONGEST_TEXT,
    MOST_ITEMS,
    NUMBERS,
    Attributes,
    Computed,
    EvaluationError,
    Sensitive,
    SetValue,
    first_unknown,
    is_equal,
    is_number,
    make_set,
    merged,
    unmarked,
    whole,
)

_MANY = 99
_MOST_IN_RANGE = 1024
_WIDEST = 1000
_AT_APPLY = "known only after apply"


class ScopeLike(Protocol):
    """What functions need of the place they are called in."""

    module: Any
    names: dict[str, Any]


Evaluate: TypeAlias = Callable[[syntax.Expression, Any], Any]


class _Function(Struct, frozen=True):
    compute: Callable[..., Any]
    least: int
    most: int
    loose: bool
    """Whether elements of its arguments may be unknown."""
    decisive: int
    """How many of its arguments must be known in any case."""


_FUNCTIONS: dict[str, _Function] = {}


def _function(
    least: int, most: int | None = None, *, name: str = "", loose: bool = False, decisive: int = _MANY * 100
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enter a function under its name, with the number of arguments that it takes."""

    def enter(compute: Callable[..., Any]) -> Callable[..., Any]:
        _FUNCTIONS[name or compute.__name__.strip("_")] = _Function(
            compute, least, least if most is None else most, loose, decisive
        )
        return compute

    return enter


def call(node: syntax.Call, scope: ScopeLike, evaluate: Evaluate) -> Any:
    """The value of a call. Raises `EvaluationError` where Terraform would report an error."""
    name = node.name.removeprefix("core::")
    special = _SPECIAL.get(name)
    if special is not None:
        return special(node, scope, evaluate)
    function = _FUNCTIONS.get(name)
    if function is None:
        return Computed(reason=f"the function {name} is not known here", references=(LOST,))
    arguments = _arguments(node, scope, evaluate)
    if isinstance(arguments, Unknown):
        return arguments
    marked = False
    if scope.module.trace.has_sensitive:
        pairs = [unmarked(argument) for argument in arguments]
        arguments, marked = [value for value, _ in pairs], any(mark for _, mark in pairs)
    unknown = [each for each in arguments[: function.decisive] if isinstance(each, Unknown)]
    if not unknown and not function.loose:
        inside = first_unknown(arguments)
        unknown = [] if inside is None else [inside]
    if unknown:
        return merged(*unknown)
    value = _computed(name, function, arguments)
    return Sensitive(value) if marked and not isinstance(value, Unknown) else value


def _arguments(node: syntax.Call, scope: ScopeLike, evaluate: Evaluate) -> list[Any] | Unknown:
    arguments = [_materialized(evaluate(argument, scope)) for argument in node.arguments]
    if node.expands and arguments:
        last = arguments.pop()
        last = last.value if isinstance(last, Sensitive) else last
        if isinstance(last, Unknown):
            return merged(last)
        if not isinstance(last, list):
            raise EvaluationError("only a list can be expanded into arguments")
        arguments += last
    return arguments


def _materialized(value: Any) -> Any:
    return value.whole() if isinstance(value, Attributes) else value


def _computed(name: str, function: _Function, arguments: list[Any]) -> Any:
    if not function.least <= len(arguments) <= function.most:
        raise EvaluationError(f"{name}() does not take {len(arguments)} arguments")
    try:
        value = function.compute(*arguments)
    except EvaluationError as error:
        raise EvaluationError(f"{name}(): {error.reason}") from None
    except (DecimalException, OverflowError, ValueError, TypeError, KeyError, IndexError, AttributeError, LookupError):
        raise EvaluationError(f"{name}() cannot be computed from its arguments") from None
    if isinstance(value, (list, dict)) and len(value) > MOST_ITEMS:
        raise EvaluationError(f"{name}(): the result has too many elements")
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        raise EvaluationError(f"{name}(): the text is too long")
    return value


# Arguments -----------------------------------------------------------------------------------------------------------


def _text(value: Any) -> str:
    text = text_of(value)
    if text is None:
        raise EvaluationError("null is no text" if value is None else "it is no text")
    return text


def _whole_number(value: Any) -> int:
    number = number_of(value)
    if not isinstance(number, int):
        raise EvaluationError("it is no whole number")
    return number


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise EvaluationError("null is no list" if value is None else "it is no list")
    return value


def _map(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise EvaluationError("null is no map" if value is None else "it is no map")
    return value


def _sorted_map(value: dict[str, Any]) -> list[tuple[str, Any]]:
    return sorted(value.items(), key=lambda item: item[0])


# Special forms -------------------------------------------------------------------------------------------------------


def _try(node: syntax.Call, scope: ScopeLike, evaluate: Evaluate) -> Any:
    """The first argument that is no error; an unknown one may still turn out to be one, but Terraform takes it."""
    error: EvaluationError | None = None
    for argument in node.arguments:
        try:
            return evaluate(argument, scope)
        except EvaluationError as caught:
            error = caught
    raise EvaluationError(f"try(): {error.reason}" if error else "try() takes an argument")


def _can(node: syntax.Call, scope: ScopeLike, evaluate: Evaluate) -> Any:
    try:
        value = evaluate(node.arguments[0], scope)
    except EvaluationError:
        return False
    return merged(value) if isinstance(value, Unknown) else True


def _coalesce(node: syntax.Call, scope: ScopeLike, evaluate: Evaluate) -> Any:
    """The first argument that is neither null nor empty; what follows it need not be known."""
    arguments = _arguments(node, scope, evaluate)
    if isinstance(arguments, Unknown):
        return arguments
    for value in arguments:
        plain = value.value if isinstance(value, Sensitive) else value
        if isinstance(plain, Unknown):
            return merged(*(each for each in arguments if isinstance(each, Unknown)))
        if plain is not None and plain != "":
            return value
    raise EvaluationError("coalesce(): every argument is null or empty")


def _sensitive(node: syntax.Call, scope: ScopeLike, evaluate: Evaluate) -> Any:
    value = evaluate(node.arguments[0], scope)
    scope.module.trace.has_sensitive = True
    return value if isinstance(value, (Unknown, Sensitive)) else Sensitive(value)


def _nonsensitive(node: syntax.Call, scope: ScopeLike, evaluate: Evaluate) -> Any:
    return unmarked(evaluate(node.arguments[0], scope))[0]


def _issensitive(node: syntax.Call, scope: ScopeLike, evaluate: Evaluate) -> Any:
    return unmarked(evaluate(node.arguments[0], scope))[1]


def _templatefile(node: syntax.Call, scope: ScopeLike, evaluate: Evaluate) -> Any:
    """A file as a template, with names of its own."""
    path, names = (unmarked(evaluate(argument, scope))[0] for argument in node.arguments)
    names = _materialized(names)
    if isinstance(path, Unknown) or isinstance(names, Unknown):
        return merged(path if isinstance(path, Unknown) else names)
    inner = scope.__class__(scope.module, _map(names))  # type: ignore[call-arg] # the evaluator's own scope
    return evaluate(scope.module.files.template(_text(path)), inner)


def _read(node: syntax.Call, scope: ScopeLike, evaluate: Evaluate) -> Any:
    """What a file holds, or whether it is there."""
    arguments = [unmarked(evaluate(argument, scope))[0] for argument in node.arguments]
    for argument in arguments:
        if isinstance(argument, Unknown):
            return merged(argument)
    return scope.module.files.call(node.name, *map(_text, arguments))


def _unknowable(reason: str) -> Callable[[syntax.Call, ScopeLike, Evaluate], Any]:
    def answer(_node: syntax.Call, _scope: ScopeLike, _evaluate: Evaluate) -> Any:
        return Computed(reason=reason, references=(LOST,))

    return answer


_SPECIAL: dict[str, Callable[[syntax.Call, ScopeLike, Evaluate], Any]] = {
    "try": _try,
    "can": _can,
    "coalesce": _coalesce,
    "sensitive": _sensitive,
    "nonsensitive": _nonsensitive,
    "issensitive": _issensitive,
    "templatefile": _templatefile,
    **dict.fromkeys(
        ("file", "fileexists", "fileset", "filebase64", "filemd5", "filesha1", "filesha256", "filesha512"), _read
    ),
    **dict.fromkeys(("timestamp", "uuid", "bcrypt"), _unknowable(_AT_APPLY)),
    "plantimestamp": _unknowable("it is the time of the plan"),
}


# Numbers -------------------------------------------------------------------------------------------------------------


@_function(1)
def _abs(number: Any) -> Any:
    return abs(number_of(number))


@_function(1)
def _ceil(number: Any) -> Any:
    return whole(Decimal(number_of(number)).to_integral_value(ROUND_CEILING))


@_function(1)
def _floor(number: Any) -> Any:
    return whole(Decimal(number_of(number)).to_integral_value(ROUND_FLOOR))


@_function(1, _MANY)
def _max(*numbers: Any) -> Any:
    return max(map(number_of, numbers))


@_function(1, _MANY)
def _min(*numbers: Any) -> Any:
    return min(map(number_of, numbers))


@_function(1)
def _signum(number: Any) -> Any:
    value = number_of(number)
    return (value > 0) - (value < 0)


@_function(2)
def _pow(base: Any, exponent: Any) -> Any:
    return whole(NUMBERS.create_decimal(repr(float(number_of(base)) ** float(number_of(exponent)))))


@_function(2)
def _log(number: Any, base: Any) -> Any:
    from math import log

    return whole(NUMBERS.create_decimal(repr(log(number_of(number)) / log(number_of(base)))))


@_function(2)
def _parseint(text: Any, base: Any) -> Any:
    digits = _text(text)
    if not re.fullmatch(r"-?[0-9A-Za-z]+", digits) or len(digits) > _WIDEST:
        raise EvaluationError("it is no whole number")
    return whole(int(digits, _whole_number(base)))


@_function(1)
def _sum(numbers: Any) -> Any:
    values = [number_of(number) for number in _list(numbers)]
    if not values:
        raise EvaluationError("an empty list has no sum")
    return whole(NUMBERS.create_decimal(0) + sum(map(Decimal, values)))


# Text ----------------------------------------------------------------------------------------------------------------


@_function(1)
def _upper(text: Any) -> Any:
    return _text(text).upper()


@_function(1)
def _lower(text: Any) -> Any:
    return _text(text).lower()


@_function(1)
def _title(text: Any) -> Any:
    return re.sub(r"(?<![\w'])\w", lambda match: match[0].upper(), _text(text))


@_function(1)
def _chomp(text: Any) -> Any:
    return re.sub(r"(?:\r?\n)+\Z", "", _text(text))


@_function(1)
def _trimspace(text: Any) -> Any:
    return _text(text).strip()


@_function(2)
def _trim(text: Any, characters: Any) -> Any:
    return _text(text).strip(_text(characters)) if characters else _text(text)


@_function(2)
def _trimprefix(text: Any, prefix: Any) -> Any:
    return _text(text).removeprefix(_text(prefix))


@_function(2)
def _trimsuffix(text: Any, suffix: Any) -> Any:
    return _text(text).removesuffix(_text(suffix))


@_function(2)
def _startswith(text: Any, prefix: Any) -> Any:
    return _text(text).startswith(_text(prefix))


@_function(2)
def _endswith(text: Any, suffix: Any) -> Any:
    return _text(text).endswith(_text(suffix))


@_function(2)
def _strcontains(text: Any, part: Any) -> Any:
    return _text(part) in _text(text)


@_function(1)
def _strrev(text: Any) -> Any:
    return _text(text)[::-1]


@_function(3)
def _substr(text: Any, offset: Any, length: Any) -> Any:
    value, start, count = _text(text), _whole_number(offset), _whole_number(length)
    if start < 0:
        start += len(value)
    if start < 0 or start > len(value):
        return ""
    return value[start:] if count < 0 else value[start : start + count]


@_function(2)
def _split(separator: Any, text: Any) -> Any:
    value = _text(text)
    if not _text(separator):
        return list(value)
    return value.split(_text(separator)) if value else [""]


@_function(2, _MANY)
def _join(separator: Any, *lists: Any) -> Any:
    return _text(separator).join(_text(item) for each in lists for item in _list(each))


@_function(3)
def _replace(text: Any, search: Any, replacement: Any) -> Any:
    value, wanted, instead = _text(text), _text(search), _text(replacement)
    if len(wanted) > 1 and wanted.startswith("/") and wanted.endswith("/"):
        return _pattern(wanted[1:-1]).sub(lambda match: _expanded(instead, match), value)
    if len(instead) * max(value.count(wanted), 1) > LONGEST_TEXT:
        raise EvaluationError("the text is too long")
    return value.replace(wanted, instead)


def _expanded(replacement: str, match: re.Match[str]) -> str:
    """Go's replacement text: ``$1`` and ``${name}``."""

    def group(reference: re.Match[str]) -> str:
        name = reference[1] or reference[2]
        try:
            return match[int(name) if name.isdecimal() else name] or ""
        except IndexError:
            return ""

    return re.sub(r"\$(?:\{(\w+)\}|(\w+))", group, replacement)


@_function(2)
def _regex(pattern: Any, text: Any) -> Any:
    match = _pattern(_text(pattern)).search(_text(text))
    if match is None:
        raise EvaluationError("the pattern matches nothing")
    return _groups(match)


@_function(2)
def _regexall(pattern: Any, text: Any) -> Any:
    return [_groups(match) for match in _pattern(_text(pattern)).finditer(_text(text))]


def _groups(match: re.Match[str]) -> Any:
    named = match.groupdict()
    return named or list(match.groups()) or match[0]


_NESTED_REPEAT = re.compile(r"[*+}][^()]*\)(?:[*+]|\{\d*,)")
_OVERLAP = re.compile(r"\((?:\?:|\?P<\w+>)?[^()]*\|[^()]*\)(?:[*+]|\{\d*,)")


def _pattern(text: str) -> re.Pattern[str]:
    """A pattern of RE2. Those that Python's engine could take for ever over are refused: RE2 never does."""
    if _NESTED_REPEAT.search(text) or _OVERLAP.search(text) or len(text) > _WIDEST:
        raise EvaluationError("the pattern is too involved to be tried here")
    translated = text.replace(r"\z", r"\Z").replace("[[:alpha:]]", "[A-Za-z]").replace("[[:digit:]]", "[0-9]")
    translated = translated.replace("[:alnum:]", "A-Za-z0-9").replace("[:space:]", r"\s").replace("[:alpha:]", "A-Za-z")
    translated = translated.replace("[:digit:]", "0-9").replace("[:lower:]", "a-z").replace("[:upper:]", "A-Z")
    try:
        return re.compile(translated, re.ASCII)
    except (re.error, RecursionError, OverflowError):
        raise EvaluationError("the pattern is not valid") from None


@_function(2)
def _indent(spaces: Any, text: Any) -> Any:
    return _text(text).replace("\n", "\n" + " " * min(_whole_number(spaces), _WIDEST))


_VERB = re.compile(r"%(?:\[(\d+)\])?([-+# 0]*)(\d+)?(?:\.(\d+))?([a-zA-Z%])")


@_function(1, _MANY)
def _format(template: Any, *arguments: Any) -> Any:
    return _formatted(_text(template), arguments)


def _formatted(template: str, arguments: Sequence[Any]) -> str:
    position = 0

    def one(match: re.Match[str]) -> str:
        nonlocal position
        number, flags, width, precision, verb = match.groups()
        if verb == "%":
            return "%"
        if number:
            position = int(number) - 1
        if not 0 <= position < len(arguments):
            raise EvaluationError("there are not enough arguments")
        if int(width or 0) > _WIDEST or int(precision or 0) > _WIDEST:
            raise EvaluationError("it is too wide")
        value = arguments[position]
        position += 1
        return _verb(value, verb, flags, width or "", precision)

    text = _VERB.sub(one, template)
    if position < len(arguments) and "%[" not in template:
        raise EvaluationError("there are too many arguments")
    return text


def _verb(value: Any, verb: str, flags: str, width: str, precision: str | None) -> str:
    dot = "" if precision is None else f".{precision}"
    if verb in "di":
        return f"%{flags}{width}d" % _whole_number(value)
    if verb in "oxX":
        return f"%{flags}{width}{verb}" % _whole_number(value)
    if verb == "b":
        return f"%{flags}{width}s" % f"{_whole_number(value):b}"
    if verb in "eEfFgG":
        return f"%{flags}{width}{dot}{verb}" % float(number_of(value))
    if verb in "stvq":
        text = _shown(value, verb)
        return f"%{flags.replace('0', '').replace('+', '').replace('#', '')}{width}{dot}s" % text
    raise EvaluationError(f"there is no verb %{verb}")


def _shown(value: Any, verb: str) -> str:
    if verb == "s":
        return _text(value)
    if verb == "t":
        truth = truth_of(value)
        return "true" if truth is True else "false"
    if verb == "v":
        text = text_of(value)
        return _json(value) if text is None else text
    return _json(_text(value))


@_function(1, _MANY)
def _formatlist(template: Any, *arguments: Any) -> Any:
    lengths = {len(argument) for argument in arguments if isinstance(argument, list)}
    if len(lengths) > 1:
        raise EvaluationError("the lists have different lengths")
    count = lengths.pop() if lengths else 1
    return [
        _formatted(_text(template), [each[index] if isinstance(each, list) else each for each in arguments])
        for index in range(count)
    ]


# Collections ---------------------------------------------------------------------------------------------------------


@_function(1, loose=True)
def _length(value: Any) -> Any:
    if isinstance(value, str):
        return _graphemes(value)
    if not isinstance(value, (list, dict)):
        raise EvaluationError("it has no length")
    if isinstance(value, SetValue) and any(isinstance(item, Unknown) for item in value) and len(value) > 1:
        return merged(*(item for item in value if isinstance(item, Unknown)))
    return len(value)


def _graphemes(text: str) -> int:
    if text.isascii():
        return len(text)
    from unicodedata import combining

    return sum(not combining(character) for character in text)


@_function(1, loose=True)
def _keys(value: Any) -> Any:
    return sorted(_map(value))


@_function(1, loose=True)
def _values(value: Any) -> Any:
    return [item for _, item in _sorted_map(_map(value))]


@_function(2, 3, loose=True, decisive=2)
def _lookup(value: Any, key: Any, *default: Any) -> Any:
    found = _map(value)
    if _text(key) in found:
        return found[_text(key)]
    if not default:
        raise EvaluationError(f"there is no key {_text(key)!r}")
    return default[0]


@_function(0, _MANY * 100, loose=True)
def _merge(*maps: Any) -> Any:
    found: dict[str, Any] = {}
    for each in maps:
        if each is not None:
            found.update(_map(_materialized(each)))
    return found


@_function(0, _MANY * 100, loose=True)
def _concat(*lists: Any) -> Any:
    return [item for each in lists for item in _list(each)]


@_function(1, loose=True)
def _flatten(value: Any) -> Any:
    found: list[Any] = []
    for item in _list(value):
        if isinstance(item, list):
            found += _flatten(item)
        elif isinstance(item, Unknown):
            return merged(item)
        else:
            found.append(item)
        if len(found) > MOST_ITEMS:
            raise EvaluationError("the list is too long")
    return found


@_function(2, loose=True)
def _element(value: Any, index: Any) -> Any:
    items, position = _list(value), _whole_number(index)
    if not items:
        raise EvaluationError("the list is empty")
    return items[position % len(items)]


@_function(1, loose=True)
def _one(value: Any) -> Any:
    items = _list(value)
    if len(items) > 1:
        raise EvaluationError("there is more than one element")
    return items[0] if items else None


@_function(1, loose=True)
def _compact(value: Any) -> Any:
    items = _list(value)
    unknown = [item for item in items if isinstance(item, Unknown)]
    return merged(*unknown) if unknown else [item for item in items if item is not None and item != ""]


@_function(2, loose=True)
def _contains(value: Any, wanted: Any) -> Any:
    answers = [is_equal(item, wanted) for item in _list(value)]
    if True in answers:
        return True
    unknown = [answer for answer in answers if isinstance(answer, Unknown)]
    return merged(*unknown) if unknown else False


@_function(1)
def _distinct(value: Any) -> Any:
    found: list[Any] = []
    seen: set[Any] = set()
    for item in _list(value):
        if isinstance(item, (str, bool)) or is_number(item):
            key = (item.__class__ is bool, item.__class__ is str, item)
            if key not in seen:
                seen.add(key)
                found.append(item)
        elif all(is_equal(item, other) is not True for other in found):
            found.append(item)
    return found


@_function(2)
def _index(value: Any, wanted: Any) -> Any:
    for position, item in enumerate(_list(value)):
        if is_equal(item, wanted) is True:
            return position
    raise EvaluationError("the list does not hold it")


@_function(1, 3)
def _range(*limits: Any) -> Any:
    numbers = [number_of(limit) for limit in limits]
    start, stop = (0, numbers[0]) if len(numbers) == 1 else (numbers[0], numbers[1])
    step = numbers[2] if len(numbers) > 2 else 1 if start <= stop else -1  # noqa: PLR2004
    if step == 0 or (start < stop and step < 0) or (start > stop and step > 0):
        raise EvaluationError("the step leads nowhere")
    found: list[Any] = []
    while start < stop if step > 0 else start > stop:
        found.append(start)
        start = whole(NUMBERS.add(Decimal(start), Decimal(step)))
        if len(found) > _MOST_IN_RANGE:
            raise EvaluationError("there are more than 1,024 numbers")
    return found


@_function(1, loose=True)
def _reverse(value: Any) -> Any:
    return _list(value)[::-1]


@_function(3, loose=True)
def _slice(value: Any, start: Any, stop: Any) -> Any:
    items, first, last = _list(value), _whole_number(start), _whole_number(stop)
    if not 0 <= first <= last <= len(items):
        raise EvaluationError("the list is not that long")
    return items[first:last]


@_function(1)
def _sort(value: Any) -> Any:
    return sorted(map(_text, _list(value)))


@_function(2, loose=True)
def _chunklist(value: Any, size: Any) -> Any:
    items, count = _list(value), _whole_number(size)
    if count == 0:
        return [items]
    return [items[index : index + count] for index in range(0, len(items), count)]


@_function(1, _MANY, loose=True)
def _coalescelist(*lists: Any) -> Any:
    for each in lists:
        if each:
            return each
    raise EvaluationError("every list is empty")


@_function(2, loose=True)
def _zipmap(keys: Any, values: Any) -> Any:
    unknown = [key for key in _list(keys) if isinstance(key, Unknown)]
    return merged(*unknown) if unknown else dict(zip(map(_text, keys), _list(values), strict=True))


@_function(1)
def _transpose(value: Any) -> Any:
    found: dict[str, list[str]] = {}
    for key, items in _sorted_map(_map(value)):
        for item in _list(items):
            found.setdefault(_text(item), []).append(key)
    return found


@_function(3)
def _matchkeys(values: Any, keys: Any, wanted: Any) -> Any:
    return [
        value
        for value, key in zip(_list(values), _list(keys), strict=True)
        if any(is_equal(key, each) is True for each in wanted)
    ]


@_function(1)
def _alltrue(value: Any) -> Any:
    return all(truth_of(item) is True for item in _list(value))


@_function(1)
def _anytrue(value: Any) -> Any:
    return any(truth_of(item) is True for item in _list(value) if item is not None)


@_function(1, _MANY)
def _setunion(*sets: Any) -> Any:
    return make_set(item for each in sets for item in _list(each))


@_function(1, _MANY)
def _setintersection(first: Any, *others: Any) -> Any:
    return make_set(
        item for item in _list(first) if all(any(is_equal(item, other) is True for other in each) for each in others)
    )


@_function(2)
def _setsubtract(first: Any, second: Any) -> Any:
    return make_set(item for item in _list(first) if all(is_equal(item, other) is not True for other in _list(second)))


@_function(1, _MANY)
def _setproduct(*sets: Any) -> Any:
    from itertools import product
    from math import prod

    if prod(len(_list(each)) for each in sets) > MOST_ITEMS:
        raise EvaluationError("there are too many combinations")
    found = [list(combination) for combination in product(*sets)]
    return make_set(found) if all(isinstance(each, SetValue) for each in sets) else found


# Types ---------------------------------------------------------------------------------------------------------------


@_function(1)
def _tostring(value: Any) -> Any:
    return convert.to_text(value)


@_function(1)
def _tonumber(value: Any) -> Any:
    return convert.to_number(value)


@_function(1)
def _tobool(value: Any) -> Any:
    return convert.to_bool(value)


@_function(1, loose=True)
def _tolist(value: Any) -> Any:
    return None if value is None else list(_list(value))


@_function(0, _MANY, name="list", loose=True)
def _old_list(*items: Any) -> Any:
    return list(items)


@_function(1, loose=True)
def _toset(value: Any) -> Any:
    return None if value is None else make_set(_list(value))


@_function(1, loose=True)
def _tomap(value: Any) -> Any:
    return None if value is None else dict(_map(value))


# Encodings -----------------------------------------------------------------------------------------------------------


@_function(1)
def _jsonencode(value: Any) -> Any:
    return _json(value)


def _json(value: Any) -> str:
    """JSON as Go writes it: sorted keys, and ``<``, ``>`` and ``&`` escaped."""
    import json

    text = json.dumps(_simple(value), separators=(",", ":"), ensure_ascii=False, sort_keys=True)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _simple(value: Any) -> Any:
    """A value with floats for decimals, as JSON takes it."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, list):
        return [_simple(item) for item in value]
    if isinstance(value, dict):
        return {key: _simple(item) for key, item in value.items()}
    if isinstance(value, Attributes):
        return _simple(value.whole())
    return value


@_function(1)
def _jsondecode(text: Any) -> Any:
    import json

    try:
        return json.loads(_text(text), parse_float=_decimal, parse_int=_decimal, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise EvaluationError("it is not valid JSON") from None


def _decimal(text: str) -> Any:
    return whole(NUMBERS.create_decimal(text))


def _no_number(text: str) -> Any:
    raise EvaluationError(f"{text} is no number")


@_function(1)
def _yamldecode(text: Any) -> Any:
    from guardrail.sources.hcl.files import yaml_value

    return yaml_value(_text(text))


@_function(1)
def _csvdecode(text: Any) -> Any:
    import csv

    return [dict(row) for row in csv.DictReader(_text(text).splitlines(), strict=True)]


@_function(1)
def _base64encode(text: Any) -> Any:
    from base64 import b64encode

    return b64encode(_text(text).encode()).decode()


@_function(1)
def _base64decode(text: Any) -> Any:
    from base64 import b64decode

    return b64decode(_text(text), validate=True).decode()


@_function(1)
def _urlencode(text: Any) -> Any:
    from urllib.parse import quote_plus

    return quote_plus(_text(text), safe="")


def _digest(algorithm: str) -> Callable[[Any], Any]:
    def compute(text: Any) -> Any:
        import hashlib

        return hashlib.new(algorithm, _text(text).encode(), usedforsecurity=False).hexdigest()

    return compute


for _algorithm in ("md5", "sha1", "sha256", "sha512"):
    _function(1, name=_algorithm)(_digest(_algorithm))


@_function(1)
def _base64sha256(text: Any) -> Any:
    import hashlib
    from base64 import b64encode

    return b64encode(hashlib.sha256(_text(text).encode()).digest()).decode()


@_function(2)
def _uuidv5(namespace: Any, name: Any) -> Any:
    import uuid

    spaces = {
        "dns": uuid.NAMESPACE_DNS,
        "url": uuid.NAMESPACE_URL,
        "oid": uuid.NAMESPACE_OID,
        "x500": uuid.NAMESPACE_X500,
    }
    space = spaces.get(_text(namespace)) or uuid.UUID(_text(namespace))
    return str(uuid.uuid5(space, _text(name)))


# Paths, networks and time --------------------------------------------------------------------------------------------


@_function(1)
def _basename(path: Any) -> Any:
    import posixpath

    return posixpath.basename(_text(path).rstrip("/"))


@_function(1)
def _dirname(path: Any) -> Any:
    import posixpath

    return posixpath.dirname(_text(path)) or "."


@_function(3)
def _cidrsubnet(prefix: Any, bits: Any, number: Any) -> Any:
    import ipaddress

    network = ipaddress.ip_network(_text(prefix), strict=False)
    length, index = network.prefixlen + _whole_number(bits), _whole_number(number)
    if length > network.max_prefixlen or not 0 <= index < 1 << _whole_number(bits):
        raise EvaluationError("the network has no such subnet")
    base = int(network.network_address) + (index << (network.max_prefixlen - length))
    return f"{network.network_address.__class__(base)}/{length}"


@_function(2)
def _cidrhost(prefix: Any, number: Any) -> Any:
    import ipaddress

    return str(ipaddress.ip_network(_text(prefix), strict=False)[_whole_number(number)])


@_function(1)
def _cidrnetmask(prefix: Any) -> Any:
    import ipaddress

    return str(ipaddress.ip_network(_text(prefix), strict=False).netmask)


_TIME = re.compile(r"(-?\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600}


@_function(2)
def _timeadd(moment: Any, duration: Any) -> Any:
    from datetime import datetime, timedelta

    parts = _TIME.findall(_text(duration))
    seconds = sum(float(count) * _SECONDS[unit] for count, unit in parts)
    if not parts:
        raise EvaluationError("it is no duration")
    then = datetime.fromisoformat(_text(moment)) + timedelta(seconds=seconds)
    return then.isoformat(timespec="seconds").replace("+00:00", "Z")


@_function(2)
def _timecmp(one: Any, other: Any) -> Any:
    from datetime import datetime

    left, right = datetime.fromisoformat(_text(one)), datetime.fromisoformat(_text(other))
    return (left > right) - (left < right)


def elements(value: Any) -> list[Any]:
    """The elements of a collection, for who does not ask for their keys."""
    return [item for _, item in items_of(value)]
