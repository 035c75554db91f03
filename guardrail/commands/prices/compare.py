"""``guardrail prices diff``: two tables side by side, and one bill at the prices of both."""

import os
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from guardrail import settings as settings_files
from guardrail import sources
from guardrail.commands.prices.show import grid, write
from guardrail.cost import usage
from guardrail.cost.base import Bill, Estimate
from guardrail.cost.estimate import estimate
from guardrail.cost.join import delta
from guardrail.errors import PriceBookError, did_you_mean
from guardrail.model import Inventory, Unknown
from guardrail.prices.book import PriceBook
from guardrail.prices.changes import PriceChange, RegionChanges, compare, of_tables
from guardrail.prices.table import PriceTable
from guardrail.prices.user_tables import BUNDLED, UserTables
from guardrail.reporters.bill import amounts, named
from guardrail.reporters.wording import UNKNOWN, inert, number, signed_usd
from guardrail.sources.options import InputOptions

MOST = 10
_KINDS = ("up", "down", "appeared", "gone")


class _ComparedTables:
    """One of the two sides of a comparison."""

    def __init__(self, name: str) -> None:
        """``name`` is a directory of tables or "bundled". Raises `PriceBookError`."""
        self.name = name
        self._own = None if name == BUNDLED or os.path.exists(os.path.join(name, "instances.csv")) else UserTables(name)
        if self._own is not None:
            self.book = PriceBook(own=name)
        else:
            self.book = PriceBook() if name == BUNDLED else PriceBook(name)

    def regions(self) -> Sequence[str]:
        """The regions that it has a table of its own for."""
        return tuple(self._own.manifest.regions) if self._own else self.book.regions()

    def tables(self, region: str) -> Sequence[PriceTable]:
        """The tables of a region, without what lies below tables of the user's."""
        if self._own is None:
            return self.book.tables(region)
        table = self._own.table(region)
        return () if table is None else (table,)


def diff(arguments: Any) -> int:
    """Print what went up, down, appeared and went, region by region, then the bills."""
    old, new = _ComparedTables(arguments.old), _ComparedTables(arguments.new)
    lines: list[str] = []
    for region in _regions(old, new, arguments.region):
        changes = compare(region, of_tables(old.tables(region)), of_tables(new.tables(region)))
        lines += told(changes, most=None if arguments.all else MOST)
    for side, other in ((old, new), (new, old)):
        alone = sorted(set(side.regions()) - set(other.regions()))
        if alone and not arguments.region:
            lines.append(f"only in {inert(side.name)}: {_some(alone)}")
    for path in arguments.paths:
        lines += ["", *_bill(path, old.book, new.book)]
    write(lines or ["no price differs"])
    return 0


def _regions(old: _ComparedTables, new: _ComparedTables, asked: Sequence[str] | None) -> Sequence[str]:
    """The regions that both sides have, or those that were asked for."""
    both = [region for region in old.regions() if region in new.regions()]
    for region in asked or ():
        if region not in both:
            raise PriceBookError(f"{region} is not in both tables{did_you_mean(region, both)}")
    return list(dict.fromkeys(asked)) if asked else both


def _some(regions: Sequence[str]) -> str:
    return ", ".join(regions[:MOST]) + (f" and {len(regions) - MOST} more" if len(regions) > MOST else "")


def told(changes: RegionChanges, *, most: int | None) -> Iterator[str]:
    """The changes of one region, up to ``most`` of a kind; nothing where there are none."""
    if not changes:
        return
    counts = [f"{len(getattr(changes, kind)):,} {kind}" for kind in _KINDS if getattr(changes, kind)]
    yield f"{changes.region}: {', '.join(counts)}, {changes.unchanged:,} unchanged"
    rows: list[list[str]] = []
    for kind in _KINDS:
        found: list[PriceChange] = sorted(getattr(changes, kind), key=_is_ours)
        rows += [_row(kind, change) for change in found[:most]]
        if most is not None and len(found) > most:
            rows.append(["", f"and {len(found) - most:,} more {kind}; --all lists them", "", "", "", ""])
    width = max(len(row[0]) for row in rows)
    yield from grid([" " * width, "", "", "", "", ""], rows, {2, 3, 4})


def _is_ours(change: PriceChange) -> bool:
    """Whether a rule had derived the old price of a change: those are sorted behind what AWS had listed."""
    return change.old is not None and change.old.basis != "published"


def _row(kind: str, change: PriceChange) -> list[str]:
    old, new = change.old, change.new
    was = number(old.amount) if old else ""
    now = number(new.amount) if new else ""
    percent = f"{(change.ratio - 1) * 100:+.1f} %" if old and new else ""
    basis = f"{old.basis} before" if old and old.basis != "published" else ""
    return [kind, inert(change.usage_type), was, now, percent, basis]


# The bill ------------------------------------------------------------------------------------------------------------


def _bill(path: str, old: PriceBook, new: PriceBook) -> Iterator[str]:
    """What each endpoint of a plan costs at both prices; no line of the plan changes."""
    settings = settings_files.load(path).settings
    inventory = sources.read(path, InputOptions(region=settings.region)).after
    used = usage.load(settings.usage_file) if settings.usage_file is not None else usage.NO_USAGE
    before, after = estimate(inventory, old, used), estimate(inventory, new, used)
    yield f"{inert(path)}: USD a month, expected, at the old prices and at the new"
    rows = list(_endpoints(inventory, before, after))
    change = delta(before, after)
    for bound, label in enumerate(("floor", "expected", "ceiling")):
        was, now = amounts(before.total)[bound], amounts(after.total)[bound]
        known = UNKNOWN not in (was, now) and change is not None
        rows.append([f"TOTAL {label}", was, now, _signed(getattr(change, label)) if known else UNKNOWN])
    yield from grid(["", "old", "new", "change"], rows, {1, 2, 3})


def _endpoints(inventory: Inventory, before: Estimate, after: Estimate) -> Iterator[list[str]]:
    for endpoint in inventory.endpoints:
        old, new = before.endpoints[endpoint.address], after.endpoints[endpoint.address]
        yield [named(endpoint), amounts(old.monthly)[1], amounts(new.monthly)[1], _difference(old, new)]


def _difference(old: Bill, new: Bill) -> str:
    """What is priced at one side only makes no difference that anybody knows."""
    was, now = old.monthly, new.monthly
    if old.missing != new.missing or UNKNOWN in (amounts(was)[1], amounts(now)[1]):
        return UNKNOWN
    return (
        UNKNOWN
        if isinstance(was.expected, Unknown) or isinstance(now.expected, Unknown)
        else signed_usd(now.expected - was.expected)
    )


def _signed(amount: Decimal | Unknown) -> str:
    return UNKNOWN if isinstance(amount, Unknown) else signed_usd(amount)
