"""Change sets of CloudFormation: both sides of what changes, as ``describe-change-set`` tells them."""

import json
from pathlib import Path
from typing import Any

import pytest

from guardrail import sources
from guardrail.errors import SourceError
from guardrail.model import ChangeSet, InstanceVariant, Inventory, ScalableTarget
from guardrail.sources.options import InputOptions
from guardrail.sources.past import Comparison

ARN = "arn:aws:sagemaker:eu-central-1:111122223333:"
LATER = "{{changeSet:KNOWN_AFTER_APPLY}}"


def context(**properties: Any) -> str:
    return json.dumps({"Properties": properties})


def variants(count: str) -> list[dict[str, str]]:
    return [{"VariantName": "main", "ModelName": "m", "InstanceType": "ml.m5.xlarge", "InitialInstanceCount": count}]


def change(action: str, logical_id: str, kind: str, **others: Any) -> dict[str, Any]:
    inner = {"Action": action, "LogicalResourceId": logical_id, "ResourceType": f"AWS::{kind}", **others}
    return {"Type": "Resource", "ResourceChange": inner}


def caused(name: str, entity: str) -> list[dict[str, Any]]:
    target = {"Attribute": "Properties", "Name": name, "RequiresRecreation": "Never"}
    return [{"Target": target, "Evaluation": "Dynamic", "ChangeSource": "ResourceAttribute", "CausingEntity": entity}]


CONFIG = change(
    "Modify",
    "Config",
    "SageMaker::EndpointConfig",
    PhysicalResourceId=f"{ARN}endpoint-config/config-abc123",
    Replacement="True",
    BeforeContext=context(ProductionVariants=variants("1")),
    AfterContext=context(ProductionVariants=variants("3")),
)
ENDPOINT = change(
    "Modify",
    "Endpoint",
    "SageMaker::Endpoint",
    PhysicalResourceId=f"{ARN}endpoint/search",
    Replacement="False",
    Details=caused("EndpointConfigName", "Config.EndpointConfigName"),
    BeforeContext=context(EndpointConfigName="Config-AbC123"),
    AfterContext=context(EndpointConfigName=LATER),
)


def read(tmp_path: Path, *changes: dict[str, Any], **options: Any) -> ChangeSet:
    path = tmp_path / "change-set.json"
    document = {
        "ChangeSetName": "pr-12",
        "StackId": "arn:aws:cloudformation:eu-central-1:111122223333:stack/search/9f8e",
        "StackName": "search",
        "Tags": [{"Key": "team", "Value": "search"}],
        "Changes": list(changes),
    }
    path.write_text(json.dumps(document))
    return sources.read(str(path), InputOptions(**options))


def counts(inventory: Inventory | None) -> dict[str, Any]:
    assert inventory is not None
    found = {}
    for endpoint in inventory.endpoints:
        assert isinstance(endpoint.variants, tuple)
        assert isinstance(endpoint.variants[0], InstanceVariant)
        found[endpoint.address] = endpoint.variants[0].initial_instance_count
    return found


def test_a_replaced_configuration_is_the_old_one_before_and_the_new_one_after(tmp_path: Path) -> None:
    change_set = read(tmp_path, CONFIG, ENDPOINT)
    assert counts(change_set.before) == {"Endpoint": 1}
    assert counts(change_set.after) == {"Endpoint": 3}
    (endpoint,) = change_set.after.endpoints
    assert (endpoint.name, endpoint.region, endpoint.change) == ("search", "eu-central-1", "update")
    assert endpoint.tags == {"team": "search"}


@pytest.mark.parametrize(("policy", "most"), [("Retain", 5), ("Delete", None)])
def test_a_scaling_target_that_is_removed_and_kept_goes_on_scaling(
    tmp_path: Path, policy: str, most: int | None
) -> None:
    bounds = context(
        MinCapacity="1",
        MaxCapacity="5",
        ResourceId="endpoint/search/variant/main",
        ScalableDimension="sagemaker:variant:DesiredInstanceCount",
        ServiceNamespace="sagemaker",
    )
    kind = "ApplicationAutoScaling::ScalableTarget"
    target = change("Remove", "Target", kind, PolicyAction=policy, BeforeContext=bounds)
    change_set = read(tmp_path, CONFIG, ENDPOINT, target)
    (variant,) = change_set.after.endpoints[0].variants  # type: ignore[misc]
    assert (variant.scaling.max_capacity if isinstance(variant.scaling, ScalableTarget) else variant.scaling) == most
    said = "Target is kept by AWS (Retain), owned by no stack, and goes on scaling"
    assert (said in change_set.notices) == (most is not None)


def test_it_tells_only_of_what_changes(tmp_path: Path) -> None:
    change_set = read(tmp_path, CONFIG, ENDPOINT)
    assert not change_set.complete
    assert change_set.notices == ("a change set tells only of what changes: totals leave out what stays as it is",)


def test_what_is_added_is_new_and_what_is_removed_is_gone(tmp_path: Path) -> None:
    added = (
        change("Add", "Config", "SageMaker::EndpointConfig", AfterContext=context(ProductionVariants=variants("2"))),
        change(
            "Add",
            "Endpoint",
            "SageMaker::Endpoint",
            Details=caused("EndpointConfigName", "Config.EndpointConfigName"),
            AfterContext=context(EndpointName="new", EndpointConfigName=LATER),
        ),
        change(
            "Add",
            "Target",
            "ApplicationAutoScaling::ScalableTarget",
            Details=caused("ResourceId", "Endpoint.EndpointName"),
            AfterContext=context(
                ServiceNamespace="sagemaker",
                ScalableDimension="sagemaker:variant:DesiredInstanceCount",
                ResourceId="endpoint/new/variant/main",
                MinCapacity="1",
                MaxCapacity="4",
            ),
        ),
    )
    removed = (
        change(
            "Remove",
            "OldConfig",
            "SageMaker::EndpointConfig",
            PhysicalResourceId=f"{ARN}endpoint-config/old",
            BeforeContext=context(ProductionVariants=variants("5")),
        ),
        change(
            "Remove",
            "OldEndpoint",
            "SageMaker::Endpoint",
            PhysicalResourceId=f"{ARN}endpoint/old",
            BeforeContext=context(EndpointConfigName="old"),
        ),
    )
    change_set = read(tmp_path, *added, *removed)
    assert counts(change_set.before) == {"OldEndpoint": 5}
    assert counts(change_set.after) == {"Endpoint": 2}
    (endpoint,) = change_set.after.endpoints
    assert isinstance(endpoint.variants, tuple)
    scaling = endpoint.variants[0].scaling
    assert isinstance(scaling, ScalableTarget)
    assert (scaling.min_capacity, scaling.max_capacity) == (1, 4)


def test_what_is_imported_runs_already(tmp_path: Path) -> None:
    config = change(
        "Import",
        "Config",
        "SageMaker::EndpointConfig",
        PhysicalResourceId=f"{ARN}endpoint-config/known",
        AfterContext=context(ProductionVariants=variants("2")),
    )
    endpoint = change(
        "Import",
        "Endpoint",
        "SageMaker::Endpoint",
        PhysicalResourceId=f"{ARN}endpoint/known",
        AfterContext=context(EndpointConfigName="known"),
    )
    change_set = read(tmp_path, config, endpoint)
    assert counts(change_set.before) == counts(change_set.after) == {"Endpoint": 2}


def test_a_nested_stack_has_a_change_set_of_its_own(tmp_path: Path) -> None:
    (skipped,) = read(tmp_path, change("Modify", "Nested", "CloudFormation::Stack")).skipped
    assert skipped.reason == "a nested stack has a change set of its own: check that too"
    assert skipped.affects_total


def test_a_change_set_without_values_is_refused_with_the_flag(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="tells no properties of Config") as caught:
        read(tmp_path, change("Modify", "Config", "SageMaker::EndpointConfig", Replacement="True"))
    assert "--include-property-values" in caught.value.hint


def test_a_change_set_has_its_own_before(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="is a change set and tells itself what stands before"):
        read(tmp_path, CONFIG, ENDPOINT, compared=Comparison("main"))


def test_what_the_change_deletes_and_aws_keeps_is_still_there(tmp_path: Path) -> None:
    removed = change(
        "Remove",
        "Endpoint",
        "SageMaker::Endpoint",
        PhysicalResourceId=f"{ARN}endpoint/search",
        PolicyAction="Retain",
        BeforeContext=context(EndpointConfigName="config"),
    )
    change_set = read(tmp_path, removed)
    assert change_set.before is not None
    assert [(each.address, each.kept) for each in change_set.before.endpoints] == [("Endpoint", True)]
    assert "Endpoint is kept running by AWS" in change_set.notices[1]


@pytest.mark.parametrize("action", [["Add"], {"a": 1}, None, 3])
def test_an_action_of_another_kind_is_a_change(tmp_path: Path, action: Any) -> None:
    changed = change(action, "Config", "SageMaker::EndpointConfig", AfterContext=context(ProductionVariants=[]))
    assert [each.address for each in read(tmp_path, changed).after.unattached] == ["Config"]
