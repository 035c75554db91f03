"""An answer written down: a table for people, JSON, CSV, Markdown, one page. Text of a bill is hostile everywhere."""

import csv
from collections.abc import Callable, Sequence
from decimal import Decimal
from io import StringIO
from typing import Any, Final

from guardrail.bills.answer import Answer, Cell, Row, text_of
from guardrail.bills.layouts import TITLES
from guardrail.reporters import gfm
from guardrail.reporters.wording import inert

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_WIDEST: Final = 48
_BESIDE: Final = ("mode", "line_type", "month", "billed_later_in", "cost", "billed_cost")
_MONEY: Final = (
    "cost",
    "list_cost",
    "billed_cost",
    "cost_a_day",
    "month_cost",
    "month_list_cost",
    "change",
    "estimated",
    "billed",
    "difference",
)


def written(answer: Answer, name: str) -> str:
    """The answer in the format called ``name``."""
    makers: dict[str, Callable[[Answer], str]] = {
        "table": table,
        "json": as_json,
        "csv": as_csv,
        "markdown": markdown,
        "html": page,
    }
    return makers[name](answer)


def as_json(answer: Answer) -> str:
    """Flat rows under ``rows``; every amount is a decimal string without exponent, and ``end`` is exclusive."""
    import json

    plain = {
        "question": answer.question,
        "period": {"from": answer.start, "to": answer.end},
        "layouts": list(answer.layouts),
        **{
            name: [_plain(row) for row in getattr(answer, name)] for name in ("rows", "apart", "not_inference", "hours")
        },
        "notes": [*answer.notes],
        "lacks": [*answer.lacks],
    }
    if not answer.hours:
        del plain["hours"]
    return json.dumps(plain, indent=1, ensure_ascii=False) + "\n"


def _plain(row: Row) -> dict[str, Any]:
    return {key: text_of(cell) if isinstance(cell, Decimal) else cell for key, cell in row.items()}


def as_csv(answer: Answer) -> str:
    """The rows alone. Text that a spreadsheet would take for a formula begins with an apostrophe; numbers do not."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(answer.columns)
    for row in answer.rows:
        writer.writerow(_cell(row.get(column)) for column in answer.columns)
    return text.getvalue()


def _cell(cell: Cell) -> str:
    if not isinstance(cell, str):
        return text_of(cell)
    shown = inert(cell, 30_000)
    return f"'{shown}" if cell.startswith(_FORMULA) else shown


def table(answer: Answer) -> str:
    """What fits a terminal: amounts with two places, and everything that stands apart below."""
    from tabulate import tabulate

    lines = [f"{answer.question}, {_when(answer)}{_currency(answer)}", ""]
    if answer.rows:
        lines += [_grid(tabulate, [name for name in _shown_columns(answer) if name != "why"], answer.rows), ""]
    if "why" in answer.columns:
        lines += [*map(_why, answer.rows), ""]
    for title, rows in _beside(answer):
        lines += [title, _grid(tabulate, _beside_columns(answer, rows), rows), ""]
    lines += [f"note: {inert(note, 400)}" for note in (*answer.lacks, *answer.notes)]
    return "\n".join(lines).rstrip("\n") + "\n"


def _why(row: Row) -> str:
    """Why an estimate and the bill of one row differ, a reason a line."""
    head = inert(" ".join(str(row[name]) for name in ("endpoint", "usage_type") if row[name]), 120)
    return "\n".join((f"{head}:", *(f"  {inert(one, 300)}" for one in str(row["why"]).split("; "))))


def _grid(tabulate: Callable[..., str], columns: Sequence[str], rows: Sequence[Row]) -> str:
    cells = [[_for_people(row.get(column), column) for column in columns] for row in rows]
    numbers = {"share_percent", "trend_percent", "hours", "instance_hours", "days", "lines"}
    align = ["right" if name in _MONEY or name in numbers or "percent" in name else "left" for name in columns]
    heads = [name.replace("_", " ").replace("percent", "%") for name in columns]
    return tabulate(cells, headers=heads, tablefmt="simple", disable_numparse=True, colalign=align)


def _shown_columns(answer: Answer) -> tuple[str, ...]:
    """Columns for people that have anything in them; what tells rows apart only where it does."""
    several = [name for name in ("account", "region", "currency") if len({row.get(name) for row in answer.rows}) > 1]
    unnamed = (
        ["usage_types"] if "endpoint" in answer.columns and any(not row.get("endpoint") for row in answer.rows) else []
    )
    wanted = dict.fromkeys((*answer.shown, *several, *unnamed))
    return tuple(
        name
        for name in answer.columns
        if name in wanted and any(row.get(name) not in (None, "") for row in answer.rows)
    )


def _beside(answer: Answer) -> list[tuple[str, tuple[Row, ...]]]:
    named = (
        ("not inference (one remainder, in no row above):", answer.not_inference),
        ("apart (no use, in no row above unless billed later):", answer.apart),
    )
    return [(title, rows) for title, rows in named if rows]


def _beside_columns(answer: Answer, rows: Sequence[Row]) -> tuple[str, ...]:
    """Columns of what stands apart; its amortized cost only where the table is of that."""
    wanted = [name for name in _BESIDE if any(row.get(name) is not None for row in rows)]
    return (*wanted, *([] if _currency(answer) else ["currency"]))


def _currency(answer: Answer) -> str:
    """What all amounts are in, where that is one."""
    found = {str(row.get("currency")) for row in (*answer.rows, *answer.apart, *answer.not_inference)}
    return f", in {inert(found.pop(), 12)}" if len(found) == 1 and found != {""} else ""


def _for_people(cell: Cell, column: str) -> str:
    if cell is None or cell == "":
        return "–"
    if isinstance(cell, Decimal):
        return f"{cell:,.2f}" if column in _MONEY else text_of(cell)
    return inert(str(cell), _WIDEST)


def _when(answer: Answer) -> str:
    layouts = ", ".join(TITLES.get(name, name) for name in answer.layouts)  # type: ignore[call-overload]
    if answer.start is None:
        return layouts
    return f"{answer.start} {f'to {answer.end} (exclusive)' if answer.end else 'onwards'}, {layouts}"


def markdown(answer: Answer) -> str:
    """Tables in which nothing of a bill can act."""
    parts = [f"**{answer.question}**, {_when(answer)}", _pipes(_shown_columns(answer), answer.rows)]
    for title, rows in _beside(answer):
        parts += [title, _pipes(_beside_columns(answer, rows), rows)]
    parts += ["\n".join(f"- {gfm.prose(note)}" for note in (*answer.lacks, *answer.notes))]
    return "\n\n".join(part for part in parts if part) + "\n"


def _pipes(columns: Sequence[str], rows: Sequence[Row]) -> str:
    if not rows:
        return ""
    lines = [f"| {' | '.join(name.replace('_', ' ') for name in columns)} |", f"|{' --- |' * len(columns)}"]
    for row in rows:
        cells = (
            _for_people(row.get(column), column) if not isinstance(row.get(column), str) else gfm.code(str(row[column]))
            for column in columns
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def page(answer: Answer) -> str:
    """One page without scripts, with a plot where the question has one."""
    from guardrail.bills import page as pages

    tables: list[tuple[str | None, tuple[str, ...], tuple[Row, ...]]] = [(None, _shown_columns(answer), answer.rows)]
    tables += [(title, _beside_columns(answer, rows), rows) for title, rows in _beside(answer)]
    filled = [
        (
            title,
            [name.replace("_", " ") for name in columns],
            [[_for_people(row.get(name), name) for name in columns] for row in rows],
        )
        for title, columns, rows in tables
        if rows
    ]
    return pages.page(answer, _when(answer), filled)
