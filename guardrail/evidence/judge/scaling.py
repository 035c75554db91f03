"""Count and scaling: what a fleet that followed an ordinary week would cost, and bounds against what was needed."""

from decimal import Decimal
from math import ceil
from typing import Final

from msgspec import Struct

from guardrail.evidence.bundle import HOURS_OF_WEEK, EndpointEvidence, VariantEvidence
from guardrail.evidence.judge import confidence
from guardrail.evidence.judge.confidence import Confidence
from guardrail.money import HOURS_PER_MONTH

_BUSY: Final = Decimal("0.2")
"""An hour of the week is busy that has at least this share of the load of the busiest."""
PER_INSTANCE: Final = "SageMakerVariantInvocationsPerInstance"
"""Requests a minute and instance (Application Auto Scaling API, MetricType)."""
_MINUTES: Final = 60
_NEAR: Final = Decimal("0.25")
"""A quarter of a target: the mean of an hour hides a peak of minutes, which is seldom four times as high."""
_MOST_BUSY: Final = 126
"""Busy hours of a week beyond which, at three quarters of it, following the load saves little."""
_RESTING: Final = Decimal("0.25")
"""The share of hours without anything to do from which on it is worth a change."""
_QUIET_RATIO: Final = Decimal("0.5")
"""How small the quiet hours' load must be of the busy ones' to call a profile periodic."""


class Periodic(Struct, frozen=True, kw_only=True):
    """A load that comes and goes with the hours of the week, under a fleet that does not."""

    busy_hours: int
    """Of 168."""
    quiet_share: Decimal
    """The mean load of the other hours, of that of the busy ones."""
    instances: int
    """That stand all the time."""
    always_usd: Decimal
    """A month."""
    following_usd: Decimal
    """A month of as many instances in each hour as its load takes, one at least."""
    by: str
    """What the load is measured by: requests, or CPU."""
    confidence: Confidence

    @property
    def saving_usd(self) -> Decimal:
        """What following it would save a month, at best: an instance takes minutes to come."""
        return self.always_usd - self.following_usd


class Bounds(Struct, frozen=True, kw_only=True):
    """The bounds of what scales against what was there."""

    least: int
    most: int
    hours: int
    """Hours in which instances were counted."""
    hours_at_least: int
    hours_at_most: int
    enough: int | None = None
    """How many would have taken the load of a fleet that never left its minimum, where that is fewer."""
    saving_usd: Decimal | None = None
    """What they would save a month."""

    @property
    def maximum_was_reached(self) -> bool:
        """Whether it may have needed more than it may have."""
        return self.hours_at_most > 0 and self.most > self.least

    @property
    def minimum_was_never_left(self) -> bool:
        """Whether it never needed more than the minimum, which may then be too high."""
        is_free = self.most > self.least or self.enough is not None
        return self.hours > 0 and self.hours_at_least == self.hours and is_free


def periodic(found: EndpointEvidence, variant: VariantEvidence, hourly_usd: Decimal | None) -> Periodic | None:
    """What following an ordinary week would save; None where the load is even, the fleet follows it, or is one.

    Two instances at 0.23, busy in 50 of 168 hours: 335.80 a month always, 0.23 × 730 × (1 + 50/168) = 217.87 following.
    """
    count, told = variant.current_instances, _load(variant)
    if count is None or variant.may_scale or told is None or hourly_usd is None or found.mode != "realtime":
        return None  # what has a queue scales to zero, and what is serverless does
    loads, by = told
    most = max(loads)
    busy = [load for load in loads if load >= _BUSY * most]
    quiet = [load for load in loads if load < _BUSY * most]
    if not most or not quiet or len(busy) > _MOST_BUSY:
        return None
    share = _mean(quiet) / _mean(busy)
    following = sum(max(ceil(count * load / most), 1) for load in loads)
    always = hourly_usd * count * HOURS_PER_MONTH
    cost = hourly_usd * HOURS_PER_MONTH * following / HOURS_OF_WEEK
    if share > _QUIET_RATIO or cost >= always:
        return None
    return Periodic(
        busy_hours=len(busy),
        quiet_share=share,
        instances=count,
        always_usd=always,
        following_usd=cost,
        by=by,
        confidence=confidence.of(confidence.of_window(found)),
    )


def _mean(loads: list[Decimal]) -> Decimal:
    return sum(loads, Decimal(0)) / len(loads)


def _load(variant: VariantEvidence) -> tuple[list[Decimal], str] | None:
    """An ordinary week of requests, else of GPUs or cores; None where an hour of it was never seen."""
    requests = None if variant.requests is None else variant.requests.profile
    for profile, by in ((requests, "requests"), (variant.gpu_profile, "GPU"), (variant.cpu_profile, "CPU")):
        if profile is not None:
            loads = [load for load in profile.mean if load is not None]
            if len(loads) == HOURS_OF_WEEK and any(loads):
                return loads, by
    return None


class Resting(Struct, frozen=True, kw_only=True):
    """A queue that is empty in many hours, before instances that stand in all of them."""

    hours: int
    """In which nothing waited, of those that were answered for."""
    of_hours: int
    instances: Decimal
    """That stood at least."""
    saving_usd: Decimal
    """A month without them in those hours, at best: an instance takes minutes to come."""


def resting(found: EndpointEvidence, variant: VariantEvidence, hourly_usd: Decimal | None) -> Resting | None:
    """What scaling to zero would save where a queue empties; None of one that rests already, or seldom.

    Empty in 308 of 336 hours before one ml.g5.xlarge at 1.408: 308 / 336 × 1.408 × 730 = 942.19 a month.
    """
    queue, counted = found.backlog, variant.instances
    if queue is None or counted is None or hourly_usd is None or not counted.minimum or not queue.busy_hours:
        return None
    hours = queue.hours - queue.busy_hours
    if hours < _RESTING * queue.hours:
        return None
    saving = counted.minimum * hours / queue.hours * hourly_usd * HOURS_PER_MONTH
    return Resting(hours=hours, of_hours=queue.hours, instances=counted.minimum, saving_usd=saving)


class NeverApproached(Struct, frozen=True, kw_only=True):
    """A target that no hour came near, so that nothing was ever added because of it."""

    target: Decimal
    most_a_minute: Decimal
    """Requests a minute and instance, the mean of the busiest hour."""


def never_approached(variant: VariantEvidence) -> NeverApproached | None:
    """A target of requests per instance of which the busiest hour had less than a quarter, of a fleet at its minimum.

    36,000 requests in the busiest hour on two instances are 300 a minute and instance: far from a target of 2,000.
    """
    counted, requests = variant.instances, variant.requests
    target = next((one.value for one in variant.targets if one.metric == PER_INSTANCE), None)
    if target is None or counted is None or requests is None or requests.an_hour is None or not counted.minimum:
        return None
    most = requests.an_hour.maximum / _MINUTES / counted.minimum
    return NeverApproached(target=target, most_a_minute=most) if most < _NEAR * target else None


def bounds(variant: VariantEvidence, share: Decimal | None, hourly_usd: Decimal | None) -> Bounds | None:
    """How its bounds fared; None where nothing scales it, or its instances were not counted.

    ``share`` is what its load takes of each, with room for more: 15 % of two of them is less than one.
    """
    least, most, counted = variant.least_instances, variant.most_instances, variant.instances
    if least is None or most is None or counted is None:
        return None
    enough = saving = None
    if share is not None and hourly_usd is not None and (fewer := max(ceil(least * share), 1)) < least:
        enough, saving = fewer, (least - fewer) * hourly_usd * HOURS_PER_MONTH
    return Bounds(
        least=least,
        most=most,
        hours=counted.hours,
        hours_at_least=variant.hours_at_least or 0,
        hours_at_most=variant.hours_at_most or 0,
        enough=enough,
        saving_usd=saving,
    )
