"""A report's bill with the discounts of an account, beside the list bill and never in its place."""

from collections.abc import Sequence

from guardrail.cost.discount_settings import Discounts, PlanRate
from guardrail.cost.discounts import Part, Saving, at_the_margin, discounted, discounted_delta, saving
from guardrail.report import DiscountReport, PlanReport, Totals


def apply(
    discounts: Discounts, plan_rate: PlanRate, totals: Totals, *, before: Sequence[Part], after: Sequence[Part]
) -> DiscountReport:
    """The bill before and after the change, and what the change adds, with ``discounts``.

    ``totals`` are those of the list bill of ``before`` and ``after``.
    """
    was, now = saving(before, discounts, plan_rate), saving(after, discounts, plan_rate)
    delta = None if totals.delta is None else discounted_delta(totals.delta, was.total, now.total)
    return DiscountReport(
        before=None if totals.before is None else discounted(totals.before, was.total),
        after=discounted(totals.after, now.total),
        delta=delta,
        endpoints={
            (part.source, part.endpoint.address): discounted(
                part.cost.monthly, now.endpoints.get((part.source, part.endpoint.address))
            )
            for part in after
        },
        plan=_plan(discounts, totals, was, now),
        budgets=discounts.budgets,
        notes=tuple(dict.fromkeys((*now.notes, *was.notes))),
    )


def _plan(discounts: Discounts, totals: Totals, was: Saving, now: Saving) -> PlanReport | None:
    plan = discounts.savings_plan
    if plan is None or now.plan is None:
        return None
    margin = None
    if totals.delta is not None and was.plan is not None:
        margin = at_the_margin(discounted_delta(totals.delta, was.total, now.total), was.plan, now.plan)
    return PlanReport(
        commitment_usd_per_hour=plan.commitment_usd_per_hour,
        available_usd_per_hour=plan.available,
        before=None if totals.before is None else was.plan,
        after=now.plan,
        margin=margin,
    )
