"""The JSON of plans and states: decoded as far as SageMaker inference needs it, refused where it contradicts itself.

Described at developer.hashicorp.com/terraform/internals/json-format. Only the resources that matter are decoded, so the
cost of reading follows the bytes of a document, not the number of its resources.

A document that was cut, merged or edited says less than was billed, and nothing in it looks wrong. So what it says
twice has to agree: the planned values of a resource are those of its change (Terraform writes both from one value), an
address stands once, and no object has a key twice, of which every reader would see the last alone.
"""

from codecs import getincrementaldecoder
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from enum import Enum
from typing import Any, Self, TypeVar

import msgspec
from msgspec import Raw, Struct

from guardrail.errors import SourceError
from guardrail.limits import MEBIBYTE
from guardrail.sources.plan.document import SHOW_HINT, Document, without_trailing_noise
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
_UNTOLD: Any = object()
"""Stands for values that may be anything."""
_DEFINITIONS = {"state machine": {"StartAt", "States"}, "SageMaker pipeline": {"Version", "Steps"}}
"""What people may take for an input, by the members that tell it."""
_LONGEST = 200
_R = TypeVar("_R", bound=Struct)
_MOST_SCANS = 16
"""How often the bytes of a tree of modules may be gone through: once for each level that they lie below."""


class _Head(Struct):
    """What tells whether the rest of a resource is worth decoding."""

    mode: str = _MANAGED
    type: str = ""
    address: str = ""
    deposed_key: str | None = None
    values: Raw = _NULL


class _Sides(Struct):
    actions: tuple[str, ...]
    before: Any = None
    after: Any = None
    after_unknown: Any = None
    before_sensitive: Any = None
    after_sensitive: Any = None


class ResourceChange(Struct):
    """What is planned for one resource."""

    change: _Sides
    address: str
    type: str = ""
    name: str = ""
    index: str | int | None = None
    module_address: str | None = None
    provider_name: str = ""
    previous_address: str | None = None
    deposed: str | None = None


class StateResource(Struct):
    """One resource of a state, or of the planned values."""

    address: str
    type: str = ""
    name: str = ""
    index: str | int | None = None
    provider_name: str = ""
    values: Any = None
    sensitive_values: Any = None
    deposed_key: str | None = None


class _Variable(Struct):
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


class _Planned(Struct, frozen=True):
    root_module: _PlannedModule | None = None


class _Plan(Struct):
    format_version: Any = None
    plan_format_version: Any = None
    lineage: Any = None
    resource_changes: list[Raw] | None = None
    resource_drift: list[Raw] | None = None
    deferred_changes: list[_Deferred] | None = None
    prior_state: Raw = _ABSENT
    configuration: WrittenConfiguration | None = None
    variables: dict[str, _Variable] | None = None
    values: Raw = _ABSENT
    planned_values: _Planned = _Planned()
    errored: bool | None = None
    complete: bool | None = None


class _Key(Enum):
    """The keys of an object, each occurrence a member of its own: a dict of them keeps those that come twice."""

    NONE = "\0"

    __hash__ = object.__hash__  # of a member, not of its name: `Enum` has it in Python, and a plan has many objects

    @classmethod
    def _missing_(cls, value: object) -> Self:
        member = object.__new__(cls)
        member._value_ = value
        member._name_ = str(value)
        return member


_plan_decoder = msgspec.json.Decoder(_Plan)
_head_decoder = msgspec.json.Decoder(_Head)
_decode_any = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode
_object_decoder = msgspec.json.Decoder(dict[str, Raw])
_members_decoder = msgspec.json.Decoder(dict[_Key, Raw])
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
        with self.refusing():
            document, self._plan = _decode(read_document(path))
            _refuse_bad_text(document)
            content = memoryview(document.content)
            keys = self._members(content[:-1] if content[-1:].tobytes() == b"\n" else content).keys()
            self.version = self._format_version(keys)
            self.is_state = "values" in keys or not keys & _OF_PLANS
            self._refuse_other_documents(keys)
            self.notices = document.notices
            self.changes = [self._change(raw) for raw in self._relevant(self._plan.resource_changes)]
            self._refuse_repeats((change.address, change.deposed) for change in self.changes)
            self._state = list(self._resources(self._root()))
            self.standing = list(self._standing())
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
        """The configuration as written."""
        return self._plan.configuration or WrittenConfiguration()

    @property
    def variables(self) -> dict[str, Any]:
        """The values of the root module's variables."""
        return {name: variable.value for name, variable in (self._plan.variables or {}).items()}

    @property
    def is_complete(self) -> bool:
        """Whether the plan holds everything that there is to change."""
        return self._plan.complete is not False and not self._plan.deferred_changes

    def deferred(self) -> Iterator[tuple[ResourceChange, str]]:
        """The changes that Terraform put off because it cannot know yet what they are, each with its reason."""
        for deferred in self._plan.deferred_changes or ():
            for raw in self._relevant([deferred.resource_change]):
                yield self._change(raw), deferred.reason.replace("_", " ") or "no reason given"

    def drift(self) -> Iterator[ResourceChange]:
        """What was changed outside Terraform."""
        yield from map(self._change, self._relevant(self._plan.resource_drift))

    def data(self, types: Container[str]) -> Iterator[StateResource]:
        """The data sources of these types that have been read."""
        for head, raw, _ in self._state:
            if head.mode == "data" and head.type in types:
                yield self._decoded(raw, StateResource)

    def _root(self) -> Raw:
        """The root module of what stands: of the state, or of the state that the plan was made on."""
        if self.is_state or not len(self._plan.prior_state):
            return self._root_of(self._plan.values)
        return self._root_of(self._members(self._plan.prior_state).get("values", _ABSENT))

    def _root_of(self, values: Raw) -> Raw:
        members = self._members(values) if len(values) else {"root_module": _ABSENT}
        if "root_module" not in members:
            raise SourceError(f"{self._path} has values without a root_module: a part of it is lost", hint=SHOW_HINT)
        return members["root_module"]

    # What it is ----------------------------------------------------------------------------------------------------

    def _format_version(self, keys: AbstractSet[str]) -> str:
        """The format version, of major 0 or 1. Raises `SourceError` for any other, and where there is none."""
        plan, path = self._plan, self._path
        if plan.format_version is None:
            if plan.plan_format_version is not None:
                raise SourceError(f"{path} is the redacted plan of a cloud backend, without its values", hint=SHOW_HINT)
            if plan.lineage is not None:
                raise SourceError(f"{path} is a raw state file", hint="terraform show -json > state.json")
            if noun := next((noun for noun, marks in _DEFINITIONS.items() if marks <= keys), None):
                hint = "guardrail check what deploys it: a template, a plan or a directory"
                raise SourceError(f"{path} is the definition of a {noun}, which is not read by itself", hint=hint)
            message = f"{path} is JSON, but neither a plan nor a state: it has no format_version"
            raise SourceError(message, hint=SHOW_HINT)
        version = str(plan.format_version)
        if version.partition(".")[0] not in ("0", "1"):
            message = f"{path} has plan format {version[:20]!r}; this version of guardrail reads 0.x and 1.x"
            raise SourceError(message, hint="upgrade guardrail")
        return version

    def _refuse_other_documents(self, keys: AbstractSet[str]) -> None:
        """Other commands write documents with a format_version too; an empty state is nothing but that."""
        path = self._path
        if self._plan.errored:
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

    def _is_relevant(self, head: _Head) -> bool:
        """Whether a resource is managed and of a type that matters. Raises `SourceError` where that cannot be told."""
        if not head.type or f"{head.type}." not in head.address:
            what = f"{shown(head.address)} of the type {shown(head.type)}" if head.address else "one without an address"
            raise SourceError(f"{self._path} holds no resource, but {what}: a part of it is lost", hint=SHOW_HINT)
        if head.type not in TERRAFORM_TYPES:
            return False
        if head.mode not in _MODES:
            message = f"{self._path} has {shown(head.address)} with the mode {shown(head.mode)}, which does not exist"
            raise SourceError(message, hint="upgrade guardrail")
        return head.mode == _MANAGED

    def _relevant(self, resources: Iterable[Raw] | None) -> list[Raw]:
        """Those of a list of resources that matter."""
        return [raw for raw in resources or () if self._is_relevant(_head_decoder.decode(raw))]

    def _change(self, raw: Raw) -> ResourceChange:
        change = self._decoded(raw, ResourceChange)
        unheard = [action for action in change.change.actions if action not in _ACTIONS]
        if unheard or not change.change.actions:
            what = f"the action {shown(unheard[0])}, which does not exist" if unheard else "no action"
            message = f"{self._path} has {shown(change.address)} with {what}"
            raise SourceError(message, hint="upgrade guardrail")
        return change

    def _standing(self) -> Iterator[tuple[StateResource, str | None]]:
        """What there is and no change speaks of, with the address of its module."""
        relevant = [each for each in self._state if self._is_relevant(each[0])]
        self._refuse_repeats((head.address, head.deposed_key) for head, _, _ in relevant)
        spoken_of: set[tuple[str | None, str | None]] = {
            (address, change.deposed)
            for change in self.changes
            for address in (change.address, change.previous_address)
        }
        for head, raw, module in relevant:
            if (head.address, head.deposed_key) not in spoken_of:
                yield self._decoded(raw, StateResource), module

    def _resources(self, root: Raw) -> Iterator[tuple[_Head, Raw, str | None]]:
        """Every resource of a tree of modules, and the address of its module."""
        pending = [root] if len(root) else []
        allowed = _MOST_SCANS * len(root)
        while pending:
            module = pending.pop()
            allowed -= len(module)
            if allowed < 0:
                raise RecursionError
            members = self._members(module)
            if members and not members.keys() & {"resources", "child_modules"}:
                message = f"{self._path} has a module without resources and child_modules: a part of it is lost"
                raise SourceError(message, hint=SHOW_HINT)
            address = _text_decoder.decode(members.get("address", _NULL))
            for raw in _list_decoder.decode(members.get("resources", _NONE)):
                yield _head_decoder.decode(raw), raw, address
            pending.extend(_list_decoder.decode(members.get("child_modules", _NONE)))

    # Contradictions ------------------------------------------------------------------------------------------------

    def _members(self, content: Any) -> dict[str, Raw]:
        """The members of a JSON object. Raises `SourceError` where a key stands in it twice.

        A dict keeps one of two. Where its members account for every byte, there were no others: ``"key":`` and a comma
        for each, and braces around them, as Terraform writes it.
        """
        members = _object_decoder.decode(content)
        if len(content) == 1 + sum([len(key) + len(raw) + 4 for key, raw in members.items()]):
            return members
        found = _members_decoder.decode(content)
        members = {key.value: raw for key, raw in found.items()}
        if len(members) < len(found):
            raise self._repeated([key.value for key in found])
        return members

    def _decoded(self, raw: Raw, kind: type[_R]) -> _R:
        """One resource. Raises `SourceError` where an object in it has a key twice.

        What a decoder that keeps one of two gives back byte by byte had none twice: most of what Terraform writes.
        """
        tree = _decode_any(raw)
        if _encode(tree) != bytes(raw):
            self._refuse_repeated_keys(raw)
        return msgspec.convert(tree, kind)

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

    def _refuse_repeats(self, resources: Iterable[tuple[str, str | None]]) -> None:
        """Raise `SourceError` where an address stands twice, as in plans that somebody has merged."""
        seen: set[tuple[str, str | None]] = set()
        for each in resources:
            if each in seen:
                message = f"{self._path} has {shown(each[0])} twice"
                raise SourceError(message, hint="give each plan in a file of its own")
            seen.add(each)

    def _compare_with_planned(self) -> None:
        """Raise `SourceError` where the planned values hold what no change and no state tells, or tell it otherwise."""
        root = self._plan.planned_values.root_module
        if root is None:
            return
        told: dict[tuple[str, str | None], Any] = {
            (each.address, each.deposed_key): _UNTOLD for each, _ in self.standing
        }
        told |= {(change.address, change.deposed): _UNTOLD for change, _ in self.deferred()}
        for change in self.changes:
            keeps = "forget" in change.change.actions
            told[change.address, change.deposed] = _UNTOLD if keeps else change.change.after
        for head in root.all_resources():
            values = told.get((head.address, head.deposed_key)) if self._is_relevant(head) else _UNTOLD
            if values is not _UNTOLD and (values is None or not _is_written(values, head.values)):
                message = f"{self._path} contradicts itself: planned_values and resource_changes differ on"
                raise SourceError(f"{message} {shown(head.address)}", hint=SHOW_HINT)


def _is_written(values: Any, raw: Raw) -> bool:
    """Whether ``raw`` is JSON of ``values``: nearly always byte by byte, which is quick to see."""
    return _encode(values) == bytes(raw) or bool(values == _decode_any(raw))


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


def _refuse_bad_text(document: Document) -> None:
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
