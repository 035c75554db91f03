"""Provider blocks as they are written in HCL; what follows from one is answered in `guardrail.sources.providers`."""

from typing import Any

from guardrail.model import Unknown
from guardrail.sources.base import SENSITIVE, bare
from guardrail.sources.hcl import syntax
from guardrail.sources.hcl.evaluate import Scope, known_or_reason
from guardrail.sources.hcl.types import text_of
from guardrail.sources.hcl.values import Sensitive
from guardrail.sources.providers import NOWHERE, Tags, region_or_nowhere


class ProviderBlock:
    """One provider configuration; its region and default tags are worked out once."""

    def __init__(self, block: syntax.BlockNode, scope: Scope, address: str, *, suffix: str = "") -> None:
        self._body = block.body
        self._scope = scope
        self.local_name = block.labels[0] if block.labels else ""
        alias = block.body.expression("alias")
        name = f".{alias.value}{suffix}" if isinstance(alias, syntax.Literal) else ""
        self.name = f"{self.local_name}{name}"
        """As blocks refer to it: ``aws``, ``aws.eu``, ``aws.of["eu"]`` where it has ``for_each`` (OpenTofu 1.9)."""
        self.key = f"{address}:{self.name}" if address else self.name
        """As a plan has it: ``aws.eu``, ``module.m:aws.eu``."""
        self._region: str | Unknown | None = None
        self._default_tags: Tags | Unknown | None = None

    @property
    def region(self) -> str | Unknown:
        """The region that it says, or why that is not known."""
        if self._region is None:
            expression = self._body.expression("region")
            value = None if expression is None else known_or_reason(expression, self._scope)
            if isinstance(value, Unknown):
                self._region = Unknown(f"the region of its provider is not known: {value.reason}")
            else:
                self._region = region_or_nowhere(value) if isinstance(value, str) else NOWHERE
        return self._region

    @property
    def default_tags(self) -> Tags | Unknown:
        """The tags that it adds to everything."""
        if self._default_tags is None:
            blocks = [block for block in self._body.blocks if block.type == "default_tags"]
            expression = blocks[0].body.expression("tags") if blocks else self._json_tags()
            self._default_tags = {} if expression is None else _tags(known_or_reason(expression, self._scope))
        return self._default_tags

    def _json_tags(self) -> syntax.Expression | None:
        """In JSON the block looks like an argument."""
        written = self._body.expression("default_tags")
        if isinstance(written, syntax.Tuple) and written.items:
            written = written.items[0]
        for entry in written.entries if isinstance(written, syntax.Object) else ():
            if isinstance(entry.key, syntax.Literal) and entry.key.value == "tags":
                return entry.value
        return None


def passed_names(providers: syntax.Expression | None, scope: Scope) -> dict[str, str] | None:
    """``{"aws": "aws.eu"}`` of the ``providers = { aws = aws.eu }`` of a module call; None where it has none."""
    if not isinstance(providers, syntax.Object):
        return None
    return {_dotted(entry.key, scope): _dotted(entry.value, scope) for entry in providers.entries}


def provider_name(body: syntax.Body, type_: str, scope: Scope) -> str:
    """The name of the configuration that a resource uses: ``aws.eu`` as it says, or ``aws`` after its type."""
    written = body.expression("provider")
    return _dotted(written, scope) if written is not None else type_.partition("_")[0]


def address_key(key: str | int | None) -> str:
    """``["a"]``, ``[0]`` or nothing."""
    if key is None:
        return ""
    if isinstance(key, int):
        return f"[{key}]"
    text = key.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    return f'["{text.replace("${", "$${").replace("%{", "%%{")}"]'


def _dotted(expression: syntax.Expression, scope: Scope) -> str:
    """``aws``, ``aws.eu`` or ``aws.of["eu"]``; "" for what is none of them, or hangs on something unknown."""
    match expression:
        case syntax.Index(subject=subject, key=key):
            known = text_of(known_or_reason(key, scope))
            return "" if known is None else _dotted(subject, scope) + address_key(known)
        case syntax.Name(name=name):
            return name
        case syntax.Attribute(subject=syntax.Name(name=name), name=alias):
            return f"{name}.{alias}"
        case syntax.Literal(value=str(text)):
            return text
    return ""


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
