"""The day on which a report is made."""

import os
from datetime import date, timedelta

from guardrail.errors import GuardrailError

ZONES_DAYS = 1
"""By how much today may differ from the day of somebody else whose clock is right, too."""
_END_S = 253_370_764_800
"""The first second of 9999: a schedule is looked at for a year from today, and no calendar goes beyond."""


def today() -> date:
    """The day of whoever runs it, or that of SOURCE_DATE_EPOCH (seconds, in UTC), so that a report can be repeated.

    https://reproducible-builds.org/specs/source-date-epoch/. Raises `GuardrailError` for one that is malformed.
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not epoch:
        return date.today()  # noqa: DTZ011 - a waiver ends with the day of whoever runs the check
    if epoch.isascii() and epoch.isdecimal() and len(epoch) <= len(str(_END_S)) and int(epoch) < _END_S:
        return date(1970, 1, 1) + timedelta(seconds=int(epoch))
    message = f"SOURCE_DATE_EPOCH is {epoch[:20]!r}, not seconds since 1970"
    raise GuardrailError(message, hint="unset SOURCE_DATE_EPOCH")


def age_days(day: str, now: date) -> int:
    """Days since a date of a price; of "2021" or "2023-12", which say no day, since the first that it can mean.

    Raises ValueError for anything else.
    """
    year, month, number = (int(part) for part in (*day.split("-"), "1", "1")[:3])
    return (now - date(year, month, number)).days
