"""A fix as a diff, where it gives one argument of one line another literal.

Anything else stays words: a diff that cannot be applied as it stands misleads more than a sentence. Of the line no more
is shown than the argument and its literal, so a comment behind it, or another argument beside it, is not repeated.
"""

import re
from typing import NamedTuple

_LITERAL = r'"[\w.-]*"|\d+'
_FIX = re.compile(rf"(?P<key>\w+)(?P<sign> = |: )(?P<value>{_LITERAL}|[\w.-]+)(?P<rest>(?: after |; ).*)?")
_LINES = {
    " = ": rf"(?P<head>\s*{{key}}\s*=\s*)(?P<value>{_LITERAL})\s*(?:(?:#|//).*)?",
    ": ": rf"(?P<head>\s*(?:- )?{{key}}:\s+)(?P<value>{_LITERAL}|'[\w.-]*'|[A-Za-z][\w.-]*)\s*(?:#.*)?",
}


class EditedLine(NamedTuple):
    """A line before and after, and what there is to say about it."""

    diff: str
    rest: str
    """``after a load test``; empty where the lines say it all."""


def edit(fix: str, line: str) -> EditedLine | None:
    """``instance_type = "ml.m5.12xlarge"`` and the fix ``instance_type = "ml.m5.4xlarge" after a load test`` as lines.

    None where the line is not that argument with a literal, where it has that literal already, and for any other fix.
    """
    wanted = _FIX.fullmatch(fix)
    if wanted is None:
        return None
    found = re.fullmatch(_LINES[wanted["sign"]].format(key=re.escape(wanted["key"])), line)
    if found is None or found["value"].strip("\"'") == wanted["value"].strip('"'):
        return None
    lines = f"-{found['head']}{found['value']}\n+{found['head']}{wanted['value']}"
    return EditedLine(lines, (wanted["rest"] or "").removeprefix(";").strip())
