"""New resources as Terraform writes them: blocks in the order of ``terraform fmt``, or objects of its JSON syntax."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from msgspec import Struct

_INDENT = "  "


class ExpressionText(Struct, frozen=True):
    """A value that is worked out: ``aws_appautoscaling_target.chat.resource_id``."""

    text: str


class InterpolatedText(Struct, frozen=True):
    """Text with interpolations: ``${aws_sagemaker_endpoint.chat.name}-wake``."""

    text: str


BlockValue: TypeAlias = str | int | float | ExpressionText | InterpolatedText | Sequence[Any] | Mapping[str, Any]


class Nested(Struct, frozen=True):
    """A block inside another."""

    name: str
    body: "BlockBody"


BlockBody: TypeAlias = tuple[tuple[str, BlockValue] | Nested, ...]


class ResourceBlock(Struct, frozen=True):
    """A resource block."""

    type: str
    name: str
    body: BlockBody


def native(resource: ResourceBlock, newline: str) -> str:
    """The block in native syntax, without the end of its last line."""
    lines = [f'resource "{resource.type}" "{resource.name}" {{', *_lines(resource.body, _INDENT), "}"]
    return newline.join(lines)


def _lines(body: BlockBody, indent: str) -> Iterator[str]:
    """Arguments with their equal signs in one column; a blank line before each block."""
    group: list[tuple[str, BlockValue]] = []
    is_first = True
    for part in (*body, None):
        if isinstance(part, tuple):
            group.append(part)
            continue
        widest = max((len(name) for name, _ in group), default=0)
        yield from (f"{indent}{name:<{widest}} = {in_native(value)}" for name, value in group)
        is_first, group = is_first and not group, []
        if part is not None:
            if not is_first:
                yield ""
            yield f"{indent}{part.name} {{"
            yield from _lines(part.body, indent + _INDENT)
            yield f"{indent}}}"
            is_first = False


def in_native(value: BlockValue) -> str:
    """A value in native syntax."""
    match value:
        case ExpressionText(text):
            return text
        case InterpolatedText(text):
            return f'"{text}"'
        case str():
            return _quoted(value)
        case dict():
            return f"{{ {', '.join(f'{name} = {in_native(each)}' for name, each in value.items())} }}"
        case list() | tuple():
            return f"[{', '.join(map(in_native, value))}]"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("${", "$${").replace("%{", "%%{")
    return f'"{escaped}"'


def as_json(resource: ResourceBlock) -> dict[str, Any]:
    """The body of the resource in JSON syntax."""
    return _object(resource.body)


def _object(body: BlockBody) -> dict[str, Any]:
    return {
        **{part[0]: part[1] if part[0] == "provider" else in_json(part[1]) for part in body if isinstance(part, tuple)},
        **{part.name: _object(part.body) for part in body if isinstance(part, Nested)},
    }


def in_json(value: BlockValue) -> Any:
    """A value in JSON syntax."""
    match value:
        case ExpressionText(text):
            return f"${{{text}}}"
        case InterpolatedText(text):
            return text
        case str():
            return value.replace("${", "$${").replace("%{", "%%{")
        case dict():
            return {name: in_json(each) for name, each in value.items()}
        case list() | tuple():
            return [in_json(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
