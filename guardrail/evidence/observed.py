"""One endpoint with all that is known of it: what AWS describes, what CloudWatch counted."""

from collections.abc import Callable
from typing import TypeAlias

from msgspec import Struct

from guardrail.evidence.account import (
    Account,
    ConfigVariant,
    EndpointConfig,
    EndpointDescription,
    EndpointVariant,
    ModelDescription,
    variant_resource,
)
from guardrail.evidence.base import Gap
from guardrail.evidence.bundle import Target
from guardrail.evidence.measured import Measured
from guardrail.evidence.statistics import exact
from guardrail.model import INSTANCE_COUNT, Mode
from guardrail.prices.book import InstanceSpec

Specs: TypeAlias = Callable[[str], InstanceSpec | None]
"""What a type is made of; None where no table has it."""


class ObservedEndpoint(Struct, frozen=True, kw_only=True):
    """One endpoint, its configuration, and its series."""

    account: Account
    endpoint: EndpointDescription
    config: EndpointConfig | None
    """None where it is gone, or was not to be had."""
    measured: Measured
    specs: Specs

    @property
    def name(self) -> str:
        """The endpoint's."""
        return self.endpoint.endpoint_name

    @property
    def mode(self) -> Mode:
        """How it serves; real-time where nothing says otherwise."""
        if self.account.is_async(self.endpoint):
            return "async"
        asked = () if self.config is None else self.config.production_variants
        is_serverless = any(each.current_serverless_config for each in self.endpoint.production_variants)
        return "serverless" if is_serverless or any(each.serverless_config for each in asked) else "realtime"

    def asked_of(self, variant: str) -> ConfigVariant | None:
        """What its configuration asks for of a variant."""
        return None if self.config is None else self.config.variant(variant)

    def model_of(self, asked: ConfigVariant | None) -> ModelDescription | None:
        """The model of a variant; None where it has none, or it is not described."""
        return None if asked is None else self.account.model_of(asked)

    def bounds_of(self, variant: EndpointVariant) -> tuple[int | None, int | None]:
        """The least and the most instances of a variant that scales; None where nothing does."""
        for target in self.account.targets_of(variant_resource(self.name, variant.variant_name)):
            if target.scalable_dimension == INSTANCE_COUNT:
                return target.min_capacity, target.max_capacity
        asked = self.asked_of(variant.variant_name)
        managed = variant.managed_instance_scaling or (None if asked is None else asked.managed_instance_scaling)
        if managed is None or managed.status == "DISABLED":
            return None, None
        return managed.min_instance_count, managed.max_instance_count

    def targets_of(self, variant: str) -> tuple[Target, ...]:
        """What target-tracking policies hold of a variant; an expression of several metrics has no name."""
        found = []
        for policy in self.account.policies_of(variant_resource(self.name, variant)):
            told = policy.target_tracking_scaling_policy_configuration
            if told is None:
                continue
            predefined, own = told.predefined_metric_specification, told.customized_metric_specification
            name = predefined.predefined_metric_type if predefined is not None else own and own.metric_name
            if name:
                found.append(Target(metric=str(name), value=exact(told.target_value)))
        return tuple(found)

    def hosts_components(self, asked: ConfigVariant | None) -> bool:
        """Whether a variant serves through inference components: it names no model itself."""
        if self.account.components_of(self.endpoint):
            return True
        return asked is not None and asked.model_name is None

    def gap(self, metric: str, reason: str, variant: str = "") -> Gap:
        """What is missing of it, or of one of its variants."""
        return Gap(subject=f"{self.name}/{variant}" if variant else self.name, metric=metric, reason=reason)
