"""Queries: the same question is equal to itself, and has a name that GetMetricData takes."""

import re

from guardrail.evidence.base import ENDPOINTS, SAGEMAKER, TRANSFORM_JOBS, query

ID = re.compile(r"[a-z][a-zA-Z0-9_]{0,254}")  # API_MetricDataQuery: Id, 1 to 255 characters


def test_the_order_of_dimensions_is_no_part_of_a_question() -> None:
    one = query(SAGEMAKER, "Invocations", {"EndpointName": "shop", "VariantName": "a"}, "Sum", 3600)
    other = query(SAGEMAKER, "Invocations", {"VariantName": "a", "EndpointName": "shop"}, "Sum", 3600)
    assert one == other
    assert one.id == other.id


def test_an_identifier_is_of_the_form_that_aws_takes_however_long_and_odd_the_names() -> None:
    for name in ("shop", "e" * 63, "2-shop", "job/algo-1-1700000000", "ß" * 300):
        for namespace in (SAGEMAKER, ENDPOINTS, TRANSFORM_JOBS):
            made = query(namespace, "GPUMemoryUtilizationNormalized", {"Host": name, "B": "v" * 63}, "SampleCount", 60)
            assert ID.fullmatch(made.id)


def test_an_identifier_tells_apart_what_reads_alike() -> None:
    alike = [
        query(SAGEMAKER, "Invocations", {"EndpointName": "a-b", "VariantName": "c"}, "Sum", 3600),
        query(SAGEMAKER, "Invocations", {"EndpointName": "a", "VariantName": "b-c"}, "Sum", 3600),
        query(ENDPOINTS, "Invocations", {"EndpointName": "a", "VariantName": "b-c"}, "Sum", 3600),
        query(SAGEMAKER, "Invocations", {"EndpointName": "a", "InstanceId": "b-c"}, "Sum", 3600),
    ]
    assert len({one.id for one in alike}) == len(alike)


def test_an_identifier_can_be_read() -> None:
    made = query(SAGEMAKER, "Invocations", {"EndpointName": "shop", "VariantName": "main"}, "Sum", 3600)
    assert made.id.startswith("m_Invocations_Sum_3600_shop_main_")
