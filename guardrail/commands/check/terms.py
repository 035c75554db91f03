"""What a check judges by: settings under the flags of this run, policies, limits, rates and the baseline."""

import os
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

from msgspec import structs

from guardrail import files, output
from guardrail.assess import against
from guardrail.assess.terms import GroupLimits
from guardrail.cost.discount_settings import PlanRate, no_plan_rate
from guardrail.errors import GuardrailError, SettingsError, SourceError
from guardrail.model import ChangeSet
from guardrail.policy.environment import PRODUCTION, no_environment
from guardrail.policy.load import configure, known
from guardrail.policy.policy import Policy
from guardrail.report import Report
from guardrail.settings import (
    BASELINE_NAME,
    FILE_NAMES,
    BaselineSettings,
    FoundSettings,
    RootEnvironment,
    Settings,
    load,
    override,
    start_of,
)
from guardrail.sources.sets import source_id
from guardrail.working_tree import folders_up_to_top

if TYPE_CHECKING:
    from guardrail.sources.past import Comparison


def settings_for(arguments: Namespace) -> FoundSettings:
    """The settings for all inputs, with the flags of this run in place of what they override."""
    if arguments.isolated and arguments.settings_from:
        raise GuardrailError("--isolated looks for no settings, and --settings-from says where to look for them")
    return settings_of(start_of(arguments.paths), arguments)


def settings_of(start: str, arguments: Namespace) -> FoundSettings:
    """The settings for an input, or for what lies above several, with the same flags in place."""
    found = load(start, config=arguments.config, copy=arguments.settings_from, isolated=arguments.isolated)
    if arguments.untrusted and not arguments.settings_from:
        _refuse_its_own(found, arguments)
    return override(found, settings=_overridden(found.settings, arguments))


def _refuse_its_own(found: FoundSettings, arguments: Namespace) -> None:
    """Refuse terms that the code of a stranger brings: what was found beside it, and nobody named.

    Raises `SettingsError`. What settings name, the bundle of evidence too, is theirs: that of a ``--config`` is not.
    """
    if arguments.config is not None:
        return
    beside = (
        None if arguments.usage_file else found.settings.usage_file,
        None if arguments.baseline else found.settings.baseline.file,
    )
    for path in filter(None, (found.path, *beside)):
        raise SettingsError(
            f"{path}: a stranger's code, and the terms that it is judged by, stand in the same place",
            hint="--settings-from DIR names a copy of the base, whose terms count; --isolated goes without any",
        )


def _overridden(settings: Settings, arguments: Namespace) -> Settings:
    return override(
        settings,
        region=arguments.region,
        usage_file=arguments.usage_file,
        evidence=arguments.evidence,
        fail_on=arguments.fail_on,
        strict=arguments.strict,
        prices=override(settings.prices, tables=arguments.prices, max_age_days=arguments.max_price_age),
        policy_paths=[*settings.policy_paths, *(arguments.policies or [])],
        baseline=override(settings.baseline, file=arguments.baseline),
        budget=override(
            settings.budget, max_expected_usd=arguments.budget, max_increase_expected_usd=arguments.budget_delta
        ),
    )


def in_words(found: FoundSettings) -> str:
    """Which files say how to judge: ``settings .guardrail.yml, no usage file, no baseline``."""
    named = {"settings": found.path, "usage file": found.settings.usage_file, "baseline": found.settings.baseline.file}
    return ", ".join(f"{what} {path}" if path else f"no {what}" for what, path in named.items())


def known_policies(settings: Settings) -> list[Policy]:
    """The bundled policies and the team's own, whether they are turned off or not."""
    return known(settings.policy_paths, settings.environments, settings.accepted().entries)


def all_policies(settings: Settings) -> tuple[Policy, ...]:
    """The policies as the settings have them, whatever the flags of this run leave out."""
    return configure(known_policies(settings), settings.policies, environments=settings.environments)


def check_groups(settings: Settings) -> None:
    """Raise `SettingsError` for a budget of an environment that no endpoint is ever in."""
    for each in settings.group_budgets:
        problem = no_environment(each.where.get("environment", PRODUCTION), settings.environments)
        if problem is not None:
            raise SettingsError(f"group_budgets: {problem}")


def budget_flags(arguments: Namespace) -> dict[str, str]:
    """The limits that flags set, by name."""
    flags = {
        "max_expected_usd": ("--budget", arguments.budget),
        "max_increase_expected_usd": ("--budget-delta", arguments.budget_delta),
    }
    return {name: flag for name, (flag, value) in flags.items() if value is not None}


def limits_of_roots(change_sets: Sequence[ChangeSet], environments: "RootEnvironments") -> Iterator[GroupLimits]:
    """The limits that settings set on what each environment of a root module or template costs."""
    for change_set in change_sets:
        named = environments.get(os.path.realpath(change_set.path), {}).get(change_set.label or "")
        limits = {} if named is None else structs.asdict(named.budget)
        if any(limit is not None for limit in limits.values()):
            yield GroupLimits(where={"root": source_id(change_set.path, change_set.label)}, budgets=limits)


RootEnvironments: TypeAlias = Mapping[str, Mapping[str, RootEnvironment]]
"""By the real path of a root module or template: its environments."""


def environments_before(arguments: Namespace, found: FoundSettings, compared: "Comparison | None") -> RootEnvironments:
    """The environments that the settings named where the change began; none where that is not to be known.

    Of a file that the change has taken away, too.
    """
    if compared is None or os.path.exists(compared.named) or (arguments.isolated and found.path is None):
        return {}
    if arguments.settings_from:
        return found.environments  # they are those of the base
    from guardrail import strict_yaml

    start = start_of(arguments.paths)
    folders = folders_up_to_top(os.path.abspath(start if os.path.isdir(start) else os.path.dirname(start)))
    nearest = (files.near(os.path.join(folder, name)) for folder in folders for name in FILE_NAMES)
    for path in nearest if found.path is None else (found.path,):
        try:
            content = compared.commit_of(path).read(path)
            if content is not None:
                settings = strict_yaml.decode(content.decode(), Settings, name=path, error=SettingsError)
                directory = found.directory or os.path.dirname(path)
                return FoundSettings(settings=settings, path=path, directory=directory).environments
        except (SourceError, SettingsError, UnicodeDecodeError):
            return {}
    return {}


def missing_roots(found: FoundSettings) -> Iterator[str]:
    """The root modules and templates that settings speak of and that are not there: none of their terms holds."""
    for name in found.settings.roots:
        if not files.is_there(os.path.join(found.directory, name)):
            yield f"roots: {name} is not there, and its environments are not checked"


def plan_rate(settings: Settings, tables: str | None) -> PlanRate:
    """The rates of the settings' Savings Plan, as far as a refresh has read them."""
    plan = settings.discounts.savings_plan
    if plan is None:
        return no_plan_rate
    from guardrail.prices.savings_plans import PlanTables

    return PlanTables(tables, plan.term, plan.payment).rate


def against_baseline(report: Report, found: FoundSettings, shown: Callable[[str], str], *, write: bool) -> Report:
    """The report with what the baseline knows as existing; the baseline is written anew before, where that is asked."""
    settings: BaselineSettings = found.settings.baseline
    path = settings.file
    if path is None and write:
        path = os.path.join(os.path.dirname(found.path or ""), BASELINE_NAME)
    if path is None:
        return report
    from guardrail.policy import baseline

    if write:
        if os.path.realpath(path) in {os.path.realpath(source.path) for source in report.sources}:
            raise GuardrailError(f"the baseline would replace its own input {path}")
        fresh = baseline.taken_up(report.results, sources=[source.id for source in report.sources])
        output.write_file(path, baseline.text(fresh))
        output.say(f"guardrail: wrote {path}, findings: {len(fresh.findings):,}")
    return against(report, baseline.read(path), path=shown(path), tolerance_percent=settings.tolerance_percent)


@contextmanager
def named_in_errors(path: str | None) -> Iterator[None]:
    """Put the settings file before what is wrong with its contents; a flag names itself."""
    try:
        yield
    except SettingsError as error:
        if path is None or error.message.startswith("--"):
            raise
        raise SettingsError(f"{path}: {error.message}", hint=error.hint) from error
