"""What a stack declares and switches off with the values at hand is not written a second time beside it."""

import subprocess
from pathlib import Path

import pytest

from tests.fixes.stack import ALARM, BACKLOG, ENDPOINT, PROVIDER, STEPS, TARGET, TEMPLATE, TEMPLATE_TARGET, fix, put

STAGE = 'variable "stage" {\n  default = "dev"\n}\n\n'
GUARD = '  count = var.stage == "prod" ? 1 : 0\n'
ZERO = TARGET.replace("min_capacity       = 1", "min_capacity       = 0")


def guarded(block: str, guard: str = GUARD) -> str:
    """A block under a guard that does not hold."""
    return block.replace('" {\n', f'" {{\n{guard}', 1)


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)  # noqa: S607 - whichever git there is
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("rest", "off"),
    [
        (guarded(TARGET), "aws_appautoscaling_target.reader"),
        (guarded(TARGET, "  for_each = toset([])\n"), "aws_appautoscaling_target.reader"),
        (
            guarded(TARGET.replace("${aws_sagemaker_endpoint.reader.name}", "reader")),
            "aws_appautoscaling_target.reader",
        ),
        (ZERO + guarded(BACKLOG), "aws_appautoscaling_policy.reader_backlog"),
        (ZERO + BACKLOG + guarded(STEPS) + guarded(ALARM), "aws_appautoscaling_policy.reader_wake"),
        (ZERO + BACKLOG + STEPS + guarded(ALARM), "aws_cloudwatch_metric_alarm.reader_wake"),
    ],
    ids=["target", "for_each", "by name", "policy", "steps", "alarm"],
)
def test_what_is_switched_off_is_not_written_again(
    tmp_path: Path, rest: str, off: str, capsys: pytest.CaptureFixture[str]
) -> None:
    source = STAGE + PROVIDER + ENDPOINT + rest
    put(tmp_path, main=source)
    fix()
    assert (tmp_path / "main.tf").read_text() == source
    assert f"{off} would do it, and is switched off at main.tf:" in capsys.readouterr().out


@pytest.mark.parametrize("inside", ["target", "topic"])
def test_a_module_that_is_switched_off_counts_for_what_it_holds(
    tmp_path: Path, inside: str, capsys: pytest.CaptureFixture[str]
) -> None:
    call = f'\nmodule "scaling" {{\n{GUARD}  source = "./scaling"\n  name = aws_sagemaker_endpoint.reader.name\n}}\n'
    put(tmp_path, main=STAGE + PROVIDER + ENDPOINT + call)
    (tmp_path / "scaling").mkdir()
    target = TARGET.replace("aws_sagemaker_endpoint.reader.name", "var.name")
    topic = 'resource "aws_sns_topic" "reader" {\n  name = var.name\n}\n'
    put(tmp_path / "scaling", main='variable "name" {}\n\n' + (target if inside == "target" else topic))
    fix("--finding", "async-scales-to-zero")
    is_left = "aws_appautoscaling_target" not in (tmp_path / "main.tf").read_text()
    assert is_left == (inside == "target")
    assert ("module.scaling may do it" in capsys.readouterr().out) == is_left


def test_what_is_switched_off_for_another_endpoint_is_no_obstacle(tmp_path: Path) -> None:
    other = ENDPOINT.replace("reader", "writer").split("\nresource", 1)
    writer = "\nresource" + other[1] + "\n" + other[0]
    put(tmp_path, main=STAGE + PROVIDER + ENDPOINT + guarded(TARGET.replace("reader", "writer")) + writer)
    fix("--finding", "aws_sagemaker_endpoint_configuration.reader")
    assert 'resource "aws_appautoscaling_target" "reader"' in (tmp_path / "main.tf").read_text()


def test_what_a_template_has_under_a_condition_is_not_written_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head = "Parameters:\n  Stage: {Type: String, Default: dev}\nConditions:\n  IsProd: !Equals [!Ref Stage, prod]\n"
    template = head + TEMPLATE + TEMPLATE_TARGET.replace("    Properties", "    Condition: IsProd\n    Properties", 1)
    put(tmp_path, template_yaml=template)
    fix("template.yaml")
    assert (tmp_path / "template.yaml").read_text() == template
    assert "ReaderTarget would do it, under the condition IsProd" in capsys.readouterr().out


def demand(head: str, block: str, *around: str) -> str:
    """A block that asks for a minimum above 0."""
    inside = f'{block} {{\n condition = var.least > 0\n error_message = "no"\n}}\n'
    for each in around:
        inside = f"{each} {{\n{inside}}}\n"
    return f"{head} {{\n{inside}}}\n"


@pytest.mark.parametrize(
    "demanded",
    [
        demand('output "least"', "precondition").replace("{\n", "{\n value = 1\n", 1),
        demand('resource "aws_sns_topic" "t"', "precondition", "lifecycle"),
        demand('data "aws_region" "r"', "postcondition", "lifecycle"),
        demand('check "least"', "assert").replace("var.least", "aws_appautoscaling_target.reader.min_capacity"),
    ],
    ids=["output", "resource of another kind", "data source", "check"],
)
def test_what_source_demands_anywhere_holds_with_a_fix(
    tmp_path: Path, demanded: str, capsys: pytest.CaptureFixture[str]
) -> None:
    target = TARGET.replace("min_capacity       = 1", "min_capacity       = var.least")
    main = PROVIDER + ENDPOINT + target + BACKLOG + STEPS + ALARM
    variable = 'variable "least" {\n  default = 1\n}\n'
    put(tmp_path, main=main, variables=variable, demand=demanded)
    fix("--finding", "async-scales-to-zero")
    assert (tmp_path / "variables.tf").read_text() == variable
    assert "the condition at demand.tf:" in capsys.readouterr().out


def test_a_demand_of_what_is_not_there_is_none(tmp_path: Path) -> None:
    target = TARGET.replace("min_capacity       = 1", "min_capacity       = var.least")
    absent = demand('resource "aws_sns_topic" "t"', "precondition", "lifecycle").replace("{\n", "{\n count = 0\n", 1)
    put(tmp_path, main=PROVIDER + ENDPOINT + target + BACKLOG + STEPS + ALARM, demand=absent)
    put(tmp_path, variables='variable "least" {\n  default = 1\n}\n')
    fix("--finding", "async-scales-to-zero")
    assert "default = 0" in (tmp_path / "variables.tf").read_text()
