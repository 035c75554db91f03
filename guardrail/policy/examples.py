"""The examples inside a policy, made into real model objects and run through the real engine and price book.

An example names what matters and leaves the rest to defaults; docs/writing-policies.md describes the format.
"""

from collections.abc import Iterator, Sequence
from datetime import date

from msgspec import Struct, structs

from guardrail.cost.base import Delta, Monthly
from guardrail.cost.estimate import estimate
from guardrail.model import Endpoint, Flow, Inventory, Step, Unknown, Workflow
from guardrail.money import two_decimals
from guardrail.policy.base import Result
from guardrail.policy.environment import Environments
from guardrail.policy.evaluate import Members, evaluate, evaluate_stack
from guardrail.policy.example_model import Builder, Description
from guardrail.policy.load import check
from guardrail.policy.observation import Observation
from guardrail.policy.policy import Examples, Policy, with_parameters
from guardrail.policy.subject import Evaluation, StackTotals, Subject
from guardrail.prices.book import PriceBook

_KEYS = (
    "because",
    "params",
    "endpoint",
    "variant",
    "variants",
    "scaling",
    "inference_components",
    "transform_job",
    "workflow_name",
    "monthly_runs",
    "run_hours",
    "before",
    "evidence",
    "endpoints",
    "totals",
    "expect",
)
_OF_AN_ENDPOINT = ("endpoint", "variant", "variants", "scaling", "inference_components")
_EXPECTED = ("severity", "saving", "message")
_TODAY = date(2026, 11, 1)
"""The day in every example: what lies before it is past."""


class ExampleResult(Struct, frozen=True, kw_only=True):
    """What became of one example."""

    policy: str
    verdict: str
    """The one it must get: pass, fail, open or not_applicable."""
    because: str
    problem: str | None
    """What was wrong, or None."""


def run(policy: Policy, prices: PriceBook) -> Iterator[ExampleResult]:
    """Every example of ``policy``, with what it must show and whether it does."""
    for description, path in descriptions(policy.examples):
        verdict = path.removeprefix("examples.").partition("[")[0]
        problem = _problem(verdict, description, results(policy, description, prices, path))
        because = str(description.get("because", path))
        yield ExampleResult(policy=policy.id, verdict=verdict, because=because, problem=problem)


def descriptions(examples: Examples) -> Iterator[tuple[Description, str]]:
    """Every example with its place: ``examples.fail[0]`` is the first that must fail."""
    for verdict, described in (
        ("pass", examples.passing),
        ("fail", examples.failing),
        ("open", examples.open),
        ("not_applicable", examples.not_applicable),
    ):
        for index, description in enumerate(described):
            yield description, f"examples.{verdict}[{index}]"


def missing_verdicts(examples: Examples) -> list[str]:
    """The verdicts that no example shows."""
    shown = {"pass": examples.passing, "fail": examples.failing, "open": examples.open}
    return [verdict for verdict, descriptions in shown.items() if not descriptions]


def results(policy: Policy, description: Description, prices: PriceBook, path: str) -> list[Result]:
    """What ``policy`` says of a described inventory, or of described totals.

    Raises `PolicyError`, naming the policy and the place in it, for a description that cannot be made into a model.
    """
    builder = Builder(policy.id)
    builder.known_keys(description, _KEYS, path)
    params = description.get("params", {})
    builder.known_keys(params, policy.params, f"{path}.params")
    builder.known_keys(description.get("expect", {}), _EXPECTED, f"{path}.expect")
    policy = with_parameters(policy, params)
    check(policy)
    totals = builder.totals(description["totals"], f"{path}.totals") if "totals" in description else None
    if policy.applies_to == "stack":
        short = builder.short_budgets(description.get("totals", {}))
        return _of_stack(policy, _endpoints(builder, description, path), totals, prices, short)
    if policy.applies_to == "transform_job":
        return _of_job(policy, builder, description, prices, path)
    inventory = Inventory(endpoints=(builder.endpoint(description, path),))
    past = None
    if "before" in description:
        builder.known_keys(description["before"], _OF_AN_ENDPOINT, f"{path}.before")
        past = Inventory(endpoints=(builder.endpoint(description["before"], f"{path}.before"),))
    everything = totals and StackTotals(before=totals[0], after=totals[1], delta=totals[2])
    seen = None
    if "evidence" in description:
        seen = _Observed(builder.observation(description["evidence"], f"{path}.evidence"))
    return _judged(policy, inventory, prices, past, everything, seen)


def _judged(
    policy: Policy,
    inventory: Inventory,
    prices: PriceBook,
    before: Inventory | None = None,
    totals: StackTotals | None = None,
    evidence: "_Observed | None" = None,
) -> list[Result]:
    """What the policy says of an inventory, on the day of all examples."""
    return evaluate(
        [policy],
        inventory,
        estimate(inventory, prices),
        source="",
        prices=prices,
        environments=Environments(),
        has_before=False,
        before=before,
        totals=totals,
        evidence=evidence,
        today=_TODAY,
    )


class _Observed:
    """What an example says was observed of its only variant."""

    def __init__(self, observation: Observation) -> None:
        self._observation = observation

    def of(self, *_: object, **_asked: object) -> Observation:
        """That."""
        return self._observation

    def of_component(self, *_: object, **_asked: object) -> Observation:
        """That, of its only component."""
        return self._observation


def _of_job(policy: Policy, builder: Builder, description: Description, prices: PriceBook, path: str) -> list[Result]:
    """An example of a transform job, started by a state machine so often a month and running for so long."""
    job = builder.job(description.get("transform_job", {}), f"{path}.transform_job")
    often = description.get("monthly_runs")
    workflow = Workflow(
        address="aws_sfn_state_machine.example",
        type="aws_sfn_state_machine",
        name=str(description.get("workflow_name", "example")),
        region="us-east-1",
        jobs=(structs.replace(job, run_hours=builder.amount(description["run_hours"], f"{path}.run_hours")),)
        if "run_hours" in description
        else (job,),
        flow=Flow((Step(jobs=(0,), tries=job.attempts, ends=True),)),
        monthly_runs=None if often is None else builder.amount(often, f"{path}.monthly_runs"),
    )
    return _judged(policy, Inventory(workflows=(workflow,)), prices)


def _endpoints(builder: Builder, description: Description, path: str) -> tuple[Endpoint, ...]:
    """The endpoints of an example of a policy on the stack, each described as one of its own would be."""
    found = []
    for index, each in enumerate(builder.items(description.get("endpoints"), f"{path}.endpoints")):
        place = f"{path}.endpoints[{index}]"
        builder.known_keys(each, _OF_AN_ENDPOINT, place)
        found.append(structs.replace(builder.endpoint(each, place), address=f"aws_sagemaker_endpoint.example{index}"))
    return tuple(found)


def _of_stack(
    policy: Policy,
    endpoints: tuple[Endpoint, ...],
    totals: tuple[Monthly | None, Monthly, Delta | None] | None,
    prices: PriceBook,
    short_budgets: tuple[str, ...] | Unknown | None,
) -> list[Result]:
    costs = estimate(Inventory(endpoints=endpoints), prices)
    before, after, delta = totals or (None, costs.total, None)
    evaluation, environments = Evaluation(prices, _TODAY), Environments()
    members = [
        Subject(evaluation, one, environment=environments.of(one), cost=costs.endpoints.get(one.address))
        for one in endpoints
    ]
    return evaluate_stack(
        [policy],
        before=before,
        after=after,
        delta=delta,
        budgets={},
        members=Members(after=tuple((member, True) for member in members), short_budgets=short_budgets),
    )


def _problem(verdict: str, description: Description, results: Sequence[Result]) -> str | None:
    """Why the results are not what the example promises; None where they are."""
    verdicts = {result.verdict for result in results}
    got = next((worst for worst in ("fail", "open", "pass") if worst in verdicts), "not_applicable")
    if got != verdict:
        return f"expected {verdict}, got {got}{_reasons(results)}"
    expected: Description = description.get("expect", {})
    if "severity" in expected:
        severities = {result.severity for result in results if result.verdict == verdict}
        if severities != {expected["severity"]}:
            return f"expected the severity {expected['severity']}, got {', '.join(sorted(severities))}"
    if "saving" in expected:
        savings = [_amount(result) for result in results if result.verdict == verdict]
        if str(expected["saving"]) not in map(str, savings):
            return f"expected a saving of {expected['saving']}, got {', '.join(map(str, savings))}"
    if "message" in expected:
        messages = [result.message for result in results if result.verdict == verdict]
        if expected["message"] not in messages:
            return f"expected the message {expected['message']!r}, got {messages}"
    return None


def _reasons(results: Sequence[Result]) -> str:
    said = [result.reason or result.message for result in results if result.verdict in ("fail", "open")]
    return f": {'; '.join(said)}" if said else ""


def _amount(result: Result) -> str | None:
    saving = result.saving_monthly
    if saving is None:
        return None
    return f"unknown ({saving.reason})" if isinstance(saving, Unknown) else two_decimals(saving).replace(",", "")
