"""``guardrail check --evidence``: what was observed is held against what a change declares, and says whose it is."""

import json
import subprocess
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from guardrail import cli
from guardrail.evidence import bundle_file
from guardrail.evidence.bundle import Bundle, LoadTestEvidence, MeasuredType
from tests.evidence.stories import (
    HOURS,
    MODEL,
    account_of,
    bundle_of,
    cpu,
    described,
    invocations,
    memory,
    of_component,
    series,
)

TEMPLATE = """
Resources:
  Model:
    Type: AWS::SageMaker::Model
    Properties: {ModelName: m, ExecutionRoleArn: "arn:aws:iam::111122223333:role/r"}
  Configuration:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      ProductionVariants:
        - {VariantName: a, ModelName: m, InstanceType: TYPE, InitialInstanceCount: COUNT, InitialVariantWeight: 1}
  Endpoint:
    Type: AWS::SageMaker::Endpoint
    Properties:
      EndpointName: shop
      EndpointConfigName: !GetAtt Configuration.EndpointConfigName
"""
TARGET = """
  Target:
    Type: AWS::ApplicationAutoScaling::ScalableTarget
    DependsOn: Endpoint
    Properties:
      ServiceNamespace: sagemaker
      ScalableDimension: sagemaker:variant:DesiredInstanceCount
      ResourceId: endpoint/shop/variant/a
      MinCapacity: 1
      MaxCapacity: MOST
  Policy:
    Type: AWS::ApplicationAutoScaling::ScalingPolicy
    Properties:
      PolicyName: p
      PolicyType: TargetTrackingScaling
      ScalingTargetId: !Ref Target
      TargetTrackingScalingPolicyConfiguration:
        TargetValue: 100
        PredefinedMetricSpecification: {PredefinedMetricType: SageMakerVariantInvocationsPerInstance}
"""
LARGE = "ml.m4.10xlarge"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795132800")  # 2026-11-20: what was seen is of four days ago
    return tmp_path


def busy(instance_type: str = LARGE, *, percent: float = 3000, memory_percent: float = 6, count: int = 1) -> Bundle:
    """Two weeks in which every hour was like the other: by default 30 cores of 40, and 9.6 GiB of 160."""
    samples = 60 * count
    return bundle_of(
        account_of(described(instance_type=instance_type, count=count), MODEL),
        cpu((HOURS, percent, percent / 2, percent * 30, samples)),
        memory((HOURS, memory_percent, memory_percent, memory_percent * 60, samples)),
        invocations((HOURS, 1000)),
    )


def template(instance_type: str = LARGE, count: int = 1, most: int | None = None) -> str:
    text = TEMPLATE.replace("TYPE", instance_type).replace("COUNT", str(count))
    return text if most is None else text + TARGET.replace("MOST", str(most))


def check(capsys: pytest.CaptureFixture[str], text: str, bundle: Bundle | None, *flags: str) -> dict[str, Any]:
    """The report on a template beside a bundle."""
    Path("template.yaml").write_text(text)
    named = []
    if bundle is not None:
        Path("evidence.json").write_text(bundle_file.text(bundle))
        named = ["--evidence", "evidence.json"]
    code = cli.main(["check", "template.yaml", "--region", "us-east-1", "--format", "json", *named, *flags])
    told = capsys.readouterr()
    assert told.err == ""
    report: dict[str, Any] = json.loads(told.out, parse_float=Decimal)
    assert code == report["exit_code"]
    return report


def found(report: dict[str, Any], policy: str) -> list[dict[str, Any]]:
    return [one for one in report["results"] if one["policy"] == policy and one["verdict"] != "pass"]


def test_what_is_larger_than_its_load_fails_with_the_dates_and_what_would_do(
    capsys: pytest.CaptureFixture[str],
) -> None:
    # 30 × 1.2 = 36 cores, which ml.c5.9xlarge has: (2.40 - 1.836) × 730 = 411.72; both have volumes of 30 GB
    (finding,) = found(check(capsys, template(), busy()), "instances-fit-their-load")
    assert (finding["severity"], finding["verdict"], finding["saving_monthly"]) == ("error", "fail", "411.720")
    assert "evidence of 2026-11-02 to 2026-11-16" in finding["message"]
    assert "36 cores" in finding["message"]
    assert "ml.c5.9xlarge" in finding["remediation"]["cloudformation"]


def test_evidence_takes_the_place_of_an_opinion_on_size(capsys: pytest.CaptureFixture[str]) -> None:
    # 40 vCPUs are above the limit of 16 outside of production; that 34 are used says that they are needed
    text = template() + "      Tags: [{Key: environment, Value: dev}]\n"
    assert found(check(capsys, text, None), "instances-are-right-sized")
    used = check(capsys, text, busy(percent=3400, memory_percent=90))
    assert found(used, "instances-are-right-sized") == found(used, "instances-fit-their-load") == []
    quiet = check(capsys, text, busy(percent=300, memory_percent=2))
    assert found(quiet, "instances-are-right-sized") == []
    assert len(found(quiet, "instances-fit-their-load")) == 1


def test_a_smaller_type_that_the_evidence_contradicts_fails(capsys: pytest.CaptureFixture[str]) -> None:
    # 6.4 cores were used on 16: four are too few
    report = check(capsys, template("ml.m5.xlarge"), busy("ml.m5.4xlarge", percent=640, memory_percent=15))
    (finding,) = found(report, "instances-fit-their-load")
    assert "too small for its load: 4 of 6.4 cores" in finding["message"]
    assert finding["saving_monthly"] is None


def test_a_lower_maximum_that_the_evidence_contradicts_fails(capsys: pytest.CaptureFixture[str]) -> None:
    # four instances with 3 of 4 cores busy are 12 cores: three instances, and two are the most that there may be
    seen = busy("ml.m5.xlarge", percent=300, memory_percent=60, count=4)
    (finding,) = found(check(capsys, template("ml.m5.xlarge", 1, most=2), seen), "instances-fit-their-load")
    assert "may have 2 instances of ml.m5.xlarge, and its load took 3" in finding["message"]
    assert found(check(capsys, template("ml.m5.xlarge", 1, most=4), seen), "instances-fit-their-load") == []


def test_more_and_smaller_instances_that_share_the_load_pass(capsys: pytest.CaptureFixture[str]) -> None:
    # 6.4 cores of one are 1.6 of each of four
    report = check(capsys, template("ml.c5.xlarge", 4), busy("ml.m5.4xlarge", percent=640, memory_percent=5))
    assert not any("too small" in one["message"] for one in found(report, "instances-fit-their-load"))


def test_a_short_window_makes_it_a_note_that_fails_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    story = account_of(described(instance_type=LARGE, born="2026-11-14T06:00:00Z"), MODEL)
    seen = bundle_of(story, cpu((288, None), (48, 100, 50, 3000, 60)), memory((288, None), (48, 5, 5, 300, 60)))
    (finding,) = found(check(capsys, template(), seen), "instances-fit-their-load")
    assert finding["severity"] == "note"


def test_what_nobody_asked_is_told_with_its_cost_and_is_not_sized(capsys: pytest.CaptureFixture[str]) -> None:
    story = account_of(described(instance_type="ml.m5.xlarge"), MODEL)
    seen = [invocations((HOURS, None)), cpu((HOURS, 3, 1, 60, 60)), memory((HOURS, 5, 5, 300, 60))]
    since_september = datetime(2026, 9, 1, tzinfo=UTC)
    before = series("Invocations", [(76, None)], namespace="AWS/SageMaker", start=since_september, period=86400)
    report = check(capsys, template("ml.m5.xlarge"), bundle_of(story, *seen, before))
    (finding,) = found(report, "endpoints-are-used")
    # 336 × 0.23 = 77.28 in the window; 167.90 and a volume of 8 GB at 0.14 a month
    assert "77.28 USD" in finding["message"]
    assert (finding["severity"], finding["saving_monthly"]) == ("warning", "169.02")
    assert found(report, "instances-fit-their-load") == []
    # who did not look at the days before cannot exclude a job of the first of each month
    (finding,) = found(check(capsys, template("ml.m5.xlarge"), bundle_of(story, *seen)), "endpoints-are-used")
    assert finding["severity"] == "note"


def test_another_endpoint_another_region_and_another_account_are_not_meant(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for text, region in ((template().replace("shop", "other"), "us-east-1"), (template(), "eu-west-1")):
        report = check(capsys, text, busy(), "--region", region)
        assert found(report, "instances-fit-their-load") == []


def test_what_is_expected_comes_from_evidence_and_the_usage_file_goes_before_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    serverless = {"ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5}, "InstanceType": None}
    took = series("ModelLatency", [(HOURS, 300_000, 200_000, 200_000 * 1000, 1000)], namespace="AWS/SageMaker")
    seen = bundle_of(account_of(described(variant=serverless), MODEL), invocations((HOURS, 1000)), took)
    text = template().replace(
        "InstanceType: ml.m4.10xlarge, InitialInstanceCount: 1",
        "ServerlessConfig: {MemorySizeInMB: 2048, MaxConcurrency: 5}",
    )
    # 1,000 × 730 requests of 0.2 s at 0.00004: 730,000 × 0.2 × 0.00004 = 5.84
    report = check(capsys, text, seen)
    assert Decimal(report["totals"]["after"]["expected"]) == Decimal("5.84")
    (component,) = (
        one for one in report["endpoints"][0]["variants"][0]["components"] if one["kind"] == "serverless-compute"
    )
    assert component["origins"]["quantity"] == "evidence of 2026-11-16: requests × duration"
    Path("usage.yml").write_text("version: 0.1\nresource_usage: {Endpoint: {monthly_requests: 1000000}}\n")
    # the file says 1,000,000 requests, and nothing of how long they take: 1,000,000 × 0.2 × 0.00004 = 8.00
    report = check(capsys, text, seen, "--usage-file", "usage.yml")
    assert Decimal(report["totals"]["after"]["expected"]) == Decimal("8.00")


def test_a_usage_file_of_several_inputs_is_looked_up_in_all_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    Path("other.yaml").write_text(template().replace("Endpoint:", "Second:").replace("shop", "other"))
    Path("usage.yml").write_text(
        "version: 0.1\nresource_usage: {Endpoint: {monthly_requests: 1000}, Second: {monthly_requests: 1}}\n"
    )
    report = check(capsys, template(), busy(), "other.yaml", "--usage-file", "usage.yml")
    assert [each for each in report["notices"] if "nothing has the address" in each] == []


def test_scaling_is_expected_to_run_as_it_ran(capsys: pytest.CaptureFixture[str]) -> None:
    seen = busy("ml.m5.xlarge", percent=300, memory_percent=30, count=3)
    report = check(capsys, template("ml.m5.xlarge", 1, most=4), seen)
    # three of them: 3 × (0.23 × 730 + 8 × 0.14) = 507.06, between 1 and 4
    assert Decimal(report["totals"]["after"]["expected"]) == Decimal("169.02")  # nothing scaled it when it was seen
    target = {
        "ResourceId": "endpoint/shop/variant/a",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
        "MinCapacity": 1,
        "MaxCapacity": 4,
    }
    scaled = bundle_of(
        account_of(described(instance_type="ml.m5.xlarge", count=3), MODEL, {"scalable_targets": [target]}),
        cpu((HOURS, 300, 200, 200 * 180, 180)),
        invocations((HOURS, 1000)),
    )
    report = check(capsys, template("ml.m5.xlarge", 1, most=4), scaled)
    assert Decimal(report["totals"]["after"]["expected"]) == Decimal("507.06")


def test_evidence_that_is_old_or_of_a_time_to_come_is_said_to_be(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # it ends on 2026-11-16: 46 days before 2027-01-01, and after 2026-10-01
    days = {
        1798761600: "is 46 days old: what it says is a note",
        1790812800: "is of a time to come, in 46 days",
        1794787200: "",
    }
    for epoch, told in days.items():
        monkeypatch.setenv("SOURCE_DATE_EPOCH", str(epoch))
        notices = [one for one in check(capsys, template(), busy())["notices"] if "the evidence" in one]
        assert notices == ([f"evidence.json: the evidence {told}"] if told else [])


def test_settings_may_name_the_bundle(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    (folder / ".guardrail.yml").write_text("evidence: seen/evidence.json\n")
    (folder / "seen").mkdir()
    (folder / "seen" / "evidence.json").write_text(bundle_file.text(busy()))
    report = check(capsys, template(), None)
    assert report["evidence_file"] == "seen/evidence.json"
    assert len(found(report, "instances-fit-their-load")) == 1


@pytest.mark.parametrize("content", ["{}", "", '{"version": "9"}', '{"version": "1", "hash": "0"}'])
def test_a_bundle_that_is_none_is_no_answer(capsys: pytest.CaptureFixture[str], content: str) -> None:
    Path("template.yaml").write_text(template())
    Path("evidence.json").write_text(content)
    assert cli.main(["check", "template.yaml", "--region", "us-east-1", "--evidence", "evidence.json"]) == 2
    told = capsys.readouterr().err
    assert told.startswith("guardrail: evidence.json: ")
    assert "Traceback" not in told


def test_evidence_that_the_change_brings_is_named_and_does_not_count_for_a_stranger(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    def git(*arguments: str) -> None:
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)  # noqa: S607

    (folder / ".guardrail.yml").write_text("evidence: evidence.json\n")
    (folder / "template.yaml").write_text(template())
    (folder / "evidence.json").write_text(bundle_file.text(busy()))
    git("init", "-q")
    git("add", "-A")
    git("commit", "-qm", "base")
    needed = bundle_file.text(busy(percent=3400, memory_percent=90))  # so that nothing smaller would do
    (folder / "evidence.json").write_text(needed)
    arguments = ["check", "template.yaml", "--region", "us-east-1", "--format", "json"]
    cli.main([*arguments, "--terms-before", "HEAD"])
    changed = json.loads(capsys.readouterr().out)
    assert changed["own_terms"] == ["the evidence differs"]
    assert found(changed, "instances-fit-their-load") == []
    git("archive", "-o", "base.tar", "HEAD")
    (folder / "base").mkdir()
    subprocess.run(["tar", "xf", "base.tar", "-C", "base"], cwd=folder, check=True)  # noqa: S607
    (folder / "base" / ".git").mkdir()
    cli.main([*arguments, "--settings-from", "base", "--untrusted"])
    trusted = json.loads(capsys.readouterr().out)
    assert len(found(trusted, "instances-fit-their-load")) == 1


class Change:
    """A repository of a team, and what a change since its first commit makes of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "template.yaml").write_text(template())
        self.git("init", "-q")
        self.commit()

    def git(self, *arguments: str) -> None:
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *identity, *arguments], cwd=self.folder, check=True, capture_output=True)  # noqa: S607

    def commit(self) -> None:
        self.git("add", "-A")
        self.git("commit", "-qm", "x")

    def terms(self, capsys: pytest.CaptureFixture[str], *flags: str, before: str = "HEAD^") -> list[str]:
        arguments = ["check", "template.yaml", "--region", "us-east-1", "--format", "json"]
        cli.main([*arguments, "--terms-before", before, *flags])
        found: list[str] = json.loads(capsys.readouterr().out)["own_terms"]
        return found


USAGE = "version: 0.1\nresource_usage: {Endpoint: {monthly_requests: 1}}\n"
BROUGHT = [
    ("--evidence", "evidence.json", bundle_file.text(busy()), "it brings the evidence that counts"),
    ("--usage-file", "usage.yml", USAGE, "the usage file differs"),
    ("--config", "terms.yml", "fail_on: never\n", "fail_on from error to never"),
]


@pytest.mark.parametrize(("flag", "name", "text", "phrase"), BROUGHT, ids=[flag for flag, *_ in BROUGHT])
def test_what_a_flag_names_and_the_change_brings_is_named(
    capsys: pytest.CaptureFixture[str], folder: Path, flag: str, name: str, text: str, phrase: str
) -> None:
    change = Change(folder)
    (folder / name).write_text(text)
    assert change.terms(capsys, flag, name, before="HEAD") == [phrase], "before it is committed, too"
    change.commit()
    assert change.terms(capsys, flag, name) == [phrase]
    change.git("commit", "-q", "--allow-empty", "-m", "x")
    assert change.terms(capsys, flag, name) == [], "then it was there before"


@pytest.mark.parametrize(("flag", "name", "text", "phrase"), BROUGHT, ids=[flag for flag, *_ in BROUGHT])
def test_what_the_job_makes_itself_is_not_brought_by_the_change(
    capsys: pytest.CaptureFixture[str], folder: Path, flag: str, name: str, text: str, phrase: str
) -> None:
    change = Change(folder)
    change.git("commit", "-q", "--allow-empty", "-m", "x")
    (folder / name).write_text(text)
    assert change.terms(capsys, flag, name) == [], phrase


@pytest.mark.parametrize(("key", "text"), [("evidence", bundle_file.text(busy())), ("usage_file", USAGE)])
def test_what_settings_name_and_the_job_makes_is_not_brought_by_the_change(
    capsys: pytest.CaptureFixture[str], folder: Path, key: str, text: str
) -> None:
    change = Change(folder)
    (folder / ".guardrail.yml").write_text(f"{key}: made\n")
    change.commit()
    change.git("commit", "-q", "--allow-empty", "-m", "x")
    (folder / "made").write_text(text)
    assert change.terms(capsys) == []
    (folder / ".guardrail.yml").write_text(f"{key}: {folder}/made\n")  # which lies in no copy of the base
    assert change.terms(capsys) == []
    (folder / ".guardrail.yml").write_text(f"{key}: made\n")
    change.commit()
    assert len(change.terms(capsys)) == 1, "what it commits, it brings"


@pytest.mark.parametrize(
    ("brought", "named"),
    [
        ({".guardrail.yml": "evidence: evidence.json\n", "evidence.json": bundle_file.text(busy())}, ".guardrail.yml"),
        ({".guardrail.yml": "fail_on: never\n"}, ".guardrail.yml"),
        ({"guardrail-usage.yml": USAGE}, "guardrail-usage.yml"),
        ({".guardrail-baseline.json": '{"version": 1, "findings": []}'}, ".guardrail-baseline.json"),
    ],
    ids=["evidence", "settings", "usage", "baseline"],
)
def test_a_stranger_is_not_judged_by_terms_that_stand_beside_the_code(
    capsys: pytest.CaptureFixture[str], folder: Path, brought: dict[str, str], named: str
) -> None:
    for name, text in {**brought, "template.yaml": template()}.items():
        (folder / name).write_text(text)
    arguments = ["check", "template.yaml", "--region", "us-east-1", "--untrusted"]
    assert cli.main(arguments) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"guardrail: {named}: ")
    assert "--settings-from DIR" in said
    assert cli.main([*arguments, "--isolated", "--format", "json"]) in (0, 1)
    told = json.loads(capsys.readouterr().out)
    assert (told["settings_file"], told["usage_file"], told["evidence_file"]) == (None, None, None)


def test_a_load_test_in_the_bundle_is_told_with_its_cost_per_request_and_contradicts_what_is_too_slow(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def tested(instance_type: str, a_minute: str) -> Bundle:
        one = MeasuredType(instance_type=instance_type, invocations_a_minute=Decimal(a_minute))
        test = LoadTestEvidence(account=None, region="us-east-1", name="fit", model="m", types=(one,))
        return bundle_file.sealed(structs.replace(busy(), load_tests=(test,)))

    # 1.836 / (1,020 × 60) × 1,000 = 0.03
    (finding,) = found(check(capsys, template(), tested("ml.c5.9xlarge", "1020")), "instances-fit-their-load")
    assert finding["detail"] == "a load test says: fit: ml.c5.9xlarge 0.030000 USD for 1,000 requests"
    assert "ml.c5.9xlarge has" in finding["message"]
    # 1,000 in each hour are 16.7 a minute
    (finding,) = found(check(capsys, template(), tested("ml.c5.9xlarge", "16")), "instances-fit-their-load")
    assert "ml.c5.9xlarge has" not in finding["message"]
    other = tested("ml.c5.9xlarge", "16")
    elsewhere = structs.replace(other.load_tests[0], region="eu-west-1")
    (finding,) = found(
        check(capsys, template(), bundle_file.sealed(structs.replace(other, load_tests=(elsewhere,)))),
        "instances-fit-their-load",
    )
    assert "ml.c5.9xlarge has" in finding["message"], "a model of that name elsewhere is another"


def test_explain_says_what_evidence_says_as_a_check_does(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    (folder / "template.yaml").write_text(template())
    (folder / "evidence.json").write_text(bundle_file.text(busy()))
    arguments = ["explain", "template.yaml", "shop", "--region", "us-east-1", "--format", "json"]
    assert cli.main(arguments) == 0
    assert "evidence of" not in capsys.readouterr().out
    assert cli.main([*arguments, "--evidence", "evidence.json"]) == 0
    told = capsys.readouterr().out
    # 30 × 1.2 = 36 cores, which ml.c5.9xlarge has
    assert "evidence of 2026-11-02 to 2026-11-16" in told
    assert "ml.c5.9xlarge" in told
    (folder / "evidence.json").write_text("{}")
    assert cli.main([*arguments, "--evidence", "evidence.json"]) == 2
    assert capsys.readouterr().err.startswith("guardrail: evidence.json: no bundle of evidence")


def test_a_component_that_nobody_asks_is_told_and_costs_nothing_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    def component(name: str) -> dict[str, Any]:
        return {
            "InferenceComponentName": name,
            "EndpointName": "shop",
            "VariantName": "a",
            "InferenceComponentStatus": "InService",
            "CreationTime": "2026-09-02T08:00:00Z",
        }

    host = described(instance_type="ml.g5.12xlarge", variant={"ModelName": None})
    seen = bundle_of(
        account_of(host, {"inference_components": [component("chat"), component("embed")]}),
        of_component("chat", "Invocations", (HOURS, 1, 1, 800, 800)),
        of_component("embed", "Invocations", (HOURS, None)),
    )
    text = template("ml.g5.12xlarge").replace("ModelName: m, InstanceType", "InstanceType")
    for name in ("chat", "embed"):
        text += (
            f"  {name.title()}:\n    Type: AWS::SageMaker::InferenceComponent\n    Properties:\n"
            f"      InferenceComponentName: {name}\n      EndpointName: shop\n      VariantName: a\n"
            "      RuntimeConfig: {CopyCount: 1}\n      Specification: {ModelName: m}\n"
        )
    report = check(capsys, text, seen)
    (finding,) = found(report, "components-are-used")
    assert "shop / embed is idle: no request since" in finding["message"]
    assert finding["saving_monthly"] is None
    assert found(report, "endpoints-are-used") == []


ONCE = [(50, 300, 240, 14400, 60), (1, 3000, 2100, 126000, 60), (285, 300, 240, 14400, 60)]


def test_a_smaller_type_below_a_maximum_that_came_once_is_a_note(capsys: pytest.CaptureFixture[str]) -> None:
    # 3 cores, with room 3.6 of the 4 that ml.c5.xlarge has; 30 in one hour
    seen = bundle_of(
        account_of(described(instance_type=LARGE), MODEL),
        cpu(*ONCE),
        memory((HOURS, 2, 2, 120, 60)),
        invocations((HOURS, 1000)),
    )
    report = check(capsys, template("ml.c5.xlarge"), seen)
    (finding,) = found(report, "variants-take-their-peaks")
    assert finding["severity"] == "note"
    assert "4 of 30 cores, 1 h above the 99th percentile" in finding["message"]


def test_serverless_in_place_of_what_needs_more_fails(capsys: pytest.CaptureFixture[str]) -> None:
    # 22 % of 16 GiB are 3.52, of the 2 that are declared
    text = template().replace(
        f"InstanceType: {LARGE}, InitialInstanceCount: 1", "ServerlessConfig: {MemorySizeInMB: 2048, MaxConcurrency: 5}"
    )
    seen = busy("ml.m5.xlarge", percent=100, memory_percent=22)
    (finding,) = found(check(capsys, text, seen), "serverless-fits-its-load")
    assert (finding["severity"], finding["verdict"]) == ("error", "fail")
    assert "ran on ml.m5.xlarge" in finding["message"]
    assert "2 of 3.52 GiB of memory" in finding["message"]


def test_evidence_of_long_ago_makes_notes_and_says_so(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1798675200")  # 2026-12-31
    report = check(capsys, template(), busy())  # it ends on 16 November: 45 days
    (finding,) = found(report, "instances-fit-their-load")
    assert finding["severity"] == "note"
    assert any("the evidence is 45 days old: what it says is a note" in one for one in report["notices"])
