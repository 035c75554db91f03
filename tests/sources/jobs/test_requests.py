"""Requests and answers of SageMaker's API, and validation specifications."""

from decimal import Decimal
from typing import Any

import pytest

from guardrail.sources.jobs import requests
from guardrail.sources.jobs.definitions import read

RESOURCES = {"InstanceType": "ml.m5.2xlarge", "InstanceCount": 3}


def answer(start: Any, end: Any) -> dict[str, Any]:
    return {
        "TransformJobArn": "arn:aws:sagemaker:eu-west-1:111122223333:transform-job/night",
        "TransformResources": RESOURCES,
        "CreationTime": "2026-10-25T02:44:10+02:00",
        "TransformStartTime": start,
        "TransformEndTime": end,
    }


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        # 00:50 to 01:20 in UTC: the clocks went back in between
        ("2026-10-25T02:50:00+02:00", "2026-10-25T02:20:00+01:00", Decimal("0.5")),
        (1767225600.0, 1767230100.0, Decimal("1.25")),  # 4,500 s
        ("2026-11-27T02:05:00Z", None, None),
        ("2026-11-27T02:05:00Z", "2026-11-27T01:05:00Z", None),
        ("soon", "later", None),
        (float("nan"), 3, None),
        ({"__class__": "datetime", "year": 2018, "month": 10, "day": 24, "hour": 16, "minute": 25, "second": 0},
         {"__class__": "datetime", "year": 2018, "month": 10, "day": 24, "hour": 16, "minute": 55, "second": 0},
         Decimal("0.5")),
    ],
)  # fmt: skip
def test_a_job_that_is_over_says_how_long_it_ran(start: Any, end: Any, hours: Decimal | None) -> None:
    found = requests.read(answer(start, end))
    assert found.jobs[0].run_hours == hours
    assert found.region == "eu-west-1"


def test_a_recording_of_an_answer_is_one() -> None:
    found = read({"status_code": 200, "data": answer(0, 3600)})
    assert found is not None
    assert found.jobs[0].run_hours == 1


def test_a_validation_specification_runs_once_and_trains_beside() -> None:
    profile = {
        "ProfileName": "P",
        "TrainingJobDefinition": {},
        "TransformJobDefinition": {"TransformResources": RESOURCES},
    }
    found = read({"ValidationSpecification": {"ValidationProfiles": [profile]}})
    assert found is not None
    assert (found.once, found.others, [job.label for job in found.jobs]) == (True, {"training job": 1}, ["P"])


@pytest.mark.parametrize("other", [None, 3, [], {}, {"Resources": {}}, {"definition": 3}, {"data": {"data": {}}}])
def test_what_is_no_definition_is_none(other: Any) -> None:
    assert read(other) is None


def test_validation_profiles_that_cannot_be_read_are_in_doubt() -> None:
    found = read({"ValidationSpecification": {"ValidationProfiles": [{}, 3]}})
    assert found is not None
    assert found.doubts == ("its validation profiles are not known: ValidationProfiles is not a block",)
