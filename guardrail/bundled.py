"""Where the data that travels with the package lies: ``policies/`` and ``pricing/``."""

import os

_PACKAGE = os.path.dirname(os.path.abspath(__file__))


def directory(name: str) -> str:
    """The folder of bundled data called ``name``: inside an installed package, else beside it in a checkout."""
    installed = os.path.join(_PACKAGE, "_data", name)
    return installed if os.path.isdir(installed) else os.path.join(os.path.dirname(_PACKAGE), name)
