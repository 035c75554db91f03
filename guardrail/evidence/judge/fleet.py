"""All judgements of a bundle: of each variant, component and job, with the money at stake, the most first."""

from decimal import Decimal
from typing import Final

from msgspec import Struct

from guardrail.alternatives.base import Alternative
from guardrail.alternatives.engine import AlternativesEngine
from guardrail.cost.base import Bill
from guardrail.evidence import recommender, standing
from guardrail.evidence.base import NO_DATAPOINTS, Gap
from guardrail.evidence.bundle import (
    ANSWERING,
    AdviceEvidence,
    Bundle,
    ComponentEvidence,
    EndpointEvidence,
    VariantEvidence,
)
from guardrail.evidence.demand import ObservedDemand, requests_a_month
from guardrail.evidence.judge import batch, hosts, idle, right_sizing, scaling, serverless, ways_to_serve
from guardrail.evidence.judge.batch import JudgedJobs
from guardrail.evidence.judge.hosts import PackedHost
from guardrail.evidence.judge.idle import Idleness
from guardrail.evidence.judge.right_sizing import HEADROOM, Percentile, RightSizing, VariantToJudge
from guardrail.evidence.judge.scaling import Bounds, NeverApproached, Periodic, Resting
from guardrail.evidence.judge.serverless import Fitted
from guardrail.evidence.recommender import LoadTest
from guardrail.model import Endpoint, Unknown
from guardrail.money import HOURS_PER_MONTH, SECONDS_PER_MONTH, ZERO, sum_if_known
from guardrail.prices.book import PriceBook

_WAYS: Final = frozenset({"serverless", "asynchronous", "batch", "real-time"})
_HOURS_OF_DAY: Final = 24
_LEAST_USD: Final = 10
"""A month, for which nobody changes how something is served."""


class JudgingTerms(Struct, frozen=True, kw_only=True):
    """By what one judges."""

    headroom: Decimal = HEADROOM
    percentile: Percentile = "p99"
    idle_hours: int = idle.HOURS
    tests: tuple[LoadTest, ...] = ()
    """What Inference Recommender measured, of any model."""
    advice: tuple[AdviceEvidence, ...] = ()
    """What it advises on scaling, of any endpoint."""


class JudgedVariant(Struct, frozen=True, kw_only=True):
    """One variant with what is said of it."""

    evidence: VariantEvidence
    monthly_usd: Decimal | None
    """What it costs a month as it ran: None where something of it has no price."""
    hourly_usd: Decimal | None
    """Of one instance."""
    vcpus: int | None = None
    memory_gib: Decimal | None = None
    gpus: int | None = None
    """Of one instance; None where its type is not known."""
    idleness: Idleness
    sizing: RightSizing | None
    """None of what is idle, and of what runs on no instance."""
    periodic: Periodic | None = None
    bounds: Bounds | None = None
    target: NeverApproached | None = None
    resting: Resting | None = None
    host: PackedHost | None = None
    """Of what hosts components: the instances that would hold what they reserve."""
    serverless: Fitted | None = None
    tests: tuple[LoadTest, ...] = ()
    """Load tests of its model, which say more than what was observed."""
    advice: tuple[AdviceEvidence, ...] = ()
    ways: tuple[Alternative, ...] = ()
    """Other ways to serve, by the requests and durations that were observed."""

    @property
    def resting_usd(self) -> Decimal | None:
        """What a month of it costs while nothing waits, at the rate of the window: of what could scale to zero."""
        told = self.idleness
        if told.verdict != "empties" or told.cost_usd is None:
            return None
        return told.cost_usd / (told.window_days * _HOURS_OF_DAY) * HOURS_PER_MONTH

    @property
    def stake_usd(self) -> Decimal:
        """The most that one of the statements would save a month."""
        amounts = [self.resting_usd or ZERO, ZERO if self.resting is None else self.resting.saving_usd]
        if self.idleness.is_idle and self.monthly_usd is not None:
            amounts.append(self.monthly_usd)
        if self.sizing is not None and self.sizing.saving_usd is not None:
            amounts.append(self.sizing.saving_usd)
        if self.sizing is not None and self.sizing.fewer is not None and self.sizing.fewer.usd is not None:
            amounts.append(self.sizing.fewer.usd)
        if self.serverless is not None:
            found = (self.serverless.memory, self.serverless.slots)
            amounts += [one.usd for one in found if one is not None and one.usd is not None]
        if self.host is not None:
            amounts.append(self.host.saving_usd)
        if self.periodic is not None:
            amounts.append(self.periodic.saving_usd)
        if self.bounds is not None and self.bounds.minimum_was_never_left:
            amounts.append(self.bounds.saving_usd or ZERO)
        return max(amounts)


class JudgedEndpoint(Struct, frozen=True, kw_only=True):
    """One endpoint with its variants and components."""

    evidence: EndpointEvidence
    variants: tuple[JudgedVariant, ...]
    components: tuple[tuple[ComponentEvidence, Idleness], ...] = ()
    requests_a_month: Decimal | None = None
    """Of its production variants together: a shadow variant answers copies. None where one of them is not known."""

    @property
    def stake_usd(self) -> Decimal:
        """What its variants have at stake, a month."""
        return sum((each.stake_usd for each in self.variants), ZERO)

    @property
    def monthly_usd(self) -> Decimal | None:
        """What it costs a month as it ran."""
        return sum_if_known(each.monthly_usd for each in self.variants)


def judged(bundle: Bundle, prices: PriceBook, asked: JudgingTerms | None = None) -> tuple[JudgedEndpoint, ...]:
    """Everything that the bundle says of endpoints, those with the most money at stake first."""
    engine = AlternativesEngine(prices, ObservedDemand(bundle))
    found = [endpoint(engine, one, asked or JudgingTerms()) for one in bundle.endpoints]
    return tuple(
        sorted(
            found, key=lambda one: (-one.stake_usd, -(one.monthly_usd or ZERO), one.evidence.region, one.evidence.name)
        )
    )


def jobs(bundle: Bundle, prices: PriceBook, asked: JudgingTerms | None = None) -> tuple[JudgedJobs, ...]:
    """What is said of transform jobs, the most money first."""
    by = asked or JudgingTerms()
    found = [batch.judge(job, prices, headroom=by.headroom, percentile=by.percentile) for job in bundle.jobs]
    return tuple(
        sorted(found, key=lambda one: (-(one.saving_usd or ZERO), -(one.monthly_usd or ZERO), one.evidence.prefix))
    )


def endpoint(engine: AlternativesEngine, found: EndpointEvidence, asked: JudgingTerms) -> JudgedEndpoint:
    """One endpoint."""
    modelled = standing.endpoint_of(found)
    bill = engine.estimator.endpoint(modelled)
    ways = engine.of(modelled)
    return JudgedEndpoint(
        evidence=found,
        variants=tuple(
            _variant(engine, found, place, modelled, bill.children[place], ways[place] if ways else (), asked)
            for place in range(len(found.variants))
        ),
        components=tuple((one, idle.of_component(found, one, hours=asked.idle_hours)) for one in found.components),
        requests_a_month=_requests(found),
    )


def _variant(  # noqa: PLR0913, PLR0917 - one variant with all that it is judged by
    engine: AlternativesEngine,
    found: EndpointEvidence,
    place: int,
    modelled: Endpoint,
    bill: Bill,
    ways: tuple[Alternative, ...],
    asked: JudgingTerms,
) -> JudgedVariant:
    evidence = found.variants[place]
    hourly = standing.hourly_usd(bill)
    idleness = idle.of_variant(found, evidence, hourly, hours=asked.idle_hours)
    tests = tuple(recommender.linked(asked.tests, found, evidence))
    spec = None if evidence.instance_type is None else engine.prices.instance(evidence.instance_type)
    runs = evidence.serverless is None and not idleness.is_idle and idleness.verdict != "at-zero"
    sizing = None
    if runs:
        declared = VariantToJudge(endpoint=modelled, place=place, refused=recommender.too_slow(tests, evidence))
        sizing = right_sizing.judge(
            engine, found, evidence, declared, headroom=asked.headroom, percentile=asked.percentile
        )
    return JudgedVariant(
        evidence=evidence,
        monthly_usd=_monthly(found, evidence, bill),
        hourly_usd=hourly,
        vcpus=None if spec is None else spec.vcpus,
        memory_gib=None if spec is None else spec.memory_gib,
        gpus=None if spec is None else spec.accelerators,
        idleness=idleness,
        sizing=sizing,
        periodic=scaling.periodic(found, evidence, hourly) if runs else None,
        bounds=scaling.bounds(evidence, _with_room(sizing), hourly),
        target=scaling.never_approached(evidence),
        resting=scaling.resting(found, evidence, hourly) if idleness.verdict == "active" else None,
        host=hosts.judge(found, evidence, engine.prices) if runs and evidence.has_components else None,
        serverless=serverless.judge(engine, evidence, modelled, place, asked.headroom),
        tests=tests,
        advice=tuple(recommender.advised(asked.advice, found.name, tests)),
        ways=tuple(
            each
            for each in ways
            if each.kind in _WAYS and each.basis == "with-usage" and _is_worth_it(each, evidence, engine)
        )
        if found.status in ANSWERING
        else (),
    )


def _with_room(sizing: RightSizing | None) -> Decimal | None:
    """What its load takes of its instances, with room for more; None where that is not known."""
    if sizing is None or sizing.fullest is None or sizing.verdict not in ("too-large", "fits"):
        return None
    return sizing.fullest * (1 + sizing.room)


def _monthly(found: EndpointEvidence, evidence: VariantEvidence, bill: Bill) -> Decimal | None:
    """What it cost a month; None where a part is unknown: of serverless compute, how long its requests took.

    What failed, or is being made or deleted, has no month ahead of it: nothing where no machine ran, else unknown.
    """
    if found.status not in ANSWERING:
        no_machine = Gap(subject=f"{found.name}/{evidence.name}", metric="CPUUtilization", reason=NO_DATAPOINTS)
        return ZERO if found.status == "Failed" and no_machine in evidence.gaps else None
    expected = bill.monthly.expected
    is_uncounted = evidence.serverless is None and evidence.instances is None and evidence.has_moved
    if isinstance(expected, Unknown) or bill.monthly.at_least or is_uncounted:
        return None
    asked_nothing = evidence.activity is not None and evidence.requests is not None and not evidence.requests.total
    is_open = evidence.serverless is not None and bill.monthly.depends_on_usage and not asked_nothing
    return None if is_open else expected


def _is_worth_it(way: Alternative, evidence: VariantEvidence, engine: AlternativesEngine) -> bool:
    """Whether it saves more than volumes alone, and has what was used: a core for each request that there is at a time.

    200,000 requests an hour of 200 ms are 11.1 at a time on the average: no work for one ml.c5.large with two cores.
    """
    if way.usd is None or way.usd < _LEAST_USD:
        return False
    if way.kind == "serverless" and not ways_to_serve.fits_serverless(evidence):
        return False
    spec = engine.prices.instance(way.instance_type) if way.kind == "real-time" and way.instance_type else None
    rate, took = requests_a_month(evidence), evidence.latency
    if spec is None or rate is None or took is None:
        return True
    return rate * took.mean_ms / 1000 / SECONDS_PER_MONTH <= spec.vcpus


def _requests(found: EndpointEvidence) -> Decimal | None:
    """1,000 and 250 an hour are 1,250 × 730 = 912,500 a month, whatever a shadow variant answers beside them."""
    rates = [requests_a_month(each) for each in found.variants if not each.shadow]
    return sum_if_known(rates)
