"""The machine of a variant: what its host metrics say, in units that outlive a change of type.

CPUUtilization and GPUUtilization are sums over the cores and the GPUs of one instance, MemoryUtilization a share of its
memory, GPUMemoryUtilization a sum over its GPUs (SageMaker developer guide, monitoring-cloudwatch). What is called
Normalized is a share of all of it, 0 to 100, and is published where inference components run.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Final, TypeAlias

from guardrail.evidence import timeline
from guardrail.evidence.account import EndpointVariant
from guardrail.evidence.base import ENDPOINTS, NO_DATAPOINTS, Gap, Statistic
from guardrail.evidence.bundle import Distribution, Instances, Profile, Segment
from guardrail.evidence.measured import MeasuredValues
from guardrail.evidence.observed import ObservedEndpoint
from guardrail.evidence.statistics import HOUR, distribution, hour_of, plain, profile, rounded_up
from guardrail.evidence.timeline import ConfigurationSpan, Timeline
from guardrail.prices.book import InstanceSpec

AT_REST_CORES: Final = Decimal("0.25")
AT_REST_GPUS: Final = Decimal("0.05")
"""What a machine without work uses at most, ours: a server that waits, its health checks, its agents."""
BEYOND: Final = "more than its machine has"
_A_LITTLE: Final = Decimal("1.05")
"""How far a percentage may lie beyond all of it: rounded, and sampled at its end."""
_APART: Final = Decimal("0.25")
"""How far the instances that were counted may lie from those that AWS states: a late sample."""
_LAST_HOURS: Final = 3
_CPU: Final = "CPUUtilization"
_GPU: Final = "GPUUtilization"
_MEMORY: Final = "MemoryUtilization"
_GPU_MEMORY: Final = "GPUMemoryUtilization"


Spans: TypeAlias = tuple[ConfigurationSpan, ...]


class Host:
    """The machine of one variant."""

    def __init__(self, of: ObservedEndpoint, described: EndpointVariant) -> None:
        self.of = of
        self.variant = variant = described.variant_name
        self.present = described.current_instance_count
        """How many instances there are now, as AWS states it."""
        self.least, self.most = of.bounds_of(described)
        self.dimensions: Mapping[str, str] = {"EndpointName": of.name, "VariantName": variant}

    @property
    def scales(self) -> bool:
        """Whether something changes how many instances there are, or may, as nobody was told."""
        return self.most is not None or bool(self.of.account.scaling_faults)

    @cached_property
    def line(self) -> Timeline:
        """When it ran on what."""
        return timeline.of(self.of.account, self.of.endpoint, self.variant, self.of.measured.window)

    def _values(self, metric: str, statistic: Statistic = "Maximum") -> MeasuredValues:
        return self.of.measured.values(ENDPOINTS, metric, self.dimensions, statistic)

    def _spec(self, span: ConfigurationSpan) -> InstanceSpec | None:
        return None if span.instance_type is None else self.of.specs(span.instance_type)

    @cached_property
    def _alike(self) -> list[Spans]:
        """The spans of the last update, and before it those of one type together: a model may be updated every day."""
        earlier: dict[str | None, list[ConfigurationSpan]] = {}
        for span in self.line.spans[:-1]:
            earlier.setdefault(span.instance_type, []).append(span)
        return [*map(tuple, earlier.values()), *([self.line.spans[-1:]] if self.line.spans else [])]

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        """What was used on each machine; nothing where nobody knows of what."""
        return tuple(map(self._segment, self._alike))

    def _segment(self, spans: Spans) -> Segment:
        spec, start, end = self._spec(spans[-1]), spans[0].start, spans[-1].end
        if spec is None:
            return Segment(start=start, end=end, instance_type=spans[-1].instance_type)
        return Segment(
            start=start,
            end=end,
            instance_type=spec.instance_type,
            cpu_cores=self._used(spans, _CPU, Decimal(1), of_all=Decimal(spec.vcpus)),
            memory_gib=self._used(spans, _MEMORY, spec.memory_gib, of_all=spec.memory_gib),
            gpus=self._used(spans, _GPU, Decimal(bool(spec.accelerators)), of_all=Decimal(spec.accelerators)),
            gpu_memory_gib=self._used(spans, _GPU_MEMORY, spec.each_accelerator_gib, of_all=spec.accelerators_gib),
            disk_percent=self._used(spans, "DiskUtilization", Decimal(100), of_all=Decimal(100)),
        )

    def _used(self, spans: Spans, metric: str, of_each: Decimal, *, of_all: Decimal) -> Distribution | None:
        """Percent as an amount: 260 % of cores are 2.6 of them, 22 % of 16 GiB are 3.52; of no GPUs there is none."""
        percent, whole = self._values(metric), of_each
        if not percent:
            percent, whole = self._values(f"{metric}Normalized"), of_all
        length = timedelta(seconds=self.of.measured.window.resolution)
        held = {
            time: value * whole / 100
            for time, value in percent.items()
            if any(self.line.holds(span, time, length) for span in spans)
        }
        return distribution(held) if whole else None

    def _counted(self, metric: str, statistic: Statistic = "Maximum") -> MeasuredValues:
        """Cores or GPUs of the hottest instance by hour."""
        by_hour: MeasuredValues = {}
        for time, value in self._values(metric, statistic).items():
            hour = hour_of(time)
            by_hour[hour] = max(by_hour.get(hour, value / 100), value / 100)
        return by_hour

    def cpu_profile(self) -> Profile | None:
        """An ordinary week of cores: the mean of all instances, and the most of the hottest."""
        return profile(self._counted(_CPU), self._counted(_CPU, "Average") or None)

    def gpu_profile(self) -> Profile | None:
        """An ordinary week of GPUs."""
        return profile(self._counted(_GPU), self._counted(_GPU, "Average") or None)

    def working(self) -> Iterator[datetime]:
        """Hours in which the machine did more than wait."""
        for metric, rest in ((_CPU, AT_REST_CORES), (_GPU, AT_REST_GPUS)):
            yield from (hour for hour, value in self._counted(metric).items() if value > rest)

    @property
    def is_watched(self) -> bool:
        """Whether its CPU was answered for: an hour without a datapoint had no machine, one that is forbidden may have.

        An instance that stands and never published is not at rest: nobody knows what it does.
        """
        return self.present == 0 or (self._is_answered and bool(self._values(_CPU)))

    @cached_property
    def _is_answered(self) -> bool:
        """Whether each hour of its CPU was answered for, be it that there is nothing."""
        found = self.of.measured.series(ENDPOINTS, _CPU, self.dimensions, "Maximum")
        if found is None or found.status != "Complete":
            return False
        return all(found.covered_from <= hour and hour + HOUR <= found.covered_to for hour in self.of.measured.hours())

    # Instances -------------------------------------------------------------------------------------------------------

    @cached_property
    def counts(self) -> MeasuredValues:
        """Instances by hour, of the samples that each of them publishes: 120 in an hour, one a minute, are two.

        Hours of an update are left out, in which two fleets publish. Empty where the last hours contradict what AWS
        states of this moment and nothing explains it: a guess at how often samples come is no count.
        """
        counted: MeasuredValues = {}
        for metric in (_CPU, f"{_CPU}Normalized", _MEMORY):
            if not counted:
                counted = self._samples(metric)
        last = sorted(counted)[-_LAST_HOURS:]
        if not last or last[-1] < max(self.of.measured.hours(), default=last[-1]) or self.present is None:
            return counted
        is_so = self._has_changed_since(last[0]) or any(self._may_be(counted[hour]) for hour in last)
        return counted if is_so else {}

    def _has_changed_since(self, hour: datetime) -> bool:
        """Whether AWS was told another number since: none at all is no matter of how often samples come."""
        return self.present == 0 or (self.of.endpoint.last_modified_time or hour) > hour

    def _may_be(self, count: Decimal) -> bool:
        """Whether so many may have run a few hours ago: as many as now, or any number that scaling allows."""
        least = most = self.present or 0
        if self.scales and self.of.config is not None:  # else how often samples come is a guess
            if self.most is None:
                return True
            least, most = min(self.least or 0, least), max(self.most, most)
        return least - _APART * max(least, 1) <= count <= most + _APART * max(most, 1)

    def _samples(self, metric: str) -> MeasuredValues:
        length = timedelta(seconds=self.of.measured.window.resolution)
        by_hour: MeasuredValues = {}
        for time, samples in self._values(metric, "SampleCount").items():
            span = next((one for one in self.line.spans if self.line.holds(one, time, length)), None)
            if span is not None:
                hour = hour_of(time)
                by_hour[hour] = by_hour.get(hour, Decimal(0)) + samples * span.frequency_s / 3600
        return by_hour

    @property
    def _rests_uncounted(self) -> bool:
        """Whether no instance ran in an hour that was not counted: those of an asynchronous endpoint come and go."""
        return self.of.mode == "async" and (bool(self.counts) or (self.present == 0 and self._is_answered))

    def instances(self) -> Instances | None:
        """How many ran; of an asynchronous endpoint an hour without a sample is one without an instance."""
        counts = dict(self.counts)
        if self._rests_uncounted:
            counts = {hour: counts.get(hour, Decimal(0)) for hour in self.of.measured.hours()}
        if not counts:
            return None
        return Instances(
            mean=rounded_up(sum(counts.values(), Decimal(0)) / len(counts)),
            minimum=rounded_up(min(counts.values())),
            maximum=rounded_up(max(counts.values())),
            hours=len(counts),
            hours_at_zero=sum(1 for count in counts.values() if not count),
            profile=profile(counts) if min(counts.values()) != max(counts.values()) else None,
        )

    def instance_hours(self, since: datetime) -> Decimal | None:
        """What ran from then to the end of the window; None where an hour of it is not known."""
        total = Decimal(0)
        for hour in self.of.measured.hours():
            if hour < since:
                continue
            ran = self._ran(hour)
            if ran is None:
                return None
            if not total and hour - since < HOUR and hour != since:  # the rest of the hour in which it began
                total += Decimal(int((hour - since).total_seconds())) / 3600 * ran
            total += ran
        return plain(total)

    def _ran(self, hour: datetime) -> Decimal | None:
        """The instances of an hour: that was not counted, as many as before it, or as ever where nothing scales."""
        if hour in self.counts:
            return self.counts[hour]
        if self._rests_uncounted:
            return Decimal(0)
        if not self.counts:
            return Decimal(self.present) if self.present and not self.scales else None
        hours = self._counted_hours
        return self.counts[hours[max(bisect_left(hours, hour) - 1, 0)]]

    @cached_property
    def _counted_hours(self) -> list[datetime]:
        return sorted(self.counts)

    def hours_at(self, *, most: bool) -> int | None:
        """Hours at the least or the most instances; None where nothing scales, or nothing was counted."""
        bound = self.most if most else self.least
        if bound is None or not self.counts:
            return None
        return sum(1 for count in self.counts.values() if (count >= bound if most else count <= bound))

    # What is missing -------------------------------------------------------------------------------------------------

    def gaps(self) -> Iterator[Gap]:
        """Host metrics that are not there, spans of which nobody knows the machine, and what contradicts it."""
        for *_, span in self._alike:
            if self._spec(span) is None:
                name = span.instance_type
                why = f"no table has {name}" if name is not None else _why_no_type(span)
                yield self.of.gap("instance_type", f"until {span.end:%Y-%m-%d %H:%M}: {why}", self.variant)
        yield from self._beyond()
        if self.line.is_assumed:
            why = "taken to have followed its configuration: scaling has moved LastModifiedTime since"
            yield self.of.gap("update", why, self.variant)
        if self._samples(_CPU) and not self.counts:
            yield self.of.gap("SampleCount", "contradicts the present number of instances", self.variant)
        yield from self._of_metrics() if self.of.mode != "async" else self._of_machines_that_come_and_go()

    def _beyond(self) -> Iterator[Gap]:
        """What no machine of the type can have used: 900 % of eight cores are those of another."""
        for spans, segment in zip(self._alike, self.segments, strict=True):
            spec = self._spec(spans[-1])
            if spec is None:
                continue
            for metric, used, whole in (
                (_CPU, segment.cpu_cores, Decimal(spec.vcpus)),
                (_MEMORY, segment.memory_gib, spec.memory_gib),
                (_GPU, segment.gpus, Decimal(spec.accelerators)),
                (_GPU_MEMORY, segment.gpu_memory_gib, spec.accelerators_gib),
            ):
                if used is not None and used.maximum > _A_LITTLE * whole:
                    share = f"{used.maximum / whole * 100:.0f} % of {spec.instance_type}"
                    yield self.of.gap(metric, f"{share}, {BEYOND}", self.variant)

    def _of_metrics(self) -> Iterator[Gap]:
        whole = self.of.measured.hours_in_all
        for metric in self._expected():
            own = self._either(metric)
            if not own:
                yield self._why_not(metric)
            elif len({hour_of(time) for time in own}) < whole:
                yield self.of.gap(metric, f"{len({hour_of(time) for time in own})} of {whole} hours", self.variant)

    def _of_machines_that_come_and_go(self) -> Iterator[Gap]:
        """What was not answered: at 0 instances there is no machine, and nothing to measure; one has all or none."""
        for metric in self._expected() if self.present else ():
            gap = self._why_not(metric)
            if not self._either(metric) and (gap.reason != NO_DATAPOINTS or self._values(_CPU)):
                yield gap
            elif metric == _CPU and not self.is_watched:
                yield self.of.gap(metric, "not answered for the whole window", self.variant)
        if self.present == 0 and not self._is_answered:
            yield self._why_not(_CPU)

    def _expected(self) -> tuple[str, ...]:
        spec = self._spec(self.line.spans[-1]) if self.line.spans else None
        has_gpus = spec is not None and spec.accelerator_kind == "gpu"
        return (_CPU, _MEMORY, *((_GPU, _GPU_MEMORY) if has_gpus else ()))

    def _either(self, metric: str) -> MeasuredValues:
        return self._values(metric) or self._values(f"{metric}Normalized")

    def _why_not(self, metric: str) -> Gap:
        return self.of.measured.why_not(f"{self.of.name}/{self.variant}", ENDPOINTS, metric, self.dimensions)


def _why_no_type(span: ConfigurationSpan) -> str:
    pools = () if span.variant is None else span.variant.instance_pools
    if not pools:
        return "its configuration is gone"
    types = ", ".join(sorted({pool.instance_type for pool in pools}))
    return f"it has several types ({types}), and a percentage of one is none of another"
