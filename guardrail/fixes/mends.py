"""What mends a finding, step by step, in terms of the model: the next change, given what the stack is like now.

``async-scales-to-zero`` of a target with a minimum of 1 is mended by a minimum of 0, then, where that is missing, by a
backlog policy, and then by what wakes it: each step is asked for with the report of the step before. Numbers that only
a team can know are in none of them.
"""

from collections.abc import Callable, Mapping, Sequence

from guardrail.cost.demand import VariantDemand
from guardrail.fixes.base import NoFixError, ProposedChange
from guardrail.fixes.decisions import LEFT_TO_PEOPLE
from guardrail.fixes.mending.capacity import keep_one, let_rest, link, reach_zero, room, scale, scale_in, shorten, wake
from guardrail.fixes.mending.subjects import VariantOfFinding
from guardrail.fixes.mending.variants import model, offered_type, sampled, without_accelerator, without_volume
from guardrail.fixes.mending.watched import fire, follow_metrics, shares
from guardrail.model import Endpoint
from guardrail.policy.base import Result


def next_changes(
    result: Result, endpoint: Endpoint | None, asked: Sequence[VariantDemand] = ()
) -> Sequence[ProposedChange]:
    """The changes to make next, together; ``asked`` is the usage of each variant of the endpoint.

    Raises `NoFixError` with the reason why nothing can be offered.
    """
    mend = _MENDS.get(result.policy)
    if mend is None:
        raise NoFixError(LEFT_TO_PEOPLE.get(result.policy, "no edit of it is made by this version"))
    if endpoint is None:
        raise NoFixError("it is about no endpoint")
    subject = VariantOfFinding(result, endpoint, asked)
    if subject.is_sensitive:
        raise NoFixError("its values are sensitive, and a patch would show them")
    return mend(subject)


def is_mended_here(policy: str) -> bool:
    """Whether there is a mend for findings of a policy, so that none may be left open by another."""
    return policy in _MENDS


_MENDS: Mapping[str, Callable[[VariantOfFinding], Sequence[ProposedChange]]] = {
    "async-scales-to-zero": reach_zero,
    "async-wakes-from-zero": wake,
    "components-wake-from-zero": wake,
    "components-let-their-host-rest": let_rest,
    "cooldowns-are-short": shorten,
    "models-are-named-right": model,
    "elastic-inference-is-gone": without_accelerator,
    "capture-is-sampled": sampled,
    "scaling-has-room": room,
    "scaling-bounds-are-ordered": room,
    "async-scales-on-backlog": follow_metrics,
    "scaling-follows-published-metrics": follow_metrics,
    "scaling-alarms-fire": fire,
    "scaling-names-what-exists": link,
    "realtime-variants-scale": scale,
    "scaling-has-a-policy": scale,
    "provisioned-concurrency-scales": scale,
    "scaling-in-is-enabled": scale_in,
    "volume-size-is-accepted": without_volume,
    "realtime-keeps-an-instance": keep_one,
    "instance-is-offered-in-region": offered_type,
    "utilization-targets-are-shares": shares,
}
"""By policy. What is mended is proven afterwards, whatever stands here."""
