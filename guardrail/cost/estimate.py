"""The bill of an inventory: every variant in each state that it can be in, joined to bounds.

Pure: an inventory, a price book and a demand in, an `Estimate` out. A state is priced to lines, each with an amount or
a reason why there is none; `guardrail.cost.join` alone makes bounds of them.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from operator import attrgetter
from typing import TYPE_CHECKING, TypeAlias

from msgspec.structs import replace

from guardrail.cost import capacity, charges, join
from guardrail.cost.base import (
    BOUNDS,
    Bill,
    ChargeKind,
    CostComponent,
    Estimate,
    Line,
    Missing,
    Priced,
    State,
    state,
)
from guardrail.cost.capacity import Capacity, Running
from guardrail.cost.charges import Quote
from guardrail.cost.demand import NO_VARIANT_DEMAND, Demand, EndpointDemand, VariantDemand
from guardrail.cost.deployments import update_of
from guardrail.cost.usage import NO_USAGE
from guardrail.model import Endpoint, InstanceVariant, Inventory, ScalableTarget, ServerlessVariant, Unknown, Variant
from guardrail.money import MONTH, Period
from guardrail.prices import usage_types
from guardrail.prices.rates import Rates, types, undecided_priority
from guardrail.scaling import traits

if TYPE_CHECKING:
    from guardrail.prices.book import PriceBook

NEVER_SURE = Unknown("whether an endpoint uses it is not known")


def estimate(
    inventory: Inventory, prices: "PriceBook", demand: Demand = NO_USAGE, *, period: Period = MONTH
) -> Estimate:
    """The bill of every endpoint, and of every unattached configuration if it were deployed, which is in no total.

    Two ml.m5.xlarge with volumes of 20 GB in us-east-1, nothing scaling: 335.80 + 5.60 = 341.40 USD a month in all
    three bounds, and data by usage.
    """
    return Estimator(prices, demand, period=period).inventory(inventory)


_WorkedOut: TypeAlias = tuple[ScalableTarget | None, Capacity | None, join.Joined]
"""What scales a variant, the states that it can be in, and what it costs in them."""
_OF_INSTANCES = attrgetter(
    "instance_type",
    "instance_pools",
    "volume_size_gb",
    "capacity_reservation",
    "multi_model",
    "marketplace",
    "assumptions",
    "initial_instance_count",
    "monthly_hours",
)
_OF_SLOTS = attrgetter("memory_mib", "provisioned_concurrency")
"""All of a variant that its price rests on, beside its endpoint, its target and its usage."""


class Estimator:
    """Prices endpoints with what one price book and one demand say; prices what is alike once."""

    def __init__(self, prices: "PriceBook", demand: Demand = NO_USAGE, *, period: Period = MONTH) -> None:
        self._prices = prices
        self._demand = demand
        self._period = period
        self._rates = Rates(prices)
        self._without_usage: dict[str | Unknown, join.Joined] = {}
        self._seen: dict[str, tuple[Endpoint, Bill]] = {}
        self._alike: dict[object, _WorkedOut] = {}

    def inventory(self, inventory: Inventory) -> Estimate:
        """The bill of an inventory. An endpoint that is equal in another one is priced once."""
        endpoints = {endpoint.address: self._once(endpoint) for endpoint in inventory.endpoints}
        for endpoint in inventory.endpoints:
            if endpoint.candidates and all(address in endpoints for address in endpoint.candidates):
                choices = [endpoints[address] for address in endpoint.candidates]
                endpoints[endpoint.address] = join.with_choices(endpoints[endpoint.address], choices)
                endpoints |= {each.label: replace(each, part_of=endpoint.address) for each in choices}
        if inventory.workflows:
            from guardrail.cost import workflows  # for the few that run batch transform

            endpoints |= {
                each.address: workflows.bill(each, self._prices, self._demand.of_workflow(each))
                for each in inventory.workflows
            }
        counted = [bill for bill in endpoints.values() if bill.part_of is None]
        return Estimate(
            endpoints=endpoints,
            unattached={endpoint.address: self._once(endpoint) for endpoint in inventory.unattached},
            total=join.total(bill.monthly for bill in counted),
            missing=frozenset().union(*(bill.missing for bill in counted if bill.missing)),
            period=self._period,
        )

    def _once(self, endpoint: Endpoint) -> Bill:
        known = self._seen.get(endpoint.address)
        if known is not None and known[0] == endpoint:
            return known[1]
        bill = self.endpoint(endpoint)
        self._seen[endpoint.address] = endpoint, bill
        return bill

    def endpoint(self, endpoint: Endpoint) -> Bill:
        """One endpoint: its variants, and what is charged once for it or cannot be split among them."""
        demand = self._demand.of(endpoint)
        own = self._own(endpoint, demand)
        missing, monthly = own.missing(endpoint.address, ""), own.monthly
        children = []
        if isinstance(endpoint.variants, Unknown):
            missing |= {Missing(bound, endpoint.address, (join.VARIANTS, endpoint.variants.reason)) for bound in BOUNDS}
            monthly = replace(monthly, at_least=True)
        else:
            for label, variant, asked in zip(
                labels(endpoint.variants), endpoint.variants, demand.variants, strict=True
            ):
                children.append(self.variant(endpoint, label, variant, asked))
        absent = NEVER_SURE if endpoint.deployed == "possibly" else None
        return Bill(
            kind="endpoint",
            label=endpoint.address,
            region=endpoint.region,
            tags=endpoint.tags,
            lines=own.lines,
            children=tuple(
                _with_a_share(child, asked) for child, asked in zip(children, demand.variants, strict=False)
            ),
            monthly=join.of_parts(monthly, [child.monthly for child in children], absent),
            priced=own.priced,
            absent=absent,
            missing=missing.union(*(child.missing for child in children)),
            notices=tuple(f"{endpoint.address}: {notice}" for child in children for notice in child.notices),
        )

    def variant(
        self,
        endpoint: Endpoint,
        label: str,
        variant: Variant,
        demand: VariantDemand,
        capacity_of: Capacity | None = None,
    ) -> Bill:
        """One variant of an endpoint, or what may stand in its place, with its capacity where that is worked out."""
        target = variant.scaling if isinstance(variant.scaling, ScalableTarget) else None
        redacted = variant.sensitive or (target is not None and target.sensitive)
        first, found, joined = self._worked_out(endpoint, variant, demand, capacity_of, redacted=redacted)
        if capacity_of is not None and isinstance(variant, InstanceVariant):
            found = capacity_of
        elif found is not None and target is not first and target is not None and first is not None:
            found = capacity.by_another(found, first, target)
        notice = None if redacted or found is None else found.notice
        return Bill(
            kind="variant",
            label=label,
            region=endpoint.region,
            tags=endpoint.tags,
            lines=joined.lines
            if found is None
            else tuple([_with_origins(each, found.origins) for each in joined.lines]),
            monthly=joined.monthly,
            priced=joined.priced,
            missing=joined.missing(endpoint.address, label),
            notices=() if notice is None else (f"variant {label}: {notice}",),
        )

    def _worked_out(
        self,
        endpoint: Endpoint,
        variant: Variant,
        demand: VariantDemand,
        found: Capacity | None,
        *,
        redacted: bool,
    ) -> _WorkedOut:
        """What a variant costs, once for all that are alike but for what they and their targets are called.

        The key is all that the price rests on, with usage as it is written: 3.0 instances are told of as 3.0, though
        they are 3. Managed scaling rests on the components of its endpoint, too.
        """
        key = (
            endpoint.region,
            endpoint.mode,
            endpoint.update_minutes,
            demand is NO_VARIANT_DEMAND or repr(demand),
            found and capacity.counts_of(found),
            traits(variant.scaling) if isinstance(variant.scaling, ScalableTarget) else variant.scaling,
            redacted,
            _OF_INSTANCES(variant) if isinstance(variant, InstanceVariant) else _OF_SLOTS(variant),
        )
        is_managed = found is None and getattr(variant, "managed_scaling", None) is not None
        known = None if is_managed else self._alike.get(key)
        if known is None:
            if isinstance(variant, InstanceVariant):
                found = found or capacity.of_instances(endpoint, variant, demand, self._period)
                priced = self._instances(endpoint, variant, found, demand, redacted=redacted)
            else:
                found = capacity.of_slots(variant, demand, self._period)
                priced = self._serverless(endpoint, variant, demand, found, redacted=redacted)
            target = variant.scaling if isinstance(variant.scaling, ScalableTarget) else None
            known = target, found, join.joined(priced)
            if not is_managed:
                self._alike[key] = known
        return known

    # Instances

    def _instances(
        self, endpoint: Endpoint, variant: InstanceVariant, found: Capacity, asked: VariantDemand, *, redacted: bool
    ) -> Priced:
        """Each count with each type that it can run on; what is expected runs on that of the first priority.

        A software fee that usage tells is a line of its own, and nothing is missing for it; so are updates.
        """
        fee = None if variant.marketplace is False else asked.software_usd_per_hour
        kinds, update = types(variant), update_of(endpoint, variant, asked.deployments)
        variant = variant if fee is None else replace(variant, marketplace=False)
        rates = [self._rates.instance(endpoint.region, endpoint.mode, kind, variant) for kind in kinds]
        sizes = [self._rates.volume(kind, variant) for kind in kinds]
        price = self._price(endpoint.region, usage_types.VOLUME)

        def during(running: Running, place: int) -> State:
            size = sizes[place]
            kept = running.hours if update is None else running.hours + update.instance_hours(running.count)
            lines = [charges.instances(running, rates[place], redacted=redacted)]
            if fee is not None:
                lines.append(charges.software(running, fee, redacted=redacted))
            if size is not None:
                lines.append(charges.volume(replace(running, hours=kept), size, price, redacted=redacted))
            if update is not None:
                lines.append(charges.deployments(running, rates[place], update, redacted=redacted))
            return state(*lines)

        expected = found.expected if isinstance(found.expected, Unknown) else during(found.expected, 0)
        states = (expected,) if len(kinds) == 1 and found.states == (found.expected,) else None
        demand: dict[ChargeKind, Decimal] = (
            {} if found.demand is None else {"instance": found.demand, "volume": found.demand}
        )
        return Priced(
            states=states or tuple(during(running, place) for running in found.states for place in range(len(kinds))),  # type: ignore[arg-type] # not Unknown there
            expected=undecided_priority(variant) or expected,
            assumed=found.assumed,
            demand=demand,
            detail=" or ".join(dict.fromkeys(rate.detail for rate in rates)) if len(rates) > 1 else None,
        )

    # Serverless

    def _serverless(
        self,
        endpoint: Endpoint,
        variant: ServerlessVariant,
        demand: VariantDemand,
        slots: Capacity | None,
        *,
        redacted: bool,
    ) -> Priced:
        """On-demand compute; with provisioned concurrency in each state what is kept warm, and what that leaves."""
        seconds = _seconds(demand)
        unsplit = isinstance(demand.requests, Unknown) and demand.duration_ms is not None
        on_demand, warm, compute = self._serverless_prices(endpoint.region, variant.memory_mib)
        memory, by = variant.memory_mib, demand.said_by("requests", "duration_ms")

        def during(running: Running | None) -> State:
            left, taken = (seconds, None)
            if running is not None and seconds is not None:
                left, taken = charges.split_compute(seconds, running)
            lines: list[Line] = []
            if not unsplit:  # else it stands on the endpoint
                lines.append(charges.serverless_compute(memory, left, on_demand, by=by, redacted=redacted))
            if running is None:
                return state(*lines)
            lines.append(charges.provisioned_warm(memory, running, warm, redacted=redacted))
            if not unsplit:
                lines.append(charges.provisioned_compute(memory, taken, compute, by=by, redacted=redacted))
            return state(*(replace(line, reason=line.reason or running.unknown) for line in lines))

        if slots is None:
            only = during(None)
            return Priced(states=(only,), expected=only)
        expected = slots.expected if isinstance(slots.expected, Unknown) else during(slots.expected)
        between = capacity.filled(slots, seconds, demand.busy_hours, self._period)
        return Priced(
            states=tuple(map(during, (*slots.states, *between))),
            expected=expected,
            assumed=slots.assumed,
            demand={} if slots.demand is None else {"provisioned-warm": slots.demand},
        )

    def _serverless_prices(self, region: str | Unknown, memory_mib: int | Unknown) -> list[Quote]:
        """Of compute on demand, of a slot kept warm, and of compute on it."""
        if isinstance(memory_mib, Unknown):
            return [Unknown(f"memory_size_in_mb is unknown: {memory_mib.reason}")] * 3
        kinds = usage_types.serverless, usage_types.provisioned_warm, usage_types.provisioned_compute
        gb = charges.memory_gb(memory_mib)
        return [self._price(region, kind(gb)) for kind in kinds]

    # What stands on the endpoint itself

    def _own(self, endpoint: Endpoint, demand: EndpointDemand) -> join.Joined:
        """Data in and out, and the compute of requests that nobody can split among the variants."""
        plain = demand.data_in is None and demand.data_out is None and demand.unsplit is None
        known = self._without_usage.get(endpoint.region) if plain else None
        if known is not None:
            return known
        region = endpoint.region
        data = (
            charges.data("data-in", demand.data_in, self._price(region, usage_types.DATA_IN)),
            charges.data("data-out", demand.data_out, self._price(region, usage_types.DATA_OUT)),
        )
        found = join.joined(self._unsplit(endpoint, demand, data))
        if plain:
            self._without_usage[region] = found
        return found

    def _unsplit(self, endpoint: Endpoint, demand: EndpointDemand, data: tuple[Line, ...]) -> Priced:
        """All requests on the variant where they cost least, and all where they cost most."""
        only = state(*data)
        alone = Priced(states=(only,), expected=only)
        if demand.unsplit is None or isinstance(endpoint.variants, Unknown):
            return alone
        states = []
        for variant, asked in zip(endpoint.variants, demand.variants, strict=True):
            if not isinstance(asked.requests, Unknown):
                continue
            if not isinstance(variant, ServerlessVariant):
                states.append(only)  # instances cost the same whatever they answer
                continue
            if asked.duration_ms is None:
                return alone
            seconds = demand.unsplit * asked.duration_ms / 1000
            on_demand, _, compute = self._serverless_prices(endpoint.region, variant.memory_mib)
            states.append(state(*data, charges.serverless_compute(variant.memory_mib, seconds, on_demand)))
            if variant.provisioned_concurrency is not None or variant.scaling is not None:
                states.append(state(*data, charges.provisioned_compute(variant.memory_mib, seconds, compute)))
        if not states:
            return alone
        same = len({each.usd for each in states}) == 1
        why = next(asked.requests for asked in demand.variants if isinstance(asked.requests, Unknown))
        return Priced(states=tuple(states), expected=states[0] if same else why)

    def _price(self, region: str | Unknown, charge: usage_types.Charge) -> Quote:
        if isinstance(region, Unknown):
            return Unknown(f"its region is unknown: {region.reason}")
        return self._prices.price(region, charge)


def _with_a_share(variant: Bill, asked: VariantDemand) -> Bill:
    """A variant whose share of the endpoint's compute cannot be known costs at least what else there is of it."""
    if not isinstance(asked.requests, Unknown) or any(line.kind in join.BY_REQUESTS for line in variant.lines):
        return variant
    if any(line.kind == "instance" for line in variant.lines):
        return variant  # instances cost the same whatever they answer
    return replace(variant, monthly=replace(variant.monthly, expected=asked.requests, at_least=True))


def _with_origins(line: CostComponent, origins: Mapping[str, str]) -> CostComponent:
    """A line that counts something, with where its counts come from before where its own numbers do."""
    return line if line.count is None else replace(line, origins={**origins, **line.origins})


def labels(variants: Sequence[Variant]) -> list[str]:
    """What the parts of an endpoint are called: their names, else ``#2`` by place; a second ``main`` is ``main#2``."""
    seen: dict[str, int] = {}
    found = []
    for place, variant in enumerate(variants, start=1):
        name = variant.name if isinstance(variant.name, str) else f"#{place}"
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return found


def _seconds(demand: VariantDemand) -> Decimal | None:
    """Compute a month; None where usage does not say, or cannot split it."""
    if not isinstance(demand.requests, Decimal) or demand.duration_ms is None:
        return None
    return demand.requests * demand.duration_ms / 1000
