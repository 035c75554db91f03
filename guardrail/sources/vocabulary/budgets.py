"""Cost budgets of AWS Budgets: their limit, and whether SageMaker counts towards them.

Read are the limit and the filters alone. A budget without a filter covers every service; one whose only filter is on
the service covers those that it names, and SageMaker is ``Amazon SageMaker`` there. What other filters (accounts, tags,
regions) leave of it is not known here. (AWS Budgets API reference, Budget: CostFilters and FilterExpression.)
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from guardrail.limits import NOT_JSON
from guardrail.model import Budget, Location, Unknown
from guardrail.sources.base import View

SAGEMAKER = "Amazon SageMaker"

_OTHER_FILTERS = Unknown("it has filters of another kind than on the service")


def cost_budget(view: View, address: str, location: Location | None) -> Budget | None:
    """The cost budget that a block declares; None where it is of usage or commitments, or SageMaker is not in it."""
    is_flat = view.spelling.language == "aws"  # its arguments are those of Budget and BudgetLimit together
    budget = view if is_flat else view.inside("Budget", absent=view.missing("Budget"))
    budget_type, covered = budget.unmasked().text("BudgetType"), _covers_sagemaker(budget.unmasked())
    if covered is False or (isinstance(budget_type, str) and budget_type != "COST"):
        return None
    amount, unit = ("LimitAmount", "LimitUnit") if is_flat else ("Amount", "Unit")
    limit = budget if is_flat else budget.inside("BudgetLimit")
    return Budget(
        address=address,
        limit=limit.unmasked().number(amount),
        unit=limit.text(unit),
        time_unit=budget.text("TimeUnit"),
        covers_sagemaker=budget_type if isinstance(budget_type, Unknown) else covered,
        sensitive=limit.is_sensitive(amount),
        location=location,
    )


def _covers_sagemaker(view: View) -> bool | Unknown:
    """By its filters: the cost filters, or the filter expression, or the view on the bill that it is of."""
    if view.get("BillingViewArn") is not None:
        return _OTHER_FILTERS
    passes = _by_expression(view)
    if passes is not None:
        return passes
    blocks = view.blocks("CostFilter") if view.spelling.language == "aws" else []
    filters = _parsed(view.get("CostFilters"))  # a map; in hashicorp/aws that of 3.x and 4.x
    if isinstance(blocks, Unknown) or not isinstance(filters, (dict, type(None))):
        return Unknown("its filters are not known")
    return _passes([*((block.text("Name"), block.texts("Values")) for block in blocks), *(filters or {}).items()])


def _by_expression(view: View) -> bool | Unknown | None:
    """Whether SageMaker passes the filter expression of a budget; None where it has none.

    Read is the one that is nothing but a list of services.
    """
    expression = view.block("FilterExpression")
    if not isinstance(expression, View):
        return expression
    dimensions = expression.block("Dimensions")
    others = [name for name in ("And", "CostCategories", "Not", "Or", "Tags") if expression.get(name)]
    if others or not isinstance(dimensions, View) or dimensions.text("Key") != "SERVICE":
        return _OTHER_FILTERS
    if dimensions.get("MatchOptions") not in (None, [], ["EQUALS"]):
        return _OTHER_FILTERS
    return _passes([("Service", dimensions.texts("Values"))])


def _passes(filters: Sequence[tuple[object, object]]) -> bool | Unknown:
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


def _parsed(filters: Any) -> Any:
    """The filters, which awscc writes as JSON in a string."""
    if not isinstance(filters, str):
        return filters
    try:
        return msgspec.json.decode(filters)
    except NOT_JSON:
        return Unknown("its filters are not JSON")
