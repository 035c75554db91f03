"""Which environment of before the change each one of today is, and which are gone.

An environment keeps its label, else its files; where both are new, it is the one whose files said much the same. What
settings said then and say no more is gone. ``{"development": ("development.tfvars",)}`` is ``dev`` of then, made of
``dev.tfvars``, if half of the lines are the same.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from guardrail.errors import SourceError
from guardrail.expressions import expression
from guardrail.sources.likeness import renamed
from guardrail.sources.sets import FilesByLabel, PastEnvironments

_NAME = expression(r'"?([\w-]+)"?\s*[=:]')


class Past(Protocol):
    """The files before the change, by the paths of today."""

    def is_new(self, path: str) -> bool:
        """Whether a file came with the change; what git does not keep is of no time."""
        ...

    def content(self, path: str) -> bytes:
        """What a file was. Raises OSError or `SourceError`."""
        ...

    def today(self, path: str) -> bytes:
        """What it is. Raises as `content` does."""
        ...

    def names(self, directory: str) -> Sequence[str]:
        """The names that stood in a folder."""
        ...


def environments_then(today: FilesByLabel, told: FilesByLabel | None, past: Past) -> PastEnvironments:
    """The environments in the compared commit; ``told`` is what its settings said of them, None for nothing.

    Where they said something, what is made of no file, as a root module without environments is, was not there.
    """
    left = dict(told or {})
    found = {label: left.pop(label) for label in today if label in left}
    said: dict[str, str] = {}
    for label, paths in today.items():
        same = next((old for old, files in left.items() if files == paths), None)
        if label not in found and same is not None:
            found[label] = left.pop(same)
            said[label] = f"{label or 'it'} was called {same} before the change"
        elif label not in found and (paths or not told) and not _is_new(label, today, past):
            found[label] = tuple(path for path in paths if not past.is_new(path))
    come = {label: paths for label, paths in today.items() if label not in found}
    if told is None:
        left = {path: (path,) for path in dict.fromkeys(_gone_beside(come, past))}
        for label in come:
            alike = [path for path in left if _stem(path) == _stem(label)]
            if len(alike) == 1:
                found[label] = left.pop(alike[0])
                said[label] = f"{label or 'it'} was made of {alike[0]} before the change"
        come = {label: paths for label, paths in come.items() if label not in found}
    lines_now = {label: _lines(paths, past.today) for label, paths in come.items()}
    lines_then = {label: _lines(paths, past.content) for label, paths in left.items()}
    for label, old in renamed(lines_now, lines_then).items():
        said[label] = f"{label or 'it'} was made of {' and '.join(left[old])} before the change"
        found[label] = left.pop(old)
    still = [label for label in come if label not in found]
    if len(still) == len(left) == 1:
        (label,), (old,) = still, left
        if _names(lines_now[label]) == _names(lines_then[old]) != frozenset():
            files = " and ".join(left[old])
            said[label] = (
                f"{label or 'it'} is taken for what {files} made before the change: both set the same variables"
            )
            found[label] = left.pop(old)
    return PastEnvironments(files=found, gone={} if told is None else left, said=said)


def _is_new(label: str, today: FilesByLabel, past: Past) -> bool:
    """Whether a file that makes this environment alone came with the change, so that nothing had been made with it."""
    others = {path for other, paths in today.items() if other != label for path in paths}
    own = [path for path in today[label] if path not in others] or today[label]
    return any(map(past.is_new, own))


def _gone_beside(come: FilesByLabel, past: Past) -> Iterable[str]:
    """Files of the compared commit that are gone and are of the kind of the new ones, beside them or near."""
    new = [path for paths in come.values() for path in paths if past.is_new(path)]
    above = dict.fromkeys(os.path.dirname(os.path.dirname(path) or os.curdir) for path in new)
    near = (os.path.join(folder, name) for folder in above for name in past.names(folder or os.curdir))
    endings = tuple({os.path.splitext(path)[1] for path in new})
    for folder in dict.fromkeys((*map(os.path.dirname, new), *above, *near)):
        for name in past.names(folder or os.curdir):
            old = os.path.join(folder, name)
            if name.endswith(endings) and not os.path.lexists(old):
                yield old


def _stem(path: str) -> str:
    """``prod`` of ``env/prod.tfvars.json``, as an environment is called after its file."""
    return os.path.basename(path).partition(".")[0]


def _lines(paths: Iterable[str], read: Callable[[str], bytes]) -> frozenset[object]:
    """What files say, line by line, as ``git diff`` compares them; nothing of one that cannot be read."""
    lines: set[object] = set()
    for path in paths:
        try:
            text = read(path).decode(errors="replace")
        except (OSError, SourceError):
            return frozenset()
        stripped = (line.strip().removesuffix(",") for line in text.splitlines())
        lines.update(" ".join(line.split()) for line in stripped if line.strip("{}[]") and not line.startswith("#"))
    return frozenset(lines)


def _names(lines: frozenset[object]) -> frozenset[str]:
    return frozenset(found[1] for line in lines if (found := _NAME.match(str(line))))
