"""Several jobs keep one comment at once, in whatever order their requests reach GitHub: no section is lost.

Each job is a thread that runs only while the others wait: at each request, for as long as it is on its way, and
wherever it pauses. Time is counted, not waited for. What `guardrail.github.comment` promises rests on requests that
take less than a second; here they take up to that.
"""

import heapq
import threading
from itertools import count
from types import SimpleNamespace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from guardrail.github import comment
from guardrail.github.api import Api
from guardrail.github.comment import CommentText, Done, PullRequest, comment_sections
from guardrail.github.runner import Run
from guardrail.github.sections import CommentSection, parsed
from tests.github.server import TOKEN, Fault, github
from tests.github.test_sections import changed, stack

pytestmark = pytest.mark.no_cover  # many runs of the same lines: counting them takes longer than they do

STACKS = ("infra/a", "infra/b", "infra/c")
LATENCIES_S = (0.0, 0.3, 0.9)
_HANGS_S = 60


class Job:
    """One job, which says its section."""

    def __init__(self, section: CommentSection, latency_s: float) -> None:
        self.section, self.latency_s = section, latency_s
        self.goes_on = threading.Event()
        self.done: Done | None = None
        self.failure: BaseException | None = None


class Comments(RuleBasedStateMachine):
    """A pull request, to which commits are pushed, and the jobs of its workflows."""

    _now: float

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0
        self._patch = pytest.MonkeyPatch()
        self._patch.setattr(comment, "time", SimpleNamespace(monotonic=lambda: self._now))
        self._serving = github()
        self._server = self._serving.__enter__()
        self._server.head = "0" * 40
        self._server.before = lambda *_: self._rest(self._running.latency_s)
        self._waiting: list[tuple[float, int, Job]] = []
        self._numbers = count(1)
        self._rests = threading.Semaphore(0)
        self._running: Job
        self._jobs: list[Job] = []

    def teardown(self) -> None:
        """Let all of them end, and one more at the last commit; then everything must stand."""
        try:
            self._run_to_the_end()
            if self._jobs:
                self.starts("infra/last", 0.0)
                self._run_to_the_end()
                self._check()
        finally:
            self._serving.__exit__(None, None, None)
            self._patch.undo()

    # What happens ----------------------------------------------------------------------------------------------------

    @precondition(lambda self: len(self._waiting) < 4)
    @rule(name=st.sampled_from(STACKS), latency_s=st.sampled_from(LATENCIES_S))
    def starts(self, name: str, latency_s: float) -> None:
        """A job of a later run than any before, on the commit that is the head."""
        number = next(self._numbers)
        section = stack(name, changed(0, number), commit=self._server.head, run=Run(number, 1), text=f"by run {number}")
        job = Job(section, latency_s)
        self._jobs.append(job)
        threading.Thread(target=self._work, args=(job,), daemon=True).start()
        heapq.heappush(self._waiting, (self._now, next(self._numbers), job))

    @rule()
    def a_commit_is_pushed(self) -> None:
        self._server.head = f"{int(self._server.head) + 1:040}"

    @rule(method=st.sampled_from(["GET", "POST", "PATCH", "DELETE"]), after=st.booleans())
    def github_stumbles(self, method: str, *, after: bool) -> None:
        """Once, before or after it has done what was asked."""
        if len(self._server.faults) < 3:
            self._server.faults.append(Fault(method, "/comments", status=502, after=after))

    @precondition(lambda self: self._waiting)
    @rule(steps=st.integers(1, 6))
    def time_passes(self, steps: int) -> None:
        for _ in range(steps):
            self._step()

    # Threads ---------------------------------------------------------------------------------------------------------

    def _work(self, job: Job) -> None:
        job.goes_on.wait(_HANGS_S)
        job.goes_on.clear()
        api = Api(self._server.url, TOKEN, sleep=self._rest, read_s=_HANGS_S)
        note = CommentText(tag="stacks", text="", commit=job.section.commit, run=job.section.run)
        try:
            job.done = comment_sections(api, PullRequest("acme/shop", 7), {job.section.name: job.section}, note)
        except BaseException as error:  # noqa: BLE001 - a thread's failure is the test's
            job.failure = error
        self._rests.release()

    def _rest(self, seconds: float) -> None:
        """Let others go on until that many seconds have passed: a pause, or the way of a request."""
        job = self._running
        heapq.heappush(self._waiting, (self._now + seconds, next(self._numbers), job))
        self._rests.release()
        assert job.goes_on.wait(_HANGS_S)
        job.goes_on.clear()

    def _step(self) -> None:
        """Let the job whose time has come go on to its next rest, or to its end."""
        if self._waiting:
            self._now, _, self._running = heapq.heappop(self._waiting)
            self._running.goes_on.set()
            assert self._rests.acquire(timeout=_HANGS_S)

    def _run_to_the_end(self) -> None:
        while self._waiting:
            self._step()

    # What must hold --------------------------------------------------------------------------------------------------

    def _check(self) -> None:
        assert [job.failure for job in self._jobs if job.failure is not None] == []
        (body,) = self._server.bodies()
        there = parsed(body)
        latest = {job.section.name: job.section for job in self._jobs if job.section.commit == self._server.head}
        for name, section in latest.items():
            assert there[name].run == section.run
            assert section.text in body


TestComments = Comments.TestCase
TestComments.settings = settings(max_examples=25, stateful_step_count=12, deadline=None)
