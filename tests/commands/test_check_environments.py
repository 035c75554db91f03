"""Environments of root modules and templates, from ``roots`` in the settings to subtotals and budgets.

An endpoint on ml.m5.xlarge in us-east-1 is 0.23 USD x 730 h + 8 GB x 0.14 USD = 169.02 USD a month for each instance.
"""

from pathlib import Path
from typing import Any

import pytest

from guardrail import cli
from tests.commands.test_check_compared import TEMPLATE
from tests.commands.test_check_terraform import checked
from tests.sources.hcl.test_value_sets import SOURCE
from tests.test_git import commit, git


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A root module with two files of values, and a template with two files of parameters."""
    template = TEMPLATE.replace("COUNT", "!Ref Count") + "Parameters:\n  Count: {Type: Number}\n"
    files = {
        "infra/main.tf": SOURCE.replace("ml.m5.large", "ml.m5.xlarge").replace("eu-west-1", "us-east-1"),
        "infra/dev.tfvars": "n = 1\n",
        "infra/env/prod.tfvars": "n = 3\n",
        "cfn/stack.yaml": template,
        "cfn/dev.json": '{"Count": "1"}',
        "cfn/prod.json": '{"Count": "2"}',
        ".git/HEAD": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def settings(shop: Path, text: str) -> None:
    (shop / ".guardrail.yml").write_text(text)


def expected(report: Any) -> dict[str, str]:
    return {each["source"]: each["monthly"]["expected"] for each in report["endpoints"]}


def test_a_check_of_a_root_checks_each_of_its_environments(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings(shop, "roots: {infra: {dev: dev.tfvars, prod: [dev.tfvars, env/prod.tfvars]}}\n")
    report = checked(capsys, "infra")[1]
    assert expected(report) == {"infra (dev)": "169.02", "infra (prod)": "507.06"}
    assert {each["source"]: each["environment"] for each in report["endpoints"]} == {
        "infra (dev)": "non-production",
        "infra (prod)": "production",
    }
    assert report["totals"]["after"]["expected"] == "676.08"
    assert cli.main(["check", "infra", "--fail-on", "never"]) == 0
    table = capsys.readouterr().out
    assert "infra (dev)" in table
    assert "infra (prod)" in table


def test_instances_that_nothing_scales_are_shown_where_each_environment_counts_them(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A change to prod.tfvars alone has that line in its diff, and no line of the module."""
    settings(shop, "roots: {infra: {dev: dev.tfvars, prod: env/prod.tfvars}}\n")
    (shop / "infra/env/prod.tfvars").write_text("# the first of May\nn = 3\n")
    found = {
        each["source"]: each["location"]
        for each in checked(capsys, "infra")[1]["results"]
        if each["policy"] == "realtime-variants-scale"
    }
    places = {source: (place["path"], place["line"]) for source, place in found.items()}
    assert places == {"infra (dev)": ("infra/dev.tfvars", 1), "infra (prod)": ("infra/env/prod.tfvars", 2)}
    assert {place["used_at"]["path"] for place in found.values()} == {"infra/main.tf"}


def test_a_template_has_environments_too(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings(shop, "region: us-east-1\nroots: {cfn/stack.yaml: {dev: dev.json, prod: prod.json}}\n")
    report = checked(capsys, "cfn/stack.yaml")[1]
    assert expected(report) == {"cfn/stack.yaml (dev)": "169.02", "cfn/stack.yaml (prod)": "338.04"}


def test_the_settings_count_from_wherever_it_is_run(
    shop: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings(shop, "roots: {infra: {prod: env/prod.tfvars}}\n")
    monkeypatch.chdir(shop / "cfn")
    assert expected(checked(capsys, "../infra")[1]) == {"../infra (prod)": "507.06"}
    assert expected(checked(capsys, str(shop / "infra"))[1]) == {f"{shop}/infra (prod)": "507.06"}


def test_terms_from_a_copy_speak_of_the_repository(
    shop: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """As for a fork: the settings are those of the base, the values those of the change."""
    copy = tmp_path / "copy"
    copy.mkdir()
    settings(copy, "roots: {infra: {prod: env/prod.tfvars}}\n")
    settings(shop, "roots: {infra: {prod: dev.tfvars}}\n")
    assert expected(checked(capsys, "infra", "--settings-from", str(copy))[1]) == {"infra (prod)": "507.06"}


@pytest.mark.parametrize(("limit", "code"), [("507.06", 0), ("507.05", 1)])
def test_an_environment_has_a_budget_of_its_own(
    shop: Path, capsys: pytest.CaptureFixture[str], limit: str, code: int
) -> None:
    """Dev costs 169.02 and prod 507.06: a limit on prod minds prod alone."""
    settings(
        shop,
        "roots:\n  infra:\n    dev: dev.tfvars\n    prod:\n      values: env/prod.tfvars\n"
        f"      budget: {{max_expected_usd: {limit}}}\n",
    )
    answer, report = checked(capsys, "infra", "--policy", "monthly-cost-within-budget")
    assert answer == code
    (held,) = report["budgets"]
    assert (held["group"], held["amount"], held["origin"]) == ("root=infra (prod)", "507.06", ".guardrail.yml")


def test_a_root_of_the_settings_that_is_gone_is_told(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A change that renames it would else lose its limits in silence."""
    settings(shop, "roots: {infra: {prod: env/prod.tfvars}}\n")
    (shop / "infra").rename(shop / "live")
    report = checked(capsys, "live")[1]
    assert "roots: infra is not there, and its environments are not checked" in report["notices"]


def test_a_tag_that_says_otherwise_is_told(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main = shop / "infra" / "main.tf"
    main.write_text(
        main.read_text().replace('"chat" {\n  endpoint', '"chat" {\n  tags = { Environment = "dev" }\n  endpoint')
    )
    settings(shop, "roots: {infra: {prod: env/prod.tfvars}}\n")
    report = checked(capsys, "infra")[1]
    assert report["endpoints"][0]["environment"] == "non-production"
    assert any("is non-production by its tag, which counts, and production by prod" in one for one in report["notices"])


def test_subtotals_by_root(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings(shop, "roots: {infra: {dev: dev.tfvars, prod: env/prod.tfvars}}\n")
    report = checked(capsys, "infra", "--group-by", "root")[1]
    groups = {each["by"]["root"]: each["totals"]["after"]["expected"] for each in report["groups"]}
    assert groups == {"infra (prod)": "507.06", "infra (dev)": "169.02"}


def test_parameters_that_a_change_has_made_a_link_out_are_not_read(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = shop.parent / "secret.json"
    secret.write_text('{"Count": "7"}')
    (shop / "cfn" / "prod.json").unlink()
    (shop / "cfn" / "prod.json").symlink_to(secret)
    settings(shop, "region: us-east-1\nroots: {cfn/stack.yaml: {prod: prod.json}}\n")
    assert cli.main(["check", "cfn/stack.yaml"]) == 2
    assert "leads out of its repository" in capsys.readouterr().err


@pytest.mark.parametrize("text", [None, "", "roots: {}\n"], ids=["no file", "empty", "no roots"])
def test_environments_that_settings_have_lost_altogether_are_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], text: str | None
) -> None:
    """3 + 1 instances before, and as many as terraform.tfvars says after: 2 x 169.02."""
    monkeypatch.chdir(tmp_path)
    git(tmp_path, "init", "--quiet")
    source = SOURCE.replace("ml.m5.large", "ml.m5.xlarge").replace("eu-west-1", "us-east-1")
    values = {"infra/dev.tfvars": "n = 1\n", "infra/prod.tfvars": "n = 3\n", "infra/terraform.tfvars": "n = 2\n"}
    roots = "roots: {infra: {dev: dev.tfvars, prod: prod.tfvars}}\n"
    commit(tmp_path, {"infra/main.tf": source, ".guardrail.yml": roots, **values})
    (tmp_path / ".guardrail.yml").unlink() if text is None else settings(tmp_path, text)
    report = checked(capsys, "infra", "--compare-to", "HEAD", "--fail-on", "never")[1]
    assert {each["source"]: each["change"] for each in report["endpoints"]} == {
        "infra": "create",
        "infra (dev)": "delete",
        "infra (prod)": "delete",
    }
    assert (report["totals"]["before"]["expected"], report["totals"]["delta"]["expected"]) == ("676.08", "-338.04")
    gone = [each for each in report["notices"] if "is gone" in each]
    assert gone == [
        f"infra ({each}) is gone: what it had is no longer there after the change" for each in ("dev", "prod")
    ]


def test_a_template_that_settings_made_environments_of_has_no_past_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """2 + 5 instances before; the 1 of the default is not what stood there."""
    monkeypatch.chdir(tmp_path)
    git(tmp_path, "init", "--quiet")
    template = TEMPLATE.replace("COUNT", "!Ref Count") + "Parameters:\n  Count: {Type: Number, Default: 1}\n"
    values = {"dev.json": '{"Count": "2"}', "prod.json": '{"Count": "5"}'}
    commit(
        tmp_path,
        {"stack.yaml": template, ".guardrail.yml": "roots: {stack.yaml: {dev: dev.json, prod: prod.json}}\n", **values},
    )
    (tmp_path / ".guardrail.yml").unlink()
    flags = ("--region", "us-east-1", "--compare-to", "HEAD", "--fail-on", "never")
    report = checked(capsys, "stack.yaml", *flags)[1]
    before = report["totals"]["before"]
    assert (before["expected"], before["at_least"]) == ("1183.14", True)
    assert "does not tell what stands before" in report["totals"]["delta"]["expected"]["unknown"]


def test_what_is_said_of_a_root_module_names_it_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    git(tmp_path, "init", "--quiet")
    roots = "roots: {{{}: {{dev: dev.tfvars, prod: prod.tfvars}}}}\n"
    commit(tmp_path, {"infra/main.tf": SOURCE, "infra/dev.tfvars": "n = 1\n", "infra/prod.tfvars": "n = 3\n"})
    commit(tmp_path, {".guardrail.yml": roots.format("infra")})
    (tmp_path / "infra").rename(tmp_path / "platform")
    settings(tmp_path, roots.format("platform"))
    notices = checked(capsys, ".", "--compare-to", "HEAD", "--fail-on", "never")[1]["notices"]
    assert [each for each in notices if "was infra" in each] == ["platform was infra before the change"]


def test_the_values_of_a_folder_of_the_past_are_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """1 instance then and 3 now, in a file of values that settings, or a flag, name for the root module of now."""
    monkeypatch.chdir(tmp_path)
    for folder, count in ("old", 1), ("new", 3):
        (tmp_path / folder / "env").mkdir(parents=True)
        (tmp_path / folder / "main.tf").write_text(
            SOURCE.replace("m5.large", "m5.xlarge").replace("eu-west", "us-east")
        )
        (tmp_path / folder / "env/prod.tfvars").write_text(f"n = {count}\n")
    settings(tmp_path, "roots: {new: {prod: env/prod.tfvars}}\n")
    flags = ("--compare-to", "old", "--fail-on", "never")
    for paths in ("new",), ("./new/",), (str(tmp_path / "new"),), ("new", "--var-file", "new/env/prod.tfvars"):
        totals = checked(capsys, *paths, *flags)[1]["totals"]
        assert (totals["before"]["expected"], totals["delta"]["expected"]) == ("169.02", "338.04"), paths
    (tmp_path / "old/env/prod.tfvars").unlink()  # and nothing had been made with it
    assert checked(capsys, "new", *flags)[1]["totals"]["delta"]["expected"] == "507.06"
