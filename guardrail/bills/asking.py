"""A question asked of a bill: facts first, then the question, then what stands apart, and all of it one answer."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final

from guardrail.bills.answer import Answer, Row, joined, total
from guardrail.bills.asked import (
    DAY_HOURS,
    KNOWN_LINES,
    Ask,
    BillQuestion,
    ExportFacts,
    beginning,
    facts,
    mode_of_lines,
)
from guardrail.bills.layouts import LAYOUTS, LayoutName
from guardrail.bills.questions import Question, question, savings_plans
from guardrail.bills.usage import INFERENCE
from guardrail.bills.view import PRODUCTS, USAGE_LINES, literals
from guardrail.errors import SourceError

_PLOTS: Final = {
    "modes": ("month", "mode", "cost"),
    "trend": ("period", "currency", "cost"),
    "top": ("endpoint", "currency", "cost"),
}


def answer(
    name: str, lines: str, ask: Ask, asked: BillQuestion, layouts: Sequence[LayoutName], notes: Sequence[str] = ()
) -> Answer:
    """The answer to the question called ``name``. Raises `SourceError` where the export does not bear it."""
    there = facts(lines, ask, asked, layouts)
    asks = question(name)
    _refuse(name, asks, there, asked)
    start = beginning(lines, asked, there.uses)
    found = ask(asks.text(start, asked, there))
    rows, told = asks.rows(found, asked, there)
    others = ask(apart_text(start, there)) if _has_others(there) else []
    apart = _apart(others)
    first, last = _period(asked, there)
    return Answer(
        question=name,
        start=first,
        end=last,
        layouts=tuple(layouts),
        columns=asks.COLUMNS,
        shown=asks.SHOWN,
        rows=tuple(rows),
        apart=tuple(apart),
        not_inference=() if name == "modes" else tuple(_remainder(others)),
        notes=(*notes, *told, *_notes(there, rows), *_unmatched(asked, there, rows), *_billed_later(apart)),
        lacks=tuple(_lacks(name, there, asked)),
        plot=_PLOTS.get(name),
        hours=tuple(savings_plans.hours(found)) if name == "savings-plans" else (),
    )


def _refuse(name: str, asks: Question, there: ExportFacts, asked: BillQuestion) -> None:
    """Raise where there is nothing to answer from."""
    if not there.line_types and not (asked.start or asked.end or asked.accounts):
        raise SourceError(
            "there is no line of SageMaker in it",
            hint="the product code of SageMaker is AmazonSageMaker; is it the right account?",
        )
    if asks.NEEDS_HOURS and "cost-explorer" in there.layouts:
        raise SourceError(f"{name} needs hours, which Cost Explorer does not have", hint="ask an export of the bill")
    if asks.NEEDS_RESOURCES and there.is_nameless:
        wanted = joined(_column(layout, "resource_id") for layout in there.layouts)
        raise SourceError(
            f"{name} needs the resource of each line, and no line has one",
            hint=f"export with {wanted} (INCLUDE_RESOURCES); top and modes answer by usage type",
        )
    if asks.NEEDS_HOURS and not there.has_ends:
        wanted = joined(_column(layout, "usage_end") for layout in there.layouts)
        raise SourceError(f"{name} needs {wanted}, or hours and days look alike", hint=f"add {wanted} to the export")
    if (asks.NEEDS_HOURS or asked.by == "day") and there.hours > DAY_HOURS:
        raise SourceError(f"{name} needs days, and the lines of this export are of months", hint="top and modes answer")


def _column(layout: LayoutName, concept: str) -> str:
    known = LAYOUTS.get(layout)
    return known.columns[concept][0] if known else "RESOURCE_ID"  # type: ignore[index]


def _has_others(there: ExportFacts) -> bool:
    """Whether anything stands apart; most exports of one team have nothing else, and one pass less over them."""
    other_lines = set(there.line_types) - set(USAGE_LINES)
    return bool(other_lines or there.may_be_later or there.has_software or set(there.modes) - set(INFERENCE))


def apart_text(start: str, there: ExportFacts) -> str:
    """Everything that is no use of inference in the month of its bill, summed by name."""
    other = [use.usage_type for use in there.uses if not use.is_inference]
    elsewhere = f" OR asked.usage_type IN {literals(other)}" if other else ""
    software = f" OR product_code NOT IN {literals(PRODUCTS)}" if there.has_software else ""
    later = " OR date_trunc('month', billing_period) > date_trunc('month', usage_start)" if there.may_be_later else ""
    return f"""{start}
SELECT line_type, product_code, currency, usage_types.mode AS mode, asked.usage_type AS usage_type,
  date_trunc('month', usage_start) AS used, date_trunc('month', billing_period) AS billed, COUNT(*) AS line_count,
  SUM(cost) AS cost, SUM(unblended_cost) AS billed_cost
FROM asked LEFT JOIN usage_types ON asked.usage_type = usage_types.usage_type
WHERE COALESCE(line_type, '') NOT IN {literals(USAGE_LINES)}{elsewhere}{software}{later}
GROUP BY line_type, product_code, currency, usage_types.mode, asked.usage_type, date_trunc('month', usage_start),
  date_trunc('month', billing_period)"""


def _apart(others: Sequence[dict[str, Any]]) -> list[Row]:
    """What is no use, by line type, product and month of use; and use that a later bill has."""
    parts: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in others:
        is_later = bool(row["billed"] and row["used"] and row["billed"] > row["used"])
        if row["line_type"] in USAGE_LINES and not (is_later and mode_of_lines(row) in INFERENCE):
            continue
        used, billed = (f"{row[name]:%Y-%m}" if row[name] else "" for name in ("used", "billed"))
        key = (
            row["line_type"] or "",
            row["product_code"] or "",
            row["currency"] or "",
            used,
            billed if is_later else "",
        )
        parts.setdefault(key, []).append(row)
    return [
        {
            "line_type": line_type or "(none)",
            "product": product,
            "month": month,
            "billed_later_in": billed or None,
            "cost": total(row["cost"] for row in several),
            "billed_cost": total(row["billed_cost"] for row in several),
            "currency": currency,
            "lines": sum(int(row["line_count"]) for row in several),
        }
        for (line_type, product, currency, month, billed), several in sorted(parts.items())
    ]


def _billed_later(apart: Sequence[Row]) -> list[str]:
    """Months with lines that a later bill has, a sentence each."""
    months = dict.fromkeys((row["month"], row["billed_later_in"]) for row in apart if row["billed_later_in"])
    return [f"lines of {used} that are in the bill of {billed} are shown as billed later" for used, billed in months]


def _remainder(others: Sequence[dict[str, Any]]) -> list[Row]:
    """The cost of everything but inference, a sum for each currency; unrecognised usage types beside it."""
    parts: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in others:
        if row["line_type"] in USAGE_LINES and mode_of_lines(row) not in INFERENCE:
            parts.setdefault((mode_of_lines(row), row["currency"] or ""), []).append(row)
    return [
        {
            "mode": mode,
            "cost": total(row["cost"] for row in several),
            "billed_cost": total(row["billed_cost"] for row in several),
            "currency": currency,
            "usage_types": joined(sorted(row["usage_type"] or "" for row in several)),
        }
        for (mode, currency), several in sorted(parts.items())
    ]


def _notes(there: ExportFacts, rows: Sequence[Row]) -> list[str]:
    notes = []
    if there.unrecognised:
        told = joined(one or "(none)" for one in there.unrecognised)
        notes.append(f"usage types that are not recognised, and in no mode of inference: {told}")
    strange = [line_type for line_type in there.line_types if line_type not in KNOWN_LINES]
    if strange:
        notes.append(
            f"line types that are not known, and count as no use: {joined(one or '(none)' for one in strange)}"
        )
    if len(there.currencies) > 1:
        notes.append(f"several currencies, never summed: {joined(there.currencies)}")
    if not rows and not there.usage_lines:
        notes.append("no use of inference is in this period")
    return notes


def _unmatched(asked: BillQuestion, there: ExportFacts, rows: Sequence[Row]) -> list[str]:
    """What a question was narrowed to, where nothing is left of it: a misspelt region is no region without cost."""
    wanted = [f"--account {account}" for account in asked.accounts]
    if there.usage_lines:
        wanted += [f"--region {region}" for region in asked.regions]
        wanted += [f"--tag {key}={value}" for key, values in asked.tags for value in values]
    return [f"no use of inference is of {' '.join(wanted)}"] if wanted and not rows else []


def _lacks(name: str, there: ExportFacts, asked: BillQuestion) -> list[str]:
    lacks = []
    if "" in there.currencies:
        wanted = joined(_column(layout, "currency") for layout in there.layouts if layout in LAYOUTS)
        lacks.append(f"some lines say no currency ({wanted}): their amounts are in none")
    if there.tagged:
        absent = [key for (key, _), count in zip(asked.tags, there.tagged, strict=True) if not count]
        lacks += [f"no line has the tag {key}: is it spelt so, and activated for cost allocation?" for key in absent]
    if there.is_nameless:
        wanted = joined(_column(layout, "resource_id") for layout in there.layouts)
        lacks.append(f"no line names its resource ({wanted}): answered by usage type")
    elif there.without_resource and name == "always-on":
        lacks.append(f"{there.without_resource:,} lines of use name no resource, and are of no run")
    elif there.without_resource and name in ("top", "daily"):
        lacks.append(f"{there.without_resource:,} lines of use name no resource: these are by usage type")
    return lacks


def _period(asked: BillQuestion, there: ExportFacts) -> tuple[str | None, str | None]:
    """The first day that counts, and the first that no longer does."""
    first: date | None = asked.start or (there.first.date() if there.first else None)
    last = asked.end
    if last is None and there.last is not None:
        last = (there.last - timedelta(seconds=1)).date() + timedelta(days=1)
    return (None if first is None else str(first)), (None if last is None else str(last))
