"""Joining models to the variants that serve them: a Marketplace fee, and a host of many models."""

from collections.abc import Sequence

from msgspec.structs import replace

from guardrail.model import InstanceVariant, Unknown, Variant
from guardrail.sources.declarations import DeclaredConfiguration, DeclaredModel
from guardrail.sources.index import Index


def with_models(configuration: DeclaredConfiguration, models: Index[DeclaredModel]) -> tuple[Variant, ...] | Unknown:
    """The variants of a configuration, with what the models that they name say of them.

    A variant whose ``ModelName`` is a model with ``Mode: MultiModel`` is ``multi_model``; of one whose model is managed
    elsewhere nothing is known.
    """
    if isinstance(configuration.variants, Unknown):
        return configuration.variants
    if not configuration.models or not models.by_address:
        return configuration.variants
    return tuple(
        _with_model(variant, models.linked(link, configuration))
        for variant, link in zip(configuration.variants, configuration.models, strict=True)
    )


def _with_model(variant: Variant, models: Sequence[DeclaredModel]) -> Variant:
    """The variant with what is true of each of the models that it may mean."""
    if not models:
        return variant
    marketplace = _common([model.marketplace for model in models])
    if not isinstance(variant, InstanceVariant):
        return replace(variant, marketplace=marketplace)
    return replace(variant, marketplace=marketplace, multi_model=_common([model.multi_model for model in models]))


def _common(values: Sequence[bool | Unknown]) -> bool | Unknown:
    first = values[0]
    return first if all(value == first for value in values) else Unknown("which model it serves is not known")
