"""The bill by group. An ml.m5.xlarge with a volume of 10 GB costs 167.90 + 1.40 = 169.30 USD a month."""

import json
import re
from collections.abc import Sequence
from decimal import Decimal

import pytest

from guardrail.assess import groups
from guardrail.assess.terms import GroupLimits
from guardrail.errors import GuardrailError
from guardrail.model import ChangeSet, Inventory, Possibility, Skipped, Unknown
from guardrail.policy import load
from guardrail.policy.load import configure
from guardrail.policy.policy import Policy, PolicySettings
from guardrail.report import GroupReport, Report
from guardrail.reporters import html, junit, markdown, table
from guardrail.reporters import json as json_reporter
from guardrail.reporters.fingerprints import Fingerprints
from tests.test_assess import LATER, change_set, check, endpoint

ONE = Decimal("169.30")


def report(*found: ChangeSet, by: Sequence[str] = ("tag:Team",)) -> Report:
    return check(*found, group_by=by)


def told(group: GroupReport) -> tuple[object, ...]:
    """Values, number of endpoints, and what is expected before, after and as the change."""
    totals = group.totals
    before = totals.before and totals.before.expected
    return (
        *group.values.values(),
        group.endpoints,
        before,
        totals.after.expected,
        totals.delta and totals.delta.expected,
    )


def test_endpoints_of_one_value_are_one_group_and_the_dearest_is_first() -> None:
    search = {"Team": "search"}
    after = [endpoint("a", tags=search), endpoint("b", 2, tags=search), endpoint("c")]
    found = report(change_set(after, [endpoint("c")]))
    assert [told(group) for group in found.groups] == [("search", 2, 0, 3 * ONE, 3 * ONE), (None, 1, ONE, ONE, 0)]


def test_several_keys_are_one_group_for_each_combination() -> None:
    prod, dev = ({"Team": "search", "env": env} for env in ("prod", "dev"))
    after = [endpoint("a", 2, tags=prod), endpoint("b", tags=dev), endpoint("c", 3, region="us-west-2", tags=prod)]
    found = report(change_set(after, None), by=("tag:Team", "environment", "region"))
    assert [told(group)[:4] for group in found.groups] == [
        ("search", "production", "us-west-2", 1),
        ("search", "production", "us-east-1", 1),
        ("search", "non-production", "us-east-1", 1),
    ]
    assert [group.totals.delta for group in found.groups] == [None, None, None]  # nothing has a past


def test_an_endpoint_that_moves_is_before_in_one_group_and_after_in_the_other() -> None:
    """Of two instances in search one is left, in ads: 338.60 less there, 169.30 more here, 169.30 less in sum."""
    after = endpoint("a", 1, tags={"Team": "ads"}, touched=True, change="update")
    found = report(change_set([after], [endpoint("a", 2, tags={"Team": "search"})]))
    assert [told(group) for group in found.groups] == [("ads", 1, 0, ONE, ONE), ("search", 0, 2 * ONE, 0, -2 * ONE)]
    assert found.totals.delta
    assert found.totals.delta.expected == -ONE


def test_what_goes_is_in_the_group_that_it_leaves() -> None:
    found = report(change_set([], [endpoint("a", tags={"Team": "search"})]))
    assert [told(group) for group in found.groups] == [("search", 0, ONE, 0, -ONE)]


def test_what_is_not_known_of_endpoints_is_one_group_whatever_the_reason() -> None:
    tags = [{"Team": LATER}, {"Team": Unknown("another reason")}, LATER]
    found = report(change_set([endpoint(name, tags=each) for name, each in zip("abc", tags, strict=True)]))
    assert [told(group)[1:3] for group in found.groups] == [(3, 0)]
    assert isinstance(found.groups[0].values["tag:Team"], Unknown)


def test_what_was_seen_and_has_no_amount_may_belong_to_any_group() -> None:
    lost = Skipped(address="x", type="aws_sagemaker_endpoint", reason="r", affects_total=True)
    found = report(change_set([endpoint("a", tags={"Team": "ads"})], [], skipped=(lost,)))
    (group,) = found.groups
    assert group.totals.after.at_least
    assert group.totals.delta
    assert isinstance(group.totals.delta.expected, Unknown)


def test_the_groups_of_what_is_known_add_up_to_the_totals() -> None:
    teams = ["search", "ads", "ads", "docs", ""]
    before = [endpoint(f"e{place}", place + 1, tags={"Team": team}) for place, team in enumerate(teams)]
    after = [endpoint(f"e{place}", 5 - place, tags={"Team": team}) for place, team in enumerate(reversed(teams))]
    found = report(change_set(after, before))
    assert sum(group.totals.after.ceiling for group in found.groups) == found.totals.after.ceiling
    assert found.totals.before
    assert sum(group.totals.before.floor for group in found.groups if group.totals.before) == found.totals.before.floor


def test_without_keys_there_are_none() -> None:
    assert report(change_set([endpoint("a")]), by=()).groups == ()


@pytest.mark.parametrize("text", ["team", "tag:", "", "tag:Team,,region", "region,region", "enviroment"])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(GuardrailError):
        groups.keys(text)
    assert groups.keys("tag:Team, environment,region") == ("tag:Team", "environment", "region")


def test_the_table_and_the_json_report_have_them() -> None:
    found = report(change_set([endpoint("a", tags={"Team": "se\x1barch"}), endpoint("b")], []))
    shown = table.render(found)
    assert "by tag:Team" in shown
    assert [line.split() for line in shown.splitlines() if "1 endpoint" in line] == [
        ["no", "Team", "1", "endpoint", "0", "169", "+169", "169"],
        ["se\\x1barch", "1", "endpoint", "0", "169", "+169", "169"],
    ]
    in_json = json.loads(json_reporter.render(found))["groups"]
    assert [each["by"] for each in in_json] == [{"tag:Team": None}, {"tag:Team": "se\x1barch"}]
    assert in_json[0]["totals"]["after"]["expected"] == "169.30"


# Budgets -------------------------------------------------------------------------------------------------------------

OF_BUDGETS = [policy for policy in load.bundled() if policy.applies_to == "stack"]


def held(found: ChangeSet, *limits: GroupLimits, policies: Sequence[Policy] = OF_BUDGETS) -> Report:
    return check(found, policies=policies, group_limits=limits, settings_file=".guardrail.yml")


def limit(usd: int, name: str = "max_expected_usd", **where: str) -> GroupLimits:
    return GroupLimits(where=where or {"tag:Team": "search"}, budgets={name: Decimal(usd)})


def test_a_group_above_its_budget_fails_and_says_which_it_is() -> None:
    """Two endpoints of search are 338.60, and 38.60 above 300; ads may cost 200 and costs 169.30."""
    search, ads = {"Team": "search"}, {"Team": "ads"}
    after = [endpoint("a", tags=search), endpoint("b", tags=search), endpoint("c", tags=ads)]
    found = held(change_set(after, []), limit(300), limit(200, **{"tag:Team": "ads"}))
    assert [(each.group, each.state, each.amount) for each in found.budgets] == [
        ("tag:Team=search", "broken", 2 * ONE),
        ("tag:Team=ads", "holds", ONE),
    ]
    (failed,) = (result for result in found.results if result.verdict == "fail")
    assert failed.message.startswith("tag:Team=search: the expected cost is 338.60 USD a month, 38.60 above the budget")
    assert found.exit_code == 1
    assert "tag:Team=search: the expected cost of 338.60, above 300.00 (.guardrail.yml)" in table.render(found)


def test_a_group_is_held_against_its_own_limits_alone() -> None:
    """A limit on everything, set as a parameter of the policy, is none on a group."""
    policies = configure(OF_BUDGETS, {"monthly-cost-within-budget": PolicySettings(params={"max_expected_usd": 100})})
    found = held(change_set([endpoint("a", tags={"Team": "search"})]), limit(200), policies=policies)
    assert [(each.verdict, each.identity) for each in found.results] == [("fail", ""), ("pass", "tag:Team=search")]


def test_an_increase_of_a_group_has_a_budget_too() -> None:
    """From one instance to three is 338.60 more."""
    tags = {"Team": "search"}
    change = change_set([endpoint("a", 3, tags=tags, touched=True, change="update")], [endpoint("a", tags=tags)])
    found = held(change, limit(300, "max_increase_expected_usd"))
    assert [(each.state, each.amount) for each in found.budgets] == [("broken", 2 * ONE)]
    assert found.exit_code == 1


def test_an_endpoint_that_may_be_of_the_group_leaves_its_budget_open_or_broken() -> None:
    """169.30 are certain: above 100, and perhaps above 200."""
    after = [endpoint("a", tags={"Team": "search"}), endpoint("b", tags={"Team": LATER})]
    found = held(change_set(after), limit(100), limit(200), limit(0, "max_increase_expected_usd"))
    assert [each.state for each in found.budgets] == ["broken", "open", "open"]


def test_a_group_that_nothing_is_in_is_named() -> None:
    found = held(change_set([endpoint("a", tags={"Team": "search"})]), limit(9, **{"tag:Team": "serach"}))
    assert "group_budgets: no endpoint has tag:Team=serach" in found.notices
    assert [each.state for each in found.budgets] == ["holds"]


def test_two_budgets_of_groups_are_two_findings_in_every_format() -> None:
    after = [endpoint("a", tags={"Team": "search", "env": "prod"})]
    found = held(change_set(after), limit(1), limit(2, environment="production"))
    failed = [result for result in found.results if result.verdict == "fail"]
    fingerprints = Fingerprints(found)
    assert len({fingerprints.of(result) for result in failed}) == 2
    names = re.findall(r'<testcase classname="monthly-cost-within-budget" name="([^"]*)"', junit.render(found))
    assert len(set(names)) == len(names) == 2
    answer = json.loads(json_reporter.render(found))
    assert [each["group"] for each in answer["budgets"]] == ["tag:Team=search", "environment=production"]


def test_comment_page_and_table_have_the_groups_with_their_limits() -> None:
    """Search is 338.60 of 300, ads 169.30 of 200 and new; what is without a team costs 169.30 and has no limit."""
    search, ads = {"Team": "search"}, {"Team": "ads"}
    before = [endpoint("a", tags=search), endpoint("b", tags=search), endpoint("d")]
    after = [*before, endpoint("c", tags=ads, touched=True, change="create")]
    limits = (limit(300), limit(200, **{"tag:Team": "ads"}))
    found = check(
        change_set(after, before),
        policies=OF_BUDGETS,
        group_limits=limits,
        group_by=["tag:Team"],
        settings_file="s.yml",
    )
    comment = markdown.render(found)
    assert "| by `tag:Team` | change | before → after |\n|:--|--:|--:|\n" in comment
    assert "| ❌ `search`<br>2 endpoints, 339 of 300 expected | 0 | 339&nbsp;→ 339 |" in comment
    assert "| `ads`<br>1 endpoint, 169 of 200 expected, + usage | **+169** | 0&nbsp;→ 169 |" in comment
    assert "| `no Team`<br>1 endpoint | 0 | 169&nbsp;→ 169 |" in comment
    assert "Budget holds" not in comment  # its row says so
    page = " ".join(re.sub(r"<[^>]*>", " ", html.render(found)).split())
    assert "By tag:Team dearest first, USD a month group change before floor expected ceiling" in page
    assert ("search 2 endpoints broken the expected cost of 338.60 of 300 0.00 338.60 338.60 338.60 338.60") in page
    assert "ads 1 endpoint holds the expected cost of 169.30 + usage of 200 +169.30 0.00 169.30" in page
    lines = table.render(found).splitlines()
    assert [line[:10] for line in lines if "endpoint" in line][:3] == [" ✗ search ", "   no Team", "   ads  1 "]


def test_more_groups_than_a_comment_has_rows_for_are_counted() -> None:
    found = report(change_set([endpoint(f"e{at}", tags={"Team": f"t{at:02}"}) for at in range(12)], []))
    comment = markdown.render(found)
    assert ("`t09`" in comment, "`t10`" in comment) == (True, False)
    assert "| 2 more that cost less |  |  |" in comment


def test_a_group_that_acts_like_markup_is_text() -> None:
    found = report(change_set([endpoint("e", tags={"Team": "@all | <b>`x"})], []))
    assert r"`@all \x7c <b>\x60x`" in markdown.render(found)
    assert "@all | &lt;b&gt;`x" in html.render(found).replace("<wbr>", "")


def test_a_budget_of_a_group_is_held_in_each_possibility() -> None:
    """Of search: one instance in dev (169.30), three in prod (507.90); of ads one in prod, of lab one in dev."""
    search, ads, lab = ({"Team": team} for team in ("search", "ads", "lab"))
    dev = Inventory(endpoints=(endpoint("a", tags=search), endpoint("c", tags=lab)))
    prod = Inventory(endpoints=(endpoint("a", 3, tags=search), endpoint("b", tags=ads)))
    found = change_set(
        [endpoint("a", LATER, tags=search)],
        None,
        possibilities=(
            Possibility(given="Stage=dev", before=None, after=dev),
            Possibility(given="Stage=prod", before=None, after=prod),
        ),
        undecided="give --parameters Stage=dev or Stage=prod",
    )
    limits = (
        limit(200, "max_floor_usd"),
        limit(169, "max_floor_usd"),
        limit(508, "max_ceiling_usd"),
        limit(100, "max_floor_usd", **{"tag:Team": "ads"}),
    )
    answer = held(found, *limits)
    assert [(each.usd, each.state) for each in answer.budgets] == [
        (169, "broken"),
        (200, "open"),
        (100, "open"),
        (508, "holds"),
    ]
    assert [(each.verdict, each.fails_in) for each in answer.results if each.identity == "tag:Team=ads"] == [
        ("open", ("Stage=prod",))
    ]
    ads_and_lab = [limit(100, "max_floor_usd", **{"tag:Team": team}) for team in ("ads", "lab")]
    assert held(found, *ads_and_lab).exit_code == 1  # one of them is broken whatever comes true
    assert held(found, ads_and_lab[0]).exit_code == 0
