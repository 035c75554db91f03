"""One template as one stack: its parameters, conditions and functions, evaluated as far as they can be known.

Nothing is guessed. A value that only a deployment knows is an `Unresolved`, which keeps the text that is known and the
resources that it mentions. A condition that cannot be decided is noted in the `PossibleWorld`, so that the reader can
try what it may be. Source: "Intrinsic function reference" and "Pseudo parameters reference" of AWS CloudFormation.
"""

import re
from functools import cached_property
from typing import Any, Protocol

from guardrail.errors import SourceError
from guardrail.model import AT_DEPLOYMENT, Unknown
from guardrail.sources.base import DNS_SUFFIXES, Reference, partition_of
from guardrail.sources.template.assembly import StackTemplate
from guardrail.sources.template.functions import Exports, call, decide, macro
from guardrail.sources.template.loops import PREFIX, Loops
from guardrail.sources.template.values import (
    NO_VALUE,
    Table,
    Unresolved,
    has_function,
    hidden,
    is_no_echo,
    joined,
    like,
    symbol_of,
    text_of,
    within,
)
from guardrail.sources.template.world import Other, PossibleWorld
from guardrail.sources.vocabulary.spellings import NAMED_BY, NESTED_STACKS

MAX_DEPTH = 100
"""Of functions that lead to functions that lead to functions."""

STEPS = 5
"""What evaluating a mapping or a list costs of `limits.MOST_STEPS`; it takes some microseconds."""


_DYNAMIC = re.compile(r"\{\{resolve:[^{}]*\}\}")

ARN = "Arn"
"""The attribute that Ref gives of what `NAMED_BY` has; what names it is another one."""

_REF_IS_NAME = {"AWS::SageMaker::InferenceExperiment": "Name", "AWS::SageMaker::Pipeline": "PipelineName"}


class Surroundings(Exports, Protocol):
    """What a stack asks of everything around it."""

    world: PossibleWorld

    def child(self, stack: "Stack", logical_id: str, resource: Table) -> "Stack | Unknown":
        """The nested stack that a resource declares."""
        ...

    def file(self, path: str) -> bytes | None:
        """The content of a file beside a template; None where it is not here."""
        ...


_NAMED = re.compile(r"\$\{[^}]*\}")
"""What Fn::Sub puts in: a parameter, or with a dot in it an attribute of a resource."""


class Stack:
    """One template under one world."""

    def __init__(self, template: StackTemplate, around: Surroundings, owner: tuple["Stack", str] | None = None) -> None:
        self.template = template
        self.root = template.root
        self.path = template.path
        self.prefix = template.prefix
        self.owner = owner
        """The stack that nests this one, and the logical id that it has there; None for one at the root."""
        self.around = around
        self.world = around.world
        self._depth = 0
        self._parameters: dict[str, Any] = {}
        self._attributes: dict[tuple[str, str], Any] = {}
        self._values: dict[str, Any] = {}
        self._children: dict[str, Stack | Unknown] = {}
        self.loops = Loops(template.path, self.evaluate, self.world.allowance)
        self._declared = self.section("Parameters")
        self._rules = self.loops.expanded(self.section("Conditions"))
        self._decided: dict[str, bool | Unknown] = {}
        self.resources = self.loops.expanded(self.section("Resources"))

    def section(self, name: str) -> Table:
        """A section of the template; empty where it has none. Raises `SourceError` where it is no mapping."""
        if self.root.twice is not None and self.root.twice.key == name:
            self.root.once()
        section = self.root.get(name)
        if section is None:
            return Table()
        if not isinstance(section, Table):
            raise SourceError(f"{self.path}: {name} is not a mapping")
        return section.once()

    # Values ----------------------------------------------------------------------------------------------------------

    def evaluate(self, value: Any) -> Any:
        """A value of the template with every function in it evaluated; `NO_VALUE` where it is to be left out."""
        kind = value.__class__
        if kind is str:
            return self.text(value) if "{{resolve:" in value else value
        if kind is list:
            self.world.allowance.steps(STEPS)
            return [item for item in map(self.evaluate, value) if item is not NO_VALUE]
        if not isinstance(value, Table):
            return value
        self.world.allowance.steps(STEPS)
        if len(value.once()) == 1:
            ((name, argument),) = value.items()
            if name == "Ref" or name.startswith("Fn::"):
                return self._called(name, argument)
        return self._table(value)

    def _table(self, table: Table) -> Any:
        values: dict[str, Any] = {}
        for key, value in table.items():
            if key.startswith("Fn::"):
                return self._with_functions(table)
            evaluated = value if value.__class__ is str and "{{" not in value else self.evaluate(value)
            if evaluated is not NO_VALUE:
                values[key] = evaluated
        return table.evaluated(values)

    def _with_functions(self, table: Table) -> Any:
        """A mapping among whose keys are loops, or a macro, or a function where none can stand."""
        if "Fn::Transform" in table:
            return macro(table["Fn::Transform"])
        table = self.loops.expanded(table)
        values = {key: self.evaluate(value) for key, value in table.items()}
        return table.evaluated({key: value for key, value in values.items() if value is not NO_VALUE})

    def _called(self, name: str, argument: Any) -> Any:
        if name.startswith(PREFIX):
            return self._table(Table({name: argument}))
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self._depth -= 1
            return Unknown("its functions lead to themselves")
        try:
            return call(self, name, argument)
        finally:
            self._depth -= 1

    def text(self, text: str) -> Any:
        """Text with dynamic references, which are read at deployment."""
        parts: list[Any] = []
        end = 0
        for match in _DYNAMIC.finditer(text):
            reference = match[0]
            parts += [
                text[end : match.start()],
                Unresolved(f"{reference} is read at deployment", reference, symbol=reference),
            ]
            end = match.end()
        if not parts:
            return text
        return like(text, joined([part for part in (*parts, text[end:]) if part != ""], allowance=self.world.allowance))

    def holds(self, name: Any) -> bool | Unknown:
        """Whether a named condition holds. What depends on an Unknown one is to be noted with `consult`."""
        name = text_of(name)
        if name is None or name not in self._rules:
            return Unknown(f"the condition {str(name)[:80]} is not in the template")
        if name not in self._decided:
            self._decided[name] = Unknown(f"the condition {name} leads to itself")
            self._decided[name] = decide(self, self._rules[name])
        return self._decided[name]

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
        if not isinstance(self.resources.get(name), Table):
            return Unknown(f"{name[:80]} is neither a parameter nor a resource of the template")
        attribute = _REF_IS_NAME.get(self.type_of(name))
        return self.attribute(name, attribute) if attribute else self._of_resource(name, "")

    def _parameter(self, name: str) -> Any:
        declared = self._declared[name]
        declared = declared.once() if isinstance(declared, Table) else Table()
        kind = str(declared.get("Type", "String"))
        value = self._value(name, declared, kind)
        if isinstance(value, Unknown):
            return value
        if "List" in kind and not isinstance(value, list):
            text = text_of(value)
            value = like(value, [item.strip() for item in text.split(",")] if text else [])
        return hidden(value) if is_no_echo(declared) else value

    def _value(self, name: str, declared: Table, kind: str) -> Any:
        given = self.template.parameters.get(name)
        variable = self._variable_name(name)
        from_ssm = kind.startswith("AWS::SSM::Parameter::Value")
        if given is not None and given.resolved is not None:
            return given.resolved
        if given is not None and given.value is not None and not from_ssm:
            return given.value
        assigned = self.world.assignment.get(variable)
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
        texts = [text_of(value) for value in allowed] if isinstance(allowed, list) and not is_open else []
        known = [text for text in texts if text is not None]
        self.world.compare(variable, known, is_closed=bool(known), is_secret=is_no_echo(declared))

    def _variable(self, variable: str, reason: str, assigned: str | Other | None) -> Unresolved:
        symbol = f"${{{variable}}}"
        unequal = assigned.than if isinstance(assigned, Other) else frozenset[str]()
        free = () if isinstance(assigned, Other) else (variable,)
        return Unresolved(reason, symbol, symbol=symbol, variables=free, unequal_to=unequal)

    def _variable_name(self, name: str) -> str:
        """The name of a parameter, apart from parameters of other stacks."""
        return f"{self.prefix.removeprefix(self.template.origin).replace('/', '.')}{name}"

    def _pseudo(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return NO_VALUE
        region = self.known_region()
        partition = partition_of(region) if region is not None else None
        known = {
            "AWS::Region": region,
            "AWS::AccountId": self.template.account,
            "AWS::StackName": self.template.name,
            "AWS::Partition": partition,
            "AWS::URLSuffix": DNS_SUFFIXES.get(partition or ""),
        }.get(name)
        if known is not None:
            return known
        assigned = self.world.assignment.get(name)
        if isinstance(assigned, str):
            return assigned
        if name == "AWS::Region":
            return self._variable(name, "the region is not known: give --region", assigned)
        variable = name if name != "AWS::StackName" else self._variable_name(name)
        return self._variable(variable, f"{name[:80]} is known only at deployment", assigned)

    def known_region(self) -> str | None:
        """The region of this stack, as given or as assumed in this world."""
        assigned = self.world.assignment.get("AWS::Region")
        return self.template.region or (assigned if isinstance(assigned, str) else None)

    # Resources -------------------------------------------------------------------------------------------------------

    def type_of(self, logical_id: str) -> str:
        """The type of a resource as it is written; "" where there is none."""
        return str(within(self.resources, logical_id, "Type") or "")

    def attribute(self, logical_id: str, attribute: str) -> Any:
        """What ``Fn::GetAtt`` gives: a property where it is one, an output of a nested stack, else it is unknown."""
        key = (logical_id, attribute)
        if key not in self._attributes:
            self._attributes[key] = Unknown("it leads to itself")
            self._attributes[key] = self._attribute(logical_id, attribute)
        return self._attributes[key]

    def _attribute(self, logical_id: str, attribute: str) -> Any:
        resource = self.resources.get(logical_id)
        if not isinstance(resource, Table):
            return Unknown(f"{logical_id[:80]} is not a resource of the template")
        kind = self.type_of(logical_id)
        if attribute.startswith("Outputs."):
            child = self.child(logical_id)
            if isinstance(child, Stack):
                return child.output(attribute.removeprefix("Outputs."))
            return child if isinstance(child, Unknown) else self._of_resource(logical_id, attribute)
        if NAMED_BY.get(kind) == attribute or kind in _REF_IS_NAME:
            value = self.properties_value(resource, attribute)
            if value is not None and value is not NO_VALUE:
                return value
        return self._of_resource(logical_id, attribute)

    def properties(self, resource: Table, unread: frozenset[str]) -> Any:
        """The properties of a resource; those that are ``unread``, at any depth, as they are written.

        Of these what is text, or text with parameters in it, is that text: nothing depends on it, so it asks nothing.
        """
        return self._read(resource.get("Properties", Table()), unread)

    def _read(self, written: Any, unread: frozenset[str]) -> Any:
        if written.__class__ is list:
            return [item for item in (self._read(item, unread) for item in written) if item is not NO_VALUE]
        if not isinstance(written, Table) or has_function(written):
            return self.evaluate(written)
        values = {
            key: self._aside(value) if key in unread else self._read(value, unread)
            for key, value in written.once().items()
        }
        return written.evaluated({key: value for key, value in values.items() if value is not NO_VALUE})

    def _aside(self, written: Any) -> Any:
        """A value that decides nothing: parameters put in where it is no more than text, else as it is written."""
        if not isinstance(written, Table) or len(written) != 1 or not _is_text_with_parameters(written):
            return written
        return self.evaluate(written)

    def properties_value(self, resource: Table, name: str) -> Any:
        """One property of a resource, without evaluating the others."""
        properties = resource.get("Properties")
        if isinstance(properties, Table) and len(properties) == 1 and next(iter(properties)).startswith("Fn::"):
            properties = self.evaluate(properties)
            return properties.get(name) if isinstance(properties, Table) else None
        return self.evaluate(properties[name]) if isinstance(properties, Table) and name in properties else None

    def _of_resource(self, logical_id: str, attribute: str) -> Unresolved:
        name = f"{logical_id}.{attribute}" if attribute else logical_id
        symbol = f"${{{self.prefix.replace('/', '.')}{name}}}"
        is_arn = not attribute and self.type_of(logical_id) in NAMED_BY
        references = (Reference(self.prefix + logical_id, ARN if is_arn else attribute),)
        return Unresolved(AT_DEPLOYMENT, symbol, symbol=symbol, references=references)

    def child(self, logical_id: str) -> "Stack | Unknown | None":
        """The nested stack under a logical id; Unknown where its template is not here; None where it is none."""
        if self.type_of(logical_id) not in NESTED_STACKS:
            return None
        if logical_id not in self._children:
            self._children[logical_id] = Unknown("it contains itself")
            self._children[logical_id] = self.around.child(self, logical_id, self.resources[logical_id])
        return self._children[logical_id]

    def output(self, name: str) -> Any:
        """The value of an output, for a parent stack."""
        if name not in self._values:
            output = self._outputs.get(name)
            if not isinstance(output, Table):
                return Unknown(f"{self.path} has no output {name[:80]}")
            self._values[name] = Unknown("it leads to itself")
            self._values[name] = self.evaluate(output.once().get("Value"))
        return self._values[name]

    @cached_property
    def _outputs(self) -> Table:
        return self.loops.expanded(self.section("Outputs"))

    def exports(self) -> dict[str, str]:
        """The names of outputs by the name they are exported under."""
        exports: dict[str, str] = {}
        for name, output in self._outputs.items():
            exported = symbol_of(self.evaluate(within(output, "Export", "Name")))
            if exported is not None:
                exports[exported] = name
        return exports

    def consult(self, undecided: Unknown) -> None:
        """Note that something which matters depends on an undecided condition."""
        if isinstance(undecided, Unresolved):
            self.world.consult(undecided.variables)


def _is_text_with_parameters(written: Table) -> bool:
    """Whether a function puts parameters into text and does nothing else: no condition and no output decides."""
    ((name, argument),) = written.items()
    if name == "Fn::GetAtt":  # of a resource, not of a nested stack
        parts = argument.split(".") if isinstance(argument, str) else argument
        return isinstance(parts, list) and all(isinstance(part, str) and "Outputs" not in part for part in parts)
    return name in ("Ref", "Fn::Sub") and isinstance(argument, str) and "." not in "".join(_NAMED.findall(argument))
