"""Bills that lie at AWS: copied from S3, fetched from Cost Explorer, or asked where they are, in Athena."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from guardrail import output
from guardrail.bills import asking, questions, taken, view
from guardrail.bills.answer import Answer
from guardrail.bills.asked import BillQuestion, first_of_month
from guardrail.bills.layouts import CUR2, FOCUS_1_0, FOCUS_1_2, LEGACY, ExportLayout
from guardrail.clock import today
from guardrail.errors import GuardrailError, MissingExtraError
from guardrail.progress import progress

if TYPE_CHECKING:
    from guardrail.aws.athena import GlueTable

COST_EXPLORER: Final = "cost-explorer:"
_S3: Final = "s3://"
_MONTHS_OF_COST_EXPLORER: Final = 12
Agree = Callable[[str], None]
"""What says a sentence about money and raises where nobody agrees."""


def is_remote(source: str) -> bool:
    """Whether a SOURCE is fetched before it is read."""
    return source.startswith((_S3, COST_EXPLORER))


@contextmanager
def fetched(source: str, asked: BillQuestion, *, agree: Agree) -> Iterator[str]:
    """The copy of a SOURCE that lies at AWS, removed afterwards. Raises `AWSError`."""
    with output.temporary_folder() as folder:
        if source.startswith(_S3):
            from guardrail.aws import s3

            with progress(f"listing {source}") as status:
                yield s3.copied(client("s3"), source, taken.months_of(asked), folder, status.say)
        else:
            path = os.path.join(folder, "cost-explorer.json")
            with open(path, "w", encoding="utf-8") as file:
                json.dump(_cost_explorer(asked, agree), file)
            yield path


def client(service: str) -> Any:
    """A client of boto3, with its own way to credentials and region. Raises `MissingExtraError` without boto3."""
    from guardrail.aws import calls

    try:
        import boto3  # noqa: F401 - whether it is there
    except ImportError as error:
        raise MissingExtraError(
            "asking AWS needs boto3, which is not installed", hint="pip install 'guardrail-sagemaker[aws,bills]'"
        ) from error
    from botocore.exceptions import BotoCoreError

    try:
        return calls.client(service)
    except BotoCoreError as error:
        raise GuardrailError(
            f"no client for {service}: {error}", hint="AWS_REGION says where, AWS_PROFILE who"
        ) from error


def _cost_explorer(asked: BillQuestion, agree: Agree) -> list[dict[str, Any]]:
    """Every page of the period, by day where it is short; the last twelve months where none is asked for."""
    from guardrail.aws import cost_explorer

    end = asked.end or today()
    start = asked.start or first_of_month(end, -_MONTHS_OF_COST_EXPLORER)
    granularity = "DAILY" if end - start <= timedelta(days=92) else "MONTHLY"
    agree(f"Cost Explorer charges {cost_explorer.USD_PER_PAGE} USD for each page of {start} to {end}, at least one")
    return cost_explorer.pages(client("ce"), start, end, granularity)


def asked_of_athena(
    question: str, name: str, asked: BillQuestion, *, workgroup: str, output_location: str | None, agree: Agree
) -> Answer:
    """The answer of a table ``DATABASE/TABLE``, once somebody agrees to what it may read. Raises `AWSError`."""
    from guardrail.aws import athena

    database, slash, table = name.partition("/")
    if not slash or not table or not database:
        raise GuardrailError(f"athena://{name} names no table", hint="athena://DATABASE/TABLE")
    described = athena.table(client("glue"), database, table)
    layout = layout_of(described)
    keys = [key for key, _ in asked.tags]
    where = taken.partitions(layout.name, asked) if described.partition_keys else None
    lines = view.athena(layout, described.types, taken.table_name(table), where, keys)
    engine = athena.Athena(client("athena"), workgroup=workgroup, database=database, output_location=output_location)
    agree(_at_most(described, asked, engine.most_bytes, _scans(question, asked)))
    with progress(f"asking {name} in Athena"):
        return asking.answer(question, lines, engine.rows, asked, (layout.name,))


def layout_of(table: "GlueTable") -> ExportLayout:
    """The layout of a table, told by its columns, which the catalogue has in lower case."""
    names = table.types
    if "x_usagetype" in names:
        return FOCUS_1_0
    if "skumeter" in names:
        return FOCUS_1_2
    if "line_item_usage_type" not in names:
        raise GuardrailError(
            "the table is no export of the bill: it has no line_item_usage_type, x_usagetype or skumeter"
        )
    return LEGACY if "month" in table.partition_keys else CUR2


def _scans(question: str, asked: BillQuestion) -> tuple[int, ...]:
    """How often each query reads its partitions: the facts, the question, and the sums beside it.

    Athena reads a common table once for each place that names it, so a question whose text does that twice costs twice.
    """
    text = questions.question(question).text("", asked, taken.presumed(asked, []))
    return 1, text.count("FROM asked"), 1


def _at_most(table: "GlueTable", asked: BillQuestion, limit: int | None, scans: tuple[int, ...]) -> str:
    """What a question may read at most, in words: ``Athena reads at most 1.2 GB, 3 times over: at most 0.02 USD``."""
    from guardrail.aws import athena, s3

    size = sum(each for _, each in s3.listed(client("s3"), table.location, taken.months_of(asked)))
    usd = athena.price([size * times for times in scans])
    cut = f"; the workgroup cancels a query at {limit / 10**9:,.2f} GB" if limit is not None else ""
    return (
        f"Athena reads at most {size / 10**9:,.2f} GB, {sum(scans)} times over: at most {usd:,.4f} USD "
        f"at {athena.USD_PER_TB} USD a TB{cut}"
    )
