"""When scheduled actions run: expressions of Application Auto Scaling, each in its time zone, over a week or a year.

``at(yyyy-mm-ddThh:mm:ss)`` runs once, ``rate(value unit)`` at a pace that begins with its start, and ``cron`` has six
fields, minutes first, in which 2 is Monday, ``L`` the last day, ``15W`` the weekday nearest to the 15th and ``FRI#2``
the second Friday (Application Auto Scaling user guide, scheduled-scaling-using-cron-expressions). Days are counted in
local time; local times that a change of the clock leaves out or repeats AWS says nothing of (`unclear_time`).
"""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from functools import lru_cache
from itertools import islice, pairwise
from typing import TypeAlias

from msgspec import Struct

from guardrail.expressions import expression

_AT = expression(r"at\((\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})\)")
_CRON_FIELDS = 6
_FORM = expression(r"(at|rate|cron)\((.*)\)")
_CRON = expression(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)")
_RATE = expression(r"rate\(([1-9]\d{0,5}) (minute|hour|day)s?\)")
_MONTHS = dict(
    zip(("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"), range(1, 13), strict=True)
)
_DAYS = dict(zip(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), range(1, 8), strict=True))
_PER_DAY = {"minute": 24 * 60, "hour": 24, "day": 1}
_MINUTE, _WEEK, _YEAR = timedelta(minutes=1), 7, 365
_MONDAY = date(2028, 1, 3)
"""The first day of a week in which no clock is changed anywhere."""
_MOST_RUNS = 40_000
"""Of more runs than this nobody can make out what they hold."""


class Schedule(Struct, frozen=True):
    """An expression, the IANA time zone it is meant in (None is UTC), and from when until when it runs."""

    expression: str
    zone: str | None = None
    start: str | None = None
    end: str | None = None


class _Cron(Struct, frozen=True):
    """The fields of a cron: sets of numbers, and for days what tells whether it runs on one."""

    minutes: frozenset[int]
    hours: frozenset[int]
    on_day: Callable[[date], bool]
    months: frozenset[int]
    on_weekday: Callable[[date], bool]
    years: frozenset[int]
    weekly: bool
    """Whether every week is like the one before."""

    def moments(self, days: Iterable[date]) -> Iterator[datetime]:
        """The local times at which it runs on these days."""
        for day in days:
            if day.month in self.months and day.year in self.years and self.on_day(day) and self.on_weekday(day):
                yield from (datetime.combine(day, time(hour, minute)) for hour in self.hours for minute in self.minutes)


def is_over(schedule: Schedule, today: date) -> bool:
    """Whether it never runs again: its end, or the only moment of an ``at``, lies before ``today``.

    ``at(2020-11-27T07:00:00)`` is over in 2026, and so is a cron of 2020 alone; so is what ends before it starts.
    """
    once, cron = _AT.fullmatch(schedule.expression), _cron(schedule.expression)
    if (once and once[1] < today.isoformat()) or (cron is not None and max(cron.years) < today.year):
        return True
    end, start = schedule.end, schedule.start
    return end is not None and (end < today.isoformat() or (start is not None and end < start))


def is_ahead(schedule: Schedule, today: date) -> bool:
    """Whether it begins only after the year that is looked at, as a start of 2099 does."""
    cron, horizon = _cron(schedule.expression), today + timedelta(_YEAR)
    if cron is not None and min(cron.years) > horizon.year:
        return True
    once = _AT.fullmatch(schedule.expression)
    begins = _moment(once[1] if once else schedule.start)
    return begins is not None and begins.date() > horizon


def recurs(expression: str) -> bool:
    """Whether it runs again and again: a cron or a rate."""
    return _AT.fullmatch(expression) is None


def refusal(expression: str) -> str | None:
    """Why AWS takes no such expression, a clause after it; None of what it may take.

    ``cron(0 8 * * MON-FRI)``: "has 5 fields, and a cron has six". "At expressions, rate expressions and cron
    expressions", the last of "six fields separated by white spaces" (Application Auto Scaling API, PutScheduledAction).
    One of its days is a question mark (EventBridge user guide, "Cron expressions reference", to which that of
    Application Auto Scaling refers).
    """
    found = _FORM.fullmatch(expression.strip())
    if found is None:
        return "is no at(…), rate(…) or cron(…)"
    if found[1] != "cron":
        once = _AT.fullmatch(expression)
        is_read = once is not None and _moment(once[1]) is not None if found[1] == "at" else _RATE.fullmatch(expression)
        return None if is_read else f"is no {_FORMS[found[1]]}"
    fields = found[2].split()
    if len(fields) != _CRON_FIELDS:
        return f"has {len(fields)} field{'' if len(fields) == 1 else 's'}, and a cron has six"
    if "?" not in (fields[2], fields[4]):
        return "sets days of the month and of the week, without a question mark in one of the two"
    return None if _cron(expression) is not None else "has a field that cannot be read"


def rule_refusal(expression: str) -> str | None:
    """Why a rule of EventBridge does not take an expression that its Scheduler may take; None where it does.

    "rate(1 hours) and rate(5 hour) aren't valid" ("Rate expressions reference", Amazon EventBridge user guide), and
    ``at`` is a schedule's alone ("Setting a schedule pattern": cron and rate).
    """
    if expression.startswith("at("):
        return f"a rule takes rate(…) and cron(…), and no {expression}"
    found = _RATE.fullmatch(expression)
    if found is None or (found[1] == "1") is not expression.endswith("s)"):
        return None
    right = f"rate({found[1]} {found[2]}{'' if found[1] == '1' else 's'})"
    return f"a rule takes no {expression}, but {right}"


_FORMS = {"at": "at(yyyy-mm-ddThh:mm:ss)", "rate": "rate(number unit) of minutes, hours or days"}


def never_runs(expression: str) -> bool:
    """Whether no day is one of its days, as of ``cron(0 0 30 2 ? *)``; after 28 years days and weekdays repeat."""
    cron = _cron(expression)
    if cron is None or cron.weekly:
        return False
    days = (date(2001, 1, 1) + timedelta(day) for day in range(_LEAP_CYCLE))
    return not any(day.month in cron.months and cron.on_day(day) and cron.on_weekday(day) for day in days)


_LEAP_CYCLE = 28 * _YEAR + 7

ScheduleTurn: TypeAlias = tuple[int | None, int | None]


@lru_cache(maxsize=256)
def turns(schedules: tuple[Schedule, ...], today: date | None = None) -> tuple[ScheduleTurn, ...] | None:
    """Which of the schedules ran last, and for how many minutes, turn by turn over a week, or over the year from today.

    ``cron(0 8 ? * MON-FRI *)`` and ``cron(0 20 ? * MON-FRI *)`` take turns of 720 minutes, and the second one of 3,600
    from Friday to Monday. What runs before comes first, with None for its minutes, and then None for as long as
    nothing else has run; of several at one moment, which AWS orders as it likes, all but one have 0 minutes. None of
    them can be told where one is a rate whose beginning nobody knows, an expression or a zone that is not read, or
    runs too often.
    """
    if len(schedules) == 1 and _stays(schedules[0]):
        return ((0, 1),)
    crons = [_cron(each.expression) for each in schedules]
    weekly = all(cron is not None and cron.weekly for cron in crons) and all(
        _runs_now(each, today) for each in schedules
    )
    first, days = (_MONDAY, _WEEK) if weekly else (today or _MONDAY, _YEAR)
    begin = datetime.combine(first, time(), UTC)
    runs: list[tuple[datetime, int]] = []
    for place, each in enumerate(schedules):
        own = _runs(each, crons[place], first, days)
        if own is None or len(runs) + len(own) > _MOST_RUNS or (today is None and not recurs(each.expression)):
            return None
        runs += [(moment, place) for moment in own]
    end = begin + timedelta(days)
    before: list[ScheduleTurn] = [(place, None) for moment, place in sorted(runs) if moment < begin]
    edges: list[tuple[datetime, int | None]] = [(begin, None), *sorted(run for run in runs if begin <= run[0] < end)]
    if len(edges) > 1 and edges[1][0] == begin:
        del edges[0]  # what ran before ends as the first one runs, and does not run with it
    moments = [*(moment for moment, _ in edges), end]
    lengths = [(until - since) // _MINUTE for since, until in pairwise(moments)]
    if weekly and edges[0][1] is None and runs:  # the time before its first run belongs to the last, as in every week
        lengths = [*lengths[1:-1], lengths[-1] + lengths[0]]
        del edges[0]
    return (*before, *((place, length) for (_, place), length in zip(edges, lengths, strict=True)))


def _stays(schedule: Schedule) -> bool:
    """Whether it runs again and again, year after year and without an end, so that alone it always was the last."""
    cron = _cron(schedule.expression)
    every_year = cron is not None and len(cron.years) == _ALL_YEARS and not never_runs(schedule.expression)
    lasts = every_year or _RATE.fullmatch(schedule.expression) is not None
    return lasts and _zone(schedule.zone) is not None and (schedule.start, schedule.end) == (None, None)


_ALL_YEARS = 230


def _runs_now(schedule: Schedule, today: date | None) -> bool:
    """Whether it runs already, and for as long as anybody can see."""
    begun = schedule.start is None or today is None or schedule.start[:10] <= today.isoformat()
    return begun and schedule.end is None


def _runs(schedule: Schedule, cron: _Cron | None, first: date, days: int) -> list[datetime] | None:
    """The moments at which it runs, those of as much time before too; None where nobody can tell.

    There is a day more at either end, for zones far from UTC.
    """
    zone, once, pace = _zone(schedule.zone), _AT.fullmatch(schedule.expression), _RATE.fullmatch(schedule.expression)
    start, end = _moment(schedule.start), _moment(schedule.end)
    if zone is None or (start is None) != (schedule.start is None) or (end is None) != (schedule.end is None):
        return None
    if cron is not None:
        local = cron.moments(first + timedelta(day) for day in range(-days - 1, days + 1))
        found = [moment.replace(tzinfo=zone).astimezone(UTC) for moment in islice(local, _MOST_RUNS + 1)]
    elif once is not None and (moment := _moment(once[1])) is not None and MINYEAR < moment.year < MAXYEAR:
        found = [moment.replace(tzinfo=zone).astimezone(UTC)]
    elif pace is not None and start is not None:
        paced = _paced(start, timedelta(**{f"{pace[2]}s": int(pace[1])}), first, days)
        found = list(islice(paced, _MOST_RUNS + 1))
    else:
        return None
    return [one for one in found if (start is None or start <= one) and (end is None or one <= end)]


def _paced(start: datetime, step: timedelta, first: date, days: int) -> Iterator[datetime]:
    """Every ``step`` since ``start``, from the last one before the first day on."""
    begin = datetime.combine(first, time(), UTC)
    moment = start + max((begin - start) // step, 0) * step
    while moment < begin + timedelta(days):
        yield moment
        moment += step


def _moment(text: str | None) -> datetime | None:
    """A time in ISO 8601, in UTC where it says no zone; None where there is none, or it cannot be read."""
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


def monthly_occurrences(schedule: Schedule, today: date) -> Decimal | None:
    """How often it runs a month: its occurrences in the year from today, by twelve; None where nobody can tell.

    ``cron(0 2 * * ? *)`` runs 365 / 12 = 30.42 times, ``rate(7 days)`` 365 / 7 / 12 = 4.35 times, ``at(…)`` once and so
    0 times a month, and so does what is over; what begins or ends within the year runs between the two alone. A local
    time that a change of the clock leaves out is no run, and one that is there twice is one (EventBridge Scheduler user
    guide, "Daylight savings time").
    """
    pace, cron = _RATE.fullmatch(schedule.expression), _cron(schedule.expression)
    zone = _zone(schedule.zone)
    if is_over(schedule, today) or is_ahead(schedule, today) or _AT.fullmatch(schedule.expression):
        return Decimal(0)
    if zone is None:
        return None
    begin = datetime.combine(today, time(), UTC)
    end = begin + timedelta(_YEAR)
    first, last = _moment(schedule.start) or begin, _moment(schedule.end) or end
    if pace is not None:
        days = Decimal(max((min(last, end) - max(first, begin)) // _MINUTE, 0)) / _PER_DAY["minute"]
        return days * _PER_DAY[pace[2]] / Decimal(pace[1]) / 12
    if cron is None:
        return None
    moments = cron.moments(today + timedelta(day) for day in range(_YEAR))
    if (schedule.start, schedule.end) != (None, None):
        moments = (moment for moment in moments if first <= moment.replace(tzinfo=zone) <= last)
    found = sum(zone is UTC or not _is_left_out(moment, zone) for moment in moments)
    return Decimal(found) / 12


def _is_left_out(local: datetime, zone: tzinfo) -> bool:
    """Whether a change of the clock leaves out a local time."""
    return _jump_at(local, zone) > timedelta()


def _jump_at(local: datetime, zone: tzinfo) -> timedelta:
    """By how much the clock is put forward over a local time, or, below 0, back; 0 where it is not changed then."""
    one, other = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return one - other


def is_moment(text: str) -> bool:
    """Whether a text is a time in ISO 8601: ``2027-05-27T00:00:00Z``."""
    return _moment(text) is not None


def no_zone(name: str | None) -> bool:
    """Whether there is no time zone of that name."""
    return _zone(name) is None


def unclear_time(schedule: Schedule, today: date) -> str | None:
    """The first local time of the next year at which it runs and that is left out, or there twice, as clocks change.

    ``2027-03-28 02:30 does not exist`` in Berlin, and ``2027-10-31 02:30 is there twice``.
    """
    cron, zone = _cron(schedule.expression), _zone(schedule.zone)
    if cron is None or zone is None or zone is UTC or is_over(schedule, today):
        return None
    for local in cron.moments(_changing_days(zone, today)):
        if jump := _jump_at(local, zone):
            return f"{local:%Y-%m-%d %H:%M} {'does not exist' if jump > timedelta() else 'is there twice'}"
    return None


@lru_cache(maxsize=64)
def _changing_days(zone: tzinfo, today: date) -> tuple[date, ...]:
    """The days of the next year on which the clocks of a zone are changed."""
    days = [today + timedelta(day) for day in range(_YEAR)]
    return tuple(day for day in days if _offset(day, zone) != _offset(day + timedelta(1), zone))


def _offset(day: date, zone: tzinfo) -> timedelta | None:
    return datetime.combine(day, time(), zone).utcoffset()


@lru_cache(maxsize=256)
def _zone(name: str | None) -> tzinfo | None:
    if name in (None, "UTC"):
        return UTC
    import zoneinfo  # for the few schedules that name a zone

    try:
        return zoneinfo.ZoneInfo(str(name))
    except (OSError, ValueError, KeyError):  # also no such zone, and no table of zones on this machine
        return None


# The fields of a cron ------------------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def _cron(expression: str) -> _Cron | None:
    """The six fields of a cron; None where it is none, or one of them cannot be read."""
    found = _CRON.fullmatch(expression.strip())
    if found is None:
        return None
    minute, hour, day, month, weekday, year = (text.upper() for text in found.groups())
    if not {day, weekday} & {"*", "?"}:
        return None  # days of both kinds: AWS takes none such, and nobody can tell what was meant
    minutes, hours, years = _values(minute, 0, 59), _values(hour, 0, 23), _values(year, 1970, 2199)
    months, on_day, on_weekday = _values(month, 1, 12, _MONTHS), _in_month(_any(day)), _in_week(_any(weekday))
    if not (minutes and hours and months and years) or on_day is None or on_weekday is None:
        return None
    weekly = day in ("*", "?") and len(months) == 12 and len(years) == _ALL_YEARS and not re.search("[#]|.L", weekday)  # noqa: PLR2004 - all of them
    return _Cron(minutes, hours, on_day, months, on_weekday, years, weekly)


def _any(days: str) -> str:
    """Whatever day it is, as of hours: the question mark is of days alone ("Cron expressions reference")."""
    return "*" if days == "?" else days


def _in_month(text: str) -> Callable[[date], bool] | None:
    """``1,15``, ``L`` (the last), ``LW`` (the last weekday) or ``15W`` (the weekday nearest to the 15th)."""
    tests = [_one_day(part) for part in text.split(",")]
    return None if None in tests else lambda day: any(test(day) for test in tests)  # type: ignore[misc] # none is None


def _one_day(text: str) -> Callable[[date], bool] | None:
    if text in ("L", "LW"):
        return lambda day: day.day == (_last(day) if text == "L" else _weekday_near(_last(day), day))
    if text.endswith("W"):
        wanted = _number(text[:-1], {})
        return (lambda day: day.day == _weekday_near(wanted, day)) if 1 <= wanted <= 31 else None  # noqa: PLR2004
    values = _values(text, 1, 31)
    return (lambda day: day.day in values) if values else None


def _in_week(text: str) -> Callable[[date], bool] | None:
    """``MON-FRI``, ``2``, ``L`` (Saturday), ``6L`` (the last Friday of the month) or ``FRI#2`` (the second)."""
    tests = [_one_weekday(part) for part in text.split(",")]
    return None if None in tests else lambda day: any(test(day) for test in tests)  # type: ignore[misc] # none is None


def _one_weekday(text: str) -> Callable[[date], bool] | None:
    name, mark, nth = text.partition("#")
    if mark or (text.endswith("L") and len(text) > 1):
        wanted, which = _number(name if mark else text[:-1], _DAYS), _number(nth, {}) if mark else 0
        if not 1 <= wanted <= 7 or (mark and not 1 <= which <= 5):  # noqa: PLR2004 - days of a week, weeks of a month
            return None
        if mark:
            return lambda day: _weekday(day) == wanted and (day.day - 1) // 7 + 1 == which
        return lambda day: _weekday(day) == wanted and day.day + 7 > _last(day)
    values = frozenset({7}) if text == "L" else _values(text, 1, 7, _DAYS)
    return (lambda day: _weekday(day) in values) if values else None


def _weekday(day: date) -> int:
    """As AWS counts: Sunday is 1."""
    return day.isoweekday() % 7 + 1


def _last(day: date) -> int:
    import calendar  # for the few schedules that speak of a month's end

    return calendar.monthrange(day.year, day.month)[1]


def _weekday_near(wanted: int, day: date) -> int:
    """The weekday of the month nearest to one of its days: a Saturday gives way to Friday, a Sunday to Monday."""
    last = _last(day)
    if wanted > last:
        return 0
    at = day.replace(day=wanted).isoweekday()
    if at == 6:  # noqa: PLR2004 - Saturday
        return wanted - 1 if wanted > 1 else 3
    if at == 7:  # noqa: PLR2004 - Sunday
        return wanted + 1 if wanted < last else wanted - 2
    return wanted


def _values(text: str, least: int, most: int, names: dict[str, int] | None = None) -> frozenset[int]:
    """``1-5``, ``MON-FRI``, ``0/15``, ``1,3`` or ``*``, all of them; empty where it cannot be read."""
    values: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        pace = _number(step or "1", {})
        if span == "*":
            low, high = least, most
        else:
            low, high = _number(first, names or {}), _number(last or first, names or {})
            high = most if step and not last else high
        if not (least <= low <= most and least <= high <= most) or pace < 0:
            return frozenset()
        turn = range(low, high + 1) if low <= high else (*range(low, most + 1), *range(least, high + 1))
        values.update([*turn][:: max(pace, 1)])
    return frozenset(values)


def _number(text: str, names: dict[str, int]) -> int:
    return names.get(text, int(text) if text.isdecimal() and len(text) <= 4 else -1)  # noqa: PLR2004 - a year
