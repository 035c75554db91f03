"""``guardrail prices``: bring the price tables up to date, look into them, compare them."""

from argparse import ArgumentParser
from importlib import import_module
from typing import Any

from guardrail.commands.base import add_format

HELP = """\
refresh, show, list, compare and verify price tables

  guardrail prices refresh             public offer files, without credentials
  guardrail prices refresh --region eu-central-1 --source api
  guardrail prices show ml.g5.2xlarge  what it costs where, cheapest first
  guardrail prices list                every region: its counts, ages and gaps
  guardrail prices diff bundled prices/ plan.json   what a bill would become
  guardrail prices verify --region us-east-1        against what AWS lists today

Refreshed tables lie in the platform's data directory, or in --prices DIR, or in
GUARDRAIL_PRICES, and win over the bundled ones row by row. "bundled" instead of
a directory means the bundled tables alone.
"""

_ACTIONS = {
    "refresh": ("refresh", "refresh"),
    "show": ("show", "show"),
    "list": ("show", "list_regions"),
    "diff": ("compare", "diff"),
    "verify": ("verify", "verify"),
}
"""Module and function of each, imported when it is the one that was asked for."""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the actions and what each takes."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    refresh = actions.add_parser("refresh", help="bring the tables up to date")
    _from_aws(refresh)
    refresh.add_argument(
        "--output", metavar="DIR", help="where to (default: GUARDRAIL_PRICES, else the data directory)"
    )
    refresh.add_argument(
        "--savings-plans", action="store_true", help="read the rates of SageMaker Savings Plans as well"
    )
    refresh.add_argument(
        "--accept", action="store_true", help="accept prices that changed by more than a factor of three, and losses"
    )
    show = actions.add_parser("show", help="what an instance type costs, and where")
    show.add_argument("item", metavar="TYPE", help="ml.g5.2xlarge, or a charge such as ServerlessInf:Mem-2GB")
    listed = actions.add_parser("list", help="every region with its counts, ages and gaps")
    for one in (show, listed):
        add_format(one)
        _region(one)
        _prices(one)
    diff = actions.add_parser("diff", help="what changed between two tables")
    diff.add_argument("old", metavar="OLD", help='directory of tables, or "bundled"')
    diff.add_argument("new", metavar="NEW", help='directory of tables, or "bundled"')
    diff.add_argument("paths", metavar="PATH", nargs="*", help="plans whose bill to compare; nothing of them changes")
    diff.add_argument("--all", action="store_true", help="list every price that changed")
    _region(diff)
    verify = actions.add_parser("verify", help="hold the tables against what AWS lists")
    _from_aws(verify)
    _prices(verify)


def _region(parser: ArgumentParser) -> None:
    parser.add_argument("--region", metavar="REGION", action="append", help="this region only; repeatable")


def _prices(parser: ArgumentParser) -> None:
    parser.add_argument("--prices", metavar="DIR", help='tables of your own, or "bundled" for none')


def _from_aws(parser: ArgumentParser) -> None:
    _region(parser)
    parser.add_argument(
        "--source", choices=("bulk", "api"), default="bulk", help="public offer files, or the API (default: bulk)"
    )
    parser.add_argument(
        "--offer-file", metavar="FILE", action="append", help="read this offer file instead; repeatable"
    )
    parser.add_argument("--mirror", metavar="URL", help="where offer files are, if not at AWS")


def run(arguments: Any) -> int:
    """Run one action. Returns 1 where ``verify`` finds the tables to differ from what AWS lists."""
    module, function = _ACTIONS[arguments.action]
    code: int = getattr(import_module(f"guardrail.commands.prices.{module}"), function)(arguments)
    return code
