"""Where an answer of a bill turns: what lines come to together, months, levels and reasons, without an engine.

One ml.m5.xlarge in us-east-1 is 0.23 an hour: 730 h × 0.23 = 167.90 estimated, 720 h × 0.23 = 165.60 in a September.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from guardrail.bills import billed, calibrate, view
from guardrail.bills.asked import BillQuestion, ExportFacts, facts
from guardrail.bills.billed import Billed, Month, together
from guardrail.bills.layouts import CUR2
from guardrail.bills.reasons import Estimated, reasons
from guardrail.bills.reconcile import Pair, Pairs, Pool, answer, sides
from guardrail.bills.resources import BilledResource, parsed
from guardrail.bills.usage import region_prefixes, use_of
from guardrail.cost.base import CostComponent, MonthlyQuantity
from guardrail.model import Unknown
from tests.alternatives.built import endpoint

M5 = "USE1-Host:ml.m5.xlarge"
START, END = datetime(2026, 9, 1), datetime(2026, 10, 1)  # noqa: DTZ001 - as the engines give them
HOUR = timedelta(hours=1)
ARN = "arn:aws:sagemaker:us-east-1:111122223333:endpoint/"
FACTS = ExportFacts(
    uses=(use_of(M5, region_prefixes()),),
    line_types=("Usage",),
    currencies=("USD",),
    first=START,
    last=END,
    hours=1,
    usage_lines=1,
    without_resource=0,
    may_be_later=False,
)
SEPTEMBER = Month(start=START.date(), end=END.date(), parts=(), facts=FACTS)
PART = Billed(
    resource=BilledResource(account="111122223333", region="us-east-1", kind="endpoint", name="chat", currency="USD"),
    name="chat",
    use=FACTS.uses[0],
    amount=Decimal(720),
    cost=Decimal("165.60"),
    list_cost=Decimal("165.60"),
    covered_saving=Decimal(0),
    free_saving=Decimal(0),
    first=START,
    last=END,
    levels=((Decimal(1), 720),),
)


def quantity(number: str) -> MonthlyQuantity:
    return MonthlyQuantity(Decimal(number), Decimal(number), Decimal(number))


def line(**changes: Any) -> CostComponent:
    known: dict[str, Any] = {"kind": "instance", "unit": "Hrs", "price": None, "usage_type": M5, "assumed": False}
    return CostComponent(**{**known, "quantity": quantity("730"), "monthly": quantity("167.90"), **changes})


def why(**changes: Any) -> dict[str, Decimal | None]:
    found = reasons(Estimated(lines=(line(),)), replace(PART, **changes), SEPTEMBER)
    return {reason.name: reason.usd for reason in found}


# What lines come to --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "both"), [("1", "2", "3"), (None, "2", None), ("1", None, None), (None, None, None)]
)
def test_two_list_prices_are_one_where_both_are_known(one: str | None, other: str | None, both: str | None) -> None:
    parts = [replace(PART, list_cost=None if usd is None else Decimal(usd)) for usd in (one, other)]
    assert together(*parts).list_cost == (None if both is None else Decimal(both))


def row(**changes: Any) -> dict[str, Any]:
    """A row as any of the queries of a month gives it."""
    return {
        "resource_key": f"{ARN}chat",
        "resource_id": f"{ARN}Chat",
        "account": "111122223333",
        "region": "us-east-1",
        "place": "",
        "currency": "USD",
        "product_code": "AmazonSageMaker",
        "usage_type": M5,
        "line_type": "Usage",
        "amount": Decimal(700),
        "cost": Decimal(161),
        "list_cost": Decimal(161),
        "free_cost": None,
        "line_count": 700,
        "with_list": 700,
        "named": 700,
        "longest": 1,
        "last_billed": START,
        "first_use": START,
        "last_start": START + 699 * HOUR,
        "last_use": START + 700 * HOUR,
        **changes,
    }


def asked(
    *sums: dict[str, Any], start: date | None = None, levels: Sequence[dict[str, Any]] = (), whole: Any = None
) -> Month:
    """A month, of what an engine answers to each of the queries for it."""

    def ask(text: str) -> list[dict[str, Any]]:
        if "each_hour" in text:
            return list(levels)
        is_of_all = "usage_start >=" not in text
        return [whole] if whole is not None and is_of_all else list(sums)

    return billed.month("SELECT * FROM bill", ask, ("legacy",), start)


def test_a_resource_is_called_as_its_newest_line_calls_it_and_lasts_to_the_end_of_its_last() -> None:
    """20 hours that a Savings Plan covers at 0.18, behind 700 on demand: 20 × (0.18 - 0.23) = -1.00."""
    covered = row(
        line_type="SavingsPlanCoveredUsage",
        resource_id=f"{ARN}CHAT",
        amount=Decimal(20),
        cost=Decimal("3.60"),
        list_cost=Decimal("4.60"),
        line_count=20,
        with_list=20,
        first_use=START + 700 * HOUR,
        last_start=START + 719 * HOUR,
        last_use=START + 720 * HOUR,
    )
    level = row(level=Decimal(1), hours=720)
    (part,) = asked(row(), covered, start=START.date(), levels=[level]).parts
    assert (part.name, part.last, part.levels) == ("CHAT", END, ((Decimal(1), 720),))
    assert (part.amount, part.cost, part.list_cost) == (720, Decimal("164.60"), Decimal("165.60"))
    assert part.covered_saving == Decimal("-1.00")
    endless = row(last_use=None)
    (part,) = asked(endless, start=START.date(), levels=[row(level=None, hours=700)]).parts
    assert (part.last, part.levels) == (START + 699 * HOUR, ((Decimal(0), 700),))


@pytest.mark.parametrize(
    ("first", "last", "month"),
    [
        (datetime(2026, 8, 10), datetime(2026, 9, 15), "2026-08"),  # noqa: DTZ001
        (datetime(2026, 9, 1), datetime(2026, 9, 15), "2026-09"),  # noqa: DTZ001 - none is whole
        (datetime(2026, 7, 1), datetime(2026, 9, 1), "2026-08"),  # noqa: DTZ001 - the end of August
    ],
)
def test_the_month_is_the_last_that_the_bill_has_to_its_end(first: datetime, last: datetime, month: str) -> None:
    whole = row(first_use=first, last_start=last - HOUR, last_use=last)
    assert asked(row(), whole=whole).label == month


@pytest.mark.parametrize(("currencies", "currency"), [(("USD",), "USD"), (("",), ""), ((), "USD")])
def test_a_month_has_the_currency_of_its_lines(currencies: tuple[str, ...], currency: str) -> None:
    assert replace(SEPTEMBER, facts=replace(FACTS, currencies=currencies)).currency == currency


@pytest.mark.parametrize(
    ("changes", "is_hourly"),
    [
        ({}, True),
        ({"hours": 2}, False),
        ({"has_ends": False}, False),
        ({"layouts": ("cost-explorer",)}, False),
        ({"hours": 24, "has_ends": False, "layouts": ("cost-explorer",)}, False),
    ],
)
def test_an_export_tells_hours_apart_where_its_lines_have_ends_an_hour_away(
    changes: dict[str, Any],
    is_hourly: bool,  # noqa: FBT001
) -> None:
    assert replace(FACTS, **changes).is_hourly is is_hourly


def test_the_longest_line_of_use_is_that_of_an_instance_and_0_where_none_has_an_end() -> None:
    rows = [row(longest=None), row(usage_type="USE1-Notebk:ml.t3.medium", longest=24)]
    for longest, hours in ((None, 0), (0, 0), (1, 1)):
        rows[0]["longest"] = longest
        assert facts("SELECT 1", lambda _: rows, BillQuestion(), ()).hours == hours
    assert facts("SELECT 1", lambda _: rows[1:], BillQuestion(), ()).hours == 0


# Reasons -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("level", "reason"), [("2", "update with two fleets"), ("3", "count (scaled)")])
def test_up_to_twice_the_instances_for_some_hours_are_an_update(level: str, reason: str) -> None:
    """5 hours with one more or two more than 1: 5 × 0.23 = 1.15, or 2.30; the length of the month is -2.30."""
    more = Decimal(5) * (Decimal(level) - 1)
    changes = {
        "amount": 720 + more,
        "cost": (720 + more) * Decimal("0.23"),
        "list_cost": (720 + more) * Decimal("0.23"),
    }
    found = why(levels=((Decimal(1), 715), (Decimal(level), 5)), **changes)
    assert {name: round(usd or 0, 2) for name, usd in found.items()} == {
        "length of the month": Decimal("-2.30"),
        reason: more * Decimal("0.23"),
    }


@pytest.mark.parametrize(("last", "reason"), [(END - HOUR, "count (scaled)"), (END - 2 * HOUR, "hours")])
def test_a_last_line_an_hour_before_the_end_of_the_month_is_of_its_last_hour(last: datetime, reason: str) -> None:
    """Half an instance-hour in each of 720 hours: 360 × 0.23 = 82.80 less."""
    half = Decimal("82.80")
    found = why(amount=Decimal(360), cost=half, list_cost=half, levels=((Decimal("0.5"), 720),), last=last)
    assert round(found[reason] or 0, 2) == -half


def test_what_has_no_usage_type_and_a_reason_is_nameless_unless_it_is_software() -> None:
    for changes, is_nameless in (
        ({"usage_type": None, "reason": "later"}, True),
        ({"usage_type": None, "reason": "later", "kind": "software"}, False),
        ({"usage_type": None}, False),
        ({"reason": "later"}, False),
    ):
        assert Estimated(lines=(line(**changes),)).is_nameless is is_nameless


def test_an_amount_is_unknown_for_the_reason_of_its_line_or_of_its_number() -> None:
    later = MonthlyQuantity(Decimal(0), Unknown("the count is late"), Decimal(1))
    for changes, reason in (
        ({"reason": "no price", "monthly": later}, "no price"),
        ({"monthly": later}, "the count is late"),
        ({}, "it depends on usage that nobody states"),
    ):
        assert Estimated(lines=(line(**changes),)).why_unknown == reason


# Names ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("resource_id", "expected"),
    [
        (f"{ARN}Chat", ("endpoint", "Chat", "us-east-1", "111122223333")),
        ("arn:aws:sns:us-east-1:111122223333:Topic", ("topic", "Topic", "us-east-1", "111122223333")),
        ("ARN:aws:a:b:c:d:e/f:g", ("d:e", "f:g", "b", "c")),
        ("i-0abc", ("", "i-0abc", "", "")),
        (
            "urn:aws:sagemaker:us-east-1:111122223333:endpoint/x",
            ("", "urn:aws:sagemaker:us-east-1:111122223333:endpoint/x", "", ""),
        ),
        ("arn:aws:sagemaker", ("", "arn:aws:sagemaker", "", "")),
        (None, ("", "", "", "")),
    ],
)
def test_a_resource_has_the_kind_and_name_of_its_arn(resource_id: str | None, expected: tuple[str, ...]) -> None:
    assert parsed(resource_id) == expected


@pytest.mark.parametrize(
    ("usage_type", "mode", "is_inference"),
    [
        (M5, "real-time", True),
        ("USE1-Notebk:ml.t3.medium", "not inference", False),
        ("XYZ9-Train:ml.m5.xlarge", "not inference", False),  # behind a prefix that no table has
        ("USE1-Brandnew", "not recognised", False),
    ],
)
def test_a_usage_type_is_inference_none_or_not_recognised(usage_type: str, mode: str, is_inference: bool) -> None:  # noqa: FBT001
    found = use_of(usage_type, region_prefixes())
    assert (found.mode, found.is_inference) == (mode, is_inference)


# The view ------------------------------------------------------------------------------------------------------------


def athena(**types: str) -> str:
    return view.athena(CUR2, {"line_item_product_code": "varchar", **types}, "cur", None)


def test_athena_casts_what_is_a_moment_and_reads_what_is_a_text() -> None:
    column = "line_item_usage_end_date"
    for kind, expression in (
        ("timestamp(3)", f'CAST("{column}" AS TIMESTAMP) AS usage_end'),
        (
            "varchar",
            f"CAST(from_iso8601_timestamp(NULLIF(CAST(\"{column}\" AS VARCHAR), '')) AS TIMESTAMP) AS usage_end",
        ),
    ):
        assert expression in athena(**{column: kind})
    assert "CAST(NULL AS TIMESTAMP) AS usage_end" in athena()


def test_duckdb_casts_what_is_a_moment_and_reads_what_is_a_text() -> None:
    name = "line_item_usage_end_date"
    for kind, expression in (
        ("TIMESTAMP", f'CAST("{name}" AS TIMESTAMP) AS usage_end'),
        ("VARCHAR", f"CAST(TRY_CAST(NULLIF(\"{name}\", '') AS TIMESTAMPTZ) AS TIMESTAMP) AS usage_end"),
    ):
        columns = view.ExportColumns({name: kind}, {name: f'"{name}"'})
        assert expression in view.duckdb(CUR2, columns, "cur", (), is_alone=True, is_checked=False)


def test_duckdb_has_the_tags_of_columns_as_json_or_none() -> None:
    name = "resource_tags_user_team"
    for names, expression in (
        ([name], f"CAST(json_object('team', \"{name}\") AS VARCHAR) AS tags"),
        ([], "CAST(NULL AS VARCHAR) AS tags"),
    ):
        columns = view.ExportColumns(dict.fromkeys(names, "VARCHAR"), {name: f'"{name}"'})
        assert expression in view.duckdb(CUR2, columns, "cur", (), is_alone=True, is_checked=False)


def test_athena_has_tags_of_a_map_of_columns_or_none() -> None:
    assert 'json_format(CAST("resource_tags" AS JSON)) AS tags' in athena(resource_tags="map(varchar, varchar)")
    flat = athena(resource_tags_user_team="varchar", resource_tags_user_env="varchar")
    columns = 'ARRAY["resource_tags_user_team", "resource_tags_user_env"]'
    assert f"json_format(CAST(MAP(ARRAY['team', 'env'], {columns}) AS JSON)) AS tags" in flat
    assert "CAST(NULL AS VARCHAR) AS tags" in athena()


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ("resourceTags/user:CostCenter", None),
        ("resource_tags_user_cost_center", "the tag CostCenter is read from resource_tags_user_cost_center: "),
    ],
)
def test_a_tag_whose_case_the_export_has_lost_is_said(column: str, said: str | None) -> None:
    found = view.said_of_tag({column: "VARCHAR"}, "CostCenter")
    assert found == (said and f"{said}the export does not keep the case of its key")


# Two sides of a charge -----------------------------------------------------------------------------------------------

SOFTWARE_PART = replace(PART, use=replace(PART.use, mode="Marketplace software"), levels=())
FEE = {"kind": "software", "usage_type": None, "monthly": quantity("73")}


@pytest.mark.parametrize(
    ("lines", "usd", "expected"),
    [
        ((line(**FEE),), "72", {"length of the month": Decimal(-1)}),
        ((line(**FEE),), "75", {"length of the month": Decimal(-1), "Marketplace software": Decimal(3)}),
        ((), "75", {"Marketplace software": Decimal(75)}),
        ((), "0", {"Marketplace software": Decimal(0)}),
    ],
)
def test_software_differs_by_the_length_of_the_month_and_by_what_is_left(
    lines: tuple[CostComponent, ...], usd: str, expected: dict[str, Decimal]
) -> None:
    """730 h × 0.10 are 73.00, and 720 h 72.00."""
    pool = Pool(addresses=("E",), lines=lines, parts=(replace(SOFTWARE_PART, cost=Decimal(usd)),))
    ((_, _, found),) = sides(pool, SEPTEMBER)
    assert {reason.name: reason.usd and round(reason.usd, 2) for reason in found} == expected


def test_what_only_the_bill_has_differs_by_all_of_it_and_what_is_not_estimated_by_nobody_knows_what() -> None:
    volume = line(kind="volume", usage_type="USE1-Host:VolumeUsage.gp2", monthly=None, reason="no price")
    pool = Pool(addresses=("E",), lines=(volume,), parts=(PART,))
    rows = answer(Pairs(pairs=(), pools=(pool,), orphans=(), others=()), SEPTEMBER).rows
    assert {row["usage_type"]: (row["estimated"], row["billed"], row["difference"]) for row in rows} == {
        M5: (None, Decimal("165.60"), Decimal("165.60")),
        "USE1-Host:VolumeUsage.gp2": (None, 0, None),
    }


def test_slots_that_were_kept_warm_are_so_many_on_the_average_of_the_month() -> None:
    """5,184,000 s are 1,440 h, two in each of 720."""
    warm = use_of("USE1-ProvisionedConcurrency:Usage-2GB", region_prefixes())
    item: Any = SimpleNamespace(endpoint=endpoint(address="E"))
    pair = Pair(item=item, billed=(replace(PART, use=warm, amount=Decimal(5_184_000), levels=()),))
    found = list(calibrate.lines(Pairs(pairs=(pair,), pools=(), orphans=(), others=()), SEPTEMBER))
    assert found[-2:] == ["  E:", "    average_provisioned_concurrency: 2"]
