"""``guardrail check`` as a whole: what goes in, what comes out, and the exit code.

The plan below creates one real-time endpoint on two ml.m5.xlarge with volumes of 20 GB in us-east-1. By the price
table, 2 x 0.23 USD x 730 h = 335.80 USD for the instances and 2 x 20 GB x 0.14 USD = 5.60 USD for the volumes: 341.40
USD a month. Nothing scales it, so `realtime-variants-scale` (error) fails.
"""

import io
import json
import os
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from guardrail import cli
from guardrail.commands.check.writing import lines_of
from guardrail.model import Location
from guardrail.policy.load import bundled
from tests.reporters import reports


def change(kind: str, name: str, after: dict[str, Any]) -> dict[str, Any]:
    return {
        "address": f"{kind}.{name}",
        "mode": "managed",
        "type": kind,
        "name": name,
        "provider_name": "registry.terraform.io/hashicorp/aws",
        "change": {"actions": ["create"], "before": None, "after": after, "after_unknown": {}},
    }


def declaration(kind: str, name: str) -> dict[str, Any]:
    return {
        "address": f"{kind}.{name}",
        "mode": "managed",
        "type": kind,
        "name": name,
        "provider_config_key": "aws",
        "expressions": {},
    }


VARIANT = {
    "variant_name": "main",
    "model_name": "ranker",
    "instance_type": "ml.m5.xlarge",
    "initial_instance_count": 2,
    "initial_variant_weight": 1,
    "volume_size_in_gb": 20,
}
PLAN = {
    "format_version": "1.2",
    "terraform_version": "1.9.0",
    "planned_values": {"root_module": {}},
    "resource_changes": [
        change("aws_sagemaker_endpoint_configuration", "ranker", {"name": "ranker", "production_variants": [VARIANT]}),
        change("aws_sagemaker_endpoint", "ranker", {"name": "ranker", "endpoint_config_name": "ranker"}),
    ],
    "configuration": {
        "provider_config": {"aws": {"name": "aws", "expressions": {"region": {"constant_value": "us-east-1"}}}},
        "root_module": {
            "resources": [
                declaration("aws_sagemaker_endpoint_configuration", "ranker"),
                declaration("aws_sagemaker_endpoint", "ranker"),
            ]
        },
    },
}
EMPTY = {"format_version": "1.2", "planned_values": {"root_module": {}}, "resource_changes": []}


@pytest.fixture(autouse=True)
def working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with the plan in it."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "plan.json").write_text(json.dumps(PLAN))
    (tmp_path / "empty.json").write_text(json.dumps(EMPTY))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def report(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    code = cli.main(["check", *arguments, "--format", "json"])
    shown = capsys.readouterr()
    assert shown.err == ""
    answer: dict[str, Any] = json.loads(shown.out)
    return code, answer


def failing(answer: dict[str, Any]) -> set[str]:
    return {result["policy"] for result in answer["results"] if result["verdict"] == "fail"}


def test_a_violated_policy_is_exit_1_and_the_month_is_priced(capsys: pytest.CaptureFixture[str]) -> None:
    code, answer = report(capsys, "plan.json")
    assert code == answer["exit_code"] == 1
    assert Decimal(answer["totals"]["after"]["floor"]) == Decimal("341.40")
    assert Decimal(answer["totals"]["after"]["ceiling"]) == Decimal("341.40")
    assert "realtime-variants-scale" in failing(answer)


def test_one_file_by_several_spellings_and_links_is_one_bill(
    capsys: pytest.CaptureFixture[str], working_directory: Path
) -> None:
    (working_directory / "link.json").symlink_to("plan.json")
    os.link("plan.json", "hard.json")
    paths = ["plan.json", "./plan.json", str(working_directory / "plan.json"), "link.json", "hard.json", "plan.json"]
    _, answer = report(capsys, *paths)
    assert Decimal(answer["totals"]["after"]["floor"]) == Decimal("341.40")
    assert [source["path"] for source in answer["sources"]] == ["plan.json"]
    cli.main(["check", *paths])
    shown = " ".join(capsys.readouterr().out.split())
    assert "./plan.json is the same as plan.json, and counts once" in shown
    assert "plan.json is named twice, and counts once" in shown


def test_equal_contents_in_two_files_are_two_inputs(
    capsys: pytest.CaptureFixture[str], working_directory: Path
) -> None:
    """Two stacks may be made of one plan's text: 2 × 341.40 are 682.80."""
    (working_directory / "copy.json").write_text(json.dumps(PLAN))
    _, answer = report(capsys, "plan.json", "copy.json")
    assert Decimal(answer["totals"]["after"]["floor"]) == Decimal("682.80")


def test_nothing_to_pay_is_said_of_what_is_whole_only(
    capsys: pytest.CaptureFixture[str], working_directory: Path
) -> None:
    for form in ("table", "markdown"):
        cli.main(["check", "empty.json", "--format", form])
        assert "nothing to pay" in capsys.readouterr().out
    (working_directory / "empty.json").write_text(json.dumps({**EMPTY, "complete": False}))
    for form in ("table", "markdown", "html"):
        cli.main(["check", "empty.json", "--format", form])
        shown = capsys.readouterr().out
        assert "nothing to pay" not in shown
        assert "No SageMaker inference" not in shown


def test_the_table_is_what_people_get(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check", "plan.json"]) == 1
    shown = capsys.readouterr().out
    assert " 341 " in shown
    assert "realtime-variants-scale" in shown
    assert "exit 1 (fail on error)" in shown
    assert "\x1b" not in shown


def test_nothing_of_sagemaker_is_exit_0(capsys: pytest.CaptureFixture[str]) -> None:
    code, answer = report(capsys, "empty.json")
    assert (code, answer["endpoints"], answer["results"]) == (0, [], [])


def test_standard_input_is_a_plan_too(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(json.dumps(PLAN).encode())))
    code, answer = report(capsys, "-")
    assert (code, answer["sources"][0]["path"]) == (1, "-")


def run(arguments: list[str], standard_input: Any) -> tuple[int, str]:
    """The exit code and standard error of ``guardrail ARGUMENTS`` as a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "guardrail", *arguments],
        stdin=standard_input,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr


UNREAD = "guardrail: no PATH is named, and standard input brings something\nhint: guardrail check - reads it\n"


@pytest.mark.skipif(os.name == "nt", reason="Windows does not tell what a pipe holds")
def test_standard_input_is_never_ignored_in_silence() -> None:
    """A pipe or a file with something in it, and no PATH, is a step that has lost its dash."""
    with Path("plan.json").open() as file:
        assert run(["check"], file) == (2, UNREAD)
        file.seek(0)
        assert run(["check", "--fail-on", "never", "empty.json"], file) == (0, "")
    reading, writing = os.pipe()
    os.write(writing, b"{}")
    assert run(["check"], reading) == (2, UNREAD)


def test_standard_input_is_never_waited_for() -> None:
    """An open pipe that nobody writes to, as jobs of a CI have, a closed one, and nothing at all."""
    Path("main.tf").write_text("")
    reading, writing = os.pipe()
    never = ["check", "--fail-on", "never"]
    assert run(never, reading) == (0, "")
    os.close(writing)
    assert run(never, reading) == (0, "")
    assert run(never, subprocess.DEVNULL) == (0, "")


def test_verbose_says_on_standard_error_what_was_read_and_in_how_long(capsys: pytest.CaptureFixture[str]) -> None:
    Path(".guardrail.yml").write_text("fail_on: never\n")
    assert cli.main(["check", "plan.json", "-v", "--format", "json=out/report.json"]) == 0
    shown = capsys.readouterr()
    assert shown.out == ""
    assert re.sub(r"\d+ ms", "N ms", shown.err).splitlines() == [
        "guardrail: settings .guardrail.yml, no usage file, no baseline (N ms)",
        f"guardrail: {len(bundled())} of {len(bundled())} policies (N ms)",
        "guardrail: read plan.json, terraform-plan 1.2: 2 resources, 1 endpoint (N ms)",
        "guardrail: priced and judged 1 endpoint (N ms)",
        "guardrail: wrote json to out/report.json (N ms)",
        "guardrail: exit 0 (N ms)",
    ]
    assert Path("out/report.json").exists()


def test_isolated_takes_nothing_that_no_flag_names(capsys: pytest.CaptureFixture[str]) -> None:
    Path(".guardrail.yml").write_text("fail_on: never\n")
    Path("guardrail-usage.yml").write_text("no: usage file\n")
    Path(".guardrail-baseline.json").write_text("no baseline")
    code, answer = report(capsys, "plan.json", "--isolated")
    assert (code, answer["settings_file"], answer["usage_file"], answer["baseline_file"]) == (1, None, None, None)
    Path("named").mkdir()
    Path("named/settings.yml").write_text("fail_on: never\n")
    Path("named/guardrail-usage.yml").write_text("no: usage file\n")
    code, answer = report(capsys, "plan.json", "--isolated", "--config", "named/settings.yml")
    assert (code, answer["settings_file"], answer["usage_file"]) == (0, "named/settings.yml", None)
    assert cli.main(["check", "plan.json", "--isolated", "--settings-from", "named"]) == 2
    assert capsys.readouterr().err.startswith("guardrail: --isolated looks for no settings")


def test_a_budget_of_a_group_fails_a_check_and_one_of_no_environment_is_an_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """341.40 USD in us-east-1 are above 300."""
    Path(".guardrail.yml").write_text("group_budgets: [{where: {region: us-east-1}, max_expected_usd: 300}]\n")
    code, answer = report(capsys, "plan.json", "--policy", "monthly-cost-within-budget", "--group-by", "region")
    assert (code, answer["budgets"][0]["state"], answer["budgets"][0]["group"]) == (1, "broken", "region=us-east-1")
    assert [group["by"] for group in answer["groups"]] == [{"region": "us-east-1"}]
    Path(".guardrail.yml").write_text("group_budgets: [{where: {environment: prod}, max_expected_usd: 300}]\n")
    assert cli.main(["check", "plan.json"]) == 2
    assert capsys.readouterr().err.startswith(
        "guardrail: .guardrail.yml: group_budgets: there is no environment prod, did you mean production?"
    )


def test_several_plans_are_one_bill(capsys: pytest.CaptureFixture[str]) -> None:
    """Two of the same stack in two files: 2 x 341.40 = 682.80 USD."""
    Path("again.json").write_text(json.dumps(PLAN))
    _, answer = report(capsys, "plan.json", "again.json")
    assert Decimal(answer["totals"]["after"]["floor"]) == Decimal("682.80")
    assert [source["id"] for source in answer["sources"]] == ["plan.json", "again.json"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--fail-on", "never"], 0),
        (["--skip-policy", "realtime-variants-scale"], 0),
        (["--policy", "async-scales-to-zero"], 0),
        (["--policy", "realtime-variants-scale"], 1),
        (["--skip-policy", "realtime-variants-scale", "--budget", "341.40"], 0),
        (["--skip-policy", "realtime-variants-scale", "--budget", "341.39"], 1),
        (["--skip-policy", "realtime-variants-scale", "--budget-delta", "341.40"], 0),
        (["--skip-policy", "realtime-variants-scale", "--budget-delta", "341.39"], 1),
        (["--fail-on", "never", "--budget", "1"], 0),
    ],
)
def test_flags_decide_what_fails(arguments: list[str], code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert report(capsys, "plan.json", *arguments)[0] == code


def test_settings_decide_and_flags_win_over_them(capsys: pytest.CaptureFixture[str]) -> None:
    Path(".guardrail.yml").write_text(
        "policies: {realtime-variants-scale: {severity: off}}\nbudget: {max_expected_usd: 5}\n"
    )
    code, answer = report(capsys, "plan.json")
    assert (code, answer["settings_file"]) == (1, ".guardrail.yml")
    assert failing(answer) >= {"monthly-cost-within-budget"}
    assert "realtime-variants-scale" not in failing(answer)
    assert report(capsys, "plan.json", "--budget", "5000")[0] == 0


def test_a_waiver_accepts_a_finding_and_keeps_it_in_the_report(capsys: pytest.CaptureFixture[str]) -> None:
    waiver = "{policy: realtime-variants-scale, address: '*', until: 2999-12-31, reason: load test}"
    Path(".guardrail.yml").write_text(f"waivers: [{waiver}]\n")
    code, answer = report(capsys, "plan.json")
    assert (code, answer["summary"]["waived"]) == (0, 1)


def test_an_untrustworthy_answer_is_exit_3_only_with_strict(capsys: pytest.CaptureFixture[str]) -> None:
    """An instance type that no table prices leaves the total at "at least"."""
    Path("plan.json").write_text(json.dumps(PLAN).replace("ml.m5.xlarge", "ml.zz9.plural"))
    off = ["--skip-policy", "realtime-variants-scale", "--skip-policy", "instance-is-offered-in-region"]
    code, answer = report(capsys, "plan.json", *off)
    assert (code, answer["totals"]["after"]["at_least"]) == (0, True)
    assert report(capsys, "plan.json", *off, "--strict")[0] == 3


def test_every_format_goes_where_it_is_sent(working_directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check", "plan.json", "--format", "table", "--format", "json=out.json"]) == 1
    assert "TOTAL" in capsys.readouterr().out
    assert json.loads((working_directory / "out.json").read_text())["exit_code"] == 1
    assert cli.main(["check", "plan.json", "--format", "table=out.txt"]) == 1
    assert capsys.readouterr().out == ""
    assert "–" in (working_directory / "out.txt").read_text() or "TOTAL" in (working_directory / "out.txt").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["plan.json", "--format", "json", "--format", "table"], "json and table would both go to standard output"),
        (["plan.json", "--format", "json=a", "--format", "table=./a"], "json and table would both go to ./a"),
        (["plan.json", "--format", "json=./plan.json"], "--format json would replace its own input ./plan.json"),
        (["-", "-"], "standard input can be read only once"),
        (["plan.json", "--format", "json=plan.json/a"], "cannot write plan.json/a: File exists"),
        (["plan.json", "--format", "json=.git"], "cannot write .git: it is a directory"),
        (["plan.json", "--config", "no.yml"], "cannot read no.yml: No such file or directory"),
        (["plan.json", "--usage-file", "no.yml"], "cannot read no.yml: No such file or directory"),
        (["plan.json", "--policies", "nowhere"], "there is no policy file or folder nowhere"),
        (
            ["plan.json", "--policy", "async-scale-to-zero"],
            "--policy: there is no policy async-scale-to-zero, did you mean async-scales-to-zero?",
        ),
        (
            ["plan.json", "--skip-policy", "no-idle-variant"],
            "--skip-policy: there is no policy no-idle-variant, did you mean no-idle-variants?",
        ),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_2(
    arguments: list[str], message: str, working_directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["check", *arguments]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.splitlines()[0] == f"guardrail: {message}"
    assert json.loads((working_directory / "plan.json").read_text()) == PLAN


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "policies: {async-scale-to-zero: {severity: off}}\n",
            ".guardrail.yml: policies: there is no policy async-scale-to-zero, did you mean async-scales-to-zero?",
        ),
        (
            "waivers: [{policy: nope, address: a, until: 2999-01-01, reason: r}]\n",
            ".guardrail.yml: waivers: there is no policy nope",
        ),
    ],
)
def test_an_id_in_the_settings_that_does_not_exist_is_named_with_its_file(
    text: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(".guardrail.yml").write_text(text)
    assert cli.main(["check", "plan.json"]) == 2
    assert capsys.readouterr().err.splitlines()[0] == f"guardrail: {message}"


def test_quiet_is_silent_when_all_is_well_and_only_then(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check", "empty.json", "-q", "--format", "table", "--format", "json=out.json"]) == 0
    assert capsys.readouterr() == ("", "")
    assert Path("out.json").exists()
    assert cli.main(["check", "empty.json", "-q", "--format", "json"]) == 0
    assert '"exit_code":0' in capsys.readouterr().out  # whoever reads JSON waits for it
    assert cli.main(["check", "plan.json", "--quiet"]) == 1
    assert "realtime-variants-scale" in capsys.readouterr().out


def test_the_verdict_survives_a_reader_that_has_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """``guardrail check plan.json | head -1`` under pipefail is 1 because of a policy, not because of the pipe."""
    reading, writing = os.pipe()
    os.close(reading)
    monkeypatch.setattr(sys, "stdout", os.fdopen(writing, "w"))
    assert cli.main(["check", "plan.json"]) == 1
    assert cli.main(["check", "plan.json", "--fail-on", "never"]) == 0
    sys.stdout.close()


def test_colour_is_for_terminals_and_can_be_forced(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    cli.main(["check", "plan.json"])
    assert "\x1b[" in capsys.readouterr().out
    for flags in (["--no-color"], ["--color", "never"], ["--color=always", "--no-color"]):
        cli.main(["check", "plan.json", *flags])
        assert "\x1b" not in capsys.readouterr().out
    monkeypatch.setenv("FORCE_COLOR", "0")
    cli.main(["check", "plan.json", "--color", "always"])
    assert "\x1b[" in capsys.readouterr().out


def test_a_terminal_without_glyphs_gets_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    assert cli.main(["check", "plan.json"]) == 1
    shown = raw.getvalue().decode("ascii")
    assert " 341 " in shown
    assert "\\u" not in shown


def test_the_usage_file_beside_the_settings_is_used_and_named(capsys: pytest.CaptureFixture[str]) -> None:
    """100 GB in at 0.016 USD are 1.60 USD more."""
    Path("guardrail-usage.yml").write_text(
        "resource_usage:\n  aws_sagemaker_endpoint.ranker:\n    monthly_data_in_gb: 100\n    monthly_data_out_gb: 0\n"
    )
    _, answer = report(capsys, "plan.json")
    assert Decimal(answer["totals"]["after"]["floor"]) == Decimal("343.00")


def test_policies_of_the_team_s_own_are_added(capsys: pytest.CaptureFixture[str]) -> None:
    Path("own").mkdir()
    Path("own/names-begin-with-ml.yaml").write_text(
        """\
id: names-begin-with-ml
title: Endpoint names begin with ml-
severity: warning
applies_to: endpoint
require: {endpoint.name: {matches: "ml-.*"}}
message: "{endpoint.name} does not begin with ml-"
remediation: {terraform: 'name = "ml-…"', cloudformation: "EndpointName: ml-…"}
help_uri: https://example.com/names
"""
    )
    code, answer = report(capsys, "plan.json", "--policies", "own", "--policy", "names-begin-with-ml")
    assert (code, failing(answer)) == (0, {"names-begin-with-ml"})
    assert report(capsys, "plan.json", "--policies", "own", "--fail-on", "warning")[0] == 1


def test_a_comment_shows_no_line_of_a_file_of_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a.tf", "a.tfvars"):
        (tmp_path / name).write_text("min_capacity = 1\n")
    places = [Location("a.tf", 1), Location("a.tfvars", 1), Location("a.tf", 9), Location("gone.tf", 1)]
    results = tuple(reports.finding(location=place) for place in places)
    found = lines_of(reports.report(results=results))
    assert found == {("a.tf", 1): "min_capacity = 1"}
