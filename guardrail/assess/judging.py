"""What policies say of priced change sets, in every possibility, and what follows from it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import product
from operator import attrgetter
from typing import TYPE_CHECKING

from msgspec import structs

from guardrail.assess import pricing
from guardrail.assess.pricing import Combination, PricedSource, named
from guardrail.assess.terms import Terms
from guardrail.cost.base import Estimate
from guardrail.later import Later
from guardrail.model import Endpoint, Inventory, Unknown
from guardrail.money import ZERO
from guardrail.policy.base import RANKS, Result, Rule
from guardrail.policy.evaluate import Members, evaluate, evaluate_stack
from guardrail.policy.identity import of_address
from guardrail.policy.policy import Policy
from guardrail.policy.subject import Evaluation, StackTotals, Subject
from guardrail.prices.book import PriceBook
from guardrail.report import DiscountReport, Report, Source, Summary, Totals

if TYPE_CHECKING:
    from guardrail.policy import agreement
else:
    agreement = Later("guardrail.policy.agreement")

SATISFIED, VIOLATED, UNTRUSTED = 0, 1, 3
"""Exit codes; a violation goes before a doubt."""
EVERYTHING = ""
"""The source of results on several sources together."""


def judged(  # noqa: PLR0913 - everything that a verdict may rest on
    priced: Sequence[PricedSource],
    outcomes: Sequence[tuple[Combination, DiscountReport | None]],
    prices: PriceBook,
    policies: Sequence[Policy],
    terms: Terms,
    today: date,
    *,
    short_budgets: tuple[str, ...] | Unknown | None = None,
) -> list[Result]:
    """The results on every source, and on everything together, budgets of AWS that are too short among them."""
    results: list[Result] = []
    known = [outcome for outcome, _ in outcomes]
    for one in priced:
        results += _of_source(one, prices, policies, terms, today, _totals_by_world(one, priced, known))
    source = source_of_all(priced)
    counts = any(policy.quantities for policy in policies)
    worlds = [
        (
            outcome.given,
            _of_stack(
                outcome,
                discounts,
                policies,
                terms,
                source,
                structs.replace(
                    _members(outcome, priced, prices, terms, today) if counts else Members(),
                    short_budgets=short_budgets,
                ),
            ),
        )
        for outcome, discounts in outcomes
    ]
    undecided = pricing.undecided(priced)
    return [*results, *(worlds[0][1] if len(worlds) == 1 else agreement.agreed(worlds, policies, undecided))]


def source_of_all(priced: Sequence[PricedSource]) -> str:
    """The source of results on all that there is: its own where it is one."""
    return priced[0].source.id if len(priced) == 1 else EVERYTHING


def _of_stack(
    outcome: Combination,
    discounts: DiscountReport | None,
    policies: Sequence[Policy],
    terms: Terms,
    source: str,
    members: Members,
) -> list[Result]:
    """What the budgets say of one possibility: they are held against the list bill, or that with discounts."""
    totals = outcome.totals
    if discounts is not None and discounts.budgets == "discounted":
        totals = structs.replace(totals, before=discounts.before, after=discounts.after, delta=discounts.delta)
    return on_totals(policies, totals, terms.budgets, source, members)


def on_totals(
    policies: Sequence[Policy],
    totals: Totals,
    budgets: Mapping[str, Decimal | None],
    source: str,
    members: Members | None = None,
) -> list[Result]:
    """What the policies on everything together say of some totals under these limits, and of the endpoints if given."""
    return evaluate_stack(
        policies,
        before=totals.before,
        after=totals.after,
        delta=totals.delta,
        budgets=budgets,
        source=source,
        members=members,
    )


def _totals_by_world(
    one: PricedSource, priced: Sequence[PricedSource], outcomes: Sequence[Combination]
) -> list[StackTotals | None]:
    """The totals in each possibility of a source; None where they depend on the possibilities of others."""
    if len(outcomes) == 1 or (len(priced) == 1 and len(outcomes) == len(one.worlds)):
        found = [each.totals for each in outcomes] if len(outcomes) > 1 else [outcomes[0].totals] * len(one.worlds)
        return [StackTotals(before=each.before, after=each.after, delta=each.delta) for each in found]
    return [None] * len(one.worlds)


def _members(
    outcome: Combination, priced: Sequence[PricedSource], prices: PriceBook, terms: Terms, today: date
) -> Members:
    """Every endpoint before and after the change, with whether it is surely there."""
    evaluation = Evaluation(prices, today, terms.period, evidence=terms.evidence)
    after: list[tuple[Subject, bool]] = []
    before: list[tuple[Subject, bool]] = []
    for world in outcome.worlds:
        past = world.previous or Inventory()
        standing = [endpoint for endpoint in world.inventory.endpoints if endpoint.change != "delete"]
        after += _subjects([*standing, *pricing.kept(past, world.inventory)], world.after, evaluation, terms)
        if world.before is not None:
            before += _subjects(past.endpoints, world.before, evaluation, terms)
    return Members(
        after=tuple(after),
        before=None if outcome.before is None else tuple(before),
        complete=not any(map(pricing.is_incomplete, priced)),
    )


def _subjects(
    endpoints: Iterable[Endpoint], costs: Estimate, evaluation: Evaluation, terms: Terms
) -> Iterator[tuple[Subject, bool]]:
    for endpoint in endpoints:
        if endpoint.change != "forget":
            cost = costs.endpoints.get(endpoint.address)
            subject = Subject(evaluation, endpoint, environment=terms.environments.of(endpoint), cost=cost)
            yield subject, endpoint.deployed == "yes"


def _of_source(
    one: PricedSource,
    prices: PriceBook,
    policies: Sequence[Policy],
    terms: Terms,
    today: date,
    totals: Sequence[StackTotals | None],
) -> list[Result]:
    """What policies say of one source; where something is undecided, what they agree on over every possibility."""
    worlds = [
        (
            world.given,
            evaluate(
                policies,
                world.inventory,
                world.after,
                source=one.source.id,
                prices=prices,
                environments=terms.environments,
                has_before=one.source.has_before,
                before=world.previous,
                totals=known,
                evidence=terms.evidence,
                today=today,
            ),
        )
        for world, known in zip(one.worlds, totals, strict=True)
    ]
    undecided = one.change_set.possibilities
    results = agreement.agreed(worlds, policies, one.change_set.undecided or "") if undecided else worlds[0][1]
    paths, moved = one.change_set.construct_paths, one.change_set.moved
    if not paths and not moved:
        return results
    return [
        structs.replace(each, construct_path=paths.get(each.address), previous_identities=_before_the_move(each, moved))
        for each in results
    ]


def _before_the_move(result: Result, moved: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """What an endpoint was known by that is known by its address; nothing of one that is known by its name."""
    if result.identity != of_address(result.endpoint or ""):
        return ()
    return tuple(dict.fromkeys(map(of_address, moved.get(result.endpoint or "", ()))))


def rules(policies: Iterable[Policy]) -> tuple[Rule, ...]:
    """The policies that were checked, by id."""
    return tuple(
        Rule(
            id=policy.id,
            title=policy.title,
            severity=policy.gravest,
            topic=policy.topic,
            remediation=policy.remediation,
            help_uri=policy.help_uri,
            references=tuple(policy.references),
            waivable=policy.waivable,
        )
        for policy in sorted(policies, key=attrgetter("id"))
    )


def ordered(results: Iterable[Result]) -> tuple[Result, ...]:
    """By severity, then the money at stake, then policy and address.

    Sorted by one key after the other, the last one first: four quick stable sorts instead of a slow one by tuples.
    """
    found = sorted(results, key=attrgetter("address"))
    found.sort(key=attrgetter("policy"))
    found.sort(key=_stake, reverse=True)
    found.sort(key=_rank)
    return tuple(found)


def _stake(result: Result) -> Decimal:
    saving = result.saving_monthly
    return saving if saving.__class__ is Decimal else ZERO


def _rank(result: Result) -> int:
    return RANKS[result.severity]


def summary(results: Sequence[Result]) -> Summary:
    """Counts of results: failures by severity, those that existed before, waived, passed and undecided."""
    by_verdict = Counter([result.verdict for result in results])
    failed = [result for result in results if result.verdict == "fail"]
    failures = Counter([result.severity for result in failed])
    return Summary(
        error=failures["error"],
        warning=failures["warning"],
        note=failures["note"],
        open=by_verdict["open"],
        waived=by_verdict["waived"],
        passed=by_verdict["pass"],
        existing=sum(result.status == "existing" for result in failed),
    )


def exit_code(
    results: Sequence[Result], distrust: Sequence[str], terms: Terms | Report, sources: Iterable[Source]
) -> int:
    """What the run ends with: violated where something fails, or where every possibility has something that fails."""
    counting = [result for result in results if result.verdict != "pass" and _counts(result, terms)]
    if any(result.verdict == "fail" for result in counting) or _never_passes(list(sources), counting):
        return VIOLATED
    return UNTRUSTED if terms.strict and distrust else SATISFIED


def _counts(result: Result, terms: Terms | Report) -> bool:
    if terms.fail_on == "never" or result.verdict not in ("fail", "open"):
        return False
    return (result.status == "new" or terms.all_findings) and RANKS[result.severity] <= RANKS[terms.fail_on]


def _never_passes(sources: Sequence[Source], results: Iterable[Result]) -> bool:
    """Whether in each possibility of everything together something fails, though perhaps not the same in all of them.

    What fails on one source fails whatever comes true of the others; budgets fail in possibilities of all together.
    """
    failing: dict[str, set[str]] = defaultdict(set)
    for result in results:
        failing[result.source].update(result.fails_in)
    alone = [[given for given in one.possibilities or ("",) if given not in failing[one.id]] for one in sources]
    together = failing[EVERYTHING]
    return any(one.possibilities for one in sources) and all(named(each) in together for each in product(*alone))
