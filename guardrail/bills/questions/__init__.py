"""The questions: a module each, with the one text that both engines take and what its rows are made into."""

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

if TYPE_CHECKING:
    from guardrail.bills.answer import Row
    from guardrail.bills.asked import BillQuestion, ExportFacts

QUESTIONS: Final = {
    "top": "the dearest endpoints, with share, trend, mode, instance types and tags",
    "daily": "endpoint, instance type, hours and cost of each day",
    "always-on": "endpoints that ran around the clock for days",
    "modes": "real-time, asynchronous, batch, serverless, storage and data by month",
    "trend": "cost by day or month, its changes, and the days of its steps",
    "savings-plans": "what Machine Learning Savings Plans cover, and how far they are used",
}


class Question(Protocol):
    """What a module of a question offers."""

    COLUMNS: tuple[str, ...]
    SHOWN: tuple[str, ...]
    """Those that a terminal has room for; a currency of several, and an account of several, are shown as well."""
    NEEDS_RESOURCES: bool
    """Whether nothing can be answered where no line names its resource."""
    NEEDS_HOURS: bool
    """Whether lines of months say nothing."""

    def text(self, beginning: str, asked: "BillQuestion", facts: "ExportFacts") -> str:
        """The question behind the common beginning."""

    def rows(
        self, found: Sequence[dict[str, Any]], asked: "BillQuestion", facts: "ExportFacts"
    ) -> "tuple[list[Row], list[str]]":
        """The rows of the answer, and its notices."""


def question(name: str) -> Question:
    """The question of a name."""
    return cast("Question", import_module(f"guardrail.bills.questions.{name.replace('-', '_')}"))
