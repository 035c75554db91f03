"""``guardrail comment``: one comment on a pull request, kept up to date."""

import os
import posixpath
import re
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from msgspec import structs

from guardrail import files, output
from guardrail.errors import GitHubError, GuardrailError, MissingExtraError
from guardrail.progress import progress
from guardrail.reporters.wording import inert

if TYPE_CHECKING:
    from guardrail.fixes.suggestible import Suggestible
    from guardrail.github.api import Api
    from guardrail.github.comment import CommentText, PullRequest
    from guardrail.github.sections import CommentSection
    from guardrail.report import Report
    from guardrail.reporters.base import Options
    from guardrail.reporters.report_file import ReportFile

HELP = """\
keep one comment on a pull request up to date

With REPORTs (guardrail check PATH --format json=FILE) the comment has a
section for each stack, a table of all of them on top, and nothing else; with
--section it replaces that one section, and jobs that run at the same time lose
none of each other's. With --body it is the text of that file. With --suggest
proven fixes become suggestions in a review, each once, where the diff shows all
of their lines.

Reads GITHUB_TOKEN (or GH_TOKEN), GITHUB_REPOSITORY, GITHUB_API_URL and the
event of the workflow, where there is one. The comment of the same tag is
replaced where it says something else; one of a newer commit is left alone.

examples:
  guardrail comment github chat=chat.json search=search.json
  guardrail comment github reports/*/report.json --expect infra/search
  guardrail comment github --section infra/chat report.json
  guardrail comment github --body comment.md --tag network/prod --dry-run
  guardrail comment github --body - --repository acme/shop --pull-request 7
  guardrail comment github --body comment.md --suggest
  guardrail comment github --suggest=fixes.json

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
LONGEST_NAME = 200
"""Characters of the name of a section."""


_MOST_INPUTS = 2
"""Inputs that a stack is called by, where they have no folder in common."""
_NAMED = 3
"""Fixes that are named where one reason keeps several from being suggested."""
STACKS = "stacks"
"""The tag of a comment of sections, where nobody gives another."""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare where and what."""
    parser.add_argument("forge", metavar="FORGE", choices=("github",), help="github")
    parser.add_argument(
        "reports",
        metavar="REPORT",
        nargs="*",
        help="JSON report of one stack, - for standard input, or NAME=REPORT (default: named after the stack's path)",
    )
    parser.add_argument("--body", metavar="FILE", help="Markdown, - for standard input")
    parser.add_argument("--section", metavar="NAME", help="replace this section of the comment, and keep the others")
    parser.add_argument(
        "--expect",
        metavar="NAME",
        action="append",
        default=[],
        help="a stack that belongs here though its REPORT may be missing",
    )
    parser.add_argument("--tag", help="tells this comment from others (default: that of the body, stacks for sections)")
    parser.add_argument("--mode", choices=("update", NEW), default="update", help="new: one for each run")
    parser.add_argument("--repository", metavar="OWNER/NAME", help="default: GITHUB_REPOSITORY")
    parser.add_argument("--pull-request", metavar="NUMBER", help="default: that of the event")
    parser.add_argument("--commit", metavar="SHA", help="what was checked (default: the event's head)")
    parser.add_argument(
        "--if-there", action="store_true", help="update the comment, and write none where there is none"
    )
    parser.add_argument(
        "--only-when-changed", action="store_true", help="the same where no REPORT has anything of SageMaker's change"
    )
    parser.add_argument(
        "--suggest",
        metavar="FILE",
        nargs="?",
        const="",
        help="suggest fixes in a review: those of guardrail fix --suggestions FILE (default: those of guardrail fix)",
    )
    parser.add_argument("--dry-run", action="store_true", help="write nothing, say what would be done")


def run(arguments: Namespace) -> int:
    """Comment, and say in one line what became of it."""
    try:
        from guardrail.github.api import PUBLIC, Api
    except ImportError as error:
        hint = "pip install 'guardrail-sagemaker[github]'"
        raise MissingExtraError("commenting needs urllib3, which is not installed", hint=hint) from error
    _refuse_mixed(arguments)
    where, note = _what(arguments)
    said = _sections(arguments, note) if _is_of_sections(arguments) else None
    fixes = None if arguments.suggest is None else _fixes(arguments.suggest)
    token = os.environ.get("GITHUB_TOKEN") or os.environ.get("GH_TOKEN") or ""
    if not token and not arguments.dry_run:
        raise GitHubError("there is no token", hint="set GITHUB_TOKEN, in a workflow to ${{ github.token }}")
    api = Api(os.environ.get("GITHUB_API_URL") or PUBLIC, token)
    if said is not None or arguments.body is not None:
        _comment(arguments, api, where, note, said)
    if fixes is not None:
        _suggest(arguments, api, where, note, fixes)
    return 0


def _is_of_sections(arguments: Namespace) -> bool:
    return bool(arguments.reports or arguments.section or arguments.expect)


def _comment(arguments: Namespace, api: "Api", where: "PullRequest", note: "CommentText", said: "_Said | None") -> None:
    """Write the comment, and say in one line what became of it."""
    from guardrail.github.comment import comment, comment_sections

    with progress(f"commenting on {where.repository}#{where.number}"):
        if said is None:
            done = comment(api, where, note, if_there=arguments.if_there, dry_run=arguments.dry_run)
        else:
            if_there = arguments.if_there or (arguments.only_when_changed and not said.have_news)
            done = comment_sections(
                api, where, said.sections, note, only=said.only, if_there=if_there, dry_run=arguments.dry_run
            )
    happened = "would be " if arguments.dry_run else "is "
    output.write_stdout(f"the comment {note.tag} of {where.repository}#{where.number} {happened}{WORDS[done]}\n")


def _refuse_mixed(arguments: Namespace) -> None:
    """What a comment is made of: one body, one section, or reports."""
    if not (arguments.reports or arguments.expect) and arguments.body is None and arguments.suggest is None:
        raise GuardrailError("there is nothing to say", hint="guardrail comment github REPORT... or --body FILE")
    if arguments.reports and arguments.body is not None:
        raise GuardrailError("a comment is made of reports or of a body, not of both", hint="leave one of them out")
    if arguments.section and (len(arguments.reports) > 1 or arguments.expect):
        raise GuardrailError("--section replaces one section, and knows no others", hint="--section NAME REPORT")
    if arguments.body is not None and (arguments.expect or arguments.only_when_changed):
        raise GuardrailError("--expect and --only-when-changed are about reports", hint="--if-there goes with --body")


# Suggestions ---------------------------------------------------------------------------------------------------------


def _fixes(path: str) -> "list[Suggestible]":
    """The fixes in a file; of the working directory where there is none."""
    from guardrail.commands import fix
    from guardrail.fixes.suggestible import decoded

    if not path:
        with progress("fixing ."):
            return fix.suggestions()
    return decoded(_content(path, "guardrail fix PATH --suggestions FILE"), path)


def _suggest(
    arguments: Namespace, api: "Api", where: "PullRequest", note: "CommentText", fixes: "list[Suggestible]"
) -> None:
    """Suggest fixes, and say what became of them: of those that cannot be suggested a line for each reason."""
    from guardrail.github.suggestions import suggest

    place = f"{where.repository}#{where.number}"
    with progress(f"suggesting on {place}"):
        tag = note.tag.partition("@")[0]  # a new comment for each run, and no suggestion a second time
        done = suggest(api, where, fixes, tag, note.commit, dry_run=arguments.dry_run)
    if done.is_behind:
        output.write_stdout(f"suggestions on {place} are {WORDS['left']}\n")
        return
    told = {"written": done.written, "as before": done.kept, "updated": done.updated, "taken back": done.ended}
    counts = ", ".join(f"{count:,} {word}" for word, count in told.items() if count) or "none"
    lines = [f"suggestions on {place}: {counts}" + (" (nothing is written)" if arguments.dry_run else "")]
    reasons: dict[str, list[str]] = {}
    for each in done.left:
        reasons.setdefault(each.reason, []).append(f"{each.fix.finding} on {inert(each.fix.address)}")
    for reason, named in reasons.items():
        more = f" and {len(named) - _NAMED:,} more" if len(named) > _NAMED else ""
        lines.append(f"in the patch of guardrail fix alone, {inert(reason)}: {', '.join(named[:_NAMED])}{more}")
    output.write_stdout("".join(f"{line}\n" for line in lines))


# Sections ------------------------------------------------------------------------------------------------------------


class _Said(NamedTuple):
    """The sections that this run writes."""

    sections: "dict[str, CommentSection]"
    only: "set[str] | None"
    """The names of all sections that stay; None for every one that is there."""
    have_news: bool


def _sections(arguments: Namespace, note: "CommentText") -> _Said:
    from guardrail.github.sections import absent, section, unanswered
    from guardrail.policy.load import bundled
    from guardrail.reporters.overview import has_news
    from guardrail.reporters.report_file import read

    if arguments.body is not None:
        name = _name(arguments.section)
        return _Said({name: unanswered(name, note.commit, note.run, note.text)}, None, have_news=True)
    named = [_named_report(text) for text in arguments.reports]
    pages = {policy.id: policy.help_uri for policy in bundled()}
    reports = [read(path, pages) for _, path in named]
    sections: dict[str, CommentSection] = {}
    for (given, path), found, stack in zip(named, reports, _stacks(reports), strict=True):
        name = _name(arguments.section or given or stack)
        if name in sections:
            raise GuardrailError(f"{path} is not the only report of {name}", hint="NAME=REPORT tells them apart")
        sections[name] = section(found.report, name, note.commit, note.run, _options(found))
    have_news = not reports or any(has_news(found.report) for found in reports)
    if arguments.section:
        return _Said(sections, None, have_news=have_news)
    sections = {_name(name): absent(name) for name in arguments.expect} | sections
    return _Said(sections, set(sections), have_news=have_news)


def _named_report(text: str) -> tuple[str, str]:
    """Name and file of ``chat=report.json``; the name is empty where there is none, or the whole is a file."""
    name, given, path = text.partition("=")
    if not given or files.is_there(text):
        return "", text
    if not path:
        raise GuardrailError(f"{text!r} names no report", hint="NAME=REPORT")
    return name, path


def _name(text: str) -> str:
    if not 0 < len(text) <= LONGEST_NAME:
        raise GuardrailError(
            f"a stack's name has 1 to {LONGEST_NAME} characters, not {len(text):,}", hint="NAME=REPORT"
        )
    return text


def _stacks(reports: "Sequence[ReportFile]") -> list[str]:
    """How stacks are called that nobody named: by the tag of their check, else by what tells their inputs apart."""
    from guardrail.reporters.base import DEFAULT
    from guardrail.reporters.markdown.tables import stack_names

    paths = [posixpath.normpath(posixpath.join(found.directory, _common(found.report))) for found in reports]
    names = stack_names(list(dict.fromkeys(paths)))
    names = {path: "" if called in ("", ".") else called for path, called in names.items()}
    return [
        names[path] or _inputs(found.report) if found.tag == DEFAULT.tag else found.tag
        for path, found in zip(paths, reports, strict=True)
    ]


def _inputs(report: "Report") -> str:
    """``chat, search and 2 more``, for inputs that lie in no folder of their own."""
    from guardrail.reporters.markdown.tables import stack_names

    names = list(stack_names([source.id for source in report.sources]).values())
    more = len(names) - _MOST_INPUTS
    return (", ".join(names[:_MOST_INPUTS]) + (f" and {more:,} more" if more > 0 else ""))[:LONGEST_NAME]


def _common(report: "Report") -> str:
    """The folder that all inputs of a report lie in, or its only input."""
    paths = [source.path.replace("\\", "/") for source in report.sources]
    return posixpath.commonpath(paths) if len({path.startswith("/") for path in paths}) == 1 else ""


def _options(found: "ReportFile") -> "Options":
    """Links to what was read, made anew: none that a report holds is followed."""
    from guardrail.github.links import links_of
    from guardrail.reporters.base import Options
    from guardrail.working_tree import top_of

    options = Options(root=top_of(os.getcwd()) or os.getcwd(), directory=found.directory, fixable=found.fixable)
    return structs.replace(options, links=links_of(found.report, options, os.environ, any_owner=True))


# Where ---------------------------------------------------------------------------------------------------------------


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
    body_tag, text = (None, "") if arguments.body is None else split(_body(arguments.body))
    by_default = STACKS if _is_of_sections(arguments) else "default"
    if arguments.section:
        body_tag = None
    tag = _checked(arguments.tag or body_tag or by_default, "[A-Za-z0-9_./-]{1,60}", "tag, such as network/prod")
    if arguments.mode == NEW:
        tag = f"{tag}@{this_run.id}.{this_run.attempt}" if this_run.id else f"{tag}@{commit[:12]}"
    return PullRequest(repository, number), CommentText(tag=tag, text=text, commit=commit, run=this_run)


def _checked(text: str, pattern: str, what: str) -> str:
    """``text`` where it is ``what`` it should be; it becomes part of an address or of a comment."""
    if not re.fullmatch(pattern, text):
        raise GitHubError(f"{text!r} is no {what}")
    return text


def _content(path: str, hint: str = "") -> bytes:
    try:
        return files.stream(path) if path == "-" else files.named(path)
    except OSError as error:
        raise GuardrailError(f"cannot read {path}: {error.strerror or error}", hint=hint) from error


def _body(path: str) -> str:
    try:
        return _content(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise GuardrailError(
            f"{path} is not UTF-8 text", hint="guardrail check PATH --format markdown=comment.md"
        ) from error
