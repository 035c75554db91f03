"""What stands in which section of an explanation, said once for every format. Every text is inert."""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from guardrail.alternatives.base import Alternative
from guardrail.commands.explain.answer import Explained, PricedLine
from guardrail.cost.base import Monthly
from guardrail.model import Unknown
from guardrail.policy.base import Result, undecided
from guardrail.reporters.bill import amounts, amounts_of, detail_of, quantity_of
from guardrail.reporters.headline import is_usage_alone
from guardrail.reporters.instead import in_words, quota
from guardrail.reporters.overview import fix
from guardrail.reporters.page import GLYPHS
from guardrail.reporters.wording import USAGE, inert, number, usd

MOST_ALTERNATIVES = 8
"""Of one variant, on a screen; JSON has all of them."""


class AnswerSection(Struct, frozen=True, kw_only=True):
    """A part of the answer."""

    title: str
    head: tuple[str, ...] = ()
    """Of a table; the last three columns are amounts."""
    rows: tuple[tuple[str, ...], ...] = ()
    said: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Sentences, each with what stands below it."""


# What stands where ---------------------------------------------------------------------------------------------------


def of_answer(found: Explained) -> list[AnswerSection]:
    """The parts of an answer, those without anything to say left out."""
    made = [
        AnswerSection(title="what it is", said=tuple((inert(each), ()) for each in found.what)),
        _cost(found),
        AnswerSection(title="where the numbers come from", said=tuple(_origins(found.lines))),
        AnswerSection(title="how it scales", said=tuple(_scaling(found))),
        AnswerSection(title="what an update costs", said=tuple((inert(each), ()) for each in found.updates)),
        AnswerSection(title="what policies say", said=tuple(_policies(found))),
        *_instead(found),
        AnswerSection(title="elsewhere, for information", said=tuple(_elsewhere(found))),
        AnswerSection(title="accepted", said=tuple(_waived(found.results))),
        AnswerSection(title="not known", said=tuple(_unknown(found))),
    ]
    return [each for each in made if each.rows or each.said]


def _cost(found: Explained) -> AnswerSection:
    if found.monthly is None:
        return AnswerSection(title="what it costs", said=(("it is deleted, and costs nothing any more", ()),))
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
    return AnswerSection(
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
    for group in undecided(found.results):
        yield f"? {', '.join(group.policies)}: {inert(group.reason)}", ()
    passed = [result.policy for result in found.results if result.verdict == "pass"]
    if passed:
        names = list(dict.fromkeys(passed))
        yield f"{len(names)} passed: {', '.join(names)}", ()


def _waived(results: Iterable[Result]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for result in results:
        if result.waiver is not None:
            yield f"{result.policy}: {inert(result.waiver.terms)}", (f"in {inert(result.waiver.origin)}",)


def _instead(found: Explained) -> Iterator[AnswerSection]:
    several = len(found.instead.parts) > 1
    for part in found.instead.parts:
        of = f" of {inert(part.part)}" if several else ""
        yield AnswerSection(title=f"instead{of}, USD a month less", said=tuple(_shown(part.alternatives)))
        said = tuple((f"{inert(each.name)}: {inert(each.reason)}", ()) for each in part.not_offered)
        yield AnswerSection(title=f"not instead{of}", said=said)
    for shared in found.instead.together.values():
        yield AnswerSection(title="together with others", said=tuple(in_words(each) for each in shared))


def _shown(alternatives: Sequence[Alternative]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The first alternatives in words, and the names of the others."""
    yield from map(in_words, alternatives[:MOST_ALTERNATIVES])
    more = alternatives[MOST_ALTERNATIVES:]
    if more:
        yield f"and {len(more)} more: {inert(', '.join(each.name for each in more))} (--format json)", ()
    yield from quota(alternatives)


def _elsewhere(found: Explained) -> Iterator[tuple[str, tuple[str, ...]]]:
    if found.elsewhere:
        named = [f"{each.region} {_expected(each.monthly)}" for each in found.elsewhere]
        what = "endpoint" if found.subject.place is None else "variant"
        yield f"the same {what} is {', '.join(named)}", ()


def _expected(monthly: Monthly) -> str:
    amount = "unknown" if isinstance(monthly.expected, Unknown) else usd(monthly.expected)
    return f"{amount} {USAGE}" if monthly.depends_on_usage else amount


def _unknown(found: Explained) -> Iterator[tuple[str, tuple[str, ...]]]:
    for what, how in found.unknown:
        yield inert(what), (f"settled by {how}",) if how else ()


def amounts_or_usage(monthly: Monthly) -> tuple[str, str, str]:
    """The amounts; "+ usage" where usage alone decides them, for a zero would read as free; unknown where more is."""
    return (USAGE, "", "") if is_usage_alone(monthly) else amounts(monthly)
