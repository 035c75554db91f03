"""Idle: nothing was asked of it for longer than it ever was left alone before, within a window that is named.

An office application is left alone at every weekend, and a monthly job for a month. An asynchronous endpoint publishes
no invocations: it is judged by its queue and its machine. What is at zero instances costs nothing, and is not idle.
"""

import shlex
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from guardrail.evidence.account import variant_resource
from guardrail.evidence.bundle import (
    ANSWERING,
    Activity,
    ComponentEvidence,
    EndpointEvidence,
    Serverless,
    VariantEvidence,
)
from guardrail.evidence.judge import confidence
from guardrail.evidence.judge.confidence import Confidence, Doubt
from guardrail.model import INSTANCE_COUNT
from guardrail.money import ZERO

HOURS: Final = 24
"""How long nothing must have been asked of it, at least."""
_AT_ZERO: Final = "scaled to zero: nothing runs, and nothing is paid"
IdlenessVerdict: TypeAlias = Literal["idle", "active", "at-zero", "empties", "rhythm", "young", "unknown"]


class Idleness(Struct, frozen=True, kw_only=True):
    """Whether something is idle, since when, and what that has cost."""

    verdict: IdlenessVerdict
    since: datetime | None = None
    is_exact: bool = True
    """Whether it was used until then, or made then; else it is idle for longer."""
    hours: int = 0
    ever: bool = False
    """Whether it was ever used, as far as anybody looked."""
    last: datetime | None = None
    """The beginning of the last hour, or day, with a request."""
    cost_usd: Decimal | None = None
    """What ran since then within the window, in USD; None where that is not known."""
    window_days: int
    why: str
    confidence: Confidence
    commands: tuple[str, ...] = ()
    """What would end it: printed, never run."""

    @property
    def waits(self) -> bool:
        """Whether requests wait for what is at zero."""
        return self.verdict == "at-zero" and self.why != _AT_ZERO

    @property
    def is_idle(self) -> bool:
        """Whether it may go."""
        return self.verdict == "idle"


def of_variant(
    found: EndpointEvidence, variant: VariantEvidence, hourly_usd: Decimal | None, *, hours: int = HOURS
) -> Idleness:
    """Judge a variant, of which an instance costs so much an hour."""
    if variant.has_components and variant.requests is None:
        return _by_components(found, variant, hourly_usd, hours)
    done = variant.activity
    if done is None:
        gaps = (*found.gaps, *variant.gaps) if found.mode == "async" else (*variant.gaps, *found.gaps)
        why = next((f"{one.metric}: {one.reason}" for one in gaps), f"it is {found.status}")
        return _unknown(found, why)
    verdict, why = _verdict(found, variant, done, hours)
    told = _judged(
        found,
        done,
        verdict,
        why,
        last=None if variant.requests is None else variant.requests.last,
        cost_usd=_cost(found, variant, done, hourly_usd),
        commands=_commands(found, variant, verdict),
    )
    if not told.is_idle:
        return told
    doubts = [
        *confidence.of_window(found),
        *confidence.of_update(found),
        *confidence.of_days_before(found, done, variant.requests),
        *confidence.of_rest(variant),
        *confidence.of_shadow(variant),
    ]
    return replace(told, confidence=confidence.of(doubts))


def of_component(found: EndpointEvidence, component: ComponentEvidence, *, hours: int = HOURS) -> Idleness:
    """Judge an inference component. It costs nothing of its own: the instances of its variant do."""
    done = component.activity
    if done is None:
        return _unknown(found, next((f"{one.metric}: {one.reason}" for one in component.gaps), "it is not in service"))
    verdict, why = _of_requests(found, done, hours, component.created or found.created)
    if component.copies == 0 and verdict == "idle":
        verdict, why = "at-zero", _AT_ZERO
    if verdict == "idle" and component.accelerators:
        why += f"; each copy reserves {component.accelerators.normalize():f} accelerators, and ending it saves an "
        why += "instance only where the rest fits on fewer"
    told = _judged(
        found,
        done,
        verdict,
        why,
        last=None if component.requests is None else component.requests.last,
        cost_usd=ZERO,
        commands=(_without_component(found, component.name),) if verdict == "idle" else (),
    )
    doubts = [
        *confidence.of_window(found, component.created),
        *confidence.of_update(found),
        *(confidence.of_days_before(found, done, component.requests, component.created) if told.is_idle else ()),
    ]
    return replace(told, confidence=confidence.of(doubts))


def _by_components(
    found: EndpointEvidence, variant: VariantEvidence, hourly_usd: Decimal | None, hours: int
) -> Idleness:
    """A variant that hosts components is idle where all of them are; one that nobody knows of leaves it open."""
    if variant.current_instances == 0:
        return Idleness(
            verdict="at-zero",
            why=_AT_ZERO,
            cost_usd=ZERO,
            window_days=_days(found),
            confidence=confidence.of(confidence.of_window(found)),
        )
    judged = [(one.name, of_component(found, one, hours=hours)) for one in found.hosted_by(variant)]
    active = next((name for name, one in judged if one.verdict not in ("idle", "unknown", "at-zero")), None)
    if active is not None:
        return Idleness(
            verdict="active",
            why=f"its component {active} answers requests",
            window_days=_days(found),
            confidence=confidence.of(confidence.of_window(found)),
        )
    unknown = next((name for name, one in judged if one.verdict == "unknown"), None)
    if unknown is not None:
        return _unknown(found, f"nobody knows of its component {unknown}")
    if not judged:
        return _without_components(found, variant, hours)
    latest = min((one for _, one in judged), key=lambda one: one.hours)
    commands = [_without_component(found, name) for name, _ in judged]
    if len(found.variants) == 1:
        commands.append(_command(found, ["sagemaker", "delete-endpoint", "--endpoint-name", found.name]))
    why = "none of its components was asked anything"
    cost = None if variant.activity is None else _cost(found, variant, variant.activity, hourly_usd)
    return replace(latest, verdict="idle", cost_usd=cost, why=why, commands=tuple(commands))


def _without_components(found: EndpointEvidence, variant: VariantEvidence, hours: int) -> Idleness:
    """A host of nothing answers nothing, if nobody forgot to describe a component: never more than a note."""
    age = int((found.end - found.created).total_seconds() // 3600)
    if found.status not in ANSWERING or age < hours or any(confidence.of_rest(variant)):
        return _unknown(found, "none of its components is described")
    return Idleness(
        verdict="idle",
        window_days=_days(found),
        why="it hosts no component that anybody described",
        confidence=confidence.of([Doubt("since when it hosts none is not known", is_grave=True)]),
        commands=_commands(found, variant, "idle"),
    )


def _verdict(
    found: EndpointEvidence, variant: VariantEvidence, done: Activity, hours: int
) -> tuple[IdlenessVerdict, str]:
    count = variant.current_instances
    if count == 0 and variant.serverless is None:
        queue = found.backlog
        if queue is not None and queue.last is not None and done.hours == 0:
            return "at-zero", f"at 0 instances while requests wait, up to {queue.most.normalize():f} of them"
        return "at-zero", _AT_ZERO
    if found.mode != "async":
        return _of_requests(found, done, hours, found.created)  # a queue publishes none
    if done.hours < hours or done.hours <= done.longest_gap_hours:
        return "active", f"its queue was worked on {done.hours} h ago"
    if done.ever and done.since > found.start:
        held = "an unknown number of" if count is None else count
        return "empties", f"it has been empty since {_time(done.since)} and holds {held} instances: it could scale to 0"
    return "idle", f"its queue was empty and its machine at rest for the whole window of {_days(found)} days"


def _of_requests(found: EndpointEvidence, done: Activity, hours: int, born: datetime) -> tuple[IdlenessVerdict, str]:
    if done.hours < hours:
        if done.ever or done.since > born:
            return "active", f"the last request was {done.hours} h ago"
        return "young", f"it exists for {done.hours} hours: {hours} without a request have not passed"
    if done.hours <= done.longest_gap_hours:
        said = f"no request for {done.hours} h, and it was left alone for {done.longest_gap_hours} h before"
        outside = done.since <= found.start
        return "rhythm", f"not in the window of {_days(found)} days: {said}" if outside else said
    if done.ever:
        return "idle", f"no request since {_time(done.since)}, for {done.hours} h"
    since = "its creation" if done.since == born else _time(done.since)
    return "idle", f"no request since {since}, for {done.hours} h{'' if done.is_exact else ' at least'}"


def _judged(found: EndpointEvidence, done: Activity, verdict: IdlenessVerdict, why: str, **more: Any) -> Idleness:
    return Idleness(
        verdict=verdict,
        since=done.since,
        is_exact=done.is_exact,
        hours=done.hours,
        ever=done.ever,
        window_days=_days(found),
        why=why,
        confidence=confidence.of(confidence.of_window(found)),
        **more,
    )


def _unknown(found: EndpointEvidence, why: str) -> Idleness:
    doubt = Doubt(why, is_grave=True)
    return Idleness(verdict="unknown", why=why, window_days=_days(found), confidence=confidence.of([doubt]))


def _cost(
    found: EndpointEvidence, variant: VariantEvidence, done: Activity, hourly_usd: Decimal | None
) -> Decimal | None:
    """What ran since then: 30 hours of one ml.m5.xlarge at 0.23 are 6.90; nothing runs of serverless without slots."""
    ran = done.instance_hours if variant.serverless is None else _slot_hours(found, variant.serverless, done)
    if ran is None:
        return None
    if not ran:
        return ZERO
    return None if hourly_usd is None else ran * hourly_usd


def _slot_hours(found: EndpointEvidence, size: Serverless, done: Activity) -> Decimal | None:
    """Hours of slots that were kept warm since then, inside the window; None where their number may have been another.

    Two slots for 336 hours are 672.
    """
    since = max(done.since, found.start, found.created)
    if not size.provisioned_concurrency and not size.slots_scale:
        return ZERO
    if size.slots_scale or size.provisioned_concurrency is None or found.modified > max(since, found.created):
        return None
    return size.provisioned_concurrency * Decimal(int((found.end - since).total_seconds())) / 3600


def _commands(found: EndpointEvidence, variant: VariantEvidence, verdict: IdlenessVerdict) -> tuple[str, ...]:
    if verdict not in ("idle", "empties"):
        return ()
    if verdict == "empties":
        words = ["application-autoscaling", "register-scalable-target", "--service-namespace", "sagemaker"]
        words += [
            "--scalable-dimension",
            INSTANCE_COUNT,
            "--resource-id",
            variant_resource(found.name, variant.name),
        ]
        most = variant.most_instances or variant.current_instances or 1
        words += ["--min-capacity", "0", "--max-capacity", str(most)]
    elif variant.shadow or sum(1 for each in found.variants if not each.shadow) > 1:
        without = f"CONFIGURATION_WITHOUT_{variant.name}"
        words = ["sagemaker", "update-endpoint", "--endpoint-name", found.name, "--endpoint-config-name", without]
    else:
        words = ["sagemaker", "delete-endpoint", "--endpoint-name", found.name]
    return (_command(found, words),)


def _without_component(found: EndpointEvidence, name: str) -> str:
    return _command(found, ["sagemaker", "delete-inference-component", "--inference-component-name", name])


def _command(found: EndpointEvidence, words: list[str]) -> str:
    """A line for a shell, in which a name stays one word whatever it holds."""
    return shlex.join(["aws", *words, "--region", found.region])


def _days(found: EndpointEvidence) -> int:
    return max((found.end - found.start).days, 1)


def _time(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M} UTC"
