"""What provider blocks of a plan say: region and default tags, from constants and input variables."""

from typing import Any

from msgspec import Struct

from guardrail.model import Unknown
from guardrail.sources.references import Configuration, reference_path, scope_of


class ProviderConfig(Struct):
    """A provider block as written."""

    full_name: str = ""
    module_address: str | None = None
    expressions: dict[str, Any] = {}


class Providers:
    """The provider configurations of one plan; each question about one of them is worked out once."""

    def __init__(
        self, configs: dict[str, ProviderConfig], configuration: Configuration, variables: dict[str, Any]
    ) -> None:
        self._configs = configs
        self._configuration = configuration
        self._variables = variables
        self._regions: dict[str, str | None] = {}
        self._default_tags: dict[str, dict[str, str | Unknown] | Unknown] = {}

    def key_of(self, written: str, full_name: str) -> str:
        """The key of a provider configuration: as the block says, or that of the only one of its provider.

        A block that is written nowhere any more has lost its own ("").
        """
        if written:
            return written
        keys = [key for key, config in self._configs.items() if config.full_name == full_name]
        return keys[0] if len(keys) == 1 else ""

    def region(self, key: str) -> str | None:
        """What the provider configuration says of its region; None where that is nothing, or not constant."""
        if key not in self._regions:
            config = self._config(key)
            value = self._constant(config, config.expressions.get("region")) if config else None
            self._regions[key] = value if isinstance(value, str) else None
        return self._regions[key]

    def default_tags(self, key: str) -> dict[str, str | Unknown] | Unknown:
        """The tags that a provider configuration adds to everything; Unknown where they are not constant."""
        if key not in self._default_tags:
            self._default_tags[key] = self._read_default_tags(key)
        return self._default_tags[key]

    def _read_default_tags(self, key: str) -> dict[str, str | Unknown] | Unknown:
        config = self._config(key)
        blocks = config.expressions.get("default_tags") if config else None
        block = blocks[0] if isinstance(blocks, list) and blocks else blocks
        if config is None or not block:
            return {}
        tags = self._constant(config, block.get("tags") if isinstance(block, dict) else None)
        if not isinstance(tags, dict):
            return Unknown("the default tags of the provider are not constant")
        return {name: value if isinstance(value, str) else Unknown("not text") for name, value in tags.items()}

    def _config(self, key: str) -> ProviderConfig | None:
        """By key; Terraform before 1.1 names an inherited configuration by the module that uses it."""
        config = self._configs.get(key)
        if config is not None or ":" not in key:
            return config
        name = key.rpartition(":")[2]
        alike = [other for other in self._configs if other.rpartition(":")[2].partition(".")[0] == name]
        return self._configs[alike[0]] if alike == [name] else None

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
