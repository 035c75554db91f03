"""Which machine a variant ran on, and when: percentages of a host metric belong to the machine of their hour.

DescribeEndpoint names the present configuration alone. Earlier ones are those that still exist under a name of the same
stem, with the same variants, and that no other endpoint uses. When an update began and ended is known only within
bounds, in which both fleets may publish: hours that lie there belong to no machine.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from guardrail.evidence.account import (
    Account,
    ConfigVariant,
    EndpointConfig,
    EndpointDescription,
    stem,
    variant_resource,
)
from guardrail.evidence.base import Window

LONGEST_UPDATE: Final = timedelta(hours=8)
"""``MaximumExecutionTimeoutInSeconds`` of a deployment is 28,800 at most (API, BlueGreenUpdatePolicy)."""


class ConfigurationSpan(Struct, frozen=True, kw_only=True):
    """A time in which one configuration ran; ``variant`` is None where it is gone."""

    start: datetime
    end: datetime
    variant: ConfigVariant | None
    frequency_s: int

    @property
    def instance_type(self) -> str | None:
        """Its only type; None where that is not known, or there are several."""
        return None if self.variant is None else type_of(self.variant)


class Timeline(Struct, frozen=True, kw_only=True):
    """The spans of a variant in the window, and what lies between two of them."""

    spans: tuple[ConfigurationSpan, ...]
    between: tuple[tuple[datetime, datetime], ...] = ()
    """Times in which an update was under way, or may have been."""
    is_assumed: bool = False
    """Whether the last update is taken to have followed its configuration: scaling has moved LastModifiedTime since."""

    def holds(self, span: ConfigurationSpan, hour: datetime, length: timedelta) -> bool:
        """Whether a period lies wholly in a span, and in no update."""
        end = hour + length
        inside = span.start <= hour and end <= span.end
        return inside and not any(hour < until and since < end for since, until in self.between)


def type_of(variant: ConfigVariant) -> str | None:
    """The only instance type of a variant; None where it has several, or none."""
    if not variant.instance_pools:
        return variant.instance_type
    types = {pool.instance_type for pool in variant.instance_pools}
    return types.pop() if len(types) == 1 else None


def of(account: Account, endpoint: EndpointDescription, name: str, window: Window) -> Timeline:
    """The timeline of one variant within the window, from the creation of its endpoint on."""
    start, end = max(window.start, endpoint.creation_time), max(window.end, endpoint.creation_time)
    present = account.config_of(endpoint)
    current = None if present is None else present.variant(name)
    frequency = present.frequency_s if present is not None else 60
    updated = _updated(account, endpoint, present)
    if updated is None or updated[1] <= start:
        return Timeline(spans=(ConfigurationSpan(start=start, end=end, variant=current, frequency_s=frequency),))
    began, ended = updated
    is_assumed = ended < (endpoint.last_modified_time or ended)
    earlier = [] if present is None else _earlier(account, endpoint, present)
    spans, between = _past(earlier, name, start, began, ended)
    spans.append(
        ConfigurationSpan(start=max(start, ended), end=max(end, ended), variant=current, frequency_s=frequency)
    )
    return Timeline(spans=tuple(one for one in spans if one.start < one.end), between=between, is_assumed=is_assumed)


def _updated(
    account: Account, endpoint: EndpointDescription, present: EndpointConfig | None
) -> tuple[datetime, datetime] | None:
    """The bounds within which the present configuration came into use; None where it was there from the beginning.

    No update begins before its configuration exists, and none ends after LastModifiedTime. Scaling moves that time
    too: of what scales, an update is taken to follow its configuration.
    """
    modified = endpoint.last_modified_time or endpoint.creation_time
    if present is None or modified <= endpoint.creation_time:
        return None
    if present.creation_time <= endpoint.creation_time:  # it went back to the configuration that it began with
        made = (each.creation_time for each in _related(account, endpoint, present))
        tried = [time for time in made if endpoint.creation_time < time <= modified]
        return (min(tried), modified) if tried else None
    if _is_moved_by_scaling(account, endpoint):
        return present.creation_time, min(modified, present.creation_time + LONGEST_UPDATE)
    return max(present.creation_time, modified - LONGEST_UPDATE), modified


def _is_moved_by_scaling(account: Account, endpoint: EndpointDescription) -> bool:
    managed = any(each.managed_instance_scaling is not None for each in endpoint.production_variants)
    names = (variant_resource(endpoint.endpoint_name, each.variant_name) for each in endpoint.variants)
    return managed or any(account.targets_of(name) for name in names)


def _related(account: Account, endpoint: EndpointDescription, present: EndpointConfig) -> list[EndpointConfig]:
    """Other configurations that it may have used: with its variants, used by no other, and called like its own.

    ``score-1`` is called like ``score-2``, and of the endpoint score so are ``score-blue`` and ``score-green``.
    """
    others = [each.endpoint_name for each in account.endpoints if each is not endpoint]

    def is_of_it(name: str) -> bool:
        own = endpoint.endpoint_name
        return name.startswith(own) and not any(len(each) > len(own) and name.startswith(each) for each in others)

    elsewhere = {each.endpoint_config_name for each in account.endpoints if each is not endpoint}
    prefix, names = stem(present.endpoint_config_name), _names(present)
    return [
        each
        for each in account.endpoint_configs
        if each.endpoint_config_name not in elsewhere
        and each.endpoint_config_name != present.endpoint_config_name
        and (
            stem(each.endpoint_config_name) == prefix
            or (is_of_it(each.endpoint_config_name) and is_of_it(present.endpoint_config_name))
        )
        and _names(each) == names
    ]


def _names(config: EndpointConfig) -> set[str]:
    return {each.variant_name for each in config.variants}


def _earlier(account: Account, endpoint: EndpointDescription, present: EndpointConfig) -> list[EndpointConfig]:
    """Configurations from before the last update, the oldest first."""
    if present.creation_time <= endpoint.creation_time:
        return [present]  # it began with this one, and has gone back to it
    found = [each for each in _related(account, endpoint, present) if each.creation_time < present.creation_time]
    return sorted(found, key=lambda each: each.creation_time)


def _past(
    earlier: Sequence[EndpointConfig], name: str, start: datetime, began: datetime, ended: datetime
) -> tuple[list[ConfigurationSpan], tuple[tuple[datetime, datetime], ...]]:
    """The spans before the last update, and all updates. An earlier configuration is taken to be used once made."""
    first = next((each for each in reversed(earlier) if each.creation_time <= start), None)
    inside = [each for each in earlier if start < each.creation_time < began]
    updates = [(each.creation_time, min(each.creation_time + LONGEST_UPDATE, began)) for each in inside]
    updates.append((began, ended))
    starts = [start, *(until for _, until in updates[:-1])]
    spans = [
        ConfigurationSpan(
            start=since,
            end=until,
            variant=None if config is None else config.variant(name),
            frequency_s=60 if config is None else config.frequency_s,
        )
        for config, since, (_, until) in zip((first, *inside), starts, updates, strict=True)
    ]
    return spans, tuple(updates)
