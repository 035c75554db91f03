"""Which findings `guardrail fix` has an edit for, as far as a report tells: whether it is proven is asked there."""

from guardrail.fixes.base import NoFixError
from guardrail.fixes.mends import next_changes
from guardrail.policy.base import Result
from guardrail.report import Report
from guardrail.reporters.findings import counts
from guardrail.reporters.fingerprints import Fingerprints


def mechanical(report: Report) -> frozenset[str]:
    """The ids of findings that count, of which a line of source is known, and whose mend needs no decision."""
    items = (*report.endpoints, *report.unattached)
    endpoints = {(item.source, item.endpoint.address): item.endpoint for item in items}

    def has_edit(result: Result) -> bool:
        try:
            return bool(next_changes(result, endpoints.get((result.source, result.endpoint or ""))))
        except NoFixError:
            return False

    located = (each for each in report.results if each.verdict == "fail" and each.location and counts(each, report))
    found = [each for each in located if has_edit(each)]
    return frozenset(map(Fingerprints(report).id_of, found)) if found else frozenset()
