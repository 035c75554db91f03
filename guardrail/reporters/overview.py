"""What a report says in one breath: the cost, the change, the verdict; and its results as chapters."""

from decimal import Decimal
from typing import Literal, TypeAlias

from msgspec import Struct

from guardrail.cost.base import Delta, Monthly
from guardrail.model import Unknown
from guardrail.money import ZERO
from guardrail.policy.base import Remediation, Result, Severity
from guardrail.report import EndpointReport, Report
from guardrail.reporters.bill import UNKNOWN, amounts, changes_nothing, difference
from guardrail.reporters.findings import Finding, endpoint_names, findings
from guardrail.reporters.wording import counted, usd

Verdict: TypeAlias = Literal["passes", "fails", "untrusted"]

_VERDICTS: dict[int, Verdict] = {0: "passes", 1: "fails", 3: "untrusted"}
_UNKNOWN = Unknown("unknown on one side")


class Overview(Struct, frozen=True, kw_only=True):
    """Three phrases and what they rest on."""

    verdict: Verdict
    cost: str
    """``4,823.13 USD a month``, with the marks of the bill: ``≥`` for what lacks a part, ``~`` for estimates."""
    change: str
    """``+3,265.38 with this change``; empty where no source has a past."""
    counts: str
    """``2 errors, 1 warning``: what counts against this change."""


class Sections(Struct, frozen=True, kw_only=True):
    """The results that are not passes, grouped, each list with the worst and dearest first."""

    new: list[Finding]
    """What this change brings; everything that is wrong where old findings count as well."""
    undecided: list[Finding]
    existing: list[Finding]
    """What was wrong before, and does not count."""
    waived: list[Result]


def overview(report: Report) -> Overview:
    """The first line of every report that people read."""
    return Overview(
        verdict=_VERDICTS.get(report.exit_code, "untrusted"),
        cost=_cost(report.totals.after),
        change=_change(report),
        counts=_counts(report),
    )


def says_nothing_to_pay(report: Report) -> bool:
    """Whether there is no SageMaker inference: nothing was seen, and nothing is said to be missing."""
    seen = report.endpoints or report.unattached or report.skipped
    return not (seen or report.totals.after.at_least or not all(source.complete for source in report.sources))


def sections(report: Report) -> Sections:
    """The results of ``report`` as chapters."""
    lists: dict[str, list[Result]] = {"new": [], "open": [], "existing": [], "waived": []}
    for result in report.results:
        if result.verdict == "fail":
            lists["new" if counts(result, report) else "existing"].append(result)
        elif result.verdict != "pass":
            lists[result.verdict].append(result)
    names = endpoint_names(report)
    return Sections(
        new=findings(lists["new"], names),
        undecided=findings(lists["open"], names),
        existing=findings(lists["existing"], names),
        waived=lists["waived"],
    )


def counts(result: Result, report: Report) -> bool:
    """Whether a failure is held against this change: it is new, or old findings count as well."""
    return result.status == "new" or report.all_findings


def delta(item: EndpointReport, *, has_past: bool) -> Delta | None:
    """What the change does to the bill of one endpoint; None where its source has no past.

    Unknown where a part is missing on either side: no saving is shown that nobody can vouch for.
    """
    if not has_past:
        return None
    if item.unchanged:
        return Delta(ZERO, ZERO, ZERO)
    before, after = item.before, item.cost.monthly if item.cost else None
    if any(side is not None and side.at_least for side in (before, after)):
        return Delta(_UNKNOWN, _UNKNOWN, _UNKNOWN)
    return Delta(
        (after.floor if after else ZERO) - (before.floor if before else ZERO),
        _difference(after.expected if after else ZERO, before.expected if before else ZERO),
        (after.ceiling if after else ZERO) - (before.ceiling if before else ZERO),
    )


def weight(item: EndpointReport) -> Decimal:
    """How much an endpoint matters, in USD a month: the size of its change, else what it may cost at most."""
    if item.unchanged:
        return ZERO
    after = item.cost.monthly.ceiling if item.cost else ZERO
    return max(after, item.before.ceiling if item.before else ZERO)


def dearest(item: EndpointReport) -> Decimal:
    """What an endpoint costs a month at most, before or after the change."""
    return max(item.cost.monthly.ceiling if item.cost else ZERO, item.before.ceiling if item.before else ZERO)


def stake(result: Result) -> str:
    """``up to 84.51 USD a month``, or nothing where no money is at stake."""
    if not isinstance(result.saving_monthly, Decimal):
        return ""
    return f"{'up to ' if result.saving_basis == 'upper-bound' else ''}{usd(result.saving_monthly)} USD a month"


def price_dates(report: Report) -> str:
    """``prices 2026-05-08 to 2026-05-20, 198 days old``: from when those are that were used; the age is the oldest's.

    Empty where none was used.
    """
    used = [each for each in report.prices.values() if each.age_days is not None]
    if not used:
        return ""
    oldest, newest = min(each.oldest or "" for each in used), max(each.newest or "" for each in used)
    age = counted(max(each.age_days or 0 for each in used), "day")
    return f"prices {oldest if oldest == newest else f'{oldest} to {newest}'}, {age} old"


def priced_when(result: Result, report: Report) -> str:
    """From when the prices are that a finding rests on, for a format that has no other place to say it.

    Empty where the finding names no amount.
    """
    return price_dates(report) if " USD" in result.message else ""


def fix(result: Result, report: Report) -> list[str]:
    """What to change, in one to three lines; none where its policy does not say."""
    return _in_its_language(result.fix, result, report).splitlines() if result.fix else []


def told(result: Result, report: Report) -> list[str]:
    """What is wrong, how to mend it, and what to know beside it, a line each."""
    fixes = fix(result, report)
    dates = filter(None, [priced_when(result, report)])
    return [result.message, *([f"Fix: {fixes[0]}"] if fixes else []), *fixes[1:], *result.notes, *dates]


def remediation(result: Result, report: Report) -> str:
    """The lines to paste."""
    return _in_its_language(result.remediation, result, report)


def _in_its_language(lines: Remediation, result: Result, report: Report) -> str:
    """In the language of the source; of the first source where a result is about all of them."""
    kind = next((source.kind for source in report.sources if source.id == result.source), report.sources[0].kind)
    return (lines.cloudformation if kind == "cloudformation" else lines.terraform).strip()


def _difference(after: Decimal | Unknown, before: Decimal | Unknown) -> Decimal | Unknown:
    if isinstance(after, Unknown) or isinstance(before, Unknown):
        return _UNKNOWN
    return after - before


def _cost(monthly: Monthly) -> str:
    floor, expected, ceiling = amounts(monthly)
    usage = " + usage" if monthly.depends_on_usage else ""
    if isinstance(monthly.expected, Unknown):
        amount = floor if floor == ceiling else f"{floor} to {ceiling}"
    else:
        amount = expected
    return f"{amount} USD a month{usage}" if monthly.ceiling or not monthly.at_least else "Unknown cost"


def _change(report: Report) -> str:
    if report.totals.delta is None:
        return ""
    if changes_nothing(report):
        return "unchanged"
    expected = report.totals.delta.expected
    text = difference(expected)
    return "change unknown" if text == UNKNOWN else f"{text} with this change"


def _counts(report: Report) -> str:
    """Failures that count, by severity; undecided errors, which may be failures, after them."""
    failures: dict[Severity, int] = {"error": 0, "warning": 0, "note": 0}
    undecided = 0
    for result in report.results:
        if result.verdict == "fail" and counts(result, report):
            failures[result.severity] += 1
        undecided += result.verdict == "open" and result.severity == "error"
    words = [counted(count, severity) for severity, count in failures.items() if count]
    words += [f"{counted(undecided, 'error')} undecided"] if undecided else []
    return ", ".join(words) or "no findings"
