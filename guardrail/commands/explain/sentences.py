"""What there is to say of an endpoint or a job in sentences: what it is, how it scales, what would settle doubts."""

import re
from collections.abc import Iterable, Iterator

from guardrail.cost.base import Bill, CostComponent
from guardrail.cost.deployments import per_update
from guardrail.model import (
    Alarm,
    Endpoint,
    InstanceVariant,
    Model,
    ScalableTarget,
    ScalingPolicy,
    ScheduledAction,
    ServerlessVariant,
    StepScalingPolicy,
    TargetTrackingPolicy,
    TransformJob,
    Unknown,
    Variant,
)
from guardrail.money import two_decimals
from guardrail.policy.base import Result, undecided
from guardrail.prices.book import InstanceSpec, PriceBook
from guardrail.report import EndpointReport
from guardrail.reporters.bill import MODES, detail_of
from guardrail.reporters.wording import counted, number, spread

COOLDOWN_S = 300
"""What an unset cooldown is for SageMaker (Application Auto Scaling user guide, target tracking)."""

_SETTLED_BY = (
    ("region is unknown", "--region REGION"),
    ("--region", "--region REGION"),
    ("parameter", "--parameters KEY=VALUE"),
    ("variable", "--var NAME=VALUE, or --var-file FILE"),
    ("var.", "--var NAME=VALUE, or --var-file FILE"),
    ("prices refresh", "guardrail prices refresh, or a table of your own (--prices)"),
    (" price", "guardrail prices refresh, or a table of your own (--prices)"),
    ("software fee", "marketplace_usd_per_hour in the usage file"),
    ("after apply", "a plan made once it is there"),
    ("not set", "the argument itself"),
)
"""Words of a reason, and what to give so that it is none any more."""


def known(value: object) -> str:
    """A value in words; of an unknown one what is known of it, and why not more."""
    if not isinstance(value, Unknown):
        return str(value)
    if value.partial is None or not _PLACE.sub("", value.partial):
        return f"unknown ({value.reason})"
    return f"{value.partial} (the rest unknown)"


_PLACE = re.compile(r"\$\{[^}]*\}")
"""What stands for a part that is not known."""


# What it is ----------------------------------------------------------------------------------------------------------


def of_endpoint(item: EndpointReport, places: Iterable[int], prices: PriceBook) -> Iterator[str]:
    """An endpoint and its variants: ``a real-time endpoint in us-east-1, production; main: 2 × ml.m5.xlarge``."""
    endpoint = item.endpoint
    mode = "an endpoint of unknown mode" if isinstance(endpoint.mode, Unknown) else f"a {MODES[endpoint.mode]} endpoint"
    article = mode.replace("a async", "an async")
    environment = (
        f"environment {known(item.environment)}" if isinstance(item.environment, Unknown) else item.environment
    )
    called = f", called {endpoint.name}" if isinstance(endpoint.name, str) and endpoint.name != endpoint.address else ""
    yield f"{article} in {known(endpoint.region)}, {environment}{called}"
    if endpoint.deployed != "yes":
        yield "a configuration that no endpoint uses" if endpoint.deployed == "no" else "it may be deployed, or not"
    if isinstance(endpoint.variants, Unknown):
        yield f"its variants are unknown: {endpoint.variants.reason}"
        return
    for place in places:
        yield _variant(endpoint.variants[place], prices)
    if endpoint.keeps_previous_configuration:
        yield "its configuration is replaced under the same name, so that it goes on with the old one"
    components = endpoint.inference_components
    if components and not isinstance(components, Unknown):
        yield f"it hosts {counted(len(components), 'inference component')}"
    captured = endpoint.data_capture_percent
    if captured is not None:
        yield f"{known(captured)} % of its requests are captured to S3, which no amount here has"


def _variant(variant: Variant, prices: PriceBook) -> str:
    name = variant.name if isinstance(variant.name, str) else "a variant"
    shadow = ", shadow" if variant.shadow else ""
    if variant.sensitive:
        return f"{name}: sensitive{shadow}"
    if isinstance(variant, ServerlessVariant):
        warm = variant.provisioned_concurrency
        kept = "" if warm is None else f", {known(warm)} kept warm"
        return f"{name}: serverless, {known(variant.memory_mib)} MiB, {known(variant.max_concurrency)} at once{kept}"
    types = " or ".join(map(known, variant.types)) or "no type"
    spec = prices.instance(variant.instance_type) if isinstance(variant.instance_type, str) else None
    size = f" ({_size(spec)})" if spec else ""
    count = variant.initial_instance_count
    many = "an unknown number of" if isinstance(count, Unknown) else f"{count} ×"
    return f"{name}: {many} {types}{size}{shadow}{_model(variant)}"


def _size(spec: InstanceSpec) -> str:
    """``4 vCPUs, 16 GiB``, ``8 vCPUs, 32 GiB, 1 × A10G of 22 GiB``."""
    words = [f"{spec.vcpus} vCPUs", f"{number(spec.memory_gib)} GiB"]
    if spec.accelerators:
        each = "" if spec.accelerator_memory_gib is None else f" of {spec.accelerator_memory_gib:.0f} GiB"
        words.append(f"{spec.accelerators} × {spec.accelerator_name}{each}")
    if spec.architecture == "arm64":
        words.append("arm64")
    return ", ".join(words)


def _model(variant: Variant) -> str:
    model = variant.model
    if not isinstance(model, Model):
        return ""
    images = () if isinstance(model.containers, Unknown) else [each.image for each in model.containers]
    named = [image.rpartition("/")[2] for image in images if isinstance(image, str)]
    return f"; model {model.address}{f', {named[0]}' if len(named) == 1 else ''}"


def of_job(job: TransformJob) -> str:
    """``2 × ml.m5.xlarge, 1 request at once``."""
    types = " or ".join(map(known, job.instance_types))
    at_once = "" if job.max_concurrent_transforms is None else f", {known(job.max_concurrent_transforms)} at once"
    return f"{job.label or 'the job'}: {known(job.instance_count)} × {types}{at_once}"


# How it scales -------------------------------------------------------------------------------------------------------


def scaling(endpoint: Endpoint, variant: Variant, lines: Iterable[CostComponent]) -> Iterator[str]:
    """How many there will be of a variant, and what moves them."""
    if variant.sensitive or (isinstance(variant.scaling, ScalableTarget) and variant.scaling.sensitive):
        yield "what it says is sensitive"
        return
    unit = "instances" if isinstance(variant, InstanceVariant) else "slots kept warm"
    counting = [line for line in lines if line.kind in ("instance", "provisioned-warm")]
    if not counting:
        yield "requests alone decide: nothing runs while none come"
        return
    if len(counting) > 1:
        yield "what runs is one of several, as what is undecided has it"
    elif counting[0].count is not None:
        yield _counts(counting[0], unit)
    target = variant.scaling
    if isinstance(target, Unknown):
        yield f"whether something scales it is unknown: {target.reason}"
    elif target is None:
        managed = getattr(variant, "managed_scaling", None)
        yield "managed instance scaling moves them" if managed is not None else "nothing scales it"
    else:
        yield from _target(target, zero=endpoint.mode == "realtime")


def _counts(line: CostComponent, unit: str) -> str:
    """``1 at least (minimum), 2 expected (initial_instance_count), 4 at most (maximum)``."""
    count, origins = line.count, line.origins
    if count is None or count.floor == count.ceiling:
        if (least := origins.get("count.floor", "")).startswith("at least"):
            return f"{unit}: {least}"
        held = spread(count.floor, count.ceiling) if count else "?"
        return f"{unit}: {held} in every hour ({origins.get('count.floor', 'as written')})"
    expected = "unknown" if isinstance(count.expected, Unknown) else number(round(count.expected, 4))
    return (
        f"{unit}: {number(count.floor)} at least ({origins.get('count.floor')}), {expected} expected "
        f"({origins.get('count.expected')}), {number(count.ceiling)} at most ({origins.get('count.ceiling')})"
    )


def _target(target: ScalableTarget, *, zero: bool) -> Iterator[str]:
    yield f"{target.address} allows {known(target.min_capacity)} to {known(target.max_capacity)}"
    if zero and target.min_capacity == 0:
        yield "real-time keeps one instance, whatever its minimum says"
    for suspended, what in (
        (target.dynamic_scaling_in_suspended, "scaling in"),
        (target.dynamic_scaling_out_suspended, "scaling out"),
        (target.scheduled_scaling_suspended, "its schedule"),
    ):
        if suspended is not False:
            yield f"{what} is suspended" if suspended is True else f"whether {what} is suspended is unknown"
    if isinstance(target.policies, Unknown):
        yield f"its policies are unknown: {target.policies.reason}"
    else:
        yield from map(_policy, target.policies)
        if not target.policies and not target.scheduled_actions:
            yield "nothing moves it: it has neither policy nor schedule"
    if isinstance(target.scheduled_actions, Unknown):
        yield f"its schedule is unknown: {target.scheduled_actions.reason}"
    else:
        yield from map(_action, target.scheduled_actions)


def _policy(policy: ScalingPolicy) -> str:
    if isinstance(policy, TargetTrackingPolicy):
        return _tracking(policy)
    if isinstance(policy, StepScalingPolicy):
        return _steps(policy)
    return f"{policy.address} is of type {known(policy.policy_type)}, which moves nothing here"


def _tracking(policy: TargetTrackingPolicy) -> str:
    metrics = policy.metrics
    names = known(metrics) if isinstance(metrics, Unknown) else " and ".join(known(each.name) for each in metrics)
    value = known(policy.target_value) if isinstance(policy.target_value, Unknown) else f"{policy.target_value:g}"
    out, in_ = _seconds(policy.scale_out_cooldown_s), _seconds(policy.scale_in_cooldown_s)
    down = (
        "and never takes any away"
        if policy.disable_scale_in is True
        else f"takes some away while it lies well below it, and waits {in_} in between"
    )
    return f"{policy.address} holds {names or 'no metric'} at {value}: adds above it, waiting {out} in between; {down}"


def _steps(policy: StepScalingPolicy) -> str:
    steps = policy.steps
    moves = known(steps) if isinstance(steps, Unknown) else ", ".join(known_number(each.adjustment) for each in steps)
    kind = policy.adjustment_type or "ChangeInCapacity"
    alarms = policy.alarms
    if isinstance(alarms, Unknown):
        when = f"when is unknown: {alarms.reason}"
    else:
        when = "while " + " or ".join(map(_alarm, alarms)) if alarms else "and no alarm starts it"
    return f"{policy.address} steps by {moves or 'nothing'} ({known(kind)}) {when}"


def _alarm(alarm: Alarm) -> str:
    sign = {
        "GreaterThanOrEqualToThreshold": "≥",
        "GreaterThanThreshold": ">",
        "LessThanThreshold": "<",
        "LessThanOrEqualToThreshold": "≤",
    }.get(known(alarm.comparison_operator), known(alarm.comparison_operator))
    return f"{known(alarm.metric_name)} {sign} {known_number(alarm.threshold)} ({alarm.address})"


def known_number(value: float | Unknown | None) -> str:
    """``1``, ``-2.5``, ``unknown``."""
    return known(value) if value is None or isinstance(value, Unknown) else f"{value:g}"


def _seconds(value: int | Unknown | None) -> str:
    return f"{COOLDOWN_S} s (default)" if value is None else f"{known(value)} s"


def _action(action: ScheduledAction) -> str:
    bounds = [
        f"{what} to {known(value)}"
        for what, value in (("minimum", action.min_capacity), ("maximum", action.max_capacity))
        if value is not None
    ]
    zone = f" {known(action.timezone)}" if action.timezone else ""
    return f"{action.address} sets the {' and the '.join(bounds) or 'nothing'} at {known(action.schedule)}{zone}"


def updates(endpoint: Endpoint, cost: Bill, *, is_counted: bool) -> Iterator[str]:
    """What an update of the endpoint bills beside its fleet."""
    if not any(line.kind == "instance" for line in cost.every_line()):
        return
    usd = per_update(endpoint, cost)
    if usd is None:
        yield "an update bills one fleet: its policy, or the default, moves all traffic at once and waits for nothing"
        return
    if isinstance(usd, Unknown):
        yield f"what an update bills beside the fleet is unknown: {usd.reason}"
        return
    kept = "bills both fleets" if endpoint.two_fleets_minutes is not None else "rolls, and bills each batch twice"
    rest = "" if is_counted else "; deployments_per_month in the usage file makes that a line of the bill"
    wait = known_number(endpoint.update_minutes)
    yield f"an update {kept} for {wait} minutes at least: {two_decimals(usd)} USD each{rest}"


# What is not known ---------------------------------------------------------------------------------------------------


def settled_by(reason: str) -> str:
    """What to give so that a reason is none any more; empty where nobody can."""
    return next((how for word, how in _SETTLED_BY if word in reason), "")


_USED: dict[str, str] = {
    "data-in": "request_payload_kb with monthly_requests, or monthly_data_in_gb",
    "data-out": "response_payload_kb with monthly_requests, or monthly_data_out_gb",
    "serverless-compute": "monthly_requests and request_duration_ms",
    "provisioned-compute": "monthly_requests and request_duration_ms",
    "transform": "run_hours, and monthly_runs where no schedule does",
}


def doubts(
    item: EndpointReport | None, lines: Iterable[CostComponent], results: Iterable[Result]
) -> Iterator[tuple[str, str]]:
    """What is not known, each thing with what would settle it."""
    if item is not None:
        yield from _of_endpoint(item)
    for line in lines:
        yield from _of_line(line)
    for group in undecided(results):
        asked = group.policies[0] if len(group.policies) == 1 else f"what {len(group.policies)} policies ask"
        yield f"{asked}: {group.reason}", settled_by(group.reason)


def _of_endpoint(item: EndpointReport) -> Iterator[tuple[str, str]]:
    endpoint = item.endpoint
    for what, value in (
        ("its region", endpoint.region),
        ("its name", endpoint.name),
        ("its mode", endpoint.mode),
        ("its variants", endpoint.variants),
        ("its inference components", endpoint.inference_components),
    ):
        if isinstance(value, Unknown):
            yield f"{what}: {value.reason}", "--region REGION" if what == "its region" else settled_by(value.reason)
    if isinstance(item.environment, Unknown):
        yield f"its environment: {item.environment.reason}", "a tag environment, or environments: in the settings"


def _of_line(line: CostComponent) -> Iterator[tuple[str, str]]:
    what = detail_of(line)
    if line.reason is not None:
        yield f"{what}: {line.reason}", settled_by(line.reason)
    elif line.depends_on_usage:
        yield f"{what}: how much of it is used", f"{_USED.get(line.kind, 'monthly_requests')}, in the usage file"
    if line.assumed and line.kind == "instance":
        yield (
            "how many run on the average (the initial count is assumed)",
            "average_instances, or monthly_busy_hours, in the usage file",
        )
