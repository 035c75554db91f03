"""What holds for each of several inputs by the files that lie nearest to it: its usage, and its region.

``guardrail check a/plan.json b/plan.json`` is one bill under the settings nearest to both, in whatever order they are
named; each input has the usage that lies nearest to it. What lies nearer and does not count is named.
"""

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from guardrail import files
from guardrail.cost import usage
from guardrail.cost.usage import NO_USAGE, Usage
from guardrail.model import ChangeSet
from guardrail.settings import BASELINE_NAME, FILE_NAMES, USAGE_FILE_NAMES, FoundSettings, first_of, places

Look = Callable[[str], FoundSettings]
"""The settings for one input, with the flags of the run in place of what they override."""


class Nearest:
    """The inputs of one run, each with the settings that lie nearest to it."""

    def __init__(self, paths: Sequence[str], run: FoundSettings, look: Look) -> None:
        """``run`` are the settings of all of them together."""
        self._run = run
        self._inputs = {path: look(path) for path in paths} if len(paths) > 1 else dict.fromkeys(paths, run)

    def region(self, paths: Sequence[str]) -> str | None:
        """Where a resource of these inputs does not say its region; that of the run where they differ."""
        regions = {self._at(path).settings.region for path in paths}
        return regions.pop() if len(regions) == 1 else self._run.settings.region

    def usage_files(self, change_sets: Iterable[ChangeSet]) -> list[str | None]:
        """The usage file of each; None where there is none."""
        return [self._at(change_set.path).settings.usage_file for change_set in change_sets]

    def notices(
        self, change_sets: Iterable[ChangeSet], named: Collection[str], shown: Callable[[str], str] = str
    ) -> Iterator[str]:
        """What lies nearest to an input and does not count for it, but for kinds whose file is ``named`` by a flag.

        ``shown`` says what a file is called that comes from a copy of the repository. It counts as it is there.
        """
        for path in dict.fromkeys(change_set.path for change_set in change_sets if change_set.path != "-"):
            around, run = list(places(path)), self._run
            usage_file, baseline = self._at(path).settings.usage_file, run.settings.baseline.file
            for flag, names, used in (
                ("config", FILE_NAMES, run.path),
                ("usage-file", USAGE_FILE_NAMES, usage_file),
                ("baseline", (BASELINE_NAME,), baseline),
            ):
                own = None if flag in named else first_of(names, around)
                if own is None or _same(own, used):
                    continue
                if used is not None and _same(own, shown(used)):
                    if not _says_the_same(own, used):
                        yield f"{own} does not count for {path} as it is here, but as the base has it"
                else:
                    other = f"{shown(used)} does" if used else f"name it with --{flag}"
                    yield f"{own} does not count for {path}: {other}"

    def _at(self, path: str) -> FoundSettings:
        """The settings of the input that a change set comes from: itself, or the folder that holds it."""
        if path in self._inputs:
            return self._inputs[path]
        inside = os.path.realpath(path)
        holding = [each for each in self._inputs if each != "-" and _holds(os.path.realpath(each), inside)]
        return self._inputs[max(holding, key=lambda each: len(os.path.realpath(each)))] if holding else self._run


def loaded(usage_files: Iterable[str | None]) -> list[Usage]:
    """The usage in each file, each read once. Raises `SettingsError`."""
    known: dict[str | None, Usage] = {None: NO_USAGE}
    answer = []
    for path in usage_files:
        if path not in known and path is not None:
            known[path] = usage.load(path)
        answer.append(known[path])
    return answer


def _holds(folder: str, path: str) -> bool:
    return path.startswith(os.path.join(folder, ""))


def _says_the_same(one: str, other: str) -> bool:
    try:
        return files.content(one) == files.content(other)
    except OSError:
        return False


def _same(one: str, other: str | None) -> bool:
    return other is not None and os.path.realpath(one) == os.path.realpath(other)
