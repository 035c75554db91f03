"""``--parameters``: a file in a form of CloudFormation's or CodePipeline's, or ``KEY=VALUE``.

Accepted are the list that ``aws cloudformation create-stack --parameters file://…`` takes (``ParameterKey``,
``ParameterValue``, ``UsePreviousValue``; ``ResolvedValue`` as ``describe-stacks`` shows it), the template configuration
of CodePipeline (``{"Parameters": {…}, "Tags": {…}}``), and a plain mapping.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from msgspec import Struct

from guardrail import files
from guardrail.errors import SourceError
from guardrail.sources.template import text
from guardrail.sources.template.assembly import ParameterValue
from guardrail.sources.template.values import text_of

Read: TypeAlias = Callable[[str], bytes]
"""What gives the content of a file, of today or of a commit. Raises OSError."""
_NAME = re.compile(r"[A-Za-z0-9]+")
"""Of a parameter. ``Stage=prod`` is never a file: a change could bring one of that name, and values of its own."""
HINT = "--parameters Stage=prod, or --parameters FILE with a list of ParameterKey and ParameterValue"


class TemplateConfiguration(Struct, frozen=True):
    """What the user gave for the parameters of the templates at the root."""

    values: dict[str, ParameterValue] = {}
    tags: dict[str, str] = {}
    """Tags of the stack, from a template configuration."""

    def over(self, other: "TemplateConfiguration") -> "TemplateConfiguration":
        """These, and those of ``other`` that these do not have."""
        return TemplateConfiguration({**other.values, **self.values}, {**other.tags, **self.tags})


NONE = TemplateConfiguration()


def load(arguments: Iterable[str], read: Read = files.named) -> TemplateConfiguration:
    """The values of every ``--parameters`` argument; a later one wins. Raises `SourceError` for anything else."""
    values: dict[str, ParameterValue] = {}
    tags: dict[str, str] = {}
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if equals and _NAME.fullmatch(name):
            values[name] = ParameterValue(value)
        else:
            more = _from_file(argument, read)
            values.update(more.values)
            tags.update(more.tags)
    return TemplateConfiguration(values, tags)


def named_files(arguments: Iterable[str]) -> list[str]:
    """Those ``--parameters`` arguments that are files."""
    return [each for each in arguments if not _NAME.fullmatch(each.partition("=")[0]) or "=" not in each]


def load_labelled(arguments: Iterable[str], read: Read = files.named) -> tuple[tuple[str, TemplateConfiguration], ...]:
    """The values of every ``--possibility LABEL=FILE`` by its label; files of one label belong together.

    Raises `SourceError` for anything else.
    """
    paths: dict[str, list[str]] = {}
    for argument in arguments:
        label, equals, path = argument.partition("=")
        if not (label and equals and path):
            raise SourceError(f"--possibility {argument} has no label and file", hint="--possibility prod=prod.json")
        paths.setdefault(label, []).append(path)
    return tuple((label, load(named, read)) for label, named in paths.items())


def _from_file(path: str, read: Read) -> TemplateConfiguration:
    try:
        content = read(path)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SourceError(f"--parameters {path} cannot be read: {reason}", hint=HINT) from None
    if content.lstrip().startswith(b"["):
        return _from_list(path, content)
    root = text.load(path, content).sound()
    values = root.get("Parameters", root)
    if not isinstance(values, dict):
        raise SourceError(f"{path}: Parameters is not a mapping", hint=HINT)
    tags = root.get("Tags") if values is not root else None
    return TemplateConfiguration(
        {name: ParameterValue(_scalar(path, name, value)) for name, value in values.items()},
        {name: text_of(value) or "" for name, value in tags.items()} if isinstance(tags, dict) else {},
    )


def _from_list(path: str, content: bytes) -> TemplateConfiguration:
    items = text.load(path, b'{"list":' + content + b"}").sound()["list"]
    values: dict[str, ParameterValue] = {}
    for item in items:
        if isinstance(item, str) and "=" in item:  # aws cloudformation deploy --parameter-overrides file://…
            name, _, value = item.partition("=")
            values[name] = ParameterValue(value)
            continue
        key = item.get("ParameterKey") if isinstance(item, dict) else None
        if not isinstance(key, str):
            raise SourceError(f"{path}: an item of the list has no ParameterKey", hint=HINT)
        resolved = item.get("ResolvedValue")
        own = None if item.get("UsePreviousValue") is True else item.get("ParameterValue")
        values[key] = ParameterValue(
            None if own is None else _scalar(path, key, own),
            None if resolved is None else _scalar(path, key, resolved),
        )
    return TemplateConfiguration(values)


def _scalar(path: str, name: str, value: Any) -> str:
    if isinstance(value, list):
        return ",".join(_scalar(path, name, item) for item in value)
    scalar = text_of(value)
    if scalar is None:
        raise SourceError(f"{path}: the value of {name} is not text", hint=HINT)
    return scalar
