"""The words of an estimate: ranges with their flags, and components shaped like the lines of an AWS bill."""

from decimal import Decimal
from typing import Literal, TypeAlias

from msgspec import Struct

from guardrail.model import Unknown

Basis: TypeAlias = Literal["published", "derived", "estimated"]
Kind: TypeAlias = Literal[
    "instance", "volume", "data-in", "data-out", "serverless-compute", "provisioned-warm", "provisioned-compute"
]

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


class Unpriced(Struct, frozen=True):
    """No price under this key, and why, with what the table does have."""

    reason: str


class Quantity(Struct, frozen=True):
    """How much of a unit a month takes."""

    floor: Decimal
    expected: Decimal | Unknown
    ceiling: Decimal


class Monthly(Struct, frozen=True, kw_only=True):
    """USD a month, and how far it can be trusted."""

    floor: Decimal
    expected: Decimal | Unknown
    ceiling: Decimal
    estimated_share: Decimal = Decimal(0)
    """USD of `expected` (of `ceiling` where expected is Unknown) that rests on estimated prices or sizes."""
    estimated_floor: Decimal = Decimal(0)
    """USD of `floor` that rests on them."""
    estimated_ceiling: Decimal = Decimal(0)
    """USD of `ceiling` that rests on them."""
    at_least: bool = False
    """Something that belongs here is unpriced or unknown."""
    estimated: bool = False
    """At least 1 % of one of the bounds is estimated."""
    depends_on_usage: bool = False
    """A usage-based part has no usage to go by, so its amount is missing."""
    assumed: bool = False
    """`expected` is an assumption (the initial count of something that scales)."""


class CostComponent(Struct, frozen=True, kw_only=True):
    """One line as the bill will show it."""

    kind: Kind
    unit: str
    usage_type: str | None
    """None where not even the usage type can be known."""
    price: Price | None
    quantity: Quantity | None
    """In `unit`, a month; None where it depends on usage or is unknown."""
    monthly: Quantity | None
    """USD a month; None where quantity or price is missing."""
    count: Quantity | None = None
    """How many instances, or slots kept warm, the quantity rests on."""
    demand: Decimal | None = None
    """How many of them the work alone keeps busy, on the average of the month; None where no usage is given."""
    size: Decimal | None = None
    """GB of one volume, or GB of memory of one slot."""
    detail: str = ""
    """What it is, for people: ``ml.m5.xlarge``, ``20 GB``, ``4 GB (default)``, ``2 GB memory``."""
    reason: str | None = None
    """Why something is missing here; makes every total above it "at least"."""
    estimated: bool = False
    """An estimated price, or an inferred size."""
    default_size: bool = False
    """A volume that nobody asked for: ``--strict`` does not mind when its size or price is missing."""
    depends_on_usage: bool = False
    assumed: bool = False
    redacted: bool = False
    """Rests on sensitive values: reporters show the monthly amounts only."""
    origins: dict[str, str] = {}
    """Where each number came from: count.floor, count.expected, count.ceiling, size, hours, price, …"""


class VariantCost(Struct, frozen=True, kw_only=True):
    """What one variant costs, in the order of the endpoint's variants."""

    components: tuple[CostComponent, ...]
    monthly: Monthly


class EndpointCost(Struct, frozen=True, kw_only=True):
    """What one endpoint costs."""

    address: str
    components: tuple[CostComponent, ...]
    """Data in and out, charged once per endpoint."""
    variants: tuple[VariantCost, ...]
    """Parallel to the endpoint's variants; empty where these are Unknown."""
    monthly: Monthly
    missing: frozenset[str]
    """A key for each part that is unpriced or unknown, equal on two sides exactly when the parts are alike."""


class Delta(Struct, frozen=True):
    """after - before, for each bound on its own; Unknown where a part is known on one side only."""

    floor: Decimal | Unknown
    expected: Decimal | Unknown
    ceiling: Decimal | Unknown


class Estimate(Struct, frozen=True, kw_only=True):
    """The bill of an inventory."""

    endpoints: dict[str, EndpointCost]
    """By address."""
    unattached: dict[str, EndpointCost]
    """What each unattached configuration would cost if deployed; in no total."""
    total: Monthly
    missing: frozenset[str]


class PlanUse(Struct, frozen=True, kw_only=True):
    """What becomes of a commitment, in USD a month, bound by bound."""

    covered: Quantity
    """Usage that the plan pays for, at its rates."""
    spilled: Quantity
    """Usage that it could cover and has no room for, on demand."""
    stranded: Quantity
    """Of the commitment that this stack may use: paid, and used by nothing in it."""
