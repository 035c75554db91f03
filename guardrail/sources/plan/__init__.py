"""Terraform and OpenTofu plans as JSON (``terraform show -json``): what stands before the change, and what after it.

The format is described at developer.hashicorp.com/terraform/internals/json-format. Only the resources that matter are
decoded, so the cost of reading follows the bytes of a plan, not the number of its resources.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache, partial
from itertools import chain
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from guardrail import files
from guardrail.model import AFTER_APPLY, Change, ChangeSet, Unknown
from guardrail.sources.base import LOST, STILL_BILLED, Block, Reference
from guardrail.sources.declarations import Declaration, DeclaredWorkflow, Unsupported
from guardrail.sources.hcl.endings import SOURCES
from guardrail.sources.linking.choices import chosen, with_choices
from guardrail.sources.linking.link import Side, coverage, skipped_on, unread_before
from guardrail.sources.plan.format import Moment, PlanDocument, ResourceChange, StateResource, flagged
from guardrail.sources.plan.providers import PlanProviders
from guardrail.sources.plan.references import ConfigModule, Configuration, Scope, Written, scope_of
from guardrail.sources.plan.view import PlanView
from guardrail.sources.providers import Provider, account_of, region_of
from guardrail.sources.vocabulary.kinds import declare
from guardrail.sources.vocabulary.spellings import ASIDE, BUCKETS, ENDPOINT, STARTING_JOBS, spelling_of

if TYPE_CHECKING:
    from guardrail.sources.hcl.beside import SourceBeside
    from guardrail.sources.hcl.outline import Outline
    from guardrail.sources.hcl.places import BlockPlaces

DEFINED_BY = {"aws_sfn_state_machine": "definition", "aws_sagemaker_pipeline": "pipeline_definition"}
"""The arguments that hold a definition, by resource type."""
_PLAIN_ACTIONS: tuple[Change, ...] = ("create", "update", "delete", "forget")


def read(path: str, *, region: str | None = None, source: str | None = None) -> ChangeSet:
    """The change set of the plan, or the stock of the state, at ``path`` ("-" for standard input).

    ``region`` is for resources whose region is told by nothing in the plan, ``source`` is the directory that the plan
    was made from; None for the one that the plan lies in, else the working directory, if the plan's blocks are written
    there. Raises `SourceError` for anything that is not a plan or state in JSON, for an unsupported major format
    version, and for a plan that failed.
    """
    document = PlanDocument(path)
    with document.refusing():
        reader = _PlanReader(path, document, region, source)
        return reader.stock() if document.is_state else reader.change_set()


class MadeFrom(Struct, frozen=True):
    """The source of a plan, and what its variables were given."""

    directory: str
    variables: Mapping[str, Any]


def made_from(path: str, source: str | None = None) -> MadeFrom | None:
    """The source that the plan at ``path`` was made from, where it is at hand: in ``source``, or as `read` finds it.

    None too for a state. Raises `SourceError` as `read` does.
    """
    document = PlanDocument(path)
    with document.refusing():
        if document.is_state:
            return None
        outline = _PlanReader(path, document, None, source).outline()
        return None if outline is None else MadeFrom(outline.directory, document.variables)


class _PlanReader:
    """One plan, with its configuration and regions at hand."""

    def __init__(self, path: str, document: PlanDocument, region: str | None, source: str | None) -> None:
        self._path = path
        self._document = document
        self._region = region
        written = document.configuration
        self._configuration = Configuration(written.root_module or ConfigModule())
        self._providers = PlanProviders(
            written.provider_config, self._configuration, document.variables, partial(_regions_read, document)
        )
        self._source = source
        self._outline: Outline | None = None
        self._beside: SourceBeside | None = None

    def stock(self) -> ChangeSet:
        """What a state tells: what runs today, and nothing of a past."""
        blocks = [self._standing(resource, scope_of(None, resource.index)) for resource, _ in self._document.standing]
        linked = Side(map(declare, blocks), region=self._region).linked()
        return ChangeSet(
            path=self._path,
            kind="terraform-state",
            format_version=self._document.version,
            after=linked.inventory,
            skipped=linked.skipped,
            coverage=coverage(linked.skipped, linked),
            notices=self._document.notices,
        )

    def change_set(self) -> ChangeSet:
        """Both sides, joined."""
        standing = [(resource, scope_of(module, resource.index)) for resource, module in self._document.standing]
        self._outline = self.outline()
        for change, scope in self._changes:
            self._configuration.add_instance(scope, change.type, change.name, change.address)
        for resource, scope in standing:
            self._configuration.add_instance(scope, resource.type, resource.name, resource.address)
        past: list[Declaration] = []
        present: list[Declaration] = []
        for change, scope in chain.from_iterable(self._kinds.values()):
            self._split(change, scope, past, present)
        for resource, scope in standing:
            kept = declare(self._standing(resource, scope))
            past.append(kept)
            present.append(kept)
        return self._joined(past, self._with_source(present))

    def _standing(self, resource: StateResource, scope: Scope) -> Block:
        """A resource that no change names."""
        resource.address += f" (deposed {resource.deposed_key})" if resource.deposed_key else ""
        return self._block(resource, scope, "no-op", Moment(resource.values, flagged(resource.sensitive_values)))

    def outline(self) -> "Outline | None":
        """The source that the plan was made from, where it is at hand."""
        return self._written(((scope.names, each.type, each.name) for each, scope in self._changes))

    @cached_property
    def _changes(self) -> list[tuple[ResourceChange, Scope]]:
        return [(change, scope_of(change.module_address, change.index)) for change in self._document.changes]

    @cached_property
    def _kinds(self) -> dict[str, list[tuple[ResourceChange, Scope]]]:
        """The changes by kind: all of one together are read faster, and their order changes no answer."""
        kinds: dict[str, list[tuple[ResourceChange, Scope]]] = {}
        for each in self._changes:
            kinds.setdefault(spelling_of(each[0].type).kind, []).append(each)
        return kinds

    @cached_property
    def _unasked(self) -> frozenset[str]:
        """The types of which nobody asks anything here: those of buckets, where nothing may start a transform job."""
        types = {change.type for change in self._document.changes} | {each.type for each, _ in self._document.standing}
        return BUCKETS if types.isdisjoint(STARTING_JOBS) else frozenset()

    def _joined(self, past: list[Declaration], present: list[Declaration]) -> ChangeSet:
        before = Side(past, region=self._region)
        declarations = [*present, *self._deferred()]
        after = Side(declarations, region=self._region, previous=before)
        settled = self._settled(after.alternatives)
        if settled:
            declarations = chosen(declarations, settled)
            after = Side(declarations, region=self._region, previous=before)
        linked_before, linked_after = before.linked(), after.linked()
        skipped = skipped_on([linked_after], [linked_before])
        change_set = ChangeSet(
            path=self._path,
            kind="terraform-plan",
            format_version=self._document.version,
            before=linked_before.inventory,
            after=linked_after.inventory,
            unread_before=unread_before([linked_after], [linked_before]),
            complete=self._document.is_complete,
            skipped=skipped,
            coverage=coverage(skipped, linked_after, linked_before),
            notices=(*self._document.notices, *self._forgotten(), *self._unread(), *sorted(self._drift())),
            waivers=tuple(self._outline.waivers()) if self._outline else (),
            moved=self._moved(),
        )
        join = partial(Side, region=self._region, previous=before)
        wanted = AFTER_APPLY if self._outline else "name the directory of its .tf files with --source"
        return with_choices(change_set, declarations, after.alternatives, join, wanted)

    def _with_source(self, present: list[Declaration]) -> list[Declaration]:
        """The declarations with those definitions that the plan does not tell, and the source beside it does."""
        unknown = {
            each.address: place
            for place, each in enumerate(present)
            if type(each) is DeclaredWorkflow and isinstance(each.definition, Unknown)
        }
        beside = self._source_beside() if unknown else None
        if beside is None:
            return present
        from guardrail.sources.jobs.base import decoded  # for the few that run batch transform

        for change, scope in self._changes:
            place = unknown.get(change.address)
            if place is not None and change.type in DEFINED_BY:
                asked = change.type, change.name, change.address, DEFINED_BY[change.type]
                found = decoded(beside.argument(scope.names, *asked), "definition")
                if isinstance(found, dict):
                    present[place] = replace(present[place], definition=found)
        return present

    def _moved(self) -> dict[str, tuple[str, ...]]:
        """What the plan moves, and what ``moved`` blocks in the source beside it say of earlier plans."""
        found: dict[str, tuple[str, ...]] = {}
        for change, _ in self._kinds.get(ENDPOINT, ()):
            earlier = self._outline.previous_addresses(change.address) if self._outline else ()
            last = change.previous_address
            if earlier or last:
                found[change.address] = earlier if last is None or last in earlier else (last, *earlier)
        return found

    def _settled(self, alternatives: Mapping[str, Sequence[str]]) -> dict[str, str]:
        """The configuration of each endpoint that the source decides, with the plan's variables.

        That is source which was named, or lies in the working directory. Source that only lies beside the plan may have
        changed since: it lends lines to findings, and the plan's own bounds, from the least of several to the dearest,
        stay right whatever it says.
        """
        settled: dict[str, str] = {}
        beside = self._source_beside() if alternatives and self._source_is_meant() else None
        for change, scope in self._changes:
            if beside is not None and change.address in alternatives:
                attribute = spelling_of(change.type).of("EndpointConfigName")
                meant = beside.references(scope.names, change.type, change.name, change.address, attribute)
                found = meant.intersection(alternatives[change.address])
                if len(found) == 1:
                    settled[change.address] = found.pop()
        return settled

    def _split(self, change: ResourceChange, scope: Scope, past: list[Declaration], present: list[Declaration]) -> None:
        """What one resource change contributes to each side. A moved resource is known by its new address.

        A side that the actions promise and the plan does not tell is there all the same, with nothing known of it.
        """
        document, actions = self._document, change.change.actions
        kind = _kind(actions)
        if change.deposed:
            change.address += f" (deposed {change.deposed})"
        if change.type in self._unasked:
            return
        if kind != "create":
            block = self._block(change, scope, kind, document.before(change))
            past.append(declare(block))
            if "forget" in actions:
                address = f"{change.address} (forgotten)" if "create" in actions else change.address
                present.append(declare(replace(block, change="forget", address=address)))
        if kind == "no-op" and document.stays(change):
            present.append(past[-1])
        elif kind not in ("delete", "forget"):
            present.append(declare(self._block(change, scope, kind, document.after(change))))

    def _block(self, resource: ResourceChange | StateResource, scope: Scope, change: Change, moment: Moment) -> Block:
        written = self._configuration.written(scope, resource.type, resource.name)
        key = (written.block.provider_config_key or "") if written else ""
        provider = self._provider(key, resource, scope)
        places, ignored, created_first = self._source_of(scope, resource)
        view = _view(resource.type, moment, written, places)
        return Block(
            address=resource.address,
            type=resource.type,
            provider=provider.key if key else "",
            region=region_of(view, provider, self._providers.region_read),
            attributes=view,
            change=change,
            references=_lost if written is None else written.resolve,
            key=resource.index,
            ignored=ignored,
            created_first=created_first,
            account=account_of(view, provider),
            default_tags=provider.default_tags,
            location=None if places is None else places.start,
        )

    def _source_of(
        self, scope: Scope, resource: ResourceChange | StateResource
    ) -> tuple["BlockPlaces | None", tuple[str, ...], bool]:
        """Where the source beside the plan writes a block, and what its ``lifecycle`` ignores and creates first."""
        if self._outline is None:
            return None, (), False
        key = scope.names, resource.type, resource.name
        return self._outline.places(*key), *self._outline.lifecycle(*key)

    def _provider(self, key: str, resource: ResourceChange | StateResource, scope: Scope) -> Provider:
        """The provider configuration of a block, from the source beside the plan where the plan has none."""
        provider = self._providers.of(key, resource.provider_name)
        if isinstance(provider.region, str):
            return provider
        beside = self._source_beside()
        return (beside and beside.provider_of(scope.names, resource.type, resource.name)) or provider

    def _source_beside(self) -> "SourceBeside | None":
        if self._beside is None and self._outline is not None:
            from guardrail.sources.hcl.beside import SourceBeside

            self._beside = SourceBeside(self._outline.directory, self._outline.disk, self._document.variables)
        return self._beside

    def _source_is_meant(self) -> bool:
        """Whether the source is where it was named, or where the run is."""
        here = self._outline is not None and os.path.realpath(self._outline.directory) == os.path.realpath(os.curdir)
        return self._source is not None or here

    def _written(self, blocks: Iterable[tuple[tuple[str, ...], str, str]]) -> "Outline | None":
        """The source that the plan was made from, where it is at hand; nothing is imported where it is not."""
        own = [] if files.is_stream(self._path) else [os.path.dirname(self._path) or os.curdir]
        directories = list(filter(_may_hold_source, dict.fromkeys([*own, os.curdir])))
        if self._source is None and not directories:
            return None
        from guardrail.sources.hcl.outline import find, named

        keys = list(blocks)
        return find(directories, keys, own) if self._source is None else named(self._source, keys)

    def _forgotten(self) -> Iterator[str]:
        """What is billed on and no longer managed."""
        for change in self._document.changes:
            if "forget" in change.change.actions:
                yield f"{change.address} {STILL_BILLED}"

    def _unread(self) -> Iterator[str]:
        """What there is to say once of source beside the plan that lacks something, or is none of it."""
        if self._outline is not None:
            yield from self._outline.doubts(self._path)

    def _deferred(self) -> Iterator[Unsupported]:
        """Changes that Terraform put off because it cannot know yet what they are."""
        for change, reason in self._document.deferred():
            if change.type in ASIDE:
                continue
            yield Unsupported(
                address=change.address,
                type=change.type,
                provider="",
                region=Unknown(AFTER_APPLY),
                change="create",
                location=None,
                ignored=(),
                created_first=False,
                reason=f"deferred by Terraform: {reason}",
                affects_total=True,
            )

    def _drift(self) -> Iterator[str]:
        """One sentence for each resource of SageMaker's that was changed outside Terraform; names of attributes only.

        Scaling, alarms and state machines are where they speak of it: a target of ECS is not ours to report. What only
        went from unset to empty is no drift: a provider writes ``null`` and reads back ``{}``.
        """
        for drifted in self._document.drift():
            before, after = self._document.before(drifted).values, self._document.after(drifted).values
            if drifted.type in ASIDE or "sagemaker" not in f"{drifted.type} {before} {after}".lower():
                continue
            if "delete" in drifted.change.actions or not isinstance(after, dict) or not isinstance(before, dict):
                yield f"drift: {drifted.address} was deleted outside Terraform"
                continue
            names = sorted(
                name for name in before.keys() | after.keys() if (before.get(name) or None) != (after.get(name) or None)
            )
            if names:
                yield f"drift: {drifted.address} was changed outside Terraform ({', '.join(names)})"


def _regions_read(document: PlanDocument) -> Iterator[tuple[str, str]]:
    """Address and region of every ``aws_region`` data source that has been read."""
    for resource in document.data(("aws_region", "awscc_region")):
        values = resource.values if isinstance(resource.values, dict) else {}
        region = values.get("region") or values.get("name") or values.get("id")
        if isinstance(region, str):
            yield resource.address, region


def _may_hold_source(directory: str) -> bool:
    """Whether there is a file of Terraform's in a directory."""
    try:
        return any(name.endswith(SOURCES) for name in os.listdir(directory))
    except OSError:
        return False


def _view(type_: str, moment: Moment, written: Written | None, places: "BlockPlaces | None") -> PlanView:
    """The attributes of a resource at one moment; of one of which nothing is told, none is known."""
    values, is_told = moment.values, isinstance(moment.values, dict)
    return PlanView(
        values if is_told else {},
        spelling_of(type_),
        moment.marks,
        places,
        unknown=moment.unknown if is_told else True,
        written=written,
    )


@lru_cache(maxsize=64)
def _kind(actions: tuple[str, ...]) -> Change:
    if "create" in actions and ("delete" in actions or "forget" in actions):
        return "replace"
    action: Change
    for action in _PLAIN_ACTIONS:
        if action in actions:
            return action
    return "no-op"


def _lost(_attribute: str, _wanted: frozenset[str]) -> Sequence[Reference]:
    """The references of a block that neither the plan's configuration nor source beside it declares."""
    return (LOST,)
