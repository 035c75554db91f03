"""GitLab Code Quality: an array of findings, which GitLab compares with those of the target branch by fingerprint.

Findings that were there before are part of it, for GitLab tells old from new itself.
"""

from hashlib import sha256

from guardrail.policy.base import Result, Severity
from guardrail.report import Report
from guardrail.reporters.base import DEFAULT, Options
from guardrail.reporters.fingerprints import Fingerprints
from guardrail.reporters.overview import doubts, fix, priced_when
from guardrail.reporters.places import FindingPlaces, Place
from guardrail.reporters.wording import inert, machine_json

LONGEST_DESCRIPTION = 1_000

_SEVERITIES: dict[Severity, str] = {"error": "critical", "warning": "major", "note": "info"}


def render(report: Report, options: Options = DEFAULT) -> str:
    """The report as a Code Quality artefact, a finding on each line; first what keeps the answer from being one."""
    places, fingerprints = FindingPlaces(report, options), Fingerprints(report)
    entries = [
        *(_doubt(text, places) for text in doubts(report)),
        *(_finding(one, report, places, fingerprints) for one in report.results if one.verdict == "fail"),
    ]
    if not entries:
        return "[]\n"
    return (b"[\n" + b",\n".join(map(machine_json, entries)) + b"\n]\n").decode()


def _doubt(text: str, places: FindingPlaces) -> dict[str, object]:
    digest = sha256(f"guardrail\0{text}".encode("utf-8", "backslashreplace")).hexdigest()[:16]
    return _entry(inert(text, LONGEST_DESCRIPTION), "guardrail", digest, "blocker", places.whole)


def _finding(result: Result, report: Report, places: FindingPlaces, fingerprints: Fingerprints) -> dict[str, object]:
    fixes = fix(result, report)
    mend = inert(f". Fix: {'; '.join(fixes)}", LONGEST_DESCRIPTION) if fixes else ""
    dates = priced_when(result, report)
    dated = f" ({dates})" if dates else ""
    description = inert(result.message.rstrip("."), LONGEST_DESCRIPTION) + mend + dated
    severity = _SEVERITIES[result.severity]
    return _entry(description, result.policy, fingerprints.of(result), severity, places.of(result))


def _entry(description: str, check: str, fingerprint: str, severity: str, place: Place) -> dict[str, object]:
    return {
        "description": description,
        "check_name": check,
        "fingerprint": fingerprint,
        "severity": severity,
        "location": {"path": inert(place.path), "lines": {"begin": place.line}},
    }
