"""Claims of scaling targets on the variants of one endpoint, each by itself."""

from typing import Any

import pytest

from guardrail.model import INSTANCE_COUNT, PROVISIONED_CONCURRENCY, InstanceVariant, ScalableTarget, Unknown
from guardrail.sources.linking.claims import Claim, misdirected


def named(name: str | Unknown) -> InstanceVariant:
    return InstanceVariant(name=name, instance_type="ml.m5.large", initial_instance_count=1, shadow=False)


MAIN, SECOND = named("a"), named("b")
TARGET = ScalableTarget(address="t", dimension=PROVISIONED_CONCURRENCY, min_capacity=1, max_capacity=2)


def claim(variant: str | int | None, dimension: str = PROVISIONED_CONCURRENCY, target: Any = TARGET) -> Claim:
    declared: Any = None
    return Claim(target=target, declared=declared, variant=variant, hint=None, dimension=dimension)


@pytest.mark.parametrize(
    ("one", "variants", "found"),
    [
        (claim("a"), (MAIN,), [MAIN]),
        (claim("a", INSTANCE_COUNT), (MAIN,), []),
        (claim("a", ""), (MAIN,), []),
        (claim("c", INSTANCE_COUNT), (MAIN,), [None]),
        (claim("${var.name}"), (MAIN,), []),
        (claim(1), (MAIN, SECOND), [SECOND]),
        (claim(2), (MAIN, SECOND), []),
        (claim(None), (MAIN,), [MAIN]),
        (claim(None), (MAIN, SECOND), []),
        (claim(None, target=Unknown("managed elsewhere")), (MAIN,), []),
    ],
    ids=[
        "another dimension",
        "its dimension",
        "an unknown dimension",
        "no variant of that name",
        "a name that is known in part",
        "an index",
        "an index of none",
        "a lost name of the only variant",
        "a lost name of one of two",
        "a policy whose target is elsewhere",
    ],
)
def test_a_claim_misses_what_it_certainly_names_and_does_not_fit(
    one: Claim, variants: tuple[InstanceVariant, ...], found: list[InstanceVariant | None]
) -> None:
    assert [variant for _, variant in misdirected(variants, [one])] == found


def test_no_name_is_missing_where_one_is_unknown() -> None:
    assert list(misdirected((MAIN, named(Unknown("later"))), [claim("c")])) == []
