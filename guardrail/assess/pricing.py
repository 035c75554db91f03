"""What change sets cost: every possibility with its before and its after, priced together and joined once."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import product
from math import prod
from operator import attrgetter
from typing import TypeAlias

from msgspec import Struct, structs

from guardrail.assess.changes import differences
from guardrail.clock import age_days
from guardrail.cost import join
from guardrail.cost.base import BOUNDS, Bill, Bound, Delta, Estimate, HourPrice, Monthly
from guardrail.cost.demand import Demand
from guardrail.cost.estimate import Estimator
from guardrail.model import Change, ChangeSet, Endpoint, Inventory, Unknown, Workflow
from guardrail.money import MONTH, ZERO, Period
from guardrail.policy.environment import Environments
from guardrail.policy.getters import amount_of
from guardrail.prices.book import PriceBook
from guardrail.report import EndpointReport, PossibilityReport, RegionPrices, Source, Totals, WorkflowReport
from guardrail.sources.sets import source_id

NO_CHANGE = Delta(ZERO, ZERO, ZERO)
MOST_WORLDS = 64
"""Of all sources together, that budgets and discounts are worked out for one by one."""
_NO_END = Decimal("Infinity")


class PricedPossibility(Struct, frozen=True, kw_only=True):
    """A source as one possibility has it."""

    given: str
    """How what is undecided is decided, for people; empty where nothing is."""
    inventory: Inventory
    """After the change."""
    previous: Inventory | None
    """Before it; None where the source has no past."""
    before: Estimate | None
    after: Estimate


class PricedSource(Struct, frozen=True, kw_only=True):
    """A source with what it costs."""

    source: Source
    change_set: ChangeSet
    worlds: tuple[PricedPossibility, ...]
    before: Estimate | None
    """Whichever possibility comes true; None where the source has no past."""
    after: Estimate
    delta: Delta | None


class Combination(Struct, frozen=True, kw_only=True):
    """Everything together in one possibility of every source."""

    given: str
    worlds: tuple[PricedPossibility, ...] = ()
    """Of each source the one that comes true."""
    before: dict[str, Estimate] | None
    """By source; None where no source has a past."""
    after: dict[str, Estimate]
    totals: Totals


Amount: TypeAlias = Callable[[PricedPossibility, Bound], Decimal | Unknown]
"""A bound of what one possibility of a source costs, or adds to the bill."""


def price(
    change_sets: Sequence[ChangeSet], prices: PriceBook, demands: Sequence[Demand], period: Period = MONTH
) -> list[PricedSource]:
    """Every change set with its bills, priced by the usage of each endpoint."""
    estimators = {id(demand): Estimator(prices, demand, period=period) for demand in demands}
    return [
        _price(source, change_set, estimators[id(demand)])
        for source, change_set, demand in zip(_sources(change_sets), change_sets, demands, strict=True)
    ]


def _sources(change_sets: Iterable[ChangeSet]) -> list[Source]:
    """A source for each change set, with its label; a path that is given twice gets a number behind it."""
    sources: dict[str, Source] = {}
    for change_set in change_sets:
        name = source_id(change_set.path, change_set.label)
        identifier, number = name, 1
        while identifier in sources:
            number += 1
            identifier = f"{name}#{number}"
        sources[identifier] = Source(
            id=identifier,
            path=change_set.path,
            kind=change_set.kind,
            format_version=change_set.format_version,
            has_before=change_set.before is not None,
            complete=change_set.complete,
            possibilities=tuple(possibility.given for possibility in change_set.possibilities),
        )
    return list(sources.values())


def _price(source: Source, change_set: ChangeSet, estimator: Estimator) -> PricedSource:
    found = [(each.given, each.before, each.after) for each in change_set.possibilities]
    has_past = change_set.before is not None
    worlds = tuple(
        _world(given, (before or Inventory()) if has_past else None, after, estimator)
        for given, before, after in found or [("", change_set.before, change_set.after)]
    )
    undecided = Unknown(change_set.undecided or "")
    deltas = [change for world in worlds if (change := join.delta(world.before, world.after)) is not None]
    pasts = [world.before for world in worlds if world.before is not None]
    past_names, names = _names(change_set.before), _names(change_set.after)
    return PricedSource(
        source=source,
        change_set=change_set,
        worlds=worlds,
        before=join.either_estimate(pasts, past_names, undecided) if pasts else None,
        after=join.either_estimate([world.after for world in worlds], past_names | names, undecided),
        delta=join.either_delta(deltas, undecided) if deltas else None,
    )


def _world(given: str, before: Inventory | None, after: Inventory, estimator: Estimator) -> PricedPossibility:
    """What a template no longer has and AWS keeps is billed after the change as it was before."""
    remaining = kept(before, after) if before else []
    billed = structs.replace(after, endpoints=(*after.endpoints, *remaining)) if remaining else after
    return PricedPossibility(
        given=given,
        inventory=after,
        previous=before,
        before=None if before is None else estimator.inventory(before),
        after=estimator.inventory(billed),
    )


def kept(before: Inventory, after: Inventory) -> list[Endpoint]:
    """What a template no longer has and AWS keeps."""
    standing = {endpoint.address for endpoint in after.endpoints}
    return [endpoint for endpoint in before.endpoints if endpoint.kept and endpoint.address not in standing]


def undecided(priced: Iterable[PricedSource]) -> str:
    """What would leave one possibility of everything together."""
    return "; ".join(one.change_set.undecided for one in priced if one.change_set.undecided)


def _names(inventory: Inventory | None) -> dict[str, tuple[str | None, ...]]:
    """The names of the variants of each endpoint that is shown; None for one that is not known."""
    shown = (*inventory.endpoints, *inventory.unattached) if inventory else ()
    started = inventory.workflows if inventory else ()
    return {each.address: tuple(job.label for job in each.jobs) for each in started} | {
        endpoint.address: ()
        if isinstance(endpoint.variants, Unknown)
        else tuple(variant.name if isinstance(variant.name, str) else None for variant in endpoint.variants)
        for endpoint in shown
    }


# Endpoints -----------------------------------------------------------------------------------------------------------


def endpoints(priced: PricedSource, environments: Environments) -> Iterator[EndpointReport]:
    """Every endpoint that stands before or after the change, by address."""
    after = {endpoint.address: endpoint for endpoint in priced.change_set.after.endpoints}
    before = _by_address(priced.change_set.before)
    for address in sorted(after.keys() | before.keys()):
        cost = priced.after.endpoints.get(address)
        endpoint = after.get(address)
        if endpoint is None:
            change: Change = "delete" if cost is None else "forget"
            endpoint = structs.replace(before[address], change=change, touched=True)
        past = priced.before.endpoints.get(address) if priced.before else None
        is_unchanged = _is_unchanged(endpoint, past, cost)
        item = EndpointReport(
            source=priced.source.id,
            endpoint=endpoint,
            environment=environments.of(endpoint),
            before=past.monthly if past else None,
            cost=cost,
            delta=NO_CHANGE if is_unchanged else None,
            unchanged=is_unchanged,
        )
        yield item if is_unchanged or priced.before is None else _compared(item, priced, before.get(address))


def _is_unchanged(now: Endpoint | Workflow, past: Bill | None, cost: Bill | None) -> bool:
    return past is not None and cost is not None and not now.touched and past.monthly == cost.monthly


def _compared(item: EndpointReport, priced: PricedSource, previous: Endpoint | None) -> EndpointReport:
    """With what stood before, and everything that the change makes different."""
    address = item.endpoint.address
    is_gone = item.endpoint.change in ("delete", "forget")
    return structs.replace(
        item,
        delta=_delta_of(address, priced),
        previous=previous,
        previous_cost=priced.before.endpoints.get(address) if priced.before else None,
        differences=differences(previous, None if is_gone else item.endpoint),
    )


def _delta_of(address: str, priced: PricedSource) -> Delta:
    """What the change adds to one endpoint, in each possibility, joined."""
    deltas = [
        join.bill_delta(
            world.before.endpoints.get(address) if world.before else None, world.after.endpoints.get(address)
        )
        for world in priced.worlds
    ]
    return deltas[0] if len(deltas) == 1 else join.either_delta(deltas, Unknown(priced.change_set.undecided or ""))


def by_source(items: Iterable[EndpointReport]) -> tuple[EndpointReport, ...]:
    """By the name of the source; within it they keep their order."""
    return tuple(sorted(items, key=attrgetter("source")))


def _by_address(inventory: Inventory | None) -> dict[str, Endpoint]:
    return {endpoint.address: endpoint for endpoint in inventory.endpoints} if inventory else {}


def unattached(priced: PricedSource, environments: Environments) -> Iterator[EndpointReport]:
    """Configurations that nothing will use; what is deleted of them cost nothing and is gone."""
    for configuration in sorted(priced.change_set.after.unattached, key=attrgetter("address")):
        yield EndpointReport(
            source=priced.source.id,
            endpoint=configuration,
            environment=environments.of(configuration),
            before=None,
            cost=priced.after.unattached.get(configuration.address),
        )


def workflows(priced: PricedSource, environments: Environments) -> Iterator[WorkflowReport]:
    """Everything that starts transform jobs before or after the change, by address."""
    after = {workflow.address: workflow for workflow in priced.change_set.after.workflows}
    past = priced.change_set.before
    if not after and not (past and past.workflows):
        return
    from guardrail.flows import reached  # for the few that run batch transform

    before = {workflow.address: workflow for workflow in past.workflows} if past else {}
    unread = {skipped.address for skipped in priced.change_set.skipped if skipped.affects_total}
    for address in sorted(after.keys() | before.keys()):
        if address not in after and before[address].block_address in unread:
            continue  # it is there, with a definition that nobody knows
        workflow = after.get(address) or structs.replace(before[address], change="delete", touched=True)
        was = priced.before.endpoints.get(address) if priced.before else None
        cost = priced.after.endpoints.get(address)
        yield WorkflowReport(
            source=priced.source.id,
            workflow=workflow,
            environment=environments.of(workflow),
            previous=before.get(address),
            previous_runs=_runs(before[address], [world.previous for world in priced.worlds])
            if address in before
            else (),
            runs=_runs(workflow, [world.inventory for world in priced.worlds]),
            reached=tuple(reached(workflow.flow, len(workflow.jobs))),
            hours=_hours(workflow, priced) if cost else (),
            before=was.monthly if was else None,
            cost=cost,
            delta=None if priced.before is None else _delta_of(address, priced),
            unchanged=_is_unchanged(workflow, was, cost),
        )


def _runs(shown: Workflow, worlds: Iterable[Inventory | None]) -> tuple[tuple[int, int | None], ...]:
    """How often each job runs in one execution, whichever possibility comes true."""
    from guardrail.flows import runs  # for the few that run batch transform

    found = [
        workflow
        for inventory in worlds
        for workflow in (inventory.workflows if inventory else ())
        if workflow.address == shown.address and len(workflow.jobs) == len(shown.jobs)
    ]
    of_each = [runs(workflow.flow, len(workflow.jobs)) for workflow in found or [shown]]
    found_runs = (
        (min(each.least for each in job), None if None in (mosts := [each.most for each in job]) else max(mosts))
        for job in zip(*of_each, strict=True)
    )
    return tuple(
        (least, job.names) if job.has_fixed_name and most != 0 else (least, most)  # its name is taken then
        for job, (least, most) in zip(shown.jobs, found_runs, strict=True)
    )


def _hours(shown: Workflow, priced: PricedSource) -> tuple[HourPrice | None, ...]:
    """What an hour of each job costs, whichever possibility comes true; None without a price in one."""
    from guardrail.cost.workflows import hour_price  # for the few that run batch transform

    bills = [bill for world in priced.worlds if (bill := world.after.endpoints.get(shown.address)) is not None]
    worlds = [tuple(map(hour_price, bill.children)) for bill in bills if len(bill.children) == len(shown.jobs)]
    return tuple(_either_hour(job) for job in zip(*worlds, strict=True))


def _either_hour(prices: Sequence[HourPrice | None]) -> HourPrice | None:
    known = [price for price in prices if price is not None]
    if len(known) < len(prices):
        return None
    least, most = min(price.least for price in known), max(price.most for price in known)
    return HourPrice(least, most, any(price.is_open for price in known))


# Totals --------------------------------------------------------------------------------------------------------------


def totals(priced: Sequence[PricedSource], shown: Iterable[EndpointReport]) -> Totals:
    """The sums over all sources, whichever possibilities come true."""
    found = _totals(
        priced, [one.before for one in priced], [one.after for one in priced], [one.delta for one in priced]
    )
    unchanged = [item.cost.monthly for item in shown if item.unchanged and item.cost]
    return structs.replace(found, unchanged=join.total(unchanged) if unchanged else None)


def subtotals(priced: Iterable[PricedSource]) -> dict[str, Totals]:
    """What each source costs, before and after the change, by its id."""
    return {one.source.id: totals([one], ()) for one in priced}


def possibilities(priced: Iterable[PricedSource]) -> Iterator[PossibilityReport]:
    """What each source in which something is undecided costs in every one of its possibilities."""
    for one in priced:
        for world in one.worlds if len(one.worlds) > 1 else ():
            found = _totals([one], [world.before], [world.after], [join.delta(world.before, world.after)])
            yield PossibilityReport(source=one.source.id, given=world.given, totals=found)


def named(givens: Iterable[str]) -> str:
    """The name of a joint possibility, made of those of each source: ``Stage=prod, Size=2``."""
    return ", ".join(filter(None, givens))


def outcomes(priced: Sequence[PricedSource], known: Totals, discounted: Sequence[Amount] = ()) -> list[Combination]:
    """Every joint possibility of all sources; of too many, the cheapest and the dearest of each amount.

    Where ``discounted`` amounts count too, their ends are among them, and each possibility of each source is.
    """
    choices: list[Sequence[PricedPossibility]] = [one.worlds for one in priced]
    combined = list(_ends(choices, discounted) if are_too_many(priced) else product(*choices))
    return [_outcome(priced, worlds, known if len(combined) == 1 else None) for worlds in combined]


def are_too_many(priced: Sequence[PricedSource]) -> bool:
    """Whether the possibilities of all sources together are more than are looked at one by one."""
    return prod(len(one.worlds) for one in priced) > MOST_WORLDS


def _ends(
    choices: Sequence[Sequence[PricedPossibility]], discounted: Sequence[Amount]
) -> Iterator[Sequence[PricedPossibility]]:
    """Where each bound of the total, and of the change, is least and greatest: sources add up, so each is by itself.

    What has no end goes before any number, so that a limit which cannot be told to hold in one possibility is open.
    """
    for bound in BOUNDS:
        for amount in (_cost, _increase, *discounted):
            yield [min(worlds, key=lambda world: _low(amount(world, bound))) for worlds in choices]
            yield [max(worlds, key=lambda world: _high(amount(world, bound))) for worlds in choices]
    if discounted:
        for place in range(max(map(len, choices))):
            yield [worlds[min(place, len(worlds) - 1)] for worlds in choices]


def _cost(world: PricedPossibility, bound: Bound) -> Decimal | Unknown:
    return amount_of(world.after.total, bound)


def _increase(world: PricedPossibility, bound: Bound) -> Decimal | Unknown:
    change = join.delta(world.before, world.after)
    return ZERO if change is None else getattr(change, bound)


def _low(amount: Decimal | Unknown) -> Decimal:
    known = join.least(amount)
    return -_NO_END if known is None else known


def _high(amount: Decimal | Unknown) -> Decimal:
    known = join.most(amount)
    return _NO_END if known is None else known


def _outcome(priced: Sequence[PricedSource], worlds: Sequence[PricedPossibility], known: Totals | None) -> Combination:
    names = [one.source.id for one in priced]
    befores = {name: world.before for name, world in zip(names, worlds, strict=True) if world.before is not None}
    return Combination(
        given=named(world.given for world in worlds),
        worlds=tuple(worlds),
        before=befores or None,
        after={name: world.after for name, world in zip(names, worlds, strict=True)},
        totals=known
        or _totals(
            priced,
            [world.before for world in worlds],
            [world.after for world in worlds],
            [join.delta(world.before, world.after) for world in worlds],
        ),
    )


def _totals(
    priced: Sequence[PricedSource],
    befores: Sequence[Estimate | None],
    afters: Sequence[Estimate],
    deltas: Sequence[Delta | None],
) -> Totals:
    """What a source without a past may have had running before is not known.

    Beside sources with a past it makes their total before "at least", and the change unknown, for whether it adds to
    the bill nobody can say.
    """
    after = join.total([each.total for each in afters])
    pasts = [each.total for each in befores if each is not None]
    before: Monthly | None = None
    if pasts:
        before = join.total(pasts)
        before = at_least(before, any(map(_past_is_incomplete, priced)))
    changes = [change_in(one, delta) for one, delta in zip(priced, deltas, strict=True)]
    return Totals(
        before=before,
        after=at_least(after, any(map(is_incomplete, priced))),
        delta=join.total_delta(changes) if pasts else None,
    )


def at_least(monthly: Monthly, unsure: bool) -> Monthly:  # noqa: FBT001 - one of two
    """The amounts, "at least" where more may belong to them."""
    return structs.replace(monthly, at_least=True) if unsure else monthly


def is_incomplete(priced: PricedSource) -> bool:
    """Whether something that bills is in no total of a source, or may be."""
    return _lacks(priced) or not priced.change_set.complete


def change_in(priced: PricedSource, delta: Delta | None) -> Delta | None:
    """What a source, or a part of it, changes; unknown where something that bills was left out on either side."""
    if past_is_missing(priced):
        return _unknown_change(f"{priced.source.path} does not tell what stands before the change")
    for resource in priced.change_set.skipped:
        if resource.affects_total:
            return _unknown_change(f"what {resource.address} costs is not known: {resource.reason}")
    if past := priced.change_set.unread_before:
        return _unknown_change(f"what {past.address} cost before is not known: {past.reason}")
    return delta


def _unknown_change(reason: str) -> Delta:
    unknown = Unknown(reason)
    return Delta(unknown, unknown, unknown)


def _lacks(priced: PricedSource) -> bool:
    """Whether something that bills was seen and is in no total."""
    return any(resource.affects_total for resource in priced.change_set.skipped)


def _past_is_incomplete(priced: PricedSource) -> bool:
    """Whether something that billed before the change, or may have, is in no total before it."""
    return _lacks(priced) or priced.change_set.unread_before is not None or past_is_missing(priced)


def past_is_missing(priced: PricedSource) -> bool:
    """Whether a source that bills, or may have, does not tell what stands before the change."""
    after, unreadable = priced.change_set.after, priced.change_set.is_past_unreadable
    return priced.before is None and (unreadable or bool(after.endpoints or after.workflows))


# Prices --------------------------------------------------------------------------------------------------------------


def region_prices(priced: Iterable[PricedSource], prices: PriceBook, today: date) -> dict[str, RegionPrices]:
    """Dates, age and origins of the prices that were used, on both sides and for what is not deployed, by region."""
    rows: dict[str, set[tuple[str, str]]] = {}
    for one in priced:
        for inventory, costs in ((one.change_set.before, one.before), (one.change_set.after, one.after)):
            if inventory is None or costs is None:
                continue
            standing: list[Endpoint | Workflow] = [*inventory.endpoints, *inventory.workflows]
            bills = [(each.region, costs.endpoints.get(each.address)) for each in standing]
            bills += [(each.region, costs.unattached.get(each.address)) for each in inventory.unattached]
            for region, bill in bills:
                if isinstance(region, str):
                    rows.setdefault(region, set()).update(_rows(bill))
    return {
        region: RegionPrices(
            oldest=min((day for day, _ in used), default=None),
            newest=max((day for day, _ in used), default=None),
            age_days=max((age_days(day, today) for day, _ in used), default=None),
            origin=" and ".join(sorted({origin for _, origin in used})) or prices.origin(region),
        )
        for region, used in sorted(rows.items())
    }


def _rows(cost: Bill | None) -> Iterator[tuple[str, str]]:
    """Date and origin of each price."""
    for component in cost.every_line() if cost else ():
        if component.price is not None:
            yield component.price.date, component.price.origin
