"""GitLab Code Quality: an array of findings, which GitLab compares with those of the target branch by fingerprint.

Findings that were there before are part of it, for GitLab tells old from new itself.
"""

from guardrail.policy.base import Severity
from guardrail.report import Report
from guardrail.reporters.base import DEFAULT, Options
from guardrail.reporters.findings import endpoint_names, findings
from guardrail.reporters.fingerprints import Fingerprints
from guardrail.reporters.overview import fix, priced_when
from guardrail.reporters.places import FindingPlaces
from guardrail.reporters.wording import counted, inert, machine_json

LONGEST_DESCRIPTION = 1_000

_SEVERITIES: dict[Severity, str] = {"error": "critical", "warning": "major", "note": "info"}


def render(report: Report, options: Options = DEFAULT) -> str:
    """The report as a Code Quality artefact, a finding on each line."""
    places, fingerprints = FindingPlaces(report, options), Fingerprints()
    entries: list[bytes] = []
    for finding in findings((one for one in report.results if one.verdict == "fail"), endpoint_names(report)):
        result, place = finding.dearest, places.of(finding.dearest)
        others = len(finding.results) - 1
        more = f" (and {counted(others, 'more instance')} of {inert(finding.block)})" if others else ""
        fixes = fix(result, report)
        mend = inert(f". Fix: {'; '.join(fixes)}", LONGEST_DESCRIPTION) if fixes else ""
        dates = priced_when(result, report)
        dated = f" ({dates})" if dates else ""
        entry = {
            "description": inert(result.message.rstrip("."), LONGEST_DESCRIPTION) + more + mend + dated,
            "check_name": result.policy,
            "fingerprint": fingerprints.of(result, place),
            "severity": _SEVERITIES[result.severity],
            "location": {"path": inert(place.path), "lines": {"begin": place.line}},
        }
        entries.append(machine_json(entry))
    if not entries:
        return "[]\n"
    return (b"[\n" + b",\n".join(entries) + b"\n]\n").decode()
