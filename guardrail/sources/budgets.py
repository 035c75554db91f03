"""Cost budgets of AWS Budgets: their limit, and whether SageMaker counts towards them.

Read are the limit and the filters alone. A budget without a filter covers every service; one whose only filter is on
the service covers those that it names, and SageMaker is ``Amazon SageMaker`` there. What other filters (accounts, tags,
regions) leave of it is not known here. (AWS Budgets API reference, Budget: CostFilters and FilterExpression.)
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import structs

from guardrail.model import Budget, Location, Unknown
from guardrail.sources.base import View
from guardrail.sources.experiments import Spelling

SAGEMAKER = "Amazon SageMaker"

_OTHER_FILTERS = Unknown("it has filters of another kind than on the service")


def cost_budget(view: View | Unknown | None, spell: Spelling, address: str, location: Location | None) -> Budget | None:
    """The ``Budget`` of an AWS::Budgets::Budget; None where it is no budget of costs, or is not about SageMaker."""
    if not isinstance(view, View):
        unknown = view or Unknown("Budget is not set")
        return Budget(address=address, limit=unknown, unit=unknown, time_unit=unknown, covers_sagemaker=unknown)
    limit = view.block(spell("BudgetLimit"))
    return of_costs(
        view.text(spell("BudgetType")),
        Budget(
            address=address,
            limit=limit.number(spell("Amount")) if isinstance(limit, View) else limit,
            unit=limit.text(spell("Unit")) if isinstance(limit, View) else limit,
            time_unit=view.text(spell("TimeUnit")),
            covers_sagemaker=_covered(view, spell),
            sensitive=view.is_sensitive(spell("BudgetLimit")),
            location=location,
        ),
    )


def of_costs(budget_type: str | Unknown | None, budget: Budget) -> Budget | None:
    """The budget, unless it is of usage or of commitments, or SageMaker does not count towards it."""
    if budget.covers_sagemaker is False or (isinstance(budget_type, str) and budget_type != "COST"):
        return None
    if isinstance(budget_type, Unknown):
        return structs.replace(budget, covers_sagemaker=budget_type)
    return budget


def covers_sagemaker(filters: Sequence[tuple[object, object]]) -> bool | Unknown:
    """Whether SageMaker passes filters, each of them a name and its values."""
    if not filters:
        return True
    if len(filters) > 1 or filters[0][0] != "Service":
        return _OTHER_FILTERS
    values = filters[0][1]
    names = [values] if isinstance(values, str) else values
    if isinstance(names, list) and SAGEMAKER in names:
        return True
    if isinstance(names, list) and all(isinstance(name, str) for name in names):
        return False
    return Unknown("which services it covers is not known")


def by_expression(view: View, spell: Spelling) -> bool | Unknown | None:
    """Whether SageMaker passes the filter expression of a budget; None where it has none.

    Read is the one that is nothing but a list of services.
    """
    expression = view.block(spell("FilterExpression"))
    if not isinstance(expression, View):
        return expression
    dimensions = expression.block(spell("Dimensions"))
    others = [name for name in ("And", "CostCategories", "Not", "Or", "Tags") if expression.get(spell(name))]
    if others or not isinstance(dimensions, View) or dimensions.text(spell("Key")) != "SERVICE":
        return _OTHER_FILTERS
    if dimensions.get(spell("MatchOptions")) not in (None, [], ["EQUALS"]):
        return _OTHER_FILTERS
    return covers_sagemaker([("Service", dimensions.texts(spell("Values")))])


def _covered(view: View, spell: Spelling) -> bool | Unknown:
    if view.get(spell("BillingViewArn")) is not None:
        return _OTHER_FILTERS
    passes = by_expression(view, spell)
    if passes is not None:
        return passes
    filters = _parsed(view.get(spell("CostFilters")))
    if filters is None or isinstance(filters, dict):
        return covers_sagemaker(list((filters or {}).items()))
    return Unknown("its filters are not known")


def _parsed(filters: Any) -> Any:
    """The filters, which awscc writes as JSON in a string."""
    if not isinstance(filters, str):
        return filters
    try:
        return msgspec.json.decode(filters)
    except (msgspec.DecodeError, RecursionError):
        return Unknown("its filters are not JSON")
