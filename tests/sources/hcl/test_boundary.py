"""Terraform source reads nothing outside the repository, and nothing but files."""

import os
import socket
from pathlib import Path

import pytest

from guardrail.errors import SourceError
from guardrail.model import Unknown
from guardrail.sources import hcl
from guardrail.sources.boundary import boundary_of
from guardrail.sources.options import SourceOptions
from tests.sources.hcl.conftest import PROVIDER, Read, Write

OUTSIDE = "lies outside of the repository, or is private, and is not read"
SECRET = "CANARY"  # noqa: S105 - what must not be shown


@pytest.fixture
def repository(write: Write, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory that is a git repository, with secrets around it and in its ``.git``."""
    top = write(
        {
            "home/.canary": SECRET,
            "secret.txt": SECRET,
            "secrets/main.tf": f'resource "x" "{SECRET}" {{}}\n',
            "repo/.git/config": SECRET,
            "repo/infra/.terraform/terraform.tfstate": SECRET,
            "repo/shared/name.txt": "shared",
        }
    )
    monkeypatch.setenv("HOME", str(top / "home"))
    monkeypatch.chdir(top / "repo")
    return top / "repo"


def endpoint(name: str) -> str:
    return PROVIDER + f'resource "aws_sagemaker_endpoint" "e" {{\n  name = {name}\n  endpoint_config_name = "c"\n}}\n'


def name_of(repository: Path, expression: str) -> str | Unknown:
    (repository / "infra/main.tf").write_text(endpoint(expression))
    (change_set,) = hcl.read(["infra"])
    (found,) = change_set.after.endpoints
    return found.name


@pytest.mark.parametrize(
    "expression",
    [
        'file("/proc/self/environ")',
        'file("~/.canary")',
        'file("../../secret.txt")',
        'file("../../not-there.txt")',
        'file("${path.module}/../../secret.txt")',
        'file("link.txt")',
        'file("links/secret.txt")',
        'file("../.git/config")',
        'file(".terraform/terraform.tfstate")',
        'file("nul\\u0000")',
        'filebase64("../../secret.txt")',
        'filesha256("../../secret.txt")',
        'templatefile("../../secret.txt", {})',
        'tostring(fileexists("../../secret.txt"))',
        'join(",", fileset("../..", "*"))',
        'join(",", fileset(".", "../../*"))',
        'join(",", fileset(".", "links/*"))',
        'join(",", fileset("..", ".git/*"))',
    ],
)
def test_a_function_reads_nothing_outside_and_says_so(repository: Path, expression: str) -> None:
    (repository / "infra/link.txt").symlink_to("/etc/hostname")
    (repository / "infra/links").symlink_to("../..")
    name = name_of(repository, expression)
    assert isinstance(name, Unknown)
    assert name.reason.endswith(OUTSIDE)


@pytest.mark.parametrize(
    ("expression", "name"),
    [
        ('file("../shared/name.txt")', "shared"),
        ('file("inner.txt")', "shared"),
        ('templatefile("${path.module}/../shared/name.txt", {})', "shared"),
        ('join(",", fileset("..", "shared/*"))', "shared/name.txt"),
        ('join(",", fileset(".", "../shared/*.txt"))', "../shared/name.txt"),
    ],
)
def test_a_function_reads_what_the_repository_holds(repository: Path, expression: str, name: str) -> None:
    (repository / "infra/inner.txt").symlink_to("../shared/name.txt")
    assert name_of(repository, expression) == name


def test_a_source_file_that_leads_out_is_an_error_that_shows_nothing_of_it(repository: Path) -> None:
    (repository / "infra/a.tf").symlink_to("../../secret.txt")
    with pytest.raises(SourceError) as caught:
        list(hcl.read(["infra"]))
    assert caught.value.message == "infra/a.tf leads out of its repository, and is not read"
    assert SECRET not in str(caught.value.hint)


def test_values_that_lead_out_are_an_error_unless_a_flag_names_them(repository: Path) -> None:
    (repository / "infra/main.tf").write_text('variable "n" {}\n' + endpoint("var.n"))
    (repository / "infra/terraform.tfvars").symlink_to("../../values")
    (repository.parent / "values").write_text('n = "own"\n')
    with pytest.raises(SourceError, match="leads out of its repository"):
        list(hcl.read(["infra"]))
    (repository / "infra/terraform.tfvars").unlink()
    (change_set,) = hcl.read(["infra"], SourceOptions(assignments=["@../values"]))
    assert change_set.after.endpoints[0].name == "own"


def test_a_workspace_that_leads_out_is_not_read(repository: Path) -> None:
    (repository / "infra/.terraform/environment").symlink_to("../../../secret.txt")
    assert name_of(repository, "terraform.workspace") != SECRET


@pytest.mark.parametrize("manifest", [None, '{"Modules": [{"Key": "m", "Dir": "../../secrets"}]}'])
def test_a_module_outside_is_skipped_with_that_reason(repository: Path, manifest: str | None) -> None:
    source = "acme/m/aws" if manifest else "../../secrets"
    (repository / "infra/main.tf").write_text(f'module "m" {{\n  source = "{source}"\n}}\n')
    if manifest:
        (repository / "infra/.terraform/modules").mkdir()
        (repository / "infra/.terraform/modules/modules.json").write_text(manifest)
    (change_set,) = hcl.read(["infra"])
    (skipped,) = change_set.skipped
    assert skipped.reason == f'its source is "{source}", and that leads out of the repository'
    assert skipped.affects_total


@pytest.mark.skipif(os.name == "nt", reason="named pipes and sockets are no files on Windows")
def test_what_is_no_file_is_refused_before_it_is_opened(repository: Path) -> None:
    os.mkfifo(repository / "infra/pipe.tf")
    with pytest.raises(SourceError, match=r"infra/pipe\.tf cannot be read: it is a named pipe, no file"):
        list(hcl.read(["infra"]))
    (repository / "infra/pipe.tf").unlink()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(repository / "infra/socket.tf"))
        with pytest.raises(SourceError, match=r"infra/socket\.tf cannot be read: it is a socket, no file"):
            list(hcl.read(["infra"]))


@pytest.mark.parametrize("assignments", [["n=[secret-word"], ["@bad.tfvars"], ["@bad.tfvars.json"]])
def test_an_error_in_values_shows_nothing_of_them(write: Write, assignments: list[str]) -> None:
    write(
        {
            "main.tf": 'variable "n" {\n  type = list(string)\n}\n' + endpoint("var.n[0]"),
            "bad.tfvars": 'n = ["a"]\nsecret-word\n',
            "bad.tfvars.json": '{"n": ["a"], "secret-word" "b"}',
        }
    )
    with pytest.raises(SourceError) as caught:
        list(hcl.read(["."], SourceOptions(assignments=assignments)))
    assert "secret-word" not in f"{caught.value.message} {caught.value.hint}"


def test_a_name_that_values_in_json_hold_twice_is_an_error(write: Write) -> None:
    write({"main.tf": 'variable "n" {}\n' + endpoint("var.n"), "terraform.tfvars.json": '{"n": "a", "n": "b"}'})
    with pytest.raises(
        SourceError, match=r"terraform\.tfvars\.json:1:12: this is no value, or a name that is there twice"
    ):
        list(hcl.read(["."]))


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("git::https://ada:TOKEN@git.example.com/m.git?ref=v1", "git::https://…@git.example.com/m.git?ref=v1"),
        ("https://host/m.zip?archive=zip&X-Amz-Signature=TOKEN", "https://host/m.zip?archive=zip"),
        ("s3::https://s3.amazonaws.com/b/m?aws_access_key_secret=TOKEN", "s3::https://s3.amazonaws.com/b/m?…"),
        ("git@github.com:acme/m.git", "git@github.com:acme/m.git"),
        ("acme/m/aws", "acme/m/aws"),
    ],
)
def test_an_address_of_a_module_is_shown_without_its_secrets(read: Read, source: str, shown: str) -> None:
    (skipped,) = read({"main.tf": f'module "m" {{\n  source = "{source}"\n}}\n'}).skipped
    assert skipped.reason == f'its source is "{shown}", and it is not here; terraform init fetches it'


def test_the_boundary_is_the_repository_else_here_else_the_input(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    top = write({"repo/.git/HEAD": "", "repo/infra/main.tf": "", "plain/infra/main.tf": "", "other/x": ""})
    assert boundary_of("repo/infra").directory == str(top / "repo")
    assert boundary_of("repo/infra/main.tf").directory == str(top / "repo")
    assert boundary_of("plain/infra").directory == str(top)
    monkeypatch.chdir(top / "other")
    assert boundary_of("../plain/infra").directory == str(top / "plain" / "infra")


def test_an_input_in_a_repository_that_leads_out_of_it_is_an_error(repository: Path) -> None:
    (repository / "out").symlink_to("../secrets")
    with pytest.raises(SourceError, match="out leads out of its repository, and is not read"):
        list(hcl.read(["out"]))
