"""What an expression means: Terraform's rules, with an explicit Unknown that says why and what is known of its text.

Unknown is contagious only where Terraform's own unknown is, or less: ``false && unknown`` is false, and a conditional
whose branches agree needs no condition. What Terraform would refuse raises `EvaluationError`.
"""

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal, DecimalException
from typing import TYPE_CHECKING, Any, Protocol

from guardrail.model import Unknown
from guardrail.sources.base import LOST, Reference
from guardrail.sources.hcl import syntax
from guardrail.sources.hcl.convert import items_of, number_of, text_of, truth_of
from guardrail.sources.hcl.functions import call
from guardrail.sources.hcl.values import (
    LONGEST_TEXT,
    NUMBERS,
    Attributes,
    Computed,
    EvaluationError,
    Sensitive,
    SetValue,
    Undecided,
    is_equal,
    is_number,
    merged,
    whole,
)

if TYPE_CHECKING:
    from guardrail.sources.hcl.files import Files

_MOST_STEPS = 500_000
"""Iterations of ``for`` in one check; a thousand endpoints need some ten thousand."""
_UNNAMED = "${…}"


class Trace:
    """What evaluation leaves behind: the resources that were asked, and whether anything is sensitive at all."""

    __slots__ = ("has_sensitive", "steps", "touched")

    def __init__(self) -> None:
        self.touched: dict[Reference, None] = {}
        self.has_sensitive = False
        self.steps = 0


class Names(Protocol):
    """The module that an expression stands in: what its names mean."""

    trace: Trace

    def root(self, name: str) -> Any:
        """The value of a name that no ``for`` and no block defines: ``var``, ``local``, a resource type."""
        ...

    @property
    def files(self) -> "Files":
        """The files that functions read."""
        ...


class Namespace(Attributes):
    """``var``, ``local``, ``data``: names that are looked up one by one."""

    __slots__ = ("_look_up",)

    def __init__(self, look_up: Callable[[str], Any]) -> None:
        self._look_up = look_up

    def attribute(self, name: str) -> Any:
        """What the name means in it."""
        return self._look_up(name)

    def whole(self) -> Any:
        """Nothing that can be passed around."""
        return Computed(reason="it is not a value", references=(LOST,))


class Scope:
    """Where an expression stands: its module, and the names that only it sees."""

    __slots__ = ("module", "names")

    def __init__(self, module: Names, names: dict[str, Any] | None = None) -> None:
        self.module = module
        self.names: dict[str, Any] = {} if names is None else names

    def with_names(self, names: dict[str, Any]) -> "Scope":
        """The same place with more names."""
        return Scope(self.module, {**self.names, **names})


def evaluate(expression: syntax.Expression, scope: Scope) -> Any:
    """The value of an expression. Raises `EvaluationError` where Terraform would report an error."""
    return _EVALUATE[expression.__class__](expression, scope)


def known_or_reason(expression: syntax.Expression, scope: Scope) -> Any:
    """The value of an expression; what Terraform would refuse is unknown, with the reason."""
    try:
        return evaluate(expression, scope)
    except EvaluationError as error:
        return Computed(reason=error.reason, references=(LOST,))
    except (DecimalException, OverflowError, ValueError):
        return Computed(reason="it cannot be computed", references=(LOST,))


# Terms ---------------------------------------------------------------------------------------------------------------


def _literal(node: syntax.Literal, _: Scope) -> Any:
    return node.value


def _name(node: syntax.Name, scope: Scope) -> Any:
    if node.name in scope.names:
        return _noted(scope.names[node.name], scope)
    return scope.module.root(node.name)


def _element(_: syntax.Element, scope: Scope) -> Any:
    return scope.names[""]


def _attribute(node: syntax.Attribute, scope: Scope) -> Any:
    return _noted(attribute_of(evaluate(node.subject, scope), node.name), scope)


def _noted(value: Any, scope: Scope) -> Any:
    """A value, whose references now count among those of the expression."""
    if isinstance(value, Computed) and value.references:
        scope.module.trace.touched.update(dict.fromkeys(value.references))
    return value


def attribute_of(subject: Any, name: str) -> Any:
    """``subject.name``. Raises `EvaluationError` where there is no such attribute."""
    if isinstance(subject, Attributes):
        return subject.attribute(name)
    if isinstance(subject, dict):
        if name in subject:
            return subject[name]
        raise EvaluationError(f"there is no attribute {name}")
    if isinstance(subject, Unknown):
        return _part_of(subject, f".{name}")
    if isinstance(subject, Sensitive):
        return _marked(attribute_of(subject.value, name))
    if subject is None:
        raise EvaluationError(f"null has no attribute {name}")
    if isinstance(subject, list) and name.isdecimal():
        return index_of(subject, int(name))
    raise EvaluationError(f"it has no attribute {name}")


def _part_of(subject: Unknown, step: str) -> Computed:
    """An attribute of something unknown: what has a name gives it to its parts."""
    partial = subject.partial
    is_name = partial is not None and partial.startswith("${") and partial.endswith("}") and partial != _UNNAMED
    return merged(subject, partial=f"{partial[:-1]}{step}}}" if partial is not None and is_name else None)


def _index(node: syntax.Index, scope: Scope) -> Any:
    return _noted(index_of(evaluate(node.subject, scope), evaluate(node.key, scope)), scope)


def index_of(subject: Any, key: Any) -> Any:  # noqa: PLR0911 - one return for each kind of value
    """``subject[key]``. Raises `EvaluationError` where there is no such element."""
    if isinstance(subject, Sensitive) or isinstance(key, Sensitive):
        return _marked(index_of(_plain(subject), _plain(key)))
    if isinstance(subject, Unknown):
        return _part_of(subject, f"[{text_of(key)}]") if text_of(key) is not None else merged(subject)
    if isinstance(subject, Undecided):
        return subject.element
    if isinstance(key, Unknown):
        return _any_of(subject, key)
    if isinstance(subject, Attributes):
        return subject.attribute(text_of(key) or "")
    if isinstance(subject, dict):
        text = text_of(key)
        if text is not None and text in subject:
            return subject[text]
        raise EvaluationError(f"there is no key {text!r}" if text is not None else "the key is no text")
    if isinstance(subject, list) and not isinstance(subject, SetValue):
        return subject[_position(key, len(subject))]
    raise EvaluationError("null has no elements" if subject is None else "it cannot be indexed")


def _any_of(subject: Any, key: Unknown) -> Any:
    """An element picked by a key that is unknown: it may be any, so it comes from wherever one of them comes from."""
    elements = list(subject.values()) if isinstance(subject, dict) else subject if isinstance(subject, list) else []
    if len(elements) == 1 and isinstance(elements[0], Attributes):
        return elements[0]
    return merged(key, *(element for element in elements if isinstance(element, Unknown)))


def _position(key: Any, length: int) -> int:
    if isinstance(key, str):
        try:
            key = int(key)
        except ValueError:
            raise EvaluationError("the index of a list is a number") from None
    if not is_number(key) or key != int(key):
        raise EvaluationError("the index of a list is a whole number")
    if not 0 <= key < length:
        raise EvaluationError(f"the list has no element {key}")
    return int(key)


def _splat(node: syntax.Splat, scope: Scope) -> Any:
    subject = evaluate(node.subject, scope)
    if subject is None:
        return []
    if isinstance(subject, Unknown):
        return merged(subject)
    marked = isinstance(subject, Sensitive)
    subject = _plain(subject)
    items = subject if isinstance(subject, list) else [] if subject is None else [subject]
    inner = Scope(scope.module, dict(scope.names))
    found = []
    for item in items:
        inner.names[""] = item
        found.append(evaluate(node.each, inner))
    return Sensitive(found) if marked else found


# Collections ---------------------------------------------------------------------------------------------------------


def _tuple(node: syntax.Tuple, scope: Scope) -> Any:
    return [evaluate(item, scope) for item in node.items]


def _object(node: syntax.Object, scope: Scope) -> Any:
    found: dict[str, Any] = {}
    for entry in node.entries:
        key = _key_of(evaluate(entry.key, scope))
        if isinstance(key, Unknown):
            return merged(key)
        found[key] = evaluate(entry.value, scope)
    return found


def _for(node: syntax.For, scope: Scope) -> Any:
    collection = evaluate(node.collection, scope)
    if isinstance(collection, Unknown):
        return merged(collection)
    rounds = _rounds(node, _plain(collection), scope)
    found = _list_of(node, rounds) if node.name is None else _map_of(node, node.name, rounds)
    return _marked(found) if isinstance(collection, Sensitive) else found


def _list_of(node: syntax.For, rounds: Iterator[Scope]) -> Any:
    found = []
    for inner in rounds:
        wanted = _is_wanted(node, inner)
        if isinstance(wanted, Unknown):
            return merged(wanted)
        if wanted:
            found.append(evaluate(node.result, inner))
    return found


def _map_of(node: syntax.For, name: syntax.Expression, rounds: Iterator[Scope]) -> Any:
    found: dict[str, Any] = {}
    for inner in rounds:
        wanted = _is_wanted(node, inner)
        if isinstance(wanted, Unknown):
            return merged(wanted)
        if not wanted:
            continue
        key = _key_of(evaluate(name, inner))
        if isinstance(key, Unknown):
            return merged(key)
        result = evaluate(node.result, inner)
        if node.groups:
            found.setdefault(key, []).append(result)
        elif key in found:
            raise EvaluationError(f"two elements have the key {key!r}")
        else:
            found[key] = result
    return found


def _is_wanted(node: syntax.For, scope: Scope) -> bool | Unknown:
    return True if node.condition is None else truth_of(evaluate(node.condition, scope))


def _key_of(value: Any) -> str | Unknown:
    if isinstance(value, Unknown):
        return value
    text = text_of(_plain(value))
    if text is None:
        raise EvaluationError("the key of an object is text")
    return text


def _rounds(node: "syntax.For | syntax.Repeat", collection: Any, scope: Scope) -> Iterator[Scope]:
    """A scope for each element. Raises `EvaluationError` when a check has gone around too often."""
    trace = scope.module.trace
    for key, value in items_of(collection):
        trace.steps += 1
        if trace.steps > _MOST_STEPS:
            raise EvaluationError("there is too much to work out")
        names = {**scope.names, node.value: value}
        if node.key is not None:
            names[node.key] = key
        yield Scope(scope.module, names)


# Operators -----------------------------------------------------------------------------------------------------------


def _unary(node: syntax.Unary, scope: Scope) -> Any:
    value = evaluate(node.operand, scope)
    if isinstance(value, Unknown):
        return merged(value)
    if isinstance(value, Sensitive):
        return _marked(_negated(node.operator, value.value))
    return _negated(node.operator, value)


def _negated(operator: str, value: Any) -> Any:
    if operator == "!":
        truth = truth_of(value)
        return merged(truth) if isinstance(truth, Unknown) else not truth
    return -number_of(value)


def _binary(node: syntax.Binary, scope: Scope) -> Any:
    left, right = evaluate(node.left, scope), evaluate(node.right, scope)
    if isinstance(left, Sensitive) or isinstance(right, Sensitive):
        return _marked(_combined(node.operator, _plain(left), _plain(right)))
    return _combined(node.operator, left, right)


def _combined(operator: str, left: Any, right: Any) -> Any:
    if operator in ("==", "!="):
        return _equality(operator, left, right)
    if operator in ("&&", "||"):
        return _logic(operator, left, right)
    for value in (left, right):
        if isinstance(value, Unknown):
            return merged(*(each for each in (left, right) if isinstance(each, Unknown)))
    return _ARITHMETIC[operator](number_of(left), number_of(right))


def _equality(operator: str, left: Any, right: Any) -> Any:
    left, right = (value.whole() if isinstance(value, Attributes) else value for value in (left, right))
    if (left is None or right is None) and not isinstance(left, Unknown) and not isinstance(right, Unknown):
        equal: bool | Unknown = left is right
    else:
        equal = is_equal(left, right)
    if isinstance(equal, Unknown):
        return merged(*(each for each in (left, right, equal) if isinstance(each, Unknown)))
    return equal if operator == "==" else not equal


def _logic(operator: str, left: Any, right: Any) -> Any:
    """Kleene's logic: what one side decides does not need the other."""
    decisive = operator == "||"
    truths = [truth_of(left), truth_of(right)]
    if any(truth is decisive for truth in truths):
        return decisive
    unknown = [truth for truth in truths if isinstance(truth, Unknown)]
    return merged(*unknown) if unknown else not decisive


def _divided(left: int | Decimal, right: int | Decimal) -> int | Decimal:
    if right == 0:
        raise EvaluationError("something is divided by zero")
    return whole(NUMBERS.divide(Decimal(left), Decimal(right)))


def _remainder(left: int | Decimal, right: int | Decimal) -> int | Decimal:
    if right == 0:
        raise EvaluationError("something is divided by zero")
    return whole(NUMBERS.remainder(Decimal(left), Decimal(right)))


def _arithmetic(compute: Callable[[Decimal, Decimal], Decimal]) -> Callable[[Any, Any], int | Decimal]:
    return lambda left, right: whole(compute(Decimal(left), Decimal(right)))


def _plain_or_exact(
    of_ints: Callable[[int, int], int], of_decimals: Callable[[Decimal, Decimal], Decimal]
) -> Callable[[Any, Any], int | Decimal]:
    exact = _arithmetic(of_decimals)

    def compute(left: Any, right: Any) -> int | Decimal:
        if left.__class__ is int and right.__class__ is int:
            return whole(of_ints(left, right))
        return exact(left, right)

    return compute


_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": _plain_or_exact(int.__add__, NUMBERS.add),
    "-": _plain_or_exact(int.__sub__, NUMBERS.subtract),
    "*": _plain_or_exact(int.__mul__, NUMBERS.multiply),
    "/": _divided,
    "%": _remainder,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


def _conditional(node: syntax.Conditional | syntax.If, scope: Scope) -> Any:
    condition = evaluate(node.condition, scope)
    truth = truth_of(condition)
    if isinstance(truth, Unknown):
        return _either(node, truth, scope)
    value = evaluate(node.then if truth else node.otherwise, scope)
    return _marked(value) if isinstance(condition, Sensitive) else value


def _either(node: syntax.Conditional | syntax.If, condition: Unknown, scope: Scope) -> Any:
    """What an undecided conditional can be: the value itself where both branches give the same."""
    branches = [known_or_reason(branch, scope) for branch in (node.then, node.otherwise)]
    if is_equal(*branches) is True:
        return branches[0]
    return merged(condition, *(branch for branch in branches if isinstance(branch, Unknown)))


# Templates -----------------------------------------------------------------------------------------------------------


def _template(node: syntax.Template, scope: Scope) -> Any:
    return joined(evaluate(part, scope) for part in node.parts)


def _repeat(node: syntax.Repeat, scope: Scope) -> Any:
    collection = evaluate(node.collection, scope)
    if isinstance(collection, Unknown):
        return merged(collection, partial=_UNNAMED)
    return joined(evaluate(node.body, inner) for inner in _rounds(node, _plain(collection), scope))


def joined(values: Iterable[Any]) -> Any:
    """The values as one text; where some are unknown, an unknown that says what is known of it."""
    texts: list[str] = []
    unknown: list[Unknown] = []
    marked = False
    length = 0
    for value in values:
        marked = marked or isinstance(value, Sensitive)
        plain = _plain(value)
        if isinstance(plain, Unknown):
            unknown.append(plain)
            texts.append(_shown(plain))
        else:
            text = text_of(plain)
            if text is None:
                raise EvaluationError("null has no text" if plain is None else "a list or map has no text")
            texts.append(text)
        length += len(texts[-1])
        if length > LONGEST_TEXT:
            raise EvaluationError("the text is too long")
    text = "".join(texts)
    if unknown:
        return merged(*unknown, partial=None if marked else text)
    return Sensitive(text) if marked else text


def _shown(unknown: Unknown) -> str:
    partial = unknown.partial
    return partial if partial is not None and "${" in partial else _UNNAMED


# Sensitivity ---------------------------------------------------------------------------------------------------------


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Sensitive) else value


def _marked(value: Any) -> Any:
    """A value that comes from a sensitive one; an unknown shows no text then."""
    if isinstance(value, Unknown):
        return merged(value)
    return value if isinstance(value, Sensitive) else Sensitive(value)


def _call(node: syntax.Call, scope: Scope) -> Any:
    return _noted(call(node, scope, evaluate), scope)


_EVALUATE: dict[type, Callable[[Any, Scope], Any]] = {
    syntax.Literal: _literal,
    syntax.Name: _name,
    syntax.Element: _element,
    syntax.Attribute: _attribute,
    syntax.Index: _index,
    syntax.Splat: _splat,
    syntax.Call: _call,
    syntax.Unary: _unary,
    syntax.Binary: _binary,
    syntax.Conditional: _conditional,
    syntax.If: _conditional,
    syntax.Tuple: _tuple,
    syntax.Object: _object,
    syntax.For: _for,
    syntax.Repeat: _repeat,
    syntax.Template: _template,
}
