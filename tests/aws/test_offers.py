"""Offers in three forms come to the same price lists, and nothing in them is guessed, rounded or picked."""

import csv
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guardrail.aws.offers import FILTERS, read_file, read_items
from guardrail.errors import AWSError
from guardrail.prices.price_list import PriceList
from tests.aws.loopback import PUBLISHED, VERSION, Product, items, offer_csv, offer_json, product, strangers

PRICING = Path(__file__).resolve().parent.parent.parent / "pricing"
Read = Callable[[Sequence[Product]], dict[str, PriceList]]


@pytest.fixture(params=["csv", "json", "items"])
def read(request: pytest.FixtureRequest, tmp_path: Path) -> Read:
    """Reads products in one of the three forms."""
    form: str = request.param

    def reader(products: Sequence[Product]) -> dict[str, PriceList]:
        if form == "items":
            return read_items(items(products), "the answer")
        path = tmp_path / f"offer.{form}"
        path.write_bytes(offer_csv(products) if form == "csv" else offer_json(products))
        edition, lists = read_file(str(path))
        assert (edition.version, edition.publication_date) == (VERSION, PUBLISHED)
        return lists

    return reader


def bundled(region: str) -> list[dict[str, str]]:
    with (PRICING / f"{region}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def regions() -> list[str]:
    return sorted(path.stem for path in PRICING.glob("*-*-[0-9].csv"))


# What is read


def test_every_charge_of_inference_is_read_with_its_provenance(read: Read) -> None:
    usage_types = {
        "USE1-Host:ml.m5.xlarge": "Hrs",
        "USE1-AsyncInf:ml.m5.xlarge": "Hrs",
        "USE1-Tsform:ml.m5.xlarge": "Hrs",
        "USE1-Host:VolumeUsage.gp2": "GB-Mo",
        "USE1-Hst:Data-Bytes-In": "GB",
        "USE1-Hst:Data-Bytes-Out": "GB",
        "USE1-ServerlessInf:Mem-4GB": "seconds",
        "USE1-ProvisionedConcurrency:Usage-2GB": "seconds",
        "USE1-ProvisionedConcurrency:Mem-2GB": "seconds",
    }
    found = read([product(usage_type, "0.2300000000") for usage_type in usage_types])["us-east-1"]
    assert {price.usage_type: price.unit for price in found.prices.values()} == usage_types
    assert (found.prefix, found.currency, found.name) == ("USE1", "USD", "Location of us-east-1")
    assert (found.version, found.publication_date) == (VERSION, PUBLISHED)
    price = found.prices["Host:ml.m5.xlarge"]
    known = product("USE1-Host:ml.m5.xlarge", "0.23")
    assert (price.amount, price.sku, price.rate_code) == ("0.2300000000", known.sku, known.rate_code)
    assert price.effective_date[:10] == "2026-11-01"


def test_what_is_not_inference_or_costs_nothing_is_left_out(read: Read) -> None:
    """A Studio app has the instance type of an endpoint and another price; Training has its own; free tiers cost 0."""
    found = read([product("USE1-Host:ml.m5.xlarge", "0.23"), *strangers("us-east-1", "USE1")])["us-east-1"]
    assert {charge: price.amount for charge, price in found.prices.items()} == {"Host:ml.m5.xlarge": "0.23"}
    assert (found.zero_prices, found.unrecognized, found.conflicts) == (1, (), {})


@pytest.mark.parametrize("spelling", ["ml.g7e.2xlarge-hosting", "ml.g7e.2xlarge-Hosting", "ml.g7e.2xlarge", "N/A"])
def test_the_instance_name_decides_and_never_the_instance_type(read: Read, spelling: str) -> None:
    found = read([product("USE1-Host:ml.g7e.2xlarge", "4.2039000000", instanceType=spelling)])["us-east-1"]
    assert found.prices["Host:ml.g7e.2xlarge"].amount == "4.2039000000"


def test_two_skus_of_one_charge_are_a_conflict_and_none_is_picked(read: Read) -> None:
    usage_type = "USE1-Host:ml.r8g.xlarge"
    found = read([product(usage_type, "0.57", sku="B2"), product(usage_type, "0.28", sku="A1")])["us-east-1"]
    assert found.prices == {}
    (both,) = found.conflicts.values()
    assert [(price.sku, price.amount) for price in both] == [("A1", "0.28"), ("B2", "0.57")]


def test_two_skus_at_one_price_are_reported_and_both_kept(read: Read) -> None:
    usage_type = "USE1-Host:ml.r8g.xlarge"
    found = read([product(usage_type, "0.28", sku="B2"), product(usage_type, "0.2800", sku="A1")])["us-east-1"]
    assert found.conflicts == {}
    assert found.repeated == (usage_type,)
    assert found.prices["Host:ml.r8g.xlarge"].sku == "A1 B2"


def test_a_price_that_depends_on_the_volume_is_a_conflict(read: Read) -> None:
    first = product("USE1-Hst:Data-Bytes-In", "0.016")
    tiers = [first._replace(end="1000"), first._replace(begin="1000", amount="0.010", dimension="SECOND", sku="S2")]
    found = read(tiers)["us-east-1"]
    assert found.prices == {}
    assert {price.amount for price in found.conflicts["Hst:Data-Bytes-In"]} == {"0.016", "0.010"}


@pytest.mark.parametrize(
    ("usage_type", "changes"),
    [
        ("USE1-Host:ml.m5.2xlarge", {"instanceName": "ml.m5.xlarge"}),
        ("USE1-FutureHost:ml.m5.xlarge", {"component": "Hosting"}),
        ("USE1-Host:VolumeUsage.gp3", {}),
        ("USE1-ServerlessInf:Mem-2GB", {"memorygb": "4"}),
    ],
)
def test_a_product_whose_usage_type_says_something_else_is_reported_and_not_read(
    read: Read, usage_type: str, changes: dict[str, str]
) -> None:
    good = product("USE1-Host:ml.c5.large", "0.1")
    found = read([good, product(usage_type, "0.5", **changes)])["us-east-1"]
    assert list(found.prices) == ["Host:ml.c5.large"]
    assert found.unrecognized == (usage_type,)


def test_a_price_in_another_unit_is_reported_and_not_read(read: Read) -> None:
    products = [product("USE1-Host:ml.c5.large", "0.1"), product("USE1-Host:ml.m5.large", "6.9", unit="Months")]
    found = read(products)["us-east-1"]
    assert list(found.prices) == ["Host:ml.c5.large"]
    assert found.unrecognized == ("USE1-Host:ml.m5.large",)


def test_a_local_zone_has_a_list_of_its_own_with_the_prefix_of_its_usage_types(read: Read) -> None:
    zone = product("USE1ATL1-Host:ml.p5en.48xlarge", "72.7904", region="us-east-1-atl-1", locationType="AWS Local Zone")
    found = read([product("USE1-Host:ml.m5.large", "0.115"), zone])
    assert found["us-east-1-atl-1"].prefix == "USE1ATL1"
    assert found["us-east-1-atl-1"].prices["Host:ml.p5en.48xlarge"].amount == "72.7904"
    assert list(found["us-east-1"].prices) == ["Host:ml.m5.large"]


def test_govcloud_is_a_region_like_any_other(read: Read) -> None:
    found = read([product("UGW1-Host:ml.m5.large", "0.138", region="us-gov-west-1")])
    assert found["us-gov-west-1"].prefix == "UGW1"


def test_china_keeps_its_currency(read: Read) -> None:
    yuan = product("CNN1-Host:ml.m5.xlarge", "2.116", region="cn-north-1")._replace(currency="CNY")
    found = read([yuan])["cn-north-1"]
    assert (found.currency, found.prices["Host:ml.m5.xlarge"].amount) == ("CNY", "2.116")


def test_one_region_in_two_currencies_is_no_answer(read: Read) -> None:
    dollars = product("CNN1-Host:ml.m5.xlarge", "0.3", region="cn-north-1")
    yuan = product("CNN1-Host:ml.c5.xlarge", "2.1", region="cn-north-1")._replace(currency="CNY")
    with pytest.raises(AWSError, match="CNY and USD"):
        read([dollars, yuan])


# Properties


@pytest.mark.parametrize("region", regions())
def test_an_offer_made_from_the_bundled_table_gives_back_exactly_that_table(region: str, tmp_path: Path) -> None:
    """Every usage type, unit and amount, digit for digit, and not a row more, through each of the three forms."""
    table = {(row["usage_type"], row["unit"], row["usd"]) for row in bundled(region)}
    prefix = next(iter(table))[0].partition("-")[0]
    products = [product(name, usd, unit=unit, region=region) for name, unit, usd in table] + strangers(region, prefix)
    (tmp_path / "offer.csv").write_bytes(offer_csv(products))
    (tmp_path / "offer.json").write_bytes(offer_json(products))
    for lists in (
        read_file(str(tmp_path / "offer.csv"))[1],
        read_file(str(tmp_path / "offer.json"))[1],
        read_items(items(products), "the answer"),
    ):
        (found,) = lists.values()
        prices = found.prices.values()
        assert {(price.usage_type, price.unit, price.amount) for price in prices} == table
        assert (len(prices), found.conflicts, found.unrecognized) == (len(table), {}, ())


AMOUNTS = st.decimals(min_value="0.0000000001", max_value="99999", allow_nan=False, allow_infinity=False).map(
    lambda amount: f"{amount:f}"
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(amount=AMOUNTS.filter(lambda text: Decimal(text) > 0 and text[0] != "-"))
def test_no_digit_of_an_amount_is_changed(read: Read, amount: str) -> None:
    found = read([product("USE1-Host:ml.m5.xlarge", amount)])["us-east-1"]
    assert found.prices["Host:ml.m5.xlarge"].amount == amount


def test_an_exponent_is_written_out_without_a_change_of_value(read: Read) -> None:
    found = read([product("USE1-ServerlessInf:Mem-1GB", "2.0E-5")])["us-east-1"]
    assert found.prices["ServerlessInf:Mem-1GB"].amount == "0.000020"


def test_the_filters_of_the_api_select_every_product_of_inference_and_few_others() -> None:
    inference = [product(row["usage_type"], row["usd"], unit=row["unit"]) for row in bundled("us-east-1")]
    for each in inference:
        assert any(each.attributes.get(field) == value for field, value in FILTERS), each
    training = [each for each in strangers("us-east-1", "USE1") if "Train" in each.attributes["usagetype"]]
    assert not any(each.attributes.get(field) == value for each in training for field, value in FILTERS)


# What is no offer


def damaged(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    with pytest.raises(AWSError) as caught:
        read_file(str(path))
    assert str(path) in caught.value.message
    return caught.value.message


GOOD = [product("USE1-Host:ml.m5.xlarge", "0.23"), product("USE1-Host:ml.m5.large", "0.115")]


def test_a_file_cut_off_anywhere_is_refused_and_never_half_read(tmp_path: Path) -> None:
    """Whatever the byte: in a line it is damage; at the end of a line only the loss of rows tells, so not tested."""
    for content in (offer_csv(GOOD), offer_json(GOOD)):
        ends = {position + 1 for position, byte in enumerate(content) if byte == ord("\n")}
        for length in range(1, len(content) - 1, 7):
            if length not in ends or content.startswith(b"{"):
                damaged(tmp_path / "offer", content[:length])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"<html><title>403 Forbidden</title></html>\n",
        b"{}",
        b'{"offerCode": 3}',
        b"\x1f\x8b\x08\x00\x00",
        b"\xff\xfe\x00\x01\n",
        offer_csv(GOOD, offer="AmazonEC2"),
        offer_json(GOOD, offer="AmazonEC2"),
        offer_csv(GOOD).replace(b"PricePerUnit", b"Cost"),
        offer_csv(GOOD).replace(b'"0.23"', b'"about 0.23"'),
        offer_csv(GOOD).replace(b'"0.23"', b'"-0.23"'),
        offer_csv(GOOD).replace(b'"0.23"', b'"NaN"'),
        offer_json(GOOD).replace(b'"0.23"', b"null"),
        offer_csv(GOOD).replace(b'"us-east-1"', b'""'),
    ],
)
def test_what_is_no_offer_is_an_error_that_names_the_file(tmp_path: Path, content: bytes) -> None:
    damaged(tmp_path / "offer", content)


def test_a_missing_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(AWSError, match=r"cannot read .*nothing\.csv: No such file"):
        read_file(str(tmp_path / "nothing.csv"))


def test_an_item_that_is_no_product_is_an_error() -> None:
    with pytest.raises(AWSError, match="the answer is no offer"):
        read_items(['{"product": []}'], "the answer")
