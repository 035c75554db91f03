"""The provider configurations of a plan: the region and the default tags of each, followed through module calls."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec import Struct

from guardrail.model import Unknown
from guardrail.sources.plan.references import Configuration, reference_path, scope_of
from guardrail.sources.providers import NOWHERE, Provider, Tags, region_or_nowhere


class ProviderConfig(Struct):
    """An entry of a plan's ``provider_config``.

    A module that neither has a provider block nor is passed a configuration has an entry too, which says nothing:
    Terraform writes it where the module around has no resource of the provider, and so does not tell what it inherits.
    """

    full_name: str = ""
    name: str = ""
    alias: str | None = None
    module_address: str | None = None
    expressions: dict[str, Any] = {}

    @property
    def is_inherited(self) -> bool:
        """Whether it stands for the configuration of a module further out."""
        return bool(self.module_address) and not self.expressions and not self.alias


class PlanProviders:
    """The provider configurations of one plan; each question about one of them is worked out once."""

    def __init__(
        self,
        configs: Mapping[str, ProviderConfig],
        configuration: Configuration,
        variables: Mapping[str, Any],
        data_regions: Callable[[], Iterable[tuple[str, str]]] = tuple,
    ) -> None:
        self._configs = configs
        self._configuration = configuration
        self._variables = variables
        self._data_regions = data_regions
        self._resolved: dict[str, Provider] = {}
        self._read: dict[str, set[str]] | None = None

    def of(self, key: str, full_name: str) -> Provider:
        """The configuration of a block with this ``provider_config_key``, or the only one of its provider.

        A block that the configuration no longer declares has an empty key ("").
        """
        if not key:
            keys = self._alternatives(full_name)
            key = keys[0] if len(keys) == 1 else ""
        if key not in self._resolved:
            self._resolved[key] = self._resolve(key)
        return self._resolved[key]

    def region_read(self, key: str) -> str | None:
        """What the ``aws_region`` data sources of a configuration have answered, where they agree."""
        if self._read is None:
            self._read = {}
            for address, region in self._data_regions():
                module, _, name = address.rpartition("data.aws_region.")
                names = scope_of(module.rstrip("."), None).names
                block = self._configuration.resource(names, "aws_region", name.partition("[")[0], "data")
                if block is not None and "region" not in block.expressions and "name" not in block.expressions:
                    self._read.setdefault(self.of(block.provider_config_key or "", "").key, set()).add(region)
        regions = self._read.get(key, set())
        return next(iter(regions)) if len(regions) == 1 else None

    def _resolve(self, key: str) -> Provider:
        key = self._origin(key)
        config = self._configs.get(key)
        if config is None:
            alternatives = [self._configs[each] for each in self._alternatives(*_provider_of(key, self._configs))]
            regions = {self._region(each) for each in alternatives} if ":" in key else set()
            only = regions.pop() if len(regions) == 1 else NOWHERE
            return Provider(key, lambda: only)
        region, tags = self._region(config), self._default_tags(config)  # a provider that held on to `self` would hold
        accounts = self._constant(config, config.expressions.get("allowed_account_ids"))
        return Provider(key, lambda: region, lambda: tags, lambda: accounts)  # the whole plan: nothing collects circles

    def _origin(self, key: str) -> str:
        """The key of the configuration that an entry without a word of its own stands for.

        ``module.v.module.w.module.m:aws`` is the root's ``aws``. Where a module around may have been passed another
        one, which a plan does not tell, it is that module's: ``module.v:aws``, which all inside of it share.
        """
        module, _, local_name = key.rpartition(":")
        config = self._configs.get(key)
        if not module or (config is not None and not config.is_inherited and config.module_address):
            return key
        provider = local_name.partition(".")[0]
        if self._alternatives(*_provider_of(key, self._configs)) in ([], [provider]):
            return provider
        if config is None:
            return key  # Terraform before 1.1 names what is inherited by the module that uses it
        names = scope_of(module, None).names
        for depth in range(len(names) - 1, 0, -1):
            around = f"{'.'.join(f'module.{name}' for name in names[:depth])}:{provider}"
            if around in self._configs:
                return self._origin(around)
            if depth < len(names) - 1:  # of the module right outside it is certain that nothing was passed to it
                return around
        return provider

    def _alternatives(self, *names: str) -> list[str]:
        """The keys of the configurations of a provider that are not inherited, by its full name or its local one."""
        return [
            key
            for key, config in self._configs.items()
            if not config.is_inherited
            and {config.full_name, config.name, key.rpartition(":")[2].partition(".")[0]} & set(names) - {""}
        ]

    def _region(self, config: ProviderConfig) -> str | Unknown:
        value = self._constant(config, config.expressions.get("region"))
        return region_or_nowhere(value if isinstance(value, str) else None)

    def _default_tags(self, config: ProviderConfig) -> Tags | Unknown:
        blocks = config.expressions.get("default_tags")
        block = blocks[0] if isinstance(blocks, list) and blocks else blocks
        if not block:
            return {}
        tags = self._constant(config, block.get("tags") if isinstance(block, dict) else None)
        if not isinstance(tags, dict):
            return Unknown("the default tags of the provider are not constant")
        return {name: value if isinstance(value, str) else Unknown("not text") for name, value in tags.items()}

    def _constant(self, config: ProviderConfig, expression: Any) -> Any:
        """The value of an expression that is constant, or is one input variable whose value is; else None."""
        names = scope_of(config.module_address, None).names
        for _ in range(len(names) + 1):
            if not isinstance(expression, dict):
                return None
            constant = expression.get("constant_value")
            if constant is not None:
                return constant
            path = reference_path(expression)
            if len(path) < 2 or path[0] != "var":  # noqa: PLR2004 - var.name
                return None
            name, inner = str(path[1]), path[2:]
            if self._is_sensitive(names, name) or (names and inner):
                return None
            if not names:
                return _at(self._root_variable(name), inner)
            expression, names = self._argument(names, name), names[:-1]
        return None

    def _is_sensitive(self, names: tuple[str, ...], name: str) -> bool:
        module = self._configuration.module(names)
        declared = module.variables.get(name) if module else None
        return declared is not None and declared.sensitive

    def _root_variable(self, name: str) -> Any:
        if name in self._variables:
            return self._variables[name]
        module = self._configuration.module(())
        declared = module.variables.get(name) if module else None
        return declared.default if declared else None

    def _argument(self, names: tuple[str, ...], name: str) -> Any:
        """The expression that a module call passes for a variable, else the variable's default as a constant."""
        parent, module = self._configuration.module(names[:-1]), self._configuration.module(names)
        call = parent.module_calls.get(names[-1]) if parent else None
        if call is not None and name in call.expressions:
            return call.expressions[name]
        declared = module.variables.get(name) if module else None
        return {"constant_value": declared.default} if declared else None


def _provider_of(key: str, configs: Mapping[str, ProviderConfig]) -> tuple[str, ...]:
    """The names by which other configurations of the same provider are known: the full one, else the local one."""
    config = configs.get(key)
    full_name = config.full_name if config else ""
    return (full_name,) if full_name else (key.rpartition(":")[2].partition(".")[0],)


def _at(value: Any, path: list[str | int]) -> Any:
    """The part of a value that the steps of a reference lead to."""
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value
