"""Targets about what several jobs or branches wrote and is put together: baselines, and bundles of evidence."""

import itertools
import os
import subprocess
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import msgspec

from guardrail.evidence import bundle_file, merging
from guardrail.evidence.bundle import Bundle
from guardrail.model import Unknown
from guardrail.policy import baseline
from guardrail.policy.base import Result
from guardrail.policy.baseline import Baseline, KnownFinding
from tests.fuzzing.holding import expected, must, scratch
from tests.policy.test_baseline import compared, result

SIDES = ("base", "ours", "theirs")
_NOT_OF_A_TYPE = (msgspec.DecodeError, ValueError, RecursionError)


def merged_baselines(data: bytes) -> None:
    """Two branches write a baseline each, and git merges them: it collides, or no finding of either is lost.

    Each is the same whatever order its findings come in, read back as it was, and leaves none of them new.
    """
    found = expected(lambda: msgspec.json.decode(data, type=dict[str, list[KnownFinding]]), *_NOT_OF_A_TYPE)
    if found is None:
        return
    sides = {side: [_of_entry(entry) for entry in found.get(side, ())] for side in SIDES}
    sources = sorted({each.source for each in itertools.chain(*sides.values())}) or ["plan.json"]
    written = {side: _written(results, sources) for side, results in sides.items()}
    merged, other_way = (_merged(written, *order) for order in (SIDES, ("base", "theirs", "ours")))
    must(merged == other_way, "merged the other way round it is another")
    path = scratch() / "merged.json"
    if merged is None:
        return
    path.write_text(merged, encoding="utf-8")
    entries = baseline.read(str(path)).findings
    base, ours, theirs = (Counter(written[side].findings) for side in SIDES)
    merged_count = Counter(entries)
    must(merged_count.keys() <= (ours | theirs).keys(), "an entry of neither side")
    for each in base | ours | theirs:
        least, most = _counts(base[each], ours[each], theirs[each])
        must(least <= merged_count[each] <= most, f"{each} is there {merged_count[each]} times, not {least} to {most}")
    must(baseline.text(_written([_of_entry(entry) for entry in entries], sources)) == merged, "written anew it differs")
    if base <= ours and base <= theirs:  # nothing was mended
        for side in ("ours", "theirs"):
            _is_known(Baseline(version=1, findings=entries), sides[side], sources)


def _of_entry(entry: KnownFinding) -> Result:
    stake = entry.monthly_usd
    return result(
        source=entry.source or "plan.json",
        policy=entry.policy,
        identity=entry.endpoint,
        part=(entry.part, entry.index),
        variant=entry.variant,
        saving_monthly=Unknown("no price") if stake == "unknown" else None if stake is None else abs(Decimal(stake)),
    )


def _written(results: Sequence[Result], sources: Sequence[str]) -> Baseline:
    """The baseline that a job writes of what it finds; another job reads it, and nothing is new to it."""
    made = baseline.taken_up(results, sources=sources)
    path = scratch() / "job.json"
    path.write_text(baseline.text(made), encoding="utf-8")
    must(baseline.read(str(path)) == made, "written, it is another baseline")
    must(baseline.taken_up(results[::-1], sources=sources) == made, "in another order it is another baseline")
    must(not _is_known(made, results, sources), "an entry of what is found is found no more")
    return made


def _is_known(known: Baseline, results: Sequence[Result], sources: Sequence[str]) -> list[str]:
    """The notices about a baseline for which nothing is new."""
    answer = compared(known, *results, sources=sources, policies={each.policy for each in known.findings}, tolerance=0)
    new = [each for each in answer.results if each.status != "existing"]
    must(not new, f"new, though it was taken up: {new[:1]}, {answer.notices[:1]}")
    return answer.notices


def _merged(written: dict[str, Baseline], *order: str) -> str | None:
    """What git makes of two sides and what they began with; None where they collide, which is then no baseline."""
    base, ours, theirs = (scratch() / side for side in SIDES)
    for path, side in zip((base, ours, theirs), order, strict=True):
        path.write_text(baseline.text(written[side]), encoding="utf-8")
    git = subprocess.run(
        ["git", "merge-file", "-p", *map(str, (ours, base, theirs))],  # noqa: S607 - whichever git there is
        env={**os.environ, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull},
        cwd=scratch(),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    must(0 <= git.returncode < 128, f"git does not merge: {git.stderr}")
    if git.returncode == 0:
        return git.stdout
    path = Path(scratch() / "collided.json")
    path.write_text(git.stdout, encoding="utf-8")
    must(expected(lambda: baseline.read(str(path))) is None, "a collision is read as a baseline")
    return None


def _counts(base: int, ours: int, theirs: int) -> tuple[int, int]:
    """How often an entry may be there after a merge: as often as on the side that changed it, or on both.

    Of equal lines git does not tell which one was added or taken out, so that what both sides did to one of several may
    be done to two of them: one entry too many is said to be found no more, and a finding without its entry is new.
    """
    by_both = max(ours + theirs - base, 0)
    if max(base, ours, theirs) > 1:
        return min(ours, theirs, by_both), max(ours, theirs, by_both)
    return (ours, ours) if ours == theirs else (by_both, by_both)


def merged_bundles(data: bytes) -> None:
    """Bundles are one bundle in whatever order they are named, or merged before, and nothing that was seen is lost."""
    found = expected(lambda: msgspec.json.decode(data, type=list[Bundle]), *_NOT_OF_A_TYPE)
    read = [_read(each) for each in (found or ())[:3]]
    bundles = [each for each in read if each is not None]
    if not bundles:
        return
    whole = merging.merged(bundles)
    text = bundle_file.text(whole)
    for order in itertools.permutations(bundles):
        first, *rest = order
        must(bundle_file.text(merging.merged(order)) == text, "named in another order it is another bundle")
        in_turn = merging.merged([first, *rest[:1]])
        in_turn = merging.merged([in_turn, *rest[1:]])
        must(bundle_file.text(in_turn) == text, "merged before it is another bundle")
    must(bundle_file.text(merging.merged([whole, whole])) == text, "merged with itself it is another bundle")
    again = _read(whole)
    must(again is not None and bundle_file.text(again) == text, "what was merged is not read as it was")
    for kind in ("surveys", "endpoints", "jobs", "load_tests", "advice"):
        there = Counter(_name(one) for one in getattr(whole, kind))
        seen = {_name(one) for each in bundles for one in getattr(each, kind)}
        must(there.keys() == seen, f"of the {kind} {seen ^ there.keys()} are lost or new")


def _read(bundle: Bundle) -> Bundle | None:
    """A bundle as it is read of its file; None where it is refused."""
    written = expected(lambda: bundle_file.text(bundle), OverflowError, ValueError)
    if written is None:
        return None
    return expected(lambda: bundle_file.read("b.json", written.encode("utf-8", "surrogatepass")))


def _name(one: object) -> tuple[str, ...]:
    """What a part of a bundle is known by."""
    fields = ("account", "region", "name", "prefix", "model", "instance_type", "instances", "endpoint", "job")
    return tuple(str(getattr(one, field, None) or "") for field in fields)
