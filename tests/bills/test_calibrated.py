"""What is paired by usage type where nothing has a name, and what a calibrated usage file leaves, by its reason."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from guardrail import cli
from tests.bills.test_reconcile import M5, START, Reconciled, Row, amounts, line, month, reconciled, template, why
from tests.bills.test_reconcile import write_bill as write

pytest.importorskip("duckdb")
pytestmark = pytest.mark.usefixtures("one_database")
__all__ = ["reconciled"]

VOLUME = "USE1-Host:VolumeUsage.gp2"
NAMELESS = {"lineItem/ResourceId": ""}
SELLER = {"bill/BillingEntity": "AWS Marketplace", "lineItem/ProductCode": "4abc"}


def volume() -> Row:
    """8 GB through the month at 0.14: 1.12."""
    return line(START, "1.12", usage_type=VOLUME, amount="8")


def test_a_bill_without_names_is_laid_beside_the_code_by_usage_type(reconciled: Reconciled) -> None:
    rows = [row | NAMELESS for row in [*month(), volume(), line(START, "7", usage_type="USE1-Host:ml.g5.xlarge")]]
    answer = reconciled(rows)
    assert amounts(answer) == ("167.9", "165.6", "-2.3")
    assert why(answer) == {"length of the month": "-2.30"}
    assert amounts(answer, VOLUME) == ("1.12", "1.12", "0")
    assert why(answer, "USE1-Host:ml.g5.xlarge") == {"in the bill and in no code (orphan)": "+7.00"}
    assert {row["endpoint"] for row in answer["rows"]} == {None}
    assert any("laid side by side by usage type" in told for told in answer["lacks"])


def test_a_usage_type_that_is_not_in_a_bill_without_names_is_said(reconciled: Reconciled) -> None:
    answer = reconciled([row | NAMELESS for row in month()])
    assert why(answer, VOLUME) == {"in the code and not in the bill": "-1.12"}
    assert "no line of 2026-09 has its usage type" in str(answer)


def test_a_check_beside_a_bill_without_names_says_the_sum(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "bill.csv", [row | NAMELESS for row in month()])
    path = str(template(tmp_path / "template.json"))
    words = ["check", path, "--region", "us-east-1", "--fail-on", "never", "--isolated"]
    assert cli.main([*words, "--billed", str(tmp_path / "bill.csv"), "--format", "json"]) == 0
    billed = json.loads(capsys.readouterr().out)["billed"]
    assert (billed["endpoints"], billed["unattributed"], billed["in_no_code"]) == ([], "165.6", "0")
    assert cli.main([*words, "--billed", str(tmp_path / "bill.csv")]) == 0
    shown = capsys.readouterr().out
    assert "of no endpoint by name" in shown
    assert "no code" not in shown


def state_machine(path: Path) -> Path:
    """A state machine whose one job runs on two ml.m5.xlarge, under a name that it is started with."""
    resources = {"InstanceType": "ml.m5.xlarge", "InstanceCount": 2}
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://example-data/in/"}}
    job: dict[str, Any] = {
        "TransformJobName.$": "$.name",
        "ModelName": "m",
        "TransformInput": {"DataSource": source},
        "TransformOutput": {"S3OutputPath": "s3://example-data/out/"},
        "TransformResources": resources,
    }
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sagemaker:createTransformJob.sync",
        "Parameters": job,
        "End": True,
    }
    path.write_text(json.dumps({"StartAt": "Score", "States": {"Score": state}}), encoding="utf-8")
    return path


@pytest.mark.parametrize("runs", [None, "20"])
def test_transform_jobs_are_paired_by_usage_type_since_their_names_are_made_as_they_start(
    runs: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two runs of 10 instance-hours are 20 × 0.23 = 4.60; 20 runs of 1 h on two instances are estimated at 9.20."""
    monkeypatch.chdir(tmp_path)
    state_machine(Path("score.asl.json"))
    if runs:
        usage = f"version: 0.1\nresource_usage:\n  score.asl.json: {{monthly_runs: {runs}, run_hours: 1}}\n"
        Path("guardrail-usage.yml").write_text(usage, encoding="utf-8")
    job = "arn:aws:sagemaker:us-east-1:111122223333:transform-job/score-"
    tsform = "USE1-Tsform:ml.m5.xlarge"
    rows = [
        line(START, "2.30", usage_type=tsform, amount="10", also={"lineItem/ResourceId": f"{job}{number}"})
        for number in (1, 2)
    ]
    write(Path("bill.csv"), [*rows, *month(hours=3)])
    words = ["reconcile", "score.asl.json", "--bill", "bill.csv", "--region", "us-east-1", "--format", "json"]
    assert cli.main(words) == 0
    answer = json.loads(capsys.readouterr().out)
    found = next(row for row in answer["rows"] if row["usage_type"] == tsform)
    assert (found["address"], found["billed"]) == ("score.asl.json", "4.6")
    assert found["why"].startswith("usage assumed")
    assert (found["estimated"], found["difference"]) == (("9.2", "-4.6") if runs else (None, None))


def test_a_slot_that_is_kept_warm_through_the_month_differs_by_its_length_alone(
    tmp_path: Path, reconciled: Reconciled
) -> None:
    """A slot of 2 GB at 0.00001 a second: 730 × 3,600 s are 26.28, 720 × 3,600 s are 25.92."""
    config = {"MemorySizeInMB": 2048, "MaxConcurrency": 5, "ProvisionedConcurrency": 1}
    template(tmp_path / "template.json", variant={"ServerlessConfig": config})
    warm = "USE1-ProvisionedConcurrency:Usage-2GB"
    answer = reconciled([line(START, "25.92", usage_type=warm, amount="2592000")])
    assert amounts(answer, warm) == ("26.28", "25.92", "-0.36")
    assert why(answer, warm) == {"length of the month": "-0.36"}


def test_software_is_calibrated_by_the_hour_of_an_instance(tmp_path: Path, reconciled: Reconciled) -> None:
    """720 × (0.23 + 1.50) + 1.12 = 1,246.72."""
    path = template(tmp_path / "template.json", scaled=True)
    whole = json.loads(path.read_text(encoding="utf-8"))
    package = "arn:aws:sagemaker:us-east-1:865070037744:model-package/summariser-1"
    containers = {"PrimaryContainer": {"ModelPackageName": package}, "EnableNetworkIsolation": True}
    whole["Resources"]["Model"] = {"Type": "AWS::SageMaker::Model", "Properties": containers}
    config = whole["Resources"]["Config"]["Properties"]
    config["ProductionVariants"][0]["ModelName"] = {"Fn::GetAtt": ["Model", "ModelName"]}
    path.write_text(json.dumps(whole), encoding="utf-8")
    sold = [line(START, "1080", usage_type="USE1-MP:ml.m5.xlarge", amount="720", also=SELLER)]
    answer = reconciled([*month(), *sold, volume()], "--usage-file", str(tmp_path / "usage.yml"))
    assert "marketplace_usd_per_hour: 1.5\n" in (tmp_path / "usage.yml").read_text(encoding="utf-8")
    assert answer["notes"][-1].endswith("is 1,246.72, 0.00 from the 1,246.72 of the bill at list prices")


@pytest.mark.parametrize(
    ("rows", "left"),
    [
        (
            [*month(first=360), volume()],
            "82.80 from the 83.92 of the bill at list prices: no usage file says hours -82.80",
        ),
        # 100 × 0.23 and 720 × 0.02
        (
            [*month(first=100), *month("0.46", hours=100, amount="2"), volume()],
            "no usage file says count (scaled) +23.00",
        ),
        ([*month("0.25"), volume()], "no usage file says price changed +14.40"),
        (month(), "no usage file says in the code and not in the bill -1.12"),
        ([*month(), *month(hours=5), volume()], "no usage file says update with two fleets +1.15"),
    ],
)
def test_what_a_usage_file_cannot_say_is_told_by_its_reason(
    rows: list[Row], left: str, tmp_path: Path, reconciled: Reconciled
) -> None:
    """The template fixes its count, so no usage moves it."""
    answer = reconciled(rows, "--usage-file", str(tmp_path / "usage.yml"))
    assert answer["notes"][-1].endswith(left)


def test_what_a_plan_or_a_discount_took_off_is_not_left(tmp_path: Path, reconciled: Reconciled) -> None:
    covered = {"lineItem/LineItemType": "SavingsPlanCoveredUsage", "savingsPlan/SavingsPlanEffectiveCost": "0.15"}
    rows = [*month(also=covered), volume()]
    answer = reconciled(rows, "--usage-file", str(tmp_path / "usage.yml"))
    assert answer["notes"][-1].endswith("is 166.72, 0.00 from the 166.72 of the bill at list prices")


def test_taxes_and_credits_are_in_no_row_and_said(reconciled: Reconciled) -> None:
    apart = [line(START, "-50", also={"lineItem/LineItemType": kind}) for kind in ("Credit", "Tax")]
    answer = reconciled([*month(), *apart])
    assert amounts(answer) == ("167.9", "165.6", "-2.3")
    assert "no use, and in no row: Credit, Tax; guardrail bills has their sums" in answer["notes"]


def test_a_check_beside_a_bill_rounds_no_sum(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two lines of 29 digits, of which the precision of 28 that Python begins with would lose one."""
    usage_types = (M5, "Host:ml.m5.xlarge")
    rows = [line(START, "12345678901.123456789012345678", usage_type=each) for each in usage_types]
    write(tmp_path / "bill.csv", rows)
    path = str(template(tmp_path / "template.json"))
    words = ["check", path, "--region", "us-east-1", "--fail-on", "never", "--isolated", "--format", "json"]
    assert cli.main([*words, "--billed", str(tmp_path / "bill.csv")]) == 0
    billed = json.loads(capsys.readouterr().out)["billed"]
    assert billed["endpoints"][0]["usd"] == "24691357802.246913578024691356"


def test_an_account_that_is_in_no_line_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "bill.csv", month(hours=3))
    words = ["reconcile", str(template(tmp_path / "template.json")), "--bill", str(tmp_path / "bill.csv")]
    assert cli.main([*words, "--month", "2026-09", "--account", "999988887777"]) == 2
    assert "no use of SageMaker in 2026-09 of 999988887777 is in the bill" in capsys.readouterr().err


@pytest.mark.parametrize(
    "export", ["legacy.csv", "cur2.parquet", "focus-1.0.csv", "focus-1.2.parquet", "cost-explorer.json"]
)
def test_every_layout_is_reconciled_alike(
    export: str, exports: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Eight days of chat at 0.24 are 46.08; 730 hours at 0.23 were estimated. Cost Explorer has no names."""
    path = str(template(tmp_path / "template.json"))
    words = ["reconcile", path, "--bill", str(exports[export]), "--region", "us-east-1", "--format", "json"]
    assert cli.main(words) == 0
    answer = json.loads(capsys.readouterr().out)
    found = next(row for row in answer["rows"] if row["usage_type"] == M5)
    assert (found["estimated"], found["billed"], found["difference"]) == ("167.9", "46.08", "-121.82")
    assert found["endpoint"] == (None if export == "cost-explorer.json" else "chat")
    inference = {row["usage_type"]: row["billed"] for row in answer["rows"]}
    assert inference["USE1-AsyncInf:ml.m5.xlarge"] == "44.16"
    assert inference["(not inference)"] == "10"


def test_what_is_sensitive_is_beside_no_usage_type_of_a_bill_without_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = Path(__file__).resolve().parents[1] / "scenarios" / "sensitive-values" / "plan.json"
    every = [f"USE1-Host:ml.{kind}.{size}" for kind in ("m5", "c5", "g5") for size in ("large", "xlarge", "2xlarge")]
    write(tmp_path / "bill.csv", [line(START, "1", usage_type=each, also=NAMELESS) for each in every])
    words = ["reconcile", str(plan), "--bill", str(tmp_path / "bill.csv"), "--region", "us-east-1", "--format", "json"]
    assert cli.main(words) == 0
    hidden = [row for row in json.loads(capsys.readouterr().out)["rows"] if "sensitive values" in row["why"]]
    assert hidden
    assert {(row["billed"], row["usage_type"].partition(":")[0]) for row in hidden} == {("0", "instance")}


def test_what_is_on_one_side_alone_is_left_by_a_calibrated_file(tmp_path: Path, reconciled: Reconciled) -> None:
    """The code has 166.72 of a September that the bill has not; the bill has 100 h of another endpoint, 23.00."""
    forgotten = month(endpoint="forgotten", hours=100)
    told = reconciled(forgotten, "--usage-file", str(tmp_path / "usage.yml"))["notes"][-1]
    assert "the estimate of 2026-09 is 166.72, 143.72 from the 23.00 of the bill" in told  # 166.72 - 23.00
    assert told.endswith(
        "no usage file says in the code and not in the bill -166.72, in the bill and in no code (orphan) +23.00"
    )


def test_digits_that_a_bill_rounds_are_no_reason(reconciled: Reconciled) -> None:
    """8 GB by the hour are 720 × 0.0111111111 = 7.999999992, at 720 × 0.0015555556 = 1.120000032: no cent off."""
    volumes = [
        line(START + timedelta(hours=hour), "0.0015555556", usage_type=VOLUME, amount="0.0111111111")
        for hour in range(720)
    ]
    found = next(row for row in reconciled([*month(), *volumes])["rows"] if row["usage_type"] == VOLUME)
    assert (found["billed"], found["why"]) == ("1.120000032", "as estimated")


def test_an_estimate_that_is_not_known_is_not_said_to_be_nothing(tmp_path: Path, reconciled: Reconciled) -> None:
    template(tmp_path / "template.json", variant={"ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5}})
    answer = reconciled([line(START, "8.00", usage_type="USE1-ServerlessInf:Mem-2GB", amount="200000")])
    assert (
        answer["notes"][0]
        == "estimated an unknown amount for a month of 730 hours, billed 8.00 in 2026-09 of 720 hours"
    )


def test_a_variant_that_scales_beside_a_fixed_one_of_its_type_is_calibrated(
    tmp_path: Path, reconciled: Reconciled
) -> None:
    """Four instances through the month, one of which is of the variant that does not scale: 3 of main."""
    path = template(tmp_path / "template.json", scaled=True)
    whole = json.loads(path.read_text(encoding="utf-8"))
    variants = whole["Resources"]["Config"]["Properties"]["ProductionVariants"]
    variants.append({**variants[0], "VariantName": "fixed"})
    path.write_text(json.dumps(whole), encoding="utf-8")
    volumes = line(START, "4.48", usage_type=VOLUME, amount="32")  # 4 × 8 GB
    rows = [*month("0.92", amount="4"), volumes]
    told = reconciled(rows, "--usage-file", str(tmp_path / "usage.yml"))["notes"][-1]
    assert "    variants:\n      main: {average_instances: 3}\n" in (tmp_path / "usage.yml").read_text(encoding="utf-8")
    assert told.endswith("is 666.88, 0.00 from the 666.88 of the bill at list prices")  # 2,880 × 0.23 + 4.48


def test_a_bill_without_names_calibrates_what_has_a_usage_type_to_itself(
    tmp_path: Path, reconciled: Reconciled
) -> None:
    """Two instances through the month: 1,440 × 0.23 + 2.24 = 333.44."""
    template(tmp_path / "template.json", scaled=True)
    rows = [*month("0.46", amount="2"), line(START, "2.24", usage_type=VOLUME, amount="16")]
    told = reconciled([row | NAMELESS for row in rows], "--usage-file", str(tmp_path / "usage.yml"))["notes"][-1]
    assert "  Endpoint:\n    average_instances: 2\n" in (tmp_path / "usage.yml").read_text(encoding="utf-8")
    assert told.endswith("is 333.44, 0.00 from the 333.44 of the bill at list prices")


def test_a_usage_type_of_two_endpoints_is_put_down_to_neither(tmp_path: Path, reconciled: Reconciled) -> None:
    path = template(tmp_path / "template.json", scaled=True)
    whole = json.loads(path.read_text(encoding="utf-8"))
    twin = json.loads(json.dumps(whole["Resources"]["Endpoint"]))
    twin["Properties"]["EndpointName"] = "twin"
    whole["Resources"]["Twin"] = twin
    path.write_text(json.dumps(whole), encoding="utf-8")
    reconciled([row | NAMELESS for row in month()], "--usage-file", str(tmp_path / "usage.yml"))
    assert "resource_usage: {}" in (tmp_path / "usage.yml").read_text(encoding="utf-8")
