"""Metrics are asked for within the limits, pages are joined, and what is not answered is never taken for zero."""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from guardrail.aws import metrics, pace
from guardrail.aws.access import Access
from guardrail.aws.metrics import Metrics
from guardrail.errors import SourceError
from guardrail.evidence import queries
from guardrail.evidence.base import Series, Statistic, query
from guardrail.evidence.journal import Header, Journal
from guardrail.evidence.queries import TimedQuery
from tests.evidence.cloud import ACCOUNT, NOW, REGION, Cloud, Refusal, most_in_a_second

WINDOW = queries.window(NOW, 14, 3600)
START = "2026-11-02T06:00:00+00:00"
DENIED = Refusal("AccessDenied", "no", 403)
DOWN = Refusal("InternalFailure", "down", 400)


class LateOnce(pace.Clock):
    """A clock of a busy machine: the second who waits wakes half a second late."""

    def __init__(self) -> None:
        self._now, self._waits = 0.0, 0

    def now(self) -> float:
        return self._now

    def sleep_until(self, moment: float) -> None:
        self._waits += 1
        self._now = max(self._now, moment) + (0.5 if self._waits == 2 else 0)


def test_what_a_busy_machine_missed_is_not_made_up_for_by_calls_at_once() -> None:
    clock = LateOnce()
    turns, sent = pace.Pace(10, clock), []
    for _ in range(4):
        turns.wait()
        sent.append(round(clock.now(), 6))
    assert sent == [0, 0.6, 0.7, 0.8]  # a tenth of a second apart, whenever the second came


def _header(**changes: object) -> Header:
    common = {"account": ACCOUNT, "regions": (REGION,), "start": WINDOW.start, "end": WINDOW.end, "resolution": 3600}
    return Header(**{**common, **changes})  # type: ignore[arg-type] # what a test changes


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "evidence.json.journal")


@pytest.fixture
def journal(path: str) -> Iterator[Journal]:
    made = Journal.opened(path, _header())
    yield made
    made.close()


@pytest.fixture
def access(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Access:
    monkeypatch.setattr(metrics, "_AT_A_TIME", 1)
    del cloud
    return Access(profile=None, role_arn=None, region=REGION, clock=pace.Clock())


def _ask(name: str, statistic: Statistic = "Sum", dimension: str = "VariantName") -> TimedQuery:
    dimensions = {"EndpointName": name, dimension: "a"}
    return TimedQuery(
        query=query("AWS/SageMaker", "Invocations", dimensions, statistic, 3600), start=WINDOW.start, end=WINDOW.end
    )


def _measure(cloud: Cloud, name: str, requests: int = 100) -> None:
    cloud.region.measure(
        "AWS/SageMaker",
        "Invocations",
        {"VariantName": "a", "EndpointName": name},
        start=START,
        rows=[[300, 1, 1, requests, requests], [36, None]],
    )


def _fetched(access: Access, journal: Journal, asks: list[TimedQuery]) -> list[Series]:
    Metrics(access, REGION, journal, lambda _: None).fetch(asks)
    return list(journal.series(REGION, asks))


def test_values_come_with_their_hours_and_hours_without_any_stay_away(
    cloud: Cloud, access: Access, journal: Journal
) -> None:
    _measure(cloud, "shop")
    (found,) = _fetched(access, journal, [_ask("shop")])
    assert found.status == "Complete"
    assert len(found.points) == 300
    assert found.points[0] == (datetime(2026, 11, 2, 6, tzinfo=UTC), 100.0)
    assert found.points[-1] == (datetime(2026, 11, 2, 6, tzinfo=UTC) + timedelta(hours=299), 100.0)
    assert (found.covered_from, found.covered_to) == (WINDOW.start, WINDOW.end)


def test_a_set_of_dimensions_that_nobody_published_is_complete_and_empty(
    cloud: Cloud, access: Access, journal: Journal
) -> None:
    _measure(cloud, "shop")
    (found,) = _fetched(access, journal, [_ask("shop", dimension="InstanceId")])
    assert (found.status, found.points) == ("Complete", ())


def test_the_pages_of_one_series_are_joined(cloud: Cloud, access: Access, journal: Journal) -> None:
    for name in ("a", "b"):
        _measure(cloud, name)
    cloud.most_points = 130  # 600 points on five pages, the second series from the middle of the third on
    found = _fetched(access, journal, [_ask("a"), _ask("b")])
    assert [(each.status, len(each.points)) for each in found] == [("Complete", 300), ("Complete", 300)]
    assert sum(value for _, value in found[1].points) == 30_000
    assert cloud.count("GetMetricData") == 5


def test_the_answer_is_the_same_in_the_other_protocol(
    cloud: Cloud, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botocore.model.PRIORITY_ORDERED_SUPPORTED_PROTOCOLS", ("smithy-rpc-v2-cbor", "json", "query"))
    _measure(cloud, "shop")
    access = Access(profile=None, role_arn=None, region=REGION, clock=pace.Clock())
    if access.client("cloudwatch", REGION).meta.service_model.resolved_protocol != "smithy-rpc-v2-cbor":
        pytest.skip("this botocore does not speak it to CloudWatch")
    (found,) = _fetched(access, journal, [_ask("shop")])
    assert (found.status, len(found.points), found.points[0][1]) == ("Complete", 300, 100.0)


def test_no_more_than_fifty_calls_come_in_a_second(cloud: Cloud, access: Access, journal: Journal) -> None:
    asks = [
        TimedQuery(
            query=query("n", "m", {"Host": f"{number}"}, "Sum", 3600),
            start=WINDOW.end - timedelta(hours=number),
            end=WINDOW.end,
        )
        for number in range(1, 121)
    ]
    _fetched(access, journal, asks)
    assert cloud.count("GetMetricData") == 120  # each of a span of its own
    assert 40 < most_in_a_second(cloud.calls, lambda call: call.action == "GetMetricData") <= 50


@pytest.mark.parametrize("status", ["InternalError", "PartialData"])
def test_a_query_that_fails_inside_an_answer_is_asked_again_alone(
    cloud: Cloud, access: Access, journal: Journal, status: str
) -> None:
    for name in ("a", "b"):
        _measure(cloud, name)
    cloud.unanswered = {_ask("a").query.id: (status, 1)}
    found = _fetched(access, journal, [_ask("a"), _ask("b")])
    assert [(each.status, len(each.points)) for each in found] == [("Complete", 300), ("Complete", 300)]
    assert [len(call.arguments["MetricDataQueries"]) for call in cloud.calls[1:]] == [2, 1]


@pytest.mark.parametrize(
    ("status", "told"),
    [("InternalError", "InternalError"), ("Forbidden", "Forbidden"), ("PartialData", "PartialData")],
)
def test_a_query_that_is_never_answered_has_no_values_and_says_why(
    cloud: Cloud, access: Access, journal: Journal, status: str, told: str
) -> None:
    for name in ("a", "b"):
        _measure(cloud, name)
    cloud.unanswered = {_ask("a").query.id: (status, 99)}
    by_name = {each.query.id: each for each in _fetched(access, journal, [_ask("a"), _ask("b")])}
    assert (by_name[_ask("a").query.id].status, by_name[_ask("a").query.id].points) == (told, ())
    assert by_name[_ask("b").query.id].status == "Complete"


def test_a_call_that_fails_is_split_and_both_halves_are_answered(
    cloud: Cloud, access: Access, journal: Journal
) -> None:
    names = ["a", "b", "c", "d"]
    for name in names:
        _measure(cloud, name)
    cloud.failing = [("GetMetricData", DOWN)]
    found = _fetched(access, journal, [_ask(name) for name in names])
    assert [len(each.points) for each in found] == [300] * 4
    assert [len(call.arguments["MetricDataQueries"]) for call in cloud.calls[1:]] == [4, 2, 2]


def test_a_denied_call_is_not_split_and_everything_in_it_is_forbidden(
    cloud: Cloud, access: Access, journal: Journal
) -> None:
    cloud.denied = {"cloudwatch:GetMetricData"}
    found = _fetched(access, journal, [_ask("a"), _ask("b")])
    assert [(each.status, each.points) for each in found] == [("Forbidden", ())] * 2
    assert cloud.count("GetMetricData") == 1


def test_what_is_throttled_to_the_end_is_throttled_and_not_zero(cloud: Cloud, access: Access, journal: Journal) -> None:
    cloud.failing = [("GetMetricData", Refusal("Throttling", "Rate exceeded"))] * 200
    found = _fetched(access, journal, [_ask("a"), _ask("b")])
    assert [(each.status, each.points) for each in found] == [("Throttled", ())] * 2
    # Eight attempts of the whole, and of each half.
    assert cloud.count("GetMetricData") == 24


def test_a_service_that_is_down_is_not_asked_for_ever(cloud: Cloud, access: Access, journal: Journal) -> None:
    cloud.failing = [("GetMetricData", DOWN)] * 1000
    asks = [
        TimedQuery(
            query=query("n", "m", {"Host": f"{number}"}, "Sum", 3600), start=start, end=start + timedelta(hours=1)
        )
        for number, start in enumerate(WINDOW.start + timedelta(hours=hour) for hour in range(200))
    ]
    found = _fetched(access, journal, asks)
    assert {each.status for each in found} == {"InternalError"}
    assert len(found) == 200
    assert cloud.count("GetMetricData") == 40  # of 200 calls, each for an hour of its own


# The journal ---------------------------------------------------------------------------------------------------------


def test_a_run_that_goes_on_asks_nothing_twice(cloud: Cloud, access: Access, path: str) -> None:
    for name in ("a", "b"):
        _measure(cloud, name)
    first = Journal.opened(path, _header())
    before = _fetched(access, first, [_ask("a")])
    first.close()
    cloud.calls.clear()
    later = Journal.opened(path, _header(start=WINDOW.start + timedelta(hours=1), end=WINDOW.end + timedelta(hours=1)))
    assert later.was_resumed
    assert (later.header.start, later.header.end) == (WINDOW.start, WINDOW.end)  # of the run that began
    found = _fetched(access, later, [_ask("a"), _ask("b")])
    later.close()
    assert found[0] == before[0]
    asked = [each["Id"] for call in cloud.calls for each in call.arguments["MetricDataQueries"]]
    assert asked == [_ask("b").query.id]


def test_what_was_throttled_is_asked_again_by_a_run_that_goes_on(cloud: Cloud, access: Access, path: str) -> None:
    _measure(cloud, "a")
    cloud.failing = [("GetMetricData", Refusal("Throttling", "Rate exceeded"))] * 24
    first = Journal.opened(path, _header())
    assert _fetched(access, first, [_ask("a")])[0].status == "Throttled"
    first.close()
    cloud.failing = []
    later = Journal.opened(path, _header())
    assert _fetched(access, later, [_ask("a")])[0].status == "Complete"
    later.close()


@pytest.mark.parametrize("torn", [b'{"type":"ser', b'{"type":"series","region":"us-east-1"'])
def test_a_last_line_that_was_torn_is_dropped(cloud: Cloud, access: Access, path: str, torn: bytes) -> None:
    _measure(cloud, "a")
    first = Journal.opened(path, _header())
    _fetched(access, first, [_ask("a")])
    first.close()
    whole = Path(path).read_bytes()
    Path(path).write_bytes(whole + torn)
    later = Journal.opened(path, _header())
    assert not later.lacks(REGION, _ask("a"))
    later.keep(REGION, "c", "", [])
    later.close()
    now = Path(path).read_bytes()
    assert now.startswith(whole)
    assert [json.loads(line)["type"] for line in now[len(whole) :].splitlines()] == ["answer"]


def test_a_journal_that_was_killed_in_its_first_line_begins_anew(path: str) -> None:
    Journal.opened(path, _header()).close()
    Path(path).write_bytes(Path(path).read_bytes()[:30])
    again = Journal.opened(path, _header())
    assert not again.was_resumed
    again.close()


def test_a_journal_of_the_day_before_yesterday_begins_anew(path: str) -> None:
    Journal.opened(path, _header()).close()
    late = timedelta(hours=25)
    again = Journal.opened(path, _header(start=WINDOW.start + late, end=WINDOW.end + late))
    assert (again.was_resumed, again.header.end) == (False, WINDOW.end + late)
    again.close()


@pytest.mark.parametrize(
    "changes", [{"account": "999900001111"}, {"regions": ("eu-west-1",)}, {"resolution": 300}, {"endpoints": ("a",)}]
)
def test_the_journal_of_another_collection_is_left_alone(path: str, changes: dict[str, object]) -> None:
    Journal.opened(path, _header()).close()
    before = Path(path).read_bytes()
    with pytest.raises(SourceError, match="is the journal of another collection") as refused:
        Journal.opened(path, _header(**changes))
    command = "guardrail utilization --region us-east-1 --days 14 --resolution 3600"
    assert refused.value.hint == f"{command} goes on with it, in account {ACCOUNT}; or remove {path}"
    assert Path(path).read_bytes() == before


@pytest.mark.parametrize("content", [b"a file of somebody's\n", b"{}\n", b'{"version": "1"}', b"\0\n"])
def test_a_file_that_is_no_journal_is_not_written_over(path: str, content: bytes) -> None:
    Path(path).write_bytes(content)
    Path(path).chmod(0o600)
    with pytest.raises(SourceError, match="this is no journal"):
        Journal.opened(path, _header())
    assert Path(path).read_bytes() == content


def test_a_line_that_is_damaged_in_the_middle_is_named(path: str) -> None:
    journal = Journal.opened(path, _header())
    journal.keep(REGION, "c", "", [])
    journal.close()
    Path(path).write_bytes(Path(path).read_bytes() + b"damaged\n" + b'{"type":"answer","region":"r","call":"c"}\n')
    with pytest.raises(SourceError, match=":3: this is no journal"):
        Journal.opened(path, _header())


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_a_journal_that_a_repository_brings_is_not_believed(path: str) -> None:
    Journal.opened(path, _header()).close()
    Path(path).chmod(0o644)  # as git writes files
    with pytest.raises(SourceError, match="is no journal that a run of yours began"):
        Journal.opened(path, _header())


@pytest.mark.skipif(os.name == "nt", reason="not told apart on Windows")
def test_two_runs_do_not_write_into_one_journal(path: str) -> None:
    first = Journal.opened(path, _header())
    with pytest.raises(SourceError, match="in use by another run"):
        Journal.opened(path, _header())
    first.close()
