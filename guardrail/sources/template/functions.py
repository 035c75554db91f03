"""The intrinsic functions of CloudFormation, each as far as its arguments are known.

A function takes the stack it stands in and its argument, unevaluated. It never raises for what it is given: an argument
of another shape makes an `Unknown` that says so. Source: "Intrinsic function reference" of AWS CloudFormation.
"""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from guardrail.model import Unknown
from guardrail.sources.template.values import (
    NO_VALUE,
    Expression,
    NoValue,
    Table,
    is_hidden,
    joined,
    like,
    revealed,
    symbol_of,
    text_of,
)

if TYPE_CHECKING:
    from guardrail.sources.template.stack import Stack

Function: TypeAlias = "Callable[[Stack, Any], Any]"

_PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")
_INDEX = re.compile(r"[0-9]{1,9}")


def macro(argument: Any) -> Unknown:
    """What stands where ``Fn::Transform`` stands: whatever the macro writes there."""
    name = argument.get("Name") if isinstance(argument, dict) else argument
    return Unknown(f"the macro {str(name)[:80]} decides at deployment what stands here")


def _has(argument: Any, count: int) -> bool:
    """Whether an argument is a list of that many."""
    return isinstance(argument, list) and len(argument) == count


def _ref(stack: "Stack", argument: Any) -> Any:
    return stack.reference(stack.evaluate(argument))


def _test(name: str) -> Function:
    return lambda stack, argument: stack.conditions.decide(Table({name: argument}))


def _transform(stack: "Stack", argument: Any) -> Any:
    del stack
    return macro(argument)


def _get_att(stack: "Stack", argument: Any) -> Any:
    if isinstance(argument, str):
        argument = list(argument.partition(".")[::2])
    if not isinstance(argument, list) or not argument[1:]:
        return Unknown("Fn::GetAtt is not given a resource and an attribute")
    logical_id, *rest = [stack.evaluate(part) for part in argument]
    attribute = joined(rest, ".")
    if isinstance(logical_id, str) and isinstance(attribute, str):
        return stack.attribute(logical_id, attribute)
    unknown = next((part for part in (logical_id, attribute) if isinstance(part, Unknown)), None)
    return unknown or Unknown("Fn::GetAtt is not given a resource and an attribute")


def _sub(stack: "Stack", argument: Any) -> Any:
    text, names = argument, Table()
    if _has(argument, 2) and isinstance(argument[1], dict):
        text, names = argument
    if not isinstance(text, str):
        evaluated = stack.evaluate(text)
        return evaluated if isinstance(evaluated, Unknown) else Unknown("Fn::Sub is not given text")
    parts: list[Any] = []
    end = 0
    for match in _PLACEHOLDER.finditer(text):
        parts.append(stack.text(text[end : match.start()]))
        parts.append(_placeholder(stack, match[1].strip(), names))
        end = match.end()
    parts.append(stack.text(text[end:]))
    return joined([part for part in parts if part != ""], allowance=stack.world.allowance)


def _placeholder(stack: "Stack", name: str, names: dict[str, Any]) -> Any:
    if name.startswith("!"):
        return f"${{{name[1:]}}}"
    if name in names:
        return stack.evaluate(names[name])
    logical_id, dot, attribute = name.partition(".")
    return stack.attribute(logical_id, attribute) if dot else stack.reference(name)


def _if(stack: "Stack", argument: Any) -> Any:
    if not _has(argument, 3):
        return Unknown("Fn::If is not given a condition and two branches")
    truth = stack.conditions.holds(argument[0])
    if isinstance(truth, Unknown):
        stack.consult(truth)
        return truth
    return stack.evaluate(argument[1 if truth else 2])


def _find_in_map(stack: "Stack", argument: Any) -> Any:
    if not _has(argument, 3) and not _has(argument, 4):
        return Unknown("Fn::FindInMap is not given a map and two keys")
    keys = [stack.evaluate(key) for key in argument[:3]]
    found = _found(stack, keys)
    if isinstance(found, NoValue) and _has(argument, 4):
        options = argument[3]
        return stack.evaluate(options.get("DefaultValue")) if isinstance(options, Table) else Unknown("no default")
    return Unknown("Fn::FindInMap finds nothing under its keys") if isinstance(found, NoValue) else like(keys, found)


def _found(stack: "Stack", keys: list[Any]) -> Any:
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
    if any(name == "Ref" or name.startswith("Fn::") for name in (here if isinstance(here, dict) else ())):
        return Unknown("Fn::FindInMap finds a function, and a mapping may hold none")
    return here


def _offer(stack: "Stack", key: Unknown, keys: Mapping[str, Any]) -> None:
    """A map's keys are the only values that a parameter used as a key can have."""
    if isinstance(key, Expression) and len(key.variables) == 1 and isinstance(keys, dict):
        (variable,) = key.variables
        if key.symbol == f"${{{variable}}}" and not variable.startswith("AWS::"):
            stack.world.compare(variable, list(keys), is_closed=True)
            stack.world.consult(key.variables)


def _join(stack: "Stack", argument: Any) -> Any:
    if not _has(argument, 2):
        return Unknown("Fn::Join is not given a separator and a list")
    separator, parts = argument[0], stack.evaluate(argument[1])
    if isinstance(parts, Unknown):
        return parts
    if not isinstance(parts, list) or not isinstance(separator, str):
        return Unknown("Fn::Join is not given a separator and a list")
    return joined(parts, separator, stack.world.allowance)


def _select(stack: "Stack", argument: Any) -> Any:
    if not _has(argument, 2):
        return Unknown("Fn::Select is not given an index and a list")
    index, items = stack.evaluate(argument[0]), stack.evaluate(argument[1])
    for part in (index, items):
        if isinstance(part, Unknown):
            return Unknown(part.reason)
    text = text_of(index) or ""
    if not isinstance(items, list) or _INDEX.fullmatch(text) is None or int(revealed(text)) >= len(items):
        return Unknown("Fn::Select finds nothing at its index")
    return like(index, items[int(revealed(text))])


def _split(stack: "Stack", argument: Any) -> Any:
    if not _has(argument, 2):
        return Unknown("Fn::Split is not given a separator and text")
    separator, text = argument[0], stack.evaluate(argument[1])
    if isinstance(text, Unknown):
        return Unknown(text.reason)
    if not isinstance(text, str) or not isinstance(separator, str) or not separator:
        return Unknown("Fn::Split is not given a separator and text")
    stack.world.allowance.values(text.count(separator) + 1)
    return like(text, text.split(separator))


def _import_value(stack: "Stack", argument: Any) -> Any:
    name = stack.evaluate(argument)
    symbol = symbol_of(name)
    value = stack.around.export(symbol) if symbol is not None else None
    if value is not None:
        return value
    shown = name.partial if isinstance(name, Unknown) else symbol
    reason = f"{shown} is exported by a stack that is not among the inputs"
    known = isinstance(symbol, str) and not is_hidden(name) and not (isinstance(name, Expression) and name.hides)
    return Expression(reason, f"${{Import {shown}}}", symbol=f"${{Import {symbol}}}" if known else None)


def _get_stack_output(stack: "Stack", argument: Any) -> Any:
    options = argument if isinstance(argument, Table) else Table()
    producer, output = stack.evaluate(options.get("StackName")), stack.evaluate(options.get("OutputName"))
    if not isinstance(producer, str) or not isinstance(output, str) or is_hidden([producer, output]):
        return Unknown("which output of which stack it is, is known only at deployment")
    value = stack.around.output(producer, output)
    if value is not None:
        return value
    text = f"${{{producer}.Outputs.{output}}}"
    return Expression(f"the stack {producer} is not among the inputs", text, symbol=text)


def _length(stack: "Stack", argument: Any) -> Any:
    items = stack.evaluate(argument)
    if isinstance(items, list):
        return like(items, len(items))
    return items if isinstance(items, Unknown) else Unknown("Fn::Length is not given a list")


def _to_json(stack: "Stack", argument: Any) -> Any:
    value = stack.evaluate(argument)
    unknown = _first_unknown(value)
    if unknown is not None:
        return Unknown(unknown.reason)
    import json

    written = json.JSONEncoder(separators=(",", ":")).iterencode(value)
    parts: list[str] = []
    for part in written:
        stack.world.allowance.text(len(part))
        parts.append(part)
    return like(value, "".join(parts))


def _base64(stack: "Stack", argument: Any) -> Any:
    value = stack.evaluate(argument)
    if isinstance(value, Unknown):
        return Unknown(value.reason)
    import base64

    return like(value, base64.b64encode((text_of(value) or "").encode("utf-8", "replace")).decode())


def _at_deployment(stack: "Stack", argument: Any) -> Any:
    del stack, argument
    return Unknown("it is known only at deployment")


def _first_unknown(value: Any) -> Unknown | None:
    if isinstance(value, Unknown):
        return value
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return next((found for found in map(_first_unknown, items) if found is not None), None)


FUNCTIONS: dict[str, Function] = {
    "Ref": _ref,
    "Fn::And": _test("Fn::And"),
    "Fn::Base64": _base64,
    "Fn::Cidr": _at_deployment,
    "Fn::Equals": _test("Fn::Equals"),
    "Fn::FindInMap": _find_in_map,
    "Fn::GetAZs": _at_deployment,
    "Fn::GetAtt": _get_att,
    "Fn::GetStackOutput": _get_stack_output,
    "Fn::If": _if,
    "Fn::ImportValue": _import_value,
    "Fn::Join": _join,
    "Fn::Length": _length,
    "Fn::Not": _test("Fn::Not"),
    "Fn::Or": _test("Fn::Or"),
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::Sub": _sub,
    "Fn::ToJsonString": _to_json,
    "Fn::Transform": _transform,
}
"""By name, as the long form has it."""
