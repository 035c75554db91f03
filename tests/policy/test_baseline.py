"""A baseline holds back what was there before, and nothing that is new, dearer, or of which that cannot be told."""

import json
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from guardrail.errors import SettingsError
from guardrail.model import Unknown
from guardrail.policy.base import Remediation, Result
from guardrail.policy.baseline import Baseline, Compared, KnownFinding, compare, read, text
from guardrail.policy.baseline import taken_up as taken_up_of

POLICY = "async-scales-to-zero"
BLOCK = "aws_appautoscaling_target.invoices"
ENDPOINT = "invoices@us-east-1"


def result(**changes: Any) -> Result:
    fields: dict[str, Any] = {
        "source": "plan.json",
        "policy": POLICY,
        "severity": "error",
        "verdict": "fail",
        "status": "new",
        "address": BLOCK,
        "endpoint": "aws_sagemaker_endpoint.invoices",
        "variant": "main",
        "part": ("variant", 0),
        "identity": ENDPOINT,
        "message": "",
        "reason": None,
        "saving_monthly": Decimal("537.28"),
        "saving_basis": "upper-bound",
        "remediation": Remediation(terraform="", cloudformation=""),
        "help_uri": "",
        "location": None,
    }
    return Result(**(fields | changes))


def entry(**changes: Any) -> KnownFinding:
    fields: dict[str, Any] = {"policy": POLICY, "endpoint": ENDPOINT, "part": "variant", "variant": "main"}
    fields["monthly_usd"] = "537.28"
    return KnownFinding(**(fields | changes))


def compared(known: Baseline | KnownFinding, *results: Result, tolerance: int = 10, **changes: Any) -> Compared:
    baseline = known if isinstance(known, Baseline) else Baseline(version=1, findings=(known,))
    given: dict[str, Any] = {"sources": ["plan.json"], "policies": {POLICY}, "origin": "base.json"}
    return compare(baseline, results, tolerance_percent=Decimal(tolerance), **(given | changes))


def taken_up(results: Iterable[Result], *sources: str) -> Baseline:
    return taken_up_of(results, sources=sources or ["plan.json"])


def is_back(known: KnownFinding, found: Result, **changes: Any) -> bool:
    """Whether the finding is held against the change; then, and only then, a notice must say why."""
    answer = compared(known, found, **changes)
    assert bool(answer.notices) == (answer.results[0].status == "new")
    return answer.results[0].status == "new"


def test_what_is_taken_up_is_found_existing_and_nothing_is_said() -> None:
    findings = [
        result(),
        result(variant="canary", part=("variant", 1), saving_monthly=None),
        result(identity="b", saving_monthly=Unknown("")),
    ]
    answer = compared(taken_up(findings), *findings)
    assert [one.status for one in answer.results] == ["existing"] * 3
    assert answer.notices == []


def test_the_file_has_a_finding_a_line_sorted_without_a_date() -> None:
    findings = [
        result(identity='module.b["é"].x'),
        result(identity="chat", variant=None, part=("component", 2)),
        result(identity="chat", variant=None, part=("endpoint", 0), saving_monthly=None),
    ]
    expected = """\
{
  "version": 1,
  "findings": [
    {"endpoint": "chat", "index": 2, "monthly_usd": "537.28", "part": "component", "policy": "async-scales-to-zero"},
    {"endpoint": "chat", "policy": "async-scales-to-zero"},
    {"endpoint": "module.b[\\"\\u00e9\\"].x", "index": 0, "monthly_usd": "537.28", "part": "variant", \
"policy": "async-scales-to-zero", "variant": "main"}
  ]
}
"""
    assert text(taken_up(findings)) == expected
    assert text(taken_up(reversed(findings))) == expected


def test_the_order_of_findings_without_a_name_and_with_an_empty_one_is_always_the_same() -> None:
    findings = [result(variant=name, part=("variant", 0)) for name in ("", None, "a")]
    assert [entry.variant for entry in taken_up(findings).findings] == [None, "", "a"]
    assert taken_up(reversed(findings)) == taken_up(findings)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    for baseline in (Baseline(version=1), taken_up([result(), result(saving_monthly=Unknown("no price"))])):
        (tmp_path / "base.json").write_text(text(baseline))
        assert read(str(tmp_path / "base.json")) == baseline


def test_passes_waived_and_undecided_results_and_budgets_are_not_taken_up() -> None:
    """A budget: the total may have doubled since; a larger budget is a decision that stands in the settings."""
    others = [result(verdict=verdict) for verdict in ("pass", "open", "waived")]
    assert taken_up([*others, result(endpoint=None, part=("stack", 0))]).findings == ()


def test_a_budget_stays_new_whatever_a_file_says() -> None:
    budget = result(endpoint=None, identity="", variant=None, part=("stack", 0))
    answer = compared(entry(endpoint="", part="endpoint", variant=None), budget)
    assert answer.results == [budget]


@pytest.mark.parametrize(
    "other",
    [
        {"policy": "scaling-has-room"},
        {"variant": "canary", "part": ("variant", 1)},
        {"variant": None, "part": ("variant", 1)},
        {"variant": None, "part": ("component", 0)},
        {"identity": "another_of_the_same_configuration@us-east-1"},
    ],
)
def test_another_policy_variant_or_endpoint_is_new(other: dict[str, Any]) -> None:
    assert compared(entry(), result(**other)).results[0].status == "new"


def test_a_finding_is_back_once_more_is_at_stake_than_the_tolerance() -> None:
    """537.28 and ten percent are 591.008; a cent is what rounding may have taken."""
    assert not is_back(entry(), result(saving_monthly=Decimal("591.01")))
    assert is_back(entry(), result(saving_monthly=Decimal("591.03")))
    assert is_back(entry(), result(saving_monthly=Decimal("537.30")), tolerance=0)
    assert not is_back(entry(), result(saving_monthly=Decimal("537.284999")), tolerance=0)
    answer = compared(entry(), result(saving_monthly=Decimal(700)))
    assert answer.notices == [
        f"base.json: {POLICY} for {BLOCK} is back: 700.00 USD a month are at stake, and 537.28 USD a month was"
    ]


def test_what_cannot_be_compared_is_back() -> None:
    unknown = result(saving_monthly=Unknown("no price"))
    assert is_back(entry(), unknown)
    assert is_back(entry(monthly_usd=None), unknown)
    assert is_back(entry(monthly_usd="unknown"), result())
    assert is_back(entry(monthly_usd=None), result())
    assert not is_back(entry(monthly_usd="unknown"), unknown)


def test_where_no_money_is_at_stake_any_more_the_finding_stays_old() -> None:
    for was in ("537.28", "unknown", None):
        assert not is_back(entry(monthly_usd=was), result(saving_monthly=None))


def test_an_entry_without_its_finding_is_listed() -> None:
    answer = compared(entry(), result(identity="elsewhere"))
    assert answer.notices == [
        f"base.json: {POLICY} for {ENDPOINT}, variant main is found no more: write the baseline anew"
    ]
    assert compared(entry(variant=None), result(verdict="pass", variant=None)).notices == [
        f"base.json: {POLICY} for {ENDPOINT} is found no more: write the baseline anew"
    ]


def test_a_finding_whose_block_to_change_moves_is_the_old_one() -> None:
    """Whoever gives a variant a scaling target moves the blame from the configuration to the target."""
    for address in ("aws_appautoscaling_target.new", "module.m.aws_sagemaker_endpoint_configuration.invoices[0]"):
        assert compared(entry(), result(address=address)).results[0].status == "existing"


def test_a_renamed_variant_is_the_one_it_was_and_one_more_is_new() -> None:
    renamed, added = result(variant="primary"), result(variant="second", part=("variant", 1))
    answer = compared(entry(), added, renamed)
    assert [one.status for one in answer.results] == ["new", "existing"]


def test_a_variant_that_moves_among_its_siblings_keeps_its_entry() -> None:
    entries = (entry(variant="main"), entry(variant="canary", index=1, monthly_usd="10.00"))
    turned = [
        result(variant="canary", part=("variant", 0), saving_monthly=Decimal(10)),
        result(variant="main", part=("variant", 1)),
    ]
    answer = compared(Baseline(version=1, findings=entries), *turned)
    assert [one.status for one in answer.results] == ["existing", "existing"]
    assert answer.notices == []


def test_variants_without_a_known_name_are_counted() -> None:
    """One was taken up; two more of them are two more to pay for."""
    unnamed = [result(variant=None, part=("variant", index)) for index in range(3)]
    answer = compared(taken_up(unnamed[:1]), *unnamed)
    assert [one.status for one in answer.results] == ["existing", "new", "new"]


@pytest.mark.parametrize("verdict", ["open", "waived"])
def test_an_entry_is_not_stale_while_its_finding_is_undecided_or_accepted(verdict: str) -> None:
    found = result(verdict=verdict)
    answer = compared(entry(), found)
    assert answer == Compared(results=[found], notices=[])


def test_an_entry_of_what_was_not_checked_is_not_stale() -> None:
    assert compared(entry(), policies={"scaling-has-room"}).notices == []
    assert compared(entry(source="search.json")).notices == []


def test_the_name_of_the_only_input_does_not_matter() -> None:
    baseline = taken_up([result(source="artefacts/plan.json")])
    assert baseline.findings[0].source is None
    assert compared(baseline, result()).results[0].status == "existing"


def test_among_several_inputs_each_has_its_own_findings() -> None:
    """Two stacks of one module have the same addresses, and the finding of one does not excuse the other.

    Nor does it matter whether the other has any: what is written of both is read for both.
    """
    development, production = result(source="dev.json"), result(source="prod.json", saving_monthly=Decimal(100))
    both = ["dev.json", "prod.json"]
    baseline = taken_up([development], *both)
    answer = compared(baseline, development, production, sources=both)
    assert [one.status for one in answer.results] == ["existing", "new"]
    nobody_knows_whose = compared(entry(), development, production, sources=both)
    assert [one.status for one in nobody_knows_whose.results] == ["new", "new"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[]", "is no baseline: Expected `object`"),
        ('{"version": 2}', "is no baseline: Invalid enum value 2"),
        ('{"version": 1, "finding": []}', "is no baseline: Object contains unknown field `finding`"),
        ('{"version": 1, "findings": [{"policy": "a", "endpoint": "b", "monthly_usd": "NaN"}]}', "'NaN' is no amount"),
        ('{"version": 1, "findings": [{"policy": "a", "endpoint": "b", "monthly_usd": "-1"}]}', "'-1' is no amount"),
        ('{"version": 1, "findings": [{"policy": "a", "endpoint": "b", "monthly_usd": "x"}]}', "'x' is no amount"),
        ("<<<<<<< HEAD", "is no baseline: JSON is malformed"),
    ],
)
def test_a_file_that_is_no_baseline_is_an_error(content: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "base.json").write_text(content)
    with pytest.raises(SettingsError) as raised:
        read(str(tmp_path / "base.json"))
    assert words in raised.value.message
    assert "--write-baseline" in raised.value.hint


def test_a_baseline_that_is_named_and_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="there is no baseline"):
        read(str(tmp_path / "base.json"))


def test_findings_that_nothing_tells_apart_are_all_existing() -> None:
    """Two accounts of one provider have an endpoint of the same name each, at the same price or at another."""
    twins = [result(saving_monthly=Decimal(900)), result(), result()]
    answer = compared(taken_up(twins), *twins)
    assert [one.status for one in answer.results] == ["existing"] * 3
    assert answer.notices == []
    assert compared(taken_up(twins[:2]), *twins).results[2].status == "new"


def test_an_amount_that_no_account_comes_near_is_written_and_read(tmp_path: Path) -> None:
    """A price of one's own of 999,999,999,999,999 USD an hour, for 730 hours of two billion instances."""
    dear = result(saving_monthly=Decimal(999_999_999_999_999) * 730 * 2_000_000_000)
    (tmp_path / "base.json").write_text(text(taken_up([dear])))
    known = read(str(tmp_path / "base.json"))
    assert known.findings[0].monthly_usd == "1459999999999998540000000000.00"
    assert not is_back(known.findings[0], dear)


def test_every_field_of_an_entry_is_written() -> None:
    full = structs.replace(entry(), source="plan.json")
    written = json.loads(text(Baseline(version=1, findings=(full,))))["findings"][0]
    assert written.keys() == set(full.__struct_fields__)


def test_an_endpoint_without_a_known_name_is_found_again_under_the_address_it_had() -> None:
    """`moved` in a plan; the baseline is written under the new address from then on."""
    known = entry(endpoint="aws_sagemaker_endpoint.old")
    moved = result(identity="module.m.aws_sagemaker_endpoint.new", previous_identities=("aws_sagemaker_endpoint.old",))
    assert not is_back(known, moved)
    (written,) = taken_up([moved]).findings
    assert written.endpoint == "module.m.aws_sagemaker_endpoint.new"
