"""Make what is generated from the policies for programs: their compiled form and their schema.

    python scripts/build_policies.py            writes the files that are out of step
    python scripts/build_policies.py --check    exits 1 where one is

policies/compiled.json is what `guardrail check` reads; policies/schema.json completes and checks policies in editors.
The pages for people are made by scripts/build_reference.py.
"""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from guardrail.commands.schema import DRAFT, documented  # noqa: E402
from guardrail.policy import condition, load  # noqa: E402 - from this checkout, wherever the script is started
from guardrail.policy.base import Remediation  # noqa: E402
from guardrail.policy.fields import FIELDS, Field, FieldType  # noqa: E402
from guardrail.policy.policy import Examples, Fix, Message, Parameter, Policy, Quantity  # noqa: E402
from scripts import in_step  # noqa: E402


def main() -> int:
    return in_step.kept(files, "scripts/build_policies.py")


def files() -> dict[str, str]:
    """Each file with its text."""
    return {
        "policies/compiled.json": compiled(load.read(str(ROOT / "policies"))),
        "policies/schema.json": json.dumps(schema(), indent=2) + "\n",
    }


# The compiled form


def compiled(policies: Iterable[Policy]) -> str:
    """The policies without examples and defaults, one a line."""
    lines = []
    for policy in policies:
        plain = msgspec.to_builtins(msgspec.structs.replace(policy, examples=Examples()))
        defaults = {field.encode_name: field.default for field in msgspec.structs.fields(Policy)}
        kept = {name: value for name, value in plain.items() if value and value != defaults[name]}
        kept["require"] = policy.require
        lines.append(json.dumps(kept, ensure_ascii=False))
    return "[\n" + ",\n".join(lines) + "\n]\n"


# The schema


def schema() -> dict[str, Any]:
    """The JSON Schema of one policy file, with the name of every field in it."""
    made: dict[str, Any] = msgspec.json.schema(Policy)
    parts: dict[str, Any] = made["$defs"]
    for kind in (Policy, Parameter, Quantity, Message, Fix, Remediation, Examples):
        described = documented(kind)
        for name, part in parts[kind.__name__]["properties"].items():
            if name in described:
                part["description"] = described[name]
    own = parts["Policy"]["properties"]
    del own["topic"]
    asked = [(parts[kind]["properties"], "when") for kind in ("Message", "Fix", "Policy")]
    for place, key in [*asked, (own, "require"), (own, "note_when"), (parts["Quantity"]["properties"], "where")]:
        kept = {part: said for part, said in place[key].items() if part in ("default", "description")}
        place[key] = {"$ref": "#/$defs/Condition"} | kept
    parts["Condition"] = _condition_schema()
    parts |= {f"{kind}-field": _field_schema(kind, _JSON_TYPES.get(kind, _NUMBER)) for kind in condition.OPERATORS}
    parts |= {f"{path}-field": _field_schema(field.type, _constant(field)) for path, field in _constrained()}
    path = {"anyOf": [{"enum": sorted(FIELDS)}, {"type": "string", "pattern": _OWN_FIELDS}]}
    named, of = {"type": "string"}, _mapping({"field": path}, "field")
    times = {"anyOf": [{"type": "number", "minimum": 0}, _mapping({"param": named}, "param")]}
    parts["Reference"] = {
        "anyOf": [
            _mapping({"param": named, "of": of}, "param"),
            _mapping({"field": path, "times": times}, "field"),
        ]
    }
    return {"$schema": DRAFT, "title": "A policy of guardrail", **made}


_OWN_FIELDS = "^(param|quantity|endpoint\\.tags)\\."
"""Fields that each policy has of its own, or each endpoint."""


def _mapping(properties: dict[str, Any], required: str) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": [required], "additionalProperties": False}


def _condition_schema() -> dict[str, Any]:
    same = {"$ref": "#/$defs/Condition"}
    combined = {"type": "array", "items": same, "minItems": 1}
    constrained = dict(_constrained())
    parts = _mapping(dict.fromkeys(condition.PARTS, same), "") | {
        "required": [],
        "minProperties": 1,
        "maxProperties": 1,
    }
    asked = {"if": {"propertyNames": {"enum": list(condition.PARTS)}}, "then": parts, "else": same}
    own: dict[str, Any] = {
        "all": {"description": "Conditions that must hold, every one.", **combined},
        "any": {"description": "Conditions of which one must hold.", **combined},
        "not": {"description": "A condition that must not hold.", **same},
        "each": {"description": "A condition that must hold for every variant, or other part, that is named.", **asked},
        "some": {"description": "A condition that must hold for one variant, or other part, that is named.", **asked},
    }
    return {
        "type": "object",
        "description": "Fields and what they must be; all of them must hold.",
        "properties": own
        | {
            path: {
                "description": _meaning(field),
                "$ref": f"#/$defs/{path if path in constrained else field.type}-field",
            }
            for path, field in FIELDS.items()
        },
        "patternProperties": {
            "^endpoint\\.tags\\.": {"description": "The value of one tag.", "$ref": "#/$defs/string-field"},
            "^(param|quantity)\\.": True,
        },
        "additionalProperties": False,
        "minProperties": 1,
    }


_JSON_TYPES: dict[str, dict[str, Any]] = {
    "string": {"type": "string"},
    "boolean": {"type": "boolean"},
    "strings": {"type": "array", "items": {"type": "string"}},
}


_NUMBER: dict[str, Any] = {"type": "number"}


def _constrained() -> list[tuple[str, Field]]:
    """The fields whose values are a list, have a shape or lie in a range."""
    return [(path, field) for path, field in FIELDS.items() if field.values or field.shape or field.most is not None]


def _constant(field: Field) -> dict[str, Any]:
    """A value that the field can have."""
    if field.values:
        text: dict[str, Any] = {"type": "string", "enum": list(field.values)}
    elif field.shape:
        text = {"type": "string", "pattern": f"^({field.shape})$"}
    else:
        return {"type": "number", "minimum": field.least, "maximum": field.most}
    return {"type": "array", "items": text} if field.type == "strings" else text


def _field_schema(kind: FieldType, constant: dict[str, Any]) -> dict[str, Any]:
    """What may stand beside a field of that type whose constants are ``constant``."""
    reference = {"$ref": "#/$defs/Reference"}
    operand = {"anyOf": [constant, reference]}
    member = {"anyOf": [constant.get("items", constant), reference]}
    listed = {"anyOf": [{"type": "array", "items": member, "minItems": 1}, reference]}
    operands: dict[str, Any] = {
        "present": {"type": "boolean"},
        "in": listed,
        "not_in": listed,
        "has_keys": {"anyOf": [{"type": "array", "items": {"anyOf": [{"type": "string"}, reference]}}, reference]},
        "matches": {"anyOf": [{"type": "string"}, listed]},
        "contains": member,
        "is": {"enum": list(condition.FORMS)},
        "days_from_today": {"$ref": "#/$defs/integer-field"},
    }
    operators = {name: operands.get(name, operand) for name in condition.OPERATORS[kind] if name != "eq"}
    choices: list[dict[str, Any]] = [
        {"type": "null"},
        {"type": "object", "properties": operators, "additionalProperties": False, "minProperties": 1},
    ]
    if kind not in ("mapping", "object"):
        choices += [constant, reference]
    return {"anyOf": choices}


def _meaning(field: Field) -> str:
    listed = f" One of {', '.join(field.values)}." if field.values else ""
    return f"{field.meaning} In {field.unit}." if field.unit else field.meaning + listed


if __name__ == "__main__":
    sys.exit(main())
