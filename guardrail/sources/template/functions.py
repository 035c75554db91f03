"""The intrinsic functions of CloudFormation, conditions among them, each as far as its arguments are known.

A function takes the stack it stands in and its argument, unevaluated. It never raises for what it is given: an argument
of another shape makes an `Unknown` that says so. Conditions are three-valued: true, false, or unknown with the
parameters that would decide them; where a parameter is compared with a constant, the `PossibleWorld` is told, so that
the reader can try that value. Source: "Intrinsic function reference" of AWS CloudFormation.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeAlias

from guardrail.model import Unknown
from guardrail.sources.template.values import (
    NO_VALUE,
    Hidden,
    NoValue,
    Table,
    Unresolved,
    has_function,
    is_hidden,
    joined,
    like,
    parts_of,
    revealed,
    symbol_of,
    text_of,
    variables_of,
)
from guardrail.sources.template.world import PossibleWorld


class Exports(Protocol):
    """What other stacks make known."""

    def export(self, name: str) -> Any:
        """What another stack exports under a name; None where none does."""
        ...

    def output(self, stack: str, name: str) -> Any:
        """The value of an output of the stack of that name; None where it is not here."""
        ...


class Evaluator(Protocol):
    """The stack that a function stands in, as far as functions ask it; `guardrail.sources.template.stack` says more."""

    world: PossibleWorld

    @property
    def around(self) -> Exports: ...  # noqa: D102 - what follows is documented where it is done

    def evaluate(self, value: Any) -> Any: ...  # noqa: D102

    def text(self, text: str) -> Any: ...  # noqa: D102

    def reference(self, name: Any) -> Any: ...  # noqa: D102

    def attribute(self, logical_id: str, attribute: str) -> Any: ...  # noqa: D102

    def section(self, name: str) -> Table: ...  # noqa: D102

    def holds(self, name: Any) -> bool | Unknown: ...  # noqa: D102

    def consult(self, undecided: Unknown) -> None: ...  # noqa: D102


Function: TypeAlias = Callable[[Evaluator, Any], Any]


class _UnknownArgumentError(Exception):
    """An argument that is not known, and with which nothing can be worked out."""

    def __init__(self, unknown: Unknown) -> None:
        super().__init__(unknown.reason)
        self.unknown = unknown


class _WrongArgumentError(Exception):
    """An argument that is not what the function takes."""


def call(stack: Evaluator, name: str, argument: Any) -> Any:
    """The value of a function by its long name: ``call(stack, "Fn::Join", ["-", ["a", "b"]])`` is ``"a-b"``."""
    if name not in FUNCTIONS:
        return Unknown(f"{name[:80]} is not a function known here")
    function, takes, counts = FUNCTIONS[name]
    wrong = Unknown(f"{name} is not given {takes}")
    if counts and not (isinstance(argument, list) and len(argument) in counts):
        return wrong
    try:
        return function(stack, argument)
    except _UnknownArgumentError as error:
        return error.unknown
    except _WrongArgumentError:
        return wrong


def _known(value: Any) -> Any:
    """A value that is known. Raises `_UnknownArgumentError` for another, of which only the reason matters."""
    if isinstance(value, Unknown):
        raise _UnknownArgumentError(Unknown(value.reason))
    return value


def _passed_on(value: Any) -> Any:
    """A value that is known. Raises `_UnknownArgumentError` for another, which is the value of the function too."""
    if isinstance(value, Unknown):
        raise _UnknownArgumentError(value)
    return value


_PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")
_INDEX = re.compile(r"[0-9]{1,9}")


def macro(argument: Any) -> Unknown:
    """What stands where ``Fn::Transform`` stands: whatever the macro writes there."""
    name = argument.get("Name") if isinstance(argument, dict) else argument
    return Unknown(f"the macro {str(name)[:80]} decides at deployment what stands here")


def _ref(stack: Evaluator, argument: Any) -> Any:
    return stack.reference(stack.evaluate(argument))


def _test(name: str) -> Function:
    return lambda stack, argument: decide(stack, Table({name: argument}))


def _get_att(stack: Evaluator, argument: Any) -> Any:
    if isinstance(argument, str):
        argument = list(argument.partition(".")[::2])
    if not isinstance(argument, list) or not argument[1:]:
        raise _WrongArgumentError
    logical_id, *rest = [stack.evaluate(part) for part in argument]
    attribute = joined(rest, ".")
    if not isinstance(_passed_on(logical_id), str) or not isinstance(_passed_on(attribute), str):
        raise _WrongArgumentError
    return stack.attribute(logical_id, attribute)


def _sub(stack: Evaluator, argument: Any) -> Any:
    text, names = argument, Table()
    if isinstance(argument, list) and len(argument) == 2 and isinstance(argument[1], dict):  # noqa: PLR2004 - a pair
        text, names = argument
    if not isinstance(text, str):
        _passed_on(stack.evaluate(text))
        raise _WrongArgumentError
    parts: list[Any] = []
    end = 0
    for match in _PLACEHOLDER.finditer(text):
        parts += [stack.text(text[end : match.start()]), _placeholder(stack, match[1].strip(), names)]
        end = match.end()
    parts.append(stack.text(text[end:]))
    return joined([part for part in parts if part != ""], allowance=stack.world.allowance)


def _placeholder(stack: Evaluator, name: str, names: dict[str, Any]) -> Any:
    if name.startswith("!"):
        return f"${{{name[1:]}}}"
    if name in names:
        return stack.evaluate(names[name])
    logical_id, dot, attribute = name.partition(".")
    return stack.attribute(logical_id, attribute) if dot else stack.reference(name)


def _if(stack: Evaluator, argument: Any) -> Any:
    truth = stack.holds(argument[0])
    if isinstance(truth, Unknown):
        stack.consult(truth)
        return truth
    return stack.evaluate(argument[1 if truth else 2])


def _find_in_map(stack: Evaluator, argument: Any) -> Any:
    keys = [stack.evaluate(key) for key in argument[:3]]
    value = _mapped(stack, keys)
    if isinstance(value, NoValue) and argument[3:]:
        options = argument[3]
        return stack.evaluate(options.get("DefaultValue")) if isinstance(options, Table) else Unknown("no default")
    return Unknown("Fn::FindInMap finds nothing under its keys") if isinstance(value, NoValue) else like(keys, value)


def _mapped(stack: Evaluator, keys: list[Any]) -> Any:
    """The value in a mapping; `NO_VALUE` where there is none under the keys."""
    here: Any = stack.section("Mappings")
    for index, key in enumerate(keys):
        if isinstance(key, Unknown):
            _offer(stack, key, here if index else {})
            return key
        text = text_of(key)
        if not isinstance(here, dict) or text is None or text not in here:
            return NO_VALUE
        here = here[text]
    if isinstance(here, dict) and has_function(here):
        return Unknown("Fn::FindInMap finds a function, and a mapping may hold none")
    return here


def _offer(stack: Evaluator, key: Unknown, keys: Mapping[str, Any]) -> None:
    """A map's keys are the only values that a parameter used as a key can have."""
    if isinstance(key, Unresolved) and len(key.variables) == 1 and isinstance(keys, dict):
        (variable,) = key.variables
        if key.symbol == f"${{{variable}}}" and not variable.startswith("AWS::"):
            stack.world.compare(variable, list(keys), is_closed=True)
            stack.world.consult(key.variables)


def _join(stack: Evaluator, argument: Any) -> Any:
    separator, parts = argument[0], _passed_on(stack.evaluate(argument[1]))
    if not isinstance(parts, list) or not isinstance(separator, str):
        raise _WrongArgumentError
    return joined(parts, separator, stack.world.allowance)


def _select(stack: Evaluator, argument: Any) -> Any:
    index, items = map(_known, [stack.evaluate(part) for part in argument])
    text = text_of(index) or ""
    if not isinstance(items, list) or _INDEX.fullmatch(text) is None or int(revealed(text)) >= len(items):
        return Unknown("Fn::Select finds nothing at its index")
    return like(index, items[int(revealed(text))])


def _split(stack: Evaluator, argument: Any) -> Any:
    separator, text = argument[0], _known(stack.evaluate(argument[1]))
    if not isinstance(text, str) or not isinstance(separator, str) or not separator:
        raise _WrongArgumentError
    stack.world.allowance.values(text.count(separator) + 1)
    return like(text, text.split(separator))


def _import_value(stack: Evaluator, argument: Any) -> Any:
    name = stack.evaluate(argument)
    symbol = symbol_of(name)
    value = stack.around.export(symbol) if symbol is not None else None
    if value is not None:
        return value
    shown = name.partial if isinstance(name, Unknown) else symbol
    reason = f"{shown} is exported by a stack that is not among the inputs"
    known = isinstance(symbol, str) and not is_hidden(name) and not (isinstance(name, Unresolved) and name.hides)
    return Unresolved(reason, f"${{Import {shown}}}", symbol=f"${{Import {symbol}}}" if known else None)


def _get_stack_output(stack: Evaluator, argument: Any) -> Any:
    options = argument if isinstance(argument, Table) else Table()
    producer, output = stack.evaluate(options.get("StackName")), stack.evaluate(options.get("OutputName"))
    if not isinstance(producer, str) or not isinstance(output, str) or is_hidden([producer, output]):
        return Unknown("which output of which stack it is, is known only at deployment")
    value = stack.around.output(producer, output)
    if value is not None:
        return value
    text = f"${{{producer}.Outputs.{output}}}"
    return Unresolved(f"the stack {producer} is not among the inputs", text, symbol=text)


def _length(stack: Evaluator, argument: Any) -> Any:
    items = _passed_on(stack.evaluate(argument))
    if not isinstance(items, list):
        raise _WrongArgumentError
    return like(items, len(items))


def _to_json(stack: Evaluator, argument: Any) -> Any:
    value = stack.evaluate(argument)
    _known(next((part for part in parts_of(value) if isinstance(part, Unknown)), None))
    import json

    parts: list[str] = []
    for part in json.JSONEncoder(separators=(",", ":")).iterencode(value):
        stack.world.allowance.text(len(part))
        parts.append(part)
    return like(value, "".join(parts))


def _base64(stack: Evaluator, argument: Any) -> Any:
    value = _known(stack.evaluate(argument))
    import base64

    return like(value, base64.b64encode((text_of(value) or "").encode("utf-8", "replace")).decode())


def _at_deployment(stack: Evaluator, argument: Any) -> Any:
    del stack, argument
    return Unknown("it is known only at deployment")


# Conditions -----------------------------------------------------------------------------------------------------------


def decide(stack: Evaluator, rule: Any) -> bool | Unknown:
    """Whether a rule, a test of the template, holds."""
    if isinstance(rule, Table) and len(rule.once()) == 1:
        ((name, argument),) = rule.items()
        operands = argument if isinstance(argument, list) else [argument]
        if name == "Condition":
            return stack.holds(argument)
        if name == "Fn::Equals" and len(operands) == 2:  # noqa: PLR2004 - it compares two things
            return _equal(stack, stack.evaluate(operands[0]), stack.evaluate(operands[1]))
        if name == "Fn::Not" and len(operands) == 1:
            truth = decide(stack, operands[0])
            return truth if isinstance(truth, Unknown) else not truth
        if name in ("Fn::And", "Fn::Or"):
            return _combined(stack, operands, absorbing=name == "Fn::Or")
    return _truth(stack.evaluate(rule))


def _truth(value: Any) -> bool | Unknown:
    if isinstance(value, Unknown):
        return value
    return {"true": True, "false": False}.get(str(text_of(value)).lower(), Unknown("a condition is not true or false"))


def _combined(stack: Evaluator, operands: list[Any], *, absorbing: bool) -> bool | Unknown:
    """Kleene's and, whose absorbing value is false, or his or."""
    undecided: list[Unknown] = []
    for operand in operands:
        truth = decide(stack, operand)
        if truth is absorbing:
            return absorbing
        if isinstance(truth, Unknown):
            undecided.append(truth)
    if not undecided:
        return not absorbing
    return Unresolved(undecided[0].reason, variables=variables_of(undecided))


def _equal(stack: Evaluator, left: Any, right: Any) -> bool | Unknown:
    texts = text_of(left), text_of(right)
    if None not in texts:
        return texts[0] == texts[1]
    if isinstance(left, list) or isinstance(right, list):
        return left == right if isinstance(left, list) and isinstance(right, list) else False
    left, right, text = (left, right, texts[1]) if isinstance(left, Unknown) else (right, left, texts[0])
    if not isinstance(left, Unresolved):
        return left if isinstance(left, Unknown) else False
    if left.symbol is not None and left.symbol == symbol_of(right):
        return True
    if text is not None and text in left.unequal_to:
        return False
    return _undecided(stack, left, right, text)


def _undecided(stack: Evaluator, left: Unresolved, right: Any, text: str | None) -> bool | Unknown:
    """A comparison that hangs on parameters, or, where these are out of reach, on itself."""
    if text is not None and len(left.variables) == 1 and left.symbol == f"${{{left.variables[0]}}}":
        stack.world.compare(left.variables[0], [text], is_closed=False)
        return Unresolved(left.reason, variables=left.variables)
    if left.hides or isinstance(right, Hidden) or (isinstance(right, Unresolved) and right.hides):
        return Unknown(left.reason)  # what would name the question must not be printed
    sides = sorted((symbol_of(left) or left.reason, symbol_of(right) or "something unknown"))
    comparison = f"whether {sides[0]} equals {sides[1]}"
    assigned = stack.world.assignment.get(comparison)
    if isinstance(assigned, str):
        return assigned == "true"
    stack.world.compare(comparison, ["true", "false"], is_closed=True)
    return Unresolved(left.reason, variables=(comparison,))


FUNCTIONS: dict[str, tuple[Function, str, tuple[int, ...]]] = {
    "Ref": (_ref, "a name", ()),
    "Fn::And": (_test("Fn::And"), "conditions", ()),
    "Fn::Base64": (_base64, "text", ()),
    "Fn::Cidr": (_at_deployment, "a network", ()),
    "Fn::Equals": (_test("Fn::Equals"), "two values", ()),
    "Fn::FindInMap": (_find_in_map, "a map and two keys", (3, 4)),
    "Fn::GetAZs": (_at_deployment, "a region", ()),
    "Fn::GetAtt": (_get_att, "a resource and an attribute", ()),
    "Fn::GetStackOutput": (_get_stack_output, "a stack and an output", ()),
    "Fn::If": (_if, "a condition and two branches", (3,)),
    "Fn::ImportValue": (_import_value, "a name", ()),
    "Fn::Join": (_join, "a separator and a list", (2,)),
    "Fn::Length": (_length, "a list", ()),
    "Fn::Not": (_test("Fn::Not"), "a condition", ()),
    "Fn::Or": (_test("Fn::Or"), "conditions", ()),
    "Fn::Select": (_select, "an index and a list", (2,)),
    "Fn::Split": (_split, "a separator and text", (2,)),
    "Fn::Sub": (_sub, "text", ()),
    "Fn::ToJsonString": (_to_json, "a value", ()),
    "Fn::Transform": (lambda _, argument: macro(argument), "a macro", ()),
}
"""By the long name: the function, what it takes in words, and how many arguments, where it takes a list of so many."""
