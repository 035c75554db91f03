"""A real account's SageMaker lines of December 2023, published with their quantities and prices, as a legacy report."""

import csv
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from tests.bills import account
from tests.bills.conftest import Asked

REAL = Path(__file__).resolve().parents[3] / "shared" / "bills" / "real-2023-12-eu-west-1.csv"
USAGE_TYPES = {
    "Endpoint ML storage": "EU-Host:VolumeUsage.gp2",
    "Endpoint Data IN": "EU-Hst:Data-Bytes-In",
    "Endpoint Data OUT": "EU-Hst:Data-Bytes-Out",
}
PREFIXES = {
    "BatchTransform Job": "EU-Tsform:",
    "Hosting": "EU-Host:",
    "Endpoint": "EU-Endpoint:",  # the line tells no mode, so its usage type is one that no grammar knows
    "Processing": "EU-Processing:",
    "Studio-Notebook": "EU-Studio:KernelGateway-",
    "SageMaker Studio Notebook Instance": "EU-Studio:KernelGateway-",
    "Notebook Instance": "EU-Notebk:",
    "Notebook": "EU-Notebk:",
    "Training": "EU-Train:",
}

pytest.importorskip("duckdb")


def usage_type(description: str) -> str:
    if description in USAGE_TYPES:
        return USAGE_TYPES[description]
    item = description.rpartition(" ")[2]
    known = max((name for name in PREFIXES if description.startswith(name)), key=len)
    return f"{PREFIXES[known]}{item if item.startswith('ml.') else 'VolumeUsage.gp2'}"


def rows() -> Iterator[dict[str, str]]:
    with REAL.open(encoding="utf-8") as file:
        for line in csv.DictReader(file):
            yield {
                "lineItem/UsageAccountId": account.ACCOUNT,
                "lineItem/LineItemType": "Usage",
                "lineItem/UsageStartDate": "2023-12-01T00:00:00Z",
                "lineItem/UsageEndDate": "2024-01-01T00:00:00Z",
                "lineItem/ProductCode": "AmazonSageMaker",
                "lineItem/UsageType": usage_type(line["description"]),
                "lineItem/UsageAmount": line["quantity"],
                "lineItem/CurrencyCode": "USD",
                "lineItem/UnblendedCost": line["cost_usd"],
                "pricing/unit": line["unit"],
            }


@pytest.mark.skipif(not REAL.is_file(), reason="../shared is not beside the checkout")
def test_a_real_bill_is_reproduced_to_the_cent_and_no_mode_is_guessed(tmp_path: Path, ask: Asked) -> None:
    (tmp_path / "bill.csv").write_text(account.csv_text(list(rows())), encoding="utf-8")
    answer = ask(tmp_path / "bill.csv", "modes")
    costs = {row["mode"]: Decimal(row["cost"]) for row in answer["rows"]}
    # 2.11 + 125.85 + 172.00 + 177.26 of hosting; the sums of the others are single lines
    assert costs["real-time"] == Decimal("477.22")
    assert (costs["batch"], costs["storage"], costs["data"]) == (Decimal("0.55"), Decimal("0.03"), Decimal(0))
    strange = next(row for row in answer["rows"] if row["mode"] == "not recognised")
    assert (strange["cost"], strange["usage_types"]) == ("1.07", "EU-Endpoint:ml.g4dn.xlarge")
    inference = sum(cost for mode, cost in costs.items() if mode != "not inference")
    assert inference == Decimal("478.87")
    # 0.01 + 0.77 + 0.30 + 1.04 + 40.92 + 61.42 + 171.45 + 0.61 + 11.31 + 43.00 + 15.54 + 12.17 + 27.62 + 4.53 + 17.10
    assert costs["not inference"] == Decimal("407.79")
    assert any("EU-Endpoint:ml.g4dn.xlarge" in note for note in answer["notes"])
