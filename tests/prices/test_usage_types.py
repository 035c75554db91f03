"""Usage types: one grammar, read and written in one place."""

import pytest

from guardrail.prices import usage_types
from guardrail.prices.base import Price
from guardrail.prices.book import PriceBook
from guardrail.prices.usage_types import UsageType, is_charge, parse, unit_of, written

EVERY_USE = [
    ("USE1-Host:ml.m5.xlarge", UsageType("USE1", "Host", "ml.m5.xlarge"), "ml.m5.xlarge", "Hrs"),
    ("EUC1-AsyncInf:ml.p4d.24xlarge", UsageType("EUC1", "AsyncInf", "ml.p4d.24xlarge"), "ml.p4d.24xlarge", "Hrs"),
    (
        "USE1-Tsform:ml.p6-b200.48xlarge",
        UsageType("USE1", "Tsform", "ml.p6-b200.48xlarge"),
        "ml.p6-b200.48xlarge",
        "Hrs",
    ),
    ("USE1-Host:VolumeUsage.gp2", UsageType("USE1", "Host", "VolumeUsage.gp2"), None, "GB-Mo"),
    ("USE1-Hst:Data-Bytes-Out", UsageType("USE1", "Hst", "Data-Bytes-Out"), None, "GB"),
    ("USW2-LAX1-Host:ml.m5.xlarge", UsageType("USW2-LAX1", "Host", "ml.m5.xlarge"), "ml.m5.xlarge", "Hrs"),
    ("USE1-ServerlessInf:Mem-2GB", UsageType("USE1", "ServerlessInf", "Mem-2GB"), None, "seconds"),
    (
        "USE1-ProvisionedConcurrency:Usage-6GB",
        UsageType("USE1", "ProvisionedConcurrency", "Usage-6GB"),
        None,
        "seconds",
    ),
]


@pytest.mark.parametrize(("text", "parts", "instance_type", "unit"), EVERY_USE)
def test_a_usage_type_is_taken_apart_and_written_as_it_was(
    text: str, parts: UsageType, instance_type: str | None, unit: str
) -> None:
    found = parse(text)
    assert found == parts
    assert str(found) == text
    assert (found.instance_type, unit_of(found.charge)) == (instance_type, unit)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Host:ml.m5.xlarge",  # no prefix
        "-Host:ml.m5.xlarge",
        "use1-Host:ml.m5.xlarge",
        "USE1-Train:ml.m5.xlarge",
        "USE1-Host:m5.xlarge",
        "USE1-Host:ml.m5.xlarge-Hosting",
        "USE1-Host:ml.m5.xlarge\n",
        "USE1-AsyncInf:VolumeUsage.gp2",
        "USE1-Hst:Data-Bytes",
        "USE1-ServerlessInf:Mem-7GB",
        "USE1-ServerlessInf:Usage-2GB",
        "USE1-ProvisionedConcurrency:Mem-2GB:3",
    ],
)
def test_what_is_no_usage_type_of_inference_is_not_taken_apart(text: str) -> None:
    assert parse(text) is None


def test_every_price_of_the_tables_has_a_usage_type_that_is_written_as_it_is_read() -> None:
    book = PriceBook()
    for region in book.regions():
        for charge in book.charges(region):
            price = book.price(region, charge)
            assert is_charge(charge)
            assert isinstance(price, Price)
            found = parse(price.usage_type)
            assert found is not None
            assert (str(found), found.charge, unit_of(charge)) == (price.usage_type, charge, price.unit)


def test_what_is_written_names_the_region_by_its_prefix() -> None:
    assert written("EUC1", usage_types.provisioned_compute(3)) == "EUC1-ProvisionedConcurrency:Mem-3GB"
    assert written("USE1", usage_types.instance(usage_types.TRANSFORM, "ml.c5.xlarge")) == "USE1-Tsform:ml.c5.xlarge"
