"""``guardrail prices refresh``: read AWS's list, hold it against the old tables, swap."""

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from guardrail import output
from guardrail.aws import fetch
from guardrail.clock import today
from guardrail.errors import GuardrailError, PriceBookError
from guardrail.prices import changes, store, writer
from guardrail.prices.book import PriceBook
from guardrail.prices.changes import RegionChanges
from guardrail.prices.price_list import PriceList, in_words, some
from guardrail.prices.savings_plans import SavingsPlanRates
from guardrail.prices.user_tables import BUNDLED, default_directory
from guardrail.prices.writer import ListedManifest, ListOrigin
from guardrail.progress import ProgressLine, progress
from guardrail.reporters.wording import counted
from guardrail.signals import interruptible

_DOWNLOADS = ".downloads"
_MOST_DOUBTS = 20


def refresh(arguments: Any) -> int:
    """Bring the tables of a directory up to date, or leave every byte of them as it was."""
    directory = _directory(arguments)
    try:
        with interruptible(), progress("refreshing prices") as status, store.locked(directory):
            report = _refresh(directory, arguments, status)
    except (GuardrailError, KeyboardInterrupt) as failure:
        standing = "its tables are as they were" if _has_tables(directory) else "no table was written"
        unchanged = f"nothing changed in {directory}: {standing}"
        if isinstance(failure, KeyboardInterrupt):
            output.say(f"guardrail: interrupted; {unchanged}")
            raise
        raise type(failure)(f"{failure.message}; {unchanged}", hint=failure.hint) from failure
    finally:
        for folder in (os.path.join(directory, _DOWNLOADS), directory):
            with suppress(OSError):  # parts of a download stay, to be continued
                os.rmdir(folder)
    output.write_stdout("".join(f"{line}\n" for line in report))
    return 0


def _directory(arguments: Any) -> str:
    named = arguments.output or os.environ.get("GUARDRAIL_PRICES")
    return named if named and named != BUNDLED else default_directory(os.environ)


def _has_tables(directory: str) -> bool:
    return os.path.isfile(os.path.join(directory, store.MANIFEST))


def fetched(arguments: Any, folder: str, status: ProgressLine) -> Iterator[PriceList]:
    """The price lists that the flags ask for."""
    regions: list[str] = arguments.region or []
    if arguments.offer_file:
        yield from fetch.offer_files(arguments.offer_file, regions)
    elif arguments.source == "api":
        yield from fetch.api(regions or PriceBook().regions(), say=status.say)
    else:
        known = PriceBook().regions()
        yield from fetch.bulk(regions, folder, base_url=arguments.mirror, say=status.say, expected=known)


def _refresh(directory: str, arguments: Any, status: ProgressLine) -> list[str]:
    """Fetch, validate, swap; returns what to tell."""
    old = store.read(directory)
    downloads = os.path.join(directory, _DOWNLOADS)
    os.makedirs(downloads, exist_ok=True)
    lists = _without_repetition(fetched(arguments, downloads, status))
    savings: list[SavingsPlanRates] = []
    if arguments.savings_plans:
        regions = (found.region for found in lists if not found.region.startswith("cn-"))
        savings += fetch.savings_plans(regions, downloads, base_url=arguments.mirror, say=status.say)
    status.say("holding the new prices against the old")
    compared = list(_changes(lists, directory if old else None))
    doubts = [doubt for change, before in compared for doubt in changes.implausible(change, before)]
    if doubts and not arguments.accept:
        shutil.rmtree(downloads, ignore_errors=True)  # whatever is wrong with them, they are not to be found again
        raise _implausible(doubts)
    method = "file" if arguments.offer_file else arguments.source
    manifest, files = writer.tables(
        lists,
        savings,
        origin=ListOrigin(method, None if method != "bulk" else arguments.mirror or _home()),
        today=today(),
        old=old[0] if old else None,
        kept=old[1] if old else None,
    )
    store.check(directory, files)
    status.say("swapping the tables")
    store.swap(directory, files)
    shutil.rmtree(downloads, ignore_errors=True)
    return list(_told(directory, manifest, lists, [change for change, _ in compared], savings, doubts))


def _home() -> str:
    from guardrail.aws.bulk import HOME

    return HOME


def _without_repetition(lists: Iterator[PriceList]) -> list[PriceList]:
    found: dict[str, PriceList] = {}
    for each in lists:
        if each.region in found:
            raise GuardrailError(f"{each.region} was read twice, from two offers")
        found[each.region] = each
    return list(found.values())


def _changes(lists: list[PriceList], own: str | None) -> Iterator[tuple[RegionChanges, changes.Prices]]:
    """What becomes of each region, with the prices that it had: the user's own, else the bundled ones."""
    book = PriceBook(own=own)
    for found in lists:
        tables = book.tables(found.region)
        is_own = bool(tables) and tables[0].publication_date is not None
        before = changes.of_tables(tables[:1] if is_own else tables)
        yield changes.compare(found.region, before, changes.of_list(found)), before


def _implausible(doubts: list[str]) -> PriceBookError:
    more = f" and {len(doubts) - _MOST_DOUBTS:,} more" if len(doubts) > _MOST_DOUBTS else ""
    return PriceBookError(
        f"the new prices are not believed: {'; '.join(doubts[:_MOST_DOUBTS])}{more}",
        hint="look at AWS's pricing page; --accept takes the new prices as they are",
    )


def _told(
    directory: str,
    manifest: ListedManifest,
    lists: list[PriceList],
    regions_changes: list[RegionChanges],
    savings: list[SavingsPlanRates],
    doubts: list[str],
) -> Iterator[str]:
    """What happened, in lines."""
    days = sorted({found.publication_date[:10] for found in lists})
    published = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    yield f"{counted(len(lists), 'region')} refreshed in {directory}, from price lists of {published}"
    prices = sum(len(found.prices) for found in lists)
    counts = {
        name: sum(len(getattr(each, name)) for each in regions_changes) for name in ("up", "down", "appeared", "gone")
    }
    same = sum(each.unchanged for each in regions_changes)
    moved = ", ".join(f"{count:,} {name}" for name, count in counts.items())
    yield f"  {counted(prices, 'price')}: {moved}, {same:,} unchanged"
    kept = len(manifest.regions) - len(lists)
    if kept:
        yield f"  {counted(kept, 'region')} kept as it was" if kept == 1 else f"  {kept:,} regions kept as they were"
    if savings:
        rates = sum(len(each.rates) for each in savings)
        yield f"  {counted(rates, 'rate')} of Savings Plans in {counted(len(savings), 'region')}"
    for doubt in doubts:
        yield f"  accepted: {doubt}"
    for found in lists:
        yield from remarks(found)


def remarks(found: PriceList) -> Iterator[str]:
    """What was odd about a price list."""
    for prices in found.conflicts.values():
        yield f"  conflict: {prices[0].usage_type} costs {in_words(prices, found.currency)}: unpriced, none is picked"
    if found.repeated:
        yield f"  {found.region}: several SKUs at one price: {some(found.repeated)}"
    if found.unrecognized:
        yield f"  {found.region}: not recognized and left out: {some(found.unrecognized)}"
