"""The values of a root module's input variables, in Terraform's order of precedence.

From the weakest: ``TF_VAR_*``, ``terraform.tfvars``, ``terraform.tfvars.json``, ``*.auto.tfvars`` by name, the files of
the environment, then ``--var-file`` and ``--var`` in the order of the command line
(developer.hashicorp.com/terraform/language/values).
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeAlias

from msgspec import Struct

from guardrail.errors import SourceError, did_you_mean
from guardrail.model import Unknown
from guardrail.sources.hcl import json_syntax, syntax
from guardrail.sources.hcl.disk import Disk, ModuleSource
from guardrail.sources.hcl.errors import HclSyntaxError
from guardrail.sources.hcl.parse import parse, parse_expression
from guardrail.sources.hcl.terragrunt import inputs_in

_FIRST = ("terraform.tfvars", "terraform.tfvars.json")
_AUTOMATIC = (".auto.tfvars", ".auto.tfvars.json")
_PREFIX = "TF_VAR_"
_COMPLEX = frozenset({"list", "set", "map", "object", "tuple", "any"})


AssignedValue: TypeAlias = syntax.Argument | syntax.Expression | Unknown
"""What stands in a file, an expression without references, or why the value that is assigned is not shown."""


class VariableAssignments(Struct, frozen=True, kw_only=True):
    """What a run gives for variables."""

    assignments: tuple[str, ...] = ()
    """``NAME=VALUE`` and ``@FILE``, in the order of the command line."""
    label: str | None = None
    files: tuple[str, ...] = ()
    """Files of values that settings or inputs name, which a change may have brought; they count before assignments."""
    unit: str | None = None
    """The file of a unit of Terragrunt, whose inputs everything else wins over."""
    environment: Mapping[str, str | Unknown] = {}
    of_the_past: bool = False
    """Whether they are given for what stood before, which need not declare each variable of today."""


def given_values(module: ModuleSource, inputs: VariableAssignments, disk: Disk) -> dict[str, AssignedValue]:
    """The value given for each declared variable of a root module.

    Raises `SourceError` for a file that cannot be read and for an assignment to a variable that is not declared.
    """
    values: dict[str, AssignedValue] = {}
    if inputs.unit is not None:
        file = disk.file(inputs.unit)
        written = inputs_in(file.body, file)
        values.update({name: value for name, value in written.items() if name in module.variables})
    for name, text in inputs.environment.items():
        variable = name.removeprefix(_PREFIX)
        if name.startswith(_PREFIX) and variable in module.variables:
            values[variable] = text if isinstance(text, Unknown) else _from_text(module, variable, text, name)
    for path in _automatic(module.directory, disk):
        values.update(_from_file(path, module, disk, anywhere=False))
    for path in inputs.files:
        values.update(_from_file(path, module, disk, anywhere=False))
    for assignment in inputs.assignments:
        if assignment.startswith("@"):
            values.update(_from_file(assignment[1:], module, disk, anywhere=True))
        else:
            name, _, text = assignment.partition("=")
            if name not in module.variables and inputs.of_the_past:
                continue
            if name not in module.variables:
                near = did_you_mean(name, module.variables)
                raise SourceError(f"--var {name}: {module.directory} declares no such variable{near}")
            values[name] = _from_text(module, name, text, f"--var {name}")
    return values


def _automatic(directory: str, disk: Disk) -> Iterator[str]:
    """The files that Terraform reads by itself."""
    names = disk.tree.names(directory)
    automatic = [name for name in _FIRST if name in names] + [name for name in names if name.endswith(_AUTOMATIC)]
    for name in automatic:
        yield os.path.normpath(os.path.join(directory, name))


def is_automatic(path: str, directory: str) -> bool:
    """Whether Terraform reads a file of values by itself in the root module in ``directory``."""
    name = os.path.basename(path)
    return (name in _FIRST or name.endswith(_AUTOMATIC)) and os.path.realpath(directory) == os.path.realpath(
        os.path.dirname(path) or "."
    )


@contextmanager
def _without_quoting() -> Iterator[None]:
    """Tell of an error in values its place alone: what stands there may be secret."""
    try:
        yield
    except HclSyntaxError as error:
        raise SourceError(
            f"{error.place}: this is no value, or a name that is there twice", hint="a value is given as name = value"
        ) from None


def _from_file(path: str, module: ModuleSource, disk: Disk, *, anywhere: bool) -> dict[str, AssignedValue]:
    """The values in a file; those of variables that are not declared here are passed over, as Terraform does."""
    text = disk.text(path, anywhere=anywhere)
    with _without_quoting():
        if path.endswith(".json"):
            body = json_syntax.constants(text, path)
        else:
            file = parse(text, path)
            if file.body.blocks:
                place = file.location(file.body.blocks[0].at)
                raise SourceError(f"{path}:{place.line}:{place.column}: a file of values has no blocks")
            body = file.body
    found = {name: argument for name, argument in body.arguments.items() if name in module.variables}
    for argument in found.values():
        argument.expression  # noqa: B018 - an error in it is one, whether anybody asks for it or not
    return dict(found)


def _from_text(module: ModuleSource, name: str, text: str, origin: str) -> AssignedValue:
    """A value from a command line or the environment: text, unless the type of the variable asks for more."""
    if _is_complex(module.variables[name].body.expression("type")):
        with _without_quoting():
            return parse_expression(text, origin)
    return syntax.Literal(text, 0)


def _is_complex(type_: syntax.Expression | None) -> bool:
    if isinstance(type_, syntax.Call):
        return True
    return isinstance(type_, syntax.Name) and type_.name in _COMPLEX


def _labelled(text: str) -> tuple[str | None, str]:
    """The label and the path of ``LABEL=FILE``; no label where that is no file and the whole is one."""
    label, equals, path = text.partition("=")
    if not label or not equals or "/" in label or (os.path.exists(text) and not os.path.exists(path)):
        return None, text
    return label, path


def variants_of(assignments: Sequence[str], environment: Mapping[str, str | Unknown]) -> list[VariableAssignments]:
    """One set of inputs for each label among ``assignments`` (``NAME=VALUE`` or ``@[LABEL=]FILE``), in their order.

    What has no label belongs to all; without any label there is one set.
    """
    files = {text: _labelled(text[1:]) for text in assignments if text.startswith("@")}
    labels: list[str | None] = list(dict.fromkeys(label for label, _ in files.values() if label is not None))
    return [
        VariableAssignments(
            assignments=tuple(
                f"@{files[text][1]}" if text in files else text
                for text in assignments
                if text not in files or files[text][0] in (None, label)
            ),
            label=label,
            environment=environment,
        )
        for label in labels or [None]
    ]
