"""The bundled policies: each shows by example what it passes, fails and leaves open, with sums worked out by hand."""

import csv
import itertools
import json
import re
import subprocess
import sys
from collections import defaultdict
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import hcl2
import pytest
import yaml
from jsonschema import Draft202012Validator
from msgspec import structs

from guardrail.cost.alternatives import SUCCESSORS
from guardrail.cost.estimate import estimate
from guardrail.model import Endpoint, Inventory
from guardrail.policy import examples, load
from guardrail.policy.base import Result
from guardrail.policy.environment import Environments
from guardrail.policy.evaluate import evaluate
from guardrail.policy.example_model import Builder
from guardrail.policy.policy import Fix, Policy
from guardrail.prices.book import PriceBook
from scripts import build_policies, build_reference

ROOT = Path(__file__).resolve().parent.parent
POLICIES = load.read(str(ROOT / "policies"))
BY_ID = {policy.id: policy for policy in POLICIES}

SEVERITIES = {
    "realtime-variants-scale": "error",
    "instances-are-right-sized": "error",
    "instances-fit-their-load": "error",
    "serverless-fits-its-load": "error",
    "variants-take-their-peaks": "note",
    "endpoints-are-used": "warning",
    "components-are-used": "warning",
    "async-scales-to-zero": "error",
    "async-wakes-from-zero": "warning",
    "async-scales-on-backlog": "error",
    "scaling-has-room": "warning",
    "scaling-has-a-policy": "warning",
    "scaling-in-is-enabled": "warning",
    "cooldowns-are-short": "warning",
    "initial-count-within-bounds": "warning",
    "realtime-keeps-an-instance": "error",
    "burstable-does-not-scale": "error",
    "no-idle-variants": "warning",
    "shadow-variants-are-temporary": "warning",
    "instance-generation-is-current": "warning",
    "instance-is-offered-in-region": "error",
    "serverless-memory-is-valid": "error",
    "provisioned-concurrency-fits": "error",
    "provisioned-concurrency-scales": "warning",
    "monthly-cost-within-budget": "error",
    "monthly-increase-within-budget": "error",
    "endpoint-takes-its-configuration": "error",
    "changes-reach-the-endpoint": "warning",
    "cost-tags-are-present": "note",
    "components-wake-from-zero": "warning",
    "managed-scaling-hosts-components": "error",
    "scaling-bounds-are-ordered": "error",
    "scaling-follows-published-metrics": "error",
    "scaling-names-what-exists": "error",
    "serverless-concurrency-is-valid": "error",
    "variant-names-are-unique": "error",
    "elastic-inference-is-gone": "error",
    "images-run-where-they-are-put": "error",
    "kinds-take-what-they-are-given": "error",
    "scaled-variants-keep-their-type": "error",
    "models-are-named-right": "warning",
    "configuration-names-are-free": "warning",
    "serverless-is-offered-in-region": "warning",
    "utilization-targets-are-shares": "error",
    "variants-are-served-one-way": "error",
    "transform-payloads-are-accepted": "error",
    "transform-batches-can-form": "warning",
    "transform-instances-have-input": "warning",
    "transform-types-are-priced": "error",
    "transform-uploads-end": "note",
    "transform-instances-are-right-sized": "warning",
    "transform-jobs-end": "warning",
    "transform-cost-is-agreed": "warning",
    "transform-models-are-archives": "error",
    "transform-names-are-fresh": "warning",
    "volume-size-is-accepted": "error",
    "accelerators-are-used": "warning",
    "aws-budgets-cover-the-estimate": "note",
    "capture-is-sampled": "warning",
    "ceilings-are-agreed": "error",
    "components-let-their-host-rest": "warning",
    "images-fit-their-instances": "warning",
    "instance-families-are-agreed": "error",
    "non-production-keeps-one-instance": "warning",
    "non-production-rests": "note",
    "pool-fallbacks-cost-alike": "warning",
    "scaling-alarms-fire": "warning",
    "schedules-take-effect": "warning",
    "updates-bill-one-fleet": "note",
    "utilization-targets-count-every-core": "warning",
    "variant-names-are-set": "note",
}
OFF_UNTIL_SET = {
    "accelerators-are-used",
    "capture-is-sampled",
    "ceilings-are-agreed",
    "instance-families-are-agreed",
    "monthly-cost-within-budget",
    "monthly-increase-within-budget",
    "pool-fallbacks-cost-alike",
    "transform-cost-is-agreed",
    "updates-bill-one-fleet",
    "variant-names-are-set",
}

OF_TEAMS = load.read(str(ROOT / "examples" / "policies"))

every_policy = pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.id)


@cache
def prices() -> PriceBook:
    return PriceBook()


def test_what_was_considered_names_policies_that_there_are_and_says_why_others_are_left_out() -> None:
    with open(ROOT / "policies" / "considered.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len({row["rule"] for row in rows}) == len(rows) == 89
    for row in rows:
        assert (row["answer"] in ("bundled", "merged", "optional")) == (row["policy"] in BY_ID), row
        assert row["why"] or row["answer"] not in ("left out", "advice"), row
        assert (row["answer"] == "optional") == (row["policy"] in OFF_UNTIL_SET and "budget" not in row["policy"]), row


def test_what_aws_refuses_lies_in_one_folder_and_what_is_no_error_there_only_may_fail() -> None:
    """A deployment that fails is an error; a table of prices, a likeness, and what Terraform ignores are warnings."""
    graded = {policy.id: policy.severity for policy in POLICIES if policy.topic == "deployment"}
    assert len(graded) == 23
    warnings = {
        "changes-reach-the-endpoint",
        "configuration-names-are-free",
        "models-are-named-right",
        "serverless-is-offered-in-region",
    }
    assert {name for name, severity in graded.items() if severity != "error"} == warnings


@pytest.mark.parametrize("policy", [BY_ID[name] for name in sorted(OFF_UNTIL_SET)], ids=lambda policy: policy.id)
def test_what_is_off_until_set_asks_for_a_parameter_that_has_no_value(policy: Policy) -> None:
    """Each example that is judged gives one, and each without a parameter is not applicable."""
    defaults = [parameter.default for parameter in policy.params.values()]
    assert set(defaults) <= {None, False}
    for one in (*policy.examples.passing, *policy.examples.failing, *policy.examples.open):
        assert one.get("params"), one


def test_the_bundle_is_complete_and_graded() -> None:
    assert {policy.id: policy.severity for policy in POLICIES} == SEVERITIES


@every_policy
def test_every_example_gets_its_verdict(policy: Policy) -> None:
    problems = [f"{one.because}: {one.problem}" for one in examples.run(policy, prices()) if one.problem]
    assert not problems


@pytest.mark.parametrize("policy", OF_TEAMS, ids=lambda policy: policy.id)
def test_a_rule_of_a_team_does_what_its_examples_say(policy: Policy) -> None:
    assert [f"{one.because}: {one.problem}" for one in examples.run(policy, prices()) if one.problem] == []
    assert examples.missing_verdicts(policy.examples) == []


@cache
def every_endpoint() -> tuple[Endpoint, ...]:
    """Those of the examples of all policies, each by an address and a name of its own."""
    found: list[Endpoint] = []
    for policy in (*POLICIES, *OF_TEAMS):
        if policy.applies_to not in ("stack", "transform_job"):
            for description, path in examples.descriptions(policy.examples):
                own = Builder(policy.id).endpoint(description, path)
                address = f"{policy.id}.{len(found)}"
                name = f"e{len(found)}" if isinstance(own.name, str) else own.name
                found.append(structs.replace(own, address=address, name=name))
    return tuple(found)


def judged(*endpoints: Endpoint) -> list[Result]:
    inventory = Inventory(endpoints=endpoints)
    bill = estimate(inventory, prices())
    return evaluate(
        (*POLICIES, *OF_TEAMS),
        inventory,
        bill,
        source="",
        prices=prices(),
        environments=Environments(),
        has_before=True,
        before=Inventory(endpoints=endpoints[::2]),
        today=date(2026, 11, 1),
    )


def test_what_policies_say_of_endpoints_together_they_say_of_each_alone() -> None:
    """A condition is asked once of all that it cannot tell apart, and sentences are put together for many at once."""
    endpoints = every_endpoint()
    together = defaultdict(list)
    for result in judged(*endpoints):
        together[result.endpoint].append(result)
    assert len({result.policy for found in together.values() for result in found}) > 50
    for start in range(0, len(endpoints), 8):
        some = endpoints[start : start + 8]
        assert [*itertools.chain.from_iterable(together[each.address] for each in some)] == judged(*some)


def test_the_page_that_says_them_as_policies_names_every_rule_of_a_team() -> None:
    page = (ROOT / "docs" / "say-it-as-a-policy.md").read_text(encoding="utf-8")
    named = re.findall(r"examples/policies/([a-z0-9-]+)\.yaml\)", page)
    assert sorted(named) == sorted(policy.id for policy in OF_TEAMS)


@every_policy
def test_every_policy_shows_all_three_verdicts(policy: Policy) -> None:
    assert examples.missing_verdicts(policy.examples) == []


MAY_BE_LONGER = {"cost-tags-are-present"}
"""A list of tags is as long as the tags that are missing."""


@every_policy
def test_the_headline_of_every_failing_example_is_a_few_words(policy: Policy) -> None:
    """It follows the endpoint's name, so it starts with a small letter, a type or a number, and has no period."""
    for description, path in examples.descriptions(policy.examples):
        for result in examples.results(policy, description, prices(), path):
            if result.verdict != "fail":
                continue
            assert result.headline
            assert result.headline == result.headline.strip(" .")
            assert not result.headline[0].isupper()
            assert "unknown" not in result.headline
            assert "none" not in result.headline.split()
            assert len(result.headline) <= 60 or policy.id in MAY_BE_LONGER


@every_policy
def test_every_example_says_why(policy: Policy) -> None:
    shown = policy.examples
    for description in [*shown.passing, *shown.failing, *shown.open, *shown.not_applicable]:
        assert description["because"]


@every_policy
def test_the_title_is_a_sentence_without_its_period_and_the_documentation_is_of_aws_or_terraform(
    policy: Policy,
) -> None:
    assert policy.title[0].isupper()
    assert not policy.title.endswith(".")
    for link in (policy.help_uri, *policy.references):
        assert re.match(
            r"https://(?:(?:docs\.)?aws\.amazon\.com|github\.com/(?:aws|hashicorp)|developer\.hashicorp\.com/terraform)/",
            link,
        ), link


@every_policy
def test_the_terraform_fix_is_terraform(policy: Policy) -> None:
    hcl2.loads(policy.remediation.terraform + "\n")


@every_policy
def test_the_cloudformation_fix_is_yaml(policy: Policy) -> None:
    yaml.compose(policy.remediation.cloudformation)


@every_policy
def test_what_is_superseded_exists_and_does_not_supersede_in_turn(policy: Policy) -> None:
    for other in policy.supersedes:
        assert policy.id not in BY_ID[other].supersedes


@every_policy
def test_whatever_could_lower_a_production_endpoint_names_security_hub(policy: Policy) -> None:
    """SageMaker.4 asks for more than one instance: advice on fewer must say so."""
    for fix in (policy.remediation.terraform, policy.remediation.cloudformation):
        for line in re.findall(
            r"(?:min_capacity\s+=|MinCapacity:) [01] .*|(?:min_capacity\s+=|MinCapacity:) [01]$", fix
        ):
            if "Provisioned" not in fix:
                assert "SageMaker.4" in line, line
    fixes = [policy.fix] if isinstance(policy.fix, Fix) else policy.fix
    lowers = any(re.search(r"(?:min_capacity = |MinCapacity: )[01]", fix.terraform) for fix in fixes)
    if lowers or policy.saving in ("instances-above-one", "kept-instances"):
        assert "SageMaker.4" in policy.production_note


@every_policy
def test_every_policy_says_what_to_change_in_one_to_three_lines(policy: Policy) -> None:
    """The last form holds whatever is unknown, so that no finding is without a fix."""
    fixes = [policy.fix] if isinstance(policy.fix, Fix) else policy.fix
    assert not fixes[-1].when
    for fix in fixes:
        for text in (fix.terraform, fix.cloudformation):
            assert 1 <= len(text.splitlines()) <= 3
            assert not text.endswith(".")
            assert not re.search(r"_\w+ = ", fix.cloudformation), "Terraform in the fix for CloudFormation"


def test_policies_fit_their_schema() -> None:
    schema = json.loads((ROOT / "policies" / "schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    for path in load.policy_files(str(ROOT / "policies")):
        validator.validate(yaml.safe_load(Path(path).read_text(encoding="utf-8")))


def test_the_schema_refuses_a_field_that_does_not_exist() -> None:
    schema = json.loads((ROOT / "policies" / "schema.json").read_text(encoding="utf-8"))
    document = yaml.safe_load((ROOT / "policies/governance/cost-tags-are-present.yaml").read_text(encoding="utf-8"))
    document["require"] = {"endpoint.tag": {"has_keys": ["a"]}}
    assert not Draft202012Validator(schema).is_valid(document)


@pytest.mark.parametrize(
    ("condition", "fits"),
    [
        ({"in": ["ml.m5.large", "ml.m5.xlarge"]}, True),
        ({"not_in": ["ml.m5.large"]}, True),
        ({"contains": "ml.m5.large"}, True),
        ({"in": ["ml.m5.xlrge"]}, False),
        ({"in": []}, False),
        ({"in": [["ml.m5.large"]]}, False),
    ],
)
def test_the_schema_takes_types_as_members_of_a_list(condition: Any, fits: bool) -> None:  # noqa: FBT001 - a parameter
    schema = json.loads((ROOT / "policies" / "schema.json").read_text(encoding="utf-8"))
    document = yaml.safe_load((ROOT / "policies/governance/cost-tags-are-present.yaml").read_text(encoding="utf-8"))
    document["applies_to"], document["require"] = "variant", {"instance.types": condition}
    assert Draft202012Validator(schema).is_valid(document) == fits


def test_what_is_generated_is_in_step_with_the_policies_and_fields() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "build_policies.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_policy_that_is_none_is_a_line_where_something_is_made_of_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "new.yaml").write_text("id: new\n", encoding="utf-8")
    build_reference.pages.cache_clear()  # other tests may have asked for them
    for program in (build_policies, build_reference):
        monkeypatch.setattr(program, "ROOT", tmp_path)
        assert program.main() == 2
        name = f"scripts/{program.__name__.removeprefix('scripts.')}.py"
        told = f"{name}: {tmp_path / 'policies' / 'new.yaml'}:1: the key 'title' is missing\n"
        assert capsys.readouterr().err == told


def test_the_superseded_generations_are_those_that_alternatives_know() -> None:
    successors = BY_ID["instance-generation-is-current"].params["successors"].default
    assert {family: tuple(names) for family, names in successors.items()} == SUCCESSORS


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.id)
def test_each_policy_quotes_the_page_it_rests_on_or_says_what_it_rests_on_instead(policy: Policy) -> None:
    page = (ROOT / "docs" / "policies.md").read_text(encoding="utf-8")
    section = page.split(f"\n## {policy.id}\n")[1].split("\n## ")[0]
    assert bool(policy.words) != bool(policy.rests_on), "words of the documentation, or one sentence in their place"
    assert f"[Documentation]({policy.help_uri})\n\n" in section
    if policy.words:
        assert f"\n> {policy.words}\n" in section
    else:
        assert f"\n{policy.rests_on}\n" in section
        assert policy.rests_on.rstrip("”").endswith(".")


def test_at_least_forty_policies_rest_on_words_of_the_documentation() -> None:
    assert len([policy for policy in POLICIES if policy.words]) >= 40
