"""What mends a word that is wrong in what was to scale an endpoint: the one that was meant, where that is clear."""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from guardrail.fixes.base import NoFixError, ProposedChange, SetWord
from guardrail.fixes.mending.subjects import VariantOfFinding
from guardrail.model import Endpoint, Unknown, UnlinkedScaling
from guardrail.sources.linking.slips import is_slip

_MISSING = re.compile(r"there is no endpoint '([^']+)' here")


def linked(subject: VariantOfFinding) -> Sequence[ProposedChange]:
    """The words that are wrong in what was to scale it."""
    changes = [_word(each, subject.endpoint) for each in subject.endpoint.unlinked_scaling]
    return [change for change in changes if change is not None]


def _word(unlinked: UnlinkedScaling, endpoint: Endpoint) -> ProposedChange | None:
    missing = _MISSING.search(unlinked.problem)
    is_clear = unlinked.is_certain or (missing is not None and is_slip(missing[1], unlinked.suggestion or ""))
    if unlinked.suggestion is None or not is_clear:
        raise NoFixError(f"{unlinked.address}: {unlinked.problem}; what was meant is not clear")
    _refuse_a_tie(unlinked, endpoint)
    paths = (("ResourceId",), ("ScalableDimension",), ("ServiceNamespace",))
    names = () if isinstance(endpoint.variants, Unknown) else [variant.name for variant in endpoint.variants]
    wrong = unlinked.variant if unlinked.suggestion in names else None
    return SetWord(unlinked.address, paths, unlinked.suggestion, wrong)


def _refuse_a_tie(unlinked: UnlinkedScaling, endpoint: Endpoint) -> None:
    """Raise where another variant of the endpoint is as near to the name that it has not."""
    if unlinked.variant is None or isinstance(endpoint.variants, Unknown):
        return
    names = [variant.name for variant in endpoint.variants if isinstance(variant.name, str)]
    ratios = sorted(
        (SequenceMatcher(None, unlinked.variant.lower(), name.lower()).ratio() for name in names), reverse=True
    )
    if unlinked.suggestion in names and len(ratios) > 1 and ratios[0] == ratios[1]:
        raise NoFixError(f"{unlinked.variant} is as near to one variant as to another: {' and '.join(sorted(names))}")
