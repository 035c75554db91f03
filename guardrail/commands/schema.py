"""``guardrail schema``: the JSON Schemas of what guardrail reads and writes, for editors and for checks of one's own.

Those of the report, of an explanation and of a policy travel with the package. The others are made of the types that
read the files, whose docstrings say what each key means: what is read and what the schema allows cannot differ.
"""

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from typing import Any

from guardrail import output
from guardrail.bundled import directory

HELP = """\
print the JSON Schema of a report or of a file

An editor with a YAML language server completes and checks a file whose first
line names its schema: # yaml-language-server: $schema=.guardrail.schema.json

examples:
  guardrail schema settings > .guardrail.schema.json
  guardrail schema report
  guardrail schema explain
"""

DRAFT = "https://json-schema.org/draft/2020-12/schema"
_AMOUNT = {"type": ["number", "string"], "minimum": 0, "pattern": r"^\+?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?$"}
"""A Decimal: a number, or one in quotes. None that a file may hold is below zero."""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare which schema."""
    parser.add_argument("of", metavar="OF", choices=tuple(_SCHEMAS), help=", ".join(_SCHEMAS))


def run(arguments: Namespace) -> int:
    """Write the schema to standard output."""
    output.write_stdout(text(arguments.of), for_machines=True)
    return 0


def text(of: str) -> str:
    """The schema ``of`` settings, for example, as JSON that ends with a newline."""
    return _SCHEMAS[of]()


def write_beside(path: str, of: str) -> str:
    """Write the schema for the file at ``path`` beside it, and return the line that names it to an editor.

    Beside ``infra/.guardrail.yml`` it is ``infra/.guardrail.schema.json``.
    """
    name = f".{os.path.splitext(os.path.basename(path))[0].lstrip('.')}.schema.json"
    output.write_file(os.path.join(os.path.dirname(path), name), text(of))
    return f"# yaml-language-server: $schema={name}\n"


def documented(kind: type) -> dict[str, str]:
    """The docstrings below the attributes of a Struct, as one line each, by the name that a file gives them.

    Those of its bases are among them. Where the package has no sources there are none.
    """
    import ast
    import inspect

    from msgspec.structs import fields

    names = {field.name: field.encode_name for field in fields(kind)}
    found = {}
    for base in reversed([base for base in kind.__mro__ if base.__module__.startswith("guardrail.")]):
        try:
            node: Any = ast.parse(inspect.getsource(base)).body[0]
        except OSError:
            continue
        for attribute, said in zip(node.body, node.body[1:], strict=False):
            is_said = isinstance(said, ast.Expr) and isinstance(said.value, ast.Constant)
            if isinstance(attribute, ast.AnnAssign) and is_said:
                found[names[ast.unparse(attribute.target)]] = " ".join(str(said.value.value).split())
    return found


def _shipped(*path: str) -> str:
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read()


def _report() -> str:
    from guardrail import reporters

    return _shipped(os.path.dirname(reporters.__file__), "report.schema.json")


def _explain() -> str:
    """The schema of an explanation, with the parts of a report that are in one."""
    import json

    from guardrail.commands import explain

    schema = json.loads(_shipped(os.path.dirname(explain.__file__), "explain.schema.json"))
    schema["$defs"] |= _reached(schema["$defs"], json.loads(_report())["$defs"])
    return _written(schema)


def _reached(schema: Any, parts: dict[str, Any]) -> dict[str, Any]:
    """Those of ``parts`` that a schema refers to, and that they refer to in turn."""
    import re

    found: dict[str, Any] = {}
    left = [str(schema)]
    while left:
        names = set(re.findall(r"#/\$defs/(\w+)", left.pop())) & parts.keys() - found.keys()
        found |= {name: parts[name] for name in sorted(names)}
        left += [str(parts[name]) for name in sorted(names)]
    return found


def _policy() -> str:
    return _shipped(directory("policies"), "schema.json")


def _settings() -> str:
    from guardrail.policy.load import bundled
    from guardrail.settings import Settings

    schema, parts = _of(Settings, "Settings of guardrail")
    policies = parts["Settings"]["properties"]["policies"]
    known = {policy.id: {**policies["additionalProperties"], "description": policy.title} for policy in bundled()}
    parts["Settings"]["properties"]["policies"] = {**policies, "properties": known}
    return _written(schema)


def _usage() -> str:
    from guardrail.cost.usage import TYPES, VERSIONS, UsageFile
    from guardrail.money import HOURS_PER_MONTH

    schema, parts = _of(UsageFile, "Usage for guardrail")
    file = parts["UsageFile"]["properties"]
    file["version"]["enum"] = [*sorted(VERSIONS), *(float(version) for version in sorted(VERSIONS))]
    (by_type,) = (one for one in file["resource_type_default_usage"]["anyOf"] if one.get("type") == "object")
    entry = by_type.pop("additionalProperties")
    by_type |= {"properties": dict.fromkeys(TYPES, entry), "additionalProperties": False}
    for kind in ("EndpointUsage", "VariantUsage"):
        hours, _null = parts[kind]["properties"]["monthly_busy_hours"]["anyOf"]
        hours["maximum"] = int(HOURS_PER_MONTH)
    return _written(schema)


def _baseline() -> str:
    from guardrail.policy.baseline import Baseline

    return _written(_of(Baseline, "Baseline of guardrail")[0])


def _evidence() -> str:
    from guardrail.evidence.bundle import Bundle

    return _written(_of(Bundle, "Evidence of guardrail")[0])


def _utilization() -> str:
    from guardrail.commands.utilization.answer import UtilizationAnswer

    return _written(_of(UtilizationAnswer, "What guardrail utilization says")[0])


_SCHEMAS: dict[str, Callable[[], str]] = {
    "report": _report,
    "explain": _explain,
    "settings": _settings,
    "usage": _usage,
    "policy": _policy,
    "baseline": _baseline,
    "evidence": _evidence,
    "utilization": _utilization,
}


def _of(kind: type, title: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The schema of a Struct and of all that it holds, with what their fields mean; and its parts by name."""
    import msgspec

    (made,), parts = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    for struct in _structs(msgspec.inspect.type_info(kind)):
        own = parts[struct.__name__]
        own["description"] = " ".join(own["description"].split())
        for name, meaning in documented(struct).items():
            own["properties"][name]["description"] = meaning
    parts = _with_amounts(parts)
    return {"$schema": DRAFT, "title": title, **made, "$defs": parts}, parts


def _structs(info: Any) -> set[type]:
    """Every Struct that a type, as msgspec describes it, is or holds."""
    import msgspec

    found: set[type] = set()
    pending, seen = [info], set()
    while pending:
        one = pending.pop()
        if isinstance(one, (tuple, list)):
            pending += one
        elif isinstance(one, msgspec.Struct) and id(one) not in seen:
            seen.add(id(one))
            found |= {one.cls} if isinstance(one, msgspec.inspect.StructType) else set()
            pending += [getattr(one, name) for name in one.__struct_fields__]
    return found


def _with_amounts(schema: Any) -> Any:
    """The schema as YAML is written: a Decimal is a number, where JSON of msgspec has it as a text."""
    if isinstance(schema, list):
        return [_with_amounts(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("format") == "decimal":
        return {name: one for name, one in schema.items() if name != "format"} | _AMOUNT
    return {name: _with_amounts(one) for name, one in schema.items()}


def _written(schema: dict[str, Any]) -> str:
    import json

    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
