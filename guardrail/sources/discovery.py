"""Discovery: everything below a folder that some reader reads, found in one walk by names and first bytes.

In ``shop`` that may be Terraform source (whose root modules its own reader tells apart), ``cfn/chat.yaml``, ``cdk.out``
and ``plans/search.json``. What ``.gitignore`` leaves out is no source; a plan and a cloud assembly, which are made and
not written, count all the same. Examples and tests count if they are named.
"""

import os
import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from typing import NoReturn

from msgspec import Struct

from guardrail import files, limits
from guardrail.errors import SourceError
from guardrail.expressions import expression
from guardrail.gitignore import Excluded, LeftOut, ignored_around
from guardrail.sources import template
from guardrail.sources.hcl.endings import OF_OTHERS, SOURCES
from guardrail.sources.jobs import looks_like_one
from guardrail.working_tree import is_pointer

NEVER = frozenset({".terraform", ".terragrunt-cache", ".terragrunt-stack", ".git", "node_modules", ".venv", "venv"})
"""Folders that tools fill and nobody writes in."""
NOT_UNLESS_NAMED = frozenset({"examples", "example", "test", "tests", "fixtures", "testdata", "test-fixtures"})
_SOURCES = (*SOURCES, *OF_OTHERS)
_TEMPLATES = (".yaml", ".yml", ".template", ".json")
_OF_SAM = ("template.yaml", "template.yml", "template.json")
"""What the CLI of SAM calls a template, the one that it is made of and the one that it makes."""
_HEAD = 1 << 16
_DEEPEST_IGNORED = 2
"""Folders below an ignored one in which plans are looked for."""
_MOST_NAMED = 5
_FETCH = "git submodule update --init"

_PLAN = expression(
    rb'^(?:\xef\xbb\xbf)?\s*\{\s*(?:"(?:applyable|checks|complete|errored|planned_values|prior_state|resource_changes)"'
    rb'|"(?:format_version|terraform_version|configuration)"(?=[\s\S]*"(?:terraform_version|planned_values|resource_changes'
    rb')"))'
)
_EMPTY = expression(rb'\s*(?:\{\s*(?:"format_version"\s*:\s*"[\d.]+"\s*)?\}\s*)?')
_CALLED_PLAN = expression(r"(?:.*[._-])?(?:tf)?plan(?:[._-].*)?\.json")
"""How plans are called; one in which nothing stands is one that could not be made, and reading it says so."""
_ASSEMBLY = expression(rb'"(?:aws:cloudformation:stack|cdk:cloud-assembly)"')
_PIPELINE = expression(rb'^\s*\{\s*"Version"\s*:\s*"2020-12-01"[\s\S]*"Steps"')
_RELEVANT = expression(rb"sagemaker|AWS::CloudFormation::Stack|AWS::Serverless::Application", re.IGNORECASE)
"""What a template has in it that makes inference, or may be made of templates that do."""
_NESTED = expression(rb"""\b(?:TemplateURL|Location)["']?\s*:\s*["']?([^\s"',}\]]+)""")

Prune = Callable[[str], bool]
"""Whether a folder is left out of a search for source."""


class Found(Struct, frozen=True, kw_only=True):
    """What a search has found below one folder."""

    has_source: bool = False
    """Whether there is Terraform source, or files of tools that make some."""
    inputs: tuple[str, ...] = ()
    """Templates, cloud assemblies and plans, by path."""
    foreign: tuple[str, ...] = ()
    """Templates in which nothing has to do with inference."""
    parts: frozenset[str] = frozenset()
    """Templates that others name as nested ones, and that are read with these."""
    made: frozenset[str] = frozenset()
    """Those of the inputs that a build has made of others."""
    definitions: Mapping[str, str] = {}
    """What each definition is that something else here names: that reads it, and it must not count twice."""
    notices: tuple[str, ...] = ()
    """A sentence for each thing that was found and is not read."""


def left(definitions: Mapping[str, str], texts: Container[str]) -> list[str]:
    """A sentence for each of the definitions whose text stands nowhere, of which ``texts`` are real paths."""
    said = [
        f"{path} is {what}, and read only where it is named"
        for path, what in definitions.items()
        if os.path.realpath(path) not in texts
    ]
    more = len(said) - _MOST_NAMED
    return [*said[:_MOST_NAMED], *([f"{more:,} more files are like these"] if more > 0 else [])]


def pruning(top: str, exclude: Excluded | None, ignored: LeftOut | None = None) -> Prune:
    """Which folders below ``top`` hold no source of ours: ignored ones, excluded ones, and other work trees.

    A folder that is named although it is ignored is searched. ``ignored`` is what is left out around ``top``, where
    somebody knows it already.
    """
    ignored = ignored_around(top) if ignored is None else ignored
    is_named_all_the_same = ignored.ignores(top, is_folder=True)

    def prune(folder: str) -> bool:
        if exclude is not None and exclude.ignores(folder, is_folder=True):
            return True
        if _is_work_tree(folder):
            return True
        return not is_named_all_the_same and ignored.ignores(folder, is_folder=True)

    return prune


def _is_work_tree(folder: str) -> bool:
    """Whether a folder is another checkout of a repository, as ``git worktree add`` makes it."""
    marker = os.path.join(folder, ".git")
    try:
        return os.path.isfile(marker) and b"/worktrees/" in files.content(marker, most=_HEAD)
    except OSError:
        return False


def search(top: str, exclude: Excluded | None, *, may_be_gone: bool = False) -> Found:
    """Everything below a folder that some reader reads.

    Raises `SourceError` where that is nothing at all, unless all of it ``may_be_gone``.
    """
    found = _Search(top, exclude)
    found.walk()
    return found.found(may_be_gone=may_be_gone)


class _Search:
    """One walk."""

    def __init__(self, top: str, exclude: Excluded | None) -> None:
        self._top = top
        self._exclude = exclude
        self._ignored = ignored_around(top)
        self._prune = pruning(top, exclude, self._ignored)
        self._has_source = False
        self._sources: list[str] = []
        """Files of Terraform source, which may deploy definitions."""
        self._assemblies: list[str] = []
        self._plans: list[str] = []
        self._templates: dict[str, bytes] = {}
        """The content of each, by path."""
        self._foreign: list[str] = []
        """Templates in which nothing has to do with inference."""
        self._made: dict[str, str] = {}
        """By path of a template, what was made from it."""
        self._elsewhere: dict[str, str] = {}
        """What makes inference when it runs, by path."""
        self._unnamed: list[str] = []
        """Folders of examples and tests with something in them."""
        self._pointers: list[str] = []
        """Files whose content is in git LFS, and not here."""
        self._empty: list[str] = []
        """Folders with nothing in them, which may be submodules that nobody has fetched."""

    def walk(self) -> None:
        """Look at every file. Raises `SourceError` where there are too many."""
        depths: dict[str, int] = {}
        assemblies: set[str] = set()
        """Folders of cloud assemblies, whose templates are read with them; source in there is source."""
        try:
            for parent, folders, names in files.walk(self._top, most=limits.MOST_SEARCHED):
                depth = depths.pop(parent, 0)
                kept = []
                for name in folders:
                    path = os.path.join(parent, name)
                    if name in NEVER or self._is_special(path, name):
                        continue
                    if parent in assemblies or self._assemblies[-1:] == [os.path.normpath(path)]:
                        assemblies.add(path)
                    if depth or self._prune(path):
                        if depth == _DEEPEST_IGNORED or self._is_excluded(path) or _is_work_tree(path):
                            continue
                        depths[path] = depth + 1
                    kept.append(name)
                self._empty += [] if folders or names else [os.path.normpath(parent)]
                folders[:] = kept
                for name in names:
                    if parent not in assemblies or name.endswith(_SOURCES):
                        self._look(parent, name, is_ignored=depth > 0)
        except OSError as error:
            raise SourceError(f"{self._top} cannot be searched: {error.strerror or error}") from None

    def _is_special(self, path: str, name: str) -> bool:
        """Take a folder for an input as a whole; whether it is not to be looked through."""
        if name == ".aws-sam":
            self._take_built(path)
            return True
        manifest = os.path.join(path, "manifest.json")
        is_one = os.path.isfile(manifest) and is_assembly(_content(manifest))
        if is_one and not self._is_excluded(path) and not self._is_for_examples(path):
            self._assemblies.append(os.path.normpath(path))
        return False

    def _take_built(self, folder: str) -> None:
        """Take the template that ``sam build`` has made, which stands for the one that it was made of."""
        built = next(filter(os.path.isfile, (os.path.join(folder, "build", name) for name in _OF_SAM)), None)
        if built is not None and not self._is_excluded(built) and not self._ignored.tracked.holds(built):
            built = os.path.normpath(built)
            self._templates[built] = _content(built)
            for name in _OF_SAM:
                self._made[os.path.normpath(os.path.join(folder, os.pardir, name))] = built

    def _is_excluded(self, path: str) -> bool:
        return self._exclude is not None and self._exclude.ignores(path, is_folder=os.path.isdir(path))

    def _is_for_examples(self, path: str) -> bool:
        parts = os.path.relpath(path, self._top).split(os.sep)
        return not NOT_UNLESS_NAMED.isdisjoint(parts)

    def _look(self, parent: str, name: str, *, is_ignored: bool) -> None:
        if name.endswith(_SOURCES):
            self._has_source = self._has_source or not is_ignored
            self._sources.append(os.path.join(parent, name))
            return
        if not may_hold_template(name):
            return
        path = os.path.normpath(os.path.join(parent, name))
        head = _content(path, most=_HEAD)
        if name.endswith(".json") and (_PLAN.match(head) or (_EMPTY.fullmatch(head) and _CALLED_PLAN.fullmatch(name))):
            if not self._is_excluded(path) and not self._is_aside(path):
                self._plans.append(path)
        elif not is_ignored and not self._ignored.ignores(path) and not self._is_excluded(path):
            if is_pointer(head):
                self._pointers.append(path)
            else:
                self._look_into(path, head)

    def _is_aside(self, path: str) -> bool:
        """Whether a file belongs to examples or tests, which are noted."""
        if self._is_for_examples(path):
            self._unnamed.append(os.path.dirname(path))
            return True
        return False

    def _look_into(self, path: str, head: bytes) -> None:
        """Take a file for a template, or for a definition of what makes inference, by what stands in it."""
        content = head if len(head) < _HEAD else _content(path)
        if looks_like_one(head) and b"sagemaker" in template.in_utf8(content).lower():
            self._elsewhere[path] = "a definition that calls SageMaker"
        elif _PIPELINE.match(content):
            self._elsewhere[path] = "the definition of a SageMaker pipeline"
        elif template.looks_like_one(content) and not self._is_aside(path):
            if _RELEVANT.search(content):
                self._templates[path] = content
            else:
                self._foreign.append(path)

    def _deployed_by_none(self) -> Iterator[str]:
        """The definitions that no source or template here names: what does name one reads it, and it counts once.

        ``score.asl.json`` is named where it stands in a text, or ``.asl.json`` does, as in ``"${each.key}.asl.json"``.
        """
        if not self._elsewhere or self._assemblies:
            return
        texts = [*self._templates.values(), *map(_content, (*self._sources, *self._foreign))]
        for path in self._elsewhere:
            ending = os.path.basename(path).partition(".")[2]
            if not any(f".{ending}".encode() in text for text in texts):
                yield path

    def found(self, *, may_be_gone: bool) -> Found:
        """The inputs that a search found, and a notice about the files that it left out."""
        parts = dict(self._nested())
        made = {path: by for path, by in self._made.items() if path in self._templates}
        inputs = [path for path in self._templates if path not in parts and path not in made]
        inputs += self._deployed_by_none()
        if not (self._has_source or inputs or self._assemblies or self._plans):
            inputs = self._foreign[:1] or sorted(self._elsewhere)  # what nothing else here deploys is all there is
            if not (inputs or may_be_gone):
                self._refuse()
        said = [
            *(f"{path} is read as part of {by}" for path, by in sorted(parts.items())),
            *(f"{path} is not read: {by} was made of it" for path, by in sorted(made.items())),
        ]
        if self._unnamed:
            said.append(f"not read, because examples and tests count if they are named: {listed(self._unnamed)}")
        if unfetched := self._unfetched():
            said.append(f"not read, because submodules are not here (`{_FETCH}`): {listed(unfetched)}")
        if self._pointers:
            said.append(f"not read, because git LFS has the content (`git lfs pull`): {listed(self._pointers)}")
        return Found(
            has_source=self._has_source,
            inputs=tuple(sorted((*inputs, *self._assemblies, *self._plans))),
            foreign=tuple(path for path in self._foreign if path not in inputs),
            parts=frozenset(parts),
            made=frozenset(self._made.values()),
            definitions={path: what for path, what in sorted(self._elsewhere.items()) if path not in inputs},
            notices=tuple(said),
        )

    def _refuse(self) -> NoReturn:
        """Raise for a folder in which nothing is to be read, with what was passed over in it."""
        nothing = f"{self._top} holds no Terraform source, template, cdk.out or plan"
        if self._unnamed:
            first = min(self._unnamed)
            raise SourceError(f"{nothing}, only examples and tests: {first}", hint=f"guardrail check {first}")
        if self._pointers:
            raise SourceError(f"{nothing}, only pointers to git LFS: {min(self._pointers)}", hint="git lfs pull")
        if unfetched := self._unfetched():
            raise SourceError(f"{nothing}, only submodules that are not here: {min(unfetched)}", hint=_FETCH)
        raise SourceError(nothing, hint="guardrail check DIR, where they are")

    def _unfetched(self) -> list[str]:
        return list(filter(self._ignored.tracked.has_submodule, self._empty))

    def _nested(self) -> Iterator[tuple[str, str]]:
        """The templates that others name as nested ones, each with one that does."""
        by_place = {os.path.realpath(path): path for path in self._templates}
        for parent, content in self._templates.items():
            for place in map(os.path.realpath, nested_in(parent, content)):
                if place in by_place and by_place[place] != parent:
                    yield by_place[place], parent


def nested_in(path: str, content: bytes) -> Iterator[str]:
    """Where the files are that a template at ``path`` names as its nested ones."""
    for named in _NESTED.findall(content):
        yield os.path.abspath(os.path.join(os.path.dirname(path), os.fsdecode(named)))


def is_aside(name: str) -> bool:
    """Whether a folder of that name is not looked into unless it is named."""
    return name in NEVER or name in NOT_UNLESS_NAMED or name == ".aws-sam"


def may_hold_template(name: str) -> bool:
    """Whether a file is called as templates are."""
    return name.endswith(_TEMPLATES) and name != "manifest.json"


def is_assembly(content: bytes) -> bool:
    """Whether a file is the manifest of a cloud assembly."""
    return _ASSEMBLY.search(content) is not None


def is_relevant(content: bytes) -> bool:
    """Whether a content is that of a cloud assembly, or of a template that may make inference."""
    is_one = template.looks_like_one(content) and _RELEVANT.search(template.in_utf8(content)) is not None
    return is_one or is_assembly(content)


def listed(folders: Iterable[str]) -> str:
    """The first of some folders in words, and how many more there are."""
    names = sorted(set(folders))
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")


def _content(path: str, *, most: int = limits.LARGEST_FILE) -> bytes:
    """The content of a file, of one that is larger than ``most`` its beginning; in UTF-8, whatever it was.

    Nothing where it cannot be read.
    """
    try:
        with files.opened(path, most=limits.LARGEST_PLAN) as file:
            return template.in_utf8(file.read(most))
    except OSError:
        return b""
