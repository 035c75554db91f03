"""``guardrail explain``: its sums are the table's, its rows are those of the price table, and nothing is hidden."""

import json
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from guardrail import cli
from guardrail.commands import completion, schema
from guardrail.model import ServerlessVariant
from guardrail.reporters import curve
from tests.alternatives import built

ROOT = Path(__file__).resolve().parents[2]
STOREFRONT = str(ROOT / "examples" / "storefront" / "plan.json")
SCENARIOS = ROOT / "tests" / "scenarios"
BOUNDS = ("floor", "expected", "ceiling")

Explain = Callable[..., Any]


@pytest.fixture
def explain(capsys: pytest.CaptureFixture[str]) -> Explain:
    """What it says: the text, or of JSON the answer."""

    def run(*words: str) -> Any:
        assert cli.main(["explain", *words]) == 0, capsys.readouterr().err
        text = capsys.readouterr().out
        return json.loads(text) if "json" in words else text

    return run


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """What it says where there is no answer."""

    def run(*words: str) -> str:
        assert cli.main(["explain", *words]) == 2
        shown = capsys.readouterr()
        assert shown.out == ""
        return shown.err

    return run


TEMPLATE = """\
Resources:
  Model:
    Type: AWS::SageMaker::Model
    Properties:
      ExecutionRoleArn: arn:aws:iam::111122223333:role/r
      PrimaryContainer: {Image: "111122223333.dkr.ecr.us-east-1.amazonaws.com/own:1"}
  Config:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      ProductionVariants:
        - {VariantName: main, ModelName: !GetAtt Model.ModelName, InstanceType: ml.m5.large, InitialInstanceCount: 1}
  Endpoint:
    Type: AWS::SageMaker::Endpoint
    Properties:
      EndpointName: chat
      EndpointConfigName: !GetAtt Config.EndpointConfigName
"""


@pytest.fixture
def template(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A template with one endpoint, called chat, as the only thing in the working directory."""
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    monkeypatch.chdir(tmp_path)
    return "template.yaml"


def report_of(path: str, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    cli.main(["check", path, "--format", "json", "--fail-on", "never"])
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer


@pytest.mark.parametrize("name", ["fraud", "invoices", "ranking", "ranking-staging", "reviews"])
def test_its_sums_are_those_of_a_check(name: str, explain: Explain, capsys: pytest.CaptureFixture[str]) -> None:
    answer = explain(STOREFRONT, name, "--format", "json")
    (checked,) = [each for each in report_of(STOREFRONT, capsys)["endpoints"] if each["name"] == name]
    assert answer["endpoint"] == checked
    components = [each for variant in checked["variants"] for each in variant["components"]] + checked["components"]
    for bound in BOUNDS:
        total = sum(Decimal(each["monthly"][bound]) for each in components if each["monthly"])
        assert Decimal(answer["monthly"][bound]) == total == Decimal(checked["monthly"][bound])


def test_the_lines_on_the_screen_come_to_the_total(explain: Explain) -> None:
    text = explain(STOREFRONT, "fraud")
    cost = text.split("what it costs")[1].split("where the numbers")[0]
    rows = [
        [Decimal(number.replace(",", "")) for number in found.group().split()]
        for line in cost.splitlines()
        if (found := re.search(r"([\d,]+\.\d\d +){2}[\d,]+\.\d\d$", line))
    ]
    *lines, total, _before = rows
    for place in range(3):
        assert abs(sum(row[place] for row in lines) - total[place]) <= Decimal("0.01") * len(lines)


def test_every_price_is_on_the_line_of_the_table_that_is_named(explain: Explain) -> None:
    rows = explain(STOREFRONT, "ranking", "--format", "json")["price_rows"]
    assert {row["usage_type"] for row in rows} >= {"USE1-Host:ml.m5.xlarge", "USE1-Host:VolumeUsage.gp2"}
    for row in rows:
        path, _, line = row["row"].rpartition(":")
        written = (ROOT / path).read_text().splitlines()[int(line) - 1].split(",")
        assert written[0] == row["usage_type"]
        assert Decimal(written[2]) == Decimal(row["usd"])
        assert row["date"] in written


def test_what_passes_is_said_too_and_what_was_accepted(template: str, explain: Explain, tmp_path: Path) -> None:
    waiver = "{policy: realtime-variants-scale, address: Endpoint, until: 2099-01-01, reason: a test}"
    (tmp_path / ".guardrail.yml").write_text(f"waivers:\n  - {waiver}\n")
    answer = explain(template, "chat", "--region", "us-east-1", "--format", "json")
    verdicts = {result["policy"]: result["verdict"] for result in answer["results"]}
    assert verdicts["realtime-variants-scale"] == "waived"
    assert verdicts["instance-is-offered-in-region"] == "pass"
    text = explain(template, "chat", "--region", "us-east-1")
    assert "realtime-variants-scale: until 2099-01-01: a test" in text
    assert re.search(r"\d+ passed: .*instance-is-offered-in-region", text.replace("\n    ", ""))


@pytest.mark.parametrize("name", ["Endpoint", "chat", "Endpoint/main", "chat/main"])
def test_an_address_a_name_and_a_variant_mean_the_same_endpoint(name: str, template: str, explain: Explain) -> None:
    answer = explain(template, name, "--format", "json")
    assert answer["endpoint"]["address"] == "Endpoint"
    assert answer["variant"] == ("main" if "/" in name else None)
    assert list(answer["alternatives"]) == ["main"]


def test_without_a_path_it_is_found_from_here_and_alone_it_needs_no_name(template: str, explain: Explain) -> None:
    assert explain("chat", "--region", "us-east-1") == explain(template, "--region", "us-east-1")


def test_what_is_near_is_named(template: str, refused: Callable[..., str]) -> None:
    assert "nothing is called chta in template.yaml, did you mean chat?" in refused(template, "chta")
    assert "there is no such file or folder" in refused("plan.json")
    assert "there is no such file or folder" in refused("nowhere/", "chat")


def test_two_inputs_with_the_same_address_are_told_apart(template: str, refused: Callable[..., str]) -> None:
    Path("other.yaml").write_text(TEMPLATE)
    assert "is in 2 inputs: other.yaml, template.yaml" in refused(template, "other.yaml", "Endpoint")


def test_two_of_one_input_with_the_same_name_are_told_apart_by_their_addresses(
    template: str, refused: Callable[..., str]
) -> None:
    second = TEMPLATE[TEMPLATE.index("  Endpoint:") :].replace("Endpoint:\n", "Other:\n", 1)
    Path(template).write_text(TEMPLATE + second)
    said = refused(template, "chat")
    assert "chat is what 2 are called: Endpoint, Other" in said
    assert "hint: guardrail explain PATH ADDRESS, with one of these" in said


def test_a_folder_with_the_name_of_an_endpoint_does_not_hide_it(template: str, explain: Explain) -> None:
    Path("chat").mkdir()
    Path("chat", "other.yaml").write_text(TEMPLATE.replace("EndpointName: chat", "EndpointName: search"))
    assert "called chat" in explain(template, "chat", "--region", "us-east-1")
    assert "called search" in explain("chat", "--region", "us-east-1")
    both = explain(template, "./chat", "--region", "us-east-1")
    assert "what there is to explain" in both


def test_a_transform_job_is_called_by_its_label_and_by_its_file(
    explain: Explain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = {"ModelName": "m", "TransformResources": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1}}
    task = {"Type": "Task", "Resource": "arn:aws:states:::sagemaker:createTransformJob", "Parameters": request}
    states = {"Score": {**task, "Next": "Again"}, "Again": {**task, "End": True}}
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "score.asl.json").write_text(json.dumps({"StartAt": "Score", "States": states}))
    monkeypatch.chdir(tmp_path)
    whole = explain("jobs/score.asl.json", "score.asl.json/Score", "--region", "us-east-1")
    assert whole.startswith("guardrail explain score.asl.json/Score\n")
    assert explain("jobs/score.asl.json", "Score", "--region", "us-east-1") == whole
    assert explain("jobs/score.asl.json/Score", "--region", "us-east-1") == whole


def test_one_reason_of_many_policies_is_said_once(explain: Explain, tmp_path: Path) -> None:
    """What is managed elsewhere leaves dozens of them open."""
    change = {"actions": ["create"], "before": None, "after": {"name": "chat", "endpoint_config_name": "other"}}
    address = "aws_sagemaker_endpoint.chat"
    block = {"address": address, "mode": "managed", "type": "aws_sagemaker_endpoint", "name": "chat", "change": change}
    plan = {"format_version": "1.2", "resource_changes": [block], "configuration": {"root_module": {}}}
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    text = explain(str(tmp_path / "plan.json"), "chat", "--region", "us-east-1")
    assert text.count("? ") < 4
    assert re.search(r"what \d\d policies ask: its configuration is managed elsewhere", text)


def test_a_number_of_instances_that_is_not_known_is_no_number(template: str, explain: Explain) -> None:
    head = "Parameters:\n  Count: {Type: Number}\n"
    Path(template).write_text(head + TEMPLATE.replace("InitialInstanceCount: 1", "InitialInstanceCount: !Ref Count"))
    text = explain(template, "chat", "--region", "us-east-1")
    assert "instances: at least 1: initial_instance_count is unknown" in text
    assert "main: an unknown number of ml.m5.large (2 vCPUs, 8 GiB)" in text
    assert "in every hour" not in text


def test_a_price_that_is_missing_is_not_settled_by_another_region(template: str, explain: Explain) -> None:
    """ap-southeast-5 has no price for volumes."""
    Path(template).write_text(TEMPLATE.replace("ml.m5.large", "ml.m6i.large"))
    told = explain(template, "chat", "--region", "ap-southeast-5", "--format", "json")["unknown"]
    (volume,) = [each for each in told if each["what"].startswith("volume")]
    assert volume["settled_by"] == "guardrail prices refresh, or a table of your own (--prices)"


def test_hours_that_no_decimal_ends_are_cut_on_the_screen(explain: Explain, tmp_path: Path) -> None:
    """Four instances beside their successors for 5 minutes, ten times: 10 × 4 / 12 = 3.3333 h, 0.77 at 0.23."""
    policy = "{BlueGreenUpdatePolicy: {TrafficRoutingConfiguration: {Type: ALL_AT_ONCE, WaitIntervalInSeconds: 0}"
    written = TEMPLATE.replace("ml.m5.large, InitialInstanceCount: 1", "ml.m5.xlarge, InitialInstanceCount: 4")
    (tmp_path / "t.yaml").write_text(f"{written}      DeploymentConfig: {policy}, TerminationWaitInSeconds: 300}}}}\n")
    usage = "version: 0.1\nresource_usage:\n  Endpoint: {deployments_per_month: 10}\n"
    (tmp_path / "usage.yml").write_text(usage)
    found = explain(str(tmp_path / "t.yaml"), "chat", "--region=us-east-1", f"--usage-file={tmp_path / 'usage.yml'}")
    assert re.search(r"deployments, 10 × 5 min +3\.3333 h +0\.77", found)


def test_without_an_address_everything_is_listed_with_what_saves_most(explain: Explain) -> None:
    listed = explain(STOREFRONT, "--format", "json")
    assert {each["address"] for each in listed} >= {"aws_sagemaker_endpoint.fraud", "aws_sagemaker_endpoint.reviews"}
    text = explain(STOREFRONT)
    assert text.count("\n") < 20
    assert text.index("ranking-staging: up to 1,345.39") < text.index("fraud: up to 597.92")  # by money


def test_on_a_screen_the_best_of_many_are_named(explain: Explain) -> None:
    many = str(ROOT / "tests" / "equivalence_hcl" / "25_two_hundred_endpoints")
    text = explain(many, "--region", "us-east-1")
    named = text[text.index("what saves most instead") :].splitlines()[1:]
    assert len(named) == 21
    assert re.fullmatch(r" +and \d+ more \(--format json\)", named[-1])


def test_a_variant_of_what_is_deleted_costs_nothing_any_more(explain: Explain) -> None:
    plan = str(SCENARIOS / "destroy" / "plan.json")
    answer = explain(plan, "app/main", "--format", "json")
    assert (answer["monthly"], answer["variant"], answer["alternatives"]) == (None, "main", {})
    assert fits(answer) == []
    assert "it is deleted, and costs nothing any more" in explain(plan, "app/main")


def test_what_would_settle_a_doubt_is_said(template: str, explain: Explain) -> None:
    settles = {each["what"]: each["settled_by"] for each in explain(template, "chat", "--format", "json")["unknown"]}
    assert next(how for what, how in settles.items() if what.startswith("its region")) == "--region REGION"
    named = explain(template, "chat", "--region", "us-east-1", "--format", "json")["unknown"]
    assert any("monthly_data_in_gb" in (each["settled_by"] or "") for each in named)
    assert not any(each["what"].startswith("its region") for each in named)


def test_what_is_undecided_in_a_template_is_named(tmp_path: Path, explain: Explain) -> None:
    head = (
        "Parameters:\n  Stage: {Type: String, AllowedValues: [dev, prod]}\n"
        "Conditions:\n  IsProd: !Equals [!Ref Stage, prod]\n"
    )
    written = TEMPLATE.replace("InstanceType: ml.m5.large", "InstanceType: !If [IsProd, ml.m5.xlarge, ml.m5.large]")
    (tmp_path / "t.yaml").write_text(head + written)
    found = explain(str(tmp_path / "t.yaml"), "chat", "--region", "us-east-1", "--format", "json")
    told = [each for each in found["unknown"] if "Stage=prod" in each["what"]]
    assert [each["settled_by"] for each in told] == ["--parameters, or --var"]
    assert Decimal(found["monthly"]["floor"]) == Decimal("84.51")
    assert Decimal(found["monthly"]["ceiling"]) == Decimal("169.02")


def test_the_page_has_a_curve_with_the_point_where_both_cost_the_same(template: str, explain: Explain) -> None:
    """84.51 / 0.00004 / 730 h / 0.2 s = 14,470.9 requests an hour; a million a month are 1,369.9."""
    Path("usage.yml").write_text(
        "version: 0.1\nresource_usage:\n  Endpoint: {monthly_requests: 1000000, request_duration_ms: 200}\n"
    )
    page = explain(template, "chat", "--region", "us-east-1", "--usage-file", "usage.yml", "--format", "html")
    assert "<svg" in page
    assert "serverless costs what instances do at 14,470.9" in page
    assert "at present" in page
    assert "<script" not in page
    plain = explain(template, "chat", "--region", "us-east-1", "--format", "html")
    assert "seconds of compute an hour" in plain
    assert "at present" not in plain


def test_the_curve_is_to_scale() -> None:
    """Twice 14,470.9 requests an hour are 610 units from x = 70: they meet at 375, and half of the height.

    An instance that works all the time answers 3,600 / 0.2 = 18,000 an hour: 70 + 610 × 18,000 / 28,941.8 = 449.4. At
    0.115 an hour jobs cost 84.51 after 734.87 h: 70 + 610 × 734.87 / 730 × 18,000 / 28,941.8 = 451.9.
    """
    usage = built.used(monthly_requests="1000000", request_duration_ms="200")
    drawn = curve.drawn(built.found(built.endpoint(built.variant("ml.m5.large")), usage).values())
    assert drawn is not None
    assert drawn.cross == (375.0, 108.0)  # 200 - 184 / 2
    assert {line.name: line.ends for line in drawn.lines} == {
        "instances around the clock": (70.0, 108.0, 680.0, 108.0),
        "serverless": (70.0, 200.0, 680.0, 16.0),
        "asynchronous": (70.0, 200.0, 449.4, 108.0),
        "batch transform": (70.0, 200.0, 451.9, 108.0),
    }
    assert drawn.present == (98.9, 108.0)  # 1,369.86 of 28,941.78
    assert [label for _, label in drawn.ticks] == ["0", "7,235", "14,471", "21,706", "28,942"]


def test_what_has_a_gpu_has_a_curve_of_what_works_for_a_while() -> None:
    """A g4dn.xlarge behind a queue costs as much once it works all the time, 3,600 s an hour; serverless has no GPU."""
    drawn = curve.drawn(built.found(built.endpoint(built.variant("ml.g4dn.xlarge"))).values())
    assert drawn is not None
    assert [line.name for line in drawn.lines] == ["instances around the clock", "asynchronous", "batch transform"]
    assert drawn.title == "USD a month over seconds of compute an hour: asynchronous costs what instances do at 3,600"
    assert drawn.present is None


def test_what_serverless_compute_costs_is_the_present_point_of_its_curve() -> None:
    """1 × ml.c5.large, 74.74, costs what 1,868,500 s of 2 GB do. 10,000,000 × 0.2 s are 2,000,000 s, 80.00 USD."""
    serverless = ServerlessVariant(name="main", memory_mib=2048, max_concurrency=20, provisioned_concurrency=None)
    usage = built.used(monthly_requests="10000000", request_duration_ms="200")
    offered = built.found(built.endpoint(serverless, mode="serverless"), usage)
    assert offered["1 × ml.c5.large"].usd == Decimal("5.26")
    drawn = curve.drawn(offered.values())
    assert drawn is not None
    assert drawn.present is not None
    assert drawn.present[1] == round(200 - 80 / (2 * 74.74) * 184, 1)


def fits(answer: Any) -> list[str]:
    """What an explanation has that its published schema does not allow."""
    published = closed(json.loads(schema.text("explain")))
    assert Draft202012Validator(published).is_valid([])
    one = {"$ref": f"#/$defs/{'explanation' if isinstance(answer, dict) else 'all'}"}
    parts = published["$defs"] | {"all": published["anyOf"][1]}
    validator = Draft202012Validator({"$schema": published["$schema"], **one, "$defs": parts})
    return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(answer)]


def closed(value: Any) -> Any:
    """A schema with nothing allowed that it does not name."""
    if isinstance(value, list):
        return [closed(each) for each in value]
    if not isinstance(value, dict):
        return value
    inner = {key: closed(each) for key, each in value.items()}
    return inner | {"additionalProperties": False} if isinstance(value.get("required"), list) else inner


def test_what_is_written_fits_the_published_schema(template: str, explain: Explain) -> None:
    usage = "version: 0.1\nresource_usage:\n  Endpoint: {monthly_requests: 1000000, request_duration_ms: 200}\n"
    Path("usage.yml").write_text(usage)
    job = {"Type": "Task", "Resource": "arn:aws:states:::sagemaker:createTransformJob.sync", "End": True}
    request = {"ModelName": "m", "TransformResources": {"InstanceType": "ml.m5.4xlarge", "InstanceCount": 2}}
    machine = {"StartAt": "Score", "States": {"Score": {**job, "Parameters": {**request, "TransformJobName": "n"}}}}
    Path("score.asl.json").write_text(json.dumps(machine))
    named = ("--region", "us-east-1", "--format", "json")
    for words in (
        (template, "chat", *named, "--usage-file", "usage.yml"),
        (template, "chat/main", *named),
        (template, "chat", "--format", "json"),
        ("score.asl.json", *named),
        ("score.asl.json/Score", *named),
        (STOREFRONT, "reviews", "--format", "json"),
        (STOREFRONT, "--format", "json"),
    ):
        assert fits(explain(*words)) == [], words
    assert fits({**explain(template, "chat", *named), "region": "us-east-1"})
    for plan in sorted(SCENARIOS.glob("*/plan.json"))[::9]:
        listed = explain(str(plan), "--format", "json")
        assert fits(listed) == []
        for one in (listed if isinstance(listed, list) else [])[:1]:
            assert fits(explain(str(plan), one["address"], "--format", "json")) == []


def test_nothing_sensitive_is_shown(explain: Explain, capsys: pytest.CaptureFixture[str]) -> None:
    """Its type is used and appears nowhere; nothing is suggested in its place."""
    plan = str(SCENARIOS / "sensitive-values" / "plan.json")
    hidden = [
        (each["address"], variant)
        for each in report_of(plan, capsys)["endpoints"]
        for variant in each["variants"]
        if variant["instance_type"] == {"unknown": "sensitive"}
    ]
    assert hidden
    for address, _ in hidden:
        answer = explain(plan, address, "--format", "json")
        assert all(found == [] for found in answer["alternatives"].values())
        assert answer["elsewhere"] == []
        for form in ("table", "markdown", "html"):
            assert not re.search(r"ml\.[a-z0-9]+\.", explain(plan, address, "--format", form))


def test_text_of_a_plan_acts_nowhere(explain: Explain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = "<img src=x>##[error]\\u202e@team"
    (tmp_path / "t.yaml").write_text(TEMPLATE.replace("EndpointName: chat", f'EndpointName: "{hostile}"'))
    monkeypatch.chdir(tmp_path)
    assert "<img" not in explain("t.yaml", "Endpoint", "--format", "html")
    for line in explain("t.yaml", "Endpoint", "--format", "markdown").splitlines():
        for part in line.split("`")[::2]:  # outside of code
            assert "@team" not in part
            assert "<img" not in part
    for form in ("table", "markdown", "html"):
        text = explain("t.yaml", "Endpoint", "--format", form)
        assert "\u202e" not in text
        assert "##[" not in text


def test_every_scenario_can_be_explained(explain: Explain, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever a check reports of an endpoint, its explanation has the same sum; deleted ones have none."""
    for plan in sorted(SCENARIOS.glob("*/plan.json"))[::6]:
        for checked in report_of(str(plan), capsys).get("endpoints", [])[:2]:
            answer = explain(str(plan), checked["address"], "--format", "json")
            assert (answer["monthly"] is None) == (checked["monthly"] is None)
            if checked["monthly"] is not None:
                for bound in ("floor", "ceiling"):
                    assert Decimal(answer["monthly"][bound]) == Decimal(checked["monthly"][bound])
            assert explain(str(plan), checked["address"])


def test_a_total_of_which_nothing_is_known_is_unknown_and_not_left_to_usage(template: str, explain: Explain) -> None:
    """Without a region nothing has a price, the instances included, whatever the data come to."""
    assert re.search(r"TOTAL +\+ usage +unknown +unknown +unknown", explain(template, "chat"))


def test_a_fix_is_in_the_language_of_its_input(template: str, explain: Explain) -> None:
    text = " ".join(explain(template, "chat", "--region", "us-east-1").split())
    assert "fix: a ScalableTarget from 1 to 2 or more, with a target tracking policy" in text
    assert "fix: CostCenter, Environment, Owner in Tags, or --tags of aws cloudformation deploy" in text


def test_the_tab_key_knows_addresses_names_and_variants(template: str) -> None:
    found = completion.candidates(["explain", template, "ch"])
    assert [each for each in found if not each.startswith(":")] == ["chat", "chat/main"]


def test_on_a_narrow_terminal_no_amount_is_cut(
    template: str, explain: Explain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    text = explain(template, "chat", "--region", "us-east-1")
    assert max(map(len, text.splitlines())) <= 60
    assert re.search(r"TOTAL +\+ usage +84\.51 +84\.51 +84\.51", text)


def test_how_often_transform_jobs_run_is_told_as_the_bill_tells_it(
    explain: Explain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Daily for a year by twelve, with two places; 30.41666666666666666666666667 is nobody's number."""
    monkeypatch.chdir(tmp_path)
    request = {"ModelName": "m", "TransformResources": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1}}
    target = {"Arn": "arn:aws:scheduler:::aws-sdk:sagemaker:createTransformJob", "Input": json.dumps(request)}
    properties = {"ScheduleExpression": "rate(1 day)", "Target": target}
    daily = {"Type": "AWS::Scheduler::Schedule", "Properties": properties}
    Path("template.json").write_text(json.dumps({"Resources": {"Daily": daily}}))
    assert "transform jobs in us-east-1, 30.42 a month" in explain("template.json", "Daily", "--region=us-east-1")
