"""Inference experiments: a shadow variant that an endpoint runs for some days, as CloudFormation and awscc write it.

Sources: SageMaker API reference, CreateInferenceExperiment (without a Schedule, an experiment "automatically starts
immediately upon creation and concludes after 7 days") and InferenceExperimentSchedule ("The maximum duration that you
can set for an inference experiment is 30 days"); documentation of awscc_sagemaker_inference_experiment, which spells
CloudFormation's properties in its own way and changes nothing else, so that both are read here.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from guardrail.model import LONGEST_SHADOW_TEST_HOURS, InstanceVariant, Unknown
from guardrail.sources.base import View

UNSCHEDULED_HOURS = Decimal(7 * 24)
"""How long an experiment without a Schedule runs."""


def shadow_variants(view: View) -> tuple[InstanceVariant, ...] | Unknown:
    """The shadow variants of an experiment, with the hours for which they run.

    The production variant that an experiment names as well is the endpoint's own, and is billed there.
    """
    config = view.inside("ShadowModeConfig", absent=view.missing("ShadowModeConfig"))
    shadows, fleets = config.blocks("ShadowModelVariants"), view.blocks("ModelVariants")
    if isinstance(shadows, Unknown):
        return shadows
    if isinstance(fleets, Unknown):
        return fleets
    if not shadows:
        return view.missing("ShadowModelVariants")
    source, hours = config.unmasked().text("SourceModelVariantName"), _hours(view)
    return tuple(
        _shadow_variant(shadow, _fleet_of(shadow, source, fleets), hours, sensitive=view.is_sensitive("Schedule"))
        for shadow in shadows
    )


def _shadow_variant(shadow: View, fleet: View, hours: Decimal | Unknown, *, sensitive: bool) -> InstanceVariant:
    """A shadow variant on the instances that one of the ModelVariants tells; on unknown ones where none does."""
    config = fleet.unmasked().inside("InfrastructureConfig").inside("RealTimeInferenceConfig", absent=_untold(shadow))
    return InstanceVariant(
        name=shadow.required(shadow.text, "ShadowModelVariantName"),
        shadow=True,
        instance_type=config.required(config.text, "InstanceType"),
        initial_instance_count=config.required(config.integer, "InstanceCount"),
        model_name=fleet.text("ModelName"),
        monthly_hours=hours,
        sensitive=sensitive or fleet.is_sensitive("InfrastructureConfig"),
        location=config.location("InstanceType"),
    )


def _fleet_of(shadow: View, source: str | Unknown | None, fleets: Sequence[View]) -> View:
    """Which of the ModelVariants is the shadow: the one of its name; of an unknown name, the one beside the source.

    Where it is none of them, nothing is known of it.
    """
    name = shadow.unmasked().text("ShadowModelVariantName")
    names = [fleet.unmasked().text("VariantName") for fleet in fleets]
    if isinstance(name, str):
        return fleets[names.index(name)] if name in names else shadow.unclear(_untold(shadow))
    if not isinstance(source, str) or len(fleets) != 2 or names.count(source) != 1:  # noqa: PLR2004 - source and shadow
        return shadow.unclear(_untold(shadow))
    return fleets[1 - names.index(source)]


def _untold(shadow: View) -> Unknown:
    return Unknown(f"none of {shadow.spelling.of('ModelVariants')} tells its instances")


def _hours(view: View) -> Decimal | Unknown:
    """The hours from start to end: 168 without a schedule; Unknown where one of the two is not known here."""
    state = view.text("DesiredState")
    if isinstance(state, Unknown) or state not in (None, "Running"):
        known = f" ({state})" if isinstance(state, str) else ""
        return Unknown(f"{view.spelling.of('DesiredState')}{known} leaves open whether it still runs")
    schedule = view.unmasked().block("Schedule")
    if not isinstance(schedule, View):
        return UNSCHEDULED_HOURS if schedule is None else schedule
    start, end = schedule.text("StartTime"), schedule.text("EndTime")
    for time, name in ((start, "StartTime"), (end, "EndTime")):
        if not isinstance(time, str):
            return time or Unknown(f"its {view.spelling.of('Schedule')} has no {view.spelling.of(name)}")
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
