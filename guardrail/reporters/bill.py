"""The estimate as rows of words, in the order of the bill: endpoints, their variants, the totals."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Literal, TypeAlias

from msgspec import Struct, structs

from guardrail.cost.base import Bill, ChargeKind, CostComponent, Delta, Monthly, MonthlyQuantity
from guardrail.model import Endpoint, InferenceComponent, InstanceVariant, ScalableTarget, Unknown, Variant
from guardrail.money import ZERO
from guardrail.policy.base import Severity
from guardrail.report import EndpointReport, PossibilityReport, Report
from guardrail.reporters.findings import counts
from guardrail.reporters.headline import changes_nothing
from guardrail.reporters.wording import UNKNOWN, USAGE, counted, difference, inert, number, spread, usd

NO_PRICE = "no price"
WITH_DISCOUNTS = "with discounts"
MOST_POSSIBILITIES = 8
MOST_INFERENCE_COMPONENTS = 5
"""Of one endpoint; adapters come by the hundred."""

NO_COST = Monthly(floor=ZERO, expected=ZERO, ceiling=ZERO)

Amounts: TypeAlias = tuple[str, str, str]
Marks: TypeAlias = dict[tuple[str, str | None, str | None], Severity]

MODES = {"realtime": "real-time", "async": "asynchronous", "serverless": "serverless"}
UNITS = {"Hrs": "h", "GB-Mo": "GB-month", "GB": "GB", "seconds": "s"}

_CHANGES = {
    "create": "new",
    "update": "changed",
    "replace": "replaced",
    "delete": "deleted",
    "no-op": "changed",
    "forget": "no longer managed",
}
_KINDS: dict[ChargeKind, str] = {
    "instance": "",
    "software": "software",
    "volume": "volume",
    "deployment": "deployments,",
    "data-in": "data in",
    "data-out": "data out",
    "serverless-compute": "compute",
    "provisioned-warm": "kept warm",
    "provisioned-compute": "warm compute",
    "transform": "",
}


class BillRow(Struct, frozen=True, kw_only=True):
    """One row; texts are inert."""

    kind: Literal["heading", "endpoint", "variant", "component", "shared", "total"]
    """"component" is of a variant, "shared" of the endpoint as a whole."""
    name: str = ""
    """Of the endpoint or variant; empty where the row continues the one above, or is there for the eye."""
    detail: str = ""
    quantity: str = ""
    amounts: Amounts = ("", "", "")
    mark: Severity | None = None
    """The worst new failure of what the row is about."""
    usage: bool = False
    """A total that lacks a part which depends on usage."""


def bill(report: Report) -> list[BillRow]:
    """Every row of the table, from the first endpoint to the change in total."""
    return [*_endpoints(report), *_workflows(report), *_totals(report), *_unattached(report)]


def _workflows(report: Report) -> Iterator[BillRow]:
    """What starts transform jobs, so that what stands above the total adds up to it; their own table has the rest."""
    if not report.endpoints:
        return
    is_same = changes_nothing(report)
    for item in report.workflows:
        if item.cost is not None and not (item.unchanged and is_same):
            monthly, name = item.cost.monthly, inert(item.workflow.address)
            yield BillRow(
                kind="total",
                name=f"{name}, transform jobs",
                amounts=amounts_of_jobs(monthly),
                usage=monthly.depends_on_usage and not reads_as_free(monthly),
            )


def reads_as_free(monthly: Monthly) -> bool:
    """Whether usage decides what transform jobs come to, and none is stated: their amounts would be zeros."""
    return monthly.depends_on_usage and not monthly.ceiling


def amounts_of_jobs(monthly: Monthly) -> Amounts:
    """The amounts of transform jobs; of what no usage prices that it depends on it."""
    return (USAGE, "", "") if reads_as_free(monthly) else amounts(monthly)


def labels(report: Report) -> dict[tuple[str, str], str]:
    """How each endpoint is called, by source and address."""
    items = (*report.endpoints, *report.unattached)
    return {(item.source, item.endpoint.address): named(item.endpoint) for item in items}


def _endpoints(report: Report) -> Iterator[BillRow]:
    found = marks(report)
    has_past = {source.id for source in report.sources if source.has_before}
    current = None
    for item in report.endpoints:
        if item.unchanged and not report.all_findings:
            continue
        if len(report.sources) > 1 and item.source != current:
            yield from _subtotal(report, current)
            current = item.source
            yield BillRow(kind="heading", name=inert(item.source))
        yield from _endpoint(item, found, has_past=item.source in has_past)
        yield from _with_discounts(report, item)
    yield from _subtotal(report, current)
    if report.totals.unchanged is not None and not report.all_findings:
        yield _unchanged(report, report.totals.unchanged)


def _subtotal(report: Report, source: str | None) -> Iterator[BillRow]:
    """What one of several inputs costs, where all its endpoints stand above."""
    folded = report.totals.unchanged is not None and not report.all_findings
    totals = None if source is None or folded else report.subtotals.get(source)
    if totals is not None:
        monthly = totals.after
        yield BillRow(kind="total", name="subtotal", amounts=amounts(monthly), usage=monthly.depends_on_usage)


def marks(report: Report) -> Marks:
    """The worst new failure by source, endpoint and variant; results are sorted, so the first one is the worst.

    Notes mark nothing: a mark on every row would mark none.
    """
    marks: Marks = {}
    for result in report.results:
        if result.verdict == "fail" and counts(result, report) and result.severity != "note":
            marks.setdefault((result.source, result.endpoint, result.variant), result.severity)
    return marks


def endpoint_marks(report: Report) -> dict[tuple[str, str | None], Severity]:
    """The worst new failure of each endpoint and its variants, by source and address; None for the whole source."""
    found: dict[tuple[str, str | None], Severity] = {}
    for (source, address, _), severity in marks(report).items():
        found.setdefault((source, address), severity)
    return found


def _unchanged(report: Report, monthly: Monthly) -> BillRow:
    """One row for all that the change leaves alone; its amounts are the total where nothing else is there."""
    left = [item for item in report.endpoints if item.unchanged]
    name = f"{named(left[0].endpoint) if len(left) == 1 else counted(len(left), 'endpoint')}, unchanged"
    if changes_nothing(report):
        return BillRow(kind="heading", name=name)
    return BillRow(kind="total", name=name, amounts=amounts(monthly), usage=monthly.depends_on_usage)


def _endpoint(item: EndpointReport, marks: Marks, *, has_past: bool) -> Iterator[BillRow]:
    endpoint, cost = item.endpoint, item.cost
    yield BillRow(
        kind="endpoint",
        name=named(endpoint),
        detail=described(item, has_past=has_past),
        mark=marks.get((item.source, endpoint.address, None)),
    )
    if cost is not None:
        yield from _costs(item, cost, marks)
    if item.before is not None and (cost is None or _bounds(item.before) != _bounds(cost.monthly)):
        yield BillRow(kind="shared", detail="before", amounts=amounts(item.before), usage=item.before.depends_on_usage)


def _with_discounts(report: Report, item: EndpointReport) -> Iterator[BillRow]:
    """What an endpoint costs with discounts, where they make a difference to it."""
    if report.discounts is None or item.cost is None:
        return
    monthly = report.discounts.endpoints.get((item.source, item.endpoint.address))
    if monthly is not None and _bounds(monthly) != _bounds(item.cost.monthly):
        yield BillRow(kind="shared", detail=WITH_DISCOUNTS, amounts=amounts(monthly), usage=monthly.depends_on_usage)


def named(endpoint: Endpoint) -> str:
    """The name of an endpoint, else what is known of it, else its address."""
    if isinstance(endpoint.name, Unknown):
        return inert(endpoint.name.partial or endpoint.address)
    return inert(endpoint.name)


def described(item: EndpointReport, *, has_past: bool) -> str:
    """The mode of an endpoint and what the change does to it: ``real-time · changed``."""
    endpoint = item.endpoint
    mode = "mode unknown" if isinstance(endpoint.mode, Unknown) else MODES[endpoint.mode]
    words = [mode]
    if endpoint.deployed == "possibly":
        words.append("possibly deployed")
    if has_past and endpoint.deployed != "no":
        words.append("unchanged" if item.unchanged else _CHANGES[endpoint.change])
    return " · ".join(words)


def _bounds(monthly: Monthly) -> tuple[object, ...]:
    return monthly.floor, monthly.expected, monthly.ceiling, monthly.at_least


def _costs(item: EndpointReport, cost: Bill, marks: Marks) -> Iterator[BillRow]:
    endpoint = item.endpoint
    if isinstance(endpoint.variants, Unknown):
        yield BillRow(kind="component", detail="configuration unknown", amounts=(UNKNOWN, "", ""))
    else:
        for position, (variant, priced) in enumerate(zip(endpoint.variants, cost.children, strict=True), start=1):
            mark = marks.get((item.source, endpoint.address, variant.name)) if isinstance(variant.name, str) else None
            yield from _variant(variant_name(variant, position), variant, priced, mark)
    if not isinstance(endpoint.inference_components, Unknown):
        yield from _hosted(endpoint.inference_components)
    yield from _data(cost.lines)


def variant_name(variant: Variant, position: int) -> str:
    """The name of a variant, else what is known of it, else its number, as findings call it."""
    return inert(variant.name if isinstance(variant.name, str) else variant.name.partial or f"variant {position}")


def _variant(name: str, variant: Variant, cost: Bill, mark: Severity | None) -> Iterator[BillRow]:
    shadow = shadow_note(variant)
    for position, row in enumerate(map(_component, cost.lines)):
        if position:
            yield row
        else:
            yield structs.replace(row, name=name, detail=f"{row.detail}{shadow}", mark=mark)


def shadow_note(variant: Variant) -> str:
    """`` (shadow)``, with the hours that a shadow test takes; nothing behind other variants."""
    if not variant.shadow:
        return ""
    hours = variant.monthly_hours if isinstance(variant, InstanceVariant) else None
    if hours is None or variant.sensitive:
        return " (shadow)"
    return " (shadow, hours unknown)" if isinstance(hours, Unknown) else f" (shadow, {number(round(hours, 2))} h)"


def _component(component: CostComponent) -> BillRow:
    return BillRow(
        kind="component",
        detail=detail_of(component),
        quantity=quantity_of(component),
        amounts=amounts_of(component),
    )


def detail_of(component: CostComponent) -> str:
    """What a line of the bill is for: ``ml.m5.xlarge``, ``volume 20 GB``, ``kept warm 2 GB``."""
    kind = _KINDS[component.kind]
    if component.redacted:
        return f"{kind or 'instances'} (sensitive)"
    if component.kind == "volume" and component.size is None:
        return "volume of unknown size"
    return f"{kind} {inert(component.detail).removesuffix(' memory')}".strip()


def quantity_of(component: CostComponent) -> str:
    """How many instances or slots, else how much of the unit, else what one of the unit costs."""
    if component.redacted:
        return ""
    if component.count is not None:
        return _range(component.count)
    if component.quantity is not None:
        return f"{_range(component.quantity)} {UNITS.get(component.unit, component.unit)}"
    if component.price is not None:
        return f"{number(component.price.usd)} per {UNITS.get(component.unit, component.unit)}"
    return ""


def _range(quantity: MonthlyQuantity) -> str:
    """From least to most; the state with the least money may have the most of a line that another one lacks."""
    return spread(*sorted(map(_shown, (quantity.floor, quantity.ceiling))))


def _shown(amount: Decimal) -> Decimal:
    """To four decimals, as far as that leaves anything: ``3.3333`` of ten hours in three."""
    rounded = round(amount, 4)
    return rounded if rounded or not amount else Decimal(f"{amount:.2g}")


def amounts_of(component: CostComponent) -> Amounts:
    """Floor, expected and ceiling of one line, or in the first place why there are none."""
    if component.monthly is not None:
        return _three(component.monthly, "~" if component.estimated else "")
    if component.depends_on_usage and component.reason is None:
        return USAGE, "", ""
    return (NO_PRICE if component.price is None else UNKNOWN), "", ""


def amounts(monthly: Monthly) -> Amounts:
    """Floor, expected and ceiling: ``≥`` where something is missing, ``~`` where at least 1 % is estimated.

    Where nothing at all is known they are unknown: a zero would read as free.
    """
    if monthly.at_least and not monthly.ceiling:
        return UNKNOWN, UNKNOWN, UNKNOWN
    return _three(monthly, ("≥" if monthly.at_least else "") + ("~" if monthly.estimated else ""))


def _three(bounds: Monthly | MonthlyQuantity, prefix: str) -> Amounts:
    """Least, expected and most; of a line that only one possibility has the least is nothing."""
    least, most = sorted((bounds.floor, bounds.ceiling))
    return _amount(least, prefix), _amount(bounds.expected, prefix), _amount(most, prefix)


def _amount(amount: Decimal | Unknown, prefix: str) -> str:
    if isinstance(amount, Unknown):
        return UNKNOWN
    return f"{prefix if amount else prefix.replace('~', '')}{usd(amount)}"


def _hosted(components: Iterable[InferenceComponent]) -> Iterator[BillRow]:
    """What runs on the instances above; it has no price of its own."""
    hosted = list(components)
    for component in hosted[:MOST_INFERENCE_COMPONENTS]:
        name = component.name if isinstance(component.name, str) else component.name.partial or component.address
        yield BillRow(kind="component", detail=f"hosts {inert(name)}", quantity=_copies(component))
    if len(hosted) > MOST_INFERENCE_COMPONENTS:
        yield BillRow(kind="component", detail=f"hosts {len(hosted) - MOST_INFERENCE_COMPONENTS:,} more")


def _copies(component: InferenceComponent) -> str:
    scaling, copies = component.scaling, component.copies
    if isinstance(scaling, ScalableTarget) and not scaling.sensitive:
        least, most = scaling.min_capacity, scaling.max_capacity
        if isinstance(least, int) and isinstance(most, int):
            return spread(least, most)
    return number(copies) if isinstance(copies, int) and scaling is None else ""


def _data(components: tuple[CostComponent, ...]) -> Iterator[BillRow]:
    """Data in and out, in one row where neither has an amount and both cost the same."""
    rows = [structs.replace(_component(component), kind="shared") for component in components]
    alike = len({(row.quantity, row.amounts) for row in rows}) == 1
    if len(rows) > 1 and alike and all(component.monthly is None for component in components):
        rows = [structs.replace(rows[0], detail="data in, out")]
    yield from rows


def _totals(report: Report) -> Iterator[BillRow]:
    totals = report.totals
    yield BillRow(kind="total", name="MONTHLY", amounts=amounts(totals.after), usage=totals.after.depends_on_usage)
    yield from _possibilities(report)
    discounts = report.discounts
    if discounts is not None:
        yield BillRow(
            kind="total", name=WITH_DISCOUNTS, amounts=amounts(discounts.after), usage=discounts.after.depends_on_usage
        )
    if changes_nothing(report):
        return
    if totals.before is not None:
        before = totals.before
        yield BillRow(kind="total", name="before this change", amounts=amounts(before), usage=before.depends_on_usage)
    if totals.delta is not None:
        yield BillRow(kind="total", name="change", amounts=_change(totals.delta, _estimated_change(report)))
    if discounts is not None and discounts.delta is not None:
        yield BillRow(kind="total", name=f"change {WITH_DISCOUNTS}", amounts=_change(discounts.delta))


def _possibilities(report: Report) -> Iterator[BillRow]:
    """What each possibility costs, the first of them where there are many."""
    shown, more = possibilities(report)
    for each in shown:
        after = each.totals.after
        yield BillRow(
            kind="total", name=f"if {inert(each.given)}", amounts=amounts(after), usage=after.depends_on_usage
        )
    if more:
        yield BillRow(kind="heading", name=more)


def possibilities(report: Report) -> tuple[Sequence[PossibilityReport], str]:
    """Those to show, none where all cost the same, and a sentence that counts the rest."""
    found = report.possibilities
    if all(each.totals.after == found[0].totals.after for each in found):
        return (), ""
    more = len(found) - MOST_POSSIBILITIES
    rest = f"and {counted(more, 'more possibility', 'more possibilities')}; --format json has them all"
    return found[:MOST_POSSIBILITIES], rest if more > 0 else ""


def _change(delta: Delta, estimated: tuple[Decimal, Decimal, Decimal] = (ZERO, ZERO, ZERO)) -> Amounts:
    """The change of each bound, marked where at least 1 % of it is estimated."""
    floor, expected, ceiling = (
        f"{'~' if isinstance(amount, Decimal) and amount and share * 100 >= abs(amount) else ''}{difference(amount)}"
        for amount, share in zip((delta.floor, delta.expected, delta.ceiling), estimated, strict=True)
    )
    return floor, expected, ceiling


def _estimated_change(report: Report) -> tuple[Decimal, Decimal, Decimal]:
    """How much of the change is estimated, endpoint by endpoint: what is alike before and after is no change."""
    floor = expected = ceiling = ZERO
    for item in report.endpoints:
        before, after = item.before or NO_COST, item.cost.monthly if item.cost else NO_COST
        floor += abs(after.estimated_floor - before.estimated_floor)
        expected += abs(after.estimated_share - before.estimated_share)
        ceiling += abs(after.estimated_ceiling - before.estimated_ceiling)
    return floor, expected, ceiling


def _unattached(report: Report) -> Iterator[BillRow]:
    found = marks(report)
    if report.unattached:
        yield BillRow(kind="heading")
        yield BillRow(kind="heading", name="not deployed: no endpoint uses these, and no total includes them")
    for item in report.unattached:
        yield from _endpoint(item, found, has_past=False)
