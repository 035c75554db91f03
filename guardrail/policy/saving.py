"""What a violation costs in the period of the estimate, and how that was worked out.

Every rule prices what is declared, from the estimate; none guesses traffic. Where only usage decides there is no
amount, and where a price or a number is missing there is its reason: never a zero, never a neighbour's price.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec import Struct

from guardrail.cost.base import CostComponent, MonthlyQuantity
from guardrail.model import InstanceVariant, ScalableTarget, ServerlessVariant, Unknown
from guardrail.money import HOURS_PER_MONTH, ZERO, plain, two_decimals
from guardrail.policy.alternative import cheapest, next_generation
from guardrail.policy.base import SavingBasis
from guardrail.policy.getters import SENSITIVE_TYPE
from guardrail.policy.observed import observation
from guardrail.policy.policy import SavingRule, Value
from guardrail.policy.subject import Subject
from guardrail.prices import usage_types
from guardrail.prices.base import Price
from guardrail.prices.rates import Rates

if TYPE_CHECKING:
    from guardrail.cost.alternatives import PricedType

ONE = Decimal(1)
_EXACT = Decimal("0.000001")
"""Rounds away what dividing by 730 leaves."""
_SHOWN = Decimal("0.0001")


class Saving(Struct, frozen=True, kw_only=True):
    """USD a period, which is a month unless somebody asks for another; never negative."""

    usd: Decimal
    basis: SavingBasis
    """ "upper-bound" where it is the most that can be saved, "with-usage" where it is what can be expected with the
    usage that is given, "exact" where it is that much."""
    working: str
    """The arithmetic, as it can stand in brackets."""
    estimated: bool = False
    """Whether it rests on an estimated price."""


class _Unit(Struct, frozen=True):
    """What one instance of a variant costs: USD an hour, and USD a period for its volume."""

    hourly: Decimal
    volume: Decimal
    estimated: bool


def saving_of(rule: SavingRule | None, subject: Subject, parameters: Mapping[str, Value]) -> Saving | Unknown | None:
    """The saving of a violation of a policy with that rule; None where no money is at stake or only usage decides.

    A configuration that nothing uses costs nothing, so there is nothing to save on it.
    """
    if rule is None or not _has_price(rule, subject) or _is_unattached(subject):
        return None
    saving = _RULES[rule](subject, parameters)
    return None if isinstance(saving, Saving) and saving.usd <= 0 else saving


def _is_unattached(subject: Subject) -> bool:
    return subject.endpoint is not None and subject.endpoint.deployed == "no"


def _kept_instances(subject: Subject, _: Mapping[str, Value]) -> Saving | Unknown | None:
    """The instances that stay while there is nothing to do: the least that is ever reached.

    With usage, those of the expected ones that have nothing to do: 770 instance-hours of which 80 are work leave 690.
    """
    part, target = subject.cost_component("instance"), subject.target
    if part is None or part.count is None:
        return Unknown(_why(part))
    if part.demand is not None:
        return _instances(subject, _expected(part.count) - part.demand, "with-usage")
    unknown = target if isinstance(target, Unknown) else None
    if isinstance(target, ScalableTarget):
        actions = target.scheduled_actions
        minima = () if isinstance(actions, Unknown) else [action.min_capacity for action in actions]
        bounds = (actions, target.min_capacity, *minima)
        unknown = next((bound for bound in bounds if isinstance(bound, Unknown)), None)
    elif isinstance(subject.variant, InstanceVariant) and isinstance(subject.variant.initial_instance_count, Unknown):
        unknown = subject.variant.initial_instance_count
    return unknown or _instances(subject, part.count.floor)


def _instances_above_one(subject: Subject, _: Mapping[str, Value]) -> Saving | Unknown | None:
    """All instances but the one that a real-time variant keeps; none where its type cannot scale.

    With usage, all but those that the work needs.
    """
    if subject.is_burstable():
        return None
    count = _count(subject, "instance")
    if isinstance(count, Unknown):
        return count
    return _instances(subject, _expected(count) - _needed(subject, "instance"), _basis(subject, "instance"))


def _instances_above_minimum(subject: Subject, _: Mapping[str, Value]) -> Saving | Unknown | None:
    """The instances that stay after a peak when nothing takes them away."""
    count = _count(subject, "instance")
    return count if isinstance(count, Unknown) else _instances(subject, count.ceiling - count.floor)


def _slots_above_one(subject: Subject, _: Mapping[str, Value]) -> Saving | Unknown | None:
    """All warm slots but one; with usage, all but those that the work needs."""
    part, count = subject.cost_component("provisioned-warm"), _count(subject, "provisioned-warm")
    if isinstance(count, Unknown):
        return count
    if part is None or part.monthly is None:
        return Unknown(_why(part))
    slots = _expected(count)
    spare = slots - _needed(subject, "provisioned-warm")
    if spare <= 0:
        return None
    one = _expected(part.monthly) / slots
    return Saving(
        usd=one * spare,
        basis=_basis(subject, "provisioned-warm"),
        working=f"{_share(spare)}{two_decimals(one)} a slot",
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
        return Unknown(next((part.reason for part in cost.lines if part.reason), "a part of it is not priced"))
    basis = _basis(subject, "instance", certain=monthly.floor == monthly.ceiling)
    return Saving(usd=usd, basis=basis, working="its whole cost", estimated=monthly.estimated)


def _cheaper_instance(subject: Subject, parameters: Mapping[str, Value]) -> Saving | Unknown | None:
    """The difference to the cheapest type within the limits."""
    if subject.hides("variant"):
        return SENSITIVE_TYPE
    alternative = cheapest(subject, parameters)
    if alternative is None or isinstance(alternative, Unknown):
        return alternative
    return _difference(subject, alternative)


def _successor(subject: Subject, parameters: Mapping[str, Value]) -> Saving | Unknown | None:
    """The difference to the successor of the type, where that is cheaper."""
    if subject.hides("variant"):
        return SENSITIVE_TYPE
    alternative = next_generation(subject, parameters)
    if alternative is None or isinstance(alternative, Unknown):
        return alternative
    return _difference(subject, alternative)


def _what_fits(subject: Subject, parameters: Mapping[str, Value]) -> Saving | Unknown | None:
    """The difference to the cheapest type that has what was needed, else to fewer instances of the declared one."""
    found = observation(subject, parameters)
    if found is None or found.sizing != "too-large":
        return None
    if subject.hides("variant"):
        return SENSITIVE_TYPE
    if found.saving_usd is None:
        return None
    what = found.recommended_type or f"{found.fewer_instances} of {found.declared_instances} instances"
    return Saving(usd=found.saving_usd, basis="with-usage", working=f"{what}, by evidence of {found.day}")


_RULES: dict[SavingRule, Callable[[Subject, Mapping[str, Value]], Saving | Unknown | None]] = {
    "kept-instances": _kept_instances,
    "instances-above-one": _instances_above_one,
    "instances-above-minimum": _instances_above_minimum,
    "slots-above-one": _slots_above_one,
    "whole-variant": _whole_variant,
    "cheaper-instance": _cheaper_instance,
    "successor": _successor,
    "what-fits": _what_fits,
}


def _has_price(rule: SavingRule, subject: Subject) -> bool:
    """Whether what the rule counts has a price of its own: the copies of an inference component have none."""
    kind = ServerlessVariant if rule == "slots-above-one" else InstanceVariant
    return rule == "whole-variant" or isinstance(subject.variant, kind)


def _difference(subject: Subject, alternative: "PricedType") -> Saving | Unknown:
    """The most that can be saved where the other type has less memory: whether all of it is needed only a test says."""
    count, part = _count(subject, "instance"), subject.cost_component("instance")
    if isinstance(count, Unknown):
        return count
    if part is None or part.price is None:
        return Unknown(_why(part))
    if isinstance(subject.variant, InstanceVariant) and subject.variant.marketplace is True:
        return Unknown("the seller of its AWS Marketplace package prices each instance type of its own")
    instances = _expected(count)
    hourly_usd = alternative.hourly_usd
    difference = part.price.usd - hourly_usd
    limit, volume = _limit(subject), _volume_difference(subject, alternative.instance_type)
    if isinstance(limit, Unknown):
        return limit
    if isinstance(volume, Unknown):
        return volume
    of_volumes = instances * volume * limit / HOURS_PER_MONTH
    working = f"{_share(instances)}({plain(part.price.usd)} - {plain(hourly_usd)}) × {plain(limit.normalize())} h"
    if of_volumes:
        what = "its volume" if instances == 1 else "volumes"
        working += f" {'+' if of_volumes > 0 else '-'} {two_decimals(abs(of_volumes))} for {what}"
    return Saving(
        usd=difference * limit * instances + of_volumes,
        basis=_basis(subject, "instance", certain=count.floor == count.ceiling and alternative.loses is None),
        working=working,
        estimated=alternative.estimated or part.price.basis == "estimated",
    )


def _volume_difference(subject: Subject, instance_type: str) -> Decimal | Unknown:
    """USD a month that the volume of one instance costs less on another type, which may have a disk of its own."""
    variant, world = subject.variant, subject.world
    endpoint = subject.endpoint
    if not isinstance(variant, InstanceVariant) or world is None or endpoint is None:
        return ZERO
    rates = Rates(world.prices)
    sizes = [rates.volume(each, variant) for each in (variant.types[0], instance_type)]
    if sizes[0] == sizes[1]:
        return ZERO
    unknown = next((size.reason for size in sizes if size is not None and size.gb is None), None)
    if unknown is not None or isinstance(endpoint.region, Unknown):
        return Unknown(unknown or "its region is unknown")
    price = world.prices.price(endpoint.region, usage_types.VOLUME)
    if not isinstance(price, Price):
        return Unknown(price.reason)
    before, after = (ZERO if size is None or size.gb is None else size.gb for size in sizes)
    return (before - after) * price.usd


def _instances(subject: Subject, count: Decimal, basis: SavingBasis = "upper-bound") -> Saving | Unknown | None:
    """What ``count`` instances of the variant cost with their volumes: 0.115 × 730 h + 0.56 = 84.51."""
    if count <= 0:
        return None
    unit, limit = _unit(subject), _limit(subject)
    if isinstance(unit, Unknown):
        return unit
    if isinstance(limit, Unknown):
        return limit
    period = subject.period.hours
    if limit != period:  # of a shadow test, counted in periods, so that each is hours of one instance
        count = count * limit / period
    hours = _hours(count, period)
    if hours is None:
        working = f"{_share(count)}{plain(unit.hourly)} × {plain(period)} h"
    else:
        working = f"{plain(hours)} h × {plain(unit.hourly)}"
    if unit.volume:
        times = _share(count) if hours is None else f"{plain(hours)} of {plain(period)} h × "
        working += f" + {times}{two_decimals(unit.volume)} for {'its volume' if count == 1 else 'volumes'}"
    return Saving(
        usd=count * (unit.hourly * period + unit.volume),
        basis=basis,
        working=working,
        estimated=unit.estimated,
    )


def _limit(subject: Subject) -> Decimal | Unknown:
    """For how many hours of the period the variant is there."""
    limit = subject.variant.monthly_hours if isinstance(subject.variant, InstanceVariant) else None
    if limit is None or isinstance(limit, Unknown):
        return limit or subject.period.hours
    return min(limit, subject.period.hours)


def _hours(count: Decimal, period: Decimal) -> Decimal | None:
    """The hours of a period that a part of an instance runs, where they are whole ones; None for whole instances."""
    if count == count.to_integral():
        return None
    hours = (count * period).quantize(_EXACT)
    return hours.quantize(ZERO) if hours == hours.to_integral() else None


def _share(count: Decimal) -> str:
    """``3 × ``; nothing for one; at most four decimals, which is as much as anybody checks."""
    if count == 1:
        return ""
    return f"{plain(count.quantize(_SHOWN).normalize())} × "


def _needed(subject: Subject, kind: str) -> Decimal:
    """How many instances, or slots, the work needs: at least one."""
    part = subject.cost_component(kind)
    demand = part.demand if part else None
    return ONE if demand is None else max(demand, ONE)


def _basis(subject: Subject, kind: str, *, certain: bool = False) -> SavingBasis:
    """How sure an amount is that rests on the expected count."""
    if certain:
        return "exact"
    part = subject.cost_component(kind)
    return "upper-bound" if part is None or part.demand is None else "with-usage"


def _unit(subject: Subject) -> _Unit | Unknown:
    part = subject.cost_component("instance")
    if part is None or part.price is None:
        return Unknown(_why(part))
    hourly = part.price.usd + _software_per_hour(subject)
    volume = subject.cost_component("volume")
    priced = volume is not None and volume.price is not None and volume.size is not None
    months = subject.period.hours / HOURS_PER_MONTH
    of_volume = volume.price.usd * volume.size * months if priced else ZERO  # type: ignore[union-attr, operator]
    share = of_volume if priced and volume.estimated else ZERO  # type: ignore[union-attr]
    estimated = part.price.basis == "estimated" or share * 100 >= hourly * subject.period.hours + of_volume
    return _Unit(hourly=hourly, volume=of_volume, estimated=estimated)


def _software_per_hour(subject: Subject) -> Decimal:
    """The fee of a Marketplace package per instance and hour, as far as usage tells it."""
    fee = subject.cost_component("software")
    if fee is None or fee.monthly is None or fee.quantity is None or not fee.quantity.ceiling:
        return ZERO
    return fee.monthly.ceiling / fee.quantity.ceiling


def _count(subject: Subject, kind: str) -> MonthlyQuantity | Unknown:
    """How many there are; Unknown where the estimate knows the least of them only."""
    part = subject.cost_component(kind)
    if part is None or part.count is None:
        return Unknown(_why(part))
    initial = getattr(subject.variant, "initial_instance_count", None)
    return initial if isinstance(initial, Unknown) and part.demand is None else part.count


def _why(part: CostComponent | None) -> str:
    return (part.reason if part else None) or "it is not priced"


def _expected(quantity: MonthlyQuantity) -> Decimal:
    return quantity.floor if isinstance(quantity.expected, Unknown) else quantity.expected
