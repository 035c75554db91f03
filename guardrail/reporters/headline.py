"""What every report says first: what a month comes to, or what the change does to it, in whole dollars.

One piece tells the cases apart; a format that has room for a figure shows that, one that people read the sentence.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Literal, TypeAlias

from msgspec import Struct

from guardrail.cost.base import Delta, Monthly
from guardrail.model import Unknown
from guardrail.report import Report, Totals
from guardrail.reporters.wording import UNKNOWN, difference, dollars, signed_dollars

ReportState: TypeAlias = Literal["nothing-read", "nothing-to-pay", "unknown", "known"]
_NOTHING = "no SageMaker inference"
_NOT_KNOWN, _USAGE_DECIDES = "what it costs is not known", "what it costs depends on usage"


def changes_nothing(report: Report) -> bool:
    """Whether everything that runs is deployed endpoints and transform jobs, and the change leaves all as it was."""
    is_same = all(item.unchanged for item in report.endpoints) and all(item.unchanged for item in report.workflows)
    return bool(report.endpoints) and not report.unattached and is_same


class AllFixed(Struct, frozen=True):
    """What the month comes to when every new finding is mended."""

    saving: Decimal
    """USD a month less; of each variant its dearest finding alone, for the savings of one variant overlap."""
    at_best: bool
    """Whether one of them is the most that can be saved."""


class Headline(Struct, frozen=True, kw_only=True):
    """The first line of a report."""

    figure: str
    """``+3,756 USD a month``; without a past what a month comes to."""
    sentence: str
    """``This change adds 3,756 USD a month``."""
    span: str = ""
    """``1,380 → 5,137``; empty where nothing is known of before, and where what is expected stays as it is."""
    fixed: str = ""
    """``with all fixes about +617``; without a past, or where the change is not known, ``all fixes: about −3,139``."""


def headline(report: Report, state: ReportState, all_fixed: AllFixed | None) -> Headline:
    """The one headline of a report."""
    fixed = _fixed(report, all_fixed)
    return of_totals(report.totals, state, changes_nothing=changes_nothing(report), fixed=fixed)


def of_totals(totals: Totals, state: ReportState, *, changes_nothing: bool, fixed: str = "") -> Headline:
    """The headline of sums, whoever made them: ``fixed`` is what `Headline.fixed` says of them."""
    if state in ("nothing-read", "nothing-to-pay"):
        return Headline(figure=_NOTHING, sentence=f"{capital(_NOTHING)}, nothing to pay")
    cost = _cost(totals.after, state)
    if totals.delta is None or totals.before is None:
        return Headline(figure=cost, sentence=capital(cost), fixed=fixed)
    if changes_nothing:
        return Headline(
            figure=f"nothing changes: {cost}", sentence=f"Nothing of SageMaker changes: {cost}", fixed=fixed
        )
    change = totals.delta.expected
    if change:
        span = f"{_side(totals.before, change)} → {_side(totals.after, change)}"
        return Headline(figure=_figure(change), sentence=_sentence(change), span=span, fixed=fixed)
    if state == "unknown":
        return Headline(figure=f"no change, and {cost}", sentence=f"This change adds nothing, and {cost}")
    text = f"the expected {cost}{_ends(totals.delta)}"
    return Headline(figure=f"no change to {text}", sentence=f"This change adds nothing to {text}", fixed=fixed)


def capital(text: str) -> str:
    """``text`` as a sentence begins."""
    return text[0].upper() + text[1:]


def _cost(after: Monthly, state: ReportState) -> str:
    """``5,137 USD a month and what depends on usage``. Where usage alone decides, an amount would read as free."""
    if state == "unknown":
        return _USAGE_DECIDES if after.depends_on_usage and not after.at_least else _NOT_KNOWN
    usage = " and what depends on usage" if after.depends_on_usage else ""
    return f"{expected_dollars(after)} USD a month{usage}"


def _side(monthly: Monthly, change: Decimal | Unknown) -> str:
    """What a month costs, before or after a change; of a change that is not known, whether usage is missing in it."""
    text = expected_dollars(monthly)
    if not monthly.depends_on_usage or text == UNKNOWN:
        return text
    if not monthly.ceiling:
        return "usage"
    return f"{text} + usage" if isinstance(change, Unknown) else text


def _figure(change: Decimal | Unknown) -> str:
    """``+3,756 USD a month``, ``≥+963 USD a month``, ``−20 to +85 USD a month``."""
    if not isinstance(change, Unknown):
        return f"{signed_dollars(change)} USD a month"
    low, high = change.at_least, change.at_most
    if low is not None and high is not None:
        return f"{signed_dollars(low)} to {signed_dollars(high)} USD a month"
    return f"{in_dollars(change)} USD a month" if _says_which_way(change) else "change unknown"


def _sentence(change: Decimal | Unknown) -> str:
    """``… adds 3,756 USD a month``; of a change that is not known, what bounds it."""
    if not isinstance(change, Unknown):
        return f"This change {_verb(change)} {dollars(abs(change))} USD a month"
    low, high = change.at_least, change.at_most
    if low is not None and high is not None:
        return f"This change {_between(low, high)}"
    bound = low or high
    if bound is None or not _says_which_way(change):
        return "What this change adds is not known"
    return f"This change {_verb(bound)} at least {dollars(abs(bound))} USD a month"


def _says_which_way(change: Unknown) -> bool:
    """Whether its one bound is of use: of what is 20 less or anything above that, nobody knows even the sign."""
    low, high = change.at_least, change.at_most
    return low > 0 if low is not None else high is not None and high < 0


def _verb(change: Decimal) -> str:
    return "adds" if change > 0 else "saves"


def _between(low: Decimal, high: Decimal) -> str:
    if low < 0 < high:
        return f"makes a month {signed_dollars(low)} to {signed_dollars(high)} USD"
    ends = sorted((abs(low), abs(high)))
    return f"{_verb(low + high)} {' to '.join(map(dollars, ends))} USD a month"


def _ends(delta: Delta) -> str:
    """``, and +676 when all is scaled out``, where what is expected stays as it is and the ends of it do not."""
    ends = (("in", delta.floor), ("out", delta.ceiling))
    words = [f"{in_dollars(end)} when all is scaled {name}" for name, end in ends if end]
    return f", and {' and '.join(words)}" if words else ""


def _fixed(report: Report, all_fixed: AllFixed | None) -> str:
    left = left_of_change(report, all_fixed)
    if all_fixed is None:
        return ""
    about = "at best" if all_fixed.at_best else "about"
    return f"all fixes: {about} {dollars(-all_fixed.saving)}" if left is None else f"with all fixes {about} {left}"


def left_of_change(report: Report, all_fixed: AllFixed | None) -> str | None:
    """``+617``, what a change still adds when all of it is mended; None where that is not known."""
    delta = report.totals.delta
    if all_fixed is None or delta is None or isinstance(delta.expected, Unknown):
        return None
    return signed_dollars(delta.expected - all_fixed.saving)


# Whole dollars -------------------------------------------------------------------------------------------------------


def in_dollars(amount: Decimal | Unknown) -> str:
    """``+3,756``; ``≥+963`` or ``≤−20`` where that much is known, else that it is unknown."""
    return difference(amount, signed_dollars)


def expected_dollars(monthly: Monthly) -> str:
    """``5,137``; ``≥963`` where a part is missing, ``~963`` where it is estimated; ``169 to 508`` where that is all."""
    return " to ".join(dict.fromkeys(_expected(monthly)))


def _expected(monthly: Monthly) -> Iterator[str]:
    bounds = ("floor", "ceiling") if isinstance(monthly.expected, Unknown) else ("expected",)
    return (end_dollars(monthly, bound) for bound in bounds)


def is_usage_alone(monthly: Monthly) -> bool:
    """Whether usage alone decides what it comes to: an amount would read as free."""
    return monthly.depends_on_usage and not monthly.ceiling and not monthly.at_least


def end_dollars(monthly: Monthly, bound: str) -> str:
    """One of ``floor``, ``expected`` and ``ceiling``, marked; unknown where nothing at all is known of it."""
    amount: Decimal | Unknown = getattr(monthly, bound)
    if isinstance(amount, Unknown) or (monthly.at_least and not monthly.ceiling):
        return UNKNOWN
    return f"{'≥' if monthly.at_least else ''}{'~' if monthly.estimated and amount else ''}{dollars(amount)}"
