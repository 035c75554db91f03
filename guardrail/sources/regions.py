"""The region of each resource of a plan, from what the plan itself says; never from the machine that runs the check.

In order: the resource's own ``region`` (provider 6.x), the region of its provider configuration, an ARN among its known
values, the ``aws_region`` data source of the same provider. What is left is for the linker and the command line.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable

from guardrail.model import Unknown
from guardrail.sources.base import View
from guardrail.sources.providers import Providers
from guardrail.sources.references import Configuration, scope_of

_ARN_REGION = re.compile(r"arn:aws[a-z-]*:[a-z0-9-]+:([a-z]{2,5}(?:-[a-z]+)+-\d+):")
_REGION = re.compile(r"[a-z]{2,5}(?:-[a-z]+)+-\d+")
_NOWHERE = Unknown("nothing in the plan tells its region")


class Regions:
    """Looks up regions; each provider configuration is worked out once."""

    def __init__(
        self,
        providers: Providers,
        configuration: Configuration,
        data_regions: Callable[[], Iterable[tuple[str, str]]],
    ) -> None:
        self._providers = providers
        self._configuration = configuration
        self._data_regions = data_regions
        self._by_provider: dict[str, str | None] = {}
        self._by_data_source: dict[str, set[str]] | None = None

    def of(self, view: View, provider: str) -> str | Unknown:
        """The region of a resource managed by the provider configuration called ``provider`` ("" where unknown)."""
        own = view.text("region")
        if own is not None:
            return own if isinstance(own, Unknown) or _REGION.fullmatch(own) else _NOWHERE
        return self._of_provider(provider) or arn_region(view) or self._of_data_source(provider) or _NOWHERE

    def _of_provider(self, key: str) -> str | None:
        if key not in self._by_provider:
            region = self._providers.region(key)
            self._by_provider[key] = region if region and _REGION.fullmatch(region) else None
        return self._by_provider[key]

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


def arn_region(view: View) -> str | None:
    """The region of the block's own ARN, else of any ARN among its values that may be shown."""
    values = view.values
    for name in ("arn", *values):
        value = values.get(name)
        if isinstance(value, str) and value.startswith("arn:") and not view.is_sensitive(name):
            match = _ARN_REGION.match(value)
            if match:
                return match[1]
    return None
