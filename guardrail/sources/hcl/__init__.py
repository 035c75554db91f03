"""Terraform source without a plan: directories of ``.tf``, ``.tofu`` and ``.tf.json`` files, and single files."""

import gc
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from msgspec import structs

from guardrail.errors import SourceError
from guardrail.model import ChangeSet, Coverage, Inventory, Unknown
from guardrail.sources.hcl.endings import SOURCES, VALUES
from guardrail.sources.sets import RootSets, labelled, source_id

if TYPE_CHECKING:
    from guardrail.gitignore import Excluded
    from guardrail.sources.hcl.disk import Disk
    from guardrail.sources.hcl.reader import RootModule
    from guardrail.sources.hcl.roots import RootModules
    from guardrail.sources.hcl.value_sets import ValueSets
    from guardrail.sources.past import KnownPasts


def recognizes(path: str) -> bool:
    """Whether ``path`` is a file of Terraform source, or of values for its variables, or a directory.

    What the CDK has synthesized is none, but for a directory that holds Terraform files itself.
    """
    if os.path.isdir(path):
        is_synthesized = os.path.isfile(os.path.join(path, "manifest.json"))
        return not is_synthesized or any(name.endswith(SOURCES) for name in os.listdir(path))
    return path.endswith(SOURCES + VALUES) and os.path.isfile(path)


def read(  # noqa: PLR0913 - whatever a run may say of source
    paths: Sequence[str],
    *,
    region: str | None = None,
    assignments: Sequence[str] = (),
    environment: Mapping[str, str | Unknown] | None = None,
    workspace: str | None = None,
    base: str = ".",
    keep_going: bool = False,
    compare_to: str | None = None,
    gone: Sequence[str] = (),
    any_owner: bool = False,
    known_pasts: "KnownPasts | None" = None,
    sets: RootSets | None = None,
    sets_then: RootSets | None = None,
    exclude: "Excluded | None" = None,
) -> Iterator[ChangeSet]:
    """One change set for each root module in ``paths``, and for each of its sets of values.

    Directories stand for the root modules in and below them, files for the root modules that they belong to, which are
    looked for below ``base``. ``assignments`` are ``NAME=VALUE`` and ``@[LABEL=]FILE``, ``environment`` holds
    ``TF_VAR_*`` and ``TF_WORKSPACE``, `Unknown` where the source shall not see them; ``workspace`` wins over it.
    ``sets`` are the files of values of each environment of a root module, by its real path.
    ``sets_then`` are those of what stood before, by the paths of that.
    ``exclude`` is what a search for root modules leaves out.
    ``compare_to`` is what stood before, a folder or a git revision (of a repository that may be of ``any_owner``), and
    ``gone`` are folders and files that are named and were there then alone. What
    is there and not read, such as files of Terragrunt, is skipped in a change set of its own. Raises `SourceError`
    where there is nothing to read, and for a file that cannot be read, unless ``keep_going``.
    """
    from guardrail.sources.hcl.reader import read_root
    from guardrail.sources.hcl.roots import RootModules, unread_units
    from guardrail.sources.hcl.value_sets import ValueSets

    environment = {} if environment is None else environment
    values = ValueSets(assignments, environment, sets)
    found = RootModules(values, keep_going=keep_going, exclude=exclude)
    found.add(paths, base, may_be_gone=compare_to is not None)
    pasts = None
    if compare_to is not None:
        from guardrail.sources.hcl.pasts import Pasts

        pasts = Pasts(
            compare_to,
            found,
            paths,
            base,
            values,
            gone=gone,
            sets_then=sets_then,
            any_owner=any_owner,
            known=known_pasts,
        )
    roots = _root_modules(found, values, environment, workspace, region)
    for root in roots:
        with _without_collecting():
            change_set = labelled(read_root(root) if pasts is None else pasts.read(root), root.inputs.label)
        hints, found.notices = (*found.notices, *(() if root.shown else values.hint(root.directory, root.disk))), []
        yield structs.replace(change_set, notices=(*change_set.notices, *hints))
    if pasts is not None:
        yield from pasts.left(workspace or environment.get("TF_WORKSPACE") or None, region)
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
            coverage=Coverage(seen=len(skipped), modelled=0, partial=0, skipped=len(skipped)),
        )


def _root_modules(
    found: "RootModules",
    values: "ValueSets",
    environment: Mapping[str, str | Unknown],
    workspace: str | None,
    region: str | None,
) -> "list[RootModule]":
    """The root modules that are found, once for each of their sets of values."""
    from guardrail.sources.hcl.reader import RootModule

    roots = [
        RootModule(
            directory=directory,
            disk=disk,
            inputs=inputs,
            workspace=workspace or _workspace(directory, environment, disk),
            region=region,
        )
        for directory, disk in found.roots.items()
        for inputs in values.of(directory)
    ]
    roots += [
        RootModule(
            directory=module,
            disk=disk,
            inputs=structs.replace(inputs, unit=path),
            workspace=workspace or environment.get("TF_WORKSPACE") or None,
            region=region,
            shown=folder,
        )
        for folder, (path, module, disk) in found.units.items()
        for inputs in values.flagged
    ]
    return roots


def roots(  # noqa: PLR0913 - whatever a run may say of source
    paths: Sequence[str],
    *,
    region: str | None = None,
    assignments: Sequence[str] = (),
    environment: Mapping[str, str | Unknown] | None = None,
    workspace: str | None = None,
    base: str = ".",
    keep_going: bool = False,
    sets: RootSets | None = None,
    exclude: "Excluded | None" = None,
) -> "dict[str, RootModule]":
    """The root modules in ``paths``, as `read` reads them, by the ids of their sources: ``infra (prod)``."""
    from guardrail.sources.hcl.roots import RootModules
    from guardrail.sources.hcl.value_sets import ValueSets

    environment = {} if environment is None else environment
    values = ValueSets(assignments, environment, sets)
    found = RootModules(values, keep_going=keep_going, exclude=exclude)
    found.add(paths, base)
    made = _root_modules(found, values, environment, workspace, region)
    return {source_id(root.shown or root.directory, root.inputs.label): root for root in made}


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


def _workspace(directory: str, environment: Mapping[str, str | Unknown], disk: "Disk") -> str | Unknown | None:
    """The selected workspace, as Terraform finds it; None where nothing tells it."""
    try:
        selected = disk.text(os.path.join(directory, ".terraform", "environment")).strip()
    except SourceError:
        selected = ""
    return environment.get("TF_WORKSPACE") or selected or None
