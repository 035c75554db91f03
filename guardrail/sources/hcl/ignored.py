"""What ``lifecycle { ignore_changes = […] }`` names: Terraform leaves changes of it alone once the resource is there.

It holds references that are read and not evaluated, quoted ones too (Terraform's documentation, "The lifecycle
meta-argument"): ``[tags["team"], production_variants[0].instance_type]``, or ``all``.
"""

from guardrail.sources.hcl import syntax
from guardrail.sources.hcl.disk import DeclaredBlock
from guardrail.sources.hcl.places import legible_body


def ignored_changes(written: DeclaredBlock) -> tuple[str, ...]:
    """The arguments of a resource that are left alone: ``("endpoint_config_name",)``, or ``("all",)``.

    A block whose body does not parse says nothing of it: whoever reads its arguments says what is wrong.
    """
    if not any(map(_may_ignore, written.parts)):
        return ()
    lifecycles = [block for block in legible_body(written.block).blocks if block.type == "lifecycle"]
    expression = legible_body(lifecycles[0]).expression("ignore_changes") if lifecycles else None
    items = expression.items if isinstance(expression, syntax.Tuple) else () if expression is None else (expression,)
    names = (_reference(item) for item in items)
    return tuple("all" if name == "*" else name for name in names if name is not None)


def _may_ignore(part: DeclaredBlock) -> bool:
    """Whether it is worth while to parse a block; of one in JSON, which is parsed, the end is not known."""
    at, end = part.block.at, part.block.end
    return end <= at or "ignore_changes" in part.file.text[at:end]


def _reference(expression: syntax.Expression) -> str | None:
    match expression:
        case syntax.Name(name=name):
            return name
        case syntax.Attribute(subject=subject, name=name):
            return f"{_reference(subject)}.{name}"
        case syntax.Index(subject=subject, key=syntax.Literal(value=key)):
            return f"{_reference(subject)}[{key}]"
        case syntax.Literal(value=str(name)):
            return name
    return None
