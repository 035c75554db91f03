"""Assignments of undecided parameters."""

from guardrail.sources.template.world import Assignment, Other, Variable, described


def test_an_assignment_is_described_by_what_its_values_are_and_are_not() -> None:
    assignment: Assignment = {
        "Stage": "prod",
        "Tier": Other(frozenset({"gold", "blue"})),
        "Size": Other(frozenset()),
        "Key": "s3cret",
    }
    variables = {name: Variable({}, is_closed=False, is_hidden=name == "Key") for name in assignment}
    assert described(assignment, variables) == "Stage=prod, Tier other than blue or gold, any Size, Key hidden"
