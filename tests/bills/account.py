"""One synthetic account whose truth is known, in every layout that AWS exports: what all answers are held against.

Eight days of September 2026 in us-east-1; prices are invented but for the two of the blog post that this project starts
from, 0.24 and 0.23 an hour. What the account costs:

- chat, real-time, ml.m5.xlarge around the clock at 0.24: 8 × 24 × 0.24 = 46.08, its volume 0.14, its data 0.02: 46.24
- ocr, asynchronous, ml.m5.xlarge around the clock at 0.23: 8 × 24 × 0.23 = 44.16
- ranker, real-time, two ml.g5.xlarge on the first day, one of them covered by a Savings Plan at 0.90 instead of 1.408:
  24 × 0.90 + 24 × 1.408 = 21.60 + 33.792 = 55.392, at list prices 48 × 1.408 = 67.584
- tiny, serverless: 200,000 s at 0.00004 = 8.00
- nightly, a transform job of 3 h at 0.922 = 2.766
- a notebook of 10.00, which is no inference; a tax of 44.00 and a credit of 20.00, which are no use
"""

import csv
import functools
import gzip
import io
import json
import zipfile
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from guardrail.bills import layouts

START = datetime(2026, 9, 1, tzinfo=UTC)
ACCOUNT = "111122223333"
PLAN = f"arn:aws:savingsplans::{ACCOUNT}:savingsplan/0000aaaa-example"
HOUR = timedelta(hours=1)
DAYS = 8

underscored = functools.cache(layouts.underscored)


class Line(NamedTuple):
    """One line of the bill, as everybody means it."""

    start: datetime
    end: datetime
    line_type: str
    usage_type: str
    resource: str
    amount: str
    unit: str
    unblended: str
    list_cost: str
    effective: str = ""
    commitment: str = ""
    used: str = ""
    team: str = ""
    product: str = "AmazonSageMaker"


def arn(resource: str) -> str:
    return f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:{resource}" if resource else ""


def lines() -> Iterator[Line]:
    """Every line of the account."""
    for hour in range(DAYS * 24):
        start = START + hour * HOUR
        span = (start, start + HOUR)
        yield Line(*span, "Usage", "USE1-Host:ml.m5.xlarge", "endpoint/chat", "1", "Hrs", "0.24", "0.24", team="search")
        yield Line(
            *span, "Usage", "USE1-AsyncInf:ml.m5.xlarge", "endpoint/ocr", "1", "Hrs", "0.23", "0.23", team="docs"
        )
        if hour < 24:
            g5 = "USE1-Host:ml.g5.xlarge"
            covered, taken_back = "SavingsPlanCoveredUsage", "SavingsPlanNegation"
            yield Line(*span, covered, g5, "endpoint/ranker", "1", "Hrs", "1.408", "1.408", "0.90", team="search")
            yield Line(*span, taken_back, g5, "", "1", "Hrs", "-1.408", "0")
            yield Line(*span, "Usage", g5, "endpoint/ranker", "1", "Hrs", "1.408", "1.408", team="search")
            fee = Line(*span, "SavingsPlanRecurringFee", "MachineLearningSP:1yrNoUpfront", "", "1", "Hrs", "0.90", "0")
            yield fee._replace(commitment="0.90", used="0.90", product="MachineLearningSavingsPlans")
    once = (START, START + HOUR)
    yield Line(
        *once, "Usage", "USE1-Host:VolumeUsage.gp2", "endpoint/chat", "1", "GB-Mo", "0.14", "0.14", team="search"
    )
    yield Line(*once, "Usage", "USE1-Hst:Data-Bytes-Out", "endpoint/chat", "1.25", "GB", "0.02", "0.02", team="search")
    yield Line(*once, "Usage", "USE1-ServerlessInf:Mem-2GB", "endpoint/tiny", "200000", "seconds", "8.00", "8.00")
    yield Line(*once, "Usage", "USE1-Tsform:ml.m5.4xlarge", "transform-job/nightly", "3", "Hrs", "2.766", "2.766")
    yield Line(*once, "Usage", "USE1-Notebk:ml.t3.medium", "notebook-instance/chat", "24", "Hrs", "10.00", "10.00")
    month = (START, datetime(2026, 10, 1, tzinfo=UTC))
    yield Line(*month, "Tax", "", "", "1", "", "44.00", "44.00")
    yield Line(*month, "Credit", "USE1-Host:ml.m5.xlarge", "", "0", "Hrs", "-20.00", "-20.00")


COSTS = {"ranker": "55.392", "chat": "46.24", "ocr": "44.16", "tiny": "8", "nightly": "2.766"}
"""What each endpoint and job costs, amortized."""
MODES = {
    "real-time": "101.472",  # 46.08 + 55.392
    "asynchronous": "44.16",
    "batch": "2.766",
    "serverless": "8",
    "storage": "0.14",
    "data": "0.02",
    "not inference": "10",
}
FIRST_DAY = "77.598"
"""5.76 + 5.52 + 55.392 + 0.14 + 0.02 + 8.00 + 2.766."""
OTHER_DAYS = "11.28"
"""5.76 + 5.52."""


def _legacy(line: Line) -> dict[str, str]:
    """A line as a legacy Cost and Usage Report has it."""
    covered = line.line_type == "SavingsPlanCoveredUsage"
    planned = line.line_type.startswith("SavingsPlan")
    resource = PLAN if line.line_type == "SavingsPlanRecurringFee" else arn(line.resource)
    return {
        "identity/LineItemId": "",
        "bill/BillingEntity": "AWS",
        "bill/PayerAccountId": ACCOUNT,
        "bill/BillingPeriodStartDate": "2026-09-01T00:00:00Z",
        "lineItem/UsageAccountId": ACCOUNT,
        "lineItem/LineItemType": line.line_type,
        "lineItem/UsageStartDate": f"{line.start:%Y-%m-%dT%H:%M:%SZ}",
        "lineItem/UsageEndDate": f"{line.end:%Y-%m-%dT%H:%M:%SZ}",
        "lineItem/ProductCode": line.product,
        "lineItem/UsageType": line.usage_type,
        "lineItem/ResourceId": resource,
        "lineItem/UsageAmount": line.amount,
        "lineItem/CurrencyCode": "USD",
        "lineItem/UnblendedCost": line.unblended,
        "lineItem/LineItemDescription": 'a comma, and a "quote"',
        "product/region": "us-east-1",
        "pricing/publicOnDemandCost": line.list_cost,
        "pricing/unit": line.unit,
        "savingsPlan/SavingsPlanARN": PLAN if planned else "",
        "savingsPlan/SavingsPlanEffectiveCost": line.effective if covered else "",
        "savingsPlan/TotalCommitmentToDate": line.commitment,
        "savingsPlan/UsedCommitment": line.used,
        "resourceTags/user:Team": line.team,
    }


def _cur2(line: Line) -> dict[str, str]:
    """A line as CUR 2.0 has it: names with underscores, maps as JSON, another spelling of time."""
    found = {underscored(name): value for name, value in _legacy(line).items()}
    found["product_region_code"] = found.pop("product_region")
    team = found.pop("resource_tags_user_team")
    for name in [name for name in found if name.endswith(("start_date", "end_date"))]:
        found[name] = found[name].replace("T", " ").replace("Z", ".000")
    return {**found, "product": "{}", "resource_tags": json.dumps({"user_team": team} if team else {})}


def _cur2_flat(line: Line) -> dict[str, str]:
    """A line of an export whose query takes the keys out of the maps."""
    found = _cur2(line)
    del found["product"], found["resource_tags"]
    return {**found, "resource_tags_user_team": line.team}


def _focus(line: Line, usage_column: str) -> dict[str, str] | None:
    """A line as FOCUS has it: no negations, a covered line is billed at 0, the fee is a purchase."""
    if line.line_type == "SavingsPlanNegation":
        return None
    covered, fee = (line.line_type == kind for kind in ("SavingsPlanCoveredUsage", "SavingsPlanRecurringFee"))
    category = {"Tax": "Tax", "Credit": "Credit"}.get(line.line_type, "Purchase" if fee else "Usage")
    units = {"Hrs": "Hours", "GB-Mo": "GB-Months", "": "NULL"}
    return {
        "BilledCost": "0" if covered else line.unblended,
        "BillingAccountId": ACCOUNT,
        "BillingCurrency": "USD",
        "BillingPeriodStart": "2026-09-01 00:00:00",
        "ChargeCategory": category,
        "ChargeClass": "NULL",
        "ChargePeriodStart": f"{line.start:%Y-%m-%d %H:%M:%S}",
        "ChargePeriodEnd": f"{line.end:%Y-%m-%d %H:%M:%S}",
        "CommitmentDiscountId": PLAN if covered or fee else "NULL",
        "CommitmentDiscountStatus": "Used" if covered else "NULL",
        "ConsumedQuantity": "NULL" if category != "Usage" else line.amount,
        "ConsumedUnit": units.get(line.unit, line.unit),
        "EffectiveCost": line.effective if covered else "0" if fee else line.unblended,
        "ListCost": line.list_cost,
        "RegionId": "us-east-1",
        "ResourceId": arn(line.resource) or "NULL",
        "SubAccountId": ACCOUNT,
        "Tags": json.dumps({"Team": line.team}) if line.team else "NULL",
        "x_ServiceCode": line.product,
        usage_column: line.usage_type or "NULL",
    }


def records(layout: str) -> list[dict[str, str]]:
    """The account in a layout, as texts."""
    made: dict[str, Callable[[Line], dict[str, str] | None]] = {
        "legacy": _legacy,
        "cur2": _cur2,
        "cur2-flat": _cur2_flat,
        "focus-1.0": lambda line: _focus(line, "x_UsageType"),
        "focus-1.2": lambda line: _focus(line, "SkuMeter"),
    }
    return [record for line in lines() if (record := made[layout](line)) is not None]


def csv_text(rows: Sequence[dict[str, str]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def write_parquet(path: Path, rows: Sequence[dict[str, str]]) -> None:
    """Texts as the types that AWS gives them in Parquet: doubles, timestamps, maps."""
    import duckdb

    source = path.with_suffix(".source.csv")
    source.write_text(csv_text(rows), encoding="utf-8")
    numbers = ("Cost", "cost", "amount", "ommitment", "Quantity")
    columns = []
    for name in rows[0]:
        text = f"NULLIF(NULLIF(\"{name}\", ''), 'NULL')"
        if name in ("resource_tags", "product", "Tags"):
            columns.append(f'CAST(CAST({text} AS JSON) AS MAP(VARCHAR, VARCHAR)) AS "{name}"')
        elif name.endswith(("start_date", "end_date", "PeriodStart", "PeriodEnd")):
            columns.append(f'CAST({text} AS TIMESTAMP) AS "{name}"')
        elif any(word in name for word in numbers) and "Id" not in name and "Status" not in name:
            columns.append(f'CAST({text} AS DOUBLE) AS "{name}"')
        else:
            columns.append(f'{text} AS "{name}"')
    duckdb.execute(
        f"COPY (SELECT {', '.join(columns)} FROM read_csv('{source}', all_varchar = true)) TO '{path}' (FORMAT parquet)"  # noqa: S608 - all of it is of this file
    )
    source.unlink()


def _cost_explorer() -> str:
    """The same days as GetCostAndUsage has them, by usage type and service."""
    results = []
    for day in range(DAYS):
        start = START + day * 24 * HOUR
        sums: dict[str, list[Decimal]] = {}
        for line in lines():
            if start <= line.start < start + 24 * HOUR and line.line_type not in ("Tax", "Credit"):
                fee = line.product == "MachineLearningSavingsPlans"
                used = "0" if line.line_type == "SavingsPlanNegation" or fee else line.effective or line.unblended
                hours = "0" if line.line_type.endswith(("Negation", "Fee")) else line.amount
                parts = sums.setdefault(line.usage_type, [Decimal(0)] * 3)
                sums[line.usage_type] = [
                    part + Decimal(more) for part, more in zip(parts, (line.unblended, used, hours), strict=True)
                ]
        groups = [
            {
                "Keys": [usage_type, "Amazon SageMaker"],
                "Metrics": {
                    "UnblendedCost": {"Amount": str(unblended), "Unit": "USD"},
                    "NetAmortizedCost": {"Amount": str(cost), "Unit": "USD"},
                    "UsageQuantity": {"Amount": str(hours), "Unit": "N/A"},
                },
            }
            for usage_type, (unblended, cost, hours) in sums.items()
        ]
        period = {"Start": f"{start:%Y-%m-%d}", "End": f"{start + 24 * HOUR:%Y-%m-%d}"}
        results.append({"TimePeriod": period, "Total": {}, "Groups": groups, "Estimated": False})
    keys = [{"Type": "DIMENSION", "Key": key} for key in ("USAGE_TYPE", "SERVICE")]
    return json.dumps({"GroupDefinitions": keys, "ResultsByTime": results, "DimensionValueAttributes": []})


def _write_csv(path: Path, layout: str) -> None:
    path.write_text(csv_text(records(layout)), encoding="utf-8")


def _write_gz(path: Path, layout: str) -> None:
    path.write_bytes(gzip.compress(csv_text(records(layout)).encode()))


def _write_zip(path: Path, layout: str) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../report.csv", csv_text(records(layout)))


EXPORTS: dict[str, Callable[[Path], object]] = {
    "legacy.csv": lambda path: _write_csv(path, "legacy"),
    "legacy.csv.gz": lambda path: _write_gz(path, "legacy"),
    "legacy.csv.zip": lambda path: _write_zip(path, "legacy"),
    "legacy.parquet": lambda path: write_parquet(
        path, [{underscored(name): value for name, value in row.items()} for row in records("legacy")]
    ),
    "cur2.csv.gz": lambda path: _write_gz(path, "cur2"),
    "cur2.parquet": lambda path: write_parquet(path, records("cur2")),
    "cur2-flat.csv": lambda path: _write_csv(path, "cur2-flat"),
    "cur2-flat.parquet": lambda path: write_parquet(path, records("cur2-flat")),
    "focus-1.0.csv": lambda path: _write_csv(path, "focus-1.0"),
    "focus-1.0.parquet": lambda path: write_parquet(path, records("focus-1.0")),
    "focus-1.2.csv.gz": lambda path: _write_gz(path, "focus-1.2"),
    "focus-1.2.parquet": lambda path: write_parquet(path, records("focus-1.2")),
    "cost-explorer.json": lambda path: path.write_text(_cost_explorer(), encoding="utf-8"),
}
"""Every export of the account, by the name of its file."""
