"""Modules that others import and hardly ever use, imported once something in them is asked for."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any


class Later(ModuleType):
    """What stands for a module, by its name, until something in it is asked for; its ``functions``, until called."""

    def __init__(self, name: str, *functions: str) -> None:
        super().__init__(name)
        for function in functions:
            setattr(self, function, lambda *values, _name=function, **named: self.__getattr__(_name)(*values, **named))

    def __getattr__(self, name: str) -> Any:
        """What the module has under that name; what only the import system asks for, it does not have."""
        if name.startswith("__"):
            raise AttributeError(name)
        found = self.__dict__[name] = getattr(import_module(self.__name__), name)
        return found


@contextmanager
def instead(modules: dict[str, Any]) -> Iterator[None]:
    """Have whatever is imported meanwhile take these for the modules of their names; None says that there is none.

    Whoever imports one afterwards gets the module itself. One that has been imported already stays.
    """
    new = {name: module for name, module in modules.items() if name not in sys.modules}
    sys.modules |= new
    try:
        yield
    finally:
        for name in new:
            del sys.modules[name]
