"""``guardrail check``: read, price, judge, report."""

import os
from argparse import Namespace
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from msgspec import structs

from guardrail import output, sources
from guardrail.assess import Terms, assess
from guardrail.clock import today
from guardrail.commands import base
from guardrail.commands.check.arguments import Destination, add_arguments
from guardrail.commands.check.inputs import Inputs, distinct, once, refuse_unread_input, search
from guardrail.commands.check.reading import change_sets_of, root_modules_of
from guardrail.commands.check.terms import (
    against_baseline,
    budget_flags,
    check_groups,
    environments_before,
    in_words,
    known_policies,
    limits_of_roots,
    missing_roots,
    named_in_errors,
    plan_rate,
    settings_for,
    settings_of,
)
from guardrail.commands.check.writing import refuse_collisions, write
from guardrail.cost.usage import Usage
from guardrail.errors import GuardrailError
from guardrail.model import ChangeSet
from guardrail.nearest import Nearest, loaded
from guardrail.policy.environment import Environments
from guardrail.policy.load import configure
from guardrail.prices.book import PriceBook
from guardrail.prices.user_tables import chosen
from guardrail.progress import progress
from guardrail.report import Report
from guardrail.reporters.wording import counted
from guardrail.settings import FoundSettings, Settings, in_repository

if TYPE_CHECKING:
    from guardrail.commands.check.evidence import Taken
    from guardrail.sources.hcl.reader import RootModule

__all__ = ["HELP", "add_arguments", "estimated", "root_modules", "run"]

HELP = """\
price Terraform or CloudFormation and hold it against policies

examples:
  terraform show -json plan.bin | guardrail check -
  guardrail check plan.json --region eu-central-1
  guardrail check infra/ --var-file dev=dev.tfvars --var-file prod=prod.tfvars
  guardrail check infra/ --compare-to origin/main
  guardrail check plan.json --format table --format html=cost.html
  guardrail check plan.json --alternatives --format html=cost.html
  guardrail check network.json search.json --budget 5000 --budget-delta 500
  guardrail check plan.json --policy realtime-variants-scale --fail-on warning
  guardrail check plan.json --policies guardrail-policies --usage-file usage.yml
  guardrail check plan.json --evidence evidence.json
  guardrail check plan.json --write-baseline
  guardrail check template.yaml --parameters Stage=prod --compare-to origin/main
  guardrail check cdk.out --region eu-central-1

exit codes: 0 nothing at or above --fail-on, 1 a policy or budget is violated,
            2 no answer, 3 with --strict: something unknown or unpriced is in it
"""

_EXPORTS = (".csv", ".csv.gz", ".csv.zip", ".parquet")
"""How exports of the bill are called."""
_AT_AWS = ("s3://", "cost-explorer:", "athena://")


def run(arguments: Namespace) -> int:
    """Check, write every report, and return the exit code of the answer."""
    watch = output.Stopwatch(tells=arguments.verbose)
    if arguments.bill:
        _take_exports(arguments)
    names_none = not arguments.paths
    if names_none:
        refuse_unread_input()
        arguments.paths = ["."]
    if arguments.templates_only:
        arguments.paths = list(filter(sources.may_be_template, arguments.paths))
        if not arguments.paths:
            return 0
    arguments.paths, repeated = distinct(arguments.paths)
    destinations: list[Destination] = arguments.format or [Destination("table", None)]
    refuse_collisions(arguments.paths, destinations)
    _refuse_a_partial_baseline(arguments)
    if arguments.pre_commit:
        from guardrail.sources.past import before_commit

        arguments.compare_to = before_commit(arguments.paths, os.environ, any_owner=arguments.any_owner)
    found = settings_for(arguments)
    watch.step(in_words(found))
    with progress(f"checking {', '.join(arguments.paths)}"):
        report = _report(arguments, found, watch)
    report = structs.replace(report, notices=(*repeated, *report.notices))
    shown = partial(in_repository, copy=arguments.settings_from)
    report = against_baseline(report, found, shown, write=arguments.write_baseline)
    report = _with_what_is_asked_for(report, arguments, found)
    if names_none:
        refuse_unread_input()  # whose writer may have been slower than this was
    for destination in sorted(destinations, key=lambda each: each.path is None):  # files first: stdout may be closed
        write(report, destination, arguments)
        watch.step(f"wrote {destination.format} to {destination.path or 'standard output'}")
    watch.end(f"exit {report.exit_code}")
    base.KEPT[:] = [report]
    return report.exit_code


def _take_exports(arguments: Namespace) -> None:
    """Take what is an export of the bill, behind ``--bill``, for ``--billed``: no input was ever called so."""
    exports = [path for path in arguments.paths if path.startswith(_AT_AWS) or path.endswith(_EXPORTS)]
    if exports:
        arguments.paths = [path for path in arguments.paths if path not in exports]
        arguments.billed, arguments.bill = [*arguments.billed, *exports], False


def _with_what_is_asked_for(report: Report, arguments: Namespace, found: FoundSettings) -> Report:
    """The report with what flags add to it; nobody else pays for any of that."""
    if arguments.alternatives:
        from guardrail.commands.check.alternatives import with_alternatives

        report = with_alternatives(report, arguments, found.settings)
    if arguments.billed:
        report = _with_bill(report, arguments.billed, yes=arguments.yes)
    if arguments.terms_before is not None:
        from guardrail.commands.check.own_terms import with_own_terms

        report = with_own_terms(report, arguments, found)
    return report


def _with_bill(report: Report, exports: Sequence[str], *, yes: bool) -> Report:
    """The report with what the last whole month of a bill says of its endpoints."""
    from guardrail.bills import beside, billed
    from guardrail.bills.answer import exactly
    from guardrail.commands import bills

    with exactly():
        with progress(f"reading {', '.join(exports)}"), bills.of_month(exports, None, yes=yes) as bill:
            month = billed.month(bill.lines, bill.ask, bill.layouts, None)
        return structs.replace(report, billed=beside.billed(report, month))


def _refuse_a_partial_baseline(arguments: Namespace) -> None:
    if arguments.write_baseline and (arguments.policy or arguments.skip_policy):
        flag = "--policy" if arguments.policy else "--skip-policy"
        raise GuardrailError(f"--write-baseline with {flag} would forget the findings of the other policies")


def estimated(arguments: Namespace) -> Report:
    """What a check of these arguments reports; nothing is written."""
    return _report(arguments, settings_for(arguments), output.Stopwatch(tells=False))


def root_modules(arguments: Namespace) -> "dict[str, RootModule]":
    """The root modules that a check of these arguments reads, by the ids of their sources in its report."""
    found = settings_for(arguments)
    inputs = search(arguments, found)
    nearest = Nearest(inputs.paths, found, partial(settings_of, arguments=arguments))
    return root_modules_of(arguments, inputs, nearest, found.environments)


def _report(arguments: Namespace, found: FoundSettings, watch: output.Stopwatch) -> Report:
    """Read everything, then judge it."""
    settings = found.settings
    shown = partial(in_repository, copy=arguments.settings_from)
    settings_file = None if found.path is None else shown(found.path)
    with named_in_errors(settings_file):
        known = known_policies(settings)
        policies = configure(
            known, settings.policies, arguments.policy or (), arguments.skip_policy or (), settings.environments
        )
        environments = Environments(settings.environments)
        check_groups(settings)
    tables = chosen(arguments.prices, os.environ, settings.prices.tables)
    watch.step(f"{len(policies)} of {counted(len(known), 'policy', 'policies')}")
    change_sets = []
    inputs = search(arguments, found)
    nearest = Nearest(inputs.paths, found, partial(settings_of, arguments=arguments))
    environments_of_roots = found.environments
    before = environments_before(arguments, found, inputs.compared)
    for change_set in change_sets_of(arguments, inputs, nearest, environments_of_roots, before):
        change_sets.append(change_set)
        watch.step(_read_in_words(change_set))
    change_sets, repeated = once(change_sets, inputs.found)
    change_sets = sources.joined(change_sets)
    if not change_sets and not arguments.templates_only:
        raise GuardrailError("nothing that was given belongs to a root module", hint="guardrail check DIR")
    usage_files = nearest.usage_files(change_sets)
    told_files = [None if file is None else shown(file) for file in usage_files]
    prices, usages = PriceBook(own=tables), loaded(usage_files)
    seen = _evidence(settings, change_sets, usages, prices, shown)
    report = assess(
        change_sets,
        prices=prices,
        policies=policies,
        usage=usages if seen is None else seen.demands,
        terms=Terms(
            environments=environments,
            budgets=structs.asdict(settings.budget),
            budget_origins=budget_flags(arguments),
            group_limits=[
                *(each.limits() for each in settings.group_budgets),
                *limits_of_roots(change_sets, environments_of_roots),
            ],
            group_by=arguments.group_by,
            waivers=settings.accepted().entries,
            max_waiver_days=settings.accepted().max_days,
            unchecked_policies=frozenset(one.id for one in known) - {one.id for one in policies},
            inline_waivers=not (arguments.no_inline_ignore or arguments.untrusted),
            fail_on=settings.fail_on,
            strict=settings.strict,
            max_price_age_days=settings.prices.max_age_days,
            discounts=settings.discounts,
            plan_rate=plan_rate(settings, tables),
            all_findings=arguments.all,
            evidence=None if seen is None else seen.observations,
            settings_file=settings_file,
            usage_file=told_files[0] if len(set(told_files)) == 1 else None,
        ),
        today=today(),
    )
    watch.step(f"priced and judged {counted(len(report.endpoints), 'endpoint')}")
    named = {"config": arguments.config, "usage-file": arguments.usage_file, "baseline": arguments.baseline}
    overlooked = nearest.notices(
        change_sets, [flag for flag, file in named.items() if file or arguments.isolated], shown
    )
    unread = tuple(dict.fromkeys(problem for change_set in change_sets for problem in change_set.unread))
    left = _left(inputs, change_sets)
    return structs.replace(
        report,
        sources=tuple(
            structs.replace(one, usage_file=file) for one, file in zip(report.sources, told_files, strict=True)
        ),
        evidence_file=None if settings.evidence is None else shown(settings.evidence),
        notices=(
            *(*unread, *inputs.notices, *left, *repeated, *missing_roots(found), *overlooked),
            *(() if seen is None else seen.notices),
            *report.notices,
        ),
        unread=unread,
        exit_code=2 if unread else report.exit_code,
    )


def _evidence(
    settings: Settings,
    change_sets: Sequence[ChangeSet],
    usages: Sequence[Usage],
    prices: PriceBook,
    shown: Callable[[str], str],
) -> "Taken | None":
    """What was observed of the endpoints of these inputs; None where nobody names a bundle, and nobody pays for one."""
    if settings.evidence is None:
        return None
    from guardrail.commands.check.evidence import taken

    return taken(settings.evidence, shown(settings.evidence), change_sets, usages, prices, today())


def _left(inputs: Inputs, change_sets: Iterable[ChangeSet]) -> list[str]:
    """A sentence for each definition in the folders that nothing has read."""
    if not inputs.definitions:
        return []
    from guardrail.sources import discovery

    return discovery.left(inputs.definitions, frozenset().union(*(each.texts for each in change_sets)))


def _read_in_words(change_set: ChangeSet) -> str:
    """What was read of an input: ``read plan.json, terraform-plan 1.2: 14 resources, 2 endpoints``."""
    version = f" {change_set.format_version}" if change_set.format_version else ""
    resources = counted(change_set.coverage.seen, "resource")
    endpoints = counted(len(change_set.after.endpoints), "endpoint")
    return f"read {change_set.path}, {change_set.kind}{version}: {resources}, {endpoints}"
