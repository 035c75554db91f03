"""What an update of an endpoint bills beside the fleet that it replaces."""

from decimal import Decimal

from msgspec import Struct

from guardrail.cost.base import Bill
from guardrail.model import Endpoint, InstanceVariant, Unknown
from guardrail.money import HOURS_PER_MONTH, ZERO

_AT_ONCE = ("ml.inf1.",)
"""Types whose updates fall back to all at once (DG deployment-guardrails-exclusions)."""


class Update(Struct, frozen=True):
    """Updates a month, and the hours for which each of them keeps every old instance beside the new one."""

    minutes: Decimal | Unknown
    often: Decimal
    """In the period."""

    def instance_hours(self, count: Decimal) -> Decimal:
        """Instance-hours that updates add: two instances, ten updates of 45 minutes: 15 h; unknown minutes add 0."""
        return ZERO if isinstance(self.minutes, Unknown) else count * self.minutes * self.often / 60


def overlap_minutes(endpoint: Endpoint, variant: InstanceVariant) -> Decimal | Unknown | None:
    """For how long an update bills an instance of the variant twice; None where its deployment policy has no wait."""
    if variant.marketplace is True or any(str(each).startswith(_AT_ONCE) for each in variant.types):
        return None
    said = endpoint.update_minutes
    if said is None or isinstance(said, Unknown):
        return said
    return Decimal(str(said)) or None


def update_of(endpoint: Endpoint, variant: InstanceVariant, often: Decimal | None) -> Update | None:
    """The updates of a period; None where there are none, or none that bills anything."""
    minutes = overlap_minutes(endpoint, variant) if often else None
    return None if minutes is None or not often else Update(minutes, often)


def per_update(endpoint: Endpoint, bill: Bill) -> Decimal | Unknown | None:
    """USD of one update beside the fleet, as many instances running as are expected; None where it bills nothing.

    Two ml.m5.xlarge for 45 minutes: 2 × 0.75 h × 0.23 = 0.345, and their volumes for as long.
    """
    variants = () if isinstance(endpoint.variants, Unknown) else endpoint.variants
    total: Decimal | None = None
    for variant, part in zip(variants, bill.children, strict=False):
        minutes = overlap_minutes(endpoint, variant) if isinstance(variant, InstanceVariant) else None
        if minutes is None:
            continue
        if isinstance(minutes, Unknown):
            return minutes
        hourly = _hourly(part)
        if isinstance(hourly, Unknown):
            return hourly
        total = (total or ZERO) + hourly * minutes / 60
    return total


def _hourly(part: Bill) -> Decimal | Unknown:
    """USD of an hour of all instances of a variant with their volumes."""
    lines = {line.kind: line for line in part.lines}
    instances, volume = lines.get("instance"), lines.get("volume")
    if instances is None or instances.price is None or instances.count is None:
        return Unknown((instances and instances.reason) or "it is not priced")
    if isinstance(instances.count.expected, Unknown):
        return instances.count.expected
    each = instances.price.usd
    if volume is not None and volume.price is not None and volume.size is not None:
        each += volume.price.usd * volume.size / HOURS_PER_MONTH
    return instances.count.expected * each
