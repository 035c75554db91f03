"""One template as one stack: its parameters, conditions and functions, evaluated as far as they can be known.

Nothing is guessed. A value that only a deployment knows is an `Expression`, which keeps the text that is known and the
resources that it mentions. A condition that cannot be decided is noted in the `World`, so that the reader can try what
it may be. Source: "Intrinsic function reference" and "Pseudo parameters reference" of AWS CloudFormation.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from msgspec import Struct

from guardrail.errors import SourceError
from guardrail.model import Unknown
from guardrail.sources.base import AFTER_APPLY, Reference
from guardrail.sources.template.loops import PREFIX, Loops
from guardrail.sources.template.values import (
    NO_VALUE,
    Expression,
    Hidden,
    NoValue,
    Table,
    joined,
    symbol_of,
    text_of,
)
from guardrail.sources.template.world import Other, World

MAX_DEPTH = 100
"""Of functions that lead to functions that lead to functions."""

_DYNAMIC = re.compile(r"\{\{resolve:[^{}]*\}\}")
_PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")

_NAMES: dict[str, dict[str, str]] = {
    "AWS::SageMaker::Endpoint": {"EndpointName": "EndpointName"},
    "AWS::SageMaker::EndpointConfig": {"EndpointConfigName": "EndpointConfigName"},
    "AWS::SageMaker::InferenceComponent": {"InferenceComponentName": "InferenceComponentName"},
    "AWS::SageMaker::Model": {"ModelName": "ModelName"},
}
"""Attributes that are a property, where that is set. What Ref gives is another thing: an ARN."""

_REF_IS_NAME = {"AWS::SageMaker::InferenceExperiment": "Name", "AWS::SageMaker::Pipeline": "PipelineName"}


class Given(Struct, frozen=True):
    """A parameter's value as the user gave it."""

    value: Any
    """Text, an `Expression` from a parent stack, or None where the previous value is kept."""
    resolved: str | None = None
    """What an SSM parameter of that name holds."""


class Surroundings(Protocol):
    """What a stack asks of everything around it."""

    world: World

    def child(self, stack: "Stack", logical_id: str, resource: Table) -> "Stack | Unknown":
        """The nested stack that a resource declares."""
        ...

    def export(self, name: str) -> Any:
        """What another stack exports under a name; None where none does."""
        ...

    def output(self, stack: str, name: str) -> Any:
        """The value of an output of the stack of that name; None where it is not here."""
        ...


class Stack:
    """One template under one world."""

    def __init__(  # noqa: PLR0913 - what tells one stack from another
        self,
        root: Table,
        around: Surroundings,
        *,
        path: str,
        prefix: str = "",
        name: str | None = None,
        region: str | None = None,
        account: str | None = None,
        parameters: Mapping[str, Given] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        self.root = root
        self.path = path
        self.prefix = prefix
        """Before every logical id of this stack: "" or ``Name/``."""
        self.name = name
        self.region = region
        self.account = account
        self.tags = dict(tags or {})
        self.given = parameters or {}
        self._around = around
        self._world = around.world
        self._depth = 0
        self._parameters: dict[str, Any] = {}
        self._conditions: dict[str, bool | Unknown] = {}
        self._attributes: dict[tuple[str, str], Any] = {}
        self._children: dict[str, Stack | Unknown] = {}
        self.loops = Loops(path, self.evaluate)
        self._declared = self._section("Parameters")
        self._rules = self.loops.expanded(self._section("Conditions"))
        self.resources = self.loops.expanded(self._section("Resources"))

    def _section(self, name: str) -> Table:
        section = self.root.get(name)
        if section is None:
            return Table()
        if not isinstance(section, Table):
            raise SourceError(f"{self.path}: {name} is not a mapping")
        return section

    # Values ----------------------------------------------------------------------------------------------------------

    def evaluate(self, value: Any) -> Any:
        """A value of the template with every function in it evaluated; `NO_VALUE` where it is to be left out."""
        kind = value.__class__
        if kind is str:
            return self._text(value) if "{{resolve:" in value else value
        if kind is list:
            return [item for item in map(self.evaluate, value) if item is not NO_VALUE]
        if not isinstance(value, Table):
            return value
        if len(value) == 1:
            ((name, argument),) = value.items()
            if name == "Ref" or name.startswith("Fn::"):
                return self._called(name, argument)
        return self._table(value)

    def _table(self, table: Table) -> Any:
        if "Fn::Transform" in table:
            return _macro(table["Fn::Transform"])
        table = self.loops.expanded(table)
        values = {key: self.evaluate(value) for key, value in table.items()}
        return table.evaluated({key: value for key, value in values.items() if value is not NO_VALUE})

    def _called(self, name: str, argument: Any) -> Any:
        if name.startswith(PREFIX):
            return self._table(Table({name: argument}))
        function = _FUNCTIONS.get(name)
        if function is None:
            return _macro(argument) if name == "Fn::Transform" else Unknown(f"{name[:80]} is not a function known here")
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self._depth -= 1
            return Unknown("its functions lead to themselves")
        try:
            return function(self, argument)
        finally:
            self._depth -= 1

    def _text(self, text: str) -> Any:
        """Text with dynamic references, which are read at deployment."""
        parts: list[Any] = []
        end = 0
        for match in _DYNAMIC.finditer(text):
            reference = match[0]
            parts += [
                text[end : match.start()],
                Expression(f"{reference} is read at deployment", reference, symbol=reference),
            ]
            end = match.end()
        return joined([part for part in (*parts, text[end:]) if part != ""]) if parts else text

    # Parameters ------------------------------------------------------------------------------------------------------

    def reference(self, name: Any) -> Any:
        """What ``Ref`` gives: a parameter's value, a pseudo parameter's, or what names a resource."""
        if not isinstance(name, str):
            return Unknown("Ref is not given a name")
        if name.startswith("AWS::"):
            return self._pseudo(name)
        if name in self._declared:
            if name not in self._parameters:
                self._parameters[name] = self._parameter(name)
            return self._parameters[name]
        resource = self.resources.get(name)
        if not isinstance(resource, Table):
            return Unknown(f"{name[:80]} is neither a parameter nor a resource of the template")
        attribute = _REF_IS_NAME.get(str(resource.get("Type")))
        return self.attribute(name, attribute) if attribute else self._of_resource(name, "")

    def _parameter(self, name: str) -> Any:
        declared = self._declared[name]
        declared = declared if isinstance(declared, Table) else Table()
        kind = str(declared.get("Type", "String"))
        value = self._value(name, declared, kind)
        if isinstance(value, Unknown):
            return value
        text = text_of(value)
        if "List" in kind and not isinstance(value, list):
            return [item.strip() for item in (text or "").split(",")] if text else []
        if declared.get("NoEcho") in (True, "true", "True") and text is not None:
            return Hidden(text)
        return value

    def _value(self, name: str, declared: Table, kind: str) -> Any:
        given = self.given.get(name)
        variable = self._qualified(name)
        from_ssm = kind.startswith("AWS::SSM::Parameter::Value")
        if given is not None and given.resolved is not None:
            return given.resolved
        if given is not None and given.value is not None and not from_ssm:
            return given.value
        assigned = self._world.assignment.get(variable)
        if isinstance(assigned, str):
            return assigned
        if given is None and not from_ssm and declared.get("Default") is not None:
            return declared["Default"]
        self._note_allowed(variable, declared, is_open=from_ssm)
        if from_ssm:
            where = given.value if given is not None else declared.get("Default")
            reason = f"the parameter {name} is read from SSM ({where}) at deployment: give its ResolvedValue"
        elif given is not None:
            reason = f"the parameter {name} keeps its previous value: give --parameters {name}=VALUE"
        else:
            reason = f"the parameter {name} has no value: give --parameters {name}=VALUE"
        return self._variable(variable, reason, assigned)

    def _note_allowed(self, variable: str, declared: Table, *, is_open: bool) -> None:
        allowed = declared.get("AllowedValues")
        hidden = declared.get("NoEcho") in (True, "true", "True")
        texts = [text_of(value) for value in allowed] if isinstance(allowed, list) and not is_open else []
        known = [text for text in texts if text is not None]
        self._world.compare(variable, known, is_closed=bool(known), is_hidden=hidden)

    def _variable(self, variable: str, reason: str, assigned: str | Other | None) -> Expression:
        symbol = f"${{{variable}}}"
        unequal = assigned.than if isinstance(assigned, Other) else frozenset[str]()
        free = () if isinstance(assigned, Other) else (variable,)
        return Expression(reason, symbol, symbol=symbol, variables=free, unequal_to=unequal)

    def _qualified(self, name: str) -> str:
        """The name of a parameter, apart from parameters of other stacks."""
        return f"{self.prefix.replace('/', '.')}{name}"

    def _pseudo(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return NO_VALUE
        region = self.known_region()
        known = {
            "AWS::Region": region,
            "AWS::AccountId": self.account,
            "AWS::StackName": self.name,
            "AWS::Partition": _partition(region),
            "AWS::URLSuffix": _suffix(region),
        }.get(name)
        if known is not None:
            return known
        assigned = self._world.assignment.get(name)
        if isinstance(assigned, str):
            return assigned
        if name == "AWS::Region":
            return self._variable(name, "the region is not known: give --region", assigned)
        variable = name if name != "AWS::StackName" else self._qualified(name)
        return self._variable(variable, f"{name[:80]} is known only at deployment", assigned)

    def known_region(self) -> str | None:
        """The region of this stack, as given or as assumed in this world."""
        assigned = self._world.assignment.get("AWS::Region")
        return self.region or (assigned if isinstance(assigned, str) else None)

    # Resources -------------------------------------------------------------------------------------------------------

    def attribute(self, logical_id: str, attribute: str) -> Any:
        """What ``Fn::GetAtt`` gives: a property where it is one that is set, an output of a nested stack, else unknown."""
        key = (logical_id, attribute)
        if key not in self._attributes:
            self._attributes[key] = Unknown("it leads to itself")
            self._attributes[key] = self._attribute(logical_id, attribute)
        return self._attributes[key]

    def _attribute(self, logical_id: str, attribute: str) -> Any:
        resource = self.resources.get(logical_id)
        if not isinstance(resource, Table):
            return Unknown(f"{logical_id[:80]} is not a resource of the template")
        kind = str(resource.get("Type"))
        if attribute.startswith("Outputs."):
            child = self.child(logical_id)
            if isinstance(child, Stack):
                return child.output(attribute.removeprefix("Outputs."))
            return child if isinstance(child, Unknown) else self._of_resource(logical_id, attribute)
        named = _NAMES.get(kind, {}).get(attribute) or (attribute if kind in _REF_IS_NAME else None)
        if named is not None:
            value = self.properties_value(resource, named)
            if value is not None and value is not NO_VALUE:
                return value
        return self._of_resource(logical_id, attribute)

    def properties_value(self, resource: Table, name: str) -> Any:
        """One property of a resource, without evaluating the others."""
        properties = resource.get("Properties")
        if isinstance(properties, Table) and len(properties) == 1 and next(iter(properties)).startswith("Fn::"):
            properties = self.evaluate(properties)
            return properties.get(name) if isinstance(properties, Table) else None
        return self.evaluate(properties[name]) if isinstance(properties, Table) and name in properties else None

    def _of_resource(self, logical_id: str, attribute: str) -> Expression:
        written = f"{logical_id}.{attribute}" if attribute else logical_id
        symbol = f"${{{self._qualified(written)}}}"
        references = (Reference(self.prefix + logical_id, attribute),)
        return Expression(AFTER_APPLY, symbol, symbol=symbol, references=references)

    def child(self, logical_id: str) -> "Stack | Unknown | None":
        """The nested stack under a logical id; Unknown where its template is not here; None where it is none."""
        resource = self.resources.get(logical_id)
        if not isinstance(resource, Table) or resource.get("Type") not in NESTED_STACKS:
            return None
        if logical_id not in self._children:
            self._children[logical_id] = Unknown("it contains itself")
            self._children[logical_id] = self._around.child(self, logical_id, resource)
        return self._children[logical_id]

    def output(self, name: str) -> Any:
        """The value of an output, for a parent stack."""
        outputs = self.loops.expanded(self._section("Outputs"))
        output = outputs.get(name)
        if not isinstance(output, Table):
            return Unknown(f"{self.path} has no output {name[:80]}")
        return self.evaluate(output.get("Value"))

    def exports(self) -> dict[str, Any]:
        """Unevaluated values of outputs by the name they are exported under."""
        found: dict[str, Any] = {}
        for output in self.loops.expanded(self._section("Outputs")).values():
            export = output.get("Export") if isinstance(output, Table) else None
            if isinstance(export, Table):
                name = symbol_of(self.evaluate(export.get("Name")))
                if name is not None:
                    found[name] = output.get("Value")
        return found

    # Conditions ------------------------------------------------------------------------------------------------------

    def holds(self, name: Any) -> bool | Unknown:
        """Whether a named condition holds. What depends on an Unknown one has to be noted with `consult`."""
        name = text_of(name)
        if name is None or name not in self._rules:
            return Unknown(f"the condition {str(name)[:80]} is not in the template")
        if name not in self._conditions:
            self._conditions[name] = Unknown(f"the condition {name} leads to itself")
            self._conditions[name] = self._decide(self._rules[name])
        return self._conditions[name]

    def consult(self, undecided: Unknown) -> None:
        """Note that something which matters depends on an undecided condition."""
        if isinstance(undecided, Expression):
            self._world.consult(undecided.variables)

    def _decide(self, rule: Any) -> bool | Unknown:
        if isinstance(rule, Table) and len(rule) == 1:
            ((name, argument),) = rule.items()
            operands = argument if isinstance(argument, list) else [argument]
            if name == "Condition":
                return self.holds(argument)
            if name == "Fn::Equals" and len(operands) == 2:  # noqa: PLR2004 - it compares two things
                return self._equal(self.evaluate(operands[0]), self.evaluate(operands[1]))
            if name == "Fn::Not" and len(operands) == 1:
                return _negated(self._decide(operands[0]))
            if name in ("Fn::And", "Fn::Or"):
                return self._combined(operands, absorbing=name == "Fn::Or")
            return (
                self._truth(self._called(name, argument)) if name in _FUNCTIONS else Unknown(f"{name[:80]} is no test")
            )
        return self._truth(rule)

    def _truth(self, value: Any) -> bool | Unknown:
        if isinstance(value, Unknown):
            return value
        return {"true": True, "false": False}.get(
            str(text_of(value)).lower(), Unknown("a condition is not true or false")
        )

    def _combined(self, operands: list[Any], *, absorbing: bool) -> bool | Unknown:
        """Kleene's and, whose absorbing value is false, or his or."""
        undecided: list[Unknown] = []
        for operand in operands:
            truth = self._decide(operand)
            if truth is absorbing:
                return absorbing
            if isinstance(truth, Unknown):
                undecided.append(truth)
        if not undecided:
            return not absorbing
        variables = [name for each in undecided if isinstance(each, Expression) for name in each.variables]
        return Expression(undecided[0].reason, variables=tuple(dict.fromkeys(variables)))

    def _equal(self, left: Any, right: Any) -> bool | Unknown:
        texts = text_of(left), text_of(right)
        if None not in texts:
            return texts[0] == texts[1]
        if isinstance(left, list) or isinstance(right, list):
            return left == right if isinstance(left, list) and isinstance(right, list) else False
        left, right, text = (left, right, texts[1]) if isinstance(left, Unknown) else (right, left, texts[0])
        if not isinstance(left, Expression):
            return left if isinstance(left, Unknown) else False
        if left.symbol is not None and left.symbol == symbol_of(right):
            return True
        if text is not None and text in left.unequal_to:
            return False
        return self._undecided(left, right, text)

    def _undecided(self, left: Expression, right: Any, text: str | None) -> bool | Unknown:
        """A comparison that hangs on parameters, or, where these are out of reach, on itself."""
        if text is not None and len(left.variables) == 1 and left.symbol == f"${{{left.variables[0]}}}":
            self._world.compare(left.variables[0], [text], is_closed=False)
            return Expression(left.reason, variables=left.variables)
        right_text = "a hidden value" if isinstance(right, Hidden) else symbol_of(right) or "something unknown"
        sides = sorted((symbol_of(left) or left.reason, right_text))
        comparison = f"whether {sides[0]} equals {sides[1]}"
        assigned = self._world.assignment.get(comparison)
        if isinstance(assigned, str):
            return assigned == "true"
        self._world.compare(comparison, ["true", "false"], is_closed=True)
        return Expression(left.reason, variables=(comparison,))

    # Functions -------------------------------------------------------------------------------------------------------

    def _get_att(self, argument: Any) -> Any:
        if isinstance(argument, str):
            argument = list(argument.partition(".")[::2])
        if not isinstance(argument, list) or len(argument) < 2:  # noqa: PLR2004 - a resource and an attribute
            return Unknown("Fn::GetAtt is not given a resource and an attribute")
        logical_id, *rest = [self.evaluate(part) for part in argument]
        attribute = joined(rest, ".")
        if isinstance(logical_id, str) and isinstance(attribute, str):
            return self.attribute(logical_id, attribute)
        unknown = next((part for part in (logical_id, attribute) if isinstance(part, Unknown)), None)
        return unknown or Unknown("Fn::GetAtt is not given a resource and an attribute")

    def _sub(self, argument: Any) -> Any:
        text, names = argument, Table()
        if isinstance(argument, list) and len(argument) == 2 and isinstance(argument[1], dict):  # noqa: PLR2004
            text, names = argument
        if not isinstance(text, str):
            evaluated = self.evaluate(text)
            return evaluated if isinstance(evaluated, Unknown) else Unknown("Fn::Sub is not given text")
        parts: list[Any] = []
        end = 0
        for match in _PLACEHOLDER.finditer(text):
            parts.append(self._text(text[end : match.start()]))
            parts.append(self._placeholder(match[1].strip(), names))
            end = match.end()
        parts.append(self._text(text[end:]))
        return joined([part for part in parts if part != ""]) if parts else ""

    def _placeholder(self, name: str, names: dict[str, Any]) -> Any:
        if name.startswith("!"):
            return f"${{{name[1:]}}}"
        if name in names:
            return self.evaluate(names[name])
        logical_id, dot, attribute = name.partition(".")
        return self.attribute(logical_id, attribute) if dot else self.reference(name)

    def _if(self, argument: Any) -> Any:
        if not isinstance(argument, list) or len(argument) != 3:  # noqa: PLR2004 - a condition and two branches
            return Unknown("Fn::If is not given a condition and two branches")
        truth = self.holds(argument[0])
        if isinstance(truth, Unknown):
            self.consult(truth)
            return truth
        return self.evaluate(argument[1 if truth else 2])

    def _find_in_map(self, argument: Any) -> Any:
        if not isinstance(argument, list) or len(argument) not in (3, 4):
            return Unknown("Fn::FindInMap is not given a map and two keys")
        found = self._found(argument[:3])
        if isinstance(found, NoValue) and len(argument) == 4:  # noqa: PLR2004 - with a default
            options = argument[3]
            return self.evaluate(options.get("DefaultValue")) if isinstance(options, Table) else Unknown("no default")
        return Unknown("Fn::FindInMap finds nothing under its keys") if isinstance(found, NoValue) else found

    def _found(self, path: list[Any]) -> Any:
        """The value in a mapping; `NO_VALUE` where there is none under the keys."""
        here: Any = self._section("Mappings")
        for index, step in enumerate(path):
            key = self.evaluate(step)
            if isinstance(key, Unknown):
                self._offer(key, here if index else {})
                return key
            text = text_of(key)
            if not isinstance(here, dict) or text is None or text not in here:
                return NO_VALUE
            here = here[text]
        return self.evaluate(here)

    def _offer(self, key: Unknown, keys: Mapping[str, Any]) -> None:
        """A map's keys are the only values that a parameter used as a key can have."""
        if isinstance(key, Expression) and len(key.variables) == 1 and isinstance(keys, dict):
            (variable,) = key.variables
            if key.symbol == f"${{{variable}}}" and not variable.startswith("AWS::"):
                self._world.compare(variable, list(keys), is_closed=True)
                self._world.consult(key.variables)

    def _join(self, argument: Any) -> Any:
        if not isinstance(argument, list) or len(argument) != 2:  # noqa: PLR2004 - a separator and a list
            return Unknown("Fn::Join is not given a separator and a list")
        separator, parts = argument[0], self.evaluate(argument[1])
        if isinstance(parts, Unknown):
            return parts
        if not isinstance(parts, list) or not isinstance(separator, str):
            return Unknown("Fn::Join is not given a separator and a list")
        return joined(parts, separator)

    def _select(self, argument: Any) -> Any:
        if not isinstance(argument, list) or len(argument) != 2:  # noqa: PLR2004 - an index and a list
            return Unknown("Fn::Select is not given an index and a list")
        index, items = self.evaluate(argument[0]), self.evaluate(argument[1])
        for part in (index, items):
            if isinstance(part, Unknown):
                return Unknown(part.reason)
        text = text_of(index)
        if not isinstance(items, list) or text is None or not text.isdecimal() or int(text) >= len(items):
            return Unknown("Fn::Select finds nothing at its index")
        return items[int(text)]

    def _split(self, argument: Any) -> Any:
        if not isinstance(argument, list) or len(argument) != 2:  # noqa: PLR2004 - a separator and text
            return Unknown("Fn::Split is not given a separator and text")
        separator, text = argument[0], self.evaluate(argument[1])
        if isinstance(text, Unknown):
            return Unknown(text.reason)
        if not isinstance(text, str) or not isinstance(separator, str) or not separator:
            return Unknown("Fn::Split is not given a separator and text")
        return [type(text)(part) for part in text.split(separator)]

    def _import_value(self, argument: Any) -> Any:
        name = self.evaluate(argument)
        symbol = symbol_of(name)
        value = self._around.export(symbol) if symbol is not None else None
        if value is not None:
            return value
        shown = name.partial if isinstance(name, Unknown) else symbol
        text = f"${{Import {shown}}}"
        reason = f"{shown} is exported by a stack that is not among the inputs"
        return Expression(reason, text, symbol=text if symbol is not None else None)

    def _get_stack_output(self, argument: Any) -> Any:
        options = argument if isinstance(argument, Table) else Table()
        stack, output = self.evaluate(options.get("StackName")), self.evaluate(options.get("OutputName"))
        if isinstance(stack, str) and isinstance(output, str):
            value = self._around.output(stack, output)
            if value is not None:
                return value
            text = f"${{{stack}.Outputs.{output}}}"
            return Expression(f"the stack {stack} is not among the inputs", text, symbol=text)
        return Unknown("which output of which stack it is, is known only at deployment")

    def _length(self, argument: Any) -> Any:
        items = self.evaluate(argument)
        if isinstance(items, list):
            return len(items)
        return items if isinstance(items, Unknown) else Unknown("Fn::Length is not given a list")

    def _to_json(self, argument: Any) -> Any:
        value = self.evaluate(argument)
        unknown = _first_unknown(value)
        if unknown is not None:
            return Unknown(unknown.reason)
        import json

        return json.dumps(value, separators=(",", ":"))

    def _base64(self, argument: Any) -> Any:
        value = self.evaluate(argument)
        if isinstance(value, Unknown):
            return Unknown(value.reason)
        import base64

        text = base64.b64encode((text_of(value) or "").encode()).decode()
        return Hidden(text) if isinstance(value, Hidden) else text

    def _at_deployment(self, argument: Any) -> Any:
        del argument
        return Unknown("it is known only at deployment")


NESTED_STACKS = ("AWS::CloudFormation::Stack", "AWS::Serverless::Application")

_FUNCTIONS: dict[str, Callable[[Stack, Any], Any]] = {
    "Ref": lambda stack, argument: stack.reference(stack.evaluate(argument)),
    "Fn::And": lambda stack, argument: stack._decide(Table({"Fn::And": argument})),
    "Fn::Base64": Stack._base64,
    "Fn::Cidr": Stack._at_deployment,
    "Fn::Equals": lambda stack, argument: stack._decide(Table({"Fn::Equals": argument})),
    "Fn::FindInMap": Stack._find_in_map,
    "Fn::GetAZs": Stack._at_deployment,
    "Fn::GetAtt": Stack._get_att,
    "Fn::GetStackOutput": Stack._get_stack_output,
    "Fn::If": Stack._if,
    "Fn::ImportValue": Stack._import_value,
    "Fn::Join": Stack._join,
    "Fn::Length": Stack._length,
    "Fn::Not": lambda stack, argument: stack._decide(Table({"Fn::Not": argument})),
    "Fn::Or": lambda stack, argument: stack._decide(Table({"Fn::Or": argument})),
    "Fn::Select": Stack._select,
    "Fn::Split": Stack._split,
    "Fn::Sub": Stack._sub,
    "Fn::ToJsonString": Stack._to_json,
}


def _macro(argument: Any) -> Unknown:
    name = argument.get("Name") if isinstance(argument, dict) else argument
    return Unknown(f"the macro {str(name)[:80]} decides at deployment what stands here")


def _negated(truth: bool | Unknown) -> bool | Unknown:  # noqa: FBT001 - a truth value is what it is about
    return truth if isinstance(truth, Unknown) else not truth


def _partition(region: str | None) -> str | None:
    if region is None:
        return None
    for start, partition in (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov"), ("us-iso", None), ("eu-iso", None)):
        if region.startswith(start):
            return partition
    return "aws"


def _suffix(region: str | None) -> str | None:
    partition = _partition(region)
    return {"aws": "amazonaws.com", "aws-us-gov": "amazonaws.com", "aws-cn": "amazonaws.com.cn"}.get(partition or "")


def _first_unknown(value: Any) -> Unknown | None:
    if isinstance(value, Unknown):
        return value
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return next((found for found in map(_first_unknown, items) if found is not None), None)
