"""``guardrail policies``: what people see of what is checked."""

import json
from pathlib import Path

import pytest

from guardrail import cli
from guardrail.policy import load

POLICY = """\
id: small-tests
title: Tests are small
severity: warning
applies_to: variant
require:
  instance.vcpus: {at_most: 4}
message: "{endpoint.label} is large"
remediation: {terraform: "", cloudformation: ""}
help_uri: https://wiki.example.com/sizes
examples:
  pass: [{because: small, variant: {instance_type: ml.m5.large, initial_instance_count: 1}}]
  fail: [{because: large, variant: {instance_type: ml.m5.24xlarge, initial_instance_count: 1}}]
"""


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "small-tests.yaml").write_text(POLICY, encoding="utf-8")
    return tmp_path


def guardrail(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = cli.main(["policies", *arguments])
    shown = capsys.readouterr()
    return code, shown.out, shown.err


def test_list_shows_every_policy_by_topic_with_the_severity_it_has_here(
    capsys: pytest.CaptureFixture[str], elsewhere: Path
) -> None:
    (elsewhere / ".guardrail.yml").write_text(
        "policies:\n  cost-tags-are-present: {severity: error}\n  no-idle-variants: {severity: off}\n", encoding="utf-8"
    )
    code, out, _ = guardrail(capsys, "list", "--policies", "own")
    assert code == 0
    assert "\n  cost-tags-are-present                 error    Endpoints carry" in out
    assert "no-idle-variants" not in out
    assert "your own:\n  small-tests                           warning  Tests are small\n" in out


def test_the_list_is_json_for_machines(capsys: pytest.CaptureFixture[str], elsewhere: Path) -> None:
    (elsewhere / ".guardrail.yml").write_text(
        "policies:\n  no-idle-variants: {severity: off}\n  instances-are-right-sized: {params: {max_vcpus: 8}}\n"
    )
    code, out, _ = guardrail(capsys, "list", "--format", "json")
    listed = {policy["id"]: policy for policy in json.loads(out)}
    assert (code, len(listed)) == (0, len(load.bundled()) - 1)
    sized = listed["instances-are-right-sized"]
    assert (sized["topic"], sized["severity"], sized["params"]["max_vcpus"]["default"]) == ("sizing", "error", 8)
    assert sized["help_uri"].startswith("https://")


def test_explain_shows_parameters_fixes_and_documentation(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = guardrail(capsys, "explain", "instances-are-right-sized")
    assert code == 0
    assert "  max_hourly_usd: 16 USD per hour (default), 2 USD per hour (non-production)\n" in out
    assert "\nTerraform:\n  production_variants {\n" in out
    assert "\nCloudFormation:\n  ProductionVariants:\n" in out
    assert "documentation: https://docs.aws.amazon.com/" in out


def test_explain_quotes_what_the_documentation_says(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = guardrail(capsys, "explain", "elastic-inference-is-gone")
    assert "“This parameter is no longer supported. Elastic Inference (EI) is no longer available.”" in out


def test_explain_shows_the_parameters_of_the_settings(capsys: pytest.CaptureFixture[str], elsewhere: Path) -> None:
    (elsewhere / ".guardrail.yml").write_text(
        "policies:\n  instances-are-right-sized: {params: {max_vcpus: null}}\n", encoding="utf-8"
    )
    assert "  max_vcpus: not set\n" in guardrail(capsys, "explain", "instances-are-right-sized")[1]


def test_explain_of_a_policy_that_does_not_exist_says_what_was_meant(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = guardrail(capsys, "explain", "async-scale-to-zero")
    assert code == 2
    assert "there is no policy 'async-scale-to-zero', did you mean async-scales-to-zero?" in err


def test_explain_of_a_policy_that_is_off_says_so(capsys: pytest.CaptureFixture[str], elsewhere: Path) -> None:
    (elsewhere / ".guardrail.yml").write_text("policies: {no-idle-variants: {severity: off}}\n", encoding="utf-8")
    code, _, err = guardrail(capsys, "explain", "no-idle-variants")
    assert (code, err) == (2, "guardrail: the policy no-idle-variants is turned off by the settings\n")


def test_the_bundled_policies_are_valid_and_their_examples_hold(capsys: pytest.CaptureFixture[str]) -> None:
    assert guardrail(capsys, "validate") == (0, f"{len(load.bundled())} policies, no errors\n", "")
    code, out, _ = guardrail(capsys, "test")
    assert code == 0
    assert out.splitlines()[-1].endswith(" examples, 0 failed")


def test_validate_prints_every_error_of_a_file_with_its_line(
    capsys: pytest.CaptureFixture[str], elsewhere: Path
) -> None:
    wrong = POLICY.replace("instance.vcpus: {at_most: 4}", "instance.vcpu: 4\n  variant.shadow: {eqals: true}")
    (elsewhere / "own" / "small-tests.yaml").write_text(wrong, encoding="utf-8")
    code, out, err = guardrail(capsys, "validate", "own")
    place = "require.variant.shadow.eqals"
    assert (code, out) == (2, "")
    assert err.splitlines() == [
        "own/small-tests.yaml:6: require.instance.vcpu: there is no field instance.vcpu, did you mean instance.vcpus?",
        f"own/small-tests.yaml:7: {place}: variant.shadow has no operator eqals; it takes ne, present",
        "2 errors in 1 file",
    ]


def test_test_runs_the_examples_and_says_which_verdicts_are_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = guardrail(capsys, "test", "own/small-tests.yaml")
    assert (code, out) == (0, "small-tests: no example of open\n2 examples, 0 failed\n")


def test_an_example_that_does_not_hold_is_a_violation(capsys: pytest.CaptureFixture[str], elsewhere: Path) -> None:
    path = elsewhere / "own" / "small-tests.yaml"
    path.write_text(POLICY.replace("ml.m5.24xlarge", "ml.m5.large"), encoding="utf-8")
    code, out, _ = guardrail(capsys, "test", "own")
    assert code == 1
    assert "small-tests: fail: large\n    expected fail, got pass\n" in out


def test_a_path_that_is_not_there_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = guardrail(capsys, "validate", "nowhere")
    assert (code, err) == (2, "guardrail: there is no policy file or folder nowhere\n")
