"""Claims of scaling targets on the variants of one endpoint, each by itself."""

from types import SimpleNamespace
from typing import Any

import pytest

from guardrail.model import INSTANCE_COUNT, PROVISIONED_CONCURRENCY, InstanceVariant, ScalableTarget, Unknown
from guardrail.sources.base import Reference
from guardrail.sources.declarations import Link
from guardrail.sources.linking.claims import Claim, misdirected, scaled, variant_of


def named(name: str | Unknown) -> InstanceVariant:
    return InstanceVariant(name=name, instance_type="ml.m5.large", initial_instance_count=1, shadow=False)


MAIN, SECOND = named("a"), named("b")
TARGET = ScalableTarget(address="t", dimension=PROVISIONED_CONCURRENCY, min_capacity=1, max_capacity=2)


BLOCK: Any = SimpleNamespace(address="T")
ON_INSTANCES = ScalableTarget(address="t", dimension=INSTANCE_COUNT, min_capacity=1, max_capacity=2)


def claim(variant: str | int | None, dimension: str = PROVISIONED_CONCURRENCY, target: Any = TARGET) -> Claim:
    return Claim(target=target, declared=BLOCK, variant=variant, hint=None, dimension=dimension)


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


@pytest.mark.parametrize(
    ("hint", "scaling"),
    [
        ("a", ["t", None]),
        ("c", [Unknown, Unknown]),
        (None, [Unknown, Unknown]),
    ],
    ids=["the key of one", "the key of none", "no key"],
)
def test_a_target_without_a_variant_is_on_the_one_that_its_key_names_else_perhaps_on_each(
    hint: str | None, scaling: list[object]
) -> None:
    lost = Claim(target=ON_INSTANCES, declared=BLOCK, variant=None, hint=hint, dimension=INSTANCE_COUNT)
    assert on((MAIN, SECOND), lost) == scaling


def on(variants: tuple[InstanceVariant, ...], one: Claim) -> list[object]:
    """What a claim makes of each variant: the address of its target, `Unknown` where that is open, or None."""
    found = [variant.scaling for variant in scaled(variants, [one])]
    return [each.address if isinstance(each, ScalableTarget) else each and type(each) for each in found]


@pytest.mark.parametrize(
    ("attribute", "variant"),
    [("production_variants[1].variant_name", 1), ("name", "${aws_sagemaker_endpoint_configuration.c.name}")],
)
def test_a_variant_without_a_name_of_its_own_is_told_by_its_place(attribute: str, variant: int | str) -> None:
    """The provider makes the name up on apply, and source says whose it is."""
    text = f"endpoint/chat/variant/${{aws_sagemaker_endpoint_configuration.c.{attribute}}}"
    assert variant_of(Link(value=Unknown("generated on apply", text), text=text)) == variant


LATER = Unknown("known after apply", "${var.b}")


@pytest.mark.parametrize(
    ("name", "variants", "scaling"),
    [
        ("${var.v}", ["a"], ["t"]),
        ("${var.v}", ["a", "b"], [Unknown, Unknown]),
        ("x-${var.v}", ["x-a", "b"], ["t", None]),
        ("x-${var.v}-blue", ["x-blue"], [None]),
        ("${f({a = 1})}-blue", ["x-blue", "x-green"], ["t", None]),
        ("${var.b}", [LATER, "a"], ["t", None]),
        ("${var.v}", [LATER], [Unknown]),
        ("${var.v}", [LATER, "a"], [Unknown, Unknown]),
        ("c", ["a", LATER], [None, Unknown]),
    ],
)
def test_a_target_on_a_name_that_is_known_in_part_is_on_the_one_that_can_have_it_else_perhaps_on_each(
    name: str, variants: list[str | Unknown], scaling: list[object]
) -> None:
    """An endpoint that something may scale is never one that nothing scales: its most would be too little."""
    assert on(tuple(map(named, variants)), claim(name, INSTANCE_COUNT, ON_INSTANCES)) == scaling


def test_an_index_of_five_thousand_digits_is_no_place_of_a_variant() -> None:
    """No list has so many items; the text is a name like any other, and the reference leads to no variant."""
    attribute = f"production_variants[{'9' * 5_000}].variant_name"
    name = f"${{aws_sagemaker_endpoint_configuration.chat.{attribute}}}"
    assert variant_of(Link(value=f"endpoint/chat/variant/{name}")) == name
    reference = Reference(address="aws_sagemaker_endpoint_configuration.chat", attribute=attribute)
    assert variant_of(Link(value=None, references=(reference,))) is None
