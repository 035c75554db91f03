"""The action, run step by step as a runner does: installed from a clean copy of this checkout, in folders with spaces.

The plan creates one real-time endpoint on two ml.m5.xlarge in us-east-1 that nothing scales: 2 x (0.23 USD x 730 h +
8 GB x 0.14 USD) = 338.04 USD a month, one error (`realtime-variants-scale`) and one note (`cost-tags-are-present`).
"""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import pytest
import yaml

from guardrail.commands.action import OUTPUTS, _matches
from guardrail.errors import GitHubError
from guardrail.evidence import bundle_file, merging
from guardrail.github.api import Api
from scripts.distributions import tracked
from tests import in_process
from tests.fixes.stack import BACKLOG, ENDPOINT, PROVIDER, TARGET, WAKE
from tests.github.server import TOKEN, Fault, GitHub, github
from tests.runner import Job, path_with_tools, run_action
from tests.test_packaging import UNREACHABLE

ROOT = Path(__file__).resolve().parent.parent
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
BIN = str(Path(sys.executable).parent)
HEAD = "a" * 40
SCALE = "aws_sagemaker_endpoint_configuration.ranker"
HOSTILE = (
    "x | <img src=x onerror=alert(1)> @everyone ](http://evil) %0A::set-output name=exit-code::0\n::error::`boo\u202e"
)

pytestmark = pytest.mark.skipif(
    shutil.which("bash") is None or shutil.which("git") is None or os.name == "nt", reason="needs bash and git"
)


def git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main")
    done = subprocess.run(["git", *who, *arguments], cwd=folder, capture_output=True, text=True, check=True)  # noqa: S607
    return done.stdout.strip()


@pytest.fixture(scope="module")
def action(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a runner has of the action: the files of this checkout that git knows, and nothing else."""
    if not (ROOT / ".git").exists():
        pytest.skip("this is no git checkout")
    folder = tmp_path_factory.mktemp("actions") / "your organisation" / "guardrail"
    for name in tracked():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def temp(tmp_path_factory: pytest.TempPathFactory, action: Path) -> Path:
    """A runner's folder for temporary files, with the action installed in it by its own first step."""
    folder = tmp_path_factory.mktemp("runner") / "temp with spaces"
    folder.mkdir()
    if shutil.which("uv", path=path_with_tools(BIN)) is None and importlib.util.find_spec("pip") is None:
        pytest.skip("neither uv nor pip")
    script = next(step["run"] for step in ACTION["runs"]["steps"] if step["name"] == "Install guardrail")
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],  # noqa: S607
        cwd=folder,
        env={
            **{name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")},
            "PATH": path_with_tools(BIN),
            "RUNNER_TEMP": str(folder),
            "GITHUB_ACTION_PATH": str(action),
            "GUARDRAIL_PYTHON": sys.executable,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode and any(sign in done.stderr for sign in UNREACHABLE):
        pytest.skip("the package index cannot be reached")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def server() -> Iterator[GitHub]:
    with github() as running:
        yield running


class Act(Protocol):
    def __call__(self, event: Any = None, *, name: str = "push", **inputs: str) -> Job: ...


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A checkout with one plan in it."""
    folder = tmp_path / "work space"
    folder.mkdir()
    git(folder, "init", "--quiet")
    (folder / "plan.json").write_text(plan())
    return folder


@pytest.fixture
def job_environment() -> dict[str, str]:
    """What the job sets for all of its steps; a test adds to it."""
    return {}


@pytest.fixture
def act(started: Callable[..., Job], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Job]:
    """`started`, but guardrail is run in this process: most tests are on what it says, not on who starts it.

    Nor does it wait for the list of comments, in which a server on loopback has what was written at once.
    """
    monkeypatch.setattr(Api, "pause", lambda *_: None)
    monkeypatch.setattr("guardrail.commands.action.subprocess", in_process.SUBPROCESS)
    return partial(started, starts=False)


@pytest.fixture
def started(
    action: Path, temp: Path, workspace: Path, server: GitHub, tmp_path: Path, job_environment: dict[str, str]
) -> Callable[..., Job]:
    """Run the action for an event, with inputs (``fail_on`` for fail-on); without a comment unless one is asked for."""
    mine = tmp_path / "temp of this job"
    mine.mkdir()
    (mine / "guardrail-venv").symlink_to(temp / "guardrail-venv")

    def run(event: dict[str, Any] | None = None, *, name: str = "push", starts: bool = True, **inputs: str) -> Job:
        payload = tmp_path / "event.json"
        payload.write_text(json.dumps(event or {}))
        environment = {
            "PATH": path_with_tools(BIN),
            "HOME": str(tmp_path),
            "TEST_TOKEN": TOKEN,
            "GITHUB_EVENT_NAME": name,
            "GITHUB_EVENT_PATH": str(payload),
            "GITHUB_API_URL": server.url,
            "GITHUB_REPOSITORY": "acme/shop",
            "GITHUB_RUN_ID": "50",
            "GITHUB_RUN_ATTEMPT": "1",
            "GUARDRAIL_PRICES": "bundled",
            "SOURCE_DATE_EPOCH": "1795305600",
            **job_environment,
        }
        (mine / "summary.md").unlink(missing_ok=True)
        given = {"path": "plan.json", "region": "us-east-1", "python": sys.executable, "comment": "off"}
        given |= {key.replace("_", "-"): value for key, value in inputs.items()}
        return run_action(action, workspace, mine, given, environment, starts=starts)

    return run


def plan(name: str = "ranker", action: str = "create") -> str:
    before = action == "no-op" or None
    variant = {"variant_name": "main", "model_name": "m", "instance_type": "ml.m5.xlarge", "initial_instance_count": 2}
    after = {
        "aws_sagemaker_endpoint_configuration": {"name": name, "production_variants": [variant]},
        "aws_sagemaker_endpoint": {"name": name, "endpoint_config_name": name},
    }
    changes = [
        {
            "address": f"{kind}.ranker",
            "mode": "managed",
            "type": kind,
            "name": "ranker",
            "provider_name": "registry.terraform.io/hashicorp/aws",
            "change": {"actions": [action], "before": before and values, "after": values, "after_unknown": {}},
        }
        for kind, values in after.items()
    ]
    return json.dumps({"format_version": "1.2", "terraform_version": "1.9.0", "resource_changes": changes})


def test_what_the_runner_reads_is_in_utf_8_also_where_the_system_writes_otherwise(
    started: Callable[..., Job], job_environment: dict[str, str], workspace: Path
) -> None:
    """As on Windows, where a pipe is in cp1252, which lacks the arrow."""
    job_environment["PYTHONIOENCODING"] = "cp1252"
    (workspace / "plan.json").write_text(plan("rank→er"))
    job = started()
    assert (job.exit_code, job.outputs["exit-code"]) == (1, "1")
    assert "rank→er" in job.log


def pull_request(*, head_repository: str | None = "acme/shop", base: str = "b" * 40) -> dict[str, Any]:
    return {
        "action": "synchronize",
        "number": 7,
        "pull_request": {
            "number": 7,
            "head": {"sha": HEAD, "ref": "cheaper", "repo": head_repository and {"full_name": head_repository}},
            "base": {"sha": base, "ref": "main", "repo": {"full_name": "acme/shop"}},
        },
    }


# Events --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["push", "workflow_dispatch", "schedule", "merge_group"])
def test_a_run_of_no_pull_request_checks_and_comments_nowhere(name: str, act: Act, server: GitHub) -> None:
    job = act({"ref": "refs/heads/main"}, name=name, comment="update")
    assert job.exit_code == 1
    assert job.ran == ["Install guardrail", "Check", "Comment", "Verdict"]
    assert job.summary.startswith("### ❌ This change adds 338 USD a month (0 → 338)\n")
    assert server.requests == []
    (error,) = (command for command in job.commands if command.name == "error")
    assert error.properties["file"] == "plan.json"
    assert error.properties["title"] == f"realtime-variants-scale: {SCALE}"
    assert "realtime-variants-scale" in job.log


def test_the_outputs_are_those_that_are_declared(started: Act, workspace: Path) -> None:
    job = started(sarif="out/guardrail.sarif", html="cost.html", junit="junit.xml")
    report = job.outputs.pop("report-json")
    assert job.outputs == {
        "exit-code": "1",
        "findings": "2",
        "monthly-floor": "338.04",
        "monthly-expected": "338.04",
        "monthly-ceiling": "338.04",
        "monthly-delta": "338.04",
        "has-news": "true",
        "sarif-file": str(workspace / "out" / "guardrail.sarif"),
        "html-file": str(workspace / "cost.html"),
    }
    assert json.loads(Path(report).read_text(encoding="utf-8"))["exit_code"] == 1
    assert json.loads((workspace / "out" / "guardrail.sarif").read_text(encoding="utf-8"))["version"] == "2.1.0"
    assert (workspace / "cost.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert "<testsuite" in (workspace / "junit.xml").read_text(encoding="utf-8")


def test_a_pull_request_from_a_branch_gets_one_comment(started: Act, server: GitHub) -> None:
    for job in [started(pull_request(), name="pull_request", comment="update") for _ in range(2)]:
        assert job.exit_code == 1
        assert job.said("warning") == []
        assert TOKEN not in job.log + job.summary
    (body,) = server.bodies()
    assert body.startswith(
        f"<!-- guardrail:comment tag=default -->\n<!-- guardrail:run commit={HEAD} id=50 attempt=1 -->\n"
        "### ❌ This change adds 338 USD a month (0 → 338)\n"
    )
    assert server.made("POST") == 1
    assert server.authorizations == {f"Bearer {TOKEN}"}


def test_a_good_change_is_a_good_job(act: Act, server: GitHub) -> None:
    job = act(pull_request(), name="pull_request", fail_on="never")
    assert (job.exit_code, job.outputs["exit-code"], job.outputs["findings"]) == (0, "0", "2")
    assert job.summary.startswith("### ⚪ This change adds 338 USD a month")
    assert server.requests == []


def test_comments_can_be_new_ones_or_none(act: Act, server: GitHub) -> None:
    assert act(pull_request(), name="pull_request", comment="off").ran == ["Install guardrail", "Check", "Verdict"]
    assert server.requests == []
    act(pull_request(), name="pull_request", tag="network/prod", comment="update")
    act(pull_request(), name="pull_request", tag="network/prod", comment="new")
    firsts = [body.partition("\n")[0] for body in server.bodies()]
    assert firsts == [
        "<!-- guardrail:comment tag=network/prod -->",
        "<!-- guardrail:comment tag=network/prod@50.1 -->",
    ]


def test_a_change_of_nothing_gets_no_comment_but_the_one_that_is_there_says_so(
    act: Act, server: GitHub, workspace: Path
) -> None:
    change, nothing = plan(), plan(action="no-op")
    (workspace / "plan.json").write_text(nothing)
    job = act(pull_request(), name="pull_request", comment="update")
    assert (job.exit_code, job.outputs["has-news"], server.bodies()) == (0, "false", [])
    (workspace / "plan.json").write_text(change)
    assert act(pull_request(), name="pull_request", comment="update").outputs["has-news"] == "true"
    (workspace / "plan.json").write_text(nothing)
    act(pull_request(), name="pull_request", comment="update")
    (body,) = server.bodies()
    assert "\n### ✅ Nothing of SageMaker changes any more: 338 USD a month" in body


def test_a_comment_on_every_pull_request_can_be_asked_for(act: Act, server: GitHub, workspace: Path) -> None:
    (workspace / "plan.json").write_text(plan(action="no-op"))
    act(pull_request(), name="pull_request", comment="update", only_when_changed="false")
    assert len(server.bodies()) == 1


def test_comment_and_page_link_to_the_commit_and_the_comment_to_the_run(
    act: Act, server: GitHub, workspace: Path, job_environment: dict[str, str]
) -> None:
    """The head is not in this checkout, so what is linked is what was read."""
    job_environment |= {"GITHUB_SERVER_URL": "https://github.com"}
    (workspace / "template.yaml").write_text(TEMPLATE[TEMPLATE.index("Resources:") :])
    git(workspace, "add", "--all")
    git(workspace, "commit", "--quiet", "--message", "x")
    job = act(pull_request(), name="pull_request", comment="update", path="template.yaml", html="page.html")
    read = git(workspace, "rev-parse", "HEAD")
    (body,) = server.bodies()
    assert f"(https://github.com/acme/shop/blob/{read}/template.yaml#L" in body
    page = Path(job.outputs["html-file"]).read_text()
    assert f'<a href="https://github.com/acme/shop/blob/{read}/template.yaml#L' in page
    assert "[full report](https://github.com/acme/shop/actions/runs/50)" in body


def test_a_missing_permission_is_a_warning_and_no_verdict(act: Act, server: GitHub) -> None:
    headers = {"X-Accepted-GitHub-Permissions": "pull_requests=write"}
    server.faults = [Fault("POST", status=403, headers=headers, body={"message": "Resource not accessible"})]
    job = act(pull_request(), name="pull_request", fail_on="never", comment="update")
    assert job.exit_code == 0
    (warning,) = job.said("warning")
    assert "it needs pull-requests: write" in warning
    assert job.summary.startswith("### ⚪ ")


# Forks ---------------------------------------------------------------------------------------------------------------


# Many stacks ---------------------------------------------------------------------------------------------------------


def test_jobs_of_a_matrix_write_sections_of_one_comment(act: Act, server: GitHub, workspace: Path) -> None:
    """The second one has no answer, and says so in its section: 338.04 are then at least that."""
    act(pull_request(), name="pull_request", comment="section", tag="chat/prod")
    (workspace / "plan.json").write_text("no plan")
    act(pull_request(), name="pull_request", comment="section", tag="search/prod")
    (body,) = server.bodies()
    assert "### ❌ What this change adds is not known (0 → ≥338 + usage)" in body
    assert "| ❌ `chat/prod` | **+338** | 0&nbsp;→ 338 |" in body
    assert "| ❓ `search/prod` | unknown | 0&nbsp;→ unknown |" in body
    assert "guardrail has no answer" in body


def test_a_last_job_merges_the_reports_of_the_others(act: Act, server: GitHub, workspace: Path) -> None:
    """338.04 each, so 676 together; the artefacts lie as they were downloaded."""
    for tag in ("chat", "search"):
        job = act(pull_request(), name="pull_request", tag=tag)
        (workspace / "reports" / tag).mkdir(parents=True)
        shutil.copy(job.outputs["report-json"], workspace / "reports" / tag / "report.json")
    inputs = {"path": "", "reports": "reports/*/report.json", "comment": "update"}
    job = act(pull_request(), name="pull_request", expect="chat\nsearch\nqueue", **inputs)
    assert (job.exit_code, job.outputs["exit-code"], job.outputs["monthly-expected"]) == (0, "0", "unknown")
    (body,) = server.bodies()
    assert "| **USD a month**, expected, + usage | unknown | 0&nbsp;→ ≥676 |" in body
    assert "| ❔ `queue` | not run on `aaaaaaa` |  |" in body
    assert act(pull_request(), name="pull_request", **inputs).exit_code == 0
    (body,) = server.bodies()
    assert "### ❌ This change adds 676 USD a month (0 → 676)" in body
    assert "queue" not in body


def test_what_is_to_be_merged_and_is_not_there_is_said(act: Act, server: GitHub) -> None:
    job = act(pull_request(), name="pull_request", path="", reports="nowhere/*.json", comment="update")
    assert job.exit_code == 2
    assert any("reports: nothing matches nowhere/*.json" in said for said in job.said("error"))
    assert server.requests == []


def test_where_every_job_has_failed_the_last_one_says_what_was_expected(act: Act, server: GitHub) -> None:
    inputs = {"path": "", "reports": "nowhere/*.json", "comment": "update"}
    job = act(pull_request(), name="pull_request", expect="chat\nsearch", **inputs)
    assert job.exit_code == 0
    (body,) = server.bodies()
    assert "### ❓ Not one stack was run on `aaaaaaa`" in body
    assert "and in no amount: `chat`, `search`" in body


class Fork:
    """A checkout of a pull request from a fork, made of a base that the team wrote and a head that a stranger did."""

    def __init__(self, workspace: Path) -> None:
        self.folder = workspace

    def commit(self, files: dict[str, str]) -> str:
        for name, text in files.items():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(text)
        git(self.folder, "add", "--all")
        git(self.folder, "commit", "--quiet", "--allow-empty", "--message", "x")
        return git(self.folder, "rev-parse", "HEAD")


@pytest.fixture
def fork(workspace: Path) -> Fork:
    return Fork(workspace)


def event_of_fork(base: str, repository: str | None = "mallory/shop") -> dict[str, Any]:
    return pull_request(head_repository=repository, base=base)


SOURCE = """\
variable "size" {}

resource "aws_sagemaker_endpoint_configuration" "chat" {
  name = "chat-${terraform.workspace}"
  production_variants {
    variant_name           = "main"
    model_name             = "chat"
    instance_type          = var.size
    initial_instance_count = 1
  }
}

resource "aws_sagemaker_endpoint" "chat" {
  name                 = "chat-${terraform.workspace}"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.chat.name
}
"""
WAIVER = f"waivers:\n- {{policy: realtime-variants-scale, address: {SCALE}, until: 2027-01-01, reason: because}}\n"
TAKEN_UP = {"policy": "realtime-variants-scale", "endpoint": "ranker@us-east-1", "part": "variant"}
BASELINE = json.dumps({"version": 1, "findings": [{**TAKEN_UP, "variant": "main", "monthly_usd": "9999"}]})


@pytest.mark.parametrize(
    "brought",
    [
        {".guardrail.yml": "fail_on: never\n"},
        {".guardrail.yml": "policies: {realtime-variants-scale: {severity: off}}\n"},
        {".guardrail.yml": WAIVER},
        {".guardrail-baseline.json": BASELINE},
    ],
    ids=["fail_on", "policy off", "waiver", "baseline"],
)
def test_a_fork_does_not_set_its_own_terms(brought: dict[str, str], act: Act, fork: Fork) -> None:
    base = fork.commit({"README.md": "a shop"})
    fork.commit(brought)
    assert act(event_of_fork(base), name="pull_request").exit_code == 1
    assert act(pull_request(base=base), name="pull_request").exit_code == 0, "a branch does, where a review sees it"


NAMED = """\
id: names-are-agreed
title: Names are agreed
severity: error
applies_to: endpoint
require: {endpoint.name: {in: {param: agreed}}}
params:
  agreed: {description: The names., type: strings, default: {file: ../names.txt}}
message: "{endpoint.label} is not agreed"
remediation: {terraform: "", cloudformation: ""}
help_uri: https://wiki.example.com/names
"""
ALL_BUT_NAMES = "policies: {realtime-variants-scale: {severity: off}}\npolicy_paths: [own]\n"


@pytest.mark.parametrize(
    ("terms", "names"),
    [
        ({".guardrail.yml": ALL_BUT_NAMES, "own/names-are-agreed.yaml": NAMED}, "names.txt"),
        (
            {
                ".guardrail.yml": ALL_BUT_NAMES.replace(
                    "off}", "off}, names-are-agreed: {params: {agreed: {file: ci/agreed.txt}}}"
                ),
                "own/names-are-agreed.yaml": NAMED,
                "names.txt": "nothing",
            },
            "ci/agreed.txt",
        ),
    ],
    ids=["of a policy", "of the settings"],
)
def test_a_fork_does_not_write_the_values_that_a_policy_reads(
    terms: dict[str, str], names: str, act: Act, fork: Fork
) -> None:
    """The base agrees on other names, and the change adds its own to the file, outside of the folder of policies."""
    base = fork.commit({**terms, names: "search\n"})
    fork.commit({names: "search\nranker\n"})
    assert act(event_of_fork(base), name="pull_request").exit_code == 1
    assert act(pull_request(base=base), name="pull_request").exit_code == 0


TEMPLATE = """\
Metadata:
  guardrail:
    ignore:
      - {id: realtime-variants-scale, until: 2027-01-31, reason: because}
Resources:
  Configuration:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      ProductionVariants:
        - {VariantName: main, ModelName: m, InstanceType: ml.m5.xlarge, InitialInstanceCount: 2}
  Endpoint:
    Type: AWS::SageMaker::Endpoint
    Properties: {EndpointConfigName: !GetAtt Configuration.EndpointConfigName}
"""


def test_a_fork_does_not_accept_its_own_findings_in_the_code(act: Act, fork: Fork) -> None:
    base = fork.commit({"README.md": "a shop"})
    fork.commit({"template.yaml": TEMPLATE})
    assert act(event_of_fork(base), name="pull_request", path="template.yaml").exit_code == 1
    assert act(pull_request(base=base), name="pull_request", path="template.yaml").exit_code == 0


STANDING = SOURCE.replace("var.size", '"ml.m5.xlarge"').replace(
    'name = "chat-${terraform.workspace}"', 'name_prefix = "chat"'
)
STANDING = 'provider "aws" {\n  region = "us-east-1"\n}\n' + STANDING.replace("${terraform.workspace}", "x")


def merged(fork: Fork, before: str, since: str, after: str) -> tuple[str, str]:
    """The base and the head of a pull request, of which GitHub's merge is checked out."""
    (fork.folder / "plan.json").unlink()
    began = fork.commit({"infra/main.tf": before})
    head = fork.commit({"infra/main.tf": after})
    git(fork.folder, "checkout", "--quiet", "-B", "main", began)
    base = fork.commit({"other/main.tf": since})
    git(fork.folder, "merge", "--quiet", "--no-ff", "--no-edit", head)
    return base, head


@pytest.mark.parametrize("from_fork", [False, True])
def test_a_folder_is_compared_with_the_base_of_the_pull_request(act: Act, fork: Fork, from_fork: bool) -> None:  # noqa: FBT001
    """One instance of 0.23 USD x 730 h + 8 GB x 0.14 USD = 169.02 USD more; what main gained since is on both sides."""
    two = STANDING.replace("initial_instance_count = 1", "initial_instance_count = 2")
    since = STANDING.replace("chat", "since")
    base, head = merged(fork, STANDING, since, two)
    event = pull_request(head_repository="mallory/shop" if from_fork else "acme/shop", base=base)
    event["pull_request"]["head"]["sha"] = head
    job = act(event, name="pull_request", path=".")
    assert job.outputs["monthly-expected"] == "507.06", job.log
    assert job.outputs["monthly-delta"] == "169.02", job.log
    assert act(event, name="pull_request", path=".", compare_to="none").outputs["monthly-delta"] == "unknown"


def test_a_merge_of_a_strangers_own_is_no_base(act: Act, fork: Fork) -> None:
    """Checked out as the head of the pull request: its first parent is a past that its author has made."""
    base = fork.commit({"infra/main.tf": STANDING})
    forged = fork.commit({"infra/main.tf": STANDING.replace("count = 1", "count = 9")})
    git(fork.folder, "checkout", "--quiet", "-b", "side", base)
    fork.commit({"x": ""})
    git(fork.folder, "checkout", "--quiet", "-B", "pr", forged)
    git(fork.folder, "merge", "--quiet", "--no-ff", "--no-edit", "side")
    event = event_of_fork(base)
    event["pull_request"]["head"]["sha"] = git(fork.folder, "rev-parse", "HEAD")
    job = act(event, name="pull_request", path="infra")
    assert job.outputs["monthly-delta"] == "1352.16", "8 x 169.02: nine after, one before"


def test_a_checkout_without_history_says_what_to_fetch(act: Act, fork: Fork) -> None:
    fork.commit({"infra/main.tf": STANDING})
    event = pull_request(head_repository="acme/shop", base="b" * 40)
    job = act(event, name="pull_request", path="infra")
    assert job.outputs["monthly-delta"] == "unknown"
    assert any(
        "what stood before the change is not known" in each and "fetch-depth: 2" in each for each in job.said("notice")
    )


def test_a_template_is_compared_with_that_of_the_base(act: Act, fork: Fork) -> None:
    """Three instances instead of two: 169.02 USD a month more. What was wrong before is no finding of the change."""
    template = TEMPLATE.partition("Resources:")[1] + TEMPLATE.partition("Resources:")[2]
    base = fork.commit({"templates/a.yaml": template, "templates/b.yaml": template})
    fork.commit({"templates/a.yaml": template.replace("InitialInstanceCount: 2", "InitialInstanceCount: 3")})
    job = act(event_of_fork(base), name="pull_request", path="templates/*.yaml", compare_to=base, budget_delta="169.01")
    assert (job.outputs["monthly-expected"], job.outputs["monthly-delta"]) == ("845.10", "169.02")
    assert "above 169.01" in job.summary
    assert job.exit_code == 1


def test_a_fork_that_was_deleted_is_a_fork(act: Act, fork: Fork) -> None:
    base = fork.commit({"README.md": "a shop"})
    fork.commit({".guardrail.yml": "fail_on: never\n"})
    assert act(event_of_fork(base, None), name="pull_request").exit_code == 1


@pytest.mark.parametrize(
    "written",
    [
        {"infra/.guardrail.yml": "fail_on: never\n", ".guardrail.yml": "fail_on: note\n"},
        {".guardrail.yml": WAIVER},
        {".guardrail-baseline.json": BASELINE},
        {".guardrail.yml": "baseline: {file: ci/known.json}\n", "ci/known.json": BASELINE},
    ],
    ids=["nearest", "waiver", "baseline", "named baseline"],
)
def test_the_terms_of_the_base_hold_for_a_fork(written: dict[str, str], act: Act, fork: Fork) -> None:
    base = fork.commit({**written, "infra/plan.json": plan()})
    for name in written:
        (fork.folder / name).unlink()
    fork.commit({".guardrail.yml": "policies: {realtime-variants-scale: {severity: error}}\n"})
    job = act(event_of_fork(base), name="pull_request", path="infra/plan.json")
    assert job.exit_code == 0, job.log


def test_terms_of_the_base_are_named_by_their_paths_in_the_repository(act: Act, fork: Fork) -> None:
    """Not by those of the copies that are taken for the check; what the fork makes of a file is said not to count."""
    terms = {"infra/.guardrail.yml": "budget: {max_expected_usd: 1}\n", "infra/guardrail-usage.yml": "version: 1\n"}
    base = fork.commit({**terms, "infra/plan.json": plan()})
    fork.commit({"infra/.guardrail.yml": "budget: {max_expected_usd: 100000}\n"})
    job = act(event_of_fork(base), name="pull_request", path="infra/plan.json")
    report = json.loads(Path(job.outputs["report-json"]).read_text())
    assert [budget["origin"] for budget in report["budgets"]] == ["infra/.guardrail.yml"]
    assert (report["settings_file"], report["usage_file"]) == ("infra/.guardrail.yml", "infra/guardrail-usage.yml")
    assert report["notices"] == [
        "infra/.guardrail.yml does not count for infra/plan.json as it is here, but as the base has it"
    ]
    assert "/base/" not in json.dumps(report) + job.summary


def test_files_that_the_workflow_names_come_from_the_base_too(act: Act, fork: Fork) -> None:
    strict = "budget: {max_expected_usd: 1}\n"
    base = fork.commit({"ci/terms.yml": strict})
    fork.commit({"ci/terms.yml": "fail_on: never\n", "ci/other.yml": "fail_on: never\n"})
    job = act(event_of_fork(base), name="pull_request", config="ci/terms.yml")
    assert job.exit_code == 1
    assert "above 1.00" in job.summary
    missing = act(event_of_fork(base), name="pull_request", config="ci/other.yml")
    assert missing.exit_code == 2
    assert "config: ci/other.yml is not in the base branch" in missing.summary


def test_price_tables_that_the_workflow_names_come_from_the_base(act: Act, fork: Fork) -> None:
    """The fork makes an hour of ml.m5.xlarge free: the base's 0.23 counts, and with it 338.04 a month."""
    tables = [path for path in (ROOT / "pricing").iterdir() if path.suffix in (".csv", ".json")]
    base = fork.commit({f"ci/prices/{path.name}": path.read_text(encoding="utf-8") for path in tables})
    bundled = (ROOT / "pricing" / "us-east-1.csv").read_text(encoding="utf-8")
    free = bundled.replace("Host:ml.m5.xlarge,Hrs,0.23,", "Host:ml.m5.xlarge,Hrs,0.0000001,")
    assert free != bundled
    fork.commit({"ci/prices/us-east-1.csv": free})
    job = act(event_of_fork(base), name="pull_request", prices="ci/prices")
    assert (job.exit_code, job.outputs["monthly-expected"]) == (1, "338.04")


def test_variables_policies_and_old_findings_can_be_named(act: Act, workspace: Path) -> None:
    assert act(skip_policy="realtime-variants-scale\ncost-tags-are-present").outputs["findings"] == "0"
    (workspace / "infra").mkdir()
    (workspace / "infra" / "main.tf").write_text(SOURCE)
    job = act(path="infra", var="size=ml.m5.large", workspace="prod")
    report = json.loads(Path(job.outputs["report-json"]).read_text(encoding="utf-8"))
    assert [item["name"] for item in report["endpoints"]] == ["chat-prod"]
    assert report["endpoints"][0]["variants"][0]["instance_type"] == "ml.m5.large"


def test_a_fork_whose_base_is_not_known_is_an_error(act: Act, fork: Fork) -> None:
    fork.commit({".guardrail.yml": "fail_on: never\n"})
    assert act(event_of_fork(""), name="pull_request").exit_code == 2
    odd = act(event_of_fork("--help"), name="pull_request")
    assert "the base of the pull request is no commit: '--help'" in odd.said("error")[0]


def test_a_checkout_without_the_base_is_an_error_with_its_remedy(act: Act, fork: Fork, tmp_path: Path) -> None:
    base = fork.commit({"README.md": "a shop"})
    fork.commit({".guardrail.yml": "fail_on: never\n"})
    whole = tmp_path / "whole"
    fork.folder.rename(whole)
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{whole}", str(fork.folder))
    job = act(event_of_fork(base), name="pull_request")
    assert job.exit_code == 2
    (error,) = job.said("error")
    assert f"the base commit {base[:12]}, whose settings count for a fork, is not in this checkout" in error
    assert "actions/checkout with fetch-depth: 0" in error
    assert "fetch-depth: 0" in job.summary
    assert act(pull_request(base=base), name="pull_request").exit_code == 0, "a branch needs no base"


def test_a_fork_whose_token_may_only_read_keeps_verdict_summary_and_annotations(
    act: Act, fork: Fork, server: GitHub
) -> None:
    base = fork.commit({"README.md": "a shop"})
    server.faults = [Fault("POST", status=403, body={"message": "Resource not accessible by integration"})]
    job = act(event_of_fork(base), name="pull_request", comment="update")
    assert job.exit_code == 1
    assert job.summary.startswith("### ❌ This change adds 338 USD a month (0 → 338)\n")
    assert len(job.said("error")) == 1
    assert job.said("warning") == []
    assert any("no comment was written" in notice for notice in job.said("notice"))


# Suggestions ---------------------------------------------------------------------------------------------------------

READER = PROVIDER + ENDPOINT + TARGET.replace("= 1\n", "= 0\n") + BACKLOG + WAKE


def of_reader(fork: Fork, server: GitHub, repository: str) -> dict[str, Any]:
    """A pull request that raises the minimum of a queue's endpoint, line 31, as GitHub's merge of it is checked out."""
    base, server.head = merged(
        fork, READER, "# since\n", READER.replace("min_capacity       = 0", "min_capacity       = 1")
    )
    lines = (fork.folder / "infra/main.tf").read_text().split("\n")
    assert "min_capacity" in lines[30]
    patch = "\n".join(["@@ -31,2 +31,2 @@", f"-{lines[30].replace('1', '0')}", f"+{lines[30]}", f" {lines[31]}"])
    blob = git(fork.folder, "rev-parse", f"{server.head}:infra/main.tf")
    server.files = [{"filename": "infra/main.tf", "sha": blob, "patch": patch}]
    event = pull_request(head_repository=repository, base=base)
    event["pull_request"]["head"]["sha"] = server.head
    return event


def test_a_fix_of_what_the_change_brings_is_suggested_once(started: Act, act: Act, fork: Fork, server: GitHub) -> None:
    event = of_reader(fork, server, "acme/shop")
    for run in (started, act):
        job = run(event, name="pull_request", path="infra", comment="update", suggest="true")
        assert job.said("warning") == []
        assert TOKEN not in job.log
    (suggestion,) = server.review_comments
    assert (suggestion["path"], suggestion["line"]) == ("infra/main.tf", 31)
    assert "\n```suggestion\n  min_capacity       = 0\n```\n" in suggestion["body"]
    assert "suggestions on acme/shop#7: 1 as before" in job.log
    assert len(server.comments) == 1


def test_a_fork_gets_a_comment_and_suggestions_from_neither_its_token_nor_its_terms(
    act: Act, fork: Fork, server: GitHub
) -> None:
    """Its token may only read, which is said once; and with one that may write, its own settings do not count."""
    fork.commit({".guardrail.yml": "fail_on: warning\n"})
    event = of_reader(fork, server, "mallory/shop")
    (fork.folder / ".guardrail.yml").write_text("policies: {async-scales-to-zero: {severity: off}}\n")
    server.faults = [Fault("POST", status=403, headers={"X-Accepted-GitHub-Permissions": "pull_requests=write"})]
    job = act(event, name="pull_request", path="infra", comment="update", suggest="true")
    assert (job.exit_code, server.review_comments) == (1, [])
    assert len([notice for notice in job.said("notice", "warning") if "pull-requests: write" in notice]) == 1
    act(event, name="pull_request", path="infra", comment="update", suggest="true")
    assert len(server.review_comments) == 1


def test_what_cannot_be_fixed_is_a_notice_and_no_verdict(act: Act, server: GitHub) -> None:
    """A plan without its source beside it."""
    job = act(pull_request(), name="pull_request", comment="update", suggest="true")
    assert (job.exit_code, server.review_comments) == (1, [])
    (notice,) = [each for each in job.said("notice") if each.startswith("nothing is suggested\n")]
    assert "the source of plan.json is not at hand" in notice


def test_reading_the_base_leaves_the_checkout_as_it_was(act: Act, fork: Fork) -> None:
    base = fork.commit({"README.md": "a shop", "gone.txt": "x"})
    (fork.folder / "gone.txt").unlink()
    fork.commit({"README.md": "a cheaper shop"})
    (fork.folder / "README.md").write_text("not committed")
    act(event_of_fork(base), name="pull_request")
    assert git(fork.folder, "status", "--porcelain") == "M README.md"
    assert (fork.folder / "README.md").read_text() == "not committed"


# Events whose code is nobody knows whose -----------------------------------------------------------------------------


UNKNOWN_CODE = ["issue_comment", "workflow_run", "pull_request_target", "pull_request_review", "release", ""]


@pytest.mark.parametrize("name", UNKNOWN_CODE)
def test_an_event_that_does_not_say_whose_code_it_is_has_no_answer(name: str, act: Act, fork: Fork) -> None:
    """Each can run for the code of a fork that an earlier step has checked out."""
    fork.commit({".guardrail.yml": "fail_on: never\n"})
    job = act(pull_request() if "pull_request" in name else {}, name=name)
    assert job.exit_code == 2
    (error,) = job.said("error")
    assert "whose terms count, cannot be told" in error
    assert "terms-from: the revision" in error


@pytest.mark.parametrize("name", ["issue_comment", "pull_request_target", "pull_request"])
def test_the_workflow_can_say_whose_terms_count(name: str, act: Act, fork: Fork) -> None:
    fork.commit({".guardrail.yml": "budget: {max_expected_usd: 1}\n"})
    git(fork.folder, "branch", "trusted")
    fork.commit({".guardrail.yml": "fail_on: never\n", "template.yaml": TEMPLATE})
    event = pull_request() if "pull_request" in name else {}
    job = act(event, name=name, terms_from="trusted", path="template.yaml")
    assert job.exit_code == 1
    assert "above 1.00" in job.summary
    assert "realtime-variants-scale" in job.summary, "no waiver in the code holds"
    missing = act(event, name=name, terms_from="nowhere", path="template.yaml")
    assert missing.exit_code == 2
    assert "terms-from: nowhere is no git revision here" in missing.said("error")[0]


def test_code_of_a_fork_does_not_see_the_variables_of_the_job(
    started: Act, fork: Fork, job_environment: dict[str, str]
) -> None:
    job_environment |= {"TF_VAR_name": "nightingale", "TF_WORKSPACE": "nightingale"}
    text = (
        'variable "name" {}\nprovider "aws" { region = "us-east-1" }\n'
        'resource "aws_sagemaker_endpoint" "e" {\n  name = "${var.name}-${terraform.workspace}"\n'
        '  endpoint_config_name = "c"\n}\n'
    )
    base = fork.commit({"infra/main.tf": text})
    ours = started(pull_request(base=base), name="pull_request", path="infra")
    assert "nightingale-nightingale" in Path(ours.outputs["report-json"]).read_text()
    theirs = started(event_of_fork(base), name="pull_request", path="infra")
    assert "nightingale" not in theirs.log + theirs.summary + Path(theirs.outputs["report-json"]).read_text()


# What a change does to its own terms ---------------------------------------------------------------------------------


def test_the_terms_that_a_branch_alters_stand_in_its_headline(act: Act, fork: Fork, server: GitHub) -> None:
    base = fork.commit({".guardrail.yml": "budget: {max_expected_usd: 300}\n"})
    fork.commit({".guardrail.yml": f"fail_on: never\n{WAIVER}", ".guardrail-baseline.json": BASELINE})
    job = act(pull_request(base=base), name="pull_request", comment="update")
    assert job.exit_code == 0
    (body,) = server.bodies()
    for text in (job.summary, body):
        assert "### ✅ By terms it alters: this change adds 338 USD a month" in text
        line = next(line for line in text.splitlines() if "alters the terms it is judged by" in line)
        for phrase in (
            "from error to never",
            "from 300 to no limit",
            "a waiver of realtime",
            "takes up 1 more finding",
        ):
            assert phrase in line


def test_evidence_that_a_pull_request_brings_is_named_and_of_a_fork_does_not_count(act: Act, fork: Fork) -> None:
    seen = bundle_file.text(merging.merged(()))
    settings = {".guardrail.yml": "evidence: evidence.json\n"}
    first = fork.commit({"README.md": "a shop"})
    fork.commit({**settings, "evidence.json": seen})
    for inputs in ({}, {"evidence": "evidence.json"}):
        ours = act(pull_request(base=first), name="pull_request", **inputs)
        assert "by terms it alters" in ours.summary.lower()
        assert "it brings the evidence that counts" in ours.summary
        assert json.loads(Path(ours.outputs["report-json"]).read_text())["evidence_file"] == "evidence.json"
    theirs = act(event_of_fork(first), name="pull_request")
    assert json.loads(Path(theirs.outputs["report-json"]).read_text())["evidence_file"] is None
    named = act(event_of_fork(first), name="pull_request", evidence="evidence.json")
    assert named.exit_code == 2
    assert "evidence: evidence.json is not in the base branch" in named.summary


def test_a_waiver_that_a_branch_writes_into_its_code_stands_in_its_headline(act: Act, fork: Fork) -> None:
    bare = TEMPLATE.partition("Resources:")[1] + TEMPLATE.partition("Resources:")[2]
    first = fork.commit({"template.yaml": bare})
    second = fork.commit({"template.yaml": TEMPLATE})
    fork.commit({"README.md": "x"})
    told = "a waiver of realtime-variants-scale in template.yaml until 2027-01-31"
    job = act(pull_request(base=first), name="pull_request", path="template.yaml")
    assert "### ✅ By terms it alters: " in job.summary
    assert told in " ".join(job.log.split()), "in lines of the terminal's width"
    job = act(pull_request(base=second), name="pull_request", path="template.yaml")
    assert "alters" not in job.summary + job.log


def test_terms_that_stay_are_not_worth_a_word(act: Act, fork: Fork) -> None:
    base = fork.commit({".guardrail.yml": "fail_on: never\n", "ci/usage.yml": ""})
    fork.commit({"README.md": "x"})
    job = act(pull_request(base=base), name="pull_request", usage_file="ci/usage.yml")
    assert "alters" not in job.summary
    assert not [notice for notice in job.said("notice") if "terms" in notice]


def test_a_checkout_without_the_base_says_that_altered_terms_are_not_known(act: Act, fork: Fork) -> None:
    """A branch needs no base for its answer, so its absence does not take the answer away."""
    fork.commit({".guardrail.yml": "fail_on: never\n"})
    job = act(pull_request(), name="pull_request")
    assert job.exit_code == 0
    (notice,) = (notice for notice in job.said("notice") if "terms" in notice)
    assert "whether the change alters its own terms is not known" in notice
    assert "fetch-depth: 0" in notice
    (fork.folder / ".guardrail.yml").unlink()
    job = act(pull_request(), name="pull_request")
    assert not [notice for notice in job.said("notice") if "terms" in notice], "there are none to alter"


def test_files_that_the_workflow_names_are_terms_too(act: Act, fork: Fork) -> None:
    base = fork.commit({"ci/terms.yml": "fail_on: error\n"})
    fork.commit({"ci/terms.yml": "fail_on: never\n"})
    job = act(pull_request(base=base), name="pull_request", config="ci/terms.yml")
    assert "from error to never" in job.summary


def test_the_past_of_code_of_others_is_that_of_the_base(act: Act, fork: Fork) -> None:
    """A change that rewrites what it is compared with would add nothing."""
    template = TEMPLATE.partition("Resources:")[1] + TEMPLATE.partition("Resources:")[2]
    dearer = template.replace("InitialInstanceCount: 2", "InitialInstanceCount: 3")
    base = fork.commit({"old.yaml": template, "template.yaml": template})
    fork.commit({"old.yaml": dearer, "template.yaml": dearer})
    job = act(event_of_fork(base), name="pull_request", path="template.yaml", compare_to="old.yaml")
    assert job.outputs["monthly-delta"] == "169.02"


def test_a_submodule_does_not_set_the_terms_of_the_folder_it_takes_the_place_of(
    act: Act, fork: Fork, tmp_path: Path
) -> None:
    """Its repository is the stranger's, and so is its branch ``main``."""
    forged = tmp_path / "forged"
    forged.mkdir()
    git(forged, "init", "--quiet")
    (forged / ".guardrail.yml").write_text("fail_on: never\n")
    (forged / "plan.json").write_text(plan())
    git(forged, "add", "--all")
    git(forged, "commit", "--quiet", "--message", "x")
    base = fork.commit({"infra/plan.json": plan()})
    shutil.rmtree(fork.folder / "infra")
    fork.commit({})
    git(fork.folder, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(forged), "infra")
    for inputs in ({"terms_from": "main"}, {"terms_from": base}):
        job = act(event_of_fork(base), name="pull_request", working_directory="infra", **inputs)
        assert job.exit_code == 2
    job = act(event_of_fork(base), name="pull_request", path="infra/plan.json")
    assert job.exit_code == 1, "from above, the terms are those of the repository itself"


def test_a_folder_that_looks_like_a_repository_is_not_asked_for_the_past(act: Act, fork: Fork, tmp_path: Path) -> None:
    """The fork brings one, with a base commit of its own making and a configuration that would run a command."""
    base = fork.commit({"README.md": "a shop"})
    forged = tmp_path / "forged"
    forged.mkdir()
    git(forged, "init", "--quiet")
    (forged / "template.yaml").write_text(TEMPLATE)
    git(forged, "add", "--all")
    git(forged, "commit", "--quiet", "--message", "x")
    past = git(forged, "rev-parse", "HEAD")
    shutil.rmtree(forged / ".git" / "hooks", ignore_errors=True)
    shutil.copytree(forged / ".git", fork.folder / "stack")
    (fork.folder / "stack" / "config").write_text(
        "[core]\n\trepositoryformatversion = 1\n\tworktree = .\n[extensions]\n\tpartialClone = origin\n"
        f'[remote "origin"]\n\turl = {forged}\n\tpromisor = true\n\tuploadpack = "touch {tmp_path}/harm #"\n'
    )
    fork.commit({"stack/template.yaml": TEMPLATE})
    for revision in (past, "1" * 40):
        job = act(event_of_fork(base), name="pull_request", path="stack/template.yaml", compare_to=revision)
        assert job.exit_code == 2
        assert "is no git revision here" in job.summary
    job = act(event_of_fork(base), name="pull_request", path="stack/template.yaml", compare_to=base)
    assert job.outputs["monthly-delta"] == "338.04", "all of it is new"
    assert not (tmp_path / "harm").exists()


# Text of others ------------------------------------------------------------------------------------------------------


def test_names_from_a_plan_are_text_in_the_log_the_outputs_and_the_summary(started: Act, workspace: Path) -> None:
    (workspace / "plan.json").write_text(plan(HOSTILE))
    job = started(pull_request(), name="pull_request")
    assert job.outputs["exit-code"] == "1"
    assert {command.name for command in job.commands} == {"error", "notice"}
    assert not [message for message in job.said("error") if message.startswith("`boo")]


def test_what_the_check_prints_stands_where_the_runner_reads_no_commands(started: Act, workspace: Path) -> None:
    (workspace / "broken.json").write_text("{")
    logs = {name: started(path=name).log for name in ("plan.json", "broken.json")}
    for name, log in logs.items():
        found = re.search(r"^::stop-commands::([0-9a-f]{32})\n(.*)^::\1::$", log, re.MULTILINE | re.DOTALL)
        assert found is not None, log
        assert name in found[2]
        assert name not in log[: found.start()]
    assert len({log.partition("::stop-commands::")[2][:32] for log in logs.values()}) == 2


def test_the_check_does_not_see_a_token_that_the_job_gives_to_every_step(
    started: Act, job_environment: dict[str, str], tmp_path: Path
) -> None:
    """Every Python that starts writes down how it was called, and whether a token is around."""
    (tmp_path / "sitecustomize.py").write_text(
        "import os, sys\n"
        f"with open({str(tmp_path / 'calls')!r}, 'a') as file:\n"
        "    print(sys.orig_argv[4:6], any('secret' in value for value in os.environ.values()), file=file)\n"
    )
    job_environment |= {"PYTHONPATH": str(tmp_path), "GITHUB_TOKEN": "secret", "GH_TOKEN": "secret"}
    started()
    calls = (tmp_path / "calls").read_text().splitlines()
    assert calls == ["['action', 'check'] True", "['check', '--any-owner'] False"]


def test_what_an_unreadable_plan_says_is_text_too(act: Act, workspace: Path) -> None:
    (workspace / "plan.json").write_text("::error::boo\n##[error]boo\n::set-output name=exit-code::0\n")
    job = act(pull_request(), name="pull_request")
    assert job.exit_code == 2
    (error,) = job.said("error")
    assert error.startswith("guardrail: plan.json")


def test_inputs_are_text_and_never_code(started: Act, workspace: Path) -> None:
    job = started(path="plan.json\n$(touch harm)\n`touch harm`", tag="'; touch harm; '", region="$(touch harm)")
    assert job.exit_code == 2
    assert "no tag" in job.summary
    started(region="$(touch harm)", config="`touch harm`")
    assert not (workspace / "harm").exists()


def test_modules_and_settings_of_tools_in_a_checkout_do_not_run(started: Act, workspace: Path) -> None:
    """A pull request can bring any file to the place where the steps run."""
    for name in ("guardrail.py", "msgspec.py", "sitecustomize.py", "json.py", "conftest.py"):
        (workspace / name).write_text("open('harm', 'w')\nraise SystemExit(0)\n")
    (workspace / "uv.toml").write_text('index-url = "http://127.0.0.1:9/simple"\n')
    assert started().exit_code == 1
    assert not (workspace / "harm").exists()


def test_a_report_is_not_written_through_a_link_that_leads_out_of_the_workspace(
    act: Act, workspace: Path, tmp_path: Path
) -> None:
    (tmp_path / "outside").mkdir()
    (workspace / "out").symlink_to(tmp_path / "outside")
    job = act(sarif="out/x.sarif")
    assert job.exit_code == 2
    assert "symbolic link" in job.said("error")[0]
    assert list((tmp_path / "outside").iterdir()) == []


# Inputs --------------------------------------------------------------------------------------------------------------


def test_several_stacks_are_one_check(act: Act, workspace: Path) -> None:
    for stack in ("a b", "c"):
        (workspace / "stacks" / stack).mkdir(parents=True)
        (workspace / "stacks" / stack / "plan.json").write_text(plan())
    job = act(path="stacks/**/plan.json\nplan.json\n", budget="1000")
    assert job.outputs["monthly-expected"] == "1014.12", "three times 338.04"
    assert "above 1,000.00" in job.summary
    elsewhere = act(path="*/plan.json", working_directory="stacks", budget="1000", junit="junit.xml")
    assert elsewhere.outputs["monthly-expected"] == "676.08"
    assert (workspace / "stacks" / "junit.xml").exists()


MATCHES = [
    ("*.json", ["plan.json"]),
    ("**/plan.json", ["a/b/plan.json", "a/plan.json", "c/plan.json", "plan.json"]),
    ("a/**/*.json", ["a/b/plan.json", "a/plan.json"]),
    ("[ac]/p?an.json", ["a/plan.json", "c/plan.json"]),
    (".*/plan.json", [".hidden/plan.json"]),
    ("*/b", ["a/b"]),
]


@pytest.mark.parametrize(("pattern", "found"), MATCHES)
def test_a_pattern_matches_as_in_a_shell_and_goes_through_no_link(
    pattern: str, found: list[str], tmp_path: Path
) -> None:
    """A link to its own folder would be another input at every depth: each plan of a change some forty times."""
    for name in ("plan.json", "a/plan.json", "a/b/plan.json", "c/plan.json", ".hidden/plan.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("{}")
    (tmp_path / "loop").symlink_to(".")
    (tmp_path / "a" / "loop").symlink_to("..")
    assert _matches("path", pattern, str(tmp_path)) == found


def test_a_search_without_end_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("guardrail.limits.MOST_FILES", 3)
    for name in "abcd":
        (tmp_path / name).write_text("")
    with pytest.raises(GitHubError, match=r"path: \*\* cannot be searched: there are more than 3 files"):
        _matches("path", "**", str(tmp_path))


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"path": "nowhere/*.json"}, "path: nothing matches nowhere/*.json"),
        ({"path": "nowhere.json"}, "nowhere.json"),
        ({"path": "-"}, "a step has no standard input"),
        ({"path": "\n"}, "path: nothing to check"),
        ({"working_directory": "nowhere"}, "there is no directory nowhere"),
        ({"strict": "maybe"}, "strict: 'maybe' is neither true nor false"),
        ({"fail_on": "eror"}, "eror"),
        ({"budget": "much"}, "'much' is not an amount"),
        ({"config": "nowhere.yml"}, "cannot read nowhere.yml"),
    ],
)
def test_a_wrong_input_is_no_answer_and_said_everywhere(inputs: dict[str, str], words: str, act: Act) -> None:
    job = act(**inputs)
    assert (job.exit_code, job.outputs["exit-code"]) == (2, "2")
    assert {value for name, value in job.outputs.items() if name.startswith("monthly") or name == "findings"} == {
        "unknown"
    }
    assert job.summary.startswith("### ❓ guardrail has no answer")
    assert any(words in message for message in job.said("error"))


def test_no_answer_replaces_the_answer_on_an_older_commit(act: Act, server: GitHub, workspace: Path) -> None:
    act(pull_request(), name="pull_request", fail_on="never", comment="update")
    (workspace / "plan.json").write_text("{")
    assert act(pull_request(), name="pull_request", fail_on="never", comment="update").exit_code == 2
    (body,) = server.bodies()
    assert "### ❓ guardrail has no answer" in body


def test_summary_and_annotations_can_be_turned_off(act: Act) -> None:
    job = act(summary="false", annotations="false")
    assert (job.exit_code, job.summary, job.commands) == (1, "", [])


def test_what_is_unknown_is_no_number(act: Act) -> None:
    """In an expression an empty output is zero, and so is 0.00: below every limit. These two are no numbers there."""
    job = act(region="")
    assert job.outputs["monthly-expected"] == ">=0.00"
    assert job.outputs["monthly-delta"] == "unknown"


# action.yml ----------------------------------------------------------------------------------------------------------


def test_every_input_reaches_its_step_through_the_environment() -> None:
    steps = ACTION["runs"]["steps"]
    passed = [value for step in steps for value in step["env"].values() if value.startswith("${{ inputs.")]
    assert set(passed) == {f"${{{{ inputs.{name} }}}}" for name in ACTION["inputs"]}
    assert not [step["name"] for step in steps if "${{" in step["run"]]
    assert not [step["name"] for step in steps if "uses" in step]


def test_inputs_and_outputs_are_kebab_case_and_outputs_are_those_of_the_program() -> None:
    names = [*ACTION["inputs"], *ACTION["outputs"]]
    assert all(name == name.lower() and "_" not in name for name in names)
    assert tuple(ACTION["outputs"]) == OUTPUTS


def test_the_token_is_given_to_the_comment_alone() -> None:
    """The step that reads what others wrote has nothing to lose."""
    holders = [step["name"] for step in ACTION["runs"]["steps"] if "token" in json.dumps(step["env"]).lower()]
    assert holders == ["Comment"]


def test_without_uv_the_action_is_installed_with_venv_and_pip(tmp_path: Path) -> None:
    """Which program is called with which words; what they install is the same file, whose hashes either holds to."""
    log, temp = tmp_path / "log", tmp_path / "temp x"
    (tmp_path / "action dir").mkdir()
    python = tmp_path / "python 3"
    python.write_text(
        f'#!/bin/bash\nprintf "<%s>" "$PWD" "$@" >> "{log}"\n'
        'if [ "$2" = venv ]; then mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; fi\n'
    )
    python.chmod(0o755)
    script = next(step["run"] for step in ACTION["runs"]["steps"] if step["name"] == "Install guardrail")
    for _ in range(2):
        subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],  # noqa: S607
            env={
                "PATH": "/usr/bin:/bin",
                "RUNNER_TEMP": str(temp),
                "GITHUB_ACTION_PATH": str(tmp_path / "action dir"),
                "GUARDRAIL_PYTHON": str(python),
            },
            check=True,
        )
    where = f"<{tmp_path}/action dir>"
    pip = "<-m><pip><install><--quiet><--disable-pip-version-check><--require-hashes><--requirement><requirements.txt>"
    said = log.read_text()
    assert said.startswith(f"{where}<-m><venv><{temp}/guardrail-venv>{where}{pip}{where}<-c>")
    assert said.count("<-m><venv>") == 1, "and once per job"


def test_the_action_runs_what_is_locked_and_its_own_checkout(temp: Path, action: Path) -> None:
    """Nothing is fetched that requirements.txt has no hash of: no other version, and nothing that builds guardrail."""
    program = (
        "import importlib.metadata, json, guardrail;"
        "print(json.dumps([guardrail.__file__, {d.name: d.version for d in importlib.metadata.distributions()}]))"
    )
    command = [str(temp / "guardrail-venv" / "bin" / "python"), "-P", "-c", program]
    where, found = json.loads(subprocess.run(command, cwd="/", capture_output=True, check=True).stdout)
    assert where == str(action / "guardrail" / "__init__.py")
    installed = {re.sub(r"[._]", "-", name).lower(): version for name, version in found.items()}
    assert {"msgspec", "google-re2", "urllib3"} <= installed.keys()
    own = {name: installed[name] for name in installed.keys() - {"pip", "setuptools"}}
    assert own.items() <= locked("requirements.txt").items()


def locked(name: str) -> dict[str, str]:
    """The version of each package in a file of locked ones."""
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / name).read_text("utf-8"), re.MULTILINE))


# Linters -------------------------------------------------------------------------------------------------------------


def lint(module: str, *arguments: str | Path) -> None:
    """Run a linter of this environment, without a network."""
    if importlib.util.find_spec(module) is None and shutil.which(module, path=BIN) is None:
        pytest.skip(f"{module} is not installed")
    program = shutil.which(module.replace("_", "-"), path=BIN) or module
    done = subprocess.run([program, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def hold(schema: str, *files: Path) -> None:
    """Hold files against a schema that comes with check-jsonschema."""
    check_jsonschema = pytest.importorskip("check_jsonschema")
    from click.testing import CliRunner  # which check-jsonschema needs

    done = CliRunner().invoke(check_jsonschema.main, ["--builtin-schema", schema, *map(str, files)])
    assert done.exit_code == 0, done.output


WORKFLOWS = sorted((ROOT / "examples" / "workflows").glob("github-*.yml"))
OWN_WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def test_the_action_holds_to_the_schema_of_actions() -> None:
    hold("vendor.github-actions", ROOT / "action.yml")


def test_the_workflows_hold_to_the_schema_of_workflows() -> None:
    assert len(WORKFLOWS) >= 4
    hold("vendor.github-workflows", *WORKFLOWS, *OWN_WORKFLOWS)


def test_the_gitlab_example_holds_to_the_schema_of_gitlab() -> None:
    hold("vendor.gitlab-ci", ROOT / "examples" / "workflows" / "gitlab-ci.yml")


def test_the_hooks_hold_to_what_pre_commit_reads() -> None:
    if not (ROOT / ".pre-commit-hooks.yaml").exists():
        pytest.skip("there are no hooks yet")
    lint("pre_commit", "validate-manifest", ".pre-commit-hooks.yaml")


def test_a_security_linter_finds_nothing_in_the_action_and_the_workflows() -> None:
    lint("zizmor", "--offline", "--no-progress", "--persona=pedantic", "action.yml", *WORKFLOWS, *OWN_WORKFLOWS)


def test_the_workflows_give_the_action_what_it_declares() -> None:
    for path in WORKFLOWS:
        for job in yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].values():
            for step in job["steps"]:
                if "guardrail" in step.get("uses", ""):
                    assert step["with"].keys() <= ACTION["inputs"].keys(), path.name
