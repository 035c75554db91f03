"""What runs in one region of an account: endpoints with all that belongs to them, transform jobs, and what scales.

Every answer goes through the journal, so that what was asked once is not asked again. A call that is refused leaves a
`Fault`, and what it would have answered is unknown; credentials that fail and a region that does not answer end it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import Any, Final, Generic, TypeVar

import msgspec
from msgspec import Struct

from guardrail.aws.access import Access, CallRefusedError, UnknownSubjectError
from guardrail.evidence.account import (
    Account,
    DescribedPolicy,
    EndpointConfig,
    EndpointDescription,
    Fault,
    InferenceComponentDescription,
    MetricAlarm,
    ModelDescription,
    ScalableTargetDescription,
    ScalingActivity,
    ScheduledActionDescription,
    TransformJobDescription,
    stem,
)
from guardrail.evidence.base import TRANSFORM_JOBS, Window
from guardrail.evidence.journal import Journal
from guardrail.progress import Say

_ALARMS_A_CALL: Final = 100
_AT_A_TIME: Final = 4
"""Describes that are under way beside each other: enough to keep the pace whatever one takes."""
_MOST_ACTIVITIES: Final = 20_000
_DELETED: Final = "ValidationException"
"""What SageMaker's Describe calls answer about what is not there."""
_SCALING: Final = {"ServiceNamespace": "sagemaker"}

T = TypeVar("T", bound=Struct)


class Wanted(Struct, frozen=True, kw_only=True):
    """Which endpoints are looked at; all where neither names nor tags are given."""

    endpoints: tuple[str, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    """An endpoint has every key of them, with one of its values."""

    @property
    def is_everything(self) -> bool:
        """Whether transform jobs are looked at too, which are no endpoints."""
        return not self.endpoints and not self.tags


class _ListedEndpoint(Struct, frozen=True, kw_only=True, rename="pascal"):
    endpoint_name: str
    endpoint_arn: str
    creation_time: datetime
    last_modified_time: datetime
    endpoint_status: str


class _ListedName(Struct, frozen=True, kw_only=True):
    """Anything else in a list: a name, what it belongs to, when it was made."""

    name: str
    of: str = ""
    created: datetime | None = None


class _TaggedResource(Struct, frozen=True, kw_only=True):
    arn: str
    tags: dict[str, str]


class _ListCall(Struct, Generic[T], frozen=True, kw_only=True):
    """A call that lists: the key of its items, and how much of each is kept."""

    service: str
    operation: str
    key: str
    kind: type[T]
    shaped: Callable[[dict[str, Any]], dict[str, Any]] = lambda item: item
    most: int | None = None


class RegionReader:
    """One region, read once."""

    def __init__(self, access: Access, region: str, window: Window, journal: Journal, say: Say) -> None:
        self._access = access
        self._region = region
        self._window = window
        self._journal = journal
        self._say = say
        self._faults: list[Fault] = []
        self.names: tuple[str, ...] = ()
        """All endpoints that were listed, once they were."""

    def account(self, wanted: Wanted, now: datetime) -> Account:
        """All that is known of what is wanted. Raises `AWSError` where that cannot be told from the rest."""
        endpoints = self._endpoints(wanted)
        configs = self._configs(endpoints)
        components = self._components({each.endpoint_name for each in endpoints})
        jobs = self._jobs() if wanted.is_everything else ()
        models = self._described(
            "model", "describe_model", "ModelName", _models(configs, components, jobs), ModelDescription
        )
        ours = _resources(endpoints, components)
        policies = self._scaling(_POLICIES, ours)
        return Account(
            account=self._access.account,
            region=self._region,
            now=now,
            endpoints=endpoints,
            endpoint_configs=configs,
            models=models,
            inference_components=components,
            transform_jobs=jobs,
            scalable_targets=self._scaling(_TARGETS, ours),
            scaling_policies=policies,
            scheduled_actions=self._scaling(_ACTIONS, ours),
            scaling_activities=self._activities(ours),
            alarms=self._alarms(policies),
            faults=self.faults,
        )

    def hosts(self, jobs: Iterable[TransformJobDescription]) -> dict[str, tuple[str, ...]]:
        """The hosts of each job that have metrics, ``rank-1116/i-0ab1`` of ``rank-1116``; nothing else lists them."""
        found: dict[str, list[str]] = {job.transform_job_name: [] for job in jobs}
        if found:
            for each in self._listed(_HOSTS, Namespace=TRANSFORM_JOBS, MetricName="CPUUtilization"):
                found.get(each.name.partition("/")[0], []).append(each.name)
        return {name: tuple(sorted(set(hosts))) for name, hosts in found.items()}

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Every question that was not answered so far."""
        return tuple(sorted(self._faults, key=lambda each: (each.call, each.subject)))

    # Endpoints -------------------------------------------------------------------------------------------------------

    def _endpoints(self, wanted: Wanted) -> tuple[EndpointDescription, ...]:
        before = len(self._faults)
        listed = self._listed(_ENDPOINTS)
        if len(self._faults) > before and not wanted.endpoints:
            raise _not_told(self._faults[-1], "which endpoints there are", "name them: guardrail utilization ENDPOINT")
        tags = self._tags(wanted)
        names = [each.endpoint_name for each in listed]
        self.names = tuple(names)
        known = {each.endpoint_name: each for each in listed}
        if wanted.endpoints:
            names = [name for name in wanted.endpoints if name in known or len(self._faults) > before]
        if wanted.tags:
            names = [name for name in names if name in known and known[name].endpoint_arn.casefold() in tags]
        described = self._described("endpoint", "describe_endpoint", "EndpointName", names, EndpointDescription)
        found = {each.endpoint_name: each for each in described}
        denied = {each.subject for each in self._faults if each.reason != _GONE}
        for name in names:
            if name not in found and name in known and f"endpoint/{name}" in denied:
                found[name] = _of_the_list(known[name])
        return tuple(
            msgspec.structs.replace(each, tags=tags.get(each.endpoint_arn.casefold(), {})) for each in found.values()
        )

    def _tags(self, wanted: Wanted) -> dict[str, dict[str, str]]:
        """Tags of endpoints, by ARN in lower case: SageMaker writes the names in them so, other services do not."""
        filters: dict[str, list[str]] = {}
        for key, value in wanted.tags:
            filters.setdefault(key, []).append(value)
        before = len(self._faults)
        found = self._listed(
            _TAGS,
            ResourceTypeFilters=["sagemaker:endpoint"],
            TagFilters=[{"Key": key, "Values": values} for key, values in filters.items()],
        )
        if len(self._faults) > before and wanted.tags:
            raise _not_told(self._faults[-1], "which endpoints have the tag", "name them, or allow tag:GetResources")
        return {each.arn.casefold(): each.tags for each in found}

    def _configs(self, endpoints: Sequence[EndpointDescription]) -> tuple[EndpointConfig, ...]:
        """The configurations in use, and earlier ones that may have been inside the window."""
        used = list(dict.fromkeys(each.endpoint_config_name for each in endpoints if each.endpoint_config_name))
        changed = [
            each
            for each in endpoints
            if each.endpoint_config_name and (each.last_modified_time or each.creation_time) > self._window.start
        ]
        names = list(used)
        if changed:
            stems = {stem(each.endpoint_config_name) for each in changed}
            own = tuple(each.endpoint_name for each in changed)
            like = (
                each.name for each in self._listed(_CONFIGS) if stem(each.name) in stems or each.name.startswith(own)
            )
            names += [name for name in like if name not in used]
        return self._described(
            "endpoint-config", "describe_endpoint_config", "EndpointConfigName", names, EndpointConfig
        )

    def _components(self, endpoints: set[str]) -> tuple[InferenceComponentDescription, ...]:
        if not endpoints:
            return ()
        listed = self._listed(_COMPONENTS)
        names = [each.name for each in listed if each.of in endpoints]
        return self._described(
            "inference-component",
            "describe_inference_component",
            "InferenceComponentName",
            names,
            InferenceComponentDescription,
        )

    def _jobs(self) -> tuple[TransformJobDescription, ...]:
        """Jobs that changed inside the window, the ends of all jobs in it among them."""
        listed = self._listed(_JOBS, LastModifiedTimeAfter=self._window.start)
        names = [each.name for each in listed if each.created is None or each.created < self._window.end]
        return self._described(
            "transform-job", "describe_transform_job", "TransformJobName", names, TransformJobDescription
        )

    # Scaling ---------------------------------------------------------------------------------------------------------

    def _scaling(self, listing: "_ListCall[T]", ours: "_Resources") -> tuple[T, ...]:
        found = self._listed(listing, **_SCALING)
        return tuple(each for each in found if ours.has(each))

    def _activities(self, ours: "_Resources") -> tuple[ScalingActivity, ...]:
        found = self._listed(_ACTIVITIES, **_SCALING)
        if len(found) == _MOST_ACTIVITIES:
            reason = f"there are more than {_MOST_ACTIVITIES:,}, and the others are not looked at"
            self._faults.append(Fault(call="application-autoscaling:DescribeScalingActivities", reason=reason))
        return tuple(each for each in found if ours.has(each) and each.start_time >= self._window.start)

    def _alarms(self, policies: Sequence[DescribedPolicy]) -> tuple[MetricAlarm, ...]:
        """The alarms that policies wait for."""
        names = sorted({alarm.alarm_name for policy in policies for alarm in policy.alarms})
        found: list[MetricAlarm] = []
        for start in range(0, len(names), _ALARMS_A_CALL):
            some = names[start : start + _ALARMS_A_CALL]
            found += self._listed(_ALARMS, some[0], AlarmNames=some, AlarmTypes=["MetricAlarm"])
        return tuple(found)

    # Calls -----------------------------------------------------------------------------------------------------------

    def _listed(self, listing: "_ListCall[T]", subject: str = "", **arguments: Any) -> list[T]:
        """All items of a list; none, and a fault, where it is refused."""
        call = f"{listing.service}:{listing.operation}"
        self._say(f"{self._region}: {_action(listing.operation)}")
        kind = list[listing.kind]  # type: ignore[name-defined] # a type of the caller's
        kept = self._journal.answer(self._region, call, subject)
        if kept is None:
            try:
                items = self._access.every(self._region, listing, **arguments)
                found = msgspec.convert([listing.shaped(item) for item in items], kind)
            except CallRefusedError as error:
                self._faults.append(Fault(call=error.call, subject=subject, reason=error.reason))
                return []
            except msgspec.ValidationError as error:
                self._faults.append(Fault(call=call, subject=subject, reason=f"it cannot be read: {error}"))
                return []
            kept = self._journal.keep(self._region, call, subject, found)
        decoded: list[T] = msgspec.json.decode(kept, type=kind)
        return decoded

    def _described(
        self, what: str, operation: str, argument: str, names: Iterable[str], kind: type[T]
    ) -> tuple[T, ...]:
        """What is known of each of several names; a fault for one that is refused, or gone meanwhile."""
        ordered = list(dict.fromkeys(names))
        describe = partial(self._one, what, operation, argument, kind)
        found: list[T] = []
        with ThreadPoolExecutor(_AT_A_TIME) as pool:
            try:
                for number, each in enumerate(pool.map(describe, ordered), start=1):
                    self._say(f"{self._region}: {_action(operation)} {number:,} of {len(ordered):,}")
                    if each is not None:
                        found.append(each)
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
        return tuple(found)

    def _one(self, what: str, operation: str, argument: str, kind: type[T], name: str) -> T | None:
        call = f"sagemaker:{operation}"
        subject = f"{what}/{name}"
        kept = self._journal.answer(self._region, call, name)
        try:
            if kept is None:
                answer = self._access.ask("sagemaker", self._region, operation, **{argument: name})
                kept = self._journal.keep(self._region, call, name, msgspec.convert(answer, kind))
            return msgspec.json.decode(kept, type=kind)
        except CallRefusedError as error:
            reason = _GONE if error.code == _DELETED else error.reason
            self._faults.append(Fault(call=error.call, subject=subject, reason=reason))
        except msgspec.ValidationError as error:
            self._faults.append(Fault(call=call, subject=subject, reason=f"it cannot be read: {error}"))
        return None


_GONE: Final = "it is there no more"


class _Resources(Struct, frozen=True, kw_only=True):
    """What scales of ours, as Application Auto Scaling names it."""

    endpoints: frozenset[str]
    components: frozenset[str]

    def has(self, each: Any) -> bool:
        """Whether a target, a policy, an action or an activity is about one of them."""
        kind, _, rest = each.resource_id.partition("/")
        if kind == "inference-component":
            return rest in self.components
        return kind == "endpoint" and rest.partition("/")[0] in self.endpoints


def _resources(
    endpoints: Iterable[EndpointDescription], components: Iterable[InferenceComponentDescription]
) -> _Resources:
    return _Resources(
        endpoints=frozenset(each.endpoint_name for each in endpoints),
        components=frozenset(each.inference_component_name for each in components),
    )


def _models(
    configs: Iterable[EndpointConfig],
    components: Iterable[InferenceComponentDescription],
    jobs: Iterable[TransformJobDescription],
) -> Iterator[str]:
    for config in configs:
        for variant in config.variants:
            if variant.model_name:
                yield variant.model_name
    for component in components:
        if component.specification is not None and component.specification.model_name:
            yield component.specification.model_name
    for job in jobs:
        if job.model_name:
            yield job.model_name


def _of_the_list(listed: _ListedEndpoint) -> EndpointDescription:
    """What the list alone says of an endpoint that may not be described."""
    return EndpointDescription(
        endpoint_name=listed.endpoint_name,
        endpoint_arn=listed.endpoint_arn,
        endpoint_status=listed.endpoint_status,
        creation_time=listed.creation_time,
        last_modified_time=listed.last_modified_time,
    )


def _not_told(fault: Fault, what: str, hint: str) -> UnknownSubjectError:
    return UnknownSubjectError(f"AWS does not say {what}: {fault.call}: {fault.reason}", hint=hint)


def _action(operation: str) -> str:
    return "".join(word.capitalize() for word in operation.split("_"))


# Lists ---------------------------------------------------------------------------------------------------------------


def _tagged(item: dict[str, Any]) -> dict[str, Any]:
    return {"arn": item["ResourceARN"], "tags": {each["Key"]: each["Value"] for each in item.get("Tags", ())}}


def _host(item: dict[str, Any]) -> dict[str, Any]:
    return {"name": next((each["Value"] for each in item.get("Dimensions", ()) if each["Name"] == "Host"), "")}


_ENDPOINTS: Final = _ListCall(service="sagemaker", operation="list_endpoints", key="Endpoints", kind=_ListedEndpoint)
_CONFIGS: Final = _ListCall(
    service="sagemaker",
    operation="list_endpoint_configs",
    key="EndpointConfigs",
    kind=_ListedName,
    shaped=lambda item: {"name": item["EndpointConfigName"]},
)
_COMPONENTS: Final = _ListCall(
    service="sagemaker",
    operation="list_inference_components",
    key="InferenceComponents",
    kind=_ListedName,
    shaped=lambda item: {"name": item["InferenceComponentName"], "of": item["EndpointName"]},
)
_JOBS: Final = _ListCall(
    service="sagemaker",
    operation="list_transform_jobs",
    key="TransformJobSummaries",
    kind=_ListedName,
    shaped=lambda item: {"name": item["TransformJobName"], "created": item["CreationTime"]},
)
_TAGS: Final = _ListCall(
    service="resourcegroupstaggingapi",
    operation="get_resources",
    key="ResourceTagMappingList",
    kind=_TaggedResource,
    shaped=_tagged,
)
_SERVICE: Final = "application-autoscaling"
_TARGETS: Final = _ListCall(
    service=_SERVICE, operation="describe_scalable_targets", key="ScalableTargets", kind=ScalableTargetDescription
)
_POLICIES: Final = _ListCall(
    service=_SERVICE, operation="describe_scaling_policies", key="ScalingPolicies", kind=DescribedPolicy
)
_ACTIONS: Final = _ListCall(
    service=_SERVICE, operation="describe_scheduled_actions", key="ScheduledActions", kind=ScheduledActionDescription
)
_ACTIVITIES: Final = _ListCall(
    service=_SERVICE,
    operation="describe_scaling_activities",
    key="ScalingActivities",
    kind=ScalingActivity,
    most=_MOST_ACTIVITIES,
)
_ALARMS: Final = _ListCall(service="cloudwatch", operation="describe_alarms", key="MetricAlarms", kind=MetricAlarm)
_HOSTS: Final = _ListCall(service="cloudwatch", operation="list_metrics", key="Metrics", kind=_ListedName, shaped=_host)
