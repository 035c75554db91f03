"""The words of an estimate: ranges with their flags, and components shaped like the lines of an AWS bill."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Literal, TypeAlias

from msgspec import Struct

from guardrail.model import Flow, Unknown
from guardrail.money import MONTH, ZERO, Period
from guardrail.prices.base import Price

ChargeKind: TypeAlias = Literal[
    "instance",
    "software",
    "volume",
    "deployment",
    "data-in",
    "data-out",
    "serverless-compute",
    "provisioned-warm",
    "provisioned-compute",
    "transform",
]

Bound: TypeAlias = Literal["floor", "expected", "ceiling"]
BOUNDS: tuple[Bound, Bound, Bound] = ("floor", "expected", "ceiling")


class Missing(Struct, frozen=True):
    """A part of one bound that is unpriced, unknown or left to usage. Never shown: it may hold a sensitive value."""

    bound: Bound
    address: str
    what: tuple[object, ...]


class MonthlyQuantity(Struct, frozen=True):
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


class _ChargeLine(Struct, frozen=True, kw_only=True):
    """The attributes that a charge has both in one state and in a bill that joins several states."""

    kind: ChargeKind
    unit: str
    price: Price | None
    size: Decimal | None = None
    """GB of one volume, or GB of memory of one slot."""
    detail: str = ""
    """What it is, for people: ``ml.m5.xlarge``, ``20 GB``, ``4 GB (default)``, ``2 GB memory``."""
    reason: str | None = None
    """Why it has no amount, or why the amount is only the least of it; makes every total above it "at least"."""
    estimated: bool = False
    """An estimated price, or an inferred size."""
    default_size: bool = False
    """A volume that nobody asked for: ``--strict`` does not mind when its size or price is missing."""
    depends_on_usage: bool = False
    redacted: bool = False
    """Rests on sensitive values: reporters show the monthly amounts only."""
    origins: dict[str, str] = {}
    """Where each number came from: count.floor, count.expected, count.ceiling, size, hours, price, …"""


class CostComponent(_ChargeLine, frozen=True, kw_only=True):
    """One line as the bill will show it: its amounts where the variant costs least, as expected, and most."""

    usage_type: str | None
    """None where not even the usage type can be known."""
    quantity: MonthlyQuantity | None
    """In `unit`, a month; None where it depends on usage or is unknown."""
    monthly: MonthlyQuantity | None
    """USD a month; None where quantity or price is missing."""
    count: MonthlyQuantity | None = None
    """How many instances, or slots kept warm, the quantity rests on."""
    demand: Decimal | None = None
    """How many of them the work alone keeps busy, on the average of the month; None where no usage is given."""
    assumed: bool


class Line(_ChargeLine, frozen=True, kw_only=True):
    """One charge of a variant in one of its states: instances, volumes, requests."""

    quantity: Decimal | None
    """In `unit`, a month; None where it depends on usage or is unknown."""
    count: Decimal | None = None
    usd: Decimal | None = None
    """USD a month; None where quantity or price is missing."""


class State(Struct, frozen=True):
    """What a variant, or what stands on an endpoint itself, is charged for in one state that it can be in."""

    lines: tuple[Line, ...]
    usd: Decimal
    """USD a month of all lines that have an amount."""
    estimated_usd: Decimal
    """The part of it that rests on estimated prices or sizes."""
    partial: bool
    """Whether a line has a reason, so that `usd` is only what is known."""


def state(*lines: Line) -> State:
    """A state of these lines: 335.80 for instances and 5.60 for their volumes are 341.40."""
    usd = estimated = ZERO
    partial = False
    for line in lines:
        partial = partial or line.reason is not None
        if line.usd is not None:
            usd += line.usd
            if line.estimated:
                estimated += line.usd
    return State(lines, usd, estimated, partial)


class Priced(Struct, frozen=True, kw_only=True):
    """The states of one thing, whatever they are made from."""

    states: tuple[State, ...]
    """Those that bound its amount; never none."""
    expected: State | Unknown
    assumed: bool = False
    """`expected` is an assumption (the initial count of something that scales)."""
    demand: dict[ChargeKind, Decimal] = {}
    detail: str | None = None
    """What the instances are called where each state has a type of its own."""


class Ways(Struct, frozen=True, kw_only=True):
    """The ways through a workflow, which join the bills of its jobs: not all of them need run."""

    flow: Flow
    executions: Decimal
    """A month, at least."""
    most_executions: Decimal
    """At most, as far as that is known."""
    hours: tuple[Decimal, ...]
    """How long one run of each job takes; 0 where nobody says."""
    once_ever: tuple[int | None, ...]
    """How many runs of each job there are ever, whose names are taken then; None where it has a new name each time."""


class Bill(Struct, frozen=True, kw_only=True):
    """A part of the bill with its parts: an endpoint has its variants, and what cannot be split among them itself."""

    kind: Literal["endpoint", "variant", "workflow", "transform job"]
    label: str
    """The address of an endpoint. Of a variant its name, else ``#2`` by its place; the second of a name ``main#2``."""
    region: str | Unknown = ""
    tags: Mapping[str, str | Unknown] | Unknown = {}
    lines: tuple[CostComponent, ...]
    children: "tuple[Bill, ...]" = ()
    """Parallel to the endpoint's variants; empty where these are Unknown."""
    monthly: Monthly
    """Of its own lines and its children."""
    priced: Priced | None = None
    """Its own states; None for what several possibilities have in common."""
    absent: Unknown | None = None
    """Why it may not be there at all; None where it is."""
    choices: "tuple[Bill, ...]" = ()
    """Configurations of which an endpoint uses exactly one, whose variants are then its own."""
    ways: Ways | None = None
    """Of a workflow whose executions are known."""
    part_of: str | None = None
    """The endpoint that such a configuration is counted in; None for what counts itself."""
    missing: frozenset[Missing] = frozenset()
    """Each part that is unpriced or unknown, equal on two sides exactly when the parts are alike."""
    notices: tuple[str, ...] = ()

    def every_line(self) -> Iterator[CostComponent]:
        """Its own lines, then those of its parts."""
        yield from self.lines
        for child in self.children:
            yield from child.every_line()


class HourPrice(Struct, frozen=True):
    """USD of an hour of a whole transform job: 0.46 of two ml.m5.xlarge."""

    least: Decimal
    most: Decimal
    is_open: bool = False
    """More instances may run than are known."""


class Delta(Struct, frozen=True):
    """after - before, for each bound on its own.

    Unknown where a part is known on one side only: with ``at_least`` where that is the side after, for then the change
    is at least the difference of what is known; with ``at_most`` where it is the side before.
    """

    floor: Decimal | Unknown
    expected: Decimal | Unknown
    ceiling: Decimal | Unknown


class Estimate(Struct, frozen=True, kw_only=True):
    """The bill of an inventory."""

    endpoints: dict[str, Bill]
    """By address, those of workflows among them."""
    unattached: dict[str, Bill]
    """What each unattached configuration would cost if deployed; in no total."""
    total: Monthly
    missing: frozenset[Missing]
    period: Period = MONTH
    """What all its amounts are for."""


class PlanUse(Struct, frozen=True, kw_only=True):
    """The use of a Savings Plan's commitment, in USD a month, bound by bound."""

    covered: MonthlyQuantity
    """Usage that the plan pays for, at its rates."""
    spilled: MonthlyQuantity
    """Usage that it could cover and has no room for, on demand."""
    stranded: MonthlyQuantity
    """Of the commitment that this stack may use: paid, and used by nothing in it."""
