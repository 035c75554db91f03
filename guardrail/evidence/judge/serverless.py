"""Serverless: the memory that was used, and the slots that were kept warm, against what is declared."""

from decimal import Decimal
from math import ceil
from typing import Final

from msgspec import Struct

from guardrail.alternatives.base import Alternative
from guardrail.alternatives.engine import AlternativesEngine
from guardrail.alternatives.facts import MIB_PER_GIB
from guardrail.alternatives.modes import LARGEST_MEMORY_GIB
from guardrail.evidence.bundle import Serverless, VariantEvidence
from guardrail.model import Endpoint

_FULL: Final = Decimal("0.95")


class Fitted(Struct, frozen=True, kw_only=True):
    """What would be enough of one serverless variant."""

    used_gib: Decimal | None
    """The most memory that was used."""
    memory: Alternative | None = None
    """A smaller size, priced by the requests that were observed."""
    is_full: bool = False
    """Whether all of its memory was used, so that it may need more."""
    slots_used: int | None = None
    """The most of the warm slots that were busy."""
    slots: Alternative | None = None
    """As many as were used."""
    refusing_hours: int = 0
    """Hours in which as many requests came at a time as are taken: others may have been refused."""
    spilled_share: Decimal | None = None
    """The share of its requests that found no warm slot."""


def judge(
    engine: AlternativesEngine, variant: VariantEvidence, endpoint: Endpoint, place: int, headroom: Decimal
) -> Fitted | None:
    """Judge a serverless variant; None of one that is none, or of which nothing was measured."""
    size = variant.serverless
    if size is None:
        return None
    used = None if size.memory_gib is None else size.memory_gib.maximum
    memory, is_full = None, False
    if used is not None and size.memory_mib:
        enough = max(ceil(used * (1 + headroom)), 1)
        is_full = used >= _FULL * size.memory_mib / MIB_PER_GIB
        if enough <= LARGEST_MEMORY_GIB and enough * MIB_PER_GIB < size.memory_mib:
            memory = engine.with_serverless(endpoint, place, memory_mib=enough * MIB_PER_GIB)
    slots_used, slots = None, None
    if size.provisioned_concurrency and size.provisioned_share is not None:
        slots_used = ceil(size.provisioned_share.maximum * size.provisioned_concurrency)
        if 0 < slots_used < size.provisioned_concurrency:
            slots = engine.with_serverless(endpoint, place, slots=slots_used)
    return Fitted(
        used_gib=used,
        memory=memory,
        is_full=is_full,
        slots_used=slots_used,
        slots=slots,
        refusing_hours=size.hours_at_most or 0,
        spilled_share=_spilled(variant, size),
    )


def _spilled(variant: VariantEvidence, size: Serverless) -> Decimal | None:
    """100 of 1,000 requests are 0.1; None of what keeps no slots warm, or was asked nothing."""
    total = None if variant.requests is None else variant.requests.total
    if not size.provisioned_concurrency or not size.spilled or not total:
        return None
    return size.spilled / total
