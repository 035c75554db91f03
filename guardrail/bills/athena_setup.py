"""What Athena needs before it is asked: the table over an export, and the permissions of who asks."""

import json
from typing import Final

from guardrail.aws import s3
from guardrail.bills.layouts import LAYOUTS, ExportLayout, LayoutName
from guardrail.bills.taken import table_name, table_types
from guardrail.bills.view import NUMBERS, TIMES, literal, quoted
from guardrail.errors import GuardrailError

CALLS: Final = {
    "athena": (
        *("athena:StartQueryExecution", "athena:GetQueryExecution", "athena:GetQueryResults"),
        *("athena:StopQueryExecution", "athena:GetWorkGroup"),
    ),
    "glue": ("glue:GetDatabase", "glue:GetTable", "glue:GetPartitions"),
    "bills": ("s3:GetBucketLocation", "s3:ListBucket", "s3:GetObject"),
    "results": (
        *("s3:GetBucketLocation", "s3:ListBucket", "s3:GetObject", "s3:PutObject"),
        *("s3:ListBucketMultipartUploads", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"),
    ),
    "cost-explorer": ("ce:GetCostAndUsage",),
}
"""The calls that guardrail makes, and those that Athena makes in the name of who asks it (its user guide)."""
_FIRST_YEAR: Final = 2019


def text(location: str, table: str, layout: LayoutName) -> str:
    """The DDL of a table over an export in Parquet, and the policy, to paste."""
    bucket, prefix = s3.parsed(location)
    if not prefix:
        raise GuardrailError("athena-setup needs the prefix of the export", hint=f"s3://{bucket}/PREFIX/")
    policy = json.dumps(_policy(bucket), indent=2)
    return f"{ddl(location, table, LAYOUTS[layout])}\n-- The IAM policy of whoever asks:\n{policy}\n"


def ddl(location: str, table: str, layout: ExportLayout) -> str:
    """The table, with its months as partitions that need no crawler, and the columns that questions ask."""
    place = location.rstrip("/")
    types = _types(layout)
    columns = ",\n".join(f"  {quoted(name).replace(chr(34), '`')} {kind}" for name, kind in types.items())
    if layout.name == "legacy":
        keys = "`year` string, `month` string"
        projection = {
            "projection.year.type": "integer",
            "projection.year.range": f"{_FIRST_YEAR},2100",
            "projection.month.type": "integer",
            "projection.month.range": "1,12",
            "storage.location.template": f"{place}/year=${{year}}/month=${{month}}/",
        }
    else:
        keys = "`billing_period` string"
        projection = {
            "projection.billing_period.type": "date",
            "projection.billing_period.format": "yyyy-MM",
            "projection.billing_period.range": f"{_FIRST_YEAR}-01,NOW",
            "projection.billing_period.interval": "1",
            "projection.billing_period.interval.unit": "MONTHS",
            "storage.location.template": f"{place}/BILLING_PERIOD=${{billing_period}}/",
        }
    properties = ",\n".join(
        f"  {literal(name)} = {literal(value)}" for name, value in {"projection.enabled": "true", **projection}.items()
    )
    name = table_name(table).replace('"', "`")
    return (
        f"CREATE EXTERNAL TABLE IF NOT EXISTS {name} (\n{columns}\n)\nPARTITIONED BY ({keys})\n"
        f"STORED AS PARQUET\nLOCATION {literal(f'{place}/')}\nTBLPROPERTIES (\n{properties}\n);\n"
    )


def _types(layout: ExportLayout) -> dict[str, str]:
    """The columns with the types that AWS writes in Parquet."""
    kinds: dict[str, str] = {}
    for concept, names in layout.columns.items():
        kind = "double" if concept in NUMBERS else "timestamp" if concept in TIMES else "string"
        kinds[names[0].lower()] = kind
    known = table_types(layout, [])
    return {name: "map<string,string>" if kind == "MAP" else kinds.get(name, "string") for name, kind in known.items()}


def _policy(bucket: str) -> dict[str, object]:
    bills = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    results = ["arn:aws:s3:::RESULTS-BUCKET", "arn:aws:s3:::RESULTS-BUCKET/*"]
    places = {"athena": ["*"], "glue": ["*"], "bills": bills, "results": results, "cost-explorer": ["*"]}
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": name.title().replace("-", ""),
                "Effect": "Allow",
                "Action": list(CALLS[name]),
                "Resource": places[name],
            }
            for name in CALLS
        ],
    }
