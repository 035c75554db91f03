"""``.guardrail.yml``: what a team has decided once, and what the flags of a run override."""

import os
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from msgspec import Struct, structs

from guardrail import files
from guardrail.cost.discount_settings import Discounts
from guardrail.errors import SettingsError
from guardrail.policy.base import FailOn
from guardrail.policy.environment import EnvironmentSettings
from guardrail.policy.policy import PolicySettings
from guardrail.policy.waivers import Waiver, WaiverSettings
from guardrail.prices.user_tables import BUNDLED
from guardrail.working_tree import folders_up_to_top, leads_out, top_of

if TYPE_CHECKING:
    from guardrail.assess.terms import GroupLimits

S = TypeVar("S", bound=Struct)

FILE_NAMES = (".guardrail.yml", ".guardrail.yaml")
BASELINE_NAME = ".guardrail-baseline.json"
USAGE_FILE_NAMES = ("guardrail-usage.yml", "guardrail-usage.yaml")


_FILES = (".yaml", ".yml", ".json", ".template")
"""How the names of templates end, among the keys of `Settings.roots`."""


class BudgetSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Limits in USD a month over everything in one check; None where there is no limit."""

    max_floor_usd: Decimal | None = None
    """The most that the floor, what a month costs at least, may be."""
    max_expected_usd: Decimal | None = None
    """The most that a month may be expected to cost, as `--budget`."""
    max_ceiling_usd: Decimal | None = None
    """The most that the ceiling, what a month can cost at most, may be."""
    max_increase_floor_usd: Decimal | None = None
    """How much a change may add to the floor."""
    max_increase_expected_usd: Decimal | None = None
    """How much a change may add to what is expected, as `--budget-delta`."""
    max_increase_ceiling_usd: Decimal | None = None
    """How much a change may add to the ceiling."""

    def __post_init__(self) -> None:
        """Raise ValueError for a limit below zero, which msgspec reports with its place."""
        for name in self.__struct_fields__:
            limit = getattr(self, name)
            if isinstance(limit, Decimal) and limit < 0:
                raise ValueError(f"{name} is {limit}, and a limit is zero or more")


class GroupBudget(BudgetSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Limits in USD a month, at list prices, over the endpoints that have something in common.

    An endpoint whose tag is not known leaves them open.
    """

    where: dict[str, str]
    """What they have under each key of `--group-by`: `{"tag:Team": search, environment: production}`."""

    def __post_init__(self) -> None:
        """Raise ValueError for a limit below zero, and for what one cannot group by."""
        BudgetSettings.__post_init__(self)
        if not self.where:
            raise ValueError("where says nothing; a limit on everything stands under budget")
        from guardrail.assess import groups  # for the few that have any

        for key in self.where:
            if groups.problem(key):
                raise ValueError(groups.problem(key))

    def limits(self) -> "GroupLimits":
        """As budgets are held."""
        from guardrail.assess.terms import GroupLimits

        limits = structs.asdict(self)
        return GroupLimits(where=limits.pop("where"), budgets=limits)


class RootEnvironment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One environment of a root module or template."""

    values: str | list[str]
    """The files of values, or of parameters, that make it, later ones over earlier ones; relative to its folder."""
    budget: BudgetSettings = BudgetSettings()
    """Limits on what this environment costs."""


class PriceSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which prices count, and how old they may be."""

    tables: str | None = None
    """A directory of tables of the team's own, relative to the file; "bundled" for none."""
    max_age_days: int | None = None
    """Age of a price in days beyond which a report says so, and ``--strict`` does not trust it."""

    def __post_init__(self) -> None:
        """Raise ValueError for an age below zero, which msgspec reports with its place."""
        if self.max_age_days is not None and self.max_age_days < 0:
            raise ValueError(f"max_age_days is {self.max_age_days}, and an age is zero or more")


class BaselineSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was wrong when the team began to check, and when it counts again."""

    file: str | None = None
    """The baseline, relative to the settings file; else the `.guardrail-baseline.json` that is nearest."""
    tolerance_percent: Decimal = Decimal(10)
    """How much more may be at stake than the baseline says before the finding is back."""

    def __post_init__(self) -> None:
        """Raise ValueError for a tolerance below zero, which msgspec reports with its place."""
        if self.tolerance_percent < 0:
            raise ValueError(f"tolerance_percent is {self.tolerance_percent}, and a tolerance is zero or more")


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything a run can be told; the keys of the file are the names of the fields."""

    version: Literal[1] = 1
    """Of the layout of the file."""
    region: str | None = None
    """Where a resource does not say its region, as `--region`."""
    environments: EnvironmentSettings = EnvironmentSettings()
    """How the environment of an endpoint is told from its tags or its name."""
    policies: dict[str, PolicySettings] = {}
    """By policy id: its severity, and its parameters."""
    policy_paths: list[str] = []
    """Folders with policies of the team's own, relative to the file."""
    budget: BudgetSettings = BudgetSettings()
    """Limits in USD a month on all that is checked together."""
    group_budgets: list[GroupBudget] = []
    """Limits on what endpoints cost together that have a tag, an environment or a region in common."""
    roots: dict[str, dict[str, str | list[str] | RootEnvironment]] = {}
    """By root module or template, relative to the file: its environments, each with the files of values of it."""
    exclude: list[str] = []
    """Folders and files that a search leaves out, as a `.gitignore` beside the file would: `fixtures/`, `before/`."""
    fail_on: FailOn = "error"
    """The least severity that makes the exit code 1, as `--fail-on`."""
    strict: bool = False
    """Exit with 3 where the answer rests on something unknown or unpriced, as `--strict`."""
    usage_file: str | None = None
    """The usage file, relative to the file; else the `guardrail-usage.yml` that is nearest to each input."""
    evidence: str | None = None
    """A bundle of what was observed (`guardrail utilization`), relative to the file."""
    prices: PriceSettings = PriceSettings()
    """Price tables of the team's own, and how old a price may be."""
    discounts: Discounts = Discounts()
    """What the account pays less than the list prices."""
    waivers: list[Waiver] | WaiverSettings = []
    """The accepted findings; or how long any may last, with these as ``entries``."""
    baseline: BaselineSettings = BaselineSettings()
    """What was wrong before, and when it counts again."""

    def accepted(self) -> WaiverSettings:
        """The waivers, however they are written."""
        return self.waivers if isinstance(self.waivers, WaiverSettings) else WaiverSettings(entries=self.waivers)


class FoundSettings(Struct, frozen=True, kw_only=True):
    """Settings and where they come from."""

    settings: Settings
    path: str | None
    """The settings file, relative to the working directory where that is shorter; None where there is none."""
    directory: str = ""
    """The folder that inputs in it are relative to: its own, or that which it is a copy of."""

    @property
    def environments(self) -> "dict[str, dict[str, RootEnvironment]]":
        """The environments of each root module or template, by its real path, with files as they are reached."""
        found: dict[str, dict[str, RootEnvironment]] = {}
        for name, environments in self.settings.roots.items():
            root = os.path.join(self.directory, name)
            is_file = os.path.isfile(root) or name.endswith(_FILES)  # which may be gone
            folder = os.path.dirname(root) if is_file else root
            found[os.path.realpath(root)] = {
                label: _reached(written, folder) for label, written in environments.items()
            }
        return found


def load(start: str, *, config: str | None = None, copy: str | None = None, isolated: bool = False) -> FoundSettings:
    """The settings for an input at ``start`` ("-" for standard input), from ``config`` or the file nearest to it.

    Looks in the directory of ``start`` and above it up to the git root, then in the working directory and above it.
    Without a ``usage_file`` key the nearest `guardrail-usage.yml` is taken, that beside a ``config`` first; without a
    ``baseline.file`` key the nearest `.guardrail-baseline.json`. With a ``copy`` of the git repository everything is
    looked for at the same places in there instead; ``isolated`` looks for nothing, and takes what is named alone.
    Raises SettingsError: for a file that does not read, and where both spellings of a name are there.
    """
    around = [] if isolated else list(places(start) if copy is None else _within(copy, start))
    path = config if config is not None else _nearest(FILE_NAMES, around)
    settings = Settings() if path is None else _read(path, _as_it_is(path))
    directory = "" if path is None else os.path.dirname(path)
    usage_file = settings.usage_file and os.path.join(directory, settings.usage_file)
    if usage_file is None and not isolated:
        beside = [] if config is None else [directory]
        usage_file = _nearest(USAGE_FILE_NAMES, [*beside, *around])
    baseline = settings.baseline.file and os.path.join(directory, settings.baseline.file)
    for named in (usage_file, baseline):
        if named and files.is_there(named):  # what is not there is said by who reads it, or about to be written
            _readable(named)
    settings = structs.replace(
        settings,
        usage_file=_shortest(usage_file),
        evidence=_shortest(settings.evidence and os.path.join(directory, settings.evidence)),
        baseline=structs.replace(settings.baseline, file=_shortest(baseline or _nearest((BASELINE_NAME,), around))),
        prices=_relative(settings.prices, directory),
        policies={name: _with_paths(policy, directory) for name, policy in settings.policies.items()},
        policy_paths=[os.path.join(directory, folder) for folder in settings.policy_paths],
    )
    return FoundSettings(settings=settings, path=_shortest(path), directory=in_repository(directory or os.curdir, copy))


def _as_it_is(path: str) -> tuple[int, ...]:
    """What tells a file from what it was before; nothing where it is not there, which reading it says."""
    try:
        status = os.stat(path)
    except OSError:
        return ()
    return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size


@cache
def _read(path: str, _state: tuple[int, ...]) -> Settings:
    """The settings in a file, once for all inputs that they hold for."""
    from guardrail import strict_yaml

    return strict_yaml.read(path, Settings, error=SettingsError)


def _reached(written: str | list[str] | RootEnvironment, folder: str) -> RootEnvironment:
    """An environment with its files as they are reached from the working directory."""
    environment = written if isinstance(written, RootEnvironment) else RootEnvironment(values=written)
    names = [environment.values] if isinstance(environment.values, str) else environment.values
    return structs.replace(environment, values=[files.near(os.path.join(folder, name)) for name in names])


def _with_paths(policy: PolicySettings, directory: str) -> PolicySettings:
    """With the files of its parameters as they are reached from here."""
    from guardrail.policy import parameter_files  # for the settings that have any

    return structs.replace(
        policy,
        params=parameter_files.placed(policy.params, directory),
        environments=parameter_files.placed(policy.environments, directory),
    )


def _relative(prices: PriceSettings, directory: str) -> PriceSettings:
    """With the directory of tables as it is reached from here."""
    if prices.tables is None or prices.tables == BUNDLED:
        return prices
    return structs.replace(prices, tables=_shortest(os.path.join(directory, prices.tables)))


def override(settings: S, /, **flags: Any) -> S:
    """``settings``, or a part of them, with every flag that was given (is not None) in place of what the file says."""
    return structs.replace(settings, **{name: value for name, value in flags.items() if value is not None})


def start_of(paths: Sequence[str]) -> str:
    """Where to look for what holds for all inputs: the only one, else the deepest folder that holds them all."""
    if len(paths) == 1:
        return paths[0]
    try:
        return os.path.commonpath([_folder(path) for path in paths])
    except ValueError:  # two drives
        return os.getcwd()


def first_of(names: tuple[str, ...], places: Iterable[str]) -> str | None:
    """The nearest file with one of the names, as it reads best from the working directory; it need not be readable."""
    found = (os.path.join(directory, name) for directory in places for name in names)
    return _shortest(next((path for path in found if files.is_there(path)), None))


def _nearest(names: tuple[str, ...], places: Iterable[str]) -> str | None:
    for directory in places:
        found = _only(names, directory)
        if found is not None:
            return found
    return None


def _only(names: tuple[str, ...], directory: str) -> str | None:
    """The one file among ``names`` in ``directory``; two spellings of one name are an error, never a pick."""
    found = [path for path in (os.path.join(directory, name) for name in names) if files.is_there(path)]
    if len(found) > 1:
        raise SettingsError(f"{found[0]} and {found[1]} are both there", hint=f"merge them into {names[0]}")
    return _readable(found[0]) if found else None


def _readable(path: str) -> str:
    """The path of a file that nobody named on the command line. Raises where it is there and cannot be read.

    A link that leads nowhere, a folder or a pipe in its place would else turn off what it says.
    """
    try:
        files.opened(path).close()
    except OSError as failure:
        raise SettingsError(f"{path} is there and cannot be read: {failure.strerror or failure}") from failure
    return path


def places(start: str) -> Iterator[str]:
    """The directories to search for an input at ``start``, nearest first, none outside the git repository around it."""
    for directory in dict.fromkeys((_folder(start), os.getcwd())):
        yield from folders_up_to_top(directory)


def _folder(start: str) -> str:
    """The directory of an input; the working directory for standard input."""
    origin = os.getcwd() if start == "-" else os.path.abspath(start)
    return origin if os.path.isdir(origin) else os.path.dirname(origin)


def _within(copy: str, start: str) -> Iterator[str]:
    """Where `places` looks inside the repository of the working directory, as places of its ``copy``."""
    root, copy = top_of(os.getcwd()), os.path.abspath(copy)
    for directory in places(start):
        if files.lies_in(directory, root):
            yield os.path.normpath(os.path.join(copy, os.path.relpath(directory, root)))


def in_repository(path: str, copy: str | None) -> str:
    """What ``path`` is called in the git repository of the working directory, where it lies in a ``copy`` of that.

    ``infra/.guardrail.yml`` of ``/base/infra/.guardrail.yml``; a path that lies elsewhere is itself.
    """
    inside = os.path.relpath(os.path.abspath(path), os.path.abspath(copy)) if copy is not None else os.pardir
    if leads_out(inside):
        return path
    return files.near(os.path.join(top_of(os.getcwd()), inside))


def _shortest(path: str | None) -> str | None:
    """``path`` as it reads best from the working directory."""
    return None if path is None else min(files.near(path), path, key=len)
