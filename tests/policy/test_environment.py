"""The environment of an endpoint: by tag, else by the words of its name, else unknown."""

from typing import Any

import pytest

from guardrail.errors import SettingsError
from guardrail.model import Endpoint, Unknown
from guardrail.policy.environment import Environments, EnvironmentSettings, no_environment


def endpoint(**changes: Any) -> Endpoint:
    fields: dict[str, Any] = {
        "address": "aws_sagemaker_endpoint.e",
        "name": "chat",
        "region": "us-east-1",
        "mode": "realtime",
        "variants": (),
        "configuration_address": None,
    }
    return Endpoint(**(fields | changes))


@pytest.mark.parametrize(
    ("name", "environment"),
    [
        ("chat-prod", "production"),
        ("prod_chat", "production"),
        ("chat.PRD.eu", "production"),
        ("chat-dev", "non-production"),
        ("chat-non-prod", "non-production"),
        ("chat-nonprod", "non-production"),
        ("chat-pre-production-2", "non-production"),
        ("staging/chat", "non-production"),
    ],
)
def test_a_word_of_the_name_tells_the_environment(name: str, environment: str) -> None:
    assert Environments().of(endpoint(name=name)) == environment


@pytest.mark.parametrize("name", ["chat", "product-search", "developer-portal", "latest"])
def test_a_word_that_only_begins_like_an_environment_tells_nothing(name: str) -> None:
    assert isinstance(Environments().of(endpoint(name=name)), Unknown)


def test_a_name_that_speaks_of_two_environments_tells_neither() -> None:
    assert Environments().of(endpoint(name="prod-test")) == Unknown("its name speaks of non-production and production")


def test_a_tag_decides_before_the_name_and_in_any_case() -> None:
    assert Environments().of(endpoint(name="chat-dev", tags={"ENVIRONMENT": "Prod"})) == "production"
    assert Environments().of(endpoint(name="chat-prod", tags={"Stage": "qa"})) == "non-production"


def test_the_first_tag_of_the_settings_that_is_there_decides() -> None:
    settings = EnvironmentSettings(tag_keys=("tier", "environment"))
    tags = {"environment": "dev", "tier": "prod"}
    assert Environments(settings).of(endpoint(tags=tags)) == "production"


def test_an_unknown_tag_leaves_the_environment_unknown_whatever_the_name_says() -> None:
    reason = Unknown("known only after apply")
    assert Environments().of(endpoint(name="chat-dev", tags={"env": reason})) == reason


def test_a_tag_that_no_pattern_names_is_not_overruled_by_the_name() -> None:
    answer = Environments().of(endpoint(name="chat-dev", tags={"env": "blue"}))
    assert answer == Unknown("its environment tag has a value that no pattern names")


def test_tags_that_are_unknown_as_a_whole_leave_it_to_the_name() -> None:
    assert Environments().of(endpoint(name="chat-dev", tags=Unknown("known only after apply"))) == "non-production"


def test_the_known_part_of_an_unknown_name_counts() -> None:
    name = Unknown("known only after apply", partial="chat-prod-${…}")
    assert Environments().of(endpoint(name=name)) == "production"
    assert isinstance(Environments().of(endpoint(name=Unknown("known only after apply"))), Unknown)


def test_patterns_of_the_settings_replace_the_defaults() -> None:
    settings = EnvironmentSettings(patterns={"blue": ["b[0-9]+"], "green": ["green"]})
    environments = Environments(settings)
    assert environments.of(endpoint(name="chat-b12")) == "blue"
    assert environments.of(endpoint(name="chat-green")) == "green"
    assert isinstance(environments.of(endpoint(name="chat-prod")), Unknown)


def test_a_pattern_that_is_none_is_an_error_that_names_it() -> None:
    with pytest.raises(SettingsError, match=r"environments\.patterns\.blue: '\(b' is no pattern: missing \)"):
        Environments(EnvironmentSettings(patterns={"blue": ["(b"]}))


@pytest.mark.parametrize(
    ("name", "environment"),
    [
        ("chat-dev1", "non-production"),
        ("chat-staging2", "non-production"),
        ("chat-int", "non-production"),
        ("chat-ci", "non-production"),
        ("chat-acc", "non-production"),
        ("chat-lab", "non-production"),
        ("chat-preview", "non-production"),
        ("pr-1234-chat", "non-production"),
        ("chat-tmp", "non-production"),
        ("chat-prod1", "production"),
        ("chat-prod-eu1", "production"),
    ],
)
def test_digits_at_the_end_of_a_word_do_not_count(name: str, environment: str) -> None:
    assert Environments().of(endpoint(name=name)) == environment


@pytest.mark.parametrize(
    ("tag", "environment"),
    [
        ("dev1", "non-production"),
        ("eu-dev-1", "non-production"),
        ("prod-eu", "production"),
        ("Production EU", "production"),
        ("non prod", "non-production"),
    ],
)
def test_the_value_of_a_tag_is_read_in_words_as_a_name_is(tag: str, environment: str) -> None:
    assert Environments().of(endpoint(name="chat", tags={"env": tag})) == environment


def test_a_tag_that_speaks_of_two_environments_tells_neither() -> None:
    answer = Environments().of(endpoint(tags={"env": "prod-test"}))
    assert answer == Unknown("its environment tag speaks of non-production and production")


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("production", None),
        ("non-production", None),
        ("blue", None),
        (
            "stagging",
            "there is no environment stagging; there are production, non-production, blue",
        ),
        ("b12", "there is no environment b12, did you mean blue? There are production, non-production, blue"),
        ("blu", "there is no environment blu, did you mean blue? There are production, non-production, blue"),
    ],
)
def test_what_is_no_environment_is_said_with_what_was_meant(name: str, problem: str | None) -> None:
    assert no_environment(name, EnvironmentSettings(patterns={"blue": ["b[0-9]+"]})) == problem


# The set of values ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("label", "tags", "environment"),
    [
        ("prod", {}, "production"),
        ("non-prod", {}, "non-production"),
        ("stg/eu-1", {}, "non-production"),
        ("prod", {"Environment": "dev"}, "non-production"),
        ("prod", {"Team": "dev"}, "production"),
        ("odd", {}, "non-production"),
        ("dev-or-prod", {}, "non-production"),
        (None, {}, "non-production"),
    ],
)
def test_the_set_of_values_tells_the_environment_behind_a_tag_and_before_the_name(
    label: str | None, tags: dict[str, str | Unknown], environment: str
) -> None:
    assert Environments().of(endpoint(name="chat-dev", environment_label=label, tags=tags)) == environment


def test_a_tag_that_says_something_else_than_the_values_is_told() -> None:
    one = endpoint(environment_label="prod", tags={"Environment": "dev"})
    assert Environments().difference(one) == (
        "aws_sagemaker_endpoint.e is non-production by its tag, which counts, and production by prod"
    )
    for alike in ({"Environment": "live"}, {}, {"Environment": "whatever"}):
        assert Environments().difference(endpoint(environment_label="prod", tags=alike)) is None
