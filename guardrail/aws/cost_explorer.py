"""Cost Explorer's GetCostAndUsage, live: SageMaker by usage type and service, every page of it.

AWS charges 0.01 USD for each page, so that is said before the first. There are no hours in it, and no resources.
"""

from datetime import date
from decimal import Decimal
from itertools import islice
from typing import Any, Final

from guardrail.aws import calls

USD_PER_PAGE: Final = Decimal("0.01")
SERVICES: Final = ("Amazon SageMaker", "Savings Plans for Machine Learning")
_METRICS: Final = ("UnblendedCost", "NetAmortizedCost", "UsageQuantity")
_MOST_PAGES: Final = 100


def pages(client: Any, start: date, end: date, granularity: str) -> list[dict[str, Any]]:
    """Every page from a day up to another, by day or by month. Raises `AWSError`."""
    asked: dict[str, Any] = {
        "TimePeriod": {"Start": str(start), "End": str(end)},
        "Granularity": granularity,
        "Metrics": list(_METRICS),
        "GroupBy": [{"Type": "DIMENSION", "Key": key} for key in ("USAGE_TYPE", "SERVICE")],
        "Filter": {"Dimensions": {"Key": "SERVICE", "Values": list(SERVICES)}},
    }
    return list(islice(calls.pages(client.get_cost_and_usage, "NextPageToken", **asked), _MOST_PAGES))
