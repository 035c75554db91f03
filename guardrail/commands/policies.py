"""``guardrail policies``: what is checked, and whether policies of one's own hold together."""

import re
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from guardrail import bundled as bundled_data
from guardrail import output, strict_yaml
from guardrail import settings as settings_files
from guardrail.commands import schema
from guardrail.commands.base import add_format, write_json
from guardrail.errors import GuardrailError, PolicyError, did_you_mean
from guardrail.policy import load, superseding
from guardrail.policy.policy import Parameter, Policy, by_environment
from guardrail.policy.scope import dotted, show
from guardrail.reporters.wording import visible

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

    from guardrail.policy.environment import EnvironmentSettings
    from guardrail.policy.examples import ExampleResult

HELP = """\
list, explain, validate and test policies

  guardrail policies list                every policy, with its severity here
  guardrail policies explain async-scales-to-zero   parameters, lines to change
  guardrail policies validate policies/  hold your own against the schema
  guardrail policies test policies/      run the examples inside policies
"""

VIOLATED, INVALID = 1, 2
_LISTED = (
    "id",
    "topic",
    "severity",
    "title",
    "applies_to",
    "params",
    "quantities",
    "per",
    "supersedes",
    "waivable",
    "help_uri",
    "words",
    "rests_on",
    "references",
)
"""What JSON says of a policy; an empty topic is that of one's own."""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the actions and what each takes."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listed = actions.add_parser("list", help="every policy, with its severity here")
    explained = actions.add_parser("explain", help="what a policy asks for, its parameters, the lines to change")
    add_format(listed)
    explained.add_argument("id", metavar="ID", help="its id, as `guardrail policies list` prints it")
    for one in (listed, explained):
        one.add_argument("--policies", metavar="DIR", action="append", default=[], help="policies of your own as well")
        one.add_argument("--config", metavar="FILE", help="the settings file (default: the nearest .guardrail.yml)")
    validated = actions.add_parser("validate", help="check policy files, all errors at once")
    tested = actions.add_parser("test", help="run the examples inside policies")
    for one in (validated, tested):
        one.add_argument("paths", metavar="PATH", nargs="*", help="a policy file or folder (default: the bundled ones)")


def run(arguments: Any) -> int:
    """Run one action. Returns 1 where an example has the wrong verdict, 2 where a policy is invalid."""
    match arguments.action:
        case "list":
            return _list(arguments)
        case "explain":
            return _explain(arguments)
        case "validate":
            return _validate(arguments.paths)
    return _test(arguments.paths)


def _configured(arguments: Any) -> tuple[Policy, ...]:
    """Every policy with the severity and parameters that it has here; those turned off are left out."""
    settings = settings_files.load(".", config=arguments.config).settings
    folders = (*settings.policy_paths, *arguments.policies)
    known = load.known(folders, settings.environments, settings.accepted().entries)
    return load.configure(known, settings.policies, environments=settings.environments)


def _list(arguments: Any) -> int:
    policies = sorted(_configured(arguments), key=lambda policy: (policy.topic, policy.id))
    if arguments.format == "json":
        write_json([{name: getattr(policy, name) for name in _LISTED} for policy in policies])
        return 0
    width = max(len(policy.id) for policy in policies)
    topic = None
    for policy in policies:
        if policy.topic != topic:
            topic = policy.topic
            print(f"{topic or 'your own'}:")
        print(f"  {policy.id:<{width}}  {policy.gravest:<7}  {visible(policy.title)}")
    return 0


def _explain(arguments: Any) -> int:
    policies = {policy.id: policy for policy in _configured(arguments)}
    policy = policies.get(arguments.id)
    if policy is None:
        known = [policy.id for policy in load.bundled()]
        if arguments.id in known:
            raise GuardrailError(f"the policy {arguments.id} is turned off by the settings")
        message = f"there is no policy {arguments.id!r}{did_you_mean(arguments.id, [*policies, *known])}"
        raise GuardrailError(message, hint="guardrail policies list")
    print("\n".join(map(visible, _explanation(policy))))
    return 0


def _explanation(policy: Policy) -> Iterator[str]:
    yield f"{policy.id} ({_by_environment(policy.severity)})"
    yield f"  {policy.title}."
    if policy.params:
        yield ""
        yield "parameters:"
        for name, parameter in policy.params.items():
            yield f"  {name}: {_value(parameter)}"
            yield f"      {parameter.description}"
    for language, lines in (
        ("Terraform", policy.remediation.terraform),
        ("CloudFormation", policy.remediation.cloudformation),
    ):
        yield ""
        yield f"{language}:"
        yield from (f"  {line}".rstrip() for line in lines.rstrip().splitlines())
    yield ""
    if policy.supersedes:
        yield f"speaks for: {', '.join(policy.supersedes)}"
    if not policy.waivable:
        yield "cannot be waived"
    yield f"documentation: {policy.help_uri}"
    if policy.words:
        yield f"               “{policy.words}”"
    if policy.rests_on:
        yield f"               {policy.rests_on}"
    yield from (f"               {reference}" for reference in policy.references)


def _value(parameter: Parameter) -> str:
    return _by_environment(parameter.default, f" {parameter.unit}" if parameter.unit else "")


def _by_environment(value: Any, unit: str = "") -> str:
    if by_environment(value):
        return ", ".join(f"{plain(one)}{unit if one is not None else ''} ({name})" for name, one in value.items())
    return f"{plain(value)}{unit if value is not None else ''}"


def plain(value: object) -> str:
    """The value of a parameter in words."""
    if value is None:
        return "not set"
    if isinstance(value, dict):
        return "; ".join(f"{key}: {plain(one)}" for key, one in value.items())
    return ", ".join(map(str, value)) or "none" if isinstance(value, (list, tuple)) else str(value)


def _validate(paths: list[str]) -> int:
    """Print every error of every file, in the order of the files; environments are those of the nearest settings."""
    files = _files(paths)
    environments = settings_files.load(".").settings.environments
    complaints = [complaint for path in files for complaint in _complaints(path, environments)]
    complaints += _together(files) if not complaints else []
    for complaint in complaints:
        output.say(complaint)
    if complaints:
        output.say(f"{len(complaints):,} error{_s(complaints)} in {len(files):,} file{_s(files)}")
        return INVALID
    print(f"{len(files):,} {'policy' if len(files) == 1 else 'policies'}, no errors")
    return 0


def _complaints(path: str, environments: "EnvironmentSettings") -> list[str]:
    """What is wrong with one file and its examples: all that does not hold together or does not fit the schema."""
    try:
        policy = load.with_files(strict_yaml.read(path, Policy, error=PolicyError), path)
    except PolicyError as error:
        return [error.message, *(other for other in _misfits(path) if _place(other) != _place(error.message))]
    found = [error.message for error in load.problems(policy, path, environments)]
    places = {_place(message) for message in found}
    found += [other for other in _misfits(path) if _place(other) not in places]
    return found or _wrong_examples(policy, path)


def _wrong_examples(policy: Policy, path: str) -> list[str]:
    """The examples that cannot be made into endpoints; whether each gets its verdict is what ``test`` tells."""
    from guardrail.policy import examples
    from guardrail.prices.book import PriceBook

    prices, found = PriceBook(), []
    for description, place in examples.descriptions(policy.examples):
        try:
            examples.results(policy, description, prices, place)
        except PolicyError as error:
            told = error.message.removeprefix(f"policy {policy.id}: ")
            steps = [int(step) if step.isdecimal() else step for step in _STEP.findall(told.partition(": ")[0])]
            found.append(f"{path}:{strict_yaml.line_of(path, steps)}: {told}")
    return found


_STEP = re.compile(r"[^.\[\]]+")
"""``examples.fail[0].endpoint`` has four."""


def _together(files: list[str]) -> list[str]:
    """What is wrong with the files beside one another, and beside the bundled policies."""
    own = {policy.id: path for path in files for policy in (load.read_file(path),)}
    known = {policy.id: policy for policy in (*load.bundled(), *map(load.read_file, files))}
    try:
        superseding.check(known)
    except PolicyError as error:
        name, _, told = error.message.removeprefix("policy ").partition(": ")
        path = own.get(name)
        return [error.message if path is None else f"{path}:{strict_yaml.line_of(path, ['supersedes'])}: {told}"]
    return []


def _place(complaint: str) -> str:
    """``policy.yaml:7``."""
    return ":".join(complaint.split(":", 2)[:2])


def _misfits(path: str) -> list[str]:
    """Where the file does not fit policies/schema.json, by line."""
    try:
        document = strict_yaml.read(path, dict[str, Any], error=PolicyError)
    except PolicyError:
        return []
    found = {
        (strict_yaml.line_of(path, steps), f"{dotted(steps)}: {problem}" if steps else problem)
        for error in _schema().iter_errors(document)
        for steps, problem in _explained(error)
    }
    return [f"{path}:{line}: {text}" for line, text in sorted(found)]


@cache
def _schema() -> "Draft202012Validator":
    """What policies are held against, parsed once however many files there are."""
    import json

    from jsonschema import Draft202012Validator

    return Draft202012Validator(json.loads(schema.text("policy")))


def _explained(error: "ValidationError") -> Iterator[tuple[tuple[str | int, ...], str]]:
    """The places of one schema error, each with what is wrong there."""
    steps = tuple(error.absolute_path)
    misnamed = next((one for one in (error, *(error.context or ())) if _names_operators_or_keys(one)), None)
    if misnamed is not None:
        known = _properties(misnamed)
        word = "key" if misnamed is error else "operator"
        for key in misnamed.instance:
            if key not in known and not key.startswith("param."):
                yield (*steps, key), f"unknown {word}{did_you_mean(key, known)}"
    elif error.validator == "anyOf":
        yield steps, f"{show(error.instance)} does not fit"
    else:
        yield steps, error.message


def _names_operators_or_keys(error: "ValidationError") -> bool:
    """Whether it is about a name in a mapping, other than of a reference to a parameter or field."""
    return error.validator == "additionalProperties" and not _properties(error).keys() & {"param", "field"}


def _properties(error: "ValidationError") -> dict[str, Any]:
    fitted: Any = error.schema
    properties: dict[str, Any] = fitted["properties"]
    return properties


def _test(paths: list[str]) -> int:
    from guardrail.policy import examples
    from guardrail.prices.book import PriceBook

    prices = PriceBook()
    count = failures = 0
    for path in _files(paths):
        policy = load.read_file(path)
        for verdict in examples.missing_verdicts(policy.examples):
            print(f"{policy.id}: no example of {verdict}")
        for outcome in examples.run(policy, prices):
            count += 1
            if outcome.problem is not None:
                failures += 1
                print(_failure(outcome))
    print(f"{count:,} example{_s(range(count))}, {failures:,} failed")
    return VIOLATED if failures else 0


def _failure(outcome: "ExampleResult") -> str:
    return f"{visible(f'{outcome.policy}: {outcome.verdict}: {outcome.because}')}\n    {visible(str(outcome.problem))}"


def _files(paths: list[str]) -> list[str]:
    chosen: Iterable[str] = paths or [bundled_data.directory("policies")]
    return [file for path in chosen for file in load.policy_files(path)]


def _s(items: Any) -> str:
    return "" if len(items) == 1 else "s"
