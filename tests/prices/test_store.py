"""Swapping tables: whatever call fails, wherever it is killed, readers find the old tables or the new ones, whole."""

import errno
import os
import sys
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from guardrail.errors import PriceBookError
from guardrail.prices import store, writer
from guardrail.prices.base import Price
from guardrail.prices.book import PriceBook
from guardrail.prices.price_list import ListedPrice, PriceList
from guardrail.prices.writer import ListOrigin

REGIONS = {"us-east-1": "USE1", "eu-west-1": "EU"}
CALLS = ("fsync", "replace", "unlink", "open", "listdir")


def price_list(region: str, usd: str, version: str) -> PriceList:
    usage_type = f"{REGIONS[region]}-Host:ml.m5.xlarge"
    price = ListedPrice(
        usage_type=usage_type, unit="Hrs", amount=usd, sku="A", rate_code="A.B.C", effective_date="2026"
    )
    return PriceList(
        region=region,
        name=region,
        prefix=REGIONS[region],
        currency="USD",
        version=version,
        publication_date="2026-11-20T18:15:00Z",
        prices={"Host:ml.m5.xlarge": price},
    )


def files(usd: str, version: str = "1") -> dict[str, bytes]:
    lists = [price_list(region, usd, version) for region in REGIONS]
    return writer.tables(lists, origin=ListOrigin("bulk", None), today=date(2026, 11, 22))[1]


def prices(directory: Path) -> set[Decimal]:
    """The prices that a check would take, which must be of one refresh."""
    book = PriceBook(own=directory)
    found = {book.hosting(region, "ml.m5.xlarge") for region in REGIONS}
    return {price.usd for price in found if isinstance(price, Price) and price.origin == str(directory)}


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    with store.locked(str(tmp_path)):
        store.swap(str(tmp_path), files("0.1"))
    assert prices(tmp_path) == {Decimal("0.1")}
    return tmp_path


def swap(directory: Path) -> None:
    with store.locked(str(directory)):
        store.swap(str(directory), files("0.2", "2"))


def at_call(number: int, then: Callable[[], None]) -> Callable[[pytest.MonkeyPatch], None]:
    """Make the system call of that number, among those that change a directory, do something else."""

    def arrange(monkeypatch: pytest.MonkeyPatch) -> None:
        count = 0
        for name in CALLS:
            original = getattr(os, name)

            def counting(*arguments: Any, original: Any = original, **options: Any) -> Any:
                nonlocal count
                count += 1
                if count == number:
                    then()
                return original(*arguments, **options)

            monkeypatch.setattr(os, name, counting)

    return arrange


def full_disk() -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def interrupt() -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("number", range(1, 20))
@pytest.mark.parametrize("then", [full_disk, interrupt])
def test_a_failure_at_any_call_leaves_one_refresh_and_the_next_one_succeeds(
    tables: Path, number: int, then: Callable[[], None]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        at_call(number, then)(patch)
        try:
            swap(tables)
            failed = False
        except (PriceBookError, OSError, KeyboardInterrupt):
            failed = True
    assert prices(tables) in ({Decimal("0.1")}, {Decimal("0.2")})
    if failed and prices(tables) == {Decimal("0.1")}:
        assert not list(tables.glob("*.new")), "what was written and does not count is removed"
    swap(tables)
    assert prices(tables) == {Decimal("0.2")}
    assert sorted(path.name for path in tables.iterdir()) == ["eu-west-1.csv", "manifest.json", "us-east-1.csv"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("number", range(1, 20))
def test_death_at_any_call_leaves_one_refresh_and_the_next_one_succeeds(tables: Path, number: int) -> None:
    """No handler runs, nothing is tidied up."""
    child = os.fork()
    if child == 0:
        at_call(number, lambda: os._exit(9))(pytest.MonkeyPatch())
        swap(tables)
        os._exit(0)
    os.waitpid(child, 0)
    assert prices(tables) in ({Decimal("0.1")}, {Decimal("0.2")})
    swap(tables)
    assert prices(tables) == {Decimal("0.2")}
    assert not list(tables.glob("*.new"))


def test_the_calls_above_are_all_that_a_swap_makes(tables: Path) -> None:
    """So that no number is missing at the end of the range: the 19th call is never made, the 11th is."""
    for number, happens in ((11, True), (19, False)):
        with pytest.MonkeyPatch.context() as patch:
            at_call(number, interrupt)(patch)
            try:
                swap(tables)
                interrupted = False
            except KeyboardInterrupt:
                interrupted = True
        assert interrupted is happens


@pytest.mark.parametrize("share", [0, 0.3, 0.99])
def test_a_file_that_was_half_written_when_the_power_went_counts_for_nothing(tables: Path, share: float) -> None:
    for name, content in files("0.2", "2").items():
        (tables / f"{name}.new").write_bytes(content[: int(len(content) * share)])
    assert prices(tables) == {Decimal("0.1")}
    swap(tables)
    assert prices(tables) == {Decimal("0.2")}


def test_a_reader_that_is_overtaken_by_a_refresh_finds_the_new_tables(tables: Path) -> None:
    book = PriceBook(own=tables)  # has read the manifest, and no table yet
    swap(tables)
    price = book.hosting("us-east-1", "ml.m5.xlarge")
    assert isinstance(price, Price)
    assert price.usd == Decimal("0.2")


@pytest.mark.parametrize("damage", [b"", b"usage_type,unit", b"x"])
def test_a_table_that_is_not_what_its_manifest_says_is_an_error_and_no_price(tables: Path, damage: bytes) -> None:
    path = tables / "us-east-1.csv"
    path.write_bytes(damage or path.read_bytes().replace(b"0.1,", b"0.01,"))
    with pytest.raises(PriceBookError, match=r"us-east-1\.csv is missing, or not what manifest\.json says it is"):
        PriceBook(own=tables).hosting("us-east-1", "ml.m5.xlarge")


def test_what_does_not_read_back_is_not_swapped_in(tables: Path) -> None:
    broken = files("0.2", "2")
    broken["us-east-1.csv"] = broken["us-east-1.csv"].replace(b"0.2,", b"two,")
    with pytest.raises(PriceBookError, match="does not have the hash"):
        store.check(str(tables), broken)


def test_a_refresh_beside_another_one_is_told_on_windows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With Windows' own lock stood in for, which a test elsewhere cannot take; it answers with EACCES."""

    def held(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setitem(sys.modules, "msvcrt", SimpleNamespace(locking=held, LK_NBLCK=2))
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(PriceBookError, match=r"another refresh of .* is at work"), store.locked(str(tmp_path)):
        pytest.fail("it is not locked")
