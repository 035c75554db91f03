"""Provider configurations of HCL: which one a block uses, its region and its default tags.

Blocks inherit the unaliased configurations of the module that calls theirs, unless the call passes a ``providers`` map.
"""

import re
from typing import Any

from guardrail.model import Unknown
from guardrail.sources.base import bare
from guardrail.sources.hcl import syntax
from guardrail.sources.hcl.convert import text_of
from guardrail.sources.hcl.evaluate import Scope, known_or_reason
from guardrail.sources.hcl.values import Sensitive

REGION = re.compile(r"[a-z]{2,5}(?:-[a-z]+)+-\d+")
NOWHERE = Unknown("nothing in the source tells its region")


class ProviderBlock:
    """One provider configuration; its region and default tags are worked out once."""

    def __init__(self, block: syntax.BlockNode, scope: Scope, address: str) -> None:
        self._body = block.body
        self._scope = scope
        self.local_name = block.labels[0] if block.labels else ""
        alias = block.body.expression("alias")
        self.alias = str(alias.value) if isinstance(alias, syntax.Literal) else ""
        name = f"{self.local_name}.{self.alias}" if self.alias else self.local_name
        self.key = f"{address}:{name}" if address else name
        """As a plan has it: ``aws.eu``, ``module.m:aws.eu``."""
        self._region: str | Unknown | None = None
        self._default_tags: dict[str, str | Unknown] | Unknown | None = None

    @property
    def region(self) -> str | Unknown:
        """The region that it says, or why that is not known."""
        if self._region is None:
            expression = self._body.expression("region")
            value = None if expression is None else known_or_reason(expression, self._scope)
            if isinstance(value, Unknown):
                self._region = Unknown(f"the region of its provider is not known: {value.reason}")
            else:
                self._region = value if isinstance(value, str) and REGION.fullmatch(value) else NOWHERE
        return self._region

    @property
    def default_tags(self) -> dict[str, str | Unknown] | Unknown:
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


class ProviderMap:
    """The provider configurations that a module instance can use, by the name they have in it."""

    def __init__(self, configurations: dict[str, ProviderBlock] | None = None) -> None:
        self._configurations = {} if configurations is None else configurations

    def with_blocks(self, blocks: list[ProviderBlock]) -> "ProviderMap":
        """With the module's own provider blocks in place of what it inherits."""
        if not blocks:
            return self
        own = {f"{block.local_name}.{block.alias}" if block.alias else block.local_name: block for block in blocks}
        return ProviderMap({**self._configurations, **own})

    def passed_on(self, providers: syntax.Expression | None) -> "ProviderMap":
        """What a called module gets: what the ``providers`` of the call say, else all without alias."""
        if not isinstance(providers, syntax.Object):
            return ProviderMap({name: each for name, each in self._configurations.items() if "." not in name})
        passed: dict[str, ProviderBlock] = {}
        for entry in providers.entries:
            configuration = self._configurations.get(_dotted(entry.value))
            if configuration is not None:
                passed[_dotted(entry.key)] = configuration
        return ProviderMap(passed)

    def of(self, body: syntax.Body, type_: str) -> ProviderBlock | None:
        """The configuration that a resource uses; None where there is none, as for a provider without a block."""
        named = body.expression("provider")
        name = _dotted(named) if named is not None else type_.partition("_")[0]
        return self._configurations.get(name)

    def key_of(self, body: syntax.Body, type_: str) -> str:
        """The key of that configuration, also of one that is written nowhere."""
        configuration = self.of(body, type_)
        if configuration is not None:
            return configuration.key
        named = body.expression("provider")
        return _dotted(named) if named is not None else type_.partition("_")[0]


def _dotted(expression: syntax.Expression) -> str:
    """``aws`` or ``aws.eu``."""
    match expression:
        case syntax.Name(name=name):
            return name
        case syntax.Attribute(subject=syntax.Name(name=name), name=alias):
            return f"{name}.{alias}"
        case syntax.Literal(value=str(text)):
            return text
    return ""


def _tags(value: Any) -> dict[str, str | Unknown] | Unknown:
    if isinstance(value, Unknown):
        return bare(value)
    value = value.value if isinstance(value, Sensitive) else value
    if not isinstance(value, dict):
        return Unknown("the default tags of the provider are no map")
    return {name: _tag(item) for name, item in value.items()}


def _tag(value: Any) -> str | Unknown:
    if isinstance(value, Unknown):
        return bare(value)
    text = text_of(value)
    return Unknown("not text") if text is None else text
