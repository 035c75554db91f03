"""The workflow that proposes prices and releases them, its steps run one by one as a runner does.

AWS is on loopback, GitHub a bare folder, `gh` a script that notes what it is asked; git, bash and guardrail are real.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.aws.loopback import Aws, Product, offer_csv, serving
from tests.aws.test_refresh import bundled

ROOT = Path(__file__).resolve().parent.parent.parent
WORKFLOW: dict[str, Any] = yaml.safe_load((ROOT / ".github" / "workflows" / "prices.yml").read_text("utf-8"))

pytestmark = pytest.mark.skipif(
    shutil.which("bash") is None or shutil.which("git") is None or sys.platform != "linux",
    reason="needs bash, git and the programs of GNU, as the runner of prices.yml has",
)


class Runner:
    """A job of prices.yml on a machine with git, a `gh` that notes what it is asked, and AWS on loopback."""

    def __init__(self, folder: Path, aws: Aws, start: "Runner | None" = None) -> None:
        self._folder = folder
        self.origin = folder / "github" / "acme" / "guardrail"
        self.asked, self.body = folder / "asked", folder / "temp" / "body.md"
        self.asked.touch()
        for name, script in (
            (
                "gh",
                f'printf "%s\\n" "$*" >> "{self.asked}"\ntest "$1 $2" != "pr view" || echo "${{PR_STATE:-CLOSED}}"\n',
            ),
            ("guardrail", f'test "$1 $2" != "prices refresh" || set -- "$@" --mirror "{aws.url}"\n{_PROGRAM} "$@"\n'),
        ):
            path = folder / ("bin" if name == "gh" else "temp/venv/bin") / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"#!/bin/bash\nset -e\n{script}", "utf-8")
            path.chmod(0o755)
        if start is None:
            self._commit_what_is_needed()
        else:
            shutil.copytree(start.origin, self.origin)

    def _commit_what_is_needed(self) -> None:
        """The part of this repository that the workflow touches, released as 0.1.0, with a change after that."""
        (self.origin / "guardrail").mkdir(parents=True)
        (self.origin / "guardrail" / "__init__.py").write_text('__version__ = "0.1.0"\n', "utf-8")
        (self.origin / "CHANGELOG.md").write_text("# Changelog\n\n## 0.1.0 - 2026-11-01\n\n- All of it.\n", "utf-8")
        shutil.copytree(ROOT / "pricing", self.origin / "pricing", ignore=shutil.ignore_patterns("evidence", "listed"))
        shutil.copytree(ROOT / "examples" / "storefront", self.origin / "examples" / "storefront")
        (self.origin / "scripts").mkdir()
        shutil.copy(ROOT / "scripts" / "release.py", self.origin / "scripts")
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("config", "receive.denyCurrentBranch", "ignore")
        self.commit("The first release")
        self.git("tag", "v0.1.0")
        (self.origin / "guardrail" / "new.py").write_text("unreleased = True\n", "utf-8")
        self.commit("Something that is not released")

    def git(self, *arguments: str) -> str:
        who = ("-c", "user.name=a", "-c", "user.email=a@example.com")
        command = ["git", *who, "-C", str(self.origin), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    def commit(self, message: str) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)

    def run(self, job: str, leave_out: tuple[str, ...] = ("Install",), **environment: str) -> tuple[int, str]:
        """Run the steps of a job as the runner does, up to the first that fails: exit code, and what they print."""
        workspace, temp = self._folder / f"work {job}", self._folder / "temp"
        shutil.rmtree(workspace, ignore_errors=True)
        shutil.rmtree(temp / "before", ignore_errors=True)
        workspace.mkdir()
        said = ""
        for step in WORKFLOW["jobs"][job]["steps"]:
            if step["name"] in leave_out:
                continue
            done = subprocess.run(
                [*WORKFLOW["defaults"]["run"]["shell"].removesuffix("{0}").split(), "-c", step["run"]],
                cwd=workspace,
                env={
                    "PATH": f"{self._folder / 'bin'}:/usr/local/bin:/usr/bin:/bin",
                    "HOME": str(self._folder),
                    "RUNNER_TEMP": str(temp),
                    "GITHUB_SERVER_URL": f"file://{self._folder / 'github'}",
                    "GITHUB_REPOSITORY": "acme/guardrail",
                    "GITHUB_SHA": self.git("rev-parse", "main"),
                    "GITHUB_STEP_SUMMARY": str(self._folder / "summary.md"),
                    "BRANCH": WORKFLOW["jobs"][job].get("env", {}).get("BRANCH", ""),
                    "PYTHONPATH": str(ROOT),
                    "SOURCE_DATE_EPOCH": "1795305600",
                    "XDG_DATA_HOME": str(self._folder),
                    **environment,
                },
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            said += done.stdout
            if done.returncode:
                return done.returncode, said
        return 0, said

    def questions(self) -> list[str]:
        """What gh was asked, without paths of this machine."""
        return [line for line in self.asked.read_text("utf-8").replace(str(self._folder), "").splitlines() if line]


_PROGRAM = f'"{sys.executable}" -P -m guardrail'


def with_prices(**usd: str) -> bytes:
    """The offer file of us-east-1 with what is bundled, and other amounts for some usage types (``_`` for ``-:.``)."""
    products: list[Product] = []
    for each in bundled("us-east-1"):
        amount = usd.get(re.sub(r"[-:.]", "_", each.attributes["usagetype"]))
        products.append(each if amount is None else each._replace(amount=amount))
    return offer_csv(products)


@pytest.fixture(scope="module")
def proposal(tmp_path_factory: pytest.TempPathFactory) -> Runner:
    """What the weekly job leaves where ml.c5.4xlarge has become a tenth dearer: 0.816 USD an hour, now 0.8976."""
    with serving(Aws()) as aws:
        aws.publish({"us-east-1": with_prices(USE1_Host_ml_c5_4xlarge="0.8976")})
        runner = Runner(tmp_path_factory.mktemp("proposal"), aws)
        code, said = runner.run("refresh")
        assert code == 0, said
        return runner


@pytest.fixture
def merged(proposal: Runner, tmp_path: Path, aws: Aws) -> Runner:
    """The repository after the merge of that proposal; AWS lists the same prices."""
    aws.publish({"us-east-1": with_prices(USE1_Host_ml_c5_4xlarge="0.8976")})
    runner = Runner(tmp_path, aws, proposal)
    runner.git("merge", "--quiet", "prices/refresh")
    return runner


@pytest.fixture
def runner(tmp_path: Path, aws: Aws) -> Runner:
    return Runner(tmp_path, aws)


def test_new_prices_are_proposed_with_what_they_do_to_the_bills_of_the_example(proposal: Runner) -> None:
    """In the example a shadow variant of `fraud` runs on two: 2 x 730 h x 0.0816 USD = 119.14 USD a month more."""
    body = proposal.body.read_text("utf-8")
    assert body.startswith("```text\n")
    assert body.endswith("```\n")
    assert re.search(r"^ up +USE1-Host:ml\.c5\.4xlarge +0\.816 +0\.8976 +\+10\.0 %", body, re.MULTILINE)
    assert re.search(r"^ fraud +1,913\.51 +2,032\.65 +\+119\.14$", body, re.MULTILINE)
    assert re.search(r"^ ranking +527\.99 +527\.99 +0\.00$", body, re.MULTILINE)
    assert proposal.git("diff", "--name-only", "main", "prices/refresh").splitlines() == [
        "pricing/listed/manifest.json",
        "pricing/listed/us-east-1.csv",
    ]
    assert [line.partition(" --title")[0] for line in proposal.questions()] == [
        "auth setup-git",
        "pr view prices/refresh --json state --jq .state",
        "pr create --head prices/refresh",
        "workflow run ci.yml --ref prices/refresh",
    ]


def test_a_proposal_that_is_open_is_brought_up_to_date(runner: Runner, aws: Aws) -> None:
    aws.publish({"us-east-1": with_prices(USE1_Host_ml_c5_4xlarge="0.8")})
    assert runner.run("refresh", PR_STATE="OPEN")[0] == 0
    edited, checked = runner.questions()[-2:]
    assert edited.startswith("pr edit prices/refresh --title")
    assert checked == "workflow run ci.yml --ref prices/refresh"


def test_prices_that_did_not_change_are_not_proposed(merged: Runner) -> None:
    code, said = merged.run("refresh")
    assert (code, said.splitlines()[-1]) == (0, "no price changed")
    assert merged.questions() == ["auth setup-git"]


def test_what_cannot_be_right_is_not_proposed(runner: Runner, aws: Aws) -> None:
    """A price that is four times what it was: the job fails and says which, and nothing is pushed or asked for."""
    aws.publish({"us-east-1": with_prices(USE1_Host_ml_c5_4xlarge="3.264")})
    code, said = runner.run("refresh")
    assert code == 2
    assert "USE1-Host:ml.c5.4xlarge went from 0.816 to 3.264, by more than a factor of 3" in said
    assert runner.questions() == ["auth setup-git"]
    assert runner.git("branch", "--list", "prices/*") == ""


def test_an_offer_file_that_is_none_is_not_proposed(runner: Runner, aws: Aws) -> None:
    aws.publish({"us-east-1": b"<html>Service Unavailable</html>"})
    code, _ = runner.run("refresh")
    assert code == 2
    assert runner.git("branch", "--list", "prices/*") == ""


# What is merged


def test_a_merge_becomes_a_patch_version_of_the_newest_release_with_prices_alone(merged: Runner) -> None:
    """What else was merged since stays for the next release of its own, though a candidate for it has a tag already.

    A second run finds nothing to release.
    """
    merged.git("tag", "v0.0.9", "v0.1.0")
    merged.git("tag", "v0.2.0-rc1", "main")
    code, said = merged.run("release")
    assert code == 0, said
    assert merged.git("diff", "--name-only", "v0.1.0", "v0.1.1").splitlines() == [
        "CHANGELOG.md",
        "guardrail/__init__.py",
        "pricing/listed/manifest.json",
        "pricing/listed/us-east-1.csv",
    ]
    assert merged.git("show", "v0.1.1:guardrail/__init__.py") == '__version__ = "0.1.1"'
    assert merged.git("diff", "--name-only", "main", "v0.1.1", "--", "pricing") == ""
    assert merged.questions() == ["auth setup-git", "workflow run release.yml --ref v0.1.1"]
    code, said = merged.run("release")
    assert (code, said.splitlines()[-1]) == (0, "v0.1.1 has these prices")
    assert merged.questions()[2:] == ["auth setup-git"]


def test_before_the_first_release_there_is_none_of_prices(runner: Runner) -> None:
    runner.git("tag", "--delete", "v0.1.0")
    code, said = runner.run("release")
    assert (code, runner.questions()) == (0, ["auth setup-git"])
    assert "nothing was released yet" in said
