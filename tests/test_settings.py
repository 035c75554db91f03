"""The settings file: where it is found, what it may say, and what a wrong one prints."""

from decimal import Decimal
from pathlib import Path

import pytest

from guardrail import settings
from guardrail.errors import SettingsError


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A git repository with a folder ``infra`` in it, and the working directory outside of it."""
    root = tmp_path / "repository"
    (root / ".git").mkdir(parents=True)
    (root / "infra").mkdir()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    return root


UNCOUNTABLE = ("NaN", "-NaN", "sNaN", "Infinity", "-Infinity", "1e9999999", "1e15", "1e-31")
AMOUNTS = (
    "budget: {max_expected_usd: @}",
    "budget: {max_increase_ceiling_usd: @}",
    "baseline: {tolerance_percent: @}",
    "discounts: {rules: [{name: a, percent: @}]}",
    "discounts: {rules: [{name: a, usd: @}]}",
    "discounts: {savings_plan: {commitment_usd_per_hour: @}}",
    "discounts: {savings_plan: {commitment_usd_per_hour: 1, rates: {'*': @}}}",
)


@pytest.mark.parametrize("amount", UNCOUNTABLE)
@pytest.mark.parametrize("text", AMOUNTS)
def test_a_number_that_nobody_can_calculate_with_is_refused_with_its_line(
    tmp_path: Path, text: str, amount: str
) -> None:
    path = tmp_path / ".guardrail.yml"
    path.write_text("version: 1\n" + text.replace("@", amount))
    with pytest.raises(SettingsError) as caught:
        settings.load(str(tmp_path), config=str(path))
    assert caught.value.message.startswith(f"{path}:2: ")


@pytest.mark.parametrize("amount", ["999999999999999", "0.000000000000000000000000000001", "0.1"])
def test_a_number_may_be_as_large_and_as_fine_as_the_limit(tmp_path: Path, amount: str) -> None:
    (tmp_path / ".guardrail.yml").write_text(f"budget: {{max_expected_usd: {amount}}}")
    assert settings.load(str(tmp_path)).settings.budget.max_expected_usd == Decimal(amount)


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_without_a_file_the_defaults_hold(repository: Path) -> None:
    found = settings.load(str(repository / "infra" / "plan.json"))
    assert found.path is None
    assert found.settings == settings.Settings()
    assert (found.settings.fail_on, found.settings.strict, found.settings.region) == ("error", False, None)


def test_the_nearest_file_up_to_the_git_root_is_taken(repository: Path) -> None:
    write(repository / ".guardrail.yml", "region: eu-west-1\n")
    assert settings.load(str(repository / "infra")).settings.region == "eu-west-1"
    write(repository / "infra" / ".guardrail.yaml", "region: eu-west-3\n")
    assert settings.load(str(repository / "infra" / "plan.json")).settings.region == "eu-west-3"


def test_a_file_above_the_git_root_is_not_ours(repository: Path) -> None:
    write(repository.parent / ".guardrail.yml", "region: eu-west-1\n")
    assert settings.load(str(repository / "infra")).path is None


def test_a_directory_outside_of_git_is_searched_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "a" / "b")
    write(tmp_path / "a" / ".guardrail.yml", "strict: true\n")
    assert settings.load(".").path is None
    write(tmp_path / "a" / "b" / ".guardrail.yml", "strict: true\n")
    assert settings.load(".").path == ".guardrail.yml"


def test_a_plan_made_elsewhere_is_judged_by_the_settings_of_the_working_directory(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pipelines write the plan to a temporary folder and check it from the repository."""
    write(repository / ".guardrail.yml", "strict: true\n")
    monkeypatch.chdir(repository / "infra")
    assert settings.load(str(tmp_path / "plan.json")).path == "../.guardrail.yml"
    assert settings.load("-").path == "../.guardrail.yml"


def test_two_spellings_are_an_error_and_never_a_pick(repository: Path) -> None:
    write(repository / ".guardrail.yml", "")
    write(repository / ".guardrail.yaml", "")
    with pytest.raises(SettingsError, match=r"\.guardrail\.yml and .*\.guardrail\.yaml are both there"):
        settings.load(str(repository))


def test_an_empty_file_and_one_of_comments_change_nothing(repository: Path) -> None:
    for text in ("", "# nothing yet\n", "\ufeff---\n"):
        write(repository / ".guardrail.yml", text)
        assert settings.load(str(repository)).settings == settings.Settings()


def test_everything_can_be_said(repository: Path) -> None:
    write(
        repository / ".guardrail.yml",
        """\
version: 1
region: eu-central-1
environments: {tag_keys: [stage], patterns: {production: [live]}}
policies:
  async-scales-to-zero: {severity: warning}
  instances-are-right-sized: {params: {max_vcpus: 16}, environments: {production: {max_vcpus: 64}}}
policy_paths: [policies, ../shared]
budget: {max_expected_usd: 5000, max_increase_ceiling_usd: 99.5}
fail_on: warning
strict: true
usage_file: usage.yml
waivers:
  - {policy: async-scales-to-zero, address: "*", until: 2027-01-31, reason: load test, max_monthly_usd: 100}
""",
    )
    said = settings.load(str(repository)).settings
    assert said.environments.tag_keys == ("stage",)
    assert said.policies["async-scales-to-zero"].severity == "warning"
    assert said.policies["instances-are-right-sized"].environments == {"production": {"max_vcpus": 64}}
    assert said.policy_paths == [str(repository / "policies"), str(repository / "../shared")]
    assert said.budget == settings.BudgetSettings(
        max_expected_usd=Decimal(5000), max_increase_ceiling_usd=Decimal("99.5")
    )
    assert (said.fail_on, said.strict, said.region) == ("warning", True, "eu-central-1")
    assert said.usage_file is not None
    assert said.usage_file.endswith("repository/usage.yml")
    assert said.accepted().entries[0].until.isoformat() == "2027-01-31"


def test_flags_win_and_what_is_not_given_stays() -> None:
    said = settings.Settings(region="eu-west-1", fail_on="note")
    assert settings.override(said, region=None, fail_on="never") == settings.Settings(
        region="eu-west-1", fail_on="never"
    )


def test_the_usage_file_beside_settings_that_are_named_goes_before_the_nearest(repository: Path) -> None:
    (repository / "ci").mkdir()
    write(repository / "ci" / ".guardrail.yml", "")
    write(repository / "ci" / "guardrail-usage.yml", "")
    write(repository / "infra" / "guardrail-usage.yml", "")
    found = settings.load(str(repository / "infra"), config=str(repository / "ci" / ".guardrail.yml"))
    assert str(found.settings.usage_file).endswith("ci/guardrail-usage.yml")


def test_the_nearest_usage_file_is_picked_up_wherever_the_settings_are(repository: Path) -> None:
    write(repository / ".guardrail.yml", "")
    write(repository / "guardrail-usage.yml", "")
    write(repository / "infra" / "guardrail-usage.yml", "")
    assert str(settings.load(str(repository / "infra")).settings.usage_file).endswith("infra/guardrail-usage.yml")
    (repository / "infra" / "guardrail-usage.yml").unlink()
    assert str(settings.load(str(repository / "infra")).settings.usage_file).endswith("repository/guardrail-usage.yml")


def test_settings_for_several_inputs_are_those_nearest_to_all_of_them(repository: Path) -> None:
    for name in ("a", "b"):
        (repository / "infra" / name).mkdir(parents=True)
    both = [str(repository / "infra" / name) for name in ("a", "b")]
    assert settings.start_of(both) == settings.start_of(both[::-1]) == str(repository / "infra")
    assert settings.start_of(both[:1]) == both[0]


def test_without_settings_the_nearest_usage_file_is_picked_up(repository: Path) -> None:
    write(repository / "guardrail-usage.yaml", "")
    assert str(settings.load(str(repository / "infra")).settings.usage_file).endswith("repository/guardrail-usage.yaml")


def test_plain_words_mean_what_they_say(repository: Path) -> None:
    """YAML 1.1 reads off as false, 010 as eight and an ISO date as a date; whoever writes settings means none of it."""
    path = write(repository / ".guardrail.yml", "policies:\n  a: {severity: off}\nbudget: {max_floor_usd: 1e3}\n")
    said = settings.load("-", config=str(path)).settings
    assert said.policies["a"].severity == "off"
    assert said.budget.max_floor_usd == 1000
    write(path, "budget: {max_floor_usd: 010}\n")
    assert settings.load("-", config=str(path)).settings.budget.max_floor_usd == 10


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("regoin: eu-west-1\n", "1: regoin: unknown key, did you mean region?"),
        ("budget:\n  max_flor_usd: 1\n", "2: budget.max_flor_usd: unknown key, did you mean max_floor_usd?"),
        ("region: a\nregion: b\n", "2:1: duplicate key 'region'"),
        ("strict: maybe\n", "1: strict: expected bool, got str"),
        ("fail_on: eror\n", "1: fail_on: 'eror' is none of error, warning, note or never, did you mean error?"),
        ("budget: {max_floor_usd: -1}\n", "1: budget: max_floor_usd is -1, and a limit is zero or more"),
        (
            "group_budgets: [{where: {region: us-east-1}, max_floor_usd: -1}]\n",
            "1: group_budgets[0]: max_floor_usd is -1, and a limit is zero or more",
        ),
        (
            "group_budgets: [{where: {regoin: us-east-1}, max_floor_usd: 1}]\n",
            "1: group_budgets[0]: one cannot group by 'regoin', did you mean region?",
        ),
        (
            "group_budgets: [{where: {}, max_floor_usd: 1}]\n",
            "1: group_budgets[0]: where says nothing; a limit on everything stands under budget",
        ),
        ("version: 2\n", "1: version: 2 is none of 1"),
        ("policies:\n  a: {}\n  b:\n    sverity: x\n", "4: policies.b.sverity: unknown key, did you mean severity?"),
        ("policies: [a]\n", "1: policies: expected mapping, got list"),
        ("waivers:\n- {policy: a}\n", "2: waivers[0]: the key 'address' is missing"),
        ("- region\n", "1: expected mapping, got list"),
        ("strict: [\n", "2:1: not valid YAML: did not find expected node content"),
        ("a: &a [*a]\n", "1:4: an alias stands inside its own anchor"),
        ("region: !!python/name:os.system x\n", None),
        ("region: \x01\n", None),
        (
            "waivers:\n- {policy: a, address: b, until: 2027-02-30, reason: c}\n",
            "2: waivers[0].until: no date: write one that there is, like 2027-01-31",
        ),
    ],
)
def test_a_wrong_file_is_one_line_with_file_line_and_key(repository: Path, text: str, message: str | None) -> None:
    path = write(repository / ".guardrail.yml", text)
    with pytest.raises(SettingsError) as caught:
        settings.load("-", config=str(path))
    assert "\n" not in caught.value.message
    assert caught.value.message.startswith(f"{path}:")
    if message is not None:
        assert caught.value.message == f"{path}:{message}"


def test_a_file_whose_aliases_expand_without_end_is_refused(repository: Path) -> None:
    """Ten levels of ten aliases stand for 10^10 values."""
    lines = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 11)]
    path = write(repository / ".guardrail.yml", "\n".join(lines))
    with pytest.raises(SettingsError, match="more than 1,000,000 values after expanding aliases"):
        settings.load("-", config=str(path))


def test_a_copy_of_the_repository_stands_in_for_it(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of its own the copy has what it has: nothing is looked for in the repository itself, nor is the copy climbed."""
    copy = repository.parent / "copy"
    (copy / "infra").mkdir(parents=True)
    monkeypatch.chdir(repository / "infra")
    for path in (repository / "infra", repository, copy.parent):
        write(path / ".guardrail.yml", "region: eu-west-1\n")
        write(path / ".guardrail-baseline.json", "")
        write(path / "guardrail-usage.yml", "")
    found = settings.load("plan.json", copy=str(copy))
    assert (found.path, found.settings.usage_file, found.settings.baseline.file) == (None, None, None)
    write(copy / ".guardrail.yml", "region: eu-west-2\n")
    write(copy / "infra" / ".guardrail-baseline.json", "")
    for start in ("plan.json", "-", str(repository.parent / "elsewhere" / "plan.json")):
        found = settings.load(start, copy=str(copy))
        assert found.settings.region == "eu-west-2"
        assert str(found.settings.baseline.file).endswith("copy/infra/.guardrail-baseline.json")


def test_a_named_file_that_is_not_there_is_an_error(repository: Path) -> None:
    with pytest.raises(SettingsError, match=r"cannot read nowhere\.yml: No such file or directory"):
        settings.load(str(repository), config="nowhere.yml")


def test_a_file_in_another_encoding_is_an_error(repository: Path) -> None:
    (repository / ".guardrail.yml").write_bytes("region: é\n".encode("latin-1"))
    with pytest.raises(SettingsError, match="not UTF-8 text"):
        settings.load(str(repository))


@pytest.mark.parametrize("text", ["[" * 100_000, "- " * 100_000 + "x", "a:\n" + " " * 100_000 + "b"])
def test_nesting_that_would_crash_the_parser_is_an_error(repository: Path, text: str) -> None:
    """PyYAML recurses in C: a hundred thousand levels end the process, not the reading."""
    write(repository / ".guardrail.yml", text)
    with pytest.raises(SettingsError, match="nested too deeply"):
        settings.load(str(repository))


def test_waivers_are_a_list_or_say_how_long_any_may_last(repository: Path) -> None:
    entry = "{policy: no-idle-variants, address: '*', until: 2027-01-31, reason: load test}"
    for text, days in ((f"waivers: [{entry}]", None), (f"waivers: {{max_days: 90, entries: [{entry}]}}", 90)):
        (repository / ".guardrail.yml").write_text(text)
        accepted = settings.load(str(repository)).settings.accepted()
        assert (accepted.max_days, len(accepted.entries)) == (days, 1)
    (repository / ".guardrail.yml").write_text("waivers: {max_days: -1}")
    with pytest.raises(SettingsError, match="max_days is -1, and it is 0 to 36,500"):
        settings.load(str(repository))
