"""Policies from the bundle, from a team's folders, and as the settings have them."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec
from msgspec import structs

from guardrail import bundled as bundled_data
from guardrail import files
from guardrail.errors import PolicyError, SettingsError, did_you_mean
from guardrail.policy import superseding, waivers
from guardrail.policy.environment import DEFAULT_ENVIRONMENTS, PRODUCTION, EnvironmentSettings, no_environment
from guardrail.policy.evaluate import compile_policy
from guardrail.policy.policy import (
    DEFAULT,
    Grade,
    Parameter,
    Policy,
    PolicySettings,
    by_environment,
    with_parameters,
)
from guardrail.policy.scope import MisplacedError, PolicyScope, dotted, show
from guardrail.policy.waivers import Waiver

COMPILED = "compiled.json"
"""The bundled policies as one file, without their examples; `scripts/build_policies.py` makes it from the YAML."""
_SUFFIXES = (".yaml", ".yml")
_NOT_NULLABLE = frozenset({"boolean"})


def bundled() -> tuple[Policy, ...]:
    """The policies that come with guardrail, by topic and id, ready to be configured."""
    path = f"{bundled_data.directory('policies')}/{COMPILED}"
    try:
        with open(path, "rb") as file:
            return msgspec.json.decode(file.read(), type=tuple[Policy, ...])
    except (OSError, msgspec.DecodeError) as error:
        raise PolicyError(f"the bundled policies cannot be read: {error}", hint="reinstall guardrail") from error


def known(folders: Iterable[str], environments: EnvironmentSettings, accepted: Iterable[Waiver] = ()) -> list[Policy]:
    """The bundled policies and those in a team's folders, whether settings turn them off or not.

    Raises `PolicyError` as `read` does, and `SettingsError` for an accepted finding of a policy that is not there.
    """
    policies = [*bundled(), *(policy for folder in folders for policy in read(folder, environments))]
    waivers.check(accepted, [policy.id for policy in policies])
    return policies


def read(directory: str, environments: EnvironmentSettings = DEFAULT_ENVIRONMENTS) -> tuple[Policy, ...]:
    """The policies of every YAML file below ``directory`` (or of that one file), by path.

    Raises `PolicyError` with the file, and the place in it, for whatever does not hold together.
    """
    policies: dict[str, tuple[Policy, str]] = {}
    for path in policy_files(directory):
        policy = read_file(path, topic=_topic(path, directory), environments=environments)
        if policy.id in policies:
            raise PolicyError(f"{path}: {policies[policy.id][1]} has a policy {policy.id} already")
        policies[policy.id] = policy, path
    return tuple(policy for policy, _ in policies.values())


def policy_files(path: str) -> list[str]:
    """The policy files at ``path``, sorted; a folder without any is an error, because its user expects some."""
    if os.path.isfile(path):
        return [path]
    if not os.path.isdir(path):
        raise PolicyError(f"there is no policy file or folder {path}")
    try:
        found = list(_below(path))
    except OSError as error:
        raise PolicyError(f"cannot read {path}: {error.strerror or error}") from error
    if not found:
        raise PolicyError(f"{path} holds no policies", hint="a policy is a .yaml file, one policy a file")
    return sorted(found)


def _below(path: str) -> Iterator[str]:
    """The policy files below a folder. Raises for a folder whose policies would silently be left out."""
    if not os.access(path, os.R_OK | os.X_OK):
        raise PolicyError(f"cannot read the folder {path}")
    for parent, folders, names in files.walk(path):
        for folder in (os.path.join(parent, name) for name in folders):
            if os.path.islink(folder):
                raise PolicyError(f"{folder} is a link, and policies behind it are not read", hint="name it as well")
            if not os.access(folder, os.R_OK | os.X_OK):
                raise PolicyError(f"cannot read the folder {folder}")
        for name in names:
            if name.endswith(_SUFFIXES) and not name.startswith("."):
                yield os.path.join(parent, name)


def read_file(path: str, *, topic: str = "", environments: EnvironmentSettings = DEFAULT_ENVIRONMENTS) -> Policy:
    """The policy in one file, fully checked. Raises `PolicyError` for the first thing that does not hold together."""
    from guardrail import strict_yaml

    policy = structs.replace(strict_yaml.read(path, Policy, error=PolicyError), topic=topic)
    policy = with_files(policy, path)
    for problem in problems(policy, path, environments):
        raise problem
    return policy


def with_files(policy: Policy, path: str) -> Policy:
    """The policy at ``path`` with what files hold in place of their names. Raises `PolicyError` with the line."""
    from guardrail.policy import parameter_files  # for policies of one's own

    folder = os.path.dirname(path)
    values: dict[str, object] = {}
    for name, parameter in policy.params.items():
        if any(True for _ in parameter_files.named(parameter.default)):
            try:
                values[name] = parameter_files.resolved(parameter_files.placed(parameter.default, folder), folder)
            except PolicyError as error:
                place = MisplacedError(policy.id, ("params", name, "default"), error.message)
                raise _placed(place, path) from error
    return with_parameters(policy, values) if values else policy


def problems(policy: Policy, path: str, environments: EnvironmentSettings) -> list[PolicyError]:
    """Everything about the policy in the file at ``path`` that does not hold together, each with its line."""
    name = os.path.splitext(os.path.basename(path))[0]
    found: list[PolicyError] = []
    if policy.id != name:
        found.append(
            PolicyError(f"{path}: its id is {policy.id}, and its file must have the same name: {policy.id}.yaml")
        )
    errors: list[PolicyError] = []
    try:
        check(policy, environments, errors)
    except RecursionError:
        found.append(PolicyError(f"{path}: a condition is nested too deeply"))
    return list({error.message: error for error in (*found, *(_placed(error, path) for error in errors))}.values())


def _placed(error: PolicyError, path: str) -> PolicyError:
    """An error about a place in a policy with the line of that place in its file."""
    from guardrail import strict_yaml

    if not isinstance(error, MisplacedError):
        return error
    line = strict_yaml.line_of(path, error.steps)
    return PolicyError(f"{path}:{line}: {dotted(error.steps)}: {error.problem}")


def check(
    policy: Policy,
    environments: EnvironmentSettings = DEFAULT_ENVIRONMENTS,
    errors: list[PolicyError] | None = None,
) -> None:
    """Raise `PolicyError` where a policy does not hold together: its fields, operators, parameters and values.

    Checked in every environment that it speaks of. With ``errors``, they are added there instead.
    """
    place = PolicyScope(policy=policy.id, applies_to=policy.applies_to, errors=errors)
    place.attempt(partial(_check_severity, policy, place.at("severity"), environments), None)
    for name, links in (("help_uri", (policy.help_uri,)), ("references", policy.references)):
        place.attempt(partial(_check_links, links, place.at(name)), None)
    for name, parameter in policy.params.items():
        place.attempt(partial(_check_value, policy, name, parameter, parameter.default, environments), None)
    if errors:
        return  # conditions would stumble over the same values
    named = {name for parameter in policy.params.values() for name in _environments(parameter.default)}
    named.update(_environments(policy.severity))
    for environment in sorted(named | {PRODUCTION, NEITHER}):
        compile_policy(policy, environment, environments=environments, errors=errors).compile_texts()


def _check_links(links: Iterable[str], place: PolicyScope) -> None:
    """Reports make links of them, which lead to a page and run nothing."""
    for link in links:
        if not link.startswith(("https://", "http://")):
            raise place.error(f"{show(link)} is no address of a page: it begins with https://")


def _check_severity(policy: Policy, place: PolicyScope, environments: EnvironmentSettings) -> None:
    if isinstance(policy.severity, dict):
        _check_environments(policy.severity, place, environments)


def _check_environments(values: dict[str, Any], place: PolicyScope, environments: EnvironmentSettings) -> None:
    """Raise `PolicyError` for values by environment that leave others without one, or name one that is none."""
    if DEFAULT not in values:
        raise place.error(f"values by environment need a value for {DEFAULT} too")
    for environment in values:
        if environment != DEFAULT and (problem := no_environment(str(environment), environments)):
            raise place.at(str(environment)).error(problem)


NEITHER = ""
"""An environment that no parameter speaks of, so that the values for all others are tried too."""


def configure(
    policies: Iterable[Policy],
    settings: Mapping[str, PolicySettings],
    select: Sequence[str] = (),
    skip: Sequence[str] = (),
    environments: EnvironmentSettings = DEFAULT_ENVIRONMENTS,
) -> tuple[Policy, ...]:
    """The policies to evaluate, as the settings and flags have them.

    ``select`` keeps only these ids, and runs them even where the settings turn them off; ``skip`` leaves ids out.
    Raises `PolicyError` for two policies of one id and for policies that supersede what they cannot, and
    `SettingsError` for an id, a parameter or an environment that does not exist and for a value of another type.
    """
    known = _by_id(policies)
    superseding.check(known)
    for wanted, where in ((settings, "policies"), (select, "--policy"), (skip, "--skip-policy")):
        for name in wanted:
            if name not in known:
                hint = "guardrail policies list"
                raise SettingsError(f"{where}: there is no policy {name}{did_you_mean(name, known)}", hint=hint)
    chosen = [policy for name, policy in known.items() if (not select or name in select) and name not in skip]
    configured = (
        _configured(policy, settings.get(policy.id), environments, always=policy.id in select) for policy in chosen
    )
    return tuple(policy for policy in configured if policy is not None)


def _by_id(policies: Iterable[Policy]) -> dict[str, Policy]:
    known: dict[str, Policy] = {}
    for policy in policies:
        if policy.id in known:
            raise PolicyError(
                f"there are two policies {policy.id}", hint="give yours an id of its own, and turn the other one off"
            )
        known[policy.id] = policy
    return known


def _configured(
    policy: Policy, settings: PolicySettings | None, environments: EnvironmentSettings, *, always: bool
) -> Policy | None:
    if settings is None:
        return policy
    if _is_off(settings.severity) and not always:
        return None
    changes = _changes(policy, settings, environments)
    if changes:
        policy = with_parameters(policy, changes)
        try:
            check(policy, environments)
        except MisplacedError as error:
            raise SettingsError(f"policies.{policy.id}: {error.problem}") from error
    if settings.severity is None or _is_off(settings.severity):
        return policy
    graded = structs.replace(policy, severity=settings.severity, note_when={})
    try:
        check(graded, environments)
    except MisplacedError as error:
        raise SettingsError(f"policies.{policy.id}: {dotted(error.steps)}: {error.problem}") from error
    return graded


def _is_off(severity: Grade | dict[str, Grade] | None) -> bool:
    """Whether a policy is not checked in any environment."""
    return severity == "off" or (isinstance(severity, dict) and set(severity.values()) == {"off"})


def _changes(policy: Policy, settings: PolicySettings, environments: EnvironmentSettings) -> dict[str, object]:
    """The new value of each parameter that the settings mention, all of them of the right type."""
    changes = {name: _read(policy, name, value) for name, value in settings.params.items()}
    for environment, values in settings.environments.items():
        problem = no_environment(environment, environments)
        if problem is not None:
            raise SettingsError(f"policies.{policy.id}: environments.{environment}: {problem}")
        for name, value in values.items():
            _declared(policy, name)
            base = changes.get(name, policy.params[name].default)
            mapping = dict(base) if isinstance(base, dict) and by_environment(base) else {DEFAULT: base}
            changes[name] = mapping | {environment: _read(policy, name, value)}
    for name, value in changes.items():
        try:
            _check_value(policy, name, _declared(policy, name), value, environments)
        except MisplacedError as error:
            raise SettingsError(f"policies.{policy.id}: {dotted(error.steps)}: {error.problem}") from error
    return changes


def _read(policy: Policy, name: str, value: Any) -> Any:
    """The value with what files hold in place of their names, whose paths are as they are reached from here."""
    from guardrail.policy import parameter_files  # for parameters that settings change

    path = next(parameter_files.named(value), None)
    try:
        return value if path is None else parameter_files.resolved(value, os.path.dirname(path))
    except PolicyError as error:
        raise SettingsError(f"policies.{policy.id}: {name}: {error.message}", hint=error.hint) from error


def _declared(policy: Policy, name: str) -> Parameter:
    if name not in policy.params:
        raise SettingsError(
            f"policies.{policy.id}: unknown parameter {name}{did_you_mean(name, policy.params)}",
            hint=f"guardrail policies explain {policy.id}",
        )
    return policy.params[name]


def _environments(value: Any) -> Iterable[str]:
    return (name for name in value if name != DEFAULT) if by_environment(value) else ()


def _check_value(
    policy: Policy, name: str, parameter: Parameter, value: Any, environments: EnvironmentSettings
) -> None:
    """Raise `PolicyError` where ``value`` is of another type than the parameter, in any environment, or in none."""
    scope = PolicyScope(policy=policy.id, applies_to=policy.applies_to, steps=("params", name))
    if isinstance(value, dict) and (by_environment(value) or parameter.type != "mapping"):
        _check_environments(value, scope, environments)
    values = value.items() if by_environment(value) else ((None, value),)
    for environment, one in values:
        if one is not None or parameter.type in _NOT_NULLABLE:
            (scope if environment is None else scope.at(environment)).value(parameter.type, one)


def _topic(path: str, directory: str) -> str:
    """The folder of a policy within ``directory``."""
    return os.path.dirname(os.path.relpath(path, directory)) if os.path.isdir(directory) else ""
