"""``guardrail check``: read, price, judge, report."""

import os
import re
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from guardrail import files, limits, output, sources
from guardrail.assess import Terms, against, assess
from guardrail.assess.terms import GroupLimits
from guardrail.clock import today
from guardrail.commands.base import meant
from guardrail.cost.discount_settings import PlanRate, no_plan_rate
from guardrail.errors import GuardrailError, NotATemplateError, SettingsError, SourceError
from guardrail.git import top_of
from guardrail.model import ChangeSet, Unknown
from guardrail.nearest import Nearest, loaded
from guardrail.policy import baseline, waivers
from guardrail.policy.environment import PRODUCTION, Environments, no_environment
from guardrail.policy.load import bundled, configure, read
from guardrail.policy.policy import Policy
from guardrail.prices.book import PriceBook
from guardrail.prices.user_tables import chosen
from guardrail.progress import progress
from guardrail.report import Report
from guardrail.reporters import FORMATS, reporter
from guardrail.reporters.base import Options
from guardrail.reporters.wording import counted
from guardrail.settings import (
    BaselineSettings,
    FoundSettings,
    RootEnvironment,
    Settings,
    in_repository,
    load,
    override,
    start_of,
)
from guardrail.sources.boundary import boundary_of
from guardrail.sources.sets import RootSets, labelled

if TYPE_CHECKING:
    from guardrail.github.base_branch import Base
    from guardrail.gitignore import Excluded
    from guardrail.own_terms import OwnTerms
    from guardrail.reporters.base import Links

HELP = """\
price Terraform or CloudFormation and hold it against policies

examples:
  terraform show -json plan.bin | guardrail check -
  guardrail check plan.json --region eu-central-1
  guardrail check infra/ --var-file dev=dev.tfvars --var-file prod=prod.tfvars
  guardrail check infra/ --compare-to origin/main
  guardrail check plan.json --format table --format html=cost.html
  guardrail check network.json search.json --budget 5000 --budget-delta 500
  guardrail check plan.json --policy realtime-variants-scale --fail-on warning
  guardrail check plan.json --policies guardrail-policies --usage-file usage.yml
  guardrail check plan.json --write-baseline
  guardrail check template.yaml --parameters Stage=prod --compare-to origin/main
  guardrail check cdk.out --region eu-central-1

exit codes: 0 nothing at or above --fail-on, 1 a policy or budget is violated,
            2 no answer, 3 with --strict: something unknown or unpriced is in it
"""


_WITH_CODE = ("markdown", "summary", "html")
"""Formats that show the lines of the findings, and link to them where a workflow runs."""
_CODE = (".tf", ".tofu", ".yaml", ".yml", ".template")
"""Files whose lines may be shown; those of variables are none of them."""


_EXPORTS = (".csv", ".csv.gz", ".csv.zip", ".parquet")
"""How exports of the bill are called."""

_FOR_A_TERMINAL = ("table", "concise")
"""Formats that ``--quiet`` keeps back; whoever reads another one waits for it."""


class Destination(Struct, frozen=True):
    """A format, and the file it goes to; None for standard output."""

    format: str
    path: str | None


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the inputs, what to judge by, and what to write where."""
    parser.add_argument(
        "paths",
        metavar="PATH",
        nargs="*",
        help="a folder with all that is in it, a plan or state in JSON, a template, - for standard input (default: .)",
    )
    terraform = parser.add_argument_group("Terraform")
    terraform.add_argument(
        "--var-file",
        metavar="[LABEL=]FILE",
        dest="assignments",
        action="append",
        type=_var_file,
        help="values for variables; once for each environment with a label, as in prod=prod.tfvars",
    )
    terraform.add_argument(
        "--var", metavar="NAME=VALUE", dest="assignments", action="append", type=_var, help="a value for a variable"
    )
    terraform.add_argument("--workspace", metavar="NAME", help="what terraform.workspace is (default: TF_WORKSPACE)")
    terraform.add_argument(
        "--source", metavar="DIR", help="where the source of a plan is (default: beside it, else here)"
    )
    terraform.add_argument(
        "--keep-going", action="store_true", help="report on the rest where a file does not parse, and exit 2"
    )
    templates = parser.add_argument_group("CloudFormation, SAM and CDK")
    templates.add_argument(
        "--parameters", metavar="KEY=VALUE|FILE", action="append", help="values for a template's parameters; repeatable"
    )
    templates.add_argument(
        "--possibility",
        metavar="LABEL=FILE",
        dest="possibilities",
        action="append",
        help="values that may be given, under a label: the bill spans all of them; repeatable",
    )
    templates.add_argument(
        "--templates-only", action="store_true", help="pass over files that are no templates, for hooks"
    )
    past = parser.add_argument_group("what stood before, of source and templates")
    past.add_argument(
        "--compare-to",
        metavar="FILE|DIR|REF",
        help="a template, a cdk.out, a folder, or a git revision, which means where HEAD has left it (its merge base)",
    )
    past.add_argument(
        "--pre-commit",
        action="store_true",
        help="compare with PRE_COMMIT_FROM_REF, else HEAD, if a file differs; say nothing where nothing is new",
    )
    past.add_argument(
        "--any-owner", action="store_true", help="read a git repository of another user, in a container for example"
    )
    judging = parser.add_argument_group("judging")
    judging.add_argument("--config", metavar="FILE", help="settings file (default: the nearest .guardrail.yml)")
    judging.add_argument(
        "--isolated", action="store_true", help="settings, usage and baseline only as far as flags name them"
    )
    judging.add_argument(
        "--settings-from", metavar="DIR", help="look for settings, usage and baseline in this copy of the repository"
    )
    judging.add_argument(
        "--terms-before",
        metavar="REF",
        help="say what the change since this git revision does to settings, waivers and limits",
    )
    judging.add_argument(
        "--untrusted",
        action="store_true",
        help="the code is a stranger's: no waiver in it holds, and TF_VAR_* and TF_WORKSPACE are not read for it",
    )
    judging.add_argument("--policies", metavar="DIR", action="append", help="policies of your own; repeatable")
    judging.add_argument("--policy", metavar="ID", action="append", help="check this policy only; repeatable")
    judging.add_argument("--skip-policy", metavar="ID", action="append", help="leave this policy out; repeatable")
    judging.add_argument(
        "--usage-file", metavar="FILE", help="usage (default: the guardrail-usage.yml beside settings)"
    )
    judging.add_argument("--region", metavar="REGION", help="where a resource does not say its region")
    judging.add_argument("--prices", metavar="DIR", help='price tables of your own, or "bundled" for none')
    judging.add_argument(
        "--max-price-age", metavar="DAYS", type=_days, help="warn of older prices; with --strict, exit 3"
    )
    judging.add_argument("--budget", metavar="USD", type=_usd, help="most that a month is expected to cost")
    judging.add_argument("--budget-delta", metavar="USD", type=_usd, help="most that the change may add to a month")
    judging.add_argument("--fail-on", choices=("error", "warning", "note", "never"), help="default: error")
    judging.add_argument("--all", action="store_true", help="fail on what the change does not touch, too")
    judging.add_argument(
        "--baseline", metavar="FILE", help="findings from before (default: the nearest .guardrail-baseline.json)"
    )
    judging.add_argument(
        "--write-baseline", action="store_true", help="take every finding of this run up into the baseline"
    )
    judging.add_argument("--strict", action="store_true", default=None, help="exit 3 where unknowns stand in the way")
    judging.add_argument(
        "--no-inline-ignore", action="store_true", help="let no waiver in the code or a template's metadata hold"
    )
    writing = parser.add_argument_group("writing")
    writing.add_argument(
        "--format",
        metavar="FORMAT[=FILE]",
        type=_destination,
        action="append",
        help=f"{', '.join(FORMATS)}; repeatable (default: table)",
    )
    writing.add_argument(
        "--tag",
        type=_tag,
        default=Options().tag,
        help="tells this check from others of one pull request, in comments and code scanning (default: %(default)s)",
    )
    writing.add_argument("--bill", action="store_true", help="every line of the bill, also of what does not change")
    writing.add_argument(
        "--billed",
        metavar="SOURCE",
        action="append",
        default=[],
        help="export of the AWS bill: what its last whole month billed, beside before and after; repeatable",
    )
    writing.add_argument(
        "--group-by",
        metavar="KEY,KEY",
        type=_group_keys,
        default=(),
        help="subtotals by tag:NAME, environment, region, root, or several of them: tag:Team,environment",
    )
    writing.add_argument("--show-skipped", action="store_true", help="list every resource that was skipped")
    writing.add_argument(
        "--color", choices=("auto", "always", "never"), dest="colour", default="auto", help="default: auto"
    )
    writing.add_argument("--no-color", action="store_const", const="never", dest="colour", help="as --color never")
    writing.add_argument("-q", "--quiet", action="store_true", help="no table or concise lines when the exit code is 0")
    writing.add_argument(
        "-v", "--verbose", action="store_true", help="say on standard error what was read, and in how long"
    )


def _days(text: str) -> int:
    if not text.isdecimal():
        raise ArgumentTypeError(f"{text!r} is not a number of days, such as 180")
    return int(text)


def _var_file(text: str) -> str:
    return f"@{text}"


def _var(text: str) -> str:
    if not re.fullmatch(r"[^\W\d][\w-]*=.*", text, re.DOTALL):
        raise ArgumentTypeError(f"{text!r} assigns nothing; write it as name=value")
    return text


def _usd(text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise ArgumentTypeError(f"{text!r} is not an amount in USD, such as 1500 or 99.50") from None
    if not amount.is_finite() or amount < 0:
        raise ArgumentTypeError(f"{text!r} is not an amount of zero or more")
    if not limits.is_countable(amount):
        raise ArgumentTypeError(f"{text!r} is not an amount below {limits.LARGEST_NUMBER:,} USD")
    return amount


def _destination(text: str) -> Destination:
    name, equals, path = text.partition("=")
    if name not in FORMATS:
        known = meant(name, FORMATS) or f", choose from {', '.join(FORMATS)}"
        raise ArgumentTypeError(f"there is no format {name!r}{known}")
    if equals and not path:
        raise ArgumentTypeError(f"{text!r} names no file")
    return Destination(name, None if path in ("", "-") else path)


def _group_keys(text: str) -> tuple[str, ...]:
    from guardrail.assess import groups

    return groups.keys(text)


def _tag(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_.][A-Za-z0-9_./-]{0,58}[A-Za-z0-9_.]|[A-Za-z0-9_.]", text):
        raise ArgumentTypeError(f"{text!r} is no tag: up to 60 letters, digits and _ . / - such as network/prod")
    return text


def run(arguments: Namespace) -> int:
    """Check, write every report, and return the exit code of the answer."""
    watch = output.Stopwatch(tells=arguments.verbose)
    if arguments.bill:
        _take_exports(arguments)
    names_none = not arguments.paths
    if names_none:
        _refuse_unread_input()
        arguments.paths = ["."]
    if arguments.templates_only:
        arguments.paths = list(filter(sources.may_be_template, arguments.paths))
        if not arguments.paths:
            return 0
    arguments.paths, repeated = _distinct(arguments.paths)
    destinations: list[Destination] = arguments.format or [Destination("table", None)]
    _refuse_collisions(arguments.paths, destinations)
    _refuse_a_partial_baseline(arguments)
    if arguments.pre_commit:
        from guardrail.sources.past import before_commit

        arguments.compare_to = before_commit(arguments.paths, os.environ, any_owner=arguments.any_owner)
    found = _settings(arguments)
    watch.step(_terms_in_words(found))
    with progress(f"checking {', '.join(arguments.paths)}"):
        report = _report(arguments, found, watch)
    report = structs.replace(report, notices=(*repeated, *report.notices))
    shown = partial(in_repository, copy=arguments.settings_from)
    report = _against_baseline(report, found, shown, write=arguments.write_baseline)
    if arguments.billed:
        report = _with_bill(report, arguments.billed)
    if arguments.terms_before is not None:
        report = _with_own_terms(report, arguments, found)
    if names_none:
        _refuse_unread_input()  # whose writer may have been slower than this was
    for destination in sorted(destinations, key=lambda each: each.path is None):  # files first: stdout may be closed
        _write(report, destination, arguments)
        watch.step(f"wrote {destination.format} to {destination.path or 'standard output'}")
    watch.end(f"exit {report.exit_code}")
    return report.exit_code


def _take_exports(arguments: Namespace) -> None:
    """Take what is an export of the bill, behind ``--bill``, for ``--billed``: no input was ever called so."""
    exports = [path for path in arguments.paths if path.startswith("s3://") or path.endswith(_EXPORTS)]
    if exports:
        arguments.paths = [path for path in arguments.paths if path not in exports]
        arguments.billed, arguments.bill = [*arguments.billed, *exports], False


def _with_bill(report: Report, exports: Sequence[str]) -> Report:
    """The report with what the last whole month of a bill says of its endpoints."""
    from guardrail.bills import beside, billed
    from guardrail.commands import bills

    with progress(f"reading {', '.join(exports)}"), bills.opened(exports) as bill:
        month = billed.month(bill.lines, bill.ask, bill.layouts, None)
    return structs.replace(report, billed=beside.billed(report, month))


def _refuse_a_partial_baseline(arguments: Namespace) -> None:
    if arguments.write_baseline and (arguments.policy or arguments.skip_policy):
        flag = "--policy" if arguments.policy else "--skip-policy"
        raise GuardrailError(f"--write-baseline with {flag} would forget the findings of the other policies")


def _refuse_unread_input() -> None:
    """Raise where no input is named, and somebody pipes one in: it is never read unasked, and never just ignored."""
    if files.waits_on_standard_input():
        raise GuardrailError("no PATH is named, and standard input brings something", hint="guardrail check - reads it")


def _terms_in_words(found: FoundSettings) -> str:
    """Which files say how to judge: ``settings .guardrail.yml, no usage file, no baseline``."""
    named = {"settings": found.path, "usage file": found.settings.usage_file, "baseline": found.settings.baseline.file}
    return ", ".join(f"{what} {path}" if path else f"no {what}" for what, path in named.items())


def _refuse_collisions(paths: list[str], destinations: list[Destination]) -> None:
    """Raise where two reports would go to one place, one would replace an input, or standard input is read twice."""
    if paths.count("-") > 1:
        raise GuardrailError("standard input can be read only once", hint="give - once, and files for the rest")
    inputs = {os.path.realpath(path) for path in paths}
    taken: dict[str | None, str] = {}
    for destination in destinations:
        place = None if destination.path is None else os.path.realpath(destination.path)
        if place in inputs:
            raise GuardrailError(f"--format {destination.format} would replace its own input {destination.path}")
        if place in taken:
            where = destination.path or "standard output"
            raise GuardrailError(
                f"{taken[place]} and {destination.format} would both go to {where}",
                hint=f"--format {destination.format}=report.{destination.format}",
            )
        taken[place] = destination.format


def _distinct(paths: Sequence[str]) -> tuple[list[str], list[str]]:
    """Each input once, and a sentence for each that is another one by a different spelling or a link.

    Twice the same file would be twice the bill. Equal contents in two files are two inputs, as two stacks may be.
    """
    kept: dict[object, str] = {}
    notices: list[str] = []
    for path in paths:
        identity: object = object()
        with suppress(OSError, ValueError):  # of what is not there, reading it says so
            status = None if files.is_stream(path) else os.stat(path)
            identity = identity if status is None else (status.st_dev, status.st_ino)
        if identity in kept:
            what = "is named twice" if kept[identity] == path else f"is the same as {kept[identity]}"
            notices.append(f"{path} {what}, and counts once")
        else:
            kept[identity] = path
    return list(kept.values()), list(dict.fromkeys(notices))


def _settings(arguments: Namespace) -> FoundSettings:
    """The settings for all inputs, with the flags of this run in place of what they override."""
    if arguments.isolated and arguments.settings_from:
        raise GuardrailError("--isolated looks for no settings, and --settings-from says where to look for them")
    return _settings_of(start_of(arguments.paths), arguments)


def _settings_of(start: str, arguments: Namespace) -> FoundSettings:
    found = load(start, config=arguments.config, copy=arguments.settings_from, isolated=arguments.isolated)
    return override(found, settings=_overridden(found.settings, arguments))


def _overridden(settings: Settings, arguments: Namespace) -> Settings:
    return override(
        settings,
        region=arguments.region,
        usage_file=arguments.usage_file,
        fail_on=arguments.fail_on,
        strict=arguments.strict,
        prices=override(settings.prices, tables=arguments.prices, max_age_days=arguments.max_price_age),
        policy_paths=[*settings.policy_paths, *(arguments.policies or [])],
        baseline=override(settings.baseline, file=arguments.baseline),
        budget=override(
            settings.budget, max_expected_usd=arguments.budget, max_increase_expected_usd=arguments.budget_delta
        ),
    )


def estimated(arguments: Namespace) -> Report:
    """What a check of these arguments reports; nothing is written."""
    return _report(arguments, _settings(arguments), output.Stopwatch(tells=False))


def _report(arguments: Namespace, found: FoundSettings, watch: output.Stopwatch) -> Report:
    """Read everything, then judge it."""
    settings = found.settings
    shown = partial(in_repository, copy=arguments.settings_from)
    settings_file = None if found.path is None else shown(found.path)
    with _named_in_errors(settings_file):
        known = _known_policies(settings)
        policies = configure(
            known, settings.policies, arguments.policy or (), arguments.skip_policy or (), settings.environments
        )
        environments = Environments(settings.environments)
        _check_groups(settings)
    tables = chosen(arguments.prices, os.environ, settings.prices.tables)
    watch.step(f"{len(policies)} of {counted(len(known), 'policy', 'policies')}")
    change_sets = []
    inputs = _inputs(arguments, found)
    nearest = Nearest(inputs.paths, found, partial(_settings_of, arguments=arguments))
    environments_of_roots = found.environments
    for change_set in _change_sets(arguments, inputs, nearest, environments_of_roots):
        change_sets.append(change_set)
        watch.step(_read_in_words(change_set))
    change_sets, repeated = _once(change_sets, inputs.found)
    change_sets = sources.joined(change_sets)
    if not change_sets and not arguments.templates_only:
        raise GuardrailError("nothing that was given belongs to a root module", hint="guardrail check DIR")
    usage_files = nearest.usage_files(change_sets)
    told_files = [None if file is None else shown(file) for file in usage_files]
    report = assess(
        change_sets,
        prices=PriceBook(own=tables),
        policies=policies,
        usage=loaded(usage_files),
        terms=Terms(
            environments=environments,
            budgets=structs.asdict(settings.budget),
            budget_origins=_budget_flags(arguments),
            group_limits=[
                *(each.limits() for each in settings.group_budgets),
                *_limits_of_roots(change_sets, environments_of_roots),
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
            plan_rate=_plan_rate(settings, tables),
            all_findings=arguments.all,
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
    return structs.replace(
        report,
        sources=tuple(
            structs.replace(one, usage_file=file) for one, file in zip(report.sources, told_files, strict=True)
        ),
        notices=(*unread, *inputs.notices, *repeated, *_missing_roots(found), *overlooked, *report.notices),
        unread=unread,
        exit_code=2 if unread else report.exit_code,
    )


class _Inputs(Struct, frozen=True, kw_only=True):
    """What there is to read."""

    paths: list[str]
    """As they are named, with what a search of the folders among them has found."""
    found: frozenset[str] = frozenset()
    """Those that the search has found."""
    notices: tuple[str, ...] = ()
    exclude: "Excluded | None" = None
    renamed: Mapping[str, str] = {}
    """By the path of a template, what it was called before the change."""
    gone: tuple[str, ...] = ()
    """Templates that are there no more."""


def _once(change_sets: list[ChangeSet], found: frozenset[str]) -> tuple[list[ChangeSet], Sequence[str]]:
    """Without what a search has found that stands for something else that is there as well."""
    if not found:
        return change_sets, ()
    from guardrail.gitignore import Tracked
    from guardrail.sources.repeats import without_repeats

    return without_repeats(change_sets, found, Tracked(os.getcwd()).holds)


def _excluded(directory: str, patterns: Sequence[str]) -> "Excluded":
    from guardrail.gitignore import Excluded

    return Excluded(directory, patterns)


def _inputs(arguments: Namespace, settings: FoundSettings) -> _Inputs:
    """The named inputs and everything in the folders among them, with the templates that these have lost."""
    named: Sequence[str] = arguments.paths
    patterns = settings.settings.exclude
    exclude = _excluded(settings.directory, patterns) if patterns else None
    paths: dict[str, None] = {}
    found: set[str] = set()
    notices: list[str] = []
    renamed: dict[str, str] = {}
    gone: dict[str, None] = {}
    places = {os.path.realpath(path) for path in named}
    for path in named:
        if path == "-" or not os.path.isdir(path) or not sources.is_terraform(path):
            paths[path] = None
            continue
        from guardrail.sources import discovery  # for folders

        inside = discovery.search(path, exclude, may_be_gone=arguments.compare_to is not None)
        own = [each for each in inside.inputs if os.path.realpath(each) not in places]
        may_hold_source = inside.has_source or arguments.compare_to is not None or not own  # it may have held some
        paths.update(dict.fromkeys([path] if may_hold_source else [], None))
        paths.update(dict.fromkeys(own))
        found.update(own)
        notices += inside.notices
        if arguments.compare_to is not None:
            from guardrail.sources.template.pasts import templates_then

            then = templates_then(path, inside, arguments.compare_to, exclude=exclude, any_owner=arguments.any_owner)
            renamed |= then.renamed
            gone.update(dict.fromkeys(then.gone))
    return _Inputs(
        paths=list(paths),
        found=frozenset(found),
        notices=tuple(notices),
        exclude=exclude,
        renamed=renamed,
        gone=tuple(gone),
    )


def _read_in_words(change_set: ChangeSet) -> str:
    """What was read of an input: ``read plan.json, terraform-plan 1.2: 14 resources, 2 endpoints``."""
    version = f" {change_set.format_version}" if change_set.format_version else ""
    resources = counted(change_set.coverage.seen, "resource")
    endpoints = counted(len(change_set.after.endpoints), "endpoint")
    return f"read {change_set.path}, {change_set.kind}{version}: {resources}, {endpoints}"


def _check_groups(settings: Settings) -> None:
    """Raise `SettingsError` for a budget of an environment that no endpoint is ever in."""
    for each in settings.group_budgets:
        problem = no_environment(each.where.get("environment", PRODUCTION), settings.environments)
        if problem is not None:
            raise SettingsError(f"group_budgets: {problem}")


def _budget_flags(arguments: Namespace) -> dict[str, str]:
    """The limits that flags set, by name."""
    flags = {
        "max_expected_usd": ("--budget", arguments.budget),
        "max_increase_expected_usd": ("--budget-delta", arguments.budget_delta),
    }
    return {name: flag for name, (flag, value) in flags.items() if value is not None}


def _plan_rate(settings: Settings, tables: str | None) -> PlanRate:
    """The rates of the settings' Savings Plan, as far as a refresh has read them."""
    plan = settings.discounts.savings_plan
    if plan is None:
        return no_plan_rate
    from guardrail.prices.savings_plans import PlanTables

    return PlanTables(tables, plan.term, plan.payment).rate


def _against_baseline(report: Report, found: FoundSettings, shown: Callable[[str], str], *, write: bool) -> Report:
    """The report with what the baseline knows as existing; the baseline is written anew before, where that is asked."""
    settings: BaselineSettings = found.settings.baseline
    path = settings.file
    if write:
        path = path or os.path.join(os.path.dirname(found.path or ""), baseline.FILE_NAME)
        if os.path.realpath(path) in {os.path.realpath(source.path) for source in report.sources}:
            raise GuardrailError(f"the baseline would replace its own input {path}")
        fresh = baseline.taken_up(report.results)
        output.write_file(path, baseline.text(fresh))
        print(f"guardrail: wrote {path}, findings: {len(fresh.findings):,}", file=sys.stderr)
    if path is None:
        return report
    return against(report, baseline.read(path), path=shown(path), tolerance_percent=settings.tolerance_percent)


def _with_own_terms(report: Report, arguments: Namespace, found: FoundSettings) -> Report:
    """The report with what the change since a revision does to its own terms."""
    from guardrail import own_terms
    from guardrail.github.base_branch import Base

    with output.temporary_folder() as folder:
        try:
            base = Base(os.getcwd(), arguments.terms_before, folder, any_owner=arguments.any_owner)
            changes = (
                *own_terms.differences(_terms_then(arguments, base), _all_terms(found.settings, arguments)),
                *own_terms.accepted_in_code(report.results, before=base.read, now=_content),
            )
        except GuardrailError as error:
            told = f"whether this change alters the terms it is judged by is not known: {error.message}"
            return structs.replace(report, notices=(told, *report.notices))
    told = f"this change alters the terms it is judged by: {'; '.join(changes)}"
    return structs.replace(report, own_terms=changes, notices=(*([told] if changes else []), *report.notices))


def _terms_then(arguments: Namespace, base: "Base") -> "OwnTerms":
    """The terms as they were, under the same flags, which name files as they were."""
    then = Namespace(**vars(arguments))
    for name in ("config", "usage_file", "baseline"):
        setattr(then, name, _taken(getattr(then, name), base))
    then.policies = [_taken(path, base) for path in then.policies or ()]
    base.take_terms(then.paths, then.config)
    then.settings_from = base.folder
    return _all_terms(_settings_of(start_of(then.paths), then).settings, then)


def _taken(path: str | None, base: "Base") -> str | None:
    """What a flag names, as the base has it; itself where that has none, or it lies elsewhere."""
    return path if path is None or not base.holds(path) else base.take(path) or path


def _all_terms(settings: Settings, arguments: Namespace) -> "OwnTerms":
    """The terms that settings make, with what they name."""
    from guardrail.own_terms import OwnTerms

    known = baseline.Baseline(version=1)
    if settings.baseline.file is not None and files.is_there(settings.baseline.file):
        known = baseline.read(settings.baseline.file)
    usage_files = [_settings_of(path, arguments).settings.usage_file for path in arguments.paths]
    texts = [_content(path) or b"" for path in usage_files if path is not None]
    return OwnTerms(settings=settings, policies=_all_policies(settings), baseline=known, usage=b"\0".join(texts))


def _content(path: str) -> bytes | None:
    """A file as it is; None where it cannot be read, or read again, and whoever needs it has said so."""
    try:
        return files.content(path)
    except OSError:
        return None


def _missing_roots(found: FoundSettings) -> Iterator[str]:
    """The root modules and templates that settings speak of and that are not there: none of their terms holds."""
    for name in found.settings.roots:
        if not files.is_there(os.path.join(found.directory, name)):
            yield f"roots: {name} is not there, and its environments are not checked"


def _limits_of_roots(
    change_sets: Sequence[ChangeSet], environments: Mapping[str, Mapping[str, RootEnvironment]]
) -> Iterator[GroupLimits]:
    """The limits that settings set on what each environment of a root module or template costs."""
    for change_set in change_sets:
        named = environments.get(os.path.realpath(change_set.path), {}).get(change_set.label or "")
        limits = {} if named is None else structs.asdict(named.budget)
        if any(limit is not None for limit in limits.values()):
            yield GroupLimits(where={"root": f"{change_set.path} ({change_set.label})"}, budgets=limits)


def _change_sets(
    arguments: Namespace, inputs: _Inputs, nearest: Nearest, environments: Mapping[str, Mapping[str, RootEnvironment]]
) -> Iterator[ChangeSet]:
    """What every path holds.

    Terraform source is read together: several of its files may belong to one root module.
    """
    terraform = [path for path in inputs.paths if sources.is_terraform(path)]
    if arguments.assignments and not terraform:
        raise GuardrailError("--var and --var-file are for Terraform source: a plan has its values already")
    for path in inputs.paths:
        if path in terraform[:1]:
            sets = {
                root: {label: tuple(each.values) for label, each in several.items()}
                for root, several in environments.items()
            }
            yield from _from_terraform(terraform, arguments, nearest.region(terraform), sets, inputs.exclude)
        elif path not in terraform:
            own: Mapping[str, RootEnvironment] = environments.get(os.path.realpath(path), {}) if path != "-" else {}
            yield from _from_file(path, arguments, inputs, nearest.region([path]), own)
    for path in inputs.gone:
        own = environments.get(os.path.realpath(path), {})
        yield from _from_file(path, arguments, inputs, nearest.region([path]), own)


def _from_file(
    path: str, arguments: Namespace, inputs: _Inputs, region: str | None, environments: Mapping[str, RootEnvironment]
) -> Iterator[ChangeSet]:
    """What a template, cloud assembly or plan holds, once for each of its environments.

    What turns out to be no template is passed over where only these are asked for, or a search has found it.
    """
    compare_to, said = _past_of(path, arguments, inputs)
    is_gone = path in inputs.gone
    read = partial(
        sources.read,
        path,
        region=region,
        possibilities=arguments.possibilities or (),
        compare_to=compare_to,
        was=inputs.renamed.get(path),
        is_gone=is_gone,
        beside=() if is_gone else inputs.paths,
        any_owner=arguments.any_owner,
        source=arguments.source,
    )
    flags = arguments.parameters or ()
    try:
        for label, each in environments.items():
            change_set = read(parameters=[*_within_repository(each.values), *flags])
            yield labelled(structs.replace(change_set, notices=(*said, *change_set.notices)), label)
        if not environments:
            change_set = read(parameters=flags)
            yield structs.replace(change_set, notices=(*said, *change_set.notices))
    except NotATemplateError:
        if not arguments.templates_only and path not in inputs.found:
            raise
    except SourceError as error:
        if not arguments.keep_going or path not in inputs.found:
            raise
        yield sources.nothing_of(path, error.message)


def _past_of(path: str, arguments: Namespace, inputs: _Inputs) -> tuple[str | None, tuple[str, ...]]:
    """What an input is compared with, and what is to be said of it; a plan beside other things has its own past."""
    compare_to = arguments.compare_to
    if path in inputs.gone:
        what = "is no stack of its own any more" if os.path.lexists(path) else "is gone"
        return compare_to, (f"{path} {what}: what it had is no longer there once somebody has deleted its stack",)
    if path in inputs.renamed:
        return compare_to, (f"{path} was {inputs.renamed[path]} before the change",)
    is_one_of_several = len(inputs.paths) > 1 or path in inputs.found
    if compare_to is None or (is_one_of_several and not sources.is_template(path)):
        return None, ()
    if path in inputs.found and _is_ignored(path):
        return None, (f"{path} is made, and git does not keep it: what stood before is not known",)
    return compare_to, ()


def _is_ignored(path: str) -> bool:
    from guardrail.gitignore import ignored_around

    return ignored_around(path).ignores(path, is_folder=os.path.isdir(path))


def _within_repository(paths: Iterable[str]) -> Iterator[str]:
    """Files that settings name, none of which may be a link of a change that leads out of its repository."""
    for path in paths:
        boundary_of(path)
        yield f".{os.sep}{path}" if "=" in path else path


def _from_terraform(
    paths: Sequence[str], arguments: Namespace, region: str | None, sets: RootSets, exclude: "Excluded | None"
) -> Iterator[ChangeSet]:
    """One change set for each root module in ``paths`` and each of its sets of values."""
    return sources.read_terraform(
        paths,
        region=region,
        assignments=arguments.assignments or (),
        environment=_hidden(os.environ) if arguments.untrusted else os.environ,
        workspace=arguments.workspace,
        base=top_of(os.getcwd()),
        keep_going=arguments.keep_going,
        compare_to=arguments.compare_to,
        any_owner=arguments.any_owner,
        sets=sets,
        exclude=exclude,
    )


def _hidden(environment: Mapping[str, str]) -> dict[str, Unknown]:
    """The variables of an environment, as a stranger's code gets to see them: its output may be public."""
    return {name: Unknown(f"{name} is set, and is not read for code that is not trusted") for name in environment}


def _known_policies(settings: Settings) -> list[Policy]:
    """The bundled policies and the team's own, whether they are turned off or not."""
    own = [policy for folder in settings.policy_paths for policy in read(folder, settings.environments)]
    policies = [*bundled(), *own]
    waivers.check(settings.accepted().entries, [policy.id for policy in policies])
    return policies


def _all_policies(settings: Settings) -> tuple[Policy, ...]:
    """The policies as the settings have them, whatever the flags of this run leave out."""
    return configure(_known_policies(settings), settings.policies, environments=settings.environments)


@contextmanager
def _named_in_errors(path: str | None) -> Iterator[None]:
    """Put the settings file before what is wrong with its contents; a flag names itself."""
    try:
        yield
    except SettingsError as error:
        if path is None or error.message.startswith("--"):
            raise
        raise SettingsError(f"{path}: {error.message}", hint=error.hint) from error


def _write(report: Report, destination: Destination, arguments: Namespace) -> None:
    """Render one format and put it where it belongs."""
    to_stdout = destination.path is None
    if to_stdout and report.exit_code == 0 and destination.format in _FOR_A_TERMINAL and _is_quiet(report, arguments):
        return
    root = top_of(os.getcwd())
    options = Options(
        width=output.terminal_width() if to_stdout else Options().width,
        colour=to_stdout and output.wants_colour(arguments.colour, os.environ, sys.stdout),
        glyphs=not to_stdout or output.carries_glyphs(sys.stdout),
        bill=arguments.bill,
        show_skipped=arguments.show_skipped,
        tag=arguments.tag,
        root=root,
        directory="" if os.getcwd() == root else os.path.relpath(os.getcwd(), root),
    )
    if destination.format in _WITH_CODE:
        options = structs.replace(
            options, lines=_lines(report), links=_links(report, options, any_owner=arguments.any_owner)
        )
    if destination.format == "json" and destination.path is None:
        from guardrail.reporters.json import pieces

        output.write_stdout(pieces(report, options), for_machines=True)
        return
    text = reporter(destination.format).render(report, options)
    if destination.path is None:
        output.write_stdout(text, for_machines=destination.format != "table")
    else:
        output.write_file(destination.path, text)


def _is_quiet(report: Report, arguments: Namespace) -> bool:
    """Whether a report that passes is kept back: where somebody says so, and in a hook that has nothing new to tell."""
    if arguments.quiet or not arguments.pre_commit:
        return bool(arguments.quiet)
    from guardrail.reporters.overview import has_news

    return not has_news(report)


def _links(report: Report, options: Options, *, any_owner: bool) -> "Links | None":
    """Where GitHub shows the lines of the findings; None outside of a workflow."""
    if "GITHUB_REPOSITORY" not in os.environ:
        return None
    from guardrail.github.links import links_of

    return links_of(report, options, os.environ, any_owner=any_owner)


def _lines(report: Report) -> dict[tuple[str, int], str]:
    """The lines of code that the findings of this change point to."""
    found: dict[tuple[str, int], str] = {}
    texts: dict[str, list[str]] = {}
    for result in report.results:
        place = result.location if result.verdict == "fail" else None
        if place is None or not place.path.endswith(_CODE) or files.is_stream(place.path):
            continue
        if place.path not in texts:
            texts[place.path] = (_content(place.path) or b"").decode(errors="replace").splitlines()
        if place.line <= len(texts[place.path]):
            found[place.path, place.line] = texts[place.path][place.line - 1]
    return found
