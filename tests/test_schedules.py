"""When schedules run: cron expressions of Application Auto Scaling over a whole week, or a year."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from math import gcd
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrail import schedules
from guardrail.schedules import (
    Schedule,
    is_ahead,
    is_over,
    monthly_occurrences,
    never_runs,
    no_zone,
    refusal,
    rule_refusal,
    turns,
    unclear_time,
)

DAY, HOUR = 24 * 60, 60


@pytest.mark.parametrize(
    ("schedules", "minutes"),
    [
        # by day 8 to 20, by night 20 to 8, seven times
        (["cron(0 8 * * ? *)", "cron(0 20 * * ? *)"], [7 * 12 * HOUR, 7 * 12 * HOUR]),
        # weekdays 8 to 20: 60 h; the rest of 168 h is 108 h
        (["cron(0 8 ? * MON-FRI *)", "cron(0 20 ? * 2-6 *)"], [60 * HOUR, 108 * HOUR]),
        # Saturday and Sunday, the last and the first day of AWS's week: 48 h
        (["cron(0 0 ? * SAT *)", "cron(0 0 ? * MON *)"], [2 * DAY, 5 * DAY]),
        (["cron(0 0 ? * SAT-MON *)", "cron(0 12 ? * 1,2,7 *)"], [3 * 12 * HOUR, 7 * DAY - 3 * 12 * HOUR]),
        # every six hours from midnight, and an hour later
        (["cron(0 0/6 * * ? *)", "cron(0 1-23/6 * * ? *)"], [7 * 4 * HOUR, 7 * 20 * HOUR]),
        (["cron(15 8 * * ? *)", "cron(45 8 * * ? *)"], [7 * 30, 7 * (DAY - 30)]),
        # a year, and a leap year, holds twelve first days of a month, and every day of the calendar
        (["cron(0 0 1 * ? *)", "cron(0 0 2 * ? *)"], [12 * DAY, 353 * DAY]),
        (["cron(0 0 29 FEB ? *)", "cron(0 0 1 MAR ? *)"], [DAY, 364 * DAY]),
        *(
            ([f"cron(0 0 {day} JAN ? *)", f"cron(0 12 {day} JAN ? *)"], [12 * HOUR, 365 * DAY - 12 * HOUR])
            for day in (1, 3, 4)
        ),
        # one that is not weekly is enough for a year: from midnight to noon on twelve first days of a month
        (["cron(0 0 1 * ? *)", "cron(0 12 * * ? *)"], [12 * 12 * HOUR, 365 * DAY - 12 * 12 * HOUR]),
        # the last minute, hour, day, month, weekday and year that there are
        (["cron(59 23 31 12 ? 2028)", "cron(0 0 1 1 ? *)"], [1, 365 * DAY - 1]),
        (["cron(0 0 ? * 7 *)", "cron(0 0 ? * 1 *)"], [DAY, 6 * DAY]),
        # at 22, 23, 0, 1 and 2 o'clock, and from 3 o'clock on: 5 of 24 hours
        (["cron(0 22-2 * * ? *)", "cron(0 3 * * ? *)"], [7 * 5 * HOUR, 7 * 19 * HOUR]),
        (["cron(0 0 * JUN ? *)", "cron(0 0 * 7 ? *)"], [30 * DAY, 335 * DAY]),
        (["rate(1 day)"], [1]),
        (["cron(0 0 L * ? *)"], [1]),
    ],
)
def test_schedules_take_turns(schedules: list[str], minutes: list[int]) -> None:
    assert held(*map(Schedule, schedules)) == minutes


def held(*schedules: Schedule, today: date | None = None) -> list[int] | None:
    """The minutes of the last run of each schedule; those before the first one count for nobody."""
    found = turns(tuple(schedules), today)
    if found is None:
        return None
    minutes, last = [0] * len(schedules), None
    for place, length in found:
        last = last if place is None else place
        if last is not None:
            minutes[last] += length or 0
    return minutes


@pytest.mark.parametrize(
    "expression",
    [
        "rate(1 day)",  # nobody knows when it began
        "cron(0 0 32W * ? *)",
        "cron(0 0 XW * ? *)",
        "cron(0 0 ? * MON#6 *)",
        "cron(0 0 ? * 8L *)",
        "cron(0 0 ? * FOO#1 *)",
        "at(2030-02-30T00:00:00)",
        "at(0001-01-01T00:00:00)",
        "at(9999-12-31T23:59:59)",
        "rate(0 days)",
        "cron(60 0 * * ? *)",
        "cron(0 24 * * ? *)",
        "cron(0 8 0 * ? *)",
        "cron(0 8 * 0 ? *)",
        "cron(0 8 * 13 ? *)",
        "cron(0 8 ? * 0 *)",
        "cron(0 8 ? * 8 *)",
        "cron(0 8 * * ? 1969)",
        "cron(0 8 * * ? 2200)",
        "cron(0 8/x * * ? *)",
        "cron(0 8-24 * * ? *)",
        "cron(0 24-8 * * ? *)",
        "cron(0 8- * * ? * *)",
        "cron(0 8 * * ?)",
        "every day",
        "cron(0 8 32 * ? *)",
        "",
    ],
)
def test_an_order_that_cannot_be_told_is_none(expression: str) -> None:
    assert (
        turns(
            (
                Schedule(expression),
                Schedule("cron(0 8 * * ? *)"),
            )
        )
        is None
    )
    assert (
        turns(
            (
                Schedule("cron(0 8 1 * ? *)"),
                Schedule(expression),
            )
        )
        is None
    )


def test_what_runs_too_often_to_be_followed_tells_nothing() -> None:
    """Every minute of two years is a million runs."""
    assert (
        turns(
            (
                Schedule("cron(* * * * ? *)"),
                Schedule("cron(0 0 1 * ? *)"),
            )
        )
        is None
    )


def test_forty_thousand_runs_are_followed_and_one_more_is_too_many() -> None:
    """Every 14 and every 214 of the 525,600 minutes of a year: 37,543 + 2,457."""
    two = [Schedule(f"rate({minutes} minutes)", start="2026-11-27T00:00:00Z") for minutes in (14, 214)]
    assert turns(tuple(two), TODAY) is not None
    assert turns((*two, Schedule("at(2027-06-01T00:00:00)")), TODAY) is None


@pytest.mark.parametrize(("most", "is_told"), [(32, True), (31, False)])
def test_a_limit_is_the_most_runs_that_are_followed(
    most: int,
    is_told: bool,  # noqa: FBT001 - a parameter
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two that run daily, over the week that is looked at, the one before, and a day more at either end: 2 × 16."""
    monkeypatch.setattr(schedules, "_MOST_RUNS", most)
    found = turns.__wrapped__((Schedule("cron(0 8 * * ? *)"), Schedule("cron(0 20 * * ? *)")))
    assert (found is not None) == is_told


@pytest.mark.parametrize(("most", "is_told"), [(732, True), (731, False)])
def test_one_schedule_alone_can_run_too_often(
    most: int,
    is_told: bool,  # noqa: FBT001 - a parameter
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Daily for the year from the day, for the one before, and for a day more at either end: 2 × 366."""
    monkeypatch.setattr(schedules, "_MOST_RUNS", most)
    found = turns.__wrapped__((Schedule("cron(0 8 * * ? *)", end="2099-01-01"),), TODAY)
    assert (found is not None) == is_told


@pytest.mark.parametrize(("most", "is_told"), [(365, True), (364, False)])
def test_a_pace_alone_can_run_too_often(
    most: int,
    is_told: bool,  # noqa: FBT001 - a parameter
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Daily since a year ago to the minute, for the year from the day."""
    monkeypatch.setattr(schedules, "_MOST_RUNS", most)
    found = turns.__wrapped__((Schedule("rate(1 day)", start="2025-11-27T00:00:00Z"),), TODAY)
    assert (found is not None) == is_told


def test_what_never_runs_leaves_what_there_is() -> None:
    never = Schedule("cron(0 8 30 FEB ? *)")
    assert turns(
        (
            never,
            never,
        )
    ) == ((None, 365 * DAY),)


def test_each_schedule_is_meant_in_its_time_zone() -> None:
    """9 in Tokyo is midnight in UTC: 12 h to noon, and 12 h."""
    assert held(Schedule("cron(0 9 * * ? *)", "Asia/Tokyo"), Schedule("cron(0 12 * * ? *)", "UTC")) == [84 * HOUR] * 2


@pytest.mark.parametrize("zone", ["Europe/Nowhere", "../../etc/passwd", "/etc/passwd", "", "Mars/Base"])
def test_a_zone_that_there_is_not_tells_no_time(zone: str) -> None:
    assert (
        turns(
            (
                Schedule("cron(0 9 * * ? *)", zone),
                Schedule("cron(0 12 * * ? *)"),
            )
        )
        is None
    )
    assert no_zone(zone)


# AWS's days ----------------------------------------------------------------------------------------------------------

TODAY = date(2026, 11, 27)
"""A Friday."""


def days_of(days: str, weekdays: str = "?", months: str = "*") -> list[str]:
    """On which days of the year from 2026-11-27 something runs, at noon."""
    found = turns((Schedule(f"cron(0 12 {days} {months} {weekdays} *)", end="2099-01-01"),), TODAY)
    assert found is not None
    moment, runs = datetime(2026, 11, 27, tzinfo=UTC), []
    for place, minutes in found:
        if place is not None and minutes:
            runs.append(moment.date().isoformat())
        moment += timedelta(minutes=minutes or 0)
    return runs


def test_the_last_day_of_a_month() -> None:
    assert days_of("L")[:4] == ["2026-11-30", "2026-12-31", "2027-01-31", "2027-02-28"]


def test_the_last_weekday_of_a_month() -> None:
    """31 January 2027 and 28 February 2027 are Sundays, so the Fridays before them."""
    assert days_of("LW")[:4] == ["2026-11-30", "2026-12-31", "2027-01-29", "2027-02-26"]


def test_the_weekday_nearest_to_a_day() -> None:
    """15 May 2027 is a Saturday: the 14th. 15 August 2027 is a Sunday: the 16th. Seven months have a 31st."""
    assert days_of("15W", months="MAY,AUG,SEP") == ["2027-05-14", "2027-08-16", "2027-09-15"]
    assert len(days_of("31W")) == 7


def test_the_nearest_weekday_stays_in_its_month() -> None:
    """1 May 2027 is a Saturday: Monday the 3rd. 31 January 2027 is a Sunday: Friday the 29th.

    2 January 2027 is a Saturday: Friday the 1st.
    """
    assert days_of("2W", months="1") == ["2027-01-01"]
    assert days_of("1W", months="5") == ["2027-05-03"]
    assert days_of("31W", months="1") == ["2027-01-29"]


def test_a_weekday_of_the_month() -> None:
    """The second Tuesdays; a fifth Monday there is in March, May, August and November 2027, and in none between."""
    assert days_of("?", "3#2")[:3] == ["2026-12-08", "2027-01-12", "2027-02-09"]
    assert days_of("?", "TUE#2") == days_of("?", "3#2")
    assert days_of("?", "MON#5") == ["2026-11-30", "2027-03-29", "2027-05-31", "2027-08-30"]


def test_the_last_weekday_of_its_name_in_a_month() -> None:
    assert days_of("?", "6L")[:4] == ["2026-11-27", "2026-12-25", "2027-01-29", "2027-02-26"]
    assert days_of("?", "FRIL") == days_of("?", "6L")
    assert days_of("?", "7L")[:3] == ["2026-11-28", "2026-12-26", "2027-01-30"]
    assert days_of("?", "1L")[:3] == ["2026-11-29", "2026-12-27", "2027-01-31"]


def test_the_last_day_of_a_week_is_saturday_and_monday_is_2() -> None:
    assert days_of("?", "L") == days_of("?", "SAT") == days_of("?", "7")
    assert days_of("?", "2")[0] == "2026-11-30"


def test_several_kinds_of_days_together() -> None:
    assert days_of("1,L", months="12") == ["2026-12-01", "2026-12-31"]
    assert days_of("?", "MON#1,FRIL", months="12") == ["2026-12-07", "2026-12-25"]


# Once, at a pace, and for a time -------------------------------------------------------------------------------------


def test_what_runs_once_follows_what_there_is() -> None:
    """From midnight of the 27th to 8 o'clock, to noon of the 30th, and the rest of 365 days."""
    once = [Schedule("at(2026-11-27T08:00:00)"), Schedule("at(2026-11-30T12:00:00)")]
    assert turns(tuple(once), TODAY) == ((None, 8 * HOUR), (0, 76 * HOUR), (1, 365 * DAY - 84 * HOUR))


def test_what_runs_once_is_meant_in_its_zone() -> None:
    assert turns((Schedule("at(2026-11-27T08:00:00)", "Europe/Berlin"),), TODAY) == ((None, 7 * HOUR), (0, 8753 * HOUR))


def test_a_rate_runs_since_its_start() -> None:
    """Every two days at 6 since the 26th: the 28th, the 30th, and so on, between noons of each day."""
    pace = Schedule("rate(2 days)", start="2026-11-26T06:00:00Z")
    found = turns(
        (
            pace,
            Schedule("cron(0 12 * * ? *)", start="2020-01-01T00:00:00Z"),
        ),
        TODAY,
    )
    assert found is not None
    shown = [turn for turn in found if turn[1]][:5]
    assert shown == [(None, 12 * HOUR), (1, 18 * HOUR), (0, 6 * HOUR), (1, DAY), (1, 18 * HOUR)]


def test_a_rate_that_began_long_ago_is_followed_from_today_on() -> None:
    """Three runs an hour since a year ago: 365 × 24 × 3 = 26,280 in the year from today, the first one at midnight."""
    found = turns((Schedule("rate(20 minutes)", start="2025-11-27T00:00:00Z"),), TODAY)
    assert found is not None
    assert sum(1 for turn in found if turn == (0, 20)) == 365 * 24 * 3


def test_what_ran_a_year_ago_to_the_day_has_run_before() -> None:
    yearly = Schedule("cron(0 0 27 11 ? *)", end="2099-01-01")
    assert turns((yearly,), TODAY) == ((0, None), (0, 365 * DAY))


def test_what_ran_a_year_ago_on_the_day_before_in_a_zone_behind_has_run_before() -> None:
    """23 o'clock of the 26th on Samoa, 11 h behind, is 10 o'clock of the 27th."""
    yearly = Schedule("cron(0 23 26 11 ? *)", "Pacific/Pago_Pago", end="2099-01-01")
    assert turns((yearly,), TODAY) == ((0, None), (None, 10 * HOUR), (0, 365 * DAY - 10 * HOUR))


def test_what_begins_today_or_began_before_takes_turns_by_the_week() -> None:
    """Since midnight of today, and since yesterday: twice 12 of 24 hours; from tomorrow on a year is looked at."""
    for start in ("2026-11-27", "2026-11-27T00:00:00Z", "2026-11-26"):
        both = tuple(Schedule(f"cron(0 {hour} * * ? *)", start=start) for hour in (8, 20))
        assert sum(minutes or 0 for _, minutes in turns(both, TODAY) or ()) == 7 * DAY
    both = tuple(Schedule(f"cron(0 {hour} * * ? *)", start="2026-11-28") for hour in (8, 20))
    assert sum(minutes or 0 for _, minutes in turns(both, TODAY) or ()) == 365 * DAY


def test_a_schedule_that_ends_leaves_what_it_set() -> None:
    """Up on the 27th and the 28th, down in the evenings; nothing changes that for the rest of the year."""
    up = Schedule("cron(0 8 * * ? *)", end="2026-11-28T23:00:00+00:00")
    down = Schedule("cron(0 20 * * ? *)", end="2026-11-28T23:00:00+00:00")
    assert held(up, down, today=TODAY) == [24 * HOUR, 365 * DAY - 24 * HOUR - 8 * HOUR + 8 * HOUR]


def test_one_schedule_that_ends_is_enough_for_a_year() -> None:
    """Up from 8 to 20 o'clock of the 27th and of the 28th, and down for the rest."""
    up = Schedule("cron(0 8 * * ? *)", end="2026-11-28T23:00:00Z")
    assert held(up, Schedule("cron(0 20 * * ? *)"), today=TODAY) == [24 * HOUR, 365 * DAY - 24 * HOUR]


def test_what_ran_longer_ago_than_a_year_and_a_day_is_not_looked_for() -> None:
    """The 26th of November 2025 is 366 days ago."""
    long_ago, before = (Schedule(f"cron(0 12 {day} 11 ? 2025,2028)") for day in (25, 26))
    assert turns((long_ago,), TODAY) == ((None, 365 * DAY),)
    assert turns((before,), TODAY) == ((0, None), (None, 365 * DAY))


def test_what_runs_as_it_starts_and_as_it_ends_runs() -> None:
    """At 8 o'clock of the 28th, 32 h after the midnight that is looked at from, and of the 29th: 56 h are gone then."""
    two = Schedule("cron(0 8 * * ? *)", start="2026-11-28T08:00:00Z", end="2026-11-29T08:00:00Z")
    assert turns((two,), TODAY) == ((None, 32 * HOUR), (0, DAY), (0, 365 * DAY - 56 * HOUR))


def test_a_schedule_that_begins_later_leaves_what_there_is_until_then() -> None:
    later = Schedule("cron(0 0 ? * MON *)", start="2026-12-01")
    assert turns((later,), TODAY)[:2] == ((None, 10 * DAY), (0, 7 * DAY))  # type: ignore[index] # it can be told


@pytest.mark.parametrize("time", ["soon", "2026-13-01"])
def test_a_start_that_is_no_time_tells_nothing(time: str) -> None:
    assert (
        turns(
            (
                Schedule("cron(0 8 * * ? *)", start=time),
                Schedule("cron(0 9 * * ? *)"),
            ),
            TODAY,
        )
        is None
    )


# Changes of the clock ------------------------------------------------------------------------------------------------


def test_a_year_has_both_changes_of_the_clock() -> None:
    """In Berlin 28 March 2027 has 23 hours and 31 October 25: the first of a month at 0 to the second at 0 is a day."""
    berlin = [Schedule(f"cron(0 0 {day} 3,10 ? *)", "Europe/Berlin") for day in ("27", "29")]
    assert held(*berlin, today=TODAY) == [2 * 2 * DAY - HOUR, 365 * DAY - (2 * 2 * DAY - HOUR)]
    october = [Schedule(f"cron(0 0 {day} 10 ? *)", "Europe/Berlin") for day in ("31", "L")]
    assert held(*october, today=TODAY) is not None


@pytest.mark.parametrize(
    ("expression", "zone", "doubt"),
    [
        ("cron(30 2 * * ? *)", "Europe/Berlin", "2027-03-28 02:30 does not exist"),
        ("cron(30 2 ? OCT SUN *)", "Europe/Berlin", "2027-10-31 02:30 is there twice"),
        ("cron(30 2 ? * MON-FRI *)", "Europe/Berlin", None),  # clocks change on Sundays
        ("cron(0 8 * * ? *)", "Europe/Berlin", None),
        ("cron(30 2 * * ? *)", None, None),
        ("cron(30 2 * * ? *)", "Asia/Tokyo", None),  # which changes no clocks
        ("cron(30 2 * * ? 2030)", "Europe/Berlin", None),
        ("rate(1 day)", "Europe/Berlin", None),
    ],
)
def test_a_local_time_that_is_left_out_or_repeated_is_told(
    expression: str, zone: str | None, doubt: str | None
) -> None:
    assert unclear_time(Schedule(expression, zone), TODAY) == doubt


# Against a walk ------------------------------------------------------------------------------------------------------


class Naive:
    """A walk that looks at a clock on the wall, and knows no more of crons than numbers in fields."""

    def __init__(self, hour: int, minute: int, weekdays: frozenset[int], days: frozenset[int], zone: str) -> None:
        self.hour, self.minute, self.weekdays, self.days = hour, minute, weekdays, days
        on = ",".join(map(str, sorted(weekdays))) if weekdays else "?"
        of = "?" if weekdays else ",".join(map(str, sorted(days)))
        self.schedule = Schedule(f"cron({minute} {hour} {of} * {on} *)", zone)

    def runs_at(self, local: datetime) -> bool:
        if (local.hour, local.minute) != (self.hour, self.minute):
            return False
        names = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
        amazon = dict(zip(names, (2, 3, 4, 5, 6, 7, 1), strict=True))[names[local.weekday()]]
        return amazon in self.weekdays if self.weekdays else local.day in self.days


def walked(naive: Sequence[Naive], zone: str, begin: datetime, days: int, *, before: int) -> list[int]:
    """The minutes of which each is the last that ran, in steps that miss none: offsets are quarters of an hour."""
    minutes, last, here = [0] * len(naive), None, ZoneInfo(zone)
    step = gcd(15, *(one.minute for one in naive))
    for each in range(-before * DAY, days * DAY, step):
        moment = (begin + timedelta(minutes=each)).astimezone(here)
        for place, one in enumerate(naive):
            if one.runs_at(moment):
                last = place
        if last is not None and each >= 0:
            minutes[last] += step
    return minutes


ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/Santiago")
TIMES = st.tuples(st.integers(4, 23), st.integers(0, 59))
"""No clock is changed at these hours."""


@settings(max_examples=12, deadline=None)
@given(
    times=st.lists(TIMES, min_size=2, max_size=3, unique=True),
    weekdays=st.lists(st.frozensets(st.integers(1, 7), min_size=1), min_size=3, max_size=3),
    zone=st.sampled_from(ZONES),
)
def test_a_week_is_what_a_walk_by_the_minute_makes_of_it(times: Any, weekdays: Any, zone: str) -> None:
    naive = [Naive(hour, minute, on, frozenset(), zone) for (hour, minute), on in zip(times, weekdays, strict=False)]
    monday = datetime(2028, 1, 3, tzinfo=UTC)
    assert held(*(one.schedule for one in naive)) == walked(naive, zone, monday, 7, before=7)


@pytest.mark.parametrize(
    ("zone", "times", "days"),
    [
        ("Europe/Berlin", [(8, 0), (18, 0)], [{1, 15, 28}, {2, 16, 29}]),
        ("America/Santiago", [(7, 30), (22, 45)], [{5}, {6, 25}]),
        ("Australia/Lord_Howe", [(9, 0), (17, 0)], [{1, 31}, {3, 4}]),  # its clocks change by half an hour
    ],
)
def test_a_year_is_what_a_walk_by_the_minute_makes_of_it(zone: str, times: Any, days: Any) -> None:
    naive = [
        Naive(hour, minute, frozenset(), frozenset(on), zone) for (hour, minute), on in zip(times, days, strict=True)
    ]
    begin = datetime.combine(TODAY, time(), UTC)
    assert held(*(one.schedule for one in naive), today=TODAY) == walked(naive, zone, begin, 365, before=32)


@pytest.mark.parametrize(
    ("schedule", "monthly"),
    [
        (Schedule("cron(0 2 * * ? *)"), "30.4167"),  # 365 / 12
        (Schedule("rate(7 days)"), "4.3452"),  # 365 / 7 / 12
        (Schedule("rate(12 hours)"), "60.8333"),
        (Schedule("cron(0 3 1 * ? *)"), "1"),
        (Schedule("cron(30 3 * * ? *)", "Europe/Berlin"), "30.4167"),
        (Schedule("cron(30 2 * * ? *)", "Europe/Berlin"), "30.3333"),  # left out once, as summer time begins: 364 / 12
        (Schedule("cron(0 2 ? * SUN *)"), "4.3333"),  # 52 Sundays in the year from 2026-11-27, a Friday
        (Schedule("at(2030-01-02T03:04:05)"), "0"),
        (Schedule("rate(1 day)", end="2025-06-30T00:00:00Z"), "0"),
        (Schedule("rate(1 day)", start="2099-06-30T00:00:00Z"), "0"),
        # of the year from the day on, what lies between the start and the end: 10 / 12, (365 - 100) / 12, 5 / 12
        (Schedule("rate(1 day)", end="2026-12-07T00:00:00Z"), "0.8333"),
        (Schedule("rate(1 day)", start="2027-03-07T00:00:00Z"), "22.0833"),
        (Schedule("cron(0 2 * * ? *)", end="2026-12-07T00:00:00Z"), "0.8333"),
        (Schedule("cron(0 2 * * ? *)", start="2027-03-07T00:00:00Z", end="2027-03-12T00:00:00Z"), "0.4167"),
        (Schedule("rate(7 days)", start="2027-03-07T00:00:00Z", end="2027-03-07T00:00:00Z"), "0"),
        # what starts or ends with a run has it: of 27 November to 6 December 10 / 12, of 25 and 26 November 2 / 12
        (Schedule("cron(0 2 * * ? *)", end="2026-12-06T02:00:00Z"), "0.8333"),
        (Schedule("cron(0 2 * * ? *)", start="2027-11-25T02:00:00Z"), "0.1667"),
        (Schedule("rate(1 minute)", start="2027-03-07T00:00:00Z", end="2027-03-07T00:00:00Z"), "0"),
        (Schedule("rate(1 minute)", start="2027-03-07T00:00:00Z", end="2027-03-07T00:01:30Z"), "0.0833"),  # whole ones
    ],
)
def test_runs_a_month_are_the_occurrences_in_a_year_by_twelve(schedule: Schedule, monthly: str) -> None:
    found = monthly_occurrences(schedule, date(2026, 11, 27))
    assert found is not None
    assert round(found, 4) == Decimal(monthly)


def test_of_an_expression_that_is_not_read_nobody_knows_how_often_it_runs() -> None:
    assert monthly_occurrences(Schedule("every night"), date(2026, 11, 27)) is None
    assert monthly_occurrences(Schedule("cron(0 2 * * ? *)", "Mars/Olympus"), date(2026, 11, 27)) is None
    assert monthly_occurrences(Schedule("rate(1 day)", "Mars/Olympus"), date(2026, 11, 27)) is None


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00", "9999-12-31T23:59:59"])
@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York", None])
def test_the_ends_of_the_calendar_are_no_end_of_a_check(moment: str, zone: str | None) -> None:
    once = Schedule(f"at({moment})", zone, start=f"{moment}+14:00", end=f"{moment}-12:00")
    for schedule in (
        once,
        Schedule("rate(999999 days)", zone, moment),
        Schedule("cron(0 8 * * ? *)", zone, moment, moment),
    ):
        turns((schedule, Schedule("cron(0 9 * * ? *)")), TODAY)
        is_over(schedule, TODAY)
        is_ahead(schedule, TODAY)
        assert (monthly_occurrences(schedule, TODAY) or Decimal(0)) >= 0
        assert unclear_time(schedule, TODAY) is None


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("cron(0 8 * * MON-FRI)", "has 5 fields, and a cron has six"),
        ("cron(0 0 8 ? * MON-FRI *)", "has 7 fields, and a cron has six"),
        ("cron(daily)", "has 1 field, and a cron has six"),
        ("0 8 ? * MON-FRI *", "is no at(…), rate(…) or cron(…)"),
        ("every 5 minutes", "is no at(…), rate(…) or cron(…)"),
        ("cron(0 8 ? * MON-FRI *)", None),
        ("rate(1 hour)", None),
        ("at(2030-01-02T03:04:05)", None),
        ("cron(0 8 ? * MOX *)", "has a field that cannot be read"),
        ("cron(0 25 * * ? *)", "has a field that cannot be read"),
        ("cron(? 8 * * ? *)", "has a field that cannot be read"),
        ("cron(0 8 * ? ? *)", "has a field that cannot be read"),
        ("cron(0 8 * * ? ?)", "has a field that cannot be read"),
        ("cron(0 8 ?,1 * ? *)", "has a field that cannot be read"),
        (f"cron(0/{'1' * 5000} 8 * * ? *)", "has a field that cannot be read"),
        ("cron(0 8 1 * MON *)", "sets days of the month and of the week, without a question mark in one of the two"),
        ("cron(0 8 * * * *)", "sets days of the month and of the week, without a question mark in one of the two"),
        ("rate(2 weeks)", "is no rate(number unit) of minutes, hours or days"),
        ("at(2030-13-02T03:04:05)", "is no at(yyyy-mm-ddThh:mm:ss)"),
        ("at(2030-01-02 03:04)", "is no at(yyyy-mm-ddThh:mm:ss)"),
    ],
)
def test_the_form_of_an_expression_tells_what_aws_refuses(expression: str, reason: str | None) -> None:
    assert refusal(expression) == reason


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("rate(1 hour)", None),
        ("rate(5 hours)", None),
        ("cron(0 8 * * ? *)", None),
        ("rate(1 hours)", "a rule takes no rate(1 hours), but rate(1 hour)"),
        ("rate(5 hour)", "a rule takes no rate(5 hour), but rate(5 hours)"),
        ("rate(1 minutes)", "a rule takes no rate(1 minutes), but rate(1 minute)"),
        ("rate(11 day)", "a rule takes no rate(11 day), but rate(11 days)"),
        ("at(2030-01-02T03:04:05)", "a rule takes rate(…) and cron(…), and no at(2030-01-02T03:04:05)"),
    ],
)
def test_a_rule_takes_fewer_expressions_than_a_schedule(expression: str, reason: str | None) -> None:
    """The first two that are refused are those of "Rate expressions reference" (EventBridge user guide)."""
    assert rule_refusal(expression) == reason


@pytest.mark.parametrize("expression", ["cron(0 8 * * MON-FRI)", "0 8 ? * MON-FRI *", "cron(0 8 ? * MOX *)"])
def test_one_schedule_that_is_not_read_holds_nothing_that_is_known(expression: str) -> None:
    assert turns((Schedule(expression),)) is None


def test_one_schedule_alone_stays_only_where_it_runs_again_and_again() -> None:
    """30 February never comes; December 2026 comes once, 4 days after the day; a zone that is not tells nothing."""
    assert turns((Schedule("cron(0 0 30 2 ? *)"),), TODAY) == ((None, 365 * DAY),)
    assert turns((Schedule("cron(0 0 1 12 ? 2026)"),), date(2026, 11, 27)) == ((None, 4 * DAY), (0, 361 * DAY))
    assert turns((Schedule("cron(0 8 * * ? *)", "Europe/Berlln"),), TODAY) is None


def test_what_runs_as_the_year_begins_does_not_run_with_what_ran_before() -> None:
    """27 November 2026 is the last Friday of its month: 13 such days in the year, each until Saturday."""
    found = turns((Schedule("cron(0 0 ? * 6L *)"), Schedule("cron(0 0 ? * 7 *)")), date(2026, 11, 27))
    assert found is not None
    assert 0 not in [minutes for _, minutes in found]
    assert sum(minutes or 0 for place, minutes in found if place == 0) == 13 * DAY


def test_a_day_that_no_month_has_never_comes() -> None:
    assert never_runs("cron(0 0 30 2 ? *)")
    assert never_runs("cron(0 0 31 4,6,9,11 ? *)")
    assert not never_runs("cron(0 0 29 2 ? *)")  # in leap years
