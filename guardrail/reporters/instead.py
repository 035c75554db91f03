"""What could run instead, in words: for an explanation, a page, and the one line that other formats have room for."""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from guardrail.alternatives.base import Alternative, BreakEven, most_usd
from guardrail.model import Unknown
from guardrail.money import HOURS_PER_MONTH
from guardrail.report import Instead, Report
from guardrail.reporters.bill import named
from guardrail.reporters.curve import Curve, drawn
from guardrail.reporters.wording import inert, number, usd

_SURE = {"upper-bound": "up to ", "with-usage": "", "exact": "", None: ""}


def in_words(each: Alternative) -> tuple[str, tuple[str, ...]]:
    """``up to 84.51: ml.m5.large (smaller)``, and below it what it lacks, what must be true, and what is in the way."""
    estimated = "~" if each.monthly is not None and each.monthly.estimated else ""
    most = f", up to {estimated}{usd(all_of_it)}" if (all_of_it := most_usd(each)) else ""
    money = f"by usage{most}" if each.usd is None else f"{_SURE[each.basis]}{estimated}{usd(each.usd)}"
    kind = "" if each.kind in each.name else f" ({each.kind.replace('-', ' ')})"
    below = []
    if each.endpoints:
        below.append(f"of {', '.join(map(inert, each.endpoints))}")
    if each.loses:
        below.append(f"has {'; '.join(map(inert, each.loses))}")
    is_told = each.kind == "real-time" or each.usd is None or (each.break_even and not each.break_even.is_passed)
    if each.break_even is not None and is_told:  # hours of work that usage tells go before what requests would take
        below.append(_even(each))
    if each.conditions:
        below.append(f"if {'; '.join(map(inert, each.conditions))}")
    below += [f"but {inert(one)}" for one in each.breaks]
    return f"{money}: {inert(each.name)}{kind}", tuple(below)


def quota(alternatives: Iterable[Alternative]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What holds of every type and number of instances, once for all of them."""
    if any(each.instance_type for each in alternatives):
        yield "each type and number needs its quota in the account, and a load test", ()


def _even(each: Alternative) -> str:
    """``cheaper below 2,112,750 s of compute a month (84.51 / 0.00004), which are 14,471 requests an hour``.

    Of serverless compute; instances that run for the work alone work on one request at a time.
    """
    even = each.break_even
    assert even is not None  # noqa: S101 - its caller has asked
    seconds, side = number(round(even.seconds_a_month)), "above" if each.kind == "real-time" else "below"
    present = "" if even.present_an_hour is None else f"; there are {number(round(even.present_an_hour, 1))}"
    if even.usd_per_second is not None:
        formula = f"{usd(even.fixed_usd)} / {number(even.usd_per_second)}"
        return f"cheaper {side} {seconds} s of compute a month ({formula}), which are {_an_hour(even)}{present}"
    return f"cheaper {side} {_an_hour(even)}, one at a time on each instance{present}"


def _an_hour(even: BreakEven) -> str:
    """``14,471 requests an hour``; without their duration the formula, with what is unknown in it."""
    if not isinstance(even.requests_an_hour, Unknown):
        return f"{number(round(even.requests_an_hour))} requests an hour"
    seconds = number(round(even.seconds_a_month / HOURS_PER_MONTH, 1))
    return f"{seconds} / seconds of a request, in requests an hour (request_duration_ms in the usage file is not known)"


def in_one_line(report: Report) -> str:
    """``instead, USD a month less: chat/main: up to 84.51: ml.m5.large (smaller); …``; empty where nobody asked."""
    if report.alternatives is None:
        return ""
    names = _names(report)
    best = [(found, _called(part, names)) for part in report.alternatives.parts if (found := _best(part)) is not None]
    for source, several in report.alternatives.together.items():
        best += [(each, _several(source, each, names)) for each in several[:1] if each.endpoints]
    best.sort(key=lambda one: -(one[0].usd or 0))
    told = [f"{called}: {in_words(each)[0]}" for each, called in best[:_TOLD]]
    if len(best) > len(told):
        told.append(f"{len(best) - len(told):,} more")
    if not told:
        return "instead: nothing that is cheaper for sure, or whose price is known"
    return f"instead, USD a month less: {'; '.join(told)} (guardrail explain says what must be true)"


_TOLD = 3
"""Parts whose best alternative is named in the one line."""


class InsteadCard(Struct, frozen=True, kw_only=True):
    """What could run instead of one part, or what several endpoints could share, for a page."""

    name: str
    best: str
    """What saves most; empty where no amount is known."""
    said: list[tuple[str, tuple[str, ...]]]
    not_offered: list[str] = []
    curve: Curve | None = None


def cards(report: Report) -> list[InsteadCard]:
    """Every part of which there is something to say, in the order of the report, and then what can be put together."""
    told = report.alternatives
    if told is None:
        return []
    names = _names(report)
    made = [
        InsteadCard(
            name=_called(part, names),
            best="" if (best := _best(part)) is None else in_words(best)[0],
            said=[*map(in_words, part.alternatives), *quota(part.alternatives)],
            not_offered=[inert(f"{each.name}: {each.reason}") for each in part.not_offered],
            curve=drawn(part.alternatives),
        )
        for part in told.parts
        if part.alternatives or part.not_offered
    ]
    shared = [each for several in told.together.values() for each in several]
    if shared:
        made.append(
            InsteadCard(name="endpoints put together", best=in_words(shared[0])[0], said=list(map(in_words, shared)))
        )
    return made


def _best(part: Instead) -> Alternative | None:
    return next((each for each in part.alternatives if each.usd is not None), None)


def _names(report: Report) -> dict[tuple[str, str], str]:
    """The name of each endpoint, by source and address."""
    return {(item.source, item.endpoint.address): named(item.endpoint) for item in report.endpoints}


def _several(source: str, each: Alternative, names: dict[tuple[str, str], str]) -> str:
    """``chat and 2 more``: those that are put together."""
    first, *others = each.endpoints
    return f"{names.get((source, first)) or inert(first)} and {len(others)} more"


def _called(part: Instead, names: dict[tuple[str, str], str]) -> str:
    """``chat/main``: an endpoint by its name, which is shorter, else by its address."""
    return f"{names.get((part.source, part.address)) or inert(part.address)}/{inert(part.part)}"
