"""What happens to each resource, told from both sides of a change."""

from typing import Any

from guardrail.model import Unknown
from guardrail.sources.base import Block, Computed, Reference, View
from guardrail.sources.linking.changes import changes
from guardrail.sources.vocabulary.spellings import spelling_of

CONFIGURATION, ENDPOINT = "AWS::SageMaker::EndpointConfig", "AWS::SageMaker::Endpoint"


def block(address: str, type_: str, *, region: str = "us-east-1", provider: str = "", **values: Any) -> Block:
    return Block(
        address=address,
        type=type_,
        provider=provider,
        region=region,
        attributes=View(values, spelling_of(type_)),
        change="no-op",
        references=lambda _attribute, _wanted: (),
    )


def by_address(*blocks: Block) -> dict[str, Block]:
    return {each.address: each for each in blocks}


def naming(address: str) -> Computed:
    return Computed("known only at deployment", references=(Reference(address, "EndpointConfigName"),))


def test_what_stands_on_one_side_alone_comes_or_goes() -> None:
    old, new = block("Old", ENDPOINT), block("New", ENDPOINT)
    assert changes(by_address(old), by_address(new)) == {"Old": "delete", "New": "create"}


def test_an_endpoint_that_mentions_a_replaced_configuration_is_updated_though_it_reads_as_before() -> None:
    small, large = (block("C", CONFIGURATION, ProductionVariants=[{"InstanceType": size}]) for size in ("a", "b"))
    endpoint, beside = block("E", ENDPOINT, EndpointConfigName=naming("C")), block("F", ENDPOINT)
    happens = changes(by_address(small, endpoint, beside), by_address(large, endpoint, beside))
    assert happens == {"C": "replace", "E": "update", "F": "no-op"}


def test_a_replaced_endpoint_replaces_what_takes_its_name_for_one_that_cannot_change() -> None:
    target = block("T", "AWS::ApplicationAutoScaling::ScalableTarget", ResourceId=naming("E"), MaxCapacity=2)
    old, new = block("E", ENDPOINT, EndpointName="a"), block("E", ENDPOINT, EndpointName="b")
    assert changes(by_address(old, target), by_address(new, target)) == {"E": "replace", "T": "replace"}


def test_what_moves_to_another_region_account_or_type_is_another_resource() -> None:
    here = block("E", ENDPOINT)
    for elsewhere in (
        block("E", ENDPOINT, region="eu-west-1"),
        block("E", ENDPOINT, provider="aws.eu"),
        block("E", CONFIGURATION),
    ):
        assert changes(by_address(here), by_address(elsewhere)) == {"E": "replace"}


def test_what_is_rewritten_behind_a_value_that_reads_alike_is_an_update() -> None:
    one = block("E", ENDPOINT, Tags=Unknown("known only after apply"))
    assert changes(by_address(one), by_address(one)) == {"E": "no-op"}
    assert changes(by_address(one), by_address(one), {"E"}) == {"E": "update"}


def test_one_part_that_cannot_be_changed_in_place_replaces_the_whole() -> None:
    """An endpoint takes another configuration in place, and another name not."""
    old, new = (block("E", ENDPOINT, EndpointName=name, EndpointConfigName=name) for name in ("a", "b"))
    assert changes(by_address(old), by_address(new)) == {"E": "replace"}


def test_what_is_updated_and_takes_the_name_of_a_replaced_one_is_replaced_too() -> None:
    small, large = (
        block("T", "AWS::ApplicationAutoScaling::ScalableTarget", ResourceId=naming("E"), MaxCapacity=most)
        for most in (2, 3)
    )
    old, new = block("E", ENDPOINT, EndpointName="a"), block("E", ENDPOINT, EndpointName="b")
    assert changes(by_address(old, small), by_address(new, large)) == {"E": "replace", "T": "replace"}


def test_what_comes_with_a_replaced_one_comes() -> None:
    target = block("T", "AWS::ApplicationAutoScaling::ScalableTarget", ResourceId=naming("E"), MaxCapacity=2)
    old, new = block("E", ENDPOINT, EndpointName="a"), block("E", ENDPOINT, EndpointName="b")
    assert changes(by_address(old), by_address(new, target)) == {"E": "replace", "T": "create"}
