"""Links to the lines of a report, on the server and in the repository that a workflow runs for.

They lead to the head of the pull request, which stays, where a file is there as it was read; else to the commit that
was read, which for a pull request is its merge into the base. A file that this commit has not as it was read is not
shown: its line would be another one.
"""

import re
from collections.abc import Iterable, Mapping

from guardrail import files
from guardrail.errors import GuardrailError
from guardrail.git import Commit, repository_of
from guardrail.github import runner
from guardrail.report import Report
from guardrail.reporters.base import Links, Options
from guardrail.reporters.places import FindingPlaces

MOST_PATHS = 50
"""Files that are compared."""
_SERVER = re.compile(r"https://[A-Za-z0-9.-]+(?::\d+)?")
_REPOSITORY = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def links_of(report: Report, options: Options, environment: Mapping[str, str], *, any_owner: bool) -> Links | None:
    """Where the lines of a report's findings are shown; None outside of a workflow."""
    places = FindingPlaces(report, options)
    found = [places.of(result) for result in report.results if result.verdict == "fail"]
    paths = {place.path for place in found if place.known and place.is_inside}
    return links(environment, options.root, paths, any_owner=any_owner)


def links(environment: Mapping[str, str], root: str, paths: Iterable[str], *, any_owner: bool) -> Links | None:
    """Where ``paths``, relative to ``root``, are shown; None outside of a workflow."""
    server, repository = environment.get("GITHUB_SERVER_URL", ""), environment.get("GITHUB_REPOSITORY", "")
    if not _SERVER.fullmatch(server) or not _REPOSITORY.fullmatch(repository):
        return None
    base, head = f"{server}/{repository}", _head(environment)
    number = runner.run(environment).id
    shown, elsewhere = _shown(head, root, sorted(paths)[:MOST_PATHS], any_owner=any_owner)
    commit = shown or environment.get("GITHUB_SHA", "") or head
    if commit is None or not _COMMIT.fullmatch(commit):
        return None
    return Links(
        blob=f"{base}/blob/{commit}",
        run=f"{base}/actions/runs/{number}" if number else "",
        elsewhere={path: f"{base}/blob/{other}" if other else "" for path, other in elsewhere.items()},
    )


def _head(environment: Mapping[str, str]) -> str | None:
    try:
        return runner.event(environment).head
    except GuardrailError:
        return None


def _shown(
    head: str | None, root: str, paths: Iterable[str], *, any_owner: bool
) -> tuple[str | None, dict[str, str | None]]:
    """The commit that files are shown at, None where git does not tell, and those paths that differ there.

    These are shown at the commit that was read, and not at all (None) where it has them otherwise than they were read:
    what a step has written since, and modules that ``terraform init`` has fetched.
    """
    read = None
    elsewhere: dict[str, str | None] = {}
    try:
        repository = repository_of(root, any_owner=any_owner)
        if repository is None:
            return None, {}
        here = Commit(repository, "HEAD")
        read = here.id
        found = {path: here.read(f"{root}/{path}") for path in paths}
        elsewhere = {path: None for path, content in found.items() if not _is_as_read(f"{root}/{path}", content)}
        if head is None or head == read:
            return read, elsewhere
        there = Commit(repository, head)
        moved = [path for path in found if path not in elsewhere and there.read(f"{root}/{path}") != found[path]]
    except GuardrailError:
        return read, elsewhere
    return head, dict.fromkeys(moved, read) | elsewhere


def _is_as_read(path: str, content: bytes | None) -> bool:
    """Whether a file on disk has the lines of a commit; git may write them with other ends."""
    try:
        return content is not None and files.content(path).splitlines() == content.splitlines()
    except OSError:
        return False
