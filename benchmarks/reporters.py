"""CPU and bytes of every report format for 500 endpoints with 1,500 findings.

    python benchmarks/reporters.py
    python benchmarks/reporters.py --endpoints 1000 --rounds 3

Times are CPU seconds of this process, best of the rounds. The first rendering of a format, which imports it and, for
html, compiles the template, is shown as well: that is what one run of `guardrail check` pays.
"""

import argparse
import pathlib
import sys
import time
from decimal import Decimal

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from msgspec import structs

from guardrail.policy.base import Result, Rule
from guardrail.policy.load import bundled
from guardrail.report import EndpointReport, Report
from guardrail.reporters import FORMATS, reporter
from guardrail.reporters.base import Options
from guardrail.reporters.markdown import COMMENT_LIMIT
from guardrail.reporters.sarif import MOST_RESULTS
from tests.reporters.reports import chat, docs, finding, report

TARGET_S = 1.5
FINDINGS_EACH = 3


def rules() -> list[Rule]:
    """The bundled policies, with remediations as long as they are."""
    return [
        Rule(
            id=policy.id,
            title=policy.title,
            severity=policy.severity,
            topic=policy.topic,
            remediation=policy.remediation,
            help_uri=policy.help_uri,
            references=tuple(policy.references),
        )
        for policy in bundled()
    ]


def endpoint(number: int) -> EndpointReport:
    """A real-time or an asynchronous endpoint with two lines of bill, or four."""
    item = docs() if number % 2 else chat()
    address = f"module.services.aws_sagemaker_endpoint.service_{number:04}"
    return structs.replace(item, endpoint=structs.replace(item.endpoint, name=f"service-{number:04}", address=address))


def results(endpoints: int, known: list[Rule]) -> list[Result]:
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
    known = rules()
    return report(
        endpoints=tuple(endpoint(number) for number in range(endpoints)),
        results=tuple(results(endpoints, known)),
        rules=tuple(known),
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--endpoints", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    answer = made(arguments.endpoints)
    print(f"{arguments.endpoints:,} endpoints, {len(answer.results):,} findings\n")
    print(f"{'format':10} {'first':>9} {'best':>9} {'bytes':>12}")
    firsts = 0.0
    for name in FORMATS:
        times, text = [], ""
        for _ in range(arguments.rounds):
            started = time.process_time()
            text = reporter(name).render(answer, Options())
            times.append(time.process_time() - started)
        firsts += times[0]
        print(f"{name:10} {1000 * times[0]:6.1f} ms {1000 * min(times):6.1f} ms {len(text.encode()):12,}")
    comment = len(reporter("markdown").render(answer, Options()).encode())
    good = firsts <= TARGET_S and comment < COMMENT_LIMIT
    print(f"\nall of them, each for the first time: {firsts:.2f} s, promised {TARGET_S} s")
    print(f"comment: {comment:,} bytes, GitHub takes {COMMENT_LIMIT:,}; SARIF: at most {MOST_RESULTS:,} results")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
