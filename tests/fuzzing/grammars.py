"""What is written inside the inputs: expressions of Terraform, functions of templates, conditions of policies."""

from random import Random
from typing import Any

from guardrail.policy import fields
from guardrail.policy.condition import OPERATORS
from tests.fuzzing.mutators import ODD

_NAMES = ("var.x", "local.y", "each.value", "count.index", "path.module", "self", "data.a.b.c", "module.m.o", "x", "v")
_FUNCTIONS = (
    *("abs", "ceil", "floor", "log", "max", "min", "parseint", "pow", "signum", "chomp", "format", "formatlist"),
    *("indent", "join", "lower", "regex", "regexall", "replace", "split", "strrev", "substr", "title", "trimspace"),
    *("upper", "chunklist", "coalesce", "compact", "concat", "contains", "distinct", "element", "flatten", "index"),
    *("keys", "length", "lookup", "matchkeys", "merge", "one", "range", "reverse", "setintersection", "setproduct"),
    *("slice", "sort", "sum", "transpose", "values", "zipmap", "base64encode", "csvdecode", "jsondecode", "jsonencode"),
    *("yamldecode", "yamlencode", "urlencode", "file", "fileexists", "fileset", "templatefile", "templatestring"),
    *(
        "formatdate",
        "timeadd",
        "timecmp",
        "timestamp",
        "cidrhost",
        "cidrsubnet",
        "cidrnetmask",
        "can",
        "try",
        "nonsensitive",
    ),
    *("sensitive", "tobool", "tolist", "tomap", "tonumber", "toset", "tostring", "type", "startswith", "endswith"),
    *("sha256", "bcrypt", "uuid", "uuidv5", "provider::a::b", "alltrue", "anytrue", "plantimestamp", "base64gzip"),
)
_LITERALS = (
    "0",
    "1",
    "2.5",
    "-3",
    "1e9",
    "1e999",
    "true",
    "null",
    '"a"',
    '"%d%s%#v"',
    '"(a+)+$"',
    '"é\\u0000"',
    "[]",
    "{}",
)


def expression(dice: Random, depth: int = 4) -> str:
    """An expression of Terraform."""
    if depth == 0 or dice.random() < 0.2:
        return dice.choice(_LITERALS + _NAMES)

    def one() -> str:
        return expression(dice, depth - 1)

    return dice.choice(
        (
            lambda: f"{dice.choice(_FUNCTIONS)}({', '.join(one() for _ in range(dice.randrange(4)))})",
            lambda: f"{dice.choice(_FUNCTIONS)}({one()}...)",
            lambda: f"({one()} {dice.choice(('+', '-', '*', '/', '%', '==', '!=', '<', '>=', '&&', '||'))} {one()})",
            lambda: f"({one()} ? {one()} : {one()})",
            lambda: f"[for k, v in {one()} : {one()} if {one()}]",
            lambda: f"{{for k, v in {one()} : k => {one()}...}}",
            lambda: f"[{one()}, {one()}]",
            lambda: f"{{a = {one()}, (x) = {one()}}}",
            lambda: f"{one()}[{one()}]",
            lambda: f"{one()}[*].a",
            lambda: f"{one()}.a.0.*.b",
            lambda: f'"a${{{one()}}}%{{ if {one()} }}b%{{ else ~}} c %{{ endif }}"',
            lambda: f'"%{{ for i in {one()} }}${{i}}%{{ endfor }}"',
            lambda: f"<<-E\n  ${{{one()}}}\n  E\n",
            lambda: f"!{one()}",
            lambda: f"-{one()}",
        )
    )()


_NAMED = (
    "Stage",
    "Size",
    "Count",
    "Zones",
    "IsProd",
    "C",
    "E",
    "AWS::Region",
    "AWS::NoValue",
    "AWS::StackName",
    "None",
)
_INTRINSICS = (
    *("Ref", "Condition", "Fn::GetAtt", "Fn::Sub", "Fn::If", "Fn::Equals", "Fn::And", "Fn::Or", "Fn::Not"),
    *("Fn::FindInMap", "Fn::Join", "Fn::Select", "Fn::Split", "Fn::ImportValue", "Fn::Length", "Fn::ToJsonString"),
    *("Fn::Base64", "Fn::GetAZs", "Fn::Cidr", "Fn::Transform", "Fn::ForEach::X", "Fn::Contains", "Fn::GetStackOutput"),
)


def intrinsic(dice: Random, depth: int = 4) -> Any:
    """A function of a template."""
    if depth == 0 or dice.random() < 0.25:
        return dice.choice((*_NAMED, *ODD, {"Ref": dice.choice(_NAMED)}, {"Condition": dice.choice(_NAMED)}))
    arguments = [intrinsic(dice, depth - 1) for _ in range(dice.randrange(4))]
    name = dice.choice(_INTRINSICS)
    if name == "Fn::Sub":
        text = "".join(f"a${{{dice.choice(_NAMED)}}}" for _ in arguments)
        return {name: dice.choice((text, [text, {dice.choice(_NAMED): one for one in arguments}]))}
    if name == "Fn::If":
        return {name: [dice.choice(_NAMED), *arguments]}
    return {name: arguments[0] if arguments and dice.random() < 0.3 else arguments}


_OPERATORS = tuple(sorted({name for names in OPERATORS.values() for name in names} - {"eq"}))


def condition(dice: Random, depth: int = 4) -> Any:
    """A condition of a policy."""
    if depth == 0 or dice.random() < 0.2:
        return dice.choice((*ODD, "$limit", "$x", {"param": "limit"}))
    some = [condition(dice, depth - 1) for _ in range(dice.randrange(1, 4))]
    return dice.choice(
        (
            lambda: {dice.choice(("all", "any")): some},
            lambda: {"not": some[0]},
            lambda: {dice.choice(tuple(fields.FIELDS)): {dice.choice(_OPERATORS): some[0]}},
            lambda: {dice.choice(tuple(fields.FIELDS)): some[0]},
            lambda: {dice.choice(("each", "some")): {dice.choice(("variant", "pool", "component")): some[0]}},
            lambda: {f"tags.{dice.choice(('Owner', 'x y', ''))}": {dice.choice(_OPERATORS): some[0]}},
            lambda: some,
        )
    )()
