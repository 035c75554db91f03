"""The usage of an endpoint in a month: requests, their duration, data, busy hours, instances.

Whoever knows it answers with an `EndpointDemand`: a usage file, or what was observed. Pricing asks only this protocol.
Three answers are told apart: None where nobody says anything, `Unknown` where it is said for the whole endpoint and
cannot be split among its variants, and `DOES_NOT_APPLY` where the variant answers no requests that are charged.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final, Literal, Protocol, TypeAlias

from msgspec import Struct

from guardrail.model import Endpoint, TransformJob, Unknown, Workflow

DOES_NOT_APPLY: Final = "does not apply"
USAGE_FILE: Final = "usage file"
RequestCount: TypeAlias = Decimal | Unknown | Literal["does not apply"] | None


class VariantDemand(Struct, frozen=True, kw_only=True):
    """The usage of one variant in a month."""

    requests: RequestCount = None
    duration_ms: Decimal | None = None
    """Mean compute time of a request, in milliseconds."""
    instances: Decimal | None = None
    """Mean number of instances while busy, or of the whole month where busy hours are not given."""
    busy_hours: Decimal | None = None
    slots: Decimal | None = None
    """Mean number of slots kept warm."""
    software_usd_per_hour: Decimal | None = None
    """What the seller of its AWS Marketplace package asks per instance and hour, which no price list has."""
    deployments: Decimal | None = None
    """How often its endpoint is updated in a month."""
    model_memory_gib: Decimal | None = None
    """What its model takes while it runs, of accelerators where there are any; it bills nothing."""
    instance_requests_per_minute: Decimal | None = None
    """How many requests a minute one instance takes, from a load test; it bills nothing, and fixes rest on it."""
    max_instances: Decimal | None = None
    """The most instances that it may have; as the one before."""
    origins: tuple[tuple[str, str], ...] = ()
    """Numbers, by name, that no usage file says, and who does: ``("requests", "evidence of 2026-11-16")``."""

    def said_by(self, *names: str) -> str:
        """Who says these numbers: ``usage file``, or ``usage file and evidence of 2026-11-16`` where two do."""
        return " and ".join(dict.fromkeys(dict(self.origins).get(name, USAGE_FILE) for name in names))


class Gigabytes(Struct, frozen=True, kw_only=True):
    """Data sent one way in a month."""

    gb: Decimal
    origin: str
    partial: bool = False
    """Whether some of the requests that carry it are not known."""


class EndpointDemand(Struct, frozen=True, kw_only=True):
    """The usage of one endpoint in a month."""

    variants: tuple[VariantDemand, ...] = ()
    """Parallel to the endpoint's variants; empty where these are Unknown."""
    data_in: Gigabytes | None = None
    data_out: Gigabytes | None = None
    unsplit: Decimal | None = None
    """Requests of those variants together whose own are Unknown; None where all are told apart."""


class WorkflowDemand(Struct, frozen=True, kw_only=True):
    """The usage of a workflow, which starts transform jobs."""

    monthly_runs: Decimal | None = None
    """Executions a month; None where nobody says, so that its schedules count."""
    run_hours: Decimal | None = None
    """How long each of its jobs runs."""
    jobs: dict[str, Decimal] = {}
    """How long single ones run, by label."""
    by: str = USAGE_FILE
    """Who says how long they run."""

    def run_hours_of(self, job: TransformJob) -> Decimal | None:
        """Hours that one job runs: its own of the usage file, else those for all jobs, else those observed."""
        own = self.jobs.get(job.label)
        return next((hours for hours in (own, self.run_hours, job.run_hours) if hours is not None), None)


NO_VARIANT_DEMAND = VariantDemand()


class Demand(Protocol):
    """A source of usage: a usage file, evidence, or both."""

    def of(self, endpoint: Endpoint) -> EndpointDemand:
        """What is asked of it."""

    def of_workflow(self, workflow: Workflow) -> WorkflowDemand:
        """The usage of a workflow, which starts transform jobs."""

    def notices(self, endpoints: Iterable[Endpoint | Workflow]) -> Iterable[str]:
        """A sentence for each entry of the usage file that is about none of these endpoints.

        Raises `SettingsError` where something is said of a variant that its endpoint does not have.
        """
