"""What is fuzzed: each reader with its seeds, its mutator, and what must hold of every input.

What must hold of all of them stands in `tests.fuzzing.holding`. What has a canonical text is read back from it.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from random import Random
from typing import Any, NamedTuple, TypeVar

import msgspec

from guardrail import schedules
from guardrail.evidence import answers, bundle_file
from guardrail.evidence.bundle import Bundle
from guardrail.github import sections
from guardrail.github.runner import Run
from guardrail.policy import baseline, pattern
from guardrail.prices import usage_types
from tests.fuzzing import changes, grammars, merging, seeds
from tests.fuzzing.holding import amount, check, expected, must, run, scratch
from tests.fuzzing.mutators import Mutator, both, lines, of_hcl, of_json, of_packed, of_yaml, tokens
from tests.hostile import inputs

T = TypeVar("T")
TODAY = date(2026, 11, 27)


class Target(NamedTuple):
    """One reader."""

    check: Callable[[bytes], object]
    """Raises anything at all where a property does not hold."""
    seeds: Callable[[], Sequence[bytes]]
    mutate: Mutator


# Sources -------------------------------------------------------------------------------------------------------------


def plan(data: bytes) -> None:
    """A plan or state; where something fails, a baseline of it leaves nothing that does."""
    report = check({"plan.json": data}, "plan.json", "--isolated")
    if report is None or report["exit_code"] != 1 or len(data) % 4:
        return
    if any(one["fails_in"] for one in report["results"]):
        return  # something fails in each possibility, though nothing in all of them that a baseline could hold
    path, kept = str(scratch() / "in" / "plan.json"), str(scratch() / "baseline.json")
    words = ("check", path, "--isolated", "--region", "us-east-1", "--baseline", kept, "--format", "json")
    must(run(*words, "--write-baseline").code != 1, "a baseline that is being written fails the check")
    again = json.loads(run(*words).out)
    new = [one for one in again["results"] if one["status"] == "new" and one["verdict"] == "fail" and one["endpoint"]]
    must(not new, f"new to the baseline that was written of it: {new[:1]}")


def hcl(data: bytes) -> None:
    check({"main.tf": data}, ".", "--isolated")


def hcl_json(data: bytes) -> None:
    check({"main.tf.json": data}, ".", "--isolated")


_VARIABLES = (
    inputs.TERRAFORM.replace('"ml.m5.xlarge"', "var.x").replace("= 2\n", "= var.y\n")
    + """\
variable "x" { type = string }
variable "y" { type = number }
variable "z" { type = any }
"""
)


def tfvars(data: bytes) -> None:
    name = "a.auto.tfvars.json" if data[:1] == b"{" else "a.auto.tfvars"
    check({"main.tf": _VARIABLES.encode(), name: data}, ".", "--isolated")


def template(data: bytes) -> None:
    check({"t.json": data}, "t.json", "--isolated")


def template_yaml(data: bytes) -> None:
    check({"t.yaml": data}, "t.yaml", "--isolated")


def assembly(data: bytes) -> None:
    if b'"Changes"' in data:
        check({"c.json": data}, "c.json", "--isolated")
    else:
        stack = json.dumps(inputs.template()).encode()
        check({"cdk.out/manifest.json": data, "cdk.out/Stack.template.json": stack}, "cdk.out", "--isolated")


def definition(data: bytes) -> None:
    name = "score.asl.json" if data[:1] == b"{" else "score.asl.yaml"
    check({name: data}, name, "--isolated")


# Conditions of templates ---------------------------------------------------------------------------------------------


class _Choices:
    """Decisions made by bytes: each takes the next one, and zero where there are none left."""

    def __init__(self, data: bytes) -> None:
        self._data = iter(data)

    def pick(self, options: Sequence[T]) -> T:
        return options[next(self._data, 0) % len(options)]


_VALUES = ("a", "b", "c")
_TYPES = ("ml.m5.large", "ml.m5.xlarge", "ml.g5.xlarge")


def _spanned(dice: _Choices, file: str, content: bytes, values: Mapping[str, Sequence[str]], flag: str) -> None:
    """What something costs with any values lies within what it costs while they are not known."""
    path = file if file.endswith(".json") else "."
    hull = check({file: content}, path, "--isolated")
    if hull is None:
        return
    open_end = hull["totals"]["after"]["at_least"]
    least, most = (amount(hull["totals"]["after"][name]) for name in ("floor", "ceiling"))
    for _ in range(3):
        given = [f"{flag}={name}={dice.pick(options)}" for name, options in values.items()]
        one = check({file: content}, path, "--isolated", *given)
        must(one is not None, f"no answer with {given}, and one without")
        after = (one or hull)["totals"]["after"]
        low, high = amount(after["floor"]), amount(after["ceiling"])
        if low is not None and least is not None:
            must(least <= low, f"with {given} it costs at least {low}, without at least {least}")
        if high is not None and most is not None and not open_end:
            must(high <= most, f"with {given} it costs at most {high}, without at most {most}")


def conditions(data: bytes) -> None:
    """A template whose parameters have no values costs between the least and the most of any of them."""
    dice = _Choices(data)
    document = _conditional(dice)
    _spanned(
        dice, "t.json", json.dumps(document).encode(), dict.fromkeys(document["Parameters"], _VALUES), "--parameters"
    )


def undecided(data: bytes) -> None:
    """So does Terraform source whose variables have none."""
    dice = _Choices(data)
    values = {"p": ("true", "false"), "q": ("true", "false"), "s": ("x", "y", "z"), "n": ("0", "1", "2")}
    _spanned(dice, "main.tf", _undecided(dice).encode(), values, "--var")


_SOURCE = """\
variable "p" { type = bool }
variable "q" { type = bool }
variable "s" { type = string }
variable "n" { type = number }
locals {
  held  = CONDITION
  types = { x = "ml.m5.large", y = "ml.m5.xlarge" }
}
resource "aws_sagemaker_endpoint_configuration" "c" {
  name = "c"
  VARIANT
}
resource "aws_sagemaker_endpoint" "e" {
  GUARD
  name                 = "e"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.c.name
}
"""
_COUNTS = ("1", "2", "5", "var.n + 1", "max(var.n, 1)", "(var.p ? 2 : 1) * (var.q ? 3 : 1)", "length(var.s) + var.n")
_ATOMS = (
    *("var.p", "var.q", "var.p == var.q", "var.p == true", "var.q != false", 'var.s == "x"', 'var.s != "y"'),
    *("var.n == 1", "var.n > 0", "var.n != 2", 'contains(["x", "y"], var.s)', "local.held", 'var.s == "x" == var.p'),
    *("var.s == null", "var.n == var.n", "var.n + 1 == 2", 'lower(var.s) == "x"', 'var.s == "x" ? var.p : var.q'),
)


def _undecided(dice: _Choices) -> str:
    """Source in which types, counts and endpoints hang on conditions over four variables."""
    held = _test(dice, 2).replace("local.held", "var.p")
    types = (
        *('"ml.m5.large"', '"ml.g5.xlarge"', 'lookup(local.types, var.s, "ml.m5.4xlarge")'),
        *('"ml.${var.p ? "m5" : "g5"}.xlarge"', 'element(["ml.m5.large", "ml.g5.xlarge"], var.n)'),
        *('try(local.types[var.s], "ml.m5.12xlarge")', 'coalesce(var.q ? null : "ml.m5.large", "ml.c5.xlarge")'),
    )
    body = f"""model_name = "m"
    instance_type = {_one_of(dice, types, 2)}
    initial_instance_count = {_one_of(dice, _COUNTS, 2)}"""
    variant = f'production_variants {{\n    variant_name = "v"\n    {body}\n  }}'
    if dice.pick((False, True)):
        lists = ('["u"]', '["u", "v"]')
        variant = (
            f'dynamic "production_variants" {{\n    for_each = {_one_of(dice, lists, 2)}\n    content {{\n'
            f"    variant_name = production_variants.value\n    {body}\n    }}\n  }}"
        )
    counts, sets = ("0", "1", "2", "var.n"), ("[]", '["p"]', '["p", "q"]')
    guards = ("", f"count = {_one_of(dice, counts, 2)}", f"for_each = toset({_one_of(dice, sets, 2)})")
    return _SOURCE.replace("CONDITION", held).replace("VARIANT", variant).replace("GUARD", dice.pick(guards))


def _test(dice: _Choices, depth: int) -> str:
    if depth == 0 or dice.pick((False, False, True)):
        return dice.pick(_ATOMS)
    one, two = _test(dice, depth - 1), _test(dice, depth - 1)
    return dice.pick((f"({one} && {two})", f"({one} || {two})", f"!({one})", f"({one} ? {two} : {_test(dice, 0)})"))


def _one_of(dice: _Choices, values: Sequence[str], depth: int) -> str:
    if depth == 0 or dice.pick((False, False, True)):
        return dice.pick(values)
    return f"({_test(dice, 2)} ? {_one_of(dice, values, depth - 1)} : {_one_of(dice, values, depth - 1)})"


def _conditional(dice: _Choices) -> dict[str, Any]:
    """A template whose endpoints, types and counts hang on conditions over three parameters."""
    document: dict[str, Any] = inputs.template()
    allowed = {"Type": "String", "AllowedValues": list(_VALUES)}
    document["Parameters"] = {name: dict(allowed) for name in ("P", "Q", "R")[: dice.pick((1, 2, 3))]}
    names: list[str] = []
    document["Conditions"] = {}
    for number in range(dice.pick((1, 2, 3, 5))):
        document["Conditions"][f"C{number}"] = _rule(dice, tuple(document["Parameters"]), tuple(names), 3)
        names.append(f"C{number}")
    (variant,) = document["Resources"]["C"]["Properties"]["ProductionVariants"]
    variant["InstanceType"] = _either(dice, names, _TYPES, 2)
    variant["InitialInstanceCount"] = _either(dice, names, (1, 2, 5), 2)
    for resource in document["Resources"].values():
        if dice.pick((True, False)):
            resource["Condition"] = dice.pick(names)
    return document


def _rule(dice: _Choices, parameters: Sequence[str], names: Sequence[str], depth: int) -> Any:
    if depth and (kind := dice.pick(("Equals", "And", "Or", "Not", "Condition", "If"))) != "Equals":
        if kind == "Not":
            return {"Fn::Not": [_rule(dice, parameters, names, depth - 1)]}
        if kind in ("And", "Or"):
            count = dice.pick((2, 3))
            return {f"Fn::{kind}": [_rule(dice, parameters, names, depth - 1) for _ in range(count)]}
        if names:
            name = dice.pick(names)
            if kind == "Condition":
                return {"Condition": name}
            return {"Fn::Equals": [{"Fn::If": [name, dice.pick(_VALUES), {"Ref": dice.pick(parameters)}]}, "a"]}
    other = dice.pick((*_VALUES, {"Ref": parameters[-1]}, {"Fn::Join": ["", ["", {"Ref": parameters[0]}]]}))
    return {"Fn::Equals": [{"Ref": dice.pick(parameters)}, other]}


def _either(dice: _Choices, names: Sequence[str], values: Sequence[Any], depth: int) -> Any:
    if depth == 0 or dice.pick((True, False)):
        return dice.pick(values)
    return {"Fn::If": [dice.pick(names), *(_either(dice, names, values, depth - 1) for _ in range(2))]}


# What people write ---------------------------------------------------------------------------------------------------

PLAN = json.dumps(inputs.a_plan()).encode()


def settings(data: bytes) -> None:
    check({"plan.json": PLAN, "s.yml": data}, "plan.json", f"--config={scratch() / 'in' / 's.yml'}")


def usage(data: bytes) -> None:
    check({"plan.json": PLAN, "u.yml": data}, "plan.json", "--isolated", f"--usage-file={scratch() / 'in' / 'u.yml'}")


def policies(data: bytes) -> None:
    """What validates is checked with, though not the other way round: a check reads no examples."""
    folder = scratch() / "in" / "policies"
    report = check({"plan.json": PLAN, "policies/p.yaml": data}, "plan.json", "--isolated", f"--policies={folder}")
    valid = run("policies", "validate", str(folder), complains="")
    must(report is not None or valid.code != 0, "it validates, and a check refuses it")
    run("policies", "test", str(folder), complains="")


def baselines(data: bytes) -> None:
    """What is read is written so that it is read as the same."""
    kept = scratch() / "in" / "b.json"
    report = check({"plan.json": PLAN, "b.json": data}, "plan.json", "--isolated", f"--baseline={kept}")
    if report is not None:
        known = baseline.read(str(kept))
        kept.write_text(baseline.text(known), encoding="utf-8")
        must(baseline.read(str(kept)) == known, "written, it is another baseline")


def price_table(data: bytes) -> None:
    """Prices of one's own: damaged with its line, or used."""
    place = "prices/us-east-1.csv"
    manifest = {
        "schema_version": "1.0",
        "regions": {"us-east-1": {"name": "US East (N. Virginia)", "prefix": "USE1"}},
        "sources": {"flexera-2026-05": {"title": "x"}},
        "rules": {"async-equals-hosting": {"text": "x"}},
        "files": {"us-east-1.csv": f"sha256:{hashlib.sha256(data).hexdigest()}"},
    }
    files = {"plan.json": PLAN, place: data, "prices/manifest.json": json.dumps(manifest).encode()}
    check(files, "plan.json", "--isolated", f"--prices={scratch() / 'in' / 'prices'}")


# What AWS and GitHub say ---------------------------------------------------------------------------------------------


def bills(data: bytes) -> None:
    """Each question has an answer, or the export is refused with a reason."""
    path = scratch() / "bill.csv"
    path.write_bytes(data)
    question = ("top", "daily", "always-on", "modes", "trend", "savings-plans")[len(data) % 6]
    answer = run("bills", str(path), question, "--format", "json")
    if answer.code == 0:
        json.loads(answer.out)


def bundles(data: bytes) -> None:
    """A bundle that somebody wrote, hash and all, is refused, or judged, and its text is read back as it was."""
    made = expected(lambda: msgspec.json.decode(data, type=Bundle), msgspec.DecodeError, ValueError, RecursionError)
    if made is None:
        expected(lambda: bundle_file.read("b.json", data))
        return
    written = expected(lambda: bundle_file.text(made), OverflowError, ValueError)
    if written is None:
        return
    read = expected(lambda: bundle_file.read("b.json", written.encode("utf-8", "surrogatepass")))
    if read is None:
        return
    must(bundle_file.text(read) == written, "its text is another once it was read")
    path = scratch() / "b.json"
    path.write_text(written, encoding="utf-8")
    run("utilization", "show", str(path), "--format", ("json", "html", "markdown", "table")[len(data) % 4])
    check({"plan.json": PLAN}, "plan.json", "--isolated", f"--evidence={path}")


def metrics(data: bytes) -> None:
    """Requests and pages of GetMetricData: what is complete has points in order, each once."""
    try:
        both = json.loads(data)
        parts = [json.dumps(both[name]).encode() for name in ("requests", "pages")]
    except (ValueError, KeyError, TypeError, RecursionError):
        parts = [data, data]
    requests = expected(lambda: answers.requests_of(parts[0], "queries.json"))
    pages = expected(lambda: answers.pages_of(parts[1], "answer.json"))
    found = expected(lambda: list(answers.series(pages or (), requests or ()))) or []
    for one in found:
        times = [time for time, _ in one.points]
        must(times == sorted(set(times)), f"points out of order, or twice: {one.query}")


def exported(data: bytes) -> None:
    """A file of what the AWS command line answered, beside an answer and its queries."""
    (whole,) = seeds.answers()[:1]
    both = json.loads(whole)
    folder = scratch()
    (folder / "told.json").write_bytes(data)
    (folder / "queries.json").write_text(json.dumps(both["requests"][0]))
    (folder / "answer.json").write_text(json.dumps(both["pages"][0]))
    words = [f"--from={folder / name}" for name in ("told.json", "queries.json", "answer.json")]
    run("utilization", *words, "--region", "us-east-1", "--output", str(folder / "made.json"), "--format", "json")


def usage_type(data: bytes) -> None:
    """What is taken apart is put together as it was."""
    text = data.decode("utf-8", "surrogateescape")
    found = usage_types.parse(text)
    if found is not None:
        must(str(found) == text, f"{text!r} is written as {found}")
        must(usage_types.is_charge(found.charge), f"{text!r} has a charge that is none")
        must(bool(usage_types.unit_of(found.charge)), f"{text!r} has no unit")


def schedule(data: bytes) -> None:
    """What never runs runs no time a month, and whatever else is asked of a schedule has an answer of some length."""
    parts = [part or None for part in data.decode("utf-8", "replace").split("\n")]
    text, zone, start, end = (*parts, None, None, None)[:4]
    made = schedules.Schedule(text or "", zone, start, end)
    monthly = schedules.monthly_occurrences(made, TODAY)
    must(monthly is None or monthly >= 0, f"{made} runs {monthly} times")
    must(not (schedules.never_runs(made.expression) and monthly), f"{made} never runs, and runs {monthly}")
    turns = schedules.turns((made,), TODAY)
    must(turns is None or all(minutes is None or minutes >= 0 for _, minutes in turns), f"{made}: {turns}")
    for told in (schedules.is_over, schedules.is_ahead, schedules.unclear_time):
        told(made, TODAY)
    for refusal in (schedules.refusal, schedules.rule_refusal):
        refusal(made.expression)


def comment(data: bytes) -> None:
    """Sections that stand in a comment are there still in what they make together."""
    head = "a" * 40
    found = sections.parsed(data.decode("utf-8", "replace"))
    made = expected(lambda: sections.composed(list(found.values()), head, 60_000)) if found else None
    if made is not None:
        must(sections.parsed(made).keys() == found.keys(), f"of {list(found)} there are {list(sections.parsed(made))}")


def a_comment() -> list[bytes]:
    """A comment of two sections."""
    head = "a" * 40
    some = [sections.unanswered(name, head, Run(), "It **failed**.") for name in ("infra/a", "infra/b é")]
    return [sections.composed(some, head, 60_000).encode()]


def pattern_of(data: bytes) -> None:
    """A pattern means what it means to RE2, where it says nothing beyond ASCII."""
    text, _, subject = data.decode("utf-8", "replace").partition("\n")
    found = expected(lambda: pattern.Pattern(text), pattern.PatternError)
    if found is None:
        return
    ours = found.matches(subject)
    if (text + subject).isascii() and (text + subject).isprintable():
        import re2

        theirs = expected(lambda: re2.fullmatch(text, subject) is not None, re2.error)
        must(theirs is None or theirs is ours, f"{text!r} on {subject!r}: we say {ours}, RE2 {theirs}")


def _bytes(data: bytes, other: bytes, dice: Random) -> bytes:
    """Bytes that are decisions: some replaced, some of the other's behind them."""
    made = bytearray(data or b"\0")
    for _ in range(dice.choice((1, 2, 4))):
        made[dice.randrange(len(made))] = dice.randrange(256)
    return bytes(made + other[: dice.choice((0, 0, 4))])


def _text(data: bytes, other: bytes, dice: Random) -> bytes:
    return dice.choice((lines, tokens))(data, other, dice)


TARGETS: dict[str, Target] = {
    "plan": Target(plan, seeds.plans, of_json()),
    "hcl": Target(hcl, seeds.terraform, of_hcl(grammars.expression)),
    "hcl-json": Target(hcl_json, seeds.terraform_json, of_json(lambda dice: f"${{{grammars.expression(dice)}}}")),
    "tfvars": Target(tfvars, seeds.tfvars, of_hcl(grammars.expression)),
    "template": Target(template, seeds.templates, of_json(grammars.intrinsic)),
    "template-yaml": Target(template_yaml, seeds.templates_in_yaml, of_yaml(grammars.intrinsic)),
    "assembly": Target(assembly, seeds.assemblies, of_json(grammars.intrinsic)),
    "definition": Target(definition, seeds.definitions, of_json()),
    "conditions": Target(conditions, lambda: [bytes(range(start, start + 60)) for start in range(0, 180, 7)], _bytes),
    "undecided": Target(undecided, lambda: [bytes(range(start, start + 60)) for start in range(0, 180, 7)], _bytes),
    "settings": Target(settings, seeds.settings, of_yaml()),
    "usage": Target(usage, seeds.usages, of_yaml()),
    "policies": Target(policies, seeds.policies, of_yaml(grammars.condition)),
    "baselines": Target(baselines, seeds.baselines, of_json()),
    "price-table": Target(price_table, seeds.price_tables, tokens),
    "bills": Target(bills, seeds.bills, _text),
    "bundles": Target(bundles, seeds.bundles, of_json()),
    "metrics": Target(metrics, seeds.answers, of_json()),
    "exported": Target(exported, seeds.descriptions, of_json()),
    "usage-types": Target(usage_type, seeds.usage_types, tokens),
    "schedules": Target(schedule, seeds.schedules, _text),
    "comment": Target(comment, a_comment, tokens),
    "patterns": Target(pattern_of, seeds.patterns, tokens),
    "fixes": Target(changes.fixes, seeds.mistakes, changes.of_source),
    "compared": Target(changes.compared, seeds.pairs, both(changes.of_source)),
    "packed-bills": Target(changes.packed_bills, seeds.packed_bills, of_packed),
    "waivers": Target(changes.waivers, seeds.waivers, changes.of_waivers),
    "events": Target(changes.event, seeds.events, changes.of_event),
    "diffs": Target(changes.diffs, seeds.two_texts, both(_text)),
    "suggestions": Target(changes.suggested, seeds.suggestions, of_json()),
    "markers": Target(changes.markers, seeds.markers, tokens),
    "merged-baselines": Target(merging.merged_baselines, seeds.branches, of_json()),
    "merged-bundles": Target(merging.merged_bundles, seeds.several_bundles, of_json()),
}
