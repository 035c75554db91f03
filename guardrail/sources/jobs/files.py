"""Definitions as files of their own: ``guardrail check pipeline.json``, ``score.asl.yaml``, a request, an answer."""

import os
from typing import TYPE_CHECKING

from msgspec.structs import replace

from guardrail import files, limits
from guardrail.errors import GitError, MalformedError, SourceError
from guardrail.model import ChangeSet, Coverage, Inventory, Skipped, Workflow

if TYPE_CHECKING:
    from guardrail.git import Commit
    from guardrail.sources.jobs.base import Definition

_DIRECTIVES = "it is a template of Terraform's, and what its directives make of it is not known here"


def read(path: str, region: str | None = None, past: "Commit | None" = None) -> ChangeSet:
    """The jobs of the definition at ``path`` ("-" for standard input), and those that it had in the ``past``.

    Raises `SourceError` where it cannot be read, or is no definition after all.
    """
    definition, text = _definition(path, _content(path))
    workflow = _workflow(path, region, definition)
    elsewhere = (f"what it starts at {start.label} is not here, and in no total" for start in definition.starts)
    doubts = (*definition.doubts, *elsewhere, *([_DIRECTIVES] if "%{" in text else []))
    skipped = tuple(
        Skipped(address=workflow.address, type="definition", reason=doubt, affects_total=True) for doubt in doubts
    )
    before, said = (None, []) if past is None else _before(path, region, past)
    if before is not None and before.workflows:
        same = replace(workflow, change="no-op")
        workflow = same if before.workflows == (same,) else replace(workflow, change="update")
        before = replace(before, workflows=tuple(replace(each, change=workflow.change) for each in before.workflows))
    return ChangeSet(
        path=path,
        kind="definition",
        before=before,
        after=Inventory(workflows=(workflow,) if definition.jobs else (), other_jobs=definition.others),
        skipped=skipped[:1],
        coverage=Coverage(
            seen=1,
            modelled=int(not skipped),
            partial=int(workflow.is_partial and not skipped),
            skipped=int(bool(skipped)),
        ),
        notices=tuple(said),
        is_past_unreadable=bool(said),
    )


def _before(path: str, region: str | None, past: "Commit") -> tuple[Inventory | None, list[str]]:
    """The inventory of a definition in the compared commit, None where it is unknown, and the notices about it."""
    try:
        content = past.read(path)
        if content is None:
            return Inventory(), []
        definition, _ = _definition(path, content)
        if definition.doubts:
            return None, [f"what stood before is not known: {definition.doubts[0]}"]
    except GitError:
        raise
    except SourceError as error:
        return None, [f"what stood before is not known: {error.message}"]
    workflow = replace(_workflow(path, region, definition), change="no-op")
    return Inventory(workflows=(workflow,) if definition.jobs else ()), []


def _definition(path: str, content: bytes) -> "tuple[Definition, str]":
    """What a definition says, and its text. Raises `SourceError`."""
    from guardrail.sources.jobs import base, definitions
    from guardrail.sources.template.text import encoding_of

    try:
        text = content.decode(encoding_of(content))
    except UnicodeDecodeError:
        raise SourceError(f"{path} is not text in UTF-8 or UTF-16", hint="save it with UTF-8 encoding") from None
    try:
        found = definitions.read(base.value_of(text))
    except MalformedError as error:
        raise SourceError(error.at(path)) from None
    except RecursionError:
        raise SourceError(f"{path} is nested too deeply") from None
    if found is None:
        raise SourceError(
            f"{path} is no state machine, pipeline or request of a transform job",
            hint="guardrail check pipeline.json, score.asl.json or a CreateTransformJob request",
        )
    return found, text


def _workflow(path: str, region: str | None, found: "Definition") -> Workflow:
    from guardrail.sources.base import NO_REGION

    address = os.path.basename(path) if path != "-" else "-"
    return Workflow(
        address=address,
        type="definition",
        name=address,
        region=region or found.region or NO_REGION,
        tags=found.tags,
        jobs=found.jobs,
        flow=found.flow,
        once=found.once,
        change="create",
    )


def _content(path: str) -> bytes:
    try:
        return files.stream(path) if files.is_stream(path) else files.content(path, most=limits.LARGEST_FILE)
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror or error}") from None
