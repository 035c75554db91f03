"""Quantities: what surely counts is in both bounds, what may count in the upper one, and groups are judged one by one.

Prices are those of us-east-1: ml.g5.xlarge (one GPU) 1.408, ml.m5.large (none) 0.115 USD per hour.
"""

from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from msgspec import structs

from guardrail.cost.estimate import estimate
from guardrail.errors import PolicyError
from guardrail.model import Endpoint, InferenceComponent, InstanceVariant, Inventory, Unknown
from guardrail.policy.base import Remediation, Result
from guardrail.policy.environment import Environments
from guardrail.policy.evaluate import Members, evaluate_stack
from guardrail.policy.load import check
from guardrail.policy.policy import Parameter, Policy, Quantity
from guardrail.policy.subject import Evaluation, Subject
from guardrail.prices.book import PriceBook

WHY = Unknown("the variable has no value")
GPU, CPU = "ml.g5.xlarge", "ml.m5.large"
ON_GPUS = {"instance.accelerators": {"gt": 0}}
GPUS = Quantity(of="variant", where=ON_GPUS, sum="variant.expected_instances")


@cache
def prices() -> PriceBook:
    return PriceBook()


def endpoint(name: Any, *variants: Any, **changes: Any) -> Endpoint:
    """An endpoint with a variant for each pair of type and count."""
    made = tuple(
        InstanceVariant(name=f"v{at}", shadow=False, instance_type=kind, initial_instance_count=count)
        for at, (kind, count) in enumerate(variants)
    )
    fields: dict[str, Any] = {
        "address": f"endpoint.{name}",
        "name": name,
        "region": "us-east-1",
        "mode": "realtime",
        "variants": made,
        "configuration_address": None,
    }
    return Endpoint(**(fields | changes))


def members(*endpoints: Endpoint, before: tuple[Endpoint, ...] | None = None, complete: bool = True) -> Members:
    return Members(after=subjects(endpoints), before=None if before is None else subjects(before), complete=complete)


def subjects(endpoints: tuple[Endpoint, ...]) -> tuple[tuple[Subject, bool], ...]:
    costs = estimate(Inventory(endpoints=endpoints), prices())
    world, environments = Evaluation(prices()), Environments()
    return tuple(
        (
            Subject(world, one, environment=environments.of(one), cost=costs.endpoints[one.address]),
            one.deployed == "yes",
        )
        for one in endpoints
    )


def policy(require: dict[str, Any] | None = None, **changes: Any) -> Policy:
    fields: dict[str, Any] = {
        "id": "p",
        "title": "There are few GPUs",
        "severity": "error",
        "applies_to": "stack",
        "quantities": {"gpus": GPUS},
        "require": require or {"quantity.gpus": {"at_most": 4}},
        "message": "{quantity.gpus:instance} with GPUs",
        "remediation": Remediation(terraform="", cloudformation=""),
        "help_uri": "https://wiki.example.com",
    }
    return Policy(**(fields | changes))


def results(judged: Policy, of: Members) -> list[Result]:
    check(judged)
    amount = estimate(Inventory(), prices()).total
    before = None if of.before is None else amount
    return evaluate_stack([judged], before=before, after=amount, delta=None, budgets={}, members=of)


def result(judged: Policy, of: Members) -> Result:
    (only,) = results(judged, of)
    return only


# One quantity --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counts", "verdict", "message"),
    [
        ((3, 1), "pass", "There are few GPUs"),
        ((3, 2), "fail", "5 instances with GPUs."),
        ((WHY, 2), "open", "undecided: There are few GPUs."),
        ((WHY, 5), "fail", "at least 5 instances with GPUs."),
    ],
)
def test_what_is_known_decides_as_far_as_it_does(counts: Any, verdict: str, message: str) -> None:
    found = result(policy(), members(*(endpoint(f"e{at}", (GPU, count)) for at, count in enumerate(counts))))
    assert (found.verdict, found.address) == (verdict, "stack")
    assert found.message == message


def test_what_is_not_picked_does_not_count_and_what_may_be_counts_at_most() -> None:
    """Two on GPUs and nine on none: two. A type that is not known may have some: open above two, never a failure."""
    known = members(endpoint("a", (GPU, 2), (CPU, 9)))
    few = policy({"quantity.gpus": {"at_most": 2}})
    assert result(few, known).verdict == "pass"
    doubtful = members(endpoint("a", (GPU, 2), (WHY, 1)))
    assert result(few, doubtful).verdict == "open"
    assert result(policy({"quantity.gpus": {"at_most": 3}}), doubtful).verdict == "pass"
    assert result(policy({"quantity.gpus": {"at_least": 2}}), doubtful).verdict == "pass"
    assert result(policy({"quantity.gpus": {"at_least": 3}}), doubtful).verdict == "open"


def test_endpoints_and_components_are_counted_and_serverless_has_no_instances() -> None:
    component = InferenceComponent(address="c", name="c", variant_name=None, copies=3)
    of = members(endpoint("a", (GPU, 1), inference_components=(component, component)), endpoint("b", (CPU, 1)))
    for quantity, count in (
        (Quantity(of="endpoint"), 2),
        (Quantity(of="endpoint", where={"some": ON_GPUS}), 1),
        (Quantity(of="variant"), 2),
        (Quantity(of="inference_component"), 2),
        (Quantity(of="inference_component", sum="component.copies"), 6),
        (
            Quantity(of="endpoint", sum="endpoint.monthly_floor_usd"),
            Decimal("1027.84") + Decimal("83.95") + Decimal("0.56"),
        ),
    ):
        exact = policy({"quantity.it": count}, quantities={"it": quantity}, message="{quantity.it}")
        assert result(exact, of).verdict == "pass", (quantity, result(exact, of).message)


def test_what_was_not_read_may_be_more() -> None:
    of = members(endpoint("a", (GPU, 2)), complete=False)
    assert result(policy(), of).verdict == "open"
    assert result(policy({"quantity.gpus": {"at_least": 2}}), of).verdict == "pass"
    assert result(policy({"quantity.gpus": {"at_most": 1}}), of).verdict == "fail"


def test_variants_that_are_declared_elsewhere_may_be_any_number() -> None:
    of = members(endpoint("a", (GPU, 1)), endpoint("b", variants=WHY))
    found = result(policy(), of)
    assert (found.verdict, found.reason) == ("open", WHY.reason)


def test_an_endpoint_that_may_not_be_there_counts_at_most() -> None:
    of = members(endpoint("a", (GPU, 4)), endpoint("b", (GPU, 1), deployed="possibly"))
    assert result(policy(), of).verdict == "open"
    assert result(policy({"quantity.gpus": {"at_least": 5}}), of).verdict == "open"
    assert result(policy({"quantity.gpus": {"at_most": 5}}), of).verdict == "pass"


def test_of_an_unknown_environment_only_what_is_for_production_is_sure() -> None:
    of = members(endpoint("chat", (GPU, 5)))
    tests = structs.replace(GPUS, where=ON_GPUS | {"endpoint.environment": "non-production"})
    assert result(policy(quantities={"gpus": tests}), of).verdict == "open"
    live = structs.replace(GPUS, where=ON_GPUS | {"endpoint.environment": "production"})
    assert result(policy(quantities={"gpus": live}), of).verdict == "fail"


# Groups --------------------------------------------------------------------------------------------------------------


def teams(*pairs: tuple[Any, int], **changes: Any) -> Members:
    return members(*tagged(*pairs), **changes)


def tagged(*pairs: tuple[Any, int]) -> tuple[Endpoint, ...]:
    return tuple(
        endpoint(f"e{at}", (GPU, count), tags={} if team is None else team if team is WHY else {"Team": team})
        for at, (team, count) in enumerate(pairs)
    )


def test_each_group_has_a_verdict_of_its_own() -> None:
    found = results(policy(per="endpoint.tags.Team"), teams(("search", 3), ("ads", 4), ("search", 2), (None, 1)))
    assert [(one.address, one.verdict) for one in found] == [
        ("totals[ads]", "pass"),
        ("totals[search]", "fail"),
        ("totals[(none)]", "pass"),
    ]
    assert found[1].message == "search: 5 instances with GPUs."
    assert {one.endpoint for one in found} == {None}  # so that none is ever in a baseline


def test_an_endpoint_of_an_unknown_team_may_be_of_each_and_fails_none() -> None:
    found = results(policy(per="endpoint.tags.Team"), teams(("search", 3), ("ads", 5), (WHY, 2)))
    assert [(one.address, one.verdict) for one in found] == [
        ("totals[ads]", "fail"),
        ("totals[search]", "open"),
        ("totals[(unknown)]", "pass"),
    ]
    alone = results(policy(per="endpoint.tags.Team"), teams((WHY, 9)))
    assert [(one.address, one.verdict) for one in alone] == [("totals[(unknown)]", "open")]


def test_a_group_may_have_a_limit_of_its_own() -> None:
    limits = Parameter(description="GPUs.", type="mapping", default={"search": 8, "ads": 2})
    require = {"quantity.gpus": {"at_most": {"param": "limits", "of": {"field": "group.key"}}}}
    own = policy(
        require, per="endpoint.tags.Team", params={"limits": limits}, message="{group.key} has {quantity.gpus}"
    )
    found = results(own, teams(("search", 5), ("ads", 3), ("maps", 1)))
    assert [(one.address, one.verdict) for one in found] == [
        ("totals[ads]", "fail"),
        ("totals[maps]", "fail"),  # nobody has agreed on any
        ("totals[search]", "pass"),
    ]


def test_a_name_of_a_group_is_printed_without_control_characters() -> None:
    found = results(policy(per="endpoint.tags.Team"), teams(("se\x1b[2Jarch", 9)))
    assert found[0].address == "totals[se[2Jarch]"


# What stood before ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "now", "status"),
    [
        ((("search", 5),), (("search", 5),), "existing"),
        ((("search", 6),), (("search", 5),), "existing"),
        ((("search", 5),), (("search", 6),), "new"),
        ((("search", 4),), (("search", 5),), "new"),
        ((("ads", 5),), (("search", 5),), "new"),
        (None, (("search", 5),), "new"),
    ],
)
def test_a_group_that_was_over_its_limit_and_does_not_grow_is_an_existing_finding(
    before: Any, now: Any, status: str
) -> None:
    of = teams(*now, before=None if before is None else tagged(*before))
    (found,) = results(policy(per="endpoint.tags.Team"), of)
    assert (found.verdict, found.status) == ("fail", status)


# Mistakes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        (
            {"applies_to": "endpoint"},
            "quantities: quantities are of everything together, so they need applies_to: stack",
        ),
        (
            {"quantities": {}, "per": "endpoint.tags.Team", "require": {"totals.after.floor": {"lt": 1}}},
            "no quantities to",
        ),
        ({"per": "endpoint.tags"}, "per: endpoint.tags is no text, and groups are made by texts"),
        ({"per": "variant.name"}, "per: variant.name is no field of a policy that applies to endpoint"),
        (
            {"quantities": {"gpus": Quantity(of="variant", sum="variant.name")}},
            "quantities.gpus.sum: variant.name cannot be",
        ),
        (
            {"quantities": {"gpus": Quantity(of="variant", where={"variant.shade": True})}},
            "quantities.gpus.where.variant.shade",
        ),
        ({"quantities": {"gpus": Quantity(of="endpoint", where=ON_GPUS)}}, "to ask its variants: {each: {instance.acc"),
        (
            {"quantities": {"gpus": Quantity(of="endpoint", sum="totals.after.floor")}},
            "totals.after.floor cannot be added up",
        ),
        (
            {"quantities": {"g.p": Quantity(of="endpoint")}, "require": {"quantity.g.p": 1}},
            "g.p is no name: it has letters",
        ),
        ({"per": "endpoint.tags."}, "per: endpoint.tags. names no tag"),
        ({"require": {"quantity.gpu": 1}}, "there is no field quantity.gpu: declare it under quantities"),
        ({"message": "{group.key} has many"}, "there is no field group.key: declare it under quantities, and say per"),
        (
            {"require": {"quantity.gpus": {"at_most": {"field": "totals.after.floor"}}}},
            "cannot compare instances with totals",
        ),
    ],
)
def test_a_mistake_in_a_quantity_names_its_place(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(PolicyError) as error:
        check(policy(**changes))
    assert problem in error.value.message


# Secrets -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quantity", "message"),
    [
        (GPUS, "(sensitive)s with GPUs."),
        (Quantity(of="variant", where=ON_GPUS), "(sensitive)s with GPUs."),
        (Quantity(of="variant"), "2s with GPUs."),
        (Quantity(of="endpoint", sum="endpoint.monthly_floor_usd"), "6,167.04s with GPUs."),
    ],
)
def test_what_rests_on_a_sensitive_number_is_not_told(quantity: Quantity, message: str) -> None:
    """Amounts a month are all that may be shown of it: 1.408 × 730 × (1 + 5) = 6,167.04."""
    hidden = endpoint("b", (GPU, 5))
    variants = tuple(structs.replace(one, sensitive=True) for one in hidden.variants)  # type: ignore[union-attr] # known
    of = members(endpoint("a", (GPU, 1)), structs.replace(hidden, variants=variants))
    few = policy({"quantity.gpus": {"at_most": 1}}, quantities={"gpus": quantity}, message="{quantity.gpus}s with GPUs")
    found = result(few, of)
    assert (found.verdict, found.message) == ("fail", message)
