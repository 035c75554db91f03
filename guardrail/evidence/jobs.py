"""Transform jobs of the window, put together by what they run: how often, how long, how busy.

Their metrics are published by host, ``JOB/INSTANCE``, in a namespace of their own; a job is billed from its start to
its end (SageMaker developer guide, monitoring-cloudwatch and batch-transform).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal

from guardrail.evidence.account import Account, TransformJobDescription, stem
from guardrail.evidence.base import NO_DATAPOINTS, TRANSFORM_JOBS, Gap, Series, Window
from guardrail.evidence.bundle import Distribution, JobEvidence
from guardrail.evidence.measured import Measured, MeasuredValues
from guardrail.evidence.observed import Specs
from guardrail.evidence.statistics import HOUR, distribution, rounded_up


def of(account: Account, series: Iterable[Series], window: Window, specs: Specs) -> tuple[JobEvidence, ...]:
    """What was observed of the jobs that ended in the window, those of one model, machine and name together."""
    by_job: dict[str, list[Series]] = defaultdict(list)
    for each in series:
        host = dict(each.query.dimensions).get("Host", "")
        by_job[host.partition("/")[0]].append(each)
    groups: dict[tuple[str, str, str, int], list[TransformJobDescription]] = defaultdict(list)
    for job in account.transform_jobs:
        ended = job.transform_end_time
        if ended is not None and window.start <= ended <= window.end:
            resources = job.transform_resources
            machine = ("", 0) if resources is None else (resources.instance_type, resources.instance_count)
            groups[stem(job.transform_job_name), job.model_name, *machine].append(job)
    return tuple(
        _group(account, prefix, found, by_job, window, specs) for (prefix, *_), found in sorted(groups.items())
    )


def _group(
    account: Account,
    prefix: str,
    jobs: Sequence[TransformJobDescription],
    by_job: Mapping[str, list[Series]],
    window: Window,
    specs: Specs,
) -> JobEvidence:
    first = jobs[0]
    machine = first.transform_resources
    spec = None if machine is None else specs(machine.instance_type)
    hours = [
        Decimal((job.transform_end_time - job.transform_start_time) // timedelta(seconds=1)) / 3600
        for job in jobs
        if job.transform_start_time is not None and job.transform_end_time is not None
    ]
    percent = {metric: _percent(jobs, by_job, window, metric) for metric in _METRICS}
    gaps = [
        Gap(subject=first.transform_job_name, metric=metric, reason=NO_DATAPOINTS)
        for metric in _METRICS[:2]
        if not percent[metric]
    ]
    gib = None if spec is None else spec.memory_gib
    each_gib = None if spec is None else spec.accelerator_memory_gib
    return JobEvidence(
        account=account.account,
        region=account.region,
        prefix=prefix,
        model=first.model_name or None,
        instance_type=None if machine is None else machine.instance_type,
        instances=None if machine is None else machine.instance_count,
        start=window.start,
        end=window.end,
        runs=len(jobs),
        failed=sum(1 for job in jobs if job.transform_job_status == "Failed"),
        mean_hours=rounded_up(sum(hours, Decimal(0)) / len(hours)) if hours else None,
        most_hours=rounded_up(max(hours)) if hours else None,
        last=max(job.transform_end_time for job in jobs if job.transform_end_time is not None),
        cpu_cores=_amount(percent["CPUUtilization"], Decimal(1)),
        memory_gib=_amount(percent["MemoryUtilization"], gib),
        gpus=_amount(percent["GPUUtilization"], Decimal(1)),
        gpu_memory_gib=_amount(percent["GPUMemoryUtilization"], each_gib),
        gaps=tuple(gaps),
    )


_METRICS = ("CPUUtilization", "MemoryUtilization", "GPUUtilization", "GPUMemoryUtilization")


def _percent(
    jobs: Sequence[TransformJobDescription], by_job: Mapping[str, list[Series]], window: Window, metric: str
) -> MeasuredValues:
    """A metric of all their hosts: of two at one time the greater."""
    found: MeasuredValues = {}
    for job in jobs:
        own = by_job.get(job.transform_job_name, [])
        born = (job.transform_start_time or job.creation_time) - HOUR  # an hour begins before the job does
        measured = Measured(own, window, born)
        for host in {dict(each.query.dimensions)["Host"] for each in own}:
            for time, value in measured.values(TRANSFORM_JOBS, metric, {"Host": host}, "Maximum").items():
                found[time] = max(found.get(time, value), value)
    return found


def _amount(percent: MeasuredValues, whole: Decimal | None) -> Distribution | None:
    """Percent of a core, of all memory or of one GPU, as so much of it."""
    if whole is None:
        return None
    return distribution({time: value * whole / 100 for time, value in percent.items()})
