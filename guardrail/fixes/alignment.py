"""What ``terraform fmt`` does to the lines around a change: equal signs, and comments behind values, in one column.

As hclwrite/format.go has it: lines that assign and follow each other are one group, and so are lines with a comment
behind them. A group that was not in that order before an edit is left as it is.
"""

import re
from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

from guardrail.sources.hcl.scan import scan_file
from guardrail.sources.hcl.syntax import SourceFile

_STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"')
_ASSIGNS = re.compile(r"(?P<lead>[ \t]*[^\s=!<>][^=!<>]*?)(?P<gap>[ \t]*)=(?![=>])")


class _CodeRow(Struct, frozen=True):
    """A line of code, or several where a heredoc begins on the first of them."""

    start: int
    """Offset of its line."""
    lead: int
    """Offset behind what stands before the equal sign; -1 where it assigns nothing that is whole."""
    equals: int
    code: int
    """Offset behind its code, which its comment follows; -1 where it has no code."""
    comment: int
    """Offset of the comment behind its code; -1 where it has none."""


def settled(old: str, new: str, changed: range) -> str:
    """The new text with the groups around ``changed``, lines of it from 0, in order, if all of them were in the old.

    ``changed`` is empty where lines were only removed, and stands where they were.
    """
    before, after = _rows(old), _rows(new)
    removed = len(before) - len(after)
    for belongs, column in ((_assigns, _equals_column), (_has_comment, _comment_column)):
        group = _group(after, changed, belongs)
        was = _group(before, range(changed.start, changed.stop + max(removed, 0)), belongs)
        if len(group) and _in_order(old, [before[at] for at in was if belongs(before[at])], column) == old:
            new = _in_order(new, [after[at] for at in group], column)
            after = _rows(new)
    return new


def _rows(text: str) -> list[_CodeRow]:
    file = SourceFile("", text)
    scan = scan_file(file)
    ends = {opening: heredoc.stop for opening, heredoc in scan.heredocs.items()}
    openings = sorted(ends)
    rows: list[_CodeRow] = []
    hidden_until = -1
    for start, end in _lines(text):
        if start <= hidden_until:
            rows.append(_CodeRow(start, -1, -1, -1, -1))
            continue
        inside = [at for at in openings if start <= at < end]
        hidden_until = ends[inside[-1]] if inside else hidden_until
        rows.append(_row(text, scan.text, start, end))
    return rows


def _lines(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        yield start, end
        start = end + 1


def _row(text: str, scanned: str, start: int, end: int) -> _CodeRow:
    code_end = start + len(scanned[start:end].rstrip())
    behind = re.compile(r"[ \t\r]*").match(text, code_end, end)
    comment = behind.end() if behind and behind.end() < end else -1
    if code_end == start or not scanned[start:end].strip():
        return _CodeRow(start, -1, -1, -1, -1)
    plain = _STRING.sub(lambda string: "_" * len(string[0]), scanned[start:code_end])
    found = _ASSIGNS.match(plain)
    if found is None or _net_brackets(plain[found.end() :]) != 0:
        return _CodeRow(start, -1, -1, code_end, comment)
    return _CodeRow(start, start + found.end("lead"), start + found.end() - 1, code_end, comment)


def _net_brackets(code: str) -> int:
    return sum(code.count(bracket) for bracket in "([{") - sum(code.count(bracket) for bracket in ")]}")


def _assigns(row: _CodeRow) -> bool:
    return row.lead >= 0


def _has_comment(row: _CodeRow) -> bool:
    return row.comment >= 0


def _equals_column(row: _CodeRow) -> tuple[int, int]:
    """Where code ends that something follows in a column of its own, and where that starts."""
    return row.lead, row.equals


def _comment_column(row: _CodeRow) -> tuple[int, int]:
    return row.code, row.comment


def _group(rows: Sequence[_CodeRow], lines: range, belongs: Callable[[_CodeRow], bool]) -> range:
    """The rows of a kind that follow each other and touch some lines."""
    inside = [at for at in range(max(lines.start - 1, 0), min(lines.stop + 1, len(rows))) if belongs(rows[at])]
    if not inside:
        return range(0)
    first, last = inside[0], inside[-1]
    while first and belongs(rows[first - 1]):
        first -= 1
    while last + 1 < len(rows) and belongs(rows[last + 1]):
        last += 1
    while first <= last and not all(belongs(rows[at]) for at in range(first, last + 1)):
        last -= 1
    return range(first, last + 1)


def _in_order(text: str, rows: Sequence[_CodeRow], column: Callable[[_CodeRow], tuple[int, int]]) -> str:
    """The text with what follows in one column, one blank behind the longest of what stands before it."""
    widest = max((column(row)[0] - row.start for row in rows), default=0)
    for row in reversed(rows):
        end, follows = column(row)
        text = text[:end] + " " * (widest - (end - row.start) + 1) + text[follows:]
    return text
