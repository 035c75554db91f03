"""The bill by group: what endpoints and transform jobs of one team, environment or region cost, before and after.

A group is what endpoints have in common under one or several keys: ``tag:Team``, ``environment``, ``region``, or
``root``, the input with its set of values: ``infra (prod)``. An endpoint that the change moves from one group to
another is before in that one and after in this one.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TypeAlias

from msgspec import Struct, structs

from guardrail.assess import budgets, judging, pricing
from guardrail.assess.pricing import NO_CHANGE, Combination, PricedSource
from guardrail.assess.terms import Terms
from guardrail.cost import join
from guardrail.cost.base import Bill, Delta
from guardrail.errors import GuardrailError, did_you_mean
from guardrail.model import Endpoint, Unknown, Workflow
from guardrail.policy.agreement import agreed
from guardrail.policy.base import Result
from guardrail.policy.environment import Environments
from guardrail.policy.policy import Policy, with_parameters
from guardrail.report import BudgetReport, EndpointReport, GroupReport, Totals, WorkflowReport

TAG = "tag:"
KEYS = (TAG, "environment", "region", "root")

GroupValues: TypeAlias = tuple[str | Unknown | None, ...]
"""What an endpoint is under each key; None where it has no such tag."""


_GroupMember: TypeAlias = EndpointReport | WorkflowReport


class _MemberSides(Struct, frozen=True):
    """An endpoint or a workflow in a group: before the change, after it, or on both sides."""

    source: str
    is_workflow: bool
    before: Bill | None
    after: Bill | None
    delta: Delta | None


def keys(text: str) -> tuple[str, ...]:
    """The keys in ``tag:Team,environment``. Raises `GuardrailError` for what is none, or stands there twice."""
    found = tuple(key.strip() for key in text.split(","))
    for key in found:
        if problem(key):
            raise GuardrailError(problem(key), hint="tag:NAME, environment, region or root")
    if len(set(found)) < len(found):
        raise GuardrailError(f"{text!r} names a key twice")
    return found


def problem(key: str) -> str:
    """Why one cannot group by a key; empty where one can."""
    if key in KEYS[1:] or (key.startswith(TAG) and key != TAG):
        return ""
    return f"one cannot group by {key!r}{did_you_mean(key, KEYS[1:])}"


def grouped(
    by: Sequence[str], priced: Sequence[PricedSource], items: Iterable[_GroupMember], environments: Environments
) -> tuple[GroupReport, ...]:
    """The bill of each group, the dearest first; of equal ones those with unknown parts last."""
    found: dict[object, tuple[GroupValues, list[_MemberSides]]] = {}
    for values, side in _sides(by, priced, items, environments):
        found.setdefault(_alike(values), (values, []))[1].append(side)
    groups = [
        GroupReport(
            values=dict(zip(by, values, strict=True)),
            endpoints=sum(side.after is not None and not side.is_workflow for side in sides),
            workflows=sum(side.after is not None and side.is_workflow for side in sides),
            totals=_totals(sides, priced),
        )
        for values, sides in found.values()
    ]
    return tuple(sorted(groups, key=lambda group: (-_weight(group.totals), tuple(map(str, group.values.values())))))


def held(
    terms: Terms,
    priced: Sequence[PricedSource],
    items: Sequence[_GroupMember],
    outcomes: Sequence[Combination],
    policies: Sequence[Policy],
) -> tuple[list[Result], list[BudgetReport], list[str]]:
    """The budgets of groups: results of the budget policies, the limits, and a notice for each empty group.

    They are held against the price list, in each possibility; where these are too many, against what is joined of them.
    """
    worlds = [("", priced, items)]
    if len(outcomes) > 1 and not pricing.are_too_many(priced):
        worlds = [(outcome.given, *_come_true(outcome, priced, terms.environments)) for outcome in outcomes]
    undecided = pricing.undecided(priced)
    source = judging.source_of_all(priced)
    results: list[Result] = []
    found: list[BudgetReport] = []
    notices = []
    without_limits = [with_parameters(policy, dict.fromkeys(budgets.MOMENTS)) for policy in policies]
    for limits in terms.group_limits:
        members = [list(_members(limits.where, sources, each, terms.environments)) for _, sources, each in worlds]
        if not any(members):
            notices.append(f"group_budgets: no endpoint has {limits.name}")
        totals = [_of_members(sides, sources) for sides, (_, sources, _) in zip(members, worlds, strict=True)]
        found += budgets.of_group(limits, totals, terms.settings_file or "settings")
        said = [
            (given, judging.on_totals(without_limits, each, limits.budgets, source))
            for each, (given, _, _) in zip(totals, worlds, strict=True)
        ]
        one = said[0][1] if len(said) == 1 else agreed(said, policies, undecided)
        results += [_named(result, limits.name) for result in one]
    return results, found, notices


def _come_true(
    outcome: Combination, priced: Sequence[PricedSource], environments: Environments
) -> tuple[list[PricedSource], list[_GroupMember]]:
    """The sources and their endpoints as if nothing had been undecided."""
    sources = [
        structs.replace(
            one,
            change_set=structs.replace(one.change_set, before=world.previous, after=world.inventory),
            worlds=(world,),
            before=world.before,
            after=world.after,
            delta=join.delta(world.before, world.after),
        )
        for one, world in zip(priced, outcome.worlds, strict=True)
    ]
    found: list[_GroupMember] = []
    for one in sources:
        found += (*pricing.endpoints(one, environments), *pricing.workflows(one, environments))
    return sources, found


def _members(
    where: Mapping[str, str],
    priced: Sequence[PricedSource],
    items: Iterable[_GroupMember],
    environments: Environments,
) -> Iterator[tuple[bool, _MemberSides]]:
    """The endpoints of a group, and those that may be of it because something is not known of them (False)."""
    for values, side in _sides(tuple(where), priced, items, environments):
        pairs = list(zip(values, where.values(), strict=True))
        if all(isinstance(value, Unknown) or value == wanted for value, wanted in pairs):
            yield not any(isinstance(value, Unknown) for value, _ in pairs), side


def _of_members(members: Sequence[tuple[bool, _MemberSides]], priced: Sequence[PricedSource]) -> Totals:
    """What is certainly of the group: "at least", and an unknown change, where more may be."""
    totals = _totals([side for is_certain, side in members if is_certain], priced)
    doubtful = [side for is_certain, side in members if not is_certain]
    if not doubtful:
        return totals
    unknown = Unknown("whether all endpoints are of the group is not known")
    return structs.replace(
        totals,
        before=totals.before and pricing.at_least(totals.before, any(side.before for side in doubtful)),
        after=pricing.at_least(totals.after, any(side.after for side in doubtful)),
        delta=totals.delta and Delta(unknown, unknown, unknown),
    )


def _named(result: Result, group: str) -> Result:
    """A result of a budget with the group that it is on, by which it is known from one run to the next."""
    return structs.replace(
        result,
        message=f"{group}: {result.message}",
        headline=result.headline and f"{group}: {result.headline}",
        identity=group,
    )


def _weight(totals: Totals) -> Decimal:
    expected = totals.after.expected
    return totals.after.ceiling if isinstance(expected, Unknown) else expected


def _sides(
    by: Sequence[str], priced: Sequence[PricedSource], items: Iterable[_GroupMember], environments: Environments
) -> Iterator[tuple[GroupValues, _MemberSides]]:
    """What bills, with what it is under the keys. A configuration that counts in its endpoint is left to that."""
    sources = {one.source.id: one for one in priced}
    for item in items:
        before = sources[item.source].before
        is_workflow = isinstance(item, WorkflowReport)
        one = item.workflow if isinstance(item, WorkflowReport) else item.endpoint
        past = _counted(before.endpoints.get(one.address) if before else None)
        cost = _counted(item.cost)
        now = _values(by, item.source, one, item.environment)
        old = now if item.previous is None else _values(by, item.source, item.previous, environments.of(item.previous))
        if past is None or cost is None or _alike(old) == _alike(now):
            yield (now if cost is not None else old), _MemberSides(item.source, is_workflow, past, cost, item.delta)
        else:
            yield old, _MemberSides(item.source, is_workflow, past, None, join.bill_delta(past, None))
            yield now, _MemberSides(item.source, is_workflow, None, cost, join.bill_delta(None, cost))


def _alike(values: GroupValues) -> tuple[object, ...]:
    """What is equal where two endpoints are in one group: for whichever reason something is not known of them."""
    return tuple(Unknown if isinstance(value, Unknown) else value for value in values)


def _counted(bill: Bill | None) -> Bill | None:
    return None if bill is None or bill.part_of is not None else bill


def _values(by: Sequence[str], source: str, endpoint: Endpoint | Workflow, environment: str | Unknown) -> GroupValues:
    known: Mapping[str, str | Unknown] = {"environment": environment, "region": endpoint.region, "root": source}
    tags = endpoint.tags
    return tuple(
        known[key] if key in known else tags if isinstance(tags, Unknown) else tags.get(key.removeprefix(TAG))
        for key in by
    )


def _totals(sides: Sequence[_MemberSides], priced: Sequence[PricedSource]) -> Totals:
    """The sums of a group. What was seen and has no amount may belong to any: then each is "at least"."""
    lacking = any(map(pricing.is_incomplete, priced))
    sources = {one.source.id: one for one in priced}
    has_past = any(one.before is not None for one in priced)
    after = join.total(side.after.monthly for side in sides if side.after)
    before = join.total(side.before.monthly for side in sides if side.before) if has_past else None
    unsure = any(pricing.past_is_missing(sources[side.source]) for side in sides)
    unsure = unsure or any(one.change_set.unread_before for one in priced)
    changes = [pricing.change_in(sources[side.source], side.delta) for side in sides]
    return Totals(
        before=before and pricing.at_least(before, lacking or unsure),
        after=pricing.at_least(after, lacking),
        delta=join.total_delta(changes or [NO_CHANGE]) if has_past else None,
    )
