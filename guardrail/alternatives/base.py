"""The words of an alternative: what to run instead, what it saves, what must hold for it, and what breaks it."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Literal, TypeAlias

from msgspec import Struct

from guardrail.cost.base import Monthly, MonthlyQuantity
from guardrail.model import Unknown
from guardrail.policy.base import SavingBasis

AlternativeKind: TypeAlias = Literal[
    "type",
    "generation",
    "smaller",
    "less-memory",
    "graviton",
    "accelerator",
    "neuron",
    "instances",
    "savings-plan",
    "serverless",
    "asynchronous",
    "batch",
    "real-time",
    "multi-model",
    "multi-container",
    "inference-components",
    "concurrency",
]
"""What is done differently: another instance type, another number of them, another way to serve, several as one."""


class BreakEven(Struct, frozen=True, kw_only=True):
    """Where what is billed for the work alone costs as much as instances that are billed by the hour.

    One ml.m5.large with its volume, 84.51 USD a month, is 84.51 / 0.00004 = 2,112,750 s at the rate of 2 GB.
    """

    usd_per_second: Decimal | None
    """Of serverless compute; None of instances, which run for the work alone, on a request at a time each."""
    fixed_usd: Decimal
    """USD a month of instances and their volumes that are there all the time, as expected."""
    seconds_a_month: Decimal
    """Compute that costs as much: below it what is billed for the work is cheaper."""
    duration_ms: Decimal | Unknown
    """Mean compute time of a request; Unknown where no usage tells it."""
    requests_an_hour: Decimal | Unknown
    """Requests that take that compute, on the average of the month, to the millionth."""
    present_an_hour: Decimal | None = None
    """Requests there are, where usage tells them."""
    memory_mib: int | None = None
    """Of serverless inference; None of instances."""

    @property
    def is_passed(self) -> bool:
        """Whether there are known to be as many requests."""
        present, needed = self.present_an_hour, self.requests_an_hour
        return present is not None and isinstance(needed, Decimal) and present >= needed


class Alternative(Struct, frozen=True, kw_only=True):
    """One thing to do instead, priced by the engine that prices the bill."""

    kind: AlternativeKind
    name: str
    """What to run: ``ml.m6g.xlarge``, ``1 × ml.m5.xlarge``, ``serverless, 2 GB``."""
    usd: Decimal | None
    """What it saves a month; None where only usage decides, or where it is no money by itself."""
    basis: SavingBasis | None
    """How sure that is; None where there is no amount."""
    saving: MonthlyQuantity | None = None
    """The difference of the two estimates, bound by bound; None where one of them has no amount."""
    monthly: Monthly | None = None
    """What is billed instead: of the whole variant, of the whole job, of all that is put together."""
    instance_type: str | None = None
    instances: Decimal | None = None
    """How many to start with, where that changes."""
    loses: tuple[str, ...] = ()
    """What it has less of: ``8 of 16 GiB of memory``."""
    conditions: tuple[str, ...] = ()
    """What must be true, a clause each; what is not known is called so."""
    breaks: tuple[str, ...] = ()
    """What stands in the way of the change itself, a sentence each."""
    break_even: BreakEven | None = None
    endpoints: tuple[str, ...] = ()
    """Addresses of those that are put together."""


class RuledOut(Struct, frozen=True):
    """What one may think of, and why it is no alternative: ``serverless``, ``a model in a VPC``."""

    name: str
    reason: str


class Elsewhere(Struct, frozen=True):
    """What the same endpoint costs in another region: for information, since data and users are where they are."""

    region: str
    monthly: Monthly


def most_usd(each: Alternative) -> Decimal:
    """What it may save at most where only usage decides: all that a queue costs while work never ends."""
    if each.saving is None or each.monthly is None:
        return Decimal(0)
    saved, left = each.saving.expected, each.monthly.expected
    return Decimal(0) if isinstance(saved, Unknown) or isinstance(left, Unknown) else saved + left


def ranked(found: Iterable[Alternative]) -> tuple[Alternative, ...]:
    """By money, what only usage decides last, by the most it may save; of two alike the one that asks for less."""

    def place(each: Alternative) -> tuple[object, ...]:
        usd = most_usd(each) if each.usd is None else each.usd
        return each.usd is None, -usd, len(each.loses), each.kind, each.name

    return tuple(sorted(found, key=place))
