"""Everything below a folder that some reader reads: by first bytes, whatever it is called, and nothing of others."""

import json
import os
import shutil
from pathlib import Path

import pytest

from guardrail.errors import SourceError
from guardrail.gitignore import Excluded
from guardrail.sources.discovery import Found, left, search
from tests.test_git import commit, git

TEMPLATE = "Resources:\n  C:\n    Type: AWS::SageMaker::EndpointConfig\n"
BUCKET = "Resources:\n  B:\n    Type: AWS::S3::Bucket\n"
PLAN = '{"format_version":"1.2","terraform_version":"1.9.0","resource_changes":[]}'
ASSEMBLY = '{"version":"36.0.0","artifacts":{"app":{"type":"aws:cloudformation:stack"}}}'


pytestmark = pytest.mark.skipif(shutil.which("git") is None or os.name == "nt", reason="needs git")


@pytest.fixture
def top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    git(tmp_path, "init", "--quiet")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def found(top: Path, files: dict[str, str], *exclude: str, at: str = ".") -> Found:
    for name, text in files.items():
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text(text)
    return search(at, Excluded(".", exclude) if exclude else None)


def test_each_kind_is_found_by_what_stands_in_it(top: Path) -> None:
    files = {
        "infra/main.tf": "",
        "cfn/chat.yaml": TEMPLATE,
        "cfn/search.json": json.dumps({"Resources": {"C": {"Type": "AWS::SageMaker::Model"}}}),
        "cfn/odd.template": TEMPLATE,
        "app/cdk.out/manifest.json": ASSEMBLY,
        "app/cdk.out/app.template.json": json.dumps({"Resources": {"C": {"Type": "AWS::SageMaker::Model"}}}),
        "plans/a.json": PLAN,
        "plans/sorted.json": json.dumps({"applyable": True, "complete": True, "configuration": {}}),
        "state.json": '{"format_version":"1.0","terraform_version":"1.9.0","values":{}}',
    }
    inside = found(top, files)
    assert inside.has_source
    assert inside.inputs == (
        "app/cdk.out",
        "cfn/chat.yaml",
        "cfn/odd.template",
        "cfn/search.json",
        "plans/a.json",
        "plans/sorted.json",
        "state.json",
    )
    assert inside.notices == ()


def test_what_is_none_of_ours_is_passed_over(top: Path) -> None:
    files = {
        "main.tf": "",
        "k8s.yaml": "apiVersion: v1\nkind: Service\n---\nkind: Pod\n",
        "chart/templates/deploy.yaml": "{{- if .Values.on }}\nmetadata:\n  name: {{ .Release.Name }}-sagemaker\n",
        "docker-compose.yml": "services:\n  sagemaker: {image: x}\n",
        "package.json": '{"name": "sagemaker"}',
        "tags.yaml": "a: !vault |\n  sagemaker\n",
        "empty.yaml": "",
        "list.json": "[1, 2]",
        "schemas.json": '{"format_version":"1.0","provider_schemas":{}}',
        "validated.json": '{"format_version":"1.0","valid":true}',
        "site/manifest.json": '{"name": "a web app", "icons": []}',
        "s3.yaml": BUCKET,
        "report.json": '{"schema_version": "1.0", "endpoints": [], "prior_state": "sagemaker"}',
    }
    assert found(top, files) == Found(has_source=True, foreign=("s3.yaml",))


def test_a_plan_in_which_nothing_stands_is_not_passed_over(top: Path) -> None:
    """What made it has failed, or was asked for no plan: reading it says so. Files of other names may well be empty."""
    files = {
        "a/tfplan.json": "",
        "b/search.tfplan.json": " \n",
        "c/plan.json": "{}",
        "d/plan-prod.json": '{"format_version": "1.0"}\n',
        "explanation.json": "",
        "planets.json": "{}",
        "plan.yaml": "",
    }
    assert found(top, {"main.tf": "", **files}).inputs == tuple(list(files)[:4])


def test_folders_that_tools_fill_are_not_looked_into(top: Path) -> None:
    names = (".terraform/modules/m", "live/.terragrunt-cache/a/b", "node_modules/x", ".venv/lib", "venv/x")
    inside = found(top, {"a.yaml": TEMPLATE} | {f"{name}/stack.yaml": TEMPLATE for name in names})
    assert inside.inputs == ("a.yaml",)


def test_what_git_ignores_is_no_source_and_may_be_a_plan(top: Path) -> None:
    files = {
        ".gitignore": "build/\ncdk.out/\ntfplan.json\nout.yaml\n",
        "a.yaml": TEMPLATE,
        "out.yaml": TEMPLATE,
        "tfplan.json": PLAN,
        "build/stack.yaml": TEMPLATE,
        "build/main.tf": "",
        "build/plans/plan.json": PLAN,
        "build/very/deep/down/plan.json": PLAN,
        "cdk.out/manifest.json": ASSEMBLY,
    }
    inside = found(top, files)
    assert inside.inputs == ("a.yaml", "build/plans/plan.json", "cdk.out", "tfplan.json")
    assert not inside.has_source


def test_an_ignored_folder_that_is_named_is_searched(top: Path) -> None:
    inside = found(top, {".gitignore": "build/\n", "build/x/main.tf": ""}, at="build")
    assert inside.has_source


def test_settings_exclude_by_patterns_of_a_gitignore(top: Path) -> None:
    files = dict.fromkeys(("a.yaml", "before/b.yaml", "x/before/c.yaml", "d.fixture.yaml"), TEMPLATE)
    files |= {"before/plan.json": PLAN, "before/cdk.out/manifest.json": ASSEMBLY}
    assert found(top, files, "before/", "*.fixture.yaml").inputs == ("a.yaml",)
    assert found(top, {}, "/before/").inputs == ("a.yaml", "d.fixture.yaml", "x/before/c.yaml")


def test_examples_and_tests_count_if_they_are_named(top: Path) -> None:
    files = {"a.yaml": TEMPLATE, "tests/data/b.yaml": TEMPLATE, "examples/plan.json": PLAN}
    inside = found(top, files)
    assert inside.inputs == ("a.yaml",)
    assert inside.notices == ("not read, because examples and tests count if they are named: examples, tests/data",)
    assert found(top, {}, at="tests/data").inputs == ("tests/data/b.yaml",)


def test_a_nested_template_is_read_with_the_one_that_names_it(top: Path) -> None:
    parent = (
        "Resources:\n  S:\n    Type: AWS::CloudFormation::Stack\n    Properties: {TemplateURL: ./parts/child.yaml}\n"
    )
    inside = found(top, {"parent.yaml": parent, "parts/child.yaml": TEMPLATE, "parts/other.yaml": TEMPLATE})
    assert inside.inputs == ("parent.yaml", "parts/other.yaml")
    assert inside.notices == ("parts/child.yaml is read as part of parent.yaml",)


def test_what_sam_has_built_stands_for_the_template_it_was_made_of(top: Path) -> None:
    inside = found(top, {"app/template.yaml": TEMPLATE, "app/.aws-sam/build/template.yaml": TEMPLATE})
    assert inside.inputs == ("app/.aws-sam/build/template.yaml",)
    assert inside.notices == ("app/template.yaml is not read: app/.aws-sam/build/template.yaml was made of it",)


def test_definitions_are_read_where_there_is_nothing_else(top: Path) -> None:
    resources = {"TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1}}
    task = {"Resource": "arn:aws:states:::sagemaker:createTransformJob", "Parameters": resources}
    machine = json.dumps({"StartAt": "A", "States": {"A": task}})
    assert [Path(path).name for path in found(top, {"a.asl.json": machine}).inputs] == ["a.asl.json"]


@pytest.mark.parametrize(
    ("source", "counts"),
    [
        ({"main.tf": ""}, True),
        ({"main.tf": 'definition = file("${path.module}/a.asl.json")'}, False),
        ({"main.tf": 'definition = file("${each.key}.asl.json")'}, False),
        ({"sam.yaml": TEMPLATE + "# DefinitionUri: a.asl.json\n"}, False),
        ({"sam.yaml": TEMPLATE}, True),
    ],
)
def test_a_definition_counts_where_nothing_here_deploys_it(top: Path, source: dict[str, str], *, counts: bool) -> None:
    """What does deploy it reads it, and it must not count twice."""
    resources = {"TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1}}
    task = {"Resource": "arn:aws:states:::sagemaker:createTransformJob", "Parameters": resources}
    machine = json.dumps({"StartAt": "A", "States": {"A": task}})
    inside = found(top, {"a.asl.json": machine, **source})
    assert ("a.asl.json" in inside.inputs) is counts
    assert ("a.asl.json" in inside.definitions) is not counts


def test_what_makes_inference_when_it_runs_is_named(top: Path) -> None:
    machine = json.dumps({"StartAt": "A", "States": {"A": {"Resource": "arn:aws:states:::sagemaker:createEndpoint"}}})
    pipeline = json.dumps({"Version": "2020-12-01", "Steps": []})
    other = json.dumps({"StartAt": "A", "States": {"A": {"Resource": "arn:aws:states:::lambda:invoke"}}})
    source = 'x = fileset(path.module, "*.asl.json")\ny = fileset(path.module, "*.json")\n'
    inside = found(top, {"main.tf": source, "a.asl.json": machine, "p.json": pipeline, "o.json": other})
    said = [
        "a.asl.json is a definition that calls SageMaker, and read only where it is named",
        "p.json is the definition of a SageMaker pipeline, and read only where it is named",
    ]
    assert left(inside.definitions, ()) == said
    assert left(inside.definitions, {os.path.realpath("a.asl.json")}) == said[1:]


def test_templates_without_inference_are_read_only_where_there_is_nothing_else(top: Path) -> None:
    assert found(top, {"s3.yaml": BUCKET}).inputs == ("s3.yaml",)
    assert found(top, {"a.yaml": TEMPLATE}).inputs == ("a.yaml",)


def test_what_a_shell_writes_in_utf_16_is_found(top: Path) -> None:
    """PowerShell does for ``terraform show -json p > plan.json``."""
    (top / "plan.json").write_text(PLAN, encoding="utf-16")
    (top / "chat.yaml").write_text(TEMPLATE, encoding="utf-16")
    assert found(top, {}).inputs == ("chat.yaml", "plan.json")


def test_a_pointer_to_git_lfs_is_said(top: Path) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
    for name in ("chat.yaml", "plan.json"):
        (top / name).write_text(pointer)
    with pytest.raises(SourceError, match=r"only pointers to git LFS: chat\.yaml"):
        found(top, {})
    said = ("not read, because git LFS has the content (`git lfs pull`): chat.yaml, plan.json",)
    assert found(top, {"infra/main.tf": ""}).notices == said


def test_a_submodule_that_nobody_has_fetched_is_said(top: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    library, copy = tmp_path_factory.mktemp("library"), tmp_path_factory.mktemp("copy")
    git(library, "init", "--quiet")
    commit(library, {"main.tf": ""})
    git(top, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(library), "library")
    commit(top, {"stack.yaml": TEMPLATE})
    git(top, "clone", "--quiet", str(top), str(copy))
    os.chdir(copy)
    (copy / "empty").mkdir()
    told = "not read, because submodules are not here (`git submodule update --init`): library"
    assert search(".", None).notices == (told,)
    with pytest.raises(SourceError, match="only submodules that are not here: library") as raised:
        search("library", None)
    assert raised.value.hint == "git submodule update --init"


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"readme.md": ""}, "^. holds no Terraform source, template, cdk.out or plan$"),
        ({"tests/a.yaml": TEMPLATE}, "only examples and tests: ./?tests|only examples and tests: tests"),
    ],
)
def test_nothing_at_all_is_an_error(top: Path, files: dict[str, str], said: str) -> None:
    with pytest.raises(SourceError, match=said):
        found(top, files)


def test_links_to_folders_are_not_followed_and_files_that_cannot_be_read_hide_nothing(top: Path) -> None:
    (top / "a").mkdir()
    (top / "a" / "up").symlink_to("..")
    (top / "gone.yaml").symlink_to("nowhere")
    if hasattr(os, "mkfifo"):
        os.mkfifo(top / "pipe.yaml")
    assert found(top, {"a/a.yaml": TEMPLATE}).inputs == ("a/a.yaml",)


def test_another_work_tree_of_a_repository_is_not_entered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(tmp_path, "init", "--quiet")
    commit(tmp_path, {"a.yaml": TEMPLATE, "infra/main.tf": ""})
    git(tmp_path, "worktree", "add", "--quiet", "old")
    monkeypatch.chdir(tmp_path)
    assert search(".", None).inputs == ("a.yaml",)


# What a change could hide --------------------------------------------------------------------------------------------


def test_what_is_tracked_is_not_ignored_whatever_a_change_writes_into_gitignore(top: Path) -> None:
    """As git has it: ``.gitignore`` is for what is not tracked."""
    commit(top, {"infra/main.tf": "", "cfn/a.yaml": TEMPLATE})
    (top / ".gitignore").write_text("infra/\ncfn/\n*.yaml\n")
    inside = search(".", None)
    assert inside.has_source
    assert inside.inputs == ("cfn/a.yaml",)


def test_what_looks_like_a_build_of_sam_and_is_committed_stands_for_nothing(top: Path) -> None:
    commit(top, {"app/template.yaml": TEMPLATE, "app/.aws-sam/build/template.yaml": TEMPLATE})
    inside = search(".", None)
    assert inside.inputs == ("app/template.yaml",)
    assert inside.notices == ()


def test_a_manifest_in_a_folder_hides_no_source(top: Path) -> None:
    inside = found(top, {"infra/manifest.json": ASSEMBLY, "infra/chat/main.tf": "", "infra/chat/a.yaml": TEMPLATE})
    assert inside.has_source
    assert inside.inputs == ("infra",)


def test_without_a_repository_that_can_be_read_nothing_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then nobody can tell what is tracked, and looking at more hides nothing."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    assert found(tmp_path, {".gitignore": "*.yaml\n", "a.yaml": TEMPLATE}).inputs == ("a.yaml",)
