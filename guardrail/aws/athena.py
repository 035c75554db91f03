"""Athena: a question over a table of bills, with what it may read said first, and nothing left running.

EXPLAIN runs before each question: it checks the text and reads nothing. There is no dry run, so what a question may
read "at most" is the size of the objects in the partitions it is pruned to; the workgroup's own limit on bytes holds
beside it. Athena counts at least 10 MB a query (its pricing page).
"""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from msgspec import Struct

from guardrail.aws.calls import called, pages
from guardrail.errors import AWSError

LEAST_BYTES: Final = 10_000_000
USD_PER_TB: Final = Decimal(5)
"""List price in most regions, of 10¹² bytes scanned."""
_BYTES_PER_TB: Final = Decimal(10**12)
PAUSE_S: Final = 1.0
_RUNNING: Final = ("QUEUED", "RUNNING")


class GlueTable(Struct, frozen=True, kw_only=True):
    """What the Glue catalogue says of a table."""

    types: dict[str, str]
    """By column, in lower case."""
    partition_keys: tuple[str, ...]
    location: str
    """``s3://example-bills/ml/``."""


class Athena:
    """One workgroup, asked one question after another."""

    def __init__(
        self,
        client: Any,
        *,
        workgroup: str,
        database: str,
        output_location: str | None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._workgroup = workgroup
        self._database = database
        self._output_location = output_location
        self._sleep = sleep

    @property
    def most_bytes(self) -> int | None:
        """How many bytes the workgroup lets a query scan before it is cancelled; None where it has no limit."""
        found = called(self._client.get_work_group, WorkGroup=self._workgroup)
        limit = found["WorkGroup"].get("Configuration", {}).get("BytesScannedCutoffPerQuery")
        return None if limit is None else int(limit)

    def rows(self, text: str) -> list[dict[str, Any]]:
        """The rows that a query answers, after EXPLAIN has found no fault in it. Raises `AWSError`.

        An interrupted wait cancels the query at AWS.
        """
        self._finished(self._started(f"EXPLAIN {text}"))
        query = self._started(text)
        self._finished(query)
        return list(self._results(query))

    def _started(self, text: str) -> str:
        asked: dict[str, Any] = {
            "QueryString": text,
            "WorkGroup": self._workgroup,
            "QueryExecutionContext": {"Database": self._database},
        }
        if self._output_location is not None:
            asked["ResultConfiguration"] = {"OutputLocation": self._output_location}
        return str(called(self._client.start_query_execution, **asked)["QueryExecutionId"])

    def _finished(self, query: str) -> None:
        """Wait until a query has succeeded."""
        try:
            while True:
                status = called(self._client.get_query_execution, QueryExecutionId=query)["QueryExecution"]["Status"]
                if status["State"] not in _RUNNING:
                    break
                self._sleep(PAUSE_S)
        except BaseException:
            self._client.stop_query_execution(QueryExecutionId=query)
            raise
        if status["State"] != "SUCCEEDED":
            reason = str(status.get("StateChangeReason", status["State"])).splitlines()[0]
            raise AWSError(
                f"Athena did not answer: {reason}", hint="guardrail bills sql QUESTION --engine athena shows it"
            )

    def _results(self, query: str) -> Iterator[dict[str, Any]]:
        """The rows of a finished query, page by page."""
        is_first = True
        for page in pages(self._client.get_query_results, "NextToken", QueryExecutionId=query):
            columns = page["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
            for row in page["ResultSet"]["Rows"][1 if is_first else 0 :]:  # the names of the columns come first
                values = (datum.get("VarCharValue") for datum in row["Data"])
                yield {
                    column["Name"]: _value(text, column["Type"]) for column, text in zip(columns, values, strict=True)
                }
            is_first = False


def table(client: Any, database: str, name: str) -> GlueTable:
    """A table of the Glue catalogue. Raises `AWSError`."""
    found = called(client.get_table, DatabaseName=database, Name=name)["Table"]
    described = found["StorageDescriptor"]
    keys = tuple(key["Name"] for key in found.get("PartitionKeys", ()))
    return GlueTable(
        types={column["Name"].lower(): column["Type"].lower() for column in described["Columns"]},
        partition_keys=keys,
        location=described["Location"],
    )


def price(sizes: Sequence[int]) -> Decimal:
    """What scanning these many bytes, one number a query, costs at most: 0.00005 USD of one that reads nothing."""
    return sum((max(size, LEAST_BYTES) * USD_PER_TB / _BYTES_PER_TB for size in sizes), Decimal(0))


def _value(text: str | None, kind: str) -> Any:
    """A value of a result, which comes as text."""
    if text is None:
        return None
    if kind.startswith(("decimal", "double", "float", "real")):
        return Decimal(text)
    if kind in ("bigint", "integer", "smallint", "tinyint"):
        return int(text)
    if kind == "date":
        return date.fromisoformat(text)
    return datetime.fromisoformat(text) if kind.startswith("timestamp") else text
