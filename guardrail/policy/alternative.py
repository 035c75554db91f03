"""Other instance types for a variant: cheaper ones within a policy's limits, and the successor of its own."""

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from guardrail.later import Later
from guardrail.model import Unknown
from guardrail.policy.policy import Value
from guardrail.policy.subject import Subject

if TYPE_CHECKING:
    from guardrail.cost import alternatives
    from guardrail.cost.alternatives import PricedType
else:
    alternatives = Later("guardrail.cost.alternatives")

LISTED = 3
"""How many alternatives a finding names."""


def fitting(subject: Subject, parameters: Mapping[str, Value]) -> "tuple[PricedType, ...] | Unknown":
    """Cheaper types within the limits ``max_hourly_usd``, ``max_vcpus``, ``max_accelerators`` and ``max_memory_gib``.

    Limits that the policy does not declare do not hold. None are listed for a variant of several pools, for which
    there is no single type to replace. Unknown where the type or the region is.
    """
    place = _place(subject)
    if place is None or isinstance(place, Unknown) or subject.world is None:
        return () if not isinstance(place, Unknown) else place
    region, instance_type = place
    limits = alternatives.Limits(
        max_hourly_usd=_decimal(parameters.get("max_hourly_usd")),
        max_vcpus=_integer(parameters.get("max_vcpus")),
        max_accelerators=_integer(parameters.get("max_accelerators")),
        max_memory_gib=_decimal(parameters.get("max_memory_gib")),
    )
    return alternatives.cheaper(subject.world.prices, region, instance_type, limits, most=LISTED)


def cheapest(subject: Subject, parameters: Mapping[str, Value]) -> "PricedType | Unknown | None":
    """The first of `fitting`: the one with most of what the variant has, and the cheapest of these."""
    found = fitting(subject, parameters)
    return found if isinstance(found, Unknown) else next(iter(found), None)


def next_generation(subject: Subject, parameters: Mapping[str, Value]) -> "PricedType | Unknown | None":
    """What succeeds the variant's type by the parameter ``successors``; None where nothing does, or has no price."""
    place = _place(subject)
    if place is None or isinstance(place, Unknown) or subject.world is None:
        return place if isinstance(place, Unknown) else None
    region, instance_type = place
    successors = parameters.get("successors")
    families = successors.get(family_of(instance_type)) if isinstance(successors, Mapping) else None
    if not families:
        return None
    return alternatives.successor(subject.world.prices, region, instance_type, tuple(families))


def family_of(instance_type: str) -> str:
    """``m5`` of ``ml.m5.xlarge``, for types that no table has too."""
    parts = instance_type.split(".")
    return parts[1] if len(parts) == 3 else instance_type  # noqa: PLR2004 - prefix, family, size


def _place(subject: Subject) -> tuple[str, str] | Unknown | None:
    """Region and type of a variant that has one type."""
    types = subject.instance_types()
    endpoint = subject.endpoint
    if len(types) != 1 or endpoint is None:
        return None
    if isinstance(endpoint.region, Unknown):
        return endpoint.region
    return types[0] if isinstance(types[0], Unknown) else (endpoint.region, types[0])


def _decimal(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _integer(value: Any) -> int | None:
    return None if value is None else int(value)
