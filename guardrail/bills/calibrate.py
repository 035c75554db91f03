"""A usage file from a bill: with it, the same estimate says what the month billed at list prices.

What a usage file can say is said: instances on the average, gigabytes, seconds of compute, warm slots. What it cannot
(an endpoint that was there for a part of the month, a count that the code fixes) is the error, and stated.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

from guardrail.bills.answer import text_of
from guardrail.bills.billed import Billed, Month
from guardrail.bills.reconcile import Pair, Pairs, lines_of
from guardrail.model import InstanceVariant, Unknown
from guardrail.money import HOURS_PER_MONTH, SECONDS_PER_HOUR, ZERO
from guardrail.prices import usage_types
from guardrail.yaml_text import quoted

_DATA: Final = {
    usage_types.DATA_IN: "monthly_data_in_gb",
    usage_types.DATA_OUT: "monthly_data_out_gb",
}
_ONE_SECOND_MS: Final = 1000
_PLACES: Final = 12


def lines(found: Pairs, month: Month) -> Iterator[str]:
    """The file: what each paired endpoint used in the month, under its address."""
    yield f"# What was used in {month.label}, of {month.hours} hours, by the bill: written by guardrail reconcile."
    yield "version: 0.1"
    entries = [(pair, list(_entry(pair, month))) for pair in found.pairs if pair.billed]
    yield "resource_usage:" if any(entry for _, entry in entries) else "resource_usage: {}"
    for pair, entry in entries:
        if entry:
            yield f"  {quoted(pair.item.endpoint.address)}:"
            yield from (f"    {line}" for line in entry)


def held_against(again: Pairs, month: Month) -> tuple[Decimal, Decimal]:
    """What the estimate says of the month, and what it billed at list prices: equal where usage says everything.

    Hours and warm time are those of a month of 730 hours, so they count for as many as this one has; a GB-month is the
    same in every month.
    """
    estimated = billed = ZERO
    for pair in again.pairs:
        if not pair.billed:
            continue
        billed += sum((part.cost if part.list_cost is None else part.list_cost for part in pair.billed), ZERO)
        for line in lines_of(pair.item):
            if line.monthly is not None and isinstance(line.monthly.expected, Decimal):
                runs = line.unit == "Hrs" or line.kind == "provisioned-warm"
                usd = line.monthly.expected
                estimated += usd * month.hours / HOURS_PER_MONTH if runs else usd
    return estimated, billed


def _entry(pair: Pair, month: Month) -> Iterator[str]:
    """The keys of one endpoint."""
    by_charge = {part.use.charge: part for part in pair.billed}
    for charge, key in _DATA.items():
        if charge in by_charge:
            yield f"{key}: {text_of(by_charge[charge].amount)}"
    seconds = _amount(pair.billed, ("ServerlessInf", "ProvisionedConcurrency:Mem"))
    if seconds is not None:
        yield f"monthly_requests: {text_of(seconds)}  # seconds of compute: the bill does not count requests"
        yield f"request_duration_ms: {_ONE_SECOND_MS}"
    warm = _amount(pair.billed, ("ProvisionedConcurrency:Usage",))
    if warm is not None:
        yield f"average_provisioned_concurrency: {_rounded(warm / SECONDS_PER_HOUR / month.hours)}"
    yield from _instances(pair, month)


def _instances(pair: Pair, month: Month) -> Iterator[str]:
    """Mean instances of the month: of the endpoint, or of each variant where these have types of their own."""
    variants = pair.item.endpoint.variants
    hours = {part.use.instance_type: part.amount for part in pair.billed if part.use.instance_type}
    if not hours:
        return
    if isinstance(variants, Unknown) or len(variants) == 1:
        yield f"average_instances: {_rounded(sum(hours.values(), ZERO) / month.hours)}"
        return
    of_type: dict[str, list[str]] = {}
    for variant in variants:
        if (
            isinstance(variant, InstanceVariant)
            and isinstance(variant.instance_type, str)
            and isinstance(variant.name, str)
        ):
            of_type.setdefault(variant.instance_type, []).append(variant.name)
    told = {names[0]: hours[kind] for kind, names in of_type.items() if len(names) == 1 and kind in hours}
    if told:
        yield "variants:"
    for name, amount in told.items():
        yield f"  {quoted(name)}: {{average_instances: {_rounded(amount / month.hours)}}}"


def _amount(parts: Sequence[Billed], charges: tuple[str, ...]) -> Decimal | None:
    found = [part.amount for part in parts if part.use.charge.startswith(charges)]
    return sum(found, ZERO) if found else None


def _rounded(number: Decimal) -> str:
    """A mean to twelve places: a millionth of a cent a month."""
    return text_of(round(number, _PLACES))
