"""Terraform source without a plan: directories of ``.tf``, ``.tofu`` and ``.tf.json`` files, and single files."""

import gc
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from msgspec import structs

from guardrail.errors import SourceError
from guardrail.model import ChangeSet, Coverage, Inventory
from guardrail.sources.hcl.endings import SOURCES, VALUES
from guardrail.sources.options import SourceOptions
from guardrail.sources.sets import RootSets, labelled, source_id

if TYPE_CHECKING:
    from guardrail.sources.hcl.disk import Disk
    from guardrail.sources.hcl.reader import RootModule
    from guardrail.sources.hcl.roots import RootModules
    from guardrail.sources.past import Comparison

_NOTHING_SAID = SourceOptions()


def recognizes(path: str) -> bool:
    """Whether ``path`` is a file of Terraform source, or of values for its variables, or a directory.

    What the CDK has synthesized is none, but for a directory that holds Terraform files itself.
    """
    if os.path.isdir(path):
        is_synthesized = os.path.isfile(os.path.join(path, "manifest.json"))
        return not is_synthesized or any(name.endswith(SOURCES) for name in os.listdir(path))
    return path.endswith(SOURCES + VALUES) and os.path.isfile(path)


def read(
    paths: Sequence[str],
    options: SourceOptions = _NOTHING_SAID,
    *,
    compared: "Comparison | None" = None,
    gone: Sequence[str] = (),
    sets_then: RootSets | None = None,
) -> Iterator[ChangeSet]:
    """One change set for each root module in ``paths``, and for each of its sets of values.

    Directories stand for the root modules in and below them, files for the root modules that they belong to.
    ``compared`` is what stood before, ``gone`` are folders and files that are named and were there then alone, and
    ``sets_then`` the files of values of each environment then. What is there and not read, such as files of Terragrunt,
    is skipped in a change set of its own. Raises `SourceError` where there is nothing to read, and for a file that
    cannot be read, unless the ``options`` say to go on.
    """
    from guardrail.sources.hcl.reader import read_root
    from guardrail.sources.hcl.roots import unread_units

    found = _search(paths, options, may_be_gone=compared is not None)
    pasts = None
    if compared is not None:
        from guardrail.sources.hcl.pasts import Pasts

        pasts = Pasts(compared, found, paths, options.base, gone, sets_then or {})
    for root in _root_modules(found, options):
        with _without_collecting():
            change_set = labelled(read_root(root) if pasts is None else pasts.read(root), root.inputs.label)
        hints = () if root.shown else found.sets.hint(root.directory, root.disk)
        said, found.notices = found.notices, []
        yield structs.replace(change_set, notices=(*change_set.notices, *said, *hints))
    if pasts is not None:
        yield from pasts.left(options.named_workspace, options.region)
    folder = next(filter(os.path.isdir, paths), None)
    if found.notices and folder is not None:  # of what is passed over where there is no root module
        found.skipped.setdefault(folder, [])
    for path, skipped in found.skipped.items():
        said, found.notices = found.notices, []
        yield ChangeSet(
            path=path,
            kind="hcl",
            after=Inventory(),
            skipped=tuple(skipped),
            notices=(*said, *unread_units(skipped)),
            coverage=Coverage(seen=len(skipped), skipped=len(skipped)),
        )


def roots(paths: Sequence[str], options: SourceOptions = _NOTHING_SAID) -> "dict[str, RootModule]":
    """The root modules in ``paths``, as `read` reads them, by the ids of their sources: ``infra (prod)``."""
    made = _root_modules(_search(paths, options), options)
    return {source_id(root.shown or root.directory, root.inputs.label): root for root in made}


def _search(paths: Sequence[str], options: SourceOptions, *, may_be_gone: bool = False) -> "RootModules":
    from guardrail.sources.hcl.roots import RootModules
    from guardrail.sources.hcl.value_sets import ValueSets

    sets = ValueSets(options.assignments, options.environment, options.sets)
    found = RootModules(sets, keep_going=options.keep_going, exclude=options.exclude)
    found.add(paths, options.base, may_be_gone=may_be_gone)
    return found


def _root_modules(found: "RootModules", options: SourceOptions) -> "list[RootModule]":
    """The root modules that are found, once for each of their sets of values."""
    from guardrail.sources.hcl.reader import RootModule

    read = partial(RootModule, region=options.region)
    workspace = options.named_workspace
    own = (
        read(directory=each, disk=disk, inputs=inputs, workspace=workspace or _selected_workspace(each, disk))
        for each, disk in found.roots.items()
        for inputs in found.sets.of(each)
    )
    of_units = (
        read(directory=module, disk=disk, inputs=structs.replace(inputs, unit=path), workspace=workspace, shown=folder)
        for folder, (path, module, disk) in found.units.items()
        for inputs in found.sets.flagged
    )
    return [*own, *of_units]


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Spare the collector the trees of a large directory, which it would walk again and again and never free."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _selected_workspace(directory: str, disk: "Disk") -> str | None:
    """The workspace that ``terraform workspace select`` has chosen in a folder; None where nothing tells it."""
    try:
        return disk.text(os.path.join(directory, ".terraform", "environment")).strip() or None
    except SourceError:
        return None
