"""Reports, each in its format and where it belongs."""

import os
import sys
from argparse import Namespace

from msgspec import structs

from guardrail import files, output
from guardrail.commands.check.arguments import Destination
from guardrail.commands.check.inputs import content
from guardrail.errors import GuardrailError
from guardrail.report import Report
from guardrail.reporters import reporter
from guardrail.reporters.base import Links, Options
from guardrail.reporters.findings import counts
from guardrail.working_tree import top_of

_WITH_CODE = ("markdown", "summary", "html")
"""Formats that show the lines of the findings, and link to them where a workflow runs."""

_WITH_EDITS = ("table", "markdown", "summary", "json")
"""Formats that say which findings ``guardrail fix`` has an edit for."""
_CODE = (".tf", ".tofu", ".yaml", ".yml", ".template")
"""Files whose lines may be shown; those of variables are none of them."""

_FOR_A_TERMINAL = ("table", "concise")
"""Formats that ``--quiet`` keeps back; whoever reads another one waits for it."""


def refuse_collisions(paths: list[str], destinations: list[Destination]) -> None:
    """Raise where two reports would go to one place, one would replace an input, or standard input is read twice."""
    if paths.count("-") > 1:
        raise GuardrailError("standard input can be read only once", hint="give - once, and files for the rest")
    inputs = {os.path.realpath(path) for path in paths}
    taken: dict[str | None, str] = {}
    for destination in destinations:
        place = None if destination.path is None else os.path.realpath(destination.path)
        if place in inputs:
            raise GuardrailError(f"--format {destination.format} would replace its own input {destination.path}")
        if place in taken:
            where = destination.path or "standard output"
            raise GuardrailError(
                f"{taken[place]} and {destination.format} would both go to {where}",
                hint=f"--format {destination.format}=report.{destination.format}",
            )
        taken[place] = destination.format


def write(report: Report, destination: Destination, arguments: Namespace) -> None:
    """Render one format and put it where it belongs."""
    to_stdout = destination.path is None
    if to_stdout and report.exit_code == 0 and destination.format in _FOR_A_TERMINAL and _is_quiet(report, arguments):
        return
    root = top_of(os.getcwd())
    options = Options(
        width=output.terminal_width() if to_stdout else Options().width,
        colour=to_stdout and output.wants_colour(arguments.colour, os.environ, sys.stdout),
        glyphs=not to_stdout or output.carries_glyphs(sys.stdout),
        bill=arguments.bill,
        show_skipped=arguments.show_skipped,
        tag=arguments.tag,
        root=root,
        directory="" if os.getcwd() == root else os.path.relpath(os.getcwd(), root),
    )
    if destination.format in _WITH_EDITS:
        options = structs.replace(options, fixable=_fixable(report))
    if destination.format in _WITH_CODE:
        options = structs.replace(
            options, lines=lines_of(report), links=_links(report, options, any_owner=arguments.any_owner)
        )
    if destination.format == "json" and destination.path is None:
        from guardrail.reporters.json import pieces

        output.write_stdout(pieces(report, options), for_machines=True)
        return
    text = reporter(destination.format).render(report, options)
    if destination.path is None:
        output.write_stdout(text, for_machines=destination.format != "table")
    else:
        output.write_file(destination.path, text)


def _is_quiet(report: Report, arguments: Namespace) -> bool:
    """Whether a report that passes is kept back: where somebody says so, and in a hook that has nothing new to tell."""
    if arguments.quiet or not arguments.pre_commit:
        return bool(arguments.quiet)
    from guardrail.reporters.overview import has_news

    return not has_news(report)


def _fixable(report: Report) -> frozenset[str]:
    """The ids of findings that count and have an edit; none is looked for where no line of source is known."""
    if not any(result.verdict == "fail" and result.location and counts(result, report) for result in report.results):
        return frozenset()
    from guardrail.fixes.mechanical import mechanical

    return mechanical(report)


def _links(report: Report, options: Options, *, any_owner: bool) -> Links | None:
    """Where GitHub shows the lines of the findings; None outside of a workflow."""
    if "GITHUB_REPOSITORY" not in os.environ:
        return None
    from guardrail.github.links import links_of

    return links_of(report, options, os.environ, any_owner=any_owner)


def lines_of(report: Report) -> dict[tuple[str, int], str]:
    """The lines of code that the findings of this change point to."""
    found: dict[tuple[str, int], str] = {}
    texts: dict[str, list[str]] = {}
    for result in report.results:
        place = result.location if result.verdict == "fail" else None
        if place is None or not place.path.endswith(_CODE) or files.is_stream(place.path):
            continue
        if place.path not in texts:
            texts[place.path] = (content(place.path) or b"").decode(errors="replace").splitlines()
        if place.line <= len(texts[place.path]):
            found[place.path, place.line] = texts[place.path][place.line - 1]
    return found
