"""Traps with hand-worked answers, where ../shared has them: each is also told in the project's own words beside."""

import importlib.util
import json
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from guardrail.evidence import account, answers, bundle_file, queries, recommender, summary
from guardrail.evidence.account import Account
from guardrail.evidence.base import Series, Window
from guardrail.evidence.bundle import Bundle, Distribution, LoadTestEvidence
from guardrail.evidence.judge import fleet
from guardrail.evidence.judge.fleet import JudgedEndpoint, JudgedVariant, JudgingTerms
from guardrail.prices.book import PriceBook

CASES = Path(__file__).resolve().parents[3] / "shared" / "cases" / "evidence"
pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="no ../shared/cases/evidence beside the checkout")


@cache
def expander() -> Any:
    spec = importlib.util.spec_from_file_location("expand", CASES / "expand.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def folder(name: str) -> Path:
    found = sorted(CASES.glob(f"{name}-*"))
    if not found:
        pytest.skip(f"no case {name}")
    return found[0]


@cache
def expected(name: str) -> Any:
    return json.loads((folder(name) / "expected.json").read_text(), parse_float=Decimal)


@cache
def described(name: str) -> Account:
    return account.decode((folder(name) / "account.json").read_bytes())


def fortnight(found: Account) -> Window:
    return Window(start=found.now - timedelta(days=14), end=found.now)


@cache
def observed(name: str) -> Bundle:
    """The bundle of a case, asked for and answered as GetMetricData would, and written and read in between."""
    found, told = described(name), json.loads((folder(name) / "account.json").read_text())
    window = fortnight(found)
    asks = [ask for one in found.endpoints for ask in queries.of_endpoint(found, one, window)]
    series: list[Series] = []
    for batch in queries.batches(asks):
        request = queries.request(batch)
        answer = expander().answer(told, request)
        pages = answers.pages_of(json.dumps(answer).encode(), "answer.json")
        series += answers.series(pages, answers.requests_of(json.dumps(request).encode(), "queries.json"))
    return bundle_file.read("evidence.json", bundle_file.text(summary.bundle(found, series, window)).encode())


@cache
def judged(name: str, headroom: str = "0.2") -> dict[str, JudgedEndpoint]:
    found = fleet.judged(observed(name), PriceBook(), JudgingTerms(headroom=Decimal(headroom)))
    return {one.evidence.name: one for one in found}


def only(name: str, endpoint: str) -> JudgedVariant:
    return judged(name)[endpoint].variants[0]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def used(found: Distribution | None) -> Distribution:
    assert found is not None
    return found


def test_asynchronous_is_not_idle() -> None:
    wanted = expected("01")["idle"]
    docs, sleeps, forgot = (only("01", name).idleness for name in ("docs", "sleeps", "forgot"))
    assert (docs.is_idle, docs.since) == (False, moment(wanted["docs"]["last_activity"]))
    assert docs.verdict == "empties"
    assert docs.cost_usd == Decimal("456.192")
    assert (sleeps.is_idle, sleeps.cost_usd) == (False, Decimal(wanted["sleeps"]["cost_since_usd"]))
    assert "scaled to zero" in sleeps.why
    assert (forgot.is_idle, forgot.is_exact) == (True, False)
    assert forgot.since == moment(wanted["forgot"]["since_at_least"])
    assert forgot.cost_usd == Decimal(wanted["forgot"]["cost_since_usd"])
    for one in (docs, sleeps, forgot):
        assert "no invocations" not in one.why


def test_new_and_re_created() -> None:
    young, again = only("02", "young").idleness, only("02", "again").idleness
    wanted = expected("02")["idle"]["again"]
    assert (young.is_idle, young.hours) == (False, 5)
    assert (again.is_idle, again.since, again.hours) == (True, moment(wanted["since"]), wanted["hours"])
    assert (again.cost_usd, again.last) == (Decimal(wanted["cost_since_usd"]), None)


def test_one_request_many_series() -> None:
    wanted = expected("03")
    shop = judged("03")["shop"]
    by_variant = {one.evidence.name: one.evidence.requests for one in shop.variants}
    for name in "abs":
        found = by_variant[name]
        assert found is not None
        assert found.total / found.hours == wanted["requests_per_hour"][f"shop/{name}"]
    assert shop.requests_a_month == Decimal(wanted["month_requests"])


def test_cpu_above_one_hundred() -> None:
    wanted = expected("04")
    sizing = only("04", "rank").sizing
    assert sizing is not None
    assert sizing.need.cpu_cores == Decimal(wanted["need"]["cpu_cores"])
    assert sizing.need.memory_gib == Decimal(wanted["need"]["memory_gib"])
    assert sizing.needed.cpu_cores == Decimal(wanted["need"]["with_headroom_20"]["cpu_cores"])
    assert sizing.needed.memory_gib == Decimal(wanted["need"]["with_headroom_20"]["memory_gib"])
    assert sizing.cheapest is not None
    assert sizing.on_arm is not None
    for option, key in ((sizing.cheapest, "cheapest_x86"), (sizing.on_arm, "arm64_condition")):
        told = wanted[key]
        assert option.instance_type in (told["instance_type"], *told.get("also", ()))
        assert option.hourly_usd == Decimal(told["hour_usd"])
        assert option.instances_usd == Decimal(told["saving_month_usd"])
    assert any("arm64" in one for one in sizing.on_arm.alternative.conditions)


def test_a_weekly_peak_hides_under_p99() -> None:
    wanted = expected("06")
    variant = only("06", "search")
    cores = used(variant.evidence.segments[0].cpu_cores)
    assert (cores.p99, cores.maximum) == (Decimal(wanted["cpu"]["p99_cores"]), Decimal(wanted["cpu"]["max_cores"]))
    assert cores.above_p99 == wanted["cpu"]["hours_above_p99"]
    sizing = variant.sizing
    assert sizing is not None
    assert sizing.peak_at == 9  # Monday 09:00
    assert sizing.needed.cpu_cores == Decimal(wanted["right"]["by_maximum"]["need_cores_with_headroom"])
    assert sizing.cheapest is not None
    assert sizing.cheapest.instance_type == wanted["right"]["by_maximum"]["instance_type"]
    assert sizing.cheapest.instances_usd == Decimal(wanted["right"]["by_maximum"]["saving_month_usd"])
    assert not {one.instance_type for one in sizing.options} & set(wanted["must_not_recommend"])


def test_monday_morning() -> None:
    wanted = expected("07")
    office, monthly = only("07", "office"), only("07", "monthly")
    assert (office.idleness.is_idle, office.idleness.hours) == (
        False,
        wanted["idle"]["office"]["hours_without_request"],
    )
    assert not monthly.idleness.is_idle
    assert wanted["idle"]["monthly"]["idle"] in monthly.idleness.why
    assert monthly.idleness.last is not None
    assert f"{monthly.idleness.last:%Y-%m-%d}" == wanted["idle"]["monthly"]["last_invocation"]
    told = wanted["scaling"]["office"]
    assert office.periodic is not None
    assert office.periodic.busy_hours == told["busy_hours"]
    assert office.periodic.always_usd == Decimal(told["two_instances_always_month_usd"])
    assert round(office.periodic.following_usd, 4) == Decimal(told["two_busy_one_else_month_usd"])


def test_the_type_changed_inside_the_window() -> None:
    wanted = expected("08")["segments"]
    variant = only("08", "score")
    first, second = variant.evidence.segments
    assert (first.end, second.start) == (moment(wanted[0]["until"]), moment(wanted[1]["from"]))
    for segment, told in zip((first, second), wanted, strict=True):
        assert segment.instance_type == told["instance_type"]
        assert used(segment.cpu_cores).p99 == Decimal(told["cpu_cores"])
        assert used(segment.memory_gib).p99 == Decimal(told["memory_gib"])
    assert variant.evidence.instances is not None
    assert variant.evidence.instances.maximum == expected("08")["instances_running"]
    assert variant.sizing is not None
    assert variant.sizing.verdict == "too-small"
    assert variant.sizing.options == ()


def pages(*numbers: int) -> list[answers.AnswerPage]:
    return [
        page
        for number in numbers
        for page in answers.pages_of((folder("10") / f"page-{number}.json").read_bytes(), "page")
    ]


def of_pages(*numbers: int) -> dict[str, JudgedVariant]:
    """What is said of the case of pages, by these pages and in a window of a day."""
    requests = answers.requests_of((folder("10") / "queries.json").read_bytes(), "queries.json")
    start, end = requests[0].span
    found = summary.bundle(described("10"), answers.series(pages(*numbers), requests), Window(start=start, end=end))
    (told,) = fleet.judged(found, PriceBook())
    return {one.evidence.name: one for one in told.variants}


def test_pages_and_status_codes() -> None:
    wanted = expected("10")
    found = of_pages(1, 2, 3)
    totals = {
        name: None if one.evidence.requests is None else one.evidence.requests.total for name, one in found.items()
    }
    assert totals == wanted["requests"]
    assert [found[name].idleness.verdict for name in "abc"] == ["active", "idle", "unknown"]
    assert ("Invocations", "Forbidden") in {(gap.metric, gap.reason) for gap in found["c"].evidence.gaps}


def test_a_page_alone_does_not_cover_the_window() -> None:
    found = of_pages(2)
    requests = found["a"].evidence.requests
    assert requests is not None
    assert requests.hours == 12
    assert found["a"].idleness.verdict == "unknown"
    assert ("Invocations", "12 of 24 hours") in {(gap.metric, gap.reason) for gap in found["a"].evidence.gaps}


def test_components() -> None:
    wanted = expected("13")
    llm = judged("13")["llm"]
    idleness = {one.name: said for one, said in llm.components}
    assert llm.variants[0].idleness.is_idle is wanted["idle"]["llm/a"]
    assert idleness["chat"].is_idle is wanted["idle"]["chat"]
    assert idleness["embed"].is_idle is wanted["idle"]["embed"]
    assert idleness["embed"].cost_usd == 0
    assert "only where the rest fits on fewer" in idleness["embed"].why
    chat = next(one for one, _ in llm.components if one.name == "chat")
    assert used(chat.gpus).p99 == Decimal(wanted["need"]["chat_gpus"])


def test_recommender_with_nan() -> None:
    wanted = expected("17")
    read = recommender.read((folder("17") / "job.json").read_bytes(), "job.json", "us-east-1")
    assert isinstance(read, LoadTestEvidence)
    assert read.model == wanted["linked_by"]
    test = recommender.priced(read, PriceBook())
    for candidate, told in zip(test.candidates, wanted["candidates"], strict=True):
        assert candidate.instance_type == told["instance_type"]
        assert candidate.hourly_usd == Decimal(told["hour_usd"])
        assert candidate.usd_per_1000 is not None
        assert round(candidate.usd_per_1000, 6) == Decimal(told["per_1000_usd"])
    unknown, known = test.candidates
    assert unknown.cpu_cores is None
    assert (known.cpu_cores, known.vcpus) == (Decimal(wanted["candidates"][1]["cpu_cores"]), 4)


def test_multi_model_memory() -> None:
    wanted = expected("16")
    variant = only("16", "tenants")
    assert variant.sizing is not None
    assert variant.sizing.need.cpu_cores == Decimal(wanted["need"]["cpu_cores"])
    assert variant.sizing.need.memory_gib is None
    assert "cache" in variant.sizing.reason
    assert (variant.sizing.options, variant.sizing.fewer) == ((), None)
    assert variant.sizing.confidence.level == wanted["confidence"]
    assert variant.evidence.several is not None
    assert variant.evidence.several.loaded_most == wanted["models_loaded"]["per_instance_max"]
    assert variant.evidence.several.loaded_copies == wanted["models_loaded"]["copies_total"]
