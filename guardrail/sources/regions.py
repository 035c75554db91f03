"""The region of each resource of a plan, from what the plan itself says; never from the machine that runs the check.

In order: the resource's own ``region`` (provider 6.x), the region of its provider configuration, an ARN among its known
values, the ``aws_region`` data source of the same provider. What is left is for the linker and the command line.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

from msgspec import Struct

from guardrail.model import Unknown
from guardrail.sources.base import View
from guardrail.sources.references import Configuration, Scope, scope_of

_ARN_REGION = re.compile(r"arn:aws[a-z-]*:[a-z0-9-]+:([a-z]{2}(?:-[a-z]+)+-\d+):")
_REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d+")
_NOWHERE = Unknown("nothing in the plan tells its region")


class ProviderConfig(Struct):
    """A provider block as written."""

    full_name: str = ""
    module_address: str | None = None
    expressions: dict[str, Any] = {}


class Regions:
    """Looks up regions; each provider configuration is worked out once."""

    def __init__(
        self,
        providers: dict[str, ProviderConfig],
        configuration: Configuration,
        variables: dict[str, Any],
        data_regions: Callable[[], Iterator[tuple[str, str]]],
    ) -> None:
        self._providers = providers
        self._configuration = configuration
        self._variables = variables
        self._data_regions = data_regions
        self._by_provider: dict[str, str | None] = {}
        self._by_data_source: dict[str, set[str]] | None = None

    def of(self, view: View, provider: str, scope: Scope, provider_name: str) -> str | Unknown:
        """The region of a resource managed by the provider configuration called ``provider`` ("" where unknown)."""
        own = view.text("region")
        if isinstance(own, Unknown):
            return own
        key = provider or self._only_configuration_of(provider_name)
        found = own or self._of_provider(key) or _arn_region(view.values) or self._of_data_source(key)
        return found if found is not None and _REGION.fullmatch(found) else _NOWHERE

    def _only_configuration_of(self, provider_name: str) -> str:
        """Of a resource that is no longer written anywhere: its provider, where that has one configuration only."""
        keys = [key for key, provider in self._providers.items() if provider.full_name == provider_name]
        return keys[0] if len(keys) == 1 else ""

    def _of_provider(self, key: str) -> str | None:
        if key not in self._by_provider:
            provider = self._providers.get(key) or self._providers.get(key.rpartition(":")[2])
            region = None
            if provider is not None:
                names = scope_of(provider.module_address, None).names
                region = self._constant(provider.expressions.get("region"), names)
            self._by_provider[key] = region
        return self._by_provider[key]

    def _constant(self, expression: Any, names: tuple[str, ...]) -> str | None:
        """A string that is constant, or comes through input variables from one that is."""
        for _ in range(len(names) + 1):
            if not isinstance(expression, dict):
                return None
            constant = expression.get("constant_value")
            if constant is not None:
                return constant if isinstance(constant, str) else None
            references = expression.get("references")
            if not isinstance(references, list) or len(references) != 1 or not str(references[0]).startswith("var."):
                return None
            name = str(references[0]).removeprefix("var.")
            if not names:
                return self._root_variable(name)
            expression, names = self._argument(names, name), names[:-1]
        return None

    def _root_variable(self, name: str) -> str | None:
        module = self._configuration.module(())
        declared = module.variables.get(name) if module else None
        value = self._variables.get(name)
        return value if isinstance(value, str) and not (declared and declared.sensitive) else None

    def _argument(self, names: tuple[str, ...], name: str) -> Any:
        """The expression that a module call passes for a variable, else the variable's default as a constant."""
        parent, module = self._configuration.module(names[:-1]), self._configuration.module(names)
        call = parent.module_calls.get(names[-1]) if parent else None
        if call is not None and name in call.expressions:
            return call.expressions[name]
        declared = module.variables.get(name) if module else None
        return {"constant_value": declared.default} if declared else None

    def _of_data_source(self, key: str) -> str | None:
        if self._by_data_source is None:
            self._by_data_source = self._read_data_sources()
        regions = self._by_data_source.get(key, set())
        return next(iter(regions)) if len(regions) == 1 else None

    def _read_data_sources(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = defaultdict(set)
        for address, region in self._data_regions():
            module, _, name = address.rpartition("data.aws_region.")
            names = scope_of(module.rstrip("."), None).names
            block = self._configuration.resource(names, "aws_region", name.partition("[")[0], "data")
            if block is not None and "region" not in block.expressions and "name" not in block.expressions:
                found[block.provider_config_key or ""].add(region)
        return found


def _arn_region(values: dict[str, Any]) -> str | None:
    """The region of the block's own ARN, else of any ARN among its values."""
    for value in (values.get("arn"), *values.values()):
        if isinstance(value, str) and value.startswith("arn:"):
            match = _ARN_REGION.match(value)
            if match:
                return match[1]
    return None
