"""``guardrail completion``: what the tab key finds, in each shell that is installed."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from guardrail import cli
from guardrail.commands import base, completion

SHELLS = [
    pytest.param(
        name,
        marks=pytest.mark.skipif(os.name == "nt" or shutil.which(name) is None, reason=f"{name} is not installed"),
    )
    for name in completion.SHELLS
]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder ``examples``, a file ``exam plan.json``, and a policy of one's own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "examples").mkdir()
    (tmp_path / "exam plan.json").touch()
    return tmp_path


def found(*words: str) -> list[str]:
    """The candidates without what they mean."""
    return [line.partition("\t")[0] for line in completion.candidates(words)]


def test_the_first_word_is_a_command() -> None:
    assert found("") == [*base.COMMANDS, "--help", "--version"]
    assert found("comp") == ["completion"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["check", "exam"], [":files"]),
        (["check", "--fail-on", ""], ["error", "warning", "note", "never"]),
        (["check", "--fail-on=w"], ["warning"]),
        (["check", "--fail-on", "=", "w"], ["warning"]),  # as bash parts it
        (["check", "--format", "ju"], ["junit"]),
        (["check", "--format", "junit=re"], [":files"]),
        (["check", "--format", "junit", "=", ""], [":files"]),
        (["check", "--policy", "async-scales-to"], ["async-scales-to-zero"]),
        (["check", "--policies", ""], [":folders"]),
        (["check", "--region", "eu-central"], ["eu-central-1", "eu-central-2"]),
        (["check", "--fail"], ["--fail-on"]),
        (["check", "--budget", ""], []),
        (["check", "--group-by", ""], ["environment", "region"]),
        (["check", "--strict", "--", "--fail"], [":files"]),
        (["policies", "ex"], ["explain"]),
        (["policies", "explain", "async-scales-to"], ["async-scales-to-zero"]),
        (["prices", "show", "ml.m5.l"], ["ml.m5.large"]),
        (["prices", "refresh", "--sour"], ["--source"]),
        (["prices", "refresh", "--source", ""], ["bulk", "api"]),
        (["completion", ""], ["bash", "zsh", "fish"]),
        (["no-command", ""], []),
    ],
)
def test_each_place_has_its_own_candidates(words: Sequence[str], expected: list[str]) -> None:
    assert found(*words) == expected


def test_policies_of_the_settings_are_candidates_and_wrong_settings_are_none(folder: Path) -> None:
    (folder / ".guardrail.yml").write_text("policy_paths: [own]\n")
    (folder / "own").mkdir()
    bundled = Path(cli.__file__).parents[1] / "policies" / "deployment" / "burstable-does-not-scale.yaml"
    text = bundled.read_text(encoding="utf-8").replace("id: burstable-does-not-scale", "id: zz-own-policy", 1)
    (folder / "own" / "zz-own-policy.yaml").write_text(text)
    assert found("check", "--policy", "zz-") == ["zz-own-policy"]
    (folder / ".guardrail.yml").write_text("nonsense: [")
    assert found("check", "--policy", "zz-") == []


def test_the_words_of_a_command_line_are_no_flags_of_the_completion(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["completion", "candidates", "--", "check", "--fail-on", "ne"]) == 0
    assert capsys.readouterr().out == "never\n"
    assert cli.main(["completion", "candidates", "--"]) == 0
    assert capsys.readouterr().out.startswith("check\t")


BASH = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _guardrail; printf "%s\\n" "${COMPREPLY[@]}"'
ZSH = """
compdef() { :; }; compset() { :; }
compadd() { print -rl -- "${found[@]}"; }; _files() { print -rl -- ${words[CURRENT]}*(N); }
source "$1"; shift; words=("$@"); CURRENT=$#; _guardrail
"""
FISH = "source $argv[1]; complete -C (string join ' ' -- (string escape -- $argv[2..-2]) $argv[-1])"


def in_shell(shell: str, folder: Path, *words: str) -> list[str]:
    """What a shell that has sourced the script offers for the last of ``words``."""
    script = folder / "script"
    (folder / "bin").mkdir(exist_ok=True)
    program = folder / "bin" / "guardrail"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m guardrail "$@"\n')
    program.chmod(0o755)
    script.write_bytes(Path(completion.__file__).with_suffix(f".{shell}").read_bytes())
    command = {
        "bash": ["bash", "--norc", "--noprofile", "-c", BASH, "bash"],
        "zsh": ["zsh", "-f", "-c", ZSH, "zsh"],
        "fish": ["fish", "--no-config", "-c", FISH],
    }[shell]
    environment = {**os.environ, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "HOME": str(folder)}
    done = subprocess.run(
        [*command, str(script), "guardrail", *words],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        cwd=folder,
        stdin=subprocess.DEVNULL,
    )
    assert done.stderr == ""
    return [line.partition("\t")[0].removesuffix("/") for line in done.stdout.splitlines()]


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_completes_files_flags_formats_and_policies(shell: str, folder: Path) -> None:
    assert sorted(in_shell(shell, folder, "check", "exam")) == ["exam plan.json", "examples"]
    assert in_shell(shell, folder, "check", "--fail") == ["--fail-on"]
    assert in_shell(shell, folder, "check", "--format", "ju") == ["junit"]
    assert in_shell(shell, folder, "policies", "explain", "async-scales-to") == ["async-scales-to-zero"]


KEYED = """\
provider "aws" {
  region = "us-east-1"
}

variable "instance_type" {
  type = string
}

resource "aws_sagemaker_endpoint_configuration" "this" {
  production_variants {
    variant_name           = "main"
    model_name             = "m"
    instance_type          = var.instance_type
    initial_instance_count = 1
  }
}

resource "aws_sagemaker_endpoint" "this" {
  for_each             = toset(["a", "b"])
  name                 = "ranker-${each.key}"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.this.name
}
"""


@pytest.fixture
def keyed(folder: Path) -> None:
    """A root module in ``infra`` with an endpoint for each of two keys, and a file of values beside it."""
    (folder / "infra").mkdir()
    (folder / "infra" / "main.tf").write_text(KEYED)
    (folder / "prod.tfvars").write_text('instance_type = "ml.m5.large"\n')


@pytest.mark.usefixtures("keyed")
@pytest.mark.parametrize(
    "options", [[], ["--var-file", "prod.tfvars"], ["--region", "us-east-1"], ["--format", "json"]], ids="".join
)
def test_what_can_be_explained_is_completed_behind_its_input_and_options(options: list[str]) -> None:
    """A file that an option names is no input."""
    assert found("explain", "infra", *options, "ranker-") == [
        ":files",
        *("ranker-a", "ranker-b", "ranker-a/main", "ranker-b/main"),
    ]
    assert found("explain", *options, "infra", "aws_sagemaker_endpoint.this[") == [
        ":files",
        *(f'aws_sagemaker_endpoint.this["{key}"]{part}' for part in ("", "/main") for key in "ab"),
    ]


@pytest.mark.usefixtures("keyed")
def test_what_cannot_be_read_has_files_alone_for_candidates(folder: Path) -> None:
    (folder / "infra" / "main.tf").write_text('resource "aws')
    assert found("explain", "infra", "ra") == [":files"]


@pytest.mark.usefixtures("keyed")
@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_completes_what_can_be_explained(shell: str, folder: Path) -> None:
    def offered(word: str) -> list[str]:
        return sorted(filter(None, in_shell(shell, folder, "explain", "infra", word)))

    assert offered("ranker-b") == ["ranker-b", "ranker-b/main"]
    assert offered("aws_sagemaker_endpoint.this[") == sorted(
        f'aws_sagemaker_endpoint.this["{key}"]{part}' for part in ("", "/main") for key in "ab"
    )


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_is_what_the_command_prints(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["completion", shell]) == 0
    assert capsys.readouterr().out == Path(completion.__file__).with_suffix(f".{shell}").read_text()
