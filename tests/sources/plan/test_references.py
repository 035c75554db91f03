"""What an expression leads to when its value is unknown: through modules, keys and conditions, and never further."""

from typing import Any

import msgspec
import pytest

from guardrail.model import ChangeSet, Unknown
from guardrail.sources.base import Reference
from guardrail.sources.plan.references import ConfigModule, Configuration, Scope
from tests.sources.conftest import Reader
from tests.sources.plans import (
    CONFIGURATION,
    ENDPOINT,
    Json,
    block,
    call,
    change,
    configuration,
    endpoint,
    module,
    output,
    plan,
    ref,
)

AMBIGUOUS = "which configuration it uses is known only after apply"


def new_endpoint(address: str = ENDPOINT) -> Json:
    unknown = {"name": True, "endpoint_config_name": True}
    return change(address, endpoint(None, None), unknown=unknown)


def new_configuration(address: str = CONFIGURATION) -> Json:
    return change(address, configuration(name=None), unknown={"name": True})


def links(changes: ChangeSet) -> dict[str, str | None]:
    """The configuration of each endpoint, by its address; None where it is unknown."""
    found = (each for each in changes.after.endpoints if each.deployed == "yes")
    return {each.address: each.configuration_address for each in found}


def at_root(*mentions: str) -> Json:
    return module(block(ENDPOINT, endpoint_config_name=ref(*mentions)), block(CONFIGURATION))


def test_a_key_of_for_each_leads_through_the_module_with_that_key_to_one_configuration() -> None:
    """The example that guardrail/sources/plan/references.py works out."""
    inner = module(block(CONFIGURATION), outputs={"name": output(ref(f"{CONFIGURATION}.name"))})
    written = block(ENDPOINT, endpoint_config_name={"references": ["module.config", "each.key"]})
    root = module(written, module_calls={"config": call(inner)})
    found = Configuration(msgspec.json.decode(msgspec.json.encode(root), type=ConfigModule))
    for key in ("a", "b"):
        found.add_instance(Scope((), (), key), "aws_sagemaker_endpoint", "e", f'{ENDPOINT}["{key}"]')
        address = f'module.config["{key}"].{CONFIGURATION}'
        found.add_instance(Scope(("config",), (key,)), "aws_sagemaker_endpoint_configuration", "c", address)
    endpoint_a = found.written(Scope((), (), "a"), "aws_sagemaker_endpoint", "e")
    assert endpoint_a is not None
    meant = endpoint_a.resolve("endpoint_config_name", frozenset({"aws_sagemaker_endpoint_configuration"}))
    assert meant == [Reference(f'module.config["a"].{CONFIGURATION}', "name")]


@pytest.mark.parametrize(
    "mention",
    [f"{CONFIGURATION}.name", f"{CONFIGURATION}.id", f"{CONFIGURATION}.tags_all", CONFIGURATION],
)
def test_a_reference_to_a_block_is_a_link_whatever_it_takes_from_it(read_plan: Reader, mention: str) -> None:
    document = plan(new_endpoint(), new_configuration(), root=at_root(mention))
    assert links(read_plan(document)) == {ENDPOINT: CONFIGURATION}


def test_an_output_of_a_module_is_followed_into_it(read_plan: Reader) -> None:
    inner = module(block(CONFIGURATION), outputs={"config": output(ref(f"{CONFIGURATION}.name"))})
    root = module(block(ENDPOINT, endpoint_config_name=ref("module.m.config")), module_calls={"m": call(inner)})
    document = plan(new_endpoint(), new_configuration(f"module.m.{CONFIGURATION}"), root=root)
    assert links(read_plan(document)) == {ENDPOINT: f"module.m.{CONFIGURATION}"}


def test_of_an_output_that_is_an_object_only_that_output_is_followed(read_plan: Reader) -> None:
    """module.m.config.name: another output of the module leads elsewhere, and is no rival."""
    other = "aws_sagemaker_endpoint_configuration.d"
    outputs = {"config": output(ref(CONFIGURATION)), "name": output(ref("local.x")), "other": output(ref(other))}
    inner = module(block(CONFIGURATION), block(other), outputs=outputs)
    root = module(block(ENDPOINT, endpoint_config_name=ref("module.m.config.name")), module_calls={"m": call(inner)})
    document = plan(
        new_endpoint(),
        new_configuration(f"module.m.{CONFIGURATION}"),
        new_configuration(f"module.m.{other}"),
        root=root,
    )
    assert links(read_plan(document)) == {ENDPOINT: f"module.m.{CONFIGURATION}"}


def test_a_variable_of_a_module_is_followed_to_what_its_call_passes(read_plan: Reader) -> None:
    inner = module(block(ENDPOINT, endpoint_config_name=ref("var.config")))
    root = module(block(CONFIGURATION), module_calls={"m": call(inner, config=ref(f"{CONFIGURATION}.name"))})
    document = plan(new_endpoint(f"module.m.{ENDPOINT}"), new_configuration(), root=root)
    assert links(read_plan(document)) == {f"module.m.{ENDPOINT}": CONFIGURATION}


def test_modules_in_modules_are_followed_in_and_out(read_plan: Reader) -> None:
    maker = module(block(CONFIGURATION), outputs={"name": output(ref(f"{CONFIGURATION}.name"))})
    outer = module(module_calls={"inner": call(maker)}, outputs={"name": output(ref("module.inner.name"))})
    user = module(block(ENDPOINT, endpoint_config_name=ref("var.config")))
    root = module(module_calls={"maker": call(outer), "user": call(user, config=ref("module.maker.name"))})
    document = plan(
        new_endpoint(f"module.user.{ENDPOINT}"),
        new_configuration(f"module.maker.module.inner.{CONFIGURATION}"),
        root=root,
    )
    assert links(read_plan(document)) == {f"module.user.{ENDPOINT}": f"module.maker.module.inner.{CONFIGURATION}"}


def test_instances_of_a_module_keep_to_their_own_blocks(read_plan: Reader) -> None:
    inner = module(block(ENDPOINT, endpoint_config_name=ref(f"{CONFIGURATION}.name")), block(CONFIGURATION))
    places = ('module.m["a.b"]', 'module.m["c[0]"]', 'module.m["say \\"hi\\""]')
    document = plan(
        *(
            each
            for place in places
            for each in (new_endpoint(f"{place}.{ENDPOINT}"), new_configuration(f"{place}.{CONFIGURATION}"))
        ),
        root=module(module_calls={"m": call(inner, for_each=ref("local.all"))}),
    )
    assert links(read_plan(document)) == {f"{place}.{ENDPOINT}": f"{place}.{CONFIGURATION}" for place in places}


@pytest.mark.parametrize(
    ("mention", "expected"),
    [
        (('module.m["a"].name',), 'module.m["a"].'),
        (("module.m", "each.key"), 'module.m["a"].'),
        (('module.m["gone"].name',), None),
        (("module.m",), None),
    ],
    ids=["by its key", "by the same key", "a key that is not there", "no key"],
)
def test_an_instance_of_a_module_is_picked_by_key_or_not_at_all(
    read_plan: Reader, mention: tuple[str, ...], expected: str | None
) -> None:
    inner = module(block(CONFIGURATION), outputs={"name": output(ref(f"{CONFIGURATION}.name"))})
    root = module(
        block(ENDPOINT, endpoint_config_name=ref(*mention), for_each=ref("local.all")),
        module_calls={"m": call(inner, for_each=ref("local.all"))},
    )
    document = plan(
        new_endpoint(f'{ENDPOINT}["a"]'),
        *(new_configuration(f'module.m["{key}"].{CONFIGURATION}') for key in "ab"),
        root=root,
    )
    assert links(read_plan(document)) == {f'{ENDPOINT}["a"]': expected and expected + CONFIGURATION}


def instances(*mentions: str, keys: Any = "ab", others: Any = "ab", **extra: Any) -> Json:
    """Endpoints over ``keys`` that mention configurations over ``others``."""

    def index(key: object) -> str:
        return f"[{key}]" if isinstance(key, int) else f'["{key}"]'

    return plan(
        *(new_endpoint(ENDPOINT + index(key)) for key in keys),
        *(new_configuration(CONFIGURATION + index(key)) for key in others),
        root=module(block(ENDPOINT, endpoint_config_name=ref(*mentions), **extra), block(CONFIGURATION)),
    )


def test_each_key_picks_the_instance_of_that_key(read_plan: Reader) -> None:
    assert links(read_plan(instances(CONFIGURATION, "each.key"))) == {
        f'{ENDPOINT}["a"]': f'{CONFIGURATION}["a"]',
        f'{ENDPOINT}["b"]': f'{CONFIGURATION}["b"]',
    }


def test_each_key_of_a_part_picks_its_own(read_plan: Reader) -> None:
    assert links(read_plan(instances(CONFIGURATION, "each.key", keys="b"))) == {
        f'{ENDPOINT}["b"]': f'{CONFIGURATION}["b"]'
    }


def test_count_index_picks_the_instance_of_that_index(read_plan: Reader) -> None:
    assert links(read_plan(instances(CONFIGURATION, "count.index", keys=(0, 1), others=(0, 1)))) == {
        f"{ENDPOINT}[0]": f"{CONFIGURATION}[0]",
        f"{ENDPOINT}[1]": f"{CONFIGURATION}[1]",
    }


def test_an_index_that_is_computed_is_no_link(read_plan: Reader) -> None:
    """aws_sagemaker_endpoint_configuration.c[floor(count.index / 2)]: endpoint 1 uses configuration 0, not 1."""
    found = links(read_plan(instances(CONFIGURATION, "count.index", keys=(0, 1, 2, 3), others=(0, 1))))
    assert set(found.values()) == {None}


def test_a_value_of_the_key_that_names_another_instance_is_no_link(read_plan: Reader) -> None:
    """c[each.value.config] with {a = {config = "b"}, b = {config = "a"}}: the keys are equal, the instances are not."""
    found = links(read_plan(instances(CONFIGURATION, "each.value.config", for_each=ref("local.all"))))
    assert set(found.values()) == {None}


def test_the_value_of_a_for_each_over_instances_is_the_instance_of_the_key(read_plan: Reader) -> None:
    document = instances("each.value.name", for_each=ref(CONFIGURATION))
    assert links(read_plan(document)) == {
        f'{ENDPOINT}["a"]': f'{CONFIGURATION}["a"]',
        f'{ENDPOINT}["b"]': f'{CONFIGURATION}["b"]',
    }


def test_an_explicit_index_picks_that_instance_or_none(read_plan: Reader) -> None:
    assert set(links(read_plan(instances(f'{CONFIGURATION}["b"].name'))).values()) == {f'{CONFIGURATION}["b"]'}
    assert set(links(read_plan(instances(f'{CONFIGURATION}["z"].name', others="a"))).values()) == {None}


def test_a_condition_between_two_configurations_is_decided_either_way(read_plan: Reader) -> None:
    other = "aws_sagemaker_endpoint_configuration.d"
    root = module(
        block(ENDPOINT, endpoint_config_name=ref("var.blue", f"{CONFIGURATION}.name", f"{other}.name")),
        block(CONFIGURATION),
        block(other),
    )
    changes = read_plan(plan(new_endpoint(), new_configuration(), new_configuration(other), root=root))
    assert [each.given for each in changes.possibilities] == [
        f"{ENDPOINT} uses {CONFIGURATION}",
        f"{ENDPOINT} uses {other}",
    ]
    assert {each.address: each.deployed for each in changes.after.endpoints} == {ENDPOINT: "yes"}


@pytest.mark.parametrize("mention", ["local.config", "data.aws_ssm_parameter.config.value", "module.gone.config"])
def test_what_leads_out_of_sight_is_unknown(read_plan: Reader, mention: str) -> None:
    changes = read_plan(plan(new_endpoint(), new_configuration(), root=at_root(mention)))
    (found,) = (each for each in changes.after.endpoints if each.address == ENDPOINT)
    assert found.variants == Unknown(AMBIGUOUS)


def test_a_value_that_terraform_data_passes_on_is_followed(read_plan: Reader) -> None:
    root = at_root("terraform_data.d.output")
    root["resources"].append(block("terraform_data.d", input=ref(f"{CONFIGURATION}.name")))
    assert links(read_plan(plan(new_endpoint(), new_configuration(), root=root))) == {ENDPOINT: CONFIGURATION}


def test_references_in_a_circle_come_to_an_end(read_plan: Reader) -> None:
    """Terraform accepts no such configuration; a file may hold one all the same."""
    inner = module(
        block("terraform_data.d", input=ref("terraform_data.e.output")),
        block("terraform_data.e", input=ref("terraform_data.d.output")),
        outputs={"name": output(ref("module.self.name", "var.name", "terraform_data.d.output"))},
    )
    inner["module_calls"] = {
        "self": call(module(outputs={"name": output(ref("var.name"))}), name=ref("module.self.name"))
    }
    root = module(
        block(ENDPOINT, endpoint_config_name=ref("module.m.name")),
        module_calls={"m": call(inner, name=ref("module.m.name"))},
    )
    assert links(read_plan(plan(new_endpoint(), root=root))) == {ENDPOINT: None}


@pytest.mark.parametrize(
    "reference", ["", ".", "[", "[]", "each", "var", "module", "module.", "a..b", "a[", 'a["b', "a.b[-1]", "é.ü"]
)
def test_references_that_are_none_lead_nowhere(read_plan: Reader, reference: str) -> None:
    root = module(block(ENDPOINT, endpoint_config_name={"references": [reference]}), block(CONFIGURATION))
    assert links(read_plan(plan(new_endpoint(), new_configuration(), root=root))) == {ENDPOINT: None}
