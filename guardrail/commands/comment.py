"""``guardrail comment``: one comment on a pull request, kept up to date."""

import os
import re
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from guardrail import files, output
from guardrail.errors import GitHubError, GuardrailError, MissingExtraError
from guardrail.progress import progress

if TYPE_CHECKING:
    from guardrail.github.comment import CommentText, PullRequest

HELP = """\
keep one comment on a pull request up to date

Reads GITHUB_TOKEN (or GH_TOKEN), GITHUB_REPOSITORY, GITHUB_API_URL and the
event of the workflow, where there is one. The comment of the same tag is
replaced where it says something else; one of a newer commit is left alone.

examples:
  guardrail comment github --body comment.md
  guardrail comment github --body comment.md --tag network/prod --dry-run
  guardrail comment github --body - --repository acme/shop --pull-request 7

exit codes: 0 the comment is as it should be,
            2 it is not, and the message says why
"""

NEW = "new"
WORDS = {
    "created": "written",
    "updated": "updated",
    "unchanged": "left as it is",
    "left": "left to a newer commit or run",
    "absent": "not written, for there is none to update",
}
"""What became of the comment, by `Done`."""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare where and what."""
    parser.add_argument("forge", metavar="FORGE", choices=("github",), help="github")
    parser.add_argument("--body", metavar="FILE", required=True, help="Markdown, - for standard input")
    parser.add_argument("--tag", help="tells this comment from others (default: that of the body)")
    parser.add_argument("--mode", choices=("update", NEW), default="update", help="new: one for each run")
    parser.add_argument("--repository", metavar="OWNER/NAME", help="default: GITHUB_REPOSITORY")
    parser.add_argument("--pull-request", metavar="NUMBER", help="default: that of the event")
    parser.add_argument("--commit", metavar="SHA", help="what was checked (default: the event's head)")
    parser.add_argument(
        "--if-there", action="store_true", help="update the comment, and write none where there is none"
    )
    parser.add_argument("--dry-run", action="store_true", help="write nothing, say what would be done")


def run(arguments: Namespace) -> int:
    """Comment, and say in one line what became of it."""
    try:
        from guardrail.github.api import PUBLIC, Api
        from guardrail.github.comment import comment
    except ImportError as error:
        hint = "pip install 'guardrail-sagemaker[github]'"
        raise MissingExtraError("commenting needs urllib3, which is not installed", hint=hint) from error
    where, note = _what(arguments)
    token = os.environ.get("GITHUB_TOKEN") or os.environ.get("GH_TOKEN") or ""
    if not token and not arguments.dry_run:
        raise GitHubError("there is no token", hint="set GITHUB_TOKEN, in a workflow to ${{ github.token }}")
    api = Api(os.environ.get("GITHUB_API_URL") or PUBLIC, token)
    with progress(f"commenting on {where.repository}#{where.number}"):
        done = comment(api, where, note, if_there=arguments.if_there, dry_run=arguments.dry_run)
    happened = "would be " if arguments.dry_run else "is "
    output.write_stdout(f"the comment {note.tag} of {where.repository}#{where.number} {happened}{WORDS[done]}\n")
    return 0


def _what(arguments: Namespace) -> "tuple[PullRequest, CommentText]":
    """Where the comment goes and what it says, from the flags, else from the workflow's event."""
    from guardrail.github import runner
    from guardrail.github.comment import CommentText, PullRequest, split

    happened, this_run = runner.event(os.environ), runner.run(os.environ)
    number = arguments.pull_request or happened.pull_request
    if number is None:
        raise GitHubError("this run is of no pull request", hint="--pull-request NUMBER --commit SHA")
    number = int(_checked(str(number), "[1-9][0-9]{0,17}", "number of a pull request"))
    commit = arguments.commit or (happened.head if number == happened.pull_request else None)
    if commit is None:
        raise GitHubError(f"which commit of #{number} was checked is not known", hint="--commit SHA")
    commit = _checked(commit, "[0-9a-f]{40}|[0-9a-f]{64}", "commit, by its whole hash in lower case")
    repository = arguments.repository or os.environ.get("GITHUB_REPOSITORY")
    if not repository:
        raise GitHubError("which repository is not known", hint="--repository OWNER/NAME")
    repository = _checked(
        repository, r"(?!\.+/)[A-Za-z0-9_.-]+/(?!\.+$)[A-Za-z0-9_.-]+", "repository, such as acme/shop"
    )
    body_tag, text = split(_body(arguments.body))
    tag = _checked(arguments.tag or body_tag or "default", "[A-Za-z0-9_./-]{1,60}", "tag, such as network/prod")
    if arguments.mode == NEW:
        tag = f"{tag}@{this_run.id}.{this_run.attempt}" if this_run.id else f"{tag}@{commit[:12]}"
    return PullRequest(repository, number), CommentText(tag=tag, text=text, commit=commit, run=this_run)


def _checked(text: str, pattern: str, what: str) -> str:
    """``text`` where it is ``what`` it should be; it becomes part of an address or of a comment."""
    if not re.fullmatch(pattern, text):
        raise GitHubError(f"{text!r} is no {what}")
    return text


def _body(path: str) -> str:
    try:
        content = files.stream(path) if path == "-" else files.named(path)
        return content.decode("utf-8-sig")
    except OSError as error:
        raise GuardrailError(f"cannot read {path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise GuardrailError(
            f"{path} is not UTF-8 text", hint="guardrail check PATH --format markdown=comment.md"
        ) from error
