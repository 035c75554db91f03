"""What a reader must know to trust the numbers: what is missing, estimated, derived, doubtful or assumed."""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from guardrail.cost.base import CostComponent, Quantity
from guardrail.model import Unknown, Variant
from guardrail.report import EndpointReport, PlanReport, Report
from guardrail.reporters.bill import changes_nothing, difference, named
from guardrail.reporters.wording import inert, number, usd

MOST_EXAMPLES = 3


class _Line(Struct, frozen=True):
    """A line of the bill and what it belongs to."""

    where: str
    component: CostComponent


def footnotes(report: Report) -> list[str]:
    """A sentence or two for each thing to know, each cause once with where it occurs.

    Where the change leaves everything alone, only what is missing is worth a word.
    """
    items = [item for item in (*report.endpoints, *report.unattached) if item.cost is not None]
    lines = [line for item in items for line in _bill_lines(item)]
    missing = [*_incomplete(report), *_missing(items, lines)]
    if changes_nothing(report):
        return [*missing, *_discounts(report)]
    shown = [line for line in lines if not line.component.redacted]
    return [
        *missing,
        *_unknown_change(report),
        *_discounts(report),
        *_usage(report),
        *_assumed(report),
        *_grouped("~ estimated", (reason for line in shown for reason in _estimated(line))),
        *_grouped("derived price", (reason for line in shown for reason in _derived(line))),
        *_grouped("doubtful price", (reason for line in shown for reason in _suspect(line))),
        *_environments(items),
        *(["sensitive: these values are used and not shown"] if len(shown) < len(lines) else []),
    ]


def _bill_lines(item: EndpointReport) -> Iterator[_Line]:
    endpoint, cost = item.endpoint, item.cost
    if cost is None:
        return
    name = named(endpoint)
    for component in cost.components:
        yield _Line(name, component)
    if isinstance(endpoint.variants, Unknown):
        return
    for variant, priced in zip(endpoint.variants, cost.variants, strict=True):
        where = f"{name}/{_variant_name(variant)}"
        for component in priced.components:
            yield _Line(where, component)


def _variant_name(variant: Variant) -> str:
    return inert(variant.name) if isinstance(variant.name, str) else "(unknown)"


def _incomplete(report: Report) -> Iterator[str]:
    for source in report.sources:
        if not source.complete:
            yield f"≥ {inert(source.path)} says itself that it does not tell everything"


def _missing(items: Iterable[EndpointReport], lines: Sequence[_Line]) -> Iterator[str]:
    """Why amounts are missing; where an instance is not known, its volume goes without saying."""
    unknown = {line.where for line in lines if line.component.kind == "instance" and line.component.reason}
    reasons = [
        (item.endpoint.variants.reason, named(item.endpoint))
        for item in items
        if isinstance(item.endpoint.variants, Unknown)
    ]
    for where, component in ((line.where, line.component) for line in lines):
        if component.reason is not None and not (component.default_size and where in unknown):
            reasons.append(("sensitive" if component.redacted else component.reason, where))
    return _grouped("≥ lacks", reasons)


def _unknown_change(report: Report) -> Iterator[str]:
    delta = report.totals.delta
    if delta is None:
        return
    for bound in (delta.floor, delta.expected, delta.ceiling):
        if isinstance(bound, Unknown):
            yield f"change unknown: {inert(bound.reason)}"
            return


def _discounts(report: Report) -> Iterator[str]:
    """Which discounts are in the bill, and what a Savings Plan does about the change."""
    found = report.discounts
    if found is None:
        return
    yield f"with discounts: {'; '.join(inert(note) for note in found.notes) or 'none applies'}"
    if found.budgets == "discounted":
        yield "budgets are held against the total with discounts"
    if found.plan is not None:
        yield from _plan(found.plan)


def _plan(plan: PlanReport) -> Iterator[str]:
    use = plan.after
    available, committed = number(plan.available_usd_per_hour), number(plan.commitment_usd_per_hour)
    yield (
        f"Savings Plan: {available} of {committed} USD per hour for this, every hour of the month alike: "
        f"{_expected(use.covered)} USD a month of usage at its rates, {_expected(use.spilled)} beyond it on demand, "
        f"{_expected(use.stranded)} of it used by nothing here"
    )
    if plan.margin is not None and plan.before is not None:
        yield (
            f"Savings Plan: the commitment being paid already, this change makes {difference(plan.margin.expected)} USD "
            f"a month; used by nothing were {_expected(plan.before.stranded)}, and will be {_expected(use.stranded)}"
        )


def _expected(quantity: Quantity) -> str:
    return "an unknown amount" if isinstance(quantity.expected, Unknown) else usd(quantity.expected)


def _usage(report: Report) -> Iterator[str]:
    if report.totals.after.depends_on_usage:
        yield "+ usage: priced once guardrail-usage.yml (--usage-file) says how many requests and GB to expect"


def _assumed(report: Report) -> Iterator[str]:
    if report.totals.after.assumed:
        yield "expected: what scales counts as its initial count where no usage is given"


def _estimated(line: _Line) -> Iterator[tuple[str, str]]:
    component, price = line.component, line.component.price
    if not component.estimated:
        return
    if price is not None and price.basis == "estimated":
        confidence = f" ({price.confidence} confidence)" if price.confidence else ""
        yield f"{_first_sentence(price.rule or 'price')}{confidence}", price.usage_type
    else:
        yield component.origins.get("size", "inferred size"), line.where


def _derived(line: _Line) -> Iterator[tuple[str, str]]:
    price = line.component.price
    if price is not None and price.basis == "derived":
        yield _first_sentence(price.rule or "by a rule that held in every observed case"), price.usage_type


def _suspect(line: _Line) -> Iterator[tuple[str, str]]:
    price = line.component.price
    if price is not None and price.suspect:
        yield price.suspect, price.usage_type


def _first_sentence(text: str) -> str:
    """The rule itself; the JSON report has the evidence behind it too."""
    return text.partition(". ")[0].rstrip(".")


def _environments(items: Iterable[EndpointReport]) -> Iterator[str]:
    unknown = [named(item.endpoint) for item in items if isinstance(item.environment, Unknown)]
    if unknown:
        yield f"environment unknown, so production's limits apply: {_some(unknown)}"


def _grouped(label: str, reasons: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Each reason once, with where it occurs."""
    places: dict[str, list[str]] = {}
    for reason, where in reasons:
        places.setdefault(reason, []).append(where)
    for reason, found in places.items():
        yield f"{label}: {inert(reason)} ({_some(found)})"


def _some(names: Iterable[str]) -> str:
    """The first few of ``names``, each once, and how many more there are."""
    distinct = list(dict.fromkeys(names))
    some = ", ".join(inert(name) for name in distinct[:MOST_EXAMPLES])
    more = len(distinct) - MOST_EXAMPLES
    return f"{some} and {more:,} more" if more > 0 else some
