"""Price tables of the user's own: where they lie, and reading them so that a refresh in between does no harm.

A directory of the user's has the layout of ``pricing/`` (docs/prices.md) without what only guardrail ships: a
``manifest.json`` and a CSV table for each region, read from AWS's price list. Its rows win over the bundled ones.
The manifest holds the hash of every table, and replacing the manifest is what swaps one refresh for the next
(`guardrail.prices.store`); until the tables are renamed too, the new ones stand beside the old under `STAGED`.
"""

import os
import sys
from collections.abc import Mapping

from guardrail import files
from guardrail.errors import PriceBookError
from guardrail.prices.table import Manifest, PriceTable, read_manifest

BUNDLED = "bundled"
"""What to say instead of a directory where only the bundled tables shall count."""

STAGED = ".new"
"""Behind the name of a file that is written, and not yet renamed."""


def chosen(option: str | None, environ: Mapping[str, str], configured: str | None = None) -> str | None:
    """The directory of the user's tables: ``--prices``, GUARDRAIL_PRICES, the settings, or the platform's if any.

    None where only the bundled tables count: there are no others, or "bundled" is asked for.
    """
    named = option or environ.get("GUARDRAIL_PRICES") or configured
    if named:
        return None if named == BUNDLED else named
    directory = default_directory(environ)
    return directory if files.is_there(os.path.join(directory, "manifest.json")) else None


def default_directory(environ: Mapping[str, str], platform: str = sys.platform) -> str:
    """Where a platform keeps data of a user: ``~/.local/share/guardrail/prices`` on Linux.

    XDG_DATA_HOME on Linux, Application Support on macOS, LOCALAPPDATA on Windows.
    """
    home = os.path.expanduser("~")
    if platform == "win32":
        base = environ.get("LOCALAPPDATA") or os.path.join(home, "AppData", "Local")
    elif platform == "darwin":
        base = os.path.join(home, "Library", "Application Support")
    else:
        base = environ.get("XDG_DATA_HOME") or os.path.join(home, ".local", "share")
    return os.path.join(base, "guardrail", "prices")


class UserTables:
    """The tables of one directory, each read and held against the manifest on first use."""

    def __init__(self, directory: str, *, origin: str | None = None) -> None:
        """Read the manifest. Raises `PriceBookError`."""
        self.directory = directory
        self.origin = directory if origin is None else origin
        self.manifest = read_manifest(directory, hint=f"guardrail prices refresh --output {directory}")
        self._tables: dict[str, PriceTable] = {}

    def table(self, region: str) -> PriceTable | None:
        """The table of a region; None where there is none. Raises `PriceBookError` where it is damaged."""
        table = self._tables.get(region)
        if table is None and region in self.manifest.regions:
            table = self._tables[region] = self._read(region)
        return table

    def _read(self, region: str) -> PriceTable:
        name = f"{region}.csv"
        content = verified(self.directory, name, self.manifest)
        if content is None:  # a refresh may have come between the manifest and the table
            self.manifest = read_manifest(self.directory)
            content = verified(self.directory, name, self.manifest)
        if content is None:
            path = os.path.join(self.directory, name)
            hint = f"guardrail prices refresh --region {region} --output {self.directory}"
            raise PriceBookError(f"{path} is missing, or not what manifest.json says it is", hint=hint)
        return self.parse(self.directory, region, self.manifest, content, origin=self.origin)

    @staticmethod
    def parse(
        directory: str, region: str, manifest: Manifest, content: bytes, *, origin: str | None = None
    ) -> PriceTable:
        """A table whose file has been read. Raises `PriceBookError` where it is damaged."""
        return PriceTable(directory, region, manifest, origin=origin or directory, content=content)


def verified(directory: str, name: str, manifest: Manifest) -> bytes | None:
    """A file that the manifest vouches for, in its place or still beside it; None where neither has its hash."""
    for candidate in (name, name + STAGED):
        try:
            content = files.content(os.path.join(directory, candidate))
        except OSError:
            continue
        if digest(content) == manifest.files.get(name):
            return content
    return None


def digest(content: bytes) -> str:
    """The hash of a file as manifests write it."""
    import hashlib  # 2 ms that only those pay who have tables of their own

    return "sha256:" + hashlib.sha256(content).hexdigest()
