"""AWS's public offer files over HTTPS: no credentials, streamed to disk, resumed where a connection broke.

The index of a service names a file for each region and the version it is of; that version is part of the address, so
a file that was downloaded halfway yesterday can be continued today. Paths: AWS Billing user guide, "Getting price list
files manually". China has an index of its own, in its own partition and currency.

The client streams and checks the length that was promised. Retrying is done here, because a body that breaks off must
continue where it broke.
"""

import os
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec
import urllib3
from msgspec import Struct
from urllib3.util import Retry

from guardrail import __version__
from guardrail.connections import pool
from guardrail.errors import AWSError
from guardrail.limits import NOT_JSON

HOME = "https://pricing.us-east-1.amazonaws.com"
CHINA = "https://pricing.cn-north-1.amazonaws.com.cn"

ATTEMPTS = 5
BACKOFF_S = 0.5
"""The first pause; each further one is twice as long."""
LONGEST_WAIT_S = 30.0
_CHUNK = 64 * 1024
_TRY_AGAIN = {429, 500, 502, 503, 504}
_REDIRECTS = 3

Advance = Callable[[int, int | None], None]
"""Called with the bytes that are there, and those that there will be where the server says so."""


class OfferFile(Struct, frozen=True):
    """The offer file of one region, as an index names it."""

    region: str
    url: str
    version: str
    """Of the offer, which the file must repeat."""


class _RegionIndex(Struct, frozen=True, rename="camel"):
    """``region_index.json`` of a service."""

    regions: dict[str, dict[str, str]]


class _SavingsIndex(Struct, frozen=True, rename="camel"):
    """``region_index.json`` of a Savings Plan."""

    regions: list[dict[str, str]]


class BulkFiles:
    """The offer files of one partition."""

    def __init__(self, base_url: str, partition: str = "aws") -> None:
        """``base_url`` is AWS's, or that of a mirror with the same paths.

        Proxies are those of the environment (HTTPS_PROXY, NO_PROXY).
        """
        self._base_url = base_url.rstrip("/")
        self._partition = partition
        self._pool = pool(self._base_url)

    def offers(self, service: str) -> dict[str, OfferFile]:
        """The current offer file of each region of a service, in CSV. Raises `AWSError`."""
        url = f"{self._base_url}/offers/v1.0/{self._partition}/{service}/current/region_index.json"
        index = self._json(url, _RegionIndex)
        return {region: self._file(url, region, entry, "currentVersionUrl") for region, entry in index.regions.items()}

    def savings_plans(self, plan: str) -> dict[str, OfferFile]:
        """The current file of each region of a kind of Savings Plan, in CSV. Raises `AWSError`."""
        url = f"{self._base_url}/savingsPlan/v1.0/{self._partition}/{plan}/current/region_index.json"
        index = self._json(url, _SavingsIndex)
        files = [self._file(url, entry.get("regionCode", ""), entry, "versionUrl") for entry in index.regions]
        return {file.region: file for file in files}

    def _file(self, index: str, region: str, entry: Mapping[str, str], key: str) -> OfferFile:
        path = entry.get(key, "")
        parts = path.split("/")  # /offers/v1.0/aws/AmazonSageMaker/20261120181500/us-east-1/index.json
        if len(parts) < _PARTS or not path.startswith("/") or not parts[_VERSION].isalnum():
            raise AWSError(
                f"{index} has no address of a version for {region or 'a region'}: {path!r}", hint=_WHOLE_ANSWER
            )
        return OfferFile(region, self._base_url + path.removesuffix(".json") + ".csv", parts[_VERSION])

    def _json(self, url: str, kind: type[Any]) -> Any:
        content = self._whole(url)
        try:
            return msgspec.json.decode(content, type=kind)
        except NOT_JSON as error:
            raise AWSError(f"{url} is no index of offer files: {error}", hint=_WHOLE_ANSWER) from error

    def _whole(self, url: str) -> bytes:
        """A small body."""
        attempt = 0
        while True:
            try:
                with self._open(url, {}) as response:
                    return response.read()
            except urllib3.exceptions.HTTPError as error:
                attempt += 1
                self._pause(attempt, url, error)

    def download(self, url: str, path: str, advance: Advance) -> None:
        """Put the file at ``url`` to ``path``, continuing what an earlier attempt has left beside it.

        A part is continued only where the server confirms with its ETag that it is of the same file. Raises `AWSError`
        where the server refuses, or has broken off `ATTEMPTS` times without a byte more, and OSError where the disk is
        full.
        """
        if os.path.exists(path):
            return
        part = _PartialFile(path)
        stalled = 0
        while True:
            before = part.size()
            try:
                with self._open(url, part.headers()) as response:
                    part.receive(response, advance)
                break
            except urllib3.exceptions.HTTPError as error:
                stalled = 1 if part.size() > before else stalled + 1
                self._pause(stalled, url, error)
        part.finish()

    @contextmanager
    def _open(self, url: str, headers: Mapping[str, str]) -> Iterator[urllib3.BaseHTTPResponse]:
        """The answer to a GET, once it is one that has what was asked for."""
        response = self._pool.request(
            "GET",
            url,
            headers={"User-Agent": f"guardrail/{__version__}", "Accept-Encoding": "identity", **headers},
            preload_content=False,
            retries=Retry(connect=0, read=0, other=0, redirect=_REDIRECTS, respect_retry_after_header=False),
        )
        try:
            if response.status in _TRY_AGAIN:
                raise _BusyError(response.status, response.headers.get("Retry-After"))
            if response.status not in (200, 206, 416):
                raise AWSError(f"{url} answered {response.status} {response.reason or ''}".rstrip(), hint=_REFUSED)
            yield response
        finally:
            response.close()  # before its release: a connection with half a body in it must not be used again
            response.release_conn()

    def _pause(self, attempt: int, url: str, error: urllib3.exceptions.HTTPError) -> None:
        """Wait, longer every time and never in step with others; raise once there were attempts enough."""
        if attempt >= ATTEMPTS:
            raise AWSError(f"{url} cannot be downloaded: {_in_words(error)}", hint=_REFUSED) from error
        pause = BACKOFF_S * 2 ** (attempt - 1)
        if isinstance(error, _BusyError) and error.retry_after_s is not None:
            pause = max(pause, error.retry_after_s)
        time.sleep(min(pause, LONGEST_WAIT_S) * random.uniform(0.75, 1.0))  # noqa: S311 - no secret depends on it


class _PartialFile:
    """A file on its way: ``<path>.part``, and the ETag that says of which file it is a part."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._part = path + ".part"
        self._etag = path + ".etag"

    def size(self) -> int:
        """Bytes that are there."""
        try:
            return os.path.getsize(self._part)
        except OSError:
            return 0

    def headers(self) -> dict[str, str]:
        """The headers that ask for the rest of a file; none of an empty one, or without an ETag."""
        try:
            with open(self._etag, encoding="ascii") as file:
                etag = file.read()
        except (OSError, UnicodeDecodeError):
            etag = ""
        done = self.size()
        return {"Range": f"bytes={done}-", "If-Range": etag} if done and etag else {}

    def receive(self, response: urllib3.BaseHTTPResponse, advance: Advance) -> None:
        """Append what is sent, or start over where it is not the rest."""
        done = self.size()
        if response.status == _RANGE_NOT_SATISFIABLE or not self._continues(response, done):
            done = 0
            with open(self._part, "wb"):
                pass
        if response.status == _RANGE_NOT_SATISFIABLE:
            raise urllib3.exceptions.ProtocolError("the part that was there is no part of it")
        if not done:
            self._remember(response.headers.get("ETag", ""))
        length = response.headers.get("Content-Length", "")
        total = done + int(length) if length.isdecimal() else None
        with open(self._part, "ab") as file:
            for chunk in response.stream(_CHUNK):
                file.write(chunk)
                done += len(chunk)
                advance(done, total)

    def _continues(self, response: urllib3.BaseHTTPResponse, done: int) -> bool:
        return response.status == _PARTIAL and response.headers.get("Content-Range", "").startswith(f"bytes {done}-")

    def _remember(self, etag: str) -> None:
        strong = etag if etag.isascii() and not etag.startswith("W/") else ""
        with open(self._etag, "w", encoding="ascii") as file:
            file.write(strong)

    def finish(self) -> None:
        """Give the whole file its name."""
        os.replace(self._part, self._path)
        os.unlink(self._etag)


class _BusyError(urllib3.exceptions.HTTPError):
    """An answer that says to come back later."""

    def __init__(self, status: int, retry_after: str | None) -> None:
        super().__init__(f"the server answered {status}")
        self.retry_after_s = float(retry_after) if retry_after is not None and retry_after.isdecimal() else None


_VERSION = 5
_PARTS = 7
_PARTIAL, _RANGE_NOT_SATISFIABLE = 206, 416
_REFUSED = "try again later, or read prices with your credentials: guardrail prices refresh --source api"
_WHOLE_ANSWER = "something between here and AWS may have answered in its place, a proxy for example"


def _in_words(error: BaseException) -> str:
    """The cause of an error, in a line: that of a broken connection stands inside of others."""
    reason = getattr(error, "reason", None)
    text = str(reason if isinstance(reason, BaseException) else error).splitlines()[0]
    return text.rpartition(">: ")[2] or type(error).__name__
