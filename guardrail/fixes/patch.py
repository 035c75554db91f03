r"""Patches as ``git apply`` takes them, at the root of a repository: unified diffs of bytes.

Lines end at ``\n`` and nowhere else, a carriage return before it is part of the line, and a last line without an end
says so. A file that git checks out with other line ends than it keeps is patched as git keeps it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher

CONTEXT = 3
"""Lines around a change."""
_SECTION = re.compile(rb"[A-Za-z_$]")
_QUOTED = re.compile(r'["\\\x00-\x1f\x7f]')
_ESCAPES = {"\t": "\\t", "\n": "\\n", "\r": "\\r", '"': '\\"', "\\": "\\\\"}


def patch(files: Mapping[str, tuple[bytes, bytes]]) -> bytes:
    """The diff of files, by their paths from the root of the repository, in the order of these."""
    return b"".join(part for path in sorted(files) for part in _file(path, *files[path]))


def _file(path: str, before: bytes, after: bytes) -> Iterator[bytes]:
    old, new = lines(before), lines(after)
    groups = _groups(old, new)
    if not groups:
        return
    name_a, name_b = _name(f"a/{path}"), _name(f"b/{path}")
    yield f"diff --git {name_a} {name_b}\n".encode()
    end = "\t" if " " in path else ""
    yield f"--- {name_a}{end}\n+++ {name_b}{end}\n".encode()
    for group in groups:
        yield from _hunk(old, new, group)


def lines(content: bytes) -> list[bytes]:
    r"""The lines of a file with their ends: split at ``\n`` alone."""
    return re.findall(rb"[^\n]*\n|[^\n]+", content)


def same_ends(old: Sequence[bytes], new: Sequence[bytes]) -> tuple[int, int]:
    """How many lines are the same from above, and how many from below; both may count the same lines."""
    shorter = min(len(old), len(new))
    above = next((at for at in range(shorter) if old[at] != new[at]), shorter)
    below = next((at for at in range(shorter) if old[-1 - at] != new[-1 - at]), shorter)
    return above, below


def _groups(old: Sequence[bytes], new: Sequence[bytes]) -> list[list[tuple[str, int, int, int, int]]]:
    """The changes that share a hunk, with their context."""
    head, tail = same_ends(old, new)
    tail = min(tail, len(old) - head, len(new) - head)
    if head == len(old) == len(new):
        return []
    first, last = max(head - CONTEXT, 0), max(tail - CONTEXT, 0)
    matcher = SequenceMatcher(None, old[first : len(old) - last], new[first : len(new) - last], autojunk=False)
    return [
        [(tag, a + first, b + first, c + first, d + first) for tag, a, b, c, d in group]
        for group in matcher.get_grouped_opcodes(CONTEXT)
    ]


def _hunk(
    old: Sequence[bytes], new: Sequence[bytes], group: Sequence[tuple[str, int, int, int, int]]
) -> Iterator[bytes]:
    a, b, c, d = group[0][1], group[-1][2], group[0][3], group[-1][4]
    section = next((line.strip()[:80] for line in reversed(old[:a]) if _SECTION.match(line)), b"")
    section = b"" if b"=" in section else section  # a value that is not in the hunk is nobody's business
    head = f"@@ -{_range(a, b)} +{_range(c, d)} @@".encode()
    yield head + (b" " + section if section else b"") + b"\n"
    for tag, a1, b1, c1, d1 in group:
        if tag == "equal":
            yield from _marked(b" ", old[a1:b1])
        else:
            yield from _marked(b"-", old[a1:b1])
            yield from _marked(b"+", new[c1:d1])


def _marked(sign: bytes, some: Sequence[bytes]) -> Iterator[bytes]:
    for line in some:
        yield sign + line
        if not line.endswith(b"\n"):
            yield b"\n\\ No newline at end of file\n"


def _range(start: int, stop: int) -> str:
    count = stop - start
    if count == 1:
        return str(start + 1)
    return f"{start + 1 if count else start},{count}"


def _name(path: str) -> str:
    """A path as git writes it: in quotes with escapes where it holds what would be misread, else as it is."""
    if not _QUOTED.search(path):
        return path
    return '"' + _QUOTED.sub(lambda sign: _ESCAPES.get(sign[0]) or f"\\{ord(sign[0]):03o}", path) + '"'
