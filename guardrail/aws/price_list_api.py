"""``pricing:GetProducts`` with the caller's own credentials, in pages of 100 products.

Endpoint, region, profile and proxies are boto3's to find (AWS_ENDPOINT_URL_PRICING, AWS_PROFILE, …); the service
answers in a few regions only, so one of these is asked unless the caller's configuration names another endpoint.
"""

from collections.abc import Callable, Iterator
from typing import Any

from guardrail.aws import calls
from guardrail.aws.offers import FILTERS, SERVICE, read_items
from guardrail.errors import AWSError, MissingExtraError
from guardrail.prices.price_list import PriceList

HOME_REGION, CHINA_REGION = "us-east-1", "cn-northwest-1"
_PERMISSION = "allow pricing:GetProducts, or read the public offer files: guardrail prices refresh --source bulk"


class PriceListApi:
    """The price list service, with one client for each partition, made when it is needed."""

    def __init__(self) -> None:
        """Raises `MissingExtraError` where boto3 is not installed."""
        try:
            import boto3  # noqa: F401 - whether it is there
        except ImportError as error:
            hint = "pip install 'guardrail-sagemaker[aws]'"
            message = "reading prices from AWS's API needs boto3, which is not installed"
            raise MissingExtraError(message, hint=hint) from error
        self._clients: dict[str, Any] = {}

    def price_lists(self, region: str, advance: Callable[[int], None]) -> dict[str, PriceList]:
        """The price lists of a region, by region. ``advance`` is called with the number of products read so far.

        Raises `AWSError` where AWS refuses or cannot be reached.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            client = self._client(CHINA_REGION if region.startswith("cn-") else HOME_REGION)
            return read_items(_items(client, region, advance), f"the answer of pricing:GetProducts for {region}")
        except ClientError as error:
            detail = error.response.get("Error", {})
            why = f"{detail.get('Code', 'error')}: {detail.get('Message', '')}"
            raise AWSError(f"pricing:GetProducts was refused for {region}: {why}", hint=_PERMISSION) from error
        except BotoCoreError as error:
            raise AWSError(f"pricing:GetProducts for {region}: {error}", hint=_PERMISSION) from error

    def _client(self, home: str) -> Any:
        """The client for a partition."""
        if home not in self._clients:
            self._clients[home] = calls.client("pricing", home)
        return self._clients[home]


def _items(client: Any, region: str, advance: Callable[[int], None]) -> Iterator[str]:
    count = 0
    for field, value in FILTERS:
        filters = [
            {"Type": "TERM_MATCH", "Field": "regionCode", "Value": region},
            {"Type": "TERM_MATCH", "Field": field, "Value": value},
        ]
        for page in client.get_paginator("get_products").paginate(ServiceCode=SERVICE, Filters=filters):
            count += len(page["PriceList"])
            advance(count)
            yield from page["PriceList"]
