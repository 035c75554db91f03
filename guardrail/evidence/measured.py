"""The series of one endpoint or job, asked by metric: what there is in the window, and what is missing and why."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Final, TypeAlias

from msgspec import Struct

from guardrail.evidence.base import NO_DATAPOINTS, SAGEMAKER, Dimensions, Gap, Series, Statistic, Window
from guardrail.evidence.bundle import Activity, Requests
from guardrail.evidence.statistics import HOUR, distribution, exact, hour_of, plain, profile

DAY: Final = timedelta(days=1)
MeasuredValues: TypeAlias = dict[datetime, Decimal]
"""By the beginning of their period."""


class Measured:
    """Answers by namespace, metric, dimensions and statistic, clipped to the window and to what existed.

    Metrics are kept by name, not by incarnation: an endpoint that was deleted and made anew inherits those of the
    first, so that nothing before ``born`` counts.
    """

    def __init__(self, series: Iterable[Series], window: Window, born: datetime) -> None:
        self.window = window
        self.born = born
        self._fine: dict[tuple[str, str, Dimensions, Statistic], Series] = {}
        self._days: dict[tuple[str, str, Dimensions, Statistic], Series] = {}
        for each in series:
            asked = each.query
            kept = self._days if timedelta(seconds=asked.period) >= DAY else self._fine
            kept[asked.namespace, asked.metric, asked.dimensions, asked.statistic] = each

    def since(self, born: datetime) -> "Measured":
        """The same answers, of something that exists since ``born``."""
        other = Measured((), self.window, max(born, self.born))
        other._fine, other._days = self._fine, self._days
        return other

    @property
    def start(self) -> datetime:
        """From when on hours count: the first full one since it exists."""
        return max(self.window.start, _next_hour(self.born))

    def hours(self) -> Iterator[datetime]:
        """Every hour that counts."""
        hour = _next_hour(self.start)
        while hour + HOUR <= self.window.end:
            yield hour
            hour += HOUR

    @property
    def hours_in_all(self) -> int:
        """How many hours count."""
        return sum(1 for _ in self.hours())

    def series(self, namespace: str, metric: str, dimensions: Mapping[str, str], statistic: Statistic) -> Series | None:
        """The answer to exactly this question; None where it was not asked."""
        return self._fine.get((namespace, metric, tuple(sorted(dimensions.items())), statistic))

    def values(
        self, namespace: str, metric: str, dimensions: Mapping[str, str], statistic: Statistic
    ) -> MeasuredValues:
        """What was answered to it, as far as it counts; empty where nothing was."""
        found = self.series(namespace, metric, dimensions, statistic)
        return {} if found is None else self._counting(found)

    def _counting(self, series: Series) -> MeasuredValues:
        length = timedelta(seconds=series.query.period)
        start, end = max(self.window.start, self.born), self.window.end
        return {time: exact(value) for time, value in series.points if start <= time and time + length <= end}

    def days(
        self, metric: str, dimensions: Mapping[str, str], *, is_zero_published: bool = False
    ) -> tuple[list[datetime], datetime | None]:
        """Days before the window with something in them, and since when it was looked; None where it was not.

        Of what publishes its zeros, a day without a datapoint is one that nobody knows of.
        """
        found = self._days.get((SAGEMAKER, metric, tuple(sorted(dimensions.items())), "Sum"))
        if found is None or found.status != "Complete":
            return [], None
        before = self.window.start
        told = [(time, value) for time, value in found.points if time < before and time + DAY > self.born]
        used = [time for time, value in told if value > 0]
        if not is_zero_published:
            return used, found.covered_from
        known, since = {time for time, _ in told}, before
        while (earlier := _day(since - HOUR)) in known:
            since = earlier
        return used, since

    def why_not(self, subject: str, namespace: str, metric: str, dimensions: Mapping[str, str]) -> Gap:
        """What stands in the place of a metric without values."""
        found = self.series(namespace, metric, dimensions, "Maximum") or self.series(
            namespace, metric, dimensions, "Sum"
        )
        asked = found and (NO_DATAPOINTS if found.status == "Complete" else found.status)
        return Gap(subject=subject, metric=metric, reason=asked or "not asked for")


class Answered(Struct, frozen=True, kw_only=True):
    """Requests with the hours in which there were some."""

    requests: Requests
    busy: tuple[datetime, ...]
    days: tuple[datetime, ...]
    is_whole: bool
    """Whether every hour was answered for, so that none of them hides a request."""


def answered(measured: Measured, dimensions: Mapping[str, str]) -> Answered | None:
    """The requests of a variant or a component: an hour without a datapoint had none, where the answer is complete.

    None where the question was not asked or not answered.
    """
    found = measured.series(SAGEMAKER, "Invocations", dimensions, "Sum")
    if found is None or found.status not in ("Complete", "PartialData"):
        return None
    values = measured.values(SAGEMAKER, "Invocations", dimensions, "Sum")
    by_hour: MeasuredValues = {}
    for time, value in values.items():
        by_hour[hour_of(time)] = by_hour.get(hour_of(time), Decimal(0)) + value
    every = list(measured.hours())
    if found.status == "Complete":
        covered = [hour for hour in every if found.covered_from <= hour and hour + HOUR <= found.covered_to]
        by_hour = {hour: by_hour.get(hour, Decimal(0)) for hour in covered}
    busy = tuple(sorted(hour for hour, value in by_hour.items() if value > 0))
    days, looked_back_to = measured.days("Invocations", dimensions)
    last = max(busy, default=None) or max(days, default=None)
    return Answered(
        requests=Requests(
            total=plain(sum(by_hour.values(), Decimal(0))),
            hours=len(by_hour),
            busy_hours=len(busy),
            last=last,
            last_period_s=int((HOUR if busy else DAY).total_seconds()),
            looked_back_to=max(measured.born, looked_back_to or measured.window.start),
            an_hour=distribution(by_hour),
            profile=profile(by_hour),
        ),
        busy=busy,
        days=tuple(days),
        is_whole=found.status == "Complete" and len(by_hour) == len(every),
    )


def activity(
    measured: Measured,
    busy: Iterable[datetime],
    days: Iterable[datetime] = (),
    *,
    looked_back_to: datetime | None = None,
) -> Activity:
    """Since when nothing was done, by the hours of the window and the days before it in which something was."""
    hours, before, end = sorted(busy), sorted(days), measured.window.end
    known_from = max(measured.born, looked_back_to or measured.window.start)
    if hours:
        since = hours[-1] + HOUR
    elif before:
        since = min(before[-1] + DAY, measured.window.start)  # its other hours are in the window, and had none
    else:
        since = known_from
    ever = bool(hours or before)
    return Activity(
        since=since,
        is_exact=ever or known_from == measured.born,
        ever=ever,
        hours=max((end - since) // HOUR, 0),
        longest_gap_hours=_longest_gap(hours, before),
    )


def _longest_gap(hours: list[datetime], days: list[datetime]) -> int:
    """Hours of the longest time without work that was ended. Of two days nobody knows when in them, so a day more."""
    gaps = [later - earlier - HOUR for earlier, later in pairwise(hours)]
    gaps += [later - earlier for earlier, later in pairwise(days)]
    if days and hours:
        gaps.append(hours[0] - days[-1])
    return max((gap // HOUR for gap in gaps), default=0)


def _day(time: datetime) -> datetime:
    return time.replace(hour=0, minute=0, second=0, microsecond=0)


def _next_hour(time: datetime) -> datetime:
    return time if time == hour_of(time) else hour_of(time) + HOUR
