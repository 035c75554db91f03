"""Answers of GetMetricData: pages are one series, what is missing is not zero, and no queries mean no answer."""

import json
from bisect import bisect
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from guardrail.errors import SourceError
from guardrail.evidence import answers
from guardrail.evidence.base import ENDPOINTS, SAGEMAKER, Series, Window
from tests.evidence.stories import account_of, bundle_of, described

TRAFFIC = Path(__file__).resolve().parents[3] / "shared" / "traffic"
START, END = "2026-11-15T06:00:00Z", "2026-11-16T06:00:00Z"


def asked(*variants: str) -> dict[str, Any]:
    """A request for the hourly requests of variants of ``p``."""

    def of(variant: str) -> dict[str, Any]:
        dimensions = [{"Name": "EndpointName", "Value": "p"}, {"Name": "VariantName", "Value": variant}]
        metric = {"Namespace": SAGEMAKER, "MetricName": "Invocations", "Dimensions": dimensions}
        return {"Id": f"i_{variant}", "MetricStat": {"Metric": metric, "Period": 3600, "Stat": "Sum"}}

    return {"StartTime": START, "EndTime": END, "MetricDataQueries": [of(one) for one in variants]}


def result(variant: str, hours: range, status: str = "Complete", value: float = 100.0) -> dict[str, Any]:
    """An answer with the same value in each of the hours, counted from the beginning, the newest first."""
    times = [datetime(2026, 11, 15 + (6 + hour) // 24, (6 + hour) % 24, tzinfo=UTC) for hour in reversed(hours)]
    return {
        "Id": f"i_{variant}",
        "StatusCode": status,
        "Timestamps": [time.isoformat() for time in times],
        "Values": [value] * len(times),
    }


def page(*results: dict[str, Any], token: str | None = None) -> dict[str, Any]:
    return {"MetricDataResults": list(results), **({} if token is None else {"NextToken": token})}


def read(pages: list[dict[str, Any]], *requests: dict[str, Any]) -> dict[str, Series]:
    """What was answered, by variant."""
    content = json.dumps(pages).encode()
    told = answers.requests_of(json.dumps(requests).encode(), "queries.json")
    found = answers.series(answers.pages_of(content, "answer.json"), told)
    return {dict(one.query.dimensions)["VariantName"]: one for one in found}


def test_one_identifier_on_several_pages_is_one_series_the_oldest_first() -> None:
    found = read(
        [page(result("a", range(12, 24), "PartialData"), token="n1"), page(result("a", range(12)))],  # noqa: S106
        asked("a"),
    )["a"]
    assert found.status == "Complete"
    assert sum(value for _, value in found.points) == 2400
    assert [time for time, _ in found.points] == sorted(time for time, _ in found.points)


def test_an_error_that_a_later_page_mends_is_none() -> None:
    pages = [page(result("b", range(0), "InternalError"), token="n"), page(result("b", range(0)))]  # noqa: S106
    found = read(pages, asked("b"))["b"]
    assert (found.status, found.points) == ("Complete", ())


@pytest.mark.parametrize("status", ["Forbidden", "InternalError"])
def test_an_error_is_no_empty_answer(status: str) -> None:
    assert read([page(result("c", range(0), status))], asked("c"))["c"].status == status


def test_a_first_page_that_is_missing_is_seen_by_what_nobody_answers() -> None:
    # the first page would have said that c is Forbidden
    found = read([page(result("a", range(12))), page(result("b", range(0)))], asked("a", "b", "c"))
    assert [found[one].status for one in "abc"] == ["PartialData"] * 3
    assert found["a"].covered_to == datetime(2026, 11, 15, 18, tzinfo=UTC)
    assert found["b"].covered_from == found["b"].covered_to


def test_a_last_page_that_is_missing_is_seen_by_its_token() -> None:
    found = read([page(result("a", range(12)), token="n2")], asked("a"))["a"]  # noqa: S106
    assert found.status == "PartialData"
    assert found.covered_to - found.covered_from == answers.moment(END) - answers.moment("2026-11-15T18:00:00Z")


def test_a_page_that_is_missing_says_nothing_of_another_request() -> None:
    found = read([page(result("a", range(24))), page()], asked("a"), asked("b"))
    assert (found["a"].status, found["b"].status) == ("Complete", "PartialData")


def test_answers_without_their_queries_are_refused() -> None:
    with pytest.raises(SourceError, match="without their queries") as refusal:
        list(answers.series(answers.pages_of(json.dumps(page()).encode(), "answer.json"), ()))
    assert "get-metric-data" in refusal.value.hint
    with pytest.raises(SourceError, match="'i_z', which no query asks for"):
        read([page(result("z", range(1)))], asked("a"))


@pytest.mark.parametrize(
    ("broken", "problem"),
    [
        ({"Id": "i_a", "Timestamps": [START], "Values": []}, "the answer is cut off"),
        ({"Id": "i_a", "Timestamps": ["yesterday"], "Values": [1]}, "is no time"),
        ({"Id": "i_a", "Timestamps": [START], "Values": [-1]}, "no metric of an endpoint has"),
        ({"Id": "i_a", "Timestamps": [START], "Values": [1e300]}, "no metric of an endpoint has"),
        ({"Id": "i_a", "Timestamps": [1e300], "Values": [1]}, "is no time"),
        ({"Id": "i_a", "Timestamps": ["9999-12-31T23:59:59Z"], "Values": [1]}, "is no time"),
        ({"Id": "i_a", "Timestamps": ["0001-01-01T00:00:00+14:00"], "Values": [1]}, "is no time"),
    ],
)
def test_a_broken_answer_is_one_line(broken: dict[str, Any], problem: str) -> None:
    with pytest.raises(SourceError, match=problem) as refusal:
        read([page(broken)], asked("a"))
    assert "\n" not in refusal.value.message


@pytest.mark.parametrize("content", [b"", b"[", b"{}", b'{"MetricDataResults": [{"Id": "a", "Values": [NaN]}]}', b"1"])
def test_what_is_no_answer_is_one_line_with_a_hint(content: bytes) -> None:
    with pytest.raises(SourceError, match=r"a\.json: no answer of GetMetricData") as refusal:
        answers.pages_of(content, "a.json")
    assert refusal.value.hint


def test_times_of_all_tools_are_read_as_utc() -> None:
    for text in ("2026-11-16T06:00:00Z", "2026-11-16T07:00:00+01:00", "2026-11-16 06:00:00", 1794808800.0):
        assert answers.moment(text) == datetime(2026, 11, 16, 6, tzinfo=UTC)


# CSV -----------------------------------------------------------------------------------------------------------------

ASK = answers.CsvSubject(namespace=ENDPOINTS, dimensions={"EndpointName": "shop", "VariantName": "a"}, period=3600)


def csv(text: str, ask: answers.CsvSubject = ASK) -> list[Series]:
    return answers.from_csv(text.encode(), "cpu.csv", ask)


def test_a_table_of_time_metric_and_value_is_read_with_its_gaps() -> None:
    (found,) = csv("time,metric,value\n2026-11-16T08:00:00Z,CPUUtilization,12.5\n2026-11-16 06:00,CPUUtilization,3\n")
    assert found.query.metric == "CPUUtilization"
    assert [value for _, value in found.points] == [3.0, 12.5]
    assert found.status == "PartialData"  # what no line is of is missing, not zero


def test_what_is_only_counted_is_a_sum_and_anything_else_a_maximum_unless_a_column_says_otherwise() -> None:
    lines = ("2026-11-16,Invocations,7,", "2026-11-16,CPUUtilization,3,", "2026-11-16,CPUUtilization,2,Average")
    found = csv("\n".join(("time,metric,value,statistic", *lines)))
    assert {(one.query.metric, one.query.statistic) for one in found} == {
        ("Invocations", "Sum"),
        ("CPUUtilization", "Maximum"),
        ("CPUUtilization", "Average"),
    }


def test_times_with_offsets_are_told_apart_when_the_clocks_change() -> None:
    text = "time,metric,value\n2026-10-25T02:30:00+02:00,CPUUtilization,5\n2026-10-25T02:30:00+01:00,CPUUtilization,6\n"
    (found,) = csv(text)
    assert [(f"{time:%H:%M}", value) for time, value in found.points] == [("00:30", 5.0), ("01:30", 6.0)]


def test_queries_of_a_unit_or_of_no_time_are_refused() -> None:
    request = asked("a")
    request["MetricDataQueries"][0]["MetricStat"]["Unit"] = "Percent"  # in which requests are not published
    for wrong, problem in (
        (request, "asks for a unit"),
        ({**asked("a"), "EndTime": START}, "the queries are of no time"),
    ):
        requests = answers.requests_of(json.dumps(wrong).encode(), "q.json")
        pages = answers.pages_of(json.dumps(page(result("a", range(24)))).encode(), "a.json")
        with pytest.raises(SourceError, match=problem):
            list(answers.series(pages, requests))


def test_of_two_values_of_one_time_the_greater_counts() -> None:
    (found,) = csv("time,metric,value\n2026-11-16,CPUUtilization,3\n2026-11-16,CPUUtilization,9\n")
    assert [value for _, value in found.points] == [9.0]


UNSAID = answers.CsvSubject(namespace=SAGEMAKER, dimensions={"EndpointName": "shop", "VariantName": "a"})


def every(step: timedelta, count: int, metric: str = "CPUUtilization") -> str:
    """A table of values that begin with 2 November, one a step."""
    times = (datetime(2026, 11, 2, tzinfo=UTC) + place * step for place in range(count))
    return "time,metric,value\n" + "\n".join(f"{time.isoformat()},{metric},2" for time in times)


@pytest.mark.parametrize(
    ("step", "period"),
    [(timedelta(minutes=1), 60), (timedelta(minutes=5), 300), (timedelta(minutes=15), 900), (timedelta(hours=1), 3600)],
)
def test_how_long_a_value_of_a_table_is_is_told_by_its_times(step: timedelta, period: int) -> None:
    (found,) = csv(every(step, 100), UNSAID)
    assert found.query.period == period
    assert found.covered_to - found.covered_from == 100 * step


def test_gaps_and_jitter_do_not_change_how_long_a_value_is() -> None:
    lines = every(timedelta(minutes=5), 100).splitlines()
    kept = [*lines[:10], *lines[40:60], "2026-11-02T09:01:07Z,CPUUtilization,2"]
    (found,) = csv("\n".join(kept), UNSAID)
    assert found.query.period == 300


def test_sums_of_days_are_never_counted_as_those_of_hours() -> None:
    text = every(timedelta(days=1), 14, "Invocations")
    with pytest.raises(SourceError, match=r"cpu\.csv: its values are 86,400 s apart, and sums of more than an hour"):
        csv(text, UNSAID)
    (nightly,) = csv(text, ASK)  # somebody says that each is of an hour: a job of the night
    assert nightly.query.period == 3600
    assert csv(every(timedelta(days=1), 14), UNSAID)[0].query.period == 3600, "a maximum of a day is one of an hour"


def test_a_resolution_that_the_times_contradict_is_refused() -> None:
    with pytest.raises(SourceError, match=r"most of its values are 60 s apart, and not 3,600"):
        csv(every(timedelta(minutes=1), 10))


def test_what_several_files_say_of_one_metric_is_put_together() -> None:
    lines = every(timedelta(hours=1), 48, "Invocations").splitlines()
    of_first, of_second = csv("\n".join(lines[:25]), UNSAID), csv("\n".join([lines[0], *lines[20:]]), UNSAID)
    (found,) = answers.joined([*of_first, *of_second])
    assert sum(value for _, value in found.points) == 96  # 48 hours of two, those of both files once
    assert found.covered_to - found.covered_from == timedelta(hours=48)
    with pytest.raises(SourceError, match=r"Invocations is there by 3,600 s and by 60 s"):
        answers.joined([*of_first, *csv(every(timedelta(minutes=1), 9, "Invocations"), UNSAID)])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "cpu.csv:1: the columns are not"),
        ("time,value\n2026-11-16,3\n", "cpu.csv:1: the columns are not"),
        ("time,metric,value\n2026-11-16,CPUUtilization,\n", "cpu.csv:2: no metric with a value"),
        ("time,metric,value\n2026-11-16,CPUUtilization,nan\n", "cpu.csv:2: no metric with a value"),
        ("time,metric,value\n2026-11-16,,3\n", "cpu.csv:2: no metric with a value"),
        ("time,metric,value\nnow,CPUUtilization,3\n", "cpu.csv:2: 'now' is no time"),
        ("time,metric,value,stat\n2026-11-16,CPUUtilization,3,p99\n", "cpu.csv:2: 'p99' is no statistic"),
        ('time,metric,value\n"2026', "no CSV"),
        ("time,metric,value\n2026-11-16,CpuUtilization,3\n", "'CpuUtilization' .* did you mean CPUUtilization"),
    ],
)
def test_a_broken_table_is_one_line_with_its_place(text: str, problem: str) -> None:
    with pytest.raises(SourceError, match=problem):
        csv(text)


@pytest.mark.skipif(not TRAFFIC.is_dir(), reason="no ../shared/traffic beside the checkout")
def test_real_series_are_read_without_inventing_a_value() -> None:
    names = sorted(path.name for path in TRAFFIC.glob("nab-*.csv"))
    assert names
    for name in names:
        content = (TRAFFIC / name).read_bytes()
        lines = content.decode().split()[1:]
        ask = answers.CsvSubject(namespace=ENDPOINTS, dimensions={}, period=300, metric="CPUUtilization")
        (found,) = answers.from_csv(content, name, ask)
        told = [line.rsplit(",", 1) for line in content.decode().splitlines()[1:]]
        assert len(lines) == 2 * len(told)  # a date and a time with a value in each line
        values = {answers.moment(time): float(value) for time, value in told}
        assert {time for time, _ in found.points} == values.keys()
        assert {value for _, value in found.points} <= {float(value) for _, value in told}


@pytest.mark.skipif(not TRAFFIC.is_dir(), reason="no ../shared/traffic beside the checkout")
def test_what_a_bundle_says_of_real_series_are_values_that_were() -> None:
    for path in sorted(TRAFFIC.glob("nab-*.csv")):
        ask = answers.CsvSubject(
            namespace=ENDPOINTS,
            dimensions={"EndpointName": "shop", "VariantName": "a"},
            period=300,
            metric="CPUUtilization",
        )
        (found,) = answers.from_csv(path.read_bytes(), path.name, ask)
        window = Window(start=found.covered_from, end=found.covered_to, resolution=300)
        story = account_of(described(instance_type="ml.m4.10xlarge", born="2010-01-01T00:00:00Z"))
        (variant,) = bundle_of(story, [found], window=window).endpoints[0].variants
        used = variant.segments[0].cpu_cores
        assert used is not None
        measured = sorted(value for _, value in found.points)
        for one in (used.p50, used.p90, used.p95, used.p99, used.maximum):
            nearest = measured[bisect(measured, float(one) * 100 + 1e-9) - 1]
            assert 0 <= float(one) * 100 + 1e-9 - nearest < 0.011, "rounded up to a ten-thousandth of a core"
        assert used.count == len(found.points)
        assert variant.cpu_profile is not None
        seen = {time.weekday() * 24 + time.hour for time, _ in found.points}
        assert {place for place, value in enumerate(variant.cpu_profile.maximum) if value is not None} == seen
        assert variant.requests is None, "nobody said anything of them"
        assert variant.instances is None
