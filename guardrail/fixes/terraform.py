"""Changes as edits of Terraform source: where the value is written that somebody would change by hand.

A value is followed to its literal through variables, files of values, local values and the arguments of module calls,
as findings are. It is left alone where something works it out, where others use it for something else, and where the
file is not written by people.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from guardrail.fixes.alignment import settled
from guardrail.fixes.base import (
    AddTarget,
    AddTracking,
    AddWake,
    EditedText,
    NameEndpoint,
    NoFixError,
    PropertyPath,
    PropertyScalar,
    ProposedChange,
    Remove,
    SetProperty,
    SetWord,
    literal,
)
from guardrail.fixes.blocks import in_json, in_native
from guardrail.fixes.json_edits import without_entry
from guardrail.fixes.marks import json_marks
from guardrail.fixes.new_terraform import NewResources
from guardrail.fixes.patch import CONTEXT
from guardrail.fixes.sharing import refuse_shared
from guardrail.fixes.source_files import editable, owner_at, refuse_inside_text, shift_of
from guardrail.fixes.words import reworded
from guardrail.sources.hcl import syntax
from guardrail.sources.hcl.endings import IN_JSON, VALUES
from guardrail.sources.hcl.ignored import ignored_changes
from guardrail.sources.hcl.origins import Spot, spot_of, way
from guardrail.sources.hcl.reader import RootModule, values_of
from guardrail.sources.hcl.resources import ResourceInstance
from guardrail.sources.vocabulary.spellings import spelling_of

_REFERENCE = re.compile(r'"(?:[^"\\\n]|\\.)*"|[\w.-]+(?:\[[^\]\n]*\][\w.-]*)*')
_TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*"|[\w.+-]+')
_WORKED_OUT: Mapping[type, str] = {
    syntax.Conditional: "a condition decides it",
    syntax.Call: "a function works it out",
    syntax.For: "a for expression works it out",
    syntax.Binary: "it is worked out",
    syntax.Template: "it is put together of several parts",
    syntax.Splat: "it is taken from several values",
}


class _ArgumentInSource(Struct, frozen=True):
    """An argument of a resource, or an entry of an object in one."""

    name: str
    at: int
    """Where its name starts."""
    expression: syntax.Expression
    file: syntax.SourceFile
    argument: syntax.Argument | None
    """None of an entry of an object."""
    is_key: bool = False
    """Whether it is the key itself that is meant."""


class TerraformCode:
    """The resources of one root module, and how changes of them are written."""

    def __init__(self, root: RootModule) -> None:
        self.root = root
        self.resources = {each.address: each for each in values_of(root)[1]}

    def changed(self, change: ProposedChange) -> dict[str, str]:
        """The new texts of files, by real path. Raises `NoFixError`."""
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
                return NewResources(self.root, self.resources).added(change)

    # Finding -----------------------------------------------------------------------------------------------------

    def _resource(self, address: str) -> ResourceInstance:
        found = self.resources.get(address)
        if found is None:
            raise NoFixError(f"nobody can tell where {address} is written")
        return found

    def _written(self, resource: ResourceInstance, path: PropertyPath) -> _ArgumentInSource:
        """The argument at the end of a path. Raises `NoFixError` where it is not written out."""
        spelling = spelling_of(resource.type)
        *blocks, last = path
        body, inside = resource.written.body, None
        pending = [*blocks]
        while pending:
            name = spelling.of(str(pending.pop(0)))
            index = int(pending.pop(0)) if pending and isinstance(pending[0], int) else 0
            if inside is None:
                found = [block for block in body.blocks if block.name == name]
                if any(block.type == "dynamic" for block in found):
                    raise NoFixError(f"{name} is made by a dynamic block")
                if index < len(found):
                    body = found[index].body
                    continue
                inside = (
                    (body.arguments[name].expression, body.arguments[name].file) if name in body.arguments else None
                )
            else:
                entry = _entry(inside[0], name)
                inside = None if entry is None else (entry.value, inside[1])
            if inside is None:
                raise NoFixError(f"{resource.address} has no {name} that is written out")
            inside = (_item(inside[0], index), inside[1])
        name = spelling.of(str(last))
        if inside is not None:
            dimension = _dimension(inside, path)
            if dimension is not None:
                return dimension
            entry = _entry(inside[0], name)
            if entry is not None:
                return _ArgumentInSource(name, entry.key.at, entry.value, inside[1], None)
        elif name in body.arguments:
            argument = body.arguments[name]
            return _ArgumentInSource(name, argument.at, argument.expression, argument.file, argument)
        raise NoFixError(f"{resource.address} has no {name} that is written out")

    def _refuse_ignored(self, resource: ResourceInstance, path: PropertyPath) -> None:
        name = spelling_of(resource.type).of(str(path[0]))
        ignored = ignored_changes(resource.written)
        if "all" in ignored or any(re.match(rf"{re.escape(name)}\b", each) for each in ignored):
            message = (
                f"{resource.address} has {name} in ignore_changes: Terraform leaves a target that is there as it is"
            )
            raise NoFixError(message)

    def _editable(self, file: syntax.SourceFile) -> EditedText:
        """The text of a file that people write. Raises `NoFixError` for any other."""
        return editable(self.root, file)

    # Changing ----------------------------------------------------------------------------------------------------

    def _with_value(self, change: SetProperty) -> dict[str, str]:
        resource = self._resource(change.address)
        self._refuse_ignored(resource, change.path)
        written = self._written(resource, change.path)
        spot = self._end(resource, written)
        _refuse_secrets(spot)
        text = self._editable(spot.file)
        at = spot.expression.at + shift_of(text, spot.file)
        if spot.file.path.endswith(IN_JSON):
            refuse_inside_text(json_marks(text.text[text.mark :]), spot.expression.at)
        found = _TOKEN.match(text.text, at)
        if found is None:
            raise NoFixError("it is not written as one literal")
        is_bare = written.is_key and not found[0].startswith('"')
        new = literal(change.value) if is_bare else _literal(change.value, found[0])
        return {text.path: _replaced(text, found.start(), found.end(), new)}

    def _end(self, resource: ResourceInstance, written: _ArgumentInSource) -> Spot:
        """Where the literal is written. Raises `NoFixError` where there is none, or where it is shared."""
        spots = _way(resource, written)
        for spot in spots:
            is_part = isinstance(spot.expression, syntax.Template) and len(spot.expression.parts) > 1
            if is_part or isinstance(spot.expression, syntax.Conditional):
                raise NoFixError(_why_not(spot))
        end = spots[-1]
        if not isinstance(end.expression, syntax.Literal):
            raise NoFixError(_why_not(end))
        refuse_shared(spots, written.name)
        return end

    def _with_word(self, change: SetWord) -> dict[str, str]:
        resource = self._resource(change.address)
        reasons: list[str] = []
        for path in change.paths:
            try:
                self._refuse_ignored(resource, path)
                written = self._written(resource, path)
                return self._reworded(_way(resource, written), written, change)
            except NoFixError as error:
                reasons.append(error.reason)
        raise NoFixError(reasons[0] if reasons else "nothing is nearly it")

    def _reworded(self, spots: Sequence[Spot], written: _ArgumentInSource, change: SetWord) -> dict[str, str]:
        """The word in the first text on the way to a value, or in a part of it that comes from elsewhere."""
        end = next((at for at, spot in enumerate(spots) if _texts(spot.expression)), len(spots) - 1)
        refuse_shared(spots[: end + 1], written.name)
        spot = spots[end]
        texts = _texts(spot.expression)
        if not texts:
            raise NoFixError(_why_not(spot))
        reason: NoFixError | None = None
        for each in texts:
            try:
                return self._with_word_at(spot._replace(expression=each), change)
            except NoFixError as error:
                reason = reason or error
        for part in _parts(spot.expression):
            following = way(spot._replace(expression=part))
            match following[-1].expression:
                case syntax.Literal(value=value) if len(following) > 1 and value == change.old:
                    refuse_shared(following, written.name)
                    return self._with_word_at(following[-1], change)
        raise reason or NoFixError("nothing is nearly it")

    def _with_word_at(self, spot: Spot, change: SetWord) -> dict[str, str]:
        text = self._editable(spot.file)
        at = spot.expression.at + shift_of(text, spot.file)
        end = _end_of_text(text.text, at)
        start, stop = reworded(text.text, at, end, change.word, change.old)
        return {text.path: _replaced(text, start, stop, change.word)}

    def _with_endpoint(self, change: NameEndpoint) -> dict[str, str]:
        resource = self._resource(change.address)
        self._refuse_ignored(resource, change.path)
        written = self._written(resource, change.path)
        name = NewResources(self.root, self.resources).endpoint_of(change.target, resource)
        text = self._editable(written.file)
        start = written.expression
        while isinstance(start, (syntax.Attribute, syntax.Index)):
            start = start.subject  # where a chain of references starts
        found = _REFERENCE.match(text.text, start.at + shift_of(text, written.file))
        if found is None or not isinstance(start, (syntax.Name, syntax.Literal)):
            raise NoFixError("what it names instead is worked out")
        in_text = written.file.path.endswith(IN_JSON)
        new = json.dumps(in_json(name), ensure_ascii=False) if in_text else in_native(name)
        return {text.path: _replaced(text, found.start(), found.end(), new)}

    def _without(self, change: Remove) -> dict[str, str]:
        resource = self._resource(change.address)
        self._refuse_ignored(resource, change.path)
        written = self._written(resource, change.path)
        text = self._editable(written.file)
        at = written.at + shift_of(text, written.file)
        if written.file.path.endswith(IN_JSON):
            owner, entry = owner_at(json_marks(text.text[text.mark :]), written.at)
            return {text.path: text.text[: text.mark] + without_entry(text.text[text.mark :], owner, entry)}
        start = text.text.rfind("\n", 0, at) + 1
        end = text.text.find("\n", at) + 1 or len(text.text)
        if text.text[start:at].strip() or _lines_of(text.text[start:end], written.name) is None:
            raise NoFixError(f"{written.name} does not have a line of its own")
        new = text.text[:start] + text.text[end:]
        line = text.text.count("\n", 0, start)
        return {text.path: settled(text.text, new, range(line, line))}


def _texts(expression: syntax.Expression) -> list[syntax.Expression]:
    """The texts in quotes that a value is made of: itself, or the arguments of ``join`` and ``format``."""
    match expression:
        case syntax.Literal(value=str()) | syntax.Template():
            return [expression]
        case syntax.Call(name="join" | "format", arguments=arguments):
            return [text for each in arguments for text in _texts(each)]
        case syntax.Tuple(items=items):
            return [text for each in items for text in _texts(each)]
    return []


def _parts(expression: syntax.Expression) -> Iterator[syntax.Expression]:
    """What is put into a text from elsewhere."""
    match expression:
        case syntax.Template(parts=parts) | syntax.Call(name="join" | "format", arguments=parts):
            for each in parts:
                yield from _parts(each)
        case syntax.Tuple(items=items):
            for each in items:
                yield from _parts(each)
        case syntax.Attribute() | syntax.Index():
            yield expression


def _way(resource: ResourceInstance, written: _ArgumentInSource) -> list[Spot]:
    """Where a value is written, and on the way to that; of an entry of an object only the entry."""
    if written.argument is None:
        return [Spot(written.expression, written.file, resource.module, {})]
    return way(spot_of(written.argument, resource.scope))


def _refuse_secrets(spot: Spot) -> None:
    """Raise where a patch of a file of values would show one that is sensitive, among the lines around the edit."""
    if not spot.file.path.endswith(VALUES):
        return
    line = spot.file.line(spot.expression.at)
    for name, declared in spot.module.source.variables.items():
        argument = spot.module.given.get(name)
        is_near = argument is not None and argument.file is spot.file and _is_near(spot.file, argument, line)
        if is_near and declared.legible_body.legible("sensitive") is not None:
            raise NoFixError(f"the sensitive {name} is written beside it, and a patch would show that")


def _is_near(file: syntax.SourceFile, argument: syntax.Argument, line: int) -> bool:
    """Whether an argument, which may go over several lines, is among the lines that a hunk shows."""
    later = (other.at for other in file.body.arguments.values() if other.at > argument.at)
    end = min(later, default=len(file.text))
    last = file.line(argument.at + len(file.text[argument.at : end].rstrip()))
    return file.line(argument.at) - CONTEXT <= line <= last + CONTEXT


def _lines_of(line: str, name: str) -> re.Match[str] | None:
    """An argument that is all there is on its line, with a literal or a reference for its value."""
    return re.fullmatch(rf'\s*{re.escape(name)}\s*=\s*(?:"[^"\n]*"|[\w.\[\]"-]+)\s*(?:(?:#|//)[^\n]*)?\s*', line)


def _replaced(text: EditedText, start: int, end: int, new: str) -> str:
    """The text with a literal in place of another, and in native syntax the comments beside it in their column."""
    made = text.text[:start] + new + text.text[end:]
    if text.path.endswith((".json", ".hcl")) or len(new) == end - start:
        return made
    line = text.text.count("\n", 0, start)
    return text.text[: text.mark] + settled(text.text[text.mark :], made[text.mark :], range(line, line + 1))


def _literal(value: PropertyScalar, old: str) -> str:
    """A value as the literal in the place of another: in quotes where that has quotes."""
    is_text = isinstance(value, str) or old.startswith('"')
    return f'"{literal(value)}"' if is_text else literal(value)


def _end_of_text(text: str, at: int) -> int:
    """Where a quoted text ends that may hold interpolations with texts of their own."""
    if text[at : at + 1] != '"':
        raise NoFixError("it is no text in quotes")
    depth, here = 0, at + 1
    while here < len(text):
        sign = text[here]
        if sign == "\\":
            here += 1
        elif text.startswith(("${", "%{"), here):
            depth, here = depth + 1, here + 1
        elif sign == "}" and depth:
            depth -= 1
        elif sign == '"' and not depth:
            return here + 1
        elif sign == '"':
            here = _end_of_text(text, here) - 1
        here += 1
    raise NoFixError("its text does not end")


def _entry(expression: syntax.Expression, name: str) -> syntax.ObjectElement | None:
    if not isinstance(expression, syntax.Object):
        return None
    return next(
        (entry for entry in expression.entries if isinstance(entry.key, syntax.Literal) and entry.key.value == name),
        None,
    )


def _dimension(inside: tuple[syntax.Expression, syntax.SourceFile], path: PropertyPath) -> _ArgumentInSource | None:
    """The name, or the value, of a dimension that is an entry of an object: ``dimensions = { EndpointName = … }``."""
    match (inside[0], path[-3:]):
        case (syntax.Object(entries=entries), ("Dimensions", int(index), "Name" | "Value" as part)) if index < len(
            entries
        ):
            entry = entries[index]
            expression = entry.key if part == "Name" else entry.value
            return _ArgumentInSource("dimensions", entry.key.at, expression, inside[1], None, is_key=part == "Name")
    return None


def _item(expression: syntax.Expression, index: int) -> syntax.Expression:
    if isinstance(expression, syntax.Tuple) and index < len(expression.items):
        return expression.items[index]
    return expression


def _why_not(spot: Spot) -> str:
    if isinstance(spot.expression, syntax.Attribute):
        shown = syntax.reference_text(spot.expression)
        return f"it comes from {shown}, which is not written in a file here" if shown else "it is worked out"
    return f"{_WORKED_OUT.get(type(spot.expression), 'it is worked out')}, {_place(spot)}"


def _place(spot: Spot) -> str:
    return f"at {spot.file.path}:{spot.file.location(spot.expression.at).line}"
