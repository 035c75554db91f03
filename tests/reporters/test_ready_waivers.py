"""Waivers that are ready to be pasted: what they name is what the settings accept once there is a reason."""

from datetime import date
from typing import Any

import pytest
from msgspec import structs

from guardrail.errors import SettingsError
from guardrail.policy import waivers
from guardrail.policy.base import Result
from guardrail.reporters.findings import Finding
from guardrail.reporters.ready_waivers import MOST_WAIVERS, ready_waivers
from guardrail.settings import FoundSettings, load
from tests.reporters.reports import finding, report


def found(text: str, tmp_path: Any) -> FoundSettings:
    path = tmp_path / ".guardrail.yml"
    path.write_text(text, encoding="utf-8")
    return load(str(tmp_path))


def accepts(text: str, results: list[Result], tmp_path: Any) -> list[str]:
    entries = found(text.replace("<why>", "as it should be"), tmp_path).settings.accepted().entries
    return [each.verdict for each in waivers.apply(entries, results, [], today=date(2026, 11, 22), origin="s").results]


@pytest.mark.parametrize(
    "addresses",
    [
        ["aws_sagemaker_endpoint_configuration.docs"],
        ["aws_sagemaker_endpoint_configuration.docs[0]"],
        ['module.m["a b: #c"].aws_sagemaker_endpoint_configuration.docs'],
        ['t.x["k]"]', 't.x["l"]'],
        ['module.m[0].t.x["a"]', 'module.m[1].t.x["\\"]"]'],
        ["t.[*]?"],
    ],
)
def test_with_a_reason_it_accepts_what_it_is_for(addresses: list[str], tmp_path: Any) -> None:
    results = [finding("p", address=address) for address in addresses]
    text = ready_waivers([Finding(tuple(results))], report())
    assert accepts(text, results, tmp_path) == ["waived"] * len(results)
    others = [finding("p", address="t.other"), finding("q", address=addresses[0])]
    assert accepts(text, others, tmp_path) == ["fail", "fail"]


def test_without_one_the_settings_are_refused(tmp_path: Any) -> None:
    text = ready_waivers([Finding((finding("p"),))], report())
    entries = found(text, tmp_path).settings.accepted().entries
    with pytest.raises(SettingsError, match="gives no reason"):
        waivers.apply(entries, [], [], today=date(2026, 11, 22), origin="s")


@pytest.mark.parametrize(("most", "until"), [(None, "2027-01-21"), (90, "2027-01-21"), (30, "2026-12-22")])
def test_it_holds_no_longer_than_the_settings_allow(most: int | None, until: str) -> None:
    """From 2026-11-22: 60 days, or the 30 that are allowed."""
    allowed = structs.replace(report(), max_waiver_days=most)
    assert f"until: {until}\n" in ready_waivers([Finding((finding("p"),))], allowed)


def test_of_many_the_first_few_are_there() -> None:
    many = [Finding((finding(f"p{number}"),)) for number in range(MOST_WAIVERS + 1)]
    assert ready_waivers(many, report()).count("policy:") == MOST_WAIVERS
