"""The public offer file of SageMaker Savings Plans, in CSV: what each usage type costs under each plan.

Only the rates of inference are kept. A usage type without a rate here is one that AWS does not cover.
"""

import csv
from collections.abc import Iterator

from guardrail.errors import AWSError
from guardrail.prices import usage_types
from guardrail.prices.savings_plans import SavingsPlanRate, SavingsPlanRates

PLAN = "AWSMachineLearningSavingsPlans"

_METADATA_LINES = 5
_COLUMNS = ("SKU", "RateCode", "Unit", "EffectiveDate", "DiscountedRate", "Currency", "DiscountedSKU")
_MORE_COLUMNS = ("DiscountedServiceCode", "DiscountedUsageType", "PurchaseOption", "LeaseContractLength")
_HINT = "download it again"


def read_file(path: str, region: str) -> tuple[str, SavingsPlanRates]:
    """The version of a file, and its rates for inference. Raises `AWSError` where it is no such file, or damaged."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            metadata = dict(row[:2] for row in (next(reader, []) for _ in range(_METADATA_LINES)) if len(row) > 1)
            header = next(reader, [])
            missing = [name for name in (*_COLUMNS, *_MORE_COLUMNS) if name not in header]
            if missing or "Version" not in metadata:
                raise AWSError(
                    f"{path} is no offer file of Savings Plans: it lacks {missing[0] if missing else 'Version'}"
                )
            rates = tuple(_rates(path, header, reader, metadata["Version"]))
    except (csv.Error, UnicodeDecodeError) as error:
        raise AWSError(f"{path} is damaged: {error}", hint=_HINT) from error
    return metadata["Version"], SavingsPlanRates(region=region, rates=rates)


def _rates(path: str, header: list[str], reader: Iterator[list[str]], version: str) -> Iterator[SavingsPlanRate]:
    for record in reader:
        if len(record) != len(header):
            raise AWSError(f"{path} is damaged: a line has {len(record)} fields, not {len(header)}", hint=_HINT)
        fields = dict(zip(header, record, strict=True))
        is_inference = usage_types.parse(fields["DiscountedUsageType"]) is not None
        if is_inference and fields["DiscountedServiceCode"] == "AmazonSageMaker" and fields["Currency"] == "USD":
            yield SavingsPlanRate(
                usage_type=fields["DiscountedUsageType"],
                term=f"{fields['LeaseContractLength']}yr",
                payment=fields["PurchaseOption"],
                unit=fields["Unit"],
                usd=fields["DiscountedRate"],
                sku=fields["SKU"],
                discounted_sku=fields["DiscountedSKU"],
                rate_code=fields["RateCode"],
                effective_date=fields["EffectiveDate"],
                version=version,
            )
