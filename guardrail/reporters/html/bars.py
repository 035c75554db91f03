"""The bars of the page, all on one axis, in percent of it."""

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

from guardrail.cost.base import Monthly
from guardrail.model import Unknown
from guardrail.report import EndpointReport
from guardrail.reporters.overview import dearest
from guardrail.reporters.wording import UNKNOWN, USAGE

_HUNDRED = Decimal(100)
_STEPS = (Decimal(1), Decimal(2), Decimal(5), Decimal(10))
_MOST_TICKS = 4
_ROOM = Decimal("1.15")
"""How far the axis goes on beyond the dearest ceiling where a bar has no end."""


class Bar(Struct, frozen=True, kw_only=True):
    """One bar: from nothing to the floor, on to the ceiling, and where between them the expected cost is."""

    floor: str = ""
    """Percent of the axis; so are the others."""
    ceiling: str = ""
    expected: str = ""
    """Empty where it is not known."""
    is_open: bool = False
    """Something is missing, so it goes on beyond its ceiling, nobody knows how far."""
    word: str = ""
    """What stands in place of a bar of which nothing is known."""


class Tick(Struct, frozen=True):
    """A mark of the axis."""

    at: str
    """Percent of the axis."""
    label: str


class Axis:
    """The axis that all bars share: 0 to 1,024.20 where that is the dearest ceiling."""

    def __init__(self, items: Sequence[EndpointReport]) -> None:
        self._most = max((dearest(item) for item in items), default=Decimal(0))
        sides = [side for item in items for side in (item.before, item.cost.monthly if item.cost else None) if side]
        self._end = self._most * _ROOM if any(side.at_least for side in sides) else self._most

    def bar(self, monthly: Monthly) -> Bar:
        """The bar of an amount: 84.51 to 253.53 on an axis of 253.53 is dark to 33.33 % and light to 100 %."""
        if not monthly.ceiling and (monthly.at_least or monthly.depends_on_usage):
            return Bar(word=UNKNOWN if monthly.at_least else USAGE)
        return Bar(
            floor=self._percent(monthly.floor),
            ceiling=self._percent(monthly.ceiling),
            expected="" if isinstance(monthly.expected, Unknown) else self._percent(monthly.expected),
            is_open=monthly.at_least,
        )

    @property
    def step(self) -> str:
        """From one mark to the next."""
        return self._percent(self._step()) if self._end > 0 else "100%"

    def ticks(self) -> list[Tick]:
        """Round amounts along the axis, up to the dearest ceiling."""
        if self._end <= 0:
            return []
        step = self._step()
        return [Tick(self._percent(step * at), f"{step * at:,f}") for at in range(int(self._most / step) + 1)]

    def _percent(self, amount: Decimal) -> str:
        return f"{_HUNDRED * amount / self._end:.2f}%" if self._end > 0 else "0%"

    def _step(self) -> Decimal:
        """The round amount between two marks, of which there are `_MOST_TICKS` at most beside zero."""
        size = Decimal(10) ** ((self._end / _MOST_TICKS).adjusted())
        return next(size * step for step in _STEPS if size * step * _MOST_TICKS >= self._end)
