"""What the change since a revision does to the terms it is judged by itself: for ``--terms-before`` alone."""

import os
from argparse import Namespace

from msgspec import structs

from guardrail import files, output, own_terms
from guardrail.commands.check.inputs import content
from guardrail.commands.check.terms import all_policies, settings_of
from guardrail.errors import GuardrailError
from guardrail.github.base_branch import Base
from guardrail.policy import baseline
from guardrail.report import Report
from guardrail.settings import FoundSettings, Settings, start_of


def with_own_terms(report: Report, arguments: Namespace, found: FoundSettings) -> Report:
    """The report with what the change since a revision does to its own terms."""
    with output.temporary_folder() as folder:
        try:
            base = Base(os.getcwd(), arguments.terms_before, folder, any_owner=arguments.any_owner)
            now = Base(os.getcwd(), "HEAD", folder, any_owner=arguments.any_owner)
            changes = (
                *own_terms.differences(_terms_then(arguments, base, now), _all_terms(found.settings, arguments)),
                *own_terms.accepted_in_code(report.results, before=base.read, now=content),
            )
        except GuardrailError as error:
            told = f"whether this change alters the terms it is judged by is not known: {error.message}"
            return structs.replace(report, notices=(told, *report.notices))
    told = f"this change alters the terms it is judged by: {'; '.join(changes)}"
    return structs.replace(report, own_terms=changes, notices=(*([told] if changes else []), *report.notices))


def _terms_then(arguments: Namespace, base: Base, now: Base) -> own_terms.OwnTerms:
    """The terms as they were, under the same flags, which name files as they were."""
    then = Namespace(**vars(arguments))
    for name in ("config", "usage_file", "evidence", "baseline"):
        setattr(then, name, _taken(getattr(then, name), base, now))
    then.policies = [path for each in then.policies or () if (path := _taken(each, base, now))]
    base.take_terms(then.paths, then.config)
    then.settings_from = base.folder
    settings = settings_of(start_of(then.paths), then).settings
    if now.commit != base.commit:
        for path in filter(None, (settings.usage_file, settings.evidence, settings.baseline.file)):
            base.take_made(path, now)
    return _all_terms(settings, then)


def _taken(path: str | None, base: Base, now: Base) -> str | None:
    """What a flag names, as the base has it; itself where it lies elsewhere, or the job has made it.

    None of what the change brings, for the base has nothing in its place. A file that no commit has is made by the job,
    unless what is not committed is the change.
    """
    if path is None or not base.holds(path):
        return path
    is_made = now.commit != base.commit and not now.has(path)
    return base.take(path) or (path if is_made else None)


def _all_terms(settings: Settings, arguments: Namespace) -> own_terms.OwnTerms:
    """The terms that settings make, with what they name."""
    known = baseline.Baseline(version=1)
    if settings.baseline.file is not None and files.is_there(settings.baseline.file):
        known = baseline.read(settings.baseline.file)
    usage_files = [settings_of(path, arguments).settings.usage_file for path in arguments.paths]
    texts = [content(path) or b"" for path in usage_files if path is not None]
    return own_terms.OwnTerms(
        settings=settings,
        policies=all_policies(settings),
        baseline=known,
        usage=b"\0".join(texts),
        evidence=b"" if settings.evidence is None else content(settings.evidence) or b"",
    )
