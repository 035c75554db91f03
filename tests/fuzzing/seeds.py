"""What fuzzing begins with: the inputs of other tests, and what the documentation shows."""

import json
import re
import tempfile
from pathlib import Path
from typing import Any

from tests.bills import account
from tests.evidence.test_answers import asked, page, result
from tests.evidence.test_odd_bundles import told
from tests.fixes import stack
from tests.fuzzing.mutators import BETWEEN, PACKINGS
from tests.hostile import inputs
from tests.sources.jobs.test_files import MACHINE, REQUEST
from tests.sources.template.test_stack import TEMPLATE as FUNCTIONS
from tests.test_docs import blocks

ROOT = Path(__file__).resolve().parents[2]
SCENARIOS = ROOT / "tests" / "scenarios"
STOREFRONT = (ROOT / "examples" / "storefront" / "plan.json").read_bytes()
"""A plan with findings of five policies."""
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


def branches() -> list[bytes]:
    """What was found before two branches began, and what each of them finds."""
    (three,) = (json.loads(each)["findings"] for each in baselines())
    many = [{**three[1], "index": at, "variant": name} for at, name in enumerate("abcdefgh")]
    dearer = {**many[7], "monthly_usd": "90"}
    sides: tuple[tuple[list[Any], list[Any], list[Any]], ...] = (
        (many, [*three, *many], [*many[:7], dearer]),
        (many, many[1:], [*many[:6], many[7]]),
        (three, [*three, three[1]], [*three, {**three[1], "source": "b.json"}]),
        ([], three, many),
        ([], three, three),
    )
    return dumped(*({"base": base, "ours": ours, "theirs": theirs} for base, ours, theirs in sides))


def several_bundles() -> list[bytes]:
    """What three runs saw of one endpoint, with jobs, load tests and advice."""
    one = told()
    (seen,) = one["endpoints"]
    gap = {"subject": "p", "metric": "Invocations", "reason": "throttled"}
    job = {name: seen[name] for name in ("account", "region", "start", "end")}
    job |= {"prefix": "nightly-", "model": "m", "instance_type": "ml.m5.xlarge", "instances": 1, "runs": 3}
    test = {"account": None, "region": "us-east-1", "name": "t", "types": [{"instance_type": "ml.m5.xlarge"}]}
    advice = {"endpoint": seen["name"], "least": 1, "most": 4}
    rest = {"jobs": [job], "load_tests": [test], "advice": [advice]}
    other = {**one, "endpoints": [{**seen, "gaps": [*seen.get("gaps", ()), gap]}], **rest}
    third = {**other, "endpoints": [{**seen, "name": "another"}], "jobs": [{**job, "runs": 4}]}
    return dumped([one, other], [one, other, third], [third])


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


def mistakes() -> list[bytes]:
    """Source with findings that have a fix."""
    scaled = stack.PROVIDER + stack.ENDPOINT + stack.TARGET
    terraform = [
        scaled,
        scaled + stack.WAKE,
        scaled + stack.BACKLOG + stack.STEPS,
        scaled.replace("min_capacity       = 1", "min_capacity       = 0") + stack.BACKLOG + stack.WAKE,
        scaled.replace("AllTraffic", "AllTrafic", 1) + stack.BACKLOG + stack.ALARM,
        'variable "least" { default = 1 }\n' + scaled.replace("= 1\n  max", "= var.least\n  max"),
        scaled.replace("\n", "\r\n"),
        stack.PROVIDER + stack.ENDPOINT,
    ]
    template = stack.TEMPLATE + stack.TEMPLATE_TARGET
    tree = json.loads(json.dumps(inputs.template()).replace("ml.m5.xlarge", "ml.g4dn.xlarge"))
    tree["Resources"]["C"]["Properties"]["AsyncInferenceConfig"] = {"OutputConfig": {"S3OutputPath": "s3://a/"}}
    in_json = [json.dumps(tree, indent=2), json.dumps(tree)]
    return [each.encode() for each in (*terraform, template, stack.TEMPLATE, *in_json)]


def pairs() -> list[bytes]:
    """What stood before, and what stands now."""
    small = inputs.TERRAFORM.replace('name = "ranker-config"', 'name_prefix = "ranker-"')
    grown = small.replace("= 2\n", "= 3\n").replace("ml.m5.xlarge", "ml.m5.2xlarge")
    scaled = stack.PROVIDER + stack.ENDPOINT
    template = inputs.template()
    del template["Resources"]["E"]
    versions = [
        (small, grown),
        (inputs.TERRAFORM, inputs.TERRAFORM.replace("= 2\n", "= 3\n")),
        (scaled, scaled + stack.TARGET + stack.BACKLOG),
        (scaled, small),
        ("", small),
        (inputs.YAML, inputs.YAML.replace(": 2", ": 5")),
        (stack.TEMPLATE, stack.TEMPLATE + stack.TEMPLATE_TARGET),
        (json.dumps(template), json.dumps(inputs.template())),
    ]
    return [then.encode() + BETWEEN + now.encode() for then, now in versions]


def packed_bills() -> list[bytes]:
    """Exports in gzip and zip, and one in Parquet."""
    texts = bills()
    rows = account.records("focus-1.2")
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        path = Path(folder) / "a.parquet"
        account.write_parquet(path, [*rows[:6], *rows[-6:]])
        parquet = path.read_bytes()
    return [*(pack(texts[number % len(texts)]) for number, pack in enumerate(PACKINGS)), parquet]


def events() -> list[bytes]:
    """Names of events, each with its payload behind it."""

    def payload(head: object, base: str = "b" * 40) -> bytes:
        sides = {"head": {"sha": "a" * 40, "repo": head}, "base": {"sha": base, "repo": {"full_name": "acme/shop"}}}
        return json.dumps({"action": "opened", "number": 7, "pull_request": {"number": 7, **sides}}).encode()

    ours, theirs = {"full_name": "acme/shop"}, {"full_name": "mallory/shop", "fork": True}
    names = (b"pull_request", b"pull_request_target", b"push", b"issue_comment", b"workflow_run", b"merge_group")
    payloads = (payload(ours), payload(theirs), payload(None), payload(theirs, "main"), b'{"ref": "refs/heads/main"}')
    return [name + b"\n" + each for name in names for each in payloads]


def two_texts() -> list[bytes]:
    """Where a diff is cut, and the two texts that it is of."""
    numbered = [str(number) for number in range(1, 41)]
    other = [*numbered[:2], "three", *numbered[3:8], *numbered[9:30], "30", "more", *numbered[30:]]
    texts = ["\n".join(numbered), "\n".join(other), "", stack.TARGET, stack.TARGET + stack.BACKLOG]
    return [b"60\n" + one.encode() + BETWEEN + two.encode() for one in texts for two in texts]


def suggestions() -> list[bytes]:
    """Fixes, and the files of a pull request."""
    fix = {
        "finding": "0" * 15 + "1",
        "address": "aws_appautoscaling_target.reader",
        "headline": "reader: keeps one instance",
        "saving": "up to 1 USD a month",
        "gone": ["async-scales-to-zero"],
        "bill": "floor 1.00 -> 0.00 USD (-1.00), expected and ceiling as before",
        "path": "main.tf",
        "blob": "b" * 40,
        "edit": {"first": 5, "last": 5, "new": ["5", "```", "</details>"]},
    }
    other = {**fix, "finding": "0" * 15 + "2", "edit": {"first": 6, "last": 7, "new": []}}
    without = {**fix, "finding": "0" * 15 + "3", "edit": None, "reason": "it edits 2 files"}
    file = {"filename": "main.tf", "sha": "b" * 40, "patch": "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8"}
    return dumped({"fixes": [fix, other, without], "files": [file]}, {"fixes": [other, fix], "files": [file, file]})


def markers() -> list[bytes]:
    """Comments as GitHub has them."""
    run = f"<!-- guardrail:run commit={'a' * 40} id=7 attempt=1 -->\n"
    head = "<!-- guardrail:comment tag=network/prod -->\n"
    texts = (head + run, head, head + head + run, run + head, head.replace("\n", "\r\n") + run.replace("\n", "\r\n"))
    return [f"{each}### It costs\n\ntext\n".encode() for each in (*texts, "")]


def waivers() -> list[bytes]:
    """Settings that accept findings of the storefront, and source that accepts its own."""
    entry = "- {policy: async-scales-to-zero, address: '*invoices', until: 2999-01-31, reason: Because., owner: a}\n"
    dear = "- {policy: instances-are-right-sized, address: '*', until: 2999-01-31, reason: b, max_monthly_usd: 1}\n"
    past = "- {policy: shadow-variants-are-temporary, address: '*.fraud', until: 2020-01-31, reason: c}\n"
    settings = (
        f"waivers:\n{entry}{dear}{past}",
        f"waivers:\n  max_days: 36500\n  entries:\n  {entry}",
        "waivers: []\n",
    )
    comment = '# guardrail:ignore async-scales-to-zero until=2999-01-31 reason="agreed"\n'
    source = stack.PROVIDER + stack.ENDPOINT + stack.TARGET
    inside = source.replace("  service_namespace", f"  {comment}  service_namespace", 1)
    return [each.encode() for each in (*settings, source.replace("resource", f"{comment}resource"), inside)]
