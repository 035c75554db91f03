"""Software of AWS Marketplace on SageMaker: told by its resource or its instance type, and in no mode of inference."""

from pathlib import Path

import pytest

from tests.bills.conftest import Asked
from tests.bills.test_bad_input import HEADER, HOUR, bill, row

pytest.importorskip("duckdb")
pytestmark = pytest.mark.usefixtures("one_database")

ARN = "arn:aws:sagemaker:us-east-1:111122223333:endpoint/chat"
MARKED = f"{HEADER},bill/BillingEntity"


def software(usage_type: str, resource: str = ARN, code: str = "4abcdef", cost: str = "1.50") -> str:
    return f"111122223333,Usage,{HOUR},{code},{usage_type},{resource},1,USD,{cost}"


def fee(answer: dict[str, list[dict[str, str]]]) -> list[tuple[str, str]]:
    return [(each["mode"], each["cost"]) for each in answer["not_inference"]]


@pytest.mark.parametrize(
    ("header", "usage_type"), [(MARKED, "USE1-Host:ml.m5.xlarge"), (HEADER, "USE1-Host:ml.m5.xlarge"), (HEADER, "")]
)
@pytest.mark.parametrize("question", ["top", "daily", "always-on", "trend", "savings-plans"])
def test_software_that_names_its_endpoint_is_a_remainder_of_its_own(
    question: str, header: str, usage_type: str, tmp_path: Path, ask: Asked
) -> None:
    """Its hour is no instance-hour of the endpoint, even where its usage type looks like one."""
    lines = [row(), software(usage_type)]
    if header == MARKED:
        lines = [f"{lines[0]},AWS", f"{lines[1]},AWS Marketplace"]
    answer = ask(bill(tmp_path / "bill.csv", *lines, header=header), question)
    assert fee(answer) == [("Marketplace software", "1.5")]
    told = {each.get("cost", each.get("instance_hours")) for each in answer["rows"]}
    assert told == {"top": {"0.23"}, "daily": {"0.23"}, "trend": {"0.23"}, "savings-plans": {"1"}}.get(question, set())


@pytest.mark.parametrize("usage_type", ["USE1-MP:ml.m5.xlarge", "USE1-Host:ml.m5.xlarge"])
def test_modes_have_it_as_a_mode(usage_type: str, tmp_path: Path, ask: Asked) -> None:
    rows = ask(bill(tmp_path / "bill.csv", row(), software(usage_type)), "modes")["rows"]
    assert [(each["mode"], each["cost"]) for each in rows] == [("real-time", "0.23"), ("Marketplace software", "1.5")]


def test_marked_software_without_a_resource_is_told_by_its_instance_type(tmp_path: Path, ask: Asked) -> None:
    """Software of EC2 names m5.large, and what names nothing is of another service."""
    lines = [
        f"{row()},AWS",
        f"{software('SoftwareUsage:ml.m5.xlarge', resource='')},AWS Marketplace",
        f"{software('SoftwareUsage:m5.large', resource='i-1', cost='90')},AWS Marketplace",
        f"{software('Subscription', resource='', cost='1_000')},AWS Marketplace",
    ]
    answer = ask(bill(tmp_path / "bill.csv", *lines, header=MARKED), "top")
    assert fee(answer) == [("Marketplace software", "1.5")]


@pytest.mark.parametrize("code", ["AmazonCloudWatch", "AWSConfig", "AWSDataTransfer"])
def test_lines_of_aws_itself_about_an_endpoint_are_no_software(code: str, tmp_path: Path, ask: Asked) -> None:
    answer = ask(bill(tmp_path / "bill.csv", row(), software("USE1-Metrics", code=code)), "top")
    assert fee(answer) == []
