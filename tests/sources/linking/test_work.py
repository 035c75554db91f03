"""Linking takes work in proportion to the blocks: four times the blocks are about four times the steps, not sixteen.

Counted are the lines that Python runs in the readers (each turn of a loop is one), so that no clock is involved. The
stacks are the ones that used to be quadratic: blocks of one name, blocks whose links are lost, blocks that each may
mean all others.
"""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from tests.sources.conftest import Reader
from tests.sources.plans import (
    ALARM,
    CONFIGURATION,
    COPIES,
    ENDPOINT,
    POLICY,
    TARGET,
    Json,
    alarm,
    block,
    call,
    change,
    configuration,
    endpoint,
    module,
    output,
    plan,
    provider,
    ref,
    step_policy,
    target,
    tracking_policy,
    variant,
)

pytestmark = pytest.mark.no_cover  # many runs of the same lines: counting them takes longer than they do

FEW, MANY = 80, 320
"""Both above the number of blocks that one link may lead to and still be followed to each of them."""
LATE_ID = {"resource_id": True}


def one_name(count: int) -> Json:
    """A loop whose blocks all have the name "app"."""
    model = {"name": "m", "primary_container": [{"image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/m:1"}]}
    kinds = {
        "aws_sagemaker_model.m": model,
        ENDPOINT: endpoint(),
        CONFIGURATION: configuration(variant(model_name="m")),
        TARGET: target(),
        POLICY: tracking_policy(),
    }
    return plan(*(change(f"{address}[{at}]", values) for address, values in kinds.items() for at in range(count)))


def one_name_of_many_accounts(count: int) -> Json:
    """The same name under an alias for each endpoint, and everything else under the provider without one."""
    changes = [change(f"{ENDPOINT}{at}", endpoint()) for at in range(count)]
    blocks = [block(f"{ENDPOINT}{at}", f"aws.a{at}") for at in range(count)]
    for address, values in ((CONFIGURATION, configuration()), (TARGET, target()), (POLICY, tracking_policy())):
        changes += [change(f"{address}[{at}]", values) for at in range(count)]
        blocks.append(block(address))
    aliases = [provider("us-east-1", f"aws.a{at}") for at in range(count)]
    return plan(
        *changes,
        root=module(*blocks),
        providers={key: each for one in (provider(), *aliases) for key, each in one.items()},
    )


def instances_of_a_module(count: int) -> Json:
    """A module of one stack, called for each of many keys; every name is known only after apply."""
    changes = [each for at in range(count) for each in _unnamed_stack(f'module.m["k{at}"].', f'module.m["k{at}"].')]
    inner = module(
        block(ENDPOINT, endpoint_config_name=ref(f"{CONFIGURATION}.name")),
        block(CONFIGURATION),
        block(TARGET, resource_id=ref(f"{ENDPOINT}.name")),
        block(POLICY, resource_id=ref(f"{TARGET}.resource_id")),
    )
    return plan(*changes, root=module(module_calls={"m": call(inner, for_each=ref("var.stacks"))}))


def instances_picked_by_an_index_that_is_computed(count: int) -> Json:
    """Scaling in one module and endpoints in another, joined by an expression that may mean any instance."""
    changes = [each for at in range(count) for each in _unnamed_stack(f'module.a["k{at}"].', f'module.b["k{at}"].')]
    fleet = module(
        block(ENDPOINT, endpoint_config_name=ref(f"{CONFIGURATION}.name")),
        block(CONFIGURATION),
        outputs={"name": output(ref(f"{ENDPOINT}.name"))},
    )
    scaling = module(
        block(TARGET, resource_id=ref("var.name")),
        block(POLICY, resource_id=ref(f"{TARGET}.resource_id")),
        variables={"name": {}},
    )
    calls = {
        "a": call(fleet, for_each=ref("var.stacks")),
        "b": call(scaling, for_each=ref("var.stacks"), name=ref("module.a", "each.value")),
    }
    return plan(*changes, root=module(module_calls=calls))


def targets_that_lost_their_variant(count: int) -> Json:
    """One endpoint of many variants, whose name is known only after apply."""
    late = [(TARGET, target(None)), (POLICY, tracking_policy(None))]
    return plan(
        change(ENDPOINT, endpoint(None), unknown={"name": True}),
        change(CONFIGURATION, configuration(*(variant(f"v{at}") for at in range(count)))),
        *(change(f"{address}[{at}]", values, unknown=LATE_ID) for address, values in late for at in range(count)),
        root=module(
            block(ENDPOINT),
            block(CONFIGURATION),
            block(TARGET, resource_id=ref(f"{ENDPOINT}.name")),
            block(POLICY, resource_id=ref(f"{ENDPOINT}.name")),
        ),
    )


def components_of_one_name(count: int) -> Json:
    hosted = {"name": "x", "endpoint_name": "app", "variant_name": "main", "runtime_config": [{"copy_count": 1}]}
    kinds = {
        ENDPOINT: endpoint(),
        "aws_sagemaker_inference_component.ic": hosted,
        TARGET: target("inference-component/x", dimension=COPIES),
        POLICY: tracking_policy("inference-component/x", COPIES),
    }
    return plan(*(change(f"{address}[{at}]", values) for address, values in kinds.items() for at in range(count)))


def alarms_on_policies_of_one_arn(count: int) -> Json:
    kinds = {POLICY: step_policy(arn="arn:p"), ALARM: alarm(["arn:p"])}
    return plan(
        change(ENDPOINT, endpoint()),
        change(CONFIGURATION, configuration()),
        change(TARGET, target()),
        *(change(f"{address}[{at}]", values) for address, values in kinds.items() for at in range(count)),
    )


def _unnamed_stack(fleet: str, scaling: str) -> list[Json]:
    return [
        change(fleet + ENDPOINT, endpoint(None, None), unknown={"name": True, "endpoint_config_name": True}),
        change(fleet + CONFIGURATION, configuration(name=None), unknown={"name": True}),
        change(scaling + TARGET, target(None), unknown=LATE_ID),
        change(scaling + POLICY, tracking_policy(None), unknown=LATE_ID),
    ]


def steps(run: Callable[[], object]) -> int:
    """How many lines of the readers Python runs."""
    count = 0

    def line(_frame: FrameType, _event: str, _argument: Any) -> Any:
        nonlocal count
        count += 1
        return line

    def entered(frame: FrameType, _event: str, _argument: Any) -> Any:
        return line(frame, "", None) if "sources" in frame.f_code.co_filename else None

    outer = sys.gettrace()
    sys.settrace(entered)
    try:
        run()
    finally:
        sys.settrace(outer)
    return count


@pytest.mark.parametrize(
    "stack",
    [
        one_name,
        one_name_of_many_accounts,
        instances_of_a_module,
        instances_picked_by_an_index_that_is_computed,
        targets_that_lost_their_variant,
        components_of_one_name,
        alarms_on_policies_of_one_arn,
    ],
)
def test_four_times_the_blocks_are_no_more_than_five_times_the_work(
    stack: Callable[[int], Json], read_plan: Reader
) -> None:
    few, many = stack(FEW), stack(MANY)
    assert steps(lambda: read_plan(many)) < 5 * steps(lambda: read_plan(few))
