"""Policies from the bundle, from folders, and as settings and flags have them."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from guardrail.errors import PolicyError, SettingsError
from guardrail.model import Unknown
from guardrail.policy import load
from guardrail.policy.policy import Examples, Policy, PolicySettings

ROOT = Path(__file__).resolve().parents[2]
VALID = """\
id: small-tests
title: Tests are small
severity: warning
applies_to: variant
require:
  instance.vcpus: {at_most: {param: max_vcpus}}
params:
  max_vcpus: {description: The most vCPUs., type: integer, default: 4}
message: "{endpoint.label} is large"
remediation: {terraform: "", cloudformation: ""}
help_uri: https://wiki.example.com/sizes
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def write(folder: Path, text: str = VALID, name: str = "small-tests.yaml") -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def by_id(policies: Sequence[Policy]) -> dict[str, Policy]:
    return {policy.id: policy for policy in policies}


# The bundle


def test_the_compiled_form_says_what_the_yaml_says() -> None:
    from_yaml = [structs.replace(policy, examples=Examples()) for policy in load.read(str(ROOT / "policies"))]
    assert list(load.bundled()) == from_yaml


def test_a_bundle_that_cannot_be_read_is_an_error_with_a_hint(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr("guardrail.bundled.directory", lambda _: folder)
    with pytest.raises(PolicyError, match="the bundled policies cannot be read"):
        load.bundled()


# A team's own


def test_policies_are_read_by_path_with_their_folder_as_topic(folder: Path) -> None:
    write(folder, name="sizes/small-tests.yaml")
    write(folder, VALID.replace("small-tests", "a-last"), name="a-last.yml")
    assert [(policy.id, policy.topic) for policy in load.read(str(folder))] == [
        ("a-last", ""),
        ("small-tests", "sizes"),
    ]


def test_one_file_can_be_read_alone(folder: Path) -> None:
    assert load.read(str(write(folder)))[0].id == "small-tests"


def test_a_file_is_named_as_its_policy(folder: Path) -> None:
    path = write(folder, name="tests.yaml")
    problem = f"{path}: its id is small-tests, and its file must have the same name: small-tests.yaml"
    with pytest.raises(PolicyError, match=re.escape(problem)):
        load.read(str(folder))


def test_two_policies_of_one_name_are_an_error_that_names_both_files(folder: Path) -> None:
    first, second = write(folder, name="a/small-tests.yaml"), write(folder, name="b/small-tests.yaml")
    with pytest.raises(PolicyError, match=re.escape(f"{second}: {first} has a policy small-tests already")):
        load.read(str(folder))


@pytest.mark.parametrize("name", ["nowhere", "empty"])
def test_a_folder_without_policies_is_an_error(folder: Path, name: str) -> None:
    (folder / "empty").mkdir()
    with pytest.raises(PolicyError, match=name):
        load.read(str(folder / name))


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            "severity: warning",
            "severity: warn",
            ":3: severity: 'warn' is none of note, warning or error: write warning",
        ),
        ("title: Tests are small\n", "", "the key 'title' is missing"),
        ("message:", "mesage: x\nmessage:", ":9: mesage: unknown key, did you mean message?"),
        ("help_uri:", "title: again\nhelp_uri:", ":11:1: duplicate key 'title'"),
        ("type: integer", "type: int", "params.max_vcpus.type: 'int' is none of integer, number, usd"),
        ("default: 4", "default: four", ":8: params.max_vcpus: expected a number, got 'four'"),
        (
            "default: 4",
            "default: {production: 4}",
            ":8: params.max_vcpus: values by environment need a value for default",
        ),
        (
            "default: 4",
            "default: {default: 4, production: y}",
            ":8: params.max_vcpus.production: expected a number, got 'y'",
        ),
        (
            "{param: max_vcpus}",
            "{param: max_vcpu}",
            ":6: require.instance.vcpus.at_most: there is no parameter max_vcpu",
        ),
        (
            "instance.vcpus:",
            "instance.vcpu:",
            ":6: require.instance.vcpu: there is no field instance.vcpu, did you mean",
        ),
        ("{endpoint.label}", "{endpoint.lable}", ":9: message: there is no field endpoint.lable, did you mean"),
        (
            "applies_to: variant",
            "applies_to: stack",
            ":6: require.instance.vcpus: instance.vcpus is no field of a policy",
        ),
    ],
)
def test_a_mistake_names_file_line_and_place(folder: Path, old: str, new: str, problem: str) -> None:
    path = write(folder, VALID.replace(old, new))
    with pytest.raises(PolicyError) as error:
        load.read(str(folder))
    assert error.value.message.startswith(str(path))
    assert problem in error.value.message


def test_a_condition_without_end_is_an_error_and_no_bug(folder: Path) -> None:
    depth = 400
    write(folder, VALID.replace("require:\n", f"when: {'{not: ' * depth}{{}}{'}' * depth}\nrequire:\n"))
    with pytest.raises(PolicyError, match="nested too deeply"):
        load.read(str(folder))


# Settings and flags


def configure(settings: dict[str, PolicySettings], **flags: Any) -> dict[str, Policy]:
    return by_id(load.configure(load.bundled(), settings, **flags))


def test_severities_are_replaced_and_policies_turned_off() -> None:
    policies = configure(
        {"cost-tags-are-present": PolicySettings(severity="error"), "no-idle-variants": PolicySettings(severity="off")}
    )
    assert policies["cost-tags-are-present"].severity == "error"
    assert "no-idle-variants" not in policies
    assert len(policies) == len(load.bundled()) - 1


def test_selected_policies_run_even_where_they_are_turned_off() -> None:
    off = {"no-idle-variants": PolicySettings(severity="off")}
    policies = configure(off, select=["no-idle-variants", "async-scales-to-zero"])
    assert {name: policy.severity for name, policy in policies.items()} == {
        "no-idle-variants": "warning",
        "async-scales-to-zero": "error",
    }


def test_skipped_policies_are_left_out() -> None:
    assert len(configure({}, skip=["no-idle-variants"])) == len(load.bundled()) - 1


RIGHT_SIZED = "instances-are-right-sized"


def limits(settings: PolicySettings, environment: str | Unknown) -> dict[str, Any]:
    return dict(configure({RIGHT_SIZED: settings})[RIGHT_SIZED].parameters(environment))


def test_a_parameter_is_replaced_for_every_environment() -> None:
    settings = PolicySettings(params={"max_hourly_usd": 8})
    assert limits(settings, "production")["max_hourly_usd"] == 8
    assert limits(settings, "non-production")["max_hourly_usd"] == 8
    assert limits(settings, "non-production")["max_vcpus"] == 16


def test_a_parameter_is_replaced_for_one_environment() -> None:
    settings = PolicySettings(environments={"production": {"max_vcpus": None}})
    assert limits(settings, "production")["max_vcpus"] is None
    assert limits(settings, "non-production")["max_vcpus"] == 16
    assert limits(settings, "staging")["max_vcpus"] == 96


def test_environments_of_the_settings_win_over_its_parameters() -> None:
    settings = PolicySettings(params={"max_vcpus": 8}, environments={"non-production": {"max_vcpus": 2}})
    assert limits(settings, "non-production")["max_vcpus"] == 2
    assert limits(settings, "production")["max_vcpus"] == 8


def test_an_unknown_environment_has_the_parameters_of_production() -> None:
    settings = PolicySettings(params={"max_vcpus": {"default": 4, "production": 48}})
    assert limits(settings, Unknown("no tag"))["max_vcpus"] == 48
    assert limits(PolicySettings(), Unknown("no tag"))["max_vcpus"] == 96


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        (
            {"async-scale-to-zero": PolicySettings()},
            "policies: there is no policy async-scale-to-zero, did you mean async",
        ),
        ({RIGHT_SIZED: PolicySettings(params={"max_vcpu": 1})}, "unknown parameter max_vcpu, did you mean max_vcpus?"),
        ({RIGHT_SIZED: PolicySettings(environments={"production": {"max_vcpu": 1}})}, "unknown parameter max_vcpu"),
        (
            {RIGHT_SIZED: PolicySettings(environments={"prod": {"max_vcpus": 1}})},
            "environments.prod: there is no environment prod, did you mean production? There are production, non-prod",
        ),
        (
            {RIGHT_SIZED: PolicySettings(params={"max_vcpus": {"default": 1, "stagging": 2}})},
            "params.max_vcpus.stagging: there is no environment stagging",
        ),
        (
            {"realtime-variants-scale": PolicySettings(params={"exempt_environments": ["prod"]})},
            "policies.realtime-variants-scale: there is no environment prod, did you mean production?",
        ),
        (
            {"realtime-variants-scale": PolicySettings(environments={"production": {"exempt_environments": ["prd"]}})},
            "policies.realtime-variants-scale: there is no environment prd",
        ),
        ({RIGHT_SIZED: PolicySettings(params={"max_vcpus": -1})}, "instance.vcpus is never -1"),
        ({RIGHT_SIZED: PolicySettings(params={"max_vcpus": "8"})}, "params.max_vcpus: expected a number, got '8'"),
        ({RIGHT_SIZED: PolicySettings(params={"approval_tag": 7})}, "params.approval_tag: expected text, got 7"),
        (
            {RIGHT_SIZED: PolicySettings(severity={"production": "error"})},
            "severity: values by environment need a value",
        ),
        (
            {RIGHT_SIZED: PolicySettings(severity={"default": "error", "prd": "note"})},
            "severity.prd: there is no environment prd, did you mean production?",
        ),
        (
            {RIGHT_SIZED: PolicySettings(params={"approval_tag": {"file": "nowhere.txt"}})},
            "policies.instances-are-right-sized: approval_tag: cannot read nowhere.txt: No such file",
        ),
        ({RIGHT_SIZED: PolicySettings(params={"max_vcpus": {"dev": 8}})}, "need a value for default too"),
    ],
)
def test_a_mistake_in_the_settings_names_its_place(settings: dict[str, PolicySettings], problem: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(problem)):
        configure(settings)


@pytest.mark.parametrize(("flag", "name"), [("select", "--policy"), ("skip", "--skip-policy")])
def test_a_flag_that_names_no_policy_says_what_was_meant(flag: str, name: str) -> None:
    with pytest.raises(
        SettingsError, match=f"{name}: there is no policy no-idle-variant, did you mean no-idle-variants"
    ):
        configure({}, **{flag: ["no-idle-variant"]})


def test_a_policy_of_a_bundled_name_is_an_error() -> None:
    with pytest.raises(PolicyError, match="there are two policies no-idle-variants"):
        load.configure([*load.bundled(), by_id(load.bundled())["no-idle-variants"]], {})


def test_what_is_superseded_must_exist(folder: Path) -> None:
    write(folder, VALID + "supersedes: [scaling-has-rooms]\n")
    with pytest.raises(
        PolicyError, match="supersedes scaling-has-rooms, which is no policy, did you mean scaling-has-room"
    ):
        load.configure([*load.bundled(), *load.read(str(folder))], {})


# Values that stand in files ------------------------------------------------------------------------------------------

LISTED = """\
id: small-tests
title: Cost centers are ours
severity: error
applies_to: endpoint
require:
  endpoint.tags.CostCenter: {in: {param: allowed}}
params:
  allowed: {description: Ours., type: strings, default: {file: centers.txt}}
message: "{endpoint.label}"
remediation: {terraform: "", cloudformation: ""}
help_uri: https://wiki.example.com/x
"""


def values_of(policy: Policy) -> object:
    return policy.params["allowed"].default


def test_a_value_may_stand_in_a_file_beside_the_policy(folder: Path) -> None:
    (folder / "centers.txt").write_text("\ufeff# of finance, 2026\n\n  4711\n0815  \n", encoding="utf-8")
    (policy,) = load.read(str(write(folder, LISTED)))
    assert values_of(policy) == ["4711", "0815"]


def test_each_environment_may_have_a_file(folder: Path) -> None:
    for name in ("a", "b"):
        (folder / f"{name}.txt").write_text(name)
    text = LISTED.replace("{file: centers.txt}", "{default: {file: a.txt}, production: {file: b.txt}}")
    (policy,) = load.read(str(write(folder, text)))
    assert values_of(policy) == {"default": ["a"], "production": ["b"]}


def test_a_mapping_may_stand_in_a_file(folder: Path) -> None:
    (folder / "limits.yaml").write_text("search: 8\nads: 2\n")
    text = LISTED.replace("type: strings", "type: mapping").replace("centers.txt", "limits.yaml")
    text = text.replace("{in: {param: allowed}}", "{in: {param: allowed}}")
    (policy,) = load.read(str(write(folder, text)))
    assert values_of(policy) == {"search": 8, "ads": 2}


def test_a_file_of_the_repository_may_lie_outside_of_the_folder_of_policies(folder: Path) -> None:
    (folder / ".git").mkdir()
    (folder / "centers.txt").write_text("4711")
    path = write(folder, LISTED.replace("centers.txt", "../centers.txt"), name="policies/small-tests.yaml")
    assert values_of(load.read(str(path))[0]) == ["4711"]


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("centers.txt", None, "centers.txt: No such file or directory"),
        ("../centers.txt", b"4711", "centers.txt lies outside of the repository"),
        ("/etc/hostname", b"", "/etc/hostname lies outside of the repository"),
        ("centers.txt", b"\xff\xfe4", "centers.txt: not UTF-8 text"),
        ("centers.txt", b"x" * (2**20 + 1), "centers.txt: it is larger than 1 MiB"),
        ("centers.yaml", b"a: [b", "centers.yaml"),
    ],
)
def test_a_file_that_cannot_be_had_is_an_error_at_the_place_that_names_it(
    name: str, content: bytes | None, problem: str, folder: Path
) -> None:
    inside = folder / "inside"
    inside.mkdir()
    if content is not None and not name.startswith("/"):
        (inside / name).write_bytes(content)
    path = write(inside, LISTED.replace("centers.txt", name))
    with pytest.raises(PolicyError) as error:
        load.read(str(path))
    assert error.value.message.startswith(f"{path}:8: params.allowed.default: ")
    assert problem in error.value.message


def test_a_link_out_of_the_repository_is_not_followed(folder: Path) -> None:
    inside = folder / "inside"
    inside.mkdir()
    (folder / "secret.txt").write_text("token")
    (inside / "centers.txt").symlink_to(folder / "secret.txt")
    with pytest.raises(PolicyError, match=r"centers\.txt lies outside of the repository"):
        load.read(str(write(inside, LISTED)))


# Severity by environment ---------------------------------------------------------------------------------------------


def test_a_policy_may_be_graded_by_environment(folder: Path) -> None:
    graded = VALID.replace("severity: warning", "severity: {default: error, non-production: note}")
    (policy,) = load.read(str(write(folder, graded)))
    assert [policy.severity_in(name) for name in ("production", "non-production", "qa")] == ["error", "note", "error"]
    assert policy.severity_in(Unknown("nobody says")) == "error"
    assert policy.gravest == "error"


def test_settings_may_grade_by_environment_and_turn_off_in_some() -> None:
    settings = {RIGHT_SIZED: PolicySettings(severity={"default": "off", "production": "warning"})}
    policy = configure(settings)[RIGHT_SIZED]
    assert (policy.severity_in("production"), policy.severity_in("non-production")) == ("warning", "off")
    assert policy.gravest == "warning"
    off = {RIGHT_SIZED: PolicySettings(severity={"default": "off", "production": "off"})}
    assert RIGHT_SIZED not in configure(off)


@pytest.mark.parametrize(
    ("severity", "problem"),
    [
        ("{production: error}", "severity: values by environment need a value for default too"),
        ("{default: error, prod: note}", "severity.prod: there is no environment prod, did you mean production?"),
    ],
)
def test_a_wrong_environment_of_a_severity_is_an_error(severity: str, problem: str, folder: Path) -> None:
    path = write(folder, VALID.replace("severity: warning", f"severity: {severity}"))
    with pytest.raises(PolicyError, match=re.escape(f"{path}:3: {problem}")):
        load.read(str(path))
