"""The arguments of a check, and what each of their texts means."""

import re
from argparse import ArgumentParser, ArgumentTypeError
from decimal import Decimal, InvalidOperation
from typing import Any

from msgspec import Struct

from guardrail import limits
from guardrail.commands.base import meant
from guardrail.reporters import FORMATS
from guardrail.reporters.base import Options


class Destination(Struct, frozen=True):
    """A format, and the file it goes to; None for standard output."""

    format: str
    path: str | None


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the inputs, what to judge by, and what to write where."""
    parser.set_defaults(source_only=False)  # whether plans that a search finds are passed over, as fixes need it
    parser.add_argument(
        "paths",
        metavar="PATH",
        nargs="*",
        help="a folder with all that is in it, a plan or state in JSON, a template, - for standard input (default: .)",
    )
    terraform = parser.add_argument_group("Terraform")
    terraform.add_argument(
        "--var-file",
        metavar="[LABEL=]FILE",
        dest="assignments",
        action="append",
        type=var_file,
        help="values for variables; once for each environment with a label, as in prod=prod.tfvars",
    )
    terraform.add_argument(
        "--var", metavar="NAME=VALUE", dest="assignments", action="append", type=var, help="a value for a variable"
    )
    terraform.add_argument(
        "--workspace", metavar="NAME", help="what terraform.workspace is (default: TF_WORKSPACE, else the selected one)"
    )
    terraform.add_argument(
        "--source", metavar="DIR", help="where the source of a plan is (default: beside it, else here)"
    )
    terraform.add_argument(
        "--keep-going", action="store_true", help="report on the rest where a file does not parse, and exit 2"
    )
    templates = parser.add_argument_group("CloudFormation, SAM and CDK")
    templates.add_argument(
        "--parameters", metavar="KEY=VALUE|FILE", action="append", help="values for a template's parameters; repeatable"
    )
    templates.add_argument(
        "--possibility",
        metavar="LABEL=FILE",
        dest="possibilities",
        action="append",
        help="values that may be given, under a label: the bill spans all of them; repeatable",
    )
    templates.add_argument(
        "--templates-only", action="store_true", help="pass over files that are no templates, for hooks"
    )
    past = parser.add_argument_group("what stood before, of source and templates")
    past.add_argument(
        "--compare-to",
        metavar="FILE|DIR|REF",
        help="a template, a cdk.out, a folder, or a git revision, which means where HEAD has left it (its merge base)",
    )
    past.add_argument(
        "--pre-commit",
        action="store_true",
        help="compare with PRE_COMMIT_FROM_REF, else HEAD, if a file differs; say nothing where nothing is new",
    )
    past.add_argument(
        "--any-owner", action="store_true", help="read a git repository of another user, in a container for example"
    )
    judging = parser.add_argument_group("judging")
    judging.add_argument("--config", metavar="FILE", help="settings file (default: the nearest .guardrail.yml)")
    judging.add_argument(
        "--isolated", action="store_true", help="settings, usage and baseline only as far as flags name them"
    )
    judging.add_argument(
        "--settings-from", metavar="DIR", help="look for settings, usage and baseline in this copy of the repository"
    )
    judging.add_argument(
        "--terms-before",
        metavar="REF",
        help="say what the change since this git revision does to settings, waivers and limits",
    )
    judging.add_argument(
        "--untrusted",
        action="store_true",
        help="the code is a stranger's: no waiver in it holds, and TF_VAR_* and TF_WORKSPACE are not read for it",
    )
    judging.add_argument("--policies", metavar="DIR", action="append", help="policies of your own; repeatable")
    judging.add_argument(
        "--policy", metavar="ID", action="append", help="check this policy only, even where it is off; repeatable"
    )
    judging.add_argument("--skip-policy", metavar="ID", action="append", help="leave this policy out; repeatable")
    judging.add_argument(
        "--usage-file", metavar="FILE", help="usage (default: the guardrail-usage.yml beside settings)"
    )
    judging.add_argument(
        "--evidence", metavar="FILE", help="what was observed of endpoints that run, from guardrail utilization"
    )
    judging.add_argument("--region", metavar="REGION", help="where a resource does not say its region")
    judging.add_argument("--prices", metavar="DIR", help='price tables of your own, or "bundled" for none')
    judging.add_argument(
        "--max-price-age", metavar="DAYS", type=_days, help="warn of older prices; with --strict, exit 3"
    )
    judging.add_argument("--budget", metavar="USD", type=_usd, help="most that a month is expected to cost")
    judging.add_argument("--budget-delta", metavar="USD", type=_usd, help="most that the change may add to a month")
    judging.add_argument(
        "--fail-on",
        choices=("error", "warning", "note", "never"),
        help="the least severity that makes the exit code 1 (default: error)",
    )
    judging.add_argument("--all", action="store_true", help="fail on what the change does not touch, too")
    judging.add_argument(
        "--baseline", metavar="FILE", help="findings from before (default: the nearest .guardrail-baseline.json)"
    )
    judging.add_argument(
        "--write-baseline", action="store_true", help="take every finding of this run up into the baseline"
    )
    judging.add_argument("--strict", action="store_true", default=None, help="exit 3 where unknowns stand in the way")
    judging.add_argument(
        "--no-inline-ignore", action="store_true", help="let no waiver in the code or a template's metadata hold"
    )
    _add_writing(parser.add_argument_group("writing"))


def _add_writing(writing: Any) -> None:
    """Declare what to write where, and what to add to it."""
    writing.add_argument(
        "--format",
        metavar="FORMAT[=FILE]",
        type=_destination,
        action="append",
        help=f"{', '.join(FORMATS)}; repeatable (default: table)",
    )
    writing.add_argument(
        "--tag",
        type=_tag,
        default=Options().tag,
        help="tells this check from others of one pull request, in comments and code scanning (default: %(default)s)",
    )
    writing.add_argument("--bill", action="store_true", help="every line of the bill, also of what does not change")
    writing.add_argument(
        "--billed",
        metavar="SOURCE",
        action="append",
        default=[],
        help="export of the AWS bill: what its last whole month billed, beside before and after; repeatable",
    )
    writing.add_argument(
        "--yes", action="store_true", help="with --billed: ask AWS without a question about what it may cost"
    )
    writing.add_argument(
        "--group-by",
        metavar="KEY,KEY",
        type=_group_keys,
        default=(),
        help="subtotals by tag:NAME, environment, region, root, or several of them: tag:Team,environment",
    )
    writing.add_argument(
        "--alternatives", action="store_true", help="what could run instead, and where each way to serve costs the same"
    )
    writing.add_argument("--show-skipped", action="store_true", help="list every resource that was skipped")
    writing.add_argument(
        "--color", choices=("auto", "always", "never"), dest="colour", default="auto", help="default: auto"
    )
    writing.add_argument("--no-color", action="store_const", const="never", dest="colour", help="as --color never")
    writing.add_argument("-q", "--quiet", action="store_true", help="no table or concise lines when the exit code is 0")
    writing.add_argument(
        "-v", "--verbose", action="store_true", help="say on standard error what was read, and in how long"
    )


def _days(text: str) -> int:
    if not text.isdecimal():
        raise ArgumentTypeError(f"{text!r} is not a number of days, such as 180")
    return int(text)


def var_file(text: str) -> str:
    """A file of values, as readers of source are given it: ``@prod=prod.tfvars``."""
    return f"@{text}"


def var(text: str) -> str:
    """A value for a variable. Raises `ArgumentTypeError` for what assigns nothing."""
    if not re.fullmatch(r"[^\W\d][\w-]*=.*", text, re.DOTALL):
        raise ArgumentTypeError(f"{text!r} assigns nothing; write it as name=value")
    return text


def _usd(text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise ArgumentTypeError(f"{text!r} is not an amount in USD, such as 1500 or 99.50") from None
    if not amount.is_finite() or amount < 0:
        raise ArgumentTypeError(f"{text!r} is not an amount of zero or more")
    if not limits.is_countable(amount):
        raise ArgumentTypeError(f"{text!r} is not an amount below {limits.LARGEST_NUMBER:,} USD")
    return amount


def _destination(text: str) -> Destination:
    name, equals, path = text.partition("=")
    if name not in FORMATS:
        known = meant(name, FORMATS) or f", choose from {', '.join(FORMATS)}"
        raise ArgumentTypeError(f"there is no format {name!r}{known}")
    if equals and not path:
        raise ArgumentTypeError(f"{text!r} names no file")
    return Destination(name, None if path in ("", "-") else path)


def _group_keys(text: str) -> tuple[str, ...]:
    from guardrail.assess import groups

    return groups.keys(text)


def _tag(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_.][A-Za-z0-9_./-]{0,58}[A-Za-z0-9_.]|[A-Za-z0-9_.]", text):
        raise ArgumentTypeError(f"{text!r} is no tag: up to 60 letters, digits and _ . / - such as network/prod")
    return text
