"""Transform jobs as subjects of policies, and the getters of their fields.

Limits, defaults and what each setting does are those of CreateTransformJob in the SageMaker API reference.
"""

import re
from collections.abc import Callable, Mapping

from guardrail.cost.base import Bill
from guardrail.model import TransformJob, Unknown, Workflow
from guardrail.policy import getters as get
from guardrail.policy.base import FindingPart
from guardrail.policy.policy import Value
from guardrail.policy.subject import Evaluation, Subject
from guardrail.prices.base import Price

_DEFAULT_PAYLOAD_MB = 6
_ONE_OBJECT = (
    r"s3://[^/]+/(?:.*/)?[^/]+\.(?:csv|tsv|jsonl?|jsonlines|parquet|txt|npy|libsvm|recordio|tfrecord)(?:\.gz)?"
)


class JobSubject(Subject):
    """One transform job, with what starts it."""

    __slots__ = ("job", "place", "workflow")

    def __init__(
        self, world: Evaluation, workflow: Workflow, place: int, *, environment: str | Unknown, cost: Bill | None
    ) -> None:
        own = cost.children[place] if cost is not None and place < len(cost.children) else None
        super().__init__(world, None, environment=environment, cost=own)
        self.workflow = workflow
        self.place = place
        self.job: TransformJob = workflow.jobs[place]

    def instance_types(self) -> tuple[str | Unknown, ...]:
        """The types of which it uses one."""
        return self.job.instance_types

    @property
    def title(self) -> str:
        """What it is called: by what starts it, and by its label."""
        return f"{self.workflow.address}: {self.job.label}" if self.job.label else self.workflow.address

    def part(self) -> FindingPart:
        """It is a part of its own, by its place."""
        return ("transform_job", self.place)


def of_job(compute: Callable[[TransformJob], object]) -> Callable[[Subject], object]:
    """A fact of the job."""
    return lambda subject: compute(subject.job) if isinstance(subject, JobSubject) else None


def title(subject: Subject) -> object:
    """What the job is called."""
    return subject.title if isinstance(subject, JobSubject) else None


def instance_types(job: TransformJob) -> object:
    """The types of which it uses one; Unknown where one is."""
    return next((each for each in job.instance_types if isinstance(each, Unknown)), None) or job.instance_types


def payload_mb(job: TransformJob) -> int | Unknown:
    """MaxPayloadInMB, 6 where it is unset."""
    return _DEFAULT_PAYLOAD_MB if job.max_payload_mb is None else job.max_payload_mb


def concurrent_payload_mb(job: TransformJob) -> object:
    """MaxConcurrentTransforms × MaxPayloadInMB; None where the former is unset, for the rule holds only then."""
    transforms, payload = job.max_concurrent_transforms, payload_mb(job)
    if transforms is None or isinstance(transforms, Unknown) or isinstance(payload, Unknown):
        return payload if isinstance(payload, Unknown) and transforms is not None else transforms
    return transforms * payload


def input_objects(job: TransformJob) -> object:
    """1 where its input is a single object by its name; None where nothing tells how many there are."""
    uri = job.s3_uri
    is_one = isinstance(uri, str) and re.fullmatch(_ONE_OBJECT, uri.lower()) and job.s3_data_type in (None, "S3Prefix")
    return 1 if is_one else None


def is_bounded(job: TransformJob) -> object:
    """Whether a timeout stops it: one of a task that waits for it; None where there is no task."""
    if job.waits is None:
        return None
    if isinstance(job.timeout_s, Unknown) and job.waits:
        return job.timeout_s
    return job.waits and job.timeout_s is not None


def attempts(job: TransformJob) -> object:
    """How many jobs its retries start at most."""
    return Unknown("how often it is tried is an expression") if job.attempts is None else job.attempts


def is_named_once(subject: Subject) -> object:
    """Whether its name is the same each time although it runs again and again; None of a request on its own."""
    if not isinstance(subject, JobSubject) or (subject.workflow.type == "definition" and subject.job.waits is None):
        return None
    if subject.workflow.once:
        return False
    name, types = subject.job.name, instance_types(subject.job)
    if isinstance(name, Unknown) and isinstance(types, Unknown) and name.reason == types.reason:
        return name  # nothing at all is known of the request
    return subject.job.has_fixed_name


def _hourly_usd(subject: Subject, instance_type: str) -> object:
    """The price of transform for one instance."""
    if not isinstance(subject, JobSubject) or subject.world is None or isinstance(subject.workflow.region, Unknown):
        return subject.workflow.region if isinstance(subject, JobSubject) else None
    price = subject.world.prices.transform(subject.workflow.region, instance_type)
    return price.usd if isinstance(price, Price) else Unknown(price.reason)


HOURLY_USD = get.over_types(_hourly_usd, get.most)


def excess(parameters: Mapping[str, Value]) -> get.Getter:
    """What of one of its instances exceeds the limits: ``48 vCPUs (limit 16)``."""
    return get.excess(parameters, HOURLY_USD)


def unpriced_types(subject: Subject) -> object:
    """Why each of its types has no price for transform in its region: it is not taken, or is no type at all."""
    if not isinstance(subject, JobSubject) or subject.world is None:
        return None
    region, types = subject.workflow.region, instance_types(subject.job)
    if isinstance(types, Unknown) or isinstance(region, Unknown):
        return types if isinstance(types, Unknown) else region
    found = [subject.world.prices.transform(region, str(each)) for each in subject.job.instance_types]
    return tuple(each.reason for each in found if not isinstance(each, Price))


def monthly_ceiling(subject: Subject) -> object:
    """What the job costs a month at most; Unknown where no usage says how long it runs."""
    if not isinstance(subject, JobSubject) or subject.cost is None:
        return None
    if subject.cost.monthly.depends_on_usage:
        return Unknown("no usage says how long it runs, or how often")
    return get.amount_of(subject.cost.monthly, "ceiling")
