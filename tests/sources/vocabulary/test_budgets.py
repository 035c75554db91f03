"""Budgets of AWS Budgets: their limit, and whether SageMaker counts towards them, in every language."""

import json
from typing import Any

import pytest

from guardrail.model import Budget, Unknown
from guardrail.sources.declarations import DeclaredBudget, Unrelated
from guardrail.sources.template.values import Hidden
from tests.sources.conftest import Reader
from tests.sources.plans import Json, change, plan
from tests.sources.resources import declared

SAGEMAKER = "Amazon SageMaker"
EC2 = "Amazon Elastic Compute Cloud - Compute"
UNCLEAR = "unclear"


def template(**others: Any) -> Budget | None:
    known = {"BudgetType": "COST", "TimeUnit": "MONTHLY", "BudgetLimit": {"Amount": 500, "Unit": "USD"}}
    found = declared("Budgets::Budget", "b", Budget={**known, **others})
    assert isinstance(found, (DeclaredBudget, Unrelated))
    return found.budget if isinstance(found, DeclaredBudget) else None


def terraform(read_plan: Reader, marks: Any = None, unknown: Any = None, **others: Any) -> Budget | None:
    known = {"budget_type": "COST", "time_unit": "MONTHLY", "limit_amount": "500.0", "limit_unit": "USD"}
    address = "aws_budgets_budget.b"
    changes = read_plan(plan(change(address, {**known, **others}, sensitive=marks or {}, unknown=unknown)))
    return changes.after.budgets[0] if changes.after.budgets else None


def coverage(budget: Budget | None) -> object:
    if budget is None:
        return None
    return UNCLEAR if isinstance(budget.covers_sagemaker, Unknown) else budget.covers_sagemaker


def test_a_budget_has_its_limit_and_its_time() -> None:
    assert template() == Budget(address="b", limit=500.0, unit="USD", time_unit="MONTHLY", covers_sagemaker=True)


def test_terraform_says_the_same(read_plan: Reader) -> None:
    found = terraform(read_plan)
    assert found is not None
    assert (found.limit, found.unit, found.time_unit, found.covers_sagemaker) == (500.0, "USD", "MONTHLY", True)


def test_awscc_writes_its_filters_as_json(read_plan: Reader) -> None:
    def found(filters: str) -> object:
        budget = {
            "budget_type": "COST",
            "time_unit": "MONTHLY",
            "budget_limit": {"amount": 500, "unit": "USD"},
            "cost_filters": filters,
        }
        budgets = read_plan(plan(change("awscc_budgets_budget.b", {"budget": budget}))).after.budgets
        return coverage(budgets[0]) if budgets else None

    assert found(json.dumps({"Service": [SAGEMAKER]})) is True
    assert found(json.dumps({"Service": [EC2]})) is None
    assert found("{") == UNCLEAR
    assert found("[" * 100_000) == UNCLEAR


@pytest.mark.parametrize(
    ("filters", "covered"),
    [
        ({}, True),
        ({"Service": [SAGEMAKER]}, True),
        ({"Service": [EC2, SAGEMAKER]}, True),
        ({"Service": SAGEMAKER}, True),
        ({"Service": [EC2]}, None),
        ({"Service": [EC2, Unknown("a parameter")]}, UNCLEAR),
        ({"Service": [SAGEMAKER], "Region": ["eu-west-1"]}, UNCLEAR),
        ({"TagKeyValue": ["user:team$ml"]}, UNCLEAR),
        (Unknown("a parameter"), UNCLEAR),
    ],
)
def test_filters_decide_whether_sagemaker_counts(filters: Any, covered: object) -> None:
    assert coverage(template(CostFilters=filters)) == covered


@pytest.mark.parametrize(
    ("expression", "covered"),
    [
        ({"Dimensions": {"Key": "SERVICE", "Values": [SAGEMAKER]}}, True),
        ({"Dimensions": {"Key": "SERVICE", "Values": [EC2]}}, None),
        ({"Dimensions": {"Key": "SERVICE", "Values": [SAGEMAKER], "MatchOptions": ["STARTS_WITH"]}}, UNCLEAR),
        ({"Dimensions": {"Key": "REGION", "Values": ["eu-west-1"]}}, UNCLEAR),
        ({"Not": {"Dimensions": {"Key": "SERVICE", "Values": [SAGEMAKER]}}}, UNCLEAR),
    ],
)
def test_an_expression_that_is_a_list_of_services_is_read(expression: Json, covered: object) -> None:
    assert coverage(template(FilterExpression=expression)) == covered


@pytest.mark.parametrize(
    ("filters", "covered"),
    [
        ([], True),
        ([{"name": "Service", "values": [SAGEMAKER]}], True),
        ([{"name": "Service", "values": [EC2]}], None),
        ([{"name": "LinkedAccount", "values": ["111122223333"]}], UNCLEAR),
        ([{"name": "Service", "values": [SAGEMAKER]}, {"name": "Region", "values": ["eu-west-1"]}], UNCLEAR),
    ],
)
def test_filters_of_terraform_are_blocks(read_plan: Reader, filters: Any, covered: object) -> None:
    assert coverage(terraform(read_plan, cost_filter=filters)) == covered


def test_filters_that_are_known_later_leave_the_coverage_unknown(read_plan: Reader) -> None:
    assert coverage(terraform(read_plan, unknown={"cost_filter": True})) == UNCLEAR


@pytest.mark.parametrize("kind", ["USAGE", "RI_UTILIZATION", "SAVINGS_PLANS_COVERAGE"])
def test_a_budget_of_anything_but_costs_is_not_read(read_plan: Reader, kind: str) -> None:
    assert template(BudgetType=kind) is None
    assert terraform(read_plan, budget_type=kind) is None


def test_limits_that_are_planned_are_no_fixed_limit() -> None:
    found = template(BudgetLimit=None, PlannedBudgetLimits={"1767225600": {"Amount": 500, "Unit": "USD"}})
    assert found is not None
    assert found.limit is None


def test_a_sensitive_limit_is_marked(read_plan: Reader) -> None:
    for found in (
        terraform(read_plan, marks={"limit_amount": True}),
        template(BudgetLimit={"Amount": Hidden("500"), "Unit": "USD"}),
    ):
        assert found is not None
        assert (found.limit, found.sensitive) == (500.0, True)


def test_a_budget_that_is_not_there_after_the_change_is_not_held_against_it(read_plan: Reader) -> None:
    values = {"budget_type": "COST", "time_unit": "MONTHLY", "limit_amount": "500", "limit_unit": "USD"}
    changes = read_plan(plan(change("aws_budgets_budget.b", None, before=values)))
    assert changes.after.budgets == ()
    assert changes.before is not None
    assert len(changes.before.budgets) == 1


def test_a_budget_is_counted_and_one_of_other_services_is_not(read_plan: Reader) -> None:
    def seen(service: str) -> int:
        values = {
            "budget_type": "COST",
            "time_unit": "MONTHLY",
            "cost_filter": [{"name": "Service", "values": [service]}],
        }
        return read_plan(plan(change("aws_budgets_budget.b", values))).coverage.seen

    assert (seen(SAGEMAKER), seen(EC2)) == (1, 0)
