"""An alarm on the right metric without actions gets the policy that waits, and no second alarm is added."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.fixes.stack import ALARM, BACKLOG, ENDPOINT, PROVIDER, STEPS, TARGET, failing, fix, put
from tests.fixes.test_fix_templates import WAKE as TEMPLATE_WAKE
from tests.fixes.test_fix_templates import WHOLE as TEMPLATE_WHOLE

ZERO = PROVIDER + ENDPOINT + TARGET.replace("min_capacity       = 1", "min_capacity       = 0") + BACKLOG + STEPS
ACTIONS = "  alarm_actions       = [aws_appautoscaling_policy.reader_wake.arn]\n"
METRIC = '  metric_name         = "HasBacklogWithoutCapacity"\n'


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)  # noqa: S607 - whichever git there is
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("idle", "mended"),
    [
        (
            ALARM.replace(ACTIONS, "  alarm_actions       = [] # soon\n"),
            ALARM.replace(ACTIONS, ACTIONS[:-1] + " # soon\n"),
        ),
        (ALARM.replace(ACTIONS, ""), ALARM.replace(ACTIONS, "").replace(METRIC, METRIC + ACTIONS)),
    ],
    ids=["empty", "none"],
)
def test_an_alarm_without_actions_gets_the_policy(
    tmp_path: Path, idle: str, mended: str, ending: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "main.tf").write_bytes((ZERO + idle).replace("\n", ending).encode())
    fix("--finding", "async-wakes-from-zero")
    assert (tmp_path / "main.tf").read_bytes() == (ZERO + mended).replace("\n", ending).encode()
    assert "async-wakes-from-zero" not in failing(capsys)


@pytest.mark.parametrize(
    "idle",
    [
        ALARM.replace("[aws_appautoscaling_policy.reader_wake.arn]", '["arn:aws:sns:us-east-1:111122223333:pager"]'),
        ALARM.replace(
            ACTIONS, "  alarm_actions       = []\n\n  lifecycle {\n    ignore_changes = [alarm_actions]\n  }\n"
        ),
        ALARM.replace(ACTIONS, "  alarm_actions       = var.actions\n"),
    ],
    ids=["tells somebody", "ignored", "a variable's"],
)
def test_an_alarm_that_is_for_something_else_stays_and_another_is_added(tmp_path: Path, idle: str) -> None:
    put(tmp_path, main=ZERO + idle, variables='variable "actions" {\n  default = []\n}\n')
    fix("--finding", "async-wakes-from-zero")
    after = (tmp_path / "main.tf").read_text()
    assert after.endswith(idle)
    assert 'resource "aws_cloudwatch_metric_alarm" "reader_wake_2"' in after


@pytest.mark.parametrize("actions", [{"alarm_actions": []}, {}], ids=["empty", "none"])
def test_an_alarm_in_json_gets_the_policy(tmp_path: Path, actions: dict[str, list[str]]) -> None:
    alarm = {
        "alarm_name": "reader-wake",
        "namespace": "AWS/SageMaker",
        "metric_name": "HasBacklogWithoutCapacity",
        "dimensions": {"EndpointName": "reader"},
        "statistic": "Average",
        "comparison_operator": "GreaterThanOrEqualToThreshold",
        "threshold": 1,
        "period": 60,
        "evaluation_periods": 2,
        **actions,
    }
    put(tmp_path, main=ZERO)
    path = tmp_path / "alarm.tf.json"
    path.write_text(json.dumps({"resource": {"aws_cloudwatch_metric_alarm": {"wake": alarm}}}, indent=2))
    fix("--finding", "async-wakes-from-zero")
    written = json.loads(path.read_text())["resource"]["aws_cloudwatch_metric_alarm"]
    assert written == {"wake": {**alarm, "alarm_actions": ["${aws_appautoscaling_policy.reader_wake.arn}"]}}


NAMED = TEMPLATE_WHOLE.replace("      EndpointConfigName", "      EndpointName: reader\n      EndpointConfigName")
LINE = "      AlarmActions: [!Ref ReaderTargetWake]\n"


@pytest.mark.parametrize(
    ("idle", "mended"),
    [
        (
            TEMPLATE_WAKE.replace(LINE, "      AlarmActions: [] # soon\n"),
            TEMPLATE_WAKE.replace("Wake]\n", "Wake] # soon\n"),
        ),
        (
            TEMPLATE_WAKE.replace(LINE, ""),
            TEMPLATE_WAKE.replace(LINE, "").replace("WithoutCapacity\n", f"WithoutCapacity\n{LINE}"),
        ),
    ],
    ids=["empty", "none"],
)
def test_an_alarm_of_a_template_gets_the_policy(tmp_path: Path, idle: str, mended: str) -> None:
    zero = NAMED.replace("MinCapacity: 1", "MinCapacity: 0")
    put(tmp_path, template_yaml=zero + idle)
    fix("template.yaml", "--finding", "async-wakes-from-zero")
    assert (tmp_path / "template.yaml").read_text() == zero + mended
