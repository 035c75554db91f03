"""The day on which a report is made."""

import os
from datetime import UTC, date, datetime


def today() -> date:
    """The day of whoever runs it, or that of SOURCE_DATE_EPOCH (seconds, in UTC), so that a report can be repeated.

    https://reproducible-builds.org/specs/source-date-epoch/
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    if epoch.isdecimal():
        return datetime.fromtimestamp(int(epoch), UTC).date()
    return date.today()  # noqa: DTZ011 - a waiver ends with the day of whoever runs the check


def age_days(day: str, now: date) -> int:
    """Days since a date of a price; of "2021" or "2023-12", which say no day, since the first that it can mean.

    Raises ValueError for anything else.
    """
    year, month, number = (int(part) for part in (*day.split("-"), "1", "1")[:3])
    return (now - date(year, month, number)).days
