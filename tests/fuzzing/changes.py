"""Targets about changes: edits that mend a source, two versions that are compared, waivers, what GitHub tells."""

import difflib
import json
import os
import re
import subprocess
from functools import cache
from random import Random
from typing import Any

import msgspec
import yaml

from guardrail.commands import action
from guardrail.fixes import suggestible
from guardrail.github import comment, diff, runner, suggestions
from tests.fuzzing import grammars, seeds
from tests.fuzzing.holding import check, expected, must, run, scratch
from tests.fuzzing.mutators import BETWEEN, Mutator, lines, of_hcl, of_json, of_yaml, tokens, unpacked

# Fixes ---------------------------------------------------------------------------------------------------------------

OF_SOURCE: dict[str, Mutator] = {
    "main.tf": of_hcl(grammars.expression),
    "t.yaml": of_yaml(grammars.intrinsic),
    "t.json": of_json(grammars.intrinsic),
}
_PLAIN_GIT = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
"""For git to leave line ends as they are, on Windows too."""
_GONE = re.compile(r"(?m)^# +gone: \S+ ([0-9a-f]{16}) ")


def language(data: bytes) -> str:
    """The file that a text is put into: a template where it looks like one, else Terraform source."""
    if data.lstrip()[:1] == b"{":
        return "t.json"
    return "t.yaml" if b"Resources:" in data else "main.tf"


def of_source(data: bytes, other: bytes, dice: Random) -> bytes:
    """Source changed by the grammar of its language."""
    return OF_SOURCE[language(data)](data, other, dice)


def fixes(data: bytes) -> None:
    """The patch is what ``--write`` does, by git's own reading; what it says is gone is, and nothing else fails."""
    name = language(data)
    path = "." if name.endswith(".tf") else name
    before = check({name: data}, path, "--isolated")
    if before is None:
        return
    target, patch, applied = (scratch() / part for part in ("in", "fixes.patch", "applied"))
    patch.unlink(missing_ok=True)
    words = ("fix", str(target / path), "--isolated", "--region", "us-east-1", "--most", "3", "--patch", str(patch))
    answer = run(*words)
    if answer.code != 0 or not patch.exists():
        must((target / name).read_bytes() == data, "a fix that is not written is")
        return
    (applied / "in").mkdir(parents=True, exist_ok=True)
    (applied / "in" / name).write_bytes(data)
    git = subprocess.run(
        ["git", "apply", "--whitespace=nowarn", str(patch)],  # noqa: S607 - whichever git there is
        cwd=applied,
        env={**os.environ, "GIT_CEILING_DIRECTORIES": str(scratch()), **_PLAIN_GIT},
        capture_output=True,
        text=True,
        check=False,
    )
    must(git.returncode == 0, f"git does not take it: {git.stderr}")
    must(run(*words, "--write").code == 0, "a fix is offered, and is not written")
    written = (target / name).read_bytes()
    must((applied / "in" / name).read_bytes() == written, "the patch is another change than what is written")
    after = check({name: written}, path, "--isolated")
    must(after is not None, "a fix after which there is no answer")
    failing, failed = (_failing(report or {}) for report in (after, before))
    gone = set(_GONE.findall(patch.read_text("utf-8", "surrogateescape")))
    must(bool(gone), "a patch that mends nothing")
    must(gone <= failed, f"what did not fail is gone: {gone - failed}")
    must(failing <= failed - gone, f"it fails all the same: {failing - (failed - gone)}")


def _failing(report: dict[str, Any]) -> set[str]:
    return {each["id"] for each in report["results"] if each["verdict"] == "fail"}


# Then and now --------------------------------------------------------------------------------------------------------


_NEVER_REACHED = "endpoint-takes-its-configuration"
"""The policy about a configuration that is replaced under its own name, so that the endpoint stays what it was."""


def compared(data: bytes) -> None:
    """What stood before, and what stands now, cost what they cost alone; a source beside itself changes nothing."""
    then, _, now = data.partition(BETWEEN)
    name = language(now)
    path = "." if name.endswith(".tf") else name
    files = {name: now, f"../then/{name}": then}
    past = str(scratch() / "then" / path)
    pair = check(files, path, "--isolated", f"--compare-to={past}")
    if pair is None:
        return
    alone = {"after": check({name: now}, path, "--isolated"), "before": check({name: then}, path, "--isolated")}
    never_reached = any(each["policy"] == _NEVER_REACHED and each["verdict"] != "pass" for each in pair["results"])
    for side, report in alone.items():
        if report is not None and pair["totals"][side] is not None and not (side == "after" and never_reached):
            ours, whole = report["totals"]["after"], pair["totals"][side]
            must(
                _without_gaps(ours) == _without_gaps(whole) and whole["at_least"] >= ours["at_least"],
                f"{side}: {whole} beside the other, {ours} alone",
            )
    same = check({name: now, f"../then/{name}": now}, path, "--isolated", f"--compare-to={past}")
    if same is not None:
        changes = [each["change"] for each in same["endpoints"] if each["change"] != "no-op"]
        must(not changes, f"nothing changed, and it says {changes}")


def _without_gaps(monthly: dict[str, Any]) -> dict[str, Any]:
    """A side of the totals, whatever it lacks: what one side lacks may be said of both."""
    return {name: value for name, value in monthly.items() if name != "at_least"}


# Bills that are packed -----------------------------------------------------------------------------------------------


_ENDINGS = {b"\x1f\x8b": "csv.gz", b"PK": "csv.zip", b"PA": "parquet"}


def packed_bills(data: bytes) -> None:
    """An export that is packed is answered as what it holds, or refused with a reason."""
    question = ("top", "daily", "always-on", "modes", "trend", "savings-plans")[len(data) % 6]
    folder = scratch() / "bills"
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    packed = folder / f"a.{_ENDINGS.get(data[:2], 'csv')}"
    packed.write_bytes(data)
    answer = run("bills", str(packed), question, "--format", "json")
    if answer.code == 0:
        json.loads(answer.out)
    text = unpacked(data)
    if text is None or packed.suffix not in (".gz", ".zip"):
        return
    plain = folder / "a.csv"
    plain.write_bytes(text)
    other = run("bills", str(plain), question, "--format", "json")
    must(answer.code == other.code, f"packed exit {answer.code}, plain {other.code}: {answer.err}{other.err}")
    must(answer.out.replace(packed.name, plain.name) == other.out, "packed, the answer is another")


# What GitHub tells ---------------------------------------------------------------------------------------------------


_EVENTS = (b"pull_request", b"pull_request_target", b"push", b"issue_comment", b"workflow_run", b"")


def of_event(data: bytes, other: bytes, dice: Random) -> bytes:
    """Another event, or another payload."""
    name, _, payload = data.partition(b"\n")
    if dice.random() < 0.2:
        return dice.choice(_EVENTS) + b"\n" + payload
    return name + b"\n" + of_json()(payload, other.partition(b"\n")[2], dice)


def event(data: bytes) -> None:
    """Whose terms count is told of any event: those of the checkout only where both sides are one repository."""
    name, _, payload = data.partition(b"\n")
    path = scratch() / "event.json"
    path.write_bytes(payload)
    told = name.decode("utf-8", "replace").replace("\0", "")
    found = expected(lambda: runner.event({"GITHUB_EVENT_PATH": str(path), "GITHUB_EVENT_NAME": told}))
    if found is None:
        return
    refused: list[bool] = []

    def origin() -> str | None:
        revision = action._origin(action.ActionInputs({}), found)  # noqa: SLF001 - the decision that trust hangs on
        refused.append(False)
        return revision

    revision = expected(origin)
    if revision is not None:
        must(re.fullmatch("[0-9a-f]{40,64}", revision) is not None, f"no commit: {revision!r}")
    elif refused and told == "pull_request" and found.pull_request is not None:
        sides = json.loads(payload)["pull_request"]
        head, base = (sides[side]["repo"].get("full_name", "") for side in ("head", "base"))
        must(head == base != "", f"{head} is trusted as {base} is")


def diffs(data: bytes) -> None:
    """Of a diff that is cut anywhere as much is told as is whole, and what it does not show has not changed."""
    cut, _, texts = data.partition(b"\n")
    old, _, new = (_rows(text.decode("utf-8", "replace")) for text in texts.partition(BETWEEN))
    patch = "\n".join(list(difflib.unified_diff(old, new, lineterm=""))[2:])
    whole = list(diff.hunks(patch))
    shown = {line for hunk in whole for line in range(hunk.first, hunk.last + 1)}
    must(shown <= set(range(1, len(new) + 1)), f"lines that are not there: {shown}")
    rest = iter(old)
    hidden = [line for number, line in enumerate(new, 1) if number not in shown]
    must(all(line in rest for line in hidden), "a new line that is not shown")
    length = int(cut) if cut.isdigit() and len(cut) < 7 else 0
    part = list(diff.hunks(patch[:length]))
    must(part == whole[: len(part)], f"cut, it has {part}, and whole {whole}")
    for hunk in diff.hunks(texts.decode("utf-8", "replace")):
        must(hunk.first <= hunk.last, f"{hunk} ends before it begins")
        must(all(hunk.first <= at <= hunk.last + 1 for at in hunk.cuts), f"{hunk} is cut elsewhere")


def _rows(text: str) -> list[str]:
    return text.split("\n")


def suggested(data: bytes) -> None:
    """What is suggested stands on lines of one hunk, apart from each other, and a review shows it as it is."""
    try:
        both_sides = json.loads(data)
        parts = [json.dumps(both_sides[name]).encode() for name in ("fixes", "files")]
    except (ValueError, KeyError, TypeError, RecursionError):
        parts = [data, b"[]"]
    fixes_there = expected(lambda: suggestible.decoded(parts[0], "fixes.json"))
    files_there = expected(
        lambda: msgspec.json.decode(parts[1], type=list[diff.FileDiff]), msgspec.DecodeError, ValueError, RecursionError
    )
    if fixes_there is None or files_there is None:
        return
    found, left = suggestions.chosen(fixes_there, files_there)
    must(len(found) + len(left) == len(fixes_there), "a fix is neither suggested nor left")
    taken: set[tuple[str, int]] = set()
    for each in found:
        places = {(each.fix.path, line) for line in range(each.edit.first, each.edit.last + 1)}
        must(taken.isdisjoint(places), "two suggestions on one line")
        taken |= places
        text = suggestions.body(each, "a/b")
        fence = re.search(r"(?m)^(`{3,})suggestion\n", text)
        must(fence is not None, "no suggestion in it")
        if fence is not None:
            inside = text[fence.end() :].partition(f"{fence[1]}\n")[0]
            must(inside == "".join(f"{line}\n" for line in each.edit.new), f"it would be applied as {inside!r}")


def markers(data: bytes) -> None:
    """A comment is known by its first lines alone, and what it says comes back from between them as it was."""
    text = data.decode("utf-8", "replace")
    tag, below = comment.split(text)
    must(text.endswith(below), "the text of a comment is another")
    posted = comment._PostedComment(id=1, body=text)  # noqa: SLF001 - what GitHub answers is read as this
    for each in {tag or "default", "default"}:
        note = posted.note(each)
        must((note is not None) == (tag == each), f"of {tag}, and found as {each}")
        if note is not None:
            must(note.text == below, "its text is another")
            lines_of = f"<!-- guardrail:comment tag={each} -->\n"
            must(comment.split(lines_of + note.text)[0] == each, "written again, it is of another tag")


# Waivers -------------------------------------------------------------------------------------------------------------

_WAIVABLE = ("fail", "open")


def of_waivers(data: bytes, other: bytes, dice: Random) -> bytes:
    """Other settings; of source other lines and words, as its comments are what it is about."""
    if language(data) == "main.tf" and b'resource "' in data:
        return dice.choice((lines, tokens))(data, other, dice)
    return of_yaml()(data, other, dice)


def waivers(data: bytes) -> None:
    """A waiver is another word for a finding that fails or is open, for a reason and until a day; it loses none."""
    if language(data) == "main.tf" and b'resource "' in data:
        _accepted(check({"main.tf": data}, ".", "--isolated"))
        return
    settings = scratch() / "in" / "s.yml"
    report = check({"plan.json": seeds.STOREFRONT, "s.yml": data}, "plan.json", f"--config={settings}")
    _accepted(report)
    if report is None or _keys(data) != {"waivers"}:
        return
    before, after = (_verdicts(each) for each in (_storefront(), report))
    changed = {key: (before.get(key), after.get(key)) for key in before.keys() | after.keys()}
    changed = {key: (then, now) for key, (then, now) in changed.items() if then != now}
    must(
        all(then in _WAIVABLE and now == "waived" for then, now in changed.values()),
        f"a waiver that does something else: {changed}",
    )


def _accepted(report: dict[str, Any] | None) -> None:
    for each in (report or {"results": ()})["results"]:
        if each["verdict"] == "waived":
            must(each["waiver"]["until"] >= (report or {})["today"], f"a waiver that is over: {each['waiver']}")
            must(each["waiver"]["reason"].strip() != "", "waived without a reason")


def _verdicts(report: dict[str, Any]) -> dict[tuple[str, ...], str]:
    """What is said of each subject that a policy fails, leaves open or accepts; none is twice in the example."""
    return {
        (each["policy"], each["address"], str(each["variant"])): each["verdict"]
        for each in report["results"]
        if each["verdict"] in (*_WAIVABLE, "waived")
    }


def _keys(data: bytes) -> set[object]:
    """What a settings file says anything of."""
    try:
        found = yaml.safe_load(data)
    except (yaml.YAMLError, ValueError, RecursionError):
        return set()
    return set(found) if isinstance(found, dict) else set()


@cache
def _storefront() -> dict[str, Any]:
    report = check({"plan.json": seeds.STOREFRONT}, "plan.json", "--isolated")
    must(report is not None, "the example has no answer")
    return report or {}
