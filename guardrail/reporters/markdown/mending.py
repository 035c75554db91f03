"""What is to mend, for a comment: of whom and what is wrong, what it would save, where, and the fix."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape

from guardrail.model import Unknown
from guardrail.policy.base import Result, Undecided, indexes
from guardrail.report import Report
from guardrail.reporters.base import Options
from guardrail.reporters.findings import LONGEST_NAME, Finding, Subjects, endpoint_names, said, savings, shape
from guardrail.reporters.gfm import code, fenced, link, prose
from guardrail.reporters.markdown.edits import EditedLine, edit
from guardrail.reporters.markdown.tables import SIGNS
from guardrail.reporters.overview import Overview, fix, fix_command, remediation, stake
from guardrail.reporters.places import FindingPlaces, Place
from guardrail.reporters.ready_waivers import ready_waivers
from guardrail.reporters.wording import dollars, inert, of_instances

LONGEST_MESSAGE = 1_200
LONGEST_BRIEF = 160
"""Characters of what is wrong, and of its fix, in a list over several reports."""
MOST_POLICIES = 3
"""That are named where they are undecided for one reason."""
MOST_IDS = 3
"""Findings that a command names; without names it is about all of them."""
_BUDGETS = "budgets"


class MendingList:
    """What is to mend in one report."""

    def __init__(
        self, report: Report, options: Options, told: Overview, found: Iterable[Finding], stacks: Mapping[str, str]
    ) -> None:
        """``found`` is what counts, and ``stacks`` says how each input is called."""
        self._report, self._options, self._stacks = report, options, stacks
        self._names, self._subjects = endpoint_names(report), Subjects(report)
        self._places = FindingPlaces(report, options)
        is_broken = any(budget.state == "broken" for budget in told.budgets)
        budgets = {rule.id for rule in report.rules if rule.topic == _BUDGETS} if is_broken else set()
        kept = [one for one in found if one.dearest.policy not in budgets]  # these are told above
        self.groups = self._grouped(one for one in kept if one.dearest.severity != "note")
        """Errors and warnings, what says the same together."""
        self.notes = self._grouped(one for one in kept if one.dearest.severity == "note")

    def _grouped(self, found: Iterable[Finding]) -> list[list[Finding]]:
        groups: dict[tuple[object, ...], list[Finding]] = {}
        for finding in found:
            result = finding.dearest
            text = result.headline or shape(result, self._names)
            groups.setdefault((result.severity, result.policy, text, *fix(result, self._report)[:1]), []).append(
                finding
            )
        return list(groups.values())

    def block(self, group: Sequence[Finding]) -> str:
        """Two lines: what is wrong, what it would save and where; and the fix, as a diff where it is one literal."""
        result = group[0].dearest
        facts = [f"**{SIGNS[result.severity]} {self._head(group)}**", _saving(group), *self._where(group)]
        head, found = " · ".join(filter(None, facts)), self._edit(group)
        if found is not None:
            rest = f"\n{prose(found.rest, LONGEST_MESSAGE)}\n" if found.rest else ""
            return f"{head}\n{fenced(found.diff, 'diff')}\n{rest}"
        fixes = self._fix(result)
        return f"{head}<br>\n{fixes}\n" if fixes else f"{head}\n"

    def line(self, group: Sequence[Finding]) -> str:
        """The same in one line, for where there are many."""
        result, saving = group[0].dearest, _saving(group)
        sources = dict.fromkeys(self._stacks.get(one.dearest.source, one.dearest.source) for one in group)
        stack = "" if len(self._stacks) == 1 else ", ".join(code(each, LONGEST_NAME) for each in sources)
        text = f"- {SIGNS[result.severity]} {f'**{saving}** · ' if saving else ''}{self._head(group, stack)}"
        fixes = self._fix(result)
        return " · ".join([text, *self._where(group)]) + (f". {fixes}" if fixes else "")

    def brief(self, group: Sequence[Finding]) -> str:
        """The same without where it is, for a list over reports: ``**up to −85 USD** · `chat`: 2 × … **Fix:** …``."""
        saving, fixes = _saving(group), self._fix(group[0].dearest, LONGEST_BRIEF)
        told = f"{f'**{saving}** · ' if saving else ''}{self._head(group, limit=LONGEST_BRIEF)}"
        return f"{told}. {fixes}" if fixes else told

    def edits(self) -> Iterator[str]:
        """The command that has edits of what is to mend, in a line; none where no finding of it has one."""
        if self._options.fixable:
            results = (each for group in (*self.groups, *self.notes) for finding in group for each in finding.results)
            command = fix_command(results, self._report, self._options.fixable, MOST_IDS)
            yield from [f"<sub>edits, where they can be proven: {code(command)}</sub>\n"] if command else []

    def note(self, group: Sequence[Finding]) -> str:
        """What is worth a note, and where."""
        return f"- {self._head(group)} ({link(code(group[0].dearest.policy), group[0].dearest.help_uri)})"

    def _head(self, group: Sequence[Finding], stack: str = "", limit: int = LONGEST_MESSAGE) -> str:
        """``chat, docs: never scales in after a peak``, the names as code."""
        about = ", ".join(filter(None, (self._of(group), stack)))
        text = prose(said(group), limit, starts_line=False)
        return f"{about}: {text}" if about else text

    def _of(self, group: Sequence[Finding]) -> str:
        some, more = self._subjects.of(group)
        return ", ".join(map(code, some)) + (f" and {more:,} more" if more else "")

    def _where(self, group: Sequence[Finding]) -> Iterator[str]:
        """The line to change, as a link where there is one; else the block."""
        finding, result = group[0], group[0].dearest
        place, more = self._places.of(result), len(group) - 1
        others = of_instances(len({each.address for each in finding.results}))
        others += f" and {more:,} more" if more else ""
        if place.known:
            calls = (f", {call.how} at {self._linked(call)}" for call in place.calls)
            yield f"{self._linked(place)}{''.join(calls)}{others}"
        elif result.endpoint is not None:
            yield code(finding.block) + others

    def _linked(self, place: Place) -> str:
        return link(code(f"{place.path}:{place.line}"), self._places.link(place))

    def _edit(self, group: Sequence[Finding]) -> EditedLine | None:
        """The fix as lines, where they are of the one block to mend and nothing of its endpoint is sensitive.

        Not where other instances of the block, or other calls of its module, share the line and may need it so.
        """
        result, lines = group[0].dearest, fix(group[0].dearest, self._report)
        place, instances = result.location, len({each.address for each in group[0].results})
        if len(group) > 1 or instances > 1 or indexes(result.address) or not lines or self._is_sensitive(result):
            return None
        if place is None or place.called_at is not None or place.used_at is not None:
            return None
        line = self._options.lines.get((place.path, place.line))
        return None if line is None else edit(lines[0], line)

    def _is_sensitive(self, result: Result) -> bool:
        """Whether anything of the endpoint is, or what it consists of is not known."""
        for item in self._report.endpoints:
            if (item.source, item.endpoint.address) == (result.source, result.endpoint):
                found = item.endpoint.variants
                return isinstance(found, Unknown) or any(each.sensitive for each in found)
        return True

    def _fix(self, result: Result, limit: int = LONGEST_MESSAGE) -> str:
        lines = fix(result, self._report)
        pasted = remediation(result, self._report)
        if not lines and pasted and "\n" not in pasted:
            return f"**Fix:** {code(pasted, limit)}"
        return f"**Fix:** {prose(lines[0], limit, starts_line=False)}" if lines else ""

    # What is folded away --------------------------------------------------------------------------------------------

    def why(self, groups: Sequence[Sequence[Finding]]) -> Iterator[str]:
        """How each amount is worked out and what else would do; lines to paste; and a waiver."""
        noted: set[str] = set()
        yield from (self._reasoning(group, noted) for group in groups)
        told: set[str] = set()
        for group in groups:
            result = group[0].dearest
            lines = remediation(result, self._report)
            if lines and lines not in told and ("\n" in lines or result.fix):
                told.add(lines)
                yield f"\n{code(result.policy)}, lines to paste:\n\n{fenced(lines, self._language(result))}"
        entries = ready_waivers((finding for group in groups for finding in group), self._report)
        if entries:
            yield (
                "\nMeant as it is? Accept it until a date, with your reason, in `.guardrail.yml`:\n\n"
                f"{fenced(entries, 'yaml')}"
            )

    def _reasoning(self, group: Sequence[Finding], noted: set[str]) -> str:
        """In a line; what there is to know of several findings stands with the first."""
        result = group[0].dearest
        why = "; ".join(filter(None, (result.detail, result.working))) or result.message
        instead = [*fix(result, self._report)[1:], *(note for note in result.notes if note not in noted)]
        noted.update(result.notes)
        names, policy = self._of(group), link(code(result.policy), result.help_uri)
        lines = [f"- {names}{', ' if names else ''}{policy}: {prose(why, LONGEST_MESSAGE, starts_line=False)}"]
        lines += [f"  - {shown}" for each in instead if (shown := prose(each, LONGEST_MESSAGE))]
        return "\n".join(lines)

    def _language(self, result: Result) -> str:
        kinds = {source.id: source.kind for source in self._report.sources}
        return "yaml" if kinds.get(result.source) == "cloudformation" else "hcl"


def _saving(group: Sequence[Finding]) -> str:
    """``−1,345 USD``, ``up to −105 USD``, of all that say the same together; empty where no money is at stake."""
    found = savings(group)
    return f"{'up to ' if found.at_most else ''}{dollars(-found.usd)} USD" if found else ""


def old_line(finding: Finding) -> str:
    """A finding that does not count, in a line."""
    result, several = finding.dearest, len(finding.results)
    count = f" × {several:,}" if several > 1 else ""
    money = f", {stake(result)}" if stake(result) else ""
    return f"- {SIGNS[result.severity]} {code(result.policy)}{count} {code(finding.block)}{money}"


def undecided_line(found: Undecided) -> str:
    """What could not be decided of one block for one reason."""
    some, more = found.policies[:MOST_POLICIES], len(found.policies) - MOST_POLICIES
    policies = ", ".join(map(code, some)) + (f" and {more:,} more policies" if more > 0 else "")
    where = f"{code(found.block)}{of_instances(len(found.addresses))}"
    reason = prose(found.reason, LONGEST_MESSAGE, starts_line=False)
    return f"- {SIGNS[found.severity]} {where}, {reason}: {policies}"


def waived_line(result: Result) -> str:
    """What somebody has accepted, until when and why."""
    terms = prose(result.waiver.terms, LONGEST_MESSAGE) if result.waiver else ""
    return f"- {code(result.policy)} {code(result.address)} {terms}"


def in_html(text: str) -> str:
    """A name in the line that a section is folded under, which is HTML."""
    return f"<code>{escape(inert(text, LONGEST_NAME))}</code>"
