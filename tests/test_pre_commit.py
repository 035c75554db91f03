"""The hooks of ``.pre-commit-hooks.yaml``, run by pre-commit itself from this checkout in a repository of its own.

Building the hook's environment needs the package index; where it cannot be reached, or pre-commit is not installed,
these tests are skipped and say so. What runs in another process is not held back by the guard against the network.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]
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


def _obstacle() -> str | None:
    """Why the hooks cannot be run here."""
    if shutil.which("git") is None:
        return "git is not installed"
    if subprocess.run([sys.executable, "-m", "pre_commit", "--version"], capture_output=True, check=False).returncode:
        return "pre-commit is not installed"
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--retries", "0", "--timeout", "5"]
        reached = subprocess.run([*command, "--dest", folder, "hatchling"], capture_output=True, check=False)
    return "the package index cannot be reached" if reached.returncode else None


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pre-commit keeps its environments; one for all hooks of this module."""
    obstacle = _obstacle()
    if obstacle is not None:
        pytest.skip(obstacle)
    return tmp_path_factory.mktemp("pre-commit")


def run_hook(home: Path, repository: Path, hook: str, *files: str) -> tuple[int, str]:
    """Exit code and output of one hook on some files."""
    git = shutil.which("git") or "git"
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    environment |= {"PRE_COMMIT_HOME": str(home), "GUARDRAIL_PRICES": "bundled"}
    subprocess.run([git, "init", "-q", "."], cwd=repository, check=True)
    subprocess.run([git, "add", "-A"], cwd=repository, check=True)
    command = [sys.executable, "-m", "pre_commit", "try-repo", "--verbose", str(CHECKOUT), hook, "--files", *files]
    done = subprocess.run(command, cwd=repository, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def write(repository: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = repository / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def test_a_bad_stack_fails_and_a_good_one_passes(home: Path, tmp_path: Path) -> None:
    bad, good = STACK.replace("NAME", "bad"), STACK.replace("NAME", "good") + SCALING
    write(tmp_path, {"bad/main.tf": bad, "good/main.tf": good})
    code, text = run_hook(home, tmp_path, "guardrail-terraform", "bad/main.tf")
    assert code == 1, text
    assert "at   bad/main.tf:9  realtime-variants-scale" in text
    code, text = run_hook(home, tmp_path, "guardrail-terraform", "good/main.tf")
    assert code == 0, text


def test_a_changed_module_is_checked_in_the_stack_that_calls_it(home: Path, tmp_path: Path) -> None:
    module = STACK.partition("}\n")[2].replace('"NAME"', "var.name") + 'variable "name" {}\n'
    provider = STACK.partition("}\n")[0] + "}\n"
    call = provider + 'module "m" {\n  source = "../../modules/m"\n  name = "called"\n}\n'
    write(tmp_path, {"modules/m/main.tf": module, "stacks/a/main.tf": call})
    code, text = run_hook(home, tmp_path, "guardrail-terraform", "modules/m/main.tf")
    assert code == 1, text
    assert "guardrail check stacks/a" in text


def test_a_policy_that_does_not_hold_together_fails(home: Path, tmp_path: Path) -> None:
    write(tmp_path, {"guardrail-policies/mine.yaml": "id: mine\n"})
    code, text = run_hook(home, tmp_path, "guardrail-policies", "guardrail-policies/mine.yaml")
    assert code == 1, text
    assert "guardrail-policies/mine.yaml" in text
