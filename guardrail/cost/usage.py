"""What no plan knows: requests, durations, gigabytes, busy hours. Read from ``guardrail-usage.yml``.

The file has the shape of Infracost's usage files: numbers by resource address, in which ``*`` stands for any text and
``[*]`` for any index, and defaults by resource type. The unit of each number is part of its key.

    version: 0.1
    resource_type_default_usage:
      aws_sagemaker_endpoint:
        request_payload_kb: 4
    resource_usage:
      module.search.aws_sagemaker_endpoint.this[*]:
        monthly_requests: 1000000
        request_duration_ms: 200
        variants:
          main: {average_instances: 2.5}
"""

import os
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TypeVar

from msgspec import Struct, structs

from guardrail import strict_yaml
from guardrail.errors import SettingsError
from guardrail.model import Endpoint, Unknown
from guardrail.money import HOURS_PER_MONTH

_VERSIONS = {"0.1", "1"}

U = TypeVar("U", "EndpointUsage", "VariantUsage")


class VariantUsage(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one variant is used for in a month. None where the file does not say."""

    monthly_requests: Decimal | None = None
    request_duration_ms: Decimal | None = None
    """Mean compute time of a request, in milliseconds."""
    average_instances: Decimal | None = None
    """Mean number of instances while busy, or of the whole month where busy hours are not given."""
    monthly_busy_hours: Decimal | None = None
    """Hours a month, of 730, in which there is work; in the others a variant that scales is at its minimum."""
    average_provisioned_concurrency: Decimal | None = None
    """Mean number of slots kept warm."""


class EndpointUsage(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one endpoint is used for in a month.

    Requests and gigabytes are those of the whole endpoint; duration, instances, busy hours and slots hold for each of
    its variants unless ``variants`` says otherwise for one.
    """

    monthly_requests: Decimal | None = None
    request_duration_ms: Decimal | None = None
    request_payload_kb: Decimal | None = None
    """Mean size of a request, in kilobytes of 1,000 bytes."""
    response_payload_kb: Decimal | None = None
    monthly_data_in_gb: Decimal | None = None
    """Gigabytes sent to it: instead of requests times payload."""
    monthly_data_out_gb: Decimal | None = None
    average_instances: Decimal | None = None
    monthly_busy_hours: Decimal | None = None
    average_provisioned_concurrency: Decimal | None = None
    variants: dict[str, VariantUsage] | None = None

    def of_variant(self, name: str | Unknown) -> VariantUsage:
        """The usage of one variant. Its requests are only those that the file gives for it alone."""
        own = (self.variants or {}).get(name) if isinstance(name, str) else None
        shared = VariantUsage(
            request_duration_ms=self.request_duration_ms,
            average_instances=self.average_instances,
            monthly_busy_hours=self.monthly_busy_hours,
            average_provisioned_concurrency=self.average_provisioned_concurrency,
        )
        return shared if own is None else _filled(own, shared)

    def requests(self) -> Decimal | None:
        """Requests a month of the whole endpoint, else the sum of what its variants say."""
        if self.monthly_requests is not None:
            return self.monthly_requests
        own = [usage.monthly_requests for usage in (self.variants or {}).values() if usage.monthly_requests is not None]
        return sum(own, Decimal(0)) if own else None


NO_VARIANT_USAGE = VariantUsage()
NO_ENDPOINT_USAGE = EndpointUsage()


class _UsageFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    version: str | int | float = "0.1"
    resource_type_default_usage: dict[str, EndpointUsage | None] | None = None
    resource_usage: dict[str, EndpointUsage | None] | None = None


class Usage:
    """The usage of every endpoint, looked up by address; the most specific key wins."""

    def __init__(self, by_address: Mapping[str, EndpointUsage], by_type: Mapping[str, EndpointUsage]) -> None:
        """``by_address`` may hold wildcards; ``by_type`` fills what the entry of an address leaves out."""
        self._exact = {key: usage for key, usage in by_address.items() if "*" not in key}
        self._starred = {key: usage for key, usage in by_address.items() if _only_stars_indexes(key)}
        patterns = sorted((key for key in by_address if "*" in key and key not in self._starred), key=_generality)
        self._patterns = [(key, _compile(key), by_address[key]) for key in patterns]
        self._by_type = by_type
        self._keys = tuple(by_address)
        self._is_empty = not by_address and not by_type

    def of(self, endpoint: Endpoint) -> EndpointUsage:
        """What the endpoint is used for: by its own address, else by that of its configuration."""
        if self._is_empty:
            return NO_ENDPOINT_USAGE
        addresses = [endpoint.address]
        if endpoint.configuration_address is not None:
            addresses.append(endpoint.configuration_address)
        usage = next((found for address in addresses if (found := self._find(address)) is not None), None)
        defaults = next((self._by_type[kind] for kind in map(_type_of, addresses) if kind in self._by_type), None)
        if usage is None or defaults is None:
            return usage or defaults or NO_ENDPOINT_USAGE
        return _filled(usage, defaults)

    def unmatched(self, endpoints: Iterable[Endpoint]) -> tuple[str, ...]:
        """The keys of ``resource_usage`` that belong to none of these endpoints: most often a typo."""
        addresses = {
            address for endpoint in endpoints for address in (endpoint.address, endpoint.configuration_address)
        }
        starred = {_with_stars(address) for address in addresses if address is not None}
        matched = {key for key in self._exact if key in addresses} | {key for key in self._starred if key in starred}
        for key, pattern, _ in self._patterns:
            if any(pattern.fullmatch(address) for address in addresses if address is not None):
                matched.add(key)
        return tuple(key for key in self._keys if key not in matched)

    def _find(self, address: str) -> EndpointUsage | None:
        exact = self._exact.get(address)
        if exact is not None:
            return exact
        if self._starred:
            starred = self._starred.get(_with_stars(address))
            if starred is not None:
                return starred
        return next((usage for _, pattern, usage in self._patterns if pattern.fullmatch(address)), None)


def load(path: str | os.PathLike[str]) -> Usage:
    """The usage file at ``path``.

    Raises `SettingsError`, with the file and the key at fault, where it cannot be read, has a key that does not exist
    ("did you mean"), or a number that is negative or contradicts another one.
    """
    file = strict_yaml.read(path, _UsageFile, error=SettingsError)
    if str(file.version) not in _VERSIONS:
        raise SettingsError(f"{path}: version: {file.version} is not supported", hint="write version: 0.1")
    by_type = _entries(path, "resource_type_default_usage", file.resource_type_default_usage)
    return Usage(_entries(path, "resource_usage", file.resource_usage), by_type)


def _entries(
    path: str | os.PathLike[str], section: str, entries: Mapping[str, EndpointUsage | None] | None
) -> dict[str, EndpointUsage]:
    used = {key: usage for key, usage in (entries or {}).items() if usage is not None}
    for key, usage in used.items():
        problem = _problem(usage)
        if problem is not None:
            raise SettingsError(f"{path}: {section}.{key}.{problem}")
    return used


def _problem(usage: EndpointUsage) -> str | None:
    """What is wrong with the numbers of one entry, as ``key: problem``."""
    variants = usage.variants or {}
    problem = _bad_number(usage)
    for name, variant in variants.items():
        found = _bad_number(variant)
        problem = problem or (f"variants.{name}.{found}" if found else None)
    if problem is not None:
        return problem
    for total, payload in (
        ("monthly_data_in_gb", "request_payload_kb"),
        ("monthly_data_out_gb", "response_payload_kb"),
    ):
        if getattr(usage, total) is not None and getattr(usage, payload) is not None:
            return f"{total}: contradicts {payload}; give one of them"
    own = [variant.monthly_requests for variant in variants.values() if variant.monthly_requests is not None]
    if usage.monthly_requests is not None and sum(own) > usage.monthly_requests:
        return f"monthly_requests: {usage.monthly_requests:f} is less than the {sum(own):f} of its variants"
    return None


def _bad_number(usage: EndpointUsage | VariantUsage) -> str | None:
    for name in usage.__struct_fields__:
        number = getattr(usage, name)
        if not isinstance(number, Decimal):
            continue
        if number < 0:
            return f"{name}: {number:f} is negative"
        if name == "monthly_busy_hours" and number > HOURS_PER_MONTH:
            return f"{name}: {number:f} is more than the {HOURS_PER_MONTH} hours of a month"
    return None


def _filled(usage: U, defaults: U) -> U:
    """``usage`` with what it leaves out taken from ``defaults``."""
    missing = {name: getattr(defaults, name) for name in usage.__struct_fields__ if getattr(usage, name) is None}
    return structs.replace(usage, **missing)


# Addresses -----------------------------------------------------------------------------------------------------------

_INDEX = re.compile(r'\[(?:\d+|"(?:[^"\\]|\\.)*")\]')


def _with_stars(address: str) -> str:
    """The address with every index replaced: ``module.a["x"].b.c[0]`` is ``module.a[*].b.c[*]``."""
    return _INDEX.sub("[*]", address) if "[" in address else address


def _only_stars_indexes(key: str) -> bool:
    """Whether all its indexes are ``[*]`` and it has no other wildcard, so that one look-up finds it."""
    return "*" in key and "*" not in key.replace("[*]", "") and not _INDEX.search(key)


def _generality(key: str) -> tuple[int, int, str]:
    """Sorts the most specific pattern first: the most text, then the fewest wildcards."""
    wildcards = key.count("*")
    return (wildcards - len(key), wildcards, key)


def _compile(key: str) -> re.Pattern[str]:
    return re.compile("(?s:.*)".join(re.escape(part) for part in key.split("*")))


def _type_of(address: str) -> str:
    """The resource type that an address names: ``aws_sagemaker_endpoint``; CloudFormation's addresses name none."""
    parts = _INDEX.sub("", address).split(".")
    if len(parts) > 1 and parts[-2].startswith(("aws_", "awscc_")):
        return parts[-2]
    return "AWS::SageMaker::Endpoint"


NO_USAGE = Usage({}, {})
"""No usage file: what depends on usage shows its unit price and no amount."""
