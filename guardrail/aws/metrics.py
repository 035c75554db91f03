"""GetMetricData, live: batches within its limits, pages joined, and a call that fails split until what fails is named.

A series is Complete only where its last page says so. What is refused to the end is Throttled, InternalError or
Forbidden: no value of it is known, and none of them is zero.
"""

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, Final

from guardrail.aws.access import Access, CallRefusedError, datapoints
from guardrail.evidence.answers import is_measured
from guardrail.evidence.base import Series, StatusCode
from guardrail.evidence.journal import Journal
from guardrail.evidence.queries import TimedQuery, batches, request

_AT_A_TIME: Final = 3
"""Calls under way beside each other: each takes 20 MiB while boto3 reads it."""
_DEEPEST_SPLIT: Final = 9
"""Halves of halves: nine times make one query of 500."""
_MOST_REFUSED: Final = 40
"""Calls that may fail in a region before the rest is not tried any more: then it is not this or that query."""
_UNFINISHED: Final = ("InternalError", "PartialData")
"""What is asked for once more: a last page that is not whole, or none at all."""
_SAID: Final[dict[str, StatusCode]] = {
    "Complete": "Complete",
    "PartialData": "PartialData",
    "InternalError": "InternalError",
    "Forbidden": "Forbidden",
}


class Metrics:
    """The metrics of one region."""

    def __init__(self, access: Access, region: str, journal: Journal, say: Callable[[str], None]) -> None:
        self._access = access
        self._region = region
        self._journal = journal
        self._say = say
        self._refused = 0

    def fetch(self, asks: Iterable[TimedQuery]) -> None:
        """Write into the journal what it lacks. Raises `AWSError` where nothing more can be asked."""
        missing = [ask for ask in asks if self._journal.lacks(self._region, ask)]
        calls = list(batches(missing))
        with ThreadPoolExecutor(_AT_A_TIME) as pool:
            try:
                for number, _ in enumerate(pool.map(self._fetched, calls), start=1):
                    self._say(f"{self._region}: GetMetricData {number:,} of {len(calls):,}")
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise

    def _fetched(self, batch: Sequence[TimedQuery]) -> None:
        self._journal.keep_series(self._region, batch[0].start, self._answered(batch))

    def _answered(self, batch: Sequence[TimedQuery], depth: int = 0) -> Iterator[Series]:
        """Every series of a batch, whatever became of it."""
        if self._refused >= _MOST_REFUSED:
            yield from _unanswered(batch, "InternalError")
            return
        try:
            found = self._asked(batch)
        except CallRefusedError as error:
            self._refused += 1
            yield from self._after(error, batch, depth)
            return
        failed = [ask for ask in batch if found[ask.query.id].status in _UNFINISHED]
        again = bool(failed) and depth < _DEEPEST_SPLIT
        for ask in batch:
            each = found[ask.query.id]
            if not (again and each.status in _UNFINISHED):
                yield each.series(ask)
        if again:
            yield from self._answered(failed, _DEEPEST_SPLIT)

    def _after(self, error: CallRefusedError, batch: Sequence[TimedQuery], depth: int) -> Iterator[Series]:
        """What is left of a batch that was refused: its halves, unless that is of no use."""
        if error.is_denied:
            yield from _unanswered(batch, "Forbidden")
        elif len(batch) == 1 or depth >= _DEEPEST_SPLIT or (error.is_throttled and depth > 0):
            yield from _unanswered(batch, "Throttled" if error.is_throttled else "InternalError")
        else:
            middle = len(batch) // 2
            yield from self._answered(batch[:middle], depth + 1)
            yield from self._answered(batch[middle:], depth + 1)

    def _asked(self, batch: Sequence[TimedQuery]) -> "dict[str, _QueryPages]":
        """What all pages of one call say, by identifier."""
        datapoints(self._access, self._region).wait(sum(ask.most_points for ask in batch))
        client = self._access.client("cloudwatch", self._region)
        pages = client.get_paginator("get_metric_data").paginate(**request(batch))
        joined = {ask.query.id: _QueryPages() for ask in batch}

        def read() -> None:
            for page in pages:
                for result in page["MetricDataResults"]:
                    if result["Id"] in joined:
                        joined[result["Id"]].take(result)

        self._access.answered("cloudwatch", self._region, "get_metric_data", read)
        return joined


class _QueryPages:
    """The datapoints of one query over all pages, and its last status. On no page, it was not answered.

    Numbers alone, 16 bytes a datapoint, until they are written down: as pairs of Python's they take ten times that.
    """

    __slots__ = ("_times", "_values", "status")

    def __init__(self) -> None:
        self.status: StatusCode = "InternalError"
        self._times = array("q")
        self._values = array("d")

    def take(self, result: dict[str, Any]) -> None:
        """Add a page."""
        times, values = result.get("Timestamps", ()), result.get("Values", ())
        self.status = _SAID.get(result.get("StatusCode", "Complete"), "InternalError")
        if len(times) != len(values) or not all(map(is_measured, values)):
            self.status = "InternalError"
            return
        self._times.extend(int(time.timestamp()) for time in times)
        self._values.extend(values)

    def series(self, ask: TimedQuery) -> Series:
        """All of it, the oldest first; nothing of what failed."""
        found = {} if self.status == "InternalError" else dict(zip(self._times, self._values, strict=True))
        return Series(
            query=ask.query,
            points=tuple((datetime.fromtimestamp(time, UTC), value) for time, value in sorted(found.items())),
            status=self.status,
            covered_from=ask.start,
            covered_to=ask.end,
        )


def _unanswered(batch: Iterable[TimedQuery], status: StatusCode) -> Iterator[Series]:
    for ask in batch:
        yield Series(query=ask.query, status=status, covered_from=ask.start, covered_to=ask.end)
