"""Templates through the whole program: in the wild, mutated, undecided, and passed over by the hook."""

import json
import os
import shlex
import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guardrail import cli, sources
from guardrail.errors import GuardrailError
from guardrail.model import ChangeSet
from guardrail.sources.options import InputOptions

pytestmark = pytest.mark.no_cover  # many runs of the same lines: counting them takes longer than they do

ROOT = Path(__file__).resolve().parent.parent
BESIDE = ROOT.parent / "shared"
FOLDERS = (
    BESIDE / "corpus" / "cfn",
    BESIDE / "corpus" / "cdk",
    BESIDE / "templates" / "before",
    BESIDE / "templates" / "after",
)
WILD = sorted(path for folder in FOLDERS for path in folder.glob("*") if path.suffix in (".yaml", ".yml", ".json"))
STACKS = sorted((Path(__file__).parent / "equivalence").glob("*/*.yaml"))

Shown = pytest.CaptureFixture[str]

UNDECIDED = """\
Parameters:
  Stage: {Type: String}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
Resources:
  Config:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      ProductionVariants:
        - VariantName: main
          ModelName: m
          InstanceType: !If [IsProd, ml.g5.2xlarge, ml.g5.xlarge]
          InitialInstanceCount: !If [IsProd, 3, 1]
  Endpoint:
    Type: AWS::SageMaker::Endpoint
    Properties: {EndpointName: search, EndpointConfigName: !GetAtt Config.EndpointConfigName}
"""


def check(*arguments: str) -> int:
    return cli.main(["check", *arguments])


# In the wild ---------------------------------------------------------------------------------------------------------


def test_there_is_a_collection() -> None:
    if not WILD:
        pytest.skip(f"no templates under {' or '.join(map(str, FOLDERS))}")
    assert len(WILD) > 10


@pytest.mark.parametrize("form", ["table", "json"])
@pytest.mark.parametrize("template", WILD, ids=lambda path: path.name)
def test_a_template_is_read_or_refused_with_a_clear_line(
    template: Path, form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Shown
) -> None:
    monkeypatch.chdir(tmp_path)
    code = check(str(template), "--format", form, "--region", "us-east-1")
    shown = capsys.readouterr()
    assert "Traceback" not in shown.out + shown.err
    if code == 2:
        first, *hints = shown.err.splitlines()
        assert (shown.out, len(hints) < 2) == ("", True)
        assert first.startswith("guardrail: ")
    else:
        assert code in (0, 1)
        assert shown.err == ""


@pytest.mark.parametrize("template", WILD, ids=lambda path: path.name)
def test_what_a_template_holds_is_never_silently_zero(template: Path) -> None:
    """Every endpoint that is written has an amount, an amount by usage, or makes the total at least."""
    try:
        change_set = sources.read(str(template), InputOptions(region="us-east-1"))
    except GuardrailError:
        return
    text = template.read_text()
    if "AWS::SageMaker::Endpoint" in text and "Condition" not in text:
        assert change_set.after.endpoints or change_set.after.unattached or change_set.skipped


# Mutated -------------------------------------------------------------------------------------------------------------


class Loader(yaml.SafeLoader):
    """YAML with the short forms as plain values, so that a mutation can put anything anywhere."""


def _short(loader: Loader, suffix: str, node: yaml.Node) -> Any:
    name = {"Ref": "Ref", "Condition": "Condition"}.get(suffix, f"Fn::{suffix}")
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
        value = value.split(".", 1) if suffix == "GetAtt" else value
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)  # type: ignore[arg-type]
    return {name: value}


Loader.add_multi_constructor("!", _short)
Loader.add_constructor("tag:yaml.org,2002:timestamp", lambda loader, node: loader.construct_scalar(node))  # type: ignore[arg-type]

DOCUMENTS: list[Any] = [yaml.load(path.read_text(), Loader) for path in STACKS]  # noqa: S506 - a safe loader
DOCUMENTS.append(yaml.load(UNDECIDED, Loader))  # noqa: S506


def paths_of(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(deeper for key, item in items for deeper in paths_of(item, (*path, key)))]


ODD: list[Any] = [
    *(None, True, 0, -1, 10**30, 1.5, float("inf"), "", "x", [], {}, [[]]),
    *("${", "${}", "${A.B.C}", "${!x}", "{{resolve:ssm:x}}"),
    *({"Ref": name} for name in ("Endpoint", "AWS::NoValue", ["x"], None)),
    *({"Fn::GetAtt": argument} for argument in ("Config", [], ["Config", "Name"])),
    *({"Fn::If": argument} for argument in (["IsProd", 1], [{"Ref": "x"}, 1, 2], ["IsProd", [], {}])),
    {"Fn::Sub": ["${A}", {"A": {"Fn::Sub": "${A}"}}]},
    {"Fn::Join": ["", "x"]},
    {"Fn::FindInMap": ["a", "b"]},
    {"Fn::Transform": {"Name": "M"}},
    {"Fn::ForEach::X": ["X", ["a"], {"${X}": 1}]},
    {"Fn::Select": [0, {"Ref": "AWS::NoValue"}]},
    {"Fn::Split": ["", "x"]},
    {"Fn::Length": 3},
    {"Fn::Cidr": []},
    {"Fn::ImportValue": {"Ref": "x"}},
    {"Condition": "x"},
    {"Fn::Equals": [1, {"Ref": "Stage"}]},
]
odd = st.sampled_from(ODD)
json_keys = st.sampled_from(["Type", "Properties", "Condition", "Metadata", "Fn::Transform", "guardrail", "Ref", "x"])


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """A valid template with one to three values replaced, removed, or added."""
    document = deepcopy(draw(st.sampled_from(DOCUMENTS)))
    for _ in range(draw(st.integers(1, 3))):
        paths = [each for each in paths_of(document) if each]
        if not paths:
            break
        path = draw(st.sampled_from(paths))
        owner = document
        for step in path[:-1]:
            owner = owner[step]
        match draw(st.sampled_from(["replace", "remove", "add"])):
            case "replace":
                owner[path[-1]] = deepcopy(draw(odd))
            case "remove":
                del owner[path[-1]]
            case _ if isinstance(owner, dict):
                owner[draw(json_keys)] = deepcopy(draw(odd))
            case _:
                owner.insert(path[-1], deepcopy(draw(odd)))
    return document


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(mutated())
def test_no_mutation_of_a_template_is_a_bug(tmp_path: Path, document: Any) -> None:
    template = tmp_path / "template.json"
    template.write_text(json.dumps(document).replace("Infinity", "1e999"))
    report = tmp_path / "report.json"
    code = check(
        str(template), "--region", "us-east-1", "--format", f"json={report}", "--format", f"table={tmp_path / 't'}"
    )
    assert code in (0, 1, 2)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(mutated())
def test_the_same_template_means_the_same_every_time(tmp_path: Path, document: Any) -> None:
    template = tmp_path / "template.json"
    template.write_text(json.dumps(document).replace("Infinity", "1e999"))

    def read() -> ChangeSet | str:
        try:
            return sources.read(str(template), InputOptions(region="us-east-1"))
        except GuardrailError as error:
            return error.message

    assert read() == read()


# Undecided -----------------------------------------------------------------------------------------------------------


def report(tmp_path: Path, *arguments: str) -> dict[str, Any]:
    template = tmp_path / "template.yaml"
    template.write_text(UNDECIDED)
    file = tmp_path / "report.json"
    check(str(template), "--region", "us-east-1", "--format", f"json={file}", *arguments)
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def test_floor_and_ceiling_span_the_branches_and_the_parameter_is_named(tmp_path: Path) -> None:
    """ml.g5.xlarge 1.408 * 730 = 1027.84 in one branch, three ml.g5.2xlarge 1.515 * 730 * 3 = 3317.85 in the other."""
    after = report(tmp_path)["totals"]["after"]
    assert (float(after["floor"]), float(after["ceiling"])) == (1027.84, 3317.85)
    assert after["expected"] == {"unknown": "give --parameters Stage=prod or another value"}


def test_the_parameter_decides(tmp_path: Path) -> None:
    after = report(tmp_path, "--parameters", "Stage=prod")["totals"]["after"]
    assert [float(after[bound]) for bound in ("floor", "expected", "ceiling")] == [3317.85] * 3


def test_an_answer_that_leaves_its_cost_open_is_not_trusted_under_strict(tmp_path: Path) -> None:
    found = report(tmp_path, "--strict")
    assert any(
        "leaves open what it costs: give --parameters Stage=prod or another value" in reason
        for reason in found["distrust"]
    )


def test_what_is_undecided_against_itself_is_no_change(tmp_path: Path) -> None:
    (tmp_path / "old.yaml").write_text(UNDECIDED)
    delta = report(tmp_path, "--compare-to", str(tmp_path / "old.yaml"))["totals"]["delta"]
    assert {bound: float(value) for bound, value in delta.items()} == {"floor": 0, "expected": 0, "ceiling": 0}


def test_a_hidden_value_is_in_no_report(tmp_path: Path, capsys: Shown) -> None:
    template = tmp_path / "template.yaml"
    template.write_text(
        UNDECIDED.replace("Stage: {Type: String}", "Stage: {Type: String, NoEcho: true}").replace(
            "InstanceType: !If [IsProd, ml.g5.2xlarge, ml.g5.xlarge]", "InstanceType: !Ref Stage"
        )
    )
    check(str(template), "--region", "us-east-1", "--parameters", "Stage=ml.p4d.24xlarge", "--format", "json")
    check(str(template), "--region", "us-east-1", "--parameters", "Stage=ml.p4d.24xlarge")
    shown = capsys.readouterr()
    assert shown.out
    assert "p4d" not in shown.out + shown.err


# The hook ------------------------------------------------------------------------------------------------------------


OTHERS = {
    "compose.yaml": "services: {web: {image: nginx}}\n",
    "chart.yaml": "a: {{ .Values.x }}\n",
    "two.yaml": "a: 1\n---\nb: 2\n",
    "package.json": '{"name": "x"}',
    "list.json": "[1, 2]",
    "broken.json": "{",
    "empty.yaml": "",
    "resources.yaml": "Resources: about AWS::SageMaker in words\n",
    "plan.json": '{"format_version": "1.2", "resource_changes": []}',
}


def hook() -> list[str]:
    (entry,) = [
        each["entry"]
        for each in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
        if each["id"] == "guardrail-cloudformation"
    ]
    program, *arguments = shlex.split(entry)
    assert program == "guardrail"
    return arguments


def test_the_hook_passes_over_what_is_no_template(tmp_path: Path, capsys: Shown) -> None:
    for name, text in OTHERS.items():
        (tmp_path / name).write_text(text)
    assert cli.main([*hook(), *(str(tmp_path / name) for name in OTHERS)]) == 0
    assert capsys.readouterr() == ("", "")


def test_the_hook_finds_the_template_among_them(tmp_path: Path, capsys: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # in no repository, so nothing tells what stood before
    (tmp_path / "compose.yaml").write_text(OTHERS["compose.yaml"])
    scaled = UNDECIDED.replace("!If [IsProd, ml.g5.2xlarge, ml.g5.xlarge]", "ml.g5.xlarge").replace(
        "!If [IsProd, 3, 1]", "3"
    )
    (tmp_path / "template.yaml").write_text(scaled)
    code = cli.main([*hook(), str(tmp_path / "compose.yaml"), str(tmp_path / "template.yaml")])
    assert code == 1
    assert "realtime-variants-scale" in capsys.readouterr().out


def test_standard_input_may_be_a_template(monkeypatch: pytest.MonkeyPatch, capsys: Shown) -> None:
    import io

    stream = io.TextIOWrapper(io.BufferedReader(io.BytesIO(UNDECIDED.encode())))
    monkeypatch.setattr("sys.stdin", stream)
    assert check("-", "--region", "us-east-1", "--parameters", "Stage=dev") == 1
    assert "ml.g5.xlarge" in capsys.readouterr().out


@pytest.mark.skipif(not os.path.isdir("/dev/fd"), reason="descriptors have no paths here")
def test_a_pipe_may_be_a_template(capsys: Shown) -> None:
    """``guardrail check <(cdk synth)``: the shell hands over the path of an open descriptor."""
    outlet, inlet = os.pipe()
    os.write(inlet, UNDECIDED.encode())
    os.close(inlet)
    assert check(f"/dev/fd/{outlet}", "--region", "us-east-1", "--parameters", "Stage=dev") == 1
    assert "ml.g5.xlarge" in capsys.readouterr().out
    os.close(outlet)


def test_a_template_in_json_needs_no_yaml_and_no_plan_reader(tmp_path: Path) -> None:
    """Start-up is a few tens of milliseconds because only what is used is imported."""
    template = tmp_path / "template.json"
    template.write_text(json.dumps(yaml.load(STACKS[0].read_text(), Loader)))  # noqa: S506 - a safe loader
    code = (
        "import sys; from guardrail.cli import main\n"
        f"main(['check', {str(template)!r}, '--region', 'us-east-1', '--format', 'json={tmp_path / 'r.json'}'])\n"
        "unwanted = {'yaml', 'tabulate', 'dataclasses', 'subprocess', 'guardrail.sources.plan'}\n"
        "print(*sorted(unwanted & sys.modules.keys()))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("\n", "")
