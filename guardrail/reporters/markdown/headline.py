"""The first lines of a comment: what the change does to the bill, how that is judged, and what is not known."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from guardrail.model import Unknown
from guardrail.report import BudgetReport, Report
from guardrail.reporters.footnotes import gaps
from guardrail.reporters.gfm import prose
from guardrail.reporters.headline import capital, in_dollars, left_of_change
from guardrail.reporters.overview import (
    Overview,
    RunVerdict,
    bound_of,
    broken,
    doubts,
    held_against,
    resources_read,
    why_no_answer,
)
from guardrail.reporters.wording import UNKNOWN, USAGE, dollars

ICONS: dict[RunVerdict, str] = {"passes": "✅", "fails": "❌", "untrusted": "❓", "tolerated": "⚪"}
NOTHING_KNOWN = "❔"
"""Where no amount is known, that nothing fails is no pass."""
MOST_GROUPS = 10
"""Groups that have a row."""
MOST_TERMS = 10
MOST_CAUSES = 3
_LONGEST_TERM = 126
_LONGEST = 1_200
_TOLD = ("≥ ", "≤ change: ", "change unknown: ")
"""How the footnotes begin that say what is missing, and why the change is a bound or not known."""


def headline(report: Report, told: Overview) -> str:
    """``❌ This change adds 3,756 USD a month (1,380 → 5,137)``."""
    text, span = told.headline.sentence, told.headline.span
    if report.own_terms:
        text = f"By terms it alters: {text[0].lower() if text.startswith(('This', 'What')) else text[0]}{text[1:]}"
    icon = NOTHING_KNOWN if told.is_no_pass else ICONS[told.verdict]
    return f"### {icon} {text}{f' ({span})' if span else ''}\n"


# Below it ------------------------------------------------------------------------------------------------------------


def verdict(report: Report, told: Overview, stacks: str) -> Iterator[str]:
    """Paragraphs: altered terms, broken budgets, why the answer is no plain pass, counts, and what is missing.

    ``stacks`` says in how many of several stacks something is to mend.
    """
    yield from _own_terms(report)
    for budget in told.budgets:
        if budget.state == "broken":
            yield f"❌ **Budget broken:** {prose(broken(budget), _LONGEST, starts_line=False)}"
    yield from _distrust(report, told)
    missing = list(gaps(report))
    sentences = [
        f"**{capital(str(told.counts))}.**",
        *([stacks] if stacks else []),
        *_mended(report, told),
        *_known(report, missing),
        *_held(report, told),
    ]
    yield " ".join(sentences)
    yield from _causes(report, missing)


def _own_terms(report: Report) -> Iterator[str]:
    """What the change itself does to settings, waivers and limits, for a reviewer to see before all else."""
    phrases = [prose(phrase, _LONGEST_TERM) for phrase in report.own_terms[:MOST_TERMS]]
    more = len(report.own_terms) - len(phrases)
    phrases += [f"and {more:,} more"] if more else []
    if phrases:
        yield f"⚠️ **This change alters the terms it is judged by:** {'; '.join(phrases)}"


def _distrust(report: Report, told: Overview) -> Iterator[str]:
    """Why an answer is neither a pass nor a failure."""
    if told.verdict == "tolerated":
        yield "⚪ **Fails on nothing:** it was told to, with `--fail-on never`"
    why = why_no_answer(report) or (f"exit code {report.exit_code}" if told.verdict == "untrusted" else "")
    if why:
        yield f"❓ **Cannot be trusted:** {prose(why, _LONGEST, starts_line=False)}"
    if doubts(report):
        yield "\n".join(f"- {prose(doubt, _LONGEST)}" for doubt in doubts(report)[:MOST_CAUSES])


def _mended(report: Report, told: Overview) -> Iterator[str]:
    """What is left when everything is mended; what that saves where the rest, or the change, is not known."""
    if told.all_fixed is None:
        return
    totals, best = report.totals, " at best" if told.all_fixed.at_best else ""
    left, whole = left_of_change(report, told.all_fixed), totals.after.expected
    if left is not None:
        yield f"Mending all of it brings the change to **{left}**{best}."
    elif totals.delta is None and isinstance(whole, Decimal) and not totals.after.at_least:
        yield f"Mending all of it brings it down to **{dollars(whole - told.all_fixed.saving)}**{best}."
    else:
        yield f"Mending all of it saves **{dollars(told.all_fixed.saving)}** a month{best}."


def _known(report: Report, missing: Sequence[str]) -> Iterator[str]:
    coverage, after = report.coverage, report.totals.after
    if not coverage.seen:
        return
    read = resources_read(report)
    if coverage.partial:
        yield f"{read}, {coverage.partial:,} of them not wholly known."
    elif after.at_least or coverage.skipped or isinstance(after.expected, Unknown) or missing:
        yield f"{read}."
    elif after.depends_on_usage:
        yield f"Nothing but usage is unknown; {read}."
    else:
        yield f"Nothing is unknown; {read}."
    if report.totals.delta is None and report.endpoints:
        yield "Nothing tells what stood before, so everything counts."


def _held(report: Report, told: Overview) -> Iterator[str]:
    """``Budgets: 5,137 of 9,000 expected.``; open where what is missing decides. The row of a group has its own."""
    with_rows = {group.id for group in report.groups[:MOST_GROUPS]} - {""}
    kept = [_limit(each) for each in told.budgets if each.state != "broken" and each.group not in with_rows]
    if kept:
        yield f"{'Budgets hold' if len(kept) > 1 else 'Budget holds'}: {'; '.join(kept)}."


def _limit(budget: BudgetReport) -> str:
    if budget.state == "open" or isinstance(budget.amount, Unknown):
        return limit(budget)
    return f"{prose(budget.group)}: {limit(budget)}" if budget.group else limit(budget)


def limit(budget: BudgetReport) -> str:
    """``5,137 of 9,000 expected``, without the group that it is on where an amount is known."""
    amount = budget.amount
    if budget.state == "open":
        return f"open whether {prose(held_against(budget))} is within {dollars(budget.usd)}"
    text = dollars(amount) if not isinstance(amount, Unknown) else prose(held_against(budget))
    what = {"floor": "at least", "expected": "expected", "ceiling": "at most"}[bound_of(budget)]
    more = " more" if "increase" in budget.limit else ""
    usage = f", {USAGE}" if budget.depends_on_usage else ""
    return f"{text} of {dollars(budget.usd)}{more} {what}{usage}"


def _causes(report: Report, missing: Sequence[str]) -> Iterator[str]:
    """Why an amount is a bound or not known."""
    if missing:
        more = len(missing) - MOST_CAUSES
        some = "; ".join(prose(gap, _LONGEST, starts_line=False) for gap in missing[:MOST_CAUSES])
        yield f"❔ **Not in these numbers:** {some}{f'; and {more:,} more' if more > 0 else ''}"
    change = report.totals.delta.expected if report.totals.delta else None
    if isinstance(change, Unknown) and (not missing or in_dollars(change) == UNKNOWN):
        bound = "no more than a bound" if in_dollars(change) != UNKNOWN else "not known"
        yield f"❔ **The change is {bound}:** {prose(change.reason, _LONGEST, starts_line=False)}"


def told_above(note: str) -> bool:
    """Whether the headline has a footnote already."""
    return note.startswith(_TOLD)
