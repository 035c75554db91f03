"""Fields of what was observed of the variant that a policy looks at, by that policy's parameters."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from guardrail.policy.policy import Value
from guardrail.policy.subject import Subject

if TYPE_CHECKING:
    from guardrail.policy.observation import Observation

HEADROOM: Final = Decimal(20)
"""Percent more than the load that a type must have, unless a policy has a parameter ``headroom_percent``."""
PERCENTILE: Final = "p99"
"""Of hourly maxima, what is a load, unless a policy has a parameter ``percentile``."""
IDLE_HOURS: Final = Decimal(24)
"""Hours without a request from which on something may be idle, unless a policy has a parameter ``idle_hours``."""


def observation(subject: Subject, parameters: Mapping[str, Value]) -> "Observation | None":
    """What was observed of the variant or the component of a subject, by the parameters of a policy."""
    evidence = None if subject.world is None else subject.world.evidence
    if evidence is None or subject.endpoint is None:
        return None
    hours = _number(parameters.get("idle_hours"), IDLE_HOURS)
    if subject.component is not None:
        return evidence.of_component(subject.endpoint, subject.index, idle_hours=hours)
    if subject.variant is None:
        return None
    return evidence.of(
        subject.endpoint,
        subject.index,
        headroom_percent=_number(parameters.get("headroom_percent"), HEADROOM),
        percentile=str(parameters.get("percentile") or PERCENTILE),
        idle_hours=hours,
    )


def _number(value: Value, otherwise: Decimal) -> Decimal:
    return Decimal(str(value)) if isinstance(value, (int, float, Decimal)) else otherwise


def of(name: str) -> Callable[[Mapping[str, Value]], Callable[[Subject], Any]]:
    """The getter of one of its fields, made for the parameters of a policy."""

    def bind(parameters: Mapping[str, Value]) -> Callable[[Subject], Any]:
        def get(subject: Subject) -> Any:
            found = observation(subject, parameters)
            return None if found is None else getattr(found, name)

        return get

    return bind


def is_there(subject: Subject) -> bool:
    """Whether anything was observed of the variant."""
    return observation(subject, {}) is not None
