"""``guardrail prices verify``: hold the tables against what AWS lists today."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from guardrail import output
from guardrail.commands.prices.refresh import fetched, remarks
from guardrail.commands.prices.show import book, write
from guardrail.prices.book import PriceBook
from guardrail.prices.changes import Prices, RegionChanges, compare, of_list, of_tables
from guardrail.prices.price_list import PriceList
from guardrail.progress import progress
from guardrail.reporters.wording import inert, number

_MOST = 10
DRIFT = 1


def verify(arguments: Any) -> int:
    """Report every price that AWS lists otherwise. 1 where there is one, 0 where there is none."""
    prices = book(arguments)
    lines: list[str] = []
    drifted = False
    with progress("verifying prices") as status, output.temporary_folder() as folder:
        for found in fetched(arguments, folder, status):
            here = of_tables(prices.tables(found.region))
            changes = compare(found.region, here, of_list(found))
            drifted |= bool(changes)
            lines += _told(found, here, changes, prices)
    write(lines)
    return DRIFT if drifted else 0


def _told(found: PriceList, here: Prices, changes: RegionChanges, prices: PriceBook) -> Iterator[str]:
    edition = f"AWS's list {found.version} of {found.publication_date[:10]}"
    origin = inert(prices.origin(found.region))
    yield f"{found.region}: {changes.unchanged:,} of {len(here):,} prices ({origin}) are those of {edition}"
    differing = [change for change in (*changes.up, *changes.down) if change.old and change.new]
    for change in differing[:_MOST]:
        if change.old and change.new:
            was, now = number(change.old.amount), number(change.new.amount)
            yield f"  differs: {change.usage_type} is {was} here ({change.old.basis}) and {now} there"
    yield from _more(len(differing), "differ")
    yield from _few("not listed by AWS", _gone(changes))
    yield from _few("not here", [change.usage_type for change in changes.appeared])
    yield from _rules(here, changes)
    yield from remarks(found)


def _gone(changes: RegionChanges) -> list[str]:
    """What AWS does not list, its own earlier prices first."""
    gone = [(change.old.basis, change.usage_type) for change in changes.gone if change.old]
    return [f"{name} ({basis})" for basis, name in sorted(gone, key=lambda each: each[0] != "published")]


def _few(label: str, names: list[str]) -> Iterator[str]:
    if names:
        more = f" and {len(names) - _MOST:,} more" if len(names) > _MOST else ""
        yield f"  {label}: {', '.join(names[:_MOST])}{more}"


def _more(count: int, what: str) -> Iterator[str]:
    if count > _MOST:
        yield f"  and {count - _MOST:,} more {what}"


def _rules(here: Prices, changes: RegionChanges) -> Iterator[str]:
    """How the prices that AWS did not publish fare: whether the rules behind them hold."""
    every = Counter(quoted.basis for quoted in here.values())
    wrong = Counter(change.old.basis for change in (*changes.up, *changes.down) if change.old)
    unlisted = Counter(change.old.basis for change in changes.gone if change.old)
    for basis in ("derived", "estimated"):
        if every[basis]:
            right = every[basis] - wrong[basis] - unlisted[basis]
            yield f"  {basis}: {right:,} confirmed, {wrong[basis]:,} differ, {unlisted[basis]:,} not listed"
