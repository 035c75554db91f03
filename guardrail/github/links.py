"""Links to the lines of a report, on the server and in the repository that a workflow runs for.

They lead to the head of the pull request, which stays, where a file is there as it was read; else to the commit that
was read, which for a pull request is its merge into the base.
"""

import re
from collections.abc import Iterable, Mapping

from guardrail.errors import GuardrailError
from guardrail.git import Commit, repository_of
from guardrail.github import runner
from guardrail.reporters.base import Links

MOST_PATHS = 50
"""Files that are compared."""
_SERVER = re.compile(r"https://[A-Za-z0-9.-]+(?::\d+)?")
_REPOSITORY = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def links(environment: Mapping[str, str], root: str, paths: Iterable[str], *, any_owner: bool) -> Links | None:
    """Where ``paths``, relative to ``root``, are shown; None outside of a workflow."""
    server, repository = environment.get("GITHUB_SERVER_URL", ""), environment.get("GITHUB_REPOSITORY", "")
    if not _SERVER.fullmatch(server) or not _REPOSITORY.fullmatch(repository):
        return None
    head = _head(environment)
    read, differing = _read(head, root, paths, any_owner=any_owner)
    read = read or environment.get("GITHUB_SHA", "")
    commit = head if differing is not None else read or head
    if commit is None or not _COMMIT.fullmatch(commit):
        return None
    base = f"{server}/{repository}"
    number = runner.run(environment).id
    return Links(
        blob=f"{base}/blob/{commit}",
        run=f"{base}/actions/runs/{number}" if number else "",
        elsewhere=dict.fromkeys(differing or (), f"{base}/blob/{read}"),
    )


def _head(environment: Mapping[str, str]) -> str | None:
    try:
        return runner.event(environment).head
    except GuardrailError:
        return None


def _read(head: str | None, root: str, paths: Iterable[str], *, any_owner: bool) -> tuple[str | None, list[str] | None]:
    """The commit that is checked out, and which paths differ at ``head``; None for what cannot be told."""
    read = None
    try:
        repository = repository_of(root, any_owner=any_owner)
        if repository is None or head is None:
            return None, None
        here = Commit(repository, "HEAD")
        read = here.id
        there = here if head == read else Commit(repository, head)
        places = {path: f"{root}/{path}" for path in sorted(paths)[:MOST_PATHS]}
        return read, [path for path, place in places.items() if here.read(place) != there.read(place)]
    except GuardrailError:
        return read, None
