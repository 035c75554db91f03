"""The hooks of ``.pre-commit-hooks.yaml``, run by pre-commit itself from this checkout in a repository of its own.

Building their environments, once for all tests, needs the package index; where it cannot be reached, or pre-commit is
not installed, these tests are skipped and say so. What runs in another process is not held back by the guard against
the network.
"""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import pytest
import yaml

from scripts.distributions import tracked
from tests.test_packaging import UNREACHABLE

CHECKOUT = Path(__file__).parents[1]
GIT = shutil.which("git") or "git"
DEPENDENCIES = ["google-re2 >= 1.1.20240702, < 2"]
"""Those of the hook that asks for any, given to each, so that pre-commit makes one environment of three.

That guardrail runs without them is held by `tests.test_packaging`.
"""
STACK = """\
provider "aws" {
  region = "us-east-1"
}
resource "aws_sagemaker_endpoint_configuration" "c" {
  name = "NAME"
  production_variants {
    variant_name           = "main"
    model_name             = "m"
    instance_type          = "ml.m5.xlarge"
    initial_instance_count = 2
  }
}
resource "aws_sagemaker_endpoint" "e" {
  name                 = "NAME"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.c.name
}
"""
SCALING = """\
resource "aws_appautoscaling_target" "t" {
  service_namespace  = "sagemaker"
  resource_id        = "endpoint/${aws_sagemaker_endpoint.e.name}/variant/main"
  scalable_dimension = "sagemaker:variant:DesiredInstanceCount"
  min_capacity       = 2
  max_capacity       = 6
}
resource "aws_appautoscaling_policy" "p" {
  name               = "invocations"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = "sagemaker"
  resource_id        = aws_appautoscaling_target.t.resource_id
  scalable_dimension = aws_appautoscaling_target.t.scalable_dimension
  target_tracking_scaling_policy_configuration {
    target_value = 100
    predefined_metric_specification {
      predefined_metric_type = "SageMakerVariantInvocationsPerInstance"
    }
  }
}
"""


def _is_installed() -> bool:
    return shutil.which("git") is not None and all(map(importlib.util.find_spec, ("pre_commit", "uv")))


class Hooks(NamedTuple):
    """The hooks of this checkout, as a repository that another one names in its configuration."""

    repository: Path
    home: Path
    """Where pre-commit keeps the environment that it makes of them once."""


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory, testrun_uid: str) -> Hooks:
    """The hooks, installed by the first process of a run of the tests that needs them; the others wait for it."""
    if not _is_installed():
        pytest.skip("needs git, pre-commit and uv")
    from filelock import FileLock  # comes with pre-commit

    shared = tmp_path_factory.getbasetemp().parent / f"hooks {testrun_uid}"
    with FileLock(f"{shared}.lock"):
        made = Hooks(shared / "checkout", shared / "home")
        if not shared.exists():
            made.repository.mkdir(parents=True)
            _install(made)
    if not (made.home / "installed").exists():
        pytest.skip("the package index cannot be reached")
    return made


def _install(hooks: Hooks) -> None:
    """Commit what lies in this checkout, changes included, as ``pre-commit try-repo`` does, and install the hooks.

    Tests and documents, most of it, are not: nothing that is built holds them, and git would pack them first.
    """
    for name in (each for each in tracked() if not each.startswith(("tests/", "docs/"))):
        (hooks.repository / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(CHECKOUT / name, hooks.repository / name)
    committed(hooks.repository, "as it lies there")
    hooks.home.mkdir()
    done = pre_commit(hooks, hooks.repository, "guardrail-policies", "install-hooks", environment=_with_uv(hooks.home))
    if any(sign in done.stdout for sign in UNREACHABLE):
        return
    assert done.returncode == 0, done.stdout
    (hooks.home / "installed").touch()


def _with_uv(folder: Path) -> dict[str, str]:
    """The environment in which the pip that pre-commit asks for is uv, which takes a fifth of the time."""
    import uv

    (folder / "as pip" / "pip").mkdir(parents=True)
    (folder / "as pip" / "pip" / "__main__.py").write_text(
        f"import subprocess, sys\nsys.exit(subprocess.call([{uv.find_uv_bin()!r}, 'pip', *sys.argv[1:]]))\n",
        encoding="utf-8",
    )
    return {"VIRTUALENV_NO_PIP": "1", "PYTHONPATH": str(folder / "as pip")}


def pre_commit(
    hooks: Hooks,
    repository: Path,
    hook: str,
    command: str,
    *arguments: str,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> subprocess.CompletedProcess[str]:
    """Run pre-commit in a repository whose configuration names one hook of this checkout."""
    head = subprocess.run(
        [GIT, "rev-parse", "HEAD"], cwd=hooks.repository, capture_output=True, text=True, check=True
    ).stdout.strip()
    named = {
        "repo": str(hooks.repository),
        "rev": head,
        "hooks": [{"id": hook, "additional_dependencies": DEPENDENCIES}],
    }
    settings = hooks.home / f"{hook} of {os.getpid()}.yaml"
    settings.write_text(json.dumps({"repos": [named]}), encoding="utf-8")
    ours = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    return subprocess.run(
        [sys.executable, "-m", "pre_commit", command, "--config", str(settings), *arguments],
        cwd=repository,
        env={**ours, **environment, "PRE_COMMIT_HOME": str(hooks.home), "GUARDRAIL_PRICES": "bundled"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def run_hook(hooks: Hooks, repository: Path, hook: str, *files: str, scope: str = "--files") -> tuple[int, str]:
    """Exit code and output of one hook on some files, or on those of another ``scope``."""
    if not (repository / ".git").exists():
        subprocess.run([GIT, "init", "-q", "."], cwd=repository, check=True)
    subprocess.run([GIT, "add", "-A"], cwd=repository, check=True)
    done = pre_commit(hooks, repository, hook, "run", hook, scope, *files)
    return done.returncode, done.stdout


def write(repository: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = repository / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def test_the_dependencies_are_those_of_a_hook() -> None:
    hooks = yaml.safe_load((CHECKOUT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert [each["additional_dependencies"] for each in hooks if "additional_dependencies" in each] == [DEPENDENCIES]


def test_a_bad_stack_fails_and_a_good_one_passes(hooks: Hooks, tmp_path: Path) -> None:
    bad, good = STACK.replace("NAME", "bad"), STACK.replace("NAME", "good") + SCALING
    write(tmp_path, {"bad/main.tf": bad, "good/main.tf": good})
    code, text = run_hook(hooks, tmp_path, "guardrail-terraform", "bad/main.tf")
    assert code == 1, text
    assert "at   bad/main.tf:9  realtime-variants-scale" in text
    code, text = run_hook(hooks, tmp_path, "guardrail-terraform", "good/main.tf")
    assert code == 0, text


def test_a_changed_module_is_checked_in_the_stack_that_calls_it(hooks: Hooks, tmp_path: Path) -> None:
    module = STACK.partition("}\n")[2].replace('"NAME"', "var.name") + 'variable "name" {}\n'
    provider = STACK.partition("}\n")[0] + "}\n"
    call = provider + 'module "m" {\n  source = "../../modules/m"\n  name = "called"\n}\n'
    write(tmp_path, {"modules/m/main.tf": module, "stacks/a/main.tf": call})
    code, text = run_hook(hooks, tmp_path, "guardrail-terraform", "modules/m/main.tf")
    assert code == 1, text
    assert "guardrail check stacks/a" in text


def test_a_policy_that_does_not_hold_together_fails(hooks: Hooks, tmp_path: Path) -> None:
    write(tmp_path, {"guardrail-policies/mine.yaml": "id: mine\n"})
    code, text = run_hook(hooks, tmp_path, "guardrail-policies", "guardrail-policies/mine.yaml")
    assert code == 1, text
    assert "guardrail-policies/mine.yaml" in text


RENAMED = STACK.replace('  name = "NAME"', '  name_prefix = "chat-"').replace("NAME", "chat")
"""With a configuration that has a new name with every change, so that the endpoint follows."""


def committed(repository: Path, message: str) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "core.hooksPath=/dev/null"]
    subprocess.run([GIT, "init", "-q", "."], cwd=repository, check=True)
    subprocess.run([GIT, "add", "-A"], cwd=repository, check=True)
    subprocess.run([GIT, *who, "commit", "-q", "-m", message], cwd=repository, check=True)


def test_a_commit_is_shown_what_it_changes_and_held_up_by_what_it_brings(hooks: Hooks, tmp_path: Path) -> None:
    """Two instances of 0.23 USD x 730 h + 8 GB x 0.14 USD = 338.04 USD before, and one more of 169.02 USD."""
    write(tmp_path, {"infra/main.tf": RENAMED})
    committed(tmp_path, "as it was")
    code, text = run_hook(hooks, tmp_path, "guardrail-terraform", "infra/main.tf")
    assert code == 1, "nothing differs, so everything counts"
    write(tmp_path, {"infra/main.tf": RENAMED + "# a comment\n"})
    code, text = run_hook(hooks, tmp_path, "guardrail-terraform", "infra/main.tf")
    assert code == 0, text
    assert "guardrail check" not in text, "nothing is new, and nothing is said"
    write(tmp_path, {"infra/main.tf": RENAMED + SCALING})
    code, text = run_hook(hooks, tmp_path, "guardrail-terraform", "infra/main.tf")
    assert code == 0, text
    assert "guardrail check infra" in text, "what passes is shown, too"
    assert "HEAD (" in text
    write(tmp_path, {"infra/main.tf": RENAMED.replace("= 2", "= 3")})
    code, text = run_hook(hooks, tmp_path, "guardrail-terraform", "infra/main.tf")
    assert code == 1, text
    assert "+169" in text


def test_a_whole_repository_does_not_pass_in_silence(hooks: Hooks, tmp_path: Path) -> None:
    """As CI runs it: every file is as HEAD has it, and the finding is there."""
    write(tmp_path, {"infra/main.tf": RENAMED})
    committed(tmp_path, "as it is")
    code, text = run_hook(hooks, tmp_path, "guardrail-terraform", scope="--all-files")
    assert code == 1, text
    assert "realtime-variants-scale" in text


def test_values_alone_are_an_environment(hooks: Hooks, tmp_path: Path) -> None:
    source = RENAMED.replace("= 2", "= var.n") + 'variable "n" {}\n' + SCALING
    write(tmp_path, {"infra/main.tf": source, "infra/env/prod.tfvars": "n = 2\n"})
    committed(tmp_path, "as it was")
    write(tmp_path, {"infra/env/prod.tfvars": "n = 3\n"})
    code, text = run_hook(hooks, tmp_path, "guardrail-terraform", "infra/env/prod.tfvars")
    assert "infra (prod)" in text
    assert "+169" in text, code
