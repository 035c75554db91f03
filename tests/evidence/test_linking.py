"""Which endpoint of a change is which of the bundle: never the nearest, and never one of two."""

from typing import Any

import pytest
from msgspec.structs import replace

from guardrail.evidence.bundle import Bundle
from guardrail.evidence.linking import EvidenceLinks, notes
from guardrail.evidence.standing import endpoint_of
from guardrail.model import Endpoint, InstanceVariant, Unknown
from tests.evidence.stories import HOURS, account_of, bundle_of, described, invocations

LATER = Unknown("known after apply")


def bundle(*names: str, **more: Any) -> Bundle:
    return bundle_of(account_of(*(described(name, **more) for name in names)), invocations((HOURS, 1)))


def declared(name: str | Unknown = "shop", **changes: Any) -> Endpoint:
    """The endpoint that was observed as shop, as a change declares it."""
    return replace(endpoint_of(bundle("shop").endpoints[0]), address="e", name=name, account=None, **changes)


def variant(name: str | Unknown = "a", model: str | Unknown | None = "m") -> InstanceVariant:
    return InstanceVariant(
        name=name, shadow=False, instance_type="ml.m5.xlarge", initial_instance_count=1, model_name=model
    )


def linked(of: Bundle, endpoint: Endpoint) -> str | None:
    found = EvidenceLinks(of).of(endpoint).evidence
    return None if found is None else found.name


def test_a_name_links_within_its_region_and_account() -> None:
    assert linked(bundle("shop", "other"), declared()) == "shop"
    assert linked(bundle("shop"), declared(region="eu-west-1")) is None
    assert linked(bundle("shop"), declared(region=LATER)) is None
    assert linked(bundle("shop"), replace(declared(), account="999999999999")) is None
    assert linked(bundle("shop"), replace(declared(), account="111122223333")) == "shop"
    assert linked(bundle("shop"), declared("shop2")) is None


def test_of_two_accounts_with_one_name_nobody_knows_which() -> None:
    one = bundle("shop")
    both = replace(one, endpoints=(*one.endpoints, replace(one.endpoints[0], account="999999999999")))
    assert linked(both, declared()) is None
    assert "several may be meant" in str(EvidenceLinks(both).of(declared()).note)
    assert linked(both, replace(declared(), account="999999999999")) == "shop"


def test_a_variant_links_by_its_name_and_the_only_one_where_that_is_not_known() -> None:
    links = EvidenceLinks(bundle("shop"))
    assert links.of(declared(variants=(variant("a"), variant("b")))).places == (0, None)
    assert "variant b" in str(links.of(declared(variants=(variant("a"), variant("b")))).note)
    assert links.of(declared(variants=(variant(LATER),))).places == (0,)
    assert links.of(declared(variants=(variant(LATER), variant(LATER)))).places == (None, None)
    assert links.of(declared(variants=LATER)).evidence is None


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({}, "shop"),  # it has its model, and no other has
        ({"variants": (variant(model="another"),)}, None),
        ({"variants": (variant("b"),)}, None),
        ({"variants": (variant(model=LATER),), "tags": {"team": "search"}}, "shop"),
        ({"variants": (variant(model=LATER),), "tags": {"team": "ads"}}, None),
        ({"variants": (variant(model=LATER),)}, None),
    ],
)
def test_a_name_that_is_made_up_on_apply_links_by_tags_and_models(changes: dict[str, Any], name: str | None) -> None:
    of = bundle("shop", tags={"team": "search"})
    assert linked(of, declared(LATER, **changes)) == name


def test_of_two_alike_a_name_that_is_made_up_links_to_neither() -> None:
    assert linked(bundle("shop-1", "shop-2"), declared(LATER)) is None


def test_what_there_is_no_evidence_of_is_a_note() -> None:
    assert notes(EvidenceLinks(bundle("shop")), [declared(), declared("other")]) == [
        "no evidence of e: nothing called other was observed there"
    ]


def test_what_is_made_anew_under_a_made_up_name_is_none_of_those_that_there_are() -> None:
    # a second endpoint of the same model is not idle since the first was last asked
    again = declared(LATER, change="create")
    assert linked(bundle("shop"), again) is None
    assert linked(bundle("shop"), declared(change="create")) == "shop"  # a plan without a state knows its name


def test_who_is_told_by_its_models_is_named() -> None:
    note = EvidenceLinks(bundle("shop")).of(declared(LATER)).note
    assert note == "e is taken for shop, the only one that has its tags or models"
    assert EvidenceLinks(bundle("shop")).of(declared()).note is None
