"""Start-up, held by what is not imported. What is imported, and how heavy that is, test_footprint.py holds."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands.test_check_terraform import STACK

ROOT = Path(__file__).resolve().parent.parent

PLAN = {
    "format_version": "1.2",
    "terraform_version": "1.9.0",
    "planned_values": {"root_module": {}},
    "resource_changes": [],
    "configuration": {
        "provider_config": {"aws": {"name": "aws", "expressions": {"region": {"constant_value": "us-east-1"}}}}
    },
}

HEAVY = {
    "_hashlib",
    "boto3",
    "botocore",
    "dataclasses",
    "duckdb",
    "hcl2",
    "hypothesis",
    "importlib.metadata",
    "inspect",
    "jinja2",
    "jsonschema",
    "msgspec._json_schema",
    "msgspec.inspect",
    "rich",
    "tabulate",
    "textwrap",
    "typing_extensions",
    "yaml",
    "zoneinfo",
    "guardrail.json_text",
    "guardrail.policy.quantity",
    "guardrail.strict_yaml",
    "guardrail.yaml_text",
}

PROBE = """
import sys
from guardrail.cli import main
code = main(sys.argv[2:])
with open(sys.argv[1], "w") as listing:
    listing.write("\\n".join(sorted(sys.modules)))
sys.exit(code)
"""


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def modules_of(arguments: list[str], folder: Path) -> set[str]:
    """The modules that ``guardrail ARGUMENTS`` has imported when it is done, in a fresh interpreter."""
    (folder / "plan.json").write_text(json.dumps(PLAN))
    listing = folder / "modules"
    command = [sys.executable, "-c", PROBE, str(listing), *arguments]
    done = run(command, folder)
    assert (done.returncode, done.stderr) == (0, "")
    return set(listing.read_text().split())


def bare_modules(folder: Path) -> set[str]:
    """What the interpreter of this environment has imported before any of ours (editable installs bring some)."""
    done = run([sys.executable, "-c", "import sys; print(*sys.modules)"], folder)
    return set(done.stdout.split())


def test_a_check_for_machines_imports_nothing_heavy(tmp_path: Path) -> None:
    imported = modules_of(["check", "plan.json", "--format", "json"], tmp_path)
    assert imported & HEAVY - bare_modules(tmp_path) == set()


def test_reading_source_imports_neither_its_other_parser_nor_what_asks_aws(tmp_path: Path) -> None:
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra" / "main.tf").write_text(STACK)
    imported = modules_of(["check", "infra", "--fail-on", "never", "--format", "json"], tmp_path)
    assert "guardrail.sources.hcl" in imported
    assert not {"hcl2", "jsonschema", "boto3"} & imported


def test_alternatives_are_imported_where_somebody_asks_for_them_alone(tmp_path: Path) -> None:
    """A table, a comment and a page without them import none of it, nor what writes it."""
    own = ("guardrail.alternatives", "guardrail.reporters.instead", "guardrail.reporters.curve")
    every = ["check", "plan.json", "--format", "markdown=c.md", "--format", "html=c.html"]
    assert not [name for name in modules_of(every, tmp_path) if name.startswith(own)]
    assert {"guardrail.alternatives.engine", *own[1:]} <= modules_of([*every, "--alternatives"], tmp_path)


def test_a_table_costs_tabulate_and_nothing_else(tmp_path: Path) -> None:
    imported = modules_of(["check", "plan.json"], tmp_path)
    brought = {"tabulate", "importlib.metadata", "dataclasses", "inspect", "textwrap"}
    assert imported & (HEAVY - brought) - bare_modules(tmp_path) == set()


@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_an_overview_imports_no_command_and_not_even_msgspec(argument: str, tmp_path: Path) -> None:
    imported = modules_of([argument], tmp_path)
    assert not [
        name for name in imported if name.startswith("guardrail.commands.") and name != "guardrail.commands.base"
    ]
    assert "msgspec" not in imported


def test_the_compiled_policies_stay_small() -> None:
    """They are read at each start: 71 policies take 163 kB, so that a few more fit."""
    assert (ROOT / "policies" / "compiled.json").stat().st_size < 170_000


def test_what_msgspec_is_imported_without_is_there_afterwards(tmp_path: Path) -> None:
    later = (
        "import datetime, msgspec, uuid; print(msgspec.json.schema(int), msgspec.inspect.type_info(int).gt);"
        "print(msgspec.yaml.encode(1), uuid.uuid4().version, datetime.datetime(2026, 11, 28, tzinfo=datetime.UTC))"
    )
    done = run(
        [
            sys.executable,
            "-c",
            f"from guardrail import cli; cli.main(['--version']); cli.main(['check', '-h']); {later}",
        ],
        tmp_path,
    )
    assert done.stderr == ""
    assert done.stdout.splitlines()[-2:] == ["{'type': 'integer'} None", r"b'1\n' 4 2026-11-28 00:00:00+00:00"]


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="annotations of Python 3.14 come with the syntax tree")
def test_a_check_makes_no_class_of_the_syntax_tree(tmp_path: Path) -> None:
    """The first call of `compile` makes a hundred. A text that names a type means it all the same, as in a module."""
    module = {"address": "module.m", "resources": []}
    plan = {**PLAN, "planned_values": {"root_module": {"child_modules": [module]}}}
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    made = "print([each for each in object.__subclasses__() if each.__module__ == 'ast'])"
    code = (
        f"from guardrail.cli import main; print(main(['check', 'plan.json', '--format', 'json=report.json'])); {made}"
    )
    done = run([sys.executable, "-c", code], tmp_path)
    assert (done.stderr, done.stdout.splitlines()) == ("", ["0", "[]"])


def test_terraform_source_is_read_without_what_lark_hardly_ever_uses(tmp_path: Path) -> None:
    """And who needs them afterwards, finds them."""
    (tmp_path / "main.tf").write_text(
        'resource "aws_sagemaker_endpoint_configuration" "c" {\n  name = join("-", ["a", "b"])\n}\n'
    )
    imported = modules_of(["check", "main.tf", "--format", "json", "--fail-on", "never"], tmp_path)
    assert "lark" in imported
    assert not imported & {"getpass", "hashlib", "pkgutil", "regex", "tempfile"} - bare_modules(tmp_path)
    later = (
        "import lark.utils, hashlib; print(lark.utils.regex.compile('a').fullmatch('a')[0], hashlib.md5().digest_size)"
    )
    assert run([sys.executable, "-c", f"import guardrail.sources.hcl.grammar; {later}"], tmp_path).stdout == "a 16\n"
