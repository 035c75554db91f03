"""An account of 2,000 endpoints in three regions collected, killed half-way, and gone on with.

    python benchmarks/utilization.py
    python benchmarks/utilization.py --endpoints 300

AWS is tests/evidence/cloud.py, in a process of its own: calls are counted there as they come, by the machine's clock.
"""

import argparse
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.evidence.cloud import Call, Cloud, Region, most_in_a_second, serving  # noqa: E402 - of the checkout

REGIONS = ("us-east-1", "eu-west-1", "ap-southeast-2")
MOST_MIB, MOST_CALLS, MOST_DESCRIBES = 200, 50, 10
START = "2026-11-02T06:00:00+00:00"
BY_VARIANT = {
    "AWS/SageMaker": ("Invocations", "InvocationsPerInstance", "ModelLatency", "OverheadLatency"),
    "/aws/sagemaker/Endpoints": ("CPUUtilization", "MemoryUtilization", "DiskUtilization"),
}


def populate(cloud: Cloud, endpoints: int) -> None:
    """Endpoints of one variant each, with a configuration of their own and one of forty models."""
    for name in REGIONS:
        cloud.regions[name] = Region()
        cloud.regions[name].models = [
            {"ModelName": f"m-{each}", "PrimaryContainer": {"Image": "i"}} for each in range(40)
        ]
    day = [[8, 5, 2, 120, 60], [10, 80, 40, 2400, 60], [6, 5, 2, 120, 60]]
    for number in range(endpoints):
        region, name = cloud.regions[REGIONS[number % len(REGIONS)]], f"shop-{number:04}"
        born = "2026-09-01T08:00:00+00:00"
        region.endpoints.append(
            {
                "EndpointName": name,
                "EndpointConfigName": f"{name}-config",
                "CreationTime": born,
                "ProductionVariants": [{"VariantName": "a", "CurrentInstanceCount": 1}],
            }
        )
        variant = {"VariantName": "a", "ModelName": f"m-{number % 40}", "InstanceType": "ml.m5.xlarge"}
        region.endpoint_configs.append(
            {"EndpointConfigName": f"{name}-config", "CreationTime": born, "ProductionVariants": [variant]}
        )
        for namespace, metrics in BY_VARIANT.items():
            for metric in metrics:
                dimensions = {"EndpointName": name, "VariantName": "a"}
                region.measure(namespace, metric, dimensions, start=START, rows=day * 14)


def serve(endpoints: int) -> None:
    """Be AWS until standard input ends; a line of it asks for all calls so far, as JSON."""
    cloud = Cloud(checks=False)
    populate(cloud, endpoints)
    with serving(cloud) as address:
        print(address, flush=True)
        for _ in sys.stdin:
            print(json.dumps([_short(call) for call in cloud.calls]), flush=True)
            cloud.calls.clear()


def _short(call: Call) -> list[Any]:
    ids = [each["Id"] for each in call.arguments.get("MetricDataQueries", ())]
    name = next((value for key, value in call.arguments.items() if key.endswith("Name")), "")
    return [call.at, call.service, call.region, call.action, name, [] if call.arguments.get("NextToken") else ids]


def calls_of(aws: "subprocess.Popen[str]") -> list[Call]:
    print("calls", file=aws.stdin, flush=True)
    return [
        Call(at, service, region, action, {"name": name, "ids": ids})
        for at, service, region, action, name, ids in json.loads(_line(aws))
    ]


def _line(aws: "subprocess.Popen[str]") -> str:
    return aws.stdout.readline() if aws.stdout is not None else ""


def asked(calls: list[Call]) -> Counter[str]:
    """Everything that was asked about, by what it is about: a description, a list, one query."""
    found: Counter[str] = Counter()
    for call in calls:
        if call.action == "GetMetricData":
            found.update(f"{call.region} {each}" for each in call.arguments["ids"])
        elif call.action.startswith("Describe"):
            found[f"{call.region} {call.action} {call.arguments['name']}"] += 1
    return found


def collect(folder: str, address: str, kill_at: int | None = None) -> tuple[float, float]:
    """Run it; seconds of wall time, and MiB at its peak. Killed once so many bytes lie in its journal."""
    environment = {
        **os.environ,
        "AWS_ENDPOINT_URL": address,
        "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_EC2_METADATA_DISABLED": "true",
        "PYTHONPATH": str(ROOT),
    }
    regions = [word for name in REGIONS for word in ("--region", name)]
    command = [sys.executable, "-m", "guardrail", "utilization", *regions]
    started = time.monotonic()
    process = subprocess.Popen(command, cwd=folder, env=environment)
    if kill_at is not None:
        threading.Thread(target=_kill, args=(process.pid, Path(folder, "evidence.json.journal"), kill_at)).start()
    _, _, usage = os.wait4(process.pid, 0)
    return time.monotonic() - started, usage.ru_maxrss / 1024


def _kill(process: int, journal: Path, size: int) -> None:
    while not journal.exists() or journal.stat().st_size < size:
        time.sleep(0.05)
    os.kill(process, signal.SIGKILL)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--endpoints", type=int, default=2000)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(arguments.endpoints)
        return 0
    command = [sys.executable, __file__, "--serve", "--endpoints", str(arguments.endpoints)]
    aws = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    address = _line(aws).strip()
    with tempfile.TemporaryDirectory() as folder:
        first_s, first_mib = collect(folder, address, kill_at=arguments.endpoints * 9_000)
        before = calls_of(aws)
        answered = _answered(Path(folder, "evidence.json.journal"))
        second_s, second_mib = collect(folder, address)
        after = calls_of(aws)
        size = Path(folder, "evidence.json").stat().st_size
    aws.terminate()
    print(f"{arguments.endpoints:,} endpoints: {first_s:.0f} s until killed, {second_s:.0f} s after, {size >> 20} MiB")
    print(f"{len(before) + len(after):,} calls, {sum(map(len, (asked(before), asked(after)))):,} questions")
    calls, most_mib = [*before, *after], max(first_mib, second_mib)
    of_metrics = max(most_in_a_second(some, lambda call: call.action == "GetMetricData") for some in (before, after))
    described = max(most_in_a_second(some, lambda call: call.service == "sagemaker") for some in (before, after))
    twice = sum(count for question, count in asked(after).items() if question in answered)
    results = {
        f"at most {MOST_CALLS} calls of GetMetricData a second in a region: {of_metrics}": of_metrics <= MOST_CALLS,
        f"at most {MOST_DESCRIBES} calls of SageMaker a second in a region: {described}": described <= MOST_DESCRIBES,
        f"at most {MOST_MIB} MiB: {most_mib:.0f}": most_mib <= MOST_MIB,
        f"nothing asked again of {len(answered):,} that were there: {twice}": twice == 0 and bool(answered),
        f"every endpoint described: {len(calls):,} calls": len(asked(calls)) >= arguments.endpoints,
    }
    for told, is_met in results.items():
        print(f"{'met    ' if is_met else 'NOT MET'} {told}")
    return 0 if all(results.values()) else 1


def _answered(journal: Path) -> set[str]:
    """What the run that was killed had written down."""
    found = set()
    for line in journal.read_bytes().splitlines(keepends=True)[1:]:
        if line.endswith(b"\n"):
            entry = json.loads(line)
            if entry["type"] == "series":
                found.add(f"{entry['region']} {entry['id']}")
            elif entry["subject"]:
                action = "".join(word.capitalize() for word in entry["call"].partition(":")[2].split("_"))
                found.add(f"{entry['region']} {action} {entry['subject']}")
    return found


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.exit(main())
