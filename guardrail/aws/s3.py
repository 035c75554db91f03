"""Exports of the bill in S3: listed, and the months that are asked for copied to a folder that is removed again."""

import os
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from guardrail.aws.calls import called, pages
from guardrail.errors import AWSError

_MOST_BYTES: Final = 64 << 30
_MONTH: Final = re.compile(
    r"BILLING_PERIOD=(\d{4})-(\d{2})|(?<=/)(\d{4})(\d{2})\d{2}-\d{8}(?=/)|year=(\d{4})/month=(\d{1,2})(?=/)"
)
"""The folder of a month: of a Data Export, of a legacy report, of one for Athena."""
Months = list[tuple[int, int]]


def parsed(uri: str) -> tuple[str, str]:
    """Bucket and prefix of ``s3://example-bills/ml``."""
    found = re.fullmatch(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(.*))?", uri)
    if found is None:
        raise AWSError(f"{uri!r} is no place in S3", hint="s3://BUCKET/PREFIX")
    return found[1], found[2] or ""


def is_asked_for(key: str, months: Months | None) -> bool:
    """Whether an object may hold lines of these months; one that names no month may."""
    found = _MONTH.search(f"/{key}")
    if found is None or months is None:
        return True
    year, month = (int(part) for part in found.groups() if part is not None)
    return (year, month) in months


def listed(client: Any, uri: str, months: Months | None) -> Iterator[tuple[str, int]]:
    """Objects below a place, with their sizes in bytes; a month's own only where it is asked for. Raises `AWSError`."""
    bucket, prefix = parsed(uri)
    call = client.list_objects_v2
    for page in pages(call, "ContinuationToken", "NextContinuationToken", Bucket=bucket, Prefix=prefix):
        for entry in page.get("Contents", ()):
            if not entry["Key"].endswith("/") and is_asked_for(entry["Key"], months):
                yield entry["Key"], entry["Size"]


def copied(client: Any, uri: str, months: Months | None, folder: str, say: Callable[[str], None]) -> str:
    """The folder with what lies below a place, each object under its own key. Raises `AWSError` where nothing does.

    A key is a name in S3 and a path here, so one that would lead out of the folder is refused.
    """
    bucket, _ = parsed(uri)
    objects = list(listed(client, uri, months))
    size = sum(each for _, each in objects)
    if not objects:
        raise AWSError(
            f"nothing lies at {uri}",
            hint="of the months that are asked for, that is: is it the place that the export is delivered to?",
        )
    if size > _MOST_BYTES:
        raise AWSError(
            f"{uri} holds {size >> 30:,} GiB, more than one machine should read", hint="ask it through Athena"
        )
    for number, (key, _) in enumerate(objects, 1):
        say(f"copying {number} of {len(objects)} files of {uri}")
        path = os.path.normpath(os.path.join(folder, key))
        if not path.startswith(os.path.join(folder, "")) or "\0" in key:
            raise AWSError(f"the key {key!r} leads out of its folder")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        called(client.download_file, Bucket=bucket, Key=key, Filename=path)
    return folder
