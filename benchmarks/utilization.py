"""An account of 2,000 endpoints in three regions collected from AWS on loopback, killed half-way, and gone on with.

Each endpoint has a configuration of its own and two weeks of metrics by the hour. AWS is tests/evidence/cloud.py, in a
process of its own: calls are counted there as they come, by the machine's clock. The time is that of 4,000 descriptions
at nine a second in each of three regions, and of 19 million hours of metrics asked for.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from harness import BARE, ROOT, Cost, Result, Target, cost_of, run, surroundings

sys.path.insert(0, str(ROOT))

from tests.evidence.cloud import Call, Cloud, Region, most_in_a_second, serving

ENDPOINTS = 2_000
REGIONS = ("us-east-1", "eu-west-1", "ap-southeast-2")
JOURNAL = "evidence.json.journal"
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


def collect(folder: Path, address: str, kill_at: int | None = None) -> Cost:
    """Run it, and kill it once so many bytes lie in its journal."""
    environment = {
        **surroundings(),
        "AWS_ENDPOINT_URL": address,
        "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    regions = [word for name in REGIONS for word in ("--region", name)]
    command = [sys.executable, "-m", "guardrail", "utilization", *regions]
    process = subprocess.Popen(command, cwd=folder, env=environment)
    if kill_at is not None:
        threading.Thread(target=_kill, args=(process.pid, folder / JOURNAL, kill_at)).start()
    _, _, usage = os.wait4(process.pid, 0)
    return cost_of(usage)


def _kill(process: int, journal: Path, size: int) -> None:
    while not journal.exists() or journal.stat().st_size < size:
        time.sleep(0.05)
    os.kill(process, signal.SIGKILL)


def measure(folder: Path, rounds: int) -> Result:
    """Once, however many rounds there are."""
    del rounds
    home = folder / "utilization"
    home.mkdir(exist_ok=True)
    aws = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        address = _line(aws).strip()
        first = collect(home, address, kill_at=ENDPOINTS * 9_000)
        before, answered = calls_of(aws), _answered(home / JOURNAL)
        second = collect(home, address)
        after = calls_of(aws)
    finally:
        aws.terminate()
    metrics, described = (
        max(
            most_in_a_second(some, lambda call, wanted=wanted: wanted in (call.action, call.service))
            for some in (before, after)
        )
        for wanted in ("GetMetricData", "sagemaker")
    )
    twice = sum(count for question, count in asked(after).items() if question in answered)
    seen = [question for question in asked([*before, *after]) if " DescribeEndpoint " in question]
    return Result(
        "Utilization",
        {"2,000 endpoints": {BARE: run(["-c", "pass"]), "collect, killed": first, "gone on with": second}},
        [
            Target("calls of GetMetricData a second in a region", 50, "", metrics),
            Target("calls of SageMaker a second in a region", 10, "", described),
            Target("memory", 200, "MiB", max(first.peak_mib, second.peak_mib)),
            Target("questions asked again of those that were answered", 0, "", twice),
            Target("endpoints that nobody asked about", 0, "", ENDPOINTS - len(seen) if answered else ENDPOINTS),
        ],
    )


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
    serve(ENDPOINTS)
