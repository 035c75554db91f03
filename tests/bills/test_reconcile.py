"""An estimate and the month that followed: each reason of the closed list has a case, and the shares add up.

One ml.m5.xlarge in us-east-1 is 0.23 an hour: 730 h × 0.23 = 167.90 estimated, 720 h × 0.23 = 165.60 in a September of
which nothing else is to be said. Its volume of 8 GB is 1.12 on both sides where it is billed.
"""

import json
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from guardrail import cli

pytest.importorskip("duckdb")
pytestmark = pytest.mark.usefixtures("one_database")

ACCOUNT = "111122223333"
HEADER = (
    *("lineItem/UsageAccountId", "lineItem/LineItemType", "lineItem/UsageStartDate", "lineItem/UsageEndDate"),
    *("lineItem/ProductCode", "lineItem/UsageType", "lineItem/ResourceId", "lineItem/UsageAmount"),
    *("lineItem/CurrencyCode", "lineItem/UnblendedCost", "pricing/publicOnDemandCost", "pricing/unit"),
    *("lineItem/NetUnblendedCost", "savingsPlan/SavingsPlanEffectiveCost", "bill/BillingEntity", "product/region"),
)
M5 = "USE1-Host:ml.m5.xlarge"
START = datetime(2026, 9, 1)  # noqa: DTZ001 - written without a zone
Row = dict[str, str]


def line(  # noqa: PLR0913 - the columns of a line
    at: datetime,
    cost: str,
    *,
    usage_type: str = M5,
    endpoint: str = "chat",
    amount: str = "1",
    region: str = "us-east-1",
    also: Row | None = None,
) -> Row:
    """One hour of an endpoint at its list price, unless ``also`` says otherwise."""
    return {
        "lineItem/UsageAccountId": ACCOUNT,
        "lineItem/LineItemType": "Usage",
        "lineItem/UsageStartDate": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "lineItem/UsageEndDate": f"{at + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}",
        "lineItem/ProductCode": "AmazonSageMaker",
        "lineItem/UsageType": usage_type,
        "lineItem/ResourceId": f"arn:aws:sagemaker:{region}:{ACCOUNT}:endpoint/{endpoint}",
        "lineItem/UsageAmount": amount,
        "lineItem/CurrencyCode": "USD",
        "lineItem/UnblendedCost": cost,
        "pricing/publicOnDemandCost": cost,
        "pricing/unit": "Hrs",
        "bill/BillingEntity": "AWS",
        "product/region": region,
    } | (also or {})


def month(cost: str = "0.23", *, first: int = 0, hours: int = 720, **others: Any) -> list[Row]:
    return [line(START + timedelta(hours=hour), cost, **others) for hour in range(first, hours)]


def write_bill(path: Path, rows: Iterable[Row]) -> None:
    text = "\n".join(",".join(row.get(name, "") for name in HEADER) for row in rows)
    path.write_text(f"{','.join(HEADER)}\n{text}\n", encoding="utf-8")


def template(path: Path, *, name: str = "chat", variant: dict[str, Any] | None = None, scaled: bool = False) -> Path:
    """A template with one endpoint on one ml.m5.xlarge, which scales between 1 and 4 where that is asked for."""
    resources: dict[str, Any] = {
        "Config": {
            "Type": "AWS::SageMaker::EndpointConfig",
            "Properties": {
                "EndpointConfigName": "config",
                "ProductionVariants": [
                    {"VariantName": "main", "ModelName": "m"}
                    | (variant or {"InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 1})
                ],
            },
        },
        "Endpoint": {
            "Type": "AWS::SageMaker::Endpoint",
            "Properties": {
                "EndpointName": name,
                "EndpointConfigName": {"Fn::GetAtt": ["Config", "EndpointConfigName"]},
            },
        },
    }
    if scaled:
        resources["Target"] = {
            "Type": "AWS::ApplicationAutoScaling::ScalableTarget",
            "Properties": {
                "MinCapacity": 1,
                "MaxCapacity": 4,
                "ResourceId": f"endpoint/{name}/variant/main",
                "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
                "ServiceNamespace": "sagemaker",
            },
        }
    path.write_text(json.dumps({"Resources": resources}), encoding="utf-8")
    return path


Reconciled = Callable[..., dict[str, Any]]


@pytest.fixture
def reconciled(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Reconciled:
    """The answer for lines of a bill, and the template that stands in ``tmp_path``."""

    def run(rows: Iterable[Row], *flags: str) -> dict[str, Any]:
        write_bill(tmp_path / "bill.csv", rows)
        if not (tmp_path / "template.json").exists():
            template(tmp_path / "template.json")
        words = ["reconcile", str(tmp_path / "template.json"), "--bill", str(tmp_path / "bill.csv")]
        code = cli.main([*words, "--region", "us-east-1", "--format", "json", *flags])
        shown = capsys.readouterr()
        assert code == 0, shown.err
        answer: dict[str, Any] = json.loads(shown.out)
        return answer

    return run


def why(answer: dict[str, Any], usage_type: str = M5) -> dict[str, str]:
    """The reasons of one row, each with its share."""
    found = next(row for row in answer["rows"] if row["usage_type"] == usage_type)
    heads = [reason.partition(": ")[0] for reason in found["why"].split("; ")]
    return {head.rpartition(" ")[0]: head.rpartition(" ")[2] for head in heads}


def amounts(answer: dict[str, Any], usage_type: str = M5) -> tuple[str, str, str]:
    found = next(row for row in answer["rows"] if row["usage_type"] == usage_type)
    return found["estimated"], found["billed"], found["difference"]


def test_a_bill_of_another_currency_is_not_laid_beside_an_estimate(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Estimates are in USD: 1,199.52 of CNY less 167.90 of USD is no difference."""
    rows = [row | {"lineItem/CurrencyCode": "CNY"} for row in month("1.666")]
    write_bill(tmp_path / "bill.csv", rows)
    path, exported = str(template(tmp_path / "template.json")), str(tmp_path / "bill.csv")
    for words in (("reconcile", path, "--bill", exported), ("check", path, "--billed", exported)):
        assert cli.main([*words, "--region", "us-east-1"]) == 2
        assert "the bill is in CNY, and an estimate is in USD" in capsys.readouterr().err


def test_a_month_of_720_hours_is_the_only_reason_of_an_endpoint_that_ran_all_of_it(reconciled: Reconciled) -> None:
    answer = reconciled(month())
    assert amounts(answer) == ("167.9", "165.6", "-2.3")
    assert why(answer) == {"length of the month": "-2.30"}
    # the estimate has a volume of 8 GB at 0.14, which this bill has not
    assert amounts(answer, "USE1-Host:VolumeUsage.gp2") == ("1.12", "0", "-1.12")
    assert why(answer, "USE1-Host:VolumeUsage.gp2") == {"in the code and not in the bill": "-1.12"}


def test_an_endpoint_of_half_the_month_lacks_its_hours(reconciled: Reconciled) -> None:
    answer = reconciled(month(first=360))
    assert why(answer) == {"length of the month": "-2.30", "hours": "-82.80"}  # 360 × 0.23
    assert "360 of 720 hours with use, from 2026-09-16 00:00" in str(answer)


def test_more_instances_for_a_hundred_hours_are_scaling(reconciled: Reconciled) -> None:
    rows = [*month(first=100), *month("0.46", hours=100, amount="2")]
    assert why(reconciled(rows)) == {"length of the month": "-2.30", "count (scaled)": "+23.00"}  # 100 × 0.23


def test_twice_the_instances_for_five_hours_are_an_update(reconciled: Reconciled) -> None:
    rows = [*month(), *month(hours=5)]
    answer = reconciled(rows)
    assert why(answer) == {"length of the month": "-2.30", "update with two fleets": "+1.15"}  # 5 × 0.23
    assert "up to 2 instances in 5 hours, else 1" in str(answer)


def test_another_list_price_is_a_changed_price(reconciled: Reconciled) -> None:
    assert why(reconciled(month("0.25"))) == {"length of the month": "-2.30", "price changed": "+14.40"}  # 720 × 0.02


def test_net_of_a_discount(reconciled: Reconciled) -> None:
    answer = reconciled(month(also={"lineItem/NetUnblendedCost": "0.207"}))
    assert why(answer) == {"length of the month": "-2.30", "discount": "-16.56"}  # 720 × 0.023


def test_covered_hours_are_the_savings_plan(reconciled: Reconciled) -> None:
    covered = {"lineItem/LineItemType": "SavingsPlanCoveredUsage", "savingsPlan/SavingsPlanEffectiveCost": "0.15"}
    answer = reconciled(month(also=covered))
    assert amounts(answer) == ("167.9", "108", "-59.9")
    assert why(answer) == {"length of the month": "-2.30", "Savings Plan": "-57.60"}  # 720 × 0.08


def test_hours_of_the_free_tier_have_a_list_price_and_cost_nothing(reconciled: Reconciled) -> None:
    rows = [*month(first=100), *month("0", hours=100, also={"pricing/publicOnDemandCost": "0.23"})]
    assert why(reconciled(rows)) == {"length of the month": "-2.30", "free tier": "-23.00"}


def test_an_endpoint_of_the_name_in_another_region(reconciled: Reconciled) -> None:
    rows = month("0.257", usage_type="EU-Host:ml.m5.xlarge", region="eu-west-1")
    answer = reconciled(rows)
    assert why(answer, "EU-Host:ml.m5.xlarge") == {"length of the month": "-2.30", "region": "+19.44"}  # 720 × 0.027
    assert "orphan" not in str(answer)


def test_names_are_paired_without_case(tmp_path: Path, reconciled: Reconciled) -> None:
    template(tmp_path / "template.json", name="Chat")
    assert why(reconciled(month())) == {"length of the month": "-2.30"}


def test_an_endpoint_in_no_code_is_an_orphan_and_one_that_is_not_billed_is_said(reconciled: Reconciled) -> None:
    answer = reconciled(month(endpoint="forgotten", hours=100))
    forgotten = next(row for row in answer["rows"] if row["endpoint"] == "forgotten")
    assert (forgotten["estimated"], forgotten["billed"], forgotten["difference"]) == (None, "23", "23")
    assert forgotten["why"].startswith("in the bill and in no code (orphan) +23.00")
    assert why(answer) == {"in the code and not in the bill": "-167.90"}


def test_what_scales_without_usage_was_assumed(tmp_path: Path, reconciled: Reconciled) -> None:
    template(tmp_path / "template.json", scaled=True)
    rows = month("0.575", amount="2.5")
    # 2.5 instances on the average, of which the estimate assumed 1: 720 × 1.5 × 0.23 = 248.40
    assert why(reconciled(rows)) == {"length of the month": "-2.30", "usage assumed": "+248.40"}


def test_serverless_without_usage_has_no_estimate_and_no_difference(tmp_path: Path, reconciled: Reconciled) -> None:
    serverless = {"ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5}}
    template(tmp_path / "template.json", variant=serverless)
    mem = "USE1-ServerlessInf:Mem-2GB"
    answer = reconciled([line(START, "8.00", usage_type=mem, amount="200000")])
    assert amounts(answer, mem) == (None, "8", None)
    assert "usage assumed" in next(row["why"] for row in answer["rows"] if row["usage_type"] == mem)


def test_software_of_the_marketplace_is_a_reason_of_its_own(reconciled: Reconciled) -> None:
    seller = {"bill/BillingEntity": "AWS Marketplace", "lineItem/ProductCode": "4abc"}
    answer = reconciled([*month(), line(START, "5.00", usage_type="USE1-MP:ml.m5.xlarge", also=seller)])
    assert why(answer, "USE1-MP:ml.m5.xlarge") == {"Marketplace software": "+5.00"}


def test_what_is_no_inference_is_one_row(reconciled: Reconciled) -> None:
    rows = [
        *month(),
        line(START, "3.00", usage_type="USE1-Train:ml.m5.xlarge"),
        line(START, "4.00", usage_type="USE1-Notebk:ml.t3.medium"),
    ]
    answer = reconciled(rows)
    assert why(answer, "(not inference)") == {"not inference": "+7.00"}


def test_the_shares_of_all_reasons_add_up_to_the_difference(reconciled: Reconciled) -> None:
    rows = [
        *month("0.25", first=50, also={"lineItem/NetUnblendedCost": "0.2"}),
        *month("0.25", first=600, also={"lineItem/NetUnblendedCost": "0.25"}),
        *month("0", hours=60, also={"pricing/publicOnDemandCost": "0.25"}),
    ]
    answer = reconciled(rows)
    shares = sum(float(share) for share in why(answer).values())
    assert abs(shares - float(amounts(answer)[2])) < 0.03  # each is rounded to a cent


def test_an_export_without_list_prices_does_not_tell_a_discount_from_a_price(reconciled: Reconciled) -> None:
    answer = reconciled(month("0.207", also={"pricing/publicOnDemandCost": ""}))
    assert why(answer) == {"length of the month": "-2.30", "price changed": "-16.56"}
    assert "not told apart" in str(answer)


def test_a_calibrated_usage_file_gives_the_month_to_the_cent(tmp_path: Path, reconciled: Reconciled) -> None:
    template(tmp_path / "template.json", scaled=True)
    data = [
        line(START, "0.32", usage_type="USE1-Hst:Data-Bytes-In", amount="20"),
        line(START, "0.16", usage_type="USE1-Hst:Data-Bytes-Out", amount="10"),
    ]
    usage = tmp_path / "usage.yml"
    # 100 hours of 3 instances and 620 of 2 are 1,540 instance-hours, 2.138888888889 on the average
    rows = [*month("0.69", hours=100, amount="3"), *month("0.46", first=100, amount="2"), *data]
    answer = reconciled(rows, "--usage-file", str(usage))
    text = usage.read_text(encoding="utf-8")
    assert "average_instances: 2.138888888889" in text
    assert ("monthly_data_in_gb: 20\n" in text, "monthly_data_out_gb: 10\n" in text) == (True, True)
    # the volumes that the estimate has and this bill has not are all that is left: 2.138888888889 × 8 GB × 0.14 = 2.40
    assert "2.40 from the 354.68 of the bill at list prices" in answer["notes"][-1]  # 1,540 × 0.23 + 0.48


def test_calibration_of_a_synthetic_month_leaves_nothing(tmp_path: Path, reconciled: Reconciled) -> None:
    serverless = {"ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5}}
    template(tmp_path / "template.json", variant=serverless)
    rows = [
        line(START, "8.00", usage_type="USE1-ServerlessInf:Mem-2GB", amount="200000"),
        line(START, "0.32", usage_type="USE1-Hst:Data-Bytes-In", amount="20"),
    ]
    answer = reconciled(rows, "--usage-file", str(tmp_path / "usage.yml"))
    assert "is 8.32, 0.00 from the 8.32" in answer["notes"][-1]


def test_a_usage_file_that_is_there_is_not_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    usage = tmp_path / "usage.yml"
    usage.write_text("version: 0.1\n", encoding="utf-8")
    words = ["reconcile", str(tmp_path), "--bill", str(tmp_path), "--usage-file", str(usage)]
    assert cli.main(words) == 2
    assert "exists already" in capsys.readouterr().err
    assert usage.read_text(encoding="utf-8") == "version: 0.1\n"


def test_a_month_that_is_not_in_the_bill_is_refused(
    tmp_path: Path, reconciled: Reconciled, capsys: pytest.CaptureFixture[str]
) -> None:
    reconciled(month(hours=3))
    words = ["reconcile", str(tmp_path / "template.json"), "--bill", str(tmp_path / "bill.csv"), "--month", "2026-08"]
    assert cli.main(words) == 2
    assert "no use of SageMaker in 2026-08" in capsys.readouterr().err


def test_what_is_sensitive_in_a_plan_does_not_appear(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = Path(__file__).resolve().parents[1] / "scenarios" / "sensitive-values" / "plan.json"
    write_bill(tmp_path / "bill.csv", month(hours=3))
    words = ["reconcile", str(plan), "--bill", str(tmp_path / "bill.csv"), "--region", "us-east-1", "--format", "json"]
    assert cli.main(words) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    hidden = [row for row in rows if "sensitive values" in row["why"]]
    assert hidden
    assert not [row for row in hidden if row["usage_type"].startswith("USE1-")]


def test_what_has_no_usage_type_is_neither_an_orphan_nor_unbilled(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a region the code's instance is of no usage type: that the bill has it is no finding."""
    write_bill(tmp_path / "bill.csv", month())
    path = str(template(tmp_path / "template.json"))
    assert cli.main(["reconcile", path, "--bill", str(tmp_path / "bill.csv"), "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert {row["usage_type"]: (row["billed"], row["difference"]) for row in rows} == {
        M5: ("165.6", None),
        "instance": ("0", None),
        "volume": ("0", None),
    }
    assert {row["why"].partition(":")[0] for row in rows} == {"not estimated"}


def test_what_is_not_recognised_is_in_a_row_of_its_own(
    reconciled: Reconciled, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A usage type of next year may be inference: it is not called a notebook, and a check does not leave it out."""
    rows = [
        *month(),
        line(START, "7", usage_type="USE1-Hst:Teleport-Bytes"),
        line(START, "3", usage_type="USE1-Train:x"),
    ]
    found = {row["usage_type"]: (row["billed"], row["why"]) for row in reconciled(rows)["rows"]}
    assert found["(not recognised)"] == ("7", "not estimated +7.00: USE1-Hst:Teleport-Bytes")
    assert found["(not inference)"] == ("3", "not inference +3.00: USE1-Train:x")
    words = ["check", str(tmp_path / "template.json"), "--region", "us-east-1", "--fail-on", "never", "--isolated"]
    assert cli.main([*words, "--billed", str(tmp_path / "bill.csv"), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["billed"]["in_no_code"] == "7"
