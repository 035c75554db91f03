"""What ``lifecycle`` says of how Terraform changes a resource: what it leaves alone, lets go of, replaces, makes first.

``ignore_changes`` holds references that are read and not evaluated, quoted ones too (Terraform's documentation, "The
lifecycle meta-argument"): ``[tags["team"], production_variants[0].instance_type]``, or ``all``.
"""

from collections.abc import Iterator

from guardrail.sources.base import InstanceKey
from guardrail.sources.hcl import syntax


def ignored_changes(block: syntax.BlockNode) -> tuple[str, ...]:
    """The arguments of a resource that are left alone: ``("endpoint_config_name",)``, or ``("all",)``."""
    return tuple("all" if name == "*" else name for name in _references(block, "ignore_changes"))


def replacing(block: syntax.BlockNode, key: InstanceKey) -> tuple[str, ...]:
    """The resources, or their attributes, that ``replace_triggered_by`` names: ``("aws_x.y[0].id",)``.

    ``key`` is that of the instance, which ``each.key`` and ``count.index`` stand for: nothing else is allowed there.
    """
    return tuple(_references(block, "replace_triggered_by", key))


def is_created_first(block: syntax.BlockNode) -> bool:
    """Whether it says ``create_before_destroy = true``; Terraform takes nothing but a constant there."""
    expression = _of_lifecycle(block, "create_before_destroy")
    return isinstance(expression, syntax.Literal) and expression.value is True


def is_let_go(block: syntax.BlockNode) -> bool:
    """Whether what a ``removed`` block, or a resource of OpenTofu, is about stays when it leaves the source.

    ``lifecycle { destroy = false }`` says so, and Terraform takes nothing but a constant there either.
    """
    expression = _of_lifecycle(block, "destroy")
    return isinstance(expression, syntax.Literal) and expression.value is False


def _references(block: syntax.BlockNode, name: str, key: InstanceKey = None) -> Iterator[str]:
    """The references in a list that is not evaluated."""
    expression = _of_lifecycle(block, name)
    items = expression.items if isinstance(expression, syntax.Tuple) else () if expression is None else (expression,)
    found = (
        syntax.reference_text(item, lambda at: at.value if isinstance(at, syntax.Literal) else key) for item in items
    )
    return (text for text in found if text is not None)


def _of_lifecycle(block: syntax.BlockNode, name: str) -> syntax.Expression | None:
    """What the ``lifecycle`` of a resource says.

    A block whose body does not parse says nothing of it: whoever reads its arguments says what is wrong.
    """
    if not any(name in part.text for part in block.parts):
        return None  # it is not worth while to parse the block
    lifecycle = block.legible_body.first("lifecycle")
    return lifecycle.legible_body.legible(name) if lifecycle else None
