"""What readers of infrastructure code share: the block, and a view on its attributes that knows unset from unknown."""

from collections.abc import Callable, Sequence
from functools import cache
from math import isfinite
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeAlias, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from guardrail.expressions import expression
from guardrail.model import AFTER_APPLY, AT_DEPLOYMENT, Change, Location, Unknown
from guardrail.sources.vocabulary.spellings import Spelling, spelling_of

if TYPE_CHECKING:
    import re


def known_only(type_: str) -> str:
    """When it becomes known what cannot be known of a resource: ``known only after apply`` of Terraform's."""
    return AT_DEPLOYMENT if type_.startswith("AWS::") else AFTER_APPLY


NO_REGION = Unknown("nothing tells it: give --region")
"""The region of what has no provider configuration that could tell it."""
STILL_BILLED = "is no longer managed after this change, but still billed"
"""What there is to say of a resource that goes out of the state and stays in AWS."""
SENSITIVE = Unknown("sensitive")
"""Stands for a value that is known and must not be printed."""


class SecretText(str):
    """Text of which something must not be printed; ``shown`` is that text with ``${…}`` for what must not.

    Of ``"${var.secret}-v2"`` it is ``${…}-v2``.
    """

    __slots__ = ("shown",)
    shown: str

    def __new__(cls, text: str, shown: str) -> Self:
        """The text, and as much of it as may be shown."""
        made = super().__new__(cls, str.__str__(text))
        made.shown = shown
        return made


InstanceKey: TypeAlias = str | int | None
"""What tells the instances of a block apart: a key of ``for_each``, a number of ``count``; None of the only one."""

_TOKEN = expression(r'\.?([^.\[\]]+)|\[(?:"((?:[^"\\]|\\.)*)"|(\d{1,9}))\]')
_ESCAPE = expression(r'\\(["\\nrt])|([$%])\2\{')
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t"}
_LARGEST = 2**31 - 1
_NUMBERS: frozenset[object] = frozenset({int, float})

_T = TypeVar("_T")


class ReferenceStep(Struct, frozen=True):
    """One step of a reference: ``.name`` or ``[index]``."""

    value: str | int
    is_index: bool


def reference_steps(reference: str) -> list[ReferenceStep]:
    """The steps of a reference: ``production_variants``, ``0`` and ``name`` of ``production_variants[0].name``."""
    if "[" not in reference and "]" not in reference:  # as most are, which need no expression
        return [ReferenceStep(name, is_index=False) for name in reference.split(".") if name]
    steps = []
    for match in _TOKEN.finditer(reference):
        key = written_key(match[2], match[3])
        steps.append(ReferenceStep(match[1], is_index=False) if key is None else ReferenceStep(key, is_index=True))
    return steps


def written_key(quoted: str | None, number: str | None) -> InstanceKey:
    """The key that an address or a reference has between brackets, as text with escapes or as a number."""
    if number is not None:
        return int(number)
    return None if quoted is None else _ESCAPE.sub(_unescaped, quoted)


def _unescaped(match: "re.Match[str]") -> str:
    r"""What stands for an escape in a quoted key: ``\"``, ``\\``, ``\n``, and ``$${`` for ``${``."""
    return f"{match[2]}{{" if match[2] else _ESCAPED.get(match[1], match[1])


class Reference(Struct, frozen=True):
    """A resource that an expression mentions, and the attribute that it takes from it ("" where that is lost)."""

    address: str
    attribute: str


LOST = Reference("", "")
"""Stands among references for an end that cannot be followed, and so may be anything: a local value, a data source."""


class Computed(Unknown, frozen=True, kw_only=True):
    """A value that only a deployment or an apply works out, with where it comes from.

    Of ``"${aws_sagemaker_model.chat.name}-v2"`` the ``partial`` says what is known of its text, and ``references`` lead
    to ``aws_sagemaker_model.chat``: links follow from them, whichever language the value was written in.
    """

    references: tuple[Reference, ...] = ()
    """The resources whose attributes it is made of; `LOST` among them where it may come from anywhere."""


def bare(value: _T) -> _T | Unknown:
    """A value as the model has it: an unknown one without what only its evaluation needs."""
    if isinstance(value, Computed):
        return Unknown(value.reason, value.partial, value.at_least, value.at_most)
    return value


UNNAMED = "${…}"
"""Stands in the partial text of an unknown value for what cannot be told from anything else."""


class Places(Protocol):
    """The lines of one block's attributes: ``main.tf:12`` for ``instance_type``."""

    @property
    def start(self) -> Location:
        """Where the block starts."""
        ...

    def of(self, name: str) -> Location | None:
        """The location of an attribute; None where the block does not set it."""
        ...

    def origin(self, name: str) -> Location | None:
        """The location of the value behind an attribute, ``dev.tfvars:3`` of ``var.type``; None where it is its own."""
        ...

    def item(self, name: str, index: int) -> "Places | None":
        """The places of a nested block."""
        ...


DNS_SUFFIXES = {"aws": "amazonaws.com", "aws-us-gov": "amazonaws.com", "aws-cn": "amazonaws.com.cn"}
"""The ends of host names by partition, as AWS::URLSuffix and aws_partition.dns_suffix have them."""


def partition_of(region: str) -> str | None:
    """The partition of a region, ``aws-cn`` of cn-north-1; None of regions that are isolated from the internet."""
    starts = (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov"), ("us-iso", None), ("eu-iso", None), ("", "aws"))
    return next(partition for start, partition in starts if region.startswith(start))


class _Unknowable(dict[str, Any]):
    """The values of a block that cannot be known: nor can any of them be, for the same reason."""

    def __init__(self, reason: Unknown) -> None:
        super().__init__()
        self._reason = reason

    def get(self, _name: str, _default: Any = None) -> Unknown:
        return self._reason


class View(Struct, eq=False):
    """The attributes of one block, nested blocks included, by CloudFormation's names and with the expected type.

    ``view.integer("VolumeSizeInGB")`` is 40 where hashicorp/aws has ``volume_size_in_gb = 40``. A value that is not of
    that type becomes `Unknown` with its reason: malformed input is never a traceback, and never a default. A value that
    is marked sensitive reads as `SENSITIVE`: this is the one place that decides what may be printed. Whoever needs such
    a value asks `unmasked` for it, and marks what is made of it.
    """

    values: dict[str, Any]
    spelling: Spelling
    marks: Any = None
    """Which values are sensitive, as plans have it: true, or a tree of the same shape, without what marks nothing; None
    where none is."""
    places: Places | None = None
    masked: bool = True

    def unmasked(self) -> Self:
        """The same block with its sensitive values readable."""
        return replace(self, masked=False) if self.marks and self.masked else self

    @property
    def assumptions(self) -> tuple[str, ...]:
        """Attributes whose default was taken without proof that they are unset."""
        return ()

    def location(self, name: str) -> Location | None:
        """The location of an attribute, else of its block; None where the source has no lines."""
        if self.places is None:
            return None
        return self.places.of(self.spelling.of(name)) or self.places.start

    def lines(self, *names: str) -> dict[str, Location]:
        """The locations of the attributes that the block sets, by their names in the source's language."""
        if self.places is None:
            return {}
        places = self.places
        locations = {name: places.origin(name) or places.of(name) for name in map(self.spelling.of, names)}
        return {name: location for name, location in locations.items() if location is not None}

    def get(self, name: str) -> Any:
        """The raw value; None where unset; `Unknown` where it cannot be known."""
        return bare(self.values.get(self.spelling.names[name]))

    def is_sensitive(self, *names: str) -> bool:
        """Whether one of the values, or any part of one, is marked sensitive."""
        if not self.marks:
            return False
        return any(part_of(self.marks, self.spelling.of(name)) for name in names)

    def shown(self, name: str) -> Any:
        """The raw value with an `Unknown` for whatever in it is sensitive, which keeps what of a text may be shown."""
        own = self.spelling.of(name)
        value = self.values.get(own)
        return shown(value, part_of(self.marks, own)) if self.masked and self.is_sensitive(name) else value

    def references(self, attribute: str, wanted: frozenset[str]) -> Sequence[Reference]:
        """The resources that an unknown value, or an item of a list, carries with it."""
        del wanted
        value = self.values.get(self.spelling.of(attribute))
        unknown = [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, Computed)]
        return list(dict.fromkeys(reference for item in unknown for reference in item.references))

    def symbol(self, name: str) -> str | None:
        """What others call the block by whose name is unknown, where it is made of names: ``${var.name}``."""
        value = self.get(name)
        partial = value.partial if isinstance(value, Unknown) else None
        return None if partial is None or UNNAMED in partial else partial

    def likeness(self, name: str) -> str | None:
        """What tells an unknown text from others. What has no name in it is like nothing else, not even like itself."""
        value = self.get(name)
        partial = value.partial if isinstance(value, Unknown) else None
        return None if partial in (None, UNNAMED) else str(partial).replace(UNNAMED, "${?}")

    def text(self, name: str) -> str | Unknown | None:
        """A string; None for "", which is how state shows an argument that was never set."""
        value = self.get(name)
        if value is None or (value.__class__ is str and not self.marks):  # as nearly always
            return value or None
        return self._read(name, value, self._as_text) or None

    def integer(self, name: str) -> int | Unknown | None:
        """A whole number of at least 0 that fits the API's 32 bits; text such as "2" is one too."""
        value = self.get(name)
        if value is None or (value.__class__ is int and not self.marks and 0 <= value <= _LARGEST):
            return value
        return self._read(name, value, _integer)

    def positive(self, name: str) -> int | Unknown | None:
        """A whole number that cannot be 0."""
        return self.integer(name) or None

    def integer_if_set(self, name: str) -> int | Unknown | None:
        """A whole number, where a state may show 0 for one that was never set."""
        return self.integer(name)

    def number(self, name: str) -> float | Unknown | None:
        """A finite number."""
        value = self.get(name)
        if value.__class__ in _NUMBERS and not self.marks and -_LARGEST <= value <= _LARGEST:
            return float(value)
        return self._read(name, value, _number)

    def boolean(self, name: str) -> bool | Unknown | None:
        """A truth value."""
        value = self.get(name)
        if value is None or (value.__class__ is bool and not self.marks):
            return value
        return self._read(name, value, _boolean)

    def required(self, read: Callable[[str], _T | Unknown | None], name: str) -> _T | Unknown:
        """A value, or `Unknown` where there is none although there has to be one."""
        value = read(name)
        return self.missing(name) if value is None else value

    def missing(self, name: str) -> Unknown:
        """The Unknown for a required value that is not set."""
        return Unknown(f"{self.spelling.of(name)} is not set")

    def _read(self, name: str, value: Any, convert: Callable[[str, Any], _T | Unknown | None]) -> _T | Unknown | None:
        if value is None or isinstance(value, Unknown):
            return value
        read = convert(self.spelling.names[name], value)
        is_hidden = self.marks and self.masked and self.is_sensitive(name)
        return SENSITIVE if is_hidden and read is not None and not isinstance(read, Unknown) else read

    def _as_text(self, name: str, value: Any) -> str | Unknown | None:
        return str.__str__(value) if isinstance(value, str) else Unknown(f"{name} is not text")

    def blocks(self, name: str) -> list[Self] | Unknown:
        """Nested blocks, or nested objects of a language that has no blocks; empty where there is none."""
        items = self._items(name)
        if not isinstance(items, list):
            return items
        own = self.spelling.names[name]
        return [self._inside(own, index, items) for index in range(len(items))]

    def _items(self, name: str) -> list[dict[str, Any]] | Unknown:
        """What nested blocks say; empty where there is none."""
        value = self._nested(name)
        if value is None or value == []:  # what a plan has for blocks that are not written
            return []
        items = value if isinstance(value, list) else [value]
        others = [item for item in items if not isinstance(item, dict)]
        if others:
            are_unknown = all(isinstance(item, Unknown) for item in others)
            return bare(others[0]) if are_unknown else Unknown(f"{self.spelling.of(name)} is not a block")
        return items

    def _nested(self, name: str) -> Any:
        """The value of nested blocks."""
        return self.get(name)

    def _inside(self, own: str, index: int, items: Sequence[dict[str, Any]]) -> Self:
        """The view on one of the nested blocks called ``own``."""
        return type(self)(
            items[index],
            self.spelling,
            self.marks and item_of(part_of(self.marks, own), index),
            self.places and self.places.item(own, index),
            self.masked,
            *self._own_of_item(own, index, items),
        )

    def _own_of_item(self, _own: str, _index: int, _items: Sequence[dict[str, Any]], /) -> tuple[Any, ...]:
        """What a view of more fields has in them of one of its nested blocks."""
        return ()

    def block(self, name: str) -> Self | Unknown | None:
        """The only nested block of that name; None where there is none."""
        items = self._items(name)
        if not items:
            return None
        return self._inside(self.spelling.names[name], 0, items) if isinstance(items, list) else items

    def inside(self, name: str, *, absent: Unknown | None = None) -> Self:
        """The only nested block of that name, to be read also where it is not there, or not known.

        In one that is not there nothing is set, or, where that must not be, all is as unknown as ``absent``.
        """
        block = self.block(name) or absent
        if block is None:
            return self._nothing(self.spelling.type)
        return self.unclear(block) if isinstance(block, Unknown) else block

    @classmethod
    @cache
    def _nothing(cls, type_: str) -> Self:
        """A block, in the language of a resource type, in which nothing is set."""
        return cls({}, spelling_of(type_))

    def unclear(self, reason: Unknown) -> Self:
        """A block in the same language of which nothing is known."""
        return type(self)(_Unknowable(reason), self.spelling)

    def texts(self, name: str) -> list[str | Unknown] | Unknown:
        """A list of strings, each of which may be unknown."""
        value = self.get(name)
        if value is None or isinstance(value, Unknown):
            return [] if value is None else value
        own = self.spelling.of(name)
        if not isinstance(value, list):
            return Unknown(f"{own} is not a list")
        if self.masked and self.is_sensitive(name):
            return SENSITIVE
        return [_plain_text(item) for item in value if item is not None]

    def pairs(self, name: str, key: str) -> dict[str, str | Unknown] | Unknown:
        """Names and values, each of which may be unknown: a map in hashicorp/aws and SAM, else a list of objects."""
        is_map = self.spelling.language == "aws" or self.spelling.type.startswith("AWS::Serverless::")
        return self._map(name) if is_map else self.entries(name, key)

    def entries(self, name: str, key: str) -> dict[str, str | Unknown] | Unknown:
        """Names and values of blocks, each with a ``Value``; Unknown as a whole where a name is not known."""
        views = self.blocks(name)
        if isinstance(views, Unknown):
            return views
        names = [view.text(key) for view in views]
        unknown = next((one for one in names if isinstance(one, Unknown)), None)
        return unknown or {
            str(name): view.required(view.text, "Value") for name, view in zip(names, views, strict=True) if name
        }

    def _map(self, name: str) -> dict[str, str | Unknown] | Unknown:
        value, own = self.get(name), self.spelling.of(name)
        if value is None or isinstance(value, Unknown):
            return {} if value is None else value
        if not isinstance(value, dict):
            return Unknown(f"{own} is not a map")
        entries = {key: item if item.__class__ is str else _plain_text(item) for key, item in value.items()}
        if self.marks and self.masked and self.is_sensitive(name):
            marks = part_of(self.marks, own)
            if not isinstance(marks, dict):
                return SENSITIVE
            entries.update(dict.fromkeys((key for key, mark in marks.items() if mark and key in entries), SENSITIVE))
        return entries


class Identity(Struct, frozen=True):
    """Which resource it is, where it runs and what happens to it."""

    address: str
    type: str
    provider: str
    """Which provider configuration manages it, so that equal names of two accounts stay apart."""
    region: str | Unknown
    change: Change
    location: Location | None
    ignored: tuple[str, ...]
    """The arguments that ``lifecycle { ignore_changes }`` names, "all" for all of them."""
    created_first: bool
    """Whether its successor is created before it is destroyed: ``lifecycle { create_before_destroy = true }``."""


class Block(Identity, frozen=True, kw_only=True):
    """One resource as its language has it, at one moment."""

    location: Location | None = None
    ignored: tuple[str, ...] = ()
    created_first: bool = False
    attributes: View
    references: Callable[[str, frozenset[str]], Sequence[Reference]]
    """The resources of these types that the expression of an attribute leads to, across module boundaries."""
    key: InstanceKey = None
    account: str | None = None
    """The account that it lies in, where that is known."""
    default_tags: dict[str, str | Unknown] | Unknown = {}
    """What its provider adds to its tags, for a plan that does not tell all of them."""

    def ignores(self, name: str) -> bool:
        """Whether ``ignore_changes`` leaves an argument alone, all of it."""
        return name in self.ignored or "all" in self.ignored

    def tags(self) -> dict[str, str | Unknown] | Unknown:
        """Its tags with the provider's defaults: what hashicorp/aws tells in ``tags_all``, where the plan knows it."""
        view = self.attributes
        if isinstance(view.values.get("tags_all"), dict):
            return view.pairs("TagsAll", "Key")
        tags, defaults = view.pairs("Tags", "Key"), self.default_tags
        if isinstance(tags, Unknown) or isinstance(defaults, Unknown):
            return tags if isinstance(tags, Unknown) else defaults
        return {**defaults, **tags}


def shown(value: Any, marks: Any) -> Any:
    """A value with an `Unknown` for whatever a tree of marks has in it."""
    if not marks or value is None or isinstance(value, Unknown):
        return value
    if isinstance(marks, dict) and isinstance(value, dict):
        return {key: shown(item, marks.get(key)) for key, item in value.items()}
    if isinstance(marks, list) and isinstance(value, list):
        return [shown(item, item_of(marks, index)) for index, item in enumerate(value)]
    return Unknown(SENSITIVE.reason, value.shown) if isinstance(value, SecretText) else SENSITIVE


def part_of(tree: Any, name: str) -> Any:
    """What a tree of marks or flags says of one attribute; a tree that is no map says the same of all."""
    return tree.get(name) if isinstance(tree, dict) else tree


def item_of(tree: Any, index: int) -> Any:
    """What a tree of marks or flags says of one item of a list."""
    if isinstance(tree, list):
        return tree[index] if index < len(tree) else None
    return tree


def _number(name: str, value: Any) -> float | Unknown | None:
    if isinstance(value, str):
        if not value:
            return None
        try:
            value = float(value)
        except ValueError:
            return Unknown(f"{name} is not a number")
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return Unknown(f"{name} is not a number")
    try:
        number = float(value)
    except OverflowError:
        return Unknown(f"{name} is too large a number")
    return number if isfinite(number) else Unknown(f"{name} is not a finite number")


def _integer(name: str, value: Any) -> int | Unknown | None:
    number = _number(name, value)
    if number is None or isinstance(number, Unknown):
        return number
    if number < 0 or not number.is_integer():
        return Unknown(f"{name} is not a whole number of at least 0")
    return int(number) if number <= _LARGEST else Unknown(f"{name} is too large a number")


def _boolean(name: str, value: Any) -> bool | Unknown:
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(str(value).lower(), Unknown(f"{name} is not true or false"))


def _plain_text(value: Any) -> str | Unknown:
    if isinstance(value, str):
        return str.__str__(value)  # what is secret of it is known by its mark
    return bare(value) if isinstance(value, Unknown) else Unknown(AFTER_APPLY)
