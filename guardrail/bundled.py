"""Where the data that travels with the package lies: ``policies/`` and ``pricing/``."""

from pathlib import Path

_PACKAGE = Path(__file__).parent


def directory(name: str) -> Path:
    """The folder of bundled data called ``name``: inside an installed package, else beside it in a checkout."""
    installed = _PACKAGE / "_data" / name
    return installed if installed.is_dir() else _PACKAGE.parent / name
