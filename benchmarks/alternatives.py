"""What alternatives add to a check that asks for them: a thousand endpoints, and what may stand together of them.

    python benchmarks/alternatives.py                a plan of 10,000 resources, best of three
    python benchmarks/alternatives.py --plan FILE    a plan of your own

The plan is read and priced first; what is timed is what comes on top. A check never imports any of it
(tests/test_start_up.py).
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile
import time

from guardrail import sources
from guardrail.alternatives.engine import AlternativesEngine
from guardrail.alternatives.together import together
from guardrail.policy.environment import Environments
from guardrail.prices.book import PriceBook

HERE = pathlib.Path(__file__).resolve().parent
LIMIT_S = 0.2


def measured(path: str) -> tuple[int, float, float]:
    """How many endpoints there are, and the seconds of CPU that their alternatives and their consolidation take."""
    endpoints = sources.read(path).after.endpoints
    engine, environments = AlternativesEngine(PriceBook()), Environments()
    for endpoint in endpoints:
        engine.estimator.endpoint(endpoint)
    start = time.process_time()
    for endpoint in endpoints:
        engine.of(endpoint, environments.of(endpoint))
        engine.not_offered(endpoint, environments.of(endpoint))
    each = time.process_time() - start
    start = time.process_time()
    together(engine, endpoints, environments.of)
    return len(endpoints), each, time.process_time() - start


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plan", help="a plan in JSON")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = arguments.plan or f"{folder}/plan.json"
        if arguments.plan is None:
            generate = [sys.executable, str(HERE / "generate.py"), "--resources", "10000", "-o", path]
            subprocess.run(generate, check=True)
        count, each, shared = min((measured(path) for _ in range(arguments.rounds)), key=lambda found: sum(found[1:]))
    total = each + shared
    print(f"{count:,} endpoints: alternatives {each:.3f} s, together {shared:.3f} s")
    print(f"added at most {LIMIT_S} s: {total:.3f} s, {'met' if total <= LIMIT_S else 'NOT MET'}")
    return int(total > LIMIT_S)


if __name__ == "__main__":
    sys.exit(main())
