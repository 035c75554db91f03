"""An estimate and the month that followed, line by line: by endpoint and usage type, with the difference and why.

Endpoints are paired by account, region and name, without case. Transform jobs, whose names are made as they start, and
everything of a bill that names no resources, are paired by usage type. What is in the bill and in no code, in the code
and not in the bill, and what is no inference stand in rows of their own, so nothing is left over.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final, TypeAlias

from msgspec import Struct

from guardrail.bills.answer import Answer, Row, joined, ratio, total
from guardrail.bills.billed import Billed, Month, together
from guardrail.bills.reasons import Estimated, Reason, ReasonName, in_words, length_of_the_month, reasons
from guardrail.bills.resources import ENDPOINT
from guardrail.bills.usage import BATCH, INFERENCE, NOT_INFERENCE, NOT_RECOGNISED, SOFTWARE, region_prefixes
from guardrail.bills.view import USAGE_LINES
from guardrail.cost.base import CostComponent
from guardrail.money import ZERO
from guardrail.prices import usage_types
from guardrail.report import EndpointReport, Report

COLUMNS: Final = (
    *("endpoint", "address", "account", "region", "usage_type", "estimated", "billed", "difference"),
    *("difference_percent", "why", "currency"),
)
SHOWN: Final = ("endpoint", "usage_type", "estimated", "billed", "difference", "difference_percent", "why")
_ORPHAN: Final[ReasonName] = "in the bill and in no code (orphan)"
UNBILLED: Final[ReasonName] = "in the code and not in the bill"


class Pair(Struct, frozen=True, kw_only=True):
    """An endpoint of the code with what was billed of it."""

    item: EndpointReport
    billed: tuple[Billed, ...]
    elsewhere: bool = False
    """Whether the bill has it in another region than the code."""
    several: tuple[str, ...] = ()
    """Where the bill has endpoints of its name, of which the code does not tell the one that is meant."""


class Pool(Struct, frozen=True, kw_only=True):
    """A usage type of a region that nothing ties to one endpoint: all lines of the code, and all that was billed."""

    addresses: tuple[str, ...]
    lines: tuple[CostComponent, ...]
    parts: tuple[Billed, ...]


class Pairs(Struct, frozen=True, kw_only=True):
    """Everything of both sides, paired as far as it goes."""

    pairs: tuple[Pair, ...]
    pools: tuple[Pool, ...]
    orphans: tuple[Billed, ...]
    """Of inference, in no code."""
    others: tuple[Billed, ...]
    """Not inference, or not recognised."""
    alone: tuple[Pair, ...] = ()
    """Of a bill without names: endpoints that alone have a usage type in the code, with what was billed of it."""


def paired(report: Report, month: Month) -> Pairs:
    """Endpoints with what was billed of them; usage types where the bill, or what starts a job, tells no name."""
    ours = [part for part in month.parts if part.mode in INFERENCE or part.mode == SOFTWARE]
    items = [item for item in report.endpoints if item.cost is None or item.cost.part_of is None]
    has_names = not month.facts.is_nameless
    pooled = [
        (each.workflow.address, line) for each in report.workflows if each.cost for line in each.cost.every_line()
    ]
    if not has_names:
        pooled += [(item.endpoint.address, line) for item in items for line in lines_of(item)]
        items = []
    pools = _pools(pooled, [part for part in ours if part.mode == BATCH or not has_names])
    alone = () if has_names else tuple(_alone(report, pools))
    taken = {id(part) for pool in pools for part in pool.parts}
    left = {id(part): part for part in ours if id(part) not in taken}
    return Pairs(
        pairs=tuple(_pairs(items, left)),
        pools=tuple(pools),
        orphans=tuple(left.values()),
        others=tuple(part for part in month.parts if part.mode not in INFERENCE and part.mode != SOFTWARE),
        alone=alone,
    )


def _alone(report: Report, pools: Sequence[Pool]) -> Iterator[Pair]:
    """Endpoints that are the only ones of the code with a usage type; an address of two sources is of neither."""
    addresses = [item.endpoint.address for item in report.endpoints]
    for item in report.endpoints:
        address = item.endpoint.address
        parts = tuple(part for pool in pools if pool.addresses == (address,) for part in pool.parts)
        if parts and addresses.count(address) == 1:
            yield Pair(item=item, billed=parts)


def _pairs(items: Sequence[EndpointReport], left: dict[int, Billed]) -> list[Pair]:
    """Endpoints with the parts of their name, taken out of what is left; in another region where no other has it."""
    by_name: dict[str, list[Billed]] = {}
    for part in left.values():
        if part.resource.kind == ENDPOINT:
            by_name.setdefault(part.resource.name, []).append(part)
    found: dict[int, Pair] = {}
    for by_region in (True, False):
        for item in items:
            if id(item) in found:
                continue
            mine = [
                part for part in _of_name(item, by_name) if id(part) in left and _is_of(item, part, by_region=by_region)
            ]
            places = sorted({f"{part.resource.account} in {part.resource.region}" for part in mine})
            several, mine = (tuple(places), []) if len(places) > 1 else ((), mine)  # none of several is it for sure
            for part in mine:
                del left[id(part)]
            if mine or not by_region:
                elsewhere = bool(mine) and not by_region
                found[id(item)] = Pair(item=item, billed=tuple(mine), elsewhere=elsewhere, several=several)
    return [found[id(item)] for item in items]


def _pools(pooled: Sequence[tuple[str, CostComponent]], parts: Sequence[Billed]) -> list[Pool]:
    """Lines of the code by region and charge, with the parts of the bill that are of the same.

    A line that rests on sensitive values is by itself: beside others of its charge, or a bill, it would tell its type.
    """
    regions = region_prefixes()
    lines: dict[tuple[str, str], list[tuple[str, CostComponent]]] = {}
    for address, line in pooled:
        known = None if line.usage_type is None else usage_types.parse(line.usage_type)
        region = regions.get(known.prefix, "") if known else ""
        key = ("", f"sensitive {line.kind}") if line.redacted else (region, _key(line))
        lines.setdefault(key, []).append((address, line))
    billed: dict[tuple[str, str], list[Billed]] = {}
    for part in parts:
        billed.setdefault(("" if part.mode == SOFTWARE else part.resource.region, _billed_key(part)), []).append(part)
    return [
        Pool(
            addresses=tuple(dict.fromkeys(address for address, _ in several)),
            lines=tuple(line for _, line in several),
            parts=tuple(billed.get(key, ())),
        )
        for key, several in lines.items()
    ]


def _of_name(item: EndpointReport, by_name: Mapping[str, Sequence[Billed]]) -> Sequence[Billed]:
    """The lines of endpoints that bear the name of one of the code."""
    name = item.endpoint.name
    return by_name.get(name.lower(), ()) if isinstance(name, str) else ()


def _is_of(item: EndpointReport, part: Billed, *, by_region: bool) -> bool:
    """Whether a line of its name is of an endpoint."""
    account = item.endpoint.account
    if account is not None and part.resource.account and part.resource.account != account:
        return False
    return not by_region or not isinstance(item.endpoint.region, str) or item.endpoint.region == part.resource.region


def lines_of(item: EndpointReport) -> tuple[CostComponent, ...]:
    """What an endpoint is estimated at: as it will be, or as it was where the code deletes it."""
    bill = item.cost or item.previous_cost
    return tuple(bill.every_line()) if bill else ()


def answer(found: Pairs, month: Month) -> Answer:
    """The reconciliation: rows by endpoint and usage type, the largest difference first."""
    rows = [_row(pair, *side) for pair in found.pairs for side in sides(pair, month)]
    rows += [_pool_row(pool, *side) for pool in found.pools for side in sides(pool, month)]
    rows += _of_orphans(found.orphans)
    rows += _of_others(found.others)
    rows = [{**row, "currency": month.currency} for row in rows]
    rows.sort(key=lambda row: -abs(row["difference"]) if isinstance(row["difference"], Decimal) else Decimal(1))
    lacks = [] if month.facts.is_hourly else ["the export has no hours: updates with two fleets are not told apart"]
    if month.facts.is_nameless:
        lacks.append("no line names its resource: estimate and bill are laid side by side by usage type")
    return Answer(
        question="reconcile",
        start=str(month.start),
        end=str(month.end),
        layouts=month.facts.layouts,
        columns=COLUMNS,
        shown=SHOWN,
        rows=tuple(rows),
        notes=tuple(_notes(found, rows, month)),
        lacks=tuple(lacks),
    )


ReconciledCharge: TypeAlias = tuple[Estimated, Billed | None, tuple[Reason, ...]]
"""What is estimated of one charge, what was billed of it, and why these differ."""


def sides(pair: Pair | Pool, month: Month) -> Iterator[ReconciledCharge]:
    """Each charge that is on either side of an endpoint, or of a usage type."""
    of_code, of_bill = (lines_of(pair.item), pair.billed) if isinstance(pair, Pair) else (pair.lines, pair.parts)
    estimated: dict[str, list[CostComponent]] = {}
    for line in of_code:
        estimated.setdefault(_key(line), []).append(line)
    billed: dict[str, Billed] = {}
    for each in of_bill:  # a charge may be there twice: with a prefix and without, several of software
        key = _billed_key(each)
        billed[key] = together(billed[key], each) if key in billed else each
    for key in dict.fromkeys((*estimated, *billed)):
        mine, part = Estimated(lines=tuple(estimated.get(key, ()))), billed.get(key)
        if part is not None or mine.usd or any(line.redacted or not line.depends_on_usage for line in mine.lines):
            yield mine, part, tuple(_why(pair, mine, part, month))


def _why(pair: Pair | Pool, mine: Estimated, part: Billed | None, month: Month) -> Iterator[Reason]:
    """Why the two sides of a charge differ."""
    if any(line.redacted for line in mine.lines):
        difference = None if mine.usd is None else (ZERO if part is None else part.cost) - mine.usd
        told = "the estimate rests on sensitive values, which are not shown"
        yield Reason(name="not estimated", usd=difference, evidence=told)
    elif part is None and mine.is_nameless:
        yield Reason(name="not estimated", usd=None, evidence=mine.why_unknown)
    elif part is None:
        usd = None if mine.usd is None else -mine.usd
        yield Reason(name=UNBILLED, usd=usd, evidence=_unbilled(pair, month))
    elif part.mode == SOFTWARE:
        software = mine.usd or ZERO
        length = length_of_the_month(software, month)
        if length.usd:
            yield length
        rest = part.cost - software - (length.usd or ZERO)
        if rest or not mine.lines:
            yield Reason(name="Marketplace software", usd=rest, evidence=part.use.usage_type)
    elif not mine.lines and (nameless := _nameless(pair)):
        told = f"the code has what may be it, of no usage type that is known: {nameless.why_unknown}"
        yield Reason(name="not estimated", usd=None, evidence=told)
    elif not mine.lines:
        told = "the code has no such line of this endpoint; another instance type, or what it had before"
        yield Reason(name=_ORPHAN, usd=part.cost, evidence=told)
    else:
        yield from reasons(mine, part, month, elsewhere=isinstance(pair, Pair) and pair.elsewhere)


def _nameless(pair: Pair | Pool) -> Estimated | None:
    """The lines of the code that no line of a bill can be paired with, for their usage type is not known."""
    lines = lines_of(pair.item) if isinstance(pair, Pair) else pair.lines
    found = Estimated(lines=tuple(line for line in lines if line.usage_type is None))
    return found if found.is_nameless else None


def _key(line: CostComponent) -> str:
    """What a line is joined by: its charge, so that two regions may be compared; software by itself."""
    if line.kind == "software" or line.usage_type is None:
        return line.kind
    known = usage_types.parse(line.usage_type)
    return known.charge if known else line.usage_type


def _billed_key(part: Billed) -> str:
    return "software" if part.mode == SOFTWARE else part.use.charge or part.use.usage_type


def _unbilled(pair: Pair | Pool, month: Month) -> str:
    """Why nothing was billed, as far as that is known."""
    if isinstance(pair, Pool):
        return f"no line of {month.label} has its usage type"
    name = pair.item.endpoint.name
    if not isinstance(name, str):
        return f"its name is not known before it is made ({name.reason}), so nothing can be paired with it"
    if pair.several:
        return f"the bill has one of its name for {' and '.join(pair.several)}; --account says which is meant"
    return "its other lines are in the bill" if pair.billed else f"no line of {month.label} names it"


def _row(pair: Pair, mine: Estimated, part: Billed | None, why: Sequence[Reason]) -> Row:
    endpoint = pair.item.endpoint
    return {
        "endpoint": part.name if part else endpoint.name if isinstance(endpoint.name, str) else endpoint.address,
        "address": endpoint.address,
        "account": part.resource.account if part else endpoint.account,
        "region": part.resource.region if part else endpoint.region if isinstance(endpoint.region, str) else None,
        **_amounts(mine, part, why),
    }


def _pool_row(pool: Pool, mine: Estimated, part: Billed | None, why: Sequence[Reason]) -> Row:
    """A row of no endpoint: of all that the code has of its usage type."""
    accounts = {each.resource.account for each in pool.parts}
    return {
        "endpoint": None,
        "address": joined(pool.addresses),
        "account": accounts.pop() if len(accounts) == 1 else None,
        "region": part.resource.region if part else None,
        **_amounts(mine, part, why),
    }


def _amounts(mine: Estimated, part: Billed | None, why: Sequence[Reason]) -> Row:
    """What both sides come to. A redacted estimate says neither its usage type nor what it is made from."""
    cost = ZERO if part is None else part.cost
    usd = mine.usd if mine.lines else None
    if part is not None and part.mode == SOFTWARE and mine.lines:
        usd = mine.usd or ZERO
    difference = None if usd is None and (part is None or not _only_billed(why)) else cost - (usd or ZERO)
    line = mine.lines[0] if part is None else None
    own = None if line is None else line.kind if line.redacted else line.usage_type or line.kind
    return {
        "usage_type": own if part is None else part.use.usage_type,
        "estimated": usd,
        "billed": cost,
        "difference": difference,
        "difference_percent": ratio(difference, usd) if difference is not None and usd else None,
        "why": in_words(why) or "as estimated",
    }


def _only_billed(why: Sequence[Reason]) -> bool:
    return any(reason.name in (_ORPHAN, "Marketplace software") for reason in why)


def _of_orphans(orphans: Sequence[Billed]) -> Iterator[Row]:
    for part in orphans:
        named = None if part.name == part.use.usage_type else part.name
        whose = f"{part.resource.kind} {named}".strip() if named else "no resource that is named"
        why = Reason(name=orphaned(part), usd=part.cost, evidence=f"{part.mode} of {whose}")
        yield _bare(named, part.use.usage_type, part.cost, why) | {
            "account": part.resource.account,
            "region": part.resource.region,
        }


def orphaned(part: Billed) -> ReasonName:
    """Why something is billed that no code has."""
    return "Marketplace software" if part.mode == SOFTWARE else _ORPHAN


def _of_others(others: Sequence[Billed]) -> list[Row]:
    """What is no inference, in one row, and what is not recognised, which may be, in another."""
    rows: list[Row] = []
    kinds: tuple[tuple[str, ReasonName], ...] = ((NOT_INFERENCE, "not inference"), (NOT_RECOGNISED, "not estimated"))
    for mode, name in kinds:
        parts = [part for part in others if part.mode == mode]
        if parts:
            cost = total(part.cost for part in parts) or ZERO
            evidence = joined(sorted(part.use.usage_type or "(none)" for part in parts))
            rows.append(_bare(None, f"({mode})", cost, Reason(name=name, usd=cost, evidence=evidence)))
    return rows


def _bare(endpoint: str | None, usage_type: str, cost: Decimal, why: Reason) -> Row:
    row: Row = dict.fromkeys(COLUMNS)
    return row | {
        "endpoint": endpoint,
        "usage_type": usage_type,
        "billed": cost,
        "difference": cost,
        "why": in_words([why]),
    }


def _notes(found: Pairs, rows: Sequence[Row], month: Month) -> list[str]:
    estimated = total(row["estimated"] for row in rows if isinstance(row["estimated"], Decimal)) or ZERO
    billed = total(row["billed"] for row in rows if isinstance(row["billed"], Decimal)) or ZERO
    unknown = sum(row["difference"] is None for row in rows)
    least = f"{'at least ' if unknown else ''}{estimated:,.2f}" if estimated or not unknown else "an unknown amount"
    told = f"estimated {least} for a month of 730 hours"
    notes = [f"{told}, billed {billed:,.2f} in {month.label} of {month.hours} hours"]
    if month.cut_at is not None:
        notes.append(
            f"the bill ends on {month.cut_at:%Y-%m-%d %H:%M}, before the month does: hours after it may follow"
        )
    apart = [name for name in month.facts.line_types if name not in USAGE_LINES and not name.startswith("SavingsPlan")]
    if apart:
        notes.append(
            f"no use, and in no row: {joined(name or '(none)' for name in apart)}; guardrail bills has their sums"
        )
    if unknown:
        notes.append(
            f"{unknown} rows have no estimate to compare with"
            f"{'; --usage-file writes what the bill knows of them' if any(pair.billed for pair in found.pairs) else ''}"
        )
    return notes
