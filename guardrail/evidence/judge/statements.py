"""What judgements say, a sentence each, with the money that it is about and how sure it is."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Literal, TypeAlias

from msgspec import Struct

from guardrail.alternatives.base import Alternative
from guardrail.alternatives.needs import Need
from guardrail.evidence import recommender
from guardrail.evidence.bundle import EndpointEvidence
from guardrail.evidence.judge.batch import JudgedJobs
from guardrail.evidence.judge.confidence import Confidence
from guardrail.evidence.judge.fleet import JudgedEndpoint, JudgedVariant
from guardrail.evidence.judge.hosts import PackedHost
from guardrail.evidence.judge.right_sizing import Option, RightSizing
from guardrail.model import Unknown
from guardrail.money import ZERO, plain, two_decimals

StatementKind: TypeAlias = Literal[
    "idle",
    "scale-to-zero",
    "too-large",
    "graviton",
    "fewer-instances",
    "too-small",
    "not-sized",
    "periodic",
    "maximum-reached",
    "minimum-never-left",
    "target-never-approached",
    "never-empty",
    "slower",
    "serverless",
    "jobs",
    "load-test",
    "another-way",
    "gap",
]
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Statement(Struct, frozen=True, kw_only=True):
    """One thing that is said of a variant or a component."""

    kind: StatementKind
    subject: str
    """``shop/a``, or the name of a component."""
    text: str
    saves_usd: Decimal | None = None
    """A month; None where no money follows from it alone."""
    cost_usd: Decimal | None = None
    """What ran for nothing so far, inside the window."""
    confidence: Confidence
    commands: tuple[str, ...] = ()
    """What would do it: printed, never run."""

    @property
    def is_note(self) -> bool:
        """Whether it is too unsure, or says too little, to be a finding."""
        return not self.confidence.is_enough or self.kind in ("gap", "not-sized", "graviton", "another-way", "slower")


def of_endpoint(judged: JudgedEndpoint) -> Iterator[Statement]:
    """Everything that is said of one endpoint."""
    found = judged.evidence
    queue = found.backlog
    if queue is not None and queue.was_never_empty:
        most = plain(queue.most.normalize())
        text = f"was never empty for an hour; the most that waited were {most}: it needs more capacity"
        sure = judged.variants[0].idleness.confidence if judged.variants else Confidence(level="medium")
        yield Statement(kind="never-empty", subject=found.name, text=text, confidence=sure)
    for variant in judged.variants:
        yield from _of_variant(found, variant)
    hosts = {one.evidence.name for one in judged.variants if one.idleness.is_idle and one.evidence.has_components}
    for component, idleness in judged.components:
        if idleness.is_idle and component.variant not in hosts:  # whose statement ends its components with it
            yield Statement(
                kind="idle",
                subject=component.name,
                text=f"is idle: {idleness.why}",
                confidence=idleness.confidence,
                commands=idleness.commands,
            )


def _of_variant(found: EndpointEvidence, judged: JudgedVariant) -> Iterator[Statement]:
    subject, idleness = f"{found.name}/{judged.evidence.name}", judged.idleness
    if idleness.verdict in ("idle", "empties"):
        inside = "" if idleness.since is None or idleness.since >= found.start else ", inside the window,"
        usd = two_decimals(idleness.cost_usd or ZERO)
        ran = f"; what ran since then{inside} cost {usd} USD" if idleness.cost_usd else ""
        yield Statement(
            kind="idle" if idleness.is_idle else "scale-to-zero",
            subject=subject,
            text=f"{'is idle: ' if idleness.is_idle else ''}{idleness.why}{ran}",
            saves_usd=judged.monthly_usd if idleness.is_idle else judged.resting_usd,
            cost_usd=idleness.cost_usd,
            confidence=idleness.confidence,
            commands=idleness.commands,
        )
    elif idleness.waits:
        text = f"is {idleness.why}: nothing wakes it"
        yield Statement(kind="never-empty", subject=subject, text=text, confidence=idleness.confidence)
    if judged.host is not None:
        yield _of_host(subject, judged, judged.host)
    is_said = judged.host is not None or found.is_held_back  # which its endpoint says
    if judged.sizing is not None and not (is_said and judged.sizing.verdict == "unknown"):
        yield from _of_sizing(subject, judged.sizing, str(judged.evidence.instance_type))
    yield from _of_scaling(subject, judged)
    yield from _of_serverless(subject, judged)
    yield from _of_tests(subject, judged)
    yield from _of_advice(subject, judged)
    for way in judged.ways:
        yield Statement(
            kind="another-way",
            subject=subject,
            text=f"{way.name}, if {'; '.join(way.conditions)}{_even(way)}",
            saves_usd=way.usd,
            confidence=Confidence(level="medium", doubts=way.conditions),
        )
    for gap in judged.evidence.gaps:
        yield Statement(
            kind="gap", subject=subject, text=f"{gap.metric}: {gap.reason}", confidence=Confidence(level="high")
        )


def _even(way: Alternative) -> str:
    """Up to how many requests it is the cheaper one, by how long they took."""
    even = way.break_even
    if even is None or isinstance(even.requests_an_hour, Unknown) or even.present_an_hour is None:
        return ""
    border, there = (two_decimals(one) for one in (even.requests_an_hour, even.present_an_hour))
    return f"; as cheap as instances at {border} requests an hour, and there were {there}"


def _of_host(subject: str, judged: JudgedVariant, host: PackedHost) -> Statement:
    reserved = _amounts(
        (host.reserved.accelerators, "accelerators"),
        (host.reserved.cores, "cores"),
        (host.reserved.memory_gib, "GiB"),
    )
    is_same = host.instance_type == judged.evidence.instance_type
    zone = " and one Availability Zone is enough" if host.instances == 1 < host.standing else ""
    return Statement(
        kind="fewer-instances" if is_same else "too-large",
        subject=subject,
        text=(
            f"hosts components that reserve {reserved} at the most copies: {host.instances} × "
            f"{host.instance_type} would hold them, in place of {host.standing} × {judged.evidence.instance_type}, if "
            f"they are placed so{zone}"
        ),
        saves_usd=host.saving_usd,
        confidence=judged.idleness.confidence,
    )


def _of_sizing(subject: str, sizing: RightSizing, instance_type: str) -> Iterator[Statement]:
    sure = sizing.confidence
    if sizing.verdict == "unknown":
        yield Statement(kind="not-sized", subject=subject, text=f"is not sized: {sizing.reason}", confidence=sure)
        return
    if sizing.verdict == "too-small":
        unmeasured = ", and no less memory, which was not measured" if sizing.needed.memory_gib is None else ""
        enough = f"; {sizing.enough} has what it needs{unmeasured}{sizing.enough_if}" if sizing.enough else ""
        text = f"{instance_type} is too small: {sizing.reason}{enough}"
        yield Statement(kind="too-small", subject=subject, text=text, confidence=sure)
        return
    option = sizing.cheapest
    if option is not None:
        yield Statement(
            kind="too-large",
            subject=subject,
            text=f"{_need(sizing)}: {_in_words(option)} in place of {instance_type}{_notes(sizing, option)}",
            saves_usd=option.alternative.usd,
            confidence=sure,
        )
    if sizing.on_arm is not None and (option is None or sizing.on_arm.hourly_usd < option.hourly_usd):
        conditions = "; ".join(sizing.on_arm.alternative.conditions)
        yield Statement(
            kind="graviton",
            subject=subject,
            text=f"{_in_words(sizing.on_arm)}, if {conditions}{_notes(sizing, sizing.on_arm)}",
            saves_usd=sizing.on_arm.alternative.usd,
            confidence=sure,
        )
    if sizing.without_accelerators is not None:
        name, hourly, saving = sizing.without_accelerators
        text = (
            f"never used its accelerators, nor their memory: {name} at {plain(hourly.normalize())} an hour has the "
            "rest, if nothing of it needs one"
        )
        yield Statement(kind="another-way", subject=subject, text=text, saves_usd=saving, confidence=sure)
    if sizing.slower is not None:
        yield Statement(
            kind="slower",
            subject=subject,
            text=f"{_in_words(sizing.slower)} works off what a week brings, if it is fine that requests wait for hours",
            saves_usd=sizing.slower.alternative.usd,
            confidence=sure,
        )
    if sizing.fewer is not None:
        conditions = "; ".join(sizing.fewer.conditions)
        yield Statement(
            kind="fewer-instances",
            subject=subject,
            text=f"{sizing.fewer.name} would do, if {conditions}",
            saves_usd=sizing.fewer.usd,
            confidence=sure,
        )


def _need(sizing: RightSizing) -> str:
    above = f" ({sizing.hours_above_p99} h above the 99th percentile)" if sizing.hours_above_p99 else ""
    peak = "" if sizing.peak_at is None else f", recurring on {hour_of_week(sizing.peak_at)}"
    return f"needs {_parts(sizing.needed)} with room for more; the most was {_parts(sizing.most, f'{above}{peak}')}"


def _parts(need: Need, of_cores: str = "") -> str:
    return _amounts(
        (need.cpu_cores, f"cores{of_cores}"),
        (need.memory_gib, "GiB"),
        (need.gpus, "GPUs"),
        (need.gpu_memory_gib, "GiB of GPU memory"),
    )


def _amounts(*parts: tuple[Decimal | None, str]) -> str:
    """``2.5 cores, 16 GiB``: what there is any of."""
    return ", ".join(f"{plain(amount.normalize())} {what}" for amount, what in parts if amount)


def _in_words(option: Option) -> str:
    return f"{option.instance_type} at {plain(option.hourly_usd.normalize())} an hour"


def _notes(sizing: RightSizing, option: Option) -> str:
    return "".join(f"; {note}" for note in sizing.notes if note.startswith(f"{option.instance_type} "))


def _of_scaling(subject: str, judged: JudgedVariant) -> Iterator[Statement]:
    periodic, bounds = judged.periodic, judged.bounds
    if periodic is not None:
        yield Statement(
            kind="periodic",
            subject=subject,
            text=(
                f"is busy in {periodic.busy_hours} of 168 hours of a week by its {periodic.by}: "
                f"{two_decimals(periodic.always_usd)} a month always, {two_decimals(periodic.following_usd)} if its "
                "instances followed, which takes them minutes"
            ),
            saves_usd=periodic.saving_usd,
            confidence=periodic.confidence,
        )
    if judged.resting is not None:
        held = judged.resting
        text = (
            f"has nothing to do in {held.hours} of {held.of_hours} hours, and never fewer instances than "
            f"{plain(held.instances.normalize())}: it could scale to 0, from where they take minutes to come back"
        )
        sure = judged.idleness.confidence
        yield Statement(kind="scale-to-zero", subject=subject, text=text, saves_usd=held.saving_usd, confidence=sure)
    if judged.target is not None:
        text = (
            f"never approached its target of {plain(judged.target.target.normalize())} requests a minute and instance: "
            f"at most {plain(round(judged.target.most_a_minute, 1).normalize())} in the busiest hour"
        )
        sure = judged.idleness.confidence
        yield Statement(kind="target-never-approached", subject=subject, text=text, confidence=sure)
    if bounds is None:
        return
    sure = judged.idleness.confidence
    if bounds.maximum_was_reached:
        text = f"was at its maximum of {bounds.most} for {bounds.hours_at_most} of {bounds.hours} hours"
        yield Statement(kind="maximum-reached", subject=subject, text=text, confidence=sure)
    if bounds.minimum_was_never_left:
        zone = ", if one Availability Zone is enough" if bounds.enough == 1 else ""
        fewer = "" if bounds.enough is None else f": {bounds.enough} would have taken its load{zone}"
        left = f"never left its minimum of {bounds.least} in {bounds.hours} hours"
        if bounds.most == bounds.least:
            left = f"is held at {bounds.least} by its bounds"
        text = f"{left}{fewer}"
        saving = bounds.saving_usd
        yield Statement(kind="minimum-never-left", subject=subject, text=text, saves_usd=saving, confidence=sure)


def _of_serverless(subject: str, judged: JudgedVariant) -> Iterator[Statement]:
    fitted, sure = judged.serverless, judged.idleness.confidence
    if fitted is None:
        return
    if fitted.refusing_hours:
        text = f"was at its maximum concurrency in {fitted.refusing_hours} hours: requests beyond it are refused"
        yield Statement(kind="maximum-reached", subject=subject, text=text, confidence=sure)
    if fitted.spilled_share:
        text = f"had no warm slot for {two_decimals(fitted.spilled_share * 100)} % of its requests"
        yield Statement(kind="serverless", subject=subject, text=text, confidence=sure)
    if fitted.is_full:
        text = f"used {plain(fitted.used_gib or ZERO)} GiB, all of its memory: it may need more"
        yield Statement(kind="serverless", subject=subject, text=text, confidence=sure)
    for found, seen in (
        (fitted.memory, f"used {plain(fitted.used_gib or ZERO)} GiB at most"),
        (fitted.slots, f"kept {fitted.slots_used} slots busy at most"),
    ):
        if found is not None:
            text = f"{seen}: {found.name} would do, if {'; '.join(found.conditions)}"
            yield Statement(kind="serverless", subject=subject, text=text, saves_usd=found.usd, confidence=sure)


def of_jobs(judged: JudgedJobs) -> Iterator[Statement]:
    """What is said of transform jobs of one model and machine."""
    job = judged.evidence
    if judged.instance_type is None or judged.monthly_usd is None:
        return
    cores = judged.needed.cpu_cores or ZERO
    yield Statement(
        kind="jobs",
        subject=f"{job.prefix}…",
        text=(
            f"{plain(round(judged.runs_a_month, 1))} runs a month on {job.instances} × {job.instance_type} need "
            f"{plain(cores.normalize())} cores: {judged.instance_type}, if they take as long on it"
        ),
        saves_usd=judged.saving_usd,
        confidence=judged.confidence,
    )


def _of_tests(subject: str, judged: JudgedVariant) -> Iterator[Statement]:
    for test in judged.tests:
        if told := recommender.in_words(test):
            text = f"was load-tested ({told})"
            yield Statement(kind="load-test", subject=subject, text=text, confidence=Confidence(level="high"))


def _of_advice(subject: str, judged: JudgedVariant) -> Iterator[Statement]:
    for advice in judged.advice:
        text = f"was advised by Inference Recommender to run {recommender.advice_in_words(advice)}"
        yield Statement(kind="load-test", subject=subject, text=text, confidence=Confidence(level="high"))


def hour_of_week(place: int) -> str:
    """``Monday 09:00 UTC`` of 9."""
    return f"{_DAYS[place // 24]} {place % 24:02}:00 UTC"
