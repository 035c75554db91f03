"""Where an alternative begins and ends: exactly enough, cents, what is not known. Prices as in test_instances.py."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from guardrail.alternatives.base import most_usd
from guardrail.alternatives.engine import AlternativesEngine
from guardrail.alternatives.instances import candidates, smallest, unfit
from guardrail.alternatives.packing import packed
from guardrail.alternatives.savings import uncounted
from guardrail.alternatives.together import together
from guardrail.cost.base import Bill, CostComponent, Monthly, MonthlyQuantity
from guardrail.cost.usage import EndpointUsage, Usage
from guardrail.model import (
    Endpoint,
    InferenceComponent,
    ManagedInstanceScaling,
    ServerlessVariant,
    TargetTrackingPolicy,
    Unknown,
)
from guardrail.policy.environment import PRODUCTION
from guardrail.prices.base import Price
from guardrail.prices.book import PriceBook
from guardrail.prices.instance_types import InstanceSpec
from tests.alternatives.built import PRICES, container, endpoint, found, model, used, variant
from tests.alternatives.test_instances import scaled
from tests.alternatives.test_jobs import offered
from tests.alternatives.test_together import SKLEARN, one, put

LATER = Unknown("later")


def serverless(memory_mib: int | Unknown = 2048) -> Endpoint:
    known = ServerlessVariant(name="main", memory_mib=memory_mib, max_concurrency=20, provisioned_concurrency=None)
    return endpoint(known, mode="serverless")


@pytest.mark.parametrize(
    ("sizes", "boxes"),
    [
        ((6, 4, 7, 6, 5, 6, 3, 2, 7, 2), 4),  # 7 + 5, 7 + 3 + 2, 6 + 6, 6 + 4 + 2: ten are put in the best way
        ((2, 5, 3, 7, 3, 3, 7, 2, 5, 5, 6), 5),  # eleven the largest first: 7 + 5, 7 + 5, 6 + 5, 3 + 3 + 3 + 2, 2
    ],
)
def test_up_to_ten_things_are_put_in_the_best_way(sizes: tuple[int, ...], boxes: int) -> None:
    found_boxes = packed([(Decimal(size),) for size in sizes], (Decimal(12),))
    assert found_boxes is not None
    assert len(found_boxes) == boxes


def test_a_queue_saves_at_most_all_that_the_instances_cost() -> None:
    """84.51 a month: what is saved of it and what is left are all of it."""
    offered = found(endpoint(variant("ml.m5.large")), used(monthly_busy_hours="100"))[
        "asynchronous, down to 0 instances"
    ]
    assert most_usd(offered) == Decimal("84.51")
    assert most_usd(replace(offered, saving=None)) == 0


def test_a_type_with_half_of_the_memory_has_less_and_one_with_a_quarter_is_none() -> None:
    """Of 4 vCPUs and 32 GiB: ml.m5.xlarge has 16, ml.c5.xlarge 8."""
    kinds = {each.spec.instance_type: each.kind for each in candidates(PRICES, "us-east-1", "ml.r5.xlarge")}
    assert kinds["ml.m5.xlarge"] == "less-memory"
    assert "ml.c5.xlarge" not in kinds


def test_what_is_not_known_of_a_component_asks_for_nothing_more() -> None:
    spec = PRICES.instance("ml.m5.large")
    assert spec is not None
    component = InferenceComponent(address="i", name="i", variant_name=None, copies=1)
    assert unfit(endpoint(inference_components=(component,)), variant(), spec, None) is None


def test_burstable_types_take_what_does_not_scale() -> None:
    spec = PRICES.instance("ml.t2.medium")
    assert spec is not None
    assert unfit(endpoint(), variant(), spec, None) is None
    assert unfit(endpoint(), variant(scaling=scaled()), spec, None) == "burstable types cannot be scaled"


def test_exactly_enough_memory_is_enough() -> None:
    """ml.c5.large has 4 GiB, at 0.102; of more than that the cheapest has 8, at 0.115."""
    exact, more = (smallest(PRICES, "us-east-1", Decimal(gib)) for gib in ("4", "4.1"))
    assert exact is not None
    assert more is not None
    assert (exact.instance_type, more.memory_gib) == ("ml.c5.large", 8)


def test_batch_saves_cents_where_the_work_never_ends() -> None:
    """84.51 a month with its volume, less 730 × 0.115 = 83.95: 0.56."""
    offered = found(endpoint(variant("ml.m5.large")), used(monthly_busy_hours="730"))
    assert offered["batch transform, 1 × ml.m5.large"].usd == Decimal("0.56")


def test_the_work_of_two_instances_is_that_of_both() -> None:
    """338.04 / 0.46 = 734.87 h of two: × 2 × 3600 = 5,291,060.87 s."""
    even = found(endpoint(variant(initial_instance_count=2)))["batch transform, 2 × ml.m5.xlarge"].break_even
    assert even is not None
    assert even.seconds_a_month is not None
    assert round(even.seconds_a_month, 2) == Decimal("5291060.87")


def test_serverless_of_unknown_memory_is_put_on_no_instance() -> None:
    assert not [each for each in found(serverless(LATER)).values() if each.kind == "real-time"]


@pytest.mark.parametrize(("memory_mib", "expected"), [(3072, ["real-time"]), (3000, [])])
def test_serverless_of_a_size_that_there_is_not_has_no_price_to_compare_with(
    memory_mib: int, expected: list[str]
) -> None:
    """MemorySizeInMB is 1024, 2048, 3072, 4096, 5120 or 6144 (API reference, ProductionVariantServerlessConfig)."""
    offered = found(serverless(memory_mib)).values()
    assert [each.kind for each in offered if each.kind == "real-time"] == expected


@pytest.mark.parametrize(("warm", "expected"), [(None, ["real-time"]), (1, [])])
def test_what_only_usage_can_tell_has_a_break_even_where_all_compute_is_on_demand(
    warm: int | None, expected: list[str]
) -> None:
    known = ServerlessVariant(name="main", memory_mib=2048, max_concurrency=20, provisioned_concurrency=warm)
    offered = found(endpoint(known, mode="serverless")).values()
    assert [each.kind for each in offered if each.kind == "real-time" and each.break_even is not None] == expected


def test_a_savings_plan_is_for_what_runs_where_the_least_does_and_for_nothing_where_that_is_nothing() -> None:
    """Of 1 to 4 instances the one, 730 × (0.23 - 0.1656) = 47.012; of components that may all go, none."""
    engine = AlternativesEngine(PRICES, plan_rate=lambda _region, _usage_type: Decimal("0.1656"))
    managed = ManagedInstanceScaling(status="ENABLED", min_instance_count=0, max_instance_count=4)
    plans = [
        [(str(each.usd), each.conditions[0]) for each in engine.of(it)[0] if each.kind == "savings-plan"]
        for it in (
            endpoint(variant(scaling=scaled(1, 4))),
            endpoint(variant(managed_scaling=managed), inference_components=LATER),
        )
    ]
    said = "the floor stays for the whole term: 1 running, 0.23 USD an hour on demand"
    assert plans == [[("47.0120", said)], []]


@pytest.mark.parametrize(("gib", "is_offered"), [("32", True), ("32.5", False)])
def test_a_neuron_chip_with_just_the_memory_of_a_gpu_holds_what_it_does(gib: str, is_offered: bool) -> None:  # noqa: FBT001
    """ml.inf2.xlarge has one chip of 32 GiB, for 0.99 an hour; the price book has no GPU with just that."""
    gpu = PRICES.instance("ml.g5.4xlarge")  # 2.03 an hour
    assert gpu is not None
    other = replace(gpu, accelerator_memory_gib=Decimal(gib))

    class Book(PriceBook):
        def instance(self, name: str) -> InstanceSpec | None:
            return other if name == other.instance_type else super().instance(name)

    book = Book()
    kinds = {each.spec.instance_type: each.kind for each in candidates(book, "us-east-1", gpu.instance_type)}
    assert (kinds.get("ml.inf2.xlarge") == "neuron") is is_offered


def test_an_hour_of_a_job_is_told_at_its_most() -> None:
    """2 to 4 instances of ml.m5.4xlarge at 0.922, in place of which those of ml.m5.2xlarge cost 0.461: 1.844, 3.688."""
    unknown = Unknown("later", at_least=Decimal(2), at_most=Decimal(4))
    assert offered(instance_count=unknown)["ml.m5.2xlarge"].conditions[0] == "an hour costs 1.844 instead of 3.688"


def test_a_charge_that_has_no_price_or_no_count_makes_a_saving_unknown() -> None:
    """Of a charge for 1 to 3, of which nobody knows how many there are, the saving is that of the most."""
    price = PRICES.hosting("us-east-1", "ml.m5.xlarge")
    assert isinstance(price, Price)
    monthly = Monthly(floor=Decimal(0), expected=Decimal(0), ceiling=Decimal(0))
    line = CostComponent(
        kind="instance",
        unit="Hrs",
        price=price,
        reason="later",
        usage_type="USE1-Host:ml.m5.xlarge",
        quantity=MonthlyQuantity(Decimal(730), Decimal(730), Decimal(2190)),
        monthly=None,
        count=MonthlyQuantity(Decimal(1), Decimal(1), Decimal(3)),
        assumed=False,
    )
    said = "how many there are is not known: the saving is that of 3"
    for before, expected in ((line, (said,)), (replace(line, price=None), None), (replace(line, count=None), None)):
        bill = Bill(kind="variant", label="main", lines=(before,), monthly=monthly)
        assert uncounted(bill, replace(bill, lines=())) == expected


def test_what_may_be_more_of_what_has_no_amount_makes_a_saving_unknown() -> None:
    """Volumes of 16 GB without a price that become 8 save more than is told, and of an unknown size nobody knows."""
    volume = CostComponent(
        kind="volume",
        unit="GB-Mo",
        price=None,
        reason="no price",
        usage_type="x",
        quantity=None,
        monthly=None,
        assumed=False,
    )
    monthly = Monthly(floor=Decimal(0), expected=Decimal(0), ceiling=Decimal(0))
    sizes = {gb: None if gb is None else MonthlyQuantity(*[Decimal(gb)] * 3) for gb in (8, 16, None)}
    said = ("its volume, which has no price here, is in no number",)
    for before, after, expected in ((16, 8, said), (8, 16, None), (16, None, None), (None, 8, None)):
        bills = [
            Bill(kind="variant", label="main", lines=(replace(volume, quantity=sizes[gb]),), monthly=monthly)
            for gb in (before, after)
        ]
        assert uncounted(*bills) == expected


def test_a_queue_before_what_has_a_disk_of_its_own_and_no_volume_has_a_break_even() -> None:
    offered = found(endpoint(variant("ml.g5.xlarge")))["asynchronous, down to 0 instances"]
    assert offered.break_even is not None


def test_what_costs_as_much_is_not_cheaper() -> None:
    """ml.c5.xlarge and ml.c6i.xlarge are both 0.204 an hour, with four vCPUs and 8 GiB."""
    names = [each.spec.instance_type for each in candidates(PRICES, "us-east-1", "ml.c5.xlarge")]
    assert "ml.c6i.xlarge" not in names
    assert "ml.c6g.xlarge" in names  # at 0.1632


def test_only_containers_side_by_side_are_told_to_listen_to_the_port_that_they_are_given() -> None:
    port = "SAGEMAKER_BIND_TO_PORT"
    own = "111122223333.dkr.ecr.us-east-1.amazonaws.com/own"
    for images, kind, is_said in (
        ((SKLEARN, SKLEARN), "multi-model", False),
        ((own + ":1", own + ":2"), "multi-container", True),
    ):
        (made,) = put(*(one(address, image) for address, image in zip("ab", images, strict=True)))
        assert (made.kind, any(port in each for each in made.conditions)) == (kind, is_said)


def test_serverless_has_no_fewer_instances() -> None:
    assert AlternativesEngine(PRICES).with_fewer(serverless(), 0, 1) is None


def test_what_is_not_known_of_a_model_or_a_policy_leaves_its_alternatives() -> None:
    policy = TargetTrackingPolicy(address="p", target_value=70, metrics=LATER, disable_scale_in=False)
    assert "ml.m5.large" in found(endpoint(variant(scaling=scaled(policies=(policy,)))))
    unknown = replace(model(), containers=LATER)
    assert "ml.m5.large" in found(endpoint(variant(model=unknown)))


def test_a_number_of_instances_that_is_not_known_is_put_together_with_nothing() -> None:
    both = [
        endpoint(
            variant(model=model(container(SKLEARN)), initial_instance_count=LATER, scaling=scaled(1, 4)), address=at
        )
        for at in "ab"
    ]
    assert put(*both) == ()
    usage = Usage({address: EndpointUsage(average_instances=Decimal("0.5")) for address in "ab"}, {})
    assert together(AlternativesEngine(PRICES, usage), both, lambda _: PRODUCTION) == ()


def test_whether_all_are_of_one_environment_is_asked_where_it_is_not_known() -> None:
    asked = "all are of one environment (not known)"
    (known,) = put(one("a"), one("b"))
    assert asked not in known.conditions
    (unknown,) = together(AlternativesEngine(PRICES), [one("a"), one("b")], lambda _: LATER)
    assert asked in unknown.conditions
