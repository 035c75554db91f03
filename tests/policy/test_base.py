"""Addresses and the blocks they are instances of; what is open of several results, told once."""

from guardrail.policy.base import AppliedWaiver, Undecided, indexes, undecided, without_indexes
from tests.reporters.reports import finding


def test_an_address_without_its_indexes_is_that_of_its_block() -> None:
    address = 'module.a["x]\\"y"].aws_sagemaker_endpoint.e[0]'
    assert without_indexes(address) == "module.a.aws_sagemaker_endpoint.e"
    assert indexes(address) == '["x]\\"y"][0]'


def test_what_keeps_instances_of_one_block_open_is_told_once() -> None:
    known = {"verdict": "open", "reason": "known only after apply"}
    results = (
        finding("a", address='t.c["x"]', **known),
        finding("b", address='t.c["y"]', severity="warning", **known),
        finding("a", address='t.c["y"]', **known),
        finding("a", address="t.c", reason="its type is not known", verdict="open"),
        finding("a", address="t.c", source="other.json", **known),
        finding("a", address="t.c"),
    )
    found = undecided(results)
    assert [(each.block, each.addresses, each.policies, each.reason) for each in found] == [
        ("t.c", ('t.c["x"]', 't.c["y"]'), ("a", "b"), "known only after apply"),
        ("t.c", ("t.c",), ("a",), "its type is not known"),
        ("t.c", ("t.c",), ("a",), "known only after apply"),
    ]
    assert found[0].severity == "error"


def test_a_single_instance_keeps_its_key_and_without_a_reason_the_message_is_one() -> None:
    (one,) = undecided([finding(address='t.c["x"]', verdict="open", message="nobody knows")])
    assert one == Undecided((finding(address='t.c["x"]', verdict="open", message="nobody knows"),))
    assert (one.block, one.reason) == ('t.c["x"]', "nobody knows")


def test_the_terms_of_a_waiver_name_its_owner_where_it_has_one() -> None:
    waiver = AppliedWaiver(reason="load test", until="2027-01-31", owner=None, origin=".guardrail.yml")
    assert waiver.terms == "until 2027-01-31: load test"
    assert AppliedWaiver(reason="r", until="2027-01-31", owner="ada", origin="o").terms == "until 2027-01-31 by ada: r"
