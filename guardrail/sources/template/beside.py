"""Other templates of a run, as far as what they hold and what this one holds belong together.

An endpoint may take its configuration from another template, and its scaling from a third: by a name, or by an output
that one exports and another imports. Two templates that call a resource by the same name are not deployed side by side,
but one instead of the other (``dev.yaml``, ``prod.yaml``), and so are never linked.
"""

from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import replace

from guardrail.sources.declarations import (
    Declaration,
    DeclaredComponent,
    DeclaredConfiguration,
    DeclaredEndpoint,
    DeclaredExperiment,
    DeclaredScaling,
    Link,
)
from guardrail.sources.linking.link import Linked

_ENDPOINT = "endpoint"
_CONFIGURATION = "configuration"
_KINDS: dict[type[Declaration], str] = {
    DeclaredEndpoint: _ENDPOINT,
    DeclaredConfiguration: _CONFIGURATION,
    DeclaredComponent: "inference-component",
}


def belong_together(own: Sequence[Declaration], other: Sequence[Declaration]) -> bool:
    """Whether one of two templates names, or mentions, something of the other, and neither stands in for the other."""
    names, other_names = set(_names(own)), set(_names(other))
    if names & other_names:
        return False
    return _reaches(own, other, other_names) or _reaches(other, own, names)


def _reaches(those: Iterable[Declaration], others: Iterable[Declaration], names: set[tuple[str, str]]) -> bool:
    """Whether a link of ``those`` leads to one of ``others``, whose names are ``names``."""
    addresses = {declaration.address for declaration in others}
    for kind, link in _links(those):
        if link.spelled is not None and _of_resource_id(kind, link.spelled) in names:
            return True
        if any(reference.address in addresses for reference in link.references):
            return True
    return False


def _names(declarations: Iterable[Declaration]) -> Iterator[tuple[str, str]]:
    """The names of a template's resources, or what others call them by where a name is unknown, with their kinds."""
    for declaration in declarations:
        if type(declaration) in _KINDS and declaration.called is not None:
            yield _KINDS[type(declaration)], declaration.called


def _links(declarations: Iterable[Declaration]) -> Iterator[tuple[str, Link]]:
    """What the resources of a template belong to, with the kind of what that is."""
    for declaration in declarations:
        if isinstance(declaration, DeclaredEndpoint):
            yield _CONFIGURATION, declaration.configuration
        elif isinstance(declaration, (DeclaredComponent, DeclaredExperiment)):
            yield _ENDPOINT, declaration.endpoint
        elif isinstance(declaration, DeclaredScaling):
            yield "", declaration.resource


def _of_resource_id(kind: str, called: str) -> tuple[str, str]:
    """A name with its kind; of a resource id, ``endpoint/chat/variant/main``, what it says of both."""
    if kind:
        return kind, called
    kind, _, rest = called.partition("/")
    return kind, rest.partition("/")[0]


def without(linked: Linked, foreign: set[str]) -> Linked:
    """What was linked, without what is another template's and is reported there."""
    inventory = linked.inventory
    return replace(
        linked,
        inventory=replace(
            inventory,
            endpoints=tuple(endpoint for endpoint in inventory.endpoints if endpoint.address not in foreign),
            unattached=tuple(variant for variant in inventory.unattached if variant.address not in foreign),
            workflows=tuple(each for each in inventory.workflows if each.block_address not in foreign),
            strays=tuple(stray for stray in inventory.strays if stray.address not in foreign),
        ),
        skipped=tuple(resource for resource in linked.skipped if resource.address not in foreign),
        modelled=linked.modelled - foreign,
        partial=linked.partial - foreign,
    )
