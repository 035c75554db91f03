"""One report and all its renderers: every format says the same of one input.

State, totals, counts, verdict with its reasons, budgets and exit code are those of the one overview, whatever a format
makes of them; SARIF, JUnit and Code Quality hold to what their readers require, and know each finding once.
"""

import csv
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from jsonschema import Draft202012Validator
from msgspec import Struct

from guardrail import cli
from guardrail.reporters import FORMATS
from guardrail.reporters import json as json_reporter
from guardrail.reporters.overview import Counts
from tests.reporters.test_sarif import SCHEMA as SARIF

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"
REPORT = Draft202012Validator(
    json.loads(Path(json_reporter.__file__).with_name("report.schema.json").read_text(encoding="utf-8"))
)
BOUNDS = ("floor", "expected", "ceiling")
GITLAB = Draft202012Validator(
    {
        "type": "array",
        "items": {
            "type": "object",
            "required": ["description", "check_name", "fingerprint", "severity", "location"],
            "properties": {
                "description": {"type": "string"},
                "check_name": {"type": "string", "minLength": 1},
                "fingerprint": {"type": "string", "minLength": 1},
                "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
                "location": {
                    "type": "object",
                    "required": ["path", "lines"],
                    "properties": {
                        "path": {"type": "string", "pattern": r"^(?!\./|/)."},
                        "lines": {"required": ["begin"], "properties": {"begin": {"type": "integer", "minimum": 1}}},
                    },
                },
            },
        },
    }
)
"""The table in GitLab's documentation of Code Quality, "Code Quality report format"."""


class Written(Struct):
    """What all renderers made of one input."""

    code: int
    texts: dict[str, str]

    @property
    def report(self) -> Any:
        return json.loads(self.texts["json"])


def written(path: Path, folder: Path, *flags: str) -> Written:
    """The reports on one input, made by one run; without texts where it gives no answer."""
    formats = [f"--format={name}={folder / name}" for name in FORMATS]
    code = cli.main(["check", str(path), "--region=us-east-1", *formats, *flags])
    texts = {name: (folder / name).read_text(encoding="utf-8") for name in FORMATS if (folder / name).exists()}
    return Written(code, texts)


def found(counts: Any) -> int:
    return int(counts["error"] + counts["warning"] + counts["note"])


def disagreements(answer: Written) -> Iterator[str]:
    """What one format says otherwise than the JSON report."""
    if not answer.texts:
        return
    report = answer.report
    for check in (of_json, of_sarif, of_junit, of_gitlab, of_lines, of_csv, of_prose):
        for problem in check(report, answer):
            yield f"{check.__name__}: {problem}"


def doubts(report: Any) -> list[str]:
    return [*report["unread"], *(report["distrust"] if report["strict"] else [])]


def of_json(report: Any, answer: Written) -> Iterator[str]:
    yield from (error.message[:200] for error in REPORT.iter_errors(report))
    if report["exit_code"] != answer.code:
        yield f"exit {report['exit_code']}, and the run {answer.code}"
    states = [budget["state"] for budget in report["budgets"]]
    if states != sorted(states, key=["broken", "open", "holds"].index):
        yield "budgets that are broken do not come first"
    if states.count("broken") != sum(", above " in reason for reason in report["overview"]["reasons"]):
        yield f"budgets {states}, and reasons {report['overview']['reasons']}"


def of_sarif(report: Any, answer: Written) -> Iterator[str]:
    log, overview = json.loads(answer.texts["sarif"]), report["overview"]
    yield from (error.message[:200] for error in Draft202012Validator(SARIF).iter_errors(log))
    (run,) = log["runs"]
    (invocation,) = run["invocations"]
    told = {key: run["properties"][key] for key in ("state", "verdict", "reasons")}
    if told != {key: overview[key] for key in told} or invocation["exitCode"] != answer.code:
        yield f"{told}, exit {invocation['exitCode']}"
    states = [result["baselineState"] for result in run["results"]]
    if (states.count("new"), states.count("unchanged")) != (found(overview["counts"]), overview["counts"]["existing"]):
        yield f"{states.count('new')} new, {states.count('unchanged')} old"
    if len(invocation.get("toolExecutionNotifications", [])) != len(doubts(report)):
        yield "notifications"
    prints = [result["partialFingerprints"]["primaryLocationLineHash"] for result in run["results"]]
    if len(set(prints)) != len(prints):
        yield "two findings share a fingerprint"


def of_junit(report: Any, answer: Written) -> Iterator[str]:
    suites, overview = ET.fromstring(answer.texts["junit"]), report["overview"]  # noqa: S314 - our own text
    for suite in suites:
        told = {each.get("name"): each.get("value") for each in suite.iter("property")}
        if told and (told["state"], told["verdict"]) != (overview["state"], overview["verdict"]):
            yield f"{told}"
    if (suites.get("failures"), suites.get("errors")) != (str(found(overview["counts"])), str(len(doubts(report)))):
        yield f"{suites.attrib}"
    cases = [(case.get("classname"), case.get("name")) for case in suites.iter("testcase")]
    if len(set(cases)) != len(cases):
        yield "two cases share a name"


def of_gitlab(report: Any, answer: Written) -> Iterator[str]:
    entries, counts = json.loads(answer.texts["gitlab"]), report["overview"]["counts"]
    yield from (error.message[:200] for error in GITLAB.iter_errors(entries))
    if len(entries) != found(counts) + counts["existing"] + len(doubts(report)):
        yield f"{len(entries)} entries"
    if len({entry["fingerprint"] for entry in entries}) != len(entries):
        yield "two entries share a fingerprint"


def of_lines(report: Any, answer: Written) -> Iterator[str]:
    """Lines for editors, one each; annotations, which are grouped and cut, are there where findings are."""
    counts = report["overview"]["counts"]
    lines = answer.texts["concise"].splitlines()
    told = [line for line in lines if re.search(r":\d+:\d+: (error|warning|note) ", line)]
    if len(told) != found(counts):
        yield f"concise: {len(told)} lines"
    if bool(answer.texts["github"]) != bool(found(counts) or doubts(report)):
        yield "github: empty"


def of_csv(report: Any, answer: Written) -> Iterator[str]:
    """The columns sum up to the totals where each amount is known."""
    rows = list(csv.DictReader(StringIO(answer.texts["csv"])))
    totals = report["totals"]
    for side in ("before", "after"):
        total = totals[side]
        if total is None or total["at_least"] or any(row["state"] not in ("known", "usage") for row in rows):
            continue
        if any(endpoint["deployed"] != "yes" for endpoint in report["endpoints"]) or report["totals"]["before"] is None:
            continue
        for bound in BOUNDS:
            amount = sum((Decimal(row[f"{side}_{bound}"] or 0) for row in rows), Decimal(0))
            if abs(amount - Decimal(total[bound])) > Decimal("0.000001"):
                yield f"{side}_{bound} sums up to {amount}, not {total[bound]}"
    if bool(rows) != bool(report["endpoints"] or any(item["affects_total"] for item in report["skipped"])) and rows:
        yield "rows of nothing"


def of_prose(report: Any, answer: Written) -> Iterator[str]:
    """What people read counts in the same words, and the table says the exit code."""
    sentence = str(Counts(**report["overview"]["counts"]))
    for name in ("table", "markdown", "summary", "html"):
        text = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.texts[name]))
        if sentence not in text and sentence != "no findings":
            yield f"{name} does not say {sentence!r}"
    if f"exit {answer.code}" not in answer.texts["table"]:
        yield f"table: exit {answer.code} is not said"


OWN = sorted(
    [
        *(ROOT / "tests" / "scenarios").glob("*/plan.json"),
        *(ROOT / "examples").glob("*/plan.json"),
        ROOT / "tests" / "scenarios" / "modules" / "main.tf",
        *(ROOT / "tests" / "equivalence").glob("*/template.yaml"),
    ]
)


@pytest.mark.parametrize(
    "flags", [(), ("--strict", "--budget=100", "--budget-delta=10"), ("--all", "--fail-on=never")], ids=" ".join
)
@pytest.mark.parametrize("path", OWN, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_format_says_the_same_of_an_input_of_ours(path: Path, flags: tuple[str, ...], tmp_path: Path) -> None:
    assert list(disagreements(written(path, tmp_path, *flags))) == []


def others() -> list[Path]:
    """Inputs of any kind beside the checkout, good ones and bad ones."""
    return sorted(
        path
        for folder in ("plans", "cases")
        for path in (SHARED / folder).rglob("*")
        if path.suffix in (".json", ".yaml", ".yml") and path.is_file() and path.stat().st_size < 2_000_000
    )


def test_every_format_says_the_same_of_what_lies_beside(tmp_path: Path) -> None:
    paths = others()
    if not paths:
        pytest.skip("no ../shared beside the checkout")
    wrong = []
    for number, path in enumerate(paths):
        folder = tmp_path / str(number)
        folder.mkdir()
        wrong += [f"{path}: {problem}" for problem in disagreements(written(path, folder))]
    assert wrong == []
