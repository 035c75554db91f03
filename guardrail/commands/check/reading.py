"""What the inputs hold: change sets, each from its own past and once for each of its environments."""

import os
from argparse import Namespace
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import structs

from guardrail import sources
from guardrail.commands.check.inputs import Inputs
from guardrail.commands.check.terms import RootEnvironments
from guardrail.errors import GuardrailError, NotATemplateError, SourceError
from guardrail.model import ChangeSet, Unknown
from guardrail.nearest import Nearest
from guardrail.settings import RootEnvironment
from guardrail.sources.options import InputOptions, SourceOptions
from guardrail.sources.sets import FilesByLabel, PastEnvironments, RootSets, labelled, source_id
from guardrail.working_tree import top_of

if TYPE_CHECKING:
    from guardrail.sources.hcl.reader import RootModule
    from guardrail.sources.past import Comparison

_VALUES = "--var NAME=VALUE and --var-file FILE are for Terraform source"
_AFTER_ITS_STACK = "what it had is no longer there once somebody has deleted its stack"


def change_sets_of(
    arguments: Namespace, inputs: Inputs, nearest: Nearest, environments: RootEnvironments, before: RootEnvironments
) -> Iterator[ChangeSet]:
    """What every path holds; ``before`` are the environments that settings named where the change began.

    Raises `GuardrailError` where values are given that nothing among the inputs takes.
    """
    kinds = set[str]()
    for change_set in _read(arguments, inputs, nearest, environments, before):
        kinds.add(change_set.kind)
        yield change_set
    if (arguments.parameters or arguments.possibilities) and kinds and "cloudformation" not in kinds:
        raise GuardrailError("--parameters and --possibility are for templates", hint=_VALUES if "hcl" in kinds else "")


def _read(
    arguments: Namespace, inputs: Inputs, nearest: Nearest, environments: RootEnvironments, before: RootEnvironments
) -> Iterator[ChangeSet]:
    """Terraform source is read together: several of its files may belong to one root module."""
    terraform = [path for path in inputs.paths if sources.is_terraform(path)]
    all_source = [*terraform, *inputs.gone_source]
    if arguments.assignments and not all_source:
        raise GuardrailError("--var and --var-file are for Terraform source: a plan has its values already")
    for path in (*inputs.paths, *all_source[:1]):
        if path in all_source[:1]:
            options = _of_source(terraform, arguments, inputs, nearest, environments)
            gone, then_sets = inputs.gone_source, _sets(before)
            yield from sources.read_terraform(
                terraform, options, compared=inputs.compared, gone=gone, sets_then=then_sets
            )
            all_source = []
        elif path not in terraform:
            own, then = _own(path, environments), _own(inputs.renamed.get(path, path), before)
            yield from _from_file(path, arguments, inputs, nearest.region([path]), own, then)
    for path in inputs.gone:
        then = _own(path, before)
        yield from _from_file(path, arguments, inputs, nearest.region([path]), then or _own(path, environments), {})


def _sets(environments: RootEnvironments) -> RootSets:
    """The files of values of each environment of a root module."""
    return {root: _files(several) for root, several in environments.items()}


def _files(several: Mapping[str, RootEnvironment]) -> FilesByLabel:
    return {label: tuple(each.values) for label, each in several.items()}


def _own(path: str, environments: RootEnvironments) -> FilesByLabel:
    return _files(environments.get(os.path.realpath(path), {})) if path != "-" else {}


def _from_file(
    path: str, arguments: Namespace, inputs: Inputs, region: str | None, environments: FilesByLabel, then: FilesByLabel
) -> Iterator[ChangeSet]:
    """What a template, cloud assembly or plan holds, once for each of its environments.

    What turns out to be no template is passed over where only these are asked for, or a search has found it.
    """
    compared, said = _past_of(path, inputs)
    is_gone = path in inputs.gone
    flags = arguments.parameters or ()
    options = InputOptions(
        region=region,
        compared=compared,
        beside=() if is_gone else inputs.paths,
        source=arguments.source,
        parameters=flags,
        possibilities=arguments.possibilities or (),
        was=inputs.renamed.get(path),
        is_gone=is_gone,
        known_boundaries=inputs.known_boundaries,
    )

    def read(**others: Any) -> ChangeSet:
        return sources.read(path, structs.replace(options, **others))

    try:
        was = _environments_then(path, inputs, environments, then, compared)
        for label, values in environments.items():
            old = None if is_gone or label not in was.files else [*_within_repository(was.files[label]), *flags]
            change_set = read(parameters=[*_within_repository(values), *flags], parameters_then=old)
            told = (*said, *([f"{path}: {was.said[label]}"] if label in was.said else []))
            yield labelled(structs.replace(change_set, notices=(*told, *change_set.notices)), label)
        for label, values in was.gone.items():
            change_set = read(parameters=[*_within_repository(values), *flags], is_gone=True)
            gone = f"{source_id(path, label)} is gone: {_AFTER_ITS_STACK}"
            yield labelled(structs.replace(change_set, notices=(gone, *change_set.notices)), label)
        if not environments:
            change_set = read(compared=None if was.gone else compared)
            yield structs.replace(change_set, notices=(*said, *change_set.notices))
    except NotATemplateError:
        if not arguments.templates_only and path not in inputs.found:
            raise
    except SourceError as error:
        if not arguments.keep_going or path not in inputs.found:
            raise
        yield sources.nothing_of(path, error.message)


def _environments_then(
    path: str, inputs: Inputs, today: FilesByLabel, told: FilesByLabel, compared: "Comparison | None"
) -> PastEnvironments:
    """What the environments of a template were."""
    if compared is None or path in inputs.gone or not (today or told):
        return PastEnvironments()
    from guardrail.sources.template.pasts import environments_of

    return environments_of(path, today or {"": ()}, told or None, compared)


def _past_of(path: str, inputs: Inputs) -> "tuple[Comparison | None, tuple[str, ...]]":
    """What an input is compared with, and the notices about it; a plan beside other inputs has a past of its own."""
    compared = inputs.compared
    if path in inputs.gone:
        what = "is no stack of its own any more" if os.path.lexists(path) else "is gone"
        return compared, (f"{path} {what}: {_AFTER_ITS_STACK}",)
    if path in inputs.renamed:
        return compared, (f"{path} was {inputs.renamed[path]} before the change",)
    is_one_of_several = len(inputs.paths) > 1 or path in inputs.found
    if compared is None or (is_one_of_several and not sources.has_past(path)):
        return None, ()
    if path in inputs.found and _is_ignored(path):
        return None, (f"{path} is made, and git does not keep it: what stood before is not known",)
    return compared, ()


def _is_ignored(path: str) -> bool:
    from guardrail.gitignore import ignored_around

    return ignored_around(path).ignores(path, is_folder=os.path.isdir(path))


def _within_repository(paths: Iterable[str]) -> Iterator[str]:
    """Files that settings name, none of which may be a link of a change that leads out of its repository."""
    from guardrail.sources.boundary import boundary_of  # for the few that have environments

    for path in paths:
        boundary_of(path)
        yield f".{os.sep}{path}" if "=" in path else path


def root_modules_of(
    arguments: Namespace, inputs: Inputs, nearest: Nearest, environments: RootEnvironments
) -> "dict[str, RootModule]":
    """The root modules among the inputs, by the ids of their sources."""
    terraform = [path for path in inputs.paths if sources.is_terraform(path)]
    if not terraform:
        return {}
    return sources.root_modules(terraform, _of_source(terraform, arguments, inputs, nearest, environments))


def _of_source(
    terraform: Sequence[str], arguments: Namespace, inputs: Inputs, nearest: Nearest, environments: RootEnvironments
) -> SourceOptions:
    """What a run says of source, whatever is done with it."""
    return SourceOptions(
        region=nearest.region(terraform),
        assignments=arguments.assignments or (),
        environment=_hidden(os.environ) if arguments.untrusted else os.environ,
        workspace=arguments.workspace,
        base=top_of(os.getcwd()),
        keep_going=arguments.keep_going,
        sets=_sets(environments),
        exclude=inputs.exclude,
    )


def _hidden(environment: Mapping[str, str]) -> dict[str, Unknown]:
    """The variables of an environment, as a stranger's code gets to see them: its output may be public."""
    return {name: Unknown(f"{name} is set, and is not read for code that is not trusted") for name in environment}
