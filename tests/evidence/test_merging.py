"""Bundles of several runs as one: of what two saw, the run counts that knows it best, in whatever order they come."""

from datetime import datetime, timedelta
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from guardrail.evidence import bundle_file, merging
from guardrail.evidence.base import Gap, Window
from guardrail.evidence.bundle import (
    VERSION,
    AdviceEvidence,
    Bundle,
    ComponentEvidence,
    EndpointEvidence,
    JobEvidence,
    LoadTestEvidence,
    Survey,
    VariantEvidence,
)
from tests.evidence.stories import (
    HOURS,
    NOW,
    START,
    WINDOW,
    account_of,
    bundle_of,
    cpu,
    described,
    invocations,
    memory,
    with_status,
)

DAY = timedelta(days=1)
LATER = Window(start=START + DAY, end=NOW + DAY)
"""Two weeks that end a day later, so that thirteen days are in both windows."""


def test_several_runs_are_one_bundle_and_the_latest_wins() -> None:
    story = account_of(described("shop"), described("other"))
    earlier = bundle_of(story, invocations((HOURS, 10)))
    window = structs.replace(WINDOW, end=NOW + timedelta(hours=24))
    later = bundle_of(account_of(described("shop")), invocations((HOURS, 10), (24, 20)), window=window)
    found = merging.merged([later, earlier])
    assert found == merging.merged([earlier, later])
    assert [(one.name, one.end) for one in found.endpoints] == [("other", NOW), ("shop", window.end)]
    assert len(found.surveys) == 2
    assert msgspec.json.encode(merging.merged([found])) == msgspec.json.encode(found)


def test_of_two_runs_that_ended_in_the_same_hour_that_with_fewer_gaps_counts_in_any_order() -> None:
    whole = bundle_of(account_of(described()), cpu((HOURS, 50, 25, 1500, 60)), invocations((HOURS, 100)))
    refused = bundle_of(account_of(described()), with_status("Forbidden", invocations((HOURS, None))))
    one, other = merging.merged([whole, refused]), merging.merged([refused, whole])
    assert one == other
    assert one.endpoints == whole.endpoints


def whole(window: Window = WINDOW) -> Bundle:
    """Shop with all that is asked of it, in each hour of the window."""
    every, start = window.hours, window.start
    story = account_of(described())
    machine = cpu((every, 50, 25, 1500, 60), start=start), memory((every, 20, 10, 600, 60), start=start)
    return bundle_of(story, invocations((every, 100), start=start), *machine, window=window)


def with_gaps(window: Window = LATER) -> Bundle:
    """The same, of which CloudWatch told no CPU."""
    every = HOURS + 24
    found = bundle_of(
        account_of(described()),
        invocations((every, 100)),
        with_status("Forbidden", cpu((every, None))),
        memory((every, 20, 10, 600, 60)),
        window=window,
    )
    assert any(gap.metric == "CPUUtilization" for gap in found.endpoints[0].variants[0].gaps)
    return found


def only(*bundles: Bundle) -> EndpointEvidence:
    """The one endpoint of all of them, the same in any order."""
    found = merging.merged(bundles)
    assert found == merging.merged(reversed(bundles))
    (endpoint,) = found.endpoints
    return endpoint


def test_a_later_run_with_gaps_does_not_take_the_place_of_a_whole_one() -> None:
    assert only(whole(), with_gaps()) == whole().endpoints[0]


def test_a_later_run_that_is_whole_takes_the_place_of_one_with_gaps_and_of_a_whole_one() -> None:
    assert only(with_gaps(WINDOW), whole(LATER)) == whole(LATER).endpoints[0]
    assert only(whole(), whole(LATER)) == whole(LATER).endpoints[0]


def test_windows_that_overlap_count_no_hour_twice() -> None:
    found = only(whole(), whole(LATER))
    assert found.variants[0].requests is not None
    assert found.variants[0].requests.total == Decimal(33_600)  # 336 hours of 100, and not 360


def test_an_endpoint_that_was_made_anew_is_the_later_one_however_much_is_known_of_the_first() -> None:
    again = bundle_of(account_of(described(born="2026-11-16T20:00:00Z")), invocations((HOURS + 24, 1)), window=LATER)
    assert only(whole(), again) == again.endpoints[0]


def test_a_short_window_takes_the_place_of_no_two_weeks_and_of_four_weeks_only_where_it_is_later() -> None:
    day = Window(start=NOW, end=NOW + DAY)
    assert only(whole(), whole(day)).start == START
    month = Window(start=START - 14 * DAY, end=NOW)
    assert only(whole(month), whole()).start == month.start
    assert only(whole(month), whole(LATER)).end == LATER.end


def test_what_could_not_be_described_takes_the_place_of_nothing() -> None:
    story = described()
    refused = bundle_of(
        account_of({"endpoints": [{**story["endpoints"][0], "ProductionVariants": [], "EndpointConfigName": ""}]}),
        window=LATER,
    )
    assert only(with_gaps(WINDOW), refused) == with_gaps(WINDOW).endpoints[0]


def test_a_datapoint_that_is_late_makes_no_run_worse() -> None:
    late = bundle_of(
        account_of(described()),
        invocations((HOURS + 24, 100)),
        cpu((HOURS + 23, 50, 25, 1500, 60), (1, None)),
        memory((HOURS + 24, 20, 10, 600, 60)),
        window=LATER,
    )
    assert [gap.reason for gap in late.endpoints[0].variants[0].gaps if gap.metric == "CPUUtilization"] == [
        "335 of 336 hours"
    ]
    assert only(whole(), late) == late.endpoints[0]


def test_a_gap_of_five_thousand_digits_is_one_that_nobody_answered() -> None:
    found = with_gaps()
    (variant,) = found.endpoints[0].variants
    gaps = tuple(structs.replace(gap, reason=f"{'9' * 5_000} of 336 hours") for gap in variant.gaps)
    edited = structs.replace(found.endpoints[0], variants=(structs.replace(variant, gaps=gaps),))
    assert only(whole(), structs.replace(found, endpoints=(edited,))) == whole().endpoints[0]


@pytest.mark.parametrize("where", ["account", "region"])
def test_one_name_in_two_accounts_or_regions_is_two_endpoints(where: str) -> None:
    other = {"account": "222233334444", "region": "eu-west-1"}[where]
    found = whole(LATER)
    there = structs.replace(
        found,
        surveys=tuple(structs.replace(one, **{where: other}) for one in found.surveys),
        endpoints=tuple(structs.replace(one, **{where: other}) for one in found.endpoints),
    )
    merged = merging.merged([there, whole()])
    assert {(one.account, one.region) for one in merged.endpoints} == {
        ("111122223333", "us-east-1"),
        tuple({"account": "111122223333", "region": "us-east-1", where: other}.values()),
    }
    assert len(merged.surveys) == 2


def test_jobs_of_which_the_use_is_known_stay() -> None:
    def job(end: datetime, *, is_known: bool) -> JobEvidence:
        used = whole().endpoints[0].variants[0].segments[0]
        return JobEvidence(
            account="111122223333",
            region="us-east-1",
            prefix="rank",
            model="m",
            instance_type="ml.m5.xlarge",
            instances=1,
            runs=3,
            start=end - 14 * DAY,
            end=end,
            cpu_cores=used.cpu_cores if is_known else None,
            memory_gib=used.memory_gib if is_known else None,
        )

    def of(one: JobEvidence) -> Bundle:
        return Bundle(version=VERSION, jobs=(one,))

    early, late = job(NOW, is_known=True), job(NOW + DAY, is_known=False)
    assert merging.merged([of(late), of(early)]).jobs == (early,)
    assert merging.merged([of(job(NOW + DAY, is_known=True)), of(early)]).jobs == (job(NOW + DAY, is_known=True),)


def test_what_was_replaced_does_not_make_the_evidence_old() -> None:
    found = merging.merged([whole(), whole(LATER)])
    assert bundle_file.age_days(found, LATER.end.date()) == 0
    assert bundle_file.age_days(whole(), LATER.end.date()) == 1


GAPS = st.lists(
    st.builds(
        Gap,
        subject=st.just("s"),
        metric=st.sampled_from(["CPUUtilization", "update"]),
        reason=st.sampled_from(["Forbidden", "no datapoints", "335 of 336 hours", "3 of 336 hours"]),
    ),
    max_size=2,
).map(tuple)
TIMES = st.integers(0, 3).map(lambda days: NOW + days * DAY)
PLACES = {"account": st.sampled_from(["1", "2"]), "region": st.sampled_from(["a", "b"])}
ENDPOINTS = st.builds(
    EndpointEvidence,
    **PLACES,
    name=st.sampled_from(["shop", "ads"]),
    mode=st.just("realtime"),
    status=st.just("InService"),
    configuration=st.sampled_from(["one", "two"]),
    created=TIMES,
    modified=TIMES,
    start=TIMES.map(lambda time: time - 14 * DAY),
    end=TIMES,
    variants=st.lists(st.builds(VariantEvidence, name=st.just("a"), gaps=GAPS), max_size=1).map(tuple),
    components=st.lists(
        st.builds(ComponentEvidence, name=st.just("c"), variant=st.just("a"), gaps=GAPS), max_size=1
    ).map(tuple),
    gaps=GAPS,
)
JOBS = st.builds(
    JobEvidence,
    **PLACES,
    prefix=st.sampled_from(["rank", "score"]),
    model=st.sampled_from([None, "m"]),
    instance_type=st.none(),
    instances=st.none(),
    runs=st.integers(0, 2),
    start=TIMES,
    end=TIMES,
)
SURVEYS = st.builds(
    Survey, **PLACES, collected=TIMES, start=TIMES, end=TIMES, resolution=st.sampled_from([60, 3600]), gaps=GAPS
)
BUNDLES = st.builds(
    Bundle,
    version=st.just(VERSION),
    surveys=st.lists(SURVEYS, max_size=2).map(tuple),
    endpoints=st.lists(ENDPOINTS, max_size=3).map(tuple),
    jobs=st.lists(JOBS, max_size=2).map(tuple),
    load_tests=st.lists(
        st.builds(
            LoadTestEvidence,
            account=st.sampled_from([None, "1"]),
            region=st.just("a"),
            name=st.just("fit"),
            model=st.sampled_from(["m", "n"]),
        ),
        max_size=2,
    ).map(tuple),
    advice=st.lists(
        st.builds(AdviceEvidence, endpoint=st.sampled_from(["shop", None]), least=st.just(1), most=st.integers(1, 3)),
        max_size=2,
    ).map(tuple),
)


@settings(max_examples=60)
@given(BUNDLES, BUNDLES, BUNDLES)
def test_neither_the_order_nor_the_steps_of_merging_make_a_difference(one: Bundle, two: Bundle, three: Bundle) -> None:
    at_once = merging.merged([one, two, three])
    assert merging.merged([three, one, two]) == at_once
    assert merging.merged([merging.merged([one, two]), three]) == at_once
    assert merging.merged([one, merging.merged([two, three])]) == at_once
    assert merging.merged([at_once, at_once, two]) == at_once, "what is there already adds nothing"
    known = {msgspec.json.encode(each) for bundle in (one, two, three) for each in bundle.endpoints}
    assert {msgspec.json.encode(each) for each in at_once.endpoints} <= known, "nothing is mixed of two runs"
    assert {(each.account, each.region, each.name) for each in at_once.endpoints} == {
        (each.account, each.region, each.name) for bundle in (one, two, three) for each in bundle.endpoints
    }
