"""A comment of several sections, one for each stack, which jobs of their own may have written.

Hidden lines say where a section begins and ends, of which commit and run it is, and what the table at the top needs of
it, so that a job can write its own section and the head without the reports of the others. What stands in a section was
written by whoever wrote the plan: no line of it can pass for one of these.
"""

import base64
import re
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from hashlib import sha256
from html import escape
from urllib.parse import quote, unquote

import msgspec
from msgspec import Struct, structs

from guardrail import __version__, limits
from guardrail.cost.base import BOUNDS, Delta
from guardrail.cost.join import NOTHING, total, total_delta
from guardrail.errors import GitHubError
from guardrail.github.runner import Run
from guardrail.github.shortened import shortened
from guardrail.limits import NOT_JSON
from guardrail.model import Unknown
from guardrail.policy.base import RANKS
from guardrail.report import Report, Totals
from guardrail.reporters.base import Options
from guardrail.reporters.footnotes import gaps
from guardrail.reporters.gfm import code, details, name, prose
from guardrail.reporters.headline import ReportState, capital, changes_nothing, expected_dollars, in_dollars, of_totals
from guardrail.reporters.markdown import COMMENT_LIMIT, MARGIN, ToMend, write_with_mending
from guardrail.reporters.markdown.headline import ICONS, MOST_CAUSES, NOTHING_KNOWN
from guardrail.reporters.markdown.mending import in_html
from guardrail.reporters.markdown.tables import SIGNS, cells, head, row, scaled, stack_names
from guardrail.reporters.overview import Counts, RunVerdict, broken, overview
from guardrail.reporters.wording import USAGE, counted, inert

_MOST_NAMED = 5
_MOST_STACKS = 20
"""Inputs of one check that have a row."""
_MOST_OF_ONE, _MOST_MENDED = 5, 10
"""Findings of one stack, and of all, in the list of what is to mend."""
_SHARE_OF_MENDING = 4
"""The part of the room for texts, one in so many, that the list may take."""
_LONGEST_CLAUSE = 160
"""Characters of a reason at the top."""
_NO_COMMIT = "0" * 40
"""As git writes where there is none."""
_SHORT = 7
"""Characters of a commit, as people read it."""
_MOST_FACTS = 1 << 16
"""Bytes that a hidden line may unfold to."""
_SMALLEST_TEXT = 256
"""Bytes of a section below which only its row is shown."""
_ROWS_ALONE = "\n_There is room for no more: the reports of the others have all of it._\n"
_OURS = "<!-- guardrail:"
_SECTION = re.compile(
    r"<!-- guardrail:section name=(?P<name>\S+) commit=(?P<commit>[0-9a-f]+) id=(?P<id>\d{1,18})"
    r" attempt=(?P<attempt>\d{1,9}) facts=(?P<facts>[A-Za-z0-9_=-]+) -->\n"
    r"(?:<details[^\n]*\n\n)?(?P<text>.*?)\n(?:\n</details>\n)?<!-- guardrail:end -->",
    re.DOTALL,
)
_GRAVEST: tuple[RunVerdict, ...] = ("fails", "untrusted", "tolerated", "passes")


class SectionFacts(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the head of a comment needs of a section."""

    totals: Totals
    state: ReportState
    verdict: RunVerdict
    counts: Counts = Counts()
    changes_nothing: bool = False
    alters_terms: bool = False
    broken: tuple[str, ...] = ()
    """Budgets that are broken, a clause each: ``the expected cost of 596.61, above 500.00 (.guardrail.yml)``."""
    gaps: tuple[str, ...] = ()
    """The first thing that is in no number, and why."""
    stacks: dict[str, Totals] = {}
    """What each input comes to, where one check has several."""
    mending: tuple[ToMend, ...] = ()
    """What is to mend, the worst and dearest first."""
    mending_left: int = 0
    """How much more there is."""


class CommentSection(Struct, frozen=True, kw_only=True):
    """What one check says, of the commit that it read."""

    name: str
    """Of the stack: ``infra/chat``."""
    commit: str
    run: Run = Run()
    facts: SectionFacts
    text: str
    """Markdown."""

    def outranks(self, other: "CommentSection", at: str) -> bool:
        """Whether this is to be shown in place of ``other``: what is of commit ``at``, then what is of a later run.

        Of two alike this is.
        """
        return (self.commit == at, self.run) >= (other.commit == at, other.run)


def section(report: Report, called: str, commit: str, run: Run, options: Options) -> CommentSection:
    """The section of one report."""
    told = overview(report)
    text, mending, left = write_with_mending(report, options, COMMENT_LIMIT - MARGIN, _MOST_OF_ONE)
    facts = SectionFacts(
        totals=structs.replace(report.totals, unchanged=None),
        state=told.state,
        verdict=told.verdict,
        counts=told.counts,
        changes_nothing=changes_nothing(report),
        alters_terms=bool(report.own_terms),
        broken=_short(broken(budget) for budget in told.budgets if budget.state == "broken"),
        gaps=_short(gaps(report))[:1],
        stacks=_stacks(report),
        mending=tuple(structs.replace(each, text=_harmless(each.text)) for each in mending),
        mending_left=left,
    )
    return CommentSection(name=called, commit=commit, run=run, facts=facts, text=_harmless(text).strip("\n"))


def _short(clauses: Iterable[str]) -> tuple[str, ...]:
    return tuple(inert(each, _LONGEST_CLAUSE) for each in list(clauses)[:MOST_CAUSES])


def _stacks(report: Report) -> dict[str, Totals]:
    """The subtotals of the few inputs of one check that change most, by their shortest distinct names."""
    names = stack_names(list(report.subtotals))
    found = sorted(report.subtotals, key=lambda source: _size_of_change(report.subtotals[source]), reverse=True)
    return {names[source]: structs.replace(report.subtotals[source], unchanged=None) for source in found[:_MOST_STACKS]}


def _size_of_change(totals: Totals) -> Decimal:
    change = totals.delta.expected if totals.delta else totals.after.ceiling
    return abs(change) if isinstance(change, Decimal) else Decimal("Infinity")


def unanswered(called: str, commit: str, run: Run, text: str) -> CommentSection:
    """The section of a check that has no report, and says why in ``text``."""
    nothing_known = structs.replace(NOTHING, at_least=True)
    unknown = Unknown(f"{called} has no answer")
    totals = Totals(before=None, after=nothing_known, delta=Delta(unknown, unknown, unknown))
    facts = SectionFacts(totals=totals, state="unknown", verdict="untrusted")
    return CommentSection(name=called, commit=commit, run=run, facts=facts, text=_harmless(text).strip("\n"))


def absent(called: str) -> CommentSection:
    """The place of a check that belongs here and has no report: any section of it that is there stands before it."""
    nothing = unanswered(called, _NO_COMMIT, Run(), "")
    return structs.replace(nothing, text="_There is no report of it._")


def _harmless(text: str) -> str:
    """``text`` in which no line begins or ends a section."""
    return text.replace(_OURS, _OURS.replace("<!", r"<\!"))


def parsed(text: str) -> dict[str, CommentSection]:
    """The sections of a comment by name. One whose line cannot be read is none: its job writes it again."""
    found = (_parsed(match) for match in _SECTION.finditer(text.replace("\r\n", "\n")))
    return {each.name: each for each in found if each is not None}


def _parsed(match: re.Match[str]) -> CommentSection | None:
    try:
        packed = base64.urlsafe_b64decode(match["facts"])
        facts = msgspec.json.decode(zlib.decompressobj().decompress(packed, _MOST_FACTS), type=SectionFacts)
        limits.refuse_uncountable(facts)
        name = unquote(match["name"], errors="surrogatepass")
    except (ValueError, zlib.error, *NOT_JSON):
        return None
    run = Run(int(match["id"]), int(match["attempt"]))
    return CommentSection(
        name=name,
        commit=match["commit"],
        run=run,
        facts=facts,
        text=match["text"],
    )


def merged(sides: Iterable[Mapping[str, CommentSection]], at: str) -> dict[str, CommentSection]:
    """The sections of several comments: of each name the one that outranks the others at commit ``at``."""
    found: dict[str, CommentSection] = {}
    for side in sides:
        for called, each in side.items():
            if called not in found or each.outranks(found[called], at):
                found[called] = each
    return found


# The text ------------------------------------------------------------------------------------------------------------


def composed(sections: Collection[CommentSection], at: str, limit: int, *, are_all: bool = False) -> str:
    """The comment that these sections make at commit ``at``, in at most ``limit`` bytes.

    Where room is short their texts are cut, never their rows. Raises `GitHubError` where not even these fit, unless
    they ``are_all`` that there are: then nobody needs the hidden lines of the others, so the last ones have a row
    alone, and of more than the table has room for it has a sum.
    """
    ordered = sorted(sections, key=lambda each: _rank(each, at))
    if len(ordered) == 1 and ordered[0].commit == at:
        return _marked(ordered[0], ordered[0].text)
    top, foot = _head(ordered, at), f"\n<sub>{code(at[:_SHORT])} · guardrail {__version__}</sub>\n"
    left = limit - _size(foot) - _size(_ROWS_ALONE)
    most = len(ordered)
    while are_all and _size(top) > left and most:
        most = min(most - 1, most * left // _size(top))
        top = _head(ordered, at, most)
    framed, left = _that_fit(ordered, at, left - _size(top))
    if len(framed) < len(ordered) and not are_all:
        raise GitHubError(
            f"{len(ordered):,} stacks are too many for one comment", hint="give groups of them a --tag each"
        )
    mending = _mending([each for each in framed if each.commit == at], left // _SHARE_OF_MENDING)
    texts = _cut([each.text for each in framed], left - _size(mending))
    shown = "".join(_framed(each, text, at) for each, text in zip(framed, texts, strict=True))
    return top + mending + shown + (_ROWS_ALONE if len(framed) < len(ordered) else "") + foot


def _that_fit(ordered: Sequence[CommentSection], at: str, room: int) -> tuple[list[CommentSection], int]:
    """The first ones whose frames fit into ``room`` bytes, and how many are left."""
    found: list[CommentSection] = []
    for each in ordered:
        size = _size(_framed(each, "", at))
        if size > room:
            break
        found.append(each)
        room -= size
    return found, room


def _rank(each: CommentSection, at: str) -> tuple[object, ...]:
    """Failures first, then what changes most, then by name; what was not run comes last."""
    return each.commit != at, _GRAVEST.index(each.facts.verdict), -_size_of_change(each.facts.totals), each.name


def _framed(each: CommentSection, text: str, at: str) -> str:
    """A section below the table, folded; one that fails is open."""
    title = in_html(each.name)
    anchor = f'<a name="{_anchor(each)}"></a>' if each.facts.mending else ""
    if each.commit != at:
        of = "" if each.commit == _NO_COMMIT else f", of {each.commit[:_SHORT]}"
        title = f"{NOTHING_KNOWN} {title}: not run on <code>{escape(at[:_SHORT])}</code>{of}"
    else:
        title = f"{_sign(each)}{title}: {_amount(each.facts.totals)}"
    body = text or "_The report of its run has all of it._"
    shown = details(f"{anchor}{title}", body).rstrip("\n")
    is_open = each.commit == at and each.facts.verdict == "fails"
    return _marked(each, shown.replace("<details>", "<details open>", 1) if is_open else shown)


def _marked(each: CommentSection, shown: str) -> str:
    packed = base64.urlsafe_b64encode(zlib.compress(msgspec.json.encode(each.facts), 9)).decode()
    run = f"commit={each.commit} id={each.run.id} attempt={each.run.attempt}"
    return f"\n{_OURS}section name={_quoted(each.name)} {run} facts={packed} -->\n{shown}\n{_OURS}end -->\n"


def _quoted(text: str) -> str:
    """A name that cannot end a hidden line: ``m["a--%3Eb"]`` with its hyphens escaped, too."""
    return quote(text, safe="/._", errors="surrogatepass").replace("--", "%2D%2D")


def _size(text: str) -> int:
    return len(text.encode("utf-8", "backslashreplace"))


def _cut(texts: Sequence[str], room: int) -> list[str]:
    """``texts`` in at most ``room`` bytes together; the shortest ones stay whole."""
    kept = dict.fromkeys(range(len(texts)), "")
    for done, at in enumerate(sorted(kept, key=lambda at: _size(texts[at]))):
        share = room // (len(texts) - done)
        kept[at] = shortened(texts[at], share) if share >= _SMALLEST_TEXT else ""
        room -= _size(kept[at])
    return list(kept.values())


def _head(ordered: Sequence[CommentSection], at: str, most: int | None = None) -> str:
    """What all stacks come to, what is wrong with that and why, and a row for each, or for as many as ``most``."""
    fresh = [each for each in ordered if each.commit == at]
    missing = [each for each in ordered if each.commit != at]
    if not fresh:
        return f"### {ICONS['untrusted']} Not one stack was run on {code(at[:_SHORT])}\n\n{_not_run(missing, at)}\n"
    totals = _sum([each.facts.totals for each in fresh], [each.name for each in missing])
    lines = [_headline(fresh, totals, is_whole=not missing), *_broken(fresh), _told(fresh)]
    lines += [_not_run(missing, at)] if missing else []
    lines += [*_gaps(fresh), *_without_a_past(fresh)]
    is_change = totals.delta is not None
    rows = [row for each in ordered[:most] for row in _rows(each, at, is_change=is_change)]
    rows += _rest(ordered[len(ordered[:most]) :], at, is_change=is_change)
    usage = f", {USAGE}" if totals.after.depends_on_usage else ""
    rows.append(row(f"**USD a month**, expected{usage}", *_cells(totals, is_change=is_change)))
    if is_change and totals.after.floor != totals.after.ceiling:
        rows.append(row("all scaled in to all scaled out", "", scaled(totals.after)))
    return "\n\n".join([*lines, "\n".join([head("stack", is_change=is_change), *rows])]) + "\n"


def _rows(each: CommentSection, at: str, *, is_change: bool) -> Iterator[str]:
    """The row of a stack, and below it those of its inputs where it has several."""
    if each.commit != at:
        yield row(f"{NOTHING_KNOWN} {name(each.name)}", f"not run on {code(at[:_SHORT])}", "")
        return
    yield row(f"{_sign(each)}{name(each.name)}", *_cells(each.facts.totals, is_change=is_change))
    for called, totals in each.facts.stacks.items():
        yield row(f"&emsp;{name(called)}", *_cells(totals, is_change=is_change))


def _rest(more: Sequence[CommentSection], at: str, *, is_change: bool) -> Iterator[str]:
    """What those come to that have no row of their own."""
    if more:
        missing = [each.name for each in more if each.commit != at]
        totals = _sum([each.facts.totals for each in more if each.commit == at], missing)
        yield row(f"{counted(len(more), 'more stack')}", *_cells(totals, is_change=is_change))


def _broken(fresh: Sequence[CommentSection]) -> Iterator[str]:
    """Budgets that are broken, before all else."""
    found = [(each.name, clause) for each in fresh for clause in each.facts.broken]
    for called, clause in found[:_MOST_NAMED]:
        yield f"{ICONS['fails']} **Budget broken** in {code(called)}: {prose(clause, starts_line=False)}"
    if len(found) > _MOST_NAMED:
        yield f"{ICONS['fails']} {counted(len(found) - _MOST_NAMED, 'more budget')} broken"


def _gaps(fresh: Sequence[CommentSection]) -> Iterator[str]:
    """What is in no number, by stack."""
    found = [f"{code(each.name)}: {prose(gap, starts_line=False)}" for each in fresh for gap in each.facts.gaps]
    if found:
        more = len(found) - MOST_CAUSES
        yield f"{NOTHING_KNOWN} **Not in these numbers:** {'; '.join(found[:MOST_CAUSES])}" + (
            f"; and {more:,} more" if more > 0 else ""
        )


def _without_a_past(fresh: Sequence[CommentSection]) -> Iterator[str]:
    """Why the change of the whole is not known, where some stacks have one."""
    names = [each.name for each in fresh if each.facts.totals.delta is None and each.facts.verdict != "untrusted"]
    if names and len(names) < len(fresh):
        yield f"{NOTHING_KNOWN} **The change is not known:** nothing tells what stood before in {_named(names)}"


def _headline(fresh: Sequence[CommentSection], totals: Totals, *, is_whole: bool) -> str:
    facts = [each.facts for each in fresh]
    verdict: RunVerdict = next(
        (each for each in _GRAVEST if any(found.verdict == each for found in facts)), "untrusted"
    )
    icon = NOTHING_KNOWN if verdict == "passes" and not (is_whole and _knows(facts)) else ICONS[verdict]
    told = of_totals(totals, _state(facts), changes_nothing=all(each.changes_nothing for each in facts))
    return f"### {icon} {told.sentence}{f' ({told.span})' if told.span else ''}"


def _knows(facts: Iterable[SectionFacts]) -> bool:
    return all(each.state != "unknown" for each in facts)


def _state(facts: Sequence[SectionFacts]) -> ReportState:
    """Known where anything is; nothing to pay where all say so."""
    order: tuple[ReportState, ...] = ("known", "unknown", "nothing-to-pay", "nothing-read")
    return next((each for each in order if any(found.state == each for found in facts)), "unknown")


def _told(fresh: Sequence[CommentSection]) -> str:
    """``**2 errors in 1 of 3 stacks, 1 warning.**``."""
    found = [structs.astuple(each.facts.counts) for each in fresh]
    counts = Counts(**dict(zip(Counts.__struct_fields__, map(sum, zip(*found, strict=True)), strict=True)))
    failing = sum(each.facts.verdict == "fails" for each in fresh)
    where = f" {failing:,} of {counted(len(fresh), 'stack')} {'fails' if failing == 1 else 'fail'}." if failing else ""
    altered = [each.name for each in fresh if each.facts.alters_terms]
    terms = f" ⚠️ The terms that they are judged by are altered: {_named(altered)}." if altered else ""
    return f"**{capital(str(counts))}.**{where}{terms}"


def _not_run(missing: Sequence[CommentSection], at: str) -> str:
    return f"{NOTHING_KNOWN} **Not run on {code(at[:_SHORT])}**, and in no amount: {_named([e.name for e in missing])}"


def _named(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(map(code, names[:_MOST_NAMED])) + (f" and {more:,} more" if more > 0 else "")


def _mending(fresh: Sequence[CommentSection], room: int) -> str:
    """What is to mend in all stacks in at most ``room`` bytes, errors first, then by money, each with its section."""
    found = sorted(
        ((each, one) for each in fresh for one in each.facts.mending),
        key=lambda pair: (RANKS[pair[1].severity], -pair[1].usd),
    )
    lines = ["\n#### To mend, errors first, then by money\n"]
    for each, one in found[:_MOST_MENDED]:
        line = f"- {SIGNS[one.severity]} {one.text} ([{name(each.name)}](#user-content-{_anchor(each)}))"
        if _size("\n".join([*lines, line])) > room:
            break
        lines.append(line)
    left = len(found) + sum(each.facts.mending_left for each in fresh) - len(lines) + 1
    more = [f"\n{counted(left, 'more finding')} in the sections below"] if left else []
    return "\n".join([*lines, *more, ""]) if len(lines) > 1 else ""


def _anchor(each: CommentSection) -> str:
    """What a section is called by a link in the comment; GitHub puts ``user-content-`` before such names."""
    return f"stack-{sha256(each.name.encode(errors='surrogatepass')).hexdigest()[:8]}"


def _sign(each: CommentSection) -> str:
    if each.facts.verdict != "passes":
        return f"{ICONS[each.facts.verdict]} "
    return f"{NOTHING_KNOWN} " if each.facts.state == "unknown" else ""


def _amount(totals: Totals) -> str:
    return in_dollars(totals.delta.expected) if totals.delta else f"{expected_dollars(totals.after)} USD a month"


def _cells(totals: Totals, *, is_change: bool) -> tuple[str, str]:
    return cells(totals.before, totals.after, totals.delta, is_change=is_change)


# Sums ----------------------------------------------------------------------------------------------------------------


def _sum(found: Sequence[Totals], missing: Sequence[str]) -> Totals:
    """What all come to; at least that much where one is ``missing``."""
    after = total(each.after for each in found)
    after = structs.replace(after, at_least=after.at_least or bool(missing))
    pasts = [each.before for each in found if each.before is not None]
    deltas = [each.delta for each in found if each.delta is not None]
    if not deltas:
        return Totals(before=None, after=after, delta=None)
    gap = f"{missing[0]} was not run" if missing else "a stack has no past" if len(deltas) < len(found) else ""
    lost = [Delta(*[Unknown(gap)] * len(BOUNDS))] if gap else []
    return Totals(before=total(pasts), after=after, delta=total_delta([*deltas, *lost]))
