"""Terraform and OpenTofu plans as JSON (``terraform show -json``): what stands before the change, and what after it.

The format is described at developer.hashicorp.com/terraform/internals/json-format. Only the resources that matter are
decoded, so the cost of reading follows the bytes of a plan, not the number of its resources.
"""

import os
from collections.abc import Container, Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from guardrail.errors import SourceError
from guardrail.model import Change, ChangeSet, Coverage, Skipped, Unknown
from guardrail.sources.base import AFTER_APPLY, LOST, Block, Reference
from guardrail.sources.declarations import Unsupported
from guardrail.sources.document import SHOW_HINT, Document, without_trailing_noise
from guardrail.sources.document import read as read_document
from guardrail.sources.link import Linked, Side
from guardrail.sources.plan_view import PlanView
from guardrail.sources.providers import ProviderConfig, Providers
from guardrail.sources.references import ConfigModule, Configuration, Scope, scope_of
from guardrail.sources.regions import Regions
from guardrail.sources.spellings import TERRAFORM_TYPES, spelling_of
from guardrail.sources.vocabulary import declare

if TYPE_CHECKING:
    from guardrail.sources.hcl.outline import Outline

_MANAGED = "managed"
_PLAIN_ACTIONS: tuple[Change, ...] = ("create", "update", "delete", "forget")


_ABSENT = Raw(b"")


class _Head(Struct):
    """What tells whether the rest is worth decoding."""

    mode: str = _MANAGED
    type: str = ""
    address: str = ""
    deposed_key: str | None = None


class _Change(Struct):
    actions: tuple[str, ...]
    before: Any = None
    after: Any = None
    after_unknown: Any = None
    before_sensitive: Any = None
    after_sensitive: Any = None


class _ResourceChange(Struct):
    change: _Change
    address: str
    type: str = ""
    name: str = ""
    index: str | int | None = None
    module_address: str | None = None
    provider_name: str = ""
    previous_address: str | None = None
    deposed: str | None = None


class _StateResource(Struct):
    address: str
    type: str = ""
    name: str = ""
    index: str | int | None = None
    provider_name: str = ""
    values: Any = None
    sensitive_values: Any = None
    deposed_key: str | None = None


class _StateModule(Struct):
    address: str | None = None
    resources: list[Raw] = []
    child_modules: "list[_StateModule]" = []


class _StateValues(Struct):
    root_module: _StateModule | None = None


class _State(Struct):
    values: _StateValues | None = None


class _Variable(Struct):
    value: Any = None


class _ConfigurationDocument(Struct):
    provider_config: dict[str, ProviderConfig] = {}
    root_module: ConfigModule | None = None


class _Deferred(Struct):
    reason: str = ""
    resource_change: Raw = Raw(b"{}")


class _Plan(Struct):
    format_version: Any = None
    plan_format_version: Any = None
    lineage: Any = None
    resource_changes: list[Raw] | None = None
    resource_drift: list[Raw] | None = None
    deferred_changes: list[_Deferred] | None = None
    prior_state: _State | None = None
    configuration: _ConfigurationDocument | None = None
    variables: dict[str, _Variable] | None = None
    values: _StateValues | None = None
    planned_values: Raw = _ABSENT
    errored: bool | None = None
    complete: bool | None = None


_plan_decoder = msgspec.json.Decoder(_Plan)
_head_decoder = msgspec.json.Decoder(_Head)
_change_decoder = msgspec.json.Decoder(_ResourceChange)
_state_decoder = msgspec.json.Decoder(_StateResource)


def recognizes(path: str) -> bool:
    """Every path is taken for a plan, so that what is none can be refused with a helpful line."""
    return bool(path)


def read(path: str, *, region: str | None = None, source: str | None = None) -> ChangeSet:
    """The change set of the plan, or the stock of the state, at ``path`` ("-" for standard input).

    ``region`` is for resources whose region is told by nothing in the plan, ``source`` is the directory that the plan
    was made from; None for the working directory, if the plan's blocks are written there. Raises `SourceError` for
    anything that is not a plan or state in JSON, for an unsupported major format version, and for a plan that failed.
    """
    try:
        document, plan = _decode(read_document(path))
        version = _format_version(path, plan, document)
        if plan.errored:
            hint = "mend the errors of 'terraform plan' first"
            raise SourceError(f"{path} is a plan that failed, so it does not tell what will be", hint=hint)
        if _is_state(plan):
            return _read_state(path, plan, version, document.notices, region)
        return _PlanReader(path, plan, region, source).change_set(version, document.notices)
    except msgspec.ValidationError as error:
        raise SourceError(f"{path} is not a plan: {_lower(error)}", hint=SHOW_HINT) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SourceError(f"{path} is not valid JSON: {_lower(error)}", hint=SHOW_HINT) from None
    except RecursionError:
        raise SourceError(f"{path} is nested too deeply to be a plan", hint=SHOW_HINT) from None


def _decode(document: Document) -> tuple[Document, _Plan]:
    try:
        return document, _plan_decoder.decode(document.content)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError as error:
        shorter = without_trailing_noise(document, error)
        if shorter is None:
            raise
        return shorter, _plan_decoder.decode(shorter.content)


def _lower(error: Exception) -> str:
    text = str(error).removeprefix("JSON is malformed: ")
    return text[:1].lower() + text[1:]


def _format_version(path: str, plan: _Plan, document: Document) -> str:
    """The format version, of major 0 or 1. Raises `SourceError` for any other, and where there is none."""
    version = plan.format_version
    if version is None:
        if plan.plan_format_version is not None:
            raise SourceError(f"{path} is the redacted plan of a cloud backend, without its values", hint=SHOW_HINT)
        if plan.lineage is not None:
            raise SourceError(f"{path} is a raw state file", hint="terraform show -json > state.json")
        raise SourceError(f"{path} is JSON, but neither a plan nor a state: it has no format_version", hint=SHOW_HINT)
    major = str(version).partition(".")[0]
    if major not in ("0", "1"):
        raise SourceError(
            f"{path} has plan format {str(version)[:20]!r}; this version of guardrail reads 0.x and 1.x",
            hint="upgrade guardrail",
        )
    _refuse_other_documents(path, plan, document)
    return str(version)


def _refuse_other_documents(path: str, plan: _Plan, document: Document) -> None:
    """Other commands write documents with a format_version too; an empty state is nothing but that."""
    if any((plan.resource_changes, plan.prior_state, plan.configuration, plan.values, len(plan.planned_values))):
        return
    keys = msgspec.json.decode(document.content, type=dict[str, Raw]).keys()
    if plan.resource_changes is None and keys - {
        "format_version",
        "terraform_version",
        "checks",
        "values",
        "timestamp",
    }:
        raise SourceError(f"{path} is JSON of Terraform's, but neither a plan nor a state", hint=SHOW_HINT)


def _is_state(plan: _Plan) -> bool:
    return plan.values is not None or not any(
        (plan.resource_changes is not None, plan.prior_state, plan.configuration, len(plan.planned_values))
    )


def _read_state(path: str, plan: _Plan, version: str, notices: tuple[str, ...], region: str | None) -> ChangeSet:
    """A state tells what runs today, and nothing of a past."""
    nothing = Configuration(ConfigModule())
    regions = Regions(Providers({}, nothing, {}), nothing, tuple)
    blocks = []
    for resource, _ in _state_resources(plan.values):
        view = PlanView(
            resource.values if isinstance(resource.values, dict) else {},
            spelling_of(resource.type),
            unknown=None if isinstance(resource.values, dict) else True,
            marks=resource.sensitive_values,
        )
        blocks.append(
            Block(
                address=resource.address + (f" (deposed {resource.deposed_key})" if resource.deposed_key else ""),
                type=resource.type,
                provider="",
                region=regions.of(view, ""),
                attributes=view,
                change="no-op",
                references=_lost,
                key=resource.index,
            )
        )
    linked = Side(map(declare, blocks), region=region).linked()
    return ChangeSet(
        path=path,
        kind="terraform-state",
        format_version=version,
        after=linked.inventory,
        skipped=linked.skipped,
        coverage=_coverage(linked.skipped, linked),
        notices=notices,
    )


class _PlanReader:
    """One plan, with its configuration and regions at hand."""

    def __init__(self, path: str, plan: _Plan, region: str | None, source: str | None) -> None:
        self._path = path
        self._plan = plan
        self._region = region
        written = plan.configuration or _ConfigurationDocument()
        self._configuration = Configuration(written.root_module or ConfigModule())
        variables = {name: variable.value for name, variable in (plan.variables or {}).items()}
        self._providers = Providers(written.provider_config, self._configuration, variables)
        self._regions = Regions(self._providers, self._configuration, self._known_data_regions)
        self._notices: list[str] = []
        self._source = source
        self._outline: Outline | None = None

    def change_set(self, version: str, notices: tuple[str, ...]) -> ChangeSet:
        """Both sides, joined."""
        changes = [_change_decoder.decode(raw) for raw in self._plan.resource_changes or () if _is_relevant(raw)]
        standing = self._standing(changes)
        self._outline = _outline(self._source, changes)
        for change in changes:
            self._configuration.add_instance(_scope(change), change.type, change.name, change.address)
        for resource, scope in standing:
            self._configuration.add_instance(scope, resource.type, resource.name, resource.address)
        befores: list[Block] = []
        afters: list[Block] = []
        for change in changes:
            self._split(change, befores, afters)
        for resource, scope in standing:
            resource.address += f" (deposed {resource.deposed_key})" if resource.deposed_key else ""
            block = self._block(resource, scope, "no-op", resource.values, None, resource.sensitive_values)
            befores.append(block)
            afters.append(block)
        return self._joined(befores, afters, version, notices)

    def _joined(self, befores: list[Block], afters: list[Block], version: str, notices: tuple[str, ...]) -> ChangeSet:
        past = [declare(block) for block in befores]
        same = {id(block): declaration for block, declaration in zip(befores, past, strict=True)}
        present = [same.get(id(block)) or declare(block) for block in afters]
        before = Side(past, region=self._region)
        after = Side((*present, *self._deferred()), region=self._region, previous=before)
        linked_before, linked_after = before.linked(), after.linked()
        skipped = _skipped(linked_after, linked_before)
        return ChangeSet(
            path=self._path,
            kind="terraform-plan",
            format_version=version,
            before=linked_before.inventory,
            after=linked_after.inventory,
            complete=self._plan.complete is not False and not self._plan.deferred_changes,
            skipped=skipped,
            coverage=_coverage(skipped, linked_after, linked_before),
            notices=(*notices, *self._notices, *self._drift()),
            waivers=tuple(self._outline.waivers()) if self._outline else (),
        )

    def _split(self, change: _ResourceChange, befores: list[Block], afters: list[Block]) -> None:
        """What one resource change contributes to each side. A moved resource is known by its new address.

        A side that the actions promise and the plan does not tell is there all the same, with nothing known of it.
        """
        scope, inner = _scope(change), change.change
        kind = _kind(inner.actions)
        if change.deposed:
            change.address += f" (deposed {change.deposed})"
        if kind != "create":
            past = self._block(change, scope, kind, inner.before, None, inner.before_sensitive)
            befores.append(past)
            if "forget" in inner.actions:
                self._notices.append(f"{change.address} is no longer managed after this change, but still billed")
                address = f"{change.address} (forgotten)" if "create" in inner.actions else change.address
                afters.append(replace(past, change="forget", address=address))
        if kind == "no-op" and inner.before == inner.after and inner.before_sensitive == inner.after_sensitive:
            afters.append(befores[-1])
        elif kind not in ("delete", "forget"):
            unknown, marks = inner.after_unknown, inner.after_sensitive
            afters.append(self._block(change, scope, kind, inner.after, unknown, marks))

    def _standing(self, changes: list[_ResourceChange]) -> list[tuple[_StateResource, Scope]]:
        """What is there and the plan does not speak of: with -target and -refresh-only most of what is billed."""
        spoken_of: set[tuple[str | None, str | None]] = {
            (address, change.deposed) for change in changes for address in (change.address, change.previous_address)
        }
        state = self._plan.prior_state
        return list(_state_resources(state.values if state else None, spoken_of))

    def _block(
        self,
        resource: "_ResourceChange | _StateResource",
        scope: Scope,
        change: Change,
        values: Any,
        unknown: Any,
        marks: Any,
    ) -> Block:
        written = self._configuration.resource(scope.names, resource.type, resource.name)
        key = self._providers.key_of((written.provider_config_key or "") if written else "", resource.provider_name)
        places = self._outline.places(scope.names, resource.type, resource.name) if self._outline else None
        view = PlanView(
            values if isinstance(values, dict) else {},
            spelling_of(resource.type),
            unknown=unknown if isinstance(values, dict) else True,
            marks=marks,
            expressions=written.expressions if written else None,
            is_constant=None if written is None else partial(self._configuration.is_constant, scope, written),
            places=places,
        )
        return Block(
            address=resource.address,
            type=resource.type,
            provider=(written.provider_config_key or "") if written else "",
            region=self._regions.of(view, key),
            attributes=view,
            change=change,
            references=_lost if written is None else partial(self._configuration.resolve, scope, written),
            key=resource.index,
            default_tags=self._providers.default_tags(key),
            location=None if places is None else places.start,
        )

    def _deferred(self) -> Iterator[Unsupported]:
        """Changes that Terraform put off because it cannot know yet what they are."""
        for deferred in self._plan.deferred_changes or ():
            if _is_relevant(deferred.resource_change):
                change = _change_decoder.decode(deferred.resource_change)
                reason = f"deferred by Terraform: {deferred.reason.replace('_', ' ') or 'no reason given'}"
                yield Unsupported(
                    address=change.address,
                    type=change.type,
                    provider="",
                    region=Unknown(AFTER_APPLY),
                    change="create",
                    reason=reason,
                    affects_total=True,
                )

    def _drift(self) -> Iterator[str]:
        """One sentence for each relevant resource that was changed outside Terraform; names of attributes only.

        What only went from unset to empty is no drift: a provider writes ``null`` and reads back ``{}``.
        """
        for raw in self._plan.resource_drift or ():
            if not _is_relevant(raw):
                continue
            drifted = _change_decoder.decode(raw)
            before, after = drifted.change.before, drifted.change.after
            if "delete" in drifted.change.actions or not isinstance(after, dict) or not isinstance(before, dict):
                yield f"drift: {drifted.address} was deleted outside Terraform"
                continue
            names = sorted(
                name for name in before.keys() | after.keys() if (before.get(name) or None) != (after.get(name) or None)
            )
            if names:
                yield f"drift: {drifted.address} was changed outside Terraform ({', '.join(names)})"

    def _known_data_regions(self) -> Iterator[tuple[str, str]]:
        """Address and region of every ``aws_region`` data source that has been read."""
        state = self._plan.prior_state
        for raw, _ in _raw_state_resources(state.values if state else None):
            head = _head_decoder.decode(raw)
            if head.mode == "data" and head.type in ("aws_region", "awscc_region"):
                resource = _state_decoder.decode(raw)
                values = resource.values if isinstance(resource.values, dict) else {}
                region = values.get("region") or values.get("name") or values.get("id")
                if isinstance(region, str):
                    yield resource.address, region


def _outline(directory: str | None, changes: Iterable[_ResourceChange]) -> "Outline | None":
    """The source of the plan, where it is at hand; nothing is imported where it is not."""
    if directory is None and not any(name.endswith((".tf", ".tofu", ".tf.json")) for name in os.listdir()):
        return None
    from guardrail.sources.hcl.outline import find

    return find(directory, ((_scope(change).names, change.type, change.name) for change in changes))


def _kind(actions: tuple[str, ...]) -> Change:
    if "create" in actions and ("delete" in actions or "forget" in actions):
        return "replace"
    action: Change
    for action in _PLAIN_ACTIONS:
        if action in actions:
            return action
    return "no-op"


def _scope(change: _ResourceChange) -> Scope:
    return scope_of(change.module_address, change.index)


def _lost(_attribute: str, _wanted: frozenset[str]) -> Sequence[Reference]:
    """The references of a block that is not written anywhere in sight."""
    return (LOST,)


def _is_relevant(raw: Raw) -> bool:
    return _matters(_head_decoder.decode(raw))


def _matters(head: _Head) -> bool:
    return head.type in TERRAFORM_TYPES and head.mode == _MANAGED


def _raw_state_resources(values: _StateValues | None) -> Iterator[tuple[Raw, str | None]]:
    pending = [values.root_module] if values and values.root_module else []
    while pending:
        module = pending.pop()
        for raw in module.resources:
            yield raw, module.address
        pending.extend(module.child_modules)


def _state_resources(
    values: _StateValues | None, spoken_of: Container[tuple[str | None, str | None]] = ()
) -> Iterator[tuple[_StateResource, Scope]]:
    """Every resource that matters, but for those whose address and deposed key are ``spoken_of`` elsewhere."""
    for raw, module in _raw_state_resources(values):
        head = _head_decoder.decode(raw)
        if _matters(head) and (head.address, head.deposed_key) not in spoken_of:
            resource = _state_decoder.decode(raw)
            yield resource, scope_of(module, resource.index)


def _skipped(after: Linked, before: Linked) -> tuple[Skipped, ...]:
    """What was skipped on either side; what goes away with this change belongs to no total after it."""
    present = after.modelled | {each.address for each in after.skipped}
    gone = [replace(each, affects_total=False) for each in before.skipped if each.address not in present]
    return tuple(sorted((*after.skipped, *gone), key=lambda each: each.address))


def _coverage(skipped: tuple[Skipped, ...], *sides: Linked) -> Coverage:
    """Counts of blocks on all sides; what is understood on one side and skipped on the other counts as skipped."""
    left_out = {each.address for each in skipped}
    modelled = frozenset[str]().union(*(side.modelled for side in sides)) - left_out
    partial_ = frozenset[str]().union(*(side.partial for side in sides)) & modelled
    return Coverage(
        seen=len(modelled) + len(left_out), modelled=len(modelled), partial=len(partial_), skipped=len(left_out)
    )
