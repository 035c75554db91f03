"""An argument of native syntax that gets a value where it is empty, or a line of its own beside another one."""

import re

from guardrail.fixes.alignment import settled
from guardrail.fixes.base import EditedText, NoFixError
from guardrail.fixes.source_files import shift_of
from guardrail.sources.hcl import syntax

_EMPTY = re.compile(r"\[\s*\]")
_LINE = re.compile(r"(?P<indent>[ \t]*)(?P<name>metric_name[ \t]*)=[ \t]*\"[^\"\n]*\"[ \t]*(?:(?:#|//)[^\n]*)?\r?")


def with_action(text: EditedText, argument: syntax.Argument, *, has_none: bool, action: str) -> str:
    """The text with ``alarm_actions`` of an alarm: the empty list of it, or a line behind ``metric_name``.

    Raises `NoFixError` where it is written in another way.
    """
    shift = shift_of(text, argument.file)
    if not has_none:
        found = _EMPTY.match(text.text, argument.expression.at + shift)
        if found is None:
            raise NoFixError("its alarm_actions is no empty list")
        new = text.text[: found.start()] + action + text.text[found.end() :]
        line = text.text.count("\n", 0, found.start())
        return settled(text.text, new, range(line, line + 1))
    start = text.text.rfind("\n", 0, argument.at + shift) + 1
    end = text.text.find("\n", start)
    found = _LINE.fullmatch(text.text, start, end)
    if found is None:
        raise NoFixError("its metric_name does not have a line of its own")
    added = f"{found['indent']}{'alarm_actions':<{len(found['name']) - 1}} = {action}"
    ending = "\r" if text.text[end - 1] == "\r" else ""
    new = f"{text.text[:end]}\n{added}{ending}{text.text[end:]}"
    line = text.text.count("\n", 0, end) + 1
    return settled(text.text, new, range(line, line + 1))
