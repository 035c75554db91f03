"""What an expression means: Terraform's rules, with an explicit Unknown that says why and what is known of its text.

Unknown is contagious only where Terraform's own unknown is, or less: ``false && unknown`` is false, and a conditional
whose branches agree needs no condition. What Terraform would refuse raises `EvaluationError`.
"""

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from typing import Any

from guardrail.errors import GuardrailError, LimitError
from guardrail.limits import Allowance
from guardrail.model import Unknown
from guardrail.sources.base import LOST, UNNAMED, Computed
from guardrail.sources.hcl import syntax
from guardrail.sources.hcl.arithmetic import OPERATORS, whole
from guardrail.sources.hcl.characters import normal
from guardrail.sources.hcl.functions import call
from guardrail.sources.hcl.scope import EvaluationScope
from guardrail.sources.hcl.types import (
    convert,
    is_equal,
    items_of,
    number_of,
    text_of,
    to_text,
    truth_of,
    type_of,
    unified,
)
from guardrail.sources.hcl.undecided import condition, formula
from guardrail.sources.hcl.values import (
    Attributes,
    EvaluationError,
    ListValue,
    NotWorkedOutError,
    Sensitive,
    SetValue,
    UndecidedInstances,
    marked,
    materialized,
    merged,
    plain,
)

_ROUND = 16
"""What a round of ``for`` costs, in steps of `guardrail.limits.Allowance`."""
_FRACTION = 48
"""What an operation on anything but two whole numbers costs."""


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


def evaluate(expression: syntax.Expression, scope: EvaluationScope) -> Any:
    """The value of an expression. Raises `EvaluationError` where Terraform would report an error."""
    return _EVALUATE[expression.__class__](expression, scope)


def known_or_reason(expression: syntax.Expression, scope: EvaluationScope) -> Any:
    """The value of an expression; what Terraform would refuse is unknown, with the reason."""
    return worked_out(lambda: evaluate(expression, scope))


def worked_out(compute: Callable[[], Any]) -> Any:
    """What ``compute`` gives, or an unknown with the reason why it fails: the one boundary of evaluation.

    Errors of files that do not parse pass, for these are errors of the run.
    """
    try:
        return compute()
    except (EvaluationError, NotWorkedOutError) as error:
        reason = error.reason
    except LimitError as error:
        reason = error.message
    except RecursionError:
        reason = "it goes through too many other values"
    except (GuardrailError, MemoryError):
        raise
    except Exception:  # noqa: BLE001 - whatever an expression makes Python do, it is an expression's fault
        reason = "it cannot be worked out"
    return Computed(reason=reason, references=(LOST,))


# Terms ---------------------------------------------------------------------------------------------------------------


def _literal(node: syntax.Literal, _: EvaluationScope) -> Any:
    return node.value


def _name(node: syntax.Name, scope: EvaluationScope) -> Any:
    if node.name in scope.names:
        return _noted(scope.names[node.name], scope)
    return scope.module.root(node.name)


def _element(_: syntax.Element, scope: EvaluationScope) -> Any:
    return scope.names[""]


def _attribute(node: syntax.Attribute, scope: EvaluationScope) -> Any:
    return _noted(attribute_of(evaluate(node.subject, scope), node.name), scope)


def _noted(value: Any, scope: EvaluationScope) -> Any:
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
        return marked(attribute_of(subject.value, name))
    if subject is None:
        raise EvaluationError(f"null has no attribute {name}")
    if isinstance(subject, list) and name.isdecimal():
        return index_of(subject, int(name))
    raise EvaluationError(f"it has no attribute {name}")


def _part_of(subject: Unknown, step: str) -> Computed:
    """An attribute of something unknown: what has a name gives it to its parts."""
    partial = subject.partial
    is_name = partial is not None and partial.startswith("${") and partial.endswith("}") and partial != UNNAMED
    return merged(subject, partial=f"{partial[:-1]}{step}}}" if partial is not None and is_name else None)


def _index(node: syntax.Index, scope: EvaluationScope) -> Any:
    subject, key = evaluate(node.subject, scope), evaluate(node.key, scope)
    if isinstance(key, Unknown):
        trace = scope.module.trace
        key = trace.key_of(subject, key, tolerant=trace.trying > 0)
    return _noted(index_of(subject, key), scope)


def index_of(subject: Any, key: Any) -> Any:  # noqa: PLR0911 - one return for each kind of value
    """``subject[key]``. Raises `EvaluationError` where there is no such element."""
    if isinstance(subject, Sensitive) or isinstance(key, Sensitive):
        return _sensitive_index(plain(subject), plain(key))
    if isinstance(subject, Unknown):
        return _part_of(subject, f"[{text_of(key)}]") if text_of(key) is not None else merged(subject)
    if isinstance(subject, UndecidedInstances):
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


def _sensitive_index(subject: Any, key: Any) -> Any:
    try:
        return marked(index_of(subject, key))
    except EvaluationError:
        raise EvaluationError("there is no such element in a sensitive value, or under a sensitive key") from None


def _any_of(subject: Any, key: Unknown) -> Any:
    """An element picked by a key that is unknown: it may be any, so it comes from wherever one of them comes from."""
    elements = list(subject.values()) if isinstance(subject, dict) else subject if isinstance(subject, list) else []
    if len(elements) == 1 and isinstance(elements[0], Attributes):
        return elements[0]
    return merged(key, *(element for element in elements if isinstance(element, Unknown)))


def _position(key: Any, length: int) -> int:
    number = whole(number_of(key))
    if not 0 <= number < length:
        raise EvaluationError(f"the list has no element {number}")
    return number


def _splat(node: syntax.Splat, scope: EvaluationScope) -> Any:
    subject = evaluate(node.subject, scope)
    if subject is None:
        return []
    if isinstance(subject, Unknown):
        return merged(subject)
    inside = plain(subject)
    if isinstance(inside, UndecidedInstances):
        return UndecidedInstances(evaluate(node.each, scope.with_names({"": inside.element})), inside.whole())
    items = inside if isinstance(inside, list) else [] if inside is None else [inside]
    allowance = scope.module.trace.allowance
    allowance.values(len(items))
    inner = EvaluationScope(scope.module, dict(scope.names))
    found: list[Any] = []
    for item in items:
        allowance.steps(_ROUND)
        inner.names[""] = item
        found.append(evaluate(node.each, inner))
    if isinstance(inside, ListValue):
        found = _one_type(found, inside, allowance)
    return marked(found) if subject is not inside else found


def _one_type(found: list[Any], source: ListValue, allowance: Allowance) -> list[Any]:
    """What a splat makes of a list or set, which is a list again."""
    element = unified(type_of(item, allowance) for item in found) if found else source.element
    return found if element is None else ListValue(found, element)


# Collections ---------------------------------------------------------------------------------------------------------


def _tuple(node: syntax.Tuple, scope: EvaluationScope) -> Any:
    scope.module.trace.allowance.values(len(node.items))
    return [evaluate(item, scope) for item in node.items]


def _object(node: syntax.Object, scope: EvaluationScope) -> Any:
    scope.module.trace.allowance.values(len(node.entries))
    found: dict[str, Any] = {}
    is_marked = False
    for entry in node.entries:
        name = evaluate(entry.key, scope)
        key = _key_of(plain(name))
        if isinstance(key, Unknown):
            return merged(key)
        is_marked = is_marked or isinstance(name, Sensitive)
        found[key] = evaluate(entry.value, scope)
    return marked(found) if is_marked else found


def _for(node: syntax.For, scope: EvaluationScope) -> Any:
    collection = materialized(evaluate(node.collection, scope))
    if isinstance(collection, Unknown):
        return merged(collection)
    rounds = _rounds(node, plain(collection), scope)
    return _collected(node, rounds, is_marked=isinstance(collection, Sensitive))


def _collected(node: syntax.For, rounds: Iterator[EvaluationScope], *, is_marked: bool) -> Any:
    """The results of a ``for``, as a list or, by their names, as a map; what is sensitive in a name marks the whole."""
    items: list[Any] = []
    named: dict[str, Any] = {}
    for inner in rounds:
        condition = True if node.condition is None else evaluate(node.condition, inner)
        is_marked = is_marked or isinstance(condition, Sensitive)
        wanted = _truth(plain(condition))
        if isinstance(wanted, Unknown):
            return merged(wanted)
        if not wanted:
            continue
        if node.name is None:
            items.append(evaluate(node.result, inner))
            continue
        name = evaluate(node.name, inner)
        is_marked = is_marked or isinstance(name, Sensitive)
        key = _key_of(plain(name))
        if isinstance(key, Unknown):
            return merged(key)
        result = evaluate(node.result, inner)
        if node.groups:
            named.setdefault(key, []).append(result)
        elif key in named:
            raise EvaluationError("two elements have one key" if is_marked else f"two elements have the key {key!r}")
        else:
            named[key] = result
    found = items if node.name is None else named
    return marked(found) if is_marked else found


def _key_of(value: Any) -> str | Unknown:
    if isinstance(value, Unknown):
        return value
    text = text_of(value)
    if text is None:
        raise EvaluationError("the key of an object is text")
    return text


def _rounds(node: "syntax.For | syntax.Repeat", collection: Any, scope: EvaluationScope) -> Iterator[EvaluationScope]:
    """A scope for each element. Raises `LimitError` when a check has gone around too often."""
    allowance = scope.module.trace.allowance
    for key, value in items_of(collection):
        allowance.steps(_ROUND)
        allowance.values(1)
        names = {**scope.names, node.value: value}
        if node.key is not None:
            names[node.key] = key
        yield EvaluationScope(scope.module, names)


# Operators -----------------------------------------------------------------------------------------------------------


def _unary(node: syntax.Unary, scope: EvaluationScope) -> Any:
    value = evaluate(node.operand, scope)
    if isinstance(value, Unknown):
        return merged(value, partial=formula(f"{node.operator}{{}}", value))
    inside = plain(value)
    found = not truth_of(inside) if node.operator == "!" else -number_of(inside)
    return marked(found) if inside is not value else found


def _binary(node: syntax.Binary, scope: EvaluationScope) -> Any:
    trace = scope.module.trace
    trace.allowance.steps(2)
    left, right = evaluate(node.left, scope), evaluate(node.right, scope)
    found = _combined(node.operator, plain(left), plain(right), trace.allowance)
    return marked(found) if isinstance(left, Sensitive) or isinstance(right, Sensitive) else found


def _combined(operator: str, left: Any, right: Any, allowance: Allowance) -> Any:
    if operator in ("==", "!="):
        return _equality(operator, left, right, allowance)
    if operator in ("&&", "||"):
        return _logic(operator, left, right)
    unknown = [value for value in (left, right) if isinstance(value, Unknown)]
    if unknown:
        return merged(*unknown, partial=formula(f"({{}} {operator} {{}})", left, right))
    if left.__class__ is not int or right.__class__ is not int or operator in "/%":
        allowance.steps(_FRACTION)
    return OPERATORS[operator](number_of(left), number_of(right))


def _equality(operator: str, left: Any, right: Any, allowance: Allowance) -> Any:
    left, right = materialized(left), materialized(right)
    if (left is None or right is None) and not isinstance(left, Unknown) and not isinstance(right, Unknown):
        equal: bool | Unknown = left is right
    else:
        equal = is_equal(left, right, allowance)
    if isinstance(equal, Unknown):
        unknown = [value for value in (left, right, equal) if isinstance(value, Unknown)]
        negation = "" if operator == "==" else "!"
        return merged(*unknown, partial=formula(f"{negation}{{}} == {{}}", left, right))
    return equal if operator == "==" else not equal


def _truth(value: Any) -> bool | Unknown:
    return value if isinstance(value, Unknown) else truth_of(value)


def _logic(operator: str, left: Any, right: Any) -> Any:
    """Kleene's logic: what one side decides does not need the other."""
    decisive = operator == "||"
    truths = [_truth(left), _truth(right)]
    if any(truth is decisive for truth in truths):
        return decisive
    unknown = [truth for truth in truths if isinstance(truth, Unknown)]
    return merged(*unknown, partial=formula(f"({{}} {operator} {{}})", left, right)) if unknown else not decisive


def _conditional(node: syntax.Conditional, scope: EvaluationScope) -> Any:
    """The branch that the condition chooses: behind ``?`` as the type of both, in a directive as text."""
    given = evaluate(node.condition, scope)
    truth = _decided_truth(plain(given), scope)
    if isinstance(truth, Unknown):
        return _either(node, truth, scope)
    chosen, other = (node.then, node.otherwise) if truth else (node.otherwise, node.then)
    value = evaluate(chosen, scope)
    if not isinstance(node, syntax.If):
        value = _in_common(value, other, scope)
    return marked(value) if isinstance(given, Sensitive) else value


def _decided_truth(value: Any, scope: EvaluationScope) -> bool | Unknown:
    """The truth of a condition, where that is known or has been decided."""
    truth = _truth(value)
    asked = condition(truth) if isinstance(truth, Unknown) and scope.module.trace.decided else None
    outcome = scope.module.trace.decided.get(asked[0]) if asked else None
    return truth if asked is None or outcome is None else (outcome == "true") is asked[1]


def _in_common(value: Any, other: syntax.Expression, scope: EvaluationScope) -> Any:
    """A value as the type that it has in common with what another expression gives, of which nothing else counts."""
    if isinstance(value, Unknown) or value is None:
        return value
    trace = scope.module.trace
    try:
        different, _ = trace.apart(lambda: evaluate(other, scope))
    except EvaluationError:
        return value
    if different is None or isinstance(different, Unknown) or (value.__class__ is str and different.__class__ is str):
        return value
    common = unified((type_of(value, trace.allowance), type_of(different, trace.allowance)))
    if common is None:
        raise EvaluationError("the two results of a conditional have no type in common")
    return convert(value, common, trace.allowance)


def _either(node: syntax.Conditional, truth: Unknown, scope: EvaluationScope) -> Any:
    """What an undecided conditional can be: the value itself where both branches give the same."""
    then, otherwise = known_or_reason(node.then, scope), known_or_reason(node.otherwise, scope)
    if is_equal(then, otherwise, scope.module.trace.allowance) is True:
        return then
    asked = condition(truth)
    if asked is not None:
        scope.module.trace.touched[asked[0]] = None
    return merged(truth, *(branch for branch in (then, otherwise) if isinstance(branch, Unknown)))


# Templates -----------------------------------------------------------------------------------------------------------


def _template(node: syntax.Template, scope: EvaluationScope) -> Any:
    return joined((evaluate(part, scope) for part in node.parts), scope.module.trace.allowance)


def _repeat(node: syntax.Repeat, scope: EvaluationScope) -> Any:
    collection = materialized(evaluate(node.collection, scope))
    if isinstance(collection, Unknown):
        return merged(collection, partial=UNNAMED)
    rounds = _rounds(node, plain(collection), scope)
    text = joined((evaluate(node.body, inner) for inner in rounds), scope.module.trace.allowance)
    return marked(text) if isinstance(collection, Sensitive) else text


def joined(values: Iterable[Any], allowance: Allowance) -> Any:
    """The values as one text; where some are unknown, an unknown that says what is known of it."""
    texts: list[str] = []
    secrets: dict[int, str] = {}
    unknown: list[Unknown] = []
    for value in values:
        inside = plain(value)
        if isinstance(value, Sensitive):
            secrets[len(texts)] = value.shown or UNNAMED
        if isinstance(inside, Unknown):
            unknown.append(inside)
            texts.append(_shown(inside))
        else:
            allowance.steps(_FRACTION if isinstance(inside, (float, Fraction)) else 1)
            texts.append(to_text(inside))
        allowance.text(len(texts[-1]))
    text = "".join(texts)
    shown = "".join(secrets.get(at, each) for at, each in enumerate(texts)) if secrets else text
    if unknown:
        return merged(*unknown, partial=shown)
    return Sensitive(normal(text), normal(shown)) if secrets else normal(text)


def _shown(unknown: Unknown) -> str:
    partial = unknown.partial
    return partial if partial is not None and "${" in partial else UNNAMED


def _call(node: syntax.Call, scope: EvaluationScope) -> Any:
    return _noted(call(node, scope, evaluate), scope)


_EVALUATE: dict[type, Callable[[Any, EvaluationScope], Any]] = {
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
