"""Policies over an inventory and its estimate: the results.

Three-valued throughout: where an Unknown stands in the way the verdict is open, with its reason; what does not apply
gives no result; passes are results too. `superseding` leaves one result for each cause, once waivers are applied.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import partial
from itertools import compress
from typing import TYPE_CHECKING, Any

from msgspec import Struct, structs

from guardrail.cost.base import Bill, Delta, Estimate, Monthly
from guardrail.errors import PolicyError
from guardrail.model import (
    Endpoint,
    InferenceComponent,
    Inventory,
    Location,
    ScalableTarget,
    ScalingPolicy,
    TargetTrackingPolicy,
    Unknown,
)
from guardrail.money import two_decimals
from guardrail.policy.base import NO_REMEDIATION, FindingStatus, Remediation, Result, Severity
from guardrail.policy.condition import Condition
from guardrail.policy.environment import PRODUCTION, Environments, EnvironmentSettings
from guardrail.policy.fix import Fixes, Remediations
from guardrail.policy.identity import identity
from guardrail.policy.message import Texts, printable
from guardrail.policy.policy import AppliesTo, Blame, Grade, Policy, Value, with_parameters
from guardrail.policy.saving import Saving, saving_of
from guardrail.policy.scope import PolicyScope
from guardrail.policy.subject import Evaluation, Group, StackTotals, Subject, Together
from guardrail.prices.book import PriceBook
from guardrail.scaling import Truth

if TYPE_CHECKING:
    from guardrail.policy.observation import Evidence

STACK = "stack"
"""The address of results about everything together."""


class Compiled(Struct, frozen=True, kw_only=True):
    """A policy made ready for one environment."""

    policy: Policy
    severity: Grade
    """In its environment."""
    scope: PolicyScope
    when: Condition | None
    """None where it always applies."""
    require: Condition
    note_when: Condition | None
    messages: Texts
    headlines: Texts
    details: Texts
    pass_messages: Texts
    fixes: Fixes
    remediations: Remediations
    parameters: Mapping[str, Value]
    names_environment: bool
    """Whether its findings depend on the environment."""

    def compile_texts(self) -> None:
        """Compile what waits to be needed. Raises `PolicyError` for what does not fit."""
        for texts in (self.messages, self.headlines, self.details, self.pass_messages, self.fixes):
            texts.compile()

    passed: dict[str, Any]
    """What its passes say, whatever they are about."""


def compile_policy(
    policy: Policy,
    environment: str | Unknown,
    *,
    environments: EnvironmentSettings | None = None,
    errors: list[PolicyError] | None = None,
    late: bool = False,
) -> Compiled:
    """The tests and texts of a policy with its parameters in ``environment``.

    Raises `PolicyError`, naming the policy and the place in it, for a field, operator, parameter or value that does not
    fit, and for an environment that is not among ``environments``; with ``errors``, they are added there instead. With
    ``late``, what a policy requires waits until it applies to something, and so does the error in it.
    """
    parameters, severity = policy.parameters(environment), policy.severity_in(environment)
    scope = PolicyScope(
        policy=policy.id,
        applies_to=policy.applies_to,
        declared=policy.params,
        parameters=parameters,
        environments=environments,
        errors=errors,
    )
    if policy.quantities or policy.per:
        from guardrail.policy.quantity import with_quantities  # for the few that have some

        scope = scope.attempt(partial(with_quantities, scope, policy), scope)
    return Compiled(
        policy=policy,
        severity=severity,
        scope=scope,
        when=Condition(policy.when, scope.at("when")) if policy.when else None,
        require=Condition(policy.require, scope.at("require"), late=late),
        note_when=Condition(policy.note_when, scope.at("note_when"), late=late) if policy.note_when else None,
        messages=Texts(policy.message, scope.at("message")),
        headlines=Texts(policy.headline, scope.at("headline")),
        details=Texts(policy.detail, scope.at("detail")),
        pass_messages=Texts(policy.pass_messages, scope.at("pass_messages")),
        fixes=Fixes(policy, scope.at("fix")),
        remediations=Remediations(policy, scope.at("suggests")),
        parameters=parameters,
        names_environment=policy.depends_on_environment(),
        passed={
            "policy": policy.id,
            "severity": _graded(severity),
            "message": policy.title,
            "help_uri": policy.help_uri,
        },
    )


def _graded(severity: Grade) -> Severity:
    """What a rule that is checked is graded; one that is off is not."""
    return "note" if severity == "off" else severity


_PASS = Result(
    source="",
    endpoint=None,
    variant=None,
    policy="",
    severity="note",
    verdict="pass",
    status=None,
    address=STACK,
    message="",
    reason=None,
    saving_monthly=None,
    saving_basis=None,
    remediation=NO_REMEDIATION,
    help_uri="",
    location=None,
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
    before: Inventory | None = None,
    totals: StackTotals | None = None,
    evidence: "Evidence | None" = None,
    today: date | None = None,
) -> list[Result]:
    """The results of each policy on each endpoint, variant, scaling target and inference component.

    ``today`` decides which days are past; without it that is unknown. ``before`` is what stood before the change, and
    ``totals`` are those of everything that is checked together; ``evidence`` is what was observed of endpoints.
    Unattached configurations are judged too, and so is what is sure of scaling that is linked to nothing; what a plan
    forgets is not. Raises `PolicyError` for a policy that cannot be evaluated, which is never a pass.
    """
    past = None if before is None else {endpoint.address: endpoint for endpoint in before.endpoints}
    run = _PolicyRun(
        policies, Evaluation(prices, today, estimate.period, before=past, totals=totals, evidence=evidence), source
    )
    for endpoints, costs in ((inventory.endpoints, estimate.endpoints), (inventory.unattached, estimate.unattached)):
        for endpoint in endpoints:
            if endpoint.change not in ("forget", "delete"):
                environment = environments.of(endpoint)
                status: FindingStatus = "new" if endpoint.touched or not has_before else "existing"
                run.add(endpoint, costs.get(endpoint.address), environment, status)
    results = run.results()
    for stray in inventory.strays:
        status = "new" if stray.touched or not has_before else "existing"
        results += run.stray(stray, environments.of(stray), status)
    if inventory.workflows:
        from guardrail.flows import runs  # for the few that run batch transform
        from guardrail.policy.jobs import JobSubject

        for workflow in inventory.workflows:
            status = "new" if workflow.touched or not has_before else "existing"
            environment = environments.of(workflow)
            cost = estimate.endpoints.get(workflow.address)
            stays = workflow.change not in ("forget", "delete")
            for place, often in enumerate(runs(workflow.flow, len(workflow.jobs)) if stays else ()):
                if often.most == 0:
                    continue  # no way leads to it
                subject = JobSubject(run.world, workflow, place, environment=environment, cost=cost)
                about = {"address": subject.title, "identity": subject.title, "location": workflow.location}
                found = run.job(subject, environment, status)
                results += [structs.replace(each, **about) for each in found]
    return results


class Members(Struct, frozen=True, kw_only=True):
    """The endpoints that quantities are about, each with whether it is surely there."""

    after: tuple[tuple[Subject, bool], ...] = ()
    before: tuple[tuple[Subject, bool], ...] | None = None
    """None where nothing tells what stood before the change."""
    complete: bool = True
    """False where there may be others that nobody has read."""
    short_budgets: tuple[str, ...] | Unknown | None = None
    """As of `StackTotals`."""


def evaluate_stack(  # noqa: PLR0913 - everything that a verdict may rest on
    policies: Sequence[Policy],
    *,
    before: Monthly | None,
    after: Monthly,
    delta: Delta | None,
    budgets: Mapping[str, Decimal | None],
    source: str = "",
    members: Members | None = None,
) -> list[Result]:
    """What the policies on everything together say: the budgets, and quantities of ``members``.

    ``budgets`` are limits in USD a month by parameter (``max_expected_usd``, ``max_increase_ceiling_usd``, …); those
    that are not None win over the parameters of that name. What was over its limit before, and what the change does
    not raise further, is an existing finding; an increase is always new. Policies with quantities are left out where
    there are no members.
    """
    given = {name: value for name, value in budgets.items() if value is not None}
    short = members.short_budgets if members else None
    now = StackTotals(before=before, after=after, delta=delta, short_budgets=short)
    past = None if before is None else StackTotals(before=None, after=before, delta=None)
    results: list[Result] = []
    for policy in policies:
        if policy.applies_to != "stack" or policy.severity_in("") == "off":
            continue
        compiled = compile_policy(with_parameters(policy, given), PRODUCTION)
        if not policy.quantities:
            results += _judged(
                compiled, Subject(None, None, stack=now), Subject(None, None, stack=past) if past else None, source
            )
        elif members is not None:
            results += _judged_by_group(compiled, members, now, past, source)
    return results


def _judged(compiled: Compiled, subject: Subject, past: Subject | None, source: str) -> list[Result]:
    """What one policy says of everything together, or of one group; nothing where it does not apply."""
    case = _JudgedSubject(subject, _stack_status(compiled, subject, past), source)
    _ask(compiled, [case], Together([subject]))
    return case.found


def _judged_by_group(
    compiled: Compiled, members: Members, now: StackTotals, past: StackTotals | None, source: str
) -> Iterable[Result]:
    from guardrail.policy.quantity import group_field, groups

    policy = compiled.policy
    by = group_field(policy, compiled.scope).get if policy.per else None
    previous = (
        {}
        if members.before is None
        else {_key(group): group for group in groups(by, members.before, complete=members.complete)}
    )
    for group in groups(by, members.after, complete=members.complete):
        subject = Subject(None, None, stack=now, group=group)
        before = previous.get(_key(group), Group())
        was = None if members.before is None else Subject(None, None, stack=past, group=before)
        for result in _judged(compiled, subject, was, source):
            yield _of_group(result, _key(group)) if policy.per else result


def _key(group: Group) -> str:
    """What a group is called: ``search``, ``(none)`` of what has no such value, ``(unknown)`` of what may have any."""
    if isinstance(group.key, Unknown):
        return "(unknown)"
    return "(none)" if group.key is None else printable(group.key)


def _of_group(result: Result, key: str) -> Result:
    """A result with the group that it is on."""
    return structs.replace(
        result,
        address=f"totals[{key}]",
        identity=key,
        message=f"{key}: {result.message}",
        headline=result.headline and f"{key}: {result.headline}",
    )


def _stack_status(compiled: Compiled, subject: Subject, past: Subject | None) -> FindingStatus:
    if past is None or _speaks_of_the_change(compiled.policy.require):
        return "new"
    return "existing" if compiled.require(past) is False and not _has_grown(compiled, past, subject) else "new"


def _has_grown(compiled: Compiled, past: Subject, subject: Subject) -> bool:
    if compiled.policy.quantities:
        from guardrail.policy.quantity import has_grown

        return has_grown(compiled.scope.quantities, past, subject)
    before, after = past.totals(), subject.totals()
    return before is None or after is None or _raised(before.after, after.after)


def _speaks_of_the_change(condition: object) -> bool:
    """Whether a field of the change itself stands anywhere in a condition."""
    if isinstance(condition, dict):
        return any(str(key).startswith("totals.delta.") or _speaks_of_the_change(one) for key, one in condition.items())
    return isinstance(condition, list) and any(map(_speaks_of_the_change, condition))


def _raised(before: Monthly, after: Monthly) -> bool:
    """Whether a bound is higher than it was, or may be."""
    bounds = ((before.floor, after.floor), (before.expected, after.expected), (before.ceiling, after.ceiling))
    return any(
        (isinstance(old, Unknown) != isinstance(new, Unknown))
        or (isinstance(old, Decimal) and isinstance(new, Decimal) and new > old)
        for old, new in bounds
    )


_PRESENT = "evidence.present"
"""What a policy on evidence begins with: without any it applies to nothing, and is not even compiled."""


class _PolicyRun:
    """The policies compiled for the environments that occur, and what is to be judged by them."""

    def __init__(self, policies: Sequence[Policy], world: Evaluation, source: str) -> None:
        asks = world.evidence is not None
        self._policies = policies if asks else [each for each in policies if not each.when.get(_PRESENT)]
        self._compiled: dict[tuple[AppliesTo, str | None], list[Compiled]] = {}
        self.world = world
        self._source = source
        self._cases: list[_JudgedSubject] = []
        self._alike: dict[tuple[AppliesTo, str | None], list[_JudgedSubject]] = defaultdict(list)
        """The cases that the same policies are for."""

    def add(self, endpoint: Endpoint, cost: Bill | None, environment: str | Unknown, status: FindingStatus) -> None:
        """Hand an endpoint in, with its variants, its components and what scales these."""
        root = Subject(self.world, endpoint, environment=environment, cost=cost)
        self._add("endpoint", root, status)
        for subject in root.variant_subjects():
            self._add("variant", subject, status)
        for subject in root.component_subjects() if endpoint.inference_components else ():
            self._add("inference_component", subject, status)

    def _add(self, kind: AppliesTo, subject: Subject, status: FindingStatus) -> None:
        case, environment = _JudgedSubject(subject, status, self._source), _known(subject.environment)
        self._cases.append(case)
        self._alike[kind, environment].append(case)
        if kind != "endpoint" and subject.target is not None:
            self._alike["scalable_target", environment].append(case)

    def results(self) -> list[Result]:
        """What the policies say of all that was handed in, in its order.

        One policy after the other is asked of everything: what works it out is at hand then, which halves the time that
        a thousand endpoints take. What scales a part is judged after the part.
        """
        for (kind, _), cases in sorted(self._alike.items(), key=lambda item: item[0][0] == "scalable_target"):
            together = Together([case.subject for case in cases])
            for rule in self._rules(cases[0].subject.environment, kind):
                _ask(rule, cases, together)
        return [result for case in self._cases for result in case.found]

    def stray(self, endpoint: Endpoint, environment: str | Unknown, status: FindingStatus) -> Iterable[Result]:
        """What is sure of scaling whose endpoint nobody knows; what would be open, its skip says once."""
        root = Subject(self.world, endpoint, environment=environment)
        found = self._apply(list(filter(_is_about_links, self._rules(environment, "endpoint"))), root, status)
        for subject in root.every_part():
            if subject.target is not None:
                found += self._apply(self._rules(environment, "scalable_target"), subject, status)
        return (result for result in found if result.verdict == "fail")

    def job(self, subject: Subject, environment: str | Unknown, status: FindingStatus) -> Iterable[Result]:
        """What the policies on transform jobs say of one."""
        return self._apply(self._rules(environment, "transform_job"), subject, status)

    def _rules(self, environment: str | Unknown, kind: AppliesTo) -> list[Compiled]:
        """The policies on one kind of thing, compiled when the first one of it is met in an environment."""
        key = (kind, _known(environment))
        known = self._compiled.get(key)
        if known is None:
            policies = (policy for policy in self._policies if policy.applies_to == kind)
            known = self._compiled[key] = [
                compile_policy(policy, environment, late=True)
                for policy in policies
                if policy.severity_in(environment) != "off" and _is_set(policy, environment)
            ]
        return known

    def _apply(self, rules: Iterable[Compiled], subject: Subject, status: FindingStatus) -> list[Result]:
        case, alone = _JudgedSubject(subject, status, self._source), Together([subject])
        for rule in rules:
            _ask(rule, [case], alone)
        return case.found


def _known(environment: str | Unknown) -> str | None:
    return None if isinstance(environment, Unknown) else environment


class _JudgedSubject:
    """A subject with the results that policies have had on it so far."""

    __slots__ = ("about", "found", "passes", "status", "subject")

    def __init__(self, subject: Subject, status: FindingStatus, source: str) -> None:
        self.subject = subject
        self.found: list[Result] = []
        self.status = status
        self.about = _about(subject, source)
        self.passes: dict[Blame, Result] = {}
        """What `pass_of` has said."""

    def pass_of(self, blames: Blame) -> Result:
        """A pass of no policy yet, which would blame that block: of ten thousand passes only the policies differ."""
        known = self.passes.get(blames)
        if known is None:
            address, location = _block_to_change(blames, self.subject)
            known = self.passes[blames] = structs.replace(_PASS, **self.about, address=address, location=location)
        return known


def _ask(rule: Compiled, cases: Sequence[_JudgedSubject], together: Together) -> None:
    """Add the result of a rule to each judged subject; where its ``when`` is false there is none."""
    applies: Sequence[Truth] = [True] * len(cases) if rule.when is None else rule.when.of_all(together)
    picks = [truth is not False for truth in applies]
    cases, together, applies = list(compress(cases, picks)), together.only(picks), list(compress(applies, picks))
    if not cases:
        return
    holds = rule.require.of_all(together)
    passes = [truth is True for truth in holds]
    if any(passes):
        _pass(rule, list(compress(cases, passes)), together.only(passes))
    if not all(passes):
        fails = [not each for each in passes]
        unknowns = [_undecided(*truths) for truths in compress(zip(applies, holds, strict=True), fails)]
        _find(rule, list(compress(cases, fails)), together.only(fails), unknowns)


def _is_about_links(rule: Compiled) -> bool:
    """Whether a rule on endpoints asks only whether what scales one is linked to it."""
    return rule.policy.blames == "unlinked-scaling"


def _is_set(policy: Policy, environment: str | Unknown) -> bool:
    """Whether a policy that waits for a parameter has it, so that it may apply to anything at all.

    ``when: {param.families: {present: true}}`` of a parameter that is null: False.
    """
    values = policy.parameters(environment) if policy.params else {}
    asked = (
        (values.get(key.removeprefix("param.")), wanted)
        for key, wanted in policy.when.items()
        if key.startswith("param.")
    )
    return not any(
        (value is None and wanted == {"present": True}) or (value is False and wanted is True)
        for value, wanted in asked
    )


def _undecided(applies: Truth, holds: Truth) -> Unknown | None:
    """What stands in the way of calling it a violation: ``when`` implies ``require``, in Kleene's logic."""
    return next((truth for truth in (applies, holds) if isinstance(truth, Unknown)), None)


def _about(subject: Subject, source: str) -> dict[str, Any]:
    """What every result on a subject says of it."""
    endpoint = subject.endpoint
    return {
        "source": source,
        "endpoint": None if endpoint is None else endpoint.address,
        "variant": subject.variant_name(),
        "part": subject.part(),
        "identity": "" if endpoint is None else identity(endpoint),
    }


def _pass(rule: Compiled, cases: Sequence[_JudgedSubject], together: Together) -> None:
    """Add a pass to each of the subjects."""
    passed, blames, replace = rule.passed, rule.policy.blames, structs.replace
    if not rule.policy.pass_messages:
        for case in cases:
            case.found.append(replace(case.pass_of(blames), **passed))
        return
    for case, said in zip(cases, rule.pass_messages.of_all(together), strict=True):
        own = {"message": said, "notes": (said,)} if said else {}
        case.found.append(replace(case.pass_of(blames), **(passed | own)))


class _Told(Struct, frozen=True, kw_only=True):
    """The sentences of one finding."""

    text: str
    headline: str
    detail: str = ""
    fix: Remediation | None = None


def _find(
    rule: Compiled, cases: Sequence[_JudgedSubject], together: Together, unknowns: Sequence[Unknown | None]
) -> None:
    """Add a violation to each of the subjects, or what its ``unknown`` leaves open, which has no detail and no fix."""
    sure = [unknown is None for unknown in unknowns]
    violated = together.only(sure)
    details, fixes = iter(rule.details.of_all(violated)), iter(rule.fixes.of_all(violated))
    texts, headlines = rule.messages.of_all(together), rule.headlines.of_all(together)
    for case, unknown, said, headline in zip(cases, unknowns, texts, headlines, strict=True):
        text = said or rule.policy.title
        told = _Told(
            text=text,
            headline=(headline or text).partition(". ")[0],
            detail="" if unknown else next(details) or "",
            fix=None if unknown else next(fixes),
        )
        case.found.append(_found(rule, case, unknown, told))


def _found(rule: Compiled, case: _JudgedSubject, unknown: Unknown | None, told: _Told) -> Result:
    """A violation, or what ``unknown`` leaves open."""
    policy, subject, fix = rule.policy, case.subject, told.fix
    at_fault = _policy_at_fault(rule, subject)
    address, location = (at_fault.address, at_fault.location) if at_fault else _block_to_change(policy.blames, subject)
    saving = saving_of(policy.saving, subject, rule.parameters) if unknown is None else None
    location = _line_to_change(fix, address, subject) or location
    return Result(
        **case.about,
        policy=policy.id,
        severity="note"
        if unknown is None and rule.note_when and rule.note_when(subject) is True
        else _graded(rule.severity),
        verdict="open" if unknown else "fail",
        status=case.status,
        address=address,
        message=f"undecided: {policy.title}." if unknown else _violation_message(told.text, subject, saving),
        headline=told.headline,
        detail=told.detail,
        working=saving.working if isinstance(saving, Saving) and not subject.sensitive() else "",
        reason=_reason(unknown, subject) if unknown else None,
        saving_monthly=saving.usd if isinstance(saving, Saving) else saving and Unknown(_reason(saving, subject)),
        saving_basis=saving.basis if isinstance(saving, Saving) else None,
        fix=fix,
        remediation=policy.remediation if unknown else rule.remediations.of(subject),
        notes=_notes(rule, subject, saving, open_=unknown is not None),
        help_uri=policy.help_uri,
        location=location,
    )


def _block_to_change(blames: Blame, subject: Subject) -> tuple[str, Location | None]:
    """The address and the place of what has to change: what the policy blames, or the nearest thing that exists."""
    endpoint, target = subject.endpoint, subject.target
    if endpoint is None:
        return STACK, None
    if blames == "unlinked-scaling" and endpoint.unlinked_scaling:
        first = endpoint.unlinked_scaling[0]
        return first.address, first.location
    if target.__class__ is ScalableTarget and blames in ("scaling", "policy"):
        return target.address, target.location
    if subject.component.__class__ is InferenceComponent:
        return subject.component.address, subject.component.location
    if blames == "endpoint" or endpoint.configuration_address is None:
        return endpoint.address, endpoint.location
    location: Location | None = getattr(subject.variant, "location", None)
    if blames == "scaling":
        location = _count_elsewhere(subject) or location
    return endpoint.configuration_address, location or endpoint.configuration_location


def _count_elsewhere(subject: Subject) -> Location | None:
    """Where the instances of a variant are counted that no target scales, if that is not in its block.

    The line of ``initial_instance_count = var.replicas`` is the same in every environment; ``replicas = 3`` of
    ``prod.tfvars`` is the one that a change to prod has written.
    """
    written: Location | None = getattr(subject.variant, "lines", {}).get("initial_instance_count")
    return written if written is not None and written.used_at is not None else None


def _line_to_change(fix: Remediation | None, address: str, subject: Subject) -> Location | None:
    """The line of the argument that the fix begins with, where the block to change has it.

    That is ``min_capacity = 0`` of Terraform or ``MinCapacity: 0`` of CloudFormation.
    """
    if fix is None:
        return None
    target = subject.target
    owner = target if isinstance(target, ScalableTarget) and target.address == address else subject.variant
    lines: dict[str, Location] = getattr(owner, "lines", {})
    return lines.get(fix.terraform.partition(" ")[0]) or lines.get(fix.cloudformation.partition(":")[0])


def _policy_at_fault(rule: Compiled, subject: Subject) -> ScalingPolicy | None:
    """The scaling policy that alone would violate the rule, or may; steps, which may only be to wake, come last."""
    target = subject.target
    if rule.policy.blames != "policy" or not isinstance(target, ScalableTarget) or isinstance(target.policies, Unknown):
        return None
    if len(target.policies) == 1:  # as nearly always
        return target.policies[0]
    undecided: ScalingPolicy | None = None
    for policy in sorted(target.policies, key=lambda each: not isinstance(each, TargetTrackingPolicy)):
        holds = rule.require(subject.with_target(structs.replace(target, policies=(policy,))))
        if holds is False:
            return policy
        if holds is not True:
            undecided = undecided or policy
    return undecided


def _violation_message(wrong: str, subject: Subject, saving: Saving | Unknown | None) -> str:
    """What is wrong and what it costs."""
    text = f"{wrong}{_money(saving, subject)}"
    return text if text.endswith("?") else f"{text}."


def _notes(rule: Compiled, subject: Subject, saving: Saving | Unknown | None, *, open_: bool) -> tuple[str, ...]:
    """Notes about the environment of a subject.

    The note of a policy that saves money is about giving up what costs it, so it needs money to be saved.
    """
    unknown = isinstance(subject.environment, Unknown)
    policy, notes = rule.policy, []
    gives_up = not open_ and (policy.saving is None or saving is not None)
    if policy.production_note and gives_up and (unknown or subject.environment == PRODUCTION):
        notes.append(policy.production_note)
    if unknown and rule.names_environment:
        notes.append("environment unknown, so production's limits apply")
    return tuple(notes)


def _money(saving: Saving | Unknown | None, subject: Subject) -> str:
    if not isinstance(saving, Saving):
        return ""
    about = "~" if saving.estimated else ""
    up_to = "up to " if saving.basis == "upper-bound" else ""
    usage = " with the usage given" if saving.basis == "with-usage" else ""
    working = "" if subject.sensitive() else f" ({saving.working})"
    return f", {up_to}{about}{two_decimals(saving.usd)} USD a month{usage}{working}"


def _reason(unknown: Unknown, subject: Subject) -> str:
    """Why something is unknown; a reason about a sensitive value might quote it."""
    return "it rests on a sensitive value, which is not shown" if subject.sensitive() else printable(unknown.reason)
