"""No mutation of a valid plan makes a traceback: it is read, or refused with one line. Nothing sensitive gets out."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guardrail.errors import SourceError
from guardrail.model import ChangeSet, Unknown
from guardrail.sources.plan import read
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
    constant,
    endpoint,
    module,
    plan,
    provider,
    ref,
    replaced,
    serverless,
    standing,
    state,
    step_policy,
    target,
    tracking_policy,
    variant,
)

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"
ACTION = "aws_appautoscaling_scheduled_action.s"
COMPONENT = "aws_sagemaker_inference_component.ic"
INNER = "module.m[0]."


def stack(prefix: str = "") -> list[Json]:
    """One of everything, with names that are known."""
    hosted = {"name": "llm", "endpoint_name": "app", "variant_name": "main", "runtime_config": [{"copy_count": 1}]}
    schedule = {"schedule": "cron(0 18 * * ? *)", "scalable_target_action": [{"min_capacity": "0", "max_capacity": ""}]}
    variants = (variant(volume_size_in_gb=20), variant("other", "ml.g5.xlarge", initial_variant_weight=0.5))
    return [
        replaced(prefix + ENDPOINT, endpoint(), endpoint("app-2"), previous_address="aws_sagemaker_endpoint.old"),
        change(prefix + CONFIGURATION, configuration(*variants, data_capture_config=[{"enable_capture": True}])),
        change(prefix + "aws_sagemaker_endpoint_configuration.s", configuration(serverless(), name="s")),
        change(prefix + TARGET, target("endpoint/app-2/variant/main", suspended_state=[{}])),
        change(prefix + POLICY, step_policy("endpoint/app-2/variant/main", arn="arn:aws:policy")),
        change(prefix + "aws_appautoscaling_policy.q", tracking_policy("endpoint/app-2/variant/main")),
        change(prefix + ACTION, {**target("endpoint/app-2/variant/main"), **schedule}),
        change(prefix + ALARM, alarm(["arn:aws:policy"])),
        change(prefix + COMPONENT, {**hosted, "endpoint_name": "app-2"}),
        change(prefix + "aws_appautoscaling_target.ic", target("inference-component/llm", 0, 4, COPIES)),
    ]


def unknowns(prefix: str = INNER) -> list[Json]:
    """A stack in a module whose names are unknown."""
    whole = {"name": True, "endpoint_config_name": True, "tags_all": True}
    return [
        change(prefix + ENDPOINT, endpoint(None, None), unknown=whole),
        change(
            prefix + CONFIGURATION,
            configuration(variant(None), name=None),
            unknown={**whole, "production_variants": [{"variant_name": True}]},
        ),
        change(prefix + TARGET, target(None), unknown={"resource_id": True}),
        change(prefix + POLICY, step_policy(None), unknown={"resource_id": True}),
        change(prefix + ALARM, alarm([None], dimensions=None), unknown={"alarm_actions": [True], "dimensions": True}),
    ]


def everything() -> Json:
    inner = module(
        block(ENDPOINT, endpoint_config_name=ref("var.config"), tags=ref("local.tags")),
        block(CONFIGURATION, production_variants=[{"instance_type": constant("ml.m5.xlarge")}]),
        block(TARGET, resource_id=ref(f"{ENDPOINT}.name", "each.key"), for_each=ref("var.all")),
        block(POLICY, resource_id=ref("each.value.resource_id"), for_each=ref(TARGET)),
        block(ALARM, alarm_actions=ref(f'{POLICY}["a"].arn', "module.n.arn")),
        outputs={"name": {"expression": ref(f"{CONFIGURATION}.name")}},
        variables={"config": {"default": None}},
    )
    root = module(
        *(block(each["address"]) for each in stack()),
        block("data.aws_region.here"),
        module_calls={"m": call(inner, config=ref("module.m[0].name"), count=constant(1))},
        variables={"region": {"default": "us-east-1"}},
    )
    return plan(
        *stack(),
        *unknowns(),
        root=root,
        providers={
            **provider(ref("var.region")),
            **provider("eu-west-1", "aws.eu", default_tags=[{"tags": constant({"a": "b"})}]),
        },
        prior_state=state(
            standing("aws_sagemaker_endpoint.still", endpoint("still", "s")),
            standing("data.aws_region.here", {"name": "us-east-1"}, mode="data"),
        ),
        resource_drift=[change(TARGET, target(), before=target(high=9))],
        deferred_changes=[
            {"reason": "x", "resource_change": change("aws_sagemaker_endpoint.d", {}, actions=["create"])}
        ],
        variables={"region": {"value": "us-east-1"}},
        complete=True,
    )


SEEDS = [everything(), state(standing(ENDPOINT, endpoint()), standing(CONFIGURATION, configuration()))] + [
    json.loads(path.read_bytes())
    for path in sorted(SCENARIOS.glob("*/plan.json"))
    if path.stat().st_size < 60_000 and path.read_bytes()[:1] == b"{"
]

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.sampled_from([0, -1, 2**31, 2**63, 2**64, 10**400]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from(
        [
            "",
            "abc",
            "1e400",
            "nan",
            "-1",
            "0x10",
            "endpoint//variant/",
            "endpoint/app/variant/main/x",
            "|",
            "module.",
            "${x}",
        ]
    ),
)
junk = st.one_of(scalars, st.lists(scalars, max_size=3), st.dictionaries(st.text(max_size=5), scalars, max_size=3))


def places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Every container of a document with each of its keys."""
    pending = [node]
    while pending:
        container = pending.pop()
        for key in list(container) if isinstance(container, dict) else range(len(container)):
            yield container, key
            if isinstance(container[key], dict | list):
                pending.append(container[key])


@st.composite
def mutations(draw: st.DrawFn) -> Any:
    """A valid plan in which a few nodes were dropped, retyped, swapped with others, or repeated."""
    document = copy.deepcopy(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 4))):
        found = list(places(document))
        if not found:
            break
        container, key = found[draw(st.integers(0, len(found) - 1))]
        match draw(st.sampled_from(["drop", "retype", "swap", "repeat", "wrap"])):
            case "drop":
                del container[key]
            case "retype":
                container[key] = draw(junk)
            case "swap":
                other, place = found[draw(st.integers(0, len(found) - 1))]
                container[key] = copy.deepcopy(other[place])
            case "repeat" if isinstance(container, list):
                container.append(copy.deepcopy(container[key]))
            case _:
                container[key] = [container[key]]
    return document


def refused_or_read(tmp_path: Path, document: Any) -> ChangeSet | str:
    """What is read of a document, or the line that refuses it."""
    path = tmp_path / "plan.json"
    path.write_bytes(document if isinstance(document, bytes) else json.dumps(document).encode())
    try:
        return read(str(path))
    except SourceError as error:
        return error.message.replace(str(path), "PATH")


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(document=mutations())
def test_a_mutated_plan_is_read_or_refused_with_one_line(
    tmp_path_factory: pytest.TempPathFactory, document: Any
) -> None:
    found = refused_or_read(tmp_path_factory.getbasetemp(), document)
    if isinstance(found, str):
        assert "\n" not in found
        return
    msgspec.to_builtins(found)
    coverage = found.coverage
    assert coverage.seen == coverage.modelled + coverage.skipped
    assert coverage.skipped == len(found.skipped)
    assert 0 <= coverage.partial <= coverage.modelled


@settings(max_examples=100)
@given(damage=st.binary(max_size=64), place=st.integers(0, 20_000))
def test_a_document_with_damaged_bytes_is_read_or_refused_with_one_line(
    tmp_path_factory: pytest.TempPathFactory, damage: bytes, place: int
) -> None:
    content = json.dumps(SEEDS[0]).encode()
    place %= len(content)
    found = refused_or_read(tmp_path_factory.getbasetemp(), content[:place] + damage + content[place + len(damage) :])
    assert found
    assert not isinstance(found, str) or "\n" not in found


def test_an_address_with_a_hundred_thousand_modules_is_no_traceback(tmp_path: Path) -> None:
    deep = {**change(ENDPOINT, endpoint()), "module_address": ".".join(["module.a"] * 100_000)}
    assert refused_or_read(tmp_path, plan(deep)) == "PATH is nested too deeply to be a plan"


def test_a_hundred_thousand_nested_modules_are_no_traceback(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    depth = 100_000
    path.write_bytes(
        b'{"format_version":"1.2","prior_state":{"values":{"root_module":'
        + b'{"child_modules":[' * depth
        + b"{}"
        + b"]}" * depth
        + b"}}}"
    )
    with pytest.raises(SourceError, match="nested too deeply"):
        read(str(path))


@pytest.mark.parametrize("field", ["address", "change", "mode", "type", "name"])
@pytest.mark.parametrize("value", [None, 7, [], {}])
def test_a_resource_change_of_another_shape_is_refused_by_its_place(tmp_path: Path, field: str, value: object) -> None:
    said = refused_or_read(tmp_path, plan({**change(ENDPOINT, endpoint()), field: value}, root=module(block(ENDPOINT))))
    assert isinstance(said, str)
    assert said.startswith("PATH is not a plan: ")


def test_a_resource_change_without_an_address_is_refused(tmp_path: Path) -> None:
    nameless = change(ENDPOINT, endpoint())
    nameless.pop("address")
    said = refused_or_read(tmp_path, plan(nameless, root=module(block(ENDPOINT))))
    assert isinstance(said, str)
    assert "address" in said


@pytest.mark.parametrize(("actions", "sides"), [(["create"], (0, 1)), (["update"], (1, 1)), (["delete"], (1, 0))])
def test_a_side_that_is_missing_is_unknown_and_never_nothing(
    tmp_path: Path, actions: list[str], sides: tuple[int, int]
) -> None:
    found = refused_or_read(tmp_path, plan(change(ENDPOINT, None, actions=actions)))
    assert isinstance(found, ChangeSet)
    assert found.before is not None
    assert (len(found.before.endpoints), len(found.after.endpoints)) == sides
    assert all(isinstance(each.variants, Unknown) for each in (*found.before.endpoints, *found.after.endpoints))


HIDDEN = "tr0ub4dor"


def secret_stack() -> list[Json]:
    """Every text that a block may carry is the secret, or holds it, and is marked sensitive."""
    name, resource = f"{HIDDEN}-name", f"endpoint/{HIDDEN}-name/variant/{HIDDEN}-variant"
    numbers = {"min_capacity": 11, "max_capacity": 12}
    metric = {
        "metric_name": HIDDEN,
        "namespace": HIDDEN,
        "statistic": HIDDEN,
        "dimensions": [{"name": HIDDEN, "value": HIDDEN}],
    }
    return [
        change(ENDPOINT, endpoint(name, HIDDEN, tags={"owner": HIDDEN}, tags_all={"owner": HIDDEN})),
        change(
            CONFIGURATION,
            configuration(
                variant(f"{HIDDEN}-variant", model_name=HIDDEN, managed_instance_scaling=[{"status": HIDDEN}]),
                name=HIDDEN,
                tags_all={"owner": HIDDEN},
            ),
        ),
        change("aws_sagemaker_endpoint_configuration.free", configuration(variant(HIDDEN), name=HIDDEN + "-free")),
        change("aws_sagemaker_endpoint.lost", endpoint(HIDDEN + "-lost", HIDDEN + "-elsewhere")),
        change(TARGET, {**target(resource), **numbers}),
        change(
            POLICY,
            {
                **step_policy(resource),
                "step_scaling_policy_configuration": [{"adjustment_type": HIDDEN}],
                "arn": HIDDEN,
            },
        ),
        change(
            "aws_appautoscaling_policy.q",
            {
                **tracking_policy(resource),
                "target_tracking_scaling_policy_configuration": [
                    {"target_value": 7, "customized_metric_specification": [metric]}
                ],
            },
        ),
        change("aws_appautoscaling_policy.r", {**tracking_policy(resource), "policy_type": HIDDEN}),
        change(ACTION, {**target(resource), "schedule": HIDDEN, "scalable_target_action": [{"min_capacity": "1"}]}),
        change(
            ALARM,
            alarm(
                [HIDDEN],
                dimensions={"EndpointName": HIDDEN},
                metric_name=HIDDEN,
                namespace=HIDDEN,
                comparison_operator=HIDDEN,
            ),
        ),
        change(COMPONENT, {"name": HIDDEN, "endpoint_name": name, "variant_name": f"{HIDDEN}-variant"}),
        change(
            "aws_sagemaker_endpoint.prefixed",
            endpoint(None, None, name_prefix=HIDDEN),
            unknown={"name": True, "endpoint_config_name": True},
        ),
        change("aws_cloudformation_stack.s", {"template_body": f"AWS::SageMaker::Endpoint {HIDDEN}"}),
    ]


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from texts(key)
            yield from texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts(inner)


def marks_of(value: Any) -> Any:
    """The marks of a value whose every leaf is sensitive."""
    if isinstance(value, dict):
        return {name: marks_of(inner) for name, inner in value.items()}
    return [marks_of(inner) for inner in value] if isinstance(value, list) else True


@pytest.mark.parametrize("whole", [True, False], ids=["the whole resource", "each leaf"])
@pytest.mark.parametrize("side", ["create", "no-op", "delete"])
def test_no_text_that_is_sensitive_gets_out(tmp_path: Path, side: str, *, whole: bool) -> None:
    changes = secret_stack()
    for each in changes:
        inner = each["change"]
        marks = True if whole else marks_of(inner["after"])
        inner["after_sensitive"] = inner["before_sensitive"] = marks
        if side != "create" and not inner["after_unknown"]:
            inner["before"], inner["actions"] = inner["after"], [side]
        if side == "delete" and not inner["after_unknown"]:
            inner["after"] = None
    found = refused_or_read(tmp_path, plan(*changes, resource_drift=copy.deepcopy(changes)))
    assert isinstance(found, ChangeSet)
    assert (found.after if side == "create" else found.before) is not None
    leaks = [text for text in texts(msgspec.to_builtins(found)) if HIDDEN in text]
    assert leaks == []


def test_the_keys_of_a_map_that_is_sensitive_as_a_whole_do_not_get_out(tmp_path: Path) -> None:
    tagged = change(ENDPOINT, endpoint(tags_all={HIDDEN: "x"}), sensitive={"tags_all": True})
    found = refused_or_read(tmp_path, plan(tagged))
    assert isinstance(found, ChangeSet)
    assert found.after.endpoints[0].tags == Unknown("sensitive")


def test_links_and_arithmetic_go_by_what_is_not_shown(tmp_path: Path) -> None:
    changes = secret_stack()
    for each in changes:
        each["change"]["after_sensitive"] = True
    found = refused_or_read(tmp_path, plan(*changes))
    assert isinstance(found, ChangeSet)
    first = next(each for each in found.after.endpoints if each.address == ENDPOINT)
    (shown,) = msgspec.to_builtins(first.variants)
    assert (shown["instance_type"], shown["initial_instance_count"], shown["sensitive"]) == ("ml.m5.xlarge", 2, True)
    assert (shown["scaling"]["min_capacity"], shown["scaling"]["max_capacity"]) == (11, 12)
    assert shown["scaling"]["sensitive"] is True
