"""The runner of a workflow: what it tells a step in variables and in the event's file, and what it reads back.

Documented under "Variables reference", "Workflow commands for GitHub Actions" and "Webhook events and payloads" of
GitHub's documentation.
"""

import os
import secrets
from collections.abc import Mapping

import msgspec
from msgspec import Struct

from guardrail import files
from guardrail.errors import GitHubError
from guardrail.limits import NOT_JSON


class Run(Struct, frozen=True, order=True):
    """A run of a workflow; later ones are greater."""

    id: int = 0
    attempt: int = 0


class _EventRepository(Struct, frozen=True):
    full_name: str = ""


class _PullRequestSide(Struct, frozen=True):
    """The head or the base of a pull request."""

    sha: str = ""
    repo: _EventRepository | None = None
    """None where it was deleted."""


class _EventPullRequest(Struct, frozen=True):
    number: int = 0
    head: _PullRequestSide = _PullRequestSide()
    base: _PullRequestSide = _PullRequestSide()


class _Payload(Struct, frozen=True):
    pull_request: _EventPullRequest | None = None


class Event(Struct, frozen=True, kw_only=True):
    """What a workflow runs for; of a push, a schedule or a hand no pull request is known."""

    name: str = ""
    """``pull_request``, ``push``; empty where the runner does not say."""
    pull_request: int | None = None
    head: str | None = None
    """The commit at the tip of the pull request; what is checked out may be its merge."""
    base: str | None = None
    """The commit that the pull request asks to be merged into."""
    from_fork: bool = False
    """Whether the pull request comes from another repository, which may be anybody's."""


def event(environment: Mapping[str, str]) -> Event:
    """The event of this run. Raises `GitHubError` where its file cannot be read."""
    path, name = environment.get("GITHUB_EVENT_PATH"), environment.get("GITHUB_EVENT_NAME", "")
    if not path:
        return Event(name=name)
    try:
        found = msgspec.json.decode(files.content(path), type=_Payload).pull_request
    except OSError as error:
        raise GitHubError(f"cannot read the event in {path}: {error.strerror or error}") from error
    except NOT_JSON as error:
        raise GitHubError(f"{path} is no event of GitHub's: {error}") from error
    if found is None:
        return Event(name=name)
    head, base = found.head, found.base
    same = head.repo is not None and base.repo is not None and head.repo.full_name == base.repo.full_name != ""
    return Event(
        name=name,
        pull_request=found.number or None,
        head=head.sha or None,
        base=base.sha or None,
        from_fork=not same,
    )


def run(environment: Mapping[str, str]) -> Run:
    """The run that this is; zero outside of one."""
    number, attempt = (environment.get(f"GITHUB_RUN_{name}", "") for name in ("ID", "ATTEMPT"))
    return Run(*(int(text) if text.isdecimal() else 0 for text in (number, attempt)))


def set_output(path: str, name: str, value: str) -> None:
    """Add an output of the step to the file at ``path``; the delimiter is one that nothing can contain by intent."""
    delimiter = f"guardrail_{secrets.token_hex(16)}"
    with open(path, "a", encoding="utf-8", newline="\n") as file:
        file.write(f"{name}<<{delimiter}\n{value}\n{delimiter}\n")


def append_summary(path: str, text: str) -> None:
    """Add to the summary page of the job; what other steps wrote stays."""
    with open(path, "ab") as file:
        if file.tell():
            file.write(b"\n")
        file.write(text.encode("utf-8", "backslashreplace"))


def command(level: str, text: str) -> str:
    """A workflow command that shows ``text`` as an annotation of the run: ``::warning title=guardrail::TEXT``."""
    shown = "".join(c if c.isprintable() or c in "\r\n" else " " for c in text)
    escaped = shown.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return f"::{level} title=guardrail::{escaped}"


class Quiet:
    """A stretch of the log in which nothing is a workflow command, whatever it looks like."""

    def __init__(self) -> None:
        self._token = secrets.token_hex(16)

    def __enter__(self) -> None:
        """Stop the runner from reading commands."""
        print(f"::stop-commands::{self._token}", flush=True)  # noqa: T201 - the log is what it is about

    def __exit__(self, *_: object) -> None:
        """Let it read them again."""
        print(f"\n::{self._token}::", flush=True)  # noqa: T201


def path_of(environment: Mapping[str, str], name: str) -> str:
    """The file that the runner names in a variable. Raises `GitHubError` outside of a runner."""
    path = environment.get(name)
    if not path:
        raise GitHubError(f"{name} is not set: this runs as a step of GitHub Actions", hint="guardrail check PATH")
    return os.path.abspath(path)
