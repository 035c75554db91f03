"""Every field that a condition or a message may name, with its type, unit and meaning.

``docs/fields.md`` and the field names in ``policies/schema.json`` are generated from `FIELDS`.
"""

import re
from decimal import Decimal
from typing import Any, Literal, TypeAlias

from msgspec import Struct, structs

from guardrail import scaling
from guardrail.errors import did_you_mean
from guardrail.model import COPY_COUNT, INSTANCE_COUNT, PROVISIONED_CONCURRENCY
from guardrail.money import plain
from guardrail.policy import getters as get
from guardrail.policy import jobs, observed, refusals
from guardrail.policy.alternative import cheapest, next_generation
from guardrail.policy.getters import Bind, Getter
from guardrail.policy.pattern import Pattern
from guardrail.policy.policy import AppliesTo, SubjectKind

FieldType: TypeAlias = Literal["string", "integer", "number", "usd", "boolean", "strings", "mapping", "object"]
Secrecy: TypeAlias = Literal["variant", "target", "either"]

_VARIANTS: tuple[AppliesTo, ...] = ("variant", "scalable_target")
_SCALED: tuple[AppliesTo, ...] = ("variant", "scalable_target", "inference_component")
_COMPONENTS: tuple[AppliesTo, ...] = ("scalable_target", "inference_component")
_ENDPOINTS: tuple[AppliesTo, ...] = ("endpoint", "variant", "scalable_target", "inference_component")
_STACK: tuple[AppliesTo, ...] = ("stack",)
_ALL: tuple[AppliesTo, ...] = (*_ENDPOINTS, *_STACK)


class Field(Struct, frozen=True, kw_only=True):
    """One field."""

    path: str
    type: FieldType
    unit: str
    """Of a number; empty where it has none."""
    meaning: str
    subjects: tuple[SubjectKind, ...]
    """What a policy must apply to in order to name it."""
    get: Getter
    """Its value; None where there is none, Unknown where it cannot be known."""
    bind: Bind | None = None
    """Makes the getter, where the value depends on the parameters of the policy."""
    needs: tuple[str, ...] = ()
    """Parameters of which the policy must declare one, since the field is worked out from them."""
    secrecy: Secrecy | None = None
    """What hides it from every output when it is marked sensitive."""
    values: tuple[str, ...] = ()
    """Every text that it can be; empty where there is no such list."""
    shape: str | None = None
    """The pattern of every text that it can be."""
    example: str = ""
    """A text of that shape."""
    least: int | None = None
    most: int | None = None
    """The range of what it can be."""

    def problem(self, value: str | float | Decimal) -> str | None:
        """Why the field never has ``value``; None where it may.

        ``real-time`` of endpoint.mode: "endpoint.mode is never real-time, did you mean realtime? It is realtime, async
        or serverless".
        """
        if isinstance(value, str):
            return self._text_problem(value)
        if self.least is None:
            return None
        if self.unit == "percent" and 0 < value < 1:
            meant = plain((Decimal(str(value)) * 100).normalize())
            return f"{value} is a share of 1, and {self.path} is in percent: write {meant}"
        if value < self.least or (self.most is not None and value > self.most):
            return f"{self.path} is never {value}: it is {self._ends()}"
        return None

    def _ends(self) -> str:
        ends = f"at least {self.least}" if self.most is None else f"{self.least} to {self.most}"
        return f"{ends} {self.unit}" if self.unit else ends

    def order_problem(self, operator: str, value: object) -> str | None:
        """Why a comparison with an end of the field's range says nothing; None where it says something.

        ``{variant.memory_mib: {gt: 6144}}``: "variant.memory_mib is never above 6144: it is 1024 to 6144 MiB". That
        something is at least 0 is no such comparison, for it asks whether there is one.
        """
        never = {"lt": (self.least, "below"), "gt": (self.most, "above")}
        always = {} if self.most is None else {"at_least": (self.least, "at least"), "at_most": (self.most, "at most")}
        for how, ends in (("never", never), ("always", always)):
            end, words = ends.get(operator, (None, ""))
            if end is not None and value == end:
                return f"{self.path} is {how} {words} {value}: it is {self._ends()}"
        return None

    def pattern_problem(self, pattern: str) -> str | None:
        r"""Why the field, an instance type, never matches a pattern that is plain up to a dot; None where it may.

        ``m5.*``: "patterns are anchored, and m5.* fits no instance type: write ml\.m5.*".
        """
        start = re.match(r"[A-Za-z0-9-]+(?=[\\.])", pattern)
        if self.example != _INSTANCE_TYPE["example"] or start is None or "|" in pattern or start[0] == "ml":
            return None
        return f"patterns are anchored, and {pattern} fits no instance type: write ml\\.{pattern}"

    def _text_problem(self, value: str) -> str | None:
        if self.values and value not in self.values:
            *others, last = self.values
            listed = f"{', '.join(others)} or {last}" if others else last
            near = did_you_mean(value, self.values)
            return f"{self.path} is never {value}{near}{' It' if near else '; it'} is {listed}"
        if self.shape is not None and not Pattern(self.shape).matches(value):
            return f"{self.path} is never {value}: write it like {self.example}"
        return None


_MONTH = "USD a month"
_HOUR = "USD per hour"
_CAPACITY = "instances, copies or slots"


class _FieldGroup:
    """Fields that the same subjects have and that the same mark hides."""

    def __init__(self, subjects: tuple[SubjectKind, ...], secrecy: Secrecy | None = None) -> None:
        self._subjects = subjects
        self._secrecy = secrecy

    def field(self, path: str, kind: FieldType, meaning: str, getter: Getter, unit: str = "") -> Field:
        return Field(
            path=path,
            type=kind,
            unit=unit,
            meaning=meaning,
            subjects=self._subjects,
            get=getter,
            secrecy=self._secrecy,
        )

    def bound(self, path: str, kind: FieldType, meaning: str, bind: Bind, unit: str = "") -> Field:
        return structs.replace(self.field(path, kind, meaning, get.never, unit), bind=bind)


_endpoint, _variant = _FieldGroup(_ENDPOINTS), _FieldGroup(_VARIANTS)
_size = _FieldGroup(_VARIANTS, "variant")
_seen = _FieldGroup(_SCALED)
"""What was observed of a variant or a component."""
_count = _FieldGroup(_VARIANTS, "either")
_scaled = _FieldGroup(_SCALED)
_scaling = _FieldGroup(_SCALED, "target")
_measured = _FieldGroup(_SCALED, "either")
"""What follows from a target and from the size of what it scales."""
_job = _FieldGroup(("transform_job",))
_pool = _FieldGroup(("pool",), "variant")
_policy, _schedule = _FieldGroup(("scaling_policy",), "target"), _FieldGroup(("schedule",), "target")
_component, _stack, _total = _FieldGroup(_COMPONENTS), _FieldGroup(_STACK), _FieldGroup(_ALL)

_OBSERVED: tuple[tuple[str, FieldType, str, bool, str], ...] = (
    ("first_day", "string", "", False, "The first day of the window, as 2026-11-02."),
    ("day", "string", "", False, "The last day of the window, as 2026-11-16."),
    ("window_days", "integer", "days", False, "How long it was observed."),
    ("confidence", "string", "", False, "high, medium or low."),
    ("doubts", "string", "", False, "What makes it less than high; none where nothing does."),
    ("instance_type", "string", "", False, "The type that it ran on last."),
    ("cpu_p99_cores", "number", "vCPUs", False, "The 99th percentile of hourly maxima, on the hottest instance."),
    ("cpu_max_cores", "number", "vCPUs", False, "The most that was used."),
    (
        "cpu_needed_cores",
        "number",
        "vCPUs",
        False,
        "The 99th percentile, or what recurs at an hour of the week, with the policy's `headroom_percent` (20).",
    ),
    ("memory_p99_gib", "number", "GiB", False, "Of memory, as for CPU; none where it is a cache of several models."),
    ("memory_needed_gib", "number", "GiB", False, "The same with the room for more."),
    ("gpu_p99", "number", "accelerators", False, "GPUs that were kept busy, of one instance."),
    ("gpu_memory_p99_gib", "number", "GiB", False, "Memory of all GPUs of one instance."),
    ("hours_above_p99", "integer", "hours", False, "Hours with more CPU than the 99th percentile."),
    ("sizing", "string", "", True, "Of the declared type: too-large, too-small, fits or unknown."),
    ("lacks", "string", "", True, "What it has too little of: 4 of 6.4 cores."),
    ("below_maximum", "string", "", True, "What it has less of than the most that was used: 4 of 30 cores; else none."),
    ("recommended_type", "string", "", True, "The cheapest priced type that has what is needed; else none."),
    ("recommended_hourly_usd", "usd", _HOUR, True, "Its price in the region."),
    ("saving_usd", "usd", _MONTH, True, "What that saves, volumes included; else what fewer instances do."),
    ("recommended_on_arm", "string", "", True, "The cheapest on Graviton where that is cheaper still."),
    ("fewer_instances", "integer", "instances", True, "How many would take the load, where that is fewer."),
    ("needed_instances", "integer", "instances", True, "How many of the declared type the load took at its peaks."),
    (
        "declared_instances",
        "integer",
        "instances",
        True,
        "How many there can be: the maximum of what scales it, else the initial count.",
    ),
    ("average_instances", "number", "instances", False, "How many ran."),
    ("max_instances", "number", "instances", False, "The most that ran."),
    ("requests_per_month", "number", "requests", False, "Requests, at the rate of the window."),
    ("latency_ms", "number", "ms", False, "Mean duration of a request."),
    (
        "load_test",
        "string",
        "",
        True,
        "What Inference Recommender measured of its model: types and USD for 1,000 requests.",
    ),
    ("usd_per_1000_requests", "usd", "USD for 1,000 requests", True, "Of that, on the declared type at full load."),
    ("scaling_advice", "string", "", True, "Bounds and target that Inference Recommender advises."),
    (
        "idle",
        "boolean",
        "",
        False,
        "Whether nothing was asked for the policy's `idle_hours` (24), longer than ever; none where nobody counted.",
    ),
    ("idle_hours", "integer", "hours", False, "Since the last request, or the creation."),
    ("idle_since", "string", "", False, "The day from which on nothing was asked."),
    ("idle_usd", "usd", "USD in the window", False, "What ran since then, inside the window."),
    ("idle_why", "string", "", False, "Why it is idle, or is not."),
)
"""Fields of an observation: name, type, unit, whether it tells the declared type, meaning."""

_DECLARED: tuple[Field, ...] = (
    _endpoint.field("endpoint.address", "string", "Address of its block.", get.of_endpoint("address")),
    _endpoint.field("endpoint.name", "string", "Its name.", get.of_endpoint("name")),
    _endpoint.field("endpoint.label", "string", "Its name, or as much of it as is known, or its address.", get.label),
    _endpoint.field("endpoint.region", "string", "Region code, such as us-east-1.", get.of_endpoint("region")),
    _endpoint.field("endpoint.mode", "string", "realtime, async or serverless.", get.of_endpoint("mode")),
    _endpoint.field(
        "endpoint.environment",
        "string",
        "Its environment by tag or name; production where that is unknown.",
        get.environment,
    ),
    _endpoint.field(
        "endpoint.tags",
        "mapping",
        "Its tags, the provider's or stack's defaults among them.",
        get.of_endpoint("tags"),
    ),
    _endpoint.field(
        "endpoint.change",
        "string",
        "What the change does to it: create, update, replace or no-op.",
        get.of_endpoint("change"),
    ),
    _endpoint.field(
        "endpoint.deployed",
        "string",
        "yes; possibly, where an endpoint that could not be resolved may use it; no, where nothing can.",
        get.of_endpoint("deployed"),
    ),
    _endpoint.field(
        "endpoint.elsewhere",
        "boolean",
        "Whether it is not here, or which one it is cannot be told, so that only what scales it is known.",
        get.of_endpoint("elsewhere"),
    ),
    _endpoint.field(
        "endpoint.configuration_address",
        "string",
        "Address of its configuration; none where that is managed elsewhere.",
        get.of_endpoint("configuration_address"),
    ),
    _endpoint.field(
        "endpoint.keeps_previous_configuration",
        "boolean",
        "Whether its configuration is replaced under the same name, so that what runs stays as it was.",
        get.keeps_previous_configuration,
    ),
    _endpoint.field(
        "endpoint.configuration_is_in_its_own_way",
        "boolean",
        "Whether its configuration keeps its name while the next is to be created before it (create_before_destroy).",
        get.of_endpoint("configuration_is_in_its_own_way"),
    ),
    _endpoint.field(
        "endpoint.ignored_changes",
        "strings",
        "What Terraform's ignore_changes keeps from it: endpoint_config_name, or arguments of its configuration.",
        get.of_endpoint("ignored_changes"),
    ),
    _endpoint.field(
        "endpoint.production_variant_count",
        "integer",
        "How many variants it has without the shadow variants.",
        get.production_variant_count,
    ),
    _endpoint.field(
        "endpoint.repeated_variants",
        "strings",
        "Names that more than one of its variants has.",
        get.repeated_variants,
    ),
    _endpoint.field(
        "endpoint.unlinked_scaling",
        "strings",
        "Scaling targets, policies and actions that seem to mean it and scale nothing of it, each with what is wrong.",
        get.unlinked_scaling,
    ),
    _endpoint.field(
        "endpoint.hosts_inference_components",
        "boolean",
        "Whether inference components are placed on its instances.",
        get.hosts_components,
    ),
    _endpoint.field(
        "endpoint.data_capture_percent",
        "number",
        "Share of requests captured to S3; none where data capture is off.",
        get.of_endpoint("data_capture_percent"),
        "percent",
    ),
    _endpoint.field(
        "endpoint.kms_key",
        "string",
        "Key that the volumes of its instances are encrypted with; none where AWS's own does.",
        get.of_endpoint("kms_key"),
    ),
    _endpoint.field(
        "endpoint.two_fleets_minutes",
        "number",
        "For how long an update by its deployment_config bills the old fleet beside the new; none without one.",
        get.of_endpoint("two_fleets_minutes"),
        "minutes",
    ),
    _endpoint.field(
        "endpoint.monthly_floor_usd", "usd", "The least that it costs.", get.endpoint_monthly("floor"), _MONTH
    ),
    _endpoint.field(
        "endpoint.monthly_expected_usd",
        "usd",
        "What it is expected to cost.",
        get.endpoint_monthly("expected"),
        _MONTH,
    ),
    _endpoint.field(
        "endpoint.monthly_ceiling_usd", "usd", "The most that it can cost.", get.endpoint_monthly("ceiling"), _MONTH
    ),
    _endpoint.bound(
        "endpoint.expiry",
        "string",
        "Whether the day in the tag of the policy's parameter `expiry_tag` is still to come.",
        get.expiry,
    ),
    _endpoint.bound(
        "endpoint.missing_tags",
        "strings",
        "Tags of the policy's parameter `required_tags` that it lacks in any spelling, or by `tag_synonyms`.",
        get.missing_tags,
    ),
    _variant.field("variant.name", "string", "Its name.", get.of_variant("name")),
    _variant.field(
        "variant.label", "string", "Its name, or as much of it as is known, or its number.", get.variant_label
    ),
    _variant.field(
        "variant.sensitive",
        "boolean",
        "Whether its type and numbers, or those of its scaling target, are sensitive and not shown.",
        get.sensitive,
    ),
    _variant.field("variant.kind", "string", "instance or serverless.", get.kind),
    _variant.field("variant.shadow", "boolean", "Whether it is a shadow variant.", get.shadow),
    _variant.field(
        "variant.has_end",
        "boolean",
        "Whether an inference experiment runs it, which ends by itself; false for what a configuration declares.",
        get.has_end,
    ),
    _variant.field(
        "variant.reserved",
        "boolean",
        "Whether it runs on capacity that is reserved and paid for apart: a training plan or a capacity reservation.",
        get.reserved,
    ),
    _variant.field("variant.weight", "number", "initial_variant_weight; 1 where unset.", get.of_variant("weight")),
    _variant.field(
        "variant.model_name",
        "string",
        "Its model; none on a host of inference components.",
        get.of_variant("model_name"),
    ),
    _variant.field(
        "variant.model_meant",
        "string",
        "The model of the stack whose name its own is but for one letter, where it names none of them; else none.",
        get.of_variant("model_meant"),
    ),
    _variant.field(
        "variant.model_is_misnamed",
        "boolean",
        "Whether it names no model of the stack, and one of them but for one letter.",
        get.model_is_misnamed,
    ),
    _variant.field(
        "variant.name_is_generated",
        "boolean",
        "Whether Terraform makes up its name, another one for each new configuration.",
        get.name_is_generated,
    ),
    _variant.field(
        "variant.serving_conflict",
        "string",
        "Why SageMaker refuses it: instances and serverless both or neither set; else none.",
        get.of_variant("conflict"),
    ),
    _size.field(
        "variant.accelerator_type",
        "string",
        "Its Elastic Inference accelerator, which AWS no longer has; none without.",
        get.of_variant("accelerator_type"),
    ),
    _variant.field(
        "variant.model_here",
        "boolean",
        "Whether its model is declared in what is checked; of one that is managed elsewhere nothing is known.",
        get.model_here,
    ),
    _variant.field(
        "variant.unsupported",
        "strings",
        "What its kind of inference (serverless, shadow, asynchronous) does not take, as far as the source tells.",
        refusals.unsupported,
    ),
    _variant.field(
        "variant.image_problems",
        "strings",
        "Why an image of its model cannot run there: it lies in another region, or is built for other processors.",
        refusals.image_problems,
    ),
    _size.field(
        "variant.scaled_type_change",
        "string",
        "The change of its instance type under a scaling target that was there before, as text; else none.",
        refusals.scaled_type_change,
    ),
    _variant.field(
        "variant.serverless_offered",
        "boolean",
        "Whether its region has serverless inference, by the price table; none of a variant on instances.",
        get.serverless_offered,
    ),
    _variant.field("variant.image", "string", "Image of its model, of a pipeline the first one.", get.IMAGE),
    _variant.field(
        "variant.image_processor",
        "string",
        "What the image was built for by its tag: cpu, gpu or neuron; none of images that are not AWS's.",
        get.of_image("processor"),
    ),
    _variant.field(
        "variant.image_region",
        "string",
        "Region of the registry of ECR that the image lies in; none of images elsewhere.",
        get.of_image("region"),
    ),
    _size.field(
        "variant.accelerators_required",
        "number",
        "How many accelerators its inference components ask for, all copies together; none where it hosts none.",
        get.accelerators_required,
        "accelerators",
    ),
    _size.field(
        "variant.accelerators_kept",
        "number",
        "How many accelerators the fewest instances that are reached have.",
        get.accelerators_kept,
        "accelerators",
    ),
    _size.field("variant.containers", "integer", "How many containers its model has.", get.CONTAINERS, "containers"),
    _variant.field(
        "variant.execution_mode",
        "string",
        "How the containers of its model are called: Serial or Direct.",
        get.of_model("execution_mode"),
    ),
    _variant.field(
        "variant.multi_model", "boolean", "Whether a container of its model loads many models.", get.MULTI_MODEL
    ),
    _variant.field("variant.vpc", "boolean", "Whether its model runs in a VPC of the account.", get.of_model("vpc")),
    _variant.field(
        "variant.network_isolation",
        "boolean",
        "Whether the containers of its model may make no network calls.",
        get.of_model("network_isolation"),
    ),
    _variant.field(
        "variant.marketplace",
        "boolean",
        "Whether its model is a package of AWS Marketplace.",
        get.of_variant("marketplace"),
    ),
    _variant.field(
        "variant.model_data_source",
        "boolean",
        "Whether a container of its model takes its artifacts from model_data_source.",
        get.DATA_SOURCE,
    ),
    _variant.field(
        "variant.private_registry",
        "boolean",
        "Whether an image of its model comes from a registry in the VPC.",
        get.PRIVATE_REGISTRY,
    ),
    _variant.field(
        "variant.monthly_floor_usd", "usd", "The least that it costs.", get.variant_monthly("floor"), _MONTH
    ),
    _variant.field(
        "variant.monthly_expected_usd",
        "usd",
        "What it is expected to cost.",
        get.variant_monthly("expected"),
        _MONTH,
    ),
    _variant.field(
        "variant.monthly_ceiling_usd", "usd", "The most that it can cost.", get.variant_monthly("ceiling"), _MONTH
    ),
    _size.field(
        "variant.instance_type",
        "string",
        "Its instance type; none where instance pools say it instead.",
        get.of_variant("instance_type"),
    ),
    _size.field(
        "variant.initial_instance_count",
        "integer",
        "How many instances it starts with.",
        get.of_variant("initial_instance_count"),
        "instances",
    ),
    _size.field(
        "variant.previous_instance_type",
        "string",
        "The type that the variant of its name had before the change; none where there was none.",
        get.previous_instance_type,
    ),
    _variant.field(
        "variant.instances_reach_zero",
        "boolean",
        "Whether it can be left without any instance; none of a serverless variant.",
        get.instances_reach_zero,
    ),
    _count.field(
        "variant.floor_instances",
        "number",
        "The fewest instances that are reached.",
        get.floor_instances,
        "instances",
    ),
    _count.field(
        "variant.expected_instances",
        "number",
        "How many instances are expected to run: by usage, else the initial count within its bounds.",
        get.expected_instances,
        "instances",
    ),
    _size.field(
        "variant.volume_size_gb",
        "integer",
        "volume_size_in_gb; none where the default of the type applies.",
        get.of_variant("volume_size_gb"),
        "GB",
    ),
    _size.field(
        "variant.memory_mib", "integer", "Memory size of a serverless variant.", get.of_variant("memory_mib"), "MiB"
    ),
    _size.field(
        "variant.max_concurrency",
        "integer",
        "Most concurrent requests of a serverless variant.",
        get.of_variant("max_concurrency"),
        "requests",
    ),
    _size.field(
        "variant.provisioned_concurrency",
        "integer",
        "Slots kept warm; none where all compute is on demand.",
        get.of_variant("provisioned_concurrency"),
        "slots",
    ),
    _size.field(
        "managed_scaling.status",
        "string",
        "ENABLED or DISABLED; none without managed instance scaling.",
        get.of_managed_scaling("status"),
    ),
    _size.field(
        "managed_scaling.min_instance_count",
        "integer",
        "Its lower bound.",
        get.of_managed_scaling("min_instance_count"),
        "instances",
    ),
    _size.field(
        "managed_scaling.max_instance_count",
        "integer",
        "Its upper bound.",
        get.of_managed_scaling("max_instance_count"),
        "instances",
    ),
    _size.field(
        "managed_scaling.effective",
        "boolean",
        "Whether it moves the count: enabled, on a variant that names no model.",
        get.managed_scaling_effective,
    ),
    _size.field("instance.types", "strings", "The instance type, or those of the instance pools.", get.instance_types),
    _size.field(
        "instance.label", "string", "The same as text, never unknown: (unknown type) instead.", get.instance_label
    ),
    _size.field("instance.family", "string", "Such as m5; of pools that of the first priority.", get.FAMILY),
    _size.field("instance.families", "strings", "The same as a list, with those of all its pools.", get.families),
    _size.field("instance.hourly_usd", "usd", "Price of one instance; of pools the dearest.", get.HOURLY_USD, _HOUR),
    _size.field("instance.vcpus", "integer", "Of one instance; of pools the most.", get.VCPUS, "vCPUs"),
    _size.field(
        "instance.accelerators",
        "integer",
        "GPUs or Neuron devices of one instance; of pools the most.",
        get.ACCELERATORS,
        "accelerators",
    ),
    _size.field("instance.memory_gib", "number", "Memory of one instance; of pools the most.", get.MEMORY_GIB, "GiB"),
    _size.field(
        "instance.burstable",
        "boolean",
        "Whether the type is burstable, which Application Auto Scaling does not take.",
        get.BURSTABLE,
    ),
    _size.field(
        "instance.offered_in_region",
        "boolean",
        "Whether the availability table has the type in the region; of pools every one.",
        get.OFFERED,
    ),
    _size.field(
        "instance.takes_volume",
        "boolean",
        "Whether an endpoint gets a volume on it, and no local storage in its place; of pools every one.",
        get.TAKES_VOLUME,
    ),
    _size.field(
        "instance.hosts_endpoints",
        "boolean",
        "Whether endpoints accept the type in any region; of pools every one.",
        get.HOSTS_ENDPOINTS,
    ),
    _size.field(
        "instance.misnamed",
        "string",
        "What a text that is no instance type was meant to be; none where it may be one.",
        get.MISNAMED,
    ),
    _size.field(
        "instance.pool_price_ratio",
        "number",
        "What the dearest of its instance pools costs by the price of the first priority; none without pools.",
        get.pool_price_ratio,
    ),
    _size.bound(
        "instance.excess",
        "strings",
        "What exceeds the policy's limits (max_hourly_usd, max_vcpus, max_accelerators, max_memory_gib).",
        get.excess,
    ),
    _size.bound(
        "instance.successor",
        "string",
        "The priced type that succeeds this one by the policy's parameter `successors`.",
        get.of_alternative(next_generation, "instance_type"),
    ),
    _size.bound(
        "instance.successor_hourly_usd",
        "usd",
        "Its price in the region.",
        get.of_alternative(next_generation, "hourly_usd"),
        _HOUR,
    ),
    _size.bound(
        "instance.successor_loses",
        "string",
        "What it has less of: 192 of 244 GiB of memory; none where it has as much of everything.",
        get.of_alternative(next_generation, "loses"),
    ),
    _size.bound(
        "alternative.instance_type",
        "string",
        "The cheaper type within the policy's limits with most of what this one has, then the cheapest; else none.",
        get.of_alternative(cheapest, "instance_type"),
    ),
    _size.bound(
        "alternative.loses",
        "string",
        "What it has less of: 192 of 320 GiB of GPU memory and 2 of 8 GPUs; none where it has as much of everything.",
        get.of_alternative(cheapest, "loses"),
    ),
    _size.bound(
        "alternative.hourly_usd",
        "usd",
        "Its price in the region.",
        get.of_alternative(cheapest, "hourly_usd"),
        _HOUR,
    ),
    _size.bound(
        "alternative.monthly_usd",
        "usd",
        "Its price for a month.",
        get.of_alternative(cheapest, "monthly_usd"),
        _MONTH,
    ),
    _size.bound("alternative.list", "strings", "Up to three such types with their prices.", get.alternatives),
    _size.bound(
        "alternative.others",
        "string",
        "The same without the first; none where there is no other.",
        get.other_alternatives,
    ),
    _seen.field(
        "evidence.present", "boolean", "Whether anything was observed of the variant or component.", observed.is_there
    ),
    *(
        (_size if is_of_type else _seen).bound(f"evidence.{name}", kind, meaning, observed.of(name), unit)
        for name, kind, unit, is_of_type, meaning in _OBSERVED
    ),
    _scaling.field(
        "scaling",
        "object",
        "The Application Auto Scaling target of the variant or component.",
        lambda subject: subject.target,
    ),
    _scaled.field("scaling.label", "string", "The endpoint, and the variant or component it scales.", get.scaled_label),
    _scaling.field("scaling.dimension", "string", "What it scales, as the API names it.", get.of_target("dimension")),
    _scaling.field("scaling.min_capacity", "integer", "Its minimum.", get.of_target("min_capacity"), _CAPACITY),
    _scaling.field("scaling.max_capacity", "integer", "Its maximum.", get.of_target("max_capacity"), _CAPACITY),
    _scaling.field(
        "scaling.lowest_capacity",
        "integer",
        "The least of its own and its scheduled actions' bounds.",
        get.by_traits(scaling.lowest_capacity),
        _CAPACITY,
    ),
    _scaling.field(
        "scaling.highest_capacity",
        "integer",
        "The greatest of its own and its scheduled actions' bounds.",
        get.by_traits(scaling.highest_capacity),
        _CAPACITY,
    ),
    _scaling.field(
        "scaling.policy_count",
        "integer",
        "How many scaling policies it has, of whatever use.",
        get.by_traits(scaling.policy_count),
    ),
    _scaling.field(
        "scaling.unordered_actions",
        "strings",
        "Its scheduled actions whose own minimum is above their own maximum.",
        get.of_scaling(scaling.unordered_actions),
    ),
    _scaling.field(
        "scaling.scheduled_action_count",
        "integer",
        "How many scheduled actions it has.",
        get.by_traits(scaling.scheduled_action_count),
    ),
    _scaling.field(
        "scaling.target_tracking_count",
        "integer",
        "How many of its policies are target tracking.",
        get.by_traits(scaling.target_tracking_count),
    ),
    _scaling.field(
        "scaling.has_dynamic_policy",
        "boolean",
        "Whether a policy answers the load: target tracking with a metric, or steps with an alarm.",
        get.by_traits(scaling.has_dynamic_policy),
    ),
    _scaling.field(
        "scaling.scaling_in_suspended",
        "boolean",
        "Whether its suspended_state keeps capacity from being taken away.",
        get.of_target("dynamic_scaling_in_suspended"),
    ),
    _scaling.field(
        "scaling.can_scale_in",
        "boolean",
        "Whether anything ever takes capacity away.",
        get.by_traits(scaling.can_scale_in),
    ),
    _scaling.field(
        "scaling.reaches_zero",
        "boolean",
        "Whether the capacity ever falls to 0: a minimum of 0 at times, and something that takes capacity away.",
        get.by_traits(scaling.reaches_zero),
    ),
    _scaling.field(
        "scaling.schedule_holds_above_zero",
        "boolean",
        "Whether a scheduled action sets a minimum above 0.",
        get.by_traits(scaling.schedule_holds_above_zero),
    ),
    _scaling.field(
        "scaling.off_hours_per_week",
        "number",
        "Hours a week in which its schedule allows or asks for less than at other times; 0 without a schedule.",
        get.by_traits(scaling.off_hours_per_week),
        "hours",
    ),
    _scaling.field(
        "scaling.target_values",
        "strings",
        "What its target-tracking policies aim at: the metric and the value.",
        get.of_scaling(scaling.target_values),
    ),
    _scaling.field(
        "scaling.wakes_from_zero",
        "boolean",
        "Whether one request, or a schedule, brings the first instance or copy back.",
        get.wakes_from_zero,
    ),
    _measured.field(
        "scaling.metric_problems",
        "strings",
        "What is wrong with each metric that its target-tracking policies follow, so that they never scale.",
        get.metric_problems,
    ),
    _scaling.field(
        "scaling.alarm_problems",
        "strings",
        "Why alarms that should start its step policies never do; those that wake it from zero left out.",
        get.alarm_problems,
    ),
    _scaling.field(
        "scaling.schedule_problems",
        "strings",
        "What its scheduled actions do not do: they fight, never lower, are over, or name no time zone.",
        get.of_scaling(scaling.schedule_problems),
    ),
    _scaling.bound(
        "scaling.long_cooldowns",
        "strings",
        "Its policies that wait longer than the policy's parameter `most_seconds` once they have acted.",
        get.long_cooldowns,
    ),
    _measured.bound(
        "scaling.low_targets",
        "strings",
        "Targets of CPUUtilization or GPUUtilization below the policy's parameter `least_percent` of each core or GPU.",
        get.low_targets,
    ),
    _scaling.field(
        "scaling.wake_problem",
        "string",
        "Why no step policy brings the first instance or copy back; none where one does.",
        get.wake_problem,
    ),
    _job.field("job.label", "string", "What starts it, and its place in that: scoring: Each/Score.", jobs.title),
    _job.field("job.instance_types", "strings", "Its types, of which it uses one.", jobs.of_job(jobs.instance_types)),
    _job.field(
        "job.unpriced_types",
        "strings",
        "Why each of its types has no price for transform in its region: mostly because transform does not take it.",
        jobs.unpriced_types,
    ),
    _job.field("job.environment", "string", "Its environment by tag or name, as an endpoint's.", get.environment),
    _job.field("job.hourly_usd", "usd", "Price of one instance; of several types the dearest.", jobs.HOURLY_USD, _HOUR),
    _job.field("job.vcpus", "integer", "Of one instance; of several types the most.", get.VCPUS, "vCPUs"),
    _job.field(
        "job.accelerators", "integer", "GPUs or Neuron devices of one instance.", get.ACCELERATORS, "accelerators"
    ),
    _job.field("job.memory_gib", "number", "Memory of one instance.", get.MEMORY_GIB, "GiB"),
    _job.bound(
        "job.excess",
        "strings",
        "What exceeds the policy's limits (max_hourly_usd, max_vcpus, max_accelerators, max_memory_gib).",
        jobs.excess,
    ),
    _job.field(
        "job.instance_count", "integer", "How many instances.", jobs.of_job(lambda job: job.instance_count), "instances"
    ),
    _job.field(
        "job.max_concurrent_transforms",
        "integer",
        "Requests at once to each instance; none where it is unset, or 0, and the container decides.",
        jobs.of_job(lambda job: job.max_concurrent_transforms),
    ),
    _job.field("job.payload_mb", "integer", "MaxPayloadInMB, 6 where it is unset.", jobs.of_job(jobs.payload_mb), "MB"),
    _job.field(
        "job.concurrent_payload_mb",
        "integer",
        "MaxConcurrentTransforms × MaxPayloadInMB; none where the former is unset.",
        jobs.of_job(jobs.concurrent_payload_mb),
        "MB",
    ),
    _job.field(
        "job.batch_strategy",
        "string",
        "MultiRecord or SingleRecord; none where it is unset.",
        jobs.of_job(lambda job: job.batch_strategy),
    ),
    _job.field(
        "job.split_type",
        "string",
        "None, Line, RecordIO or TFRecord; None where it is unset.",
        jobs.of_job(lambda job: "None" if job.split_type is None else job.split_type),
    ),
    _job.field(
        "job.input_objects",
        "integer",
        "1 where its input is a single object by its name; none where nothing tells how many there are.",
        jobs.of_job(jobs.input_objects),
    ),
    _job.field(
        "job.is_bounded",
        "boolean",
        "Whether the timeout of a task that waits for it stops it; none where no task starts it.",
        jobs.of_job(jobs.is_bounded),
    ),
    _job.field("job.attempts", "integer", "How many jobs its retries start at most.", jobs.of_job(jobs.attempts)),
    _job.field(
        "job.has_fixed_name",
        "boolean",
        "Whether its name is written out, so that it starts one job ever; none of a request on its own.",
        jobs.is_named_once,
    ),
    _job.field(
        "job.uses_model_data_source",
        "boolean",
        "Whether its model, where that is here, takes its artifacts from ModelDataSource.",
        jobs.of_job(lambda job: job.uses_model_data_source),
    ),
    _job.field(
        "job.uploads_end",
        "boolean",
        "Whether its output bucket, where that is here, ends incomplete multipart uploads after some days.",
        jobs.of_job(lambda job: job.uploads_end),
    ),
    _job.field("job.monthly_ceiling_usd", "usd", "What it costs a month at most.", jobs.monthly_ceiling, _MONTH),
    _pool.field("pool.instance_type", "string", "Its instance type.", get.of_item("instance_type")),
    _pool.field("pool.priority", "integer", "The lowest is tried first.", get.of_item("priority")),
    _pool.field("pool.hourly_usd", "usd", "Price of one of its instances.", get.pool_hourly_usd, _HOUR),
    _policy.field("scaling_policy.address", "string", "Address of its block.", get.of_item("address")),
    _policy.field("scaling_policy.type", "string", "target-tracking, step or other.", get.scaling_policy_type),
    _policy.field(
        "scaling_policy.target_value", "number", "What target tracking aims at; else none.", get.of_item("target_value")
    ),
    _policy.field(
        "scaling_policy.metrics",
        "strings",
        "Names of the metrics that it follows, or that its alarms watch.",
        get.scaling_policy_metrics,
    ),
    _policy.field(
        "scaling_policy.disable_scale_in",
        "boolean",
        "Whether target tracking never takes capacity away; none of steps.",
        get.of_item("disable_scale_in"),
    ),
    _policy.field(
        "scaling_policy.scale_in_cooldown_s",
        "integer",
        "How long it waits after it took capacity away; none where the default of 300 holds.",
        get.of_item("scale_in_cooldown_s"),
        "seconds",
    ),
    _policy.field(
        "scaling_policy.scale_out_cooldown_s",
        "integer",
        "How long it waits after it added capacity; none where the default of 300 holds.",
        get.of_item("scale_out_cooldown_s"),
        "seconds",
    ),
    _schedule.field("schedule.address", "string", "Address of its block.", get.of_item("address")),
    _schedule.field("schedule.expression", "string", "When it runs: an at, a rate or a cron.", get.of_item("schedule")),
    _schedule.field("schedule.timezone", "string", "The time zone of its at or cron.", get.of_item("timezone")),
    _schedule.field(
        "schedule.min_capacity",
        "integer",
        "The minimum that it sets; none where it leaves it.",
        get.of_item("min_capacity"),
        _CAPACITY,
    ),
    _schedule.field(
        "schedule.max_capacity",
        "integer",
        "The maximum that it sets; none where it leaves it.",
        get.of_item("max_capacity"),
        _CAPACITY,
    ),
    _schedule.field("schedule.start", "string", "Before it, it does not run; none without.", get.of_item("start")),
    _schedule.field("schedule.end", "string", "After it, it does not run; none without.", get.of_item("end")),
    _component.field("component.name", "string", "Name of the inference component.", get.of_component("name")),
    _component.field("component.variant_name", "string", "The variant it stands on.", get.of_component("variant_name")),
    _component.field(
        "component.copies", "integer", "How many; none for an adapter.", get.of_component("copies"), "copies"
    ),
    *(
        _total.field(f"totals.{moment}.{bound}", "usd", f"{meaning}: {words}.", get.of_totals(moment, bound), _MONTH)
        for moment, meaning in (
            ("before", "What everything cost before the change"),
            ("after", "What everything will cost"),
            ("delta", "What the change adds"),
        )
        for bound, words in (("floor", "the least"), ("expected", "as expected"), ("ceiling", "the most"))
    ),
    _stack.field(
        "group.key",
        "string",
        "Of a policy with `per`: the value that the endpoints of the group have; none where they have none.",
        get.group_key,
    ),
    _stack.field(
        "totals.short_aws_budgets",
        "strings",
        "Budgets of AWS Budgets below what SageMaker alone is expected to cost; none without such a budget.",
        get.short_budgets,
    ),
    _stack.bound(
        "totals.excess",
        "strings",
        "Which of the policy's budgets (max_expected_usd, max_increase_ceiling_usd, …) are exceeded, and by how much.",
        get.totals_excess,
    ),
    _total.field(
        "totals.after.complete",
        "boolean",
        "True, or unknown where something that belongs to the total is unpriced or unknown.",
        get.complete,
    ),
)

_INSTANCE_TYPE: dict[str, Any] = {
    "shape": "ml\\.[a-z0-9-]+\\.(nano|micro|small|medium|large|[0-9]*xlarge)",
    "example": "ml.m5.large",
}
_LIMITS = ("max_hourly_usd", "max_vcpus", "max_accelerators", "max_memory_gib")
_CONSTRAINTS: dict[str, dict[str, Any]] = {
    "endpoint.expiry": {"needs": ("expiry_tag",), "values": ("none", "no date", "past", "ahead")},
    "scaling.long_cooldowns": {"needs": ("most_seconds",)},
    "scaling.low_targets": {"needs": ("least_percent",)},
    "variant.image_processor": {"values": ("cpu", "gpu", "neuron")},
    "endpoint.missing_tags": {"needs": ("required_tags",)},
    "instance.excess": {"needs": _LIMITS},
    "job.excess": {"needs": _LIMITS},
    "instance.successor_hourly_usd": {"needs": ("successors",)},
    "endpoint.region": {"shape": "[a-z]+(-[a-z]+)+-[0-9]+", "example": "us-east-1"},
    "endpoint.mode": {"values": ("realtime", "async", "serverless")},
    "endpoint.change": {"values": ("create", "update", "replace", "no-op")},
    "endpoint.deployed": {"values": ("yes", "possibly", "no")},
    "endpoint.data_capture_percent": {"least": 0, "most": 100},
    "variant.kind": {"values": ("instance", "serverless")},
    "variant.instance_type": _INSTANCE_TYPE,
    "variant.memory_mib": {"least": 1024, "most": 6144},
    "variant.execution_mode": {"values": ("Serial", "Direct")},
    "variant.previous_instance_type": _INSTANCE_TYPE,
    "managed_scaling.status": {"values": ("ENABLED", "DISABLED")},
    "instance.types": _INSTANCE_TYPE,
    "instance.families": {"shape": "[a-z0-9-]+", "example": "m5, without ml."},
    "instance.family": {"shape": "[a-z0-9-]+", "example": "m5, without ml."},
    "instance.successor": {**_INSTANCE_TYPE, "needs": ("successors",)},
    "instance.successor_loses": {"needs": ("successors",)},
    "alternative.instance_type": _INSTANCE_TYPE,
    "pool.instance_type": _INSTANCE_TYPE,
    "evidence.confidence": {"values": ("high", "medium", "low")},
    "evidence.sizing": {"values": ("too-large", "too-small", "fits", "unknown")},
    "evidence.instance_type": _INSTANCE_TYPE,
    "evidence.recommended_type": _INSTANCE_TYPE,
    "evidence.recommended_on_arm": _INSTANCE_TYPE,
    "scaling_policy.type": {"values": ("target-tracking", "step", "other")},
    "scaling.dimension": {"values": (INSTANCE_COUNT, PROVISIONED_CONCURRENCY, COPY_COUNT)},
}
"""What the values of a field have in common: a comparison that can never hold is an error, never a silent pass.

Memory sizes and percentages: SageMaker API reference, ProductionVariantServerlessConfig and DataCaptureConfig.
"""


def _range(field: Field) -> dict[str, Any]:
    """Counts, sizes and amounts are 0 or more; what a change adds may be less."""
    is_number = field.type in ("integer", "number", "usd")
    return {"least": 0} if is_number and not field.path.startswith("totals.delta.") else {}


FIELDS: dict[str, Field] = {
    field.path: structs.replace(field, **_CONSTRAINTS.get(field.path, _range(field))) for field in _DECLARED
}
"""By path, in the order of docs/fields.md."""
