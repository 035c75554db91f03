"""What was observed as a `Demand`: requests, durations and instances of a month, which make a bill what one expects.

The most specific statement wins, number by number: what a usage file says of an endpoint, about the time to come; then
what was seen of it; then what the file says of all endpoints of its type. None is averaged with another.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from guardrail.cost.demand import DOES_NOT_APPLY, Demand, EndpointDemand, VariantDemand, WorkflowDemand
from guardrail.cost.usage import NO_USAGE, Usage
from guardrail.evidence import linking
from guardrail.evidence.bundle import Bundle, ComponentEvidence, EndpointEvidence, VariantEvidence
from guardrail.model import Endpoint, TransformJob, Unknown, Workflow
from guardrail.money import HOURS_PER_MONTH


class ObservedDemand:
    """The `Demand` of a bundle, behind that of a usage file."""

    def __init__(self, bundle: Bundle, stated: Demand = NO_USAGE) -> None:
        self._links = linking.EvidenceLinks(bundle)
        self._jobs = bundle.jobs
        self._day = max((f"{each.end:%Y-%m-%d}" for each in bundle.jobs), default="")
        self._stated = stated

    def of(self, endpoint: Endpoint) -> EndpointDemand:
        """What is stated of it, else what was observed."""
        stated = self._stated.of(endpoint)
        own = self._stated.of_itself(endpoint) if isinstance(self._stated, Usage) else stated
        linked = self._links.of(endpoint)
        if linked.evidence is None or isinstance(endpoint.variants, Unknown):
            return stated
        by = origin(linked.evidence)
        return replace(
            stated,
            variants=tuple(
                whole if place is None else _beside(whole, said, observed(linked.evidence.variants[place]), by)
                for whole, said, place in zip(stated.variants, own.variants, linked.places, strict=True)
            ),
        )

    def of_workflow(self, workflow: Workflow) -> WorkflowDemand:
        """What is stated of it, else how long jobs of its models took on the machines that it asks for.

        How often it runs is its own to say: jobs of one model may be started by several.
        """
        stated = self._stated.of_workflow(workflow)
        if stated.run_hours is not None:
            return stated
        seen = {each.label: hours for each in workflow.jobs if (hours := self._hours_of(workflow, each)) is not None}
        by = f"evidence of {self._day}" if seen.keys() - stated.jobs.keys() else stated.by
        return replace(stated, jobs={**seen, **stated.jobs}, by=by)

    def _hours_of(self, workflow: Workflow, job: TransformJob) -> Decimal | None:
        """The mean run time of the only jobs that were seen of its model, type and count; None of none, or several."""
        found = [
            each
            for each in self._jobs
            if each.model is not None
            and each.model == job.model_name
            and each.region == workflow.region
            and (each.instance_type,) == job.instance_types
            and each.instances == job.instance_count
        ]
        return found[0].mean_hours if len(found) == 1 else None

    def notices(self, endpoints: Iterable[Endpoint | Workflow]) -> Iterable[str]:
        """What the usage file says of nothing."""
        return self._stated.notices(endpoints)


def _beside(whole: VariantDemand, said: VariantDemand, seen: VariantDemand, by: str) -> VariantDemand:
    """Each number of the usage file, else as observed, else the default; instances and busy hours go together."""
    names = [name for name in ("requests", "duration_ms", "model_memory_gib") if getattr(said, name) is None]
    if said.instances is None and said.busy_hours is None:
        names.append("instances")
    kept: dict[str, Any] = {name: value for name in names if (value := getattr(seen, name)) is not None}
    busy_hours = None if "instances" in kept else whole.busy_hours
    return replace(whole, **kept, busy_hours=busy_hours, origins=tuple((name, by) for name in kept))


def a_month(count: Decimal, start: datetime, end: datetime) -> Decimal:
    """So many in a window, as so many a month: 14 in two weeks are 30.42."""
    hours = Decimal(int((end - start).total_seconds())) / 3600
    return count / hours * HOURS_PER_MONTH if hours else count


def requests_a_month(found: VariantEvidence | ComponentEvidence) -> Decimal | None:
    """1,000 in each hour are 730,000; None of a part of an answer, as its other hours may have had any number."""
    requests = found.requests
    if requests is None or not requests.hours or any(gap.metric == "Invocations" for gap in found.gaps):
        return None
    return requests.total / requests.hours * HOURS_PER_MONTH


def observed(variant: VariantEvidence) -> VariantDemand:
    """What was observed of a variant, for a month: 1,000 requests in each hour are 730,000."""
    a_month = None if variant.shadow else requests_a_month(variant)
    return VariantDemand(
        requests=DOES_NOT_APPLY if variant.shadow and variant.serverless is None else a_month,
        duration_ms=None if variant.latency is None else variant.latency.mean_ms,
        instances=None if variant.instances_that_moved is None else variant.instances_that_moved.mean,
        model_memory_gib=_model_memory(variant),
    )


def _model_memory(variant: VariantEvidence) -> Decimal | None:
    """The most that was used, of accelerators where there are any; a cache of several models is no model's."""
    if variant.multi_model is not False:
        return None
    last = variant.last_segment
    used = None if last is None else last.gpu_memory_gib or last.memory_gib
    return None if used is None else used.maximum


def origin(found: EndpointEvidence) -> str:
    """Where a number came from: ``evidence of 2026-11-16``."""
    return f"evidence of {found.end:%Y-%m-%d}"
