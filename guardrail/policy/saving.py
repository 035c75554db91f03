"""What a violation costs a month, and how that was worked out.

Every rule prices what is declared, from the estimate; none guesses traffic. Where only usage decides there is no
amount, and where a price or a number is missing there is its reason: never a zero, never a neighbour's price.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Literal, TypeAlias

from msgspec import Struct

from guardrail.cost.base import CostComponent, Quantity
from guardrail.model import InstanceVariant, ScalableTarget, ServerlessVariant, Unknown
from guardrail.money import HOURS_PER_MONTH, ZERO, plain, two_decimals
from guardrail.policy.alternative import cheapest, next_generation
from guardrail.policy.getters import SENSITIVE_TYPE
from guardrail.policy.policy import SavingRule, Value
from guardrail.policy.subject import Subject

Basis: TypeAlias = Literal["upper-bound", "exact"]


class Saving(Struct, frozen=True, kw_only=True):
    """USD a month, never negative."""

    usd: Decimal
    basis: Basis
    """ "upper-bound" where it is the most that can be saved, "exact" where it is that much."""
    working: str
    """The arithmetic, as it can stand in brackets."""
    estimated: bool = False
    """Whether it rests on an estimated price."""


class _Unit(Struct, frozen=True):
    """What one instance of a variant costs a month."""

    instance: Decimal
    volume: Decimal
    estimated: bool


def saving_of(rule: SavingRule | None, subject: Subject, parameters: Mapping[str, Value]) -> Saving | Unknown | None:
    """The saving of a violation of a policy with that rule; None where no money is at stake or only usage decides."""
    if rule is None or not _has_price(rule, subject):
        return None
    saving = _RULES[rule](subject, parameters)
    return None if isinstance(saving, Saving) and saving.usd <= 0 else saving


def _kept_instances(subject: Subject, _: Mapping[str, Value]) -> Saving | Unknown | None:
    """The instances that stay while there is nothing to do: the least minimum, or all where nothing scales."""
    target = subject.target
    if isinstance(target, ScalableTarget):
        least = _least_minimum(target)
        return least if isinstance(least, Unknown) else _instances(subject, Decimal(least))
    variant = subject.variant
    if target is not None or not isinstance(variant, InstanceVariant):
        return Unknown("what scales is not known")
    count = variant.initial_instance_count
    return count if isinstance(count, Unknown) else _instances(subject, Decimal(count))


def _least_minimum(target: ScalableTarget) -> int | Unknown:
    """The least minimum that lasts: once a schedule sets minima, only those; the target's own is gone after one run."""
    if isinstance(target.scheduled_actions, Unknown):
        return target.scheduled_actions
    scheduled = [action.min_capacity for action in target.scheduled_actions if action.min_capacity is not None]
    minima = scheduled or [target.min_capacity]
    unknown = next((minimum for minimum in minima if isinstance(minimum, Unknown)), None)
    return unknown or min(minimum for minimum in minima if isinstance(minimum, int))


def _instances_above_one(subject: Subject, _: Mapping[str, Value]) -> Saving | Unknown | None:
    """All instances but the one that a real-time variant keeps; none where its type cannot scale."""
    if subject.is_burstable():
        return None
    count = _count(subject, "instance")
    return count if isinstance(count, Unknown) else _instances(subject, _expected(count) - 1)


def _instances_above_minimum(subject: Subject, _: Mapping[str, Value]) -> Saving | Unknown | None:
    """The instances that stay after a peak when nothing takes them away."""
    count = _count(subject, "instance")
    return count if isinstance(count, Unknown) else _instances(subject, count.ceiling - count.floor)


def _slots_above_one(subject: Subject, _: Mapping[str, Value]) -> Saving | Unknown | None:
    """All warm slots but one."""
    part, count = subject.cost_component("provisioned-warm"), _count(subject, "provisioned-warm")
    if isinstance(count, Unknown):
        return count
    if part is None or part.monthly is None or not _expected(count):
        return Unknown(_why(part))
    slots = _expected(count)
    one = _expected(part.monthly) / slots
    return Saving(
        usd=one * (slots - 1),
        basis="upper-bound",
        working=f"{plain(slots - 1)} × {two_decimals(one)} for slots",
        estimated=part.estimated,
    )


def _whole_variant(subject: Subject, _: Mapping[str, Value]) -> Saving | Unknown | None:
    """Everything that the variant costs."""
    cost = subject.variant_cost()
    if cost is None:
        return Unknown("the variant is not priced")
    monthly = cost.monthly
    usd = monthly.floor if isinstance(monthly.expected, Unknown) else monthly.expected
    if monthly.at_least:
        return Unknown(next((part.reason for part in cost.components if part.reason), "a part of it is not priced"))
    basis: Basis = "exact" if monthly.floor == monthly.ceiling else "upper-bound"
    return Saving(usd=usd, basis=basis, working="its whole cost", estimated=monthly.estimated)


def _cheaper_instance(subject: Subject, parameters: Mapping[str, Value]) -> Saving | Unknown | None:
    """The difference to the cheapest type within the limits."""
    if subject.hides("variant"):
        return SENSITIVE_TYPE
    alternative = cheapest(subject, parameters)
    if alternative is None or isinstance(alternative, Unknown):
        return alternative
    return _difference(subject, alternative.hourly_usd, estimated=alternative.estimated)


def _successor(subject: Subject, parameters: Mapping[str, Value]) -> Saving | Unknown | None:
    """The difference to the successor of the type, where that is cheaper."""
    if subject.hides("variant"):
        return SENSITIVE_TYPE
    alternative = next_generation(subject, parameters)
    if alternative is None or isinstance(alternative, Unknown):
        return alternative
    return _difference(subject, alternative.hourly_usd, estimated=alternative.estimated)


_RULES: dict[SavingRule, Callable[[Subject, Mapping[str, Value]], Saving | Unknown | None]] = {
    "kept-instances": _kept_instances,
    "instances-above-one": _instances_above_one,
    "instances-above-minimum": _instances_above_minimum,
    "slots-above-one": _slots_above_one,
    "whole-variant": _whole_variant,
    "cheaper-instance": _cheaper_instance,
    "successor": _successor,
}


def _has_price(rule: SavingRule, subject: Subject) -> bool:
    """Whether what the rule counts has a price of its own: the copies of an inference component have none."""
    kind = ServerlessVariant if rule == "slots-above-one" else InstanceVariant
    return rule == "whole-variant" or isinstance(subject.variant, kind)


def _difference(subject: Subject, hourly_usd: Decimal, *, estimated: bool) -> Saving | Unknown:
    count, part = _count(subject, "instance"), subject.cost_component("instance")
    if isinstance(count, Unknown):
        return count
    if part is None or part.price is None:
        return Unknown(_why(part))
    instances = _expected(count)
    difference = part.price.usd - hourly_usd
    return Saving(
        usd=difference * HOURS_PER_MONTH * instances,
        basis="exact" if count.floor == count.ceiling else "upper-bound",
        working=f"{plain(instances)} × ({plain(part.price.usd)} - {plain(hourly_usd)}) × 730 h",
        estimated=estimated or part.price.basis == "estimated",
    )


def _instances(subject: Subject, count: Decimal) -> Saving | Unknown | None:
    """What ``count`` instances of the variant cost with their volumes: 1 × (83.95 + 0.56) = 84.51."""
    if count <= 0:
        return None
    unit = _unit(subject)
    if isinstance(unit, Unknown):
        return unit
    number = plain(count.normalize() if count != count.to_integral() else count.quantize(ZERO))
    working = f"{number} × {two_decimals(unit.instance)} for instances"
    if unit.volume:
        working += f", {number} × {two_decimals(unit.volume)} for volumes"
    return Saving(
        usd=count * (unit.instance + unit.volume), basis="upper-bound", working=working, estimated=unit.estimated
    )


def _unit(subject: Subject) -> _Unit | Unknown:
    part = subject.cost_component("instance")
    if part is None or part.price is None:
        return Unknown(_why(part))
    instance = part.price.usd * HOURS_PER_MONTH
    volume = subject.cost_component("volume")
    priced = volume is not None and volume.price is not None and volume.size is not None
    of_volume = volume.price.usd * volume.size if priced else ZERO  # type: ignore[union-attr, operator]
    share = of_volume if priced and volume.estimated else ZERO  # type: ignore[union-attr]
    estimated = part.price.basis == "estimated" or share * 100 >= instance + of_volume
    return _Unit(instance=instance, volume=of_volume, estimated=estimated)


def _count(subject: Subject, kind: str) -> Quantity | Unknown:
    part = subject.cost_component(kind)
    return part.count if part is not None and part.count is not None else Unknown(_why(part))


def _why(part: CostComponent | None) -> str:
    return (part.reason if part else None) or "it is not priced"


def _expected(quantity: Quantity) -> Decimal:
    return quantity.floor if isinstance(quantity.expected, Unknown) else quantity.expected
