"""The discounts of ``.guardrail.yml``: what a team says that its account pays less than the list prices.

Apart from `guardrail.cost.discounts`, which applies them, because every check reads settings and few have discounts.
"""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Literal, TypeAlias

from msgspec import Struct

from guardrail.money import ZERO
from guardrail.prices import usage_types
from guardrail.prices.usage_types import HOST, INSTANCE_USES, TRANSFORM, InstanceUse

Term: TypeAlias = Literal["1yr", "3yr"]
Payment: TypeAlias = Literal["No Upfront", "Partial Upfront", "All Upfront"]
PlanRate: TypeAlias = Callable[[str, str], Decimal | None]
"""USD per hour under the plan, by region and usage type; None where AWS lists none."""

_PERCENT = 100
_EXAMPLES = (
    *(usage_types.instance(use, name) for use in INSTANCE_USES for name in ("ml.g5.xlarge", "ml.m5.large")),
    usage_types.VOLUME,
    usage_types.DATA_IN,
    usage_types.DATA_OUT,
    usage_types.serverless(2),
    usage_types.provisioned_warm(2),
    usage_types.provisioned_compute(2),
)
"""Charges of every unit."""


def glob(pattern: str) -> Callable[[str], bool]:
    """Whether a whole text fits a pattern in which ``*`` is any text and ``?`` one character."""
    expression = "".join({"*": ".*", "?": "."}.get(char, re.escape(char)) for char in pattern)
    compiled = re.compile(expression)
    return lambda text: compiled.fullmatch(text) is not None


def _units_of(pattern: str) -> list[str]:
    """The units of what a pattern of usage types fits: Hrs and GB-Mo of ``*-Host:*``, which volumes fit, too."""
    fits, prefix = glob(pattern), pattern.partition("-")[0].replace("*", "X").replace("?", "X")
    found = (
        usage_types.unit_of(charge)
        for charge in _EXAMPLES
        if fits(usage_types.written("USE1", charge)) or ("-" in pattern and fits(usage_types.written(prefix, charge)))
    )
    return list(dict.fromkeys(found))


def _finite(*numbers: Decimal | None) -> None:
    for number in numbers:
        if number is not None and not number.is_finite():
            raise ValueError(f"{number} is no amount")


class DiscountRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One discount, and what it is on: everything that all of its conditions hold for."""

    name: str
    """What reports call it: ``EDP 2026``."""
    percent: Decimal | None = None
    """Off the price."""
    usd: Decimal | None = None
    """The price per unit, in place of the list price."""
    usage_type: str = "*"
    """A pattern with ``*`` and ``?``: ``*-Host:ml.g5.*``."""
    region: str = "*"
    """A pattern likewise: ``us-*``."""
    account: str | None = None
    """Holds only for this account (`Discounts.account`)."""
    tag: dict[str, str] = {}
    """Tags that the endpoint must have, each with its value."""

    def __post_init__(self) -> None:
        """Raise ValueError for a discount that says nothing, or two things, which msgspec reports with its place."""
        if (self.percent is None) == (self.usd is None):
            raise ValueError(f"the discount {self.name!r} needs one of percent and usd")
        _finite(self.percent, self.usd)
        if self.usd is not None and self.usd < 0:
            raise ValueError(f"usd of {self.name!r} is {self.usd}, and a price is zero or more")
        if self.usd is not None:
            units = _units_of(self.usage_type)
            if len(units) > 1:
                raise ValueError(f"usd of {self.name!r} would price {' and '.join(units)} alike: narrow its usage_type")
        if self.percent is not None and not 0 <= self.percent <= _PERCENT:
            raise ValueError(f"percent of {self.name!r} is {self.percent}, and a discount is between 0 and 100")


class SavingsPlan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A SageMaker Savings Plan: so many USD an hour, used or not, for usage at its own rates."""

    commitment_usd_per_hour: Decimal
    """What is paid each hour."""
    used_elsewhere_usd_per_hour: Decimal = ZERO
    """The part of it that other stacks use up: their usage at the rates of the plan."""
    term: Term = "1yr"
    """How long it runs, which its rates depend on."""
    payment: Payment = "No Upfront"
    """How it is paid, which its rates depend on too."""
    rates: dict[str, Decimal] = {}
    """USD per hour by pattern of usage type, the first that fits; else the rates that a refresh has read."""
    percent: Decimal | None = None
    """Off the list price, where no rate is known."""
    covers: tuple[InstanceUse, ...] = (HOST, TRANSFORM)
    """AWS names real-time and batch inference, and does not say whether asynchronous inference is covered."""

    def __post_init__(self) -> None:
        """Raise ValueError for a commitment that cannot be, which msgspec reports with its place."""
        _finite(self.commitment_usd_per_hour, self.used_elsewhere_usd_per_hour, self.percent, *self.rates.values())
        if self.commitment_usd_per_hour <= 0 or self.used_elsewhere_usd_per_hour < 0:
            raise ValueError("a commitment is above 0 USD per hour, and what is used elsewhere 0 or more")
        if self.percent is not None and not 0 <= self.percent <= _PERCENT:
            raise ValueError(f"percent is {self.percent}, and a discount is between 0 and 100")

    @property
    def available(self) -> Decimal:
        """USD per hour that this stack may use."""
        return max(self.commitment_usd_per_hour - self.used_elsewhere_usd_per_hour, ZERO)


class Discounts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The discounts of ``.guardrail.yml``."""

    account: str | None = None
    """The account that is deployed to, which no plan tells for sure."""
    budgets: Literal["list", "discounted"] = "list"
    """Which of the two totals budgets are held against."""
    rules: tuple[DiscountRule, ...] = ()
    """Percentages and fixed prices, each on what its conditions hold for."""
    savings_plan: SavingsPlan | None = None
    """The SageMaker Savings Plan of the account."""

    def __bool__(self) -> bool:
        """Whether there is anything to apply."""
        return bool(self.rules or self.savings_plan)


def no_plan_rate(region: str, usage_type: str) -> Decimal | None:  # noqa: ARG001 - one answer for all
    """The `PlanRate` where no rates of Savings Plans were read."""
    return None
