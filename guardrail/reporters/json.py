"""The report for machines, as ``report.schema.json`` beside this module describes it.

Money and quantities are decimal strings, unrounded and without exponent. What cannot be known is ``{"unknown":
reason}``, with ``at_least`` and ``at_most`` where that much is known; what does not exist is null. What rests on
sensitive values is ``{"unknown": "sensitive"}`` where the model has a number, and null in a component, which keeps its
monthly amounts alone. Every endpoint, result and skipped resource stands on a line of its own, so that a diff reads as
what changed and ``grep`` finds whole items.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from decimal import Decimal
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from msgspec import structs

from guardrail import __version__
from guardrail.cost.base import Bill, CostComponent, Delta, HourPrice, Monthly, MonthlyQuantity, PlanUse
from guardrail.model import (
    Alarm,
    Container,
    Endpoint,
    InferenceComponent,
    InstanceVariant,
    Model,
    OtherScalingPolicy,
    ScalableTarget,
    ScalingMetric,
    ScalingPolicy,
    ScheduledAction,
    ServerlessVariant,
    StepScalingPolicy,
    TargetTrackingPolicy,
    TransformJob,
    Unknown,
    Variant,
    Workflow,
)
from guardrail.money import HOURS_PER_MONTH, plain
from guardrail.policy.base import NO_REMEDIATION, Result
from guardrail.report import (
    AlternativesReport,
    BilledReport,
    BudgetReport,
    Difference,
    DiscountReport,
    EndpointReport,
    PlanReport,
    Report,
    SkippedReport,
    Told,
    Totals,
    WorkflowReport,
)
from guardrail.reporters.base import DEFAULT, Options
from guardrail.reporters.fingerprints import Fingerprints
from guardrail.reporters.overview import has_news, overview
from guardrail.reporters.wording import machine_json, machine_lines
from guardrail.scaling import managed_scaling_effective

if TYPE_CHECKING:
    from guardrail.alternatives.base import Alternative

SCHEMA_VERSION = "1.1"
_AT_ONCE = 16
"""How many items of a list are encoded together: quicker than one by one, and never megabytes at a time."""

_T = TypeVar("_T")
_JsonObject: TypeAlias = dict[str, object]


def render(report: Report, options: Options = DEFAULT) -> str:
    """The report as one JSON document; the same report gives the same bytes, whatever the terminal is."""
    return b"".join(pieces(report, options)).decode()


def pieces(report: Report, options: Options = DEFAULT) -> Iterator[bytes]:
    """The document piece by piece, in UTF-8: a thousand endpoints are 16 MB, which nobody has to hold at once."""
    lines = _LinesOnce()
    yield b"{\n"
    for key, value in _head(report, options).items():
        yield b'"%s":%s,\n' % (key.encode(), machine_json(value))
    for name, items in (
        (b"endpoints", map(partial(_endpoint, lines), report.endpoints)),
        (b"unattached", map(partial(_endpoint, lines), report.unattached)),
        (b"workflows", map(_workflow, report.workflows)),
        (b"results", map(partial(_result, Fingerprints(report), options.fixable), report.results)),
        (b"skipped", map(_skipped, report.skipped)),
    ):
        yield b'"%s":' % name
        yield from _lines(items)
        yield b",\n"
    tail = [b'"%s":%s' % (key.encode(), machine_json(value)) for key, value in _tail(report).items()]
    yield b",\n".join(tail) + b"\n}\n"


def _lines(items: Iterable[object]) -> Iterator[bytes]:
    """An array with a line for each item, some of them at a time."""
    remaining, lines = iter(items), b"[\n"
    while some := list(islice(remaining, _AT_ONCE)):
        yield lines
        lines = machine_lines(some).replace(b"\n", b",\n")
    yield b"[]" if lines == b"[\n" else lines.removesuffix(b",\n") + b"\n]"


def _head(report: Report, options: Options) -> _JsonObject:
    regions = dict(sorted(report.prices.items()))
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "guardrail", "version": __version__},
        "today": report.today,
        "directory": options.directory,
        "tag": options.tag,
        "settings_file": report.settings_file,
        "usage_file": report.usage_file,
        "evidence_file": report.evidence_file,
        "baseline_file": report.baseline_file,
        "max_waiver_days": report.max_waiver_days,
        "sources": report.sources,
        "prices": {"currency": "USD", "hours_per_month": int(HOURS_PER_MONTH), "regions": regions},
        "totals": _totals(report.totals),
        "subtotals": {source: _totals(totals) for source, totals in report.subtotals.items()},
        "possibilities": [
            {"source": each.source, "given": each.given, "totals": _totals(each.totals)}
            for each in report.possibilities
        ],
        "groups": [
            {
                "by": {key: _known(value) for key, value in each.values.items()},
                "endpoints": each.endpoints,
                "workflows": each.workflows,
                "totals": _totals(each.totals),
            }
            for each in report.groups
        ],
        "discounts": _discounts(report.discounts) if report.discounts else None,
    }


def _workflow(item: WorkflowReport) -> _JsonObject:
    """A workflow, with the attributes and the bill of each of its transform jobs."""
    workflow, nothing = item.workflow, [None] * len(item.workflow.jobs)
    costs, hours = (item.cost.children, item.hours) if item.cost else (nothing, nothing)
    return {
        "source": item.source,
        "address": workflow.address,
        "type": workflow.type,
        "name": _value(workflow.name),
        "region": _value(workflow.region),
        "environment": _value(item.environment),
        "tags": _pairs(workflow.tags),
        "deployed": workflow.deployed,
        "change": workflow.change,
        "unchanged": item.unchanged,
        "once": workflow.once,
        "monthly_runs": _value(workflow.monthly_runs),
        "most_monthly_runs": _value(workflow.most_monthly_runs),
        "year": workflow.year or None,
        "triggers": None
        if workflow.triggers is None
        else [
            {"address": each.address, "expression": _value(each.expression), "enabled": _value(each.enabled)}
            for each in workflow.triggers
        ],
        "jobs": [
            _job(job, runs, cost, price) | {"reached": reached}
            for job, runs, cost, price, reached in zip(
                workflow.jobs, item.runs, costs, hours, item.reached, strict=True
            )
        ],
        "previous": None if item.unchanged or item.previous is None else _as_it_was(item.previous, item.previous_runs),
        "before": _monthly(item.before) if item.before else None,
        "after": _monthly(item.cost.monthly) if item.cost else None,
        "delta": _bounds(item.delta) if item.delta else None,
    }


def _as_it_was(workflow: Workflow, runs: Iterable[tuple[int, int | None]]) -> _JsonObject:
    """What starts transform jobs and the jobs, before the change."""
    return {
        "once": workflow.once,
        "monthly_runs": _value(workflow.monthly_runs),
        "most_monthly_runs": _value(workflow.most_monthly_runs),
        "jobs": [_size(*each) for each in zip(workflow.jobs, runs, strict=True)],
    }


def _size(job: TransformJob, runs: tuple[int, int | None]) -> _JsonObject:
    return {
        "label": job.label,
        "instance_types": [_value(each) for each in job.instance_types],
        "instance_count": _value(job.instance_count),
        "has_fixed_name": job.has_fixed_name,
        "per_execution": {"least": runs[0], "most": runs[1]},
    }


def _job(job: TransformJob, runs: tuple[int, int | None], cost: Bill | None, price: HourPrice | None) -> _JsonObject:
    return {
        **_size(job, runs),
        "name": _value(job.name),
        "model_name": _value(job.model_name),
        "max_concurrent_transforms": _value(job.max_concurrent_transforms),
        "max_payload_mb": _value(job.max_payload_mb),
        "batch_strategy": _value(job.batch_strategy),
        "split_type": _value(job.split_type),
        "s3_uri": _value(job.s3_uri),
        "waits": job.waits,
        "timeout_s": _value(job.timeout_s),
        "attempts": job.attempts,
        "run_hours": None if job.run_hours is None else plain(job.run_hours),
        "hour_usd": None
        if price is None
        else {"least": plain(price.least), "most": None if price.is_open else plain(price.most)},
        "monthly": _monthly(cost.monthly) if cost else None,
        "lines": [_component(line) for line in cost.lines] if cost else [],
    }


def _value(value: object) -> object:
    return plain(value) if isinstance(value, Decimal) else _known(value)


def _totals(found: Totals) -> _JsonObject:
    return {
        "before": _monthly(found.before) if found.before else None,
        "after": _monthly(found.after),
        "delta": _bounds(found.delta) if found.delta else None,
        "unchanged": _monthly(found.unchanged) if found.unchanged else None,
    }


def _overview(report: Report) -> _JsonObject:
    """What every format asks the one overview."""
    found = overview(report)
    return {
        "state": found.state,
        "verdict": found.verdict,
        "reasons": found.reasons,
        "counts": found.counts,
        "unchanged": found.unchanged,
        "all_fixed": None
        if found.all_fixed is None
        else {"saving": plain(found.all_fixed.saving), "at_best": found.all_fixed.at_best},
    }


def _discounts(found: DiscountReport) -> _JsonObject:
    """The bill with discounts, beside the list bill of ``totals``."""
    plan = found.plan
    return {
        "budgets": found.budgets,
        "before": _monthly(found.before) if found.before else None,
        "after": _monthly(found.after),
        "delta": _bounds(found.delta) if found.delta else None,
        "endpoints": [
            {"source": source, "address": address, "monthly": _monthly(monthly)}
            for (source, address), monthly in sorted(found.endpoints.items())
        ],
        "savings_plan": None if plan is None else _plan(plan),
        "notes": found.notes,
    }


def _plan(plan: PlanReport) -> _JsonObject:
    return {
        "commitment_usd_per_hour": plain(plan.commitment_usd_per_hour),
        "available_usd_per_hour": plain(plan.available_usd_per_hour),
        "before": _plan_use(plan.before) if plan.before else None,
        "after": _plan_use(plan.after),
        "margin": _bounds(plan.margin) if plan.margin else None,
    }


def _plan_use(use: PlanUse) -> _JsonObject:
    return {"covered": _bounds(use.covered), "spilled": _bounds(use.spilled), "stranded": _bounds(use.stranded)}


def _tail(report: Report) -> _JsonObject:
    return {
        "coverage": report.coverage,
        "budgets": [_budget(budget) for budget in report.budgets],
        "billed": _billed(report.billed),
        "alternatives": None if report.alternatives is None else _alternatives(report.alternatives),
        "notices": report.notices,
        "own_terms": report.own_terms,
        "policies": [
            {
                "id": rule.id,
                "title": rule.title,
                "severity": rule.severity,
                "topic": rule.topic,
                "waivable": rule.waivable,
            }
            for rule in report.rules
        ],
        "overview": _overview(report),
        "summary": report.summary,
        "fail_on": report.fail_on,
        "all_findings": report.all_findings,
        "strict": report.strict,
        "unread": report.unread,
        "distrust": report.distrust,
        "has_news": has_news(report),
        "exit_code": report.exit_code,
    }


def _billed(billed: BilledReport | None) -> _JsonObject | None:
    if billed is None:
        return None
    return {
        "month": billed.month,
        "until": billed.until,
        "currency": billed.currency,
        "endpoints": [
            {"source": each.source, "address": each.address, "usd": plain(each.usd)} for each in billed.endpoints
        ],
        "unattributed": plain(billed.unattributed),
        "in_no_code": plain(billed.in_no_code),
    }


def _alternatives(found: AlternativesReport) -> _JsonObject:
    """What could run instead of each part, and together."""
    return {
        "parts": [
            {
                "source": part.source,
                "address": part.address,
                "part": part.part,
                "alternatives": [_alternative(each) for each in part.alternatives],
                "not_offered": [{"name": each.name, "reason": each.reason} for each in part.not_offered],
            }
            for part in found.parts
        ],
        "together": [
            {"source": source, **_alternative(each)} for source, several in found.together.items() for each in several
        ],
    }


def _alternative(each: "Alternative") -> _JsonObject:
    even = each.break_even
    return {
        "kind": each.kind,
        "name": each.name,
        "usd": None if each.usd is None else plain(each.usd),
        "basis": each.basis,
        "saving": _bounds(each.saving) if each.saving else None,
        "monthly": _monthly(each.monthly) if each.monthly else None,
        "instance_type": each.instance_type,
        "instances": None if each.instances is None else plain(each.instances),
        "loses": each.loses,
        "conditions": each.conditions,
        "breaks": each.breaks,
        "break_even": None
        if even is None
        else {
            "usd_per_second": None if even.usd_per_second is None else plain(even.usd_per_second),
            "fixed_usd": plain(even.fixed_usd),
            "seconds_a_month": plain(even.seconds_a_month),
            "duration_ms": _value(even.duration_ms),
            "requests_an_hour": _value(even.requests_an_hour),
            "present_an_hour": None if even.present_an_hour is None else plain(even.present_an_hour),
            "memory_mib": even.memory_mib,
        },
        "endpoints": each.endpoints,
    }


class _LinesOnce:
    """Lines of the bill, described once where several endpoints share them: their data, where no usage is told."""

    def __init__(self) -> None:
        self._known: dict[int, list[_JsonObject]] = {}

    def of(self, lines: tuple[CostComponent, ...]) -> list[_JsonObject]:
        """The lines of one endpoint; who has the same ones has the same object."""
        known = self._known.get(id(lines))
        if known is None:
            known = self._known[id(lines)] = [_component(line) for line in lines]
        return known


def _endpoint(lines: _LinesOnce, item: EndpointReport) -> _JsonObject:
    endpoint, cost = item.endpoint, item.cost
    components = endpoint.inference_components
    return {
        "source": item.source,
        "address": endpoint.address,
        "name": _named(endpoint.name),
        "region": _known(endpoint.region),
        "account": endpoint.account,
        "tags": _pairs(endpoint.tags),
        "environment": _known(item.environment),
        "mode": _known(endpoint.mode),
        "change": endpoint.change,
        "touched": endpoint.touched,
        "deployed": endpoint.deployed,
        "configuration_address": endpoint.configuration_address,
        "unchanged": item.unchanged,
        "detailed_observability": _known(endpoint.detailed_observability),
        "before": _monthly(item.before) if item.before else None,
        "previous": None if item.unchanged or item.previous_cost is None else _previous(lines, item.previous_cost),
        "monthly": _monthly(cost.monthly) if cost else None,
        "delta": _bounds(item.delta) if item.delta else None,
        "differences": [_difference(difference) for difference in item.differences],
        "components": lines.of(cost.lines) if cost else [],
        "inference_components": [] if isinstance(components, Unknown) else [_hosted(hosted) for hosted in components],
        "inference_components_unknown": components.reason if isinstance(components, Unknown) else None,
        "variants": _variants(endpoint, cost) if cost else [],
        "variants_unknown": endpoint.variants.reason if isinstance(endpoint.variants, Unknown) else None,
        "location": endpoint.location,
    }


def _previous(lines: _LinesOnce, bill: Bill) -> _JsonObject:
    """The lines of the bill that stood before a change."""
    return {
        "components": lines.of(bill.lines),
        "variants": [
            {"label": child.label, "components": [_component(component) for component in child.lines]}
            for child in bill.children
        ],
    }


def _budget(budget: BudgetReport) -> _JsonObject:
    return {
        "limit": budget.limit,
        "usd": plain(budget.usd),
        "amount": _money(budget.amount),
        "state": budget.state,
        "origin": budget.origin,
        "group": budget.group or None,
        "depends_on_usage": budget.depends_on_usage,
    }


def _difference(difference: Difference) -> _JsonObject:
    return {
        "part": difference.part,
        "name": difference.name,
        "what": difference.what,
        "before": _side(difference.before),
        "after": _side(difference.after),
    }


def _side(value: Told) -> object:
    return _named(value) if isinstance(value, Unknown) else _value(value)


def _variants(endpoint: Endpoint, cost: Bill) -> list[_JsonObject]:
    if isinstance(endpoint.variants, Unknown):
        return []
    return [
        {
            **(_instances(variant) if isinstance(variant, InstanceVariant) else _serverless(variant)),
            "model_name": _known(variant.model_name),
            "model": _model(variant.model),
            "scaling": _scaling(variant),
            "components": [_component(component) for component in priced.lines],
            "monthly": _monthly(priced.monthly),
        }
        for variant, priced in zip(endpoint.variants, cost.children, strict=True)
    ]


def _pairs(pairs: dict[str, str | Unknown] | Unknown) -> _JsonObject:
    """Tags or dimensions, sorted by name."""
    if isinstance(pairs, Unknown):
        return _unknown(pairs)
    return {key: _known(value) for key, value in sorted(pairs.items())}


def _model(model: Model | Unknown | None) -> _JsonObject | None:
    if model is None:
        return None
    if isinstance(model, Unknown):
        return _unknown(model)
    return {
        "address": model.address,
        "containers": _each(model.containers, _container),
        "execution_mode": _known(model.execution_mode),
        "vpc": _known(model.vpc),
        "network_isolation": _known(model.network_isolation),
    }


def _container(container: Container) -> _JsonObject:
    return {name: _known(getattr(container, name)) for name in ("image", "mode", "model_package")}


def _instances(variant: InstanceVariant) -> _JsonObject:
    hidden = variant.sensitive
    return {
        "name": _named(variant.name),
        "shadow": variant.shadow,
        "monthly_hours": _hours(variant),
        "kind": "instance",
        "instance_type": _shown(variant.instance_type, hidden=hidden),
        "initial_instance_count": _shown(variant.initial_instance_count, hidden=hidden),
        "volume_size_gb": _shown(variant.volume_size_gb, hidden=hidden),
        "weight": _known(variant.weight),
        "memory_mib": None,
        "max_concurrency": None,
        "provisioned_concurrency": None,
        "instance_pools": [
            {
                "instance_type": _shown(pool.instance_type, hidden=hidden),
                "priority": _shown(pool.priority, hidden=hidden),
            }
            for pool in variant.instance_pools
        ],
    }


def _hours(variant: InstanceVariant) -> object:
    """For how many hours a month a shadow test runs it; None where it stays."""
    hours = variant.monthly_hours
    if hours is None or variant.sensitive:
        return _shown(hours, hidden=variant.sensitive)
    return _money(hours)


def _serverless(variant: ServerlessVariant) -> _JsonObject:
    hidden = variant.sensitive
    return {
        "name": _named(variant.name),
        "shadow": variant.shadow,
        "monthly_hours": None,
        "kind": "serverless",
        "instance_type": None,
        "initial_instance_count": None,
        "volume_size_gb": None,
        "weight": _known(variant.weight),
        "memory_mib": _shown(variant.memory_mib, hidden=hidden),
        "max_concurrency": _shown(variant.max_concurrency, hidden=hidden),
        "provisioned_concurrency": _shown(variant.provisioned_concurrency, hidden=hidden),
        "instance_pools": [],
    }


def _scaling(variant: Variant) -> _JsonObject | None:
    """What scales the variant: its scalable target, else managed instance scaling where SageMaker heeds it."""
    if isinstance(variant.scaling, ScalableTarget):
        return _target(variant.scaling)
    if isinstance(variant.scaling, Unknown):
        return _unknown(variant.scaling)
    return _managed(variant) if isinstance(variant, InstanceVariant) else None


def _target(target: ScalableTarget) -> _JsonObject:
    return {
        "source": "target",
        "address": target.address,
        "min_capacity": _shown(target.min_capacity, hidden=target.sensitive),
        "max_capacity": _shown(target.max_capacity, hidden=target.sensitive),
        "scaling_in_suspended": _known(target.dynamic_scaling_in_suspended),
        "policies": _each(target.policies, _policy),
        "scheduled_actions": _each(target.scheduled_actions, partial(_action, hidden=target.sensitive)),
    }


def _policy(policy: ScalingPolicy) -> _JsonObject:
    """What a policy follows; of a step policy that are its alarms' metrics, and where they start it."""
    metrics: object = []
    target_value: object = None
    if isinstance(policy, TargetTrackingPolicy):
        target_value = _known(policy.target_value)
        metrics = _each(policy.metrics, _metric)
    elif isinstance(policy, StepScalingPolicy):
        metrics = _each(policy.alarms, _alarm)
    return {
        "address": policy.address,
        "policy_type": _policy_type(policy),
        "target_value": target_value,
        "metrics": metrics,
    }


def _each(things: tuple[_T, ...] | Unknown, of: Callable[[_T], _JsonObject]) -> object:
    return _unknown(things) if isinstance(things, Unknown) else [of(thing) for thing in things]


def _metric(metric: ScalingMetric) -> _JsonObject:
    return _series(metric, metric.name, None)


def _alarm(alarm: Alarm) -> _JsonObject:
    return _series(alarm, alarm.metric_name, alarm.threshold)


def _series(of: ScalingMetric | Alarm, name: object, threshold: object) -> _JsonObject:
    """What a policy follows in CloudWatch."""
    return {
        "name": _known(name),
        "namespace": _known(of.namespace),
        "dimensions": _pairs(of.dimensions),
        "statistic": _known(of.statistic),
        "threshold": _known(threshold),
    }


def _policy_type(policy: ScalingPolicy) -> object:
    match policy:
        case TargetTrackingPolicy():
            return "TargetTrackingScaling"
        case StepScalingPolicy():
            return "StepScaling"
        case OtherScalingPolicy():
            return _known(policy.policy_type)


def _action(action: ScheduledAction, *, hidden: bool) -> _JsonObject:
    return {
        "address": action.address,
        "schedule": _known(action.schedule),
        "min_capacity": _shown(action.min_capacity, hidden=hidden),
        "max_capacity": _shown(action.max_capacity, hidden=hidden),
    }


def _managed(variant: InstanceVariant) -> _JsonObject | None:
    """Managed instance scaling, where it has an effect."""
    managed, effective = variant.managed_scaling, managed_scaling_effective(variant)
    if isinstance(effective, Unknown):
        return _unknown(effective)
    if not effective or managed is None or isinstance(managed, Unknown):
        return None
    return {
        "source": "managed",
        "address": None,
        "min_capacity": _shown(managed.min_instance_count, hidden=variant.sensitive),
        "max_capacity": _shown(managed.max_instance_count, hidden=variant.sensitive),
        "scaling_in_suspended": False,
        "policies": [],
        "scheduled_actions": [],
    }


def _hosted(component: InferenceComponent) -> _JsonObject:
    scaling = component.scaling
    least: object = None
    most: object = None
    if isinstance(scaling, ScalableTarget):
        least = _shown(scaling.min_capacity, hidden=scaling.sensitive)
        most = _shown(scaling.max_capacity, hidden=scaling.sensitive)
    elif isinstance(scaling, Unknown):
        least = most = _unknown(scaling)
    return {
        "address": component.address,
        "name": _named(component.name),
        "variant": _known(component.variant_name),
        "copies": _known(component.copies),
        "min_copies": least,
        "max_copies": most,
    }


def _component(component: CostComponent) -> _JsonObject:
    """One line of the bill."""
    if component.redacted:
        return _redacted(component)
    price = component.price
    return {
        "kind": component.kind,
        "usage_type": component.usage_type,
        "unit": component.unit,
        "unit_price": plain(price.usd) if price else None,
        "basis": price.basis if price else None,
        "confidence": price.confidence if price else None,
        "rule": price.rule if price else None,
        "suspect": price.suspect if price else None,
        "price_date": price.date if price else None,
        "price_source": price.source if price else None,
        "quantity": _bounds(component.quantity) if component.quantity else None,
        "count": _bounds(component.count) if component.count else None,
        "size": None if component.size is None else plain(component.size),
        "detail": component.detail,
        "monthly": _bounds(component.monthly) if component.monthly else None,
        "reason": component.reason,
        "estimated": component.estimated,
        "default_size": component.default_size,
        "depends_on_usage": component.depends_on_usage,
        "assumed": component.assumed,
        "redacted": False,
        "origins": component.origins,
    }


def _redacted(component: CostComponent) -> _JsonObject:
    """A line that rests on sensitive values: what kind it is, and what it costs a month."""
    shown = structs.replace(
        component,
        usage_type=None,
        price=None,
        quantity=None,
        count=None,
        size=None,
        detail="",
        reason="sensitive" if component.reason else None,
        redacted=False,
        origins={},
    )
    return _component(shown) | {"redacted": True}


def _result(fingerprints: Fingerprints, fixable: Collection[str], result: Result) -> Result | _JsonObject:
    """A result, with its id where it is a violation, and whether there is an edit that mends it.

    What is none needs no remediation, and repeating it twenty thousand times would be most of a report.
    """
    if result.verdict in ("pass", "open") and result.remediation is not NO_REMEDIATION:
        result = structs.replace(result, remediation=NO_REMEDIATION)
    if result.verdict == "pass":  # as most are
        return result
    own: _JsonObject = {"id": fingerprints.id_of(result)} if result.verdict == "fail" else {}
    if own and own["id"] in fixable:
        own["has_edit"] = True
    if result.saving_monthly is not None:
        own["saving_monthly"] = _money(result.saving_monthly)
    return structs.asdict(result) | own if own else result


def _skipped(item: SkippedReport) -> _JsonObject:
    resource = item.resource
    return {
        "source": item.source,
        "address": resource.address,
        "type": resource.type,
        "reason": resource.reason,
        "affects_total": resource.affects_total,
    }


def _monthly(monthly: Monthly) -> _JsonObject:
    return {
        "floor": plain(monthly.floor),
        "expected": _money(monthly.expected),
        "ceiling": plain(monthly.ceiling),
        "estimated_share": plain(monthly.estimated_share),
        "at_least": monthly.at_least,
        "estimated": monthly.estimated,
        "depends_on_usage": monthly.depends_on_usage,
        "assumed": monthly.assumed,
    }


def _bounds(bounds: MonthlyQuantity | Delta) -> _JsonObject:
    return {
        "floor": _money(bounds.floor),
        "expected": _money(bounds.expected),
        "ceiling": _money(bounds.ceiling),
    }


def _money(amount: Decimal | Unknown) -> str | _JsonObject:
    return plain(amount) if isinstance(amount, Decimal) else _unknown(amount)


def _known(value: object) -> object:
    return _unknown(value) if type(value) is Unknown else value


def _named(value: str | Unknown) -> object:
    """A name, or what is known of it, by which people know the thing."""
    if isinstance(value, Unknown) and value.partial is not None:
        return {**_unknown(value), "partial": value.partial}
    return _known(value)


def _shown(value: object, *, hidden: bool) -> object:
    """A value that may be sensitive. None stays None: that there is none is no secret."""
    return {"unknown": "sensitive"} if hidden and value is not None else _known(value)


def _unknown(value: Unknown) -> _JsonObject:
    """Why something is unknown, and between what it lies where that is known."""
    shown: _JsonObject = {"unknown": value.reason}
    if value.at_least is not None:
        shown["at_least"] = plain(value.at_least)
    if value.at_most is not None:
        shown["at_most"] = plain(value.at_most)
    return shown
