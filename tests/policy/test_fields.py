"""Fields: each answers for every subject that it claims, with a value of its type, and is documented."""

from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from msgspec.structs import replace

from guardrail.cost.base import Delta, Monthly
from guardrail.cost.estimate import estimate
from guardrail.model import (
    GENERATED,
    INSTANCE_COUNT,
    Container,
    Endpoint,
    Flow,
    InferenceComponent,
    InstancePool,
    InstanceVariant,
    Inventory,
    ManagedInstanceScaling,
    Model,
    OtherScalingPolicy,
    ScalableTarget,
    ScalingMetric,
    ScheduledAction,
    ServerlessVariant,
    Step,
    StepScalingPolicy,
    TargetTrackingPolicy,
    TransformJob,
    Unknown,
    Variant,
    Workflow,
)
from guardrail.policy.fields import FIELDS, Field
from guardrail.policy.jobs import JobSubject
from guardrail.policy.observation import Observation
from guardrail.policy.subject import Evaluation, Group, StackTotals, Subject
from guardrail.prices.book import PriceBook

WHY = Unknown("known only after apply")
TARGET = ScalableTarget(address="t", dimension=INSTANCE_COUNT, min_capacity=1, max_capacity=4)
PARAMETERS = {
    "max_hourly_usd": 1,
    "max_vcpus": 2,
    "max_accelerators": 0,
    "max_memory_gib": 8,
    "required_tags": ("team",),
    "least_percent": 30,
    "most_seconds": 600,
    "tag_synonyms": {"team": ["owner"]},
    "successors": {"m5": ["m7i"], "p3": ["g6"]},
}
IMAGE = "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference:2.3-cpu-py311"
TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float, Decimal),
    "usd": (Decimal,),
    "boolean": (bool,),
    "strings": (tuple,),
    "mapping": (dict,),
    "object": (ScalableTarget,),
}


class Seen:
    """Evidence that has an answer to everything."""

    def of_component(self, *_: object, **_asked: object) -> Observation:
        return self.of()

    def of(self, *_: object, **_asked: object) -> Observation:
        one = Decimal("1.5")
        return Observation(
            first_day="2026-11-02",
            day="2026-11-16",
            doubts="it was seen for 3 days alone",
            instance_type="ml.m5.xlarge",
            cpu_p99_cores=one,
            cpu_max_cores=one,
            cpu_needed_cores=one,
            memory_p99_gib=one,
            memory_needed_gib=one,
            gpu_p99=one,
            gpu_memory_p99_gib=one,
            hours_above_p99=2,
            below_maximum="4 of 30 cores",
            sizing="too-large",
            lacks="4 of 6.4 cores",
            recommended_type="ml.c5.large",
            recommended_hourly_usd=one,
            saving_usd=one,
            recommended_on_arm="ml.c6g.large",
            fewer_instances=1,
            needed_instances=1,
            declared_instances=2,
            average_instances=one,
            max_instances=one,
            requests_per_month=one,
            latency_ms=one,
            load_test="fit: ml.c5.large 0.002 USD for 1,000 requests",
            usd_per_1000_requests=one,
            scaling_advice="1 to 4 instances",
            idle=False,
            idle_hours=3,
            idle_since="2026-11-16",
            idle_usd=one,
            idle_why="the last request was 3 h ago",
        )


def instance(**changes: Any) -> InstanceVariant:
    fields: dict[str, Any] = {
        "name": "m",
        "shadow": False,
        "instance_type": "ml.m5.xlarge",
        "initial_instance_count": 2,
    }
    return InstanceVariant(**(fields | changes))


VARIANTS: dict[str, Variant | Unknown] = {
    "plain": instance(model_name="chat", model_meant="chats", volume_size_gb=20),
    "scaled": instance(scaling=TARGET),
    "unlinked": instance(scaling=WHY),
    "managed": instance(
        managed_scaling=ManagedInstanceScaling(status="ENABLED", min_instance_count=0, max_instance_count=2)
    ),
    "managed unknown": instance(managed_scaling=WHY),
    "unknown": instance(
        name=WHY, instance_type=WHY, initial_instance_count=WHY, weight=WHY, volume_size_gb=WHY, model_name=WHY
    ),
    "unheard of": instance(instance_type="ml.x99.large"),
    "superseded": instance(instance_type="ml.p3.8xlarge"),
    "pools": instance(
        instance_type=None,
        instance_pools=(
            InstancePool(instance_type="ml.m5.large", priority=1),
            InstancePool(instance_type=WHY, priority=2),
        ),
    ),
    "priced pools": instance(
        instance_type=None,
        instance_pools=(
            InstancePool(instance_type="ml.m5.large", priority=1),
            InstancePool(instance_type="ml.m5.xlarge", priority=2),
        ),
    ),
    "misnamed": instance(instance_type="m5.large"),
    "served": instance(
        model=Model(
            address="m",
            containers=(Container(image=IMAGE, mode="SingleModel", model_package=None),),
            execution_mode="Serial",
            vpc=True,
            network_isolation=False,
        ),
        accelerator_type="ml.eia2.medium",
        conflict="initial_instance_count is not set",
    ),
    "serverless": ServerlessVariant(name="s", memory_mib=2048, max_concurrency=5, provisioned_concurrency=2),
    "not known": WHY,
}


ITEMS: dict[str, tuple[Any, ...]] = {
    "pool": (InstancePool(instance_type="ml.m5.large", priority=1), InstancePool(instance_type=WHY, priority=WHY)),
    "scaling_policy": (
        TargetTrackingPolicy(
            address="t",
            target_value=70.0,
            metrics=(ScalingMetric(predefined=False, name="CPUUtilization"),),
            disable_scale_in=False,
            scale_in_cooldown_s=300,
            scale_out_cooldown_s=60,
        ),
        StepScalingPolicy(address="s", adjustment_type=WHY, steps=WHY, alarms=WHY),
        OtherScalingPolicy(address="o", policy_type=WHY),
    ),
    "schedule": (
        ScheduledAction(
            address="a",
            schedule="cron(0 8 * * ? *)",
            min_capacity=1,
            max_capacity=2,
            timezone="UTC",
            start="2027-01-01T00:00:00Z",
            end="2028-01-01T00:00:00Z",
        ),
        ScheduledAction(address="b", schedule=WHY, min_capacity=None, max_capacity=WHY),
    ),
}


@cache
def world() -> Evaluation:
    past = endpoint((instance(instance_type="ml.m4.xlarge"),), known=True)
    known = Monthly(floor=Decimal(1), expected=Decimal(2), ceiling=Decimal(3))
    delta = Delta(*[Decimal(0)] * 3)
    totals = StackTotals(before=known, after=known, delta=delta)
    return Evaluation(PriceBook(), before={"e": past}, totals=totals, evidence=Seen())


def subjects(kind: str) -> list[Subject]:
    if kind in ITEMS:
        one = instance(scaling=TARGET)
        return [
            Subject(world(), endpoint((one,), known=True), variant=one, target=TARGET, item=it) for it in ITEMS[kind]
        ]
    if kind == "transform_job":
        return transform_jobs()
    if kind == "stack":
        amount = Monthly(floor=Decimal(1), expected=WHY, ceiling=Decimal(3))
        known = Monthly(floor=Decimal(1), expected=Decimal(2), ceiling=Decimal(3))
        delta = Delta(Decimal(1), WHY, Decimal(2))
        return [
            Subject(None, None, stack=StackTotals(before=amount, after=amount, delta=delta)),
            Subject(None, None, stack=StackTotals(before=None, after=amount, delta=None, short_budgets=("ml",))),
            Subject(None, None, stack=StackTotals(before=known, after=known, delta=Delta(*[Decimal(0)] * 3))),
            Subject(None, None, stack=StackTotals(before=None, after=known, delta=None), group=Group(key="search")),
        ]
    return [
        subject
        for variant in VARIANTS.values()
        for known in (True, False)
        for subject in around(variant, kind, known=known)
    ]


def transform_jobs() -> list[Subject]:
    full = TransformJob(
        label="Score",
        name="night",
        model_name="m",
        instance_types=("ml.m5.large", "ml.c7g.large"),
        instance_count=2,
        max_concurrent_transforms=4,
        batch_strategy="MultiRecord",
        s3_uri="s3://input/records.csv",
        uses_model_data_source=False,
        uploads_end=True,
        waits=True,
        timeout_s=60,
        run_hours=Decimal(1),
    )
    unknown = TransformJob(
        label="",
        name=WHY,
        model_name=WHY,
        instance_types=(WHY,),
        instance_count=WHY,
        max_payload_mb=WHY,
        max_concurrent_transforms=WHY,
        attempts=None,
    )
    found: list[Subject] = []
    priced = replace(full, instance_types=("ml.m5.large",))
    for job, runs in ((full, Decimal(30)), (priced, Decimal(30)), (unknown, None)):
        flow = Flow((Step(jobs=(0,), ends=True),))
        one = Workflow(
            address="w",
            type="aws_sfn_state_machine",
            name="w",
            region="us-east-1",
            jobs=(job,),
            flow=flow,
            monthly_runs=runs,
        )
        cost = estimate(Inventory(workflows=(one,)), world().prices).endpoints["w"]
        found.append(JobSubject(world(), one, 0, environment="production", cost=cost))
    return found


def around(variant: Variant | Unknown, kind: str, *, known: bool) -> list[Subject]:
    one = endpoint(WHY if isinstance(variant, Unknown) else (variant,), known=known)
    cost = estimate(Inventory(endpoints=(one,)), world().prices).endpoints["e"]
    root = Subject(world(), one, environment="production" if known else WHY, cost=cost)
    if kind == "endpoint":
        return [root]
    on_components = [*root.component_subjects()]
    return on_components if kind == "inference_component" else [*root.variant_subjects(), *on_components]


def endpoint(variants: tuple[Variant, ...] | Unknown, *, known: bool) -> Endpoint:
    component = InferenceComponent(address="c", name="c", variant_name=None, copies=1, scaling=TARGET)
    return Endpoint(
        address="e",
        name="chat" if known else WHY,
        region="us-east-1" if known else WHY,
        mode="realtime" if known else WHY,
        variants=variants,
        configuration_address="c" if known else None,
        tags={"team": "x"} if known else WHY,
        inference_components=(component,) if known else WHY,
        kms_key="alias/volumes" if known else WHY,
        two_fleets_minutes=45.0 if known else WHY,
    )


@pytest.mark.parametrize("field", FIELDS.values(), ids=lambda field: field.path)
def test_a_field_has_a_value_of_its_type_or_none_or_is_unknown(field: Field) -> None:
    get = field.get if field.bind is None else field.bind(PARAMETERS)  # type: ignore[arg-type] # values of all kinds
    known = 0
    for kind in field.subjects:
        for subject in subjects(kind):
            value = get(subject)
            if value is not None and not isinstance(value, Unknown):
                known += 1
                assert isinstance(value, TYPES[field.type]), (kind, value)
                assert field.type == "boolean" or not isinstance(value, bool), (kind, value)
    never = {"endpoint.data_capture_percent", "component.variant_name", "variant.scaled_type_change"}
    assert known or field.path in never, "it is never known"


@pytest.mark.parametrize("field", FIELDS.values(), ids=lambda field: field.path)
def test_a_field_says_what_it_means_and_money_its_unit(field: Field) -> None:
    assert field.meaning.endswith(".")
    assert field.path == "scaling" or "." in field.path
    assert (field.type == "usd") == field.unit.startswith("USD ")


@pytest.mark.parametrize("field", FIELDS.values(), ids=lambda field: field.path)
def test_every_number_of_a_variant_or_target_can_be_hidden(field: Field) -> None:
    """Type, counts, sizes and what follows from them; amounts a month are shown (they are all that may be)."""
    part = field.path.split(".")[0]
    if part in ("instance", "alternative", "managed_scaling"):
        assert field.secrecy == "variant"
    if part == "scaling" and field.path != "scaling.label":
        assert field.secrecy in ("target", "either")
    if part == "variant" and (field.type == "integer" or "type" in field.path):
        assert field.secrecy == "variant"


def test_the_price_is_that_of_the_estimate() -> None:
    """The asynchronous price of ml.m5.xlarge in us-east-1 is 0.23 as well; a type nobody sells there has none."""
    (subject,) = around(instance(), "variant", known=True)[:1]
    assert FIELDS["instance.hourly_usd"].get(subject) == Decimal("0.23")
    (unheard,) = around(VARIANTS["unheard of"], "variant", known=True)[:1]
    assert isinstance(FIELDS["instance.hourly_usd"].get(unheard), Unknown)
    assert FIELDS["instance.family"].get(unheard) == "x99"


def pool(*types: str | Unknown, first: int = 1) -> Subject:
    """A variant of pools in the order of the file, of which the last has the first priority unless ``first`` is 1."""
    priorities = range(first, first + len(types)) if first == 1 else range(first, 0, -1)
    pools = tuple(InstancePool(instance_type=one, priority=at) for one, at in zip(types, priorities, strict=False))
    own = instance(instance_type=None, instance_pools=pools)
    return around(own, "variant", known=True)[0]


def test_a_known_pool_decides_what_an_unknown_one_cannot_change() -> None:
    """ml.p4d.24xlarge has 8 GPUs, ml.t2.medium is burstable, ml.x99.large is offered nowhere."""
    gpus = FIELDS["instance.accelerators"].get(pool("ml.p4d.24xlarge", WHY))
    assert isinstance(gpus, Unknown)
    assert gpus.at_least == 8
    assert FIELDS["instance.burstable"].get(pool("ml.t2.medium", WHY)) is True
    assert isinstance(FIELDS["instance.burstable"].get(pool("ml.m5.large", WHY)), Unknown)


def test_the_family_of_pools_is_that_of_the_first_priority_and_all_are_listed() -> None:
    pools = pool("ml.g5.xlarge", "ml.m5.large", first=2)
    assert FIELDS["instance.family"].get(pools) == "m5"
    assert FIELDS["instance.families"].get(pools) == ("m5", "g5")
    assert FIELDS["instance.families"].get(pool("ml.m5.large")) == ("m5",)


def test_an_amount_that_lacks_a_part_is_a_lower_bound() -> None:
    partial = Monthly(floor=Decimal(1), expected=Decimal(2), ceiling=Decimal(3), at_least=True)
    undecided = Monthly(floor=Decimal(1), expected=WHY, ceiling=Decimal(3))
    for amounts, bounds in ((partial, (Decimal(2), None)), (undecided, (Decimal(1), Decimal(3)))):
        subject = Subject(None, None, stack=StackTotals(before=None, after=amounts, delta=None))
        expected = FIELDS["totals.after.expected"].get(subject)
        assert isinstance(expected, Unknown)
        assert (expected.at_least, expected.at_most) == bounds
    assert FIELDS["totals.after.floor"].get(subject) == Decimal(1)


def test_the_dearest_pool_is_measured_by_the_first_priority() -> None:
    """0.115 and 0.23 USD per hour: twice. An unknown type may be dearer still."""
    ratio = FIELDS["instance.pool_price_ratio"].get
    assert ratio(pool("ml.m5.large", "ml.m5.xlarge")) == 2
    assert ratio(pool("ml.m5.large", "ml.m5.xlarge", first=2)) == 1
    assert ratio(pool("ml.m5.large")) is None
    partial = ratio(pool("ml.m5.large", "ml.m5.xlarge", WHY))
    assert isinstance(partial, Unknown)
    assert partial.at_least == 2


def test_the_previous_type_is_that_of_the_variant_of_the_same_name() -> None:
    get = FIELDS["variant.previous_instance_type"].get
    assert get(around(instance(), "variant", known=True)[0]) == "ml.m4.xlarge"
    assert get(around(instance(name="other"), "variant", known=True)[0]) is None
    assert get(around(instance(name=WHY), "variant", known=True)[0]) == WHY
    here = around(instance(), "variant", known=True)[0]
    alone = Subject(Evaluation(PriceBook()), here.endpoint, variant=here.variant)
    assert isinstance(get(alone), Unknown)


def test_a_previous_type_that_is_sensitive_is_not_told() -> None:
    hidden = endpoint((instance(instance_type="ml.p4d.24xlarge", sensitive=True),), known=True)
    here = around(instance(), "variant", known=True)[0]
    subject = Subject(Evaluation(PriceBook(), before={"e": hidden}), here.endpoint, variant=here.variant)
    told = FIELDS["variant.previous_instance_type"].get(subject)
    assert isinstance(told, Unknown)
    assert "p4d" not in str(told)


def test_the_fewest_instances_are_those_that_are_reached_not_those_that_are_allowed() -> None:
    """Minimum 1 of 2: without anything that takes capacity away it stays at two."""
    get = FIELDS["variant.floor_instances"].get
    assert get(around(VARIANTS["scaled"], "variant", known=True)[0]) == 2
    assert get(around(VARIANTS["serverless"], "variant", known=True)[0]) is None
    unlinked = get(around(VARIANTS["unlinked"], "variant", known=True)[0])
    assert isinstance(unlinked, Unknown)


def test_a_model_that_is_managed_elsewhere_is_unknown_and_a_host_of_components_has_none() -> None:
    get = FIELDS["variant.vpc"].get
    assert isinstance(get(around(instance(model_name="chat"), "variant", known=True)[0]), Unknown)
    assert get(around(instance(model_name=None), "variant", known=True)[0]) is None
    assert get(around(VARIANTS["served"], "variant", known=True)[0]) is True


def test_a_generated_name_is_told_from_one_that_is_not_known_yet() -> None:
    get = FIELDS["variant.name_is_generated"].get
    assert get(around(instance(name=Unknown(GENERATED)), "variant", known=True)[0]) is True
    assert get(around(instance(), "variant", known=True)[0]) is False
    assert get(around(instance(name=WHY), "variant", known=True)[0]) == WHY


@pytest.mark.parametrize("path", ["scaling.low_targets", "scaling.metric_problems"])
def test_what_tells_the_size_of_an_instance_is_hidden_with_its_type(path: str) -> None:
    """Four vCPUs are as good as a name."""
    assert FIELDS[path].secrecy == "either"


@pytest.mark.parametrize("written", ["m5.xlarge", "ML.M5.XLARGE", "db.m5.xlarge", "cache.m5.xlarge"])
def test_a_type_of_another_service_is_told_what_it_may_mean(written: str) -> None:
    subject = Subject(None, None, variant=instance(instance_type=written))
    assert FIELDS["instance.misnamed"].get(subject) == "ml.m5.xlarge"
