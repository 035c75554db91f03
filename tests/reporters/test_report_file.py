"""A JSON report that is read again makes the same comment, and one that is no report makes none."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from guardrail.errors import GuardrailError
from guardrail.policy.base import NO_REMEDIATION, Rule
from guardrail.policy.load import bundled
from guardrail.report import BilledEndpoint, BilledReport, Report
from guardrail.reporters import json as json_reporter
from guardrail.reporters import markdown
from guardrail.reporters.base import Options
from guardrail.reporters.report_file import ReportFile, decoded, read
from tests.reporters import test_batch as batch
from tests.reporters.inputs import INPUTS, assessed
from tests.reporters.reports import report
from tests.sources.jobs.test_files import MACHINE
from tests.test_schemas import instead

ROOT = Path(__file__).resolve().parents[2]
PAGES = {policy.id: policy.help_uri for policy in bundled()}
PLANS = sorted([*(ROOT / "tests" / "scenarios").glob("*/plan.json"), *(ROOT / "examples").glob("*/plan.json")])


def checked(*arguments: str) -> Report | None:
    return assessed(*arguments)[1]


def decode(content: bytes) -> ReportFile:
    return decoded(content, "report.json", PAGES)


def again(found: Report) -> Report:
    return decode(json_reporter.render(found).encode()).report


@pytest.mark.parametrize("name", INPUTS)
def test_the_comment_of_a_report_that_was_read_again_is_that_of_the_report(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = checked(*INPUTS[name](tmp_path))
    assert found is not None
    assert markdown.render(again(found)) == markdown.render(found)


def test_that_holds_for_every_story_and_example() -> None:
    found = {path.parent.name: answer for path in PLANS if (answer := checked(str(path))) is not None}
    differing = [name for name, answer in found.items() if markdown.render(again(answer)) != markdown.render(answer)]
    assert len(found) > 30
    assert differing == []


def test_transform_jobs_are_in_the_comment_of_a_report_that_was_read_again(tmp_path: Path) -> None:
    """Two ml.m5.xlarge for an hour that nobody counts: 2 × 0.23 an hour, and never nothing to pay."""
    path = tmp_path / "score.asl.json"
    path.write_text(json.dumps(MACHINE))
    found = checked(str(path), "--region=us-east-1", "--isolated")
    assert found is not None
    comment = markdown.render(again(found))
    assert comment == markdown.render(found)
    assert "0.46" in comment
    assert "nothing to pay" not in comment


def test_what_transform_jobs_were_is_in_the_comment_of_a_report_that_was_read_again() -> None:
    """Two ml.m5.xlarge become four, thirty runs a month sixty, and one job of the two is another one."""
    before = batch.workflow(batch.job(2), batch.job(1, "Old"))
    after = batch.workflow(batch.job(4), batch.job(1, "New"), monthly_runs=Decimal(60))
    found = report(endpoints=(), workflows=(batch.changed(before, after),))
    comment = markdown.render(again(found))
    assert comment == markdown.render(found)
    for said in ("4 × ml.m5.xlarge (was 2 × ml.m5.xlarge)", "60 a month (was 30 a month)", "no more: 1 × ml.m5.xlarge"):
        assert said in comment.replace("`", "")


def test_what_is_read_again_is_written_alike() -> None:
    """But for what a report has of variants, of which only what a comment tells is read."""
    first = json.loads(json_reporter.render(report()))
    second = json.loads(json_reporter.render(again(report())))
    assert {key for key in first if first[key] != second[key]} == {"endpoints"}


MONTHLY = {"floor": "1", "expected": "1", "ceiling": "1"}


WORKFLOW = {
    "address": "a",
    "type": "t",
    "name": "w",
    "environment": "production",
    "deployed": "yes",
    "region": "us-east-1",
    "change": "create",
    "unchanged": False,
    "once": False,
    "monthly_runs": None,
    "year": None,
    "jobs": [],
    "before": None,
    "after": None,
    "delta": None,
}


def document(**changes: Any) -> bytes:
    return json.dumps(json.loads(json_reporter.render(report())) | changes).encode()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is no JSON report of guardrail"),
        (b"{}", "missing required field `schema_version`"),
        (b'{"schema_version": "2.0"}', "is a report of version '2.0'"),
        (b'{"schema_version": "1.1"}', "missing required field"),
        (b"\xff\xfe", "is no JSON report of guardrail"),
        (b"[" * 100_000, "is no JSON report of guardrail"),
        (document(fail_on="nothing"), "fail_on"),
        (document(exit_code="0"), "exit_code"),
        (document(endpoints=[{"address": "x"}]), "endpoints"),
        (document(totals={"before": None, "after": None, "delta": None}), "totals.after"),
        (document(today="tomorrow"), "today"),
        (document(today="9999-12-31"), "9999-12-31 is no day"),
        (document(max_waiver_days=10**12), "max_waiver_days"),
        (document(sources=[]), "it does not list the input"),
        (
            document(skipped=[{"source": "b", "address": "a", "type": "t", "reason": "r"}]),
            "does not list the input 'b'",
        ),
        (document(workflows=[WORKFLOW | {"source": "b"}]), "does not list the input 'b'"),
        (document(subtotals={"b": {"before": None, "after": MONTHLY, "delta": None}}), "does not list the input 'b'"),
    ],
)
def test_what_is_no_report_is_refused_in_one_line(content: bytes, said: str) -> None:
    with pytest.raises(GuardrailError, match=said.replace("(", "\\(")) as refused:
        decode(content)
    assert refused.value.message.startswith("report.json ")
    assert "\n" not in refused.value.message
    assert refused.value.hint


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999999", "-sNaN"])
def test_a_number_that_is_none_is_refused(number: str) -> None:
    amounts = json.loads(json_reporter.render(report()))["totals"]
    amounts["after"]["expected"] = number
    with pytest.raises(GuardrailError, match=r"^report\.json is no JSON report"):
        decode(document(totals=amounts))


def test_what_a_later_version_adds_is_passed_over() -> None:
    found = decode(document(schema_version="1.9", weather={"sun": True}))
    assert found.report == again(report())


def test_a_report_says_where_its_paths_start_and_which_check_it_is_of() -> None:
    text = json_reporter.render(report(), Options(directory="infra/chat", tag="chat/prod"))
    found = decode(text.encode())
    assert (found.directory, found.tag) == ("infra/chat", "chat/prod")


def test_a_report_that_cannot_be_read_is_said_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(GuardrailError, match=r"absent.json cannot be read: No such file or directory"):
        read(str(tmp_path / "absent.json"), PAGES)


def test_what_was_billed_is_read_again() -> None:
    billed = BilledReport(
        month="2026-09",
        currency="USD",
        endpoints=(BilledEndpoint(source="plan.json", address="aws_sagemaker_endpoint.chat", usd=Decimal("12.34")),),
        in_no_code=Decimal("5.60"),
    )
    assert again(structs.replace(report(), billed=billed)).billed == billed


def test_what_could_run_instead_is_read_again() -> None:
    """Each alternative, its break-even and what is put together; a source that is not listed is refused."""
    found = report(alternatives=instead())
    told = json.loads(json_reporter.render(found))
    assert json.loads(json_reporter.render(again(found)))["alternatives"] == told["alternatives"]
    (line,) = [each for each in markdown.render(found).splitlines() if "a month less: " in each]
    assert line in markdown.render(again(found))
    told["alternatives"]["parts"][0]["source"] = "other.json"
    with pytest.raises(GuardrailError, match=r"does not list the input 'other\.json'"):
        decode(json.dumps(told).encode())


def test_a_report_cannot_say_where_a_policy_is_documented() -> None:
    """A comment links that page, and reports are untrusted: bundled policies know theirs, others are linked nowhere."""
    results = json.loads(json_reporter.render(report()))["results"]
    for each in results:
        each["help_uri"] = "https://example.org/sign-in"
    first = {**results[0], "policy": "async-scales-to-zero"}
    found = decode(document(results=[first, {**first, "policy": "of-their-own"}])).report.results
    assert [each.help_uri for each in found] == [PAGES["async-scales-to-zero"], ""]


def test_how_long_a_waiver_may_hold_and_which_policy_takes_none_is_read_again() -> None:
    rule = Rule(
        id="async-scales-to-zero",
        title="x",
        severity="error",
        topic="",
        remediation=NO_REMEDIATION,
        help_uri="",
        waivable=False,
    )
    found = again(structs.replace(report(), max_waiver_days=14, rules=(rule,)))
    assert (found.max_waiver_days, [each.waivable for each in found.rules]) == (14, [False])
