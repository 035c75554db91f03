"""Provider blocks of HCL source; `guardrail.sources.providers` says what region and tags follow from one."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from guardrail.model import Unknown
from guardrail.sources.base import SENSITIVE, bare
from guardrail.sources.hcl import syntax
from guardrail.sources.hcl.evaluate import known_or_reason
from guardrail.sources.hcl.scope import EvaluationScope
from guardrail.sources.hcl.types import text_of
from guardrail.sources.hcl.values import Sensitive
from guardrail.sources.providers import Provider, Tags, region_or_nowhere


def provider_of_block(
    block: syntax.BlockNode, scope: EvaluationScope, module: str, *, suffix: str = ""
) -> tuple[str, Provider]:
    """The provider configuration of a block in the module at an address, by the name that blocks refer to it with.

    The name is ``aws``, ``aws.eu``, or ``aws.of["eu"]`` where it has ``for_each`` (OpenTofu 1.9).
    """
    alias = block.body.expression("alias")
    local_name = block.labels[0] if block.labels else ""
    name = f"{local_name}.{alias.value}{suffix}" if isinstance(alias, syntax.Literal) else local_name
    key = f"{module}:{name}" if module else name
    body = block.body
    return name, Provider(
        key, partial(_region, body, scope), partial(_default_tags, body, scope), partial(_accounts, body, scope)
    )


def _region(body: syntax.Body, scope: EvaluationScope) -> str | Unknown:
    expression = body.expression("region")
    value = None if expression is None else known_or_reason(expression, scope)
    if isinstance(value, Unknown):
        return Unknown(f"the region of its provider is not known: {value.reason}")
    return region_or_nowhere(value if isinstance(value, str) else None)


def _accounts(body: syntax.Body, scope: EvaluationScope) -> Any:
    """The ``allowed_account_ids``, as text where they are known."""
    expression = body.expression("allowed_account_ids")
    value = None if expression is None else known_or_reason(expression, scope)
    return [text_of(item) for item in value] if isinstance(value, (list, tuple)) else None


def _default_tags(body: syntax.Body, scope: EvaluationScope) -> Tags | Unknown:
    block = body.first("default_tags")
    expression = block.body.expression("tags") if block else _json_tags(body.expression("default_tags"))
    return {} if expression is None else _tags(known_or_reason(expression, scope))


def _json_tags(expression: syntax.Expression | None) -> syntax.Expression | None:
    """In JSON the block looks like an argument."""
    if isinstance(expression, syntax.Tuple) and expression.items:
        expression = expression.items[0]
    for entry in expression.entries if isinstance(expression, syntax.Object) else ():
        if isinstance(entry.key, syntax.Literal) and entry.key.value == "tags":
            return entry.value
    return None


def passed_on(
    inherited: Mapping[str, Provider], providers: syntax.Expression | None, scope: EvaluationScope
) -> dict[str, Provider]:
    """The provider configurations of a called module: all without alias, under what the ``providers`` of the call say.

    Of ``{"aws": us, "aws.eu": eu}`` a module that is called without ``providers`` gets ``{"aws": us}``, and one that is
    called with ``providers = { aws = aws.eu }`` gets ``{"aws": eu}``. With ``{ aws.other = aws.eu }`` it gets both:
    Terraform takes for a provider that the call leaves out the one without alias of the modules around.
    """
    entries = providers.entries if isinstance(providers, syntax.Object) else ()
    passed = {_dotted(entry.key, scope): inherited.get(_dotted(entry.value, scope)) for entry in entries}
    plain = {name: provider for name, provider in inherited.items() if "." not in name}
    return {name: provider for name, provider in {**plain, **passed}.items() if provider is not None}


def provider_name(body: syntax.Body, type_: str, scope: EvaluationScope) -> str:
    """The name of the configuration that a resource uses: ``aws.eu`` as it says, or ``aws`` after its type."""
    written = body.expression("provider")
    return _dotted(written, scope) if written is not None else type_.partition("_")[0]


def _dotted(expression: syntax.Expression, scope: EvaluationScope) -> str:
    """``aws``, ``aws.eu`` or ``aws.of["eu"]``; "" for what is none of them, or hangs on something unknown."""
    return syntax.reference_text(expression, lambda key: text_of(known_or_reason(key, scope))) or ""


def _tags(value: Any) -> Tags | Unknown:
    if isinstance(value, Unknown):
        return bare(value)
    if isinstance(value, Sensitive):
        return SENSITIVE
    if not isinstance(value, dict):
        return Unknown("the default tags of the provider are no map")
    return {name: _tag(item) for name, item in value.items()}


def _tag(value: Any) -> str | Unknown:
    if isinstance(value, Unknown):
        return bare(value)
    text = text_of(value)
    if isinstance(value, Sensitive):
        return SENSITIVE
    return Unknown("not text") if text is None else text
