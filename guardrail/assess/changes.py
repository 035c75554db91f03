"""What a change does to an endpoint, one difference at a time: the thing before beside the thing after.

Only what bills, scales or serves is compared, in the names of the API that CloudFormation and Terraform share. What a
source marks as sensitive is compared and never told.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from operator import attrgetter
from typing import Any

from msgspec import structs

from guardrail.model import (
    CapacityReservation,
    ChangeSet,
    Endpoint,
    InferenceComponent,
    InstanceVariant,
    Inventory,
    ManagedInstanceScaling,
    ScalableTarget,
    ScheduledAction,
    ServerlessVariant,
    Unknown,
    Variant,
    Workflow,
)
from guardrail.report import Difference, ReportedPart, Told

SENSITIVE = Unknown("sensitive")


def with_same_names(change_set: ChangeSet) -> ChangeSet:
    """What starts transform jobs, called before the change as it is after it, where the same schedule starts it.

    ``Scoring`` that ``Nightly`` starts is ``Scoring (Nightly)`` once ``Weekly`` starts it too, for other jobs. Which of
    two it has become, where both are started by what started it, nobody can tell: then it is gone.
    """
    if change_set.before is None or not change_set.before.workflows:
        return change_set
    return structs.replace(
        change_set,
        before=_called_as(change_set.before, change_set.after),
        possibilities=tuple(
            each if each.before is None else structs.replace(each, before=_called_as(each.before, each.after))
            for each in change_set.possibilities
        ),
    )


def _called_as(before: Inventory, after: Inventory) -> Inventory:
    names = {each.address for each in before.workflows} & {each.address for each in after.workflows}
    old, new = ([each for each in side.workflows if each.address not in names] for side in (before, after))
    by_block: dict[str, list[Workflow]] = {}
    for each in new:
        by_block.setdefault(each.block_address, []).append(each)
    pairs = [(one, other) for one in old for other in by_block.get(one.block_address, ()) if _started_by(one, other)]
    ends = Counter(each.address for pair in pairs for each in pair)
    called = {one.address: other.address for one, other in pairs if ends[one.address] == ends[other.address] == 1}
    if not called:
        return before
    workflows = (structs.replace(each, address=called.get(each.address, each.address)) for each in before.workflows)
    return structs.replace(before, workflows=tuple(sorted(workflows, key=attrgetter("address"))))


def _started_by(one: Workflow, other: Workflow) -> bool:
    """Whether one schedule starts both."""
    starts = ({trigger.address for trigger in each.triggers or ()} for each in (one, other))
    return bool(set.intersection(*starts))


def differences(before: Endpoint | None, after: Endpoint | None) -> tuple[Difference, ...]:
    """Everything that differs between ``before`` and ``after``, in the order of the endpoint's parts.

    One variant ml.m5.large before and ml.m5.12xlarge after gives one difference, of instance_type. Variants are paired
    by name and kind; one that is renamed is gone and new.
    """
    if before == after:
        return ()
    if before is None or after is None:
        return (Difference(part="endpoint", name=None, what="endpoint", before=_parts(before), after=_parts(after)),)
    return (*_of_endpoint(before, after), *_of_variants(before, after), *_of_components(before, after))


def _of_endpoint(before: Endpoint, after: Endpoint) -> Iterator[Difference]:
    fields = ["region", "mode", "data_capture_percent"]
    fields += ["name"] if before.address == after.address else []
    yield from _of_fields("endpoint", None, _values(before, fields), _values(after, fields))
    if before.tags != after.tags:
        yield from _of_tags(before.tags, after.tags)


def _of_tags(before: Mapping[str, Told] | Unknown, after: Mapping[str, Told] | Unknown) -> Iterator[Difference]:
    """Tags decide the environment, so a tag that changes can change every verdict."""
    if isinstance(before, Unknown) or isinstance(after, Unknown):
        texts = [each if isinstance(each, Unknown) else f"{len(each)} tags" for each in (before, after)]
        yield Difference(part="endpoint", name=None, what="tags", before=texts[0], after=texts[1])
        return
    for key in sorted(before.keys() | after.keys()):
        if before.get(key) != after.get(key):
            yield Difference(
                part="endpoint", name=None, what=f"tags.{key}", before=before.get(key), after=after.get(key)
            )


# Variants ------------------------------------------------------------------------------------------------------------


def _of_variants(before: Endpoint, after: Endpoint) -> Iterator[Difference]:
    if isinstance(before.variants, Unknown) or isinstance(after.variants, Unknown):
        if before.variants != after.variants:
            yield Difference(part="endpoint", name=None, what="variants", before=_parts(before), after=_parts(after))
        return
    old, new = _by_key(before.variants), _by_key(after.variants)
    for key in dict.fromkeys((*old, *new)):
        was, will_be = old.get(key), new.get(key)
        if was is None or will_be is None or type(was) is not type(will_be):
            yield Difference(
                part="variant",
                name=_name(will_be or was),
                what="shadow_variant" if key[1] else "variant",
                before=None if was is None else composition(was),
                after=None if will_be is None else composition(will_be),
            )
        elif was != will_be:
            hidden = _hidden(was) | _hidden(will_be)
            yield from _of_fields("variant", _name(will_be), _described(was), _described(will_be), hidden)


def _by_key(variants: tuple[Variant, ...]) -> dict[tuple[str, bool, int], Variant]:
    """By name and kind; variants without a known name, or with one that stands twice, in their order."""
    found: dict[tuple[str, bool, int], Variant] = {}
    for variant in variants:
        name, shadow = _name(variant) or "", variant.shadow
        place = 0
        while (name, shadow, place) in found:
            place += 1
        found[name, shadow, place] = variant
    return found


def _name(thing: Any) -> str | None:
    return thing.name if isinstance(thing.name, str) else None


def _described(variant: Variant) -> dict[str, Told]:
    """What of a variant is compared, by the names of the API in snake case."""
    if isinstance(variant, ServerlessVariant):
        own: dict[str, Any] = _values(variant, ["memory_mib", "max_concurrency", "provisioned_concurrency"])
    else:
        own = {
            "instance_type": _types(variant),
            **_values(variant, ["initial_instance_count", "volume_size_gb", "monthly_hours"]),
            "managed_instance_scaling": _managed(variant.managed_scaling),
            "capacity_reservation": _reserved(variant.capacity_reservation),
        }
    return {**own, **_scaling(variant.scaling), **_values(variant, ["weight", "model_name"])}


_OF_VARIANT = frozenset(
    {"instance_type", "initial_instance_count", "volume_size_gb", "managed_instance_scaling", "monthly_hours"}
    | {"memory_mib", "max_concurrency", "provisioned_concurrency"}
)
_OF_TARGET = frozenset({"min_capacity", "max_capacity", "scaling_policies", "scheduled_actions", "suspended"})


def _hidden(thing: Variant | InferenceComponent) -> frozenset[str]:
    """What of it must not be shown, because its source marks it sensitive."""
    own = _OF_VARIANT if getattr(thing, "sensitive", False) else frozenset[str]()
    target = thing.scaling
    return own | _OF_TARGET | {"scaling"} if isinstance(target, ScalableTarget) and target.sensitive else own


def _types(variant: InstanceVariant) -> Told:
    if not variant.instance_pools:
        return variant.instance_type
    types = [pool.instance_type for pool in variant.instance_pools]
    unknown = next((each for each in types if isinstance(each, Unknown)), None)
    return unknown or " or ".join(str(each) for each in types)


def _managed(scaling: ManagedInstanceScaling | Unknown | None) -> Told:
    if scaling is None or isinstance(scaling, Unknown):
        return scaling
    if scaling.status == "DISABLED":
        return None
    return _range(scaling.min_instance_count, scaling.max_instance_count)


def _reserved(reservation: CapacityReservation | Unknown | None) -> Told:
    if reservation is None or isinstance(reservation, Unknown):
        return reservation
    return reservation.ml_reservation_arn


def _scaling(target: ScalableTarget | Unknown | None) -> dict[str, Told]:
    """Without a target before, its coming is one difference, and so is its going."""
    if target is None or isinstance(target, Unknown):
        return {"scaling": target}
    return {
        "scaling": "autoscaling",
        **_values(target, ["min_capacity", "max_capacity"]),
        "scaling_policies": _count(target.policies, "policy", "policies"),
        "scheduled_actions": _schedules(target.scheduled_actions),
        "suspended": _suspended(target),
    }


def _count(things: tuple[Any, ...] | Unknown, one: str, several: str) -> Told:
    if isinstance(things, Unknown):
        return things
    return f"{len(things)} {one if len(things) == 1 else several}" if things else None


def _schedules(actions: tuple[ScheduledAction, ...] | Unknown) -> Told:
    if isinstance(actions, Unknown):
        return actions
    ranges = (f"{_text(each.schedule)}: {_range(each.min_capacity, each.max_capacity)}" for each in actions)
    return ", ".join(ranges) or None


def _suspended(target: ScalableTarget) -> Told:
    parts = {
        "scaling in": target.dynamic_scaling_in_suspended,
        "scaling out": target.dynamic_scaling_out_suspended,
        "schedules": target.scheduled_scaling_suspended,
    }
    return ", ".join(name for name, value in parts.items() if value is not False) or None


def _range(low: Told, high: Told) -> str:
    """``1 to 4``; a bound that is not set or not known is ``…`` or ``?``."""
    return f"{_text(low)} to {_text(high)}"


def _text(value: object) -> str:
    return "…" if value is None else "?" if isinstance(value, Unknown) else str(value)


# Components ----------------------------------------------------------------------------------------------------------


def _of_components(before: Endpoint, after: Endpoint) -> Iterator[Difference]:
    old, new = before.inference_components, after.inference_components
    if isinstance(old, Unknown) or isinstance(new, Unknown):
        return
    by_address = {each.address: each for each in old}, {each.address: each for each in new}
    for address in sorted(by_address[0].keys() | by_address[1].keys()):
        was, will_be = by_address[0].get(address), by_address[1].get(address)
        if was is None or will_be is None:
            yield Difference(
                part="component",
                name=_name(will_be or was),
                what="inference_component",
                before=None if was is None else _copies(was),
                after=None if will_be is None else _copies(will_be),
            )
        elif was != will_be:
            hidden = _hidden(was) | _hidden(will_be)
            yield from _of_fields("component", _name(will_be), _of_component(was), _of_component(will_be), hidden)


def _of_component(component: InferenceComponent) -> dict[str, Told]:
    return {"copy_count": component.copies, **_scaling(component.scaling)}


def _copies(component: InferenceComponent) -> str:
    return "an adapter" if component.copies is None else f"{_text(component.copies)} × copy"


# Both sides ----------------------------------------------------------------------------------------------------------


def _values(thing: Any, names: list[str]) -> dict[str, Told]:
    return {name: getattr(thing, name) for name in names}


def _of_fields(
    part: ReportedPart,
    name: str | None,
    before: Mapping[str, Told],
    after: Mapping[str, Told],
    hidden: frozenset[str] = frozenset(),
) -> Iterator[Difference]:
    """What differs; of what is sensitive, only that it does. A target that comes or goes is one difference."""
    is_other_target = before.get("scaling") != after.get("scaling")
    for what in dict.fromkeys((*before, *after)):
        was, will_be = before.get(what), after.get(what)
        if was == will_be or (is_other_target and what in _OF_TARGET):
            continue
        if what == "scaling":
            was, will_be = _target(before), _target(after)
        if what in hidden:
            was, will_be = (None if side is None else SENSITIVE for side in (was, will_be))
        yield Difference(part=part, name=name, what=what, before=was, after=will_be)


def _target(values: Mapping[str, Told]) -> Told:
    """``1 to 4`` of a target with these bounds."""
    scaling = values.get("scaling")
    return _range(values["min_capacity"], values["max_capacity"]) if isinstance(scaling, str) else scaling


def composition(variant: Variant) -> str:
    """What a variant consists of: ``2 × ml.c5.4xlarge``, ``serverless, 2,048 MB``."""
    if variant.sensitive:
        return "(sensitive)"
    if isinstance(variant, ServerlessVariant):
        kept = variant.provisioned_concurrency
        slots = "" if kept is None else f", {_text(kept)} slots kept warm"
        return f"serverless, {_text(variant.memory_mib)} MB{slots}"
    return f"{_text(variant.initial_instance_count)} × {_text(_types(variant))}"


def _parts(endpoint: Endpoint | None) -> Told:
    """What an endpoint consists of, variant by variant."""
    if endpoint is None or isinstance(endpoint.variants, Unknown):
        return None if endpoint is None else endpoint.variants  # type: ignore[return-value]
    return ", ".join(map(composition, endpoint.variants)) or "no variant"
