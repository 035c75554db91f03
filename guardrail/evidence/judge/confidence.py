"""How sure a judgement is, and what makes it less so: named, so that one can wait for a longer window or mend a gap."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from guardrail.evidence.bundle import Activity, EndpointEvidence, Requests, VariantEvidence
from guardrail.evidence.host import AT_REST_CORES, AT_REST_GPUS, BEYOND
from guardrail.evidence.statistics import plain

Level: TypeAlias = Literal["high", "medium", "low"]
_DAY: Final = 24
_WEEK: Final = 7 * _DAY
_MONTH: Final = 31 * _DAY
_MANY: Final = 3
"""Doubts of which each alone would leave a judgement at medium, and all together make it low."""
_SHARE: Final = Decimal("0.01")
_COVERED: Final = Decimal("0.9")
_HALF: Final = Decimal("0.5")


class Confidence(Struct, frozen=True, kw_only=True):
    """``medium: deployed inside the window``."""

    level: Level
    doubts: tuple[str, ...] = ()

    @property
    def is_enough(self) -> bool:
        """Whether it carries a finding; a low one makes a note."""
        return self.level != "low"


class Doubt(Struct, frozen=True):
    """One thing that makes a judgement less sure."""

    text: str
    is_grave: bool = False


def of(doubts: Iterable[Doubt]) -> Confidence:
    """One grave doubt makes it low, and so do three others."""
    found = list(dict.fromkeys(doubts))
    grave = any(one.is_grave for one in found) or len(found) >= _MANY
    return Confidence(level="low" if grave else "medium" if found else "high", doubts=tuple(one.text for one in found))


def of_window(endpoint: EndpointEvidence, born: datetime | None = None) -> Iterator[Doubt]:
    """A window that no week fits into twice says little of what recurs, and less than one says nothing of weekends.

    ``born`` is when what is judged was made, where that is not the endpoint: a component.
    """
    seen_from = max(endpoint.start, endpoint.created, born or endpoint.created)
    hours = max(0, int((endpoint.end - seen_from).total_seconds() // 3600))  # none of what was made since
    if hours < 2 * _WEEK:
        days = f"{hours // _DAY} days" if hours >= 2 * _DAY else f"{hours} {'hour' if hours == 1 else 'hours'}"
        yield Doubt(f"it was seen for {days} alone", is_grave=hours < _WEEK)


def of_days_before(
    endpoint: EndpointEvidence, done: Activity, requests: Requests | None, born: datetime | None = None
) -> Iterator[Doubt]:
    """A month between two days of a job is longer than most windows: who did not look before one cannot exclude it.

    A queue whose earlier days are not kept leaves it open as well, but its endpoint never published them.
    """
    if max(endpoint.created, born or endpoint.created) >= endpoint.start or done.hours >= _MONTH:
        return
    text = "whether it was used before the window is not known"
    if requests is not None and requests.looked_back_to >= endpoint.start:
        yield Doubt(text, is_grave=True)
    elif requests is None and not done.ever and not done.is_exact:
        yield Doubt(text)


def of_update(endpoint: EndpointEvidence) -> Iterator[Doubt]:
    """Who updates an endpoint, or takes an update back, means to use it."""
    if endpoint.status in ("Updating", "RollingBack"):
        yield Doubt(f"it is {endpoint.status}", is_grave=True)


def of_rest(variant: VariantEvidence) -> Iterator[Doubt]:
    """A machine that works though nobody counted a request: something else may ask it."""
    last = variant.last_segment
    for used, rest, what in (
        (last and last.cpu_cores, AT_REST_CORES, "cores"),
        (last and last.gpus, AT_REST_GPUS, "GPUs"),
    ):
        if used and used.p50 > rest:
            text = f"its machine works all the same, with {plain(used.p50)} {what} in half of the hours"
            yield Doubt(text, is_grave=True)


def of_shadow(variant: VariantEvidence) -> Iterator[Doubt]:
    """Whether copies of requests count as those of a shadow variant is not documented: its machine has to agree."""
    last = variant.last_segment
    if variant.shadow and (last is None or last.cpu_cores is None):
        yield Doubt("a shadow variant may publish no requests, and its CPU is not known", is_grave=True)


def _of_errors(variant: VariantEvidence) -> Iterator[Doubt]:
    """Requests that went wrong: those that the model refuses cost it less than those that it would answer."""
    total = variant.answered if variant.requests is None else variant.requests.total
    for count, what in ((variant.errors, "failed"), (variant.client_errors, "were refused as faulty (4xx)")):
        if count and total and count / total > _SHARE:
            share = min(count / total, Decimal(1))
            yield Doubt(f"{share * 100:.0f} % of its requests {what}", is_grave=share > _HALF)


def of_load(endpoint: EndpointEvidence, variant: VariantEvidence) -> Iterator[Doubt]:
    """What makes a load look smaller than it is, or another than it was."""
    yield from of_window(endpoint)
    if len(variant.segments) > 1:
        yield Doubt("it was deployed inside the window")
        known = sum(one.cpu_cores.count for one in variant.segments if one.cpu_cores is not None)
        if known < _WEEK:
            yield Doubt(f"its machine is known for {known} hours alone", is_grave=True)
    of_queue = endpoint.gaps if variant.activity is None and endpoint.mode == "async" else ()
    for gap in (*variant.gaps, *of_queue):
        if gap.metric != "instance_type":
            yield Doubt(f"{gap.metric}: {gap.reason}", is_grave=gap.reason.endswith(BEYOND))
    hours = int((endpoint.end - max(endpoint.start, endpoint.created)).total_seconds() // 3600)
    used = None if variant.last_segment is None else variant.last_segment.cpu_cores
    if used is not None and len(variant.segments) == 1 and endpoint.mode == "realtime" and hours:
        share = Decimal(used.count) / hours
        if share < _COVERED:
            yield Doubt(f"{share * 100:.0f} % of the hours have datapoints", is_grave=share < _HALF)
    yield from _of_errors(variant)
    if endpoint.is_held_back:
        yield Doubt("its queue was never empty for an hour: with room it would use more")
    if variant.multi_model is None and variant.segments:
        yield Doubt("its model is not described: whether its memory is a cache is not known")
