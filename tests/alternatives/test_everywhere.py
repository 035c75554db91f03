"""What holds for every alternative of every type in every region."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from guardrail.alternatives.engine import AlternativesEngine
from guardrail.cost.estimate import Estimator
from guardrail.model import InstanceVariant
from guardrail.prices.base import Price
from guardrail.sources.base import SecretText
from tests.alternatives.built import PRICES, container, endpoint, model, variant
from tests.alternatives.test_instances import scaled

REGIONS = PRICES.regions()


@pytest.mark.parametrize("region", REGIONS)
def test_alternatives_are_priced_offered_cheaper_and_say_what_they_lack(region: str) -> None:
    engine, kinds = AlternativesEngine(PRICES), set()
    for name, price in PRICES.hosting_prices(region).items():
        spec = PRICES.instance(name)
        if spec is None:
            continue
        (alternatives,) = engine.of(endpoint(variant(name), region=region))
        kinds |= {each.kind for each in alternatives}
        amounts = [each.usd for each in alternatives if each.usd is not None]
        assert amounts == sorted(amounts, reverse=True)
        assert all(amount > 0 for amount in amounts)
        for each in alternatives:
            if each.kind in ("instances", "batch", "savings-plan", "serverless", "asynchronous"):
                continue
            other_type = str(each.instance_type)
            other, other_price = PRICES.instance(other_type), PRICES.hosting(region, other_type)
            assert other is not None
            assert isinstance(other_price, Price), (name, other_type)
            assert PRICES.offered(region, other_type) is True
            assert other_price.usd < price.usd
            assert other_price.suspect is None
            lost = " ".join(each.loses)
            each_gib, other_each_gib = spec.accelerator_memory_gib or 0, other.accelerator_memory_gib or 0
            if spec.accelerators * each_gib > other.accelerators * other_each_gib or each_gib > other_each_gib:
                assert "GiB of GPU memory" in lost or "GiB of accelerator memory" in lost
            assert bool(spec.accelerators) == bool(other.accelerators)
            assert (other.vcpus < spec.vcpus) == ("vCPUs" in lost)
            assert (other.memory_gib < spec.memory_gib) == ("GiB of memory" in lost)
            assert other.architecture == spec.architecture or each.kind == "graviton"
    assert kinds >= {"smaller", "savings-plan"}  # of every region something is told
    if region in ("us-east-1", "us-west-2"):
        assert kinds >= {
            "type",
            "generation",
            "less-memory",
            "graviton",
            "accelerator",
            "neuron",
            "serverless",
            "batch",
        }


TYPES = sorted(name for name in PRICES.hosting_prices("us-east-1") if PRICES.instance(name) is not None)
OTHER_TYPES = ("type", "generation", "smaller", "less-memory", "graviton", "accelerator", "neuron")


@st.composite
def variants(draw: st.DrawFn) -> InstanceVariant:
    """A variant of any type, that may scale, with a volume, and a model that says what it takes."""
    least, count, most = sorted(draw(st.lists(st.integers(1, 6), min_size=3, max_size=3)))
    degree, number_format = draw(st.sampled_from([None, 1, 2, 4])), draw(st.sampled_from([None, "bf16", "fp16"]))
    return variant(
        draw(st.sampled_from(TYPES)),
        initial_instance_count=count,
        volume_size_gb=draw(st.sampled_from([None, 20, 500])),
        scaling=scaled(least, most) if draw(st.booleans()) else None,
        model=model(container(tensor_parallel_degree=degree, number_format=number_format)),
    )


@given(variants(), st.sampled_from([None, "5", "14", "40"]))
@settings(max_examples=150, deadline=None)
def test_a_saving_is_the_difference_of_two_estimates_within_what_the_model_allows(
    it: InstanceVariant, memory_gib: str | None
) -> None:
    tags = {} if memory_gib is None else {"guardrail:model-memory-gib": memory_gib}
    ((*alternatives,),) = AlternativesEngine(PRICES).of(endpoint(it, tags=tags))
    (told,) = it.model.containers  # type: ignore[union-attr, misc]
    before = Estimator(PRICES).endpoint(endpoint(it)).monthly
    for each in alternatives:
        if each.kind not in OTHER_TYPES:
            continue
        other = PRICES.instance(str(each.instance_type))
        assert other is not None
        changed = replace(it, instance_type=each.instance_type)
        changed = replace(changed, volume_size_gb=None) if other.takes_volume is False else changed
        after = Estimator(PRICES).endpoint(endpoint(changed)).monthly
        for bound in ("floor", "expected", "ceiling"):
            assert getattr(each.saving, bound) == getattr(before, bound) - getattr(after, bound)
        room = other.accelerators * (other.accelerator_memory_gib or 0) if other.accelerators else other.memory_gib
        assert memory_gib is None or room >= Decimal(memory_gib)
        cores = 2 if other.accelerator_kind == "neuron" else 1  # of Inferentia2 and Trainium; inf1 is superseded
        assert other.accelerators * cores >= int(str(told.tensor_parallel_degree or 0))
        assert told.number_format != "bf16" or other.accelerator_name != "T4"
        assert it.scaling is None or any("deregister" in one for one in each.breaks)
        assert it.scaling is None or not other.burstable


@given(st.lists(variants(), min_size=2, max_size=5), st.sampled_from([None, "45"]))
@settings(max_examples=40, deadline=None)
def test_an_answer_that_alike_endpoints_share_is_that_of_each(many: list[InstanceVariant], minutes: str | None) -> None:
    """Whatever was asked of an engine before, it says what a new one says."""
    once = AlternativesEngine(PRICES)
    for place, it in enumerate([*many, *many]):
        one = endpoint(it, address=f"e{place}", two_fleets_minutes=None if minutes is None else float(minutes))
        assert once.of(one) == AlternativesEngine(PRICES).of(one)
        assert once.not_offered(one) == AlternativesEngine(PRICES).not_offered(one)


@pytest.mark.parametrize("instance_type", [SecretText("ml.m5.xlarge", "${…}"), "ml.\ud800"], ids=["secret", "half"])
def test_a_type_that_is_secret_or_no_whole_text_is_asked_for_like_any_other(instance_type: str) -> None:
    """Secret text is text, and half a character, which JSON can write, is in no price table."""
    engine = AlternativesEngine(PRICES)
    one, same, other = (endpoint(variant(instance_type=each)) for each in (instance_type, instance_type, "ml.c5.large"))
    assert engine.of(one) == engine.of(same) != engine.of(other)


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-3"])
def test_what_it_costs_instead_is_what_an_estimate_of_it_says(region: str) -> None:
    engine = AlternativesEngine(PRICES)
    for name in list(PRICES.hosting_prices(region))[::9]:
        (alternatives,) = engine.of(endpoint(variant(name), region=region))
        present = engine.estimator.endpoint(endpoint(variant(name), region=region)).monthly.expected
        for each in alternatives:
            if each.instance_type is None or each.kind in ("instances", "batch"):
                continue
            other = engine.estimator.endpoint(endpoint(variant(each.instance_type), region=region)).monthly.expected
            assert isinstance(present, Decimal)
            assert isinstance(other, Decimal)
            assert each.usd == present - other
