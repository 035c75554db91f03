"""``guardrail fix`` on templates: values inside their quotes, new resources behind the one they are for."""

import json
from pathlib import Path

import pytest

from guardrail import cli
from tests.fixes.stack import TEMPLATE, TEMPLATE_TARGET, failing, fix, put

WHOLE = (
    TEMPLATE
    + TEMPLATE_TARGET
    + """\
  ReaderTargetBacklog:
    Type: AWS::ApplicationAutoScaling::ScalingPolicy
    Properties:
      PolicyName: backlog
      PolicyType: TargetTrackingScaling
      ScalingTargetId: !Ref ReaderTarget
      TargetTrackingScalingPolicyConfiguration:
        TargetValue: 5
        CustomizedMetricSpecification:
          MetricName: ApproximateBacklogSizePerInstance
          Namespace: AWS/SageMaker
          Statistic: Average
          Dimensions:
            - {Name: EndpointName, Value: !GetAtt ReaderEndpoint.EndpointName}
"""
)
WAKE = """\
  ReaderTargetWake:
    Type: AWS::ApplicationAutoScaling::ScalingPolicy
    Properties:
      PolicyName: wake
      PolicyType: StepScaling
      ScalingTargetId: !Ref ReaderTarget
      StepScalingPolicyConfiguration:
        AdjustmentType: ChangeInCapacity
        MetricAggregationType: Average
        Cooldown: 300
        StepAdjustments:
          - {MetricIntervalLowerBound: 0, ScalingAdjustment: 1}
  ReaderTargetWakeAlarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      Namespace: AWS/SageMaker
      MetricName: HasBacklogWithoutCapacity
      Dimensions:
        - {Name: EndpointName, Value: !GetAtt ReaderEndpoint.EndpointName}
      Statistic: Average
      ComparisonOperator: GreaterThanOrEqualToThreshold
      Threshold: 1
      Period: 60
      EvaluationPeriods: 2
      DatapointsToAlarm: 2
      TreatMissingData: missing
      AlarmActions: [!Ref ReaderTargetWake]
"""


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_what_wakes_it_stands_behind_its_target(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(tmp_path, template_yaml=WHOLE)
    fix("template.yaml", "--finding", "async-scales-to-zero")
    target = TEMPLATE_TARGET.replace("MinCapacity: 1", "MinCapacity: 0")
    rest = WHOLE.removeprefix(TEMPLATE + TEMPLATE_TARGET)
    assert (tmp_path / "template.yaml").read_text() == TEMPLATE + target + WAKE + rest
    assert failing(capsys, "template.yaml") == set()


def test_an_endpoint_without_scaling_gets_all_of_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(tmp_path, template_yaml="Transform: AWS::Serverless-2016-10-31\n" + TEMPLATE)
    fix("template.yaml", "--finding", "async-scales-to-zero")
    text = (tmp_path / "template.yaml").read_text()
    assert "  ReaderEndpointScaling:\n    Type: AWS::ApplicationAutoScaling::ScalableTarget\n" in text
    assert "      MinCapacity: 0\n      MaxCapacity: 1\n" in text
    assert failing(capsys, "template.yaml") == set()
    fix("template.yaml")
    assert (tmp_path / "template.yaml").read_text() == text


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_the_last_resource_without_a_last_newline_gets_none(
    tmp_path: Path, newline: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (TEMPLATE + TEMPLATE_TARGET).rstrip("\n").replace("\n", newline)
    put(tmp_path, template_yaml=before)
    fix("template.yaml", "--finding", "async-scales-to-zero")
    after = (tmp_path / "template.yaml").read_bytes().decode()
    assert after.startswith(before.replace("MinCapacity: 1", "MinCapacity: 0") + newline)
    assert not after.endswith("\n")
    assert "\n" not in after.replace(newline, "")
    assert failing(capsys, "template.yaml") == set()


def test_a_condition_of_the_target_is_that_of_what_is_new(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    guarded = WHOLE.replace("  ReaderTarget: # kept as it is\n", "  ReaderTarget:\n    Condition: Scales\n")
    guarded = guarded.replace("  ReaderTargetBacklog:\n", "  ReaderTargetBacklog:\n    Condition: Scales\n")
    conditions = (
        "Parameters:\n  Scale: {Type: String, Default: 'yes'}\nConditions:\n  Scales: !Equals [!Ref Scale, 'yes']\n"
    )
    put(tmp_path, template_yaml=conditions + guarded)
    fix("template.yaml", "--finding", "async-scales-to-zero")
    text = (tmp_path / "template.yaml").read_text()
    assert "  ReaderTargetWake:\n    Type: AWS::ApplicationAutoScaling::ScalingPolicy\n    Condition: Scales\n" in text
    assert "  ReaderTargetWakeAlarm:\n    Type: AWS::CloudWatch::Alarm\n    Condition: Scales\n" in text
    assert failing(capsys, "template.yaml") == set()


@pytest.mark.parametrize(
    ("written", "becomes"),
    [("'1'    # text", "'0'    # text"), ('"1"', '"0"'), ("&least 1", "&least 0"), ("!!int 1", "!!int 0")],
)
def test_a_number_changes_inside_what_is_around_it(tmp_path: Path, written: str, becomes: str) -> None:
    head = '# \U0001f98a caf\u00e9\nDescription: "a line\u2028and \u0085 more"\n'
    source = head + WHOLE.replace("MinCapacity: 1", f"MinCapacity: {written}") + WAKE
    put(tmp_path, template_yaml=source)
    fix("template.yaml", "--finding", "async-scales-to-zero")
    assert (tmp_path / "template.yaml").read_text() == source.replace(written, becomes)


def test_an_alias_is_replaced_and_its_anchor_stays(tmp_path: Path) -> None:
    source = WHOLE.replace("InitialInstanceCount: 1", "InitialInstanceCount: &one 1").replace(
        "MinCapacity: 1", "MinCapacity: *one"
    )
    put(tmp_path, template_yaml=source + WAKE)
    fix("template.yaml", "--finding", "async-scales-to-zero")
    assert (tmp_path / "template.yaml").read_text() == source.replace("MinCapacity: *one", "MinCapacity: 0") + WAKE


@pytest.mark.parametrize(
    ("written", "head", "reason"),
    [
        ("&one 1", "Metadata:\n  Note: nothing\n", "others use its value too, by an anchor"),
        ("!Ref Least", "Parameters:\n  Least: {Type: Number, Default: 1}\n", "the parameter Least decides it"),
        ("!If [Prod, 1, 0]", "Conditions:\n  Prod: !Equals [a, a]\n", "a condition decides it"),
        ("!FindInMap [M, a, b]", "Mappings:\n  M: {a: {b: 1}}\n", "!FindInMap works it out"),
    ],
)
def test_what_is_decided_elsewhere_is_left_alone(
    tmp_path: Path, written: str, head: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    source = head + WHOLE.replace("MinCapacity: 1", f"MinCapacity: {written}") + WAKE
    if written.startswith("&"):
        source = source.replace("EvaluationPeriods: 2", "EvaluationPeriods: *one")
    put(tmp_path, template_yaml=source)
    fix("template.yaml", "--finding", "async-scales-to-zero")
    assert (tmp_path / "template.yaml").read_text() == source
    assert reason in capsys.readouterr().out


def test_a_resource_id_may_bring_its_own_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plain = "!Sub endpoint/${ReaderEndpoint.EndpointName}/variant/AllTraffic"
    own = '!Sub ["endpoint/${Name}/variant/AllTraffic", {Name: !GetAtt ReaderEndpoint.EndpointName}]'
    put(tmp_path, template_yaml=WHOLE.replace(plain, own))
    fix("template.yaml", "--finding", "async-scales-to-zero")
    target = TEMPLATE_TARGET.replace("MinCapacity: 1", "MinCapacity: 0").replace(plain, own)
    rest = WHOLE.removeprefix(TEMPLATE + TEMPLATE_TARGET)
    assert (tmp_path / "template.yaml").read_text() == TEMPLATE + target + WAKE + rest
    assert failing(capsys, "template.yaml") == set()


NESTED = "  {0}:\n    Type: AWS::CloudFormation::Stack\n    Properties:\n      TemplateURL: {1}\n"


@pytest.mark.parametrize("others", [False, True])
def test_a_nested_template_is_edited_in_its_own_file_for_all_that_name_it(
    tmp_path: Path, *, others: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "queues").mkdir()
    put(tmp_path, parent_yaml="Resources:\n" + NESTED.format("Queue", "queues/queue.yaml"))
    put(tmp_path / "queues", queue_yaml=WHOLE)
    if others:  # a template that is not named, and nests the same one
        put(tmp_path / "queues", beside_yaml="Resources:\n" + NESTED.format("Letters", "queue.yaml"))
    fix("parent.yaml", "--finding", "async-scales-to-zero")
    target = TEMPLATE_TARGET.replace("MinCapacity: 1", "MinCapacity: 0")
    rest = WHOLE.removeprefix(TEMPLATE + TEMPLATE_TARGET)
    assert (tmp_path / "queues" / "queue.yaml").read_text() == TEMPLATE + target + WAKE + rest
    said = capsys.readouterr().out
    assert "(queues/queue.yaml)" in said
    # what it reaches: an instance of 537.28 of each stack that the template is nested in
    assert f"floor {'1,074.56' if others else '537.28'} -> 0.00 USD" in said
    assert failing(capsys, "parent.yaml") == set()


def test_a_nested_template_outside_of_the_repository_is_not_edited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    put(tmp_path, queue_yaml=WHOLE)
    put(tmp_path / "repository", parent_yaml="Resources:\n" + NESTED.format("Queue", "../queue.yaml"))
    put(tmp_path / "repository", linked_yaml="Resources:\n" + NESTED.format("Queue", "link.yaml"))
    (tmp_path / "repository" / "link.yaml").symlink_to(tmp_path / "queue.yaml")
    monkeypatch.chdir(tmp_path / "repository")
    fix("parent.yaml")
    fix("linked.yaml")
    assert (tmp_path / "queue.yaml").read_text() == WHOLE


def test_a_slip_in_a_resource_id_is_one_word(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    right = WHOLE.replace("MinCapacity: 1", "MinCapacity: 0") + WAKE
    put(tmp_path, template_yaml=right.replace("variant/AllTraffic", "varient/AllTraffic"))
    fix("template.yaml", "--finding", "scaling-names-what-exists")
    assert (tmp_path / "template.yaml").read_text() == right
    assert failing(capsys, "template.yaml") == set()


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("{Name: EndpointName, Value: !GetAtt ReaderEndpoint.EndpointName}", "{Name: EndpointName, Value: readr}"),
        ("{Name: EndpointName, Value: !GetAtt", "{Name: EndpointNam, Value: !GetAtt"),
    ],
)
@pytest.mark.parametrize("which", [0, 1])
def test_a_wrong_dimension_is_one_edit(
    tmp_path: Path, right: str, wrong: str, which: int, capsys: pytest.CaptureFixture[str]
) -> None:
    named = "Type: AWS::SageMaker::Endpoint\n    Properties:\n"
    whole = (
        WHOLE.replace("MinCapacity: 1", "MinCapacity: 0").replace(named, f"{named}      EndpointName: reader\n") + WAKE
    )
    parts = whole.split(right)
    assert len(parts) == 3
    put(
        tmp_path,
        template_yaml=(wrong if which == 0 else right).join(parts[:2]) + (right if which == 0 else wrong) + parts[2],
    )
    assert failing(capsys, "template.yaml") != set()
    fix("template.yaml")
    assert (tmp_path / "template.yaml").read_text() == whole


@pytest.mark.parametrize("first", [True, False])
def test_a_volume_goes_with_its_line(tmp_path: Path, *, first: bool, capsys: pytest.CaptureFixture[str]) -> None:
    right = WHOLE.replace("MinCapacity: 1", "MinCapacity: 0") + WAKE
    name = "- VariantName: AllTraffic\n"
    volume = f"- VolumeSizeInGB: 64\n          {name[2:]}" if first else f"{name}          VolumeSizeInGB: 64 # GB\n"
    put(tmp_path, template_yaml=right.replace(name, volume))
    fix("template.yaml", "--finding", "volume-size-is-accepted")
    assert (tmp_path / "template.yaml").read_text() == right
    assert failing(capsys, "template.yaml") == set()


JSON = {
    "Resources": {
        "Config": {
            "Type": "AWS::SageMaker::EndpointConfig",
            "Properties": {
                "ProductionVariants": [
                    {
                        "VariantName": "AllTraffic",
                        "ModelName": "reader-v3",
                        "InstanceType": "ml.g4dn.xlarge",
                        "InitialInstanceCount": 1,
                    }
                ],
                "AsyncInferenceConfig": {"OutputConfig": {"S3OutputPath": "s3://example-reader/out/"}},
            },
        },
        "Endpoint": {
            "Type": "AWS::SageMaker::Endpoint",
            "Properties": {"EndpointConfigName": {"Fn::GetAtt": ["Config", "EndpointConfigName"]}},
        },
        "Target": {
            "Type": "AWS::ApplicationAutoScaling::ScalableTarget",
            "Properties": {
                "ServiceNamespace": "sagemaker",
                "ResourceId": {
                    "Fn::Join": [
                        "/",
                        ["endpoint", {"Fn::GetAtt": ["Endpoint", "EndpointName"]}, "variant", "AllTraffic"],
                    ]
                },
                "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
                "MinCapacity": 1,
                "MaxCapacity": 3,
            },
        },
    }
}


@pytest.mark.parametrize("indent", [None, 2, 4, "\t"])
def test_json_keeps_its_layout(tmp_path: Path, indent: int | str | None, capsys: pytest.CaptureFixture[str]) -> None:
    before = json.dumps(JSON, indent=indent)
    put(tmp_path, template_json=before)
    fix("template.json", "--finding", "async-scales-to-zero")
    after = (tmp_path / "template.json").read_text()
    made = json.loads(after)["Resources"]
    assert [*made] == ["Config", "Endpoint", "Target", "TargetBacklog", "TargetWake", "TargetWakeAlarm"] or [*made] == [
        "Config",
        "Endpoint",
        "Target",
        "TargetWake",
        "TargetWakeAlarm",
        "TargetBacklog",
    ]
    assert after == json.dumps(json.loads(after), indent=indent)
    assert failing(capsys, "template.json") == set()


@pytest.mark.parametrize(
    "written",
    [
        '!Sub ["endpoint/${Name}/varient/AllTraffic", {Name: !GetAtt ReaderEndpoint.EndpointName}]',
        '{Fn::Sub: ["endpoint/${Name}/varient/AllTraffic", {Name: !GetAtt ReaderEndpoint.EndpointName}]}',
    ],
)
def test_a_slip_in_the_text_that_sub_puts_names_of_its_own_in_is_one_word(tmp_path: Path, written: str) -> None:
    plain = "!Sub endpoint/${ReaderEndpoint.EndpointName}/variant/AllTraffic"
    before = (WHOLE + WAKE).replace(plain, written).replace("MinCapacity: 1", "MinCapacity: 0")
    put(tmp_path, template_yaml=before)
    fix("template.yaml", "--finding", "scaling-names-what-exists")
    assert (tmp_path / "template.yaml").read_text() == before.replace("varient", "variant")


def test_a_cloud_assembly_is_named_as_what_the_cdk_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assembly = tmp_path / "cdk.out"
    assembly.mkdir()
    (assembly / "queue.template.json").write_text(json.dumps(JSON))
    artifact = {"type": "aws:cloudformation:stack", "properties": {"templateFile": "queue.template.json"}}
    artifact["environment"] = "aws://111122223333/us-east-1"
    (assembly / "manifest.json").write_text(json.dumps({"version": "36.0.0", "artifacts": {"queue": artifact}}))
    fix("cdk.out")
    assert "cdk.out is generated (cdk synth writes it anew): change what it is made from" in capsys.readouterr().out


def test_a_template_that_a_tool_writes_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = WHOLE.replace(
        "  ReaderTarget: # kept as it is\n", "  ReaderTarget:\n    Metadata: {SamResourceId: ReaderTarget}\n"
    )
    put(tmp_path, template_yaml=source)
    fix("template.yaml", "--finding", "async-scales-to-zero")
    assert (tmp_path / "template.yaml").read_text() == source
    assert "is generated (sam build writes it anew)" in capsys.readouterr().out


def test_a_line_separator_ends_no_line_of_a_template(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = 'Description: "one\u2028line \u0085 still"\n' + WHOLE + WAKE
    put(tmp_path, template_yaml=source)
    assert cli.main(["check", "template.yaml", "--isolated", "--region", "us-east-1", "--format", "json"]) == 1
    found = json.loads(capsys.readouterr().out)["results"]
    (line,) = {each["location"]["line"] for each in found if each["policy"] == "async-scales-to-zero"}
    assert source.split("\n")[line - 1].strip() == "MinCapacity: 1"


def test_a_share_is_no_percentage(tmp_path: Path) -> None:
    serverless = TEMPLATE[: TEMPLATE.index("      AsyncInferenceConfig")].replace(
        "InstanceType: ml.g4dn.xlarge\n          InitialInstanceCount: 1",
        "ServerlessConfig: {MemorySizeInMB: 2048, MaxConcurrency: 10, ProvisionedConcurrency: 2}",
    )
    serverless += TEMPLATE[TEMPLATE.index("  ReaderEndpoint:") :]
    target = TEMPLATE_TARGET.replace("DesiredInstanceCount", "DesiredProvisionedConcurrency")
    policy = """\
  Policy:
    Type: AWS::ApplicationAutoScaling::ScalingPolicy
    Properties:
      PolicyName: tracking
      PolicyType: TargetTrackingScaling
      ScalingTargetId: !Ref ReaderTarget
      TargetTrackingScalingPolicyConfiguration:
        TargetValue: 70 # percent
        PredefinedMetricSpecification:
          PredefinedMetricType: SageMakerVariantProvisionedConcurrencyUtilization
"""
    put(tmp_path, template_yaml=serverless + target + policy)
    fix(
        "template.yaml", "--finding", "utilization-targets-are-shares", "--finding", "scaling-follows-published-metrics"
    )
    expected = serverless + target + policy.replace("70 # percent", "0.7 # percent")
    assert (tmp_path / "template.yaml").read_text() == expected


PARENT = """\
Resources:
  Queue:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: ./queue.yaml
      Parameters:
        Least: "1" # kept
"""
LEAST = "Parameters:\n  Least:\n    Type: Number\n"
QUEUE = LEAST + (WHOLE + WAKE).replace("MinCapacity: 1", "MinCapacity: !Ref Least")


def test_a_parameter_of_a_nested_template_is_changed_where_it_is_passed(tmp_path: Path) -> None:
    put(tmp_path, template_yaml=PARENT, queue_yaml=QUEUE)
    fix("template.yaml", "--finding", "async-scales-to-zero")
    assert (tmp_path / "template.yaml").read_text() == PARENT.replace('"1"', '"0"')
    assert (tmp_path / "queue.yaml").read_text() == QUEUE


@pytest.mark.parametrize(
    ("queue", "says"),
    [
        (QUEUE.replace("Number\n", "Number\n    MinValue: 1\n"), "the parameter Least does not take 0"),
        (QUEUE.replace("Number\n", "Number\n    AllowedValues: [1, 2]\n"), "the parameter Least does not take 0"),
        (QUEUE.replace("MaxCapacity: 3", "MaxCapacity: !Ref Least"), "the parameter Least is used elsewhere"),
    ],
    ids=["least", "allowed", "shared"],
)
def test_a_parameter_that_is_more_than_the_value_stays(
    tmp_path: Path, queue: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    put(tmp_path, template_yaml=PARENT, queue_yaml=queue)
    fix("template.yaml", "--finding", "async-scales-to-zero")
    assert (tmp_path / "template.yaml").read_text() == PARENT
    assert says in capsys.readouterr().out


def test_a_parameter_that_is_passed_on_is_changed_where_its_value_is_written(tmp_path: Path) -> None:
    middle = LEAST + PARENT.replace('"1" # kept', "!Ref Least")
    put(tmp_path, template_yaml=PARENT.replace("queue", "middle"), middle_yaml=middle, queue_yaml=QUEUE)
    fix("template.yaml", "--finding", "async-scales-to-zero")
    assert 'Least: "0" # kept' in (tmp_path / "template.yaml").read_text()
    assert (tmp_path / "middle.yaml").read_text() == middle
