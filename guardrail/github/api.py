"""GitHub's REST API, as far as one comment on a pull request needs it.

Documented under "REST API endpoints for issue comments" and "Best practices for using the REST API" of GitHub's
documentation: pages are followed by their Link header, what has not changed is asked for with its ETag and costs
nothing of the rate limit, a secondary rate limit says when to come back, and an answer of 403 says which permission it
wanted. The token goes to the host of the API and nowhere else, over HTTPS, and into no message.
"""

import random
import re
import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn, TypeVar
from urllib.parse import urljoin, urlsplit

import msgspec
import urllib3
from msgspec import Struct

from guardrail import __version__
from guardrail.connections import pool
from guardrail.errors import GitHubError
from guardrail.limits import NOT_JSON

PUBLIC = "https://api.github.com"
ATTEMPTS = 4
"""How often a request is made that finds the server in trouble."""
FIRST_PAUSE_S = 1.0
"""Before the second attempt; each further pause is twice as long."""
SETTLING_S = 0.5
"""Longer than another run takes from looking to writing."""
SECONDARY_PAUSE_S = 60.0
"""GitHub asks for a minute where a secondary rate limit does not say how long it lasts."""
PATIENCE_S = 180.0
"""How long is waited in all, over every request, before the answer is that it did not work."""
MOST_PAGES = 200

T = TypeVar("T")

_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_REDIRECTS = (301, 302, 307, 308)
_MOST_REDIRECTS = 3
_NOT_MODIFIED, _UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _GONE, _TOO_MANY = 304, 401, 403, 404, 410, 429
_SERVER_TROUBLE = 500
_NEXT = re.compile(r'<([^>]+)>\s*;[^,]*\brel="?next"?')


class RefusedError(GitHubError):
    """GitHub understood and said no."""

    def __init__(self, status: int, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.status = status


class UncertainError(GitHubError):
    """It cannot be told whether something was done that must not be done twice."""


class _CachedAnswer(Struct, frozen=True):
    """One answer, as it was when its ETag was."""

    etag: str
    content: bytes
    following: str | None


class Api:
    """The API at one address, with one token."""

    def __init__(
        self,
        url: str = PUBLIC,
        token: str = "",
        *,
        sleep: Callable[[float], None] | None = None,
        read_s: float = 30.0,
    ) -> None:
        """``url`` is ``GITHUB_API_URL``: on GitHub Enterprise Server ``https://HOST/api/v3``.

        Without a ``token`` only what is public can be read. Raises `GitHubError` for an address to which no token may
        go, and for a token that is none.
        """
        self._url = _checked(url)
        self._token = _clean(token)
        self._sleep = sleep or time.sleep
        self._patience_s = PATIENCE_S
        self._pool = pool(self._url, read_s=read_s)
        self._pages: dict[str, _CachedAnswer] = {}

    def get(self, path: str, kind: type[T]) -> T:
        """What stands at ``path``. Raises `GitHubError`."""
        found: T = _decoded(self._send("GET", self._url + path).data, kind)
        return found

    def items(self, path: str, kind: type[T]) -> Iterator[T]:
        """Every item of a list, page by page. Raises `GitHubError`."""
        url: str | None = self._url + path
        for _ in range(MOST_PAGES):
            if url is None:
                return
            page = self._page(url)
            yield from _decoded(page.content, list[kind])  # type: ignore[valid-type] # a type is a value here
            url = page.following
        raise GitHubError(f"{path} has more than {MOST_PAGES} pages")

    def change(self, method: str, path: str, payload: dict[str, Any] | None = None) -> None:
        """Create (POST), change (PATCH) or delete. Raises `RefusedError`, and `UncertainError` for a POST alone."""
        self._send(method, self._url + path, b"" if payload is None else msgspec.json.encode(payload))

    def _page(self, url: str) -> _CachedAnswer:
        known = self._pages.get(url)  # never of a last page: a full one may have got another behind it
        response = self._send("GET", url, etag=known.etag if known else "")
        if response.status == _NOT_MODIFIED and known is not None:
            return known
        found = _NEXT.search(response.headers.get("Link", ""))
        following = urljoin(url, found[1]) if found else None
        if following is not None and not self._is_ours(following):
            raise GitHubError("the next page of a list is on another host, and the token does not go there")
        page = _CachedAnswer(response.headers.get("ETag", ""), response.data, following)
        if page.etag and following is not None:
            self._pages[url] = page
        return page

    def _send(self, method: str, url: str, body: bytes = b"", etag: str = "") -> urllib3.BaseHTTPResponse:
        """The answer to a request, once there is one that is not about trouble or limits."""
        attempt = redirects = 0
        while True:
            attempt += 1
            try:
                response = self._once(method, url, body, etag)
            except urllib3.exceptions.HTTPError as error:
                self._again(method, attempt, _in_words(error))
                continue
            if response.status in _REDIRECTS and redirects < _MOST_REDIRECTS:
                redirects += 1
                attempt -= 1
                url = self._moved(url, response)
            elif response.status >= _SERVER_TROUBLE:
                self._again(method, attempt, f"GitHub answered {response.status}")
            elif (pause_s := _limited(response)) is not None:
                self._wait(max(pause_s, FIRST_PAUSE_S), "GitHub's rate limit is reached")
            elif response.status < _FAILURE:
                return response
            else:
                self._refuse(response)

    def _once(self, method: str, url: str, body: bytes, etag: str) -> urllib3.BaseHTTPResponse:
        headers = {
            "Accept": "application/vnd.github+json",
            "User-Agent": f"guardrail/{__version__}",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        if etag:
            headers["If-None-Match"] = etag
        if body:
            headers["Content-Type"] = "application/json"
        return self._pool.request(method, url, body=body or None, headers=headers, retries=False)

    def _moved(self, url: str, response: urllib3.BaseHTTPResponse) -> str:
        """Where a repository that was renamed is now."""
        target = urljoin(url, response.headers.get("Location", ""))
        if not self._is_ours(target):
            raise GitHubError("GitHub points to another host, and the token does not go there")
        return target

    def _is_ours(self, url: str) -> bool:
        return urlsplit(url)[:2] == urlsplit(self._url)[:2]

    def _again(self, method: str, attempt: int, trouble: str) -> None:
        """Wait before another attempt; raise where there were enough, or where there must be no other."""
        if method == "POST":
            raise UncertainError(f"GitHub did not confirm: {trouble}")
        if attempt >= ATTEMPTS:
            raise GitHubError(f"GitHub cannot be reached: {trouble}", hint="run the job again later")
        self._wait(FIRST_PAUSE_S * 2 ** (attempt - 1) * random.uniform(1.0, 1.25), trouble)  # noqa: S311 - no secret

    def _wait(self, pause_s: float, reason: str) -> None:
        if pause_s > self._patience_s:
            raise GitHubError(f"{reason}: it asks to wait {pause_s:,.0f} seconds", hint="run the job again later")
        self._patience_s -= pause_s
        self._sleep(pause_s)

    def pause(self, least_s: float = SETTLING_S, jitter_s: float = 0) -> None:
        """Wait a moment, so that what was written, here and by others, can be read."""
        self._wait(least_s + random.uniform(0, jitter_s), "waiting for GitHub")  # noqa: S311 - no secret

    def _refuse(self, response: urllib3.BaseHTTPResponse) -> NoReturn:
        """Raise what an answer of 4xx means."""
        said = _said(response.data)
        words = f"{response.status}{f', {said}' if said else ''}"
        if response.status == _UNAUTHORIZED:
            raise RefusedError(response.status, f"GitHub does not take the token ({words})", hint=_TOKEN)
        if response.status == _FORBIDDEN:
            wanted = _permissions(response.headers.get("X-Accepted-GitHub-Permissions", ""))
            raise RefusedError(response.status, f"the token may not do that ({words}){wanted}", hint=_PERMISSION)
        if response.status in (_NOT_FOUND, _GONE):
            raise RefusedError(
                response.status, f"GitHub has no such pull request, or the token may not see it ({words})", hint=_TARGET
            )
        raise RefusedError(response.status, f"GitHub refuses ({words})")


_FAILURE = 400
_TOKEN = "pass `GITHUB_TOKEN: ${{ github.token }}` in the step's env"  # noqa: S105 - where one comes from
_PERMISSION = "give the job `permissions: {contents: read, pull-requests: write}`; on a fork the token may only read"
_TARGET = "--repository OWNER/NAME --pull-request NUMBER, and a token of that repository"


def _checked(url: str) -> str:
    """An address that a token may be sent to: HTTPS, or this machine."""
    parts = urlsplit(url)
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    if not safe or not parts.hostname or parts.username is not None or parts.query or parts.fragment:
        shown = f"{parts.scheme}://{parts.hostname or ''}"
        raise GitHubError(f"{shown} is no address for a token", hint="GITHUB_API_URL=https://HOST/api/v3")
    return url.rstrip("/")


def _clean(token: str) -> str:
    """The token without what a file has put around it. The error must not quote it, as that of http.client would."""
    token = token.strip()
    if not re.fullmatch(r"[!-~]*", token):
        raise GitHubError("the token has characters that no token has", hint=_TOKEN)
    return token


def _limited(response: urllib3.BaseHTTPResponse) -> float | None:
    """How many seconds a rate limit wants to be left alone; None where the answer is not about one."""
    if response.status not in (_FORBIDDEN, _TOO_MANY):
        return None
    after = response.headers.get("Retry-After", "")
    if after.isdecimal():
        return float(after)
    reset = response.headers.get("X-RateLimit-Reset", "")
    if response.headers.get("X-RateLimit-Remaining") == "0" and reset.isdecimal():
        return max(0.0, float(reset) - _now(response))
    limited = response.status == _TOO_MANY or b"rate limit" in response.data[:2000].lower()
    return SECONDARY_PAUSE_S if limited else None


def _now(response: urllib3.BaseHTTPResponse) -> float:
    """When GitHub answered, in seconds since 1970 by its own clock; by ours where it does not say."""
    try:
        return parsedate_to_datetime(response.headers.get("Date", "")).timestamp()
    except (ValueError, OverflowError):
        return time.time()


def _permissions(accepted: str) -> str:
    """``; it needs pull-requests: write``, as GitHub says: ``,`` means and, ``;`` or."""
    if not re.fullmatch(r"[a-z_=;, ]{1,200}", accepted):
        return ""
    words = {"=": ": ", "_": "-", ";": " or", ",": " and"}
    return "; it needs " + "".join(words.get(character, character) for character in accepted)


class _ErrorMessage(Struct, frozen=True):
    message: str = ""


def _said(content: bytes) -> str:
    """What GitHub says in its own words, as one short line."""
    try:
        message = msgspec.json.decode(content, type=_ErrorMessage).message
    except NOT_JSON:
        return ""
    return " ".join("".join(c if c.isprintable() else " " for c in message).split())[:200]


def _decoded(content: bytes, kind: Any) -> Any:
    try:
        return msgspec.json.decode(content, type=kind)
    except NOT_JSON as error:
        hint = "something between here and GitHub may have answered in its place, a proxy for example"
        raise GitHubError(f"GitHub's answer is not what was asked for: {error}", hint=hint) from error


def _in_words(error: BaseException) -> str:
    """The cause of a broken connection, in a line, without the addresses of objects."""
    lines = str(error).splitlines() or [""]
    return (lines[0].rpartition(">: ")[2] or type(error).__name__)[:200]
