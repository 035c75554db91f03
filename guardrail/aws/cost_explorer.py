"""Cost Explorer's GetCostAndUsage, live: SageMaker by usage type and service, every page of it.

AWS charges 0.01 USD for each page, so that is said before the first. There are no hours in it, and no resources.
"""

from datetime import date
from decimal import Decimal
from typing import Any, Final

from guardrail.aws.calls import called

USD_PER_PAGE: Final = Decimal("0.01")
SERVICES: Final = ("Amazon SageMaker", "Savings Plans for Machine Learning")
_METRICS: Final = ("UnblendedCost", "NetAmortizedCost", "UsageQuantity")
_MOST_PAGES: Final = 100


def pages(client: Any, start: date, end: date, granularity: str) -> list[dict[str, Any]]:
    """Every page from a day up to another, by day or by month. Raises `AWSError`."""
    asked = {
        "TimePeriod": {"Start": str(start), "End": str(end)},
        "Granularity": granularity,
        "Metrics": list(_METRICS),
        "GroupBy": [{"Type": "DIMENSION", "Key": key} for key in ("USAGE_TYPE", "SERVICE")],
        "Filter": {"Dimensions": {"Key": "SERVICE", "Values": list(SERVICES)}},
    }
    found: list[dict[str, Any]] = []
    token: str | None = None
    while len(found) < _MOST_PAGES:
        more = {} if token is None else {"NextPageToken": token}
        found.append(called(client.get_cost_and_usage, **asked, **more))
        token = found[-1].get("NextPageToken")
        if token is None:
            break
    return found
