"""The source beside a plan, asked for what the plan is silent about.

That is what a provider block says in other terms than a constant or a variable, and which configuration a module call
passes on. The plan's own values stand for the input variables, so that ``region = local.regions[var.stage]`` has the
value that it had when the plan was made.
"""

import json
import os
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from guardrail.errors import SourceError
from guardrail.limits import Allowance
from guardrail.model import Unknown
from guardrail.sources.base import LOST, shown
from guardrail.sources.hcl import json_syntax
from guardrail.sources.hcl.disk import Disk
from guardrail.sources.hcl.modules import ModuleInstance, RootConfiguration, given
from guardrail.sources.hcl.resources import ResourceInstance
from guardrail.sources.hcl.values import marks_of
from guardrail.sources.providers import Provider

_NO_WORKSPACE = Unknown("a plan does not tell its workspace")


class SourceBeside:
    """The root module that a plan was made from, with the values that it had then."""

    def __init__(self, directory: str, disk: Disk, variables: Mapping[str, Any]) -> None:
        """``disk`` has what was read of it already, for its lines."""
        self._directory = os.path.normpath(directory)
        self._disk = disk
        self._variables = variables

    def provider_of(self, names: tuple[str, ...], type_: str, name: str) -> Provider | None:
        """The provider configuration of a resource in the module at the end of a path of calls.

        None where this source does not declare the block or cannot be read: the plan decides then. It is the same for
        all instances of the module.
        """
        try:
            module = next(self._modules(names), None)
            written = module.source.resources.get((type_, name)) if module else None
            provider = module.provider_of(written.body, type_, module.scope) if module and written else None
        except (SourceError, RecursionError):
            return None
        return provider if provider and provider.key else None  # "": each instance has its own

    def references(self, names: tuple[str, ...], type_: str, name: str, address: str, attribute: str) -> set[str]:
        """The addresses of the resources that the argument of one instance of a block comes from.

        Empty where this source does not declare the block, or where the expression refers to what is not in it.
        """
        try:
            instance = self._instance(names, type_, name, address)
            touched = instance.touched_by(attribute) if instance is not None else ()
            return set() if LOST in touched else {each.address for each in touched}
        except (SourceError, RecursionError):
            return set()

    def argument(self, names: tuple[str, ...], type_: str, name: str, address: str, attribute: str) -> Any:
        """The value of an argument of one instance of a block, as far as it is known; None where it is not here.

        What is sensitive in it is unknown.
        """
        try:
            instance = self._instance(names, type_, name, address)
            return None if instance is None else shown(*marks_of(instance.attribute(attribute), Allowance()))
        except (SourceError, RecursionError):
            return None

    @cached_property
    def _root(self) -> ModuleInstance:
        source = self._disk.module(self._directory)
        root = ModuleInstance(source, RootConfiguration(self._disk, self._directory, _NO_WORKSPACE))
        values = json_syntax.constants(json.dumps(self._variables), "the variables of the plan").arguments
        declared = {name: each.expression for name, each in values.items() if name in source.variables}
        root.arguments.update(given(declared, root.scope))
        return root

    def _modules(self, names: tuple[str, ...]) -> Iterator[ModuleInstance]:
        """Every instance of the module at the end of a path of calls."""
        modules = [self._root]
        for called in names:
            modules = [each for one in modules if called in one.source.calls for each in one.called(called)]
        yield from modules

    def _instance(self, names: tuple[str, ...], type_: str, name: str, address: str) -> ResourceInstance | None:
        """The instance of a block that has the address; None where it is not written here."""
        for module in self._modules(names):
            if (type_, name) in module.source.resources and address.startswith(module.address):
                instances: list[ResourceInstance] = module.instances(type_, name)
                found = next((each for each in instances if each.address == address), None)
                if found is not None:
                    return found
        return None
