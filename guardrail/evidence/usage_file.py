"""A usage file of what was observed, for those who would rather commit numbers that they can read and change.

An endpoint is named as its ARN ends, ``endpoint/shop``: the bundle knows no address in anybody's code. That tells no
account and no region, so numbers of a name that is there in several stand in comments, for somebody to choose. What
runs transform jobs has no name in it, so that of jobs the numbers stand in comments, too, to be put under the address
that starts them.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from guardrail.cost.demand import VariantDemand
from guardrail.evidence.bundle import EndpointEvidence, JobEvidence
from guardrail.evidence.demand import a_month, observed
from guardrail.evidence.statistics import plain
from guardrail.yaml_text import quoted

_PLACES: Final = Decimal("0.0001")
_NUMBERS: Final = {
    "monthly_requests": "requests",
    "request_duration_ms": "duration_ms",
    "average_instances": "instances",
    "model_memory_gib": "model_memory_gib",
}
"""Keys of the file, by the number that a demand has."""


def text(endpoints: Iterable[EndpointEvidence], jobs: Iterable[JobEvidence]) -> str:
    """The file; it ends with a newline."""
    return "\n".join(_lines(endpoints, jobs)) + "\n"


def _lines(endpoints: Iterable[EndpointEvidence], jobs: Iterable[JobEvidence]) -> Iterator[str]:
    yield "# What was observed, for a month of 730 hours: written by guardrail utilization."
    yield "version: 0.1"
    every = list(endpoints)
    named = Counter(each.name for each in every)
    entries = [(named[each.name], entry) for each in every if (entry := list(_entry(each)))]
    yield "resource_usage:" if any(count == 1 for count, _ in entries) else "resource_usage: {}"
    for count, entry in entries:
        if count == 1:
            yield from entry
    for count, entry in entries:
        if count > 1:
            yield f"  # one of {count} endpoints of this name, of which a usage file cannot tell which it means:"
            yield from (line if line.startswith("  #") else f"  #{line[1:]}" for line in entry)
    for job in jobs:
        yield from _comment(job)


def _entry(found: EndpointEvidence) -> Iterator[str]:
    told = [(each.name, list(_numbers(observed(each)))) for each in found.variants]
    if not any(numbers for _, numbers in told):
        return
    yield f"  # {found.account}, {found.region}: {found.start:%Y-%m-%d} to {found.end:%Y-%m-%d}"
    yield f"  {quoted(f'endpoint/{found.name}')}:"
    yield "    variants:"
    for name, numbers in told:
        if numbers:
            yield f"      {quoted(name)}:"
            yield from (f"        {line}" for line in numbers)


def _numbers(seen: VariantDemand) -> Iterator[str]:
    for key, name in _NUMBERS.items():
        value = getattr(seen, name)
        if isinstance(value, Decimal):
            yield f"{key}: {_short(value)}"


def _short(value: Decimal) -> str:
    return f"{plain(value.quantize(_PLACES, rounding=ROUND_HALF_UP)):f}"


def _comment(job: JobEvidence) -> Iterator[str]:
    """What to put under the address of what starts the jobs; nothing of jobs of which no run time is known."""
    if job.mean_hours is None:
        return
    machine = f"{job.instances} × {job.instance_type}" if job.instance_type else "an unknown machine"
    when = f"{job.runs} from {job.start:%Y-%m-%d} to {job.end:%Y-%m-%d}"
    yield f"  # transform jobs {one_line(job.prefix)}… on {machine}, {when}:"
    yield f"  #   monthly_runs: {_short(a_month(Decimal(job.runs), job.start, job.end))}"
    yield f"  #   run_hours: {_short(job.mean_hours)}"


def one_line(text: str) -> str:
    """A name in a comment, which must not end it."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
