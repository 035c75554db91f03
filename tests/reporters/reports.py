"""Reports built by hand, small enough to work out on paper. Prices are those of us-east-1."""

from decimal import Decimal
from typing import Any

from msgspec import structs

from guardrail.cost.base import Bill, CostComponent, Delta, Monthly, MonthlyQuantity
from guardrail.model import (
    INSTANCE_COUNT,
    Coverage,
    Endpoint,
    InstanceVariant,
    Location,
    ScalableTarget,
    TargetTrackingPolicy,
    Unknown,
    Variant,
)
from guardrail.policy.base import Remediation, Result
from guardrail.prices.base import Price
from guardrail.report import EndpointReport, RegionPrices, Report, Source, Summary, Totals

NOTHING = Decimal(0)


def bounds(floor: str, expected: str, ceiling: str) -> MonthlyQuantity:
    return MonthlyQuantity(Decimal(floor), Decimal(expected), Decimal(ceiling))


def monthly(floor: str, expected: str, ceiling: str, **flags: Any) -> Monthly:
    return Monthly(floor=Decimal(floor), expected=Decimal(expected), ceiling=Decimal(ceiling), **flags)


def price(usage_type: str, unit: str, usd: str, **changes: Any) -> Price:
    known: dict[str, Any] = {
        "basis": "published",
        "confidence": None,
        "rule": None,
        "suspect": None,
        "date": "2026-05-20",
        "source": "AWS price list",
    }
    return Price(usage_type=usage_type, unit=unit, usd=Decimal(usd), **(known | changes))


def component(kind: Any, unit: str, priced: Price | None = None, **known: Any) -> CostComponent:
    usage_type = priced and priced.usage_type
    defaults: dict[str, Any] = {"quantity": None, "monthly": None, "usage_type": usage_type, "assumed": False}
    return CostComponent(kind=kind, unit=unit, price=priced, **(defaults | known))


def variant(name: str = "main", **changes: Any) -> InstanceVariant:
    known: dict[str, Any] = {
        "shadow": False,
        "instance_type": "ml.m5.xlarge",
        "initial_instance_count": 3,
        "model_name": "chat",
    }
    return InstanceVariant(name=name, **(known | changes))


def endpoint(name: str = "chat-prod", *variants: Variant, **changes: Any) -> Endpoint:
    known: dict[str, Any] = {
        "address": "aws_sagemaker_endpoint.chat",
        "region": "us-east-1",
        "mode": "realtime",
        "configuration_address": "aws_sagemaker_endpoint_configuration.chat",
        "change": "create",
    }
    return Endpoint(name=name, variants=variants, **(known | changes))


def data(direction: str) -> CostComponent:
    """Data in or out at 0.016 USD a GB, without usage."""
    row = price(f"USE1-Hst:Data-Bytes-{direction}", "GB", "0.016")
    return component("data-in" if direction == "In" else "data-out", "GB", row, depends_on_usage=True)


def chat() -> EndpointReport:
    """Two to six ml.m5.xlarge, three to start with, each with a volume of 20 GB.

    One costs 730 x 0.23 = 167.90, so 335.80, 503.70 and 1,007.40; a volume costs 20 x 0.14 = 2.80, so 5.60, 8.40 and
    16.80. Together 341.40, 512.10 and 1,024.20.
    """
    instance = component(
        "instance",
        "Hrs",
        price("USE1-Host:ml.m5.xlarge", "Hrs", "0.23"),
        quantity=bounds("1460", "2190", "4380"),
        monthly=bounds("335.80", "503.70", "1007.40"),
        count=bounds("2", "3", "6"),
        detail="ml.m5.xlarge",
        assumed=True,
        origins={"count.floor": "scalable target", "count.expected": "assumption", "hours": "730 h a month"},
    )
    volume = component(
        "volume",
        "GB-Mo",
        price("USE1-Host:VolumeUsage.gp2", "GB-Mo", "0.14"),
        quantity=bounds("40", "60", "120"),
        monthly=bounds("5.60", "8.40", "16.80"),
        count=bounds("2", "3", "6"),
        size=Decimal(20),
        detail="20 GB",
        assumed=True,
    )
    cost = monthly("341.40", "512.10", "1024.20", assumed=True)
    target = ScalableTarget(
        address="aws_appautoscaling_target.chat",
        dimension=INSTANCE_COUNT,
        min_capacity=2,
        max_capacity=6,
        policies=(
            TargetTrackingPolicy(
                address="aws_appautoscaling_policy.chat", target_value=70.0, metrics=(), disable_scale_in=False
            ),
        ),
    )
    return EndpointReport(
        source="plan.json",
        endpoint=endpoint("chat-prod", variant("main", volume_size_gb=20, scaling=target)),
        environment="production",
        before=None,
        cost=Bill(
            kind="endpoint",
            label="aws_sagemaker_endpoint.chat",
            lines=(data("In"), data("Out")),
            children=(Bill(kind="variant", label="main", lines=(instance, volume), monthly=cost),),
            monthly=monthly("341.40", "512.10", "1024.20", assumed=True, depends_on_usage=True),
        ),
    )


DOCS = 'module.docs["a"].aws_sagemaker_endpoint.this'


def docs() -> EndpointReport:
    """One to three asynchronous ml.m5.large with the default volume.

    One costs 730 x 0.115 = 83.95, three 251.85; the volume of 4 GB costs 0.56, three 1.68. Together 84.51 and 253.53.
    """
    instance = component(
        "instance",
        "Hrs",
        price(
            "USE1-AsyncInf:ml.m5.large",
            "Hrs",
            "0.115",
            basis="derived",
            rule="asynchronous at the hosting price",
            date="2023-12-01",
        ),
        quantity=bounds("730", "730", "2190"),
        monthly=bounds("83.95", "83.95", "251.85"),
        count=bounds("1", "1", "3"),
        detail="ml.m5.large",
    )
    volume = component(
        "volume",
        "GB-Mo",
        price("USE1-Host:VolumeUsage.gp2", "GB-Mo", "0.14"),
        quantity=bounds("4", "4", "12"),
        monthly=bounds("0.56", "0.56", "1.68"),
        count=bounds("1", "1", "3"),
        size=Decimal(4),
        detail="4 GB (default)",
    )
    cost = monthly("84.51", "84.51", "253.53")
    target = ScalableTarget(
        address='module.docs["a"].aws_appautoscaling_target.this',
        dimension=INSTANCE_COUNT,
        min_capacity=1,
        max_capacity=3,
    )
    v1 = variant("v1", instance_type="ml.m5.large", initial_instance_count=1, scaling=target)
    return EndpointReport(
        source="plan.json",
        endpoint=endpoint("docs", v1, address=DOCS, mode="async"),
        environment="production",
        before=None,
        cost=Bill(
            kind="endpoint",
            label=DOCS,
            lines=(),
            children=(Bill(kind="variant", label="main", lines=(instance, volume), monthly=cost),),
            monthly=cost,
        ),
    )


def finding(policy: str = "async-scales-to-zero", **changes: Any) -> Result:
    """The asynchronous endpoint keeps an instance: 83.95 + 0.56 = 84.51 USD a month."""
    known: dict[str, Any] = {
        "source": "plan.json",
        "severity": "error",
        "verdict": "fail",
        "status": "new",
        "address": 'module.docs["a"].aws_appautoscaling_target.this',
        "endpoint": DOCS,
        "variant": "v1",
        "message": "min_capacity is 1: docs keeps one instance even when its queue is empty, up to 84.51 USD a month",
        "headline": "keeps one instance while its queue is empty",
        "detail": "min_capacity is 1",
        "reason": None,
        "saving_monthly": Decimal("84.51"),
        "saving_basis": "upper-bound",
        "remediation": Remediation(terraform="min_capacity = 0", cloudformation="MinCapacity: 0"),
        "help_uri": "https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-autoscale.html",
        "location": Location("infra/docs.tf", 12),
    }
    return Result(policy=policy, **(known | changes))


def summary(**counts: int) -> Summary:
    known = {"error": 0, "warning": 0, "note": 0, "open": 0, "waived": 0, "passed": 0, "existing": 0}
    return Summary(**(known | counts))


def without_past() -> tuple[Source, ...]:
    """The plan, where nothing tells what stood before."""
    return tuple(structs.replace(one, has_before=False) for one in report().sources)


def report(**changes: Any) -> Report:
    """Both endpoints in one plan: 341.40 + 84.51 = 425.91, 512.10 + 84.51 = 596.61, 1,024.20 + 253.53 = 1,277.73.

    Before the change one ml.m5.xlarge ran with its 27 GB of volume: 167.90 + 3.78 = 171.68.
    """
    known: dict[str, Any] = {
        "today": "2026-11-22",
        "settings_file": None,
        "usage_file": None,
        "sources": (
            Source(
                id="plan.json",
                path="plan.json",
                kind="terraform-plan",
                format_version="1.2",
                has_before=True,
                complete=True,
            ),
        ),
        "prices": {
            "us-east-1": RegionPrices(oldest="2023-12-01", newest="2026-05-20", age_days=1_087, origin="bundled")
        },
        "totals": Totals(
            before=monthly("171.68", "171.68", "171.68"),
            after=monthly("425.91", "596.61", "1277.73", depends_on_usage=True),
            delta=Delta(Decimal("254.23"), Decimal("424.93"), Decimal("1106.05")),
        ),
        "endpoints": (chat(), docs()),
        "unattached": (),
        "results": (finding(),),
        "skipped": (),
        "coverage": Coverage(seen=9, modelled=9, partial=0, skipped=0),
        "notices": (),
        "summary": summary(error=1),
        "fail_on": "error",
        "strict": False,
        "distrust": (),
        "exit_code": 1,
    }
    known |= changes
    past = {source.id for source in known["sources"] if source.has_before}
    known["endpoints"] = tuple(
        structs.replace(item, delta=added(item)) if item.source in past and item.delta is None else item
        for item in known["endpoints"]
    )
    return Report(**known)


def added(item: EndpointReport) -> Delta:
    """What a change adds to the bill of an endpoint that lacks nothing: after less before; else nobody knows."""
    sides = (item.before, item.cost.monthly if item.cost else None)
    if any(side is not None and side.at_least for side in sides):
        unknown = Unknown("unknown on one side")
        return Delta(unknown, unknown, unknown)
    before, after = (side or monthly("0", "0", "0") for side in sides)
    assert isinstance(before.expected, Decimal)
    assert isinstance(after.expected, Decimal)
    return Delta(after.floor - before.floor, after.expected - before.expected, after.ceiling - before.ceiling)
