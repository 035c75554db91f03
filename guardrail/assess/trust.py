"""What makes an answer untrustworthy under ``--strict``, a sentence each."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from guardrail.assess.pricing import PricedSource
from guardrail.clock import ZONES_DAYS, age_days
from guardrail.cost.base import Bill
from guardrail.model import Endpoint, Unknown
from guardrail.policy.base import Result, undecided
from guardrail.report import RegionPrices

_MOST_POLICIES = 3
"""That are named where they are undecided for one reason."""


def unknown_parts(priced: Sequence[PricedSource]) -> Iterator[str]:
    """What is unknown or unpriced in the totals, each reason once. Estimates and default volumes are not counted."""
    for one in priced:
        if not one.change_set.complete:
            yield one.source.shortfall
        if one.change_set.undecided is not None and isinstance(one.after.total.expected, Unknown):
            yield f"{one.source.path} leaves open what it costs: {one.change_set.undecided}"
        for resource in one.change_set.skipped:
            if resource.affects_total:
                yield f"{resource.address}: {resource.reason}"
    yield from _unknown_costs(priced)


def _unknown_costs(priced: Iterable[PricedSource]) -> Iterator[str]:
    """What of a bill is unknown or unpriced, each reason once."""
    places: dict[str, list[str]] = {}
    for one in priced:
        for endpoint in one.change_set.after.endpoints:
            cost = one.after.endpoints.get(endpoint.address)
            for reason in _doubts(endpoint, cost):
                places.setdefault(reason, []).append(endpoint.address)
        for workflow in one.change_set.after.workflows:
            if workflow.deployed == "possibly":
                places.setdefault("whether it is there is not known", []).append(workflow.address)
            for reason in _unpriced(one.after.endpoints.get(workflow.address)):
                places.setdefault(reason, []).append(workflow.address)
    for reason, addresses in places.items():
        yield f"{_some(list(dict.fromkeys(addresses)))}: {reason}"


def _doubts(endpoint: Endpoint, cost: Bill | None) -> Iterator[str]:
    if endpoint.deployed == "possibly":
        yield "whether an endpoint uses it is not known"
    if isinstance(endpoint.variants, Unknown):
        yield endpoint.variants.reason
    yield from _unpriced(cost)


def _unpriced(cost: Bill | None) -> Iterator[str]:
    for component in cost.every_line() if cost else ():
        if component.reason is not None and not component.default_size:
            yield component.reason


def open_errors(results: Iterable[Result]) -> Iterator[str]:
    """Policies of severity error that could not be decided, once for each block and reason."""
    for each in undecided(result for result in results if result.severity == "error"):
        several = len(each.policies) > _MOST_POLICIES
        policies = f"{len(each.policies):,} policies" if several else ", ".join(each.policies)
        yield f"{_some(each.addresses)}: {policies} undecided: {each.reason}"


def _some(addresses: Sequence[str]) -> str:
    """The first of them, and how many more there are."""
    more = len(addresses) - 1
    return f"{addresses[0]} and {more:,} more" if more else addresses[0]


def ahead(prices: Mapping[str, RegionPrices], today: date) -> Iterator[str]:
    """The regions with prices of a time to come: then the clock is wrong by which waivers end and prices grow old."""
    for region, used in prices.items():
        if used.newest is not None and age_days(used.newest, today) < -ZONES_DAYS:
            yield f"prices of {region} are of a time to come, {used.newest}: is it {today}, by which waivers are held?"


def outdated(prices: Mapping[str, RegionPrices], limit_days: int | None) -> Iterator[str]:
    """The regions whose oldest price in use is older than it may be. A date without a day is as old as it can mean."""
    for region, used in prices.items():
        if limit_days is not None and used.age_days is not None and used.age_days > limit_days:
            yield (
                f"prices of {region}: the oldest in use is of {used.oldest}, {used.age_days:,} days ago, and "
                f"{limit_days:,} days are the limit"
            )
