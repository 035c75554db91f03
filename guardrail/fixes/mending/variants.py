"""What mends a variant, or its configuration, in one value."""

import re
from collections.abc import Sequence

from guardrail.fixes.base import NoFixError, ProposedChange, Remove, SetProperty, SetWord
from guardrail.fixes.mending.subjects import VariantOfFinding
from guardrail.model import InstanceVariant

_TYPE = re.compile(r'instance_type = "(ml\.[\w.-]+)"')
_SAMPLED = re.compile(r"initial_sampling_percentage = (\d+)")
_GREATEST_VOLUME_GB = 512


def without_volume(subject: VariantOfFinding) -> Sequence[ProposedChange]:
    """No volume on a type that has a disk of its own."""
    variant, configuration = subject.thing, subject.endpoint.configuration_address
    if not isinstance(variant, InstanceVariant) or configuration is None:
        raise NoFixError("its configuration is managed elsewhere")
    size = variant.volume_size_gb
    if not isinstance(size, int) or size > _GREATEST_VOLUME_GB:
        raise NoFixError("it needs a number: how large the volume of an instance is to be, up to 512 GB")
    return [Remove(configuration, (*subject.place, "VolumeSizeInGB"))]


def offered_type(subject: VariantOfFinding) -> Sequence[ProposedChange]:
    """The type that a name is nearly, as its finding says it: ``ml.m5.xlarge`` for ``m5.xlarge``."""
    said = _TYPE.fullmatch(subject.fix)
    if said is None or subject.endpoint.configuration_address is None:
        raise NoFixError("which instance type takes its place is for you to say")
    return [SetProperty(subject.endpoint.configuration_address, (*subject.place, "InstanceType"), said[1])]


def model(subject: VariantOfFinding) -> Sequence[ProposedChange]:
    """The name of the model that is meant, in place of one that is it but for a slip."""
    variant, configuration = subject.thing, subject.endpoint.configuration_address
    meant, name = getattr(variant, "model_meant", None), getattr(variant, "model_name", None)
    if configuration is None or meant is None or not isinstance(name, str):
        raise NoFixError("which model is meant is not clear")
    return [SetWord(configuration, ((*subject.place, "ModelName"),), meant, name)]


def without_accelerator(subject: VariantOfFinding) -> Sequence[ProposedChange]:
    """No Elastic Inference accelerator, which AWS no longer has."""
    return [Remove(subject.configuration, (*subject.place, "AcceleratorType"))]


def sampled(subject: VariantOfFinding) -> Sequence[ProposedChange]:
    """The share of requests that is agreed, as the finding says it."""
    said = _SAMPLED.fullmatch(subject.fix)
    if said is None or subject.endpoint.configuration_address is None:
        raise NoFixError("it needs a number: the share of requests to capture")
    path = ("DataCaptureConfig", "InitialSamplingPercentage")
    return [SetProperty(subject.endpoint.configuration_address, path, int(said[1]))]
