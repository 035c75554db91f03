"""What was observed of a variant, as far as policies ask: the words alone, whoever makes them of evidence.

A check without evidence has no observation of anything, and every field of it is none.
"""

from decimal import Decimal
from typing import Protocol

from msgspec import Struct

from guardrail.model import Endpoint


class Observation(Struct, frozen=True, kw_only=True):
    """One variant, as it was observed and as the change will have it. None where nothing tells."""

    first_day: str = ""
    """Of the window, as 2026-11-02."""
    day: str = ""
    """The last of the window, as 2026-11-16."""
    window_days: int = 14
    confidence: str = "high"
    doubts: str | None = None
    """What makes it less than high: ``it was seen for 3 days alone``."""
    instance_type: str | None = None
    """That it ran on last."""
    cpu_p99_cores: Decimal | None = None
    cpu_max_cores: Decimal | None = None
    cpu_needed_cores: Decimal | None = None
    """The need with room for more."""
    memory_p99_gib: Decimal | None = None
    memory_needed_gib: Decimal | None = None
    gpu_p99: Decimal | None = None
    gpu_memory_p99_gib: Decimal | None = None
    hours_above_p99: int | None = None
    sizing: str | None = None
    """too-large, too-small, fits or unknown: of the type that the change declares."""
    lacks: str | None = None
    """What that has too little of."""
    below_maximum: str | None = None
    """What that has less of than the most that was seen, however seldom."""
    recommended_type: str | None = None
    """The cheapest type that has what is needed."""
    recommended_hourly_usd: Decimal | None = None
    saving_usd: Decimal | None = None
    """What that saves a month, volumes included; else what fewer instances do."""
    recommended_on_arm: str | None = None
    """The cheapest on Graviton, where that is cheaper still."""
    fewer_instances: int | None = None
    """How many would take the load on the declared type, where that is fewer."""
    needed_instances: int | None = None
    """How many of the declared type its load took, at its peaks."""
    declared_instances: int | None = None
    """How many there can be after the change: the maximum of what scales it, else the initial count."""
    average_instances: Decimal | None = None
    max_instances: Decimal | None = None
    requests_per_month: Decimal | None = None
    latency_ms: Decimal | None = None
    load_test: str | None = None
    """What Inference Recommender measured of the model that it serves."""
    usd_per_1000_requests: Decimal | None = None
    """On the declared type, by that."""
    scaling_advice: str | None = None
    idle: bool | None = None
    """None where nobody counted."""
    idle_hours: int | None = None
    idle_since: str | None = None
    idle_usd: Decimal | None = None
    """What ran since then, inside the window."""
    idle_why: str | None = None


class Evidence(Protocol):
    """A source of observations: the evidence of a run."""

    def of(
        self, endpoint: Endpoint, place: int, *, headroom_percent: Decimal, percentile: str, idle_hours: Decimal
    ) -> Observation | None:
        """What was observed of a variant, by its place; None where nothing was, or nobody can tell which it is."""

    def of_component(self, endpoint: Endpoint, place: int, *, idle_hours: Decimal) -> Observation | None:
        """What was observed of an inference component, which has requests of its own and no size."""
