"""Inputs of one run that may belong together are in doubt, and those that cannot are not."""

import json
from pathlib import Path

from guardrail import sources
from guardrail.model import ChangeSet, Endpoint, Unknown
from tests.sources.plans import (
    CONFIGURATION,
    ENDPOINT,
    POLICY,
    TARGET,
    Json,
    change,
    configuration,
    endpoint,
    plan,
    target,
    tracking_policy,
)


def read_all(folder: Path, **plans: Json) -> list[ChangeSet]:
    """Each plan under its name, read and seen beside the others."""
    paths = []
    for name, document in plans.items():
        (folder / f"{name}.json").write_text(json.dumps(document), encoding="utf-8")
        paths.append(str(folder / f"{name}.json"))
    return sources.joined([sources.read(path, region="us-east-1", beside=paths) for path in paths])


def scaling_of(one: Endpoint) -> object:
    assert isinstance(one.variants, tuple)
    return one.variants[0].scaling


def scaled_elsewhere(resource: str) -> Json:
    return plan(change(TARGET, target(resource)), change(POLICY, tracking_policy(resource)))


def test_a_target_in_another_plan_may_scale_an_endpoint_of_its_name(tmp_path: Path) -> None:
    fleet = plan(change(ENDPOINT, endpoint("chat")), change(CONFIGURATION, configuration()))
    first, second = read_all(tmp_path, fleet=fleet, scaling=scaled_elsewhere("endpoint/chat/variant/main"))
    scaling = scaling_of(first.after.endpoints[0])
    assert isinstance(scaling, Unknown)
    assert scaling.reason.endswith("may be its scaling target: their accounts may differ")
    assert {each.reason for each in second.skipped if each.type == "aws_appautoscaling_target"} == {
        "it may scale an endpoint of another input: their accounts may differ"
    }


def test_a_target_on_another_name_is_no_matter(tmp_path: Path) -> None:
    fleet = plan(change(ENDPOINT, endpoint("chat")), change(CONFIGURATION, configuration()))
    first, _ = read_all(tmp_path, fleet=fleet, scaling=scaled_elsewhere("endpoint/other/variant/main"))
    assert scaling_of(first.after.endpoints[0]) is None


def test_a_target_of_another_region_is_no_matter(tmp_path: Path) -> None:
    fleet = plan(change(ENDPOINT, endpoint("chat")), change(CONFIGURATION, configuration()))
    elsewhere = scaled_elsewhere("endpoint/chat/variant/main")
    elsewhere["configuration"]["provider_config"]["aws"]["expressions"]["region"] = {"constant_value": "eu-west-1"}
    first, _ = read_all(tmp_path, fleet=fleet, scaling=elsewhere)
    assert scaling_of(first.after.endpoints[0]) is None


def test_a_configuration_in_another_plan_may_be_what_an_endpoint_runs(tmp_path: Path) -> None:
    """It is priced as possibly deployed, and the endpoint stays unknown: never both, and never neither."""
    first, second = read_all(
        tmp_path,
        fleet=plan(change(ENDPOINT, endpoint("chat", "shared"))),
        configs=plan(change(CONFIGURATION, configuration(name="shared"))),
    )
    (found,) = first.after.endpoints
    reason = (
        f"its configuration is managed elsewhere, perhaps in {tmp_path / 'configs.json'}: their accounts may differ"
    )
    assert found.variants == Unknown(reason)
    assert [(each.address, each.deployed) for each in second.after.endpoints] == [(CONFIGURATION, "possibly")]
    assert second.after.unattached == ()
