"""What alternatives add to a plan of a thousand endpoints that has been read and priced.

Endpoints that are alike but for their names are worked out once, so a thousand that all differ take longer, about 1 ms
each. A check that does not ask for them imports none of it (tests/test_footprint.py).
"""

import pathlib

from generate import main as generate
from harness import Result, Target, above, best, guardrail, once, python

PRICED, ADDED, CHECK = "read and price", "and alternatives", "check --alternatives"
PROGRAM = """
import gc, sys
gc.disable()
from guardrail import sources
from guardrail.alternatives.engine import AlternativesEngine
from guardrail.alternatives.together import together
from guardrail.policy.environment import Environments
from guardrail.prices.book import PriceBook
endpoints = sources.read(sys.argv[1]).after.endpoints
engine, environments = AlternativesEngine(PriceBook()), Environments()
for endpoint in endpoints:
    engine.estimator.endpoint(endpoint)
"""
MORE = """
for endpoint in endpoints:
    engine.of(endpoint, environments.of(endpoint))
    engine.not_offered(endpoint, environments.of(endpoint))
together(engine, endpoints, environments.of)
"""


def measure(folder: pathlib.Path, rounds: int) -> Result:
    path = folder / "plan 10,000 resources.json"
    once(path, generate, ["--resources", "10000", "-o", str(path)])
    commands = {
        PRICED: python(PROGRAM, path),
        ADDED: python(PROGRAM + MORE, path),
        CHECK: guardrail("check", path, "--alternatives", "--format", "json"),
    }
    found = best(commands, rounds)
    return Result(
        "Alternatives",
        {"10,000 resources": found},
        [Target("a thousand endpoints, added to reading and pricing", 0.2, "s", above(found, ADDED, PRICED))],
    )
