"""Modules that ``terraform init`` has fetched: what ``.terraform/modules/modules.json`` says of them."""

import os
from functools import cached_property

import msgspec
from msgspec import Struct

from guardrail.errors import SourceError
from guardrail.limits import NOT_JSON
from guardrail.sources.hcl.disk import Disk

_MANIFEST = os.path.join(".terraform", "modules", "modules.json")


class _InstalledModule(Struct):
    Key: str = ""
    Dir: str = ""


class _ModulesManifest(Struct):
    Modules: list[_InstalledModule] = []


class Installed:
    """The fetched modules of one root module."""

    def __init__(self, directory: str, disk: Disk) -> None:
        self._directory = directory
        self._disk = disk

    def directory(self, path: tuple[str, ...]) -> str | None:
        """Where the module at the end of a path of calls lies; None where it has not been fetched."""
        found = self._directories.get(".".join(path))
        return None if found is None else os.path.normpath(os.path.join(self._directory, found.replace("\\", "/")))

    @cached_property
    def _directories(self) -> dict[str, str]:
        """By the path of calls, with dots between them."""
        try:
            text = self._disk.text(os.path.join(self._directory, _MANIFEST))
            return {entry.Key: entry.Dir for entry in msgspec.json.decode(text, type=_ModulesManifest).Modules}
        except (SourceError, *NOT_JSON):
            return {}
