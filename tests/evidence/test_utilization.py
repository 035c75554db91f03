"""``guardrail utilization``: an account on loopback becomes a bundle, and what goes wrong is said in a line."""

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from guardrail import cli
from guardrail.aws import inventory, metrics
from guardrail.aws.access import Access, CredentialsError
from guardrail.commands import schema
from guardrail.commands.utilization import live
from guardrail.evidence import bundle_file
from guardrail.evidence.bundle import Bundle
from tests.evidence.cloud import ACCOUNT, NOW, REGION, Call, Cloud, Refusal, Region, actions, most_in_a_second
from tests.evidence.conftest import Watch

ROOT = Path(__file__).resolve().parents[2]
BORN = "2026-09-01T08:00:00+00:00"
START = "2026-11-02T06:00:00+00:00"
"""The first hour of two weeks up to 06:00 on 16 November."""


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run the command: exit code, standard output, standard error."""

    def run(*arguments: str) -> tuple[int, str, str]:
        code = cli.main(["utilization", *arguments])
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return run


Ask = Callable[..., tuple[int, str, str]]


def add(region: Region, name: str, *, requests: int = 100, instance_type: str = "ml.m5.xlarge") -> None:
    """An endpoint of one variant that had so many requests in every hour of the window, and half of a core."""
    region.endpoints.append(
        {
            "EndpointName": name,
            "EndpointConfigName": f"{name}-config",
            "CreationTime": BORN,
            "ProductionVariants": [{"VariantName": "a", "CurrentInstanceCount": 1}],
        }
    )
    region.endpoint_configs.append(
        {
            "EndpointConfigName": f"{name}-config",
            "CreationTime": BORN,
            "ProductionVariants": [{"VariantName": "a", "ModelName": "m", "InstanceType": instance_type}],
        }
    )
    if not region.models:
        region.models.append({"ModelName": "m", "PrimaryContainer": {"Image": "i"}})
    dimensions = {"VariantName": "a", "EndpointName": name}
    region.measure("AWS/SageMaker", "Invocations", dimensions, start=START, rows=[[336, 1, 1, requests, requests]])
    region.measure(
        "/aws/sagemaker/Endpoints", "CPUUtilization", dimensions, start=START, rows=[[336, 50, 20, 1200, 60]]
    )


def written(path: str = "evidence.json") -> Bundle:
    return bundle_file.read(path)


# An account ----------------------------------------------------------------------------------------------------------


def test_an_account_of_two_hundred_endpoints_is_read_at_the_pace_that_aws_allows(
    cloud: Cloud,
    ask: Ask,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(inventory, "_AT_A_TIME", 1)
    monkeypatch.setattr(metrics, "_AT_A_TIME", 1)
    for number in range(200):
        add(cloud.region, f"shop-{number:03}")
    code, _, told = ask("--days", "3")
    assert code == 0, told
    found = written()
    assert len(found.endpoints) == 200
    variant = found.endpoints[117].variants[0]
    assert variant.requests is not None
    assert variant.requests.total == 7_200  # 72 hours of 100
    assert variant.segments[0].cpu_cores is not None
    assert variant.segments[0].cpu_cores.maximum * 2 == 1  # 50 of the 400 % of four
    assert max(each.at for each in cloud.calls) > 40  # 401 descriptions, nine a second
    assert most_in_a_second(cloud.calls, lambda call: call.service == "sagemaker") <= 10
    assert most_in_a_second(cloud.calls, lambda call: call.action == "GetMetricData") <= 50
    assert re.search(r"us-east-1: 200 endpoints, [\d,]+ metrics in \d+ calls of GetMetricData", told)
    assert not Path("evidence.json.journal").exists()
    assert Path("evidence.json").stat().st_size < 200 * 16_384


def test_what_a_large_run_costs_is_said_before_it_and_is_what_was_asked(cloud: Cloud, ask: Ask) -> None:
    for number in range(40):
        add(cloud.region, f"shop-{number}")
    _, _, told = ask("--days", "3")
    said = re.search(r"([\d,]+) metrics in (\d+) calls of GetMetricData, which AWS bills at most (0\.\d+) USD", told)
    assert said is not None
    asked = int(said[1].replace(",", ""))
    assert (asked, int(said[2])) == (cloud.metrics_requested, cloud.count("GetMetricData"))
    assert float(said[3]) == pytest.approx(asked / 100_000)  # a cent for a thousand


def test_several_regions_are_in_one_bundle(cloud: Cloud, ask: Ask) -> None:
    cloud.regions["eu-west-1"] = Region()
    add(cloud.region, "shop")
    add(cloud.regions["eu-west-1"], "laden")
    arguments = ("--region", "us-east-1", "--region", "eu-west-1", "--output", "of/both.json")
    assert ask(*arguments)[0] == 0
    found = written("of/both.json").endpoints
    assert [(each.region, each.name) for each in found] == [("eu-west-1", "laden"), (REGION, "shop")]


def test_the_window_ends_with_the_last_hour_that_is_ten_minutes_old_by_the_clock_of_aws(cloud: Cloud, ask: Ask) -> None:
    add(cloud.region, "shop")
    cloud.now = NOW.replace(minute=9)
    ask("--days", "2")
    survey = written().surveys[0]
    assert (f"{survey.start:%d %H:%M}", f"{survey.end:%d %H:%M}") == ("14 05:00", "16 05:00")


def test_minutes_are_read_of_chosen_endpoints(cloud: Cloud, ask: Ask) -> None:
    add(cloud.region, "shop")
    assert ask("shop", "--resolution", "300", "--days", "3")[0] == 0
    periods = {
        query["MetricStat"]["Period"]
        for call in cloud.calls
        if call.action == "GetMetricData"
        for query in call.arguments["MetricDataQueries"]
    }
    assert periods == {300, 86_400}


def test_only_the_endpoints_with_a_tag_are_read(cloud: Cloud, ask: Ask) -> None:
    for name in ("shop", "ads"):
        add(cloud.region, name)
    cloud.region.tags = {"ads": {"team": "ads"}, "shop": {"team": "search"}}
    assert ask("--tag", "team=search")[0] == 0
    assert [(each.name, each.tags) for each in written().endpoints] == [("shop", {"team": "search"})]


def test_a_variant_and_a_component_of_which_everything_is_known_take_sixteen_kilobytes_each(
    cloud: Cloud, ask: Ask
) -> None:
    add(cloud.region, "llm", instance_type="ml.g5.12xlarge")
    common = {"EndpointName": "llm", "VariantName": "a"}
    for name in ("chat", "embed"):
        cloud.region.inference_components.append({"InferenceComponentName": name, "CreationTime": BORN, **common})
    # No two hours alike, and all digits that a double has.
    rows = [[1, 400 * number / 337, 300 * number / 337, 18000 * number / 337, 60] for number in range(1, 337)]
    answer = cloud.answer

    def measured(call: Call) -> Any:
        for query in call.arguments.get("MetricDataQueries", ()):
            metric = query["MetricStat"]["Metric"]
            dimensions = {each["Name"]: each["Value"] for each in metric["Dimensions"]}
            cloud.region.measure(metric["Namespace"], metric["MetricName"], dimensions, start=START, rows=rows)
        return answer(call)

    cloud.answer = measured  # type: ignore[method-assign] # every metric that is asked for is there
    assert ask()[0] == 0
    endpoint = written().endpoints[0]
    assert [len(msgspec.json.encode(each)) < 16_384 for each in endpoint.variants] == [True]
    assert [len(msgspec.json.encode(each)) < 16_384 for each in endpoint.components] == [True, True]
    assert Path("evidence.json").stat().st_size < 3 * 16_384
    Draft202012Validator(json.loads(schema.text("evidence"))).validate(json.loads(Path("evidence.json").read_bytes()))


# What goes wrong -----------------------------------------------------------------------------------------------------


def test_one_refused_call_of_many_is_a_gap_that_is_told(cloud: Cloud, ask: Ask) -> None:
    add(cloud.region, "shop")
    cloud.denied = {"application-autoscaling:DescribeScalableTargets"}
    code, _, told = ask()
    assert code == 0
    assert "us-east-1: not known: application-autoscaling:DescribeScalableTargets: AccessDeniedException: User:" in told
    assert [gap.metric for gap in written().surveys[0].gaps] == ["application-autoscaling:DescribeScalableTargets"]


def test_metrics_that_may_not_be_read_are_unknown_and_not_zero(cloud: Cloud, ask: Ask) -> None:
    add(cloud.region, "shop")
    cloud.denied = {"cloudwatch:GetMetricData"}
    code, _, told = ask()
    assert code == 0
    assert re.search(r"us-east-1: not known: cloudwatch:GetMetricData: Forbidden: (\d+) of \1 metrics", told)
    variant = written().endpoints[0].variants[0]
    assert variant.requests is None
    assert {gap.reason for gap in variant.gaps} == {"Forbidden"}


def test_an_endpoint_that_is_not_there_is_named_with_the_nearest_that_is(cloud: Cloud, ask: Ask) -> None:
    add(cloud.region, "shop-prod")
    code, _, told = ask("shop-prd")
    assert code == 2
    assert told.startswith("guardrail: there is no endpoint 'shop-prd' in us-east-1, did you mean shop-prod?\n")
    assert list(Path().iterdir()) == []  # the next run is another collection


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--tag", "team=none"), "there is no endpoint with the tag 'team=none' in us-east-1"),
        (("shop", "--tag", "team=ads"), "there is no endpoint 'shop' with the tag 'team=ads' in us-east-1"),
        (("--tag", "team=search", "--tag", "tier=1"), "with the tag 'team=search' and 'tier=1' in"),
    ],
)
def test_a_tag_that_no_endpoint_has_leaves_the_bundle_that_is_there(
    cloud: Cloud, ask: Ask, arguments: tuple[str, ...], told: str
) -> None:
    add(cloud.region, "shop")
    cloud.region.tags = {"shop": {"team": "search"}}
    assert ask("--tag", "team=search")[0] == 0
    before = Path("evidence.json").read_bytes()
    code, _, said = ask(*arguments)
    assert code == 2
    assert told in said
    assert Path("evidence.json").read_bytes() == before
    assert not Path("evidence.json.journal").exists()


def test_tags_that_nobody_may_look_up_leave_no_journal_in_the_way_of_names(cloud: Cloud, ask: Ask) -> None:
    add(cloud.region, "shop")
    cloud.denied = {"tag:GetResources"}
    code, _, told = ask("--tag", "team=search")
    assert (code, "hint: name them" in told, "is kept in" in told) == (2, True, False)
    assert ask("shop")[0] == 0, "as the hint says"


def test_what_was_made_since_the_window_was_not_seen_for_less_than_no_time(cloud: Cloud, ask: Ask) -> None:
    add(cloud.region, "shop")
    cloud.region.endpoints[0]["CreationTime"] = f"{NOW.replace(minute=5):%Y-%m-%dT%H:%M:%SZ}"
    code, out, told = ask("--format", "table")
    assert (code, "seen for 0 hours alone" in out, "-1 hours" in out) == (0, True, False), (out, told)


def test_a_small_run_says_where_its_bundle_is_and_nothing_else(cloud: Cloud, ask: Ask) -> None:
    add(cloud.region, "shop")
    assert ask() == (0, "", "guardrail: wrote evidence.json: 1 endpoint in us-east-1\n")


def test_a_role_is_assumed_once_and_a_profile_that_is_none_is_named(cloud: Cloud, ask: Ask) -> None:
    add(cloud.region, "shop")
    role = "arn:aws:iam::111122223333:role/reader"
    assert ask("--role-arn", role)[0] == 0
    assert [call.action for call in cloud.calls if call.service == "sts"] == ["AssumeRole", "GetCallerIdentity"]
    cloud.failing = [("AssumeRole", Refusal("AccessDenied", "not authorized to perform: sts:AssumeRole", 403))]
    code, _, told = ask("--role-arn", role, "--output", "other.json")
    assert (code, told.splitlines()[0]) == (
        2,
        "guardrail: sts:AssumeRole: AccessDenied: not authorized to perform: sts:AssumeRole",
    )
    code, _, told = ask("--profile", "nobody", "--output", "other.json")
    assert (code, "the config profile (nobody) could not be found" in told) == (2, True)
    assert not Path("other.json").exists()


def test_a_role_of_a_profile_that_cannot_be_had_is_one_line(
    cloud: Cloud, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud.sessions_end = "2020-01-01T00:00:00Z"  # as where the clock of the machine is years ahead
    role = "role_arn = arn:aws:iam::111122223333:role/reader\nsource_profile = own\n"
    own = "[profile own]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = secret\n"
    Path("config").write_text(f"[profile reader]\n{role}{own}", encoding="utf-8")
    monkeypatch.setenv("AWS_CONFIG_FILE", "config")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    code, _, said = ask("--profile", "reader")
    first, hint = said.splitlines()
    assert (code, hint) == (2, "hint: is the clock of this machine right?")
    assert first.startswith("guardrail: the AWS credentials could not be renewed: credentials were refreshed, but")


def test_a_code_that_nobody_can_type_is_one_line(cloud: Cloud, watch: Watch) -> None:
    del cloud
    access = Access(profile=None, role_arn=None, region=REGION, clock=watch)  # type: ignore[arg-type] # it has both

    def nobody() -> None:
        raise EOFError

    with pytest.raises(CredentialsError, match="wants a code of MFA"):
        access.answered("sts", REGION, "get_caller_identity", nobody)


@pytest.mark.parametrize("name", ["\x1b[31mred", "a\n::error::b", "x" * 5000, "../../etc/passwd", "", "\udcff", "a/b"])
def test_a_hostile_name_is_told_in_one_harmless_line(cloud: Cloud, ask: Ask, name: str) -> None:
    code, _, told = ask(name)
    assert (code, cloud.calls) == (2, [])
    assert "is no name of an endpoint" in told
    assert len(told.splitlines()) == 2
    assert "\x1b" not in told
    assert len(told) < 400


def test_one_region_of_several_that_does_not_answer_is_a_gap(cloud: Cloud, ask: Ask) -> None:
    add(cloud.region, "shop")
    cloud.lost = {"ap-east-1"}
    code, _, told = ask("--region", "us-east-1", "--region", "ap-east-1")
    assert code == 0
    assert "ap-east-1: not known: every call: ap-east-1 does not answer for this account" in told
    assert [each.name for each in written().endpoints] == ["shop"]


def test_credentials_that_expire_in_one_region_end_the_others_at_once(cloud: Cloud, ask: Ask) -> None:
    cloud.regions["eu-west-1"] = Region()
    for number in range(60):
        add(cloud.regions["eu-west-1"], f"laden-{number}")
    add(cloud.region, "shop")
    cloud.failing = [("DescribeModel", Refusal("ExpiredTokenException", "expired"))]
    assert ask("--region", "us-east-1", "--region", "eu-west-1")[0] == 2
    assert cloud.count("GetMetricData") == 0
    assert not Path("evidence.json").exists()


def test_a_region_that_there_is_not_is_told_with_the_nearest(
    cloud: Cloud, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(cloud.region, "shop")
    monkeypatch.setenv("AWS_ENDPOINT_URL_SAGEMAKER", "http://127.0.0.1:9")  # where nobody listens
    code, _, told = ask("--region", "eu-centra-1")
    assert code == 2
    assert told.startswith("guardrail: eu-centra-1 cannot be reached, did you mean eu-central-1?: could not connect")


def test_the_only_region_that_does_not_answer_is_no_answer(cloud: Cloud, ask: Ask) -> None:
    cloud.lost = {"ap-east-1"}
    code, _, told = ask("--region", "ap-east-1")
    assert code == 2
    assert told.startswith("guardrail: ap-east-1 does not answer for this account")
    assert list(Path().iterdir()) == []


def test_credentials_that_expire_leave_what_was_answered_for_the_next_run(cloud: Cloud, ask: Ask) -> None:
    add(cloud.region, "shop")
    expired = Refusal("ExpiredTokenException", "The security token included in the request is expired")
    cloud.failing = [("DescribeModel", expired)]
    code, _, told = ask()
    assert code == 2
    assert "evidence.json.journal: the same command goes on from there" in told
    assert "guardrail: the AWS credentials have expired: ExpiredTokenException" in told
    described = cloud.count("DescribeEndpoint")
    code, _, told = ask()
    assert code == 0
    assert "going on with the run that looks at 14 days up to 2026-11-16 06:00 UTC" in told
    assert cloud.count("DescribeEndpoint") == described


def test_a_run_that_was_killed_goes_on_without_a_second_call_for_what_was_there(
    cloud: Cloud,
    ask: Ask,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("shop", "ads", "rank"):
        add(cloud.region, name)
    arrived, killed = threading.Event(), threading.Event()
    answer = cloud.answer

    def answer_once(call: Call) -> Any:
        found = answer(call)
        if call.action == "GetMetricData" and cloud.count("GetMetricData") == 2:
            arrived.set()  # the second call, after whose first half nobody is there to hear the answer
            killed.wait(20)
        return found

    monkeypatch.setattr(cloud, "answer", answer_once)
    command = [sys.executable, "-m", "guardrail", "utilization", "--region", REGION]
    process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.DEVNULL)
    assert arrived.wait(60)
    while b'"type":"series"' not in Path("evidence.json.journal").read_bytes():  # the first call is written down
        time.sleep(0.01)
    process.kill()
    process.wait()
    killed.set()
    kept = [json.loads(line) for line in Path("evidence.json.journal").read_bytes().splitlines()[1:]]
    answered = {each["id"] for each in kept if each["type"] == "series"}
    assert answered
    assert len(answered) < cloud.metrics_requested
    cloud.calls.clear()
    code, _, told = ask("--region", REGION)
    assert code == 0, told
    again = Counter(query["Id"] for call in cloud.calls for query in call.arguments.get("MetricDataQueries", ()))
    assert answered.isdisjoint(again)
    assert set(actions(cloud)) == {"sts:GetCallerIdentity", "cloudwatch:GetMetricData"}
    found = written()
    assert [each.variants[0].requests.total for each in found.endpoints if each.variants[0].requests] == [33_600] * 3


def test_many_gaps_are_told_in_ten_lines_and_all_are_in_the_bundle(cloud: Cloud, ask: Ask) -> None:
    for number in range(15):
        add(cloud.region, f"shop-{number}")
    cloud.denied = {"sagemaker:DescribeEndpoint"}
    code, _, told = ask()
    assert code == 0
    assert told.count("not known: sagemaker:DescribeEndpoint endpoint/shop-") == 10
    assert "us-east-1: and 5 gaps more" in told
    assert len(written().surveys[0].gaps) == 15


def test_a_bundle_that_could_not_be_written_is_made_again_of_what_was_answered(
    cloud: Cloud, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(cloud.region, "shop")

    def full(path: str, _: str) -> None:
        raise OSError(28, "No space left on device", path)

    with monkeypatch.context() as patched:
        patched.setattr("guardrail.output.write_file", full)
        code, _, told = ask()
    assert (code, "evidence.json: No space left on device" in told) == (2, True)
    cloud.calls.clear()
    assert ask()[0] == 0
    assert set(actions(cloud)) == {"sts:GetCallerIdentity"}
    assert not Path("evidence.json.journal").exists()


def whole_journal(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The lines of a journal that a run has ended with."""
    with monkeypatch.context() as patched:
        patched.setattr(live, "forget", lambda _: None)
        assert ask()[0] == 0
    Path("evidence.json").unlink()
    return Path("evidence.json.journal").read_bytes().splitlines(keepends=True)


@pytest.mark.parametrize("share", [0, 0.1, 0.3, 0.5, 0.8, 1])
def test_wherever_a_run_was_killed_the_next_one_asks_for_what_is_missing_alone(
    cloud: Cloud, ask: Ask, monkeypatch: pytest.MonkeyPatch, share: float
) -> None:
    of_every_kind(cloud.region)
    lines = whole_journal(ask, monkeypatch)
    assert ask()[0] == 0
    uninterrupted = Path("evidence.json").read_bytes()
    Path("evidence.json").unlink()
    kept, torn = lines[: 1 + int(share * (len(lines) - 1))], lines[-1][:40]
    Path("evidence.json.journal").write_bytes(b"".join(kept) + (torn if share < 1 else b""))
    Path("evidence.json.journal").chmod(0o600)
    answers = [json.loads(line) for line in kept[1:]]
    cloud.calls.clear()
    code, _, told = ask()
    assert code == 0, told
    described = {(each["call"].split(":")[1], each["subject"]) for each in answers if each["type"] == "answer"}
    asked = {
        (re.sub("(?<!^)(?=[A-Z])", "_", call.action).lower(), next(iter(map(str, call.arguments.values())), ""))
        for call in cloud.calls
        if call.service == "sagemaker" and call.action.startswith("Describe")
    }
    assert asked.isdisjoint(described)
    again = {query["Id"] for call in cloud.calls for query in call.arguments.get("MetricDataQueries", ())}
    assert again.isdisjoint(each["id"] for each in answers if each["type"] == "series")
    assert Path("evidence.json").read_bytes() == uninterrupted


@pytest.mark.parametrize("action", ["DescribeModel", "GetMetricData"])
def test_a_full_disk_is_one_line_and_the_next_run_goes_on(
    cloud: Cloud, ask: Ask, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full here")
    add(cloud.region, "shop")
    answer = cloud.answer

    def filling(call: Call) -> Any:
        if call.action == action:  # from here on every write into the journal finds no space
            journal = Path("evidence.json.journal").resolve()
            found = [int(each.name) for each in Path("/proc/self/fd").iterdir() if each.resolve() == journal]
            full = os.open("/dev/full", os.O_RDWR)
            for descriptor in found:
                os.dup2(full, descriptor)
            os.close(full)
        return answer(call)

    with monkeypatch.context() as patched:
        patched.setattr(cloud, "answer", filling)
        code, _, told = ask()
    assert code == 2
    assert "guardrail: evidence.json.journal cannot be written: No space left on device\n" in told
    assert not Path("evidence.json").exists()
    assert ask()[0] == 0


@pytest.mark.parametrize(
    "action", ["ListInferenceComponents", "DescribeModel", "DescribeScalingPolicies", "ListMetrics"]
)
def test_what_is_throttled_to_the_end_is_a_gap_and_changes_no_number(cloud: Cloud, ask: Ask, action: str) -> None:
    of_every_kind(cloud.region)
    cloud.failing = [(action, Refusal("ThrottlingException", "Rate exceeded"))] * 20
    code, _, told = ask()
    assert code == 0
    assert re.search(rf"us-east-1: not known: \S+:{action} ?\S*: ThrottlingException: Rate exceeded", told)
    assert [each.requests and each.requests.total for each in written().endpoints[0].variants] == [33_600]


def test_where_nothing_can_be_written_nothing_is_asked(cloud: Cloud, ask: Ask) -> None:
    add(cloud.region, "shop")
    Path("folder").mkdir()
    Path("nowhere.json").symlink_to("gone/away.json")
    for path, told in (("folder", "it is a directory"), ("nowhere.json", "it is a link that leads nowhere")):
        code, _, said = ask("--output", path)
        assert (code, cloud.calls) == (2, [])
        assert said.startswith(f"guardrail: cannot write {path}: {told}\n")
    assert not Path("gone").exists()


@pytest.mark.skipif(os.name == "nt", reason="named pipes are no files on Windows")
@pytest.mark.parametrize("kind", ["folder", "link", "pipe"])
def test_a_journal_is_a_file_of_ones_own(cloud: Cloud, ask: Ask, kind: str) -> None:
    add(cloud.region, "shop")
    path = Path("evidence.json.journal")
    if kind == "folder":
        path.mkdir()
    elif kind == "link":
        Path("other").write_text("precious")
        path.symlink_to("other")
    else:
        os.mkfifo(path, 0o600)
    code, _, told = ask()
    assert code == 2
    assert told.startswith("guardrail: evidence.json.journal cannot be written\n")
    assert not Path("other").exists() or Path("other").read_text() == "precious"


def test_an_interrupted_run_says_where_it_can_go_on(cloud: Cloud, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    add(cloud.region, "shop")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(metrics.Metrics, "fetch", interrupted)
        code, _, told = ask()
    assert code == 130
    assert "what was answered is kept in evidence.json.journal: the same command goes on from there" in told
    cloud.calls.clear()
    assert ask()[0] == 0
    assert set(actions(cloud)) == {"sts:GetCallerIdentity", "cloudwatch:GetMetricData"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--days", "0"), "'0' is no number of days"),
        (("--days", "500"), "CloudWatch keeps values of 3,600 s for 455 days"),
        (("shop", "--days", "20", "--resolution", "60"), "CloudWatch keeps values of 60 s for 15 days"),
        (("--resolution", "60"), "values of 60 s are for chosen endpoints"),
        (("--tag", "team"), "'team' is no tag: KEY=VALUE"),
        (("--tag", "team=\udcff"), "is no tag: KEY=VALUE"),
        (("--region", "us-east-1.example"), "'us-east-1.example' is no region"),
        (("--role-arn", "reader"), "'reader' is no role"),
        (("merge",), "no bundles to merge"),
    ],
)
def test_what_cannot_be_asked_is_said_before_anything_is(
    cloud: Cloud,
    ask: Ask,
    arguments: tuple[str, ...],
    told: str,
) -> None:
    code, out, said = ask(*arguments)
    assert (code, out) == (2, "")
    assert told in said
    assert cloud.calls == []


def test_a_file_that_is_no_bundle_is_not_written_over(cloud: Cloud, ask: Ask) -> None:
    Path("plan.json").write_text("{}", encoding="utf-8")
    code, _, told = ask("--output", "plan.json")
    assert (code, cloud.calls) == (2, [])
    assert "plan.json is there and no bundle of evidence" in told
    assert Path("plan.json").read_text(encoding="utf-8") == "{}"


def test_without_boto3_the_command_says_what_to_install(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    code, _, told = ask("--region", REGION)
    assert code == 2
    assert told == (
        "guardrail: reading metrics needs boto3, which is not installed\nhint: pip install 'guardrail-sagemaker[aws]'\n"
    )


# Nothing is changed --------------------------------------------------------------------------------------------------


def of_every_kind(region: Region) -> None:
    """An account of which every call has something to say."""
    add(region, "shop")
    region.endpoints[0]["LastModifiedTime"] = "2026-11-13T06:20:00+00:00"
    common = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": "endpoint/shop/variant/a",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }
    region.scaling_policies.append(
        {
            **common,
            "PolicyARN": "arn",
            "PolicyName": "p",
            "PolicyType": "StepScaling",
            "Alarms": [{"AlarmName": "wake", "AlarmARN": "arn"}],
            "CreationTime": BORN,
        }
    )
    region.inference_components.append(
        {"InferenceComponentName": "chat", "EndpointName": "shop", "VariantName": "a", "CreationTime": BORN}
    )
    region.transform_jobs.append(
        {
            "TransformJobName": "nightly",
            "ModelName": "m",
            "TransformResources": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1},
            "CreationTime": "2026-11-10T00:00:00+00:00",
            "TransformStartTime": "2026-11-10T00:10:00+00:00",
            "TransformEndTime": "2026-11-10T01:10:00+00:00",
        }
    )


def allowed_by_the_documentation() -> list[str]:
    page = (ROOT / "docs" / "evidence.md").read_text(encoding="utf-8")
    blocks = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", page, re.DOTALL) if "Statement" in block]
    return [action for block in blocks for each in block["Statement"] for action in each["Action"]]


def test_the_policy_in_the_documentation_allows_exactly_what_is_asked(cloud: Cloud, ask: Ask) -> None:
    of_every_kind(cloud.region)
    assert ask()[0] == 0
    allowed = allowed_by_the_documentation()
    asked = set(actions(cloud)) - {"sts:GetCallerIdentity"}  # which needs no permission
    assert sorted(allowed) == sorted(asked)
    assert all(re.fullmatch(r"[a-z-]+:(List|Describe|Get)[A-Za-z]+", action) for action in allowed)


@pytest.mark.parametrize("action", allowed_by_the_documentation())
def test_each_action_that_is_denied_alone_is_named_and_changes_no_number(cloud: Cloud, ask: Ask, action: str) -> None:
    of_every_kind(cloud.region)
    cloud.denied = {action}
    code, _, told = ask()
    assert action in told
    if action == "sagemaker:ListEndpoints":
        assert code == 2
        return
    assert code == 0
    (endpoint,) = written().endpoints
    told_requests = [variant.requests.total for variant in endpoint.variants if variant.requests is not None]
    unknown = action in ("cloudwatch:GetMetricData", "sagemaker:DescribeEndpoint")
    assert told_requests == ([] if unknown else [33_600])


# Files in place of AWS -----------------------------------------------------------------------------------------------


def _described(cloud: Cloud, name: str = "shop") -> list[str]:
    """Descriptions as the command line of AWS writes them to files."""
    found = []
    for action, argument in (("DescribeEndpoint", name), ("DescribeEndpointConfig", f"{name}-config")):
        call = Call(0, "sagemaker", REGION, action, {f"{action.removeprefix('Describe')}Name": argument})
        path = f"{action}.json"
        Path(path).write_text(json.dumps(cloud.answer(call)), encoding="utf-8")
        found += ["--from", path]
    return found


def _answered(cloud: Cloud, request: Any) -> Any:
    """What ``aws cloudwatch get-metric-data`` prints."""
    from datetime import datetime

    asked = {**request, **{key: datetime.fromisoformat(request[key]) for key in ("StartTime", "EndTime")}}
    answer = cloud.answer(Call(0, "cloudwatch", REGION, "GetMetricData", asked))
    return json.loads(json.dumps(answer, default=lambda time: time.isoformat()))


def test_queries_asked_by_somebody_else_make_the_same_bundle(cloud: Cloud, ask: Ask) -> None:
    add(cloud.region, "shop")
    assert ask("shop")[0] == 0
    live = written()
    cloud.calls.clear()
    code, out, _ = ask("shop", "--queries")
    assert code == 0
    assert "cloudwatch:GetMetricData" not in actions(cloud)
    Path("queries.json").write_text(out, encoding="utf-8")
    Path("answer.json").write_text(json.dumps(_answered(cloud, json.loads(out))), encoding="utf-8")
    given = [*_described(cloud), "--from", "queries.json", "--from", "answer.json"]
    code, _, told = ask(*given, "--output", "again.json")
    assert code == 0, told
    (here,), (there,) = written("again.json").endpoints, live.endpoints
    assert here.variants[0].requests is not None
    assert there.variants[0].requests is not None
    assert here.variants[0].segments == there.variants[0].segments
    assert here.variants[0].requests.profile == there.variants[0].requests.profile
    assert (here.account, here.region, here.created) == (there.account, there.region, there.created)
    assert "not known: application-autoscaling:DescribeScalableTargets: not asked for" in told
    assert "DescribeScalableTargets" in {gap.metric for gap in here.variants[0].gaps}
    Path("scaling.json").write_text('{"ScalableTargets": []}', encoding="utf-8")
    code, _, told = ask(*given, "--from", "scaling.json", "--output", "again.json")
    assert (code, "not known" in told) == (0, False)


def test_queries_of_files_need_no_credentials(cloud: Cloud, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    add(cloud.region, "shop")
    given = _described(cloud)
    cloud.calls.clear()
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    code, out, _ = ask("--queries", *given)
    assert (code, cloud.calls) == (0, [])
    dimensions = {
        (each["Name"], each["Value"])
        for query in json.loads(out)["MetricDataQueries"]
        for each in query["MetricStat"]["Metric"]["Dimensions"]
    }
    assert dimensions == {("EndpointName", "shop"), ("VariantName", "a")}


def test_queries_of_many_endpoints_are_several_files(cloud: Cloud, ask: Ask) -> None:
    for number in range(20):
        add(cloud.region, f"shop-{number}")
    code, _, told = ask("--queries")
    assert code == 2
    assert re.search(r"it takes \d+ calls of GetMetricData", told)
    assert ask("--queries", "--output", "queries.json")[0] == 0
    files = sorted(Path().glob("queries-*.json"))
    assert len(files) >= 3  # two or more of the window, one of the days before it
    assert all(len(json.loads(each.read_bytes())["MetricDataQueries"]) <= 500 for each in files)


def test_answers_without_their_queries_are_refused(cloud: Cloud, ask: Ask) -> None:
    add(cloud.region, "shop")
    answer = {"MetricDataResults": [{"Id": "m_1", "StatusCode": "Complete", "Timestamps": [], "Values": []}]}
    Path("answer.json").write_text(json.dumps(answer), encoding="utf-8")
    code, _, told = ask(*_described(cloud), "--from", "answer.json")
    assert code == 2
    assert "answers without their queries say nothing" in told
    assert not Path("evidence.json").exists()


def test_a_csv_is_of_the_variant_that_is_named(cloud: Cloud, ask: Ask) -> None:
    add(cloud.region, "shop")
    rows = [f"2026-11-{day:02}T06:00:00Z,CPUUtilization,{value}" for day, value in ((9, 120), (10, 200), (12, 80))]
    Path("cpu.csv").write_text("\n".join(["time,metric,value", *rows]), encoding="utf-8")
    code, _, told = ask("shop/a", *_described(cloud), "--from", "cpu.csv")
    assert code == 0, told
    variant = written().endpoints[0].variants[0]
    assert variant.segments[0].cpu_cores is not None
    assert (variant.segments[0].cpu_cores.maximum, variant.segments[0].cpu_cores.count) == (2, 3)  # 200 of 400 %
    assert variant.requests is None  # nobody said anything of them


def test_a_csv_of_times_and_values_alone_is_of_the_metric_before_its_name(cloud: Cloud, ask: Ask) -> None:
    add(cloud.region, "shop")
    Path("cpu.csv").write_text("timestamp,value\n2026-11-09 06:00:00,120\n2026-11-09 08:00:00,80\n", encoding="utf-8")
    assert ask("shop/a", *_described(cloud), "--from", "cpu.csv")[0] == 2
    code, _, told = ask("shop/a", *_described(cloud), "--from", "CPUUtilization=cpu.csv")
    assert code == 0, told
    used = written().endpoints[0].variants[0].segments[0].cpu_cores
    assert used is not None
    assert (str(used.maximum), used.count) == ("1.2", 2)


def test_answers_that_hold_nothing_make_no_bundle(cloud: Cloud, ask: Ask) -> None:
    add(cloud.region, "shop")
    _, out, _ = ask("shop", "--queries")
    Path("queries.json").write_text(out, encoding="utf-8")
    Path("answer.json").write_text('{"MetricDataResults": []}', encoding="utf-8")
    Path("cpu.csv").write_text("time,metric,value\n", encoding="utf-8")
    for given, told in (
        (("--from", "queries.json", "--from", "answer.json"), "the answers hold no hour"),
        (("--from", "cpu.csv"), "the files hold no value"),
    ):
        code, _, said = ask("shop/a", *_described(cloud), *given)
        assert (code, told in said) == (2, True)
    assert not Path("evidence.json").exists()


def test_files_of_powershell_and_of_an_older_command_line_are_read(cloud: Cloud, ask: Ask) -> None:
    add(cloud.region, "shop")
    given = _described(cloud)
    described = json.loads(Path("DescribeEndpoint.json").read_bytes())
    described["CreationTime"] = described["LastModifiedTime"] = 1788249600.5  # 2026-09-01T08:00:00.5Z
    Path("DescribeEndpoint.json").write_text(json.dumps(described), encoding="utf-16")
    code, out, told = ask("--queries", *given)
    assert code == 0, told
    assert len(json.loads(out)["MetricDataQueries"]) > 20


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('{"a": 1}', "it has no key that is known"),
        ("[1]", "no description, queries or answer of AWS"),
        ('{"EndpointArn": 1}', "no description, queries or answer of AWS"),
        ('{"EndpointArn": "x", "EndpointName": "e"}', "missing required field `CreationTime`"),
        (
            '{"EndpointArn": "x", "EndpointName": "e", "CreationTime": "2026-01-01T00:00:00Z"}',
            "no answer of CloudWatch",
        ),
        ("{", "no description, queries or answer of AWS"),
        ("\0", "no endpoint is described"),
    ],
)
def test_a_foreign_file_is_one_line(ask: Ask, content: str, told: str) -> None:
    Path("given.json").write_text(content, encoding="utf-8")
    code, _, said = ask("--from", "given.json")
    assert code == 2
    assert told in said
    assert len(said.splitlines()) <= 2


@pytest.mark.parametrize("path", ["DescribeEndpoint.json", "DescribeEndpointConfig.json"])
def test_a_time_that_nobody_can_calculate_with_is_refused(cloud: Cloud, ask: Ask, path: str) -> None:
    add(cloud.region, "shop")
    given = _described(cloud)
    described = json.loads(Path(path).read_bytes())
    Path(path).write_text(json.dumps({**described, "CreationTime": "9999-12-31T23:59:59Z"}), encoding="utf-8")
    code, _, told = ask("--queries", *given)
    assert code == 2
    assert told.startswith("guardrail: 9999-12-31 is no time at which anything was made\n")


def test_files_of_two_accounts_are_not_mixed(cloud: Cloud, ask: Ask) -> None:
    add(cloud.region, "shop")
    given = _described(cloud)
    other = json.loads(Path("DescribeEndpoint.json").read_bytes())
    other["EndpointArn"] = other["EndpointArn"].replace(ACCOUNT, "999900001111")
    Path("other.json").write_text(json.dumps(other), encoding="utf-8")
    code, _, told = ask("--queries", *given, "--from", "other.json")
    assert code == 2
    assert "several accounts or regions" in told


# Several bundles -----------------------------------------------------------------------------------------------------


def test_bundles_of_two_runs_are_merged(cloud: Cloud, ask: Ask) -> None:
    add(cloud.region, "shop")
    add(cloud.region, "ads")
    assert ask("shop", "--output", "1.json")[0] == 0
    assert ask("ads", "--output", "2.json")[0] == 0
    assert ask("merge", "1.json", "2.json")[0] == 0
    assert [each.name for each in written().endpoints] == ["ads", "shop"]
    assert ask("merge", "1.json", "2.json", "--output", "-")[1] == Path("evidence.json").read_text(encoding="utf-8")


def test_a_merge_does_not_replace_what_it_reads(cloud: Cloud, ask: Ask) -> None:
    add(cloud.region, "shop")
    assert ask("--output", "1.json")[0] == 0
    before = Path("1.json").read_bytes()
    Path("2.json").write_bytes(before)
    code, _, told = ask("merge", "1.json", "2.json", "--output", "1.json")
    assert code == 2
    assert "the bundle would replace its own input 1.json" in told
    assert Path("1.json").read_bytes() == before


def test_a_merge_with_a_corrupt_bundle_is_no_answer(cloud: Cloud, ask: Ask) -> None:
    add(cloud.region, "shop")
    assert ask("--output", "1.json")[0] == 0
    Path("1.json").write_bytes(Path("1.json").read_bytes().replace(b"33600", b"33601"))
    code, _, told = ask("merge", "1.json")
    assert code == 2
    assert "its hash is another" in told
