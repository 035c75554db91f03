"""Templates that make much of little end in seconds, with an answer or one clear line."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

resource = pytest.importorskip("resource", reason="Windows bounds no memory")
pytestmark = [
    pytest.mark.no_cover,  # many runs of the same lines: counting them takes longer than they do
    pytest.mark.skipif(sys.platform != "linux", reason="macOS has no bound on addresses"),
]

SECONDS = 60
"""Twenty times what the slowest takes: what ends at all ends by then, on a busy machine too."""
MEGABYTES = 500

CONFIG = "AWS::SageMaker::EndpointConfig"


def template(**sections: Any) -> dict[str, Any]:
    """A template whose endpoint configuration takes its model's name from the last of many values."""
    variant = {"VariantName": "v", "ModelName": {"Ref": "Stage"}, "InstanceType": "ml.m5.large"}
    config = {"Type": CONFIG, "Properties": {"ProductionVariants": [variant | {"InitialInstanceCount": 1}]}}
    document: dict[str, Any] = {"Parameters": {"Stage": {"Type": "String", "Default": "x"}}, "Resources": {"C": config}}
    for name, section in sections.items():
        document[name] = {**document.get(name, {}), **section}
    return document


def named(value: Any) -> dict[str, Any]:
    """A configuration that is called what a value says."""
    return {"Type": CONFIG, "Properties": {"EndpointConfigName": value}}


def doubled_by_sub() -> Any:
    names = {f"C{i}": named({"Fn::Sub": f"${{C{i + 1}.EndpointConfigName}}" * 2}) for i in range(60)}
    return template(Resources={**names, "C60": named("x" * 100)})


def doubled_by_unknown_sub() -> Any:
    names = {f"C{i}": named({"Fn::Sub": f"${{C{i + 1}.EndpointConfigName}}" * 2}) for i in range(60)}
    return template(Parameters={"Open": {"Type": "String"}}, Resources={**names, "C60": named({"Ref": "Open"})})


def doubled_by_mappings() -> Any:
    maps = {f"M{i}": {"a": {"b": [{"Fn::FindInMap": [f"M{i + 1}", "a", "b"]}] * 2}} for i in range(60)}
    return template(
        Mappings={**maps, "M60": {"a": {"b": "x"}}}, Resources={"N": named({"Fn::FindInMap": ["M0", "a", "b"]})}
    )


def doubled_by_json() -> Any:
    return template(
        Resources={"N": named({"Fn::ToJsonString": {"a": {"Fn::FindInMap": ["M", "a", "b"]}}})},
        Mappings={"M": {"a": {"b": ["x" * 1000] * 20_000}}},
    )


def split_again_and_again() -> Any:
    split = {"Fn::Split": [",", "," * 100_000]}
    return template(Resources={f"N{i}": named({"Fn::Select": [i, split]}) for i in range(200)})


def joined_list_of_a_parameter() -> Any:
    parts = {"Fn::Join": ["-" * 1000, {"Ref": "L"}]}
    return template(
        Parameters={"L": {"Type": "CommaDelimitedList", "Default": "a," * 50_000}},
        Resources={f"N{i}": named(parts) for i in range(200)},
    )


def looped_over_a_large_body() -> Any:
    body = {"N${I}": named({"Fn::Sub": "${I}" * 10_000})}
    loop = ["I", [f"i{i}" for i in range(2_000)], body]
    return template(Resources={"Fn::ForEach::L": loop})


def loops_in_loops() -> Any:
    loop: Any = {"R${A}${B}${C}${D}": {"Type": "AWS::S3::Bucket"}}
    for name in "DCBA":
        loop = {f"Fn::ForEach::{name}": [name, [str(i) for i in range(100)], loop]}
    return template(Resources=loop)


def chain_of_conditions() -> Any:
    rules = {f"C{i}": {"Condition": f"C{i + 1}"} for i in range(20_000)}
    return template(
        Conditions={**rules, "C20000": {"Fn::Equals": [1, 1]}},
        Resources={"N": named({"Fn::If": ["C0", "a", "b"]})},
    )


def conditions_on_everything() -> Any:
    rules = {f"C{i}": {"Fn::Equals": [{"Ref": "Open"}, f"value {i}"]} for i in range(1_000)}
    return template(
        Parameters={"Open": {"Type": "String"}},
        Conditions=rules,
        Resources={f"N{i}": named({"Fn::If": [f"C{i}", "a", "b"]}) for i in range(1_000)},
    )


def many_resources_in_many_worlds() -> Any:
    rules = {f"C{i}": {"Fn::Equals": [{"Ref": f"P{i}"}, "x"]} for i in range(6)}
    return template(
        Parameters={f"P{i}": {"Type": "String"} for i in range(6)},
        Conditions=rules,
        Resources={f"N{i}": named({"Fn::If": [f"C{i % 6}", f"a{i}", f"b{i}"]}) for i in range(1_000)},
    )


def misspelt_types() -> Any:
    return template(Resources={f"N{i}": {"Type": f"AWS::SageMaker::Endpoint{i}"} for i in range(20_000)})


def misspelt_properties() -> Any:
    return template(Resources={"N": {"Type": CONFIG, "Properties": {f"Property{i}": 1 for i in range(20_000)}}})


def deep_properties() -> Any:
    value: Any = 1
    for _ in range(150):
        value = {"a": [value]} if _ % 2 else {"Fn::Join": ["", [value]]}
    return template(Resources={"N": named(value)})


def references_through_everything() -> Any:
    names = {f"N{i}": named({"Fn::Join": ["", [{"Ref": f"N{j}"} for j in range(300)]]}) for i in range(300)}
    return template(Resources=names)


def chain_of_replacements() -> Any:
    names = {f"N{i}": named({"Ref": f"N{i + 1}"}) for i in range(2_000)}
    return template(Resources=names)


def select_with_a_long_index() -> Any:
    return template(
        Resources={"N": named({"Fn::Select": ["1" * 5_000, ["a"]]}), "M": named({"Fn::Select": ["-1", ["a"]]})}
    )


TEMPLATES = [
    doubled_by_sub,
    doubled_by_unknown_sub,
    doubled_by_mappings,
    doubled_by_json,
    split_again_and_again,
    joined_list_of_a_parameter,
    looped_over_a_large_body,
    loops_in_loops,
    chain_of_conditions,
    conditions_on_everything,
    many_resources_in_many_worlds,
    misspelt_types,
    misspelt_properties,
    deep_properties,
    references_through_everything,
    chain_of_replacements,
    select_with_a_long_index,
]


def check(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own, whose memory is bounded."""

    def bound() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (MEGABYTES << 20, MEGABYTES << 20))

    command = [sys.executable, "-m", "guardrail", "check", *arguments, "--region=us-east-1", "--fail-on=never"]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
        preexec_fn=bound,
    )


@pytest.mark.parametrize("make", TEMPLATES)
def test_a_template_that_makes_much_of_little_ends(make: Callable[[], Any], tmp_path: Path) -> None:
    path = tmp_path / "template.json"
    path.write_text(json.dumps(make()))
    done = check(str(path))
    assert done.returncode in (0, 2), done.stderr[-300:]
    assert len(done.stderr.splitlines()) <= 3
    assert len(done.stderr) < 2_000


def test_keys_that_stand_twice_are_found_in_time_that_grows_with_their_number(tmp_path: Path) -> None:
    path = tmp_path / "template.json"
    keys = ",".join(f'"k{i}":1' for i in [*range(300_000), *range(300_000)])
    path.write_text('{"Resources":{"B":{"Type":"AWS::S3::Bucket","Properties":{' + keys + "}}}}")
    done = check(str(path))
    assert done.returncode == 0
    assert "duplicate key 'k0': the last one counts" in done.stdout


def test_joins_through_aliases_end(tmp_path: Path) -> None:
    """Ten aliases of ten aliases of a join, eight levels deep, are 10^8 joins."""
    levels = ["a0: &a0 {'Fn::Join': ['', [x, y]]}"]
    levels += [f"a{i}: &a{i} {{'Fn::Join': ['', [{', '.join([f'*a{i - 1}'] * 10)}]]}}" for i in range(1, 9)]
    body = f"Resources: {{N: {{Type: {CONFIG}, Properties: {{EndpointConfigName: *a8}}}}}}"
    path = tmp_path / "template.yaml"
    path.write_text("Metadata:\n  " + "\n  ".join(levels) + "\n" + body)
    done = check(str(path))
    assert done.returncode == 2
    assert "more than 1,000,000 values after expanding aliases" in done.stderr


def test_stacks_that_nest_each_other_end(tmp_path: Path) -> None:
    """Twenty templates, each of which nests the next one twice, are a million stacks."""
    for level in range(20):
        nested = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": f"{level + 1}.json"}}
        (tmp_path / f"{level}.json").write_text(json.dumps({"Resources": {"A": nested, "B": nested}}))
    (tmp_path / "20.json").write_text(json.dumps({"Resources": {"N": named("n")}}))
    done = check(str(tmp_path / "0.json"), "--show-skipped")
    assert done.returncode == 0
    assert "more than 1,000 stacks are nested" in done.stdout


@pytest.mark.parametrize(
    "text", ["A: " + "x" * (5 << 20), "Resources:\n" + "  a: 1\n" * 800_000], ids=["one text", "many lines"]
)
def test_more_text_than_any_template_has_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "template.yaml"
    path.write_text(text)
    done = check(str(path))
    assert done.returncode == 2
    assert "characters of YAML, more than any template" in done.stderr
