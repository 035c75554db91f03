"""What had a price and was damaged is said: in an unknown, in what was skipped, in "at least", or in an error."""

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.json import decode

from guardrail import cli, sources
from guardrail.errors import SourceError
from guardrail.model import ChangeSet, Unknown
from guardrail.sources.options import InputOptions
from tests.hostile.test_nothing_hides import anew
from tests.sources.template.conftest import Reader

pytestmark = pytest.mark.no_cover  # many runs of the same lines: counting them takes longer than they do

SOUND: dict[str, Any] = {
    "Resources": {
        "Config": {
            "Type": "AWS::SageMaker::EndpointConfig",
            "Properties": {
                "ProductionVariants": [
                    {
                        "VariantName": "main",
                        "ModelName": "m",
                        "InstanceType": "ml.g5.xlarge",
                        "InitialInstanceCount": 3,
                        "InitialVariantWeight": 1,
                    },
                ],
                "ShadowProductionVariants": [
                    {
                        "VariantName": "shadow",
                        "ModelName": "m",
                        "InstanceType": "ml.m5.large",
                        "InitialInstanceCount": 1,
                        "InitialVariantWeight": 1,
                    },
                ],
            },
        },
        "Endpoint": {
            "Type": "AWS::SageMaker::Endpoint",
            "Properties": {
                "EndpointName": "chat",
                "EndpointConfigName": {"Fn::GetAtt": ["Config", "EndpointConfigName"]},
            },
        },
        "Target": {
            "Type": "AWS::ApplicationAutoScaling::ScalableTarget",
            "Properties": {
                "ServiceNamespace": "sagemaker",
                "ResourceId": {"Fn::Sub": "endpoint/${Endpoint.EndpointName}/variant/main"},
                "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
                "MinCapacity": 2,
                "MaxCapacity": 8,
            },
        },
        "Serverless": {
            "Type": "AWS::SageMaker::EndpointConfig",
            "Properties": {
                "EndpointConfigName": "slots",
                "ProductionVariants": [
                    {
                        "VariantName": "main",
                        "ModelName": "m",
                        "ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5, "ProvisionedConcurrency": 2},
                    }
                ],
            },
        },
        "Warm": {
            "Type": "AWS::SageMaker::Endpoint",
            "Properties": {"EndpointName": "warm", "EndpointConfigName": "slots"},
        },
    }
}
WRONG: list[Any] = [None, "", "x", True, -1, 0.5, [], {}, [[]], {"x": 1}, [None], {"Ref": "Nobody"}]
OPTIONAL = {"ScheduledActions", "ShadowProductionVariants", "ProvisionedConcurrency", "InitialVariantWeight"}
"""What a sound template may be without, so that nothing is damaged where it is taken away or empty."""
LABELS = {"VariantName", "ModelName", "EndpointName"}
"""What may be any text, or generated."""

Path_ = tuple[Any, ...]


def paths(value: Any, path: Path_ = ()) -> Iterator[Path_]:
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from paths(item, (*path, key))


def mutations(resource: str | None) -> Iterator[tuple[str, Any]]:
    """Every damage to one resource, or to what is above them: another value at every path, nothing, a misspelt name."""
    for path in paths(SOUND):
        if (path[1] if len(path) > 1 else None) != resource:
            continue
        is_resource = len(path) == 2
        for wrong in WRONG:
            if (wrong is None or wrong == []) and path[-1] in OPTIONAL:
                continue
            yield f"{path} is {wrong!r}", changed(path, wrong)
        if not is_resource and not OPTIONAL & set(path[-2:]) | LABELS & {path[-1]}:
            yield f"{path} is not there", changed(path, None, is_gone=True)
        if isinstance(path[-1], str) and not is_resource:
            for name in (path[-1][:-1], path[-1].upper(), f"{path[-1]}s"):
                yield f"{path} is called {name}", renamed(path, name)


def changed(path: Path_, value: Any, *, is_gone: bool = False) -> Any:
    document = deepcopy(SOUND)
    owner: Any = document
    for step in path[:-1]:
        owner = owner[step]
    if is_gone:
        del owner[path[-1]]
    else:
        owner[path[-1]] = deepcopy(value)
    return document


def renamed(path: Path_, name: str) -> Any:
    document = deepcopy(SOUND)
    owner: Any = document
    for step in path[:-1]:
        owner = owner[step]
    owner[name] = owner.pop(path[-1])
    return document


def report(template: Path, document: Any, capsys: pytest.CaptureFixture[str]) -> dict[str, Any] | None:
    """The JSON report on a template; None where it is refused."""
    anew(template, json.dumps(document).encode())
    code = cli.main(["check", str(template), "--region=us-east-1", "--format=json", "--fail-on=never"])
    assert code in (0, 2)
    shown = capsys.readouterr().out
    return None if code == 2 else decode(shown)


def costs(found: dict[str, Any]) -> tuple[Decimal, Decimal]:
    return Decimal(found["totals"]["after"]["floor"]), Decimal(found["totals"]["after"]["ceiling"])


def unknown(found: dict[str, Any]) -> set[str]:
    """The reasons of everything that is unknown of the endpoints."""
    return set(re.findall(r'"unknown": "([^"]*)', json.dumps(found["endpoints"])))


def says_so(found: dict[str, Any]) -> bool:
    """Whether a report says that something is missing from it."""
    return bool(found["skipped"] or found["coverage"]["partial"] or found["totals"]["after"]["at_least"])


@pytest.mark.parametrize("resource", [None, *SOUND["Resources"]])
def test_no_damage_takes_money_away_in_silence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], resource: str | None
) -> None:
    template = tmp_path / "template.json"
    sound = report(template, SOUND, capsys)
    assert sound is not None
    assert not says_so(sound)
    full = costs(sound)
    silent = []
    for what, document in mutations(resource):
        found = report(template, document, capsys)
        if found is None or says_so(found) or unknown(found) - unknown(sound):
            continue
        if min(costs(found)[0] - full[0], costs(found)[1] - full[1]) < 0:
            silent.append(what)
    assert silent == []


def only_skipped(change_set: ChangeSet) -> tuple[str, str]:
    (skipped,) = change_set.skipped
    assert skipped.affects_total
    return skipped.address, skipped.reason


@pytest.mark.parametrize(
    ("resource", "reason"),
    [
        ("E: AWS::SageMaker::Endpoint", "it is no mapping with a Type"),
        ("E: null", "it is no mapping with a Type"),
        ("E: [AWS::SageMaker::Endpoint]", "it is no mapping with a Type"),
        ("E: {Tpye: AWS::SageMaker::Endpoint}", "it has no Type, but Tpye"),
        ("E: {Properties: {}}", "it has no Type"),
        ("E: {Type: [AWS::SageMaker::Endpoint]}", "its Type is not text"),
        ("E: {Type: Endpoint}", "its Type 'Endpoint' is no resource type"),
        (
            "E: {Type: AWS::SageMaker::Endpiont}",
            "there is no resource type AWS::SageMaker::Endpiont, did you mean AWS::SageMaker::Endpoint?",
        ),
        (
            "E: {Type: AWS::Sagemaker::EndpointConfig}",
            "there is no resource type AWS::Sagemaker::EndpointConfig, did you mean AWS::SageMaker::EndpointConfig?",
        ),
        (
            "E: {Type: AWS::ApplicationAutoscaling::ScalableTarget}",
            (
                "there is no resource type AWS::ApplicationAutoscaling::ScalableTarget,"
                " did you mean AWS::ApplicationAutoScaling::ScalableTarget?"
            ),
        ),
        ("E: {Type: AWS::SageMaker::Cloud}", "what AWS::SageMaker::Cloud costs is not known here, and in no total"),
        (
            "E: {Type: My::SageMaker::Endpoint::MODULE, Properties: {InstanceType: ml.p4d.24xlarge}}",
            (
                "a module of the registry decides at deployment what it makes"
                " (its properties say InstanceType ml.p4d.24xlarge)"
            ),
        ),
        (
            'E: {Type: "Custom::AWS", Properties: {Create: \'{"service":"SageMaker","action":"createEndpoint"}\'}}',
            "a custom resource decides at deployment what it makes",
        ),
    ],
)
def test_a_resource_that_may_be_inference_and_cannot_be_read_is_named(read: Reader, resource: str, reason: str) -> None:
    address, said = only_skipped(read(f"Resources:\n  {resource}\n"))
    assert address == "E"
    assert said.startswith(reason)


@pytest.mark.parametrize(
    "kind",
    ["AWS::S3::Bucket", "AWS::SageMaker::ModelCard", "AWS::SageMaker::Domain", "AWS::AutoScaling::ScalingPolicy"],
)
def test_what_there_is_and_is_no_inference_is_not_named(read: Reader, kind: str) -> None:
    assert read(f"Resources: {{R: {{Type: {kind}}}}}").skipped == ()


@pytest.mark.parametrize(
    "text",
    [
        "Resources: {B: {Type: AWS::S3::Bucket}, Fn::Transform: {Name: AWS::Include, Parameters: {Location: s3://r}}}",
        "Fn::Transform: {Name: AWS::Include, Parameters: {Location: s3://r}}\nResources: {B: {Type: AWS::S3::Bucket}}",
        "Transform: {Name: AWS::Include, Parameters: {Location: s3://r}}\nResources: {B: {Type: AWS::S3::Bucket}}",
        "Transform: [AWS::LanguageExtensions, AWS::Include]\nResources: {B: {Type: AWS::S3::Bucket}}",
    ],
)
def test_a_macro_that_may_write_resources_is_named(read: Reader, text: str) -> None:
    assert "the macro AWS::Include" in only_skipped(read(text))[1]


@pytest.mark.parametrize(
    ("wrong", "meant", "field"),
    [
        ("VolumeSizeInGb: 500", "VolumeSizeInGB", "volume_size_gb"),
        ("VolumeSize: 500", "VolumeSizeInGB", "volume_size_gb"),
        ("ManagedInstanceScalling: {}", "ManagedInstanceScaling", "managed_scaling"),
    ],
)
def test_what_a_misspelt_property_was_meant_for_is_unknown(read: Reader, wrong: str, meant: str, field: str) -> None:
    change_set = read(f"""\
        Resources:
          Config:
            Type: AWS::SageMaker::EndpointConfig
            Properties:
              ProductionVariants:
                - VariantName: main
                  ModelName: m
                  InstanceType: ml.m5.large
                  InitialInstanceCount: 1
                  {wrong}
        """)
    (configuration,) = change_set.after.unattached
    assert isinstance(configuration.variants, tuple)
    name = wrong.partition(":")[0]
    reason = f"ProductionVariants has no {name}, did you mean {meant}?"
    assert getattr(configuration.variants[0], field) == Unknown(reason)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
@pytest.mark.parametrize("suffix", ["yaml", "json"])
def test_every_encoding_of_a_shell_is_read(tmp_path: Path, encoding: str, suffix: str) -> None:
    template = tmp_path / f"template.{suffix}"
    template.write_bytes(json.dumps(SOUND).encode(encoding))
    assert len(sources.read(str(template), InputOptions(region="us-east-1")).after.endpoints) == 2


UNREADABLE = {
    "empty": b"",
    "html": b"<html><body>Sign in</body></html>",
    "list": b"[1]",
    "pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 12345\n",
    "latin": '{"Resources": {"é": 1}}'.encode("latin-1"),
    "other": b'{"name": "x"}',
}


@pytest.mark.parametrize("content", UNREADABLE.values(), ids=UNREADABLE)
def test_a_nested_template_that_is_none_is_named(read: Reader, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "nested.yaml").write_bytes(content)
    text = "Resources: {N: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: nested.yaml}}}"
    address, reason = only_skipped(read(text))
    assert address == "N"
    assert reason.startswith("its template cannot be read: ")


@pytest.mark.parametrize("content", UNREADABLE.values(), ids=UNREADABLE)
def test_a_template_of_the_cdk_that_is_none_is_refused(tmp_path: Path, content: bytes) -> None:
    write_assembly(tmp_path, S={"displayName": "S"})
    (tmp_path / "S.json").write_bytes(content)
    with pytest.raises(SourceError):
        sources.read(str(tmp_path))


def test_a_stack_of_the_cdk_may_hold_nothing(tmp_path: Path) -> None:
    write_assembly(tmp_path, S={"displayName": "S"})
    (tmp_path / "S.json").write_text('{"Parameters": {"BootstrapVersion": {"Type": "String"}}}')
    assert sources.read(str(tmp_path)).skipped == ()


def test_two_stacks_of_one_name_are_two_stacks(tmp_path: Path) -> None:
    write_assembly(tmp_path, A={"displayName": "app"}, B={"displayName": "app"})
    unnamed = {"Config": SOUND["Resources"]["Config"], "Endpoint": deepcopy(SOUND["Resources"]["Endpoint"])}
    del unnamed["Endpoint"]["Properties"]["EndpointName"]
    for name in "AB":
        (tmp_path / f"{name}.json").write_text(json.dumps({"Resources": unnamed}))
    endpoints = sources.read(str(tmp_path)).after.endpoints
    assert [each.address for each in endpoints] == ["app#2/Endpoint", "app/Endpoint"]


def test_two_resources_of_one_address_are_both_there(tmp_path: Path) -> None:
    """A stack called S/N, and a stack nested under N in a stack called S, have the same addresses."""
    write_assembly(tmp_path, A={"displayName": "S"}, B={"displayName": "S/N"})
    nested = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "B.json"}}
    (tmp_path / "A.json").write_text(json.dumps({"Resources": {"N": nested}}))
    (tmp_path / "B.json").write_text(json.dumps({"Resources": {"Config": SOUND["Resources"]["Config"]}}))
    address, reason = only_skipped(sources.read(str(tmp_path)))
    assert (address, reason) == ("S/N/Config#1", "another resource has the address S/N/Config too")


def write_assembly(directory: Path, **stacks: dict[str, Any]) -> None:
    """A manifest of the CDK with these stacks, each of which has its template in NAME.json."""
    artifacts = {
        name: {"type": "aws:cloudformation:stack", "properties": {"templateFile": f"{name}.json"}, **stack}
        for name, stack in stacks.items()
    }
    (directory / "manifest.json").write_text(json.dumps({"version": "36.0.0", "artifacts": artifacts}))


HARMLESS = "Resources:\n  F: {Type: AWS::Lambda::Function, Properties: {Runtime: a, Runtime: b}}\n"
READ = {
    "a section": "Resources: {}\nResources: {C: {Type: AWS::SageMaker::Model}}\n",
    "a logical id": "Resources:\n  C: {Type: AWS::S3::Bucket}\n  C: {Type: AWS::SageMaker::Endpoint}\n",
    "a type": "Resources: {C: {Type: AWS::SageMaker::Endpoint, Type: AWS::S3::Bucket}}\n",
    "a property": "Resources: {C: {Type: AWS::SageMaker::Endpoint, Properties: {EndpointName: a, EndpointName: b}}}\n",
    "a parameter": (
        "Parameters: {P: {Type: String, Default: a, Default: b}}\n"
        "Resources: {C: {Type: AWS::SageMaker::Endpoint, Properties: {EndpointName: !Ref P}}}\n"
    ),
}


@pytest.mark.parametrize("suffix", ["yaml", "json"])
def test_a_key_that_stands_twice_where_nothing_is_read_is_a_notice(read: Reader, suffix: str) -> None:
    text = HARMLESS
    if suffix == "json":
        text = '{"Resources": {"F": {"Type": "AWS::Lambda::Function", "Properties": {"Runtime": "a", "Runtime": "b"}}}}'
    (notice,) = read(text, f"template.{suffix}").notices
    assert notice.endswith("duplicate key 'Runtime': the last one counts")


@pytest.mark.parametrize("text", READ.values(), ids=READ)
def test_a_key_that_stands_twice_in_what_is_read_is_an_error(read: Reader, text: str) -> None:
    with pytest.raises(SourceError, match="duplicate key"):
        read(text)


HALF = r'"{\"Properties\": {\"EndpointName\": \"\ud800\"}, \"Resources\": {}}"'
ADDED = (
    f'{{"Action": "Add", "LogicalResourceId": "E", "ResourceType": "AWS::SageMaker::Endpoint", "AfterContext": {HALF}}}'
)


@pytest.mark.parametrize(
    "text",
    [f'{{"TemplateBody": {HALF}}}', f'{{"ChangeSetName": "c", "Changes": [{{"ResourceChange": {ADDED}}}]}}'],
    ids=["a deployed template", "a change set"],
)
def test_half_a_character_in_the_text_of_a_document_is_an_error(read: Reader, text: str) -> None:
    with pytest.raises(SourceError, match="is not UTF-8 text"):
        read(text, "template.json")


def test_a_file_of_the_serverless_framework_is_named(read: Reader) -> None:
    with pytest.raises(SourceError, match="is a file of the Serverless Framework") as caught:
        read("service: chat\nprovider: {name: aws}\nresources: {Resources: {}}\n", "serverless.yml")
    assert caught.value.hint == "npx serverless package"


@pytest.mark.parametrize("kind", [{"Ref": "Endpoint"}, ["AWS::SageMaker::Endpoint"], 7, None])
def test_a_type_that_is_no_text_is_named_wherever_it_is_referred_to(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: Any
) -> None:
    document = {
        "Resources": {
            "Target": {"Type": kind, "Properties": {}},
            "Policy": {
                "Type": "AWS::ApplicationAutoScaling::ScalingPolicy",
                "Properties": {
                    "PolicyName": "p",
                    "PolicyType": "TargetTrackingScaling",
                    "ScalingTargetId": {"Ref": "Target"},
                    "ResourceId": {"Fn::GetAtt": ["Target", "Outputs.Id"]},
                },
            },
        }
    }
    found = report(tmp_path / "template.json", document, capsys)
    assert found is not None
    assert "Target" in {each["address"] for each in found["skipped"]}
    assert found["totals"]["after"]["at_least"]
