"""A report's bill with the discounts of an account, beside the list bill and never in its place."""

from collections.abc import Mapping, Sequence

from guardrail.cost import join
from guardrail.cost.base import Bill, Delta, Estimate, Missing, Monthly
from guardrail.cost.discount_settings import Discounts, PlanRate
from guardrail.cost.discounts import Discounted, EndpointKey, at_the_margin, discounted
from guardrail.model import Unknown
from guardrail.money import MONTH, ZERO, Period
from guardrail.report import DiscountReport, PlanReport, Totals

EstimatesBySource = Mapping[str, Estimate]
"""Estimates by source."""


def apply(
    discounts: Discounts,
    plan_rate: PlanRate,
    totals: Totals,
    worlds: Sequence[tuple[EstimatesBySource | None, EstimatesBySource, Totals]],
    undecided: Unknown,
    period: Period = MONTH,
) -> tuple[DiscountReport, list[DiscountReport]]:
    """The bill before and after the change, and what the change adds, with ``discounts``.

    ``totals`` are those of the list bill, and ``worlds`` every possibility with its own: discounts are worked out in
    each, which is the second answer, and only then joined. The side before is None where no source has a past.
    """
    found = [_one(discounts, plan_rate, world, period) for world in worlds]
    reports = [report for report, _ in found]
    sides = [side for _, both in found for side in both]
    idle = [note for place, note in sides[0].idle.items() if all(place in side.idle for side in sides)]
    deltas = [report.delta for report in reports if report.delta is not None]
    befores = [report.before for report in reports if report.before is not None]
    keys = dict.fromkeys(key for report in reports for key in report.endpoints)
    joined = DiscountReport(
        before=join.either(befores, undecided) if totals.before is not None else None,
        after=join.either([report.after for report in reports], undecided),
        delta=join.either_delta(deltas, undecided) if totals.delta is not None else None,
        endpoints={
            key: join.either([report.endpoints.get(key, join.NOTHING) for report in reports], undecided) for key in keys
        },
        plan=_either_plan([report.plan for report in reports if report.plan is not None], undecided),
        budgets=discounts.budgets,
        notes=(
            *dict.fromkeys(note for side in sides for note in side.notes),
            *([f"on nothing here: {', '.join(idle)}"] if idle else []),
        ),
    )
    return joined, reports


def alone(
    discounts: Discounts, plan_rate: PlanRate, period: Period, before: Estimate | None, after: Estimate
) -> DiscountReport:
    """The discounted bill of one possibility of one source, as if there were no other."""
    past = None if before is None else before.total
    totals = Totals(before=past, after=after.total, delta=join.delta(before, after))
    report, _ = _one(discounts, plan_rate, (None if before is None else {"": before}, {"": after}, totals), period)
    return report


def not_worked_out(totals: Totals, discounts: Discounts) -> DiscountReport:
    """A bill with discounts of which nobody knows anything, so that a budget on it is open."""
    why = Unknown("there are too many possibilities to work out discounts in each")
    return DiscountReport(
        before=None,
        after=Monthly(floor=ZERO, expected=why, ceiling=ZERO, at_least=True),
        delta=None if totals.delta is None else Delta(why, why, why),
        endpoints={},
        plan=None,
        budgets=discounts.budgets,
        notes=(),
    )


def _one(
    discounts: Discounts,
    plan_rate: PlanRate,
    world: tuple[EstimatesBySource | None, EstimatesBySource, Totals],
    period: Period,
) -> tuple[DiscountReport, list[Discounted]]:
    """The discounted bill of one possibility, and the sides that it is made of: after, and before if there is one."""
    before, after, totals = world
    was = None if before is None else discounted(_bills(before), discounts, plan_rate, period=period)
    now = discounted(_bills(after), discounts, plan_rate, period=period)
    delta = None
    if totals.delta is not None and was is not None and before is not None:
        # Unknown as the change of the list bill is, for what is missing there is missing here.
        delta = join.change_of(was.endpoints, now.endpoints, _missing(before), _missing(after))
        delta = join.as_unknown_as(totals.delta, delta)
    report = DiscountReport(
        before=None if totals.before is None or was is None else join.flagged(was.total, totals.before),
        after=join.flagged(now.total, totals.after),
        delta=delta,
        endpoints=now.endpoints,
        plan=_plan(discounts, delta, was, now),
        budgets=discounts.budgets,
        notes=(),
    )
    return report, [now] if was is None else [now, was]


def _bills(side: EstimatesBySource) -> dict[EndpointKey, Bill]:
    return {
        (source, address): bill
        for source, each in side.items()
        for address, bill in each.endpoints.items()
        if bill.part_of is None
    }


def _missing(side: EstimatesBySource) -> frozenset[Missing]:
    return frozenset().union(*(each.missing for each in side.values()))


def _plan(discounts: Discounts, delta: Delta | None, was: Discounted | None, now: Discounted) -> PlanReport | None:
    plan = discounts.savings_plan
    if plan is None or now.plan is None:
        return None
    past = None if was is None else was.plan
    return PlanReport(
        commitment_usd_per_hour=plan.commitment_usd_per_hour,
        available_usd_per_hour=plan.available,
        before=past,
        after=now.plan,
        margin=None if delta is None or past is None else at_the_margin(delta, past, now.plan),
    )


def _either_plan(found: Sequence[PlanReport], undecided: Unknown) -> PlanReport | None:
    if not found:
        return None
    pasts = [each.before for each in found if each.before is not None]
    margins = [each.margin for each in found if each.margin is not None]
    return PlanReport(
        commitment_usd_per_hour=found[0].commitment_usd_per_hour,
        available_usd_per_hour=found[0].available_usd_per_hour,
        before=join.either_plan_use(pasts, undecided) if pasts else None,
        after=join.either_plan_use([each.after for each in found], undecided),
        margin=join.either_delta(margins, undecided) if margins else None,
    )
