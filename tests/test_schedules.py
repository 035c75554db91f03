"""When schedules run: cron expressions of Application Auto Scaling over a whole week, or a year."""

import pytest

from guardrail.schedules import turns

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
        (["cron(0 0 1 * ? *)", "cron(0 0 2 * ? *)"], [12 * DAY, 354 * DAY]),
        (["cron(0 0 29 FEB ? *)", "cron(0 0 1 MAR ? *)"], [DAY, 365 * DAY]),
        *(
            ([f"cron(0 0 {day} JAN ? *)", f"cron(0 12 {day} JAN ? *)"], [12 * HOUR, 366 * DAY - 12 * HOUR])
            for day in (2, 3, 4)
        ),
        # one that is not weekly is enough for a year: from midnight to noon on twelve first days of a month
        (["cron(0 0 1 * ? *)", "cron(0 12 * * ? *)"], [12 * 12 * HOUR, 366 * DAY - 12 * 12 * HOUR]),
        # the last minute, hour, day, month, weekday and year that there are
        (["cron(59 23 31 12 ? 2199)", "cron(0 0 1 1 ? 1970)"], [1, 366 * DAY - 1]),
        (["cron(0 0 ? * 7 *)", "cron(0 0 ? * 1 *)"], [DAY, 6 * DAY]),
        # at 22, 23, 0, 1 and 2 o'clock, and from 3 o'clock on: 5 of 24 hours
        (["cron(0 22-2 * * ? *)", "cron(0 3 * * ? *)"], [7 * 5 * HOUR, 7 * 19 * HOUR]),
        (["cron(0 0 * JUN ? *)", "cron(0 0 * 7 ? *)"], [30 * DAY, 336 * DAY]),
        (["rate(1 day)"], [1]),
        (["cron(0 0 L * ? *)"], [1]),
    ],
)
def test_schedules_take_turns(schedules: list[str], minutes: list[int]) -> None:
    found = turns([(expression, None) for expression in schedules])
    assert found is not None
    assert [sum(length for each, length in found if each == place) for place in range(len(schedules))] == minutes


@pytest.mark.parametrize(
    "expression",
    [
        "rate(1 day)",  # nobody knows when it began
        "at(2030-01-01T00:00:00)",
        "cron(0 0 L * ? *)",  # the last day of a month
        "cron(0 0 ? * MON#2 *)",
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
        "cron(0 8 30 FEB ? *)",  # never
        "every day",
        "cron(0 8 32 * ? *)",
        "",
    ],
)
def test_an_order_that_cannot_be_told_is_none(expression: str) -> None:
    assert turns([(expression, None), ("rate(2 days)", None)]) is None
    assert turns([("cron(0 0 31 FEB ? *)", None), (expression, None)]) is None


def test_each_schedule_is_meant_in_its_time_zone() -> None:
    """9 in Tokyo is midnight in UTC: 12 h to noon, and 12 h."""
    found = turns([("cron(0 9 * * ? *)", "Asia/Tokyo"), ("cron(0 12 * * ? *)", "UTC")])
    assert found is not None
    assert {length for _, length in found} == {12 * HOUR}


@pytest.mark.parametrize("zone", ["Europe/Nowhere", "../../etc/passwd", "/etc/passwd", ""])
def test_a_zone_that_there_is_not_tells_no_time(zone: str) -> None:
    assert turns([("cron(0 9 * * ? *)", zone), ("cron(0 12 * * ? *)", None)]) is None


@pytest.mark.parametrize("field", ["? * 8", "? * 0", "32 * ?", "* 13 ?"])
def test_a_number_outside_of_its_field_tells_no_time_beside_one_that_does(field: str) -> None:
    assert turns([(f"cron(0 8 {field} *)", None), ("cron(0 12 * * ? *)", None)]) is None
