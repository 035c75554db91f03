"""What is to mend, as cards of the page."""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from guardrail.policy.base import Result, Severity
from guardrail.report import Report
from guardrail.reporters.base import Options
from guardrail.reporters.findings import Finding, Subjects, savings
from guardrail.reporters.fingerprints import Fingerprints
from guardrail.reporters.html.lines import LONGEST_MESSAGE
from guardrail.reporters.overview import fix, remediation
from guardrail.reporters.places import FindingPlaces
from guardrail.reporters.ready_waivers import ready_waivers
from guardrail.reporters.wording import counted, dollars, inert, lines_of_code

MOST_CARDS = 10
"""Errors and warnings that are not folded away."""


class Card(Struct, frozen=True, kw_only=True):
    """Something to mend."""

    severity: Severity
    policy: str
    id: str
    """What ``guardrail fix --finding`` takes; of several findings that of the dearest."""
    title: str
    link: str
    """The row of its endpoint; empty where it is about several, or about none."""
    saving: str
    block: str
    place: str
    """The line to change where it is known; of several inputs, which one it is about."""
    place_uri: str
    """Where a forge shows it; empty outside of one."""
    calls: list[tuple[str, str, str]]
    """What happens where on the way to it, the nearest first, each with where a forge shows it."""
    fixes: list[str]
    """What to change, in one to three lines."""
    why: list[str]
    lines: str
    """The lines to paste; empty where they stand elsewhere."""
    lines_id: str
    waiver: str
    """What accepts it until a date; empty where nothing can."""
    help_uri: str


class MendingCards:
    """The cards of one report, in the order of its findings."""

    def __init__(
        self, report: Report, options: Options, found: Iterable[Finding], ids: Mapping[tuple[str, str], str]
    ) -> None:
        """``ids`` are the rows of endpoints, by source and address."""
        self._report, self._ids = report, ids
        self._places = FindingPlaces(report, options)
        self._subjects = Subjects(report)
        self._fingerprints = Fingerprints(report)
        self._pasted: dict[str, str] = {}
        """The identifier of each text of lines to paste that stands on the page already."""
        cards = [self._card(finding) for finding in found]
        shown = min(MOST_CARDS, sum(card.severity != "note" for card in cards))
        self.cards, self.folded = cards[:shown], cards[shown:]

    @property
    def folded_words(self) -> str:
        """``3 more, 2 notes``."""
        notes = sum(card.severity == "note" for card in self.folded)
        more = len(self.folded) - notes
        return ", ".join(([f"{more:,} more"] if more else []) + ([counted(notes, "note")] if notes else []))

    def _card(self, finding: Finding) -> Card:
        result, report = finding.dearest, self._report
        place = self._places.of(result)
        pasted = lines_of_code(remediation(result, report))
        known = self._pasted.get(pasted)
        if known is None and pasted:
            self._pasted[pasted] = f"fix-{len(self._pasted) + 1}"
        subjects = {self._ids.get((each.source, each.endpoint or ""), "") for each in finding.results}
        where = f"{place.path}:{place.line}" if place.known else result.source if report.subtotals else ""
        return Card(
            severity=result.severity,
            policy=inert(result.policy),
            id=self._fingerprints.id_of(result),
            title=self._subjects.headline([finding]),
            link=subjects.pop() if len(subjects) == 1 else "",
            saving=_saving(finding),
            block=inert(finding.block) + (f" ({len(finding.results):,} times)" if len(finding.results) > 1 else ""),
            place=inert(where),
            place_uri=self._places.link(place),
            calls=[(call.how, inert(f"{call.path}:{call.line}"), self._places.link(call)) for call in place.calls],
            fixes=[inert(line, LONGEST_MESSAGE) for line in fix(result, report)],
            why=[inert(text, LONGEST_MESSAGE) for text in _why(result)],
            lines="" if known else pasted,
            lines_id=self._pasted.get(pasted, ""),
            waiver=lines_of_code(ready_waivers([finding], report)),
            help_uri=result.help_uri if result.help_uri.startswith("https://") else "",
        )


def _why(result: Result) -> Iterator[str]:
    yield result.message
    if result.working and result.working not in result.message:
        yield result.working
    yield from result.notes


def _saving(finding: Finding) -> str:
    """``−1,345 USD``, of all that say the same together; empty where no money is at stake."""
    found = savings([finding])
    return f"{dollars(-found.usd)} USD{' at most' if found.at_most else ''}" if found else ""
