"""No damage makes a bill smaller in silence.

Every input of `inputs` costs the same. Whatever is done to it, the answer is an error with exit code 2, or costs as
much as before, or says that it lacks something: an unknown, a resource that was skipped, an "at least".
"""

import io
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from msgspec.json import decode

from guardrail import cli
from tests.hostile import inputs, mutations

pytestmark = pytest.mark.no_cover  # many runs of the same lines: counting them takes longer than they do

Files: TypeAlias = dict[str, bytes]
Case: TypeAlias = tuple[str, Files]


def anew(path: Path, content: bytes) -> None:
    """Write a file that may be there: to empty it for that, file systems wait for what it held to be on the disk."""
    path.unlink(missing_ok=True)
    path.write_bytes(content)


def checked(folder: Path, files: Files, name: str, *arguments: str) -> tuple[int, dict[str, Any], str]:
    """Exit code, report and standard error of a check of ``name`` among ``files``."""
    for each, content in files.items():
        anew(folder / each, content)
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = cli.main(["check", str(folder / name), "--region", "us-east-1", "--format", "json", *arguments])
    return code, decode(out.getvalue()) if out.getvalue() else {}, err.getvalue()


def is_said(report: dict[str, Any]) -> bool:
    """Whether a report says that something is missing, unknown or left out, or shows what nothing is known to use."""
    total = report["totals"]["after"]
    unknown = any(isinstance(amount, dict) for amount in total.values())
    possibly = any(endpoint["deployed"] != "yes" for endpoint in report["endpoints"])
    return bool(total["at_least"] or unknown or possibly or report["skipped"] or report["coverage"]["partial"])


def costs(report: dict[str, Any], bound: str) -> Decimal:
    amount = report["totals"]["after"][bound]
    return Decimal(amount) if isinstance(amount, str) else Decimal(0)


def complaint(code: int, report: dict[str, Any], said: str) -> str | None:
    """What is wrong with an answer to a damaged input; None where nothing is."""
    if code not in (0, 1, 2, 3) or "Traceback" in said:
        return f"exit {code}: {said.strip()[:200]}"
    if code == 2:
        return None if said.startswith("guardrail: ") else "exit 2 without a word"
    least = Decimal(inputs.COSTS)
    is_less = any(costs(report, bound) < least for bound in ("floor", "expected", "ceiling"))
    return f"costs {costs(report, 'ceiling')}, and nothing is said" if is_less and not is_said(report) else None


WHOLE = {
    "state": {
        "values: gone": "an empty state is written so",
        "values.root_module.resources: gone": "a module may hold nothing but modules",
        "values.root_module.resources.0: gone": "a state without the endpoint",
    },
    "tf.json": {
        **{
            f"resource{place}: {value}": "Terraform takes null for a block that is not written, and [] for none"
            for place in ("", ".aws_sagemaker_endpoint", ".aws_sagemaker_endpoint.e")
            for value in ("null", "[]", "[null]")
        },
        **{
            f"resource{place}: gone": "a module without the endpoint"
            for place in ("", ".aws_sagemaker_endpoint", ".aws_sagemaker_endpoint.e")
        },
    },
    "template in JSON": {"Resources.E: gone": "a template without the endpoint"},
    "template of cdk.out": {
        "Resources.E: gone": "a template without the endpoint",
        "Resources: gone": "the CDK writes a stack without resources so",
    },
}
"""What leaves another input that is whole, and so says rightly that there is less; each with its reason."""


def dumped(name: str, done: str | None, cases: Iterable[tuple[mutations.Path, Any]], beside: Files) -> Iterator[Case]:
    """The cases as files, each named after its place and what was ``done`` there: None for another value."""
    for path, document in cases:
        text = document if isinstance(document, str) else json.dumps(document)
        what = json.dumps(mutations.at(document, path)) if done is None else done
        yield f"{'.'.join(map(str, path))}: {what}", {name: text.encode(), **beside}


def of_json(name: str, document: Any, key: str, **beside: bytes) -> Iterator[Case]:
    """Every damage to one document in JSON."""
    text = json.dumps(document)
    yield from dumped(name, None, mutations.wrong_types(document), beside)
    yield from dumped(name, "gone", mutations.deletions(document), beside)
    yield from dumped(name, "doubled", mutations.doubled_keys(document), beside)
    yield from of_text(name, text, key, 30, **beside)


def of_text(name: str, text: str, key: str, cuts: int, **beside: bytes) -> Iterator[Case]:
    """Every damage to a text."""
    yield from ((f"cut at {end}", {name: content, **beside}) for end, content in mutations.cuts(text.encode(), cuts))
    yield from ((f"in {what}", {name: content, **beside}) for what, content in mutations.encodings(text, key))


def of_lines(name: str, text: str) -> Iterator[Case]:
    """Every line of a text lost, and every line twice."""
    lines = text.splitlines(keepends=True)
    for number, line in enumerate(lines):
        yield f"without {line.strip()!r}", {name: "".join(lines[:number] + lines[number + 1 :]).encode()}
        yield f"twice {line.strip()!r}", {name: "".join([*lines[:number], line, *lines[number:]]).encode()}


TEMPLATE = json.dumps(inputs.template()).encode()
KINDS: dict[str, tuple[str, Callable[[], Iterator[Case]]]] = {
    "plan": ("plan.json", lambda: of_json("plan.json", inputs.a_plan(), "resource_changes")),
    "state": ("state.json", lambda: of_json("state.json", inputs.a_state(), "resources")),
    "tf.json": (".", lambda: of_json("main.tf.json", inputs.terraform_json(), "production_variants")),
    "tf": (".", lambda: of_text("main.tf", inputs.TERRAFORM, "production_variants", 200)),
    "tf lines": (".", lambda: of_lines("main.tf", inputs.TERRAFORM)),
    "template in JSON": ("t.json", lambda: of_json("t.json", inputs.template(), "ProductionVariants")),
    "template in YAML": ("t.yaml", lambda: of_text("t.yaml", inputs.YAML, "ProductionVariants", 200)),
    "template lines": ("t.yaml", lambda: of_lines("t.yaml", inputs.YAML)),
    "cdk.out": (
        ".",
        lambda: of_json("manifest.json", inputs.manifest(), "templateFile", **{"Stack.template.json": TEMPLATE}),
    ),
    "template of cdk.out": (
        ".",
        lambda: of_json(
            "Stack.template.json",
            inputs.template(),
            "ProductionVariants",
            **{"manifest.json": json.dumps(inputs.manifest()).encode()},
        ),
    ),
    "change set": ("c.json", lambda: of_json("c.json", inputs.change_set(), "ResourceChange")),
}


@pytest.mark.parametrize("kind", KINDS)
def test_no_damage_makes_a_bill_smaller_in_silence(tmp_path: Path, kind: str) -> None:
    name, cases = KINDS[kind]
    wrong: list[str] = []
    number = 0
    for what, files in cases():
        number += 1
        problem = complaint(*checked(tmp_path, files, name))
        if problem is not None and what not in WHOLE.get(kind, {}):
            wrong.append(f"{what}: {problem}")
    assert not wrong, f"{len(wrong)} of {number}\n" + "\n".join(wrong)


SETTINGS = {
    "version": 1,
    "region": "us-east-1",
    "environments": {"tag_keys": ["stage"], "patterns": {"staging": ["stg"]}},
    "policies": {"realtime-variants-scale": {"severity": "warning"}},
    "budget": {"max_expected_usd": 100, "max_increase_floor_usd": 5},
    "fail_on": "error",
    "prices": {"tables": "bundled", "max_age_days": 100},
    "discounts": {
        "rules": [{"name": "EDP", "percent": 5, "region": "us-*", "tag": {"team": "search"}}],
        "savings_plan": {"commitment_usd_per_hour": 0.1, "percent": 20, "covers": ["Host"]},
    },
    "waivers": [{"policy": "cost-tags-are-present", "address": "*", "until": "2099-01-01", "reason": "later"}],
    "baseline": {"tolerance_percent": 10},
}
USAGE = {
    "version": "0.1",
    "resource_type_default_usage": {"aws_sagemaker_endpoint": {"monthly_requests": 10, "request_payload_kb": 4}},
    "resource_usage": {"aws_sagemaker_endpoint.e": {"average_instances": 1, "variants": {"main": {}}}},
}


@pytest.mark.parametrize(("flag", "document"), [("--config", SETTINGS), ("--usage-file", USAGE)])
def test_no_damage_to_what_people_write_is_a_bug_or_goes_unnoticed(tmp_path: Path, flag: str, document: Any) -> None:
    """A value of the wrong kind is an error with the file and the line, never a setting that does not count."""
    plan = json.dumps(inputs.a_plan()).encode()
    path = tmp_path / "terms.yml"
    wrong: list[str] = []
    path.write_text(json.dumps(document))
    code, _, said = checked(tmp_path, {"plan.json": plan}, "plan.json", flag, str(path))
    assert code in (0, 1), said
    cases = [
        *dumped("", None, mutations.wrong_types(document), {}),
        *dumped("", "gone", mutations.deletions(document), {}),
        *dumped("", "doubled", mutations.doubled_keys(document), {}),
    ]
    for what, files in cases:
        anew(path, files[""])
        code, _, said = checked(tmp_path, {"plan.json": plan}, "plan.json", flag, str(path))
        must_say = what.endswith((": doubled", ': "x"', ": [null]"))
        if code not in (0, 1, 2, 3) or "Traceback" in said or (must_say and code != 2):
            wrong.append(f"{what}: exit {code} {said.strip()[:200]}")
    assert not wrong, f"{len(wrong)} of {len(cases)}\n" + "\n".join(wrong)
