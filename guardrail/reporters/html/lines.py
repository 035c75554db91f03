"""Every line of the bill, before beside after, and every price that was used, once."""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from guardrail.cost.base import Bill, CostComponent
from guardrail.model import Endpoint, Unknown
from guardrail.money import plain
from guardrail.report import EndpointReport
from guardrail.reporters import pairs
from guardrail.reporters.bill import UNITS, Amounts, amounts_of, detail_of, quantity_of, shadow_note, variant_name
from guardrail.reporters.pairs import LinePair
from guardrail.reporters.wording import inert, number, spread

LONGEST_MESSAGE = 1_200
NONE = "–"


class PageLine(Struct, frozen=True, kw_only=True):
    """One line of the bill."""

    owner: str
    """The variant, or that it is the endpoint's own."""
    what: str
    usage_type: str
    facts: str
    """The unit price, and what was there before where it was something else."""
    quantity: str
    before: str
    after: Amounts
    doubts: str
    origins: str


def lines(item: EndpointReport) -> list[PageLine]:
    """The lines of an endpoint, its variants first."""
    return [_line(pair, item) for pair in pairs.lines(item)]


def _line(pair: LinePair, item: EndpointReport) -> PageLine:
    """One component; of one that rests on sensitive values, what kind it is and what it costs a month."""
    known = pair.line
    price = None if known.redacted else known.price
    facts = [f"{number(price.usd)} per {UNITS.get(known.unit, known.unit)}"] if price else []
    if pair.before and pair.after and not known.redacted and detail_of(pair.before) != detail_of(known):
        facts.append(f"before: {detail_of(pair.before)}")
    return PageLine(
        owner=_owner(pair, item),
        what=detail_of(known),
        usage_type=inert(known.usage_type or "") if not known.redacted else "",
        facts=", ".join(facts),
        quantity=_quantity(known),
        before=_expected(pair.before),
        after=_amounts(pair.after),
        doubts=", ".join(_doubts(known)),
        origins="" if known.redacted else _origins(known),
    )


def _owner(pair: LinePair, item: EndpointReport) -> str:
    if not pair.label:
        return "endpoint"
    is_after = pair.after is not None
    endpoint, bill = (item.endpoint, item.cost) if is_after else (item.previous, item.previous_cost)
    return _variant_name(pair.label, endpoint, bill)


def _variant_name(label: str, endpoint: Endpoint | None, bill: Bill | None) -> str:
    if endpoint is None or bill is None or isinstance(endpoint.variants, Unknown):
        return inert(label)
    for position, (variant, child) in enumerate(zip(endpoint.variants, bill.children, strict=False), start=1):
        if child.label == label:
            return variant_name(variant, position) + shadow_note(variant)
    return inert(label)


def _expected(component: CostComponent | None) -> str:
    if component is None:
        return NONE
    floor, expected, _ = amounts_of(component)
    return expected or floor


def _amounts(component: CostComponent | None) -> Amounts:
    """Floor, expected and ceiling; why there are none in the middle."""
    if component is None:
        return "", NONE, ""
    floor, expected, ceiling = amounts_of(component)
    return (floor, expected, ceiling) if expected else ("", floor, "")


def _quantity(component: CostComponent) -> str:
    """How many, and how much of the unit that is: ``2 – 6 · 1,460 – 4,380 h``."""
    if component.redacted or component.quantity is None:
        return ""
    unit = UNITS.get(component.unit, component.unit)
    amount = f"{spread(component.quantity.floor, component.quantity.ceiling)} {unit}"
    return f"{quantity_of(component)} · {amount}" if component.count is not None else amount


def _doubts(component: CostComponent) -> Iterator[str]:
    if component.reason:
        yield "sensitive" if component.redacted else inert(component.reason)
    if component.redacted:
        return
    if component.estimated:
        yield "estimated"
    if component.assumed:
        yield "expected is assumed"
    if component.price and component.price.suspect:
        yield f"doubtful: {inert(component.price.suspect)}"
    if component.depends_on_usage:
        yield "depends on usage"


def _origins(component: CostComponent) -> str:
    """``count.floor, count.ceiling: scalable target; hours: 730 hours a month``; where prices are from is told once."""
    by_origin: dict[str, list[str]] = {}
    for key, origin in component.origins.items():
        if key != "price":
            by_origin.setdefault(origin, []).append(key)
    return inert("; ".join(f"{', '.join(keys)}: {origin}" for origin, keys in by_origin.items()), LONGEST_MESSAGE)


def prices(items: Iterable[EndpointReport]) -> Iterator[tuple[str, str, str, str]]:
    """Every price that was used, once: usage type, price, how it is known and since when, and where it is from."""
    found: dict[tuple[str, str], tuple[str, str, str, str]] = {}
    for component in (
        line for item in items for bill in (item.cost, item.previous_cost) if bill for line in bill.every_line()
    ):
        price = component.price
        if price is None or component.redacted:
            continue
        basis = f"{price.basis}{f' ({price.confidence} confidence)' if price.confidence else ''} {price.date}"
        source = inert(". ".join(text.rstrip(".") for text in (price.rule, price.source) if text), LONGEST_MESSAGE)
        unit = UNITS.get(component.unit, component.unit)
        row = inert(price.usage_type), f"{plain(price.usd)} per {unit}", basis, source
        found.setdefault(row[:2], row)
    yield from (found[key] for key in sorted(found))
