"""Readers: from infrastructure code to change sets. A reader only translates; the model owns the meaning."""

import os
from collections.abc import Sequence

from guardrail.errors import SourceError
from guardrail.model import ChangeSet, Coverage, Inventory
from guardrail.sources import hcl, template
from guardrail.sources.options import InputOptions
from guardrail.sources.template import may_be_template

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

_NOTHING_SAID = InputOptions()


def joined(change_sets: Sequence[ChangeSet]) -> list[ChangeSet]:
    """The change sets of one run with what is in one and belongs to another: see `guardrail.sources.linking.across`."""
    if len(change_sets) == 1:
        return list(change_sets)
    from guardrail.sources.linking.across import across

    return across(change_sets)


def nothing_of(path: str, problem: str) -> ChangeSet:
    """What there is of a template that cannot be read, where reading goes on without it: the problem."""
    return ChangeSet(
        path=path, kind="cloudformation", after=Inventory(), complete=False, coverage=Coverage(), unread=(problem,)
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
    from guardrail.sources import jobs

    return jobs.recognizes(path)


def read(path: str, options: InputOptions = _NOTHING_SAID) -> ChangeSet:
    """The change set in ``path`` ("-" for standard input). Raises `SourceError` where no reader can make sense of it.

    What is no template is taken for a plan, whose reader is imported then.
    """
    compared = options.compared
    if not options.is_gone and _is_definition(path):
        from guardrail.sources.jobs import files  # for the few that are

        return files.read(path, options.region, None if compared is None else compared.commit_of(path))
    if options.is_gone or template.recognizes(path):
        return template.read(path, options)
    if compared is not None and path != "-" and not os.path.lexists(path):
        raise SourceError(f"{path} does not exist", hint="check the path")
    if compared is not None:
        message = f"{path} is neither a template nor Terraform source, which --compare-to is for"
        raise SourceError(message, hint="a plan tells what stands before")
    from guardrail.sources import plan

    return plan.read(path, region=options.region, source=options.source)  # which says of what is none what it is
