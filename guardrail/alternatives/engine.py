"""What to run instead: one engine, which prices each alternative as the bill itself is priced.

A saving is the difference of two estimates of the same endpoint, never of two prices: volumes come and go with the
type, and what scales is priced in every state. Nothing is offered where a reservation, a Marketplace package or a
sensitive value binds what runs.
"""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from guardrail.alternatives import facts, instances, jobs, likeness, modes, needs
from guardrail.alternatives.base import Alternative, BreakEven, Elsewhere, RuledOut, ranked
from guardrail.alternatives.instances import Candidate
from guardrail.alternatives.needs import Need
from guardrail.alternatives.savings import difference, uncounted
from guardrail.cost.base import Bill, Monthly, MonthlyQuantity
from guardrail.cost.capacity import Capacity, of_instances
from guardrail.cost.demand import Demand, EndpointDemand, VariantDemand
from guardrail.cost.discount_settings import PlanRate, no_plan_rate
from guardrail.cost.estimate import Estimator
from guardrail.cost.usage import NO_USAGE
from guardrail.model import (
    Endpoint,
    InstanceVariant,
    Mode,
    ScalableTarget,
    ServerlessVariant,
    TransformJob,
    Unknown,
    Variant,
)
from guardrail.money import HOURS_PER_MONTH, MONTH, SECONDS_PER_HOUR, ZERO, plain, two_decimals
from guardrail.policy.base import SavingBasis
from guardrail.policy.environment import PRODUCTION
from guardrail.prices.book import InstanceSpec, PriceBook

_REGIONS = 3
"""Other regions that are named, the cheapest ones."""


class AlternativesEngine:
    """Alternatives by what one price book, one demand and one Savings Plan say."""

    def __init__(self, prices: PriceBook, demand: Demand = NO_USAGE, *, plan_rate: PlanRate = no_plan_rate) -> None:
        """``plan_rate`` is what an hour costs under a Savings Plan, as far as that is known."""
        self.prices = prices
        self.demand = demand
        self.plan_rate = plan_rate
        self.estimator = Estimator(prices, demand)
        self._hours: dict[object, Monthly] = {}
        self._alike: dict[bytes, _Alike] = {}
        self._last: tuple[Endpoint, str | Unknown, _Alike] | None = None

    def of(self, endpoint: Endpoint, environment: str | Unknown = PRODUCTION) -> tuple[tuple[Alternative, ...], ...]:
        """What to run instead of each variant of an endpoint, ranked by money; empty where nothing can be said."""
        found = self._known(endpoint, environment)
        if found.offered is None:
            found.offered = tuple(ranked(self._of_variant(at)) for at in found.variants)
        if endpoint.deployed != "possibly":
            return found.offered
        return tuple(tuple(_if_deployed(each) for each in one if each.kind != "savings-plan") for one in found.offered)

    def that_fit(self, endpoint: Endpoint, place: int, need: Need) -> Iterator[Alternative]:
        """Cheaper types for a variant that have what it was seen to need, the cheapest first."""
        free = self._of_free_type(endpoint, place)
        if free is None:
            return
        at, variant, spec = free
        known = need.gpu_memory_gib if spec.accelerators else need.memory_gib
        for found in needs.fitting(self.prices, str(at.region), spec, need):
            if instances.unfit(at.endpoint, variant, found.spec, known) is None:
                alternative = self._of_type(at, variant, spec, found, known)
                if alternative is not None:
                    yield alternative

    def with_fewer(self, endpoint: Endpoint, place: int, count: int) -> Alternative | None:
        """Fewer instances of the same type for a variant whose load they were seen to take; None of what scales."""
        free = self._of_free_type(endpoint, place)
        if free is None or _scales(free[1]):
            return None
        return self._of_count(*free, count)

    def with_serverless(
        self, endpoint: Endpoint, place: int, *, memory_mib: int | None = None, slots: int | None = None
    ) -> Alternative | None:
        """A serverless variant with less memory or fewer warm slots; None where that saves nothing, by its usage."""
        at = self._on_free_instances(endpoint, place)
        variant = None if at is None else at.variant
        if at is None or not isinstance(variant, ServerlessVariant):
            return None
        if memory_mib is not None:
            smaller = replace(variant, memory_mib=memory_mib)
            name, said = f"{memory_mib // facts.MIB_PER_GIB} GB", "less memory brings less CPU: it may take longer"
        else:
            smaller = replace(variant, provisioned_concurrency=slots)
            name, said = f"{slots} slots kept warm", "peaks that were not seen find no warm slot"
        return self._priced(
            at, self._bill(at, smaller), basis="with-usage", kind="concurrency", name=name, conditions=(said,)
        )

    def is_free(self, endpoint: Endpoint, place: int) -> bool:
        """Whether a variant has a price, and nothing binds what it runs on."""
        return self._on_free_instances(endpoint, place) is not None

    def _on_free_instances(self, endpoint: Endpoint, place: int) -> "_VariantTerms | None":
        """A variant of which one may say what else it could run on; None where something binds it."""
        if isinstance(endpoint.variants, Unknown) or isinstance(endpoint.region, Unknown):
            return None
        standing = replace(endpoint, deployed="yes")
        at = _VariantTerms(standing, place, self.estimator.endpoint(standing), self.demand.of(endpoint), PRODUCTION)
        is_bound = (
            at.variant.sensitive or _what_binds(at.variant) is not None or uncounted(at.present, at.present) is None
        )
        return None if is_bound else at

    def _of_free_type(
        self, endpoint: Endpoint, place: int
    ) -> "tuple[_VariantTerms, InstanceVariant, InstanceSpec] | None":
        """The same of what runs on instances, with what is known of their type; None where nothing is."""
        at = self._on_free_instances(endpoint, place)
        if at is None or not isinstance(at.variant, InstanceVariant):
            return None
        spec = self._spec(at.variant)
        return None if spec is None else (at, at.variant, spec)

    def not_offered(
        self, endpoint: Endpoint, environment: str | Unknown = PRODUCTION
    ) -> tuple[tuple[RuledOut, ...], ...]:
        """Why what one may think of is no alternative to a variant: what binds it, hard limits, dearer generations."""
        found = self._known(endpoint, environment)
        if found.refused is None:
            found.refused = tuple(tuple(self._not_offered(at)) for at in found.variants)
        return found.refused

    def _known(self, endpoint: Endpoint, environment: str | Unknown) -> "_Alike":
        """The variants of an endpoint, as if all of them ran; those of one that is alike where that was asked for."""
        if self._last is not None and self._last[0] is endpoint and self._last[1] == environment:
            return self._last[2]
        demand = self.demand.of(endpoint)
        key = likeness.key(endpoint, demand, environment)
        if key not in self._alike:
            standing = replace(endpoint, deployed="yes")
            count = 0 if isinstance(endpoint.variants, Unknown) else len(endpoint.variants)
            bill = self.estimator.endpoint(standing)
            self._alike[key] = _Alike(
                [_VariantTerms(standing, place, bill, demand, environment) for place in range(count)]
            )
        self._last = endpoint, environment, self._alike[key]
        return self._last[2]

    def _of_variant(self, at: "_VariantTerms") -> Iterator[Alternative]:
        variant = at.variant
        if isinstance(at.region, Unknown) or _what_binds(variant) is not None:
            return
        if isinstance(variant, ServerlessVariant):
            yield from self._on_instances(at, variant)
            return
        spec = self._spec(variant)
        if spec is not None:
            yield from self._other_types(at, variant, spec)
            yield from self._other_counts(at, variant, spec)
        yield from self._savings_plan(at, variant)
        yield from self._serverless(at, variant)
        yield from (each for each in self._for_the_work_alone(at, variant) if _too_many(each) is None)

    def _for_the_work_alone(self, at: "_VariantTerms", variant: InstanceVariant) -> Iterator[Alternative]:
        """The same instances behind a queue and in transform jobs, billed for as long as they work."""
        if modes.refuses_asynchronous(at.endpoint, variant, at.asked, at.demand) is None:
            yield from self._asynchronous(at, variant)
        yield from self._batch(at, variant)

    def _not_offered(self, at: "_VariantTerms") -> Iterator[RuledOut]:
        variant = at.variant
        binds = _what_binds(variant)
        if isinstance(at.region, Unknown):
            binds = binds or f"its region is unknown: {at.region.reason}"
        if binds is not None:
            yield RuledOut("anything else", binds)
        if binds is not None or isinstance(variant, ServerlessVariant) or isinstance(at.region, Unknown):
            return
        yield from self._refused_ways(at, variant)
        spec = self._spec(variant)
        if spec is None or uncounted(at.present, at.present) is None:
            lacks = next((line.reason for line in at.present.lines if line.reason is not None), None)
            yield RuledOut("another type", lacks or "its own is in no table")
        if spec is None:
            return
        cheaper = instances.candidates(self.prices, at.region, spec.instance_type)
        for found, reason in instances.held(cheaper, at.endpoint, variant, at.memory_gib):
            if reason is not None:
                yield RuledOut(found.spec.instance_type, "; ".join((reason, *found.loses)))
        for newer in instances.newer(self.prices, at.region, spec.instance_type):
            other = self._of_another_type(at, replace(variant, instance_type=newer.instance_type))
            more = difference(other.monthly, at.present.monthly).expected
            if not isinstance(more, Unknown) and uncounted(at.present, other) is not None:
                said = f"{two_decimals(more)} a month more" if more else "the same price"
                yield RuledOut(newer.instance_type, f"a newer generation, {said}")

    def _refused_ways(self, at: "_VariantTerms", variant: InstanceVariant) -> Iterator[RuledOut]:
        """Other ways to serve that a hard limit forbids, and a plan of which nobody knows that it covers this one."""
        is_queued = at.endpoint.mode == "async"
        for name, reason in (
            (
                "serverless",
                modes.refuses_serverless(at.endpoint, variant, at.asked, at.demand, self.prices)
                or modes.too_many(self._serverless_even(at)),
            ),
            (
                "asynchronous",
                None if is_queued else modes.refuses_asynchronous(at.endpoint, variant, at.asked, at.demand),
            ),
            ("batch", modes.refuses_batch(at.endpoint, variant, self.prices)),
            ("a Savings Plan", "AWS does not say whether it covers asynchronous inference" if is_queued else None),
        ):
            if reason is not None:
                yield RuledOut(name, reason)
        for each in self._for_the_work_alone(at, variant):
            if (reason := _too_many(each)) is not None:
                yield RuledOut(each.kind, reason)

    def _spec(self, variant: InstanceVariant) -> InstanceSpec | None:
        return self.prices.instance(variant.instance_type) if isinstance(variant.instance_type, str) else None

    def _bill(self, at: "_VariantTerms", variant: Variant, mode: Mode | None = None) -> Bill:
        """The bill of what may stand in the place of a variant."""
        endpoint = at.endpoint if mode is None else replace(at.endpoint, mode=mode)
        return self.estimator.variant(endpoint, at.present.label, variant, at.asked)

    def _of_another_type(self, at: "_VariantTerms", variant: InstanceVariant) -> Bill:
        """The bill of as many instances of another type: how many there are does not rest on it."""
        return self.estimator.variant(at.endpoint, at.present.label, variant, at.asked, at.capacity)

    def _priced(self, at: "_VariantTerms", bill: Bill, **fields: Any) -> Alternative | None:
        """An alternative that saves something for sure, as the difference of two bills; None where it does not."""
        before, after = at.present.monthly, bill.monthly
        left_out = uncounted(at.present, bill)
        if left_out is None:
            return None
        saving = difference(before, after)
        usd = saving.floor if isinstance(saving.expected, Unknown) else saving.expected
        if usd <= 0:
            return None
        basis = fields.pop("basis", None) or at.basis(certain=False)
        fields["conditions"] = (*fields.get("conditions", ()), *left_out)
        return Alternative(usd=usd, saving=saving, monthly=after, basis=basis, **fields)

    def _reconfigured(
        self, at: "_VariantTerms", bill: Bill, conditions: Iterable[str], **fields: Any
    ) -> Alternative | None:
        """`_priced`, of what only another configuration brings: it reaches the endpoint under a name of its own."""
        if not facts.has_fixed_name(at.endpoint):
            return self._priced(at, bill, conditions=tuple(conditions), **fields)
        return self._priced(
            at, bill, conditions=(facts.NAME_CHANGES, *conditions), **{**fields, "basis": "upper-bound"}
        )

    # Instances -------------------------------------------------------------------------------------------------------

    def _other_types(self, at: "_VariantTerms", variant: InstanceVariant, spec: InstanceSpec) -> Iterator[Alternative]:
        memory = at.memory_gib
        cheaper = instances.candidates(self.prices, str(at.region), spec.instance_type)
        for found, reason in instances.held(cheaper, at.endpoint, variant, memory):
            alternative = self._of_type(at, variant, spec, found, memory) if reason is None else None
            if alternative is not None:
                yield alternative

    def _of_type(
        self,
        at: "_VariantTerms",
        variant: InstanceVariant,
        spec: InstanceSpec,
        found: Candidate,
        memory: Decimal | None,
    ) -> Alternative | None:
        other = found.spec.instance_type
        bill = self._of_another_type(at, replace(variant, instance_type=other))  # a local disk bills no volume
        before, link = at.present.monthly, tuple(instances.lost_link(found.spec, spec))
        return self._reconfigured(
            at,
            bill,
            kind=found.kind,
            name=other,
            instance_type=other,
            # usage counts instances of the present type; a smaller disk takes no more of them
            basis="upper-bound" if found.loses or link else at.basis(certain=before.floor == before.ceiling),
            loses=(*found.loses, *link, *instances.lost_disk(variant, found.spec, spec)),
            conditions=(*instances.conditions(at.endpoint, variant, spec, found, memory), *_doubts(bill)),
            breaks=tuple(instances.obstacles(variant, spec, found.spec)),
        )

    def _other_counts(self, at: "_VariantTerms", variant: InstanceVariant, spec: InstanceSpec) -> Iterator[Alternative]:
        """Fewer instances, and more of half the size: of what does not scale and is no inference component's host."""
        count = variant.initial_instance_count
        if _scales(variant) or isinstance(count, Unknown):
            return
        for fewer in instances.fewer(count, at.asked.instances):
            made = self._of_count(at, variant, spec, fewer)
            if made is not None:
                yield made
        half = instances.half_sizes(spec, self.prices, str(at.region))
        if count > 1 and half is not None and not instances.unfit(at.endpoint, variant, half, at.memory_gib):
            more = 2 * count - 1
            made = self._reconfigured(
                at,
                self._bill(at, replace(variant, instance_type=half.instance_type, initial_instance_count=more)),
                kind="instances",
                name=f"{more} × {half.instance_type}",
                instance_type=half.instance_type,
                instances=Decimal(more),
                loses=(f"{more} of {2 * count} halves of the capacity",),
                conditions=("the model fits into one of half the size", "what is left of the capacity takes the load"),
            )
            if made is not None:
                yield made

    def _of_count(
        self, at: "_VariantTerms", variant: InstanceVariant, spec: InstanceSpec, fewer: int
    ) -> Alternative | None:
        count = variant.initial_instance_count
        said = [f"{fewer} of {count} instances take the load, peaks included"]
        if fewer == 1 and not variant.shadow:
            said.append(instances.PRODUCTION_CONTROL)
            if at.environment != "non-production":
                said.append("one instance lies in one Availability Zone")
        return self._reconfigured(
            at,
            self._bill(at, replace(variant, initial_instance_count=fewer)),
            kind="instances",
            name=f"{fewer} × {spec.instance_type}",
            instance_type=spec.instance_type,
            instances=Decimal(fewer),
            loses=(f"{fewer} of {count} instances",),
            conditions=tuple(said),
        )

    def _savings_plan(self, at: "_VariantTerms", variant: InstanceVariant) -> Iterator[Alternative]:
        """The floor alone: what is billed in every hour whatever happens."""
        line = next((each for each in at.present.lines if each.kind == "instance"), None)
        if line is None or line.price is None or line.quantity is None or not line.quantity.floor:
            return
        if line.reason is not None or at.endpoint.mode != "realtime" or variant.monthly_hours is not None:
            return
        running = line.quantity.floor / HOURS_PER_MONTH
        hourly = plain((running * line.price.usd).normalize())
        rate = self.plan_rate(str(at.region), line.price.usage_type)
        usd = None if rate is None else line.quantity.floor * (line.price.usd - rate)
        floor = f"{plain(running.normalize())} running, {hourly} USD an hour on demand"
        said = [f"the floor stays for the whole term: {floor}", "no other plan covers it already"]
        if rate is None:
            said.append(
                "its rate is not known here: guardrail prices refresh reads the rates of SageMaker Savings Plans"
            )
        yield Alternative(
            kind="savings-plan",
            name="a SageMaker Savings Plan for the floor",
            usd=usd if usd is None or usd > 0 else None,
            basis=None if usd is None or usd <= 0 else "upper-bound",
            conditions=tuple(said),
        )

    # Ways to serve ---------------------------------------------------------------------------------------------------

    def _serverless(self, at: "_VariantTerms", variant: InstanceVariant) -> Iterator[Alternative]:
        size, even = modes.serverless_memory_gib(at.memory_gib), self._serverless_even(at)
        if size is None or even is None:
            return
        if modes.refuses_serverless(at.endpoint, variant, at.asked, at.demand, self.prices) is not None:
            return
        common: dict[str, Any] = {
            "kind": "serverless",
            "name": f"serverless, {size} GB",
            "conditions": tuple(modes.serverless_conditions(at.endpoint, variant, at.memory_gib)),
            "break_even": even,
        }
        bill = self._bill(at, modes.as_serverless(variant, size), "serverless")
        left_out = uncounted(at.present, bill)
        if bill.monthly.depends_on_usage and left_out is not None:
            yield Alternative(usd=None, basis=None, **{**common, "conditions": (*common["conditions"], *left_out)})
            return
        made = self._priced(at, bill, basis="with-usage", **common)
        if made is not None:
            yield made

    def _serverless_even(self, at: "_VariantTerms") -> BreakEven | None:
        size, fixed = modes.serverless_memory_gib(at.memory_gib), at.present.monthly.expected
        if size is None or isinstance(fixed, Unknown):
            return None
        return modes.of_serverless(self.prices, str(at.region), size * facts.MIB_PER_GIB, fixed, at.asked)

    def _on_instances(self, at: "_VariantTerms", variant: ServerlessVariant) -> Iterator[Alternative]:
        """Instances in place of serverless compute: where usage shows it to be dearer; else, from where on it is."""
        present = at.present.monthly
        if present.at_least or isinstance(variant.memory_mib, Unknown):
            return
        memory = Decimal(variant.memory_mib) / facts.MIB_PER_GIB
        found = instances.smallest(self.prices, str(at.region), memory)
        if found is None:
            return
        other = InstanceVariant(
            name=variant.name,
            shadow=False,
            instance_type=found.instance_type,
            initial_instance_count=1,
            weight=variant.weight,
            model_name=variant.model_name,
            model=variant.model,
        )
        bill = self._bill(at, other, "realtime")
        fixed, is_on_demand = bill.monthly.expected, variant.provisioned_concurrency is None and variant.scaling is None
        even = None
        if is_on_demand and isinstance(fixed, Decimal) and not bill.monthly.at_least:
            even = modes.of_serverless(self.prices, str(at.region), variant.memory_mib, fixed, at.asked)
        common: dict[str, Any] = {
            "kind": "real-time",
            "name": f"1 × {found.instance_type}",
            "instance_type": found.instance_type,
            "conditions": ("one instance takes the peaks, which a load test says", instances.PRODUCTION_CONTROL),
            "break_even": even,
        }
        if present.depends_on_usage:
            if even is not None:
                yield Alternative(usd=None, basis=None, **common)
            return
        made = self._priced(at, bill, basis="with-usage", **common)
        if made is not None:
            yield made

    def _asynchronous(self, at: "_VariantTerms", variant: InstanceVariant) -> Iterator[Alternative]:
        """A queue before the same instances: what it saves are the hours in which nothing runs."""
        bill = self._bill(at, modes.as_asynchronous(variant), "async")
        left_out = uncounted(at.present, bill)
        if left_out is None:
            return
        saving = difference(at.present.monthly, bill.monthly)
        knows = at.asked.busy_hours is not None or at.asked.instances is not None
        usd = saving.expected if knows and isinstance(saving.expected, Decimal) else None
        if usd is not None and usd <= 0:
            return
        fixed = at.present.monthly.expected
        even = modes.of_queue(bill, fixed, at.asked) if isinstance(fixed, Decimal) else None
        yield Alternative(
            kind="asynchronous",
            name="asynchronous, down to 0 instances",
            usd=usd,
            saving=saving,
            basis=None if usd is None else "with-usage",
            monthly=bill.monthly,
            break_even=even,
            conditions=(
                *modes.ASYNCHRONOUS_CONDITIONS,
                *left_out,
                *_doubts(bill),
                *([facts.NAME_CHANGES] if facts.has_fixed_name(at.endpoint) else []),
            ),
        )

    def _batch(self, at: "_VariantTerms", variant: InstanceVariant) -> Iterator[Alternative]:
        """Transform jobs of the same instances for the hours of work."""
        spec = self._spec(variant)
        count = variant.initial_instance_count
        if modes.refuses_batch(at.endpoint, variant, self.prices) or spec is None or not isinstance(count, int):
            return
        job = TransformJob(
            label="",
            name=None,
            model_name=None,
            instance_types=(spec.instance_type,),
            instance_count=count,
        )
        key = at.region, job.instance_types, job.instance_count
        hourly = self._hours.get(key)
        if hourly is None:
            hourly = self._hours[key] = jobs.hour(self.prices, at.region, job).monthly
        fixed = at.present.monthly.expected
        if hourly.at_least or isinstance(fixed, Unknown) or isinstance(hourly.expected, Unknown) or count < 1:
            return
        busy = at.hours_of_work(count)
        monthly = None if busy is None else jobs.hour(self.prices, at.region, job, busy).monthly
        usd = None
        if monthly is not None and not isinstance(monthly.expected, Unknown):
            usd = fixed - monthly.expected
        if usd is not None and usd <= 0:
            return
        hours = fixed / hourly.expected
        said = f"the jobs run for less than {hours:,.1f} h a month, at {plain(hourly.expected.normalize())} an hour"
        yield Alternative(
            kind="batch",
            name=f"batch transform, {count} × {spec.instance_type}",
            usd=usd,
            basis=None if usd is None else "with-usage",
            monthly=monthly,
            instance_type=spec.instance_type,
            conditions=(*modes.BATCH_CONDITIONS, said),
            break_even=modes.break_even(fixed, hours * count * SECONDS_PER_HOUR, at.asked),
        )

    # Elsewhere -------------------------------------------------------------------------------------------------------

    def elsewhere(self, endpoint: Endpoint, place: int | None = None) -> tuple[Elsewhere, ...]:
        """The same endpoint, or one variant of it, in the cheapest other regions that offer all of it."""
        if isinstance(endpoint.variants, Unknown) or any(each.sensitive for each in endpoint.variants):
            return ()
        variants = endpoint.variants if place is None else (endpoint.variants[place],)
        types = {each for one in variants if isinstance(one, InstanceVariant) for each in one.types}
        found = []
        for region in self.prices.regions():
            if (
                region == endpoint.region
                or _is_apart(region) != _is_apart(str(endpoint.region))
                or not all(isinstance(each, str) and self.prices.offered(region, each) is True for each in types)
            ):
                continue
            bill = self.estimator.endpoint(replace(endpoint, region=region, deployed="yes"))
            monthly = bill.monthly if place is None else bill.children[place].monthly
            is_usage_alone = monthly.depends_on_usage and not monthly.ceiling  # an amount would read as free
            if not (monthly.at_least or is_usage_alone or isinstance(monthly.expected, Unknown)):
                found.append(Elsewhere(region, monthly))
        found.sort(key=lambda each: (each.monthly.expected, each.region))
        return tuple(found[:_REGIONS])


class _Alike:
    """Variants of endpoints that are alike, and what is known of them so far."""

    __slots__ = ("offered", "refused", "variants")

    def __init__(self, variants: "Sequence[_VariantTerms]") -> None:
        self.variants = variants
        self.offered: tuple[tuple[Alternative, ...], ...] | None = None
        self.refused: tuple[tuple[RuledOut, ...], ...] | None = None


class _VariantTerms:
    """A variant with the bill, usage and environment that its alternatives are compared with."""

    __slots__ = ("_capacity", "asked", "bill", "demand", "endpoint", "environment", "place", "variant", "variants")

    def __init__(
        self, endpoint: Endpoint, place: int, bill: Bill, demand: EndpointDemand, environment: str | Unknown
    ) -> None:
        assert not isinstance(endpoint.variants, Unknown)  # noqa: S101 - its caller has asked
        self.endpoint = endpoint
        self.place = place
        self.bill = bill
        self.demand = demand
        self.environment = environment
        self.variants: Sequence[Variant] = endpoint.variants
        self.variant = endpoint.variants[place]
        self.asked: VariantDemand = demand.variants[place]
        self._capacity: Capacity | None = None

    @property
    def region(self) -> str | Unknown:
        return self.endpoint.region

    @property
    def present(self) -> Bill:
        """What the variant costs as it is."""
        return self.bill.children[self.place]

    @property
    def capacity(self) -> Capacity | None:
        """How many instances there can be; None of what runs on none."""
        if self._capacity is None and isinstance(self.variant, InstanceVariant):
            self._capacity = of_instances(self.endpoint, self.variant, self.asked, MONTH)
        return self._capacity

    @property
    def memory_gib(self) -> Decimal | None:
        """What its model is known to take."""
        return facts.model_memory_gib(self.endpoint, self.asked)

    def hours_of_work(self, count: int) -> Decimal | None:
        """Hours a month that ``count`` instances work: 2.5 on average are 6 for 304.17 h; None without usage."""
        instances, busy_hours = self.asked.instances, self.asked.busy_hours
        if instances is None:
            return busy_hours
        return instances * (HOURS_PER_MONTH if busy_hours is None else busy_hours) / count

    def basis(self, *, certain: bool) -> SavingBasis:
        """How sure a saving is that rests on the expected amount."""
        if certain:
            return "exact"
        return "upper-bound" if self.asked.instances is None and self.asked.busy_hours is None else "with-usage"


def _too_many(each: Alternative) -> str | None:
    """Why there may be too many requests for an alternative to be cheaper, where its amount is not known."""
    return modes.too_many(each.break_even) if each.usd is None else None


def _if_deployed(each: Alternative) -> Alternative:
    """The same to what may not be there at all: nothing is saved then."""
    why = Unknown("whether it is deployed is not known")
    saving, monthly = each.saving, each.monthly
    return replace(
        each,
        basis=None if each.basis is None else "upper-bound",
        saving=None if saving is None else MonthlyQuantity(ZERO, why, saving.ceiling),
        monthly=None if monthly is None else replace(monthly, floor=ZERO, expected=why),
        conditions=("it is deployed at all (not known)", *each.conditions),
    )


def _is_apart(region: str) -> bool:
    """Whether a region belongs to a partition that ordinary accounts have no part in."""
    return region.startswith(("us-gov-", "cn-"))


def _doubts(bill: Bill) -> Iterator[str]:
    """What the evidence doubts of the prices of an alternative: that it is sold for asynchronous inference, say."""
    for line in bill.lines:
        if line.price is not None and line.price.suspect is not None:
            yield f"its price holds ({line.price.suspect})"


def _scales(variant: InstanceVariant) -> bool:
    """Whether something may change how many instances it has."""
    return variant.scaling is not None or variant.managed_scaling is not None


def _what_binds(variant: Variant) -> str | None:
    """Why what it runs on is not free to choose: a seller's own list of types, reserved capacity, several pools."""
    if variant.sensitive:
        return "what it runs on is sensitive"
    if variant.marketplace is True:
        return "the seller of its AWS Marketplace package says what it runs on"
    if isinstance(variant, ServerlessVariant):
        return None
    if variant.capacity_reservation is not None:
        return "it runs in reserved ML capacity, which binds its type"
    is_unknown = variant.instance_type is None or isinstance(variant.instance_type, Unknown)
    if is_unknown and variant.instance_pools:
        return "it has several instance pools, of which no single type can be replaced"
    hides = isinstance(variant.scaling, ScalableTarget) and variant.scaling.sensitive
    return "what it runs on is not known, or must not be shown" if is_unknown or hides else None
