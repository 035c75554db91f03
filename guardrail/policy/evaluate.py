"""Policies over an inventory and its estimate: the results.

Three-valued throughout: where an Unknown stands in the way the verdict is open, with its reason; what does not apply
gives no result; passes are results too. One cause gives one finding (`Policy.supersedes`).
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TypeAlias

from msgspec import Struct

from guardrail.cost.base import Delta, EndpointCost, Estimate, Monthly
from guardrail.cost.price_book import PriceBook
from guardrail.model import Endpoint, InferenceComponent, Inventory, Location, ScalableTarget, Unknown
from guardrail.money import two_decimals
from guardrail.policy.base import Result, Status, Verdict
from guardrail.policy.condition import Test, Truth, compile_condition
from guardrail.policy.environment import Environments
from guardrail.policy.message import Text, compile_text, printable
from guardrail.policy.policy import PRODUCTION, AppliesTo, Message, Policy, Value, with_parameters
from guardrail.policy.saving import Saving, saving_of
from guardrail.policy.scope import Scope
from guardrail.policy.subject import StackTotals, Subject, World

STACK = "stack"
"""The address of results about everything together."""

Key: TypeAlias = tuple[str, int]
"""What results are about: policies on a variant and on its scaling target share one."""


class Compiled(Struct, frozen=True, kw_only=True):
    """A policy made ready for one environment."""

    policy: Policy
    when: Test | None
    """None where it always applies."""
    require: Test
    messages: tuple[tuple[Test | None, Text], ...]
    pass_messages: tuple[tuple[Test | None, Text], ...]
    parameters: Mapping[str, Value]
    names_environment: bool
    """Whether its findings depend on the environment."""


def compile_policy(policy: Policy, environment: str | Unknown) -> Compiled:
    """The tests and texts of a policy with its parameters in ``environment``.

    Raises `PolicyError`, naming the policy and the place in it, for a field, operator, parameter or value that does not
    fit.
    """
    parameters = policy.parameters(environment)
    scope = Scope(policy=policy.id, applies_to=policy.applies_to, declared=policy.params, parameters=parameters)
    return Compiled(
        policy=policy,
        when=compile_condition(policy.when, scope.at("when")) if policy.when else None,
        require=compile_condition(policy.require, scope.at("require")),
        messages=_compile_messages(policy.message, scope.at("message")),
        pass_messages=_compile_messages(policy.pass_messages, scope.at("pass_messages")),
        parameters=parameters,
        names_environment=policy.depends_on_environment(),
    )


def _compile_messages(messages: str | Iterable[Message], scope: Scope) -> tuple[tuple[Test | None, Text], ...]:
    if isinstance(messages, str):
        return ((None, compile_text(messages, scope)),)
    return tuple(
        (
            compile_condition(message.when, scope.at(index, "when")) if message.when else None,
            compile_text(message.text, scope.at(index, "text")),
        )
        for index, message in enumerate(messages)
    )


def evaluate(  # noqa: PLR0913 - everything that a verdict may rest on
    policies: Sequence[Policy],
    inventory: Inventory,
    estimate: Estimate,
    *,
    source: str,
    prices: PriceBook,
    environments: Environments,
    has_before: bool,
) -> list[Result]:
    """What each policy says of each endpoint, variant, scaling target and inference component.

    Unattached configurations are judged too; what a plan forgets is not. Raises `PolicyError` for a policy that cannot
    be evaluated, which is never a pass.
    """
    run = _Run(policies, World(prices), source)
    results: list[Result] = []
    for endpoints, costs in ((inventory.endpoints, estimate.endpoints), (inventory.unattached, estimate.unattached)):
        for endpoint in endpoints:
            if endpoint.change not in ("forget", "delete"):
                environment = environments.of(endpoint)
                status: Status = "new" if endpoint.touched or not has_before else "existing"
                results += run.endpoint(endpoint, costs.get(endpoint.address), environment, status)
    return results


def evaluate_stack(
    policies: Sequence[Policy],
    *,
    before: Monthly | None,
    after: Monthly,
    delta: Delta | None,
    budgets: Mapping[str, Decimal | None],
    source: str = "",
) -> list[Result]:
    """What the policies on everything together say: the budgets.

    ``budgets`` are limits in USD a month by parameter (``max_expected_usd``, ``max_increase_ceiling_usd``, …); those
    that are not None win over the parameters of that name. A total that was over its limit before, and that the change
    does not raise further, is an existing finding; an increase is always new.
    """
    given = {name: value for name, value in budgets.items() if value is not None}
    subject = Subject(None, None, stack=StackTotals(before=before, after=after, delta=delta))
    results: list[Result] = []
    for policy in policies:
        if policy.applies_to != "stack":
            continue
        compiled = compile_policy(with_parameters(policy, given), PRODUCTION)
        verdict, reason = _judge(compiled, subject)
        if verdict is not None:
            status = None if verdict == "pass" else _stack_status(compiled, before, after)
            results.append(_result(compiled, subject, verdict, reason, source, status))
    return results


def _stack_status(compiled: Compiled, before: Monthly | None, after: Monthly) -> Status:
    if before is None or any(name.startswith("totals.delta") for name in compiled.policy.require):
        return "new"
    past = Subject(None, None, stack=StackTotals(before=None, after=before, delta=None))
    violated_before = compiled.require(past) is False
    return "existing" if violated_before and not _raised(before, after) else "new"


def _raised(before: Monthly, after: Monthly) -> bool:
    """Whether a bound is higher than it was, or may be."""
    bounds = ((before.floor, after.floor), (before.expected, after.expected), (before.ceiling, after.ceiling))
    return any(
        (isinstance(old, Unknown) != isinstance(new, Unknown))
        or (isinstance(old, Decimal) and isinstance(new, Decimal) and new > old)
        for old, new in bounds
    )


class _Run:
    """The policies compiled for the environments that occur, and the results of one endpoint after another."""

    def __init__(self, policies: Sequence[Policy], world: World, source: str) -> None:
        self._policies = [policy for policy in policies if policy.applies_to != "stack"]
        self._compiled: dict[str | None, dict[AppliesTo, list[Compiled]]] = {}
        self._supersedes = {policy.id: policy.supersedes for policy in self._policies}
        self._world = world
        self._source = source

    def endpoint(
        self, endpoint: Endpoint, cost: EndpointCost | None, environment: str | Unknown, status: Status
    ) -> Iterable[Result]:
        compiled = self._for_environment(environment)
        root = Subject(self._world, endpoint, environment=environment, cost=cost)
        results: list[tuple[Key, Result]] = []
        self._apply(compiled["endpoint"], root, ("endpoint", 0), status, results)
        for subject in root.variant_subjects():
            key = ("variant", subject.index)
            self._apply(compiled["variant"], subject, key, status, results)
            if subject.target is not None:
                self._apply(compiled["scalable_target"], subject, key, status, results)
        if endpoint.inference_components:
            for subject in root.component_subjects():
                key = ("component", subject.index)
                self._apply(compiled["inference_component"], subject, key, status, results)
                if subject.target is not None:
                    self._apply(compiled["scalable_target"], subject, key, status, results)
        return self._without_superseded(results)

    def _for_environment(self, environment: str | Unknown) -> dict[AppliesTo, list[Compiled]]:
        name = None if isinstance(environment, Unknown) else environment
        known = self._compiled.get(name)
        if known is None:
            known = {"endpoint": [], "variant": [], "scalable_target": [], "inference_component": []}
            for policy in self._policies:
                known[policy.applies_to].append(compile_policy(policy, environment))
            self._compiled[name] = known
        return known

    def _apply(
        self,
        rules: Iterable[Compiled],
        subject: Subject,
        key: Key,
        status: Status,
        results: list[tuple[Key, Result]],
    ) -> None:
        source = self._source
        for rule in rules:
            verdict, reason = _judge(rule, subject)
            if verdict == "pass":
                results.append((key, _result(rule, subject, verdict, None, source, None)))
            elif verdict is not None:
                results.append((key, _result(rule, subject, verdict, reason, source, status)))

    def _without_superseded(self, results: list[tuple[Key, Result]]) -> Iterable[Result]:
        """One cause, one finding. What is only open supersedes nothing that is known to fail."""
        if all(result.verdict == "pass" for _, result in results):
            return [result for _, result in results]
        superseded = {
            (key, other, verdict)
            for key, result in results
            if result.verdict != "pass"
            for other in self._supersedes[result.policy]
            for verdict in (("fail", "open") if result.verdict == "fail" else ("open",))
        }
        return [result for key, result in results if (key, result.policy, result.verdict) not in superseded]


def _judge(rule: Compiled, subject: Subject) -> tuple[Verdict | None, str | None]:
    """``when`` implies ``require``; None where the policy does not apply."""
    applies: Truth = True if rule.when is None else rule.when(subject)
    if applies is False:
        return None, None
    holds = rule.require(subject)
    if holds is True:
        return "pass", None
    if applies is True:
        return ("fail", None) if holds is False else ("open", holds.reason)
    return "open", applies.reason


def _result(
    rule: Compiled, subject: Subject, verdict: Verdict, reason: str | None, source: str, status: Status | None
) -> Result:
    policy = rule.policy
    endpoint = subject.endpoint
    address, location = _block_to_change(policy, subject)
    saving = saving_of(policy.saving, subject, rule.parameters) if verdict == "fail" else None
    name = getattr(subject.variant, "name", None)
    return Result(
        source=source,
        policy=policy.id,
        severity=policy.severity,
        verdict=verdict,
        status=status,
        address=address,
        endpoint=endpoint.address if endpoint else None,
        variant=name if isinstance(name, str) else None,
        message=_message(rule, subject, verdict, saving),
        reason=None if reason is None else _reason(reason, subject),
        saving_monthly=saving.usd if isinstance(saving, Saving) else _hidden(saving, subject),
        saving_basis=saving.basis if isinstance(saving, Saving) else None,
        remediation=policy.remediation,
        help_uri=policy.help_uri,
        location=location,
    )


def _block_to_change(policy: Policy, subject: Subject) -> tuple[str, Location | None]:
    """The address and the place of what has to change: what the policy blames, or the nearest thing that exists."""
    endpoint = subject.endpoint
    if endpoint is None:
        return STACK, None
    target, blames = subject.target, policy.blames
    if isinstance(target, ScalableTarget) and blames in ("scaling", "policy"):
        scaling_policies = () if isinstance(target.policies, Unknown) or blames == "scaling" else target.policies
        block = scaling_policies[0] if scaling_policies else target
        return block.address, block.location
    if isinstance(subject.component, InferenceComponent):
        return subject.component.address, subject.component.location
    if endpoint.configuration_address is None or blames == "endpoint":
        return endpoint.address, endpoint.location
    location: Location | None = getattr(subject.variant, "location", None)
    return endpoint.configuration_address, location or endpoint.configuration_location


def _message(rule: Compiled, subject: Subject, verdict: Verdict, saving: Saving | Unknown | None) -> str:
    """What is wrong and what it costs, and what there is to know about the environment."""
    policy = rule.policy
    if verdict == "pass":
        return _first_text(rule.pass_messages, subject) or policy.title if rule.pass_messages else policy.title
    unknown = isinstance(subject.environment, Unknown)
    if verdict == "open":
        sentences = [f"undecided: {policy.title}."]
    else:
        sentences = [f"{_first_text(rule.messages, subject) or policy.title}{_money(saving, subject)}."]
        if policy.production_note and (unknown or subject.environment == PRODUCTION):
            sentences.append(policy.production_note)
    if unknown and rule.names_environment:
        sentences.append("Its environment is unknown, so production limits apply.")
    return " ".join(sentences)


def _first_text(messages: Iterable[tuple[Test | None, Text]], subject: Subject) -> str | None:
    for when, text in messages:
        if when is None or when(subject) is True:
            return text(subject)
    return None


def _money(saving: Saving | Unknown | None, subject: Subject) -> str:
    if not isinstance(saving, Saving):
        return ""
    about = "~" if saving.estimated else ""
    up_to = "up to " if saving.basis == "upper-bound" else ""
    working = "" if subject.sensitive() else f" ({saving.working})"
    return f", {up_to}{about}{two_decimals(saving.usd)} USD a month{working}"


def _reason(reason: str, subject: Subject) -> str:
    """Why a verdict is open; a reason about a sensitive value might quote it."""
    return "it rests on a sensitive value, which is not shown" if subject.sensitive() else printable(reason)


def _hidden(saving: Unknown | None, subject: Subject) -> Unknown | None:
    return None if saving is None else Unknown(_reason(saving.reason, subject))
