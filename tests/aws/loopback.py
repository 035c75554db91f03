"""AWS's price list on loopback: offers in the shapes that AWS gives them, and servers that give them, well or badly.

Attribute names are those of DescribeServices (2022-09-29), columns those of the offer CSV (2026-05-08); the prices are
made from whatever table a test hands in. Beside the products of inference stand others that must not be mistaken for
them: training jobs, Studio apps of the same instance type at another price, free tiers.
"""

import csv
import io
import json
import threading
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, TypeAlias

VERSION = "20261120181500"
PUBLISHED = "2026-11-20T18:15:00Z"
EFFECTIVE = "2026-11-01T00:00:00Z"
TERM = "JRTCKXETXF"
DIMENSION = "6YS6EN2CT7"
DISCLAIMER = 'This pricing list is for informational purposes only, see "Terms", http://aws.amazon.com/legal'

COLUMNS = {
    "SKU": "sku",
    "OfferTermCode": "term_code",
    "RateCode": "rate_code",
    "TermType": "term_type",
    "PriceDescription": "description",
    "EffectiveDate": "effective_date",
    "StartingRange": "begin",
    "EndingRange": "end",
    "Unit": "unit",
    "PricePerUnit": "amount",
    "Currency": "currency",
    "RelatedTo": "",
    "Product Family": "productFamily",
    "serviceCode": "servicecode",
    "Location": "location",
    "Location Type": "locationType",
    "Instance Type": "instanceType",
    "Volume Type": "volumeType",
    "Group": "group",
    "Group Description": "groupDescription",
    "usageType": "usagetype",
    "operation": "operation",
    "Component": "component",
    "GPU Memory": "gpuMemory",
    "Instance Name": "instanceName",
    "Memory GB": "memorygb",
    "Plato Instance Name": "platoinstancename",
    "Region Code": "regionCode",
    "serviceName": "servicename",
    "vCPU": "vCpu",
}

Attributes: TypeAlias = dict[str, str]


class Product(NamedTuple):
    """One product with its one on-demand price."""

    sku: str
    attributes: Attributes
    unit: str
    amount: str
    currency: str = "USD"
    begin: str = "0"
    end: str = "Inf"
    effective: str = EFFECTIVE
    dimension: str = DIMENSION

    @property
    def rate_code(self) -> str:
        return f"{self.sku}.{TERM}.{self.dimension}"


def product(
    usage_type: str, amount: str, *, unit: str | None = None, region: str = "us-east-1", sku: str = "", **changes: str
) -> Product:
    """The product of a usage type of inference, with the attributes that AWS describes it by."""
    charge = usage_type.partition("-")[2]
    kind, _, item = charge.partition(":")
    attributes = {
        "servicecode": "AmazonSageMaker",
        "servicename": "Amazon SageMaker",
        "regionCode": region,
        "location": f"Location of {region}",
        "locationType": "AWS Region",
        "usagetype": usage_type,
        **_attributes(charge, kind, item),
        **changes,
    }
    natural = {"Hst": "GB", "ServerlessInf": "seconds", "ProvisionedConcurrency": "seconds"}.get(kind, "Hrs")
    counted = "GB-Mo" if "VolumeUsage" in charge else natural
    return Product(sku or _sku(usage_type), attributes, unit or counted, amount)


def _attributes(charge: str, kind: str, item: str) -> Attributes:
    if "VolumeUsage" in charge:
        return {
            "productFamily": "Storage",
            "volumeType": "General Purpose-Hosting",
            "operation": "CreateVolume-Gp2",
            "component": "N/A",
        }
    if kind == "Hst":
        group = "Hosting:IN" if item.endswith("In") else "Hosting:OUT"
        return {"productFamily": "Data Transfer", "group": group, "operation": "Invoke-Endpoint"}
    if kind in ("ServerlessInf", "ProvisionedConcurrency"):
        what, _, size = item.partition("-")
        provisioned = "Usage" if what == "Usage" else "Duration"
        group = kind if kind == "ServerlessInf" else f"ServerlessProvisionedConcurrency-{provisioned}"
        return {"productFamily": "ML Serverless", "group": group, "memorygb": size.removesuffix("GB")}
    component = {"Host": "Hosting", "AsyncInf": "AsyncInf", "Tsform": "BatchTransform"}.get(kind, kind)
    return {
        "productFamily": "ML Instance",
        "component": component,
        "instanceName": item,
        "instanceType": f"{item}-{component}",
        "operation": "RunInstance",
    }


def _sku(text: str) -> str:
    """Sixteen characters that tell products apart."""
    import hashlib

    return hashlib.sha256(text.encode()).hexdigest()[:16].upper()


def strangers(region: str, prefix: str, count: int = 2) -> list[Product]:
    """Products that are not of inference, or cost nothing: none of them may come through."""
    studio = {"component": "studio-jupyterlab", "instanceName": "ml.m5.xlarge", "instanceType": "ml.m5.xlarge"}
    free = product(f"{prefix}-Host:ml.m4.xlarge", "0.0000000000", region=region, sku=_sku(f"{region} free"))
    training = [
        product(f"{prefix}-Train:ml.m5.{size}xlarge", "9.99", region=region, component="Training")
        for size in range(count)
    ]
    return [
        *training,
        Product(
            _sku(f"{region} studio"),
            {"regionCode": region, "usagetype": f"{prefix}-Studio_JupyterLab:ml.m5.xlarge", **studio},
            "Hrs",
            "0.9990000000",
        ),
        product(f"{prefix}-Host:ml.eia2.medium", "0.13", region=region),
        free,
    ]


# The three forms -----------------------------------------------------------------------------------------------------


def offer_csv(products: Sequence[Product], *, version: str = VERSION, offer: str = "AmazonSageMaker") -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    for line in (
        ("FormatVersion", "v1.0"),
        ("Disclaimer", DISCLAIMER),
        ("Publication Date", PUBLISHED),
        ("Version", version),
        ("OfferCode", offer),
        tuple(COLUMNS),
    ):
        writer.writerow(line)
    for each in products:
        fields = {
            "sku": each.sku,
            "term_code": TERM,
            "rate_code": each.rate_code,
            "term_type": "OnDemand",
            "description": f"${each.amount} per {each.unit}, list price",
            "effective_date": each.effective[:10],
            "begin": each.begin,
            "end": each.end,
            "unit": each.unit,
            "amount": each.amount,
            "currency": each.currency,
            **each.attributes,
        }
        writer.writerow([fields.get(name, "") for name in COLUMNS.values()])
    return text.getvalue().encode()


def offer_json(products: Sequence[Product], *, version: str = VERSION, offer: str = "AmazonSageMaker") -> bytes:
    terms: dict[str, dict[str, Any]] = {}
    for each in products:
        terms.setdefault(each.sku, {}).update(_term(each, terms.get(each.sku, {})))
    return json.dumps(
        {
            "formatVersion": "v1.0",
            "disclaimer": DISCLAIMER,
            "offerCode": offer,
            "version": version,
            "publicationDate": PUBLISHED,
            "products": {each.sku: _described(each) for each in products},
            "terms": {"OnDemand": terms},
            "attributesList": {},
        },
        indent=1,
    ).encode()


def items(products: Sequence[Product]) -> list[str]:
    """The items of GetProducts' PriceList, each a JSON string."""
    return [
        json.dumps(
            {
                "product": _described(each),
                "serviceCode": "AmazonSageMaker",
                "terms": {"OnDemand": _term(each, {})},
                "version": VERSION,
                "publicationDate": PUBLISHED,
            }
        )
        for each in products
    ]


def _described(each: Product) -> dict[str, Any]:
    family = each.attributes.get("productFamily", "ML Instance")
    attributes = {name: value for name, value in each.attributes.items() if name != "productFamily"}
    return {"sku": each.sku, "productFamily": family, "attributes": attributes}


def _term(each: Product, known: Mapping[str, Any]) -> dict[str, Any]:
    name = f"{each.sku}.{TERM}"
    dimensions = dict(known.get(name, {}).get("priceDimensions", {}))
    dimensions[each.rate_code] = {
        "rateCode": each.rate_code,
        "description": f"${each.amount} per {each.unit}",
        "unit": each.unit,
        "beginRange": each.begin,
        "endRange": each.end,
        "pricePerUnit": {each.currency: each.amount},
        "appliesTo": [],
    }
    return {
        name: {
            "offerTermCode": TERM,
            "sku": each.sku,
            "effectiveDate": each.effective,
            "priceDimensions": dimensions,
            "termAttributes": {},
        }
    }


SAVINGS_COLUMNS = (
    "SKU",
    "RateCode",
    "Unit",
    "EffectiveDate",
    "DiscountedRate",
    "Currency",
    "DiscountedSKU",
    "DiscountedServiceCode",
    "DiscountedUsageType",
    "DiscountedOperation",
    "PurchaseOption",
    "LeaseContractLength",
    "LeaseContractLengthUnit",
    "ServiceCode",
    "UsageType",
    "Operation",
    "Description",
    "Instance Family",
    "Location",
    "Location Type",
    "Granularity",
    "Product Family",
    "DiscountedRegionCode",
    "DiscountedInstanceType",
)


def savings_csv(region: str, rates: Mapping[str, str], *, version: str = VERSION) -> bytes:
    """The offer file of SageMaker Savings Plans: one year, no upfront, at ``rates`` by usage type."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("FormatVersion", "v1.0"))
    writer.writerow(("Disclaimer", DISCLAIMER))
    writer.writerow(("Publication Date", PUBLISHED))
    writer.writerow(("Version", version))
    writer.writerow(("OfferCode", "AWSMachineLearningSavingsPlans"))
    writer.writerow(SAVINGS_COLUMNS)
    for usage_type, usd in rates.items():
        fields = {
            "SKU": "3YPXFW2FJXS3D9VM",
            "RateCode": f"3YPXFW2FJXS3D9VM.{_sku(usage_type)}",
            "Unit": "Hrs",
            "EffectiveDate": EFFECTIVE,
            "DiscountedRate": usd,
            "Currency": "USD",
            "DiscountedSKU": _sku(usage_type),
            "DiscountedServiceCode": "AmazonSageMaker",
            "DiscountedUsageType": usage_type,
            "DiscountedOperation": "RunInstance",
            "PurchaseOption": "No Upfront",
            "LeaseContractLength": "1",
            "LeaseContractLengthUnit": "year",
            "UsageType": "SageMakerSP:1yrNoUpfront",
            "DiscountedRegionCode": region,
        }
        writer.writerow([fields.get(name, "") for name in SAVINGS_COLUMNS])
    return text.getvalue().encode()


# Servers -------------------------------------------------------------------------------------------------------------


class Fault(NamedTuple):
    """What goes wrong with one answer."""

    status: int = 200
    cut_at: int | None = None
    """Send so many bytes of the body, then close."""
    delay_s: float = 0.0
    """Wait before the last byte."""
    honest: bool = True
    """Whether the answer says how long its body would have been."""
    headers: Mapping[str, str] = {}


class Aws:
    """The files of a price list server, the faults it will have, and what it was asked."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.faults: dict[str, list[Fault]] = {}
        self.requests: list[tuple[str, str | None]] = []
        """Paths with the ranges that were asked for."""
        self.ranges = True
        self.products: list[str] = []
        """What GetProducts knows."""
        self.page = 100
        self.refusal: tuple[int, str] | None = None
        self.url = ""

    def publish(
        self, offers: Mapping[str, bytes], *, partition: str = "aws", version: str = VERSION, index: bytes | None = None
    ) -> None:
        """Serve the offer file of each region, and the index that names them."""
        base = f"/offers/v1.0/{partition}/AmazonSageMaker"
        regions = {
            region: {"regionCode": region, "currentVersionUrl": f"{base}/{version}/{region}/index.json"}
            for region in offers
        }
        content = {"formatVersion": "v1.0", "disclaimer": DISCLAIMER, "publicationDate": PUBLISHED, "regions": regions}
        self.files[f"{base}/current/region_index.json"] = index or json.dumps(content).encode()
        for region, offer in offers.items():
            self.files[f"{base}/{version}/{region}/index.csv"] = offer

    def publish_savings_plans(self, plans: Mapping[str, bytes], *, version: str = VERSION) -> None:
        base = "/savingsPlan/v1.0/aws/AWSMachineLearningSavingsPlans"
        regions = [{"regionCode": region, "versionUrl": f"{base}/{version}/{region}/index.json"} for region in plans]
        content = {"disclaimer": DISCLAIMER, "publicationDate": PUBLISHED, "regions": regions}
        self.files[f"{base}/current/region_index.json"] = json.dumps(content).encode()
        for region, plan in plans.items():
            self.files[f"{base}/{version}/{region}/index.csv"] = plan

    def offer_path(self, region: str, *, version: str = VERSION) -> str:
        return f"/offers/v1.0/aws/AmazonSageMaker/{version}/{region}/index.csv"

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """What GetProducts answers: those that every filter matches, a page at a time."""
        wanted = {each["Field"]: each["Value"] for each in request["Filters"]}
        found = [item for item in self.products if wanted.items() <= json.loads(item)["product"]["attributes"].items()]
        start = int(request.get("NextToken", "0"))
        answer = {"FormatVersion": "aws_v1", "PriceList": found[start : start + self.page]}
        return answer | ({"NextToken": str(start + self.page)} if start + self.page < len(found) else {})


class Server(ThreadingHTTPServer):
    """A server that knows what it serves."""

    daemon_threads = True

    def __init__(self, aws: Aws) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.aws = aws

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that leaves in the middle of an answer is part of what is tested."""


class Handler(BaseHTTPRequestHandler):
    """Answers as the `Aws` of its server says."""

    protocol_version = "HTTP/1.1"
    server: Server

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        aws, wanted = self.server.aws, self.headers.get("Range")
        aws.requests.append((self.path, wanted))
        faults = aws.faults.get(self.path)
        fault = faults.pop(0) if faults else Fault()
        body = aws.files.get(self.path)
        if fault.status != 200 or body is None:
            self._send(fault.status if body is not None else 404, b"no", dict(fault.headers))
            return
        start, status = 0, 200
        etag = f'"{zlib.crc32(body):08x}"'
        headers = {"ETag": etag, **fault.headers}
        if wanted and aws.ranges and self.headers.get("If-Range") == etag:
            start, status = int(wanted.removeprefix("bytes=").rstrip("-")), 206
            headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
        self._send(status, body[start:], headers, fault)

    def do_POST(self) -> None:
        aws = self.server.aws
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        aws.requests.append((self.headers["X-Amz-Target"], None))
        status, answer = 200, aws.answer(request)
        if aws.refusal is not None:
            status, code = aws.refusal
            answer = {"__type": code, "message": "not authorized to perform pricing:GetProducts"}
        self._send(status, json.dumps(answer).encode(), {"Content-Type": "application/x-amz-json-1.1"})

    def _send(self, status: int, body: bytes, headers: dict[str, str], fault: Fault | None = None) -> None:
        fault = fault or Fault()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if fault.honest:
            self.send_header("Content-Length", str(len(body)))
        if fault.cut_at is not None or not fault.honest:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        if fault.delay_s:
            self.wfile.write(body[:-1])
            time.sleep(fault.delay_s)
            body = body[-1:]
        self.wfile.write(body if fault.cut_at is None else body[: fault.cut_at])


@contextmanager
def serving(aws: Aws) -> Iterator[Aws]:
    """A server on loopback that answers as ``aws`` says; its address is ``aws.url``."""
    server = Server(aws)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    aws.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield aws
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
