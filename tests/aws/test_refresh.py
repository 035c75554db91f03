"""``guardrail prices refresh`` against servers on loopback: all of it, and everything that can go wrong."""

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from guardrail import cli
from guardrail.aws import bulk
from guardrail.prices import book
from guardrail.prices.base import Price, Unpriced
from guardrail.prices.book import PriceBook
from guardrail.prices.savings_plans import PlanTables
from tests.aws.loopback import (
    VERSION,
    Aws,
    Fault,
    Product,
    items,
    offer_csv,
    offer_json,
    product,
    savings_csv,
    strangers,
)

ROOT = Path(__file__).resolve().parent.parent.parent
PRICING = ROOT / "pricing"
KEYS = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example"}


def bundled(region: str) -> list[Product]:
    """The published prices of the bundled table, as AWS would list them, with products of other kinds among them."""
    with (PRICING / f"{region}.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["basis"] == "published"]
    found = [product(row["usage_type"], row["usd"], unit=row["unit"], region=region) for row in rows]
    return [*found, *strangers(region, rows[0]["usage_type"].partition("-")[0])]


def regions() -> list[str]:
    return sorted(path.stem for path in PRICING.glob("*-*-[0-9].csv"))


def contents(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(directory.iterdir()) if path.suffix in (".csv", ".json")}


@pytest.fixture(autouse=True)
def no_long_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "BACKOFF_S", 0.0)


class Refresh:
    """A directory of tables, refreshed from a server."""

    def __init__(self, aws: Aws, directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.aws, self.directory, self._capsys = aws, directory, capsys

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        """Exit code, standard output, standard error."""
        self._capsys.readouterr()
        mirror = ["--mirror", self.aws.url]
        code = cli.main(["prices", "refresh", *mirror, "--output", str(self.directory), *arguments])
        shown = self._capsys.readouterr()
        return code, shown.out, shown.err

    def publish(self, products: Sequence[Product], region: str = "us-east-1") -> None:
        self.aws.publish({region: offer_csv(products)})

    def usd(self, region: str, instance_type: str) -> Decimal | str:
        price = PriceBook(own=self.directory).hosting(region, instance_type)
        return price.usd if isinstance(price, Price) else price.reason


@pytest.fixture
def refresh(aws: Aws, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Refresh:
    return Refresh(aws, tmp_path / "prices", capsys)


# What it does


def test_the_files_of_36_regions_become_36_tables(refresh: Refresh) -> None:
    refresh.aws.publish({region: offer_csv(bundled(region)) for region in regions()})
    code, out, err = refresh()
    assert (code, err) == (0, "")
    # 3,908 published prices; nothing moved, for they are those that are bundled; 5,080 + 457 others are not AWS's
    assert out.splitlines()[0].startswith(
        f"36 regions refreshed in {refresh.directory}, from price lists of 2026-11-20"
    )
    assert out.splitlines()[1] == "  3,908 prices: 0 up, 0 down, 0 appeared, 5,537 gone, 3,908 unchanged"
    book = PriceBook(own=refresh.directory)
    price = book.hosting("eu-west-3", "ml.g4dn.xlarge")
    assert isinstance(price, Price)
    assert (price.usd, price.origin, price.date) == (Decimal("0.861"), str(refresh.directory), "2026-11-20")
    assert price.source == f"AWS price list of AmazonSageMaker, version {VERSION} (offer file)"
    assert price.sku is not None
    assert price.rate_code == f"{price.sku}.JRTCKXETXF.6YS6EN2CT7"
    assert not (refresh.directory / ".downloads").exists()


def test_offer_files_made_from_the_bundled_tables_give_back_exactly_these_tables(refresh: Refresh) -> None:
    """Every row of every basis, 9,445 of them: usage type, unit and amount, digit for digit, in the same order."""
    tables = {
        region: list(csv.DictReader((PRICING / f"{region}.csv").read_text().splitlines())) for region in regions()
    }
    refresh.aws.publish(
        {
            region: offer_csv([product(row["usage_type"], row["usd"], unit=row["unit"], region=region) for row in rows])
            for region, rows in tables.items()
        }
    )
    code, out, _ = refresh()
    assert code == 0
    assert "  9,445 prices: 0 up, 0 down, 0 appeared, 0 gone, 9,445 unchanged" in out.splitlines()
    for region, rows in tables.items():
        written = csv.DictReader((refresh.directory / f"{region}.csv").read_text().splitlines())
        columns = ("usage_type", "unit", "usd")
        assert [[row[name] for name in columns] for row in written] == [[row[name] for name in columns] for row in rows]


def test_the_api_gives_the_same_table_as_the_files(
    refresh: Refresh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """boto3 with its own serializers, through its own setting of the endpoint, in pages of 100."""
    for name, value in {**KEYS, "AWS_ENDPOINT_URL_PRICING": refresh.aws.url}.items():
        monkeypatch.setenv(name, value)
    refresh.aws.products = items(bundled("us-east-1") + bundled("eu-west-3"))
    refresh.publish(bundled("us-east-1"))
    assert refresh("--region", "us-east-1")[0] == 0
    by_file = (refresh.directory / "us-east-1.csv").read_text()
    refresh.directory = tmp_path / "by-api"
    code, out, err = refresh("--region", "us-east-1", "--source", "api")
    assert (code, err) == (0, ""), out
    effective = "2026-11-01T00:00:00Z"  # the API tells the time of day as well
    assert (refresh.directory / "us-east-1.csv").read_text().replace(effective, effective[:10]) == by_file
    posted = [path for path, _ in refresh.aws.requests if path == "AWSPriceListService.GetProducts"]
    assert len(posted) == 9 + 2  # 9 filters; the 219 hosting prices take 3 pages instead of 1


def test_an_offer_file_in_json_does_as_well(refresh: Refresh, tmp_path: Path) -> None:
    (tmp_path / "offer.json").write_bytes(offer_json(bundled("us-east-1")))
    assert refresh("--offer-file", str(tmp_path / "offer.json"))[0] == 0
    assert refresh.usd("us-east-1", "ml.m5.xlarge") == Decimal("0.23")


def test_rows_win_one_by_one_and_what_aws_no_longer_lists_is_in_doubt(refresh: Refresh) -> None:
    products = [each for each in bundled("us-east-1") if each.attributes["usagetype"] != "USE1-Host:ml.m5.large"]
    refresh.publish([*products, product("USE1-Host:ml.g9.xlarge", "1.25")])
    assert refresh()[0] == 0
    book = PriceBook(own=refresh.directory)
    gone, new = book.hosting("us-east-1", "ml.m5.large"), book.hosting("us-east-1", "ml.g9.xlarge")
    assert isinstance(gone, Price)
    assert (gone.usd, gone.origin) == (Decimal("0.115"), "bundled")
    assert gone.suspect == "not in AWS's price list of 2026-11-20 for us-east-1"
    assert isinstance(new, Price)
    assert new.usd == Decimal("1.25")
    elsewhere = book.hosting("eu-west-1", "ml.m5.large")
    assert isinstance(elsewhere, Price)
    assert (elsewhere.origin, elsewhere.suspect) == ("bundled", None)


def test_what_is_written_fits_its_schema(refresh: Refresh) -> None:
    schema = json.loads((PRICING / "schema.json").read_text(encoding="utf-8"))
    zone = product("USE1ATL1-Host:ml.p5en.48xlarge", "72.7904", region="us-east-1-atl-1")
    twice = [product("USE1-Host:ml.g9.xlarge", usd, sku=f"S{usd}") for usd in ("1.5", "2.5")]
    refresh.publish([*bundled("us-east-1"), *twice, zone])
    refresh.aws.publish_savings_plans({"us-east-1": savings_csv("us-east-1", {"USE1-Host:ml.m5.xlarge": "0.1656"})})
    assert refresh("--savings-plans")[0] == 0
    parts = {
        "listed_manifest": [json.loads((refresh.directory / "manifest.json").read_text())],
        "listed_row": [
            row
            for name in ("us-east-1.csv", "us-east-1-atl-1.csv")
            for row in csv.DictReader((refresh.directory / name).read_text().splitlines())
        ],
        "savings_plan_row": list(
            csv.DictReader((refresh.directory / "savings-plans-us-east-1.csv").read_text().splitlines())
        ),
    }
    for name, instances in parts.items():
        whole = {"$ref": f"#/$defs/{name}", "$defs": schema["$defs"]}
        validator = Draft202012Validator(whole)
        assert [error.message for each in instances for error in validator.iter_errors(each)] == []
        assert instances, name


def test_what_the_weekly_refresh_has_listed_goes_before_the_rules_and_counts_as_bundled(
    refresh: Refresh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = tmp_path / "tables"
    shutil.copytree(PRICING, tables, ignore=shutil.ignore_patterns("evidence", "listed"))
    monkeypatch.setattr(book, "LISTED", "listed")
    refresh.directory = tables / "listed"
    refresh.publish([*bundled("us-east-1")[1:], product("USE1-AsyncInf:ml.m5.xlarge", "0.2299")])
    assert refresh()[0] == 0
    price = PriceBook(tables).price("us-east-1", "AsyncInf:ml.m5.xlarge")
    assert isinstance(price, Price)
    assert (price.usd, price.basis, price.origin) == (Decimal("0.2299"), "published", str(tables))


def test_regions_that_are_not_asked_for_stay(refresh: Refresh) -> None:
    refresh.aws.publish({region: offer_csv(bundled(region)) for region in ("us-east-1", "eu-west-1")})
    assert refresh()[0] == 0
    before = (refresh.directory / "eu-west-1.csv").read_bytes()
    code, out, _ = refresh("--region", "us-east-1")
    assert code == 0
    assert "1 region kept as it was" in out
    assert (refresh.directory / "eu-west-1.csv").read_bytes() == before
    assert PriceBook(own=refresh.directory).origin("eu-west-1") == str(refresh.directory)


def test_a_conflict_is_reported_and_unpriced_and_not_answered_from_below(refresh: Refresh) -> None:
    usage_type = "USE1-Host:ml.r8g.xlarge"
    products = [each for each in bundled("us-east-1") if each.attributes["usagetype"] != usage_type]
    refresh.publish([*products, product(usage_type, "0.57", sku="B2"), product(usage_type, "0.28", sku="A1")])
    code, out, _ = refresh()
    assert code == 0
    line = f"  conflict: {usage_type} costs 0.28 USD (SKU A1), 0.57 USD (SKU B2): unpriced, none is picked"
    assert line in out.splitlines()
    price = PriceBook(own=refresh.directory).hosting("us-east-1", "ml.r8g.xlarge")
    assert isinstance(price, Unpriced)
    assert "0.28 USD (SKU A1), 0.57 USD (SKU B2)" in price.reason


def test_china_is_read_from_its_own_list_by_name_and_never_counts_as_dollars(refresh: Refresh) -> None:
    yuan = product("CNN1-Host:ml.m5.xlarge", "2.116", region="cn-north-1")._replace(currency="CNY")
    refresh.aws.publish({"cn-north-1": offer_csv([yuan])}, partition="cn")
    assert refresh("--region", "cn-north-1")[0] == 0
    assert (refresh.directory / "cn-north-1.csv").read_text().splitlines()[0].startswith("usage_type,unit,cny,basis")
    price = PriceBook(own=refresh.directory).hosting("cn-north-1", "ml.m5.xlarge")
    assert isinstance(price, Unpriced)
    assert "2.116 CNY per Hrs" in price.reason
    assert PriceBook(own=refresh.directory).hosting_prices("cn-north-1") == {}


def test_a_local_zone_comes_with_its_region_and_by_name(refresh: Refresh, tmp_path: Path) -> None:
    zone = product("USE1ATL1-Host:ml.p5en.48xlarge", "72.7904", region="us-east-1-atl-1")
    refresh.publish([*bundled("us-east-1"), zone])
    assert refresh("--region", "us-east-1")[0] == 0
    assert refresh.usd("us-east-1-atl-1", "ml.p5en.48xlarge") == Decimal("72.7904")
    refresh.directory = tmp_path / "zone"
    assert refresh("--region", "us-east-1-atl-1")[0] == 0
    assert sorted(contents(refresh.directory)) == ["manifest.json", "us-east-1-atl-1.csv"]


def test_govcloud_is_refreshed_like_any_region(refresh: Refresh) -> None:
    refresh.publish(bundled("us-gov-west-1"), "us-gov-west-1")
    assert refresh("--region", "us-gov-west-1")[0] == 0
    assert refresh.usd("us-gov-west-1", "ml.m5.xlarge") == Decimal("0.29")


def test_savings_plan_rates_are_kept_beside_the_tables(refresh: Refresh) -> None:
    refresh.publish(bundled("us-east-1"))
    rates = {"USE1-Host:ml.m5.xlarge": "0.1656", "USE1-Train:ml.m5.xlarge": "0.1656"}
    refresh.aws.publish_savings_plans({"us-east-1": savings_csv("us-east-1", rates)})
    code, out, _ = refresh("--savings-plans")
    assert code == 0
    assert "1 rate of Savings Plans in 1 region" in out
    rows = list(csv.DictReader((refresh.directory / "savings-plans-us-east-1.csv").read_text().splitlines()))
    assert [(row["usage_type"], row["usd"], row["term"], row["payment"]) for row in rows] == [
        ("USE1-Host:ml.m5.xlarge", "0.1656", "1yr", "No Upfront")
    ]
    tables = PlanTables(str(refresh.directory), "1yr", "No Upfront")
    assert tables.rate("us-east-1", "USE1-Host:ml.m5.xlarge") == Decimal("0.1656")
    assert tables.rate("us-east-1", "USE1-AsyncInf:ml.m5.xlarge") is None
    assert tables.rate("eu-west-1", "EU-Host:ml.m5.xlarge") is None
    assert PlanTables(str(refresh.directory), "3yr", "No Upfront").rate("us-east-1", "USE1-Host:ml.m5.xlarge") is None


def test_a_savings_plan_file_of_another_version_or_cut_off_changes_nothing(refresh: Refresh) -> None:
    refresh.publish(bundled("us-east-1"))
    good = savings_csv("us-east-1", {"USE1-Host:ml.m5.xlarge": "0.1656"})
    for content, because in ((good.replace(VERSION.encode(), b"1"), "is of version 1"), (good[:-40], "is damaged")):
        refresh.aws.publish_savings_plans({"us-east-1": content})
        code, _, err = refresh("--savings-plans")
        assert code == 2
        assert because in err
        assert not (refresh.directory / "manifest.json").exists()
        (refresh.directory / ".downloads" / f"plans-us-east-1-{VERSION}.csv").unlink(missing_ok=True)


# What can go wrong: the old tables answer as before, and the message says what happened


@pytest.fixture
def refreshed(refresh: Refresh) -> Iterator[Refresh]:
    """Tables of an earlier refresh, which must come through everything; ml.m5.xlarge is at 0.23."""
    refresh.publish(bundled("us-east-1"))
    assert refresh()[0] == 0
    before = contents(refresh.directory)
    yield refresh
    assert contents(refresh.directory) == before
    assert refresh.usd("us-east-1", "ml.m5.xlarge") == Decimal("0.23")


NEW = "20261127181500"


def republish(refresh: Refresh, content: bytes, *, version: str = NEW) -> str:
    """A new offer file of us-east-1, with another address; returns its path."""
    refresh.aws.publish({"us-east-1": content}, version=version)
    return refresh.aws.offer_path("us-east-1", version=version)


def cheaper() -> bytes:
    """A new list in which ml.m5.xlarge is at 0.2."""
    products = [each for each in bundled("us-east-1") if each.attributes["usagetype"] != "USE1-Host:ml.m5.xlarge"]
    return offer_csv([*products, product("USE1-Host:ml.m5.xlarge", "0.2")], version=NEW)


def refused(refresh: Refresh, because: str, *arguments: str) -> str:
    code, out, err = refresh(*arguments)
    assert (code, out) == (2, "")
    assert because in err
    assert "its tables are as they were" in err
    assert "hint: " in err
    return err


@pytest.mark.parametrize("status", [403, 404, 451])
def test_a_refusal(refreshed: Refresh, status: int) -> None:
    path = republish(refreshed, cheaper())
    refreshed.aws.faults[path] = [Fault(status=status)]
    refused(refreshed, f"answered {status}")
    assert len([each for each, _ in refreshed.aws.requests if each == path]) == 1, "refusals are not retried"


def test_a_server_that_stays_busy(refreshed: Refresh) -> None:
    path = republish(refreshed, cheaper())
    refreshed.aws.faults[path] = [Fault(status=503) for _ in range(bulk.ATTEMPTS)]
    refused(refreshed, "the server answered 503")
    assert len([each for each, _ in refreshed.aws.requests if each == path]) == bulk.ATTEMPTS


def test_a_connection_that_breaks_at_the_same_byte_every_time(refreshed: Refresh) -> None:
    path = republish(refreshed, cheaper())
    refreshed.aws.faults[path] = [Fault(cut_at=0) for _ in range(20)]
    refused(refreshed, "cannot be downloaded")


def test_a_truncated_file_whose_server_does_not_say_how_long_it_is(refreshed: Refresh) -> None:
    path = republish(refreshed, cheaper())
    refreshed.aws.faults[path] = [Fault(cut_at=20_001, honest=False)]
    refused(refreshed, "cut off")


def test_a_file_truncated_between_two_lines_loses_too_many_prices(refreshed: Refresh) -> None:
    lines = cheaper().splitlines(keepends=True)
    republish(refreshed, b"".join(lines[: len(lines) // 2]))
    refused(refreshed, "lost ")


def test_an_index_that_is_no_json(refreshed: Refresh) -> None:
    refreshed.aws.publish({"us-east-1": cheaper()}, index=b"<html>sign in to the proxy</html>")
    refused(refreshed, "is no index of offer files")


def test_a_file_that_is_no_offer(refreshed: Refresh) -> None:
    republish(refreshed, b"<html>sign in to the proxy</html>\n")
    refused(refreshed, "is no offer")


def test_a_file_of_another_version_than_the_index_says(refreshed: Refresh) -> None:
    republish(refreshed, cheaper().replace(NEW.encode(), b"20250101000000"))
    refused(refreshed, "is of version 20250101000000")


def test_an_index_that_leads_nowhere(refreshed: Refresh) -> None:
    index = json.dumps({"regions": {"us-east-1": {"currentVersionUrl": "https://elsewhere.example/index.json"}}})
    refreshed.aws.publish({"us-east-1": cheaper()}, index=index.encode())
    refused(refreshed, "has no address of a version for us-east-1")


def test_a_region_that_there_is_not(refreshed: Refresh) -> None:
    code, _, err = refreshed("--region", "us-east-9")
    assert code == 2
    assert "AWS has no offer file for region us-east-9, did you mean us-east-1?" in err


def test_a_refresh_that_got_nowhere_leaves_no_folder_behind(refresh: Refresh) -> None:
    assert refresh("--region", "us-east-9")[0] == 2
    assert not refresh.directory.exists()


def test_the_same_amounts_in_another_currency_are_other_prices(refresh: Refresh) -> None:
    """By then every price of the region is gone, and a bill would have none: that is no list of unchanged prices."""
    refresh.aws.publish({"us-east-1": offer_csv(bundled("us-east-1")).replace(b'"USD"', b'"CNY"')})
    code, _, err = refresh()
    assert code == 2
    assert re.search(r"us-east-1 lost (\d+) of its \1 published prices, 100\.0 %", err)
    code, out, _ = refresh("--accept")
    assert code == 0
    assert " 0 unchanged" in out


@pytest.mark.parametrize(("usd", "believed"), [("0.69", True), ("0.691", False), ("0.0766", False), ("0.07667", True)])
def test_a_price_that_changed_by_more_than_a_factor_of_three(refresh: Refresh, usd: str, believed: bool) -> None:  # noqa: FBT001
    """0.23 × 3 = 0.69; 0.23 / 3 = 0.07666."""
    products = [each for each in bundled("us-east-1") if each.attributes["usagetype"] != "USE1-Host:ml.m5.xlarge"]
    refresh.publish([*products, product("USE1-Host:ml.m5.xlarge", usd)])
    code, _, err = refresh()
    assert code == (0 if believed else 2)
    if not believed:
        assert f"USE1-Host:ml.m5.xlarge went from 0.23 to {usd}, by more than a factor of 3" in err
        assert not (refresh.directory / "manifest.json").exists()
        code, out, _ = refresh("--accept")
        assert code == 0
        assert "accepted: USE1-Host:ml.m5.xlarge" in out
        assert refresh.usd("us-east-1", "ml.m5.xlarge") == Decimal(usd)


def test_a_region_that_lost_more_than_5_percent_of_its_prices(refreshed: Refresh) -> None:
    """229 prices of the user's own; 11 of them are 4.8 %, 12 are 5.2 %."""
    products = bundled("us-east-1")
    assert len(products) - len(strangers("us-east-1", "USE1")) == 229
    republish(refreshed, offer_csv(products[12:], version=NEW))
    refused(refreshed, "us-east-1 lost 12 of its 229 published prices, 5.2 % where 5 % is the limit")


def test_the_first_refresh_of_a_region_does_not_mind_the_loss_of_prices_in_doubt(refresh: Refresh) -> None:
    """Of the 229 published prices of us-east-1, 13 are in doubt: of the other 216, 10 are 4.6 % and 11 are 5.1 %."""
    doubted = {"USE1-Host:ml.r8g", "USE1-Host:ml.p3."}
    products = [each for each in bundled("us-east-1") if each.attributes["usagetype"][:16] not in doubted]
    assert len(bundled("us-east-1")) - len(products) == 13
    refresh.publish(products[11:])
    code, _, err = refresh()
    assert code == 2
    assert "us-east-1 lost 11 of its 216 published prices, 5.1 % where 5 % is the limit" in err
    refresh.publish(products[10:])
    assert refresh()[0] == 0


def test_api_credentials_that_may_not(refreshed: Refresh, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**KEYS, "AWS_ENDPOINT_URL_PRICING": refreshed.aws.url}.items():
        monkeypatch.setenv(name, value)
    refreshed.aws.refusal = (400, "AccessDeniedException")
    refused(refreshed, "pricing:GetProducts was refused for us-east-1: AccessDeniedException", *API)


def test_no_credentials(refreshed: Refresh, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    refused(refreshed, "Unable to locate credentials", *API)


def test_a_profile_that_there_is_not(refreshed: Refresh, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    refused(refreshed, "The config profile (nobody) could not be found", *API)


API = ("--source", "api", "--region", "us-east-1")


def test_a_directory_that_holds_tables_of_another_kind_is_left_alone(refresh: Refresh, tmp_path: Path) -> None:
    refresh.directory = tmp_path / "pricing"
    refresh.directory.mkdir()
    (refresh.directory / "manifest.json").write_bytes((PRICING / "manifest.json").read_bytes())
    refresh.publish(bundled("us-east-1"))
    code, _, err = refresh()
    assert code == 2
    assert "is not of tables that a refresh may replace" in err


def test_two_refreshes_at_once_do_not_mix(refreshed: Refresh) -> None:
    fcntl = pytest.importorskip("fcntl")
    other = os.open(refreshed.directory, os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)
    code, _, err = refreshed()
    os.close(other)
    assert code == 2
    assert f"another refresh of {refreshed.directory} is at work" in err


# Continuing


def test_a_broken_download_is_continued_where_it_broke(refresh: Refresh) -> None:
    content = offer_csv(bundled("us-east-1"))
    refresh.publish(bundled("us-east-1"))
    path = refresh.aws.offer_path("us-east-1")
    refresh.aws.faults[path] = [Fault(cut_at=70_000), Fault(status=500), Fault(cut_at=10_000)]
    assert refresh()[0] == 0
    assert len(content) > 80_000
    ranges = [wanted for each, wanted in refresh.aws.requests if each == path]
    assert ranges[0] is None
    assert all(wanted is not None and wanted.startswith("bytes=") for wanted in ranges[1:])
    starts = [int(wanted.removeprefix("bytes=").rstrip("-")) for wanted in ranges[1:] if wanted]
    assert starts == sorted(starts)
    assert 0 < starts[0] <= 70_000


def test_the_next_run_continues_what_the_last_one_left(refresh: Refresh) -> None:
    refresh.publish(bundled("us-east-1"))
    path = refresh.aws.offer_path("us-east-1")
    refresh.aws.faults[path] = [Fault(cut_at=70_000), *[Fault(status=503)] * (bulk.ATTEMPTS - 1)]
    assert refresh()[0] == 2
    refresh.aws.requests.clear()
    assert refresh()[0] == 0
    (wanted,) = [wanted for each, wanted in refresh.aws.requests if each == path]
    assert wanted is not None


def test_a_part_of_a_file_that_has_changed_since_is_thrown_away(refresh: Refresh) -> None:
    refresh.publish(bundled("us-east-1"))
    path = refresh.aws.offer_path("us-east-1")
    refresh.aws.faults[path] = [Fault(cut_at=70_000), *[Fault(status=503)] * (bulk.ATTEMPTS - 1)]
    assert refresh()[0] == 2
    products = [each for each in bundled("us-east-1") if each.attributes["usagetype"] != "USE1-Host:ml.m5.xlarge"]
    refresh.publish([product("USE1-Host:ml.m5.xlarge", "0.2"), *products])
    assert refresh()[0] == 0
    assert refresh.usd("us-east-1", "ml.m5.xlarge") == Decimal("0.2")


def test_a_file_that_was_bad_is_downloaded_again(refresh: Refresh) -> None:
    """It lies under the address of a version, and must not be taken for that version for ever."""
    good = offer_csv(bundled("us-east-1"))
    for bad in (
        b"<html>sign in</html>\n",
        good.replace(VERSION.encode(), b"1"),
        good[: len(good) // 2],
        b"\n".join(good.split(b"\n")[:99]) + b"\n",
    ):
        refresh.aws.publish({"us-east-1": bad})
        assert refresh()[0] == 2
        refresh.aws.publish({"us-east-1": good})
        assert refresh()[0] == 0


def test_a_region_of_the_index_without_inference_is_passed_over_unless_it_should_have_prices(refresh: Refresh) -> None:
    empty = offer_csv(strangers("xx-new-1", "XXN1"))
    refresh.aws.publish({"us-east-1": offer_csv(bundled("us-east-1")), "xx-new-1": empty})
    assert refresh()[0] == 0
    assert "xx-new-1.csv" not in contents(refresh.directory)
    for arguments in (("--region", "xx-new-1"), ()):
        refresh.aws.publish({"us-east-1": offer_csv(bundled("us-east-1")), "xx-new-1": empty, "eu-west-1": empty})
        code, _, err = refresh(*arguments)
        assert code == 2
        assert f"has no inference prices of {'xx-new-1' if arguments else 'eu-west-1'}" in err


def test_a_server_without_ranges_sends_it_all_again(refresh: Refresh) -> None:
    refresh.publish(bundled("us-east-1"))
    refresh.aws.ranges = False
    refresh.aws.faults[refresh.aws.offer_path("us-east-1")] = [Fault(cut_at=70_000)]
    assert refresh()[0] == 0
    assert refresh.usd("us-east-1", "ml.m5.xlarge") == Decimal("0.23")


# Killed


KILLED = """
import os, sys, time
from guardrail import cli
from guardrail.prices import store
stop_at = sys.argv.pop(1)
replace = os.replace
def stop(source, target):
    if stop_at == "before" and target.endswith("manifest.json"):
        print("here", flush=True); time.sleep(60)
    replace(source, target)
    if stop_at == "after" and target.endswith("manifest.json"):
        print("here", flush=True); time.sleep(60)
os.replace = stop
sys.exit(cli.main(sys.argv[1:]))
"""


@pytest.mark.skipif(os.name != "posix", reason="needs a signal that cannot be caught")
@pytest.mark.parametrize(("moment", "usd"), [("before", "0.23"), ("after", "0.2")])
def test_killed_between_writing_and_swapping_and_right_after_it(refresh: Refresh, moment: str, usd: str) -> None:
    """Before the manifest is renamed the old prices hold, after it the new, although no table has its name yet."""
    refresh.publish(bundled("us-east-1"))
    assert refresh()[0] == 0
    republish(refresh, cheaper())
    arguments = ["prices", "refresh", "--mirror", refresh.aws.url, "--output", str(refresh.directory)]
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, moment, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"here\n"
        process.send_signal(signal.SIGKILL)
    assert (refresh.directory / "us-east-1.csv.new").exists()
    assert refresh.usd("us-east-1", "ml.m5.xlarge") == Decimal(usd)
    assert refresh()[0] == 0
    assert refresh.usd("us-east-1", "ml.m5.xlarge") == Decimal("0.2")
    assert not list(refresh.directory.glob("*.new"))


def started(refresh: Refresh, **options: Any) -> subprocess.Popen[bytes]:
    """A refresh in a process of its own."""
    arguments = ["prices", "refresh", "--mirror", refresh.aws.url, "--output", str(refresh.directory)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen([sys.executable, "-m", "guardrail", *arguments], env=environment, **options)


@pytest.mark.skipif(os.name != "posix", reason="signals of another kind")
def test_interrupted_in_the_middle_of_a_download(refreshed: Refresh) -> None:
    """A job in the background of a shell ignores SIGINT and hands that on, so the child is told to heed it."""

    def heed() -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)

    path = republish(refreshed, cheaper())
    refreshed.aws.faults[path] = [Fault(delay_s=5)]
    with started(refreshed, stderr=subprocess.PIPE, preexec_fn=heed) as process:
        while path not in [each for each, _ in refreshed.aws.requests]:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate()
    assert process.returncode == 130
    assert (
        err.decode()
        == f"guardrail: interrupted; nothing changed in {refreshed.directory}: its tables are as they were\n"
    )


@pytest.mark.skipif(sys.platform != "linux", reason="needs a limit on the size of files")
def test_a_disk_that_is_full(refreshed: Refresh) -> None:
    """No file may grow beyond 50,000 bytes, and the offer file has more than 80,000."""
    import resource

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))

    republish(refreshed, cheaper())
    with started(refreshed, stderr=subprocess.PIPE, preexec_fn=limit) as process:
        _, err = process.communicate()
    assert process.returncode == 2
    assert f"cannot write to {refreshed.directory}: File too large; nothing changed in" in err.decode()


@pytest.mark.parametrize(("module", "source"), [("urllib3", "bulk"), ("boto3", "api")])
def test_without_the_extra_it_says_how_to_get_it(
    refreshed: Refresh, monkeypatch: pytest.MonkeyPatch, module: str, source: str
) -> None:
    for name in [name for name in sys.modules if name.startswith("guardrail.aws.bulk")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, module, None)
    err = refused(refreshed, f"needs {module}, which is not installed", "--source", source, "--region", "us-east-1")
    assert "hint: pip install 'guardrail-sagemaker[aws]'" in err


# What it takes


@pytest.mark.skipif(os.name != "posix", reason="needs a terminal of its own")
def test_a_terminal_shows_how_far_it_is(refresh: Refresh) -> None:
    import pty

    refresh.publish(bundled("us-east-1"))
    refresh.aws.faults[refresh.aws.offer_path("us-east-1")] = [Fault(delay_s=1.3)]
    terminal, end = pty.openpty()
    with started(refresh, stdout=subprocess.DEVNULL, stderr=end) as process:
        assert process.wait() == 0
    os.close(end)
    shown = _all_of(terminal)
    assert "1 of 1: us-east-1" in shown
    assert shown.endswith("\r\x1b[K"), "and it is gone once the work is done"


def _all_of(terminal: int) -> str:
    """What was written to a terminal whose other end is closed: it comes in pieces, and Linux ends it with EIO."""
    shown = b""
    with suppress(OSError), open(terminal, "rb", buffering=0) as pieces:
        while piece := pieces.read(10_000):
            shown += piece
    return shown.decode()


MEASURED = """
import sys
from guardrail import cli
code = cli.main(sys.argv[1:])
print(*(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")), file=sys.stderr)
sys.exit(code)
"""
"""Prints the most memory it ever had, in KiB; ru_maxrss would count what the parent had when it forked."""


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_memory_stays_below_150_mib_for_36_regions_and_a_log_stays_quiet(refresh: Refresh) -> None:
    """Offer files of the size of AWS's: padded with training jobs to some 4 MB each. Measured: 39 MiB, 3.4 s."""
    offers = {region: offer_csv(bundled(region)) for region in regions()}
    for region, content in offers.items():
        line = content.splitlines(keepends=True)[-1].replace(b"0.0000000000", b"9.99").replace(b"Hosting", b"Training")
        offers[region] = content + line * ((4_000_000 - len(content)) // len(line))
    refresh.aws.publish(offers)
    arguments = ["prices", "refresh", "--mirror", refresh.aws.url, "--output", str(refresh.directory)]
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    mib = int(done.stderr) / 1024
    assert mib < 150
    assert done.stdout.startswith("36 regions refreshed")
