"""What a change does to the terms it is judged by: what lets more pass is told, what lets less pass is not."""

from typing import Any

import msgspec
import pytest
from msgspec import structs

from guardrail.own_terms import OwnTerms, accepted_in_code, differences
from guardrail.policy.base import AppliedWaiver, Result
from guardrail.policy.baseline import Baseline, KnownFinding
from guardrail.policy.load import bundled, configure
from guardrail.settings import Settings
from tests.reporters.reports import finding


def terms(said: dict[str, Any] | None = None, **others: Any) -> OwnTerms:
    settings = msgspec.convert(said or {}, Settings)
    return OwnTerms(settings=settings, policies=configure(bundled(), settings.policies), **others)


WAIVER = {"policy": "async-scales-to-zero", "address": "a.b", "until": "2027-01-31", "reason": "load test"}
NO_MORE = ()

LOOSER = [
    ({}, {"fail_on": "never"}, ("fail_on from error to never",)),
    ({"fail_on": "note"}, {}, ("fail_on from note to error",)),
    ({"strict": True}, {}, ("strict from true to false",)),
    ({"budget": {"max_expected_usd": 100}}, {}, ("budget.max_expected_usd from 100 to no limit",)),
    (
        {"budget": {"max_expected_usd": 100}},
        {"budget": {"max_expected_usd": "250.5"}},
        ("budget.max_expected_usd from 100 to 250.5",),
    ),
    (
        {"group_budgets": [{"where": {"tag:Team": "a"}, "max_floor_usd": 1, "max_ceiling_usd": 2}]},
        {"group_budgets": [{"where": {"tag:Team": "a"}, "max_floor_usd": 3, "max_ceiling_usd": 2}]},
        ("group_budgets.tag:Team=a.max_floor_usd from 1 to 3",),
    ),
    (
        {"group_budgets": [{"where": {"tag:Team": "a"}, "max_floor_usd": 1}]},
        {"group_budgets": [{"where": {"tag:Team": "b"}, "max_floor_usd": 1}]},
        ("group_budgets.tag:Team=a.max_floor_usd from 1 to no limit",),
    ),
    (
        {"roots": {"infra": {"dev": "dev.tfvars", "prod": "prod.tfvars"}}},
        {"roots": {"infra": {"dev": "dev.tfvars"}}},
        ("roots.infra has no environment prod",),
    ),
    (
        {"roots": {"infra": {"dev": {"values": "a", "budget": {"max_floor_usd": 1}}}}},
        {"roots": {"infra": {"dev": {"values": "a", "budget": {"max_floor_usd": 2}}}}},
        ("roots.infra.dev.max_floor_usd from 1 to 2",),
    ),
    (
        {"roots": {"infra": {"dev": {"values": "a", "budget": {"max_floor_usd": 1}}}}},
        {"roots": {"infra": {"dev": "a"}}},
        ("roots.infra.dev.max_floor_usd from 1 to no limit",),
    ),
    (
        {"policies": {"no-idle-variants": {"severity": "error"}}},
        {"policies": {"no-idle-variants": {"severity": {"default": "error", "non-production": "off"}}}},
        ("no-idle-variants in non-production from error to off",),
    ),
    ({"exclude": ["fixtures/"]}, {"exclude": ["fixtures/", "infra/"]}, ("infra/ is left out of a search",)),
    ({}, {"policies": {"async-scales-to-zero": {"severity": "off"}}}, ("async-scales-to-zero is off",)),
    (
        {},
        {"policies": {"realtime-variants-scale": {"severity": "note"}}},
        ("realtime-variants-scale from error to note",),
    ),
    ({}, {"waivers": [WAIVER]}, ("a waiver of async-scales-to-zero for a.b until 2027-01-31",)),
    (
        {"waivers": [WAIVER]},
        {"waivers": [{**WAIVER, "until": "2028-01-31"}]},
        ("a waiver of async-scales-to-zero for a.b until 2028-01-31",),
    ),
    (
        {},
        {"baseline": {"tolerance_percent": 50}},
        ("baseline.tolerance_percent from 10 to 50",),
    ),
    ({"prices": {"max_age_days": 90}}, {}, ("prices.max_age_days from 90 to no limit",)),
    ({}, {"prices": {"tables": "cheap"}}, ("other price tables count",)),
    ({}, {"discounts": {"rules": [{"name": "EDP", "percent": 90}]}}, ("discounts differ",)),
    ({}, {"environments": {"tag_keys": ["stage"]}}, ("environments differ",)),
]


@pytest.mark.parametrize(("before", "after", "told"), LOOSER)
def test_what_lets_more_pass_is_told(before: dict[str, Any], after: dict[str, Any], told: tuple[str, ...]) -> None:
    assert differences(terms(before), terms(after)) == told


STRICTER = [
    ({"fail_on": "never"}, {}),
    ({}, {"strict": True}),
    ({}, {"budget": {"max_expected_usd": 1}}),
    ({"budget": {"max_expected_usd": 100}}, {"budget": {"max_expected_usd": 99}}),
    ({"policies": {"async-scales-to-zero": {"severity": "off"}}}, {}),
    ({"waivers": [WAIVER]}, {}),
    ({"waivers": [WAIVER]}, {"waivers": [{**WAIVER, "reason": "a better one", "owner": "search"}]}),
    ({"baseline": {"tolerance_percent": 50}}, {}),
    ({}, {"prices": {"max_age_days": 90}}),
    ({"region": "eu-west-1"}, {"region": "eu-west-1"}),
]


@pytest.mark.parametrize(("before", "after"), STRICTER)
def test_what_lets_no_more_pass_is_not(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert differences(terms(before), terms(after)) == NO_MORE


def test_a_parameter_of_a_policy_is_told_with_both_values() -> None:
    settings = {"policies": {"instances-are-right-sized": {"params": {"max_vcpus": 640}}}}
    (phrase,) = differences(terms(), terms(settings))
    assert phrase.startswith("instances-are-right-sized.max_vcpus from ")
    assert phrase.endswith(" to 640")


def test_a_policy_of_the_team_that_is_gone_or_rewritten_is_told() -> None:
    before = terms()
    first, *others = before.policies
    assert differences(before, structs.replace(before, policies=others)) == (f"{first.id} is off",)
    weak = structs.replace(first, require={"variant.name": {"present": True}})
    assert differences(before, structs.replace(before, policies=[weak, *others])) == (f"{first.id} is written anew",)


def entry(endpoint: str, usd: str | None) -> KnownFinding:
    return KnownFinding(policy="async-scales-to-zero", endpoint=endpoint, monthly_usd=usd)


def grown(*entries: KnownFinding) -> OwnTerms:
    return terms(baseline=Baseline(version=1, findings=entries))


def test_a_baseline_that_grows_is_told_and_one_that_shrinks_is_not() -> None:
    before = grown(entry("a", "10"), entry("b", "10"), entry("c", None))
    assert differences(before, grown(entry("a", "9.99"))) == NO_MORE
    after = grown(entry("a", "10.01"), entry("b", "unknown"), entry("c", None), entry("d", "1"), entry("e", "1"))
    assert differences(before, after) == (
        "the baseline takes up 2 more findings",
        "the baseline allows 2 findings to cost more",
    )


def test_of_findings_that_nothing_else_tells_apart_each_entry_counts() -> None:
    """As text "10" is before "9", so a baseline that stays as it was had its dearer one first."""
    before = grown(entry("a", "10"), entry("a", "9"), entry("b", "1"))
    assert differences(before, before) == NO_MORE
    assert differences(before, grown(entry("a", "10"))) == NO_MORE
    assert differences(before, grown(entry("a", "11"), entry("a", "9"), entry("b", "1"), entry("b", "1"))) == (
        "the baseline takes up 1 more finding",
        "the baseline allows 1 finding to cost more",
    )


def waived(origin: str) -> Result:
    waiver = AppliedWaiver(reason="load test", until="2027-01-31", owner="", origin=origin)
    return finding("async-scales-to-zero", verdict="waived", waiver=waiver)


def endpoint(name: str, until: str = "") -> str:
    """Of two lines without a waiver, of three with one."""
    waiver = f'# guardrail:ignore async-scales-to-zero until={until} reason="load test"\n' if until else ""
    return f'{waiver}resource "aws_sagemaker_endpoint" "{name}" {{\n}}\n'


A, B = endpoint("a"), endpoint("b")
WAIVED_A, WAIVED_B = endpoint("a", "2027-01-31"), endpoint("b", "2027-01-31")
IN_TERRAFORM = [
    pytest.param(None, WAIVED_A, 1, True, id="new file"),
    pytest.param(A, WAIVED_A, 1, True, id="new waiver"),
    pytest.param(endpoint("a", "2026-12-31"), WAIVED_A, 1, True, id="longer waiver"),
    pytest.param(WAIVED_A, WAIVED_A, 1, False, id="old waiver"),
    pytest.param(WAIVED_A, f"# costs of chat\n\n{B}{WAIVED_A}", 5, False, id="old waiver further down"),
    pytest.param(WAIVED_A + B, WAIVED_A + WAIVED_B, 4, True, id="new waiver beside an old one"),
    pytest.param(WAIVED_A + B, A + WAIVED_B, 3, True, id="moved to another block"),
    pytest.param(WAIVED_A, WAIVED_B, 1, True, id="another block under it"),
    pytest.param("# async-scales-to-zero until=2027-01-31", WAIVED_A, 1, True, id="its words in another comment"),
    pytest.param("resource {{{", WAIVED_A, 1, True, id="what did not read before"),
]


def told_of(path: str, old: str | None, new: str, line: int) -> tuple[str, ...]:
    before = None if old is None else old.encode()
    return accepted_in_code([waived(f"{path}:{line}")] * 2, before={path: before}.get, now={path: new.encode()}.get)


@pytest.mark.parametrize(("old", "new", "line", "told"), IN_TERRAFORM)
def test_a_waiver_in_terraform_that_was_not_in_its_block_is_told(old: str, new: str, line: int, *, told: bool) -> None:
    phrases = told_of("infra/main.tf", old, new, line)
    assert phrases == (("a waiver of async-scales-to-zero in infra/main.tf until 2027-01-31",) if told else ())


IGNORED = (
    '{"guardrail": {"ignore": [\n  {"id": "async-scales-to-zero", "until": "2027-01-31", "reason": "load test"}]}}'
)


@pytest.mark.parametrize(
    ("old", "new", "line", "told"),
    [
        ("Resources: {A: {Metadata: %s}, B: {}}", "Resources: {A: {}, B: {Metadata: %s}}", 2, True),
        ("Resources: {A: {Metadata: %s}}", "Resources: {B: {}, A: {Metadata: %s}}", 2, False),
        ("Resources: {A: {Metadata: %s}}", "Metadata: %s\nResources: {A: {}}", 2, True),
        (
            "Resources: {'Fn::ForEach::E': [N, [A], {'${N}': {Metadata: %s}}]}",
            "Resources: {\n 'Fn::ForEach::E': [N, [A], {'${N}': {Metadata: %s}}]}",
            3,
            False,
        ),
        ("- {A: {Metadata: %s}}", "Resources: {A: {Metadata: %s}}", 2, True),
    ],
    ids=["moved to another resource", "in its resource", "from one to all", "in a loop", "what was no template"],
)
def test_a_waiver_in_a_template_that_was_not_on_its_resource_is_told(
    old: str, new: str, line: int, *, told: bool
) -> None:
    phrases = told_of("stack.yaml", old % IGNORED, new % IGNORED, line)
    assert phrases == (("a waiver of async-scales-to-zero in stack.yaml until 2027-01-31",) if told else ())


def test_a_waiver_of_the_settings_is_told_by_the_settings() -> None:
    results = [waived(".guardrail.yml"), finding("p"), finding("p", verdict="pass")]
    assert accepted_in_code(results, before=lambda _: None, now=lambda _: b"async-scales-to-zero") == ()


def test_another_usage_file_is_told() -> None:
    assert differences(terms(usage=b"a"), terms(usage=b"b")) == ("the usage file differs",)
