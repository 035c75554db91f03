"""Which endpoint of a change is which of the bundle: by account, region, name and variant.

A name that the provider makes up is not known before it is applied: such an endpoint is the one of its region that has
its tags and serves its models, if exactly one does, which is said; one that is made anew is none of those that there
are. What cannot be told is a note, and never the nearest one.
"""

from collections import defaultdict
from collections.abc import Iterable

from msgspec import Struct

from guardrail.evidence.bundle import Bundle, EndpointEvidence
from guardrail.model import Endpoint, Unknown


class EvidenceLink(Struct, frozen=True, kw_only=True):
    """An endpoint with what was observed of it."""

    evidence: EndpointEvidence | None = None
    places: tuple[int | None, ...] = ()
    """By variant of the endpoint, its place in the evidence; None of one that was not there."""
    note: str | None = None
    """Why there is no evidence of it, or of one of its variants, or by what it was told."""


class EvidenceLinks:
    """The endpoints of a bundle by what tells them apart."""

    def __init__(self, bundle: Bundle) -> None:
        self._by_name: dict[str, list[EndpointEvidence]] = defaultdict(list)
        self._by_variants: dict[tuple[str, frozenset[str]], list[EndpointEvidence]] = defaultdict(list)
        for each in bundle.endpoints:
            self._by_name[each.name].append(each)
            self._by_variants[each.region, frozenset(variant.name for variant in each.variants)].append(each)

    def of(self, endpoint: Endpoint) -> EvidenceLink:
        """What was observed of an endpoint."""
        found = self._found(endpoint)
        if isinstance(found, str):
            return EvidenceLink(note=f"no evidence of {endpoint.address}: {found}")
        if isinstance(endpoint.variants, Unknown):
            return EvidenceLink(note=f"no evidence of {endpoint.address}: its variants are not known")
        names = {variant.name: place for place, variant in enumerate(found.variants)}
        is_only = len(found.variants) == len(endpoint.variants) == 1
        places = tuple(
            0
            if is_only and isinstance(each.name, Unknown)
            else names.get(each.name)
            if isinstance(each.name, str)
            else None
            for each in endpoint.variants
        )
        lacking = [str(each.name) for each, place in zip(endpoint.variants, places, strict=True) if place is None]
        note = f"no evidence of {endpoint.address}, variant {', '.join(lacking)}" if lacking else None
        if note is None and not isinstance(endpoint.name, str):
            note = f"{endpoint.address} is taken for {found.name}, the only one that has its tags or models"
        return EvidenceLink(evidence=found, places=places, note=note)

    def _found(self, endpoint: Endpoint) -> EndpointEvidence | str:
        """The endpoint in the bundle, or why there is none that is surely this one."""
        if isinstance(endpoint.name, str):
            named = [each for each in self._by_name.get(endpoint.name, ()) if _may_be(endpoint, each)]
            return _only(named, f"nothing called {endpoint.name} was observed there")
        if endpoint.change == "create":
            return "it is made anew, under a name that is made up on apply"
        variants = () if isinstance(endpoint.variants, Unknown) else endpoint.variants
        names = frozenset(each.name for each in variants if isinstance(each.name, str))
        there = self._by_variants.get((str(endpoint.region), names), ()) if len(names) == len(variants) else ()
        alike = [each for each in there if _may_be(endpoint, each) and _is_like(endpoint, each)]
        return _only(alike, "its name is made up on apply, and nothing observed has its tags and models")


def _only(found: list[EndpointEvidence], otherwise: str) -> EndpointEvidence | str:
    if len(found) > 1:
        places = ", ".join(sorted({f"{each.account} {each.region} {each.name}" for each in found})[:3])
        return f"several may be meant ({places})"
    return found[0] if found else otherwise


def _may_be(endpoint: Endpoint, found: EndpointEvidence) -> bool:
    """Whether account and region do not say that it is another one; the region must be known."""
    same_account = endpoint.account is None or endpoint.account == found.account
    return same_account and endpoint.region == found.region


def _is_like(endpoint: Endpoint, found: EndpointEvidence) -> bool:
    """Whether variants of the same names have the same models, or else the endpoint the same tags."""
    if isinstance(endpoint.variants, Unknown):
        return False
    models = {each.model_name for each in endpoint.variants if isinstance(each.model_name, str)}
    seen = {name for each in found.variants for name in each.models}
    if models and seen and models != seen:
        return False
    tags = endpoint.tags if isinstance(endpoint.tags, dict) else {}
    shared = {name: value for name, value in tags.items() if isinstance(value, str)}
    has_tags = bool(shared) and all(found.tags.get(name) == value for name, value in shared.items())
    return has_tags or bool(models and models == seen)


def notes(links: EvidenceLinks, endpoints: Iterable[Endpoint]) -> list[str]:
    """What there is no evidence of among endpoints that stand already."""
    return [note for each in endpoints if (note := links.of(each).note) is not None]
