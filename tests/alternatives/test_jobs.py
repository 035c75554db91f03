"""Transform jobs, worked by hand in us-east-1: ml.m5.4xlarge is 0.922 an hour, ml.m5.2xlarge 0.461."""

from decimal import Decimal
from typing import Any

from guardrail.alternatives.jobs import of_job
from guardrail.cost.demand import WorkflowDemand
from guardrail.model import Flow, Step, TransformJob, Unknown, Workflow
from tests.alternatives.built import PRICES

KNOWN: dict[str, Any] = {
    "label": "Score",
    "name": None,
    "model_name": "scorer",
    "instance_types": ("ml.m5.4xlarge",),
    "instance_count": 4,
    "max_concurrent_transforms": 1,
    "max_payload_mb": 6,
    "s3_data_type": "S3Prefix",
    "s3_uri": "s3://example-scores/in/2026.csv",
}


def offered(demand: WorkflowDemand | None = None, **changes: Any) -> dict[str, Any]:
    job = TransformJob(**{**KNOWN, **changes})
    workflow = Workflow(
        address="w",
        type="definition",
        region="us-east-1",
        name="w",
        jobs=(job,),
        flow=Flow((Step(jobs=(0,), ends=True),)),
    )
    return {each.name: each for each in of_job(PRICES, workflow, 0, demand or WorkflowDemand())}


def test_one_object_takes_one_instance() -> None:
    (said,) = offered()["1 instance"].conditions[1:]
    assert said == "no other key begins like s3://example-scores/in/2026.csv: of 4 instances 3 have nothing to do"
    assert offered()["1 instance"].conditions[0] == "an hour costs 0.922 instead of 3.688"
    assert "1 instance" not in offered(s3_uri="s3://example-scores/in/")
    assert "1 instance" not in offered(s3_data_type="ManifestFile")
    assert "1 instance" not in offered(s3_uri=Unknown("later"))


def test_as_many_requests_at_once_as_the_payload_allows() -> None:
    """16 × 6 = 96 MB, within 100; 17 would not be."""
    said = offered()["MaxConcurrentTransforms 16"]
    assert said.conditions[0] == "16 × 6 MB = 96 MB, within 100; 16 vCPUs"
    assert said.usd is None
    assert "MaxConcurrentTransforms 10" in offered(max_payload_mb=10)
    assert not [name for name in offered(max_concurrent_transforms=16) if "Concurrent" in name]


def test_what_transform_does_not_take_is_never_offered() -> None:
    """No Graviton, no r5, no m5d or c5d; inf2 has no price for it."""
    for instance_type in ("ml.m5.4xlarge", "ml.g5.xlarge", "ml.p3.8xlarge", "ml.c5.xlarge"):
        names = {each.instance_type for each in offered(instance_types=(instance_type,)).values()} - {None}
        for name in names:
            spec = PRICES.instance(str(name))
            assert spec is not None
            assert spec.runs_transform
            assert spec.architecture == "x86_64"
            assert not name.startswith(("ml.r5.", "ml.m5d.", "ml.c5d.", "ml.inf2."))


def test_with_usage_a_cheaper_type_saves_money_a_month() -> None:
    """4 × 0.5 h × 30 × (0.922 - 0.461) = 27.66, if it runs as long."""
    demand = WorkflowDemand(monthly_runs=Decimal(30), run_hours=Decimal("0.5"))
    found = offered(demand)["ml.m5.2xlarge"]
    assert (found.usd, found.basis) == (Decimal("27.66"), "upper-bound")  # on half the vCPUs it may take longer
    assert "it runs as long: with less to compute on it takes longer" in found.conditions
    assert "it runs as long" in offered(demand)["ml.c5.4xlarge"].conditions  # as many vCPUs, half of the memory
    one = offered(demand)["1 instance"]
    assert (one.usd, one.basis) == (Decimal("41.49"), "with-usage")  # 3 × 0.5 h × 30 × 0.922
    assert offered()["ml.m5.2xlarge"].usd is None
