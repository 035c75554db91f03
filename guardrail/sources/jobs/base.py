"""What every reader of definitions makes of one, and how the text of one becomes a value with holes."""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from guardrail.errors import MalformedError
from guardrail.model import Flow, TransformJob, Unknown
from guardrail.sources.base import UNNAMED

_STRING = r'"(?:[^"\\]|\\.)*"'
_HOLE = rf"\$\{{(?:[^{{}}\"]|{_STRING})*\}}"
_DYNAMIC = r"\{\{resolve:[^{}\"]*\}\}"
"""What CloudFormation looks up when it deploys: the AWS documentation calls it a dynamic reference."""
_TOKEN = re.compile(rf"{_STRING}|{_HOLE}|{_DYNAMIC}|%\{{(?:[^{{}}\"]|{_STRING})*\}}", re.DOTALL)
_CONTEXT = "<aws.scheduler."


class Start(Struct, frozen=True, kw_only=True):
    """Another workflow that a definition starts."""

    target: str | Unknown | None
    """Its ARN or name, as far as that is known."""
    given: Any
    """The input of a state machine, the parameters of a pipeline by name; None where there is none."""
    label: str


class Definition(Struct, frozen=True, kw_only=True):
    """What a definition runs of SageMaker."""

    jobs: tuple[TransformJob, ...] = ()
    flow: Flow = Flow()
    starts: tuple[Start, ...] = ()
    others: dict[str, int] = {}
    """What it runs that is not inference, by what that is called: ``processing job``."""
    doubts: tuple[str, ...] = ()
    """What else it may run that bills as inference, a clause each."""
    once: bool = False
    """Whether it runs once and not again and again."""
    region: str | None = None
    tags: dict[str, str | Unknown] | Unknown = {}
    """Those that a request of its own gives its job."""


class DefinitionReading:
    """The jobs, other services and doubts of a definition, as far as it has been read."""

    def __init__(self) -> None:
        self.jobs: list[TransformJob] = []
        self.others: Counter[str] = Counter()
        self.doubts: list[str] = []

    def take(self, found: Definition) -> tuple[int, ...]:
        """Take in what a step runs besides; the places that its jobs have got."""
        first = len(self.jobs)
        self.jobs += found.jobs
        self.others.update(found.others)
        self.doubts += found.doubts
        return tuple(range(first, len(self.jobs)))


def value_of(text: str) -> Any:
    """The value of a definition's text, JSON or YAML, with its placeholders as text.

    ``{"InstanceCount": ${Count}}`` is no JSON before somebody puts a number in, and reads as ``"${Count}"``. Raises
    `MalformedError` for what is neither.
    """
    from guardrail import json_text

    try:
        return json_text.decode(text, strict=False, pairs=_object)
    except json_text.JsonError as error:
        if not text.lstrip().startswith(("{", "[")):
            return _yaml(text)
        if not any(sign in text for sign in ("${", "%{", "{{resolve:")):
            raise
        try:
            return json_text.decode(_TOKEN.sub(_as_text, text), strict=False, pairs=_object)
        except json_text.JsonError:
            raise error from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of its keys and values. Raises `MalformedError` where a key stands twice: one would hide the other."""
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise MalformedError(f"the key {twice[:80]!r} stands twice in one object")
    return found


def _as_text(match: re.Match[str]) -> str:
    """A placeholder outside text as text where a value belongs; nothing where it stands beside one."""
    token = match[0]
    if token.startswith('"'):
        return token
    before = match.string[: match.start()].rstrip()[-1:]
    if token.startswith("%{") or before not in (":", ",", "["):
        return ""
    import json

    return json.dumps(token)


def _yaml(text: str) -> Any:
    from guardrail import yaml_text

    class Reader(yaml_text.YamlReader):
        """A key that stands twice is refused, as in JSON."""

        def repeated(self, key: str, node: Any, mapping: Any) -> None:
            del mapping
            raise yaml_text.YamlError(f"the key {key[:80]!r} stands twice in one object", node.start_mark)

    return Reader().read(yaml_text.compose(text))


def plain(value: Any, name: str) -> Any:
    """A value as far as it is known: text with a placeholder in it is not.

    ``plain("${Type}", "InstanceType")`` is unknown: "InstanceType is the placeholder ${Type}".
    """
    if value.__class__ is not str:
        return value
    if UNNAMED in value:
        return Unknown(f"{name} is not known here, or is sensitive", value)
    if "${" in value:
        return Unknown(f"{name} is the placeholder {value[:80]}", value)
    if "{{resolve:" in value:
        return Unknown(f"{name} is the dynamic reference {value[:80]}", value)
    return Unknown(f"{name} is known only when the schedule runs", value) if _CONTEXT in value else value


def deep(value: Any, name: str = "it") -> Any:
    """The value with everything in it as far as it is known: see `plain`."""
    if isinstance(value, Mapping):
        return {key: deep(item, str(key)) for key, item in value.items()}
    if isinstance(value, list):
        return [deep(item, name) for item in value]
    return plain(value, name)


def objects(value: Any) -> list[Mapping[str, Any]]:
    """The objects of a list; none of what is no list."""
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def named_values(value: Any) -> dict[str, Any]:
    """``{"Count": "4"}`` of ``[{"Name": "Count", "Value": "4"}]``."""
    return {str(each.get("Name")): each.get("Value") for each in objects(value)}


def decoded(value: Any, name: str) -> dict[str, Any] | Unknown:
    """A definition or an input that may be text, or text of which only a part is known, as a mapping."""
    if isinstance(value, Unknown):
        if value.partial is None or "{" not in value.partial.replace("${", ""):
            return value
        text: Any = value.partial
    else:
        text = value
    if isinstance(text, str):
        try:
            text = value_of(str.__str__(text))
        except MalformedError as error:
            return Unknown(f"its {name} cannot be read: {error.problem}") if not isinstance(value, Unknown) else value
    return text if isinstance(text, dict) else Unknown(f"its {name} is no object")
