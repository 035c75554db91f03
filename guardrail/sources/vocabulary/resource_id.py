"""Resource ids of Application Auto Scaling, as SageMaker's have to be: what one means, and what is wrong with one.

``endpoint/NAME/variant/NAME`` and ``inference-component/NAME`` (Application Auto Scaling API reference,
RegisterScalableTarget). Of an id that is known only in part, the unknown parts stand as ``${…}``.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

from msgspec import Struct

from guardrail.expressions import expression
from guardrail.model import COPY_COUNT, INSTANCE_COUNT, PROVISIONED_CONCURRENCY

DIMENSIONS = (INSTANCE_COUNT, PROVISIONED_CONCURRENCY, COPY_COUNT)
"""Those of SageMaker."""

FORMS = "endpoint/NAME/variant/NAME or inference-component/NAME"

_PART = expression(r"(?:\$\{[^}]*\}|[^/])+")
_PIECE = expression(r"\$\{[^}]*\}|.", re.DOTALL)
_NAME = "\0"
"""Stands in a form for a name: one or more letters, digits and hyphens."""
_WELL_FORMED = expression(r"endpoint/[A-Za-z0-9-]+/variant/[A-Za-z0-9-]+|inference-component/[A-Za-z0-9-]+")
_ENDPOINT_ARN = expression(r"\$\{[^}\s()]*aws(?:cc)?_sagemaker_endpoint\.[^}\s()]+\.(?:endpoint_)?arn\}")
"""An attribute of a resource of Terraform that is its ARN, and nothing else made of it."""
_OF_A_NAME = expression(r"[A-Za-z0-9-]")
_ENDPOINT, _COMPONENT = f"endpoint/{_NAME}/variant/{_NAME}", f"inference-component/{_NAME}"
_WORDS = {0: ("endpoint", "inference-component"), 2: ("variant",)}
"""The words of an id, by their place."""
_NEAR, _SHOWN = 0.6, 80


class ResourceId(Struct, frozen=True):
    """What a well-formed id names: a variant of an endpoint, or an inference component."""

    endpoint: str | None = None
    variant: str | None = None
    component: str | None = None


class Mistake(Struct, frozen=True):
    """What is wrong with an id, and what to write instead, where that is clear."""

    problem: str
    suggestion: str | None = None


def bare(value: str) -> str:
    """The resource id in the id of a scalable target, ``resource|dimension|namespace``, or in one that is just that."""
    return value.partition("|")[0]


@lru_cache(maxsize=4096)
def parsed(text: str | None) -> ResourceId | None:
    """What an id names: ``endpoint/chat/variant/main`` the variant main of chat; None where it has another form."""
    parts = _PART.findall(bare(text or ""))
    match parts:
        case ["endpoint", endpoint, "variant", variant]:
            return ResourceId(endpoint, variant)
        case ["inference-component", component]:
            return ResourceId(component=component)
    return None


def mistake_in(text: str | None, attribute: str, names: Iterable[str] = ()) -> Mistake | None:
    """What is wrong with an id; None where nothing is, or where its unknown parts leave that open.

    ``endpoint/${aws_sagemaker_endpoint.e.name}/varaint/main`` has "varaint", whatever the name is. ``attribute`` is
    what its language calls the id, ``names`` are texts in it that are known to be the names of endpoints.
    """
    if text is None or _WELL_FORMED.fullmatch(text):
        return None
    text = _ENDPOINT_ARN.sub("arn:", bare(text))
    for name in names:
        text = text.replace(name, "name")
    if _may_be(text, _ENDPOINT) or _may_be(text, _COMPONENT):
        return None
    parts = _PART.findall(text)
    for place, words in _WORDS.items():
        if len(parts) in (2, 4) and len(parts) > place and parts[place] not in words and "${" not in parts[place]:
            return Mistake(f"{attribute} has {_shown(parts[place])}", near(parts[place], words))
    if len(parts) == len(_WORDS) and parts[0] == "endpoint":
        return Mistake(f"{attribute} names an endpoint and no variant of it; it has to be endpoint/NAME/variant/NAME")
    if any(part.startswith("arn:") for part in parts):
        return Mistake(f"{attribute} has an ARN where a name belongs; it has to be {FORMS}")
    return Mistake(f"{attribute} is not of the form {FORMS}")


def near(word: str, known: Iterable[str], least: float = _NEAR) -> str | None:
    """The nearest of ``known`` to a misspelt word; None where none is near: of "varient" it is "variant"."""
    import difflib

    lowered = {name.lower(): name for name in known}
    nearest = difflib.get_close_matches(word.lower(), list(lowered), n=1, cutoff=least)
    return lowered[nearest[0]] if nearest else None


def _shown(text: str) -> str:
    return repr(text[:_SHOWN])


def _may_be(text: str, form: str) -> bool:
    """Whether a text can be of a form; each ``${…}`` in it stands for any text at all.

    Kept are the places in the form that may have been reached: after ``endpoint/`` it is the ninth alone, and after an
    unknown part every one from the first of them on.
    """
    reached = {0}
    for piece in _PIECE.findall(text):
        if piece.startswith("${"):
            reached = set(range(min(reached), len(form) + 1))
            continue
        after: set[int] = set()
        for at in reached:
            if at < len(form) and (form[at] == piece or (form[at] == _NAME and _OF_A_NAME.fullmatch(piece))):
                after.add(at + 1)
            if at and form[at - 1] == _NAME and _OF_A_NAME.fullmatch(piece):
                after.add(at)
        if not after:
            return False
        reached = after
    return len(form) in reached
