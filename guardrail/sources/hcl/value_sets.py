"""Sets of values: the environments of a root module, each a label and the files of values that make it.

They come from flags (``--var-file prod=prod.tfvars``), else from files of values among the inputs, else from ``roots``
of the settings. What Terraform loads by itself counts in each, before the files of the set.
"""

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from guardrail.expressions import expression
from guardrail.files import near
from guardrail.model import Unknown
from guardrail.sources.hcl.disk import Disk
from guardrail.sources.hcl.endings import VALUES
from guardrail.sources.hcl.variables import VariableAssignments, is_automatic, variants_of
from guardrail.sources.sets import RootSets

_LOADED = expression(r"terraform\.tfvars(?:\.json)?")
"""What Terraform loads of the folder that it runs in; anywhere else the folder says what the values are for."""


class ValueSets:
    """The environments of every root module of one run."""

    def __init__(
        self, assignments: Sequence[str], environment: Mapping[str, str | Unknown], configured: RootSets | None = None
    ) -> None:
        """``assignments`` are those of the command line, ``configured`` the files of each label by root module."""
        self.flagged = variants_of(assignments, environment)
        self._has_flags = any(text.startswith("@") for text in assignments)
        self._named = {os.path.realpath(each[1:]) for one in self.flagged for each in one.assignments if each[0] == "@"}
        self._configured = {} if configured is None or self._has_flags else configured
        self._given: dict[str, list[str]] = defaultdict(list)
        """The files of values among the inputs, by root module."""
        self._whole: set[str] = set()
        """The root modules that something else among the inputs stands for."""

    def roots_naming(self, path: str) -> list[str]:
        """The root modules that the settings name a file of values for."""
        real = os.path.realpath(path)
        return [root for root, sets in self._configured.items() if any(_has(files, real) for files in sets.values())]

    def is_named(self, path: str) -> bool:
        """Whether a flag names a file of values."""
        return os.path.realpath(path) in self._named

    def ask_for(self, root: str, path: str | None = None) -> None:
        """Enter a root module that is to be read because of a file of values at ``path``, or of anything else."""
        if path is None or self.is_named(path) or is_automatic(path, root):
            self._whole.add(root)
        else:
            self._given[root].append(path)

    def of(self, root: str) -> list[VariableAssignments]:
        """The sets of values of a root module; one without files where there are none."""
        (plain, *others), configured = self.flagged, self._configured.get(os.path.realpath(root), {})
        given = list(dict.fromkeys(self._given.get(root, ())))
        if self._has_flags or not (configured or given):
            return [plain, *others]
        chosen = dict(configured) if root in self._whole or not given else {}
        others_given = []
        for path in given:
            own = {label: files for label, files in configured.items() if _has(files, os.path.realpath(path))}
            chosen.update(own)
            others_given += [] if own else [path]
        chosen.update({label: (path,) for path, label in _labels(others_given, root, configured)})
        return [replace(plain, label=label, files=files) for label, files in chosen.items()]

    def are_all(self, root: str) -> bool:
        """Whether all environments of a root module are asked for, and not those alone that the command line names."""
        return not self._has_flags and (root in self._whole or not self._given.get(root))

    def hint(self, root: str, disk: Disk) -> Iterator[str]:
        """What to do about files of values that lie in a root module, or beside those that are given, and are not read.

        Where only files of values are given, nothing has changed for the others.
        """
        given = self._given.get(root, [])
        is_partial = bool(given) and root not in self._whole
        if self._has_flags or is_partial or os.path.realpath(root) in self._configured:
            return
        paths = (
            os.path.join(folder, name)
            for folder in dict.fromkeys((root, *map(os.path.dirname, given)))
            for name in disk.tree.names(folder)
            if name.endswith(VALUES)
        )
        unread = [path for path in paths if not is_automatic(path, root) and not _has(given, os.path.realpath(path))]
        names = [os.path.relpath(path, root) for path in unread]
        if names:
            sets = ", ".join(f"{_stem(name)}: {name}" for name in names)
            verb = "is" if len(names) == 1 else "are"
            first = f"{_stem(names[0])}={near(os.path.join(root, names[0]))}"
            yield (
                f"{_listed(names)} {verb} not read: `roots: {{{near(root)}: {{{sets}}}}}` in "
                f".guardrail.yml, or --var-file {first}, makes environments"
            )


def _listed(names: Sequence[str]) -> str:
    """``a, b and c``."""
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _has(files: Iterable[str], real: str) -> bool:
    return any(os.path.realpath(each) == real for each in files)


def _labels(paths: Sequence[str], root: str, taken: Iterable[str]) -> Iterator[tuple[str, str]]:
    """A label for each file: its name, or where that is taken its path from the root module: ``stg/prod``.

    A ``terraform.tfvars`` in another folder is called as that: ``prod`` for ``env/prod/terraform.tfvars``.
    """
    names = [*taken, *map(_stem, paths)]
    for path in paths:
        name = _stem(path)
        yield path, name if names.count(name) == 1 else _stem(os.path.relpath(path, root), whole=True)


def _stem(path: str, *, whole: bool = False) -> str:
    folder, name = os.path.split(path)
    if _LOADED.fullmatch(name) and not whole:
        name = os.path.basename(folder)  # env/prod/terraform.tfvars
    elif whole:
        name = path
    return name.removesuffix(".json").removesuffix(".tfvars").replace(os.sep, "/")
