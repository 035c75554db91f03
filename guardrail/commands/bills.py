"""``guardrail bills``: exports of the AWS bill, asked what inference really cost."""

import re
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Final

from guardrail import output
from guardrail.bills.questions import QUESTIONS
from guardrail.commands.base import meant
from guardrail.errors import GuardrailError
from guardrail.progress import progress

if TYPE_CHECKING:
    from guardrail.bills.answer import Answer
    from guardrail.bills.asked import BillQuestion
    from guardrail.bills.reading import Export

HELP = """\
ask exports of the AWS bill what was really billed

SOURCE is a file or folder of a Cost and Usage Report, CUR 2.0, FOCUS 1.0 or
1.2, a saved answer of Cost Explorer, s3://BUCKET/PREFIX,
athena://DATABASE/TABLE, or cost-explorer: for the API itself. Days are UTC, and
--to is exclusive, as at AWS.

examples:
  guardrail bills cur/ top
  guardrail bills cur/ always-on --days 14
  guardrail bills cur/ trend --from 2026-09-01 --to 2026-11-01 --by month
  guardrail bills cur/ top --tag Team=search --format csv
  guardrail bills cur/ modes --format html > modes.html
  guardrail bills s3://example-bills/ml/ top --from 2026-09-01 --to 2026-10-01
  guardrail bills athena://billing/cur top --from 2026-09-01 --workgroup finops
  guardrail bills athena-setup s3://example-bills/ml/ --layout cur2
  guardrail bills sql always-on --engine athena --from 2026-09-01
"""

_WORDS: Final = (*QUESTIONS, "sql", "athena-setup")
"""What may be asked: the questions, the text of one, and what Athena needs before."""
_ATHENA: Final = "athena://"
_ENGINES: Final = ("duckdb", "athena")


def add_arguments(parser: ArgumentParser) -> None:
    """Declare sources and question in one list, and what narrows the question."""
    known = ", ".join(_WORDS)
    parser.add_argument("words", metavar="SOURCE… QUESTION", nargs="+", help=f"sources, and one of: {known}")
    parser.add_argument("--from", dest="start", metavar="DAY", type=_day, help="first day of use, as 2026-09-01")
    parser.add_argument("--to", dest="end", metavar="DAY", type=_day, help="first day that no longer counts")
    parser.add_argument("--account", action="append", metavar="ID", help="of this usage account; repeatable")
    parser.add_argument("--region", action="append", metavar="REGION", help="in this region; repeatable")
    parser.add_argument("--tag", action="append", metavar="KEY=VALUE", type=_tag, help="with this tag; repeatable")
    parser.add_argument("--days", type=_days, default=7, help="always-on: days in a row (default: 7)")
    parser.add_argument("--by", choices=("day", "month"), help="trend: by day, or by month")
    parser.add_argument("--instance-type", metavar="TYPE", help="savings-plans: of this type alone, as ml.g5.xlarge")
    parser.add_argument(
        "--format", choices=("table", "json", "csv", "markdown", "html"), default="table", help="default: table"
    )
    engines = parser.add_argument_group("sql")
    engines.add_argument("--engine", choices=_ENGINES, default="duckdb", help="default: duckdb")
    engines.add_argument(
        "--layout",
        choices=("legacy", "cur2", "focus-1.0", "focus-1.2"),
        default="legacy",
        help="of the table of Athena",
    )
    aws = parser.add_argument_group("Athena and Cost Explorer")
    aws.add_argument("--workgroup", default="primary", help="of Athena (default: primary)")
    aws.add_argument("--output-location", metavar="S3", help="where Athena writes (default: the workgroup's own)")
    aws.add_argument("-y", "--yes", action="store_true", help="ask AWS without a question about what it may cost")
    engines.add_argument("--table", default="cur", metavar="[DATABASE.]TABLE", help="of Athena (default: cur)")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) else "")
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no day, such as 2026-09-01") from None


def _days(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 3660:  # noqa: PLR2004 - ten years
        raise ArgumentTypeError(f"{text!r} is no number of days, such as 7")
    return int(text)


def _tag(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not key or not equals or not text.isprintable():
        raise ArgumentTypeError(f"{text!r} is no tag; write it as Team=search")
    return key.removeprefix("user:"), value


def run(arguments: Namespace) -> int:
    """Answer the question, or print its text."""
    sources, question, about = _divided(arguments.words)
    asked = _asked(arguments)
    if question == "athena-setup":
        from guardrail.bills import athena_setup

        if len(sources) != 1:
            raise GuardrailError(
                "athena-setup is for one export in S3", hint="guardrail bills athena-setup s3://BUCKET/PREFIX/"
            )
        text = athena_setup.text(sources[0], arguments.table, arguments.layout)
        output.write_stdout(text, for_machines=True)
        return 0
    if question == "sql":
        output.write_stdout(_sql(about, sources, asked, arguments), for_machines=True)
        return 0
    if not sources:
        raise GuardrailError(f"no SOURCE to ask for {question}", hint=f"guardrail bills SOURCE {question}")
    from guardrail.bills import formats
    from guardrail.bills.answer import exactly

    with exactly():
        answer = _answer(question, sources, asked, arguments)
        written = formats.written(answer, arguments.format)
    output.write_stdout(written, for_machines=arguments.format != "table")
    return 0


def _answer(question: str, sources: Sequence[str], asked: "BillQuestion", arguments: Namespace) -> "Answer":
    """The answer of whatever engine the sources are for."""
    from guardrail.bills import asking

    if len(sources) == 1 and sources[0].startswith(_ATHENA):
        from guardrail.bills import live

        return live.asked_of_athena(
            question,
            sources[0].removeprefix(_ATHENA),
            asked,
            workgroup=arguments.workgroup,
            output_location=arguments.output_location,
            agree=partial(_agree, arguments.yes),
        )
    with progress(f"asking {', '.join(sources)}"), opened(sources, asked, yes=arguments.yes) as bill:
        return asking.answer(question, bill.lines, bill.ask, asked, bill.layouts, bill.notes)


def _agree(yes: bool, told: str) -> None:  # noqa: FBT001 - a flag of the command line
    """Say what AWS may charge, and go on only where somebody wants that."""
    output.say(f"guardrail: {told}")
    if yes:
        return
    if sys.stdin is None or not sys.stdin.isatty():
        raise GuardrailError("nobody is there to agree to it", hint="--yes goes on without a question")
    if input("go on? [y/N] ").strip().lower() not in ("y", "yes"):
        raise GuardrailError("not asked")


def _divided(words: Sequence[str]) -> tuple[list[str], str, str]:
    """Sources and question, whichever comes first; behind ``sql`` the question that its text is of.

    A file that is called like a question is named ``./top``.
    """
    if "sql" in (words[0], words[-1]) or (len(words) > 1 and words[-2] == "sql"):
        rest = list(words)
        rest.remove("sql")
        about = next((word for word in rest if word in _WORDS), None)
        if about is None or about in ("sql", "athena-setup"):
            raise GuardrailError("sql of which question?", hint="guardrail bills sql always-on --engine athena")
        rest.remove(about)
        return rest, "sql", about
    for place in (-1, 0):
        if words[place] in _WORDS:
            rest = [*words]
            del rest[place]
            return rest, words[place], ""
    near = meant(words[-1], _WORDS)
    raise GuardrailError(
        f"there is no question in {' '.join(words)!r}{near}", hint=f"guardrail bills SOURCE {'|'.join(_WORDS)}"
    )


def _asked(arguments: Namespace) -> "BillQuestion":
    from guardrail.bills.asked import BillQuestion

    if arguments.start and arguments.end and arguments.start >= arguments.end:
        raise GuardrailError(f"--from {arguments.start} is not before --to {arguments.end}, which is exclusive")
    tags: dict[str, list[str]] = {}
    for key, value in arguments.tag or ():
        tags.setdefault(key, []).append(value)
    return BillQuestion(
        start=arguments.start,
        end=arguments.end,
        accounts=tuple(arguments.account or ()),
        regions=tuple(arguments.region or ()),
        tags=tuple((key, tuple(values)) for key, values in tags.items()),
        days=arguments.days,
        by=arguments.by,
        instance_type=arguments.instance_type,
    )


@contextmanager
def opened(sources: Sequence[str], asked: "BillQuestion", *, yes: bool) -> "Iterator[Export]":
    """The bill in files and folders, in S3 and in Cost Explorer: what is elsewhere is fetched first.

    Of S3 and of Cost Explorer the months that are ``asked`` for; ``yes`` agrees to what AWS charges.
    """
    from guardrail.bills import live, reading

    if any(source.startswith(_ATHENA) for source in sources):
        raise GuardrailError(
            "a table of Athena is asked alone, by the questions of guardrail bills",
            hint="guardrail bills athena://DATABASE/TABLE top; here the files of the export, or s3://BUCKET/PREFIX",
        )
    with ExitStack() as stack:
        local = [
            stack.enter_context(live.fetched(source, asked, agree=partial(_agree, yes)))
            if live.is_remote(source)
            else source
            for source in sources
        ]
        yield stack.enter_context(reading.opened(local, [key for key, _ in asked.tags]))


def of_month(sources: Sequence[str], start: date | None, *, yes: bool) -> "AbstractContextManager[Export]":
    """The bill of the month that begins with ``start``; of what lies at AWS, by default that of the last whole month.

    The last month that an export has to its end may be the one before the last: its newest lines are of yesterday.
    """
    from guardrail.bills.asked import BillQuestion, first_of_month
    from guardrail.clock import today

    asked = (
        BillQuestion(start=first_of_month(today(), -2))
        if start is None
        else BillQuestion(start=start, end=first_of_month(start, 1))
    )
    return opened(sources, asked, yes=yes)


def _sql(about: str, sources: Sequence[str], asked: "BillQuestion", arguments: Namespace) -> str:
    """The text of a question for an engine: with the usage types of its sources, else of the price tables."""
    from guardrail.bills import taken

    for_athena = partial(taken.athena, about, asked, layout=arguments.layout, table=arguments.table)
    if not sources:
        if arguments.engine == "athena":
            return for_athena()
        raise GuardrailError("the text for DuckDB names its files, so it needs a SOURCE")
    with opened(sources, asked, yes=arguments.yes) as bill:
        if arguments.engine == "athena":
            return for_athena(bill=bill)
        return taken.duckdb(about, asked, bill)
