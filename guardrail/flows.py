"""The ways through a workflow: how often each job runs on them, and the sum of all jobs.

Branches that exclude each other are a hull and no sum: of ``Choice`` to a job of 1 USD or to one of 5 USD the least is
1 and the most 5. What a cycle holds runs nobody knows how often; a cycle that polls beside it does not run it again.
"""

import heapq
from collections.abc import Sequence
from decimal import Decimal
from itertools import count
from typing import NamedTuple

from guardrail.limits import LARGEST_NUMBER
from guardrail.model import Flow
from guardrail.money import ZERO


class Runs(NamedTuple):
    """How often a job runs in one execution."""

    least: int
    most: int | None
    """None where that has no end, or none that is known."""


class ExecutionRange(NamedTuple):
    """What one execution comes to."""

    least: Decimal
    most: Decimal
    """At least this, where it has no end: what has none counts once."""


def runs(flow: Flow, jobs: int, *, of: str = "jobs", retries: bool = True, open_once: bool = False) -> list[Runs]:
    """The runs of each of ``jobs`` jobs, or ``starts``, in one execution; 0 to 0 where no way leads to it.

    ``Choice`` to job 0 or to the end: 0 to 1. A map over four items of which each runs job 1: 4 to 4. Tried twice at
    most: 4 to 8, and 4 to 4 without ``retries``. With ``open_once`` what has no end counts once, as in `span`: over
    four items a map of which nobody knows how long it is runs 0 to 4 times.
    """
    bounded = _bounded if open_once else _as_it_is
    found = [Runs(0, 0)] * jobs
    pending: list[tuple[Flow, Runs]] = [(flow, Runs(1, 1))]
    while pending:
        here, outside = pending.pop()
        for step, visits in zip(here.steps, _visits(here), strict=True):
            own = getattr(step, of)
            if not own and not step.parts:
                continue
            inside = times(outside, times(bounded(visits), bounded(Runs(step.least, step.most))))
            if retries:
                inside = times(inside, bounded(Runs(1, step.tries)))
            inside = bounded(inside)
            for place in own:
                found[place] = Runs(inside.least // step.items_of_a_name, inside.most)
            pending += [(part, inside) for part in step.parts]
    return found


def _bounded(often: Runs) -> Runs:
    return Runs(often.least, max(often.least, 1)) if often.most is None else often


def _as_it_is(often: Runs) -> Runs:
    return often


def reached(flow: Flow, jobs: int) -> list[bool]:
    """Whether a way leads to each of so many jobs, however often they run then: over no item of a map it is 0 times."""
    found = [False] * jobs
    pending = [flow]
    while pending:
        here = pending.pop()
        for place in _reached(here) if here.steps else ():
            step = here.steps[place]
            pending += step.parts
            for job in step.jobs:
                found[job] = True
    return found


def times(one: Runs, other: Runs) -> Runs:
    """What runs in each run of another: 1 to 3 times 2 is 2 to 6, and without end times 0 is 0.

    What has more runs than anybody calculates with has no end.
    """
    if 0 in (one.most, other.most):
        return Runs(0, 0)
    return _within(one.least * other.least, None if one.most is None or other.most is None else one.most * other.most)


def plus(one: Runs, other: Runs) -> Runs:
    """What runs beside another: 1 to 3 plus 2 is 3 to 5."""
    return _within(one.least + other.least, None if one.most is None or other.most is None else one.most + other.most)


def _within(least: int, most: int | None) -> Runs:
    return Runs(min(least, LARGEST_NUMBER), None if most is None or most > LARGEST_NUMBER else most)


def span(flow: Flow, least: Sequence[Decimal], most: Sequence[Decimal]) -> ExecutionRange:
    """The least and the most of an execution, given those of a single run of each job.

    Two states one after the other that run jobs of 0.24 and 1.224 come to 1.464.
    """
    if not flow.steps:
        return ExecutionRange(ZERO, ZERO)
    lows, highs = [], []
    for step in flow.steps:
        parts = [span(part, least, most) for part in step.parts]
        own = sum((least[job] for job in step.jobs), ZERO) / step.items_of_a_name
        low = own + sum((part.least for part in parts), ZERO)
        high = sum((most[job] for job in step.jobs), sum((part.most for part in parts), ZERO))
        lows.append(low * step.least)
        often = max(step.least, 1) if step.most is None else step.most
        highs.append(high * often * (step.tries or 1))
    return ExecutionRange(_cheapest(flow, lows), _dearest(flow, highs))


def _cheapest(flow: Flow, cost: Sequence[Decimal]) -> Decimal:
    """The cheapest way from the first step to an end (Dijkstra); 0 where no way ends."""
    tie = count()
    pending = [(cost[0], next(tie), 0)]
    done: set[int] = set()
    while pending:
        so_far, _, here = heapq.heappop(pending)
        if here in done:
            continue
        done.add(here)
        if flow.steps[here].ends:
            return so_far
        for after in flow.steps[here].nexts:
            if after not in done:
                heapq.heappush(pending, (so_far + cost[after], next(tie), after))
    return ZERO


def _dearest(flow: Flow, cost: Sequence[Decimal]) -> Decimal:
    """The dearest way from the first step, where every cycle is gone through once."""
    groups = cycles(_nexts(flow))
    place = {step: number for number, group in enumerate(groups) for step in group}
    best: list[Decimal] = []
    for number, group in enumerate(groups):  # those that come later stand first
        after = {place[step] for each in group for step in flow.steps[each].nexts} - {number}
        best.append(sum((cost[step] for step in group), ZERO) + max((best[each] for each in after), default=ZERO))
    return best[place[0]]


def _visits(flow: Flow) -> list[Runs]:
    """How often each step is visited: once at least where every way leads over it, without end in a cycle."""
    if not flow.steps:
        return []
    reached, always = _reached(flow), _on_every_way(flow)
    cyclic = {
        step
        for group in cycles(_nexts(flow))
        for step in group
        if len(group) > 1 or group[0] in flow.steps[group[0]].nexts
    }
    return [
        Runs(int(step in always), None if step in cyclic else 1) if step in reached else Runs(0, 0)
        for step in range(len(flow.steps))
    ]


def _reached(flow: Flow) -> set[int]:
    """Every step that the first one leads to, and itself."""
    seen, pending = {0}, [0]
    while pending:
        after = [step for step in flow.steps[pending.pop()].nexts if step not in seen]
        seen.update(after)
        pending += after
    return seen


def _on_every_way(flow: Flow) -> set[int]:
    """The steps that every way from the first step to an end leads over, in steps that grow with the flow.

    Those of one way are gone along; one that no way around reaches past is on every way.
    """
    way = _some_way(flow)
    places = {step: number for number, step in enumerate(way)}
    always: set[int] = set()
    seen = set(way)
    furthest = 0
    for number, step in enumerate(way):
        if furthest <= number:
            always.add(step)
        pending = [step]
        while pending:
            here = pending.pop()
            if flow.steps[here].ends:
                furthest = max(furthest, len(way))  # over, past everything that is left of the way
            for after in flow.steps[here].nexts:
                if after in places:
                    furthest = max(furthest, places[after])
                elif after not in seen:
                    seen.add(after)
                    pending.append(after)
    return always


def _some_way(flow: Flow) -> list[int]:
    """A shortest way from the first step to one that ends; empty where there is none."""
    before: dict[int, int] = {0: -1}
    for here in (order := [0]):
        if flow.steps[here].ends:
            way = [here]
            while before[way[-1]] >= 0:
                way.append(before[way[-1]])
            return way[::-1]
        for after in flow.steps[here].nexts:
            if after not in before:
                before[after] = here
                order.append(after)
    return []


def _nexts(flow: Flow) -> list[Sequence[int]]:
    return [step.nexts for step in flow.steps]


def cycles(nexts: Sequence[Sequence[int]]) -> list[list[int]]:
    """Numbers in groups of which each leads to each other, those that come later first (Tarjan).

    ``[[1], [2], [1]]``, where 0 leads to 1, and 1 and 2 to each other, is ``[[2, 1], [0]]``.
    """
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    on_stack: set[int] = set()
    groups: list[list[int]] = []
    for root in range(len(nexts)):
        if root in index:
            continue
        work = [(root, iter(nexts[root]))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        while work:
            here, left = work[-1]
            for after in left:
                if after not in index:
                    index[after] = low[after] = len(index)
                    stack.append(after)
                    on_stack.add(after)
                    work.append((after, iter(nexts[after])))
                    break
                if after in on_stack:
                    low[here] = min(low[here], index[after])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[here])
                if low[here] == index[here]:
                    group: list[int] = []
                    while not group or group[-1] != here:
                        group.append(stack.pop())
                        on_stack.discard(group[-1])
                    groups.append(group)
    return groups
