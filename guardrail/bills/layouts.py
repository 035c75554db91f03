"""The layouts in which AWS exports its bill, and where each of them has what is asked of a line.

A concept is named once; a layout says under which columns it may stand, the first that is there wins. Sources: the
column dictionaries of the Data Exports user guide (legacy CUR, CUR 2.0, FOCUS 1.0 and 1.2 with AWS columns). Of FOCUS
1.2 the usage type is in SkuMeter; ``x_UsageType`` was taken away (table-dictionary-focus-1-2-migrating).
"""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from guardrail.errors import SourceError

Concept: TypeAlias = Literal[
    "billing_period",
    "usage_start",
    "usage_end",
    "payer",
    "account",
    "region",
    "product_code",
    "billing_entity",
    "usage_type",
    "resource_id",
    "line_type",
    "amount",
    "unit",
    "currency",
    "unblended",
    "net_unblended",
    "list",
    "effective",
    "net_effective",
    "commitment",
    "used_commitment",
    "plan",
    "category",
    "class",
    "commitment_status",
    "commitment_id",
]

LayoutName: TypeAlias = Literal["legacy", "cur2", "focus-1.0", "focus-1.2", "cost-explorer"]
TITLES: Final[Mapping[LayoutName, str]] = {
    "legacy": "Cost and Usage Report (legacy)",
    "cur2": "CUR 2.0",
    "focus-1.0": "FOCUS 1.0 with AWS columns",
    "focus-1.2": "FOCUS 1.2 with AWS columns",
    "cost-explorer": "Cost Explorer",
}


class ExportLayout(Struct, frozen=True, kw_only=True):
    """Under which columns a layout has each concept, most wanted first."""

    name: LayoutName
    columns: dict[Concept, tuple[str, ...]]
    required: tuple[Concept, ...] = ("usage_start", "product_code", "usage_type", "amount", "unblended")

    @property
    def is_focus(self) -> bool:
        """Whether costs and line types are those of FOCUS."""
        return self.name.startswith("focus")

    def column(self, concept: Concept, there: Collection[str]) -> str | None:
        """The column of a concept among those that are ``there``; None where there is none."""
        return next((name for name in self.columns.get(concept, ()) if name in there), None)


def underscored(name: str) -> str:
    """A column of a legacy CSV as Athena and CUR 2.0 have it: ``lineItem/UsageType`` is ``line_item_usage_type``.

    Capitals get an underscore before them, what is no letter or digit becomes one, and one stands for several (CUR user
    guide, "Column names" for Athena): ``savingsPlan/SavingsPlanARN`` is ``savings_plan_savings_plan_a_r_n``.
    """
    spread = re.sub(r"(?<=[A-Za-z0-9])([A-Z])", r"_\1", name)
    return re.sub(r"_+", "_", re.sub(r"[^a-z0-9_]", "_", spread.lower())).strip("_")


_LEGACY: Final[dict[Concept, tuple[str, ...]]] = {
    "billing_period": ("bill/BillingPeriodStartDate",),
    "usage_start": ("lineItem/UsageStartDate",),
    "usage_end": ("lineItem/UsageEndDate",),
    "payer": ("bill/PayerAccountId",),
    "account": ("lineItem/UsageAccountId",),
    "region": ("product/regionCode", "product/region"),
    "product_code": ("lineItem/ProductCode",),
    "billing_entity": ("bill/BillingEntity",),
    "usage_type": ("lineItem/UsageType",),
    "resource_id": ("lineItem/ResourceId",),
    "line_type": ("lineItem/LineItemType",),
    "amount": ("lineItem/UsageAmount",),
    "unit": ("pricing/unit",),
    "currency": ("lineItem/CurrencyCode",),
    "unblended": ("lineItem/UnblendedCost",),
    "net_unblended": ("lineItem/NetUnblendedCost",),
    "list": ("pricing/publicOnDemandCost",),
    "effective": ("savingsPlan/SavingsPlanEffectiveCost",),
    "net_effective": ("savingsPlan/NetSavingsPlanEffectiveCost",),
    "commitment": ("savingsPlan/TotalCommitmentToDate",),
    "used_commitment": ("savingsPlan/UsedCommitment",),
    "plan": ("savingsPlan/SavingsPlanARN",),
}
_FOCUS: Final[dict[Concept, tuple[str, ...]]] = {
    "billing_period": ("BillingPeriodStart",),
    "usage_start": ("ChargePeriodStart",),
    "usage_end": ("ChargePeriodEnd",),
    "payer": ("BillingAccountId",),
    "account": ("SubAccountId",),
    "region": ("RegionId",),
    "product_code": ("x_ServiceCode",),
    "resource_id": ("ResourceId",),
    "amount": ("ConsumedQuantity",),
    "unit": ("ConsumedUnit", "PricingUnit"),
    "currency": ("BillingCurrency",),
    "unblended": ("BilledCost",),
    "list": ("ListCost",),
    "effective": ("EffectiveCost",),
    "category": ("ChargeCategory",),
    "class": ("ChargeClass",),
    "commitment_status": ("CommitmentDiscountStatus",),
    "commitment_id": ("CommitmentDiscountId",),
}
_NEEDED_OF_FOCUS: Final[tuple[Concept, ...]] = (
    *("usage_start", "product_code", "usage_type", "amount", "unblended", "effective", "category"),
)

LEGACY: Final = ExportLayout(
    name="legacy", columns=_LEGACY, required=(*ExportLayout.__struct_defaults__[0], "line_type")
)
CUR2: Final = ExportLayout(
    name="cur2",
    columns={concept: tuple(map(underscored, names)) for concept, names in _LEGACY.items()},
    required=LEGACY.required,
)
FOCUS_1_0: Final = ExportLayout(
    name="focus-1.0", columns={**_FOCUS, "usage_type": ("x_UsageType",)}, required=_NEEDED_OF_FOCUS
)
FOCUS_1_2: Final = ExportLayout(
    name="focus-1.2", columns={**_FOCUS, "usage_type": ("SkuMeter",)}, required=_NEEDED_OF_FOCUS
)
LAYOUTS: Final = {layout.name: layout for layout in (LEGACY, CUR2, FOCUS_1_0, FOCUS_1_2)}


def recognised(columns: Iterable[str], path: str) -> ExportLayout:
    """The layout that has these columns, all that it needs among them. Raises `SourceError` with what is missing."""
    there = set(columns)
    if any("/" in name and name.startswith(("lineItem/", "bill/", "identity/")) for name in there):
        layout = LEGACY
    elif any(name.startswith("line_item_") for name in there):
        layout = CUR2
    elif "ChargeCategory" in there or "BilledCost" in there:
        layout = FOCUS_1_0 if "x_UsageType" in there else FOCUS_1_2
        if "x_UsageType" not in there and "SkuMeter" not in there:
            raise SourceError(
                f"{path} is FOCUS without the columns of AWS, so nothing tells its usage types",
                hint="export FOCUS 1.0 or 1.2 with AWS columns: x_ServiceCode, and x_UsageType or SkuMeter",
            )
    else:
        raise SourceError(
            f"{path} is no export of the AWS bill that guardrail knows: it has no line item or charge columns",
            hint="a Cost and Usage Report, CUR 2.0, FOCUS 1.0 or 1.2 with AWS columns, or a saved GetCostAndUsage",
        )
    for concept in layout.required:
        if layout.column(concept, there) is None:
            wanted = " or ".join(layout.columns[concept])
            raise SourceError(
                f"{path} lacks the column {wanted} of {TITLES[layout.name]}, which every question needs",
                hint=f"add {layout.columns[concept][0]} to the export",
            )
    return layout
