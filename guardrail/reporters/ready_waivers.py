"""Waivers that are ready to be pasted into the settings, where they are refused until somebody gives a reason."""

import json
import re
from collections.abc import Iterable
from datetime import date, timedelta

from guardrail.policy.base import NO_REASON
from guardrail.report import Report
from guardrail.reporters.findings import Finding
from guardrail.reporters.wording import inert

MOST_WAIVERS = 5
WAIVER_DAYS = 60
"""Days from today that such a waiver would hold, where the settings do not set fewer."""
_KEY = re.compile(r'\[(?:"(?:[^"\\]|\\.)*"|[^\]"]*)\]')
_PLAIN_YAML = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")


def ready_waivers(findings: Iterable[Finding], report: Report) -> str:
    """An entry for each block and policy, the first few; those of 2026-11-22 end on 2027-01-21.

    Empty where nothing can be accepted: what is said of all together, and policies that allow no waiver.
    """
    days = WAIVER_DAYS if report.max_waiver_days is None else min(WAIVER_DAYS, report.max_waiver_days)
    until = date.fromisoformat(report.today) + timedelta(days)
    firm = {rule.id for rule in report.rules if not rule.waivable}
    blocks = dict.fromkeys(
        (each.dearest.policy, _pattern(each))
        for each in findings
        if each.dearest.endpoint is not None and each.dearest.policy not in firm
    )
    entries = [
        f"  - policy: {_scalar(policy)}\n    address: {_scalar(address)}\n    until: {until}\n    reason: {NO_REASON}"
        for policy, address in list(blocks)[:MOST_WAIVERS]
    ]
    return "\n".join(["waivers:", *entries]) if entries else ""


def _pattern(finding: Finding) -> str:
    """The address, with ``*`` for the keys of several instances."""
    if len({result.address for result in finding.results}) == 1:
        return finding.dearest.address
    return _KEY.sub("*", finding.dearest.address)


def _scalar(text: str) -> str:
    """Text as YAML has it; JSON's strings are YAML's, too."""
    return text if _PLAIN_YAML.fullmatch(text) else json.dumps(inert(text), ensure_ascii=False)
