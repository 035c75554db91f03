"""State machines in Amazon States Language: the transform jobs that their tasks start, and the ways to them.

Sources: the Amazon States Language specification (states-language.net) and "SageMaker AI integration" of the Step
Functions developer guide. Expressions are not evaluated: what `$.x` is, is known where the input is given, or where a
state before it wrote it out.
"""

import re
from collections import deque
from collections.abc import Iterator, Mapping
from math import ceil
from typing import Any, Literal, NamedTuple

from msgspec.structs import replace

from guardrail.model import Flow, Step, Unknown
from guardrail.sources.jobs import requests
from guardrail.sources.jobs.base import Definition, DefinitionReading, Start, named_values, objects, plain
from guardrail.sources.vocabulary.transform import transform_job

_CALL = re.compile(r":states:[^:]*:[^:]*:(?:aws-sdk:)?(\w+):(\w+)(?:\.([\w:]+))?$", re.IGNORECASE)
_PATH = re.compile(r"\$(?:\.[A-Za-z_][\w-]*)+")
_REFUSED = re.compile(
    r"(?:(?:amazon)?sagemaker\.)?(?:throttling|toomanyrequests|resourcelimitexceeded)(?:exception)?", re.IGNORECASE
)
"""Errors of requests that were refused before there was a job."""
_TOKEN = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\$\$?(?:\.[A-Za-z_][\w-]*)+""")
"""Text, and what of the input or of the context, in an expression."""
_VARIES = re.compile(r"\$|UUID|Random")
_Changes = Literal["always", "execution", "item", "try", "given"]
_CONTEXT: tuple[tuple[str, _Changes | None], ...] = (
    ("$$.State.Name", None),
    ("$$.StateMachine.", None),
    ("$$.Execution.RoleArn", None),
    ("$$.Execution.", "execution"),
    ("$$.Map.Item.Index", "item"),
    ("$$.Map.Item.Value", "item"),
    ("$$.State.RetryCount", "try"),
)
"""With what each entry of the context changes; None of what the machine has once ("Accessing execution data from the
Context object", Step Functions developer guide). Every item begins its tries at 0."""
_OTHERS = {
    "createtrainingjob": "training job",
    "createprocessingjob": "processing job",
    "createhyperparametertuningjob": "tuning job",
    "createautomljob": "AutoML job",
    "createautomljobv2": "AutoML job",
    "createlabelingjob": "labeling job",
    "createmonitoringschedule": "Model Monitor schedule",
    "createcluster": "HyperPod cluster",
    "createnotebookinstance": "notebook instance",
}
_INFERENCE = re.compile(r"(?:create|update)(?:endpoint|inference)|startinference", re.IGNORECASE)
_VALIDATES = ("createmodelpackage", "createalgorithm")
_STARTS = (
    ("sagemaker", "startpipelineexecution"),
    ("states", "startexecution"),
    ("sfn", "startexecution"),
    ("sfn", "startsyncexecution"),
)
_DEFAULT_ATTEMPTS = 3
_ENDS = ("Succeed", "Fail")
_OTHER_TYPES = ("Pass", "Wait", "Choice", *_ENDS)

_KnownInput = dict[str, Any]
"""What is known of the input of a state, by its names at the top."""
_WHOLE = "$"
"""The name of an input that is a list."""


def read(machine: Mapping[str, Any], given: Any = None) -> Definition:
    """What a state machine runs; ``given`` is its input, as far as that is known.

    ``{"StartAt": "Score", "States": {"Score": {"Type": "Task", "Resource": "arn:aws:states:::sagemaker:
    createTransformJob.sync", …}}}`` runs one job, called ``Score``.
    """
    reader = _StateMachineReader(given if isinstance(given, dict) else {}, machine.get("TimeoutSeconds"))
    flow = reader.flow(machine, "", _Place("JSONPath", dict(reader.given), _Items(1, None)))
    return Definition(
        jobs=tuple(reader.jobs),
        flow=flow,
        starts=tuple(reader.starts),
        others=dict(reader.others),
        doubts=tuple(dict.fromkeys(reader.doubts)),
    )


class _ServiceCall(NamedTuple):
    """The service, action and suffix of a task's resource: ``sagemaker``, ``createTransformJob``, ``sync``."""

    service: str
    action: str
    suffix: str


class _Items(NamedTuple):
    """The items of the maps around a state."""

    fewest: int
    """Of how many, at least, one execution runs it: those of a distributed map have an execution each."""
    most: int | None
    """That the innermost map has; None where it is not known, or in no map."""
    are_written: bool = False
    """Whether these are the same in each execution: written out, or given each time."""


class _Place(NamedTuple):
    """Where a state stands."""

    language: str
    """Of its expressions: JSONPath or JSONata."""
    known: _KnownInput
    items: _Items


class _StateMachineReader(DefinitionReading):
    """One reading of a state machine."""

    def __init__(self, given: _KnownInput, timeout: Any) -> None:
        super().__init__()
        self.given = given
        self._timeout = timeout
        self.starts: list[Start] = []

    def flow(self, machine: Mapping[str, Any], prefix: str, at: _Place) -> Flow:
        """The states of a machine, or of what runs inside a state, the first one first."""
        states, start = machine.get("States"), machine.get("StartAt")
        if not isinstance(states, Mapping) or not states:
            self.doubts.append(f"the states of {prefix.rstrip('/') or 'its definition'} cannot be read")
            return Flow()
        own = machine.get("QueryLanguage")
        at = at._replace(language=own) if isinstance(own, str) else at
        if not isinstance(start, str) or start not in states:
            self.doubts.append(f"its first state {str(start)[:80]!r} is not there")
            return Flow()
        order = [start, *(name for name in states if name != start)]
        places = {name: place for place, name in enumerate(order)}
        inputs = self._inputs(states, start, at)
        steps = []
        for name in order:
            state = states[name]
            if not isinstance(state, Mapping):
                self.doubts.append(f"its state {str(name)[:80]} cannot be read")
                state = {}
            steps.append(self._step(f"{prefix}{name}", state, at._replace(known=inputs.get(name, {})), places))
        return Flow(tuple(steps))

    def _step(self, label: str, state: Mapping[str, Any], at: _Place, places: dict[str, int]) -> Step:
        at = _in_its_language(state, at)
        at = at._replace(known=self._input(state, at))
        after = [places[name] for name in _nexts(state) if name in places]
        lost = next((name for name in _nexts(state) if name not in places), None)
        if lost is not None:
            self.doubts.append(f"its state {lost[:80]} is not there")
        may_match_none = state.get("Type") == "Choice" and "Default" not in state
        is_over = state.get("Type") in _ENDS or bool(state.get("End")) or not after or may_match_none
        bare = Step(nexts=tuple(dict.fromkeys(after)), ends=is_over)
        kind = state.get("Type")
        if kind == "Task":
            return self._task(label, state, at, bare)
        if kind == "Parallel":
            branches = objects(state.get("Branches"))
            inside = at if _keeps(state, "InputPath", "Parameters", "Arguments") else at._replace(known={})
            first = len(self.jobs)
            parts = tuple(self.flow(branch, f"{label}/", inside) for branch in branches)
            return replace(bare, parts=parts, tries=self._retried(first, _attempts(state)))
        processor = state.get("ItemProcessor") or state.get("Iterator")
        if kind == "Map" and isinstance(processor, Mapping):
            first = len(self.jobs)
            least, most, are_written = self._items(state, at)
            fewest = 1 if _is_distributed(processor) else at.items.fewest * max(least, 1)
            part = self.flow(processor, f"{label}/", _Place(at.language, {}, _Items(fewest, most, are_written)))
            return replace(bare, parts=(part,), least=least, most=most, tries=self._retried(first, _attempts(state)))
        if kind not in _OTHER_TYPES:
            self.doubts.append(f"what its state {label[:80]} runs cannot be read")
        return bare

    def _retried(self, first: int, tries: int | None) -> int | None:
        """The tries of a state around the jobs from ``first`` on, which are tried as often again in each of them."""
        for place, job in enumerate(self.jobs[first:], first):
            if not job.has_fixed_name:
                attempts = None if tries is None or job.attempts is None else tries * job.attempts
                self.jobs[place] = replace(job, attempts=attempts)
        return tries

    def _task(self, label: str, state: Mapping[str, Any], at: _Place, bare: Step) -> Step:
        call = _call(state.get("Resource"))
        if call is None and _looks_like_one(state):
            return self._job(label, state, at, None, bare)
        if call is None:
            return bare
        if call.service == "sagemaker" and call.action == "createtransformjob":
            return self._job(label, state, at, call, bare)
        if call.service == "sagemaker" and call.action in _OTHERS:
            self.others[_OTHERS[call.action]] += 1
        elif call.service == "sagemaker" and _INFERENCE.match(call.action):
            self.doubts.append("its definition makes SageMaker inference that is in no total: check it on its own")
        elif call.service == "sagemaker" and call.action in _VALIDATES:
            found = requests.validation_in(self._arguments(state, at), label)
            return replace(bare, jobs=self.take(found))
        elif (call.service, call.action) in _STARTS:
            request = self._arguments(state, at)
            self.starts.append(_start(label, {} if isinstance(request, Unknown) else request))
            starts_at_once = call.action in ("startexecution", "startpipelineexecution") and not call.suffix
            tries = 1 if starts_at_once else _attempts(state)  # what is refused has started nothing
            name = request.get("Name") if isinstance(request, dict) else None
            is_taken = call.action == "startexecution" and isinstance(name, str)
            least = 0 if is_taken else 1  # an execution of that name is refused for 90 days (StartExecution)
            shared = _sharing(self._changes(state, "Name", at), at.items)
            return replace(bare, starts=(len(self.starts) - 1,), least=least, tries=tries, items_of_a_name=shared)
        return bare

    def _job(self, label: str, state: Mapping[str, Any], at: _Place, call: _ServiceCall | None, bare: Step) -> Step:
        waits = None if call is None else call.suffix.startswith("sync")
        request = self._arguments(state, at)
        timeout = state.get("TimeoutSeconds", self._timeout)  # that of the whole machine stops what it waits for too
        job = transform_job(
            request,
            label,
            waits=waits,
            timeout_s=Unknown("TimeoutSecondsPath")
            if timeout is None and "TimeoutSecondsPath" in state
            else _whole(self._resolved(timeout, "TimeoutSeconds", at)),
            attempts=1 if waits is False else _attempts(state),
        )
        changes = self._changes(state, "TransformJobName", at)
        is_fixed = isinstance(job.name, str) or not changes & {"always", "execution"}
        attempts = job.attempts if "try" in changes else 1
        names = at.items.most if "item" in changes else 1
        if is_fixed:
            names = None if names is None or attempts is None else names * attempts
            job = replace(job, has_fixed_name=True, attempts=attempts, names=names)
        self.jobs.append(job)
        return replace(
            bare,
            jobs=(len(self.jobs) - 1,),
            least=1 if changes & {"always", "execution", "given"} else 0,
            tries=job.attempts,
            items_of_a_name=_sharing(changes, at.items),
        )

    # Values

    def _arguments(self, state: Mapping[str, Any], at: _Place) -> dict[str, Any] | Unknown:
        """The request of a task; its whole input where it says nothing else."""
        name = "Arguments" if at.language == "JSONata" else "Parameters"
        written = state.get(name)
        if written is None:
            return dict(at.known) or Unknown("the request is the input of its state, which is not known")
        value = self._resolved(written, name, at)
        if isinstance(value, Unknown):
            return Unknown(f"{value.reason}: everything in it is unknown")
        return value if isinstance(value, dict) else Unknown(f"{name} is no object")

    def _resolved(self, value: Any, name: str, at: _Place) -> Any:
        """A value with its expressions as far as they are known."""
        if isinstance(value, Mapping):
            found: dict[str, Any] = {}
            for key, item in value.items():
                if at.language == "JSONPath" and isinstance(key, str) and key.endswith(".$"):
                    found[key[:-2]] = self._at(item, key[:-2], at.known)
                else:
                    found[key] = self._resolved(item, str(key), at)
            return found
        if isinstance(value, list):
            return [self._resolved(item, name, at) for item in value]
        if at.language == "JSONata" and isinstance(value, str) and value.startswith("{%"):
            return Unknown(f"{name} is {'one' if name == 'Arguments' else 'a'} JSONata expression")
        return plain(value, name)

    def _at(self, path: Any, name: str, known: _KnownInput) -> Any:
        """What a JSONPath leads to, in the input of a state or of the execution."""
        where: Any = known
        if isinstance(path, str) and path.startswith("$$.Execution.Input"):
            path, where = f"${path.removeprefix('$$.Execution.Input')}", self.given
        if path == "$" and where:
            return where.get(_WHOLE, dict(where))
        if isinstance(path, str) and _PATH.fullmatch(path):
            for part in path.split(".")[1:]:
                where = where.get(part) if isinstance(where, Mapping) else None
            if where is not None:
                return plain(where, name)
        return Unknown(f"{name} is {str(path)[:80]}, which is known only when it runs")

    def _changes(self, state: Mapping[str, Any], field: str, at: _Place) -> set[_Changes]:
        """What a task's job name varies with: ``{"execution"}`` of ``$$.Execution.Name``, nothing of a literal.

        A placeholder is filled in once, when it is deployed. ``States.Format('nightly-{}', $$.StateMachine.Name)`` is
        the same each time, and what has ``$$.Execution.Name`` in it in each execution. A value of the input that a
        schedule gives is the same each time too.
        """
        written = state.get("Parameters" if at.language == "JSONPath" else "Arguments")
        if not isinstance(written, Mapping):
            return {"always"}
        name = written.get(field)
        path = written.get(f"{field}.$") if at.language == "JSONPath" else None
        is_expression = at.language == "JSONata" and isinstance(name, str) and name.startswith("{%")
        if name is not None and not is_expression:
            return set()
        expression = path if name is None else name
        if not isinstance(expression, str):
            return {"always"}
        changes: set[_Changes] = set()
        expression = expression.replace("$states.context.", "$$.").replace("$states.input.", "$.")
        for token in _TOKEN.findall(expression):
            is_known = token.startswith("$") and not isinstance(self._at(token, field, at.known), Unknown)
            change: _Changes | None = "given" if is_known else None
            if token.startswith("$") and not is_known:
                change = next((how for what, how in _CONTEXT if token.startswith(what)), "always")
                if token.startswith("$$.Map.Item.Value") and not at.items.are_written:
                    change = "always"
            if change is not None:
                changes.add(change)
        return {"always"} if _VARIES.search(_TOKEN.sub("", expression)) else changes

    # What is known where

    def _input(self, state: Mapping[str, Any], at: _Place) -> _KnownInput:
        """What its paths begin at: all that a state is given, or the part of it that its InputPath says."""
        if at.language != "JSONPath" or _keeps(state, "InputPath"):
            return at.known
        part = self._at(state["InputPath"], "InputPath", at.known)
        return part if isinstance(part, dict) else {}

    def _inputs(self, states: Mapping[str, Any], start: str, at: _Place) -> dict[str, _KnownInput]:
        """The known input of each state: what all ways to it agree on."""
        inputs = {start: at.known}
        pending = deque([start])
        while pending:
            name = pending.popleft()
            state = states.get(name)
            if not isinstance(state, Mapping):
                continue
            for after, output in self._outputs(state, _in_its_language(state, at)._replace(known=inputs[name])):
                before = inputs.get(after)
                met = (
                    output if before is None else {key: before[key] for key in before if output.get(key) == before[key]}
                )
                if before is None or len(met) < len(before):
                    inputs[after] = met
                    pending.append(after)
        return inputs

    def _outputs(self, state: Mapping[str, Any], at: _Place) -> Iterator[tuple[str, _KnownInput]]:
        """The input that a state passes to each state after it, as far as it is known."""
        kind, caught, is_path = state.get("Type"), objects(state.get("Catch")), at.language == "JSONPath"
        output = known = at.known
        if not _keeps(state, "InputPath", "OutputPath", "ResultSelector", "Output"):
            output = {}
        elif kind == "Pass" and is_path and ("Result" in state or "Parameters" in state):
            result = state["Result"] if "Result" in state else self._resolved(state["Parameters"], "it", at)
            output = _put(known, state.get("ResultPath", "$"), result)
        elif kind == "Pass" and is_path and state.get("ResultPath", "$") != "$":
            output = _put(known, state["ResultPath"], None)  # its own input, which lies under that name then
        elif kind in ("Task", "Map", "Parallel"):
            output = known if is_path and "ResultPath" in state else {}
            output = _put(output, state.get("ResultPath", "$"), None)
        catches = [(name, each) for each in caught if isinstance(name := each.get("Next"), str)]
        names = {name for name, _ in catches}
        yield from ((name, output) for name in _nexts(state) if name not in names)
        yield from ((name, _put(known, each.get("ResultPath", "$"), None)) for name, each in catches)

    def _items(self, state: Mapping[str, Any], at: _Place) -> tuple[int, int | None, bool]:
        """For how many items a map runs, at least and at most, and whether all that they are is known."""
        least, most, are_written = 0, None, False
        reader = state.get("ItemReader")
        if isinstance(reader, Mapping):
            config = reader.get("ReaderConfig")
            most = _count(config.get("MaxItems")) if isinstance(config, Mapping) else None
        else:
            if at.language == "JSONata":
                items: Any = self._resolved(state.get("Items"), "Items", at)
            else:
                items = self._at(state.get("ItemsPath", "$"), "ItemsPath", at.known)
            # of the whole input only some names are known
            is_whole = at.language == "JSONata" or state.get("ItemsPath", "$") != "$"
            if isinstance(items, list) or (isinstance(items, dict) and is_whole):
                least = most = len(items)
                are_written = _is_known(items)
        batcher = state.get("ItemBatcher")
        if isinstance(batcher, Mapping):
            size = _count(batcher.get("MaxItemsPerBatch"))
            fewest = ceil(least / size) if size else min(least, 1)
            is_exact = size is not None and not any(name.startswith("MaxInputBytes") for name in batcher)
            return fewest, ceil(most / size) if most is not None and size and is_exact else most, False
        return least, most, are_written


def _in_its_language(state: Mapping[str, Any], at: _Place) -> _Place:
    return at._replace(language=str(state.get("QueryLanguage") or at.language))


def _is_known(value: Any) -> bool:
    """Whether all that stands in a value is known."""
    if isinstance(value, (list, Mapping)):
        return all(map(_is_known, value.values() if isinstance(value, Mapping) else value))
    return not isinstance(value, Unknown)


def _is_distributed(processor: Mapping[str, Any]) -> bool:
    """Whether a map runs an execution of its own for each item, which has a name of its own."""
    config = processor.get("ProcessorConfig")
    return isinstance(config, Mapping) and config.get("Mode") == "DISTRIBUTED"


def _sharing(changes: set[_Changes], items: _Items) -> int:
    """How many items of one execution ask for the same name at least; 1 where each has its own."""
    return 1 if changes & {"always", "item"} else items.fewest


def _start(label: str, request: Mapping[str, Any]) -> Start:
    """What a request starts: a state machine by its ARN, a pipeline by its name."""
    target = request.get("StateMachineArn", request.get("PipelineName"))
    given = request.get("Input")
    if "PipelineName" in request:
        given = named_values(request.get("PipelineParameters"))
    return Start(target=target if isinstance(target, (str, Unknown)) else None, given=given, label=label)


def _call(resource: Any) -> _ServiceCall | None:
    """What the resource of a task calls, ``arn:aws:states:::sagemaker:createTransformJob.sync`` for example."""
    text = resource.partial if isinstance(resource, Unknown) else resource
    found = _CALL.search(text) if isinstance(text, str) else None
    return None if found is None else _ServiceCall(found[1].lower(), found[2].lower(), (found[3] or "").lower())


def _looks_like_one(state: Mapping[str, Any]) -> bool:
    """Whether a task whose resource is filled in elsewhere gives it the request of a transform job."""
    resource = state.get("Resource")
    is_open = isinstance(resource, Unknown) or (isinstance(resource, str) and "${" in resource)
    written = [state.get(name) for name in ("Parameters", "Arguments")]
    return is_open and any(isinstance(each, Mapping) and "TransformResources" in each for each in written)


def _nexts(state: Mapping[str, Any]) -> Iterator[str]:
    """The names of the states that may come next: by Next, the rules and the default of a choice, and Catch."""
    for name in (state.get("Next"), state.get("Default")):
        if isinstance(name, str):
            yield name
    for key in ("Choices", "Catch"):
        for rule in objects(state.get(key)):
            if isinstance(name := rule.get("Next"), str):
                yield name


def _attempts(state: Mapping[str, Any]) -> int | None:
    """How often a state is tried at most where each try may bill: once, and again for every retrier.

    What is retried because the request was refused has started no job. None where that is an expression.
    """
    tries = 1
    for retrier in objects(state.get("Retry")):
        errors = retrier.get("ErrorEquals")
        names = [each for each in errors if isinstance(each, str)] if isinstance(errors, list) else []
        if names and all(map(_REFUSED.fullmatch, names)):
            continue
        more = retrier.get("MaxAttempts", _DEFAULT_ATTEMPTS)
        more = _count(more, zero=True)
        if more is None:
            return None
        tries += more
    return tries


def _count(value: Any, *, zero: bool = False) -> int | None:
    """A whole number above 0, or from 0 on; None for anything else."""
    if isinstance(value, str) and value.isdecimal() and len(value) < 10:  # noqa: PLR2004 - more than anybody has
        value = int(value)
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return value if is_whole and 0 <= value <= 2**31 and (value or zero) else None


def _whole(value: Any) -> int | Unknown | None:
    if isinstance(value, Unknown) or value is None:
        return value
    count = _count(value, zero=True)
    return Unknown("TimeoutSeconds is no whole number") if count is None else count


def _keeps(state: Mapping[str, Any], *names: str) -> bool:
    """Whether a state hands on all of what it is given, under the names that it has."""
    return all(state.get(name, "$") == "$" for name in names)


def _put(known: _KnownInput, path: Any, result: Any) -> _KnownInput:
    """What is known once a result is put into it; the result None is one that nobody knows."""
    if path is None:
        return known
    if path == "$":
        return dict(result) if isinstance(result, Mapping) else {_WHOLE: result} if isinstance(result, list) else {}
    top, _, rest = str(path).removeprefix("$.").partition(".")
    left = {key: value for key, value in known.items() if key != top}
    return left if rest or result is None else {**left, top: result}
