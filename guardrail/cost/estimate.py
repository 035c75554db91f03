"""The bill of an inventory, and what a change does to it.

Pure: an inventory, a price book and a usage in, an `Estimate` out. Bounds sum what is known; whatever is unpriced or
unknown makes every total it belongs to "at least", and has a key in ``missing``, so that a difference between two
estimates is never drawn from a part that only one of them knows.
"""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias

from msgspec import structs

from guardrail.cost import capacity, charges
from guardrail.cost.base import (
    CostComponent,
    Delta,
    EndpointCost,
    Estimate,
    Monthly,
    Price,
    Quantity,
    Unpriced,
    VariantCost,
)
from guardrail.cost.capacity import EVERY_BOUND, Bound
from guardrail.cost.rates import Rates
from guardrail.cost.usage import NO_ENDPOINT_USAGE, NO_USAGE, NO_VARIANT_USAGE, EndpointUsage, Usage, VariantUsage
from guardrail.model import (
    Endpoint,
    InstanceVariant,
    Inventory,
    ScalableTarget,
    ServerlessVariant,
    Unknown,
    Variant,
)
from guardrail.money import ZERO

if TYPE_CHECKING:
    from guardrail.cost.price_book import PriceBook

_Cost: TypeAlias = tuple[CostComponent, tuple[Bound, ...]]
"""A component, and the bounds that lack something of it."""

_ONE_PERCENT = Decimal("0.01")
_KB_PER_GB = 1_000_000
_SEPARATOR = "\x1f"
"""Between the parts of a key in ``missing``: a character that no address holds."""

NOTHING = Monthly(floor=ZERO, expected=ZERO, ceiling=ZERO)
"""The bill of nothing."""


def estimate(inventory: Inventory, prices: "PriceBook", usage: Usage = NO_USAGE) -> Estimate:
    """The bill of every endpoint, and of every unattached configuration if it were deployed, which is in no total.

    Two ml.m5.xlarge with volumes of 20 GB in us-east-1, nothing scaling: 335.80 + 5.60 = 341.40 USD a month in all
    three bounds, and data by usage.
    """
    estimator = _Estimator(prices, usage)
    endpoints = {endpoint.address: estimator.endpoint(endpoint) for endpoint in inventory.endpoints}
    return Estimate(
        endpoints=endpoints,
        unattached={endpoint.address: estimator.endpoint(endpoint) for endpoint in inventory.unattached},
        total=total(cost.monthly for cost in endpoints.values()),
        missing=frozenset().union(*(cost.missing for cost in endpoints.values() if cost.missing)),
    )


def total(monthlies: Iterable[Monthly]) -> Monthly:
    """The sum, with every flag of its parts; ``estimated`` where at least 1 % of one of its bounds is."""
    floor = ceiling = known = share = estimated_floor = estimated_ceiling = ZERO
    undecided: Unknown | None = None
    at_least = depends_on_usage = assumed = False
    for monthly in monthlies:
        floor += monthly.floor
        ceiling += monthly.ceiling
        if isinstance(monthly.expected, Unknown):
            undecided = undecided or monthly.expected
        else:
            known += monthly.expected
        if monthly.estimated_ceiling:
            share += monthly.estimated_share
            estimated_floor += monthly.estimated_floor
            estimated_ceiling += monthly.estimated_ceiling
        at_least |= monthly.at_least
        depends_on_usage |= monthly.depends_on_usage
        assumed |= monthly.assumed
    expected = undecided or known
    return Monthly(
        floor=floor,
        expected=expected,
        ceiling=ceiling,
        estimated_share=estimated_ceiling if undecided else share,
        estimated_floor=estimated_floor,
        estimated_ceiling=estimated_ceiling,
        at_least=at_least,
        estimated=_is_estimated((floor, estimated_floor), (known, share), (ceiling, estimated_ceiling)),
        depends_on_usage=depends_on_usage,
        assumed=assumed,
    )


def delta(before: Estimate | None, after: Estimate) -> Delta | None:
    """What the change adds, each bound on its own; None where there is no before.

    Parts that are unpriced or unknown alike on both sides cancel out. One that is so on one side only leaves the bounds
    it touches Unknown: one instance of 83.95 USD before and a type that is known after apply afterwards is no saving.
    """
    if before is None:
        return None
    one_sided = before.missing ^ after.missing
    return Delta(*(_difference(bound, before, after, one_sided) for bound in EVERY_BOUND))


def total_delta(deltas: Iterable[Delta | None]) -> Delta | None:
    """The sum over several sources of those that have a before; None where none has."""
    present = [each for each in deltas if each is not None]
    if not present:
        return None
    return Delta(*(_sum([getattr(each, bound) for each in present]) for bound in EVERY_BOUND))


class _Estimator:
    """Prices endpoints with what one price book and one usage file say; looks every price up once."""

    def __init__(self, prices: "PriceBook", usage: Usage) -> None:
        self._prices = prices
        self._usage = usage
        self._rates = Rates(prices)
        self._volume_prices: dict[str | Unknown, Price | Unpriced | Unknown] = {}
        self._data_without_usage: dict[str | Unknown, tuple[list[_Cost], Monthly]] = {}

    def endpoint(self, endpoint: Endpoint) -> EndpointCost:
        """One endpoint: its variants, and its data, which is charged once."""
        usage = self._usage.of(endpoint)
        data, data_monthly = self._data(endpoint.region, usage)
        missing = _missing_keys(endpoint.address, "", data)
        variants = []
        if isinstance(endpoint.variants, Unknown):
            missing |= _keys(EVERY_BOUND, (endpoint.address, "variants", repr(endpoint.variants)))
        else:
            for index, variant in enumerate(endpoint.variants):
                costs = self._variant(endpoint, variant, usage)
                components = tuple(component for component, _ in costs)
                variants.append(VariantCost(components=components, monthly=_monthly(components)))
                missing |= _missing_keys(endpoint.address, _identity(variant, index), costs)
        monthly = total((*(variant.monthly for variant in variants), data_monthly))
        if endpoint.deployed == "possibly":
            missing |= _keys(EVERY_BOUND, (endpoint.address, "possibly deployed", repr(monthly)))
        return EndpointCost(
            address=endpoint.address,
            components=tuple(component for component, _ in data),
            variants=tuple(variants),
            monthly=_at_least(monthly) if missing and not monthly.at_least else monthly,
            missing=frozenset(missing),
        )

    def _variant(self, endpoint: Endpoint, variant: Variant, usage: EndpointUsage) -> list[_Cost]:
        own = NO_VARIANT_USAGE if usage is NO_ENDPOINT_USAGE else usage.of_variant(variant.name)
        if isinstance(variant, InstanceVariant):
            return self._instances(endpoint, variant, own)
        return self._serverless(endpoint, variant, own, _requests(endpoint, variant, usage, own))

    def _instances(self, endpoint: Endpoint, variant: InstanceVariant, usage: VariantUsage) -> list[_Cost]:
        redacted = _is_sensitive(variant)
        running = capacity.of_instances(endpoint, variant, usage)
        rate = self._rates.instance(endpoint.region, endpoint.mode, variant)
        instances = charges.instances(running, rate, redacted=redacted)
        costs = [(instances, EVERY_BOUND if rate.reason is not None else running.incomplete)]
        size = self._rates.volume(variant)
        if size is not None:
            volume = charges.volume(running, size, self._volume_price(endpoint.region), redacted=redacted)
            complete = volume.monthly is not None and size.reason is None
            costs.append((volume, running.incomplete if complete else EVERY_BOUND))
        return costs

    def _serverless(
        self, endpoint: Endpoint, variant: ServerlessVariant, usage: VariantUsage, requests: Decimal | None
    ) -> list[_Cost]:
        redacted, memory = _is_sensitive(variant), variant.memory_mib
        slots = capacity.of_slots(variant, usage)
        on_demand_s: Quantity | None = None
        provisioned_s: Quantity | None = None
        if requests is not None and usage.request_duration_ms is not None:
            seconds = requests * usage.request_duration_ms / 1000
            on_demand_s, provisioned_s = charges.split_compute(seconds, slots)
        price = self._by_memory(self._prices.serverless, endpoint.region, memory)
        on_demand = charges.serverless_compute(memory, on_demand_s, price, redacted=redacted)
        incomplete = slots.incomplete if slots is not None else ()
        costs = [(on_demand, EVERY_BOUND if on_demand.reason is not None else incomplete)]
        if slots is not None:
            price = self._by_memory(self._prices.provisioned_warm, endpoint.region, memory)
            warm = charges.provisioned_warm(memory, slots, price, redacted=redacted)
            costs.append((warm, EVERY_BOUND if warm.monthly is None else incomplete))
            price = self._by_memory(self._prices.provisioned_execution, endpoint.region, memory)
            compute = charges.provisioned_compute(memory, provisioned_s, price, redacted=redacted)
            costs.append((compute, EVERY_BOUND if compute.reason is not None else incomplete))
        return costs

    def _data(self, region: str | Unknown, usage: EndpointUsage) -> tuple[list[_Cost], Monthly]:
        if usage is not NO_ENDPOINT_USAGE:
            return self._data_with(region, usage)
        data = self._data_without_usage.get(region)
        if data is None:
            data = self._data_without_usage[region] = self._data_with(region, usage)
        return data

    def _data_with(self, region: str | Unknown, usage: EndpointUsage) -> tuple[list[_Cost], Monthly]:
        received, received_origin = _gigabytes(usage, usage.monthly_data_in_gb, usage.request_payload_kb)
        sent, sent_origin = _gigabytes(usage, usage.monthly_data_out_gb, usage.response_payload_kb)
        components = (
            charges.data_in(received, self._by_region(self._prices.data_in, region), received_origin),
            charges.data_out(sent, self._by_region(self._prices.data_out, region), sent_origin),
        )
        return [(component, EVERY_BOUND) for component in components], _monthly(components)

    def _volume_price(self, region: str | Unknown) -> Price | Unpriced | Unknown:
        price = self._volume_prices.get(region)
        if price is None:
            price = self._volume_prices[region] = self._by_region(self._prices.volume, region)
        return price

    def _by_region(
        self, look_up: Callable[[str], Price | Unpriced], region: str | Unknown
    ) -> Price | Unpriced | Unknown:
        return _unknown_region(region) if isinstance(region, Unknown) else look_up(region)

    def _by_memory(
        self, look_up: Callable[[str, int], Price | Unpriced], region: str | Unknown, memory_mib: int | Unknown
    ) -> Price | Unpriced | Unknown:
        if isinstance(memory_mib, Unknown):
            return Unknown(f"memory_size_in_mb is unknown: {memory_mib.reason}")
        return _unknown_region(region) if isinstance(region, Unknown) else look_up(region, memory_mib)


def _unknown_region(region: Unknown) -> Unknown:
    return Unknown(f"its region is unknown: {region.reason}")


def _is_sensitive(variant: Variant) -> bool:
    return variant.sensitive or (isinstance(variant.scaling, ScalableTarget) and variant.scaling.sensitive)


# Usage ---------------------------------------------------------------------------------------------------------------


def _gigabytes(usage: EndpointUsage, gb: Decimal | None, payload_kb: Decimal | None) -> tuple[Decimal | None, str]:
    """GB a month, as given or from requests and their payload: a million requests of 4 KB are 4 GB."""
    if gb is not None:
        return gb, "usage file"
    requests = usage.requests()
    if requests is None or payload_kb is None:
        return None, ""
    return requests * payload_kb / _KB_PER_GB, "usage file: requests × payload"


def _requests(endpoint: Endpoint, variant: Variant, usage: EndpointUsage, own: VariantUsage) -> Decimal | None:
    """The requests that one variant answers: its own number, else its share by weight of what the others leave."""
    if own.monthly_requests is not None or usage.monthly_requests is None or isinstance(endpoint.variants, Unknown):
        return own.monthly_requests
    stated = {name: each.monthly_requests for name, each in (usage.variants or {}).items() if each.monthly_requests}
    rest = usage.monthly_requests - sum((number for number in stated.values() if number), ZERO)
    sharing = [each for each in endpoint.variants if _takes_traffic(each) and each.name not in stated]
    if sharing == [variant]:
        return rest
    weights = [Decimal(str(each.weight)) for each in sharing if not isinstance(each.weight, Unknown)]
    if len(weights) < len(sharing) or not sum(weights) or isinstance(variant.weight, Unknown):
        return None
    return rest * Decimal(str(variant.weight)) / sum(weights)


def _takes_traffic(variant: Variant) -> bool:
    """Whether it shares the endpoint's requests; a shadow variant answers copies of them."""
    return isinstance(variant, ServerlessVariant) or not variant.shadow


# Sums ----------------------------------------------------------------------------------------------------------------


def _monthly(components: Sequence[CostComponent]) -> Monthly:
    """The sum of components with their flags."""
    floor = expected = ceiling = share = estimated_floor = estimated_ceiling = ZERO
    undecided: Unknown | None = None
    at_least = depends_on_usage = assumed = False
    for component in components:
        at_least |= component.reason is not None
        depends_on_usage |= component.depends_on_usage
        assumed |= component.assumed
        monthly = component.monthly
        if monthly is None:
            continue
        floor += monthly.floor
        ceiling += monthly.ceiling
        known = ZERO if isinstance(monthly.expected, Unknown) else monthly.expected
        if isinstance(monthly.expected, Unknown):
            undecided = undecided or monthly.expected
        expected += known
        if component.estimated:
            share += known
            estimated_floor += monthly.floor
            estimated_ceiling += monthly.ceiling
    return Monthly(
        floor=floor,
        expected=undecided or expected,
        ceiling=ceiling,
        estimated_share=estimated_ceiling if undecided else share,
        estimated_floor=estimated_floor,
        estimated_ceiling=estimated_ceiling,
        at_least=at_least,
        estimated=_is_estimated((floor, estimated_floor), (expected, share), (ceiling, estimated_ceiling)),
        depends_on_usage=depends_on_usage,
        assumed=assumed,
    )


def _is_estimated(*bounds: tuple[Decimal, Decimal]) -> bool:
    """Whether at least 1 % of one of the bounds is: 0.10 of 10.00 is, 0.09 of 10.00 is not."""
    return any(part and part >= amount * _ONE_PERCENT for amount, part in bounds)


def _at_least(monthly: Monthly) -> Monthly:
    return structs.replace(monthly, at_least=True)


# What is missing -----------------------------------------------------------------------------------------------------


def _missing_keys(address: str, variant: str, costs: Iterable[_Cost]) -> set[str]:
    keys: set[str] = set()
    for component, incomplete in costs:
        if component.reason is None:
            continue
        what = (component.kind, component.detail, repr(component.quantity), repr(component.size), component.reason)
        keys |= _keys(incomplete, (address, variant, *what))
    return keys


def _keys(incomplete: Iterable[Bound], parts: Sequence[str]) -> set[str]:
    """One key per bound that lacks the part. Never shown: a part may hold a sensitive value."""
    return {_SEPARATOR.join((bound, *parts)) for bound in incomplete}


def _identity(variant: Variant, index: int) -> str:
    return variant.name if isinstance(variant.name, str) else f"#{index}"


def _difference(bound: Bound, before: Estimate, after: Estimate, one_sided: Iterable[str]) -> Decimal | Unknown:
    touching = sorted(key for key in one_sided if key.startswith(bound + _SEPARATOR))
    if touching:
        address = touching[0].split(_SEPARATOR)[1]
        return Unknown(f"something of {address} is unpriced or unknown on one side only")
    old, new = getattr(before.total, bound), getattr(after.total, bound)
    if isinstance(old, Unknown) or isinstance(new, Unknown):
        # Undecided sums do not subtract, except from themselves.
        return ZERO if before.endpoints == after.endpoints else new if isinstance(new, Unknown) else old
    difference: Decimal = new - old
    return difference


def _sum(amounts: Iterable[Decimal | Unknown]) -> Decimal | Unknown:
    known = ZERO
    for amount in amounts:
        if isinstance(amount, Unknown):
            return amount
        known += amount
    return known
