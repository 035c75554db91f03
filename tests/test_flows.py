"""What runs on the way through a workflow: hulls of what excludes each other, sums of the rest, cycles without end."""

import time
from decimal import Decimal

from guardrail.flows import ExecutionRange, Runs, cycles, plus, reached, runs, span, times
from guardrail.limits import LARGEST_NUMBER
from guardrail.model import Flow, Step


def test_branches_that_exclude_each_other_are_a_hull() -> None:
    # nothing, or job 0 and perhaps job 1 after it, or job 2; 1 + 2 = 3 is less than 5, and 1 + 2 + 5 never is
    flow = Flow(
        (
            Step(nexts=(1, 2, 4)),
            Step(ends=True),
            Step(jobs=(0,), nexts=(3,), ends=True),
            Step(jobs=(1,), ends=True),
            Step(jobs=(2,), ends=True),
        )
    )
    usd = [Decimal(1), Decimal(2), Decimal(5)]
    assert runs(flow, 3) == [Runs(0, 1), Runs(0, 1), Runs(0, 1)]
    assert span(flow, usd, usd) == ExecutionRange(Decimal(0), Decimal(5))


def test_what_every_way_leads_over_runs_once_at_least() -> None:
    # a fork that joins again, and a job behind it
    flow = Flow((Step(nexts=(1, 2)), Step(jobs=(0,), nexts=(3,)), Step(nexts=(3,)), Step(jobs=(1,), ends=True)))
    usd = [Decimal(3), Decimal(4)]
    assert runs(flow, 2) == [Runs(0, 1), Runs(1, 1)]
    assert span(flow, usd, usd) == ExecutionRange(Decimal(4), Decimal(7))


def test_a_cycle_that_polls_beside_a_job_does_not_run_it_again() -> None:
    flow = Flow((Step(jobs=(0,), nexts=(1,)), Step(nexts=(2,)), Step(nexts=(1, 3)), Step(ends=True)))
    assert runs(flow, 1) == [Runs(1, 1)]


def test_what_a_cycle_holds_runs_without_end() -> None:
    flow = Flow((Step(jobs=(0,), nexts=(1,)), Step(nexts=(0, 2)), Step(jobs=(1,), ends=True)))
    assert runs(flow, 2) == [Runs(1, None), Runs(1, 1)]
    itself = Flow((Step(jobs=(0,), nexts=(0,), ends=True),))
    assert runs(itself, 1) == [Runs(1, None)]


def test_what_no_way_leads_to_never_runs_and_costs_nothing() -> None:
    flow = Flow((Step(ends=True), Step(jobs=(0,), ends=True)))
    assert runs(flow, 1) == [Runs(0, 0)]
    assert span(flow, [Decimal(9)], [Decimal(9)]) == ExecutionRange(Decimal(0), Decimal(0))


def test_a_way_leads_into_a_map_over_no_item_and_to_no_step_that_nothing_names() -> None:
    inside = Flow((Step(jobs=(0,), ends=True),))
    flow = Flow((Step(parts=(inside,), least=0, most=0, ends=True), Step(jobs=(1,), ends=True)))
    assert runs(flow, 2) == [Runs(0, 0), Runs(0, 0)]
    assert reached(flow, 2) == [True, False]


def test_what_runs_inside_is_multiplied_by_how_often_and_branches_are_summed() -> None:
    # a map over 4 items, each of which runs job 0 and perhaps job 1: 4 × 2 to 4 × (2 + 3)
    inside = Flow((Step(jobs=(0,), nexts=(1,), ends=True), Step(jobs=(1,), ends=True)))
    flow = Flow((Step(parts=(inside,), least=4, most=4, ends=True),))
    usd = [Decimal(2), Decimal(3)]
    assert runs(flow, 2) == [Runs(4, 4), Runs(0, 4)]
    assert span(flow, usd, usd) == ExecutionRange(Decimal(8), Decimal(20))
    one, other = Flow((Step(jobs=(0,), ends=True),)), Flow((Step(jobs=(1,), ends=True),))
    assert span(Flow((Step(parts=(one, other), ends=True),)), usd, usd) == ExecutionRange(Decimal(5), Decimal(5))


def test_what_is_inside_costs_each_time_from_its_least_to_its_most() -> None:
    """Over two items, each of which runs a job of 3 or nothing: 0 to 6."""
    inside = Flow((Step(nexts=(1, 2)), Step(jobs=(0,), ends=True), Step(ends=True)))
    flow = Flow((Step(parts=(inside,), least=2, most=2, ends=True),))
    assert span(flow, [Decimal(3)], [Decimal(3)]) == ExecutionRange(Decimal(0), Decimal(6))


def test_what_has_no_end_counts_once_where_it_is_asked_for_so() -> None:
    """Over four items a map of which nobody knows how long it is: 0 to 4 runs, else 0 without end."""
    unknown = Flow((Step(jobs=(0,), least=0, most=None, ends=True),))
    flow = Flow((Step(parts=(unknown,), least=4, most=4, ends=True),))
    assert runs(flow, 1, open_once=True) == [Runs(0, 4)]
    assert runs(flow, 1) == [Runs(0, None)]


def test_what_is_tried_twice_runs_twice_at_most_unless_nothing_fails() -> None:
    flow = Flow((Step(jobs=(0,), tries=2, ends=True),))
    assert (runs(flow, 1), runs(flow, 1, retries=False)) == ([Runs(1, 2)], [Runs(1, 1)])


def test_a_flow_of_thousands_of_forks_takes_a_moment() -> None:
    steps = []
    for place in range(0, 9_000, 3):
        steps += [Step(nexts=(place + 1, place + 2)), Step(jobs=(0,), nexts=(place + 3,)), Step(nexts=(place + 3,))]
    flow = Flow((*steps, Step(ends=True)))
    began = time.process_time()
    assert span(flow, [Decimal(1)], [Decimal(1)]) == ExecutionRange(
        Decimal(0), Decimal(3_000)
    )  # one of each fork, or none
    assert runs(flow, 1)[0].least == 0
    assert time.process_time() - began < 5  # 2 ** 3000 ways are not gone one by one


def test_runs_in_runs_are_products_and_beside_each_other_sums() -> None:
    assert times(Runs(1, 3), Runs(2, 2)) == Runs(2, 6)
    assert plus(Runs(1, 3), Runs(2, 2)) == Runs(3, 5)
    assert times(Runs(1, None), Runs(2, 2)) == Runs(2, None)
    assert times(Runs(1, None), Runs(0, 0)) == Runs(0, 0)
    assert plus(Runs(1, None), Runs(0, 0)) == Runs(1, None)


def test_more_runs_than_anybody_calculates_with_have_no_end() -> None:
    many = Runs(LARGEST_NUMBER, LARGEST_NUMBER)
    assert times(many, Runs(2, 2)) == Runs(LARGEST_NUMBER, None)
    assert plus(many, Runs(1, 1)) == Runs(LARGEST_NUMBER, None)


def test_those_that_lead_to_each_other_are_a_group_and_later_groups_stand_first() -> None:
    groups = cycles([[1, 4], [2], [3], [1], []])  # 0 leads to 4 and into the cycle of 1, 2 and 3
    assert [set(group) for group in groups] in ([{4}, {1, 2, 3}, {0}], [{1, 2, 3}, {4}, {0}])
    assert cycles([[0]]) == [[0]]
