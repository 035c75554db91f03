"""How an update of an endpoint moves its traffic, and for how long it bills the old fleet beside the new one.

Sources: SageMaker developer guide, "Use canary traffic shifting" (a baking period of the canary; how long "a final
baking period" of all is, it does not say, and it is not counted), "Use linear traffic shifting" ("for each step, there
is a baking period") and "Use all at once traffic shifting"; SageMaker API reference, BlueGreenUpdatePolicy.
"""

from math import ceil

from guardrail.model import Unknown
from guardrail.sources.base import View

_CANARY, _LINEAR, _AT_ONCE = "CANARY", "LINEAR", "ALL_AT_ONCE"
_PERCENT = "CAPACITY_PERCENT"


def two_fleets_minutes(deployment: View | Unknown | None) -> float | Unknown | None:
    """Minutes for which a blue/green update keeps both fleets, beside the time that it takes to start the new one.

    Linear in steps of 25 %, 600 s each, and 300 s until the old fleet goes: 4 × 600 s + 300 s = 45. A wait of
    ALL_AT_ONCE is required by hashicorp/aws and means nothing; only the wait before the old fleet goes counts. None
    where no blue/green policy is written: the default moves all at once and waits for nothing.
    """
    policy = deployment.block("BlueGreenUpdatePolicy") if isinstance(deployment, View) else deployment
    if not isinstance(policy, View):
        return policy
    routing = policy.block("TrafficRoutingConfiguration")
    baking = _baking_seconds(routing) if isinstance(routing, View) else routing or 0
    waiting = policy.integer("TerminationWaitInSeconds") or 0
    if isinstance(baking, Unknown) or isinstance(waiting, Unknown):
        return baking if isinstance(baking, Unknown) else waiting
    return (baking + waiting) / 60


def rolling_wait_minutes(deployment: View | Unknown | None) -> float | Unknown | None:
    """Minutes for which a rolling update keeps a batch of old instances beside the new ones that take its place.

    "Use rolling deployments": each batch is provisioned, bakes for the wait interval, and then the old one is
    terminated, so each instance is billed twice for that long, however many go together. None where it does not roll.
    """
    policy = deployment.block("RollingUpdatePolicy") if isinstance(deployment, View) else deployment
    if not isinstance(policy, View):
        return policy
    wait = policy.required(policy.integer, "WaitIntervalInSeconds")
    return wait if isinstance(wait, Unknown) else wait / 60


def _baking_seconds(routing: View) -> int | Unknown:
    kind, wait = routing.text("Type"), routing.integer("WaitIntervalInSeconds") or 0
    if kind == _AT_ONCE:
        return 0
    if isinstance(kind, Unknown) or isinstance(wait, Unknown):
        return kind if isinstance(kind, Unknown) else wait
    if kind == _CANARY:
        return wait
    steps = _steps(routing) if kind == _LINEAR else Unknown(f"its {routing.spelling.of('Type')} is no kind of routing")
    return steps if isinstance(steps, Unknown) else steps * wait


def _steps(routing: View) -> int | Unknown:
    """In how many steps traffic moves; how many instances a fleet has when it does nobody knows here."""
    step = routing.block("LinearStepSize")
    if not isinstance(step, View):
        return step or routing.missing("LinearStepSize")
    kind, size = step.text("Type"), step.required(step.positive, "Value")
    if isinstance(size, Unknown):
        return size
    if kind != _PERCENT:
        return kind if isinstance(kind, Unknown) else Unknown("its steps are counted in instances")
    return ceil(100 / size)
