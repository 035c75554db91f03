"""Offers in the three forms that AWS gives them: an offer file in CSV or in JSON, and the items of GetProducts.

All three come to the same rows. What a product is, its attributes say: ``instanceName`` and ``component`` of instances
(never ``instanceType``, which is ``ml.m5.xlarge-Hosting`` in one place and a Studio app of another price in the next),
``group`` of serverless inference and of data, ``volumeType`` of volumes. Its usage type must agree with that, or the
row is reported and not read. Shapes: AWS Billing user guide, "Reading the price list files".
"""

import csv
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import TextIO

import msgspec
from msgspec import Struct

from guardrail.errors import AWSError
from guardrail.limits import NOT_JSON
from guardrail.money import plain
from guardrail.prices import usage_types
from guardrail.prices.price_list import Listed, ListedPrice, PriceList, collect

SERVICE = "AmazonSageMaker"

_COMPONENTS = {"Hosting": usage_types.HOST, "AsyncInf": usage_types.ASYNC, "BatchTransform": usage_types.TRANSFORM}
_BY_MEMORY = {
    "ServerlessInf": usage_types.serverless,
    "ServerlessProvisionedConcurrency-Usage": usage_types.provisioned_warm,
    "ServerlessProvisionedConcurrency-Duration": usage_types.provisioned_compute,
}
_BY_GROUP = {"Hosting:IN": usage_types.DATA_IN, "Hosting:OUT": usage_types.DATA_OUT}
_HOSTING_VOLUME = "General Purpose-Hosting"

FILTERS = (
    *(("component", component) for component in _COMPONENTS),
    *(("group", group) for group in (*_BY_MEMORY, *_BY_GROUP)),
    ("volumeType", _HOSTING_VOLUME),
)
"""Attributes and values that together select every product of inference."""

_AMOUNT = re.compile(r"[0-9]+(?:\.[0-9]+)?(?:[Ee]-?[0-9]{1,2})?")
_METADATA_LINES = 5
_NOT_OFFERED = re.compile(r"ml\.eia\d")
"""Elastic Inference, which endpoints no longer accept."""
_COLUMNS = {"sku", "ratecode", "termtype", "effectivedate", "unit", "priceperunit", "currency", "usagetype"}
"""Without which a CSV is no offer file; names are compared by their letters and digits alone."""


class ProductAttributes(Struct, frozen=True, kw_only=True):
    """What a product says of itself; the attributes that tell the charges of inference apart."""

    usage_type: str = msgspec.field(default="", name="usagetype")
    region: str = msgspec.field(default="", name="regionCode")
    location: str = ""
    component: str = ""
    instance_name: str = msgspec.field(default="", name="instanceName")
    group: str = ""
    memory_gb: str = msgspec.field(default="", name="memorygb")
    volume_type: str = msgspec.field(default="", name="volumeType")


class Edition(Struct, frozen=True, kw_only=True):
    """Which offer it is."""

    version: str
    publication_date: str


class _Product(Struct, frozen=True):
    attributes: ProductAttributes
    sku: str = ""


class _PriceDimension(Struct, frozen=True, rename="camel"):
    rate_code: str
    unit: str
    price_per_unit: dict[str, str]
    begin_range: str = "0"
    end_range: str = "Inf"


class _PriceTerm(Struct, frozen=True, rename="camel"):
    effective_date: str
    price_dimensions: dict[str, _PriceDimension]


class _PriceListItem(Struct, frozen=True, rename="camel"):
    """An item of the PriceList of GetProducts."""

    product: _Product
    terms: dict[str, dict[str, _PriceTerm]]
    version: str
    publication_date: str


class _OnDemand(Struct, frozen=True):
    on_demand: dict[str, msgspec.Raw] = msgspec.field(default={}, name="OnDemand")


class _OfferDocument(Struct, frozen=True, rename="camel"):
    offer_code: str
    version: str
    publication_date: str
    products: dict[str, msgspec.Raw]
    """Not decoded yet: most of them are none of ours."""
    terms: _OnDemand


def read_file(path: str) -> tuple[Edition, dict[str, PriceList]]:
    """Which offer a file is, CSV or JSON, and its price lists by region.

    A CSV of any size is read line by line; of a JSON file the text is held in memory, and little more. Raises
    `AWSError` where it is neither, is cut off, or is the offer of another service.
    """
    with _explained(path):
        with open(path, "rb") as file:
            is_json = file.read(64).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
        if is_json:
            return _from_json(path)
        with open(path, encoding="utf-8-sig", newline="") as file:
            return _from_csv(path, file)


def read_items(items: Iterable[str], name: str) -> dict[str, PriceList]:
    """The price lists of what GetProducts answered, by region; ``name`` stands for it in errors.

    The version is that of the oldest item, for AWS may publish while the pages are read.
    """
    with _explained(name):
        decoder = msgspec.json.Decoder(_PriceListItem)
        decoded = [decoder.decode(item) for item in dict.fromkeys(items)]
        if not decoded:
            return {}
        oldest = min(decoded, key=lambda item: item.publication_date)
        rows = (row for item in decoded for row in _rows(name, item.product, item.terms.get("OnDemand", {}).values()))
        return collect(rows, version=oldest.version, publication_date=oldest.publication_date)


def _from_json(path: str) -> tuple[Edition, dict[str, PriceList]]:
    with open(path, "rb") as file:
        offer = msgspec.json.decode(file.read().removeprefix(b"\xef\xbb\xbf"), type=_OfferDocument)
    _check_service(path, offer.offer_code)
    edition = Edition(version=offer.version, publication_date=offer.publication_date)
    rows = _json_rows(path, offer)
    return edition, collect(rows, version=edition.version, publication_date=edition.publication_date)


def _json_rows(path: str, offer: _OfferDocument) -> Iterator[Listed]:
    product_decoder, term_decoder = msgspec.json.Decoder(_Product), msgspec.json.Decoder(dict[str, _PriceTerm])
    for sku, raw in offer.products.items():
        product = product_decoder.decode(raw)
        if sku in offer.terms.on_demand and charge_of(product.attributes) is not None:
            terms = term_decoder.decode(offer.terms.on_demand[sku])
            yield from _rows(path, product, terms.values(), sku)


def _from_csv(path: str, file: TextIO) -> tuple[Edition, dict[str, PriceList]]:
    lines = _whole_lines(path, file)
    reader = csv.reader(lines, strict=True)
    metadata = dict(record[:2] for record in (next(reader, []) for _ in range(_METADATA_LINES)) if len(record) > 1)
    header = [_plain(column) for column in next(reader, [])]
    missing = sorted(_COLUMNS - set(header))
    if missing or "Version" not in metadata or "Publication Date" not in metadata:
        lacking = f"lacks the column {missing[0]}" if missing else "lacks its version"
        raise AWSError(f"{path} is no offer file of AWS: it {lacking}", hint=_REDOWNLOAD)
    _check_service(path, metadata.get("OfferCode", ""))
    edition = Edition(version=metadata["Version"], publication_date=metadata["Publication Date"])
    rows = _csv_rows(path, header, reader)
    return edition, collect(rows, version=edition.version, publication_date=edition.publication_date)


def _csv_rows(path: str, header: list[str], reader: Iterator[list[str]]) -> Iterator[Listed]:
    width = len(header)
    for record in reader:
        if len(record) != width:
            raise AWSError(f"{path} is damaged: a line has {len(record)} fields, not {width}", hint=_REDOWNLOAD)
        fields = dict(zip(header, record, strict=True))
        if fields["termtype"] != "OnDemand":
            continue
        attributes = ProductAttributes(
            usage_type=fields["usagetype"],
            region=fields.get("regioncode", ""),
            location=fields.get("location", ""),
            component=fields.get("component", ""),
            instance_name=fields.get("instancename", ""),
            group=fields.get("group", ""),
            memory_gb=fields.get("memorygb", ""),
            volume_type=fields.get("volumetype", ""),
        )
        dimension = _PriceDimension(
            rate_code=fields["ratecode"],
            unit=fields["unit"],
            price_per_unit={fields["currency"]: fields["priceperunit"]},
            begin_range=fields.get("startingrange") or "0",
            end_range=fields.get("endingrange") or "Inf",
        )
        row = _row(path, attributes, dimension, sku=fields["sku"], effective_date=fields["effectivedate"])
        if row is not None:
            yield row


def _whole_lines(path: str, file: TextIO) -> Iterator[str]:
    """The lines of a file; raises where the last one does not end, because the file was cut off there."""
    line = "\n"
    for line in file:
        yield line
    if not line.endswith("\n"):
        raise AWSError(f"{path} is cut off in its last line", hint=_REDOWNLOAD)


# One product ---------------------------------------------------------------------------------------------------------


def charge_of(product: ProductAttributes) -> str | None:
    """The charge of a product of inference, as its attributes have it; None for any other product."""
    use = _COMPONENTS.get(product.component)
    if use is not None:
        is_type = product.instance_name.startswith("ml.") and not _NOT_OFFERED.match(product.instance_name)
        return usage_types.instance(use, product.instance_name) if is_type else None
    if product.group in _BY_MEMORY:
        size = product.memory_gb.partition(" ")[0] or usage_types.memory_gb(product.usage_type)
        return _BY_MEMORY[product.group](size)
    if product.volume_type == _HOSTING_VOLUME:
        return usage_types.VOLUME
    return _BY_GROUP.get(product.group)


def _rows(name: str, product: _Product, terms: Iterable[_PriceTerm], sku: str = "") -> Iterator[Listed]:
    for term in terms:
        for dimension in term.price_dimensions.values():
            row = _row(name, product.attributes, dimension, sku=product.sku or sku, effective_date=term.effective_date)
            if row is not None:
                yield row


def _row(
    name: str, product: ProductAttributes, dimension: _PriceDimension, *, sku: str, effective_date: str
) -> Listed | None:
    """A row of a product of inference; None for any other product."""
    charge = charge_of(product)
    if charge is None:
        return None
    if not product.region:
        raise AWSError(f"{name} does not say which region {product.usage_type} belongs to", hint=_REDOWNLOAD)
    known = usage_types.parse(product.usage_type)
    currency, amount = _amount(name, product.usage_type, dimension.price_per_unit)
    fits = known is not None and known.charge == charge and dimension.unit == usage_types.unit_of(charge)
    whole = dimension.begin_range in ("0", "") and dimension.end_range in ("Inf", "")
    return Listed(
        region=product.region,
        name=product.location,
        charge=charge if fits else None,
        prefix=known.prefix if known else "",
        currency=currency,
        price=ListedPrice(
            usage_type=product.usage_type,
            unit=dimension.unit,
            amount=amount,
            sku=sku,
            rate_code=dimension.rate_code,
            effective_date=effective_date,
        ),
        tier="" if whole else f"{dimension.begin_range} to {dimension.end_range}",
    )


def _amount(name: str, usage_type: str, price_per_unit: Mapping[str, str]) -> tuple[str, str]:
    """Currency and amount, whose digits are left alone."""
    if len(price_per_unit) != 1:
        raise AWSError(f"{name}: {usage_type} is priced in {len(price_per_unit)} currencies", hint=_REDOWNLOAD)
    ((currency, amount),) = price_per_unit.items()
    if not _AMOUNT.fullmatch(amount):
        raise AWSError(f"{name}: the price of {usage_type} is {amount!r}, which is no amount", hint=_REDOWNLOAD)
    return currency, amount if "E" not in amount.upper() else plain(Decimal(amount))


# What can be wrong ---------------------------------------------------------------------------------------------------

_REDOWNLOAD = "download it again, or compare it with what AWS publishes today"


@contextmanager
def _explained(name: str) -> Iterator[None]:
    """Whatever is wrong with what is read, as an AWSError that names it."""
    try:
        yield
    except OSError as error:
        raise AWSError(f"cannot read {name}: {error.strerror or error}") from error
    except (*NOT_JSON, csv.Error, ValueError) as error:
        raise AWSError(f"{os.fspath(name)} is no offer of AWS, or damaged: {error}", hint=_REDOWNLOAD) from error


def _check_service(name: str, offer_code: str) -> None:
    if offer_code != SERVICE:
        raise AWSError(f"{name} is the offer of {offer_code or 'no service'}, not of {SERVICE}")


def _plain(column: str) -> str:
    """The name of a column by its letters and digits: ``Instance Name`` and ``instanceName`` are one."""
    return re.sub(r"[^a-z0-9]", "", column.lower())
