"""What a resource id of a bill names: an endpoint, a transform job, or none that infers.

A name is unique in an account and a region, without regard to case (CreateEndpoint: "The name is case-insensitive"),
so this is what an endpoint is identified by.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from msgspec import Struct

from guardrail.bills.usage import DATA, RUNNING, STORAGE

ENDPOINT: Final = "endpoint"
_FIELDS: Final = 6
"""Of an ARN: arn, partition, service, region, account, resource."""


class BilledResource(Struct, frozen=True, kw_only=True):
    """One resource of one account, or the lines of a usage type that name none."""

    account: str
    region: str
    kind: str
    """``endpoint``, ``transform-job``, another kind as the ARN has it; empty where no resource is named."""
    name: str
    """In lower case; the usage type where no resource is named."""
    currency: str


def resource_of(row: Mapping[str, Any], prefix_regions: Mapping[str, str]) -> BilledResource:
    """Whose a row of a question is: its product's region counts, else its ARN's, else that of its usage type's prefix.

    ``prefix_regions`` is that of each usage type.
    """
    kind, name, arn_region, arn_account = parsed(row.get("resource_key", row.get("resource_id")))
    return BilledResource(
        account=row["account"] or arn_account,
        region=row.get("region") or arn_region or prefix_regions.get(row["usage_type"] or "", ""),
        kind=kind,
        name=name.lower() or row["usage_type"] or "",
        currency=row["currency"] or "",
    )


def parsed(resource_id: str | None) -> tuple[str, str, str, str]:
    """Kind, name, region and account of an ARN; a text that is none is a name of no kind.

    ``arn:aws:sagemaker:us-east-1:111122223333:endpoint/chat`` is the endpoint chat. A Savings Plan is none.
    """
    if not resource_id:
        return "", "", "", ""
    fields = resource_id.split(":", _FIELDS - 1)
    if len(fields) < _FIELDS or fields[0].lower() != "arn":
        return "", resource_id, "", ""
    kind, _, name = fields[5].partition("/")
    return kind.lower(), name or fields[5], fields[3], fields[4]


def shown_name(resource_id: str | None) -> str | None:
    """The name as the bill spells it; None where no resource is named."""
    return parsed(resource_id)[1] or None


def grouped(
    rows: Sequence[Mapping[str, Any]], prefix_regions: Mapping[str, str]
) -> dict[BilledResource, list[Mapping[str, Any]]]:
    """Rows by their resource; ``prefix_regions`` as in `resource_of`."""
    found: dict[BilledResource, list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(resource_of(row, prefix_regions), []).append(row)
    return found


def mode_of(parts: Sequence[tuple[str, Decimal | None]]) -> str:
    """The mode of a resource whose lines have these modes and amounts: what computes decides, volumes and data do not.

    An asynchronous endpoint has its volume under ``Host:``, so its mode is told by its instances.
    """
    running = dict.fromkeys(mode for mode, _ in parts if mode in RUNNING)
    return ", ".join(running) or ", ".join(dict.fromkeys(mode for mode, _ in parts if mode in (STORAGE, DATA)))
