"""The file of a bundle: the same facts give the same bytes, and what somebody wrote into it is refused."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from guardrail.commands import schema
from guardrail.errors import SettingsError
from guardrail.evidence import bundle_file, summary
from guardrail.evidence.base import Window
from guardrail.evidence.bundle import Bundle
from tests.evidence.stories import (
    HOURS,
    NOW,
    START,
    account_of,
    bundle_of,
    cpu,
    described,
    invocations,
    memory,
    series,
)

MOST_BYTES = 16 * 1024


def ragged(scale: float, hours: int = HOURS) -> list[tuple[float, ...]]:
    """Hours that all differ, with as many digits as CloudWatch prints."""
    return [(1, *((hour * 7919 % 1009) * scale / 3 for _ in range(3)), 60) for hour in range(hours)]


@pytest.fixture(scope="module")
def full() -> Bundle:
    """Everything that one variant can have, and no two hours alike."""
    machine = [series(f"{name}Utilization", ragged(0.3)) for name in ("CPU", "Memory", "GPU", "GPUMemory", "Disk")]
    others = [series(name, ragged(100), namespace="AWS/SageMaker") for name in ("ModelLatency", "Invocations")]
    several = [series("ConcurrentRequestsPerModel", ragged(1), namespace="AWS/SageMaker")]
    return bundle_of(account_of(described(instance_type="ml.g5.12xlarge")), *machine, *others, *several)


def test_a_variant_takes_16_kib_at_most(full: Bundle) -> None:
    empty = summary.assembled(full.surveys, [])
    assert len(bundle_file.text(full)) - len(bundle_file.text(empty)) <= MOST_BYTES


@pytest.mark.parametrize(("updates", "days"), [(20, 14), (40, 120), (0, 454)])
def test_neither_updates_nor_a_long_window_make_a_variant_larger(updates: int, days: int) -> None:
    start, hours = NOW - timedelta(days=days), days * 24
    made = [start + timedelta(days=days) * number / (updates + 1) for number in range(updates + 1)]
    story = described(
        instance_type="ml.g5.12xlarge",
        EndpointConfigName=f"shop-{updates}",
        LastModifiedTime=(made[-1] + timedelta(minutes=20 if updates else 0)).isoformat(),
    )
    story["endpoints"][0]["CreationTime"] = (start - timedelta(days=30 if updates else 0)).isoformat()
    first = story["endpoint_configs"][0]
    story["endpoint_configs"] = [
        {**first, "EndpointConfigName": f"shop-{number}", "CreationTime": time.isoformat()}
        for number, time in enumerate(made)
    ]
    asked = [series("Invocations", ragged(100, hours), namespace="AWS/SageMaker", start=start)]
    machine = [
        series(f"{name}Utilization", ragged(0.3, hours), start=start)
        for name in ("CPU", "Memory", "GPU", "GPUMemory", "Disk")
    ]
    found = bundle_of(account_of(story), *asked, *machine, window=Window(start=start, end=NOW))
    (variant,) = found.endpoints[0].variants
    assert len(variant.segments) == (2 if updates else 1), "before the last update it was one type"
    empty = summary.assembled(found.surveys, [])
    assert len(bundle_file.text(found)) - len(bundle_file.text(empty)) <= MOST_BYTES


def test_what_is_written_is_read_again(full: Bundle, tmp_path: Path) -> None:
    path = tmp_path / "evidence.json"
    path.write_text(bundle_file.text(full))
    assert bundle_file.read(path) == full
    assert bundle_file.text(bundle_file.read(path)) == path.read_text()


def test_what_is_written_fits_the_published_schema(full: Bundle) -> None:
    validator = Draft202012Validator(json.loads(schema.text("evidence")))
    assert [error.message for error in validator.iter_errors(json.loads(bundle_file.text(full)))] == []
    assert not validator.is_valid({"version": "2"})


def test_a_changed_number_changes_few_lines() -> None:
    story = account_of(described())
    one = bundle_file.text(bundle_of(story, cpu((HOURS, 50, 40, 2400, 60)))).splitlines()
    other = bundle_file.text(
        bundle_of(story, cpu((100, 50, 40, 2400, 60), (1, 90, 40, 2400, 60), (235, 50, 40, 2400, 60)))
    )
    changed = [pair for pair in zip(one, other.splitlines(), strict=True) if pair[0] != pair[1]]
    assert len(changed) == 4  # the maximum, what lies above p99, the profile and the hash


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('"ml.m5.xlarge"', '"ml.m5.large"', "was changed since it was written"),
        ('"total": 3360', '"total": 1', "was changed since it was written"),
        ('"total": 3360', '"total": -1', "nothing was measured to be"),
        ('"total": 3360', '"total": 1e999999', "nothing was measured to be"),
        ('"total": 3360', '"total": NaN', "no bundle of evidence"),
        ('"name": "shop"', '"name": "' + "x" * 5000 + '"', "text of more than"),
        ('"name": "shop"', '"nane": "shop"', "no bundle of evidence"),
        ('"created": "2026-09-01T08:00:00Z"', '"created": "2026-09-01T08:00:00"', "without its offset"),
        ('"recurs_at": ', '"recurs_at": 168', "no bundle of evidence"),
        ('"version": "1"', '"version": "2"', "version '2' of a bundle is not supported"),
    ],
)
def test_what_somebody_wrote_into_it_is_refused_in_one_line(tmp_path: Path, old: str, new: str, problem: str) -> None:
    text = bundle_file.text(bundle_of(account_of(described()), invocations((HOURS, 10))))
    assert old in text
    path = tmp_path / "evidence.json"
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(SettingsError, match=problem) as refusal:
        bundle_file.read(path)
    assert "\n" not in refusal.value.message
    assert refusal.value.hint


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"endpoints": 3}', b"\xff\xfe", b'{"a":' * 5000, b"{}"])
def test_what_is_no_bundle_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "foreign.json"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match="foreign") as refusal:
        bundle_file.read(path)
    assert "\n" not in refusal.value.message


def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        bundle_file.read(tmp_path / "none.json")


def test_numbers_are_numbers_and_none_has_an_exponent(full: Bundle) -> None:
    assert "E" not in json.dumps(json.loads(bundle_file.text(full), parse_float=str)).replace("EndpointName", "")
    assert (
        json.loads(bundle_file.text(full))["endpoints"][0]["variants"][0]["segments"][0]["cpu_cores"]["count"] == HOURS
    )


def test_its_age_is_that_of_the_oldest_part() -> None:
    found = bundle_of(account_of(described()), memory((HOURS, 1, 1, 60, 60), start=START))
    assert bundle_file.age_days(found, date(2026, 12, 1)) == 15
    assert bundle_file.age_days(Bundle(version="1"), date(2026, 12, 1)) == 0
