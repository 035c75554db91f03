"""Judgements written down: the most money first. Names of an account are hostile text everywhere."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from msgspec.structs import replace

from guardrail.commands.utilization import answer
from guardrail.evidence.bundle import Bundle, Distribution
from guardrail.evidence.judge import right_sizing, statements
from guardrail.evidence.judge.batch import JudgedJobs
from guardrail.evidence.judge.confidence import Confidence
from guardrail.evidence.judge.fleet import JudgedEndpoint, JudgedVariant
from guardrail.evidence.judge.right_sizing import RightSizing
from guardrail.evidence.judge.statements import Statement
from guardrail.money import ZERO, plain, two_decimals
from guardrail.reporters import gfm
from guardrail.reporters.wording import counted, inert

_HEADS: Final = ("endpoint", "variant", "type", "USD a month", "at stake", "CPU p99", "CPU max", "memory p99", "says")
_WIDEST: Final = 40
_LONGEST: Final = 2_000
"""Characters of a sentence: a number in it is never cut."""


def written(judged: Sequence[JudgedEndpoint], jobs: Sequence[JudgedJobs], bundle: Bundle, name: str) -> str:
    """The judgements of endpoints and of transform jobs in the format called ``name``."""
    makers: dict[str, Callable[[Sequence[JudgedEndpoint], Sequence[JudgedJobs], Bundle], str]] = {
        "table": table,
        "json": answer.text,
        "markdown": markdown,
        "html": page,
    }
    return makers[name](judged, jobs, bundle)


# What all of them say ------------------------------------------------------------------------------------------------


def headline(judged: Sequence[JudgedEndpoint], bundle: Bundle) -> str:
    """``3 endpoints in us-east-1, 2026-11-02 to 2026-11-16: 1,752.00 USD a month, of which 411.72 at stake``."""
    regions = ", ".join(dict.fromkeys(survey.region for survey in bundle.surveys)) or "nowhere"
    windows = sorted({(one.start, one.end) for one in (bundle.endpoints or bundle.surveys)})
    days = ", ".join(dict.fromkeys(f"{start:%Y-%m-%d} to {end:%Y-%m-%d}" for start, end in windows))
    known = [one.monthly_usd for one in judged if one.monthly_usd is not None]
    unknown = len(judged) - len(known)
    total = f"{'≥ ' if unknown else ''}{two_decimals(sum(known, ZERO))} USD a month"
    if unknown and not known:
        total = "an unknown amount a month"
    stake = two_decimals(sum((one.stake_usd for one in judged), ZERO))
    batch = f"; and {counted(len(bundle.jobs), 'kind')} of transform jobs" if bundle.jobs else ""
    return f"{counted(len(judged), 'endpoint')} in {regions}, {days}: {total}, of which {stake} at stake at best{batch}"


def named(judged: Sequence[JudgedEndpoint]) -> Iterator[tuple[JudgedEndpoint, str]]:
    """Each with where it is, as far as its name does not tell: `` (eu-west-1)`` where that is there in two regions."""
    places: dict[str, tuple[set[str], set[str]]] = {}
    for one in judged:
        accounts, regions = places.setdefault(one.evidence.name, (set(), set()))
        accounts.add(one.evidence.account)
        regions.add(one.evidence.region)
    for one in judged:
        found, (accounts, regions) = one.evidence, places[one.evidence.name]
        told = [*([found.account] if len(accounts) > 1 else ()), *([found.region] if len(regions) > 1 else ())]
        yield one, f" ({', '.join(told)})" if told else ""


def rows(judged: Sequence[JudgedEndpoint]) -> Iterator[tuple[str, ...]]:
    """A row for each variant: what it is, what it costs, what it used, and what is said of it in a word."""
    for one, place in named(judged):
        for variant in one.variants:
            cores, memory = _used(variant)
            yield (
                f"{one.evidence.name}{place}",
                variant.evidence.name,
                variant.evidence.instance_type or ("serverless" if variant.evidence.serverless else "?"),
                "?" if variant.monthly_usd is None else two_decimals(variant.monthly_usd),
                two_decimals(variant.stake_usd) if variant.stake_usd else "–",
                _percent(cores, "p99", "cores"),
                _percent(cores, "maximum", "cores"),
                _percent(memory, "p99", "GiB"),
                _word(variant),
            )


def rows_of_jobs(jobs: Sequence[JudgedJobs]) -> Iterator[tuple[str, ...]]:
    """A row for each kind of transform jobs, in the same columns; how often they run stands where a variant does."""
    for one in jobs:
        job = one.evidence
        yield (
            f"jobs {job.prefix}…",
            f"{plain(round(one.runs_a_month, 1))} runs a month",
            f"{job.instances} × {job.instance_type}" if job.instance_type else "?",
            "?" if one.monthly_usd is None else two_decimals(one.monthly_usd),
            two_decimals(one.saving_usd) if one.saving_usd else "–",
            _percent(job.cpu_cores, "p99", "cores"),
            _percent(job.cpu_cores, "maximum", "cores"),
            _percent(job.memory_gib, "p99", "GiB"),
            f"too large: {one.instance_type}" if one.instance_type else "in use" if job.cpu_cores else "not sized",
        )


def _every_row(judged: Sequence[JudgedEndpoint], jobs: Sequence[JudgedJobs]) -> list[tuple[str, ...]]:
    return [*rows(judged), *rows_of_jobs(jobs)]


def _used(variant: JudgedVariant) -> tuple[Distribution | None, Distribution | None]:
    """The greatest on its type of what its need is made of: two days on a new model do not hide the week before."""
    own = variant.evidence.instance_type
    segments = [one for one in right_sizing.counting(variant.evidence) if one.instance_type == own]
    cores = [one.cpu_cores for one in segments if one.cpu_cores is not None]
    memory = [one.memory_gib for one in segments if one.memory_gib is not None]
    return max(cores, key=lambda one: one.maximum, default=None), max(memory, key=lambda one: one.p99, default=None)


def _percent(used: Distribution | None, name: str, unit: str) -> str:
    return "?" if used is None else f"{plain(getattr(used, name).normalize())} {unit}"


def _word(variant: JudgedVariant) -> str:
    if variant.idleness.verdict in ("idle", "empties", "at-zero", "unknown"):
        words = {"empties": "scale to zero", "at-zero": "at zero", "unknown": "requests unknown"}
        return words.get(variant.idleness.verdict, "idle")
    return _size(variant.sizing) if variant.sizing is not None else "in use"


def _size(sizing: RightSizing) -> str:
    if sizing.verdict == "too-large":
        cheapest = sizing.cheapest
        return f"too large: {cheapest.instance_type}" if cheapest is not None else "too many"
    return {"too-small": "too small", "fits": "fits"}.get(sizing.verdict, "not sized")


def _said(judged: Sequence[JudgedEndpoint], jobs: Sequence[JudgedJobs]) -> list[Statement]:
    """Every statement, those of one endpoint together, the most money first; gaps last, and no reason twice."""
    every = [_placed(_ordered(statements.of_endpoint(one)), place) for one, place in named(judged)]
    every.append(_ordered(said for one in jobs for said in statements.of_jobs(one)))
    return [said for together in every for said in together]


def _placed(said: Iterator[Statement], place: str) -> Iterator[Statement]:
    return (replace(one, subject=f"{one.subject}{place}") for one in said) if place else said


def _ordered(said: Iterable[Statement]) -> Iterator[Statement]:
    """What is a doubt of a statement already is no gap of its own; what several lack is one gap."""
    together = sorted(said, key=lambda one: (one.kind == "gap", one.is_note, -(one.saves_usd or ZERO), one.subject))
    doubted = {doubt for one in together if _is_doubted(one) for doubt in one.confidence.doubts}
    lacking: dict[str, list[str]] = {}
    for one in together:
        if one.kind != "gap":
            yield one
        elif one.text not in doubted:
            lacking.setdefault(one.text, []).append(one.subject)
    sure = Confidence(level="high")
    for text, subjects in lacking.items():
        yield Statement(kind="gap", subject=", ".join(subjects), text=text, confidence=sure)


def _sentence(said: Statement) -> str:
    money = f", {two_decimals(said.saves_usd)} USD a month" if said.saves_usd else ""
    told = "; ".join(one for one in said.confidence.doubts if one not in said.text)
    doubts = f" (confidence {said.confidence.level}{told and f': {told}'})" if _is_doubted(said) else ""
    return f"{said.text}{money}{doubts}"


def _is_doubted(said: Statement) -> bool:
    return said.confidence.level != "high" and bool(said.confidence.doubts) and said.kind != "another-way"


# Formats -------------------------------------------------------------------------------------------------------------


def table(judged: Sequence[JudgedEndpoint], jobs: Sequence[JudgedJobs], bundle: Bundle) -> str:
    """What fits a terminal: a row for each variant, the sentences below, and the commands, which nobody runs."""
    from tabulate import tabulate

    cells = [[inert(cell, _WIDEST) for cell in row] for row in _every_row(judged, jobs)]
    align = ["left", "left", "left", *["right"] * 5, "left"]
    lines = [headline(judged, bundle), ""]
    if cells:
        lines += [tabulate(cells, headers=list(_HEADS), tablefmt="simple", disable_numparse=True, colalign=align), ""]
    for said in _said(judged, jobs):
        mark = "note" if said.is_note else "–"
        lines.append(f"{mark} {inert(said.subject, 120)}: {inert(_sentence(said), _LONGEST)}")
        lines += [f"    $ {inert(command, 400)}" for command in said.commands]
    return "\n".join(lines).rstrip("\n") + "\n"


def markdown(judged: Sequence[JudgedEndpoint], jobs: Sequence[JudgedJobs], bundle: Bundle) -> str:
    """A table and a list in which no name acts."""
    lines = [f"**{gfm.prose(headline(judged, bundle), _LONGEST)}**", ""]
    cells = _every_row(judged, jobs)
    if cells:
        lines += [f"| {' | '.join(_HEADS)} |", f"|{' --- |' * len(_HEADS)}"]
        lines += [f"| {' | '.join(map(gfm.code, row))} |" for row in cells]
        lines.append("")
    for said in _said(judged, jobs):
        mark = "note: " if said.is_note else ""
        lines.append(f"- {mark}{gfm.code(said.subject)} {gfm.prose(_sentence(said), _LONGEST, starts_line=False)}")
        lines += [f"  - {gfm.code(command)}" for command in said.commands]
    return "\n".join(lines).rstrip("\n") + "\n"


def page(judged: Sequence[JudgedEndpoint], jobs: Sequence[JudgedJobs], bundle: Bundle) -> str:
    """One page, with a picture of the week of each variant."""
    from guardrail.commands.utilization import heat_map

    return heat_map.page(
        list(named(judged)),
        headline(judged, bundle),
        _every_row(judged, jobs),
        _HEADS,
        [(said.subject, _sentence(said), said.commands, said.is_note) for said in _said(judged, jobs)],
    )
