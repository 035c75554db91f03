"""Whether a name on the way to a value is used for something else too, which an edit of the value would change as well.

``local.least`` may bound another endpoint, ``local.scaling.least`` may be read beside ``local.scaling.most``: of a
collection it is the element that counts. What refers to the whole of it goes through all of it, and is no use of one.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TypeAlias

from msgspec import Struct

from guardrail.fixes.base import NoFixError
from guardrail.sources.hcl import syntax
from guardrail.sources.hcl.endings import IN_JSON
from guardrail.sources.hcl.evaluate import known_or_reason
from guardrail.sources.hcl.origins import Spot, onward
from guardrail.sources.hcl.scan import scan_file
from guardrail.sources.hcl.values import plain

_CHECKS = {"condition", "error_message"}
"""Arguments that only look at a value."""
_MOST_HOPS = 32
_ElementKey: TypeAlias = str | int | None
"""Which element of a collection; None where nobody can tell."""


class _ModuleElement(Struct, frozen=True):
    """A variable, local value or element at hand of a module, with the steps from it to a part of it."""

    spot: Spot
    name: str
    steps: tuple[_ElementKey, ...]
    collection: syntax.Expression | None = None
    """Of an element at hand, as ``each.value``: what ``for_each`` goes through."""

    @property
    def shown(self) -> str:
        """``local.scaling.least``."""
        steps = (f".{step}" if isinstance(step, str) else f"[{'…' if step is None else step}]" for step in self.steps)
        return self.name + "".join(steps)


def refuse_shared(spots: Sequence[Spot], argument: str) -> None:
    """Raise `NoFixError` where what leads to the value of an ``argument`` is used otherwise."""
    allowed = {argument}
    for spot, following in pairwise(spots):
        for named in _names(spot):
            _refuse_other_uses(named, allowed)
        match spot.expression:
            case syntax.Attribute(subject=syntax.Name(name="var"), name=name) if following.module is not spot.module:
                allowed = allowed | {name}


def _names(spot: Spot) -> Iterator[_ModuleElement]:
    """The names that an expression goes through: ``each.value.least``, and then ``local.queues`` with two steps."""
    found = _rooted(spot, ())
    for _ in range(_MOST_HOPS):
        if found is None:
            return
        yield found
        following, steps = onward(found.spot), found.steps
        if found.collection is not None:
            following, key = found.spot.bound[found.name.partition(".")[0]]
            steps = (key, *steps)
        found = _rooted(following, steps) if following is not None and steps else None


def _rooted(spot: Spot, steps: tuple[_ElementKey, ...]) -> _ModuleElement | None:
    """The name that an expression starts from, at its own place."""
    here = spot
    while True:
        match here.expression:
            case syntax.Attribute(subject=syntax.Name(name="var" | "local" as kind), name=name):
                return _ModuleElement(here, f"{kind}.{name}", steps)
            case syntax.Attribute(subject=syntax.Name(name=bound), name="value") if bound in here.bound:
                return _ModuleElement(here, f"{bound}.value", steps, here.bound[bound].collection.expression)
            case syntax.Attribute(subject=subject, name=name):
                here, steps = here._replace(expression=subject), (name, *steps)
            case syntax.Index(subject=subject, key=key):
                known = plain(known_or_reason(key, here.module.scope))
                step = known if isinstance(known, (str, int)) else None
                here, steps = here._replace(expression=subject), (step, *steps)
            case _:
                return None


def _refuse_other_uses(named: _ModuleElement, allowed: set[str]) -> None:
    for file in named.spot.module.source.files:
        other = _used_otherwise(file, named, allowed)
        if other is not None:
            line = file.location(other).line
            raise NoFixError(f"{named.shown} is also used at {file.path}:{line}, where it would change as well")


def _used_otherwise(file: syntax.SourceFile, named: _ModuleElement, allowed: set[str]) -> int | None:
    """Where a name, or the part of it, is used that is not assigned to one of the ``allowed`` arguments."""
    pattern = re.compile(rf"(?<![\w.-]){re.escape(named.name)}(?![\w-]){''.join(map(_step, named.steps))}")
    if pattern.search(file.text) is None:
        return None
    code = file.text if file.path.endswith(IN_JSON) else scan_file(file).text
    for start, end in _ranges(file, named):
        for found in pattern.finditer(file.text, start, end):
            if not _is_code(file.text, code, found.start()):
                continue
            line = code.rfind("\n", 0, found.start()) + 1
            names = re.findall(r'"?([\w-]+)"?\s*[=:](?!=)', code[line : found.start()])
            if not names or names[-1] not in allowed | _CHECKS:
                return found.start()
    return None


def _is_code(text: str, code: str, at: int) -> bool:
    """Whether text is read as an expression: in a comment it is not, in a heredoc where it is interpolated."""
    if code[at] == text[at]:
        return True
    opening = text.rfind("${", 0, at)
    return opening >= 0 and "}" not in text[opening:at] and "\n" not in text[opening:at]


def _ranges(file: syntax.SourceFile, named: _ModuleElement) -> Iterator[tuple[int, int]]:
    """Where in a file the name means the same: an element at hand, in the blocks that go through its collection."""
    if named.collection is None or file.path.endswith(IN_JSON):
        yield 0, len(file.text)
        return
    shown = syntax.reference_text(named.collection)
    for block in file.body.blocks:
        argument = block.body.arguments.get("for_each")
        if argument is None:
            continue
        if argument.expression is named.collection or (shown and syntax.reference_text(argument.expression) == shown):
            yield block.at, block.end


def _step(step: _ElementKey) -> str:
    """How an element is taken: by its name, or by a key that may come to it."""
    worked_out = r"\[(?!\s*[\"\d])[^\]\n]*\]"
    if step is None:
        return r"\[[^\]\n]*\]"
    if isinstance(step, int):
        return rf"(?:\[\s*{step}\s*\]|\.{step}(?!\d)|{worked_out})"
    return rf'(?:\.{re.escape(step)}(?![\w-])|\[\s*"{re.escape(step)}"\s*\]|{worked_out})'
