"""Statistics of a series: percentiles of what was, what recurs at the same hour of week, and an ordinary week.

Percentiles are nearest-rank, so that each is a value that was observed. Of hourly maxima they are never below those of
the minutes: the 99th of 336 is the 333rd smallest.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import Final

from guardrail.evidence.bundle import HOURS_OF_WEEK, Distribution, Profile

HOUR: Final = timedelta(hours=1)
_PLACES: Final = Decimal("0.0001")
_DIGITS: Final = 3


def exact(value: float) -> Decimal:
    """The digits that CloudWatch prints of a double: 0.1 is 0.1, not the fraction nearest to it."""
    return Decimal(repr(float(value)))


def rounded_up(value: Decimal) -> Decimal:
    """Four places, upwards: no need looks smaller than it was."""
    return plain(value.quantize(_PLACES, rounding=ROUND_CEILING))


def plain(value: Decimal) -> Decimal:
    """A number without needless zeros, and without an exponent."""
    short = value.normalize()
    exponent = short.as_tuple().exponent
    return short.quantize(Decimal(1)) if isinstance(exponent, int) and exponent > 0 else short


def hour_of(time: datetime) -> datetime:
    """The full hour in which a time lies."""
    return time.replace(minute=0, second=0, microsecond=0)


def hour_of_week(time: datetime) -> int:
    """0 on Monday at 00:00 UTC, 167 on Sunday at 23:00."""
    return time.weekday() * 24 + time.hour


def distribution(values: Mapping[datetime, Decimal]) -> Distribution | None:
    """Percentiles, maximum and what recurs, of values by the beginning of their period; None of none."""
    if not values:
        return None
    ordered = sorted(values.values())
    p99 = _percentile(ordered, 99)
    above = {hour_of(time) for time, value in values.items() if value > p99}
    recurring = _recurring(values)
    return Distribution(
        p50=rounded_up(_percentile(ordered, 50)),
        p90=rounded_up(_percentile(ordered, 90)),
        p95=rounded_up(_percentile(ordered, 95)),
        p99=rounded_up(p99),
        maximum=rounded_up(ordered[-1]),
        recurring=None if recurring is None else rounded_up(recurring[0]),
        recurs_at=None if recurring is None else recurring[1],
        count=len(ordered),
        above_p99=len(above),
    )


def _percentile(ordered: list[Decimal], percent: int) -> Decimal:
    return ordered[-(-len(ordered) * percent // 100) - 1]


def _recurring(values: Mapping[datetime, Decimal]) -> tuple[Decimal, int] | None:
    """The greatest value that two weeks reached in the same hour of week, and that hour.

    An hour to either side counts too: a clock that is put back in between moves a Monday at nine by an hour in UTC, and
    so does a job that starts at the end of an hour.
    """
    by_hour: dict[datetime, Decimal] = {}
    for time, value in values.items():
        by_hour[hour_of(time)] = max(by_hour.get(hour_of(time), value), value)
    weeks: dict[int, list[tuple[Decimal, datetime]]] = defaultdict(list)
    for hour, value in by_hour.items():
        around = max(by_hour.get(hour + beside, value) for beside in (-HOUR, HOUR))
        weeks[hour_of_week(hour)].append((max(around, value), hour))
    reached = []
    for hour, value in by_hour.items():
        elsewhere = max((around for around, at in weeks[hour_of_week(hour)] if at != hour), default=None)
        if elsewhere is not None:
            reached.append((min(value, elsewhere), -hour_of_week(hour)))
    if not reached:
        return None
    value, place = max(reached)
    return value, -place


def profile(maxima: Mapping[datetime, Decimal], means: Mapping[datetime, Decimal] | None = None) -> Profile | None:
    """An ordinary week of hourly values: by hour of week the mean of its means and the greatest of its maxima."""
    if not maxima:
        return None
    return Profile(
        mean=_by_hour_of_week(maxima if means is None else means, lambda own: sum(own, Decimal(0)) / len(own)),
        maximum=_by_hour_of_week(maxima, max),
    )


def _by_hour_of_week(
    values: Mapping[datetime, Decimal], combine: Callable[[list[Decimal]], Decimal]
) -> tuple[Decimal | None, ...]:
    weeks: list[list[Decimal]] = [[] for _ in range(HOURS_OF_WEEK)]
    for time, value in values.items():
        weeks[hour_of_week(time)].append(value)
    return tuple(_short(combine(own)) if own else None for own in weeks)


def _short(value: Decimal) -> Decimal:
    """Three digits, or all of a whole number up to a thousand: a profile is looked at, not calculated with."""
    if not value:
        return Decimal(0)
    places = max(_DIGITS - 1 - value.adjusted(), 0)
    return plain(value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_CEILING))
