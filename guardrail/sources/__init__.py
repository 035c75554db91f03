"""Readers: from infrastructure code to change sets. A reader only translates; the model owns the meaning."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from guardrail.errors import SourceError
from guardrail.model import ChangeSet, Coverage, Inventory
from guardrail.sources import hcl, template
from guardrail.sources.template import may_be_template
from guardrail.sources.template.options import TemplateOptions

if TYPE_CHECKING:
    from guardrail.sources.boundary import KnownBoundaries
    from guardrail.sources.past import KnownPasts

__all__ = [
    "has_past",
    "is_terraform",
    "joined",
    "may_be_template",
    "nothing_of",
    "read",
    "read_terraform",
    "root_modules",
]

read_terraform = hcl.read
root_modules = hcl.roots


def joined(change_sets: Sequence[ChangeSet]) -> list[ChangeSet]:
    """The change sets of one run with what is in one and belongs to another: see `guardrail.sources.linking.across`."""
    if len(change_sets) == 1:
        return list(change_sets)
    from guardrail.sources.linking.across import across

    return across(change_sets)


def nothing_of(path: str, problem: str) -> ChangeSet:
    """What there is of a template that cannot be read, where reading goes on without it: the problem."""
    nothing = Coverage(seen=0, modelled=0, partial=0, skipped=0)
    return ChangeSet(
        path=path, kind="cloudformation", after=Inventory(), complete=False, coverage=nothing, unread=(problem,)
    )


def is_terraform(path: str) -> bool:
    """Whether ``path`` is Terraform source, which is read together with all else that is: see `read_terraform`."""
    return path != "-" and hcl.recognizes(path)


def has_past(path: str) -> bool:
    """Whether an input is compared with what it was: a template or a definition; a plan tells its own past."""
    return template.recognizes(path) or _is_definition(path)


def _is_definition(path: str) -> bool:
    """Whether ``path`` is a definition of transform jobs and no plan, template or folder."""
    if os.path.isdir(path):
        return False
    from guardrail.sources.jobs.files import recognizes

    return recognizes(path)


def read(  # noqa: PLR0913 - whatever a run may say of an input
    path: str,
    *,
    region: str | None = None,
    parameters: Sequence[str] = (),
    parameters_then: Sequence[str] | None = None,
    possibilities: Sequence[str] = (),
    compare_to: str | None = None,
    beside: Sequence[str] = (),
    was: str | None = None,
    is_gone: bool = False,
    any_owner: bool = False,
    known_pasts: "KnownPasts | None" = None,
    known_boundaries: "KnownBoundaries | None" = None,
    source: str | None = None,
) -> ChangeSet:
    """The change set in ``path`` ("-" for standard input).

    ``region`` is for resources whose region nothing in the source tells. Of plans: ``source`` is where their source is;
    None for the working directory, if it is there. Of templates: ``parameters`` are values or files of values,
    ``possibilities`` labelled files of them, of which one will be given, ``compare_to`` is what stood before (in a git
    repository that may belong to ``any_owner``; there the template may have been called as ``was`` says, or is one that
    ``is_gone``), and ``beside`` are the other inputs, which are linked with this one.
    Raises `SourceError` where no reader can make sense of it.

    What is no template is taken for a plan, whose reader is imported then.
    """
    if not is_gone and _is_definition(path):
        from guardrail.sources.jobs import files  # for the few that are

        past = None
        if compare_to is not None:
            from guardrail.sources.past import commit_named

            past = commit_named(path, compare_to, any_owner=any_owner, known=known_pasts)
        return files.read(path, region, past)
    if is_gone or template.recognizes(path):
        options = TemplateOptions(
            region=region,
            parameters=parameters,
            parameters_then=parameters_then,
            possibilities=possibilities,
            compare_to=compare_to,
            was=was,
            is_gone=is_gone,
            beside=[other for other in beside if other not in (path, "-")],
            any_owner=any_owner,
            known_pasts=known_pasts,
            known_boundaries=known_boundaries,
        )
        return template.read(path, options)
    if compare_to is not None and path != "-" and not os.path.lexists(path):
        raise SourceError(f"{path} does not exist", hint="check the path")
    if compare_to is not None:
        message = f"{path} is neither a template nor Terraform source, which --compare-to is for"
        raise SourceError(message, hint="a plan tells what stands before")
    from guardrail.sources import plan

    return plan.read(path, region=region, source=source)  # which says of what is none what it is
