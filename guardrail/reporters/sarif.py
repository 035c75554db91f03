"""SARIF 2.1.0 as GitHub code scanning reads it.

One run and one category, so that several stacks can be uploaded side by side. What counts against the change and what
was there before are both in it, told apart by ``baselineState``: code scanning closes every alert that an upload lacks.
Accepted findings are left out, so their alerts close.

A result must have a place, or the whole upload is refused. From a plan, which has no lines, it is the first line of the
plan file: the alert then shows in the list of alerts, and on a pull request only if the plan is part of it.
"""

from urllib.parse import quote

from guardrail import __version__
from guardrail.policy.base import Remediation, Result, Rule, Severity
from guardrail.report import Report
from guardrail.reporters.base import DEFAULT, Options
from guardrail.reporters.findings import counts
from guardrail.reporters.fingerprints import Fingerprints
from guardrail.reporters.gfm import fenced
from guardrail.reporters.overview import doubts, fix, overview, price_dates, priced_when
from guardrail.reporters.places import FindingPlaces, Place
from guardrail.reporters.wording import inert, lines_of_code, machine_json

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
INFORMATION_URI = "https://docs.aws.amazon.com/sagemaker/latest/dg/inference-cost-optimization.html"
MOST_RESULTS = 5_000
"""Of one run; GitHub shows no more, and keeps the first by severity."""
LONGEST_MESSAGE = 1_000

_PROBLEMS: dict[Severity, str] = {"error": "error", "warning": "warning", "note": "recommendation"}


def render(report: Report, options: Options = DEFAULT) -> str:
    """The report as one SARIF log; the same report gives the same bytes."""
    found = [result for result in report.results if result.verdict == "fail"][:MOST_RESULTS]
    rules = {rule.id: rule for rule in report.rules}
    for result in found:
        rules.setdefault(result.policy, _undescribed(result))
    indexes = {name: at for at, name in enumerate(rules)}
    places, fingerprints = FindingPlaces(report, options), Fingerprints(report)
    judged = overview(report)
    log = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": _driver(list(rules.values()))},
                "automationDetails": {"id": f"guardrail/{options.tag}/"},
                "columnKind": "unicodeCodePoints",
                "invocations": [_invocation(report)],
                "properties": {
                    "today": report.today,
                    "prices": price_dates(report),
                    "state": judged.state,
                    "verdict": judged.verdict,
                    "reasons": judged.reasons,
                },
                "results": [_result(each, report, indexes, places, fingerprints) for each in found],
            }
        ],
    }
    return machine_json(log).decode() + "\n"


def _invocation(report: Report) -> dict[str, object]:
    """The ``invocation`` of the run: its exit code, and a notification for each doubt about its answer."""
    told = [{"level": "error", "message": {"text": inert(text, LONGEST_MESSAGE)}} for text in doubts(report)]
    return {
        "executionSuccessful": not report.unread,
        "exitCode": report.exit_code,
        **({"toolExecutionNotifications": told} if told else {}),
    }


def _driver(rules: list[Rule]) -> dict[str, object]:
    return {
        "name": "guardrail",
        "semanticVersion": __version__,
        "informationUri": INFORMATION_URI,
        "rules": [_rule(rule) for rule in rules],
    }


def _rule(rule: Rule) -> dict[str, object]:
    described = f"{rule.title}. Checked by guardrail before SageMaker inference is deployed."
    return {
        "id": rule.id,
        "name": "".join(word.capitalize() for word in rule.id.split("-")),
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": described},
        "help": {"text": _help(rule), "markdown": _markdown(rule)},
        "helpUri": rule.help_uri,
        "defaultConfiguration": {"level": rule.severity},
        "properties": {
            "tags": ["cost", "sagemaker", *([rule.topic] if rule.topic else [])],
            "precision": "high",
            "problem.severity": _PROBLEMS[rule.severity],
        },
    }


def _undescribed(result: Result) -> Rule:
    """A rule of which nothing but its results is known."""
    return Rule(
        id=result.policy,
        title=result.policy,
        severity=result.severity,
        topic="",
        remediation=result.remediation,
        help_uri=result.help_uri,
    )


def _help(rule: Rule) -> str:
    lines: Remediation = rule.remediation
    terraform, cloudformation = lines_of_code(lines.terraform.strip()), lines_of_code(lines.cloudformation.strip())
    return f"Terraform:\n\n{terraform}\n\nCloudFormation:\n\n{cloudformation}\n"


def _markdown(rule: Rule) -> str:
    lines, uris = rule.remediation, (rule.help_uri, *rule.references)
    return "\n\n".join(
        (
            "### Terraform",
            fenced(lines.terraform.strip(), "hcl"),
            "### CloudFormation",
            fenced(lines.cloudformation.strip(), "yaml"),
            "\n".join(f"- <{uri}>" for uri in uris),
        )
    )


def _result(
    result: Result, report: Report, indexes: dict[str, int], places: FindingPlaces, fingerprints: Fingerprints
) -> dict[str, object]:
    place = places.of(result)
    return {
        "ruleId": result.policy,
        "ruleIndex": indexes[result.policy],
        "level": result.severity,
        "message": {"text": _message(result, report)},
        "locations": [
            {
                "physicalLocation": _physical(place),
                "logicalLocations": [{"fullyQualifiedName": inert(result.address), "kind": "resource"}],
            }
        ],
        **_related(place),
        "partialFingerprints": {"primaryLocationLineHash": fingerprints.of(result)},
        "baselineState": "new" if counts(result, report) else "unchanged",
    }


_HAPPENS = {"called": "the module is called here", "used": "the value is used here"}


def _related(place: Place) -> dict[str, object]:
    """The argument that a value is used in, and the module calls that lead to the place, where it is in a module."""
    if not place.calls:
        return {}
    return {
        "relatedLocations": [
            {"id": number, "physicalLocation": _physical(call), "message": {"text": _HAPPENS[call.how]}}
            for number, call in enumerate(place.calls, start=1)
        ]
    }


def _message(result: Result, report: Report) -> str:
    """What is wrong, how to mend it and where; the first sentence is the title. What would be a link is broken."""
    message = inert(result.message, LONGEST_MESSAGE)
    sentence = message if message[-1:] in (".", "!", "?", "…") else f"{message}."
    fixes = fix(result, report)
    mend = inert(f" Fix: {'; '.join(fixes)}.", LONGEST_MESSAGE) if fixes else ""
    dates = priced_when(result, report)
    dated = f" From {dates}." if dates else ""
    return f"{sentence}{mend} Block: {inert(result.address)}.{dated}".replace("](", "] (")


def _physical(place: Place) -> dict[str, object]:
    """All four fields of a region, which need not be more than a character: the line is what is shown."""
    region = {
        "startLine": place.line,
        "startColumn": place.column,
        "endLine": place.line,
        "endColumn": place.column + 1,
    }
    return {"artifactLocation": {"uri": quote(place.path, errors="backslashreplace")}, "region": region}
