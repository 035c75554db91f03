"""From change sets to the report: what is priced is summed, what is judged is sorted, and the exit code follows.

Pure: whatever was read is passed in, and so is the day. Several sources are several parts of one bill: their totals are
summed, and endpoints are told apart by source and address.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from operator import attrgetter
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from guardrail.assess import budgets, judging, notices, pricing, trust
from guardrail.assess.changes import with_same_names
from guardrail.assess.pricing import Combination, PricedSource
from guardrail.assess.terms import Terms
from guardrail.cost.demand import Demand
from guardrail.model import ChangeSet, Coverage, Unknown
from guardrail.policy import inline, waivers
from guardrail.policy.base import FailOn, Result
from guardrail.policy.getters import amount_of
from guardrail.policy.policy import Policy
from guardrail.policy.superseding import without_superseded
from guardrail.prices.book import PriceBook
from guardrail.report import (
    BudgetReport,
    DiscountReport,
    EndpointReport,
    GroupReport,
    Report,
    SkippedReport,
    Totals,
    WorkflowReport,
)

if TYPE_CHECKING:
    from guardrail.policy.baseline import Baseline

__all__ = ["FailOn", "Terms", "against", "assess"]


def assess(
    change_sets: Sequence[ChangeSet],
    *,
    prices: PriceBook,
    policies: Sequence[Policy],
    usage: Demand | Sequence[Demand],
    terms: Terms,
    today: date,
) -> Report:
    """The report on ``change_sets``, in their order. ``today`` decides which waivers, schedules and tests still hold.

    ``usage`` is that of all of them, or of each its own.

    Raises `PolicyError` for a policy that cannot be evaluated, `PriceBookError` for a damaged price table and
    `SettingsError` for a waiver without a reason, usage of a variant that there is not, or a rate above the list price.
    """
    demands = list(usage) if isinstance(usage, Sequence) else [usage] * len(change_sets)
    change_sets = [
        with_same_names(notices.in_force(each, today, asked)) for each, asked in zip(change_sets, demands, strict=True)
    ]
    unused = tuple(notices.unused(change_sets, demands))
    priced = pricing.price(change_sets, prices, demands, terms.period)
    endpoints = pricing.by_source(item for one in priced for item in pricing.endpoints(one, terms.environments))
    workflows = tuple(
        sorted(
            (each for one in priced for each in pricing.workflows(one, terms.environments)), key=attrgetter("source")
        )
    )
    totals = pricing.totals(priced, endpoints)
    outcomes = pricing.outcomes(priced, totals, _discounted(priced, terms))
    discounts, by_outcome = _discounts(outcomes, totals, priced, terms)
    discounted = list(zip(outcomes, by_outcome, strict=True))
    short = notices.short_budgets(priced, discounts)
    found = judging.judged(priced, discounted, prices, policies, terms, today, short_budgets=short)
    of_groups = _group_budgets(priced, (*endpoints, *workflows), outcomes, policies, terms)
    found += of_groups.results
    own = {one.source.id: one.change_set.waivers for one in priced if terms.inline_waivers and one.change_set.waivers}
    accepted = inline.apply(
        own, found, policies, today=today, max_days=terms.max_waiver_days, unchecked=terms.unchecked_policies
    )
    judged = waivers.apply(
        terms.waivers,
        accepted.results,
        policies,
        today=today,
        origin=terms.settings_file or "settings",
        max_days=terms.max_waiver_days,
    )
    results = judging.ordered(without_superseded(judged.results, policies))
    told = [result for result in results if result.verdict != "pass"]  # a tenth of them
    used = pricing.region_prices(priced, prices, today)
    ahead, limit = tuple(trust.ahead(used, today)), terms.max_price_age_days
    outdated = (*trust.outdated(used, limit), *(ahead if limit is not None else ()))
    doubts = (*trust.unknown_parts(priced), *trust.open_errors(told), *outdated)
    distrust = tuple(dict.fromkeys(doubts))  # several sources may say the same
    return Report(
        today=today.isoformat(),
        settings_file=terms.settings_file,
        usage_file=terms.usage_file,
        max_waiver_days=terms.max_waiver_days,
        sources=tuple(one.source for one in priced),
        prices=used,
        totals=totals,
        subtotals=pricing.subtotals(priced) if len(priced) > 1 else {},
        possibilities=tuple(pricing.possibilities(priced)),
        groups=_groups(priced, (*endpoints, *workflows), terms),
        discounts=discounts,
        endpoints=endpoints,
        unattached=pricing.by_source(item for one in priced for item in pricing.unattached(one, terms.environments)),
        workflows=workflows,
        results=results,
        rules=judging.rules(policies),
        skipped=tuple(sorted((item for one in priced for item in _skipped(one)), key=attrgetter("source"))),
        coverage=_coverage(change_sets),
        budgets=budgets.in_order((*budgets.held(terms, discounted), *of_groups.budgets)),
        notices=(
            *(outdated or ahead),
            *notices.of_sources(priced, terms.discounts),
            *notices.of_environments(priced, terms.environments),
            *notices.of_updates(endpoints),
            *notices.of_budgets(told),
            *of_groups.notices,
            *accepted.notices,
            *judged.notices,
            *notices.of_usage(priced),
            *unused,
        ),
        summary=judging.summary(results),
        fail_on=terms.fail_on,
        all_findings=terms.all_findings,
        strict=terms.strict,
        distrust=distrust,
        exit_code=judging.exit_code(told, distrust, terms, [one.source for one in priced]),
    )


class _GroupBudgets(Struct, frozen=True):
    """What the budgets of groups come to."""

    results: list[Result]
    budgets: list[BudgetReport]
    notices: list[str]


def _group_budgets(
    priced: Sequence[PricedSource],
    items: Sequence[EndpointReport | WorkflowReport],
    outcomes: Sequence[Combination],
    policies: Sequence[Policy],
    terms: Terms,
) -> _GroupBudgets:
    if not terms.group_limits:
        return _GroupBudgets([], [], [])
    from guardrail.assess.groups import held  # for the few that have any

    return _GroupBudgets(*held(terms, priced, items, outcomes, policies))


def _groups(
    priced: Sequence[PricedSource], items: Sequence[EndpointReport | WorkflowReport], terms: Terms
) -> tuple[GroupReport, ...]:
    if not terms.group_by:
        return ()
    from guardrail.assess.groups import grouped  # for the few that ask

    return grouped(terms.group_by, priced, items, terms.environments)


def against(report: Report, known: "Baseline", *, path: str, tolerance_percent: Decimal) -> Report:
    """``report`` with the findings that the baseline at ``path`` knows as existing ones, and what follows from that."""
    from guardrail.policy import baseline

    compared = baseline.compare(
        known,
        report.results,
        sources=[source.id for source in report.sources],
        policies={rule.id for rule in report.rules},
        tolerance_percent=tolerance_percent,
        origin=path,
    )
    return structs.replace(
        report,
        baseline_file=path,
        results=tuple(compared.results),
        notices=(*report.notices, *compared.notices),
        summary=judging.summary(compared.results),
        exit_code=judging.exit_code(compared.results, report.distrust, report, report.sources),
    )


def _discounts(
    outcomes: Sequence[Combination], totals: Totals, priced: Sequence[PricedSource], terms: Terms
) -> tuple[DiscountReport | None, Sequence[DiscountReport | None]]:
    """The bill with discounts, whichever possibility comes true, and in each of them.

    None where there are no discounts, or too many possibilities for a Savings Plan, which couples what they share it
    in: the few that are looked at say nothing of the others.
    """
    if not terms.discounts:
        return None, [None] * len(outcomes)
    from guardrail import discounting  # for the few that have discounts

    if terms.discounts.savings_plan and pricing.are_too_many(priced):
        return None, [discounting.not_worked_out(outcome.totals, terms.discounts) for outcome in outcomes]
    undecided = Unknown(pricing.undecided(priced))
    worlds = [(outcome.before, outcome.after, outcome.totals) for outcome in outcomes]
    return discounting.apply(terms.discounts, terms.plan_rate, totals, worlds, undecided, terms.period)


def _discounted(priced: Sequence[PricedSource], terms: Terms) -> Sequence[pricing.Amount]:
    """What one of too many possibilities costs, and adds, with discounts that sources do not share."""
    if not terms.discounts or terms.discounts.savings_plan or not pricing.are_too_many(priced):
        return ()
    from guardrail import discounting  # for the few that have discounts

    bills = {
        id(world): discounting.alone(terms.discounts, terms.plan_rate, terms.period, world.before, world.after)
        for one in priced
        for world in one.worlds
    }
    return (
        lambda world, bound: amount_of(bills[id(world)].after, bound),
        lambda world, bound: getattr(bills[id(world)].delta or pricing.NO_CHANGE, bound),
    )


def _skipped(priced: PricedSource) -> Iterator[SkippedReport]:
    for resource in sorted(priced.change_set.skipped, key=attrgetter("address", "type")):
        yield SkippedReport(source=priced.source.id, resource=resource)


def _coverage(change_sets: Iterable[ChangeSet]) -> Coverage:
    parts = [change_set.coverage for change_set in change_sets]
    return Coverage(
        seen=sum(part.seen for part in parts),
        modelled=sum(part.modelled for part in parts),
        partial=sum(part.partial for part in parts),
        skipped=sum(part.skipped for part in parts),
    )
