"""What stands in which section of an explanation, said once for every format. Every text is inert."""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from guardrail.alternatives.base import Alternative
from guardrail.commands.explain import curve
from guardrail.commands.explain.answer import Explained, PricedLine
from guardrail.cost.base import Monthly
from guardrail.model import Unknown
from guardrail.policy.base import Result
from guardrail.reporters.bill import USAGE, amounts, amounts_of, detail_of, quantity_of
from guardrail.reporters.headline import is_usage_alone
from guardrail.reporters.overview import fix
from guardrail.reporters.page import GLYPHS
from guardrail.reporters.wording import inert, number, usd

MOST_ALTERNATIVES = 8
"""Of one variant, on a screen; JSON has all of them."""
_SURE = {"upper-bound": "up to ", "with-usage": "", "exact": "", None: ""}


class Section(Struct, frozen=True, kw_only=True):
    """A part of the answer."""

    title: str
    head: tuple[str, ...] = ()
    """Of a table; the last three columns are amounts."""
    rows: tuple[tuple[str, ...], ...] = ()
    said: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Sentences, each with what stands below it."""


# What stands where ---------------------------------------------------------------------------------------------------


def of_answer(found: Explained) -> list[Section]:
    """The parts of an answer, those without anything to say left out."""
    made = [
        Section(title="what it is", said=tuple((inert(each), ()) for each in found.what)),
        _cost(found),
        Section(title="where the numbers come from", said=tuple(_origins(found.lines))),
        Section(title="how it scales", said=tuple(_scaling(found))),
        Section(title="what an update costs", said=tuple((inert(each), ()) for each in found.updates)),
        Section(title="what policies say", said=tuple(_policies(found))),
        *_instead(found),
        Section(title="elsewhere, for information", said=tuple(_elsewhere(found))),
        Section(title="accepted", said=tuple(_waived(found.results))),
        Section(title="not known", said=tuple(_unknown(found))),
    ]
    return [each for each in made if each.rows or each.said]


def _cost(found: Explained) -> Section:
    if found.monthly is None:
        return Section(title="what it costs", said=(("it is deleted, and costs nothing any more", ()),))
    rows, part = [], None
    for line in found.lines:
        rows.append(
            (
                inert(line.part) if line.part != part else "",
                detail_of(line.component),
                quantity_of(line.component),
                *amounts_of(line.component),
            )
        )
        part = line.part
    total = amounts_or_usage(found.monthly)
    used = USAGE if found.monthly.depends_on_usage and total[0] != USAGE else ""
    rows.append(("TOTAL", "", used, *total))
    if found.before is not None:
        rows.append(("before", "", "", *amounts(found.before)))
    return Section(
        title="what it costs, USD a month", head=("", "", "", "floor", "expected", "ceiling"), rows=tuple(rows)
    )


def _origins(lines: Sequence[PricedLine]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each price once, with its row and date; those of one source stand together, and it below them."""
    groups: dict[tuple[str, ...], dict[str, None]] = {}
    for line in lines:
        price = line.component.price
        if price is None or line.component.redacted:
            continue
        below = [f"source: {price.source}"]
        if price.rule is not None:
            below.append(f"{price.basis}: {_first_sentence(price.rule)}")
        if price.suspect is not None:
            below.append(f"doubtful: {price.suspect}")
        unit = _UNITS.get(line.component.unit, line.component.unit)
        told = [f"{price.usage_type} {number(price.usd)} {unit}", line.row or "", price.date]
        groups.setdefault(tuple(map(inert, below)), {})[inert(" · ".join(filter(None, told)))] = None
    for below_all, prices in groups.items():
        *first, last = prices
        yield from ((each, ()) for each in first)
        yield last, below_all
    for line in lines:
        origins = line.component.origins
        told = [
            f"{name} from {origins[name]}"
            for name in ("quantity", "size")
            if name in origins and not line.component.redacted
        ]
        if told:
            yield f"{detail_of(line.component)}: {inert('; '.join(told))}", ()


_UNITS = {"Hrs": "an hour", "GB-Mo": "a GB and month", "GB": "a GB", "seconds": "a second"}


def _first_sentence(text: str) -> str:
    return f"{text.partition('. ')[0].removesuffix('.')}"


def _scaling(found: Explained) -> Iterator[tuple[str, tuple[str, ...]]]:
    several = len(found.scaling) > 1
    for label, said in found.scaling.items():
        for each in said:
            yield f"{inert(label)}: {inert(each)}" if several else inert(each), ()


def _policies(found: Explained) -> Iterator[tuple[str, tuple[str, ...]]]:
    for result in found.results:
        if result.verdict == "fail":
            new = "" if result.status != "existing" else " (there before)"
            mend = tuple(f"fix: {inert(line)}" for line in fix(result, found.report)[:1])
            yield f"{GLYPHS[result.severity]} {result.policy}: {inert(result.message.removesuffix('.'))}{new}", mend
    for result in found.results:
        if result.verdict == "open":
            yield f"? {result.policy}: {inert(result.reason or result.message)}", ()
    passed = [result.policy for result in found.results if result.verdict == "pass"]
    if passed:
        names = list(dict.fromkeys(passed))
        yield f"{len(names)} passed: {', '.join(names)}", ()


def _waived(results: Iterable[Result]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for result in results:
        if result.waiver is not None:
            yield f"{result.policy}: {inert(result.waiver.terms)}", (f"in {inert(result.waiver.origin)}",)


def _instead(found: Explained) -> Iterator[Section]:
    several = len(found.alternatives) > 1
    for label, alternatives in found.alternatives.items():
        shown = [in_words(each) for each in alternatives[:MOST_ALTERNATIVES]]
        more = len(alternatives) - len(shown)
        if more > 0:
            names = ", ".join(each.name for each in alternatives[MOST_ALTERNATIVES:])
            shown.append((f"and {more} more: {inert(names)} (--format json)", ()))
        if any(each.instance_type for each in alternatives):
            shown.append(("each type and number needs its quota in the account, and a load test", ()))
        title = f"instead of {inert(label)}" if several else "instead"
        yield Section(title=f"{title}, USD a month less", said=tuple(shown))
    for label, several_reasons in found.not_offered.items():
        said = tuple((f"{inert(each.name)}: {inert(each.reason)}", ()) for each in several_reasons)
        yield Section(title=f"not instead of {inert(label)}" if several else "not instead", said=said)
    if found.together:
        yield Section(title="together with others", said=tuple(in_words(each) for each in found.together))


def in_words(each: Alternative) -> tuple[str, tuple[str, ...]]:
    """``up to 84.51: ml.m5.large (smaller)``, and below it what it lacks, what must be true, and what is in the way."""
    estimated = "~" if each.monthly is not None and each.monthly.estimated else ""
    money = "by usage" if each.usd is None else f"{_SURE[each.basis]}{estimated}{usd(each.usd)}"
    kind = "" if each.kind in each.name else f" ({each.kind.replace('-', ' ')})"
    below = []
    if each.endpoints:
        below.append(f"of {', '.join(map(inert, each.endpoints))}")
    if each.loses:
        below.append(f"has {'; '.join(map(inert, each.loses))}")
    if each.break_even is not None:
        below.append(curve.in_words(each.break_even))
    if each.conditions:
        below.append(f"if {'; '.join(map(inert, each.conditions))}")
    below += [f"but {inert(one)}" for one in each.breaks]
    return f"{money}: {inert(each.name)}{kind}", tuple(below)


def _elsewhere(found: Explained) -> Iterator[tuple[str, tuple[str, ...]]]:
    if found.elsewhere:
        named = [f"{each.region} {_expected(each.monthly)}" for each in found.elsewhere]
        yield f"the same endpoint is {', '.join(named)}", ()


def _expected(monthly: Monthly) -> str:
    return "unknown" if isinstance(monthly.expected, Unknown) else usd(monthly.expected)


def _unknown(found: Explained) -> Iterator[tuple[str, tuple[str, ...]]]:
    for what, how in found.unknown:
        yield inert(what), (f"settled by {how}",) if how else ()


def amounts_or_usage(monthly: Monthly) -> tuple[str, str, str]:
    """The amounts; "+ usage" where usage alone decides them, for a zero would read as free; unknown where more is."""
    return (USAGE, "", "") if is_usage_alone(monthly) else amounts(monthly)
