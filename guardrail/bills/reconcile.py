"""An estimate and the month that followed, line by line: by endpoint and usage type, with the difference and why.

Endpoints are paired by account, region and name, without case. What is in the bill and in no code, in the code and not
in the bill, and what is no inference stand in rows of their own, so nothing is left over.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final

from msgspec import Struct

from guardrail.bills.answer import Answer, Row, joined, ratio, total
from guardrail.bills.billed import Billed, Month, together
from guardrail.bills.reasons import Estimated, Reason, ReasonName, in_words, reasons
from guardrail.bills.resources import ENDPOINT
from guardrail.bills.usage import INFERENCE, SOFTWARE
from guardrail.cost.base import CostComponent
from guardrail.prices import usage_types
from guardrail.report import EndpointReport, Report

COLUMNS: Final = (
    *("endpoint", "address", "account", "region", "usage_type", "estimated", "billed", "difference"),
    *("difference_percent", "why", "currency"),
)
SHOWN: Final = ("endpoint", "usage_type", "estimated", "billed", "difference", "difference_percent", "why")
_ORPHAN: Final[ReasonName] = "in the bill and in no code (orphan)"
_UNBILLED: Final[ReasonName] = "in the code and not in the bill"


class Pair(Struct, frozen=True, kw_only=True):
    """An endpoint of the code with what was billed of it."""

    item: EndpointReport
    billed: tuple[Billed, ...]
    elsewhere: bool = False
    """Whether the bill has it in another region than the code."""
    several: tuple[str, ...] = ()
    """Where the bill has endpoints of its name, of which the code does not tell the one that is meant."""


class Pairs(Struct, frozen=True, kw_only=True):
    """Everything of both sides, paired as far as it goes."""

    pairs: tuple[Pair, ...]
    orphans: tuple[Billed, ...]
    """Of inference, in no code."""
    others: tuple[Billed, ...]
    """Not inference."""


def paired(report: Report, month: Month) -> Pairs:
    """Endpoints with what was billed of them; one in another region only where no other bears its name."""
    left: dict[int, Billed] = {}
    others: list[Billed] = []
    by_name: dict[str, list[Billed]] = {}
    for part in month.parts:
        if part.mode not in INFERENCE and part.mode != SOFTWARE:
            others.append(part)
            continue
        left[id(part)] = part
        if part.resource.kind == ENDPOINT:
            by_name.setdefault(part.resource.name, []).append(part)
    items = [item for item in report.endpoints if item.cost is None or item.cost.part_of is None]
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
    return Pairs(
        pairs=tuple(found[id(item)] for item in items),
        orphans=tuple(left.values()),
        others=tuple(others),
    )


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
    rows = [row for pair in found.pairs for row in _of_pair(pair, month)]
    rows += _of_orphans(found.orphans)
    rows += _of_others(found.others)
    rows = [{**row, "currency": month.currency} for row in rows]
    rows.sort(key=lambda row: -abs(row["difference"]) if isinstance(row["difference"], Decimal) else Decimal(1))
    return Answer(
        question="reconcile",
        start=str(month.start),
        end=str(month.end),
        layouts=month.facts.layouts,
        columns=COLUMNS,
        shown=SHOWN,
        rows=tuple(rows),
        notes=tuple(_notes(rows, month)),
        lacks=() if month.facts.is_hourly else ("the export has no hours: updates with two fleets are not told apart",),
    )


def _of_pair(pair: Pair, month: Month) -> Iterator[Row]:
    """The rows of one endpoint: each usage type of either side."""
    estimated: dict[str, list[CostComponent]] = {}
    for line in lines_of(pair.item):
        estimated.setdefault(_key(line), []).append(line)
    billed: dict[str, Billed] = {}
    for each in pair.billed:  # a charge may be there twice: with a prefix and without, several of software
        key = _billed_key(each)
        billed[key] = together(billed[key], each) if key in billed else each
    for key in dict.fromkeys((*estimated, *billed)):
        lines, part = tuple(estimated.get(key, ())), billed.get(key)
        mine = Estimated(lines=lines)
        if any(line.redacted for line in lines):
            yield _sensitive(pair, mine, part, lines[0])
            continue
        if part is None:
            if mine.usd or any(not line.depends_on_usage for line in lines):
                yield _row(pair, lines[0].usage_type or lines[0].kind, mine.usd, None, [_unbilled(pair, mine, month)])
        elif part.mode == SOFTWARE:
            software = mine.usd or Decimal(0)
            why = Reason(name="Marketplace software", usd=part.cost - software, evidence=part.use.usage_type)
            yield _row(pair, part.use.usage_type, software if lines else None, part, [why])
        elif not lines:
            told = "the code has no such line of this endpoint; another instance type, or what it had before"
            yield _row(pair, part.use.usage_type, None, part, [Reason(name=_ORPHAN, usd=part.cost, evidence=told)])
        else:
            why_differ = reasons(mine, part, month, elsewhere=pair.elsewhere)
            yield _row(pair, part.use.usage_type, mine.usd, part, why_differ)


def _sensitive(pair: Pair, mine: Estimated, part: Billed | None, line: CostComponent) -> Row:
    """A row whose estimate rests on sensitive values: its amounts alone, and none of what they are made from."""
    difference = None if mine.usd is None else (Decimal(0) if part is None else part.cost) - mine.usd
    told = "the estimate rests on sensitive values, which are not shown"
    why = Reason(name="not estimated", usd=difference, evidence=told)
    return _row(pair, line.kind if part is None else part.use.usage_type, mine.usd, part, [why])


def _key(line: CostComponent) -> str:
    """What a line is joined by: its charge, so that two regions may be compared; software by itself."""
    if line.kind == "software" or line.usage_type is None:
        return line.kind
    known = usage_types.parse(line.usage_type)
    return known.charge if known else line.usage_type


def _billed_key(part: Billed) -> str:
    return "software" if part.mode == SOFTWARE else part.use.charge or part.use.usage_type


def _unbilled(pair: Pair, mine: Estimated, month: Month) -> Reason:
    name = pair.item.endpoint.name
    if not isinstance(name, str):
        told = f"its name is not known before it is made ({name.reason}), so nothing can be paired with it"
    elif pair.several:
        told = f"the bill has one of its name for {' and '.join(pair.several)}; --account says which is meant"
    elif pair.billed:
        told = "its other lines are in the bill"
    else:
        told = f"no line of {month.label} names it"
    return Reason(name=_UNBILLED, usd=None if mine.usd is None else -mine.usd, evidence=told)


def _row(pair: Pair, usage_type: str, usd: Decimal | None, part: Billed | None, why: Sequence[Reason]) -> Row:
    endpoint = pair.item.endpoint
    cost = Decimal(0) if part is None else part.cost
    difference = None if usd is None and (part is None or not _only_billed(why)) else cost - (usd or Decimal(0))
    return {
        "endpoint": part.name if part else endpoint.name if isinstance(endpoint.name, str) else endpoint.address,
        "address": endpoint.address,
        "account": part.resource.account if part else endpoint.account,
        "region": part.resource.region if part else endpoint.region if isinstance(endpoint.region, str) else None,
        "usage_type": usage_type,
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
        kind = part.resource.kind or "no resource"
        name: ReasonName = "Marketplace software" if part.mode == SOFTWARE else _ORPHAN
        why = Reason(name=name, usd=part.cost, evidence=f"{part.mode} of {kind} {part.name}")
        yield _bare(part.name, part.use.usage_type, part.cost, why) | {
            "account": part.resource.account,
            "region": part.resource.region,
        }


def _of_others(others: Sequence[Billed]) -> list[Row]:
    """What is no inference, in one row."""
    if not others:
        return []
    cost = total(part.cost for part in others) or Decimal(0)
    evidence = joined(sorted(part.use.usage_type for part in others))
    return [_bare(None, "(not inference)", cost, Reason(name="not inference", usd=cost, evidence=evidence))]


def _bare(endpoint: str | None, usage_type: str, cost: Decimal, why: Reason) -> Row:
    row: Row = dict.fromkeys(COLUMNS)
    return row | {
        "endpoint": endpoint,
        "usage_type": usage_type,
        "billed": cost,
        "difference": cost,
        "why": in_words([why]),
    }


def _notes(rows: Sequence[Row], month: Month) -> list[str]:
    estimated = total(row["estimated"] for row in rows if isinstance(row["estimated"], Decimal)) or Decimal(0)
    billed = total(row["billed"] for row in rows if isinstance(row["billed"], Decimal)) or Decimal(0)
    unknown = sum(row["difference"] is None for row in rows)
    told = f"estimated {estimated:,.2f} for a month of 730 hours"
    notes = [f"{told}, billed {billed:,.2f} in {month.label} of {month.hours} hours"]
    if month.cut_at is not None:
        notes.append(
            f"the bill ends on {month.cut_at:%Y-%m-%d %H:%M}, before the month does: hours after it may follow"
        )
    if unknown:
        notes.append(
            f"{unknown} rows have no estimate to compare with; --usage-file writes what the bill knows of them"
        )
    return notes
