"""Workflow commands: escaped as the runner reads them, and no more than GitHub shows."""

from decimal import Decimal
from typing import Any

from guardrail.model import Location
from guardrail.policy.base import Remediation
from guardrail.reporters.base import Options
from guardrail.reporters.github import render
from tests.reporters.reports import finding, report


def commands(*results: Any, **options: Any) -> list[str]:
    return render(report(results=results), Options(**options)).splitlines()


def many(severity: str, count: int) -> list[Any]:
    return [
        finding(severity=severity, address=f"a.{severity}{number}", message="m", saving_monthly=Decimal(count - number))
        for number in range(count)
    ]


def test_a_finding_is_an_annotation_of_its_line() -> None:
    (command,) = commands(finding(address="aws_appautoscaling_target.docs"))
    assert command == (
        "::error file=infra/docs.tf,line=12,endLine=12,"
        "title=async-scales-to-zero%3A aws_appautoscaling_target.docs"
        "::min_capacity is 1: docs keeps one instance even when its queue is empty, up to 84.51 USD a month"
        "%0Aprices 2023-12-01 to 2026-05-20, 1,087 days old"
    )


def test_the_fix_and_what_to_know_are_lines_of_the_annotation() -> None:
    fix = Remediation(terraform="min_capacity = 0\nor a schedule", cloudformation="MinCapacity: 0")
    (command,) = commands(finding(message="too dear", fix=fix, notes=("keep two",)))
    assert command.endswith("::too dear%0AFix: min_capacity = 0%0Aor a schedule%0Akeep two")


def test_properties_escape_what_ends_them_and_messages_what_ends_a_line() -> None:
    (command,) = commands(finding(address="a,b:c%", message="50% of a,b:c", location=Location("x,y:z%.tf", 3)))
    assert command == (
        "::error file=x%2Cy%3Az%25.tf,line=3,endLine=3,title=async-scales-to-zero%3A a%2Cb%3Ac%25::50%25 of a,b:c"
    )


def test_there_is_always_a_line() -> None:
    (command,) = commands(finding(location=None, address="a", message="m"), root="/r", directory="infra")
    assert command == "::error file=infra/plan.json,line=1,endLine=1,title=async-scales-to-zero%3A a::m"


def test_the_dearest_ten_of_each_level_are_shown_and_the_rest_is_counted() -> None:
    shown = commands(*many("error", 12), *many("warning", 13), *many("note", 2))
    assert [command.split(" ")[0] for command in shown] == ["::error"] * 10 + ["::warning"] * 10 + ["::notice"]
    assert "a.error0::" in shown[0]
    assert "a.error9::" in shown[9]
    assert "a.warning9::" in shown[19]
    assert shown[-1] == (
        "::notice title=guardrail::2 more errors, 3 more warnings, 2 more notes: the report of this run has them all"
    )


def test_instances_of_one_block_are_one_annotation() -> None:
    (command,) = commands(*(finding(address=f"a.b[{at}]", endpoint=None, message="m") for at in range(3)))
    assert "title=async-scales-to-zero%3A a.b (and 2 more instances)::m" in command


def test_an_answer_that_is_none_says_why_in_one_annotation() -> None:
    distrust = tuple(f"t{number}: no price" for number in range(12))
    (command,) = render(report(results=(), strict=True, distrust=distrust, exit_code=3)).splitlines()
    assert command.startswith(
        "::error file=plan.json,line=1,endLine=1,title=guardrail%3A cannot be trusted (--strict)::t0: no price%0At1: "
    )
    assert command.endswith("%0At9: no price%0Aand 2 more things: the report of this run has them all")
    (command,) = render(report(results=(), unread=("x.tf does not parse",), exit_code=2)).splitlines()
    assert command == ("::error file=plan.json,line=1,endLine=1,title=guardrail%3A no answer::x.tf does not parse")


def test_only_what_counts_is_annotated() -> None:
    quiet = (finding(status="existing"), finding(verdict="open", reason="r"), finding(verdict="pass", status=None))
    assert render(report(results=quiet)) == ""
    assert render(report(results=quiet[:1], all_findings=True)).startswith("::error ")
