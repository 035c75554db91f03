"""Sentences for the reader that are no findings: what sources say, budgets of AWS, schedules that are over, usage."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from math import prod
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct, structs

from guardrail.assess.pricing import PricedSource, are_too_many
from guardrail.cost import join
from guardrail.cost.demand import Demand
from guardrail.cost.deployments import per_update
from guardrail.cost.discount_settings import Discounts
from guardrail.cost.usage import NO_USAGE
from guardrail.later import Later
from guardrail.model import (
    Budget,
    ChangeSet,
    Endpoint,
    Flow,
    InferenceComponent,
    InstanceVariant,
    Inventory,
    Parent,
    ScalableTarget,
    ServerlessVariant,
    Trigger,
    Unknown,
    Workflow,
)
from guardrail.money import ZERO, plain, two_decimals
from guardrail.policy.base import Result
from guardrail.policy.environment import Environments
from guardrail.policy.getters import NO_PAST
from guardrail.report import DiscountReport, EndpointReport
from guardrail.scaling import OVER, doubtful_time, named, out_of_sight

if TYPE_CHECKING:
    from guardrail import schedules
else:
    schedules = Later("guardrail.schedules")

P = TypeVar("P", InstanceVariant | ServerlessVariant, InferenceComponent)


def of_updates(endpoints: Iterable[EndpointReport]) -> Iterator[str]:
    """What updating an endpoint bills beside its fleet, where the change alters how, or what runs."""
    for item in endpoints:
        before, after = item.previous, item.endpoint
        if before is None or item.cost is None or after.change in ("delete", "forget"):
            continue
        waits = [(each.two_fleets_minutes, each.rolling_wait_minutes) for each in (before, after)]
        usd = per_update(after, item.cost)
        if isinstance(usd, Decimal) and (waits[0] != waits[1] or _changes_type(item)):
            kept = "each batch is billed twice" if after.two_fleets_minutes is None else "both fleets are billed"
            minutes = plain(Decimal(str(after.update_minutes)).normalize())
            told, now = two_decimals(usd), _of_this_one(item)
            price = f", this one among them: {told} USD an update"
            if now not in (None, told):
                price = f": {told} USD an update, {now} USD this one, whose old fleet it is"
            yield f"{after.address}: {kept} for {minutes} minutes at least in each update{price}"


def _of_this_one(item: EndpointReport) -> str | None:
    """USD of the update that the change is: it is the old fleet that stays for a while; None where that is unknown."""
    before, after = item.previous, item.endpoint
    if before is None or item.previous_cost is None:
        return None
    waits = {"two_fleets_minutes": after.two_fleets_minutes, "rolling_wait_minutes": after.rolling_wait_minutes}
    usd = per_update(structs.replace(before, **waits), item.previous_cost)
    return two_decimals(usd) if isinstance(usd, Decimal) else None


def _changes_type(item: EndpointReport) -> bool:
    return any(each.what == "instance_type" for each in item.differences)


def in_force(change_set: ChangeSet, today: date, demand: Demand = NO_USAGE) -> ChangeSet:
    """A change set without the scheduled actions that do not run within a year, and a notice for each of them.

    Its workflows know how often they run a month: as ``demand`` has it, else by their schedules.
    """
    said: dict[str, None] = {}  # sentences, each once

    def inventory(of: Inventory) -> Inventory:
        endpoints = tuple(_in_force(each, today, said) for each in of.endpoints)
        unattached = tuple(_in_force(each, today, said) for each in of.unattached)
        strays = tuple(_in_force(each, today, said) for each in of.strays)
        named = (*of.workflows, *_above(of.workflows))
        asked = {each.address: demand.of_workflow(each).monthly_runs for each in named}
        workflows = tuple(_started(each, today, asked) for each in of.workflows)
        return structs.replace(of, endpoints=endpoints, unattached=unattached, strays=strays, workflows=workflows)

    changed = change_set.mapped(inventory, inventory)
    return structs.replace(changed, notices=(*change_set.notices, *said))


def _above(workflows: Sequence[Workflow]) -> Iterator[Workflow]:
    """What starts workflows and has no job of its own, as a workflow without one: usage may name it.

    Of ``Child`` that ``Parent: Run`` starts each time it is ``Parent``.
    """
    seen = {each.block_address for each in workflows}
    for workflow in workflows:
        for parent in (parent for trigger in workflow.triggers or () for parent in trigger.parents):
            if parent.address not in seen:
                seen.add(parent.address)
                yield Workflow(
                    address=parent.address,
                    type="",
                    region=workflow.region,
                    name=parent.address,
                    jobs=(),
                    flow=Flow(),
                )


def _started(workflow: Workflow, today: date, asked: Mapping[str, Decimal | None]) -> Workflow:
    """A workflow with how often its triggers start it a month: occurrences in the year from today, by twelve.

    ``asked`` has by address how often the usage file says that a workflow runs, which goes before its schedules, for
    what it starts too.
    """
    if asked[workflow.address] is not None:
        return structs.replace(workflow, monthly_runs=asked[workflow.address])
    if workflow.triggers is None:
        return workflow
    known, most, reason, is_open = Decimal(0), Decimal(0), None, False
    stated: set[tuple[str, ...]] = set()
    for trigger in workflow.triggers:
        above = next((place for place, each in enumerate(trigger.parents) if asked.get(each.address) is not None), None)
        by: Trigger | Parent = trigger if above is None else trigger.parents[above]
        if above is None:
            found = _times(trigger, today)
        else:
            way = (trigger.address, *(each.address for each in trigger.parents[: above + 1]))
            found = _Times(ZERO if way in stated else asked[by.address])  # its schedules are several ways to one number
            stated.add(way)
        reason = reason or found.reason
        is_open = is_open or found.often is None or (by.most is None and found.often > 0)
        known += (found.often or ZERO) * (by.least if found.is_sure else 0)
        most += (found.often or ZERO) * (by.most or 0)
        if by.usual is None and found.often:
            reason = reason or f"how often {trigger.address} starts it is decided while that runs"
    often = known if reason is None else Unknown(reason, at_least=known, at_most=None if is_open else most)
    retried = Unknown("how often what starts it is tried again has no end that is known") if is_open else most
    ahead = [each for each in workflow.triggers if each.enabled is not False]
    once = bool(ahead) and all(_is_once(each, today) for each in ahead)
    return structs.replace(
        workflow,
        monthly_runs=often,
        most_monthly_runs=None if reason is not None or retried == often else retried,
        once=workflow.once or once,
        year=f"the year from {today.isoformat()}",
    )


class _Times(Struct, frozen=True):
    """How often something happens a month."""

    often: Decimal | None
    """None where nobody knows."""
    reason: str | None = None
    """Why that is not known, or not for sure."""
    is_sure: bool = True
    """Whether it happens as often as that at least."""


def _times(trigger: Trigger, today: date) -> _Times:
    """How often a trigger starts what it does by its own schedule."""
    if trigger.enabled is False:
        return _Times(ZERO)
    unknown = trigger.expression if isinstance(trigger.expression, Unknown) else trigger.enabled
    if isinstance(trigger.expression, Unknown) or isinstance(unknown, Unknown):
        return _Times(None, f"when {trigger.address} starts it is not known: {getattr(unknown, 'reason', '')}")
    refused = schedules.refusal(trigger.expression)
    limits = [each if isinstance(each, str) else None for each in (trigger.start, trigger.end)]
    schedule = schedules.Schedule(trigger.expression, trigger.zone, *limits)
    found = schedules.monthly_occurrences(schedule, today) if refused is None else None
    if found is None:
        why = f", which {refused}" if refused else ""
        if not refused and schedules.no_zone(trigger.zone):
            why = f", in {trigger.zone}, which is no time zone"
        return _Times(None, f"the schedule of {trigger.address} is not read: {trigger.expression}{why}")
    doubt = next((each for each in (trigger.start, trigger.end) if isinstance(each, Unknown)), None)
    if doubt is None or not found:
        return _Times(found)
    return _Times(found, f"when {trigger.address} begins or ends is not known: {doubt.reason}", is_sure=False)


def _is_once(trigger: Trigger, today: date) -> bool:
    """Whether a trigger has one moment left, and no more."""
    expression = trigger.expression
    if not isinstance(expression, str) or schedules.recurs(expression):
        return False
    return not schedules.is_over(schedules.Schedule(expression), today)


def _in_force(endpoint: Endpoint, today: date, said: dict[str, None]) -> Endpoint:
    def target(of: ScalableTarget | Unknown | None) -> ScalableTarget | Unknown | None:
        if not isinstance(of, ScalableTarget) or isinstance(of.scheduled_actions, Unknown) or not of.scheduled_actions:
            return of
        gone = out_of_sight(of, today)
        left = tuple(each for each in of.scheduled_actions if each not in gone)
        doubts = {each: doubt for each in left if (doubt := doubtful_time(each, today))}
        said.update(
            dict.fromkeys(f"scheduled action {each.address} {reason}" for each, reason in {**gone, **doubts}.items())
        )
        past = tuple(named(action) for action, reason in gone.items() if reason == OVER)
        return structs.replace(of, scheduled_actions=left, past_actions=past, seen_on=today)

    def scaled(parts: tuple[P, ...] | Unknown) -> tuple[P, ...] | Unknown:
        if isinstance(parts, Unknown):
            return parts
        return tuple(
            each if (found := target(each.scaling)) is each.scaling else structs.replace(each, scaling=found)
            for each in parts
        )

    variants, components = endpoint.variants, endpoint.inference_components
    if not any(_is_scheduled(part) for parts in (variants, components) if isinstance(parts, tuple) for part in parts):
        return endpoint
    return structs.replace(endpoint, variants=scaled(variants), inference_components=scaled(components))


def _is_scheduled(part: InstanceVariant | ServerlessVariant | InferenceComponent) -> bool:
    """Whether anything scales it at times of its own."""
    return isinstance(part.scaling, ScalableTarget) and part.scaling.scheduled_actions != ()


def of_sources(priced: Sequence[PricedSource], discounts: Discounts) -> Iterator[str]:
    """What the sources have to say; which one says it where there are several."""
    if are_too_many(priced):
        plan = ", and discounts are not worked out beside a Savings Plan" if discounts.savings_plan else ""
        yield (
            f"{prod(len(one.worlds) for one in priced):,} possibilities together are too many to look at one by one: "
            f"budgets are held against the least and the greatest of each amount{plan}"
        )
    said_already: set[str] = set()
    for one in priced:
        names = tuple(f"{name}{end}" for name in (one.source.id, one.change_set.path) for end in (" ", ": "))
        for notice in one.change_set.notices:
            names_it = notice.startswith(names)
            if not (names_it and notice in said_already):
                yield notice if names_it or len(priced) == 1 else f"{one.source.id}: {notice}"
            said_already.add(notice)
        others = one.change_set.after.other_jobs
        if others:
            named = ", ".join(f"{count:,} {what}{'s' if count > 1 else ''}" for what, count in sorted(others.items()))
            said = f"not in these numbers, and billed by SageMaker too: {named}"
            yield said if len(priced) == 1 else f"{one.source.id}: {said}"


def of_environments(priced: Iterable[PricedSource], environments: Environments) -> Iterator[str]:
    """Where a tag of an endpoint and the values that it is made with name two environments."""
    for one in priced:
        if one.change_set.label is not None:
            for endpoint in one.change_set.after.endpoints:
                difference = environments.difference(endpoint)
                if difference is not None:
                    yield difference


def of_budgets(results: Iterable[Result]) -> Iterator[str]:
    """That a limit on the increase is held against nothing, where nothing tells what stood before."""
    open_ = {result.policy for result in results if result.verdict == "open" and result.reason == NO_PAST.reason}
    for policy in sorted(open_):
        yield (
            f"{policy}: its limit is held against nothing, for nothing tells what stood before the change; "
            "a plan does, and so does --compare-to for source and templates"
        )


def of_usage(priced: Sequence[PricedSource]) -> Iterator[str]:
    """Where usage says what cannot be."""
    yield from dict.fromkeys(
        f"usage file: {notice}" for one in priced for bill in one.after.endpoints.values() for notice in bill.notices
    )


def short_budgets(priced: Iterable[PricedSource], discounts: DiscountReport | None) -> tuple[str, ...] | Unknown | None:
    """Monthly budgets of AWS Budgets below what SageMaker is expected to cost beside them, discounts included.

    None where there is no budget that SageMaker counts towards, or none whose limit is known and may be told; Unknown
    where what it is held against is not known.
    """
    held, found = False, []
    undecided: Unknown | None = None
    for one in priced:
        limits = [
            (budget, limit) for budget in one.change_set.after.budgets if (limit := _monthly_limit(budget)) is not None
        ]
        expected = _expected(one, discounts) if limits else None
        held = held or bool(limits)
        if isinstance(expected, Unknown):
            undecided = expected
        found += [
            f"AWS budget {budget.address} of {plain(limit)} USD a month is below the {two_decimals(expected)} "
            "that SageMaker alone is expected to cost"
            for budget, limit in limits
            if isinstance(expected, Decimal) and limit < expected
        ]
    return (tuple(found) or undecided or ()) if held else None


def _monthly_limit(budget: Budget) -> Decimal | None:
    """What SageMaker may cost a month, in USD; None where the budget does not say that."""
    is_monthly = budget.time_unit == "MONTHLY" and budget.unit == "USD" and budget.covers_sagemaker is True
    if not is_monthly or budget.sensitive or isinstance(budget.limit, Unknown) or budget.limit is None:
        return None
    return Decimal(str(budget.limit)).normalize()


def _expected(priced: PricedSource, discounts: DiscountReport | None) -> Decimal | Unknown:
    """What one source is expected to cost a month."""
    if discounts is None:
        return priced.after.total.expected
    found = (monthly for (source, _), monthly in discounts.endpoints.items() if source == priced.source.id)
    return join.total(found).expected


def unused(change_sets: Sequence[ChangeSet], demands: Sequence[Demand]) -> Iterator[str]:
    """A notice for each entry of a usage file whose address is in none of the change sets that the file is for."""
    of_demand: dict[int, tuple[Demand, list[ChangeSet]]] = {}
    for change_set, demand in zip(change_sets, demands, strict=True):
        of_demand.setdefault(id(demand), (demand, []))[1].append(change_set)
    for demand, its_own in of_demand.values():
        yield from demand.notices(known_endpoints(its_own))


def known_endpoints(change_sets: Iterable[ChangeSet]) -> list[Endpoint | Workflow]:
    """Everything that usage can be about, in every possibility."""
    inventories: list[Inventory | None] = []
    for change_set in change_sets:
        inventories += (change_set.before, change_set.after)
        for each in change_set.possibilities:
            inventories += (each.before, each.after)
    known: list[Endpoint | Workflow] = []
    for inventory in inventories:
        if inventory is not None:
            known += (*inventory.endpoints, *inventory.unattached)
            known += (*inventory.workflows, *_above(inventory.workflows))
    return known
