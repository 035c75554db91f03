"""``guardrail fix``: edits after which findings are gone, proven before they are offered, as a patch."""

import os
import re
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from functools import cached_property, partial
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from guardrail import files, output
from guardrail.commands.check.arguments import var, var_file
from guardrail.errors import GuardrailError
from guardrail.fixes.base import NoFixError, ProposedChange
from guardrail.fixes.mends import is_mended_here
from guardrail.fixes.proposals import Contents, Proposals, Workbench, go_together, propose
from guardrail.limits import MOST_SUGGESTED, NOT_JSON
from guardrail.policy.base import Result
from guardrail.progress import progress
from guardrail.report import Report
from guardrail.reporters.wording import counted, inert
from guardrail.working_tree import working_tree_of

if TYPE_CHECKING:
    from guardrail.cost.demand import VariantDemand
    from guardrail.cost.usage import Usage
    from guardrail.fixes.suggestible import Suggestible
    from guardrail.model import Endpoint
    from guardrail.reporters.fingerprints import Fingerprints
    from guardrail.sources.hcl.reader import RootModule

HELP = """\
edit source so that findings are gone, proven, as a patch

Each fix is the smallest set of edits after which its finding is gone and no
other one is there. It is checked again before it is offered; what cannot be
proven is not offered, and why is said. Nothing is written without --write.

examples:
  guardrail fix infra/
  guardrail fix infra/ --patch fixes.patch     then, at the root of the
  git apply fixes.patch                        repository
  guardrail fix infra/ --finding async-scales-to-zero --write
  guardrail fix infra/ --var-file dev=dev.tfvars --var-file prod=prod.tfvars
  guardrail fix template.yaml --region eu-central-1 --finding 3f2ac81d9be04c57
  guardrail fix infra/ --suggestions fixes.json      for guardrail comment

exit codes: 0 whatever is offered, 2 no answer
"""


_FEW = 3
"""Inputs that are checked sooner together than one of them is found."""
_OF_CHECK = (
    *("assignments", "workspace", "source", "parameters", "possibilities", "policies"),
    *("skip_policy", "region", "config", "usage_file", "evidence", "prices"),
    *("isolated", "settings_from", "untrusted", "any_owner"),
)


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the inputs, which findings are meant, and what to do with the edits."""
    parser.add_argument(
        "paths",
        metavar="PATH",
        nargs="*",
        help="a folder with source, a template, a plan beside its source (default: .)",
    )
    parser.add_argument(
        "--finding",
        metavar="ID|POLICY|ADDRESS",
        action="append",
        help="fix what has this id, is of this policy or at this address only; repeatable",
    )
    parser.add_argument(
        "--new-in", metavar="REPORT", help="fix only what is new in the JSON report of a check of the same inputs"
    )
    parser.add_argument(
        "--most", metavar="N", type=_count, help="try so many findings, as the report has them: proving takes time"
    )
    parser.add_argument("--patch", metavar="FILE", help="write the patch here, and the rest to standard output")
    parser.add_argument(
        "--suggestions", metavar="FILE", help="write what guardrail comment github --suggest=FILE suggests in a review"
    )
    parser.add_argument(
        "--validate",
        action="store_true",
        help="let terraform validate be part of the proof: runs the providers of an initialized folder, in a copy",
    )
    parser.add_argument("--write", action="store_true", help="apply the edits: all of them, or none")
    parser.add_argument(
        "--var-file", metavar="[LABEL=]FILE", dest="assignments", action="append", type=var_file, help="as for check"
    )
    parser.add_argument(
        "--var", metavar="NAME=VALUE", dest="assignments", action="append", type=var, help="as for check"
    )
    for flag, metavar, destination in (
        ("--parameters", "KEY=VALUE|FILE", "parameters"),
        ("--possibility", "LABEL=FILE", "possibilities"),
        ("--policies", "DIR", "policies"),
        ("--skip-policy", "ID", "skip_policy"),
    ):
        parser.add_argument(flag, metavar=metavar, dest=destination, action="append", help="as for check")
    for flag, metavar in (
        ("--workspace", "NAME"),
        ("--region", "REGION"),
        ("--config", "FILE"),
        ("--usage-file", "FILE"),
        ("--evidence", "FILE"),
        ("--prices", "DIR"),
        ("--settings-from", "DIR"),
    ):
        parser.add_argument(flag, metavar=metavar, help="as for check")
    parser.add_argument("--source", metavar="DIR", help="where the source of a plan is (default: beside it, else here)")
    for flag in ("--isolated", "--untrusted", "--any-owner"):
        parser.add_argument(flag, action="store_true", help="as for check")


def _count(text: str) -> int:
    if not re.fullmatch("[1-9][0-9]{0,5}", text):
        raise ArgumentTypeError(f"{text!r} is not a number of findings, such as 20")
    return int(text)


def run(arguments: Namespace) -> int:
    """Propose fixes, and print, write or apply them."""
    from guardrail.fixes import told
    from guardrail.fixes.patch import patch
    from guardrail.fixes.places import placed

    checked = _as_check(arguments)
    workbench = _RunWorkbench(checked)
    wanted = _FindingSelector(arguments.finding, arguments.new_in, arguments.most)
    title = f"fixing {', '.join(checked.paths)}"
    with progress(title) as status:
        wanted.refuse_strangers(workbench.report({}, ()))
        proposals = propose(workbench, wanted, lambda text: status.say(f"{title}: {text}"))
    contents = {path: (files.content(path), after) for path, after in proposals.contents.items()}
    groups = placed(contents, any_owner=arguments.any_owner)
    shown = [os.path.relpath(path) for path in proposals.contents]
    lines = [*told.lines(proposals, workbench.report({}, ()), shown), *wanted.passed_over()]
    handed_on = []
    for path in filter(None, (arguments.suggestions, arguments.patch)):
        _refuse_replacing(path, contents)
    if arguments.suggestions is not None:
        handed_on = _hand_on(arguments, workbench, proposals)
    if arguments.write:
        from guardrail.fixes.writing import write

        write(contents)
        lines += _written(shown)
    made = b"".join(_head(group.top) + patch(group.files) for group in groups)
    if arguments.patch is not None and made:
        output.write_file(arguments.patch, _commented(lines) + made.decode("utf-8", "surrogateescape"))
        lines += [f"wrote {arguments.patch}: git apply {arguments.patch}, at the root of the repository"]
    elif arguments.patch is not None:
        lines += [f"{arguments.patch} is not written: there is nothing to patch"]
    lines += handed_on
    if arguments.patch is not None or arguments.suggestions is not None or arguments.write or not made:
        output.write_stdout("".join(f"{line}\n" for line in lines))
    else:
        output.write_stdout(_commented(lines) + made.decode("utf-8", "surrogateescape"), for_machines=True)
    return 0


def suggestions() -> "list[Suggestible]":
    """Fixes of what is in the working directory, as a review can suggest them. Raises `GuardrailError`."""
    from guardrail.commands.base import parser

    workbench = _RunWorkbench(_as_check(parser("fix").parse_args([])))
    return _suggestible(workbench, propose(workbench, _FindingSelector(most=MOST_SUGGESTED)), any_owner=False)


def _suggestible(workbench: Workbench, proposals: Proposals, *, any_owner: bool) -> "list[Suggestible]":
    from guardrail.fixes.suggestible import suggestibles

    holds = partial(go_together, workbench)
    return suggestibles(proposals, workbench.report({}, ()), holds, any_owner=any_owner)


def _hand_on(arguments: Namespace, workbench: Workbench, proposals: Proposals) -> list[str]:
    """Write the fixes as a review can suggest them, and say so."""
    from guardrail.fixes.suggestible import encoded

    made = _suggestible(workbench, proposals, any_owner=arguments.any_owner)
    output.write_file(arguments.suggestions, encoded(made))
    return ["", f"wrote {arguments.suggestions}: guardrail comment github --suggest={arguments.suggestions}"]


def _as_check(arguments: Namespace) -> Namespace:
    """The arguments of a check of the same inputs, of all that it finds; for a plan, of the source beside it."""
    from guardrail.commands.base import as_check

    if arguments.validate and arguments.untrusted:
        raise GuardrailError("--validate runs the providers of a folder, which --untrusted code may bring")
    checked = as_check([_near(path) for path in arguments.paths or ["."]], arguments, _OF_CHECK)
    checked.source_only, checked.validate = True, arguments.validate
    plans = [path for path in checked.paths if _is_plan(path)]
    if plans:
        _take_source(checked, plans)
    return checked


def _near(path: str) -> str:
    """A path as it is reached from here: root modules that call a module are named so too."""
    if not os.path.lexists(path):
        raise GuardrailError(f"{path} does not exist", hint="name a folder with Terraform source, or a template")
    if os.path.isfile(path) and path.endswith((".tf", ".tofu", ".tfvars")):
        raise GuardrailError(f"{path} is one file of several", hint=f"guardrail fix {os.path.dirname(path) or '.'}")
    try:
        return os.path.relpath(path)
    except ValueError:  # as Windows has several
        hint = "run guardrail fix in the repository"
        raise GuardrailError(f"{path} is on another drive than the working directory", hint=hint) from None


def _is_plan(path: str) -> bool:
    from guardrail import sources

    return os.path.isfile(path) and not (sources.has_past(path) or sources.is_terraform(path))


def _take_source(checked: Namespace, plans: Sequence[str]) -> None:
    """Put the source of a plan in its place, with the values that it was made with."""
    if len(checked.paths) > 1:
        raise GuardrailError(f"{plans[0]} is a plan, and plans are fixed one at a time")
    from guardrail.fixes.planned import planned

    found = planned(plans[0], checked.source, checked.assignments or ())
    checked.paths = [found.path]
    checked.assignments = [*(checked.assignments or ()), *found.assignments]


def _head(top: str) -> bytes:
    place = os.path.relpath(top)
    where = "" if place == os.curdir else f", {inert(place)}"
    return f"# git apply, at the root of the repository{where}\n".encode()


def _commented(lines: Iterable[str]) -> str:
    return "".join(f"# {line}".rstrip() + "\n" for line in lines)


def _written(shown: Sequence[str]) -> list[str]:
    return ["", *(f"wrote {inert(path)}" for path in shown)] if shown else []


def _refuse_replacing(path: str, contents: Mapping[str, object]) -> None:
    if os.path.realpath(path) in contents:
        raise GuardrailError(f"{path} is edited, and what is written there would replace it")


class _FindingSelector:
    """Which findings ``--finding`` means: by id, policy, the address of the block or that of the endpoint."""

    def __init__(self, named: Sequence[str] | None = None, report: str | None = None, most: int | None = None) -> None:
        """``report`` is the path of a report, of which only what is new is meant; ``most`` is how many are."""
        self._named = frozenset(named or ())
        self._new = None if report is None else _new_in(report)
        self._most, self._met = most, 0

    def __call__(self, result: Result, fingerprints: "Fingerprints") -> bool:
        if self._new is not None and fingerprints.id_of(result) not in self._new:
            return False
        if self._named and self._named.isdisjoint(_names_of(result, fingerprints)):
            return False
        self._met += is_mended_here(result.policy)
        return self._most is None or self._met <= self._most

    def passed_over(self) -> Iterator[str]:
        """How many are left, in a line."""
        if self._most is not None and self._met > self._most:
            yield f"not tried: {counted(self._met - self._most, 'finding')} more (--most {self._most})"

    def refuse_strangers(self, report: Report) -> None:
        """Raise for a name that nothing in a report has: of a finding that is gone, its policy still is there."""
        from guardrail.errors import did_you_mean
        from guardrail.reporters.fingerprints import Fingerprints

        fingerprints = Fingerprints(report)
        known = {name for result in report.results for name in _names_of(result, fingerprints)}
        known |= {rule.id for rule in report.rules}
        for name in sorted(self._named - known):
            near = did_you_mean(name, sorted(known))
            raise GuardrailError(f"--finding {name}: there is no such finding{near}", hint="guardrail check PATH")


class _ReportedFinding(Struct, frozen=True):
    """A result of a JSON report, as far as it says which finding is new."""

    id: str = ""
    status: str | None = None


class _ReportedFindings(Struct, frozen=True):
    results: tuple[_ReportedFinding, ...]


def _new_in(path: str) -> frozenset[str]:
    """The ids of the findings that are new in a report. Raises `GuardrailError`."""
    try:
        found = msgspec.json.decode(files.named(path), type=_ReportedFindings)
    except OSError as error:
        raise GuardrailError(f"{path} cannot be read: {error.strerror or error}") from error
    except NOT_JSON as error:
        hint = "guardrail check PATH --format json=report.json"
        raise GuardrailError(f"{path} is no JSON report of guardrail: {error}", hint=hint) from error
    return frozenset(each.id for each in found.results if each.status == "new" and each.id)


def _names_of(result: Result, fingerprints: "Fingerprints") -> tuple[str, ...]:
    return (fingerprints.id_of(result), result.policy, result.address, result.endpoint or "")


class _RunWorkbench(Workbench):
    """Checks and changes the inputs of a run, in memory."""

    def __init__(self, arguments: Namespace, reached: dict[str, frozenset[str]] | None = None) -> None:
        self._arguments = arguments
        self._reports: dict[tuple[object, ...], Report] = {}
        self._reached = {} if reached is None else reached
        """The root modules that use a folder, and the templates that name one, where that has been asked."""
        self._around: dict[str, _RunWorkbench] = {}
        self._validations: dict[tuple[str, frozenset[tuple[str, bytes]]], frozenset[str]] = {}
        self._usage: dict[str | None, Usage | None] = {}

    def report(self, contents: Contents, edited: Iterable[str]) -> Report:
        from guardrail.commands import check

        arguments = self._with_reached(edited)
        key = (*arguments.paths, frozenset(contents.items()))
        if key not in self._reports:
            with files.instead(contents):
                self._reports[key] = check.estimated(arguments)
        return self._reports[key]

    def changed(self, contents: Contents, source: str, change: ProposedChange) -> dict[str, str]:
        path = self._paths.get(source)
        if path is not None:
            with files.instead(contents):
                from guardrail.fixes.template import changed

                return changed(path, change)
        near = self.around(source)
        with files.instead(contents):
            root = near._roots().get(source) or self._roots().get(source)  # noqa: SLF001 - one of us
            if root is None:
                raise NoFixError("its source is not at hand")
            from guardrail.fixes.terraform import TerraformCode

            return TerraformCode(root).changed(change)

    def broken(self, contents: Contents, edited: Iterable[str]) -> set[str]:
        from guardrail.commands import check
        from guardrail.fixes.conditions import broken
        from guardrail.sources.hcl.endings import SOURCES, VALUES

        if not any(path.endswith((*SOURCES, *VALUES)) for path in edited):
            return set()

        with files.instead(contents):
            roots = check.root_modules(self._with_reached(edited)).values()
            said = {each for root in roots for each in broken(root)}
            for root in roots if self._arguments.validate else ():
                said |= self._validated(root, contents)
        return said

    def _validated(self, root: "RootModule", contents: Contents) -> frozenset[str]:
        from guardrail.fixes.validation import refused

        key = (os.path.realpath(root.directory), frozenset(contents.items()))
        if key not in self._validations:
            self._validations[key] = refused(root, contents, any_owner=self._arguments.any_owner)
        return self._validations[key]

    def asked(self, source: str, endpoint: "Endpoint") -> "Sequence[VariantDemand]":
        from guardrail.cost.usage import load

        path = next((each.usage_file for each in self.report({}, ()).sources if each.id == source), None)
        if path not in self._usage:
            self._usage[path] = None if path is None else load(path)
        stated = self._usage[path]
        return () if stated is None else stated.of(endpoint).variants

    def around(self, source: str) -> "_RunWorkbench":
        if source not in self._around:
            self._around[source] = self._narrowed(source)
        return self._around[source]

    def _narrowed(self, source: str) -> "_RunWorkbench":
        from guardrail.sources.hcl.disk import source_names

        root = self._roots().get(source)
        path = self._paths.get(source)
        if root is not None and not root.shown:
            names = source_names(root.directory, root.disk.tree)
            path = os.path.relpath(os.path.join(root.directory, names[0])) if names else None
        if path is None or [path] == self._arguments.paths or len(self.report({}, ()).sources) < _FEW:
            return self
        arguments = copy(self._arguments)
        arguments.paths = [path]
        return _RunWorkbench(arguments, self._reached)

    @cached_property
    def _paths(self) -> dict[str, str]:
        """The templates, by the ids of their inputs."""
        return {each.id: each.path for each in self.report({}, ()).sources if each.kind == "cloudformation"}

    def _roots(self) -> "dict[str, RootModule]":
        from guardrail.commands import check

        return check.root_modules(self._arguments)

    def _with_reached(self, edited: Iterable[str]) -> Namespace:
        """The arguments of a check of the inputs, and of each root module besides that one of the files reaches."""
        more = sorted({root for path in edited for root in self._reaching(path)})
        arguments = copy(self._arguments)
        arguments.paths = [*arguments.paths, *more]
        return arguments

    def _reaching(self, path: str) -> Iterable[str]:
        """The root modules that use a file of Terraform source, besides those that are checked anyway.

        Of a nested template, the templates that name it.
        """
        from guardrail.sources.hcl.endings import SOURCES, VALUES

        folder = os.path.dirname(path)
        if path.endswith(VALUES):
            return ()
        if not path.endswith(SOURCES):
            own = {os.path.realpath(each) for each in self._paths.values()}
            return () if path in own else map(os.path.relpath, self._naming(path) - own)
        if folder not in self._reached:
            from guardrail import sources
            from guardrail.sources.options import SourceOptions

            base = working_tree_of(folder) or _common(folder)
            found = sources.root_modules([os.path.relpath(path)], SourceOptions(base=os.path.relpath(base)))
            self._reached[folder] = frozenset(os.path.realpath(root.directory) for root in found.values())
        return map(os.path.relpath, self._reached[folder] - self._own - {folder})

    def _naming(self, path: str) -> frozenset[str]:
        """The templates in the same repository in whose text the name of a template stands, by real path."""
        if path not in self._reached:
            from guardrail.commands.check.inputs import search
            from guardrail.commands.check.terms import settings_for
            from guardrail.sources import is_terraform

            folder = os.path.dirname(path)
            arguments = copy(self._arguments)
            arguments.paths = [os.path.relpath(working_tree_of(folder) or _common(folder))]
            found = search(arguments, settings_for(arguments)).paths
            name = os.path.basename(path).encode()
            naming = [each for each in found if not is_terraform(each) and name in files.content(each)]
            self._reached[path] = frozenset(map(os.path.realpath, naming)) - {path}
        return self._reached[path]

    @cached_property
    def _own(self) -> frozenset[str]:
        """The folders of the root modules that are checked anyway."""
        return frozenset(os.path.realpath(root.directory) for root in self._roots().values())


def _common(folder: str) -> str:
    """The working directory where a folder lies in it, else the one above the folder."""
    here = os.path.realpath(os.curdir)
    return here if files.lies_in(folder, here) else os.path.dirname(folder)
