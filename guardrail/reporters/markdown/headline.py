"""The first lines of a comment: what the change does to the bill, how that is judged, and what is not known."""

from collections.abc import Iterator

from guardrail.cost.base import Delta, Monthly
from guardrail.model import Unknown
from guardrail.report import BudgetReport, Report
from guardrail.reporters.bill import UNKNOWN, changes_nothing
from guardrail.reporters.footnotes import footnotes
from guardrail.reporters.gfm import prose
from guardrail.reporters.overview import (
    Overview,
    Verdict,
    broken,
    doubts,
    expected_dollars,
    held_against,
    in_dollars,
    resources_read,
    says_nothing_to_pay,
)
from guardrail.reporters.wording import dollars, signed_dollars

ICONS: dict[Verdict, str] = {"passes": "✅", "fails": "❌", "untrusted": "❓", "tolerated": "⚪"}
NOTHING_KNOWN = "❔"
"""Where no amount is known, that nothing fails is no pass."""
MOST_TERMS = 10
MOST_CAUSES = 3
_LONGEST_TERM = 126
_LONGEST = 1_200
_GAP, _CHANGE = "≥ ", ("≥ change: ", "≤ change: ", "change unknown: ")


def headline(report: Report, told: Overview) -> str:
    """``❌ This change adds 3,756 USD a month (1,380 → 5,137)``."""
    text = _sentence(report)
    if report.own_terms:
        text = f"By terms it alters: {text[0].lower() if text.startswith(('This', 'What')) else text[0]}{text[1:]}"
    is_unknown = told.verdict == "passes" and marked(report.totals.after) == UNKNOWN
    return f"### {NOTHING_KNOWN if is_unknown else ICONS[told.verdict]} {text}\n"


def _sentence(report: Report) -> str:
    totals = report.totals
    after = marked(totals.after)
    usage = " and what depends on usage" if totals.after.depends_on_usage else ""
    if says_nothing_to_pay(report):
        return "No SageMaker inference, nothing to pay"
    known = f"{after} USD a month{usage}" if after != UNKNOWN else "what it costs is not known"
    if totals.delta is None or totals.before is None:
        return known[0].upper() + known[1:]
    if changes_nothing(report):
        return f"Nothing of SageMaker changes: {known}"
    span = f"({_whole(totals.before, totals.delta)} → {_whole(totals.after, totals.delta)})"
    return _of_change(totals.delta, known, span, is_known=after != UNKNOWN)


def _whole(monthly: Monthly, delta: Delta) -> str:
    """What a month costs, before or after a change; of a change that is not known, whether usage is missing in it."""
    text = marked(monthly)
    if not monthly.depends_on_usage or text == UNKNOWN or not isinstance(delta.expected, Unknown):
        return text
    return f"{text} + usage" if monthly.ceiling else "usage"


def _of_change(delta: Delta, known: str, span: str, *, is_known: bool) -> str:
    expected, most = delta.expected, delta.ceiling
    if isinstance(expected, Unknown):
        return f"{_between(expected)} {span}"
    if expected:
        return f"This change {'adds' if expected > 0 else 'saves'} {dollars(abs(expected))} USD a month {span}"
    if not is_known:
        return f"This change adds nothing, and {known}"
    further = "" if isinstance(most, Unknown) or not most else f", and {signed_dollars(most)} when all is scaled out"
    return f"This change adds nothing to the expected {known}{further}"


def _between(change: Unknown) -> str:
    """What is known of a change that is not known: that it is at least, or at most, so much."""
    low, high = change.at_least, change.at_most
    if low is not None and high is not None and low < high:
        if low >= 0:
            return f"This change adds {dollars(low)} to {dollars(high)} USD a month"
        if high <= 0:
            return f"This change saves {dollars(-high)} to {dollars(-low)} USD a month"
        return f"This change makes a month {signed_dollars(low)} to {signed_dollars(high)} USD"
    if low is not None and low > 0 and high is None:
        return f"This change adds at least {dollars(low)} USD a month"
    if high is not None and high < 0 and low is None:
        return f"This change saves at least {dollars(-high)} USD a month"
    return "What this change adds is not known"


def marked(monthly: Monthly) -> str:
    """What a month is expected to cost, with ``≥`` where a part is missing and ``~`` where it is estimated."""
    text = expected_dollars(monthly)
    if not monthly.estimated or text == UNKNOWN:
        return text
    return f"≥~{text[1:]}" if text.startswith("≥") else f"~{text}"


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
    sentences = [
        f"**{_capital(str(told.counts))}.**",
        *([stacks] if stacks else []),
        *_mended(report, told),
        *_known(report),
        *_held(told),
    ]
    yield " ".join(sentences)
    yield from _causes(report)


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
    elif told.verdict == "untrusted":
        why = "; ".join(told.reasons) or f"exit code {report.exit_code}"
        yield f"❓ **Cannot be trusted:** {prose(why, _LONGEST, starts_line=False)}"
        found = [f"- {prose(doubt, _LONGEST)}" for doubt in doubts(report)[:MOST_CAUSES]]
        yield from ["\n".join(found)] if found else []


def _mended(report: Report, told: Overview) -> Iterator[str]:
    """What is left when everything is mended; nothing where that, or the change, is not known."""
    if told.all_fixed is None:
        return
    totals, best = report.totals, " at best" if told.all_fixed.at_best else ""
    whole = totals.after.expected if totals.delta is None else totals.delta.expected
    if isinstance(whole, Unknown) or (totals.delta is None and totals.after.at_least):
        yield f"Mending all of it saves **{dollars(told.all_fixed.saving)}** a month{best}."
    elif totals.delta is None:
        yield f"Mending all of it brings it down to **{dollars(whole - told.all_fixed.saving)}**{best}."
    else:
        yield f"Mending all of it brings the change to **{signed_dollars(whole - told.all_fixed.saving)}**{best}."


def _known(report: Report) -> Iterator[str]:
    coverage, after = report.coverage, report.totals.after
    if not coverage.seen:
        return
    read = resources_read(report)
    if coverage.partial:
        yield f"{read}, {coverage.partial:,} of them not wholly known."
    elif after.at_least or coverage.skipped or isinstance(after.expected, Unknown) or list(_gaps(report)):
        yield f"{read}."
    elif after.depends_on_usage:
        yield f"Nothing but usage is unknown; {read}."
    else:
        yield f"Nothing is unknown; {read}."
    if report.totals.delta is None and report.endpoints:
        yield "Nothing tells what stood before, so everything counts."


def _held(told: Overview) -> Iterator[str]:
    """``Budgets: 5,137 of 9,000 expected.``; open where what is missing decides."""
    kept = [_limit(budget) for budget in told.budgets if budget.state != "broken"]
    if kept:
        yield f"{'Budgets hold' if len(kept) > 1 else 'Budget holds'}: {'; '.join(kept)}."


def _limit(budget: BudgetReport) -> str:
    amount = budget.amount
    if budget.state == "open":
        return f"open whether {prose(held_against(budget))} is within {dollars(budget.usd)}"
    text = dollars(amount) if not isinstance(amount, Unknown) else prose(held_against(budget))
    bound = budget.limit.removesuffix("_usd").rpartition("_")[2]
    what = {"floor": "at least", "expected": "expected", "ceiling": "at most"}[bound]
    more = " more" if "increase" in budget.limit else ""
    group = f"{prose(budget.group)}: " if budget.group and not isinstance(amount, Unknown) else ""
    return f"{group}{text} of {dollars(budget.usd)}{more} {what}"


def _gaps(report: Report) -> Iterator[str]:
    """What is not in the numbers, and why."""
    for note in footnotes(report):
        if note.startswith(_GAP) and not note.startswith(_CHANGE):
            yield note.removeprefix(_GAP).removeprefix("lacks: ")


def _causes(report: Report) -> Iterator[str]:
    """Why an amount is a bound or not known."""
    gaps = list(_gaps(report))
    if gaps:
        more = len(gaps) - MOST_CAUSES
        some = "; ".join(prose(gap, _LONGEST, starts_line=False) for gap in gaps[:MOST_CAUSES])
        yield f"❔ **Not in these numbers:** {some}{f'; and {more:,} more' if more > 0 else ''}"
    change = report.totals.delta.expected if report.totals.delta else None
    if isinstance(change, Unknown) and (not gaps or in_dollars(change) == UNKNOWN):
        bound = "no more than a bound" if in_dollars(change) != UNKNOWN else "not known"
        yield f"❔ **The change is {bound}:** {prose(change.reason, _LONGEST, starts_line=False)}"


def told_above(note: str) -> bool:
    """Whether a footnote is among what is said here."""
    return note.startswith((_GAP, *_CHANGE))


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
