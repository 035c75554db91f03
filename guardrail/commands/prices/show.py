"""``guardrail prices show`` and ``list``: what the tables say, how old it is, and where it comes from."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from msgspec import Struct, structs

from guardrail import output
from guardrail.clock import age_days, today
from guardrail.commands.base import write_json
from guardrail.errors import PriceBookError, did_you_mean
from guardrail.prices import usage_types
from guardrail.prices.base import Price
from guardrail.prices.book import PriceBook
from guardrail.prices.instance_types import InstanceSpec
from guardrail.prices.user_tables import chosen
from guardrail.reporters.wording import ascii_only, inert, number

_USES = dict(zip(("real-time", "asynchronous", "batch"), usage_types.INSTANCE_USES, strict=True))
_GAPS = {
    "volume": usage_types.VOLUME,
    "data": usage_types.DATA_IN,
    "serverless": usage_types.serverless(1),
    "provisioned": usage_types.provisioned_warm(1),
}
_MARKS = {"published": "", "derived": "d", "estimated": "~"}
_EXAMPLES = 3
_UNITS = {"Hrs": "instance and hour", "GB-Mo": "GB-month", "GB": "GB", "seconds": "second"}
_DEAREST = Decimal("Infinity")


class _PriceCell(Struct, frozen=True):
    """One price, or what stands instead of it."""

    text: str
    amount: Decimal | None = None
    price: Price | None = None


def book(arguments: Any) -> PriceBook:
    """The price book of a command with ``--prices``."""
    return PriceBook(own=chosen(arguments.prices, os.environ))


def regions_of(prices: PriceBook, asked: Sequence[str] | None) -> Sequence[str]:
    """The regions that were asked for, else all. Raises `PriceBookError` for one without a table."""
    known = prices.regions()
    for region in asked or ():
        if region not in known:
            raise PriceBookError(f"no price table for region {region}{did_you_mean(region, known)}")
    return list(dict.fromkeys(asked)) if asked else known


def write(lines: Iterable[str]) -> None:
    """Lines to standard output, in what its encoding carries."""
    import sys

    glyphs = output.carries_glyphs(sys.stdout)
    output.write_stdout("".join(f"{line if glyphs else ascii_only(line)}\n".replace(" \n", "\n") for line in lines))


def grid(header: Sequence[str], rows: Iterable[Sequence[str]], right: set[int]) -> Iterator[str]:
    """Rows in columns, those in ``right`` aligned to the right."""
    from tabulate import tabulate

    align = ["right" if column in right else "left" for column in range(len(header))]
    text = tabulate([header, *rows], tablefmt="plain", colalign=align, disable_numparse=True, preserve_whitespace=True)
    for line in text.split("\n"):
        yield f" {line}".rstrip()


# One instance type ---------------------------------------------------------------------------------------------------


def show(arguments: Any) -> int:
    """Every component of a type, regions below each other, cheapest first."""
    prices = book(arguments)
    item: str = arguments.item
    spec = prices.instance(item)
    charges = _charges(item)
    if arguments.format == "json":
        asked = regions_of(prices, arguments.region)
        told = [_told(prices, region, use, charge) for region in asked for use, charge in charges.items()]
        if all(one["amount"] is None for one in told):
            raise PriceBookError(*_nothing(prices, item, asked[0]))
        write_json({"item": item, "instance": spec, "prices": told})
        return 0
    rows = {region: _cells(prices, region, charges) for region in regions_of(prices, arguments.region)}
    priced = {region: cells for region, cells in rows.items() if any(cell.text for cell in cells)}
    if not priced:
        raise PriceBookError(*_nothing(prices, item, next(iter(rows))))
    ordered = sorted(priced, key=lambda region: (_cheapest(priced[region]), region))
    now = today()
    lines = [_title(item, spec), ""]
    header = ["region", *(f"{heading}   " for heading in charges), "read", "days", "from"]
    body = [[region, *(cell.text for cell in priced[region]), *_age(priced[region], now)] for region in ordered]
    lines += grid(header, body, {*range(1, len(charges) + 1), len(charges) + 2})
    lines += ["", *_legend(charges, priced), *_without(rows, priced)]
    write(lines)
    return 0


def _told(prices: PriceBook, region: str, use: str, charge: str) -> dict[str, Any]:
    """One price in one region; without an amount where there is none, and why."""
    place = {"region": region, "use": use}
    listed = [table for table in prices.tables(region) if charge in table]
    if listed and listed[0].currency != "USD":
        return {**place, "amount": listed[0].amount(charge), "currency": listed[0].currency}
    if not listed and not usage_types.is_charge(charge):
        return {**place, "amount": None, "reason": f"no price for {charge} in {region}"}
    price = prices.price(region, charge)
    if not isinstance(price, Price):
        return {**place, "amount": None, "reason": price.reason}
    known = structs.asdict(price)
    return {**place, "amount": known.pop("usd"), "currency": "USD", **known, "age_days": age_days(price.date, today())}


def _charges(item: str) -> dict[str, str]:
    """What is charged for an instance type, by the heading of its column; or the one charge that was named."""
    if item.startswith("ml."):
        return {heading: usage_types.instance(use, item) for heading, use in _USES.items()}
    return {"price": item}


def _nothing(prices: PriceBook, item: str, region: str) -> tuple[str]:
    if item.startswith("ml."):
        unpriced = prices.hosting(region, item)
        return (unpriced.reason if not isinstance(unpriced, Price) else f"{item} has no price",)
    if not usage_types.is_charge(item):
        return (f"{item!r} is neither an instance type (ml.m5.xlarge) nor a charge (ServerlessInf:Mem-2GB)",)
    return (f"no price for {item} in the regions asked for",)


def _cells(prices: PriceBook, region: str, charges: dict[str, str]) -> list[_PriceCell]:
    return [_cell(prices, region, charge) for charge in charges.values()]


def _cell(prices: PriceBook, region: str, charge: str) -> _PriceCell:
    listed = [table for table in prices.tables(region) if charge in table]
    if listed and listed[0].currency != "USD":
        return _PriceCell(f"{number(listed[0].amount(charge))} {listed[0].currency}")
    if not listed and not usage_types.is_charge(charge):
        return _PriceCell("")
    price = prices.price(region, charge)
    if not isinstance(price, Price):
        return _PriceCell("several" if "several prices" in price.reason else "")
    marks = f"{_MARKS[price.basis]}{'?' if price.suspect else ''}"
    return _PriceCell(f"{number(price.usd)} {marks:<2}", price.usd, price)


def _cheapest(cells: Iterable[_PriceCell]) -> Decimal:
    """By the first column that has a price; prices in another currency come last."""
    return next((cell.amount for cell in cells if cell.amount is not None), _DEAREST)


def _age(cells: Iterable[_PriceCell], now: date) -> tuple[str, str, str]:
    """Date, age in days and origin of the oldest price of a row."""
    found = [cell.price for cell in cells if cell.price is not None]
    if not found:
        return "", "", ""
    oldest = min(found, key=lambda price: price.date)
    origins = dict.fromkeys(price.origin for price in found)
    return oldest.date, f"{age_days(oldest.date, now):,}", inert(", ".join(origins))


def _title(item: str, spec: InstanceSpec | None) -> str:
    if spec is None:
        return inert(item)
    facts = [f"{spec.vcpus} vCPU", f"{number(spec.memory_gib)} GiB", spec.architecture]
    if spec.accelerators:
        memory = f" of {spec.accelerator_memory_gib:.3g} GiB" if spec.accelerator_memory_gib else ""
        facts.append(f"{spec.accelerators} × {spec.accelerator_name}{memory}")
    facts.append(_volume(spec))
    if not spec.hosts_endpoints:
        facts.append("not accepted by endpoints")
    if not spec.runs_transform:
        facts.append("no batch transform")
    return f"{spec.instance_type}   {' · '.join(facts)}"


def _volume(spec: InstanceSpec) -> str:
    if spec.takes_volume is False:
        return "own disk, no volume"
    if spec.takes_volume is None:
        return "volume unconfirmed"
    inferred = ", inferred" if spec.default_volume_origin == "inferred" else ""
    return f"volume of {number(spec.default_volume_gb or 0)} GB by default{inferred}"


def _legend(charges: dict[str, str], rows: dict[str, list[_PriceCell]]) -> Iterator[str]:
    unit = _UNITS[usage_types.unit_of(next(iter(charges.values())))]
    first = "real-time " if len(charges) > 1 else ""
    yield f" USD per {unit}, cheapest {first}first; days since the oldest price of the row"
    used = [cell.price for cells in rows.values() for cell in cells if cell.price is not None]
    derived = ((price.basis, price.rule or "") for price in used if price.basis != "published")
    for basis, rule in dict.fromkeys((basis, rule.partition(". ")[0].rstrip(".")) for basis, rule in derived):
        yield f" {_MARKS[basis]} {basis}: {inert(rule)}"
    for doubt in sorted({price.suspect for price in used if price.suspect}):
        yield f" ? in doubt: {inert(doubt)}"


def _without(rows: dict[str, list[_PriceCell]], priced: dict[str, list[_PriceCell]]) -> Iterator[str]:
    missing = sorted(rows.keys() - priced.keys())
    if missing:
        more = f" and {len(missing) - _EXAMPLES} more regions" if len(missing) > _EXAMPLES else ""
        yield f" no price in {', '.join(missing[:_EXAMPLES])}{more}"


# Every region --------------------------------------------------------------------------------------------------------


def list_regions(arguments: Any) -> int:
    """Every region: how many prices of each basis, from when, and which charges have none."""
    prices = book(arguments)
    now = today()
    regions = regions_of(prices, arguments.region)
    if arguments.format == "json":
        write_json([_contents_told(prices, region, now) for region in regions])
        return 0
    rows, total = [], Counter[str]()
    for region in regions:
        counts, dates = _contents(prices, region)
        total += counts
        oldest, newest = min(dates), max(dates)
        age = f"{age_days(newest, now):,}"
        rows.append([region, *_counted(counts), oldest, newest, age, ", ".join(_gaps(prices, region)) or "-"])
    header = ["region", "publ.", "deriv.", "estim.", "oldest", "newest", "days", "no price for"]
    lines = [*grid(header, [*rows, ["total", *_counted(total), "", "", "", ""]], {1, 2, 3, 6}), ""]
    origins = sorted({prices.origin(region) for region in regions})
    lines.append(f" {len(regions)} regions; days since the newest price; prices from {inert(' and '.join(origins))}")
    write(lines)
    return 0


def _contents_told(prices: PriceBook, region: str, now: date) -> dict[str, Any]:
    counts, dates = _contents(prices, region)
    return {
        "region": region,
        "prices": {basis: counts[basis] for basis in _MARKS},
        "oldest": min(dates),
        "newest": max(dates),
        "age_days": age_days(max(dates), now),
        "without": list(_gaps(prices, region)),
        "origin": prices.origin(region),
    }


def _counted(counts: Counter[str]) -> list[str]:
    return [f"{counts[basis]:,}" for basis in _MARKS]


def _contents(prices: PriceBook, region: str) -> tuple[Counter[str], list[str]]:
    """Rows by basis, and their dates; of several tables, the first that has a row counts."""
    seen: dict[str, dict[str, str]] = {}
    for table in prices.tables(region):
        for charge in table.charges():
            if charge not in seen:
                seen[charge] = table.row(charge)
    return Counter(row["basis"] for row in seen.values()), [row["date"] for row in seen.values()]


def _gaps(prices: PriceBook, region: str) -> Iterator[str]:
    known = set(prices.charges(region))
    for name, use in _USES.items():
        if not any(charge.startswith(usage_types.instance(use, "ml.")) for charge in known):
            yield name
    for name, charge in _GAPS.items():
        if charge not in known:
            yield name
