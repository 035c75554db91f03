"""Answers of ``aws cloudwatch get-metric-data`` with the queries they belong to, and CSV, as `Series`.

An answer names its queries by their identifiers alone, so without these it is refused: nobody could say which endpoint
it is about. Pages are joined; a page that is not there, or a status other than Complete, leaves a series incomplete, so
that what it does not hold is never taken for zero. Source: CloudWatch API, MetricDataResult.
"""

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import isfinite
from typing import Annotated, Any, Final, get_args

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from guardrail import limits
from guardrail.errors import SourceError, did_you_mean
from guardrail.evidence.base import MetricQuery, Series, Statistic, StatusCode, query
from guardrail.evidence.queries import DAY_S, HOUR_S, METRICS, ONLY_SUMS
from guardrail.limits import NOT_JSON

_HINT: Final = (
    "guardrail utilization --queries > queries.json, then aws cloudwatch get-metric-data "
    "--cli-input-json file://queries.json > answer.json"
)
_YEARS: Final = range(1970, 2200)
_MOST_POINTS: Final = limits.MOST_STEPS
_MINUTE_S: Final = 60
_COUNTED: Final = ("Sum", "SampleCount")
"""Statistics that are greater of a longer time."""


_PeriodSeconds = Annotated[int, Meta(ge=1, le=86_400)]
"""Seconds; a day is the longest that CloudWatch takes (API, GetMetricData)."""


class _Dimension(Struct, frozen=True, rename="pascal"):
    name: str
    value: str


class _Metric(Struct, frozen=True, rename="pascal"):
    namespace: str
    metric_name: str
    dimensions: tuple[_Dimension, ...] = ()


class _MetricStat(Struct, frozen=True, rename="pascal"):
    metric: _Metric
    period: _PeriodSeconds
    stat: Statistic
    unit: str | None = None
    """Refused: a unit in which nobody publishes is answered completely, with nothing."""


class _Query(Struct, frozen=True, rename="pascal"):
    id: str
    metric_stat: _MetricStat


class Request(Struct, frozen=True, rename="pascal"):
    """The input of one call of GetMetricData."""

    start_time: str | float
    end_time: str | float
    metric_data_queries: tuple[_Query, ...]

    @property
    def span(self) -> tuple[datetime, datetime]:
        """From when to when. Raises `SourceError`, for a time that ends before it begins, too."""
        start, end = moment(self.start_time), moment(self.end_time)
        if end <= start:
            raise SourceError(f"the queries are of no time: from {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}")
        return start, end


class _MetricDataResult(Struct, frozen=True, rename="pascal"):
    id: str
    status_code: str = "Complete"
    timestamps: tuple[str | float, ...] = ()
    values: tuple[float, ...] = ()


class AnswerPage(Struct, frozen=True, rename="pascal"):
    """One page of an answer; the command line of AWS joins all pages in one."""

    metric_data_results: tuple[_MetricDataResult, ...]
    next_token: str | None = None


class _JoinedPages:
    """The datapoints and statuses of one query, over all pages of an answer."""

    __slots__ = ("points", "statuses")

    def __init__(self) -> None:
        self.points: list[tuple[datetime, float]] = []
        self.statuses: list[str] = []


def requests_of(content: bytes, path: str) -> tuple[Request, ...]:
    """The requests of a file of queries, one or a list of them. Raises `SourceError`."""
    found = _decoded(content, path, Request | tuple[Request, ...], "no queries of GetMetricData")
    return found if isinstance(found, tuple) else (found,)


def pages_of(content: bytes, path: str) -> tuple[AnswerPage, ...]:
    """The pages of a file of answers, one or a list of them. Raises `SourceError`."""
    found = _decoded(content, path, AnswerPage | tuple[AnswerPage, ...], "no answer of GetMetricData")
    return found if isinstance(found, tuple) else (found,)


def _decoded(content: bytes, path: str, kind: Any, problem: str) -> Any:
    try:
        return msgspec.json.decode(content, type=kind)
    except NOT_JSON as error:
        raise SourceError(f"{path}: {problem}: {_first_line(error)}", hint=_HINT) from None


def _first_line(error: Exception) -> str:
    text = str(error).partition("\n")[0]
    return text if text.startswith("JSON") else text[:1].lower() + text[1:]


def series(pages: Iterable[AnswerPage], requests: Sequence[Request]) -> Iterator[Series]:
    """What was answered to each query, in the order of the queries.

    A query that no page answers, or a last page that is not there, says that pages are missing: then no series of its
    request covers more than from its first point to its last. Raises `SourceError` for an answer without its queries,
    or with values that are no numbers.
    """
    if not requests:
        raise SourceError("answers without their queries say nothing: their identifiers are all they hold", hint=_HINT)
    asked = _asked(requests)
    found: dict[str, _JoinedPages] = defaultdict(_JoinedPages)
    last_pages = 0
    for page in pages:
        last_pages += page.next_token is None
        for result in page.metric_data_results:
            if result.id not in asked:
                raise SourceError(f"the answer has {_shown(result.id)}, which no query asks for", hint=_HINT)
            found[result.id].points += _points(result)
            found[result.id].statuses.append(result.status_code)
    for request in requests:
        own = [each.id for each in request.metric_data_queries]
        lacks_pages = last_pages < len(requests) or any(identifier not in found for identifier in own)
        for identifier in own:
            yield _series(found[identifier], asked[identifier], request, lacks_pages=lacks_pages)


def joined(every: Iterable[Series]) -> list[Series]:
    """Each question once: what several files answer to one is put together, and no longer known to be all.

    Raises `SourceError` where they answer it by different periods.
    """
    found: dict[MetricQuery, Series] = {}
    periods: dict[tuple[MetricQuery, bool], int] = {}
    for each in every:
        asked, earlier = each.query, found.get(each.query)
        other = periods.setdefault((replace(asked, period=0), asked.period >= DAY_S), asked.period)
        if other != asked.period:
            raise SourceError(
                f"{asked.metric} is there by {other:,} s and by {asked.period:,} s: one of them would count"
            )
        found[asked] = each if earlier is None else _together(earlier, each)
    return list(found.values())


def _together(one: Series, other: Series) -> Series:
    return Series(
        query=one.query,
        points=_in_order((*one.points, *other.points), one.query.statistic),
        status="PartialData",
        covered_from=min(one.covered_from, other.covered_from),
        covered_to=max(one.covered_to, other.covered_to),
    )


def _asked(requests: Iterable[Request]) -> dict[str, MetricQuery]:
    asked: dict[str, MetricQuery] = {}
    for request in requests:
        for each in request.metric_data_queries:
            if each.id in asked:
                raise SourceError(f"two queries are named {_shown(each.id)}")
            stat = each.metric_stat
            if stat.unit is not None:
                raise SourceError(f"{_shown(each.id)} asks for a unit, which hides values of any other", hint=_HINT)
            dimensions = {one.name: one.value for one in stat.metric.dimensions}
            asked[each.id] = query(stat.metric.namespace, stat.metric.metric_name, dimensions, stat.stat, stat.period)
    return asked


def _points(result: _MetricDataResult) -> Iterator[tuple[datetime, float]]:
    if len(result.timestamps) != len(result.values):
        times, values = len(result.timestamps), len(result.values)
        raise SourceError(f"{_shown(result.id)} has {times:,} times and {values:,} values: the answer is cut off")
    if not all(map(is_measured, result.values)):
        raise SourceError(f"{_shown(result.id)} has a value that no metric of an endpoint has")
    return zip(map(moment, result.timestamps), result.values, strict=True)


def is_measured(value: float) -> bool:
    """Whether it may be a metric of an endpoint: a number, not below zero, and not beyond reason."""
    return isfinite(value) and 0 <= value < limits.LARGEST_NUMBER


def _series(joined: _JoinedPages, asking: MetricQuery, request: Request, *, lacks_pages: bool) -> Series:
    points = _in_order(joined.points, asking.statistic)
    status = _status(joined.statuses)
    start, end = request.span
    if lacks_pages and status in ("Complete", "PartialData"):
        status = "PartialData"
        start = points[0][0] if points else start
        end = points[-1][0] + timedelta(seconds=asking.period) if points else start
    return Series(query=asking, points=points, status=status, covered_from=start, covered_to=end)


def _status(said: Sequence[str]) -> StatusCode:
    """What its last page says: PartialData is what every page but the last says; nothing at all is no answer."""
    if "Complete" in said:
        return "Complete"
    if "Forbidden" in said:
        return "Forbidden"
    return "InternalError" if "InternalError" in said else "PartialData"


def _in_order(points: Iterable[tuple[datetime, float]], statistic: Statistic) -> tuple[tuple[datetime, float], ...]:
    """The oldest first, each time once: of two values of one time the greater, so that no need looks smaller."""
    kept: dict[datetime, float] = {}
    choose = min if statistic == "Minimum" else max
    for time, value in points:
        kept[time] = choose(kept[time], value) if time in kept else value
    return tuple(sorted(kept.items()))


def moment(text: str | float) -> datetime:
    """A time as AWS's tools write it: ``2026-11-16T06:00:00Z``, with an offset, or seconds since 1970.

    One without an offset is UTC, as CloudWatch's console exports it. Raises `SourceError`, for the years of no account
    too: nobody could calculate with those.
    """
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else datetime.fromtimestamp(text, UTC)
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        found = None
    if found is None or not is_of_an_account(found):
        raise SourceError(f"{_shown(str(text))} is no time", hint="as 2026-11-16T06:00:00Z")
    return found


def is_of_an_account(time: datetime) -> bool:
    """Whether anything at AWS can be of that time."""
    return time.year in _YEARS


def _shown(text: str) -> str:
    return repr(text[:80])


# CSV -----------------------------------------------------------------------------------------------------------------

_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "time": ("time", "timestamp", "date"),
    "metric": ("metric", "metricname", "metric_name", "label"),
    "value": ("value",),
    "statistic": ("statistic", "stat"),
}


def from_csv(content: bytes, path: str, ask: "CsvSubject") -> list[Series]:
    """The series of a CSV of time, metric and value; one of time and value alone is of the metric that is asked for.

    Times may be irregular, repeated or missing: they are taken as they are. Each value is of the time between most of
    them and the next, where nobody says of what. Raises `SourceError`, with the line where one is wrong, and for sums
    that lie further apart than an hour: those of a day would count as those of an hour.
    """
    try:
        text = content.decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise SourceError(f"{path}: no CSV: {_first_line(error)}") from None
    header = [name.strip().lower() for name in rows[0]] if rows else []
    places = {key: _place(header, names) for key, names in _COLUMNS.items()}
    if places["time"] is None or places["value"] is None or (places["metric"] is None and ask.metric is None):
        raise SourceError(f"{path}:1: the columns are not time, metric, value", hint="time,metric,value")
    if len(rows) > _MOST_POINTS:
        raise SourceError(f"{path}: more than {_MOST_POINTS:,} lines")
    found: dict[MetricQuery, list[tuple[datetime, float]]] = defaultdict(list)
    for line, row in enumerate(rows[1:], start=2):
        if row:
            asking, point = _row(row, places, ask, f"{path}:{line}")
            found[asking].append(point)
    period = _period(path, found, ask.period)
    return [_of_csv(replace(asking, period=period), points) for asking, points in sorted(found.items())]


def _period(path: str, found: Mapping[MetricQuery, Sequence[tuple[datetime, float]]], said: int | None) -> int:
    """The period in seconds: as stated, else the commonest step of at most an hour, else an hour."""
    steps = Counter(
        int((later - earlier).total_seconds())
        for points in found.values()
        for earlier, later in pairwise(sorted({time for time, _ in points}))
    )
    within = [step for step in steps if step <= HOUR_S]
    step = min(within, key=lambda each: (-steps[each], each), default=None)
    if step is not None and said is not None and step < said:
        raise SourceError(
            f"{path}: most of its values are {step:,} s apart, and not {said:,}", hint="leave --resolution away"
        )
    if said is None and steps and step is None and any(asking.statistic in _COUNTED for asking in found):
        raise SourceError(
            f"{path}: its values are {min(steps):,} s apart, and sums of more than an hour tell no rate",
            hint=f"export it with a period of an hour; --resolution {HOUR_S} says that each is of one",
        )
    return said or max(step or HOUR_S, _MINUTE_S)


class CsvSubject(Struct, frozen=True, kw_only=True):
    """What a CSV does not say: whose its metrics are, and how long a period is."""

    namespace: str
    dimensions: Mapping[str, str]
    period: int | None = None
    """Seconds; None where its times tell."""
    metric: str | None = None
    statistic: Statistic = "Maximum"


def _place(header: Sequence[str], names: Sequence[str]) -> int | None:
    return next((header.index(name) for name in names if name in header), None)


def _row(
    row: Sequence[str], places: Mapping[str, int | None], ask: CsvSubject, at: str
) -> tuple[MetricQuery, tuple[datetime, float]]:
    def cell(name: str) -> str | None:
        place = places[name]
        return None if place is None or place >= len(row) else row[place].strip()

    metric = cell("metric") or ask.metric
    statistic = cell("statistic") or ("Sum" if metric in ONLY_SUMS else ask.statistic)
    try:
        value = float(cell("value") or "nan")
    except ValueError:
        value = float("nan")
    if not metric or not is_measured(value):
        raise SourceError(f"{at}: no metric with a value that is a number")
    if metric not in METRICS:
        raise SourceError(f"{at}: {_shown(metric)} is no metric that is looked at{did_you_mean(metric, METRICS)}")
    if statistic not in get_args(Statistic):
        raise SourceError(f"{at}: {_shown(statistic)} is no statistic", hint=", ".join(get_args(Statistic)))
    try:
        time = moment(cell("time") or "")
    except SourceError as error:
        raise SourceError(f"{at}: {error.message}", hint=error.hint) from None
    return query(ask.namespace, metric, ask.dimensions, statistic, HOUR_S), (time, value)  # type: ignore[arg-type] # a Statistic, as it was asked


def _of_csv(asking: MetricQuery, points: list[tuple[datetime, float]]) -> Series:
    ordered = _in_order(points, asking.statistic)
    return Series(
        query=asking,
        points=ordered,
        status="PartialData",  # nobody says that a file holds all there was
        covered_from=ordered[0][0],
        covered_to=ordered[-1][0] + timedelta(seconds=asking.period),
    )
