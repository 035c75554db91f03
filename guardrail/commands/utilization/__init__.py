"""``guardrail utilization``: what runs in an account and how busy it was, as a bundle of evidence."""

import os
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from guardrail import output
from guardrail.commands.utilization.arguments import add_showing
from guardrail.errors import GuardrailError

if TYPE_CHECKING:
    from guardrail.commands.utilization.asking import CollectionRequest
    from guardrail.evidence.bundle import Bundle
    from guardrail.evidence.bundle_file import PackedBundle

HELP = """\
collect evidence of what endpoints really did, for a check

Endpoints, what scales them and their metrics are read with your credentials;
nothing is ever changed. What was seen is written as a bundle, which a check
takes with --evidence. A run that was interrupted goes on where it was.

examples:
  guardrail utilization
  guardrail utilization shop ads --region us-east-1 --days 28
  guardrail utilization --region us-east-1 --region eu-west-1 --tag team=search
  guardrail utilization shop --resolution 60 --output shop.json
  guardrail utilization merge evidence-1.json evidence-2.json
  guardrail utilization show evidence.json --format html=utilization.html
  guardrail utilization --usage-file guardrail-usage.yml
  guardrail utilization shop --queries > queries.json
  guardrail utilization --from shop.json --from queries.json --from answer.json
"""

_OUTPUT: Final = "evidence.json"
_MERGE: Final = "merge"
_SHOW: Final = "show"
_MOST_GAPS: Final = 10
"""Of one region that are told; the bundle has all."""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what is looked at, with whose credentials, and where it goes."""
    parser.add_argument(
        "endpoints",
        metavar="ENDPOINT",
        nargs="*",
        help="names of endpoints (default: all); or merge, or show, and bundles",
    )
    parser.add_argument("--region", action="append", metavar="R", help="a region; may be repeated")
    parser.add_argument("--profile", metavar="P", help="a profile of the AWS configuration")
    parser.add_argument("--role-arn", metavar="ARN", help="a role to assume, that reads")
    parser.add_argument(
        "--tag", action="append", type=_tag, metavar="K=V", help="only endpoints with this tag; may be repeated"
    )
    parser.add_argument("--days", type=_days, metavar="N", default=14, help="how far back (default: %(default)s)")
    parser.add_argument(
        "--resolution",
        type=int,
        choices=(60, 300, 3600),
        help="seconds of one value (default: 3600, or those of a CSV); less for chosen endpoints",
    )
    parser.add_argument("--output", metavar="FILE", help=f"the bundle; - for standard output (default: {_OUTPUT})")
    parser.add_argument("--queries", action="store_true", help="print queries of GetMetricData, and ask none of them")
    parser.add_argument(
        "--from",
        dest="given",
        action="append",
        metavar="[METRIC=]FILE",
        help="what the AWS command line answered, in place of AWS: descriptions, queries with their answers, CSV",
    )
    add_showing(parser)


def _tag(text: str) -> tuple[str, str]:
    key, separator, value = text.partition("=")
    if not key or not separator or not text.isprintable():  # what is no character of a tag is not printable either
        raise ArgumentTypeError(f"{text!r} is no tag: KEY=VALUE")
    return key, value


def _days(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 4 or int(text) == 0:  # noqa: PLR2004 - 455 is the most
        raise ArgumentTypeError(f"{text!r} is no number of days")
    return int(text)


def run(arguments: Namespace) -> int:
    """Collect, merge, or print queries."""
    words: list[str] = arguments.endpoints
    if words and words[0] == _SHOW:
        return _show(_with_tests(_merged(words[1:] or [_OUTPUT]), arguments), arguments)
    if words and words[0] == _MERGE:
        return _write(_packed(_merged(words[1:])), words[1:], arguments)
    from guardrail.commands.utilization import asking

    asked = asking.asked(arguments)
    if arguments.queries:
        return _queries(asked, arguments)
    if arguments.given:
        from guardrail.commands.utilization import exported

        return _write(_packed(exported.bundle(arguments.given, asked)), arguments.given, arguments)
    path = arguments.output or _OUTPUT
    _check_target(path, ())
    from guardrail.commands.utilization import live

    journal = _journal_of(path)
    code = _write(live.bundle(asked, journal), (), arguments)
    live.forget(journal)
    return code


def _journal_of(path: str) -> str:
    is_file = path != "-" and (os.path.isfile(path) or not os.path.exists(path))
    return f"{path if is_file else _OUTPUT}.journal"


def _merged(paths: Sequence[str]) -> "Bundle":
    from guardrail.evidence import bundle_file, merging

    if not paths:
        raise GuardrailError("no bundles to merge", hint="guardrail utilization merge evidence-1.json evidence-2.json")
    return merging.merged(bundle_file.read(path) for path in paths)


def _queries(asked: "CollectionRequest", arguments: Namespace) -> int:
    from guardrail.commands.utilization import queries_file

    found = queries_file.requests(asked, arguments.given or ())
    path = arguments.output
    if path is None or path == "-":
        output.write_stdout(queries_file.alone(found), for_machines=True)
        return 0
    texts = (*found.window, *found.before)
    for place, text in zip(queries_file.places(path, len(texts)), texts, strict=True):
        output.write_file(place, text)
        output.say(f"guardrail: wrote {place}")
    return 0


def _check_target(path: str, inputs: Sequence[str]) -> None:
    """Refuse to write a bundle over anything that is none, before anything is asked."""
    from guardrail.evidence import bundle_file

    if os.path.isdir(path):
        raise GuardrailError(f"cannot write {path}: it is a directory", hint="name a file in it")
    if os.path.islink(path) and not os.path.exists(path):
        raise GuardrailError(f"cannot write {path}: it is a link that leads nowhere", hint=f"remove {path}")
    if path == "-" or not os.path.isfile(path):
        return
    if os.path.realpath(path) in map(os.path.realpath, inputs):
        raise GuardrailError(f"the bundle would replace its own input {path}", hint="--output names another file")
    try:
        bundle_file.read(path)
    except GuardrailError:
        raise GuardrailError(
            f"{path} is there and no bundle of evidence", hint=f"--output names another file, or remove {path}"
        ) from None


def _packed(bundle: "Bundle") -> "PackedBundle":
    from guardrail.evidence import bundle_file

    return bundle_file.packed(bundle)


def _with_tests(bundle: "Bundle", arguments: Namespace) -> "Bundle":
    """The bundle with the load tests that files hold, where any are named."""
    if not arguments.recommendations:
        return bundle
    from guardrail.commands.utilization import load_tests

    return load_tests.added(bundle, arguments.recommendations)


def _show(bundle: "Bundle", arguments: Namespace) -> int:
    """Say what bundles say: a table, unless something else is asked for."""
    if not (arguments.formats or arguments.usage_file or arguments.recommender):
        arguments.formats = [("table", None)]
    from guardrail.commands.utilization import showing

    showing.show(bundle, arguments)
    return 0


def _write(bundle: "PackedBundle", inputs: Sequence[str], arguments: Namespace) -> int:
    path = arguments.output or _OUTPUT
    if arguments.recommendations:
        bundle = _packed(_with_tests(bundle.bundle(), arguments))
    if path == "-":
        output.write_stdout(bundle.text(), for_machines=True)
    else:
        if [os.path.realpath(each) for each in inputs] != [os.path.realpath(path)]:
            _check_target(path, inputs)
        output.write_file(path, bundle.text())
    _tell(bundle, path)
    if arguments.formats or arguments.usage_file or arguments.recommender:
        from guardrail.commands.utilization import showing

        showing.show(bundle.bundle(), arguments)
    return 0


def _tell(bundle: "PackedBundle", path: str) -> None:
    """Say what is in it, and each gap of a whole region; those of one endpoint are in the bundle."""
    from guardrail.reporters.wording import counted

    for survey in bundle.surveys:
        for gap in survey.gaps[:_MOST_GAPS]:
            about = f" {gap.subject}" if gap.subject else ""
            output.say(f"guardrail: {survey.region}: not known: {gap.metric}{about}: {gap.reason}")
        if len(survey.gaps) > _MOST_GAPS:
            output.say(f"guardrail: {survey.region}: and {counted(len(survey.gaps) - _MOST_GAPS, 'gap')} more")
    if path == "-":
        return
    where = ", ".join(dict.fromkeys(survey.region for survey in bundle.surveys)) or "nowhere"
    what = counted(len(bundle), "endpoint")
    batch = f", {counted(len(bundle.jobs), 'kind')} of transform jobs" if bundle.jobs else ""
    output.say(f"guardrail: wrote {path}: {what} in {where}{batch}")
