"""A price: one line of a table, with what is known of where it comes from; or why there is none."""

from decimal import Decimal
from typing import Literal, TypeAlias

from msgspec import Struct

from guardrail.prices import usage_types

Basis: TypeAlias = Literal["published", "derived", "estimated"]

INFERRED_DEFAULT = "default of the type (inferred: half its memory in GiB, at most 30)"
"""The origin of a size that nobody published."""
ASSUMED_UNSET = "assumption: not set; "
"""Stands before an origin that rests on an argument being unset, which the source does not say."""


class Price(Struct, frozen=True, kw_only=True):
    """One line of a price table."""

    usage_type: str
    """As on the bill: ``USE1-Host:ml.m5.xlarge``."""
    unit: str
    """Hrs, GB-Mo, GB or seconds."""
    usd: Decimal
    """USD per unit, unrounded."""
    basis: Basis
    confidence: Literal["high", "medium", "low"] | None
    """None where the price is published."""
    rule: str | None
    """How a derived or estimated price was worked out."""
    suspect: str | None
    """Why the evidence doubts this row; None where it does not."""
    date: str
    """When the source said so, ISO 8601."""
    source: str
    origin: str = "bundled"
    """The tables it was read from: "bundled", or a directory."""
    sku: str | None = None
    """Of the product in AWS's price list; None where the tables do not know it."""
    rate_code: str | None = None
    effective_date: str | None = None
    """From when AWS charges it, ISO 8601."""

    @property
    def use(self) -> str | None:
        """``AsyncInf`` of ``USE1-AsyncInf:ml.m5.xlarge``."""
        known = usage_types.parse(self.usage_type)
        return known.use if known else None

    @property
    def instance_type(self) -> str | None:
        """``ml.m5.xlarge`` of ``USE1-AsyncInf:ml.m5.xlarge``; None of what is no instance."""
        known = usage_types.parse(self.usage_type)
        return known.instance_type if known else None


class Unpriced(Struct, frozen=True):
    """No price under this key, and why, with what the table does have."""

    reason: str
