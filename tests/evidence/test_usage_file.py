"""The usage file of a bundle: a check with it expects what a check with the bundle does."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from msgspec.structs import replace

from guardrail.cost import usage
from guardrail.evidence import usage_file
from guardrail.evidence.bundle import Bundle, JobEvidence
from guardrail.evidence.demand import ObservedDemand, observed
from guardrail.evidence.standing import endpoint_of
from guardrail.model import Flow, Step, TransformJob, Workflow
from tests.evidence.stories import (
    HOURS,
    NOW,
    START,
    account_of,
    bundle_of,
    cpu,
    described,
    invocations,
    series,
    with_status,
)

SCALED = {
    "scalable_targets": [
        {
            "ResourceId": "endpoint/shop/variant/a",
            "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
            "MinCapacity": 1,
            "MaxCapacity": 4,
        }
    ]
}


def seen() -> Bundle:
    """1,000 requests an hour of 200 ms, on three instances that scale."""
    took = [(HOURS, 300_000, 200_000, 200_000 * 1000, 1000)]
    return bundle_of(
        account_of(described(count=3), SCALED),
        invocations((HOURS, 1000)),
        cpu((HOURS, 100, 50, 9000, 180)),
        series("ModelLatency", took, namespace="AWS/SageMaker"),
    )


def test_it_says_of_an_endpoint_by_its_name_what_the_bundle_says_of_it(tmp_path: Path) -> None:
    bundle = seen()
    path = tmp_path / "usage.yml"
    path.write_text(usage_file.text(bundle.endpoints, bundle.jobs))
    endpoint = endpoint_of(bundle.endpoints[0])
    (stated,) = usage.load(path).of(endpoint).variants
    (observed,) = ObservedDemand(bundle).of(endpoint).variants
    assert stated.requests == observed.requests == 730_000
    assert stated.duration_ms == observed.duration_ms == 200
    assert stated.instances == observed.instances == 3
    assert observed.said_by("requests") == "evidence of 2026-11-16"
    assert stated.said_by("requests") == "usage file"
    assert list(usage.load(path).notices([endpoint])) == []


def test_numbers_of_a_name_in_two_regions_are_for_somebody_to_choose(tmp_path: Path) -> None:
    (shop,) = seen().endpoints
    path = tmp_path / "usage.yml"
    path.write_text(usage_file.text([shop, replace(shop, region="eu-west-1"), replace(shop, name="ads")], ()))
    found = usage.load(path)
    (ads,) = found.of(endpoint_of(replace(shop, name="ads"))).variants
    assert ads.requests == 730_000
    assert all(each.requests is None for each in found.of(endpoint_of(shop)).variants), (
        "neither region's counts for both"
    )
    assert path.read_text().count("monthly_requests: 730000") == 3
    for place in ("111122223333, us-east-1", "111122223333, eu-west-1"):
        assert f'  # {place}: 2026-11-02 to 2026-11-16\n  # "endpoint/shop":\n' in path.read_text()
    path.write_text(usage_file.text([shop, replace(shop, region="eu-west-1", variants=())], ()))
    assert all(each.requests is None for each in usage.load(path).of(endpoint_of(shop)).variants)


def test_names_of_strangers_stay_texts(tmp_path: Path) -> None:
    requests = invocations((HOURS, 10), dimensions={"EndpointName": "a: [b]\n# c", "VariantName": "a"})
    bundle = bundle_of(account_of(described("a: [b]\n# c")), requests)
    path = tmp_path / "usage.yml"
    path.write_text(usage_file.text(bundle.endpoints, bundle.jobs))
    (stated,) = usage.load(path).of(endpoint_of(bundle.endpoints[0])).variants
    assert stated.requests == 7300


def test_what_was_seen_of_an_endpoint_goes_before_what_is_said_of_its_type_and_after_what_is_said_of_it() -> None:
    every = usage.EndpointUsage(request_duration_ms=Decimal(900), monthly_busy_hours=Decimal(10))
    said = usage.EndpointUsage(monthly_requests=Decimal(5))
    stated = usage.Usage({"shop": said}, {"AWS::SageMaker::Endpoint": every})
    bundle = seen()
    (variant,) = ObservedDemand(bundle, stated).of(endpoint_of(bundle.endpoints[0])).variants
    assert (variant.requests, variant.duration_ms, variant.instances, variant.busy_hours) == (5, 200, 3, None)
    assert (variant.said_by("requests"), variant.said_by("instances")) == ("usage file", "evidence of 2026-11-16")


def job(**changes: object) -> JobEvidence:
    told = {
        "account": "111122223333",
        "region": "us-east-1",
        "prefix": "nightly",
        "model": "m",
        "instance_type": "ml.m5.xlarge",
        "instances": 2,
        "runs": 14,
        "start": START,
        "end": NOW,
        "mean_hours": Decimal("0.5"),
    }
    return JobEvidence(**{**told, **changes})  # type: ignore[arg-type] # values of all kinds


def test_jobs_stand_in_comments_since_nobody_knows_what_starts_them(tmp_path: Path) -> None:
    text = usage_file.text([], [job(), job(mean_hours=None)])
    path = tmp_path / "usage.yml"
    path.write_text(text)
    usage.load(path)
    # 14 runs in 336 hours are 30.4167 in 730
    assert "#   monthly_runs: 30.4167\n  #   run_hours: 0.5\n" in text
    assert text.count("run_hours") == 1


def workflow() -> Workflow:
    return Workflow(
        address="aws_sfn_state_machine.night",
        type="aws_sfn_state_machine",
        region="us-east-1",
        name="night",
        jobs=(
            TransformJob(label="Score", name=None, model_name="m", instance_types=("ml.m5.xlarge",), instance_count=2),
        ),
        flow=Flow((Step(jobs=(0,), ends=True),)),
    )


def test_a_job_of_a_change_runs_as_long_as_those_of_its_model_and_machine_did() -> None:
    known = ObservedDemand(Bundle(version="1", jobs=(job(),))).of_workflow(workflow())
    assert (known.jobs, known.by) == ({"Score": Decimal("0.5")}, "evidence of 2026-11-16")
    for other in ((job(model="other"),), (job(instances=1),), (job(region="eu-west-1"),), (job(), job(prefix="other"))):
        assert ObservedDemand(Bundle(version="1", jobs=other)).of_workflow(workflow()).jobs == {}


def test_what_a_usage_file_says_of_an_endpoint_by_name_gives_way_to_its_address() -> None:
    both = usage.Usage(
        {
            "endpoint/shop": usage.EndpointUsage(monthly_requests=Decimal(1), request_duration_ms=Decimal(5)),
            "shop": usage.EndpointUsage(monthly_requests=Decimal(2)),
        },
        {},
    )
    (variant,) = both.of(endpoint_of(seen().endpoints[0])).variants
    assert (variant.requests, variant.duration_ms) == (2, 5)
    assert datetime(2026, 11, 16, 6, tzinfo=UTC) == NOW


def test_a_part_of_an_answer_is_no_rate() -> None:
    # 12 hours of 100 requests, and 324 of which nobody knows: neither 12 × 100 / 336 × 730 nor 100 × 730 is true
    part = with_status("PartialData", invocations((12, 100), (324, None)))
    (found,) = bundle_of(account_of(described()), part).endpoints
    assert observed(found.variants[0]).requests is None
