"""Athena, Cost Explorer and S3 against botocore's Stubber: what is sent, made of answers, and cancelled."""

import json
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from guardrail import cli
from guardrail.aws import athena, cost_explorer, s3
from guardrail.bills import athena_setup, live
from guardrail.errors import AWSError, GuardrailError
from tests.bills.test_reconcile import line, month, template, write_bill

boto3 = pytest.importorskip("boto3")
pytest.importorskip("duckdb")
stub = pytest.importorskip("botocore.stub")


def client(service: str) -> Any:
    return boto3.client(
        service,
        region_name="us-east-1",
        aws_access_key_id="x",
        aws_secret_access_key="x",  # noqa: S106 - for a stub
    )


class Stubbed:
    """A client that answers what was written down, in that order, and remembers what it was asked."""

    def __init__(self, service: str) -> None:
        self.client = client(service)
        self.stubber = stub.Stubber(self.client)
        self.stubber.activate()

    def answers(self, call: str, answer: dict[str, Any], expected: dict[str, Any] | None = None) -> None:
        self.stubber.add_response(call, answer, expected)


QUERY = {"QueryExecutionId": "q"}


def finished(athena_: Stubbed, text: object = stub.ANY, state: str = "SUCCEEDED", reason: str = "") -> None:
    expected = {
        "QueryString": text,
        "WorkGroup": "finops",
        "QueryExecutionContext": {"Database": "billing"},
        "ResultConfiguration": {"OutputLocation": "s3://results/"},
    }
    athena_.answers("start_query_execution", QUERY, expected)
    for each in ("QUEUED", "RUNNING", state):
        status = {"State": each, "StateChangeReason": reason}
        athena_.answers("get_query_execution", {"QueryExecution": {"Status": status}}, QUERY)


def result(columns: dict[str, str], *rows: tuple[str | None, ...], token: str | None = None, head: bool = True) -> Any:
    def data(values: tuple[str | None, ...]) -> dict[str, Any]:
        return {"Data": [{} if value is None else {"VarCharValue": value} for value in values]}

    answer: dict[str, Any] = {
        "ResultSet": {
            "Rows": [*([data(tuple(columns))] if head else []), *map(data, rows)],
            "ResultSetMetadata": {"ColumnInfo": [{"Name": name, "Type": kind} for name, kind in columns.items()]},
        }
    }
    return answer if token is None else answer | {"NextToken": token}


@pytest.fixture
def stubbed() -> Stubbed:
    return Stubbed("athena")


def engine(stubbed: Stubbed, sleep: Any = lambda _: None) -> athena.Athena:
    return athena.Athena(
        stubbed.client, workgroup="finops", database="billing", output_location="s3://results/", sleep=sleep
    )


def test_a_question_is_explained_first_and_its_pages_become_rows(stubbed: Stubbed) -> None:
    columns = {"cost": "decimal", "lines": "bigint", "day": "date", "at": "timestamp", "name": "varchar"}
    finished(stubbed, "EXPLAIN SELECT 1")
    finished(stubbed, "SELECT 1")
    first = ("0.230000000000000000", "5", "2026-09-01", "2026-09-01 13:00:00.000", "chat")
    stubbed.answers("get_query_results", result(columns, first, token="t"), QUERY)  # noqa: S106 - of a page
    rest = result(columns, (None, None, None, None, None), head=False)
    stubbed.answers("get_query_results", rest, QUERY | {"NextToken": "t"})
    rows = engine(stubbed).rows("SELECT 1")
    assert rows[0] == {
        "cost": Decimal("0.23"),
        "lines": 5,
        "day": date(2026, 9, 1),
        "at": datetime(2026, 9, 1, 13),  # noqa: DTZ001 - as the engines give it
        "name": "chat",
    }
    assert set(rows[1].values()) == {None}
    stubbed.stubber.assert_no_pending_responses()


def test_a_text_that_explain_refuses_is_never_run(stubbed: Stubbed) -> None:
    finished(stubbed, state="FAILED", reason="line 1:8: Column 'x' cannot be resolved\nmore")
    with pytest.raises(AWSError, match=r"line 1:8: Column 'x' cannot be resolved$"):
        engine(stubbed).rows("SELECT x")
    stubbed.stubber.assert_no_pending_responses()


def test_an_interrupted_wait_cancels_the_query_at_aws(stubbed: Stubbed) -> None:
    stubbed.answers("start_query_execution", QUERY)
    stubbed.answers("get_query_execution", {"QueryExecution": {"Status": {"State": "RUNNING"}}})
    stubbed.answers("stop_query_execution", {}, QUERY)

    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        engine(stubbed, interrupted).rows("SELECT 1")
    stubbed.stubber.assert_no_pending_responses()


def test_what_aws_refuses_is_said_in_one_line(stubbed: Stubbed) -> None:
    stubbed.stubber.add_client_error("start_query_execution", "AccessDeniedException", "not allowed\nat all")
    with pytest.raises(AWSError) as refused:
        engine(stubbed).rows("SELECT 1")
    assert "\n" not in refused.value.message


def test_ten_megabytes_are_the_least_that_a_query_costs() -> None:
    assert athena.price([0]) == Decimal("0.00005")  # 10 MB × 5 USD / 1,000,000 MB
    assert athena.price([2 * 10**12, 0]) == Decimal("10.00005")


CONTENTS = {
    "bills/ml/20260901-20261001/a/ml-1.csv.gz": 100,
    "bills/ml/20261001-20261101/a/ml-1.csv.gz": 200,
    "bills/ml/year=2026/month=9/ml-1.parquet": 300,
    "bills/data/BILLING_PERIOD=2026-08/x.parquet": 400,
    "bills/": 0,
    "bills/readme.txt": 1,
}


def listing(stubbed: Stubbed) -> None:
    keys = [{"Key": key, "Size": size} for key, size in CONTENTS.items()]
    place = {"Bucket": "example-bills", "Prefix": "bills"}
    stubbed.answers("list_objects_v2", {"Contents": keys[:3], "NextContinuationToken": "t"}, place)
    stubbed.answers("list_objects_v2", {"Contents": keys[3:]}, place | {"ContinuationToken": "t"})


def test_only_the_months_that_are_asked_for_are_listed() -> None:
    bucket = Stubbed("s3")
    listing(bucket)
    found = dict(s3.listed(bucket.client, "s3://example-bills/bills", [(2026, 9)]))
    assert list(found.values()) == [100, 300, 1]


@pytest.mark.parametrize("uri", ["s3://", "s3://UPPER/x", "s3:/a/b", "s3://a b/c", "https://x"])
def test_what_is_no_place_in_s3_is_refused(uri: str) -> None:
    with pytest.raises(AWSError, match="no place in S3"):
        s3.parsed(uri)


def test_a_key_that_leads_out_of_its_folder_is_refused(tmp_path: Path) -> None:
    bucket = Stubbed("s3")
    bucket.answers("list_objects_v2", {"Contents": [{"Key": "../../etc/passwd", "Size": 1}]})
    with pytest.raises(AWSError, match="leads out"):
        s3.copied(bucket.client, "s3://example-bills/bills", None, str(tmp_path), lambda _: None)
    assert list(tmp_path.iterdir()) == []


def test_every_page_of_cost_explorer_is_asked_for() -> None:
    api = Stubbed("ce")
    time = {"TimePeriod": {"Start": "2026-09-01", "End": "2026-10-01"}, "Groups": [], "Total": {}}
    asked = {
        "TimePeriod": {"Start": "2026-09-01", "End": "2026-10-01"},
        "Granularity": "DAILY",
        "Metrics": ["UnblendedCost", "NetAmortizedCost", "UsageQuantity"],
        "GroupBy": [{"Type": "DIMENSION", "Key": "USAGE_TYPE"}, {"Type": "DIMENSION", "Key": "SERVICE"}],
        "Filter": {"Dimensions": {"Key": "SERVICE", "Values": list(cost_explorer.SERVICES)}},
    }
    api.answers("get_cost_and_usage", {"ResultsByTime": [time], "NextPageToken": "t"}, asked)
    api.answers("get_cost_and_usage", {"ResultsByTime": [time]}, asked | {"NextPageToken": "t"})
    pages = cost_explorer.pages(api.client, date(2026, 9, 1), date(2026, 10, 1), "DAILY")
    assert [page.get("NextPageToken") for page in pages] == ["t", None]


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Stubbed]]:
    """Stubbed clients, by service, in place of those of boto3."""
    made = {name: Stubbed(name) for name in ("athena", "glue", "s3", "ce")}
    monkeypatch.setattr(live, "client", lambda service: made[service].client)
    yield made
    for each in made.values():
        each.stubber.assert_no_pending_responses()


def test_cost_explorer_is_asked_only_once_somebody_agrees(
    aws: dict[str, Stubbed], capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["bills", "cost-explorer:", "modes", "--from", "2026-09-01", "--to", "2026-10-01", "--format", "json"]
    assert cli.main(words) == 2
    shown = capsys.readouterr()
    assert "0.01 USD" in shown.err
    assert "--yes" in shown.err
    metrics = {name: {"Amount": "5.52", "Unit": "USD"} for name in ("UnblendedCost", "NetAmortizedCost")}
    group = {"Keys": ["USE1-Host:ml.m5.xlarge", "Amazon SageMaker"], "Metrics": metrics}
    time = {"TimePeriod": {"Start": "2026-09-01", "End": "2026-09-02"}, "Groups": [group], "Total": {}}
    keys = [{"Type": "DIMENSION", "Key": key} for key in ("USAGE_TYPE", "SERVICE")]
    aws["ce"].answers("get_cost_and_usage", {"GroupDefinitions": keys, "ResultsByTime": [time]})
    assert cli.main([*words, "--yes"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"][0]["cost"] == "5.52"


@pytest.fixture
def exported(aws: dict[str, Stubbed], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """A template whose endpoint ran through September, billed in S3; the keys that were copied.

    Today is 2026-10-05, so months before August are asked for by nobody.
    """
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1791158400")
    write_bill(tmp_path / "bill.csv", month())
    template(tmp_path / "template.json")
    months = ("20260101-20260201", "20260901-20261001", "20261001-20261101")
    contents = [{"Key": f"ml/{each}/bill.csv", "Size": 9} for each in months]
    aws["s3"].answers("list_objects_v2", {"Contents": contents})
    copied: list[str] = []

    def download(Bucket: str, Key: str, Filename: str) -> None:  # noqa: N803 - the API's names
        assert Bucket == "example-bills"
        copied.append(Key)
        rows = month() if "202609" in Key else [line(datetime(2026, 10, 1), "0.23")]  # noqa: DTZ001
        write_bill(Path(Filename), rows)

    monkeypatch.setattr(aws["s3"].client, "download_file", download)
    return copied


def test_reconcile_reads_the_month_and_the_one_after_of_s3(
    exported: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["reconcile", str(tmp_path / "template.json"), "--bill", "s3://example-bills/ml", "--month", "2026-09"]
    assert cli.main([*words, "--region", "us-east-1", "--format", "json"]) == 0
    row = next(each for each in json.loads(capsys.readouterr().out)["rows"] if each["billed"] != "0")
    assert (row["estimated"], row["billed"]) == ("167.9", "165.6")  # 730 and 720 hours at 0.23
    assert exported == ["ml/20260901-20261001/bill.csv", "ml/20261001-20261101/bill.csv"]


@pytest.mark.parametrize("flag", ["--billed", "--bill"])
def test_check_reads_the_last_months_of_s3_alone(
    flag: str, exported: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["check", str(tmp_path / "template.json"), flag, "s3://example-bills/ml", "--region", "us-east-1"]
    assert cli.main([*words, "--fail-on", "never", "--isolated", "--format", "json"]) == 0
    billed = json.loads(capsys.readouterr().out)["billed"]
    assert (billed["month"], billed["endpoints"][0]["usd"]) == ("2026-09", "165.6")
    assert exported == ["ml/20260901-20261001/bill.csv", "ml/20261001-20261101/bill.csv"]


def test_the_text_of_a_question_is_of_the_months_that_are_asked_for(
    exported: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["bills", "sql", "top", "s3://example-bills/ml", "--from", "2026-09-01", "--to", "2026-10-01"]
    assert cli.main(words) == 0
    assert "TIMESTAMP '2026-09-01 00:00:00'" in capsys.readouterr().out
    assert exported == ["ml/20260901-20261001/bill.csv", "ml/20261001-20261101/bill.csv"]


def cost_of_a_month(aws: dict[str, Stubbed]) -> None:
    """The answer of Cost Explorer for a September of 165.60."""
    metrics = {name: {"Amount": "165.6", "Unit": "USD"} for name in ("UnblendedCost", "NetAmortizedCost")}
    metrics["UsageQuantity"] = {"Amount": "720", "Unit": "N/A"}
    group = {"Keys": ["USE1-Host:ml.m5.xlarge", "Amazon SageMaker"], "Metrics": metrics}
    period = {"TimePeriod": {"Start": "2026-09-01", "End": "2026-10-01"}, "Groups": [group], "Total": {}}
    keys = [{"Type": "DIMENSION", "Key": key} for key in ("USAGE_TYPE", "SERVICE")]
    aws["ce"].answers("get_cost_and_usage", {"GroupDefinitions": keys, "ResultsByTime": [period]})


@pytest.mark.parametrize("command", ["bills", "reconcile", "check"])
def test_whatever_asks_cost_explorer_goes_on_with_yes_alone(
    command: str, aws: dict[str, Stubbed], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(template(tmp_path / "template.json"))
    words = {
        "bills": ["bills", "sql", "modes", "cost-explorer:"],
        "reconcile": ["reconcile", path, "--bill", "cost-explorer:", "--month", "2026-09"],
        "check": ["check", path, "--billed", "cost-explorer:", "--fail-on", "never", "--isolated"],
    }[command]
    assert cli.main(words) == 2
    assert "0.01 USD" in (told := capsys.readouterr().err)
    assert "--yes" in told
    cost_of_a_month(aws)
    assert cli.main([*words, "--yes"]) == 0


@pytest.mark.parametrize("command", ["bills", "reconcile", "check"])
def test_a_table_of_athena_is_asked_alone_and_by_bills(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(template(tmp_path / "template.json"))
    words = {
        "bills": ["bills", "athena://billing/cur", str(tmp_path), "modes"],
        "reconcile": ["reconcile", path, "--bill", "athena://billing/cur"],
        "check": ["check", path, "--billed", "athena://billing/cur"],
    }[command]
    assert cli.main(words) == 2
    assert "a table of Athena is asked alone" in capsys.readouterr().err


FACTS = {
    **dict.fromkeys(("usage_type", "line_type", "product_code", "currency"), "varchar"),
    **dict.fromkeys(("last_billed", "first_use", "last_start", "last_use"), "timestamp"),
    **dict.fromkeys(("line_count", "named", "longest"), "bigint"),
}
MODES = {
    "month": "timestamp",
    **dict.fromkeys(("product_code", "usage_type", "currency", "unit", "mode"), "varchar"),
    **dict.fromkeys(("cost", "list_cost", "billed_cost", "amount"), "decimal"),
}


def test_a_table_of_athena_is_asked_with_its_partitions_pruned(
    aws: dict[str, Stubbed], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = [
        {"Name": name, "Type": kind}
        for name, kind in (
            *(("line_item_usage_start_date", "timestamp"), ("line_item_usage_end_date", "timestamp")),
            *(("line_item_product_code", "string"), ("line_item_usage_type", "string")),
            *(("line_item_line_item_type", "string"), ("line_item_usage_amount", "double")),
            *(("line_item_unblended_cost", "double"), ("resource_tags", "map<string,string>")),
        )
    ]
    described = {
        "Name": "cur",
        "StorageDescriptor": {"Columns": columns, "Location": "s3://example-bills/ml/"},
        "PartitionKeys": [{"Name": "billing_period"}],
    }
    aws["glue"].answers("get_table", {"Table": described}, {"DatabaseName": "billing", "Name": "cur"})
    limit = {"Name": "finops", "Configuration": {"BytesScannedCutoffPerQuery": 10**10}}
    aws["athena"].answers("get_work_group", {"WorkGroup": limit})
    key = "ml/BILLING_PERIOD=2026-09/x.parquet"
    aws["s3"].answers("list_objects_v2", {"Contents": [{"Key": key, "Size": 10**9}]})
    at = ("2026-09-01 00:00:00.000", "2026-09-01 00:00:00.000")
    span = ("2026-09-01 00:00:00.000", "2026-09-01 00:00:00.000", "2026-09-01 01:00:00.000")
    fact = ("USE1-Host:ml.m5.xlarge", "Usage", "AmazonSageMaker", "USD", at[0], *span, "1", "1", "1")
    for columns_, row in (
        (FACTS, fact),
        (
            MODES,
            (
                at[0],
                "AmazonSageMaker",
                "USE1-Host:ml.m5.xlarge",
                "USD",
                "Hrs",
                "real-time",
                "0.23",
                "0.23",
                "0.23",
                "1",
            ),
        ),
    ):
        finished(aws["athena"])
        finished(aws["athena"])
        aws["athena"].answers("get_query_results", result(columns_, row), QUERY)
    words = ["bills", "athena://billing/cur", "modes", "--from", "2026-09-01", "--to", "2026-10-01", "--yes"]
    aws_flags = ["--workgroup", "finops", "--output-location", "s3://results/", "--format", "json"]
    monkeypatch.setattr(athena, "PAUSE_S", 0)
    assert cli.main([*words, *aws_flags]) == 0
    shown = capsys.readouterr()
    # 1 GB, three queries at most, at 5 USD a TB: 0.015 USD
    assert "at most 1.00 GB, 3 times over: at most 0.0150 USD" in shown.err
    assert "cancels a query at 10.00 GB" in shown.err
    assert json.loads(shown.out)["rows"][0]["cost"] == "0.23"


@pytest.mark.parametrize(
    ("question", "times", "usd"),
    # 2 GB in each scan, at 5 USD a TB: 0.01 USD, for what there is, the question, and what stands apart
    [("top", 3, "0.0300"), ("daily", 4, "0.0400"), ("always-on", 4, "0.0400"), ("savings-plans", 3, "0.0300")],
)
def test_at_most_counts_each_place_that_names_the_lines(
    question: str, times: int, usd: str, aws: dict[str, Stubbed], capsys: pytest.CaptureFixture[str]
) -> None:
    described = {
        "Name": "cur",
        "StorageDescriptor": {
            "Columns": [{"Name": "line_item_usage_type", "Type": "string"}],
            "Location": "s3://example-bills/ml/",
        },
        "PartitionKeys": [{"Name": "billing_period"}],
    }
    aws["glue"].answers("get_table", {"Table": described})
    aws["athena"].answers("get_work_group", {"WorkGroup": {"Name": "primary"}})
    aws["s3"].answers("list_objects_v2", {"Contents": [{"Key": "ml/x.parquet", "Size": 2 * 10**9}]})
    assert cli.main(["bills", "athena://billing/cur", question, "--from", "2026-09-01"]) == 2
    assert f"at most 2.00 GB, {times} times over: at most {usd} USD" in capsys.readouterr().err


def test_a_table_that_is_no_export_is_refused() -> None:
    table = athena.GlueTable(types={"a": "string"}, partition_keys=(), location="s3://x/")
    with pytest.raises(GuardrailError, match="no export of the bill"):
        live.layout_of(table)


def test_the_policy_has_every_call_that_is_made_and_no_wildcard() -> None:
    statements = json.loads(athena_setup.text("s3://example-bills/ml/", "billing.cur", "cur2").partition("asks:\n")[2])
    allowed = [action for statement in statements["Statement"] for action in statement["Action"]]
    made = {"StartQueryExecution", "GetQueryExecution", "GetQueryResults", "StopQueryExecution", "GetWorkGroup"}
    assert {action for action in allowed if action.startswith("athena:")} == {f"athena:{call}" for call in made}
    assert {"glue:GetTable", "s3:ListBucket", "s3:GetObject", "s3:PutObject", "ce:GetCostAndUsage"} <= set(allowed)
    assert not any("*" in action for action in allowed)


@pytest.mark.parametrize("layout", ["legacy", "cur2", "focus-1.0", "focus-1.2"])
def test_the_table_has_every_column_that_a_question_may_ask(layout: Any) -> None:
    text = athena_setup.text("s3://example-bills/ml/", "billing.cur", layout)
    assert "CREATE EXTERNAL TABLE IF NOT EXISTS `billing`.`cur`" in text
    assert ("`year` string, `month` string" in text) == (layout == "legacy")
    assert ("BILLING_PERIOD=${billing_period}" in text) == (layout != "legacy")
    usage_type = {"focus-1.0": "x_usagetype", "focus-1.2": "skumeter"}.get(layout, "line_item_usage_type")
    assert f"`{usage_type}` string" in text
