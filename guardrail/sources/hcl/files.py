"""Files that a configuration reads while it is evaluated: ``file``, ``templatefile`` and ``fileset``."""

import os
import re
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from guardrail import files, limits
from guardrail.limits import MOST_TEXT, Allowance
from guardrail.sources.boundary import Boundary
from guardrail.sources.hcl import syntax
from guardrail.sources.hcl.errors import HclSyntaxError
from guardrail.sources.hcl.parse import parse_template
from guardrail.sources.hcl.values import EvaluationError, NotWorkedOutError, SetValue


class Files:
    """The files that functions read: those within a boundary, by paths relative to the working directory.

    With ``settings.json`` in it, ``call("file", "settings.json")`` is its text, and ``call("file", "/etc/passwd")``
    raises `EvaluationError`, whether there is such a file or not.
    """

    def __init__(self, directory: str, boundary: Boundary, allowance: Allowance | None = None) -> None:
        self._directory = directory
        self._boundary = boundary
        self._allowance = Allowance() if allowance is None else allowance
        self._looked_at = 0
        """How many files globs have been held against."""

    def call(self, name: str, *arguments: str) -> Any:
        """What ``file``, ``fileexists``, ``fileset``, ``filebase64`` … return. Raises `EvaluationError`."""
        return _FUNCTIONS[name](self, *arguments)

    def template(self, path: str) -> syntax.Expression:
        """The template in a file. Raises `EvaluationError`."""
        return template_in(self.text(path), path)

    def content(self, path: str) -> bytes:
        """The bytes of a file. Raises `EvaluationError`."""
        place = self._place(path)
        try:
            content = files.content(place, most=MOST_TEXT)
        except FileNotFoundError:
            raise EvaluationError(f"there is no file {path}") from None
        except OSError as error:
            raise EvaluationError(f"the file {path} cannot be read: {(error.strerror or str(error)).lower()}") from None

        self._allowance.text(len(content))
        return content

    def text(self, path: str) -> str:
        """The text of a file in UTF-8. Raises `EvaluationError`."""
        try:
            return self.content(path).decode()
        except UnicodeDecodeError:
            raise EvaluationError(f"the file {path} is not UTF-8") from None

    def exists(self, path: str) -> bool:
        """Whether there is a file at ``path``. Raises `EvaluationError`."""
        return os.path.isfile(self._place(path))

    def base64(self, path: str) -> str:
        """The bytes of a file in Base64. Raises `EvaluationError`."""
        from base64 import b64encode

        return b64encode(self.content(path)).decode()

    def matching(self, folder: str, pattern: str) -> Any:
        """The files that a glob finds from ``folder`` on, as paths relative to it. Raises `EvaluationError`."""
        base = self._place(folder)
        steps = os.path.normpath(os.path.join(base, pattern)).split(os.sep)
        fixed = next((index for index, step in enumerate(steps[:-1]) if _SPECIAL.search(step)), len(steps) - 1)
        top = self._within(os.sep.join(steps[:fixed]) or (os.sep if fixed else os.curdir), pattern)
        wanted = _alternatives("/".join(steps[fixed:]))
        found: list[str] = []
        try:
            for parent, _, names in files.walk(top):
                self._looked_at += len(names) * len(wanted)
                if self._looked_at > limits.MOST_SEARCHED:
                    raise NotWorkedOutError("globs have been held against too many files")
                for name in names:
                    place = os.path.join(parent, name)
                    path = os.path.relpath(place, top).split(os.sep)
                    if any(_is_match(path, each) for each in wanted) and os.path.isfile(self._within(place, pattern)):
                        found.append(os.path.relpath(place, base).replace(os.sep, "/"))
        except OSError as error:
            raise EvaluationError(f"{folder} cannot be searched: {error.strerror or error}") from None
        return SetValue(sorted(found), "string")

    def _place(self, path: str) -> str:
        return self._within(os.path.join(self._directory, os.path.expanduser(path)), path)

    def _within(self, place: str, written: str) -> str:
        """A path as it is reached from here. Raises `EvaluationError` where it leads out of the boundary."""
        if not self._boundary.holds(place):
            raise EvaluationError(f"{written} lies outside of the repository, or is private, and is not read")
        return place


def template_in(text: str, path: str) -> syntax.Expression:
    """The template that a text is. Raises `EvaluationError`."""
    try:
        return parse_template(text, path)
    except HclSyntaxError as error:
        raise EvaluationError(error.message) from None


def _digest(algorithm: str) -> Callable[[Files, str], str]:
    def compute(found: Files, path: str) -> str:
        import hashlib

        return hashlib.new(algorithm, found.content(path), usedforsecurity=False).hexdigest()

    return compute


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "file": Files.text,
    "fileexists": Files.exists,
    "fileset": Files.matching,
    "filebase64": Files.base64,
    "filemd5": _digest("md5"),
    "filesha1": _digest("sha1"),
    "filesha256": _digest("sha256"),
    "filesha512": _digest("sha512"),
}


# Globs ---------------------------------------------------------------------------------------------------------------

# As Go's doublestar has them, which Terraform uses: ``*``, ``?``, ``[a-z]``, ``[^a-z]``, ``{a,b}``, ``\\`` before what
# shall mean itself, and ``**`` as a whole step for any number of folders (pkg.go.dev/github.com/bmatcuk/doublestar).

_SPECIAL = re.compile(r"[*?\[{\\]")
_BRACES = re.compile(r"\{([^{}/]*)\}")
_NESTED = re.compile(r"\{[^}]*\{")
_ONE = r"(?:\\.|[^\[\]{}\\-])"
_PART = re.compile(
    rf"(?P<star>\*+)|(?P<any>\?)|\[(?P<set>\^?(?:{_ONE}(?:-{_ONE})?)+)\]|\\(?P<escaped>.)|(?P<plain>[^\[\]{{}}\\])"
)
_IN_SET = re.compile(r"\\?(.)(?:-\\?(.))?", re.DOTALL)
_MOST_ALTERNATIVES = 64

_Test: TypeAlias = Callable[[str], bool]
_Glob: TypeAlias = "list[_Test | None]"
"""What each item must be; None stands for any number of items, whatever they are."""


def _alternatives(pattern: str) -> list[_Glob]:
    """A glob for each choice of what stands between braces. Raises `EvaluationError`."""
    if _NESTED.search(pattern):
        raise EvaluationError("the pattern has braces inside braces")
    done: list[_Glob] = []
    pending = [pattern]
    while pending:
        current = pending.pop()
        braces = _BRACES.search(current)
        if braces is None:
            done.append([_step(step) for step in current.split("/")])
        else:
            pending += (current[: braces.start()] + each + current[braces.end() :] for each in braces[1].split(","))
        if len(done) + len(pending) > _MOST_ALTERNATIVES:
            raise EvaluationError("the pattern has too many alternatives")
    return done


def _step(pattern: str) -> _Test | None:
    """What one step of a path, the name of a folder or of the file, must be."""
    if pattern == "**":
        return None
    tests: _Glob = []
    at = 0
    while at < len(pattern):
        part = _PART.match(pattern, at)
        if part is None:
            raise EvaluationError("the pattern is none that guardrail reads")
        tests.append(_test(part))
        at = part.end()
    return lambda name: _is_match(name, tests)


def _test(part: re.Match[str]) -> _Test | None:
    """What one character of a name must be."""
    if part["star"]:
        return None
    if part["any"]:
        return lambda _: True
    if part["set"]:
        ranges = [(each[1], each[2] or each[1]) for each in _IN_SET.finditer(part["set"].removeprefix("^"))]
        is_in = not part["set"].startswith("^")
        return lambda character: any(low <= character <= high for low, high in ranges) is is_in
    wanted = part["escaped"] or part["plain"]
    return lambda character: character == wanted


def _is_match(items: Sequence[str], glob: _Glob) -> bool:
    """Whether the items are what a glob wants, in time that grows with the product of their lengths."""
    at = wanted = again = 0
    star = -1
    while at < len(items):
        test = glob[wanted] if wanted < len(glob) else _nothing
        if test is None:
            star, again, wanted = wanted, at, wanted + 1
        elif test(items[at]):
            at, wanted = at + 1, wanted + 1
        elif star >= 0:
            again += 1
            at, wanted = again, star + 1
        else:
            return False
    return all(each is None for each in glob[wanted:])


def _nothing(_: str) -> bool:
    return False
