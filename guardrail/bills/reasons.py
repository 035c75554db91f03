"""Why an estimate and a bill differ: each reason of a closed list, with its share in USD and its evidence.

The shares add up to the difference, to the cent and beyond: the estimate is followed to the bill step by step, first to
the hours of the month, then to the hours and counts that ran, then to the price, then to what discounts left of it.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from guardrail.bills.answer import text_of
from guardrail.bills.billed import Billed, Month
from guardrail.bills.usage import BATCH
from guardrail.cost.base import CostComponent, MonthlyQuantity
from guardrail.model import Unknown
from guardrail.money import HOURS_PER_MONTH, ZERO, sum_if_known

ReasonName: TypeAlias = Literal[
    "usage assumed",
    "hours",
    "count (scaled)",
    "price changed",
    "discount",
    "Savings Plan",
    "region",
    "update with two fleets",
    "in the bill and in no code (orphan)",
    "in the code and not in the bill",
    "length of the month",
    "Marketplace software",
    "free tier",
    "not inference",
    "not estimated",
]
"""The closed list. *not estimated* is what the estimate leaves Unknown, or may not show, with its reason."""

_MEASURED: Final = frozenset[ReasonName](
    {"usage assumed", "hours", "count (scaled)", "price changed", "region", "discount", "length of the month"}
)
"""Reasons that are worked out of amounts and prices, which a bill rounds."""
WARM: Final = "ProvisionedConcurrency:Usage"
"""How the charge begins of slots that are kept warm, which run by the hour as instances do."""
_LONGEST_UPDATE: Final = 24
"""Hours a month in which more than the estimated count is an update with two fleets, not scaling."""
_TWO: Final = 2
_SLACK: Final = timedelta(hours=1)


class Reason(Struct, frozen=True, kw_only=True):
    """One reason, as ``length of the month -2.30: 720 of 730 hours``."""

    name: ReasonName
    usd: Decimal | None
    """Its share of the difference; None where the estimate is not known."""
    evidence: str


class Estimated(Struct, frozen=True, kw_only=True):
    """The lines of one usage type that an endpoint is estimated at."""

    lines: tuple[CostComponent, ...]

    @property
    def usd(self) -> Decimal | None:
        """Expected, in USD a month of 730 hours; None where one of them is not known."""
        return _expected(line.monthly for line in self.lines)

    @property
    def quantity(self) -> Decimal | None:
        """Expected, in its unit a month; None where one of them is not known."""
        return _expected(line.quantity for line in self.lines)

    @property
    def is_nameless(self) -> bool:
        """Whether it has no usage type and no amount: of an unknown region, or of a type that nobody knows."""
        return any(line.usage_type is None and line.reason and line.kind != "software" for line in self.lines)

    @property
    def why_unknown(self) -> str:
        """Why there is no amount."""
        for line in self.lines:
            if line.reason:
                return line.reason
            if line.monthly is not None and isinstance(line.monthly.expected, Unknown):
                return line.monthly.expected.reason
        return "it depends on usage that nobody states"

    @property
    def rests_on_usage(self) -> bool:
        """Whether how much there is was assumed or stated, not read from the code."""
        usage = any("usage" in origin for line in self.lines for origin in line.origins.values())
        return usage or any(line.assumed or line.depends_on_usage for line in self.lines)


def _expected(quantities: Iterable[MonthlyQuantity | None]) -> Decimal | None:
    """What quantities are expected to be together; None where one of them is not known."""
    amounts = (None if each is None else each.expected for each in quantities)
    return sum_if_known(amount if isinstance(amount, Decimal) else None for amount in amounts)


def reasons(estimated: Estimated, billed: Billed, month: Month, *, elsewhere: bool = False) -> list[Reason]:
    """Why the two differ. ``elsewhere``: the code says another region than the bill."""
    usd, quantity = estimated.usd, estimated.quantity
    if usd is None or quantity is None or not quantity:
        told = f"billed {text_of(billed.amount)} of {billed.use.usage_type}, and the estimate: {estimated.why_unknown}"
        name: ReasonName = (
            "usage assumed" if any(line.depends_on_usage for line in estimated.lines) else "not estimated"
        )
        return [Reason(name=name, usd=None, evidence=told)]
    price = usd / quantity
    found = list(_of_quantity(estimated, billed, month, quantity, price))
    found += _of_price(billed, price, elsewhere=elsewhere)
    return [reason for reason in found if reason.usd]


def length_of_the_month(usd: Decimal, month: Month) -> Reason:
    """What an estimate of 730 hours is off for the month's own: -2.30 of 167.90 in a September of 720."""
    return Reason(
        name="length of the month",
        usd=usd * month.hours / HOURS_PER_MONTH - usd,
        evidence=f"{month.label} has {month.hours} hours, the estimate {HOURS_PER_MONTH}",
    )


def _of_quantity(
    estimated: Estimated, billed: Billed, month: Month, quantity: Decimal, price: Decimal
) -> Iterator[Reason]:
    """From the estimated quantity to the billed one, at the estimated price."""
    is_warm = billed.use.charge.startswith(WARM)
    if is_warm or (billed.use.instance_type and billed.use.mode != BATCH):
        yield length_of_the_month(quantity * price, month)
        quantity = quantity * month.hours / HOURS_PER_MONTH
    if is_warm or billed.use.mode == BATCH or not billed.use.instance_type:
        more = (billed.amount - quantity) * price
        name: ReasonName = "usage assumed" if estimated.rests_on_usage else _short(billed, month)
        yield Reason(
            name=name, usd=more, evidence=f"{text_of(billed.amount)} billed, {_short_number(quantity)} estimated"
        )
        return
    count = quantity / month.hours
    more, less = _above_and_below(billed, count, quantity)
    if estimated.rests_on_usage:
        evidence = f"{text_of(billed.amount)} instance-hours billed, {_short_number(quantity)} assumed for the month"
        yield Reason(name="usage assumed", usd=(more + less) * price, evidence=evidence)
        return
    yield Reason(name=_short(billed, month), usd=less * price, evidence=_ran(billed, month))
    yield _above(billed, count, more, price)


def _above_and_below(billed: Billed, count: Decimal, whole: Decimal) -> tuple[Decimal, Decimal]:
    """Instance-hours above the estimated count, and those that are missing from it, which are below 0."""
    if not billed.levels:
        rest = billed.amount - whole
        return (rest, ZERO) if rest > 0 else (ZERO, rest)
    above = sum(((level - count) * hours for level, hours in billed.levels if level > count), ZERO)
    return above, billed.amount - whole - above


def _above(billed: Billed, count: Decimal, more: Decimal, price: Decimal) -> Reason:
    higher = [(level, hours) for level, hours in billed.levels if level > count]
    hours = sum(number for _, number in higher)
    top = max((level for level, _ in higher), default=ZERO)
    if higher and hours <= _LONGEST_UPDATE and top <= count * _TWO:
        return Reason(
            name="update with two fleets",
            usd=more * price,
            evidence=f"up to {text_of(top)} instances in {hours} hours, else {_short_number(count)}",
        )
    told = (
        f"up to {text_of(top)} instances, {hours} hours above" if higher else f"{text_of(billed.amount)} instance-hours"
    )
    return Reason(name="count (scaled)", usd=more * price, evidence=f"{told} the estimated {_short_number(count)}")


def _short(billed: Billed, month: Month) -> ReasonName:
    """What missing hours are: a part of the month, or fewer instances in some of it."""
    ran = sum(hours for _, hours in billed.levels)
    if billed.levels and ran >= month.hours and not _partly(billed, month):
        return "count (scaled)"
    return "hours"


def _partly(billed: Billed, month: Month) -> bool:
    """Whether it began after the month did, or ended before it."""
    return billed.first.date() > month.start or billed.last + _SLACK < datetime.combine(month.end, time())


def _ran(billed: Billed, month: Month) -> str:
    ran = sum(hours for _, hours in billed.levels)
    told = f"{ran} of {month.hours} hours with use, " if billed.levels else ""
    return f"{told}from {billed.first:%Y-%m-%d %H:%M} to {billed.last:%Y-%m-%d %H:%M}"


def _of_price(billed: Billed, price: Decimal, *, elsewhere: bool) -> Iterator[Reason]:
    """From the billed quantity at the estimated price to what it cost."""
    at_estimate = billed.amount * price
    if billed.list_cost is None:
        if billed.cost != at_estimate:
            told = "the export has no list price, so a changed price and a discount are not told apart"
            yield Reason(name="price changed", usd=billed.cost - at_estimate, evidence=told)
        return
    listed = billed.list_cost
    unit = _short_number(listed / billed.amount if billed.amount else ZERO)
    yield Reason(
        name="region" if elsewhere else "price changed",
        usd=listed - at_estimate,
        evidence=f"{unit} a unit on the bill ({billed.use.usage_type}), {_short_number(price)} estimated",
    )
    yield Reason(
        name="Savings Plan",
        usd=billed.covered_saving,
        evidence="lines that a Savings Plan covers, at the rate of the plan",
    )
    yield Reason(name="free tier", usd=billed.free_saving, evidence="lines with a list price that cost nothing")
    rest = billed.cost - listed - billed.covered_saving - billed.free_saving
    yield Reason(name="discount", usd=rest, evidence="net of what the account is given off its list price")


def _short_number(number: Decimal) -> str:
    """A number for evidence, to eight places."""
    return text_of(round(number, 8))


def in_words(found: Sequence[Reason]) -> str:
    """Reasons in one line, their shares in cents: these add up to the difference in cents, the largest takes the rest.

    Shares of 0.004, 0.004 and 0.004 are a difference of 0.01, which is none of them rounded by itself. A share of no
    cent is not told where it is worked out of amounts: 7.999999992 GB for 8 are the digits that a bill has.
    """
    rounded = [None if reason.usd is None else round(reason.usd, 2) for reason in found]
    shares = [reason.usd for reason in found if reason.usd is not None]
    if shares and len(shares) == len(found):
        place = max(range(len(found)), key=lambda each: abs(shares[each]))
        rounded[place] = round(sum(shares, ZERO), 2) - sum(
            (cents for each, cents in enumerate(rounded) if cents is not None and each != place), ZERO
        )
    return "; ".join(
        f"{reason.name}{'' if cents is None else f' {cents:+,.2f}'}: {reason.evidence}"
        for reason, cents in zip(found, rounded, strict=True)
        if cents or cents is None or reason.name not in _MEASURED
    )
