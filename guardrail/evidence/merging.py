"""Bundles of several accounts, regions and runs as one.

Each endpoint, and each kind of transform jobs, is taken as one run saw it, whole: percentiles of two windows are not
those of both, and hours that two windows share would count twice. Which run that is rests on what each of them knows,
so that the order in which bundles are named, or merged before, changes nothing.
"""

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final, TypeVar

import msgspec

from guardrail.evidence.base import NO_DATAPOINTS, Gap
from guardrail.evidence.bundle import VERSION, AdviceEvidence, Bundle, EndpointEvidence, JobEvidence, LoadTestEvidence
from guardrail.evidence.bundle_file import sealed

T = TypeVar("T", EndpointEvidence, JobEvidence, LoadTestEvidence, AdviceEvidence)

_ENOUGH_HOURS: Final = 2 * 7 * 24
"""Of a window that tells what recurs; more of them are no reason to prefer an older run."""
_MOSTLY: Final = 0.9
"""The share of hours from which on a metric is as good as whole: one datapoint is often late."""
_OF_HOURS: Final = re.compile(r"(\d{1,9}) of (\d{1,9}) hours", re.ASCII)
_ANSWERED: Final = ("instance_type", "update", "SampleCount")
"""Gaps that say what was found, where nothing more could have been answered."""
_NOTHING: Final = 1_000
"""What an endpoint lacks that nobody could describe."""


def merged(bundles: Iterable[Bundle]) -> Bundle:
    """One bundle of several. Of what two of them saw, that counts which knows it best: see `_of_endpoint`."""
    found = list(bundles)
    endpoints = (each for bundle in found for each in bundle.endpoints)
    jobs = (each for bundle in found for each in bundle.jobs)
    tests = (each for bundle in found for each in bundle.load_tests)
    advice = (each for bundle in found for each in bundle.advice)
    surveys = {survey for bundle in found for survey in bundle.surveys}
    return sealed(
        Bundle(
            version=VERSION,
            surveys=tuple(
                sorted(surveys, key=lambda one: (one.account, one.region, one.end, msgspec.json.encode(one)))
            ),
            endpoints=_best(endpoints, lambda one: (one.account, one.region, one.name), _of_endpoint),
            jobs=_best(jobs, _kind, _of_jobs),
            load_tests=_best(tests, lambda one: (one.account or "", one.region, one.name), msgspec.json.encode),
            advice=_best(advice, lambda one: (one.endpoint or "", one.job or ""), msgspec.json.encode),
        )
    )


def _best(every: Iterable[T], named: Callable[[T], tuple[str, ...]], known: Callable[[T], Any]) -> tuple[T, ...]:
    """Of each name that which knows most, by name."""
    found: dict[tuple[str, ...], T] = {}
    for each in every:
        name = named(each)
        found[name] = max(found[name], each, key=known) if name in found else each
    return tuple(one for _, one in sorted(found.items()))


def _of_endpoint(one: EndpointEvidence) -> tuple[datetime, int, int, datetime, float, bytes]:
    """What makes one run's evidence better than another's, the first first.

    It is of the endpoint that was made last, fewer questions were left without an answer, its window has two weeks, it
    ended last, it is longer. What is alike in all of that is told apart by its bytes.
    """
    seen_from = max(one.start, one.created)
    return (
        one.created,
        -_unanswered(one),
        min(int((one.end - seen_from).total_seconds() // 3600), _ENOUGH_HOURS),
        one.end,
        -one.start.timestamp(),
        msgspec.json.encode(one),
    )


def _unanswered(one: EndpointEvidence) -> int:
    """How many questions about an endpoint have no answer."""
    if not one.variants:
        return _NOTHING
    parts = (one.gaps, *(each.gaps for each in one.variants), *(each.gaps for each in one.components))
    return sum(1 for gaps in parts for gap in gaps if _is_unanswered(gap))


def _is_unanswered(gap: Gap) -> bool:
    """Whether nobody answered: a machine that published nothing was asked, and so was one that is gone."""
    hours = _OF_HOURS.fullmatch(gap.reason)
    if hours is not None and int(hours[1]) >= _MOSTLY * int(hours[2]):
        return False
    return gap.reason != NO_DATAPOINTS and gap.metric not in _ANSWERED


def _kind(one: JobEvidence) -> tuple[str, ...]:
    return one.account, one.region, one.prefix, one.model or "", one.instance_type or "", str(one.instances)


def _of_jobs(one: JobEvidence) -> tuple[int, datetime, float, bytes]:
    """Of two runs that with what the jobs used, then that which ended last, then the longer one.

    CloudWatch lists the hosts of jobs for two weeks alone, so that a run may find the jobs and not what they used.
    """
    known = sum(1 for each in (one.cpu_cores, one.memory_gib) if each is not None)
    return known, one.end, -one.start.timestamp(), msgspec.json.encode(one)
