"""A view on the properties of a template's resource."""

from collections.abc import Callable
from typing import Any, TypeVar

from guardrail.model import Location, Unknown
from guardrail.sources.base import View, shown
from guardrail.sources.template.values import Hidden, Table, is_hidden, revealed, symbol_of, text_of

_T = TypeVar("_T")


class Properties(View, eq=False):
    """The properties of a resource, or of an object in it, as CloudFormation reads them: numbers will do as text.

    Their values know themselves whether they are hidden; `marks` is whether any value of the resource is.
    """

    def _as_text(self, name: str, value: Any) -> str | Unknown:
        text = text_of(value)
        return Unknown(f"{name} is not text") if text is None else revealed(text)

    def _read(self, name: str, value: Any, convert: Callable[[str, Any], _T | Unknown | None]) -> _T | Unknown | None:
        """A value; unlike a Terraform state, a template that has "" where a number belongs has none."""
        read = super()._read(name, value, convert)
        is_empty = read is None and self.values.get(name) is not None
        return Unknown(f"{name} is not a number") if is_empty else read

    def _nested(self, name: str) -> Any:
        value = self.get(name)
        return Unknown(f"{name} is not an object") if value in ("", False, 0) else value

    def is_sensitive(self, *names: str) -> bool:
        """Whether one of them holds the value of a NoEcho parameter."""
        return bool(self.marks) and any(is_hidden(self.values.get(name)) for name in names)

    def shown(self, name: str) -> Any:
        """The raw value with an `Unknown` for each text of a NoEcho parameter in it."""
        value = self.values.get(name)
        return _shown(value) if is_hidden(value) else value

    def symbol(self, name: str) -> str | None:
        """The text by which other resources of the template mean this one where its name is unknown."""
        return symbol_of(self.values.get(name))

    likeness = symbol

    def location(self, name: str) -> Location | None:
        """Where a property, or the object where that is not there, is written."""
        return self.values.place(name if name in self.values else None) if isinstance(self.values, Table) else None

    def lines(self, *names: str) -> dict[str, Location]:
        """Where each of the properties is written that is written at all."""
        locations = {name: self.location(name) for name in names if name in self.values}
        return {name: location for name, location in locations.items() if location is not None}


def _shown(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shown(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_shown(item) for item in value]
    return shown(value, marks=isinstance(value, Hidden))
