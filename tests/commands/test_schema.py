"""``guardrail schema``: what is read and what the schemas allow is the same."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from guardrail import cli, strict_yaml
from guardrail.commands import init, schema
from guardrail.cost import usage
from guardrail.errors import SettingsError
from guardrail.policy import baseline
from guardrail.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```(?:yaml|json)(?: [^\n]*)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
UNCOMMENTED = re.sub(r"(?m)^# (?=( *- )|( *[\w-]+:( |$)))(?!.*[.!]$)", "", init.TEMPLATE)


@cache
def validator(of: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads(schema.text(of)))


def documented(known: set[str]) -> list[Any]:
    """Every mapping that the documentation shows, and the examples hold, whose keys a file of this kind has."""
    texts = [UNCOMMENTED, *(path.read_text(encoding="utf-8") for path in ROOT.glob("examples/*/*guardrail*.y*ml"))]
    for page in [ROOT / "README.md", *ROOT.glob("docs/*.md")]:
        texts += BLOCK.findall(page.read_text(encoding="utf-8"))
    found = []
    for text in texts:
        try:
            value = strict_yaml.decode(text, dict[str, Any], name="shown", error=SettingsError)
        except SettingsError:
            continue  # no mapping, or one that is shown for being wrong
        if value and value.keys() <= known:
            found.append(value)
    return found


def reads(path: Path, of: str, value: object) -> bool:
    """Whether guardrail reads a file that says ``value``."""
    path.write_text(json.dumps(value))  # which is YAML
    try:
        if of == "settings":
            strict_yaml.read(path, Settings, error=SettingsError)
        elif of == "usage":
            usage.load(path)
        else:
            baseline.read(str(path))
    except SettingsError:
        return False
    return True


@pytest.mark.parametrize(
    ("of", "known", "least"),
    [
        ("settings", set(Settings.__struct_fields__), 8),
        ("usage", set(usage.UsageFile.__struct_fields__), 2),
    ],
)
def test_every_documented_example_fits_its_schema(of: str, known: set[str], least: int, tmp_path: Path) -> None:
    examples = documented(known)
    assert len(examples) >= least
    for example in examples:
        errors = [f"{error.json_path}: {error.message}" for error in validator(of).iter_errors(example)]
        assert bool(errors) is not reads(tmp_path / "file", of, example), (example, errors)


@pytest.mark.parametrize(
    ("of", "wrong"),
    [
        ("settings", {"regoin": "eu-west-1"}),
        ("settings", {"version": 2}),
        ("settings", {"fail_on": "none"}),
        ("settings", {"strict": "yes"}),
        ("settings", {"budget": {"max_expected_usd": -1}}),
        ("settings", {"budget": {"max_expected_usd": "-1"}}),
        ("settings", {"budget": {"max_expected_usd": "much"}}),
        ("settings", {"budget": {"max_flor_usd": 1}}),
        ("settings", {"group_budgets": [{"max_floor_usd": 1}]}),
        ("settings", {"policies": {"async-scales-to-zero": {"severity": "high"}}}),
        ("settings", {"policies": {"own": {"severty": "error"}}}),
        ("settings", {"waivers": [{"policy": "x", "address": "y", "until": "2027-01-31"}]}),
        ("settings", {"waivers": [{"policy": "x", "address": "y", "until": "2027-01-31", "reason": 7}]}),
        ("settings", {"discounts": {"budgets": "net"}}),
        ("settings", {"prices": {"tables": ["prices"]}}),
        ("usage", {"version": 7}),
        ("usage", {"resource_usage": {"a.b": {"monthly_request": 1}}}),
        ("usage", {"resource_usage": {"a.b": {"monthly_requests": -1}}}),
        ("usage", {"resource_usage": {"a.b": {"monthly_busy_hours": 731}}}),
        ("usage", {"resource_usage": {"a.b": {"variants": {"v": {"request_payload_kb": 1}}}}}),
        ("usage", {"resource_type_default_usage": {"aws_sagemaker_endpont": {"monthly_requests": 1}}}),
        ("baseline", {}),
        ("baseline", {"version": 1, "findings": [{"policy": "x"}]}),
        ("baseline", {"version": 1, "findings": [{"policy": "x", "endpoint": "e", "part": "host"}]}),
    ],
)
def test_what_is_not_read_does_not_fit(of: str, wrong: object, tmp_path: Path) -> None:
    assert not reads(tmp_path / "file", of, wrong)
    assert not validator(of).is_valid(wrong)


@pytest.mark.parametrize(
    ("of", "right"),
    [
        ("settings", {}),
        ("settings", {"budget": {"max_expected_usd": "5000", "max_ceiling_usd": 1e4, "max_floor_usd": None}}),
        ("settings", {"group_budgets": [{"where": {"tag:Team": "a", "environment": "b"}, "max_floor_usd": 1}]}),
        ("settings", {"policies": {"of-our-own": {"severity": "off"}}}),
        ("settings", {"waivers": {"max_days": 90, "entries": []}}),
        ("usage", {"version": 0.1, "resource_usage": {"a.b": None, "c.*": {"monthly_requests": 10}}}),
        ("usage", {"resource_type_default_usage": None}),
        ("baseline", {"version": 1, "findings": [{"policy": "x", "endpoint": "e", "monthly_usd": "12.50"}]}),
    ],
)
def test_what_is_read_fits(of: str, right: object, tmp_path: Path) -> None:
    assert reads(tmp_path / "file", of, right)
    assert validator(of).is_valid(right)


@pytest.mark.parametrize("of", ["report", "explain", "settings", "usage", "policy", "baseline", "evidence"])
def test_each_is_a_schema_that_the_command_prints(of: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["schema", of]) == 0
    printed = json.loads(capsys.readouterr().out)
    Draft202012Validator.check_schema(printed)
    assert printed["$schema"] == schema.DRAFT


def test_the_schemas_say_what_the_keys_mean() -> None:
    parts = json.loads(schema.text("settings"))["$defs"]
    assert parts["BudgetSettings"]["properties"]["max_increase_floor_usd"]["description"] == (
        "How much a change may add to the floor."
    )
    variant = json.loads(schema.text("usage"))["$defs"]["EndpointUsage"]["properties"]["average_instances"]
    assert variant["description"].startswith("Mean number of instances while busy")  # inherited from VariantUsage


def test_the_schema_of_a_file_lies_beside_it_under_a_name_of_its_own(tmp_path: Path) -> None:
    line = schema.write_beside(str(tmp_path / "guardrail-usage.yml"), "usage")
    assert line == "# yaml-language-server: $schema=.guardrail-usage.schema.json\n"
    assert (tmp_path / ".guardrail-usage.schema.json").read_text() == schema.text("usage")
