"""Examples inside policies: a description that cannot be what it says is an error, and a wrong promise is told."""

import re
from functools import cache
from typing import Any

import pytest
from msgspec import structs

from guardrail.errors import PolicyError
from guardrail.policy import examples, load
from guardrail.policy.policy import Examples
from guardrail.prices.book import PriceBook

POLICY = next(policy for policy in load.bundled() if policy.id == "async-scales-to-zero")
VARIANT = {"instance_type": "ml.m5.large", "initial_instance_count": 1}
FAILS: dict[str, Any] = {"because": "b", "endpoint": {"mode": "async"}, "variant": VARIANT}


@cache
def prices() -> PriceBook:
    return PriceBook()


def problems(shown: Examples) -> list[str | None]:
    return [outcome.problem for outcome in examples.run(structs.replace(POLICY, examples=shown), prices())]


def test_an_example_that_gets_its_verdict_has_no_problem() -> None:
    assert problems(Examples(failing=[FAILS])) == [None]


def test_an_example_that_gets_another_verdict_says_which_and_why() -> None:
    (problem,) = problems(Examples(passing=[FAILS]))
    assert problem is not None
    assert problem.startswith("expected pass, got fail: example has no scaling target")


@pytest.mark.parametrize(
    ("expected", "problem"),
    [
        ({"saving": "84.51"}, None),
        ({"saving": "84.50"}, "expected a saving of 84.50, got 84.51"),
        ({"message": "no"}, "expected the message 'no', got"),
    ],
)
def test_what_is_expected_must_come_out(expected: dict[str, str], problem: str | None) -> None:
    (got,) = problems(Examples(failing=[FAILS | {"expect": expected}]))
    assert got is None if problem is None else got is not None and got.startswith(problem)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"variantt": VARIANT}, "examples.fail[0].variantt: unknown key, did you mean variant?"),
        ({"endpoint": {"mod": "async"}}, "endpoint.mod: unknown key, did you mean mode?"),
        ({"variant": {"instance_typ": "x"}}, "instance_typ: unknown key, did you mean instance_type?"),
        ({"variant": {"instance_type": "x"}}, "missing required argument 'initial_instance_count'"),
        ({"params": {"max": 1}}, "params.max: unknown key"),
        ({"expect": {"savings": 1}}, "expect.savings: unknown key, did you mean saving?"),
    ],
)
def test_a_description_that_is_none_is_an_error(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(PolicyError, match=re.escape(problem)):
        problems(Examples(failing=[FAILS | changes]))
