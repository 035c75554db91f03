"""Questions on millions of lines of a bill, beside the same aggregations on the raw columns in the same engine.

DuckDB is under the same memory limit in all of them; a process that imports it is taken off. The raw aggregation sums
doubles, groups by the same keys, and takes the newest tags as `top` does, or the hours, days and runs of `always-on`;
guardrail makes decimals of them and knows what they are on top of that. The raw `always-on` carries the usage type of
each hour, as the answer does, which alone doubles its time: guardrail carries a number instead. Of the lines nine in
ten are SageMaker's: 3,000 endpoints, a month of hours each.
"""

import pathlib

from harness import Cost, Result, Target, above, best, guardrail, once, python

from guardrail.bills.engine import MEMORY

LINES = (1_000_000, 5_000_000)
ROUNDS = 3
RATIO, GROWTH, PEAK_MIB = 2.0, 1.5, 400
BARE = "import duckdb\nduckdb.connect().close()\n"
RAW = f"""
import duckdb, os, sys, tempfile
with tempfile.TemporaryDirectory() as folder:
    settings = {{"memory_limit": "{MEMORY}", "temp_directory": folder, "preserve_insertion_order": "false"}}
    connection = duckdb.connect(config={{**settings, "threads": str(min(4, os.cpu_count() or 1))}})
    print(len(connection.execute(QUERY, [sys.argv[1]]).fetchall()))
"""
TOP = """
SELECT line_item_resource_id, line_item_usage_account_id, product_region_code, line_item_currency_code,
  line_item_usage_type, SUM(line_item_unblended_cost), SUM(pricing_public_on_demand_cost),
  SUM(CASE WHEN line_item_usage_start_date >= TIMESTAMP '2026-09-23' THEN line_item_unblended_cost END),
  SUM(CASE WHEN line_item_usage_start_date < TIMESTAMP '2026-09-23' THEN line_item_unblended_cost END),
  MIN(line_item_usage_start_date), MAX(line_item_usage_start_date), max_by(resource_tags, line_item_usage_start_date)
FROM read_parquet(?) WHERE line_item_product_code = 'AmazonSageMaker' AND line_item_line_item_type = 'Usage'
GROUP BY 1, 2, 3, 4, 5
"""
ALWAYS_ON = """
WITH hourly AS (
  SELECT line_item_resource_id AS id, line_item_usage_account_id AS account, line_item_currency_code AS currency,
    line_item_usage_start_date AS hour, SUM(line_item_usage_amount) AS amount, SUM(line_item_unblended_cost) AS cost,
    SUM(pricing_public_on_demand_cost) AS listed, MIN(line_item_usage_type) AS kind,
    MAX(line_item_usage_end_date) AS until
  FROM read_parquet(?) WHERE line_item_product_code = 'AmazonSageMaker' AND line_item_line_item_type = 'Usage'
  GROUP BY 1, 2, 3, 4
), days AS (
  SELECT id, account, currency, CAST(date_trunc('day', hour) AS DATE) AS day, COUNT(*) FILTER (amount >= 1) AS hours,
    SUM(cost) AS cost, SUM(listed) AS listed, MIN(kind) AS kind
  FROM hourly GROUP BY 1, 2, 3, 4
), numbered AS (
  SELECT *, date_diff('day', DATE '1970-01-01', day) - ROW_NUMBER() OVER (PARTITION BY id ORDER BY day) AS run
  FROM days WHERE hours = 24
)
SELECT id, MIN(kind), MIN(day), MAX(day), COUNT(*), SUM(cost), SUM(listed)
FROM numbered GROUP BY id, run HAVING COUNT(*) >= 7
"""
ENGINE = "DuckDB alone"
QUESTIONS = {"top": TOP, "always-on": ALWAYS_ON}


def generate(path: pathlib.Path, lines: int) -> None:
    """Lines of CUR 2.0 as Data Exports write them: doubles, timestamps, a map of tags; hour by hour."""
    import duckdb

    each_hour = max(lines // 720, 1)
    connection = duckdb.connect()
    connection.execute(
        f"""COPY (
          SELECT TIMESTAMP '2026-09-01' + INTERVAL 1 HOUR * CAST(i // {each_hour} AS INTEGER)
              AS line_item_usage_start_date,
            TIMESTAMP '2026-09-01' + INTERVAL 1 HOUR * CAST(1 + i // {each_hour} AS INTEGER)
              AS line_item_usage_end_date,
            TIMESTAMP '2026-09-01' AS bill_billing_period_start_date, 'Usage' AS line_item_line_item_type,
            CASE WHEN i % 10 = 0 THEN 'AmazonS3' ELSE 'AmazonSageMaker' END AS line_item_product_code,
            CASE WHEN i % 10 = 0 THEN 'Requests-Tier1' WHEN i % 3 = 0 THEN 'USE1-AsyncInf:ml.m5.xlarge'
              ELSE 'USE1-Host:ml.m5.xlarge' END AS line_item_usage_type,
            'arn:aws:sagemaker:us-east-1:111122223333:endpoint/endpoint-' || (i % {min(each_hour, 3000)})
              AS line_item_resource_id,
            '111122223333' AS line_item_usage_account_id, '111122223333' AS bill_payer_account_id,
            'us-east-1' AS product_region_code, 'USD' AS line_item_currency_code, 'Hrs' AS pricing_unit,
            CAST(1 AS DOUBLE) AS line_item_usage_amount, 0.23 + (i % 13) * 0.0001::DOUBLE AS line_item_unblended_cost,
            CAST(0.23 AS DOUBLE) AS pricing_public_on_demand_cost,
            MAP {{'user_team': 'team-' || (i % 9), 'user_env': 'prod'}} AS resource_tags
          FROM range({lines}) AS numbers (i)
        ) TO '{path}' (FORMAT parquet)"""  # noqa: S608 - all of it is of this file
    )
    connection.close()


def measure(folder: pathlib.Path, rounds: int) -> Result:
    costs: dict[int, dict[str, Cost]] = {}
    for lines in LINES:
        path = folder / f"bill-{lines}.parquet"
        once(path, generate, path, lines)
        commands = {ENGINE: python(BARE)}
        for question, raw in QUESTIONS.items():
            commands[f"raw {question}"] = python(RAW.replace("QUERY", repr(raw)), path)
            commands[f"bills {question}"] = guardrail("bills", path, question, "--format", "csv")
        costs[lines] = best(commands, min(rounds, ROUNDS))
    few, many = (costs[lines] for lines in LINES)
    targets = []
    for question in QUESTIONS:
        ours = f"bills {question}"
        ratio = above(many, ours, ENGINE) / above(many, f"raw {question}", ENGINE)
        growth = above(many, ours, ENGINE) / above(few, ours, ENGINE) * LINES[0] / LINES[1]
        targets += [
            Target(f"{question}, above DuckDB alone, in raw aggregations", RATIO, "x", ratio),
            Target(f"{question}, memory", PEAK_MIB, "MiB", many[ours].peak_mib),
            Target(f"{question}, in times of linear growth", GROWTH, "x", growth),
        ]
    return Result("Bills", {f"{lines:,} lines": cost for lines, cost in costs.items()}, targets)
