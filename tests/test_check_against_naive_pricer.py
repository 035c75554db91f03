"""`guardrail check` from a template to its JSON: every total is a bill that the second opinion finds, to the cent.

The other properties start at an inventory; here what reads templates, links, prices and reports is on the way, too.
"""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings

from guardrail import cli
from guardrail.model import InstanceVariant, Inventory, ScalableTarget, ServerlessVariant, TargetTrackingPolicy, Variant
from tests.naive_pricer import Asked, bills
from tests.test_naive_pricer import asked_for, close, inventories

pytestmark = pytest.mark.no_cover  # many runs of the same lines: counting them takes longer than they do

METRICS = {
    "sagemaker:variant:DesiredInstanceCount": "SageMakerVariantInvocationsPerInstance",
    "sagemaker:variant:DesiredProvisionedConcurrency": "SageMakerVariantProvisionedConcurrencyUtilization",
}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(inventories, asked_for)
def test_a_template_costs_what_its_inventory_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], inventory: Inventory, asked: Asked
) -> None:
    """What cannot be said in a template, as a policy without a metric, is left out of it and of the inventory alike."""
    inventory = Inventory(endpoints=tuple(_sayable(each) for each in inventory.endpoints))
    (tmp_path / "t.yaml").write_text(yaml.safe_dump({"Resources": _resources(inventory)}), encoding="utf-8")
    (tmp_path / "usage.yml").write_text(yaml.safe_dump(_usage(asked, inventory)), encoding="utf-8")
    arguments = ["t.yaml", "--usage-file", "usage.yml", "--region", "us-east-1", "--format", "json"]
    code = cli.main(["check", *(str(tmp_path / each) if "." in each else each for each in arguments)])
    shown = capsys.readouterr()
    assert code in (0, 1), shown.err
    total = json.loads(shown.out)["totals"]["after"]
    low, high = bills(inventory, asked, {})
    assert close(Decimal(total["floor"]), low)
    assert close(Decimal(total["ceiling"]), high)
    assert not total["at_least"]
