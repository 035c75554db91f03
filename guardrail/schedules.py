"""When scheduled actions run: the expressions of Application Auto Scaling, each in its time zone, over a whole week.

``at(yyyy-mm-ddThh:mm:ss)`` runs once, ``rate(value unit)`` at a pace that nobody knows the beginning of, and ``cron``
has six fields, minutes first (Application Auto Scaling user guide, scheduled-scaling-using-cron-expressions).
"""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from itertools import pairwise
from typing import TypeAlias

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_AT = re.compile(r"at\((\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})\)")
_CRON = re.compile(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)")
_MONTHS = dict(
    zip(("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"), range(1, 13), strict=True)
)
_DAYS = dict(zip(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), range(1, 8), strict=True))
_RANGES: tuple[tuple[int, int, dict[str, int]], ...] = (
    (0, 59, {}),
    (0, 23, {}),
    (1, 31, {}),
    (1, 12, _MONTHS),
    (1, 7, _DAYS),
    (1970, 2199, {}),
)
_MONDAY = date(2028, 1, 3)
"""The first day of the year that is looked at: a leap year, so that every day of the calendar occurs."""
_WEEK, _YEAR = 7, 366

Fields: TypeAlias = tuple[frozenset[int], ...]


def is_over(expression: str, end: str | None, start: str | None, today: date) -> bool:
    """Whether it never runs again: its end, or the only moment of an ``at``, lies before ``today``.

    ``at(2020-11-27T07:00:00)`` is over in 2026, and so is a cron of 2020 alone; so is what ends before it starts.
    """
    once, fields = _AT.fullmatch(expression), _fields(expression)
    if once and once[1] < today.isoformat():
        return True
    if fields is not None and max(fields[5]) < today.year:
        return True
    return end is not None and (end < today.isoformat() or (start is not None and end < start))


def is_ahead(expression: str, start: str | None, today: date) -> bool:
    """Whether it runs again and again, and begins only after the year that is looked at, as a start of 2099 does."""
    fields, horizon = _fields(expression), today + timedelta(_YEAR)
    if fields is not None and min(fields[5]) > horizon.year:
        return True
    day = _DAY.match(start or "")
    return recurs(expression) and day is not None and day[0] > horizon.isoformat()


def recurs(expression: str) -> bool:
    """Whether it runs again and again: a cron or a rate."""
    return _AT.fullmatch(expression) is None


def turns(schedules: Sequence[tuple[str, str | None]]) -> list[tuple[int, int]] | None:
    """Which of the schedules ran last, and for how many minutes, turn by turn over a week or a year.

    ``cron(0 8 ? * MON-FRI *)`` and ``cron(0 20 ? * MON-FRI *)`` take turns of 720 minutes, and the second one of 3,600
    from Friday to Monday. None where that cannot be told: a rate among several, an expression or a zone that is not
    read. Each comes with its IANA time zone; None is UTC.
    """
    if len(schedules) == 1 and recurs(schedules[0][0]):
        return [(0, 1)]
    read = [(_fields(expression), _zone(zone)) for expression, zone in schedules]
    days = _WEEK if all(fields is None or _is_weekly(fields) for fields, _ in read) else _YEAR
    runs: list[tuple[datetime, int]] = []
    for place, (fields, zone) in enumerate(read):
        if fields is None or zone is None:
            return None
        moments = [moment for day in range(days) for moment in _runs(fields, _MONDAY + timedelta(day), zone)]
        runs += [(moment, place) for moment in moments]
    if not runs:
        return None
    runs.sort()
    ends = [*(moment for moment, _ in runs), runs[0][0] + timedelta(days)]
    minute = timedelta(minutes=1)
    return [(place, (end - begin) // minute) for (_, place), (begin, end) in zip(runs, pairwise(ends), strict=True)]


def _runs(fields: Fields, day: date, zone: tzinfo) -> Iterable[datetime]:
    minutes, hours, days, months, weekdays, _ = fields
    if day.month in months and day.day in days and day.isoweekday() % 7 + 1 in weekdays:
        for hour in hours:
            for minute in minutes:
                yield datetime.combine(day, time(hour, minute), zone).astimezone(UTC)


def _is_weekly(fields: Fields) -> bool:
    return len(fields[2]) == 31 and len(fields[3]) == 12  # noqa: PLR2004 - every day, every month


@lru_cache(maxsize=256)
def _zone(name: str | None) -> tzinfo | None:
    if name is None:
        return UTC
    import zoneinfo  # for the few schedules that name a zone

    try:
        return zoneinfo.ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # also no such zone, and no table of zones on this machine
        return None


@lru_cache(maxsize=256)
def _fields(expression: str) -> Fields | None:
    """The values of the six fields of a cron; None where it is none, or says L, W or # (last, weekday, nth)."""
    found = _CRON.fullmatch(expression.strip())
    if found is None:
        return None
    fields = tuple(_values(text.upper(), *bounds) for text, bounds in zip(found.groups(), _RANGES, strict=True))
    return fields if all(fields) else None


def _values(text: str, least: int, most: int, names: dict[str, int]) -> frozenset[int]:
    """``1-5``, ``MON-FRI``, ``0/15``, ``1,3``, ``*`` or ``?``; empty where it cannot be read."""
    values: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        if span in ("*", "?"):
            low, high = least, most
        else:
            low, high = _number(first, names), _number(last or first, names)
            high = most if step and not last else high
        if not (least <= low <= most and least <= high <= most) or not (step or "1").isdecimal():
            return frozenset()
        turn = range(low, high + 1) if low <= high else (*range(low, most + 1), *range(least, high + 1))
        values.update([*turn][:: max(int(step or 1), 1)])
    return frozenset(values)


def _number(text: str, names: dict[str, int]) -> int:
    return names.get(text, int(text) if text.isdecimal() and len(text) <= 4 else -1)  # noqa: PLR2004 - a year
