"""What a report says in one breath: the cost, the change, the verdict; and its results as chapters."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from decimal import Decimal
from typing import Literal, TypeAlias

from msgspec import Struct

from guardrail.clock import ZONES_DAYS
from guardrail.expressions import expression
from guardrail.model import Unknown
from guardrail.money import ZERO
from guardrail.policy.base import RANKS, Remediation, Result, Severity, Undecided, undecided
from guardrail.report import BudgetReport, EndpointReport, GroupReport, Report
from guardrail.reporters.findings import Finding, counts, endpoint_names, findings
from guardrail.reporters.headline import AllFixed, Headline, ReportState, headline
from guardrail.reporters.wording import UNKNOWN, USAGE, counted, dollars, inert, usd

RunVerdict: TypeAlias = Literal["passes", "fails", "untrusted", "tolerated"]

_VERDICTS: dict[int, RunVerdict] = {0: "passes", 1: "fails", 3: "untrusted"}


class Counts(Struct, frozen=True, kw_only=True):
    """How many findings there are. What stood before the change, and does not count, is in `existing` alone."""

    error: int = 0
    warning: int = 0
    note: int = 0
    existing: int = 0
    undecided_error: int = 0
    """Errors that are not decided, which may be failures."""
    undecided_causes: int = 0
    """What these are for: of a block whose configuration nobody knows, one."""
    undecided: int = 0
    """Warnings and notes that are not decided."""
    waived: int = 0

    def failures(self, severity: Severity = "note") -> str:
        """Those at or above a severity: ``2 errors, 1 warning``; empty where there are none."""
        found = {"error": self.error, "warning": self.warning, "note": self.note}
        return ", ".join(counted(found[each], each) for each in RANKS if found[each] and RANKS[each] <= RANKS[severity])

    def __str__(self) -> str:
        """``2 errors, 1 warning``; ``no findings`` where there are none."""
        words = [self.failures()] if self.error or self.warning or self.note else []
        if self.undecided_error:
            few = self.undecided_causes < self.undecided_error
            why = f" for {counted(self.undecided_causes, 'cause')}" if few and self.undecided_causes else ""
            words += [f"{counted(self.undecided_error, 'error')} undecided{why}"]
        words += [f"{counted(self.existing, 'finding')} from before"] if self.existing else []
        words += [f"{self.waived:,} waived"] if self.waived else []
        return ", ".join(words) or "no findings"


class Overview(Struct, frozen=True, kw_only=True):
    """What every format asks: what was read, what it costs, how it is judged and why."""

    state: ReportState
    """``unknown``: something bills, and nothing of it has an amount, whether that is unknown or left to usage."""
    verdict: RunVerdict
    """``tolerated``: something fails, and the run was told to fail on nothing."""
    reasons: tuple[str, ...]
    """Why the verdict is what it is, a clause each: broken budgets first, then findings, then what is not trusted."""
    headline: Headline
    """The first line of every format."""
    counts: Counts
    budgets: tuple[BudgetReport, ...]
    """Broken ones first."""
    rows: tuple[EndpointReport, ...]
    """Endpoints that the change touches, or all where nothing has a past, those whose bill changes most first."""
    unchanged: int
    """How many endpoints are left alone."""
    all_fixed: AllFixed | None
    """None where nothing would be saved, or where one saving is not known."""

    @property
    def is_no_pass(self) -> bool:
        """Whether nothing fails and no amount is known, which is no pass."""
        return self.verdict == "passes" and self.state == "unknown"


class Sections(Struct, frozen=True, kw_only=True):
    """The results that are not passes, grouped, each list with the worst and dearest first."""

    new: list[Finding]
    """What this change brings; everything that is wrong where old findings count as well."""
    undecided: list[Undecided]
    existing: list[Finding]
    """What was wrong before, and does not count."""
    waived: list[Result]


def overview(report: Report) -> Overview:
    """One answer for all formats, so that none decides for itself."""
    found, state, all_fixed = _counts(report), _state(report), _all_fixed(report)
    return Overview(
        state=state,
        verdict=_verdict(report, found),
        reasons=tuple(_reasons(report, found)),
        headline=headline(report, state, all_fixed),
        counts=found,
        budgets=report.budgets,
        rows=_rows(report),
        unchanged=0 if report.all_findings else sum(item.unchanged for item in report.endpoints),
        all_fixed=all_fixed,
    )


def _state(report: Report) -> ReportState:
    if report.endpoints or report.unattached or report.workflows:
        after = report.totals.after
        return "unknown" if not after.ceiling and (after.at_least or after.depends_on_usage) else "known"
    missing = report.totals.after.at_least or not all(source.complete for source in report.sources)
    if report.skipped or missing:
        return "unknown"
    return "nothing-to-pay" if report.sources else "nothing-read"


def _verdict(report: Report, found: Counts) -> RunVerdict:
    verdict = _VERDICTS.get(report.exit_code, "untrusted")
    return "tolerated" if verdict == "passes" and report.fail_on == "never" and found.error + found.warning else verdict


def _reasons(report: Report, found: Counts) -> Iterator[str]:
    """``the expected 5,137 USD a month are above 4,000 (--budget)``, ``2 errors (fail on error)``."""
    for budget in report.budgets:
        if budget.state == "broken":
            yield broken(budget)
    yield from _unread(report)
    if report.fail_on == "never":
        yield "told to fail on nothing (--fail-on never)"
    elif report.exit_code == 1:
        failing = found.failures(report.fail_on) or "something fails in each possibility"
        yield f"{failing} (fail on {report.fail_on})"
    yield from _distrust(report)


def _unread(report: Report) -> Iterator[str]:
    if report.unread:
        yield f"{counted(len(report.unread), 'file')} could not be read"


def _distrust(report: Report) -> Iterator[str]:
    if report.strict and report.distrust:
        yield f"--strict: {counted(len(report.distrust), 'thing is', 'things are')} unknown, unpriced or undecided"


def why_no_answer(report: Report) -> str:
    """``1 file could not be read``, for a format that lists `doubts` below it; empty where there are none."""
    return "; ".join((*_unread(report), *_distrust(report)))


def doubts(report: Report) -> tuple[str, ...]:
    """Doubts about the answer, a sentence each: inputs that could not be read, and reasons of ``--strict``."""
    return (*report.unread, *(report.distrust if report.strict else ()))


def has_news(report: Report) -> bool:
    """Whether there is something to tell a reviewer: what the change does to SageMaker, its terms or its verdict.

    Where nothing tells what stood before, everything of SageMaker counts as changed.
    """
    found = _counts(report)
    delta = report.totals.delta
    if report.exit_code or report.own_terms or report.unread or found.error or found.warning or found.note:
        return True
    if any(not source.has_before for source in report.sources) and not says_nothing_to_pay(report):
        return True
    touched = any(item.endpoint.touched for item in report.unattached)
    costs = delta is not None and (delta.floor, delta.expected, delta.ceiling) != (ZERO, ZERO, ZERO)
    return (
        touched
        or costs
        or any(not item.unchanged for item in report.endpoints)
        or any(not item.unchanged for item in report.workflows)
    )


def group_limits(group: GroupReport, report: Report) -> list[BudgetReport]:
    """The limits on a group of endpoints, broken ones first."""
    return [budget for budget in report.budgets if budget.group and budget.group == group.id]


def resources_read(report: Report) -> str:
    """``24 of 25 resources read``."""
    return f"{report.coverage.modelled:,} of {counted(report.coverage.seen, 'resource')} read"


def says_nothing_to_pay(report: Report) -> bool:
    """Whether there is no SageMaker inference: nothing was seen, and nothing is said to be missing."""
    return _state(report) in ("nothing-read", "nothing-to-pay")


def broken(budget: BudgetReport) -> str:
    """What a limit is held against, what it is, and where it is set."""
    return f"{held_against(budget)}, above {usd(budget.usd)} ({inert(budget.origin)})"


def held_against(budget: BudgetReport) -> str:
    """``the expected 596.61 + usage``, ``the increase of 424.93 in what is expected``; ≥ where a part is missing."""
    amount = budget.amount
    if isinstance(amount, Decimal):
        text = usd(amount)
    else:
        text = UNKNOWN if amount.at_least is None else f"≥ {usd(amount.at_least)}"
    text += f" {USAGE}" if budget.depends_on_usage else ""
    bound = _BOUNDS[bound_of(budget)]
    words = f"an increase of {text} in the {bound}" if "increase" in budget.limit else f"the {bound} of {text}"
    return f"{inert(budget.group)}: {words}" if budget.group else words


def bound_of(budget: BudgetReport) -> str:
    """Which of ``floor``, ``expected`` and ``ceiling`` it limits."""
    return budget.limit.removesuffix("_usd").rpartition("_")[2]


def judged(budget: BudgetReport) -> str:
    """``the expected cost of 5,137.24 is within 9,000``, ``is above``, or open whether it is within."""
    held, limit = held_against(budget), dollars(budget.usd)
    if budget.state == "open":
        return f"open whether {held} is within {limit}"
    return f"{held} is {'above' if budget.state == 'broken' else 'within'} {limit}"


_MOST_PATHS = 2
_PLAIN_PATH = expression(r"(?!-)[\w./-]{1,100}", re.ASCII)
_BOUNDS = {"floor": "floor", "expected": "expected cost", "ceiling": "ceiling"}


def _rows(report: Report) -> tuple[EndpointReport, ...]:
    changing = [item for item in report.endpoints if not item.unchanged or report.all_findings]
    return tuple(sorted(changing, key=_size, reverse=True))


def _size(item: EndpointReport) -> tuple[bool, Decimal, Decimal]:
    """What the change does to what is expected, then to the ceiling; without a past what it may cost at most."""
    if item.delta is None:
        return False, dearest(item), ZERO
    expected, ceiling = item.delta.expected, item.delta.ceiling
    return isinstance(expected, Unknown), _magnitude(expected), _magnitude(ceiling)


def _magnitude(amount: Decimal | Unknown) -> Decimal:
    if isinstance(amount, Decimal):
        return abs(amount)
    return max((abs(bound) for bound in (amount.at_least, amount.at_most) if bound is not None), default=ZERO)


def _all_fixed(report: Report) -> AllFixed | None:
    """Per variant the dearest saving once; nothing where one of them is unknown."""
    savings: dict[object, tuple[Decimal, bool]] = {}
    for result in report.results:
        if result.verdict != "fail" or not counts(result, report) or result.saving_monthly is None:
            continue
        if isinstance(result.saving_monthly, Unknown):
            return None
        key = (result.source, result.endpoint, result.part)
        found = (result.saving_monthly, result.saving_basis == "upper-bound")
        savings[key] = max(savings.get(key, (ZERO, False)), found)
    total = sum((saving for saving, _ in savings.values()), ZERO)
    return AllFixed(total, any(at_best for _, at_best in savings.values())) if total else None


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
        undecided=undecided(lists["open"]),
        existing=findings(lists["existing"], names),
        waived=lists["waived"],
    )


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

    Where the clock is behind them, ``of a time to come`` stands for the age. Empty where none was used.
    """
    used = [each for each in report.prices.values() if each.age_days is not None]
    if not used:
        return ""
    oldest, newest = min(each.oldest or "" for each in used), max(each.newest or "" for each in used)
    days = max(each.age_days or 0 for each in used)
    age = f"{counted(max(days, 0), 'day')} old" if days >= -ZONES_DAYS else "of a time to come"
    return f"prices {oldest if oldest == newest else f'{oldest} to {newest}'}, {age}"


def other_origins(report: Report) -> list[str]:
    """Where prices are from that are not the bundled ones."""
    return sorted({used.origin for used in report.prices.values()} - {"bundled"})


def usage_files(report: Report) -> list[str]:
    """The usage files of the inputs, each once."""
    own = (source.usage_file for source in report.sources)
    return [path for path in dict.fromkeys((report.usage_file, *own)) if path is not None]


def priced_when(result: Result, report: Report) -> str:
    """From when the prices are that a finding rests on, for a format that has no other place to say it.

    Empty where the finding names no amount.
    """
    return price_dates(report) if " USD" in result.message else ""


def fix(result: Result, report: Report) -> list[str]:
    """What to change, in one to three lines; none where its policy does not say."""
    return _in_its_language(result.fix, result, report).splitlines() if result.fix else []


def fix_command(results: Iterable[Result], report: Report, fixable: Collection[str], most: int) -> str:
    """``guardrail fix infra --finding 3f2ac81d9be04c57``, as people paste it into a shell; empty where none is fixable.

    More findings than ``most`` are not named. Inputs that are many, or that a shell reads otherwise, are ``PATH...``.
    """
    from guardrail.reporters.fingerprints import Fingerprints  # which needs hashes, and a check without findings none

    fingerprints = Fingerprints(report)
    found = {name: each for each in results if (name := fingerprints.id_of(each)) in fixable}
    sources = {result.source for result in found.values()}
    paths = [source.path for source in report.sources if source.id in sources]
    is_plain = len(paths) <= _MOST_PATHS and all(map(_PLAIN_PATH.fullmatch, paths))
    named = [f"--finding {name}" for name in found] if len(found) <= most else []
    return " ".join(["guardrail fix", *(paths if is_plain else ["PATH..."]), *named]) if found else ""


def told(result: Result, report: Report) -> list[str]:
    """The lines of one finding: the fault, its fix, and its notes."""
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


def _counts(report: Report) -> Counts:
    """Failures that count, by severity; what stood before, what is undecided and what is waived beside them."""
    found: Counter[str] = Counter()
    told = [result for result in report.results if result.verdict != "pass"]
    for result in told:
        if result.verdict == "fail":
            found[result.severity if counts(result, report) else "existing"] += 1
        elif result.verdict == "open":
            found["undecided_error" if result.severity == "error" else "undecided"] += 1
        elif result.verdict == "waived":
            found["waived"] += 1
    errors = (result for result in told if result.severity == "error")
    return Counts(**found, undecided_causes=len(undecided(errors)))
