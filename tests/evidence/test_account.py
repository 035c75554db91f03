"""What an account answers is read in AWS's own shapes, and holds nothing that a container is told in secret."""

import json
from typing import Any

import msgspec

from guardrail.evidence import account
from guardrail.evidence.account import Account

MODEL: dict[str, Any] = {
    "ModelName": "rank",
    "PrimaryContainer": {"Image": "i", "Mode": "MultiModel", "Environment": {"TOKEN": "a-secret"}},
    "ExecutionRoleArn": "arn:aws:iam::111122223333:role/r",
}
CONFIG: dict[str, Any] = {
    "EndpointConfigName": "rank-1",
    "CreationTime": "2026-11-01T00:00:00Z",
    "ProductionVariants": [
        {"VariantName": "a", "VolumeSizeInGB": 8, "ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5}}
    ],
    "MetricsConfig": {"MetricPublishFrequencyInSeconds": 10},
}


def _decoded(**parts: Any) -> Account:
    whole = {"account": "111122223333", "region": "us-east-1", "now": "2026-11-16T06:00:00Z", **parts}
    return account.decode(json.dumps(whole).encode())


def test_the_environment_of_a_container_is_not_kept() -> None:
    found = _decoded(models=[MODEL])
    assert found.models[0].is_multi_model
    assert b"a-secret" not in msgspec.json.encode(found)


def test_a_configuration_says_how_often_its_metrics_come_and_sixty_seconds_where_it_does_not() -> None:
    silent = {key: value for key, value in CONFIG.items() if key != "MetricsConfig"}
    found = _decoded(endpoint_configs=[CONFIG, silent])
    assert [config.frequency_s for config in found.endpoint_configs] == [10, 60]


def test_sizes_whose_names_end_in_capitals_are_read() -> None:
    variant = _decoded(endpoint_configs=[CONFIG]).endpoint_configs[0].production_variants[0]
    assert variant.volume_size_in_gb == 8
    assert variant.serverless_config is not None
    assert variant.serverless_config.memory_size_in_mb == 2048


def test_what_is_decoded_is_written_in_the_same_names() -> None:
    found = _decoded(endpoint_configs=[CONFIG])
    assert json.loads(msgspec.json.encode(found))["endpoint_configs"] == [CONFIG]
    assert account.decode(msgspec.json.encode(found)) == found
