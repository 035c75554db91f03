"""One report of 500 endpoints with 1,500 findings, in one format; in none, the making of it alone.

python benchmarks/render.py [FORMAT]
"""

import pathlib
import sys
from collections.abc import Sequence
from decimal import Decimal

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from msgspec import structs

from guardrail.assess.judging import rules
from guardrail.policy.base import Result, Rule
from guardrail.policy.load import bundled
from guardrail.report import EndpointReport, Report
from guardrail.reporters import reporter
from guardrail.reporters.base import Options
from tests.reporters.reports import chat, docs, finding, report

ENDPOINTS = 500
FINDINGS_EACH = 3


def endpoint(number: int) -> EndpointReport:
    """A real-time or an asynchronous endpoint with two lines of bill, or four."""
    item = docs() if number % 2 else chat()
    address = f"module.services.aws_sagemaker_endpoint.service_{number:04}"
    return structs.replace(item, endpoint=structs.replace(item.endpoint, name=f"service-{number:04}", address=address))


def results(endpoints: int, known: Sequence[Rule]) -> list[Result]:
    """Three findings on each endpoint, of three policies in turn, the dearest first."""
    found = []
    for number in range(endpoints):
        address = f"module.services.aws_sagemaker_endpoint.service_{number:04}"
        for at in range(FINDINGS_EACH):
            rule = known[(number + at) % len(known)]
            found.append(
                finding(
                    rule.id,
                    severity=("error", "warning", "note")[at],
                    address=address,
                    endpoint=address,
                    message=f"service-{number:04} / main runs 2 × ml.m5.xlarge around the clock: no scaling target "
                    f"follows its traffic, up to {number}.00 USD a month (1 × {number}.00 for instances)",
                    saving_monthly=Decimal(number),
                    remediation=rule.remediation,
                )
            )
    order = {"error": 0, "warning": 1, "note": 2}
    return sorted(found, key=lambda one: (order[one.severity], -int(one.saving_monthly), one.policy, one.address))


def made(endpoints: int) -> Report:
    known = rules(bundled())
    return report(
        endpoints=tuple(endpoint(number) for number in range(endpoints)),
        results=tuple(results(endpoints, known)),
        rules=known,
    )


if __name__ == "__main__":
    answer = made(ENDPOINTS)
    for name in sys.argv[1:]:
        print(reporter(name).render(answer, Options()))
