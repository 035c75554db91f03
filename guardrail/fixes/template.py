"""Changes as edits of templates, in YAML and in JSON: inside the quotes of a value, behind the resource that has it."""

import json
import os
import re
from contextlib import suppress

from msgspec import structs

from guardrail.errors import SourceError
from guardrail.fixes.base import (
    AddTarget,
    AddTracking,
    AddWake,
    NameEndpoint,
    NoFixError,
    PropertyPath,
    PropertyScalar,
    ProposedChange,
    Remove,
    SetProperty,
    SetWord,
    literal,
    text_at,
)
from guardrail.fixes.json_edits import with_entry, without_entry
from guardrail.fixes.marks import Entry, Marked, json_marks, yaml_marks
from guardrail.fixes.new_template import endpoint_of, new_resources
from guardrail.fixes.words import reworded
from guardrail.fixes.yaml_edits import behind_entry, without_line, yaml_lines, yaml_scalar
from guardrail.gitignore import ignored_around
from guardrail.sources.boundary import boundary_of

_GENERATED = re.compile(r"(?:^|[\\/])(?:cdk\.out|\.aws-sam)(?:[\\/]|$)|packaged[^\\/]*$")
_FUNCTION = re.compile(r"Fn::\w+|Ref|Condition")
_DECIDED = {"!If": "a condition decides it", "Fn::If": "a condition decides it"}


_ADDRESSES = ("address", "endpoint", "configuration", "target", "policy", "alarm")
_ACTIONS = "AlarmActions"
_NESTED = ("TemplateURL", "Location")


def changed(path: str, change: ProposedChange) -> dict[str, str]:
    """The new text of the template at a path, or of the one nested in it that a change is about, by its real path.

    ``Queue/Target`` is ``Target`` of the template that ``Queue`` names. Raises `NoFixError`.
    """
    codes = [TemplateCode(path)]
    named = {name: getattr(change, name) for name in _ADDRESSES if getattr(change, name, None)}
    stacks = {address.rpartition("/")[0] for address in named.values()}
    if len(stacks) != 1:
        raise NoFixError("it is about several templates")
    nested = [*filter(None, stacks.pop().split("/"))]
    for logical_id in nested:
        codes.append(codes[-1].nested(logical_id))
    change = structs.replace(change, **{name: each.rpartition("/")[2] for name, each in named.items()})
    for logical_id in reversed(nested):
        parameter = codes[-1].parameter_of(change)
        if not isinstance(change, SetProperty) or parameter is None:
            break
        del codes[-1]
        change = SetProperty(logical_id, ("Parameters", parameter), change.value)
    return codes[-1].changed(change)


class TemplateCode:
    """The text of one template, with the marks of its resources."""

    def __init__(self, path: str) -> None:
        real = os.path.realpath(path)
        if os.path.isdir(real):
            raise NoFixError(f"{path} is generated (cdk synth writes it anew): change what it is made from")
        self._text = text_at(real, path)
        self._path = path
        self._body = self._text.text[self._text.mark :]
        self._is_json = self._body.lstrip()[:1] == "{"
        self._root = (json_marks if self._is_json else yaml_marks)(self._body)
        self._refuse_generated(real)

    def _refuse_generated(self, real: str) -> None:
        """Raise for a template that a tool writes anew: an edit would not last."""
        tool = "cdk synth" if "aws:cdk:path" in self._body else "sam build" if "SamResourceId" in self._body else None
        if tool is None and _GENERATED.search(real):
            tool = "what packages it"
        if tool is None and ignored_around(self._path).ignores(self._path):
            tool = "what makes it, for git leaves it out,"
        if tool is None and os.path.isfile(os.path.join(os.path.dirname(real), "manifest.json")):
            tool = "cdk synth"
        if tool is not None:
            raise NoFixError(f"{self._path} is generated ({tool} writes it anew): change what it is made from")

    def nested(self, logical_id: str) -> "TemplateCode":
        """The template that a resource of this one names as a file beside it. Raises `NoFixError`."""
        found = (self._root.at("Resources", logical_id, "Properties", name) for name in _NESTED)
        entry = next((each for each in found if each is not None), None)
        if entry is None or entry.value.kind != "scalar" or entry.value.tag or "://" in entry.value.value:
            raise NoFixError(f"the template of {logical_id} is no file that {self._path} names")
        path = os.path.join(os.path.dirname(self._path), entry.value.value)
        try:
            boundary = boundary_of(self._path)
        except SourceError as error:
            raise NoFixError(error.message) from None
        if not boundary.holds(path):
            raise NoFixError(f"{path} leads out of its repository")
        return TemplateCode(os.path.normpath(path))

    def changed(self, change: ProposedChange) -> dict[str, str]:
        """The new text of the template, by its real path. Raises `NoFixError`."""
        return {self._text.path: self._text.text[: self._text.mark] + self._changed(change)}

    def _changed(self, change: ProposedChange) -> str:
        match change:
            case SetProperty():
                return self._with_value(change)
            case SetWord():
                return self._with_word(change)
            case NameEndpoint():
                return self._with_endpoint(change)
            case Remove():
                return self._without(change)
            case AddTarget() | AddTracking() | AddWake():
                return self._added(change)

    # Finding -----------------------------------------------------------------------------------------------------

    def _entry(self, address: str, *path: str | int) -> Entry:
        entry = self._root.at("Resources", address, "Properties", *path)
        if self._root.at("Resources", address) is None:
            raise NoFixError(f"{address} is not written in {self._path} itself")
        if entry is None:
            shown = ".".join(str(step) for step in path if isinstance(step, str))
            raise NoFixError(f"{address} has no {shown} that is written out: it is set elsewhere, or by a function")
        for length in range(len(path)):
            around = self._root.at("Resources", address, "Properties", *path[:length])
            if around is not None and around.is_anchored:
                raise NoFixError("others use it too, by an anchor")
        return entry

    def _literal(self, address: str, path: PropertyPath) -> tuple[int, int, Marked]:
        """Where the literal of a property is written. Raises `NoFixError`."""
        entry = self._entry(address, *path)
        value = entry.value
        if entry.alias is not None:
            if value.kind != "scalar" or entry.alias == (0, 0):
                raise NoFixError("its value is that of an anchor")
            return *entry.alias, Marked(kind="scalar", start=0, end=0, flow=True)
        if entry.is_anchored:
            raise NoFixError("others use its value too, by an anchor")
        if value.kind != "scalar" or value.tag:
            raise NoFixError(_why_not(value))
        if value.quote == "|":
            raise NoFixError("it is a text of several lines")
        return value.start, value.end, value

    def parameter_of(self, change: ProposedChange) -> str | None:
        """The parameter that is the value to change, and nothing else, so that who passes it can pass another.

        Raises `NoFixError` where it is used for something else too, or does not take the value.
        """
        if not isinstance(change, SetProperty):
            return None
        value = self._entry(change.address, *change.path).value
        name = value.value if value.tag == "!Ref" else ""
        if value.kind == "mapping" and len(value.entries) == 1 and value.entries[0].key == "Ref":
            name = value.entries[0].value.value
        declared = self._root.at("Parameters", name)
        if declared is None:
            return None
        uses = re.findall(rf"(?<![\w-]){re.escape(name)}(?![\w-]|[\"']?\s*:)", self._body)  # not where it is a key
        if len(uses) != 1:
            raise NoFixError(
                f"the parameter {name} is used elsewhere in {self._path} too, where it would change as well"
            )
        if not _takes(declared.value, literal(change.value)):
            raise NoFixError(f"the parameter {name} does not take {literal(change.value)}")
        return name

    # Changing ----------------------------------------------------------------------------------------------------

    def _with_value(self, change: SetProperty) -> str:
        start, end, old = self._literal(change.address, change.path)
        return self._body[:start] + _shown(change.value, old, is_json=self._is_json) + self._body[end:]

    def _with_word(self, change: SetWord) -> str:
        reasons: list[str] = []
        for path in change.paths:
            try:
                value = self._text_at(change.address, path)
                start, end = reworded(self._body, value.start, value.end, change.word, change.old)
                return self._body[:start] + change.word + self._body[end:]
            except NoFixError as error:
                reasons.append(error.reason)
        raise NoFixError(reasons[0] if reasons else "nothing is nearly it")

    def _text_at(self, address: str, path: PropertyPath) -> Marked:
        """The text of a property, which may have names in it that ``Sub`` puts in. Raises `NoFixError`."""
        entry = self._entry(address, *path)
        value = entry.value
        if entry.alias is not None or entry.is_anchored:
            raise NoFixError("others use its value too, by an anchor")
        while value.kind == "mapping" and len(value.entries) == 1 and value.entries[0].key == "Fn::Sub":
            value = value.entries[0].value
            value = value.items[0].value if value.kind == "sequence" and value.items else value
        if value.kind == "sequence" and value.tag == "!Sub" and value.items:
            value = value.items[0].value
        if value.kind != "scalar" or value.tag not in ("", "!Sub"):
            raise NoFixError(_why_not(value))
        return value

    def _with_endpoint(self, change: NameEndpoint) -> str:
        entry, resources = self._entry(change.address, *change.path), self._root.at("Resources")
        value = entry.value
        if resources is None or entry.alias is not None or entry.is_anchored or value.quote == "|":
            raise NoFixError("others use its value too, by an anchor")
        if value.kind != "scalar" and not value.flow:
            raise NoFixError("it goes over several lines")
        name = endpoint_of(change.target, resources.value)
        new = json.dumps(name, ensure_ascii=False) if self._is_json or isinstance(name, dict) else yaml_scalar(name)
        start = self._body.rfind(value.tag, 0, value.start) if value.tag else value.start
        return self._body[:start] + new + self._body[value.end :]

    def _without(self, change: Remove) -> str:
        entry = self._entry(change.address, *change.path)
        if entry.alias is not None or entry.is_anchored:
            raise NoFixError("others use its value too, by an anchor")
        owner = self._root.at("Resources", change.address, "Properties", *change.path[:-1])
        if owner is None:
            raise NoFixError("nobody can tell where it is written")
        if owner.value.flow:
            return without_entry(self._body, owner.value, entry)
        return without_line(self._body, owner.value, entry)

    def _added(self, change: AddTarget | AddTracking | AddWake) -> str:
        resources = self._root.at("Resources")
        if resources is None:
            raise NoFixError("it has no Resources")
        if isinstance(change, AddWake) and change.alarm is not None and change.policy is not None:
            with suppress(NoFixError):  # then it gets an alarm beside that one
                return self._with_action(change.alarm, change.policy)
        beside, made = new_resources(change, resources.value)
        body = self._body
        for name, resource in reversed(made.items()):
            entry = resources.value.get(beside)
            if entry is None or entry.is_anchored:
                raise NoFixError(f"{beside} is not written in {self._path} itself")
            if resources.value.flow:
                body = with_entry(body, resources.value, entry, name, resource, self._text.newline)
            else:
                unit = _unit(self._body, resources, entry)
                lines = yaml_lines(name, resource, _column(self._body, entry.start), unit)
                body = behind_entry(body, entry, lines, self._text.newline)
        return body

    def _with_action(self, alarm: str, policy: str) -> str:
        """An alarm without actions, with a policy as the only one."""
        properties = self._root.at("Resources", alarm, "Properties")
        metric, actions = (self._entry(alarm, "MetricName"), self._root.at("Resources", alarm, "Properties", _ACTIONS))
        conditions = [self._root.at("Resources", each, "Condition") for each in (alarm, policy)]
        if properties is None or len({None if each is None else each.value.value for each in conditions}) > 1:
            raise NoFixError(f"{alarm} is there under another condition than {policy}")
        action = json.dumps({"Ref": policy}) if self._is_json else f"!Ref {policy}"
        if actions is not None:
            is_list = actions.value.kind == "sequence" and actions.value.flow and not actions.value.items
            if not is_list or actions.alias is not None or actions.is_anchored:
                raise NoFixError(f"the {_ACTIONS} of {alarm} is no empty list")
            return f"{self._body[: actions.value.start]}[{action}]{self._body[actions.value.end :]}"
        if properties.value.flow:
            return with_entry(self._body, properties.value, metric, _ACTIONS, [{"Ref": policy}], self._text.newline)
        line = f"{' ' * _column(self._body, metric.start)}{_ACTIONS}: [{action}]"
        return behind_entry(self._body, metric, iter([line]), self._text.newline)


def _takes(parameter: Marked, value: str) -> bool:
    """Whether a parameter's constraints, as far as they are told here, allow a value."""
    said = {entry.key: entry.value for entry in parameter.entries}
    allowed = [item.value.value for item in said["AllowedValues"].items] if "AllowedValues" in said else [value]
    if value not in allowed or "AllowedPattern" in said:
        return False
    try:
        least, most = (float(said[name].value) if name in said else None for name in ("MinValue", "MaxValue"))
        return (least is None or least <= float(value)) and (most is None or float(value) <= most)
    except ValueError:
        return False


def _unit(text: str, resources: Entry, entry: Entry) -> int:
    """By how many blanks a level is indented."""
    return max(_column(text, entry.start) - _column(text, resources.start), 1)


def _column(text: str, at: int) -> int:
    return at - (text.rfind("\n", 0, at) + 1)


def _why_not(value: Marked) -> str:
    name = value.tag or (value.entries[0].key if value.kind == "mapping" and len(value.entries) == 1 else "")
    if name in ("!Ref", "Ref"):
        parameter = value.value or (value.entries[0].value.value if value.entries else "")
        return f"the parameter {parameter} decides it: another default does not change a stack that is there"
    if name in _DECIDED:
        return _DECIDED[name]
    return f"{name} works it out" if name.startswith("!") or _FUNCTION.fullmatch(name) else "it is no single value"


def _shown(value: PropertyScalar, old: Marked, *, is_json: bool) -> str:
    """A value as the literal in the place of another, in quotes where that has quotes."""
    quote = old.quote or ('"' if is_json and isinstance(value, str) else "")
    return f"{quote}{literal(value)}{quote}"
