"""What no plan knows: requests, durations, gigabytes, busy hours. Read from ``guardrail-usage.yml``.

The file has the shape of Infracost's usage files: numbers by resource address, in which ``*`` stands for any text and
``[*]`` for any index, and defaults by resource type. The unit of each number is part of its key.

    version: 0.1
    resource_type_default_usage:
      aws_sagemaker_endpoint:
        request_payload_kb: 4
    resource_usage:
      module.search.aws_sagemaker_endpoint.this[*]:
        monthly_requests: 1000000
        request_duration_ms: 200
        variants:
          main: {average_instances: 2.5}
"""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from msgspec import Struct

from guardrail.cost.demand import (
    DOES_NOT_APPLY,
    NO_VARIANT_DEMAND,
    EndpointDemand,
    Gigabytes,
    RequestCount,
    VariantDemand,
    WorkflowDemand,
)
from guardrail.errors import SettingsError, did_you_mean
from guardrail.expressions import expression
from guardrail.model import Endpoint, ServerlessVariant, Unknown, Variant, Workflow
from guardrail.money import HOURS_PER_MONTH, ZERO

VERSIONS = {"0.1", "1"}

_KB_PER_GB = 1_000_000
_CLOUDFORMATION_TYPE = "AWS::SageMaker::Endpoint"
TYPES = (
    _CLOUDFORMATION_TYPE,
    *(f"{provider}_sagemaker_endpoint" for provider in ("aws", "awscc")),
    "aws_sagemaker_endpoint_configuration",
    "awscc_sagemaker_endpoint_config",
    *(f"{provider}_sagemaker_pipeline" for provider in ("aws", "awscc")),
    *("aws_sfn_state_machine", "awscc_stepfunctions_state_machine"),
    *(f"{provider}_scheduler_schedule" for provider in ("aws", "awscc")),
    *("AWS::StepFunctions::StateMachine", "AWS::Serverless::StateMachine"),
    *("AWS::SageMaker::Pipeline", "AWS::Scheduler::Schedule"),
)
"""The types of resources whose usage can be stated by default."""


class VariantUsage(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one variant is used for in a month. None where the file does not say."""

    monthly_requests: Decimal | None = None
    """Requests a month; those of an endpoint are shared among its variants by weight."""
    request_duration_ms: Decimal | None = None
    """Mean compute time of a request, in milliseconds."""
    average_instances: Decimal | None = None
    """Mean number of instances while busy, or of the whole month where busy hours are not given."""
    monthly_busy_hours: Decimal | None = None
    """Hours a month, of 730, in which there is work; in the others a variant that scales is at its minimum."""
    average_provisioned_concurrency: Decimal | None = None
    """Mean number of slots kept warm."""
    marketplace_usd_per_hour: Decimal | None = None
    """Software fee of its AWS Marketplace model package, in USD per instance and hour; else it does nothing."""
    model_memory_gib: Decimal | None = None
    """What its model takes while it runs, in GiB, of accelerators where there are any: for alternatives alone.

    The tag `guardrail:model-memory-gib` says the same.
    """
    instance_requests_per_minute: Decimal | None = None
    """How many requests a minute one instance takes, from a load test: for fixes alone."""
    max_instances: Decimal | None = None
    """The most instances that it may have: for fixes alone."""


class JobUsage(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long one transform job of a workflow runs."""

    run_hours: Decimal | None = None
    """How long one run of it takes, in hours."""


class EndpointUsage(VariantUsage, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one endpoint is used for in a month.

    Requests and gigabytes are those of the whole endpoint; duration, instances, busy hours and slots hold for each of
    its variants unless ``variants`` says otherwise for one.
    """

    request_payload_kb: Decimal | None = None
    """Mean size of a request, in kilobytes of 1,000 bytes."""
    response_payload_kb: Decimal | None = None
    """Mean size of a response, likewise."""
    monthly_data_in_gb: Decimal | None = None
    """Gigabytes sent to it: instead of requests times payload."""
    monthly_data_out_gb: Decimal | None = None
    """Gigabytes that it answers with, likewise."""
    deployments_per_month: Decimal | None = None
    """Updates of the endpoint, each of which bills two fleets for as long as its deployment policy says."""
    variants: dict[str, VariantUsage] | None = None
    """What single variants are used for, by name."""
    monthly_runs: Decimal | None = None
    """Of what starts transform jobs: how often it is started in a month."""
    run_hours: Decimal | None = None
    """Of what starts transform jobs: how long each of them runs, in hours."""
    jobs: dict[str, JobUsage] | None = None
    """Of what starts transform jobs: what single jobs take, by label."""

    def stated(self) -> dict[str, Decimal]:
        """The requests that it gives for variants of their own, 0 among them."""
        own = (self.variants or {}).items()
        return {name: each.monthly_requests for name, each in own if each.monthly_requests is not None}


class UsageFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file: entries by the type of a resource and by its address, in which ``*`` stands for any text."""

    version: str | int | float = "0.1"
    """Of the layout of the file."""
    resource_type_default_usage: dict[str, EndpointUsage | None] | None = None
    """By type of resource: what holds where an entry below says nothing."""
    resource_usage: dict[str, EndpointUsage | None] | None = None
    """By address: what single endpoints, or what starts transform jobs, are used for."""


class Usage:
    """The usage of every endpoint: the `Demand` that a file states.

    The most specific statement wins: an exact address before a pattern, the longer pattern before the shorter, and both
    before the default of a type; within one entry a variant before its endpoint. What replaces one another goes
    together: requests of the endpoint and of its variants, gigabytes and payload.
    """

    def __init__(
        self, by_address: Mapping[str, EndpointUsage], by_type: Mapping[str, EndpointUsage], *, path: str = "usage file"
    ) -> None:
        """``by_address`` may hold wildcards; ``path`` is named where something is wrong."""
        self._exact = {key: usage for key, usage in by_address.items() if "*" not in key}
        self._starred = {key: usage for key, usage in by_address.items() if _only_stars_indexes(key)}
        self._patterns = [(key, _compile(key)) for key in by_address if "*" in key and key not in self._starred]
        self._by_type = by_type
        self._by_address = by_address
        self._path = path
        self._is_empty = not by_address and not by_type

    def of(self, endpoint: Endpoint) -> EndpointDemand:
        """The usage of an endpoint, stated under its own address or under that of its configuration."""
        variants = () if isinstance(endpoint.variants, Unknown) else endpoint.variants
        if self._is_empty:
            return EndpointDemand(variants=(NO_VARIANT_DEMAND,) * len(variants))
        return self._of(endpoint, variants, self._layers(endpoint, map(_type_of, _addresses(endpoint))))

    def of_itself(self, endpoint: Endpoint) -> EndpointDemand:
        """The usage stated for this endpoint alone, without the defaults of its resource type."""
        variants = () if isinstance(endpoint.variants, Unknown) else endpoint.variants
        return self._of(endpoint, variants, self._layers(endpoint, ()))

    def _of(self, endpoint: Endpoint, variants: Sequence[Variant], layers: Sequence[EndpointUsage]) -> EndpointDemand:
        says = next((each for each in layers if each.monthly_requests is not None or each.stated()), EndpointUsage())
        requests, unsplit = _split(says, variants)
        total, partial = _whole(says, endpoint)
        return EndpointDemand(
            variants=tuple(
                _of_variant(layers, variant.name, asked) for variant, asked in zip(variants, requests, strict=True)
            ),
            data_in=_gigabytes(layers, "monthly_data_in_gb", "request_payload_kb", total, partial=partial),
            data_out=_gigabytes(layers, "monthly_data_out_gb", "response_payload_kb", total, partial=partial),
            unsplit=unsplit,
        )

    def of_workflow(self, workflow: Workflow) -> WorkflowDemand:
        """The usage of a workflow, stated under its own address, else the default of its resource type."""
        if self._is_empty:
            return WorkflowDemand()
        layers = self._layers(workflow, [workflow.type])
        jobs: dict[str, Decimal] = {}
        for layer in reversed(layers):
            own = (layer.jobs or {}).items()
            jobs |= {label: each.run_hours for label, each in own if each.run_hours is not None}
        return WorkflowDemand(
            monthly_runs=None if self._is_of_all(workflow) else _first(layers, "monthly_runs"),
            run_hours=_first(layers, "run_hours"),
            jobs=jobs,
        )

    def _is_of_all(self, workflow: Workflow) -> bool:
        """Whether executions are stated of all of several workflows together that one block is, and not of each."""
        own, whole = (self._by_address.get(each) for each in (workflow.address, workflow.block_address))
        is_stated = whole is not None and whole.monthly_runs is not None
        return workflow.address != workflow.block_address and is_stated and (own is None or own.monthly_runs is None)

    def notices(self, endpoints: Iterable[Endpoint | Workflow]) -> Iterable[str]:
        """The keys of ``resource_usage`` that belong to none of these endpoints: most often a typo.

        Raises `SettingsError` for a variant, or a transform job, that none of the endpoints of its entry has.
        """
        if self._is_empty:
            return []
        matched: dict[str, list[Endpoint | Workflow]] = {}
        of_type: dict[str, list[Endpoint | Workflow]] = {}
        said: list[str] = []
        for endpoint in endpoints:
            for key in self._keys(endpoint):
                matched.setdefault(key, []).append(endpoint)
            for kind in [endpoint.type] if isinstance(endpoint, Workflow) else map(_type_of, _addresses(endpoint)):
                of_type.setdefault(kind, []).append(endpoint)
            if isinstance(endpoint, Workflow) and self._is_of_all(endpoint):
                said.append(
                    f"usage file: monthly_runs of {endpoint.block_address} are those of several together, and left out "
                    f"in favour of their schedules: say those of {endpoint.address}"
                )
        for key, found in matched.items():
            self._check_names(f"resource_usage.{key}", self._by_address[key], found)
        for kind, usage in self._by_type.items():
            if kind in of_type:
                self._check_names(f"resource_type_default_usage.{kind}", usage, of_type[kind])
        unmatched = (f"usage file: nothing has the address {key}" for key in self._by_address if key not in matched)
        return [*unmatched, *said]

    def _check_names(self, entry: str, usage: EndpointUsage, found: Iterable[Endpoint | Workflow]) -> None:
        found = list(found)
        self._check_variants(entry, usage, [each for each in found if isinstance(each, Endpoint)])
        workflows = [each for each in found if isinstance(each, Workflow)]
        labels = [job.label for each in workflows for job in each.jobs]
        for label in usage.jobs or () if workflows else ():
            if label not in labels:
                raise SettingsError(
                    f"{self._path}: {entry}.jobs.{label}: there is no such job{did_you_mean(label, labels)}",
                    hint=f"its jobs: {', '.join(dict.fromkeys(labels)) or 'none'}",
                )

    def _check_variants(self, entry: str, usage: EndpointUsage, endpoints: Iterable[Endpoint]) -> None:
        names: list[str] = []
        for endpoint in endpoints:
            if isinstance(endpoint.variants, Unknown):
                return
            for variant in endpoint.variants:
                if isinstance(variant.name, Unknown):
                    return
                names.append(variant.name)
        for name in usage.variants or ():
            if name not in names:
                raise SettingsError(
                    f"{self._path}: {entry}.variants.{name}: there is no such variant{did_you_mean(name, names)}",
                    hint=f"its variants: {', '.join(dict.fromkeys(names)) or 'none'}",
                )

    def _layers(self, endpoint: Endpoint | Workflow, types: Iterable[str]) -> list[EndpointUsage]:
        """All entries about an endpoint, by its addresses and then by its types, the most specific first."""
        own = [self._by_address[key] for key in self._keys(endpoint)]
        return [*own, *(self._by_type[kind] for kind in dict.fromkeys(types) if kind in self._by_type)]

    def _keys(self, endpoint: Endpoint | Workflow) -> list[str]:
        """The keys of all entries about an endpoint, the most specific first."""
        addresses = _addresses(endpoint)
        named = _named(endpoint)
        keys = [address for address in (*addresses, named) if address in self._exact]
        found = self._starred.keys() & set(map(_with_stars, addresses))
        found |= {key for key, pattern in self._patterns if any(map(pattern.fullmatch, addresses))}
        return list(dict.fromkeys((*keys, *sorted(found, key=_generality))))


def _addresses(endpoint: Endpoint | Workflow) -> list[str]:
    if isinstance(endpoint, Workflow):
        return list(dict.fromkeys((endpoint.address, endpoint.block_address)))
    return [each for each in (endpoint.address, endpoint.configuration_address) if each is not None]


def _named(endpoint: Endpoint | Workflow) -> str | None:
    """How its ARN ends, ``endpoint/shop``: whoever saw it run has no address of it; None where it has no name."""
    is_named = isinstance(endpoint, Endpoint) and isinstance(endpoint.name, str)
    return f"endpoint/{endpoint.name}" if is_named else None


def _of_variant(layers: Sequence[EndpointUsage], name: str | Unknown, requests: RequestCount) -> VariantDemand:
    """The usage of one variant: of each number the most specific statement of it."""
    statements: list[VariantUsage] = []
    for layer in layers:
        own = (layer.variants or {}).get(name) if isinstance(name, str) else None
        statements += [layer] if own is None else [own, layer]
    return VariantDemand(
        requests=requests,
        duration_ms=_first(statements, "request_duration_ms"),
        instances=_first(statements, "average_instances"),
        busy_hours=_first(statements, "monthly_busy_hours"),
        slots=_first(statements, "average_provisioned_concurrency"),
        software_usd_per_hour=_first(statements, "marketplace_usd_per_hour"),
        deployments=_first(layers, "deployments_per_month"),
        model_memory_gib=_first(statements, "model_memory_gib"),
        instance_requests_per_minute=_first(statements, "instance_requests_per_minute"),
        max_instances=_first(statements, "max_instances"),
    )


def _first(statements: Iterable[VariantUsage], field: str) -> Decimal | None:
    """The first number that any of several statements has, in their order."""
    return next((number for each in statements if (number := getattr(each, field)) is not None), None)


def _split(usage: EndpointUsage, variants: Sequence[Variant]) -> tuple[list[RequestCount], Decimal | None]:
    """The requests that each variant answers: its own number, else its share by weight of what the others leave.

    The second answer are the requests of those together whose share cannot be known.
    """
    stated, total = usage.stated(), usage.monthly_requests
    requests: list[RequestCount] = []
    sharing: list[int] = []
    for place, variant in enumerate(variants):
        own = stated.get(variant.name) if isinstance(variant.name, str) else None
        is_charged = isinstance(variant, ServerlessVariant) or not variant.shadow
        requests.append(own if is_charged else DOES_NOT_APPLY)
        if not variant.shadow and own is None and total is not None:  # a shadow variant answers copies
            sharing.append(place)
    if total is None:
        return requests, None
    own_names = [each.name for each in variants if isinstance(each.name, str) and not each.shadow]
    rest = total - sum((stated[name] for name in own_names if name in stated), ZERO)
    weights = [_weight(variants[place]) for place in sharing]
    whole = sum((weight for weight in weights if isinstance(weight, Decimal)), ZERO)
    unknown = next((weight for weight in weights if isinstance(weight, Unknown)), None)
    if len(sharing) > 1 and (unknown is not None or not whole):
        why = unknown or Unknown("every weight is 0")
        for place in sharing:
            requests[place] = why
        return requests, rest
    for place, weight in zip(sharing, weights, strict=True):
        requests[place] = rest * weight / whole if len(sharing) > 1 and isinstance(weight, Decimal) else rest
    return requests, None


def _weight(variant: Variant) -> Decimal | Unknown:
    if isinstance(variant.weight, Unknown):
        return Unknown(f"initial_variant_weight is unknown: {variant.weight.reason}")
    weight = Decimal(str(variant.weight))
    return weight if weight >= 0 else Unknown(f"initial_variant_weight is {weight:f}, which AWS refuses")


def _whole(usage: EndpointUsage, endpoint: Endpoint) -> tuple[Decimal | None, bool]:
    """All requests of an endpoint, and whether these are only those of some of its variants."""
    if usage.monthly_requests is not None:
        return usage.monthly_requests, False
    stated = usage.stated()
    if isinstance(endpoint.variants, Unknown):
        return sum(stated.values(), ZERO) if stated else None, True
    taking = [each for each in endpoint.variants if not each.shadow]
    own = [stated[each.name] for each in taking if isinstance(each.name, str) and each.name in stated]
    return sum(own, ZERO) if own else None, len(own) < len(taking)


def _gigabytes(
    layers: Iterable[EndpointUsage], total: str, payload: str, requests: Decimal | None, *, partial: bool
) -> Gigabytes | None:
    """GB a month, as given or from requests and their payload: a million requests of 4 KB are 4 GB."""
    for layer in layers:
        given, kilobytes = getattr(layer, total), getattr(layer, payload)
        if given is not None:
            return Gigabytes(gb=given, origin="usage file")
        if kilobytes is not None:
            if requests is None:
                return None
            gb = requests * kilobytes / _KB_PER_GB
            return Gigabytes(gb=gb, origin="usage file: requests × payload", partial=partial)
    return None


def load(path: str | os.PathLike[str]) -> Usage:
    """The usage file at ``path``.

    Raises `SettingsError`, with the file and the key at fault, where it cannot be read, has a key that does not exist
    ("did you mean"), or a number that is negative or contradicts another one.
    """
    from guardrail import strict_yaml

    file = strict_yaml.read(path, UsageFile, error=SettingsError)
    if str(file.version) not in VERSIONS:
        raise SettingsError(f"{path}: version: {file.version} is not supported", hint="write version: 0.1")
    by_type = _entries(path, "resource_type_default_usage", file.resource_type_default_usage)
    for kind in by_type:
        if kind not in TYPES:
            raise SettingsError(
                f"{path}: resource_type_default_usage.{kind}: no endpoint is of this type{did_you_mean(kind, TYPES)}",
                hint=f"types of endpoints: {', '.join(TYPES)}",
            )
    return Usage(_entries(path, "resource_usage", file.resource_usage), by_type, path=str(path))


def _entries(
    path: str | os.PathLike[str], section: str, entries: Mapping[str, EndpointUsage | None] | None
) -> dict[str, EndpointUsage]:
    used = {key: usage for key, usage in (entries or {}).items() if usage is not None}
    for key, usage in used.items():
        problem = _problem(usage)
        if problem is not None:
            raise SettingsError(f"{path}: {section}.{key}.{problem}")
    return used


def _problem(usage: EndpointUsage) -> str | None:
    """What is wrong with the numbers of one entry, as ``key: problem``."""
    variants = usage.variants or {}
    problem = _bad_number(usage)
    for name, variant in variants.items():
        found = _bad_number(variant)
        problem = problem or (f"variants.{name}.{found}" if found else None)
    if problem is not None:
        return problem
    for total, payload in (
        ("monthly_data_in_gb", "request_payload_kb"),
        ("monthly_data_out_gb", "response_payload_kb"),
    ):
        if getattr(usage, total) is not None and getattr(usage, payload) is not None:
            return f"{total}: contradicts {payload}; give one of them"
    own = sum(usage.stated().values(), ZERO)
    if usage.monthly_requests is not None and own > usage.monthly_requests:
        return f"monthly_requests: {usage.monthly_requests:f} is less than the {own:f} of its variants"
    return None


def _bad_number(usage: EndpointUsage | VariantUsage) -> str | None:
    for name in usage.__struct_fields__:
        number = getattr(usage, name)
        if not isinstance(number, Decimal):
            continue
        if number < 0:
            return f"{name}: {number:f} is negative"
        if name == "monthly_busy_hours" and number > HOURS_PER_MONTH:
            return f"{name}: {number:f} is more than the {HOURS_PER_MONTH} hours of a month"
    return None


# Addresses -----------------------------------------------------------------------------------------------------------

_INDEX = expression(r'\[(?:\d+|"(?:[^"\\]|\\.)*")\]')


def _with_stars(address: str) -> str:
    """The address with every index replaced: ``module.a["x"].b.c[0]`` is ``module.a[*].b.c[*]``."""
    return _INDEX.sub("[*]", address) if "[" in address else address


def _only_stars_indexes(key: str) -> bool:
    """Whether all its indexes are ``[*]`` and it has no other wildcard, so that one look-up finds it."""
    return "*" in key and "*" not in key.replace("[*]", "") and not _INDEX.search(key)


def _generality(key: str) -> tuple[int, int, str]:
    """Sorts the most specific pattern first: the most text, then the fewest wildcards."""
    wildcards = key.count("*")
    return (wildcards - len(key), wildcards, key)


def _compile(key: str) -> re.Pattern[str]:
    return re.compile("(?s:.*)".join(re.escape(part) for part in key.split("*")))


def _type_of(address: str) -> str:
    """The resource type that an address names: ``aws_sagemaker_endpoint``; CloudFormation's addresses name none."""
    parts = _INDEX.sub("", address).split(".")
    if len(parts) > 1 and parts[-2].startswith(("aws_", "awscc_")):
        return parts[-2]
    return _CLOUDFORMATION_TYPE


NO_USAGE = Usage({}, {})
"""No usage file: what depends on usage shows its unit price and no amount."""
