"""The sign of life on a terminal."""

import io
import sys
import time

import pytest

from guardrail.progress import progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_work_that_takes_long_shows_on_a_terminal_and_is_wiped_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = Terminal()
    monkeypatch.setattr(sys, "stderr", stderr)
    with progress("reading plan.json", delay_s=0.01):
        deadline = time.monotonic() + 5
        while "reading" not in stderr.getvalue() and time.monotonic() < deadline:
            time.sleep(0.005)
    assert stderr.getvalue() == "\r\x1b[Kreading plan.json … 0 s\r\x1b[K"


def test_work_that_is_quick_or_watched_by_nobody_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for stderr in (Terminal(), io.StringIO()):
        monkeypatch.setattr(sys, "stderr", stderr)
        with progress("reading plan.json", delay_s=60):
            pass
        assert stderr.getvalue() == ""
