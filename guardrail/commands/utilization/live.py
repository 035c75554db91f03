"""A collection with somebody's credentials: the inventory of each region, its metrics, and the bundle of both.

Regions are read beside each other while they are described, which takes as long as AWS's pace makes it, and one after
another while metrics come, which takes memory. Series stay in the journal and are summarised one endpoint at a time.
"""

import gc
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import suppress
from datetime import datetime
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from guardrail import output
from guardrail.aws.access import Access, RegionError, UnknownSubjectError, check_region
from guardrail.aws.inventory import RegionReader, Wanted
from guardrail.aws.metrics import Metrics
from guardrail.aws.pace import Clock
from guardrail.commands.utilization.asking import CollectionRequest
from guardrail.errors import AWSError, GuardrailError, did_you_mean
from guardrail.evidence import jobs, merging, queries, summary
from guardrail.evidence.account import Account, Fault
from guardrail.evidence.base import Series, Window
from guardrail.evidence.bundle import VERSION, Bundle, EndpointEvidence, JobEvidence, Survey
from guardrail.evidence.bundle_file import PackedBundle
from guardrail.evidence.journal import Header, Journal
from guardrail.evidence.queries import TimedQuery
from guardrail.prices.book import PriceBook
from guardrail.progress import ProgressLine, progress
from guardrail.reporters.wording import counted
from guardrail.signals import interruptible

_MANY_METRICS: Final = 1_000
"""From how many on a run says beforehand what it will ask and what that costs: a cent."""
_MOST_REGIONS: Final = 40


class RegionToAsk(Struct, frozen=True, kw_only=True):
    """What is known of a region, and what CloudWatch is to be asked about it."""

    account: Account
    hosts: dict[str, tuple[str, ...]]
    """Of each transform job."""
    names: tuple[str, ...] = ()
    """All endpoints of the region, those that nobody asked for too."""
    is_silent: bool = False
    """Whether it did not answer at all."""

    def asks(self, window: Window) -> Iterator[TimedQuery]:
        """Everything to ask, endpoint by endpoint."""
        for endpoint in self.account.endpoints:
            yield from queries.of_endpoint(self.account, endpoint, window)
        yield from self.asks_of_jobs(window)

    def asks_of_jobs(self, window: Window) -> Iterator[TimedQuery]:
        """Everything to ask about transform jobs."""
        for job in self.account.transform_jobs:
            yield from queries.of_job(job, self.hosts.get(job.transform_job_name, ()), window)


def bundle(asked: CollectionRequest, journal_path: str) -> PackedBundle:
    """The bundle of a collection; the journal holds what it is made of until `forget`. Raises `GuardrailError`."""
    gc.enable()  # which is off for commands that are over at once; this one takes minutes
    with interruptible(), progress("asking who these credentials are") as status:
        access, regions = _access(asked)
        os.makedirs(os.path.dirname(os.path.abspath(journal_path)), exist_ok=True)
        journal = Journal.opened(journal_path, _header(asked, access, regions))
        try:
            found = _collected(access, regions, asked, journal, status)
        except BaseException as failure:
            journal.close()
            _keep_or_drop(journal, journal_path, failure)
            raise
    journal.close()
    return found


def forget(journal_path: str) -> None:
    """Remove the journal, once what it was for is written."""
    with suppress(OSError):
        os.unlink(journal_path)


def inventory(asked: CollectionRequest) -> tuple[list[RegionToAsk], Window]:
    """The inventory of each region, without asking CloudWatch; nothing is kept. Raises `GuardrailError`."""
    with progress("asking who these credentials are") as status, output.temporary_folder() as folder:
        access, regions = _access(asked)
        journal = Journal.opened(os.path.join(folder, "journal"), _header(asked, access, regions))
        try:
            return _regions(access, regions, asked, journal, status), _window(journal.header)
        finally:
            journal.close()


def _access(asked: CollectionRequest) -> tuple[Access, tuple[str, ...]]:
    regions = tuple(check_region(region) for region in asked.regions)
    if len(regions) > _MOST_REGIONS:
        raise GuardrailError(f"{len(regions)} regions are more than AWS has")
    access = Access(
        profile=asked.profile, role_arn=asked.role_arn, region=regions[0] if regions else None, clock=Clock()
    )
    return access, regions or (access.region,)


def _header(asked: CollectionRequest, access: Access, regions: tuple[str, ...]) -> Header:
    window = queries.window(access.now, asked.days, asked.resolution)
    return Header(
        account=access.account,
        regions=regions,
        start=window.start,
        end=window.end,
        resolution=asked.resolution,
        endpoints=asked.endpoints,
        tags=tuple("=".join(tag) for tag in asked.tags),
    )


def _window(header: Header) -> Window:
    return Window(start=header.start, end=header.end, resolution=header.resolution)


def _keep_or_drop(journal: Journal, path: str, failure: BaseException) -> None:
    """Leave a journal that another run can go on with, and say so."""
    if journal.is_empty or isinstance(failure, UnknownSubjectError):
        forget(path)
    elif isinstance(failure, (AWSError, KeyboardInterrupt)):
        output.say(f"guardrail: what was answered is kept in {path}: the same command goes on from there")


def _collected(
    access: Access, names: tuple[str, ...], asked: CollectionRequest, journal: Journal, status: ProgressLine
) -> PackedBundle:
    window = _window(journal.header)
    if journal.was_resumed:
        end = f"{window.end:%Y-%m-%d %H:%M} UTC"
        output.say(f"guardrail: going on with the run that looks at {window.hours // 24} days up to {end}")
    regions = _regions(access, names, asked, journal, status)
    _tell_price(regions, window, journal)
    for region in regions:
        Metrics(access, region.account.region, journal, status.say).fetch(region.asks(window))
    status.say("summarising")
    return _summarised(regions, window, journal)


def _regions(
    access: Access, names: tuple[str, ...], asked: CollectionRequest, journal: Journal, status: ProgressLine
) -> list[RegionToAsk]:
    """The inventory of every region; one of several that does not answer is a gap."""

    def read(name: str) -> RegionToAsk:
        reader = RegionReader(access, name, _window(journal.header), journal, status.say)
        try:
            account = reader.account(Wanted(endpoints=asked.endpoints, tags=asked.tags), access.now)
            hosts = reader.hosts(account.transform_jobs)
        except RegionError as error:
            if len(names) == 1:
                raise
            return _silent(access, name, error, access.now)
        return RegionToAsk(account=replace(account, faults=reader.faults), hosts=hosts, names=reader.names)

    with ThreadPoolExecutor(len(names)) as pool:
        try:
            reading = [pool.submit(read, name) for name in names]
            wait(reading, return_when=FIRST_EXCEPTION)
            found = [each.result() for each in reading if each.done()]
        except BaseException:
            access.stop()
            raise
    _check_names(asked, found)
    return found


def _silent(access: Access, name: str, error: RegionError, now: datetime) -> RegionToAsk:
    fault = Fault(call="every call", reason=error.message)
    account = Account(account=access.account, region=name, now=now, faults=(fault,))
    return RegionToAsk(account=account, hosts={}, is_silent=True)


def _check_names(asked: CollectionRequest, regions: Iterable[RegionToAsk]) -> None:
    answered = [region for region in regions if not region.is_silent]
    found = {endpoint.endpoint_name for region in answered for endpoint in region.account.endpoints}
    refused = {fault.subject.removeprefix("endpoint/") for region in answered for fault in region.account.faults}
    missing = [name for name in asked.endpoints if name not in found | refused]
    where = ", ".join(region.account.region for region in answered) or "any region that answered"
    known = {name for region in answered for name in region.names}
    if asked.tags and (known.intersection(missing) or not (missing or found | refused)):
        which = next((f"endpoint {name!r}" for name in missing if name in known), "endpoint")
        tags = " and ".join(repr("=".join(tag)) for tag in asked.tags)
        raise UnknownSubjectError(
            f"there is no {which} with the tag {tags} in {where}",
            hint="aws resourcegroupstaggingapi get-resources --resource-type-filters sagemaker:endpoint",
        )
    if missing:
        near = did_you_mean(missing[0], known)
        raise UnknownSubjectError(
            f"there is no endpoint {missing[0]!r} in {where}{near}", hint="aws sagemaker list-endpoints"
        )


def _tell_price(regions: Iterable[RegionToAsk], window: Window, journal: Journal) -> None:
    """Say what a large run is about to ask, before it does."""
    for region in regions:
        name = region.account.region
        missing = [ask for ask in region.asks(window) if journal.lacks(name, ask)]
        if len(missing) >= _MANY_METRICS:
            calls = sum(1 for _ in queries.batches(missing))
            output.say(
                f"guardrail: {name}: {counted(len(region.account.endpoints), 'endpoint')}, {len(missing):,} metrics in"
                f" {counted(calls, 'call')} of GetMetricData, which AWS bills at most"
                f" {queries.price(len(missing)).normalize():f} USD for"
            )


def _summarised(regions: Sequence[RegionToAsk], window: Window, journal: Journal) -> PackedBundle:
    """The bundle, in the order of its file."""
    specs = PriceBook().instance
    ordered = sorted(regions, key=lambda region: region.account.region)
    statuses: dict[str, Counter[str]] = {region.account.region: Counter() for region in ordered}

    def answered(region: RegionToAsk, asks: Iterable[TimedQuery]) -> Iterator[Series]:
        for series in journal.series(region.account.region, asks):
            statuses[region.account.region][series.status] += 1
            yield series

    def endpoints() -> Iterator[EndpointEvidence]:
        for region in ordered:
            for endpoint in sorted(region.account.endpoints, key=lambda each: each.endpoint_name):
                series = answered(region, queries.of_endpoint(region.account, endpoint, window))
                yield summary.endpoint(region.account, endpoint, series, window, specs)

    def surveys() -> Iterator[Survey]:
        for region in ordered:
            account = region.account
            faults = (*account.faults, *_unanswered(statuses[account.region]))
            yield summary.survey(replace(account, faults=faults), window)

    batch: list[JobEvidence] = []
    for region in ordered:
        batch += jobs.of(region.account, answered(region, region.asks_of_jobs(window)), window, specs)
    return PackedBundle(surveys(), endpoints(), merging.merged([Bundle(version=VERSION, jobs=tuple(batch))]))


def _unanswered(statuses: Counter[str]) -> Iterator[Fault]:
    """What CloudWatch did not answer of a region, in sum; each metric is a gap of its endpoint."""
    for status, count in sorted(statuses.items()):
        if status != "Complete":
            reason = f"{status}: {count:,} of {statuses.total():,} metrics"
            yield Fault(call="cloudwatch:GetMetricData", reason=reason)
