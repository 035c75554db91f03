"""Observations for policies: each variant of a change with what a bundle has of it."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from math import ceil
from typing import Any, Final, NamedTuple, cast, get_args

from guardrail.alternatives.engine import AlternativesEngine
from guardrail.cost.demand import Demand
from guardrail.cost.usage import NO_USAGE
from guardrail.errors import PolicyError
from guardrail.evidence import linking, recommender, standing
from guardrail.evidence.bundle import Bundle, EndpointEvidence, VariantEvidence
from guardrail.evidence.bundle_file import OLD_DAYS
from guardrail.evidence.demand import ObservedDemand, observed, requests_a_month
from guardrail.evidence.judge import idle, right_sizing
from guardrail.evidence.judge.confidence import Confidence
from guardrail.evidence.judge.idle import Idleness
from guardrail.evidence.judge.right_sizing import Percentile, RightSizing, VariantToJudge
from guardrail.evidence.recommender import LoadTest
from guardrail.evidence.statistics import plain
from guardrail.model import Endpoint, InstanceVariant, ManagedInstanceScaling, ScalableTarget, Unknown
from guardrail.money import ZERO
from guardrail.policy.observation import Observation
from guardrail.prices.book import PriceBook

_PERCENT: Final = Decimal(100)


class _ObservationTerms(NamedTuple):
    """The terms of a policy: head-room, percentile, and the hours after which it is idle."""

    headroom: Decimal
    percentile: Percentile
    idle_hours: int


def _percentile(text: str) -> Percentile:
    for known in get_args(Percentile):
        if text == known:
            return cast("Percentile", known)
    raise PolicyError(f"there is no percentile {text[:20]!r}: p50, p90, p95, p99 or maximum")


class Observations:
    """The observations of a bundle, each made once for what a policy asks by."""

    def __init__(
        self, bundle: Bundle, prices: PriceBook, stated: Demand = NO_USAGE, *, today: date | None = None
    ) -> None:
        """Of what was seen more than `OLD_DAYS` before ``today`` nothing is more than a note."""
        self._links = linking.EvidenceLinks(bundle)
        self._tests = [recommender.priced(each, prices) for each in bundle.load_tests]
        self._advice = bundle.advice
        self._engine = AlternativesEngine(prices, ObservedDemand(bundle, stated))
        self._known: dict[tuple[int, int, Decimal, str, Decimal], Observation | None] = {}
        self._kept: list[Endpoint] = []
        self._today = today

    def of(
        self, endpoint: Endpoint, place: int, *, headroom_percent: Decimal, percentile: str, idle_hours: Decimal
    ) -> Observation | None:
        """What was observed of a variant; None where nothing was, or nobody can tell which it is.

        Raises `PolicyError` for a percentile that no bundle holds.
        """
        key = id(endpoint), place, headroom_percent, percentile, idle_hours
        if key not in self._known:
            self._kept.append(endpoint)  # so that no other has its id
            asked = _ObservationTerms(headroom_percent / _PERCENT, _percentile(percentile), ceil(idle_hours))
            self._known[key] = self._of(endpoint, place, asked)
        return self._known[key]

    def _of(self, endpoint: Endpoint, place: int, asked: "_ObservationTerms") -> Observation | None:
        link = self._links.of(endpoint)
        seen = link.places[place] if place < len(link.places) else None
        if link.evidence is None or seen is None:
            return None
        found, variant = link.evidence, link.evidence.variants[seen]
        tests = recommender.linked(self._tests, found, variant)
        count = _most(endpoint, place)
        share = _share(variant, count)
        sizing = right_sizing.judge(
            self._engine,
            found,
            variant,
            VariantToJudge(endpoint=endpoint, place=place, share=share, refused=recommender.too_slow(tests, variant)),
            headroom=asked.headroom,
            percentile=asked.percentile,
        )
        idleness = idle.of_variant(found, variant, self._hourly(found, seen), hours=asked.idle_hours)
        seen_use = observed(variant)
        return Observation(
            **_window(found),
            **self._of_confidence(found, (idleness if idleness.is_idle else sizing).confidence),
            **_of_idleness(idleness),
            instance_type=variant.instance_type,
            needed_instances=_needed(sizing, share, count),
            declared_instances=count,
            average_instances=None if variant.instances is None else variant.instances.mean,
            max_instances=None if variant.instances is None else variant.instances.maximum,
            requests_per_month=seen_use.requests if isinstance(seen_use.requests, Decimal) else None,
            latency_ms=seen_use.duration_ms,
            **_of_sizing(sizing),
            load_test="; ".join(filter(None, map(recommender.in_words, tests))) or None,
            scaling_advice="; ".join(
                recommender.advice_in_words(each) for each in recommender.advised(self._advice, found.name, tests)
            )
            or None,
            usd_per_1000_requests=_tested(tests, endpoint, place),
        )

    def of_component(self, endpoint: Endpoint, place: int, *, idle_hours: Decimal) -> Observation | None:
        """What was observed of a component that a change declares, by its name."""
        found = self._links.of(endpoint).evidence
        hosted = endpoint.inference_components
        if found is None or isinstance(hosted, Unknown) or place >= len(hosted):
            return None
        seen = next((one for one in found.components if one.name == hosted[place].name), None)
        if seen is None:
            return None
        told = idle.of_component(found, seen, hours=ceil(idle_hours))
        rate = requests_a_month(seen)
        sure = self._of_confidence(found, told.confidence)
        return Observation(**_window(found), requests_per_month=rate, **_of_idleness(told), **sure)

    def _of_confidence(self, found: EndpointEvidence, sure: Confidence) -> dict[str, Any]:
        age = 0 if self._today is None else (self._today - found.end.date()).days
        if age <= OLD_DAYS:
            return {"confidence": sure.level, "doubts": "; ".join(sure.doubts) or None}
        return {"confidence": "low", "doubts": "; ".join((f"the evidence is {age} days old", *sure.doubts))}

    def _hourly(self, found: EndpointEvidence, place: int) -> Decimal | None:
        """What an instance cost that ran, or a slot that was kept warm, at the list price."""
        bill = self._engine.estimator.endpoint(standing.endpoint_of(found))
        return standing.hourly_usd(bill.children[place])

    def unlinked(self, endpoints: Iterable[Endpoint]) -> list[str]:
        """What there is no evidence of, of endpoints that stand already, a sentence each."""
        standing = (each for each in endpoints if each.change not in ("create", "delete", "forget"))
        return linking.notes(self._links, standing)


def _window(found: EndpointEvidence) -> dict[str, Any]:
    return {
        "first_day": f"{max(found.start, found.created):%Y-%m-%d}",
        "day": f"{found.end:%Y-%m-%d}",
        "window_days": max((found.end - found.start).days, 1),
    }


def _of_idleness(told: Idleness) -> dict[str, Any]:
    return {
        "idle": None if told.verdict == "unknown" else told.is_idle,
        "idle_hours": None if told.since is None else told.hours,
        "idle_since": None if told.since is None else f"{told.since:%Y-%m-%d}",
        "idle_usd": None if told.cost_usd is None else round(told.cost_usd, 2),
        "idle_why": told.why,
    }


def _of_sizing(sizing: RightSizing) -> dict[str, Any]:
    cheapest, on_arm, fewer = sizing.cheapest, sizing.on_arm, sizing.fewer
    is_cheaper = on_arm is not None and (cheapest is None or on_arm.hourly_usd < cheapest.hourly_usd)
    return {
        "cpu_p99_cores": _short(sizing.used.cpu_cores),
        "cpu_max_cores": _short(sizing.most.cpu_cores),
        "cpu_needed_cores": _short(sizing.needed.cpu_cores),
        "memory_p99_gib": _short(sizing.used.memory_gib),
        "memory_needed_gib": _short(sizing.needed.memory_gib),
        "gpu_p99": _short(sizing.used.gpus),
        "gpu_memory_p99_gib": _short(sizing.used.gpu_memory_gib),
        "hours_above_p99": sizing.hours_above_p99,
        "sizing": sizing.verdict,
        "lacks": sizing.reason if sizing.verdict == "too-small" else None,
        "below_maximum": sizing.below_maximum or None,
        "recommended_type": sizing.enough if cheapest is None else cheapest.instance_type,
        "recommended_hourly_usd": None if cheapest is None else cheapest.hourly_usd,
        "saving_usd": sizing.saving_usd if cheapest is not None or fewer is None else fewer.usd,
        "recommended_on_arm": on_arm.instance_type if on_arm is not None and is_cheaper else None,
        "fewer_instances": None if fewer is None or fewer.instances is None else int(fewer.instances),
    }


def _short(amount: Decimal | None) -> Decimal | None:
    """Without needless zeros: 36 of 36.0."""
    return None if amount is None else plain(amount)


def _most(endpoint: Endpoint, place: int) -> int | None:
    """How many instances there can be: the maximum of what scales it, else the initial count."""
    variant = None if isinstance(endpoint.variants, Unknown) else endpoint.variants[place]
    if not isinstance(variant, InstanceVariant):
        return None
    most: object = variant.initial_instance_count
    if isinstance(variant.scaling, ScalableTarget):
        most = variant.scaling.max_capacity
    elif isinstance(variant.managed_scaling, ManagedInstanceScaling):
        most = variant.managed_scaling.max_instance_count
    return most if isinstance(most, int) else None


def _tested(tests: Iterable[LoadTest], endpoint: Endpoint, place: int) -> Decimal | None:
    """USD for a thousand requests on the declared type, as a load test measured it."""
    variant = None if isinstance(endpoint.variants, Unknown) else endpoint.variants[place]
    declared = variant.instance_type if isinstance(variant, InstanceVariant) else None
    found = [each for test in tests for each in test.candidates if each.instance_type == declared]
    known = [each.usd_per_1000 for each in found if each.usd_per_1000 is not None]
    return round(min(known), 6) if known else None


def _share(variant: VariantEvidence, declared: int | None) -> Decimal:
    """The work of one that ran, over those that can be declared: of four at most, on two at most, twice as much."""
    ran = variant.instances.maximum if variant.instances is not None else variant.current_instances
    return Decimal(1) if not declared or not ran else Decimal(ran) / declared


def _needed(sizing: RightSizing, share: Decimal, declared: int | None) -> int | None:
    """How many of the declared type the work took at its peaks."""
    if declared is None or sizing.fullest is None:
        return None
    return max(ceil(sizing.fullest * declared), 1 if share > ZERO else 0)
