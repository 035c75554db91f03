"""What could run instead, in the reports of a check that asks for it; in those of others there is none of it.

ml.m5.large in us-east-1 is 84.51 USD a month with its volume, and a second of 2 GB serverless 0.00004.
"""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from guardrail import cli
from guardrail.model import ServerlessVariant
from guardrail.reporters.instead import in_words
from tests.alternatives import built
from tests.commands.test_explain import TEMPLATE

ROOT = Path(__file__).resolve().parents[2]

USAGE = "version: 0.1\nresource_usage:\n  Endpoint: {monthly_requests: 1000000, request_duration_ms: 200}\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A template with one endpoint, called chat."""
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def written(capsys: pytest.CaptureFixture[str]) -> Any:
    """What a check of the template writes in a format."""

    def check(form: str, *flags: str) -> str:
        words = ["check", "template.yaml", "--region", "us-east-1", "--fail-on", "never", "--format", form]
        assert cli.main([*words, *flags]) == 0
        return capsys.readouterr().out

    return check


def test_without_being_asked_for_nothing_says_what_could_run_instead(written: Any) -> None:
    assert json.loads(written("json"))["alternatives"] is None
    for form in ("table", "markdown", "html"):
        text = written(form).lower()
        assert "serverless, 2 gb" not in text
        assert "instead, usd" not in text
        assert "<figure" not in text


def test_the_json_report_has_what_an_explanation_has(written: Any, capsys: pytest.CaptureFixture[str]) -> None:
    (part,) = json.loads(written("json", "--alternatives"))["alternatives"]["parts"]
    assert cli.main(["explain", "template.yaml", "chat", "--region", "us-east-1", "--format", "json"]) == 0
    explained = json.loads(capsys.readouterr().out)
    assert (part["address"], part["part"]) == ("Endpoint", "main")
    assert part["alternatives"] == explained["alternatives"]["main"]
    assert part["not_offered"] == explained["not_offered"]["main"]
    (serverless,) = [each for each in part["alternatives"] if each["kind"] == "serverless"]
    assert serverless["usd"] is None
    even = serverless["break_even"]
    assert Decimal(even["seconds_a_month"]) == 2_112_750  # 84.51 / 0.00004
    assert even["requests_an_hour"] == {"unknown": "the mean duration of a request is in no usage file"}


def test_the_page_has_them_with_a_curve_and_the_present_point(written: Any, folder: Path) -> None:
    (folder / "usage.yml").write_text(USAGE)
    page = written("html", "--alternatives", "--usage-file", "usage.yml")
    assert "What could run instead" in page
    assert "76.51: serverless, 2 GB" in page  # 84.51 - 1,000,000 × 0.2 s × 0.00004
    assert "serverless costs what instances do at 14,470.9" in page
    assert "at present" in page
    assert "<script" not in page


def test_instances_that_cost_nothing_are_met_by_no_curve(written: Any, folder: Path) -> None:
    """A fleet of 0 costs 0 USD, and so does a queue before it, at 0 requests an hour."""
    (folder / "template.yaml").write_text(TEMPLATE.replace("InitialInstanceCount: 1", "InitialInstanceCount: 0"))
    (part,) = json.loads(written("json", "--alternatives"))["alternatives"]["parts"]
    (even,) = [each["break_even"] for each in part["alternatives"] if each["break_even"] is not None]
    assert not any(map(Decimal, (even["fixed_usd"], even["seconds_a_month"])))
    page = written("html", "--alternatives")
    assert "What could run instead" in page
    assert "<figure" not in page


def test_endpoints_that_could_share_instances_are_in_both(written: Any, folder: Path) -> None:
    """2 × 84.51 less one ml.m5.large, 83.95, with the 16 GB of several models, 2.24: 82.83."""
    head, _, second = TEMPLATE.partition("  Config:\n")
    other = second.replace("Endpoint:\n", "Other:\n").replace("Config.", "OtherConfig.").replace("chat", "other")
    (folder / "template.yaml").write_text(f"{head}  Config:\n{second}  OtherConfig:\n{other}")
    (shared,) = json.loads(written("json", "--alternatives"))["alternatives"]["together"]
    assert (shared["kind"], Decimal(shared["usd"])) == ("multi-model", Decimal("82.83"))
    assert shared["endpoints"] == ["Endpoint", "Other"]
    told = " ".join(written("table", "--alternatives").split())
    assert "a month less: chat and 1 more: up to 82.83: 2 models on 1 × ml.m5.large (multi model); " in told
    page = written("html", "--alternatives")
    assert "endpoints put together" in page
    assert "up to 82.83: 2 models on 1 × ml.m5.large (multi model)" in page


def test_a_table_and_a_comment_have_one_line_of_them(written: Any) -> None:
    """(0.115 - 0.0924) × 730 = 16.498. What only usage decides, as a queue, is no answer to whoever has none."""
    told = "USD a month less: chat/main: 16.50: ml.m6g.large (graviton)"
    assert told in " ".join(written("table", "--alternatives").split())
    (line,) = [each for each in written("markdown", "--alternatives").splitlines() if "a month less: " in each]
    assert told in line.replace("`", "")


def test_of_several_endpoints_those_that_save_most_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    """Of the example: (2.765 - 0.922) × 730 = 1,345.39 for ranking-staging, 597.92 for one of two ml.c5.4xlarge."""
    plan = str(ROOT / "examples" / "storefront" / "plan.json")
    assert cli.main(["check", plan, "--alternatives", "--fail-on", "never"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "a month less: ranking-staging/main: up to 1,345.39: ml.m5.4xlarge" in told
    assert told.index("ranking-staging/main") < told.index("fraud/candidate: up to 597.92") < told.index("; 3 more (")


def test_for_a_serverless_variant_instances_are_cheaper_above_the_break_even() -> None:
    """1 × ml.c5.large is 74.74 a month: 74.74 / 0.00004 = 1,868,500 s."""
    serverless = ServerlessVariant(name="main", memory_mib=2048, max_concurrency=20, provisioned_concurrency=None)
    offered = built.found(built.endpoint(serverless, mode="serverless"))["1 × ml.c5.large"]
    said, below = in_words(offered)
    assert said == "by usage: 1 × ml.c5.large (real time)"
    assert below[0].startswith("cheaper above 1,868,500 s of compute a month (74.74 / 0.00004), which are ")


def test_what_costs_nothing_more_for_sure_is_said_to_have_none(written: Any, folder: Path) -> None:
    """Of a type without a price nothing can be said to be cheaper."""
    (folder / "template.yaml").write_text(TEMPLATE.replace("ml.m5.large", "ml.no.such"))
    assert "instead: nothing that is cheaper for sure, or whose price is known" in " ".join(
        written("table", "--alternatives").split()
    )


def test_names_of_a_template_act_nowhere_among_them(written: Any, folder: Path) -> None:
    hostile = "<img src=x>##[error]\\u202e@team"
    (folder / "template.yaml").write_text(TEMPLATE.replace("EndpointName: chat", f'EndpointName: "{hostile}"'))
    assert "<img" not in written("html", "--alternatives")
    for form in ("table", "markdown", "html"):
        text = written(form, "--alternatives")
        assert "\u202e" not in text
        assert "##[" not in text
    (line,) = [each for each in written("markdown", "--alternatives").splitlines() if "a month less: " in each]
    outside_of_code = "".join(line.split("`")[::2])
    assert "<img" not in outside_of_code
    assert "@team" not in outside_of_code
