"""Inference experiments: a shadow variant that an endpoint runs for some days, as CloudFormation and awscc write it.

Sources: SageMaker API reference, CreateInferenceExperiment (without a Schedule, an experiment "automatically starts
immediately upon creation and concludes after 7 days") and InferenceExperimentSchedule ("The maximum duration that you
can set for an inference experiment is 30 days"); documentation of awscc_sagemaker_inference_experiment, which spells
CloudFormation's properties in its own way and changes nothing else, so that both are read here.
"""

import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

from msgspec.structs import replace

from guardrail.model import LONGEST_SHADOW_TEST_HOURS, InstanceVariant, Location, Unknown
from guardrail.sources.base import View, required

UNSCHEDULED_HOURS = Decimal(7 * 24)
"""How long an experiment without a Schedule runs."""

Spelling: TypeAlias = Callable[[str], str]
"""The name of a CloudFormation property in a language of its own."""
Place: TypeAlias = Callable[[View, str], Location | None]

_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")


def as_written(name: str) -> str:
    """CloudFormation's own spelling."""
    return name


def snake_case(name: str) -> str:
    """The spelling of awscc: ``model_variants`` for ``ModelVariants``."""
    return _WORD.sub("_", name).lower()


def shadow_variants(view: View, spell: Spelling, place: Place) -> tuple[InstanceVariant, ...] | Unknown:
    """The shadow variants of an experiment, with the hours for which they run.

    The production variant that an experiment names as well is the endpoint's own, and is billed there.
    """
    config = view.block(spell("ShadowModeConfig"))
    if not isinstance(config, View):
        return config or Unknown(f"{spell('ShadowModeConfig')} is not set")
    shadows = config.blocks(spell("ShadowModelVariants"))
    fleets = view.blocks(spell("ModelVariants"))
    if isinstance(shadows, Unknown):
        return shadows
    if isinstance(fleets, Unknown):
        return fleets
    if not shadows:
        return Unknown(f"{spell('ShadowModelVariants')} is not set")
    source = config.text(spell("SourceModelVariantName"))
    hours = _hours(view, spell)
    schedule_is_sensitive = view.is_sensitive(spell("Schedule"))
    found = []
    for shadow in shadows:
        fleet = _fleet_of(shadow.text(spell("ShadowModelVariantName")), source, fleets, spell)
        variant = _instances(fleet, spell, place)
        found.append(
            replace(
                variant,
                name=shadow.shown(spell("ShadowModelVariantName")) or variant.name,
                monthly_hours=hours,
                sensitive=variant.sensitive or schedule_is_sensitive,
            )
        )
    return tuple(found)


def _fleet_of(
    name: str | Unknown | None, source: str | Unknown | None, fleets: list[View], spell: Spelling
) -> View | None:
    """Which of the ModelVariants is the shadow: the one of its name; of an unknown name, the one beside the source."""
    names = [fleet.text(spell("VariantName")) for fleet in fleets]
    if isinstance(name, str):
        return fleets[names.index(name)] if name in names else None
    if not isinstance(source, str) or len(fleets) != 2 or names.count(source) != 1:  # noqa: PLR2004 - source and shadow
        return None
    return fleets[1 - names.index(source)]


def _instances(fleet: View | None, spell: Spelling, place: Place) -> InstanceVariant:
    """A shadow variant on the instances that one of the ModelVariants tells; on unknown ones where none does."""
    config = _infrastructure(fleet, spell)
    instance_type: str | Unknown | None
    count: int | Unknown | None
    if isinstance(config, Unknown):
        instance_type = count = config
    else:
        instance_type, count = config.text(spell("InstanceType")), config.integer(spell("InstanceCount"))
    return InstanceVariant(
        name=Unknown(f"{spell('ShadowModelVariantName')} is not set"),
        shadow=True,
        instance_type=required(instance_type, spell("InstanceType")),
        initial_instance_count=required(count, spell("InstanceCount")),
        model_name=fleet.shown(spell("ModelName")) if fleet else None,
        sensitive=fleet is not None and fleet.is_sensitive(spell("InfrastructureConfig")),
        location=None if isinstance(config, Unknown) else place(config, spell("InstanceType")),
    )


def _infrastructure(fleet: View | None, spell: Spelling) -> View | Unknown:
    missing = Unknown(f"none of {spell('ModelVariants')} tells its instances")
    infrastructure = fleet.block(spell("InfrastructureConfig")) if fleet else None
    if not isinstance(infrastructure, View):
        return infrastructure or missing
    return infrastructure.block(spell("RealTimeInferenceConfig")) or missing


def _hours(view: View, spell: Spelling) -> Decimal | Unknown:
    """The hours from start to end: 168 without a schedule; Unknown where one of the two is not known here."""
    state = view.text(spell("DesiredState"))
    if isinstance(state, Unknown) or state not in (None, "Running"):
        known = f" ({state})" if isinstance(state, str) else ""
        return Unknown(f"{spell('DesiredState')}{known} leaves open whether it still runs")
    schedule = view.block(spell("Schedule"))
    if not isinstance(schedule, View):
        return UNSCHEDULED_HOURS if schedule is None else schedule
    start, end = schedule.text(spell("StartTime")), schedule.text(spell("EndTime"))
    for time, name in ((start, "StartTime"), (end, "EndTime")):
        if not isinstance(time, str):
            return time or Unknown(f"its {spell('Schedule')} has no {spell(name)}")
    return _between(str(start), str(end))


def _between(start: str, end: str) -> Decimal | Unknown:
    """Hours between two timestamps in ISO 8601: 2027-01-10T00:00:00Z to 2027-01-12T12:00:00Z are 60."""
    try:
        duration = datetime.fromisoformat(end) - datetime.fromisoformat(start)
    except (ValueError, TypeError):  # no timestamps, or one of them without its time zone
        return Unknown("its schedule is not written in timestamps of ISO 8601")
    hours = Decimal(round(duration.total_seconds())) / 3600
    if not 0 < hours <= LONGEST_SHADOW_TEST_HOURS:
        return Unknown("its schedule is not one of up to 30 days")
    return hours
