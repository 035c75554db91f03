"""``guardrail check . --compare-to REV`` on templates that were renamed or deleted since.

An instance of ml.m5.xlarge in us-east-1 is 0.23 USD x 730 h + 8 GB x 0.14 USD = 169.02 USD a month.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from guardrail import cli
from tests.commands.test_check_compared import TEMPLATE, money, top
from tests.commands.test_check_terraform import checked
from tests.test_git import commit, git

__all__ = ["top"]

PARENT = "Resources:\n  Inner:\n    Type: AWS::CloudFormation::Stack\n    Properties: {TemplateURL: parts/chat.yaml}\n"
BUCKET = "Resources:\n  B:\n    Type: AWS::S3::Bucket\n"
MANIFEST = {
    "version": "36.0.0",
    "artifacts": {
        "App": {
            "type": "aws:cloudformation:stack",
            "environment": "aws://111122223333/us-east-1",
            "properties": {"templateFile": "App.template.yaml"},
        }
    },
}


def chat(count: int, *, name: str = "chat") -> str:
    return TEMPLATE.replace("COUNT", str(count)).replace("Properties: {E", f"Properties: {{EndpointName: {name}, E")


def changed(top: Path, before: dict[str, str], after: dict[str, str]) -> None:
    """Commit files, and put others in their place."""
    commit(top, {"keep.yaml": chat(1, name="keep")} | before)
    for name in before:
        (top / name).unlink()
    for name, text in after.items():
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text(text)


def check(capsys: pytest.CaptureFixture[str], *paths: str) -> Any:
    flags = ("--compare-to", "HEAD", "--region", "us-east-1", "--fail-on", "never")
    return checked(capsys, *(paths or (".",)), *flags)[1]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"cfn/chat.yaml": chat(2)}, {}, ("507.06", "169.02", "-338.04")),
        ({"chat.yaml": chat(2)}, {"cfn/chat.yaml": chat(2)}, ("507.06", "507.06", "0.00")),
        ({"chat.yaml": chat(1)}, {"cfn/talk.yaml": chat(3)}, ("338.04", "676.08", "338.04")),
        ({"chat.yaml": chat(2)}, {"chat.yaml": BUCKET}, ("507.06", "169.02", "-338.04")),
        ({"chat.yaml": chat(2)}, {"chat.yaml": "replicas: 2\n"}, ("507.06", "169.02", "-338.04")),
        ({"all.yaml": PARENT, "parts/chat.yaml": chat(2)}, {}, ("507.06", "169.02", "-338.04")),
        (
            {"app/cdk.out/manifest.json": json.dumps(MANIFEST), "app/cdk.out/App.template.yaml": chat(2)},
            {},
            ("507.06", "169.02", "-338.04"),
        ),
        ({"tests/chat.yaml": chat(2)}, {}, ("169.02", "169.02", "0.00")),
        (
            {".guardrail.yml": "exclude: [old/]\n", "old/chat.yaml": chat(2)},
            {".guardrail.yml": "exclude: [old/]\n"},
            ("169.02", "169.02", "0.00"),
        ),
    ],
    ids=[
        "deleted",
        "moved",
        "renamed and changed",
        "emptied",
        "no template",
        "nested",
        "cloud assembly",
        "tests",
        "excluded",
    ],
)
def test_what_a_template_had_is_not_lost_with_its_name(
    top: Path,
    capsys: pytest.CaptureFixture[str],
    before: dict[str, str],
    after: dict[str, str],
    expected: tuple[str, str, str],
) -> None:
    changed(top, before, after)
    assert money(check(capsys)) == expected


@pytest.mark.parametrize(
    ("condition", "after", "delta"),
    [("!Equals [1, 1]", "507.06", "0.00"), ("!Equals [1, 2]", "169.02", "-338.04")],
    ids=["deployed", "not deployed"],
)
def test_a_template_that_becomes_a_nested_one_does_not_vanish(
    top: Path, capsys: pytest.CaptureFixture[str], condition: str, after: str, delta: str
) -> None:
    """Whoever names it under a condition that never holds takes its stack away, in plain sight."""
    parent = (
        PARENT.replace("parts/", "").replace("    Type", "    Condition: C\n    Type")
        + f"Conditions: {{C: {condition}}}\n"
    )
    changed(top, {"chat.yaml": chat(2)}, {"chat.yaml": chat(2), "all.yaml": parent})
    report = check(capsys)
    assert money(report) == ("507.06", after, delta)
    assert any("chat.yaml is no stack of its own any more" in each for each in report["notices"])


def test_templates_that_are_alike_are_told_apart_by_their_endpoints(
    top: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changed(
        top,
        {"a.yaml": chat(1, name="one"), "b.yaml": chat(2, name="two")},
        {"c.yaml": chat(2, name="two"), "d.yaml": chat(1, name="one")},
    )
    report = check(capsys)
    assert {each["name"]: each["change"] for each in report["endpoints"]} == dict.fromkeys(
        ("keep", "one", "two"), "no-op"
    )
    assert "c.yaml was b.yaml before the change" in report["notices"]


def test_a_folder_whose_last_template_is_gone_is_compared_all_the_same(
    top: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changed(top, {"cfn/chat.yaml": chat(2), "cfn/readme": ""}, {"cfn/readme": ""})
    assert money(check(capsys, "cfn")) == ("338.04", "0", "-338.04")


def test_a_folder_that_never_held_anything_is_an_error(top: Path, capsys: pytest.CaptureFixture[str]) -> None:
    changed(top, {"docs/readme": ""}, {"docs/readme": ""})
    assert cli.main(["check", "docs", "--compare-to", "HEAD"]) == 2
    assert "nothing that was given belongs to a root module" in capsys.readouterr().err


def test_a_template_below_another_folder_is_none_of_this_check(top: Path, capsys: pytest.CaptureFixture[str]) -> None:
    changed(top, {"other/chat.yaml": chat(2), "cfn/chat.yaml": chat(1)}, {"cfn/chat.yaml": chat(1)})
    assert money(check(capsys, "cfn")) == ("169.02", "169.02", "0.00")


def test_what_is_retained_is_billed_on(top: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = chat(2).replace("    Type: AWS", "    DeletionPolicy: Retain\n    Type: AWS")
    changed(top, {"chat.yaml": kept}, {})
    report = check(capsys)
    assert money(report) == ("507.06", "507.06", "0.00")
    assert any("kept running by AWS (Retain)" in each for each in report["notices"])


def test_a_template_that_is_gone_goes_in_each_of_its_environments(
    top: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """1 + 2 instances beside the one that stays."""
    text = chat(1).replace("Count: 1", "Count: !Ref N") + "Parameters:\n  N: {Type: Number}\n"
    commit(top, {"dev.json": '{"N": 1}', "prod.json": '{"N": 2}'})
    settings = {".guardrail.yml": "roots:\n  chat.yaml: {dev: dev.json, prod: prod.json}\n"}
    changed(top, {"chat.yaml": text} | settings, settings)
    report = check(capsys)
    assert money(report) == ("676.08", "169.02", "-507.06")
    assert not any("no such parameter" in each for each in report["notices"])


def test_a_template_that_did_not_parse_holds_up_nobody_who_mends_it(
    top: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = "Resources:\n  C: {Type: AWS::SageMaker::EndpointConfig\n"
    changed(top, {"chat.yaml": broken}, {"chat.yaml": chat(2)})
    report = check(capsys, "chat.yaml")
    assert report["totals"]["after"]["expected"] == "338.04"
    assert report["totals"]["before"] is None
    assert any("what stood before is not known: chat.yaml:3" in each for each in report["notices"])


@pytest.mark.parametrize("after", [{"chat.yaml": chat(2)}, {"chat.yaml": BUCKET}, {}])
def test_a_resource_that_could_not_be_read_then_did_not_cost_nothing(
    top: Path, capsys: pytest.CaptureFixture[str], after: dict[str, str]
) -> None:
    """What it adds, or saves, is anybody's guess; what stands now is known: 169.02 that are kept, and 338.04 or 0."""
    unread = "Resources:\n  E: {Type: AWS::SageMaker::Endpoint, Properties: chat}\n"
    changed(top, {"chat.yaml": unread}, after)
    totals = check(capsys)["totals"]
    assert (totals["before"]["expected"], totals["before"]["at_least"]) == ("169.02", True)
    assert totals["after"]["expected"] == ("507.06" if after == {"chat.yaml": chat(2)} else "169.02")
    assert not totals["after"]["at_least"]
    reason = "what E cost before is not known: its Properties are not a mapping"
    assert totals["delta"]["expected"] == {"unknown": reason}


SIZED = TEMPLATE.replace("COUNT", "!Ref Count") + "Parameters:\n  Count: {Type: Number}\n"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ('{"Count": "1"}', '{"Count": "3"}', ("169.02", "507.06", "338.04")),
        (None, '{"Count": "3"}', ("0", "507.06", "507.06")),
        ('[{"ParameterKey": "Count", "ParameterValue": "2"}]', '{"Count": "1"}', ("338.04", "169.02", "-169.02")),
    ],
    ids=["changed", "new", "another form"],
)
@pytest.mark.parametrize("from_settings", [True, False])
def test_parameters_are_those_of_the_commit(
    top: Path,
    capsys: pytest.CaptureFixture[str],
    before: str | None,
    after: str,
    expected: tuple[str, str, str],
    *,
    from_settings: bool,
) -> None:
    """A change of the file alone is a change of what it makes; a file that came with it had made nothing."""
    settings = "roots: {stack.yaml: {prod: prod.json}}\n"
    then = {"stack.yaml": SIZED, ".guardrail.yml": settings if from_settings else "version: 1\n"}
    commit(top, then | ({} if before is None else {"prod.json": before}))
    (top / "prod.json").write_text(after)
    flags = () if from_settings else ("--parameters", "prod.json")
    report = check(capsys, "stack.yaml", *flags)
    assert money(report) == expected
    assert report["endpoints"][0]["change"] == ("create" if before is None else "update")


def test_parameters_that_git_does_not_keep_are_of_no_time(
    top: Path, capsys: pytest.CaptureFixture[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    commit(top, {"stack.yaml": SIZED, ".gitignore": "secret.json\n"})
    outside = tmp_path_factory.mktemp("elsewhere") / "prod.json"
    for path in (top / "secret.json", outside):
        path.write_text('{"Count": "2"}')
        assert money(check(capsys, "stack.yaml", "--parameters", str(path))) == ("338.04", "338.04", "0.00")


LFS = "version https://git-lfs.github.com/spec/v1\nsize 1\n"


@pytest.mark.parametrize(
    "roots", ["{dev: dev.json, prod: prod.json}", "{d: dev.json, prod: prod.json}", "{prod: prod.json}"]
)
def test_an_environment_whose_parameters_could_not_be_read_then_holds_up_nothing(
    top: Path, capsys: pytest.CaptureFixture[str], roots: str
) -> None:
    """Whether it stays, has another label now, or is gone: what it had is not known, and prod has its past."""
    settings = "roots: {stack.yaml: SETS}\n"
    files = {"stack.yaml": SIZED, "dev.json": LFS, "prod.json": '{"Count": "1"}'}
    commit(top, files | {".guardrail.yml": settings.replace("SETS", "{dev: dev.json, prod: prod.json}")})
    (top / "dev.json").write_text('{"Count": "1"}')
    (top / ".guardrail.yml").write_text(settings.replace("SETS", roots))
    report = check(capsys, "stack.yaml")
    assert isinstance(report["totals"]["delta"]["expected"], dict)
    assert report["totals"]["before"]["expected"] == "169.02"
    assert any("dev.json was in git LFS" in each for each in report["notices"])


def test_parameters_that_could_not_be_read_then_hold_up_nobody_who_mends_them(
    top: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    commit(top, {"stack.yaml": SIZED, "prod.json": '{"Count": '})
    (top / "prod.json").write_text('{"Count": "2"}')
    report = check(capsys, "stack.yaml", "--parameters", "prod.json")
    assert (report["totals"]["before"], report["totals"]["after"]["expected"]) == (None, "338.04")
    assert any("what stood before is not known: prod.json" in each for each in report["notices"])


@pytest.mark.parametrize(
    ("text", "said"),
    [("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "git lfs pull"), ("", "does not exist")],
    ids=["pointer of LFS", "link to nowhere"],
)
def test_a_template_that_cannot_be_read_any_more_is_an_error_and_no_saving(
    top: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    changed(top, {"chat.yaml": chat(2)}, {"chat.yaml": text} if text else {})
    if not text:
        (top / "chat.yaml").symlink_to("nowhere.yaml")
    assert cli.main(["check", ".", "--compare-to", "HEAD", "--region", "us-east-1"]) == 2
    assert said in capsys.readouterr().err


def test_what_a_sparse_checkout_leaves_out_is_not_gone(top: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It would be a saving that nobody makes: 2 x 169.02 of a template, and as much of source."""
    source = (
        'provider "aws" {\n  region = "us-east-1"\n}\n'
        'resource "aws_sagemaker_endpoint_configuration" "c" {\n  production_variants {\n    model_name = "m"\n'
        '    instance_type = "ml.m5.xlarge"\n    initial_instance_count = 2\n  }\n}\n'
        'resource "aws_sagemaker_endpoint" "e" {\n'
        "  endpoint_config_name = aws_sagemaker_endpoint_configuration.c.name\n}\n"
    )
    commit(top, {"keep/keep.yaml": chat(1), "out/chat.yaml": chat(2), "out/main.tf": source})
    git(top, "sparse-checkout", "set", "keep")
    assert not (top / "out").exists()
    report = check(capsys)
    assert money(report) == ("169.02", "169.02", "0.00")
    told = "not read, because this checkout is sparse (`git sparse-checkout add`): "
    assert [each for each in report["notices"] if "sparse" in each] == [f"{told}out/chat.yaml", f".: {told}out"]
    assert cli.main(["check", "out", "--compare-to", "HEAD"]) == 2
    assert "out is not here: this checkout is sparse" in capsys.readouterr().err
    git(top, "sparse-checkout", "disable")
    (top / "out/chat.yaml").unlink()
    assert money(check(capsys)) == ("845.10", "507.06", "-338.04")  # 5 instances, then 3
