"""The JSON of plans and states: decoded as far as SageMaker inference needs it, refused where it contradicts itself.

Described at developer.hashicorp.com/terraform/internals/json-format. Only the resources that matter are decoded, so the
cost of reading follows the bytes of a document, not the number of its resources.

A document that was cut, merged or edited says less than was billed, and nothing in it looks wrong. So what it says
twice has to agree: the planned values of a resource are those of its change (Terraform writes both from one value), an
address stands once, and no object has a key twice, of which every reader would see the last alone.
"""

from codecs import getincrementaldecoder
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager, suppress
from enum import Enum
from functools import cache
from typing import Any, Generic, Self, TypeAlias, TypeVar

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from guardrail.errors import SourceError
from guardrail.limits import MEBIBYTE
from guardrail.sources.base import InstanceKey
from guardrail.sources.plan.document import SHOW_HINT, JsonText, without_trailing_noise
from guardrail.sources.plan.document import read as read_document
from guardrail.sources.plan.providers import ProviderConfig
from guardrail.sources.plan.references import ConfigModule
from guardrail.sources.vocabulary.spellings import TERRAFORM_TYPES

_MANAGED = "managed"
_MODES = frozenset({_MANAGED, "data", "ephemeral"})
_ACTIONS = frozenset({"no-op", "create", "read", "update", "delete", "forget"})
_OF_PLANS = frozenset({"resource_changes", "planned_values", "prior_state", "configuration"})
_OF_STATES = frozenset({"format_version", "terraform_version", "checks", "values", "timestamp"})
_ABSENT, _NULL, _NONE = Raw(b""), Raw(b"null"), Raw(b"[]")
_DEFINITIONS = {"state machine": {"StartAt", "States"}, "SageMaker pipeline": {"Version", "Steps"}}
"""What people may take for an input, by the members that tell it."""
_LONGEST = 200
_Place: TypeAlias = tuple[str, str | None]
"""The address of a resource, and which of those it is that were deposed there."""
_R = TypeVar("_R", bound=Struct)
_S = TypeVar("_S")
_T = TypeVar("_T")
_MOST_SCANS = 16
"""How often the bytes of a tree of modules may be gone through: once for each level that they lie below."""


class _Head(Struct, gc=False):
    """The members that decide whether the rest of a resource is decoded: its type and mode. None holds another."""

    mode: str | UnsetType = UNSET
    type: str = ""
    address: str = ""
    deposed_key: str | None = None
    values: Raw = _NULL


class _WrittenSides(Struct, kw_only=True, omit_defaults=True):
    """The ``change`` of one resource, undecoded, with its members in Terraform's order."""

    actions: tuple[str, ...]
    before: Raw = _NULL
    after: Raw = _NULL
    after_unknown: Raw = _NULL
    before_sensitive: Raw = _NULL
    after_sensitive: Raw = _NULL
    replace_paths: Raw = _NULL
    importing: Raw = _NULL
    generated_config: Raw = _NULL


class ResourceChange(Struct, kw_only=True, omit_defaults=True):
    """An entry of ``resource_changes``, with its members in Terraform's order.

    `PlanDocument.before` and `PlanDocument.after` tell from what it changes to what.
    """

    address: str = ""
    previous_address: str | None = None
    module_address: str | None = None
    mode: str | UnsetType = UNSET
    type: str = ""
    name: str = ""
    index: InstanceKey = None
    provider_name: str = ""
    deposed: str | None = None
    change: _WrittenSides
    action_reason: Raw = _NULL


class Moment(Struct):
    """What one resource is before a change, or after it: its values, which are sensitive, which are known later."""

    values: Any
    marks: Any
    unknown: Any = None


class StateResource(Struct):
    """One resource of a state, or of the planned values."""

    address: str
    type: str = ""
    name: str = ""
    index: InstanceKey = None
    provider_name: str = ""
    values: Any = None
    sensitive_values: Any = None
    deposed_key: str | None = None


class _PlanVariable(Struct):
    value: Any = None


class WrittenConfiguration(Struct):
    """The configuration that a plan was made from."""

    provider_config: dict[str, ProviderConfig] = {}
    root_module: ConfigModule | None = None


class _Deferred(Struct):
    reason: str = ""
    resource_change: Raw = Raw(b"{}")


class _PlannedModule(Struct):
    resources: list[_Head] = []
    child_modules: "list[_PlannedModule]" = []

    def all_resources(self) -> Iterator[_Head]:
        """Its own, and those of the modules in it."""
        pending = [self]
        while pending:
            module = pending.pop()
            yield from module.resources
            pending += module.child_modules


class _PlannedValues(Struct, frozen=True):
    root_module: _PlannedModule | None = None


class _StateModule(Struct):
    """A module of a state, with its resources and other values undecoded."""

    resources: list[Raw] | UnsetType = UNSET
    child_modules: "list[_StateModule] | UnsetType" = UNSET
    address: Raw = _ABSENT


class _StateValues(Struct):
    root_module: _StateModule | UnsetType = UNSET
    outputs: Raw = _ABSENT


class _PriorState(Struct):
    """The state that a plan was made on."""

    values: _StateValues | UnsetType = UNSET
    format_version: Raw = _ABSENT
    terraform_version: Raw = _ABSENT
    checks: Raw = _ABSENT


class _Plan(Struct, Generic[_S]):
    """The members of a plan or state, decoded when a reader asks for them."""

    format_version: Raw = _ABSENT
    plan_format_version: Raw = _ABSENT
    lineage: Raw = _ABSENT
    terraform_version: Raw = _ABSENT
    timestamp: Raw = _ABSENT
    resource_changes: list[Raw] | UnsetType | None = UNSET
    resource_drift: list[Raw] | UnsetType | None = UNSET
    deferred_changes: Raw = _ABSENT
    relevant_attributes: Raw = _ABSENT
    output_changes: Raw = _ABSENT
    checks: Raw = _ABSENT
    prior_state: _S | UnsetType = UNSET
    configuration: Raw = _ABSENT
    variables: Raw = _ABSENT
    values: Raw = _ABSENT
    planned_values: Raw = _ABSENT
    applyable: Raw = _ABSENT
    errored: Raw = _ABSENT
    complete: Raw = _ABSENT


_opened_decoder = msgspec.json.Decoder(_Plan[_PriorState])
_head_decoder = msgspec.json.Decoder(_Head)
_change_decoder = msgspec.json.Decoder(ResourceChange)
_decode_any = msgspec.json.Decoder().decode
_encode_into = msgspec.json.Encoder().encode_into
_object_decoder = msgspec.json.Decoder(dict[str, Raw])
_list_decoder = msgspec.json.Decoder(list[Raw])
_text_decoder = msgspec.json.Decoder(str | None)


class PlanDocument:
    """One plan or state that agrees with itself."""

    def __init__(self, path: str) -> None:
        """Read the document at ``path`` ("-" for standard input).

        Raises `SourceError` for anything that is not a plan or state in JSON, for an unsupported major format version,
        for a plan that failed, and for one that contradicts itself.
        """
        self._path = path
        self._last_flags: dict[int, tuple[Raw, Any]] = {}
        self._buffer: Any = bytearray()
        self._holds_state = False
        with self.refusing():
            document, self._plan = _decode(read_document(path))
            _refuse_bad_text(document)
            content = memoryview(document.content)
            keys = self._keys(content[:-1] if content[-1:].tobytes() == b"\n" else content)
            self.version = self._format_version(keys)
            self.is_state = "values" in keys or not keys & _OF_PLANS
            self._refuse_other_documents(keys)
            self.notices = document.notices
            self.changes = list(self._changes(self._plan.resource_changes or ()))
            places = [(change.address, change.deposed) for change in self.changes]
            self._changed = self._by_place(places, self.changes)
            self._data: list[tuple[str, Raw]] = []
            self.standing = list(self._standing())
            if not self._holds_state and not self._plan.resource_changes:
                empty = f"is the state of nothing: {SHOW_HINT} shows a plan" if self.is_state else "holds no resource"
                self.notices = (*self.notices, f"{path} {empty}")
            self._plan.resource_changes = None  # what is read makes room for what follows
            self._plan.prior_state = UNSET
            self._compare_with_planned()

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """Say in one line what is wrong with the document."""
        path = self._path
        try:
            yield
        except msgspec.ValidationError as error:
            raise SourceError(f"{path} is not a plan: {_lower(error)}", hint=SHOW_HINT) from None
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise SourceError(f"{path} is not valid JSON: {_lower(error)}", hint=SHOW_HINT) from None
        except RecursionError:
            raise SourceError(f"{path} is nested too deeply to be a plan", hint=SHOW_HINT) from None

    @property
    def configuration(self) -> WrittenConfiguration:
        """The ``configuration`` of the plan."""
        return _told(self._plan.configuration, WrittenConfiguration) or WrittenConfiguration()

    @property
    def variables(self) -> dict[str, Any]:
        """The values of the root module's variables."""
        variables = _told(self._plan.variables, dict[str, _PlanVariable]) or {}
        return {name: variable.value for name, variable in variables.items()}

    @property
    def is_complete(self) -> bool:
        """Whether the plan holds everything that there is to change."""
        return _told(self._plan.complete, bool) is not False and not self._deferred

    def deferred(self) -> Iterator[tuple[ResourceChange, str]]:
        """The changes that Terraform put off because it cannot know yet what they are, each with its reason."""
        for deferred in self._deferred:
            for change in self._changes([deferred.resource_change]):
                yield change, deferred.reason.replace("_", " ") or "no reason given"

    def drift(self) -> Iterator[ResourceChange]:
        """What was changed outside Terraform."""
        yield from self._changes(self._plan.resource_drift or ())

    @property
    def _deferred(self) -> list[_Deferred]:
        return _told(self._plan.deferred_changes, list[_Deferred]) or []

    def data(self, types: Container[str]) -> Iterator[StateResource]:
        """The data sources of these types that have been read."""
        for type_, raw in self._data:
            if type_ in types:
                yield self._decoded(raw, StateResource)

    def _root(self) -> _StateModule | Raw | None:
        """The root module of what stands: of the state, or of the state that the plan was made on."""
        prior = self._plan.prior_state
        if self.is_state or prior is UNSET:
            values: _StateValues | Raw | UnsetType = self._plan.values if len(self._plan.values) else UNSET
        else:
            values = prior.values if isinstance(prior, _PriorState) else self._members(prior).get("values", UNSET)
        if values is UNSET:
            return None
        root = (
            values.root_module if isinstance(values, _StateValues) else self._members(values).get("root_module", UNSET)
        )
        if root is UNSET:
            raise SourceError(f"{self._path} has values without a root_module: a part of it is lost", hint=SHOW_HINT)
        return root

    # What it is ----------------------------------------------------------------------------------------------------

    def _format_version(self, keys: AbstractSet[str]) -> str:
        """The format version, of major 0 or 1. Raises `SourceError` for any other, and where there is none."""
        plan, path = self._plan, self._path
        format_version = _told(plan.format_version, object)
        if format_version is None:
            if _told(plan.plan_format_version, object) is not None:
                raise SourceError(f"{path} is the redacted plan of a cloud backend, without its values", hint=SHOW_HINT)
            if _told(plan.lineage, object) is not None:
                raise SourceError(f"{path} is a raw state file", hint="terraform show -json > state.json")
            if noun := next((noun for noun, marks in _DEFINITIONS.items() if marks <= keys), None):
                hint = "guardrail check what deploys it: a template, a plan or a directory"
                raise SourceError(f"{path} is the definition of a {noun}, which is not read by itself", hint=hint)
            message = f"{path} is JSON, but neither a plan nor a state: it has no format_version"
            raise SourceError(message, hint=SHOW_HINT)
        version = str(format_version)
        if version.partition(".")[0] not in ("0", "1"):
            message = f"{path} has plan format {version[:20]!r}; this version of guardrail reads 0.x and 1.x"
            raise SourceError(message, hint="upgrade guardrail")
        return version

    def _refuse_other_documents(self, keys: AbstractSet[str]) -> None:
        """Other commands write documents with a format_version too; an empty state is nothing but that."""
        path = self._path
        if _told(self._plan.errored, bool):
            hint = "mend the errors of 'terraform plan' first"
            raise SourceError(f"{path} is a plan that failed, so it does not tell what will be", hint=hint)
        if self.is_state and keys & _OF_PLANS:
            raise SourceError(f"{path} is a plan and a state in one, which contradict each other", hint=SHOW_HINT)
        if self.is_state and keys - _OF_STATES:
            raise SourceError(f"{path} is JSON of Terraform's, but neither a plan nor a state", hint=SHOW_HINT)
        if not self.is_state and not keys & {"resource_changes", "planned_values"}:
            message = f"{path} is a plan without resource_changes and planned_values: a part of it is lost"
            raise SourceError(message, hint=SHOW_HINT)

    # Its resources -------------------------------------------------------------------------------------------------

    def _is_relevant(self, head: _Head | ResourceChange) -> bool:
        """Whether a resource is managed and of a relevant type. Raises `SourceError` without a mode or type."""
        if not head.type or f"{head.type}." not in head.address:
            what = f"{shown(head.address)} of the type {shown(head.type)}" if head.address else "one without an address"
            raise SourceError(f"{self._path} holds no resource, but {what}: a part of it is lost", hint=SHOW_HINT)
        if head.type not in TERRAFORM_TYPES:
            return False
        if head.mode == _MANAGED:  # as nearly always
            return True
        mode = _MANAGED if head.mode is UNSET else head.mode
        if mode not in _MODES:
            message = f"{self._path} has {shown(head.address)} with the mode {shown(mode)}, which does not exist"
            raise SourceError(message, hint="upgrade guardrail")
        return mode == _MANAGED

    def _changes(self, resources: Iterable[Raw]) -> Iterator[ResourceChange]:
        """Those of the resources that matter."""
        for raw in resources:
            try:
                change = _change_decoder.decode(raw)
            except msgspec.ValidationError:
                if not self._is_relevant(_head_decoder.decode(raw)):
                    continue
                self._refuse_repeated_keys(raw)  # which may be all that is wrong
                raise
            if self._is_relevant(change):
                self._refuse_strange(change, raw)
                yield change

    def _refuse_strange(self, change: ResourceChange, raw: Raw) -> None:
        """Raise `SourceError` for a change by actions that there are not, or with a key twice."""
        actions = change.change.actions
        if not actions or not _ACTIONS.issuperset(actions):
            unheard = next((action for action in actions if action not in _ACTIONS), None)
            what = "no action" if unheard is None else f"the action {shown(unheard)}, which does not exist"
            message = f"{self._path} has {shown(change.address)} with {what}"
            raise SourceError(message, hint="upgrade guardrail")
        if not self._is_written_so(change, raw):
            self._refuse_repeated_keys(raw)

    def before(self, change: ResourceChange) -> Moment:
        """What a resource is before a change, decoded on each call: that of all changes would fill the memory."""
        written = change.change
        return Moment(self._tree(written.before), self._flags(written.before_sensitive))

    def after(self, change: ResourceChange) -> Moment:
        """What a resource is after a change, likewise."""
        written = change.change
        marks, unknown = self._flags(written.after_sensitive), self._flags(written.after_unknown)
        return Moment(self._tree(written.after), marks, unknown)

    def stays(self, change: ResourceChange) -> bool:
        """Whether a resource is after a change what it is before."""
        written = change.change
        if written.before == written.after and written.before_sensitive == written.after_sensitive:
            return True
        before, after = self.before(change), self.after(change)
        return bool(before.values == after.values) and before.marks == after.marks

    def _standing(self) -> Iterator[tuple[StateResource, str | None]]:
        """Resources of the state that no change names, with the address of their module."""
        relevant = list(self._of_state())
        state = self._by_place([(head.address, head.deposed_key) for head, _, _ in relevant], relevant)
        moved = {(change.previous_address, change.deposed) for change in self.changes if change.previous_address}
        for place, (_, raw, module) in state.items():
            if place not in self._changed and place not in moved:
                yield self._decoded(raw, StateResource), module

    def _of_state(self) -> Iterator[tuple[_Head, Raw, str | None]]:
        """The relevant resources of the state; what data sources have read is kept for whoever asks."""
        for head, raw, module in self._resources(self._root()):
            self._holds_state = True
            if head.mode == "data":
                self._data.append((head.type, raw))
            if self._is_relevant(head):
                yield head, raw, module

    def _resources(self, root: _StateModule | Raw | None) -> Iterator[tuple[_Head, Raw, str | None]]:
        """Every resource of a tree of modules, and the address of its module."""
        pending = [] if root is None else [root]
        allowed = _MOST_SCANS * len(root) if isinstance(root, Raw) else 0
        while pending:
            module = pending.pop()
            if isinstance(module, Raw):
                allowed -= len(module)
                if allowed < 0:
                    raise RecursionError
                members: Mapping[str, Any] = self._members(module)
            else:
                members = _members_of(module)
            if members and not members.keys() & {"resources", "child_modules"}:
                message = f"{self._path} has a module without resources and child_modules: a part of it is lost"
                raise SourceError(message, hint=SHOW_HINT)
            address = _text_decoder.decode(members.get("address", _NULL))
            for raw in _listed(members.get("resources", _NONE)):
                yield _head_decoder.decode(raw), raw, address
            pending.extend(_listed(members.get("child_modules", _NONE)))

    # Contradictions ------------------------------------------------------------------------------------------------

    def _keys(self, content: memoryview) -> AbstractSet[str]:
        """The keys of the document. Raises `SourceError` where one stands in it twice.

        Where what was decoded of it accounts for every byte, none does, and nobody has to go through it again.
        """
        if len(content) == _length(self._plan):
            return _members_of(self._plan).keys()
        members = self._members(content)
        self._plan.prior_state = members.get("prior_state", UNSET)
        return members.keys()

    def _members(self, content: Any) -> dict[str, Raw]:
        """The members of a JSON object. Raises `SourceError` for a repeated key.

        A dict keeps one of two. Where its members account for every byte, there were no others: ``"key":`` and a comma
        for each, and braces around them, as Terraform writes it.
        """
        members = _object_decoder.decode(content)
        if len(content) == 1 + sum([len(key) + len(raw) + 4 for key, raw in members.items()]):
            return members
        found = _decoder_of_members().decode(content)
        members = {key.value: raw for key, raw in found.items()}
        if len(members) < len(found):
            raise self._repeated([key.value for key in found])
        return members

    def _decoded(self, raw: Raw, kind: type[_R]) -> _R:
        """One resource. Raises `SourceError` where an object in it has a key twice."""
        return msgspec.convert(self._tree(raw), kind)

    def _tree(self, raw: Raw) -> Any:
        """A value. Raises `SourceError` where an object in it has a key twice.

        What a decoder that keeps one of two gives back byte by byte had none twice: most of what Terraform writes.
        """
        tree = _decode_any(raw)
        if not self._is_written_so(tree, raw):
            self._refuse_repeated_keys(raw)
        return tree

    def _is_written_so(self, value: Any, raw: Raw) -> bool:
        """Whether a document writes a value just so, byte by byte."""
        _encode_into(value, self._buffer)
        return bool(self._buffer == raw)

    def _flags(self, raw: Raw) -> Any:
        """What is true of which values (`flagged`).

        Nearly all resources of a type have the same flags, so the last of each length is kept.
        """
        last, tree = self._last_flags.get(len(raw), (None, None))
        if last != raw:
            tree = flagged(self._tree(raw)) if b"true" in bytes(raw) else None
            self._last_flags[len(raw)] = raw, tree
        return tree

    def _refuse_repeated_keys(self, raw: Raw) -> None:
        import json  # the only decoder at hand that shows every pair

        def look(pairs: list[tuple[str, Any]]) -> None:
            if len(dict(pairs)) < len(pairs):
                raise self._repeated([key for key, _ in pairs])

        json.loads(bytes(raw), object_pairs_hook=look, parse_int=len, parse_float=len)

    def _repeated(self, keys: Sequence[str]) -> SourceError:
        counts = Counter(keys)
        key = next(key for key in keys if counts[key] > 1)
        return SourceError(f"{self._path} has the key {shown(key)} twice in one object", hint=SHOW_HINT)

    def _by_place(self, places: Sequence[_Place], resources: Sequence[_S]) -> dict[_Place, _S]:
        """Resources by their places. Raises `SourceError` where one stands twice, as in plans that were merged."""
        found = dict(zip(places, resources, strict=True))
        if len(found) < len(places):
            counts = Counter(places)
            address = next(address for address, deposed in places if counts[address, deposed] > 1)
            raise SourceError(f"{self._path} has {shown(address)} twice", hint="give each plan in a file of its own")
        return found

    def _compare_with_planned(self) -> None:
        """Raise `SourceError` where the planned values hold what no change and no state tells, or tell it otherwise."""
        planned = _told(self._plan.planned_values, _PlannedValues)
        if planned is None or planned.root_module is None:
            return
        unchanged = {(each.address, each.deposed_key) for each, _ in self.standing}
        unchanged |= {(change.address, change.deposed) for change, _ in self.deferred()}
        for head in planned.root_module.all_resources():
            if not self._is_relevant(head):
                continue
            place = (head.address, head.deposed_key)
            change = self._changed.get(place)
            if place not in unchanged if change is None else self._contradicts(change, head.values):
                message = f"{self._path} contradicts itself: planned_values and resource_changes differ on"
                raise SourceError(f"{message} {shown(head.address)}", hint=SHOW_HINT)

    def _contradicts(self, change: ResourceChange, planned: Raw) -> bool:
        """Whether a change tells otherwise what will be; of what is kept and no longer managed it does not tell."""
        after = change.change.after
        if after == planned != _NULL or "forget" in change.change.actions:
            return False
        return after == _NULL or not self._are_equal(after, planned)

    def _are_equal(self, one: Raw, other: Raw) -> bool:
        """Whether both are JSON of the same values: nearly always byte by byte, which is quick to see."""
        return one == other or bool(self._tree(one) == _decode_any(other))


def flagged(tree: Any) -> Any:
    """What a tree of flags says is true, without all else: None where nothing is.

    ``{"a": [{}, {"b": true}], "c": {}}`` is ``{"a": [None, {"b": True}]}``.
    """
    if isinstance(tree, dict):
        return {key: part for key, value in tree.items() if (part := flagged(value)) is not None} or None
    if isinstance(tree, list):
        parts = list(map(flagged, tree))
        return parts if any(parts) else None
    return tree or None


def _told(raw: Raw, kind: type[_T]) -> _T | None:
    """What a member says; None where it is not there, or null."""
    return None if raw is _ABSENT else msgspec.json.decode(raw, type=kind | None)


def _members_of(opened: Struct) -> dict[str, Any]:
    """What is there of the members that an object may have."""
    found = {name: getattr(opened, name) for name in opened.__struct_fields__}
    return {name: value for name, value in found.items() if value is not UNSET and value is not _ABSENT}


def _listed(value: Raw | list[Any]) -> list[Any]:
    """The items of a list that was decoded, or was not."""
    return value if isinstance(value, list) else _list_decoder.decode(value)


def _length(value: Any) -> int:
    """How many bytes a member takes as Terraform writes it: without white space, and with each of its keys once."""
    if isinstance(value, Struct):
        return 1 + sum(len(key) + 4 + _length(member) for key, member in _members_of(value).items())
    if isinstance(value, list):
        items = map(len if isinstance(value[0], Raw) else _length, value) if value else ()
        return 2 + sum(items) + max(len(value) - 1, 0)
    return len("null") if value is None else len(value)


@cache
def _decoder_of_members() -> "msgspec.json.Decoder[dict[Enum, Raw]]":
    """What decodes an object with each occurrence of a key a member of its own: a dict keeps those that come twice."""

    class MemberName(Enum):
        NONE = "\0"

        __hash__ = object.__hash__  # of a member, not of its name: `Enum` has it in Python, and a plan has many objects

        @classmethod
        def _missing_(cls, value: object) -> Self:
            member = object.__new__(cls)
            member._value_ = value
            member._name_ = str(value)
            return member

    return msgspec.json.Decoder(dict[MemberName, Raw])


def _decode(document: JsonText) -> tuple[JsonText, _Plan[_PriorState] | _Plan[Raw]]:
    try:
        return document, _opened(document.content)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError as error:
        shorter = without_trailing_noise(document, error)
        if shorter is None:
            raise
        return shorter, _opened(shorter.content)


def _opened(content: Any) -> _Plan[_PriorState] | _Plan[Raw]:
    """The members of a document, and of the state in it down to its resources where that has the usual shape."""
    with suppress(msgspec.ValidationError):
        return _opened_decoder.decode(content)
    return msgspec.json.decode(content, type=_Plan[Raw])


def _refuse_bad_text(document: JsonText) -> None:
    """Raise `SourceError` for what is no UTF-8, also where nobody looks: it may be a key that is looked for."""
    content = document.content
    if isinstance(content, bytes) and content.isascii():
        return
    decoder = getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(content), MEBIBYTE):
            decoder.decode(bytes(content[start : start + MEBIBYTE]))
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise SourceError(f"{document.path} is not valid JSON: a part of it is no UTF-8", hint=SHOW_HINT) from None


def _lower(error: Exception) -> str:
    text = str(error).removeprefix("JSON is malformed: ")
    return text[:1].lower() + text[1:]


def shown(text: str) -> str:
    """A text of the document in a message: not all of a long one."""
    return repr(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")
