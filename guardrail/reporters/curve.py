"""What each way to serve costs a month over what comes, drawn: instances, and what is billed for the work alone."""

from collections.abc import Iterable
from decimal import Decimal

from msgspec import Struct

from guardrail.alternatives.base import Alternative, AlternativeKind, BreakEven
from guardrail.model import Unknown
from guardrail.money import HOURS_PER_MONTH
from guardrail.reporters.wording import number

WIDTH, HEIGHT, LEFT, RIGHT, BOTTOM, TOP = 720, 240, 70, 40, 40, 16
_COLOURS: dict[AlternativeKind, tuple[str, str, str]] = {
    "serverless": ("#d98032", "", "serverless"),
    "real-time": ("#d98032", "", "serverless"),
    "asynchronous": ("#8a63b0", "6 4", "asynchronous"),
    "batch": ("#5b9b55", "2 3", "batch transform"),
}
"""Colour, dashes and name of what is billed for the work alone, by the alternative that is held against instances."""
_BY_REQUEST = ("serverless", "real-time")
"""Kinds in which something has no instances: its line goes on behind the point where both cost the same."""


class CurveLine(Struct, frozen=True, kw_only=True):
    """What one way to serve costs."""

    name: str
    colour: str
    dashes: str = ""
    ends: tuple[float, float, float, float]


class Curve(Struct, frozen=True, kw_only=True):
    """A drawing, in its own coordinates."""

    title: str
    unit: str
    """Of what comes: requests an hour, or seconds of compute an hour."""
    ticks: tuple[tuple[float, str], ...]
    """Of what comes, by place."""
    levels: tuple[tuple[float, str], ...]
    """Of USD a month."""
    lines: tuple[CurveLine, ...]
    cross: tuple[float, float]
    """Where instances cost as much as what is first to meet them."""
    present: tuple[float, float] | None
    """Where the usage that is given lies; None where none is, or beyond the drawing."""


def drawn(alternatives: Iterable[Alternative]) -> Curve | None:
    """Each way to serve one variant, up to twice the point where serverless compute, else any, costs what instances do.

    None where there is no other way than instances around the clock, or none that ever meets them: those of a fleet of
    0 cost nothing.
    """
    evens = [(each.kind, each.break_even) for each in alternatives]
    ways = [(kind, even) for kind, even in evens if even is not None and _an_hour(even)]
    ways.sort(key=lambda way: (way[0] not in _BY_REQUEST, list(_COLOURS).index(way[0])))
    if not ways:
        return None
    kind, first = ways[0]
    unit = "seconds of compute an hour" if isinstance(first.requests_an_hour, Unknown) else "requests an hour"
    meets = _an_hour(first)
    most, dearest = meets * 2, first.fixed_usd * 2

    def x(amount: Decimal) -> float:
        return round(LEFT + float(amount / most) * (WIDTH - LEFT - RIGHT), 1)

    def y(money: Decimal) -> float:
        return round(HEIGHT - BOTTOM - float(money / dearest) * (HEIGHT - BOTTOM - TOP), 1)

    def slope(kind: AlternativeKind, even: BreakEven) -> CurveLine:
        end = most if kind in _BY_REQUEST else min(_an_hour(even), most)
        colour, dashes, name = _COLOURS[kind]
        ends = (x(Decimal(0)), y(Decimal(0)), x(end), y(end / _an_hour(even) * even.fixed_usd))
        return CurveLine(name=name, colour=colour, dashes=dashes, ends=ends)

    level = y(first.fixed_usd)
    fixed = CurveLine(name="instances around the clock", colour="#3b6fb6", ends=(x(Decimal(0)), level, x(most), level))
    quarters = [Decimal(part) / 4 for part in range(5)]
    present = None if isinstance(first.requests_an_hour, Unknown) else first.present_an_hour
    at = y(present / meets * first.fixed_usd) if present is not None and kind == "real-time" else level
    return Curve(
        title=f"USD a month over {unit}: {_COLOURS[kind][2]} costs what instances do at {number(round(meets, 1))}",
        unit=unit,
        ticks=tuple((x(most * part), number(round(most * part))) for part in quarters),
        levels=tuple((y(dearest * part), number(round(dearest * part))) for part in quarters),
        lines=(fixed, *(slope(*way) for way in ways)),
        cross=(x(meets), level),
        present=(x(present), at) if present is not None and present <= most else None,
    )


def _an_hour(even: BreakEven) -> Decimal:
    """Where both cost the same, in requests an hour; in seconds of compute where nobody knows how long one takes."""
    at = even.requests_an_hour
    return even.seconds_a_month / HOURS_PER_MONTH if isinstance(at, Unknown) else at
