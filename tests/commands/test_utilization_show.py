"""``guardrail utilization show``: what bundles say, in each format, of names that are a stranger's."""

import json
import re
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator
from jsonschema import Draft202012Validator
from msgspec.structs import replace

from guardrail import cli
from guardrail.commands import schema
from guardrail.cost import usage
from guardrail.evidence import bundle_file, merging
from guardrail.evidence.bundle import Bundle
from tests.evidence.judge.test_batch import job
from tests.evidence.stories import (
    BORN,
    HOURS,
    MODEL,
    account_of,
    backlog,
    bundle_of,
    cpu,
    described,
    invocations,
    memory,
    of_component,
    series,
)

ACCOUNT = "111122223333"
HOSTILE = "<script>alert(1)</script>|`@team`\n::error::x"


@pytest.fixture(autouse=True)
def _a_few_days_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795132800")  # 2026-11-20


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def two() -> Bundle:
    """A machine of 40 cores of which 30 are used, and an endpoint that nobody asks anything."""
    large, idle = described("shop", instance_type="ml.m4.10xlarge"), described("old")
    of_old = {"EndpointName": "old", "VariantName": "a"}
    return bundle_of(
        account_of(idle, large, MODEL),
        cpu((HOURS, 3000, 1500, 90000, 60)),
        memory((HOURS, 6, 6, 360, 60)),
        invocations((HOURS, 1000)),
        invocations((HOURS, None), dimensions=of_old),
        series("CPUUtilization", [(HOURS, 3, 1, 60, 60)], of_old),
        series("MemoryUtilization", [(HOURS, 5, 5, 300, 60)], of_old),
    )


def show(capsys: pytest.CaptureFixture[str], bundle: Bundle, *flags: str) -> str:
    Path("evidence.json").write_text(bundle_file.text(bundle))
    assert cli.main(["utilization", "show", "evidence.json", *flags]) == 0
    told = capsys.readouterr()
    assert told.err == ""
    return told.out


def test_the_table_has_the_most_money_first_and_the_commands_that_nobody_runs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = show(capsys, two())
    # ml.m4.10xlarge and ml.m5.xlarge with volumes of 30 and 8 GB at 0.14: 1,756.20 + 169.02; 411.72 + 169.02
    assert text.startswith(
        "2 endpoints in us-east-1, 2026-11-02 to 2026-11-16: 1,925.22 USD a month, of which 580.74 at stake at best\n"
    )
    assert text.index("too large: ml.c5.9xlarge") < text.index("shop/a: needs 36 cores, 11.52 GiB")
    assert text.index("shop  ") < text.index("old  ")
    assert "old/a: is idle: no request since" in text
    assert "cost 77.28 USD" in text  # 336 hours at 0.23
    assert "    $ aws sagemaker delete-endpoint --endpoint-name old --region us-east-1" in text


def test_json_has_amounts_as_texts_and_says_all_that_the_table_does(capsys: pytest.CaptureFixture[str]) -> None:
    told: dict[str, Any] = json.loads(show(capsys, two(), "--format", "json"))
    shop, old = told["endpoints"]
    assert (shop["name"], shop["at_stake_usd"], shop["requests_a_month"]) == ("shop", "411.720", "730000")
    (variant,) = shop["variants"]
    assert variant["sizing"]["used"] == {"cpu_cores": "30", "memory_gib": "9.6", "gpus": None, "gpu_memory_gib": None}
    option = variant["sizing"]["options"][0]
    assert (option["instance_type"], option["instances_saving_monthly_usd"]) == ("ml.c5.9xlarge", "411.720")
    assert old["variants"][0]["idle"]["verdict"] == "idle"
    assert Decimal(told["monthly_usd"]) == Decimal("1925.22")
    assert {one["kind"] for one in shop["statements"]} >= {"too-large"}


def of_every_mode() -> Bundle:
    """Serverless, asynchronous with a queue, with components, with nothing that was answered, and transform jobs."""
    serverless = {"ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5}, "InstanceType": None}
    queued = {"AsyncInferenceConfig": {"OutputConfig": {"S3OutputPath": "s3://b"}}}
    component = {"InferenceComponentName": "chat", "EndpointName": "llm", "VariantName": "a", "CreationTime": BORN}
    parts = (
        described("quick", variant=serverless),
        described("queue", config=queued, instance_type="ml.g5.12xlarge"),
        described("llm", variant={"ModelName": None}),
        described("unseen", instance_type="ml.unknown.large"),
        {"inference_components": [component]},
    )
    found = bundle_of(
        account_of(*parts, MODEL, {"faults": [{"call": "tag:GetResources", "reason": "AccessDeniedException: no"}]}),
        invocations((HOURS, 10), dimensions={"EndpointName": "quick", "VariantName": "a"}),
        backlog((300, 0, 0, 0, 60), (36, 4, 2, 120, 60), endpoint="queue"),
        series("CPUUtilization", [(HOURS, 300, 100, 6000, 60)], {"EndpointName": "queue", "VariantName": "a"}),
        of_component("chat", "Invocations", (HOURS, None)),
    )
    return merging.merged([found, Bundle(version="1", jobs=(job(), job(prefix="once", mean_hours=None)))])


@pytest.mark.parametrize("bundle", [two(), of_every_mode(), Bundle(version="1")], ids=["two", "every mode", "none"])
def test_json_fits_the_published_schema_which_knows_every_key(
    capsys: pytest.CaptureFixture[str], bundle: Bundle
) -> None:
    published = json.loads(schema.text("utilization"))
    told = json.loads(show(capsys, bundle_file.sealed(bundle), "--format", "json"))
    assert [error.message for error in Draft202012Validator(published).iter_errors(told)] == []
    assert len(told["endpoints"]) == len(bundle.endpoints)
    assert all(not kind.get("additionalProperties", True) for kind in published["$defs"].values())
    assert not Draft202012Validator(published).is_valid({**told, "monthly_usd": 12})


def test_queries_and_jobs_of_load_tests_are_what_the_interfaces_of_aws_take(
    capsys: pytest.CaptureFixture[str],
) -> None:
    jobs = json.loads(show(capsys, two(), "--recommender"))
    assert jobs
    services = botocore.session.Session()
    shape = services.get_service_model("sagemaker").operation_model("CreateInferenceRecommendationsJob").input_shape
    assert [ParamValidator().validate(job, shape).generate_report() for job in jobs] == [""] * len(jobs)
    arn = {"EndpointArn": f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:endpoint/shop"}
    Path("described.json").write_text(json.dumps({**described()["endpoints"][0], **arn}))
    assert cli.main(["utilization", "--queries", "--from", "described.json"]) == 0
    asked = json.loads(capsys.readouterr().out)
    shape = services.get_service_model("cloudwatch").operation_model("GetMetricData").input_shape
    assert ParamValidator().validate(asked, shape).generate_report() == ""


def test_room_and_percentile_are_for_the_reader_to_say(capsys: pytest.CaptureFixture[str]) -> None:
    assert "ml.c6i.8xlarge at 1.632 an hour" in show(capsys, two(), "--headroom", "0")
    assert "needs 30 cores" in show(capsys, two(), "--headroom", "0", "--percentile", "p50")
    for wrong in (["--headroom", "much"], ["--idle-hours", "0"], ["--format", "pdf"], ["--percentile", "p42"]):
        assert cli.main(["utilization", "show", "evidence.json", *wrong]) == 2
        assert wrong[0] in capsys.readouterr().err


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes += attrs


def test_the_page_draws_each_hour_of_the_week_and_loads_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    show(capsys, two(), "--format", "html=page.html")
    text = Path("page.html").read_text()
    tags = Tags()
    tags.feed(text)
    assert tags.names.count("svg") == 6  # what it used, CPU and requests of two variants
    assert tags.names.count("rect") == 4 * 168 + 2 * 2 * 2  # room and use, of CPU and memory
    assert "script" not in tags.names
    assert not [value for name, value in tags.attributes if name in ("src", "href") or name.startswith("on")]
    assert "<h3>shop / a, 1,756.20 USD a month</h3>" in text
    assert "CPU by hour of week (UTC), at most 30 of 40 cores" in text
    assert "requests by hour of week (UTC), at most 1,000 an hour, on " in text
    assert "requests by hour of week (UTC): none" in text  # of the endpoint that nobody asks


def test_transform_jobs_stand_in_the_table_too(capsys: pytest.CaptureFixture[str]) -> None:
    # 14 runs of half an hour on two of them in two weeks: 30.4167 × 0.5 × 2 × 0.922 = 28.04, on ml.m5.xlarge 21.05 less
    found = merging.merged([two(), Bundle(version="1", jobs=(job(), job(prefix="once", mean_hours=None)))])
    row = "| `jobs nightly…` | `30.4 runs a month` | `2 × ml.m5.4xlarge` | `28.04` | `21.05` | `3 cores` |"
    text = show(capsys, found, "--format", "markdown")
    assert row in text
    assert "and 2 kinds of transform jobs" in text
    assert re.search(r"`jobs once…` .* `2 × ml.m5.4xlarge` | `?` | `–`", text)


def test_the_page_shows_what_was_used_of_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    text = show(capsys, two(), "--format", "html")
    assert "p99 30, at most 30 of 40 cores" in text
    assert "p99 9.6, at most 9.6 of 160 GiB" in text  # 6 % of 160
    bars = re.findall(r'<rect x="52" y="\d+" width="(\d+)" height="18" rx="2" fill="#4680bb"', text)
    assert bars[:2] == ["274", "21"]  # 30/40 and 6 % of the 366 that are all of it


def test_a_page_has_the_money_where_a_phone_shows_it(capsys: pytest.CaptureFixture[str]) -> None:
    text = show(capsys, two(), "--format", "html")
    assert '<td data-head="at stake">411.72</td>' in text  # which stands before it where there is no room for a head
    assert "overflow-x" not in text


@pytest.mark.parametrize("name", ["table", "markdown", "html"])
def test_namesakes_are_told_apart_by_what_is_not_their_name(capsys: pytest.CaptureFixture[str], name: str) -> None:
    bundle = two()
    (old, shop) = sorted(bundle.endpoints, key=lambda one: one.name)
    other = replace(shop, region="eu-west-1")
    text = show(capsys, replace(bundle, endpoints=(other, old, shop)), "--format", name)
    assert "(eu-west-1)" in text
    assert "(us-east-1)" in text
    assert not re.search(r"old[^|\n]{0,4}\((eu|us)-", text)
    elsewhere = show(capsys, replace(bundle, endpoints=(old, shop, replace(shop, account="2" * 12))), "--format", name)
    assert "(222222222222)" in elsewhere


def test_an_hour_that_was_never_seen_is_no_quiet_one(capsys: pytest.CaptureFixture[str]) -> None:
    story = account_of(described(born="2026-11-15T06:00:00Z"), MODEL)
    show(capsys, bundle_of(story, cpu((312, None), (24, 50, 40, 2400, 60))), "--format", "html=page.html")
    text = Path("page.html").read_text()
    assert len(re.findall(r"never seen", text)) == 144  # of 168 hours the last 24 were
    assert text.count("url(#unseen1-1)") == 144


def test_a_number_in_a_sentence_is_never_cut(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("table", "markdown", "html"):
        text = show(capsys, two(), "--format", name)
        assert "…" not in text
        assert "1.836" in text


@pytest.mark.parametrize("name", ["table", "json", "markdown", "html"])
def test_names_of_strangers_do_nothing(capsys: pytest.CaptureFixture[str], name: str) -> None:
    requests = invocations((HOURS, None), dimensions={"EndpointName": HOSTILE, "VariantName": "a"})
    text = show(capsys, bundle_of(account_of(described(HOSTILE), MODEL), requests), "--format", name)
    assert "\n::error" not in text
    if name == "html":
        assert "<script" not in text
    if name == "markdown":
        assert not re.search(r"(?<!`)@team(?!`)", re.sub(r"`+[^`]*`+", "", text))
        assert "<script>" not in re.sub(r"(`+).*?\1", "", text)


def test_a_usage_file_and_jobs_of_load_tests_are_written(capsys: pytest.CaptureFixture[str]) -> None:
    assert show(capsys, two(), "--usage-file", "usage.yml") == ""
    usage.load("usage.yml")
    (job,) = json.loads(show(capsys, two(), "--recommender"))
    types = [one["InstanceType"] for one in job["InputConfig"]["EndpointConfigurations"]]
    assert types[:2] == ["ml.m4.10xlarge", "ml.c5.9xlarge"]


def load_test(instance_type: str = "ml.m5.xlarge", a_minute: float = 730) -> str:
    recommendation = {
        "Metrics": {"MaxInvocations": a_minute, "ModelLatency": 81, "CpuUtilization": float("nan")},
        "EndpointConfiguration": {"InstanceType": instance_type, "InitialInstanceCount": 1},
    }
    job = {"JobName": "fit", "Status": "COMPLETED", "InputConfig": {"ModelName": "m"}}
    return json.dumps({**job, "InferenceRecommendations": [recommendation]})


def test_load_tests_of_the_same_model_stand_beside_what_was_seen(capsys: pytest.CaptureFixture[str]) -> None:
    Path("job.json").write_text(load_test())
    assert "was load-tested (fit: ml.m5.xlarge 0.005251 USD" in show(capsys, two(), "--recommendations", "job.json")


def test_a_load_test_in_the_bundle_counts_without_its_file_and_in_a_check(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("evidence.json").write_text(bundle_file.text(two()))
    # 1,000 an hour are 16.7 a minute, of which ml.c5.9xlarge answers 10 by its test
    Path("job.json").write_text(load_test("ml.c5.9xlarge", 10))
    flags = ["--recommendations", "job.json", "--output", "tested.json"]
    assert cli.main(["utilization", "merge", "evidence.json", *flags]) == 0
    Path("job.json").unlink()
    found = bundle_file.read("tested.json")
    assert [each.name for each in found.load_tests] == ["fit"]
    capsys.readouterr()
    text = show(capsys, found)
    assert "was load-tested (fit: ml.c5.9xlarge" in text
    assert "too large: ml.c5.9xlarge" not in text
    assert merging.merged([found, two(), found]) == merging.merged([found])


def test_advice_on_scaling_stands_beside_the_endpoint_that_it_names(capsys: pytest.CaptureFixture[str]) -> None:
    policy = {"TargetTracking": {"TargetValue": 120.5}}
    advice = {"EndpointName": "shop", "DynamicScalingConfiguration": {"MinCapacity": 1, "MaxCapacity": 4}}
    advice["DynamicScalingConfiguration"] |= {"ScalingPolicies": [policy]}  # type: ignore[operator] # a mapping
    Path("advice.json").write_text(json.dumps(advice))
    text = show(capsys, two(), "--recommendations", "advice.json")
    assert "shop/a: was advised by Inference Recommender to run 1 to 4 instances, at a target of 120.5" in text
    assert "old/a: was advised" not in text


def test_a_file_that_is_no_bundle_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    Path("evidence.json").write_text("{}")
    assert cli.main(["utilization", "show", "evidence.json"]) == 2
    assert capsys.readouterr().err.startswith("guardrail: evidence.json: no bundle of evidence")


def test_evidence_of_long_ago_says_so(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    found = bundle_of(account_of(described()), cpu((HOURS, 50, 30, 1, 60)), invocations((HOURS, 50)))
    Path("evidence.json").write_text(bundle_file.text(found))
    for epoch, is_old in ((1796083200, False), (1798675200, True)):  # 2026-12-01 and 2026-12-31
        monkeypatch.setenv("SOURCE_DATE_EPOCH", str(epoch))
        assert cli.main(["utilization", "show", "evidence.json"]) == 0
        assert ("the evidence is 45 days old" in capsys.readouterr().err) is is_old


def updated(before: str) -> Bundle:
    """236 hours on a type at 12 cores, and since an update 100 at one core on ml.m5.4xlarge."""
    earlier = described("shop", instance_type=before)["endpoint_configs"][0]
    story = described("shop", instance_type="ml.m5.4xlarge")
    made = "2026-11-12T02:00:00Z"
    story["endpoints"][0].update(EndpointConfigName="shop-2", LastModifiedTime=made)
    story["endpoint_configs"][0].update(EndpointConfigName="shop-2", CreationTime="2026-11-12T01:50:00Z")
    return bundle_of(
        account_of(story, {"endpoint_configs": [{**earlier, "EndpointConfigName": "shop-1"}]}, MODEL),
        cpu((236, 1200, 900, 54000, 60), (100, 100, 50, 3000, 60)),
        memory((HOURS, 10, 10, 600, 60)),
        invocations((HOURS, 1000)),
    )


def test_the_table_shows_the_use_that_the_need_is_made_of(capsys: pytest.CaptureFixture[str]) -> None:
    # a hundred hours of one core since an update are no week: the need is of the twelve before it, 14.4 with room
    text = show(capsys, updated("ml.m5.4xlarge"))
    assert "needs 14.4 cores" in text
    (row,) = [line for line in text.splitlines() if line.startswith("shop  ")]
    assert "12 cores" in row
    # of another type they are no use of this one
    (row,) = [line for line in show(capsys, updated("ml.m5.12xlarge")).splitlines() if line.startswith("shop  ")]
    assert "12 cores" not in row
    assert "1 cores" in row
