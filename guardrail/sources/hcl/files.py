"""Files that a configuration reads while it is evaluated: ``file``, ``templatefile`` and ``fileset``."""

import os
import re
from typing import Any

from guardrail import limits
from guardrail.expressions import expression
from guardrail.globs import spread
from guardrail.limits import MOST_TEXT, Allowance
from guardrail.sources.hcl import syntax
from guardrail.sources.hcl.errors import HclSyntaxError
from guardrail.sources.hcl.parse import parse_template
from guardrail.sources.hcl.values import EvaluationError, NotWorkedOutError, SetValue
from guardrail.sources.trees import Tree


class Filesystem:
    """The filesystem as functions see it: the files within a boundary, by paths relative to the working directory.

    With ``settings.json`` in it, ``text("settings.json")`` is what it holds, and ``text("/etc/passwd")`` raises
    `EvaluationError`, whether there is such a file or not.
    """

    def __init__(self, directory: str, tree: Tree, allowance: Allowance | None = None) -> None:
        self._directory = directory
        self._tree = tree
        self._allowance = Allowance() if allowance is None else allowance
        self.read: set[str] = set()
        """The files of which somebody has the content, by their real paths."""
        self._looked_at = 0
        """How many files globs have been held against."""

    def template(self, path: str) -> syntax.Expression:
        """The template in a file. Raises `EvaluationError`."""
        return template_in(self.text(path), path)

    def content(self, path: str) -> bytes:
        """The bytes of a file. Raises `EvaluationError`."""
        place = self._place(path)
        try:
            content = self._tree.content(place, most=MOST_TEXT)
        except FileNotFoundError:
            raise EvaluationError(f"there is no file {path}") from None
        except OSError as error:
            raise EvaluationError(f"the file {path} cannot be read: {(error.strerror or str(error)).lower()}") from None

        self._allowance.text(len(content))
        self.read.add(self._tree.real(place))
        return content

    def text(self, path: str) -> str:
        """The text of a file in UTF-8. Raises `EvaluationError`."""
        try:
            return self.content(path).decode()
        except UnicodeDecodeError:
            raise EvaluationError(f"the file {path} is not UTF-8") from None

    def exists(self, path: str) -> bool:
        """Whether there is a file at ``path``. Raises `EvaluationError`."""
        return self._tree.is_file(self._place(path))

    def matching(self, folder: str, pattern: str) -> Any:
        """The files that a glob finds from ``folder`` on, as paths relative to it. Raises `EvaluationError`."""
        base = self._place(folder)
        steps = os.path.normpath(os.path.join(base, pattern)).split(os.sep)
        fixed = next((index for index, step in enumerate(steps[:-1]) if _SPECIAL.search(step)), len(steps) - 1)
        top = self._within(os.sep.join(steps[:fixed]) or (os.sep if fixed else os.curdir), pattern)
        globs = _globs("/".join(steps[fixed:]))
        found: list[str] = []
        try:
            for parent, _, names in self._tree.walk(top):
                self._looked_at += len(names) * len(globs)
                if self._looked_at > limits.MOST_SEARCHED:
                    raise NotWorkedOutError("globs have been held against too many files")
                for name in names:
                    place = os.path.join(parent, name)
                    path = os.path.relpath(place, top).replace(os.sep, "/") + "/"
                    if any(glob.fullmatch(path) for glob in globs) and self._tree.is_file(self._within(place, pattern)):
                        found.append(os.path.relpath(place, base).replace(os.sep, "/"))
        except OSError as error:
            raise EvaluationError(f"{folder} cannot be searched: {error.strerror or error}") from None
        return SetValue(sorted(found), "string")

    def _place(self, path: str) -> str:
        return self._within(os.path.join(self._directory, os.path.expanduser(path)), path)

    def _within(self, place: str, written: str) -> str:
        """A path as it is reached from here. Raises `EvaluationError` where it leads out of the boundary."""
        if not self._tree.holds(place):
            raise EvaluationError(f"{written} lies outside of the repository, or is private, and is not read")
        return place


def template_in(text: str, path: str) -> syntax.Expression:
    """The template that a text is. Raises `EvaluationError`."""
    try:
        return parse_template(text, path)
    except HclSyntaxError as error:
        raise EvaluationError(error.message) from None


# Globs ---------------------------------------------------------------------------------------------------------------

# As Go's doublestar has them, which Terraform uses: ``*``, ``?``, ``[a-z]``, ``[^a-z]``, ``{a,b}``, ``\\`` before what
# shall mean itself, and ``**`` as a whole step for any number of folders (pkg.go.dev/github.com/bmatcuk/doublestar).

_SPECIAL = expression(r"[*?\[{\\]")
_BRACES = expression(r"\{([^{}/]*)\}")
_NESTED = expression(r"\{[^}]*\{")
_ONE = r"(?:\\.|[^\[\]{}\\-])"
_PART = expression(
    rf"(?P<star>\*+)|(?P<any>\?)|\[(?P<set>\^?(?:{_ONE}(?:-{_ONE})?)+)\]|\\(?P<escaped>.)|(?P<plain>[^\[\]{{}}\\])"
)
_IN_SET = expression(r"\\?(.)(?:-\\?(.))?", re.DOTALL)
_MOST_ALTERNATIVES = 64


def _globs(pattern: str) -> list[re.Pattern[str]]:
    """Globs without braces: ``{a,b}.tf`` is ``a.tf`` and ``b.tf``. Raises `EvaluationError`."""
    if _NESTED.search(pattern):
        raise EvaluationError("the pattern has braces inside braces")
    globs: list[re.Pattern[str]] = []
    pending = [pattern]
    while pending:
        current = pending.pop()
        braces = _BRACES.search(current)
        if braces is None:
            globs.append(_glob(current))
        else:
            pending += (current[: braces.start()] + each + current[braces.end() :] for each in braces[1].split(","))
        if len(globs) + len(pending) > _MOST_ALTERNATIVES:
            raise EvaluationError("the pattern has too many alternatives")
    return globs


def _glob(pattern: str) -> re.Pattern[str]:
    """A glob as a regular expression for a path with a slash behind every name: ``a/**/b*`` fits ``a/x/b1/``."""
    pieces = [""]
    for step in pattern.split("/"):
        if step == "**":
            pieces.append("")
        else:
            pieces[-1] += _step(step) + "/"
    try:
        return re.compile(spread(pieces, "(?:[^/]*/)"))
    except re.error:
        raise NotWorkedOutError("the pattern is none that guardrail reads") from None


def _step(pattern: str) -> str:
    """An expression for one step of a path, the name of a folder or of the file. Raises `EvaluationError`."""
    pieces = [""]
    at = 0
    while at < len(pattern):
        part = _PART.match(pattern, at)
        if part is None:
            raise EvaluationError("the pattern is none that guardrail reads")
        if part["star"]:
            pieces.append("")
        else:
            pieces[-1] += _character(part)
        at = part.end()
    return spread(pieces, "[^/]")


def _character(part: re.Match[str]) -> str:
    """An expression for one character of a name."""
    if part["any"]:
        return "[^/]"
    if part["set"] is None:
        return re.escape(part["escaped"] or part["plain"])
    ends = [
        (re.escape(each[1]), re.escape(each[2] or each[1])) for each in _IN_SET.finditer(part["set"].removeprefix("^"))
    ]
    ranges = "".join(f"{low}-{high}" for low, high in ends)
    return f"[^/{ranges}]" if part["set"].startswith("^") else f"[{ranges}]"
