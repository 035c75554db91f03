"""What a reader must know to trust the numbers: what is missing, estimated, derived, doubtful or assumed."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal

from msgspec import Struct

from guardrail.cost.base import CostComponent, MonthlyQuantity
from guardrail.model import InstanceVariant, Unknown
from guardrail.prices.base import ASSUMED_UNSET, INFERRED_DEFAULT
from guardrail.report import EndpointReport, PlanReport, Report
from guardrail.reporters.bill import labels, named, variant_name
from guardrail.reporters.findings import counts
from guardrail.reporters.headline import changes_nothing
from guardrail.reporters.wording import difference, inert, number, usd

MOST_EXAMPLES = 3

_AT_THE_HOSTING_PRICE = (
    "asynchronous instances are priced at the real-time rate, which held wherever AWS published both"
)
_USAGE = "priced once guardrail-usage.yml (--usage-file) says how many requests and GB to expect"
_ASSUMED = "where no usage is given, what scales stays at its initial count"
_DEFAULT_OF_TYPE = "a volume without a size has the default one of its type"
_DEFAULT_VOLUME = "a volume without a size is taken as half the memory of its type, at most 30 GB"


class _BillLine(Struct, frozen=True):
    """A line of the bill and what it belongs to."""

    endpoint: str
    where: str
    """The endpoint, with its variant where it is one's."""
    component: CostComponent


class Assumption(Struct, frozen=True, kw_only=True):
    """Something that amounts rest on: that asynchronous instances are priced at the real-time rate."""

    text: str
    endpoints: tuple[str, ...]
    """The names of those whose amounts it moves, each once."""
    usd: Decimal | None
    """What is expected a month of the lines that rest on it; None where it has no lines of its own."""
    basis: str
    """How far it is known: assumed, left out, derived, estimated, doubtful, published."""


def footnotes(report: Report) -> list[str]:
    """A sentence or two for each thing to know, each cause once with where it occurs.

    Where the change leaves everything alone, only what is missing is worth a word.
    """
    items, lines = _billed(report)
    missing = [*_incomplete(report), *_missing(items, lines)]
    if changes_nothing(report):
        return [*missing, *_discounts(report)]
    shown = [line for line in lines if not line.component.redacted]
    return [
        *missing,
        *_unknown_change(report),
        *_discounts(report),
        *_usage(report, items),
        *_beside(items),
        *_assumed(report),
        *_grouped("~ estimated: ", (reason for line in shown for reason in _estimated(line))),
        *_grouped("", (reason for line in shown for reason in _derived(line))),
        *_grouped("doubtful price: ", (reason for line in shown for reason in _suspect(line))),
        *_hidden(lines),
    ]


def gaps(report: Report) -> Iterator[str]:
    """The parts that are missing from the amounts, and why, each with the text of its footnote."""
    for note in (*_incomplete(report), *_missing(*_billed(report))):
        yield note.removeprefix("≥ ").removeprefix("lacks: ")


def caveats(report: Report) -> list[str]:
    """The footnotes that say what is missing from the numbers and what stands beside them."""
    items, lines = _billed(report)
    missing = [*_incomplete(report), *_missing(items, lines), *_unknown_change(report)]
    return [*missing, *_discounts(report), *_beside(items), *_hidden(lines)]


def assumptions(report: Report) -> list[Assumption]:
    """What the amounts rest on, each thing once with what it moves."""
    items, lines = _billed(report)
    found: list[Assumption] = []
    for text, flag, basis in ((_ASSUMED, "assumed", "assumed"), (f"+ usage: {_USAGE}", "depends_on_usage", "left out")):
        names = [named(item.endpoint) for item in items if item.cost and getattr(item.cost.monthly, flag)]
        if names:
            found.append(Assumption(text=text, endpoints=tuple(dict.fromkeys(names)), usd=None, basis=basis))
    reasons: dict[tuple[str, str], list[_BillLine]] = {}
    for line in lines:
        for basis, told in _RESTS_ON.items() if not line.component.redacted else ():
            for text, _ in told(line):
                reasons.setdefault((basis, text), []).append(line)
    return [
        *found,
        *(
            Assumption(
                text=inert(text),
                endpoints=tuple(dict.fromkeys(line.endpoint for line in resting)),
                usd=sum(map(_amount, resting), Decimal(0)),
                basis=basis,
            )
            for (basis, text), resting in reasons.items()
        ),
    ]


def _amount(line: _BillLine) -> Decimal:
    """What a line is expected to cost a month, or at most where that is not known."""
    monthly = line.component.monthly
    if monthly is None:
        return Decimal(0)
    return monthly.ceiling if isinstance(monthly.expected, Unknown) else monthly.expected


def _billed(report: Report) -> tuple[list[EndpointReport], list[_BillLine]]:
    """What has a bill, and every line of it."""
    items = [item for item in (*report.endpoints, *report.unattached) if item.cost is not None]
    return items, [line for item in items for line in _bill_lines(item)]


def _hidden(lines: Iterable[_BillLine]) -> list[str]:
    hides = any(line.component.redacted for line in lines)
    return ["sensitive: these values are used and not shown"] if hides else []


def notes(report: Report) -> list[str]:
    """What to know beside the findings that count, and of what the change touches and passes, each thing once."""
    places: dict[str, list[str]] = {}
    names = labels(report)
    passing: dict[str, None] = {}
    for result in report.results:
        if not result.notes:
            continue
        if result.verdict == "pass":
            passing.update(dict.fromkeys(f"note: {note}" for note in result.notes))
        elif result.verdict == "fail" and counts(result, report):
            endpoint = result.endpoint or result.address
            for note in result.notes:
                places.setdefault(note, []).append(names.get((result.source, endpoint), endpoint))
    if changes_nothing(report):
        passing.clear()
    more = len(passing) - MOST_EXAMPLES
    return [
        *(f"{note} ({_some(found)})" for note, found in places.items()),
        *list(passing)[:MOST_EXAMPLES],
        *([f"and {more:,} more such notes; --format json lists them all"] if more > 0 else []),
    ]


def _bill_lines(item: EndpointReport) -> Iterator[_BillLine]:
    endpoint, cost = item.endpoint, item.cost
    if cost is None:
        return
    name = named(endpoint)
    for component in cost.lines:
        yield _BillLine(name, name, component)
    if isinstance(endpoint.variants, Unknown):
        return
    for position, (variant, priced) in enumerate(zip(endpoint.variants, cost.children, strict=True), start=1):
        where = f"{name}/{variant_name(variant, position)}"
        for component in priced.lines:
            yield _BillLine(name, where, component)


def _incomplete(report: Report) -> Iterator[str]:
    for source in report.sources:
        if not source.complete:
            yield f"≥ {inert(source.shortfall)}"


def _missing(items: Iterable[EndpointReport], lines: Sequence[_BillLine]) -> Iterator[str]:
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
    return _grouped("≥ lacks: ", reasons)


def _unknown_change(report: Report) -> Iterator[str]:
    delta = report.totals.delta
    if delta is None:
        return
    for bound in (delta.floor, delta.expected, delta.ceiling):
        if isinstance(bound, Unknown):
            sign = difference(bound)[0]
            yield f"{f'{sign} change' if sign in '≥≤' else 'change unknown'}: {inert(bound.reason)}"
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
            f"Savings Plan: the commitment being paid already, this change makes {difference(plan.margin.expected)} "
            f"USD a month; used by nothing were {_expected(plan.before.stranded)}, "
            f"and will be {_expected(use.stranded)}"
        )


def _expected(quantity: MonthlyQuantity) -> str:
    return "an unknown amount" if isinstance(quantity.expected, Unknown) else usd(quantity.expected)


def _usage(report: Report, items: Sequence[EndpointReport]) -> Iterator[str]:
    """What endpoints need; of transform jobs their own notes say it."""
    if report.totals.after.depends_on_usage and (
        not report.workflows or any(item.cost and item.cost.monthly.depends_on_usage for item in items)
    ):
        yield f"+ usage: {_USAGE}"


def _beside(items: Iterable[EndpointReport]) -> Iterator[str]:
    """What is billed beside the endpoints that a change makes or alters, by other services than SageMaker."""
    if any(
        item.endpoint.detailed_observability is True and _has_instances(item) for item in items if not item.unchanged
    ):
        yield (
            "not in these numbers: CloudWatch's price of the metrics of detailed observability, which new "
            "configurations publish by default"
        )


def _has_instances(item: EndpointReport) -> bool:
    variants = item.endpoint.variants
    return not isinstance(variants, Unknown) and any(isinstance(each, InstanceVariant) for each in variants)


def _assumed(report: Report) -> Iterator[str]:
    if report.totals.after.assumed:
        yield f"expected: {_ASSUMED}"


def _estimated(line: _BillLine) -> Iterator[tuple[str, str]]:
    component, price = line.component, line.component.price
    if not component.estimated:
        return
    if price is not None and price.basis == "estimated":
        confidence = f" ({price.confidence} confidence)" if price.confidence else ""
        yield f"{_first_sentence(price.rule or 'price')}{confidence}", price.usage_type
    else:
        origin = component.origins.get("size", "inferred size").removeprefix(ASSUMED_UNSET)
        yield _DEFAULT_VOLUME if origin == INFERRED_DEFAULT else origin, line.where


def _derived(line: _BillLine) -> Iterator[tuple[str, str]]:
    price = line.component.price
    if price is not None and price.basis == "derived":
        rule = _first_sentence(price.rule or "by a rule that held in every observed case")
        yield _AT_THE_HOSTING_PRICE if price.use == "AsyncInf" else f"derived price: {rule}", price.usage_type


def _suspect(line: _BillLine) -> Iterator[tuple[str, str]]:
    price = line.component.price
    if price is not None and price.suspect:
        yield price.suspect, price.usage_type


def _defaulted(line: _BillLine) -> Iterator[tuple[str, str]]:
    if line.component.default_size and line.component.size is not None and not line.component.estimated:
        yield _DEFAULT_OF_TYPE, line.where


_RESTS_ON: dict[str, Callable[[_BillLine], Iterator[tuple[str, str]]]] = {
    "estimated": _estimated,
    "derived": _derived,
    "doubtful": _suspect,
    "published": _defaulted,
}


def _first_sentence(text: str) -> str:
    """The rule itself; the JSON report has the evidence behind it too."""
    return text.partition(". ")[0].rstrip(".")


def _grouped(label: str, reasons: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Each reason once, with where it occurs."""
    places: dict[str, list[str]] = {}
    for reason, where in reasons:
        places.setdefault(reason, []).append(where)
    for reason, found in places.items():
        yield f"{label}{inert(reason)} ({_some(found)})"


def _some(names: Iterable[str]) -> str:
    """The first few of ``names``, each once, and how many more there are."""
    distinct = list(dict.fromkeys(names))
    some = ", ".join(inert(name) for name in distinct[:MOST_EXAMPLES])
    more = len(distinct) - MOST_EXAMPLES
    return f"{some} and {more:,} more" if more > 0 else some
