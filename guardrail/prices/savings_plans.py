"""Rates of SageMaker Savings Plans: what an hour of covered usage costs against a commitment.

Which usage types have a rate is AWS's own word on what a plan covers. Its documentation names real-time and batch
inference, says nothing of asynchronous inference, and serverless inference is no instance usage.
"""

import os
from collections.abc import Iterator
from decimal import Decimal

from msgspec import Struct

from guardrail import limits
from guardrail.errors import PriceBookError
from guardrail.prices.table import records

COLUMNS = (
    "usage_type",
    "term",
    "payment",
    "unit",
    "usd",
    "sku",
    "discounted_sku",
    "rate_code",
    "effective_date",
    "version",
)


class SavingsPlanRate(Struct, frozen=True, kw_only=True):
    """What a unit of usage costs under a plan. The fields, in this order, are the columns of the table."""

    usage_type: str
    """Of the covered usage: ``USE1-Host:ml.m5.xlarge``."""
    term: str
    """``1yr`` or ``3yr``."""
    payment: str
    """``No Upfront``, ``Partial Upfront`` or ``All Upfront``."""
    unit: str
    usd: str
    """Per unit, with the digits of the list."""
    sku: str
    """Of the plan."""
    discounted_sku: str
    """Of the usage."""
    rate_code: str
    effective_date: str
    version: str
    """Of the offer."""


class SavingsPlanRates(Struct, frozen=True, kw_only=True):
    """The rates of one region that are about inference."""

    region: str
    rates: tuple[SavingsPlanRate, ...]

    @property
    def file_name(self) -> str:
        """The table that they are kept in."""
        return file_name(self.region)


def file_name(region: str) -> str:
    """The table of a region's rates."""
    return f"savings-plans-{region}.csv"


def read(directory: str, region: str, term: str, payment: str) -> dict[str, Decimal]:
    """USD per unit by usage type of one plan; empty where the directory has no rates of the region.

    Raises `PriceBookError` where the table is damaged, or has two rates for one usage type.
    """
    path = os.path.join(directory, file_name(region))
    if not os.path.isfile(path):
        return {}
    rates: dict[str, Decimal] = {}
    for line, rate in _rates(path):
        if (rate.term, rate.payment) != (term, payment):
            continue
        if rate.usage_type in rates:
            raise PriceBookError(f"{path}:{line}: a second rate for {rate.usage_type}, {term} {payment}")
        usd = limits.number(rate.usd)
        if usd is None or usd < 0:
            raise PriceBookError(f"{path}:{line}: a rate is a number of USD of zero or more, not {rate.usd[:40]}")
        rates[rate.usage_type] = usd
    return rates


class PlanTables:
    """The rates of one kind of plan, region by region, each read on first use."""

    def __init__(self, directory: str | None, term: str, payment: str) -> None:
        """``directory`` is that of refreshed tables; None where there is none, and no rate is known."""
        self._directory = directory
        self._kind = term, payment
        self._regions: dict[str, dict[str, Decimal]] = {}

    def rate(self, region: str, usage_type: str) -> Decimal | None:
        """USD per unit under the plan; None where AWS lists no such rate. Raises `PriceBookError`."""
        if self._directory is None:
            return None
        if region not in self._regions:
            self._regions[region] = read(self._directory, region, *self._kind)
        return self._regions[region].get(usage_type)


def _rates(path: str) -> Iterator[tuple[int, SavingsPlanRate]]:
    for line, record in records(path, COLUMNS):
        yield line, SavingsPlanRate(**dict(zip(COLUMNS, record, strict=True)))
