"""A bundle that somebody wrote by hand, hash and all: refused in one line, or judged, never a traceback."""

import copy
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from guardrail.commands.utilization import formats
from guardrail.errors import GuardrailError
from guardrail.evidence import bundle_file, usage_file
from guardrail.evidence.bundle import Bundle
from guardrail.evidence.judge import fleet
from guardrail.evidence.observations import Observations
from guardrail.evidence.standing import endpoint_of
from guardrail.prices.book import PriceBook
from tests.evidence.stories import HOURS, account_of, bundle_of, cpu, described, invocations, memory

ODD: tuple[object, ...] = (0, 10**14, "", None, "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z")
BOOK = PriceBook()


def told() -> dict[str, Any]:
    week = [(3, 300, 240, 14400, 60), (1, 3000, 2100, 126000, 60), (164, 300, 240, 14400, 60)]
    seen = bundle_of(
        account_of(described(instance_type="ml.m4.10xlarge")),
        cpu(*week, *week),
        memory((HOURS, 6, 5, 300, 60)),
        invocations((HOURS, 48)),
    )
    found: dict[str, Any] = json.loads(bundle_file.text(seen))
    return found


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every key with a value, and the first of each list."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from places(one, (*path, key))
    elif isinstance(value, list):
        yield path
        yield from places(value[0], (*path, 0)) if value else ()
    else:
        yield path


def test_odd_values_are_refused_or_judged() -> None:
    plain, judged = told(), 0
    for path in {path[-1]: path for path in places(plain)}.values():  # of equal parts one
        for odd in ODD:
            changed = copy.deepcopy(plain)
            where: Any = changed
            for step in path[:-1]:
                where = where[step]
            where[path[-1]] = odd
            try:
                made = msgspec.json.decode(json.dumps(changed), type=Bundle)
                bundle = bundle_file.read("odd.json", bundle_file.text(made).encode())
            except (GuardrailError, msgspec.DecodeError):
                continue
            say_everything(bundle)
            judged += 1
    assert judged > 50  # or nothing was held


def say_everything(bundle: Bundle) -> None:
    found = fleet.judged(bundle, BOOK)
    for name in ("table", "json"):
        assert formats.written(found, fleet.jobs(bundle, BOOK), bundle, name)
    assert usage_file.text(bundle.endpoints, bundle.jobs)
    seen = Observations(bundle, BOOK)
    for one in bundle.endpoints:
        modelled = endpoint_of(one)
        for place in range(len(one.variants)):
            seen.of(modelled, place, headroom_percent=Decimal(20), percentile="p99", idle_hours=Decimal(24))


def test_a_hash_of_ones_own_does_not_make_a_number_measurable() -> None:
    changed = told()
    changed["endpoints"][0]["variants"][0]["segments"][0]["cpu_cores"]["p99"] = -3
    made = msgspec.json.decode(json.dumps(changed), type=Bundle)
    with pytest.raises(GuardrailError, match="nothing was measured to be"):
        bundle_file.read("odd.json", bundle_file.text(made).encode())
