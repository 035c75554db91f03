"""What a change does to an endpoint, in the words of its language: ``ml.m5.large → ml.m5.12xlarge``.

A phrase is a tuple of pieces, of which some are code; every text in it is inert.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import NamedTuple, TypeAlias

from guardrail.model import Unknown
from guardrail.report import Difference, EndpointReport, Told
from guardrail.reporters.bill import MODES
from guardrail.reporters.wording import counted, inert, number

LONGEST = 60
"""Characters of a value."""


class Piece(NamedTuple):
    """A part of a phrase."""

    text: str
    is_code: bool = False


Phrase: TypeAlias = tuple[Piece, ...]

_CLOUDFORMATION = {
    "min_capacity": "MinCapacity",
    "max_capacity": "MaxCapacity",
    "max_concurrency": "MaxConcurrency",
    "initial_instance_count": "InitialInstanceCount",
    "copy_count": "CopyCount",
}
"""Arguments that are told by their names, which follow the language."""
_LABELS = {
    "scaling_policies": "scaling policies",
    "scheduled_actions": "schedule",
    "managed_instance_scaling": "managed scaling",
    "capacity_reservation": "reservation",
    "data_capture_percent": "data capture %",
    "monthly_hours": "hours a month",
    "model_name": "model",
    "suspended": "suspended",
}
_WHOLE = {"variant": "variant", "shadow_variant": "shadow variant", "inference_component": "component"}


def phrases(item: EndpointReport, kind: str) -> list[Phrase]:
    """Everything that the change does to an endpoint whose source is of ``kind``.

    Of ``instance_type`` ml.m5.large before and ml.m5.12xlarge after: ``ml.m5.large → ml.m5.12xlarge``. Several variants
    are told apart by their names.
    """
    of_variants, of_endpoint = by_variant(item)
    several = len(of_variants) > 1
    found = [
        phrase(each, kind) if each.what in _WHOLE or not several else (*_lead(name), *phrase(each, kind))
        for name, differences in of_variants.items()
        for each in differences
    ]
    return [*found, *rest(of_endpoint, kind)]


def by_variant(item: EndpointReport) -> tuple[dict[str, list[Difference]], list[Difference]]:
    """The differences of each variant whose name is known, and all others."""
    of_variants: dict[str, list[Difference]] = {}
    others: list[Difference] = []
    for difference in item.differences if item.endpoint.change != "forget" else (FORGOTTEN,):
        if difference.part == "variant" and difference.name is not None:
            of_variants.setdefault(difference.name, []).append(difference)
        else:
            others.append(difference)
    return of_variants, others


def rest(differences: Sequence[Difference], kind: str) -> list[Phrase]:
    """The phrases of what is no variant's: the endpoint's own, its components', and its tags as one."""
    tags = [each for each in differences if each.what.startswith("tags.")]
    found = [
        (*_lead(each.name), *phrase(each, kind))
        if each.part == "component" and each.name is not None and each.what not in _WHOLE
        else phrase(each, kind)
        for each in differences
        if each not in tags
    ]
    return [*found, *([_tags(tags)] if tags else [])]


FORGOTTEN = Difference(part="endpoint", name=None, what="no longer managed, still billed", before=None, after=None)


def _lead(name: str) -> Phrase:
    return (Piece(inert(name, LONGEST), is_code=True), Piece(": "))


def plain(pieces: Phrase) -> str:
    """A phrase without markup."""
    return "".join(piece.text for piece in pieces)


def consists_of(difference: Difference) -> Phrase:
    """What comes or goes as a whole: ``2 × ml.c5.4xlarge``; of one kind of variant to the other, both."""
    sides = [_composition(side) for side in (difference.before, difference.after) if side is not None]
    return sides[0] if len(sides) == 1 else (*sides[0], Piece(" → "), *sides[1])


def comes_or_goes(difference: Difference) -> bool:
    """Whether it is about the whole of a variant or component."""
    return difference.what in _WHOLE


def phrase(difference: Difference, kind: str) -> Phrase:
    """``min_capacity 0 → 1`` of one difference."""
    if difference is FORGOTTEN:
        return (Piece(difference.what),)
    what, before, after = difference.what, difference.before, difference.after
    if what in _WHOLE:
        return _part(difference)
    if what in _PHRASES:
        return _PHRASES[what](before, after)
    label = _CLOUDFORMATION.get(what, what) if kind == "cloudformation" else what
    return (
        Piece(_LABELS.get(what, label), is_code=what in _CLOUDFORMATION),
        Piece(f" {_text(before)} → {_text(after)}"),
    )


def _endpoint(before: Told, after: Told) -> Phrase:
    """``new, 2 × ml.m5.large``."""
    word, parts = ("new", after) if before is None else ("deleted", before)
    return (Piece(f"{word}, "), *_composition(parts))


def _part(difference: Difference) -> Phrase:
    """``new shadow variant candidate, 2 × ml.c5.4xlarge``."""
    noun = _WHOLE[difference.what]
    name = [Piece(" "), Piece(inert(difference.name, LONGEST), is_code=True)] if difference.name else []
    if difference.before is not None and difference.after is not None:
        return consists_of(difference)
    if difference.before is None:
        return (Piece(f"new {noun}"), *name, Piece(", "), *consists_of(difference))
    return (Piece(noun), *name, Piece(" gone, "), *consists_of(difference))


def _composition(parts: Told) -> Phrase:
    """``2 × `` and the type as code."""
    if isinstance(parts, Unknown):
        return (Piece("its configuration is not known"),)
    text = _text(parts)
    count, times, name = text.partition(" × ")
    return (Piece(f"{count} × "), Piece(name, is_code=True)) if times and "," not in name else (Piece(text),)


def _arrow(before: Told, after: Told) -> Phrase:
    return (*_value(before), Piece(" → "), *_value(after))


def _value(value: Told) -> Phrase:
    known = not (value is None or isinstance(value, Unknown))
    return (Piece(_text(value), is_code=known),)


def _autoscaling(before: Told, after: Told) -> Phrase:
    if before is None:
        return (Piece(f"autoscaling {_text(after)}"),)
    if after is None:
        return (Piece(f"no autoscaling any more, {_text(before)} before"),)
    return (Piece(f"autoscaling {_text(before)} → {_text(after)}"),)


def _slots(before: Told, after: Told) -> Phrase:
    if before is None:
        return (Piece(f"{_text(after)} slots kept warm"),)
    if after is None:
        return (Piece(f"no slots kept warm, {_text(before)} before"),)
    return (Piece(f"{_text(before)} → {_text(after)} slots kept warm"),)


def _tags(differences: list[Difference]) -> Phrase:
    if len(differences) > 1:
        return (Piece(counted(len(differences), "tag")),)
    (only,) = differences
    return (
        Piece("tag "),
        Piece(inert(only.what.removeprefix("tags."), LONGEST), is_code=True),
        Piece(" "),
        *_arrow(only.before, only.after),
    )


def _text(value: Told, none: str = "none") -> str:
    match value:
        case None:
            return none
        case Unknown():
            return "(sensitive)" if value.reason == "sensitive" else inert(value.partial or "unknown", LONGEST)
        case bool():
            return "true" if value else "false"
        case int() | Decimal():
            return number(value)
        case float():
            return number(Decimal(str(value)))
    return inert(value, LONGEST)


_PHRASES: dict[str, Callable[[Told, Told], Phrase]] = {
    "endpoint": _endpoint,
    "instance_type": _arrow,
    "region": _arrow,
    "variants": _arrow,
    "scaling": _autoscaling,
    "provisioned_concurrency": _slots,
    "mode": lambda before, after: (Piece(f"{MODES.get(str(before), '?')} → {MODES.get(str(after), '?')}"),),
    "volume_size_gb": lambda before, after: (
        Piece(f"volume {_text(before, 'default')} → {_text(after, 'default')} GB"),
    ),
    "memory_mib": lambda before, after: (Piece(f"{_text(before)} → {_text(after)} MB"),),
    "initial_instance_count": lambda before, after: (Piece(f"{_text(before)} → {_text(after)} instances"),),
}
"""What is told in words of its own; anything else by its name."""
