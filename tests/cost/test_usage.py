"""Usage files: what they say, whom they say it of, and the lines that a wrong one prints."""

from decimal import Decimal
from pathlib import Path

import pytest

from guardrail.cost.usage import NO_ENDPOINT_USAGE, NO_USAGE, Usage, load
from guardrail.errors import SettingsError
from guardrail.model import Endpoint, Unknown


def endpoint(address: str, configuration: str | None = None) -> Endpoint:
    return Endpoint(
        address=address,
        name="e",
        region="us-east-1",
        mode="realtime",
        variants=(),
        configuration_address=configuration,
    )


def written(folder: Path, text: str) -> Usage:
    path = folder / "guardrail-usage.yml"
    path.write_text(text)
    return load(path)


def requests_of(usage: Usage, address: str, configuration: str | None = None) -> Decimal | None:
    return usage.of(endpoint(address, configuration)).monthly_requests


def test_a_file_gives_numbers_by_endpoint_and_variant(tmp_path: Path) -> None:
    usage = written(
        tmp_path,
        """
version: 0.1
resource_usage:
  aws_sagemaker_endpoint.chat:
    monthly_requests: 1000000
    request_duration_ms: 12.5
    variants:
      main: {average_instances: 2.5}
""",
    ).of(endpoint("aws_sagemaker_endpoint.chat"))
    assert usage.monthly_requests == 1_000_000
    assert usage.of_variant("main").average_instances == Decimal("2.5")
    assert usage.of_variant("main").request_duration_ms == Decimal("12.5"), "what holds for the endpoint"
    assert usage.of_variant("other").average_instances is None
    assert usage.of_variant(Unknown("known after apply")).request_duration_ms == Decimal("12.5")


WILDCARDS = """
resource_usage:
  "*": {monthly_requests: 1}
  "module.search.*": {monthly_requests: 2}
  "module.search.aws_sagemaker_endpoint.this[*]": {monthly_requests: 3}
  'module.search.aws_sagemaker_endpoint.this["a.b"]': {monthly_requests: 4}
  'module.m[*].aws_sagemaker_endpoint.this["x"]': {monthly_requests: 5}
"""


@pytest.mark.parametrize(
    ("address", "requests"),
    [
        ("aws_sagemaker_endpoint.chat", 1),
        ("module.search.aws_sagemaker_endpoint.other", 2),
        ('module.search.aws_sagemaker_endpoint.this["b"]', 3),
        ("module.search.aws_sagemaker_endpoint.this[7]", 3),
        ('module.search.aws_sagemaker_endpoint.this["a.b"]', 4),
        ('module.m["eu"].aws_sagemaker_endpoint.this["x"]', 5),
        ('module.m["eu"].aws_sagemaker_endpoint.this["y"]', 1),
    ],
)
def test_the_most_specific_key_wins(tmp_path: Path, address: str, requests: int) -> None:
    assert requests_of(written(tmp_path, WILDCARDS), address) == requests


def test_defaults_of_the_type_fill_what_an_entry_leaves_out(tmp_path: Path) -> None:
    usage = written(
        tmp_path,
        """
resource_type_default_usage:
  aws_sagemaker_endpoint: {monthly_requests: 7, request_payload_kb: 4}
  AWS::SageMaker::Endpoint: {monthly_requests: 9}
resource_usage:
  aws_sagemaker_endpoint.chat: {monthly_requests: 1}
""",
    )
    chat = usage.of(endpoint("aws_sagemaker_endpoint.chat"))
    assert (chat.monthly_requests, chat.request_payload_kb) == (Decimal(1), Decimal(4))
    assert requests_of(usage, 'module.x["a.b"].aws_sagemaker_endpoint.other') == 7
    assert requests_of(usage, "ChatEndpoint") == 9


def test_an_endpoint_is_found_by_its_configuration_too(tmp_path: Path) -> None:
    usage = written(tmp_path, "resource_usage: {aws_sagemaker_endpoint_configuration.c: {monthly_requests: 1}}")
    assert requests_of(usage, "aws_sagemaker_endpoint.e", "aws_sagemaker_endpoint_configuration.c") == 1


def test_keys_that_belong_to_nothing_are_named(tmp_path: Path) -> None:
    usage = written(tmp_path, WILDCARDS)
    assert usage.unmatched([endpoint("module.search.aws_sagemaker_endpoint.this[0]")]) == (
        'module.search.aws_sagemaker_endpoint.this["a.b"]',
        'module.m[*].aws_sagemaker_endpoint.this["x"]',
    )


@pytest.mark.parametrize(
    "text", ["", "version: 0.1", "resource_usage:", "resource_usage: {aws_sagemaker_endpoint.x: }"]
)
def test_a_file_that_says_nothing_is_no_usage(tmp_path: Path, text: str) -> None:
    assert written(tmp_path, text).of(endpoint("aws_sagemaker_endpoint.x")) == NO_ENDPOINT_USAGE


def test_without_a_file_nothing_is_used() -> None:
    assert NO_USAGE.of(endpoint("aws_sagemaker_endpoint.x")) is NO_ENDPOINT_USAGE
    assert NO_USAGE.unmatched([]) == ()


def test_requests_of_the_endpoint_are_its_own_or_those_of_its_variants(tmp_path: Path) -> None:
    usage = written(
        tmp_path,
        "resource_usage: {e: {variants: {a: {monthly_requests: 2}, b: {monthly_requests: 3}, c: {}}}}",
    ).of(endpoint("e"))
    assert usage.requests() == 5
    assert NO_ENDPOINT_USAGE.requests() is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("resource_usage: {e: {monthly_request: 1}}", "unknown key, did you mean monthly_requests?"),
        ("resource_usages: {}", "unknown key, did you mean resource_usage?"),
        ("resource_usage: {e: {variants: {a: {request_payload_kb: 1}}}}", "unknown key"),
        ("resource_usage: {e: {monthly_requests: -5}}", "resource_usage.e.monthly_requests: -5 is negative"),
        ("resource_usage: {e: {monthly_requests: .nan}}", "monthly_requests: invalid decimal"),
        ("resource_usage: {e: {monthly_requests: NaN}}", ":1: NaN is no number to calculate with"),
        (
            "resource_usage: {e: {monthly_requests: Infinity}}",
            ":1: Infinity is no number to calculate with",
        ),
        ("resource_usage: {e: {monthly_requests: many}}", "resource_usage.e.monthly_requests"),
        ("resource_usage: {e: {monthly_requests: true}}", "resource_usage.e.monthly_requests"),
        ("resource_usage: {e: {monthly_busy_hours: 731}}", "731 is more than the 730 hours of a month"),
        (
            "resource_usage: {e: {variants: {a: {average_instances: -1}}}}",
            "variants.a.average_instances: -1 is negative",
        ),
        (
            "resource_usage: {e: {monthly_data_in_gb: 1, request_payload_kb: 4}}",
            "monthly_data_in_gb: contradicts request_payload_kb; give one of them",
        ),
        (
            "resource_usage: {e: {monthly_requests: 1, variants: {a: {monthly_requests: 2}}}}",
            "monthly_requests: 1 is less than the 2 of its variants",
        ),
        ("resource_type_default_usage: {t: {monthly_requests: -1}}", "resource_type_default_usage.t.monthly_requests"),
        ("resource_usage: {e: {monthly_requests: 1}, e: {monthly_requests: 2}}", "duplicate key 'e'"),
        ("version: 2", "version: 2 is not supported"),
        ("[", "not valid YAML"),
    ],
)
def test_a_wrong_file_is_one_clear_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(SettingsError) as caught:
        written(tmp_path, text)
    message = str(caught.value)
    assert says in message
    assert "guardrail-usage.yml" in message
    assert "\n" not in message


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot read"):
        load(tmp_path / "none.yml")


def test_the_documented_file_loads_and_every_key_is_documented(tmp_path: Path) -> None:
    document = (Path(__file__).parents[2] / "docs" / "costs.md").read_text(encoding="utf-8")
    example = document.split("```yaml guardrail-usage.yml\n")[1].split("```")[0]
    search = written(tmp_path, example).of(endpoint('module.search.aws_sagemaker_endpoint.this["eu"]'))
    assert (search.monthly_requests, search.request_payload_kb) == (Decimal(1_000_000), Decimal(4))
    for key in search.__struct_fields__:
        assert f"`{key}`" in document or key == "variants"
