"""A usage file from a bill: with it, the same estimate says what the month billed at list prices.

What a usage file can say is said: instances on the average, gigabytes, seconds of compute, warm slots, the fee of
software. What it cannot (an endpoint that was there for a part of the month, a count that the code fixes, a price that
changed) is what is left, and stated by its reason.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final

from msgspec import Struct

from guardrail.bills.answer import text_of
from guardrail.bills.billed import Billed, Month
from guardrail.bills.reasons import WARM, ReasonName
from guardrail.bills.reconcile import UNBILLED, Pair, Pairs, Pool, orphaned, sides
from guardrail.bills.usage import SOFTWARE
from guardrail.cost.base import CostComponent
from guardrail.model import InstanceVariant, Unknown
from guardrail.money import HOURS_PER_MONTH, SECONDS_PER_HOUR, ZERO
from guardrail.prices import usage_types
from guardrail.yaml_text import quoted

_DATA: Final = {
    usage_types.DATA_IN: "monthly_data_in_gb",
    usage_types.DATA_OUT: "monthly_data_out_gb",
}
_ONE_SECOND_MS: Final = 1000
_HELD: Final = ("length of the month", "Savings Plan", "discount", "free tier")
"""Reasons that make no difference to an estimate of this very month at list prices."""
_PLACES: Final = 12


def lines(found: Pairs, month: Month) -> Iterator[str]:
    """The file: what each paired endpoint used in the month, under its address."""
    yield f"# What was used in {month.label}, of {month.hours} hours, by the bill: written by guardrail reconcile."
    yield "version: 0.1"
    if found.alone:
        yield "# The bill names no resources: what it has of a usage type is put down to the one address with it."
    entries = [(pair, list(_entry(pair, month))) for pair in (*found.pairs, *found.alone) if pair.billed]
    yield "resource_usage:" if any(entry for _, entry in entries) else "resource_usage: {}"
    for pair, entry in entries:
        if entry:
            yield f"  {quoted(pair.item.endpoint.address)}:"
            yield from (f"    {line}" for line in entry)


class Held(Struct, frozen=True, kw_only=True):
    """The estimate of a month beside what it billed at list prices."""

    estimated: Decimal
    billed: Decimal
    left: Mapping[ReasonName, Decimal]
    """What no usage file says, by its reason; together the billed less the estimated."""


def held_against(again: Pairs, month: Month) -> Held:
    """What the estimate says of the month, and what it billed at list prices: equal where usage says everything.

    Hours and warm time are those of a month of 730 hours, so they count for as many as this one has; a GB-month is the
    same in every month.
    """
    estimated = billed = ZERO
    left: dict[ReasonName, Decimal] = {}

    def leave(name: ReasonName, usd: Decimal) -> None:
        left[name] = left.get(name, ZERO) + usd

    every: list[Pair | Pool] = [*again.pairs, *again.pools]
    for pair in every:
        for mine, part, why in sides(pair, month):
            expected = sum((_of_month(line, month) for line in mine.lines), ZERO)
            listed = ZERO if part is None else _listed(part)
            estimated, billed, rest = estimated + expected, billed + listed, listed - expected
            if part is None:  # all of it, as far as it is estimated of this month
                leave(UNBILLED, rest)
                continue
            for reason in why:
                if reason.usd is not None and reason.name not in _HELD:
                    leave(reason.name, reason.usd)
                    rest -= reason.usd
            if rest:
                unknown = [reason.name for reason in why if reason.usd is None]
                leave(unknown[0] if unknown else "length of the month", rest)
    for part in again.orphans:
        billed += _listed(part)
        leave(orphaned(part), _listed(part))
    return Held(estimated=estimated, billed=billed, left=left)


def _listed(part: Billed) -> Decimal:
    """What a part is at its list price; what it cost where the export does not say that."""
    return part.cost if part.list_cost is None else part.list_cost


def _of_month(line: CostComponent, month: Month) -> Decimal:
    """What a line is expected to cost in a month of other than 730 hours; 0 where that is not known."""
    usd = None if line.monthly is None else line.monthly.expected
    if not isinstance(usd, Decimal):
        return ZERO
    runs = (line.unit == "Hrs" or line.kind == "provisioned-warm") and ":Tsform" not in (line.usage_type or "")
    return usd * month.hours / HOURS_PER_MONTH if runs else usd


def _entry(pair: Pair, month: Month) -> Iterator[str]:
    """The keys of one endpoint."""
    for charge, key in _DATA.items():
        amount = _amount(pair.billed, (charge,))
        if amount is not None:
            yield f"{key}: {text_of(amount)}"
    seconds = _amount(pair.billed, ("ServerlessInf", "ProvisionedConcurrency:Mem"))
    if seconds is not None:
        yield f"monthly_requests: {text_of(seconds)}  # seconds of compute: the bill does not count requests"
        yield f"request_duration_ms: {_ONE_SECOND_MS}"
    warm = _amount(pair.billed, (WARM,))
    if warm is not None:
        yield f"average_provisioned_concurrency: {_rounded(warm / SECONDS_PER_HOUR / month.hours)}"
    yield from _software(pair)
    yield from _instances(pair, month)


def _software(pair: Pair) -> Iterator[str]:
    """The fee of software for each hour of an instance, where instances ran."""
    fees = [_listed(part) for part in pair.billed if part.mode == SOFTWARE]
    hours = sum((part.amount for part in pair.billed if part.use.instance_type), ZERO)
    if fees and hours:
        yield f"marketplace_usd_per_hour: {_rounded(sum(fees, ZERO) / hours)}"


def _instances(pair: Pair, month: Month) -> Iterator[str]:
    """Mean instances of the month: of the endpoint, or of each variant where there are several."""
    variants = pair.item.endpoint.variants
    hours: dict[str, Decimal] = {}
    for part in pair.billed:
        if part.use.instance_type:
            hours[part.use.instance_type] = hours.get(part.use.instance_type, ZERO) + part.amount
    if not hours:
        return
    if isinstance(variants, Unknown) or len(variants) == 1:
        yield f"average_instances: {_rounded(sum(hours.values(), ZERO) / month.hours)}"
        return
    of_type: dict[str, list[InstanceVariant]] = {}
    for variant in variants:
        if isinstance(variant, InstanceVariant) and isinstance(variant.instance_type, str):
            of_type.setdefault(variant.instance_type, []).append(variant)
    told = [
        (variant.name, mean)
        for kind, several in of_type.items()
        if kind in hours
        for variant, mean in _means(several, hours[kind] / month.hours)
        if isinstance(variant.name, str)
    ]
    if told:
        yield "variants:"
    for name, mean in told:
        yield f"  {quoted(name)}: {{average_instances: {_rounded(mean)}}}"


def _means(several: Sequence[InstanceVariant], together: Decimal) -> Iterator[tuple[InstanceVariant, Decimal]]:
    """Mean instances of each variant of a type, out of the mean that all of them had together.

    One by itself had all of it. Of several, those that nothing scales had their count, and what scales shares the rest
    evenly: which of them had more makes no difference to what they cost.
    """
    if len(several) == 1:
        yield several[0], together
        return
    scaled = [each for each in several if each.scaling is not None or each.managed_scaling is not None]
    fixed = [each.initial_instance_count for each in several if each not in scaled]
    counts = [count for count in fixed if isinstance(count, int)]
    rest = together - sum(counts)
    if len(counts) == len(fixed) and rest >= 0 and not any(each.sensitive for each in several):
        yield from ((each, rest / len(scaled)) for each in scaled)


def _amount(parts: Sequence[Billed], charges: tuple[str, ...]) -> Decimal | None:
    found = [part.amount for part in parts if part.use.charge.startswith(charges)]
    return sum(found, ZERO) if found else None


def _rounded(number: Decimal) -> str:
    """A mean to twelve places: a millionth of a cent a month."""
    return text_of(round(number, _PLACES))
