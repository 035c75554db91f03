"""Traps retold from public reports, where they lie beside the checkout: what may be offered, what for, what not."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from guardrail import sources
from guardrail.alternatives.base import Alternative
from guardrail.alternatives.engine import AlternativesEngine
from guardrail.alternatives.jobs import of_job
from guardrail.alternatives.together import together
from guardrail.cost.demand import WorkflowDemand
from guardrail.model import Inventory
from guardrail.policy.environment import Environments
from guardrail.sources.options import InputOptions, SourceOptions
from tests.alternatives.built import PRICES

TRAPS = Path(__file__).resolve().parents[3] / "shared" / "cases" / "fixes"
CENT = Decimal("0.01")
ENVIRONMENTS = Environments()

pytestmark = pytest.mark.skipif(not TRAPS.is_dir(), reason="../shared is not beside the checkout")


def expected(case: str) -> Any:
    return json.loads((TRAPS / case / "expected.json").read_text())


def read(case: str) -> Inventory:
    (change_set,) = sources.read_terraform([str(TRAPS / case)], SourceOptions(environment={}, base=str(TRAPS)))
    return change_set.after


def offered(case: str) -> dict[str, dict[str, Alternative]]:
    """By endpoint, what is offered by the name of what is run."""
    engine = AlternativesEngine(PRICES)
    return {
        endpoint.address.rpartition(".")[2]: {
            each.name: each for each in engine.of(endpoint, ENVIRONMENTS.of(endpoint))[0]
        }
        for endpoint in read(case).endpoints
    }


def not_offered(case: str, name: str) -> dict[str, str]:
    (endpoint,) = [each for each in read(case).endpoints if each.address.endswith(f".{name}")]
    return {each.name: each.reason for each in AlternativesEngine(PRICES).not_offered(endpoint)[0]}


def cases() -> list[str]:
    return sorted(path.name for path in TRAPS.glob("a*") if (path / "main.tf").exists())


@pytest.mark.parametrize("case", cases())
def test_what_may_be_offered_is_and_for_that_much(case: str) -> None:
    found = offered(case)
    for name, variant in expected(case).get("variants", {}).items():
        may = variant.get("may_offer")
        for what, told in may.items() if isinstance(may, dict) else ():
            amount = told["saving"] if isinstance(told, dict) else told
            names = [each for each in found[name] if each == what or (what == "1 instance" and each.startswith("1 × "))]
            assert names, (name, what)
            usd = found[name][names[0]].usd
            assert usd is not None
            if amount[0].isdigit():
                assert usd.quantize(CENT) == Decimal(amount)


@pytest.mark.parametrize("case", cases())
def test_what_must_not_be_offered_is_not(case: str) -> None:
    found = offered(case)
    for name, variant in expected(case).get("variants", {}).items():
        for what in (*variant.get("must_not_offer", ()), *variant.get("not_as_saving", ())):
            assert not [each for each in found[name] if each == what or each.startswith(f"{what},")], (name, what)


@pytest.mark.parametrize(
    ("case", "name", "what", "words"),
    [
        ("a01-graviton-images", "bert", "ml.c6g.xlarge", "no arm64 image is known for this repository"),
        ("a01-graviton-images", "torch", "ml.c7g.xlarge", "image pytorch-inference-graviton: type and image change"),
        ("a01-graviton-images", "own", "ml.c6g.xlarge", "the image is built for arm64 (not known)"),
        ("a02-newer-is-dearer", "a", "ml.c5.xlarge", "8 of 16 GiB of memory"),
        ("a03-gpu-memory", "llm", "ml.inf2.xlarge", "another image (Neuron) and a model compiled"),
        ("a04-scaled-variant", "chat", "ml.m5.2xlarge", "deregister it first, or give the variant another name"),
        ("a04-scaled-variant", "chat", "ml.m5.2xlarge", "on 8 of 16 vCPUs it is about 600"),
        ("a06-volume-and-local-disk", "chat", "ml.m6gd.xlarge", "volume_size_in_gb must go"),
        ("a06-volume-and-local-disk", "chat", "ml.m6gd.xlarge", "local disk of 237 GB"),
        ("a07-serverless", "plain", "serverless, 2 GB", "memory of the model up to 6,144 MiB (unknown"),
        ("a07-serverless", "plain", "serverless, 2 GB", "a new endpoint"),
        ("a10-two-in-production", "shop", "1 × ml.m5.xlarge", "Security Hub SageMaker.4 wants more than one instance"),
        ("a10-two-in-production", "play", "1 × ml.m5.xlarge", "Security Hub SageMaker.4 wants more than one instance"),
    ],
)
def test_what_must_be_named_is(case: str, name: str, what: str, words: str) -> None:
    one = offered(case)[name][what]
    assert words in "; ".join((*one.loses, *one.conditions, *one.breaks))


def test_nothing_is_certain_of_a_smaller_type_under_scaling() -> None:
    assert offered("a04-scaled-variant")["chat"]["ml.m5.2xlarge"].basis == "upper-bound"


def test_what_is_no_saving_has_its_sign_and_a_limit_its_reason() -> None:
    assert not_offered("a02-newer-is-dearer", "a")["ml.m7i.xlarge"] == "a newer generation, 8.76 a month more"
    assert not_offered("a02-newer-is-dearer", "b")["ml.c6i.xlarge"] == "a newer generation, the same price"
    assert not_offered("a02-newer-is-dearer", "d")["ml.inf2.xlarge"] == "a newer generation, 506.45 a month more"
    for name, variant in expected("a07-serverless")["variants"].items():
        said = not_offered("a07-serverless", name).get("serverless", "")
        words = {"several variants": "second production variant", "network isolation": "network isolation"}
        reason = variant.get("reason", "")
        assert words.get(reason, reason) in said


def test_the_break_even_is_the_one_worked_out() -> None:
    even = offered("a07-serverless")["plain"]["serverless, 2 GB"].break_even
    wanted = expected("a07-serverless")["variants"]["plain"]["break_even"]
    assert even is not None
    assert even.seconds_a_month == Decimal(wanted["seconds_a_month"])


def test_what_may_share_an_instance_is_what_is_alike() -> None:
    found = together(AlternativesEngine(PRICES), read("a08-consolidation").endpoints, ENVIRONMENTS.of)
    wanted = expected("a08-consolidation")
    multi = [each for each in found if each.kind == "multi-model"]
    groups = [sorted(address.rpartition(".")[2] for address in each.endpoints) for each in multi]
    assert groups == wanted["together"]["multi-model"]
    assert [each.usd for each in multi] == [Decimal(wanted["saving"]["a, b"])]


def test_a_transform_job_gets_what_transform_takes() -> None:
    (workflow,) = sources.read(
        str(TRAPS / "a11-transform" / "machine.asl.json"), InputOptions(region="us-east-1")
    ).after.workflows
    found = {each.name: each for each in of_job(PRICES, workflow, 0, WorkflowDemand())}
    assert set(expected("a11-transform")["may_offer"]) <= set(found)
    refused = ("ml.m6g", "ml.c6g", "ml.c7g", "ml.r5.", "ml.m5d.", "ml.c5d.", "ml.inf2.")
    assert not [name for name in found if name.startswith(refused)]
