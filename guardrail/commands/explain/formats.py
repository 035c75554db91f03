"""An explanation as a table for one screen, as JSON, as Markdown and as a page.

What stands in which section is said once; each format says how a section looks. Every text is inert.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct, structs

from guardrail.alternatives.base import Alternative
from guardrail.commands.explain import curve
from guardrail.commands.explain.answer import Explained, PricedLine
from guardrail.commands.explain.subjects import Subject, World, every
from guardrail.cost.base import Monthly
from guardrail.model import Unknown
from guardrail.policy.base import Result
from guardrail.report import EndpointReport, Report
from guardrail.reporters import gfm
from guardrail.reporters import json as json_report
from guardrail.reporters.base import Options
from guardrail.reporters.bill import USAGE, amounts, amounts_of, detail_of, quantity_of
from guardrail.reporters.page import GLYPHS, Page, TextLine
from guardrail.reporters.wording import display_width, inert, number, usd

SCHEMA_VERSION = "1.0"
MOST_ALTERNATIVES = 8
"""Of one variant, on a screen; JSON has all of them."""
_GAP = "  "
_NAMES, _NARROWEST = 2, 8
"""Columns of a table that may be cut, and to what."""

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


def sections(found: Explained) -> list[Section]:
    """The parts of an answer, those without anything to say left out."""
    made = [
        Section(title="what it is", said=tuple((inert(each), ()) for each in found.what)),
        _cost(found),
        Section(title="where the numbers come from", said=tuple(_origins(found.lines))),
        Section(title="how it scales", said=tuple(_scaling(found))),
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
    total = _amounts(found.monthly)
    used = USAGE if found.monthly.depends_on_usage and found.monthly.ceiling else ""
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
            fix = () if result.fix is None else (f"fix: {inert(result.fix.terraform.splitlines()[0])}",)
            yield f"{GLYPHS[result.severity]} {result.policy}: {inert(result.message.removesuffix('.'))}{new}", fix
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
        shown = [_alternative(each) for each in alternatives[:MOST_ALTERNATIVES]]
        more = len(alternatives) - len(shown)
        if more > 0:
            names = ", ".join(each.name for each in alternatives[MOST_ALTERNATIVES:])
            shown.append((f"and {more} more: {inert(names)} (--format json)", ()))
        title = f"instead of {inert(label)}" if several else "instead"
        yield Section(title=f"{title}, USD a month less", said=tuple(shown))
    if found.together:
        yield Section(title="together with others", said=tuple(_alternative(each) for each in found.together))


def _alternative(each: Alternative) -> tuple[str, tuple[str, ...]]:
    money = "by usage" if each.usd is None else f"{_SURE[each.basis]}{usd(each.usd)}"
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


# The formats ---------------------------------------------------------------------------------------------------------


def written(found: Explained, form: str, options: Options, world: World) -> str:
    """The answer in a format."""
    if form == "json":
        return _json(found, world)
    told = [each for several in found.alternatives.values() for each in several]
    return _laid_out(f"guardrail explain {inert(found.subject.names[0])}", sections(found), form, options, told)


def table(title: str, parts: Sequence[Section], options: Options) -> str:
    """For a terminal."""
    page = Page(options)
    lines = [*page.wrapped(title, hanging=2)]
    for part in parts:
        lines += [TextLine(), TextLine(page.text(f" {part.title}"), "total")]
        lines += _grid(part, page)
        for said, below in part.said:
            lines += page.wrapped(said, indent="   ", hanging=5)
            for each in below:
                lines += page.wrapped(each, indent="     ", hanging=7, colour="quiet")
    return page.write(lines)


def _grid(part: Section, page: Page) -> Iterator[TextLine]:
    """A table whose amounts are aligned at their ends; names give way where the page is narrow."""
    rows = [tuple(map(page.text, row)) for row in ((part.head,) if part.head else ()) + part.rows]
    if not rows:
        return
    widths = [max(display_width(row[at]) for row in rows) for at in range(len(rows[0]))]
    left = len(widths) - 3
    spare = page.width - 3 - sum(widths) - len(_GAP) * (len(widths) - 1)
    for place in range(_NAMES):  # names give way, amounts never
        narrower = max(widths[place] + min(spare, 0), min(_NARROWEST, widths[place]))
        spare += widths[place] - narrower
        widths[place] = narrower
    for at, row in enumerate(rows):
        cells = [
            _padded(page.shorten(cell, widths[place]) if place < _NAMES else cell, widths[place], right=place >= left)
            for place, cell in enumerate(row)
        ]
        colour = "quiet" if at == 0 and part.head else "total" if row[0].startswith("TOTAL") else ""
        yield TextLine(f"   {_GAP.join(cells)}", colour)


def _padded(cell: str, width: int, *, right: bool) -> str:
    blanks = " " * (width - display_width(cell))
    return f"{blanks}{cell}" if right else f"{cell}{blanks}"


def markdown(title: str, parts: Sequence[Section]) -> str:
    """For a comment or a file; nothing of a plan acts in it."""
    lines = [f"### {gfm.prose(title)}", ""]
    for part in parts:
        lines += [f"**{part.title}**", ""]
        if part.rows:
            lines += [f"| {' | '.join(part.head)} |", f"|{'|'.join(['---'] * (len(part.head) - 3) + ['--:'] * 3)}|"]
            lines += [
                f"| {' | '.join(gfm.prose(cell, starts_line=False) if cell else '' for cell in row)} |"
                for row in part.rows
            ]
            lines.append("")
        for said, below in part.said:
            lines.append(f"- {gfm.prose(said, _LONGEST)}")
            lines += [f"  - {gfm.prose(each, _LONGEST)}" for each in below]
        if part.said:
            lines.append("")
    return "\n".join(lines)


_LONGEST = 1_000
"""Characters of one sentence, conditions and all."""


def _json(found: Explained, world: World) -> str:
    """The endpoint and its results as the JSON report has them, and what only an explanation has."""
    item = found.subject.item
    alone: dict[str, Any] = {
        "endpoints": (),
        "unattached": (),
        "workflows": (),
        "results": found.results,
        "skipped": (),
    }
    part = (
        ("unattached" if item.endpoint.deployed == "no" else "endpoints")
        if isinstance(item, EndpointReport)
        else "workflows"
    )
    report: Report = structs.replace(world.report, **{**alone, part: (item,)})
    told = json.loads(json_report.render(report))
    answer = {
        "schema_version": SCHEMA_VERSION,
        "tool": told["tool"],
        "address": found.subject.names[0],
        "source": item.source,
        "what": found.what,
        part.removesuffix("s").replace("unattached", "endpoint"): told[part][0],
        "variant": None if found.subject.place is None else found.subject.names[0].rpartition("/")[2],
        "monthly": None if found.monthly is None else _plain(found.monthly),
        "price_rows": [
            {
                "part": line.part,
                "usage_type": line.component.usage_type,
                "row": line.row,
                "usd": line.component.price.usd,
                "date": line.component.price.date,
                "source": line.component.price.source,
                "basis": line.component.price.basis,
            }
            for line in found.lines
            if line.component.price is not None and not line.component.redacted
        ],
        "scaling": found.scaling,
        "results": told["results"],
        "alternatives": {label: list(map(_plain, several)) for label, several in found.alternatives.items()},
        "together": list(map(_plain, found.together)),
        "elsewhere": list(map(_plain, found.elsewhere)),
        "unknown": [{"what": what, "settled_by": how or None} for what, how in found.unknown],
    }
    return _dumped(answer)


def _plain(value: object) -> Any:
    return msgspec.to_builtins(value, builtin_types=(Decimal,))


def _dumped(value: object) -> str:
    text = json.dumps(_plain(value), indent=2, ensure_ascii=False, default=lambda amount: f"{amount:f}")
    return f"{text}\n".replace("##", r"#\u0023")


# What there is to explain --------------------------------------------------------------------------------------------


def listed(world: World, form: str, options: Options) -> str:
    """Everything that can be explained, and the alternative to it that saves most."""
    found = [
        (subject, subject.item.cost.monthly, _best(world, subject))
        for subject in every(world.report)
        if subject.place is None and subject.item.cost is not None
    ]
    if form == "json":
        keys = ("address", "source", "monthly", "alternative")
        return _dumped([dict(zip(keys, (one.names[0], one.item.source, *rest), strict=True)) for one, *rest in found])
    part = Section(
        title="what there is to explain, USD a month",
        head=("", "", "", "floor", "expected", "ceiling"),
        rows=tuple((inert(subject.names[-1]), "", "", *_amounts(monthly)) for subject, monthly, _ in found),
        said=() if found else (("no SageMaker inference, nothing to explain", ()),),
    )
    best = Section(
        title="what saves most instead, USD a month less",
        said=tuple(
            (f"{inert(subject.names[-1])}: {_alternative(each)[0]}", ())
            for subject, _, each in found
            if each is not None
        ),
    )
    title = f"guardrail explain {' '.join(inert(source.path) for source in world.report.sources)}"
    return _laid_out(title, [each for each in (part, best) if each.rows or each.said], form, options)


def _best(world: World, subject: Subject) -> Alternative | None:
    item = subject.item
    if not isinstance(item, EndpointReport) or item.endpoint.change == "delete":
        return None
    several = world.engines[item.source].of(item.endpoint, item.environment)
    priced = [each for one in several for each in one if each.usd is not None]
    return max(priced, key=lambda each: each.usd or Decimal(0), default=None)


def _amounts(monthly: Monthly) -> tuple[str, str, str]:
    """The amounts; of what no usage prices that it depends on it, for a zero would read as free."""
    return (USAGE, "", "") if monthly.depends_on_usage and not monthly.ceiling else amounts(monthly)


def _laid_out(
    title: str, parts: Sequence[Section], form: str, options: Options, alternatives: Iterable[Alternative] = ()
) -> str:
    if form == "markdown":
        return markdown(title, parts)
    if form == "html":
        from guardrail.commands.explain.page import page

        return page(title, parts, alternatives)
    return table(title, parts, options)
