"""The pages of reference are what policies, parsers and schemas say, and have all of them."""

import re

from guardrail import cli
from guardrail.commands import schema
from guardrail.policy.load import bundled
from scripts import build_reference

PAGES = build_reference.pages()


def rows(page: str, place: str = "") -> dict[str, str]:
    """The tables below a heading of a page, by what stands in the first column."""
    section = f"\n{PAGES[f'docs/{page}.md']}".partition(f"\n## {place}\n" if place else "\n# ")[2].partition("\n## ")[0]
    return dict(re.findall(r"^\| ((?:`[^`]*`(?:, )?)+|\[[^]]+\]\([^)]*\)|\d+) \| (.*) \|$", section, re.MULTILINE))


def test_every_policy_has_its_row_and_its_source() -> None:
    listed = rows("policies")
    for policy in bundled():
        assert listed[f"[{policy.id}](#{policy.id})"] == f"{policy.severity} | {policy.title}"
        section = PAGES["docs/policies.md"].partition(f"\n## {policy.id}\n")[2].partition("\n## ")[0]
        assert f"[Documentation]({policy.help_uri})" in section
        assert "Terraform:\n\n```hcl\n" in section
        assert "CloudFormation:\n\n```yaml\n" in section


def test_keys_have_their_kind_default_and_place() -> None:
    assert rows("settings")["`strict`"].startswith("true or false | `false` | ")
    assert rows("settings")["`waivers`"].startswith(
        "list of [mapping](#waivers) or [mapping](#waivers-as-a-mapping) | | "
    )
    assert rows("settings", "waivers")["`until`"] == "date | required | The last day on which it holds."
    assert rows("settings", "baseline")["`tolerance_percent`"].startswith("number | `10` | ")
    assert rows("settings", "discounts.savings_plan")["`term`"].startswith("`1yr`, `3yr` | `1yr` | ")
    assert rows("usage-file")["`resource_usage`"].startswith("by name: [mapping](#resource_type_default_usage) | | ")
    assert rows("usage-file", "resource_type_default_usage.jobs").keys() == {"`run_hours`"}


def test_options_have_their_values_and_meanings() -> None:
    check, fix = rows("commands", "guardrail check"), rows("commands", "guardrail fix")
    assert check["`--fail-on {error,warning,note,never}`"].endswith("(default: error)")
    assert check["`-q, --quiet`"] == "no table or concise lines when the exit code is 0"
    assert "`--parameters KEY=VALUE`, `--parameters FILE`" in check
    assert fix["`--usage-file FILE`"] == "as for [check](#guardrail-check)"
    assert "### guardrail prices refresh\n" in PAGES["docs/commands.md"]


def test_every_exit_code_and_every_schema_is_there() -> None:
    assert rows("exit-codes").keys() == {str(code) for code in cli.EXIT_CODES} >= {"0", "1", "2", "3"}
    assert build_reference.PUBLISHED.keys() == schema._SCHEMAS.keys()  # noqa: SLF001 - all there are
    assert "| `exit_code` | `0`, `1`, `2`, `3` |" in PAGES["docs/schemas.md"]
    for part in ("report endpoint", "explain explanation", "baseline KnownFinding", "evidence Bundle"):
        assert f"\n### {part}\n" in PAGES["docs/schemas.md"]
