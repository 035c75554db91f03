"""An explanation as a table for one screen, as JSON, as Markdown and as a page.

`guardrail.commands.explain.sections` says what stands where; each format says how a section looks.
"""

import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import structs

from guardrail.alternatives.base import Alternative
from guardrail.commands.explain.answer import Explained
from guardrail.commands.explain.sections import AnswerSection, amounts_or_usage, of_answer
from guardrail.commands.explain.subjects import ExplainedSubject, World, every
from guardrail.cost.base import BOUNDS
from guardrail.report import AlternativesReport, EndpointReport, Instead, Report
from guardrail.reporters import curve, gfm
from guardrail.reporters import json as json_report
from guardrail.reporters.base import Options
from guardrail.reporters.curve import Curve
from guardrail.reporters.instead import in_words
from guardrail.reporters.page import Page, TextLine
from guardrail.reporters.wording import display_width, inert

SCHEMA_VERSION = "1.0"
_GAP = "  "
_NAMES, _NARROWEST = 2, 8
"""Columns of a table that may be cut, and to what."""


# The formats ---------------------------------------------------------------------------------------------------------


def written(found: Explained, form: str, options: Options, world: World) -> str:
    """The answer in a format."""
    if form == "json":
        return _json(found, world)
    curves = [drawn for part in found.instead.parts if (drawn := curve.drawn(part.alternatives)) is not None]
    return _laid_out(f"guardrail explain {inert(found.subject.names[0])}", of_answer(found), form, options, curves)


def table(title: str, parts: Sequence[AnswerSection], options: Options) -> str:
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


def _grid(part: AnswerSection, page: Page) -> Iterator[TextLine]:
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


def markdown(title: str, parts: Sequence[AnswerSection]) -> str:
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
        "alternatives": found.instead,
    }
    part = (
        ("unattached" if item.endpoint.deployed == "no" else "endpoints")
        if isinstance(item, EndpointReport)
        else "workflows"
    )
    report: Report = structs.replace(world.report, **{**alone, part: (item,)})
    told = json.loads(json_report.render(report))
    own, instead = told[part][0], told["alternatives"]
    pieces = own["variants"] if isinstance(item, EndpointReport) else own["jobs"]
    whole = own["monthly" if isinstance(item, EndpointReport) else "after"]
    is_whole = found.subject.place is None or whole is None  # what is deleted has no parts any more
    monthly = whole if is_whole else pieces[found.subject.place]["monthly"]
    answer = {
        "schema_version": SCHEMA_VERSION,
        "tool": told["tool"],
        "address": found.subject.names[0],
        "source": item.source,
        "what": found.what,
        part.removesuffix("s").replace("unattached", "endpoint"): own,
        "variant": None if found.subject.place is None else found.subject.names[0].rpartition("/")[2],
        "monthly": monthly,
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
        "updates": found.updates,
        "results": told["results"],
        "alternatives": {each["part"]: each["alternatives"] for each in instead["parts"]},
        "not_offered": {each["part"]: each["not_offered"] for each in instead["parts"]},
        "together": instead["together"],
        "elsewhere": [
            {"region": each.region, **{bound: getattr(each.monthly, bound) for bound in BOUNDS}}
            for each in found.elsewhere
        ],
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
        return _dumped(_listed(world, [(subject, best) for subject, _, best in found]))
    part = AnswerSection(
        title="what there is to explain, USD a month",
        head=("", "", "", "floor", "expected", "ceiling"),
        rows=tuple((inert(subject.names[-1]), "", "", *amounts_or_usage(monthly)) for subject, monthly, _ in found),
        said=() if found else (("no SageMaker inference, nothing to explain", ()),),
    )
    best = AnswerSection(
        title="what saves most instead, USD a month less",
        said=tuple(_most_first([(subject, each) for subject, _, each in found if each is not None])),
    )
    title = f"guardrail explain {' '.join(inert(source.path) for source in world.report.sources)}"
    return _laid_out(title, [each for each in (part, best) if each.rows or each.said], form, options)


def _most_first(best: list[tuple[ExplainedSubject, Alternative]]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The best alternatives, by money, as many as a screen has room for."""
    best.sort(key=lambda one: -(one[1].usd or 0))
    for subject, each in best[:_BEST]:
        yield f"{inert(subject.names[-1])}: {in_words(each)[0]}", ()
    if len(best) > _BEST:
        yield f"and {len(best) - _BEST:,} more (--format json)", ()


_BEST = 20


def _listed(world: World, found: Sequence[tuple[ExplainedSubject, Alternative | None]]) -> list[dict[str, Any]]:
    """Each thing with what it costs and the best alternative to it, as the JSON report has them."""
    parts = tuple(
        Instead(source=one.item.source, address=one.names[0], part="", alternatives=() if best is None else (best,))
        for one, best in found
    )
    alternatives = AlternativesReport(parts=parts, together={})
    told = json.loads(json_report.render(structs.replace(world.report, alternatives=alternatives)))
    costs = {(each["source"], each["address"]): each["monthly"] for each in (*told["endpoints"], *told["unattached"])}
    costs |= {(each["source"], each["address"]): each["after"] for each in told["workflows"]}
    return [
        {
            "address": each["address"],
            "source": each["source"],
            "monthly": costs[each["source"], each["address"]],
            "alternative": next(iter(each["alternatives"]), None),
        }
        for each in told["alternatives"]["parts"]
    ]


def _best(world: World, subject: ExplainedSubject) -> Alternative | None:
    item = subject.item
    if not isinstance(item, EndpointReport) or item.endpoint.change == "delete":
        return None
    several = world.engines[item.source].of(item.endpoint, item.environment)
    priced = [each for one in several for each in one if each.usd is not None]
    return max(priced, key=lambda each: each.usd or Decimal(0), default=None)


def _laid_out(
    title: str, parts: Sequence[AnswerSection], form: str, options: Options, curves: Sequence[Curve] = ()
) -> str:
    if form == "markdown":
        return markdown(title, parts)
    if form == "html":
        from guardrail.commands.explain.page import page

        return page(title, parts, curves)
    return table(title, parts, options)
