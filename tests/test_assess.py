"""From change sets to the report.

Prices of us-east-1: ml.m5.xlarge 0.23 USD an hour, 167.90 a month; ml.m5.large 0.115, 83.95; a volume 0.14 per GB.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import pytest
from msgspec import structs

from guardrail import bundled
from guardrail.assess import Terms, assess
from guardrail.cost.base import Delta, Monthly
from guardrail.cost.discount_settings import DiscountRule, Discounts, SavingsPlan
from guardrail.cost.usage import NO_USAGE
from guardrail.cost.usage import load as load_usage
from guardrail.model import (
    Budget,
    ChangeSet,
    Coverage,
    Endpoint,
    InstanceVariant,
    Inventory,
    Possibility,
    Skipped,
    Unknown,
)
from guardrail.policy.base import Remediation
from guardrail.policy.environment import Environments
from guardrail.policy.load import bundled as bundled_policies
from guardrail.policy.load import read
from guardrail.policy.policy import Policy
from guardrail.policy.waivers import Waiver
from guardrail.prices.book import PriceBook
from guardrail.report import RegionPrices, Report, Summary
from guardrail.reporters.overview import overview

PRICES = PriceBook()
NO_DISCOUNTS = Discounts()
TODAY = date(2026, 11, 22)
FIX = Remediation(terraform="initial_instance_count = 2", cloudformation="InitialInstanceCount: 2")
LATER = Unknown("known only after apply")


def endpoint(name: str, count: int | Unknown = 1, **changes: Any) -> Endpoint:
    """One ml.m5.xlarge with a volume of 10 GB, unless told otherwise: 167.90 + 1.40 = 169.30 USD a month."""
    known: dict[str, Any] = {
        "instance_type": "ml.m5.xlarge",
        "volume_size_gb": 10,
        "model_name": "m",
        "multi_model": None,
    }
    of_variant = {key: changes.pop(key) for key in list(changes) if key in known}
    variant = InstanceVariant(name="main", shadow=False, initial_instance_count=count, **(known | of_variant))
    of_endpoint: dict[str, Any] = {"mode": "realtime", "region": "us-east-1", "variants": (variant,)}
    return Endpoint(
        address=f"aws_sagemaker_endpoint.{name}",
        name=name,
        configuration_address=f"aws_sagemaker_endpoint_configuration.{name}",
        **(of_endpoint | changes),
    )


def change_set(
    after: Sequence[Endpoint], before: Sequence[Endpoint] | None = (), *, path: str = "plan.json", **changes: Any
) -> ChangeSet:
    known: dict[str, Any] = {
        "kind": "terraform-plan",
        "coverage": Coverage(seen=3, modelled=2, partial=1, skipped=1),
    }
    return ChangeSet(
        path=path,
        after=Inventory(endpoints=tuple(after)),
        before=None if before is None else Inventory(endpoints=tuple(before)),
        **(known | changes),
    )


def policy(name: str = "few-instances", severity: Literal["note", "warning", "error"] = "error") -> Policy:
    """Variants start with at most two instances."""
    return Policy(
        id=name,
        title="Variants start with at most two instances",
        severity=severity,
        applies_to="variant",
        require={"variant.initial_instance_count": {"at_most": 2}},
        message="{variant.label} starts with {variant.initial_instance_count} instances",
        remediation=FIX,
        help_uri="https://example.com",
    )


BUDGETS = read(f"{bundled.directory('policies')}/budgets")


def check(*change_sets: ChangeSet, policies: Sequence[Policy] = (), **terms: Any) -> Report:
    return assess(
        change_sets,
        prices=PRICES,
        policies=policies,
        usage=NO_USAGE,
        terms=Terms(**({"environments": Environments()} | terms)),
        today=TODAY,
    )


def three(bill: Monthly | Delta | None) -> tuple[str, ...]:
    assert bill is not None
    return tuple(
        bound.reason if isinstance(bound, Unknown) else f"{bound:.2f}"
        for bound in (bill.floor, bill.expected, bill.ceiling)
    )


def test_a_change_of_the_type_or_of_the_deployment_policy_says_what_an_update_bills() -> None:
    """One instance with its volume for 45 minutes: (0.23 + 10 × 0.14 / 730) × 0.75 h = 0.17.

    Of a change of the type it is the old fleet that stays: (0.115 + 10 × 0.14 / 730) × 0.75 h = 0.09.
    """
    told = "aws_sagemaker_endpoint.a: both fleets are billed for 45 minutes at least in each update"
    after = endpoint("a", two_fleets_minutes=45)
    for before, rest in (
        (endpoint("a"), ", this one among them: 0.17 USD an update"),
        (
            endpoint("a", two_fleets_minutes=45, instance_type="ml.m5.large"),
            ": 0.17 USD an update, 0.09 USD this one, whose old fleet it is",
        ),
    ):
        assert check(change_set([after], [before])).notices == (told + rest,)
    for before in (after, endpoint("a", 2, two_fleets_minutes=45)):
        assert check(change_set([after], [before])).notices == ()
    assert check(change_set([after])).notices == ()


# Endpoints and totals ------------------------------------------------------------------------------------------------


def test_a_new_endpoint_has_no_before_and_is_the_change() -> None:
    report = check(change_set([endpoint("a")]))
    (item,) = report.endpoints
    assert (item.before, item.unchanged) == (None, False)
    assert three(report.totals.after) == three(report.totals.delta) == ("169.30",) * 3
    assert three(report.totals.before) == ("0.00",) * 3


def test_a_deleted_endpoint_is_listed_as_it_was() -> None:
    report = check(change_set([], [endpoint("a", change="no-op", touched=False)]))
    (item,) = report.endpoints
    assert (item.endpoint.change, item.endpoint.touched, item.cost) == ("delete", True, None)
    assert three(item.before) == ("169.30",) * 3
    assert three(report.totals.delta) == ("-169.30",) * 3


def test_what_is_no_longer_managed_is_still_billed() -> None:
    report = check(change_set([endpoint("a", change="forget")], [endpoint("a")]))
    assert report.endpoints[0].endpoint.change == "forget"
    assert three(report.totals.after) == ("169.30",) * 3
    assert three(report.totals.delta) == ("0.00",) * 3


def test_an_endpoint_that_is_neither_touched_nor_costs_anything_else_is_unchanged() -> None:
    still = endpoint("still", touched=False)
    grown = endpoint("grown", 2)
    report = check(change_set([still, grown], [still, endpoint("grown")]))
    assert {item.endpoint.name: item.unchanged for item in report.endpoints} == {"still": True, "grown": False}
    assert three(report.totals.unchanged) == ("169.30",) * 3


def test_without_a_past_nothing_is_unchanged_and_there_is_no_change() -> None:
    report = check(change_set([endpoint("a", touched=False)], None))
    assert not report.endpoints[0].unchanged
    assert (report.totals.before, report.totals.delta, report.totals.unchanged) == (None, None, None)


def test_unattached_configurations_are_priced_outside_the_totals() -> None:
    spare = endpoint("spare", deployed="no")
    both = structs.replace(change_set([]), after=Inventory(unattached=(spare,)))
    report = check(both)
    (item,) = report.unattached
    assert item.cost is not None
    assert three(item.cost.monthly) == ("169.30",) * 3
    assert three(report.totals.after) == ("0.00",) * 3


def test_environments_are_those_of_the_settings() -> None:
    report = check(change_set([endpoint("search-prod"), endpoint("x")]))
    production, unknown = report.endpoints
    assert production.environment == "production"
    assert isinstance(unknown.environment, Unknown)


# Several sources -----------------------------------------------------------------------------------------------------


def test_several_sources_are_one_bill_and_equal_addresses_stay_apart() -> None:
    report = check(
        change_set([endpoint("b"), endpoint("a")], path="z.json"),
        change_set([endpoint("a", 2)], [endpoint("a")], path="c.json"),
    )
    assert [(item.source, item.endpoint.name) for item in report.endpoints] == [
        ("c.json", "a"),
        ("z.json", "a"),
        ("z.json", "b"),
    ]
    # after 2 × 169.30 + 2 × 169.30 = 677.20; before 169.30; the change 507.90
    assert three(report.totals.after) == ("677.20",) * 3
    assert three(report.totals.before) == ("169.30",) * 3
    assert three(report.totals.delta) == ("507.90",) * 3
    assert report.coverage == Coverage(seen=6, modelled=4, partial=2, skipped=2)


def test_a_path_that_is_given_twice_gets_a_number() -> None:
    sources = check(*(change_set([], path=path) for path in ("a#2", "a", "a", "a"))).sources
    assert [source.id for source in sources] == ["a#2", "a", "a#3", "a#4"]
    assert {source.path for source in sources} == {"a#2", "a"}


def test_beside_a_source_without_a_past_the_change_is_unknown() -> None:
    """What the second source may have had running is not known, so no saving and no increase can be vouched for."""
    report = check(change_set([endpoint("a")]), change_set([endpoint("b")], None, path="dir"))
    assert three(report.totals.delta) == ("dir does not tell what stands before the change",) * 3
    assert report.totals.before is not None
    assert report.totals.before.at_least


def test_a_source_without_a_past_that_holds_nothing_changes_nothing() -> None:
    report = check(change_set([endpoint("a")]), change_set([], None, path="dir"))
    assert three(report.totals.delta) == ("169.30",) * 3
    assert report.totals.before is not None
    assert not report.totals.before.at_least


def test_notices_name_their_source_where_there_are_several() -> None:
    one = change_set([], notices=("drifted",))
    assert check(one).notices == ("drifted",)
    assert check(one, change_set([], path="b.json")).notices == ("plan.json: drifted",)


# What is missing -----------------------------------------------------------------------------------------------------


def test_a_source_that_does_not_tell_everything_makes_the_total_at_least() -> None:
    report = check(change_set([endpoint("a")], complete=False))
    assert report.totals.after.at_least
    assert three(report.totals.delta) == ("169.30",) * 3
    assert report.distrust == ("plan.json says itself that it does not tell everything",)


def test_a_skipped_resource_that_bills_leaves_the_change_unknown() -> None:
    experiment = Skipped(address="x.y", type="x", reason="experiments are not read")
    report = check(change_set([endpoint("a")], skipped=(experiment,)))
    assert report.totals.before is not None
    assert report.totals.before.at_least
    assert report.totals.after.at_least
    assert three(report.totals.delta) == ("what x.y costs is not known: experiments are not read",) * 3
    assert report.distrust == ("x.y: experiments are not read",)


def test_a_skipped_resource_that_bills_nothing_is_listed_and_no_more() -> None:
    elsewhere = Skipped(address="t.b", type="t", reason="its endpoint is elsewhere", affects_total=False)
    other = Skipped(address="t.a", type="t", reason="its endpoint is elsewhere", affects_total=False)
    report = check(change_set([endpoint("a")], skipped=(elsewhere, other)), strict=True)
    assert [item.resource.address for item in report.skipped] == ["t.a", "t.b"]
    assert not report.totals.after.at_least
    assert (report.distrust, report.exit_code) == ((), 0)


@pytest.mark.parametrize(
    ("doubted", "reason"),
    [
        (endpoint("a", variants=Unknown("managed elsewhere")), "managed elsewhere"),
        (endpoint("a", instance_type=LATER), "instance_type is unknown: known only after apply"),
        (endpoint("a", instance_type="ml.none.xlarge"), "ml.none.xlarge"),
        (endpoint("a", deployed="possibly"), "whether an endpoint uses it is not known"),
        (endpoint("a", region=LATER), "its region is unknown: known only after apply"),
    ],
    ids=["configuration", "type", "price", "deployment", "region"],
)
def test_what_is_unknown_or_unpriced_is_no_answer_with_strict(doubted: Endpoint, reason: str) -> None:
    report = check(change_set([doubted]), strict=True)
    assert any("aws_sagemaker_endpoint.a" in doubt and reason in doubt for doubt in report.distrust)
    assert report.exit_code == 3
    assert check(change_set([doubted])).exit_code == 0


def test_a_doubt_about_many_endpoints_is_one_sentence() -> None:
    doubted = [endpoint(name, variants=Unknown("managed elsewhere")) for name in "abc"]
    (sentence,) = check(change_set(doubted)).distrust
    assert sentence == "aws_sagemaker_endpoint.a and 2 more: managed elsewhere"


@pytest.mark.parametrize(
    "trusted",
    [endpoint("a"), endpoint("a", instance_type="ml.c6i.xlarge", volume_size_gb=None, multi_model=True)],
    ids=["all is known", "a default volume of unknown size"],
)
def test_default_volumes_that_nobody_asked_for_are_trusted(trusted: Endpoint) -> None:
    """What c6i gets for several models was never published: that makes the total "at least", and is no exit 3."""
    report = check(change_set([trusted]), strict=True)
    assert (report.distrust, report.exit_code) == ((), 0)


# Results and the exit code -------------------------------------------------------------------------------------------


def test_results_are_sorted_by_severity_money_policy_and_address() -> None:
    big = [endpoint(name, 3) for name in "ba"]
    policies = [policy("z", "warning"), policy("y"), policy("x")]
    results = check(change_set(big), policies=policies).results
    assert [(result.policy, result.address[-1]) for result in results] == [
        ("x", "a"),
        ("x", "b"),
        ("y", "a"),
        ("y", "b"),
        ("z", "a"),
        ("z", "b"),
    ]


def test_what_passes_stands_among_the_results_as_it_was_judged() -> None:
    """Endpoints a and b of one configuration, in two inputs: of each, variant 0 starts one instance, 1 starts three."""
    one = InstanceVariant(name="main", shadow=False, instance_type="ml.m5.xlarge", initial_instance_count=1)
    shared = [
        structs.replace(
            endpoint(name),
            configuration_address="c",
            variants=(one, structs.replace(one, name="other", initial_instance_count=3)),
        )
        for name in "ab"
    ]
    both = [change_set(shared, path=path) for path in ("z.json", "a.json")]
    report = check(*both, policies=[policy("x"), policy("y")])
    every = [
        (each.policy, each.source, each.address, (each.endpoint or "")[-1], each.part[1], each.verdict, each.message)
        for each in report.results
    ]
    title, said = "Variants start with at most two instances", "other starts with 3 instances."
    assert every == [
        (name, source, "c", address, place, verdict, message)
        for name in "xy"
        for source in ("z.json", "a.json")
        for address in "ab"
        for place, verdict, message in ((0, "pass", title), (1, "fail", said))
    ]
    assert report.summary.passed == 8


def test_the_dearest_finding_comes_first_within_its_severity() -> None:
    """Of 5 and 4 instances without scaling all but one can be saved: 4 × 169.30 = 677.20 and 3 × 169.30 = 507.90."""
    saving = structs.replace(policy(), saving="instances-above-one")
    results = check(change_set([endpoint("a", 4), endpoint("b", 5)]), policies=[saving]).results
    assert [(result.address[-1], result.saving_monthly) for result in results] == [
        ("b", Decimal("677.20")),
        ("a", Decimal("507.90")),
    ]


def test_the_summary_counts_every_result_once() -> None:
    old = endpoint("old", 3, touched=False)
    after = [old, endpoint("new", 4), endpoint("small"), endpoint("open", LATER)]
    waiver = Waiver(policy="waived", address="*", until=TODAY, reason="agreed")
    report = check(
        change_set(after, [old]), policies=[policy(), policy("noted", "note"), policy("waived")], waivers=[waiver]
    )
    # Of each policy: old and new fail, small passes, open is open; of the last one old, new and open are waived.
    assert report.summary == Summary(error=2, warning=0, note=2, open=2, waived=3, passed=3, existing=2)


@pytest.mark.parametrize(
    ("fail_on", "severity", "code"),
    [
        ("error", "error", 1),
        ("error", "warning", 0),
        ("warning", "warning", 1),
        ("warning", "note", 0),
        ("note", "note", 1),
        ("note", "error", 1),
        ("never", "error", 0),
    ],
)
def test_failures_of_the_chosen_severity_and_above_violate(fail_on: Any, severity: Any, code: int) -> None:
    failing = change_set([endpoint("a", 3)])
    assert check(failing, policies=[policy(severity=severity)], fail_on=fail_on).exit_code == code


def test_what_was_there_before_violates_only_with_all() -> None:
    old = endpoint("old", 3, touched=False)
    unchanged = change_set([old], [old])
    assert check(unchanged, policies=[policy()]).exit_code == 0
    assert check(unchanged, policies=[policy()], all_findings=True).exit_code == 1
    assert check(unchanged, policies=[policy()], all_findings=True, fail_on="never").exit_code == 0


def test_without_a_past_every_finding_is_new() -> None:
    assert check(change_set([endpoint("a", 3, touched=False)], None), policies=[policy()]).exit_code == 1


@pytest.mark.parametrize("severity", ["error", "warning"])
def test_an_undecided_error_is_a_doubt_and_an_undecided_warning_is_none(severity: Any) -> None:
    shared: dict[str, Any] = {"policies": [policy(severity=severity)], "strict": True}
    # One instance for certain, so that the bill is known, and a count that a policy cannot judge.
    unsure = endpoint("a")
    assert isinstance(unsure.variants, tuple)
    tagged = structs.replace(policy(severity=severity), require={"endpoint.name": "b"})
    report = check(change_set([structs.replace(unsure, name=LATER)]), **(shared | {"policies": [tagged]}))
    assert [result.verdict for result in report.results] == ["open"]
    assert report.exit_code == (3 if severity == "error" else 0)
    assert bool(report.distrust) is (severity == "error")


def test_a_doubt_about_many_policies_counts_them() -> None:
    """One cause stands in a line, however many policies cannot be decided for it."""
    unsure = structs.replace(endpoint("a"), name=LATER)
    four = [structs.replace(policy(), id=f"p{at}", require={"endpoint.name": "b"}) for at in range(4)]
    report = check(change_set([unsure]), policies=four, strict=True)
    assert [doubt.partition(": ")[2] for doubt in report.distrust] == [f"4 policies undecided: {LATER.reason}"]


def test_what_two_sources_leave_open_alike_is_one_doubt() -> None:
    tagged = structs.replace(policy(), require={"endpoint.name": "b"})
    unsure = structs.replace(endpoint("a"), name=LATER)
    report = check(
        change_set([unsure], path="a.json"), change_set([unsure], path="b.json"), policies=[tagged], strict=True
    )
    assert len(report.distrust) == 1


def test_a_violation_goes_before_a_doubt() -> None:
    both = change_set([endpoint("a", 3), endpoint("b", variants=LATER)])
    report = check(both, policies=[policy()], strict=True)
    assert report.distrust
    assert report.exit_code == 1


@pytest.mark.parametrize(("limit", "code"), [("169.30", 0), ("169.29", 1)])
def test_a_budget_is_violated_by_what_is_above_it(limit: str, code: int) -> None:
    budgets = {"max_expected_usd": Decimal(limit), "max_floor_usd": None}
    report = check(change_set([endpoint("a")]), policies=BUDGETS, budgets=budgets)
    assert report.exit_code == code
    assert [result.source for result in report.results] == ["plan.json"]


def test_never_covers_budgets_too() -> None:
    budgets = {"max_expected_usd": Decimal(1)}
    report = check(change_set([endpoint("a")]), policies=BUDGETS, budgets=budgets, fail_on="never")
    assert report.summary.error == 1
    assert report.exit_code == 0


def test_a_budget_is_held_against_all_sources_together() -> None:
    """Twice 169.30 is 338.60."""
    budgets = {"max_expected_usd": Decimal(300), "max_increase_expected_usd": Decimal(338)}
    report = check(
        change_set([endpoint("a")]), change_set([endpoint("a")], path="b.json"), policies=BUDGETS, budgets=budgets
    )
    assert [(result.policy, result.verdict, result.source) for result in report.results] == [
        ("monthly-cost-within-budget", "fail", ""),
        ("monthly-increase-within-budget", "fail", ""),
    ]


def test_a_total_that_may_be_more_leaves_a_budget_open() -> None:
    report = check(
        change_set([endpoint("a")], complete=False), policies=BUDGETS, budgets={"max_expected_usd": Decimal(1000)}
    )
    assert [result.verdict for result in report.results] == ["open"]


# Around it -----------------------------------------------------------------------------------------------------------


def test_a_waiver_keeps_the_finding_and_takes_its_exit_code() -> None:
    waiver = Waiver(policy="few-instances", address="aws_sagemaker_endpoint.*", until=TODAY, reason="load test")
    failing = change_set([endpoint("a", 3)])
    report = check(failing, policies=[policy()], waivers=[waiver], settings_file=".guardrail.yml")
    (result,) = report.results
    assert result.verdict == "waived"
    assert result.waiver is not None
    assert (result.waiver.origin, result.waiver.until) == (".guardrail.yml", "2026-11-22")
    assert report.exit_code == 0
    expired = structs.replace(waiver, until=date(2026, 11, 21))
    report = check(failing, policies=[policy()], waivers=[expired])
    assert report.exit_code == 1
    assert any("expired on 2026-11-21" in notice for notice in report.notices)


def test_the_dates_of_the_prices_that_were_used_are_told_by_region() -> None:
    """Volumes and data of us-east-1 were read on 2026-05-08, 198 days before, ml.m5.xlarge on 2026-05-20.

    From 8 May to 8 November are 23 + 30 + 31 + 31 + 30 + 31 + 8 = 184 days, and 14 more to 22 November.
    """
    report = check(change_set([endpoint("a"), endpoint("b", region=LATER)]))
    used = RegionPrices(oldest="2026-05-08", newest="2026-05-20", age_days=198, origin="bundled")
    assert (report.today, report.prices) == ("2026-11-22", {"us-east-1": used})


def test_several_sources_have_a_subtotal_each_and_one_has_none() -> None:
    """One ml.m5.xlarge with its volume is 169.30, two are 338.60; the second source says that it is not complete."""
    one = change_set([endpoint("a")], path="a.json")
    two = change_set([endpoint("b", 2)], path="b.json", complete=False)
    found = check(one, two).subtotals
    assert {name: (str(each.after.expected), each.after.at_least) for name, each in found.items()} == {
        "a.json": ("169.30", False),
        "b.json": ("338.60", True),
    }
    assert check(one).subtotals == {}


def test_a_region_without_prices_is_listed_without_dates() -> None:
    report = check(change_set([endpoint("a", region="mars-north-1")]))
    assert report.prices == {"mars-north-1": RegionPrices(oldest=None, newest=None, age_days=None, origin="bundled")}


def test_a_usage_key_that_matches_nothing_is_told(tmp_path: Path) -> None:
    path = tmp_path / "guardrail-usage.yml"
    path.write_text("version: 0.1\nresource_usage:\n  aws_sagemaker_endpoint.typo:\n    monthly_requests: 5\n")
    report = assess(
        [change_set([endpoint("a")])],
        prices=PRICES,
        policies=(),
        usage=load_usage(path),
        terms=Terms(environments=Environments()),
        today=TODAY,
    )
    assert report.notices == ("usage file: nothing has the address aws_sagemaker_endpoint.typo",)


def test_the_terms_stand_in_the_report() -> None:
    report = check(change_set([]), fail_on="note", strict=True, settings_file="s", usage_file="u", all_findings=True)
    assert (report.fail_on, report.strict, report.all_findings) == ("note", True, True)
    assert (report.settings_file, report.usage_file) == ("s", "u")


def test_code_that_does_not_tell_everything_is_not_said_to_say_so_itself() -> None:
    """A plan has ``complete: false``; of source it turns out, where the count of an endpoint is not known."""
    partly = change_set([endpoint("a")], None, kind="hcl", path="infra", complete=False)
    assert check(partly, strict=True).distrust == ("infra does not tell everything that it makes",)


def test_a_limit_on_the_increase_that_is_held_against_nothing_is_a_notice() -> None:
    limits = {"max_increase_expected_usd": Decimal(5)}
    (notice,) = check(change_set([endpoint("a")], None), policies=BUDGETS, budgets=limits).notices
    assert notice.startswith("monthly-increase-within-budget: ")
    assert "--compare-to" in notice
    assert check(change_set([endpoint("a")], [endpoint("a")]), policies=BUDGETS, budgets=limits).notices == ()


def test_a_plan_against_itself_changes_nothing() -> None:
    same = [endpoint("a", 2, touched=False), endpoint("b", variants=LATER, touched=False)]
    report = check(change_set(same, same))
    assert three(report.totals.delta) == ("0.00",) * 3
    assert all(item.unchanged for item in report.endpoints)


# Budgets of AWS ------------------------------------------------------------------------------------------------------


def with_budget(discounts: Discounts = NO_DISCOUNTS, **changes: Any) -> Report:
    """An endpoint of 3 x 169.30 = 507.90 USD a month beside a budget of 500."""
    known: dict[str, Any] = {"limit": 500.0, "unit": "USD", "time_unit": "MONTHLY", "covers_sagemaker": True}
    stack = change_set([endpoint("a", 3)])
    budgets = (Budget(address="aws_budgets_budget.ml", **(known | changes)),)
    beside = structs.replace(stack, after=structs.replace(stack.after, budgets=budgets))
    return check(beside, policies=[OF_AWS], discounts=discounts)


(OF_AWS,) = (policy for policy in bundled_policies() if policy.id == "aws-budgets-cover-the-estimate")


def short_budgets(report: Report) -> list[str]:
    """What the notes on budgets of AWS say."""
    results = [result for result in report.results if result.policy == "aws-budgets-cover-the-estimate"]
    return [result.message for result in results if result.verdict == "fail"]


def test_a_budget_of_aws_below_what_sagemaker_costs_is_mentioned() -> None:
    (note,) = short_budgets(with_budget())
    budget = "AWS budget aws_budgets_budget.ml of 500 USD a month"
    assert note == f"{budget} is below the 507.90 that SageMaker alone is expected to cost."
    assert with_budget().exit_code == check(change_set([endpoint("a", 3)])).exit_code


@pytest.mark.parametrize(
    "changes",
    [
        {"limit": 507.9},
        {"limit": LATER},
        {"limit": None},
        {"unit": "EUR"},
        {"unit": LATER},
        {"time_unit": "QUARTERLY"},
        {"time_unit": LATER},
        {"covers_sagemaker": LATER},
        {"sensitive": True},
    ],
)
def test_a_budget_that_is_enough_or_not_known_well_enough_says_nothing(changes: dict[str, Any]) -> None:
    assert short_budgets(with_budget(**changes)) == []


def test_a_budget_of_aws_is_held_against_what_is_left_after_discounts() -> None:
    """507.90 - 10 % = 457.11: enough is a budget of 500, and not one of 450."""
    discounts = Discounts(rules=(DiscountRule(name="it", percent=Decimal(10)),))
    assert short_budgets(with_budget(discounts)) == []
    assert any("below the 457.11" in note for note in short_budgets(with_budget(discounts, limit=450.0)))


def test_each_possibility_has_its_amount() -> None:
    """One ml.m5.xlarge with its volume is 169.30 a month, so three are 507.90 and four 677.20; nothing stood before."""
    worlds = tuple(
        Possibility(given=f"n={count}", after=Inventory(endpoints=(endpoint("a", count),))) for count in (3, 4)
    )
    stack = structs.replace(change_set([], path="t.yaml", complete=True), possibilities=worlds, undecided="give n")
    found = check(stack).possibilities
    assert [(each.source, each.given, str(each.totals.after.expected)) for each in found] == [
        ("t.yaml", "n=3", "507.90"),
        ("t.yaml", "n=4", "677.20"),
    ]
    assert check(change_set([endpoint("a")])).possibilities == ()


def test_a_budget_beside_an_undecided_total_says_nothing() -> None:
    stack = change_set([endpoint("a", 3)], complete=True)
    less, more = (Possibility(given=str(count), after=Inventory(endpoints=(endpoint("a", count),))) for count in (3, 4))
    budget = Budget(address="b", limit=1.0, unit="USD", time_unit="MONTHLY", covers_sagemaker=True)
    after = structs.replace(stack.after, budgets=(budget,))
    report = check(
        structs.replace(stack, after=after, possibilities=(less, more), undecided="give n"), policies=[OF_AWS]
    )
    assert isinstance(report.totals.after.expected, Unknown)
    assert short_budgets(report) == []


def test_a_budget_is_held_against_what_stands_beside_it_alone() -> None:
    """169.30 beside a budget of 200, and as much in another source, which may be another account."""
    one, other = change_set([endpoint("a")], path="one"), change_set([endpoint("b")], path="other")
    budget = Budget(address="b", limit=200.0, unit="USD", time_unit="MONTHLY", covers_sagemaker=True)
    report = check(structs.replace(one, after=structs.replace(one.after, budgets=(budget,))), other, policies=[OF_AWS])
    assert short_budgets(report) == []
    assert [result.verdict for result in report.results] == ["pass"]


@pytest.mark.parametrize(
    ("worlds", "exit_code", "why"),
    [
        ((("a",), ("b",)), 1, ("something fails in each possibility (fail on error)",)),  # another endpoint
        ((("a",), ()), 0, ()),
        ((("a", "b"), ("b",)), 1, ("1 error (fail on error)",)),
        ((), 0, ()),
    ],
)
def test_a_run_that_fails_whatever_comes_true_fails(worlds: Any, exit_code: int, why: tuple[str, ...]) -> None:
    """few-instances fails for every endpoint of three instances."""
    possibilities = tuple(
        Possibility(given=f"n={n}", after=Inventory(endpoints=tuple(endpoint(name, 3) for name in names)))
        for n, names in enumerate(worlds)
    )
    stack = structs.replace(change_set([], complete=True), possibilities=possibilities, undecided="give n")
    report = check(stack, policies=[policy()])
    assert (report.exit_code, overview(report).reasons) == (exit_code, why)
    waiver = Waiver(policy="few-instances", address="*", until=TODAY, reason="agreed")
    assert check(stack, policies=[policy()], waivers=[waiver]).exit_code == 0


def undecided(path: str, *counts: int) -> ChangeSet:
    """A source that had two instances and has one of these numbers of them."""
    possibilities = tuple(
        Possibility(
            given=f"n={count}",
            before=Inventory(endpoints=(endpoint("a", 2),)),
            after=Inventory(endpoints=(endpoint("a", count),)),
        )
        for count in counts
    )
    return structs.replace(
        change_set([], [endpoint("a", 2)], path=path), possibilities=possibilities, undecided="give n"
    )


def test_of_too_many_possibilities_both_ends_of_each_amount_are_looked_at() -> None:
    """Seven times one, two or three instances at 169.30: 7 to 21 of them, and 7 fewer to 7 more than the 14 before."""
    sources = [undecided(f"{number}.json", 2, 1, 3) for number in range(7)]
    report = check(*sources, budgets={"max_expected_usd": Decimal(7 * 169)})
    assert (report.totals.after.floor, report.totals.after.ceiling) == (7 * Decimal("169.30"), 21 * Decimal("169.30"))
    assert report.totals.delta is not None
    assert (report.totals.delta.floor, report.totals.delta.ceiling) == (-7 * Decimal("169.30"), 7 * Decimal("169.30"))
    assert [each for each in report.notices if each.startswith("2,187 possibilities together are too many")]
    assert not any("too many" in each for each in check(*sources[:3]).notices)


def test_a_limit_that_one_of_too_many_possibilities_leaves_open_is_open() -> None:
    """Of one, two or three instances two are of an unknown type: neither the least nor the greatest that is known."""
    sources = [undecided(f"{number}.json", 1, 2, 3) for number in range(7)]
    unheard = endpoint("a", 2, instance_type="ml.x99.large")
    beside = Inventory(endpoints=(unheard, endpoint("b", 2)))
    least, _, most = sources[0].possibilities
    last = structs.replace(
        sources[0], possibilities=(least, Possibility(given="n=2", before=least.before, after=beside), most)
    )
    limits = {f"max_{which}_usd": Decimal(10**6) for which in ("expected", "ceiling", "increase_ceiling")}
    assert [budget.state for budget in check(*sources, budgets=limits).budgets] == ["holds"] * 3
    assert [budget.state for budget in check(*sources[1:], last, budgets=limits).budgets] == ["open"] * 3


def test_of_too_many_possibilities_discounts_have_both_ends_too() -> None:
    """What is dearest at list prices need not be with discounts.

    Seven times: three ml.m5.xlarge (3 × 169.30 = 507.90) or one ml.m5.4xlarge (0.922 × 730 + 1.40 = 674.46). With 80 %
    off that one is 0.922 × 730 × 0.2 + 1.40 = 136.012: 952.084 to 3,555.30, where list prices end at 4,721.22.
    """
    sources = [undecided(f"{number}.json", 3, 1) for number in range(7)]
    large = Inventory(endpoints=(endpoint("a", 1, instance_type="ml.m5.4xlarge"),))
    sources = [
        structs.replace(
            source,
            possibilities=(source.possibilities[0], structs.replace(source.possibilities[1], after=large)),
        )
        for source in sources
    ]
    off = Discounts(
        rules=(DiscountRule(name="it", usage_type="*-Host:ml.m5.4xlarge", percent=Decimal(80)),), budgets="discounted"
    )
    limits = {"max_floor_usd": Decimal(952), "max_ceiling_usd": Decimal(3556)}
    report = check(*sources, budgets=limits, discounts=off)
    assert report.totals.after.ceiling == 7 * Decimal("674.46")
    assert report.discounts is not None
    assert report.discounts.after.floor == 7 * Decimal("136.012")
    assert report.discounts.after.ceiling == 7 * Decimal("507.90")
    assert {each.limit: each.state for each in report.budgets} == {
        "max_floor_usd": "broken",
        "max_ceiling_usd": "holds",
    }
    ((_, first), *_) = sorted(report.discounts.endpoints.items())
    assert (first.floor, first.ceiling) == (Decimal("136.012"), Decimal("507.90"))


def test_with_too_many_possibilities_a_savings_plan_is_not_worked_out_and_a_budget_on_it_is_open() -> None:
    """Which of 2,187 bills a plan makes cheapest the ends of the list bill do not say."""
    sources = [undecided(f"{number}.json", 2, 1, 3) for number in range(7)]
    plan = Discounts(savings_plan=SavingsPlan(commitment_usd_per_hour=Decimal(1)), budgets="discounted")
    for limit in (1, 10**6):
        limits = {f"max_{which}_usd": Decimal(limit) for which in ("floor", "expected", "ceiling", "increase_ceiling")}
        report = check(*sources, budgets=limits, discounts=plan)
        assert report.discounts is None
        assert [budget.state for budget in report.budgets] == ["open"] * 4
        assert any("discounts are not worked out" in notice for notice in report.notices)


def moved(path: str, *counts: tuple[int, int]) -> ChangeSet:
    """A source in which each possibility has these numbers of instances before and after."""
    possibilities = tuple(
        Possibility(
            given=f"{path}: {before} to {after}",
            before=Inventory(endpoints=(endpoint("a", before),)),
            after=Inventory(endpoints=(endpoint("a", after),)),
        )
        for before, after in counts
    )
    return structs.replace(change_set([], [], path=path), possibilities=possibilities, undecided="give n")


@pytest.mark.parametrize(
    ("limits", "exit_code"),
    [
        ({"max_expected_usd": 800, "max_increase_expected_usd": 200}, 1),
        ({"max_expected_usd": 800, "max_increase_expected_usd": 400}, 0),
        ({"max_expected_usd": 900, "max_increase_expected_usd": 200}, 0),
    ],
)
def test_several_sources_that_break_some_budget_whatever_comes_true_fail(
    limits: dict[str, int], exit_code: int
) -> None:
    """Of one source 1 → 3 instances, or 4 as before; of the other 1 or 2, unchanged. One costs 169.30.

    In the first the increase is 338.60, and the total is 677.20 or 846.50; else it is 0, and 846.50 or 1,015.80.
    """
    budgets = [each for each in read(bundled.directory("policies")) if each.id.endswith("-within-budget")]
    report = check(
        moved("a.yaml", (1, 3), (4, 4)),
        moved("b.yaml", (1, 1), (2, 2)),
        policies=budgets,
        budgets={name: Decimal(usd) for name, usd in limits.items()},
    )
    assert {result.verdict for result in report.results} <= {"open", "pass"}
    assert report.exit_code == exit_code


@pytest.mark.parametrize(("limit", "verdict"), [(7 * 169, "fail"), (7 * 170, "open"), (21 * 170, "pass")])
def test_a_budget_beside_too_many_possibilities_fails_where_each_is_above_it(limit: int, verdict: str) -> None:
    """1,185.10 to 3,555.30: above 1,183 whatever comes true, above 1,190 in some, and never above 3,570."""
    sources = [undecided(f"{number}.json", 2, 1, 3) for number in range(7)]
    budget = next(each for each in read(bundled.directory("policies")) if each.id == "monthly-cost-within-budget")
    report = check(*sources, policies=[budget], budgets={"max_expected_usd": Decimal(limit)})
    assert [result.verdict for result in report.results] == [verdict]
