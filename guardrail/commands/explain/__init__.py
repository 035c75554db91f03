"""``guardrail explain``: one endpoint, variant or transform job, and everything that there is to say of it."""

import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING

from guardrail import output
from guardrail.commands.check.arguments import var, var_file
from guardrail.errors import GuardrailError
from guardrail.progress import progress

if TYPE_CHECKING:
    from guardrail.commands.explain.subjects import ExplainedSubject, World
    from guardrail.reporters.base import Options

HELP = """\
explain one endpoint: its cost, its scaling, what to run instead

What it is; what it costs and where each number comes from, down to the row of
the price table; how its scaling will behave; what policies say, those that
pass among them; what to run instead, and what must be true for that; what is
not known, and what would settle it. Without an address: everything that there
is to explain, and what saves most instead; or all of it where there is one.

examples:
  guardrail explain plan.json aws_sagemaker_endpoint.chat
  guardrail explain plan.json chat                  by the endpoint's name
  guardrail explain chat/main                       one variant, found from here
  guardrail explain score.asl.json/Score            a transform job
  guardrail explain plan.json                       what there is to explain
  guardrail explain plan.json chat --format html > chat.html
"""

_OF_CHECK = ("region", "config", "prices", "usage_file", "evidence", "compare_to", "assignments", "parameters")


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what to explain, where it is, and what to judge it by."""
    parser.add_argument(
        "words",
        metavar="[PATH...] [ADDRESS]",
        nargs="*",
        help="plans, source or templates (default: .), and behind them an address, a name, or NAME/VARIANT",
    )
    parser.add_argument("--region", metavar="REGION", help="where a resource does not say its region")
    parser.add_argument(
        "--var-file", metavar="FILE", dest="assignments", action="append", type=var_file, help="values for variables"
    )
    parser.add_argument(
        "--var", metavar="NAME=VALUE", dest="assignments", action="append", type=var, help="a value for a variable"
    )
    parser.add_argument(
        "--parameters", metavar="KEY=VALUE|FILE", action="append", help="values for a template's parameters"
    )
    parser.add_argument("--usage-file", metavar="FILE", help="usage (default: the guardrail-usage.yml beside settings)")
    parser.add_argument("--evidence", metavar="FILE", help="what was observed, from guardrail utilization")
    parser.add_argument("--compare-to", metavar="FILE|DIR|REF", help="what stood before, of source and templates")
    parser.add_argument("--config", metavar="FILE", help="settings file (default: the nearest .guardrail.yml)")
    parser.add_argument("--prices", metavar="DIR", help='price tables of your own, or "bundled" for none')
    parser.add_argument(
        "--format", choices=("table", "json", "markdown", "html"), default="table", help="default: table"
    )
    parser.add_argument(
        "--color", choices=("auto", "always", "never"), dest="colour", default="auto", help="default: auto"
    )


def run(arguments: Namespace) -> int:
    """Write the explanation, or what can be explained."""
    from guardrail.commands.explain import answer, formats

    paths, address = split(arguments.words)
    with progress(f"explaining {address or ', '.join(paths)}"):
        world, subject = _asked(arguments, paths, address)
        if subject is None:
            text = formats.listed(world, arguments.format, _options(arguments))
        else:
            text = formats.written(answer.explained(world, subject), arguments.format, _options(arguments), world)
    output.write_stdout(text, for_machines=arguments.format != "table")
    return 0


def _asked(arguments: Namespace, paths: list[str], address: str | None) -> "tuple[World, ExplainedSubject | None]":
    """What is to be explained; a folder behind an input that something there is called as means that."""
    from guardrail.commands.explain import subjects

    *before, last = paths
    if address is None and before and os.path.isdir(last) and os.path.basename(last) == last:
        world = _world(arguments, before)
        if any(last in each.names for each in subjects.every(world.report)):
            return world, subjects.named(world.report, last)
    world = _world(arguments, paths)
    return world, subjects.named(world.report, address) if address else subjects.only(world.report)


def split(words: Sequence[str]) -> tuple[list[str], str | None]:
    """The inputs, and the address behind them: the last word, unless it is a file, a folder or standard input."""
    if not words:
        return ["."], None
    *paths, last = words
    if last == "-" or os.path.exists(last):
        return list(words), None
    file, inside = _file_and_rest(last)
    if file:
        return [*paths, file], inside
    for path in paths:
        if path != "-" and not os.path.exists(path):
            raise GuardrailError(f"{path}: there is no such file or folder", hint="guardrail explain PATH ADDRESS")
    if not paths and last.endswith((".json", ".tf", ".yaml", ".yml")):
        raise GuardrailError(f"{last}: there is no such file or folder", hint="guardrail explain PATH ADDRESS")
    return paths or ["."], last


def _file_and_rest(word: str) -> tuple[str, str]:
    """``score.asl.json`` and ``Each/Score`` of ``score.asl.json/Each/Score``; nothing where no part of it is a file."""
    parts = word.split("/")
    cuts = (("/".join(parts[:at]), "/".join(parts[at:])) for at in range(1, len(parts)))
    return next(((file, rest) for file, rest in cuts if rest and os.path.isfile(file)), ("", ""))


def addresses(words: Sequence[str]) -> list[str]:
    """What may be explained of the inputs among the words of a command line, for completion."""
    from guardrail.commands import base
    from guardrail.commands.explain import subjects

    arguments = base.parser("explain").parse_args(list(words))
    paths = [word for word in arguments.words if os.path.exists(word)]
    world = _world(arguments, paths or ["."])
    return [name for subject in subjects.every(world.report) for name in subject.names]


def _world(arguments: Namespace, paths: Sequence[str]) -> "World":
    """The report of a check of these inputs, and of each the engine that prices what could be run instead."""
    from guardrail.commands import base, check
    from guardrail.commands.check.alternatives import engines
    from guardrail.commands.check.terms import settings_for
    from guardrail.commands.explain.subjects import World

    checked = base.as_check(paths, arguments, _OF_CHECK)
    report = check.estimated(checked)
    return World(report=report, engines=engines(report, arguments, settings_for(checked).settings))


def _options(arguments: Namespace) -> "Options":
    """How to write for standard output."""
    from guardrail.reporters.base import Options

    is_table = arguments.format == "table"
    return Options(
        width=output.terminal_width() if is_table else Options().width,
        colour=is_table and output.wants_colour(arguments.colour, os.environ, sys.stdout),
        glyphs=not is_table or output.carries_glyphs(sys.stdout),
    )
