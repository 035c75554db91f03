"""Questions on millions of lines of a bill, beside the same aggregations on the raw columns in the same engine.

    python benchmarks/bills.py                     1 and 5 million lines of CUR 2.0 in Parquet, best of three
    python benchmarks/bills.py --lines 200000 --rounds 1
    python benchmarks/bills.py --keep DIRECTORY    leave the generated files there

Every measurement is a process of its own, its user and system time, with DuckDB under the same memory limit; a bare
interpreter that imports DuckDB is taken off. The raw aggregation sums doubles, groups by the same keys, and takes the
newest tags as `top` does, or the hours, days and runs of `always-on`; guardrail makes decimals of them and knows what
they are on top of that. Of the lines nine in ten are SageMaker's: 3,000 endpoints, a month of hours each.
"""

import argparse
import os
import pathlib
import sys
import tempfile

from guardrail.bills.engine import MEMORY

RATIO = 2.0
"""Most that a question may take, in times of the raw aggregation."""
GROWTH = 1.5
"""Most that five times the lines may take, in times of five times the time."""
PEAK_MIB = 400
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
ASK = """
import sys
from guardrail.cli import main
sys.exit(main(['bills', sys.argv[1], {question!r}, '--format', 'csv']))
"""
PROGRAMS = {
    "bare": BARE,
    "raw top": RAW.replace("QUERY", repr(TOP)),
    "guardrail bills top": ASK.format(question="top"),
    "raw always-on": RAW.replace("QUERY", repr(ALWAYS_ON)),
    "guardrail bills always-on": ASK.format(question="always-on"),
}


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


def measured(program: str, path: pathlib.Path) -> tuple[float, float]:
    """User and system time in seconds, and the peak resident set in MiB, of one process."""
    null = os.open(os.devnull, os.O_WRONLY)
    pid = os.posix_spawn(
        sys.executable,
        [sys.executable, "-c", program, str(path)],
        os.environ,
        file_actions=[(os.POSIX_SPAWN_DUP2, null, 1)],
    )
    _, status, usage = os.wait4(pid, 0)
    os.close(null)
    if status:
        sys.exit(f"a program failed: {program}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", default="1000000,5000000")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--keep", type=pathlib.Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.keep or pathlib.Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        found: dict[int, dict[str, float]] = {}
        for lines in (int(each) for each in arguments.lines.split(",")):
            path = folder / f"bill-{lines}.parquet"
            if not path.exists():
                generate(path, lines)
            found[lines] = _best(path, arguments.rounds)
    _targets(found)


def _best(path: pathlib.Path, rounds: int) -> dict[str, float]:
    """Seconds of each program, the bare one taken off, and the peaks of guardrail's."""
    best: dict[str, float] = {}
    for _ in range(rounds):
        for name, program in PROGRAMS.items():
            seconds, peak = measured(program, path)
            best[name] = min(best.get(name, seconds), seconds)
            best[f"{name} MiB"] = min(best.get(f"{name} MiB", peak), peak)
    print(f"\n{path.name}, {path.stat().st_size / 1e6:.0f} MB")
    for name in PROGRAMS:
        print(f"  {name:<28} {best[name]:6.2f} s   {best[f'{name} MiB']:5.0f} MiB")
    return {name: amount if name.endswith("MiB") else amount - best["bare"] for name, amount in best.items()}


def _targets(found: dict[int, dict[str, float]]) -> None:
    print("\ntargets")
    largest = found[max(found)]
    for question in ("top", "always-on"):
        ratio = largest[f"guardrail bills {question}"] / largest[f"raw {question}"]
        _target(f"{question}, in times of the raw aggregation", ratio, RATIO)
        _target(f"{question}, peak MiB", largest[f"guardrail bills {question} MiB"], PEAK_MIB)
        if len(found) > 1:
            small = found[min(found)][f"guardrail bills {question}"] * max(found) / min(found)
            _target(f"{question}, in times of linear growth", largest[f"guardrail bills {question}"] / small, GROWTH)


def _target(what: str, amount: float, most: float) -> None:
    print(f"  {what:<45} {amount:7.2f}   at most {most:g}   {'met' if amount <= most else 'NOT MET'}")


if __name__ == "__main__":
    main()
