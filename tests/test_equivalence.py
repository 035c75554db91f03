"""One stack in four languages is one inventory and one bill.

Addresses, places, generated names and the words of a reason are a language's own; everything else has to be equal.
"""

from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import structs

from guardrail import sources
from guardrail.cost.base import Estimate
from guardrail.cost.estimate import estimate
from guardrail.model import ChangeSet, Unknown
from guardrail.prices.book import PriceBook
from guardrail.sources.options import InputOptions

STACKS = Path(__file__).parent / "equivalence"
LANGUAGES = ("template.yaml", "sam.yaml", "cdk.out")

BILLS = {
    # ml.g4dn.xlarge for asynchronous inference 0.921 * 730 = 672.33, on local disks; 0, 1 to begin with, at most 5.
    "async": ("0", "672.33", "3361.65"),
    # ml.g5.12xlarge 8.866 * 730 = 6472.18, on local disks; managed scaling from 0 to 3, 1 to begin with.
    "components": ("0", "6472.18", "19416.54"),
    # ml.m5.xlarge 0.276 * 730 = 201.48 and 20 GB at 0.1666 = 3.332, so 204.812 each; 2 to begin with, and from the
    # first evening on 1 to 2, for no other action sets the 2 to 6 of the target again.
    "realtime": ("204.812", "409.624", "409.624"),
    # A slot of 4 GB kept warm: 730 * 3600 s * 0.0000240706 = 63.2575368; 1, 2 to begin with, at most 10.
    "serverless": ("63.2575368", "126.5150736", "632.575368"),
    # 3 of ml.c5.4xlarge: (0.931 * 730 + 16 * 0.1666) * 3 = 2046.8868; a shadow on ml.c5.2xlarge: 0.466 * 730
    # + 8 * 0.1666 = 341.5128.
    "shadow": ("2388.3996", "2388.3996", "2388.3996"),
}
"""Floor, expected and ceiling in USD a month, from pricing/eu-central-1.csv; 730 hours a month."""

OWN = {
    "address",
    "assumptions",
    "configuration_address",
    "configuration_location",
    "label",
    "lines",
    "location",
    "missing",
    "touched",
}
"""Fields in which languages differ without meaning different things."""


def read(stack: str, language: str) -> ChangeSet:
    return sources.read(str(STACKS / stack / language), InputOptions(region="eu-central-1"))


def meaning(thing: Any) -> Any:
    """What a thing of the model means, without what is a language's own."""
    if isinstance(thing, Unknown):
        return "unknown"
    if isinstance(thing, msgspec.Struct):
        fields = structs.asdict(thing)
        return {
            name: origins(value) if name == "origins" else meaning(value)
            for name, value in fields.items()
            if name not in OWN
        }
    if isinstance(thing, dict):
        return {key: meaning(value) for key, value in thing.items()}
    if isinstance(thing, (list, tuple)):
        return [meaning(value) for value in thing]
    return thing


def origins(words: dict[str, str]) -> dict[str, str]:
    """Where numbers come from, without the address of the block."""
    return {name: text.rpartition(" ")[0] or text for name, text in words.items()}


def bill(change_set: ChangeSet) -> Estimate:
    return estimate(change_set.after, PriceBook())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("stack", BILLS)
def test_a_stack_means_the_same_in_every_language(stack: str, language: str) -> None:
    plan, template = read(stack, "plan.json"), read(stack, language)
    assert meaning(template.after) == meaning(plan.after)
    assert template.skipped == plan.skipped == ()
    assert (
        template.coverage == plan.coverage or stack == "realtime"
    )  # a scheduled action is a resource of its own there
    assert len(template.after.endpoints) == 1


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("stack", BILLS)
def test_a_stack_costs_the_same_in_every_language(stack: str, language: str) -> None:
    plan, template = bill(read(stack, "plan.json")), bill(read(stack, language))
    assert [meaning(each) for each in template.endpoints.values()] == [
        meaning(each) for each in plan.endpoints.values()
    ]
    assert meaning(template.total) == meaning(plan.total)


@pytest.mark.parametrize("language", ["plan.json", *LANGUAGES])
@pytest.mark.parametrize("stack", BILLS)
def test_a_stack_costs_what_the_price_table_says(stack: str, language: str) -> None:
    total = bill(read(stack, language)).total
    assert (total.floor, total.expected, total.ceiling) == tuple(map(Decimal, BILLS[stack]))
