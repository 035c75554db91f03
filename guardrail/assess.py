"""From change sets to the report: what is priced is summed, what is judged is sorted, and the exit code follows.

Pure: whatever was read is passed in, and so is the day. Several sources are several parts of one bill: their totals are
summed, and endpoints are told apart by source and address.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from operator import attrgetter
from typing import TYPE_CHECKING, Literal, TypeAlias

from msgspec import Struct, structs

from guardrail.clock import age_days
from guardrail.cost.base import CostComponent, Delta, EndpointCost, Estimate, Monthly
from guardrail.cost.discount_settings import Discounts, PlanRate, no_plan_rate
from guardrail.cost.estimate import delta, estimate, total, total_delta
from guardrail.cost.hull import hull
from guardrail.cost.price_book import PriceBook
from guardrail.cost.usage import Usage
from guardrail.model import Budget, ChangeSet, Coverage, Endpoint, Inventory, Unknown
from guardrail.money import ZERO, plain, two_decimals
from guardrail.policy import baseline, inline, waivers
from guardrail.policy.agreement import agreed
from guardrail.policy.base import RANKS, Result, Rule, Severity
from guardrail.policy.baseline import Baseline
from guardrail.policy.environment import Environments
from guardrail.policy.evaluate import evaluate, evaluate_stack
from guardrail.policy.policy import Policy
from guardrail.policy.superseding import without_superseded
from guardrail.policy.waivers import Waiver
from guardrail.report import (
    DiscountReport,
    EndpointReport,
    RegionPrices,
    Report,
    SkippedReport,
    Source,
    Summary,
    Totals,
)

if TYPE_CHECKING:
    from guardrail.cost.discounts import Part

FailOn: TypeAlias = Literal["error", "warning", "note", "never"]

SATISFIED, VIOLATED, UNTRUSTED = 0, 1, 3
"""Exit codes; a violation goes before a doubt."""


class Terms(Struct, frozen=True, kw_only=True):
    """What settings and flags say of how to judge."""

    environments: Environments
    budgets: Mapping[str, Decimal | None] = {}
    """Limits in USD a month by parameter of the budget policies; None where there is no limit."""
    waivers: Sequence[Waiver] = ()
    inline_waivers: bool = True
    """Whether what is written in the code itself may accept findings."""
    fail_on: FailOn = "error"
    """The least severity whose failures violate; "never" covers budgets too."""
    strict: bool = False
    """Whether an answer that cannot be trusted is none."""
    discounts: Discounts = Discounts()
    """What the account pays less than the list prices."""
    plan_rate: PlanRate = no_plan_rate
    """What AWS lists for the Savings Plan among them."""
    max_price_age_days: int | None = None
    """Age of a price in days beyond which the answer is not trusted; None for any."""
    all_findings: bool = False
    """Whether what was wrong before the change counts as well."""
    settings_file: str | None = None
    usage_file: str | None = None


class _Priced(Struct, frozen=True, kw_only=True):
    """A source with what it costs."""

    source: Source
    change_set: ChangeSet
    before: Estimate | None
    after: Estimate
    worlds: tuple[Estimate, ...] = ()
    """After the change, for each possibility of the change set."""


def assess(
    change_sets: Sequence[ChangeSet],
    *,
    prices: PriceBook,
    policies: Sequence[Policy],
    usage: Usage,
    terms: Terms,
    today: date,
) -> Report:
    """The report on ``change_sets``, in their order. ``today`` decides which waivers still hold.

    Raises `PolicyError` for a policy that cannot be evaluated, `PriceBookError` for a damaged price table and
    `SettingsError` for a waiver without a reason.
    """
    priced = [
        _price(source, change_set, prices, usage)
        for source, change_set in zip(_sources(change_sets), change_sets, strict=True)
    ]
    endpoints = _by_source(item for one in priced for item in _endpoints(one, terms.environments))
    totals = _totals(priced, endpoints)
    discounts = _discounts(priced, totals, terms)
    found = _judged(priced, _budgeted(totals, discounts), prices, policies, terms)
    own = {one.source.id: one.change_set.waivers for one in priced if terms.inline_waivers and one.change_set.waivers}
    accepted = inline.apply(own, found, policies, today=today)
    judged = waivers.apply(
        terms.waivers,
        accepted.results,
        policies,
        today=today,
        origin=terms.settings_file or "settings",
    )
    results = _sorted(without_superseded(judged.results, policies))
    used = _region_prices(priced, prices)
    outdated = tuple(_outdated(used, terms.max_price_age_days, today))
    distrust = (*_unknown_parts(priced), *_undecided(results), *outdated)
    return Report(
        settings_file=terms.settings_file,
        usage_file=terms.usage_file,
        sources=tuple(one.source for one in priced),
        prices=used,
        totals=totals,
        discounts=discounts,
        endpoints=endpoints,
        unattached=_by_source(item for one in priced for item in _unattached(one, terms.environments)),
        results=results,
        rules=_rules(policies),
        skipped=tuple(sorted((item for one in priced for item in _skipped(one)), key=attrgetter("source"))),
        coverage=_coverage(change_sets),
        notices=(
            *outdated,
            *_notices(priced),
            *_exceeded_budgets(priced, discounts),
            *accepted.notices,
            *judged.notices,
            *_unused_usage(change_sets, usage),
        ),
        summary=_summary(results),
        fail_on=terms.fail_on,
        all_findings=terms.all_findings,
        strict=terms.strict,
        distrust=distrust,
        exit_code=_exit_code(results, distrust, terms),
    )


def against(report: Report, known: Baseline, *, path: str, tolerance_percent: Decimal) -> Report:
    """``report`` with the findings that the baseline at ``path`` knows as existing ones, and what follows from that."""
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
        summary=_summary(compared.results),
        exit_code=_exit_code(compared.results, report.distrust, report),
    )


# Sources and what they cost ------------------------------------------------------------------------------------------


def _sources(change_sets: Iterable[ChangeSet]) -> list[Source]:
    """A source for each change set, with its label; a path that is given twice gets a number behind it."""
    sources: dict[str, Source] = {}
    for change_set in change_sets:
        name = change_set.path if change_set.label is None else f"{change_set.path} ({change_set.label})"
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
        )
    return list(sources.values())


def _price(source: Source, change_set: ChangeSet, prices: PriceBook, usage: Usage) -> _Priced:
    before = change_set.before
    if change_set.possibilities:
        return _price_possibilities(source, change_set, prices, usage)
    return _Priced(
        source=source,
        change_set=change_set,
        before=estimate(before, prices, usage) if before else None,
        after=estimate(change_set.after, prices, usage),
    )


def _price_possibilities(source: Source, change_set: ChangeSet, prices: PriceBook, usage: Usage) -> _Priced:
    """A source with something undecided: what it costs in every case."""
    wanted = change_set.undecided or ""
    afters = [possibility.after for possibility in change_set.possibilities]
    worlds = tuple(estimate(inventory, prices, usage) for inventory in afters)
    before: Estimate | None = None
    if change_set.before is not None:
        befores = [possibility.before or Inventory() for possibility in change_set.possibilities]
        pasts = [estimate(inventory, prices, usage) for inventory in befores]
        before = hull(pasts, befores, change_set.before, wanted)
    return _Priced(
        source=source,
        change_set=change_set,
        before=before,
        after=hull(worlds, afters, change_set.after, wanted),
        worlds=worlds,
    )


def _endpoints(priced: _Priced, environments: Environments) -> Iterator[EndpointReport]:
    """Every endpoint that stands before or after the change, by address."""
    after = {endpoint.address: endpoint for endpoint in priced.change_set.after.endpoints}
    before = _by_address(priced.change_set.before)
    for address in sorted(after.keys() | before.keys()):
        endpoint = after.get(address)
        if endpoint is None:
            endpoint = structs.replace(before[address], change="delete", touched=True)
        past = priced.before.endpoints.get(address) if priced.before else None
        cost = priced.after.endpoints.get(address)
        yield EndpointReport(
            source=priced.source.id,
            endpoint=endpoint,
            environment=environments.of(endpoint),
            before=past.monthly if past else None,
            cost=cost,
            unchanged=past is not None and cost is not None and not endpoint.touched and past.monthly == cost.monthly,
        )


def _by_source(items: Iterable[EndpointReport]) -> tuple[EndpointReport, ...]:
    """By the name of the source; within it they keep their order."""
    return tuple(sorted(items, key=attrgetter("source")))


def _by_address(inventory: Inventory | None) -> dict[str, Endpoint]:
    return {endpoint.address: endpoint for endpoint in inventory.endpoints} if inventory else {}


def _unattached(priced: _Priced, environments: Environments) -> Iterator[EndpointReport]:
    """Configurations that nothing will use; what is deleted of them cost nothing and is gone."""
    for configuration in sorted(priced.change_set.after.unattached, key=attrgetter("address")):
        yield EndpointReport(
            source=priced.source.id,
            endpoint=configuration,
            environment=environments.of(configuration),
            before=None,
            cost=priced.after.unattached.get(configuration.address),
        )


# Totals --------------------------------------------------------------------------------------------------------------


def _totals(priced: Sequence[_Priced], endpoints: Iterable[EndpointReport]) -> Totals:
    """The sums over all sources.

    What a source without a past may have had running before is not known: beside sources with a past it makes their
    total before "at least", and the change unknown, for whether it adds to the bill nobody can say.
    """
    after = total([one.after.total for one in priced])
    unsure = any(_lacks(one) or not one.change_set.complete for one in priced)
    unchanged = [item.cost.monthly for item in endpoints if item.unchanged and item.cost]
    return Totals(
        before=_before(priced),
        after=structs.replace(after, at_least=after.at_least or unsure),
        delta=_delta(priced),
        unchanged=total(unchanged) if unchanged else None,
    )


def _before(priced: Iterable[_Priced]) -> Monthly | None:
    pasts = [one.before.total for one in priced if one.before is not None]
    if not pasts:
        return None
    before = total(pasts)
    unsure = any(_lacks(one) or _past_is_missing(one) for one in priced)
    return structs.replace(before, at_least=before.at_least or unsure)


def _delta(priced: Sequence[_Priced]) -> Delta | None:
    if all(one.before is None for one in priced):
        return None
    return total_delta([_change(one) for one in priced])


def _change(priced: _Priced) -> Delta | None:
    """What one source changes; unknown where something that bills was left out, for it may differ on the two sides."""
    if _past_is_missing(priced):
        return _unknown_change(f"{priced.source.path} does not tell what stands before the change")
    for resource in priced.change_set.skipped:
        if resource.affects_total:
            return _unknown_change(f"what {resource.address} costs is not known: {resource.reason}")
    return delta(priced.before, priced.after)


def _unknown_change(reason: str) -> Delta:
    unknown = Unknown(reason)
    return Delta(unknown, unknown, unknown)


def _lacks(priced: _Priced) -> bool:
    """Whether something that bills was seen and is in no total."""
    return any(resource.affects_total for resource in priced.change_set.skipped)


def _past_is_missing(priced: _Priced) -> bool:
    return priced.before is None and bool(priced.change_set.after.endpoints)


# Discounts -----------------------------------------------------------------------------------------------------------


def _discounts(priced: Sequence[_Priced], totals: Totals, terms: Terms) -> DiscountReport | None:
    if not terms.discounts:
        return None
    from guardrail import discounting  # for the few that have discounts

    before = [part for one in priced if one.before for part in _parts(one, one.change_set.before, one.before)]
    after = [part for one in priced for part in _parts(one, one.change_set.after, one.after)]
    return discounting.apply(terms.discounts, terms.plan_rate, totals, before=before, after=after)


def _parts(priced: _Priced, inventory: Inventory | None, estimate: Estimate) -> "Iterator[Part]":
    """The endpoints that are in the totals."""
    from guardrail.cost.discounts import Part

    for endpoint in inventory.endpoints if inventory else ():
        cost = estimate.endpoints.get(endpoint.address)
        if cost is not None:
            yield Part(priced.source.id, endpoint, cost)


def _budgeted(totals: Totals, discounts: DiscountReport | None) -> Totals:
    """The totals that budgets are held against."""
    if discounts is None or discounts.budgets == "list":
        return totals
    return structs.replace(totals, before=discounts.before, after=discounts.after, delta=discounts.delta)


# Results -------------------------------------------------------------------------------------------------------------


def _judged(
    priced: Sequence[_Priced], totals: Totals, prices: PriceBook, policies: Sequence[Policy], terms: Terms
) -> list[Result]:
    results: list[Result] = []
    for one in priced:
        results += _judged_source(one, prices, policies, terms)
    results += evaluate_stack(
        policies,
        before=totals.before,
        after=totals.after,
        delta=totals.delta,
        budgets=terms.budgets,
        source=priced[0].source.id if len(priced) == 1 else "",
    )
    return results


def _judged_source(one: _Priced, prices: PriceBook, policies: Sequence[Policy], terms: Terms) -> list[Result]:
    """What policies say of one source; where something is undecided, what they agree on over every possibility."""
    change_set = one.change_set
    cases = [(possibility.given, possibility.after) for possibility in change_set.possibilities]
    worlds = [
        (
            given,
            evaluate(
                policies,
                inventory,
                cost,
                source=one.source.id,
                prices=prices,
                environments=terms.environments,
                has_before=one.source.has_before,
            ),
        )
        for (given, inventory), cost in zip(cases or [("", change_set.after)], one.worlds or (one.after,), strict=True)
    ]
    results = agreed(worlds, policies, change_set.undecided or "") if cases else worlds[0][1]
    paths = change_set.construct_paths
    return [structs.replace(each, construct_path=paths.get(each.address)) for each in results] if paths else results


def _rules(policies: Iterable[Policy]) -> tuple[Rule, ...]:
    return tuple(
        Rule(
            id=policy.id,
            title=policy.title,
            severity=policy.severity,
            topic=policy.topic,
            remediation=policy.remediation,
            help_uri=policy.help_uri,
            references=tuple(policy.references),
        )
        for policy in sorted(policies, key=attrgetter("id"))
    )


def _sorted(results: Iterable[Result]) -> tuple[Result, ...]:
    """By severity, then the money at stake, then policy and address.

    Sorted by one key after the other, the last one first: four quick stable sorts instead of a slow one by tuples.
    """
    ordered = sorted(results, key=attrgetter("address"))
    ordered.sort(key=attrgetter("policy"))
    ordered.sort(key=_stake, reverse=True)
    ordered.sort(key=_rank)
    return tuple(ordered)


def _stake(result: Result) -> Decimal:
    saving = result.saving_monthly
    return saving if isinstance(saving, Decimal) else ZERO


def _rank(result: Result) -> int:
    return RANKS[result.severity]


def _summary(results: Iterable[Result]) -> Summary:
    verdicts = Counter((result.verdict, result.severity, result.status) for result in results)
    failures: Counter[Severity] = Counter()
    by_verdict: Counter[str] = Counter()
    existing = 0
    for (verdict, severity, status), count in verdicts.items():
        by_verdict[verdict] += count
        if verdict == "fail":
            failures[severity] += count
            existing += count if status == "existing" else 0
    return Summary(
        error=failures["error"],
        warning=failures["warning"],
        note=failures["note"],
        open=by_verdict["open"],
        waived=by_verdict["waived"],
        passed=by_verdict["pass"],
        existing=existing,
    )


def _exit_code(results: Iterable[Result], distrust: Sequence[str], terms: Terms | Report) -> int:
    if any(_violates(result, terms) for result in results):
        return VIOLATED
    return UNTRUSTED if terms.strict and distrust else SATISFIED


def _violates(result: Result, terms: Terms | Report) -> bool:
    if result.verdict != "fail" or terms.fail_on == "never":
        return False
    counts = result.status == "new" or terms.all_findings
    return counts and RANKS[result.severity] <= RANKS[terms.fail_on]


# Trust ---------------------------------------------------------------------------------------------------------------


def _unknown_parts(priced: Iterable[_Priced]) -> Iterator[str]:
    """What is unknown or unpriced in the totals, each reason once. Estimates and default volumes are not counted."""
    for one in priced:
        if not one.change_set.complete:
            yield f"{one.source.path} says itself that it does not tell everything"
        if one.change_set.undecided is not None and isinstance(one.after.total.expected, Unknown):
            yield f"{one.source.path} leaves open what it costs: {one.change_set.undecided}"
        for resource in one.change_set.skipped:
            if resource.affects_total:
                yield f"{resource.address}: {resource.reason}"
    places: dict[str, list[str]] = {}
    for one in priced:
        for endpoint in one.change_set.after.endpoints:
            cost = one.after.endpoints.get(endpoint.address)
            for reason in _doubts(endpoint, cost):
                places.setdefault(reason, []).append(endpoint.address)
    for reason, addresses in places.items():
        distinct = list(dict.fromkeys(addresses))
        more = f" and {len(distinct) - 1:,} more" if len(distinct) > 1 else ""
        yield f"{distinct[0]}{more}: {reason}"


def _doubts(endpoint: Endpoint, cost: EndpointCost | None) -> Iterator[str]:
    if endpoint.deployed == "possibly":
        yield "whether an endpoint uses it is not known"
    if isinstance(endpoint.variants, Unknown):
        yield endpoint.variants.reason
    for component in _components(cost):
        if component.reason is not None and not component.default_size:
            yield component.reason


def _undecided(results: Iterable[Result]) -> Iterator[str]:
    """Policies of severity error that could not be decided, once for each address and reason."""
    policies: dict[tuple[str, str | None], list[str]] = {}
    for result in results:
        if result.verdict == "open" and result.severity == "error":
            policies.setdefault((result.address, result.reason), []).append(result.policy)
    for (address, reason), names in policies.items():
        yield f"{address}: {', '.join(dict.fromkeys(names))} undecided: {reason}"


# Around it -----------------------------------------------------------------------------------------------------------


def _components(cost: EndpointCost | None) -> Iterator[CostComponent]:
    if cost is not None:
        yield from cost.components
        for variant in cost.variants:
            yield from variant.components


def _region_prices(priced: Iterable[_Priced], prices: PriceBook) -> dict[str, RegionPrices]:
    """Dates and origins of the prices that were used, on both sides and for what is not deployed, by region."""
    rows: dict[str, set[tuple[str, str]]] = {}
    for one in priced:
        for inventory, costs in ((one.change_set.before, one.before), (one.change_set.after, one.after)):
            if inventory is None or costs is None:
                continue
            for endpoints, by_address in (
                (inventory.endpoints, costs.endpoints),
                (inventory.unattached, costs.unattached),
            ):
                for endpoint in endpoints:
                    if isinstance(endpoint.region, str):
                        used = rows.setdefault(endpoint.region, set())
                        used.update(_rows(by_address.get(endpoint.address)))
    return {
        region: RegionPrices(
            oldest=min((date for date, _ in used), default=None),
            newest=max((date for date, _ in used), default=None),
            origin=" and ".join(sorted({origin for _, origin in used})) or prices.origin(region),
        )
        for region, used in sorted(rows.items())
    }


def _rows(cost: EndpointCost | None) -> Iterator[tuple[str, str]]:
    """Date and origin of each price."""
    for component in _components(cost):
        if component.price is not None:
            yield component.price.date, component.price.origin


def _outdated(prices: Mapping[str, RegionPrices], limit_days: int | None, today: date) -> Iterator[str]:
    """The regions whose oldest price in use is older than it may be. A date without a day is as old as it can mean."""
    for region, used in prices.items():
        age = age_days(used.oldest, today) if used.oldest is not None and limit_days is not None else 0
        if limit_days is not None and age > limit_days:
            yield (
                f"prices of {region}: the oldest in use is of {used.oldest}, {age:,} days ago, and {limit_days:,} days "
                "are the limit"
            )


def _skipped(priced: _Priced) -> Iterator[SkippedReport]:
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


def _notices(priced: Sequence[_Priced]) -> Iterator[str]:
    """What the sources have to say; which one says it where there are several."""
    for one in priced:
        for notice in one.change_set.notices:
            yield notice if len(priced) == 1 else f"{one.source.id}: {notice}"


def _exceeded_budgets(priced: Iterable[_Priced], discounts: DiscountReport | None) -> Iterator[str]:
    """Monthly budgets of AWS Budgets below what SageMaker is expected to cost beside them, discounts included.

    Of a limit or a coverage that is not known, or of a limit that is sensitive, there is nothing to say.
    """
    for one in priced:
        expected = _expected(one, discounts)
        for budget in one.change_set.after.budgets:
            limit = _monthly_limit(budget)
            if limit is not None and isinstance(expected, Decimal) and limit < expected:
                yield (
                    f"AWS budget {budget.address} of {plain(limit)} USD a month is below the {two_decimals(expected)} "
                    "that SageMaker alone is expected to cost"
                )


def _monthly_limit(budget: Budget) -> Decimal | None:
    """What SageMaker may cost a month, in USD; None where the budget does not say that."""
    is_monthly = budget.time_unit == "MONTHLY" and budget.unit == "USD" and budget.covers_sagemaker is True
    if not is_monthly or budget.sensitive or isinstance(budget.limit, Unknown) or budget.limit is None:
        return None
    return Decimal(str(budget.limit)).normalize()


def _expected(priced: _Priced, discounts: DiscountReport | None) -> Decimal | Unknown:
    """What one source is expected to cost a month."""
    monthlies = [cost.monthly for cost in priced.after.endpoints.values()]
    if discounts is not None:
        monthlies = [monthly for (source, _), monthly in discounts.endpoints.items() if source == priced.source.id]
    return total(monthlies).expected


def _unused_usage(change_sets: Iterable[ChangeSet], usage: Usage) -> Iterator[str]:
    known = [
        endpoint
        for change_set in change_sets
        for inventory in (change_set.before, change_set.after)
        if inventory is not None
        for endpoint in (*inventory.endpoints, *inventory.unattached)
    ]
    for key in usage.unmatched(known):
        yield f"usage file: nothing has the address {key}"
