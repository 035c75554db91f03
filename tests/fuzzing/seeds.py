"""What fuzzing begins with: the inputs of other tests, and what the documentation shows."""

import json
import re
from pathlib import Path

from tests.bills import account
from tests.evidence.test_answers import asked, page, result
from tests.evidence.test_odd_bundles import told
from tests.hostile import inputs
from tests.sources.jobs.test_files import MACHINE, REQUEST
from tests.sources.template.test_stack import TEMPLATE as FUNCTIONS
from tests.test_docs import blocks

ROOT = Path(__file__).resolve().parents[2]
SCENARIOS = ROOT / "tests" / "scenarios"
_LARGEST = 20_000
"""Bytes of a seed: what is larger is only slower."""


def found(*patterns: str) -> list[bytes]:
    """The files of the repository that match, but for large ones."""
    paths = (path for pattern in patterns for path in sorted(ROOT.glob(pattern)))
    return [path.read_bytes() for path in paths if path.stat().st_size < _LARGEST]


def shown(language: str, *words: str) -> list[bytes]:
    """The blocks of the documentation in a language that have one of these words."""
    texts = (text for path in sorted(ROOT.glob("docs/*.md")) for kind, _, text in blocks(path) if kind == language)
    return [text.encode() for text in texts if any(word in text for word in words)]


def dumped(*documents: object) -> list[bytes]:
    """Documents in JSON."""
    return [json.dumps(document).encode() for document in documents]


def plans() -> list[bytes]:
    return [*dumped(inputs.a_plan(), inputs.a_state()), *found("tests/scenarios/*/plan.json")]


def terraform() -> list[bytes]:
    return [
        inputs.TERRAFORM.encode(),
        *found("tests/scenarios/*/main.tf", "examples/storefront/*.tf"),
        *shown("hcl", " "),
    ]


def terraform_json() -> list[bytes]:
    return dumped(inputs.terraform_json())


def tfvars() -> list[bytes]:
    return [
        b'x = "ml.m5.xlarge"\ny = 2\nz = ["a", { b = null, "c" : 1.5 }]\n',
        b"# a remark\nx = <<E\n  a\nE\ny = -1 /* b */\nz = { for k in [] : k => k }\n",
        *dumped({"x": "ml.m5.xlarge", "y": 2, "z": ["a", {"b": None}]}),
    ]


def templates() -> list[bytes]:
    return [*dumped(inputs.template()), *found("tests/sources/template/cdk.out/*.json", "examples/**/*.template.json")]


def templates_in_yaml() -> list[bytes]:
    return [inputs.YAML.encode(), FUNCTIONS.encode(), *shown("yaml", "Resources:", "AWS::SageMaker")]


def assemblies() -> list[bytes]:
    return dumped(inputs.manifest(), inputs.change_set())


def definitions() -> list[bytes]:
    transform = {"Name": "T", "Type": "Transform", "Arguments": REQUEST}
    pipeline = {"Version": "2020-12-01", "Parameters": [{"Name": "N", "Type": "Integer"}], "Steps": [transform]}
    looped = {
        "StartAt": "M",
        "States": {
            "M": {"Type": "Map", "MaxConcurrency": 3, "ItemsPath": "$.x", "ItemProcessor": MACHINE, "Next": "C"},
            "C": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.y", "NumericGreaterThan": 1, "Next": "P"}],
                "Default": "W",
            },
            "W": {"Type": "Wait", "Seconds": 60, "Next": "M"},
            "P": {"Type": "Parallel", "Branches": [MACHINE, MACHINE], "Retry": [{"ErrorEquals": ["x"]}], "End": True},
        },
    }
    asked_for = {"QueryLanguage": "JSONata", **MACHINE}
    return [*dumped(MACHINE, pipeline, REQUEST, looped, asked_for), *shown("yaml", "StartAt:", "TransformResources")]


def settings() -> list[bytes]:
    return shown("yaml", "budget", "policies:", "waivers:", "discounts:", "environments:", "fail_on", "groups:")


def usages() -> list[bytes]:
    return [*found("tests/scenarios/*/usage.yml", "examples/*/guardrail-usage.yml"), *shown("yaml", "usage:")]


def policies() -> list[bytes]:
    """Each under the name of the file that it is put into."""
    written = found("policies/*/*.yaml", "examples/policies/*.yaml")
    return [re.sub(rb"(?m)^id: .*$", b"id: p", content) for content in written]


def baselines() -> list[bytes]:
    entry = {"policy": "realtime-variants-scale", "endpoint": "ranker@us-east-1", "monthly_usd": "12.50"}
    variant = {**entry, "part": "variant", "index": 0, "variant": "main", "source": "plan.json"}
    return dumped({"version": 1, "findings": [entry, variant, {**variant, "monthly_usd": "unknown"}]})


def bills() -> list[bytes]:
    def some(layout: str) -> bytes:
        rows = account.records(layout)
        return account.csv_text([*rows[:6], *rows[-6:]]).encode()

    return [some(layout) for layout in ("legacy", "cur2", "focus-1.0", "focus-1.2")]


def bundles() -> list[bytes]:
    return dumped(told())


def answers() -> list[bytes]:
    pair = {
        "requests": [asked("a", "b")],
        "pages": [page(result("a", range(24)), result("b", range(3), "PartialData"))],
    }
    return dumped(pair, {"requests": [asked("a")], "pages": [page(result("a", range(0, 24, 5)), token="n")]})  # noqa: S106


def descriptions() -> list[bytes]:
    arn = "arn:aws:sagemaker:us-east-1:123456789012:endpoint/p"
    return dumped(
        {"EndpointName": "p", "EndpointArn": arn, "EndpointConfigName": "c", "CreationTime": "2026-01-01T00:00:00Z"}
    )


def usage_types() -> list[bytes]:
    return [
        b"USE1-Host:ml.m5.xlarge",
        b"EUC1-ServerlessInf:Mem-2GB",
        b"USW2-ProvisionedConcurrency:Usage-3GB",
        b"APN1-Hst:Data-Bytes-In",
        b"USE1-Host:VolumeUsage.gp2",
        b"USE1-Tsform:ml.g5.12xlarge",
    ]


def schedules() -> list[bytes]:
    return [
        b"cron(0 8 ? * MON-FRI *)\nEurope/Berlin\n2026-11-01T00:00:00\n2027-01-01T00:00:00",
        b"cron(0/15 9-17 1,15,L * ? 2026-2030)\nUTC\n\n",
        b"cron(0 10 LW 2 ? *)\n\n\n",
        b"cron(0 0 ? JAN TUE#2 *)\nAsia/Kolkata\n\n",
        b"cron(0 0 15W * ? *)\n\n\n",
        b"rate(6 hours)\nAmerica/New_York\n2026-11-01T00:00:00\n",
        b"at(2026-12-24T18:00:00)\n\n\n",
    ]


def price_tables() -> list[bytes]:
    return [b"".join((ROOT / "pricing" / "us-east-1.csv").read_bytes().splitlines(keepends=True)[:12])]


def patterns() -> list[bytes]:
    return [b"[a-z]+-(prod|dev)\nchat-prod", b"^(a|b){2,9}$\nab", rb"\d+\.\w*?" + b"\n1.x", b"aws_sagemaker_*[*].x\ny"]
