"""GitHub's REST API on loopback, as far as comments go, with the faults of the real one.

What it answers is what the documentation says and the real service does: pages with Link headers, ETags that are
honoured, ids that grow, 401 without a token that it knows, 403 with the header that names the permission, 404 for
what is not there, 422 for a body that is too long. A fault is put in front of the next request that it fits.
"""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

HEAD = "a" * 40
TOKEN = "ghs_16C7e42F292c6912E7710c838347Ae178B4a"  # noqa: S105 - GitHub's own example of what one looks like
BOT = {"login": "github-actions[bot]", "type": "Bot"}
STRANGER = {"login": "mallory", "type": "User"}
LONGEST_BODY = 65_536


class Fault:
    """What happens to the next ``times`` requests of ``method`` whose path holds ``path``."""

    def __init__(  # noqa: PLR0913 - each is one thing that can go wrong
        self,
        method: str,
        path: str = "",
        *,
        status: int = 500,
        headers: dict[str, str] | None = None,
        body: dict[str, Any] | bytes | None = None,
        times: int = 1,
        after: bool = False,
        hang_up: bool = False,
        delay_s: float = 0,
    ) -> None:
        self.method, self.path, self.status, self.times = method, path, status, times
        self.headers, self.body = headers or {}, body if body is not None else {"message": "fault"}
        self.after = after
        """Whether what was asked is done all the same, and only the answer is lost."""
        self.hang_up, self.delay_s = hang_up, delay_s


class GitHub:
    """One repository, ``acme/shop``, with one pull request, number 7."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.head = "a" * 40
        self.login = ""
        """Of the owner of the token; the token of a workflow has none."""
        self.comments: list[dict[str, Any]] = []
        self.files: list[dict[str, Any]] = []
        """What the pull request changes, as "List pull requests files" has it."""
        self.review_comments: list[dict[str, Any]] = []
        self.reviews: list[dict[str, Any]] = []
        self.faults: list[Fault] = []
        self.requests: list[tuple[str, str, int]] = []
        """Method, path and status, in order."""
        self.authorizations: set[str | None] = set()
        self.before: Callable[[str, str], None] = lambda _method, _path: None
        """Called with method and path before a request is answered, to let others do something in between."""
        self.url = ""
        self._next_id = 1000

    def add(self, body: str, *, user: dict[str, str] = BOT, association: str = "NONE") -> int:
        with self.lock:
            self._next_id += 1
            stamp = f"2026-11-22T10:00:{self._next_id % 60:02d}Z"
            comment = {"id": self._next_id, "body": body, "user": user, "author_association": association}
            self.comments.append({**comment, "created_at": stamp, "updated_at": stamp})
            return self._next_id

    def bodies(self) -> list[str]:
        return [comment["body"] for comment in self.comments]

    def made(self, method: str) -> int:
        """How many requests of that method there were."""
        return sum(each[0] == method for each in self.requests)

    # Answers ---------------------------------------------------------------------------------------------------------

    def answer(self, method: str, path: str, query: str, payload: Any) -> tuple[int, dict[str, str], Any]:
        with self.lock:
            if method == "GET" and path == "/repos/acme/shop/pulls/7":
                return 200, {}, {"number": 7, "head": {"sha": self.head}, "base": {"sha": "b" * 40}}
            if method == "GET" and path == "/user":
                if self.login:
                    return 200, {}, {"login": self.login, "type": "User"}
                return 403, {}, {"message": "Resource not accessible by integration"}
            return self._answer(method, path.removeprefix("/repos/acme/shop"), query, payload)

    def _answer(self, method: str, path: str, query: str, payload: Any) -> tuple[int, dict[str, str], Any]:
        lists = {
            "/issues/7/comments": self.comments,
            "/pulls/7/files": self.files,
            "/pulls/7/comments": self.review_comments,
        }
        if method == "GET" and path in lists:
            return self._listed(f"/repos/acme/shop{path}", query, lists[path])
        if method == "POST" and path in ("/issues/7/comments", "/pulls/7/reviews"):
            return self._created(payload) if path == "/issues/7/comments" else self._reviewed(payload)
        found = re.fullmatch(r"/(issues|pulls)/comments/(\d+)", path)
        if found and method in ("PATCH", "DELETE"):
            comments = self.comments if found[1] == "issues" else self.review_comments
            return self._changed(method, int(found[2]), payload, comments)
        return 404, {}, {"message": "Not Found", "documentation_url": "https://docs.github.com/rest"}

    def _listed(self, path: str, query: str, items: list[dict[str, Any]]) -> tuple[int, dict[str, str], Any]:
        asked = parse_qs(query)
        size, page = int(asked.get("per_page", ["30"])[0]), int(asked.get("page", ["1"])[0])
        last = max(1, -(-len(items) // size))
        links = []
        if page < last:
            links.append(f'<{self.url}{path}?per_page={size}&page={page + 1}>; rel="next"')
            links.append(f'<{self.url}{path}?per_page={size}&page={last}>; rel="last"')
        if page > 1:
            links.insert(0, f'<{self.url}{path}?per_page={size}&page={page - 1}>; rel="prev"')
        shown = items[(page - 1) * size : page * size]
        if path.endswith("/files"):
            shown = [*shown[:70], *({**each, "patch": None} for each in shown[70:])]  # as the real one leaves it out
        return 200, {"Link": ", ".join(links)} if links else {}, shown

    def _created(self, payload: Any) -> tuple[int, dict[str, str], Any]:
        refused = self._refused(payload)
        if refused:
            return refused
        self.add(payload["body"], user={"login": self.login, "type": "User"} if self.login else BOT)
        return 201, {}, self.comments[-1]

    def _reviewed(self, payload: Any) -> tuple[int, dict[str, str], Any]:
        """A review with all of its comments, or none of it: each on lines that the right side of one hunk shows."""
        if any(not self._takes(comment) for comment in payload["comments"]):
            errors = ["Pull request review thread line must be part of the diff"]
            return 422, {}, {"message": "Unprocessable Entity", "errors": errors}
        for comment in payload["comments"]:
            self.add_review_comment(**comment)
        self.reviews.append(payload)
        return 200, {}, {"id": len(self.reviews)}

    def add_review_comment(
        self,
        *,
        body: str,
        path: str,
        line: int | None,
        start_line: int | None = None,
        user: dict[str, str] | None = None,
        association: str = "NONE",
        **sides: str,
    ) -> int:
        with self.lock:
            self._next_id += 1
            author = user or ({"login": self.login, "type": "User"} if self.login else BOT)
            told = {"id": self._next_id, "body": body, "path": path, "line": line, "start_line": start_line}
            self.review_comments.append({**told, **sides, "user": author, "author_association": association})
            return self._next_id

    def _takes(self, comment: dict[str, Any]) -> bool:
        file = next((each for each in self.files if each["filename"] == comment["path"]), {"patch": ""})
        first, last = comment.get("start_line", comment["line"]), comment["line"]
        if comment["side"] != "RIGHT" or ("start_line" in comment and first >= last):
            return False
        for head in re.finditer(r"^@@ -\S+ \+(\d+)(?:,(\d+))? @@", file.get("patch") or "", re.MULTILINE):
            start, count = int(head[1]), int(head[2] or 1)
            if start <= first and last < start + count:
                return True
        return False

    def _changed(
        self, method: str, number: int, payload: Any, comments: list[dict[str, Any]]
    ) -> tuple[int, dict[str, str], Any]:
        found = next((comment for comment in comments if comment["id"] == number), None)
        if found is None:
            return 404, {}, {"message": "Not Found"}
        if method == "DELETE":
            comments.remove(found)
            return 204, {}, None
        refused = self._refused(payload)
        if refused:
            return refused
        found["body"] = payload["body"]
        return 200, {}, found

    def _refused(self, payload: Any) -> tuple[int, dict[str, str], Any] | None:
        if len(payload["body"].encode()) <= LONGEST_BODY:
            return None
        error = {"resource": "IssueComment", "code": "unprocessable", "field": "data"}
        detail = {**error, "message": "Body is too long (maximum is 65536 characters)"}
        return 422, {}, {"message": "Validation Failed", "errors": [detail]}

    def fault(self, method: str, path: str) -> Fault | None:
        with self.lock:
            for fault in self.faults:
                if fault.method == method and fault.path in path and fault.times > 0:
                    fault.times -= 1
                    return fault
        return None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    github: GitHub

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path, method = parts.path.removeprefix("/api/v3"), self.command
        self.github.before(method, path)
        fault = self.github.fault(method, path)
        if fault is not None and fault.delay_s:
            time.sleep(fault.delay_s)
        self.github.authorizations.add(self.headers.get("Authorization"))
        answered: tuple[int, dict[str, str], Any] = (401, {}, {"message": "Bad credentials"})
        if self.headers.get("Authorization") in (None, f"Bearer {TOKEN}") and (fault is None or fault.after):
            answered = self.github.answer(method, path, parts.query, json.loads(content) if content else None)
        if fault is not None and fault.hang_up:
            self.github.requests.append((method, path, 0))
            self.close_connection = True
            return
        if fault is not None and not (fault.delay_s and fault.after):
            answered = (fault.status, fault.headers, fault.body)
        self.github.requests.append((method, path, answered[0]))
        self._send(*answered)

    def _send(self, status: int, headers: dict[str, str], answer: Any) -> None:
        content = answer if isinstance(answer, bytes) else b"" if answer is None else json.dumps(answer).encode()
        etag = f'W/"{hash(content):x}"'
        if status == 200 and self.headers.get("If-None-Match") == etag:
            status, content = 304, b""
            self.github.requests[-1] = (*self.github.requests[-1][:2], 304)
        self.send_response(status)
        for name, value in {"ETag": etag, "Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        if status not in (204, 304):
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        try:
            self.wfile.write(content)
        except OSError:  # it did not wait for the answer
            self.close_connection = True

    do_GET = do_POST = do_PATCH = do_DELETE = _serve  # noqa: N815 - the names that http.server calls

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""


@contextmanager
def github() -> Iterator[GitHub]:
    """A GitHub Enterprise Server at ``url``, whose API is below ``/api/v3``."""
    state = GitHub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"github": state}))
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_address[1]}/api/v3"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def pull_request(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Iterator[GitHub]:
    """A workflow of pull request 7 of acme/shop that runs in ``folder``, on a server of a company."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr("time.sleep", lambda _: None)
    event = {"pull_request": {"number": 7, "head": {"sha": HEAD, "repo": None}, "base": {"sha": "b" * 40}}}
    (folder / "event.json").write_text(json.dumps(event))
    for name in ("GH_TOKEN", "GITHUB_RUN_ID", "GITHUB_RUN_ATTEMPT"):
        monkeypatch.delenv(name, raising=False)
    with github() as running:
        monkeypatch.setenv("GITHUB_API_URL", running.url)
        monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
        monkeypatch.setenv("GITHUB_REPOSITORY", "acme/shop")
        monkeypatch.setenv("GITHUB_EVENT_PATH", str(folder / "event.json"))
        yield running
