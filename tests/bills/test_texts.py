"""Each question is one text that DuckDB and Athena take verbatim: it parses as Athena's, and uses listed things alone.

Where the engines are known to differ, a case worked out by hand holds what DuckDB makes of the construct, and the
remark beside it what Trino documents.
"""

from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from guardrail import cli
from guardrail.bills import asked, billed, taken, view
from guardrail.bills.asked import BillQuestion, ExportFacts
from guardrail.bills.layouts import LAYOUTS, LayoutName
from guardrail.bills.questions import QUESTIONS, question
from guardrail.bills.usage import UsageTypeUse, uses_of

sqlglot = pytest.importorskip("sqlglot")
duckdb = pytest.importorskip("duckdb")

USES = uses_of(["USE1-Host:ml.m5.xlarge", "USE1-Train:it's"])
ASKED = BillQuestion(
    start=date(2026, 9, 1),
    end=date(2026, 10, 1),
    accounts=("111122223333",),
    regions=("us-east-1",),
    tags=(("Team", ("it's", "b")),),
)
FACTS = ExportFacts(
    uses=tuple(USES),
    line_types=("Usage", "Tax"),
    currencies=("USD",),
    first=datetime(2026, 9, 1),  # noqa: DTZ001 - as the engines give it
    last=datetime(2026, 9, 30),  # noqa: DTZ001
    hours=1,
    usage_lines=1,
    without_resource=0,
    may_be_later=True,
)
LISTED = {
    *("Sum", "Count", "Min", "Max", "ArgMax", "Coalesce", "Nullif", "Case", "If", "Cast", "DateDiff", "TimestampTrunc"),
    *("DateTrunc", "SplitPart", "StrPosition", "Substring", "RowNumber", "And", "Or"),
}
"""Functions of a question. The view of a source may use more, since it is written for each engine."""


def texts() -> dict[str, str]:
    """Every text that is asked of the view, the view left out."""
    start = asked.beginning("SELECT * FROM source", ASKED, USES)
    made = {name: question(name).text(start, ASKED, FACTS) for name in QUESTIONS}
    from guardrail.bills import asking

    return {
        **made,
        "facts": asked.facts_text("SELECT * FROM source", ASKED),
        "apart": asking.apart_text(start, FACTS),
        "billed sums": billed.sums_text(start),
        "billed levels": billed.levels_text(start),
    }


@pytest.mark.parametrize("name", texts())
def test_a_text_parses_as_athenas_and_uses_listed_functions_alone(name: str) -> None:
    tree = sqlglot.parse_one(texts()[name], dialect="athena")
    used = {type(node).__name__ for node in tree.find_all(sqlglot.exp.Func)}
    assert used - LISTED == set()
    assert not list(tree.find_all(sqlglot.exp.Anonymous))


@pytest.mark.parametrize("name", texts())
def test_a_text_has_no_division_no_average_and_no_regular_expression(name: str) -> None:
    tree = sqlglot.parse_one(texts()[name], dialect="athena")
    forbidden = (
        *(sqlglot.exp.Div, sqlglot.exp.IntDiv, sqlglot.exp.Mod, sqlglot.exp.Avg, sqlglot.exp.RegexpLike),
        *(sqlglot.exp.TableSample, sqlglot.exp.Pivot),
    )
    assert not list(tree.find_all(*forbidden))
    assert "GROUP BY ALL" not in texts()[name]
    assert "DECIMAL '" not in texts()[name]  # in DuckDB of three places, whatever is written


@cache
def priced() -> list[UsageTypeUse]:
    return uses_of(taken.priced(("us-east-1",)))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", QUESTIONS)
def test_a_text_for_athena_differs_in_its_source_alone(name: str, layout: LayoutName) -> None:
    whole = taken.athena(name, ASKED, layout=layout, table="billing.cur")
    uses = priced()
    every = asked.usage_types(uses)
    assert every in whole
    assert sqlglot.parse_one(whole.replace(every, asked.usage_types(USES)), dialect="athena")
    there = taken.presumed(ASKED, uses)
    behind = question(name).text(asked.beginning("", ASKED, there.uses), ASKED, there).partition("usage_types (")[2]
    assert behind in whole


def test_the_usage_types_of_a_region_parse_as_athenas() -> None:
    every = priced()
    text = f"WITH {asked.usage_types(every)} SELECT * FROM usage_types"  # noqa: S608 - all of it is ours
    tree = sqlglot.parse_one(text, dialect="athena")
    assert len(list(tree.find_all(sqlglot.exp.Tuple))) == len(every)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (date(2026, 9, 1), date(2026, 10, 1), "(year = '2026' AND month IN ('9', '09', '10'))"),
        (
            *(date(2026, 12, 1), date(2027, 1, 1)),
            "((year = '2026' AND month IN ('12')) OR (year = '2027' AND month IN ('1', '01')))",
        ),
    ],
)
def test_partitions_of_a_legacy_table_are_pruned_with_nothing_around_the_column(
    start: date, end: date, expected: str
) -> None:
    # the month after is read too: AWS bills use of the last days, and restatements, in it
    assert taken.partitions("legacy", BillQuestion(start=start, end=end)) == expected


def test_partitions_of_a_data_export_are_its_billing_periods() -> None:
    asks = BillQuestion(start=date(2026, 9, 15), end=date(2026, 10, 1))
    assert taken.partitions("cur2", asks) == "\"billing_period\" IN ('2026-09', '2026-10')"


def answered(text: str) -> Any:
    return duckdb.execute(text).fetchall()[0][0]


@pytest.mark.parametrize(
    ("construct", "expected"),
    [
        # beyond the last field Trino gives NULL and DuckDB '': NULLIF makes both NULL
        ("NULLIF(split_part('a:b', ':', 6), '')", None),
        ("split_part('arn:aws:sagemaker:us-east-1:1:endpoint/x', ':', 4)", "us-east-1"),
        # Trino counts borders that are crossed of whole days, as DuckDB's date_diff does on dates
        ("date_diff('day', DATE '1970-01-01', DATE '2026-09-01')", 20697),  # 56 years: 56 × 365 + 14 leap days + 243
        ("date_diff('hour', TIMESTAMP '2026-09-01 00:00:00', TIMESTAMP '2026-09-01 01:00:00')", 1),
        # in Trino a timestamp, in DuckDB too (a date in versions before 2), so a day is cast
        ("CAST(date_trunc('day', TIMESTAMP '2026-09-01 13:00:00') AS DATE)", date(2026, 9, 1)),
        # a backslash is a character in both
        (r"'a\'", "a\\"),
        ("'it''s'", "it's"),
        # a sum of decimals is a decimal of as many places in both; of no line it is NULL
        ("(SELECT SUM(x) FROM (VALUES (0.1), (0.2)) AS t (x))", Decimal("0.3")),
        ("(SELECT SUM(x) FROM (VALUES (0.1)) AS t (x) WHERE x > 1)", None),
        ("CAST(0.9999 AS DECIMAL(38, 18))", Decimal("0.9999")),
        # the one of the newest line; NULL where that is, in both
        ("(SELECT max_by(x, y) FROM (VALUES ('old', 1), ('new', 2)) AS t (x, y))", "new"),
        ("strpos('arn:aws:sagemaker:x', ':sagemaker:')", 8),
        ("(SELECT COUNT(x) FROM (VALUES (NULL), ('a')) AS t (x))", 1),
        ("CASE WHEN CAST(NULL AS INTEGER) > 1 THEN 'yes' ELSE 'no' END", "no"),
    ],
)
def test_what_the_engines_differ_in_is_written_so_that_they_do_not(construct: str, expected: object) -> None:
    assert answered(f"SELECT {construct}") == expected
    assert sqlglot.parse_one(f"SELECT {construct}", dialect="athena")


def test_identifiers_and_texts_cannot_end_themselves() -> None:
    hostile = "x' OR '1'='1"
    assert answered(f"SELECT {view.literal(hostile)}") == hostile
    name = view.quoted('" FROM x')
    assert answered(f"WITH t AS (SELECT 5 AS {name}) SELECT {name} FROM t") == 5  # noqa: S608 - the name is tried


def test_a_text_for_athena_has_the_usage_types_of_a_source_where_one_is_named(
    exports: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["bills", "sql", "modes", str(exports["legacy.csv"]), "--engine", "athena", "--table", "billing.cur"]
    assert cli.main(words) == 0
    text = capsys.readouterr().out
    assert sqlglot.parse_one(text, dialect="athena")
    assert 'FROM "billing"."cur"' in text
    assert "'USE1-Notebk:ml.t3.medium', 'not inference'" in text  # of the account, and in no price table
    assert "ml.p4d.24xlarge" not in text
