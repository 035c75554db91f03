"""Joining models to the variants that serve them: a Marketplace fee, and a host of many models."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from msgspec.structs import replace

from guardrail.model import InstanceVariant, Unknown, Variant
from guardrail.sources.declarations import FEW, DeclaredConfiguration, DeclaredModel
from guardrail.sources.linking.index import KindIndex

_T = TypeVar("_T")


def with_models(
    configuration: DeclaredConfiguration, models: KindIndex[DeclaredModel]
) -> tuple[Variant, ...] | Unknown:
    """The variants of a configuration, with what the models that they name say of them.

    A variant whose ``ModelName`` is a model with ``Mode: MultiModel`` is ``multi_model``; of one whose model is managed
    elsewhere nothing is known.
    """
    if isinstance(configuration.variants, Unknown):
        return configuration.variants
    if not configuration.models or not models.by_address:
        return configuration.variants
    linked = [
        (variant, models.linked(link, configuration))
        for variant, link in zip(configuration.variants, configuration.models, strict=True)
    ]
    return tuple(
        _with_model(variant, named) if named else _with_slip(variant, models.compatible(configuration))
        for variant, named in linked
    )


def models_of(configuration: DeclaredConfiguration, models: KindIndex[DeclaredModel]) -> Iterator[DeclaredModel]:
    """The models that the variants of a configuration name without doubt."""
    for link in configuration.models if models.by_address else ():
        named = models.linked(link, configuration)
        if len(named) == 1:
            yield named[0]


def _with_slip(variant: Variant, models: Sequence[DeclaredModel]) -> Variant:
    """The variant with the one model that its name is almost that of: ``chat-model`` where it names ``chat-modle``."""
    name = variant.model_name
    if not isinstance(name, str) or len(models) > FEW:
        return variant
    from guardrail.sources.linking.slips import is_slip  # for the few that name none

    shown = {model.shown for model in models if isinstance(model.shown, str)}
    near = [other for other in shown if is_slip(name, other)]
    return replace(variant, model_meant=near[0]) if len(near) == 1 else variant


def _with_model(variant: Variant, models: Sequence[DeclaredModel]) -> Variant:
    """The variant with what is true of each of the models that it may mean."""
    marketplace, model = _common(models, lambda model: model.marketplace), _common(models, lambda model: model.model)
    if not isinstance(variant, InstanceVariant):
        return replace(variant, marketplace=marketplace, model=model)
    multi_model = _common(models, lambda model: model.multi_model)
    return replace(variant, marketplace=marketplace, model=model, multi_model=multi_model)


def _common(models: Sequence[DeclaredModel], value_of: Callable[[DeclaredModel], _T | Unknown]) -> _T | Unknown:
    first = value_of(models[0])
    if len(models) == 1:
        return first
    is_common = len(models) <= FEW and all(value_of(model) == first for model in models[1:])
    return first if is_common else Unknown("which model it serves is not known")
