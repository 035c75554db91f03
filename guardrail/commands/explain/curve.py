"""Where instances by the hour and compute by use cost the same, in words and as a curve over requests."""

from decimal import Decimal

from msgspec import Struct

from guardrail.alternatives.base import BreakEven
from guardrail.model import Unknown
from guardrail.money import HOURS_PER_MONTH, SECONDS_PER_HOUR
from guardrail.reporters.wording import number, usd

WIDTH, HEIGHT, LEFT, RIGHT, BOTTOM, TOP = 720, 240, 70, 40, 40, 16


def in_words(even: BreakEven) -> str:
    """``costs as much at 2,112,750 s of compute a month (84.51 / 0.00004), 14,471 requests an hour``."""
    seconds = number(round(even.seconds_a_month))
    formula = f"{usd(even.fixed_usd)} / {number(even.usd_per_second)}"
    if isinstance(even.requests_an_hour, Unknown):
        per_hour = number(round(even.seconds_a_month / HOURS_PER_MONTH, 1))
        rest = f"{per_hour} / seconds of a request, an hour; request_duration_ms in the usage file is not known"
    else:
        rest = f"{number(round(even.requests_an_hour))} requests an hour"
    present = "" if even.present_an_hour is None else f"; there are {number(round(even.present_an_hour, 1))}"
    return f"cheaper below {seconds} s of compute a month ({formula}), which are {rest}{present}"


class Curve(Struct, frozen=True, kw_only=True):
    """A drawing of two lines: what instances cost whatever comes, and what compute costs by what comes."""

    title: str
    unit: str
    """Of what comes: requests an hour, or seconds of compute an hour."""
    ticks: tuple[tuple[float, str], ...]
    """Of what comes, by place."""
    levels: tuple[tuple[float, str], ...]
    """Of USD a month."""
    fixed_y: float
    slope: tuple[float, float, float, float]
    queue: tuple[float, float, float, float]
    """What the same instances cost behind a queue at best: for as long as they work, one request at a time on each."""
    cross: tuple[float, float]
    present_x: float | None
    """Where the usage that is given lies; None where none is, or beyond the drawing."""


def drawn(even: BreakEven, name: str) -> Curve:
    """The two lines up to twice the point where they meet."""
    at = even.requests_an_hour
    unit, meets = (
        ("seconds of compute an hour", even.seconds_a_month / HOURS_PER_MONTH)
        if isinstance(at, Unknown)
        else ("requests an hour", at)
    )
    most, dearest = meets * 2, even.fixed_usd * 2

    def x(amount: Decimal) -> float:
        return round(LEFT + float(amount / most) * (WIDTH - LEFT - RIGHT), 1)

    def y(money: Decimal) -> float:
        return round(HEIGHT - BOTTOM - float(money / dearest) * (HEIGHT - BOTTOM - TOP), 1)

    busy = even.instances * SECONDS_PER_HOUR  # seconds of compute that an hour of the instances has
    if not isinstance(at, Unknown) and not isinstance(even.duration_ms, Unknown):
        busy = busy * 1000 / even.duration_ms
    present = even.present_an_hour if not isinstance(at, Unknown) else None
    quarters = [Decimal(part) / 4 for part in range(5)]
    return Curve(
        title=f"{name}: USD a month over {unit}; they meet at {number(round(meets, 1))}",
        unit=unit,
        ticks=tuple((x(most * part), number(round(most * part))) for part in quarters),
        levels=tuple((y(dearest * part), number(round(dearest * part))) for part in quarters),
        fixed_y=y(even.fixed_usd),
        slope=(x(Decimal(0)), y(Decimal(0)), x(most), y(dearest)),
        queue=(x(Decimal(0)), y(Decimal(0)), x(min(busy, most)), y(min(busy, most) / busy * even.fixed_usd)),
        cross=(x(meets), y(even.fixed_usd)),
        present_x=x(present) if present is not None and present <= most else None,
    )
