"""``guardrail reconcile``: an estimate beside the month that was billed, line by line, and why they differ."""

import os
import re
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from datetime import date
from typing import TYPE_CHECKING

from guardrail import output
from guardrail.errors import GuardrailError
from guardrail.progress import progress

if TYPE_CHECKING:
    from guardrail.bills.billed import Month
    from guardrail.bills.reconcile import Pairs
    from guardrail.report import Report

HELP = """\
say why an estimate and the month that was billed differ

By endpoint and usage type: what was estimated for a month of 730 hours, what
was billed (amortized, net where known), and the reasons, which add up. With
--usage-file it writes what was used, so that the next estimate starts from it.

examples:
  guardrail reconcile plan.json --bill cur/ --month 2026-10
  guardrail reconcile infra/ --bill s3://example-bills/ml/ --format json
  guardrail reconcile plan.json --bill bill.csv.gz --usage-file usage.yml
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the code, the bill and its month, and where usage goes."""
    parser.add_argument("paths", metavar="PATH", nargs="+", help="plans, Terraform source or templates")
    parser.add_argument(
        "--bill", metavar="SOURCE", action="append", required=True, help="export of the bill, as of bills; repeatable"
    )
    parser.add_argument("--month", metavar="MONTH", type=_month, help="as 2026-10 (default: the last that is whole)")
    parser.add_argument("--account", action="append", metavar="ID", help="of this usage account; repeatable")
    parser.add_argument("-y", "--yes", action="store_true", help="ask AWS without a question about what it may cost")
    parser.add_argument("--usage-file", metavar="FILE", help="write what was used here, for the next estimate")
    parser.add_argument("--force", action="store_true", help="replace a usage file that is there")
    parser.add_argument("--region", metavar="REGION", help="where a resource does not say its region")
    parser.add_argument("--config", metavar="FILE", help="settings file (default: the nearest .guardrail.yml)")
    parser.add_argument("--prices", metavar="DIR", help='price tables of your own, or "bundled" for none')
    parser.add_argument(
        "--format", choices=("table", "json", "csv", "markdown", "html"), default="table", help="default: table"
    )


def _month(text: str) -> date:
    try:
        return date.fromisoformat(f"{text}-01" if re.fullmatch(r"\d{4}-\d{2}", text) else "")
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no month, such as 2026-10") from None


def run(arguments: Namespace) -> int:
    """Reconcile, write the usage file where one is asked for, and the answer."""
    from msgspec import structs

    from guardrail.bills import formats, reconcile
    from guardrail.bills.answer import exactly

    _refuse_replacing(arguments)
    with exactly():
        with progress(f"reconciling {', '.join(arguments.paths)}"):
            month = _billed(arguments)
            found = reconcile.paired(_estimate(arguments, None), month)
            answer = reconcile.answer(found, month)
        if arguments.usage_file:
            told = _calibrated(arguments, found, month)
            answer = structs.replace(answer, notes=(*answer.notes, told))
        written = formats.written(answer, arguments.format)
    output.write_stdout(written, for_machines=arguments.format != "table")
    return 0


def _refuse_replacing(arguments: Namespace) -> None:
    """Raise before anything is read where the usage file would replace something."""
    path = arguments.usage_file
    if path is None:
        return
    if os.path.realpath(path) in map(os.path.realpath, (*arguments.paths, *arguments.bill)):
        raise GuardrailError(f"the usage file would replace its own input {path}")
    if os.path.lexists(path) and not arguments.force:
        raise GuardrailError(f"{path} exists already", hint="--force replaces it")


def _billed(arguments: Namespace) -> "Month":
    from guardrail.bills import billed
    from guardrail.commands import bills

    with bills.of_month(arguments.bill, arguments.month, yes=arguments.yes) as bill:
        return billed.month(
            bill.lines, bill.ask, bill.layouts, arguments.month, accounts=tuple(arguments.account or ())
        )


def _estimate(arguments: Namespace, usage_file: str | None) -> "Report":
    """The report of a check of the same code."""
    from guardrail.commands import base, check

    checked = base.as_check(arguments.paths, arguments, ("region", "config", "prices"))
    checked.usage_file = usage_file
    return check.estimated(checked)


def _calibrated(arguments: Namespace, found: "Pairs", month: "Month") -> str:
    """Write the usage file, and say how far an estimate of that month with it is from the bill at list prices."""
    from guardrail.bills import calibrate, reconcile

    path = arguments.usage_file
    output.write_file(path, "".join(f"{line}\n" for line in calibrate.lines(found, month)))
    again = reconcile.paired(_estimate(arguments, path), month)
    held = calibrate.held_against(again, month)
    left = [
        f"{name} {usd:+,.2f}"
        for name, usd in sorted(held.left.items(), key=lambda item: -abs(item[1]))
        if round(usd, 2)
    ]
    return (
        f"wrote {path}: with it the estimate of {month.label} is {held.estimated:,.2f}, "
        f"{abs(held.estimated - held.billed):,.2f} from the {held.billed:,.2f} of the bill at list prices"
        f"{': no usage file says ' if left else ''}{', '.join(left)}"
    )
